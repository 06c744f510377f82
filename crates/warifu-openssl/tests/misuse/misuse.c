/*
 * Runs each generated call in a process of its own, and tells which of them crashed or hung.
 *
 *     misuse DIRECTORY     with ca.crt, server.crt and server.key
 */
#include "misuse.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#define SECONDS 10

static char file[4096];
static const char *directory;

static const char *in_directory(const char *name)
{
    snprintf(file, sizeof file, "%s/%s", directory, name);
    return file;
}

/* What a maker needs and cannot have is a defect of this program. */
static void need(int good, const char *what)
{
    if (!good) {
        fprintf(stderr, "cannot make an object: %s\n", what);
        ERR_print_errors_fp(stderr);
        _exit(99);
    }
}

void *client_context(void)
{
    SSL_CTX *ctx = SSL_CTX_new(SSLv23_client_method());

    need(ctx != NULL && SSL_CTX_load_verify_locations(ctx, in_directory("ca.crt"), NULL) == 1, "client context");
    return ctx;
}

void *server_context(void)
{
    SSL_CTX *ctx = SSL_CTX_new(SSLv23_method());

    need(ctx != NULL, "server context");
    need(SSL_CTX_use_certificate_file(ctx, in_directory("server.crt"), SSL_FILETYPE_PEM) == 1, "certificate");
    need(SSL_CTX_use_PrivateKey_file(ctx, in_directory("server.key"), SSL_FILETYPE_PEM) == 1, "key");
    return ctx;
}

void *fresh_ssl(void)
{
    SSL *ssl = SSL_new(server_context());

    need(ssl != NULL, "connection");
    return ssl;
}

void *client_without_transport(void)
{
    SSL *ssl = SSL_new(client_context());

    need(ssl != NULL, "connection");
    SSL_set_connect_state(ssl);
    return ssl;
}

static void attach(SSL *ssl, BIO *read, BIO *write)
{
    BIO_up_ref(read);
    BIO_up_ref(write);
    SSL_set_bio(ssl, read, write);
}

/* Nobody answers but with what is no TLS. */
void *failed_ssl(void)
{
    SSL *ssl = client_without_transport();
    BIO *in = BIO_new(BIO_s_mem());

    need(BIO_write(in, "this is no TLS at all\n", 22) == 22, "memory");
    attach(ssl, in, BIO_new(BIO_s_mem()));
    need(SSL_do_handshake(ssl) <= 0 && SSL_get_error(ssl, -1) == SSL_ERROR_SSL, "failure");
    return ssl;
}

/* A client's; the server stays where nobody sees it. */
void *connected_ssl(void)
{
    SSL *client = client_without_transport();
    SSL *server = fresh_ssl();
    BIO *there = BIO_new(BIO_s_mem());
    BIO *back = BIO_new(BIO_s_mem());
    int i;

    SSL_set_accept_state(server);
    attach(client, back, there);
    attach(server, there, back);
    for (i = 0; i < 10 && !(SSL_is_init_finished(client) && SSL_is_init_finished(server)); i++) {
        SSL_do_handshake(client);
        SSL_do_handshake(server);
    }
    need(SSL_is_init_finished(client) && SSL_is_init_finished(server), "handshake");
    return client;
}

void *closed_ssl(void)
{
    SSL *ssl = connected_ssl();

    need(SSL_shutdown(ssl) == 0, "shutdown");
    return ssl;
}

/* Its context was given back. */
void *orphaned_ssl(void)
{
    SSL_CTX *ctx = server_context();
    SSL *ssl = SSL_new(ctx);

    SSL_CTX_free(ctx);
    need(ssl != NULL, "connection");
    return ssl;
}

void *memory_bio(void)
{
    BIO *bio = BIO_new(BIO_s_mem());

    need(bio != NULL && BIO_write(bio, "some text\n", 10) == 10, "memory");
    return bio;
}

void *null_bio(void)
{
    return BIO_new(BIO_s_null());
}

void *socket_bio(void)
{
    int ends[2];

    need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0, "sockets");
    return BIO_new_socket(ends[0], BIO_CLOSE);
}

void *empty_pair(void)
{
    BIO *one;
    BIO *other;

    need(BIO_new_bio_pair(&one, 0, &other, 0) == 1, "pair");
    return one;
}

void *certificate(void)
{
    FILE *stream = fopen(in_directory("server.crt"), "r");
    X509 *x509 = PEM_read_X509(stream, NULL, NULL, NULL);

    need(x509 != NULL, "certificate");
    return x509;
}

void *key(void)
{
    FILE *stream = fopen(in_directory("server.key"), "r");
    EVP_PKEY *pkey = PEM_read_PrivateKey(stream, NULL, NULL, NULL);

    need(pkey != NULL, "key");
    return pkey;
}

void *store(void)
{
    X509_STORE *store = X509_STORE_new();

    need(store != NULL, "store");
    return store;
}

int main(int argc, char **argv)
{
    const struct call *call;
    int failed = 0;
    int count = 0;
    int status;
    int null;
    pid_t child;

    directory = argc > 1 ? argv[1] : ".";
    for (call = calls; call->run != NULL; call++, count++) {
        child = fork();
        if (child == 0) {
            alarm(SECONDS);
            null = open("/dev/null", O_RDWR);
            dup2(null, 0);
            dup2(null, 1);
            call->run();
            _exit(0);
        }
        if (child < 0 || waitpid(child, &status, 0) != child) {
            perror("fork");
            return 1;
        }
        if (WIFSIGNALED(status)) {
            printf("%s: %s\n", call->text, strsignal(WTERMSIG(status)));
            failed++;
        } else if (WEXITSTATUS(status) != 0) {
            printf("%s: exit code %d\n", call->text, WEXITSTATUS(status));
            failed++;
        }
    }
    printf("%d calls, %d failed\n", count, failed);
    return failed != 0;
}
