/* Sessions: taken, kept, written to bytes and resumed, with tickets and with session IDs. */
#include "tests.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static SSL_CTX *server_for(int tickets)
{
    SSL_CTX *server = server_context();

    CHECK_INT(SSL_CTX_set_session_id_context(server, (const unsigned char *)"tests", 5), 1);
    if (!tickets) {
        SSL_CTX_set_options(server, SSL_OP_NO_TICKET);
    }
    return server;
}

/* A handshake with a session, if there is one; returns the session that it leaves. */
static SSL_SESSION *meet(SSL_CTX *client, SSL_CTX *server, enum transport transport, SSL_SESSION *session, int reused)
{
    SSL_SESSION *next;
    struct pair pair;

    pair_open(&pair, transport, client, server);
    if (session != NULL) {
        CHECK_INT(SSL_set_session(pair_client(&pair), session), 1);
    }
    CHECK(pair_handshake(&pair));
    CHECK_INT(SSL_session_reused(pair_client(&pair)), reused);
    CHECK_INT(SSL_session_reused(pair_server(&pair)), reused);
    pair_exchange(&pair, CLIENT, "hello");
    pair_exchange(&pair, SERVER, "hello");
    pair_settle(&pair);
    next = SSL_get1_session(pair_client(&pair));
    CHECK(next != NULL);
    CHECK(SSL_get0_session(pair_client(&pair)) == next);
    SSL_shutdown(pair_client(&pair));
    SSL_shutdown(pair_server(&pair));
    pair_close(&pair);
    return next;
}

static void resumed(int version, enum transport transport, int tickets)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_for(tickets);
    SSL_SESSION *first, *second, *read;
    unsigned char *bytes = NULL;
    unsigned char *end;
    const unsigned char *start;
    int size;
    unsigned int length;

    check_context("%s, %s, %s", version_name(version), transport_names[transport], tickets ? "tickets" : "session IDs");
    only_version(client, version);
    first = meet(client, server, transport, NULL, 0);
    CHECK_INT(SSL_SESSION_get_protocol_version(first), version);
    CHECK(SSL_SESSION_get0_cipher(first) != NULL);
    CHECK(SSL_SESSION_is_resumable(first));
    /* The clock of time() may be a tick behind another. */
    CHECK(SSL_SESSION_get_time(first) <= (long)time(NULL) + 1 && SSL_SESSION_get_time(first) > (long)time(NULL) - 100);
    CHECK(SSL_SESSION_get_timeout(first) > 0);
    CHECK(SSL_SESSION_get_id(first, &length) != NULL);
    CHECK_INT(SSL_SESSION_has_ticket(first), tickets || version == TLS1_3_VERSION);
    CHECK(SSL_SESSION_get_master_key(first, NULL, 0) >= 32);
    CHECK(SSL_SESSION_get0_peer(first) != NULL);
    second = meet(client, server, transport, first, 1);
    SSL_SESSION_free(second);

    /* By way of bytes. */
    size = i2d_SSL_SESSION(first, NULL);
    CHECK(size > 0);
    CHECK_INT(i2d_SSL_SESSION(first, &bytes), size);
    if (bytes == NULL) {
        bytes = (unsigned char *)malloc((size_t)size);
        end = bytes;
        CHECK_INT(i2d_SSL_SESSION(first, &end), size);
        CHECK(end == bytes + size);
    }
    SSL_SESSION_free(first);
    start = bytes;
    read = d2i_SSL_SESSION(NULL, &start, size);
    CHECK(read != NULL);
    CHECK(start == bytes + size);
    start = bytes;
    CHECK(d2i_SSL_SESSION(NULL, &start, size / 2) == NULL);
    ERR_clear_error();
    free(bytes);
    CHECK_INT(SSL_SESSION_get_protocol_version(read), version);
    if (version < TLS1_3_VERSION) {
        second = meet(client, server, transport, read, 1);
        SSL_SESSION_free(second);
    } else {
        second = meet(client, server, transport, read, 1);
        /* A ticket of its own comes with each connection. */
        CHECK(second != read);
        SSL_SESSION_free(second);
    }
    SSL_SESSION_free(read);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static struct {
    int client_new, server_new, server_get, server_remove;
    int keep;
    SSL_SESSION *kept;
    unsigned char id[64];
    unsigned int id_length;
} seen;

static int client_new(SSL *ssl, SSL_SESSION *session)
{
    CHECK(ssl != NULL);
    seen.client_new++;
    if (seen.keep) {
        SSL_SESSION_free(seen.kept);
        seen.kept = session;
        return 1; /* it is ours now */
    }
    return 0;
}

static int server_new(SSL *ssl, SSL_SESSION *session)
{
    const unsigned char *id;

    CHECK(ssl != NULL);
    seen.server_new++;
    id = SSL_SESSION_get_id(session, &seen.id_length);
    CHECK(seen.id_length > 0 && seen.id_length <= 32);
    memcpy(seen.id, id, seen.id_length);
    SSL_SESSION_free(seen.kept);
    seen.kept = session;
    return 1;
}

static SSL_SESSION *server_get(SSL *ssl, const unsigned char *id, int length, int *copy)
{
    CHECK(ssl != NULL);
    seen.server_get++;
    *copy = 1; /* the library takes a reference of its own */
    if (seen.kept != NULL && length == (int)seen.id_length && memcmp(id, seen.id, (size_t)length) == 0) {
        return seen.kept;
    }
    return NULL;
}

static void server_remove(SSL_CTX *ctx, SSL_SESSION *session)
{
    CHECK(ctx != NULL && session != NULL);
    seen.server_remove++;
}

static void client_callback(int version, enum transport transport)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_for(1);
    SSL_SESSION *session;

    check_context("new session at the client, %s, %s", version_name(version), transport_names[transport]);
    memset(&seen, 0, sizeof seen);
    only_version(client, version);
    CHECK_INT(SSL_CTX_set_session_cache_mode(client, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL), SSL_SESS_CACHE_SERVER);
    CHECK_INT(SSL_CTX_get_session_cache_mode(client), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(client, client_new);
    CHECK(SSL_CTX_sess_get_new_cb(client) == client_new);
    seen.keep = 1;
    session = meet(client, server, transport, NULL, 0);
    /* TLS 1.3 sends two tickets. */
    CHECK_INT(seen.client_new, version == TLS1_3_VERSION ? 2 : 1);
    CHECK(seen.kept != NULL);
    SSL_SESSION_free(session);
    session = meet(client, server, transport, seen.kept, 1);
    SSL_SESSION_free(session);
    SSL_SESSION_free(seen.kept);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* A cache of the server's own, outside the library. */
static void external_cache(int version)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_for(0);
    SSL_SESSION *first, *second;

    check_context("cache outside, %s", version_name(version));
    memset(&seen, 0, sizeof seen);
    only_version(client, version);
    SSL_CTX_set_session_cache_mode(server, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(server, server_new);
    SSL_CTX_sess_set_get_cb(server, server_get);
    SSL_CTX_sess_set_remove_cb(server, server_remove);
    first = meet(client, server, MEMORY, NULL, 0);
    CHECK_INT(seen.server_new, 1);
    second = meet(client, server, MEMORY, first, 1);
    CHECK_INT(seen.server_get, 1);
    SSL_SESSION_free(first);
    SSL_SESSION_free(second);
    SSL_SESSION_free(seen.kept);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* Reasons for which there is a full handshake. */
static void not_resumed(int version)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_for(1);
    SSL_CTX *other = server_for(1);
    SSL_SESSION *session;
    unsigned char keys[80];

    check_context("keys of another server, %s", version_name(version));
    only_version(client, version);
    session = meet(client, server, MEMORY, NULL, 0);
    SSL_SESSION_free(meet(client, other, MEMORY, session, 0));
    check_context("the same ticket keys, %s", version_name(version));
    CHECK_INT(SSL_CTX_get_tlsext_ticket_keys(server, NULL, 0), sizeof keys);
    CHECK_INT(SSL_CTX_get_tlsext_ticket_keys(server, keys, sizeof keys), 1);
    CHECK_INT(SSL_CTX_set_tlsext_ticket_keys(other, keys, sizeof keys), 1);
    CHECK_INT(SSL_CTX_set_tlsext_ticket_keys(other, keys, 7), 0);
    ERR_clear_error();
    SSL_SESSION_free(session);
    session = meet(client, server, MEMORY, NULL, 0);
    SSL_SESSION_free(meet(client, other, MEMORY, session, 1));
    check_context("too old, %s", version_name(version));
    SSL_SESSION_free(session);
    session = meet(client, server, MEMORY, NULL, 0);
    CHECK_INT(SSL_SESSION_set_time(session, (long)time(NULL) - 100000), (long)time(NULL) - 100000);
    CHECK_INT(SSL_SESSION_set_timeout(session, 10), 1);
    CHECK_INT(SSL_SESSION_get_timeout(session), 10);
    SSL_SESSION_free(session);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
    SSL_CTX_free(other);
}

static void numbers(void)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_for(0);
    SSL_SESSION *session, *copy;
    SSL *ssl;

    check_context("numbers");
    only_version(client, TLS1_2_VERSION);
    session = meet(client, server, MEMORY, NULL, 0);
    CHECK_INT(SSL_CTX_sess_number(server), 1);
    CHECK_INT(SSL_CTX_sess_accept(server), 1);
    CHECK_INT(SSL_CTX_sess_accept_good(server), 1);
    CHECK_INT(SSL_CTX_sess_hits(server), 0);
    SSL_SESSION_free(meet(client, server, MEMORY, session, 1));
    CHECK_INT(SSL_CTX_sess_hits(server), 1);
    CHECK_INT(SSL_CTX_sess_connect_good(client), 2);
    SSL_CTX_flush_sessions(server, (long)time(NULL) + 1000000);
    CHECK_INT(SSL_CTX_sess_number(server), 0);
    SSL_SESSION_free(meet(client, server, MEMORY, session, 0));
    CHECK_INT(SSL_CTX_sess_set_cache_size(server, 5), SSL_SESSION_CACHE_MAX_SIZE_DEFAULT);
    CHECK_INT(SSL_CTX_sess_get_cache_size(server), 5);
    CHECK_INT(SSL_CTX_set_timeout(server, 1234), SSL_CTX_get_timeout(client));
    CHECK_INT(SSL_CTX_get_timeout(server), 1234);

    check_context("references");
    CHECK_INT(SSL_SESSION_up_ref(session), 1);
    SSL_SESSION_free(session);
    copy = SSL_SESSION_dup(session);
    CHECK(copy != NULL && copy != session);
    SSL_SESSION_free(session);
    CHECK_INT(SSL_SESSION_get_protocol_version(copy), TLS1_2_VERSION);
    ssl = SSL_new(client);
    CHECK(SSL_get_session(ssl) == NULL);
    CHECK_INT(SSL_set_session(ssl, copy), 1);
    SSL_SESSION_free(copy);
    CHECK(SSL_get_session(ssl) == copy);
    CHECK_INT(SSL_set_session(ssl, NULL), 1);
    CHECK(SSL_get_session(ssl) == NULL);
    CHECK(SSL_get1_session(ssl) == NULL);
    SSL_free(ssl);
    SSL_SESSION_free(NULL);
    SSL_CTX_free(client);
    SSL_CTX_free(server);

    check_context("number of tickets");
    client = client_context();
    server = server_for(1);
    memset(&seen, 0, sizeof seen);
    SSL_CTX_set_session_cache_mode(client, SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(client, client_new);
    CHECK_INT(SSL_CTX_get_num_tickets(server), 2);
    CHECK_INT(SSL_CTX_set_num_tickets(server, 3), 1);
    CHECK_INT(SSL_CTX_get_num_tickets(server), 3);
    SSL_SESSION_free(meet(client, server, MEMORY, NULL, 0));
    CHECK_INT(seen.client_new, 3);
    {
        struct pair pair;

        check_context("one more ticket");
        seen.client_new = 0;
        pair_open(&pair, MEMORY, client, server);
        CHECK_INT(SSL_set_num_tickets(pair_server(&pair), 0), 1);
        CHECK_INT(SSL_get_num_tickets(pair_server(&pair)), 0);
        CHECK(pair_handshake(&pair));
        pair_settle(&pair);
        CHECK_INT(seen.client_new, 0);
        CHECK_INT(SSL_new_session_ticket(pair_server(&pair)), 1);
        /* It leaves with the next message. */
        pair_exchange(&pair, SERVER, "hello");
        CHECK_INT(seen.client_new, 1);
        ERR_clear_error();
        CHECK_INT(SSL_new_session_ticket(pair_client(&pair)), 0);
        CHECK(!IS_WARIFU || take_reason() == SSL_R_NOT_SERVER);
        pair_close(&pair);
    }
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

void test_sessions(void)
{
    int version, transport;

    for (version = FIRST_VERSION; version < 4; version++) {
        for (transport = FIRST_TRANSPORT; transport < PAST_TRANSPORT; transport++) {
            resumed(versions[version], (enum transport)transport, 1);
            resumed(versions[version], (enum transport)transport, 0);
            client_callback(versions[version], (enum transport)transport);
        }
        if (version < 3) {
            external_cache(versions[version]);
        }
        not_resumed(versions[version]);
    }
    numbers();
}
