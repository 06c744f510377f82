/*
 * Pre-shared keys by wolfSSL's names. <openssl/ssl_psk.h> has the callbacks that serve all versions; those here are for TLS 1.3, where a key
 * goes with the hash of a cipher suite. Where both are set, those for TLS 1.3 are asked. Included by <wolfssl/ssl.h>.
 */
#ifndef WARIFU_WOLFSSL_SSL_PSK_H
#define WARIFU_WOLFSSL_SSL_PSK_H

#include <wolfssl/ssl.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef SSL_psk_client_cb_func wc_psk_client_callback;
typedef SSL_psk_server_cb_func wc_psk_server_callback;

/* As wc_psk_client_callback; *suite is set to the name of the suite that the key is for, a string that stays. NULL is one with SHA-256. */
typedef unsigned int (*wc_psk_client_tls13_callback)(SSL *ssl, const char *hint, char *identity, unsigned int max_identity_len,
                                                     unsigned char *psk, unsigned int max_psk_len, const char **suite);
void wolfSSL_CTX_set_psk_client_tls13_callback(SSL_CTX *ctx, wc_psk_client_tls13_callback callback);
void wolfSSL_set_psk_client_tls13_callback(SSL *ssl, wc_psk_client_tls13_callback callback);

/* Is asked for the key of each suite of TLS 1.3 that is enabled: a client offers all of them, each identity once. */
typedef unsigned int (*wc_psk_client_cs_callback)(SSL *ssl, const char *hint, char *identity, unsigned int max_identity_len,
                                                  unsigned char *psk, unsigned int max_psk_len, const char *suite);
void wolfSSL_CTX_set_psk_client_cs_callback(SSL_CTX *ctx, wc_psk_client_cs_callback callback);
void wolfSSL_set_psk_client_cs_callback(SSL *ssl, wc_psk_client_cs_callback callback);

/* As wc_psk_server_callback; *suite is set as by wc_psk_client_tls13_callback. */
typedef unsigned int (*wc_psk_server_tls13_callback)(SSL *ssl, const char *identity, unsigned char *psk, unsigned int max_psk_len,
                                                     const char **suite);
void wolfSSL_CTX_set_psk_server_tls13_callback(SSL_CTX *ctx, wc_psk_server_tls13_callback callback);
void wolfSSL_set_psk_server_tls13_callback(SSL *ssl, wc_psk_server_tls13_callback callback);

/* A pointer of the program's, for its callbacks to ask for. WOLFSSL_SUCCESS, or WOLFSSL_FAILURE. */
int wolfSSL_CTX_set_psk_callback_ctx(SSL_CTX *ctx, void *context);
int wolfSSL_set_psk_callback_ctx(SSL *ssl, void *context);
void *wolfSSL_CTX_get_psk_callback_ctx(const SSL_CTX *ctx);
void *wolfSSL_get_psk_callback_ctx(const SSL *ssl);

#ifdef __cplusplus
}
#endif

#endif
