/*
 * TLS client: sends each line of standard input to the server as a message and prints what the server answers, until the message
 * `shutdown` or the end of the input.
 *
 *     client [ADDRESS [PORT [CA-FILE [CERTIFICATE-FILE KEY-FILE]]]]
 *
 *     ADDRESS            IP address of the server; 127.0.0.1 if not given
 *     PORT               its TCP port; 11111 if not given
 *     CA-FILE            certificates by which the server is verified, PEM; ca.crt if not given
 *     CERTIFICATE-FILE   what this client proves itself with, PEM, if the server asks for that
 *     KEY-FILE           the private key of that certificate, PEM
 *
 * Exit code: 0, or 1 after an error, which is told on standard error.
 */
#include "example.h"

#define PROGRAM "client"

/* Sends lines and prints the replies. Returns 0 at the end, -1 after an error. */
static int talk(SSL *ssl)
{
    static char message[MESSAGE_SIZE];
    int length;
    int result;

    while ((length = read_line(message, (int)sizeof message)) >= 0) {
        if (length == 0) {
            continue; /* an empty message would have no reply */
        }
        result = SSL_write(ssl, message, length);
        if (result != length) {
            connection_failure(PROGRAM, "SSL_write", ssl, result);
            return -1;
        }
        if (strcmp(message, "shutdown") == 0) {
            return 0;
        }
        result = SSL_read(ssl, message, (int)sizeof message - 1);
        if (result <= 0) {
            connection_failure(PROGRAM, "SSL_read", ssl, result);
            return -1;
        }
        message[result] = '\0';
        printf("%s\n", message);
        fflush(stdout);
    }
    if (ferror(stdin)) {
        system_failure(PROGRAM, "reading standard input");
        return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *address = argument(argc, argv, 1, DEFAULT_ADDRESS);
    const char *port = argument(argc, argv, 2, DEFAULT_PORT);
    const char *ca_file = argument(argc, argv, 3, "ca.crt");
    const char *certificate_file = argument(argc, argv, 4, NULL);
    const char *key_file = argument(argc, argv, 5, NULL);
    int status = EXIT_FAILURE;
    SSL_CTX *ctx = NULL;
    SSL *ssl = NULL;
    int fd = -1;
    int result;

    if (needs_help(argc, argv, 5) || argc == 5) {
        fprintf(stderr, "usage: client [ADDRESS [PORT [CA-FILE [CERTIFICATE-FILE KEY-FILE]]]]\n");
        return EXIT_FAILURE;
    }

    /* The library, and the context: what this client believes, and what it proves itself with. */
    SSL_library_init();
    ctx = SSL_CTX_new(SSLv23_client_method());
    if (ctx == NULL) {
        library_failure(PROGRAM, "SSL_CTX_new");
        goto cleanup;
    }
    if (SSL_CTX_load_verify_locations(ctx, ca_file, NULL) != SSL_SUCCESS) {
        library_failure(PROGRAM, "SSL_CTX_load_verify_locations");
        goto cleanup;
    }
    /* warifu verifies the server unless told not to; with OpenSSL a client has to ask for it. */
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    if (certificate_file != NULL) {
        if (SSL_CTX_use_certificate_file(ctx, certificate_file, SSL_FILETYPE_PEM) != SSL_SUCCESS) {
            library_failure(PROGRAM, "SSL_CTX_use_certificate_file");
            goto cleanup;
        }
        if (SSL_CTX_use_PrivateKey_file(ctx, key_file, SSL_FILETYPE_PEM) != SSL_SUCCESS) {
            library_failure(PROGRAM, "SSL_CTX_use_PrivateKey_file");
            goto cleanup;
        }
    }

    /* The connection: TCP, then TLS on it. */
    fd = tcp_connect(PROGRAM, address, port);
    if (fd < 0) {
        goto cleanup;
    }
    ssl = SSL_new(ctx);
    if (ssl == NULL) {
        library_failure(PROGRAM, "SSL_new");
        goto cleanup;
    }
    if (SSL_set_fd(ssl, fd) != SSL_SUCCESS) {
        library_failure(PROGRAM, "SSL_set_fd");
        goto cleanup;
    }
    /* The certificate has to be one for this address, not only one that the CA made. */
    if (SSL_set1_host(ssl, address) != SSL_SUCCESS) {
        library_failure(PROGRAM, "SSL_set1_host");
        goto cleanup;
    }
    result = SSL_connect(ssl);
    if (result != SSL_SUCCESS) {
        connection_failure(PROGRAM, "SSL_connect", ssl, result);
        goto cleanup;
    }

    if (talk(ssl) != 0) {
        goto cleanup;
    }
    result = SSL_shutdown(ssl);
    if (result < 0) {
        connection_failure(PROGRAM, "SSL_shutdown", ssl, result);
        goto cleanup;
    }
    status = EXIT_SUCCESS;

cleanup:
    /* In the reverse order of making. */
    SSL_free(ssl);
    if (fd >= 0) {
        close(fd);
    }
    SSL_CTX_free(ctx);
    return status;
}
