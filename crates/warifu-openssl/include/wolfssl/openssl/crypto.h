/* OpenSSL's functions have their own names here too. */
#ifndef WARIFU_WOLFSSL_OPENSSL_CRYPTO_H
#define WARIFU_WOLFSSL_OPENSSL_CRYPTO_H

#include <openssl/crypto.h>
#include <wolfssl/ssl.h>

#endif
