/* Table 6.1.2: the lowest and the highest version that are allowed. */
#include "tests.h"

static void set_and_read_back(void)
{
    SSL_CTX *ctx = bare_context(SSLv23_method());
    SSL_CTX *client;
    struct pair pair;
    SSL *ssl;
    int low, high;

    check_context("set and read back");
    CHECK_INT(SSL_CTX_get_max_proto_version(ctx), 0);
    for (low = FIRST_VERSION; low < 4; low++) {
        for (high = low; high < 4; high++) {
            CHECK_INT(SSL_CTX_set_min_proto_version(ctx, 0), 1);
            CHECK_INT(SSL_CTX_set_max_proto_version(ctx, versions[high]), 1);
            CHECK_INT(SSL_CTX_set_min_proto_version(ctx, versions[low]), 1);
            CHECK_INT(SSL_CTX_get_min_proto_version(ctx), versions[low]);
            CHECK_INT(SSL_CTX_get_max_proto_version(ctx), versions[high]);
            ssl = SSL_new(ctx);
            CHECK_INT(SSL_get_min_proto_version(ssl), versions[low]);
            CHECK_INT(SSL_get_max_proto_version(ssl), versions[high]);
            /* A connection has its own. */
            CHECK_INT(SSL_set_max_proto_version(ssl, 0), 1);
            CHECK_INT(SSL_set_min_proto_version(ssl, TLS1_2_VERSION), 1);
            CHECK_INT(SSL_get_min_proto_version(ssl), TLS1_2_VERSION);
            CHECK_INT(SSL_get_max_proto_version(ssl), 0);
            CHECK_INT(SSL_CTX_get_min_proto_version(ctx), versions[low]);
            CHECK_INT(SSL_CTX_get_max_proto_version(ctx), versions[high]);
            SSL_free(ssl);
        }
    }
    CHECK_INT(SSL_CTX_set_max_proto_version(ctx, 0), 1);
    CHECK_INT(SSL_CTX_get_max_proto_version(ctx), 0);
    check_context("no such version");
    CHECK_INT(SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION), 1);
    CHECK_INT(SSL_CTX_set_min_proto_version(ctx, 0x0305), 0);
    CHECK_INT(SSL_CTX_set_max_proto_version(ctx, 12), 0);
    CHECK_INT(SSL_CTX_get_min_proto_version(ctx), TLS1_2_VERSION);
    CHECK_INT(SSL_CTX_get_max_proto_version(ctx), 0);
    SSL_CTX_free(ctx);
    ERR_clear_error();

    check_context("method of one version");
    ctx = bare_context(TLSv1_2_method());
    /* Its version is not up for setting: accepted, without effect. */
    CHECK_INT(SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION), 1);
    CHECK_INT(SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION), 1);
    CHECK_INT(SSL_CTX_use_certificate_file(ctx, path("server.crt"), SSL_FILETYPE_PEM), 1);
    CHECK_INT(SSL_CTX_use_PrivateKey_file(ctx, path("server.key"), SSL_FILETYPE_PEM), 1);
    client = client_context();
    pair_connect(&pair, MEMORY, client, ctx);
    CHECK_INT(SSL_version(pair_client(&pair)), TLS1_2_VERSION);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(ctx);
    ERR_clear_error();
}

/* Each range of versions against each: the highest that both have, or a refusal. */
static void ranges(void)
{
    int client_low, client_high, server_low, server_high;
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;

    for (client_low = FIRST_VERSION; client_low < 4; client_low++) {
        for (client_high = client_low; client_high < 4; client_high++) {
            for (server_low = FIRST_VERSION; server_low < 4; server_low++) {
                for (server_high = server_low; server_high < 4; server_high++) {
                    int low = client_low > server_low ? client_low : server_low;
                    int high = client_high < server_high ? client_high : server_high;

                    check_context("client %s to %s, server %s to %s", version_name(versions[client_low]),
                                  version_name(versions[client_high]), version_name(versions[server_low]),
                                  version_name(versions[server_high]));
                    SSL_CTX_set_min_proto_version(client, versions[client_low]);
                    SSL_CTX_set_max_proto_version(client, versions[client_high]);
                    SSL_CTX_set_min_proto_version(server, versions[server_low]);
                    SSL_CTX_set_max_proto_version(server, versions[server_high]);
                    pair_open(&pair, MEMORY, client, server);
                    if (low <= high) {
                        CHECK(pair_handshake(&pair));
                        CHECK_INT(SSL_version(pair_client(&pair)), versions[high]);
                        CHECK_INT(SSL_version(pair_server(&pair)), versions[high]);
                    } else {
                        pair_version_refused(&pair);
                    }
                    pair_close(&pair);
                }
            }
        }
    }
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* SSL_OP_NO_… takes single versions away. */
static void options(void)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;

    check_context("SSL_OP_NO_TLSv1_3 at the client");
    SSL_CTX_set_options(client, SSL_OP_NO_TLSv1_3);
    CHECK((SSL_CTX_get_options(client) & SSL_OP_NO_TLSv1_3) != 0);
    pair_connect(&pair, MEMORY, client, server);
    CHECK_INT(SSL_version(pair_client(&pair)), TLS1_2_VERSION);
    pair_close(&pair);

    check_context("SSL_OP_NO_TLSv1_2 at the server too");
    SSL_CTX_set_options(server, SSL_OP_NO_TLSv1_2 | SSL_OP_NO_TLSv1_3);
    pair_connect(&pair, MEMORY, client, server);
    CHECK_INT(SSL_version(pair_client(&pair)), TLS1_1_VERSION);
    pair_close(&pair);

    check_context("options taken back");
    SSL_CTX_clear_options(client, SSL_OP_NO_TLSv1_3);
    SSL_CTX_clear_options(server, SSL_OP_NO_TLSv1_2 | SSL_OP_NO_TLSv1_3);
    CHECK((SSL_CTX_get_options(client) & SSL_OP_NO_TLSv1_3) == 0);
    pair_connect(&pair, MEMORY, client, server);
    CHECK_INT(SSL_version(pair_client(&pair)), TLS1_3_VERSION);
    CHECK_INT(SSL_client_version(pair_server(&pair)), TLS1_2_VERSION); /* legacy_version of its hello */
    CHECK(!SSL_is_dtls(pair_client(&pair)));
    CHECK(SSL_is_server(pair_server(&pair)));
    CHECK(!SSL_is_server(pair_client(&pair)));
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);

    check_context("a range that is empty");
    client = client_context();
    SSL_CTX_set_max_proto_version(client, TLS1_2_VERSION);
    SSL_CTX_set_min_proto_version(client, TLS1_3_VERSION);
    server = server_context();
    pair_open(&pair, MEMORY, client, server);
    CHECK(!pair_handshake(&pair));
    CHECK_INT(pair.ends[CLIENT].error, SSL_ERROR_SSL);
    CHECK_INT(pair.ends[CLIENT].reason, SSL_R_NO_PROTOCOLS_AVAILABLE);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* What 0 stands for: the same as nothing, so that a value that is read may be set again. */
static void not_named(void)
{
    SSL_CTX *client = bare_context(SSLv23_client_method());
    SSL_CTX *server = server_context();
    struct pair pair;
    int set;

    CHECK_INT(SSL_CTX_load_verify_locations(client, path("ca.crt"), NULL), SSL_SUCCESS);
    CHECK_INT(SSL_CTX_set_max_proto_version(server, TLS1_1_VERSION), 1);
    for (set = 0; set < 2; set++) {
        check_context(set ? "lowest version set to what it was" : "lowest version not set");
        if (set) {
            CHECK_INT(SSL_CTX_set_min_proto_version(client, SSL_CTX_get_min_proto_version(client)), 1);
        }
        pair_open(&pair, MEMORY, client, server);
        if (OLD_VERSIONS_ARE_NAMED) {
            pair_version_refused(&pair);
        } else {
            CHECK(pair_handshake(&pair));
        }
        pair_close(&pair);
    }
    check_context("lowest version named");
    CHECK_INT(SSL_CTX_set_min_proto_version(client, TLS1_VERSION), 1);
    pair_connect(&pair, MEMORY, client, server);
    CHECK_INT(SSL_version(pair_client(&pair)), TLS1_1_VERSION);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* Connects, or is refused where only versions above the gap are left. */
static void below_the_gap(SSL_CTX *client, SSL_CTX *server)
{
    struct pair pair;

    pair_open(&pair, MEMORY, client, server);
    if (GAP_LEAVES_NEWER_VERSIONS) {
        pair_version_refused(&pair);
    } else {
        CHECK(pair_handshake(&pair));
        CHECK_INT(SSL_version(pair_client(&pair)), TLS1_1_VERSION);
    }
    pair_close(&pair);
}

/* TLS 1.2 is switched off alone: 1.3 is left above, and older ones below. */
static void gaps(void)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;

    check_context("a gap at the server");
    SSL_CTX_set_options(server, SSL_OP_NO_TLSv1_2);
    pair_connect(&pair, MEMORY, client, server);
    CHECK_INT(SSL_version(pair_client(&pair)), TLS1_3_VERSION);
    pair_close(&pair);
    SSL_CTX_set_max_proto_version(client, TLS1_2_VERSION);
    below_the_gap(client, server);

    check_context("a gap at the client");
    SSL_CTX_clear_options(server, SSL_OP_NO_TLSv1_2);
    SSL_CTX_set_max_proto_version(client, 0);
    SSL_CTX_set_options(client, SSL_OP_NO_TLSv1_2);
    pair_connect(&pair, MEMORY, client, server);
    CHECK_INT(SSL_version(pair_client(&pair)), GAP_LEAVES_NEWER_VERSIONS ? TLS1_3_VERSION : TLS1_1_VERSION);
    pair_close(&pair);
    SSL_CTX_set_max_proto_version(server, TLS1_1_VERSION);
    below_the_gap(client, server);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

void test_versions(void)
{
    gaps();
    set_and_read_back();
    ranges();
    not_named();
    options();
}
