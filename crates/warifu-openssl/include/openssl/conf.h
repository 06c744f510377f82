/* There are no configuration files. For programs that include this header. */
#ifndef WARIFU_OPENSSL_CONF_H
#define WARIFU_OPENSSL_CONF_H

#include <openssl/types.h>

#endif
