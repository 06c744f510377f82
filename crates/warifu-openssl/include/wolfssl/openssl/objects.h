/* OpenSSL's functions have their own names here too. */
#ifndef WARIFU_WOLFSSL_OPENSSL_OBJECTS_H
#define WARIFU_WOLFSSL_OPENSSL_OBJECTS_H

#include <openssl/objects.h>
#include <wolfssl/ssl.h>

#endif
