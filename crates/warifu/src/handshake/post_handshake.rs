//! Messages after the handshake, RFC 8446 Section 4.6: NewSessionTicket, KeyUpdate, and
//! post-handshake client authentication:
//!
//! ```text
//!        Client                                           Server
//!                                 <--------   [CertificateRequest]
//!        [Certificate]
//!        [CertificateVerify*]
//!        [Finished]               -------->
//! ```
//!
//! Its messages are read under the transcript ClientHello ... client Finished, CertificateRequest (Section 4.4, table
//! 2), and the client's Finished is keyed by its application traffic secret.

use std::sync::Arc;

use crate::config::{ClientConfig, ServerConfig};
use crate::coroutine::{Coroutine, Peer};
use crate::decision::{PeerRole, VerifyPeer};
use crate::error::{Error, PeerMisbehaved};
#[cfg(feature = "legacy")]
use crate::message::legacy::HelloRequest;
use crate::message::{CertificateRequest, ExtensionSet, Handshake, KeyUpdate, KeyUpdateRequest};
use crate::parameters::HandshakeType;
use crate::record::wire::{MESSAGE_HEADER_LEN, Receiving};

use super::OwnMaterial;
use super::certificate::{
    Chosen, PeerIdentity, Rules, choose_credential, recv_finished, recv_identity, send_finished,
    send_identity,
};
use super::ticket::{Keeper, read_ticket};
use super::tls13_client::wanted_of_request;
use super::tls13_server::send_request;
use super::transcript::Transcript;

/// What a connection keeps for post-handshake authentication.
pub(crate) struct PostHandshakeAuth {
    side: Side,
    /// ClientHello ... client Finished.
    transcript: Transcript,
}

enum Side {
    Client(Arc<ClientConfig>, OwnMaterial),
    Server(Arc<ServerConfig>, Arc<dyn VerifyPeer>),
}

impl PostHandshakeAuth {
    pub(crate) fn client(
        config: Arc<ClientConfig>,
        own: OwnMaterial,
        transcript: Transcript,
    ) -> Self {
        Self {
            side: Side::Client(config, own),
            transcript,
        }
    }

    pub(crate) fn server(
        config: Arc<ServerConfig>,
        verifier: Arc<dyn VerifyPeer>,
        transcript: Transcript,
    ) -> Self {
        Self {
            side: Side::Server(config, verifier),
            transcript,
        }
    }
}

/// What is left for the connection to do after a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Nothing,
    /// The server asks for renegotiation.
    #[cfg(feature = "legacy")]
    Renegotiate,
    /// The peer wants our answer before our next application data: KeyUpdate or, in older versions, the refusal to renegotiate.
    Answer,
    /// A message of post-handshake authentication.
    Authenticate(Vec<u8>),
}

/// Takes a message that came after the handshake.
pub(crate) fn accept_message(
    receiving: &mut Receiving,
    is_client: bool,
    keeper: Option<&Keeper>,
    message: Vec<u8>,
) -> Result<Action, Error> {
    let got = HandshakeType(message.first().copied().unwrap_or_default());
    let body = message.get(MESSAGE_HEADER_LEN..).unwrap_or_default();
    #[cfg(feature = "legacy")]
    if receiving.is_legacy() {
        return accept_legacy_message(receiving, is_client, got, body);
    }
    match got {
        HandshakeType::KEY_UPDATE => {
            let request = KeyUpdate::read(body)?.request_update;
            receiving.update_keys()?;
            Ok(match request {
                KeyUpdateRequest::Requested => Action::Answer,
                KeyUpdateRequest::NotRequested => Action::Nothing,
            })
        }
        // A ticket is of no use to a client that does not resume; it must be well-formed all the same.
        HandshakeType::NEW_SESSION_TICKET if is_client => {
            receiving.count_ticket()?;
            let ticket = read_ticket(body)?;
            if let Some(keeper) = keeper {
                keeper.keep(&ticket)?;
            }
            Ok(Action::Nothing)
        }
        HandshakeType::CERTIFICATE_REQUEST if is_client => {
            receiving.count_certificate_request()?;
            Ok(Action::Authenticate(message))
        }
        HandshakeType::CERTIFICATE
        | HandshakeType::CERTIFICATE_VERIFY
        | HandshakeType::FINISHED
            if !is_client =>
        {
            Ok(Action::Authenticate(message))
        }
        got => Err(PeerMisbehaved::UnexpectedMessage {
            got,
            expected: "application data",
        }
        .into()),
    }
}

/// TLS 1.2 and older: what asks for renegotiation is refused by a warning (RFC 5246 Section 7.4.1.1 and 7.2.2), and the
/// connection goes on.
#[cfg(feature = "legacy")]
fn accept_legacy_message(
    receiving: &mut Receiving,
    is_client: bool,
    got: HandshakeType,
    body: &[u8],
) -> Result<Action, Error> {
    let asks = match is_client {
        true => HandshakeType::HELLO_REQUEST,
        false => HandshakeType::CLIENT_HELLO,
    };
    if got != asks {
        return Err(PeerMisbehaved::UnexpectedMessage {
            got,
            expected: "application data",
        }
        .into());
    }
    if is_client {
        HelloRequest::read(body)?;
    }
    receiving.count_renegotiation()?;
    Ok(match is_client {
        true => Action::Renegotiate,
        false => Action::Answer,
    })
}

/// Who was authenticated after the handshake.
pub(crate) enum Authenticated {
    /// The client, to this server.
    Peer(PeerIdentity),
    /// This client, to the server.
    Local(Chosen),
    /// The client had no certificate.
    Nobody,
}

impl PostHandshakeAuth {
    /// The client's answer to `request`.
    pub(crate) fn answer(&self, request: Vec<u8>) -> Result<Coroutine<Authenticated>, Error> {
        let Side::Client(config, own) = &self.side else {
            return Err(PeerMisbehaved::UnexpectedMessage {
                got: HandshakeType::CERTIFICATE_REQUEST,
                expected: "application data",
            }
            .into());
        };
        let (config, own, transcript) = (config.clone(), own.clone(), self.transcript.clone());
        Ok(Coroutine::new(|peer| {
            answer_request(peer, config, own, transcript, request)
        }))
    }

    /// The server's request and its wait for the answer, which must have a certificate if `required`.
    pub(crate) fn request(&self, required: bool) -> Result<Coroutine<Authenticated>, Error> {
        let Side::Server(config, verifier) = &self.side else {
            return Err(Error::Internal("only servers ask for certificates"));
        };
        let (config, verifier) = (config.clone(), verifier.clone());
        let transcript = self.transcript.clone();
        let context = config.settings.random.bytes()?;
        Ok(Coroutine::new(move |peer| {
            request_certificate(peer, config, verifier, transcript, context, required)
        }))
    }
}

/// The client: answers a CertificateRequest with Certificate, CertificateVerify and Finished, all at once.
async fn answer_request(
    mut peer: Peer,
    config: Arc<ClientConfig>,
    own: OwnMaterial,
    mut transcript: Transcript,
    request: Vec<u8>,
) -> Result<Authenticated, Error> {
    let body = request.get(MESSAGE_HEADER_LEN..).unwrap_or_default();
    let message = CertificateRequest::read(body)?;
    let context = message.certificate_request_context.to_vec();
    let wanted = wanted_of_request(&message)?;
    transcript.add(&request);
    let credentials = config.role.credentials.as_deref();
    let chosen = choose_credential(
        &mut peer,
        own.credential.as_ref(),
        credentials,
        &wanted,
        None,
    );
    let chosen = chosen.await?.unwrap_or(None);
    let takes = wanted.takes;
    send_identity(
        &mut peer,
        &mut transcript,
        false,
        chosen.as_ref(),
        &context,
        takes,
    )
    .await?;
    let finished_key = peer.with_wire(|wire| match wire.sending.epoch() {
        Some(epoch) => epoch.secret.finished_key(),
        None => Err(Error::Internal("no application keys")),
    })?;
    send_finished(&mut peer, &mut transcript, &finished_key)?;
    peer.with_wire(|wire| wire.sending.flush_flight())?;
    Ok(chosen.map_or(Authenticated::Nobody, Authenticated::Local))
}

/// The server: sends a CertificateRequest and waits for the client's answer.
async fn request_certificate(
    mut peer: Peer,
    config: Arc<ServerConfig>,
    verifier: Arc<dyn VerifyPeer>,
    mut transcript: Transcript,
    context: [u8; 32],
    required: bool,
) -> Result<Authenticated, Error> {
    send_request(&mut peer, &mut transcript, &config, &*verifier, &context)?;
    peer.with_wire(|wire| wire.sending.flush_flight())?;
    let rules = Rules {
        verifier: &*verifier,
        schemes: &config.settings.signature_schemes,
        peer: PeerRole::Client,
        may_be_absent: !required,
        context: &context,
        offered: ExtensionSet::default(),
        now: config.settings.clock.now(),
    };
    let identity = recv_identity(&mut peer, &mut transcript, &rules).await?;
    let finished_key = peer.with_wire(|wire| match wire.receiving.epoch() {
        Some(epoch) => epoch.secret.finished_key(),
        None => Err(Error::Internal("no application keys")),
    })?;
    let _verified = recv_finished(&mut peer, &mut transcript, &finished_key).await?;
    Ok(identity.map_or(Authenticated::Nobody, Authenticated::Peer))
}
