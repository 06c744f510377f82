/* OpenSSL's functions have their own names here too. */
#ifndef WARIFU_WOLFSSL_OPENSSL_X509_H
#define WARIFU_WOLFSSL_OPENSSL_X509_H

#include <openssl/x509.h>
#include <wolfssl/ssl.h>

#endif
