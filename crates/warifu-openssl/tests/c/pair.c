#include "pair.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const int versions[4] = {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION};
const char *const transport_names[TRANSPORTS] = {"blocking", "non-blocking", "memory"};

/* More than any handshake takes: a loop that does not end is a failure. */
#define STEPS 2000

const char *version_name(int version)
{
    switch (version) {
    case TLS1_VERSION:
        return "TLSv1";
    case TLS1_1_VERSION:
        return "TLSv1.1";
    case TLS1_2_VERSION:
        return "TLSv1.2";
    case TLS1_3_VERSION:
        return "TLSv1.3";
    default:
        return "?";
    }
}

void set_non_blocking(int fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static void set_blocking(int fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
}

void pair_open(struct pair *pair, enum transport transport, SSL_CTX *client, SSL_CTX *server)
{
    int fds[2];
    int i;

    memset(pair, 0, sizeof *pair);
    pair->transport = transport;
    pair->ends[CLIENT].ssl = SSL_new(client);
    pair->ends[SERVER].ssl = SSL_new(server);
    if (!CHECK(pair->ends[CLIENT].ssl != NULL) || !CHECK(pair->ends[SERVER].ssl != NULL)) {
        exit(2);
    }
    if (transport == MEMORY) {
        for (i = 0; i < 2; i++) {
            SSL_set_bio(pair->ends[i].ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        }
    } else {
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) {
            perror("socketpair");
            exit(2);
        }
        for (i = 0; i < 2; i++) {
            pair->ends[i].fd = fds[i];
            if (transport == NON_BLOCKING) {
                /* As little as the system allows, so that writes have to wait. */
                int size = 1;

                setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
                set_non_blocking(fds[i]);
            }
            CHECK_INT(SSL_set_fd(pair->ends[i].ssl, fds[i]), SSL_SUCCESS);
        }
    }
    SSL_set_connect_state(pair->ends[CLIENT].ssl);
    SSL_set_accept_state(pair->ends[SERVER].ssl);
}

int pair_carry(struct pair *pair)
{
    char buffer[16384];
    int carried = 0;
    int i;

    if (pair->transport != MEMORY) {
        return 0;
    }
    for (i = 0; i < 2; i++) {
        BIO *from = SSL_get_wbio(pair->ends[i].ssl);
        BIO *to = SSL_get_rbio(pair->ends[1 - i].ssl);
        int size;

        while ((size = BIO_read(from, buffer, sizeof buffer)) > 0) {
            CHECK_INT(BIO_write(to, buffer, size), size);
            carried += size;
        }
    }
    return carried;
}

/* Whether a sentence speaks of what only programs in Rust have. */
static int names_rust(const char *sentence)
{
    const char *colons = strstr(sentence, "::");

    return strstr(sentence, "with_") != NULL || (colons != NULL && isalpha((unsigned char)colons[2]));
}

int take_failure(char *sentence)
{
    const char *data = "";
    int flags = 0;
    unsigned long code = ERR_get_error_all(NULL, NULL, NULL, &data, &flags);

    if ((flags & ERR_TXT_STRING) == 0) {
        data = "";
    }
    if (IS_WARIFU && names_rust(data)) {
        CHECK_TEXT(data, "a sentence for programs in C");
    }
    if (sentence != NULL) {
        snprintf(sentence, SENTENCE, "%s", data);
    }
    ERR_clear_error();
    return code == 0 ? 0 : ERR_GET_REASON(code);
}

int take_reason(void)
{
    return take_failure(NULL);
}

int failure_of(struct pair *pair, enum role role, int result, int *reason)
{
    int error = SSL_get_error(pair->ends[role].ssl, result);
    int found = take_reason();

    if (reason != NULL) {
        *reason = found;
    }
    return error;
}

/* One call of an end; returns whether the end is done with the handshake, whatever its result. */
static int step(struct end *end)
{
    ERR_clear_error();
    errno = 0;
    end->result = SSL_do_handshake(end->ssl);
    end->error = SSL_get_error(end->ssl, end->result);
    end->reason = take_failure(end->sentence);
    return end->error != SSL_ERROR_WANT_READ && end->error != SSL_ERROR_WANT_WRITE;
}

static void *run_server(void *argument)
{
    struct end *end = (struct end *)argument;

    end->result = SSL_accept(end->ssl);
    end->error = SSL_get_error(end->ssl, end->result);
    end->reason = take_failure(end->sentence);
    if (end->result != 1) {
        /* So that the client does not wait. */
        shutdown(end->fd, SHUT_WR);
    }
    return NULL;
}

static void handshake_blocking(struct pair *pair)
{
    struct end *client = &pair->ends[CLIENT];
    pthread_t thread;

    if (pthread_create(&thread, NULL, run_server, &pair->ends[SERVER]) != 0) {
        perror("pthread_create");
        exit(2);
    }
    client->result = SSL_connect(client->ssl);
    client->error = SSL_get_error(client->ssl, client->result);
    client->reason = take_failure(client->sentence);
    if (client->result != 1) {
        shutdown(client->fd, SHUT_WR);
    }
    pthread_join(thread, NULL);
}

/* Waits for what the end said that it wants, if the socket can give it now; the other end may have to go on first. */
static void wait_for(const struct end *end)
{
    struct pollfd wanted;

    wanted.fd = end->fd;
    wanted.events = end->error == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN;
    wanted.revents = 0;
    poll(&wanted, 1, 0);
}

int pair_handshake(struct pair *pair)
{
    struct end *client = &pair->ends[CLIENT];
    struct end *server = &pair->ends[SERVER];
    int client_done = 0;
    int server_done = 0;
    int steps = 0;

    if (pair->transport == BLOCKING) {
        handshake_blocking(pair);
    } else {
        while (!(client_done && server_done) && steps++ < STEPS) {
            if (!client_done) {
                client_done = step(client);
            }
            pair_carry(pair);
            if (!server_done) {
                server_done = step(server);
            }
            if (pair_carry(pair) == 0 && (client_done || server_done)) {
                /* One that has failed leaves the other without an answer. */
                if ((client_done && client->result != 1) || (server_done && server->result != 1)) {
                    if (!client_done) {
                        client_done = step(client);
                    }
                    pair_carry(pair);
                    if (!server_done) {
                        server_done = step(server);
                    }
                    break;
                }
            }
            if (pair->transport == NON_BLOCKING) {
                wait_for(client);
                wait_for(server);
            }
        }
        CHECK(steps < STEPS);
    }
    return client->result == 1 && server->result == 1;
}

void pair_version_refused(struct pair *pair)
{
    const struct end *told;

    CHECK(!pair_handshake(pair));
    CHECK_INT(pair->ends[CLIENT].result, -1);
    CHECK_INT(pair->ends[CLIENT].error, SSL_ERROR_SSL);
    CHECK_INT(pair->ends[SERVER].result, -1);
    CHECK_INT(pair->ends[SERVER].error, SSL_ERROR_SSL);
    told = pair->ends[SERVER].reason == SSL_R_UNSUPPORTED_PROTOCOL ? &pair->ends[CLIENT] : &pair->ends[SERVER];
    CHECK_INT(pair->ends[told == &pair->ends[CLIENT] ? SERVER : CLIENT].reason, SSL_R_UNSUPPORTED_PROTOCOL);
    if (ALERT_OF_OTHER_VERSION_IS_READ || told->reason != SSL_R_WRONG_VERSION_NUMBER) {
        CHECK_INT(told->reason, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
    }
}

int pair_connect(struct pair *pair, enum transport transport, SSL_CTX *client, SSL_CTX *server)
{
    int connected;

    pair_open(pair, transport, client, server);
    connected = pair_handshake(pair);
    if (!CHECK(connected)) {
        printf("      client: result %d, error %d, reason %d; server: result %d, error %d, reason %d\n", pair->ends[CLIENT].result,
               pair->ends[CLIENT].error, pair->ends[CLIENT].reason, pair->ends[SERVER].result, pair->ends[SERVER].error,
               pair->ends[SERVER].reason);
    }
    return connected;
}

void pair_close(struct pair *pair)
{
    int i;

    for (i = 0; i < 2; i++) {
        SSL_free(pair->ends[i].ssl);
        if (pair->transport != MEMORY && pair->ends[i].fd >= 0) {
            close(pair->ends[i].fd);
        }
    }
    ERR_clear_error();
}

int pair_write(struct pair *pair, enum role role, const void *data, int size)
{
    int result;

    pair_carry(pair);
    ERR_clear_error();
    result = SSL_write(pair->ends[role].ssl, data, size);
    pair_carry(pair);
    return result;
}

int pair_read(struct pair *pair, enum role role, void *data, int size)
{
    pair_carry(pair);
    ERR_clear_error();
    return SSL_read(pair->ends[role].ssl, data, size);
}

int pair_drain(struct pair *pair, enum role role, void *data, int size, int *sizes, int *reads)
{
    int fd = pair->ends[role].fd;
    int sum = 0;
    int count = 0;
    int result;

    if (pair->transport == BLOCKING) {
        set_non_blocking(fd);
    }
    while (sum < size && (result = pair_read(pair, role, (char *)data + sum, size - sum)) > 0) {
        if (count < 64 && sizes != NULL) {
            sizes[count] = result;
        }
        count++;
        sum += result;
    }
    if (reads != NULL) {
        *reads = count;
    }
    if (pair->transport == BLOCKING) {
        set_blocking(fd);
    }
    ERR_clear_error();
    return sum;
}

void pair_settle(struct pair *pair)
{
    char none[1];
    int i;

    for (i = 0; i < 2; i++) {
        CHECK_INT(pair_drain(pair, (enum role)i, none, sizeof none, NULL, NULL), 0);
        pair_carry(pair);
    }
}

void pair_exchange(struct pair *pair, enum role from, const char *message)
{
    enum role to = from == CLIENT ? SERVER : CLIENT;
    int size = (int)strlen(message);
    char received[256];
    int written = 0;
    int read = 0;
    int steps;

    /* Several reads: in TLS 1.0 a message may be two records. */
    for (steps = 0; steps < STEPS && (written <= 0 || read < size); steps++) {
        if (written <= 0) {
            written = pair_write(pair, from, message, size);
        }
        if (written > 0 || pair->transport != BLOCKING) {
            int result = pair_read(pair, to, received + read, (int)sizeof received - read);

            if (result > 0) {
                read += result;
                continue;
            }
        }
        if (pair->transport != NON_BLOCKING) {
            break;
        }
    }
    CHECK_INT(written, size);
    CHECK_BYTES(received, read, message, size);
}

int pair_records(struct pair *pair, enum role from, int *lengths)
{
    static unsigned char seen[400000];
    struct end *to = &pair->ends[from == CLIENT ? SERVER : CLIENT];
    const unsigned char *bytes = seen;
    long size;
    long at = 0;
    int count = 0;

    if (pair->transport == MEMORY) {
        char *memory;

        pair_carry(pair);
        size = BIO_get_mem_data(SSL_get_rbio(to->ssl), &memory);
        bytes = (const unsigned char *)memory;
    } else {
        size = recv(to->fd, seen, sizeof seen, MSG_PEEK | MSG_DONTWAIT);
    }
    while (at + 5 <= size) {
        int length = bytes[at + 3] << 8 | bytes[at + 4];

        if (count < 64 && lengths != NULL) {
            lengths[count] = length;
        }
        count++;
        at += 5 + length;
    }
    return count;
}
