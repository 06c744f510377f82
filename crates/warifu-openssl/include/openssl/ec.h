/* Keys on elliptic curves are EVP_PKEY objects here. For programs that include this header. */
#ifndef WARIFU_OPENSSL_EC_H
#define WARIFU_OPENSSL_EC_H

#include <openssl/types.h>

#endif
