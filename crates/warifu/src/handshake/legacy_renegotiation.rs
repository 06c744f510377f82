//! A client renegotiates where the server asks for it (HelloRequest, RFC 5246 Section 7.4.1.1) and the configuration allows it:
//! servers that ask for a certificate only for a part of what they serve, IIS above all, know no other way before TLS 1.3.
//!
//! The second handshake is a full one inside of the first one's protection, bound to it by `renegotiation_info` (RFC 5746
//! Section 3.5) and `extended_main_secret`. The server must show the certificate that it began with: whoever is on the other
//! side cannot become somebody else in the middle of a connection (the triple handshake). Version, and what the application
//! was told of protocols, stay.

use std::sync::Arc;

use rustls_pki_types::{CertificateDer, ServerName};

use crate::config::{ClientConfig, Versions};
use crate::coroutine::{Coroutine, Peer};
use crate::error::Error;
use crate::facts::ConnectionFacts;
use crate::message::ServerHello;
use crate::parameters::ProtocolVersion;
use crate::psk::PskPolicy;

use super::legacy::Agreed;
use super::legacy_client;
use super::legacy_key_schedule::VERIFY_DATA_LEN;
use super::offer::Offer;
use super::psk::Offers;
use super::tls13_client::Client;
use super::{Connected, OwnMaterial};

/// verify_data of both sides.
#[derive(Clone)]
pub(super) struct BothFinished {
    pub(super) client: [u8; VERIFY_DATA_LEN],
    pub(super) server: [u8; VERIFY_DATA_LEN],
}

/// What the handshake before this one ended with.
#[derive(Clone)]
pub(super) struct Previous {
    pub(super) finished: BothFinished,
    /// Of the first ClientHello: servers compare it with what the RSA key exchange repeats.
    pub(super) client_version: ProtocolVersion,
    pub(super) encrypt_then_mac: bool,
    pub(super) server_leaf: CertificateDer<'static>,
    pub(super) alpn: Option<Arc<[u8]>>,
}

impl Previous {
    /// What a server says of it, RFC 5746 Section 3.5.
    pub(super) fn both_finished(&self) -> [u8; 2 * VERIFY_DATA_LEN] {
        let mut both = [0; 2 * VERIFY_DATA_LEN];
        let finished = self.finished.client.iter().chain(&self.finished.server);
        for (to, from) in both.iter_mut().zip(finished) {
            *to = *from;
        }
        both
    }
}

/// What a connection keeps to renegotiate.
pub(crate) struct Renegotiation {
    config: Arc<ClientConfig>,
    server_name: ServerName<'static>,
    own: OwnMaterial,
    previous: Previous,
}

impl Renegotiation {
    /// `None` where this client does not renegotiate: it was not told to, the server has no RFC 5746 or no RFC 7627, or showed no
    /// certificate.
    pub(super) fn new(
        client: &Client,
        agreed: &Agreed,
        facts: &ConnectionFacts,
        client_version: ProtocolVersion,
        finished: BothFinished,
    ) -> Option<Box<Self>> {
        let is_safe = agreed.secure_renegotiation && agreed.extended_main_secret;
        if !client.config.role.renegotiation || !is_safe || facts.psk.is_some() {
            return None;
        }
        let server_leaf = facts.peer_certificates.as_ref()?.first()?.clone();
        Some(Box::new(Self {
            config: same_version(&client.config, agreed),
            server_name: client.server_name.clone(),
            // Neither sessions nor early data, as below.
            own: OwnMaterial {
                credential: client.own.credential.clone(),
                ..OwnMaterial::default()
            },
            previous: Previous {
                finished,
                client_version,
                encrypt_then_mac: agreed.encrypt_then_mac,
                server_leaf,
                alpn: facts.alpn.clone(),
            },
        }))
    }

    /// The flow.
    pub(crate) fn start(self: Box<Self>) -> Coroutine<Connected> {
        Coroutine::new(|peer| renegotiate(peer, self))
    }
}

/// The configuration for another handshake in this version, without keys and sessions.
fn same_version(config: &ClientConfig, agreed: &Agreed) -> Arc<ClientConfig> {
    let mut settings = config.settings.clone();
    settings.versions = Versions {
        min: agreed.version,
        max: agreed.version,
    };
    settings.suites.clear();
    settings.psk_policy = PskPolicy::Optional;
    let mut role = config.role.clone();
    role.psks = None;
    role.session_store = None;
    role.early_data = false;
    role.fallback_scsv = false;
    Arc::new(ClientConfig { settings, role })
}

async fn renegotiate(mut peer: Peer, state: Box<Renegotiation>) -> Result<Connected, Error> {
    let Renegotiation {
        config,
        server_name,
        own,
        previous,
    } = *state;
    let client = Client {
        config,
        server_name,
        own,
    };
    let mut offer = Offer::new(&client, Offers::default())?;
    if let Some(legacy) = &mut offer.legacy {
        legacy.previous = Some(Box::new(previous));
    }
    let client_hello = offer.send(&mut peer, None)?;
    let answer = peer.recv::<ServerHello>().await?;
    legacy_client::run(&mut peer, &client, &mut offer, &client_hello, &answer).await
}
