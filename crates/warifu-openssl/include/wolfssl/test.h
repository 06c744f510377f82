/* What programs use of wolfSSL's header for its tests: options, time, and ending with a message. They are the programs' own, not the library's. */
#ifndef WARIFU_WOLFSSL_TEST_H
#define WARIFU_WOLFSSL_TEST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/tcp.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/time.h>

#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/random.h>

#ifdef __cplusplus
extern "C" {
#endif

#define wolfSSLPort 11111
/* TLS 1.2, for programs that take a number for a version. */
#define SERVER_DEFAULT_VERSION 3
/* The exit code for options that are wrong. */
#define MY_EX_USAGE 2

/* What waiting for a socket came to. */
enum {
    TEST_SELECT_FAIL,
    TEST_TIMEOUT,
    TEST_RECV_READY,
    TEST_SEND_READY,
    TEST_ERROR_READY
};

/* The program defines them: the place of the next argument, and the value of an option. */
extern int myoptind;
extern char *myoptarg;

static WARIFU_INLINE void err_sys(const char *message)
{
    fprintf(stderr, "%s\n", message);
    exit(EXIT_FAILURE);
}

/* Key exchange is on elliptic curves: there is nothing to set. */
static WARIFU_INLINE void SetDHCtx(SSL_CTX *ctx)
{
    (void)ctx;
}

/* Seconds on a clock; the argument is not looked at. */
static WARIFU_INLINE double current_time(int reset)
{
    struct timeval now;

    (void)reset;
    gettimeofday(&now, NULL);
    return (double)now.tv_sec + (double)now.tv_usec / 1000000;
}

static WARIFU_INLINE word32 min(word32 a, word32 b)
{
    return a < b ? a : b;
}

/*
 * The next of the options, which are letters, each its own argument or with others behind one dash; those with a colon in `options` have a
 * value. '?' for an unknown one and for a missing value; -1 behind the last.
 */
static WARIFU_INLINE int mygetopt(int argc, char **argv, const char *options)
{
    static const char *rest = "";
    const char *known;
    char letter;

    if (myoptind == 0) {
        myoptind = 1;
        rest = "";
    }
    if (*rest == '\0') {
        if (myoptind >= argc || argv[myoptind][0] != '-' || argv[myoptind][1] == '\0') {
            return -1;
        }
        rest = argv[myoptind++] + 1;
        if (strcmp(rest, "-") == 0) {
            rest = "";
            return -1;
        }
    }
    myoptarg = NULL;
    letter = *rest++;
    known = letter == ':' ? NULL : strchr(options, letter);
    if (known == NULL) {
        return '?';
    }
    if (known[1] == ':') {
        if (*rest != '\0') {
            myoptarg = (char *)rest;
            rest = "";
        } else if (myoptind < argc) {
            myoptarg = argv[myoptind++];
        } else {
            return '?';
        }
    }
    return letter;
}

#ifdef __cplusplus
}
#endif

#endif
