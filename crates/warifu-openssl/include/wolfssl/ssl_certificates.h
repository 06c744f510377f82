/* Certificates by wolfSSL's names. Included by <wolfssl/ssl.h>. */
#ifndef WARIFU_WOLFSSL_SSL_CERTIFICATES_H
#define WARIFU_WOLFSSL_SSL_CERTIFICATES_H

#include <wolfssl/ssl.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Verification.
 */

/* What a verification callback sees. All of it is lent until the callback returns. */
typedef struct WOLFSSL_X509_STORE_CTX {
    X509_STORE *store;
    X509 *current_cert;
    WOLFSSL_STACK *chain; /* as the peer sent it, leaf first */
    char *domain;         /* the common name of current_cert's subject, "" without one */
    void *userCtx;        /* NULL */
    int error;            /* 0, or a negative number of <wolfssl/error-ssl.h> */
    int error_depth;
    int discardSessionCerts; /* not looked at */
    int totalCerts;
    WOLFSSL_BUFFER_INFO *certs; /* as chain, in DER */
    SSL *ssl;
    X509_STORE_CTX *verification; /* for OpenSSL's functions, X509_STORE_CTX_get_error and its kin */
} WOLFSSL_X509_STORE_CTX;

/*
 * Is called for each certificate, the CA's first, with 1, and for each reason to refuse one with 0. Returns 0 to refuse the peer, 1 to
 * go on.
 */
typedef int (*VerifyCallback)(int preverify, WOLFSSL_X509_STORE_CTX *store);

/* mode is WOLFSSL_VERIFY_…; for a connection a callback of NULL leaves the one that is there. */
void wolfSSL_CTX_set_verify(SSL_CTX *ctx, int mode, VerifyCallback callback);
void wolfSSL_set_verify(SSL *ssl, int mode, VerifyCallback callback);

static WARIFU_INLINE int wolfSSL_X509_STORE_CTX_get_error(WOLFSSL_X509_STORE_CTX *store)
{
    return store != NULL ? store->error : (int)WOLFSSL_FATAL_ERROR;
}

static WARIFU_INLINE int wolfSSL_X509_STORE_CTX_get_error_depth(WOLFSSL_X509_STORE_CTX *store)
{
    return store != NULL ? store->error_depth : (int)WOLFSSL_FATAL_ERROR;
}

static WARIFU_INLINE X509 *wolfSSL_X509_STORE_CTX_get_current_cert(WOLFSSL_X509_STORE_CTX *store)
{
    return store != NULL ? store->current_cert : NULL;
}

static WARIFU_INLINE void *wolfSSL_X509_STORE_CTX_get_ex_data(WOLFSSL_X509_STORE_CTX *store, int index)
{
    return store != NULL ? X509_STORE_CTX_get_ex_data(store->verification, index) : NULL;
}

/* The name that the peer's certificate must be for: WOLFSSL_SUCCESS, or WOLFSSL_FAILURE. */
static WARIFU_INLINE int wolfSSL_check_domain_name(SSL *ssl, const char *name)
{
    return name != NULL ? SSL_set1_host(ssl, name) : (int)WOLFSSL_FAILURE;
}

/* A server wants a certificate of its clients, if req is not 0: 0, or BAD_FUNC_ARG. */
static WARIFU_INLINE int wolfSSL_CTX_mutual_auth(SSL_CTX *ctx, int req)
{
    int mode = req ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_NONE;

    return ctx != NULL ? (SSL_CTX_set_verify(ctx, mode, SSL_CTX_get_verify_callback(ctx)), 0) : (int)BAD_FUNC_ARG;
}

static WARIFU_INLINE int wolfSSL_mutual_auth(SSL *ssl, int req)
{
    int mode = req ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_NONE;

    return ssl != NULL ? (SSL_set_verify(ssl, mode, NULL), 0) : (int)BAD_FUNC_ARG;
}

/* A client lets itself be asked for its certificate after the handshake: 0, or BAD_FUNC_ARG. */
static WARIFU_INLINE int wolfSSL_CTX_allow_post_handshake_auth(SSL_CTX *ctx)
{
    return ctx != NULL ? (SSL_CTX_set_post_handshake_auth(ctx, 1), 0) : (int)BAD_FUNC_ARG;
}

static WARIFU_INLINE int wolfSSL_allow_post_handshake_auth(SSL *ssl)
{
    return ssl != NULL ? (SSL_set_post_handshake_auth(ssl, 1), 0) : (int)BAD_FUNC_ARG;
}

/*
 * The smallest keys in bits. Keys of 2048 bits (RSA) and 256 (elliptic curves) are the least anyway; larger minima are not
 * supported: SSL_CTX_set_security_level is for them. WOLFSSL_SUCCESS, or BAD_FUNC_ARG.
 */
static WARIFU_INLINE int wolfSSL_CTX_SetMinRsaKey_Sz(SSL_CTX *ctx, short bits)
{
    return ctx != NULL && bits >= 0 && bits <= 2048 ? (int)WOLFSSL_SUCCESS : (int)BAD_FUNC_ARG;
}

static WARIFU_INLINE int wolfSSL_CTX_SetMinEccKey_Sz(SSL_CTX *ctx, short bits)
{
    return ctx != NULL && bits >= 0 && bits <= 256 ? (int)WOLFSSL_SUCCESS : (int)BAD_FUNC_ARG;
}

static WARIFU_INLINE int wolfSSL_CTX_SetMinDhKey_Sz(SSL_CTX *ctx, word16 bits)
{
    return ctx != NULL && bits <= 2048 ? (int)WOLFSSL_SUCCESS : (int)BAD_FUNC_ARG;
}

/*
 * Loading.
 */

/* CA certificates from a PEM file, a directory, or both; from memory. WOLFSSL_SUCCESS, or WOLFSSL_FAILURE. */
int wolfSSL_CTX_load_verify_locations(SSL_CTX *ctx, const char *file, const char *path);
int wolfSSL_CTX_load_verify_buffer(SSL_CTX *ctx, const unsigned char *bytes, long len, int format);
#define wolfSSL_CTX_load_verify_chain_buffer_format wolfSSL_CTX_load_verify_buffer

/* Is told of each that is loaded from now on: its DER, which stays until it returns, its length, and WOLFSSL_USER_CA. */
typedef void (*CallbackCACache)(unsigned char *der, int sz, int type);
void wolfSSL_CTX_SetCACb(SSL_CTX *ctx, CallbackCACache callback);

/* A certificate and its CAs: any number in PEM, one in DER. WOLFSSL_SUCCESS, or WOLFSSL_FAILURE. */
static WARIFU_INLINE int wolfSSL_CTX_use_certificate_chain_buffer_format(SSL_CTX *ctx, const unsigned char *bytes, long len, int format)
{
    return format == SSL_FILETYPE_PEM ? SSL_CTX_use_certificate_chain_buffer(ctx, bytes, len)
                                      : SSL_CTX_use_certificate_buffer(ctx, bytes, len, format);
}

static WARIFU_INLINE int wolfSSL_use_certificate_chain_buffer_format(SSL *ssl, const unsigned char *bytes, long len, int format)
{
    return format == SSL_FILETYPE_PEM ? SSL_use_certificate_chain_buffer(ssl, bytes, len)
                                      : SSL_use_certificate_buffer(ssl, bytes, len, format);
}

/* Looks whether the file has DH PARAMETERS. They are not used: key exchange is on elliptic curves. WOLFSSL_SUCCESS, or WOLFSSL_FAILURE. */
int wolfSSL_CTX_SetTmpDH_file(SSL_CTX *ctx, const char *file, int format);

/*
 * Certificates.
 */

#define wolfSSL_EVP_PKEY_free EVP_PKEY_free
#define wolfSSL_load_client_CA_file SSL_load_client_CA_file
#define wolfSSL_CTX_set0_CA_list SSL_CTX_set0_CA_list
#define wolfSSL_sk_X509_num sk_X509_num
#define wolfSSL_sk_X509_value sk_X509_value
#define wolfSSL_sk_X509_pop sk_X509_pop
#define wolfSSL_sk_X509_free sk_X509_free
#define wolfSSL_sk_X509_NAME_num sk_X509_NAME_num
#define wolfSSL_sk_X509_NAME_value sk_X509_NAME_value

/* The CAs that the peer named, which the connection keeps; NULL without any. */
static WARIFU_INLINE STACK_OF(X509_NAME) *wolfSSL_get0_peer_CA_list(const SSL *ssl)
{
    return (STACK_OF(X509_NAME) *)SSL_get0_peer_CA_list(ssl);
}

/* Reads a certificate; it is also stored in *x509, unless that is NULL. NULL if it is none. */
static WARIFU_INLINE X509 *wolfSSL_X509_d2i(X509 **x509, const unsigned char *der, int len)
{
    const unsigned char *at = der;

    return d2i_X509(x509, &at, len);
}

/* Its DER, which it keeps; the length goes to *size. */
const unsigned char *wolfSSL_X509_get_der(X509 *x509, int *size);

/* The number's bytes; *size says how many out has, and then how many they are. out may be NULL. WOLFSSL_SUCCESS, or WOLFSSL_FAILURE. */
int wolfSSL_X509_get_serial_number(X509 *x509, unsigned char *out, int *size);

/* The next of the host names, mail addresses and URIs in subjectAltName, which it keeps; NULL behind the last, and then again from the first. */
char *wolfSSL_X509_get_next_altname(X509 *x509);

static WARIFU_INLINE int wolfSSL_X509_get_isCA(X509 *x509)
{
    return X509_check_ca(x509) > 0;
}

/*
 * BIOs.
 */

/* As BIO_meth_new. Its BIOs are ready when they are made, and its ctrl function is not asked to flush. */
BIO_METHOD *wolfSSL_BIO_meth_new(int type, const char *name);

/* A filter that holds nothing back, unlike BIO_f_buffer. */
#define wolfSSL_BIO_f_buffer BIO_f_null

static WARIFU_INLINE long wolfSSL_BIO_set_fp(BIO *bio, XFILE file, int close)
{
    return BIO_set_fp(bio, file, close);
}

static WARIFU_INLINE long wolfSSL_BIO_set_ssl(BIO *bio, SSL *ssl, int close)
{
    return BIO_set_ssl(bio, ssl, close);
}

#ifdef __cplusplus
}
#endif

#endif
