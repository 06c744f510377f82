/* OpenSSL's functions have their own names here too. */
#ifndef WARIFU_WOLFSSL_OPENSSL_STACK_H
#define WARIFU_WOLFSSL_OPENSSL_STACK_H

#include <openssl/stack.h>
#include <wolfssl/ssl.h>

#endif
