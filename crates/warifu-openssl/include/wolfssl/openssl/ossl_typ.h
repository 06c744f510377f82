/* OpenSSL's functions have their own names here too. */
#ifndef WARIFU_WOLFSSL_OPENSSL_OSSL_TYP_H
#define WARIFU_WOLFSSL_OPENSSL_OSSL_TYP_H

#include <openssl/ossl_typ.h>
#include <wolfssl/ssl.h>

#endif
