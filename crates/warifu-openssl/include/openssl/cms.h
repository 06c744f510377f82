/* CMS is not offered. For programs that include this header. */
#ifndef WARIFU_OPENSSL_CMS_H
#define WARIFU_OPENSSL_CMS_H

#include <openssl/types.h>

#endif
