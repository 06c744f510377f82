/* Table 6.1.1: the methods given to SSL_CTX_new, and who meets whom. */
#include "tests.h"

enum { AS_SERVER = 1, AS_CLIENT = 2 };

struct method {
    const char *name;
    const SSL_METHOD *(*function)(void);
    int roles;
    int version; /* 0: the highest that both support */
};

#define ROW(name, roles, version) {#name, name, roles, version}

static const struct method methods[] = {
    ROW(SSLv23_server_method, AS_SERVER, 0),
    ROW(SSLv23_client_method, AS_CLIENT, 0),
    ROW(SSLv23_method, AS_SERVER | AS_CLIENT, 0),
    ROW(TLSv1_3_server_method, AS_SERVER, TLS1_3_VERSION),
    ROW(TLSv1_3_client_method, AS_CLIENT, TLS1_3_VERSION),
    ROW(TLSv1_3_method, AS_SERVER | AS_CLIENT, TLS1_3_VERSION),
    ROW(TLSv1_2_server_method, AS_SERVER, TLS1_2_VERSION),
    ROW(TLSv1_2_client_method, AS_CLIENT, TLS1_2_VERSION),
    ROW(TLSv1_2_method, AS_SERVER | AS_CLIENT, TLS1_2_VERSION),
    ROW(TLSv1_1_server_method, AS_SERVER, TLS1_1_VERSION),
    ROW(TLSv1_1_client_method, AS_CLIENT, TLS1_1_VERSION),
    ROW(TLSv1_1_method, AS_SERVER | AS_CLIENT, TLS1_1_VERSION),
    ROW(TLSv1_server_method, AS_SERVER, TLS1_VERSION),
    ROW(TLSv1_client_method, AS_CLIENT, TLS1_VERSION),
    ROW(TLSv1_method, AS_SERVER | AS_CLIENT, TLS1_VERSION),
    /* The names that SSLv23_… have today. */
    ROW(TLS_server_method, AS_SERVER, 0),
    ROW(TLS_client_method, AS_CLIENT, 0),
    ROW(TLS_method, AS_SERVER | AS_CLIENT, 0),
};
#define METHODS ((int)(sizeof methods / sizeof *methods))

static SSL_CTX *context_of(const struct method *method)
{
    SSL_CTX *ctx = bare_context(method->function());

#if !IS_WARIFU
    if (method->version == TLS1_3_VERSION) {
        only_version(ctx, TLS1_3_VERSION); /* see compat.h */
    }
#endif
    if (method->version == 0) {
        CHECK_INT(SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION), 1);
    }
    CHECK_INT(SSL_CTX_load_verify_locations(ctx, path("ca.crt"), NULL), SSL_SUCCESS);
    if (method->roles & AS_SERVER) {
        CHECK_INT(SSL_CTX_use_certificate_file(ctx, path("server.crt"), SSL_FILETYPE_PEM), SSL_SUCCESS);
        CHECK_INT(SSL_CTX_use_PrivateKey_file(ctx, path("server.key"), SSL_FILETYPE_PEM), SSL_SUCCESS);
    }
    return ctx;
}

static void meet(const struct method *client, const struct method *server, enum transport transport)
{
    SSL_CTX *client_ctx = context_of(client);
    SSL_CTX *server_ctx = context_of(server);
    int client_version = client->version;
    int server_version = server->version;
    struct pair pair;

    check_context("%s to %s, %s", client->name, server->name, transport_names[transport]);
    pair_open(&pair, transport, client_ctx, server_ctx);
    if (client_version == server_version || client_version == 0 || server_version == 0) {
        int version = client_version != 0 ? client_version : server_version != 0 ? server_version : TLS1_3_VERSION;

        CHECK(pair_handshake(&pair));
        CHECK_INT(SSL_version(pair_client(&pair)), version);
        CHECK_INT(SSL_version(pair_server(&pair)), version);
        CHECK_TEXT(SSL_get_version(pair_client(&pair)), version_name(version));
        pair_exchange(&pair, CLIENT, "hello");
        pair_exchange(&pair, SERVER, "hello yourself");
    } else {
        if (SINGLE_VERSION_IS_TOLD) {
            pair_version_refused(&pair);
        } else {
            CHECK(!pair_handshake(&pair));
            CHECK_INT(pair.ends[CLIENT].error, SSL_ERROR_SSL);
            CHECK_INT(pair.ends[SERVER].error, SSL_ERROR_SSL);
            CHECK(pair.ends[SERVER].reason != 0);
            CHECK(pair.ends[CLIENT].reason != 0);
        }
    }
    pair_close(&pair);
    SSL_CTX_free(client_ctx);
    SSL_CTX_free(server_ctx);
}

/* A connection cannot take a role that its method lacks. */
static void wrong_role(const struct method *method)
{
    SSL_CTX *ctx = context_of(method);
    SSL *ssl = SSL_new(ctx);
    int result;

    check_context("%s", method->name);
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    ERR_clear_error();
    result = method->roles == AS_CLIENT ? SSL_accept(ssl) : SSL_connect(ssl);
    CHECK(result <= 0);
    CHECK_INT(SSL_get_error(ssl, result), SSL_ERROR_SSL);
    CHECK_INT(ERR_GET_LIB(ERR_peek_error()), ERR_LIB_SSL);
    CHECK_INT(BIO_pending(SSL_get_wbio(ssl)), 0);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    ERR_clear_error();
}

void test_methods(void)
{
    int client, server, transport;

    for (client = 0; client < METHODS; client++) {
        CHECK(methods[client].function() != NULL);
        if (methods[client].roles != (AS_CLIENT | AS_SERVER)) {
            wrong_role(&methods[client]);
        }
        for (server = 0; server < METHODS; server++) {
            if (quick && methods[client].version != methods[server].version) {
                continue;
            }
            if ((methods[client].roles & AS_CLIENT) && (methods[server].roles & AS_SERVER)) {
                /* Versions against each other by way of memory; like by like by all. */
                meet(&methods[client], &methods[server], MEMORY);
                for (transport = FIRST_TRANSPORT; methods[client].version == methods[server].version && transport < MEMORY; transport++) {
                    meet(&methods[client], &methods[server], (enum transport)transport);
                }
            }
        }
    }
    check_context("no method");
    CHECK(SSL_CTX_new(NULL) == NULL);
    CHECK(ERR_get_error() != 0);
    ERR_clear_error();
}
