/* Groups for finite field Diffie-Hellman are the library's own. For programs that include this header. */
#ifndef WARIFU_OPENSSL_DH_H
#define WARIFU_OPENSSL_DH_H

#include <openssl/types.h>

#endif
