/* All of it is in <openssl/crypto.h>. */
#include <openssl/crypto.h>
