/* Contexts that several threads share. */
#include "tests.h"

#include <pthread.h>
#include <string.h>

#define THREADS 8
#define CONNECTIONS 12

static SSL_CTX *shared_client, *shared_server;
static char ca_file[512], certificate_file[512], key_file[512];

/* Changes contexts that others use at this moment, to what they are already. */
static void change_shared(int round)
{
    static const unsigned char protocols[] = {2, 'h', '2'};

    switch (round % 6) {
    case 0:
        CHECK_INT(SSL_CTX_set_cipher_list(shared_client, "DEFAULT:@SECLEVEL=0"), 1);
        CHECK_INT(SSL_CTX_set1_groups_list(shared_server, "P-256:X25519"), 1);
        break;
    case 1:
        CHECK_INT(SSL_CTX_load_verify_locations(shared_client, ca_file, NULL), 1);
        SSL_CTX_set_verify(shared_client, SSL_VERIFY_PEER, NULL);
        break;
    case 2:
        CHECK_INT(SSL_CTX_use_certificate_chain_file(shared_server, certificate_file), 1);
        CHECK_INT(SSL_CTX_use_PrivateKey_file(shared_server, key_file, SSL_FILETYPE_PEM), 1);
        break;
    case 3:
        SSL_CTX_set_timeout(shared_server, 300);
        SSL_CTX_flush_sessions(shared_server, 1);
        CHECK(SSL_CTX_sess_number(shared_server) >= 0);
        SSL_CTX_set_session_cache_mode(shared_client, SSL_SESS_CACHE_BOTH);
        break;
    case 4:
        CHECK_INT(SSL_CTX_set_alpn_protos(shared_client, protocols, sizeof protocols), 0);
        SSL_CTX_set_options(shared_server, SSL_OP_NO_RENEGOTIATION);
        break;
    default:
        CHECK_INT(SSL_CTX_set_min_proto_version(shared_client, TLS1_VERSION), 1);
        CHECK_INT(SSL_CTX_set_max_send_fragment(shared_server, 4096), 1);
        SSL_CTX_set_info_callback(shared_server, NULL);
        break;
    }
}

static void *work(void *argument)
{
    int number = *(const int *)argument;
    SSL_SESSION *session = NULL;
    int i;

    for (i = 0; i < CONNECTIONS; i++) {
        struct pair pair;

        pair_open(&pair, i % 2 == 0 ? MEMORY : NON_BLOCKING, shared_client, shared_server);
        CHECK_INT(SSL_set_max_proto_version(pair_client(&pair), versions[(i / 2 + number) % 4]), 1);
        if (session != NULL && SSL_SESSION_get_protocol_version(session) == versions[(i / 2 + number) % 4]) {
            CHECK_INT(SSL_set_session(pair_client(&pair), session), 1);
        }
        CHECK(pair_handshake(&pair));
        CHECK_INT(SSL_version(pair_client(&pair)), versions[(i / 2 + number) % 4]);
        pair_exchange(&pair, CLIENT, "from a thread");
        pair_exchange(&pair, SERVER, "to a thread");
        SSL_SESSION_free(session);
        session = SSL_get1_session(pair_client(&pair));
        SSL_shutdown(pair_client(&pair));
        pair_close(&pair);
        /* Settings change while others use the context. */
        SSL_CTX_set_mode(shared_client, SSL_MODE_RELEASE_BUFFERS);
        CHECK(SSL_CTX_get_mode(shared_client) != 0);
        if (CONTEXTS_CHANGE_WHILE_SHARED) {
            change_shared(i + number);
        }
        /* The error queue is each thread's own. */
        CHECK_INT(ERR_peek_error(), 0);
        CHECK(SSL_CTX_new(NULL) == NULL);
        CHECK(ERR_get_error() != 0);
        ERR_clear_error();
    }
    SSL_SESSION_free(session);
    return NULL;
}

void test_threads(void)
{
    pthread_t threads[THREADS];
    int numbers[THREADS];
    int i;

    /* Threads cannot share the memory of path(). */
    strncpy(ca_file, path("ca.crt"), sizeof ca_file - 1);
    strncpy(certificate_file, path("server.crt"), sizeof certificate_file - 1);
    strncpy(key_file, path("server.key"), sizeof key_file - 1);
    shared_client = client_context();
    shared_server = server_context();
    check_context("contexts shared by threads");
    for (i = 0; i < THREADS; i++) {
        numbers[i] = i;
        CHECK_INT(pthread_create(&threads[i], NULL, work, &numbers[i]), 0);
    }
    for (i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    SSL_CTX_free(shared_client);
    SSL_CTX_free(shared_server);
}
