/* Memory, data on objects, threads, versions. */
#ifndef WARIFU_OPENSSL_CRYPTO_H
#define WARIFU_OPENSSL_CRYPTO_H

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/e_os2.h>
#include <openssl/opensslv.h>
#include <openssl/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- Memory -------------------------------------------------------------------------------------------------------- */

/* Memory is from malloc. The file and line of the caller are not used. A size of 0 gives NULL. */
#define OPENSSL_malloc(size) CRYPTO_malloc(size, OPENSSL_FILE, OPENSSL_LINE)
#define OPENSSL_zalloc(size) CRYPTO_zalloc(size, OPENSSL_FILE, OPENSSL_LINE)
#define OPENSSL_realloc(memory, size) CRYPTO_realloc(memory, size, OPENSSL_FILE, OPENSSL_LINE)
#define OPENSSL_clear_realloc(memory, before, size) CRYPTO_clear_realloc(memory, before, size, OPENSSL_FILE, OPENSSL_LINE)
#define OPENSSL_free(memory) CRYPTO_free(memory, OPENSSL_FILE, OPENSSL_LINE)
#define OPENSSL_clear_free(memory, size) CRYPTO_clear_free(memory, size, OPENSSL_FILE, OPENSSL_LINE)
#define OPENSSL_memdup(bytes, size) CRYPTO_memdup(bytes, size, OPENSSL_FILE, OPENSSL_LINE)
#define OPENSSL_strdup(text) CRYPTO_strdup(text, OPENSSL_FILE, OPENSSL_LINE)
#define OPENSSL_strndup(text, size) CRYPTO_strndup(text, size, OPENSSL_FILE, OPENSSL_LINE)
#define OPENSSL_secure_malloc(size) CRYPTO_secure_malloc(size, OPENSSL_FILE, OPENSSL_LINE)
#define OPENSSL_secure_zalloc(size) CRYPTO_secure_zalloc(size, OPENSSL_FILE, OPENSSL_LINE)
#define OPENSSL_secure_free(memory) CRYPTO_secure_free(memory, OPENSSL_FILE, OPENSSL_LINE)
#define OPENSSL_secure_clear_free(memory, size) CRYPTO_secure_clear_free(memory, size, OPENSSL_FILE, OPENSSL_LINE)
#define OPENSSL_malloc_init() ((void)0)

/* Return memory that the caller frees, or NULL. It is zero at first. */
void *CRYPTO_malloc(size_t size, const char *file, int line);
void *CRYPTO_zalloc(size_t size, const char *file, int line);
/* Changes the size. Returns the new place, or NULL: then the old one stays, unless the size is 0, which frees it. */
void *CRYPTO_realloc(void *memory, size_t size, const char *file, int line);
/* As CRYPTO_realloc; the old place, of `before` bytes, is wiped. */
void *CRYPTO_clear_realloc(void *memory, size_t before, size_t size, const char *file, int line);
/* Free memory that this library gave. NULL is allowed. The second wipes its `size` bytes before. */
void CRYPTO_free(void *memory, const char *file, int line);
void CRYPTO_clear_free(void *memory, size_t size, const char *file, int line);
/* Return a copy that the caller frees, or NULL. */
void *CRYPTO_memdup(const void *bytes, size_t size, const char *file, int line);
char *CRYPTO_strdup(const char *text, const char *file, int line);
char *CRYPTO_strndup(const char *text, size_t size, const char *file, int line);

/* There is no heap of its own for secrets: these are the functions above, and the others return 0. */
void *CRYPTO_secure_malloc(size_t size, const char *file, int line);
void *CRYPTO_secure_zalloc(size_t size, const char *file, int line);
void CRYPTO_secure_free(void *memory, const char *file, int line);
void CRYPTO_secure_clear_free(void *memory, size_t size, const char *file, int line);
int CRYPTO_secure_malloc_init(size_t size, size_t least);
int CRYPTO_secure_malloc_initialized(void);
int CRYPTO_secure_malloc_done(void);
int CRYPTO_secure_allocated(const void *memory);
size_t CRYPTO_secure_used(void);

typedef void *(*CRYPTO_malloc_fn)(size_t size, const char *file, int line);
typedef void *(*CRYPTO_realloc_fn)(void *memory, size_t size, const char *file, int line);
typedef void (*CRYPTO_free_fn)(void *memory, const char *file, int line);
/* Not supported: returns 0. Link another allocator in place of malloc. */
int CRYPTO_set_mem_functions(CRYPTO_malloc_fn allocate, CRYPTO_realloc_fn change, CRYPTO_free_fn release);

/* Memory is not watched: other tools find leaks. */
#define CRYPTO_MEM_CHECK_OFF 0x0
#define CRYPTO_MEM_CHECK_ON 0x1
#define CRYPTO_MEM_CHECK_ENABLE 0x2
#define CRYPTO_MEM_CHECK_DISABLE 0x3
static ossl_unused ossl_inline int CRYPTO_mem_ctrl(int mode) {
  (void)mode;
  return 0;
}
static ossl_unused ossl_inline int CRYPTO_set_mem_debug(int mode) {
  (void)mode;
  return 0;
}
#define CRYPTO_mem_leaks_fp(file) ((void)(file), 0)
#define CRYPTO_mem_leaks(bio) ((void)(bio), 0)
#define CRYPTO_malloc_init() ((void)0)
#define CRYPTO_malloc_debug_init() ((void)0)
#define OPENSSL_MALLOC_MAX_NELEMS(type) (((1U << (sizeof(int) * 8 - 1)) - 1) / sizeof(type))

/* Wipes memory in a way that the compiler does not leave out. NULL is allowed. */
void OPENSSL_cleanse(void *memory, size_t size);
/* Returns 0 if the bytes are equal. Its time depends on the size only. */
int CRYPTO_memcmp(const void *a, const void *b, size_t size);

/* --- Strings ------------------------------------------------------------------------------------------------------- */

/* As strlcpy, strlcat, strnlen, and strcasecmp for ASCII. */
size_t OPENSSL_strlcpy(char *to, const char *from, size_t size);
size_t OPENSSL_strlcat(char *to, const char *from, size_t size);
size_t OPENSSL_strnlen(const char *text, size_t size);
int OPENSSL_strcasecmp(const char *a, const char *b);
int OPENSSL_strncasecmp(const char *a, const char *b, size_t size);

/* Returns the value of a hexadecimal digit, or -1. */
int OPENSSL_hexchar2int(unsigned char character);
/* Returns the bytes of hexadecimal text, which may have colons between them; the caller frees them. NULL if it is not such text. */
unsigned char *OPENSSL_hexstr2buf(const char *text, long *len);
/* Returns bytes as hexadecimal text with colons between them, which the caller frees, or NULL. */
char *OPENSSL_buf2hexstr(const unsigned char *bytes, long len);
/* Store to a buffer of `size`, or only the length if it is NULL. `between` stands between bytes if it is not 0. Return 1 or 0. */
int OPENSSL_hexstr2buf_ex(unsigned char *out, size_t size, size_t *len, const char *text, const char between);
int OPENSSL_buf2hexstr_ex(char *out, size_t size, size_t *len, const unsigned char *bytes, size_t count,
                          const char between);

/* --- Data on objects ----------------------------------------------------------------------------------------------- */

#define CRYPTO_EX_INDEX_SSL 0
#define CRYPTO_EX_INDEX_SSL_CTX 1
#define CRYPTO_EX_INDEX_SSL_SESSION 2
#define CRYPTO_EX_INDEX_X509 3
#define CRYPTO_EX_INDEX_X509_STORE 4
#define CRYPTO_EX_INDEX_X509_STORE_CTX 5
#define CRYPTO_EX_INDEX_DH 6
#define CRYPTO_EX_INDEX_DSA 7
#define CRYPTO_EX_INDEX_EC_KEY 8
#define CRYPTO_EX_INDEX_RSA 9
#define CRYPTO_EX_INDEX_ENGINE 10
#define CRYPTO_EX_INDEX_UI 11
#define CRYPTO_EX_INDEX_BIO 12
#define CRYPTO_EX_INDEX_APP 13
#define CRYPTO_EX_INDEX_UI_METHOD 14
#define CRYPTO_EX_INDEX_RAND_DRBG 15
#define CRYPTO_EX_INDEX_DRBG CRYPTO_EX_INDEX_RAND_DRBG
#define CRYPTO_EX_INDEX_OSSL_LIB_CTX 16
#define CRYPTO_EX_INDEX_EVP_PKEY 17
#define CRYPTO_EX_INDEX__COUNT 18

/* The values of an object, by index. Its fields are not for programs. */
struct crypto_ex_data_st {
  void *reserved;
  void *values;
};

/* Called when an object is made and when it ends. */
typedef void CRYPTO_EX_new(void *object, void *value, CRYPTO_EX_DATA *data, int index, long number, void *argument);
typedef void CRYPTO_EX_free(void *object, void *value, CRYPTO_EX_DATA *data, int index, long number, void *argument);
/* Called when an object is copied: *value is what the copy gets, and may be changed. 0 fails the copy. */
typedef int CRYPTO_EX_dup(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, void **value, int index, long number,
                          void *argument);

/* Returns a new index for objects of a class, from 1 on, or -1. The callbacks may be NULL. */
int CRYPTO_get_ex_new_index(int class_index, long number, void *argument, CRYPTO_EX_new *made, CRYPTO_EX_dup *copied,
                            CRYPTO_EX_free *released);
/* Takes the callbacks of an index out of use. Returns 1, or 0 if there is no such index. */
int CRYPTO_free_ex_index(int class_index, int index);
/* Set and show a value. The value is the program's; a value that was not set is NULL. Setting returns 1, or 0. */
int CRYPTO_set_ex_data(CRYPTO_EX_DATA *data, int index, void *value);
void *CRYPTO_get_ex_data(const CRYPTO_EX_DATA *data, int index);
/* For objects of a program's own: make their data ready, copy it, free it. Return 1 or 0. */
int CRYPTO_new_ex_data(int class_index, void *object, CRYPTO_EX_DATA *data);
int CRYPTO_dup_ex_data(int class_index, CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from);
void CRYPTO_free_ex_data(int class_index, void *object, CRYPTO_EX_DATA *data);
#define CRYPTO_cleanup_all_ex_data() ((void)0)

/* --- Threads ------------------------------------------------------------------------------------------------------- */

/* The library locks what it shares by itself. These are for programs that want locks of theirs. They return 1 or 0. */
typedef void CRYPTO_RWLOCK;
CRYPTO_RWLOCK *CRYPTO_THREAD_lock_new(void);
int CRYPTO_THREAD_read_lock(CRYPTO_RWLOCK *lock);
int CRYPTO_THREAD_write_lock(CRYPTO_RWLOCK *lock);
int CRYPTO_THREAD_unlock(CRYPTO_RWLOCK *lock);
void CRYPTO_THREAD_lock_free(CRYPTO_RWLOCK *lock);

typedef pthread_once_t CRYPTO_ONCE;
typedef pthread_key_t CRYPTO_THREAD_LOCAL;
typedef pthread_t CRYPTO_THREAD_ID;
#define CRYPTO_ONCE_STATIC_INIT PTHREAD_ONCE_INIT
int CRYPTO_THREAD_run_once(CRYPTO_ONCE *once, void (*body)(void));
int CRYPTO_THREAD_init_local(CRYPTO_THREAD_LOCAL *key, void (*end)(void *));
void *CRYPTO_THREAD_get_local(CRYPTO_THREAD_LOCAL *key);
int CRYPTO_THREAD_set_local(CRYPTO_THREAD_LOCAL *key, void *value);
int CRYPTO_THREAD_cleanup_local(CRYPTO_THREAD_LOCAL *key);
CRYPTO_THREAD_ID CRYPTO_THREAD_get_current_id(void);
int CRYPTO_THREAD_compare_id(CRYPTO_THREAD_ID a, CRYPTO_THREAD_ID b);

/* Change or read a number at once. The lock may be NULL. Return 1, or 0. */
int CRYPTO_atomic_add(int *value, int amount, int *result, CRYPTO_RWLOCK *lock);
int CRYPTO_atomic_or(uint64_t *value, uint64_t bits, uint64_t *result, CRYPTO_RWLOCK *lock);
int CRYPTO_atomic_load(uint64_t *value, uint64_t *result, CRYPTO_RWLOCK *lock);

/* Locks that programs had to give to old versions: not needed. */
#define CRYPTO_num_locks() (1)
#define CRYPTO_set_locking_callback(callback)
#define CRYPTO_get_locking_callback() (NULL)
#define CRYPTO_set_add_lock_callback(callback)
#define CRYPTO_get_add_lock_callback() (NULL)
#define CRYPTO_set_id_callback(callback)
#define CRYPTO_get_id_callback() (NULL)
#define CRYPTO_thread_id() (0UL)
#define CRYPTO_set_dynlock_create_callback(callback)
#define CRYPTO_set_dynlock_lock_callback(callback)
#define CRYPTO_set_dynlock_destroy_callback(callback)
#define CRYPTO_get_dynlock_create_callback() (NULL)
#define CRYPTO_get_dynlock_lock_callback() (NULL)
#define CRYPTO_get_dynlock_destroy_callback() (NULL)
typedef struct {
  int unused;
} CRYPTO_dynlock;
typedef struct crypto_threadid_st {
  int unused;
} CRYPTO_THREADID;
#define CRYPTO_THREADID_set_numeric(id, value)
#define CRYPTO_THREADID_set_pointer(id, pointer)
#define CRYPTO_THREADID_set_callback(callback) (0)
#define CRYPTO_THREADID_get_callback() (NULL)
#define CRYPTO_THREADID_current(id)
#define CRYPTO_THREADID_cmp(a, b) (-1)
#define CRYPTO_THREADID_cpy(to, from)
#define CRYPTO_THREADID_hash(id) (0UL)
#define CRYPTO_LOCK 1
#define CRYPTO_UNLOCK 2
#define CRYPTO_READ 4
#define CRYPTO_WRITE 8

/* --- Beginning and end --------------------------------------------------------------------------------------------- */

typedef struct ossl_init_settings_st OPENSSL_INIT_SETTINGS;
#define OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS 0x00000001L
#define OPENSSL_INIT_LOAD_CRYPTO_STRINGS 0x00000002L
#define OPENSSL_INIT_ADD_ALL_CIPHERS 0x00000004L
#define OPENSSL_INIT_ADD_ALL_DIGESTS 0x00000008L
#define OPENSSL_INIT_NO_ADD_ALL_CIPHERS 0x00000010L
#define OPENSSL_INIT_NO_ADD_ALL_DIGESTS 0x00000020L
#define OPENSSL_INIT_LOAD_CONFIG 0x00000040L
#define OPENSSL_INIT_NO_LOAD_CONFIG 0x00000080L
#define OPENSSL_INIT_ASYNC 0x00000100L
#define OPENSSL_INIT_ENGINE_RDRAND 0x00000200L
#define OPENSSL_INIT_ENGINE_DYNAMIC 0x00000400L
#define OPENSSL_INIT_ENGINE_OPENSSL 0x00000800L
#define OPENSSL_INIT_ENGINE_CRYPTODEV 0x00001000L
#define OPENSSL_INIT_ENGINE_CAPI 0x00002000L
#define OPENSSL_INIT_ENGINE_PADLOCK 0x00004000L
#define OPENSSL_INIT_ENGINE_AFALG 0x00008000L
#define OPENSSL_INIT_ENGINE_ALL_BUILTIN                                                              \
  (OPENSSL_INIT_ENGINE_RDRAND | OPENSSL_INIT_ENGINE_DYNAMIC | OPENSSL_INIT_ENGINE_CRYPTODEV | \
   OPENSSL_INIT_ENGINE_CAPI | OPENSSL_INIT_ENGINE_PADLOCK)
#define OPENSSL_INIT_ATFORK 0x00020000L
#define OPENSSL_INIT_NO_ATEXIT 0x00080000L

/* Settings: there are none that change anything. NEW returns them, which the caller frees, or NULL; the others 1. */
OPENSSL_INIT_SETTINGS *OPENSSL_INIT_new(void);
void OPENSSL_INIT_free(OPENSSL_INIT_SETTINGS *settings);
int OPENSSL_INIT_set_config_filename(OPENSSL_INIT_SETTINGS *settings, const char *name);
int OPENSSL_INIT_set_config_appname(OPENSSL_INIT_SETTINGS *settings, const char *name);
void OPENSSL_INIT_set_config_file_flags(OPENSSL_INIT_SETTINGS *settings, unsigned long flags);
/* Not needed: the library is always ready. Returns 1. No configuration file is read. */
int OPENSSL_init_crypto(uint64_t options, const OPENSSL_INIT_SETTINGS *settings);
/* Do nothing. */
void OPENSSL_init(void);
void OPENSSL_cleanup(void);
/* Lets a function be called when the process exits. Returns 1 or 0. */
int OPENSSL_atexit(void (*handler)(void));
/* Empties the thread's error queue. */
void OPENSSL_thread_stop(void);
/* Returns 1 if the process has rights that its starter has not. */
int OPENSSL_issetugid(void);
/* Prints a message and aborts the process. */
ossl_noreturn void OPENSSL_die(const char *message, const char *file, int line);
#define OpenSSLDie(file, line, message) OPENSSL_die((message), (file), (line))
#define OPENSSL_assert(condition) \
  (void)((condition) ? 0 : (OPENSSL_die("assertion failed: " #condition, OPENSSL_FILE, OPENSSL_LINE), 1))

/* --- Versions ------------------------------------------------------------------------------------------------------ */

/* OPENSSL_VERSION_NUMBER and its parts: the version of OpenSSL whose API this is. */
unsigned long OpenSSL_version_num(void);
unsigned int OPENSSL_version_major(void);
unsigned int OPENSSL_version_minor(void);
unsigned int OPENSSL_version_patch(void);
const char *OPENSSL_version_pre_release(void);
const char *OPENSSL_version_build_metadata(void);
/* Returns words about this library, which stay. */
const char *OpenSSL_version(int what);
#define OPENSSL_VERSION 0
#define OPENSSL_CFLAGS 1
#define OPENSSL_BUILT_ON 2
#define OPENSSL_PLATFORM 3
#define OPENSSL_DIR 4
#define OPENSSL_ENGINES_DIR 5
#define OPENSSL_VERSION_STRING 6
#define OPENSSL_FULL_VERSION_STRING 7
#define OPENSSL_MODULES_DIR 8
#define OPENSSL_CPU_INFO 9

#define SSLeay OpenSSL_version_num
#define SSLeay_version OpenSSL_version
#define SSLEAY_VERSION_NUMBER OPENSSL_VERSION_NUMBER
#define SSLEAY_VERSION OPENSSL_VERSION
#define SSLEAY_CFLAGS OPENSSL_CFLAGS
#define SSLEAY_BUILT_ON OPENSSL_BUILT_ON
#define SSLEAY_PLATFORM OPENSSL_PLATFORM
#define SSLEAY_DIR OPENSSL_DIR

/* There is no FIPS mode: FIPS_mode returns 0, and FIPS_mode_set 1 only for turning it off. */
int FIPS_mode(void);
int FIPS_mode_set(int mode);

#ifdef __cplusplus
}
#endif

#endif
