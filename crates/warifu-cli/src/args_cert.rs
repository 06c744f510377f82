//! The command line of `warifu cert`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::args::LenientRule;
use crate::values::PassphraseSource;

#[derive(Debug, Subcommand)]
pub(crate) enum CertCommand {
    /// Make a certificate authority: PREFIX.crt and PREFIX.key
    Ca(CaArguments),
    /// Make a server certificate for host names and IP addresses
    Server(LeafArguments),
    /// Make a client certificate for a person, device or program
    Client(LeafArguments),
    /// Show what a PEM or DER file holds
    Show(ShowArguments),
    /// Say whether a key fits its certificate, and whether the chain is in order
    Check(CheckArguments),
}

/// `warifu cert ca`.
#[derive(Debug, Args)]
pub(crate) struct CaArguments {
    /// The CA's common name
    #[arg(long, value_name = "NAME", default_value = "warifu CA")]
    pub(crate) name: String,
    /// Certificates of this CA are valid only for these names (and those under them), addresses (10.0.0.0/8)
    /// and, if any is given, for nothing else; may be repeated
    #[arg(long, value_name = "NAME|NETWORK", value_delimiter = ',')]
    pub(crate) permit: Vec<String>,
    /// Files to make: PREFIX.crt and PREFIX.key
    #[arg(long, value_name = "PREFIX", default_value = "ca")]
    pub(crate) out: PathBuf,
    /// Days that the certificate is valid
    #[arg(long, value_name = "DAYS", default_value_t = 3650, value_parser = clap::value_parser!(u32).range(1..=36500))]
    pub(crate) days: u32,
    #[command(flatten)]
    pub(crate) key: NewKeyArguments,
}

/// `warifu cert server` and `warifu cert client`.
#[derive(Debug, Args)]
pub(crate) struct LeafArguments {
    /// Names of the server (host names, *.example.org, IP addresses) or of the client
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<String>,
    /// Certificate of the CA that signs
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "self_signed",
        requires = "ca_key"
    )]
    pub(crate) ca: Option<PathBuf>,
    /// Private key of the CA that signs
    #[arg(long, value_name = "FILE", requires = "ca")]
    pub(crate) ca_key: Option<PathBuf>,
    /// Where the passphrase of the CA's key comes from: file:PATH, env:NAME, fd:N or prompt
    #[arg(long, value_name = "SOURCE", requires = "ca_key")]
    pub(crate) ca_passphrase: Option<PassphraseSource>,
    /// No CA: the certificate signs itself, and peers must pin it (--pin)
    #[arg(long, conflicts_with_all = ["ca", "ca_key"])]
    pub(crate) self_signed: bool,
    /// Files to make: PREFIX.crt and PREFIX.key [default: the first name]
    #[arg(long, value_name = "PREFIX")]
    pub(crate) out: Option<PathBuf>,
    /// Days that the certificate is valid
    #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=36500))]
    pub(crate) days: u32,
    #[command(flatten)]
    pub(crate) key: NewKeyArguments,
}

/// How a new key is made and kept.
#[derive(Debug, Args)]
pub(crate) struct NewKeyArguments {
    /// Kind of key
    #[arg(long, value_name = "KIND", default_value = "p256")]
    pub(crate) kind: NewKeyKind,
    /// Encrypt the new key with a passphrase from this source: file:PATH, env:NAME, fd:N or prompt
    #[arg(long, value_name = "SOURCE")]
    pub(crate) encrypt: Option<PassphraseSource>,
    /// Replace files that exist
    #[arg(long)]
    pub(crate) force: bool,
}

/// Kinds of keys that can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum NewKeyKind {
    /// ECDSA on P-256
    P256,
    /// ECDSA on P-384
    P384,
    /// ECDSA on P-521
    P521,
    /// Ed25519
    Ed25519,
    /// RSA of 2048 bits
    Rsa2048,
    /// RSA of 3072 bits
    #[value(alias = "rsa")]
    Rsa3072,
    /// RSA of 4096 bits
    Rsa4096,
    /// ML-DSA-44 (FIPS 204, post-quantum)
    #[value(name = "mldsa44", alias = "ml-dsa-44")]
    MlDsa44,
    /// ML-DSA-65 (FIPS 204, post-quantum)
    #[value(name = "mldsa65", alias = "ml-dsa-65")]
    MlDsa65,
    /// ML-DSA-87 (FIPS 204, post-quantum)
    #[value(name = "mldsa87", alias = "ml-dsa-87")]
    MlDsa87,
}

/// `warifu cert show`.
#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    /// Files with certificates or keys, PEM or DER
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Where the passphrase of an encrypted key comes from: file:PATH, env:NAME, fd:N or prompt
    #[arg(long, value_name = "SOURCE")]
    pub(crate) passphrase: Option<PassphraseSource>,
    /// Print one JSON object per certificate or key
    #[arg(long)]
    pub(crate) json: bool,
}

/// `warifu cert check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// The certificate and its chain, PEM or DER
    #[arg(value_name = "CERT")]
    pub(crate) cert: PathBuf,
    /// The private key [default: in the certificate's own file, if there is one]
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// Where the passphrase of an encrypted key comes from: file:PATH, env:NAME, fd:N or prompt
    #[arg(long, value_name = "SOURCE")]
    pub(crate) passphrase: Option<PassphraseSource>,
    /// Trusted CA certificates that the chain must end at; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Vec<PathBuf>,
    /// Name that the certificate must be valid for
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Accept what old certificates have, as a peer with this option would
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) trust_lenient: Vec<LenientRule>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

impl From<NewKeyKind> for warifu_crypto::KeyKind {
    fn from(kind: NewKeyKind) -> Self {
        match kind {
            NewKeyKind::P256 => Self::EcP256,
            NewKeyKind::P384 => Self::EcP384,
            NewKeyKind::P521 => Self::EcP521,
            NewKeyKind::Ed25519 => Self::Ed25519,
            NewKeyKind::Rsa2048 => Self::Rsa { bits: 2048 },
            NewKeyKind::Rsa3072 => Self::Rsa { bits: 3072 },
            NewKeyKind::Rsa4096 => Self::Rsa { bits: 4096 },
            NewKeyKind::MlDsa44 => Self::MlDsa44,
            NewKeyKind::MlDsa65 => Self::MlDsa65,
            NewKeyKind::MlDsa87 => Self::MlDsa87,
        }
    }
}
