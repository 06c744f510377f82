/* Early data (0-RTT) of TLS 1.3. */
#include "tests.h"

#include <string.h>

static SSL_SESSION *ticket(SSL_CTX *client, SSL_CTX *server, unsigned long max_early_data)
{
    SSL_SESSION *session;
    struct pair pair;

    pair_connect(&pair, MEMORY, client, server);
    pair_settle(&pair);
    session = SSL_get1_session(pair_client(&pair));
    CHECK_INT(SSL_SESSION_get_max_early_data(session), max_early_data);
    CHECK_INT(SSL_get_early_data_status(pair_client(&pair)), SSL_EARLY_DATA_NOT_SENT);
    SSL_shutdown(pair_client(&pair));
    SSL_shutdown(pair_server(&pair));
    pair_close(&pair);
    return session;
}

/* The server reads early data as long as there is some. Returns the number of bytes; `finished` says whether it saw the end. */
static size_t read_early(struct pair *pair, char *data, size_t size, int *finished)
{
    size_t sum = 0;
    int steps;

    *finished = 0;
    for (steps = 0; steps < 100 && !*finished; steps++) {
        size_t count = 0;
        int result;

        pair_carry(pair);
        ERR_clear_error();
        result = SSL_read_early_data(pair_server(pair), data + sum, size - sum, &count);
        sum += count;
        if (result == SSL_READ_EARLY_DATA_FINISH) {
            *finished = 1;
        } else if (result == SSL_READ_EARLY_DATA_ERROR) {
            int error = SSL_get_error(pair_server(pair), 0);

            if (!CHECK(error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)) {
                break;
            }
            /* The client goes on. */
            SSL_do_handshake(pair_client(pair));
        } else {
            CHECK_INT(result, SSL_READ_EARLY_DATA_SUCCESS);
        }
    }
    return sum;
}

static void early(enum transport transport, int accepted)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    SSL_CTX *strict = server_context();
    SSL_SESSION *session;
    unsigned char keys[80];
    struct pair pair;
    char data[256];
    size_t count;
    int finished;

    check_context("early data %s, %s", accepted ? "accepted" : "rejected", transport_names[transport]);
    CHECK_INT(SSL_CTX_get_max_early_data(client), 0);
    CHECK_INT(SSL_CTX_set_max_early_data(server, 10000), 1);
    CHECK_INT(SSL_CTX_get_max_early_data(server), 10000);
    session = ticket(client, server, 10000);
    /* A server with the same keys that takes none. */
    CHECK_INT(SSL_CTX_get_tlsext_ticket_keys(server, keys, sizeof keys), 1);
    CHECK_INT(SSL_CTX_set_tlsext_ticket_keys(strict, keys, sizeof keys), 1);

    pair_open(&pair, transport, client, accepted ? server : strict);
    CHECK_INT(SSL_set_session(pair_client(&pair), session), 1);
    CHECK_INT(SSL_write_early_data(pair_client(&pair), "early ", 6, &count), 1);
    CHECK_INT(count, 6);
    CHECK_INT(SSL_write_early_data(pair_client(&pair), "message", 7, &count), 1);
    CHECK_INT(count, 7);
    count = read_early(&pair, data, sizeof data, &finished);
    CHECK_INT(finished, 1);
    if (accepted) {
        CHECK_BYTES(data, count, "early message", 13);
    } else {
        CHECK_INT(count, 0);
    }
    CHECK(pair_handshake(&pair));
    CHECK_INT(SSL_get_early_data_status(pair_client(&pair)), accepted ? SSL_EARLY_DATA_ACCEPTED : SSL_EARLY_DATA_REJECTED);
    CHECK_INT(SSL_get_early_data_status(pair_server(&pair)), accepted ? SSL_EARLY_DATA_ACCEPTED : SSL_EARLY_DATA_REJECTED);
    pair_exchange(&pair, CLIENT, "and on it goes");
    pair_exchange(&pair, SERVER, "as ever");
    pair_close(&pair);

    SSL_SESSION_free(session);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
    SSL_CTX_free(strict);
}

/* The server answers before the handshake is done. */
static void early_answer(void)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    SSL_SESSION *session;
    struct pair pair;
    char data[64];
    size_t count;

    check_context("answer to early data");
    CHECK_INT(SSL_CTX_set_max_early_data(server, 1000), 1);
    session = ticket(client, server, 1000);
    pair_open(&pair, MEMORY, client, server);
    CHECK_INT(SSL_set_session(pair_client(&pair), session), 1);
    CHECK_INT(SSL_write_early_data(pair_client(&pair), "question", 8, &count), 1);
    pair_carry(&pair);
    CHECK_INT(SSL_read_early_data(pair_server(&pair), data, sizeof data, &count), SSL_READ_EARLY_DATA_SUCCESS);
    CHECK_BYTES(data, count, "question", 8);
    CHECK_INT(SSL_write_early_data(pair_server(&pair), "answer", 6, &count), 1);
    pair_carry(&pair);
    CHECK_INT(SSL_read(pair_client(&pair), data, sizeof data), 6);
    CHECK_BYTES(data, 6, "answer", 6);
    pair_close(&pair);
    SSL_SESSION_free(session);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static int allow_calls;

static int refuse_early_data(SSL *ssl, void *argument)
{
    (void)ssl;
    CHECK(argument == &allow_calls);
    allow_calls++;
    return 0;
}

static void callback_and_replay(void)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    SSL_SESSION *session;
    struct pair pair;
    char data[64];
    size_t count;
    int finished;

    check_context("callback refuses early data");
    CHECK_INT(SSL_CTX_set_max_early_data(server, 1000), 1);
    session = ticket(client, server, 1000);
    SSL_CTX_set_allow_early_data_cb(server, refuse_early_data, &allow_calls);
    pair_open(&pair, MEMORY, client, server);
    CHECK_INT(SSL_set_session(pair_client(&pair), session), 1);
    CHECK_INT(SSL_write_early_data(pair_client(&pair), "question", 8, &count), 1);
    CHECK_INT(read_early(&pair, data, sizeof data, &finished), 0);
    CHECK(pair_handshake(&pair));
    CHECK_INT(allow_calls, 1);
    CHECK_INT(SSL_get_early_data_status(pair_client(&pair)), SSL_EARLY_DATA_REJECTED);
    pair_close(&pair);
    SSL_SESSION_free(session);
    SSL_CTX_set_allow_early_data_cb(server, NULL, NULL);

    /* A ticket serves for early data once. */
    session = ticket(client, server, 1000);
    for (finished = 0; finished < 2; finished++) {
        SSL_SESSION *copy = SSL_SESSION_dup(session);
        int end;

        check_context("early data, time %d", finished + 1);
        pair_open(&pair, MEMORY, client, server);
        CHECK_INT(SSL_set_session(pair_client(&pair), copy), 1);
        SSL_SESSION_free(copy);
        CHECK_INT(SSL_write_early_data(pair_client(&pair), "question", 8, &count), 1);
        CHECK_INT(read_early(&pair, data, sizeof data, &end), finished == 0 ? 8 : 0);
        CHECK(pair_handshake(&pair));
        pair_close(&pair);
    }
    SSL_SESSION_free(session);

    check_context("early data without a session");
    pair_open(&pair, MEMORY, client, server);
    CHECK_INT(SSL_write_early_data(pair_client(&pair), "question", 8, &count), 0);
    CHECK_INT(SSL_get_error(pair_client(&pair), 0), SSL_ERROR_SSL);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* More than the session allows: it fails, and the server gets nothing of it. */
static void more_than_allowed(void)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    static const char data[1001];
    SSL_SESSION *session;
    struct pair pair;
    char taken[1001];
    size_t count;
    int finished;
    int before;

    CHECK_INT(SSL_CTX_set_max_early_data(server, 1000), 1);
    for (before = 0; before < 2; before++) {
        int reason;

        check_context("more early data than allowed, %d bytes before", before);
        session = ticket(client, server, 1000);
        pair_open(&pair, MEMORY, client, server);
        CHECK_INT(SSL_set_session(pair_client(&pair), session), 1);
        if (before > 0) {
            CHECK_INT(SSL_write_early_data(pair_client(&pair), "x", 1, &count), 1);
        }
        ERR_clear_error();
        CHECK(SSL_write_early_data(pair_client(&pair), data, sizeof data - (size_t)before, &count) <= 0);
        CHECK_INT(failure_of(&pair, CLIENT, 0, &reason), SSL_ERROR_SSL);
        CHECK_INT(reason, SSL_R_TOO_MUCH_EARLY_DATA);
        if (TOO_MUCH_EARLY_DATA_IS_FATAL) {
            CHECK(SSL_connect(pair_client(&pair)) <= 0);
        } else {
            CHECK_INT(read_early(&pair, taken, sizeof taken, &finished), before);
            CHECK_INT(finished, 1);
            CHECK(pair_handshake(&pair));
            CHECK_INT(SSL_get_early_data_status(pair_client(&pair)), SSL_EARLY_DATA_ACCEPTED);
            pair_exchange(&pair, CLIENT, "and on it goes");
        }
        pair_close(&pair);
        SSL_SESSION_free(session);
    }
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

void test_early_data(void)
{
    early(NON_BLOCKING, 1);
    early(MEMORY, 1);
    early(NON_BLOCKING, 0);
    early(MEMORY, 0);
    early_answer();
    callback_and_replay();
    more_than_allowed();
}
