/* The groups of tests. */
#ifndef TESTS_H
#define TESTS_H

#include "pair.h"

void test_methods(void);
void test_versions(void);
void test_loading(void);
void test_verification(void);
void test_client_authentication(void);
void test_records(void);
void test_fragments(void);
void test_modes(void);
void test_reading_and_writing(void);
void test_errors(void);
void test_shutdown(void);
void test_psk(void);
void test_names(void);
void test_hello(void);
void test_callbacks(void);
void test_ciphers(void);
void test_negotiation(void);
void test_sessions(void);
void test_session_objects(void);
void test_early_data(void);
void test_tls13(void);
void test_objects(void);
void test_reentry(void);
void test_nested(void);
void test_threads(void);

#endif
