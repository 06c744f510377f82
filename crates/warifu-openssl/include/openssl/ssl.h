/*
 * TLS connections: the API of OpenSSL 3.0 over warifu.
 *
 * A context (SSL_CTX) holds what a series of connections shares; a connection (SSL) is one TLS connection over a socket or a
 * BIO. Functions that return int return 1 on success and 0 on failure unless something else is said; a failure puts an entry onto
 * the error queue of the thread (<openssl/err.h>), with a full sentence as its data.
 *
 * Names: "get0" and plain "get" functions return pointers that the object keeps; "get1" functions return a reference that the
 * caller gives back; "set0" functions take the caller's reference, "set1" functions take one of their own.
 *
 * Two differences from OpenSSL that a program must know; docs/differences-from-openssl.md of the project is the whole list:
 *   - A client verifies the server's certificate unless SSL_CTX_set_verify says otherwise (OpenSSL: only when told to).
 *   - SSLv23_method and its kin begin at TLS 1.2. TLS 1.0 and 1.1 are used when SSL_CTX_set_min_proto_version or a method names
 *     them.
 */
#ifndef WARIFU_OPENSSL_SSL_H
#define WARIFU_OPENSSL_SSL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>

#include <openssl/types.h>
#include <openssl/ssl_constants.h>
#include <openssl/tls1.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/safestack.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Results of functions that return int. */
#define SSL_SUCCESS 1
#define SSL_FAILURE 0

/*
 * The library.
 */

/* Prepare the library. It prepares itself when it is used: these may be called, at any time. Those with a result return 1. */
int SSL_library_init(void);
int OPENSSL_init_ssl(uint64_t opts, const void *settings);
void SSL_load_error_strings(void);
#define SSL_library_init SSL_library_init
#define SSL_load_error_strings SSL_load_error_strings
#define OpenSSL_add_ssl_algorithms() SSL_library_init()
#define SSLeay_add_ssl_algorithms() SSL_library_init()
#define OPENSSL_INIT_NO_LOAD_SSL_STRINGS 0x00100000L
#define OPENSSL_INIT_LOAD_SSL_STRINGS 0x00200000L
#define OPENSSL_INIT_SSL_DEFAULT (OPENSSL_INIT_LOAD_SSL_STRINGS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS)

/*
 * Methods: which role, and which versions. They cannot fail; what they return is never freed.
 */

/* The highest version that both sides support, in either role, or in that of a client or a server. */
const SSL_METHOD *SSLv23_method(void);
const SSL_METHOD *SSLv23_client_method(void);
const SSL_METHOD *SSLv23_server_method(void);
const SSL_METHOD *TLS_method(void);
const SSL_METHOD *TLS_client_method(void);
const SSL_METHOD *TLS_server_method(void);

/* One version alone. */
const SSL_METHOD *TLSv1_3_method(void);
const SSL_METHOD *TLSv1_3_client_method(void);
const SSL_METHOD *TLSv1_3_server_method(void);
const SSL_METHOD *TLSv1_2_method(void);
const SSL_METHOD *TLSv1_2_client_method(void);
const SSL_METHOD *TLSv1_2_server_method(void);
const SSL_METHOD *TLSv1_1_method(void);
const SSL_METHOD *TLSv1_1_client_method(void);
const SSL_METHOD *TLSv1_1_server_method(void);
const SSL_METHOD *TLSv1_method(void);
const SSL_METHOD *TLSv1_client_method(void);
const SSL_METHOD *TLSv1_server_method(void);

/*
 * Contexts.
 */

/* A new context, which the caller owns; NULL on failure. */
SSL_CTX *SSL_CTX_new(const SSL_METHOD *method);
/* The same: there is one library context, and all algorithms have one implementation. */
SSL_CTX *SSL_CTX_new_ex(OSSL_LIB_CTX *libctx, const char *propq, const SSL_METHOD *method);

/* Gives a reference back; NULL does nothing. Connections keep their context. */
void SSL_CTX_free(SSL_CTX *ctx);

/* One more reference. */
int SSL_CTX_up_ref(SSL_CTX *ctx);

/* Another method. */
int SSL_CTX_set_ssl_version(SSL_CTX *ctx, const SSL_METHOD *method);

/*
 * Versions. TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION, or 0: what a context that was not told has,
 * TLS 1.2 as the lowest and TLS 1.3 as the highest. get returns what was set; 0 if nothing was.
 */
int SSL_CTX_set_min_proto_version(SSL_CTX *ctx, int version);
int SSL_CTX_set_max_proto_version(SSL_CTX *ctx, int version);
int SSL_CTX_get_min_proto_version(const SSL_CTX *ctx);
int SSL_CTX_get_max_proto_version(const SSL_CTX *ctx);
int SSL_set_min_proto_version(SSL *ssl, int version);
int SSL_set_max_proto_version(SSL *ssl, int version);
int SSL_get_min_proto_version(const SSL *ssl);
int SSL_get_max_proto_version(const SSL *ssl);
#define SSL_CTX_set_min_proto_version SSL_CTX_set_min_proto_version
#define SSL_CTX_set_max_proto_version SSL_CTX_set_max_proto_version
#define SSL_CTX_get_min_proto_version SSL_CTX_get_min_proto_version
#define SSL_CTX_get_max_proto_version SSL_CTX_get_max_proto_version
#define SSL_set_min_proto_version SSL_set_min_proto_version
#define SSL_set_max_proto_version SSL_set_max_proto_version
#define SSL_get_min_proto_version SSL_get_min_proto_version
#define SSL_get_max_proto_version SSL_get_max_proto_version

/*
 * Options (SSL_OP_...) and modes (SSL_MODE_...). All return the bits that are on afterwards.
 */
uint64_t SSL_CTX_set_options(SSL_CTX *ctx, uint64_t options);
uint64_t SSL_CTX_clear_options(SSL_CTX *ctx, uint64_t options);
uint64_t SSL_CTX_get_options(const SSL_CTX *ctx);
uint64_t SSL_set_options(SSL *ssl, uint64_t options);
uint64_t SSL_clear_options(SSL *ssl, uint64_t options);
uint64_t SSL_get_options(const SSL *ssl);
long SSL_CTX_set_mode(SSL_CTX *ctx, long mode);
long SSL_CTX_clear_mode(SSL_CTX *ctx, long mode);
long SSL_CTX_get_mode(const SSL_CTX *ctx);
long SSL_set_mode(SSL *ssl, long mode);
long SSL_clear_mode(SSL *ssl, long mode);
long SSL_get_mode(const SSL *ssl);
#define SSL_CTX_set_mode SSL_CTX_set_mode
#define SSL_CTX_clear_mode SSL_CTX_clear_mode
#define SSL_CTX_get_mode SSL_CTX_get_mode
#define SSL_set_mode SSL_set_mode
#define SSL_clear_mode SSL_clear_mode
#define SSL_get_mode SSL_get_mode

/* Most bytes of data in a record that is sent, 512 to 16384 (the default). */
int SSL_CTX_set_max_send_fragment(SSL_CTX *ctx, size_t bytes);
int SSL_set_max_send_fragment(SSL *ssl, size_t bytes);
#define SSL_CTX_set_max_send_fragment SSL_CTX_set_max_send_fragment
#define SSL_set_max_send_fragment SSL_set_max_send_fragment

/*
 * A client asks the server for shorter records in both directions (RFC 6066 Section 4): TLSEXT_max_fragment_length_512 to _4096, or 0
 * to ask for nothing.
 */
int SSL_CTX_set_tlsext_max_fragment_length(SSL_CTX *ctx, uint8_t mode);
int SSL_set_tlsext_max_fragment_length(SSL *ssl, uint8_t mode);

/* Whether more than the current record may be received at once; see SSL_has_pending. Off by default. */
void SSL_CTX_set_read_ahead(SSL_CTX *ctx, int yes);
int SSL_CTX_get_read_ahead(const SSL_CTX *ctx);
void SSL_set_read_ahead(SSL *ssl, int yes);
int SSL_get_read_ahead(const SSL *ssl);
#define SSL_CTX_set_read_ahead SSL_CTX_set_read_ahead
#define SSL_CTX_get_read_ahead SSL_CTX_get_read_ahead

/* Whether SSL_shutdown does nothing but mark both directions as closed. */
void SSL_CTX_set_quiet_shutdown(SSL_CTX *ctx, int mode);
int SSL_CTX_get_quiet_shutdown(const SSL_CTX *ctx);
void SSL_set_quiet_shutdown(SSL *ssl, int mode);
int SSL_get_quiet_shutdown(const SSL *ssl);

/* The commands behind many functions, by number (SSL_CTRL_...). 0 for one that is not known. */
long SSL_ctrl(SSL *ssl, int cmd, long larg, void *parg);
long SSL_CTX_ctrl(SSL_CTX *ctx, int cmd, long larg, void *parg);

/*
 * Connections.
 */

/* A new connection with the settings that the context has now; NULL on failure. */
SSL *SSL_new(SSL_CTX *ctx);

/* Gives a reference back; NULL does nothing. The last one frees the connection and its BIOs; it does not close a socket. */
void SSL_free(SSL *ssl);

/* One more reference. */
int SSL_up_ref(SSL *ssl);

/* Makes the object ready for another connection. Its settings stay. */
int SSL_clear(SSL *ssl);

/* The context. */
SSL_CTX *SSL_get_SSL_CTX(const SSL *ssl);

/* The transport: a connected socket. It stays the caller's to close. get returns -1 if there is none. */
int SSL_set_fd(SSL *ssl, int fd);
int SSL_set_rfd(SSL *ssl, int fd);
int SSL_set_wfd(SSL *ssl, int fd);
int SSL_get_fd(const SSL *ssl);
int SSL_get_rfd(const SSL *ssl);
int SSL_get_wfd(const SSL *ssl);

/* The transport: BIOs. SSL_set_bio takes one reference to each, or one reference in all if both are the same. */
void SSL_set_bio(SSL *ssl, BIO *rbio, BIO *wbio);
void SSL_set0_rbio(SSL *ssl, BIO *rbio);
void SSL_set0_wbio(SSL *ssl, BIO *wbio);
BIO *SSL_get_rbio(const SSL *ssl);
BIO *SSL_get_wbio(const SSL *ssl);

/* The role of the handshake to come. */
void SSL_set_connect_state(SSL *ssl);
void SSL_set_accept_state(SSL *ssl);
int SSL_is_server(const SSL *ssl);

/*
 * The handshake: 1 when it is complete, else 0 or -1, and SSL_get_error tells why. Over a transport that does not block the call is
 * repeated after SSL_ERROR_WANT_READ or SSL_ERROR_WANT_WRITE.
 */
int SSL_connect(SSL *ssl);
int SSL_accept(SSL *ssl);
int SSL_do_handshake(SSL *ssl);
int SSL_is_init_finished(const SSL *ssl);

/*
 * Data. A write of up to the record size is one record; a read returns data of one record and never joins two.
 *
 * SSL_read and SSL_write return the number of bytes, or 0 or -1, and SSL_get_error tells why. The _ex functions return 1 and store the
 * number, or 0. A call that ends with SSL_ERROR_WANT_READ or SSL_ERROR_WANT_WRITE is repeated with the same arguments.
 */
int SSL_read(SSL *ssl, void *buf, int num);
int SSL_peek(SSL *ssl, void *buf, int num);
int SSL_write(SSL *ssl, const void *buf, int num);
int SSL_read_ex(SSL *ssl, void *buf, size_t num, size_t *readbytes);
int SSL_peek_ex(SSL *ssl, void *buf, size_t num, size_t *readbytes);
int SSL_write_ex(SSL *ssl, const void *buf, size_t num, size_t *written);

/* Bytes of the current record that can be read without receiving more. */
int SSL_pending(const SSL *ssl);

/* Whether anything was received that is not read yet, be it a part of a record. */
int SSL_has_pending(const SSL *ssl);

/*
 * Closes this side's direction, and when called again after 0 waits until the peer has closed its own. 1 when both are closed, which the
 * first call returns too if SSL_read has met the peer's close before; 0 when this side's alone is; -1: SSL_get_error tells why. After -1
 * with SSL_ERROR_WANT_WRITE the call goes on to send, and returns 0 or 1 as the first one would have.
 */
int SSL_shutdown(SSL *ssl);
int SSL_get_shutdown(const SSL *ssl);
void SSL_set_shutdown(SSL *ssl, int mode);

/* Why the last call on the connection, which returned ret, did not succeed: SSL_ERROR_... */
int SSL_get_error(const SSL *ssl, int ret);

/* What the last call on the connection waits for: SSL_NOTHING, SSL_READING ... */
int SSL_want(const SSL *ssl);
#define SSL_want_nothing(s) (SSL_want(s) == SSL_NOTHING)
#define SSL_want_read(s) (SSL_want(s) == SSL_READING)
#define SSL_want_write(s) (SSL_want(s) == SSL_WRITING)
#define SSL_want_x509_lookup(s) (SSL_want(s) == SSL_X509_LOOKUP)
#define SSL_want_retry_verify(s) (SSL_want(s) == SSL_RETRY_VERIFY)
#define SSL_want_client_hello_cb(s) (SSL_want(s) == SSL_CLIENT_HELLO_CB)

#ifdef __cplusplus
}
#endif

#include <openssl/ssl_certificates.h>
#include <openssl/ssl_hello.h>
#include <openssl/ssl_psk.h>
#include <openssl/ssl_ciphers.h>
#include <openssl/ssl_session.h>

#endif
