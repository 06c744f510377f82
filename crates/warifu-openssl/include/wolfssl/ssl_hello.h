/* What a hello says, by wolfSSL's names; secrets; hardware that there is not. Included by <wolfssl/ssl.h>. */
#ifndef WARIFU_WOLFSSL_SSL_HELLO_H
#define WARIFU_WOLFSSL_SSL_HELLO_H

#include <wolfssl/ssl.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Suites of all versions, best first, by wolfSSL's names (TLS13-AES128-GCM-SHA256), OpenSSL's or IANA's, between colons. Versions that
 * none of them is for keep theirs. WOLFSSL_SUCCESS, or WOLFSSL_FAILURE.
 */
int wolfSSL_CTX_set_cipher_list(SSL_CTX *ctx, const char *list);
int wolfSSL_set_cipher_list(SSL *ssl, const char *list);

/* The name of a suite by its place in the library's order, NULL behind the last; and all of them, if they fit. */
char *wolfSSL_get_cipher_list(int priority);
int wolfSSL_get_ciphers(char *buffer, int size);

/* The name of the server that a client wants. type is WOLFSSL_SNI_HOST_NAME. WOLFSSL_SUCCESS, or WOLFSSL_FAILURE, as on a server. */
int wolfSSL_CTX_UseSNI(SSL_CTX *ctx, unsigned char type, const void *data, unsigned short size);
int wolfSSL_UseSNI(SSL *ssl, unsigned char type, const void *data, unsigned short size);

/*
 * Application protocols, names between commas, best first. A client offers them. A server takes the first of them that the client
 * has, and otherwise goes on without one, or refuses (WOLFSSL_ALPN_FAILED_ON_MISMATCH). WOLFSSL_SUCCESS, or WOLFSSL_FAILURE.
 */
int wolfSSL_UseALPN(SSL *ssl, char *names, unsigned int size, unsigned char options);

/* The protocol that was agreed upon, a string that stays until the next call: WOLFSSL_SUCCESS, or WOLFSSL_ALPN_NOT_FOUND. */
int wolfSSL_ALPN_GetProtocol(SSL *ssl, char **name, unsigned short *size);

/* The largest record that a client asks for, WOLFSSL_MFL_2_9 to WOLFSSL_MFL_2_12. WOLFSSL_SUCCESS, or WOLFSSL_FAILURE. */
static WARIFU_INLINE int wolfSSL_CTX_UseMaxFragment(SSL_CTX *ctx, unsigned char length)
{
    return SSL_CTX_set_tlsext_max_fragment_length(ctx, length);
}

static WARIFU_INLINE int wolfSSL_UseMaxFragment(SSL *ssl, unsigned char length)
{
    return SSL_set_tlsext_max_fragment_length(ssl, length);
}

/* Groups for key exchange by the protocol's numbers (WOLFSSL_ECC_X25519), best first; one more at the end. WOLFSSL_SUCCESS, or WOLFSSL_FAILURE. */
int wolfSSL_CTX_set_groups(SSL_CTX *ctx, int *groups, int count);
int wolfSSL_set_groups(SSL *ssl, int *groups, int count);
int wolfSSL_CTX_UseSupportedCurve(SSL_CTX *ctx, unsigned short name);
int wolfSSL_UseSupportedCurve(SSL *ssl, unsigned short name);

/* The group that a client sends its key share for, and prefers then. On a server nothing. WOLFSSL_SUCCESS, or WOLFSSL_FAILURE. */
int wolfSSL_UseKeyShare(SSL *ssl, unsigned short group);

/*
 * Secrets of TLS 1.3, for a program that looks into its traffic. id is one of enum Tls13Secret; what the callback returns is not looked at.
 * WOLFSSL_SUCCESS, or WOLFSSL_FAILURE.
 */
typedef int (*Tls13SecretCb)(SSL *ssl, int id, const unsigned char *secret, int secretSz, void *ctx);
int wolfSSL_set_tls13_secret_cb(SSL *ssl, Tls13SecretCb callback, void *ctx);

/* Randoms are kept anyway. */
static WARIFU_INLINE void wolfSSL_KeepArrays(SSL *ssl)
{
    (void)ssl;
}

static WARIFU_INLINE void wolfSSL_FreeArrays(SSL *ssl)
{
    (void)ssl;
}

/* No hardware: WOLFSSL_SUCCESS for INVALID_DEVID, NOT_COMPILED_IN for others. */
static WARIFU_INLINE int wolfSSL_CTX_SetDevId(SSL_CTX *ctx, int id)
{
    (void)ctx;
    return id == INVALID_DEVID ? (int)WOLFSSL_SUCCESS : (int)NOT_COMPILED_IN;
}

static WARIFU_INLINE int wolfSSL_SetDevId(SSL *ssl, int id)
{
    (void)ssl;
    return id == INVALID_DEVID ? (int)WOLFSSL_SUCCESS : (int)NOT_COMPILED_IN;
}

#ifdef __cplusplus
}
#endif

#endif
