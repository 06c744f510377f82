/* OpenSSL's functions have their own names here too. */
#ifndef WARIFU_WOLFSSL_OPENSSL_MD5_H
#define WARIFU_WOLFSSL_OPENSSL_MD5_H

#include <openssl/md5.h>
#include <wolfssl/ssl.h>

#endif
