/* Types and small macros of wolfCrypt's that programs use. Of its algorithms nothing is here. */
#ifndef WARIFU_WOLFCRYPT_TYPES_H
#define WARIFU_WOLFCRYPT_TYPES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <wolfssl/wolfcrypt/settings.h>

typedef unsigned char byte;
typedef int8_t sword8;
typedef uint8_t word8;
typedef int16_t sword16;
typedef uint16_t word16;
typedef int32_t sword32;
typedef uint32_t word32;
typedef uint64_t word64;

/* Memory. The heap and the type are not looked at. */
#define XMALLOC(size, heap, type) malloc(size)
#define XREALLOC(pointer, size, heap, type) realloc((pointer), (size))
#define XFREE(pointer, heap, type) free(pointer)
#define DYNAMIC_TYPE_TMP_BUFFER 41
#define DYNAMIC_TYPE_OPENSSL 15

/* The functions of C. */
#define XMEMCPY memcpy
#define XMEMSET memset
#define XMEMCMP memcmp
#define XMEMMOVE memmove
#define XSTRLEN(text) strlen(text)
#define XSTRCMP strcmp
#define XSTRNCMP strncmp
#define XSTRNCPY strncpy
#define XSTRNCAT strncat
#define XSTRSTR strstr
#define XSTRNCASECMP strncasecmp
#define XSNPRINTF snprintf
#define XATOI atoi
#define XPRINTF printf
#define XFILE FILE *
#define XBADFILE NULL
#define XFOPEN fopen
#define XFCLOSE fclose
#define XFREAD fread
#define XFWRITE fwrite
#define XFSEEK fseek
#define XFTELL ftell
#define XREWIND rewind
#define XFGETS fgets
#define XFPUTS fputs
#define XSEEK_END SEEK_END

/* No hardware. */
#define INVALID_DEVID (-2)

#endif
