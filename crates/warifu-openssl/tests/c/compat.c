#include "compat.h"

#if !IS_WARIFU

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

static X509 *certificate_in(const unsigned char *in, long size, int format)
{
    BIO *bio = BIO_new_mem_buf(in, (int)size);
    X509 *certificate = format == SSL_FILETYPE_PEM ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : d2i_X509_bio(bio, NULL);

    BIO_free(bio);
    return certificate;
}

static EVP_PKEY *key_in(const unsigned char *in, long size, int format)
{
    BIO *bio = BIO_new_mem_buf(in, (int)size);
    EVP_PKEY *key = format == SSL_FILETYPE_PEM ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : d2i_PrivateKey_bio(bio, NULL);

    BIO_free(bio);
    return key;
}

int SSL_CTX_load_verify_buffer(SSL_CTX *ctx, const unsigned char *in, long size, int format)
{
    X509_STORE *store = SSL_CTX_get_cert_store(ctx);
    BIO *bio = BIO_new_mem_buf(in, (int)size);
    X509 *certificate;
    int added = 0;

    for (;;) {
        certificate = format == SSL_FILETYPE_PEM ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : d2i_X509_bio(bio, NULL);
        if (certificate == NULL) {
            break;
        }
        added += X509_STORE_add_cert(store, certificate);
        X509_free(certificate);
    }
    BIO_free(bio);
    if (added > 0) {
        ERR_clear_error();
    }
    return added > 0;
}

int SSL_CTX_use_certificate_buffer(SSL_CTX *ctx, const unsigned char *in, long size, int format)
{
    X509 *certificate = certificate_in(in, size, format);
    int result = certificate != NULL && SSL_CTX_use_certificate(ctx, certificate);

    X509_free(certificate);
    return result;
}

int SSL_use_certificate_buffer(SSL *ssl, const unsigned char *in, long size, int format)
{
    X509 *certificate = certificate_in(in, size, format);
    int result = certificate != NULL && SSL_use_certificate(ssl, certificate);

    X509_free(certificate);
    return result;
}

int SSL_CTX_use_PrivateKey_buffer(SSL_CTX *ctx, const unsigned char *in, long size, int format)
{
    EVP_PKEY *key = key_in(in, size, format);
    int result = key != NULL && SSL_CTX_use_PrivateKey(ctx, key);

    EVP_PKEY_free(key);
    return result;
}

int SSL_use_PrivateKey_buffer(SSL *ssl, const unsigned char *in, long size, int format)
{
    EVP_PKEY *key = key_in(in, size, format);
    int result = key != NULL && SSL_use_PrivateKey(ssl, key);

    EVP_PKEY_free(key);
    return result;
}

#endif
