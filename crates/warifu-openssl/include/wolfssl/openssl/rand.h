/* OpenSSL's functions have their own names here too. */
#ifndef WARIFU_WOLFSSL_OPENSSL_RAND_H
#define WARIFU_WOLFSSL_OPENSSL_RAND_H

#include <openssl/rand.h>
#include <wolfssl/ssl.h>

#endif
