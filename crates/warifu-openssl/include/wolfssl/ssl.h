/*
 * wolfSSL's names for this library: a program written to <wolfssl/ssl.h> is built against these headers and linked with
 * libwarifu_ssl. What its functions do is what <openssl/ssl.h> and its kin say of OpenSSL's by the same name; the rest is here. Neither
 * wolfCrypt nor DTLS is in the library.
 *
 * Different from wolfSSL:
 *   - A failure has a full sentence: wolfSSL_ERR_error_string returns it, and puts its first 79 bytes into the caller's buffer.
 *   - wolfSSL_get_session gives the caller a reference, and NULL as long as there is nothing to resume.
 *   - wolfSSLv23_method and its kin begin at TLS 1.2, as wolfSSL's do where older versions are not built.
 *   - Key exchange on finite fields is for clients only: a server's parameters are looked at, and never used.
 */
#ifndef WARIFU_WOLFSSL_SSL_H
#define WARIFU_WOLFSSL_SSL_H

#include <wolfssl/options.h>
#include <wolfssl/version.h>
#include <wolfssl/wolfcrypt/types.h>
#include <wolfssl/error-ssl.h>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/*
 * Types.
 */

typedef SSL WOLFSSL;
typedef SSL_CTX WOLFSSL_CTX;
typedef const SSL_METHOD WOLFSSL_METHOD;
typedef SSL_SESSION WOLFSSL_SESSION;
typedef const SSL_CIPHER WOLFSSL_CIPHER;
typedef BIO WOLFSSL_BIO;
typedef BIO_METHOD WOLFSSL_BIO_METHOD;
/* Macros, as stacks are named by their elements. */
#define WOLFSSL_X509 X509
#define WOLFSSL_X509_NAME X509_NAME
typedef X509_NAME_ENTRY WOLFSSL_X509_NAME_ENTRY;
typedef X509_CRL WOLFSSL_X509_CRL;
typedef X509_STORE WOLFSSL_X509_STORE;
typedef X509_VERIFY_PARAM WOLFSSL_X509_VERIFY_PARAM;
typedef EVP_PKEY WOLFSSL_EVP_PKEY;
typedef EVP_MD WOLFSSL_EVP_MD;
typedef ASN1_INTEGER WOLFSSL_ASN1_INTEGER;
typedef ASN1_STRING WOLFSSL_ASN1_STRING;
typedef ASN1_TIME WOLFSSL_ASN1_TIME;
typedef ASN1_OBJECT WOLFSSL_ASN1_OBJECT;
typedef OPENSSL_STACK WOLFSSL_STACK;
#define WOLF_STACK_OF(type) STACK_OF(type)

/* Lent bytes. */
typedef struct WOLFSSL_BUFFER_INFO {
    unsigned char *buffer;
    unsigned int length;
} WOLFSSL_BUFFER_INFO;

#include <wolfssl/wolfio.h>
#include <wolfssl/ssl_names.h>
#include <wolfssl/x509_names.h>
#include <wolfssl/ssl_constants.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The library.
 */

/* There is nothing to prepare or to clean up: they return WOLFSSL_SUCCESS. */
static WARIFU_INLINE int wolfSSL_Init(void)
{
    return WOLFSSL_SUCCESS;
}

static WARIFU_INLINE int wolfSSL_Cleanup(void)
{
    return WOLFSSL_SUCCESS;
}

/* There is no debugging output; SSL_CTX_set_msg_callback and SSL_CTX_set_keylog_callback tell what goes on. NOT_COMPILED_IN. */
static WARIFU_INLINE int wolfSSL_Debugging_ON(void)
{
    return NOT_COMPILED_IN;
}

static WARIFU_INLINE void wolfSSL_Debugging_OFF(void)
{
}

static WARIFU_INLINE const char *wolfSSL_lib_version(void)
{
    return LIBWOLFSSL_VERSION_STRING;
}

static WARIFU_INLINE word32 wolfSSL_lib_version_hex(void)
{
    return LIBWOLFSSL_VERSION_HEX;
}

/*
 * Methods. Those with _ex do not look at the heap.
 */

typedef WOLFSSL_METHOD *(*wolfSSL_method_func)(void *heap);

#define WARIFU_WOLF_METHOD(wolf, open) \
    static WARIFU_INLINE WOLFSSL_METHOD *wolf(void) \
    { \
        return open(); \
    } \
    static WARIFU_INLINE WOLFSSL_METHOD *wolf##_ex(void *heap) \
    { \
        (void)heap; \
        return open(); \
    }

WARIFU_WOLF_METHOD(wolfSSLv23_method, SSLv23_method)
WARIFU_WOLF_METHOD(wolfSSLv23_client_method, SSLv23_client_method)
WARIFU_WOLF_METHOD(wolfSSLv23_server_method, SSLv23_server_method)
WARIFU_WOLF_METHOD(wolfTLS_client_method, TLS_client_method)
WARIFU_WOLF_METHOD(wolfTLS_server_method, TLS_server_method)
WARIFU_WOLF_METHOD(wolfTLSv1_method, TLSv1_method)
WARIFU_WOLF_METHOD(wolfTLSv1_client_method, TLSv1_client_method)
WARIFU_WOLF_METHOD(wolfTLSv1_server_method, TLSv1_server_method)
WARIFU_WOLF_METHOD(wolfTLSv1_1_method, TLSv1_1_method)
WARIFU_WOLF_METHOD(wolfTLSv1_1_client_method, TLSv1_1_client_method)
WARIFU_WOLF_METHOD(wolfTLSv1_1_server_method, TLSv1_1_server_method)
WARIFU_WOLF_METHOD(wolfTLSv1_2_method, TLSv1_2_method)
WARIFU_WOLF_METHOD(wolfTLSv1_2_client_method, TLSv1_2_client_method)
WARIFU_WOLF_METHOD(wolfTLSv1_2_server_method, TLSv1_2_server_method)
WARIFU_WOLF_METHOD(wolfTLSv1_3_method, TLSv1_3_method)
WARIFU_WOLF_METHOD(wolfTLSv1_3_client_method, TLSv1_3_client_method)
WARIFU_WOLF_METHOD(wolfTLSv1_3_server_method, TLSv1_3_server_method)

/* The lowest version, WOLFSSL_TLSV1 to WOLFSSL_TLSV1_3, or the only one: WOLFSSL_SUCCESS, or BAD_FUNC_ARG. */
static WARIFU_INLINE int wolfSSL_CTX_SetMinVersion(SSL_CTX *ctx, int version)
{
    return version >= WOLFSSL_TLSV1 && version <= WOLFSSL_TLSV1_3 && SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION - 1 + version) == 1
               ? (int)WOLFSSL_SUCCESS
               : (int)BAD_FUNC_ARG;
}

static WARIFU_INLINE int wolfSSL_SetMinVersion(SSL *ssl, int version)
{
    return version >= WOLFSSL_TLSV1 && version <= WOLFSSL_TLSV1_3 && SSL_set_min_proto_version(ssl, TLS1_VERSION - 1 + version) == 1
               ? (int)WOLFSSL_SUCCESS
               : (int)BAD_FUNC_ARG;
}

static WARIFU_INLINE int wolfSSL_SetVersion(SSL *ssl, int version)
{
    return wolfSSL_SetMinVersion(ssl, version) == WOLFSSL_SUCCESS && SSL_set_max_proto_version(ssl, TLS1_VERSION - 1 + version) == 1
               ? (int)WOLFSSL_SUCCESS
               : (int)BAD_FUNC_ARG;
}

static WARIFU_INLINE int wolfSSL_GetVersion(const SSL *ssl)
{
    int version = SSL_version(ssl);

    return version >= TLS1_VERSION && version <= TLS1_3_VERSION ? version - TLS1_VERSION + (int)WOLFSSL_TLSV1 : (int)VERSION_ERROR;
}

/*
 * What went wrong.
 */

/* 0, WOLFSSL_ERROR_WANT_READ, WOLFSSL_ERROR_WANT_WRITE, WOLFSSL_ERROR_ZERO_RETURN, or a negative number of <wolfssl/error-ssl.h>. */
int wolfSSL_get_error(SSL *ssl, int ret);

/*
 * The sentence for such a number: that of the failure that wolfSSL_get_error told this thread of last, or general words. It stays until the
 * thread asks for the next. data is NULL or has WOLFSSL_MAX_ERROR_SZ bytes, and gets as much of it as they hold.
 */
char *wolfSSL_ERR_error_string(unsigned long code, char *data);
void wolfSSL_ERR_error_string_n(unsigned long code, char *data, unsigned long len);
const char *wolfSSL_ERR_reason_error_string(unsigned long code);

/*
 * Reading and writing.
 */

/* As SSL_write. A server that reads early data writes before the client has finished. */
int wolfSSL_write(SSL *ssl, const void *data, int sz);

/* Their number, also in *outSz, or WOLFSSL_FATAL_ERROR. Reading: 0 when there is no more and the handshake is to be completed. */
int wolfSSL_write_early_data(SSL *ssl, const void *data, int sz, int *outSz);
int wolfSSL_read_early_data(SSL *ssl, void *data, int sz, int *outSz);

/* The program's own note of whether its socket waits. The connection finds out by itself. */
void wolfSSL_set_using_nonblock(SSL *ssl, int nonblock);
int wolfSSL_get_using_nonblock(SSL *ssl);

/* 0: there is no DTLS. */
static WARIFU_INLINE int wolfSSL_dtls(SSL *ssl)
{
    return SSL_is_dtls(ssl);
}

static WARIFU_INLINE int wolfSSL_negotiate(SSL *ssl)
{
    return SSL_do_handshake(ssl);
}

/* New keys for what this side sends, and with the answer for what it reads; TLS 1.3. */
static WARIFU_INLINE int wolfSSL_update_keys(SSL *ssl)
{
    return SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED);
}

/*
 * Sessions.
 */

/* A reference for the caller to give back with wolfSSL_SESSION_free; NULL as long as there is no session that can be resumed. */
SSL_SESSION *wolfSSL_get_session(SSL *ssl);

/* Tickets are on without them. */
static WARIFU_INLINE int wolfSSL_CTX_UseSessionTicket(SSL_CTX *ctx)
{
    return ctx != NULL ? (SSL_CTX_clear_options(ctx, SSL_OP_NO_TICKET), (int)WOLFSSL_SUCCESS) : (int)BAD_FUNC_ARG;
}

static WARIFU_INLINE int wolfSSL_UseSessionTicket(SSL *ssl)
{
    return ssl != NULL ? (SSL_clear_options(ssl, SSL_OP_NO_TICKET), (int)WOLFSSL_SUCCESS) : (int)BAD_FUNC_ARG;
}

/* A server of TLS 1.3 issues no tickets: 0, or BAD_FUNC_ARG. */
static WARIFU_INLINE int wolfSSL_CTX_no_ticket_TLSv13(SSL_CTX *ctx)
{
    return SSL_CTX_set_num_tickets(ctx, 0) == 1 ? 0 : (int)BAD_FUNC_ARG;
}

static WARIFU_INLINE int wolfSSL_no_ticket_TLSv13(SSL *ssl)
{
    return SSL_set_num_tickets(ssl, 0) == 1 ? 0 : (int)BAD_FUNC_ARG;
}

static WARIFU_INLINE long wolfSSL_CTX_set_session_cache_mode(SSL_CTX *ctx, long mode)
{
    return ctx != NULL ? (SSL_CTX_set_session_cache_mode(ctx, mode), (int)WOLFSSL_SUCCESS) : (int)WOLFSSL_FAILURE;
}

static WARIFU_INLINE int wolfSSL_CTX_set_timeout(SSL_CTX *ctx, unsigned int seconds)
{
    return ctx != NULL ? (SSL_CTX_set_timeout(ctx, (long)seconds), (int)WOLFSSL_SUCCESS) : (int)BAD_FUNC_ARG;
}

#ifdef __cplusplus
}
#endif

#include <wolfssl/ssl_certificates.h>
#include <wolfssl/ssl_hello.h>
#include <wolfssl/ssl_psk.h>

#endif
