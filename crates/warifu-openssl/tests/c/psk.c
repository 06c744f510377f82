/* Pre-shared keys in place of certificates. */
#include "tests.h"

#include <string.h>

#define HINT "which key to use"

static const unsigned char key[32] = "0123456789abcdef0123456789abcde";
static const unsigned char other_key[32] = "another key, another key, anoth";

static struct {
    int client_calls;
    int server_calls;
    char hint[64];
    char identity[64];
    int hint_given;
    const char *use_identity;
    const unsigned char *client_key;
    const unsigned char *server_key; /* NULL: none is known */
    SSL *client;
    SSL *server;
} psk;

static unsigned int psk_client_callback(SSL *ssl, const char *hint, char *identity, unsigned int max_identity_len, unsigned char *out,
                                        unsigned int max_psk_len)
{
    psk.client_calls++;
    psk.client = ssl;
    if (hint != NULL) {
        psk.hint_given = 1;
        strncpy(psk.hint, hint, sizeof psk.hint - 1);
    }
    CHECK(max_identity_len >= 128);
    CHECK(max_psk_len >= 64);
    if (psk.client_key == NULL) {
        return 0;
    }
    strcpy(identity, psk.use_identity);
    memcpy(out, psk.client_key, 32);
    return 32;
}

static unsigned int psk_server_callback(SSL *ssl, const char *identity, unsigned char *out, unsigned int max_psk_len)
{
    psk.server_calls++;
    psk.server = ssl;
    strncpy(psk.identity, identity, sizeof psk.identity - 1);
    CHECK(max_psk_len >= 64);
    if (psk.server_key == NULL) {
        return 0;
    }
    memcpy(out, psk.server_key, 32);
    return 32;
}

static void again(void)
{
    memset(&psk, 0, sizeof psk);
    psk.use_identity = "alice";
    psk.client_key = key;
    psk.server_key = key;
}

static SSL_CTX *psk_client(int version)
{
    SSL_CTX *ctx = bare_context(SSLv23_client_method());

    /* Older versions have suites of this kind with forward secrecy and without; the default list of OpenSSL has none of them. */
    CHECK_INT(SSL_CTX_set_cipher_list(ctx, "PSK:@SECLEVEL=0"), 1);
    only_version(ctx, version);
    SSL_CTX_set_psk_client_callback(ctx, psk_client_callback);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    return ctx;
}

static SSL_CTX *psk_server(void)
{
    SSL_CTX *ctx = bare_context(SSLv23_server_method());

    CHECK_INT(SSL_CTX_set_cipher_list(ctx, "PSK:@SECLEVEL=0"), 1);
    CHECK_INT(SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION), 1);
    SSL_CTX_set_psk_server_callback(ctx, psk_server_callback);
    return ctx;
}

static void both_know_it(int version, enum transport transport, int hint)
{
    SSL_CTX *client = psk_client(version);
    SSL_CTX *server = psk_server();
    struct pair pair;

    check_context("%s, %s, hint %d", version_name(version), transport_names[transport], hint);
    again();
    if (hint == 1) {
        CHECK_INT(SSL_CTX_use_psk_identity_hint(server, HINT), 1);
    }
    pair_open(&pair, transport, client, server);
    if (hint == 2) {
        CHECK_INT(SSL_use_psk_identity_hint(pair_server(&pair), HINT), 1);
    }
    CHECK(pair_handshake(&pair));
    CHECK_INT(SSL_version(pair_client(&pair)), version);
    CHECK_INT(psk.client_calls, 1);
    CHECK_INT(psk.server_calls, 1);
    CHECK(psk.client == pair_client(&pair));
    CHECK(psk.server == pair_server(&pair));
    CHECK_TEXT(psk.identity, "alice");
    if (version < TLS1_3_VERSION && hint != 0) {
        CHECK_TEXT(psk.hint, HINT);
        CHECK_TEXT(SSL_get_psk_identity_hint(pair_client(&pair)), HINT);
    } else {
        CHECK(!psk.hint_given);
        CHECK(SSL_get_psk_identity_hint(pair_client(&pair)) == NULL);
    }
    if (version < TLS1_3_VERSION) {
        CHECK_TEXT(SSL_get_psk_identity(pair_client(&pair)), "alice");
        CHECK_TEXT(SSL_get_psk_identity(pair_server(&pair)), "alice");
    }
    CHECK(SSL_get1_peer_certificate(pair_client(&pair)) == NULL);
    pair_exchange(&pair, CLIENT, "hello");
    pair_exchange(&pair, SERVER, "hello");
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* What a client hears whose key is another (0), or whose identity is unknown (1). */
static int alert_of(int kind, int version)
{
    if (IDENTITIES_ARE_HIDDEN) {
        return SSL_R_TLSV1_ALERT_DECRYPT_ERROR;
    }
    if (version == TLS1_3_VERSION) {
        return kind == 0 ? SSL_R_SSLV3_ALERT_ILLEGAL_PARAMETER : SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE;
    }
    return kind == 0 ? SSL_R_SSLV3_ALERT_BAD_RECORD_MAC : SSL_R_TLSV1_ALERT_UNKNOWN_PSK_IDENTITY;
}

static void refusals(int version)
{
    SSL_CTX *client = psk_client(version);
    SSL_CTX *server = psk_server();
    struct pair pair;
    int kind;

    for (kind = 0; kind < 3; kind++) {
        static const char *const names[] = {"keys of two", "unknown identity", "client without key"};

        check_context("%s, %s", names[kind], version_name(version));
        again();
        if (kind == 0) {
            psk.server_key = other_key;
        } else if (kind == 1) {
            psk.server_key = NULL;
        } else {
            psk.client_key = NULL;
        }
        pair_open(&pair, MEMORY, client, server);
        CHECK(!pair_handshake(&pair));
        CHECK_INT(pair.ends[CLIENT].error, SSL_ERROR_SSL);
        CHECK_INT(pair.ends[SERVER].error, SSL_ERROR_SSL);
        CHECK_INT(psk.client_calls, 1);
        CHECK_INT(psk.server_calls, kind < 2);
        if (kind == 0 && version == TLS1_3_VERSION) {
            CHECK_INT(pair.ends[SERVER].reason, SSL_R_BINDER_DOES_NOT_VERIFY);
        }
        if (kind == 1 && version < TLS1_3_VERSION) {
            CHECK_INT(pair.ends[SERVER].reason, SSL_R_PSK_IDENTITY_NOT_FOUND);
        }
        if (kind < 2) {
            CHECK_INT(pair.ends[CLIENT].reason, alert_of(kind, version));
        }
        if (kind == 2 && version < TLS1_3_VERSION) {
            CHECK_INT(pair.ends[CLIENT].reason, SSL_R_PSK_IDENTITY_NOT_FOUND);
        }
        pair_close(&pair);
    }
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* At the level of a connection; and with suites that agree on more than the key. */
static void variants(void)
{
    static const char *const suites[] = {"PSK-AES128-GCM-SHA256",      "ECDHE-PSK-AES128-CBC-SHA256", "ECDHE-PSK-CHACHA20-POLY1305",
                                         "DHE-PSK-AES128-GCM-SHA256", "PSK-AES128-CBC-SHA"};
    SSL_CTX *client, *server;
    struct pair pair;
    size_t i;

    check_context("callbacks of the connection");
    again();
    client = client_context();
    server = psk_server();
    CHECK_INT(SSL_CTX_set_cipher_list(client, "PSK:@SECLEVEL=0"), 1);
    SSL_CTX_set_psk_server_callback(server, NULL);
    pair_open(&pair, MEMORY, client, server);
    SSL_set_psk_client_callback(pair_client(&pair), psk_client_callback);
    SSL_set_psk_server_callback(pair_server(&pair), psk_server_callback);
    CHECK(pair_handshake(&pair));
    CHECK_INT(psk.client_calls, 1);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);

    for (i = 0; i < sizeof suites / sizeof *suites; i++) {
        check_context("%s", suites[i]);
        again();
        client = psk_client(TLS1_2_VERSION);
        server = psk_server();
        CHECK_INT(SSL_CTX_set_cipher_list(client, suites[i]), 1);
        SSL_CTX_set_dh_auto(server, 1);
        pair_connect(&pair, MEMORY, client, server);
        CHECK_TEXT(SSL_get_cipher_name(pair_client(&pair)), suites[i]);
        pair_exchange(&pair, CLIENT, "hello");
        pair_close(&pair);
        SSL_CTX_free(client);
        SSL_CTX_free(server);
    }

    /* A server with a certificate and with keys serves clients of both kinds. */
    check_context("certificate for those without a key");
    again();
    client = client_context();
    server = server_context();
    SSL_CTX_set_psk_server_callback(server, psk_server_callback);
    pair_connect(&pair, MEMORY, client, server);
    CHECK_INT(psk.server_calls, 0);
    pair_close(&pair);
    SSL_CTX_set_psk_client_callback(client, psk_client_callback);
    pair_connect(&pair, MEMORY, client, server);
    CHECK_INT(psk.server_calls, 1);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* Two that have agreed on one key, and no name for it. In TLS 1.3 keys have names. */
static void no_identity(int lowest, int version)
{
    SSL_CTX *client = psk_client(version);
    SSL_CTX *server = psk_server();
    struct pair pair;

    check_context("no identity, %s%s", version_name(version), lowest < version ? " and older" : "");
    again();
    psk.use_identity = "";
    strcpy(psk.identity, "not called");
    CHECK_INT(SSL_CTX_set_min_proto_version(client, lowest), 1);
    CHECK_INT(SSL_CTX_set_max_proto_version(server, lowest), 1);
    pair_open(&pair, MEMORY, client, server);
    if (lowest == TLS1_3_VERSION || (version == TLS1_3_VERSION && !NAMELESS_KEYS_LEAVE_OLDER_VERSIONS)) {
        CHECK(!pair_handshake(&pair));
        CHECK_INT(pair.ends[CLIENT].error, SSL_ERROR_SSL);
        CHECK_INT(psk.server_calls, 0);
    } else {
        CHECK(pair_handshake(&pair));
        CHECK_TEXT(psk.identity, "");
        CHECK_TEXT(SSL_get_psk_identity(pair_client(&pair)), "");
        CHECK_TEXT(SSL_get_psk_identity(pair_server(&pair)), "");
        pair_exchange(&pair, CLIENT, "hello");
        pair_exchange(&pair, SERVER, "hello");
    }
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* A key of zeros, at both ends or at the server alone. */
static void zeros(int version, int both)
{
    static const unsigned char zero_key[32];
    SSL_CTX *client = psk_client(version);
    SSL_CTX *server = psk_server();
    struct pair pair;

    check_context("key of zeros, %s, %s", version_name(version), both ? "both ends" : "server");
    again();
    psk.client_key = both ? zero_key : key;
    psk.server_key = zero_key;
    pair_open(&pair, MEMORY, client, server);
    CHECK_INT(pair_handshake(&pair), both && !KEYS_OF_ZEROS_ARE_REFUSED);
    if (KEYS_OF_ZEROS_ARE_REFUSED) {
        enum role at = both ? CLIENT : SERVER;

        CHECK_INT(pair.ends[at].reason, SSL_R_CALLBACK_FAILED);
        CHECK_INT(pair.ends[at == CLIENT ? SERVER : CLIENT].reason, SSL_R_TLSV1_ALERT_INTERNAL_ERROR);
        CHECK_INT(psk.server_calls, !both);
    }
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static struct {
    int use_calls;
    int find_calls;
    SSL_SESSION *session;
} tls13;

static SSL_SESSION *session_of_key(SSL *ssl)
{
    SSL_SESSION *session = SSL_SESSION_new();
    const SSL_CIPHER *cipher = SSL_CIPHER_find(ssl, (const unsigned char *)"\x13\x01");

    CHECK(cipher != NULL);
    CHECK_INT(SSL_SESSION_set1_master_key(session, key, sizeof key), 1);
    CHECK_INT(SSL_SESSION_set_cipher(session, cipher), 1);
    CHECK_INT(SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION), 1);
    return session;
}

static int use_session(SSL *ssl, const EVP_MD *digest, const unsigned char **identity, size_t *length, SSL_SESSION **session)
{
    static const unsigned char name[] = "bob";

    (void)digest;
    tls13.use_calls++;
    *identity = name;
    *length = 3;
    *session = session_of_key(ssl);
    return 1;
}

static int find_session(SSL *ssl, const unsigned char *identity, size_t length, SSL_SESSION **session)
{
    tls13.find_calls++;
    *session = NULL;
    if (length == 3 && memcmp(identity, "bob", 3) == 0) {
        *session = session_of_key(ssl);
    }
    return 1;
}

/* The callbacks that TLS 1.3 has for itself: the key comes as a session. */
static void as_sessions(enum transport transport)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = bare_context(SSLv23_server_method());
    struct pair pair;

    check_context("session callbacks, %s", transport_names[transport]);
    memset(&tls13, 0, sizeof tls13);
    /* The hash of the suite has to be the key's. */
    CHECK_INT(SSL_CTX_set_ciphersuites(client, "TLS_AES_128_GCM_SHA256"), 1);
    SSL_CTX_set_psk_use_session_callback(client, use_session);
    SSL_CTX_set_psk_find_session_callback(server, find_session);
    pair_connect(&pair, transport, client, server);
    CHECK_INT(SSL_version(pair_client(&pair)), TLS1_3_VERSION);
    CHECK(tls13.use_calls >= 1);
    CHECK_INT(tls13.find_calls, 1);
    CHECK_TEXT(SSL_get_cipher_name(pair_client(&pair)), "TLS_AES_128_GCM_SHA256");
    CHECK_INT(SSL_session_reused(pair_client(&pair)), 1);
    pair_exchange(&pair, CLIENT, "hello");
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

void test_psk(void)
{
    int version, transport, hint;

    for (version = FIRST_VERSION; version < 4; version++) {
        for (transport = FIRST_TRANSPORT; transport < PAST_TRANSPORT; transport++) {
            for (hint = 0; hint < 3; hint++) {
                both_know_it(versions[version], (enum transport)transport, hint);
            }
        }
        refusals(versions[version]);
        no_identity(versions[version], versions[version]);
        zeros(versions[version], 1);
        zeros(versions[version], 0);
    }
    no_identity(TLS1_2_VERSION, TLS1_3_VERSION);
    variants();
    for (transport = FIRST_TRANSPORT; transport < PAST_TRANSPORT; transport++) {
        as_sessions((enum transport)transport);
    }
}
