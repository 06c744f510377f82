/* The version of the API that these headers have. */
#ifndef WARIFU_OPENSSL_OPENSSLV_H
#define WARIFU_OPENSSL_OPENSSLV_H

/* Tells this library from others with the same header names. */
#define WARIFU_SSL_VERSION_NUMBER 0x00000100L

/* The functions are those of OpenSSL 3.0. */
#define OPENSSL_VERSION_MAJOR 3
#define OPENSSL_VERSION_MINOR 0
#define OPENSSL_VERSION_PATCH 0
#define OPENSSL_VERSION_NUMBER 0x30000000L
#define OPENSSL_VERSION_PREREQ(maj, min) ((3 << 16) + 0 >= ((maj) << 16) + (min))
#define OPENSSL_VERSION_TEXT "warifu 0.1.0 (OpenSSL 3.0 API)"
#define OPENSSL_VERSION_STR "3.0.0"
#define SHLIB_VERSION_NUMBER "0"

#endif
