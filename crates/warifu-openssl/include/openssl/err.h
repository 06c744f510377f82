/* Errors: each thread has a queue of those that happened, the oldest first, 15 at most.
 *
 * Codes have a library and a reason; errors of this library also have a sentence of their own as data, with the flags
 * ERR_TXT_MALLOCED | ERR_TXT_STRING. A code of the system has an errno as its reason. */
#ifndef WARIFU_OPENSSL_ERR_H
#define WARIFU_OPENSSL_ERR_H

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/e_os2.h>
#include <openssl/sslerr.h>
#include <openssl/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ERR_TXT_MALLOCED 0x01
#define ERR_TXT_STRING 0x02

#define ERR_LIB_NONE 1
#define ERR_LIB_SYS 2
#define ERR_LIB_BN 3
#define ERR_LIB_RSA 4
#define ERR_LIB_DH 5
#define ERR_LIB_EVP 6
#define ERR_LIB_BUF 7
#define ERR_LIB_OBJ 8
#define ERR_LIB_PEM 9
#define ERR_LIB_DSA 10
#define ERR_LIB_X509 11
#define ERR_LIB_ASN1 13
#define ERR_LIB_CONF 14
#define ERR_LIB_CRYPTO 15
#define ERR_LIB_EC 16
#define ERR_LIB_SSL 20
#define ERR_LIB_BIO 32
#define ERR_LIB_PKCS7 33
#define ERR_LIB_X509V3 34
#define ERR_LIB_PKCS12 35
#define ERR_LIB_RAND 36
#define ERR_LIB_DSO 37
#define ERR_LIB_ENGINE 38
#define ERR_LIB_OCSP 39
#define ERR_LIB_UI 40
#define ERR_LIB_COMP 41
#define ERR_LIB_ECDSA 42
#define ERR_LIB_ECDH 43
#define ERR_LIB_OSSL_STORE 44
#define ERR_LIB_FIPS 45
#define ERR_LIB_CMS 46
#define ERR_LIB_TS 47
#define ERR_LIB_HMAC 48
#define ERR_LIB_CT 50
#define ERR_LIB_ASYNC 51
#define ERR_LIB_KDF 52
#define ERR_LIB_SM2 53
#define ERR_LIB_ESS 54
#define ERR_LIB_PROP 55
#define ERR_LIB_CRMF 56
#define ERR_LIB_PROV 57
#define ERR_LIB_CMP 58
#define ERR_LIB_OSSL_ENCODER 59
#define ERR_LIB_OSSL_DECODER 60
#define ERR_LIB_HTTP 61
#define ERR_LIB_USER 128

/* --- Codes --------------------------------------------------------------------------------------------------------- */

#define ERR_SYSTEM_FLAG ((unsigned int)INT_MAX + 1)
#define ERR_SYSTEM_MASK ((unsigned int)INT_MAX)
#define ERR_LIB_OFFSET 23L
#define ERR_LIB_MASK 0xFF
#define ERR_RFLAGS_OFFSET 18L
#define ERR_RFLAGS_MASK 0x1F
#define ERR_REASON_MASK 0X7FFFFF
#define ERR_RFLAG_FATAL (0x1 << ERR_RFLAGS_OFFSET)
#define ERR_RFLAG_COMMON (0x2 << ERR_RFLAGS_OFFSET)

/* The code of a library and a reason. The function is not part of it. */
#define ERR_PACK(lib, func, reason) \
  ((((unsigned long)(lib) & ERR_LIB_MASK) << ERR_LIB_OFFSET) | ((unsigned long)(reason) & ERR_REASON_MASK))
#define ERR_SYSTEM_ERROR(code) (((code) & ERR_SYSTEM_FLAG) != 0)

/* The library, the reason and the flags in a code. */
static ossl_unused ossl_inline int ERR_GET_LIB(unsigned long code) {
  return ERR_SYSTEM_ERROR(code) ? ERR_LIB_SYS : (int)((code >> ERR_LIB_OFFSET) & ERR_LIB_MASK);
}
static ossl_unused ossl_inline int ERR_GET_REASON(unsigned long code) {
  return ERR_SYSTEM_ERROR(code) ? (int)(code & ERR_SYSTEM_MASK) : (int)(code & ERR_REASON_MASK);
}
static ossl_unused ossl_inline int ERR_GET_RFLAGS(unsigned long code) {
  return ERR_SYSTEM_ERROR(code) ? 0 : (int)(code & (ERR_RFLAGS_MASK << ERR_RFLAGS_OFFSET));
}
static ossl_unused ossl_inline int ERR_FATAL_ERROR(unsigned long code) {
  return (ERR_GET_RFLAGS(code) & ERR_RFLAG_FATAL) != 0;
}
static ossl_unused ossl_inline int ERR_COMMON_ERROR(unsigned long code) {
  return (ERR_GET_RFLAGS(code) & ERR_RFLAG_COMMON) != 0;
}

/* Reasons that every library has. */
#define ERR_R_FATAL (ERR_RFLAG_FATAL | ERR_RFLAG_COMMON)
#define ERR_R_SYS_LIB (ERR_LIB_SYS | ERR_RFLAG_COMMON)
#define ERR_R_BN_LIB (ERR_LIB_BN | ERR_RFLAG_COMMON)
#define ERR_R_RSA_LIB (ERR_LIB_RSA | ERR_RFLAG_COMMON)
#define ERR_R_DH_LIB (ERR_LIB_DH | ERR_RFLAG_COMMON)
#define ERR_R_EVP_LIB (ERR_LIB_EVP | ERR_RFLAG_COMMON)
#define ERR_R_BUF_LIB (ERR_LIB_BUF | ERR_RFLAG_COMMON)
#define ERR_R_OBJ_LIB (ERR_LIB_OBJ | ERR_RFLAG_COMMON)
#define ERR_R_PEM_LIB (ERR_LIB_PEM | ERR_RFLAG_COMMON)
#define ERR_R_DSA_LIB (ERR_LIB_DSA | ERR_RFLAG_COMMON)
#define ERR_R_X509_LIB (ERR_LIB_X509 | ERR_RFLAG_COMMON)
#define ERR_R_ASN1_LIB (ERR_LIB_ASN1 | ERR_RFLAG_COMMON)
#define ERR_R_CONF_LIB (ERR_LIB_CONF | ERR_RFLAG_COMMON)
#define ERR_R_CRYPTO_LIB (ERR_LIB_CRYPTO | ERR_RFLAG_COMMON)
#define ERR_R_EC_LIB (ERR_LIB_EC | ERR_RFLAG_COMMON)
#define ERR_R_SSL_LIB (ERR_LIB_SSL | ERR_RFLAG_COMMON)
#define ERR_R_BIO_LIB (ERR_LIB_BIO | ERR_RFLAG_COMMON)
#define ERR_R_PKCS7_LIB (ERR_LIB_PKCS7 | ERR_RFLAG_COMMON)
#define ERR_R_X509V3_LIB (ERR_LIB_X509V3 | ERR_RFLAG_COMMON)
#define ERR_R_PKCS12_LIB (ERR_LIB_PKCS12 | ERR_RFLAG_COMMON)
#define ERR_R_RAND_LIB (ERR_LIB_RAND | ERR_RFLAG_COMMON)
#define ERR_R_DSO_LIB (ERR_LIB_DSO | ERR_RFLAG_COMMON)
#define ERR_R_ENGINE_LIB (ERR_LIB_ENGINE | ERR_RFLAG_COMMON)
#define ERR_R_UI_LIB (ERR_LIB_UI | ERR_RFLAG_COMMON)
#define ERR_R_ECDSA_LIB (ERR_LIB_ECDSA | ERR_RFLAG_COMMON)
#define ERR_R_OSSL_STORE_LIB (ERR_LIB_OSSL_STORE | ERR_RFLAG_COMMON)
#define ERR_R_CMS_LIB (ERR_LIB_CMS | ERR_RFLAG_COMMON)
#define ERR_R_TS_LIB (ERR_LIB_TS | ERR_RFLAG_COMMON)
#define ERR_R_CT_LIB (ERR_LIB_CT | ERR_RFLAG_COMMON)
#define ERR_R_PROV_LIB (ERR_LIB_PROV | ERR_RFLAG_COMMON)
#define ERR_R_ESS_LIB (ERR_LIB_ESS | ERR_RFLAG_COMMON)
#define ERR_R_CMP_LIB (ERR_LIB_CMP | ERR_RFLAG_COMMON)
#define ERR_R_OSSL_ENCODER_LIB (ERR_LIB_OSSL_ENCODER | ERR_RFLAG_COMMON)
#define ERR_R_OSSL_DECODER_LIB (ERR_LIB_OSSL_DECODER | ERR_RFLAG_COMMON)
#define ERR_R_MALLOC_FAILURE (256 | ERR_R_FATAL)
#define ERR_R_SHOULD_NOT_HAVE_BEEN_CALLED (257 | ERR_R_FATAL)
#define ERR_R_PASSED_NULL_PARAMETER (258 | ERR_R_FATAL)
#define ERR_R_INTERNAL_ERROR (259 | ERR_R_FATAL)
#define ERR_R_DISABLED (260 | ERR_R_FATAL)
#define ERR_R_INIT_FAIL (261 | ERR_R_FATAL)
#define ERR_R_PASSED_INVALID_ARGUMENT (262 | ERR_RFLAG_COMMON)
#define ERR_R_OPERATION_FAIL (263 | ERR_R_FATAL)
#define ERR_R_INVALID_PROVIDER_FUNCTIONS (264 | ERR_R_FATAL)
#define ERR_R_INTERRUPTED_OR_CANCELLED (265 | ERR_RFLAG_COMMON)
#define ERR_R_NESTED_ASN1_ERROR (266 | ERR_RFLAG_COMMON)
#define ERR_R_MISSING_ASN1_EOS (267 | ERR_RFLAG_COMMON)
#define ERR_R_UNSUPPORTED (268 | ERR_RFLAG_COMMON)
#define ERR_R_FETCH_FAILED (269 | ERR_RFLAG_COMMON)
#define ERR_R_INVALID_PROPERTY_DEFINITION (270 | ERR_RFLAG_COMMON)
#define ERR_R_UNABLE_TO_GET_READ_LOCK (271 | ERR_R_FATAL)
#define ERR_R_UNABLE_TO_GET_WRITE_LOCK (272 | ERR_R_FATAL)

/* --- Looking at errors --------------------------------------------------------------------------------------------- */

/* ERR_get_error… takes the oldest error off the queue, ERR_peek_error… shows the oldest, ERR_peek_last_error… the newest. They
 * return its code, or 0 if there is none.
 *
 * Where it was raised, its data and the data's flags are stored; each pointer may be NULL. Strings are never NULL, and stay until
 * the thread takes four more errors (after ERR_get_error…), or the error is taken off (after ERR_peek…). */
unsigned long ERR_get_error(void);
unsigned long ERR_get_error_line(const char **file, int *line);
unsigned long ERR_get_error_line_data(const char **file, int *line, const char **data, int *flags);
unsigned long ERR_get_error_all(const char **file, int *line, const char **function, const char **data, int *flags);
unsigned long ERR_peek_error(void);
unsigned long ERR_peek_error_line(const char **file, int *line);
unsigned long ERR_peek_error_func(const char **function);
unsigned long ERR_peek_error_data(const char **data, int *flags);
unsigned long ERR_peek_error_line_data(const char **file, int *line, const char **data, int *flags);
unsigned long ERR_peek_error_all(const char **file, int *line, const char **function, const char **data, int *flags);
unsigned long ERR_peek_last_error(void);
unsigned long ERR_peek_last_error_line(const char **file, int *line);
unsigned long ERR_peek_last_error_func(const char **function);
unsigned long ERR_peek_last_error_data(const char **data, int *flags);
unsigned long ERR_peek_last_error_line_data(const char **file, int *line, const char **data, int *flags);
unsigned long ERR_peek_last_error_all(const char **file, int *line, const char **function, const char **data,
                                      int *flags);

/* Empties the thread's queue. */
void ERR_clear_error(void);

/* Mark the newest error; take off all that are newer than the last mark; take the mark off only. Return 1, or 0 if there is no error
 * or no mark. */
int ERR_set_mark(void);
int ERR_pop_to_mark(void);
int ERR_clear_last_mark(void);

/* --- Words --------------------------------------------------------------------------------------------------------- */

/* Writes `error:0A000086:SSL routines::certificate verify failed` to a buffer of 256 bytes, and returns it. For NULL, to one of the
 * thread's that the next call overwrites. */
char *ERR_error_string(unsigned long code, char *buffer);
/* The same for a buffer of `size` bytes: a shorter form if it does not fit. */
void ERR_error_string_n(unsigned long code, char *buffer, size_t size);
/* Return words that stay, or NULL if there are none; there never are any for functions. */
const char *ERR_lib_error_string(unsigned long code);
const char *ERR_func_error_string(unsigned long code);
const char *ERR_reason_error_string(unsigned long code);

/* Take all errors off the queue, and print each as a line: `thread:error:code:library:function:reason:file:line:data`. A callback that
 * returns 0 or less ends it. */
void ERR_print_errors_fp(FILE *file);
void ERR_print_errors(BIO *bio);
void ERR_print_errors_cb(int (*print)(const char *line, size_t len, void *argument), void *argument);

/* --- Raising errors ------------------------------------------------------------------------------------------------ */

#define ERR_MAX_DATA_SIZE 1024

/* ERR_raise(library, reason) raises an error, ERR_raise_data(library, reason, format, ...) one with a sentence as printf makes it. */
#define ERR_raise(lib, reason) ERR_raise_data((lib), (reason), NULL)
#define ERR_raise_data (ERR_new(), ERR_set_debug(OPENSSL_FILE, OPENSSL_LINE, OPENSSL_FUNC), ERR_set_error)
#define ERR_put_error(lib, func, reason, file, line) \
  (ERR_new(), ERR_set_debug((file), (line), OPENSSL_FUNC), ERR_set_error((lib), (reason), NULL))
#define ERR_PUT_error(lib, func, reason, file, line) ERR_put_error(lib, func, reason, file, line)
#define SSLerr(func, reason) ERR_raise(ERR_LIB_SSL, (reason))
#define BIOerr(func, reason) ERR_raise(ERR_LIB_BIO, (reason))
#define EVPerr(func, reason) ERR_raise(ERR_LIB_EVP, (reason))
#define PEMerr(func, reason) ERR_raise(ERR_LIB_PEM, (reason))
#define X509err(func, reason) ERR_raise(ERR_LIB_X509, (reason))
#define X509V3err(func, reason) ERR_raise(ERR_LIB_X509V3, (reason))
#define RSAerr(func, reason) ERR_raise(ERR_LIB_RSA, (reason))
#define CRYPTOerr(func, reason) ERR_raise(ERR_LIB_CRYPTO, (reason))
#define SYSerr(func, reason) ERR_raise(ERR_LIB_SYS, (reason))

/* Begin an error; say where it was raised; say what it is. Strings are copied; the format may be NULL. */
void ERR_new(void);
void ERR_set_debug(const char *file, int line, const char *function);
void ERR_vset_error(int lib, int reason, const char *format, va_list arguments);
static ossl_unused ossl_inline void ERR_set_error(int lib, int reason, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  ERR_vset_error(lib, reason, format, arguments);
  va_end(arguments);
}

/* Gives the newest error a sentence. With ERR_TXT_MALLOCED in the flags it is freed with OPENSSL_free, else copied. */
void ERR_set_error_data(char *data, int flags);
/* Puts text behind the newest error's sentence, after the separator if there is one already. Both may be NULL. */
void ERR_add_error_txt(const char *separator, const char *text);
/* Put `count` strings behind the newest error's sentence. */
static ossl_unused ossl_inline void ERR_add_error_vdata(int count, va_list arguments) {
  while (count-- > 0) ERR_add_error_txt(NULL, va_arg(arguments, const char *));
}
static ossl_unused ossl_inline void ERR_add_error_data(int count, ...) {
  va_list arguments;
  va_start(arguments, count);
  ERR_add_error_vdata(count, arguments);
  va_end(arguments);
}

/* Words for codes of a program's own library. */
typedef struct ERR_string_data_st {
  unsigned long error;
  const char *string;
} ERR_STRING_DATA;

/* Take the words of an array in, whose last row is {0, NULL}. They are not copied, and must stay until they are unloaded. Return 1. */
int ERR_load_strings(int lib, ERR_STRING_DATA *rows);
int ERR_load_strings_const(const ERR_STRING_DATA *rows);
int ERR_unload_strings(int lib, ERR_STRING_DATA *rows);
/* Returns a number for a library of the program's, from ERR_LIB_USER on. */
int ERR_get_next_error_library(void);

/* Not needed: do nothing. Those with a result return 1. */
int ERR_load_crypto_strings(void);
int ERR_load_ERR_strings(void);
int ERR_load_BIO_strings(void);
int ERR_load_SSL_strings(void);
int ERR_load_CRYPTO_strings(void);
void ERR_free_strings(void);
void ERR_remove_thread_state(void *thread);
void ERR_remove_state(unsigned long process);

#ifdef __cplusplus
}
#endif

#endif
