/* Checks of the tests of BIOs and errors: each that fails is printed, and fails the program. */
#ifndef BIO_CHECK_H
#define BIO_CHECK_H

#include <stdio.h>

static int failures;

#define CHECK(condition)                                              \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      failures++;                                                     \
    }                                                                 \
  } while (0)

#define CHECK_INT(is, wanted)                                                                                  \
  do {                                                                                                         \
    long is_ = (long)(is), wanted_ = (long)(wanted);                                                           \
    if (is_ != wanted_) {                                                                                      \
      fprintf(stderr, "%s:%d: %s is %ld, not %ld\n", __FILE__, __LINE__, #is, is_, wanted_);                   \
      failures++;                                                                                              \
    }                                                                                                          \
  } while (0)

#define CHECK_STR(is, wanted)                                                                                  \
  do {                                                                                                         \
    const char *is_ = (is), *wanted_ = (wanted);                                                               \
    if (is_ == NULL || strcmp(is_, wanted_) != 0) {                                                            \
      fprintf(stderr, "%s:%d: %s is \"%s\", not \"%s\"\n", __FILE__, __LINE__, #is, is_ ? is_ : "NULL", wanted_); \
      failures++;                                                                                              \
    }                                                                                                          \
  } while (0)

#endif
