/* Pre-shared keys. Included by <openssl/ssl.h>. */
#ifndef WARIFU_OPENSSL_SSL_PSK_H
#define WARIFU_OPENSSL_SSL_PSK_H

#include <stddef.h>

#include <openssl/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Longest identity, without its NUL, and longest key, in bytes. */
#define PSK_MAX_IDENTITY_LEN 256
#define PSK_MAX_PSK_LEN 512

/*
 * Gives a client its key: writes the identity, a string of at most max_identity_len bytes without its NUL, and the key, and
 * returns the key's length in bytes; 0 for no key. In TLS 1.3 hint is NULL, and the key is used with SHA-256. Before TLS 1.3 hint is
 * what the server said, NULL for nothing. An empty identity is for versions before TLS 1.3; a key of zeros alone is refused.
 */
typedef unsigned int (*SSL_psk_client_cb_func)(SSL *ssl, const char *hint, char *identity, unsigned int max_identity_len,
                                               unsigned char *psk, unsigned int max_psk_len);
void SSL_CTX_set_psk_client_callback(SSL_CTX *ctx, SSL_psk_client_cb_func cb);
void SSL_set_psk_client_callback(SSL *ssl, SSL_psk_client_cb_func cb);

/*
 * Finds a server the key of an identity, which before TLS 1.3 may be empty: writes it and returns its length in bytes; 0 if there is
 * none, which the client cannot tell from a wrong key. A key of zeros alone is refused. A server needs no certificate then.
 */
typedef unsigned int (*SSL_psk_server_cb_func)(SSL *ssl, const char *identity, unsigned char *psk, unsigned int max_psk_len);
void SSL_CTX_set_psk_server_callback(SSL_CTX *ctx, SSL_psk_server_cb_func cb);
void SSL_set_psk_server_callback(SSL *ssl, SSL_psk_server_cb_func cb);

/*
 * The same for TLS 1.3 alone, with a session in place of a bare key: one made by SSL_SESSION_new, SSL_SESSION_set1_master_key (the key),
 * SSL_SESSION_set_cipher (which gives the hash) and SSL_SESSION_set_protocol_version (TLS1_3_VERSION); with
 * SSL_SESSION_set_max_early_data also for early data. Both return 1, and store NULL where there is no key; 0 ends the handshake. The
 * session's reference is the library's then. The client's identity stays where it is until the handshake is over. md is NULL.
 *
 * They are asked before the callbacks above, which are asked where they store NULL.
 *
 * A server remembers ClientHellos with early data under such keys for as long as it runs, as they have no age, and takes no more after
 * 65536 of them; SSL_OP_NO_ANTI_REPLAY leaves it to the program.
 */
typedef int (*SSL_psk_use_session_cb_func)(SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *idlen,
                                           SSL_SESSION **sess);
void SSL_CTX_set_psk_use_session_callback(SSL_CTX *ctx, SSL_psk_use_session_cb_func cb);
void SSL_set_psk_use_session_callback(SSL *ssl, SSL_psk_use_session_cb_func cb);
typedef int (*SSL_psk_find_session_cb_func)(SSL *ssl, const unsigned char *identity, size_t identity_len, SSL_SESSION **sess);
void SSL_CTX_set_psk_find_session_callback(SSL_CTX *ctx, SSL_psk_find_session_cb_func cb);
void SSL_set_psk_find_session_callback(SSL *ssl, SSL_psk_find_session_cb_func cb);

/* What a server tells its clients before TLS 1.3, at most PSK_MAX_IDENTITY_LEN bytes; NULL for nothing. */
int SSL_CTX_use_psk_identity_hint(SSL_CTX *ctx, const char *hint);
int SSL_use_psk_identity_hint(SSL *ssl, const char *hint);

/* The identity in use and the server's hint; NULL without one. They stay until they are others. */
const char *SSL_get_psk_identity(const SSL *ssl);
const char *SSL_get_psk_identity_hint(const SSL *ssl);

#ifdef __cplusplus
}
#endif

#endif
