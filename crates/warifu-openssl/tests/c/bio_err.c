/* BIOs, errors, memory and randomness, by the public functions only: the program also compiles with OpenSSL, and behaves the same. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/buffer.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/sslerr.h>

#include "bio_check.h"

static void memory(void) {
  BIO *bio = BIO_new(BIO_s_mem());
  BUF_MEM *buffer = NULL;
  char out[64], *data = NULL;
  size_t count = 9;

  CHECK_INT(BIO_method_type(bio), BIO_TYPE_MEM);
  CHECK_INT(BIO_read(bio, out, 4), -1);
  CHECK(BIO_should_retry(bio) && BIO_should_read(bio) && !BIO_should_write(bio));
  BIO_set_mem_eof_return(bio, 0);
  CHECK_INT(BIO_read(bio, out, 4), 0);
  CHECK(!BIO_should_retry(bio));
  CHECK_INT(BIO_eof(bio), 1);

  CHECK_INT(BIO_puts(bio, "one\ntwo\n"), 8);
  CHECK_INT(BIO_printf(bio, "%s %d %05.1f", "three", 4, 5.5), 13);
  CHECK_INT(BIO_write(bio, "x", 0), 0);
  CHECK_INT(BIO_pending(bio), 21);
  CHECK_INT(BIO_ctrl_pending(bio), 21);
  CHECK_INT(BIO_wpending(bio), 0);
  CHECK_INT(BIO_get_mem_data(bio, &data), 21);
  CHECK(data != NULL && memcmp(data, "one\ntwo\nthree 4 005.5", 21) == 0);
  CHECK_INT(BIO_gets(bio, out, 64), 4);
  CHECK_STR(out, "one\n");
  CHECK_INT(BIO_gets(bio, out, 3), 2);
  CHECK_STR(out, "tw");
  CHECK_INT(BIO_read_ex(bio, out, 2, &count), 1);
  CHECK_INT(count, 2);
  CHECK_INT(BIO_get_mem_ptr(bio, &buffer), 1);
  CHECK(buffer != NULL && buffer->length == 13 && memcmp(buffer->data, "three 4 005.5", 13) == 0);
  CHECK_INT(BIO_gets(bio, out, 64), 13);
  CHECK_STR(out, "three 4 005.5");
  CHECK_INT(BIO_gets(bio, out, 64), 0);
  CHECK_INT(BIO_read_ex(bio, out, 2, &count), 0);
  CHECK_INT(count, 0);
  CHECK_INT(BIO_number_written(bio), 21);
  CHECK_INT(BIO_number_read(bio), 2); /* Lines are not counted. */
  CHECK_INT(BIO_write_ex(bio, "abc", 3, &count), 1);
  CHECK_INT(count, 3);
  CHECK_INT(BIO_reset(bio), 1);
  CHECK_INT(BIO_pending(bio), 0);
  CHECK_INT(BIO_flush(bio), 1);

  /* The buffer may outlive the BIO. */
  CHECK_INT(BIO_puts(bio, "kept"), 4);
  CHECK_INT(BIO_get_close(bio), BIO_CLOSE);
  BIO_get_mem_ptr(bio, &buffer);
  CHECK_INT(BIO_set_close(bio, BIO_NOCLOSE), 1);
  CHECK_INT(BIO_free(bio), 1);
  CHECK(buffer->length == 4 && memcmp(buffer->data, "kept", 4) == 0);
  CHECK_INT(BUF_MEM_grow(buffer, 6), 6);
  CHECK(memcmp(buffer->data, "kept\0\0", 6) == 0);
  bio = BIO_new(BIO_s_mem());
  BIO_set_mem_buf(bio, buffer, BIO_CLOSE);
  CHECK_INT(BIO_read(bio, out, 64), 6);
  BIO_free(bio);

  bio = BIO_new_mem_buf("fixed\nbytes", -1);
  CHECK_INT(BIO_read(bio, out, 2), 2);
  CHECK_INT(BIO_get_mem_data(bio, &data), 9);
  CHECK_INT(BIO_reset(bio), 1);
  CHECK_INT(BIO_gets(bio, out, 64), 6);
  CHECK_INT(BIO_read(bio, out, 64), 5);
  CHECK_INT(BIO_read(bio, out, 64), 0);
  CHECK(!BIO_should_retry(bio));
  CHECK_INT(BIO_eof(bio), 1);
  ERR_clear_error();
  CHECK_INT(BIO_write(bio, "x", 1), -1);
  CHECK_INT(ERR_GET_LIB(ERR_peek_error()), ERR_LIB_BIO);
  CHECK_INT(ERR_GET_REASON(ERR_get_error()), BIO_R_WRITE_TO_READ_ONLY_BIO);
  BIO_free(bio);

  bio = BIO_new(BIO_s_secmem());
  CHECK_INT(BIO_puts(bio, "secret"), 6);
  CHECK_INT(BIO_gets(bio, out, 64), 6);
  BIO_free(bio);
  CHECK_INT(BIO_free(NULL), 0);
  BIO_free_all(NULL);
  BIO_vfree(NULL);
}

static void sockets(void) {
  int ends[2], fd = -1;
  char out[16];
  BIO *bio;

  CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  CHECK_INT(BIO_socket_nbio(ends[0], 1), 1);
  bio = BIO_new_socket(ends[0], BIO_CLOSE);
  CHECK_INT(BIO_get_fd(bio, &fd), ends[0]);
  CHECK_INT(fd, ends[0]);
  CHECK_INT(BIO_read(bio, out, 16), -1);
  CHECK(BIO_should_retry(bio) && BIO_should_read(bio));
  CHECK_INT(BIO_sock_should_retry(-1), 1);
  CHECK_INT(BIO_write(bio, "ping", 4), 4);
  CHECK_INT(read(ends[1], out, 16), 4);
  CHECK_INT(write(ends[1], "pong!", 5), 5);
  CHECK_INT(BIO_read(bio, out, 16), 5);
  CHECK_INT(BIO_puts(bio, "p"), 1);
  CHECK_INT(BIO_gets(bio, out, 16), -2);
  ERR_clear_error();
  CHECK_INT(BIO_flush(bio), 1);
  CHECK_INT(BIO_eof(bio), 0);
  CHECK_INT(read(ends[1], out, 16), 1);
  close(ends[1]);
  CHECK_INT(BIO_read(bio, out, 16), 0);
  CHECK(!BIO_should_retry(bio));
  CHECK_INT(BIO_eof(bio), 1);
  BIO_free(bio);
  CHECK_INT(fcntl(ends[0], F_GETFD), -1);

  bio = BIO_new(BIO_s_socket());
  CHECK_INT(BIO_get_fd(bio, NULL), -1);
  CHECK_INT(BIO_read(bio, out, 1), -1);
  CHECK_INT(ERR_GET_REASON(ERR_get_error()), BIO_R_UNINITIALIZED);
  CHECK_INT(BIO_set_fd(bio, 1, BIO_NOCLOSE), 1);
  CHECK_INT(BIO_get_close(bio), BIO_NOCLOSE);
  BIO_free(bio);
  CHECK_INT(BIO_sock_non_fatal_error(EAGAIN), 1);
  CHECK_INT(BIO_sock_non_fatal_error(ECONNRESET), 0);

  CHECK_INT(pipe(ends), 0);
  bio = BIO_new_fd(ends[0], BIO_CLOSE);
  CHECK_INT(BIO_method_type(bio), BIO_TYPE_FD);
  CHECK_INT(write(ends[1], "line\nmore", 9), 9);
  close(ends[1]);
  CHECK_INT(BIO_gets(bio, out, 16), 5);
  CHECK_STR(out, "line\n");
  CHECK_INT(BIO_read(bio, out, 16), 4);
  CHECK_INT(BIO_read(bio, out, 16), 0);
  BIO_free(bio);
}

static void files(void) {
  char name[] = "/tmp/bio_err_XXXXXX", out[32];
  FILE *file = NULL;
  BIO *bio;
  unsigned long code;

  close(mkstemp(name));
  bio = BIO_new_file(name, "w");
  CHECK(bio != NULL);
  CHECK_INT(BIO_puts(bio, "first\nsecond\n"), 13);
  CHECK_INT(BIO_flush(bio), 1);
  CHECK_INT(BIO_tell(bio), 13);
  BIO_free(bio);

  bio = BIO_new(BIO_s_file());
  CHECK_INT(BIO_read_filename(bio, name), 1);
  CHECK_INT(BIO_gets(bio, out, 32), 6);
  CHECK_STR(out, "first\n");
  CHECK_INT(BIO_read(bio, out, 32), 7);
  CHECK_INT(BIO_read(bio, out, 32), 0);
  CHECK_INT(BIO_eof(bio), 1);
  CHECK_INT(BIO_reset(bio), 0);
  CHECK_INT(BIO_seek(bio, 6), 0);
  CHECK_INT(BIO_gets(bio, out, 32), 7);
  CHECK_STR(out, "second\n");
  CHECK_INT(BIO_get_fp(bio, &file), 1);
  CHECK(file != NULL);
  BIO_free(bio);

  file = fopen(name, "a");
  bio = BIO_new_fp(file, BIO_CLOSE);
  CHECK_INT(BIO_printf(bio, "%d", 3), 1);
  BIO_free(bio);
  bio = BIO_new_file(name, "r");
  CHECK_INT(BIO_read(bio, out, 32), 14);
  BIO_free(bio);
  unlink(name);

  ERR_clear_error();
  CHECK(BIO_new_file(name, "r") == NULL);
  code = ERR_get_error();
  CHECK_INT(ERR_GET_LIB(code), ERR_LIB_SYS);
  CHECK_INT(ERR_GET_REASON(code), ENOENT);
  CHECK(ERR_SYSTEM_ERROR(code));
  CHECK_STR(ERR_error_string(code, NULL), "error:80000002:system library::No such file or directory");
  CHECK(ERR_reason_error_string(code) == NULL);
  code = ERR_get_error();
  CHECK_INT(ERR_GET_LIB(code), ERR_LIB_BIO);
  CHECK_INT(ERR_GET_REASON(code), BIO_R_NO_SUCH_FILE);
  CHECK_INT(ERR_get_error(), 0);
}

/* What goes to a terminal is there at the end of each line. */
static void terminals(void) {
  int outer = posix_openpt(O_RDWR | O_NOCTTY);
  char out[32];
  const char *name;
  BIO *bio;

  CHECK(outer >= 0 && grantpt(outer) == 0 && unlockpt(outer) == 0);
  name = ptsname(outer);
  CHECK(name != NULL && fcntl(outer, F_SETFL, O_NONBLOCK) == 0);
  bio = BIO_new_file(name, "w");
  CHECK(bio != NULL);
  CHECK_INT(BIO_puts(bio, "line\n"), 5);
  memset(out, 0, sizeof out);
  CHECK_INT(read(outer, out, sizeof out), 6);
  CHECK_STR(out, "line\r\n");
  BIO_free(bio);
  close(outer);
}

/* A BIO that says it is not ready leaves its file open when it ends: C writes the rest at the end of the program. */
static void abandoned_file(void) {
  char name[] = "/tmp/bio_err_XXXXXX", out[32], sentence[] = "rest of it";
  void *others[64];
  size_t i;
  int status = 0, fd = mkstemp(name);
  pid_t child;

  fflush(stdout);
  child = fork();
  CHECK(fd >= 0 && child >= 0);
  if (child == 0) {
    BIO *bio = BIO_new_file(name, "w");

    BIO_write(bio, sentence, 10);
    BIO_set_init(bio, 0);
    BIO_free(bio);
    for (i = 0; i < 64; i++) {
      others[i] = malloc(4096);
      if (others[i] != NULL) memset(others[i], 'x', 4096);
    }
    for (i = 0; i < 64; i++) free(others[i]);
    exit(0);
  }
  CHECK_INT(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  memset(out, 0, sizeof out);
  CHECK_INT(read(fd, out, sizeof out), 10);
  CHECK_STR(out, sentence);
  close(fd);
  unlink(name);
}

static void pairs(void) {
  BIO *one = NULL, *other = NULL;
  char out[32], *data = NULL;

  CHECK_INT(BIO_new_bio_pair(&one, 8, &other, 0), 1);
  CHECK_INT(BIO_read(one, out, 5), -1);
  CHECK(BIO_should_read(one) && BIO_should_retry(one));
  CHECK_INT(BIO_ctrl_get_read_request(other), 5);
  CHECK_INT(BIO_ctrl_reset_read_request(other), 1);
  CHECK_INT(BIO_ctrl_get_read_request(other), 0);
  CHECK_INT(BIO_ctrl_get_write_guarantee(one), 8);
  CHECK_INT(BIO_ctrl_get_write_guarantee(other), 17 * 1024);
  CHECK_INT(BIO_write(one, "0123456789", 10), 8);
  CHECK_INT(BIO_write(one, "89", 2), -1);
  CHECK(BIO_should_write(one) && BIO_should_retry(one));
  CHECK_INT(BIO_pending(other), 8);
  CHECK_INT(BIO_wpending(one), 8);
  CHECK_INT(BIO_read(other, out, 3), 3);
  CHECK_INT(BIO_write(one, "89", 2), 2);
  CHECK_INT(BIO_nread0(other, &data), 5);
  CHECK(data != NULL && memcmp(data, "34567", 5) == 0);
  CHECK_INT(BIO_nread(other, &data, 2), 2);
  CHECK_INT(BIO_read(other, out, 32), 5);
  CHECK(memcmp(out, "56789", 5) == 0);
  CHECK_INT(BIO_nwrite0(other, &data), 17 * 1024);
  CHECK_INT(BIO_nwrite(other, &data, 3), 3);
  memcpy(data, "abc", 3);
  CHECK_INT(BIO_read(one, out, 32), 3);
  CHECK(memcmp(out, "abc", 3) == 0);
  CHECK_INT(BIO_write(one, "end", 3), 3);
  CHECK_INT(BIO_shutdown_wr(one), 1);
  CHECK_INT(BIO_write(one, "x", 1), -1);
  CHECK_INT(ERR_GET_REASON(ERR_get_error()), BIO_R_BROKEN_PIPE);
  CHECK_INT(BIO_eof(other), 0);
  CHECK_INT(BIO_read(other, out, 32), 3);
  CHECK_INT(BIO_read(other, out, 32), 0);
  CHECK_INT(BIO_eof(other), 1);
  CHECK_INT(BIO_destroy_bio_pair(one), 1);
  CHECK_INT(BIO_make_bio_pair(one, other), 1);
  CHECK_INT(BIO_write(one, "again", 5), 5);
  BIO_free(one);
  CHECK_INT(BIO_read(other, out, 1), -1);
  BIO_free(other);
  ERR_clear_error();
}

static void chains(void) {
  BIO *buffer = BIO_new(BIO_f_buffer()), *null = BIO_new(BIO_f_null()), *mem = BIO_new(BIO_s_mem()), *copy;
  char out[64], *data = NULL;
  int reason = -1;

  CHECK(BIO_push(buffer, null) == buffer);
  CHECK(BIO_push(buffer, mem) == buffer);
  CHECK(BIO_next(buffer) == null && BIO_next(null) == mem && BIO_next(mem) == NULL);
  CHECK(BIO_find_type(buffer, BIO_TYPE_MEM) == mem);
  CHECK(BIO_find_type(buffer, BIO_TYPE_SOURCE_SINK) == mem);
  CHECK(BIO_find_type(buffer, BIO_TYPE_SOCKET) == NULL);
  CHECK_INT(BIO_puts(buffer, "line 1\nline 2\n"), 14);
  CHECK_INT(BIO_pending(mem), 0);
  CHECK_INT(BIO_wpending(buffer), 14);
  CHECK_INT(BIO_flush(buffer), 1);
  CHECK_INT(BIO_pending(mem), 14);
  CHECK_INT(BIO_gets(buffer, out, 64), 7);
  CHECK_STR(out, "line 1\n");
  CHECK_INT(BIO_pending(mem), 0);
  CHECK_INT(BIO_pending(buffer), 7);
  CHECK_INT(BIO_get_buffer_num_lines(buffer), 1);
  CHECK_INT(BIO_read(buffer, out, 64), 7);
  CHECK_INT(BIO_read(buffer, out, 64), -1);
  CHECK(BIO_should_retry(buffer) && BIO_should_read(buffer));
  CHECK(BIO_get_retry_BIO(buffer, &reason) == mem);

  CHECK(BIO_pop(null) == mem);
  CHECK(BIO_next(buffer) == mem && BIO_next(null) == NULL);
  CHECK_INT(BIO_free(null), 1);
  /* The one that has another reference ends the freeing of a chain. */
  CHECK_INT(BIO_up_ref(mem), 1);
  BIO_free_all(buffer);
  CHECK_INT(BIO_puts(mem, "alive"), 5);
  /* Freeing the first leaves the rest. */
  buffer = BIO_new(BIO_f_buffer());
  BIO_push(buffer, mem);
  CHECK_INT(BIO_free(buffer), 1);
  CHECK_INT(BIO_read(mem, out, 64), 5);
  CHECK_INT(BIO_free(mem), 1);

  mem = BIO_new(BIO_s_mem());
  buffer = BIO_push(BIO_new(BIO_f_base64()), mem);
  for (reason = 0; reason < 10; reason++) CHECK_INT(BIO_write(buffer, "0123456789", 10), 10);
  CHECK_INT(BIO_flush(buffer), 1);
  CHECK_INT(BIO_get_mem_data(mem, &data), 139);
  CHECK(memcmp(data, "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3\nODkw", 68) == 0);
  CHECK(memcmp(data + 130, "Njc4OQ==\n", 9) == 0);
  CHECK_INT(BIO_read(buffer, out, 64), 64);
  CHECK(memcmp(out, "01234567890123", 14) == 0);
  CHECK_INT(BIO_read(buffer, out, 64), 36);
  CHECK(memcmp(out + 30, "456789", 6) == 0);
  BIO_free_all(buffer);
  mem = BIO_new(BIO_s_mem());
  buffer = BIO_new(BIO_f_base64());
  BIO_set_flags(buffer, BIO_FLAGS_BASE64_NO_NL);
  BIO_push(buffer, mem);
  CHECK_INT(BIO_write(buffer, "\0\xff\x10>", 4), 4);
  CHECK_INT(BIO_flush(buffer), 1);
  CHECK_INT(BIO_get_mem_data(mem, &data), 8);
  CHECK(memcmp(data, "AP8QPg==", 8) == 0);
  CHECK_INT(BIO_read(buffer, out, 64), 4);
  CHECK(memcmp(out, "\0\xff\x10>", 4) == 0);
  BIO_free_all(buffer);

  buffer = BIO_push(BIO_new(BIO_f_null()), BIO_new(BIO_s_null()));
  copy = BIO_dup_chain(BIO_next(buffer));
  CHECK(copy != NULL && BIO_method_type(copy) == BIO_TYPE_NULL);
  BIO_free_all(copy);
  CHECK_INT(BIO_write(buffer, "swallowed", 9), 9);
  CHECK_INT(BIO_read(buffer, out, 9), 0);
  BIO_free_all(buffer);
}

/* A method of the program's: a filter that turns letters round, and counts. */
static int made, ended;
static int filter_create(BIO *bio) {
  made++;
  BIO_set_init(bio, 1);
  BIO_set_data(bio, malloc(1));
  return 1;
}
static int filter_destroy(BIO *bio) {
  ended++;
  free(BIO_get_data(bio));
  BIO_set_data(bio, NULL);
  return 1;
}
static int filter_write(BIO *bio, const char *data, int len) {
  int done = 0;
  BIO_clear_retry_flags(bio);
  while (done < len) {
    char turned = (char)(data[done] ^ 0x20);
    if (BIO_write(BIO_next(bio), &turned, 1) != 1) {
      BIO_copy_next_retry(bio);
      break;
    }
    done++;
  }
  return done > 0 ? done : -1;
}
static int filter_read(BIO *bio, char *data, int len) {
  int i, done = BIO_read(BIO_next(bio), data, len);
  BIO_clear_retry_flags(bio);
  BIO_copy_next_retry(bio);
  for (i = 0; i < done; i++) data[i] = (char)(data[i] ^ 0x20);
  return done;
}
static long filter_ctrl(BIO *bio, int command, long number, void *pointer) {
  if (command == BIO_CTRL_INFO) return 77;
  return BIO_ctrl(BIO_next(bio), command, number, pointer);
}
static int filter_read_ex(BIO *bio, char *data, size_t len, size_t *count) {
  (void)bio;
  memset(data, 'z', len);
  *count = len;
  return 1;
}

static void methods(void) {
  int kind = BIO_get_new_index();
  BIO_METHOD *method = BIO_meth_new(kind | BIO_TYPE_FILTER, "turner");
  BIO *bio, *mem = BIO_new(BIO_s_mem());
  char out[16];

  CHECK(kind > 128);
  CHECK_INT(BIO_get_new_index(), kind + 1);
  CHECK_INT(BIO_meth_set_create(method, filter_create), 1);
  CHECK_INT(BIO_meth_set_destroy(method, filter_destroy), 1);
  CHECK_INT(BIO_meth_set_write(method, filter_write), 1);
  CHECK_INT(BIO_meth_set_read(method, filter_read), 1);
  CHECK_INT(BIO_meth_set_ctrl(method, filter_ctrl), 1);
  CHECK(BIO_meth_get_read(method) == filter_read);
  CHECK(BIO_meth_get_gets(method) == NULL);
  bio = BIO_new(method);
  CHECK_INT(made, 1);
  CHECK_STR(BIO_method_name(bio), "turner");
  CHECK_INT(BIO_method_type(bio), kind | BIO_TYPE_FILTER);
  BIO_push(bio, mem);
  CHECK_INT(BIO_write(bio, "abcDEF", 6), 6);
  CHECK_INT(BIO_ctrl(bio, BIO_CTRL_INFO, 0, NULL), 77);
  CHECK_INT(BIO_pending(bio), 6);
  CHECK_INT(BIO_read(mem, out, 2), 2);
  CHECK(memcmp(out, "AB", 2) == 0);
  CHECK_INT(BIO_read(bio, out, 16), 4);
  CHECK(memcmp(out, "cDEF", 4) == 0);
  CHECK_INT(BIO_read(bio, out, 16), -1);
  CHECK(BIO_should_retry(bio) && BIO_should_read(bio));
  CHECK_INT(BIO_gets(bio, out, 16), -2);
  CHECK_INT(ERR_GET_REASON(ERR_get_error()), BIO_R_UNSUPPORTED_METHOD);
  BIO_free_all(bio);
  CHECK_INT(ended, 1);
  BIO_meth_free(method);

  method = BIO_meth_new(kind | BIO_TYPE_SOURCE_SINK, "zs");
  CHECK_INT(BIO_meth_set_read_ex(method, filter_read_ex), 1);
  bio = BIO_new(method);
  CHECK_INT(BIO_read(bio, out, 5), 5);
  CHECK(memcmp(out, "zzzzz", 5) == 0);
  BIO_free(bio);
  BIO_meth_free(method);

  /* A method that is like a socket in all but reading. */
  method = BIO_meth_new(kind | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR, "own socket");
  BIO_meth_set_ctrl(method, BIO_meth_get_ctrl((BIO_METHOD *)BIO_s_socket()));
  BIO_meth_set_create(method, BIO_meth_get_create((BIO_METHOD *)BIO_s_socket()));
  BIO_meth_set_destroy(method, BIO_meth_get_destroy((BIO_METHOD *)BIO_s_socket()));
  BIO_meth_set_puts(method, BIO_meth_get_puts((BIO_METHOD *)BIO_s_socket()));
  BIO_meth_set_read_ex(method, filter_read_ex);
  bio = BIO_new(method);
  CHECK_INT(BIO_get_fd(bio, NULL), -1);
  CHECK_INT(BIO_set_fd(bio, 2, BIO_NOCLOSE), 1);
  CHECK_INT(BIO_get_fd(bio, NULL), 2);
  CHECK_INT(BIO_read(bio, out, 2), 2);
  BIO_free(bio);
  BIO_meth_free(method);
}

static int seen[8], denied;
static long watch(BIO *bio, int operation, const char *data, size_t len, int command, long number, int result,
                  size_t *count) {
  (void)bio, (void)data, (void)len, (void)command, (void)number, (void)count;
  if ((operation & ~BIO_CB_RETURN) < 8) seen[operation & ~BIO_CB_RETURN]++;
  if (denied && operation == BIO_CB_WRITE) return -1;
  if (operation == (BIO_CB_WRITE | BIO_CB_RETURN)) CHECK_INT(*count, 3);
  return result;
}

static int plain_calls;
static long plain_watch(BIO *bio, int operation, const char *data, int len, long number, long result) {
  (void)bio, (void)data, (void)number;
  plain_calls++;
  if (operation == (BIO_CB_READ | BIO_CB_RETURN)) CHECK(len == 4 && result == 3);
  return result;
}

static int freed_value;
static void count_free(void *object, void *value, CRYPTO_EX_DATA *data, int index, long number, void *argument) {
  (void)object, (void)data, (void)index, (void)argument;
  if (value != NULL) freed_value += *(int *)value * (int)number;
}

static void fields(void) {
  BIO *bio = BIO_new(BIO_s_mem());
  char text[8];
  int value = 3, index;

  BIO_set_callback_ex(bio, watch);
  BIO_set_callback_arg(bio, (char *)&value);
  CHECK(BIO_get_callback_arg(bio) == (char *)&value);
  CHECK(BIO_get_callback_ex(bio) == watch);
  CHECK_INT(BIO_write(bio, "abc", 3), 3);
  denied = 1;
  CHECK_INT(BIO_write(bio, "abc", 3), -1);
  denied = 0;
  CHECK_INT(BIO_pending(bio), 3);
  CHECK_INT(seen[BIO_CB_WRITE], 3);
  CHECK_INT(seen[BIO_CB_CTRL], 2);

  BIO_set_callback_ex(bio, NULL);
  BIO_set_callback(bio, plain_watch);
  CHECK(BIO_get_callback(bio) == plain_watch);
  CHECK_INT(BIO_read(bio, text, 4), 3);
  CHECK_INT(BIO_puts(bio, "ab"), 2);
  CHECK_INT(BIO_gets(bio, text, 4), 2);
  CHECK_INT(plain_calls, 6);
  BIO_set_callback(bio, NULL);
  BIO_set_callback_ex(bio, watch);

  index = BIO_get_ex_new_index(2, NULL, NULL, NULL, count_free);
  CHECK(index >= 1);
  CHECK(BIO_get_ex_data(bio, index) == NULL);
  CHECK_INT(BIO_set_ex_data(bio, index, &value), 1);
  CHECK(BIO_get_ex_data(bio, index) == &value);
  CHECK_INT(BIO_set_app_data(bio, &seen), 1);
  CHECK(BIO_get_app_data(bio) == (void *)&seen);
  BIO_free(bio);
  CHECK_INT(seen[BIO_CB_FREE], 1);
  CHECK_INT(freed_value, 6);
}

static void *serve(void *argument) {
  BIO *listener = argument, *connection;
  char out[16];
  CHECK_INT(BIO_do_accept(listener), 1);
  connection = BIO_pop(listener);
  CHECK(connection != NULL && BIO_method_type(connection) == BIO_TYPE_SOCKET);
  CHECK_INT(BIO_read(connection, out, 16), 5);
  CHECK_INT(BIO_write(connection, "there", 5), 5);
  BIO_free(connection);
  return NULL;
}

static void network(void) {
  BIO *listener = BIO_new_accept("127.0.0.1:0"), *client;
  BIO_ADDRINFO *list = NULL;
  BIO_ADDR *address = BIO_ADDR_new();
  struct in_addr ip;
  pthread_t thread;
  char out[16], *host = NULL, *port = NULL;
  int fd, tries = 0;

  BIO_set_bind_mode(listener, BIO_BIND_REUSEADDR);
  CHECK_INT(BIO_do_accept(listener), 1);
  CHECK_STR(BIO_get_accept_name(listener), "127.0.0.1");
  CHECK(atoi(BIO_get_accept_port(listener)) > 0);

  pthread_create(&thread, NULL, serve, listener);
  client = BIO_new_connect("localhost");
  CHECK_INT(BIO_set_conn_hostname(client, "127.0.0.1"), 1);
  CHECK_INT(BIO_set_conn_port(client, BIO_get_accept_port(listener)), 1);
  CHECK_STR(BIO_get_conn_hostname(client), "127.0.0.1");
  CHECK_INT(BIO_do_connect(client), 1);
  CHECK_INT(BIO_puts(client, "hello"), 5);
  CHECK_INT(BIO_read(client, out, 16), 5);
  CHECK_INT(BIO_read(client, out, 16), 0);
  BIO_free_all(client);
  pthread_join(thread, NULL);

  pthread_create(&thread, NULL, serve, listener);
  client = BIO_new(BIO_s_connect());
  BIO_set_nbio(client, 1);
  BIO_set_conn_hostname(client, "127.0.0.1");
  BIO_set_conn_port(client, BIO_get_accept_port(listener));
  while (BIO_do_connect(client) <= 0 && BIO_should_retry(client) && tries++ < 100) usleep(10000);
  CHECK_INT(BIO_puts(client, "hello"), 5);
  while (BIO_read(client, out, 16) != 5 && BIO_should_retry(client) && tries++ < 100) usleep(10000);
  CHECK(memcmp(out, "there", 5) == 0);
  BIO_free_all(client);
  pthread_join(thread, NULL);

  /* The same with plain sockets. */
  pthread_create(&thread, NULL, serve, listener);
  CHECK_INT(BIO_lookup_ex("127.0.0.1", BIO_get_accept_port(listener), BIO_LOOKUP_CLIENT, AF_INET, SOCK_STREAM, 0, &list), 1);
  CHECK_INT(BIO_ADDRINFO_family(list), AF_INET);
  fd = BIO_socket(BIO_ADDRINFO_family(list), SOCK_STREAM, 0, 0);
  CHECK_INT(BIO_connect(fd, BIO_ADDRINFO_address(list), BIO_SOCK_NODELAY), 1);
  BIO_ADDRINFO_free(list);
  client = BIO_new_socket(fd, BIO_CLOSE);
  CHECK_INT(BIO_write(client, "hello", 5), 5);
  CHECK_INT(BIO_read(client, out, 16), 5);
  BIO_free(client);
  pthread_join(thread, NULL);
  BIO_free(listener);

  ip.s_addr = htonl(0x7f000001);
  CHECK_INT(BIO_ADDR_rawmake(address, AF_INET, &ip, sizeof ip, htons(443)), 1);
  CHECK_INT(BIO_ADDR_rawport(address), htons(443));
  host = BIO_ADDR_hostname_string(address, 1);
  CHECK_STR(host, "127.0.0.1");
  OPENSSL_free(host);
  BIO_ADDR_free(address);
  host = NULL;
  CHECK_INT(BIO_parse_hostserv("[::1]:https", &host, &port, BIO_PARSE_PRIO_HOST), 1);
  CHECK_STR(host, "::1");
  CHECK_STR(port, "https");
  OPENSSL_free(host);
  OPENSSL_free(port);
  ERR_clear_error();
  CHECK_INT(BIO_parse_hostserv("::1:https", &host, &port, BIO_PARSE_PRIO_HOST), 0);
  CHECK_INT(ERR_GET_REASON(ERR_get_error()), BIO_R_AMBIGUOUS_HOST_OR_SERVICE);

  /* Nobody listens there. */
  client = BIO_new_connect("127.0.0.1:1");
  CHECK(BIO_do_connect(client) <= 0);
  CHECK(!BIO_should_retry(client));
  CHECK_INT(ERR_GET_LIB(ERR_peek_error()), ERR_LIB_SYS);
  CHECK_INT(ERR_GET_REASON(ERR_peek_error()), ECONNREFUSED);
  CHECK_INT(ERR_GET_REASON(ERR_peek_last_error()), BIO_R_CONNECT_ERROR);
  BIO_free_all(client);
  ERR_clear_error();
}

static char lines[2048];
static int collect(const char *line, size_t len, void *argument) {
  CHECK(argument == (void *)&failures);
  CHECK_INT(strlen(line), len);
  strncat(lines, line, sizeof(lines) - strlen(lines) - 1);
  return 1;
}

static void errors(void) {
  static ERR_STRING_DATA names[] = {{ERR_PACK(0, 0, 5), "five"}, {0, NULL}};
  static ERR_STRING_DATA title[] = {{0, "a library of the test"}, {0, NULL}};
  const char *file = NULL, *function = NULL, *data = NULL;
  char text[256], small[24], *line;
  unsigned long code;
  int number = -1, flags = -1, library, i;
  BIO *bio;

  ERR_load_SSL_strings();
  ERR_clear_error();
  CHECK_INT(ERR_get_error(), 0);
  CHECK_INT(ERR_peek_last_error(), 0);
  CHECK_INT(ERR_PACK(ERR_LIB_SSL, 0, SSL_R_CERTIFICATE_VERIFY_FAILED), 0x0A000086);
  CHECK_STR(ERR_error_string(0x0A000086UL, text), "error:0A000086:SSL routines::certificate verify failed");
  CHECK_STR(ERR_lib_error_string(0x0A000086UL), "SSL routines");
  CHECK_STR(ERR_reason_error_string(0x0A000086UL), "certificate verify failed");
  CHECK_STR(ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0, 1048)), "tlsv1 alert unknown ca");
  CHECK_STR(ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0, 1040)), "sslv3 alert handshake failure");
  CHECK_STR(ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0, ERR_R_MALLOC_FAILURE)), "malloc failure");
  CHECK_STR(ERR_error_string(ERR_PACK(ERR_LIB_SSL, 0, 9999), NULL), "error:0A00270F:SSL routines::reason(9999)");
  CHECK_STR(ERR_error_string(ERR_PACK(99, 0, 7), NULL), "error:31800007:lib(99)::reason(7)");
  CHECK(ERR_reason_error_string(ERR_PACK(99, 0, 7)) == NULL);
  ERR_error_string_n(0x0A000086UL, small, sizeof small);
  CHECK_STR(small, "err:a000086:14:0:86");

  ERR_raise(ERR_LIB_SSL, SSL_R_UNEXPECTED_MESSAGE);
  number = __LINE__ - 1;
  CHECK_INT(ERR_peek_error_all(&file, &flags, &function, &data, NULL), 0x0A0000F4);
  CHECK_STR(file, __FILE__);
  CHECK_INT(flags, number);
  CHECK_STR(function, "errors");
  CHECK_STR(data, "");
  ERR_raise_data(ERR_LIB_BIO, BIO_R_IN_USE, "by %s number %d", "thing", 7);
  code = ERR_peek_last_error_data(&data, &flags);
  CHECK_INT(ERR_GET_LIB(code), ERR_LIB_BIO);
  CHECK_INT(ERR_GET_REASON(code), BIO_R_IN_USE);
  CHECK_STR(data, "by thing number 7");
  CHECK_INT(flags, ERR_TXT_MALLOCED | ERR_TXT_STRING);
  ERR_add_error_data(3, ", and", " ", "more");
  ERR_add_error_txt("; ", "last");
  ERR_peek_last_error_data(&data, &flags);
  CHECK_STR(data, "by thing number 7, and more; last");
  CHECK_INT(ERR_get_error(), 0x0A0000F4);
  code = ERR_get_error_all(&file, &number, &function, &data, &flags);
  CHECK_STR(data, "by thing number 7, and more; last");
  CHECK_INT(ERR_get_error(), 0);

  /* Marks. */
  CHECK_INT(ERR_set_mark(), 0);
  ERR_raise(ERR_LIB_SSL, 1);
  CHECK_INT(ERR_set_mark(), 1);
  ERR_raise(ERR_LIB_SSL, 2);
  ERR_raise(ERR_LIB_SSL, 3);
  CHECK_INT(ERR_pop_to_mark(), 1);
  CHECK_INT(ERR_GET_REASON(ERR_peek_last_error()), 1);
  CHECK_INT(ERR_set_mark(), 1);
  ERR_raise(ERR_LIB_SSL, 4);
  CHECK_INT(ERR_clear_last_mark(), 1);
  CHECK_INT(ERR_clear_last_mark(), 0);
  CHECK_INT(ERR_pop_to_mark(), 0);
  CHECK_INT(ERR_get_error(), 0);

  /* The oldest go when there are too many. */
  for (i = 1; i <= 40; i++) ERR_raise(ERR_LIB_SSL, i);
  CHECK_INT(ERR_GET_REASON(ERR_peek_error()), 26);
  CHECK_INT(ERR_GET_REASON(ERR_peek_last_error()), 40);
  ERR_clear_error();

  /* Words of the program's. */
  library = ERR_get_next_error_library();
  CHECK(library >= ERR_LIB_USER);
  CHECK_INT(ERR_get_next_error_library(), library + 1);
  title[0].error = ERR_PACK(library, 0, 0);
  ERR_load_strings(0, title);
  ERR_load_strings(library, names);
  code = ERR_PACK(library, 0, 5);
  sprintf(text, "error:%08lX:a library of the test::five", code);
  CHECK_STR(ERR_error_string(code, NULL), text);
  ERR_raise_data(library, 5, "it was %s", "five");

  /* Printing. */
  ERR_print_errors_cb(collect, &failures);
  line = strchr(lines, ':');
  CHECK(line != NULL && line - lines == 16);
  sprintf(small, "%lX", code);
  CHECK(strstr(lines, small) != NULL && strstr(lines, ":a library of the test:errors:five:") != NULL);
  CHECK(strstr(lines, ":it was five\n") != NULL);
  CHECK_INT(ERR_get_error(), 0);
  ERR_unload_strings(library, names);
  CHECK(ERR_reason_error_string(code) == NULL);
  ERR_unload_strings(0, title);

  ERR_raise(ERR_LIB_SYS, EACCES);
  CHECK_STR(ERR_error_string(ERR_peek_error(), NULL), "error:8000000D:system library::Permission denied");
  bio = BIO_new(BIO_s_mem());
  ERR_print_errors(bio);
  CHECK(BIO_pending(bio) > 40);
  BIO_free(bio);
  ERR_print_errors_fp(stdout);
  CHECK_INT(ERR_peek_error(), 0);
}

static void *other_thread(void *argument) {
  (void)argument;
  CHECK_INT(ERR_peek_error(), 0);
  ERR_raise(ERR_LIB_SSL, 1);
  ERR_raise_data(ERR_LIB_SSL, 2, "left behind");
  return NULL;
}

static void misuse(void) {
  pthread_t thread;
  BIO *bio = BIO_new(BIO_s_mem()), *other;
  char out[4];

  ERR_raise(ERR_LIB_SSL, 7);
  pthread_create(&thread, NULL, other_thread, NULL);
  pthread_join(thread, NULL);
  CHECK_INT(ERR_GET_REASON(ERR_get_error()), 7);
  CHECK_INT(ERR_get_error(), 0);

  CHECK(BIO_read(NULL, out, 4) < 0);
  CHECK(BIO_write(NULL, out, 4) <= 0);
  CHECK(BIO_gets(NULL, out, 4) < 0);
  CHECK(BIO_puts(NULL, "x") < 0);
  CHECK_INT(BIO_read(bio, out, 0) <= 0, 1);
  CHECK_INT(BIO_read(bio, out, -1), 0);
  CHECK_INT(BIO_write(bio, out, -1), 0);
  CHECK(BIO_ctrl(bio, 9999, 0, NULL) <= 0);
  CHECK_INT(BIO_up_ref(bio), 1);
  other = BIO_new(BIO_s_mem());
  BIO_set_callback_ex(bio, BIO_debug_callback_ex);
  BIO_set_callback_arg(bio, (char *)other);
  CHECK_INT(BIO_write(bio, "seen", 4), 4);
  CHECK(BIO_pending(other) > 20);
  CHECK_INT(BIO_free(bio), 1);
  CHECK_INT(BIO_free(bio), 1);
  BIO_free(other);
  CHECK(BIO_ctrl(NULL, BIO_CTRL_FLUSH, 0, NULL) <= 0);
  CHECK_INT(BIO_method_type(bio = BIO_new(BIO_s_null())), BIO_TYPE_NULL);
  BIO_free(bio);
  CHECK(BIO_new_mem_buf(NULL, 3) == NULL);
  CHECK(BIO_push(NULL, NULL) == NULL);
  CHECK(BIO_pop(NULL) == NULL);
  CHECK(BIO_next(NULL) == NULL);
  ERR_clear_error();
}

static int once_count;
static void once(void) { once_count++; }

static void crypto(void) {
  static CRYPTO_ONCE once_state = CRYPTO_ONCE_STATIC_INIT;
  CRYPTO_EX_DATA data;
  CRYPTO_RWLOCK *lock = CRYPTO_THREAD_lock_new();
  unsigned char bytes[32], others[32], *buffer;
  char *text, small[4], hex[16];
  long len = 0;
  size_t size = 0;
  int index, value = 5, result = 0;

  text = OPENSSL_strdup("copied");
  CHECK_STR(text, "copied");
  text = OPENSSL_realloc(text, 100);
  CHECK_STR(text, "copied");
  OPENSSL_clear_free(text, 100);
  text = OPENSSL_strndup("copied", 3);
  CHECK_STR(text, "cop");
  OPENSSL_free(text);
  buffer = OPENSSL_zalloc(16);
  CHECK(buffer != NULL && buffer[0] == 0 && buffer[15] == 0);
  memset(buffer, 1, 16);
  OPENSSL_cleanse(buffer, 16);
  CHECK(memcmp(buffer, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16) == 0);
  buffer = OPENSSL_clear_realloc(buffer, 16, 32);
  OPENSSL_free(buffer);
  OPENSSL_free(NULL);
  CHECK(OPENSSL_malloc(0) == NULL);
  CHECK_INT(CRYPTO_memcmp("abc", "abc", 3), 0);
  CHECK(CRYPTO_memcmp("abc", "abd", 3) != 0);
  CHECK_INT(OPENSSL_strlcpy(small, "longer", sizeof small), 6);
  CHECK_STR(small, "lon");
  CHECK_INT(OPENSSL_strnlen("abc", 2), 2);
  CHECK_INT(OPENSSL_strcasecmp("ABC", "abc"), 0);

  buffer = OPENSSL_hexstr2buf("0a:Ff10", &len);
  CHECK(buffer != NULL && len == 3 && memcmp(buffer, "\x0a\xff\x10", 3) == 0);
  text = OPENSSL_buf2hexstr(buffer, 3);
  CHECK_STR(text, "0A:FF:10");
  OPENSSL_free(text);
  CHECK_INT(OPENSSL_buf2hexstr_ex(hex, sizeof hex, &size, buffer, 3, '\0'), 1);
  CHECK_STR(hex, "0AFF10");
  CHECK_INT(size, 7);
  OPENSSL_free(buffer);
  ERR_clear_error();
  CHECK(OPENSSL_hexstr2buf("0a1", &len) == NULL);
  CHECK(OPENSSL_hexstr2buf("xx", &len) == NULL);
  CHECK_INT(OPENSSL_hexchar2int('f'), 15);
  CHECK_INT(OPENSSL_hexchar2int('g'), -1);
  ERR_clear_error();

  index = CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_APP, 4, NULL, NULL, NULL, count_free);
  CHECK(index >= 1);
  CHECK_INT(CRYPTO_new_ex_data(CRYPTO_EX_INDEX_APP, &value, &data), 1);
  CHECK_INT(CRYPTO_set_ex_data(&data, index, &value), 1);
  CHECK(CRYPTO_get_ex_data(&data, index) == &value);
  CHECK(CRYPTO_get_ex_data(&data, index + 100) == NULL);
  freed_value = 0;
  CRYPTO_free_ex_data(CRYPTO_EX_INDEX_APP, &value, &data);
  CHECK_INT(freed_value, 20);

  CHECK_INT(CRYPTO_THREAD_write_lock(lock), 1);
  CHECK_INT(CRYPTO_atomic_add(&value, 3, &result, lock), 1);
  CHECK_INT(result, 8);
  CHECK_INT(CRYPTO_THREAD_unlock(lock), 1);
  CRYPTO_THREAD_lock_free(lock);
  CHECK_INT(CRYPTO_THREAD_run_once(&once_state, once), 1);
  CHECK_INT(CRYPTO_THREAD_run_once(&once_state, once), 1);
  CHECK_INT(once_count, 1);

  memset(bytes, 0, 32);
  memset(others, 0, 32);
  CHECK_INT(RAND_bytes(bytes, 32), 1);
  CHECK_INT(RAND_priv_bytes(others, 32), 1);
  CHECK(memcmp(bytes, others, 32) != 0);
  CHECK_INT(RAND_status(), 1);
  CHECK_INT(RAND_poll(), 1);
  RAND_seed("seed", 4);
  RAND_add("seed", 4, 0);
  CHECK(RAND_load_file("/no/such/file", -1) <= 0);
  ERR_clear_error();

  CHECK_INT(OPENSSL_init_crypto(0, NULL), 1);
  CHECK_INT(OPENSSL_version_major(), 3);
  CHECK_INT(OpenSSL_version_num() >> 28, 3);
  CHECK(OpenSSL_version(OPENSSL_VERSION) != NULL);
}

static void printing(void) {
  char out[8], *data = NULL, bytes[20];
  BIO *bio = BIO_new(BIO_s_mem());
  int i;

  CHECK_INT(BIO_snprintf(out, sizeof out, "%d-%s", 12, "ab"), 5);
  CHECK_STR(out, "12-ab");
  CHECK_INT(BIO_snprintf(out, sizeof out, "%s", "too long for it"), -1);
  CHECK_STR(out, "too lon");
  for (i = 0; i < 20; i++) bytes[i] = (char)(i == 3 ? 200 : 'a' + i);
  CHECK_INT(BIO_dump(bio, bytes, 20), 74 + 62);
  CHECK_INT(BIO_write(bio, "", 1), 1);
  BIO_get_mem_data(bio, &data);
  CHECK_STR(data,
            "0000 - 61 62 63 c8 65 66 67 68-69 6a 6b 6c 6d 6e 6f 70   abc.efghijklmnop\n"
            "0010 - 71 72 73 74                                       qrst\n");
  BIO_reset(bio);
  for (i = 0; i < 20; i += 3) BIO_dump_indent(bio, bytes, 20, i);
  CHECK_INT(BIO_write(bio, "", 1), 1);
  BIO_get_mem_data(bio, &data);
  fputs(data, stdout);
  BIO_free(bio);
}

int main(void) {
  memory();
  sockets();
  files();
  terminals();
  abandoned_file();
  pairs();
  chains();
  methods();
  fields();
  network();
  errors();
  misuse();
  crypto();
  printing();
  if (failures) fprintf(stderr, "%d checks failed\n", failures);
  return failures != 0;
}
