/*
 * TLS server with pre-shared keys in place of certificates: prints each message that a client sends and answers with a set message;
 * ends when a client sends `shutdown`. It serves one client after the other. Either end proves to the other that it has the key.
 *
 *     server-psk [PORT [KEY-FILE [HINT]]]
 *
 *     PORT        TCP port; 11111 if not given; 0 for any that is free
 *     KEY-FILE    the keys of the clients, a line IDENTITY:HEX each; keys.psk if not given
 *     HINT        what clients (of TLS 1.2 and older) are told about which key to use; "warifu example" if not given
 *
 * Exit code: 0 after `shutdown`, or 1 after an error, which is told on standard error. The error of one client is told there too, and
 * the server goes on.
 */
#include <signal.h>

#include "psk_file.h"

#define PROGRAM "server-psk"

static struct psk_file keys;

/* The library asks for the key of an identity. Returns the length of the key; 0 if there is none. */
static unsigned int psk_server_callback(SSL *ssl, const char *identity, unsigned char *psk, unsigned int max_psk_len)
{
    const struct psk *known = identity == NULL ? NULL : psk_file_find(&keys, identity);

    (void)ssl;
    if (known == NULL || known->length > max_psk_len) {
        return 0;
    }
    memcpy(psk, known->key, known->length);
    return known->length;
}

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
    const char *key_file = argument(argc, argv, 2, "keys.psk");
    const char *hint = argument(argc, argv, 3, "warifu example");
    int status = EXIT_FAILURE;
    SSL_CTX *ctx = NULL;
    int listener = -1;
    int outcome = 0;

    if (needs_help(argc, argv, 3)) {
        fprintf(stderr, "usage: server-psk [PORT [KEY-FILE [HINT]]]\n");
        return EXIT_FAILURE;
    }
    if (psk_file_read(&keys, PROGRAM, key_file) != 0) {
        return EXIT_FAILURE;
    }
    /* warifu never raises it; with OpenSSL, a client that goes at the wrong moment would end the server. */
    signal(SIGPIPE, SIG_IGN);

    /* The library, and the context: where the keys are found. */
    SSL_library_init();
    ctx = SSL_CTX_new(SSLv23_server_method());
    if (ctx == NULL) {
        library_failure(PROGRAM, "SSL_CTX_new");
        goto cleanup;
    }
    SSL_CTX_set_psk_server_callback(ctx, psk_server_callback);
    if (SSL_CTX_use_psk_identity_hint(ctx, hint) != SSL_SUCCESS) {
        library_failure(PROGRAM, "SSL_CTX_use_psk_identity_hint");
        goto cleanup;
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
    psk_file_wipe(&keys);
    return status;
}
