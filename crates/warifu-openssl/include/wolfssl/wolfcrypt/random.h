/* Random bytes: the system's and the library's own generator, without a state of the caller's. */
#ifndef WARIFU_WOLFCRYPT_RANDOM_H
#define WARIFU_WOLFCRYPT_RANDOM_H

#include <limits.h>

#include <openssl/rand.h>

#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct WC_RNG {
    int unused;
} WC_RNG;

/* 0 on success, RNG_FAILURE_E or BAD_FUNC_ARG. */
static inline int wc_InitRng(WC_RNG *rng)
{
    if (rng == NULL) {
        return BAD_FUNC_ARG;
    }
    rng->unused = 0;
    return 0;
}

static inline int wc_RNG_GenerateBlock(WC_RNG *rng, byte *output, word32 size)
{
    if (rng == NULL || output == NULL || size > (word32)INT_MAX) {
        return BAD_FUNC_ARG;
    }
    return RAND_bytes(output, (int)size) == 1 ? 0 : RNG_FAILURE_E;
}

static inline int wc_FreeRng(WC_RNG *rng)
{
    return rng == NULL ? BAD_FUNC_ARG : 0;
}

#ifdef __cplusplus
}
#endif

#endif
