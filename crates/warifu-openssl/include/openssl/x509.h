/*
 * Certificates and distinguished names.
 *
 * Certificates, names and revocation lists are immutable: X509_dup takes a reference, and what "get" functions lend must not be
 * changed. There are no functions that make or sign certificates.
 *
 * A "d2i" function that is given an object to read into frees it and puts a new one in its place.
 */
#ifndef WARIFU_OPENSSL_X509_H
#define WARIFU_OPENSSL_X509_H

#include <stdio.h>
#include <time.h>
#include <stddef.h>
#include <stdint.h>
#include <openssl/types.h>
#include <openssl/x509err.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/safestack.h>
#include <openssl/stack.h>
#include <openssl/sha.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Formats of files. */
#define X509_FILETYPE_PEM 1
#define X509_FILETYPE_ASN1 2
#define X509_FILETYPE_DEFAULT 3

/* Versions as X509_get_version tells them. */
#define X509_VERSION_1 0
#define X509_VERSION_2 1
#define X509_VERSION_3 2

/* Flags of X509_NAME_print_ex. */
#define XN_FLAG_SEP_MASK (0xf << 16)
#define XN_FLAG_COMPAT 0
#define XN_FLAG_SEP_COMMA_PLUS (1 << 16)
#define XN_FLAG_SEP_CPLUS_SPC (2 << 16)
#define XN_FLAG_SEP_SPLUS_SPC (3 << 16)
#define XN_FLAG_SEP_MULTILINE (4 << 16)
#define XN_FLAG_DN_REV (1 << 20)
#define XN_FLAG_FN_MASK (0x3 << 21)
#define XN_FLAG_FN_SN 0
#define XN_FLAG_FN_LN (1 << 21)
#define XN_FLAG_FN_OID (2 << 21)
#define XN_FLAG_FN_NONE (3 << 21)
#define XN_FLAG_SPC_EQ (1 << 23)
#define XN_FLAG_DUMP_UNKNOWN_FIELDS (1 << 24)
#define XN_FLAG_FN_ALIGN (1 << 25)
#define XN_FLAG_RFC2253 (ASN1_STRFLGS_RFC2253 | XN_FLAG_SEP_COMMA_PLUS | XN_FLAG_DN_REV | XN_FLAG_FN_SN | XN_FLAG_DUMP_UNKNOWN_FIELDS)
#define XN_FLAG_ONELINE (ASN1_STRFLGS_RFC2253 | ASN1_STRFLGS_ESC_QUOTE | XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_SPC_EQ | XN_FLAG_FN_SN)
#define XN_FLAG_MULTILINE (ASN1_STRFLGS_ESC_CTRL | ASN1_STRFLGS_ESC_MSB | XN_FLAG_SEP_MULTILINE | XN_FLAG_SPC_EQ | XN_FLAG_FN_LN | XN_FLAG_FN_ALIGN)

/* Flags of X509_print_ex, which are not looked at. */
#define X509_FLAG_COMPAT 0
#define X509_FLAG_NO_HEADER 1L
#define X509_FLAG_NO_VERSION (1L << 1)
#define X509_FLAG_NO_SERIAL (1L << 2)
#define X509_FLAG_NO_SIGNAME (1L << 3)
#define X509_FLAG_NO_ISSUER (1L << 4)
#define X509_FLAG_NO_VALIDITY (1L << 5)
#define X509_FLAG_NO_SUBJECT (1L << 6)
#define X509_FLAG_NO_PUBKEY (1L << 7)
#define X509_FLAG_NO_EXTENSIONS (1L << 8)
#define X509_FLAG_NO_SIGDUMP (1L << 9)
#define X509_FLAG_NO_AUX (1L << 10)
#define X509_FLAG_NO_ATTRIBUTES (1L << 11)
#define X509_FLAG_NO_IDS (1L << 12)
#define X509_FLAG_EXTENSIONS_ONLY_KID (1L << 13)

typedef struct X509_info_st X509_INFO;
typedef struct private_key_st X509_PKEY;

/* A piece of what PEM_X509_INFO_read_bio read. A field that is taken over is to be set to NULL. */
struct X509_info_st {
    X509 *x509;
    X509_CRL *crl;
    X509_PKEY *x_pkey;
};
struct private_key_st {
    EVP_PKEY *dec_pkey;
};
WARIFU_DEFINE_STACK(X509_INFO, X509_INFO, const X509_INFO)

/* 1 if a time is later than *t (now, if t is NULL), -1 if not, 0 if it cannot be read. */
int X509_cmp_time(const ASN1_TIME *s, time_t *t);

/* 1 if a time is still to come, -1 if not, 0 if it cannot be read. */
int X509_cmp_current_time(const ASN1_TIME *s);

/* Gives a reference to a revocation list back. */
void X509_CRL_free(X509_CRL *a);

/* Takes one more reference to a revocation list. Returns 1, or 0 on failure. */
int X509_CRL_up_ref(X509_CRL *crl);

/* The issuer, which the list keeps. */
X509_NAME *X509_CRL_get_issuer(const X509_CRL *crl);

/* When it was issued; the list keeps it. */
const ASN1_TIME *X509_CRL_get0_lastUpdate(const X509_CRL *crl);
ASN1_TIME *X509_CRL_get_lastUpdate(const X509_CRL *crl);

/* When the next one is due, NULL if it does not say; the list keeps it. */
const ASN1_TIME *X509_CRL_get0_nextUpdate(const X509_CRL *crl);
ASN1_TIME *X509_CRL_get_nextUpdate(const X509_CRL *crl);

/* Reads a list (DER) and moves *in behind it; see d2i_X509. */
X509_CRL *d2i_X509_CRL(X509_CRL **a, const unsigned char **in, long len);

/* Reads a list (DER); see d2i_X509_bio. */
X509_CRL *d2i_X509_CRL_bio(BIO *bp, X509_CRL **crl);

/* Writes DER; see i2d_X509. */
int i2d_X509_CRL(const X509_CRL *a, unsigned char **out);

/* Gives a reference to a certificate back. */
void X509_free(X509 *a);

/* Takes one more reference to a certificate. Returns 1, or 0 on failure. */
int X509_up_ref(X509 *x);

/* One more reference to a certificate, which never changes. */
X509 *X509_dup(const X509 *a);

/* Compares two certificates byte for byte: 0 if they are the same. */
int X509_cmp(const X509 *a, const X509 *b);

/* The subject, which the certificate keeps. */
X509_NAME *X509_get_subject_name(const X509 *a);

/* The issuer, which the certificate keeps. */
X509_NAME *X509_get_issuer_name(const X509 *a);

/* The serial number, which the certificate keeps. */
ASN1_INTEGER *X509_get_serialNumber(X509 *x);
const ASN1_INTEGER *X509_get0_serialNumber(const X509 *x);

/* The first second in which it is valid; the certificate keeps it. */
const ASN1_TIME *X509_get0_notBefore(const X509 *x);
ASN1_TIME *X509_getm_notBefore(const X509 *x);
ASN1_TIME *X509_get_notBefore(const X509 *x);

/* The last second in which it is valid; the certificate keeps it. */
const ASN1_TIME *X509_get0_notAfter(const X509 *x);
ASN1_TIME *X509_getm_notAfter(const X509 *x);
ASN1_TIME *X509_get_notAfter(const X509 *x);

/* The public key, which the certificate keeps. */
EVP_PKEY *X509_get0_pubkey(const X509 *x);

/* The public key; the caller frees it. */
EVP_PKEY *X509_get_pubkey(X509 *x);

/* The version less one: 0, 1 or 2. */
long X509_get_version(const X509 *x);

/* NID of the algorithm that it is signed with. */
int X509_get_signature_nid(const X509 *x);

/*
 * Stores the signature's hash (NIDs) and key kind, and the bits of security; 0 for unknown ones. Returns 1, or 0 on
 * failure.
 */
int X509_get_signature_info(X509 *x, int *mdnid, int *pknid, int *secbits, uint32_t *flags);

/* Compares issuer and serial number. */
int X509_issuer_and_serial_cmp(const X509 *a, const X509 *b);

/* Compares the issuers. */
int X509_issuer_name_cmp(const X509 *a, const X509 *b);

/* Hash of the issuer, as files in directories of CA certificates are named; 0 on failure. */
unsigned long X509_issuer_name_hash(X509 *a);

/* Compares the subjects. */
int X509_subject_name_cmp(const X509 *a, const X509 *b);

/* Hash of the subject, as files in directories of CA certificates are named; 0 on failure. */
unsigned long X509_subject_name_hash(X509 *x);

/* Writes the fingerprint of the whole certificate. Returns 1, or 0 on failure. */
int X509_digest(const X509 *data, const EVP_MD *type, unsigned char *md, unsigned int *len);

/* Writes the hash of the public key's bits. Returns 1, or 0 on failure. */
int X509_pubkey_digest(const X509 *data, const EVP_MD *type, unsigned char *md, unsigned int *len);

/* Whether the private key is the certificate's: 1 or 0. */
int X509_check_private_key(const X509 *x509, const EVP_PKEY *pkey);

/*
 * Reads a certificate (DER) and moves *in behind it. If a is not NULL, *a gets it, and what was there is freed. NULL on
 * failure.
 */
X509 *d2i_X509(X509 **a, const unsigned char **in, long len);

/* Writes DER: to new memory if *out is NULL, else to *out, which is moved behind it. Returns the length; -1 on failure. */
int i2d_X509(const X509 *a, unsigned char **out);

/* Reads a certificate (DER). If x509 is not NULL, *x509 gets it, and what was there is freed. NULL on failure. */
X509 *d2i_X509_bio(BIO *bp, X509 **x509);

/* Writes a certificate in DER. Returns 1, or 0 on failure. */
int i2d_X509_bio(BIO *bp, const X509 *x509);

/* Reads a certificate (DER). If x509 is not NULL, *x509 gets it, and what was there is freed. NULL on failure. */
X509 *d2i_X509_fp(FILE *fp, X509 **x509);

/* Writes a certificate in DER. Returns 1, or 0 on failure. */
int i2d_X509_fp(FILE *fp, const X509 *x509);

/* The tbsCertificate of a certificate in DER; see i2d_X509. */
int i2d_re_X509_tbs(X509 *x, unsigned char **pp);

/* Prints a certificate for people, in this library's own form. Returns 1, or 0 on failure. */
int X509_print(BIO *bp, X509 *x);
int X509_print_ex(BIO *bp, X509 *x, unsigned long nmflag, unsigned long cflag);
int X509_print_fp(FILE *bp, X509 *x);
int X509_print_ex_fp(FILE *bp, X509 *x, unsigned long nmflag, unsigned long cflag);

/* Hangs a pointer onto a certificate. Returns 1, or 0 on failure. */
int X509_set_ex_data(X509 *r, int idx, void *arg);

/* The pointer that X509_set_ex_data set; NULL if there is none. */
void *X509_get_ex_data(const X509 *r, int idx);

/* How many extensions. */
int X509_get_ext_count(const X509 *x);

/* The extension at an index, which the certificate keeps; NULL if there is none. */
X509_EXTENSION *X509_get_ext(const X509 *x, int loc);

/* The index of the next extension with this NID behind lastpos (-1: from the first on); -1 if there is none. */
int X509_get_ext_by_NID(const X509 *x, int nid, int lastpos);

/* Which extension it is; the extension keeps the object. */
ASN1_OBJECT *X509_EXTENSION_get_object(X509_EXTENSION *ex);

/* The value, DER; the extension keeps it. */
ASN1_OCTET_STRING *X509_EXTENSION_get_data(X509_EXTENSION *ne);

/* Whether it is critical: 1 or 0. */
int X509_EXTENSION_get_critical(const X509_EXTENSION *ex);

/*
 * The extension with this NID as a C structure, which the caller frees by the function for its type; NULL if there is
 * none. <openssl/x509v3.h> says which structure it is. *crit becomes 1 or 0; -1 if there is none, -2 if there are several.
 */
void *X509_get_ext_d2i(const X509 *x, int nid, int *crit, int *idx);

/* Gives a reference to a name back. */
void X509_NAME_free(X509_NAME *a);

/* One more reference to a name, which never changes. */
X509_NAME *X509_NAME_dup(const X509_NAME *a);

/* Compares two names; letter case and blanks do not matter. 0 if they are the same, -2 on failure. */
int X509_NAME_cmp(const X509_NAME *a, const X509_NAME *b);

/* Hash of a name, as files in directories of CA certificates are named. */
unsigned long X509_NAME_hash(const X509_NAME *x);

/*
 * Writes /C=DE/CN=example to a buffer, cut to its size, and returns it; to memory that the caller frees by OPENSSL_free,
 * if it is NULL. NULL on failure.
 */
char *X509_NAME_oneline(const X509_NAME *a, char *buf, int size);

/* Prints a name in one line with commas. Returns 1, or 0 on failure. */
int X509_NAME_print(BIO *bp, const X509_NAME *name, int obase);

/* Prints a name under XN_FLAG_.... Returns how many bytes (1 under XN_FLAG_COMPAT); -1 on failure. */
int X509_NAME_print_ex(BIO *out, const X509_NAME *nm, int indent, unsigned long flags);
int X509_NAME_print_ex_fp(FILE *fp, const X509_NAME *nm, int indent, unsigned long flags);

/* How many entries. */
int X509_NAME_entry_count(const X509_NAME *name);

/*
 * The index of the next entry with this NID behind lastpos (-1: from the first on); -1 if there is none, -2 for an unknown
 * NID.
 */
int X509_NAME_get_index_by_NID(const X509_NAME *name, int nid, int lastpos);

/* As X509_NAME_get_index_by_NID, for an object. */
int X509_NAME_get_index_by_OBJ(const X509_NAME *name, const ASN1_OBJECT *obj, int lastpos);

/* The entry at an index, which the name keeps; NULL if there is none. */
X509_NAME_ENTRY *X509_NAME_get_entry(const X509_NAME *name, int loc);

/*
 * Writes the bytes of the first value with this NID, cut to the buffer's size, and a NUL. Returns their length; -1 if
 * there is none. With a NULL buffer returns the whole length.
 */
int X509_NAME_get_text_by_NID(const X509_NAME *name, int nid, char *buf, int len);

/* As X509_NAME_get_text_by_NID, for an object. */
int X509_NAME_get_text_by_OBJ(const X509_NAME *name, const ASN1_OBJECT *obj, char *buf, int len);

/* The value, which the entry keeps. */
ASN1_STRING *X509_NAME_ENTRY_get_data(const X509_NAME_ENTRY *ne);

/* The attribute, which the entry keeps. */
ASN1_OBJECT *X509_NAME_ENTRY_get_object(const X509_NAME_ENTRY *ne);

/* Which relative name the entry is in, from 0. */
int X509_NAME_ENTRY_set(const X509_NAME_ENTRY *ne);

/* Stores the name's DER, which it keeps. Returns 1, or 0 on failure. */
int X509_NAME_get0_der(const X509_NAME *nm, const unsigned char **pder, size_t *pderlen);

/* Writes DER; see i2d_X509. */
int i2d_X509_NAME(const X509_NAME *a, unsigned char **out);

/* Reads a name (DER) and moves *in behind it; see d2i_X509. */
X509_NAME *d2i_X509_NAME(X509_NAME **a, const unsigned char **in, long len);

/* The file of CA certificates that OpenSSL would look for. */
const char *X509_get_default_cert_file(void);

/* The directory of CA certificates that OpenSSL would look for. */
const char *X509_get_default_cert_dir(void);

/* The directory above it. */
const char *X509_get_default_cert_area(void);

/* The directory of private keys. */
const char *X509_get_default_private_dir(void);

/* The variable that names another file. */
const char *X509_get_default_cert_file_env(void);

/* The variable that names another directory. */
const char *X509_get_default_cert_dir_env(void);

/* One more reference to each certificate of a stack, in a new one; NULL on failure. */
STACK_OF(X509) *X509_chain_up_ref(STACK_OF(X509) *chain);

/* Frees what PEM_X509_INFO_read_bio read. */
void X509_INFO_free(X509_INFO *a);

#define X509_get_notBefore X509_get_notBefore
#define X509_get_notAfter X509_get_notAfter
#define X509_extract_key(x) X509_get_pubkey(x)
#define X509_NAME_hash X509_NAME_hash
#define X509_name_cmp(a, b) X509_NAME_cmp((a), (b))

/* What goes with X509 in most programs. */
#ifdef __cplusplus
}
#endif
#include <openssl/x509_vfy.h>

#endif
