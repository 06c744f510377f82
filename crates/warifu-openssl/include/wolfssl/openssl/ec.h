/* OpenSSL's functions have their own names here too. */
#ifndef WARIFU_WOLFSSL_OPENSSL_EC_H
#define WARIFU_WOLFSSL_OPENSSL_EC_H

#include <openssl/ec.h>
#include <wolfssl/ssl.h>

#endif
