/* Parts that wolfSSL's own library may not have. Included by parts.h once. */

#ifdef WOLFSSL_EARLY_DATA
static void early_data(void)
{
    WOLFSSL_CTX *client = client_context(wolfTLSv1_3_client_method(), "ca.crt");
    WOLFSSL_CTX *server = server_context(wolfTLSv1_3_server_method());
    WOLFSSL_SESSION *session;
    struct pair pair;
    char buffer[64];
    int count = 0, result;

    context = "early data";
    CHECK(wolfSSL_CTX_set_max_early_data(server, 1000) >= 0);
    begin(&pair, client, server);
    CHECK(handshake(pair.client, pair.server));
    talk(pair.client, pair.server);
    session = wolfSSL_get1_session(pair.client);
    CHECK(session != NULL);
    wolfSSL_free(pair.client);
    wolfSSL_free(pair.server);

    begin(&pair, client, server);
    CHECK_INT(wolfSSL_set_session(pair.client, session), WOLFSSL_SUCCESS);
    wolfSSL_SESSION_free(session);
    CHECK_INT(wolfSSL_write_early_data(pair.client, "so early", 8, &count), 8);
    CHECK_INT(count, 8);
    result = wolfSSL_read_early_data(pair.server, buffer, (int)sizeof buffer, &count);
    CHECK_INT(result, 8);
    CHECK_INT(count, 8);
    CHECK(count == 8 && memcmp(buffer, "so early", 8) == 0);
    /* The answer leaves before the client has finished. */
    CHECK_INT(wolfSSL_write(pair.server, "at once", 7), 7);
    CHECK_INT(wolfSSL_connect(pair.client), WOLFSSL_SUCCESS);
    CHECK_INT(wolfSSL_read(pair.client, buffer, (int)sizeof buffer), 7);
    CHECK(memcmp(buffer, "at once", 7) == 0);
    CHECK_INT(wolfSSL_read_early_data(pair.server, buffer, (int)sizeof buffer, &count), 0);
    CHECK_INT(count, 0);
    CHECK_INT(wolfSSL_read_early_data(pair.server, buffer, (int)sizeof buffer, &count), 0);
    CHECK_INT(wolfSSL_accept(pair.server), WOLFSSL_SUCCESS);
    CHECK_INT(wolfSSL_session_reused(pair.server), 1);
    talk(pair.client, pair.server);
    end(&pair);
}
#endif

#if OURS

static int seen_certificates, seen_cas, seen_secrets;

static int see_certificate(int preverify, WOLFSSL_X509_STORE_CTX *store)
{
    WOLFSSL *ssl = (WOLFSSL *)wolfSSL_X509_STORE_CTX_get_ex_data(store, wolfSSL_get_ex_data_X509_STORE_CTX_idx());

    seen_certificates++;
    CHECK_INT(preverify, store->error == 0);
    CHECK(store->current_cert != NULL);
    CHECK(store->current_cert == wolfSSL_X509_STORE_CTX_get_current_cert(store));
    CHECK_INT(store->totalCerts, 1);
    CHECK(store->certs[0].length > 100 && store->certs[0].buffer[0] == 0x30);
    CHECK_INT(wolfSSL_X509_STORE_CTX_get_error_depth(store), store->error_depth);
    CHECK(ssl != NULL && ssl == store->ssl);
    if (store->error_depth == 0) {
        CHECK(strcmp(store->domain, "localhost") == 0);
    }
    return 1;
}

static void see_ca(unsigned char *der, int sz, int type)
{
    WOLFSSL_X509 *ca = wolfSSL_X509_d2i(NULL, der, sz);
    unsigned char number[32];
    int size = (int)sizeof number;

    seen_cas++;
    CHECK_INT(type, WOLFSSL_USER_CA);
    CHECK(ca != NULL);
    CHECK_INT(wolfSSL_X509_get_isCA(ca), 1);
    CHECK_INT(wolfSSL_X509_get_serial_number(ca, number, &size), WOLFSSL_SUCCESS);
    CHECK(size > 0 && size <= 20);
    size = 1;
    CHECK_INT(wolfSSL_X509_get_serial_number(ca, number, &size), WOLFSSL_FAILURE);
    CHECK(wolfSSL_X509_get_next_altname(ca) == NULL);
    wolfSSL_X509_free(ca);
}

static int see_secret(WOLFSSL *ssl, int id, const unsigned char *secret, int len, void *ctx)
{
    unsigned char random[32];

    CHECK(ctx == &seen_secrets);
    CHECK(len == 32 || len == 48);
    CHECK(secret != NULL);
    CHECK_INT(wolfSSL_get_client_random(ssl, random, sizeof random), 32);
    if (id >= CLIENT_EARLY_TRAFFIC_SECRET && id <= EXPORTER_SECRET) {
        seen_secrets |= 1 << id;
    }
    return 0;
}

static void callbacks(void)
{
    WOLFSSL_CTX *client = context_of(wolfTLSv1_3_client_method());
    WOLFSSL_X509 *certificate;
    struct pair pair;
    char *name;

    context = "callbacks";
    wolfSSL_CTX_SetCACb(client, see_ca);
    CHECK_INT(wolfSSL_CTX_load_verify_locations(client, path_of("ca.crt"), NULL), WOLFSSL_SUCCESS);
    CHECK_INT(seen_cas, 1);
    CHECK_INT(wolfSSL_CTX_load_verify_locations(client, path_of("no such file"), NULL), WOLFSSL_FAILURE);
    wolfSSL_CTX_set_verify(client, WOLFSSL_VERIFY_PEER, see_certificate);
    begin(&pair, client, server_context(wolfTLSv1_3_server_method()));
    CHECK_INT(wolfSSL_set_tls13_secret_cb(pair.client, see_secret, &seen_secrets), WOLFSSL_SUCCESS);
    wolfSSL_KeepArrays(pair.client);
    CHECK(handshake(pair.client, pair.server));
    CHECK(seen_certificates >= 2);
    CHECK((seen_secrets & (1 << CLIENT_HANDSHAKE_TRAFFIC_SECRET)) != 0);
    CHECK((seen_secrets & (1 << SERVER_TRAFFIC_SECRET)) != 0);
    talk(pair.client, pair.server);

    certificate = wolfSSL_get_peer_certificate(pair.client);
    CHECK(certificate != NULL);
    name = wolfSSL_X509_get_next_altname(certificate);
    CHECK(name != NULL && strcmp(name, "localhost") == 0);
    name = wolfSSL_X509_get_next_altname(certificate);
    CHECK(name != NULL && strcmp(name, "*.wild.test") == 0);
    CHECK(wolfSSL_X509_get_next_altname(certificate) == NULL);
    CHECK(wolfSSL_X509_get_next_altname(certificate) != NULL);
    wolfSSL_X509_free(certificate);
    end(&pair);

    /* Whoever is refused by everything else is accepted by the callback. */
    context = "a callback that accepts";
    seen_certificates = 0;
    client = client_context(wolfTLSv1_2_client_method(), "other_ca.crt");
    begin(&pair, client, server_context(wolfTLSv1_2_server_method()));
    wolfSSL_set_verify(pair.client, WOLFSSL_VERIFY_PEER, see_certificate);
    CHECK(handshake(pair.client, pair.server));
    CHECK(seen_certificates >= 1);
    end(&pair);
}

/* Answers of the receiving function that are no bytes. */
static int answer_of_receive;

static int receive_answer(WOLFSSL *ssl, char *buf, int sz, void *ctx)
{
    (void)ssl;
    (void)buf;
    (void)sz;
    CHECK(ctx == NULL);
    return answer_of_receive;
}

static void names(void)
{
    static const int answers[] = {WOLFSSL_CBIO_ERR_GENERAL, WOLFSSL_CBIO_ERR_CONN_RST, WOLFSSL_CBIO_ERR_CONN_CLOSE,
                                  WOLFSSL_CBIO_ERR_TIMEOUT, WOLFSSL_CBIO_ERR_ISR,      0,
                                  1 << 20,                  -12345};
    int groups[] = {WOLFSSL_ECC_SECP384R1, WOLFSSL_ECC_X25519};
    char list[4096];
    struct pair pair;
    size_t at;

    context = "lists of suites";
    begin(&pair, client_context(wolfSSLv23_client_method(), "ca.crt"), server_context(wolfSSLv23_server_method()));
    CHECK_INT(wolfSSL_CTX_set_cipher_list(pair.client_ctx, "no suite"), WOLFSSL_FAILURE);
    CHECK_INT(wolfSSL_set_cipher_list(pair.client, "TLS13-CHACHA20-POLY1305-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:"), WOLFSSL_SUCCESS);
    CHECK(strncmp(wolfSSL_get_cipher_list(0), "TLS13-", 6) == 0);
    CHECK(wolfSSL_get_cipher_list(1000) == NULL);
    CHECK_INT(wolfSSL_get_ciphers(list, (int)sizeof list), WOLFSSL_SUCCESS);
    CHECK(strstr(list, ":ECDHE-ECDSA-AES128-GCM-SHA256:") != NULL);
    CHECK_INT(wolfSSL_get_ciphers(list, 5), WOLFSSL_FAILURE);
    CHECK_INT(wolfSSL_set_groups(pair.client, groups, 2), WOLFSSL_SUCCESS);
    CHECK_INT(wolfSSL_UseKeyShare(pair.client, WOLFSSL_ECC_X25519), WOLFSSL_SUCCESS);
    CHECK_INT(wolfSSL_UseKeyShare(pair.client, WOLFSSL_FFDHE_2048), WOLFSSL_FAILURE);
    CHECK_INT(wolfSSL_UseMaxFragment(pair.client, WOLFSSL_MFL_2_11), WOLFSSL_SUCCESS);
    CHECK_INT(wolfSSL_UseSNI(pair.server, WOLFSSL_SNI_HOST_NAME, "localhost", 9), WOLFSSL_FAILURE);
    CHECK(handshake(pair.client, pair.server));
    CHECK(strcmp(wolfSSL_get_cipher_name(pair.client), "TLS_CHACHA20_POLY1305_SHA256") == 0);
    talk(pair.client, pair.server);
    end(&pair);

    context = "versions";
    begin(&pair, client_context(wolfSSLv23_client_method(), "ca.crt"), server_context(wolfSSLv23_server_method()));
    CHECK_INT(wolfSSL_SetVersion(pair.client, WOLFSSL_TLSV1_2), WOLFSSL_SUCCESS);
    CHECK_INT(wolfSSL_CTX_SetMinVersion(pair.server_ctx, 17), BAD_FUNC_ARG);
    CHECK(handshake(pair.client, pair.server));
    CHECK_INT(wolfSSL_GetVersion(pair.client), WOLFSSL_TLSV1_2);
    end(&pair);

    for (at = 0; at < sizeof answers / sizeof answers[0]; at++) {
        WOLFSSL_CTX *ctx = client_context(wolfTLSv1_3_client_method(), "ca.crt");
        WOLFSSL *ssl;
        int result;

        context = "answers of the receiving function";
        answer_of_receive = answers[at];
        wolfSSL_CTX_SetIORecv(ctx, receive_answer);
        ssl = new_ssl(ctx);
        client_end.out = &transport.to_server;
        transport.to_server.len = 0;
        wolfSSL_SetIOWriteCtx(ssl, &client_end);
        result = wolfSSL_connect(ssl);
        CHECK(result != WOLFSSL_SUCCESS);
        if (answers[at] == WOLFSSL_CBIO_ERR_ISR) {
            CHECK_INT(wolfSSL_get_error(ssl, result), WOLFSSL_ERROR_WANT_READ);
        } else {
            CHECK(wolfSSL_get_error(ssl, result) < 0);
            CHECK(strlen(wolfSSL_ERR_error_string((unsigned long)wolfSSL_get_error(ssl, result), NULL)) > 20);
        }
        wolfSSL_free(ssl);
        wolfSSL_CTX_free(ctx);
    }
    CHECK_INT(wolfSSL_get_error(NULL, -1), BAD_FUNC_ARG);
    CHECK(strcmp(wolfSSL_ERR_reason_error_string((unsigned long)(long)MATCH_SUITE_ERROR), "no cipher suite in common") == 0);
}

#endif
