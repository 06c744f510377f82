/* What depends on the platform and the compiler. */
#ifndef WARIFU_OPENSSL_E_OS2_H
#define WARIFU_OPENSSL_E_OS2_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <openssl/opensslconf.h>

#define OPENSSL_SYS_UNIX
#ifdef __linux__
#define OPENSSL_SYS_LINUX
#endif

#define OPENSSL_EXPORT extern
#define OPENSSL_EXTERN extern

#define ossl_ssize_t ssize_t
#define OSSL_SSIZE_MAX ((ssize_t)(SIZE_MAX >> 1))

#ifdef __GNUC__
#define ossl_unused __attribute__((unused))
#define ossl_noreturn __attribute__((noreturn))
#else
#define ossl_unused
#define ossl_noreturn
#endif

#if defined(__cplusplus) || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 199901L)
#define ossl_inline inline
#elif defined(__GNUC__)
#define ossl_inline __inline__
#else
#define ossl_inline
#endif

#ifdef UNUSEDRESULT_DEBUG
#define __owur __attribute__((__warn_unused_result__))
#else
#define __owur
#endif

#ifndef OPENSSL_FILE
#define OPENSSL_FILE __FILE__
#define OPENSSL_LINE __LINE__
#endif
#ifndef OPENSSL_FUNC
#if defined(__cplusplus) || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 199901L)
#define OPENSSL_FUNC __func__
#elif defined(__GNUC__)
#define OPENSSL_FUNC __FUNCTION__
#else
#define OPENSSL_FUNC "(unknown function)"
#endif
#endif

#endif
