/*
 * TLS server: prints each message that a client sends and answers with a set message; ends when a client sends `shutdown`. It serves
 * one client after the other.
 *
 *     server [PORT [CERTIFICATE-FILE KEY-FILE [CA-FILE]]]
 *
 *     PORT               TCP port; 11111 if not given; 0 for any that is free
 *     CERTIFICATE-FILE   what this server proves itself with, PEM; server.crt if not given
 *     KEY-FILE           the private key of that certificate, PEM; server.key if not given
 *     CA-FILE            if given, a client must have a certificate that these (PEM) verify
 *
 * Exit code: 0 after `shutdown`, or 1 after an error, which is told on standard error. The error of one client is told there too, and
 * the server goes on.
 */
#include <signal.h>

#include "example.h"

#define PROGRAM "server"

/* Answers messages. Returns 1 after the message `shutdown`, 0 when the client has closed the connection, -1 after an error. */
static int talk(SSL *ssl)
{
    static char message[MESSAGE_SIZE + 1];
    int result;

    for (;;) {
        result = SSL_read(ssl, message, (int)sizeof message - 1);
        if (result <= 0) {
            if (SSL_get_error(ssl, result) == SSL_ERROR_ZERO_RETURN) {
                return 0;
            }
            connection_failure(PROGRAM, "SSL_read", ssl, result);
            return -1;
        }
        /* Some clients send the end of a line with it. */
        message[result] = '\0';
        message[strcspn(message, "\r\n")] = '\0';
        printf("%s\n", message);
        fflush(stdout);
        if (strcmp(message, "shutdown") == 0) {
            return 1;
        }
        result = SSL_write(ssl, REPLY, (int)strlen(REPLY));
        if (result != (int)strlen(REPLY)) {
            connection_failure(PROGRAM, "SSL_write", ssl, result);
            return -1;
        }
    }
}

/* Serves the client on a connected socket. Returns as talk(). */
static int serve(SSL_CTX *ctx, int fd)
{
    SSL *ssl = SSL_new(ctx);
    int outcome = -1;
    int result;

    if (ssl == NULL) {
        library_failure(PROGRAM, "SSL_new");
        return -1;
    }
    if (SSL_set_fd(ssl, fd) != SSL_SUCCESS) {
        library_failure(PROGRAM, "SSL_set_fd");
        goto cleanup;
    }
    result = SSL_accept(ssl);
    if (result != SSL_SUCCESS) {
        connection_failure(PROGRAM, "SSL_accept", ssl, result);
        goto cleanup;
    }
    outcome = talk(ssl);
    if (outcome >= 0) {
        /* The client may have gone without waiting for this: no failure. */
        SSL_shutdown(ssl);
    }

cleanup:
    SSL_free(ssl);
    return outcome;
}

int main(int argc, char **argv)
{
    const char *port = argument(argc, argv, 1, DEFAULT_PORT);
    const char *certificate_file = argument(argc, argv, 2, "server.crt");
    const char *key_file = argument(argc, argv, 3, "server.key");
    const char *ca_file = argument(argc, argv, 4, NULL);
    int status = EXIT_FAILURE;
    SSL_CTX *ctx = NULL;
    int listener = -1;
    int outcome = 0;

    if (needs_help(argc, argv, 4) || argc == 3) {
        fprintf(stderr, "usage: server [PORT [CERTIFICATE-FILE KEY-FILE [CA-FILE]]]\n");
        return EXIT_FAILURE;
    }
    /* warifu never raises it; with OpenSSL, a client that goes at the wrong moment would end the server. */
    signal(SIGPIPE, SIG_IGN);

    /* The library, and the context: what this server proves itself with, and whom it believes. */
    SSL_library_init();
    ctx = SSL_CTX_new(SSLv23_server_method());
    if (ctx == NULL) {
        library_failure(PROGRAM, "SSL_CTX_new");
        goto cleanup;
    }
    if (SSL_CTX_use_certificate_file(ctx, certificate_file, SSL_FILETYPE_PEM) != SSL_SUCCESS) {
        library_failure(PROGRAM, "SSL_CTX_use_certificate_file");
        goto cleanup;
    }
    if (SSL_CTX_use_PrivateKey_file(ctx, key_file, SSL_FILETYPE_PEM) != SSL_SUCCESS) {
        library_failure(PROGRAM, "SSL_CTX_use_PrivateKey_file");
        goto cleanup;
    }
    if (ca_file != NULL) {
        if (SSL_CTX_load_verify_locations(ctx, ca_file, NULL) != SSL_SUCCESS) {
            library_failure(PROGRAM, "SSL_CTX_load_verify_locations");
            goto cleanup;
        }
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
    listener = tcp_listen(PROGRAM, port);
    if (listener < 0) {
        goto cleanup;
    }

    while (outcome != 1) {
        int fd = accept(listener, NULL, NULL);

        if (fd < 0) {
            if (errno == EINTR || errno == ECONNABORTED) {
                continue;
            }
            system_failure(PROGRAM, "accept");
            goto cleanup;
        }
        outcome = serve(ctx, fd);
        close(fd);
    }
    status = EXIT_SUCCESS;

cleanup:
    /* In the reverse order of making. */
    if (listener >= 0) {
        close(listener);
    }
    SSL_CTX_free(ctx);
    return status;
}
