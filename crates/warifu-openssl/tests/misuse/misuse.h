/* Objects in all states, for the generated calls. Each is made anew for each call, and left to the end of the process. */
#ifndef MISUSE_H
#define MISUSE_H

struct call {
    void (*run)(void);
    const char *text;
};

extern const struct call calls[];

void *fresh_ssl(void);
void *client_without_transport(void);
void *failed_ssl(void);
void *connected_ssl(void);
void *closed_ssl(void);
void *orphaned_ssl(void);
void *client_context(void);
void *server_context(void);
void *memory_bio(void);
void *null_bio(void);
void *socket_bio(void);
void *empty_pair(void);
void *certificate(void);
void *key(void);
void *store(void);

#endif
