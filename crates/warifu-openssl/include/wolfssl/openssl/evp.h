/* OpenSSL's functions have their own names here too. */
#ifndef WARIFU_WOLFSSL_OPENSSL_EVP_H
#define WARIFU_WOLFSSL_OPENSSL_EVP_H

#include <openssl/evp.h>
#include <wolfssl/ssl.h>

#endif
