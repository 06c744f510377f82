/* What a C program does with secrets. Each is told in a file, as the scenes in Rust do; the memory of this program itself is static, so that
 * what is freed is the library's.
 *
 *   api FILES TOLD PASSPHRASE
 */
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int told;
static char *words; /* of private keys */

#define MUST(condition) must((condition) != 0, #condition, __LINE__)

static void must(int condition, const char *text, int line)
{
    if (!condition) {
        fprintf(stderr, "line %d: %s\n", line, text);
        ERR_print_errors_fp(stderr);
        exit(1);
    }
}

static void tell_text(const char *text)
{
    MUST(write(told, text, strlen(text)) == (ssize_t)strlen(text));
}

static void tell(const char *kind, const unsigned char *bytes, size_t len)
{
    tell_text(kind);
    tell_text(" ");
    for (; len > 0; bytes++, len--) {
        const char digits[] = "0123456789abcdef";
        char pair[3] = {digits[*bytes >> 4], digits[*bytes & 15], 0};
        tell_text(pair);
    }
    tell_text("\n");
}

static void keylog(const SSL *ssl, const char *line)
{
    (void)ssl;
    tell_text(line);
    tell_text("\n");
}

/* Pre-shared keys. */

static unsigned char key[32];

static unsigned int client_key(SSL *ssl, const char *hint, char *identity, unsigned int most, unsigned char *psk, unsigned int most_psk)
{
    (void)ssl;
    (void)hint;
    MUST(most > 5 && most_psk >= sizeof key);
    strcpy(identity, "alice");
    memcpy(psk, key, sizeof key);
    return sizeof key;
}

static unsigned int server_key(SSL *ssl, const char *identity, unsigned char *psk, unsigned int most_psk)
{
    (void)ssl;
    MUST(strcmp(identity, "alice") == 0 && most_psk >= sizeof key);
    memcpy(psk, key, sizeof key);
    return sizeof key;
}

static SSL_SESSION *session_of_key(SSL *ssl)
{
    static const unsigned char suite[2] = {0x13, 0x01};
    SSL_SESSION *session = SSL_SESSION_new();

    MUST(SSL_SESSION_set1_master_key(session, key, sizeof key));
    MUST(SSL_SESSION_set_cipher(session, SSL_CIPHER_find(ssl, suite)));
    MUST(SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION));
    return session;
}

static int use_session(SSL *ssl, const EVP_MD *digest, const unsigned char **identity, size_t *len, SSL_SESSION **session)
{
    (void)digest;
    *identity = (const unsigned char *)"alice";
    *len = 5;
    *session = session_of_key(ssl);
    return 1;
}

static int find_session(SSL *ssl, const unsigned char *identity, size_t len, SSL_SESSION **session)
{
    MUST(len == 5 && memcmp(identity, "alice", 5) == 0);
    *session = session_of_key(ssl);
    return 1;
}

/* Sessions. */

static SSL_SESSION *newest;

static int keep(SSL *ssl, SSL_SESSION *session)
{
    static unsigned char secret[64];
    size_t len = SSL_SESSION_get_master_key(session, secret, sizeof secret);

    if (!SSL_is_server(ssl)) {
        tell(SSL_version(ssl) == TLS1_3_VERSION ? "PSK resumption_psk" : "SECRET main-secret", secret, len);
        SSL_SESSION_free(newest);
        newest = session;
        return 1;
    }
    return 0;
}

/* Through the bytes that a program would keep in a file, in each form. */
static SSL_SESSION *through_bytes(SSL_SESSION *session)
{
    static unsigned char bytes[16384];
    unsigned char *to = bytes;
    unsigned char *allocated = NULL;
    const unsigned char *from = bytes;
    int len = i2d_SSL_SESSION(session, NULL);
    BIO *bio = BIO_new(BIO_s_mem());

    MUST(len > 0 && len <= (int)sizeof bytes);
    MUST(i2d_SSL_SESSION(session, &to) == len);
    /* What the library allocates for the caller is the caller's to wipe. */
    MUST(i2d_SSL_SESSION(session, &allocated) == len);
    OPENSSL_clear_free(allocated, (size_t)len);
    MUST(PEM_write_bio_SSL_SESSION(bio, session));
    SSL_SESSION_free(session);
    session = d2i_SSL_SESSION(NULL, &from, len);
    MUST(session != NULL);
    SSL_SESSION_free(session);
    session = PEM_read_bio_SSL_SESSION(bio, NULL, NULL, NULL);
    MUST(session != NULL);
    BIO_free(bio);
    return session;
}

/* Connections. */

static const char *files;

static const char *file(const char *name)
{
    static char path[4096];
    MUST(snprintf(path, sizeof path, "%s/%s", files, name) < (int)sizeof path);
    return path;
}

static int passphrase(char *buffer, int size, int writing, void *data)
{
    int len = (int)strlen(data);
    (void)writing;
    MUST(size > len);
    memcpy(buffer, data, (size_t)len);
    return len;
}

static SSL_CTX *context(int version)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());

    MUST(ctx != NULL);
    MUST(SSL_CTX_set_min_proto_version(ctx, version) && SSL_CTX_set_max_proto_version(ctx, version));
    MUST(SSL_CTX_set_cipher_list(ctx, "ALL:PSK:@SECLEVEL=0"));
    SSL_CTX_set_keylog_callback(ctx, keylog);
    SSL_CTX_sess_set_new_cb(ctx, keep);
    return ctx;
}

static void with_certificate(SSL_CTX *client, SSL_CTX *server, const char *private_key)
{
    unsigned char keys[80];

    MUST(SSL_CTX_load_verify_locations(client, file("ca.crt"), NULL));
    SSL_CTX_set_default_passwd_cb(server, passphrase);
    SSL_CTX_set_default_passwd_cb_userdata(server, words);
    MUST(SSL_CTX_use_certificate_file(server, file("server.crt"), SSL_FILETYPE_PEM));
    MUST(SSL_CTX_use_PrivateKey_file(server, file(private_key), SSL_FILETYPE_PEM));
    MUST(SSL_CTX_check_private_key(server));
    SSL_CTX_set_session_cache_mode(client, SSL_SESS_CACHE_CLIENT);
    MUST(RAND_bytes(keys, sizeof keys));
    tell("SECRET ticket-keys", keys + 16, 64);
    MUST(SSL_CTX_set_tlsext_ticket_keys(server, keys, sizeof keys) == 1);
    MUST(SSL_CTX_get_tlsext_ticket_keys(server, keys, sizeof keys) == 1);
}

static void exchange(SSL *from, SSL *to)
{
    char buffer[16];

    MUST(SSL_write(from, "hello", 5) == 5);
    MUST(SSL_read(to, buffer, sizeof buffer) == 5);
}

/* One connection; returns whether it resumed the session. */
static int connection(SSL_CTX *client_ctx, SSL_CTX *server_ctx, SSL_SESSION *session)
{
    SSL *client = SSL_new(client_ctx), *server = SSL_new(server_ctx);
    BIO *ours, *theirs;
    unsigned char out[48];
    int done = 0, rounds, resumed;

    MUST(BIO_new_bio_pair(&ours, 0, &theirs, 0));
    SSL_set_bio(client, ours, ours);
    SSL_set_bio(server, theirs, theirs);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    if (session != NULL)
        MUST(SSL_set_session(client, session));
    for (rounds = 0; done != 3 && rounds < 20; rounds++)
        done = (SSL_do_handshake(client) == 1) | (SSL_do_handshake(server) == 1) << 1;
    MUST(done == 3);
    resumed = SSL_session_reused(client);
    exchange(client, server);
    exchange(server, client);
    MUST(SSL_export_keying_material(client, out, sizeof out, "EXPORTER-test", 13, NULL, 0, 0) == 1);
    if (SSL_version(client) == TLS1_3_VERSION) {
        MUST(SSL_key_update(client, SSL_KEY_UPDATE_REQUESTED));
        exchange(client, server);
        exchange(server, client);
    } else {
        unsigned char random[32];
        MUST(SSL_get_server_random(client, random, sizeof random) == sizeof random);
        tell("SERVER_RANDOM", random, sizeof random);
    }
    SSL_shutdown(client);
    SSL_shutdown(server);
    SSL_free(client);
    SSL_free(server);
    return resumed;
}

static void certificates(int version, const char *private_key)
{
    SSL_CTX *client = context(version), *server = context(version);
    SSL_SESSION *session;

    with_certificate(client, server, private_key);
    MUST(!connection(client, server, NULL));
    MUST(newest != NULL);
    session = through_bytes(newest);
    newest = NULL;
    MUST(connection(client, server, session));
    SSL_SESSION_free(session);
    SSL_SESSION_free(newest);
    newest = NULL;
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static void keys(int version, int as_sessions)
{
    SSL_CTX *client = context(version), *server = context(version);

    MUST(RAND_bytes(key, sizeof key));
    tell("PSK key", key, sizeof key);
    if (as_sessions) {
        SSL_CTX_set_psk_use_session_callback(client, use_session);
        SSL_CTX_set_psk_find_session_callback(server, find_session);
    } else {
        SSL_CTX_set_psk_client_callback(client, client_key);
        SSL_CTX_set_psk_server_callback(server, server_key);
    }
    connection(client, server, NULL);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
    SSL_SESSION_free(newest);
    newest = NULL;
}

/* Private keys by themselves, read and written. */
static void private_keys(const char *name)
{
    static unsigned char bytes[8192];
    unsigned char *to = bytes;
    const unsigned char *from = bytes;
    BIO *in = BIO_new_file(file(name), "r"), *out = BIO_new(BIO_s_mem());
    EVP_PKEY *pkey, *again;
    int len;

    MUST(in != NULL && out != NULL);
    pkey = PEM_read_bio_PrivateKey(in, NULL, passphrase, words);
    MUST(pkey != NULL);
    MUST(PEM_write_bio_PrivateKey(out, pkey, NULL, NULL, 0, NULL, NULL));
    again = PEM_read_bio_PrivateKey(out, NULL, NULL, NULL);
    MUST(again != NULL);
    EVP_PKEY_free(again);
    len = i2d_PrivateKey(pkey, &to);
    MUST(len > 0);
    again = d2i_AutoPrivateKey(NULL, &from, len);
    MUST(again != NULL);
    EVP_PKEY_free(again);
    EVP_PKEY_free(pkey);
    BIO_free(in);
    BIO_free(out);
}

/* Longer than what is read at once, as DER and as one line of PEM. That they are no keys is seen only when they are read. */
static void long_private_keys(void)
{
    static unsigned char bytes[9000];
    static const unsigned char head[4] = {0x30, 0x82, sizeof bytes >> 8, sizeof bytes & 255};
    BIO *der = BIO_new(BIO_s_mem()), *pem = BIO_new(BIO_s_mem());
    size_t i;

    MUST(RAND_bytes(bytes, sizeof bytes));
    tell("SECRET long-der", bytes + 1000, 64);
    MUST(BIO_write(der, head, sizeof head) == sizeof head && BIO_write(der, bytes, sizeof bytes) == sizeof bytes);
    MUST(d2i_PrivateKey_bio(der, NULL) == NULL);
    for (i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)('A' + bytes[i] % 26);
    tell("SECRET long-line", bytes + 1000, 64);
    MUST(BIO_puts(pem, "-----BEGIN PRIVATE KEY-----\n") > 0 && BIO_write(pem, bytes, sizeof bytes) == sizeof bytes);
    MUST(BIO_puts(pem, "\n-----END PRIVATE KEY-----\n") > 0);
    MUST(PEM_read_bio_PrivateKey(pem, NULL, NULL, NULL) == NULL);
    ERR_clear_error();
    BIO_free(der);
    BIO_free(pem);
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"server.key", "rsa.key", "p384.key", "ed25519.key", "encrypted_aes256.key", "traditional.key", NULL};
    int i;

    MUST(argc == 4);
    files = argv[1];
    words = argv[3];
    told = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    MUST(told >= 0);
    tell("SECRET passphrase", (const unsigned char *)words, strlen(words));
    for (i = 0; names[i] != NULL; i++)
        private_keys(names[i]);
    long_private_keys();
    certificates(TLS1_3_VERSION, "server.key");
    certificates(TLS1_3_VERSION, "encrypted_aes256.key");
    certificates(TLS1_2_VERSION, "server.key");
    keys(TLS1_3_VERSION, 0);
    keys(TLS1_3_VERSION, 1);
    keys(TLS1_2_VERSION, 0);
    return 0;
}
