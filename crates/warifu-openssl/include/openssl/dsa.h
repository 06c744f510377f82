/* DSA is not offered. For programs that include this header. */
#ifndef WARIFU_OPENSSL_DSA_H
#define WARIFU_OPENSSL_DSA_H

#include <openssl/types.h>

#endif
