/* The client authenticates the server: what is refused, and with which results. */
#include "tests.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

struct server_case {
    const char *what;
    const char *certificate;
    const char *ca;   /* NULL: none */
    const char *host; /* NULL: not looked at */
    long result;
    int alert; /* the reason at the server */
};

static const struct server_case cases[] = {
    {"right", "server", "ca.crt", NULL, X509_V_OK, 0},
    {"right name", "server", "ca.crt", "localhost", X509_V_OK, 0},
    {"right name in capitals", "server", "ca.crt", "LocalHost", X509_V_OK, 0},
    {"right address", "server", "ca.crt", "127.0.0.1", X509_V_OK, 0},
    {"wildcard", "server", "ca.crt", "a.wild.test", X509_V_OK, 0},
    {"wildcard for two labels", "server", "ca.crt", "a.b.wild.test", X509_V_ERR_HOSTNAME_MISMATCH, SSL_R_SSLV3_ALERT_BAD_CERTIFICATE},
    {"wrong name", "server", "ca.crt", "example.org", X509_V_ERR_HOSTNAME_MISMATCH, SSL_R_SSLV3_ALERT_BAD_CERTIFICATE},
    {"wrong address", "server", "ca.crt", "127.0.0.2", X509_V_ERR_IP_ADDRESS_MISMATCH, SSL_R_SSLV3_ALERT_BAD_CERTIFICATE},
    {"another authority", "server", "other_ca.crt", NULL, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, SSL_R_TLSV1_ALERT_UNKNOWN_CA},
    {"no authority", "server", NULL, NULL, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, SSL_R_TLSV1_ALERT_UNKNOWN_CA},
    {"expired", "expired", "ca.crt", NULL, X509_V_ERR_CERT_HAS_EXPIRED, SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED},
    {"not yet valid", "future", "ca.crt", NULL, X509_V_ERR_CERT_NOT_YET_VALID, ALERT_OF_NOT_YET_VALID},
    {"for itself", "self", "ca.crt", NULL, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, SSL_R_TLSV1_ALERT_UNKNOWN_CA},
    {"for clients", "client", "ca.crt", NULL, X509_V_ERR_INVALID_PURPOSE, SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE},
    {"trusted itself", "self", "self.crt", "localhost", X509_V_OK, 0},
};
#define CASES ((int)(sizeof cases / sizeof *cases))

static SSL_CTX *server_of(const char *name)
{
    SSL_CTX *ctx = bare_context(SSLv23_server_method());
    char file[64];

    CHECK_INT(SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION), 1);
    strcpy(file, name);
    strcat(file, ".crt");
    CHECK_INT(SSL_CTX_use_certificate_file(ctx, path(file), SSL_FILETYPE_PEM), 1);
    strcpy(file, name);
    strcat(file, ".key");
    CHECK_INT(SSL_CTX_use_PrivateKey_file(ctx, path(file), SSL_FILETYPE_PEM), 1);
    return ctx;
}

static X509 *load_certificate(const char *file)
{
    BIO *bio = BIO_new_file(path(file), "r");
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    CHECK(certificate != NULL);
    BIO_free(bio);
    return certificate;
}

static SSL_CTX *client_of(const char *ca)
{
    SSL_CTX *ctx = bare_context(SSLv23_client_method());

    CHECK_INT(SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION), 1);
    if (ca != NULL) {
        CHECK_INT(SSL_CTX_load_verify_locations(ctx, path(ca), NULL), SSL_SUCCESS);
    }
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    return ctx;
}

/* The alert reaches a server of TLS 1.3 after its own handshake is done: by the next read. */
static int reason_at_server(struct pair *pair)
{
    char byte;
    int reason;
    int result;

    if (pair->ends[SERVER].result != 1) {
        return pair->ends[SERVER].reason;
    }
    result = pair_read(pair, SERVER, &byte, 1);
    CHECK(result <= 0);
    CHECK_INT(failure_of(pair, SERVER, result, &reason), SSL_ERROR_SSL);
    return reason;
}

static void server_case(const struct server_case *it, int version, enum transport transport)
{
    SSL_CTX *client = client_of(it->ca);
    SSL_CTX *server = server_of(it->certificate);
    struct pair pair;

    check_context("%s, %s, %s", it->what, version_name(version), transport_names[transport]);
    only_version(client, version);
    pair_open(&pair, transport, client, server);
    if (it->host != NULL) {
        CHECK_INT(SSL_set1_host(pair_client(&pair), it->host), 1);
    }
    if (it->result == X509_V_OK) {
        CHECK(pair_handshake(&pair));
        CHECK_INT(SSL_get_verify_result(pair_client(&pair)), X509_V_OK);
        pair_exchange(&pair, CLIENT, "hello");
    } else {
        CHECK(!pair_handshake(&pair));
        CHECK_INT(pair.ends[CLIENT].result, -1);
        CHECK_INT(pair.ends[CLIENT].error, SSL_ERROR_SSL);
        CHECK_INT(pair.ends[CLIENT].reason, SSL_R_CERTIFICATE_VERIFY_FAILED);
        CHECK_INT(SSL_get_verify_result(pair_client(&pair)), it->result);
        CHECK_INT(reason_at_server(&pair), it->alert);
        /* It is over for good. */
        CHECK_INT(SSL_connect(pair_client(&pair)), -1);
        CHECK(SSL_get_error(pair_client(&pair), -1) == SSL_ERROR_SSL || SSL_get_error(pair_client(&pair), -1) == SSL_ERROR_SYSCALL);
        ERR_clear_error();
    }
    pair_close(&pair);

    /* Not asked to verify, the client connects; the result is there all the same. */
    SSL_CTX_set_verify(client, SSL_VERIFY_NONE, NULL);
    CHECK_INT(SSL_CTX_get_verify_mode(client), SSL_VERIFY_NONE);
    pair_open(&pair, transport, client, server);
    if (it->host != NULL) {
        CHECK_INT(SSL_set1_host(pair_client(&pair), it->host), 1);
    }
    CHECK(pair_handshake(&pair));
    CHECK_INT(SSL_get_verify_result(pair_client(&pair)), it->result);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static struct {
    int calls;
    int refused_calls;
    int answer; /* 1: accept, 0: refuse, -1: as it is */
    long first_error;
    int depths; /* bits */
    SSL *ssl;
} seen;

static int verify_callback(int preverified, X509_STORE_CTX *store)
{
    int error = X509_STORE_CTX_get_error(store);

    seen.calls++;
    seen.refused_calls += !preverified;
    if (seen.first_error == 0) {
        seen.first_error = error;
    }
    seen.depths |= 1 << X509_STORE_CTX_get_error_depth(store);
    seen.ssl = (SSL *)X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    CHECK(preverified || error != X509_V_OK);
    CHECK(X509_STORE_CTX_get_current_cert(store) != NULL);
    return seen.answer < 0 ? preverified : seen.answer;
}

static void callbacks(void)
{
    int transport;

    for (transport = FIRST_TRANSPORT; transport < PAST_TRANSPORT; transport++) {
        SSL_CTX *client = client_of("ca.crt");
        SSL_CTX *server = server_of("server");
        struct pair pair;

        check_context("callback, %s", transport_names[transport]);
        SSL_CTX_set_verify(client, SSL_VERIFY_PEER, verify_callback);
        CHECK(SSL_CTX_get_verify_callback(client) == verify_callback);
        memset(&seen, 0, sizeof seen);
        seen.answer = -1;
        pair_connect(&pair, (enum transport)transport, client, server);
        CHECK_INT(seen.refused_calls, 0);
        CHECK_INT(seen.depths, 3); /* the certificate and its CA's */
        CHECK(seen.ssl == pair_client(&pair));
        pair_close(&pair);

        check_context("callback refuses, %s", transport_names[transport]);
        memset(&seen, 0, sizeof seen);
        pair_open(&pair, (enum transport)transport, client, server);
        CHECK(!pair_handshake(&pair));
        CHECK_INT(seen.calls, 1);
        CHECK_INT(pair.ends[CLIENT].reason, SSL_R_CERTIFICATE_VERIFY_FAILED);
        pair_close(&pair);
        SSL_CTX_free(server);

        check_context("callback accepts the expired, %s", transport_names[transport]);
        server = server_of("expired");
        memset(&seen, 0, sizeof seen);
        seen.answer = 1;
        pair_connect(&pair, (enum transport)transport, client, server);
        CHECK_INT(seen.first_error, X509_V_ERR_CERT_HAS_EXPIRED);
        CHECK_INT(SSL_get_verify_result(pair_client(&pair)), X509_V_ERR_CERT_HAS_EXPIRED);
        pair_close(&pair);
        SSL_CTX_free(client);
        SSL_CTX_free(server);
    }
}

static void depth(void)
{
    int limit;

    for (limit = 0; limit < 3; limit++) {
        SSL_CTX *client = client_of("ca.crt");
        SSL_CTX *server = bare_context(SSLv23_server_method());
        struct pair pair;

        check_context("depth %d", limit);
        CHECK_INT(SSL_CTX_use_certificate_chain_file(server, path("leaf_chain.crt")), 1);
        CHECK_INT(SSL_CTX_use_PrivateKey_file(server, path("leaf.key"), SSL_FILETYPE_PEM), 1);
        SSL_CTX_set_verify_depth(client, limit);
        CHECK_INT(SSL_CTX_get_verify_depth(client), limit);
        pair_open(&pair, MEMORY, client, server);
        CHECK_INT(SSL_get_verify_depth(pair_client(&pair)), limit);
        /* Intermediates count, those at the ends do not. */
        CHECK_INT(pair_handshake(&pair), limit >= 1);
        if (limit < 1) {
            long result = SSL_get_verify_result(pair_client(&pair));

            CHECK(result == X509_V_ERR_CERT_CHAIN_TOO_LONG || result == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
        }
        pair_close(&pair);
        SSL_CTX_free(client);
        SSL_CTX_free(server);
    }
}

/* How this library's sentence about a failed verification ends: that goes on after the name of the issuer. */
static void sentence_ends(const struct pair *pair, const char *expected)
{
    const char *sentence = pair->ends[CLIENT].sentence;
    size_t length = strlen(sentence), wanted = strlen(expected);

    if (IS_WARIFU) {
        CHECK_TEXT(length < wanted ? sentence : sentence + length - wanted, expected);
    }
}

#define BY_DEFAULT " (a client verifies by default: SSL_CTX_load_verify_locations loads CAs, SSL_CTX_set_verify decides otherwise)"

/* A context that nobody has told how to verify. */
static void by_default(void)
{
    SSL_CTX *client = bare_context(SSLv23_client_method());
    SSL_CTX *other = bare_context(SSLv23_client_method());
    SSL_CTX *server = server_of("server");
    struct pair pair;

    check_context("default");
    pair_open(&pair, MEMORY, client, server);
    CHECK_INT(pair_handshake(&pair), !CLIENT_VERIFIES_BY_DEFAULT);
    if (CLIENT_VERIFIES_BY_DEFAULT) {
        CHECK_INT(pair.ends[CLIENT].reason, SSL_R_CERTIFICATE_VERIFY_FAILED);
    }
    CHECK_INT(SSL_get_verify_result(pair_client(&pair)), X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
    sentence_ends(&pair, "CN=Test CA; no CA certificate is loaded" BY_DEFAULT);
    pair_close(&pair);

    check_context("default, and another authority");
    CHECK_INT(SSL_CTX_load_verify_locations(other, path("other_ca.crt"), NULL), SSL_SUCCESS);
    pair_open(&pair, MEMORY, other, server);
    CHECK_INT(pair_handshake(&pair), !CLIENT_VERIFIES_BY_DEFAULT);
    sentence_ends(&pair, "CN=Test CA" BY_DEFAULT);
    pair_close(&pair);
    SSL_CTX_set_verify(other, SSL_VERIFY_PEER, NULL);
    pair_open(&pair, MEMORY, other, server);
    CHECK(!pair_handshake(&pair));
    sentence_ends(&pair, "CN=Test CA");
    pair_close(&pair);
    SSL_CTX_free(other);

    check_context("default, and the session decides");
    pair_open(&pair, MEMORY, client, server);
    SSL_set_verify(pair_client(&pair), SSL_VERIFY_NONE, NULL);
    CHECK_INT(SSL_get_verify_mode(pair_client(&pair)), SSL_VERIFY_NONE);
    CHECK(pair_handshake(&pair));
    pair_close(&pair);
    pair_open(&pair, MEMORY, client, server);
    SSL_set_verify(pair_client(&pair), SSL_VERIFY_PEER, NULL);
    CHECK_INT(SSL_get_verify_mode(pair_client(&pair)), SSL_VERIFY_PEER);
    CHECK(!pair_handshake(&pair));
    sentence_ends(&pair, "CN=Test CA; no CA certificate is loaded");
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* Several names, and a name by the verification parameters. */
static void hosts(void)
{
    SSL_CTX *client = client_of("ca.crt");
    SSL_CTX *server = server_of("server");
    struct pair pair;

    check_context("one of two names");
    pair_open(&pair, MEMORY, client, server);
    CHECK_INT(SSL_set1_host(pair_client(&pair), "example.org"), 1);
    CHECK_INT(SSL_add1_host(pair_client(&pair), "localhost"), 1);
    CHECK(pair_handshake(&pair));
    CHECK_TEXT(SSL_get0_peername(pair_client(&pair)), "localhost");
    pair_close(&pair);

    check_context("wildcards not taken");
    pair_open(&pair, MEMORY, client, server);
    SSL_set_hostflags(pair_client(&pair), X509_CHECK_FLAG_NO_WILDCARDS);
    CHECK_INT(SSL_set1_host(pair_client(&pair), "a.wild.test"), 1);
    CHECK(!pair_handshake(&pair));
    CHECK_INT(SSL_get_verify_result(pair_client(&pair)), X509_V_ERR_HOSTNAME_MISMATCH);
    pair_close(&pair);

    check_context("address by parameters");
    pair_open(&pair, MEMORY, client, server);
    CHECK_INT(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(pair_client(&pair)), "127.0.0.1"), 1);
    CHECK(pair_handshake(&pair));
    pair_close(&pair);
    pair_open(&pair, MEMORY, client, server);
    CHECK_INT(X509_VERIFY_PARAM_set1_host(SSL_get0_param(pair_client(&pair)), "example.org", 0), 1);
    CHECK(!pair_handshake(&pair));
    CHECK_INT(SSL_get_verify_result(pair_client(&pair)), X509_V_ERR_HOSTNAME_MISMATCH);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* Revocation lists are asked for and there is none: nobody is believed, a client no more than a server. */
static void no_revocation_list(void)
{
    int role;

    for (role = CLIENT; role <= SERVER; role++) {
        SSL_CTX *client = client_of("ca.crt");
        SSL_CTX *server = server_of("server");
        SSL_CTX *verifier = role == CLIENT ? client : server;
        struct pair pair;

        check_context("no revocation list, at the %s", role == CLIENT ? "client" : "server");
        CHECK_INT(SSL_CTX_use_certificate_file(client, path("client.crt"), SSL_FILETYPE_PEM), 1);
        CHECK_INT(SSL_CTX_use_PrivateKey_file(client, path("client.key"), SSL_FILETYPE_PEM), 1);
        CHECK_INT(SSL_CTX_load_verify_locations(server, path("ca.crt"), NULL), 1);
        SSL_CTX_set_verify(server, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        CHECK_INT(X509_STORE_set_flags(SSL_CTX_get_cert_store(verifier), X509_V_FLAG_CRL_CHECK), 1);
        pair_open(&pair, MEMORY, client, server);
        CHECK(!pair_handshake(&pair));
        CHECK_INT(pair.ends[role].reason, SSL_R_CERTIFICATE_VERIFY_FAILED);
        CHECK_INT(SSL_get_verify_result(pair.ends[role].ssl), X509_V_ERR_UNABLE_TO_GET_CRL);
        pair_close(&pair);
        SSL_CTX_free(client);
        SSL_CTX_free(server);
    }
}

/* What a server sends besides what is needed is not on the path; whether somebody looks at it or not, the path is the same. */
static void verified_chain(void)
{
    int limit;

    for (limit = -1; limit < 2; limit++) {
        SSL_CTX *client = client_of("ca.crt");
        SSL_CTX *server = server_of("leaf");
        STACK_OF(X509) *chain;
        struct pair pair;

        check_context("verified chain, depth %d", limit);
        CHECK_INT(SSL_CTX_add_extra_chain_cert(server, load_certificate("other_ca.crt")), 1);
        CHECK_INT(SSL_CTX_add_extra_chain_cert(server, load_certificate("intermediate.crt")), 1);
        if (limit >= 0) {
            SSL_CTX_set_verify_depth(client, limit);
        }
        pair_open(&pair, MEMORY, client, server);
        CHECK_INT(pair_handshake(&pair), limit != 0);
        chain = SSL_get0_verified_chain(pair_client(&pair));
        if (limit != 0) {
            char name[64] = "";

            CHECK_INT(sk_X509_num(chain), 3);
            X509_NAME_get_text_by_NID(X509_get_subject_name(sk_X509_value(chain, 1)), NID_commonName, name, sizeof name);
            CHECK_TEXT(name, "Intermediate CA");
            X509_NAME_get_text_by_NID(X509_get_subject_name(sk_X509_value(chain, 2)), NID_commonName, name, sizeof name);
            CHECK_TEXT(name, "Test CA");
        }
        pair_close(&pair);
        SSL_CTX_free(client);
        SSL_CTX_free(server);
    }
}

void test_verification(void)
{
    int i, version, transport;

    for (i = 0; i < CASES; i++) {
        for (version = FIRST_VERSION; version < 4; version++) {
            for (transport = FIRST_TRANSPORT; transport < PAST_TRANSPORT; transport++) {
                server_case(&cases[i], versions[version], (enum transport)transport);
            }
        }
    }
    callbacks();
    depth();
    by_default();
    hosts();
    no_revocation_list();
    verified_chain();
}

/* How a client proves itself. */
struct client_case {
    const char *what;
    const char *certificate; /* NULL: none */
    int mode;                /* of the server */
    int accepted;
    long result; /* at the server */
    int reason;  /* of the server's failure */
    int alert;   /* at the client */
};

#define OPTIONAL SSL_VERIFY_PEER
#define REQUIRED (SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT)

static const struct client_case client_cases[] = {
    {"not asked", "client", SSL_VERIFY_NONE, 1, X509_V_OK, 0, 0},
    {"optional, none", NULL, OPTIONAL, 1, X509_V_OK, 0, 0},
    {"optional, good", "client", OPTIONAL, 1, X509_V_OK, 0, 0},
    {"optional, of another authority", "stranger", OPTIONAL, 0, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
     SSL_R_CERTIFICATE_VERIFY_FAILED, SSL_R_TLSV1_ALERT_UNKNOWN_CA},
    {"required, none", NULL, REQUIRED, 0, X509_V_OK, SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, 0},
    {"required, good", "client", REQUIRED, 1, X509_V_OK, 0, 0},
    {"required, of another authority", "stranger", REQUIRED, 0, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
     SSL_R_CERTIFICATE_VERIFY_FAILED, SSL_R_TLSV1_ALERT_UNKNOWN_CA},
    {"required, one for servers", "second", REQUIRED, 0, X509_V_ERR_INVALID_PURPOSE, SSL_R_CERTIFICATE_VERIFY_FAILED,
     SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE},
    {"required, expired", "expired_client", REQUIRED, 0, X509_V_ERR_CERT_HAS_EXPIRED, SSL_R_CERTIFICATE_VERIFY_FAILED,
     SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED},
};

static void client_case(const struct client_case *it, int version, enum transport transport, int by_session)
{
    SSL_CTX *client = client_of("ca.crt");
    SSL_CTX *server = server_of("server");
    struct pair pair;
    char crt[64];
    char key[64];

    check_context("%s, %s, %s, %s", it->what, version_name(version), transport_names[transport], by_session ? "session" : "context");
    CHECK_INT(SSL_CTX_load_verify_locations(server, path("ca.crt"), NULL), SSL_SUCCESS);
    if (!by_session) {
        SSL_CTX_set_verify(server, it->mode, NULL);
        CHECK_INT(SSL_CTX_get_verify_mode(server), it->mode);
    }
    only_version(client, version);
    pair_open(&pair, transport, client, server);
    if (by_session) {
        SSL_set_verify(pair_server(&pair), it->mode, NULL);
    }
    if (it->certificate != NULL) {
        strcpy(crt, it->certificate);
        strcat(crt, ".crt");
        strcpy(key, it->certificate);
        strcat(key, ".key");
        CHECK_INT(SSL_use_certificate_file(pair_client(&pair), path(crt), SSL_FILETYPE_PEM), 1);
        CHECK_INT(SSL_use_PrivateKey_file(pair_client(&pair), path(key), SSL_FILETYPE_PEM), 1);
    }
    if (it->accepted) {
        X509 *shown;
        char name[64] = "";

        CHECK(pair_handshake(&pair));
        shown = SSL_get1_peer_certificate(pair_server(&pair));
        CHECK_INT(shown != NULL, it->certificate != NULL && it->mode != SSL_VERIFY_NONE);
        if (shown != NULL) {
            X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, name, sizeof name);
            CHECK_TEXT(name, "alice");
            X509_free(shown);
        }
        CHECK_INT(SSL_get_verify_result(pair_server(&pair)), it->result);
        pair_exchange(&pair, CLIENT, "hello");
        pair_exchange(&pair, SERVER, "hello");
    } else {
        int alert = it->alert != 0                ? it->alert
                    : version == TLS1_3_VERSION ? SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED
                                                : SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE;
        int reason = pair.ends[CLIENT].reason;

        CHECK(!pair_handshake(&pair));
        CHECK_INT(pair.ends[SERVER].result, -1);
        CHECK_INT(pair.ends[SERVER].error, SSL_ERROR_SSL);
        CHECK_INT(pair.ends[SERVER].reason, it->reason);
        CHECK_INT(SSL_get_verify_result(pair_server(&pair)), it->result);
        if (version == TLS1_3_VERSION) {
            /* The client was done before the server said no. */
            char byte;
            int result;

            CHECK_INT(pair.ends[CLIENT].result, 1);
            result = pair_read(&pair, CLIENT, &byte, 1);
            CHECK(result <= 0);
            CHECK_INT(failure_of(&pair, CLIENT, result, &reason), SSL_ERROR_SSL);
        } else {
            CHECK_INT(pair.ends[CLIENT].error, SSL_ERROR_SSL);
            reason = pair.ends[CLIENT].reason;
        }
        CHECK_INT(reason, alert);
    }
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* A server that asks after the handshake of TLS 1.3 asks the clients of older versions in the handshake. */
static void asked_later_or_now(int version, int required, int with_certificate)
{
    SSL_CTX *client = client_of("ca.crt");
    SSL_CTX *server = server_of("server");
    int is_later = version == TLS1_3_VERSION;
    struct pair pair;
    X509 *shown;

    check_context("asked later or now, %s, %d, %d", version_name(version), required, with_certificate);
    CHECK_INT(SSL_CTX_load_verify_locations(server, path("ca.crt"), NULL), 1);
    SSL_CTX_set_verify(server, (required ? REQUIRED : OPTIONAL) | SSL_VERIFY_POST_HANDSHAKE, NULL);
    only_version(client, version);
    if (with_certificate) {
        CHECK_INT(SSL_CTX_use_certificate_file(client, path("client.crt"), SSL_FILETYPE_PEM), 1);
        CHECK_INT(SSL_CTX_use_PrivateKey_file(client, path("client.key"), SSL_FILETYPE_PEM), 1);
    }
    pair_open(&pair, MEMORY, client, server);
    CHECK_INT(pair_handshake(&pair), is_later || with_certificate || !required);
    if (!is_later && required && !with_certificate) {
        CHECK_INT(pair.ends[SERVER].reason, SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE);
        CHECK_INT(pair.ends[CLIENT].reason, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE);
    }
    shown = SSL_get1_peer_certificate(pair_server(&pair));
    CHECK_INT(shown != NULL, with_certificate && !is_later);
    X509_free(shown);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

/* The names of authorities that a server tells its clients. */
static void authority_names(void)
{
    SSL_CTX *client = client_of("ca.crt");
    SSL_CTX *server = server_of("server");
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(path("both_ca.crt"));
    struct pair pair;

    check_context("names of authorities");
    CHECK_INT(sk_X509_NAME_num(names), 2);
    SSL_CTX_set_client_CA_list(server, names);
    SSL_CTX_load_verify_locations(server, path("ca.crt"), NULL);
    SSL_CTX_set_verify(server, OPTIONAL, NULL);
    pair_connect(&pair, MEMORY, client, server);
    CHECK_INT(sk_X509_NAME_num(SSL_get_client_CA_list(pair_client(&pair))), 2);
    CHECK_INT(sk_X509_NAME_num(SSL_CTX_get_client_CA_list(server)), 2);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

void test_client_authentication(void)
{
    int i, version, transport;

    for (i = 0; i < (int)(sizeof client_cases / sizeof *client_cases); i++) {
        for (version = FIRST_VERSION; version < 4; version++) {
            for (transport = FIRST_TRANSPORT; transport < PAST_TRANSPORT; transport++) {
                client_case(&client_cases[i], versions[version], (enum transport)transport, 0);
                client_case(&client_cases[i], versions[version], (enum transport)transport, 1);
            }
        }
    }
    for (version = 0; version < 4; version++) {
        for (i = 0; i < 4; i++) {
            asked_later_or_now(versions[version], i & 1, i >> 1);
        }
    }
    authority_names();
}
