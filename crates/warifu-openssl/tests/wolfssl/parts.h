/* The parts of the test. Included by wolfssl.c once. */

static char server_name[] = "localhost";
static char protocols[] = "h2,http/1.1";
static char one_protocol[] = "http/1.1";

static void certificates(void)
{
    int version;

    for (version = 2; version <= 3; version++) {
        struct pair pair;
        unsigned short size = 0;
        char *protocol = NULL;
        char byte;
        int count;

        context = version == 2 ? "certificates, TLS 1.2" : "certificates, TLS 1.3";
        begin(&pair, client_context(version == 2 ? wolfTLSv1_2_client_method() : wolfTLSv1_3_client_method(), "ca.crt"),
              server_context(wolfSSLv23_server_method()));
        /* One byte at a time, both ways. */
        transport.to_client.most = transport.to_server.most = 1;
        CHECK_INT(wolfSSL_UseSNI(pair.client, WOLFSSL_SNI_HOST_NAME, server_name, (unsigned short)strlen(server_name)), WOLFSSL_SUCCESS);
        CHECK_INT(wolfSSL_check_domain_name(pair.client, server_name), WOLFSSL_SUCCESS);
        CHECK_INT(wolfSSL_UseALPN(pair.client, protocols, (unsigned int)strlen(protocols), WOLFSSL_ALPN_CONTINUE_ON_MISMATCH),
                  WOLFSSL_SUCCESS);
        CHECK_INT(wolfSSL_UseALPN(pair.server, one_protocol, (unsigned int)strlen(one_protocol), WOLFSSL_ALPN_FAILED_ON_MISMATCH),
                  WOLFSSL_SUCCESS);
        CHECK(handshake(pair.client, pair.server));
        CHECK(strcmp(wolfSSL_get_version(pair.client), version == 2 ? "TLSv1.2" : "TLSv1.3") == 0);
        CHECK_INT(wolfSSL_GetVersion(pair.server), version == 2 ? WOLFSSL_TLSV1_2 : WOLFSSL_TLSV1_3);
        CHECK(wolfSSL_is_init_finished(pair.client));
        CHECK(wolfSSL_CIPHER_get_name(wolfSSL_get_current_cipher(pair.client)) != NULL);
        CHECK_INT(wolfSSL_ALPN_GetProtocol(pair.client, &protocol, &size), WOLFSSL_SUCCESS);
        CHECK_INT(size, strlen(one_protocol));
        CHECK(protocol != NULL && strcmp(protocol, one_protocol) == 0);
        transport.to_client.most = transport.to_server.most = 0;
        talk(pair.client, pair.server);
        CHECK(transport.to_client.calls > 0);

        CHECK_INT(wolfSSL_shutdown(pair.client), WOLFSSL_SHUTDOWN_NOT_DONE);
        count = wolfSSL_read(pair.server, &byte, 1);
        CHECK_INT(count, 0);
        CHECK_INT(wolfSSL_get_error(pair.server, count), WOLFSSL_ERROR_ZERO_RETURN);
        end(&pair);
    }
}

static void refused(const char *what, const char *ca, const char *name, int number)
{
    char buffer[WOLFSSL_MAX_ERROR_SZ];
    struct pair pair;

    context = what;
    begin(&pair, client_context(wolfTLSv1_3_client_method(), ca), server_context(wolfTLSv1_3_server_method()));
    CHECK_INT(wolfSSL_check_domain_name(pair.client, name), WOLFSSL_SUCCESS);
    CHECK(!handshake(pair.client, pair.server));
    CHECK_INT(wolfSSL_get_error(pair.client, client_result), number);
    memset(buffer, 'x', sizeof buffer);
    CHECK(strlen(wolfSSL_ERR_error_string((unsigned long)wolfSSL_get_error(pair.client, client_result), buffer)) > 10);
    CHECK(memchr(buffer, 0, sizeof buffer) != NULL);
    /* The server gets an alert. */
    server_result = wolfSSL_accept(pair.server);
    CHECK(server_result != WOLFSSL_SUCCESS);
    CHECK_INT(wolfSSL_get_error(pair.server, server_result), FATAL_ERROR);
    end(&pair);
}

static void failures_have_numbers(void)
{
    refused("another CA", "other_ca.crt", "localhost", ASN_NO_SIGNER_E);
    refused("another name", "ca.crt", "other.test", DOMAIN_NAME_MISMATCH);
}

/* With sockets the functions are given the address of the socket's number. */
static int calls_with_socket;

static int receive_from_socket(WOLFSSL *ssl, char *buf, int sz, void *ctx)
{
    int fd = *(int *)ctx;
    ssize_t count = recv(fd, buf, (size_t)sz, MSG_DONTWAIT);

    CHECK_INT(fd, wolfSSL_get_fd(ssl));
    calls_with_socket++;
    return count < 0 ? WOLFSSL_CBIO_ERR_WANT_READ : count == 0 ? WOLFSSL_CBIO_ERR_CONN_CLOSE : (int)count;
}

static void sockets(void)
{
    WOLFSSL_CTX *client_ctx, *server_ctx;
    WOLFSSL *client, *server;
    int fds[2];
    char byte;

    context = "sockets";
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    client_ctx = wolfSSL_CTX_new(wolfTLSv1_3_client_method());
    server_ctx = wolfSSL_CTX_new(wolfTLSv1_3_server_method());
    CHECK_INT(wolfSSL_CTX_load_verify_locations(client_ctx, path_of("ca.crt"), NULL), WOLFSSL_SUCCESS);
    CHECK_INT(wolfSSL_CTX_use_certificate_file(server_ctx, path_of("server.crt"), WOLFSSL_FILETYPE_PEM), WOLFSSL_SUCCESS);
    CHECK_INT(wolfSSL_CTX_use_PrivateKey_file(server_ctx, path_of("server.key"), WOLFSSL_FILETYPE_PEM), WOLFSSL_SUCCESS);
    client = new_ssl(client_ctx);
    server = new_ssl(server_ctx);
    CHECK_INT(wolfSSL_set_fd(client, fds[0]), WOLFSSL_SUCCESS);
    CHECK_INT(wolfSSL_set_fd(server, fds[1]), WOLFSSL_SUCCESS);
    wolfSSL_set_using_nonblock(client, 1);
    CHECK(!OURS || wolfSSL_get_using_nonblock(client) == 1);
    /* Reading is the program's own, writing the library's. */
    wolfSSL_SSLSetIORecv(client, receive_from_socket);
    wolfSSL_SSLSetIORecv(server, receive_from_socket);
    CHECK(handshake(client, server));
    CHECK(calls_with_socket > 4);
    CHECK_INT(wolfSSL_get_fd(client), fds[0]);
    talk(client, server);
    /* The end comes without a word. */
    shutdown(fds[0], SHUT_RDWR);
    CHECK(wolfSSL_read(server, &byte, 1) <= 0);
    CHECK(!waits(server, 0));
    wolfSSL_free(client);
    wolfSSL_free(server);
    wolfSSL_CTX_free(client_ctx);
    wolfSSL_CTX_free(server_ctx);
    close(fds[0]);
    close(fds[1]);
}

/*
 * Pre-shared keys.
 */

#define FIRST_SUITE "TLS13-AES128-GCM-SHA256"
#define SECOND_SUITE "TLS13-AES256-GCM-SHA384"

static char found_identity[64];
static char seen_hint[64];
static const char *unknown_identity = "";
static int asked;

static unsigned int fill_key(unsigned char *key, unsigned int room, int byte)
{
    CHECK(room >= 32);
    memset(key, byte, 32);
    return 32;
}

static unsigned int plain_client(WOLFSSL *ssl, const char *hint, char *identity, unsigned int id_room, unsigned char *key,
                                 unsigned int key_room)
{
    CHECK(ssl != NULL && id_room > 16);
    seen_hint[0] = '\0';
    if (hint != NULL) {
        strncpy(seen_hint, hint, sizeof seen_hint - 1);
    }
    strcpy(identity, "first");
    return fill_key(key, key_room, 'a');
}

static unsigned int suite_client(WOLFSSL *ssl, const char *hint, char *identity, unsigned int id_room, unsigned char *key,
                                 unsigned int key_room, const char **suite)
{
    (void)hint;
    CHECK(ssl != NULL && id_room > 16);
    strcpy(identity, "second");
    *suite = SECOND_SUITE;
    return fill_key(key, key_room, 'b');
}

static unsigned int client_for_suite(WOLFSSL *ssl, const char *hint, char *identity, unsigned int id_room, unsigned char *key,
                                     unsigned int key_room, const char *suite)
{
    (void)hint;
    CHECK(ssl != NULL && id_room > 16);
    asked++;
    if (strcmp(suite, FIRST_SUITE) == 0) {
        strcpy(identity, "first");
        return fill_key(key, key_room, 'a');
    }
    if (strcmp(suite, SECOND_SUITE) == 0) {
        strcpy(identity, "second");
        return fill_key(key, key_room, 'b');
    }
    return 0;
}

static unsigned int plain_server(WOLFSSL *ssl, const char *identity, unsigned char *key, unsigned int key_room)
{
    CHECK(ssl != NULL);
    strncpy(found_identity, identity, sizeof found_identity - 1);
    return strcmp(identity, "first") == 0 ? fill_key(key, key_room, 'a') : 0;
}

static unsigned int suite_server(WOLFSSL *ssl, const char *identity, unsigned char *key, unsigned int key_room, const char **suite)
{
    CHECK(ssl != NULL);
    if (strcmp(identity, unknown_identity) == 0) {
        return 0;
    }
    strncpy(found_identity, identity, sizeof found_identity - 1);
    if (strcmp(identity, "first") == 0) {
        *suite = FIRST_SUITE;
        return fill_key(key, key_room, 'a');
    }
    if (strcmp(identity, "second") == 0) {
        *suite = SECOND_SUITE;
        return fill_key(key, key_room, 'b');
    }
    return 0;
}

static void keys(void)
{
    struct pair pair;
    int round;

    context = "a key of TLS 1.2, with a hint";
    begin(&pair, context_of(wolfTLSv1_2_client_method()), context_of(wolfTLSv1_2_server_method()));
    wolfSSL_set_psk_client_callback(pair.client, plain_client);
    wolfSSL_set_psk_server_callback(pair.server, plain_server);
    CHECK_INT(wolfSSL_use_psk_identity_hint(pair.server, "which one"), WOLFSSL_SUCCESS);
    CHECK_INT(wolfSSL_set_psk_callback_ctx(pair.client, &pair), WOLFSSL_SUCCESS);
    CHECK(wolfSSL_get_psk_callback_ctx(pair.client) == &pair);
    CHECK(handshake(pair.client, pair.server));
    CHECK(strcmp(seen_hint, "which one") == 0);
    CHECK(strcmp(found_identity, "first") == 0);
    talk(pair.client, pair.server);
    end(&pair);

    context = "a key for a suite";
    begin(&pair, context_of(wolfTLSv1_3_client_method()), context_of(wolfTLSv1_3_server_method()));
    wolfSSL_set_psk_client_tls13_callback(pair.client, suite_client);
    wolfSSL_set_psk_server_tls13_callback(pair.server, suite_server);
    CHECK(handshake(pair.client, pair.server));
    CHECK(strcmp(found_identity, "second") == 0);
    talk(pair.client, pair.server);
    end(&pair);

    /* Two keys with different hashes: the server knows both, or only one. */
    for (round = 0; round < 3; round++) {
        WOLFSSL_CTX *client = context_of(wolfTLSv1_3_client_method());
        WOLFSSL_CTX *server = context_of(wolfTLSv1_3_server_method());

        context = "two keys";
        unknown_identity = round == 0 ? "" : round == 1 ? "first" : "second";
        wolfSSL_CTX_set_psk_client_cs_callback(client, client_for_suite);
        wolfSSL_CTX_set_psk_server_tls13_callback(server, suite_server);
        asked = 0;
        begin(&pair, client, server);
        if (!OURS && round != 0) {
            /* Whether wolfSSL's server looks further depends on how it was built. */
            end(&pair);
            continue;
        }
        CHECK(handshake(pair.client, pair.server));
        CHECK(asked >= 2);
        CHECK(round == 0 || strcmp(found_identity, round == 1 ? "second" : "first") == 0);
        talk(pair.client, pair.server);
        end(&pair);
    }

    context = "a key that the server does not know";
    unknown_identity = "second";
    begin(&pair, context_of(wolfTLSv1_3_client_method()), context_of(wolfTLSv1_3_server_method()));
    wolfSSL_set_psk_client_tls13_callback(pair.client, suite_client);
    wolfSSL_set_psk_server_tls13_callback(pair.server, suite_server);
    CHECK(!handshake(pair.client, pair.server));
    CHECK(wolfSSL_get_error(pair.server, server_result) < 0);
    unknown_identity = "";
    end(&pair);
}

/*
 * Sessions.
 */

static void sessions(void)
{
    int version;

    for (version = 2; version <= 3; version++) {
        WOLFSSL_CTX *client = client_context(version == 2 ? wolfTLSv1_2_client_method() : wolfTLSv1_3_client_method(), "ca.crt");
        WOLFSSL_CTX *server = server_context(wolfSSLv23_server_method());
        WOLFSSL_SESSION *session = NULL;
        struct pair pair;
        int round;

        context = version == 2 ? "sessions of TLS 1.2" : "sessions of TLS 1.3";
        CHECK_INT(wolfSSL_CTX_UseSessionTicket(client), WOLFSSL_SUCCESS);
        for (round = 0; round < 2; round++) {
            begin(&pair, client, server);
            if (session != NULL) {
                CHECK_INT(wolfSSL_set_session(pair.client, session), WOLFSSL_SUCCESS);
                wolfSSL_SESSION_free(session);
            }
            CHECK(handshake(pair.client, pair.server));
            CHECK_INT(wolfSSL_session_reused(pair.client), round);
            CHECK_INT(wolfSSL_session_reused(pair.server), round);
            talk(pair.client, pair.server);
            session = wolfSSL_get1_session(pair.client);
            CHECK(session != NULL);
            wolfSSL_free(pair.client);
            wolfSSL_free(pair.server);
        }
        wolfSSL_SESSION_free(session);
        wolfSSL_CTX_free(client);
        wolfSSL_CTX_free(server);
    }
}

#include "more_parts.h"
