/* RSA keys are EVP_PKEY objects here. For programs that include this header. */
#ifndef WARIFU_OPENSSL_RSA_H
#define WARIFU_OPENSSL_RSA_H

#include <openssl/types.h>

#endif
