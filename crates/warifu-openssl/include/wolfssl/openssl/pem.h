/* OpenSSL's functions have their own names here too. */
#ifndef WARIFU_WOLFSSL_OPENSSL_PEM_H
#define WARIFU_WOLFSSL_OPENSSL_PEM_H

#include <openssl/pem.h>
#include <wolfssl/ssl.h>

#endif
