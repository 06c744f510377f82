#!/bin/sh
# Makes the certificates and keys that the tests in C use, in a directory. Needs the command openssl.
#
#   certificates.sh DIRECTORY
set -eu

mkdir -p "$1"
cd "$1"
OPENSSL_CONF=/dev/null
export OPENSSL_CONF
exec 2> certificates.log

ec() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"; }
der() {
    openssl x509 -in "$1.crt" -outform DER -out "$1.crt.der"
    openssl pkey -in "$1.key" -outform DER -out "$1.key.der"
}

# The authorities.
cat > ca.ext <<'END'
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
END
cat > req.cnf <<'END'
[req]
distinguished_name = name
[name]
END
request() { openssl req -new -config req.cnf -key "$1.key" -subj "$2" -out "$1.csr"; }
authority() {
    ec "$1"
    request "$1" "/O=Warifu tests/CN=$2"
    openssl x509 -req -in "$1.csr" -signkey "$1.key" -days 3650 -extfile ca.ext -out "$1.crt"
    der "$1"
}
authority ca "Test CA"
authority other_ca "Other CA"
mkdir -p ca_directory
cp ca.crt ca_directory/
openssl rehash ca_directory > /dev/null

# NAME SUBJECT ISSUER EXTENSIONS
sign() {
    request "$1" "$2"
    printf '%b' "$4" > "$1.ext"
    openssl x509 -req -in "$1.csr" -CA "$3.crt" -CAkey "$3.key" -CAcreateserial -days 3650 -extfile "$1.ext" -out "$1.crt"
    der "$1"
}
LEAF='basicConstraints = CA:FALSE\nkeyUsage = digitalSignature, keyEncipherment\nauthorityKeyIdentifier = keyid\n'
HOST='subjectAltName = DNS:localhost, DNS:*.wild.test, IP:127.0.0.1\nextendedKeyUsage = serverAuth\n'

ec intermediate
request intermediate "/O=Warifu tests/CN=Intermediate CA"
openssl x509 -req -in intermediate.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -extfile ca.ext -out intermediate.crt

ec server
sign server "/O=Warifu tests/CN=localhost" ca "$LEAF$HOST"
ec second
sign second "/CN=second.test" ca "${LEAF}subjectAltName = DNS:second.test\nextendedKeyUsage = serverAuth\n"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key
sign rsa "/CN=localhost" ca "$LEAF$HOST"
ec client
sign client "/CN=alice" ca "${LEAF}subjectAltName = email:alice@example.com\nextendedKeyUsage = clientAuth\n"
ec stranger
sign stranger "/CN=mallory" other_ca "${LEAF}extendedKeyUsage = clientAuth\n"
ec leaf
sign leaf "/CN=localhost" intermediate "$LEAF$HOST"
cat leaf.crt intermediate.crt > leaf_chain.crt
cat other_ca.crt ca.crt > both_ca.crt

# A certificate that nobody but itself vouches for.
ec self
request self "/CN=localhost"
printf '%b' "$HOST" > self.ext
openssl x509 -req -in self.csr -signkey self.key -days 3650 -extfile self.ext -out self.crt

# Those out of their time: NAME FROM TO PURPOSE
cat > ca.cnf <<'END'
[ca]
default_ca = it
[it]
database = index.txt
serial = serial.txt
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
END
: > index.txt
echo 1000 > serial.txt
timed() {
    ec "$1"
    request "$1" "/CN=localhost"
    openssl ca -batch -notext -config ca.cnf -cert ca.crt -keyfile ca.key -in "$1.csr" -startdate "$2" -enddate "$3" \
        -extfile "$4.ext" -out "$1.crt" > /dev/null
}
timed expired 20010101000000Z 20020101000000Z server
timed expired_client 20010101000000Z 20020101000000Z client
timed future 20990101000000Z 21000101000000Z server

# The passphrase is one that the test knows.
openssl pkey -in server.key -aes256 -passout pass:open-sesame -out encrypted.key
# The older form of an elliptic key.
openssl ec -in server.key -out traditional.key
openssl rsa -traditional -in rsa.key -outform DER -out rsa_only.key.der
printf 'no certificate' > garbage.pem
printf -- '-----BEGIN CERTIFICATE-----\n???\n-----END CERTIFICATE-----\n' > torn.pem
: > empty.pem
