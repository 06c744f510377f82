/* Numbers of failures, as wolfSSL_get_error returns them. wolfSSL_ERR_error_string has the sentence for one. */
#ifndef WARIFU_WOLFSSL_ERROR_SSL_H
#define WARIFU_WOLFSSL_ERROR_SSL_H

#include <wolfssl/wolfcrypt/error-crypt.h>

enum wolfSSL_ErrorCodes {
    VERIFY_FINISHED_ERROR = -304,
    VERIFY_MAC_ERROR = -305,
    PARSE_ERROR = -306,
    SOCKET_ERROR_E = -308,
    FATAL_ERROR = -313, /* an alert of the peer's */
    NO_PEER_KEY = -316,
    NO_PRIVATE_KEY = -317,
    DOMAIN_NAME_MISMATCH = -322,
    WANT_READ = -323, /* for names only: WOLFSSL_ERROR_WANT_READ is what is returned */
    IPADDR_MISMATCH = -325,
    VERSION_ERROR = -326,
    WANT_WRITE = -327,
    BUFFER_ERROR = -328,
    VERIFY_CERT_ERROR = -329,
    VERIFY_SIGN_ERROR = -330,
    PSK_KEY_ERROR = -333,
    ZERO_RETURN = -343,
    SIDE_ERROR = -344,
    NO_PEER_CERT = -345,
    ECC_CURVE_ERROR = -351,
    CRL_CERT_REVOKED = -361,
    CRL_MISSING = -362,
    MAX_CHAIN_ERROR = -368,
    OUT_OF_ORDER_E = -373,
    SOCKET_PEER_CLOSED_E = -397,
    UNKNOWN_ALPN_PROTOCOL_NAME_E = -405,
    BAD_KEY_SHARE_DATA = -421,
    BAD_BINDER = -423,
    EXT_NOT_ALLOWED = -424,
    INVALID_PARAMETER = -425,
    UNSUPPORTED_EXTENSION = -429,
    TOO_MUCH_EARLY_DATA = -442,
    UNSUPPORTED_SUITE = -500,
    MATCH_SUITE_ERROR = -501
};

#endif
