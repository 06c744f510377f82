/* What is told of a negotiation; settings by name; connections as BIOs and copies of them. */
#include "tests.h"

#include <openssl/objects.h>
#include <string.h>

static void told_of_offers(int version)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;
    STACK_OF(SSL_CIPHER) *offered;
    STACK_OF(SSL_CIPHER) *supported;
    const unsigned char *raw = NULL;
    unsigned char random[40];
    int groups[20];
    int both, count, i, signature, hash;
    int found = 0;

    check_context("offers, %s", version_name(version));
    only_version(client, version);
    CHECK_INT(SSL_CTX_set_cipher_list(client, "ECDHE+AES128"), 1);
    CHECK_INT(SSL_CTX_set1_groups_list(client, "P-384:P-256"), 1);
    CHECK_INT(SSL_CTX_set1_groups_list(server, "P-256:P-384:X25519"), 1);
    pair_open(&pair, MEMORY, client, server);
    CHECK(SSL_get_client_ciphers(pair_server(&pair)) == NULL);
    CHECK_INT(SSL_get_extms_support(pair_client(&pair)), -1);
    CHECK_INT(SSL_get_finished(pair_client(&pair), random, sizeof random), 0);
    CHECK(pair_handshake(&pair));
    offered = SSL_get_client_ciphers(pair_server(&pair));
    CHECK(offered != NULL);
    CHECK(SSL_get_client_ciphers(pair_client(&pair)) == NULL);
    for (i = 0; i < sk_SSL_CIPHER_num(offered); i++) {
        found |= sk_SSL_CIPHER_value(offered, i) == SSL_get_current_cipher(pair_server(&pair));
    }
    CHECK(found);
    CHECK_INT(SSL_get0_raw_cipherlist(pair_server(&pair), NULL), 2);
    count = SSL_get0_raw_cipherlist(pair_server(&pair), &raw);
    CHECK(count >= 2 && raw != NULL);
    CHECK_INT(SSL_get1_groups(pair_server(&pair), NULL), 2);
    CHECK_INT(SSL_get1_groups(pair_server(&pair), groups), 2);
    CHECK_INT(groups[0], NID_secp384r1);
    CHECK_INT(groups[1], NID_X9_62_prime256v1);
    CHECK_INT(SSL_get_shared_group(pair_server(&pair), -1), 2);
    CHECK_INT(SSL_get_shared_group(pair_client(&pair), 0), 0);
    if (version == TLS1_3_VERSION) {
        CHECK(SSL_get_negotiated_group(pair_client(&pair)) == SSL_get_negotiated_group(pair_server(&pair)));
        CHECK_TEXT(SSL_group_to_name(pair_client(&pair), NID_secp384r1), "secp384r1");
    }
    if (version >= TLS1_2_VERSION) {
        CHECK(SSL_get_sigalgs(pair_server(&pair), -1, NULL, NULL, NULL, NULL, NULL) > 3);
        CHECK(SSL_get_sigalgs(pair_server(&pair), 0, &signature, &hash, &both, NULL, NULL) > 3);
        CHECK(signature != 0);
        CHECK(SSL_get_shared_sigalgs(pair_server(&pair), 0, &signature, &hash, &both, NULL, NULL) > 3);
        CHECK_INT(SSL_get_shared_sigalgs(pair_server(&pair), 99, &signature, &hash, &both, NULL, NULL), 0);
    }
    CHECK_INT(SSL_get_client_random(pair_client(&pair), NULL, 0), 32);
    CHECK_INT(SSL_get_client_random(pair_client(&pair), random, 40), 32);
    CHECK_INT(SSL_get_client_random(pair_client(&pair), random, 5), 5);
    CHECK_INT(SSL_get_extms_support(pair_client(&pair)), version < TLS1_3_VERSION);
    if (version < TLS1_3_VERSION) {
        CHECK_INT(SSL_get_secure_renegotiation_support(pair_client(&pair)), 1);
        CHECK_INT(SSL_get_finished(pair_client(&pair), random, sizeof random), 12);
    }
    supported = SSL_get1_supported_ciphers(pair_client(&pair));
    CHECK(sk_SSL_CIPHER_num(supported) > 0);
    for (i = 0; i < sk_SSL_CIPHER_num(supported); i++) {
        CHECK(SSL_CIPHER_get_kx_nid(sk_SSL_CIPHER_value(supported, i)) != NID_kx_psk);
    }
    sk_SSL_CIPHER_free(supported);
    CHECK_TEXT(SSL_get_version(pair_client(&pair)), version_name(version));
    CHECK_INT(SSL_version(pair_client(&pair)), version);
    CHECK_INT(SSL_client_version(pair_server(&pair)), version < TLS1_3_VERSION ? version : TLS1_2_VERSION);
    CHECK_INT(SSL_is_dtls(pair_client(&pair)), 0);
    CHECK_INT(SSL_renegotiate_pending(pair_client(&pair)), 0);
    CHECK_INT(SSL_free_buffers(pair_client(&pair)), 1);
    CHECK_INT(SSL_alloc_buffers(pair_client(&pair)), 1);
    pair_exchange(&pair, CLIENT, "after the buffers");
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
    ERR_clear_error();
}

/* Each suite's description and numbers, by what they have in common. */
static void all_suites(void)
{
    SSL_CTX *ctx = bare_context(SSLv23_method());
    STACK_OF(SSL_CIPHER) *ciphers;
    int i;

    check_context("all suites");
    CHECK_INT(SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0"), 1);
    CHECK_INT(SSL_CTX_get_security_level(ctx), 0);
    ciphers = SSL_CTX_get_ciphers(ctx);
    for (i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
        const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(ciphers, i);
        char *description = SSL_CIPHER_description(cipher, NULL, 0);
        char small[20];
        int bits;

        CHECK(description != NULL && strstr(description, SSL_CIPHER_get_name(cipher)) == description);
        CHECK(strchr(description, '\n') == description + strlen(description) - 1);
        CHECK_INT(strstr(description, "Mac=AEAD") != NULL, SSL_CIPHER_is_aead(cipher));
        CHECK_INT(SSL_CIPHER_get_digest_nid(cipher) == NID_undef, SSL_CIPHER_is_aead(cipher));
        CHECK(SSL_CIPHER_get_bits(cipher, &bits) <= bits);
        CHECK(SSL_CIPHER_get_kx_nid(cipher) >= NID_kx_rsa);
        CHECK(SSL_CIPHER_get_auth_nid(cipher) >= NID_auth_rsa);
        CHECK(SSL_CIPHER_get_cipher_nid(cipher) != NID_undef);
        CHECK(SSL_CIPHER_description(cipher, small, sizeof small) == NULL);
        CHECK_TEXT(OPENSSL_cipher_name(SSL_CIPHER_standard_name(cipher)), SSL_CIPHER_get_name(cipher));
        OPENSSL_free(description);
    }
    CHECK_TEXT(SSL_CIPHER_get_name(NULL), "(NONE)");
    CHECK_TEXT(OPENSSL_cipher_name("nonsense"), "(NONE)");
    CHECK_INT(SSL_CIPHER_get_bits(NULL, NULL), 0);
    SSL_CTX_free(ctx);
    ERR_clear_error();
}

static void settings_by_name(void)
{
    SSL_CTX *ctx = bare_context(SSLv23_method());
    SSL_CONF_CTX *conf = SSL_CONF_CTX_new();
    char name[] = "-cipher", value[] = "AES256-SHA", rest[] = "-", *arguments[4], **at = arguments;
    int count = 3;

    check_context("settings by name");
    SSL_CONF_CTX_set_flags(conf, SSL_CONF_FLAG_FILE | SSL_CONF_FLAG_CLIENT | SSL_CONF_FLAG_SERVER | SSL_CONF_FLAG_CERTIFICATE);
    SSL_CONF_CTX_set_ssl_ctx(conf, ctx);
    CHECK_INT(SSL_CONF_cmd(conf, "CipherString", "AES128-SHA"), 2);
    CHECK_INT(SSL_CONF_cmd(conf, "ciphersuites", ""), 2);
    CHECK_INT(sk_SSL_CIPHER_num(SSL_CTX_get_ciphers(ctx)), 1);
    CHECK_INT(SSL_CONF_cmd(conf, "MinProtocol", "TLSv1.2"), 2);
    CHECK_INT(SSL_CTX_get_min_proto_version(ctx), TLS1_2_VERSION);
    CHECK_INT(SSL_CONF_cmd(conf, "Options", "-SessionTicket"), 2);
    CHECK(SSL_CTX_get_options(ctx) & SSL_OP_NO_TICKET);
    CHECK_INT(SSL_CONF_cmd(conf, "VerifyMode", "Require"), 2);
    CHECK_INT(SSL_CTX_get_verify_mode(ctx), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT);
    CHECK_INT(SSL_CONF_cmd(conf, "Certificate", path("server.crt")), 2);
    CHECK_INT(SSL_CONF_cmd(conf, "PrivateKey", path("server.key")), 2);
    CHECK_INT(SSL_CTX_check_private_key(ctx), 1);
    CHECK_INT(SSL_CONF_cmd(conf, "Groups", "P-256"), 2);
    CHECK_INT(SSL_CONF_cmd(conf, "NumTickets", "3"), 2);
    CHECK_INT(SSL_CONF_cmd(conf, "Groups", "nonsense"), 0);
    CHECK_INT(SSL_CONF_cmd(conf, "nonsense", "nonsense"), -2);
    CHECK_INT(SSL_CONF_cmd(conf, "CipherString", NULL), -3);
    CHECK_INT(SSL_CONF_cmd_value_type(conf, "Certificate"), SSL_CONF_TYPE_FILE);
    CHECK_INT(SSL_CONF_cmd_value_type(conf, "Groups"), SSL_CONF_TYPE_STRING);
    CHECK_INT(SSL_CONF_cmd_value_type(conf, "nonsense"), SSL_CONF_TYPE_UNKNOWN);
    arguments[0] = name;
    arguments[1] = value;
    arguments[2] = rest;
    arguments[3] = NULL;
    CHECK_INT(SSL_CONF_cmd_argv(conf, &count, &at), 2);
    CHECK_INT(count, 1);
    CHECK(at == arguments + 2);
    CHECK_TEXT(SSL_CIPHER_get_name(sk_SSL_CIPHER_value(SSL_CTX_get_ciphers(ctx), 0)), "AES256-SHA");
    CHECK_INT(SSL_CONF_CTX_finish(conf), 1);
    SSL_CONF_CTX_free(conf);
    SSL_CTX_free(ctx);
    ERR_clear_error();
}

/* Callbacks stay for all connections of the program: those of other threads count for themselves. */
static __thread int made, copied, freed;
static char number_five, attached;

static void on_new(void *parent, void *value, CRYPTO_EX_DATA *data, int index, long number, void *pointer)
{
    (void)parent;
    (void)value;
    (void)data;
    (void)index;
    CHECK_INT(number, 5);
    CHECK(pointer == &number_five);
    made++;
}

static int on_copy(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, void **value, int index, long number, void *pointer)
{
    (void)to;
    (void)from;
    (void)index;
    (void)number;
    (void)pointer;
    CHECK(*value == &attached);
    copied++;
    return 1;
}

static void on_free(void *parent, void *value, CRYPTO_EX_DATA *data, int index, long number, void *pointer)
{
    (void)parent;
    (void)data;
    (void)index;
    (void)number;
    (void)pointer;
    freed += value == &attached;
}

static void copies(void)
{
    SSL_CTX *ctx = bare_context(SSLv23_method());
    int index = SSL_get_ex_new_index(5, &number_five, on_new, on_copy, on_free);
    SSL *ssl, *copy;

    check_context("copies of connections");
    CHECK(index > 0);
    ssl = SSL_new(ctx);
    CHECK_INT(made, 1);
    CHECK_INT(SSL_set_ex_data(ssl, index, &attached), 1);
    CHECK_INT(SSL_set_app_data(ssl, &number_five), 1);
    CHECK_INT(SSL_set_cipher_list(ssl, "AES128-SHA"), 1);
    SSL_set_connect_state(ssl);
    copy = SSL_dup(ssl);
    CHECK(copy != NULL && copy != ssl);
    CHECK_INT(made, 2);
    CHECK_INT(copied, 1);
    CHECK(SSL_get_ex_data(copy, index) == &attached);
    CHECK(SSL_get_app_data(copy) == (void *)&number_five);
    CHECK_INT(SSL_is_server(copy), 0);
    CHECK_TEXT(SSL_get_cipher_list(copy, sk_SSL_CIPHER_num(SSL_get_ciphers(copy)) - 1), "AES128-SHA");
    SSL_free(copy);
    CHECK_INT(freed, 1);
    SSL_free(ssl);
    CHECK_INT(freed, 2);
    CHECK_INT(SSL_CTX_set_app_data(ctx, &number_five), 1);
    CHECK(SSL_CTX_get_app_data(ctx) == (void *)&number_five);
    SSL_CTX_free(ctx);
}

static void as_bios(void)
{
    SSL_CTX *client_ctx = client_context();
    SSL_CTX *server_ctx = server_context();
    BIO *client = BIO_new_ssl(client_ctx, 1);
    BIO *server = BIO_new_ssl(server_ctx, 0);
    BIO *at_client, *at_server;
    SSL *ssl = NULL;
    char data[20];
    int i;

    check_context("connections as BIOs");
    CHECK(client != NULL && server != NULL);
    CHECK_INT(BIO_new_bio_pair(&at_client, 0, &at_server, 0), 1);
    CHECK(BIO_push(client, at_client) == client);
    CHECK(BIO_push(server, at_server) == server);
    CHECK_INT(BIO_get_ssl(client, &ssl), 1);
    CHECK(ssl != NULL && SSL_get_rbio(ssl) == at_client);
    CHECK_INT(BIO_method_type(client), BIO_TYPE_SSL);
    for (i = 0; i < 10; i++) {
        int done = BIO_do_handshake(client) == 1;

        CHECK(done || BIO_should_retry(client));
        done &= BIO_do_handshake(server) == 1;
        if (done) {
            break;
        }
    }
    CHECK_INT(SSL_is_init_finished(ssl), 1);
    CHECK_INT(BIO_write(client, "through", 7), 7);
    CHECK_INT(BIO_read(server, data, 3), 3);
    CHECK_INT(BIO_pending(server), 4);
    CHECK_INT(BIO_read(server, data + 3, 17), 4);
    CHECK_BYTES(data, 7, "through", 7);
    CHECK_INT(BIO_read(server, data, sizeof data), -1);
    CHECK(BIO_should_read(server));
    CHECK_INT(BIO_puts(server, "back"), 4);
    CHECK_INT(BIO_read(client, data, sizeof data), 4);
    CHECK_INT(BIO_flush(client), 1);
    BIO_ssl_shutdown(client);
    CHECK_INT(BIO_read(server, data, sizeof data), 0);
    CHECK(!BIO_should_retry(server));
    BIO_free_all(client);
    BIO_free_all(server);
    SSL_CTX_free(client_ctx);
    SSL_CTX_free(server_ctx);
    ERR_clear_error();
}

static void padding(void)
{
    SSL_CTX *client = client_context();
    SSL_CTX *server = server_context();
    struct pair pair;
    int lengths[64];

    check_context("padding");
    only_version(client, TLS1_3_VERSION);
    CHECK_INT(SSL_CTX_set_block_padding(client, 16385), 0);
    CHECK_INT(SSL_CTX_set_block_padding(client, 128), 1);
    pair_connect(&pair, MEMORY, client, server);
    pair_settle(&pair);
    CHECK_INT(SSL_write(pair_client(&pair), "short", 5), 5);
    CHECK_INT(pair_records(&pair, CLIENT, lengths), 1);
    CHECK_INT(lengths[0], 128 + 16);
    pair_close(&pair);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
    ERR_clear_error();
}

void test_negotiation(void)
{
    int i;

    for (i = 0; i < 4; i++) {
        told_of_offers(versions[i]);
    }
    all_suites();
    settings_by_name();
    copies();
    as_bios();
    padding();
}
