/* OpenSSL's functions have their own names here too. */
#ifndef WARIFU_WOLFSSL_OPENSSL_TLS1_H
#define WARIFU_WOLFSSL_OPENSSL_TLS1_H

#include <openssl/tls1.h>
#include <wolfssl/ssl.h>

#endif
