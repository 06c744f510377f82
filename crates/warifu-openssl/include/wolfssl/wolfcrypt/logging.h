/* For programs that include this header: <wolfssl/ssl.h> has what there is. */
#ifndef WARIFU_WOLFCRYPT_LOGGING_H
#define WARIFU_WOLFCRYPT_LOGGING_H

#include <wolfssl/wolfcrypt/types.h>

#endif
