//! The handshake: the first hello of each role, then the flow of the chosen version.

use std::sync::Arc;

use rustls_pki_types::ServerName;

use crate::config::{ClientConfig, ServerConfig, Settings, Versions};
#[cfg(feature = "legacy")]
use crate::coroutine::Coroutine;
use crate::coroutine::{Peer, Received};
use crate::credential::Credential;
#[cfg(feature = "legacy")]
use crate::error::UsageError;
use crate::error::{Error, NothingInCommon, PeerMisbehaved};
use crate::facts::ConnectionFacts;
use crate::message::{ClientHello, Handshake, OlderServerHello, ServerHello, ServerHelloKind};
use crate::parameters::ProtocolVersion;
use crate::record::wire::ChangeCipherSpecRule;
use crate::resumption::ClientSessionStore;

pub(crate) mod certificate;
mod early_data;
#[cfg(feature = "legacy")]
mod legacy;
#[cfg(feature = "legacy")]
mod legacy_certificate;
#[cfg(feature = "legacy")]
mod legacy_client;
#[cfg(feature = "legacy")]
mod legacy_exchange;
#[cfg(feature = "legacy")]
pub(crate) mod legacy_key_schedule;
#[cfg(feature = "legacy")]
mod legacy_negotiate;
#[cfg(feature = "legacy")]
mod legacy_offer;
#[cfg(feature = "legacy")]
pub(crate) mod legacy_renegotiation;
#[cfg(feature = "legacy")]
mod legacy_server;
#[cfg(feature = "legacy")]
mod legacy_session;
pub(crate) mod negotiate;
mod offer;
pub(crate) mod post_handshake;
pub(crate) mod psk;
#[cfg(test)]
mod replay;
pub(crate) mod ticket;
pub(crate) mod tls13_client;
pub(crate) mod tls13_key_schedule;
pub(crate) mod tls13_server;
pub(crate) mod transcript;

#[cfg(feature = "legacy")]
pub(crate) use legacy_certificate::{can_sign_before_tls13, legacy_signature};
#[cfg(feature = "legacy")]
use legacy_key_schedule::LegacyExporter;
#[cfg(feature = "legacy")]
pub(crate) use legacy_offer::OfferedSuites;
#[cfg(feature = "legacy")]
use legacy_offer::RefusedVersions;
#[cfg(feature = "legacy")]
use legacy_renegotiation::Renegotiation;
use offer::Offer;
use post_handshake::PostHandshakeAuth;
use ticket::{Issuer, Keeper};
use tls13_key_schedule::ExporterSecret;

/// What one connection has of its own; where it says nothing, the config's word counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct OwnMaterial {
    pub(crate) credential: Option<Arc<Credential>>,
    /// In a box: a server's connections have none of it.
    pub(crate) of_client: Option<Box<OwnChoices>>,
}

/// What one connection of a client decides otherwise than its config.
#[derive(Debug, Clone, Default)]
pub(crate) struct OwnChoices {
    pub(crate) session_store: Option<Arc<dyn ClientSessionStore>>,
    /// Whether it is offered.
    pub(crate) early_data: Option<bool>,
}

impl OwnMaterial {
    /// What sessions are bound to: the configuration, and the connection's own certificate if it has one. Whoever proves
    /// itself by another must not go on as the one before.
    fn session_context(&self, settings: &Settings) -> [u8; 32] {
        let context = settings.session_context();
        match &self.credential {
            None => context,
            Some(own) => {
                let leaf = own.chain().first().map_or(&[][..], |leaf| leaf.as_ref());
                crate::certificate::sha256(&[&context, leaf].concat())
            }
        }
    }
}

/// What a completed handshake leaves to the connection, beside a wire that has its keys.
pub(crate) struct Connected {
    /// In a box, as they are by far the largest part of this, which moves from the flow to the connection's state.
    pub(crate) facts: Box<ConnectionFacts>,
    pub(crate) exporter: Exporter,
    pub(crate) post_handshake_auth: Option<Box<PostHandshakeAuth>>,
    pub(crate) after: AfterHandshake,
}

#[cfg(feature = "legacy")]
impl Connected {
    /// The same, for a client that renegotiates when it is asked to.
    fn and_then_renegotiate(mut self, renegotiation: Option<Box<Renegotiation>>) -> Self {
        if let Some(renegotiation) = renegotiation {
            self.after = AfterHandshake::Renegotiate(renegotiation);
        }
        self
    }
}

/// What keying material for other protocols is made from.
pub(crate) enum Exporter {
    Tls13(ExporterSecret),
    #[cfg(feature = "legacy")]
    Legacy(Box<LegacyExporter>),
    /// Nothing: the main secret is not bound to the handshake (RFC 7627 Section 5.4).
    #[cfg(feature = "legacy")]
    Unbound,
}

/// Longest output of an exporter before TLS 1.3, in bytes.
#[cfg(feature = "legacy")]
const MAX_LEGACY_EXPORT_LEN: usize = 1024;

impl Exporter {
    /// The exporter secret of TLS 1.3.
    #[cfg(test)]
    pub(crate) fn tls13_bytes(&self) -> &[u8] {
        match self {
            Self::Tls13(exporter) => exporter.as_bytes(),
            #[cfg(feature = "legacy")]
            _ => panic!("a connection of an older version"),
        }
    }

    /// Fills `output`.
    pub(crate) fn export(
        &self,
        label: &[u8],
        context: Option<&[u8]>,
        output: &mut [u8],
    ) -> Result<(), Error> {
        match self {
            Self::Tls13(exporter) => exporter.export(label, context.unwrap_or_default(), output),
            #[cfg(feature = "legacy")]
            Self::Legacy(_)
                if output.len() > MAX_LEGACY_EXPORT_LEN
                    || context.is_some_and(|context| context.len() > usize::from(u16::MAX)) =>
            {
                Err(UsageError::NotAvailable(
                    "before TLS 1.3 an exporter gives at most 1024 bytes, for a context of at most 65535",
                )
                .into())
            }
            #[cfg(feature = "legacy")]
            Self::Legacy(exporter) => exporter.export(label, context, output),
            #[cfg(feature = "legacy")]
            Self::Unbound => Err(UsageError::NotAvailable(
                "exporters need extended_main_secret, which the peer does not have (RFC 7627 Section 5.4)",
            )
            .into()),
        }
    }
}

/// What an established connection may still have to do.
pub(crate) enum AfterHandshake {
    Nothing,
    /// Keep the tickets that come (client).
    Keep(Box<Keeper>),
    /// Issue tickets on request (server).
    Issue(Box<Issuer>),
    /// Renegotiate when the server asks for it (client, before TLS 1.3).
    #[cfg(feature = "legacy")]
    Renegotiate(Box<Renegotiation>),
    /// That is under way.
    #[cfg(feature = "legacy")]
    Renegotiating(Box<Coroutine<Connected>>),
}

impl AfterHandshake {
    /// What keeps the tickets that come.
    pub(crate) fn keeper(&self) -> Option<&Keeper> {
        match self {
            Self::Keep(keeper) => Some(keeper),
            _ => None,
        }
    }

    /// The renegotiation under way.
    #[cfg(feature = "legacy")]
    pub(crate) fn renegotiating(&mut self) -> Option<&mut Coroutine<Connected>> {
        match self {
            Self::Renegotiating(flow) => Some(flow),
            _ => None,
        }
    }
}

/// A client's handshake.
pub(crate) async fn client(
    mut peer: Peer,
    config: Arc<ClientConfig>,
    server_name: ServerName<'static>,
    own: OwnMaterial,
) -> Result<Connected, Error> {
    let client = tls13_client::Client {
        config,
        server_name,
        own,
    };
    let psks = psk::offers(&mut peer, &client).await?;
    let mut offer = Offer::new(&client, psks)?;
    let client_hello = offer.send(&mut peer, None)?;
    peer.with_wire(|wire| {
        wire.receiving
            .set_change_cipher_spec(ChangeCipherSpecRule::Drop);
        if !offer.resumes() {
            wire.receiving.expect_flight(SHORTEST_FULL_FLIGHT);
        }
        #[cfg(feature = "legacy")]
        wire.receiving
            .allow_warnings(client.config.settings.versions.has_legacy());
        Ok(())
    })?;
    offer.begin_early_data(&mut peer, &client_hello)?;
    let answer = peer.recv::<ServerHello>().await?;
    let is_retry = match ServerHelloKind::of(answer.body())? {
        ServerHelloKind::Older(hello) if offer.offers_early_data() => {
            // Under the keys of early data such a server could not read the alert.
            peer.with_wire(|wire| {
                wire.sending.drop_early_keys();
                Ok(())
            })?;
            return Err(refuse_after_early_data(&hello));
        }
        #[cfg(feature = "legacy")]
        ServerHelloKind::Older(hello) if offer.offers_older() => {
            // An alert about what the ServerHello says must be of the server's version, or it cannot be read.
            let version = hello.legacy_version;
            if (ProtocolVersion::TLS1_0..=ProtocolVersion::TLS1_2).contains(&version) {
                peer.with_wire(|wire| wire.sending.set_legacy_version(version))?;
            }
            if let Some(refused) = &offer.refused {
                return Err(refuse_without_key(refused, &hello));
            }
            // In a box of its own: it must not make the future of TLS 1.3 any larger.
            let run = legacy_client::run(&mut peer, &client, &mut offer, &client_hello, &answer);
            return Box::pin(run).await;
        }
        ServerHelloKind::Older(hello) => {
            #[cfg(feature = "legacy")]
            let versions = offer.versions();
            #[cfg(not(feature = "legacy"))]
            let versions = client.config.settings.versions;
            return Err(refuse_older(versions, &hello));
        }
        ServerHelloKind::ServerHello => false,
        ServerHelloKind::HelloRetryRequest => true,
    };
    tls13_client::run(
        &mut peer,
        &client,
        &mut offer,
        &client_hello,
        answer,
        is_retry,
    )
    .await
}

/// Of a server's flight in TLS 1.3 that authenticates by certificate, what its messages have at least, in bytes of records, all of
/// those under keys in one:
///
/// | bytes | what |
/// |---|---|
/// | 5 + 59 | ServerHello without session ID, with supported_versions and a key share of one byte |
/// | 5 + 1 + 8 | header, type and tag of the other record |
/// | 6 | EncryptedExtensions without extensions |
/// | 8 + 32 | Certificate with a key of 32 bytes, as that of Ed25519, and nothing else |
/// | 8 + 56 | CertificateVerify: signatures have 64 bytes or, of ECDSA in DER, hardly less |
/// | 36 | Finished with SHA-256 |
///
/// In all older versions such a server waits for the client in the middle, and sends no data before.
const SHORTEST_FULL_FLIGHT: usize = 224;

/// A server that has no TLS 1.3 answers with the version it has, or was made to.
fn refuse_older(versions: Versions, hello: &OlderServerHello<'_>) -> Error {
    if negotiate::has_downgrade_sentinel(&hello.random.0) {
        return PeerMisbehaved::DowngradeDetected.into();
    }
    refuse_version(versions, hello.legacy_version)
}

/// A server of a version that none of the keys on offer is for, or one that was made to choose it.
#[cfg(feature = "legacy")]
fn refuse_without_key(refused: &RefusedVersions, hello: &OlderServerHello<'_>) -> Error {
    if negotiate::has_downgrade_sentinel(&hello.random.0) {
        return PeerMisbehaved::DowngradeDetected.into();
    }
    refused.refuse(hello.legacy_version)
}

/// RFC 8446 Appendix D.3: "A client that attempts to send 0-RTT data MUST fail a connection if it receives a ServerHello with TLS
/// 1.2 or older."
fn refuse_after_early_data(hello: &OlderServerHello<'_>) -> Error {
    if negotiate::has_downgrade_sentinel(&hello.random.0) {
        return PeerMisbehaved::DowngradeDetected.into();
    }
    let version = hello.legacy_version;
    PeerMisbehaved::OlderVersionAfterEarlyData { version }.into()
}

/// The server chose a version that is not ours.
fn refuse_version(versions: Versions, chosen: ProtocolVersion) -> Error {
    NothingInCommon::Version {
        ours: versions.to_string(),
        peers: format!("at most {chosen}"),
    }
    .into()
}

/// A server's handshake.
pub(crate) async fn server(
    mut peer: Peer,
    config: Arc<ServerConfig>,
    own: OwnMaterial,
) -> Result<Connected, Error> {
    let received = peer.recv::<ClientHello>().await?;
    peer.end_of_flight()?;
    let config = choose_config(&mut peer, config, &received).await?;
    peer.with_wire(|wire| {
        let settings = &config.settings;
        wire.sending
            .writer_mut()
            .set_record_size(settings.record_size);
        wire.sending.set_padding(settings.padding.clone());
        wire.set_log(settings.message_log.clone());
        wire.receiving
            .set_change_cipher_spec(ChangeCipherSpecRule::Drop);
        Ok(())
    })?;
    #[cfg(feature = "legacy")]
    if config.settings.versions.has_legacy() {
        let hello = ClientHello::read(received.body())?;
        let version = negotiate::choose_version(config.settings.versions, &hello)?;
        if version != ProtocolVersion::TLS1_3 {
            let run = legacy_server::run(&mut peer, &config, &own, &received, version);
            return Box::pin(run).await;
        }
    }
    tls13_server::run(&mut peer, &config, &own, received).await
}

/// Asks the application, where it wants to be asked, which configuration is to serve this client.
async fn choose_config(
    peer: &mut Peer,
    config: Arc<ServerConfig>,
    received: &Received<ClientHello<'static>>,
) -> Result<Arc<ServerConfig>, Error> {
    let Some(choose) = &config.role.choose_config else {
        return Ok(config);
    };
    let hello = ClientHello::read(received.body())?;
    let answer = choose.choose(negotiate::client_hello_facts(&hello, received.bytes()));
    let chosen = peer.ask("choice of a configuration", answer).await?;
    Ok(chosen.unwrap_or(config.clone()))
}
