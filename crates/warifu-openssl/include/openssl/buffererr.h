/* All of it is in <openssl/buffer.h>. */
#include <openssl/buffer.h>
