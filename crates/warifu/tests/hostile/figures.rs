//! The figures of TLS 1.3, RFC 8446 Sections 2, 4.1.4, 4.2.10 and 4.6.2, with the dummy change_cipher_spec of Appendix D.4 where
//! it is sent; of pre-shared keys RFC 8446 Section 2.2, beside a certificate RFC 9973.
//!
//! `()` under early keys, `{}` under handshake keys, `[]` under application keys; `*` there, and its sender might have left it
//! out; `?` not there, and its sender might have sent it.

use warifu::ClientAuth;
use warifu::config::{Client, ConfigBuilder, Server};
use warifu::early_data::{MemoryReplayStore, ReplayableEarlyData};
use warifu::parameters::{NamedGroup, ProtocolVersion};
use warifu::psk::{PskPolicy, PskRole};

use crate::psk::{Keys, PLAIN, RETRY};
use crate::scene::{Scene, Setting, pki};
use crate::support::Side;
use crate::support::psk::{DHE, KE, psk};

/// A figure, with what makes two honest sides follow it.
pub struct Case {
    pub name: &'static str,
    pub figure: &'static str,
    pub scene: fn(Side) -> Scene,
    pub more: More,
}

/// What a figure does not show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct More {
    /// The client offers older versions too.
    pub offers_older: bool,
    /// The server does not take the early data that the client offers.
    pub declines_early_data: bool,
    /// The server asks for a certificate after the handshake.
    pub asks_later: bool,
    /// HelloRetryRequest has a cookie.
    pub has_cookie: bool,
}

const NOTHING: More = More {
    offers_older: false,
    declines_early_data: false,
    asks_later: false,
    has_cookie: false,
};

const COOKIE: More = More {
    has_cookie: true,
    ..NOTHING
};

const FULL: &str = "
        ClientHello              -------->
                                                      ServerHello
                                                 ChangeCipherSpec
                                            {EncryptedExtensions}
                                            {CertificateRequest?}
                                                    {Certificate}
                                              {CertificateVerify}
                                 <--------             {Finished}
        ChangeCipherSpec
        {Finished}               -------->
        [Application Data]       <------->     [Application Data]
";

const CLIENT_AUTH: &str = "
        ClientHello              -------->
                                                      ServerHello
                                                 ChangeCipherSpec
                                            {EncryptedExtensions}
                                            {CertificateRequest*}
                                                    {Certificate}
                                              {CertificateVerify}
                                 <--------             {Finished}
        ChangeCipherSpec
        {Certificate}
        {CertificateVerify}
        {Finished}               -------->
        [Application Data]       <------->     [Application Data]
";

/// The client has none: its list is empty.
const NO_CERTIFICATE: &str = "
        ClientHello              -------->
                                                      ServerHello
                                                 ChangeCipherSpec
                                            {EncryptedExtensions}
                                            {CertificateRequest*}
                                                    {Certificate}
                                              {CertificateVerify}
                                 <--------             {Finished}
        ChangeCipherSpec
        {Certificate}
        {Finished}               -------->
        [Application Data]       <------->     [Application Data]
";

const HELLO_RETRY: &str = "
        ClientHello              -------->
                                                HelloRetryRequest
                                 <--------       ChangeCipherSpec
        ChangeCipherSpec
        ClientHello              -------->
                                                      ServerHello
                                            {EncryptedExtensions}
                                            {CertificateRequest?}
                                                    {Certificate}
                                              {CertificateVerify}
                                 <--------             {Finished}
        {Finished}               -------->
        [Application Data]       <------->     [Application Data]
";

const HELLO_RETRY_CLIENT_AUTH: &str = "
        ClientHello              -------->
                                                HelloRetryRequest
                                 <--------       ChangeCipherSpec
        ChangeCipherSpec
        ClientHello              -------->
                                                      ServerHello
                                            {EncryptedExtensions}
                                            {CertificateRequest*}
                                                    {Certificate}
                                              {CertificateVerify}
                                 <--------             {Finished}
        {Certificate}
        {CertificateVerify}
        {Finished}               -------->
        [Application Data]       <------->     [Application Data]
";

const PSK: &str = "
        ClientHello              -------->
                                                      ServerHello
                                                 ChangeCipherSpec
                                            {EncryptedExtensions}
                                 <--------             {Finished}
        ChangeCipherSpec
        {Finished}               -------->
        [Application Data]       <------->     [Application Data]
";

const PSK_HELLO_RETRY: &str = "
        ClientHello              -------->
                                                HelloRetryRequest
                                 <--------       ChangeCipherSpec
        ChangeCipherSpec
        ClientHello              -------->
                                                      ServerHello
                                            {EncryptedExtensions}
                                 <--------             {Finished}
        {Finished}               -------->
        [Application Data]       <------->     [Application Data]
";

const RESUMPTION: &str = "
        ClientHello              -------->
                                                      ServerHello
                                                 ChangeCipherSpec
                                            {EncryptedExtensions}
                                 <--------             {Finished}
        ChangeCipherSpec
        {Finished}               -------->
                                               [NewSessionTicket]
                                 <--------     [NewSessionTicket]
        [Application Data]       <------->     [Application Data]
";

const RESUMPTION_HELLO_RETRY: &str = "
        ClientHello              -------->
                                                HelloRetryRequest
                                 <--------       ChangeCipherSpec
        ChangeCipherSpec
        ClientHello              -------->
                                                      ServerHello
                                            {EncryptedExtensions}
                                 <--------             {Finished}
        {Finished}               -------->
                                               [NewSessionTicket]
                                 <--------     [NewSessionTicket]
        [Application Data]       <------->     [Application Data]
";

/// Under an external key, without tickets.
const PSK_EARLY_DATA: &str = "
        ClientHello
        ChangeCipherSpec
        (Application Data)
        (Application Data)       -------->
                                                      ServerHello
                                                 ChangeCipherSpec
                                            {EncryptedExtensions}
                                 <--------             {Finished}
        (EndOfEarlyData)
        {Finished}               -------->
        [Application Data]       <------->     [Application Data]
";

const EARLY_DATA: &str = "
        ClientHello
        ChangeCipherSpec
        (Application Data)
        (Application Data)       -------->
                                                      ServerHello
                                                 ChangeCipherSpec
                                            {EncryptedExtensions}
                                 <--------             {Finished}
        (EndOfEarlyData)
        {Finished}               -------->
                                               [NewSessionTicket]
                                 <--------     [NewSessionTicket]
        [Application Data]       <------->     [Application Data]
";

const EARLY_DATA_DECLINED: &str = "
        ClientHello
        ChangeCipherSpec
        (Application Data)
        (Application Data)       -------->
                                                      ServerHello
                                                 ChangeCipherSpec
                                            {EncryptedExtensions}
                                 <--------             {Finished}
        {Finished}               -------->
                                               [NewSessionTicket]
                                 <--------     [NewSessionTicket]
        [Application Data]       <------->     [Application Data]
";

const EARLY_DATA_HELLO_RETRY: &str = "
        ClientHello
        ChangeCipherSpec
        (Application Data)
        (Application Data)       -------->
                                                HelloRetryRequest
                                 <--------       ChangeCipherSpec
        ClientHello              -------->
                                                      ServerHello
                                            {EncryptedExtensions}
                                 <--------             {Finished}
        {Finished}               -------->
                                               [NewSessionTicket]
                                 <--------     [NewSessionTicket]
        [Application Data]       <------->     [Application Data]
";

const POST_HANDSHAKE_AUTH: &str = "
        ClientHello              -------->
                                                      ServerHello
                                                 ChangeCipherSpec
                                            {EncryptedExtensions}
                                            {CertificateRequest?}
                                                    {Certificate}
                                              {CertificateVerify}
                                 <--------             {Finished}
        ChangeCipherSpec
        {Finished}               -------->
                                 <--------   [CertificateRequest]
        [Certificate]
        [CertificateVerify]
        [Finished]               -------->
        [Application Data]       <------->     [Application Data]
";

fn same<R>(builder: ConfigBuilder<R>) -> ConfigBuilder<R> {
    builder
}

fn tls13<R>(builder: ConfigBuilder<R>) -> ConfigBuilder<R> {
    builder.with_versions(ProtocolVersion::TLS1_3..=ProtocolVersion::TLS1_3)
}

fn with(victim: Side, setting: Setting) -> Scene {
    Scene::with(victim, setting, tls13, tls13)
}

const MUTUAL: Setting = Setting {
    client_auth: true,
    ..PLAIN
};

fn key(
    victim: Side,
    setting: Setting,
    policy: PskPolicy,
    client: fn(ConfigBuilder<Client>) -> ConfigBuilder<Client>,
    server: fn(ConfigBuilder<Server>) -> ConfigBuilder<Server>,
) -> Scene {
    let keys = Keys::alice().with_policy(policy);
    keys.scene_with(
        victim,
        setting,
        |builder| client(tls13(builder)),
        |builder| server(tls13(builder)),
    )
}

fn resumed(
    victim: Side,
    offers_early_data: bool,
    server: fn(ConfigBuilder<Server>) -> ConfigBuilder<Server>,
) -> Scene {
    let client =
        |client: ConfigBuilder<Client>| tls13(client).with_replayable_early_data(offers_early_data);
    let mut scene = Scene::resumed(victim, client, |builder| server(tls13(builder)));
    if offers_early_data {
        scene.early_writes = vec![b"one".to_vec(), b"two".to_vec()];
    }
    scene
}

/// With an external key that allows early data.
fn early_key(victim: Side) -> Scene {
    let key = || psk("alice").with_replayable_early_data(1_000);
    let mut scene = Scene::with(
        victim,
        PLAIN,
        |client| {
            let client = tls13(client).with_psks([key()]);
            client.with_replayable_early_data(true)
        },
        |server| {
            let store = MemoryReplayStore::default().with_external_keys_until_restart(100);
            tls13(server)
                .with_psk_store(key().with_role(PskRole::Server))
                .with_replayable_early_data(ReplayableEarlyData::new(1_000, store))
        },
    );
    scene.early_writes = vec![b"one".to_vec(), b"two".to_vec()];
    scene
}

/// With a key in imported form (RFC 9258).
fn imported_key(victim: Side) -> Scene {
    let key = || psk("alice").with_import("context");
    Scene::with(
        victim,
        PLAIN,
        |client| tls13(client).with_psks([key()]),
        |server| tls13(server).with_psk_store(key()),
    )
}

fn p256(server: ConfigBuilder<Server>) -> ConfigBuilder<Server> {
    server.with_groups(&[NamedGroup::SECP256R1])
}

/// Takes less early data than the client's ticket allows, and therefore none.
fn declining(server: ConfigBuilder<Server>) -> ConfigBuilder<Server> {
    server.with_replayable_early_data(ReplayableEarlyData::new(1, MemoryReplayStore::default()))
}

pub const CASES: &[Case] = &[
    Case {
        name: "full",
        figure: FULL,
        scene: |victim| with(victim, PLAIN),
        more: NOTHING,
    },
    #[cfg(feature = "legacy")]
    Case {
        name: "full, older versions offered",
        figure: FULL,
        scene: |victim| {
            use warifu::parameters::CipherSuite;
            let suites = [
                CipherSuite::TLS_AES_128_GCM_SHA256,
                CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            ];
            Scene::with(
                victim,
                PLAIN,
                |client| client.with_cipher_suites(&suites),
                same,
            )
        },
        more: More {
            offers_older: true,
            ..NOTHING
        },
    },
    Case {
        name: "client authentication",
        figure: CLIENT_AUTH,
        scene: |victim| with(victim, MUTUAL),
        more: NOTHING,
    },
    Case {
        name: "client authentication, no certificate",
        figure: NO_CERTIFICATE,
        scene: |victim| {
            let auth = || ClientAuth::optional(pki().trust());
            Scene::with(victim, PLAIN, tls13, |server| {
                tls13(server).with_client_auth(auth())
            })
        },
        more: NOTHING,
    },
    Case {
        name: "HelloRetryRequest",
        figure: HELLO_RETRY,
        scene: |victim| with(victim, RETRY),
        more: COOKIE,
    },
    Case {
        name: "HelloRetryRequest, client authentication",
        figure: HELLO_RETRY_CLIENT_AUTH,
        scene: |victim| {
            let both = Setting {
                retry: true,
                ..MUTUAL
            };
            with(victim, both)
        },
        more: COOKIE,
    },
    Case {
        name: "psk_dhe_ke",
        figure: PSK,
        scene: |victim| key(victim, PLAIN, PskPolicy::Required, same, same),
        more: NOTHING,
    },
    Case {
        name: "psk_dhe_ke, HelloRetryRequest",
        figure: PSK_HELLO_RETRY,
        scene: |victim| key(victim, RETRY, PskPolicy::Required, same, same),
        more: COOKIE,
    },
    Case {
        name: "psk_ke",
        figure: PSK,
        scene: |victim| {
            key(
                victim,
                PLAIN,
                PskPolicy::Required,
                |client| client.with_psk_modes(&[KE]),
                |server| server.with_psk_modes(&[KE, DHE]),
            )
        },
        more: NOTHING,
    },
    Case {
        name: "PSK and certificate",
        figure: FULL,
        scene: |victim| {
            let both = PskPolicy::RequiredWithCertificate;
            key(victim, PLAIN, both, same, same)
        },
        more: NOTHING,
    },
    Case {
        name: "PSK and certificates of both",
        figure: CLIENT_AUTH,
        scene: |victim| {
            let both = PskPolicy::RequiredWithCertificate;
            key(victim, MUTUAL, both, same, same)
        },
        more: NOTHING,
    },
    Case {
        name: "resumption",
        figure: RESUMPTION,
        scene: |victim| resumed(victim, false, same),
        more: NOTHING,
    },
    Case {
        name: "resumption, HelloRetryRequest",
        figure: RESUMPTION_HELLO_RETRY,
        scene: |victim| resumed(victim, false, p256),
        more: NOTHING,
    },
    Case {
        name: "imported PSK",
        figure: PSK,
        scene: imported_key,
        more: NOTHING,
    },
    Case {
        name: "early data under a PSK",
        figure: PSK_EARLY_DATA,
        scene: early_key,
        more: NOTHING,
    },
    Case {
        name: "early data",
        figure: EARLY_DATA,
        scene: |victim| resumed(victim, true, same),
        more: NOTHING,
    },
    Case {
        name: "early data, declined",
        figure: EARLY_DATA_DECLINED,
        scene: |victim| resumed(victim, true, declining),
        more: More {
            declines_early_data: true,
            ..NOTHING
        },
    },
    Case {
        name: "early data, HelloRetryRequest",
        figure: EARLY_DATA_HELLO_RETRY,
        scene: |victim| resumed(victim, true, p256),
        more: More {
            declines_early_data: true,
            ..NOTHING
        },
    },
    Case {
        name: "post-handshake authentication",
        figure: POST_HANDSHAKE_AUTH,
        scene: |victim| {
            let later = Setting {
                post_handshake_auth: true,
                ..PLAIN
            };
            with(victim, later)
        },
        more: More {
            asks_later: true,
            ..NOTHING
        },
    },
];
