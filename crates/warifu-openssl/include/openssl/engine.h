/* There are no engines. For programs that include this header. */
#ifndef WARIFU_OPENSSL_ENGINE_H
#define WARIFU_OPENSSL_ENGINE_H

#include <openssl/types.h>

#endif
