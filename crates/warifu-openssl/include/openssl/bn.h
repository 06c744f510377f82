/* Large numbers, to print serial numbers with. Calculations are not offered. */
#ifndef WARIFU_OPENSSL_BN_H
#define WARIFU_OPENSSL_BN_H

#include <openssl/types.h>
#include <openssl/asn1.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BN_num_bytes(a) ((BN_num_bits(a) + 7) / 8)

/* The value of an integer; the caller frees it by BN_free. A number that is given in is freed. NULL on failure. */
BIGNUM *ASN1_INTEGER_to_BN(const ASN1_INTEGER *ai, BIGNUM *bn);

/* Gives a reference to a number back. */
void BN_free(BIGNUM *a);
void BN_clear_free(BIGNUM *a);

/*
 * The number in capital hexadecimal digits, two for each byte, in memory that the caller frees by OPENSSL_free; NULL on
 * failure.
 */
char *BN_bn2hex(const BIGNUM *a);

/* The number in decimal digits, in memory that the caller frees by OPENSSL_free; NULL on failure. */
char *BN_bn2dec(const BIGNUM *a);

/* How many bits the number has, the sign apart. */
int BN_num_bits(const BIGNUM *a);

/* Writes the number without its sign, big endian. Returns how many bytes: BN_num_bytes of them. */
int BN_bn2bin(const BIGNUM *a, unsigned char *to);

#ifdef __cplusplus
}
#endif

#endif
