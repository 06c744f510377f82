/* Templates are not offered. For programs that include this header. */
#ifndef WARIFU_OPENSSL_ASN1T_H
#define WARIFU_OPENSSL_ASN1T_H

#include <openssl/types.h>

#endif
