//! The same server's flight for a client of ours and for one of rustls that is configured alike: both accept it, or both
//! refuse it.
//!
//! The input is a [`Script`] whose edits change the part of the flight that is not protected: ServerHello or
//! HelloRetryRequest of TLS 1.3, all up to ServerHelloDone of TLS 1.2. Each client gets the flight that answers its own
//! ClientHello, by one server with fixed random numbers. [`excuse`] lists where both may differ, and why.

use std::sync::Arc;

use rustls::pki_types::UnixTime;
use warifu::parameters::{NamedGroup, ProtocolVersion};
use warifu::{ClientConfig, Connection, Credential, Error, ServerConfig, Trust, Waiting};
use warifu_crypto::random::fixed;

use crate::bytes::*;
use crate::flows::differential::{
    ALPN, BUFFER_FULL, GROUPS, SSL3, SUITES, content_of, legacy_version, rustls_provider,
};
use crate::flows::identities;
use crate::flows::play::{SEED, edit_flight};
use crate::flows::script::{Op, Script};
use crate::scene::{Flight, Item, Level};
use crate::support::{FixedClock, pki, server_name};

/// What a client makes of a flight. When it refuses is its own affair: by the first byte of a message, or once the flight is
/// whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict<E> {
    /// It goes on: sends what follows, or has the keys for what does.
    Accepts,
    /// It wants more bytes of the flight.
    Waits,
    Refuses(E),
}

impl<E> Verdict<E> {
    fn is<F>(&self, other: &Verdict<F>) -> bool {
        matches!(self, Self::Accepts) == matches!(other, Verdict::Accepts)
    }
}

/// [`pki::NOW`], always.
#[derive(Debug)]
struct Now;

impl rustls::time_provider::TimeProvider for Now {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(
            pki::NOW,
        )))
    }
}

/// Clients of one kind, and the server that answers them.
struct World {
    ours: Arc<ClientConfig>,
    theirs: Arc<rustls::ClientConfig>,
    server: Arc<ServerConfig>,
}

impl World {
    fn new(ca: &pki::Ca, version: ProtocolVersion, uses_rsa: bool, retry: bool) -> Self {
        let trust = Trust::builder().with_ca_bytes(&ca.certificate);
        // Both sorts of clients have both versions. The server decides.
        let versions = ProtocolVersion::TLS1_2..=ProtocolVersion::TLS1_3;
        let ours = ClientConfig::builder(trust.build().unwrap())
            .with_clock(Arc::new(FixedClock))
            .with_cipher_suites(&SUITES)
            .with_groups(&GROUPS)
            .with_versions(versions)
            .with_ocsp_request(true)
            .with_alpn(ALPN)
            .build()
            .unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(ca.certificate.clone()).unwrap();
        let mut theirs =
            rustls::ClientConfig::builder_with_details(Arc::new(rustls_provider()), Arc::new(Now))
                .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
                .unwrap()
                .with_root_certificates(roots)
                .with_no_client_auth();
        theirs.alpn_protocols = ALPN.map(|name| name.as_bytes().to_vec()).to_vec();
        theirs.resumption = rustls::client::Resumption::disabled();
        let (chain, key) = match uses_rsa {
            true => {
                let (chain, key) = identities::rsa_chain(ca);
                (chain, key.to_vec())
            }
            false => identities::ed25519_chain(ca),
        };
        let credential = Credential::from_der(vec![chain], &key).unwrap();
        let mut server = ServerConfig::builder(Arc::new(credential))
            .with_clock(Arc::new(FixedClock))
            .with_cipher_suites(&SUITES)
            .with_groups(&GROUPS)
            .with_versions(version..=version)
            .with_alpn(["two"]);
        if retry {
            server = server
                .with_groups(&[NamedGroup::SECP384R1])
                .with_retry_cookie(true);
        }
        Self {
            ours,
            theirs: Arc::new(theirs),
            server: server.build().unwrap(),
        }
    }

    /// What the server answers to a ClientHello, up to the first record that is protected.
    fn answer(&self, hello: &[u8]) -> Flight {
        fixed::begin(SEED);
        let mut server = Connection::server(self.server.clone());
        assert_eq!(server.receive(hello), hello.len());
        server.process().unwrap();
        let mut plain = Vec::new();
        for record in records(server.output()) {
            match record[0] {
                HANDSHAKE => plain.extend_from_slice(&record[5..]),
                CHANGE_CIPHER_SPEC => {}
                _ => break,
            }
        }
        let item = |message: &Vec<u8>| Item::new(Level::Plain, HANDSHAKE, message);
        messages(&plain).iter().map(item).collect()
    }
}

/// The edited flight as records.
fn stream(script: &Script, mut flight: Flight, is_tls13: bool) -> Vec<u8> {
    let originals = flight.clone();
    for edit in &script.edits {
        if !matches!(
            edit.op,
            Op::Level | Op::KeyUpdate | Op::ContentType | Op::Raw
        ) {
            edit_flight(edit, &mut flight, &originals, false, is_tls13);
        }
    }
    stream_of(&flight)
}

fn stream_of(flight: &Flight) -> Vec<u8> {
    let mut stream = Vec::new();
    for item in flight.iter().filter(|item| item.content_type == HANDSHAKE) {
        for part in item.bytes.chunks(1 << 14) {
            stream.extend(record(HANDSHAKE, part));
        }
    }
    stream
}

/// Where a stream is another than it would have been.
fn changed_bytes(stream: &[u8], unchanged: &[u8]) -> Vec<usize> {
    let pairs = stream.iter().zip(unchanged).enumerate();
    let changed = pairs.filter(|(_, (byte, other))| byte != other);
    changed.map(|(at, _)| at).collect()
}

/// Each record is seen to its end before the next one comes, on both sides.
fn verdict_of_ours(client: &mut Connection, stream: &[u8]) -> Verdict<Error> {
    for record in records(stream) {
        let mut rest = &record[..];
        let mut result = Ok(());
        while !rest.is_empty() && result.is_ok() {
            let count = client.receive(rest);
            rest = &rest[count..];
            result = client.process();
            assert!(count > 0 || result.is_err(), "takes nothing more");
        }
        let goes_on = client.waiting() == Some(Waiting::Bytes("EncryptedExtensions"));
        // It may have answered before it refused what is behind.
        if goes_on || answers(client.output()) {
            return Verdict::Accepts;
        }
        if let Err(error) = result {
            return Verdict::Refuses(error);
        }
    }
    Verdict::Waits
}

fn verdict_of_theirs(
    client: &mut rustls::ClientConnection,
    stream: &[u8],
) -> Verdict<rustls::Error> {
    for record in records(stream) {
        let mut rest = &record[..];
        let mut result = Ok(());
        while !rest.is_empty() && result.is_ok() {
            if client.read_tls(&mut rest).is_err() {
                return Verdict::Refuses(BUFFER_FULL);
            }
            result = client.process_new_packets().map(|_| ());
        }
        let mut output = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut output).unwrap();
        }
        let is_tls13 = client.protocol_version() == Some(rustls::ProtocolVersion::TLSv1_3);
        let goes_on = is_tls13 && client.negotiated_cipher_suite().is_some() && result.is_ok();
        if goes_on || answers(&output) {
            return Verdict::Accepts;
        }
        if let Err(error) = result {
            return Verdict::Refuses(error);
        }
    }
    Verdict::Waits
}

/// Whether there is a handshake message in what a client sends: change_cipher_spec may come before or behind.
fn answers(output: &[u8]) -> bool {
    records(output).iter().any(|record| record[0] == HANDSHAKE)
}

/// Does something with the clients of all kinds, those of TLS 1.3 at even places.
fn with_worlds<T>(work: impl FnOnce(&[World]) -> T) -> T {
    thread_local! {
        static WORLDS: Vec<World> = {
            let ca = identities::ca();
            let (tls12, tls13) = (ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3);
            vec![
                World::new(&ca, tls13, false, false),
                World::new(&ca, tls12, false, false),
                World::new(&ca, tls13, false, true),
                World::new(&ca, tls12, true, false),
            ]
        };
    }
    WORLDS.with(|worlds| work(worlds))
}

impl World {
    /// A client of ours that has sent its ClientHello, and the flight that answers it.
    fn begin_ours(&self) -> (Connection, Flight) {
        fixed::begin(SEED);
        let mut client = Connection::client(self.ours.clone(), server_name());
        client.process().unwrap();
        let hello = client.output().to_vec();
        client.sent(hello.len());
        let flight = self.answer(&hello);
        (client, flight)
    }

    fn begin_theirs(&self) -> (rustls::ClientConnection, Flight) {
        fixed::begin(SEED);
        let mut client = rustls::ClientConnection::new(self.theirs.clone(), server_name()).unwrap();
        let mut hello = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut hello).unwrap();
        }
        let flight = self.answer(&hello);
        (client, flight)
    }

    /// Both verdicts on the flight as `change` makes it, where they differ without an excuse.
    fn difference(
        &self,
        change: impl Fn(Flight) -> Vec<u8>,
    ) -> Option<(Verdict<Error>, Verdict<rustls::Error>)> {
        let (ours, theirs, stream) = self.verdicts(change);
        let is_excused = ours.is(&theirs) || excuse(&ours, &theirs, &stream).is_some();
        (!is_excused).then_some((ours, theirs))
    }

    /// Both verdicts on the flight as `change` makes it, and the flight as ours gets it.
    fn verdicts(
        &self,
        change: impl Fn(Flight) -> Vec<u8>,
    ) -> (Verdict<Error>, Verdict<rustls::Error>, Vec<u8>) {
        let (mut ours, flight) = self.begin_ours();
        let (for_ours, unchanged) = (change(flight.clone()), stream_of(&flight));
        let of_ours = verdict_of_ours(&mut ours, &for_ours);
        let (mut theirs, flight) = self.begin_theirs();
        let (for_theirs, originals) = (change(flight.clone()), stream_of(&flight));
        let same_len = for_ours.len() == unchanged.len();
        if same_len
            && changed_bytes(&for_ours, &unchanged) != changed_bytes(&for_theirs, &originals)
        {
            // A byte that was set had this value already, for one of the two.
            return (Verdict::Waits, Verdict::Waits, for_ours);
        }
        let of_theirs = verdict_of_theirs(&mut theirs, &for_theirs);
        (of_ours, of_theirs, for_ours)
    }
}

/// Changes each byte of each flight into every other one. Tells of each difference without an excuse; returns how many flights were
/// played.
pub fn each_byte(mut tell: impl FnMut(String)) -> usize {
    let mut played = 0;
    with_worlds(|worlds| {
        for (number, world) in worlds.iter().enumerate() {
            let (ours, theirs, _) = world.verdicts(|flight| stream_of(&flight));
            assert_eq!(
                (ours, theirs),
                (Verdict::Accepts, Verdict::Accepts),
                "client {number}, the flight as it is"
            );
            let (_, flight) = world.begin_ours();
            let places = flight.iter().enumerate();
            let places =
                places.flat_map(|(item, its)| (0..its.bytes.len()).map(move |at| (item, at)));
            for (item, at) in places {
                for mask in 1..=u8::MAX {
                    let difference = world.difference(|mut flight| {
                        flight[item].bytes[at] ^= mask;
                        stream_of(&flight)
                    });
                    played += 1;
                    if let Some((ours, theirs)) = difference {
                        tell(format!(
                            "client {number}, message {item}, byte {at} changed by {mask:02x}: ours: {ours:?}, rustls: {theirs:?}"
                        ));
                    }
                }
            }
        }
    });
    played
}

/// Extensions that the table of RFC 8446 Section 4.2 has, and neither in ServerHello nor in HelloRetryRequest.
const NEVER_IN_SERVER_HELLO: [u16; 17] = [
    0, 1, 5, 10, 13, 14, 15, 16, 18, 19, 20, 21, 45, 47, 48, 49, 50,
];

/// signature_algorithms, and those that no server of TLS 1.2 has a use for: psk_key_exchange_modes, certificate_authorities,
/// oid_filters, post_handshake_auth, signature_algorithms_cert.
const NEVER_OF_TLS12_SERVERS: [u16; 6] = [13, 45, 47, 48, 49, 50];

/// Whether a stream begins with a HelloRetryRequest for the group of the share that the clients have sent.
fn asks_for_share_sent(stream: &[u8]) -> bool {
    const KEY_SHARE: u16 = 51;
    let content = content_of(stream);
    let hello = match content[..] {
        [_, high, middle, low, ..] => {
            let len = u32::from_be_bytes([0, high, middle, low]) as usize;
            content.get(..4 + len).and_then(Dissected::read)
        }
        _ => None,
    };
    let sent = GROUPS[0].0.to_be_bytes();
    let extensions = hello.map_or(Vec::new(), |hello| hello.extensions);
    extensions
        .iter()
        .any(|(number, data)| *number == KEY_SHARE && data[..] == sent)
}

/// Why verdicts may differ on this stream.
fn excuse(
    ours: &Verdict<Error>,
    theirs: &Verdict<rustls::Error>,
    stream: &[u8],
) -> Option<&'static str> {
    use rustls::{Error as TheirError, InvalidMessage, PeerIncompatible};
    use warifu::{CertificateError, PeerMisbehaved};
    match (ours, theirs) {
        (Verdict::Refuses(Error::PeerMisbehaved(error)), _) => match error {
            PeerMisbehaved::IllegalParameter { what }
                if what.starts_with("legacy_session_id_echo") =>
            {
                Some("RFC 8446 Section 4.1.3: another session ID MUST be refused")
            }
            PeerMisbehaved::PointlessHelloRetryRequest if asks_for_share_sent(stream) => Some(
                "RFC 8446 Section 4.2.8: a group of which a share was sent MUST be refused; rustls takes it beside a cookie",
            ),
            PeerMisbehaved::Ssl3 if legacy_version(stream) == Some(SSL3) => {
                Some("RFC 8446 Appendix D.5: SSL 3.0 MUST be refused in legacy_version")
            }
            PeerMisbehaved::NoSecureRenegotiation => {
                Some("RFC 5746 Section 3.4: a client may refuse; rustls does not look")
            }
            PeerMisbehaved::BadRenegotiationInfo => {
                Some("RFC 5746 Section 3.4: it MUST be empty; rustls does not look")
            }
            PeerMisbehaved::MisplacedExtension { extension, .. }
                if NEVER_IN_SERVER_HELLO.contains(&extension.0) =>
            {
                Some("RFC 8446 Section 4.2: known, and not of ServerHello, it MUST be refused")
            }
            PeerMisbehaved::UnsolicitedExtension { extension, .. }
                if NEVER_OF_TLS12_SERVERS.contains(&extension.0) =>
            {
                Some("RFC 5246 Section 7.4.1.4.1: servers MUST NOT send it; rustls bears it")
            }
            PeerMisbehaved::Malformed { what, .. }
                if [
                    "LegacyCertificate.certificate_list",
                    "supported_groups",
                    "renegotiation_info",
                ]
                .contains(what) =>
            {
                Some("RFC 5246 Section 7.2.2: what cannot be parsed is a decode_error")
            }
            _ => None,
        },
        (Verdict::Refuses(Error::Certificate(CertificateError::TooComplex)), _) => {
            Some("no RFC says how many certificates are too many: ARCHITECTURE.md has our bounds")
        }
        (
            Verdict::Accepts,
            Verdict::Refuses(TheirError::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13,
            )),
        ) => {
            Some("RFC 8446 Section 4.2.1: legacy_version MUST be ignored beside supported_versions")
        }
        (
            Verdict::Accepts,
            Verdict::Refuses(TheirError::InvalidMessage(InvalidMessage::HandshakePayloadTooLarge)),
        ) => Some("RFC 5246 Section 7.4.2: a list may have 16 MiB; rustls takes 64 KiB"),
        _ => None,
    }
}

/// Both verdicts on an input, where they differ without an excuse.
pub fn difference(input: &[u8]) -> Option<(Verdict<Error>, Verdict<rustls::Error>)> {
    let script = Script::read(input);
    with_worlds(|worlds| {
        let at = usize::from(script.scene) % worlds.len();
        worlds[at].difference(|flight| stream(&script, flight, at % 2 == 0))
    })
}

/// Plays an input; panics where the two differ without an excuse.
pub fn play(input: &[u8]) {
    if let Some((ours, theirs)) = difference(input) {
        panic!("ours: {ours:?}, rustls: {theirs:?}");
    }
}
