/* OpenSSL's functions have their own names here too. */
#ifndef WARIFU_WOLFSSL_OPENSSL_HMAC_H
#define WARIFU_WOLFSSL_OPENSSL_HMAC_H

#include <openssl/hmac.h>
#include <wolfssl/ssl.h>

#endif
