/* OpenSSL's functions have their own names here too. */
#ifndef WARIFU_WOLFSSL_OPENSSL_DH_H
#define WARIFU_WOLFSSL_OPENSSL_DH_H

#include <openssl/dh.h>
#include <wolfssl/ssl.h>

#endif
