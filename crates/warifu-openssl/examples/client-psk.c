/*
 * TLS client with a pre-shared key in place of certificates: sends each line of standard input to the server as a message and prints
 * what the server answers, until the message `shutdown` or the end of the input. Either end proves to the other that it has the key.
 *
 *     client-psk [ADDRESS [PORT [KEY-FILE]]]
 *
 *     ADDRESS     IP address of the server; 127.0.0.1 if not given
 *     PORT        its TCP port; 11111 if not given
 *     KEY-FILE    identity and key, IDENTITY:HEX; keys.psk if not given. The first of several is used.
 *
 * Exit code: 0, or 1 after an error, which is told on standard error.
 */
#include "psk_file.h"

#define PROGRAM "client-psk"

static struct psk_file keys;

/*
 * The library asks which key to use. `hint` is what the server says about that (TLS 1.2 and older), or NULL. Returns the length of the
 * key; 0 would mean that there is none.
 */
static unsigned int psk_client_callback(SSL *ssl, const char *hint, char *identity, unsigned int max_identity_len, unsigned char *psk,
                                        unsigned int max_psk_len)
{
    const struct psk *own = &keys.keys[0];

    (void)ssl;
    (void)hint;
    if (strlen(own->identity) >= max_identity_len || own->length > max_psk_len) {
        return 0;
    }
    memcpy(identity, own->identity, strlen(own->identity) + 1);
    memcpy(psk, own->key, own->length);
    return own->length;
}

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
    const char *key_file = argument(argc, argv, 3, "keys.psk");
    int status = EXIT_FAILURE;
    SSL_CTX *ctx = NULL;
    SSL *ssl = NULL;
    int fd = -1;
    int result;

    if (needs_help(argc, argv, 3)) {
        fprintf(stderr, "usage: client-psk [ADDRESS [PORT [KEY-FILE]]]\n");
        return EXIT_FAILURE;
    }
    if (psk_file_read(&keys, PROGRAM, key_file) != 0) {
        return EXIT_FAILURE;
    }

    /* The library, and the context: where the key is found. */
    SSL_library_init();
    ctx = SSL_CTX_new(SSLv23_client_method());
    if (ctx == NULL) {
        library_failure(PROGRAM, "SSL_CTX_new");
        goto cleanup;
    }
    SSL_CTX_set_psk_client_callback(ctx, psk_client_callback);
    /* A server that would prove itself with a certificate, and not with the key, is refused: no certificate is trusted. */
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);

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
    psk_file_wipe(&keys);
    return status;
}
