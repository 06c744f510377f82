#!/bin/sh
# Makes the keys here with the openssl command line (OpenSSL 3.0). Run once; the results are committed, for tests
# must not depend on the OpenSSL of the day. All keys are public knowledge from then on: never use one.
set -eu
cd "$(dirname "$0")"
der() { openssl pkcs8 -topk8 -nocrypt -in "$1.pem" -outform DER -out "$1.pkcs8.der"; openssl pkey -in "$1.pem" -pubout -outform DER -out "$1.spki.der"; rm "$1.pem"; }
encrypted() { out=$1; shift; openssl pkcs8 -topk8 -inform DER -in ec-p256.pkcs8.der -outform DER -passout 'pass:割符 hunter2' -out "$out.der" "$@"; }

for curve in P-256 P-384 P-521; do
    name=ec-$(echo $curve | tr -d - | tr P p)
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:$curve -out $name.pem
    openssl ec -in $name.pem -outform DER -out $name.sec1.der
    der $name
done
openssl genpkey -algorithm ED25519 -out ed25519.pem; der ed25519
for bits in 2048 3072; do
    openssl genrsa -out rsa-$bits.pem $bits
    openssl rsa -traditional -in rsa-$bits.pem -outform DER -out rsa-$bits.pkcs1.der
    der rsa-$bits
done
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out rsa-pss.pem; der rsa-pss
for hash in 256 384; do
    openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_pss_keygen_md:sha$hash \
        -pkeyopt rsa_pss_keygen_mgf1_md:sha$hash -pkeyopt rsa_pss_keygen_saltlen:$((hash / 8)) -out rsa-pss-sha$hash.pem
    der rsa-pss-sha$hash
done

# What must be refused.
for bits in 1016 1024; do openssl genrsa -out rsa-$bits.pem $bits; der rsa-$bits; done
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_pss_keygen_md:sha1 \
    -pkeyopt rsa_pss_keygen_mgf1_md:sha1 -out rsa-pss-sha1.pem; der rsa-pss-sha1
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 -out ec-secp256k1.pem; der ec-secp256k1
openssl genpkey -algorithm ED448 -out ed448.pem; der ed448
openssl genpkey -algorithm X25519 -out x25519.pem; der x25519
openssl ec -inform DER -in ec-p256.sec1.der -param_enc explicit -outform DER -out ec-p256-explicit.sec1.der
openssl pkcs8 -topk8 -nocrypt -inform DER -in ec-p256-explicit.sec1.der -outform DER -out ec-p256-explicit.pkcs8.der
openssl ec -inform DER -in ec-p256.sec1.der -conv_form compressed -pubout -outform DER -out ec-p256-compressed.spki.der
openssl ec -inform DER -in ec-p256.sec1.der -param_enc explicit -pubout -outform DER -out ec-p256-explicit.spki.der

encrypted encrypted-default
encrypted encrypted-aes128 -v2 aes-128-cbc -v2prf hmacWithSHA512
encrypted encrypted-3des-sha1 -v2 des3 -v2prf hmacWithSHA1
encrypted encrypted-scrypt -scrypt
encrypted encrypted-quick -iter 1
encrypted encrypted-iterations -iter 20000000
encrypted encrypted-pbes1 -v1 PBE-SHA1-3DES
encrypted encrypted-camellia -v2 camellia-128-cbc

# Signatures of the text "message", in the order of the names, to be verified.
printf message >message.txt
sign() { key=$1; out=$2; shift 2; openssl pkeyutl -sign -rawin -inkey "$key.pkcs8.der" -keyform DER -in message.txt -out "$out.sig" "$@"; }
for hash in 256 384 512; do
    sign rsa-2048 rsa-pkcs1-sha$hash -digest sha$hash
    sign rsa-2048 rsa-pss-rsae-sha$hash -digest sha$hash -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:digest
    sign rsa-pss rsa-pss-pss-sha$hash -digest sha$hash -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:digest
done
# What is verified only where the caller asks for it.
sign rsa-2048 rsa-pkcs1-sha1 -digest sha1
for curve in 256 384 521; do sign ec-p$curve ecdsa-p$curve-sha1 -digest sha1; done
sign rsa-1024 rsa-1024-pkcs1-sha1 -digest sha1
sign rsa-1024 rsa-1024-pkcs1-sha512 -digest sha512
sign rsa-1024 rsa-1024-pss-sha256 -digest sha256 -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:digest
sign rsa-1024 rsa-1024-pss-sha384 -digest sha384 -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:digest
sign ec-p256 ecdsa-p256-sha256 -digest sha256
sign ec-p384 ecdsa-p384-sha384 -digest sha384
sign ec-p521 ecdsa-p521-sha512 -digest sha512
sign ed25519 ed25519
rm message.txt
