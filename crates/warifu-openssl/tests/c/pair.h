/* A client and a server, connected with each other, in one program. */
#ifndef PAIR_H
#define PAIR_H

#include "check.h"
#include "compat.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

enum role { CLIENT, SERVER };

enum transport { BLOCKING, NON_BLOCKING, MEMORY, TRANSPORTS };

/*
 * Whether what is tested with each transport and each version is tested with one transport and the versions since TLS 1.2 alone, and
 * methods with those of the same version: for tools that slow a program down.
 */
extern int quick;

#define FIRST_TRANSPORT (quick ? NON_BLOCKING : BLOCKING)
#define PAST_TRANSPORT (quick ? MEMORY : TRANSPORTS)
#define FIRST_VERSION (quick ? 2 : 0)

/* Bytes of a sentence that are looked at. */
#define SENTENCE 512

struct end {
    SSL *ssl;
    int fd; /* of the two kinds of sockets */

    /* Of the handshake: what the function returned, SSL_get_error, and the first reason in the error queue (0: none). */
    int result;
    int error;
    int reason;
    char sentence[SENTENCE]; /* what goes with that reason, if the library says anything */
};

struct pair {
    enum transport transport;
    struct end ends[2]; /* by role */
};

extern const int versions[4];
const char *version_name(int version);
extern const char *const transport_names[TRANSPORTS];

/* The path of a file in the directory of certificates; good until the eighth next call. */
const char *path(const char *file);

/* The content of such a file. To be freed; its length goes to `size`. */
unsigned char *content(const char *file, long *size);

/*
 * Contexts. That of a client trusts ca.crt and verifies; that of a server has server.crt. All versions and the suites of all of them are
 * allowed. Never NULL: the program ends.
 */
SSL_CTX *client_context(void);
SSL_CTX *server_context(void);

/* A context that may use any version, with nothing else. */
SSL_CTX *bare_context(const SSL_METHOD *method);

/* Allows one version. */
void only_version(SSL_CTX *ctx, int version);

/* Connects new SSL objects of two contexts by a transport. No handshake is done. */
void pair_open(struct pair *pair, enum transport transport, SSL_CTX *client, SSL_CTX *server);

/* Does the handshake as far as it goes. Returns whether both ends finished it. */
int pair_handshake(struct pair *pair);

/* pair_open and pair_handshake, with a check that it was successful. */
int pair_connect(struct pair *pair, enum transport transport, SSL_CTX *client, SSL_CTX *server);

/*
 * Does a handshake that fails as the ends have no version in common: one end refuses, and the other has its alert. The client is the one
 * to refuse if it says no more than its highest version, and the server answers with a lower one.
 */
void pair_version_refused(struct pair *pair);

/* Frees both ends and what is under them. */
void pair_close(struct pair *pair);

/* Carries what is under way in memory to its end; nothing to do for the other transports. Returns the number of bytes. */
int pair_carry(struct pair *pair);

/* SSL_write and SSL_read by an end, after what is under way has been carried. They want nothing: what they return is the result. */
int pair_write(struct pair *pair, enum role role, const void *data, int size);
int pair_read(struct pair *pair, enum role role, void *data, int size);

/*
 * Reads until there is nothing left now. Returns the number of bytes; the sizes of the single reads go to `sizes` (at most 64), their
 * number to `reads`.
 */
int pair_drain(struct pair *pair, enum role role, void *data, int size, int *sizes, int *reads);

/* Lets an end take in what is under way that is no message (tickets and such). */
void pair_settle(struct pair *pair);

/* Writes by one end and checks that the other reads the same. */
void pair_exchange(struct pair *pair, enum role from, const char *message);

/* The records that an end has sent and nobody has taken: their number; lengths of the first 64. */
int pair_records(struct pair *pair, enum role from, int *lengths);

/* Finds what an end has to say about a failure: SSL_get_error, and the first reason; the error queue is empty then. */
int failure_of(struct pair *pair, enum role role, int result, int *reason);

/* The reason of the first error in the queue, which is empty then; 0 if there is none. */
int take_reason(void);

/* The same with the sentence that goes with it, as far as it has room there; NULL: nowhere. */
int take_failure(char *sentence);

/* Makes reads of a socket return at once. */
void set_non_blocking(int fd);

#define pair_client(pair) ((pair)->ends[CLIENT].ssl)
#define pair_server(pair) ((pair)->ends[SERVER].ssl)

#endif
