/* OpenSSL's functions have their own names here too. */
#ifndef WARIFU_WOLFSSL_OPENSSL_PKCS12_H
#define WARIFU_WOLFSSL_OPENSSL_PKCS12_H

#include <openssl/pkcs12.h>
#include <wolfssl/ssl.h>

#endif
