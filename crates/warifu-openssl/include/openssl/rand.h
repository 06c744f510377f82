/* Random bytes. The system seeds the generator; programs need not. */
#ifndef WARIFU_OPENSSL_RAND_H
#define WARIFU_OPENSSL_RAND_H

#include <openssl/e_os2.h>
#include <openssl/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Fill a buffer with random bytes fit for keys. Return 1; 0 on failure, when the buffer must not be used. */
int RAND_bytes(unsigned char *out, int len);
int RAND_priv_bytes(unsigned char *out, int len);
int RAND_bytes_ex(OSSL_LIB_CTX *library, unsigned char *out, size_t len, unsigned int strength);
int RAND_priv_bytes_ex(OSSL_LIB_CTX *library, unsigned char *out, size_t len, unsigned int strength);
/* As RAND_bytes, but returns -1 on failure. */
int RAND_pseudo_bytes(unsigned char *out, int len);

/* Return 1 if there are random bytes, else 0. */
int RAND_status(void);
int RAND_poll(void);

/* Do nothing. */
void RAND_seed(const void *bytes, int len);
void RAND_add(const void *bytes, int len, double randomness);
void RAND_keep_random_devices_open(int keep);
void RAND_cleanup(void);

/* Reads at most `most` bytes of a file (1024 if negative), which change nothing. Returns their number, or -1. */
int RAND_load_file(const char *name, long most);
/* Writes random bytes to a file that only its owner reads. Returns their number, or -1. */
int RAND_write_file(const char *name);
/* Stores the name of the file for random bytes: $RANDFILE, or .rnd in $HOME. Returns `buffer`, or NULL if it does not fit. */
const char *RAND_file_name(char *buffer, size_t size);

#ifdef __cplusplus
}
#endif

#endif
