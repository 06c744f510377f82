//! Safe face of AWS-LC for warifu.
// Names the protocol crate needs; the real definitions replace these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Hash {
    Sha256,
    Sha384,
}
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Aead {
    Aes128Gcm,
    Aes256Gcm,
    ChaCha20Poly1305,
    Aes128Ccm,
    Aes128Ccm8,
}
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Group {
    X25519,
    P256,
    P384,
    P521,
    X25519MlKem768,
    SecP256r1MlKem768,
    SecP384r1MlKem1024,
}
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum SignatureAlgorithm {
    Any,
}
#[allow(missing_docs)]
impl SignatureAlgorithm {
    pub fn from_iana(_: u16) -> Option<Self> {
        None
    }
}
