/* For programs that include this header: <wolfssl/ssl.h> has what there is. */
#ifndef WARIFU_WOLFCRYPT_MEMORY_H
#define WARIFU_WOLFCRYPT_MEMORY_H

#include <wolfssl/wolfcrypt/types.h>

#endif
