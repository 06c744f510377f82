/* Functions of the program's in place of a socket. Included by <wolfssl/ssl.h>. */
#ifndef WARIFU_WOLFSSL_WOLFIO_H
#define WARIFU_WOLFSSL_WOLFIO_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <openssl/ssl.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef SOCKET_T
#define SOCKET_T int
#endif
#define SOCKET_INVALID (-1)
#define XSOCKLENT socklen_t
#define XINET_PTON inet_pton
#define XHTONS htons

/*
 * Receive at most sz bytes into buf, or send at most sz from it. They return how many it were, or a WOLFSSL_CBIO_ERR_… ; 0 from the one
 * that receives is the end, from the one that sends it is "later". ctx is what wolfSSL_SetIOReadCtx and wolfSSL_SetIOWriteCtx set;
 * without that it points to an int with the number of the socket of wolfSSL_set_fd, and is NULL if there is none. The functions
 * may use the connection, but not read from it or write to it.
 */
typedef int (*CallbackIORecv)(SSL *ssl, char *buf, int sz, void *ctx);
typedef int (*CallbackIOSend)(SSL *ssl, char *buf, int sz, void *ctx);

enum {
    WOLFSSL_CBIO_ERR_GENERAL = -1,
    WOLFSSL_CBIO_ERR_WANT_READ = -2, /* later */
    WOLFSSL_CBIO_ERR_WANT_WRITE = -2,
    WOLFSSL_CBIO_ERR_CONN_RST = -3,
    WOLFSSL_CBIO_ERR_ISR = -4, /* interrupted: called again at once, at most ten times */
    WOLFSSL_CBIO_ERR_CONN_CLOSE = -5,
    WOLFSSL_CBIO_ERR_TIMEOUT = -6
};

/* For connections made from now on, or for one. NULL leaves the socket as it is. A BIO of wolfSSL_set_bio is not replaced. */
void wolfSSL_CTX_SetIORecv(SSL_CTX *ctx, CallbackIORecv callback);
void wolfSSL_CTX_SetIOSend(SSL_CTX *ctx, CallbackIOSend callback);
void wolfSSL_SSLSetIORecv(SSL *ssl, CallbackIORecv callback);
void wolfSSL_SSLSetIOSend(SSL *ssl, CallbackIOSend callback);
#define wolfSSL_SetIORecv wolfSSL_CTX_SetIORecv
#define wolfSSL_SetIOSend wolfSSL_CTX_SetIOSend

/* What the functions are given. wolfSSL_set_fd takes this back. */
void wolfSSL_SetIOReadCtx(SSL *ssl, void *context);
void wolfSSL_SetIOWriteCtx(SSL *ssl, void *context);
void *wolfSSL_GetIOReadCtx(SSL *ssl);
void *wolfSSL_GetIOWriteCtx(SSL *ssl);

#ifdef __cplusplus
}
#endif

#endif
