/*
 * Cipher suites, groups and signature algorithms; what is known of a connection, and what is done with one besides reading and
 * writing. Included by <openssl/ssl.h>.
 *
 * Differences from OpenSSL:
 *   - With SSL_OP_CIPHER_SERVER_PREFERENCE a client that puts ChaCha20-Poly1305 first gets it, as with SSL_OP_PRIORITIZE_CHACHA. A
 *     server chooses groups by its own preference in any case.
 *   - Without a list, suites are those of DEFAULT and AES-CCM, in this library's order: AES-128-GCM first.
 *   - Security levels decide about cipher suites, groups, and the size of finite-field groups; not about certificates, versions and
 *     signature algorithms. The level is 2 unless one is set.
 *   - SSL_set1_sigalgs and its kin say what is accepted of the peer. What this side signs with follows from its key, and from the
 *     peer's list. Cipher suites of TLS 1.2 whose keys go with none of the algorithms are not used.
 *   - Ephemeral keys (SSL_get_peer_tmp_key), renegotiation by this side, Suite B by one word, DTLS-SRTP, the early exporter and a
 *     callback for padding are not supported: their functions fail.
 */
#ifndef WARIFU_OPENSSL_SSL_CIPHERS_H
#define WARIFU_OPENSSL_SSL_CIPHERS_H

#include <openssl/ssl.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Which suites are used.
 */

/* TLS 1.2 and older: a list in the language of ciphers(1). Names that nobody knows are passed over; a list that picks nothing fails. */
int SSL_CTX_set_cipher_list(SSL_CTX *ctx, const char *str);
int SSL_set_cipher_list(SSL *ssl, const char *str);

/* TLS 1.3: names between colons. An empty list switches TLS 1.3 off. */
int SSL_CTX_set_ciphersuites(SSL_CTX *ctx, const char *str);
int SSL_set_ciphersuites(SSL *ssl, const char *str);

/* What OpenSSL 3 calls the defaults of the two. */
#define SSL_DEFAULT_CIPHER_LIST "ALL:!COMPLEMENTOFDEFAULT:!eNULL"
#define TLS_DEFAULT_CIPHERSUITES "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"
#define OSSL_default_cipher_list() SSL_DEFAULT_CIPHER_LIST
#define OSSL_default_ciphersuites() TLS_DEFAULT_CIPHERSUITES

/* The suites that are set, best first. The stack stays the object's until suites are set anew. */
STACK_OF(SSL_CIPHER) *SSL_CTX_get_ciphers(const SSL_CTX *ctx);
STACK_OF(SSL_CIPHER) *SSL_get_ciphers(const SSL *ssl);

/* The name of the nth of them; NULL behind the last. */
const char *SSL_get_cipher_list(const SSL *ssl, int n);

/* Those of them that a handshake can use by versions, security level and keys. The caller frees the stack (sk_SSL_CIPHER_free). */
STACK_OF(SSL_CIPHER) *SSL_get1_supported_ciphers(SSL *ssl);

/* On a server, what the client offered, as far as it is known here; NULL on a client. The stack stays the connection's. */
STACK_OF(SSL_CIPHER) *SSL_get_client_ciphers(const SSL *ssl);

/* On a server, the names of what both sides have, between colons, as many as fit into size bytes; NULL if there is none. */
char *SSL_get_shared_ciphers(const SSL *ssl, char *buf, int size);

/* On a server, the client's list as it came, which the connection keeps; returns its length in bytes, and with NULL that of each: 2. */
int SSL_get0_raw_cipherlist(const SSL *ssl, const unsigned char **plst);

/* Reads a ClientHello's list of suites into a new stack, and one for signalling values; the caller frees both. isv2format is 0. */
int SSL_bytes_to_cipher_list(SSL *ssl, const unsigned char *bytes, size_t len, int isv2format, STACK_OF(SSL_CIPHER) **sk,
                             STACK_OF(SSL_CIPHER) **scsvs);

/* Security level, 0 to 5. */
void SSL_CTX_set_security_level(SSL_CTX *ctx, int level);
void SSL_set_security_level(SSL *ssl, int level);
int SSL_CTX_get_security_level(const SSL_CTX *ctx);
int SSL_get_security_level(const SSL *ssl);

/*
 * What a suite is made of. Suites are never freed. All take NULL: names are "(NONE)" then, numbers 0.
 */
const SSL_CIPHER *SSL_get_current_cipher(const SSL *ssl); /* NULL before the end of the handshake */
const SSL_CIPHER *SSL_get_pending_cipher(const SSL *ssl);
const char *SSL_get_cipher_name(const SSL *ssl);
const char *SSL_get_cipher(const SSL *ssl);
const char *SSL_get_cipher_version(const SSL *ssl);
int SSL_get_cipher_bits(const SSL *ssl, int *alg_bits);
#define SSL_get_cipher_name SSL_get_cipher_name
#define SSL_get_cipher SSL_get_cipher
#define SSL_get_cipher_version SSL_get_cipher_version
#define SSL_get_cipher_bits SSL_get_cipher_bits

const char *SSL_CIPHER_get_name(const SSL_CIPHER *cipher);
const char *SSL_CIPHER_standard_name(const SSL_CIPHER *cipher);
const char *OPENSSL_cipher_name(const char *stdname);
const char *SSL_CIPHER_get_version(const SSL_CIPHER *cipher);
int SSL_CIPHER_get_bits(const SSL_CIPHER *cipher, int *alg_bits);
uint32_t SSL_CIPHER_get_id(const SSL_CIPHER *cipher);
uint16_t SSL_CIPHER_get_protocol_id(const SSL_CIPHER *cipher);
int SSL_CIPHER_get_kx_nid(const SSL_CIPHER *cipher);
int SSL_CIPHER_get_auth_nid(const SSL_CIPHER *cipher);
int SSL_CIPHER_get_cipher_nid(const SSL_CIPHER *cipher);
int SSL_CIPHER_get_digest_nid(const SSL_CIPHER *cipher);
const EVP_MD *SSL_CIPHER_get_handshake_digest(const SSL_CIPHER *cipher); /* NULL for MD5 and SHA-1 together */
int SSL_CIPHER_is_aead(const SSL_CIPHER *cipher);

/* A line of text with its end, in buf of at least 128 bytes, or if buf is NULL in memory that the caller frees with OPENSSL_free. */
char *SSL_CIPHER_description(const SSL_CIPHER *cipher, char *buf, int size);

/* The suite of a number of two bytes; NULL if it is not known here. */
const SSL_CIPHER *SSL_CIPHER_find(SSL *ssl, const unsigned char *ptr);

/*
 * Groups for key exchange: X25519MLKEM768, SecP256r1MLKEM768, SecP384r1MLKEM1024, X25519, P-256, P-384, P-521 (secp256r1,
 * prime256v1 ...). Lists may name X448, finite-field and other curves too, which are passed over. Best first.
 */
int SSL_CTX_set1_groups_list(SSL_CTX *ctx, const char *str);
int SSL_set1_groups_list(SSL *ssl, const char *str);
int SSL_CTX_set1_groups(SSL_CTX *ctx, const int *list, size_t len);
int SSL_set1_groups(SSL *ssl, const int *list, size_t len);
#define SSL_CTX_set1_groups_list SSL_CTX_set1_groups_list
#define SSL_set1_groups_list SSL_set1_groups_list
#define SSL_CTX_set1_groups SSL_CTX_set1_groups
#define SSL_set1_groups SSL_set1_groups
#define SSL_CTX_set1_curves_list SSL_CTX_set1_groups_list
#define SSL_set1_curves_list SSL_set1_groups_list
#define SSL_CTX_set1_curves SSL_CTX_set1_groups
#define SSL_set1_curves SSL_set1_groups

/* On a server: the client's groups, as NIDs, in groups if that is not NULL; returns how many there are. */
int SSL_get1_groups(SSL *ssl, int *groups);
#define SSL_get1_groups SSL_get1_groups
#define SSL_get1_curves SSL_get1_groups

/* On a server: the NID of the nth group that both sides have; n -1: how many there are. 0 if there is none. */
int SSL_get_shared_group(SSL *ssl, int n);
#define SSL_get_shared_group SSL_get_shared_group
#define SSL_get_shared_curve SSL_get_shared_group

/* The group of the key exchange: NID (0 if there is none), or name. A group without NID has its number and TLSEXT_nid_unknown. */
int SSL_get_negotiated_group(SSL *ssl);
#define SSL_get_negotiated_group SSL_get_negotiated_group
const char *SSL_get0_group_name(SSL *ssl);
const char *SSL_group_to_name(SSL *ssl, int id);
#define TLSEXT_nid_unknown 0x1000000

/* The library always chooses groups itself: these return 1. */
int SSL_CTX_set_ecdh_auto(SSL_CTX *ctx, int onoff);
int SSL_set_ecdh_auto(SSL *ssl, int onoff);
int SSL_CTX_set_dh_auto(SSL_CTX *ctx, int onoff);
int SSL_set_dh_auto(SSL *ssl, int onoff);
#define SSL_CTX_set_ecdh_auto SSL_CTX_set_ecdh_auto
#define SSL_set_ecdh_auto SSL_set_ecdh_auto
#define SSL_CTX_set_dh_auto SSL_CTX_set_dh_auto
#define SSL_set_dh_auto SSL_set_dh_auto

/*
 * Signature algorithms that are accepted: names of the protocol (ecdsa_secp256r1_sha256) or pairs (RSA+SHA256, RSA-PSS+SHA256,
 * ECDSA+SHA256), best first; or pairs of NIDs: a hash, EVP_PKEY_... Those with "client" are for clients' certificates alone.
 */
int SSL_CTX_set1_sigalgs_list(SSL_CTX *ctx, const char *str);
int SSL_set1_sigalgs_list(SSL *ssl, const char *str);
int SSL_CTX_set1_client_sigalgs_list(SSL_CTX *ctx, const char *str);
int SSL_set1_client_sigalgs_list(SSL *ssl, const char *str);
int SSL_CTX_set1_sigalgs(SSL_CTX *ctx, const int *list, size_t len);
int SSL_set1_sigalgs(SSL *ssl, const int *list, size_t len);
int SSL_CTX_set1_client_sigalgs(SSL_CTX *ctx, const int *list, size_t len);
int SSL_set1_client_sigalgs(SSL *ssl, const int *list, size_t len);
#define SSL_CTX_set1_sigalgs_list SSL_CTX_set1_sigalgs_list
#define SSL_set1_sigalgs_list SSL_set1_sigalgs_list
#define SSL_CTX_set1_client_sigalgs_list SSL_CTX_set1_client_sigalgs_list
#define SSL_set1_client_sigalgs_list SSL_set1_client_sigalgs_list
#define SSL_CTX_set1_sigalgs SSL_CTX_set1_sigalgs
#define SSL_set1_sigalgs SSL_set1_sigalgs
#define SSL_CTX_set1_client_sigalgs SSL_CTX_set1_client_sigalgs
#define SSL_set1_client_sigalgs SSL_set1_client_sigalgs

/* On a server: what the client offered, and what of it this side has too: the number there are, and the idxth in the other places. */
int SSL_get_sigalgs(SSL *ssl, int idx, int *psign, int *phash, int *psignandhash, unsigned char *rsig, unsigned char *rhash);
int SSL_get_shared_sigalgs(SSL *ssl, int idx, int *psign, int *phash, int *psignandhash, unsigned char *rsig, unsigned char *rhash);

/* What the peer, or this side, signed with in the handshake: NID of the hash, EVP_PKEY_... 0 if there was no signature. */
int SSL_get_peer_signature_nid(const SSL *ssl, int *pnid);
int SSL_get_peer_signature_type_nid(const SSL *ssl, int *pnid);
int SSL_get_signature_nid(const SSL *ssl, int *pnid);
int SSL_get_signature_type_nid(const SSL *ssl, int *pnid);
#define SSL_get_peer_signature_nid SSL_get_peer_signature_nid
#define SSL_get_signature_nid SSL_get_signature_nid

/* The key in the exchange: gone after the handshake. They return 0. */
int SSL_get_peer_tmp_key(SSL *ssl, EVP_PKEY **key);
int SSL_get_server_tmp_key(SSL *ssl, EVP_PKEY **key);
int SSL_get_tmp_key(SSL *ssl, EVP_PKEY **key);
#define SSL_get_peer_tmp_key SSL_get_peer_tmp_key
#define SSL_get_server_tmp_key SSL_get_server_tmp_key
#define SSL_get_tmp_key SSL_get_tmp_key

/*
 * What is known of a connection.
 */

/* The version: "TLSv1.3" ..., TLS1_3_VERSION ...; before the end of the handshake the highest that is enabled. */
const char *SSL_get_version(const SSL *ssl);
int SSL_version(const SSL *ssl);

/* The version in the ClientHello's old field, which ends at TLS 1.2. */
int SSL_client_version(const SSL *ssl);

/* Methods; set fails once the handshake has begun. */
const SSL_METHOD *SSL_get_ssl_method(const SSL *ssl);
const SSL_METHOD *SSL_CTX_get_ssl_method(const SSL_CTX *ctx);
int SSL_set_ssl_method(SSL *ssl, const SSL_METHOD *method);

/* 0: there is no DTLS here. */
int SSL_is_dtls(const SSL *ssl);

/* Whether a session was resumed, or a pre-shared key used in TLS 1.3. */
int SSL_session_reused(const SSL *ssl);
#define SSL_session_reused SSL_session_reused

/*
 * verify_data of the Finished of this side and the peer: as much as buf takes; returns the length, 0 before there is one. The first of a
 * handshake is the channel binding tls-unique of TLS 1.2 and older, if SSL_get_extms_support returns 1.
 */
size_t SSL_get_finished(const SSL *ssl, void *buf, size_t count);
size_t SSL_get_peer_finished(const SSL *ssl, void *buf, size_t count);

/* The 32 bytes of the hellos: as many as out takes; returns how many that are, and with outlen 0 how many there are. */
size_t SSL_get_client_random(const SSL *ssl, unsigned char *out, size_t outlen);
size_t SSL_get_server_random(const SSL *ssl, unsigned char *out, size_t outlen);

/* Of TLS 1.2 and older: whether the peer has RFC 5746, whether RFC 7627 is used (-1: not known yet). 0 in TLS 1.3. */
long SSL_get_secure_renegotiation_support(const SSL *ssl);
int SSL_get_extms_support(const SSL *ssl);
#define SSL_get_secure_renegotiation_support SSL_get_secure_renegotiation_support
#define SSL_get_extms_support SSL_get_extms_support

/* This library begins no renegotiation: these return 0. */
int SSL_renegotiate(SSL *ssl);
int SSL_renegotiate_abbreviated(SSL *ssl);
int SSL_renegotiate_pending(const SSL *ssl);
long SSL_num_renegotiations(SSL *ssl);
long SSL_clear_num_renegotiations(SSL *ssl);
long SSL_total_renegotiations(SSL *ssl);
#define SSL_num_renegotiations SSL_num_renegotiations
#define SSL_clear_num_renegotiations SSL_clear_num_renegotiations
#define SSL_total_renegotiations SSL_total_renegotiations

/*
 * What is done with a connection.
 */

/* Keying material for another protocol, by a label and perhaps a context (RFC 8446 Section 7.5, RFC 5705). TLS 1.2 needs RFC 7627. */
int SSL_export_keying_material(SSL *ssl, unsigned char *out, size_t olen, const char *label, size_t llen,
                               const unsigned char *context, size_t contextlen, int use_context);

/* Not supported: 0. */
int SSL_export_keying_material_early(SSL *ssl, unsigned char *out, size_t olen, const char *label, size_t llen,
                                     const unsigned char *context, size_t contextlen);

/* TLS 1.3: new keys, SSL_KEY_UPDATE_REQUESTED or _NOT_REQUESTED. The message leaves with the next read, write or SSL_do_handshake. */
int SSL_key_update(SSL *ssl, int updatetype);

/* The kind of a KeyUpdate that has not left yet; SSL_KEY_UPDATE_NONE. */
int SSL_get_key_update_type(const SSL *ssl);

/*
 * TLS 1.3: a client's certificate after the handshake. The client offers it by the first two. A server that has not asked in the
 * handshake (SSL_VERIFY_NONE, or SSL_VERIFY_PEER | SSL_VERIFY_POST_HANDSHAKE), and has SSL_VERIFY_PEER now, asks by the third, sends
 * with SSL_do_handshake, and gets the answer while it reads. With SSL_VERIFY_FAIL_IF_NO_PEER_CERT, as it is set when the client is asked,
 * one without a certificate ends the connection. Clients of versions before TLS 1.3 are asked in the handshake, whatever the mode's
 * SSL_VERIFY_POST_HANDSHAKE says.
 */
void SSL_CTX_set_post_handshake_auth(SSL_CTX *ctx, int val);
void SSL_set_post_handshake_auth(SSL *ssl, int val);
int SSL_verify_client_post_handshake(SSL *ssl);

/* TLS 1.3: records are padded to a multiple of block_size bytes, at most 16384. 0 and 1: they are not. */
int SSL_CTX_set_block_padding(SSL_CTX *ctx, size_t block_size);
int SSL_set_block_padding(SSL *ssl, size_t block_size);

/* A callback for padding: not supported. NULL is taken. */
typedef size_t (*SSL_record_padding_cb)(SSL *ssl, int type, size_t len, void *arg);
void SSL_CTX_set_record_padding_callback(SSL_CTX *ctx, SSL_record_padding_cb cb);
int SSL_set_record_padding_callback(SSL *ssl, SSL_record_padding_cb cb);

/* Memory that an idle connection can do without: given back (0: something is unread or unsent); it comes again by itself. */
int SSL_free_buffers(SSL *ssl);
int SSL_alloc_buffers(SSL *ssl);

/* Accepted, and without effect here. */
long SSL_CTX_set_max_cert_list(SSL_CTX *ctx, long size);
long SSL_CTX_get_max_cert_list(const SSL_CTX *ctx);
long SSL_set_max_cert_list(SSL *ssl, long size);
long SSL_get_max_cert_list(const SSL *ssl);
int SSL_CTX_set_split_send_fragment(SSL_CTX *ctx, size_t bytes);
int SSL_set_split_send_fragment(SSL *ssl, size_t bytes);
int SSL_CTX_set_max_pipelines(SSL_CTX *ctx, size_t count);
int SSL_set_max_pipelines(SSL *ssl, size_t count);
void SSL_CTX_set_default_read_buffer_len(SSL_CTX *ctx, size_t len);
void SSL_set_default_read_buffer_len(SSL *ssl, size_t len);
#define SSL_CTX_set_max_cert_list SSL_CTX_set_max_cert_list
#define SSL_CTX_get_max_cert_list SSL_CTX_get_max_cert_list
#define SSL_set_max_cert_list SSL_set_max_cert_list
#define SSL_get_max_cert_list SSL_get_max_cert_list
#define SSL_CTX_set_split_send_fragment SSL_CTX_set_split_send_fragment
#define SSL_set_split_send_fragment SSL_set_split_send_fragment
#define SSL_CTX_set_max_pipelines SSL_CTX_set_max_pipelines
#define SSL_set_max_pipelines SSL_set_max_pipelines

/* Not supported: 1, which is failure here. */
int SSL_CTX_set_tlsext_use_srtp(SSL_CTX *ctx, const char *profiles);
int SSL_set_tlsext_use_srtp(SSL *ssl, const char *profiles);

/*
 * There is no compression: no methods (NULL), none in use (NULL), and none can be added (1, which is failure here).
 */
typedef struct comp_method_st COMP_METHOD;
typedef struct ssl_comp_st SSL_COMP;
STACK_OF(SSL_COMP);
const COMP_METHOD *SSL_get_current_compression(const SSL *ssl);
const COMP_METHOD *SSL_get_current_expansion(const SSL *ssl);
const char *SSL_COMP_get_name(const COMP_METHOD *method);
const char *SSL_COMP_get0_name(const SSL_COMP *comp);
int SSL_COMP_get_id(const SSL_COMP *comp);
STACK_OF(SSL_COMP) *SSL_COMP_get_compression_methods(void);
STACK_OF(SSL_COMP) *SSL_COMP_set0_compression_methods(STACK_OF(SSL_COMP) *methods);
int SSL_COMP_add_compression_method(int id, COMP_METHOD *method);

/* A connection with the same settings; once the handshake has begun one more reference to the same. NULL on failure. */
SSL *SSL_dup(SSL *ssl);

/*
 * Data of the program's. An index is for all objects of a kind; -1 if there are too many. The callbacks may be NULL. Index 0 is that of
 * app_data.
 */
int SSL_get_ex_new_index(long argl, void *argp, CRYPTO_EX_new *new_func, CRYPTO_EX_dup *dup_func, CRYPTO_EX_free *free_func);
int SSL_set_ex_data(SSL *ssl, int idx, void *data);
void *SSL_get_ex_data(const SSL *ssl, int idx);
int SSL_CTX_get_ex_new_index(long argl, void *argp, CRYPTO_EX_new *new_func, CRYPTO_EX_dup *dup_func, CRYPTO_EX_free *free_func);
int SSL_CTX_set_ex_data(SSL_CTX *ctx, int idx, void *data);
void *SSL_CTX_get_ex_data(const SSL_CTX *ctx, int idx);
#define SSL_get_ex_new_index SSL_get_ex_new_index
#define SSL_CTX_get_ex_new_index SSL_CTX_get_ex_new_index
#define SSL_set_app_data(ssl, data) SSL_set_ex_data(ssl, 0, (char *)(data))
#define SSL_get_app_data(ssl) SSL_get_ex_data(ssl, 0)
#define SSL_CTX_set_app_data(ctx, data) SSL_CTX_set_ex_data(ctx, 0, (char *)(data))
#define SSL_CTX_get_app_data(ctx) SSL_CTX_get_ex_data(ctx, 0)

/*
 * Settings by name and value, from a configuration file (CipherString) or a command line (-cipher): see SSL_CONF_cmd(3).
 */
SSL_CONF_CTX *SSL_CONF_CTX_new(void);
void SSL_CONF_CTX_free(SSL_CONF_CTX *cctx);

/* SSL_CONF_FLAG_...; both return the flags that are on afterwards. */
unsigned int SSL_CONF_CTX_set_flags(SSL_CONF_CTX *cctx, unsigned int flags);
unsigned int SSL_CONF_CTX_clear_flags(SSL_CONF_CTX *cctx, unsigned int flags);

/* What commands begin with; NULL for nothing, or "-" on a command line. */
int SSL_CONF_CTX_set1_prefix(SSL_CONF_CTX *cctx, const char *pre);

/* Whose settings are changed; NULL: commands are only checked. The object must outlive the context of the commands. */
void SSL_CONF_CTX_set_ssl_ctx(SSL_CONF_CTX *cctx, SSL_CTX *ctx);
void SSL_CONF_CTX_set_ssl(SSL_CONF_CTX *cctx, SSL *ssl);

/* Carries a command out: 2 done with the value, 1 done without; 0 failed; -2 no such command; -3 it needs a value. */
int SSL_CONF_cmd(SSL_CONF_CTX *cctx, const char *cmd, const char *value);

/* As SSL_CONF_cmd, for the front of an argument vector, of which it takes what it used; -1 failed, 0 no such command. */
int SSL_CONF_cmd_argv(SSL_CONF_CTX *cctx, int *pargc, char ***pargv);

/* What kind of value a command takes: SSL_CONF_TYPE_... */
int SSL_CONF_cmd_value_type(SSL_CONF_CTX *cctx, const char *cmd);

/* Ends the series of commands: 1, or 0 on failure. */
int SSL_CONF_CTX_finish(SSL_CONF_CTX *cctx);

/*
 * A connection as a BIO: what is written to it is encrypted and goes to what is behind it.
 */
const BIO_METHOD *BIO_f_ssl(void);
BIO *BIO_new_ssl(SSL_CTX *ctx, int client);
BIO *BIO_new_ssl_connect(SSL_CTX *ctx);
BIO *BIO_new_buffer_ssl_connect(SSL_CTX *ctx);
void BIO_ssl_shutdown(BIO *bio);

/*
 * <openssl/bio.h> has BIO_set_ssl, BIO_get_ssl, BIO_set_ssl_mode and BIO_do_handshake: BIO_get_ssl stores a pointer that the BIO keeps;
 * BIO_set_ssl with BIO_CLOSE takes a reference, with BIO_NOCLOSE one of its own. Renegotiation by a BIO is accepted, and not done.
 */

#ifdef __cplusplus
}
#endif

#endif
