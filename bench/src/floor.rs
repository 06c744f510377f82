//! The cryptography that no TLS stack on AWS-LC gets around, through the crypto crate.

use std::hint::black_box;

use warifu_crypto::{
    Aead, AeadKey, Digest, Group, Hash, HashContext, HmacKey, KeyKind, KeyShare, PrivateKey, Prk,
    PublicKey, SignatureAlgorithm, random, respond,
};

use crate::Groups;
use crate::psk::{KEY, Mode};

const ECDSA: SignatureAlgorithm = SignatureAlgorithm::EcdsaP256Sha256;

/// What a handshake computes, with all keys already parsed: two key shares, two agreements, one signature, two
/// verifications (the chain's and CertificateVerify's). No hashing of transcripts, no key schedule, no records.
pub struct Handshake {
    group: Group,
    private_key: PrivateKey,
    public_key: PublicKey,
}

impl Handshake {
    pub fn new(groups: Groups) -> Self {
        let private_key = PrivateKey::generate(KeyKind::EcP256).unwrap();
        Self {
            group: match groups {
                Groups::X25519 => Group::X25519,
                Groups::Default => Group::X25519MlKem768,
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
        let signature = self.private_key.sign(ECDSA, &message).unwrap();
        for _ in 0..2 {
            self.public_key.verify(ECDSA, &message, &signature).unwrap();
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
const ENCRYPTED_EXTENSIONS: [u8; 6] = [8; 6];
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
        for shared in [&for_client, &for_server] {
            self.run_role(shared.as_ref().map(AsRef::as_ref));
        }
    }

    /// One role: both do the same, but that one seals what the other opens.
    fn run_role(&self, shared: Option<&[u8]>) {
        let mut transcript = HashContext::new(HASH);
        transcript.update(&CLIENT_HELLO);
        let binder = self.finished_key.sign(&[&transcript.current()]);
        black_box(binder);
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
        black_box((by_server, by_client));
        protect(&server.0, ENCRYPTED_EXTENSIONS.len() + FINISHED.len());
        protect(&client.0, FINISHED.len());
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
    }
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

/// One record sealed: to open one costs the same.
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
