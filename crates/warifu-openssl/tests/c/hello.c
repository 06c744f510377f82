/* Around the hello: staples, names of CAs, certificates on demand, virtual hosts, and what callbacks are told in which order. */
#include "tests.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

static const unsigned char staple[] = "a response that nobody looks into";
#define STAPLE_LENGTH (sizeof staple - 1)

static struct {
    int server_calls, client_calls;
    int server_answer, client_answer;
    int gives_staple;
    long length; /* as the client saw it */
    int same;
} status;

static int give_staple(SSL *ssl, void *argument)
{
    CHECK(argument == &status);
    status.server_calls++;
    if (status.gives_staple) {
        unsigned char *copy = (unsigned char *)OPENSSL_malloc(STAPLE_LENGTH);

        memcpy(copy, staple, STAPLE_LENGTH);
        CHECK_INT(SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)STAPLE_LENGTH), 1);
    }
    return status.server_answer;
}

static int take_staple(SSL *ssl, void *argument)
{
    const unsigned char *response = NULL;

    CHECK(argument == &status);
    status.client_calls++;
    status.length = SSL_get_tlsext_status_ocsp_resp(ssl, &response);
    status.same = response != NULL && status.length == (long)STAPLE_LENGTH && memcmp(response, staple, STAPLE_LENGTH) == 0;
    if (status.length <= 0) {
        CHECK(response == NULL);
    }
    return status.client_answer;
}

static void staples(int version)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;

    only_version(client, version);
    CHECK_INT(SSL_CTX_set_tlsext_status_cb(server, give_staple), 1);
    CHECK_INT(SSL_CTX_set_tlsext_status_arg(server, &status), 1);
    CHECK_INT(SSL_CTX_set_tlsext_status_cb(client, take_staple), 1);
    CHECK_INT(SSL_CTX_set_tlsext_status_arg(client, &status), 1);

    check_context("staple not asked for, %s", version_name(version));
    memset(&status, 0, sizeof status);
    pair_connect(&pair, MEMORY, client, server);
    CHECK_INT(SSL_get_tlsext_status_type(pair_client(&pair)), -1);
    CHECK_INT(status.server_calls, 0);
    CHECK_INT(status.client_calls, 0);
    pair_close(&pair);

    check_context("staple, %s", version_name(version));
    status.server_answer = SSL_TLSEXT_ERR_OK;
    status.gives_staple = 1;
    status.client_answer = 1;
    pair_open(&pair, MEMORY, client, server);
    CHECK_INT(SSL_set_tlsext_status_type(pair_client(&pair), TLSEXT_STATUSTYPE_ocsp), 1);
    CHECK_INT(SSL_get_tlsext_status_type(pair_client(&pair)), TLSEXT_STATUSTYPE_ocsp);
    CHECK(pair_handshake(&pair));
    CHECK_INT(status.server_calls, 1);
    CHECK_INT(status.client_calls, 1);
    CHECK(status.same);
    pair_exchange(&pair, CLIENT, "hello");
    pair_close(&pair);

    check_context("no staple, %s", version_name(version));
    status.server_answer = SSL_TLSEXT_ERR_NOACK;
    status.gives_staple = 0;
    status.length = 0;
    pair_open(&pair, MEMORY, client, server);
    CHECK_INT(SSL_set_tlsext_status_type(pair_client(&pair), TLSEXT_STATUSTYPE_ocsp), 1);
    CHECK(pair_handshake(&pair));
    CHECK_INT(status.client_calls, 2);
    CHECK_INT(status.length, -1);
    pair_close(&pair);

    check_context("staple refused, %s", version_name(version));
    status.client_answer = 0;
    pair_open(&pair, MEMORY, client, server);
    CHECK_INT(SSL_set_tlsext_status_type(pair_client(&pair), TLSEXT_STATUSTYPE_ocsp), 1);
    CHECK(!pair_handshake(&pair));
    CHECK_INT(pair.ends[CLIENT].error, SSL_ERROR_SSL);
    CHECK_INT(pair.ends[CLIENT].reason, SSL_R_INVALID_STATUS_RESPONSE);
    CHECK_INT(pair.ends[SERVER].error, SSL_ERROR_SSL);
    pair_close(&pair);

    check_context("staple fails, %s", version_name(version));
    status.server_answer = SSL_TLSEXT_ERR_ALERT_FATAL;
    pair_open(&pair, MEMORY, client, server);
    CHECK_INT(SSL_set_tlsext_status_type(pair_client(&pair), TLSEXT_STATUSTYPE_ocsp), 1);
    CHECK(!pair_handshake(&pair));
    CHECK_INT(pair.ends[SERVER].error, SSL_ERROR_SSL);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static struct {
    int calls;
    int answers[3];
} on_demand;

static X509 *certificate_in(const char *file)
{
    BIO *bio = BIO_new_file(path(file), "r");
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    BIO_free(bio);
    return certificate;
}

static int client_certificate(SSL *ssl, X509 **certificate, EVP_PKEY **key)
{
    int answer = on_demand.answers[on_demand.calls++ % 3];

    CHECK(ssl != NULL);
    if (answer == 1) {
        BIO *bio = BIO_new_file(path("client.key"), "r");

        *certificate = certificate_in("client.crt");
        *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
        BIO_free(bio);
    }
    return answer;
}

static void clients_on_demand(int version)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;

    only_version(client, version);
    SSL_CTX_set_client_cert_cb(client, client_certificate);
    CHECK(SSL_CTX_get_client_cert_cb(client) == client_certificate);
    CHECK_INT(SSL_CTX_load_verify_locations(server, path("ca.crt"), NULL), 1);

    check_context("client not asked, %s", version_name(version));
    memset(&on_demand, 0, sizeof on_demand);
    pair_connect(&pair, MEMORY, client, server);
    CHECK_INT(on_demand.calls, 0);
    pair_close(&pair);

    check_context("client gives one, %s", version_name(version));
    SSL_CTX_set_verify(server, SSL_VERIFY_PEER, NULL);
    on_demand.answers[0] = 1;
    pair_connect(&pair, MEMORY, client, server);
    CHECK_INT(on_demand.calls, 1);
    CHECK(SSL_get0_peer_certificate(pair_server(&pair)) != NULL);
    pair_exchange(&pair, CLIENT, "hello");
    pair_close(&pair);

    check_context("client has none, %s", version_name(version));
    memset(&on_demand, 0, sizeof on_demand);
    pair_connect(&pair, MEMORY, client, server);
    CHECK_INT(on_demand.calls, 1);
    CHECK(SSL_get0_peer_certificate(pair_server(&pair)) == NULL);
    pair_close(&pair);

    check_context("client gives one later, %s", version_name(version));
    memset(&on_demand, 0, sizeof on_demand);
    on_demand.answers[0] = -1;
    on_demand.answers[1] = 1;
    pair_open(&pair, MEMORY, client, server);
    CHECK_INT(SSL_connect(pair_client(&pair)), -1);
    pair_carry(&pair);
    CHECK_INT(SSL_accept(pair_server(&pair)), -1);
    pair_carry(&pair);
    CHECK_INT(SSL_connect(pair_client(&pair)), -1);
    CHECK_INT(SSL_get_error(pair_client(&pair), -1), SSL_ERROR_WANT_X509_LOOKUP);
    CHECK(SSL_want_x509_lookup(pair_client(&pair)));
    CHECK(pair_handshake(&pair));
    CHECK_INT(on_demand.calls, 2);
    CHECK(SSL_get0_peer_certificate(pair_server(&pair)) != NULL);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static int names_seen;
static char name_seen[64];

static int look_at_names(SSL *ssl, void *argument)
{
    STACK_OF(X509_NAME) *names = SSL_get_client_CA_list(ssl);

    (void)argument;
    names_seen = names == NULL ? 0 : sk_X509_NAME_num(names);
    if (names_seen > 0) {
        X509_NAME_get_text_by_NID(sk_X509_NAME_value(names, 0), NID_commonName, name_seen, sizeof name_seen);
        CHECK_INT(sk_X509_NAME_num(SSL_get0_peer_CA_list(ssl)), names_seen);
    }
    return 1;
}

static void names_of_cas(int version)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(path("ca.crt"));
    STACK_OF(X509_NAME) *copy;
    X509 *other = certificate_in("other_ca.crt");
    struct pair pair;

    check_context("names of CAs, %s", version_name(version));
    only_version(client, version);
    SSL_CTX_set_cert_cb(client, look_at_names, NULL);
    SSL_CTX_set_verify(server, SSL_VERIFY_PEER, NULL);
    CHECK(SSL_load_client_CA_file("/nonexistent") == NULL);
    ERR_clear_error();
    CHECK(SSL_CTX_get_client_CA_list(server) == NULL || sk_X509_NAME_num(SSL_CTX_get_client_CA_list(server)) == 0);
    if (!CHECK(names != NULL) || !CHECK(other != NULL)) {
        return;
    }
    CHECK_INT(sk_X509_NAME_num(names), 1);
    CHECK_INT(SSL_add_file_cert_subjects_to_stack(names, path("ca.crt")), 1);
    CHECK_INT(sk_X509_NAME_num(names), 1);
    CHECK_INT(SSL_add_dir_cert_subjects_to_stack(names, path("ca_directory")), 1);
    CHECK_INT(sk_X509_NAME_num(names), 1);
    CHECK_INT(SSL_add_file_cert_subjects_to_stack(names, path("garbage.pem")), 1);
    CHECK_INT(sk_X509_NAME_num(names), 1);
    SSL_CTX_set_client_CA_list(server, names);
    CHECK(SSL_CTX_get_client_CA_list(server) == names);
    copy = SSL_dup_CA_list(names);
    CHECK_INT(sk_X509_NAME_num(copy), 1);
    sk_X509_NAME_pop_free(copy, X509_NAME_free);

    pair_open(&pair, MEMORY, client, server);
    CHECK(SSL_get_client_CA_list(pair_server(&pair)) != NULL);
    CHECK(SSL_get_client_CA_list(pair_client(&pair)) == NULL);
    CHECK(pair_handshake(&pair));
    CHECK_INT(names_seen, 1);
    CHECK_TEXT(name_seen, "Test CA");
    pair_close(&pair);

    check_context("names of CAs of a connection, %s", version_name(version));
    pair_open(&pair, MEMORY, client, server);
    SSL_set_client_CA_list(pair_server(&pair), SSL_load_client_CA_file(path("other_ca.crt")));
    CHECK(pair_handshake(&pair));
    CHECK_INT(names_seen, 1);
    CHECK_TEXT(name_seen, "Other CA");
    pair_close(&pair);

    check_context("one more name, %s", version_name(version));
    CHECK_INT(SSL_CTX_add_client_CA(server, other), 1);
    CHECK_INT(sk_X509_NAME_num(SSL_CTX_get_client_CA_list(server)), 2);
    pair_connect(&pair, MEMORY, client, server);
    CHECK_INT(names_seen, 2);
    CHECK_TEXT(name_seen, "Test CA");
    pair_close(&pair);

    check_context("names for either role, %s", version_name(version));
    SSL_CTX_set_client_CA_list(server, NULL);
    CHECK_INT(SSL_CTX_add1_to_CA_list(server, other), 1);
    CHECK_INT(sk_X509_NAME_num(SSL_CTX_get0_CA_list(server)), 1);
    pair_connect(&pair, MEMORY, client, server);
    CHECK_INT(names_seen, 1);
    CHECK_TEXT(name_seen, "Other CA");
    pair_close(&pair);
    X509_free(other);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* A virtual host: selects the protocol that it is told to. */
static int select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_length, const unsigned char *in, unsigned int in_length,
                           void *argument)
{
    (void)ssl;
    CHECK_INT(in_length, 6);
    CHECK_BYTES(in, in_length, "\x02h2\x02h3", 6);
    *out = (const unsigned char *)argument;
    *out_length = 2;
    return SSL_TLSEXT_ERR_OK;
}

static int switch_host(SSL *ssl, int *alert, void *argument)
{
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

    (void)alert;
    if (name != NULL && strcmp(name, "second.test") == 0) {
        SSL_set_SSL_CTX(ssl, (SSL_CTX *)argument);
    }
    return SSL_TLSEXT_ERR_OK;
}

static void virtual_hosts(int version)
{
    static const struct {
        const char *name, *protocol;
    } hosts[] = {{"first.test", "h2"}, {"second.test", "h3"}};
    SSL_CTX *client = client_context();
    SSL_CTX *first = server_context();
    SSL_CTX *second = bare_context(SSLv23_server_method());
    const unsigned char *protocol;
    unsigned int length;
    struct pair pair;
    int i;

    CHECK_INT(SSL_CTX_use_certificate_file(second, path("second.crt"), SSL_FILETYPE_PEM), 1);
    CHECK_INT(SSL_CTX_use_PrivateKey_file(second, path("second.key"), SSL_FILETYPE_PEM), 1);
    only_version(client, version);
    CHECK_INT(SSL_CTX_set_alpn_protos(client, (const unsigned char *)"\x02h2\x02h3", 6), 0);
    SSL_CTX_set_alpn_select_cb(first, select_protocol, (void *)"h2");
    SSL_CTX_set_alpn_select_cb(second, select_protocol, (void *)"h3");
    SSL_CTX_set_tlsext_servername_callback(first, switch_host);
    SSL_CTX_set_tlsext_servername_arg(first, second);
    for (i = 0; i < 6; i++) {
        check_context("host %s, %s", hosts[i % 2].name, version_name(version));
        pair_open(&pair, MEMORY, client, first);
        CHECK_INT(SSL_set_tlsext_host_name(pair_client(&pair), hosts[i % 2].name), 1);
        CHECK(pair_handshake(&pair));
        SSL_get0_alpn_selected(pair_client(&pair), &protocol, &length);
        CHECK_BYTES(protocol, length, hosts[i % 2].protocol, 2);
        SSL_get0_alpn_selected(pair_server(&pair), &protocol, &length);
        CHECK_BYTES(protocol, length, hosts[i % 2].protocol, 2);
        CHECK(SSL_get_SSL_CTX(pair_server(&pair)) == (i % 2 ? second : first));
        pair_exchange(&pair, CLIENT, "hello");
        pair_close(&pair);
    }
    check_context("lists of protocols that are none");
    CHECK(SSL_CTX_set_alpn_protos(client, (const unsigned char *)"\x03h2", 3) != 0);
    ERR_clear_error();
    CHECK_INT(SSL_CTX_set_alpn_protos(client, NULL, 0), 0);
    SSL_CTX_free(client);
    SSL_CTX_free(first);
    SSL_CTX_free(second);
}

/* Asks the client for a certificate, in the middle of its hello. */
static int demand_certificate(SSL *ssl, int *alert, void *argument)
{
    (void)alert;
    (void)argument;
    SSL_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return SSL_TLSEXT_ERR_OK;
}

static void demands(int version)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;

    only_version(client, version);
    CHECK_INT(SSL_CTX_load_verify_locations(server, path("ca.crt"), NULL), 1);
    check_context("asked for a certificate by callback, %s", version_name(version));
    pair_open(&pair, MEMORY, client, server);
    /* Set on the context after the connection was made, which counts all the same. */
    SSL_CTX_set_tlsext_servername_callback(server, demand_certificate);
    CHECK(!pair_handshake(&pair));
    CHECK_INT(pair.ends[SERVER].reason, SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE);
    pair_close(&pair);
    CHECK_INT(SSL_CTX_use_certificate_file(client, path("client.crt"), SSL_FILETYPE_PEM), 1);
    CHECK_INT(SSL_CTX_use_PrivateKey_file(client, path("client.key"), SSL_FILETYPE_PEM), 1);
    pair_connect(&pair, MEMORY, client, server);
    CHECK(SSL_get0_peer_certificate(pair_server(&pair)) != NULL);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static char places[4096];
static const SSL *watched;

static void note_place(const SSL *ssl, int where, int result)
{
    char place[32];

    if (ssl != watched) {
        return;
    }
    snprintf(place, sizeof place, "%x:%d ", (unsigned int)where, result);
    strncat(places, place, sizeof places - strlen(places) - 1);
    if (where & SSL_CB_LOOP) {
        CHECK(SSL_in_init(ssl));
        CHECK(SSL_get_state(ssl) != TLS_ST_OK);
    }
}

static int ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);

    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static void states(int version)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;

    only_version(client, version);
    check_context("states, %s", version_name(version));
    pair_open(&pair, BLOCKING, client, server);
    CHECK(SSL_in_init(pair_client(&pair)));
    CHECK(SSL_in_before(pair_client(&pair)));
    CHECK(!SSL_is_init_finished(pair_client(&pair)));
    CHECK_INT(SSL_get_state(pair_client(&pair)), TLS_ST_BEFORE);
    places[0] = '\0';
    watched = pair_client(&pair);
    SSL_set_info_callback(pair_client(&pair), note_place);
    CHECK(SSL_get_info_callback(pair_client(&pair)) == note_place);
    CHECK(pair_handshake(&pair));
    CHECK(strncmp(places, "10:1 ", 5) == 0);
    CHECK(strstr(places, "1001:1 ") != NULL);
    CHECK(ends_with(places, "20:1 1002:1 "));
    CHECK(!SSL_in_init(pair_client(&pair)));
    CHECK(!SSL_in_before(pair_client(&pair)));
    CHECK(SSL_is_init_finished(pair_client(&pair)));
    CHECK_INT(SSL_get_state(pair_client(&pair)), TLS_ST_OK);
    CHECK_TEXT(SSL_rstate_string(pair_client(&pair)), "RH");
    pair_close(&pair);

    check_context("states of a server that waits, %s", version_name(version));
    pair_open(&pair, MEMORY, client, server);
    watched = pair_server(&pair);
    places[0] = '\0';
    SSL_set_info_callback(pair_server(&pair), note_place);
    CHECK_INT(SSL_accept(pair_server(&pair)), -1);
    CHECK_TEXT(places, "10:1 2001:1 2002:-1 ");
    CHECK(pair_handshake(&pair));
    CHECK(strstr(places, "20:1 ") != NULL);
    CHECK(ends_with(places, "2002:1 "));
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
    watched = NULL;
}

static struct {
    int hellos, alerts, headers, inner, specs;
    int versions_differ;
    int expected;
    int server_hello_came;
} told;

static void note_message(int write, int version, int type, const void *data, size_t length, SSL *ssl, void *argument)
{
    const unsigned char *bytes = (const unsigned char *)data;

    CHECK(ssl != NULL);
    CHECK(argument == &told);
    switch (type) {
    case SSL3_RT_HANDSHAKE:
        if (told.server_hello_came && version != told.expected) {
            told.versions_differ++;
        }
        if (bytes[0] == SSL3_MT_CLIENT_HELLO) {
            told.hellos++;
            CHECK(write);
            CHECK(length > 40);
            CHECK_INT(bytes[4], 3);
        }
        if (bytes[0] == SSL3_MT_SERVER_HELLO) {
            told.server_hello_came = 1;
        }
        break;
    case SSL3_RT_ALERT:
        told.alerts++;
        CHECK_INT(length, 2);
        CHECK_INT(bytes[0], 1);
        CHECK_INT(bytes[1], SSL_AD_CLOSE_NOTIFY);
        break;
    case SSL3_RT_HEADER:
        told.headers++;
        CHECK_INT(length, 5);
        CHECK_INT(bytes[1], 3);
        break;
    case SSL3_RT_INNER_CONTENT_TYPE:
        told.inner++;
        CHECK_INT(length, 1);
        break;
    case SSL3_RT_CHANGE_CIPHER_SPEC:
        told.specs++;
        CHECK_INT(length, 1);
        break;
    default:
        CHECK_INT(type, -1);
    }
}

static void messages(int version)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;
    int headers;

    only_version(client, version);
    check_context("messages, %s", version_name(version));
    memset(&told, 0, sizeof told);
    told.expected = version;
    pair_open(&pair, MEMORY, client, server);
    SSL_set_msg_callback(pair_client(&pair), note_message);
    SSL_set_msg_callback_arg(pair_client(&pair), &told);
    CHECK(pair_handshake(&pair));
    CHECK_INT(told.hellos, 1);
    CHECK(told.server_hello_came);
    CHECK_INT(told.versions_differ, 0);
    CHECK(told.headers >= 3);
    CHECK(told.specs >= 1);
    if (version == TLS1_3_VERSION) {
        CHECK(told.inner >= 2);
    } else {
        CHECK_INT(told.inner, 0);
    }
    pair_settle(&pair);
    headers = told.headers;
    pair_exchange(&pair, CLIENT, "hello");
    CHECK(told.headers > headers);
    SSL_shutdown(pair_client(&pair));
    CHECK_INT(told.alerts, 1);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* The commands behind the functions. */
static void by_number(void)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    char name[] = "by.number";
    struct pair pair;

    check_context("by number");
    memset(&status, 0, sizeof status);
    status.gives_staple = 1;
    status.server_answer = SSL_TLSEXT_ERR_OK;
    status.client_answer = 1;
    CHECK_INT(SSL_CTX_callback_ctrl(server, SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB, (void (*)(void))give_staple), 1);
    CHECK_INT(SSL_CTX_ctrl(server, SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB_ARG, 0, &status), 1);
    CHECK_INT(SSL_CTX_callback_ctrl(server, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB, (void (*)(void))switch_host), 1);
    CHECK_INT(SSL_CTX_ctrl(server, SSL_CTRL_SET_TLSEXT_SERVERNAME_ARG, 0, server), 1);
    pair_open(&pair, MEMORY, client, server);
    CHECK_INT(SSL_ctrl(pair_client(&pair), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name), 1);
    CHECK_INT(SSL_ctrl(pair_client(&pair), SSL_CTRL_SET_TLSEXT_STATUS_REQ_TYPE, TLSEXT_STATUSTYPE_ocsp, NULL), 1);
    CHECK(pair_handshake(&pair));
    CHECK_TEXT(SSL_get_servername(pair_server(&pair), TLSEXT_NAMETYPE_host_name), "by.number");
    {
        const unsigned char *response = NULL;

        CHECK_INT(SSL_ctrl(pair_client(&pair), SSL_CTRL_GET_TLSEXT_STATUS_REQ_OCSP_RESP, 0, (void *)&response), STAPLE_LENGTH);
        CHECK_BYTES(response, STAPLE_LENGTH, staple, STAPLE_LENGTH);
    }
    CHECK_TEXT(SSL_alert_type_string(2 << 8), "F");
    CHECK_TEXT(SSL_alert_type_string(1 << 8), "W");
    CHECK_TEXT(SSL_alert_desc_string(SSL_AD_HANDSHAKE_FAILURE), "HF");
    CHECK_TEXT(SSL_alert_desc_string_long(SSL_AD_HANDSHAKE_FAILURE), "handshake failure");
    CHECK_TEXT(SSL_alert_desc_string_long(SSL_AD_BAD_RECORD_MAC), "bad record mac");
    CHECK_TEXT(SSL_alert_desc_string_long(SSL_AD_UNKNOWN_CA), "unknown CA");
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

void test_hello(void)
{
    static const int some[] = {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION};
    size_t i;

    for (i = 0; i < sizeof some / sizeof *some; i++) {
        staples(some[i]);
        clients_on_demand(some[i]);
        names_of_cas(some[i]);
        virtual_hosts(some[i]);
        demands(some[i]);
        states(some[i]);
        messages(some[i]);
    }
    by_number();
}
