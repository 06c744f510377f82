#include "check.h"

#include <openssl/err.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *group_name = "";
static char context[160];
static int passed_in_group, failed_in_group, passed_in_all, failed_in_all, groups;

void group_begin(const char *name)
{
    group_name = name;
    context[0] = '\0';
    passed_in_group = failed_in_group = 0;
    groups++;
    ERR_clear_error();
}

void group_end(void)
{
    printf("%-6s %-24s %5d checks", failed_in_group == 0 ? "ok" : "FAILED", group_name, passed_in_group + failed_in_group);
    if (failed_in_group != 0) {
        printf(", %d failed", failed_in_group);
    }
    printf("\n");
    fflush(stdout);
}

void check_context(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(context, sizeof context, format, arguments);
    va_end(arguments);
}

int checks_failed(void)
{
    return failed_in_all;
}

void checks_report(void)
{
    printf("%d groups, %d checks passed, %d failed\n", groups, passed_in_all, failed_in_all);
}

/* More of one group would hide what happened in the others. */
#ifndef TOLD_OF_A_GROUP
#define TOLD_OF_A_GROUP 20
#endif

/* Counts a check, and opens the line of one that failed. Called with the lock held. Returns 1: passed; 0: to be told; -1: counted only. */
static int count(int passed, const char *file, int line)
{
    if (passed) {
        passed_in_group++;
        passed_in_all++;
        return 1;
    }
    failed_in_group++;
    failed_in_all++;
    if (failed_in_group > TOLD_OF_A_GROUP) {
        return -1;
    }
    file = strrchr(file, '/') != NULL ? strrchr(file, '/') + 1 : file;
    printf("  %s:%d: [%s%s%s] ", file, line, group_name, context[0] != '\0' ? ", " : "", context);
    return 0;
}

/* What the library said about it, if anything. */
static void tell_library_error(void)
{
    const char *details = "";
    unsigned long code = ERR_peek_error_all(NULL, NULL, NULL, &details, NULL);
    char words[256];

    if (code != 0) {
        ERR_error_string_n(code, words, sizeof words);
        printf("      (error queue: %s: %s)\n", words, details);
    }
}

int check_true(int passed, const char *expression, const char *file, int line)
{
    pthread_mutex_lock(&lock);
    if (count(passed, file, line) == 0) {
        printf("not true: %s\n", expression);
        tell_library_error();
    }
    pthread_mutex_unlock(&lock);
    return passed;
}

int check_long(long actual, long expected, const char *expression, const char *file, int line)
{
    pthread_mutex_lock(&lock);
    if (count(actual == expected, file, line) == 0) {
        printf("%s is %ld (0x%lx), not %ld (0x%lx)\n", expression, actual, (unsigned long)actual, expected, (unsigned long)expected);
        tell_library_error();
    }
    pthread_mutex_unlock(&lock);
    return actual == expected;
}

int check_text(const char *actual, const char *expected, const char *expression, const char *file, int line)
{
    int same = actual != NULL && expected != NULL ? strcmp(actual, expected) == 0 : actual == expected;

    pthread_mutex_lock(&lock);
    if (count(same, file, line) == 0) {
        printf("%s is \"%s\", not \"%s\"\n", expression, actual != NULL ? actual : "NULL", expected != NULL ? expected : "NULL");
        tell_library_error();
    }
    pthread_mutex_unlock(&lock);
    return same;
}

int check_bytes(const void *actual, long actual_len, const void *expected, long expected_len, const char *expression, const char *file,
                int line)
{
    int same = actual_len == expected_len && (actual_len <= 0 || memcmp(actual, expected, (size_t)actual_len) == 0);

    pthread_mutex_lock(&lock);
    if (count(same, file, line) == 0) {
        printf("%s (%ld bytes) are not the %ld bytes expected\n", expression, actual_len, expected_len);
        tell_library_error();
    }
    pthread_mutex_unlock(&lock);
    return same;
}
