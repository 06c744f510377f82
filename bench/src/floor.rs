//! The cryptography that no TLS stack on AWS-LC gets around, through the crypto crate.

use std::hint::black_box;

use warifu_crypto::legacy::{HandshakeHash, Prf, PrfHash};
use warifu_crypto::{
    Aead, AeadKey, Digest, Group, Hash, HashContext, HmacKey, KeyKind, KeyShare, PrivateKey, Prk,
    PublicKey, SignatureAlgorithm, Tag, random, respond,
};

use crate::Groups;
use crate::pki::Pki;
use crate::psk::{KEY, Mode};
use crate::tls12::Suite;

/// What a handshake computes, with all keys already parsed: two key shares, two agreements, one signature, two
/// verifications (the chain's and CertificateVerify's). No hashing of transcripts, no key schedule, no records.
pub struct Handshake {
    group: Group,
    algorithm: SignatureAlgorithm,
    private_key: PrivateKey,
    public_key: PublicKey,
}

impl Handshake {
    pub fn new(pki: &Pki, groups: Groups) -> Self {
        let private_key = PrivateKey::from_der(&pki.key).unwrap();
        Self {
            group: match groups {
                Groups::X25519 => Group::X25519,
                Groups::P256 => Group::P256,
                Groups::Default => Group::X25519MlKem768,
            },
            algorithm: match private_key.kind() {
                KeyKind::Rsa { .. } => SignatureAlgorithm::RsaPssRsaeSha256,
                _ => SignatureAlgorithm::EcdsaP256Sha256,
            },
            public_key: private_key.public_key().unwrap(),
            private_key,
        }
    }

    pub fn run(&self) {
        let client = KeyShare::generate(self.group).unwrap();
        let (share, server_secret) = respond(self.group, client.public()).unwrap();
        black_box((client.agree(&share).unwrap(), server_secret));
        let message = black_box([0x20; 130]);
        let signature = self.private_key.sign(self.algorithm, &message).unwrap();
        for _ in 0..2 {
            self.public_key
                .verify(self.algorithm, &message, &signature)
                .unwrap();
        }
    }
}

const HASH: Hash = Hash::Sha256;

/// Bytes of the messages of a handshake with a key: ClientHello up to the binders, the binders, ServerHello,
/// EncryptedExtensions, Finished. As long as ours are, for a hash takes them 64 at a time, and 56 bytes in the last of them
/// cost one block more than 55.
const CLIENT_HELLO: [u8; 184] = [1; 184];
const BINDERS: [u8; 35] = [1; 35];
const SERVER_HELLO: [u8; 88] = [2; 88];
const KEY_SHARE: [u8; 40] = [3; 40];
const ENCRYPTED_EXTENSIONS: [u8; 10] = [8; 10];
const FINISHED: [u8; 36] = [20; 36];

/// What a handshake with an external key computes, both roles: random values, transcript hashes, binder, key schedule,
/// Finished, one sealed and one opened record for each flight, the keys for application data; with psk_dhe_ke also two
/// key shares and two agreements. What depends on the key alone was computed before: the early secret and the
/// binder's key, and with psk_ke the handshake secret and the main secret as well.
pub struct Psk {
    mode: Mode,
    /// Of the binder.
    finished_key: HmacKey,
    /// Derive-Secret(early secret, "derived", "").
    derived: HmacKey,
    /// With psk_ke: the handshake secret and the main secret.
    later: Option<(Prk, Prk)>,
}

impl Psk {
    pub fn new(mode: Mode) -> Self {
        let early = Prk::extract(HASH, &[], &KEY);
        let derive = |prk: &Prk, label: &[u8]| {
            let secret = prk.expand_label_secret(label, &HASH.empty_digest());
            HmacKey::new(HASH, secret.unwrap().as_ref())
        };
        let binder_key = early.expand_label_secret(b"ext binder", &HASH.empty_digest());
        let derived = derive(&early, b"derived");
        let later = (mode == Mode::PskKe).then(|| {
            let handshake = Prk::extract_with(&derived, &[0; 32]);
            let main = Prk::extract_with(&derive(&handshake, b"derived"), &[0; 32]);
            (handshake, main)
        });
        Self {
            mode,
            finished_key: finished_key(binder_key.unwrap().as_ref()),
            derived,
            later,
        }
    }

    pub fn run(&self) {
        // random and legacy_session_id of ClientHello at once, random of ServerHello.
        let (mut client_random, mut server_random) = ([0; 64], [0; 32]);
        random::fill(&mut client_random).unwrap();
        random::fill(&mut server_random).unwrap();
        black_box((client_random, server_random));
        let [mut for_client, mut for_server] = [None, None];
        if self.mode == Mode::PskDheKe {
            let client = KeyShare::generate(Group::X25519).unwrap();
            let (share, secret) = respond(Group::X25519, client.public()).unwrap();
            for_server = Some(secret);
            for_client = Some(client.agree(&share).unwrap());
        }
        let [client, server] = [&for_client, &for_server]
            .map(|shared| self.run_role(shared.as_ref().map(AsRef::as_ref)));
        // What one side makes the other side checks: the binder and both Finished.
        assert!(server.binder == client.binder);
        assert!(client.by_server == server.by_server);
        assert!(server.by_client == client.by_client);
        let flight = ENCRYPTED_EXTENSIONS.len() + FINISHED.len();
        exchange_record(&server.to_client, &client.to_client, flight);
        exchange_record(&client.to_server, &server.to_server, FINISHED.len());
    }

    /// One role, but for the records: both do the same.
    fn run_role(&self, shared: Option<&[u8]>) -> Role {
        let mut transcript = HashContext::new(HASH);
        transcript.update(&CLIENT_HELLO);
        let binder = self.finished_key.sign(&[&transcript.current()]);
        transcript.update(&BINDERS);
        transcript.update(&SERVER_HELLO);
        if shared.is_some() {
            transcript.update(&KEY_SHARE);
        }
        let at_server_hello = transcript.current();
        let handshake = shared.map(|secret| Prk::extract_with(&self.derived, secret));
        let (handshake, known_main) = match (&handshake, &self.later) {
            (None, Some((handshake, main))) => (handshake, Some(main)),
            (handshake, _) => (handshake.as_ref().unwrap(), None),
        };
        let [client, server] = [b"c hs traffic", b"s hs traffic"].map(|label| {
            let mut finished = [0; 32];
            let key = traffic(handshake, label, &at_server_hello, Some(&mut finished));
            (key, HmacKey::new(HASH, &finished))
        });
        transcript.update(&ENCRYPTED_EXTENSIONS);
        let by_server = server.1.sign(&[&transcript.current()]);
        transcript.update(&FINISHED);
        let at_server_finished = transcript.current();
        let by_client = client.1.sign(&[&at_server_finished]);
        let main = known_main.is_none().then(|| {
            let derived = handshake.expand_label_secret(b"derived", &HASH.empty_digest());
            let derived = HmacKey::new(HASH, derived.unwrap().as_ref());
            Prk::extract_with(&derived, &[0; 32])
        });
        let main = known_main.or(main.as_ref()).unwrap();
        for label in [b"c ap traffic", b"s ap traffic"] {
            black_box(traffic(main, label, &at_server_finished, None));
        }
        let exporter = main.expand_label_secret(b"exp master", &at_server_finished);
        black_box(exporter.unwrap());
        Role {
            binder,
            by_server,
            by_client,
            to_client: server.0,
            to_server: client.0,
        }
    }
}

/// What one role has computed that the other one's is checked against.
struct Role {
    binder: Tag,
    /// verify_data of both Finished.
    by_server: Tag,
    by_client: Tag,
    /// Keys of the handshake's records.
    to_client: AeadKey,
    to_server: AeadKey,
}

fn finished_key(secret: &[u8]) -> HmacKey {
    let mut key = [0; 32];
    Prk::with_secret(HASH, secret, |prk| {
        prk.expand_label(b"finished", b"", &mut key).unwrap();
    });
    HmacKey::new(HASH, &key)
}

/// A traffic secret's key for records; its HMAC state is computed once for all that is derived from it, the key of Finished
/// included.
fn traffic(
    prk: &Prk,
    label: &[u8],
    transcript_hash: &Digest,
    finished: Option<&mut [u8; 32]>,
) -> AeadKey {
    let mut secret = [0; 32];
    prk.expand_label(label, transcript_hash, &mut secret)
        .unwrap();
    let (mut key, mut iv) = ([0; 16], [0; 12]);
    Prk::with_secret(HASH, &secret, |prk| {
        if let Some(finished) = finished {
            prk.expand_label(b"finished", b"", finished).unwrap();
        }
        prk.expand_label(b"key", b"", &mut key).unwrap();
        prk.expand_label(b"iv", b"", &mut iv).unwrap();
    });
    black_box(iv);
    AeadKey::new(Aead::Aes128Gcm, &key).unwrap()
}

/// One record, sealed by one side and opened by the other.
fn exchange_record(sender: &AeadKey, receiver: &AeadKey, len: usize) {
    let (message, mut record) = ([0; 64], [0; 81]);
    let record = &mut record[..len + 17];
    let (nonce, header) = ([0; 12], [23, 3, 3, 0, 0]);
    sender
        .seal_scatter(&nonce, &header, &message[..len], &[22], record)
        .unwrap();
    black_box(receiver.open_in_place(&nonce, &header, record).unwrap());
}

/// One record sealed: to open one costs nearly the same.
fn protect(key: &AeadKey, len: usize) {
    let (message, mut record) = ([0; 64], [0; 81]);
    key.seal_scatter(
        &[0; 12],
        &[23, 3, 3, 0, 0],
        &message[..len],
        &[22],
        &mut record[..len + 17],
    )
    .unwrap();
    black_box(record);
}

/// What a TLS 1.2 handshake with an external key computes, both roles: random values, the transcript's hashes, the key
/// block, Finished, one sealed or opened record for each flight; with ECDHE also two key shares and two agreements.
/// Without ECDHE the premaster secret depends on the key alone, so that its HMAC key was made before.
pub struct Psk12 {
    group: Option<Group>,
    aead: Aead,
    premaster: Prf,
}

impl Psk12 {
    pub fn new(suite: Suite, groups: Groups) -> Self {
        let is_ecdhe = suite == Suite::EcdhePskChaCha20;
        Self {
            group: is_ecdhe.then_some(match groups {
                Groups::P256 => Group::P256,
                _ => Group::X25519,
            }),
            aead: match is_ecdhe {
                true => Aead::ChaCha20Poly1305,
                false => Aead::Aes128Gcm,
            },
            premaster: Prf::new(PrfHash::Sha256, &[3; 68]),
        }
    }

    pub fn run(&self) {
        let mut randoms = [[0; 32]; 2];
        for random in &mut randoms {
            random::fill(random).unwrap();
        }
        let [mut for_client, mut for_server] = [None, None];
        if let Some(group) = self.group {
            let client = KeyShare::generate(group).unwrap();
            let (share, secret) = respond(group, client.public()).unwrap();
            for_server = Some(secret);
            for_client = Some(client.agree(&share).unwrap());
        }
        for shared in [&for_client, &for_server] {
            self.run_role(shared.as_ref().map(AsRef::as_ref), &randoms);
        }
    }

    fn run_role(&self, shared: Option<&[u8]>, randoms: &[[u8; 32]; 2]) {
        let mut transcript = HandshakeHash::new(PrfHash::Sha256);
        // ClientHello, ServerHello and ServerHelloDone, ClientKeyExchange.
        for len in [100, 92, 15] {
            transcript.update(&CLIENT_HELLO[..len]);
        }
        if shared.is_some() {
            // Two public values.
            transcript.update(&CLIENT_HELLO[..2 * KEY_SHARE.len()]);
        }
        let premaster = shared.map(|shared| Prf::new(PrfHash::Sha256, &[shared, &KEY].concat()));
        let premaster = premaster.as_ref().unwrap_or(&self.premaster);
        let derive = |prf: &Prf, label: &[u8], seeds: &[&[u8]], out: &mut [u8]| {
            prf.derive(label, seeds, out).unwrap();
        };
        let mut main = [0; 48];
        let session_hash = transcript.current();
        let label = b"extended master secret";
        derive(premaster, label, &[session_hash.as_ref()], &mut main);
        let main = Prf::new(PrfHash::Sha256, &main);
        let mut block = [0; 88];
        let block = match self.aead {
            Aead::ChaCha20Poly1305 => &mut block[..],
            _ => &mut block[..40],
        };
        let [client, server] = randoms;
        derive(&main, b"key expansion", &[server, client], block);
        let key = |index| {
            let len = self.aead.key_len();
            AeadKey::new(self.aead, &block[index * len..][..len]).unwrap()
        };
        let (one, other) = (key(0), key(1));
        let mut verify_data = [0; 12];
        for (label, key) in [(b"client finished", one), (b"server finished", other)] {
            let hash = transcript.current();
            derive(&main, label, &[hash.as_ref()], &mut verify_data);
            transcript.update(&FINISHED[..16]);
            protect(&key, 16);
        }
        black_box(verify_data);
    }
}

/// Seals and opens one record of AES-128-GCM, without a copy.
pub struct Record {
    key: AeadKey,
    record: Vec<u8>,
    sequence: u64,
}

impl Record {
    pub fn new(message_len: usize) -> Self {
        Self {
            key: AeadKey::new(Aead::Aes128Gcm, &[7; 16]).unwrap(),
            record: vec![0; message_len + 17],
            sequence: 0,
        }
    }

    #[inline]
    pub fn run(&mut self, message: &[u8]) {
        let mut nonce = [0; 12];
        nonce[4..].copy_from_slice(&self.sequence.to_be_bytes());
        self.sequence += 1;
        let aad = [23, 3, 3, 0, 0];
        self.key
            .seal_scatter(&nonce, &aad, message, &[23], &mut self.record)
            .unwrap();
        black_box(
            self.key
                .open_in_place(&nonce, &aad, &mut self.record)
                .unwrap(),
        );
    }
}
