#!/bin/sh
# Compares what x509.c prints with this library and with OpenSSL.
#
#   x509.sh DIRECTORY SHARED_LIBRARY
#
# Makes the certificates and both programs in DIRECTORY. Needs the command openssl, a C compiler, and OpenSSL's headers. RUN may name a
# program to run ours under, such as valgrind.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
library=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
cd "$1"
OPENSSL_CONF=/dev/null
export OPENSSL_CONF

certificates() {
    cat > extensions.cnf <<'END'
oid_section = oids
[oids]
odd = 1.2.3.4.5
[req]
distinguished_name = name
string_mask = utf8only
utf8 = yes
[name]
[ca]
basicConstraints = critical, CA:TRUE, pathlen:2
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[intermediate]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[server]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth, clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:www.example.org, DNS:*.wild.example.org, DNS:p*.part.example.org, IP:192.0.2.1, IP:2001:db8::1, email:who@Example.org, URI:https://example.org/x, RID:1.2.3.4, dirName:directory, otherName:1.3.6.1.4.1.311.20.2.3;UTF8:user@example
authorityInfoAccess = OCSP;URI:http://ocsp.example.org/, caIssuers;URI:http://example.org/ca
[directory]
O = In a directory
CN = name
[client]
extendedKeyUsage = clientAuth
END
    key() { openssl genpkey -quiet -algorithm "$2" -pkeyopt "$3" -out "$1.key"; }
    request() { openssl req -new -config extensions.cnf -multivalue-rdn -key "$1.key" -subj "$2" -out "$1.csr"; }
    issue() { # name issuer section days
        openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -days "$4" -extfile extensions.cnf -extensions "$3" \
            -set_serial "0x$5" -out "$1.pem"
    }
    key ca RSA rsa_keygen_bits:2048
    openssl req -x509 -config extensions.cnf -extensions ca -key ca.key -subj '/C=DE/O=Test CA/CN=Root' -days 3650 -set_serial 1 \
        -out ca.pem
    key sub EC ec_paramgen_curve:P-384
    request sub '/C=DE/O=Test CA/CN=Intermediate'
    issue sub ca intermediate 3650 7f
    key server EC ec_paramgen_curve:P-256
    request server '/C=JP/O=A, B\+C; "D" <E> \\#F/OU=#first\/one/OU=  blanks  /CN=server.example.org+emailAddress=who@example.org/odd=unknown attribute/CN=日本 ü'
    issue server sub server 3650 00ff00112233445566778899aabbccddeeff01
    key rsa RSA rsa_keygen_bits:3072
    request rsa '/CN=*.common.example.org'
    openssl x509 -req -in rsa.csr -CA ca.pem -CAkey ca.key -days 30 -set_serial 128 -out rsa.pem
    key expired EC ec_paramgen_curve:P-521
    request expired '/CN=expired.example.org'
    openssl x509 -req -in expired.csr -CA ca.pem -CAkey ca.key -days 0 -extfile extensions.cnf -extensions client -set_serial 5 \
        -out expired.pem
    openssl genpkey -algorithm ED25519 -out self.key
    openssl req -x509 -config extensions.cnf -key self.key -subj '/CN=self' -days 30 -set_serial 6 -out self.pem
    openssl pkey -in server.key -aes256 -passout pass:secret -out encrypted.key
    openssl pkey -in server.key -outform DER -out server.key.der
    openssl ec -in server.key -out sec1.key
    openssl rsa -in rsa.key -traditional -out pkcs1.key
    openssl pkey -in server.key -pubout -out public.pem
    : > index.txt
    echo 01 > crlnumber
    cat > crl.cnf <<'END'
[ca]
default_ca = this
[this]
database = index.txt
crlnumber = crlnumber
default_md = sha256
default_crl_days = 30
END
    openssl ca -config crl.cnf -gencrl -cert ca.pem -keyfile ca.key -out empty.crl
    openssl ca -config crl.cnf -revoke rsa.pem -cert ca.pem -keyfile ca.key
    openssl ca -config crl.cnf -gencrl -cert ca.pem -keyfile ca.key -out revoked.crl
    openssl ca -config crl.cnf -gencrl -cert sub.pem -keyfile sub.key -out sub_empty.crl
    openssl ca -config crl.cnf -revoke server.pem -cert sub.pem -keyfile sub.key
    openssl ca -config crl.cnf -gencrl -cert sub.pem -keyfile sub.key -out sub.crl
    openssl ca -config crl.cnf -gencrl -cert sub.pem -keyfile sub.key -crl_lastupdate 20200101000000Z -crl_nextupdate 20200201000000Z \
        -out sub_old.crl
    # By a CA that has the root's name and key identifier, and another key.
    key impostor RSA rsa_keygen_bits:2048
    cat > impostor.cnf <<END
[ca]
basicConstraints = critical, CA:TRUE
subjectKeyIdentifier = $(openssl x509 -in ca.pem -noout -ext subjectKeyIdentifier | tail -1 | tr -d ' ')
END
    openssl req -new -config extensions.cnf -key impostor.key -subj '/C=DE/O=Test CA/CN=Root' -out impostor.csr
    openssl x509 -req -in impostor.csr -signkey impostor.key -days 30 -extfile impostor.cnf -extensions ca -out impostor.pem
    key forged EC ec_paramgen_curve:P-256
    request forged '/CN=forged.example.org'
    issue forged impostor server 30 21
    # An authority that issued itself a new key, and what that key signed; neither says by which key it was signed.
    cat > plain.cnf <<'END'
[ca]
basicConstraints = critical, CA:TRUE
[leaf]
extendedKeyUsage = clientAuth
[odd]
1.2.3.4.5 = critical, DER:0500
END
    plain() { # name subject issuer section
        key "$1" EC ec_paramgen_curve:P-256
        openssl req -new -config extensions.cnf -key "$1.key" -subj "$2" -out "$1.csr"
        openssl x509 -req -in "$1.csr" -CA "$3.pem" -CAkey "$3.key" -days 30 -extfile plain.cnf -extensions "$4" -CAcreateserial \
            -out "$1.pem"
    }
    key old EC ec_paramgen_curve:P-256
    openssl req -new -config extensions.cnf -key old.key -subj '/CN=Renewed' -out old.csr
    openssl x509 -req -in old.csr -signkey old.key -days 30 -extfile plain.cnf -extensions ca -out old.pem
    plain new /CN=Renewed old ca
    plain of_new /CN=leaf new leaf
    plain odd /CN=odd ca odd
    mkdir -p lists
    cat > timed.cnf <<'END'
[ca]
default_ca = this
[this]
database = timed.txt
new_certs_dir = lists
rand_serial = yes
default_md = sha256
policy = any
email_in_dn = no
[any]
commonName = supplied
END
    : > timed.txt
    timed() { # name issuer section subject end
        key "$1" EC ec_paramgen_curve:P-256
        openssl req -new -config extensions.cnf -key "$1.key" -subj "$4" -out "$1.csr"
        openssl ca -batch -notext -config timed.cnf -cert "$2.pem" -keyfile "$2.key" -in "$1.csr" -startdate 20200101000000Z \
            -enddate "$5" -extfile extensions.cnf -extensions "$3" -out "$1.pem"
    }
    timed old_sub ca intermediate '/CN=old intermediate' 20210101000000Z
    timed old_leaf old_sub client '/CN=old leaf' 20210101000000Z
    timed long_sub ca intermediate '/CN=long intermediate' 20400101000000Z
    timed old_client long_sub client '/CN=old client' 20210101000000Z
    openssl ca -config crl.cnf -gencrl -cert long_sub.pem -keyfile long_sub.key -crl_lastupdate 20200101000000Z \
        -crl_nextupdate 20200201000000Z -out long_old.crl
    # A CA for clients only, and a server's certificate by it.
    key client_ca EC ec_paramgen_curve:P-256
    request client_ca '/CN=for clients'
    cat extensions.cnf > usage.cnf
    cat >> usage.cnf <<'END'
[client_ca]
basicConstraints = critical, CA:TRUE
extendedKeyUsage = clientAuth
END
    openssl x509 -req -in client_ca.csr -CA ca.pem -CAkey ca.key -days 30 -extfile usage.cnf -extensions client_ca -CAcreateserial \
        -out client_ca.pem
    plain misused /CN=misused client_ca leaf
    mkdir -p hashed
    cp ca.pem "hashed/$(openssl x509 -in ca.pem -noout -hash).0"
    cat sub.pem ca.pem > upper.pem
    cat old_sub.pem ca.pem > old_upper.pem
    cat server.pem server.key ca.pem revoked.crl > all.pem
}
if [ ! -f all.pem ]; then
    certificates > certificates.log 2>&1
fi

# By the name that programs look for.
ln -sf "$library" libwarifu_ssl.so.0
sources="$here/x509.c"
flags="-g -std=c99 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror"
${CC:-cc} $flags $sources -o x509_openssl -lssl -lcrypto
${CC:-cc} $flags -Wpedantic ${SANITIZE:-} -I "$here/../../include" $sources -o x509_ours libwarifu_ssl.so.0 -Wl,-rpath,"$PWD"
./x509_openssl > openssl.txt
${RUN:-} ./x509_ours > ours.txt
diff openssl.txt ours.txt
