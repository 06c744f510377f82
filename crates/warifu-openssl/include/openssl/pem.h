/*
 * PEM.
 *
 * Keys under the traditional encryption (Proc-Type: 4,ENCRYPTED) are refused, as it is too weak; PKCS#8 under PBES2 is opened.
 *
 * An object to read into is freed, and a new one put in its place.
 */
#ifndef WARIFU_OPENSSL_PEM_H
#define WARIFU_OPENSSL_PEM_H

#include <stdio.h>
#include <openssl/types.h>
#include <openssl/bio.h>
#include <openssl/pemerr.h>
#include <openssl/x509.h>
#include <openssl/safestack.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PEM_BUFSIZE 1024
#define PEM_STRING_X509_OLD "X509 CERTIFICATE"
#define PEM_STRING_X509 "CERTIFICATE"
#define PEM_STRING_X509_TRUSTED "TRUSTED CERTIFICATE"
#define PEM_STRING_X509_CRL "X509 CRL"
#define PEM_STRING_PUBLIC "PUBLIC KEY"
#define PEM_STRING_RSA "RSA PRIVATE KEY"
#define PEM_STRING_PKCS8 "ENCRYPTED PRIVATE KEY"
#define PEM_STRING_PKCS8INF "PRIVATE KEY"
#define PEM_STRING_ECPRIVATEKEY "EC PRIVATE KEY"

/* Writes a passphrase to buf, of size bytes, and returns its length; 0 or less for none. */
typedef int pem_password_cb(char *buf, int size, int rwflag, void *userdata);

/*
 * Reads the next certificate, other sections passed over. If x is not NULL, *x gets it, and what was there is freed.
 * NULL on failure; at the end with PEM_R_NO_START_LINE on the error queue.
 */
X509 *PEM_read_bio_X509(BIO *bp, X509 **x, pem_password_cb *cb, void *u);
X509 *PEM_read_bio_X509_AUX(BIO *bp, X509 **x, pem_password_cb *cb, void *u);

/*
 * Reads the next revocation list, other sections passed over. If x is not NULL, *x gets it, and what was there is freed.
 * NULL on failure; at the end with PEM_R_NO_START_LINE on the error queue.
 */
X509_CRL *PEM_read_bio_X509_CRL(BIO *bp, X509_CRL **x, pem_password_cb *cb, void *u);

/*
 * Reads the next private key, other sections passed over. If x is not NULL, *x gets it, and what was there is freed.
 * NULL on failure; at the end with PEM_R_NO_START_LINE on the error queue. An encrypted one is opened by the
 * passphrase from cb, or, if that is NULL, by u as a string.
 */
EVP_PKEY *PEM_read_bio_PrivateKey(BIO *bp, EVP_PKEY **x, pem_password_cb *cb, void *u);

/*
 * Reads the next public key, other sections passed over. If x is not NULL, *x gets it, and what was there is freed.
 * NULL on failure; at the end with PEM_R_NO_START_LINE on the error queue.
 */
EVP_PKEY *PEM_read_bio_PUBKEY(BIO *bp, EVP_PKEY **x, pem_password_cb *cb, void *u);

/* Writes one as PEM. Returns 1, or 0 on failure. */
int PEM_write_bio_X509(BIO *out, const X509 *x);
int PEM_write_bio_X509_CRL(BIO *out, const X509_CRL *x);
int PEM_write_bio_PUBKEY(BIO *out, const EVP_PKEY *x);

/* Writes a private key as PKCS#8 in PEM, not encrypted: a cipher is refused. Returns 1, or 0 on failure. */
int PEM_write_bio_PrivateKey(BIO *out, const EVP_PKEY *x, const EVP_CIPHER *enc, const unsigned char *kstr, int klen, pem_password_cb *cb, void *u);

/*
 * Reads the next certificate, other sections passed over. If x is not NULL, *x gets it, and what was there is freed.
 * NULL on failure; at the end with PEM_R_NO_START_LINE on the error queue.
 */
X509 *PEM_read_X509(FILE *fp, X509 **x, pem_password_cb *cb, void *u);
X509 *PEM_read_X509_AUX(FILE *fp, X509 **x, pem_password_cb *cb, void *u);

/*
 * Reads the next revocation list, other sections passed over. If x is not NULL, *x gets it, and what was there is freed.
 * NULL on failure; at the end with PEM_R_NO_START_LINE on the error queue.
 */
X509_CRL *PEM_read_X509_CRL(FILE *fp, X509_CRL **x, pem_password_cb *cb, void *u);

/*
 * Reads the next private key, other sections passed over. If x is not NULL, *x gets it, and what was there is freed.
 * NULL on failure; at the end with PEM_R_NO_START_LINE on the error queue. An encrypted one is opened by the
 * passphrase from cb, or, if that is NULL, by u as a string.
 */
EVP_PKEY *PEM_read_PrivateKey(FILE *fp, EVP_PKEY **x, pem_password_cb *cb, void *u);

/*
 * Reads the next public key, other sections passed over. If x is not NULL, *x gets it, and what was there is freed.
 * NULL on failure; at the end with PEM_R_NO_START_LINE on the error queue.
 */
EVP_PKEY *PEM_read_PUBKEY(FILE *fp, EVP_PKEY **x, pem_password_cb *cb, void *u);

/* Writes one as PEM. Returns 1, or 0 on failure. */
int PEM_write_X509(FILE *out, const X509 *x);
int PEM_write_X509_CRL(FILE *out, const X509_CRL *x);
int PEM_write_PUBKEY(FILE *out, const EVP_PKEY *x);

/* Writes a private key as PKCS#8 in PEM, not encrypted: a cipher is refused. Returns 1, or 0 on failure. */
int PEM_write_PrivateKey(FILE *out, const EVP_PKEY *x, const EVP_CIPHER *enc, const unsigned char *kstr, int klen, pem_password_cb *cb, void *u);

/*
 * Reads all certificates, revocation lists and private keys to the end into a stack of X509_INFO; appends them to sk if that
 * is not NULL. The caller frees it by sk_X509_INFO_pop_free. NULL on failure.
 */
STACK_OF(X509_INFO) *PEM_X509_INFO_read_bio(BIO *bp, STACK_OF(X509_INFO) *sk, pem_password_cb *cb, void *u);

/* The passphrase callback that is used when none is given: userdata as a string. Returns its length, 0 if it is NULL. */
int PEM_def_callback(char *buf, int num, int rwflag, void *userdata);

#ifdef __cplusplus
}
#endif

#endif
