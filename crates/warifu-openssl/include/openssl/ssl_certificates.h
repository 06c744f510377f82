/* Own certificates and keys, and the verification of the peer's. Included by <openssl/ssl.h>. */
#ifndef WARIFU_OPENSSL_SSL_CERTIFICATES_H
#define WARIFU_OPENSSL_SSL_CERTIFICATES_H

#include <openssl/safestack.h>
#include <openssl/pem.h>
#include <openssl/types.h>
#include <openssl/x509.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Own certificates and keys, for all connections of a context or for one. There may be one for each kind of key. A key is checked
 * against the certificate of its kind at once.
 */

/* From a file: type is SSL_FILETYPE_PEM (the first in the file) or SSL_FILETYPE_ASN1. */
int SSL_CTX_use_certificate_file(SSL_CTX *ctx, const char *file, int type);
int SSL_use_certificate_file(SSL *ssl, const char *file, int type);
int SSL_CTX_use_PrivateKey_file(SSL_CTX *ctx, const char *file, int type);
int SSL_use_PrivateKey_file(SSL *ssl, const char *file, int type);
int SSL_CTX_use_privateKey_file(SSL_CTX *ctx, const char *file, int type);
int SSL_use_privateKey_file(SSL *ssl, const char *file, int type);
int SSL_CTX_use_RSAPrivateKey_file(SSL_CTX *ctx, const char *file, int type);
int SSL_use_RSAPrivateKey_file(SSL *ssl, const char *file, int type);

/* From a PEM file with the certificate first and the CA certificates behind it in order. */
int SSL_CTX_use_certificate_chain_file(SSL_CTX *ctx, const char *file);
int SSL_use_certificate_chain_file(SSL *ssl, const char *file);

/* From memory, for systems without files: len bytes; type as for files. */
int SSL_CTX_use_certificate_buffer(SSL_CTX *ctx, const unsigned char *in, long len, int type);
int SSL_use_certificate_buffer(SSL *ssl, const unsigned char *in, long len, int type);
int SSL_CTX_use_PrivateKey_buffer(SSL_CTX *ctx, const unsigned char *in, long len, int type);
int SSL_use_PrivateKey_buffer(SSL *ssl, const unsigned char *in, long len, int type);
int SSL_CTX_use_privateKey_buffer(SSL_CTX *ctx, const unsigned char *in, long len, int type);
int SSL_use_privateKey_buffer(SSL *ssl, const unsigned char *in, long len, int type);
int SSL_CTX_use_certificate_chain_buffer(SSL_CTX *ctx, const unsigned char *in, long len);
int SSL_use_certificate_chain_buffer(SSL *ssl, const unsigned char *in, long len);

/* From DER in memory. */
int SSL_CTX_use_certificate_ASN1(SSL_CTX *ctx, int len, const unsigned char *d);
int SSL_use_certificate_ASN1(SSL *ssl, const unsigned char *d, int len);
int SSL_CTX_use_PrivateKey_ASN1(int pk, SSL_CTX *ctx, const unsigned char *d, long len);
int SSL_use_PrivateKey_ASN1(int pk, SSL *ssl, const unsigned char *d, long len);
int SSL_CTX_use_RSAPrivateKey_ASN1(SSL_CTX *ctx, const unsigned char *d, long len);
int SSL_use_RSAPrivateKey_ASN1(SSL *ssl, const unsigned char *d, long len);

/* From objects, of which they take references of their own. */
int SSL_CTX_use_certificate(SSL_CTX *ctx, X509 *x);
int SSL_use_certificate(SSL *ssl, X509 *x);
int SSL_CTX_use_PrivateKey(SSL_CTX *ctx, EVP_PKEY *pkey);
int SSL_use_PrivateKey(SSL *ssl, EVP_PKEY *pkey);
int SSL_CTX_use_cert_and_key(SSL_CTX *ctx, X509 *x, EVP_PKEY *pkey, STACK_OF(X509) *chain, int override);
int SSL_use_cert_and_key(SSL *ssl, X509 *x, EVP_PKEY *pkey, STACK_OF(X509) *chain, int override);

/* Whether certificate and key that were set last are both there and belong together. */
int SSL_CTX_check_private_key(const SSL_CTX *ctx);
int SSL_check_private_key(const SSL *ssl);

/* What was set last; NULL if nothing was. */
X509 *SSL_CTX_get0_certificate(const SSL_CTX *ctx);
EVP_PKEY *SSL_CTX_get0_privatekey(const SSL_CTX *ctx);
X509 *SSL_get_certificate(const SSL *ssl);
EVP_PKEY *SSL_get_privatekey(const SSL *ssl);

/*
 * CA certificates that are sent behind the certificate that was set last. add0 and set0 take the caller's reference, set0 the stack too,
 * unless they fail; add1 and set1 take references of their own. What get0 stores at chain stays the object's. They return 1.
 */
long SSL_CTX_add0_chain_cert(SSL_CTX *ctx, X509 *x);
long SSL_CTX_add1_chain_cert(SSL_CTX *ctx, X509 *x);
long SSL_add0_chain_cert(SSL *ssl, X509 *x);
long SSL_add1_chain_cert(SSL *ssl, X509 *x);
long SSL_CTX_set0_chain(SSL_CTX *ctx, STACK_OF(X509) *chain);
long SSL_CTX_set1_chain(SSL_CTX *ctx, STACK_OF(X509) *chain);
long SSL_set0_chain(SSL *ssl, STACK_OF(X509) *chain);
long SSL_set1_chain(SSL *ssl, STACK_OF(X509) *chain);
long SSL_CTX_clear_chain_certs(SSL_CTX *ctx);
long SSL_clear_chain_certs(SSL *ssl);
long SSL_CTX_get0_chain_certs(SSL_CTX *ctx, STACK_OF(X509) **chain);
long SSL_get0_chain_certs(SSL *ssl, STACK_OF(X509) **chain);

/*
 * CA certificates that are sent behind each certificate without a chain of its own. add takes the caller's reference, unless it fails.
 * What get stores at chain stays the context's. They return 1.
 */
long SSL_CTX_add_extra_chain_cert(SSL_CTX *ctx, X509 *x);
long SSL_CTX_get_extra_chain_certs(SSL_CTX *ctx, STACK_OF(X509) **chain);
long SSL_CTX_clear_extra_chain_certs(SSL_CTX *ctx);

/* Forgets all certificates and keys of the connection. */
void SSL_certs_clear(SSL *ssl);

/* The passphrase for keys in encrypted PEM: a callback, or with none userdata as a string. Without either, such keys are refused. */
void SSL_CTX_set_default_passwd_cb(SSL_CTX *ctx, pem_password_cb *cb);
void SSL_CTX_set_default_passwd_cb_userdata(SSL_CTX *ctx, void *userdata);
pem_password_cb *SSL_CTX_get_default_passwd_cb(SSL_CTX *ctx);
void *SSL_CTX_get_default_passwd_cb_userdata(SSL_CTX *ctx);
void SSL_set_default_passwd_cb(SSL *ssl, pem_password_cb *cb);
void SSL_set_default_passwd_cb_userdata(SSL *ssl, void *userdata);
pem_password_cb *SSL_get_default_passwd_cb(SSL *ssl);
void *SSL_get_default_passwd_cb_userdata(SSL *ssl);

/*
 * Whom to believe.
 */

/* CA certificates from a PEM file, a directory of files, or both; at least one of the two is not NULL. A directory that cannot be read fails. */
int SSL_CTX_load_verify_locations(SSL_CTX *ctx, const char *CAfile, const char *CApath);
int SSL_CTX_load_verify_file(SSL_CTX *ctx, const char *CAfile);
int SSL_CTX_load_verify_dir(SSL_CTX *ctx, const char *CApath);

/* CA certificates from memory, for systems without files: type is SSL_FILETYPE_PEM (any number) or SSL_FILETYPE_ASN1 (one). */
int SSL_CTX_load_verify_buffer(SSL_CTX *ctx, const unsigned char *in, long len, int type);

/* The CA certificates that the system trusts. */
int SSL_CTX_set_default_verify_paths(SSL_CTX *ctx);
int SSL_CTX_set_default_verify_file(SSL_CTX *ctx);
int SSL_CTX_set_default_verify_dir(SSL_CTX *ctx);

/* The store of CA certificates. set_cert_store takes the caller's reference; set1 one of its own. */
X509_STORE *SSL_CTX_get_cert_store(const SSL_CTX *ctx);
void SSL_CTX_set_cert_store(SSL_CTX *ctx, X509_STORE *store);
void SSL_CTX_set1_cert_store(SSL_CTX *ctx, X509_STORE *store);
int SSL_CTX_set0_verify_cert_store(SSL_CTX *ctx, X509_STORE *store);
int SSL_CTX_set1_verify_cert_store(SSL_CTX *ctx, X509_STORE *store);
int SSL_set0_verify_cert_store(SSL *ssl, X509_STORE *store);
int SSL_set1_verify_cert_store(SSL *ssl, X509_STORE *store);

/*
 * How the peer is verified. SSL_VERIFY_PEER: it is, and the handshake fails if it is not to be believed; a server asks for a
 * certificate then. SSL_VERIFY_FAIL_IF_NO_PEER_CERT (servers): a client must send one. SSL_VERIFY_NONE: a client goes on
 * whatever the certificate is, a server asks for none. A client that was told nothing verifies.
 *
 * The callback, if there is one, is called for each certificate, the farthest from the peer's first: with 1 if all is well so far, with 0
 * and the error in the context if not. What it returns decides.
 */
typedef int (*SSL_verify_cb)(int preverify_ok, X509_STORE_CTX *x509_ctx);
void SSL_CTX_set_verify(SSL_CTX *ctx, int mode, SSL_verify_cb callback);
void SSL_set_verify(SSL *ssl, int mode, SSL_verify_cb callback);
int SSL_CTX_get_verify_mode(const SSL_CTX *ctx);
int SSL_get_verify_mode(const SSL *ssl);
SSL_verify_cb SSL_CTX_get_verify_callback(const SSL_CTX *ctx);
SSL_verify_cb SSL_get_verify_callback(const SSL *ssl);

/* Most CA certificates between the peer's and a trusted one; -1 for the default. */
void SSL_CTX_set_verify_depth(SSL_CTX *ctx, int depth);
void SSL_set_verify_depth(SSL *ssl, int depth);
int SSL_CTX_get_verify_depth(const SSL_CTX *ctx);
int SSL_get_verify_depth(const SSL *ssl);

/* A verification of one's own in place of the library's: 1 to believe the peer. */
void SSL_CTX_set_cert_verify_callback(SSL_CTX *ctx, int (*cb)(X509_STORE_CTX *, void *), void *arg);
int SSL_set_retry_verify(SSL *ssl);
int SSL_get_ex_data_X509_STORE_CTX_idx(void);

/* The names, or IP addresses as text, one of which the server's certificate must have. Without them only the chain is verified. */
int SSL_set1_host(SSL *ssl, const char *hostname);
int SSL_add1_host(SSL *ssl, const char *hostname);
void SSL_set_hostflags(SSL *ssl, unsigned int flags);
const char *SSL_get0_peername(SSL *ssl);
X509_VERIFY_PARAM *SSL_CTX_get0_param(SSL_CTX *ctx);
X509_VERIFY_PARAM *SSL_get0_param(SSL *ssl);
int SSL_CTX_set1_param(SSL_CTX *ctx, X509_VERIFY_PARAM *vpm);
int SSL_set1_param(SSL *ssl, X509_VERIFY_PARAM *vpm);
int SSL_CTX_set_purpose(SSL_CTX *ctx, int purpose);
int SSL_set_purpose(SSL *ssl, int purpose);
int SSL_CTX_set_trust(SSL_CTX *ctx, int trust);
int SSL_set_trust(SSL *ssl, int trust);

/* How verification ended: X509_V_OK, or X509_V_ERR_... X509_V_OK also if the peer had no certificate to verify. */
long SSL_get_verify_result(const SSL *ssl);
void SSL_set_verify_result(SSL *ssl, long v);

/* The peer's certificate, NULL if it sent none: SSL_get_peer_certificate returns a reference, which the caller gives back. */
X509 *SSL_get_peer_certificate(const SSL *ssl);
X509 *SSL_get1_peer_certificate(const SSL *ssl);
X509 *SSL_get0_peer_certificate(const SSL *ssl);
#define SSL_get_peer_certificate SSL_get_peer_certificate

/* All certificates that the peer sent; on a server without the client's own. */
STACK_OF(X509) *SSL_get_peer_cert_chain(const SSL *ssl);
/* From the peer's certificate to the trusted one. NULL if they were not verified, or not believed, and in resumed sessions. */
STACK_OF(X509) *SSL_get0_verified_chain(const SSL *ssl);

/*
 * The names of CAs that a server tells its clients, and what a client was told. set takes the list over with its names; NULL removes the
 * one that is set. What get returns stays the object's; NULL if there is none. add adds the subject of a certificate, which stays the
 * caller's.
 */
void SSL_CTX_set_client_CA_list(SSL_CTX *ctx, STACK_OF(X509_NAME) *list);
void SSL_set_client_CA_list(SSL *ssl, STACK_OF(X509_NAME) *list);
STACK_OF(X509_NAME) *SSL_CTX_get_client_CA_list(const SSL_CTX *ctx);
STACK_OF(X509_NAME) *SSL_get_client_CA_list(const SSL *ssl);
int SSL_CTX_add_client_CA(SSL_CTX *ctx, X509 *x);
int SSL_add_client_CA(SSL *ssl, X509 *x);

/* The subjects of the certificates in a PEM file, each once. The caller frees the list, with sk_X509_NAME_pop_free. NULL on failure. */
STACK_OF(X509_NAME) *SSL_load_client_CA_file(const char *file);
/* Adds those that are not on the stack yet. */
int SSL_add_file_cert_subjects_to_stack(STACK_OF(X509_NAME) *stack, const char *file);

#ifdef __cplusplus
}
#endif

#endif
