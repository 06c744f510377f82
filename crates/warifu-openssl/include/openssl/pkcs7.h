/* PKCS#7 is not offered. For programs that include this header. */
#ifndef WARIFU_OPENSSL_PKCS7_H
#define WARIFU_OPENSSL_PKCS7_H

#include <openssl/types.h>

#endif
