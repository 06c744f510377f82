/* BIOs: what bytes are read from and written to. They have kinds (methods), and may stand in chains, where filters change what goes to
 * or comes from the next.
 *
 * Objects are counted: BIO_new gives one reference, BIO_up_ref one more, BIO_free takes one back. A chain owns what BIO_push puts into
 * it. Functions take NULL for any pointer, and fail then. */
#ifndef WARIFU_OPENSSL_BIO_H
#define WARIFU_OPENSSL_BIO_H

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/e_os2.h>
#include <openssl/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- Kinds --------------------------------------------------------------------------------------------------------- */

#define BIO_TYPE_DESCRIPTOR 0x0100
#define BIO_TYPE_FILTER 0x0200
#define BIO_TYPE_SOURCE_SINK 0x0400
#define BIO_TYPE_NONE 0
#define BIO_TYPE_MEM (1 | BIO_TYPE_SOURCE_SINK)
#define BIO_TYPE_FILE (2 | BIO_TYPE_SOURCE_SINK)
#define BIO_TYPE_FD (4 | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR)
#define BIO_TYPE_SOCKET (5 | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR)
#define BIO_TYPE_NULL (6 | BIO_TYPE_SOURCE_SINK)
#define BIO_TYPE_SSL (7 | BIO_TYPE_FILTER)
#define BIO_TYPE_MD (8 | BIO_TYPE_FILTER)
#define BIO_TYPE_BUFFER (9 | BIO_TYPE_FILTER)
#define BIO_TYPE_CIPHER (10 | BIO_TYPE_FILTER)
#define BIO_TYPE_BASE64 (11 | BIO_TYPE_FILTER)
#define BIO_TYPE_CONNECT (12 | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR)
#define BIO_TYPE_ACCEPT (13 | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR)
#define BIO_TYPE_NBIO_TEST (16 | BIO_TYPE_FILTER)
#define BIO_TYPE_NULL_FILTER (17 | BIO_TYPE_FILTER)
#define BIO_TYPE_BIO (19 | BIO_TYPE_SOURCE_SINK)
#define BIO_TYPE_LINEBUFFER (20 | BIO_TYPE_FILTER)
#define BIO_TYPE_DGRAM (21 | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR)
#define BIO_TYPE_START 128

/* Methods, which stay for ever. */
const BIO_METHOD *BIO_s_mem(void);      /* in memory */
const BIO_METHOD *BIO_s_secmem(void);   /* the same; all memory is wiped when it is freed */
const BIO_METHOD *BIO_s_socket(void);   /* of a socket; a peer that is gone gives an error, no SIGPIPE */
const BIO_METHOD *BIO_s_fd(void);       /* of a file descriptor */
const BIO_METHOD *BIO_s_file(void);     /* of a FILE */
const BIO_METHOD *BIO_s_null(void);     /* swallows what is written */
const BIO_METHOD *BIO_s_bio(void);      /* half of a pair */
const BIO_METHOD *BIO_s_connect(void);  /* connects, and is a socket then */
const BIO_METHOD *BIO_s_accept(void);   /* listens; each connection becomes the next BIO */
const BIO_METHOD *BIO_f_null(void);     /* hands all on */
const BIO_METHOD *BIO_f_buffer(void);   /* buffers both ways, and has lines */
const BIO_METHOD *BIO_f_base64(void);   /* writes in Base64, reads from Base64 */

/* --- Making and freeing -------------------------------------------------------------------------------------------- */

#define BIO_NOCLOSE 0x00
#define BIO_CLOSE 0x01

/* Return a BIO that the caller frees, or NULL. */
BIO *BIO_new(const BIO_METHOD *method);
BIO *BIO_new_ex(OSSL_LIB_CTX *library, const BIO_METHOD *method);
/* With BIO_CLOSE, the end of the BIO closes the socket, descriptor or file. */
BIO *BIO_new_socket(int fd, int close);
BIO *BIO_new_fd(int fd, int close);
BIO *BIO_new_fp(FILE *file, int close);
/* Opens a file as fopen does. */
BIO *BIO_new_file(const char *name, const char *mode);
/* Reads `len` bytes, or a string if `len` is negative. They are not copied, and must stay as long as the BIO. */
BIO *BIO_new_mem_buf(const void *data, int len);
/* Connects to `host:port`, or listens at it, when it is first used. */
BIO *BIO_new_connect(const char *address);
BIO *BIO_new_accept(const char *address);
/* Makes two halves of a pair, which the caller frees. A size of 0 is for a buffer of 17 KiB. Returns 1 or 0. */
int BIO_new_bio_pair(BIO **one, size_t size, BIO **other, size_t other_size);

/* Takes one more reference. Returns 1 or 0. */
int BIO_up_ref(BIO *bio);
/* Give one reference back. What is behind the BIO in its chain stays, and is the caller's. Returns 1, or 0 for NULL. */
int BIO_free(BIO *bio);
void BIO_vfree(BIO *bio);
/* Gives a reference to a chain back: all of it goes, up to the first BIO that has other references. */
void BIO_free_all(BIO *bio);

/* --- Reading and writing ------------------------------------------------------------------------------------------- */

/* Return the number of bytes, 0 at the end, or -1: BIO_should_retry then says whether to try again later. */
int BIO_read(BIO *bio, void *data, int len);
int BIO_write(BIO *bio, const void *data, int len);
/* Write a string; read a line with its end, with a NUL behind. As above; -2 if the BIO cannot. */
int BIO_puts(BIO *bio, const char *text);
int BIO_gets(BIO *bio, char *data, int size);
int BIO_get_line(BIO *bio, char *data, int size);
/* Store the number of bytes, and return 1 if there were any, else 0. */
int BIO_read_ex(BIO *bio, void *data, size_t len, size_t *count);
int BIO_write_ex(BIO *bio, const void *data, size_t len, size_t *count);

/* Write what a format of printf makes. As BIO_write. */
int BIO_vprintf(BIO *bio, const char *format, va_list arguments);
/* Print to a buffer. Return the length, or -1 if it does not fit with its NUL. */
int BIO_vsnprintf(char *buffer, size_t size, const char *format, va_list arguments);
#ifdef __GNUC__
static ossl_unused ossl_inline int BIO_printf(BIO *bio, const char *format, ...)
    __attribute__((__format__(__printf__, 2, 3)));
static ossl_unused ossl_inline int BIO_snprintf(char *buffer, size_t size, const char *format, ...)
    __attribute__((__format__(__printf__, 3, 4)));
#endif
static ossl_unused ossl_inline int BIO_printf(BIO *bio, const char *format, ...) {
  va_list arguments;
  int result;
  va_start(arguments, format);
  result = BIO_vprintf(bio, format, arguments);
  va_end(arguments);
  return result;
}
static ossl_unused ossl_inline int BIO_snprintf(char *buffer, size_t size, const char *format, ...) {
  va_list arguments;
  int result;
  va_start(arguments, format);
  result = BIO_vsnprintf(buffer, size, format, arguments);
  va_end(arguments);
  return result;
}

/* Write at most `max` spaces. Returns 1 or 0. */
int BIO_indent(BIO *bio, int indent, int max);
/* Write bytes as a table of hexadecimal numbers and characters. Return the number of bytes written, or less than 0. */
int BIO_dump(BIO *bio, const void *bytes, int len);
int BIO_dump_indent(BIO *bio, const void *bytes, int len, int indent);
int BIO_dump_fp(FILE *file, const void *bytes, int len);
int BIO_dump_indent_fp(FILE *file, const void *bytes, int len, int indent);
int BIO_dump_cb(int (*print)(const void *data, size_t len, void *argument), void *argument, const void *bytes, int len);
int BIO_dump_indent_cb(int (*print)(const void *data, size_t len, void *argument), void *argument, const void *bytes,
                       int len, int indent);

/* --- Trying again -------------------------------------------------------------------------------------------------- */

#define BIO_FLAGS_READ 0x01
#define BIO_FLAGS_WRITE 0x02
#define BIO_FLAGS_IO_SPECIAL 0x04
#define BIO_FLAGS_RWS (BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_IO_SPECIAL)
#define BIO_FLAGS_SHOULD_RETRY 0x08
#define BIO_FLAGS_UPLINK 0
#define BIO_FLAGS_BASE64_NO_NL 0x100
#define BIO_FLAGS_MEM_RDONLY 0x200
#define BIO_FLAGS_NONCLEAR_RST 0x400
#define BIO_FLAGS_IN_EOF 0x800

void BIO_set_flags(BIO *bio, int flags);
void BIO_clear_flags(BIO *bio, int flags);
/* Returns those of the flags that are set. */
int BIO_test_flags(const BIO *bio, int flags);
#define BIO_get_flags(b) BIO_test_flags(b, ~(0x0))
#define BIO_set_retry_special(b) BIO_set_flags(b, (BIO_FLAGS_IO_SPECIAL | BIO_FLAGS_SHOULD_RETRY))
#define BIO_set_retry_read(b) BIO_set_flags(b, (BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY))
#define BIO_set_retry_write(b) BIO_set_flags(b, (BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY))
#define BIO_clear_retry_flags(b) BIO_clear_flags(b, (BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY))
#define BIO_get_retry_flags(b) BIO_test_flags(b, (BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY))
#define BIO_should_read(b) BIO_test_flags(b, BIO_FLAGS_READ)
#define BIO_should_write(b) BIO_test_flags(b, BIO_FLAGS_WRITE)
#define BIO_should_io_special(b) BIO_test_flags(b, BIO_FLAGS_IO_SPECIAL)
#define BIO_retry_type(b) BIO_test_flags(b, BIO_FLAGS_RWS)
#define BIO_should_retry(b) BIO_test_flags(b, BIO_FLAGS_SHOULD_RETRY)

#define BIO_RR_SSL_X509_LOOKUP 0x01
#define BIO_RR_CONNECT 0x02
#define BIO_RR_ACCEPT 0x03
/* Returns the BIO of the chain that has to try again, which is not the caller's to free, and stores why. */
BIO *BIO_get_retry_BIO(BIO *bio, int *reason);
int BIO_get_retry_reason(BIO *bio);
void BIO_set_retry_reason(BIO *bio, int reason);
/* Takes the retry flags of the next BIO over. */
void BIO_copy_next_retry(BIO *bio);

/* --- Chains -------------------------------------------------------------------------------------------------------- */

/* Puts `append`, which the chain owns then, behind the last of `bio`'s chain. Returns `bio`, or `append` if that is NULL. */
BIO *BIO_push(BIO *bio, BIO *append);
/* Takes a BIO out of its chain, and it is the caller's again. Returns what followed: it is the caller's too if `bio` was the first. */
BIO *BIO_pop(BIO *bio);
/* Return BIOs of the chain, which are not the caller's to free, or NULL. */
BIO *BIO_next(BIO *bio);
BIO *BIO_find_type(BIO *bio, int type);
/* Puts a BIO behind another; the chain owns it then. What was there is the caller's again. */
void BIO_set_next(BIO *bio, BIO *next);
/* Returns a copy that the caller frees, or NULL if one of its BIOs cannot be copied. */
BIO *BIO_dup_chain(BIO *bio);

/* --- Commands ------------------------------------------------------------------------------------------------------ */

/* Carry a command out. What it takes and returns is said at its macro; 0 if the BIO does not know it. */
long BIO_ctrl(BIO *bio, int command, long number, void *pointer);
long BIO_int_ctrl(BIO *bio, int command, long number, int value);
void *BIO_ptr_ctrl(BIO *bio, int command, long number);

#define BIO_CTRL_RESET 1
#define BIO_CTRL_EOF 2
#define BIO_CTRL_INFO 3
#define BIO_CTRL_SET 4
#define BIO_CTRL_GET 5
#define BIO_CTRL_PUSH 6
#define BIO_CTRL_POP 7
#define BIO_CTRL_GET_CLOSE 8
#define BIO_CTRL_SET_CLOSE 9
#define BIO_CTRL_PENDING 10
#define BIO_CTRL_FLUSH 11
#define BIO_CTRL_DUP 12
#define BIO_CTRL_WPENDING 13
#define BIO_CTRL_SET_CALLBACK 14
#define BIO_CTRL_GET_CALLBACK 15
#define BIO_CTRL_PEEK 29
#define BIO_CTRL_SET_FILENAME 30
#define BIO_CTRL_DGRAM_CONNECT 31
#define BIO_CTRL_DGRAM_SET_CONNECTED 32
#define BIO_CTRL_DGRAM_SET_RECV_TIMEOUT 33
#define BIO_CTRL_DGRAM_GET_RECV_TIMEOUT 34
#define BIO_CTRL_DGRAM_SET_SEND_TIMEOUT 35
#define BIO_CTRL_DGRAM_GET_SEND_TIMEOUT 36
#define BIO_CTRL_DGRAM_GET_RECV_TIMER_EXP 37
#define BIO_CTRL_DGRAM_GET_SEND_TIMER_EXP 38
#define BIO_CTRL_DGRAM_MTU_DISCOVER 39
#define BIO_CTRL_DGRAM_QUERY_MTU 40
#define BIO_CTRL_DGRAM_GET_MTU 41
#define BIO_CTRL_DGRAM_SET_MTU 42
#define BIO_CTRL_DGRAM_MTU_EXCEEDED 43
#define BIO_CTRL_DGRAM_SET_PEER 44
#define BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT 45
#define BIO_CTRL_DGRAM_GET_PEER 46
#define BIO_CTRL_DGRAM_GET_FALLBACK_MTU 47
#define BIO_CTRL_DGRAM_SET_DONT_FRAG 48
#define BIO_CTRL_DGRAM_GET_MTU_OVERHEAD 49
#define BIO_CTRL_DGRAM_SET_PEEK_MODE 71
#define BIO_CTRL_GET_KTLS_SEND 73
#define BIO_CTRL_GET_KTLS_RECV 76
#define BIO_C_SET_CONNECT 100
#define BIO_C_DO_STATE_MACHINE 101
#define BIO_C_SET_NBIO 102
#define BIO_C_SET_FD 104
#define BIO_C_GET_FD 105
#define BIO_C_SET_FILE_PTR 106
#define BIO_C_GET_FILE_PTR 107
#define BIO_C_SET_FILENAME 108
#define BIO_C_SET_SSL 109
#define BIO_C_GET_SSL 110
#define BIO_C_SET_MD 111
#define BIO_C_GET_MD 112
#define BIO_C_GET_CIPHER_STATUS 113
#define BIO_C_SET_BUF_MEM 114
#define BIO_C_GET_BUF_MEM_PTR 115
#define BIO_C_GET_BUFF_NUM_LINES 116
#define BIO_C_SET_BUFF_SIZE 117
#define BIO_C_SET_ACCEPT 118
#define BIO_C_SSL_MODE 119
#define BIO_C_GET_MD_CTX 120
#define BIO_C_SET_BUFF_READ_DATA 122
#define BIO_C_GET_CONNECT 123
#define BIO_C_GET_ACCEPT 124
#define BIO_C_SET_SSL_RENEGOTIATE_BYTES 125
#define BIO_C_GET_SSL_NUM_RENEGOTIATES 126
#define BIO_C_SET_SSL_RENEGOTIATE_TIMEOUT 127
#define BIO_C_FILE_SEEK 128
#define BIO_C_GET_CIPHER_CTX 129
#define BIO_C_SET_BUF_MEM_EOF_RETURN 130
#define BIO_C_SET_BIND_MODE 131
#define BIO_C_GET_BIND_MODE 132
#define BIO_C_FILE_TELL 133
#define BIO_C_SET_WRITE_BUF_SIZE 136
#define BIO_C_GET_WRITE_BUF_SIZE 137
#define BIO_C_MAKE_BIO_PAIR 138
#define BIO_C_DESTROY_BIO_PAIR 139
#define BIO_C_GET_WRITE_GUARANTEE 140
#define BIO_C_GET_READ_REQUEST 141
#define BIO_C_SHUTDOWN_WR 142
#define BIO_C_NREAD0 143
#define BIO_C_NREAD 144
#define BIO_C_NWRITE0 145
#define BIO_C_NWRITE 146
#define BIO_C_RESET_READ_REQUEST 147
#define BIO_C_SET_EX_ARG 153
#define BIO_C_GET_EX_ARG 154
#define BIO_C_SET_CONNECT_MODE 155

/* To the beginning: 1 if that went; of files and descriptors, 0 if it went, and -1. */
#define BIO_reset BIO_reset
static ossl_unused ossl_inline int BIO_reset(BIO *b) {
  return (int)BIO_ctrl(b, BIO_CTRL_RESET, 0, NULL);
}
/* 1 at the end, else 0. */
#define BIO_eof BIO_eof
static ossl_unused ossl_inline int BIO_eof(BIO *b) {
  return (int)BIO_ctrl(b, BIO_CTRL_EOF, 0, NULL);
}
#define BIO_set_close BIO_set_close
static ossl_unused ossl_inline int BIO_set_close(BIO *b, int c) {
  return (int)BIO_ctrl(b, BIO_CTRL_SET_CLOSE, c, NULL);
}
#define BIO_get_close BIO_get_close
static ossl_unused ossl_inline int BIO_get_close(BIO *b) {
  return (int)BIO_ctrl(b, BIO_CTRL_GET_CLOSE, 0, NULL);
}
/* The bytes that are there to read, and that wait to be written. */
#define BIO_pending BIO_pending
static ossl_unused ossl_inline int BIO_pending(BIO *b) {
  return (int)BIO_ctrl(b, BIO_CTRL_PENDING, 0, NULL);
}
#define BIO_wpending BIO_wpending
static ossl_unused ossl_inline int BIO_wpending(BIO *b) {
  return (int)BIO_ctrl(b, BIO_CTRL_WPENDING, 0, NULL);
}
size_t BIO_ctrl_pending(BIO *bio);
size_t BIO_ctrl_wpending(BIO *bio);
/* Sends what is buffered on its way. 1, or 0 or -1. */
#define BIO_flush BIO_flush
static ossl_unused ossl_inline int BIO_flush(BIO *b) {
  return (int)BIO_ctrl(b, BIO_CTRL_FLUSH, 0, NULL);
}
#define BIO_dup_state(b, copy) BIO_ctrl(b, BIO_CTRL_DUP, 0, (char *)(copy))
#define BIO_get_ktls_send(b) (0)
#define BIO_get_ktls_recv(b) (0)

/* In memory: the bytes to read, which stay until the next writing; the buffer, which stays the BIO's; a buffer of the caller's in its
 * place; what reading returns when nothing is there: 0 for an end, or -1 for "later". */
#define BIO_get_mem_data(b, pp) BIO_ctrl(b, BIO_CTRL_INFO, 0, (char *)(pp))
#define BIO_get_mem_ptr(b, pp) BIO_ctrl(b, BIO_C_GET_BUF_MEM_PTR, 0, (char *)(pp))
#define BIO_set_mem_buf(b, bm, c) BIO_ctrl(b, BIO_C_SET_BUF_MEM, c, (char *)(bm))
#define BIO_set_mem_eof_return(b, v) BIO_ctrl(b, BIO_C_SET_BUF_MEM_EOF_RETURN, v, NULL)

/* Sockets and descriptors. BIO_get_fd returns the descriptor, or -1. */
#define BIO_set_fd(b, fd, c) BIO_int_ctrl(b, BIO_C_SET_FD, c, fd)
#define BIO_get_fd(b, c) BIO_ctrl(b, BIO_C_GET_FD, 0, (char *)(c))
/* Of connections to be made or taken: their mode is non-blocking. */
#define BIO_set_nbio(b, n) BIO_ctrl(b, BIO_C_SET_NBIO, (n), NULL)

/* Files. */
#define BIO_FP_READ 0x02
#define BIO_FP_WRITE 0x04
#define BIO_FP_APPEND 0x08
#define BIO_FP_TEXT 0x10
#define BIO_set_fp(b, fp, c) BIO_ctrl(b, BIO_C_SET_FILE_PTR, c, (char *)(fp))
#define BIO_get_fp(b, fpp) BIO_ctrl(b, BIO_C_GET_FILE_PTR, 0, (char *)(fpp))
#define BIO_seek BIO_seek
static ossl_unused ossl_inline int BIO_seek(BIO *b, long ofs) {
  return (int)BIO_ctrl(b, BIO_C_FILE_SEEK, ofs, NULL);
}
#define BIO_tell BIO_tell
static ossl_unused ossl_inline int BIO_tell(BIO *b) {
  return (int)BIO_ctrl(b, BIO_C_FILE_TELL, 0, NULL);
}
#define BIO_read_filename BIO_read_filename
static ossl_unused ossl_inline int BIO_read_filename(BIO *b, const char *name) {
  return (int)BIO_ctrl(b, BIO_C_SET_FILENAME, BIO_CLOSE | BIO_FP_READ, (char *)name);
}
#define BIO_write_filename BIO_write_filename
static ossl_unused ossl_inline int BIO_write_filename(BIO *b, const char *name) {
  return (int)BIO_ctrl(b, BIO_C_SET_FILENAME, BIO_CLOSE | BIO_FP_WRITE, (char *)name);
}
#define BIO_append_filename BIO_append_filename
static ossl_unused ossl_inline int BIO_append_filename(BIO *b, const char *name) {
  return (int)BIO_ctrl(b, BIO_C_SET_FILENAME, BIO_CLOSE | BIO_FP_APPEND, (char *)name);
}
#define BIO_rw_filename BIO_rw_filename
static ossl_unused ossl_inline int BIO_rw_filename(BIO *b, const char *name) {
  return (int)BIO_ctrl(b, BIO_C_SET_FILENAME, BIO_CLOSE | BIO_FP_READ | BIO_FP_WRITE, (char *)name);
}

/* Buffering. */
#define BIO_get_buffer_num_lines(b) BIO_ctrl(b, BIO_C_GET_BUFF_NUM_LINES, 0, NULL)
#define BIO_buffer_get_num_lines(b) BIO_get_buffer_num_lines(b)
#define BIO_set_buffer_size(b, size) BIO_ctrl(b, BIO_C_SET_BUFF_SIZE, size, NULL)
#define BIO_set_read_buffer_size(b, size) BIO_int_ctrl(b, BIO_C_SET_BUFF_SIZE, size, 0)
#define BIO_set_write_buffer_size(b, size) BIO_int_ctrl(b, BIO_C_SET_BUFF_SIZE, size, 1)
#define BIO_set_buffer_read_data(b, buf, num) BIO_ctrl(b, BIO_C_SET_BUFF_READ_DATA, num, buf)
#define BIO_buffer_peek(b, s, l) BIO_ctrl(b, BIO_CTRL_PEEK, (l), (s))

/* Pairs. A pair is made of two BIOs of BIO_s_bio; its buffers' sizes are set before. */
#define BIO_set_write_buf_size BIO_set_write_buf_size
static ossl_unused ossl_inline int BIO_set_write_buf_size(BIO *b, long size) {
  return (int)BIO_ctrl(b, BIO_C_SET_WRITE_BUF_SIZE, size, NULL);
}
#define BIO_get_write_buf_size(b, size) (size_t)BIO_ctrl(b, BIO_C_GET_WRITE_BUF_SIZE, size, NULL)
#define BIO_make_bio_pair BIO_make_bio_pair
static ossl_unused ossl_inline int BIO_make_bio_pair(BIO *b1, BIO *b2) {
  return (int)BIO_ctrl(b1, BIO_C_MAKE_BIO_PAIR, 0, b2);
}
#define BIO_destroy_bio_pair BIO_destroy_bio_pair
static ossl_unused ossl_inline int BIO_destroy_bio_pair(BIO *b) {
  return (int)BIO_ctrl(b, BIO_C_DESTROY_BIO_PAIR, 0, NULL);
}
/* Nothing more is written to this half: the other one reads an end. */
#define BIO_shutdown_wr BIO_shutdown_wr
static ossl_unused ossl_inline int BIO_shutdown_wr(BIO *b) {
  return (int)BIO_ctrl(b, BIO_C_SHUTDOWN_WR, 0, NULL);
}
#define BIO_get_write_guarantee BIO_get_write_guarantee
static ossl_unused ossl_inline int BIO_get_write_guarantee(BIO *b) {
  return (int)BIO_ctrl(b, BIO_C_GET_WRITE_GUARANTEE, 0, NULL);
}
#define BIO_get_read_request BIO_get_read_request
static ossl_unused ossl_inline int BIO_get_read_request(BIO *b) {
  return (int)BIO_ctrl(b, BIO_C_GET_READ_REQUEST, 0, NULL);
}
/* The bytes that writing takes now; those that the other half would have liked to read. */
size_t BIO_ctrl_get_write_guarantee(BIO *bio);
size_t BIO_ctrl_get_read_request(BIO *bio);
int BIO_ctrl_reset_read_request(BIO *bio);
/* Without a copy: show (…0) or take bytes to read or room to write, in one piece. Return the number of bytes, or as BIO_read and
 * BIO_write fail. */
int BIO_nread0(BIO *bio, char **data);
int BIO_nread(BIO *bio, char **data, int len);
int BIO_nwrite0(BIO *bio, char **data);
int BIO_nwrite(BIO *bio, char **data, int len);

/* Connecting. A host name may have its port behind a colon. BIO_do_connect returns 1, or less: then BIO_should_retry says whether
 * it goes on. */
#define BIO_FAMILY_IPV4 4
#define BIO_FAMILY_IPV6 6
#define BIO_FAMILY_IPANY 256
#define BIO_set_conn_hostname(b, name) BIO_ctrl(b, BIO_C_SET_CONNECT, 0, (char *)(name))
#define BIO_set_conn_port(b, port) BIO_ctrl(b, BIO_C_SET_CONNECT, 1, (char *)(port))
#define BIO_set_conn_address(b, addr) BIO_ctrl(b, BIO_C_SET_CONNECT, 2, (char *)(addr))
#define BIO_set_conn_ip_family(b, f) BIO_int_ctrl(b, BIO_C_SET_CONNECT, 3, f)
#define BIO_get_conn_hostname(b) ((const char *)BIO_ptr_ctrl(b, BIO_C_GET_CONNECT, 0))
#define BIO_get_conn_port(b) ((const char *)BIO_ptr_ctrl(b, BIO_C_GET_CONNECT, 1))
#define BIO_get_conn_address(b) ((const BIO_ADDR *)BIO_ptr_ctrl(b, BIO_C_GET_CONNECT, 2))
#define BIO_get_conn_ip_family(b) BIO_ctrl(b, BIO_C_GET_CONNECT, 3, NULL)
#define BIO_set_conn_mode(b, n) BIO_ctrl(b, BIO_C_SET_CONNECT_MODE, (n), NULL)
#define BIO_do_handshake(b) BIO_ctrl(b, BIO_C_DO_STATE_MACHINE, 0, NULL)
#define BIO_do_connect(b) BIO_do_handshake(b)

/* Listening. The first BIO_do_accept listens, later ones take a connection, unless there is one; BIO_pop gets it out. */
#define BIO_do_accept(b) BIO_do_handshake(b)
#define BIO_set_accept_name(b, name) BIO_ctrl(b, BIO_C_SET_ACCEPT, 0, (char *)(name))
#define BIO_set_accept_port(b, port) BIO_ctrl(b, BIO_C_SET_ACCEPT, 1, (char *)(port))
#define BIO_set_nbio_accept(b, n) BIO_ctrl(b, BIO_C_SET_ACCEPT, 2, (n) ? (void *)"a" : NULL)
/* Each connection gets a copy of this chain in front. The chain becomes the BIO's. */
#define BIO_set_accept_bios(b, bio) BIO_ctrl(b, BIO_C_SET_ACCEPT, 3, (char *)(bio))
#define BIO_set_accept_ip_family(b, f) BIO_int_ctrl(b, BIO_C_SET_ACCEPT, 4, f)
#define BIO_get_accept_name(b) ((const char *)BIO_ptr_ctrl(b, BIO_C_GET_ACCEPT, 0))
#define BIO_get_accept_port(b) ((const char *)BIO_ptr_ctrl(b, BIO_C_GET_ACCEPT, 1))
#define BIO_get_peer_name(b) ((const char *)BIO_ptr_ctrl(b, BIO_C_GET_ACCEPT, 2))
#define BIO_get_peer_port(b) ((const char *)BIO_ptr_ctrl(b, BIO_C_GET_ACCEPT, 3))
#define BIO_get_accept_ip_family(b) BIO_ctrl(b, BIO_C_GET_ACCEPT, 4, NULL)
#define BIO_BIND_NORMAL 0
#define BIO_BIND_REUSEADDR BIO_SOCK_REUSEADDR
#define BIO_BIND_REUSEADDR_IF_UNUSED BIO_SOCK_REUSEADDR
#define BIO_set_bind_mode(b, mode) BIO_ctrl(b, BIO_C_SET_BIND_MODE, mode, NULL)
#define BIO_get_bind_mode(b) BIO_ctrl(b, BIO_C_GET_BIND_MODE, 0, NULL)

/* TLS: see ssl.h. */
#define BIO_set_ssl(b, ssl, c) BIO_ctrl(b, BIO_C_SET_SSL, c, (char *)(ssl))
#define BIO_get_ssl(b, sslp) BIO_ctrl(b, BIO_C_GET_SSL, 0, (char *)(sslp))
#define BIO_set_ssl_mode(b, client) BIO_ctrl(b, BIO_C_SSL_MODE, client, NULL)
#define BIO_set_ssl_renegotiate_bytes(b, num) BIO_ctrl(b, BIO_C_SET_SSL_RENEGOTIATE_BYTES, num, NULL)
#define BIO_get_num_renegotiates(b) BIO_ctrl(b, BIO_C_GET_SSL_NUM_RENEGOTIATES, 0, NULL)
#define BIO_set_ssl_renegotiate_timeout(b, seconds) BIO_ctrl(b, BIO_C_SET_SSL_RENEGOTIATE_TIMEOUT, seconds, NULL)

/* --- Fields and callbacks ------------------------------------------------------------------------------------------ */

/* The kind, and its name, which stays as long as the BIO. */
int BIO_method_type(const BIO *bio);
const char *BIO_method_name(const BIO *bio);
/* The bytes so far. */
uint64_t BIO_number_read(BIO *bio);
uint64_t BIO_number_written(BIO *bio);
/* Fields for methods of programs: a pointer, whether the BIO is ready, whether its end closes what is behind. */
void BIO_set_data(BIO *bio, void *data);
void *BIO_get_data(BIO *bio);
void BIO_set_init(BIO *bio, int init);
int BIO_get_init(BIO *bio);
void BIO_set_shutdown(BIO *bio, int shutdown);
int BIO_get_shutdown(BIO *bio);
/* Data by index: see CRYPTO_get_ex_new_index. */
#define BIO_get_ex_new_index(l, p, newf, dupf, freef) \
  CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_BIO, l, p, newf, dupf, freef)
int BIO_set_ex_data(BIO *bio, int index, void *data);
void *BIO_get_ex_data(const BIO *bio, int index);
#define BIO_set_app_data(b, arg) BIO_set_ex_data(b, 0, arg)
#define BIO_get_app_data(b) BIO_get_ex_data(b, 0)

/* A callback sees each operation before and after it (BIO_CB_RETURN). What it returns takes the place of the result; 0 or less before
 * an operation keeps it from happening, except BIO_CB_FREE. */
#define BIO_CB_FREE 0x01
#define BIO_CB_READ 0x02
#define BIO_CB_WRITE 0x03
#define BIO_CB_PUTS 0x04
#define BIO_CB_GETS 0x05
#define BIO_CB_CTRL 0x06
#define BIO_CB_RETURN 0x80
#define BIO_CB_return(a) ((a) | BIO_CB_RETURN)
#define BIO_cb_pre(a) (!((a) & BIO_CB_RETURN))
#define BIO_cb_post(a) ((a) & BIO_CB_RETURN)
typedef long (*BIO_callback_fn)(BIO *bio, int operation, const char *data, int len, long number, long result);
typedef long (*BIO_callback_fn_ex)(BIO *bio, int operation, const char *data, size_t len, int command, long number,
                                   int result, size_t *count);
void BIO_set_callback(BIO *bio, BIO_callback_fn callback);
BIO_callback_fn BIO_get_callback(const BIO *bio);
void BIO_set_callback_ex(BIO *bio, BIO_callback_fn_ex callback);
BIO_callback_fn_ex BIO_get_callback_ex(const BIO *bio);
void BIO_set_callback_arg(BIO *bio, char *argument);
char *BIO_get_callback_arg(const BIO *bio);
/* Callbacks that print what is done, to the BIO that is the callback's argument, or to stderr. */
long BIO_debug_callback(BIO *bio, int operation, const char *data, int len, long number, long result);
long BIO_debug_callback_ex(BIO *bio, int operation, const char *data, size_t len, int command, long number, int result,
                           size_t *count);

/* --- Methods of programs ------------------------------------------------------------------------------------------- */

typedef int BIO_info_cb(BIO *bio, int state, int result);
typedef BIO_info_cb bio_info_cb;
long BIO_callback_ctrl(BIO *bio, int command, BIO_info_cb *callback);
#define BIO_set_info_callback(b, cb) (int)BIO_callback_ctrl(b, BIO_CTRL_SET_CALLBACK, cb)
#define BIO_get_info_callback(b, cbp) (int)BIO_ctrl(b, BIO_CTRL_GET_CALLBACK, 0, cbp)

/* Returns a number for a kind of BIOs, to be combined with BIO_TYPE_SOURCE_SINK or BIO_TYPE_FILTER, or -1 if there are no more. */
int BIO_get_new_index(void);
/* Returns a method without functions that the caller frees, or NULL. BIOs keep their method. */
BIO_METHOD *BIO_meth_new(int type, const char *name);
void BIO_meth_free(BIO_METHOD *method);
/* Setting returns 1, or 0 for a method of the library. Of those, only BIO_s_socket shows its functions. */
int BIO_meth_set_write(BIO_METHOD *method, int (*function)(BIO *, const char *, int));
int BIO_meth_set_write_ex(BIO_METHOD *method, int (*function)(BIO *, const char *, size_t, size_t *));
int BIO_meth_set_read(BIO_METHOD *method, int (*function)(BIO *, char *, int));
int BIO_meth_set_read_ex(BIO_METHOD *method, int (*function)(BIO *, char *, size_t, size_t *));
int BIO_meth_set_puts(BIO_METHOD *method, int (*function)(BIO *, const char *));
int BIO_meth_set_gets(BIO_METHOD *method, int (*function)(BIO *, char *, int));
int BIO_meth_set_ctrl(BIO_METHOD *method, long (*function)(BIO *, int, long, void *));
int BIO_meth_set_create(BIO_METHOD *method, int (*function)(BIO *));
int BIO_meth_set_destroy(BIO_METHOD *method, int (*function)(BIO *));
int BIO_meth_set_callback_ctrl(BIO_METHOD *method, long (*function)(BIO *, int, BIO_info_cb *));
int (*BIO_meth_get_write(const BIO_METHOD *method))(BIO *, const char *, int);
int (*BIO_meth_get_write_ex(const BIO_METHOD *method))(BIO *, const char *, size_t, size_t *);
int (*BIO_meth_get_read(const BIO_METHOD *method))(BIO *, char *, int);
int (*BIO_meth_get_read_ex(const BIO_METHOD *method))(BIO *, char *, size_t, size_t *);
int (*BIO_meth_get_puts(const BIO_METHOD *method))(BIO *, const char *);
int (*BIO_meth_get_gets(const BIO_METHOD *method))(BIO *, char *, int);
long (*BIO_meth_get_ctrl(const BIO_METHOD *method))(BIO *, int, long, void *);
int (*BIO_meth_get_create(const BIO_METHOD *method))(BIO *);
int (*BIO_meth_get_destroy(const BIO_METHOD *method))(BIO *);
long (*BIO_meth_get_callback_ctrl(const BIO_METHOD *method))(BIO *, int, BIO_info_cb *);

/* --- Sockets and addresses ----------------------------------------------------------------------------------------- */

/* Return 1 if a call with this result, or that failed with this errno, may succeed later. */
int BIO_sock_should_retry(int result);
int BIO_sock_non_fatal_error(int error);
int BIO_fd_should_retry(int result);
int BIO_fd_non_fatal_error(int error);
/* Takes the error that waits at a socket: its errno, or 0. */
int BIO_sock_error(int fd);
/* Return 1, or 0 on failure. */
int BIO_socket_nbio(int fd, int mode);
int BIO_set_tcp_ndelay(int fd, int on);
int BIO_closesocket(int fd);
int BIO_sock_init(void);
#define BIO_sock_cleanup() ((void)0)
/* Waits for a socket until a time of the clock. Returns 1 if it is ready, 0 if not, -1 on failure. */
int BIO_socket_wait(int fd, int for_read, time_t until);
/* The same for a BIO that tries again. One without a socket is waited for `nap` milliseconds. */
int BIO_wait(BIO *bio, time_t until, unsigned int nap);

#define BIO_SOCK_REUSEADDR 0x01
#define BIO_SOCK_V6_ONLY 0x02
#define BIO_SOCK_KEEPALIVE 0x04
#define BIO_SOCK_NONBLOCK 0x08
#define BIO_SOCK_NODELAY 0x10
typedef struct bio_addr_st BIO_ADDR;
typedef struct bio_addrinfo_st BIO_ADDRINFO;
/* Returns a socket that the caller closes, or -1. */
int BIO_socket(int domain, int type, int protocol, int options);
/* Return 1 or 0. BIO_sock_should_retry(-1) is 1 if a connection goes on. */
int BIO_connect(int fd, const BIO_ADDR *address, int options);
int BIO_bind(int fd, const BIO_ADDR *address, int options);
int BIO_listen(int fd, const BIO_ADDR *address, int options);
/* Returns the socket of a connection, which the caller closes, and stores the peer's address; or -1. */
int BIO_accept_ex(int fd, BIO_ADDR *address, int options);

/* An address, which the caller frees. */
BIO_ADDR *BIO_ADDR_new(void);
void BIO_ADDR_free(BIO_ADDR *address);
void BIO_ADDR_clear(BIO_ADDR *address);
/* Makes an address of its bytes, and a port in network order. Returns 1 or 0. */
int BIO_ADDR_rawmake(BIO_ADDR *address, int family, const void *bytes, size_t len, unsigned short port);
int BIO_ADDR_family(const BIO_ADDR *address);
int BIO_ADDR_rawaddress(const BIO_ADDR *address, void *bytes, size_t *len);
unsigned short BIO_ADDR_rawport(const BIO_ADDR *address);
/* Return numbers as strings that the caller frees, or NULL. Names are not looked up. */
char *BIO_ADDR_hostname_string(const BIO_ADDR *address, int numeric);
char *BIO_ADDR_service_string(const BIO_ADDR *address, int numeric);

enum BIO_lookup_type { BIO_LOOKUP_CLIENT, BIO_LOOKUP_SERVER };
/* Look addresses up and store a list, which the caller frees. Return 1 or 0. */
int BIO_lookup(const char *host, const char *service, enum BIO_lookup_type type, int family, int socktype,
               BIO_ADDRINFO **list);
int BIO_lookup_ex(const char *host, const char *service, int type, int family, int socktype, int protocol,
                  BIO_ADDRINFO **list);
/* Parts of a list, which belong to it. */
const BIO_ADDRINFO *BIO_ADDRINFO_next(const BIO_ADDRINFO *list);
int BIO_ADDRINFO_family(const BIO_ADDRINFO *list);
int BIO_ADDRINFO_socktype(const BIO_ADDRINFO *list);
int BIO_ADDRINFO_protocol(const BIO_ADDRINFO *list);
const BIO_ADDR *BIO_ADDRINFO_address(const BIO_ADDRINFO *list);
void BIO_ADDRINFO_free(BIO_ADDRINFO *list);

enum BIO_hostserv_priorities { BIO_PARSE_PRIO_HOST, BIO_PARSE_PRIO_SERV };
/* Splits `host:service` or one of them into strings that the caller frees; what is not said is not stored, any is NULL. Returns 1 or 0. */
int BIO_parse_hostserv(const char *text, char **host, char **service, enum BIO_hostserv_priorities priority);

/* --- Reasons of ERR_LIB_BIO ---------------------------------------------------------------------------------------- */

#define BIO_R_ACCEPT_ERROR 100
#define BIO_R_ADDRINFO_ADDR_IS_NOT_AF_INET 141
#define BIO_R_AMBIGUOUS_HOST_OR_SERVICE 129
#define BIO_R_BAD_FOPEN_MODE 101
#define BIO_R_BROKEN_PIPE 124
#define BIO_R_CONNECT_ERROR 103
#define BIO_R_CONNECT_TIMEOUT 147
#define BIO_R_GETHOSTBYNAME_ADDR_IS_NOT_AF_INET 107
#define BIO_R_GETSOCKNAME_ERROR 132
#define BIO_R_GETSOCKNAME_TRUNCATED_ADDRESS 133
#define BIO_R_GETTING_SOCKTYPE 134
#define BIO_R_INVALID_ARGUMENT 125
#define BIO_R_INVALID_SOCKET 135
#define BIO_R_IN_USE 123
#define BIO_R_LENGTH_TOO_LONG 102
#define BIO_R_LISTEN_V6_ONLY 136
#define BIO_R_LOOKUP_RETURNED_NOTHING 142
#define BIO_R_MALFORMED_HOST_OR_SERVICE 130
#define BIO_R_NBIO_CONNECT_ERROR 110
#define BIO_R_NO_ACCEPT_ADDR_OR_SERVICE_SPECIFIED 143
#define BIO_R_NO_HOSTNAME_OR_SERVICE_SPECIFIED 144
#define BIO_R_NO_PORT_DEFINED 113
#define BIO_R_NO_SUCH_FILE 128
#define BIO_R_TRANSFER_ERROR 104
#define BIO_R_TRANSFER_TIMEOUT 105
#define BIO_R_UNABLE_TO_BIND_SOCKET 117
#define BIO_R_UNABLE_TO_CREATE_SOCKET 118
#define BIO_R_UNABLE_TO_KEEPALIVE 137
#define BIO_R_UNABLE_TO_LISTEN_SOCKET 119
#define BIO_R_UNABLE_TO_NODELAY 138
#define BIO_R_UNABLE_TO_REUSEADDR 139
#define BIO_R_UNAVAILABLE_IP_FAMILY 145
#define BIO_R_UNINITIALIZED 120
#define BIO_R_UNKNOWN_INFO_TYPE 140
#define BIO_R_UNSUPPORTED_IP_FAMILY 146
#define BIO_R_UNSUPPORTED_METHOD 121
#define BIO_R_UNSUPPORTED_PROTOCOL_FAMILY 131
#define BIO_R_WRITE_TO_READ_ONLY_BIO 126
#define BIO_R_WSASTARTUP 122

#ifdef __cplusplus
}
#endif

#endif
