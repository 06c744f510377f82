/* The types of the API. All are opaque: only pointers to them are used. */
#ifndef WARIFU_OPENSSL_TYPES_H
#define WARIFU_OPENSSL_TYPES_H

#include <openssl/opensslv.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;
typedef struct ssl_method_st SSL_METHOD;
typedef struct ssl_session_st SSL_SESSION;
typedef struct ssl_cipher_st SSL_CIPHER;
typedef struct ssl_conf_ctx_st SSL_CONF_CTX;

typedef struct bio_st BIO;
typedef struct bio_method_st BIO_METHOD;
typedef struct buf_mem_st BUF_MEM;

typedef struct x509_st X509;
typedef struct X509_name_st X509_NAME;
typedef struct X509_name_entry_st X509_NAME_ENTRY;
typedef struct X509_crl_st X509_CRL;
typedef struct x509_store_st X509_STORE;
typedef struct x509_store_ctx_st X509_STORE_CTX;
typedef struct x509_lookup_st X509_LOOKUP;
typedef struct X509_VERIFY_PARAM_st X509_VERIFY_PARAM;
typedef struct X509_pubkey_st X509_PUBKEY;
typedef struct X509_extension_st X509_EXTENSION;

typedef struct asn1_string_st ASN1_STRING;
typedef struct asn1_string_st ASN1_INTEGER;
typedef struct asn1_string_st ASN1_TIME;
typedef struct asn1_string_st ASN1_OCTET_STRING;
typedef struct asn1_string_st ASN1_BIT_STRING;
typedef struct asn1_string_st ASN1_IA5STRING;
typedef struct asn1_object_st ASN1_OBJECT;

typedef struct evp_pkey_st EVP_PKEY;
typedef struct evp_md_st EVP_MD;
typedef struct evp_cipher_st EVP_CIPHER;
typedef struct rsa_st RSA;
typedef struct dh_st DH;
typedef struct ec_key_st EC_KEY;
typedef struct engine_st ENGINE;
typedef struct crypto_ex_data_st CRYPTO_EX_DATA;
typedef struct bignum_st BIGNUM;
typedef struct ossl_lib_ctx_st OSSL_LIB_CTX;

#ifdef __cplusplus
}
#endif

#endif
