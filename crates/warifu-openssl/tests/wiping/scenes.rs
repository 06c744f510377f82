//! What is done with secrets while every block that is freed is recorded: connections, and the types below them. Each scene is a
//! process; it tells its secrets in a file.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::PASSPHRASE;
use warifu::config::{Client, ConfigBuilder, KeyLog, Policy, Server};
use warifu::credential::Passphrase;
use warifu::decision::Answer;
use warifu::early_data::{MemoryReplayStore, ReplayableEarlyData};
use warifu::parameters::{CipherSuite, NamedGroup, ProtocolVersion, PskKeyExchangeMode};
use warifu::pki_types::UnixTime;
use warifu::psk::{PskHash, PskRole, PskTable};
use warifu::resumption::{
    ClientSessionStore, MemorySessionStore, MemorySessions, RingKey, Session, SessionKey,
    TicketKey, TicketKeyRing, Tickets,
};
use warifu::{ClientConfig, Connection, Credential, Psk, ReadOutcome, ServerConfig, Trust};
use warifu_crypto::legacy::{CbcDirection, CbcKey, CbcSuite, DhGroup, DhKeyPair, Prf, PrfHash};
use warifu_crypto::{
    Aead, AeadKey, Group, Hash, HmacKey, KeyKind, KeyShare, PrivateKey, Prk, Secret, respond,
};
use zeroize::Zeroizing;

/// Where a scene tells its secrets.
pub(crate) struct Told(Mutex<File>);

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Told")
    }
}

impl Told {
    /// Byte by byte, so that no copy is made on the heap.
    fn line(&self, fields: [&[u8]; 2], bytes: &[u8]) {
        let mut file = self.0.lock().unwrap();
        for field in fields {
            file.write_all(field).unwrap();
            if !field.is_empty() {
                file.write_all(b" ").unwrap();
            }
        }
        for byte in bytes {
            let digit = |value: u8| b"0123456789abcdef"[usize::from(value)];
            file.write_all(&[digit(byte >> 4), digit(byte & 15)])
                .unwrap();
        }
        file.write_all(b"\n").unwrap();
    }

    fn secret(&self, name: &str, bytes: &[u8]) {
        self.line([b"SECRET", name.as_bytes()], bytes);
    }

    fn hmac_key(&self, hash: Hash, bytes: &[u8]) {
        self.line([b"HMAC", format!("{hash:?}").as_bytes()], bytes);
    }

    /// A first block of what is hashed.
    fn block(&self, hash: Hash, bytes: &[u8]) {
        self.line([b"BLOCK", format!("{hash:?}").as_bytes()], bytes);
    }

    fn psk(&self, name: &str, bytes: &[u8]) {
        self.line([b"PSK", name.as_bytes()], bytes);
    }
}

impl KeyLog for Told {
    fn log(&self, label: &str, client_random: &[u8; 32], secret: &[u8]) {
        let mut random = [0; 65];
        for (to, byte) in random.chunks_mut(2).zip(client_random) {
            to.copy_from_slice(&[
                b"0123456789abcdef"[usize::from(byte >> 4)],
                b"0123456789abcdef"[usize::from(byte & 15)],
            ]);
        }
        self.line([label.as_bytes(), &random[..64]], secret);
    }
}

/// A client's sessions, whose secrets are told.
#[derive(Debug)]
struct Sessions {
    told: Arc<Told>,
    kept: MemorySessions,
}

impl ClientSessionStore for Sessions {
    fn put(&self, key: &SessionKey, session: Session) {
        if session.version() == ProtocolVersion::TLS1_3 {
            self.told.psk("resumption_psk", session.secret());
        }
        // As one that goes through a file and another process.
        let bytes = session.to_bytes();
        drop(session);
        self.kept.put(key, Session::from_bytes(&bytes).unwrap());
    }

    fn take<'a>(&'a self, key: &'a SessionKey) -> Answer<'a, Option<Session>> {
        self.kept.take(key)
    }
}

/// What a scene is made with.
struct Scene {
    told: Arc<Told>,
    /// Certificates and keys, which the test made.
    files: PathBuf,
}

/// What is played.
type Play = fn(&Scene);

/// The scenes by name.
const SCENES: [(&str, Play); 12] = [
    ("planted", planted),
    ("primitives", primitives),
    ("key_exchange", key_exchange),
    ("private_keys", private_keys),
    ("tls13", tls13),
    ("tls13_psk", tls13_psk),
    ("tls13_resumption", tls13_resumption),
    ("tls13_stored", tls13_stored),
    ("tls12", tls12),
    ("tls12_psk", tls12_psk),
    ("tls12_resumption", tls12_resumption),
    ("aborted", aborted),
];

/// Plays the scene that the environment names.
pub(crate) fn play() {
    let variable = |name| std::env::var(name).unwrap();
    let told = File::create(variable("WIPING_TOLD")).unwrap();
    let (_, scene) = SCENES
        .iter()
        .find(|(name, _)| *name == variable("WIPING_SCENE"))
        .unwrap();
    scene(&Scene {
        told: Arc::new(Told(Mutex::new(told))),
        files: variable("WIPING_FILES").into(),
    });
}

/// What a careless program would leave: the test must see it.
fn planted(scene: &Scene) {
    let mut secret = [0; 32];
    warifu_crypto::random::fill(&mut secret).unwrap();
    scene.told.secret("freed", &secret);
    drop(std::hint::black_box(secret.to_vec()));
    warifu_crypto::random::fill(&mut secret).unwrap();
    scene.told.secret("grown", &secret);
    let mut grown = std::hint::black_box(secret.to_vec());
    grown.reserve(1000);
    zeroize::Zeroize::zeroize(&mut grown);
    warifu_crypto::random::fill(&mut secret).unwrap();
    scene.told.psk("state", &secret);
    // The early secret of this key.
    let early = HmacKey::new(Hash::Sha256, &[]).sign(&[&secret]);
    drop(std::hint::black_box(early.as_ref().to_vec()));
}

// Types.

/// On the heap and wiped: what this program itself left on the stack would be found, as padding in a block of the library's.
fn random<const LEN: usize>() -> Zeroizing<Box<[u8]>> {
    let mut bytes = Zeroizing::new(vec![0; LEN].into_boxed_slice());
    warifu_crypto::random::fill(&mut bytes).unwrap();
    bytes
}

fn primitives(scene: &Scene) {
    let told = |name, bytes: &[u8]| scene.told.secret(name, bytes);
    let secret = random::<48>();
    told("Secret", &secret);
    let boxed = Secret::from_slice(&secret);
    drop(boxed.clone());
    drop(boxed);
    let mut roomy = Vec::with_capacity(100);
    roomy.extend_from_slice(&secret);
    drop(Secret::from(roomy));
    drop(Secret::from(secret.to_vec()));

    for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
        let key = random::<40>();
        scene.told.hmac_key(hash, &key);
        let tag = HmacKey::new(hash, &key).sign(&[b"data"]);
        told("Tag", tag.as_ref());
        // On the heap, so that what is left of them is recorded.
        drop(Box::new(tag));
        drop(HmacKey::boxed(hash, &key));
        // Longer than a block: the key is hashed.
        let long = random::<150>();
        let hashed = hash.digest(&[&long]);
        scene.told.hmac_key(hash, &hashed);
        drop(HmacKey::boxed(hash, &long));
        // In the buffer, and in the state.
        let mut context = Box::new(warifu_crypto::HashContext::new(hash));
        context.update(&key);
        drop(context);
        let block = random::<128>();
        let block = &block[..hash.block_len()];
        scene.told.block(hash, block);
        let mut context = Box::new(warifu_crypto::HashContext::new(hash));
        context.update(block);
        drop(context);
        let prk = Prk::extract(hash, &key, &secret);
        let expanded = prk.expand_label_secret(b"label", b"").unwrap();
        told("expanded", expanded.as_bytes());
        Prk::with_secret(hash, &key, |prk| {
            let mut out = [0; 16];
            prk.expand_label(b"key", b"", &mut out).unwrap();
            told("expanded-key", &out);
        });
    }

    for algorithm in [
        Aead::Aes128Gcm,
        Aead::Aes256Gcm,
        Aead::ChaCha20Poly1305,
        Aead::Aes128Ccm,
        Aead::Aes128Ccm8,
    ] {
        let key = &random::<32>()[..algorithm.key_len()];
        told("AEAD-key", key);
        let aead = AeadKey::new(algorithm, key).unwrap();
        let mut sealed = [0; 5 + 16];
        let len = 5 + algorithm.tag_len();
        aead.seal_scatter(&[1; 12], b"", b"hello", b"", &mut sealed[..len])
            .unwrap();
        aead.open_in_place(&[1; 12], b"", &mut sealed[..len])
            .unwrap();
        assert!(
            aead.open_in_place(&[2; 12], b"", &mut sealed[..len])
                .is_err()
        );
    }

    for suite in CbcSuite::ALL {
        for etm in [false, true] {
            let (mac_key, key) = (random::<48>(), random::<32>());
            let (mac_key, key) = (&mac_key[..suite.mac_key_len()], &key[..suite.key_len()]);
            told("CBC-MAC-key", mac_key);
            told("CBC-key", key);
            let key = |direction| CbcKey::new(suite, direction, etm, mac_key, key, None).unwrap();
            let mut seal = key(CbcDirection::Seal);
            let mut record = [0; 128];
            let record = &mut record[..seal.sealed_len(5)];
            seal.seal(0, 23, [3, 3], b"hello", record).unwrap();
            key(CbcDirection::Open).open(0, 23, [3, 3], record).unwrap();
        }
    }

    for hash in [PrfHash::Sha256, PrfHash::Sha384, PrfHash::Md5Sha1] {
        let secret = random::<48>();
        told("PRF-secret", &secret);
        let mut out = [0; 100];
        Prf::new(hash, &secret)
            .derive(b"label", &[b"seed"], &mut out)
            .unwrap();
        told("PRF-output", &out);
    }

    let key = random::<32>();
    told("ticket-key", &key);
    let key = key.as_ref().try_into().unwrap();
    drop(TicketKey::new(key).unwrap());
    drop(TicketKey::named([9; 16], key).unwrap());
}

fn key_exchange(scene: &Scene) {
    for group in [
        Group::X25519,
        Group::P256,
        Group::P384,
        Group::P521,
        Group::X25519MlKem768,
        Group::SecP256r1MlKem768,
        Group::SecP384r1MlKem1024,
        Group::MlKem768,
        Group::MlKem1024,
    ] {
        let client = KeyShare::generate(group).unwrap();
        let (share, secret) = respond(group, client.public()).unwrap();
        let theirs = client.agree(&share).unwrap();
        assert_eq!(secret, theirs);
        scene.told.secret("shared-secret", secret.as_bytes());
    }
    let private = random::<32>();
    scene.told.secret("X25519-key", &private);
    drop(KeyShare::from_private_key(Group::X25519, &private).unwrap());
    let group = DhGroup::rfc7919(2048).unwrap();
    let (client, server) = (
        DhKeyPair::generate(&group).unwrap(),
        DhKeyPair::generate(&group).unwrap(),
    );
    let at_server = server.public().to_vec();
    let secret = server.agree(client.public()).unwrap();
    assert_eq!(secret, client.agree(&at_server).unwrap());
    scene.told.secret("DH-secret", secret.as_bytes());
}

/// The keys that the test made, from every form of file; those that are made here; and what is signed and decrypted with them.
fn private_keys(scene: &Scene) {
    scene.told.secret("passphrase", PASSPHRASE.as_bytes());
    let file = |name: &str| scene.files.join(name);
    for (certificate, key) in [
        ("server.crt", "server.key"),
        ("server.crt", "server.key.der"),
        ("server.crt", "encrypted_aes256.key"),
        ("server.crt", "encrypted_des3.key"),
        ("server.crt", "traditional.key"),
        ("rsa.crt", "rsa.key"),
        ("rsa.crt", "rsa.key.der"),
        ("rsa.crt", "rsa_only.key.der"),
        ("rsa.crt", "rsa_traditional.key"),
        ("p384.crt", "p384.key"),
        ("ed25519.crt", "ed25519.key"),
    ] {
        let key = file(key);
        let passphrase = || Passphrase::new(PASSPHRASE.as_bytes());
        drop(
            Credential::builder()
                .with_certificate_file(file(certificate))
                .with_key_file(&key)
                .with_passphrase(passphrase())
                .build()
                .unwrap(),
        );
        // What the application reads is its own.
        let bytes = std::mem::ManuallyDrop::new(std::fs::read(&key).unwrap());
        drop(
            Credential::builder()
                .with_certificate_file(file(certificate))
                .with_key_bytes(&bytes)
                .with_passphrase(passphrase())
                .build()
                .unwrap(),
        );
        // A wrong certificate, or passphrase: the key is read, and not used.
        let wrong = Credential::builder()
            .with_certificate_file(file("client.crt"))
            .with_key_bytes(&bytes)
            .with_passphrase(Passphrase::new(*b"incorrect-horse-battery"))
            .build();
        assert!(wrong.is_err());
        // Cut in the middle.
        let torn = Credential::builder()
            .with_certificate_file(file(certificate))
            .with_key_bytes(&bytes[..bytes.len() * 3 / 4])
            .build();
        assert!(torn.is_err());
    }
    for kind in [KeyKind::EcP256, KeyKind::EcP384, KeyKind::Ed25519] {
        let key = PrivateKey::generate(kind).unwrap();
        key.sign(key.algorithms()[0], b"message").unwrap();
        let der = key.to_pkcs8_der().unwrap();
        // The private key's OCTET STRING, behind which the public key follows.
        let len = if kind == KeyKind::EcP384 { 48 } else { 32 };
        let at = der
            .as_bytes()
            .windows(2)
            .rposition(|it| it == [4, len])
            .unwrap();
        scene
            .told
            .secret("private-key", &der.as_bytes()[at + 2..][..usize::from(len)]);
        drop(PrivateKey::from_der(der.as_bytes()).unwrap());
    }
}

// Connections.

fn server_name() -> warifu::pki_types::ServerName<'static> {
    "localhost".try_into().unwrap()
}

impl Scene {
    fn client(&self) -> ConfigBuilder<Client> {
        let trust = Trust::from_ca_file(self.files.join("ca.crt")).unwrap();
        ClientConfig::builder(trust)
            .with_session_context("client")
            .with_key_log(self.told.clone())
    }

    fn server(&self, name: &str) -> ConfigBuilder<Server> {
        let file = |extension| self.files.join(format!("{name}.{extension}"));
        let credential = Credential::from_files(file("crt"), file("key")).unwrap();
        ServerConfig::builder(Arc::new(credential))
            .with_handshake_record(true)
            .with_session_context("server")
            .with_key_log(self.told.clone())
    }

    /// A key as the client has it and as the server has it: two values, for a node does not talk to itself.
    fn psks(&self) -> [Psk; 2] {
        let key = random::<32>();
        self.told.psk("key", &key);
        [(); 2].map(|()| Psk::new("alice", &*key).unwrap())
    }

    fn psk_client(&self, psk: &Psk) -> ConfigBuilder<Client> {
        ClientConfig::psk_builder([psk.clone()]).with_key_log(self.told.clone())
    }

    fn psk_server(&self, psk: &Psk) -> ConfigBuilder<Server> {
        ServerConfig::psk_builder(PskTable::new([psk.clone()]).unwrap())
            .with_handshake_record(true)
            .with_key_log(self.told.clone())
    }

    fn sessions(&self) -> Arc<Sessions> {
        Arc::new(Sessions {
            told: self.told.clone(),
            kept: MemorySessions::new(9),
        })
    }

    fn sealed(&self) -> Tickets {
        let secret = random::<32>();
        self.told.secret("ticket-key", &secret);
        let time = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        Tickets::stateless(TicketKeyRing::new([RingKey {
            key: Arc::new(TicketKey::new(secret.as_ref().try_into().unwrap()).unwrap()),
            seals_from: time(0),
            seals_until: time(u64::MAX),
            opens_until: time(u64::MAX),
        }]))
    }

    /// What a ClientKeyExchange has under the key of the RSA certificate, if this is one.
    fn tell_premaster_secret(&self, output: &[u8]) {
        let [22, 3, minor, _, _, 16, 0, _, _, 1, 0, rest @ ..] = output else {
            return;
        };
        let version = [3, *minor];
        let der =
            std::mem::ManuallyDrop::new(std::fs::read(self.files.join("rsa.key.der")).unwrap());
        let key = PrivateKey::from_der(&der).unwrap();
        let premaster = key.decrypt_premaster_secret(&rest[..256], version).unwrap();
        self.told.secret("premaster-secret", premaster.as_bytes());
    }

    /// A whole connection, with what can be done on one.
    fn connect(&self, client: &Arc<ClientConfig>, server: &Arc<ServerConfig>, early: &[u8]) {
        let mut client = Connection::client(client.clone(), server_name());
        let mut server = Connection::server(server.clone());
        if !early.is_empty() {
            let written = client.write_replayable_early_data(early).unwrap();
            assert_eq!(written, early.len());
        }
        let mut buffer = vec![0; 20_000];
        for _ in 0..100 {
            client.process().unwrap();
            self.tell_premaster_secret(client.output());
            shift(&mut client, &mut server);
            server.process().unwrap();
            while let Ok(ReadOutcome::Data(count)) = server.read_replayable_early_data(&mut buffer)
            {
                assert_eq!(&buffer[..count], early);
            }
            shift(&mut server, &mut client);
            if !client.is_handshaking() && !server.is_handshaking() {
                break;
            }
        }
        let version = client.facts().unwrap().version;
        if version != ProtocolVersion::TLS1_3 {
            let record = server.handshake_record().unwrap();
            self.told
                .line([b"SERVER_RANDOM", b""], record.server_random().unwrap());
        }
        for round in 0..3 {
            exchange(&mut client, &mut server, &mut buffer);
            exchange(&mut server, &mut client, &mut buffer);
            if round == 0 && version == ProtocolVersion::TLS1_3 {
                client.update_keys(true).unwrap();
            }
        }
        let facts = client.facts().unwrap();
        assert_eq!(facts.resumed, server.facts().unwrap().resumed);
        client.release_buffers();
        client.close();
        shift(&mut client, &mut server);
        assert_eq!(server.read(&mut buffer).unwrap(), ReadOutcome::Closed);
        server.close();
    }
}

fn shift(from: &mut Connection, to: &mut Connection) {
    let count = to.receive(from.output());
    from.sent(count);
}

fn exchange(from: &mut Connection, to: &mut Connection, buffer: &mut [u8]) {
    from.write(b"hello").unwrap();
    let mut read = 0;
    while read < b"hello".len() {
        shift(from, to);
        if let ReadOutcome::Data(count) = to.read(buffer).unwrap() {
            read += count;
        }
        shift(to, from);
    }
}

fn tls13(scene: &Scene) {
    for suite in [
        CipherSuite::TLS_AES_128_GCM_SHA256,
        CipherSuite::TLS_AES_256_GCM_SHA384,
        CipherSuite::TLS_CHACHA20_POLY1305_SHA256,
        CipherSuite::TLS_AES_128_CCM_SHA256,
    ] {
        let client = scene.client().with_cipher_suites(&[suite]).build().unwrap();
        for name in ["server", "rsa", "ed25519"] {
            let server = scene
                .server(name)
                .with_cipher_suites(&[suite])
                .build()
                .unwrap();
            scene.connect(&client, &server, b"");
        }
        // HelloRetryRequest.
        let server = scene.server("server").with_groups(&[NamedGroup::SECP384R1]);
        let server = server.with_cipher_suites(&[suite]);
        scene.connect(&client, &server.build().unwrap(), b"");
    }
}

fn tls13_psk(scene: &Scene) {
    for mode in [PskKeyExchangeMode::PSK_KE, PskKeyExchangeMode::PSK_DHE_KE] {
        for hash in [PskHash::Sha256, PskHash::Sha384] {
            for import in [false, true] {
                let keys = scene.psks().map(|psk| match import {
                    true => psk.with_hash(hash).with_import("context"),
                    false => psk.with_hash(hash),
                });
                let client = scene.psk_client(&keys[0]).with_psk_modes(&[mode]);
                let server = scene.psk_server(&keys[1]).with_psk_modes(&[mode]);
                scene.connect(&client.build().unwrap(), &server.build().unwrap(), b"");
            }
        }
    }
    // Early data under the key, and then with HelloRetryRequest.
    let [client, server] = scene.psks().map(|psk| psk.with_replayable_early_data(100));
    let store = MemoryReplayStore::default().with_external_keys_until_restart(9);
    let server = server.with_role(PskRole::Server);
    let server = scene.psk_server(&server);
    let server = server.with_replayable_early_data(ReplayableEarlyData::new(100, store));
    let client = scene.psk_client(&client).with_replayable_early_data(true);
    scene.connect(&client.build().unwrap(), &server.build().unwrap(), b"early");
    let [client, server] = scene.psks();
    let server = scene
        .psk_server(&server)
        .with_groups(&[NamedGroup::SECP384R1]);
    let client = scene.psk_client(&client).build().unwrap();
    scene.connect(&client, &server.build().unwrap(), b"");
}

fn tls13_resumption(scene: &Scene) {
    for suite in [
        CipherSuite::TLS_AES_128_GCM_SHA256,
        CipherSuite::TLS_AES_256_GCM_SHA384,
    ] {
        let early = ReplayableEarlyData::new(100, MemoryReplayStore::default());
        let client = scene
            .client()
            .with_cipher_suites(&[suite])
            .with_session_store(scene.sessions())
            .with_replayable_early_data(true);
        let server = scene
            .server("server")
            .with_replayable_early_data(early)
            .with_tickets(scene.sealed());
        let (client, server) = (client.build().unwrap(), server.build().unwrap());
        scene.connect(&client, &server, b"");
        scene.connect(&client, &server, b"");
        scene.connect(&client, &server, b"early");
    }
}

fn tls13_stored(scene: &Scene) {
    let client = scene.client().with_session_store(scene.sessions());
    let store = MemorySessionStore::new(3);
    let tickets = Tickets::stored(store).with_count(2).also_on_request();
    let server = scene.server("server").with_tickets(tickets);
    let (client, server) = (client.build().unwrap(), server.build().unwrap());
    for _ in 0..4 {
        scene.connect(&client, &server, b"");
    }
}

/// TLS 1.2 and older alone.
fn legacy<R>(builder: ConfigBuilder<R>, version: ProtocolVersion) -> ConfigBuilder<R> {
    let builder = builder.with_policy(Policy::Legacy);
    builder.with_versions(version..=version)
}

const TLS12: ProtocolVersion = ProtocolVersion::TLS1_2;

fn tls12(scene: &Scene) {
    for (name, suite) in [
        (
            "server",
            CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        ),
        (
            "server",
            CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        ),
        (
            "server",
            CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384,
        ),
        ("server", CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CCM),
        ("rsa", CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384),
        ("rsa", CipherSuite::TLS_DHE_RSA_WITH_AES_128_CBC_SHA),
        ("rsa", CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256),
        ("rsa", CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA256),
        ("rsa", CipherSuite::TLS_RSA_WITH_3DES_EDE_CBC_SHA),
    ] {
        for etm in [false, true] {
            let client = legacy(scene.client(), TLS12).with_cipher_suites(&[suite]);
            let client = client.with_encrypt_then_mac(etm).build().unwrap();
            let server = legacy(scene.server(name), TLS12).with_cipher_suites(&[suite]);
            scene.connect(&client, &server.build().unwrap(), b"");
        }
    }
    for version in [ProtocolVersion::TLS1_0, ProtocolVersion::TLS1_1] {
        for name in ["server", "rsa"] {
            let client = legacy(scene.client(), version).build().unwrap();
            let server = legacy(scene.server(name), version).build().unwrap();
            scene.connect(&client, &server, b"");
        }
    }
    let suite = CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA;
    let client = legacy(scene.client(), ProtocolVersion::TLS1_0).with_cipher_suites(&[suite]);
    let server = legacy(scene.server("rsa"), ProtocolVersion::TLS1_0);
    scene.connect(&client.build().unwrap(), &server.build().unwrap(), b"");
}

fn tls12_psk(scene: &Scene) {
    for suite in [
        CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256,
        CipherSuite::TLS_PSK_WITH_AES_256_CBC_SHA384,
        CipherSuite::TLS_DHE_PSK_WITH_AES_128_GCM_SHA256,
        CipherSuite::TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256,
    ] {
        let [client, server] = scene.psks();
        let client = legacy(scene.psk_client(&client), TLS12).with_cipher_suites(&[suite]);
        let server = legacy(scene.psk_server(&server), TLS12);
        scene.connect(&client.build().unwrap(), &server.build().unwrap(), b"");
    }
    let [client, server] = scene.psks();
    let client = legacy(scene.client(), TLS12)
        .with_psks([client])
        .with_cipher_suites(&[CipherSuite::TLS_RSA_PSK_WITH_AES_128_CBC_SHA]);
    let server = legacy(scene.server("rsa"), TLS12).with_psk_store(server);
    scene.connect(&client.build().unwrap(), &server.build().unwrap(), b"");
}

fn tls12_resumption(scene: &Scene) {
    for tickets in [scene.sealed(), Tickets::stored(MemorySessionStore::new(2))] {
        let server = legacy(scene.server("server"), TLS12).with_tickets(tickets);
        let client = legacy(scene.client(), TLS12).with_session_store(scene.sessions());
        let (client, server) = (client.build().unwrap(), server.build().unwrap());
        for _ in 0..4 {
            scene.connect(&client, &server, b"");
        }
    }
}

/// Connections that are dropped at each step of the handshake, and those that fail.
fn aborted(scene: &Scene) {
    let configs = |version| {
        let [client_psk, server_psk] = scene.psks();
        let client = scene.client().with_session_store(scene.sessions());
        let server = scene.server("rsa").with_tickets(scene.sealed());
        let with_certificate = (
            client
                .with_policy(Policy::Compat)
                .with_versions(version..=version)
                .build()
                .unwrap(),
            server
                .with_policy(Policy::Compat)
                .with_versions(version..=version)
                .build()
                .unwrap(),
        );
        let with_key = (
            scene
                .psk_client(&client_psk)
                .with_policy(Policy::Compat)
                .with_versions(version..=version)
                .build()
                .unwrap(),
            scene
                .psk_server(&server_psk)
                .with_policy(Policy::Compat)
                .with_versions(version..=version)
                .build()
                .unwrap(),
        );
        [with_certificate, with_key]
    };
    for version in [TLS12, ProtocolVersion::TLS1_3] {
        for (client, server) in configs(version) {
            for steps in 0..6 {
                for break_it in [false, true] {
                    let mut client = Connection::client(client.clone(), server_name());
                    let mut server = Connection::server(server.clone());
                    let (mut from, mut to) = (&mut client, &mut server);
                    for _ in 0..steps {
                        from.process().unwrap();
                        shift(from, to);
                        (from, to) = (to, from);
                    }
                    if break_it {
                        let _ = from.process();
                        let mut bytes = from.output().to_vec();
                        if let Some(last) = bytes.last_mut() {
                            *last ^= 1;
                        }
                        to.receive(&bytes);
                        let _ = to.process();
                        let _ = to.read(&mut [0; 99]);
                    }
                }
            }
        }
    }
    // A wrong key.
    let [client, _] = scene.psks();
    let [_, server] = scene.psks();
    for version in [TLS12, ProtocolVersion::TLS1_3] {
        let client = legacy(scene.psk_client(&client), version).build().unwrap();
        let server = legacy(scene.psk_server(&server), version).build().unwrap();
        let mut client = Connection::client(client, server_name());
        let mut server = Connection::server(server);
        let mut failed = false;
        for _ in 0..4 {
            client.process().unwrap();
            shift(&mut client, &mut server);
            failed |= server.process().is_err();
            shift(&mut server, &mut client);
            if failed {
                break;
            }
        }
        assert!(failed);
    }
}
