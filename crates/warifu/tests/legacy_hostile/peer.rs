//! The peer that does as it is told, and the victim.

use std::sync::{Arc, OnceLock};

use warifu::config::{Client, ConfigBuilder, Server};
use warifu::parameters::{AlertDescription, CipherSuite, ProtocolVersion};
use warifu::pki_types::CertificateDer;
use warifu::psk::PskTable;
use warifu::{
    ClientAuth, ClientConfig, Connection, Credential, Error, ReadOutcome, ServerConfig, Trust,
};
use warifu_crypto::legacy::{DhGroup, DhKeyPair, LegacySignature};
use warifu_crypto::{Group, KeyShare, PrivateKey, PublicKey, SignatureAlgorithm};

use crate::bytes::*;
use crate::crypto::*;
use crate::meter::Meter;
use crate::support::psk::psk;
use crate::support::{FixedClock, Side, pki, server_name};

pub const HELLO_REQUEST: u8 = 0;
pub const SERVER_KEY_EXCHANGE: u8 = 12;
pub const SERVER_HELLO_DONE: u8 = 14;
pub const CLIENT_KEY_EXCHANGE: u8 = 16;
pub const CERTIFICATE_STATUS: u8 = 22;

pub const SERVER_NAME: u16 = 0;
pub const MAX_FRAGMENT_LENGTH: u16 = 1;
pub const STATUS_REQUEST: u16 = 5;
pub const SUPPORTED_GROUPS: u16 = 10;
pub const EC_POINT_FORMATS: u16 = 11;
pub const SIGNATURE_ALGORITHMS: u16 = 13;
pub const ALPN: u16 = 16;
pub const ENCRYPT_THEN_MAC: u16 = 22;
pub const EXTENDED_MAIN_SECRET: u16 = 23;
pub const RECORD_SIZE_LIMIT: u16 = 28;
pub const SESSION_TICKET: u16 = 35;
pub const SUPPORTED_VERSIONS: u16 = 43;
pub const RENEGOTIATION_INFO: u16 = 0xff01;

const X25519: u16 = 29;
const P256: u16 = 23;

/// The identity and the key of [`psk`].
pub const IDENTITY: &str = "alice";
pub const PSK: [u8; 32] = [7; 32];

/// A certificate with its key, as the peer and as a victim uses it.
pub struct Identity {
    pub certificate: CertificateDer<'static>,
    pub key: PrivateKey,
    /// The same, PKCS#8.
    pub key_der: Vec<u8>,
    pub credential: Arc<Credential>,
}

impl Identity {
    fn new(ca: &pki::Ca, name: &str, key: rcgen::KeyPair) -> Self {
        let (certificate, key) = ca.leaf_of_key(&[name], key, |params| {
            params
                .key_usages
                .push(rcgen::KeyUsagePurpose::KeyEncipherment);
        });
        let der = key.serialize_der();
        let credential = Credential::from_der(vec![certificate.clone()], &der).unwrap();
        Self {
            certificate,
            key: PrivateKey::from_der(&der).unwrap(),
            key_der: der,
            credential: Arc::new(credential),
        }
    }

    /// Another certificate for the same key.
    pub fn certificate_for(
        &self,
        name: &str,
        usages: &[rcgen::KeyUsagePurpose],
    ) -> CertificateDer<'static> {
        let key = rcgen::KeyPair::try_from(&self.key_der[..]).unwrap();
        let change = |params: &mut rcgen::CertificateParams| params.key_usages = usages.to_vec();
        keys().ca.leaf_of_key(&[name], key, change).0
    }
}

/// Certificates, made once.
pub struct Keys {
    pub ca: pki::Ca,
    pub ecdsa: Identity,
    pub rsa: Identity,
    pub client: Identity,
    pub client_rsa: Identity,
}

pub fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        let ca = pki::Ca::root("test CA");
        let ecdsa = || rcgen::KeyPair::generate().unwrap();
        let rsa = || rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
        Keys {
            ecdsa: Identity::new(&ca, "host.example", ecdsa()),
            rsa: Identity::new(&ca, "host.example", rsa()),
            client: Identity::new(&ca, "client.example", ecdsa()),
            client_rsa: Identity::new(&ca, "client.example", rsa()),
            ca,
        }
    })
}

/// The server's identity for a key exchange.
pub fn identity_for(kx: Kx) -> &'static Identity {
    match kx {
        Kx::EcdheEcdsa => &keys().ecdsa,
        _ => &keys().rsa,
    }
}

pub fn trust() -> Arc<Trust> {
    static TRUST: OnceLock<Arc<Trust>> = OnceLock::new();
    let trust = TRUST.get_or_init(|| {
        let builder = Trust::builder().with_ca_bytes(&keys().ca.certificate);
        Arc::new(builder.build().unwrap())
    });
    trust.clone()
}

/// What is sent next.
#[derive(Debug, Clone)]
pub enum Step {
    /// A handshake message.
    Message(Vec<u8>),
    /// CertificateVerify by the client's key, over what was sent before.
    CertificateVerify,
    /// Finished, over what was sent before.
    Finished,
    /// change_cipher_spec, and the new keys.
    ChangeCipherSpec,
    /// The new keys alone.
    NewKeys,
    /// A record under the keys in force, which is no part of the handshake.
    Record(u8, Vec<u8>),
    /// Bytes.
    Raw(Vec<u8>),
}

impl Step {
    pub fn warning(description: AlertDescription) -> Self {
        Self::Record(ALERT, vec![1, description.0])
    }

    /// The type of the handshake message that it sends.
    pub fn message_type(&self) -> Option<u8> {
        match self {
            Self::Message(message) => message.first().copied(),
            Self::CertificateVerify => Some(CERTIFICATE_VERIFY),
            Self::Finished => Some(FINISHED),
            _ => None,
        }
    }
}

pub type Flight = Vec<Step>;

/// The place of a message in a flight.
pub fn place(flight: &Flight, message_type: u8) -> usize {
    let found = flight
        .iter()
        .position(|step| step.message_type() == Some(message_type));
    found.unwrap_or_else(|| panic!("no message {message_type} in the flight"))
}

/// The bytes of a message of a flight.
pub fn find(flight: &mut Flight, message_type: u8) -> &mut Vec<u8> {
    let index = place(flight, message_type);
    match &mut flight[index] {
        Step::Message(message) => message,
        other => panic!("{other:?} is made when it is sent"),
    }
}

/// The scripted peer.
pub struct Peer {
    pub side: Side,
    pub version: u16,
    pub suite: Suite,
    /// Uses what RFC 7627 and RFC 7366 say.
    pub ems: bool,
    pub etm: bool,
    /// As server: what the flights have.
    pub sends_ticket: bool,
    pub sends_status: bool,
    /// As server: answers the extension and then sends no CertificateStatus.
    pub withholds_status: bool,
    pub requests_certificate: bool,
    pub alpn: Option<&'static [u8]>,
    /// As server: the identity hint, for which PSK and RSA_PSK have a ServerKeyExchange at all.
    pub hint: Option<&'static [u8]>,
    /// As client: answers a CertificateRequest by this.
    pub credential: Option<&'static Identity>,
    pub psk: Vec<u8>,
    pub client_random: [u8; 32],
    pub server_random: [u8; 32],
    /// legacy_version of the ClientHello.
    pub client_version: [u8; 2],
    pub session_id: Vec<u8>,
    /// As server: the client's.
    pub client_hello: Vec<u8>,
    pub transcript: Vec<u8>,
    pub premaster: Vec<u8>,
    pub main: Vec<u8>,
    /// The group of a DHE server.
    pub dh_group: DhGroup,
    keys: Option<[Protection; 2]>,
    pub seal: Option<Protection>,
    pub open: Option<Protection>,
    ecdhe: Option<KeyShare>,
    dhe: Option<DhKeyPair>,
    /// As client: the server's leaf, its parameters, and whether it asked for a certificate.
    server_key: Option<PublicKey>,
    server_params: Vec<u8>,
    pub was_asked: bool,
    /// Does not try to open what the victim seals.
    pub blind: bool,
    /// Bears what its own changes made of the handshake: a Finished that is another, records that do not open.
    pub tolerant: bool,
    /// As client: the ticket that came, or that is offered.
    pub ticket: Vec<u8>,
    pub finished: [Vec<u8>; 2],
}

/// What a session is resumed by.
#[derive(Clone)]
pub struct OldSession {
    pub id: Vec<u8>,
    pub ticket: Vec<u8>,
    pub main: Vec<u8>,
}

impl Peer {
    fn new(side: Side, version: u16, suite: Suite) -> Self {
        let mut randoms = [[0; 32]; 2];
        for random in &mut randoms {
            warifu_crypto::random::fill(random).unwrap();
        }
        Self {
            side,
            version,
            suite,
            ems: true,
            etm: false,
            sends_ticket: false,
            sends_status: false,
            withholds_status: false,
            requests_certificate: false,
            alpn: None,
            hint: None,
            credential: None,
            psk: PSK.to_vec(),
            client_random: randoms[0],
            server_random: randoms[1],
            client_version: version.to_be_bytes(),
            session_id: Vec::new(),
            client_hello: Vec::new(),
            transcript: Vec::new(),
            premaster: Vec::new(),
            main: Vec::new(),
            dh_group: DhGroup::rfc7919(2048).unwrap(),
            keys: None,
            seal: None,
            open: None,
            ecdhe: None,
            dhe: None,
            server_key: None,
            server_params: Vec::new(),
            was_asked: false,
            blind: false,
            tolerant: false,
            ticket: Vec::new(),
            finished: [Vec::new(), Vec::new()],
        }
    }

    /// RFC 4279 Section 2 for keys, and the main secret of it all.
    fn set_premaster(&mut self, shared: Option<Vec<u8>>) {
        self.premaster = match self.suite.kx.uses_psk() {
            false => shared.unwrap(),
            true => {
                let other = shared.unwrap_or(vec![0; self.psk.len()]);
                [vector(2, &other), vector(2, &self.psk)].concat()
            }
        };
    }

    /// After ClientKeyExchange.
    fn derive_main(&mut self) {
        let (label, seed) = match self.ems {
            true => (
                &b"extended master secret"[..],
                transcript_hash(self.version, &self.transcript),
            ),
            false => (
                &b"master secret"[..],
                [self.client_random, self.server_random].concat(),
            ),
        };
        self.main = prf(self.version, &self.premaster, label, &seed, 48);
        self.derive_keys();
    }

    /// From a main secret that is there.
    pub fn derive_keys(&mut self) {
        self.keys = Some(key_block(
            self.version,
            self.suite.cipher,
            self.etm,
            &self.main,
            &self.client_random,
            &self.server_random,
        ));
    }

    fn keys_of(&self, side: Side) -> Option<Protection> {
        let keys = self.keys.as_ref()?;
        Some(keys[usize::from(side == Side::Server)].clone())
    }

    pub fn verify_data(&self, of: Side) -> Vec<u8> {
        let label: &[u8] = match of {
            Side::Client => b"client finished",
            Side::Server => b"server finished",
        };
        let hash = transcript_hash(self.version, &self.transcript);
        prf(self.version, &self.main, label, &hash, 12)
    }

    /// A signature as it stands on the wire, its scheme before it in TLS 1.2.
    pub fn signed(&self, key: &PrivateKey, content: &[u8]) -> Vec<u8> {
        let is_rsa = matches!(key.kind(), warifu_crypto::KeyKind::Rsa { .. });
        let (scheme, signature) = match (self.version, is_rsa) {
            (TLS1_2, true) => (
                &[4, 1][..],
                key.sign(SignatureAlgorithm::RsaPkcs1Sha256, content),
            ),
            (TLS1_2, false) => (
                &[4, 3][..],
                key.sign(SignatureAlgorithm::EcdsaP256Sha256, content),
            ),
            (_, true) => (
                &[][..],
                key.sign_legacy(LegacySignature::RsaPkcs1Md5Sha1, content),
            ),
            (_, false) => (
                &[][..],
                key.sign_legacy(LegacySignature::EcdsaSha1, content),
            ),
        };
        [scheme, &vector(2, &signature.unwrap())].concat()
    }

    // The client.

    /// A ClientHello that offers this version and suite.
    pub fn client_hello(&self) -> Vec<u8> {
        let mut extensions = vec![
            (
                SERVER_NAME,
                vector(2, &[&[0][..], &vector(2, b"host.example")].concat()),
            ),
            (RENEGOTIATION_INFO, vec![0]),
            (SUPPORTED_GROUPS, vector(2, &[0, 29, 0, 23])),
            (EC_POINT_FORMATS, vec![1, 0]),
        ];
        if self.version == TLS1_2 {
            let schemes = [4, 3, 8, 4, 4, 1, 2, 1, 2, 3];
            extensions.push((SIGNATURE_ALGORITHMS, vector(2, &schemes)));
        }
        if self.ems {
            extensions.push((EXTENDED_MAIN_SECRET, Vec::new()));
        }
        if self.etm {
            extensions.push((ENCRYPT_THEN_MAC, Vec::new()));
        }
        if self.sends_ticket {
            extensions.push((SESSION_TICKET, self.ticket.clone()));
        }
        if let Some(alpn) = self.alpn {
            extensions.push((ALPN, vector(2, &vector(1, alpn))));
        }
        self.hello_with(&[self.suite.number], extensions)
    }

    pub fn hello_with(&self, suites: &[u16], extensions: Vec<(u16, Vec<u8>)>) -> Vec<u8> {
        let suites: Vec<u8> = suites
            .iter()
            .flat_map(|suite| suite.to_be_bytes())
            .collect();
        let body = [
            &self.version.to_be_bytes()[..],
            &self.client_random,
            &vector(1, &self.session_id),
            &vector(2, &suites),
            &[1, 0],
            &vector(2, &encoded(&extensions)),
        ]
        .concat();
        message(CLIENT_HELLO, &body)
    }

    /// Something was sent that enters the transcript, and of a client's that makes the keys.
    pub fn noted(&mut self, message: &[u8]) {
        if message[0] != HELLO_REQUEST {
            self.transcript.extend(message);
        }
        if message[0] == CLIENT_KEY_EXCHANGE && self.side == Side::Client {
            self.derive_main();
        }
    }

    /// What follows the server's flight: Certificate if it asked, ClientKeyExchange, CertificateVerify, Finished.
    pub fn client_flight(&mut self) -> Flight {
        let mut flight = Flight::new();
        if self.was_asked {
            let chain = self
                .credential
                .map(|identity| identity.certificate.as_ref());
            flight.push(Step::Message(certificate(chain)));
        }
        let exchange = self.client_key_exchange();
        flight.push(Step::Message(exchange));
        if self.was_asked && self.credential.is_some() {
            flight.push(Step::CertificateVerify);
        }
        flight.push(Step::ChangeCipherSpec);
        flight.push(Step::Finished);
        flight
    }

    pub fn client_key_exchange(&mut self) -> Vec<u8> {
        let kx = self.suite.kx;
        let mut body = Vec::new();
        if kx.uses_psk() {
            body.extend(vector(2, IDENTITY.as_bytes()));
        }
        let params = self.server_params.clone();
        let shared = if kx.is_ecdhe() {
            let group = u16::from_be_bytes([params[1], params[2]]);
            let share = KeyShare::generate(group_of(group)).unwrap();
            body.extend(vector(1, share.public()));
            Some(share.agree(&params[4..]).unwrap().as_bytes().to_vec())
        } else if kx.is_dhe() {
            let (p, rest) = split_vector(2, &params);
            let (g, rest) = split_vector(2, rest);
            let (y, _) = split_vector(2, rest);
            let pair = DhKeyPair::generate(&DhGroup::from_peer(p, g, 512).unwrap()).unwrap();
            body.extend(vector(2, pair.public()));
            Some(pair.agree(y).unwrap().as_bytes().to_vec())
        } else if kx.encrypts() {
            let mut secret = self.client_version.to_vec();
            secret.resize(48, 0x5a);
            let key = self.server_key.as_ref().unwrap();
            body.extend(vector(2, &key.encrypt_premaster_secret(&secret).unwrap()));
            Some(secret)
        } else {
            None
        };
        self.set_premaster(shared);
        message(CLIENT_KEY_EXCHANGE, &body)
    }

    // The server.

    /// ServerHello to ServerHelloDone.
    pub fn server_flight(&mut self) -> Flight {
        let kx = self.suite.kx;
        let mut flight = vec![Step::Message(self.server_hello())];
        let mut push = |message_type, body: &[u8]| {
            flight.push(Step::Message(message(message_type, body)));
        };
        if kx.has_certificate() {
            let chain = certificate(Some(&identity_for(kx).certificate));
            push(CERTIFICATE, &chain[4..]);
            if self.sends_status && !self.withholds_status {
                push(
                    CERTIFICATE_STATUS,
                    &[&[1][..], &vector(3, b"staple")].concat(),
                );
            }
        }
        if let Some(body) = self.server_key_exchange() {
            push(SERVER_KEY_EXCHANGE, &body);
        }
        if self.requests_certificate {
            let schemes = match self.version {
                TLS1_2 => vector(2, &[4, 3, 8, 4, 4, 1]),
                _ => Vec::new(),
            };
            push(
                CERTIFICATE_REQUEST,
                &[vector(1, &[64, 1]), schemes, vec![0, 0]].concat(),
            );
        }
        push(SERVER_HELLO_DONE, &[]);
        flight
    }

    pub fn server_hello(&self) -> Vec<u8> {
        let mut extensions = vec![(RENEGOTIATION_INFO, vec![0])];
        if self.ems {
            extensions.push((EXTENDED_MAIN_SECRET, Vec::new()));
        }
        if self.etm {
            extensions.push((ENCRYPT_THEN_MAC, Vec::new()));
        }
        if self.sends_ticket {
            extensions.push((SESSION_TICKET, Vec::new()));
        }
        if self.sends_status {
            extensions.push((STATUS_REQUEST, Vec::new()));
        }
        if let Some(alpn) = self.alpn {
            extensions.push((ALPN, vector(2, &vector(1, alpn))));
        }
        self.server_hello_with(extensions)
    }

    pub fn server_hello_with(&self, extensions: Vec<(u16, Vec<u8>)>) -> Vec<u8> {
        let body = [
            &self.version.to_be_bytes()[..],
            &self.server_random,
            &vector(1, &self.session_id),
            &self.suite.number.to_be_bytes(),
            &[0],
            &vector(2, &encoded(&extensions)),
        ]
        .concat();
        message(SERVER_HELLO, &body)
    }

    fn server_key_exchange(&mut self) -> Option<Vec<u8>> {
        let kx = self.suite.kx;
        let params = if kx.is_ecdhe() {
            let share = KeyShare::generate(Group::X25519).unwrap();
            let params = ecdhe_params(X25519, share.public());
            self.ecdhe = Some(share);
            params
        } else if kx.is_dhe() {
            let pair = DhKeyPair::generate(&self.dh_group).unwrap();
            let group = &self.dh_group;
            let params = dhe_params(group.p(), group.g(), pair.public());
            self.dhe = Some(pair);
            params
        } else if kx.uses_psk() && self.hint.is_some() {
            Vec::new()
        } else {
            return None;
        };
        Some(self.key_exchange_of(&params))
    }

    /// The body of a ServerKeyExchange with these parameters, signed where it should be.
    pub fn key_exchange_of(&self, params: &[u8]) -> Vec<u8> {
        let kx = self.suite.kx;
        let mut body = match kx.uses_psk() {
            true => vector(2, self.hint.unwrap_or_default()),
            false => Vec::new(),
        };
        body.extend(params);
        if kx.signs() {
            let content = [&self.client_random, &self.server_random, params].concat();
            body.extend(self.signed(&identity_for(kx).key, &content));
        }
        body
    }

    /// NewSessionTicket if one was promised, change_cipher_spec and Finished.
    pub fn last_server_flight(&self) -> Flight {
        let mut flight = Flight::new();
        if self.sends_ticket {
            let body = [
                &[0, 0, 2, 0][..],
                &vector(2, b"a ticket of the scripted server"),
            ];
            flight.push(Step::Message(message(NEW_SESSION_TICKET, &body.concat())));
        }
        flight.push(Step::ChangeCipherSpec);
        flight.push(Step::Finished);
        flight
    }

    // Sessions.

    /// The session of this connection.
    pub fn session(&self) -> OldSession {
        OldSession {
            id: self.session_id.clone(),
            ticket: self.ticket.clone(),
            main: self.main.clone(),
        }
    }

    /// As client: offers a session, by its ticket beside an ID of our own or by its ID alone.
    pub fn offer(&mut self, session: &OldSession) {
        self.main.clone_from(&session.main);
        self.ticket.clone_from(&session.ticket);
        self.sends_ticket = !session.ticket.is_empty();
        self.session_id = match self.sends_ticket {
            true => vec![0x55; 32],
            false => session.id.clone(),
        };
    }

    /// As server: resumes the session that the client offers, up to its Finished.
    pub fn resuming_flight(&mut self, session: &OldSession) -> Flight {
        self.main.clone_from(&session.main);
        self.session_id = self.offered_session_id();
        self.derive_keys();
        let hello = self.server_hello();
        let mut flight = vec![Step::Message(hello)];
        flight.extend(self.last_server_flight());
        flight
    }

    /// `legacy_session_id` of the client's hello.
    pub fn offered_session_id(&self) -> Vec<u8> {
        split_vector(1, &self.client_hello[4 + 34..]).0.to_vec()
    }

    // What the victim sent.

    fn accept(&mut self, received: &[u8]) {
        let body = &received[4..];
        match (received[0], self.side) {
            (CLIENT_HELLO, Side::Server) => {
                self.client_version = [body[0], body[1]];
                self.client_random = body[2..34].try_into().unwrap();
                self.client_hello = received.to_vec();
            }
            (SERVER_HELLO, Side::Client) => {
                self.version = u16::from_be_bytes([body[0], body[1]]);
                self.server_random = body[2..34].try_into().unwrap();
                let (session_id, rest) = split_vector(1, &body[34..]);
                self.session_id = session_id.to_vec();
                let number = u16::from_be_bytes([rest[0], rest[1]]);
                let found = ALL_SUITES.iter().find(|suite| suite.number == number);
                self.suite = *found.expect("another suite");
                let extensions = Dissected::read(received).map_or(Vec::new(), |it| it.extensions);
                let has = |number| extensions.iter().any(|(other, _)| *other == number);
                self.ems = has(EXTENDED_MAIN_SECRET);
                self.etm = has(ENCRYPT_THEN_MAC);
                if !self.main.is_empty() {
                    self.derive_keys();
                }
            }
            (NEW_SESSION_TICKET, Side::Client) => {
                self.ticket = split_vector(2, &body[4..]).0.to_vec();
            }
            (CERTIFICATE, Side::Client) => {
                let (list, _) = split_vector(3, body);
                let (leaf, _) = split_vector(3, list);
                let found = [&keys().rsa, &keys().ecdsa]
                    .into_iter()
                    .find(|identity| identity.certificate.as_ref() == leaf);
                self.server_key = found.map(|identity| identity.key.public_key().unwrap());
            }
            (SERVER_KEY_EXCHANGE, Side::Client) => {
                let mut params = body;
                if self.suite.kx.uses_psk() {
                    (_, params) = split_vector(2, params);
                }
                // ECDHE: up to the end of the point; the others are vectors.
                self.server_params = match self.suite.kx.is_ecdhe() {
                    true => params[..4 + usize::from(params[3])].to_vec(),
                    false => params.to_vec(),
                };
            }
            (CERTIFICATE_REQUEST, Side::Client) => self.was_asked = true,
            (CLIENT_KEY_EXCHANGE, Side::Server) => {
                let shared = self.read_client_key_exchange(body);
                self.set_premaster(shared);
                self.transcript.extend(received);
                self.derive_main();
                return;
            }
            (FINISHED, side) => {
                let of = match side {
                    Side::Server => Side::Client,
                    Side::Client => Side::Server,
                };
                let expected = self.verify_data(of);
                self.finished[0] = body.to_vec();
                assert!(self.tolerant || body == expected, "the victim's Finished");
            }
            _ => {}
        }
        // Not part of the handshake (RFC 5246 Section 7.4.1.1).
        if received[0] != HELLO_REQUEST {
            self.transcript.extend(received);
        }
    }

    fn read_client_key_exchange(&mut self, mut body: &[u8]) -> Option<Vec<u8>> {
        let kx = self.suite.kx;
        if kx.uses_psk() {
            (_, body) = split_vector(2, body);
        }
        if kx.is_ecdhe() {
            let (point, _) = split_vector(1, body);
            let shared = self.ecdhe.take().unwrap().agree(point).unwrap();
            Some(shared.as_bytes().to_vec())
        } else if kx.is_dhe() {
            let (y, _) = split_vector(2, body);
            let shared = self.dhe.take().unwrap().agree(y).unwrap();
            Some(shared.as_bytes().to_vec())
        } else if kx.encrypts() {
            let (encrypted, _) = split_vector(2, body);
            let key = &identity_for(kx).key;
            let secret = key
                .decrypt_premaster_secret(encrypted, self.client_version)
                .unwrap();
            Some(secret.as_bytes().to_vec())
        } else {
            None
        }
    }
}

fn encoded(extensions: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (number, data) in extensions {
        block.extend(number.to_be_bytes());
        block.extend(vector(2, data));
    }
    block
}

pub fn ecdhe_params(group: u16, point: &[u8]) -> Vec<u8> {
    [&[3][..], &group.to_be_bytes(), &vector(1, point)].concat()
}

pub fn dhe_params(p: &[u8], g: &[u8], y: &[u8]) -> Vec<u8> {
    [vector(2, p), vector(2, g), vector(2, y)].concat()
}

fn group_of(number: u16) -> Group {
    match number {
        X25519 => Group::X25519,
        P256 => Group::P256,
        other => panic!("group {other}"),
    }
}

/// A Certificate with this leaf, or an empty one.
pub fn certificate(leaf: Option<&[u8]>) -> Vec<u8> {
    let list = leaf.map_or(Vec::new(), |leaf| vector(3, leaf));
    message(CERTIFICATE, &vector(3, &list))
}

/// What stands behind a length of `prefix` bytes, and what follows.
pub fn split_vector(prefix: usize, bytes: &[u8]) -> (&[u8], &[u8]) {
    let (len, rest) = bytes.split_at(prefix);
    let len = len
        .iter()
        .fold(0, |len, byte| len << 8 | usize::from(*byte));
    rest.split_at(len)
}

/// The victim and its peer.
pub struct Stage {
    pub victim: Connection,
    pub peer: Peer,
    pub error: Option<Error>,
    /// Level and description of each alert that the victim sent.
    pub alerts: Vec<(u8, AlertDescription)>,
    /// What the victim read.
    pub data: Vec<u8>,
    /// What the peer received.
    pub received_data: Vec<u8>,
    pub closed: bool,
    /// Types of the messages that the victim sent.
    pub received: Vec<u8>,
    /// All bytes that the victim sent.
    pub wire: Vec<u8>,
    /// Records of the victim that did not open.
    pub unreadable: usize,
    /// Bytes per call of `receive`.
    pub piece: usize,
    /// Heap bytes of the victim since it was made.
    pub heap: Meter,
    unread: Vec<u8>,
    fragments: Vec<u8>,
}

pub fn version(number: u16) -> ProtocolVersion {
    ProtocolVersion(number)
}

pub type ClientChange<'a> = &'a dyn Fn(ConfigBuilder<Client>) -> ConfigBuilder<Client>;
pub type ServerChange<'a> = &'a dyn Fn(ConfigBuilder<Server>) -> ConfigBuilder<Server>;

/// A client that offers this version and suite.
pub fn client_config(tls: u16, suite: Suite) -> ConfigBuilder<Client> {
    let mut client = ClientConfig::builder(trust())
        .with_clock(Arc::new(FixedClock))
        .with_cipher_suites(&[CipherSuite(suite.number)])
        .with_versions(version(tls)..=version(tls));
    if suite.kx.uses_psk() {
        client = client.with_psks([psk(IDENTITY)]);
    }
    client
}

pub fn server_config(tls: u16, suite: Suite) -> ConfigBuilder<Server> {
    let mut server = ServerConfig::builder(identity_for(suite.kx).credential.clone())
        .with_clock(Arc::new(FixedClock))
        .with_cipher_suites(&[CipherSuite(suite.number)])
        .with_versions(version(tls)..=version(tls));
    if suite.kx.uses_psk() {
        server = server.with_psk_store(PskTable::new([psk(IDENTITY)]).unwrap());
    }
    server
}

pub fn require_certificate(server: ConfigBuilder<Server>) -> ConfigBuilder<Server> {
    server.with_client_auth(ClientAuth::required(trust()))
}

impl Stage {
    /// A victim that is a client, and a server of this version and suite.
    pub fn client(tls: u16, suite: Suite) -> Self {
        Self::client_with(tls, suite, |client| client)
    }

    pub fn client_with(
        tls: u16,
        suite: Suite,
        change: impl FnOnce(ConfigBuilder<Client>) -> ConfigBuilder<Client>,
    ) -> Self {
        let config = change(client_config(tls, suite)).build().unwrap();
        let mut stage = Self::new(
            Connection::client(config, server_name()),
            Peer::new(Side::Server, tls, suite),
        );
        // Its ClientHello.
        stage.feed(&[]);
        stage
    }

    /// A victim that is a server, and a client of this version and suite.
    pub fn server(tls: u16, suite: Suite) -> Self {
        Self::server_with(tls, suite, |server| server)
    }

    pub fn server_with(
        tls: u16,
        suite: Suite,
        change: impl FnOnce(ConfigBuilder<Server>) -> ConfigBuilder<Server>,
    ) -> Self {
        let config = change(server_config(tls, suite)).build().unwrap();
        Self::of_server(config, tls, suite)
    }

    pub fn of_server(config: Arc<ServerConfig>, tls: u16, suite: Suite) -> Self {
        Self::new(
            Connection::server(config),
            Peer::new(Side::Client, tls, suite),
        )
    }

    pub fn of_client(config: Arc<ClientConfig>, tls: u16, suite: Suite) -> Self {
        let victim = Connection::client(config, server_name());
        let mut stage = Self::new(victim, Peer::new(Side::Server, tls, suite));
        stage.feed(&[]);
        stage
    }

    fn new(victim: Connection, peer: Peer) -> Self {
        Self {
            victim,
            peer,
            error: None,
            alerts: Vec::new(),
            data: Vec::new(),
            received_data: Vec::new(),
            closed: false,
            received: Vec::new(),
            wire: Vec::new(),
            unreadable: 0,
            piece: usize::MAX,
            heap: Meter::default(),
            unread: Vec::new(),
            fragments: Vec::new(),
        }
    }

    pub fn is_over(&self) -> bool {
        self.error.is_some() || self.closed
    }

    /// Sends step by step, until the victim has had enough.
    pub fn play(&mut self, flight: &Flight) {
        for step in flight {
            if self.is_over() {
                return;
            }
            let bytes = self.bytes_of(step);
            self.feed(&bytes);
        }
    }

    /// A record under the keys in force.
    pub fn seal(&mut self, content_type: u8, content: &[u8]) -> Vec<u8> {
        match &mut self.peer.seal {
            Some(seal) => seal.seal(content_type, content),
            None => {
                let mut record = record(content_type, content);
                record[1..3].copy_from_slice(&self.peer.version.to_be_bytes());
                record
            }
        }
    }

    fn seal_message(&mut self, message: &[u8]) -> Vec<u8> {
        let records = message
            .chunks(1 << 14)
            .map(|part| self.seal(HANDSHAKE, part));
        records.flatten().collect()
    }

    fn bytes_of(&mut self, step: &Step) -> Vec<u8> {
        let side = self.peer.side;
        let made;
        let message = match step {
            Step::Message(message) => message,
            Step::CertificateVerify => {
                let identity = self.peer.credential.unwrap_or(&keys().client);
                let body = self.peer.signed(&identity.key, &self.peer.transcript);
                made = message(CERTIFICATE_VERIFY, &body);
                &made
            }
            Step::Finished => {
                let data = self.peer.verify_data(side);
                self.peer.finished[1] = data.clone();
                made = message(FINISHED, &data);
                &made
            }
            Step::ChangeCipherSpec => {
                let bytes = self.seal(CHANGE_CIPHER_SPEC, &[1]);
                self.peer.seal = self.peer.keys_of(side);
                return bytes;
            }
            Step::NewKeys => {
                self.peer.seal = self.peer.keys_of(side);
                return Vec::new();
            }
            Step::Record(content_type, content) => return self.seal(*content_type, content),
            Step::Raw(bytes) => return bytes.clone(),
        };
        self.peer.noted(message);
        self.seal_message(message)
    }

    /// Gives bytes to the victim as its transport would, and takes what it answers.
    pub fn feed(&mut self, mut stream: &[u8]) {
        loop {
            let len = stream.len().min(self.piece);
            let victim = &mut self.victim;
            let taken = self.heap.measure(|| victim.receive(&stream[..len]));
            stream = &stream[taken..];
            self.drive_victim();
            if stream.is_empty() || self.is_over() {
                return;
            }
        }
    }

    /// Has the victim do what its application would: process what came, read its data, send its output.
    fn drive_victim(&mut self) {
        let victim = &mut self.victim;
        if victim.is_handshaking()
            && let Err(error) = self.heap.measure(|| victim.process())
        {
            self.error = Some(error);
        }
        while self.error.is_none() && !self.victim.is_handshaking() {
            let mut buffer = [0; 20_000];
            let victim = &mut self.victim;
            match self.heap.measure(|| victim.read(&mut buffer)) {
                Ok(ReadOutcome::Data(count)) => self.data.extend(&buffer[..count]),
                Ok(ReadOutcome::NeedBytes) => break,
                Ok(ReadOutcome::Closed) => {
                    self.closed = true;
                    break;
                }
                Err(error) => self.error = Some(error),
            }
        }
        self.take_output();
    }

    /// Reads what the victim sent.
    pub fn take_output(&mut self) {
        let output = self.victim.output().to_vec();
        self.victim.sent(output.len());
        self.wire.extend(&output);
        self.unread.extend(output);
        for record in records(&std::mem::take(&mut self.unread)) {
            let content_type = record[0];
            let content = match &mut self.peer.open {
                Some(_) if self.peer.blind => continue,
                Some(open) => match open.open(&record) {
                    Some(content) => content,
                    None if self.peer.tolerant => {
                        self.unreadable += 1;
                        continue;
                    }
                    None => panic!("a record of type {content_type} that does not open"),
                },
                None => record[5..].to_vec(),
            };
            self.accept(content_type, &content);
        }
    }

    fn accept(&mut self, content_type: u8, content: &[u8]) {
        match content_type {
            ALERT => self.alerts.push((content[0], AlertDescription(content[1]))),
            CHANGE_CIPHER_SPEC => {
                let side = match self.peer.side {
                    Side::Client => Side::Server,
                    Side::Server => Side::Client,
                };
                self.peer.open = self.peer.keys_of(side);
            }
            HANDSHAKE => {
                self.fragments.extend(content);
                while let Some(header) = self.fragments.first_chunk::<4>() {
                    let len = u32::from_be_bytes([0, header[1], header[2], header[3]]) as usize;
                    if self.fragments.len() < 4 + len {
                        return;
                    }
                    let message: Vec<u8> = self.fragments.drain(..4 + len).collect();
                    self.received.push(message[0]);
                    self.peer.accept(&message);
                }
            }
            _ => self.received_data.extend(content),
        }
    }

    /// The handshake as it should be, up to but without the peer's last flight, which is returned.
    pub fn up_to_last_flight(&mut self) -> Flight {
        match self.peer.side {
            Side::Client => {
                let hello = self.peer.client_hello();
                self.play(&vec![Step::Message(hello)]);
                self.peer.client_flight()
            }
            Side::Server => {
                let flight = self.peer.server_flight();
                self.play(&flight);
                self.peer.last_server_flight()
            }
        }
    }

    /// The whole handshake as it should be.
    pub fn handshake(&mut self) {
        let last = self.up_to_last_flight();
        self.play(&last);
        assert_eq!(self.error, None);
        assert!(!self.victim.is_handshaking(), "the handshake is not over");
    }

    /// Data goes both ways.
    pub fn exchange(&mut self) {
        self.data.clear();
        self.received_data.clear();
        self.play(&vec![Step::Record(APPLICATION_DATA, b"hello".to_vec())]);
        assert_eq!((&self.error, &*self.data), (&None, &b"hello"[..]));
        self.victim.write(b"welcome").unwrap();
        self.take_output();
        assert_eq!(self.received_data, b"welcome");
    }

    /// The victim has ended with this error, and told its peer by this fatal alert and nothing else.
    #[track_caller]
    pub fn expect(&self, what: &str, error: impl Into<Error>, alert: AlertDescription) {
        assert_eq!(self.error, Some(error.into()), "{what}: error");
        assert_eq!(self.alerts, [(2, alert)], "{what}: alert on the wire");
    }

    /// The transport ends.
    pub fn end(&mut self) {
        if !self.is_over() {
            self.victim.received_eof();
            self.drive_victim();
        }
    }
}
