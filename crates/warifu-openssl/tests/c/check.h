/* Checks: counted, and told with their place when they fail. */
#ifndef CHECK_H
#define CHECK_H

/* Begins a group of checks; one line is printed for it at its end. */
void group_begin(const char *name);

/* Ends the group. */
void group_end(void);

/* Says under which conditions the next checks stand: a version, a transport. Printed with those that fail. */
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
void check_context(const char *format, ...);

/* How many checks have failed in all. */
int checks_failed(void);

/* Prints the sum. */
void checks_report(void);

/* Each returns whether the check passed. */
int check_true(int passed, const char *expression, const char *file, int line);
int check_long(long actual, long expected, const char *expression, const char *file, int line);
int check_text(const char *actual, const char *expected, const char *expression, const char *file, int line);
int check_bytes(const void *actual, long actual_len, const void *expected, long expected_len, const char *expression, const char *file,
                int line);

#define CHECK(expression) check_true(!!(expression), #expression, __FILE__, __LINE__)
#define CHECK_INT(actual, expected) check_long((long)(actual), (long)(expected), #actual, __FILE__, __LINE__)
#define CHECK_TEXT(actual, expected) check_text((actual), (expected), #actual, __FILE__, __LINE__)
#define CHECK_BYTES(actual, actual_len, expected, expected_len) \
    check_bytes((actual), (long)(actual_len), (expected), (long)(expected_len), #actual, __FILE__, __LINE__)

#endif
