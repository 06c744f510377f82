/*
 * Stacks of pointers without a type. Programs use the typed ones of <openssl/safestack.h>.
 *
 * A stack never owns what it points to: pop_free frees the elements by a function that is given, free frees the stack alone. NULL
 * is an empty stack wherever one is read.
 */
#ifndef WARIFU_OPENSSL_STACK_H
#define WARIFU_OPENSSL_STACK_H

#include <openssl/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct stack_st OPENSSL_STACK;
typedef OPENSSL_STACK _STACK;

typedef int (*OPENSSL_sk_compfunc)(const void *, const void *);
typedef void (*OPENSSL_sk_freefunc)(void *);
typedef void *(*OPENSSL_sk_copyfunc)(const void *);

/* New stacks; NULL on failure. cmp is given pointers to two elements. Freed by OPENSSL_sk_free. */
OPENSSL_STACK *OPENSSL_sk_new_null(void);
OPENSSL_STACK *OPENSSL_sk_new(OPENSSL_sk_compfunc cmp);
OPENSSL_STACK *OPENSSL_sk_new_reserve(OPENSSL_sk_compfunc cmp, int n);
int OPENSSL_sk_reserve(OPENSSL_STACK *st, int n);
void OPENSSL_sk_free(OPENSSL_STACK *st);
void OPENSSL_sk_pop_free(OPENSSL_STACK *st, OPENSSL_sk_freefunc func);

/* The number of elements (-1 for NULL), and one of them (NULL if there is none). */
int OPENSSL_sk_num(const OPENSSL_STACK *st);
void *OPENSSL_sk_value(const OPENSSL_STACK *st, int i);
void *OPENSSL_sk_set(OPENSSL_STACK *st, int i, const void *data);

/* Put an element in, and return the new number of elements; 0 or -1 on failure. */
int OPENSSL_sk_insert(OPENSSL_STACK *st, const void *data, int where);
int OPENSSL_sk_push(OPENSSL_STACK *st, const void *data);
int OPENSSL_sk_unshift(OPENSSL_STACK *st, const void *data);

/* Take an element out, and return it; NULL if there is none. */
void *OPENSSL_sk_pop(OPENSSL_STACK *st);
void *OPENSSL_sk_shift(OPENSSL_STACK *st);
void *OPENSSL_sk_delete(OPENSSL_STACK *st, int loc);
void *OPENSSL_sk_delete_ptr(OPENSSL_STACK *st, const void *p);
void OPENSSL_sk_zero(OPENSSL_STACK *st);

/* Copies: of the pointers, and of the elements too. */
OPENSSL_STACK *OPENSSL_sk_dup(const OPENSSL_STACK *st);
OPENSSL_STACK *OPENSSL_sk_deep_copy(const OPENSSL_STACK *st, OPENSSL_sk_copyfunc c, OPENSSL_sk_freefunc f);

/* Search (-1 if there is none) and order. */
int OPENSSL_sk_find(OPENSSL_STACK *st, const void *data);
void OPENSSL_sk_sort(OPENSSL_STACK *st);
int OPENSSL_sk_is_sorted(const OPENSSL_STACK *st);
OPENSSL_sk_compfunc OPENSSL_sk_set_cmp_func(OPENSSL_STACK *st, OPENSSL_sk_compfunc cmp);

/* Older names. */
#define sk_new_null OPENSSL_sk_new_null
#define sk_new OPENSSL_sk_new
#define sk_free OPENSSL_sk_free
#define sk_pop_free OPENSSL_sk_pop_free
#define sk_num OPENSSL_sk_num
#define sk_value OPENSSL_sk_value
#define sk_set OPENSSL_sk_set
#define sk_insert OPENSSL_sk_insert
#define sk_push OPENSSL_sk_push
#define sk_unshift OPENSSL_sk_unshift
#define sk_pop OPENSSL_sk_pop
#define sk_shift OPENSSL_sk_shift
#define sk_delete OPENSSL_sk_delete
#define sk_delete_ptr OPENSSL_sk_delete_ptr
#define sk_zero OPENSSL_sk_zero
#define sk_dup OPENSSL_sk_dup
#define sk_deep_copy OPENSSL_sk_deep_copy
#define sk_find OPENSSL_sk_find
#define sk_sort OPENSSL_sk_sort
#define sk_is_sorted OPENSSL_sk_is_sorted
#define sk_set_cmp_func OPENSSL_sk_set_cmp_func

#ifdef __cplusplus
}
#endif

#endif
