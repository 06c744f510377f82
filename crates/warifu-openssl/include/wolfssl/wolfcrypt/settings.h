/* As <wolfssl/options.h>: there is nothing to set here. */
#ifndef WARIFU_WOLFCRYPT_SETTINGS_H
#define WARIFU_WOLFCRYPT_SETTINGS_H

#include <wolfssl/options.h>

#endif
