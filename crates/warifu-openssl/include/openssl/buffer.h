/* Buffers that grow. */
#ifndef WARIFU_OPENSSL_BUFFER_H
#define WARIFU_OPENSSL_BUFFER_H

#include <openssl/crypto.h>
#include <openssl/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A buffer. `length` bytes at `data` are in use, `max` are allocated with OPENSSL_malloc. */
struct buf_mem_st {
  size_t length;
  char *data;
  size_t max;
  unsigned long flags;
};

/* The bytes are secret. All buffers are wiped before they are freed, so it makes no difference. */
#define BUF_MEM_FLAG_SECURE 0x01

/* Returns an empty buffer, or NULL if memory is exhausted. */
BUF_MEM *BUF_MEM_new(void);
BUF_MEM *BUF_MEM_new_ex(unsigned long flags);
/* Wipes and frees a buffer. NULL is allowed. */
void BUF_MEM_free(BUF_MEM *buffer);
/* Sets the length; new bytes are zero, bytes left behind are wiped. Returns the length, or 0 if memory is exhausted. */
size_t BUF_MEM_grow(BUF_MEM *buffer, size_t length);
size_t BUF_MEM_grow_clean(BUF_MEM *buffer, size_t length);
/* Copies bytes in reverse order; reverses them in place if `in` is NULL. */
void BUF_reverse(unsigned char *out, const unsigned char *in, size_t size);

#define BUF_strdup(text) OPENSSL_strdup(text)
#define BUF_strndup(text, size) OPENSSL_strndup(text, size)
#define BUF_memdup(data, size) OPENSSL_memdup(data, size)
#define BUF_strlcpy(to, from, size) OPENSSL_strlcpy(to, from, size)
#define BUF_strlcat(to, from, size) OPENSSL_strlcat(to, from, size)
#define BUF_strnlen(text, size) OPENSSL_strnlen(text, size)

#ifdef __cplusplus
}
#endif

#endif
