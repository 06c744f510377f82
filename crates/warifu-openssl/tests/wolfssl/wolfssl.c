/*
 * A client and a server by wolfSSL's names, in one program: functions of its own in place of sockets, certificates from memory, pre-shared
 * keys, sessions, early data. C and C++; built with this library's headers and, where they are installed, with wolfSSL's.
 *
 *   wolfssl DIRECTORY    with the files of tests/c/certificates.sh
 */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfio.h>
#include <wolfssl/error-ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* wolfSSL's own library is built in many ways: of what its headers leave open only this library is sure. */
#ifdef WARIFU_WOLFSSL_SSL_H
#define OURS 1
#else
#define OURS 0
#endif

static int failures, checks;
static const char *context = "";
static const char *directory;

#define CHECK(condition) check((condition) != 0, #condition, __LINE__)
#define CHECK_INT(actual, expected) check_int((long)(actual), (long)(expected), #actual, __LINE__)

static int check(int good, const char *what, int line)
{
    checks++;
    if (!good) {
        failures++;
        printf("line %d, %s: %s\n", line, context, what);
    }
    return good;
}

static void check_int(long actual, long expected, const char *what, int line)
{
    checks++;
    if (actual != expected) {
        failures++;
        printf("line %d, %s: %s is %ld, not %ld\n", line, context, what, actual, expected);
    }
}

/*
 * The transport: two queues in memory.
 */

struct queue {
    char bytes[1 << 17];
    int len;
    int most; /* of a call; 0: any number */
    int calls;
};

struct line {
    struct queue to_server, to_client;
};

struct end {
    struct queue *in, *out;
};

static int receive(WOLFSSL *ssl, char *buf, int sz, void *ctx)
{
    struct queue *queue = ((struct end *)ctx)->in;

    CHECK(ssl != NULL);
    CHECK(sz > 0);
    queue->calls++;
    if (queue->len == 0) {
        return WOLFSSL_CBIO_ERR_WANT_READ;
    }
    if (queue->most != 0 && sz > queue->most) {
        sz = queue->most;
    }
    if (sz > queue->len) {
        sz = queue->len;
    }
    memcpy(buf, queue->bytes, (size_t)sz);
    queue->len -= sz;
    memmove(queue->bytes, queue->bytes + sz, (size_t)queue->len);
    return sz;
}

static int transmit(WOLFSSL *ssl, char *buf, int sz, void *ctx)
{
    struct queue *queue = ((struct end *)ctx)->out;

    CHECK(ssl != NULL);
    queue->calls++;
    if (queue->most != 0 && sz > queue->most) {
        sz = queue->most;
    }
    if (sz > (int)sizeof queue->bytes - queue->len) {
        return WOLFSSL_CBIO_ERR_WANT_WRITE;
    }
    memcpy(queue->bytes + queue->len, buf, (size_t)sz);
    queue->len += sz;
    return sz;
}

static struct line transport;
static struct end client_end, server_end;

static void connect_ends(WOLFSSL *client, WOLFSSL *server)
{
    memset(&transport, 0, sizeof transport);
    client_end.in = server_end.out = &transport.to_client;
    client_end.out = server_end.in = &transport.to_server;
    wolfSSL_SetIOReadCtx(client, &client_end);
    wolfSSL_SetIOWriteCtx(client, &client_end);
    wolfSSL_SetIOReadCtx(server, &server_end);
    wolfSSL_SetIOWriteCtx(server, &server_end);
    CHECK(wolfSSL_GetIOReadCtx(client) == &client_end);
    CHECK(wolfSSL_GetIOWriteCtx(server) == &server_end);
}

static int waits(WOLFSSL *ssl, int result)
{
    int error = wolfSSL_get_error(ssl, result);

    return error == WOLFSSL_ERROR_WANT_READ || error == WOLFSSL_ERROR_WANT_WRITE;
}

/* Both ends do their handshake as far as it goes; 1 if both finished it. What they returned last is in the results. */
static int client_result, server_result;

static int handshake(WOLFSSL *client, WOLFSSL *server)
{
    int steps;

    client_result = server_result = 0;
    for (steps = 0; steps < 20000; steps++) {
        int client_waits, server_waits;

        if (client_result != WOLFSSL_SUCCESS) {
            client_result = wolfSSL_connect(client);
        }
        if (server_result != WOLFSSL_SUCCESS) {
            server_result = wolfSSL_accept(server);
        }
        if (client_result == WOLFSSL_SUCCESS && server_result == WOLFSSL_SUCCESS) {
            return 1;
        }
        client_waits = client_result != WOLFSSL_SUCCESS && waits(client, client_result);
        server_waits = server_result != WOLFSSL_SUCCESS && waits(server, server_result);
        if ((client_result != WOLFSSL_SUCCESS && !client_waits) || (server_result != WOLFSSL_SUCCESS && !server_waits)) {
            return 0;
        }
    }
    return 0;
}

static void say(WOLFSSL *from, WOLFSSL *to, const char *message)
{
    char buffer[256];
    int len = (int)strlen(message), count;

    CHECK_INT(wolfSSL_write(from, message, len), len);
    do {
        count = wolfSSL_read(to, buffer, (int)sizeof buffer);
    } while (count < 0 && waits(to, count) && (transport.to_client.len > 0 || transport.to_server.len > 0));
    CHECK_INT(count, len);
    CHECK(count == len && memcmp(buffer, message, (size_t)len) == 0);
    count = wolfSSL_read(to, buffer, (int)sizeof buffer);
    CHECK(count < 0);
    CHECK_INT(wolfSSL_get_error(to, count), WOLFSSL_ERROR_WANT_READ);
}

static void talk(WOLFSSL *client, WOLFSSL *server)
{
    say(client, server, "a question");
    say(server, client, "the answer to it");
}

/*
 * Contexts.
 */

static unsigned char *content(const char *name, long *len)
{
    char path[512];
    unsigned char *bytes = (unsigned char *)malloc(1 << 16);
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", directory, name);
    file = fopen(path, "rb");
    if (file == NULL || bytes == NULL) {
        printf("no %s\n", path);
        exit(2);
    }
    *len = (long)fread(bytes, 1, 1 << 16, file);
    fclose(file);
    return bytes;
}

static const char *path_of(const char *name)
{
    static char path[512];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static WOLFSSL_CTX *context_of(WOLFSSL_METHOD *method)
{
    WOLFSSL_CTX *ctx = wolfSSL_CTX_new(method);

    if (ctx == NULL) {
        printf("no context\n");
        exit(2);
    }
    wolfSSL_CTX_SetIORecv(ctx, receive);
    wolfSSL_CTX_SetIOSend(ctx, transmit);
    return ctx;
}

static WOLFSSL_CTX *client_context(WOLFSSL_METHOD *method, const char *ca)
{
    WOLFSSL_CTX *ctx = context_of(method);
    long len;
    unsigned char *bytes = content(ca, &len);

    CHECK_INT(wolfSSL_CTX_load_verify_buffer(ctx, bytes, len, WOLFSSL_FILETYPE_PEM), WOLFSSL_SUCCESS);
    free(bytes);
#if !OURS
    /* Here it is the default, as in wolfSSL unless that was built to be like OpenSSL. */
    wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_PEER, NULL);
#endif
    return ctx;
}

static WOLFSSL_CTX *server_context(WOLFSSL_METHOD *method)
{
    WOLFSSL_CTX *ctx = context_of(method);
    long len;
    unsigned char *bytes = content("server.crt", &len);

    CHECK_INT(wolfSSL_CTX_use_certificate_buffer(ctx, bytes, len, WOLFSSL_FILETYPE_PEM), WOLFSSL_SUCCESS);
    free(bytes);
    bytes = content("server.key.der", &len);
    CHECK_INT(wolfSSL_CTX_use_PrivateKey_buffer(ctx, bytes, len, WOLFSSL_FILETYPE_ASN1), WOLFSSL_SUCCESS);
    free(bytes);
    return ctx;
}

static WOLFSSL *new_ssl(WOLFSSL_CTX *ctx)
{
    WOLFSSL *ssl = wolfSSL_new(ctx);

    if (ssl == NULL) {
        printf("no connection\n");
        exit(2);
    }
    return ssl;
}

struct pair {
    WOLFSSL_CTX *client_ctx, *server_ctx;
    WOLFSSL *client, *server;
};

static void begin(struct pair *pair, WOLFSSL_CTX *client, WOLFSSL_CTX *server)
{
    pair->client_ctx = client;
    pair->server_ctx = server;
    pair->client = new_ssl(client);
    pair->server = new_ssl(server);
    connect_ends(pair->client, pair->server);
}

static void end(struct pair *pair)
{
    wolfSSL_free(pair->client);
    wolfSSL_free(pair->server);
    wolfSSL_CTX_free(pair->client_ctx);
    wolfSSL_CTX_free(pair->server_ctx);
}

#include "parts.h"

int main(int argc, char **argv)
{
    if (argc != 2) {
        printf("usage: wolfssl DIRECTORY\n");
        return 2;
    }
    directory = argv[1];
    CHECK_INT(wolfSSL_Init(), WOLFSSL_SUCCESS);
    certificates();
    failures_have_numbers();
    sockets();
    keys();
    sessions();
#ifdef WOLFSSL_EARLY_DATA
    early_data();
#endif
#if OURS
    callbacks();
    names();
#endif
    CHECK_INT(wolfSSL_Cleanup(), WOLFSSL_SUCCESS);
    printf("%d checks, %d failed\n", checks, failures);
    return failures != 0;
}
