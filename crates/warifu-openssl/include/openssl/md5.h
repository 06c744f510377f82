/* MD5 in one call. It proves nothing: use it where a format demands it. */
#ifndef WARIFU_OPENSSL_MD5_H
#define WARIFU_OPENSSL_MD5_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MD5_DIGEST_LENGTH 16

/*
 * Writes the hash of n bytes to md, or, if that is NULL, to memory of this thread that lasts until the next such call.
 * Returns where it is; NULL on failure.
 */
unsigned char *MD5(const unsigned char *d, size_t n, unsigned char *md);

#ifdef __cplusplus
}
#endif

#endif
