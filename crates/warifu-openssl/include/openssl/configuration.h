/* All of it is in <openssl/opensslconf.h>. */
#include <openssl/opensslconf.h>
