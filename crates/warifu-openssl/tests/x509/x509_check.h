/* Reports and checks of x509.c. */
#ifndef X509_CHECK_H
#define X509_CHECK_H

#include <stdio.h>

static int checks_that_failed;

/* A fact, one line. The same program with another library must print the same. */
#define SAY(...) (printf(__VA_ARGS__), putchar('\n'))

/* What must be so with any library. */
#define CHECK(expression) \
    ((expression) ? (void)0 \
                  : (void)(checks_that_failed++, fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #expression)))

#endif
