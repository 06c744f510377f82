//! The command line of `warifu`: its grammar and its help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use warifu::config::Policy;
use warifu::trust::Leniency;

use crate::args_cert::CertCommand;
use crate::args_psk::{PskArguments, PskCommand};
use crate::values::{HostPort, PassphraseSource, TimeLimit, TlsVersions};

/// TLS for parties that share a CA or a key: a server, a client, and their certificates.
#[derive(Debug, Parser)]
#[command(
    name = "warifu",
    version,
    after_long_help = crate::exit::CODES_HELP,
    after_help = "Begin with:  warifu demo      (exit codes and details: warifu --help)",
    propagate_version = true,
    max_term_width = 100
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Wait for clients, print the messages they send, answer each
    #[command(after_long_help = crate::exit::CODES_HELP)]
    Server(Box<ServerArguments>),
    /// Connect to a server, send each input line as a message, print the replies
    #[command(after_long_help = crate::exit::CODES_HELP)]
    Client(Box<ClientArguments>),
    /// Server and client in one process, over loopback
    Demo(Box<DemoArguments>),
    /// Make, show and check certificates and keys
    Cert {
        #[command(subcommand)]
        command: Box<CertCommand>,
    },
    /// Make, show, convert and check pre-shared keys
    #[command(after_help = crate::args_psk::FILES_HELP)]
    Psk {
        #[command(subcommand)]
        command: Box<PskCommand>,
    },
    /// Show all cipher suites: versions, policies, names, and why one is off
    Suites(SuitesArguments),
}

/// `warifu server`.
#[derive(Debug, Args)]
pub(crate) struct ServerArguments {
    /// Where to listen: ADDR, ADDR:PORT or PORT; port 0 takes a free one
    #[arg(value_name = "ADDR:PORT", default_value = "127.0.0.1:11111")]
    pub(crate) address: HostPort,

    /// Text to answer each message with
    #[arg(long, value_name = "TEXT", default_value = "I hear you.", conflicts_with_all = ["echo", "http"])]
    pub(crate) reply: String,
    /// Answer each message with the message itself
    #[arg(long, conflicts_with = "http")]
    pub(crate) echo: bool,
    /// Answer HTTP/1.1 GET requests with a small page about the connection
    #[arg(long)]
    pub(crate) http: bool,
    /// Go on serving when a client sends the message "shutdown"
    #[arg(long)]
    pub(crate) ignore_shutdown: bool,
    /// Connections open at the same time; for one more the oldest handshake is given up as soon as it has lasted 300 ms, or if
    /// all are complete, the new one is closed at once
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_connections: u32,

    /// Whether clients must show a certificate [default: required with --ca or --pin, otherwise off]
    #[arg(long, value_name = "WHEN")]
    pub(crate) verify_client: Option<VerifyClient>,
    /// Ask for the client's certificate after its first message, not in the handshake
    #[arg(long)]
    pub(crate) post_handshake_auth: bool,

    /// Tickets for clients to resume with, after each handshake; 0 for none
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(0..=16))]
    pub(crate) tickets: u8,
    /// DANGEROUS: take up to this many bytes before the handshake is complete; others can send them again.
    /// At least 16384 for pre-shared keys without a ticket, under which others can also send them again after a restart
    /// of this server
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_early_data: Option<u32>,

    #[cfg(feature = "legacy")]
    /// Text that tells clients of TLS 1.2 and older which identity is expected; in the clear
    #[arg(
        long,
        value_name = "TEXT",
        requires = "psk_source",
        help_heading = "Pre-shared keys"
    )]
    pub(crate) psk_hint: Option<String>,
    #[command(flatten)]
    pub(crate) psk: PskArguments,
    #[command(flatten)]
    pub(crate) identity: IdentityArguments,
    #[command(flatten)]
    pub(crate) trust: TrustArguments,
    #[command(flatten)]
    pub(crate) protocol: ProtocolArguments,
    #[command(flatten)]
    pub(crate) limits: LimitArguments,
    #[command(flatten)]
    pub(crate) session: SessionArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

/// `warifu client`.
#[derive(Debug, Args)]
pub(crate) struct ClientArguments {
    /// The server: HOST, HOST:PORT or PORT
    #[arg(value_name = "HOST[:PORT]", default_value = "127.0.0.1:11111")]
    pub(crate) address: HostPort,

    /// Name that the server's certificate must carry, also sent as SNI [default: HOST]
    #[arg(long, value_name = "NAME")]
    pub(crate) server_name: Option<String>,
    /// Time allowed for the TCP connection
    #[arg(long, value_name = "TIME", default_value = "10s")]
    pub(crate) connect_timeout: TimeLimit,
    /// Ask for records of at most this size in both directions (RFC 6066)
    #[arg(long, value_name = "BYTES", value_parser = ["512", "1024", "2048", "4096"], conflicts_with = "record_size_limit")]
    pub(crate) max_fragment_length: Option<String>,
    /// Show the certificate also when the server asks for it after the handshake; the second message then
    /// waits for the reply to the first
    #[arg(long, requires = "cert")]
    pub(crate) post_handshake_auth: bool,
    /// Resume the session in this file, if it holds one for this server, and keep the next one there; the
    /// file is secret
    #[arg(long, value_name = "FILE")]
    pub(crate) resume: Option<PathBuf>,
    /// DANGEROUS: send this file's content before the server has answered; whoever records it can send it
    /// again. Sent after the handshake if the server does not take it early
    #[arg(long, value_name = "FILE")]
    pub(crate) early_data: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) psk: PskArguments,
    #[command(flatten)]
    pub(crate) identity: IdentityArguments,
    #[command(flatten)]
    pub(crate) trust: TrustArguments,
    #[command(flatten)]
    pub(crate) protocol: ProtocolArguments,
    #[command(flatten)]
    pub(crate) limits: LimitArguments,
    #[command(flatten)]
    pub(crate) session: SessionArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

/// `warifu demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Text with which the server answers each message
    #[arg(long, value_name = "TEXT", default_value = "I hear you.")]
    pub(crate) reply: String,
    /// With a pre-shared key in place of certificates
    #[arg(long)]
    pub(crate) psk: bool,
    #[command(flatten)]
    pub(crate) protocol: ProtocolArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

/// What this side proves itself with.
#[derive(Debug, Args, Default)]
#[command(next_help_heading = "Own certificate")]
pub(crate) struct IdentityArguments {
    /// Own certificate and its chain, PEM or DER; may be repeated (servers choose by name and key kind)
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: Vec<PathBuf>,
    /// Private key of each --cert, in the same order [default: in the certificate's own file]
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) key: Vec<PathBuf>,
    /// Where the passphrase of an encrypted key comes from: file:PATH, env:NAME, fd:N or prompt
    #[arg(long, value_name = "SOURCE")]
    pub(crate) passphrase: Option<PassphraseSource>,
}

/// Whom this side believes.
#[derive(Debug, Args, Default)]
#[command(next_help_heading = "Trust")]
pub(crate) struct TrustArguments {
    /// Trusted CA certificates, PEM or DER; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Vec<PathBuf>,
    /// Trust the CAs of the operating system too
    #[arg(long)]
    pub(crate) system_roots: bool,
    /// Trust exactly this peer certificate, whoever signed it; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) pin: Vec<PathBuf>,
    /// Revocation lists, PEM or DER; once given, every certificate of a chain must be covered by one
    #[arg(long, value_name = "FILE")]
    pub(crate) crl: Vec<PathBuf>,
    /// DANGEROUS: relax exactly these rules about the peer's certificate
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) insecure: Vec<InsecureRule>,
    /// DANGEROUS: accept what old certificates have, and nothing else that is wrong with them
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) trust_lenient: Vec<LenientRule>,
}

/// What is negotiated, and how records are cut.
#[derive(Debug, Args, Default)]
#[command(next_help_heading = "Protocol")]
pub(crate) struct ProtocolArguments {
    #[command(flatten)]
    pub(crate) choice: ChoiceArguments,
    /// Groups for key exchange, best first, by IANA name
    #[arg(long, value_name = "LIST")]
    pub(crate) groups: Option<String>,
    /// Application protocols (ALPN), best first
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) alpn: Vec<String>,
    /// Accept records of at most this size, and say so (RFC 8449)
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u16).range(64..=16385))]
    pub(crate) record_size_limit: Option<u16>,
    /// Send records of at most this size
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u16).range(1..=16384))]
    pub(crate) record_size: Option<u16>,
    /// Append the session's secrets to this file (RFC 9850), for Wireshark; whoever reads it can decrypt
    #[arg(long, value_name = "FILE", env = "SSLKEYLOGFILE")]
    pub(crate) keylog: Option<PathBuf>,
}

/// Which versions and cipher suites.
#[derive(Debug, Args, Default)]
#[command(next_help_heading = "Protocol")]
pub(crate) struct ChoiceArguments {
    /// Versions of TLS: one, or a range such as 1.0..1.2 or 1.2.. [default: 1.2..1.3]
    #[arg(long, value_name = "VERSIONS")]
    pub(crate) tls: Option<TlsVersions>,
    /// Versions and cipher suites under one name; --tls and --suites win over it [default: default]
    #[arg(long, value_name = "POLICY")]
    pub(crate) policy: Option<PolicyName>,
    /// Cipher suites of all versions, best first, by the names of IANA (TLS_ may be left out), OpenSSL or GnuTLS, comma
    /// or colon between; a version without a suite is off (warifu suites shows all)
    #[arg(long, value_name = "LIST")]
    pub(crate) suites: Option<String>,
}

/// `warifu suites`.
#[derive(Debug, Args)]
#[command(after_help = crate::suites::HELP)]
pub(crate) struct SuitesArguments {
    /// With a pre-shared key and no certificate [default: with a certificate and no key]
    #[arg(long)]
    pub(crate) psk: bool,
    /// Only those that are on
    #[arg(long)]
    pub(crate) on: bool,
    /// Print one JSON object per suite
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) choice: ChoiceArguments,
}

/// Versions and cipher suites under one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PolicyName {
    /// TLS 1.3 alone
    Modern,
    /// TLS 1.2 and 1.3, with forward secrecy and authenticated encryption
    Default,
    /// Also, in TLS 1.2, CBC, AES-CCM, and RSA and PSK without forward secrecy
    Compat,
    /// Also TLS 1.0 and 1.1, which RFC 8996 forbids, and peers without secure renegotiation
    Legacy,
    /// TLS 1.2 and 1.3 with pre-shared keys, down to what small devices have
    PskIot,
}

impl PolicyName {
    pub(crate) fn policy(self) -> Policy {
        match self {
            Self::Modern => Policy::Modern,
            Self::Default => Policy::Default,
            Self::Compat => Policy::Compat,
            Self::Legacy => Policy::Legacy,
            Self::PskIot => Policy::PskIot,
        }
    }
}

/// How long this side waits.
#[derive(Debug, Args)]
#[command(next_help_heading = "Time limits (10s, 500ms, 2m, 1h, off)")]
pub(crate) struct LimitArguments {
    /// Time allowed for the TLS handshake
    #[arg(long, value_name = "TIME", default_value = "10s")]
    pub(crate) handshake_timeout: TimeLimit,
    /// Longest silence of the peer after the handshake [default: off for a client, 1h for a server]
    #[arg(long, value_name = "TIME")]
    pub(crate) idle_timeout: Option<TimeLimit>,
}

/// How messages travel.
#[derive(Debug, Args, Default)]
#[command(next_help_heading = "Messages")]
pub(crate) struct SessionArguments {
    /// Copy bytes as they are, without lines: for files and binary data
    #[arg(long)]
    pub(crate) raw: bool,
    /// Change the keys, and ask the peer to, after every N messages sent
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "1",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) key_update: Option<u32>,
}

/// What is printed.
#[derive(Debug, Args, Default, Clone)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArguments {
    /// Print every event as one JSON object per line on standard output
    #[arg(long)]
    pub(crate) json: bool,
    /// Print every handshake message, one per line
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Print nothing but messages and failures
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
}

/// Whether a server asks clients for a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum VerifyClient {
    /// Do not ask
    Off,
    /// Ask; a client without a certificate may go on
    Optional,
    /// Ask; a client without a certificate is refused
    Required,
}

/// One rule about the peer's certificate that `--insecure` can relax.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InsecureRule {
    /// Any issuer: the chain need not end at a trusted CA
    Issuer,
    /// Any name: the certificate may be for another host
    Name,
    /// Any date: expired or not yet valid certificates pass
    Dates,
    /// Any usage: a client's certificate passes for a server's, and the other way round
    Usage,
    /// Certificates pass that no --crl speaks for, or only one that is out of date
    Revocation,
}

impl InsecureRule {
    /// What an attacker gains; printed in the banner.
    pub(crate) fn danger(self) -> &'static str {
        match self {
            Self::Issuer => {
                "issuer: anyone can make a certificate that passes; the peer is NOT authenticated"
            }
            Self::Name => {
                "name: whoever holds any certificate of a trusted CA can pose as this peer"
            }
            Self::Dates => {
                "dates: certificates pass that were replaced long ago, perhaps because their key was stolen"
            }
            Self::Usage => {
                "usage: whoever holds a certificate for another purpose can pose as this peer"
            }
            Self::Revocation => "revocation: stolen keys whose certificate was revoked may pass",
        }
    }
}

/// What `--trust-lenient` accepts of old certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LenientRule {
    /// Signatures with SHA-1, by RSA (PKCS#1) and ECDSA
    Sha1,
    /// RSA keys of 1024 to 2047 bits, of the peer and of its CAs
    Rsa1024,
    /// A server's name in the commonName, where there is no subjectAltName
    CnOnly,
    /// X.509 version 1 of the peer's own certificate (a server's needs cn-only too)
    V1,
    /// A peer's own certificate that is marked as a CA's
    CaLeaf,
}

impl LenientRule {
    pub(crate) const ALL: [Self; 5] = [
        Self::Sha1,
        Self::Rsa1024,
        Self::CnOnly,
        Self::V1,
        Self::CaLeaf,
    ];

    /// As on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Rsa1024 => "rsa1024",
            Self::CnOnly => "cn-only",
            Self::V1 => "v1",
            Self::CaLeaf => "ca-leaf",
        }
    }

    /// As the library calls it.
    pub(crate) fn leniency(self) -> Leniency {
        match self {
            Self::Sha1 => Leniency::Sha1Signatures,
            Self::Rsa1024 => Leniency::Rsa1024,
            Self::CnOnly => Leniency::CommonName,
            Self::V1 => Leniency::X509V1Leaf,
            Self::CaLeaf => Leniency::CaLeaf,
        }
    }

    /// What an attacker gains; printed in the banner.
    pub(crate) fn danger(self) -> &'static str {
        match self {
            Self::Sha1 => {
                "sha1: whoever gets a trusted CA to sign by SHA-1 can make it a certificate for any name"
            }
            Self::Rsa1024 => {
                "rsa1024: whoever can pay for factoring one such key can pose as its holder, peer or CA"
            }
            Self::CnOnly => {
                "cn-only: a trusted CA may have certified a person or product of the name of a host"
            }
            Self::V1 => {
                "v1: such a certificate does not say what for; any that a trusted CA made will pass"
            }
            Self::CaLeaf => {
                "ca-leaf: whoever gets the key of a trusted CA below the root can pose as this peer"
            }
        }
    }
}
