/*
 * Extensions of certificates, and whether a certificate is for a host.
 *
 * X509_get_ext_d2i gives structures for these extensions: NID_subject_alt_name and NID_issuer_alt_name (GENERAL_NAMES), NID_key_usage
 * (ASN1_BIT_STRING), NID_ext_key_usage (EXTENDED_KEY_USAGE), NID_basic_constraints (BASIC_CONSTRAINTS), NID_subject_key_identifier
 * (ASN1_OCTET_STRING).
 */
#ifndef WARIFU_OPENSSL_X509V3_H
#define WARIFU_OPENSSL_X509V3_H

#include <openssl/types.h>
#include <openssl/x509.h>
#include <openssl/asn1.h>
#include <openssl/safestack.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Kinds of names. */
#define GEN_OTHERNAME 0
#define GEN_EMAIL 1
#define GEN_DNS 2
#define GEN_X400 3
#define GEN_DIRNAME 4
#define GEN_EDIPARTY 5
#define GEN_URI 6
#define GEN_IPADD 7
#define GEN_RID 8

/* Bits of X509_get_key_usage, X509_get_extended_key_usage and X509_get_extension_flags. */
#define EXFLAG_BCONS 0x1
#define EXFLAG_KUSAGE 0x2
#define EXFLAG_XKUSAGE 0x4
#define EXFLAG_CA 0x10
#define EXFLAG_SI 0x20
#define EXFLAG_V1 0x40
#define EXFLAG_SET 0x100
#define EXFLAG_SS 0x2000
#define EXFLAG_BCONS_CRITICAL 0x10000
#define EXFLAG_AKID_CRITICAL 0x20000
#define EXFLAG_SKID_CRITICAL 0x40000
#define EXFLAG_SAN_CRITICAL 0x80000
#define KU_DIGITAL_SIGNATURE 0x0080
#define KU_NON_REPUDIATION 0x0040
#define KU_KEY_ENCIPHERMENT 0x0020
#define KU_DATA_ENCIPHERMENT 0x0010
#define KU_KEY_AGREEMENT 0x0008
#define KU_KEY_CERT_SIGN 0x0004
#define KU_CRL_SIGN 0x0002
#define KU_ENCIPHER_ONLY 0x0001
#define KU_DECIPHER_ONLY 0x8000
#define XKU_SSL_SERVER 0x1
#define XKU_SSL_CLIENT 0x2
#define XKU_SMIME 0x4
#define XKU_CODE_SIGN 0x8
#define XKU_OCSP_SIGN 0x20
#define XKU_TIMESTAMP 0x40
#define XKU_ANYEKU 0x100

typedef struct otherName_st {
    ASN1_OBJECT *type_id;
    ASN1_TYPE *value;
} OTHERNAME;

/* A name; the field of d goes by the type. Programs may look into it, and must not change it. */
typedef struct GENERAL_NAME_st {
    int type;
    union {
        char *ptr;
        OTHERNAME *otherName;
        ASN1_IA5STRING *rfc822Name;
        ASN1_IA5STRING *dNSName;
        ASN1_STRING *x400Address;
        X509_NAME *directoryName;
        ASN1_STRING *ediPartyName;
        ASN1_IA5STRING *uniformResourceIdentifier;
        ASN1_OCTET_STRING *iPAddress;
        ASN1_OBJECT *registeredID;
        ASN1_OCTET_STRING *ip;
        X509_NAME *dirn;
        ASN1_IA5STRING *ia5;
        ASN1_OBJECT *rid;
        ASN1_STRING *other;
    } d;
} GENERAL_NAME;
WARIFU_DEFINE_STACK(GENERAL_NAME, GENERAL_NAME, const GENERAL_NAME)
typedef STACK_OF(GENERAL_NAME) GENERAL_NAMES;
typedef STACK_OF(ASN1_OBJECT) EXTENDED_KEY_USAGE;

typedef struct BASIC_CONSTRAINTS_st {
    int ca;
    ASN1_INTEGER *pathlen;
} BASIC_CONSTRAINTS;

/* X509_V_OK if the one may have issued the other by names and key identifiers, else the code that says why not. */
int X509_check_issued(X509 *issuer, X509 *subject);

/* Whether the certificate may serve a purpose (X509_PURPOSE_..., -1 for any), as a CA or not: 1 or 0; -1 on failure. */
int X509_check_purpose(X509 *x, int id, int ca);

/* Whether it is a CA's: 1 if it says so, 3 if it is self-issued of version 1, 0 if not. */
int X509_check_ca(X509 *x);

/* KU_...; all bits without such an extension. */
uint32_t X509_get_key_usage(X509 *x);

/* XKU_...; all bits without such an extension. */
uint32_t X509_get_extended_key_usage(X509 *x);

/* EXFLAG_... */
uint32_t X509_get_extension_flags(X509 *x);

/* pathLenConstraint; -1 if there is none. */
long X509_get_pathlen(X509 *x);

/* The subject key identifier, which the certificate keeps; NULL if there is none. */
const ASN1_OCTET_STRING *X509_get0_subject_key_id(X509 *x);

/*
 * The addresses of OCSP responders in a certificate, in a stack of strings that the caller frees by X509_email_free; NULL
 * if there is none.
 */
STACK_OF(OPENSSL_STRING) *X509_get1_ocsp(X509 *x);

/* The mailboxes in a certificate, in a stack of strings that the caller frees by X509_email_free; NULL if there is none. */
STACK_OF(OPENSSL_STRING) *X509_get1_email(X509 *x);

/* Frees strings and their stack. */
void X509_email_free(STACK_OF(OPENSSL_STRING) *sk);

/*
 * 1 if the certificate is for this host, 0 if not, -2 for a name that is none; chklen 0: a string. *peername gets the
 * certificate's name that matched, to be freed by OPENSSL_free.
 */
int X509_check_host(X509 *x, const char *chk, size_t chklen, unsigned int flags, char **peername);

/* 1 if the certificate is for this mailbox, 0 if not, -2 for an address that is none; chklen 0: a string. */
int X509_check_email(X509 *x, const char *chk, size_t chklen, unsigned int flags);

/* 1 if the certificate is for this address of 4 or 16 bytes, 0 if not, -2 on failure. */
int X509_check_ip(X509 *x, const unsigned char *chk, size_t chklen, unsigned int flags);

/* As X509_check_ip, for an address in text; -2 if it is none. */
int X509_check_ip_asc(X509 *x, const char *ipasc, unsigned int flags);

/* The value of an extension as a C structure; see X509_get_ext_d2i. */
void *X509V3_EXT_d2i(X509_EXTENSION *ext);

/* Frees what X509_get_ext_d2i returned for basicConstraints. */
void BASIC_CONSTRAINTS_free(BASIC_CONSTRAINTS *a);

/* Frees one name. */
void GENERAL_NAME_free(GENERAL_NAME *a);

/* Frees names and their stack: what X509_get_ext_d2i returned for subjectAltName. */
void GENERAL_NAMES_free(GENERAL_NAMES *a);

/* Frees objects and their stack: what X509_get_ext_d2i returned for extendedKeyUsage. */
void EXTENDED_KEY_USAGE_free(EXTENDED_KEY_USAGE *a);

/* The kind of a name, and by kind a pointer to its value, which it keeps. */
void *GENERAL_NAME_get0_value(const GENERAL_NAME *a, int *ptype);

#ifdef __cplusplus
}
#endif

#endif
