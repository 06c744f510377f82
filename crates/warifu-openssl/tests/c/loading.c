/* Table 6.1.3: what peer authentication works with, loaded in each way, at each level. */
#include "tests.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

enum way { FROM_FILE, FROM_MEMORY, WAYS };
enum level { CONTEXT, SESSION, LEVELS };
static const char *const way_names[WAYS] = {"file", "memory"};
static const char *const level_names[LEVELS] = {"context", "session"};
static const int formats[2] = {SSL_FILETYPE_PEM, SSL_FILETYPE_ASN1};

/* server.crt, PEM, or server.crt.der */
static const char *file_of(const char *name, const char *kind, int format)
{
    static char file[64];

    strcpy(file, name);
    strcat(file, kind);
    if (format == SSL_FILETYPE_ASN1) {
        strcat(file, ".der");
    }
    return file;
}

static int load_certificate(SSL_CTX *ctx, SSL *ssl, const char *name, enum way way, int format)
{
    const char *file = file_of(name, ".crt", format);
    unsigned char *bytes;
    long size;
    int result;

    if (way == FROM_FILE) {
        return ssl != NULL ? SSL_use_certificate_file(ssl, path(file), format) : SSL_CTX_use_certificate_file(ctx, path(file), format);
    }
    bytes = content(file, &size);
    result = ssl != NULL ? SSL_use_certificate_buffer(ssl, bytes, size, format) : SSL_CTX_use_certificate_buffer(ctx, bytes, size, format);
    free(bytes);
    return result;
}

static int load_key(SSL_CTX *ctx, SSL *ssl, const char *name, enum way way, int format)
{
    const char *file = file_of(name, ".key", format);
    unsigned char *bytes;
    long size;
    int result;

    if (way == FROM_FILE) {
        return ssl != NULL ? SSL_use_PrivateKey_file(ssl, path(file), format) : SSL_CTX_use_PrivateKey_file(ctx, path(file), format);
    }
    bytes = content(file, &size);
    result = ssl != NULL ? SSL_use_PrivateKey_buffer(ssl, bytes, size, format) : SSL_CTX_use_PrivateKey_buffer(ctx, bytes, size, format);
    free(bytes);
    return result;
}

/* The proving side: both kinds of keys, each level, way and format, in each version. */
static void own_certificate(void)
{
    static const char *const names[2] = {"server", "rsa"};
    int name, level, way, format, version;

    for (name = 0; name < 2; name++) {
        for (level = 0; level < LEVELS; level++) {
            for (way = 0; way < WAYS; way++) {
                for (format = 0; format < 2; format++) {
                    SSL_CTX *client = client_context();
                    SSL_CTX *server = bare_context(SSLv23_server_method());

                    SSL_CTX_set_min_proto_version(server, TLS1_VERSION);
                    if (level == CONTEXT) {
                        CHECK_INT(load_certificate(server, NULL, names[name], (enum way)way, formats[format]), SSL_SUCCESS);
                        CHECK_INT(load_key(server, NULL, names[name], (enum way)way, formats[format]), SSL_SUCCESS);
                        CHECK_INT(SSL_CTX_check_private_key(server), 1);
                    }
                    for (version = FIRST_VERSION; version < 4; version++) {
                        struct pair pair;
                        X509 *shown;

                        check_context("%s.crt, %s, %s, format %d, %s", names[name], level_names[level], way_names[way], formats[format],
                                      version_name(versions[version]));
                        only_version(client, versions[version]);
                        pair_open(&pair, MEMORY, client, server);
                        if (level == SESSION) {
                            CHECK_INT(load_certificate(NULL, pair_server(&pair), names[name], (enum way)way, formats[format]), SSL_SUCCESS);
                            CHECK_INT(load_key(NULL, pair_server(&pair), names[name], (enum way)way, formats[format]), SSL_SUCCESS);
                            CHECK_INT(SSL_check_private_key(pair_server(&pair)), 1);
                        }
                        CHECK(pair_handshake(&pair));
                        CHECK_INT(SSL_get_verify_result(pair_client(&pair)), X509_V_OK);
                        shown = SSL_get1_peer_certificate(pair_client(&pair));
                        CHECK(shown != NULL && X509_cmp(shown, SSL_get_certificate(pair_server(&pair))) == 0);
                        X509_free(shown);
                        pair_exchange(&pair, CLIENT, "hello");
                        pair_close(&pair);
                    }
                    SSL_CTX_free(client);
                    SSL_CTX_free(server);
                }
            }
        }
    }
}

/* The certificate of a session takes the place of the context's for this session alone. */
static void session_over_context(void)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;
    int i;

    check_context("session over context");
    for (i = 0; i < 2; i++) {
        X509 *shown;
        char name[64];

        pair_open(&pair, MEMORY, client, server);
        if (i == 0) {
            CHECK_INT(SSL_use_certificate_file(pair_server(&pair), path("second.crt"), SSL_FILETYPE_PEM), SSL_SUCCESS);
            CHECK_INT(SSL_use_PrivateKey_file(pair_server(&pair), path("second.key"), SSL_FILETYPE_PEM), SSL_SUCCESS);
        }
        CHECK(pair_handshake(&pair));
        shown = SSL_get1_peer_certificate(pair_client(&pair));
        CHECK(X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, name, sizeof name) > 0);
        CHECK_TEXT(name, i == 0 ? "second.test" : "localhost");
        X509_free(shown);
        pair_close(&pair);
    }
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static int load_ca_buffer(SSL_CTX *ctx, const char *file, int format)
{
    long size;
    unsigned char *bytes = content(file, &size);
    int result = SSL_CTX_load_verify_buffer(ctx, bytes, size, format);

    free(bytes);
    return result;
}

/* The verifying side: file, directory, memory in both formats; several certificates at once. */
static void authorities(void)
{
    static const char *const names[] = {"file", "directory", "file and directory", "memory, PEM", "memory, ASN1", "file of two",
                                        "memory of two", "one after the other", "load_verify_file", "load_verify_dir"};
    int kind, version;

    for (kind = 0; kind < (int)(sizeof names / sizeof *names); kind++) {
        SSL_CTX *client = bare_context(SSLv23_client_method());
        SSL_CTX *server = server_context();

        check_context("%s", names[kind]);
        SSL_CTX_set_verify(client, SSL_VERIFY_PEER, NULL);
        SSL_CTX_set_min_proto_version(client, TLS1_VERSION);
        switch (kind) {
        case 0:
            CHECK_INT(SSL_CTX_load_verify_locations(client, path("ca.crt"), NULL), SSL_SUCCESS);
            break;
        case 1:
            CHECK_INT(SSL_CTX_load_verify_locations(client, NULL, path("ca_directory")), SSL_SUCCESS);
            break;
        case 2:
            CHECK_INT(SSL_CTX_load_verify_locations(client, path("other_ca.crt"), path("ca_directory")), SSL_SUCCESS);
            break;
        case 3:
            CHECK_INT(load_ca_buffer(client, "ca.crt", SSL_FILETYPE_PEM), SSL_SUCCESS);
            break;
        case 4:
            CHECK_INT(load_ca_buffer(client, "ca.crt.der", SSL_FILETYPE_ASN1), SSL_SUCCESS);
            break;
        case 5:
            CHECK_INT(SSL_CTX_load_verify_locations(client, path("both_ca.crt"), NULL), SSL_SUCCESS);
            break;
        case 6:
            CHECK_INT(load_ca_buffer(client, "both_ca.crt", SSL_FILETYPE_PEM), SSL_SUCCESS);
            break;
        case 7:
            CHECK_INT(SSL_CTX_load_verify_locations(client, path("other_ca.crt"), NULL), SSL_SUCCESS);
            CHECK_INT(load_ca_buffer(client, "ca.crt", SSL_FILETYPE_PEM), SSL_SUCCESS);
            break;
        case 8:
            CHECK_INT(SSL_CTX_load_verify_file(client, path("ca.crt")), SSL_SUCCESS);
            break;
        default:
            CHECK_INT(SSL_CTX_load_verify_dir(client, path("ca_directory")), SSL_SUCCESS);
            break;
        }
        for (version = 2; version < 4; version++) {
            struct pair pair;

            only_version(client, versions[version]);
            pair_connect(&pair, MEMORY, client, server);
            CHECK_INT(SSL_get_verify_result(pair_client(&pair)), X509_V_OK);
            pair_close(&pair);
        }
        SSL_CTX_free(client);
        SSL_CTX_free(server);
    }
}

/* A chain: by a file of all certificates, and one by one. */
static void chains(void)
{
    int kind;

    for (kind = 0; kind < 4; kind++) {
        SSL_CTX *client = client_context();
        SSL_CTX *server = bare_context(SSLv23_server_method());
        struct pair pair;

        check_context("chain %d", kind);
        switch (kind) {
        case 0:
            CHECK_INT(SSL_CTX_use_certificate_chain_file(server, path("leaf_chain.crt")), 1);
            break;
        case 1: {
            BIO *bio = BIO_new_file(path("intermediate.crt"), "r");
            X509 *intermediate = PEM_read_bio_X509(bio, NULL, NULL, NULL);

            CHECK(intermediate != NULL);
            BIO_free(bio);
            CHECK_INT(SSL_CTX_use_certificate_file(server, path("leaf.crt"), SSL_FILETYPE_PEM), 1);
            /* The context owns it now. */
            CHECK_INT(SSL_CTX_add_extra_chain_cert(server, intermediate), 1);
            break;
        }
        case 2:
            CHECK_INT(SSL_CTX_use_certificate_file(server, path("leaf.crt"), SSL_FILETYPE_PEM), 1);
            break;
        default:
            break;
        }
        if (kind < 3) {
            CHECK_INT(SSL_CTX_use_PrivateKey_file(server, path("leaf.key"), SSL_FILETYPE_PEM), 1);
        }
        pair_open(&pair, MEMORY, client, server);
        if (kind == 3) {
            CHECK_INT(SSL_use_certificate_chain_file(pair_server(&pair), path("leaf_chain.crt")), 1);
            CHECK_INT(SSL_use_PrivateKey_file(pair_server(&pair), path("leaf.key"), SSL_FILETYPE_PEM), 1);
        }
        CHECK_INT(pair_handshake(&pair), kind != 2);
        if (kind == 2) {
            CHECK_INT(pair.ends[CLIENT].reason, SSL_R_CERTIFICATE_VERIFY_FAILED);
            CHECK_INT(SSL_get_verify_result(pair_client(&pair)), X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
        } else {
            STACK_OF(X509) *chain = SSL_get_peer_cert_chain(pair_client(&pair));

            CHECK_INT(sk_X509_num(chain), 2);
            CHECK_INT(sk_X509_num(SSL_get0_verified_chain(pair_client(&pair))), 3);
        }
        pair_close(&pair);
        SSL_CTX_free(client);
        SSL_CTX_free(server);
    }
}

/* What cannot be loaded: 0, and the reason in the error queue, from a library (0: any). */
static void refused(int result, int library)
{
    unsigned long code = ERR_get_error();
    int found = 0;

    CHECK_INT(result, 0);
    CHECK(code != 0);
    for (; code != 0; code = ERR_get_error()) {
        found |= library == 0 || ERR_GET_LIB(code) == library;
    }
    CHECK(found);
}

/* The sentence that this library has for the failure. */
static void said(const char *expected)
{
    char sentence[SENTENCE];

    take_failure(sentence);
    if (IS_WARIFU) {
        CHECK_TEXT(sentence, expected);
    }
}

/* Whether the sentence begins with the file that is meant. */
static void told_of(const char *file, const char *rest)
{
    char expected[SENTENCE];

    snprintf(expected, sizeof expected, "%s: %s", path(file), rest);
    said(expected);
}

static void sentences(void)
{
    SSL_CTX *ctx = bare_context(SSLv23_method());
    char expected[SENTENCE];

    ERR_clear_error();
    check_context("sentence for a file that is not there");
    CHECK_INT(SSL_CTX_use_PrivateKey_file(ctx, path("nothing.key"), SSL_FILETYPE_PEM), 0);
    /* What is wrong with it are the words of the number. */
    snprintf(expected, sizeof expected, "reading %s", path("nothing.key"));
    said(expected);
    check_context("sentence for a file with something else");
    CHECK_INT(SSL_CTX_use_PrivateKey_file(ctx, path("server.crt"), SSL_FILETYPE_PEM), 0);
    told_of("server.crt", "no PEM section with a private key");
    CHECK_INT(SSL_CTX_use_certificate_file(ctx, path("server.key"), SSL_FILETYPE_PEM), 0);
    told_of("server.key", "no PEM section with a certificate");
    CHECK_INT(SSL_CTX_use_certificate_chain_file(ctx, path("garbage.pem")), 0);
    told_of("garbage.pem", "no PEM section with a certificate");
    CHECK_INT(SSL_CTX_load_verify_locations(ctx, path("garbage.pem"), NULL), 0);
    told_of("garbage.pem", "no certificate and no CRL");
    CHECK_INT(SSL_CTX_load_verify_locations(ctx, path("torn.pem"), NULL), 0);
    told_of("torn.pem", "CERTIFICATE: not base64");
    check_context("sentence for a key of another certificate");
    CHECK_INT(SSL_CTX_use_certificate_file(ctx, path("server.crt"), SSL_FILETYPE_PEM), 1);
    CHECK_INT(SSL_CTX_use_PrivateKey_file(ctx, path("client.key"), SSL_FILETYPE_PEM), 0);
    told_of("client.key", "the private key does not belong to the certificate");
    if (IS_WARIFU) {
        check_context("sentence for NULL");
        CHECK_INT(SSL_CTX_use_certificate(NULL, NULL), 0);
        said("an argument that must not be NULL is NULL");
    }
    SSL_CTX_free(ctx);
}

static void failures(void)
{
    SSL_CTX *ctx = bare_context(SSLv23_method());
    SSL *ssl;
    unsigned char *bytes;
    long size;

    check_context("no such file");
    refused(SSL_CTX_load_verify_locations(ctx, path("nothing.crt"), NULL), ERR_LIB_SYS);
    refused(SSL_CTX_use_certificate_file(ctx, path("nothing.crt"), SSL_FILETYPE_PEM), ERR_LIB_SYS);
    refused(SSL_CTX_use_PrivateKey_file(ctx, path("nothing.key"), SSL_FILETYPE_PEM), ERR_LIB_SYS);
    refused(SSL_CTX_use_certificate_chain_file(ctx, path("nothing.crt")), ERR_LIB_SYS);
    check_context("nothing to load from");
    CHECK_INT(SSL_CTX_load_verify_locations(ctx, NULL, NULL), 0);
    ERR_clear_error();
    check_context("no certificates in it");
    refused(SSL_CTX_load_verify_locations(ctx, path("garbage.pem"), NULL), ERR_LIB_X509);
    refused(SSL_CTX_load_verify_locations(ctx, path("empty.pem"), NULL), ERR_LIB_X509);
    refused(SSL_CTX_use_certificate_file(ctx, path("garbage.pem"), SSL_FILETYPE_PEM), ERR_LIB_PEM);
    refused(SSL_CTX_use_certificate_file(ctx, path("garbage.pem"), SSL_FILETYPE_ASN1), ERR_LIB_ASN1);
    refused(SSL_CTX_use_PrivateKey_file(ctx, path("server.crt"), SSL_FILETYPE_PEM), 0);
    refused(SSL_CTX_use_certificate_file(ctx, path("server.key"), SSL_FILETYPE_PEM), ERR_LIB_PEM);
    check_context("wrong format");
    refused(SSL_CTX_use_certificate_file(ctx, path("server.crt"), SSL_FILETYPE_ASN1), ERR_LIB_ASN1);
    refused(SSL_CTX_use_certificate_file(ctx, path("server.crt.der"), SSL_FILETYPE_PEM), ERR_LIB_PEM);
    check_context("no such format");
    refused(SSL_CTX_use_certificate_file(ctx, path("server.crt"), 77), ERR_LIB_SSL);
    refused(SSL_CTX_use_PrivateKey_file(ctx, path("server.key"), 77), ERR_LIB_SSL);

    check_context("memory");
    bytes = content("garbage.pem", &size);
    CHECK_INT(SSL_CTX_load_verify_buffer(ctx, bytes, size, SSL_FILETYPE_PEM), 0);
    CHECK_INT(SSL_CTX_load_verify_buffer(ctx, bytes, size, SSL_FILETYPE_ASN1), 0);
    CHECK_INT(SSL_CTX_use_certificate_buffer(ctx, bytes, size, SSL_FILETYPE_PEM), 0);
    CHECK_INT(SSL_CTX_use_PrivateKey_buffer(ctx, bytes, size, SSL_FILETYPE_ASN1), 0);
    free(bytes);
    /* Cut short. */
    bytes = content("server.crt.der", &size);
    CHECK_INT(SSL_CTX_use_certificate_buffer(ctx, bytes, size - 1, SSL_FILETYPE_ASN1), 0);
    free(bytes);
    bytes = content("server.key", &size);
    CHECK_INT(SSL_CTX_use_PrivateKey_buffer(ctx, bytes, size / 2, SSL_FILETYPE_PEM), 0);
    free(bytes);
    ERR_clear_error();

    check_context("key and certificate of two");
    CHECK_INT(SSL_CTX_use_certificate_file(ctx, path("server.crt"), SSL_FILETYPE_PEM), 1);
    ERR_clear_error();
    CHECK_INT(SSL_CTX_use_PrivateKey_file(ctx, path("second.key"), SSL_FILETYPE_PEM), 0);
    CHECK_INT(ERR_GET_LIB(ERR_peek_error()), ERR_LIB_X509);
    CHECK_INT(take_reason(), X509_R_KEY_VALUES_MISMATCH);
    CHECK_INT(SSL_CTX_check_private_key(ctx), 0);
    CHECK_INT(take_reason(), SSL_R_NO_PRIVATE_KEY_ASSIGNED);
    ssl = SSL_new(ctx);
    CHECK_INT(SSL_use_PrivateKey_file(ssl, path("second.key"), SSL_FILETYPE_PEM), 0);
    CHECK_INT(take_reason(), X509_R_KEY_VALUES_MISMATCH);
    CHECK_INT(SSL_use_PrivateKey_file(ssl, path("server.key"), SSL_FILETYPE_PEM), 1);
    CHECK_INT(SSL_check_private_key(ssl), 1);
    CHECK(SSL_get_certificate(ssl) != NULL);
    CHECK(SSL_get_privatekey(ssl) != NULL);
    SSL_free(ssl);
    SSL_CTX_free(ctx);

    check_context("no certificate");
    ctx = bare_context(SSLv23_method());
    CHECK_INT(SSL_CTX_check_private_key(ctx), 0);
    CHECK_INT(take_reason(), SSL_R_NO_CERTIFICATE_ASSIGNED);
    /* A key alone is taken; the certificate may come later, and drops the key if it is another's. */
    CHECK_INT(SSL_CTX_use_PrivateKey_file(ctx, path("second.key"), SSL_FILETYPE_PEM), 1);
    CHECK_INT(SSL_CTX_use_certificate_file(ctx, path("second.crt"), SSL_FILETYPE_PEM), 1);
    CHECK_INT(SSL_CTX_check_private_key(ctx), 1);
    CHECK_INT(SSL_CTX_use_certificate_file(ctx, path("server.crt"), SSL_FILETYPE_PEM), 1);
    CHECK_INT(SSL_CTX_check_private_key(ctx), 0);
    SSL_CTX_free(ctx);
    ERR_clear_error();
}

/* A server without a certificate refuses; the client is told. */
static void server_without_certificate(void)
{
    int version;

    for (version = FIRST_VERSION; version < 4; version++) {
        SSL_CTX *client = client_context();
        SSL_CTX *server = bare_context(SSLv23_server_method());
        struct pair pair;

        check_context("server without certificate, %s", version_name(versions[version]));
        CHECK_INT(SSL_CTX_set_min_proto_version(server, TLS1_VERSION), 1);
        only_version(client, versions[version]);
        pair_open(&pair, MEMORY, client, server);
        CHECK(!pair_handshake(&pair));
        CHECK_INT(pair.ends[SERVER].error, SSL_ERROR_SSL);
        CHECK_INT(pair.ends[CLIENT].error, SSL_ERROR_SSL);
        if (versions[version] == TLS1_3_VERSION) {
            /* OpenSSL says that it lacks the version then; this is up to the library. */
            CHECK(pair.ends[SERVER].reason != 0);
            CHECK(pair.ends[CLIENT].reason != 0);
            if (IS_WARIFU) {
                CHECK_INT(pair.ends[SERVER].reason, SSL_R_NO_CERTIFICATE_ASSIGNED);
            }
        } else {
            CHECK_INT(pair.ends[SERVER].reason, SSL_R_NO_SHARED_CIPHER);
            CHECK_INT(pair.ends[CLIENT].reason, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE);
        }
        if (IS_WARIFU) {
            char again[SENTENCE];
            int reason = pair.ends[SERVER].reason;

            CHECK_TEXT(pair.ends[SERVER].sentence,
                       "this server has no certificate with its key: SSL_CTX_use_certificate_file and SSL_CTX_use_PrivateKey_file");
            /* It stays the reason. */
            CHECK_INT(SSL_accept(pair_server(&pair)), -1);
            CHECK_INT(take_failure(again), reason);
            CHECK_TEXT(again, pair.ends[SERVER].sentence);
        }
        pair_close(&pair);
        SSL_CTX_free(client);
        SSL_CTX_free(server);
    }
}

static int passphrase_calls;

static int passphrase(char *buffer, int size, int writing, void *data)
{
    const char *phrase = (const char *)data;

    passphrase_calls++;
    CHECK_INT(writing, 0);
    if (size < (int)strlen(phrase)) {
        return -1;
    }
    memcpy(buffer, phrase, strlen(phrase));
    return (int)strlen(phrase);
}

static void encrypted_key(void)
{
    static char right[] = "open-sesame";
    static char wrong[] = "close-sesame";
    SSL_CTX *ctx = bare_context(SSLv23_method());

    check_context("encrypted key");
    CHECK_INT(SSL_CTX_use_certificate_file(ctx, path("server.crt"), SSL_FILETYPE_PEM), 1);
    SSL_CTX_set_default_passwd_cb(ctx, passphrase);
    SSL_CTX_set_default_passwd_cb_userdata(ctx, wrong);
    CHECK(SSL_CTX_get_default_passwd_cb(ctx) == passphrase);
    CHECK(SSL_CTX_get_default_passwd_cb_userdata(ctx) == wrong);
    CHECK_INT(SSL_CTX_use_PrivateKey_file(ctx, path("encrypted.key"), SSL_FILETYPE_PEM), 0);
    CHECK(ERR_get_error() != 0);
    ERR_clear_error();
    CHECK_INT(passphrase_calls, 1);
    SSL_CTX_set_default_passwd_cb_userdata(ctx, right);
    CHECK_INT(SSL_CTX_use_PrivateKey_file(ctx, path("encrypted.key"), SSL_FILETYPE_PEM), 1);
    CHECK_INT(passphrase_calls, 2);
    CHECK_INT(SSL_CTX_check_private_key(ctx), 1);
    check_context("traditional key");
    CHECK_INT(SSL_CTX_use_PrivateKey_file(ctx, path("traditional.key"), SSL_FILETYPE_PEM), 1);
    CHECK_INT(SSL_CTX_check_private_key(ctx), 1);
    SSL_CTX_free(ctx);
}

/* The other spelling of the functions for keys. */
static void other_spelling(void)
{
    SSL_CTX *ctx = bare_context(SSLv23_method());
    SSL *ssl = SSL_new(ctx);
    long size;
    unsigned char *bytes;

    check_context("a key of RSA alone");
    bytes = content("rsa.key.der", &size);
    CHECK_INT(SSL_CTX_use_certificate_file(ctx, path("rsa.crt"), SSL_FILETYPE_PEM), SSL_SUCCESS);
    CHECK_INT(SSL_CTX_use_PrivateKey_ASN1(EVP_PKEY_RSA, ctx, bytes, size), 1);
    CHECK_INT(SSL_CTX_check_private_key(ctx), 1);
    free(bytes);
    bytes = content("rsa_only.key.der", &size);
    CHECK_INT(SSL_CTX_use_RSAPrivateKey_ASN1(ctx, bytes, size), 1);
    CHECK_INT(SSL_CTX_check_private_key(ctx), 1);
    CHECK_INT(SSL_use_certificate_file(ssl, path("rsa.crt"), SSL_FILETYPE_PEM), SSL_SUCCESS);
    CHECK_INT(SSL_use_RSAPrivateKey_ASN1(ssl, bytes, size), 1);
    CHECK_INT(SSL_check_private_key(ssl), 1);
    CHECK_INT(SSL_use_RSAPrivateKey_ASN1(ssl, bytes, 7), 0);
    CHECK(take_reason() != 0);
    free(bytes);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    CHECK(SSL_CTX_new_ex(NULL, NULL, NULL) == NULL);
    ERR_clear_error();
    ctx = SSL_CTX_new_ex(NULL, NULL, SSLv23_method());
    CHECK(ctx != NULL);
    ssl = SSL_new(ctx);
    bytes = content("server.key", &size);

    check_context("privateKey");
    CHECK_INT(SSL_CTX_use_certificate_file(ctx, path("server.crt"), SSL_FILETYPE_PEM), SSL_SUCCESS);
    CHECK_INT(SSL_CTX_use_privateKey_file(ctx, path("server.key"), SSL_FILETYPE_PEM), SSL_SUCCESS);
    CHECK_INT(SSL_CTX_use_privateKey_buffer(ctx, bytes, size, SSL_FILETYPE_PEM), SSL_SUCCESS);
    CHECK_INT(SSL_CTX_check_private_key(ctx), 1);
    CHECK_INT(SSL_use_certificate_file(ssl, path("server.crt"), SSL_FILETYPE_PEM), SSL_SUCCESS);
    CHECK_INT(SSL_use_privateKey_file(ssl, path("server.key"), SSL_FILETYPE_PEM), SSL_SUCCESS);
    CHECK_INT(SSL_use_privateKey_buffer(ssl, bytes, size, SSL_FILETYPE_PEM), SSL_SUCCESS);
    CHECK_INT(SSL_check_private_key(ssl), 1);
    free(bytes);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}

void test_loading(void)
{
    other_spelling();
    own_certificate();
    session_over_context();
    authorities();
    chains();
    failures();
    sentences();
    server_without_certificate();
    encrypted_key();
}
