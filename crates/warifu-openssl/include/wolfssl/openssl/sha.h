/* OpenSSL's functions have their own names here too. */
#ifndef WARIFU_WOLFSSL_OPENSSL_SHA_H
#define WARIFU_WOLFSSL_OPENSSL_SHA_H

#include <openssl/sha.h>
#include <wolfssl/ssl.h>

#endif
