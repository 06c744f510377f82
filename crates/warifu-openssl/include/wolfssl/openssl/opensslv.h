/* OpenSSL's functions have their own names here too. */
#ifndef WARIFU_WOLFSSL_OPENSSL_OPENSSLV_H
#define WARIFU_WOLFSSL_OPENSSL_OPENSSLV_H

#include <openssl/opensslv.h>
#include <wolfssl/ssl.h>

#endif
