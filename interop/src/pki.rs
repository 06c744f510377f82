//! One PKI per run, made by the `openssl` program (ML-DSA, which it has from 3.5 on, by rcgen).

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use warifu::{Credential, Trust};

use crate::psk::Psk;

/// The name that all server certificates are for, beside 127.0.0.1.
pub const NAME: &str = "localhost";

/// The file of a finite-field group: `ffdhe2048` of RFC 7919.
pub const DH_PARAMETERS: &str = "ffdhe2048.pem";

/// A kind of key to sign handshakes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyType {
    P256,
    P384,
    P521,
    Ed25519,
    Rsa,
    RsaPss,
    MlDsa44,
    MlDsa65,
    MlDsa87,
}

impl KeyType {
    pub const ALL: [Self; 9] = [
        Self::P256,
        Self::P384,
        Self::P521,
        Self::Ed25519,
        Self::Rsa,
        Self::RsaPss,
        Self::MlDsa44,
        Self::MlDsa65,
        Self::MlDsa87,
    ];

    pub fn is_ml_dsa(self) -> bool {
        matches!(self, Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87)
    }

    /// Arguments of `openssl genpkey`.
    fn genpkey(self) -> &'static str {
        match self {
            Self::P256 => "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
            Self::P384 => "-algorithm EC -pkeyopt ec_paramgen_curve:P-384",
            Self::P521 => "-algorithm EC -pkeyopt ec_paramgen_curve:P-521",
            Self::Ed25519 => "-algorithm ED25519",
            Self::Rsa => "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
            Self::RsaPss => "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048",
            Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 => "",
        }
    }

    fn rcgen(self) -> Option<&'static rcgen::SignatureAlgorithm> {
        match self {
            Self::MlDsa44 => Some(&rcgen::PKCS_ML_DSA_44),
            Self::MlDsa65 => Some(&rcgen::PKCS_ML_DSA_65),
            Self::MlDsa87 => Some(&rcgen::PKCS_ML_DSA_87),
            _ => None,
        }
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::P256 => "ECDSA-P256",
            Self::P384 => "ECDSA-P384",
            Self::P521 => "ECDSA-P521",
            Self::Ed25519 => "Ed25519",
            Self::Rsa => "RSA",
            Self::RsaPss => "RSA-PSS",
            Self::MlDsa44 => "ML-DSA-44",
            Self::MlDsa65 => "ML-DSA-65",
            Self::MlDsa87 => "ML-DSA-87",
        })
    }
}

/// The files of the run. All are removed by [`remove`].
#[derive(Debug)]
pub struct Pki {
    directory: PathBuf,
}

const CA_CONFIG: &str = "\
[ca]
default_ca = ours
[ours]
new_certs_dir = .
database = index.txt
serial = serial
default_md = sha256
policy = any
unique_subject = no
email_in_dn = no
rand_serial = yes
[any]
commonName = supplied
[leaf]
subjectAltName = DNS:localhost, IP:127.0.0.1
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[rsa]
subjectAltName = DNS:localhost, IP:127.0.0.1
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth, clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[responder]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = OCSPSigning
authorityKeyIdentifier = keyid
";

static PKI: OnceLock<Pki> = OnceLock::new();

/// The PKI of this run, made at the first call.
pub fn get() -> &'static Pki {
    PKI.get_or_init(Pki::make)
}

/// Removes the files of the run.
pub fn remove() {
    if let Some(pki) = PKI.get() {
        let _ = std::fs::remove_dir_all(&pki.directory);
    }
}

impl Pki {
    fn make() -> Self {
        let pki = Self {
            directory: tempfile::Builder::new()
                .prefix("warifu-interop-")
                .tempdir()
                .unwrap()
                .keep(),
        };
        std::fs::write(pki.path("ca.conf"), CA_CONFIG).unwrap();
        std::fs::write(pki.path("index.txt"), "").unwrap();
        for ca in ["ca", "other-ca"] {
            pki.openssl(&format!(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {ca}.key -out {ca}.pem \
                 -subj /CN=warifu-interop-{ca} -days 10 -addext keyUsage=critical,keyCertSign,cRLSign"
            ));
        }
        for key_type in KeyType::ALL {
            if key_type.is_ml_dsa() {
                pki.make_ml_dsa(key_type);
            } else {
                let key = key_type.to_string();
                pki.openssl(&format!("genpkey {} -out {key}.key", key_type.genpkey()));
                // Clients of TLS 1.2 and older encrypt for a key of RSA.
                let extensions = match key_type {
                    KeyType::Rsa => "rsa",
                    _ => "leaf",
                };
                pki.issue("ca", &key, &key, extensions, "-days 5");
            }
        }
        let file = pki.finite_field("ffdhe2048");
        std::fs::rename(pki.path(&file), pki.path(DH_PARAMETERS)).unwrap();
        let old = "-startdate 20250101000000Z -enddate 20250201000000Z";
        pki.issue("ca", "ECDSA-P256", "expired", "leaf", old);
        pki.issue("other-ca", "ECDSA-P256", "stranger", "leaf", "-days 5");
        pki.issue("ca", "ECDSA-P256", "responder", "responder", "-days 5");
        pki.openssl(
            "ocsp -index index.txt -CA ca.pem -rsigner responder.pem -rkey ECDSA-P256.key -issuer ca.pem \
             -cert ECDSA-P256.pem -respout ocsp.der -ndays 5 -noverify",
        );
        pki
    }

    /// A certificate `name`.pem by `ca` for the key in `key`.key, and a copy of that key beside it.
    fn issue(&self, ca: &str, key: &str, name: &str, extensions: &str, validity: &str) {
        self.openssl(&format!(
            "req -new -key {key}.key -subj /CN={name} -out {name}.csr"
        ));
        self.openssl(&format!(
            "ca -batch -notext -config ca.conf -name ours -cert {ca}.pem -keyfile {ca}.key -extensions {extensions} \
             {validity} -in {name}.csr -out {name}.pem"
        ));
        if key != name {
            std::fs::copy(
                self.path(&format!("{key}.key")),
                self.path(&format!("{name}.key")),
            )
            .unwrap();
        }
    }

    fn make_ml_dsa(&self, key_type: KeyType) {
        // The CA that openssl made: the same name, the same key.
        let ca_key = std::fs::read_to_string(self.path("ca.key")).unwrap();
        let mut ca = rcgen::CertificateParams::default();
        ca.distinguished_name = rcgen::DistinguishedName::new();
        ca.distinguished_name
            .push(rcgen::DnType::CommonName, "warifu-interop-ca");
        let issuer = rcgen::Issuer::new(ca, rcgen::KeyPair::from_pem(&ca_key).unwrap());
        let mut params =
            rcgen::CertificateParams::new(vec![NAME.to_owned(), "127.0.0.1".to_owned()]).unwrap();
        params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![
            rcgen::ExtendedKeyUsagePurpose::ServerAuth,
            rcgen::ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let key = rcgen::KeyPair::generate_for(key_type.rcgen().unwrap()).unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        std::fs::write(self.certificate(key_type), certificate.pem()).unwrap();
        std::fs::write(self.key(key_type), key.serialize_pem()).unwrap();
    }

    /// A file with this finite-field group, named as OpenSSL does, as prime and generator.
    pub fn finite_field(&self, group: &str) -> String {
        let file = self.file("finite-field", "");
        self.openssl(&format!(
            "genpkey -genparam -algorithm DH -pkeyopt group:{group} -out {file}"
        ));
        file
    }

    /// A file with the key as a session of OpenSSL, for `-psk_session`: there it has a hash, by its suite, and a limit
    /// for early data, both of which `-psk` cannot say. The DER is SSL_SESSION_ASN1's.
    pub fn psk_session(&self, psk: &Psk) -> String {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let fields = format!(
            "asn1 = SEQUENCE:session\n[session]\nversion = INTEGER:1\nprotocol = INTEGER:0x0304\n\
             cipher = FORMAT:HEX,OCTETSTRING:{:04x}\nsession_id = OCTETSTRING:\n\
             master_key = FORMAT:HEX,OCTETSTRING:{}\ntime = EXPLICIT:1,INTEGER:{now}\n\
             timeout = EXPLICIT:2,INTEGER:3600\ncontext = EXPLICIT:4,OCTETSTRING:\n\
             max_early_data = EXPLICIT:15,INTEGER:{}\n",
            psk.suite().0,
            psk.key_hex(),
            psk.max_early_data
        );
        let name = self.file("psk-session", &fields);
        self.openssl(&format!("asn1parse -genconf {name} -noout -out {name}.der"));
        self.openssl(&format!(
            "sess_id -inform DER -in {name}.der -out {name}.pem"
        ));
        format!("{name}.pem")
    }

    /// Writes a file of its own name, which begins with `kind`, and returns the name.
    pub fn file(&self, kind: &str, text: &str) -> String {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("{kind}-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        std::fs::write(self.path(&name), text).unwrap();
        name
    }

    /// Runs `openssl` in the directory; no argument of ours holds a space.
    fn openssl(&self, arguments: &str) {
        let output = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(&self.directory)
            .output()
            .expect("the openssl program is needed");
        assert!(
            output.status.success(),
            "openssl {arguments}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.directory.join(file)
    }

    pub fn certificate(&self, key_type: KeyType) -> PathBuf {
        self.path(&format!("{key_type}.pem"))
    }

    pub fn key(&self, key_type: KeyType) -> PathBuf {
        self.path(&format!("{key_type}.key"))
    }

    pub fn ca(&self) -> PathBuf {
        self.path("ca.pem")
    }

    /// A CA that issued none of the ordinary certificates, only `stranger`.
    pub fn other_ca(&self) -> PathBuf {
        self.path("other-ca.pem")
    }

    /// Who believes the CA.
    pub fn trust(&self) -> Trust {
        Trust::from_ca_file(self.ca()).unwrap()
    }

    pub fn credential(&self, key_type: KeyType) -> Arc<Credential> {
        self.credential_of(&key_type.to_string())
    }

    /// The credential of `name`.pem and `name`.key.
    pub fn credential_of(&self, name: &str) -> Arc<Credential> {
        Arc::new(
            Credential::from_files(
                self.path(&format!("{name}.pem")),
                self.path(&format!("{name}.key")),
            )
            .unwrap(),
        )
    }
}
