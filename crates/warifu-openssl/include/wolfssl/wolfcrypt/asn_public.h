/* wolfCrypt's algorithms are not in this library. For programs that include this header. */
#ifndef WARIFU_WOLFCRYPT_ASN_PUBLIC_H
#define WARIFU_WOLFCRYPT_ASN_PUBLIC_H

#include <wolfssl/wolfcrypt/types.h>

#endif
