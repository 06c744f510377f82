/* Objects: references, data of the application, what stands in a certificate, versions; and null pointers. */
#include "tests.h"

#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

static void references(void)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;
    SSL *ssl;

    check_context("references");
    CHECK_INT(SSL_CTX_up_ref(client), 1);
    SSL_CTX_free(client);
    pair_open(&pair, MEMORY, client, server);
    CHECK(SSL_get_SSL_CTX(pair_client(&pair)) == client);
    /* A connection keeps its context. */
    SSL_CTX_free(client);
    SSL_CTX_free(server);
    CHECK(pair_handshake(&pair));
    pair_exchange(&pair, CLIENT, "hello");
    ssl = pair_client(&pair);
    CHECK_INT(SSL_up_ref(ssl), 1);
    SSL_free(ssl);
    pair_exchange(&pair, SERVER, "hello");
    pair_close(&pair);
}

/* Callbacks stay for all connections of the program: those of other threads count for themselves. */
static __thread int freed;
static __thread void *freed_value;
static char number_42;

static void free_data(void *parent, void *value, CRYPTO_EX_DATA *data, int index, long number, void *pointer)
{
    (void)data;
    (void)index;
    CHECK(parent != NULL);
    CHECK_INT(number, 42);
    CHECK(pointer == &number_42);
    freed++;
    freed_value = value;
}

static void application_data(void)
{
    static char value[] = "value", other[] = "other";
    SSL_CTX *ctx = bare_context(SSLv23_method());
    SSL *ssl = SSL_new(ctx);
    int index, second;

    check_context("data of the application");
    CHECK(SSL_get_app_data(ssl) == NULL);
    CHECK_INT(SSL_set_app_data(ssl, value), 1);
    CHECK(SSL_get_app_data(ssl) == value);
    CHECK_INT(SSL_CTX_set_app_data(ctx, other), 1);
    CHECK(SSL_CTX_get_app_data(ctx) == other);
    index = SSL_get_ex_new_index(42, &number_42, NULL, NULL, free_data);
    CHECK(index > 0);
    second = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    CHECK(second > index);
    CHECK(SSL_get_ex_data(ssl, index) == NULL);
    CHECK_INT(SSL_set_ex_data(ssl, index, value), 1);
    CHECK_INT(SSL_set_ex_data(ssl, second, other), 1);
    CHECK(SSL_get_ex_data(ssl, index) == value);
    CHECK(SSL_get_ex_data(ssl, second) == other);
    CHECK(SSL_get_ex_data(ssl, second + 100) == NULL);
    CHECK(SSL_get_app_data(ssl) == value);
    SSL_free(ssl);
    CHECK_INT(freed, 1);
    CHECK(freed_value == value);

    freed = 0;
    index = SSL_CTX_get_ex_new_index(42, &number_42, NULL, NULL, free_data);
    CHECK_INT(SSL_CTX_set_ex_data(ctx, index, other), 1);
    CHECK(SSL_CTX_get_ex_data(ctx, index) == other);
    SSL_CTX_free(ctx);
    CHECK_INT(freed, 1);
    CHECK(freed_value == other);
    ERR_clear_error();
}

/* Enough of X509 to show a certificate. */
static void certificate_of_peer(void)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;
    X509 *shown, *read;
    char text[256];
    char *line;
    BIO *bio;
    STACK_OF(GENERAL_NAME) *names;
    int i;
    int found = 0;

    check_context("certificate of the peer");
    pair_connect(&pair, MEMORY, client, server);
    shown = SSL_get1_peer_certificate(pair_client(&pair));
    CHECK(shown != NULL);
    CHECK(SSL_get0_peer_certificate(pair_client(&pair)) == shown);
    line = X509_NAME_oneline(X509_get_subject_name(shown), NULL, 0);
    CHECK_TEXT(line, "/O=Warifu tests/CN=localhost");
    OPENSSL_free(line);
    X509_NAME_oneline(X509_get_issuer_name(shown), text, sizeof text);
    CHECK_TEXT(text, "/O=Warifu tests/CN=Test CA");
    CHECK_INT(X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_organizationName, text, sizeof text), 12);
    CHECK_TEXT(text, "Warifu tests");
    CHECK_INT(X509_cmp_current_time(X509_get0_notBefore(shown)), -1);
    CHECK_INT(X509_cmp_current_time(X509_get0_notAfter(shown)), 1);
    CHECK_INT(X509_get_version(shown), 2);
    CHECK_INT(X509_check_host(shown, "localhost", 0, 0, NULL), 1);
    CHECK_INT(X509_check_host(shown, "example.org", 0, 0, NULL), 0);
    CHECK_INT(X509_check_ip_asc(shown, "127.0.0.1", 0), 1);
    CHECK_INT(X509_check_ip_asc(shown, "127.0.0.2", 0), 0);
    names = (STACK_OF(GENERAL_NAME) *)X509_get_ext_d2i(shown, NID_subject_alt_name, NULL, NULL);
    CHECK(names != NULL);
    for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

        if (name->type == GEN_DNS) {
            const ASN1_STRING *dns = name->d.dNSName;

            found += ASN1_STRING_length(dns) == 9 && memcmp(ASN1_STRING_get0_data(dns), "localhost", 9) == 0;
        }
    }
    CHECK_INT(found, 1);
    GENERAL_NAMES_free(names);
    bio = BIO_new(BIO_s_mem());
    CHECK_INT(PEM_write_bio_X509(bio, shown), 1);
    read = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    CHECK(read != NULL && X509_cmp(read, shown) == 0);
    X509_free(read);
    BIO_free(bio);
    X509_free(shown);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static void library(void)
{
    char words[200];
    unsigned long code;
    const char *file;
    int line;

    check_context("versions");
    CHECK(strlen(OpenSSL_version(OPENSSL_VERSION)) > 0);
    CHECK((OpenSSL_version_num() >> 28) == OPENSSL_VERSION_NUMBER >> 28);
    CHECK_INT(OPENSSL_init_ssl(0, NULL), 1);
    CHECK_INT(OPENSSL_init_crypto(0, NULL), 1);
    SSL_load_error_strings();
    OpenSSL_add_ssl_algorithms();
    OpenSSL_add_all_algorithms();

    check_context("error queue");
    ERR_clear_error();
    CHECK_INT(ERR_get_error(), 0);
    CHECK(SSL_CTX_new(NULL) == NULL);
    code = ERR_peek_error();
    CHECK(code != 0);
    CHECK_INT(ERR_peek_last_error(), code);
    CHECK_INT(ERR_GET_LIB(code), ERR_LIB_SSL);
    CHECK(ERR_reason_error_string(code) != NULL);
    CHECK(ERR_lib_error_string(code) != NULL);
    ERR_error_string_n(code, words, sizeof words);
    CHECK(strncmp(words, "error:", 6) == 0);
    ERR_error_string_n(code, words, 10);
    CHECK(strlen(words) <= 9);
    CHECK(ERR_error_string(code, NULL) != NULL);
    CHECK_INT(ERR_get_error_line(&file, &line), code);
    CHECK_INT(ERR_peek_error(), 0);
    {
        BIO *bio = BIO_new(BIO_s_mem());
        char *text;

        CHECK(SSL_CTX_new(NULL) == NULL);
        ERR_print_errors(bio);
        CHECK(BIO_get_mem_data(bio, &text) > 10);
        CHECK_INT(ERR_peek_error(), 0);
        BIO_free(bio);
    }
}

/* Freeing nothing is nothing. */
static void nothing(void)
{
    check_context("null pointers");
    SSL_free(NULL);
    SSL_CTX_free(NULL);
    SSL_SESSION_free(NULL);
    BIO_free_all(NULL);
    X509_free(NULL);
    EVP_PKEY_free(NULL);
    OPENSSL_free(NULL);
    CHECK(SSL_new(NULL) == NULL);
    CHECK(ERR_peek_error() != 0);
    ERR_clear_error();
}

static void copies(void)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;
    SSL *copy;

    check_context("copy of a connection that has not begun");
    pair_open(&pair, MEMORY, client, server);
    CHECK_INT(SSL_set_tlsext_host_name(pair_client(&pair), "localhost"), 1);
    CHECK_INT(SSL_set_max_proto_version(pair_client(&pair), TLS1_2_VERSION), 1);
    copy = SSL_dup(pair_client(&pair));
    CHECK(copy != NULL);
    CHECK_INT(SSL_get_max_proto_version(copy), TLS1_2_VERSION);
    CHECK(SSL_get_SSL_CTX(copy) == client);
    SSL_free(copy);
    CHECK(pair_handshake(&pair));
    CHECK_INT(SSL_version(pair_client(&pair)), TLS1_2_VERSION);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

void test_objects(void)
{
    references();
    application_data();
    certificate_of_peer();
    library();
    nothing();
    copies();
}
