/* OCSP responses are bytes here: SSL_get_tlsext_status_ocsp_resp. For programs that include this header. */
#ifndef WARIFU_OPENSSL_OCSP_H
#define WARIFU_OPENSSL_OCSP_H

#include <openssl/types.h>

#endif
