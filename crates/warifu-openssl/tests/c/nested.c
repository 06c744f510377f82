/* Callbacks that use other connections, or run at the end of an object; and what stays of objects that are asked twice. */
#include "tests.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
    SSL_CTX *client;
    SSL_CTX *server;
    int depth;
    int runs;
} inner;

/* Runs another connection in the middle of the outer one. */
static void run_another(void)
{
    struct pair pair;

    if (inner.depth > 0) {
        return;
    }
    inner.depth++;
    pair_connect(&pair, MEMORY, inner.client, inner.server);
    CHECK_INT(SSL_get_verify_result(pair.ends[CLIENT].ssl), X509_V_OK);
    pair_close(&pair);
    inner.runs++;
    inner.depth--;
}

static void message_callback(int sent, int version, int type, const void *bytes, size_t length, SSL *ssl, void *argument)
{
    (void)version;
    (void)length;
    (void)ssl;
    (void)argument;
    if (!sent && type == SSL3_RT_HANDSHAKE && ((const unsigned char *)bytes)[0] == SSL3_MT_CERTIFICATE) {
        run_another();
    }
}

static int verify_callback(int preverified, X509_STORE_CTX *store)
{
    (void)store;
    run_another();
    return preverified;
}

/* What a connection is asked stays its own: the outer one wants a name that the server has not. */
static void another_connection(int version, int by_message)
{
    SSL_CTX *client = client_context();
    struct pair pair;

    check_context("%s callback, %s", by_message ? "message" : "verify", version_name(version));
    only_version(client, version);
    inner.client = client_context();
    inner.server = server_context();
    inner.runs = 0;
    pair_open(&pair, MEMORY, client, inner.server);
    CHECK_INT(SSL_set1_host(pair.ends[CLIENT].ssl, "elsewhere.example"), 1);
    if (by_message) {
        SSL_set_msg_callback(pair.ends[CLIENT].ssl, message_callback);
        SSL_set_verify(pair.ends[CLIENT].ssl, SSL_VERIFY_PEER, NULL);
    } else {
        SSL_set_verify(pair.ends[CLIENT].ssl, SSL_VERIFY_PEER, verify_callback);
    }
    CHECK(!pair_handshake(&pair));
    CHECK(inner.runs > 0);
    CHECK_INT(SSL_get_verify_result(pair.ends[CLIENT].ssl), X509_V_ERR_HOSTNAME_MISMATCH);
    CHECK_INT(pair.ends[CLIENT].reason, SSL_R_CERTIFICATE_VERIFY_FAILED);
    pair_close(&pair);
    SSL_CTX_free(inner.client);
    SSL_CTX_free(inner.server);
    SSL_CTX_free(client);
}

static int freed;

/* Runs when the connection goes. */
static void free_callback(void *parent, void *value, CRYPTO_EX_DATA *data, int index, long number, void *argument)
{
    (void)data;
    (void)index;
    (void)number;
    (void)argument;
    if (value != NULL) {
        freed++;
        SSL_shutdown((SSL *)parent);
        SSL_get_shutdown((SSL *)parent);
    }
}

static void the_end_of_a_connection(void)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;
    static int index = -1;

    check_context("the end of a connection");
    if (index < 0) {
        index = SSL_get_ex_new_index(0, NULL, NULL, NULL, free_callback);
    }
    pair_connect(&pair, MEMORY, client, server);
    CHECK_INT(SSL_set_ex_data(pair.ends[CLIENT].ssl, index, &freed), 1);
    pair_close(&pair);
    CHECK_INT(freed, 1);
    freed = 0;
    ERR_clear_error();
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* What is lent stays as long as it is what it was. */
static void asked_twice(void)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;
    STACK_OF(X509) *first;
    STACK_OF(X509) *second;
    const char *name;

    check_context("asked twice");
    CHECK_INT(SSL_CTX_get0_chain_certs(server, &first), 1);
    CHECK_INT(SSL_CTX_get0_chain_certs(server, &second), 1);
    CHECK(first == second);
    pair_open(&pair, MEMORY, client, server);
    SSL_set_verify(pair.ends[CLIENT].ssl, SSL_VERIFY_PEER, NULL);
    CHECK_INT(SSL_set1_host(pair.ends[CLIENT].ssl, "localhost"), 1);
    CHECK(pair_handshake(&pair));
    name = SSL_get0_peername(pair.ends[CLIENT].ssl);
    CHECK(SSL_get0_peername(pair.ends[CLIENT].ssl) != NULL);
    CHECK_TEXT(name, "localhost");
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* BIO_s_fd over a socket whose other end is gone fails, and nothing worse. OpenSSL's writes with SIGPIPE. */
static void a_reader_that_is_gone(void)
{
    int ends[2];
    BIO *bio;

    check_context("a reader that is gone");
    if (!IS_WARIFU) {
        return;
    }
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    close(ends[1]);
    bio = BIO_new_fd(ends[0], BIO_CLOSE);
    CHECK(BIO_write(bio, "message", 7) <= 0);
    BIO_free(bio);
    ERR_clear_error();
}

void test_nested(void)
{
    int version, by_message;

    for (version = FIRST_VERSION; version < 4; version++) {
        for (by_message = 0; by_message < 2; by_message++) {
            another_connection(versions[version], by_message);
        }
    }
    the_end_of_a_connection();
    asked_twice();
    a_reader_that_is_gone();
}
