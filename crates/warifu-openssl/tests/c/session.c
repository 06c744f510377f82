/* What programs do with sessions: objects, the cache of a context and its callbacks, forms, identities that outlive a connection. */
#include "tests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static SSL_SESSION *session_of(struct pair *pair)
{
    SSL_SESSION *session;

    pair_exchange(pair, CLIENT, "hello");
    pair_exchange(pair, SERVER, "hello");
    session = SSL_get1_session(pair_client(pair));
    CHECK(session != NULL);
    SSL_shutdown(pair_client(pair));
    SSL_shutdown(pair_server(pair));
    return session;
}

/* A session of a new connection. */
static SSL_SESSION *made_by(SSL_CTX *client, SSL_CTX *server)
{
    struct pair pair;
    SSL_SESSION *session;

    pair_connect(&pair, MEMORY, client, server);
    session = session_of(&pair);
    pair_close(&pair);
    return session;
}

/* Whether a session is resumed. */
static int is_resumed(SSL_CTX *client, SSL_CTX *server, SSL_SESSION *session)
{
    struct pair pair;
    int reused;

    pair_open(&pair, MEMORY, client, server);
    CHECK_INT(SSL_set_session(pair_client(&pair), session), 1);
    CHECK(pair_handshake(&pair));
    reused = SSL_session_reused(pair_client(&pair));
    CHECK_INT(SSL_session_reused(pair_server(&pair)), reused);
    pair_exchange(&pair, CLIENT, "hello");
    SSL_shutdown(pair_client(&pair));
    SSL_shutdown(pair_server(&pair));
    pair_close(&pair);
    return reused;
}

static void objects(void)
{
    static const unsigned char id[] = "an ID", context[] = "context", alpn[] = "protocol", key[32] = {1, 2, 3};
    SSL_SESSION *session = SSL_SESSION_new();
    const unsigned char *bytes;
    unsigned char out[64];
    unsigned int length = 9;
    size_t size = 9;
    int index, value;

    check_context("objects");
    CHECK(session != NULL);
    CHECK_INT(SSL_SESSION_is_resumable(session), 0);
    CHECK(SSL_SESSION_get0_peer(session) == NULL);
    CHECK(SSL_SESSION_get0_hostname(session) == NULL);
    CHECK_INT(SSL_SESSION_has_ticket(session), 0);
    CHECK_INT(SSL_SESSION_get_ticket_lifetime_hint(session), 0);
    CHECK_INT(SSL_SESSION_get_compress_id(session), 0);
    CHECK_INT(SSL_SESSION_get_max_fragment_length(session), 0);
    SSL_SESSION_get0_ticket(session, &bytes, &size);
    CHECK(bytes == NULL && size == 0);
    SSL_SESSION_get0_alpn_selected(session, &bytes, &size);
    CHECK(bytes == NULL && size == 0);
    CHECK_INT(SSL_SESSION_set1_id(session, id, 5), 1);
    bytes = SSL_SESSION_get_id(session, &length);
    CHECK_BYTES(bytes, length, id, 5);
    CHECK_INT(SSL_SESSION_set1_id(session, key, 33), 0);
    CHECK_INT(SSL_SESSION_set1_id_context(session, context, 7), 1);
    bytes = SSL_SESSION_get0_id_context(session, &length);
    CHECK_BYTES(bytes, length, context, 7);
    CHECK_INT(SSL_SESSION_set1_id_context(session, key, 33), 0);
    CHECK_INT(SSL_SESSION_set1_alpn_selected(session, alpn, 8), 1);
    SSL_SESSION_get0_alpn_selected(session, &bytes, &size);
    CHECK_BYTES(bytes, size, alpn, 8);
    CHECK_INT(SSL_SESSION_set1_hostname(session, "host.test"), 1);
    CHECK_TEXT(SSL_SESSION_get0_hostname(session), "host.test");
    CHECK_INT(SSL_SESSION_set1_hostname(session, NULL), 1);
    CHECK(SSL_SESSION_get0_hostname(session) == NULL);
    CHECK_INT(SSL_SESSION_set1_master_key(session, key, sizeof key), 1);
    CHECK_INT(SSL_SESSION_get_master_key(session, NULL, 0), sizeof key);
    CHECK_INT(SSL_SESSION_get_master_key(session, out, 8), 8);
    CHECK_BYTES(out, 8, key, 8);
    CHECK_INT(SSL_SESSION_set_max_early_data(session, 77), 1);
    CHECK_INT(SSL_SESSION_get_max_early_data(session), 77);
    CHECK_INT(SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION), 1);
    CHECK_INT(SSL_SESSION_get_protocol_version(session), TLS1_3_VERSION);
    index = SSL_SESSION_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    CHECK(index > 0);
    CHECK(SSL_SESSION_get_ex_data(session, index) == NULL);
    CHECK_INT(SSL_SESSION_set_ex_data(session, index, &value), 1);
    CHECK(SSL_SESSION_get_ex_data(session, index) == &value);
    SSL_SESSION_free(session);
    ERR_clear_error();
}

static void forms(SSL_CTX *client, SSL_CTX *server)
{
    SSL_SESSION *session = made_by(client, server);
    SSL_SESSION *read;
    BIO *bio = BIO_new(BIO_s_mem());
    FILE *file = tmpfile();
    char *text;
    long size;

    check_context("forms");
    CHECK_INT(PEM_write_bio_SSL_SESSION(bio, session), 1);
    CHECK_INT(i2d_SSL_SESSION_bio(bio, session), 1);
    read = PEM_read_bio_SSL_SESSION(bio, NULL, NULL, NULL);
    CHECK(read != NULL);
    CHECK(is_resumed(client, server, read));
    SSL_SESSION_free(read);
    read = d2i_SSL_SESSION_bio(bio, NULL);
    CHECK(read != NULL);
    SSL_SESSION_free(read);
    CHECK(PEM_read_bio_SSL_SESSION(bio, NULL, NULL, NULL) == NULL);
    ERR_clear_error();
    CHECK_INT(PEM_write_SSL_SESSION(file, session), 1);
    rewind(file);
    read = SSL_SESSION_new();
    CHECK(PEM_read_SSL_SESSION(file, &read, NULL, NULL) == read);
    CHECK_INT(SSL_SESSION_get_time(read), SSL_SESSION_get_time(session));
    SSL_SESSION_free(read);
    CHECK_INT(SSL_SESSION_print_fp(file, session), 1);
    fclose(file);
    CHECK_INT(SSL_SESSION_print(bio, session), 1);
    size = BIO_get_mem_data(bio, &text);
    CHECK(size > 100 && strncmp(text, "SSL-Session:", 12) == 0);
    BIO_free(bio);
    SSL_SESSION_free(session);
}

static struct {
    SSL_SESSION *kept;
    int made, dropped, looked_up;
} server_side;

static int keep(SSL *ssl, SSL_SESSION *session)
{
    CHECK(SSL_is_server(ssl));
    server_side.made++;
    SSL_SESSION_free(server_side.kept);
    server_side.kept = session;
    return 1;
}

static void dropped(SSL_CTX *ctx, SSL_SESSION *session)
{
    CHECK(ctx != NULL && session != NULL);
    server_side.dropped++;
}

/* Gives a reference away. */
static SSL_SESSION *look_up(SSL *ssl, const unsigned char *id, int len, int *copy)
{
    unsigned int length;
    const unsigned char *kept;

    CHECK(SSL_is_server(ssl));
    server_side.looked_up++;
    if (server_side.kept == NULL) {
        return NULL;
    }
    kept = SSL_SESSION_get_id(server_side.kept, &length);
    if (length != (unsigned int)len || memcmp(kept, id, length) != 0) {
        return NULL;
    }
    *copy = 0;
    SSL_SESSION_up_ref(server_side.kept);
    return server_side.kept;
}

static void cache(void)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    SSL_SESSION *first, *second, *kept;
    const unsigned char *id;
    unsigned int length;
    SSL *ssl;

    memset(&server_side, 0, sizeof server_side);
    only_version(client, TLS1_2_VERSION);
    SSL_CTX_set_options(server, SSL_OP_NO_TICKET);
    CHECK_INT(SSL_CTX_set_session_id_context(server, (const unsigned char *)"cache", 5), 1);
    CHECK_INT(SSL_CTX_set_session_id_context(server, (const unsigned char *)"0123456789012345678901234567890123", 33), 0);
    ERR_clear_error();
    SSL_CTX_sess_set_new_cb(server, keep);
    SSL_CTX_sess_set_remove_cb(server, dropped);
    CHECK(SSL_CTX_sess_get_remove_cb(server) == dropped);
    CHECK(SSL_CTX_sess_get_get_cb(server) == NULL);

    check_context("kept and removed");
    first = made_by(client, server);
    CHECK_INT(server_side.made, 1);
    id = SSL_SESSION_get_id(first, &length);
    CHECK_INT(length, 32);
    ssl = SSL_new(server);
    CHECK_INT(SSL_has_matching_session_id(ssl, id, length - 1), 0);
    CHECK(is_resumed(client, server, first));
    /* What is resumed is not new. */
    CHECK_INT(server_side.made, 1);
    CHECK_INT(SSL_CTX_sess_number(server), 1);
    CHECK_INT(SSL_CTX_add_session(server, server_side.kept), 0);
    CHECK_INT(SSL_CTX_remove_session(server, server_side.kept), 1);
    CHECK_INT(server_side.dropped, 1);
    CHECK_INT(SSL_CTX_sess_number(server), 0);
    CHECK_INT(SSL_has_matching_session_id(ssl, id, length), 0);
    SSL_free(ssl);
    CHECK_INT(SSL_CTX_sess_misses(server), 0);
    CHECK(!is_resumed(client, server, first));
    CHECK_INT(SSL_CTX_sess_misses(server), 1);
    SSL_SESSION_free(first);

    check_context("too late");
    CHECK_INT(SSL_CTX_sess_number(server), 1);
    first = made_by(client, server);
    kept = server_side.kept;
    CHECK_INT(SSL_SESSION_set_time(kept, (long)time(NULL) - 1000), (long)time(NULL) - 1000);
    CHECK_INT(SSL_SESSION_set_timeout(kept, 100), 1);
    CHECK(!is_resumed(client, server, first));
    CHECK_INT(SSL_CTX_sess_timeouts(server), 1);
    SSL_SESSION_free(first);

    check_context("no room");
    SSL_CTX_flush_sessions(server, 0);
    CHECK_INT(SSL_CTX_sess_number(server), 0);
    CHECK_INT(SSL_CTX_ctrl(server, SSL_CTRL_SET_SESS_CACHE_SIZE, 1, NULL), SSL_SESSION_CACHE_MAX_SIZE_DEFAULT);
    first = made_by(client, server);
    second = made_by(client, server);
    CHECK_INT(SSL_CTX_sess_number(server), 1);
    CHECK_INT(SSL_CTX_sess_cache_full(server), 1);
    CHECK(!is_resumed(client, server, first));
    SSL_SESSION_free(first);
    SSL_SESSION_free(second);

    check_context("looked up by the program");
    first = made_by(client, server);
    SSL_CTX_sess_set_get_cb(server, look_up);
    SSL_CTX_set_session_cache_mode(server, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL);
    server_side.looked_up = 0;
    CHECK(is_resumed(client, server, first));
    CHECK_INT(server_side.looked_up, 1);
    CHECK_INT(SSL_CTX_sess_cb_hits(server), 1);

    check_context("another session ID context");
    CHECK_INT(SSL_CTX_set_session_id_context(server, (const unsigned char *)"other", 5), 1);
    CHECK(!is_resumed(client, server, first));
    SSL_SESSION_free(first);

    check_context("no cache");
    CHECK_INT(SSL_CTX_set_session_cache_mode(server, SSL_SESS_CACHE_OFF), SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL);
    server_side.made = 0;
    first = made_by(client, server);
    CHECK_INT(server_side.made, 0);
    CHECK(!is_resumed(client, server, first));
    SSL_SESSION_free(first);
    SSL_SESSION_free(server_side.kept);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* A client that proves itself by a certificate is known by it in resumed connections too, and so is the server. */
static void identities(int version, int tickets)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    SSL_SESSION *session;
    struct pair pair;
    X509 *certificate;

    check_context("identities, %s, %s", version_name(version), tickets ? "tickets" : "session IDs");
    only_version(client, version);
    CHECK_INT(SSL_CTX_use_certificate_file(client, path("client.crt"), SSL_FILETYPE_PEM), 1);
    CHECK_INT(SSL_CTX_use_PrivateKey_file(client, path("client.key"), SSL_FILETYPE_PEM), 1);
    CHECK_INT(SSL_CTX_load_verify_locations(server, path("ca.crt"), NULL), 1);
    SSL_CTX_set_verify(server, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    CHECK_INT(SSL_CTX_set_session_id_context(server, (const unsigned char *)"it", 2), 1);
    if (!tickets) {
        SSL_CTX_set_options(server, SSL_OP_NO_TICKET);
    }
    session = made_by(client, server);
    pair_open(&pair, MEMORY, client, server);
    CHECK_INT(SSL_set_session(pair_client(&pair), session), 1);
    CHECK(pair_handshake(&pair));
    CHECK(SSL_session_reused(pair_server(&pair)));
    CHECK_INT(SSL_get_verify_result(pair_client(&pair)), X509_V_OK);
    CHECK_INT(SSL_get_verify_result(pair_server(&pair)), X509_V_OK);
    certificate = SSL_get_peer_certificate(pair_client(&pair));
    CHECK(certificate != NULL);
    X509_free(certificate);
    certificate = SSL_get_peer_certificate(pair_server(&pair));
    CHECK(certificate != NULL);
    X509_free(certificate);
    CHECK(SSL_SESSION_get0_peer(SSL_get_session(pair_server(&pair))) != NULL);
    pair_close(&pair);
    SSL_SESSION_free(session);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static int wants_none(SSL *ssl, int is_forward_secure)
{
    CHECK(SSL_is_server(ssl));
    /* OpenSSL says no of TLS 1.3. */
    CHECK(is_forward_secure || SSL_version(ssl) == TLS1_3_VERSION);
    return 1;
}

static void choices(int version)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    SSL_CTX *sibling = server_context();
    unsigned char keys[80];
    SSL_SESSION *session;
    struct pair pair;
    int i;

    check_context("clients of servers with the same keys, %s", version_name(version));
    only_version(client, version);
    for (i = 0; i < 80; i++) {
        keys[i] = (unsigned char)i;
    }
    CHECK_INT(SSL_CTX_set_tlsext_ticket_keys(server, keys, sizeof keys), 1);
    CHECK_INT(SSL_CTX_set_tlsext_ticket_keys(sibling, keys, sizeof keys), 1);
    session = made_by(client, server);
    {
        const unsigned char *ticket;
        size_t size;

        SSL_SESSION_get0_ticket(session, &ticket, &size);
        CHECK(size > 16);
        CHECK_BYTES(ticket, 16, keys, 16);
        CHECK(SSL_SESSION_get_ticket_lifetime_hint(session) > 0);
    }
    CHECK(is_resumed(client, sibling, session));
    SSL_SESSION_free(session);

    check_context("another session on the same object, %s", version_name(version));
    session = made_by(client, server);
    pair_open(&pair, MEMORY, client, server);
    CHECK_INT(SSL_set_session(pair_client(&pair), session), 1);
    SSL_set_connect_state(pair_client(&pair));
    CHECK(SSL_get_session(pair_client(&pair)) == session);
    CHECK(pair_handshake(&pair));
    CHECK_INT(SSL_session_reused(pair_client(&pair)), 1);
    pair_close(&pair);
    SSL_SESSION_free(session);

    check_context("no resumption wanted, %s", version_name(version));
    SSL_CTX_set_options(server, SSL_OP_NO_TICKET);
    SSL_CTX_set_not_resumable_session_callback(server, wants_none);
    session = made_by(client, server);
    CHECK(!is_resumed(client, server, session));
    SSL_SESSION_free(session);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
    SSL_CTX_free(sibling);
}

/* More early data than the session allows, and early data at a wrong time. */
static void wrong_early_data(void)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    SSL_SESSION *session;
    struct pair pair;
    char data[200];
    size_t count = 0;

    check_context("early data at a wrong time");
    memset(data, 'x', sizeof data);
    CHECK_INT(SSL_CTX_set_max_early_data(server, 100), 1);
    CHECK_INT(SSL_CTX_get_recv_max_early_data(server), 16384);
    CHECK_INT(SSL_CTX_set_recv_max_early_data(server, 5000), 1);
    CHECK_INT(SSL_CTX_get_recv_max_early_data(server), 5000);
    session = made_by(client, server);
    CHECK_INT(SSL_SESSION_get_max_early_data(session), 100);
    pair_open(&pair, MEMORY, client, server);
    CHECK_INT(SSL_set_max_early_data(pair_server(&pair), 100), 1);
    CHECK_INT(SSL_get_max_early_data(pair_server(&pair)), 100);
    CHECK_INT(SSL_set_session(pair_client(&pair), session), 1);
    CHECK_INT(SSL_read_early_data(pair_client(&pair), data, sizeof data, &count), SSL_READ_EARLY_DATA_ERROR);
    ERR_clear_error();
    CHECK_INT(SSL_write_early_data(pair_client(&pair), data, 100, &count), 1);
    CHECK_INT(count, 100);
    pair_carry(&pair);
    CHECK_INT(SSL_read_early_data(pair_server(&pair), data, 60, &count), SSL_READ_EARLY_DATA_SUCCESS);
    CHECK_INT(count, 60);
    CHECK_INT(SSL_read_early_data(pair_server(&pair), data, 60, &count), SSL_READ_EARLY_DATA_SUCCESS);
    CHECK_INT(count, 40);
    CHECK_INT(SSL_read_early_data(pair_server(&pair), data, 60, &count), SSL_READ_EARLY_DATA_ERROR);
    CHECK_INT(SSL_get_error(pair_server(&pair), 0), SSL_ERROR_WANT_READ);
    pair_carry(&pair);
    SSL_do_handshake(pair_client(&pair));
    pair_carry(&pair);
    CHECK_INT(SSL_read_early_data(pair_server(&pair), data, 60, &count), SSL_READ_EARLY_DATA_FINISH);
    CHECK_INT(count, 0);
    CHECK(pair_handshake(&pair));
    CHECK_INT(SSL_write_early_data(pair_client(&pair), data, 1, &count), 0);
    CHECK_INT(SSL_get_error(pair_client(&pair), 0), SSL_ERROR_SSL);
    ERR_clear_error();
    pair_close(&pair);
    SSL_SESSION_free(session);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* A server that does not read early data takes none. */
static void unread_early_data(void)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    SSL_SESSION *session;
    struct pair pair;
    size_t count;

    check_context("early data that nobody reads");
    CHECK_INT(SSL_CTX_set_max_early_data(server, 1000), 1);
    session = made_by(client, server);
    pair_open(&pair, MEMORY, client, server);
    CHECK_INT(SSL_set_session(pair_client(&pair), session), 1);
    CHECK_INT(SSL_write_early_data(pair_client(&pair), "lost", 4, &count), 1);
    CHECK(pair_handshake(&pair));
    CHECK_INT(SSL_session_reused(pair_client(&pair)), 1);
    CHECK_INT(SSL_get_early_data_status(pair_client(&pair)), SSL_EARLY_DATA_REJECTED);
    pair_exchange(&pair, CLIENT, "again");
    pair_close(&pair);
    SSL_SESSION_free(session);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static SSL_SESSION *session_of_key(SSL *ssl)
{
    static const unsigned char key[48] = {1, 2, 3};
    SSL_SESSION *session = SSL_SESSION_new();

    CHECK_INT(SSL_SESSION_set1_master_key(session, key, sizeof key), 1);
    CHECK_INT(SSL_SESSION_set_cipher(session, SSL_CIPHER_find(ssl, (const unsigned char *)"\x13\x02")), 1);
    CHECK_INT(SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION), 1);
    CHECK_INT(SSL_SESSION_set_max_early_data(session, 500), 1);
    return session;
}

static int use_key(SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *length, SSL_SESSION **session)
{
    (void)md;
    *id = (const unsigned char *)"key";
    *length = 3;
    *session = session_of_key(ssl);
    return 1;
}

static int find_key(SSL *ssl, const unsigned char *id, size_t length, SSL_SESSION **session)
{
    *session = length == 3 && memcmp(id, "key", 3) == 0 ? session_of_key(ssl) : NULL;
    return 1;
}

static int fail_to_find(SSL *ssl, const unsigned char *id, size_t length, SSL_SESSION **session)
{
    CHECK(ssl != NULL && id != NULL && length == 3);
    *session = NULL;
    return 0;
}

/* A pre-shared key with the hash of a suite, and with early data. */
static void early_data_of_key(void)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;
    char data[64];
    size_t count;
    int time;

    CHECK_INT(SSL_CTX_set_max_early_data(server, 500), 1);
    SSL_CTX_set_psk_use_session_callback(client, use_key);
    SSL_CTX_set_psk_find_session_callback(server, find_key);
    for (time = 0; time < 2; time++) {
        check_context("early data with a key, time %d", time + 1);
        pair_open(&pair, MEMORY, client, server);
        CHECK_INT(SSL_write_early_data(pair_client(&pair), "question", 8, &count), 1);
        pair_carry(&pair);
        CHECK_INT(SSL_read_early_data(pair_server(&pair), data, sizeof data, &count), SSL_READ_EARLY_DATA_SUCCESS);
        CHECK_BYTES(data, count, "question", 8);
        CHECK(pair_handshake(&pair));
        CHECK_INT(SSL_get_early_data_status(pair_client(&pair)), SSL_EARLY_DATA_ACCEPTED);
        pair_close(&pair);
    }
    check_context("a callback that fails");
    SSL_CTX_set_psk_find_session_callback(server, fail_to_find);
    pair_open(&pair, MEMORY, client, server);
    CHECK(!pair_handshake(&pair));
    CHECK_INT(pair.ends[SERVER].error, SSL_ERROR_SSL);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

void test_session_objects(void)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    int version;

    objects();
    forms(client, server);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
    cache();
    for (version = 2; version < 4; version++) {
        identities(versions[version], 1);
        identities(versions[version], 0);
        choices(versions[version]);
    }
    wrong_early_data();
    unread_early_data();
    early_data_of_key();
}
