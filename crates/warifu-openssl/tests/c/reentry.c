/* Callbacks that use the API themselves, with the very objects that the library is at work with. */
#include "tests.h"

#include <openssl/x509.h>
#include <pthread.h>
#include <string.h>

static int calls[8];
static const unsigned char key[32] = "0123456789abcdef0123456789abcde";

/* What may be asked and set at any time. */
static void use(SSL *ssl)
{
    SSL_CTX *ctx = SSL_get_SSL_CTX(ssl);
    unsigned char random[32];

    CHECK(SSL_get_version(ssl) != NULL);
    CHECK(SSL_state_string_long(ssl) != NULL);
    SSL_get_current_cipher(ssl);
    SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    SSL_get_peer_cert_chain(ssl);
    X509_free(SSL_get1_peer_certificate(ssl));
    SSL_get_verify_result(ssl);
    SSL_get_session(ssl);
    SSL_SESSION_free(SSL_get1_session(ssl));
    SSL_get_client_random(ssl, random, sizeof random);
    SSL_pending(ssl);
    SSL_in_init(ssl);
    SSL_get_rbio(ssl);
    SSL_get_fd(ssl);
    CHECK_INT(SSL_set_app_data(ssl, calls), 1);
    CHECK(SSL_get_app_data(ssl) == calls);
    CHECK_INT(SSL_up_ref(ssl), 1);
    SSL_free(ssl);
    CHECK_INT(SSL_CTX_up_ref(ctx), 1);
    SSL_CTX_free(ctx);
    SSL_free(SSL_new(ctx));
    SSL_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_set_options(ssl, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_get_options(ctx);
    ERR_peek_error();
}

static int verify_callback(int preverified, X509_STORE_CTX *store)
{
    SSL *ssl = (SSL *)X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());

    calls[0]++;
    use(ssl);
    SSL_set_verify_depth(ssl, 9);
    SSL_CTX_set_verify(SSL_get_SSL_CTX(ssl), SSL_VERIFY_PEER, verify_callback);
    return preverified;
}

static int servername_callback(SSL *ssl, int *alert, void *argument)
{
    calls[1]++;
    (void)alert;
    (void)argument;
    use(ssl);
    CHECK_INT(SSL_use_certificate_file(ssl, path("second.crt"), SSL_FILETYPE_PEM), 1);
    CHECK_INT(SSL_use_PrivateKey_file(ssl, path("second.key"), SSL_FILETYPE_PEM), 1);
    SSL_set_verify(ssl, SSL_VERIFY_PEER, verify_callback);
    return SSL_TLSEXT_ERR_OK;
}

static int alpn_callback(SSL *ssl, const unsigned char **out, unsigned char *length, const unsigned char *in, unsigned int in_length,
                         void *argument)
{
    calls[2]++;
    (void)in_length;
    (void)argument;
    use(ssl);
    *out = in + 1;
    *length = in[0];
    return SSL_TLSEXT_ERR_OK;
}

static void info_callback(const SSL *ssl, int where, int result)
{
    calls[3]++;
    (void)where;
    (void)result;
    use((SSL *)ssl);
}

static void message_callback(int write, int version, int type, const void *data, size_t length, SSL *ssl, void *argument)
{
    calls[4]++;
    (void)write;
    (void)version;
    (void)type;
    (void)data;
    (void)length;
    (void)argument;
    use(ssl);
}

static int new_session(SSL *ssl, SSL_SESSION *session)
{
    calls[5]++;
    use(ssl);
    CHECK(SSL_SESSION_get_timeout(session) > 0);
    SSL_SESSION_set_timeout(session, 100);
    CHECK(i2d_SSL_SESSION(session, NULL) > 0);
    return 0;
}

static void keylog_callback(const SSL *ssl, const char *line)
{
    calls[6]++;
    (void)line;
    use((SSL *)ssl);
}

static int certificate_callback(SSL *ssl, void *argument)
{
    calls[7]++;
    (void)argument;
    use(ssl);
    SSL_set_cert_cb(ssl, NULL, NULL);
    return 1;
}

static void everything(int version, enum transport transport)
{
    static const unsigned char protocols[] = "\x02h2";
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;
    int i;

    check_context("%s, %s", version_name(version), transport_names[transport]);
    memset(calls, 0, sizeof calls);
    only_version(client, version);
    CHECK_INT(SSL_CTX_use_certificate_file(client, path("client.crt"), SSL_FILETYPE_PEM), 1);
    CHECK_INT(SSL_CTX_use_PrivateKey_file(client, path("client.key"), SSL_FILETYPE_PEM), 1);
    SSL_CTX_load_verify_locations(server, path("ca.crt"), NULL);
    SSL_CTX_set_verify(client, SSL_VERIFY_PEER, verify_callback);
    SSL_CTX_set_tlsext_servername_callback(server, servername_callback);
    SSL_CTX_set_alpn_select_cb(server, alpn_callback, NULL);
    SSL_CTX_set_alpn_protos(client, protocols, 3);
    SSL_CTX_set_info_callback(client, info_callback);
    SSL_CTX_set_info_callback(server, info_callback);
    SSL_CTX_set_msg_callback(client, message_callback);
    SSL_CTX_set_msg_callback(server, message_callback);
    SSL_CTX_set_session_cache_mode(client, SSL_SESS_CACHE_BOTH);
    SSL_CTX_sess_set_new_cb(client, new_session);
    SSL_CTX_set_keylog_callback(client, keylog_callback);
    SSL_CTX_set_keylog_callback(server, keylog_callback);
    SSL_CTX_set_cert_cb(server, certificate_callback, NULL);
    pair_open(&pair, transport, client, server);
    CHECK_INT(SSL_set_tlsext_host_name(pair_client(&pair), "second.test"), 1);
    CHECK(pair_handshake(&pair));
    pair_exchange(&pair, CLIENT, "hello");
    pair_exchange(&pair, SERVER, "hello");
    for (i = 0; i < 8; i++) {
        check_context("callback %d, %s, %s", i, version_name(version), transport_names[transport]);
        CHECK(calls[i] > 0);
    }
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static unsigned int psk_client(SSL *ssl, const char *hint, char *identity, unsigned int max_identity_len, unsigned char *psk,
                               unsigned int max_psk_len)
{
    (void)hint;
    (void)max_identity_len;
    (void)max_psk_len;
    calls[0]++;
    use(ssl);
    strcpy(identity, "alice");
    memcpy(psk, key, sizeof key);
    return sizeof key;
}

static unsigned int psk_server(SSL *ssl, const char *identity, unsigned char *psk, unsigned int max_psk_len)
{
    (void)identity;
    (void)max_psk_len;
    calls[1]++;
    use(ssl);
    memcpy(psk, key, sizeof key);
    return sizeof key;
}

static void with_keys(int version)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = bare_context(SSLv23_server_method());
    struct pair pair;

    check_context("keys, %s", version_name(version));
    memset(calls, 0, sizeof calls);
    CHECK_INT(SSL_CTX_set_min_proto_version(server, TLS1_VERSION), 1);
    CHECK_INT(SSL_CTX_set_cipher_list(client, "PSK:@SECLEVEL=0"), 1);
    CHECK_INT(SSL_CTX_set_cipher_list(server, "PSK:@SECLEVEL=0"), 1);
    only_version(client, version);
    SSL_CTX_set_psk_client_callback(client, psk_client);
    SSL_CTX_set_psk_server_callback(server, psk_server);
    pair_connect(&pair, MEMORY, client, server);
    CHECK(calls[0] > 0 && calls[1] > 0);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* The program's reference to a connection, until a callback gives it back. */
static SSL *owned;

static void give_back(void)
{
    SSL *last = owned;

    owned = NULL;
    SSL_free(last);
}

static void give_back_with_message(int write, int version, int type, const void *data, size_t length, SSL *ssl, void *argument)
{
    (void)version;
    (void)data;
    (void)length;
    (void)ssl;
    (void)argument;
    if (write && (type == SSL3_RT_ALERT || type == SSL3_RT_HANDSHAKE)) {
        give_back();
    }
}

static int give_back_with_bio(BIO *bio)
{
    (void)bio;
    give_back();
    return 1;
}

static int give_back_with_passphrase(char *buffer, int size, int writing, void *data)
{
    (void)size;
    (void)writing;
    (void)data;
    give_back();
    strcpy(buffer, "open-sesame");
    return (int)strlen(buffer);
}

/* In the middle of each function that does not run the handshake and may run callbacks, the connection goes. */
static void last_reference(void)
{
    static const char *const names[] = {"shutdown", "key update", "ticket", "certificate request", "BIO", "passphrase"};
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "gives back");
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    int kind;

    CHECK_INT(BIO_meth_set_destroy(method, give_back_with_bio), 1);
    SSL_CTX_set_post_handshake_auth(client, 1);
    for (kind = 0; kind < 6; kind++) {
        enum role role = kind == 2 || kind == 3 ? SERVER : CLIENT;
        struct pair pair;

        check_context("last reference, %s", names[kind]);
        pair_connect(&pair, MEMORY, client, server);
        pair_settle(&pair);
        owned = pair.ends[role].ssl;
        pair.ends[role].ssl = NULL;
        if (kind == 4) {
            SSL_set0_wbio(owned, BIO_new(method));
            SSL_set0_wbio(owned, BIO_new(BIO_s_mem()));
        } else if (kind == 5) {
            SSL_set_default_passwd_cb(owned, give_back_with_passphrase);
            CHECK_INT(SSL_use_PrivateKey_file(owned, path("encrypted.key"), SSL_FILETYPE_PEM), 1);
        } else {
            SSL_set_msg_callback(owned, give_back_with_message);
            if (kind == 0) {
                CHECK_INT(SSL_shutdown(owned), 0);
            } else if (kind == 1) {
                CHECK_INT(SSL_key_update(owned, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
            } else if (kind == 2) {
                CHECK_INT(SSL_new_session_ticket(owned), 1);
            } else {
                SSL_set_verify(owned, SSL_VERIFY_PEER, NULL);
                CHECK_INT(SSL_verify_client_post_handshake(owned), 1);
            }
        }
        CHECK(owned == NULL);
        pair_close(&pair);
    }
    BIO_meth_free(method);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* What a thread runs at its end, after the library has lost what it keeps for the thread. */

static pthread_key_t at_end;
static int noted_at_end;

static void note_at_end(int write, int version, int type, const void *data, size_t length, SSL *ssl, void *argument)
{
    (void)write;
    (void)version;
    (void)type;
    (void)data;
    (void)length;
    (void)ssl;
    (void)argument;
    noted_at_end++;
}

static void shut_down_at_end(void *argument)
{
    struct pair *pair = argument;

    CHECK_INT(SSL_shutdown(pair->ends[CLIENT].ssl), 0);
    CHECK_INT(SSL_shutdown(pair->ends[SERVER].ssl), 0);
    pair_close(pair);
}

static void *thread(void *argument)
{
    struct pair *pair = argument;
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();

    CHECK_INT(pthread_setspecific(at_end, pair), 0);
    pair_connect(pair, MEMORY, client, server);
    pair_settle(pair);
    SSL_set_msg_callback(pair->ends[CLIENT].ssl, note_at_end);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
    return NULL;
}

static void end_of_thread(void)
{
    static struct pair pair;
    pthread_t id;

    check_context("end of a thread");
    CHECK_INT(pthread_key_create(&at_end, shut_down_at_end), 0);
    CHECK_INT(pthread_create(&id, NULL, thread, &pair), 0);
    CHECK_INT(pthread_join(id, NULL), 0);
    CHECK_INT(pthread_key_delete(at_end), 0);
}

/* A BIO that ends with its connection looks at it. */

static SSL *ending;

static int look_at_ending(BIO *bio)
{
    (void)bio;
    if (ending != NULL) {
        CHECK(SSL_get_version(ending) != NULL);
        CHECK(SSL_get_SSL_CTX(ending) != NULL);
        SSL_get_session(ending);
        SSL_get_rbio(ending);
        SSL_get_wbio(ending);
        SSL_pending(ending);
        calls[0]++;
    }
    return 1;
}

static void end_of_connection(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "looks at its connection");
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;

    check_context("end of a connection");
    CHECK_INT(BIO_meth_set_destroy(method, look_at_ending), 1);
    pair_connect(&pair, MEMORY, client, server);
    pair_settle(&pair);
    SSL_set_bio(pair.ends[CLIENT].ssl, BIO_new(method), BIO_new(method));
    ending = pair.ends[CLIENT].ssl;
    pair.ends[CLIENT].ssl = NULL;
    calls[0] = 0;
    SSL_free(ending);
    CHECK_INT(calls[0], 2);
    ending = NULL;
    pair_close(&pair);
    BIO_meth_free(method);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

void test_reentry(void)
{
    int version, transport;

    end_of_thread();

    for (version = FIRST_VERSION; version < 4; version++) {
        for (transport = FIRST_TRANSPORT; transport < PAST_TRANSPORT; transport++) {
            /* The callbacks of both ends count together: one thread. */
            if (transport != BLOCKING) {
                everything(versions[version], (enum transport)transport);
            }
        }
        with_keys(versions[version]);
    }
    if (CONNECTIONS_GO_IN_CALLBACKS) {
        last_reference();
        end_of_connection();
    }
}
