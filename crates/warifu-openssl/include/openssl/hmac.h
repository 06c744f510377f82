/* HMAC in one call. */
#ifndef WARIFU_OPENSSL_HMAC_H
#define WARIFU_OPENSSL_HMAC_H

#include <openssl/evp.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes HMAC (SHA-256, SHA-384, SHA-512) of data to md, and its length to *md_len. Returns md; NULL on failure, and if md is NULL. */
unsigned char *HMAC(const EVP_MD *evp_md, const void *key, int key_len, const unsigned char *data, size_t data_len, unsigned char *md, unsigned int *md_len);

#ifdef __cplusplus
}
#endif

#endif
