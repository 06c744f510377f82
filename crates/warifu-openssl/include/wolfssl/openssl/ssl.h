/* OpenSSL's functions have their own names here too. */
#ifndef WARIFU_WOLFSSL_OPENSSL_SSL_H
#define WARIFU_WOLFSSL_OPENSSL_SSL_H

#include <openssl/ssl.h>
#include <wolfssl/ssl.h>

#endif
