/* The functions of the specification that OpenSSL lacks: made of those that it has. */
#ifndef COMPAT_H
#define COMPAT_H

#include "differences.h"

#include <openssl/ssl.h>

#ifdef __cplusplus
extern "C" {
#endif

#if !IS_WARIFU

#define SSL_SUCCESS 1
#define SSL_FAILURE 0

/* The chapter's table writes it so, too. */
#define SSL_CTX_use_privateKey_file SSL_CTX_use_PrivateKey_file
#define SSL_use_privateKey_file SSL_use_PrivateKey_file
#define SSL_CTX_use_privateKey_buffer SSL_CTX_use_PrivateKey_buffer
#define SSL_use_privateKey_buffer SSL_use_PrivateKey_buffer

/* OpenSSL has no methods of TLS 1.3 alone: a context limits its versions instead. */
#define TLSv1_3_method TLS_method
#define TLSv1_3_server_method TLS_server_method
#define TLSv1_3_client_method TLS_client_method

int SSL_CTX_load_verify_buffer(SSL_CTX *ctx, const unsigned char *in, long size, int format);
int SSL_CTX_use_certificate_buffer(SSL_CTX *ctx, const unsigned char *in, long size, int format);
int SSL_CTX_use_PrivateKey_buffer(SSL_CTX *ctx, const unsigned char *in, long size, int format);
int SSL_use_certificate_buffer(SSL *ssl, const unsigned char *in, long size, int format);
int SSL_use_PrivateKey_buffer(SSL *ssl, const unsigned char *in, long size, int format);

#endif

#ifdef __cplusplus
}
#endif

#endif
