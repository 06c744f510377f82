/*
 * Pre-shared keys from a file. Each line is IDENTITY:KEY with the key in hexadecimal, at least 128 bits; empty lines and those that
 * begin with # mean nothing. `warifu psk gen` makes such files. They stay off the command line, which other users of a machine can see.
 */
#ifndef PSK_FILE_H
#define PSK_FILE_H

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "example.h"

#define PSK_IDENTITY_SIZE 129
#define PSK_KEY_LENGTH_LEAST 16
#define PSK_KEY_LENGTH_MOST 64
#define PSK_COUNT_MOST 64

struct psk {
    char identity[PSK_IDENTITY_SIZE];
    unsigned char key[PSK_KEY_LENGTH_MOST];
    unsigned int length;
};

struct psk_file {
    struct psk keys[PSK_COUNT_MOST];
    int count;
};

static inline int hex_digit(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *found;

    if (digit >= 'A' && digit <= 'F') {
        digit = (char)(digit - 'A' + 'a');
    }
    found = digit == '\0' ? NULL : strchr(digits, digit);
    return found == NULL ? -1 : (int)(found - digits);
}

/* Reads IDENTITY:KEY. Returns NULL, or what is wrong with it. */
static inline const char *psk_read_line(char *line, struct psk *psk)
{
    char *colon = strrchr(line, ':');
    size_t length;
    size_t i;

    if (colon == NULL || colon == line) {
        return "not IDENTITY:KEY";
    }
    if (colon - line >= PSK_IDENTITY_SIZE) {
        return "the identity is too long";
    }
    memcpy(psk->identity, line, (size_t)(colon - line));
    psk->identity[colon - line] = '\0';
    length = strlen(colon + 1);
    if (length % 2 != 0 || length / 2 < PSK_KEY_LENGTH_LEAST || length / 2 > PSK_KEY_LENGTH_MOST) {
        return "the key must have 16 to 64 bytes, each of two hexadecimal digits";
    }
    for (i = 0; i < length / 2; i++) {
        int high = hex_digit(colon[1 + 2 * i]);
        int low = hex_digit(colon[2 + 2 * i]);

        if (high < 0 || low < 0) {
            return "the key is not hexadecimal";
        }
        psk->key[i] = (unsigned char)(high << 4 | low);
    }
    psk->length = (unsigned int)(length / 2);
    return NULL;
}

/* Overwrites all keys. */
static inline void psk_file_wipe(struct psk_file *file)
{
    OPENSSL_cleanse(file, sizeof *file);
}

/* Reads a file. Returns 0; -1 after it has said what is wrong. No message holds a key. */
static inline int psk_file_read(struct psk_file *file, const char *program, const char *name)
{
    char line[PSK_IDENTITY_SIZE + 2 * PSK_KEY_LENGTH_MOST + 4];
    const char *problem = NULL;
    FILE *input = fopen(name, "r");
    int number = 0;

    file->count = 0;
    if (input == NULL) {
        system_failure(program, name);
        return -1;
    }
    /* No copy of the keys in a buffer of the C library, which nobody wipes. */
    setvbuf(input, NULL, _IONBF, 0);
    while (problem == NULL && fgets(line, sizeof line, input) != NULL) {
        size_t length = strcspn(line, "\r\n");

        number++;
        if (line[length] == '\0' && !feof(input)) {
            problem = "the line is too long";
            break;
        }
        line[length] = '\0';
        if (length == 0 || line[0] == '#') {
            continue;
        }
        if (file->count == PSK_COUNT_MOST) {
            problem = "too many keys";
            break;
        }
        problem = psk_read_line(line, &file->keys[file->count]);
        file->count++;
    }
    OPENSSL_cleanse(line, sizeof line);
    fclose(input);
    if (problem == NULL && file->count == 0) {
        fprintf(stderr, "%s: %s: no keys\n", program, name);
        return -1;
    }
    if (problem != NULL) {
        fprintf(stderr, "%s: %s, line %d: %s\n", program, name, number, problem);
        psk_file_wipe(file);
        return -1;
    }
    return 0;
}

/* The key of an identity, or NULL. */
static inline const struct psk *psk_file_find(const struct psk_file *file, const char *identity)
{
    int i;

    for (i = 0; i < file->count; i++) {
        if (strcmp(file->keys[i].identity, identity) == 0) {
            return &file->keys[i];
        }
    }
    return NULL;
}

#endif
