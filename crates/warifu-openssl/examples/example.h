/* What the four programs share: sockets, lines of text, and the telling of errors. The use of TLS stands in the programs themselves. */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

/* warifu has this name; for OpenSSL it is the number itself. */
#ifndef SSL_SUCCESS
#define SSL_SUCCESS 1
#endif

#define DEFAULT_ADDRESS "127.0.0.1"
#define DEFAULT_PORT "11111"
#define REPLY "message received"

/* A record holds this much, and so does a message. */
#define MESSAGE_SIZE 16384

/* Says that a call of the system failed, and why. */
static inline void system_failure(const char *program, const char *what)
{
    fprintf(stderr, "%s: %s: %s\n", program, what, strerror(errno));
}

/* Says that a call of the TLS library failed, with all that is in the error queue. */
static inline void library_failure(const char *program, const char *what)
{
    fprintf(stderr, "%s: %s failed\n", program, what);
    ERR_print_errors_fp(stderr);
}

static inline const char *name_of_error(int error)
{
    switch (error) {
    case SSL_ERROR_NONE:
        return "no error";
    case SSL_ERROR_SSL:
        return "TLS failure";
    case SSL_ERROR_WANT_READ:
        return "more to be read first";
    case SSL_ERROR_WANT_WRITE:
        return "more to be written first";
    case SSL_ERROR_SYSCALL:
        return "failure of the socket";
    case SSL_ERROR_ZERO_RETURN:
        return "the peer closed the TLS connection";
    default:
        return "other";
    }
}

/*
 * Says that an operation on a connection failed, with the detailed TLS error. `result` is what the operation returned. To be called
 * at once, as errno and the error queue are of the latest operation.
 */
static inline void connection_failure(const char *program, const char *what, SSL *ssl, int result)
{
    int system_error = errno;
    int error = SSL_get_error(ssl, result);
    unsigned long code;
    const char *details;
    int flags;
    char words[256];

    fprintf(stderr, "%s: %s failed: error %d, %s\n", program, what, error, name_of_error(error));
    if (error == SSL_ERROR_SYSCALL && ERR_peek_error() == 0) {
        fprintf(stderr, "  %s\n", system_error != 0 ? strerror(system_error) : "unexpected end of the connection");
    }
    /* A code, its words, and what the library has to say of this case, if anything: which name, which certificate, which value. */
    while ((code = ERR_get_error_all(NULL, NULL, NULL, &details, &flags)) != 0) {
        ERR_error_string_n(code, words, sizeof words);
        if ((flags & ERR_TXT_STRING) != 0 && details != NULL && *details != '\0') {
            fprintf(stderr, "  %s\n  %s\n", words, details);
        } else {
            fprintf(stderr, "  %s\n", words);
        }
    }
}

/* The number of a port in text; -1 for anything else. */
static inline int port_number(const char *text)
{
    char *end;
    long port = strtol(text, &end, 10);

    return end != text && *end == '\0' && port >= 0 && port <= 65535 ? (int)port : -1;
}

/* Connects to an IP address (version 4 or 6) by TCP. Returns the socket; -1 after it has said what failed. */
static inline int tcp_connect(const char *program, const char *address, const char *port)
{
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    const struct sockaddr *peer;
    socklen_t length;
    int number = port_number(port);
    int fd;

    memset(&four, 0, sizeof four);
    memset(&six, 0, sizeof six);
    if (number < 1) {
        fprintf(stderr, "%s: %s is not the number of a port\n", program, port);
        return -1;
    }
    if (inet_pton(AF_INET, address, &four.sin_addr) == 1) {
        four.sin_family = AF_INET;
        four.sin_port = htons((unsigned short)number);
        peer = (const struct sockaddr *)&four;
        length = sizeof four;
    } else if (inet_pton(AF_INET6, address, &six.sin6_addr) == 1) {
        six.sin6_family = AF_INET6;
        six.sin6_port = htons((unsigned short)number);
        peer = (const struct sockaddr *)&six;
        length = sizeof six;
    } else {
        fprintf(stderr, "%s: %s is not an IP address\n", program, address);
        return -1;
    }
    fd = socket(peer->sa_family, SOCK_STREAM, 0);
    if (fd < 0) {
        system_failure(program, "socket");
        return -1;
    }
    if (connect(fd, peer, length) != 0) {
        system_failure(program, "connect");
        close(fd);
        return -1;
    }
    return fd;
}

/*
 * Listens on a port of all addresses of this machine, and says on standard error which; 0 takes any that is free. Returns the socket;
 * -1 after it has said what failed.
 */
static inline int tcp_listen(const char *program, const char *port)
{
    struct sockaddr_in own;
    socklen_t length = sizeof own;
    int number = port_number(port);
    int reuse = 1;
    int fd;

    memset(&own, 0, sizeof own);
    if (number < 0) {
        fprintf(stderr, "%s: %s is not the number of a port\n", program, port);
        return -1;
    }
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(INADDR_ANY);
    own.sin_port = htons((unsigned short)number);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) {
        system_failure(program, "socket");
        return -1;
    }
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse) != 0
        || bind(fd, (struct sockaddr *)&own, sizeof own) != 0 || listen(fd, 16) != 0
        || getsockname(fd, (struct sockaddr *)&own, &length) != 0) {
        system_failure(program, "listening");
        close(fd);
        return -1;
    }
    fprintf(stderr, "%s: listening on port %d\n", program, ntohs(own.sin_port));
    return fd;
}

/*
 * Reads a line from standard input, without its end; a longer one than fits in parts. Returns its length, -1 at the end of the input
 * (a last line may lack its end).
 */
static inline int read_line(char *line, int size)
{
    int length;

    if (fgets(line, size, stdin) == NULL) {
        return -1;
    }
    length = (int)strlen(line);
    if (length > 0 && line[length - 1] == '\n') {
        line[--length] = '\0';
    }
    return length;
}

/* The argument at an index, or what is taken without it. */
static inline const char *argument(int argc, char **argv, int index, const char *without)
{
    return index < argc ? argv[index] : without;
}

/* Is help asked for, or are there too many arguments? */
static inline int needs_help(int argc, char **argv, int most)
{
    return argc - 1 > most || (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0));
}

#endif
