/* OpenSSL's functions have their own names here too. */
#ifndef WARIFU_WOLFSSL_OPENSSL_X509V3_H
#define WARIFU_WOLFSSL_OPENSSL_X509V3_H

#include <openssl/x509v3.h>
#include <wolfssl/ssl.h>

#endif
