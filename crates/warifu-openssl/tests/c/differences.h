/*
 * Where this library and OpenSSL differ by design in what these tests meet. It is the whole list of that: everything else in them is
 * expected of both. docs/differences-from-openssl.md has all differences.
 */
#ifndef DIFFERENCES_H
#define DIFFERENCES_H

/* The specification names functions that OpenSSL 3 calls old. */
#ifndef OPENSSL_SUPPRESS_DEPRECATED
#define OPENSSL_SUPPRESS_DEPRECATED
#endif

#include <openssl/opensslv.h>

#ifdef WARIFU_SSL_VERSION_NUMBER
#define IS_WARIFU 1
#else
#define IS_WARIFU 0
#endif

/*
 * A client verifies the server unless SSL_CTX_set_verify says otherwise: the specification says that the client authenticates the
 * server. OpenSSL's default is not to.
 */
#define CLIENT_VERIFIES_BY_DEFAULT IS_WARIFU

/*
 * The lowest version that was not set, or set to 0, is TLS 1.2: older ones are to be named. OpenSSL's is the lowest that it was built
 * with.
 */
#define OLD_VERSIONS_ARE_NAMED IS_WARIFU

/*
 * In TLS 1.0, against attacks on its chained initialisation vectors (BEAST), this library sends the first byte of a message in a record
 * of its own, as today's browsers do; OpenSSL sends an empty record first. Either is off with SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS.
 */
#define TLS10_FIRST_RECORD_LENGTH (IS_WARIFU ? 1 : 0)

/*
 * A method of one version that meets another version tells the peer so (alert protocol_version), whichever the two are. In OpenSSL
 * 3.0 these methods are code of their own, which does not know of the extension supported_versions: some of them find no cipher, or
 * answer in a version that the client refuses.
 */
#define SINGLE_VERSION_IS_TOLD IS_WARIFU

/*
 * A server that has answered in a lower version than the client takes reads the alert by which the client says so, whatever version
 * stands in the record around it. OpenSSL takes it for a record of the wrong version.
 */
#define ALERT_OF_OTHER_VERSION_IS_READ IS_WARIFU

/*
 * A server with pre-shared keys does not tell who is at the other end which identities it knows: an unknown identity and a wrong key
 * get the same alert, decrypt_error. OpenSSL tells them apart.
 */
#define IDENTITIES_ARE_HIDDEN IS_WARIFU

/*
 * A certificate that is not valid yet gets the alert certificate_expired, which is for all that are "not currently valid" (RFC 8446
 * Section 6.2). OpenSSL sends bad_certificate.
 */
#define ALERT_OF_NOT_YET_VALID (IS_WARIFU ? SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED : SSL_R_SSLV3_ALERT_BAD_CERTIFICATE)

/*
 * Where options switch off a version between others, those above the gap are left: a connection is better refused than made in an older
 * version than the one that was switched off. OpenSSL's servers take what is below, too; its clients offer nothing but that.
 */
#define GAP_LEAVES_NEWER_VERSIONS IS_WARIFU

/* A context may be changed while other threads use it. With OpenSSL it is to be made ready before they begin. */
#define CONTEXTS_CHANGE_WHILE_SHARED IS_WARIFU

/* SSL_write_early_data with more than the session allows fails, and the handshake can go on. In OpenSSL it is over. */
#define TOO_MUCH_EARLY_DATA_IS_FATAL (!IS_WARIFU)

/* SSL_shutdown ends its first phase when a buffering BIO has passed close_notify on. OpenSSL's, when the BIO has taken it. */
#define SHUTDOWN_EMPTIES_BUFFERS IS_WARIFU

/* A callback may give the last reference to its connection back: it stays until the function returns. In OpenSSL it goes at once. */
#define CONNECTIONS_GO_IN_CALLBACKS IS_WARIFU

/* A client that may use TLS 1.3 and has a key with an empty identity, which TLS 1.3 has not, uses older versions. OpenSSL's fails. */
#define NAMELESS_KEYS_LEAVE_OLDER_VERSIONS IS_WARIFU

/* A pre-shared key of zeros alone was never set: it is refused. OpenSSL uses it. */
#define KEYS_OF_ZEROS_ARE_REFUSED IS_WARIFU

#endif
