/*
 * Typed stacks: STACK_OF(X509) and its functions sk_X509_num, sk_X509_value and so on, which are those of <openssl/stack.h>.
 */
#ifndef WARIFU_OPENSSL_SAFESTACK_H
#define WARIFU_OPENSSL_SAFESTACK_H

#include <openssl/stack.h>
#include <openssl/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__cplusplus) || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 199901L)
#define WARIFU_INLINE inline
#else
#define WARIFU_INLINE __inline__
#endif

#define STACK_OF(type) struct stack_st_##type

/* The functions of a stack of type tag whose elements are of type element; constant is the same type, const. */
#define WARIFU_DEFINE_STACK(tag, element, constant) \
    STACK_OF(tag); \
    typedef int (*sk_##tag##_compfunc)(constant *const *, constant *const *); \
    typedef void (*sk_##tag##_freefunc)(element *); \
    typedef element *(*sk_##tag##_copyfunc)(constant *); \
    static WARIFU_INLINE int sk_##tag##_num(const STACK_OF(tag) *sk) \
    { \
        return OPENSSL_sk_num((const OPENSSL_STACK *)sk); \
    } \
    static WARIFU_INLINE element *sk_##tag##_value(const STACK_OF(tag) *sk, int i) \
    { \
        return (element *)OPENSSL_sk_value((const OPENSSL_STACK *)sk, i); \
    } \
    static WARIFU_INLINE STACK_OF(tag) *sk_##tag##_new_null(void) \
    { \
        return (STACK_OF(tag) *)OPENSSL_sk_new_null(); \
    } \
    static WARIFU_INLINE STACK_OF(tag) *sk_##tag##_new(sk_##tag##_compfunc cmp) \
    { \
        return (STACK_OF(tag) *)OPENSSL_sk_new((OPENSSL_sk_compfunc)cmp); \
    } \
    static WARIFU_INLINE STACK_OF(tag) *sk_##tag##_new_reserve(sk_##tag##_compfunc cmp, int n) \
    { \
        return (STACK_OF(tag) *)OPENSSL_sk_new_reserve((OPENSSL_sk_compfunc)cmp, n); \
    } \
    static WARIFU_INLINE int sk_##tag##_reserve(STACK_OF(tag) *sk, int n) \
    { \
        return OPENSSL_sk_reserve((OPENSSL_STACK *)sk, n); \
    } \
    static WARIFU_INLINE void sk_##tag##_free(STACK_OF(tag) *sk) \
    { \
        OPENSSL_sk_free((OPENSSL_STACK *)sk); \
    } \
    static WARIFU_INLINE void sk_##tag##_zero(STACK_OF(tag) *sk) \
    { \
        OPENSSL_sk_zero((OPENSSL_STACK *)sk); \
    } \
    static WARIFU_INLINE element *sk_##tag##_delete(STACK_OF(tag) *sk, int i) \
    { \
        return (element *)OPENSSL_sk_delete((OPENSSL_STACK *)sk, i); \
    } \
    static WARIFU_INLINE element *sk_##tag##_delete_ptr(STACK_OF(tag) *sk, element *ptr) \
    { \
        return (element *)OPENSSL_sk_delete_ptr((OPENSSL_STACK *)sk, (const void *)ptr); \
    } \
    static WARIFU_INLINE int sk_##tag##_push(STACK_OF(tag) *sk, element *ptr) \
    { \
        return OPENSSL_sk_push((OPENSSL_STACK *)sk, (const void *)ptr); \
    } \
    static WARIFU_INLINE int sk_##tag##_unshift(STACK_OF(tag) *sk, element *ptr) \
    { \
        return OPENSSL_sk_unshift((OPENSSL_STACK *)sk, (const void *)ptr); \
    } \
    static WARIFU_INLINE int sk_##tag##_insert(STACK_OF(tag) *sk, element *ptr, int i) \
    { \
        return OPENSSL_sk_insert((OPENSSL_STACK *)sk, (const void *)ptr, i); \
    } \
    static WARIFU_INLINE element *sk_##tag##_set(STACK_OF(tag) *sk, int i, element *ptr) \
    { \
        return (element *)OPENSSL_sk_set((OPENSSL_STACK *)sk, i, (const void *)ptr); \
    } \
    static WARIFU_INLINE element *sk_##tag##_pop(STACK_OF(tag) *sk) \
    { \
        return (element *)OPENSSL_sk_pop((OPENSSL_STACK *)sk); \
    } \
    static WARIFU_INLINE element *sk_##tag##_shift(STACK_OF(tag) *sk) \
    { \
        return (element *)OPENSSL_sk_shift((OPENSSL_STACK *)sk); \
    } \
    static WARIFU_INLINE void sk_##tag##_pop_free(STACK_OF(tag) *sk, sk_##tag##_freefunc func) \
    { \
        OPENSSL_sk_pop_free((OPENSSL_STACK *)sk, (OPENSSL_sk_freefunc)func); \
    } \
    static WARIFU_INLINE int sk_##tag##_find(STACK_OF(tag) *sk, element *ptr) \
    { \
        return OPENSSL_sk_find((OPENSSL_STACK *)sk, (const void *)ptr); \
    } \
    static WARIFU_INLINE void sk_##tag##_sort(STACK_OF(tag) *sk) \
    { \
        OPENSSL_sk_sort((OPENSSL_STACK *)sk); \
    } \
    static WARIFU_INLINE int sk_##tag##_is_sorted(const STACK_OF(tag) *sk) \
    { \
        return OPENSSL_sk_is_sorted((const OPENSSL_STACK *)sk); \
    } \
    static WARIFU_INLINE STACK_OF(tag) *sk_##tag##_dup(const STACK_OF(tag) *sk) \
    { \
        return (STACK_OF(tag) *)OPENSSL_sk_dup((const OPENSSL_STACK *)sk); \
    } \
    static WARIFU_INLINE STACK_OF(tag) *sk_##tag##_deep_copy(const STACK_OF(tag) *sk, sk_##tag##_copyfunc copy, sk_##tag##_freefunc func) \
    { \
        return (STACK_OF(tag) *)OPENSSL_sk_deep_copy((const OPENSSL_STACK *)sk, (OPENSSL_sk_copyfunc)copy, (OPENSSL_sk_freefunc)func); \
    } \
    static WARIFU_INLINE sk_##tag##_compfunc sk_##tag##_set_cmp_func(STACK_OF(tag) *sk, sk_##tag##_compfunc cmp) \
    { \
        return (sk_##tag##_compfunc)OPENSSL_sk_set_cmp_func((OPENSSL_STACK *)sk, (OPENSSL_sk_compfunc)cmp); \
    }

#define DEFINE_STACK_OF(tag) WARIFU_DEFINE_STACK(tag, tag, const tag)
#define DEFINE_STACK_OF_CONST(tag) WARIFU_DEFINE_STACK(tag, const tag, const tag)
#define DEFINE_SPECIAL_STACK_OF(tag, element) WARIFU_DEFINE_STACK(tag, element, const element)
#define DECLARE_STACK_OF(tag) STACK_OF(tag);

typedef char *OPENSSL_STRING;
typedef const char *OPENSSL_CSTRING;
WARIFU_DEFINE_STACK(OPENSSL_STRING, char, const char)
WARIFU_DEFINE_STACK(OPENSSL_CSTRING, const char, const char)

/* Stacks of types that other headers declare. */
WARIFU_DEFINE_STACK(X509, X509, const X509)
WARIFU_DEFINE_STACK(X509_NAME, X509_NAME, const X509_NAME)
WARIFU_DEFINE_STACK(X509_NAME_ENTRY, X509_NAME_ENTRY, const X509_NAME_ENTRY)
WARIFU_DEFINE_STACK(X509_CRL, X509_CRL, const X509_CRL)
WARIFU_DEFINE_STACK(X509_EXTENSION, X509_EXTENSION, const X509_EXTENSION)
WARIFU_DEFINE_STACK(ASN1_OBJECT, ASN1_OBJECT, const ASN1_OBJECT)
WARIFU_DEFINE_STACK(SSL_CIPHER, const SSL_CIPHER, const SSL_CIPHER)

#ifdef __cplusplus
}
#endif

#endif
