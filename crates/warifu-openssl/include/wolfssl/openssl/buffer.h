/* OpenSSL's functions have their own names here too. */
#ifndef WARIFU_WOLFSSL_OPENSSL_BUFFER_H
#define WARIFU_WOLFSSL_OPENSSL_BUFFER_H

#include <openssl/buffer.h>
#include <wolfssl/ssl.h>

#endif
