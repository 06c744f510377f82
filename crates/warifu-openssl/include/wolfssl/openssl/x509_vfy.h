/* OpenSSL's functions have their own names here too. */
#ifndef WARIFU_WOLFSSL_OPENSSL_X509_VFY_H
#define WARIFU_WOLFSSL_OPENSSL_X509_VFY_H

#include <openssl/x509_vfy.h>
#include <wolfssl/ssl.h>

#endif
