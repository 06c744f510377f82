#!/bin/sh
# Adds to the certificates of tests/c/certificates.sh private keys of more kinds and forms.
#
#   PASSPHRASE=… keys.sh DIRECTORY
set -eu
cd "$1"
OPENSSL_CONF=/dev/null
export OPENSSL_CONF
exec 2> keys.log

openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out p384.key
openssl genpkey -algorithm ED25519 -out ed25519.key
for name in p384 ed25519; do
    openssl req -new -config req.cnf -key $name.key -subj "/CN=localhost" -out $name.csr
    openssl x509 -req -in $name.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -extfile server.ext -out $name.crt
done
for cipher in aes256 des3; do
    openssl pkcs8 -topk8 -in server.key -v2 $cipher -passout env:PASSPHRASE -out encrypted_$cipher.key
done
openssl rsa -traditional -in rsa.key -out rsa_traditional.key
