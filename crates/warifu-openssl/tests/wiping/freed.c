/* Every block of memory as it was when it was freed. With FREED_STACK set also what each thread left below on its stack when it ended.
 *
 * To be preloaded (LD_PRELOAD) into a program of any language: it takes the place of malloc and free, whoever calls them. Blocks go to the
 * file FREED.<process>. A block: its kind, its length, its addresses (32-bit numbers of this machine), the addresses that freed it
 * (none unless FREED_BACKTRACE is set), its bytes. With addresses, FREED.<process>.maps tells which files they are of.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* glibc's own. */
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

enum { HEAP = 1, STACK = 2, MOST_ADDRESSES = 16 };

static int file = -1;
static int with_addresses;
/* The backtrace of a free frees memory itself. */
static __thread int busy;
static pthread_key_t thread;
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static void write_block(uint32_t kind, const void *bytes, size_t len)
{
    void *addresses[MOST_ADDRESSES];
    int count = with_addresses && kind == HEAP ? backtrace(addresses, MOST_ADDRESSES) : 0;
    uint32_t head[3] = {kind, (uint32_t)len, (uint32_t)count};
    struct iovec parts[3] = {
        {head, sizeof head}, {addresses, (size_t)count * sizeof *addresses}, {(void *)(uintptr_t)bytes, len}};
    size_t all = parts[0].iov_len + parts[1].iov_len + len;

    pthread_mutex_lock(&one_at_a_time);
    if (writev(file, parts, 3) != (ssize_t)all)
        abort(); /* a full disk must not look like clean memory */
    pthread_mutex_unlock(&one_at_a_time);
}

static void seen(void *block)
{
    int error = errno;
    if (block != NULL && file >= 0 && !busy) {
        busy = 1;
        /* So that the thread's end is seen. */
        if (pthread_getspecific(thread) == NULL)
            pthread_setspecific(thread, &thread);
        write_block(HEAP, block, malloc_usable_size(block));
        busy = 0;
    }
    errno = error;
}

void *malloc(size_t len)
{
    return __libc_malloc(len);
}

void *calloc(size_t count, size_t len)
{
    return __libc_calloc(count, len);
}

void free(void *block)
{
    seen(block);
    __libc_free(block);
}

/* Always to another place, as it may be: no copy is left out because there happened to be room. */
void *realloc(void *block, size_t len)
{
    void *moved;
    size_t old_len = block == NULL ? 0 : malloc_usable_size(block);
    if (block != NULL && len == 0) {
        free(block);
        return NULL;
    }
    moved = __libc_malloc(len);
    if (moved != NULL && block != NULL) {
        memcpy(moved, block, old_len < len ? old_len : len);
        free(block);
    }
    return moved;
}

void *memalign(size_t alignment, size_t len)
{
    return __libc_memalign(alignment, len);
}

void *aligned_alloc(size_t alignment, size_t len)
{
    return __libc_memalign(alignment, len);
}

int posix_memalign(void **block, size_t alignment, size_t len)
{
    *block = __libc_memalign(alignment, len);
    return *block == NULL ? ENOMEM : 0;
}

static const char *place(const char *behind)
{
    static char name[4096];
    snprintf(name, sizeof name, "%s.%ld%s", getenv("FREED"), (long)getpid(), behind);
    return name;
}

/* Where the part of memory begins in which this is. */
static uintptr_t start_of(uintptr_t within)
{
    char line[512];
    uintptr_t start = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    int copy = with_addresses ? open(place(".maps"), O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;
    if (maps == NULL)
        abort();
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long from, to;
        if (sscanf(line, "%lx-%lx", &from, &to) == 2 && within >= from && within < to)
            start = from;
        if (copy >= 0 && write(copy, line, strlen(line)) < 0)
            abort();
    }
    fclose(maps);
    if (copy >= 0)
        close(copy);
    return start;
}

/* What calls left below this one. The calls of this function write over the nearest part of it. */
__attribute__((noinline)) static void end_of_thread(void *ignored)
{
    volatile char here = 0;
    uintptr_t start;
    (void)ignored;
    if (file < 0 || getenv("FREED_STACK") == NULL)
        return;
    busy = 1;
    start = start_of((uintptr_t)&here);
    write_block(STACK, (const void *)start, (uintptr_t)&here - start);
}

__attribute__((constructor)) static void begin(void)
{
    if (getenv("FREED") == NULL)
        return;
    with_addresses = getenv("FREED_BACKTRACE") != NULL;
    if (pthread_key_create(&thread, end_of_thread) != 0)
        abort();
    file = open(place(""), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0)
        abort();
}

__attribute__((destructor)) static void end(void)
{
    if (file >= 0 && with_addresses) {
        busy = 1;
        start_of(0);
    }
    end_of_thread(NULL);
}
