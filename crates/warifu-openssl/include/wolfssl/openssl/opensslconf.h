/* OpenSSL's functions have their own names here too. */
#ifndef WARIFU_WOLFSSL_OPENSSL_OPENSSLCONF_H
#define WARIFU_WOLFSSL_OPENSSL_OPENSSLCONF_H

#include <openssl/opensslconf.h>
#include <wolfssl/ssl.h>

#endif
