/* Numbers of failures that wolfCrypt shares with TLS. wolfSSL_ERR_error_string has the sentence for one. */
#ifndef WARIFU_WOLFCRYPT_ERROR_CRYPT_H
#define WARIFU_WOLFCRYPT_ERROR_CRYPT_H

enum {
    WC_TIMEOUT_E = -107,
    WC_PENDING_E = -108,
    MEMORY_E = -125,
    BUFFER_E = -132,
    ASN_PARSE_E = -140,
    ASN_BEFORE_DATE_E = -150,
    ASN_AFTER_DATE_E = -151,
    ASN_SIG_CONFIRM_E = -155,
    BAD_FUNC_ARG = -173,
    NOT_COMPILED_IN = -174,
    ASN_NO_SIGNER_E = -188,
    BAD_STATE_E = -192,
    RNG_FAILURE_E = -199,
    IO_FAILED_E = -291
};

#endif
