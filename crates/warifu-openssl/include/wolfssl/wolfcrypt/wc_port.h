/* Nothing differs between systems here. For programs that include this header. */
#ifndef WARIFU_WOLFCRYPT_WC_PORT_H
#define WARIFU_WOLFCRYPT_WC_PORT_H

#include <wolfssl/wolfcrypt/types.h>

#endif
