/* Keys and hashes. Keys and hashes (EVP_MD) are immutable; ciphers and signatures of one's own are not offered. */
#ifndef WARIFU_OPENSSL_EVP_H
#define WARIFU_OPENSSL_EVP_H

#include <stdio.h>
#include <stddef.h>
#include <openssl/types.h>
#include <openssl/evperr.h>
#include <openssl/bio.h>
#include <openssl/objects.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EVP_MAX_MD_SIZE 64
#define EVP_MAX_KEY_LENGTH 64
#define EVP_MAX_IV_LENGTH 16
#define EVP_MAX_BLOCK_LENGTH 32

/* Kinds of keys. */
#define EVP_PKEY_NONE NID_undef
#define EVP_PKEY_RSA NID_rsaEncryption
#define EVP_PKEY_RSA_PSS NID_rsassaPss
#define EVP_PKEY_DSA NID_dsa
#define EVP_PKEY_EC NID_X9_62_id_ecPublicKey
#define EVP_PKEY_X25519 NID_X25519
#define EVP_PKEY_X448 NID_X448
#define EVP_PKEY_ED25519 NID_ED25519
#define EVP_PKEY_ED448 NID_ED448
#define EVP_PKEY_KEYMGMT (-1)

/* The library prepares itself. */
#define OpenSSL_add_all_algorithms() ((void)0)
#define OpenSSL_add_all_ciphers() ((void)0)
#define OpenSSL_add_all_digests() ((void)0)
#define OPENSSL_add_all_algorithms_conf() ((void)0)
#define OPENSSL_add_all_algorithms_noconf() ((void)0)
#define SSLeay_add_all_algorithms() ((void)0)
#define EVP_cleanup() ((void)0)

typedef struct evp_md_ctx_st EVP_MD_CTX;

/* The hash MD5. Never freed. */
const EVP_MD *EVP_md5(void);

/* The hash SHA1. Never freed. */
const EVP_MD *EVP_sha1(void);

/* The hash SHA256. Never freed. */
const EVP_MD *EVP_sha256(void);

/* The hash SHA384. Never freed. */
const EVP_MD *EVP_sha384(void);

/* The hash SHA512. Never freed. */
const EVP_MD *EVP_sha512(void);

/* The hash with this name; NULL if there is none. */
const EVP_MD *EVP_get_digestbyname(const char *name);

/* The hash with this NID, its own or of a signature with RSA; NULL if there is none. */
const EVP_MD *EVP_get_digestbynid(int nid);

/* Length of the output in bytes; -1 for NULL. */
int EVP_MD_size(const EVP_MD *md);
int EVP_MD_get_size(const EVP_MD *md);

/* Length of an input block in bytes; -1 for NULL. */
int EVP_MD_block_size(const EVP_MD *md);
int EVP_MD_get_block_size(const EVP_MD *md);

/* The hash's NID. */
int EVP_MD_type(const EVP_MD *md);
int EVP_MD_get_type(const EVP_MD *md);

/* NID of RSA signatures with the hash. */
int EVP_MD_pkey_type(const EVP_MD *md);
int EVP_MD_get_pkey_type(const EVP_MD *md);

/* The hash's name. Never freed. */
const char *EVP_MD_name(const EVP_MD *md);
const char *EVP_MD_get0_name(const EVP_MD *md);

/* A new running hash, not started. The caller frees it. */
EVP_MD_CTX *EVP_MD_CTX_new(void);
EVP_MD_CTX *EVP_MD_CTX_create(void);

/* Gives a reference to a running hash back. */
void EVP_MD_CTX_free(EVP_MD_CTX *ctx);
void EVP_MD_CTX_destroy(EVP_MD_CTX *ctx);

/* Forgets all. Returns 1, or 0 on failure. */
int EVP_MD_CTX_reset(EVP_MD_CTX *ctx);
int EVP_MD_CTX_init(EVP_MD_CTX *ctx);

/* Copies the state. Returns 1, or 0 on failure. */
int EVP_MD_CTX_copy_ex(EVP_MD_CTX *out, const EVP_MD_CTX *in);
int EVP_MD_CTX_copy(EVP_MD_CTX *out, const EVP_MD_CTX *in);

/* Which hash is running; NULL if none is. */
const EVP_MD *EVP_MD_CTX_md(const EVP_MD_CTX *ctx);
const EVP_MD *EVP_MD_CTX_get0_md(const EVP_MD_CTX *ctx);

/* Starts a hash; with NULL the same as before. Returns 1, or 0 on failure. */
int EVP_DigestInit_ex(EVP_MD_CTX *ctx, const EVP_MD *type, ENGINE *impl);
int EVP_DigestInit(EVP_MD_CTX *ctx, const EVP_MD *type);

/* Adds bytes. Returns 1, or 0 on failure. */
int EVP_DigestUpdate(EVP_MD_CTX *ctx, const void *d, size_t cnt);

/* Writes the hash to md, and its length to *s. Returns 1, or 0 on failure. */
int EVP_DigestFinal_ex(EVP_MD_CTX *ctx, unsigned char *md, unsigned int *s);
int EVP_DigestFinal(EVP_MD_CTX *ctx, unsigned char *md, unsigned int *s);

/* Writes the hash of count bytes to md, and its length to *size. Returns 1, or 0 on failure. */
int EVP_Digest(const void *data, size_t count, unsigned char *md, unsigned int *size, const EVP_MD *type, ENGINE *impl);

/* Gives a reference to a key back. */
void EVP_PKEY_free(EVP_PKEY *pkey);

/* Takes one more reference to a key. Returns 1, or 0 on failure. */
int EVP_PKEY_up_ref(EVP_PKEY *pkey);

/* The kind: EVP_PKEY_...; -1 for one without such a number. */
int EVP_PKEY_id(const EVP_PKEY *pkey);
int EVP_PKEY_base_id(const EVP_PKEY *pkey);
int EVP_PKEY_get_id(const EVP_PKEY *pkey);
int EVP_PKEY_get_base_id(const EVP_PKEY *pkey);

/* The size in bits. 0 if it is not known. */
int EVP_PKEY_bits(const EVP_PKEY *pkey);
int EVP_PKEY_get_bits(const EVP_PKEY *pkey);

/* The longest signature in bytes. 0 if it is not known. */
int EVP_PKEY_size(const EVP_PKEY *pkey);
int EVP_PKEY_get_size(const EVP_PKEY *pkey);

/* The strength in bits. 0 if it is not known. */
int EVP_PKEY_security_bits(const EVP_PKEY *pkey);
int EVP_PKEY_get_security_bits(const EVP_PKEY *pkey);

/* The base type of a NID: itself, for a kind of key that is known; 0 for others. */
int EVP_PKEY_type(int type);

/* The name of the kind, RSA, EC; NULL if it is not known. Never freed. */
const char *EVP_PKEY_get0_type_name(const EVP_PKEY *key);

/* Whether a key is of the kind with this name: 1 or 0. */
int EVP_PKEY_is_a(const EVP_PKEY *pkey, const char *name);

/*
 * Writes the name of the curve and a NUL, and to *gname_len its length. Returns 1; 0 for a key without a curve, or too
 * small a buffer.
 */
int EVP_PKEY_get_group_name(const EVP_PKEY *pkey, char *name, size_t name_sz, size_t *gname_len);

/* 1 if the public halves are the same, 0 if not, -1 for different kinds, -2 on failure. */
int EVP_PKEY_eq(const EVP_PKEY *a, const EVP_PKEY *b);
int EVP_PKEY_cmp(const EVP_PKEY *a, const EVP_PKEY *b);

/*
 * Reads a private key (DER: PKCS#8, PKCS#1, SEC 1) and moves *pp behind it. If a is not NULL, *a gets it, and what was
 * there is freed. NULL on failure.
 */
EVP_PKEY *d2i_PrivateKey(int type, EVP_PKEY **a, const unsigned char **pp, long length);
EVP_PKEY *d2i_AutoPrivateKey(EVP_PKEY **a, const unsigned char **pp, long length);

/* Reads a private key (DER); see d2i_AutoPrivateKey. */
EVP_PKEY *d2i_PrivateKey_bio(BIO *bp, EVP_PKEY **a);

/* Writes a private key as PKCS#8 in DER; see i2d_X509. */
int i2d_PrivateKey(const EVP_PKEY *a, unsigned char **pp);

/* Reads a public key (SubjectPublicKeyInfo, DER); see d2i_AutoPrivateKey. */
EVP_PKEY *d2i_PUBKEY(EVP_PKEY **a, const unsigned char **in, long len);

/* Writes the public half as SubjectPublicKeyInfo in DER; see i2d_X509. */
int i2d_PUBKEY(const EVP_PKEY *a, unsigned char **out);

#ifdef __cplusplus
}
#endif

#endif
