/* What the server decides by the client's hello: the name of the server (SNI), ALPN, the hello as a whole, the certificate. */
#include "tests.h"

#include <openssl/x509.h>
#include <string.h>

static struct {
    int calls;
    const char *name; /* as the callback saw it */
    char copy[64];
    int answer;
    int alert;
    SSL_CTX *other; /* the context to switch to */
    SSL *ssl;
} sni;

static int servername_callback(SSL *ssl, int *alert, void *argument)
{
    sni.calls++;
    sni.ssl = ssl;
    CHECK(argument == &sni);
    sni.name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (sni.name != NULL) {
        strncpy(sni.copy, sni.name, sizeof sni.copy - 1);
    }
    if (sni.other != NULL) {
        CHECK(SSL_set_SSL_CTX(ssl, sni.other) == sni.other);
        CHECK(SSL_get_SSL_CTX(ssl) == sni.other);
    }
    if (sni.alert != 0) {
        *alert = sni.alert;
    }
    return sni.answer;
}

static void common_name_of_peer(SSL *ssl, char *name, int size)
{
    X509 *shown = SSL_get1_peer_certificate(ssl);

    name[0] = '\0';
    if (shown != NULL) {
        X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, name, size);
        X509_free(shown);
    }
}

static void server_names(int version, enum transport transport)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    SSL_CTX *second = bare_context(SSLv23_server_method());
    struct pair pair;
    char name[64];

    CHECK_INT(SSL_CTX_use_certificate_file(second, path("second.crt"), SSL_FILETYPE_PEM), 1);
    CHECK_INT(SSL_CTX_use_PrivateKey_file(second, path("second.key"), SSL_FILETYPE_PEM), 1);
    only_version(client, version);
    CHECK_INT(SSL_CTX_set_tlsext_servername_callback(server, servername_callback), 1);
    CHECK_INT(SSL_CTX_set_tlsext_servername_arg(server, &sni), 1);

    check_context("name, %s, %s", version_name(version), transport_names[transport]);
    memset(&sni, 0, sizeof sni);
    sni.answer = SSL_TLSEXT_ERR_OK;
    pair_open(&pair, transport, client, server);
    CHECK_INT(SSL_set_tlsext_host_name(pair_client(&pair), "first.test"), 1);
    CHECK_TEXT(SSL_get_servername(pair_client(&pair), TLSEXT_NAMETYPE_host_name), "first.test");
    CHECK(pair_handshake(&pair));
    CHECK_INT(sni.calls, 1);
    CHECK(sni.ssl == pair_server(&pair));
    CHECK_TEXT(sni.copy, "first.test");
    CHECK_TEXT(SSL_get_servername(pair_server(&pair), TLSEXT_NAMETYPE_host_name), "first.test");
    CHECK_INT(SSL_get_servername_type(pair_server(&pair)), TLSEXT_NAMETYPE_host_name);
    common_name_of_peer(pair_client(&pair), name, sizeof name);
    CHECK_TEXT(name, "localhost");
    pair_close(&pair);

    check_context("another context, %s, %s", version_name(version), transport_names[transport]);
    memset(&sni, 0, sizeof sni);
    sni.answer = SSL_TLSEXT_ERR_OK;
    sni.other = second;
    pair_open(&pair, transport, client, server);
    CHECK_INT(SSL_set_tlsext_host_name(pair_client(&pair), "second.test"), 1);
    CHECK_INT(SSL_set1_host(pair_client(&pair), "second.test"), 1);
    CHECK(pair_handshake(&pair));
    common_name_of_peer(pair_client(&pair), name, sizeof name);
    CHECK_TEXT(name, "second.test");
    CHECK(SSL_get_SSL_CTX(pair_server(&pair)) == second);
    pair_exchange(&pair, CLIENT, "hello");
    pair_close(&pair);

    check_context("no name, %s, %s", version_name(version), transport_names[transport]);
    memset(&sni, 0, sizeof sni);
    sni.answer = SSL_TLSEXT_ERR_NOACK;
    pair_connect(&pair, transport, client, server);
    CHECK_INT(sni.calls, 1);
    CHECK(sni.name == NULL);
    CHECK(SSL_get_servername(pair_server(&pair), TLSEXT_NAMETYPE_host_name) == NULL);
    CHECK_INT(SSL_get_servername_type(pair_server(&pair)), -1);
    pair_close(&pair);

    check_context("name refused, %s, %s", version_name(version), transport_names[transport]);
    memset(&sni, 0, sizeof sni);
    sni.answer = SSL_TLSEXT_ERR_ALERT_FATAL;
    pair_open(&pair, transport, client, server);
    CHECK_INT(SSL_set_tlsext_host_name(pair_client(&pair), "third.test"), 1);
    CHECK(!pair_handshake(&pair));
    CHECK_INT(pair.ends[SERVER].error, SSL_ERROR_SSL);
    CHECK_INT(pair.ends[CLIENT].error, SSL_ERROR_SSL);
    CHECK_INT(pair.ends[CLIENT].reason, SSL_R_TLSV1_UNRECOGNIZED_NAME);
    pair_close(&pair);

    check_context("another alert, %s, %s", version_name(version), transport_names[transport]);
    sni.alert = SSL_AD_ACCESS_DENIED;
    pair_open(&pair, transport, client, server);
    CHECK(!pair_handshake(&pair));
    CHECK_INT(pair.ends[CLIENT].reason, SSL_R_TLSV1_ALERT_ACCESS_DENIED);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
    SSL_CTX_free(second);

    check_context("names that are none");
    client = client_context();
    pair.ends[CLIENT].ssl = SSL_new(client);
    CHECK_INT(SSL_set_tlsext_host_name(pair_client(&pair), ""), 0);
    memset(name, 'a', sizeof name);
    {
        char longer[300];

        memset(longer, 'a', sizeof longer - 1);
        longer[sizeof longer - 1] = '\0';
        CHECK_INT(SSL_set_tlsext_host_name(pair_client(&pair), longer), 0);
    }
    CHECK_INT(SSL_set_tlsext_host_name(pair_client(&pair), NULL), 1);
    SSL_free(pair_client(&pair));
    SSL_CTX_free(client);
    ERR_clear_error();
}

static const unsigned char offered[] = "\x02h2\x08http/1.1";
#define OFFERED_LENGTH 12

static int alpn_answer;

static int alpn_callback(SSL *ssl, const unsigned char **out, unsigned char *out_length, const unsigned char *in, unsigned int in_length,
                         void *argument)
{
    static const unsigned char known[] = "\x05spdy1\x08http/1.1";
    unsigned char *selected;

    (void)ssl;
    CHECK(argument == &alpn_answer);
    CHECK_BYTES(in, in_length, offered, OFFERED_LENGTH);
    if (alpn_answer == SSL_TLSEXT_ERR_OK) {
        CHECK_INT(SSL_select_next_proto(&selected, out_length, known, sizeof known - 1, in, in_length), OPENSSL_NPN_NEGOTIATED);
        *out = selected;
    }
    return alpn_answer;
}

static void protocols(int version, enum transport transport)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    const unsigned char *selected;
    unsigned int length;
    struct pair pair;
    unsigned char *next;
    unsigned char next_length;

    only_version(client, version);
    SSL_CTX_set_alpn_select_cb(server, alpn_callback, &alpn_answer);

    check_context("ALPN, %s, %s", version_name(version), transport_names[transport]);
    CHECK_INT(SSL_CTX_set_alpn_protos(client, offered, OFFERED_LENGTH), 0); /* 0 is success here */
    alpn_answer = SSL_TLSEXT_ERR_OK;
    pair_connect(&pair, transport, client, server);
    SSL_get0_alpn_selected(pair_client(&pair), &selected, &length);
    CHECK_BYTES(selected, length, "http/1.1", 8);
    SSL_get0_alpn_selected(pair_server(&pair), &selected, &length);
    CHECK_BYTES(selected, length, "http/1.1", 8);
    pair_close(&pair);

    check_context("no ALPN by the server, %s, %s", version_name(version), transport_names[transport]);
    alpn_answer = SSL_TLSEXT_ERR_NOACK;
    pair_connect(&pair, transport, client, server);
    SSL_get0_alpn_selected(pair_client(&pair), &selected, &length);
    CHECK_INT(length, 0);
    pair_close(&pair);

    check_context("no common ALPN, %s, %s", version_name(version), transport_names[transport]);
    alpn_answer = SSL_TLSEXT_ERR_ALERT_FATAL;
    pair_open(&pair, transport, client, server);
    CHECK(!pair_handshake(&pair));
    CHECK_INT(pair.ends[SERVER].reason, SSL_R_NO_APPLICATION_PROTOCOL);
    CHECK_INT(pair.ends[CLIENT].reason, SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL);
    pair_close(&pair);

    check_context("ALPN of one connection, %s, %s", version_name(version), transport_names[transport]);
    alpn_answer = SSL_TLSEXT_ERR_OK;
    CHECK_INT(SSL_CTX_set_alpn_protos(client, NULL, 0), 0);
    pair_open(&pair, transport, client, server);
    CHECK_INT(SSL_set_alpn_protos(pair_client(&pair), offered, OFFERED_LENGTH), 0);
    CHECK(pair_handshake(&pair));
    SSL_get0_alpn_selected(pair_client(&pair), &selected, &length);
    CHECK_BYTES(selected, length, "http/1.1", 8);
    pair_close(&pair);

    check_context("lists that are none");
    CHECK(SSL_CTX_set_alpn_protos(client, (const unsigned char *)"\x05h2", 3) != 0);
    CHECK(SSL_CTX_set_alpn_protos(client, (const unsigned char *)"\x00", 1) != 0);
    CHECK_INT(SSL_select_next_proto(&next, &next_length, (const unsigned char *)"\x01x", 2, offered, OFFERED_LENGTH),
              OPENSSL_NPN_NO_OVERLAP);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
    ERR_clear_error();
}

static struct {
    int calls;
    int answers[4];
    int alert;
    int has_name;
    size_t suites;
} hello;

static int hello_callback(SSL *ssl, int *alert, void *argument)
{
    const unsigned char *data;
    size_t length;
    int *types;

    CHECK(argument == &hello);
    CHECK_INT(SSL_client_hello_isv2(ssl), 0);
    CHECK_INT(SSL_client_hello_get0_random(ssl, &data), 32);
    hello.suites = SSL_client_hello_get0_ciphers(ssl, &data) / 2;
    hello.has_name = SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &data, &length);
    if (hello.has_name) {
        CHECK_BYTES(data + 5, length - 5, "hello.test", 10);
    }
    CHECK(!SSL_client_hello_get0_ext(ssl, 0x4321, &data, &length));
    CHECK(SSL_client_hello_get0_legacy_version(ssl) >= TLS1_VERSION);
    CHECK_INT(SSL_client_hello_get0_compression_methods(ssl, &data), 1);
    CHECK_INT(SSL_client_hello_get1_extensions_present(ssl, &types, &length), 1);
    CHECK(length > 0);
    OPENSSL_free(types);
    if (hello.alert != 0) {
        *alert = hello.alert;
    }
    return hello.answers[hello.calls++ % 4];
}

static void client_hellos(int version)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;

    only_version(client, version);
    SSL_CTX_set_client_hello_cb(server, hello_callback, &hello);

    check_context("client hello, %s", version_name(version));
    memset(&hello, 0, sizeof hello);
    hello.answers[0] = SSL_CLIENT_HELLO_SUCCESS;
    pair_open(&pair, MEMORY, client, server);
    CHECK_INT(SSL_set_tlsext_host_name(pair_client(&pair), "hello.test"), 1);
    CHECK(pair_handshake(&pair));
    CHECK_INT(hello.calls, 1);
    CHECK_INT(hello.has_name, 1);
    CHECK(hello.suites > 0);
    pair_close(&pair);

    check_context("client hello, later, %s", version_name(version));
    memset(&hello, 0, sizeof hello);
    hello.answers[0] = SSL_CLIENT_HELLO_RETRY;
    hello.answers[1] = SSL_CLIENT_HELLO_RETRY;
    hello.answers[2] = SSL_CLIENT_HELLO_SUCCESS;
    pair_open(&pair, MEMORY, client, server);
    CHECK_INT(SSL_connect(pair_client(&pair)), -1);
    pair_carry(&pair);
    CHECK_INT(SSL_accept(pair_server(&pair)), -1);
    CHECK_INT(SSL_get_error(pair_server(&pair), -1), SSL_ERROR_WANT_CLIENT_HELLO_CB);
    CHECK(SSL_want_client_hello_cb(pair_server(&pair)));
    CHECK_INT(SSL_accept(pair_server(&pair)), -1);
    CHECK_INT(SSL_get_error(pair_server(&pair), -1), SSL_ERROR_WANT_CLIENT_HELLO_CB);
    CHECK(pair_handshake(&pair));
    CHECK_INT(hello.calls, 3);
    pair_close(&pair);

    check_context("client hello refused, %s", version_name(version));
    memset(&hello, 0, sizeof hello);
    hello.answers[0] = SSL_CLIENT_HELLO_ERROR;
    hello.alert = SSL_AD_ACCESS_DENIED;
    pair_open(&pair, MEMORY, client, server);
    CHECK(!pair_handshake(&pair));
    CHECK_INT(pair.ends[SERVER].error, SSL_ERROR_SSL);
    CHECK_INT(pair.ends[SERVER].reason, SSL_R_CALLBACK_FAILED);
    CHECK_INT(pair.ends[CLIENT].reason, SSL_R_TLSV1_ALERT_ACCESS_DENIED);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static struct {
    int calls;
    int answers[3];
    const char *name;
} chosen;

static int certificate_callback(SSL *ssl, void *argument)
{
    int answer = chosen.answers[chosen.calls++ % 3];
    char file[64];

    CHECK(argument == &chosen);
    if (answer == 1 && chosen.name != NULL) {
        strcpy(file, chosen.name);
        strcat(file, ".crt");
        CHECK_INT(SSL_use_certificate_file(ssl, path(file), SSL_FILETYPE_PEM), 1);
        strcpy(file, chosen.name);
        strcat(file, ".key");
        CHECK_INT(SSL_use_PrivateKey_file(ssl, path(file), SSL_FILETYPE_PEM), 1);
    }
    return answer;
}

static void certificate_callbacks(int version)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = bare_context(SSLv23_server_method());
    struct pair pair;
    char name[64];

    CHECK_INT(SSL_CTX_set_min_proto_version(server, TLS1_VERSION), 1);
    only_version(client, version);
    SSL_CTX_set_cert_cb(server, certificate_callback, &chosen);

    check_context("certificate callback, %s", version_name(version));
    memset(&chosen, 0, sizeof chosen);
    chosen.answers[0] = 1;
    chosen.name = "second";
    pair_connect(&pair, MEMORY, client, server);
    CHECK_INT(chosen.calls, 1);
    common_name_of_peer(pair_client(&pair), name, sizeof name);
    CHECK_TEXT(name, "second.test");
    pair_close(&pair);

    check_context("certificate callback, later, %s", version_name(version));
    memset(&chosen, 0, sizeof chosen);
    chosen.answers[0] = -1;
    chosen.answers[1] = 1;
    chosen.name = "server";
    pair_open(&pair, MEMORY, client, server);
    CHECK_INT(SSL_connect(pair_client(&pair)), -1);
    pair_carry(&pair);
    CHECK_INT(SSL_accept(pair_server(&pair)), -1);
    CHECK_INT(SSL_get_error(pair_server(&pair), -1), SSL_ERROR_WANT_X509_LOOKUP);
    CHECK(SSL_want_x509_lookup(pair_server(&pair)));
    CHECK(pair_handshake(&pair));
    CHECK_INT(chosen.calls, 2);
    pair_close(&pair);

    check_context("certificate callback refuses, %s", version_name(version));
    memset(&chosen, 0, sizeof chosen);
    pair_open(&pair, MEMORY, client, server);
    CHECK(!pair_handshake(&pair));
    CHECK_INT(pair.ends[SERVER].error, SSL_ERROR_SSL);
    CHECK_INT(pair.ends[SERVER].reason, SSL_R_CERT_CB_ERROR);
    CHECK_INT(pair.ends[CLIENT].error, SSL_ERROR_SSL);
    pair_close(&pair);
    SSL_CTX_free(server);

    check_context("certificate callback of the client, %s", version_name(version));
    server = server_context();
    CHECK_INT(SSL_CTX_load_verify_locations(server, path("ca.crt"), NULL), 1);
    SSL_CTX_set_verify(server, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    memset(&chosen, 0, sizeof chosen);
    chosen.answers[0] = 1;
    chosen.name = "client";
    pair_open(&pair, MEMORY, client, server);
    SSL_set_cert_cb(pair_client(&pair), certificate_callback, &chosen);
    CHECK(pair_handshake(&pair));
    CHECK_INT(chosen.calls, 1);
    common_name_of_peer(pair_server(&pair), name, sizeof name);
    CHECK_TEXT(name, "alice");
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

void test_names(void)
{
    int version, transport;

    for (version = FIRST_VERSION; version < 4; version++) {
        for (transport = FIRST_TRANSPORT; transport < PAST_TRANSPORT; transport++) {
            server_names(versions[version], (enum transport)transport);
            protocols(versions[version], (enum transport)transport);
        }
        client_hellos(versions[version]);
        certificate_callbacks(versions[version]);
    }
}
