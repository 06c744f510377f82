/* OpenSSL's functions have their own names here too. */
#ifndef WARIFU_WOLFSSL_OPENSSL_ERR_H
#define WARIFU_WOLFSSL_OPENSSL_ERR_H

#include <openssl/err.h>
#include <wolfssl/ssl.h>

#endif
