/* Suites, groups and signature algorithms: lists of them, what is agreed upon, and what is told about it. */
#include "tests.h"

#include <openssl/objects.h>
#include <string.h>

static int position(STACK_OF(SSL_CIPHER) *ciphers, const char *name)
{
    int i;

    for (i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
        if (strcmp(SSL_CIPHER_get_name(sk_SSL_CIPHER_value(ciphers, i)), name) == 0) {
            return i;
        }
    }
    return -1;
}

/* A list, what has to be in it, in that order, and what must not. */
struct list_case {
    const char *list;
    const char *has[3];
    const char *lacks[2];
};

static const struct list_case lists[] = {
    {"HIGH:!aNULL", {"ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256"}, {"ADH-AES128-SHA", NULL}},
    {"ECDHE+AESGCM", {"ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256"}, {"AES128-SHA", "ECDHE-RSA-AES128-SHA"}},
    {"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384",
     {"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"},
     {"ECDHE-ECDSA-AES128-GCM-SHA256", "AES128-SHA"}},
    {"ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256", {"ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256"}, {NULL}},
    {"ECDHE-RSA-AES128-GCM-SHA256,ECDHE-RSA-CHACHA20-POLY1305", {"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-CHACHA20-POLY1305"}, {NULL}},
    {"ECDHE-RSA-AES128-GCM-SHA256 AES128-SHA", {"ECDHE-RSA-AES128-GCM-SHA256", "AES128-SHA"}, {NULL}},
    {"ALL:!kRSA", {"ECDHE-RSA-AES128-SHA", NULL}, {"AES128-SHA", "AES256-GCM-SHA384"}},
    {"ALL:-AES256:@STRENGTH", {"ECDHE-RSA-AES128-SHA", NULL}, {"AES256-SHA", "ECDHE-RSA-AES256-GCM-SHA384"}},
    {"AES128-SHA:+AES128-SHA:AES256-SHA:+AES128-SHA", {"AES256-SHA", "AES128-SHA"}, {NULL}},
    {"ALL:!ECDSA:!PSK", {"ECDHE-RSA-AES128-SHA", NULL}, {"ECDHE-ECDSA-AES128-SHA", "PSK-AES128-CBC-SHA"}},
    {"kPSK", {"PSK-AES128-GCM-SHA256", NULL}, {"ECDHE-RSA-AES128-SHA", NULL}},
    {"TLSv1.2:!kRSA", {"ECDHE-RSA-AES128-GCM-SHA256", NULL}, {"ECDHE-RSA-AES128-SHA", NULL}},
    {"nonsense:AES128-SHA", {"AES128-SHA", NULL}, {NULL}},
};

static void cipher_lists(void)
{
    SSL_CTX *ctx = bare_context(SSLv23_method());
    SSL *ssl;
    size_t i;

    for (i = 0; i < sizeof lists / sizeof *lists; i++) {
        STACK_OF(SSL_CIPHER) *ciphers;
        int last = -1;
        int j;

        check_context("%s", lists[i].list);
        CHECK_INT(SSL_CTX_set_cipher_list(ctx, lists[i].list), 1);
        ciphers = SSL_CTX_get_ciphers(ctx);
        for (j = 0; j < 3 && lists[i].has[j] != NULL; j++) {
            int at = position(ciphers, lists[i].has[j]);

            CHECK(at > last);
            last = at;
        }
        for (j = 0; j < 2 && lists[i].lacks[j] != NULL; j++) {
            CHECK_INT(position(ciphers, lists[i].lacks[j]), -1);
        }
        /* Those of TLS 1.3 are a list of their own, and stand first. */
        CHECK(position(ciphers, "TLS_AES_128_GCM_SHA256") >= 0);
        CHECK(position(ciphers, "TLS_AES_128_GCM_SHA256") < 3);
    }

    check_context("nothing in it");
    ERR_clear_error();
    CHECK_INT(SSL_CTX_set_cipher_list(ctx, "nonsense"), 0);
    CHECK_INT(take_reason(), SSL_R_NO_CIPHER_MATCH);
    CHECK_INT(SSL_CTX_set_cipher_list(ctx, "AES128-SHA:!AES128-SHA"), 0);
    CHECK_INT(take_reason(), SSL_R_NO_CIPHER_MATCH);

    check_context("suites of TLS 1.3");
    CHECK_INT(SSL_CTX_set_cipher_list(ctx, "AES128-SHA"), 1);
    CHECK_INT(SSL_CTX_set_ciphersuites(ctx, "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"), 1);
    CHECK_INT(sk_SSL_CIPHER_num(SSL_CTX_get_ciphers(ctx)), 3);
    CHECK_INT(position(SSL_CTX_get_ciphers(ctx), "TLS_CHACHA20_POLY1305_SHA256"), 0);
    CHECK_INT(position(SSL_CTX_get_ciphers(ctx), "TLS_AES_128_GCM_SHA256"), 1);
    CHECK_INT(position(SSL_CTX_get_ciphers(ctx), "AES128-SHA"), 2);
    CHECK_INT(SSL_CTX_set_ciphersuites(ctx, "TLS_NONSENSE"), 0);
    ERR_clear_error();
    ssl = SSL_new(ctx);
    CHECK_INT(sk_SSL_CIPHER_num(SSL_get_ciphers(ssl)), 3);
    CHECK_TEXT(SSL_get_cipher_list(ssl, 0), "TLS_CHACHA20_POLY1305_SHA256");
    CHECK_TEXT(SSL_get_cipher_list(ssl, 2), "AES128-SHA");
    CHECK(SSL_get_cipher_list(ssl, 3) == NULL);
    CHECK_INT(SSL_set_cipher_list(ssl, "AES256-SHA"), 1);
    CHECK_INT(SSL_set_ciphersuites(ssl, ""), 1);
    CHECK_TEXT(SSL_get_cipher_list(ssl, 0), "AES256-SHA");
    CHECK_INT(SSL_set_cipher_list(ssl, "nonsense"), 0);
    CHECK_INT(position(SSL_CTX_get_ciphers(ctx), "AES128-SHA"), 2);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    ERR_clear_error();
}

/* What is told about a suite. */
static void about(void)
{
    static const struct {
        const char *name;
        const char *standard_name;
        unsigned long id;
        int bits;
        const char *version;
        int aead;
    } rows[] = {
        {"TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384", 0x03001302, 256, "TLSv1.3", 1},
        {"ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", 0x0300c02f, 128, "TLSv1.2", 1},
        {"ECDHE-RSA-AES256-SHA", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", 0x0300c014, 256, "TLSv1.0", 0},
        {"AES128-SHA", "TLS_RSA_WITH_AES_128_CBC_SHA", 0x0300002f, 128, "SSLv3", 0},
    };
    SSL_CTX *ctx = bare_context(SSLv23_method());
    STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(ctx);
    SSL *ssl = SSL_new(ctx);
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(ciphers, position(ciphers, rows[i].name));
        unsigned char id[2];
        char description[256];
        int of_algorithm = 0;

        check_context("%s", rows[i].name);
        if (!CHECK(cipher != NULL)) {
            continue;
        }
        CHECK_TEXT(SSL_CIPHER_standard_name(cipher), rows[i].standard_name);
        CHECK_TEXT(OPENSSL_cipher_name(rows[i].standard_name), rows[i].name);
        CHECK_INT(SSL_CIPHER_get_id(cipher), rows[i].id);
        CHECK_INT(SSL_CIPHER_get_protocol_id(cipher), rows[i].id & 0xffff);
        CHECK_INT(SSL_CIPHER_get_bits(cipher, &of_algorithm), rows[i].bits);
        CHECK_INT(of_algorithm, rows[i].bits);
        CHECK_TEXT(SSL_CIPHER_get_version(cipher), rows[i].version);
        CHECK_INT(SSL_CIPHER_is_aead(cipher), rows[i].aead);
        CHECK(SSL_CIPHER_description(cipher, description, sizeof description) == description);
        CHECK(strncmp(description, rows[i].name, strlen(rows[i].name)) == 0);
        id[0] = (unsigned char)(rows[i].id >> 8 & 0xff);
        id[1] = (unsigned char)(rows[i].id & 0xff);
        CHECK(SSL_CIPHER_find(ssl, id) == cipher);
    }
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}

static const struct {
    int version;
    const char *certificate;
    const char *suite;
} suites[] = {
    {TLS1_3_VERSION, "server", "TLS_AES_128_GCM_SHA256"},
    {TLS1_3_VERSION, "rsa", "TLS_AES_256_GCM_SHA384"},
    {TLS1_3_VERSION, "server", "TLS_CHACHA20_POLY1305_SHA256"},
    {TLS1_2_VERSION, "server", "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {TLS1_2_VERSION, "server", "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {TLS1_2_VERSION, "server", "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {TLS1_2_VERSION, "rsa", "ECDHE-RSA-AES128-GCM-SHA256"},
    {TLS1_2_VERSION, "rsa", "ECDHE-RSA-CHACHA20-POLY1305"},
    {TLS1_2_VERSION, "rsa", "ECDHE-RSA-AES128-SHA256"},
    {TLS1_2_VERSION, "rsa", "DHE-RSA-AES128-GCM-SHA256"},
    {TLS1_2_VERSION, "rsa", "AES128-GCM-SHA256"},
    {TLS1_2_VERSION, "rsa", "AES256-SHA"},
    {TLS1_1_VERSION, "server", "ECDHE-ECDSA-AES128-SHA"},
    {TLS1_1_VERSION, "rsa", "ECDHE-RSA-AES256-SHA"},
    {TLS1_1_VERSION, "rsa", "AES128-SHA"},
    {TLS1_VERSION, "server", "ECDHE-ECDSA-AES256-SHA"},
    {TLS1_VERSION, "rsa", "ECDHE-RSA-AES128-SHA"},
    {TLS1_VERSION, "rsa", "AES128-SHA"},
};

static SSL_CTX *server_with(const char *certificate)
{
    SSL_CTX *ctx = bare_context(SSLv23_server_method());
    char file[64];

    CHECK_INT(SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION), 1);
    strcpy(file, certificate);
    strcat(file, ".crt");
    CHECK_INT(SSL_CTX_use_certificate_file(ctx, path(file), SSL_FILETYPE_PEM), 1);
    strcpy(file, certificate);
    strcat(file, ".key");
    CHECK_INT(SSL_CTX_use_PrivateKey_file(ctx, path(file), SSL_FILETYPE_PEM), 1);
    return ctx;
}

/* Each of these suites is agreed upon when it is all that the client offers. */
static void agreed_suites(void)
{
    size_t i;

    for (i = 0; i < sizeof suites / sizeof *suites; i++) {
        SSL_CTX *client = client_context();
        SSL_CTX *server = server_with(suites[i].certificate);
        char list[128];
        struct pair pair;
        int bits;

        check_context("%s, %s", suites[i].suite, version_name(suites[i].version));
        only_version(client, suites[i].version);
        if (suites[i].version == TLS1_3_VERSION) {
            CHECK_INT(SSL_CTX_set_ciphersuites(client, suites[i].suite), 1);
        } else {
            strcpy(list, suites[i].suite);
            strcat(list, ":@SECLEVEL=0");
            CHECK_INT(SSL_CTX_set_cipher_list(client, list), 1);
        }
        CHECK_INT(SSL_CTX_set_cipher_list(server, "ALL:@SECLEVEL=0"), 1);
        CHECK_INT(SSL_CTX_set_dh_auto(server, 1), 1);
        pair_connect(&pair, MEMORY, client, server);
        CHECK_TEXT(SSL_get_cipher_name(pair_client(&pair)), suites[i].suite);
        CHECK_TEXT(SSL_get_cipher(pair_server(&pair)), suites[i].suite);
        CHECK_TEXT(SSL_CIPHER_get_name(SSL_get_current_cipher(pair_server(&pair))), suites[i].suite);
        CHECK_INT(SSL_get_cipher_bits(pair_client(&pair), &bits), strstr(suites[i].suite, "128") != NULL ? 128 : 256);
        CHECK(SSL_get_pending_cipher(pair_client(&pair)) == SSL_get_current_cipher(pair_client(&pair))
              || SSL_get_pending_cipher(pair_client(&pair)) == NULL);
        pair_exchange(&pair, CLIENT, "hello");
        pair_exchange(&pair, SERVER, "hello");
        pair_close(&pair);
        SSL_CTX_free(client);
        SSL_CTX_free(server);
    }
}

static void preference(void)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;
    char shared[512];

    only_version(client, TLS1_2_VERSION);
    check_context("the client's order");
    CHECK_INT(SSL_CTX_set_cipher_list(client, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"), 1);
    CHECK_INT(SSL_CTX_set_cipher_list(server, "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256"), 1);
    pair_connect(&pair, MEMORY, client, server);
    CHECK_TEXT(SSL_get_cipher_name(pair_client(&pair)), "ECDHE-ECDSA-AES128-GCM-SHA256");
    CHECK(SSL_get_shared_ciphers(pair_server(&pair), shared, sizeof shared) != NULL);
    CHECK(strstr(shared, "ECDHE-ECDSA-AES128-GCM-SHA256") != NULL);
    pair_close(&pair);

    check_context("the server's order");
    SSL_CTX_set_options(server, SSL_OP_CIPHER_SERVER_PREFERENCE);
    pair_connect(&pair, MEMORY, client, server);
    CHECK_TEXT(SSL_get_cipher_name(pair_client(&pair)), "ECDHE-ECDSA-AES256-GCM-SHA384");
    pair_close(&pair);

    check_context("nothing in common");
    CHECK_INT(SSL_CTX_set_cipher_list(server, "ECDHE-ECDSA-CHACHA20-POLY1305"), 1);
    pair_open(&pair, MEMORY, client, server);
    CHECK(!pair_handshake(&pair));
    CHECK_INT(pair.ends[SERVER].reason, SSL_R_NO_SHARED_CIPHER);
    CHECK_INT(pair.ends[CLIENT].reason, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE);
    CHECK(SSL_get_current_cipher(pair_client(&pair)) == NULL);
    CHECK_TEXT(SSL_get_cipher_name(pair_client(&pair)), "(NONE)");
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static void groups(int version)
{
    static const struct {
        const char *client;
        const char *server;
        int group; /* 0: none */
    } rows[] = {
        {"P-256", "P-256", NID_X9_62_prime256v1},   {"X25519", "X25519:P-256", NID_X25519},
        {"P-384:X25519", "X25519", NID_X25519},     {"P-521", "P-521:P-256", NID_secp521r1},
        {"X25519:P-384", "P-384", NID_secp384r1}, /* another key share is asked for */
        {"P-521", "P-384", 0},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        SSL_CTX *client = client_context();
        /* With RSA, so that the curve of the certificate does not matter. */
        SSL_CTX *server = server_with("rsa");
        struct pair pair;

        check_context("groups %s and %s, %s", rows[i].client, rows[i].server, version_name(version));
        only_version(client, version);
        CHECK_INT(SSL_CTX_set_cipher_list(client, "ECDHE:@SECLEVEL=0"), 1);
        CHECK_INT(SSL_CTX_set1_groups_list(client, rows[i].client), 1);
        pair_open(&pair, MEMORY, client, server);
        CHECK_INT(SSL_set1_groups_list(pair_server(&pair), rows[i].server), 1);
        CHECK_INT(pair_handshake(&pair), rows[i].group != 0);
        if (rows[i].group != 0) {
            CHECK_INT(SSL_get_shared_group(pair_server(&pair), 0), rows[i].group);
            if (version == TLS1_3_VERSION) {
                CHECK_INT(SSL_get_negotiated_group(pair_client(&pair)), rows[i].group);
                CHECK_INT(SSL_get_negotiated_group(pair_server(&pair)), rows[i].group);
            }
        } else {
            CHECK_INT(pair.ends[SERVER].error, SSL_ERROR_SSL);
            CHECK_INT(pair.ends[CLIENT].reason, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE);
        }
        pair_close(&pair);
        SSL_CTX_free(client);
        SSL_CTX_free(server);
    }
}

static void group_lists(void)
{
    static int numbers[] = {NID_X25519, NID_X9_62_prime256v1};
    SSL_CTX *ctx = bare_context(SSLv23_method());
    SSL *ssl = SSL_new(ctx);

    check_context("lists of groups");
    CHECK_INT(SSL_CTX_set1_groups(ctx, numbers, 2), 1);
    CHECK_INT(SSL_set1_groups(ssl, numbers, 2), 1);
    CHECK_INT(SSL_CTX_set1_curves_list(ctx, "P-256:P-384"), 1);
    CHECK_INT(SSL_CTX_set1_groups_list(ctx, "prime256v1:secp384r1"), 1);
    CHECK_INT(SSL_CTX_set1_groups_list(ctx, "P-256:no-such-group"), 0);
    CHECK_INT(SSL_set1_groups_list(ssl, ""), 0);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    ERR_clear_error();
}

static void signature_algorithms(void)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_with("rsa");
    struct pair pair;
    int digest;
    int type;
    int version;

    /* No suite of which the server signs nothing. */
    CHECK_INT(SSL_CTX_set_cipher_list(client, "ECDHE:@SECLEVEL=0"), 1);
    for (version = 2; version < 4; version++) {
        check_context("signature algorithms, %s", version_name(versions[version]));
        only_version(client, versions[version]);
        CHECK_INT(SSL_CTX_set1_sigalgs_list(client, "rsa_pss_rsae_sha384:ECDSA+SHA256"), 1);
        pair_connect(&pair, MEMORY, client, server);
        CHECK_INT(SSL_get_peer_signature_nid(pair_client(&pair), &digest), 1);
        CHECK_INT(digest, NID_sha384);
        CHECK_INT(SSL_get_peer_signature_type_nid(pair_client(&pair), &type), 1);
        CHECK_INT(type, EVP_PKEY_RSA_PSS);
        CHECK_INT(SSL_get_signature_nid(pair_server(&pair), &digest), 1);
        CHECK_INT(digest, NID_sha384);
        pair_close(&pair);

        check_context("no signature algorithm in common, %s", version_name(versions[version]));
        CHECK_INT(SSL_CTX_set1_sigalgs_list(client, "ECDSA+SHA256"), 1);
        pair_open(&pair, MEMORY, client, server);
        CHECK(!pair_handshake(&pair));
        CHECK_INT(pair.ends[SERVER].error, SSL_ERROR_SSL);
        CHECK_INT(pair.ends[CLIENT].reason, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE);
        pair_close(&pair);
    }
    check_context("lists of signature algorithms");
    CHECK_INT(SSL_CTX_set1_sigalgs_list(client, "nonsense+SHA256"), 0);
    CHECK_INT(SSL_CTX_set1_sigalgs_list(client, "RSA+SHA256:ECDSA+SHA384:ed25519"), 1);
    CHECK_INT(SSL_CTX_set1_client_sigalgs_list(server, "RSA-PSS+SHA256:ECDSA+SHA256"), 1);
    ERR_clear_error();
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

void test_ciphers(void)
{
    cipher_lists();
    about();
    agreed_suites();
    preference();
    groups(TLS1_2_VERSION);
    groups(TLS1_3_VERSION);
    group_lists();
    signature_algorithms();
}
