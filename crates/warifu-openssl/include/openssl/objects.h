/* Object identifiers, their numbers and names. */
#ifndef WARIFU_OPENSSL_OBJECTS_H
#define WARIFU_OPENSSL_OBJECTS_H

#include <openssl/types.h>
#include <openssl/obj_mac.h>
#include <openssl/asn1.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The object of a number; NULL if there is none. It is never freed. */
ASN1_OBJECT *OBJ_nid2obj(int n);

/* The short name of a number; NULL if there is none. */
const char *OBJ_nid2sn(int n);

/* The long name of a number; NULL if there is none. */
const char *OBJ_nid2ln(int n);

/* The number of an object; NID_undef for an unknown one. */
int OBJ_obj2nid(const ASN1_OBJECT *o);

/* The number of a short name, a long name, or an identifier in dots; NID_undef if there is none. */
int OBJ_txt2nid(const char *s);

/* The number of a short name; NID_undef if there is none. */
int OBJ_sn2nid(const char *s);

/* The number of a long name; NID_undef if there is none. */
int OBJ_ln2nid(const char *s);

/* The object of a name or of an identifier in dots, of the latter only with no_name. The caller frees it. */
ASN1_OBJECT *OBJ_txt2obj(const char *s, int no_name);

/* Writes the long name, or with no_name the identifier in dots. Returns its length, which may be more than what fits. */
int OBJ_obj2txt(char *buf, int buf_len, const ASN1_OBJECT *a, int no_name);

/* Compares two objects: 0 if they are the same. */
int OBJ_cmp(const ASN1_OBJECT *a, const ASN1_OBJECT *b);

/* One more reference to an object, which never changes. */
ASN1_OBJECT *OBJ_dup(const ASN1_OBJECT *a);

/* Length of the identifier's content in bytes. */
size_t OBJ_length(const ASN1_OBJECT *obj);

/* The identifier's content; lives as long as the object. */
const unsigned char *OBJ_get0_data(const ASN1_OBJECT *obj);

#ifdef __cplusplus
}
#endif

#endif
