//! The command line of `warifu psk`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use crate::psk_file::Wanted;
use crate::psk_format::Format;
use crate::values::{ExposedSecret, PskIdentity};

/// What `warifu psk --help` says of files.
pub(crate) const FILES_HELP: &str = "\
PSK files:
  A line IDENTITY:KEY for each key. Blank lines and lines that begin with # are
  skipped.

  IDENTITY  text up to the first ':'; other bytes as hex:DIGITS (a:b is hex:613a62)
  KEY       DIGITS or hex:DIGITS in hexadecimal, base64:TEXT, or text:PASSPHRASE
            (all characters to the end of the line)

  Files of mosquitto (psk_file), GnuTLS (psktool), stunnel (PSKsecrets) and Zabbix
  (TLSPSKFile: a key alone, named by --psk-identity) are recognised. A line that
  they read differently is refused until --format says whose it is. One is GnuTLS's
  #DIGITS:KEY, an identity in hexadecimal: elsewhere such a line is a comment.

  Keys have 128 bits or more (--allow-weak-psk takes less); no identity stands in a
  file twice. The file must be closed to others: mode 0600, or 0640 if its group may
  read it. FILE may be - for standard input.";

#[derive(Debug, Subcommand)]
pub(crate) enum PskCommand {
    /// Make a random key and print it, or write it into a file
    Gen(GenArguments),
    /// Show identities and key lengths of PSK files, never the keys
    List(ListArguments),
    /// Print a PSK file in another format, keys included
    Convert(ConvertArguments),
    /// Say whether a PSK file is well kept, and its keys fit to be used
    Check(CheckArguments),
}

/// `warifu psk gen`.
#[derive(Debug, Args)]
pub(crate) struct GenArguments {
    /// Whose key it is; it is sent in the clear [default: psk- and 8 random digits]
    #[arg(value_name = "IDENTITY")]
    pub(crate) identity: Option<PskIdentity>,
    /// Length of the key
    #[arg(long, value_name = "BITS", default_value = "256", value_parser = parse_bits)]
    pub(crate) bits: KeyBits,
    /// Format to write [default: native, or that of the file with --append]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
    /// File to make, readable by this user only [default: print the key]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long, requires = "out")]
    pub(crate) force: bool,
    /// File to add the key to; made if there is none
    #[arg(long, value_name = "FILE", conflicts_with = "out")]
    pub(crate) append: Option<PathBuf>,
}

/// `warifu psk list`.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// PSK files; - is standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Whose files they are [default: recognised]
    #[arg(long, value_name = "FORMAT", visible_alias = "psk-format")]
    pub(crate) format: Option<Format>,
    /// Print one JSON object per file
    #[arg(long)]
    pub(crate) json: bool,
}

/// `warifu psk convert`.
#[derive(Debug, Args)]
pub(crate) struct ConvertArguments {
    /// The PSK file; - is standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Format to write
    #[arg(long, value_name = "FORMAT")]
    pub(crate) to: Format,
    /// Whose file it is [default: recognised]
    #[arg(long, value_name = "FORMAT", visible_alias = "psk-format")]
    pub(crate) format: Option<Format>,
    /// The identity of a key that stands alone; of many keys, the one to convert
    #[arg(long, value_name = "NAME")]
    pub(crate) psk_identity: Option<PskIdentity>,
    /// Take keys of less than 128 bits
    #[arg(long)]
    pub(crate) allow_weak_psk: bool,
    /// File to make, readable by this user only [default: print the keys]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long, requires = "out")]
    pub(crate) force: bool,
}

/// `warifu psk check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// The PSK file; - is standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Whose file it is [default: recognised]
    #[arg(long, value_name = "FORMAT", visible_alias = "psk-format")]
    pub(crate) format: Option<Format>,
    /// An identity that must have a key
    #[arg(long, value_name = "NAME")]
    pub(crate) psk_identity: Option<PskIdentity>,
    /// Let keys of less than 128 bits pass with a warning
    #[arg(long)]
    pub(crate) allow_weak_psk: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// The keys of a server or client.
#[derive(Debug, Args, Default, Clone)]
#[command(next_help_heading = "Pre-shared keys", group(ArgGroup::new("psk_source").multiple(true)))]
pub(crate) struct PskArguments {
    /// File with keys, closed to other users, see warifu psk --help; may be repeated. A server reads it again when it
    /// changes and on SIGHUP; connections go on
    #[arg(long, value_name = "FILE", group = "psk_source")]
    pub(crate) psk_file: Vec<PathBuf>,
    /// Environment variable that holds what a file would
    #[arg(long, value_name = "NAME", group = "psk_source")]
    pub(crate) psk_env: Option<String>,
    /// Open file descriptor to read as a file
    #[arg(long, value_name = "N", group = "psk_source")]
    pub(crate) psk_fd: Option<u32>,
    /// Ask for the key at the terminal
    #[arg(long, group = "psk_source", requires = "psk_identity")]
    pub(crate) psk_prompt: bool,
    /// The key itself, for tests: all users of this machine can read it
    #[arg(long, value_name = "IDENTITY:KEY", group = "psk_source")]
    pub(crate) psk: Option<ExposedSecret>,
    /// Use this identity only; it also names a key that stands alone. Other bytes as hex:DIGITS. With no other
    /// option that gives a key, it is asked for at the terminal
    #[arg(long, value_name = "NAME", group = "psk_source")]
    pub(crate) psk_identity: Option<PskIdentity>,
    /// Whose files they are [default: recognised]
    #[arg(long, value_name = "FORMAT", requires = "psk_source")]
    pub(crate) psk_format: Option<Format>,
    /// Take keys of less than 128 bits
    #[arg(long, requires = "psk_source")]
    pub(crate) allow_weak_psk: bool,
    /// How keys and tickets are used: psk_dhe_ke, psk_ke (not forward secret), or both [default: psk_dhe_ke]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) psk_mode: Vec<PskMode>,
    /// Hash that goes with the keys, as both sides agreed
    #[arg(long, value_name = "HASH", default_value = "sha256")]
    pub(crate) psk_hash: PskHashName,
    /// Use the keys in imported form (RFC 9258) with this context, "" for none
    #[arg(long, value_name = "CONTEXT", requires = "psk_source")]
    pub(crate) psk_import: Option<String>,
    /// Whether a certificate will do as well, or is needed too [default: required; optional with --cert at a
    /// server, with --ca at a client]
    #[arg(long, value_name = "POLICY", requires = "psk_source")]
    pub(crate) psk_policy: Option<PskPolicyName>,
}

/// One way to use a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PskMode {
    /// With a key exchange
    #[value(name = "psk_dhe_ke", alias = "psk-dhe-ke")]
    PskDheKe,
    /// The key alone: whoever learns it later can read what was recorded
    #[value(name = "psk_ke", alias = "psk-ke")]
    PskKe,
}

/// The hash of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
pub(crate) enum PskHashName {
    /// SHA-256
    #[default]
    Sha256,
    /// SHA-384
    Sha384,
}

/// How keys and certificates go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PskPolicyName {
    /// A key or a certificate
    Optional,
    /// A key, whatever certificates there are
    Required,
    /// A key and the server's certificate in one handshake (RFC 9973)
    WithCertificate,
}

impl PskArguments {
    /// Whether keys are to be used.
    pub(crate) fn is_given(&self) -> bool {
        self.has_source() || self.psk_identity.is_some()
    }

    /// Whether it is said where a key is.
    pub(crate) fn has_source(&self) -> bool {
        !self.psk_file.is_empty()
            || self.psk_env.is_some()
            || self.psk_fd.is_some()
            || self.psk_prompt
            || self.psk.is_some()
    }

    pub(crate) fn wanted(&self) -> Wanted<'_> {
        Wanted {
            identity: self.psk_identity.as_ref().map(|name| name.0.as_slice()),
            allow_weak: self.allow_weak_psk,
        }
    }
}

/// The length of a new key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyBits {
    pub(crate) bytes: usize,
}

/// RFC 9257 Section 6 asks for 128 bits; OpenSSL takes at most 4096 (`PSK_MAX_PSK_LEN`).
fn parse_bits(text: &str) -> Result<KeyBits, String> {
    match text.parse::<usize>() {
        Ok(bits) if (128..=4096).contains(&bits) && bits % 8 == 0 => {
            Ok(KeyBits { bytes: bits / 8 })
        }
        _ => Err("keys have 128 to 4096 bits, a multiple of 8".to_owned()),
    }
}
