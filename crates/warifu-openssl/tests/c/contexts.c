#include "pair.h"

#include <stdio.h>
#include <stdlib.h>

extern const char *certificates;

const char *path(const char *file)
{
    static char paths[8][512];
    static int next;

    next = (next + 1) % 8;
    snprintf(paths[next], sizeof paths[next], "%s/%s", certificates, file);
    return paths[next];
}

unsigned char *content(const char *file, long *size)
{
    FILE *input = fopen(path(file), "rb");
    unsigned char *bytes;

    if (input == NULL) {
        perror(path(file));
        exit(2);
    }
    fseek(input, 0, SEEK_END);
    *size = ftell(input);
    rewind(input);
    bytes = (unsigned char *)malloc((size_t)*size + 1);
    if (bytes == NULL || fread(bytes, 1, (size_t)*size, input) != (size_t)*size) {
        exit(2);
    }
    bytes[*size] = '\0';
    fclose(input);
    return bytes;
}

SSL_CTX *bare_context(const SSL_METHOD *method)
{
    SSL_CTX *ctx = SSL_CTX_new(method);

    if (!CHECK(ctx != NULL)) {
        exit(2);
    }
    /* OpenSSL 3 has TLS 1.0 and 1.1 on no other security level. */
    CHECK_INT(SSL_CTX_set_cipher_list(ctx, "DEFAULT:@SECLEVEL=0"), 1);
    return ctx;
}

SSL_CTX *client_context(void)
{
    SSL_CTX *ctx = bare_context(SSLv23_client_method());

    CHECK_INT(SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION), 1);
    CHECK_INT(SSL_CTX_load_verify_locations(ctx, path("ca.crt"), NULL), SSL_SUCCESS);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    return ctx;
}

SSL_CTX *server_context(void)
{
    SSL_CTX *ctx = bare_context(SSLv23_server_method());

    CHECK_INT(SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION), 1);
    CHECK_INT(SSL_CTX_use_certificate_file(ctx, path("server.crt"), SSL_FILETYPE_PEM), SSL_SUCCESS);
    CHECK_INT(SSL_CTX_use_PrivateKey_file(ctx, path("server.key"), SSL_FILETYPE_PEM), SSL_SUCCESS);
    return ctx;
}

void only_version(SSL_CTX *ctx, int version)
{
    CHECK_INT(SSL_CTX_set_min_proto_version(ctx, version), 1);
    CHECK_INT(SSL_CTX_set_max_proto_version(ctx, version), 1);
}
