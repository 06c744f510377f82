/* OpenSSL's functions have their own names here too. */
#ifndef WARIFU_WOLFSSL_OPENSSL_RSA_H
#define WARIFU_WOLFSSL_OPENSSL_RSA_H

#include <openssl/rsa.h>
#include <wolfssl/ssl.h>

#endif
