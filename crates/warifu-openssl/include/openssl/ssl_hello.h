/*
 * The callbacks around the handshake: server names, application protocols, certificates on demand, OCSP responses, and callbacks that are
 * told of messages, states and secrets. Included by <openssl/ssl.h>.
 *
 * A callback runs inside of SSL_connect, SSL_accept or another call that does the handshake, and may call any function with its
 * connection, but none that runs the handshake.
 */
#ifndef WARIFU_OPENSSL_SSL_HELLO_H
#define WARIFU_OPENSSL_SSL_HELLO_H

#include <stddef.h>

#include <openssl/safestack.h>
#include <openssl/ssl_constants.h>
#include <openssl/types.h>
#include <openssl/x509.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Server names (SNI).
 */

/* The name of the server that a client wants: a copy is taken; NULL for none. Names that no host can have are refused. An IP address is
 * taken, and not sent: RFC 6066 does not allow it. */
int SSL_set_tlsext_host_name(SSL *ssl, const char *name);
#define SSL_set_tlsext_host_name SSL_set_tlsext_host_name

/* The name: on a client the one that it set, on a server what its client sent; NULL without one. type is TLSEXT_NAMETYPE_host_name. It stays
 * until SSL_clear or SSL_free. */
const char *SSL_get_servername(const SSL *ssl, const int type);

/* TLSEXT_NAMETYPE_host_name, or -1 without a name. */
int SSL_get_servername_type(const SSL *ssl);

/*
 * What a server asks about each client's name, also when there is none. It returns SSL_TLSEXT_ERR_OK to go on, SSL_TLSEXT_ERR_NOACK as well,
 * or SSL_TLSEXT_ERR_ALERT_FATAL to end the handshake with *al, which is SSL_AD_UNRECOGNIZED_NAME at first. SSL_TLSEXT_ERR_ALERT_WARNING goes
 * on without an alert, as TLS 1.3 has it. It may call SSL_set_SSL_CTX, SSL_use_certificate, SSL_set_verify, SSL_set_options and others: they
 * count for this connection. Clients are not asked. Both return 1.
 */
long SSL_CTX_set_tlsext_servername_callback(SSL_CTX *ctx, int (*cb)(SSL *ssl, int *al, void *arg));
long SSL_CTX_set_tlsext_servername_arg(SSL_CTX *ctx, void *arg);
#define SSL_CTX_set_tlsext_servername_callback SSL_CTX_set_tlsext_servername_callback
#define SSL_CTX_set_tlsext_servername_arg SSL_CTX_set_tlsext_servername_arg

/*
 * Goes on in another context, of which the connection takes a reference: with its certificates and keys, its trusted CAs, its names of CAs,
 * and its callbacks for certificates, application protocols, OCSP and keys. Versions, options, modes and SSL_set_verify's mode and callback
 * stay as they are. Returns ctx, or NULL on failure.
 */
SSL_CTX *SSL_set_SSL_CTX(SSL *ssl, SSL_CTX *ctx);

/*
 * Application protocols (ALPN). Lists are as on the wire: each name behind a byte with its length.
 */

/* What a client offers, best first; a copy is taken. They return 0 on SUCCESS and 1 on failure. */
int SSL_CTX_set_alpn_protos(SSL_CTX *ctx, const unsigned char *protos, unsigned int protos_len);
int SSL_set_alpn_protos(SSL *ssl, const unsigned char *protos, unsigned int protos_len);

/*
 * What a server asks about a client's list. It returns SSL_TLSEXT_ERR_OK with one of the client's names in *out and *outlen, which are copied
 * at once; SSL_TLSEXT_ERR_NOACK for no protocol; anything else ends the handshake with no_application_protocol.
 */
typedef int (*SSL_CTX_alpn_select_cb_func)(SSL *ssl, const unsigned char **out, unsigned char *outlen, const unsigned char *in,
                                           unsigned int inlen, void *arg);
void SSL_CTX_set_alpn_select_cb(SSL_CTX *ctx, SSL_CTX_alpn_select_cb_func cb, void *arg);

/* The protocol that was agreed upon, which the connection keeps; NULL and 0 if none was. */
void SSL_get0_alpn_selected(const SSL *ssl, const unsigned char **data, unsigned int *len);

/* The first name of the server's list that the client's has too (OPENSSL_NPN_NEGOTIATED); else the client's first, or NULL if it has none
 * (OPENSSL_NPN_NO_OVERLAP). *out points into the lists. A list that is malformed counts as empty. */
int SSL_select_next_proto(unsigned char **out, unsigned char *outlen, const unsigned char *server, unsigned int server_len,
                          const unsigned char *client, unsigned int client_len);

/* NPN, the forerunner of ALPN, is not there: the setters put an error onto the queue, the getter finds nothing. */
typedef int (*SSL_CTX_npn_advertised_cb_func)(SSL *ssl, const unsigned char **out, unsigned int *outlen, void *arg);
typedef int (*SSL_CTX_npn_select_cb_func)(SSL *s, unsigned char **out, unsigned char *outlen, const unsigned char *in, unsigned int inlen,
                                          void *arg);
void SSL_CTX_set_next_protos_advertised_cb(SSL_CTX *ctx, SSL_CTX_npn_advertised_cb_func cb, void *arg);
void SSL_CTX_set_next_proto_select_cb(SSL_CTX *ctx, SSL_CTX_npn_select_cb_func cb, void *arg);
void SSL_get0_next_proto_negotiated(const SSL *ssl, const unsigned char **data, unsigned int *len);

/*
 * The ClientHello.
 */

/*
 * What a server asks about each ClientHello before all else. It returns SSL_CLIENT_HELLO_SUCCESS to go on; SSL_CLIENT_HELLO_ERROR to end the
 * handshake with *al, which is SSL_AD_INTERNAL_ERROR at first; SSL_CLIENT_HELLO_RETRY to be asked again: SSL_accept ends with
 * SSL_ERROR_WANT_CLIENT_HELLO_CB then. It is not asked about the second hello after a HelloRetryRequest, which says the same.
 */
typedef int (*SSL_client_hello_cb_fn)(SSL *ssl, int *al, void *arg);
void SSL_CTX_set_client_hello_cb(SSL_CTX *ctx, SSL_client_hello_cb_fn cb, void *arg);

/* Parts of the ClientHello, in callbacks for client hellos, server names and application protocols; 0 elsewhere. What they lend is valid in
 * the callback. */
int SSL_client_hello_isv2(SSL *ssl);
unsigned int SSL_client_hello_get0_legacy_version(SSL *ssl);
size_t SSL_client_hello_get0_random(SSL *ssl, const unsigned char **out);
size_t SSL_client_hello_get0_session_id(SSL *ssl, const unsigned char **out);
size_t SSL_client_hello_get0_ciphers(SSL *ssl, const unsigned char **out);
size_t SSL_client_hello_get0_compression_methods(SSL *ssl, const unsigned char **out);
int SSL_client_hello_get0_ext(SSL *ssl, unsigned int type, const unsigned char **out, size_t *outlen);

/* The types of all extensions in the client's order, to be freed with OPENSSL_free. */
int SSL_client_hello_get1_extensions_present(SSL *ssl, int **out, size_t *outlen);

/*
 * Certificates on demand.
 */

/*
 * What is asked before a certificate is needed: on a server in each handshake that is not a resumption, on a client when the server asks for
 * one. It may set a certificate and key on the connection, and returns 1 to go on, 0 to end the handshake, or -1 to be asked again: the
 * call ends with SSL_ERROR_WANT_X509_LOOKUP then. A server with such a callback needs no certificate before. Other settings than
 * certificates are made in the callbacks of the hello: here it is too late for them.
 */
void SSL_CTX_set_cert_cb(SSL_CTX *ctx, int (*cb)(SSL *ssl, void *arg), void *arg);
void SSL_set_cert_cb(SSL *ssl, int (*cb)(SSL *ssl, void *arg), void *arg);

/* What a client that has no fitting certificate asks for one. It returns 1 with a certificate and its key, whose references are given away;
 * 0 for none; -1 to be asked again (SSL_ERROR_WANT_X509_LOOKUP). */
void SSL_CTX_set_client_cert_cb(SSL_CTX *ctx, int (*cb)(SSL *ssl, X509 **x509, EVP_PKEY **pkey));
int (*SSL_CTX_get_client_cert_cb(SSL_CTX *ctx))(SSL *ssl, X509 **x509, EVP_PKEY **pkey);

/* The same by an engine: 0, there are none. */
int SSL_CTX_set_client_cert_engine(SSL_CTX *ctx, ENGINE *e);

/*
 * Lists of CA names for either role, which a server tells its clients if there is no list by SSL_CTX_set_client_CA_list. set0 takes over the
 * list and its names. get0 lends what the object keeps, or NULL.
 */
void SSL_CTX_set0_CA_list(SSL_CTX *ctx, STACK_OF(X509_NAME) *list);
void SSL_set0_CA_list(SSL *ssl, STACK_OF(X509_NAME) *list);
const STACK_OF(X509_NAME) *SSL_CTX_get0_CA_list(const SSL_CTX *ctx);
const STACK_OF(X509_NAME) *SSL_get0_CA_list(const SSL *ssl);
int SSL_CTX_add1_to_CA_list(SSL_CTX *ctx, const X509 *x);
int SSL_add1_to_CA_list(SSL *ssl, const X509 *x);

/* The names that the peer has told, which the connection keeps; NULL if there are none. */
const STACK_OF(X509_NAME) *SSL_get0_peer_CA_list(const SSL *ssl);

/* Adds the subjects of the certificates in all PEM files of a directory that are not on the stack: 1, or 0 on failure, when some may have
 * been added. */
int SSL_add_dir_cert_subjects_to_stack(STACK_OF(X509_NAME) *stack, const char *dir);

/* A copy of a list, which the caller frees with its names; NULL on failure. */
STACK_OF(X509_NAME) *SSL_dup_CA_list(const STACK_OF(X509_NAME) *list);

/*
 * Stapled OCSP responses.
 */

/* TLSEXT_STATUSTYPE_ocsp: a client asks for a response; -1: it does not (the default). */
long SSL_CTX_set_tlsext_status_type(SSL_CTX *ctx, int type);
long SSL_CTX_get_tlsext_status_type(const SSL_CTX *ctx);
long SSL_set_tlsext_status_type(SSL *ssl, int type);
long SSL_get_tlsext_status_type(const SSL *ssl);
#define SSL_CTX_set_tlsext_status_type SSL_CTX_set_tlsext_status_type
#define SSL_CTX_get_tlsext_status_type SSL_CTX_get_tlsext_status_type
#define SSL_set_tlsext_status_type SSL_set_tlsext_status_type
#define SSL_get_tlsext_status_type SSL_get_tlsext_status_type

/*
 * On a server: asked if the client wants a response and the handshake is no resumption. It sets one and returns SSL_TLSEXT_ERR_OK, or
 * SSL_TLSEXT_ERR_NOACK for none, or SSL_TLSEXT_ERR_ALERT_FATAL to end the handshake. On a client that asked for a response: told once the
 * server's certificate is believed, whether there is one or not; 1 goes on, 0 or less ends the handshake. The library itself does not
 * look into responses.
 */
long SSL_CTX_set_tlsext_status_cb(SSL_CTX *ctx, int (*cb)(SSL *ssl, void *arg));
long SSL_CTX_get_tlsext_status_cb(SSL_CTX *ctx, int (**cb)(SSL *ssl, void *arg));
long SSL_CTX_set_tlsext_status_arg(SSL_CTX *ctx, void *arg);
long SSL_CTX_get_tlsext_status_arg(SSL_CTX *ctx, void **arg);
#define SSL_CTX_set_tlsext_status_cb SSL_CTX_set_tlsext_status_cb
#define SSL_CTX_get_tlsext_status_cb SSL_CTX_get_tlsext_status_cb
#define SSL_CTX_set_tlsext_status_arg SSL_CTX_set_tlsext_status_arg
#define SSL_CTX_get_tlsext_status_arg SSL_CTX_get_tlsext_status_arg

/* The response, DER: on a client the server's, which the connection keeps; its length, or -1 and NULL without one. On a server the one to
 * staple, which was allocated with OPENSSL_malloc and is given away. */
long SSL_get_tlsext_status_ocsp_resp(SSL *ssl, const unsigned char **resp);
long SSL_set_tlsext_status_ocsp_resp(SSL *ssl, unsigned char *resp, long len);
#define SSL_get_tlsext_status_ocsp_resp SSL_get_tlsext_status_ocsp_resp
#define SSL_set_tlsext_status_ocsp_resp SSL_set_tlsext_status_ocsp_resp

/*
 * Callbacks that are told. They are called after a step of the handshake, in the order in which things happened. Those of a connection are
 * in force at once; of those of a context the key log and the message callback count for connections made later, the info callback
 * for all that have none of their own and whose handshake begins later.
 */

/* A line for SSLKEYLOGFILE, without its end. Whoever reads it can decrypt the connection. */
typedef void (*SSL_CTX_keylog_cb_func)(const SSL *ssl, const char *line);
void SSL_CTX_set_keylog_callback(SSL_CTX *ctx, SSL_CTX_keylog_cb_func cb);
SSL_CTX_keylog_cb_func SSL_CTX_get_keylog_callback(const SSL_CTX *ctx);

/*
 * Each message and record: write_p is 1 for what is sent. content_type is SSL3_RT_HANDSHAKE (the whole message with its header),
 * SSL3_RT_ALERT (level and description), SSL3_RT_CHANGE_CIPHER_SPEC, SSL3_RT_HEADER (the 5 bytes of a record's header; version is 0), or
 * SSL3_RT_INNER_CONTENT_TYPE (the type inside of a protected record of TLS 1.3). The headers of records that hold a message are told of
 * before it when it is received, and after it when it is sent.
 */
typedef void (*SSL_msg_cb_fn)(int write_p, int version, int content_type, const void *buf, size_t len, SSL *ssl, void *arg);
void SSL_CTX_set_msg_callback(SSL_CTX *ctx, SSL_msg_cb_fn cb);
void SSL_set_msg_callback(SSL *ssl, SSL_msg_cb_fn cb);
long SSL_CTX_set_msg_callback_arg(SSL_CTX *ctx, void *arg);
long SSL_set_msg_callback_arg(SSL *ssl, void *arg);
#define SSL_CTX_set_msg_callback_arg SSL_CTX_set_msg_callback_arg
#define SSL_set_msg_callback_arg SSL_set_msg_callback_arg

/* The steps of a handshake and alerts: where is SSL_CB_HANDSHAKE_START, SSL_CB_CONNECT_LOOP or SSL_CB_ACCEPT_LOOP (a message was read or
 * written: SSL_state_string_long), SSL_CB_CONNECT_EXIT or SSL_CB_ACCEPT_EXIT (ret is 1, or -1 if the handshake is not complete),
 * SSL_CB_HANDSHAKE_DONE, SSL_CB_READ_ALERT or SSL_CB_WRITE_ALERT (ret is the alert). */
typedef void (*SSL_info_cb_fn)(const SSL *ssl, int where, int ret);
void SSL_CTX_set_info_callback(SSL_CTX *ctx, SSL_info_cb_fn cb);
SSL_info_cb_fn SSL_CTX_get_info_callback(const SSL_CTX *ctx);
void SSL_set_info_callback(SSL *ssl, SSL_info_cb_fn cb);
SSL_info_cb_fn SSL_get_info_callback(const SSL *ssl);
/* Levels of alerts. */
#define SSL3_AL_WARNING 1
#define SSL3_AL_FATAL 2

/* The level and description of an alert as an info callback gets it, in letters or words. The texts are static. */
const char *SSL_alert_type_string(int value);
const char *SSL_alert_type_string_long(int value);
const char *SSL_alert_desc_string(int value);
const char *SSL_alert_desc_string_long(int value);

/*
 * How far a handshake has come: the last message that was read or written. With an info or message callback it is exact; without one it is
 * what can be told from what the handshake waits for.
 */
typedef enum {
    TLS_ST_BEFORE = 0,
    TLS_ST_OK = 1,
    DTLS_ST_CR_HELLO_VERIFY_REQUEST = 2,
    TLS_ST_CR_SRVR_HELLO = 3,
    TLS_ST_CR_CERT = 4,
    TLS_ST_CR_CERT_STATUS = 5,
    TLS_ST_CR_KEY_EXCH = 6,
    TLS_ST_CR_CERT_REQ = 7,
    TLS_ST_CR_SRVR_DONE = 8,
    TLS_ST_CR_SESSION_TICKET = 9,
    TLS_ST_CR_CHANGE = 10,
    TLS_ST_CR_FINISHED = 11,
    TLS_ST_CW_CLNT_HELLO = 12,
    TLS_ST_CW_CERT = 13,
    TLS_ST_CW_KEY_EXCH = 14,
    TLS_ST_CW_CERT_VRFY = 15,
    TLS_ST_CW_CHANGE = 16,
    TLS_ST_CW_NEXT_PROTO = 17,
    TLS_ST_CW_FINISHED = 18,
    TLS_ST_SW_HELLO_REQ = 19,
    TLS_ST_SR_CLNT_HELLO = 20,
    DTLS_ST_SW_HELLO_VERIFY_REQUEST = 21,
    TLS_ST_SW_SRVR_HELLO = 22,
    TLS_ST_SW_CERT = 23,
    TLS_ST_SW_KEY_EXCH = 24,
    TLS_ST_SW_CERT_REQ = 25,
    TLS_ST_SW_SRVR_DONE = 26,
    TLS_ST_SR_CERT = 27,
    TLS_ST_SR_KEY_EXCH = 28,
    TLS_ST_SR_CERT_VRFY = 29,
    TLS_ST_SR_NEXT_PROTO = 30,
    TLS_ST_SR_CHANGE = 31,
    TLS_ST_SR_FINISHED = 32,
    TLS_ST_SW_SESSION_TICKET = 33,
    TLS_ST_SW_CERT_STATUS = 34,
    TLS_ST_SW_CHANGE = 35,
    TLS_ST_SW_FINISHED = 36,
    TLS_ST_SW_ENCRYPTED_EXTENSIONS = 37,
    TLS_ST_CR_ENCRYPTED_EXTENSIONS = 38,
    TLS_ST_CR_CERT_VRFY = 39,
    TLS_ST_SW_CERT_VRFY = 40,
    TLS_ST_CR_HELLO_REQ = 41,
    TLS_ST_SW_KEY_UPDATE = 42,
    TLS_ST_CW_KEY_UPDATE = 43,
    TLS_ST_SR_KEY_UPDATE = 44,
    TLS_ST_CR_KEY_UPDATE = 45,
    TLS_ST_EARLY_DATA = 46,
    TLS_ST_PENDING_EARLY_DATA_END = 47,
    TLS_ST_CW_END_OF_EARLY_DATA = 48,
    TLS_ST_SR_END_OF_EARLY_DATA = 49
} OSSL_HANDSHAKE_STATE;
OSSL_HANDSHAKE_STATE SSL_get_state(const SSL *ssl);
#define SSL_state(s) SSL_get_state(s)

/* The same in letters or words, and whether a record's header or its body is read next. The texts are static. */
const char *SSL_state_string(const SSL *ssl);
const char *SSL_state_string_long(const SSL *ssl);
const char *SSL_rstate_string(const SSL *ssl);
const char *SSL_rstate_string_long(const SSL *ssl);

/* Whether the handshake is not complete, and whether it has not begun. */
int SSL_in_init(const SSL *ssl);
int SSL_in_before(const SSL *ssl);
#define SSL_in_connect_init(s) (SSL_in_init(s) && !SSL_is_server(s))
#define SSL_in_accept_init(s) (SSL_in_init(s) && SSL_is_server(s))

/*
 * Parameters for key exchange, of programs for older libraries. They are not used: the library has groups of its own, of RFC 7919 for DHE.
 * All return 1; set0 takes the caller's reference. The callback is never called.
 */
long SSL_CTX_set_tmp_dh(SSL_CTX *ctx, const DH *dh);
long SSL_set_tmp_dh(SSL *ssl, const DH *dh);
long SSL_CTX_set_tmp_ecdh(SSL_CTX *ctx, const EC_KEY *ecdh);
long SSL_set_tmp_ecdh(SSL *ssl, const EC_KEY *ecdh);
int SSL_CTX_set0_tmp_dh_pkey(SSL_CTX *ctx, EVP_PKEY *dhpkey);
int SSL_set0_tmp_dh_pkey(SSL *ssl, EVP_PKEY *dhpkey);
void SSL_CTX_set_tmp_dh_callback(SSL_CTX *ctx, DH *(*dh)(SSL *ssl, int is_export, int keylength));
void SSL_set_tmp_dh_callback(SSL *ssl, DH *(*dh)(SSL *ssl, int is_export, int keylength));
#define SSL_CTX_set_tmp_dh SSL_CTX_set_tmp_dh
#define SSL_set_tmp_dh SSL_set_tmp_dh
#define SSL_CTX_set_tmp_ecdh SSL_CTX_set_tmp_ecdh
#define SSL_set_tmp_ecdh SSL_set_tmp_ecdh

/* The commands for callbacks by number (SSL_CTRL_...). 0 for one that is not known. */
long SSL_callback_ctrl(SSL *ssl, int cmd, void (*fp)(void));
long SSL_CTX_callback_ctrl(SSL_CTX *ctx, int cmd, void (*fp)(void));

#ifdef __cplusplus
}
#endif

#endif
