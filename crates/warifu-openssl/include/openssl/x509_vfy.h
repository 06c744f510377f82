/*
 * What is trusted, and verifications of certificates by it.
 *
 * A store trusts its self-issued certificates: CAs, and peers' own. Others in it help to find a path; with X509_V_FLAG_PARTIAL_CHAIN
 * they are trusted too. Differences from OpenSSL: signatures with MD5 and SHA-1 and RSA keys of less than 2048 bits are refused
 * whatever the security level; directories are read when they are added; policies are not checked.
 *
 * A callback of a verification may overrule what can be left out alone: the issuer that is not trusted (18, 19, 20, 2: all signatures up
 * to the certificate that the callback is shown are verified then), dates, purpose, a revocation list that is missing or out of date, a
 * name, the length, and a revoked certificate where lists are asked about the peer's own only. Everything else stays refused, whatever
 * the callback returns: bad signatures (7), constraints, algorithms, critical extensions that are not known (34).
 */
#ifndef WARIFU_OPENSSL_X509_VFY_H
#define WARIFU_OPENSSL_X509_VFY_H

#include <time.h>
#include <openssl/types.h>
#include <openssl/x509.h>
#include <openssl/safestack.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Outcomes of verifications. */
#define X509_V_OK 0
#define X509_V_ERR_UNSPECIFIED 1
#define X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT 2
#define X509_V_ERR_UNABLE_TO_GET_CRL 3
#define X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE 4
#define X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE 5
#define X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY 6
#define X509_V_ERR_CERT_SIGNATURE_FAILURE 7
#define X509_V_ERR_CRL_SIGNATURE_FAILURE 8
#define X509_V_ERR_CERT_NOT_YET_VALID 9
#define X509_V_ERR_CERT_HAS_EXPIRED 10
#define X509_V_ERR_CRL_NOT_YET_VALID 11
#define X509_V_ERR_CRL_HAS_EXPIRED 12
#define X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD 13
#define X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD 14
#define X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD 15
#define X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD 16
#define X509_V_ERR_OUT_OF_MEM 17
#define X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT 18
#define X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN 19
#define X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY 20
#define X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE 21
#define X509_V_ERR_CERT_CHAIN_TOO_LONG 22
#define X509_V_ERR_CERT_REVOKED 23
#define X509_V_ERR_NO_ISSUER_PUBLIC_KEY 24
#define X509_V_ERR_PATH_LENGTH_EXCEEDED 25
#define X509_V_ERR_INVALID_PURPOSE 26
#define X509_V_ERR_CERT_UNTRUSTED 27
#define X509_V_ERR_CERT_REJECTED 28
#define X509_V_ERR_SUBJECT_ISSUER_MISMATCH 29
#define X509_V_ERR_AKID_SKID_MISMATCH 30
#define X509_V_ERR_AKID_ISSUER_SERIAL_MISMATCH 31
#define X509_V_ERR_KEYUSAGE_NO_CERTSIGN 32
#define X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER 33
#define X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION 34
#define X509_V_ERR_KEYUSAGE_NO_CRL_SIGN 35
#define X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION 36
#define X509_V_ERR_INVALID_NON_CA 37
#define X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED 38
#define X509_V_ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE 39
#define X509_V_ERR_PROXY_CERTIFICATES_NOT_ALLOWED 40
#define X509_V_ERR_INVALID_EXTENSION 41
#define X509_V_ERR_INVALID_POLICY_EXTENSION 42
#define X509_V_ERR_NO_EXPLICIT_POLICY 43
#define X509_V_ERR_DIFFERENT_CRL_SCOPE 44
#define X509_V_ERR_UNSUPPORTED_EXTENSION_FEATURE 45
#define X509_V_ERR_UNNESTED_RESOURCE 46
#define X509_V_ERR_PERMITTED_VIOLATION 47
#define X509_V_ERR_EXCLUDED_VIOLATION 48
#define X509_V_ERR_SUBTREE_MINMAX 49
#define X509_V_ERR_APPLICATION_VERIFICATION 50
#define X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE 51
#define X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX 52
#define X509_V_ERR_UNSUPPORTED_NAME_SYNTAX 53
#define X509_V_ERR_CRL_PATH_VALIDATION_ERROR 54
#define X509_V_ERR_PATH_LOOP 55
#define X509_V_ERR_SUITE_B_INVALID_VERSION 56
#define X509_V_ERR_SUITE_B_INVALID_ALGORITHM 57
#define X509_V_ERR_SUITE_B_INVALID_CURVE 58
#define X509_V_ERR_SUITE_B_INVALID_SIGNATURE_ALGORITHM 59
#define X509_V_ERR_SUITE_B_LOS_NOT_ALLOWED 60
#define X509_V_ERR_SUITE_B_CANNOT_SIGN_P_384_WITH_P_256 61
#define X509_V_ERR_HOSTNAME_MISMATCH 62
#define X509_V_ERR_EMAIL_MISMATCH 63
#define X509_V_ERR_IP_ADDRESS_MISMATCH 64
#define X509_V_ERR_DANE_NO_MATCH 65
#define X509_V_ERR_EE_KEY_TOO_SMALL 66
#define X509_V_ERR_CA_KEY_TOO_SMALL 67
#define X509_V_ERR_CA_MD_TOO_WEAK 68
#define X509_V_ERR_INVALID_CALL 69
#define X509_V_ERR_STORE_LOOKUP 70
#define X509_V_ERR_NO_VALID_SCTS 71
#define X509_V_ERR_PROXY_SUBJECT_NAME_VIOLATION 72
#define X509_V_ERR_OCSP_VERIFY_NEEDED 73
#define X509_V_ERR_OCSP_VERIFY_FAILED 74
#define X509_V_ERR_OCSP_CERT_UNKNOWN 75
#define X509_V_ERR_UNSUPPORTED_SIGNATURE_ALGORITHM 76
#define X509_V_ERR_SIGNATURE_ALGORITHM_MISMATCH 77
#define X509_V_ERR_SIGNATURE_ALGORITHM_INCONSISTENCY 78
#define X509_V_ERR_INVALID_CA 79
#define X509_V_ERR_PATHLEN_INVALID_FOR_NON_CA 80
#define X509_V_ERR_PATHLEN_WITHOUT_KU_KEY_CERT_SIGN 81
#define X509_V_ERR_KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA 82
#define X509_V_ERR_ISSUER_NAME_EMPTY 83
#define X509_V_ERR_SUBJECT_NAME_EMPTY 84
#define X509_V_ERR_MISSING_AUTHORITY_KEY_IDENTIFIER 85
#define X509_V_ERR_MISSING_SUBJECT_KEY_IDENTIFIER 86
#define X509_V_ERR_EMPTY_SUBJECT_ALT_NAME 87
#define X509_V_ERR_EMPTY_SUBJECT_SAN_NOT_CRITICAL 88
#define X509_V_ERR_CA_BCONS_NOT_CRITICAL 89
#define X509_V_ERR_AUTHORITY_KEY_IDENTIFIER_CRITICAL 90
#define X509_V_ERR_SUBJECT_KEY_IDENTIFIER_CRITICAL 91
#define X509_V_ERR_CA_CERT_MISSING_KEY_USAGE 92
#define X509_V_ERR_EXTENSIONS_REQUIRE_VERSION_3 93
#define X509_V_ERR_EC_KEY_EXPLICIT_PARAMS 94

/*
 * Flags. Those that ask for checks which this library does not do (POLICY_CHECK, EXPLICIT_POLICY, INHIBIT_..., SUITEB_...) make the
 * functions that set them fail, and so do purposes other than those of TLS clients and servers and any: verifications refuse every
 * certificate while such a one is set. Others that it does not know have no effect.
 */
#define X509_V_FLAG_CB_ISSUER_CHECK 0x0
#define X509_V_FLAG_USE_CHECK_TIME 0x2
#define X509_V_FLAG_CRL_CHECK 0x4
#define X509_V_FLAG_CRL_CHECK_ALL 0x8
#define X509_V_FLAG_IGNORE_CRITICAL 0x10
#define X509_V_FLAG_X509_STRICT 0x20
#define X509_V_FLAG_ALLOW_PROXY_CERTS 0x40
#define X509_V_FLAG_POLICY_CHECK 0x80
#define X509_V_FLAG_EXPLICIT_POLICY 0x100
#define X509_V_FLAG_INHIBIT_ANY 0x200
#define X509_V_FLAG_INHIBIT_MAP 0x400
#define X509_V_FLAG_NOTIFY_POLICY 0x800
#define X509_V_FLAG_EXTENDED_CRL_SUPPORT 0x1000
#define X509_V_FLAG_USE_DELTAS 0x2000
#define X509_V_FLAG_CHECK_SS_SIGNATURE 0x4000
#define X509_V_FLAG_TRUSTED_FIRST 0x8000
#define X509_V_FLAG_SUITEB_128_LOS_ONLY 0x10000
#define X509_V_FLAG_SUITEB_192_LOS 0x20000
#define X509_V_FLAG_SUITEB_128_LOS 0x30000
#define X509_V_FLAG_PARTIAL_CHAIN 0x80000
#define X509_V_FLAG_NO_ALT_CHAINS 0x100000
#define X509_V_FLAG_NO_CHECK_TIME 0x200000

/* Flags of X509_check_host. */
#define X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT 0x1
#define X509_CHECK_FLAG_NO_WILDCARDS 0x2
#define X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS 0x4
#define X509_CHECK_FLAG_MULTI_LABEL_WILDCARDS 0x8
#define X509_CHECK_FLAG_SINGLE_LABEL_SUBDOMAINS 0x10
#define X509_CHECK_FLAG_NEVER_CHECK_SUBJECT 0x20

/* Purposes, of which those of TLS are known. */
#define X509_PURPOSE_SSL_CLIENT 1
#define X509_PURPOSE_SSL_SERVER 2
#define X509_PURPOSE_NS_SSL_SERVER 3
#define X509_PURPOSE_SMIME_SIGN 4
#define X509_PURPOSE_SMIME_ENCRYPT 5
#define X509_PURPOSE_CRL_SIGN 6
#define X509_PURPOSE_ANY 7
#define X509_PURPOSE_OCSP_HELPER 8
#define X509_PURPOSE_TIMESTAMP_SIGN 9
#define X509_PURPOSE_MIN 1
#define X509_PURPOSE_MAX 9

/* Trust, which is the store's affair. */
#define X509_TRUST_DEFAULT 0
#define X509_TRUST_COMPAT 1
#define X509_TRUST_SSL_CLIENT 2
#define X509_TRUST_SSL_SERVER 3

/* Commands of X509_LOOKUP_ctrl. */
#define X509_L_FILE_LOAD 1
#define X509_L_ADD_DIR 2
#define X509_LOOKUP_load_file(x, name, type) X509_LOOKUP_ctrl((x), X509_L_FILE_LOAD, (name), (long)(type), NULL)
#define X509_LOOKUP_add_dir(x, name, type) X509_LOOKUP_ctrl((x), X509_L_ADD_DIR, (name), (long)(type), NULL)

typedef struct x509_lookup_method_st X509_LOOKUP_METHOD;

/* Called for each certificate of a path, the farthest from the peer's first, with 1; and for each error with 0. What it returns decides. */
typedef int (*X509_STORE_CTX_verify_cb)(int ok, X509_STORE_CTX *ctx);

/* New parameters that ask for nothing. The caller frees them. */
X509_VERIFY_PARAM *X509_VERIFY_PARAM_new(void);

/* Gives a reference to parameters back. */
void X509_VERIFY_PARAM_free(X509_VERIFY_PARAM *param);

/* Sets X509_V_FLAG_... besides those that are set. Returns 1, or 0 on failure. */
int X509_VERIFY_PARAM_set_flags(X509_VERIFY_PARAM *param, unsigned long flags);

/* Takes X509_V_FLAG_... back. Returns 1, or 0 on failure. */
int X509_VERIFY_PARAM_clear_flags(X509_VERIFY_PARAM *param, unsigned long flags);

/* X509_V_FLAG_... */
unsigned long X509_VERIFY_PARAM_get_flags(const X509_VERIFY_PARAM *param);

/* Sets the purpose: X509_PURPOSE_.... Returns 1, or 0 on failure. */
int X509_VERIFY_PARAM_set_purpose(X509_VERIFY_PARAM *param, int purpose);

/* Accepted for programs that set it, and not used: trust is the store's affair. Returns 1, or 0 on failure. */
int X509_VERIFY_PARAM_set_trust(X509_VERIFY_PARAM *param, int trust);

/* Sets how many CA certificates may stand between the peer's and a trusted one. */
void X509_VERIFY_PARAM_set_depth(X509_VERIFY_PARAM *param, int depth);

/* How many CA certificates may stand between; -1 for any number. */
int X509_VERIFY_PARAM_get_depth(const X509_VERIFY_PARAM *param);

/* Sets the security level, which is kept and not used: the library has its own minimum. */
void X509_VERIFY_PARAM_set_auth_level(X509_VERIFY_PARAM *param, int auth_level);

/* The security level; -1 if none was set. */
int X509_VERIFY_PARAM_get_auth_level(const X509_VERIFY_PARAM *param);

/* Sets the time to verify at, in place of now. */
void X509_VERIFY_PARAM_set_time(X509_VERIFY_PARAM *param, time_t t);

/* The time to verify at; 0 for now. */
time_t X509_VERIFY_PARAM_get_time(const X509_VERIFY_PARAM *param);

/* Sets the one host that the certificate must be for; none, for NULL or an empty name. Returns 1, or 0 on failure. */
int X509_VERIFY_PARAM_set1_host(X509_VERIFY_PARAM *param, const char *name, size_t namelen);

/* Adds a host: the certificate must be for one of them. Returns 1, or 0 on failure. */
int X509_VERIFY_PARAM_add1_host(X509_VERIFY_PARAM *param, const char *name, size_t namelen);

/* Sets X509_CHECK_FLAG_.... */
void X509_VERIFY_PARAM_set_hostflags(X509_VERIFY_PARAM *param, unsigned int flags);

/* X509_CHECK_FLAG_... */
unsigned int X509_VERIFY_PARAM_get_hostflags(const X509_VERIFY_PARAM *param);

/* Sets the mailbox that the certificate must be for; none, for NULL. Returns 1, or 0 on failure. */
int X509_VERIFY_PARAM_set1_email(X509_VERIFY_PARAM *param, const char *email, size_t emaillen);

/* Sets the address, 4 or 16 bytes, that the certificate must be for; none, for NULL. Returns 1, or 0 on failure. */
int X509_VERIFY_PARAM_set1_ip(X509_VERIFY_PARAM *param, const unsigned char *ip, size_t iplen);

/* As X509_VERIFY_PARAM_set1_ip, for an address in text. */
int X509_VERIFY_PARAM_set1_ip_asc(X509_VERIFY_PARAM *param, const char *ipasc);

/* The certificate's name that matched in the last verification; NULL if none was asked for. Lives until it is another one. */
char *X509_VERIFY_PARAM_get0_peername(const X509_VERIFY_PARAM *param);

/* Takes over from other parameters what is not set. Returns 1, or 0 on failure. */
int X509_VERIFY_PARAM_inherit(X509_VERIFY_PARAM *to, const X509_VERIFY_PARAM *from);

/* Takes over from other parameters what is set there. Returns 1, or 0 on failure. */
int X509_VERIFY_PARAM_set1(X509_VERIFY_PARAM *to, const X509_VERIFY_PARAM *from);

/* Parameters by name, default, ssl_client, ssl_server; NULL for others. Never freed, never changed. */
const X509_VERIFY_PARAM *X509_VERIFY_PARAM_lookup(const char *name);

/* A new store that trusts nobody. The caller frees it. */
X509_STORE *X509_STORE_new(void);

/* Gives a reference to a store back. */
void X509_STORE_free(X509_STORE *v);

/* Takes one more reference to a store. Returns 1, or 0 on failure. */
int X509_STORE_up_ref(X509_STORE *v);

/* Adds a certificate, of which the store takes a reference. Returns 1, or 0 on failure. */
int X509_STORE_add_cert(X509_STORE *ctx, X509 *x);

/* Adds a revocation list, of which the store takes a reference. Returns 1, or 0 on failure. */
int X509_STORE_add_crl(X509_STORE *ctx, X509_CRL *x);

/* Adds what is in a file, in a directory, or both; one may be NULL. Returns 1, or 0 on failure. */
int X509_STORE_load_locations(X509_STORE *ctx, const char *file, const char *dir);

/* Adds what is in a file. Returns 1, or 0 on failure. */
int X509_STORE_load_file(X509_STORE *ctx, const char *file);

/* Adds what is in a directory whose files have names of hashes. Returns 1, or 0 on failure. */
int X509_STORE_load_path(X509_STORE *ctx, const char *path);

/* Adds what the system trusts. Returns 1, or 0 on failure; that there is nothing is none. */
int X509_STORE_set_default_paths(X509_STORE *ctx);

/* Sets X509_V_FLAG_... for verifications by this store. Returns 1, or 0 on failure. */
int X509_STORE_set_flags(X509_STORE *ctx, unsigned long flags);

/* Sets the longest chain for verifications by this store. Returns 1, or 0 on failure. */
int X509_STORE_set_depth(X509_STORE *store, int depth);

/* Sets the purpose (X509_PURPOSE_...) for verifications by this store. Returns 1, or 0 on failure. */
int X509_STORE_set_purpose(X509_STORE *ctx, int purpose);

/* The store's parameters, which it keeps. */
X509_VERIFY_PARAM *X509_STORE_get0_param(const X509_STORE *ctx);

/* Takes over what is set in other parameters. Returns 1, or 0 on failure. */
int X509_STORE_set1_param(X509_STORE *ctx, const X509_VERIFY_PARAM *pm);

/* Sets the callback of verifications by this store; NULL for none. */
void X509_STORE_set_verify_cb(X509_STORE *ctx, X509_STORE_CTX_verify_cb verify_cb);

/* The callback of verifications by this store; NULL for none. */
X509_STORE_CTX_verify_cb X509_STORE_get_verify_cb(const X509_STORE *ctx);

/* All certificates of a store, in a stack that the caller frees by sk_X509_pop_free. */
STACK_OF(X509) *X509_STORE_get1_all_certs(X509_STORE *st);

/* Adds a way to load more. It belongs to the store. */
X509_LOOKUP *X509_STORE_add_lookup(X509_STORE *v, X509_LOOKUP_METHOD *m);

/* Loads files: for X509_STORE_add_lookup. */
X509_LOOKUP_METHOD *X509_LOOKUP_file(void);

/* Loads directories: for X509_STORE_add_lookup. */
X509_LOOKUP_METHOD *X509_LOOKUP_hash_dir(void);

/*
 * X509_L_FILE_LOAD (1) and X509_L_ADD_DIR (2): loads a file, or the directories in a list with colons; the system's if
 * argl is X509_FILETYPE_DEFAULT. Returns 1, or 0 on failure.
 */
int X509_LOOKUP_ctrl(X509_LOOKUP *ctx, int cmd, const char *argc, long argl, char **ret);

/* Loads the certificates in a file. Returns how many things were loaded, 0 on failure. */
int X509_load_cert_file(X509_LOOKUP *ctx, const char *file, int type);

/* As X509_load_cert_file: whatever is in the file is loaded. */
int X509_load_crl_file(X509_LOOKUP *ctx, const char *file, int type);
int X509_load_cert_crl_file(X509_LOOKUP *ctx, const char *file, int type);

/* A new verification, to be initialised. The caller frees it. */
X509_STORE_CTX *X509_STORE_CTX_new(void);

/* Frees a verification. */
void X509_STORE_CTX_free(X509_STORE_CTX *ctx);

/* Forgets all that a verification is about; it may be initialised again. */
void X509_STORE_CTX_cleanup(X509_STORE_CTX *ctx);

/*
 * Says what is to be verified: a certificate, by a store, with further certificates that need not be trusted. All of them
 * must live as long as the verification; of objects it takes references. Returns 1, or 0 on failure.
 */
int X509_STORE_CTX_init(X509_STORE_CTX *ctx, X509_STORE *trust_store, X509 *target, STACK_OF(X509) *untrusted);

/* Verifies: 1 if the certificate is to be believed, 0 if not (X509_STORE_CTX_get_error says why), negative on failure. */
int X509_verify_cert(X509_STORE_CTX *ctx);

/* As X509_verify_cert. */
int X509_STORE_CTX_verify(X509_STORE_CTX *ctx);

/* The last error: X509_V_.... */
int X509_STORE_CTX_get_error(const X509_STORE_CTX *ctx);

/* Sets the error: for callbacks. */
void X509_STORE_CTX_set_error(X509_STORE_CTX *ctx, int s);

/* The depth of the certificate that the error is about, or the callback is called for: 0 is the peer's own. */
int X509_STORE_CTX_get_error_depth(const X509_STORE_CTX *ctx);

/* Sets the depth. */
void X509_STORE_CTX_set_error_depth(X509_STORE_CTX *ctx, int depth);

/* The certificate at the depth, which the verification keeps; NULL if it is not known. */
X509 *X509_STORE_CTX_get_current_cert(const X509_STORE_CTX *ctx);

/* Sets the certificate at the depth, of which a reference is taken. */
void X509_STORE_CTX_set_current_cert(X509_STORE_CTX *ctx, X509 *x);

/* The certificate that is verified; the verification keeps it. */
X509 *X509_STORE_CTX_get0_cert(const X509_STORE_CTX *ctx);

/* Sets the certificate that is verified, of which a reference is taken. */
void X509_STORE_CTX_set_cert(X509_STORE_CTX *ctx, X509 *target);

/* The issuer of the certificate at the depth, which the verification keeps; NULL if it is not known. */
X509 *X509_STORE_CTX_get0_current_issuer(const X509_STORE_CTX *ctx);

/* The path that was found, the peer's certificate first; the verification keeps it. NULL before it verified. */
STACK_OF(X509) *X509_STORE_CTX_get0_chain(const X509_STORE_CTX *ctx);
STACK_OF(X509) *X509_STORE_CTX_get_chain(const X509_STORE_CTX *ctx);

/* The path that was found, in a stack that the caller frees by sk_X509_pop_free; NULL before it verified. */
STACK_OF(X509) *X509_STORE_CTX_get1_chain(const X509_STORE_CTX *ctx);

/* Sets the path, and frees the stack and the caller's references. */
void X509_STORE_CTX_set0_verified_chain(X509_STORE_CTX *c, STACK_OF(X509) *sk);

/* The further certificates as they were given; NULL if there are none. */
STACK_OF(X509) *X509_STORE_CTX_get0_untrusted(const X509_STORE_CTX *ctx);

/* Sets the further certificates, of which references are taken. */
void X509_STORE_CTX_set0_untrusted(X509_STORE_CTX *ctx, STACK_OF(X509) *sk);

/* Trusts these certificates and no store. */
void X509_STORE_CTX_set0_trusted_stack(X509_STORE_CTX *ctx, STACK_OF(X509) *sk);

/* The store, which the verification keeps. */
X509_STORE *X509_STORE_CTX_get0_store(const X509_STORE_CTX *ctx);

/* The parameters, which the verification keeps. */
X509_VERIFY_PARAM *X509_STORE_CTX_get0_param(const X509_STORE_CTX *ctx);

/* Takes parameters over, with the caller's reference. */
void X509_STORE_CTX_set0_param(X509_STORE_CTX *ctx, X509_VERIFY_PARAM *param);

/*
 * Finds an issuer of a certificate in the store: *issuer gets a reference that the caller frees. Returns 1, 0 if there is
 * none, -1 on failure.
 */
int X509_STORE_CTX_get1_issuer(X509 **issuer, X509_STORE_CTX *ctx, X509 *x);

/* Sets X509_V_FLAG_.... */
void X509_STORE_CTX_set_flags(X509_STORE_CTX *ctx, unsigned long flags);

/* Sets the longest chain. */
void X509_STORE_CTX_set_depth(X509_STORE_CTX *ctx, int depth);

/* Sets the time to verify at, in place of now. */
void X509_STORE_CTX_set_time(X509_STORE_CTX *ctx, unsigned long flags, time_t t);

/* Sets the purpose: X509_PURPOSE_.... Returns 1, or 0 on failure. */
int X509_STORE_CTX_set_purpose(X509_STORE_CTX *ctx, int purpose);

/* Sets the purpose by its name, ssl_client or ssl_server. Returns 1, or 0 on failure. */
int X509_STORE_CTX_set_default(X509_STORE_CTX *ctx, const char *name);

/* Sets the callback; NULL for none. */
void X509_STORE_CTX_set_verify_cb(X509_STORE_CTX *ctx, X509_STORE_CTX_verify_cb verify);

/* The callback; NULL for none. */
X509_STORE_CTX_verify_cb X509_STORE_CTX_get_verify_cb(const X509_STORE_CTX *ctx);

/* How many certificates of the path came from the peer. */
int X509_STORE_CTX_get_num_untrusted(const X509_STORE_CTX *ctx);

/* Hangs a pointer onto a verification. Returns 1, or 0 on failure. */
int X509_STORE_CTX_set_ex_data(X509_STORE_CTX *ctx, int idx, void *data);

/* The pointer that was hung onto a verification; NULL if there is none. */
void *X509_STORE_CTX_get_ex_data(const X509_STORE_CTX *ctx, int idx);

/* The words for X509_V_.... Never NULL; never freed. */
const char *X509_verify_cert_error_string(long n);

#define X509_STORE_set_verify_cb_func(ctx, func) X509_STORE_set_verify_cb((ctx), (func))
#define X509_STORE_CTX_get_app_data(ctx) X509_STORE_CTX_get_ex_data(ctx, 0)
#define X509_STORE_CTX_set_app_data(ctx, data) X509_STORE_CTX_set_ex_data(ctx, 0, data)

#ifdef __cplusplus
}
#endif

#endif
