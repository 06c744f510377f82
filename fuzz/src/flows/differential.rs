//! The same ClientHello for a server of ours and for one of rustls that is configured alike: both accept it, or both refuse it.
//!
//! The input is a [`Script`] whose edits change the ClientHello alone. [`excuse`] lists where both sides may differ, and why.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs as provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use warifu::config::{Client, ConfigBuilder};
use warifu::parameters::{CipherSuite, ExtensionType, NamedGroup, ProtocolVersion};
use warifu::{ClientConfig, Connection, Credential, Error, Psk, ServerConfig, Trust};
use warifu_crypto::random::fixed;

use crate::bytes::*;
use crate::flows::play::{SEED, edit_flight};
use crate::flows::script::{Op, Script};
use crate::flows::{differential_client, identities};
use crate::scene::{Flight, Item, Level};
use crate::support::{FixedClock, pki, server_name};

/// The flag of inputs that are for clients; see [`differential_client`].
pub const CLIENTS: u8 = 2;

/// TLS 1.3, then those of TLS 1.2 that rustls has.
pub(super) const SUITES: [CipherSuite; 9] = [
    CipherSuite::TLS_AES_128_GCM_SHA256,
    CipherSuite::TLS_AES_256_GCM_SHA384,
    CipherSuite::TLS_CHACHA20_POLY1305_SHA256,
    CipherSuite(0xc02b),
    CipherSuite(0xc02c),
    CipherSuite(0xcca9),
    CipherSuite(0xc02f),
    CipherSuite(0xc030),
    CipherSuite(0xcca8),
];
pub(super) const GROUPS: [NamedGroup; 3] = [
    NamedGroup::X25519,
    NamedGroup::SECP256R1,
    NamedGroup::SECP384R1,
];
const SERVER_NAME: u16 = 0;
const SUPPORTED_GROUPS: u16 = 10;
const SUPPORTED_VERSIONS: u16 = 43;
pub(super) const SSL3: [u8; 2] = [3, 0];
pub(super) const ALPN: [&str; 2] = ["one", "two"];

/// What a server makes of a ClientHello.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict<E> {
    /// It answered, by a ServerHello or a HelloRetryRequest with this version and suite.
    Accepts {
        version: u16,
        suite: u16,
        retry: bool,
    },
    /// It wants more bytes.
    Waits,
    Refuses(E),
}

impl<E> Verdict<E> {
    /// Both verdicts are the same, whatever the error is.
    fn is<F>(&self, other: &Verdict<F>) -> bool {
        match (self.answer(), other.answer()) {
            (None, None) => matches!(self, Self::Waits) == matches!(other, Verdict::Waits),
            (ours, theirs) => ours == theirs,
        }
    }

    fn answer(&self) -> Option<(u16, u16, bool)> {
        match *self {
            Self::Accepts {
                version,
                suite,
                retry,
            } => Some((version, suite, retry)),
            Self::Waits | Self::Refuses(_) => None,
        }
    }

    /// What a server says that sent this, unless it is an alert alone.
    fn of_answer(output: &[u8]) -> Option<Self> {
        const RETRY: [u8; 4] = [0xcf, 0x21, 0xad, 0x74];
        let records = records(output);
        let record = records.first().filter(|record| record[0] == HANDSHAKE)?;
        let hello = &record[5..];
        assert_eq!(hello[0], SERVER_HELLO, "answer");
        let mut version = u16::from_be_bytes([hello[4], hello[5]]);
        let extensions = Dissected::read(hello).map_or(Vec::new(), |hello| hello.extensions);
        for (number, data) in extensions {
            if number == SUPPORTED_VERSIONS {
                version = u16::from_be_bytes([data[0], data[1]]);
            }
        }
        let behind = 39 + usize::from(hello[38]);
        Some(Self::Accepts {
            version,
            suite: u16::from_be_bytes([hello[behind], hello[behind + 1]]),
            retry: hello[6..10] == RETRY,
        })
    }
}

/// A server of each kind with the same certificate, and ClientHellos to begin with.
struct Servers {
    ours: Arc<ServerConfig>,
    theirs: Arc<rustls::ServerConfig>,
}

struct All {
    /// With an Ed25519 key, and with one of RSA.
    servers: [Servers; 2],
    hellos: Vec<Vec<u8>>,
}

/// [`GROUPS`], and random numbers that are the same in each run.
pub(super) fn rustls_provider() -> rustls::crypto::CryptoProvider {
    rustls::crypto::CryptoProvider {
        kx_groups: vec![
            provider::kx_group::X25519,
            provider::kx_group::SECP256R1,
            provider::kx_group::SECP384R1,
        ],
        secure_random: &Fixed,
        ..provider::default_provider()
    }
}

#[derive(Debug)]
struct Fixed;

impl rustls::crypto::SecureRandom for Fixed {
    fn fill(&self, out: &mut [u8]) -> Result<(), rustls::crypto::GetRandomFailed> {
        warifu_crypto::random::fill(out).map_err(|_| rustls::crypto::GetRandomFailed)
    }
}

impl Servers {
    fn new(chain: CertificateDer<'static>, key: &[u8]) -> Self {
        let credential = Credential::from_der(vec![chain.clone()], key).unwrap();
        let ours = ServerConfig::builder(Arc::new(credential))
            .with_clock(Arc::new(FixedClock))
            .with_cipher_suites(&SUITES)
            .with_groups(&GROUPS)
            .with_versions(ProtocolVersion::TLS1_2..=ProtocolVersion::TLS1_3)
            .with_alpn(ALPN)
            // As rustls chooses its suites by default.
            .with_client_preference(true)
            .build()
            .unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.to_vec()));
        let mut theirs = rustls::ServerConfig::builder_with_provider(Arc::new(rustls_provider()))
            .with_protocol_versions(&[&rustls::version::TLS12, &rustls::version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![chain], key)
            .unwrap();
        theirs.alpn_protocols = ALPN.map(|name| name.as_bytes().to_vec()).to_vec();
        Self {
            ours,
            theirs: Arc::new(theirs),
        }
    }

    /// Both verdicts on a stream, where they differ without an excuse.
    fn difference(&self, stream: &[u8]) -> Option<(Verdict<Error>, Verdict<rustls::Error>)> {
        fixed::begin(SEED);
        let ours = verdict_of_ours(&self.ours, stream);
        let theirs = verdict_of_theirs(&self.theirs, stream);
        let is_excused = ours.is(&theirs) || excuse(&ours, &theirs, stream).is_some();
        (!is_excused).then_some((ours, theirs))
    }
}

/// The ClientHello of a client that is configured so.
fn hello(
    ca: &pki::Ca,
    change: impl FnOnce(ConfigBuilder<Client>) -> ConfigBuilder<Client>,
) -> Vec<u8> {
    let trust = Trust::builder().with_ca_bytes(&ca.certificate);
    let builder = ClientConfig::builder(trust.build().unwrap())
        .with_clock(Arc::new(FixedClock))
        .with_cipher_suites(&SUITES)
        .with_groups(&GROUPS);
    let config = change(builder).build().unwrap();
    let mut client = Connection::client(config, server_name());
    client.process().unwrap();
    let records = records(client.output());
    records[0][5..].to_vec()
}

impl All {
    fn new() -> Self {
        fixed::begin(SEED);
        let ca = identities::ca();
        let tls12 = ProtocolVersion::TLS1_2;
        let tls13 = ProtocolVersion::TLS1_3;
        let hellos = vec![
            hello(&ca, |client| client.with_versions(tls12..=tls13)),
            hello(&ca, |client| client.with_versions(tls13..=tls13)),
            hello(&ca, |client| client.with_versions(tls12..=tls12)),
            hello(&ca, |client| {
                let client = client.with_versions(tls12..=tls13).with_alpn(["two"]);
                client.with_ocsp_request(true).with_sct_request(true)
            }),
            hello(&ca, |client| {
                client.with_psks([Psk::new("alice", [7; 32]).unwrap()])
            }),
            hello(&ca, |client| {
                let client = client.with_versions(tls12..=tls12).with_alpn(["one"]);
                client.with_max_fragment_length(512)
            }),
            // No share that the server takes at once.
            hello(&ca, |client| {
                client
                    .with_groups(&[NamedGroup::SECP521R1, NamedGroup::SECP256R1])
                    .with_key_shares(&[NamedGroup::SECP521R1])
            }),
        ];
        let (ed25519, ed25519_key) = identities::ed25519_chain(&ca);
        let (rsa, rsa_key) = identities::rsa_chain(&ca);
        Self {
            servers: [
                Servers::new(ed25519, &ed25519_key),
                Servers::new(rsa, rsa_key),
            ],
            hellos,
        }
    }
}

/// Each record is seen to its end before the next one comes, on both sides.
fn verdict_of_ours(config: &Arc<ServerConfig>, stream: &[u8]) -> Verdict<Error> {
    let mut server = Connection::server(config.clone());
    for record in records(stream) {
        let mut rest = &record[..];
        while !rest.is_empty() {
            let count = server.receive(rest);
            rest = &rest[count..];
            if let Err(error) = server.process() {
                return Verdict::Refuses(error);
            }
            assert!(count > 0, "takes nothing more");
        }
        if let Some(answer) = Verdict::of_answer(server.output()) {
            return answer;
        }
    }
    Verdict::Waits
}

/// Its buffer, of a little more than the longest message, is full.
pub(super) const BUFFER_FULL: rustls::Error =
    rustls::Error::InvalidMessage(rustls::InvalidMessage::HandshakePayloadTooLarge);

fn verdict_of_theirs(config: &Arc<rustls::ServerConfig>, stream: &[u8]) -> Verdict<rustls::Error> {
    let mut server = rustls::ServerConnection::new(config.clone()).unwrap();
    for record in records(stream) {
        let mut rest = &record[..];
        while !rest.is_empty() {
            if server.read_tls(&mut rest).is_err() {
                return Verdict::Refuses(BUFFER_FULL);
            }
            // It may have begun its answer before it finds that it cannot go on.
            if let Err(error) = server.process_new_packets() {
                return Verdict::Refuses(error);
            }
        }
        let mut output = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut output).unwrap();
        }
        if let Some(answer) = Verdict::of_answer(&output) {
            return answer;
        }
    }
    Verdict::Waits
}

/// The records that an input makes, and which servers they are for.
fn stream(all: &All, input: &[u8]) -> (usize, Vec<u8>) {
    let script = Script::read(input);
    let hello = &all.hellos[usize::from(script.scene) % all.hellos.len()];
    let mut flight: Flight = vec![Item::new(Level::Plain, HANDSHAKE, hello)];
    for edit in &script.edits {
        // What is sent is one ClientHello, whole or in fragments.
        let changes_records = matches!(
            edit.op,
            Op::Drop | Op::Duplicate | Op::Swap | Op::Message | Op::Replay | Op::Record
        ) || matches!(
            edit.op,
            Op::Raw | Op::ContentType | Op::Level | Op::KeyUpdate | Op::Type
        );
        if !changes_records {
            edit_flight(edit, &mut flight, &[], false, true);
        }
    }
    let streams = flight.iter().map(|item| in_records(&item.bytes));
    (usize::from(script.flags & 1), streams.flatten().collect())
}

/// A message, or a part of one, in records as a client begins with.
fn in_records(bytes: &[u8]) -> Vec<u8> {
    let records = bytes.chunks(1 << 14).map(|part| {
        let mut record = record(HANDSHAKE, part);
        record[2] = 1;
        record
    });
    records.flatten().collect()
}

/// Extensions that rustls reads and that are unknown to ours: certificate types, compress_certificate, those of QUIC,
/// ticket_request, those of ECH.
const READ_BY_RUSTLS_ALONE: [u16; 8] = [19, 20, 27, 57, 58, 0xffa5, 0xfe0d, 0xfd00];

/// What rustls does not look into, or not to its end.
const READ_BY_OURS_ALONE: [&str; 11] = [
    "server_name",
    "signature_algorithms_cert",
    "signed_certificate_timestamp",
    "tls_cert_with_extern_psk",
    "encrypt_then_mac",
    "max_fragment_length",
    "post_handshake_auth",
    "record_size_limit",
    "padding",
    "renegotiation_info",
    "oid_filters",
];

/// Why verdicts on this stream may differ.
fn excuse(
    ours: &Verdict<Error>,
    theirs: &Verdict<rustls::Error>,
    stream: &[u8],
) -> Option<&'static str> {
    match (ours, theirs) {
        (Verdict::Refuses(error), theirs) => excuse_refusal(error, theirs, stream),
        (_, Verdict::Refuses(error)) => excuse_acceptance(error, stream),
        (Verdict::Waits, _) | (_, Verdict::Waits) => None,
        _ if ours
            .answer()
            .map(|(version, suite, _)| (version, suite, true))
            == theirs.answer() =>
        {
            Some("RFC 8446 Section 4.1.1: among common groups ours prefers one that has a share")
        }
        _ => None,
    }
}

/// Why ours may refuse what rustls does not.
fn excuse_refusal(
    error: &Error,
    theirs: &Verdict<rustls::Error>,
    stream: &[u8],
) -> Option<&'static str> {
    use warifu::{NothingInCommon, PeerMisbehaved};
    let is_retry = matches!(theirs, Verdict::Accepts { retry: true, .. });
    let waits = matches!(theirs, Verdict::Waits);
    match error {
        Error::PeerMisbehaved(error) => match error {
            PeerMisbehaved::Malformed { what, .. } if READ_BY_OURS_ALONE.contains(what) => {
                Some("RFC 8446 Section 6: a message that cannot be parsed is a decode_error")
            }
            PeerMisbehaved::IllegalParameter { what }
                if what.starts_with("max_fragment_length")
                    || what.starts_with("record_size_limit") =>
            {
                Some("RFC 6066 Section 4 and RFC 8449 Section 4: these values are fatal")
            }
            PeerMisbehaved::IllegalParameter { what }
                if what.starts_with("server_name is not") && name_ends_with_dot(stream) =>
            {
                Some("RFC 6066 Section 3: a name has no trailing dot; rustls bears it")
            }
            PeerMisbehaved::BadKeyShare { .. } if is_retry => Some(
                "RFC 8446 Section 4.1.1: among common groups ours prefers one that has a share, and looks into that",
            ),
            PeerMisbehaved::IllegalParameter { what } if what.starts_with("key share of a") => {
                Some("RFC 8446 Section 4.2.8: servers MAY check it")
            }
            PeerMisbehaved::NoSecureRenegotiation => {
                Some("RFC 5746 Section 3.6: a server may refuse; rustls does not look")
            }
            PeerMisbehaved::BadRenegotiationInfo => {
                Some("RFC 5746 Section 3.6: it MUST be empty; rustls does not look")
            }
            PeerMisbehaved::MisplacedExtension { extension, .. }
                if *extension == ExtensionType::OID_FILTERS =>
            {
                Some("RFC 8446 Section 4.2: known, and not of ClientHello, it MUST be refused")
            }
            PeerMisbehaved::MissingExtension { extension, .. }
                if *extension == "psk_key_exchange_modes" =>
            {
                Some("RFC 9973 Section 5.1: tls_cert_with_extern_psk goes with PSKs")
            }
            PeerMisbehaved::InappropriateFallback { .. } => {
                Some("RFC 7507 Section 3: TLS_FALLBACK_SCSV; rustls does not know it")
            }
            PeerMisbehaved::Ssl3 if legacy_version(stream) == Some(SSL3) => {
                Some("RFC 8446 Appendix D.5: SSL 3.0 MUST be refused in legacy_version")
            }
            PeerMisbehaved::UnexpectedMessage { .. } if waits => {
                Some("ours tells by the first byte, rustls by the last")
            }
            _ => None,
        },
        Error::NothingInCommon(NothingInCommon::SignatureScheme { .. }) if is_retry => {
            Some("RFC 8446 Section 4.1.4: it is for the server what it looks at first")
        }
        _ => None,
    }
}

/// Why rustls may refuse what ours does not.
fn excuse_acceptance(error: &rustls::Error, stream: &[u8]) -> Option<&'static str> {
    use rustls::{Error as TheirError, InvalidMessage, PeerIncompatible};
    match error {
        TheirError::InvalidMessage(InvalidMessage::HandshakePayloadTooLarge) => Some(
            "RFC 8446 Section 4.1.2: each vector may have 64 KiB; all of it rustls takes no more",
        ),
        TheirError::PeerIncompatible(PeerIncompatible::NoKxGroupsInCommon)
            if !has_extension(stream, &[SUPPORTED_GROUPS]) =>
        {
            Some("RFC 8422 Section 4: without supported_groups any curve may be chosen")
        }
        TheirError::PeerMisbehaved(rustls::PeerMisbehaved::ServerNameMustContainOneHostName) => {
            Some("RFC 6066 Section 3: names of unknown types say nothing to ours")
        }
        _ => None,
    }
}

/// What the records of a stream hold.
pub(super) fn content_of(stream: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    for record in records(stream) {
        content.extend_from_slice(&record[5..]);
    }
    content
}

/// `legacy_version` of the hello that a stream begins with.
pub(super) fn legacy_version(stream: &[u8]) -> Option<[u8; 2]> {
    content_of(stream).get(4..6)?.try_into().ok()
}

/// Whether the name in server_name has a trailing dot.
fn name_ends_with_dot(stream: &[u8]) -> bool {
    let extensions = hello_in(stream).map_or(Vec::new(), |hello| hello.extensions);
    let mut names = extensions
        .iter()
        .filter(|(number, _)| *number == SERVER_NAME);
    names.any(|(_, data)| data.last() == Some(&b'.'))
}

/// The ClientHello in a stream, if it can be taken apart.
fn hello_in(stream: &[u8]) -> Option<Dissected> {
    let message = content_of(stream);
    let hello = Dissected::read(&message)?;
    // What is behind it would be lost.
    (hello.assemble() == message).then_some(hello)
}

/// Whether the ClientHello in a stream has one of these extensions.
fn has_extension(stream: &[u8], numbers: &[u16]) -> bool {
    let extensions = hello_in(stream).map_or(Vec::new(), |hello| hello.extensions);
    extensions
        .iter()
        .any(|(number, _)| numbers.contains(number))
}

/// The same without the extensions that rustls alone reads: ours ignores them, as RFC 8446 Section 4.2 demands of what is
/// unknown, and rustls refuses those that it cannot parse.
fn without_read_by_rustls_alone(stream: &[u8]) -> Option<Vec<u8>> {
    let mut hello = hello_in(stream)?;
    let len = hello.extensions.len();
    hello
        .extensions
        .retain(|(number, _)| !READ_BY_RUSTLS_ALONE.contains(number));
    (hello.extensions.len() < len).then(|| in_records(&hello.assemble()))
}

fn with_all<T>(work: impl FnOnce(&All) -> T) -> T {
    thread_local! {
        static ALL: All = All::new();
    }
    ALL.with(|all| work(all))
}

impl Servers {
    /// Whether both accept.
    fn accept(&self, stream: &[u8]) -> bool {
        fixed::begin(SEED);
        let ours = verdict_of_ours(&self.ours, stream);
        let theirs = verdict_of_theirs(&self.theirs, stream);
        ours.answer().is_some() && theirs.answer().is_some()
    }

    /// As [`difference`](Self::difference), where rustls reads no extension that ours ignores.
    fn difference_of_what_both_read(
        &self,
        stream: &[u8],
    ) -> Option<(Verdict<Error>, Verdict<rustls::Error>)> {
        let difference = self.difference(stream)?;
        match without_read_by_rustls_alone(stream) {
            Some(stream) if matches!(difference.1, Verdict::Refuses(_)) => self.difference(&stream),
            _ => Some(difference),
        }
    }
}

/// Both verdicts on an input, where they differ without an excuse.
pub fn difference(input: &[u8]) -> Option<(Verdict<Error>, Verdict<rustls::Error>)> {
    with_all(|all| {
        let (which, stream) = stream(all, input);
        all.servers[which].difference_of_what_both_read(&stream)
    })
}

/// Changes each byte of each ClientHello into every other one, for both servers. Tells of each difference without an excuse; returns how
/// many were played.
pub fn each_byte(mut tell: impl FnMut(String)) -> usize {
    let mut played = 0;
    with_all(|all| {
        for (number, hello) in all.hellos.iter().enumerate() {
            let unchanged = in_records(hello);
            let mut servers = all.servers.iter();
            assert!(
                servers.any(|servers| servers.accept(&unchanged)),
                "ClientHello {number} is refused as it is"
            );
            for at in 0..hello.len() {
                for mask in 1..=u8::MAX {
                    let mut changed = hello.clone();
                    changed[at] ^= mask;
                    let stream = in_records(&changed);
                    for (which, servers) in all.servers.iter().enumerate() {
                        played += 1;
                        if let Some((ours, theirs)) = servers.difference_of_what_both_read(&stream)
                        {
                            tell(format!(
                                "ClientHello {number} for server {which}, byte {at} changed by {mask:02x}: ours: {ours:?}, rustls: {theirs:?}"
                            ));
                        }
                    }
                }
            }
        }
    });
    played
}

/// Plays an input; panics where the two differ without an excuse.
pub fn play(input: &[u8]) {
    if Script::read(input).flags & CLIENTS != 0 {
        return differential_client::play(input);
    }
    if let Some((ours, theirs)) = difference(input) {
        panic!("ours: {ours:?}, rustls: {theirs:?}");
    }
}
