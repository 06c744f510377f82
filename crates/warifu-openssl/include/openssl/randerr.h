/* All of it is in <openssl/rand.h>. */
#include <openssl/rand.h>
