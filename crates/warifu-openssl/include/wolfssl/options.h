/*
 * What there is, as programs that use wolfSSL's names ask for it. Of wolfCrypt, DTLS, ECH and hardware nothing is here: what
 * belongs to them is not defined, and programs leave it out.
 */
#ifndef WARIFU_WOLFSSL_OPTIONS_H
#define WARIFU_WOLFSSL_OPTIONS_H

/* Versions: those before TLS 1.2 are off unless a method or wolfSSL_CTX_SetMinVersion names them. */
#define WOLFSSL_TLS13
#define WOLFSSL_ALLOW_TLSV10

/* Functions of OpenSSL's, by wolfSSL's names and by their own. */
#define OPENSSL_EXTRA
#define OPENSSL_ALL
/* wolfSSL_shutdown returns 0 until both sides have closed. */
#define WOLFSSL_ERROR_CODE_OPENSSL
/* The verification callback is called for every certificate. */
#define WOLFSSL_ALWAYS_VERIFY_CB
#define WOLFSSL_VERIFY_CB_ALL_CERTS

/* Extensions. */
#define HAVE_TLS_EXTENSIONS
#define HAVE_SNI
#define HAVE_ALPN
#define HAVE_MAX_FRAGMENT
#define HAVE_SUPPORTED_CURVES
#define HAVE_SESSION_TICKET
#define HAVE_EXTENDED_MASTER
#define HAVE_ENCRYPT_THEN_MAC
#define HAVE_SERVER_RENEGOTIATION_INFO
#define WOLFSSL_EARLY_DATA
#define WOLFSSL_POST_HANDSHAKE_AUTH
#define WOLFSSL_STATIC_PSK

/* Algorithms of the cipher suites. */
#define HAVE_ECC
#define HAVE_CURVE25519
#define HAVE_AESGCM
#define HAVE_AESCCM
#define HAVE_CHACHA
#define HAVE_POLY1305
#define HAVE_HKDF
#define WOLFSSL_SHA384
#define WOLFSSL_SHA512
#define WC_RSA_PSS
#define NO_DES3
#define NO_RC4

/* The rest. */
#define HAVE_SECRET_CALLBACK
#define HAVE_EX_DATA
#define HAVE_CRL
#define SESSION_CERTS
#define KEEP_PEER_CERT

#endif
