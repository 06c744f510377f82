/* Callbacks that watch: info, messages, keys. */
#include "tests.h"

#include <stdio.h>
#include <string.h>

static struct {
    int starts, dones, loops, exits, alerts_read, alerts_written, last_alert;
    int state_texts;
} info;

static void info_callback(const SSL *ssl, int where, int result)
{
    if (where & SSL_CB_HANDSHAKE_START) {
        info.starts++;
    }
    if (where & SSL_CB_HANDSHAKE_DONE) {
        info.dones++;
    }
    if (where & SSL_CB_LOOP) {
        info.loops++;
    }
    if (where & SSL_CB_EXIT) {
        info.exits++;
    }
    if (where & SSL_CB_ALERT) {
        if (where & SSL_CB_READ) {
            info.alerts_read++;
        } else {
            info.alerts_written++;
        }
        info.last_alert = result;
    }
    info.state_texts += SSL_state_string_long(ssl) != NULL && SSL_state_string(ssl) != NULL;
}

static void infos(int version, enum transport transport)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;

    check_context("info, %s, %s", version_name(version), transport_names[transport]);
    memset(&info, 0, sizeof info);
    only_version(client, version);
    SSL_CTX_set_info_callback(client, info_callback);
    CHECK(SSL_CTX_get_info_callback(client) == info_callback);
    pair_connect(&pair, transport, client, server);
    CHECK(info.starts >= 1);
    CHECK(info.dones >= 1);
    CHECK(info.loops > 2);
    CHECK(info.exits >= 1);
    CHECK(info.state_texts > 0);
    CHECK(strlen(SSL_state_string_long(pair_client(&pair))) > 0);
    CHECK_INT(info.alerts_read + info.alerts_written, 0);
    pair_settle(&pair);
    CHECK_INT(SSL_shutdown(pair_server(&pair)), 0);
    {
        char byte;

        CHECK_INT(pair_read(&pair, CLIENT, &byte, 1), 0);
    }
    CHECK_INT(info.alerts_read, 1);
    CHECK_INT(info.last_alert >> 8, SSL3_AL_WARNING);
    CHECK_INT(info.last_alert & 0xff, SSL_AD_CLOSE_NOTIFY);
    CHECK_TEXT(SSL_alert_type_string_long(info.last_alert), "warning");
    CHECK_TEXT(SSL_alert_desc_string_long(info.last_alert), "close notify");
    CHECK_INT(SSL_shutdown(pair_client(&pair)), 1);
    CHECK_INT(info.alerts_written, 1);
    pair_close(&pair);

    check_context("info of a connection, %s, %s", version_name(version), transport_names[transport]);
    SSL_CTX_set_info_callback(client, NULL);
    SSL_CTX_set_verify(client, SSL_VERIFY_PEER, NULL);
    memset(&info, 0, sizeof info);
    pair_open(&pair, transport, client, server);
    CHECK_INT(SSL_set1_host(pair_client(&pair), "example.org"), 1);
    SSL_set_info_callback(pair_client(&pair), info_callback);
    CHECK(!pair_handshake(&pair));
    CHECK_INT(info.alerts_written, 1);
    CHECK_INT(info.last_alert, SSL3_AL_FATAL << 8 | SSL_AD_BAD_CERTIFICATE);
    CHECK_TEXT(SSL_alert_type_string_long(info.last_alert), "fatal");
    CHECK_TEXT(SSL_alert_desc_string_long(info.last_alert), "bad certificate");
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static struct {
    int sent[256]; /* handshake messages by type */
    int got[256];
    int headers;
    int alerts;
} messages;

static void message_callback(int write, int version, int type, const void *data, size_t length, SSL *ssl, void *argument)
{
    const unsigned char *bytes = (const unsigned char *)data;

    (void)version;
    CHECK(ssl != NULL);
    CHECK(argument == &messages);
    if (type == SSL3_RT_HANDSHAKE && length >= 4) {
        if (write) {
            messages.sent[bytes[0]]++;
        } else {
            messages.got[bytes[0]]++;
        }
        CHECK_INT(bytes[1] << 16 | bytes[2] << 8 | bytes[3], length - 4);
    } else if (type == SSL3_RT_HEADER) {
        messages.headers++;
        CHECK_INT(length, 5);
    } else if (type == SSL3_RT_ALERT) {
        messages.alerts++;
    }
}

static void all_messages(int version)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;

    check_context("messages, %s", version_name(version));
    memset(&messages, 0, sizeof messages);
    only_version(client, version);
    SSL_CTX_set_msg_callback(client, message_callback);
    SSL_CTX_set_msg_callback_arg(client, &messages);
    pair_connect(&pair, MEMORY, client, server);
    CHECK_INT(messages.sent[SSL3_MT_CLIENT_HELLO], 1);
    CHECK_INT(messages.got[SSL3_MT_SERVER_HELLO], 1);
    CHECK_INT(messages.got[SSL3_MT_CERTIFICATE], 1);
    CHECK_INT(messages.sent[SSL3_MT_FINISHED], 1);
    CHECK_INT(messages.got[SSL3_MT_FINISHED], 1);
    if (version == TLS1_3_VERSION) {
        CHECK_INT(messages.got[SSL3_MT_ENCRYPTED_EXTENSIONS], 1);
        CHECK_INT(messages.got[SSL3_MT_CERTIFICATE_VERIFY], 1);
        CHECK_INT(messages.sent[SSL3_MT_CLIENT_KEY_EXCHANGE], 0);
    } else {
        CHECK_INT(messages.got[SSL3_MT_SERVER_KEY_EXCHANGE], 1);
        CHECK_INT(messages.got[SSL3_MT_SERVER_DONE], 1);
        CHECK_INT(messages.sent[SSL3_MT_CLIENT_KEY_EXCHANGE], 1);
    }
    CHECK(messages.headers > 4);
    CHECK_INT(messages.alerts, 0);
    pair_settle(&pair);
    SSL_shutdown(pair_client(&pair));
    CHECK_INT(messages.alerts, 1);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static char keys[4096];

static void keylog_callback(const SSL *ssl, const char *line)
{
    CHECK(ssl != NULL);
    CHECK(strchr(line, '\n') == NULL);
    strncat(keys, line, sizeof keys - strlen(keys) - 1);
    strncat(keys, "\n", sizeof keys - strlen(keys) - 1);
}

static void keylog(int version)
{
    static const char *const labels13[] = {"CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET",
                                           "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0", "EXPORTER_SECRET"};
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    unsigned char random[32];
    char expected[160];
    struct pair pair;
    size_t i, j;

    check_context("keys, %s", version_name(version));
    keys[0] = '\0';
    only_version(client, version);
    SSL_CTX_set_keylog_callback(client, keylog_callback);
    CHECK(SSL_CTX_get_keylog_callback(client) == keylog_callback);
    pair_connect(&pair, MEMORY, client, server);
    CHECK_INT(SSL_get_client_random(pair_client(&pair), NULL, 0), 32);
    CHECK_INT(SSL_get_client_random(pair_client(&pair), random, sizeof random), 32);
    for (i = 0; i < (version == TLS1_3_VERSION ? sizeof labels13 / sizeof *labels13 : 1); i++) {
        int at = snprintf(expected, sizeof expected, "%s ", version == TLS1_3_VERSION ? labels13[i] : "CLIENT_RANDOM");

        for (j = 0; j < sizeof random; j++) {
            at += snprintf(expected + at, sizeof expected - (size_t)at, "%02x", random[j]);
        }
        CHECK(strstr(keys, expected) != NULL);
    }
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

void test_callbacks(void)
{
    int version, transport;

    for (version = FIRST_VERSION; version < 4; version++) {
        for (transport = FIRST_TRANSPORT; transport < PAST_TRANSPORT; transport++) {
            infos(versions[version], (enum transport)transport);
        }
        all_messages(versions[version]);
        keylog(versions[version]);
    }
}
