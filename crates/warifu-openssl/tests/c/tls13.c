/* What a connection can do once it stands: exporters in all versions; key updates and authentication after the handshake in TLS 1.3. */
#include "tests.h"

#include <openssl/x509.h>
#include <string.h>

static void exporters(int version, enum transport transport)
{
    static const char label[] = "EXPORTER-tests";
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    unsigned char ours[80], theirs[80], other[80];
    struct pair pair;
    unsigned char random[32], random_of_peer[32];

    check_context("exporter, %s, %s", version_name(version), transport_names[transport]);
    only_version(client, version);
    pair_connect(&pair, transport, client, server);
    CHECK_INT(SSL_export_keying_material(pair_client(&pair), ours, sizeof ours, label, strlen(label), NULL, 0, 0), 1);
    CHECK_INT(SSL_export_keying_material(pair_server(&pair), theirs, sizeof theirs, label, strlen(label), NULL, 0, 0), 1);
    CHECK_BYTES(ours, sizeof ours, theirs, sizeof theirs);
    CHECK_INT(SSL_export_keying_material(pair_client(&pair), other, sizeof other, label, strlen(label), (const unsigned char *)"abc", 3, 1),
              1);
    CHECK(memcmp(ours, other, sizeof ours) != 0);
    CHECK_INT(
        SSL_export_keying_material(pair_server(&pair), theirs, sizeof theirs, label, strlen(label), (const unsigned char *)"abc", 3, 1), 1);
    CHECK_BYTES(other, sizeof other, theirs, sizeof theirs);
    CHECK_INT(SSL_export_keying_material(pair_client(&pair), other, sizeof other, "EXPORTER-others", 15, NULL, 0, 0), 1);
    CHECK(memcmp(ours, other, sizeof ours) != 0);

    check_context("randoms and Finished, %s, %s", version_name(version), transport_names[transport]);
    CHECK_INT(SSL_get_client_random(pair_client(&pair), random, 32), 32);
    CHECK_INT(SSL_get_client_random(pair_server(&pair), random_of_peer, 32), 32);
    CHECK_BYTES(random, 32, random_of_peer, 32);
    CHECK_INT(SSL_get_server_random(pair_client(&pair), random, 32), 32);
    CHECK_INT(SSL_get_server_random(pair_server(&pair), random_of_peer, 32), 32);
    CHECK_BYTES(random, 32, random_of_peer, 32);
    {
        size_t length = SSL_get_finished(pair_client(&pair), ours, sizeof ours);

        CHECK(length >= 12);
        CHECK_BYTES(ours, length, theirs, SSL_get_peer_finished(pair_server(&pair), theirs, sizeof theirs) == length ? length : 0);
        length = SSL_get_finished(pair_server(&pair), ours, sizeof ours);
        CHECK_INT(SSL_get_peer_finished(pair_client(&pair), theirs, sizeof theirs), length);
        CHECK_BYTES(ours, length, theirs, length);
    }
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static int updates;

static void count_updates(int write, int version, int type, const void *data, size_t length, SSL *ssl, void *argument)
{
    (void)write;
    (void)version;
    (void)ssl;
    (void)argument;
    if (type == SSL3_RT_HANDSHAKE && length > 0 && *(const unsigned char *)data == SSL3_MT_KEY_UPDATE) {
        updates++;
    }
}

static void key_updates(enum transport transport)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;
    int reason;
    int i;

    check_context("key update, %s", transport_names[transport]);
    pair_connect(&pair, transport, client, server);
    pair_settle(&pair);
    SSL_set_msg_callback(pair_client(&pair), count_updates);
    CHECK_INT(SSL_get_key_update_type(pair_client(&pair)), SSL_KEY_UPDATE_NONE);
    updates = 0;
    for (i = 0; i < 3; i++) {
        CHECK_INT(SSL_key_update(pair_client(&pair), SSL_KEY_UPDATE_REQUESTED), 1);
        CHECK_INT(SSL_get_key_update_type(pair_client(&pair)), SSL_KEY_UPDATE_REQUESTED);
        /* It leaves with the next message, or by a handshake call. */
        if (i == 1) {
            CHECK_INT(SSL_do_handshake(pair_client(&pair)), 1);
        }
        pair_exchange(&pair, CLIENT, "under new keys");
        pair_exchange(&pair, SERVER, "so are we");
        CHECK_INT(SSL_get_key_update_type(pair_client(&pair)), SSL_KEY_UPDATE_NONE);
        CHECK_INT(updates, 2 * (i + 1));
        CHECK_INT(SSL_key_update(pair_server(&pair), SSL_KEY_UPDATE_NOT_REQUESTED), 1);
        pair_exchange(&pair, SERVER, "and once more");
        updates = 2 * (i + 1);
    }
    CHECK_INT(SSL_key_update(pair_client(&pair), 5), 0);
    CHECK_INT(take_reason(), SSL_R_INVALID_KEY_UPDATE_TYPE);
    pair_close(&pair);

    check_context("key update before TLS 1.3, %s", transport_names[transport]);
    only_version(client, TLS1_2_VERSION);
    pair_connect(&pair, transport, client, server);
    ERR_clear_error();
    CHECK_INT(SSL_key_update(pair_client(&pair), SSL_KEY_UPDATE_REQUESTED), 0);
    reason = take_reason();
    CHECK_INT(reason, SSL_R_WRONG_SSL_VERSION);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static void later_authentication(enum transport transport)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;
    X509 *shown;
    int required;

    check_context("authentication after the handshake, %s", transport_names[transport]);
    CHECK_INT(SSL_CTX_use_certificate_file(client, path("client.crt"), SSL_FILETYPE_PEM), 1);
    CHECK_INT(SSL_CTX_use_PrivateKey_file(client, path("client.key"), SSL_FILETYPE_PEM), 1);
    CHECK_INT(SSL_CTX_load_verify_locations(server, path("ca.crt"), NULL), 1);
    SSL_CTX_set_post_handshake_auth(client, 1);
    pair_connect(&pair, transport, client, server);
    pair_settle(&pair);
    CHECK(SSL_get1_peer_certificate(pair_server(&pair)) == NULL);
    SSL_set_verify(pair_server(&pair), SSL_VERIFY_PEER, NULL);
    CHECK_INT(SSL_verify_client_post_handshake(pair_server(&pair)), 1);
    CHECK_INT(SSL_do_handshake(pair_server(&pair)), 1);
    /* The client answers while it reads, and the server takes that in while it reads. */
    pair_exchange(&pair, SERVER, "who are you?");
    pair_exchange(&pair, CLIENT, "alice");
    shown = SSL_get1_peer_certificate(pair_server(&pair));
    CHECK(shown != NULL);
    X509_free(shown);
    CHECK_INT(SSL_get_verify_result(pair_server(&pair)), X509_V_OK);
    pair_close(&pair);

    SSL_CTX_free(client);

    /* The mode when the client is asked counts. */
    client = client_context();
    SSL_CTX_set_post_handshake_auth(client, 1);
    for (required = 0; required < 2; required++) {
        char byte;
        int reason, result;

        check_context("no certificate after the handshake, %d, %s", required, transport_names[transport]);
        SSL_CTX_set_verify(server, SSL_VERIFY_PEER | SSL_VERIFY_POST_HANDSHAKE, NULL);
        pair_connect(&pair, transport, client, server);
        pair_settle(&pair);
        SSL_set_verify(pair_server(&pair), SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), NULL);
        CHECK_INT(SSL_verify_client_post_handshake(pair_server(&pair)), 1);
        CHECK_INT(SSL_do_handshake(pair_server(&pair)), 1);
        pair_exchange(&pair, SERVER, "who are you?");
        if (required) {
            CHECK_INT(pair_write(&pair, CLIENT, "x", 1), 1);
            result = pair_read(&pair, SERVER, &byte, 1);
            CHECK(result <= 0);
            CHECK_INT(failure_of(&pair, SERVER, result, &reason), SSL_ERROR_SSL);
            CHECK_INT(reason, SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE);
            result = pair_read(&pair, CLIENT, &byte, 1);
            CHECK(result <= 0);
            CHECK_INT(failure_of(&pair, CLIENT, result, &reason), SSL_ERROR_SSL);
            CHECK_INT(reason, SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED);
        } else {
            pair_exchange(&pair, CLIENT, "nobody");
        }
        CHECK_INT(SSL_get_verify_result(pair_server(&pair)), X509_V_OK);
        pair_close(&pair);
    }
    SSL_CTX_set_verify(server, SSL_VERIFY_NONE, NULL);

    check_context("client not ready for that, %s", transport_names[transport]);
    SSL_CTX_set_post_handshake_auth(client, 0);
    pair_connect(&pair, transport, client, server);
    SSL_set_verify(pair_server(&pair), SSL_VERIFY_PEER, NULL);
    ERR_clear_error();
    CHECK_INT(SSL_verify_client_post_handshake(pair_server(&pair)), 0);
    CHECK_INT(take_reason(), SSL_R_EXTENSION_NOT_RECEIVED);
    CHECK_INT(SSL_verify_client_post_handshake(pair_client(&pair)), 0);
    CHECK_INT(take_reason(), SSL_R_NOT_SERVER);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

void test_tls13(void)
{
    int version, transport;

    for (transport = FIRST_TRANSPORT; transport < PAST_TRANSPORT; transport++) {
        for (version = FIRST_VERSION; version < 4; version++) {
            exporters(versions[version], (enum transport)transport);
        }
        key_updates((enum transport)transport);
        later_authentication((enum transport)transport);
    }
}
