/* OpenSSL's functions have their own names here too. */
#ifndef WARIFU_WOLFSSL_OPENSSL_BIO_H
#define WARIFU_WOLFSSL_OPENSSL_BIO_H

#include <openssl/bio.h>
#include <wolfssl/ssl.h>

#endif
