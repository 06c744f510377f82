/* OpenSSL's functions have their own names here too. */
#ifndef WARIFU_WOLFSSL_OPENSSL_BN_H
#define WARIFU_WOLFSSL_OPENSSL_BN_H

#include <openssl/bn.h>
#include <wolfssl/ssl.h>

#endif
