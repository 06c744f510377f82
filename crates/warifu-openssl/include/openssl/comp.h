/* There is no compression. For programs that include this header. */
#ifndef WARIFU_OPENSSL_COMP_H
#define WARIFU_OPENSSL_COMP_H

#include <openssl/types.h>

#endif
