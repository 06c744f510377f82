/* The library asks nobody; passphrases come from callbacks. For programs that include this header. */
#ifndef WARIFU_OPENSSL_UI_H
#define WARIFU_OPENSSL_UI_H

#include <openssl/types.h>

#endif
