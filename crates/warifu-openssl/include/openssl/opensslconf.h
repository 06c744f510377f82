/* What of OpenSSL this library does not have. */
#ifndef WARIFU_OPENSSL_OPENSSLCONF_H
#define WARIFU_OPENSSL_OPENSSLCONF_H

#include <openssl/opensslv.h>

#ifndef OPENSSL_THREADS
#define OPENSSL_THREADS
#endif

#ifndef OPENSSL_NO_COMP
#define OPENSSL_NO_COMP
#endif
#ifndef OPENSSL_NO_CRYPTO_MDEBUG
#define OPENSSL_NO_CRYPTO_MDEBUG
#endif
#ifndef OPENSSL_NO_CT
#define OPENSSL_NO_CT
#endif
#ifndef OPENSSL_NO_DGRAM
#define OPENSSL_NO_DGRAM
#endif
#ifndef OPENSSL_NO_DTLS
#define OPENSSL_NO_DTLS
#endif
#ifndef OPENSSL_NO_DTLS1
#define OPENSSL_NO_DTLS1
#endif
#ifndef OPENSSL_NO_DTLS1_2
#define OPENSSL_NO_DTLS1_2
#endif
#ifndef OPENSSL_NO_DTLS1_2_METHOD
#define OPENSSL_NO_DTLS1_2_METHOD
#endif
#ifndef OPENSSL_NO_DTLS1_METHOD
#define OPENSSL_NO_DTLS1_METHOD
#endif
#ifndef OPENSSL_NO_EGD
#define OPENSSL_NO_EGD
#endif
#ifndef OPENSSL_NO_ENGINE
#define OPENSSL_NO_ENGINE
#endif
#ifndef OPENSSL_NO_HEARTBEATS
#define OPENSSL_NO_HEARTBEATS
#endif
#ifndef OPENSSL_NO_KTLS
#define OPENSSL_NO_KTLS
#endif
#ifndef OPENSSL_NO_NEXTPROTONEG
#define OPENSSL_NO_NEXTPROTONEG
#endif
#ifndef OPENSSL_NO_QUIC
#define OPENSSL_NO_QUIC
#endif
#ifndef OPENSSL_NO_SCTP
#define OPENSSL_NO_SCTP
#endif
#ifndef OPENSSL_NO_SRP
#define OPENSSL_NO_SRP
#endif
#ifndef OPENSSL_NO_SRTP
#define OPENSSL_NO_SRTP
#endif
#ifndef OPENSSL_NO_SSL2
#define OPENSSL_NO_SSL2
#endif
#ifndef OPENSSL_NO_SSL3
#define OPENSSL_NO_SSL3
#endif
#ifndef OPENSSL_NO_SSL3_METHOD
#define OPENSSL_NO_SSL3_METHOD
#endif
#ifndef OPENSSL_NO_SSL_TRACE
#define OPENSSL_NO_SSL_TRACE
#endif
#ifndef OPENSSL_NO_WEAK_SSL_CIPHERS
#define OPENSSL_NO_WEAK_SSL_CIPHERS
#endif

#endif
