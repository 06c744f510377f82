/* OpenSSL's functions have their own names here too. */
#ifndef WARIFU_WOLFSSL_OPENSSL_ASN1_H
#define WARIFU_WOLFSSL_OPENSSL_ASN1_H

#include <openssl/asn1.h>
#include <wolfssl/ssl.h>

#endif
