/* All of it is in <openssl/bio.h>. */
#include <openssl/bio.h>
