/*
 * Strings, integers and times of certificates. All are immutable: "dup" takes a reference.
 *
 * The fields of ASN1_STRING may be looked at, and must not be changed.
 */
#ifndef WARIFU_OPENSSL_ASN1_H
#define WARIFU_OPENSSL_ASN1_H

#include <time.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <openssl/types.h>
#include <openssl/asn1err.h>
#include <openssl/bio.h>
#include <openssl/safestack.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Types. */
#define V_ASN1_UNIVERSAL 0x00
#define V_ASN1_APPLICATION 0x40
#define V_ASN1_CONTEXT_SPECIFIC 0x80
#define V_ASN1_PRIVATE 0xc0
#define V_ASN1_CONSTRUCTED 0x20
#define V_ASN1_PRIMITIVE_TAG 0x1f
#define V_ASN1_APP_CHOOSE (-2)
#define V_ASN1_OTHER (-3)
#define V_ASN1_ANY (-4)
#define V_ASN1_UNDEF (-1)
#define V_ASN1_EOC 0
#define V_ASN1_BOOLEAN 1
#define V_ASN1_INTEGER 2
#define V_ASN1_BIT_STRING 3
#define V_ASN1_OCTET_STRING 4
#define V_ASN1_NULL 5
#define V_ASN1_OBJECT 6
#define V_ASN1_OBJECT_DESCRIPTOR 7
#define V_ASN1_EXTERNAL 8
#define V_ASN1_REAL 9
#define V_ASN1_ENUMERATED 10
#define V_ASN1_UTF8STRING 12
#define V_ASN1_SEQUENCE 16
#define V_ASN1_SET 17
#define V_ASN1_NUMERICSTRING 18
#define V_ASN1_PRINTABLESTRING 19
#define V_ASN1_T61STRING 20
#define V_ASN1_TELETEXSTRING 20
#define V_ASN1_VIDEOTEXSTRING 21
#define V_ASN1_IA5STRING 22
#define V_ASN1_UTCTIME 23
#define V_ASN1_GENERALIZEDTIME 24
#define V_ASN1_GRAPHICSTRING 25
#define V_ASN1_ISO64STRING 26
#define V_ASN1_VISIBLESTRING 26
#define V_ASN1_GENERALSTRING 27
#define V_ASN1_UNIVERSALSTRING 28
#define V_ASN1_BMPSTRING 30
#define V_ASN1_NEG 0x100
#define V_ASN1_NEG_INTEGER (2 | V_ASN1_NEG)
#define V_ASN1_NEG_ENUMERATED (10 | V_ASN1_NEG)
#define MBSTRING_FLAG 0x1000
#define MBSTRING_UTF8 (MBSTRING_FLAG)
#define MBSTRING_ASC (MBSTRING_FLAG | 1)
#define MBSTRING_BMP (MBSTRING_FLAG | 2)
#define MBSTRING_UNIV (MBSTRING_FLAG | 4)

/* Flags of ASN1_STRING_print_ex. */
#define ASN1_STRFLGS_ESC_2253 1
#define ASN1_STRFLGS_ESC_CTRL 2
#define ASN1_STRFLGS_ESC_MSB 4
#define ASN1_STRFLGS_ESC_QUOTE 8
#define ASN1_STRFLGS_UTF8_CONVERT 0x10
#define ASN1_STRFLGS_IGNORE_TYPE 0x20
#define ASN1_STRFLGS_SHOW_TYPE 0x40
#define ASN1_STRFLGS_DUMP_ALL 0x80
#define ASN1_STRFLGS_DUMP_UNKNOWN 0x100
#define ASN1_STRFLGS_DUMP_DER 0x200
#define ASN1_STRFLGS_ESC_2254 0x400
#define ASN1_STRFLGS_RFC2253 (ASN1_STRFLGS_ESC_2253 | ASN1_STRFLGS_ESC_CTRL | ASN1_STRFLGS_ESC_MSB | ASN1_STRFLGS_UTF8_CONVERT | ASN1_STRFLGS_DUMP_UNKNOWN | ASN1_STRFLGS_DUMP_DER)

typedef struct asn1_string_st ASN1_UTF8STRING;
typedef struct asn1_string_st ASN1_PRINTABLESTRING;
typedef struct asn1_string_st ASN1_T61STRING;
typedef struct asn1_string_st ASN1_BMPSTRING;
typedef struct asn1_string_st ASN1_UNIVERSALSTRING;
typedef struct asn1_string_st ASN1_VISIBLESTRING;
typedef struct asn1_string_st ASN1_UTCTIME;
typedef struct asn1_string_st ASN1_GENERALIZEDTIME;
typedef struct asn1_string_st ASN1_ENUMERATED;
typedef int ASN1_BOOLEAN;

struct asn1_string_st {
    int length;
    int type;
    unsigned char *data;
    long flags;
};

/* A value whose type is told with it. */
typedef struct asn1_type_st {
    int type;
    union {
        char *ptr;
        ASN1_STRING *asn1_string;
        ASN1_OCTET_STRING *octet_string;
        ASN1_IA5STRING *ia5string;
        ASN1_UTF8STRING *utf8string;
        ASN1_STRING *sequence;
    } value;
} ASN1_TYPE;

/* Gives a reference to a string, integer or time back. */
void ASN1_STRING_free(ASN1_STRING *a);
void ASN1_INTEGER_free(ASN1_INTEGER *a);
void ASN1_TIME_free(ASN1_TIME *a);
void ASN1_OCTET_STRING_free(ASN1_OCTET_STRING *a);
void ASN1_BIT_STRING_free(ASN1_BIT_STRING *a);
void ASN1_UTCTIME_free(ASN1_UTCTIME *a);
void ASN1_GENERALIZEDTIME_free(ASN1_GENERALIZEDTIME *a);
void ASN1_IA5STRING_free(ASN1_IA5STRING *a);

/* The content; a NUL follows it. Lives as long as the string. */
const unsigned char *ASN1_STRING_get0_data(const ASN1_STRING *x);

/* As ASN1_STRING_get0_data; the bytes must not be changed. */
unsigned char *ASN1_STRING_data(ASN1_STRING *x);

/* Length of the content in bytes. */
int ASN1_STRING_length(const ASN1_STRING *x);

/* V_ASN1_... */
int ASN1_STRING_type(const ASN1_STRING *x);

/* Compares content, then type: 0 if both are the same. */
int ASN1_STRING_cmp(const ASN1_STRING *a, const ASN1_STRING *b);

/* One more reference to a string, which never changes. */
ASN1_STRING *ASN1_STRING_dup(const ASN1_STRING *a);
ASN1_INTEGER *ASN1_INTEGER_dup(const ASN1_INTEGER *a);

/*
 * Converts to UTF-8, in memory that the caller frees by OPENSSL_free. Returns its length; -1 on failure, also for a NUL
 * inside. The text ends with a NUL.
 */
int ASN1_STRING_to_UTF8(unsigned char **out, const ASN1_STRING *in);

/* Prints a string under ASN1_STRFLGS_.... Returns how many bytes; -1 on failure. */
int ASN1_STRING_print_ex(BIO *out, const ASN1_STRING *str, unsigned long flags);
int ASN1_STRING_print_ex_fp(FILE *fp, const ASN1_STRING *str, unsigned long flags);

/* Prints a string with dots for what cannot be printed. Returns 1, or 0 on failure. */
int ASN1_STRING_print(BIO *bp, const ASN1_STRING *v);

/* The value of an integer; -1 if it does not fit, and for what is none. NULL is 0. */
long ASN1_INTEGER_get(const ASN1_INTEGER *a);

/* Stores the value of an integer. Returns 1, or 0 if it does not fit. */
int ASN1_INTEGER_get_int64(int64_t *pr, const ASN1_INTEGER *a);

/* Compares two integers. */
int ASN1_INTEGER_cmp(const ASN1_INTEGER *x, const ASN1_INTEGER *y);

/* Prints an integer in hexadecimal digits. Returns how many bytes; -1 on failure. */
int i2a_ASN1_INTEGER(BIO *bp, const ASN1_INTEGER *a);

/* The tag's name; (unknown) for others. */
const char *ASN1_tag2str(int tag);

/* Prints a time as Nov  6 01:06:12 2026 GMT. Returns 1, or 0 on failure. */
int ASN1_TIME_print(BIO *bp, const ASN1_TIME *tm);
int ASN1_UTCTIME_print(BIO *fp, const ASN1_UTCTIME *a);
int ASN1_GENERALIZEDTIME_print(BIO *fp, const ASN1_GENERALIZEDTIME *a);

/* Stores a time as a calendar in UTC; now, for NULL. Returns 1, or 0 on failure. */
int ASN1_TIME_to_tm(const ASN1_TIME *s, struct tm *tm);

/* Stores the days and seconds between two times, both of one sign; NULL is now. Returns 1, or 0 on failure. */
int ASN1_TIME_diff(int *pday, int *psec, const ASN1_TIME *from, const ASN1_TIME *to);

/* Compares two times: -1, 0, 1; -2 on failure. */
int ASN1_TIME_compare(const ASN1_TIME *a, const ASN1_TIME *b);

/* Compares a time with seconds since 1970: -1, 0, 1; -2 on failure. */
int ASN1_TIME_cmp_time_t(const ASN1_TIME *s, time_t t);

/* Whether a time can be read: 1 or 0. */
int ASN1_TIME_check(const ASN1_TIME *t);

/* A time of seconds since 1970; NULL if it is not between the years 0 and 9999. A time that is given is freed. */
ASN1_TIME *ASN1_TIME_set(ASN1_TIME *s, time_t t);

/* Gives a reference back. Those that OBJ_nid2obj returned are not to be freed; doing it does no harm. */
void ASN1_OBJECT_free(ASN1_OBJECT *a);

/* Bit index of a bit string: 1 or 0. */
int ASN1_BIT_STRING_get_bit(const ASN1_BIT_STRING *a, int n);

#ifdef __cplusplus
}
#endif

#endif
