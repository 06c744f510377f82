/*
 * Tests of the C API: of the specification's tables and rules, and of what programs around them use.
 *
 *     tests [--quick] DIRECTORY [GROUP]...
 *
 *     --quick     with one transport and the newer versions alone
 *     DIRECTORY   where certificates.sh has put its files
 *     GROUP       only these groups
 */
#include "tests.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *certificates;
int quick;

static const struct {
    const char *name;
    void (*run)(void);
} groups[] = {
    {"methods", test_methods},
    {"versions", test_versions},
    {"loading", test_loading},
    {"verification", test_verification},
    {"client-authentication", test_client_authentication},
    {"records", test_records},
    {"fragments", test_fragments},
    {"modes", test_modes},
    {"reading-and-writing", test_reading_and_writing},
    {"errors", test_errors},
    {"shutdown", test_shutdown},
    {"psk", test_psk},
    {"names", test_names},
    {"hello", test_hello},
    {"callbacks", test_callbacks},
    {"ciphers", test_ciphers},
    {"negotiation", test_negotiation},
    {"sessions", test_sessions},
    {"session-objects", test_session_objects},
    {"early-data", test_early_data},
    {"tls13", test_tls13},
    {"objects", test_objects},
    {"reentry", test_reentry},
    {"nested", test_nested},
    {"threads", test_threads},
};

/* Seconds after which a group is taken to wait for ever: many, for tools that slow a program down, on machines with other work. */
#define PATIENCE 300

int main(int argc, char **argv)
{
    size_t i;
    int wanted;

    if (argc >= 2 && strcmp(argv[1], "--quick") == 0) {
        quick = 1;
        argc--;
        argv++;
    }
    if (argc < 2) {
        fprintf(stderr, "usage: tests [--quick] DIRECTORY [GROUP]...\n");
        return 2;
    }
    certificates = argv[1];
    /* The settings of a distribution for OpenSSL are not part of what is tested. */
    setenv("OPENSSL_CONF", "/dev/null", 1);
    signal(SIGPIPE, SIG_IGN);
    if (SSL_library_init() != 1) {
        fprintf(stderr, "SSL_library_init failed\n");
        return 1;
    }
    SSL_load_error_strings();
    printf("%s\n", OpenSSL_version(OPENSSL_VERSION));
    for (i = 0; i < sizeof groups / sizeof *groups; i++) {
        int argument;

        wanted = argc == 2;
        for (argument = 2; argument < argc; argument++) {
            wanted |= strcmp(argv[argument], groups[i].name) == 0;
        }
        if (wanted) {
            /* A test that waits for ever ends the program. */
            alarm(PATIENCE);
            group_begin(groups[i].name);
            groups[i].run();
            group_end();
        }
    }
    checks_report();
    return checks_failed() == 0 ? 0 : 1;
}
