/*
 * Certificates, names, keys and stores: prints what the library says of the certificates that x509.sh makes, in the current directory.
 * The output is compared with that of the same program with OpenSSL.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <openssl/ssl.h>

#include "x509_check.h"

static const char *const files[] = {"ca.pem", "sub.pem", "server.pem", "rsa.pem", "expired.pem", "self.pem"};
#define FILES (sizeof files / sizeof *files)

static X509 *load(const char *name)
{
    BIO *bio = BIO_new_file(name, "r");
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    CHECK(certificate != NULL);
    BIO_free(bio);
    return certificate;
}

/* Prints what a memory BIO holds, and frees it. */
static void say_bio(const char *what, BIO *bio)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    SAY("%s: %.*s", what, (int)len, data ? data : "");
    BIO_free(bio);
}

static void say_hex(const char *what, const unsigned char *bytes, size_t len)
{
    size_t i;
    printf("%s: ", what);
    for (i = 0; i < len; i++) {
        printf("%02x", bytes[i]);
    }
    putchar('\n');
}

static void say_name(const char *what, X509_NAME *name)
{
    static const unsigned long flags[] = {
        XN_FLAG_COMPAT, XN_FLAG_RFC2253, XN_FLAG_ONELINE, XN_FLAG_MULTILINE,
        XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB,
        XN_FLAG_SEP_SPLUS_SPC | XN_FLAG_FN_OID, XN_FLAG_SEP_COMMA_PLUS | XN_FLAG_FN_NONE,
        XN_FLAG_SEP_COMMA_PLUS | ASN1_STRFLGS_SHOW_TYPE, XN_FLAG_SEP_COMMA_PLUS | ASN1_STRFLGS_DUMP_ALL,
        XN_FLAG_SEP_COMMA_PLUS | ASN1_STRFLGS_DUMP_ALL | ASN1_STRFLGS_DUMP_DER,
    };
    char small[20];
    char *line = X509_NAME_oneline(name, NULL, 0);
    size_t i;
    int at;
    SAY("%s: %s", what, line);
    OPENSSL_free(line);
    SAY("%s: %s", what, X509_NAME_oneline(name, small, sizeof small));
    for (i = 0; i < sizeof flags / sizeof *flags; i++) {
        BIO *bio = BIO_new(BIO_s_mem());
        int printed = X509_NAME_print_ex(bio, name, 2, flags[i]);
        SAY("%s flags %lx: %d", what, flags[i], printed);
        say_bio(what, bio);
    }
    for (i = 0; i < (size_t)X509_NAME_entry_count(name); i++) {
        X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, (int)i);
        ASN1_STRING *value = X509_NAME_ENTRY_get_data(entry);
        ASN1_OBJECT *object = X509_NAME_ENTRY_get_object(entry);
        unsigned char *utf8 = NULL;
        char text[80];
        int len = ASN1_STRING_to_UTF8(&utf8, value);
        int text_len = OBJ_obj2txt(text, sizeof text, object, 0);
        SAY("%s entry %d in %d: nid %d %s (%d) type %d length %d utf8 %d %s", what, (int)i, X509_NAME_ENTRY_set(entry),
            OBJ_obj2nid(object), text, text_len, ASN1_STRING_type(value), ASN1_STRING_length(value), len, utf8 ? (char *)utf8 : "");
        OPENSSL_free(utf8);
        OBJ_obj2txt(text, sizeof text, object, 1);
        SAY("%s entry %d: %s", what, (int)i, text);
    }
    for (at = -1; (at = X509_NAME_get_index_by_NID(name, NID_organizationalUnitName, at)) >= 0;) {
        SAY("%s has an OU at %d", what, at);
    }
    memset(small, 'x', sizeof small);
    at = X509_NAME_get_text_by_NID(name, NID_commonName, small, 8);
    SAY("%s text %d %s", what, at, at >= 0 ? small : "");
    SAY("%s text without buffer %d", what, X509_NAME_get_text_by_NID(name, NID_commonName, NULL, 0));
    SAY("%s hash %08lx", what, X509_NAME_hash(name));
    {
        unsigned char *der = NULL;
        int len = i2d_X509_NAME(name, &der);
        const unsigned char *in = der;
        X509_NAME *copy = d2i_X509_NAME(NULL, &in, len);
        say_hex(what, der, (size_t)len);
        CHECK(in == der + len);
        CHECK(X509_NAME_cmp(copy, name) == 0);
        X509_NAME_free(copy);
        OPENSSL_free(der);
    }
}

static void say_time(const char *what, const ASN1_TIME *when)
{
    BIO *bio = BIO_new(BIO_s_mem());
    struct tm tm;
    CHECK(ASN1_TIME_print(bio, when) == 1);
    say_bio(what, bio);
    memset(&tm, 0, sizeof tm);
    CHECK(ASN1_TIME_to_tm(when, &tm) == 1);
    SAY("%s: %d-%d-%d %d:%d:%d weekday %d day %d", what, tm.tm_year, tm.tm_mon, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
        tm.tm_wday, tm.tm_yday);
    SAY("%s: type %d %.*s, to come %d", what, ASN1_STRING_type(when), ASN1_STRING_length(when),
        (const char *)ASN1_STRING_get0_data(when), X509_cmp_current_time(when));
}

static void say_general_names(X509 *certificate)
{
    int critical = 9, i;
    GENERAL_NAMES *names = (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, &critical, NULL);
    SAY("alternative names %d critical %d", sk_GENERAL_NAME_num(names), critical);
    for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        switch (name->type) {
        case GEN_DNS:
        case GEN_EMAIL:
        case GEN_URI:
            SAY("name %d type %d %s %d", i, name->type, (const char *)ASN1_STRING_get0_data(name->d.ia5),
                ASN1_STRING_length(name->d.ia5));
            break;
        case GEN_IPADD:
            say_hex("address", ASN1_STRING_get0_data(name->d.iPAddress), (size_t)ASN1_STRING_length(name->d.iPAddress));
            break;
        case GEN_RID: {
            char text[40];
            OBJ_obj2txt(text, sizeof text, name->d.rid, 1);
            SAY("name %d type %d %s", i, name->type, text);
            break;
        }
        case GEN_DIRNAME:
            say_name("directory name", name->d.directoryName);
            break;
        case GEN_OTHERNAME: {
            char text[40];
            OBJ_obj2txt(text, sizeof text, name->d.otherName->type_id, 1);
            SAY("name %d type %d %s value type %d %.*s", i, name->type, text, name->d.otherName->value->type,
                ASN1_STRING_length(name->d.otherName->value->value.utf8string),
                (const char *)ASN1_STRING_get0_data(name->d.otherName->value->value.utf8string));
            break;
        }
        default:
            SAY("name %d type %d", i, name->type);
        }
    }
    GENERAL_NAMES_free(names);
}

static void say_extensions(X509 *certificate)
{
    int i, critical;
    BASIC_CONSTRAINTS *basic;
    ASN1_BIT_STRING *usage;
    EXTENDED_KEY_USAGE *purposes;
    ASN1_OCTET_STRING *id;
    const ASN1_OCTET_STRING *own = X509_get0_subject_key_id(certificate);
    SAY("extensions %d", X509_get_ext_count(certificate));
    for (i = 0; i < X509_get_ext_count(certificate); i++) {
        X509_EXTENSION *extension = X509_get_ext(certificate, i);
        int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
        SAY("extension %s critical %d", OBJ_nid2sn(nid), X509_EXTENSION_get_critical(extension));
        say_hex("value", ASN1_STRING_get0_data(X509_EXTENSION_get_data(extension)),
                (size_t)ASN1_STRING_length(X509_EXTENSION_get_data(extension)));
        CHECK(X509_get_ext_by_NID(certificate, nid, -1) == i);
        CHECK(X509_get_ext_by_NID(certificate, nid, i) == -1);
    }
    CHECK(X509_get_ext(certificate, i) == NULL);
    say_general_names(certificate);
    basic = (BASIC_CONSTRAINTS *)X509_get_ext_d2i(certificate, NID_basic_constraints, &critical, NULL);
    SAY("basic constraints %d ca %d path length %ld", critical, basic ? basic->ca : -1, basic ? ASN1_INTEGER_get(basic->pathlen) : -1);
    BASIC_CONSTRAINTS_free(basic);
    usage = (ASN1_BIT_STRING *)X509_get_ext_d2i(certificate, NID_key_usage, &critical, NULL);
    SAY("key usage %d bits %d %d %d", critical, usage ? ASN1_BIT_STRING_get_bit(usage, 0) : -1,
        usage ? ASN1_BIT_STRING_get_bit(usage, 2) : -1, usage ? ASN1_BIT_STRING_get_bit(usage, 5) : -1);
    ASN1_BIT_STRING_free(usage);
    purposes = (EXTENDED_KEY_USAGE *)X509_get_ext_d2i(certificate, NID_ext_key_usage, &critical, NULL);
    SAY("purposes %d", sk_ASN1_OBJECT_num(purposes));
    for (i = 0; i < sk_ASN1_OBJECT_num(purposes); i++) {
        SAY("purpose %s", OBJ_nid2sn(OBJ_obj2nid(sk_ASN1_OBJECT_value(purposes, i))));
    }
    EXTENDED_KEY_USAGE_free(purposes);
    id = (ASN1_OCTET_STRING *)X509_get_ext_d2i(certificate, NID_subject_key_identifier, &critical, NULL);
    if (id) {
        CHECK(own && ASN1_STRING_cmp(id, own) == 0);
        say_hex("key identifier", ASN1_STRING_get0_data(id), (size_t)ASN1_STRING_length(id));
    }
    ASN1_OCTET_STRING_free(id);
    {
        STACK_OF(OPENSSL_STRING) *responders = X509_get1_ocsp(certificate), *mail = X509_get1_email(certificate);
        SAY("responders %d %s, mailboxes %d", sk_OPENSSL_STRING_num(responders),
            responders ? sk_OPENSSL_STRING_value(responders, 0) : "", sk_OPENSSL_STRING_num(mail));
        X509_email_free(responders);
        X509_email_free(mail);
    }
    SAY("usage %x extended %x path length %ld", X509_get_key_usage(certificate), X509_get_extended_key_usage(certificate),
        X509_get_pathlen(certificate));
    SAY("purposes server %d client %d any %d", X509_check_purpose(certificate, X509_PURPOSE_SSL_SERVER, 0),
        X509_check_purpose(certificate, X509_PURPOSE_SSL_CLIENT, 0), X509_check_purpose(certificate, X509_PURPOSE_ANY, 0));
    SAY("ca %d", X509_check_ca(certificate) != 0);
}

static void say_hosts(X509 *certificate)
{
    static const char *const hosts[] = {
        "www.example.org", "WWW.Example.ORG", "example.org", "x.www.example.org", "a.wild.example.org", "a.b.wild.example.org",
        ".wild.example.org", "wild.example.org", "page.part.example.org", "xn--p.part.example.org", "server.example.org",
        "a.common.example.org", "expired.example.org", "self", "", "192.0.2.1", "*.wild.example.org", "a_b.wild.example.org",
    };
    static const unsigned int flags[] = {0, X509_CHECK_FLAG_NO_WILDCARDS, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
                                         X509_CHECK_FLAG_MULTI_LABEL_WILDCARDS, X509_CHECK_FLAG_SINGLE_LABEL_SUBDOMAINS,
                                         X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT};
    size_t i, j;
    for (i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        for (j = 0; j < sizeof flags / sizeof *flags; j++) {
            char *peer = NULL;
            int result = X509_check_host(certificate, hosts[i], strlen(hosts[i]), flags[j], &peer);
            if (result != 0) {
                SAY("host '%s' flags %x: %d %s", hosts[i], flags[j], result, peer ? peer : "");
            }
            OPENSSL_free(peer);
        }
    }
    SAY("host with NUL: %d %d", X509_check_host(certificate, "www.example.org\0.evil", 21, 0, NULL),
        X509_check_host(certificate, "www.example.org\0", 16, 0, NULL));
    SAY("addresses: %d %d %d %d", X509_check_ip_asc(certificate, "192.0.2.1", 0), X509_check_ip_asc(certificate, "2001:db8::1", 0),
        X509_check_ip_asc(certificate, "192.0.2.2", 0), X509_check_ip_asc(certificate, "nonsense", 0));
    SAY("address bytes: %d", X509_check_ip(certificate, (const unsigned char *)"\xc0\x00\x02\x01", 4, 0));
    SAY("mailboxes: %d %d %d", X509_check_email(certificate, "who@example.ORG", 0, 0),
        X509_check_email(certificate, "WHO@example.org", 0, 0), X509_check_email(certificate, "other@example.org", 0, 0));
}

static void say_digests(X509 *certificate)
{
    const EVP_MD *hashes[5];
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int len;
    size_t i;
    hashes[0] = EVP_md5();
    hashes[1] = EVP_sha1();
    hashes[2] = EVP_sha256();
    hashes[3] = EVP_sha384();
    hashes[4] = EVP_sha512();
    for (i = 0; i < 5; i++) {
        CHECK(X509_digest(certificate, hashes[i], digest, &len) == 1);
        say_hex(EVP_MD_get0_name(hashes[i]), digest, len);
        CHECK((int)len == EVP_MD_get_size(hashes[i]));
    }
    CHECK(X509_pubkey_digest(certificate, EVP_sha256(), digest, &len) == 1);
    say_hex("key", digest, len);
}

static void say_certificate(const char *file)
{
    X509 *certificate = load(file), *copy;
    EVP_PKEY *key = X509_get_pubkey(certificate);
    BIO *bio = BIO_new(BIO_s_mem());
    unsigned char *der = NULL;
    const unsigned char *in;
    int len, hash = 0, kind = 0, bits = 0;
    uint32_t flags = 0;
    char group[40] = "";
    size_t group_len = 0;
    SAY("---- %s", file);
    SAY("version %ld signature %s", X509_get_version(certificate), OBJ_nid2ln(X509_get_signature_nid(certificate)));
    X509_get_signature_info(certificate, &hash, &kind, &bits, &flags);
    SAY("signature hash %s kind %s", OBJ_nid2sn(hash), OBJ_nid2sn(kind));
    SAY("serial %ld", ASN1_INTEGER_get(X509_get_serialNumber(certificate)));
    CHECK(i2a_ASN1_INTEGER(bio, X509_get_serialNumber(certificate)) > 0);
    say_bio("serial", bio);
    {
        BIGNUM *number = ASN1_INTEGER_to_BN(X509_get_serialNumber(certificate), NULL);
        char *hex = BN_bn2hex(number), *decimal = BN_bn2dec(number);
        SAY("serial %s %s bits %d", hex, decimal, BN_num_bits(number));
        OPENSSL_free(hex);
        OPENSSL_free(decimal);
        BN_free(number);
    }
    say_name("subject", X509_get_subject_name(certificate));
    say_name("issuer", X509_get_issuer_name(certificate));
    say_time("from", X509_get0_notBefore(certificate));
    say_time("to", X509_get0_notAfter(certificate));
    CHECK(key != NULL && EVP_PKEY_eq(key, X509_get0_pubkey(certificate)) == 1);
    SAY("key %d bits %d size %d security %d type %s", EVP_PKEY_base_id(key), EVP_PKEY_bits(key), EVP_PKEY_size(key),
        EVP_PKEY_security_bits(key), EVP_PKEY_get0_type_name(key));
    if (EVP_PKEY_base_id(key) == EVP_PKEY_EC) {
        CHECK(EVP_PKEY_get_group_name(key, group, sizeof group, &group_len) == 1);
        SAY("group %s %d", group, (int)group_len);
    }
    len = i2d_PUBKEY(key, &der);
    say_hex("public key", der, (size_t)len);
    OPENSSL_free(der);
    der = NULL;
    EVP_PKEY_free(key);
    say_extensions(certificate);
    say_hosts(certificate);
    say_digests(certificate);

    len = i2d_X509(certificate, &der);
    in = der;
    copy = d2i_X509(NULL, &in, len);
    CHECK(copy && in == der + len && X509_cmp(copy, certificate) == 0);
    X509_free(copy);
    in = der;
    CHECK(d2i_X509(NULL, &in, len - 1) == NULL);
    ERR_clear_error();
    OPENSSL_free(der);
    bio = BIO_new(BIO_s_mem());
    CHECK(PEM_write_bio_X509(bio, certificate) == 1);
    copy = NULL;
    CHECK(PEM_read_bio_X509(bio, &copy, NULL, NULL) == copy && X509_cmp(copy, certificate) == 0);
    X509_free(copy);
    CHECK(PEM_read_bio_X509(bio, NULL, NULL, NULL) == NULL);
    SAY("end: %d %d", ERR_GET_LIB(ERR_peek_last_error()), ERR_GET_REASON(ERR_peek_last_error()));
    ERR_clear_error();
    CHECK(i2d_X509_bio(bio, certificate) == 1);
    copy = d2i_X509_bio(bio, NULL);
    CHECK(copy && X509_cmp(copy, certificate) == 0);
    X509_free(copy);
    BIO_free(bio);
    CHECK(X509_up_ref(certificate) == 1);
    X509_free(certificate);
    X509_free(certificate);
}

static int passphrase(char *buf, int size, int writing, void *text)
{
    int len = (int)strlen((const char *)text);
    CHECK(!writing && size > len);
    memcpy(buf, text, (size_t)len);
    return len;
}

static void say_keys(void)
{
    static const char *const names[] = {"server.key", "sec1.key", "pkcs1.key", "rsa.key", "self.key"};
    X509 *server = load("server.pem"), *rsa = load("rsa.pem");
    EVP_PKEY *key, *other;
    FILE *file;
    size_t i;
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        file = fopen(names[i], "r");
        key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
        fclose(file);
        SAY("%s: %d %d, server's %d, rsa's %d", names[i], EVP_PKEY_id(key), EVP_PKEY_bits(key), X509_check_private_key(server, key),
            X509_check_private_key(rsa, key));
        EVP_PKEY_free(key);
    }
    ERR_clear_error();
    file = fopen("encrypted.key", "r");
    key = PEM_read_PrivateKey(file, NULL, passphrase, (void *)"secret");
    CHECK(key && X509_check_private_key(server, key) == 1);
    rewind(file);
    other = PEM_read_PrivateKey(file, NULL, NULL, (void *)"secret");
    CHECK(other && EVP_PKEY_eq(key, other) == 1);
    EVP_PKEY_free(other);
    rewind(file);
    CHECK(PEM_read_PrivateKey(file, NULL, passphrase, (void *)"wrong") == NULL);
    CHECK(ERR_peek_error() != 0);
    ERR_clear_error();
    fclose(file);
    file = fopen("public.pem", "r");
    other = PEM_read_PUBKEY(file, NULL, NULL, NULL);
    CHECK(other && EVP_PKEY_eq(key, other) == 1);
    fclose(file);
    EVP_PKEY_free(other);
    EVP_PKEY_free(key);
    {
        BIO *bio = BIO_new_file("server.key.der", "rb");
        key = d2i_PrivateKey_bio(bio, NULL);
        CHECK(key && X509_check_private_key(server, key) == 1);
        BIO_free(bio);
        EVP_PKEY_free(key);
    }
    X509_free(server);
    X509_free(rsa);
}

static void say_info(void)
{
    BIO *bio = BIO_new_file("all.pem", "r");
    STACK_OF(X509_INFO) *all = PEM_X509_INFO_read_bio(bio, NULL, NULL, NULL);
    int i;
    for (i = 0; i < sk_X509_INFO_num(all); i++) {
        X509_INFO *info = sk_X509_INFO_value(all, i);
        SAY("info %d: certificate %d list %d key %d", i, info->x509 != NULL, info->crl != NULL, info->x_pkey != NULL);
    }
    sk_X509_INFO_pop_free(all, X509_INFO_free);
    BIO_free(bio);
}

static void say_stacks(void)
{
    STACK_OF(X509) *stack = sk_X509_new_null(), *copy;
    X509 *first = load("ca.pem"), *second = load("self.pem");
    CHECK(sk_X509_num(NULL) == -1 && sk_X509_value(NULL, 0) == NULL);
    CHECK(sk_X509_push(stack, first) == 1 && sk_X509_push(stack, second) == 2);
    CHECK(sk_X509_value(stack, 1) == second && sk_X509_value(stack, 2) == NULL && sk_X509_value(stack, -1) == NULL);
    copy = X509_chain_up_ref(stack);
    CHECK(sk_X509_num(copy) == 2);
    sk_X509_pop_free(copy, X509_free);
    copy = sk_X509_dup(stack);
    CHECK(sk_X509_shift(copy) == first && sk_X509_num(copy) == 1);
    CHECK(sk_X509_unshift(copy, first) == 2 && sk_X509_delete(copy, 1) == second && sk_X509_pop(copy) == first);
    sk_X509_free(copy);
    sk_X509_pop_free(stack, X509_free);
}

static int calls;
static int quiet;

static int report(int ok, X509_STORE_CTX *ctx)
{
    X509 *current = X509_STORE_CTX_get_current_cert(ctx);
    char name[80] = "";
    if (quiet) {
        return ok;
    }
    if (current) {
        X509_NAME_get_text_by_NID(X509_get_subject_name(current), NID_commonName, name, sizeof name);
    }
    SAY("  callback %d: error %d depth %d %s", ok, X509_STORE_CTX_get_error(ctx), X509_STORE_CTX_get_error_depth(ctx), name);
    calls++;
    return ok;
}

static int overrule(int ok, X509_STORE_CTX *ctx)
{
    (void)report(ok, ctx);
    return 1;
}

/* Trusts a root by what it is. */
static int pin_root(int ok, X509_STORE_CTX *ctx)
{
    int pinned = 0;
    if (!ok) {
        (void)report(ok, ctx);
    }
    if (!ok && X509_STORE_CTX_get_error(ctx) == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN) {
        X509 *root = load("ca.pem");
        pinned = X509_cmp(X509_STORE_CTX_get_current_cert(ctx), root) == 0;
        X509_free(root);
    }
    return ok || pinned;
}

/* Overrules one error, whatever certificate it is about. */
static int tolerated;

static int tolerate(int ok, X509_STORE_CTX *ctx)
{
    return ok || X509_STORE_CTX_get_error(ctx) == tolerated;
}

static int tolerate_no_issuer(int ok, X509_STORE_CTX *ctx)
{
    tolerated = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
    return tolerate(ok, ctx);
}

static int tolerate_root(int ok, X509_STORE_CTX *ctx)
{
    tolerated = X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN;
    return tolerate(ok, ctx);
}

static int tolerate_missing_list(int ok, X509_STORE_CTX *ctx)
{
    tolerated = X509_V_ERR_UNABLE_TO_GET_CRL;
    return tolerate(ok, ctx);
}

static int tolerate_old_list(int ok, X509_STORE_CTX *ctx)
{
    tolerated = X509_V_ERR_CRL_HAS_EXPIRED;
    return tolerate(ok, ctx);
}

static int tolerate_expired(int ok, X509_STORE_CTX *ctx)
{
    tolerated = X509_V_ERR_CERT_HAS_EXPIRED;
    return tolerate(ok, ctx);
}

/* An old CA will do, an old certificate of the peer will not. */
static int tolerate_old_ca(int ok, X509_STORE_CTX *ctx)
{
    return ok || (X509_STORE_CTX_get_error(ctx) == X509_V_ERR_CERT_HAS_EXPIRED && X509_STORE_CTX_get_error_depth(ctx) > 0);
}

/* Of wrong purposes only that of the peer's certificate will do. */
static int tolerate_usage_of_leaf(int ok, X509_STORE_CTX *ctx)
{
    return ok || (X509_STORE_CTX_get_error(ctx) == X509_V_ERR_INVALID_PURPOSE && X509_STORE_CTX_get_error_depth(ctx) == 0);
}

struct wish {
    const char *what, *leaf, *untrusted, *trusted, *crl, *host;
    unsigned long flags;
    int purpose, depth;
    time_t time;
    int (*callback)(int, X509_STORE_CTX *);
};

static void say_verification(const struct wish *wish)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509 *leaf = load(wish->leaf), *more;
    STACK_OF(X509) *untrusted = sk_X509_new_null(), *chain;
    X509_VERIFY_PARAM *param;
    int result;
    if (wish->untrusted) {
        BIO *bio = BIO_new_file(wish->untrusted, "r");
        while ((more = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
            sk_X509_push(untrusted, more);
        }
        BIO_free(bio);
        ERR_clear_error();
    }
    if (wish->trusted) {
        CHECK(X509_STORE_load_locations(store, wish->trusted, NULL) == 1);
    }
    if (wish->crl) {
        FILE *file = fopen(wish->crl, "r");
        X509_CRL *crl = PEM_read_X509_CRL(file, NULL, NULL, NULL);
        fclose(file);
        CHECK(crl && X509_STORE_add_crl(store, crl) == 1);
        X509_CRL_free(crl);
    }
    CHECK(X509_STORE_set_flags(store, wish->flags) == 1);
    CHECK(X509_STORE_CTX_init(ctx, store, leaf, untrusted) == 1);
    param = X509_STORE_CTX_get0_param(ctx);
    if (wish->purpose) {
        CHECK(X509_STORE_CTX_set_purpose(ctx, wish->purpose) == 1);
    }
    if (wish->host) {
        CHECK(X509_VERIFY_PARAM_set1_host(param, wish->host, 0) == 1);
    }
    if (wish->depth) {
        X509_VERIFY_PARAM_set_depth(param, wish->depth - 1);
    }
    if (wish->time) {
        X509_VERIFY_PARAM_set_time(param, wish->time);
    }
    if (wish->callback) {
        X509_STORE_CTX_set_verify_cb(ctx, wish->callback);
    }
    calls = 0;
    result = X509_verify_cert(ctx);
    SAY("%s: %d error %d (%s)", wish->what, result, X509_STORE_CTX_get_error(ctx),
        X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
    if (result != 1) {
        SAY("  depth %d", X509_STORE_CTX_get_error_depth(ctx));
    } else {
        chain = X509_STORE_CTX_get1_chain(ctx);
        SAY("  chain %d", sk_X509_num(chain));
        sk_X509_pop_free(chain, X509_free);
        SAY("  name %s", X509_VERIFY_PARAM_get0_peername(param) ? X509_VERIFY_PARAM_get0_peername(param) : "none");
    }
    X509_STORE_CTX_free(ctx);
    sk_X509_pop_free(untrusted, X509_free);
    X509_free(leaf);
    X509_STORE_free(store);
    ERR_clear_error();
}

#ifdef WARIFU_SSL_VERSION_NUMBER
#define WARIFU 1
#else
#define WARIFU 0
#endif

/* The depth is one more than the limit; 0 is for no limit. */
static int believed(const char *leaf, const char *untrusted, const char *trusted, int depth, int (*callback)(int, X509_STORE_CTX *))
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509 *certificate = load(leaf);
    STACK_OF(X509) *others = sk_X509_new_null();
    int result;
    if (untrusted) {
        sk_X509_push(others, load(untrusted));
    }
    if (trusted) {
        CHECK(X509_STORE_load_locations(store, trusted, NULL) == 1);
    }
    CHECK(X509_STORE_CTX_init(ctx, store, certificate, others) == 1);
    if (depth) {
        X509_VERIFY_PARAM_set_depth(X509_STORE_CTX_get0_param(ctx), depth - 1);
    }
    if (callback) {
        X509_STORE_CTX_set_verify_cb(ctx, callback);
    }
    quiet = 1;
    result = X509_verify_cert(ctx);
    quiet = 0;
    CHECK(result == 1 || X509_STORE_CTX_get_error(ctx) != X509_V_OK);
    X509_STORE_CTX_free(ctx);
    sk_X509_pop_free(others, X509_free);
    X509_free(certificate);
    X509_STORE_free(store);
    ERR_clear_error();
    return result == 1;
}

/* A server's certificate by a policy that it does not have, or for mail: whoever cannot check that refuses it. */
static void check_unusual_wishes(void)
{
    static const unsigned long flags[] = {X509_V_FLAG_EXPLICIT_POLICY, X509_V_FLAG_POLICY_CHECK | X509_V_FLAG_EXPLICIT_POLICY, 0};
    static const int purposes[] = {0, 0, X509_PURPOSE_SMIME_SIGN};
    X509 *certificate = load("server.pem");
    STACK_OF(X509) *others = sk_X509_new_null();
    int i, by_store;
    sk_X509_push(others, load("sub.pem"));
    for (i = 0; i < 3; i++) {
        for (by_store = 0; by_store < 2; by_store++) {
            X509_STORE *store = X509_STORE_new();
            X509_STORE_CTX *ctx = X509_STORE_CTX_new();
            int is_set = 1;
            CHECK(X509_STORE_load_locations(store, "ca.pem", NULL) == 1);
            if (by_store) {
                is_set = flags[i] ? X509_STORE_set_flags(store, flags[i]) : X509_STORE_set_purpose(store, purposes[i]);
            }
            CHECK(X509_STORE_CTX_init(ctx, store, certificate, others) == 1);
            if (!by_store && flags[i]) {
                X509_STORE_CTX_set_flags(ctx, flags[i]);
            } else if (!by_store) {
                is_set = X509_STORE_CTX_set_purpose(ctx, purposes[i]);
            }
            CHECK(is_set == 1 || WARIFU);
            CHECK(X509_verify_cert(ctx) != 1);
            CHECK(X509_STORE_CTX_get_error(ctx) != X509_V_OK);
            X509_STORE_CTX_free(ctx);
            X509_STORE_free(store);
        }
    }
    sk_X509_pop_free(others, X509_free);
    X509_free(certificate);
    ERR_clear_error();
}

static void say_verifications(void)
{
    static const struct wish wishes[] = {
        {"a good chain", "server.pem", "sub.pem", "ca.pem", NULL, NULL, 0, 0, 0, 0, report},
        {"for a server", "server.pem", "sub.pem", "ca.pem", NULL, "www.example.org", 0, X509_PURPOSE_SSL_SERVER, 0, 0, NULL},
        {"for another host", "server.pem", "sub.pem", "ca.pem", NULL, "other.example.org", 0, 0, 0, 0, report},
        {"without intermediate", "server.pem", NULL, "ca.pem", NULL, NULL, 0, 0, 0, 0, report},
        {"without root", "server.pem", "sub.pem", NULL, NULL, NULL, 0, 0, 0, 0, NULL},
        {"with another root", "server.pem", "sub.pem", "self.pem", NULL, NULL, 0, 0, 0, 0, NULL},
        {"root sent, not trusted", "server.pem", "upper.pem", NULL, NULL, NULL, 0, 0, 0, 0, NULL},
        {"self-signed", "self.pem", NULL, NULL, NULL, NULL, 0, 0, 0, 0, NULL},
        {"self-signed, trusted", "self.pem", NULL, "self.pem", NULL, NULL, 0, 0, 0, 0, NULL},
        {"self-signed, overruled", "self.pem", NULL, NULL, NULL, NULL, 0, 0, 0, 0, overrule},
        {"expired", "expired.pem", NULL, "ca.pem", NULL, NULL, 0, 0, 0, 1, NULL},
        {"in the far future", "server.pem", "sub.pem", "ca.pem", NULL, NULL, 0, 0, 0, 4102444800, NULL},
        {"in the far future, unchecked", "server.pem", "sub.pem", "ca.pem", NULL, NULL, X509_V_FLAG_NO_CHECK_TIME, 0, 0, 0, NULL},
        {"version 1", "rsa.pem", NULL, "ca.pem", NULL, "a.common.example.org", 0, X509_PURPOSE_SSL_SERVER, 0, 0, NULL},
        {"a client's as a server", "expired.pem", NULL, "ca.pem", NULL, NULL, X509_V_FLAG_NO_CHECK_TIME, X509_PURPOSE_SSL_SERVER, 0,
         0, NULL},
        {"a client's as a client", "expired.pem", NULL, "ca.pem", NULL, NULL, X509_V_FLAG_NO_CHECK_TIME, X509_PURPOSE_SSL_CLIENT, 0,
         0, NULL},
        {"intermediate trusted", "server.pem", NULL, "sub.pem", NULL, NULL, 0, 0, 0, 0, NULL},
        {"intermediate trusted, partial", "server.pem", NULL, "sub.pem", NULL, NULL, X509_V_FLAG_PARTIAL_CHAIN, 0, 0, 0, NULL},
        {"too long", "server.pem", "sub.pem", "ca.pem", NULL, NULL, 0, 0, 1, 0, NULL},
        {"long enough", "server.pem", "sub.pem", "ca.pem", NULL, NULL, 0, 0, 2, 0, NULL},
        {"not revoked", "rsa.pem", NULL, "ca.pem", "empty.crl", NULL, X509_V_FLAG_CRL_CHECK, 0, 0, 0, NULL},
        {"revoked", "rsa.pem", NULL, "ca.pem", "revoked.crl", NULL, X509_V_FLAG_CRL_CHECK, 0, 0, 0, report},
        {"revoked, not asked", "rsa.pem", NULL, "ca.pem", "revoked.crl", NULL, 0, 0, 0, 0, NULL},
        {"no list", "rsa.pem", NULL, "ca.pem", NULL, NULL, X509_V_FLAG_CRL_CHECK, 0, 0, 0, NULL},
        {"forged, root pinned", "forged.pem", "ca.pem", NULL, NULL, NULL, 0, 0, 0, 0, pin_root},
        {"root pinned", "server.pem", "upper.pem", NULL, NULL, NULL, 0, 0, 0, 0, pin_root},
        {"root pinned, revoked", "server.pem", "upper.pem", NULL, "sub.crl", NULL, X509_V_FLAG_CRL_CHECK, 0, 0, 0, pin_root},
        {"root pinned, old", "old_leaf.pem", "old_upper.pem", NULL, NULL, NULL, 0, 0, 0, 0, tolerate_root},
        {"no issuer, overruled", "server.pem", NULL, NULL, NULL, NULL, 0, 0, 0, 0, overrule},
        {"no issuer, overruled, but not the rest", "server.pem", NULL, NULL, NULL, NULL, 0, 0, 0, 0, tolerate_no_issuer},
        {"no issuer of the intermediate, overruled", "server.pem", "sub.pem", NULL, NULL, NULL, 0, 0, 0, 0, tolerate_no_issuer},
        {"no issuer, overruled, no list", "server.pem", NULL, NULL, NULL, NULL, X509_V_FLAG_CRL_CHECK, 0, 0, 0, tolerate_no_issuer},
        {"revoked, another list missing", "server.pem", "sub.pem", "ca.pem", "sub.crl", NULL,
         X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL, 0, 0, 0, tolerate_missing_list},
        {"not revoked, another list missing", "server.pem", "sub.pem", "ca.pem", "sub_empty.crl", NULL,
         X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL, 0, 0, 0, tolerate_missing_list},
        {"revoked in an old list", "server.pem", "sub.pem", "ca.pem", "sub_old.crl", NULL, X509_V_FLAG_CRL_CHECK, 0, 0, 0,
         tolerate_old_list},
        {"not listed in an old list", "old_client.pem", "long_sub.pem", "ca.pem", "long_old.crl", NULL, X509_V_FLAG_CRL_CHECK, 0, 0, 0,
         tolerate_old_list},
        {"no list, overruled", "server.pem", "sub.pem", "ca.pem", NULL, NULL, X509_V_FLAG_CRL_CHECK, 0, 0, 0, tolerate_missing_list},
        {"expired, overruled, old list", "old_client.pem", "long_sub.pem", "ca.pem", "long_old.crl", NULL, X509_V_FLAG_CRL_CHECK, 0, 0, 0,
         tolerate_expired},
        {"expired, overruled", "old_client.pem", "long_sub.pem", "ca.pem", NULL, NULL, 0, 0, 0, 0, tolerate_expired},
        {"old CA, old certificate", "old_leaf.pem", "old_sub.pem", "ca.pem", NULL, NULL, 0, 0, 0, 0, NULL},
        {"old CA, overruled, old certificate", "old_leaf.pem", "old_sub.pem", "ca.pem", NULL, NULL, 0, 0, 0, 0, tolerate_old_ca},
        {"old CA, old certificate, both overruled", "old_leaf.pem", "old_sub.pem", "ca.pem", NULL, NULL, 0, 0, 0, 0, tolerate_expired},
        {"wrong purpose, overruled, of a CA too", "misused.pem", "client_ca.pem", "ca.pem", NULL, NULL, 0, X509_PURPOSE_SSL_SERVER, 0,
         0, tolerate_usage_of_leaf},
        {"old list", "rsa.pem", NULL, "ca.pem", "empty.crl", NULL, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_NO_CHECK_TIME, 0, 0, 0, NULL},
    };
    size_t i;
    X509 *ca = load("ca.pem"), *sub = load("sub.pem"), *server = load("server.pem");
    SAY("---- verifications");
    for (i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        struct wish wish = wishes[i];
        if (wish.time == 1) {
            wish.time = time(NULL) + 86400 * 2;
        }
        say_verification(&wish);
    }
    /* What no library may believe, whichever error it finds first: the depth counts on the real path, not on one by names. */
    CHECK(!believed("of_new.pem", "new.pem", "old.pem", 1, NULL));
    CHECK(!believed("of_new.pem", NULL, "old.pem", 0, overrule) || !WARIFU);
    /* Overruled by a callback that overrules everything: what cannot be left out alone stays refused here. */
    CHECK(believed("odd.pem", NULL, "ca.pem", 0, overrule) == !WARIFU);
    CHECK(believed("forged.pem", "ca.pem", NULL, 0, overrule) == !WARIFU);
    check_unusual_wishes();
    SAY("issued %d %d %d", X509_check_issued(ca, sub), X509_check_issued(sub, server), X509_check_issued(ca, server));
    X509_free(ca);
    X509_free(sub);
    X509_free(server);
    {
        X509_STORE *store = X509_STORE_new();
        X509_STORE_CTX *ctx = X509_STORE_CTX_new();
        X509 *leaf = load("rsa.pem");
        X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir());
        CHECK(lookup && X509_LOOKUP_add_dir(lookup, "hashed", X509_FILETYPE_PEM) == 1);
        CHECK(X509_STORE_CTX_init(ctx, store, leaf, NULL) == 1);
        CHECK(X509_verify_cert(ctx) == 1);
        {
            X509 *issuer = NULL;
            CHECK(X509_STORE_CTX_get1_issuer(&issuer, ctx, leaf) == 1 && X509_check_issued(issuer, leaf) == X509_V_OK);
            X509_free(issuer);
        }
        CHECK(X509_STORE_CTX_set_ex_data(ctx, 0, store) == 1 && X509_STORE_CTX_get_ex_data(ctx, 0) == store);
        X509_STORE_CTX_free(ctx);
        X509_STORE_free(store);
        X509_free(leaf);
    }
}

static void say_objects(void)
{
    ASN1_OBJECT *object = OBJ_txt2obj("1.2.840.113549.1.9.1", 1);
    char text[8];
    SAY("---- objects");
    SAY("%d %d %d %d", OBJ_txt2nid("CN"), OBJ_txt2nid("commonName"), OBJ_sn2nid("commonName"), OBJ_ln2nid("commonName"));
    SAY("%s %s", OBJ_nid2sn(NID_X9_62_prime256v1), OBJ_nid2ln(NID_sha256WithRSAEncryption));
    SAY("%d %d %s", OBJ_obj2nid(object), OBJ_obj2txt(text, sizeof text, object, 1), text);
    ASN1_OBJECT_free(object);
    ASN1_OBJECT_free(OBJ_nid2obj(NID_commonName));
    SAY("%d", OBJ_obj2nid(OBJ_nid2obj(NID_commonName)));
    object = OBJ_txt2obj("nonsense", 0);
    CHECK(object == NULL);
    ERR_clear_error();
}

static void say_hashes(void)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int len = 0;
    SAY("---- hashes");
    CHECK(EVP_DigestInit_ex(ctx, EVP_get_digestbyname("SHA384"), NULL) == 1);
    CHECK(EVP_DigestUpdate(ctx, "ab", 2) == 1 && EVP_DigestUpdate(ctx, "c", 1) == 1);
    CHECK(EVP_DigestFinal_ex(ctx, digest, &len) == 1);
    say_hex("sha384", digest, len);
    EVP_MD_CTX_free(ctx);
    CHECK(EVP_Digest("abc", 3, digest, &len, EVP_sha1(), NULL) == 1);
    say_hex("sha1", digest, len);
    say_hex("sha256", SHA256((const unsigned char *)"abc", 3, NULL), 32);
    CHECK(EVP_get_digestbyname("no such hash") == NULL);
    ERR_clear_error();
}

/* Looks at certificates of which one byte is wrong: whatever they say, nothing may crash. */
static void look_at_broken_certificates(void)
{
    X509 *certificate = load("server.pem");
    unsigned char *der = NULL;
    const unsigned char *in;
    int len = i2d_X509(certificate, &der), at, flip;
    X509_free(certificate);
    for (at = 0; at < len; at++) {
        for (flip = 1; flip < 256; flip = flip * 2 + 1) {
            BIO *out;
            GENERAL_NAMES *names;
            EXTENDED_KEY_USAGE *purposes;
            BIGNUM *serial;
            der[at] ^= (unsigned char)flip;
            in = der;
            certificate = d2i_X509(NULL, &in, len);
            if (certificate) {
                out = BIO_new(BIO_s_mem());
                X509_print(out, certificate);
                X509_NAME_print_ex(out, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
                ASN1_TIME_print(out, X509_get0_notAfter(certificate));
                serial = ASN1_INTEGER_to_BN(X509_get_serialNumber(certificate), NULL);
                BN_free(serial);
                names = (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
                GENERAL_NAMES_free(names);
                purposes = (EXTENDED_KEY_USAGE *)X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
                EXTENDED_KEY_USAGE_free(purposes);
                (void)X509_check_host(certificate, "www.example.org", 0, 0, NULL);
                (void)X509_check_purpose(certificate, X509_PURPOSE_SSL_SERVER, 0);
                (void)X509_get0_pubkey(certificate);
                X509_email_free(X509_get1_ocsp(certificate));
                BIO_free(out);
                X509_free(certificate);
            }
            der[at] ^= (unsigned char)flip;
        }
    }
    OPENSSL_free(der);
    ERR_clear_error();
}

/* Nothing of this may crash. */
static void call_with_null(void)
{
    X509_free(NULL);
    X509_NAME_free(NULL);
    EVP_PKEY_free(NULL);
    X509_STORE_free(NULL);
    X509_STORE_CTX_free(NULL);
    X509_CRL_free(NULL);
    GENERAL_NAMES_free(NULL);
    X509_VERIFY_PARAM_free(NULL);
    EVP_MD_CTX_free(NULL);
    ASN1_STRING_free(NULL);
    ASN1_OBJECT_free(NULL);
    sk_X509_pop_free(NULL, X509_free);
    sk_X509_free(NULL);
    CHECK(X509_verify_cert_error_string(12345) != NULL);
}

int main(void)
{
    size_t i;
    for (i = 0; i < FILES; i++) {
        say_certificate(files[i]);
    }
    SAY("---- keys");
    say_keys();
    say_info();
    say_stacks();
    say_verifications();
    say_objects();
    say_hashes();
    look_at_broken_certificates();
    call_with_null();
    CHECK(ERR_peek_error() == 0);
    if (checks_that_failed) {
        fprintf(stderr, "%d checks failed\n", checks_that_failed);
    }
    return checks_that_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
