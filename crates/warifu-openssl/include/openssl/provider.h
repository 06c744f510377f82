/* There are no providers. For programs that include this header. */
#ifndef WARIFU_OPENSSL_PROVIDER_H
#define WARIFU_OPENSSL_PROVIDER_H

#include <openssl/types.h>

#endif
