/* PKCS#12 is not offered; convert such files to PEM: openssl pkcs12 -in FILE -out FILE.pem. For programs that include this header. */
#ifndef WARIFU_OPENSSL_PKCS12_H
#define WARIFU_OPENSSL_PKCS12_H

#include <openssl/types.h>

#endif
