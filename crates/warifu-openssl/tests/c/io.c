/* The calls of a connection: reading and writing, errors, and the end. */
#include "tests.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BULK 150000

static unsigned char bytes[BULK];
static unsigned char taken[BULK];

static void open_at(struct pair *pair, int version, enum transport transport)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();

    only_version(client, version);
    SSL_CTX_set_options(client, SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS);
    SSL_CTX_set_options(server, SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS);
    pair_connect(pair, transport, client, server);
    pair_settle(pair);
    /* The connections keep them. */
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* Both ends send and receive at the same time. */
static void both_ways(struct pair *pair)
{
    static unsigned char in[2][BULK];
    int out_done[2] = {0, 0};
    int in_done[2] = {0, 0};
    int rounds, i;

    for (i = 0; i < BULK; i++) {
        bytes[i] = (unsigned char)(i * 13 + i / 256);
    }
    for (rounds = 0; rounds < 10000 && (in_done[0] < BULK || in_done[1] < BULK); rounds++) {
        for (i = 0; i < 2; i++) {
            enum role role = (enum role)i;
            int result;

            if (out_done[i] < BULK) {
                int size = BULK - out_done[i] < 30000 ? BULK - out_done[i] : 30000;

                result = pair_write(pair, role, bytes + out_done[i], size);
                if (result > 0) {
                    CHECK_INT(result, size);
                    out_done[i] += result;
                } else if (!CHECK_INT(SSL_get_error(pair->ends[i].ssl, result), SSL_ERROR_WANT_WRITE)) {
                    return;
                }
            }
            in_done[i] += pair_drain(pair, role, in[i] + in_done[i], BULK - in_done[i], NULL, NULL);
        }
    }
    CHECK_BYTES(in[0], in_done[0], bytes, BULK);
    CHECK_BYTES(in[1], in_done[1], bytes, BULK);
}

static void looking_ahead(struct pair *pair)
{
    SSL *server = pair_server(pair);
    size_t count = 77;

    CHECK_INT(pair_write(pair, CLIENT, "0123456789", 10), 10);
    CHECK_INT(SSL_peek(server, taken, 4), 4);
    CHECK_BYTES(taken, 4, "0123", 4);
    CHECK_INT(SSL_pending(server), 10);
    CHECK_INT(SSL_has_pending(server), 1);
    CHECK_INT(SSL_peek(server, taken, 100), 10);
    CHECK_INT(SSL_peek_ex(server, taken, 3, &count), 1);
    CHECK_INT(count, 3);
    CHECK_INT(SSL_read(server, taken, 2), 2);
    CHECK_BYTES(taken, 2, "01", 2);
    CHECK_INT(SSL_peek(server, taken, 100), 8);
    CHECK_BYTES(taken, 8, "23456789", 8);
    CHECK_INT(SSL_read_ex(server, taken, 100, &count), 1);
    CHECK_INT(count, 8);
    CHECK_BYTES(taken, 8, "23456789", 8);
    CHECK_INT(SSL_pending(server), 0);
    CHECK_INT(SSL_has_pending(server), 0);
}

static void with_sizes(struct pair *pair)
{
    size_t count = 77;

    CHECK_INT(SSL_write_ex(pair_client(pair), "hello", 5, &count), 1);
    CHECK_INT(count, 5);
    pair_carry(pair);
    CHECK_INT(SSL_read_ex(pair_server(pair), taken, sizeof taken, &count), 1);
    CHECK_BYTES(taken, count, "hello", 5);
    if (pair->transport != BLOCKING) {
        /* Nothing there: 0, and SSL_get_error says why. */
        ERR_clear_error();
        CHECK_INT(SSL_read_ex(pair_server(pair), taken, sizeof taken, &count), 0);
        CHECK_INT(SSL_get_error(pair_server(pair), 0), SSL_ERROR_WANT_READ);
        CHECK_INT(SSL_peek_ex(pair_server(pair), taken, sizeof taken, &count), 0);
        CHECK_INT(SSL_get_error(pair_server(pair), 0), SSL_ERROR_WANT_READ);
    }
}

/* Nothing, and less than nothing. */
static void zero_lengths(struct pair *pair)
{
    int reason;

    CHECK_INT(pair_write(pair, CLIENT, "", 0), 0);
    CHECK_INT(pair_write(pair, CLIENT, "after", 5), 5);
    CHECK_INT(pair_read(pair, SERVER, taken, 0), 0);
    CHECK_INT(pair_read(pair, SERVER, taken, 100), 5);
    CHECK_INT(pair_write(pair, CLIENT, "x", -1), -1);
    CHECK_INT(failure_of(pair, CLIENT, -1, &reason), SSL_ERROR_SSL);
    CHECK_INT(reason, SSL_R_BAD_LENGTH);
    CHECK_INT(pair_read(pair, SERVER, taken, -1), -1);
    CHECK_INT(failure_of(pair, SERVER, -1, &reason), SSL_ERROR_SSL);
    CHECK_INT(reason, SSL_R_BAD_LENGTH);
    CHECK_INT(SSL_peek(pair_server(pair), taken, -5), -1);
    ERR_clear_error();
    /* It goes on. */
    pair_exchange(pair, CLIENT, "hello");
    pair_exchange(pair, SERVER, "hello");
}

/* A socket for each direction. */
static void two_sockets(void)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;
    int forth[2];
    int back[2];

    check_context("rfd and wfd");
    pair_open(&pair, NON_BLOCKING, client, server);
    CHECK_INT(SSL_get_fd(pair_client(&pair)), pair.ends[CLIENT].fd);
    CHECK_INT(SSL_get_rfd(pair_client(&pair)), pair.ends[CLIENT].fd);
    CHECK_INT(SSL_get_wfd(pair_client(&pair)), pair.ends[CLIENT].fd);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, forth) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, back) == 0);
    set_non_blocking(forth[0]);
    set_non_blocking(forth[1]);
    set_non_blocking(back[0]);
    set_non_blocking(back[1]);
    CHECK_INT(SSL_set_wfd(pair_client(&pair), forth[0]), 1);
    CHECK_INT(SSL_set_rfd(pair_client(&pair), back[0]), 1);
    CHECK_INT(SSL_set_rfd(pair_server(&pair), forth[1]), 1);
    CHECK_INT(SSL_set_wfd(pair_server(&pair), back[1]), 1);
    CHECK_INT(SSL_get_rfd(pair_client(&pair)), back[0]);
    CHECK_INT(SSL_get_wfd(pair_client(&pair)), forth[0]);
    CHECK(pair_handshake(&pair));
    CHECK_INT(SSL_write(pair_client(&pair), "there", 5), 5);
    CHECK_INT(SSL_read(pair_server(&pair), taken, sizeof taken), 5);
    CHECK_INT(SSL_write(pair_server(&pair), "back", 4), 4);
    CHECK_INT(SSL_read(pair_client(&pair), taken, sizeof taken), 4);
    pair_close(&pair);
    close(forth[0]);
    close(forth[1]);
    close(back[0]);
    close(back[1]);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* Data that a client of TLS 1.3 sends behind its Finished, before the server has received that. */
static void data_behind_the_handshake(const char *suites)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;
    size_t length;

    check_context("data behind the handshake, %s", suites);
    only_version(client, TLS1_3_VERSION);
    CHECK_INT(SSL_CTX_set_ciphersuites(client, suites), 1);
    CHECK_INT(SSL_CTX_set_ciphersuites(server, suites), 1);
    for (length = 1; length < 40; length++) {
        char seen[100];

        pair_open(&pair, NON_BLOCKING, client, server);
        CHECK_INT(SSL_connect(pair_client(&pair)), -1);
        CHECK_INT(SSL_accept(pair_server(&pair)), -1);
        CHECK_INT(SSL_connect(pair_client(&pair)), 1);
        CHECK_INT(SSL_write(pair_client(&pair), taken, (int)length), (int)length);
        CHECK_INT(SSL_accept(pair_server(&pair)), 1);
        /* Whoever waits for the socket is told. */
        CHECK_INT(SSL_pending(pair_server(&pair)), 0);
        CHECK_INT(SSL_has_pending(pair_server(&pair)), 0);
        CHECK(recv(pair.ends[SERVER].fd, seen, sizeof seen, MSG_PEEK | MSG_DONTWAIT) > 0);
        CHECK_INT(SSL_read(pair_server(&pair), seen, sizeof seen), (int)length);
        CHECK_INT(SSL_has_pending(pair_server(&pair)), 0);
        CHECK_INT(recv(pair.ends[SERVER].fd, seen, sizeof seen, MSG_PEEK | MSG_DONTWAIT), -1);
        pair_close(&pair);
    }
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* Two memory BIOs that are connected with each other. */
static void bio_pair(int version)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    SSL *ends[2];
    BIO *bios[2];
    int i;

    check_context("BIO pair, %s", version_name(version));
    only_version(client, version);
    SSL_CTX_set_options(client, SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS);
    ends[0] = SSL_new(client);
    ends[1] = SSL_new(server);
    CHECK_INT(BIO_new_bio_pair(&bios[0], 300, &bios[1], 300), 1);
    SSL_set_bio(ends[0], bios[0], bios[0]);
    SSL_set_bio(ends[1], bios[1], bios[1]);
    CHECK(SSL_get_rbio(ends[0]) == bios[0] && SSL_get_wbio(ends[0]) == bios[0]);
    SSL_set_connect_state(ends[0]);
    SSL_set_accept_state(ends[1]);
    for (i = 0; i < 1000 && !(SSL_is_init_finished(ends[0]) && SSL_is_init_finished(ends[1])); i++) {
        SSL *ssl = ends[i % 2];
        /* One that is done takes the tickets of the other. */
        int result = SSL_is_init_finished(ssl) ? SSL_read(ssl, taken, sizeof taken) : SSL_do_handshake(ssl);
        int error = SSL_get_error(ssl, result);

        if (result != 1 && error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
            CHECK_INT(error, SSL_ERROR_NONE);
            break;
        }
    }
    CHECK(SSL_is_init_finished(ends[0]));
    CHECK(SSL_is_init_finished(ends[1]));
    SSL_read(ends[0], taken, sizeof taken);
    CHECK_INT(SSL_write(ends[0], "hello", 5), 5);
    CHECK_INT(SSL_read(ends[1], taken, sizeof taken), 5);
    SSL_free(ends[0]);
    SSL_free(ends[1]);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
    ERR_clear_error();
}

/*
 * A program between, which asks a BIO pair how many bytes the connection waits for, and waits itself until it has as many: they may not be
 * more than the record has that comes next, or its header.
 */
static void read_requests(int version)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    SSL *ends[2];
    BIO *bios[2];
    BIO *outside[2];
    unsigned char header[2][5];
    size_t header_length[2] = {0, 0};
    size_t body_left[2] = {0, 0};
    int i, rounds;

    check_context("read requests of a BIO pair, %s", version_name(version));
    only_version(client, version);
    ends[CLIENT] = SSL_new(client);
    ends[SERVER] = SSL_new(server);
    for (i = 0; i < 2; i++) {
        CHECK_INT(BIO_new_bio_pair(&bios[i], 0, &outside[i], 0), 1);
        SSL_set_bio(ends[i], bios[i], bios[i]);
    }
    SSL_set_connect_state(ends[CLIENT]);
    SSL_set_accept_state(ends[SERVER]);
    for (rounds = 0; rounds < 2000 && !(SSL_is_init_finished(ends[0]) && SSL_is_init_finished(ends[1])); rounds++) {
        for (i = 0; i < 2; i++) {
            unsigned char moved[20000];
            size_t wanted, needed, at;

            if (!SSL_is_init_finished(ends[i])) {
                SSL_do_handshake(ends[i]);
            }
            wanted = BIO_ctrl_get_read_request(outside[i]);
            needed = body_left[i] > 0 ? body_left[i] : sizeof header[i] - header_length[i];
            if (!CHECK(wanted <= needed)) {
                printf("      %lu bytes are wanted, %lu needed\n", (unsigned long)wanted, (unsigned long)needed);
                rounds = 2000;
                break;
            }
            if (wanted == 0 || BIO_ctrl_pending(outside[1 - i]) < wanted) {
                continue;
            }
            CHECK_INT(BIO_read(outside[1 - i], moved, (int)wanted), (int)wanted);
            CHECK_INT(BIO_write(outside[i], moved, (int)wanted), (int)wanted);
            if (body_left[i] > 0) {
                body_left[i] -= wanted;
                continue;
            }
            for (at = 0; at < wanted; at++) {
                header[i][header_length[i]++] = moved[at];
            }
            if (header_length[i] == sizeof header[i]) {
                body_left[i] = (size_t)header[i][3] << 8 | header[i][4];
                header_length[i] = 0;
            }
        }
    }
    CHECK(SSL_is_init_finished(ends[CLIENT]));
    CHECK(SSL_is_init_finished(ends[SERVER]));
    for (i = 0; i < 2; i++) {
        SSL_free(ends[i]);
        BIO_free(outside[i]);
    }
    SSL_CTX_free(client);
    SSL_CTX_free(server);
    ERR_clear_error();
}

/* The same with a FILE: reading it waits until all came that was asked for. The file is of one end of a pair of sockets. */
static void *serve_file(void *argument)
{
    SSL *ssl = (SSL *)argument;

    CHECK_INT(SSL_accept(ssl), 1);
    CHECK_INT(SSL_read(ssl, taken, 5), 5);
    CHECK_INT(SSL_write(ssl, "world", 5), 5);
    return NULL;
}

static void file_of_a_socket(int version)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;
    pthread_t thread;
    FILE *file;
    char answer[8];

    check_context("FILE, %s", version_name(version));
    only_version(client, version);
    SSL_CTX_set_options(client, SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS);
    SSL_CTX_set_options(server, SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS);
    pair_open(&pair, BLOCKING, client, server);
    file = fdopen(dup(pair.ends[CLIENT].fd), "r");
    /* Its own buffer is to be no matter. */
    setvbuf(file, NULL, _IONBF, 0);
    SSL_set0_rbio(pair_client(&pair), BIO_new_fp(file, BIO_CLOSE));
    CHECK_INT(pthread_create(&thread, NULL, serve_file, pair_server(&pair)), 0);
    CHECK_INT(SSL_connect(pair_client(&pair)), 1);
    CHECK_INT(SSL_write(pair_client(&pair), "hello", 5), 5);
    CHECK_INT(SSL_read(pair_client(&pair), answer, sizeof answer), 5);
    pthread_join(thread, NULL);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

void test_reading_and_writing(void)
{
    int version, transport;

    for (version = FIRST_VERSION; version < 4; version++) {
        for (transport = FIRST_TRANSPORT; transport < PAST_TRANSPORT; transport++) {
            struct pair pair;

            check_context("%s, %s", version_name(versions[version]), transport_names[transport]);
            open_at(&pair, versions[version], (enum transport)transport);
            if (transport != BLOCKING) {
                both_ways(&pair);
            }
            looking_ahead(&pair);
            with_sizes(&pair);
            zero_lengths(&pair);
            pair_close(&pair);
        }
        bio_pair(versions[version]);
        read_requests(versions[version]);
        file_of_a_socket(versions[version]);
    }
    two_sockets();
    data_behind_the_handshake("TLS_AES_128_GCM_SHA256");
    data_behind_the_handshake("TLS_AES_256_GCM_SHA384");
    data_behind_the_handshake("TLS_CHACHA20_POLY1305_SHA256");
}

/* Each state of SSL_get_error, with what SSL_want says. */
static void states(int version, enum transport transport)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    SSL_CTX *either;
    struct pair pair;
    SSL *ssl;
    int result;
    int reason;

    check_context("states, %s, %s", version_name(version), transport_names[transport]);
    only_version(client, version);

    /* No role: the method leaves it open. */
    either = bare_context(SSLv23_method());
    ssl = SSL_new(either);
    SSL_CTX_free(either);
    ERR_clear_error();
    result = SSL_read(ssl, taken, 1);
    CHECK_INT(result, -1);
    CHECK_INT(SSL_get_error(ssl, result), SSL_ERROR_SSL);
    CHECK_INT(take_reason(), SSL_R_UNINITIALIZED);
    result = SSL_write(ssl, "x", 1);
    CHECK_INT(result, -1);
    CHECK_INT(SSL_get_error(ssl, result), SSL_ERROR_SSL);
    CHECK_INT(take_reason(), SSL_R_UNINITIALIZED);
    CHECK_INT(SSL_do_handshake(ssl), -1);
    CHECK_INT(take_reason(), SSL_R_CONNECTION_TYPE_NOT_SET);
    CHECK_INT(SSL_shutdown(ssl), -1);
    CHECK_INT(take_reason(), SSL_R_UNINITIALIZED);
    CHECK_INT(SSL_want(ssl), SSL_NOTHING);
    SSL_free(ssl);

    pair_open(&pair, transport, client, server);
    if (transport != BLOCKING) {
        /* A read does the handshake first. */
        CHECK(SSL_in_init(pair_client(&pair)));
        CHECK(!SSL_is_init_finished(pair_client(&pair)));
        result = pair_read(&pair, CLIENT, taken, 1);
        CHECK_INT(result, -1);
        CHECK_INT(SSL_get_error(pair_client(&pair), result), SSL_ERROR_WANT_READ);
        CHECK_INT(SSL_want(pair_client(&pair)), SSL_READING);
        CHECK(SSL_want_read(pair_client(&pair)));
        /* So does a write. */
        result = pair_write(&pair, CLIENT, "x", 1);
        CHECK_INT(result, -1);
        CHECK_INT(SSL_get_error(pair_client(&pair), result), SSL_ERROR_WANT_READ);
        CHECK_INT(ERR_peek_error(), 0);
        /* In the middle of it there is no end. */
        CHECK_INT(SSL_shutdown(pair_client(&pair)), -1);
        CHECK_INT(failure_of(&pair, CLIENT, -1, &reason), SSL_ERROR_SSL);
        CHECK_INT(reason, SSL_R_SHUTDOWN_WHILE_IN_INIT);
    }
    CHECK(pair_handshake(&pair));
    CHECK(!SSL_in_init(pair_client(&pair)));
    CHECK(SSL_is_init_finished(pair_client(&pair)));
    CHECK_INT(SSL_get_error(pair_client(&pair), 1), SSL_ERROR_NONE);
    CHECK_INT(SSL_want(pair_client(&pair)), SSL_NOTHING);
    CHECK(SSL_want_nothing(pair_client(&pair)));
    pair_settle(&pair);
    if (transport != BLOCKING) {
        result = pair_read(&pair, CLIENT, taken, 1);
        CHECK_INT(result, -1);
        CHECK_INT(SSL_get_error(pair_client(&pair), result), SSL_ERROR_WANT_READ);
    }
    /* Once more is nothing more. */
    CHECK_INT(SSL_do_handshake(pair_client(&pair)), 1);
    CHECK_INT(SSL_connect(pair_client(&pair)), 1);
    CHECK_INT(SSL_accept(pair_server(&pair)), 1);
    pair_exchange(&pair, CLIENT, "hello");

    /* The peer says that it sends no more. */
    CHECK_INT(SSL_shutdown(pair_server(&pair)), 0);
    result = pair_read(&pair, CLIENT, taken, 1);
    CHECK_INT(result, 0);
    CHECK_INT(SSL_get_error(pair_client(&pair), result), SSL_ERROR_ZERO_RETURN);
    CHECK_INT(pair_read(&pair, CLIENT, taken, 1), 0);
    CHECK_INT(SSL_get_error(pair_client(&pair), 0), SSL_ERROR_ZERO_RETURN);
    CHECK_INT(SSL_get_shutdown(pair_client(&pair)), SSL_RECEIVED_SHUTDOWN);
    CHECK_INT(SSL_get_shutdown(pair_server(&pair)), SSL_SENT_SHUTDOWN);
    /* This side may go on. */
    pair_exchange(&pair, CLIENT, "last words");
    /* The other may not. */
    result = pair_write(&pair, SERVER, "x", 1);
    CHECK_INT(result, -1);
    CHECK_INT(failure_of(&pair, SERVER, result, &reason), SSL_ERROR_SSL);
    CHECK_INT(reason, SSL_R_PROTOCOL_IS_SHUTDOWN);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* Nothing to read from or write to. */
static void no_transport(void)
{
    SSL_CTX *client = client_context();
    SSL *ssl = SSL_new(client);
    int result;

    check_context("no transport");
    ERR_clear_error();
    result = SSL_connect(ssl);
    CHECK_INT(result, -1);
    /* OpenSSL says nothing more. */
    CHECK(SSL_get_error(ssl, result) == SSL_ERROR_SSL || SSL_get_error(ssl, result) == SSL_ERROR_SYSCALL);
    ERR_clear_error();
    SSL_free(ssl);
    SSL_CTX_free(client);
}

/* Lets the transport end under an end. */
static void cut(struct pair *pair, enum role at)
{
    if (pair->transport == MEMORY) {
        pair_carry(pair);
        BIO_set_mem_eof_return(SSL_get_rbio(pair->ends[at].ssl), 0);
    } else {
        enum role other = at == CLIENT ? SERVER : CLIENT;

        shutdown(pair->ends[other].fd, SHUT_WR);
    }
}

static void unexpected_end(int version, enum transport transport)
{
    SSL_CTX *client;
    SSL_CTX *server;
    struct pair pair;
    int result;
    int reason;
    int in;

    check_context("unexpected end, %s, %s", version_name(version), transport_names[transport]);
    open_at(&pair, version, transport);
    CHECK_INT(pair_write(&pair, SERVER, "before", 6), 6);
    cut(&pair, CLIENT);
    CHECK_INT(pair_read(&pair, CLIENT, taken, 100), 6);
    result = pair_read(&pair, CLIENT, taken, 100);
    CHECK_INT(result, 0);
    CHECK_INT(failure_of(&pair, CLIENT, result, &reason), SSL_ERROR_SSL);
    CHECK_INT(reason, SSL_R_UNEXPECTED_EOF_WHILE_READING);
    pair_close(&pair);

    check_context("unexpected end ignored, %s, %s", version_name(version), transport_names[transport]);
    open_at(&pair, version, transport);
    SSL_set_options(pair_client(&pair), SSL_OP_IGNORE_UNEXPECTED_EOF);
    cut(&pair, CLIENT);
    result = pair_read(&pair, CLIENT, taken, 100);
    CHECK_INT(result, 0);
    CHECK_INT(SSL_get_error(pair_client(&pair), result), SSL_ERROR_ZERO_RETURN);
    CHECK_INT(SSL_get_shutdown(pair_client(&pair)), SSL_RECEIVED_SHUTDOWN);
    pair_close(&pair);

    check_context("end in the middle of a record, %s, %s", version_name(version), transport_names[transport]);
    open_at(&pair, version, transport);
    if (transport == MEMORY) {
        CHECK_INT(BIO_write(SSL_get_rbio(pair_client(&pair)), "\x17\x03\x03\x00", 4), 4);
    } else {
        CHECK_INT(write(pair.ends[SERVER].fd, "\x17\x03\x03\x00", 4), 4);
    }
    cut(&pair, CLIENT);
    result = pair_read(&pair, CLIENT, taken, 100);
    CHECK_INT(result, 0);
    CHECK_INT(failure_of(&pair, CLIENT, result, &reason), SSL_ERROR_SSL);
    CHECK_INT(reason, SSL_R_UNEXPECTED_EOF_WHILE_READING);
    pair_close(&pair);

    /* In the handshake, at either end. */
    for (in = 0; in < 2; in++) {
        SSL *ssl;

        check_context("end in the handshake of the %s, %s, %s", in == CLIENT ? "client" : "server", version_name(version),
                      transport_names[transport]);
        client = client_context();
        server = server_context();
        only_version(client, version);
        pair_open(&pair, transport, client, server);
        cut(&pair, (enum role)in);
        ssl = pair.ends[in].ssl;
        ERR_clear_error();
        result = in == CLIENT ? SSL_connect(ssl) : SSL_accept(ssl);
        CHECK(result <= 0);
        CHECK_INT(failure_of(&pair, (enum role)in, result, &reason), SSL_ERROR_SSL);
        CHECK_INT(reason, SSL_R_UNEXPECTED_EOF_WHILE_READING);
        pair_close(&pair);
        SSL_CTX_free(client);
        SSL_CTX_free(server);
    }
}

/* Puts bytes where an end reads. */
static void inject(struct pair *pair, enum role at, const void *data, int size)
{
    if (pair->transport == MEMORY) {
        CHECK_INT(BIO_write(SSL_get_rbio(pair->ends[at].ssl), data, size), size);
    } else {
        CHECK_INT(write(pair->ends[at == CLIENT ? SERVER : CLIENT].fd, data, (size_t)size), size);
    }
}

/* What is no TLS. */
static void garbage(enum transport transport)
{
    static const struct {
        const char *what;
        const char *data;
        int size;
        int reason;
    } cases[] = {
        {"HTTP", "GET / HTTP/1.0\r\n\r\n", 18, SSL_R_HTTP_REQUEST},
        {"proxy", "CONNECT a:443 HTTP/1.0\r\n\r\n", 26, SSL_R_HTTPS_PROXY_REQUEST},
        {"text", "hello, is this a mail server?", 29, SSL_R_WRONG_VERSION_NUMBER},
        {"too long", "\x16\x03\x01\xff\xff\x01\x00\x00\x10", 9, SSL_R_PACKET_LENGTH_TOO_LONG},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        SSL_CTX *client = client_context();
        SSL_CTX *server = server_context();
        struct pair pair;
        int reason;

        check_context("%s, %s", cases[i].what, transport_names[transport]);
        pair_open(&pair, transport, client, server);
        inject(&pair, SERVER, cases[i].data, cases[i].size);
        ERR_clear_error();
        CHECK_INT(SSL_accept(pair_server(&pair)), -1);
        CHECK_INT(failure_of(&pair, SERVER, -1, &reason), SSL_ERROR_SSL);
        if (reason != SSL_R_DATA_LENGTH_TOO_LONG) { /* another word for the last */
            CHECK_INT(reason, cases[i].reason);
        }
        pair_close(&pair);
        SSL_CTX_free(client);
        SSL_CTX_free(server);
    }
}

/* A record that somebody has changed on its way. */
static void changed_record(int version)
{
    struct pair pair;
    char *record;
    long size;
    int result;
    int reason;

    check_context("changed record, %s", version_name(version));
    open_at(&pair, version, MEMORY);
    CHECK_INT(SSL_write(pair_client(&pair), "message", 7), 7);
    size = BIO_get_mem_data(SSL_get_wbio(pair_client(&pair)), &record);
    CHECK(size > 5);
    record[size - 1] = (char)(record[size - 1] ^ 1);
    result = pair_read(&pair, SERVER, taken, 100);
    CHECK_INT(result, -1);
    /* There may be more in the queue before it. */
    CHECK_INT(ERR_GET_REASON(ERR_peek_last_error()), SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC);
    CHECK_INT(failure_of(&pair, SERVER, result, NULL), SSL_ERROR_SSL);
    result = pair_read(&pair, CLIENT, taken, 100);
    CHECK(result <= 0);
    CHECK_INT(failure_of(&pair, CLIENT, result, &reason), SSL_ERROR_SSL);
    CHECK_INT(reason, SSL_R_SSLV3_ALERT_BAD_RECORD_MAC);
    /* Nothing goes any more. */
    CHECK(pair_read(&pair, SERVER, taken, 100) <= 0);
    CHECK(pair_write(&pair, SERVER, "x", 1) <= 0);
    pair_close(&pair);
}

/* The peer has gone: an error of the system, and no signal (which main() ignores for OpenSSL's sake). */
static void peer_gone(int version, enum transport transport)
{
    struct pair pair;
    int result;

    check_context("peer gone, %s, %s", version_name(version), transport_names[transport]);
    open_at(&pair, version, transport);
    close(pair.ends[SERVER].fd);
    errno = 0;
    result = pair_write(&pair, CLIENT, "x", 1);
    CHECK_INT(result, -1);
    CHECK_INT(errno, EPIPE);
    CHECK_INT(SSL_get_error(pair_client(&pair), result), SSL_ERROR_SYSCALL);
    pair.ends[SERVER].fd = -1;
    pair_close(&pair);
}

void test_errors(void)
{
    int version, transport;

    for (version = FIRST_VERSION; version < 4; version++) {
        for (transport = FIRST_TRANSPORT; transport < PAST_TRANSPORT; transport++) {
            states(versions[version], (enum transport)transport);
            unexpected_end(versions[version], (enum transport)transport);
            if (transport != MEMORY) {
                peer_gone(versions[version], (enum transport)transport);
            }
        }
        changed_record(versions[version]);
    }
    for (transport = FIRST_TRANSPORT; transport < PAST_TRANSPORT; transport++) {
        garbage((enum transport)transport);
    }
    no_transport();
}

static void two_phases(int version, enum transport transport)
{
    struct pair pair;

    check_context("two phases, %s, %s", version_name(version), transport_names[transport]);
    open_at(&pair, version, transport);
    CHECK_INT(SSL_get_shutdown(pair_client(&pair)), 0);
    CHECK_INT(SSL_shutdown(pair_client(&pair)), 0);
    CHECK_INT(SSL_get_shutdown(pair_client(&pair)), SSL_SENT_SHUTDOWN);
    if (transport != BLOCKING) {
        /* The peer's is not there yet. */
        ERR_clear_error();
        CHECK_INT(SSL_shutdown(pair_client(&pair)), -1);
        CHECK_INT(SSL_get_error(pair_client(&pair), -1), SSL_ERROR_WANT_READ);
    }
    CHECK_INT(pair_read(&pair, SERVER, taken, 100), 0);
    CHECK_INT(SSL_get_error(pair_server(&pair), 0), SSL_ERROR_ZERO_RETURN);
    CHECK_INT(SSL_shutdown(pair_server(&pair)), 1);
    CHECK_INT(SSL_get_shutdown(pair_server(&pair)), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    pair_carry(&pair);
    CHECK_INT(SSL_shutdown(pair_client(&pair)), 1);
    CHECK_INT(SSL_get_shutdown(pair_client(&pair)), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    CHECK_INT(SSL_shutdown(pair_client(&pair)), 1);
    pair_close(&pair);

    check_context("both at once, %s, %s", version_name(version), transport_names[transport]);
    open_at(&pair, version, transport);
    CHECK_INT(SSL_shutdown(pair_client(&pair)), 0);
    CHECK_INT(SSL_shutdown(pair_server(&pair)), 0);
    pair_carry(&pair);
    CHECK_INT(SSL_shutdown(pair_client(&pair)), 1);
    CHECK_INT(SSL_shutdown(pair_server(&pair)), 1);
    pair_close(&pair);

    check_context("messages before the peer's end, %s, %s", version_name(version), transport_names[transport]);
    open_at(&pair, version, transport);
    CHECK_INT(pair_write(&pair, SERVER, "late", 4), 4);
    CHECK_INT(SSL_shutdown(pair_client(&pair)), 0);
    /* They are read before the second phase. */
    CHECK_INT(pair_read(&pair, CLIENT, taken, 100), 4);
    CHECK_INT(pair_read(&pair, SERVER, taken, 100), 0);
    CHECK_INT(SSL_shutdown(pair_server(&pair)), 1);
    CHECK_INT(pair_read(&pair, CLIENT, taken, 100), 0);
    CHECK_INT(SSL_get_error(pair_client(&pair), 0), SSL_ERROR_ZERO_RETURN);
    CHECK_INT(SSL_shutdown(pair_client(&pair)), 1);
    pair_close(&pair);

    check_context("messages unread at the second phase, %s, %s", version_name(version), transport_names[transport]);
    open_at(&pair, version, transport);
    CHECK_INT(pair_write(&pair, SERVER, "late", 4), 4);
    CHECK_INT(SSL_shutdown(pair_client(&pair)), 0);
    ERR_clear_error();
    CHECK_INT(SSL_shutdown(pair_client(&pair)), -1);
    CHECK_INT(SSL_get_error(pair_client(&pair), -1), SSL_ERROR_SSL);
    CHECK_INT(take_reason(), SSL_R_APPLICATION_DATA_AFTER_CLOSE_NOTIFY);
    pair_close(&pair);

    check_context("quiet, %s, %s", version_name(version), transport_names[transport]);
    open_at(&pair, version, transport);
    CHECK_INT(SSL_get_quiet_shutdown(pair_client(&pair)), 0);
    SSL_set_quiet_shutdown(pair_client(&pair), 1);
    CHECK_INT(SSL_get_quiet_shutdown(pair_client(&pair)), 1);
    CHECK_INT(SSL_shutdown(pair_client(&pair)), 1);
    CHECK_INT(pair_records(&pair, CLIENT, NULL), 0);
    CHECK_INT(SSL_get_shutdown(pair_client(&pair)), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    pair_close(&pair);

    check_context("set by hand, %s, %s", version_name(version), transport_names[transport]);
    open_at(&pair, version, transport);
    SSL_set_shutdown(pair_client(&pair), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    CHECK_INT(SSL_get_shutdown(pair_client(&pair)), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    CHECK_INT(SSL_shutdown(pair_client(&pair)), 1);
    CHECK_INT(pair_records(&pair, CLIENT, NULL), 0);
    pair_close(&pair);
}

/* A transport that takes a few bytes at a time: the first phase ends when all of close_notify has left, a buffering BIO too. */
static void little_room(int version, int received, int buffered)
{
    struct pair pair;
    BIO *near;
    BIO *far;
    char part[8];
    int calls = 0;
    int result;

    check_context("little room%s, %s, the peer's end %s", buffered ? " behind a buffer" : "", version_name(version),
                  received ? "is there" : "is to come");
    open_at(&pair, version, MEMORY);
    if (received) {
        CHECK_INT(SSL_shutdown(pair_server(&pair)), 0);
        CHECK_INT(pair_read(&pair, CLIENT, taken, 100), 0);
    }
    CHECK_INT(BIO_new_bio_pair(&near, sizeof part, &far, 0), 1);
    if (buffered) {
        near = BIO_push(BIO_new(BIO_f_buffer()), near);
    }
    SSL_set0_wbio(pair_client(&pair), near);
    for (;;) {
        ERR_clear_error();
        result = SSL_shutdown(pair_client(&pair));
        if (result != -1 || !CHECK_INT(SSL_get_error(pair_client(&pair), result), SSL_ERROR_WANT_WRITE)) {
            break;
        }
        CHECK_INT(SSL_get_shutdown(pair_client(&pair)), SSL_SENT_SHUTDOWN | (received ? SSL_RECEIVED_SHUTDOWN : 0));
        CHECK_INT(BIO_read(far, part, sizeof part), sizeof part);
        CHECK_INT(BIO_write(SSL_get_rbio(pair_server(&pair)), part, sizeof part), sizeof part);
        calls++;
    }
    CHECK(calls >= 2);
    CHECK_INT(result, received);
    result = BIO_read(far, part, sizeof part);
    CHECK(result > 0);
    CHECK_INT(BIO_write(SSL_get_rbio(pair_server(&pair)), part, result), result);
    ERR_clear_error();
    CHECK_INT(SSL_read(pair_server(&pair), taken, 100), 0);
    CHECK_INT(SSL_get_error(pair_server(&pair), 0), SSL_ERROR_ZERO_RETURN);
    if (!received) {
        CHECK_INT(SSL_shutdown(pair_client(&pair)), -1);
        CHECK_INT(SSL_get_error(pair_client(&pair), -1), SSL_ERROR_WANT_READ);
    }
    pair_close(&pair);
    BIO_free(far);
}

/* SSL_clear makes an SSL ready for another connection. */
static void cleared(int version)
{
    struct pair pair;
    struct pair other;
    SSL_CTX *server = server_context();
    SSL_CTX *client = client_context();
    SSL *kept;

    check_context("cleared, %s", version_name(version));
    only_version(client, version);
    pair_connect(&pair, MEMORY, client, server);
    pair_exchange(&pair, CLIENT, "hello");
    SSL_shutdown(pair_client(&pair));
    SSL_shutdown(pair_server(&pair));
    CHECK_INT(SSL_clear(pair_client(&pair)), 1);
    CHECK_INT(SSL_get_shutdown(pair_client(&pair)), 0);
    CHECK(!SSL_is_init_finished(pair_client(&pair)));
    pair_open(&other, MEMORY, client, server);
    kept = other.ends[CLIENT].ssl;
    other.ends[CLIENT].ssl = pair.ends[CLIENT].ssl;
    pair.ends[CLIENT].ssl = kept;
    SSL_set_bio(pair_client(&other), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    CHECK(pair_handshake(&other));
    pair_exchange(&other, CLIENT, "hello again");
    pair_close(&other);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

void test_shutdown(void)
{
    int version, transport;

    for (version = FIRST_VERSION; version < 4; version++) {
        for (transport = FIRST_TRANSPORT; transport < PAST_TRANSPORT; transport++) {
            two_phases(versions[version], (enum transport)transport);
        }
        little_room(versions[version], 0, 0);
        little_room(versions[version], 1, 0);
        if (SHUTDOWN_EMPTIES_BUFFERS) {
            little_room(versions[version], 0, 1);
            little_room(versions[version], 1, 1);
        }
        cleared(versions[version]);
    }
}
