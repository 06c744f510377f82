/* The version of wolfSSL whose names these are. That of this library is in <openssl/opensslv.h>. */
#ifndef WARIFU_WOLFSSL_VERSION_H
#define WARIFU_WOLFSSL_VERSION_H

#define LIBWOLFSSL_VERSION_STRING "5.5.4"
#define LIBWOLFSSL_VERSION_HEX 0x05005004

#endif
