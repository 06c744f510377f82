/* Sessions, tickets and early data. Included by <openssl/ssl.h>. */
#ifndef WARIFU_OPENSSL_SSL_SESSION_H
#define WARIFU_OPENSSL_SSL_SESSION_H

#include <openssl/ssl.h>

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A session makes the next handshake with the same peer shorter.
 *
 * A client takes the session of a connection (SSL_get1_session; in TLS 1.3 once the server's tickets were read, or by
 * SSL_CTX_sess_set_new_cb when they come) and sets it on the next one (SSL_set_session), in this process or by i2d_SSL_SESSION and
 * d2i_SSL_SESSION in another. It is offered under the server name and one of the application protocols that it was made with, and if
 * the server's certificate in it is believed by the new connection too; the handshake is a full one otherwise.
 *
 * A server gives its clients tickets by default, sealed by keys of the context that are replaced by themselves; clients that take
 * none get session IDs. Sessions need the extension extended_master_secret (RFC 7627).
 *
 * Differences from OpenSSL:
 *   - A session object of TLS 1.3 is offered once. To offer it again would show an observer that both connections are of one client;
 *     each connection brings new tickets.
 *   - The peer's certificate in a session is verified anew when the session is resumed: callbacks for verification run again.
 *   - A server that verifies clients needs no session ID context to resume.
 *   - The form of i2d_SSL_SESSION is this library's own.
 *   - While a server takes early data and SSL_OP_NO_ANTI_REPLAY is off, clients of TLS 1.2 get session IDs instead of tickets.
 *   - Not there: SSL_CTX_set_generate_session_id (IDs are random), SSL_CTX_sessions, the callbacks for ticket keys and for data of the
 *     program's in tickets (SSL_CTX_set_tlsext_ticket_key_cb, SSL_CTX_set_session_ticket_cb), SSL_SESSION_print_keylog.
 */

/*
 * Sessions of connections.
 */

/* The session of the connection, or the one set on it; NULL if there is none. With get1 the caller gives a reference back. */
SSL_SESSION *SSL_get_session(const SSL *ssl);
SSL_SESSION *SSL_get0_session(const SSL *ssl);
SSL_SESSION *SSL_get1_session(SSL *ssl);

/* The session for a client to resume, of which the connection takes a reference; NULL for none. */
int SSL_set_session(SSL *ssl, SSL_SESSION *session);

/* Takes session, session ID context, method, certificate and key of another connection over. */
int SSL_copy_session_id(SSL *to, const SSL *from);

/* Whether the context keeps a session with this ID. */
int SSL_has_matching_session_id(const SSL *ssl, const unsigned char *id, unsigned int id_len);

/*
 * Session objects. Threads may share them.
 */

/* A session with nothing in it, for a pre-shared key; NULL on failure. */
SSL_SESSION *SSL_SESSION_new(void);

/* Another object with the same content; NULL on failure. */
SSL_SESSION *SSL_SESSION_dup(const SSL_SESSION *session);

/* One more reference, and one less; NULL is ignored by the latter. */
int SSL_SESSION_up_ref(SSL_SESSION *session);
void SSL_SESSION_free(SSL_SESSION *session);

/* When it began, in seconds since 1970. The setter returns what it was given. */
long SSL_SESSION_get_time(const SSL_SESSION *session);
long SSL_SESSION_set_time(SSL_SESSION *session, long t);
#define SSL_get_time(session) SSL_SESSION_get_time(session)
#define SSL_set_time(session, t) SSL_SESSION_set_time((session), (t))

/* For how many seconds from then on the cache of a server takes it. */
long SSL_SESSION_get_timeout(const SSL_SESSION *session);
long SSL_SESSION_set_timeout(SSL_SESSION *session, long t);
#define SSL_get_timeout(session) SSL_SESSION_get_timeout(session)
#define SSL_set_timeout(session, t) SSL_SESSION_set_timeout((session), (t))

/* Version (TLS1_2_VERSION and its kin) and cipher suite. They are set for keys only, and do not change how a session is resumed. */
int SSL_SESSION_get_protocol_version(const SSL_SESSION *session);
int SSL_SESSION_set_protocol_version(SSL_SESSION *session, int version);
const SSL_CIPHER *SSL_SESSION_get0_cipher(const SSL_SESSION *session);
int SSL_SESSION_set_cipher(SSL_SESSION *session, const SSL_CIPHER *cipher);

/* The peer's certificate, NULL without one, and the name in SNI, likewise. The session keeps them. */
X509 *SSL_SESSION_get0_peer(SSL_SESSION *session);
const char *SSL_SESSION_get0_hostname(const SSL_SESSION *session);
int SSL_SESSION_set1_hostname(SSL_SESSION *session, const char *hostname);

/* The application protocol; NULL and 0 without one. The session keeps it. */
void SSL_SESSION_get0_alpn_selected(const SSL_SESSION *session, const unsigned char **alpn, size_t *len);
int SSL_SESSION_set1_alpn_selected(SSL_SESSION *session, const unsigned char *alpn, size_t len);

/*
 * The session ID, at most 32 bytes: that of the protocol, or a hash of the ticket; none before there is anything to resume. And the
 * session ID context. The session keeps what is returned until it is changed.
 */
const unsigned char *SSL_SESSION_get_id(const SSL_SESSION *session, unsigned int *len);
int SSL_SESSION_set1_id(SSL_SESSION *session, const unsigned char *sid, unsigned int sid_len);
const unsigned char *SSL_SESSION_get0_id_context(const SSL_SESSION *session, unsigned int *len);
int SSL_SESSION_set1_id_context(SSL_SESSION *session, const unsigned char *sid_ctx, unsigned int sid_ctx_len);

/* The ticket, which the session keeps (NULL and 0 without one), and for how many seconds the server says it is good. */
int SSL_SESSION_has_ticket(const SSL_SESSION *session);
void SSL_SESSION_get0_ticket(const SSL_SESSION *session, const unsigned char **tick, size_t *len);
unsigned long SSL_SESSION_get_ticket_lifetime_hint(const SSL_SESSION *session);

/* Whether it can be resumed: there is a ticket or an ID, it was not removed from a context, and in TLS 1.3 not offered before. */
int SSL_SESSION_is_resumable(const SSL_SESSION *session);

/*
 * The secret that resumption rests on: before TLS 1.3 the master secret, in TLS 1.3 the key of the ticket; or the key that
 * SSL_SESSION_set1_master_key gave. Writes at most outlen bytes and returns how many, or with outlen 0 how many there are; 0 for
 * a session that cannot be resumed. For debugging: who has it resumes the session, and before TLS 1.3 reads the connection.
 */
size_t SSL_SESSION_get_master_key(const SSL_SESSION *session, unsigned char *out, size_t outlen);

/* The key of a session that SSL_SESSION_new made, of at most 512 bytes. */
int SSL_SESSION_set1_master_key(SSL_SESSION *session, const unsigned char *in, size_t len);

/* Always 0: there is no compression. */
unsigned int SSL_SESSION_get_compress_id(const SSL_SESSION *session);

/* TLSEXT_max_fragment_length_512 and its kin, if a client and its server agreed on one; 0 else. Each connection agrees anew. */
uint8_t SSL_SESSION_get_max_fragment_length(const SSL_SESSION *session);

/* Data of the program's by index: see CRYPTO_get_ex_new_index. */
int SSL_SESSION_get_ex_new_index(long argl, void *argp, CRYPTO_EX_new *new_func, CRYPTO_EX_dup *dup_func, CRYPTO_EX_free *free_func);
int SSL_SESSION_set_ex_data(SSL_SESSION *session, int idx, void *data);
void *SSL_SESSION_get_ex_data(const SSL_SESSION *session, int idx);
#define SSL_SESSION_set_app_data(session, data) (SSL_SESSION_set_ex_data((session), 0, (char *)(data)))
#define SSL_SESSION_get_app_data(session) (SSL_SESSION_get_ex_data((session), 0))

/*
 * Sessions as bytes. They are secret: who has them resumes the session.
 */

/*
 * Writes a session to *pp, which is moved behind it; to new memory if *pp is NULL; nowhere if pp is NULL. Returns the length, 0 on
 * failure.
 */
int i2d_SSL_SESSION(const SSL_SESSION *session, unsigned char **pp);

/*
 * Reads a session at *pp, which is moved behind it; NULL on failure. If a is not NULL, *a gets it too, and what was there is freed.
 * The functions for BIOs and files do the same.
 */
SSL_SESSION *d2i_SSL_SESSION(SSL_SESSION **a, const unsigned char **pp, long length);

SSL_SESSION *d2i_SSL_SESSION_bio(BIO *from, SSL_SESSION **a);
SSL_SESSION *d2i_SSL_SESSION_fp(FILE *from, SSL_SESSION **a);
int i2d_SSL_SESSION_bio(BIO *to, const SSL_SESSION *session);
int i2d_SSL_SESSION_fp(FILE *to, const SSL_SESSION *session);
#define d2i_SSL_SESSION_bio d2i_SSL_SESSION_bio
#define i2d_SSL_SESSION_bio i2d_SSL_SESSION_bio

/* The same as PEM. The callback is for keys, and not used. */
#define PEM_STRING_SSL_SESSION "SSL SESSION PARAMETERS"
SSL_SESSION *PEM_read_bio_SSL_SESSION(BIO *from, SSL_SESSION **a, pem_password_cb *cb, void *u);
SSL_SESSION *PEM_read_SSL_SESSION(FILE *from, SSL_SESSION **a, pem_password_cb *cb, void *u);
int PEM_write_bio_SSL_SESSION(BIO *to, const SSL_SESSION *session);
int PEM_write_SSL_SESSION(FILE *to, const SSL_SESSION *session);

/* What is in it, for people, in this library's own words and without its secrets. */
int SSL_SESSION_print(BIO *to, const SSL_SESSION *session);
int SSL_SESSION_print_fp(FILE *to, const SSL_SESSION *session);

/*
 * The sessions that a context keeps.
 */

/*
 * SSL_SESS_CACHE_SERVER (the default): a server keeps its sessions that are in no ticket, and the new callback is told of those of
 * servers. SSL_SESS_CACHE_CLIENT: the same of a client's sessions, which are not looked up by themselves. _NO_INTERNAL_STORE and
 * _NO_INTERNAL_LOOKUP leave both to the callbacks. Returns the mode that it replaces.
 */
long SSL_CTX_set_session_cache_mode(SSL_CTX *ctx, long mode);
long SSL_CTX_get_session_cache_mode(SSL_CTX *ctx);
#define SSL_CTX_set_session_cache_mode SSL_CTX_set_session_cache_mode
#define SSL_CTX_get_session_cache_mode SSL_CTX_get_session_cache_mode

/* How many sessions are kept, 0 for any number; the oldest goes first. Returns the number that it replaces. */
#define SSL_SESSION_CACHE_MAX_SIZE_DEFAULT (1024 * 20)
long SSL_CTX_sess_set_cache_size(SSL_CTX *ctx, long t);
long SSL_CTX_sess_get_cache_size(SSL_CTX *ctx);
#define SSL_CTX_sess_set_cache_size SSL_CTX_sess_set_cache_size
#define SSL_CTX_sess_get_cache_size SSL_CTX_sess_get_cache_size

/*
 * For how many seconds new sessions can be resumed: 7200 by default, 0 for no sessions. A longer time than seven days is kept here, and
 * sessions are made for seven days. Returns what it replaces.
 */
long SSL_CTX_set_timeout(SSL_CTX *ctx, long t);
long SSL_CTX_get_timeout(const SSL_CTX *ctx);
/* Returns the seconds of a context that was not told otherwise. */
long SSL_get_default_timeout(const SSL *ssl);

/* What sessions of servers are told apart by: they are resumed under the same context only. At most 32 bytes. */
int SSL_CTX_set_session_id_context(SSL_CTX *ctx, const unsigned char *sid_ctx, unsigned int sid_ctx_len);
int SSL_set_session_id_context(SSL *ssl, const unsigned char *sid_ctx, unsigned int sid_ctx_len);

/* Keeps a session, with a reference of the context's own. 0 if this object is kept already, or has no ID, as one by SSL_SESSION_new. */
int SSL_CTX_add_session(SSL_CTX *ctx, SSL_SESSION *session);

/* Drops a session, which is not resumed any more. 0 if it was not kept. */
int SSL_CTX_remove_session(SSL_CTX *ctx, SSL_SESSION *session);

/* Drops the sessions that have expired at this time, in seconds since 1970; all of them if it is 0. */
void SSL_CTX_flush_sessions(SSL_CTX *ctx, long tm);

/* Is given each new session with a reference, which it keeps if it returns anything but 0. */
void SSL_CTX_sess_set_new_cb(SSL_CTX *ctx, int (*new_session_cb)(SSL *ssl, SSL_SESSION *session));
int (*SSL_CTX_sess_get_new_cb(SSL_CTX *ctx))(SSL *ssl, SSL_SESSION *session);

/* Is told when a session is dropped. */
void SSL_CTX_sess_set_remove_cb(SSL_CTX *ctx, void (*remove_session_cb)(SSL_CTX *ctx, SSL_SESSION *session));
void (*SSL_CTX_sess_get_remove_cb(SSL_CTX *ctx))(SSL_CTX *ctx, SSL_SESSION *session);

/*
 * Finds the session of an ID, or NULL, for a server that does not keep it. The library takes a reference of its own, or the one that
 * is returned if *copy was set to 0.
 */
void SSL_CTX_sess_set_get_cb(SSL_CTX *ctx, SSL_SESSION *(*get_session_cb)(SSL *ssl, const unsigned char *data, int len, int *copy));
SSL_SESSION *(*SSL_CTX_sess_get_get_cb(SSL_CTX *ctx))(SSL *ssl, const unsigned char *data, int len, int *copy);

/* Is asked before a server makes a session, which is not resumed if it returns anything but 0. */
void SSL_CTX_set_not_resumable_session_callback(SSL_CTX *ctx, int (*cb)(SSL *ssl, int is_forward_secure));

/*
 * Counters of a context: sessions that are kept; handshakes of clients and servers, and those of them that were completed;
 * sessions resumed, found by the get callback, not kept here, found too late, dropped for want of room. There is no renegotiation.
 */
long SSL_CTX_sess_number(SSL_CTX *ctx);
long SSL_CTX_sess_connect(SSL_CTX *ctx);
long SSL_CTX_sess_connect_good(SSL_CTX *ctx);
long SSL_CTX_sess_connect_renegotiate(SSL_CTX *ctx);
long SSL_CTX_sess_accept(SSL_CTX *ctx);
long SSL_CTX_sess_accept_good(SSL_CTX *ctx);
long SSL_CTX_sess_accept_renegotiate(SSL_CTX *ctx);
long SSL_CTX_sess_hits(SSL_CTX *ctx);
long SSL_CTX_sess_cb_hits(SSL_CTX *ctx);
long SSL_CTX_sess_misses(SSL_CTX *ctx);
long SSL_CTX_sess_timeouts(SSL_CTX *ctx);
long SSL_CTX_sess_cache_full(SSL_CTX *ctx);
#define SSL_CTX_sess_number SSL_CTX_sess_number
#define SSL_CTX_sess_connect SSL_CTX_sess_connect
#define SSL_CTX_sess_connect_good SSL_CTX_sess_connect_good
#define SSL_CTX_sess_connect_renegotiate SSL_CTX_sess_connect_renegotiate
#define SSL_CTX_sess_accept SSL_CTX_sess_accept
#define SSL_CTX_sess_accept_good SSL_CTX_sess_accept_good
#define SSL_CTX_sess_accept_renegotiate SSL_CTX_sess_accept_renegotiate
#define SSL_CTX_sess_hits SSL_CTX_sess_hits
#define SSL_CTX_sess_cb_hits SSL_CTX_sess_cb_hits
#define SSL_CTX_sess_misses SSL_CTX_sess_misses
#define SSL_CTX_sess_timeouts SSL_CTX_sess_timeouts
#define SSL_CTX_sess_cache_full SSL_CTX_sess_cache_full

/*
 * Tickets. With SSL_OP_NO_TICKET a server keeps its sessions itself.
 */

/*
 * How many tickets a server gives after a handshake of TLS 1.3: 2 by default, fewer if the client takes fewer. A number above 32 is kept
 * here, and 32 are given.
 */
int SSL_CTX_set_num_tickets(SSL_CTX *ctx, size_t num_tickets);
size_t SSL_CTX_get_num_tickets(const SSL_CTX *ctx);
int SSL_set_num_tickets(SSL *ssl, size_t num_tickets);
size_t SSL_get_num_tickets(const SSL *ssl);

/* One more ticket, after a handshake of TLS 1.3; it leaves with the next write. 0 if none can be issued. */
int SSL_new_session_ticket(SSL *ssl);

/*
 * The keys that seal tickets: 80 bytes, a name of 16 that stands in each ticket and 64 that are secret. Processes with the same keys
 * resume each other's sessions. Keys that were set stay until others are; those of the context itself are replaced by themselves until
 * they are asked for here. With keys NULL both return the length.
 */
long SSL_CTX_get_tlsext_ticket_keys(SSL_CTX *ctx, void *keys, long keylen);
long SSL_CTX_set_tlsext_ticket_keys(SSL_CTX *ctx, void *keys, long keylen);
#define SSL_CTX_get_tlsext_ticket_keys SSL_CTX_get_tlsext_ticket_keys
#define SSL_CTX_set_tlsext_ticket_keys SSL_CTX_set_tlsext_ticket_keys

/*
 * Early data (RFC 8446 Section 2.3): what a client sends together with its first message, with a session that allows it.
 *
 * Whoever recorded early data can send it again. Against that a server keeps the sessions that allow early data itself, and takes
 * each once; SSL_OP_NO_ANTI_REPLAY leaves it to the program.
 */

/*
 * Bytes of early data that a server's new tickets allow (0 by default: none), and that it takes at most (16384 by default). The lower
 * of the two counts.
 */
int SSL_CTX_set_max_early_data(SSL_CTX *ctx, uint32_t max_early_data);
uint32_t SSL_CTX_get_max_early_data(const SSL_CTX *ctx);
int SSL_set_max_early_data(SSL *ssl, uint32_t max_early_data);
uint32_t SSL_get_max_early_data(const SSL *ssl);
int SSL_CTX_set_recv_max_early_data(SSL_CTX *ctx, uint32_t recv_max_early_data);
uint32_t SSL_CTX_get_recv_max_early_data(const SSL_CTX *ctx);
int SSL_set_recv_max_early_data(SSL *ssl, uint32_t recv_max_early_data);
uint32_t SSL_get_recv_max_early_data(const SSL *ssl);

/* Bytes of early data that may be sent with a session; set for a key only. */
uint32_t SSL_SESSION_get_max_early_data(const SSL_SESSION *session);
int SSL_SESSION_set_max_early_data(SSL_SESSION *session, uint32_t max_early_data);

/* Is asked whether early data is taken that could be: 0 for no. */
typedef int (*SSL_allow_early_data_cb_fn)(SSL *ssl, void *arg);
void SSL_CTX_set_allow_early_data_cb(SSL_CTX *ctx, SSL_allow_early_data_cb_fn cb, void *arg);
void SSL_set_allow_early_data_cb(SSL *ssl, SSL_allow_early_data_cb_fn cb, void *arg);

/*
 * A client, in place of its first SSL_connect and any number of times: sends all of num bytes early; then SSL_connect completes
 * the handshake, and SSL_get_early_data_status tells whether the server took them. If not they are lost, and to be sent again.
 * A server, after SSL_read_early_data: sends num bytes before the client has finished its handshake, which anyone may be reading.
 * 1, or 0: SSL_get_error tells why, and the call is repeated with the same data after SSL_ERROR_WANT_READ or _WANT_WRITE. Where the
 * session allows less than num bytes more, nothing is sent (SSL_R_TOO_MUCH_EARLY_DATA).
 */
int SSL_write_early_data(SSL *ssl, const void *buf, size_t num, size_t *written);

/*
 * A server, in place of its first SSL_accept: reads at most num bytes of early data. SSL_READ_EARLY_DATA_SUCCESS: there may be more.
 * SSL_READ_EARLY_DATA_FINISH: there is no more, and SSL_accept completes the handshake. SSL_READ_EARLY_DATA_ERROR: SSL_get_error tells
 * why. Servers that do not call it take no early data.
 */
int SSL_read_early_data(SSL *ssl, void *buf, size_t num, size_t *readbytes);

/* SSL_EARLY_DATA_NOT_SENT, SSL_EARLY_DATA_REJECTED, also as long as the server has not answered, or SSL_EARLY_DATA_ACCEPTED. */
int SSL_get_early_data_status(const SSL *ssl);

#ifdef __cplusplus
}
#endif

#endif
