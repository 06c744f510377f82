/* The rules between messages and records. */
#include "tests.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define RECORD 16384
#define MOST 200000

static unsigned char sent[MOST];
static unsigned char received[MOST];

static void fill(int size)
{
    int i;

    for (i = 0; i < size; i++) {
        sent[i] = (unsigned char)(i * 7 + i / 251 + size);
    }
}

/* Contexts in which a write in TLS 1.0 is one record, as in the other versions. */
static void contexts(SSL_CTX **client, SSL_CTX **server, int version)
{
    *client = client_context();
    *server = server_context();
    only_version(*client, version);
    SSL_CTX_set_options(*client, SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS);
    SSL_CTX_set_options(*server, SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS);
}

/*
 * Writes a message by one call, repeated with the same arguments as long as the transport is full, and reads it at the other end, up to
 * 64 KiB at a time. Each size that was read goes to `sizes`. Returns the number of reads.
 */
static int send_and_read(struct pair *pair, enum role from, int size, int *sizes)
{
    enum role to = from == CLIENT ? SERVER : CLIENT;
    int sum = 0;
    int reads = 0;
    int result;

    fill(size);
    do {
        result = pair_write(pair, from, sent, size);
        if (result <= 0) {
            int error = SSL_get_error(pair->ends[from].ssl, result);

            if (!(pair->transport == NON_BLOCKING && error == SSL_ERROR_WANT_WRITE)) {
                CHECK_INT(error, SSL_ERROR_WANT_WRITE);
                return 0;
            }
        }
        if (sum < size) {
            int more;

            sum += pair_drain(pair, to, received + sum, MOST - sum, sizes + reads, &more);
            reads += more;
        }
    } while (result <= 0);
    CHECK_INT(result, size);
    CHECK_BYTES(received, sum, sent, size);
    return reads;
}

/* Rules 1 and 2: one write is one record, which is read by one or several reads. */
static void one_record(struct pair *pair, enum role from)
{
    enum role to = from == CLIENT ? SERVER : CLIENT;
    SSL *reader = pair->ends[to].ssl;

    fill(1000);
    CHECK_INT(pair_records(pair, from, NULL), 0);
    CHECK_INT(pair_write(pair, from, sent, 1000), 1000);
    CHECK_INT(pair_records(pair, from, NULL), 1);
    CHECK_INT(SSL_pending(reader), 0);
    CHECK_INT(pair_read(pair, to, received, 300), 300);
    CHECK_INT(SSL_pending(reader), 700);
    CHECK_INT(pair_records(pair, from, NULL), 0);
    CHECK_INT(pair_read(pair, to, received + 300, 300), 300);
    CHECK_INT(SSL_pending(reader), 400);
    CHECK_INT(pair_read(pair, to, received + 600, 400), 400);
    CHECK_INT(SSL_pending(reader), 0);
    CHECK_BYTES(received, 1000, sent, 1000);
    /* At least as large as the record: all of it at once. */
    CHECK_INT(pair_write(pair, from, sent, 1000), 1000);
    CHECK_INT(pair_read(pair, to, received, 1000), 1000);
    CHECK_INT(pair_write(pair, from, sent, 1000), 1000);
    CHECK_INT(pair_read(pair, to, received, MOST), 1000);
    /* A byte at a time. */
    CHECK_INT(pair_write(pair, from, "abc", 3), 3);
    CHECK_INT(pair_read(pair, to, received, 1), 1);
    CHECK_INT(pair_read(pair, to, received + 1, 1), 1);
    CHECK_INT(SSL_pending(reader), 1);
    CHECK_INT(pair_read(pair, to, received + 2, 100), 1);
    CHECK_BYTES(received, 3, "abc", 3);
}

/* Rule 3: a read never joins. */
static void never_joined(struct pair *pair, enum role from)
{
    enum role to = from == CLIENT ? SERVER : CLIENT;

    fill(600);
    CHECK_INT(pair_write(pair, from, sent, 100), 100);
    CHECK_INT(pair_write(pair, from, sent + 100, 200), 200);
    CHECK_INT(pair_write(pair, from, sent + 300, 300), 300);
    CHECK_INT(pair_records(pair, from, NULL), 3);
    CHECK_INT(pair_read(pair, to, received, MOST), 100);
    CHECK_INT(pair_read(pair, to, received + 100, 50), 50);
    CHECK_INT(SSL_pending(pair->ends[to].ssl), 150);
    CHECK_INT(pair_read(pair, to, received + 150, MOST - 150), 150);
    CHECK_INT(pair_read(pair, to, received + 300, MOST - 300), 300);
    CHECK_BYTES(received, 600, sent, 600);
}

/* Rule 4: records of 16 KiB and one of the rest. */
static void split(struct pair *pair, enum role from)
{
    static const int lengths[] = {1, RECORD - 1, RECORD, RECORD + 1, 2 * RECORD, 50000, 100001};
    size_t i;

    for (i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        int sizes[64];
        int length = lengths[i];
        int reads = send_and_read(pair, from, length, sizes);
        int read;

        CHECK_INT(reads, (length + RECORD - 1) / RECORD);
        for (read = 0; read < reads; read++) {
            CHECK_INT(sizes[read], length - read * RECORD < RECORD ? length - read * RECORD : RECORD);
        }
    }
}

/* TLS 1.0 as it is by default. */
static void split_first(enum transport transport)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;
    int i;

    check_context("TLSv1 by default, %s", transport_names[transport]);
    only_version(client, TLS1_VERSION);
    pair_connect(&pair, transport, client, server);
    for (i = 0; i < 2; i++) {
        enum role from = (enum role)i;
        enum role to = from == CLIENT ? SERVER : CLIENT;

        CHECK_INT(pair_write(&pair, from, "message", 7), 7);
        CHECK_INT(pair_records(&pair, from, NULL), 2);
        if (TLS10_FIRST_RECORD_LENGTH > 0) {
            CHECK_INT(pair_read(&pair, to, received, MOST), TLS10_FIRST_RECORD_LENGTH);
        }
        CHECK_INT(pair_read(&pair, to, received + TLS10_FIRST_RECORD_LENGTH, MOST - 1), 7 - TLS10_FIRST_RECORD_LENGTH);
        CHECK_BYTES(received, 7, "message", 7);
    }
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

void test_records(void)
{
    int version, transport, from;

    for (version = FIRST_VERSION; version < 4; version++) {
        for (transport = FIRST_TRANSPORT; transport < PAST_TRANSPORT; transport++) {
            for (from = 0; from < 2; from++) {
                SSL_CTX *client, *server;
                struct pair pair;

                check_context("%s, %s, from the %s", version_name(versions[version]), transport_names[transport],
                              from == CLIENT ? "client" : "server");
                contexts(&client, &server, versions[version]);
                pair_connect(&pair, (enum transport)transport, client, server);
                pair_settle(&pair);
                one_record(&pair, (enum role)from);
                never_joined(&pair, (enum role)from);
                split(&pair, (enum role)from);
                pair_close(&pair);
                SSL_CTX_free(client);
                SSL_CTX_free(server);
            }
        }
    }
    for (transport = FIRST_TRANSPORT; transport < PAST_TRANSPORT; transport++) {
        split_first((enum transport)transport);
    }
}

/* A message arrives in parts of this size. */
static void arrives_in(struct pair *pair, enum role from, int length, int part)
{
    int sizes[64];
    int reads = send_and_read(pair, from, length, sizes);
    int read;

    CHECK_INT(reads, (length + part - 1) / part);
    for (read = 0; read < reads && read < 64; read++) {
        CHECK_INT(sizes[read], length - read * part < part ? length - read * part : part);
    }
}

/* Rule 5: a smaller maximum. */
void test_fragments(void)
{
    static const long maxima[] = {512, 1000, 4096, RECORD};
    static const unsigned char codes[] = {TLSEXT_max_fragment_length_512, TLSEXT_max_fragment_length_1024, TLSEXT_max_fragment_length_2048,
                                          TLSEXT_max_fragment_length_4096};
    int version, transport, i;
    SSL_CTX *client, *server;
    struct pair pair;
    SSL *ssl;

    for (version = FIRST_VERSION; version < 4; version++) {
        for (transport = FIRST_TRANSPORT; transport < PAST_TRANSPORT; transport++) {
            for (i = 0; i < 4; i++) {
                /* What this end sends, decided by itself. */
                check_context("max_send_fragment %ld, %s, %s", maxima[i], version_name(versions[version]), transport_names[transport]);
                contexts(&client, &server, versions[version]);
                CHECK_INT(SSL_CTX_set_max_send_fragment(client, maxima[i]), 1);
                pair_open(&pair, (enum transport)transport, client, server);
                CHECK_INT(SSL_set_max_send_fragment(pair_server(&pair), maxima[3 - i]), 1);
                CHECK(pair_handshake(&pair));
                pair_settle(&pair);
                arrives_in(&pair, CLIENT, 3 * (int)maxima[i] + 100, (int)maxima[i]);
                arrives_in(&pair, SERVER, 3 * (int)maxima[3 - i] + 100, (int)maxima[3 - i]);
                /* Made smaller in the middle of a connection. */
                CHECK_INT(SSL_set_max_send_fragment(pair_client(&pair), 512), 1);
                arrives_in(&pair, CLIENT, 2000, 512);
                pair_close(&pair);
                SSL_CTX_free(client);
                SSL_CTX_free(server);

                /* What both send, agreed upon in the handshake. */
                check_context("max_fragment_length %d, %s, %s", codes[i], version_name(versions[version]), transport_names[transport]);
                contexts(&client, &server, versions[version]);
                if (transport == BLOCKING) {
                    CHECK_INT(SSL_CTX_set_tlsext_max_fragment_length(client, codes[i]), 1);
                }
                pair_open(&pair, (enum transport)transport, client, server);
                if (transport != BLOCKING) {
                    CHECK_INT(SSL_set_tlsext_max_fragment_length(pair_client(&pair), codes[i]), 1);
                }
                CHECK(pair_handshake(&pair));
                pair_settle(&pair);
                CHECK_INT(SSL_SESSION_get_max_fragment_length(SSL_get_session(pair_client(&pair))), codes[i]);
                arrives_in(&pair, CLIENT, 10000, 256 << codes[i]);
                arrives_in(&pair, SERVER, 10000, 256 << codes[i]);
                pair_close(&pair);
                SSL_CTX_free(client);
                SSL_CTX_free(server);
            }
        }
    }

    check_context("values that are none");
    client = client_context();
    ssl = SSL_new(client);
    CHECK_INT(SSL_CTX_set_max_send_fragment(client, 511), 0);
    CHECK_INT(SSL_CTX_set_max_send_fragment(client, RECORD + 1), 0);
    CHECK_INT(SSL_set_max_send_fragment(ssl, 511), 0);
    CHECK_INT(SSL_set_max_send_fragment(ssl, RECORD + 1), 0);
    CHECK_INT(SSL_CTX_set_tlsext_max_fragment_length(client, 5), 0);
    CHECK_INT(SSL_set_tlsext_max_fragment_length(ssl, 200), 0);
    CHECK_INT(SSL_CTX_set_tlsext_max_fragment_length(client, TLSEXT_max_fragment_length_DISABLED), 1);
    SSL_free(ssl);
    SSL_CTX_free(client);

    /* Longer records that hide the length of a message. */
    for (i = 0; i < 2; i++) {
        int lengths[64];

        check_context("padding %d", i);
        contexts(&client, &server, TLS1_3_VERSION);
        if (i == 0) {
            CHECK_INT(SSL_CTX_set_block_padding(client, 512), 1);
        }
        pair_open(&pair, MEMORY, client, server);
        if (i == 1) {
            CHECK_INT(SSL_set_block_padding(pair_client(&pair), 512), 1);
        }
        CHECK(pair_handshake(&pair));
        pair_settle(&pair);
        CHECK_INT(pair_write(&pair, CLIENT, "short", 5), 5);
        CHECK_INT(pair_records(&pair, CLIENT, lengths), 1);
        CHECK_INT((lengths[0] - 16) % 512, 0);
        CHECK_INT(pair_read(&pair, SERVER, received, MOST), 5);
        pair_close(&pair);
        SSL_CTX_free(client);
        SSL_CTX_free(server);
    }
}

/* Modes: set, read back, cleared; at both levels. */
static void mode_values(void)
{
    static const long modes[] = {SSL_MODE_ENABLE_PARTIAL_WRITE, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER, SSL_MODE_AUTO_RETRY,
                                 SSL_MODE_RELEASE_BUFFERS};
    SSL_CTX *ctx = bare_context(SSLv23_method());
    SSL *ssl;
    int i;

    check_context("values");
    SSL_CTX_clear_mode(ctx, 0xffff);
    CHECK_INT(SSL_CTX_get_mode(ctx), 0);
    for (i = 0; i < 4; i++) {
        CHECK_INT(SSL_CTX_set_mode(ctx, modes[i]) & modes[i], modes[i]);
        CHECK_INT(SSL_CTX_get_mode(ctx) & modes[i], modes[i]);
    }
    CHECK_INT(SSL_CTX_get_mode(ctx), modes[0] | modes[1] | modes[2] | modes[3]);
    ssl = SSL_new(ctx);
    CHECK_INT(SSL_get_mode(ssl), SSL_CTX_get_mode(ctx));
    CHECK_INT(SSL_clear_mode(ssl, modes[0]), modes[1] | modes[2] | modes[3]);
    CHECK_INT(SSL_get_mode(ssl) & modes[0], 0);
    CHECK_INT(SSL_set_mode(ssl, modes[0]) & modes[0], modes[0]);
    for (i = 0; i < 4; i++) {
        SSL_CTX_clear_mode(ctx, modes[i]);
        CHECK_INT(SSL_CTX_get_mode(ctx) & modes[i], 0);
        CHECK_INT(SSL_get_mode(ssl) & modes[i], modes[i]);
    }
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}

/* Rule 6, and what a write of more than the transport takes does without it. */
static void partial_write(int version, int buffer, int release)
{
    const int size = 100000;
    SSL_CTX *client, *server;
    struct pair pair;
    int written = 0;
    int read = 0;
    int parts = 0;
    int result;
    int error;

    check_context("partial writes, %s, buffer of %d", version_name(version), buffer);
    contexts(&client, &server, version);
    SSL_CTX_set_mode(client, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (release) {
        SSL_CTX_set_mode(client, SSL_MODE_RELEASE_BUFFERS);
    }
    pair_connect(&pair, NON_BLOCKING, client, server);
    pair_settle(&pair);
    setsockopt(pair.ends[CLIENT].fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    fill(size);
    while (written < size) {
        result = pair_write(&pair, CLIENT, sent + written, size - written);
        if (result > 0) {
            /* Whole records, as many as were sent. */
            CHECK(result % RECORD == 0 || written + result == size);
            parts++;
            written += result;
        } else {
            error = SSL_get_error(pair_client(&pair), result);
            if (!CHECK_INT(error, SSL_ERROR_WANT_WRITE)) {
                break;
            }
            CHECK_INT(SSL_want(pair_client(&pair)), SSL_WRITING);
        }
        read += pair_drain(&pair, SERVER, received + read, MOST - read, NULL, NULL);
    }
    if (buffer > RECORD) {
        CHECK(parts > 1);
    }
    CHECK_INT(written, size);
    CHECK_BYTES(received, read, sent, size);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* A write that could not be finished is repeated with the same arguments. */
static void write_retry(int version)
{
    static unsigned char copy[MOST];
    const int size = 60000;
    int buffer = 20000;
    SSL_CTX *client, *server;
    struct pair pair;
    int read = 0;
    int result;
    int reason;
    int moving;

    for (moving = 0; moving < 2; moving++) {
        check_context("retry%s, %s", moving ? " with moving buffer" : "", version_name(version));
        contexts(&client, &server, version);
        if (moving) {
            SSL_CTX_set_mode(client, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        }
        pair_connect(&pair, NON_BLOCKING, client, server);
        pair_settle(&pair);
        fill(size);
        memcpy(copy, sent, (size_t)size);
        read = 0;
        CHECK_INT(pair_write(&pair, CLIENT, sent, size), -1);
        CHECK_INT(SSL_get_error(pair_client(&pair), -1), SSL_ERROR_WANT_WRITE);
        CHECK(SSL_want_write(pair_client(&pair)));

        /* Another place. */
        result = pair_write(&pair, CLIENT, copy, size);
        CHECK_INT(result, -1);
        if (moving) {
            CHECK_INT(SSL_get_error(pair_client(&pair), -1), SSL_ERROR_WANT_WRITE);
        } else {
            CHECK_INT(failure_of(&pair, CLIENT, -1, &reason), SSL_ERROR_SSL);
            CHECK_INT(reason, SSL_R_BAD_WRITE_RETRY);
        }
        while (moving) {
            read += pair_drain(&pair, SERVER, received + read, MOST - read, NULL, NULL);
            result = pair_write(&pair, CLIENT, copy, size);
            if (result > 0 || SSL_get_error(pair_client(&pair), result) != SSL_ERROR_WANT_WRITE) {
                read += pair_drain(&pair, SERVER, received + read, MOST - read, NULL, NULL);
                CHECK_INT(result, size);
                CHECK_BYTES(received, read, sent, size);
                break;
            }
        }
        pair_close(&pair);

        /* Less than what has been sent of it already. */
        pair_connect(&pair, NON_BLOCKING, client, server);
        pair_settle(&pair);
        setsockopt(pair.ends[CLIENT].fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
        CHECK_INT(pair_write(&pair, CLIENT, sent, size), -1);
        CHECK_INT(SSL_get_error(pair_client(&pair), -1), SSL_ERROR_WANT_WRITE);
        CHECK_INT(pair_write(&pair, CLIENT, sent, 10), -1);
        CHECK_INT(failure_of(&pair, CLIENT, -1, &reason), SSL_ERROR_SSL);
        CHECK(reason == SSL_R_BAD_WRITE_RETRY || reason == SSL_R_BAD_LENGTH);
        pair_close(&pair);
        SSL_CTX_free(client);
        SSL_CTX_free(server);
    }
}

void test_modes(void)
{
    static const int buffers[] = {1, 20000, 60000};
    int version, i;

    mode_values();
    for (version = FIRST_VERSION; version < 4; version++) {
        for (i = 0; i < 3; i++) {
            partial_write(versions[version], buffers[i], i == 1);
        }
        write_retry(versions[version]);
    }
}
