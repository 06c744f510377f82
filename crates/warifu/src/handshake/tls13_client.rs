//! The client's side of a TLS 1.3 handshake, RFC 8446 Section 2:
//!
//! ```text
//!        Client                                           Server
//!
//!        ClientHello              -------->
//!        (Application Data*)      -------->
//!                                 <--------      HelloRetryRequest*
//!        {dummy CCS}
//!        ClientHello*             -------->
//!                                                      ServerHello
//!                                            {EncryptedExtensions}
//!                                             {CertificateRequest*}
//!                                                   {Certificate*}
//!                                             {CertificateVerify*}
//!                                                       {Finished}
//!                                 <--------    [Application Data*]
//!        (EndOfEarlyData*)
//!        {Certificate*}
//!        {CertificateVerify*}
//!        {Finished}               -------->
//!        [Application Data]       <------->     [Application Data]
//!
//!        * only in some handshakes: certificates without a pre-shared key, or where both are wanted (RFC 9973)
//!        () under early keys    {} under handshake keys    [] under application keys
//! ```
//!
//! Pre-shared keys and their binders 4.2.11, early data 4.2.10. Messages: ClientHello 4.1.2, ServerHello 4.1.3, HelloRetryRequest 4.1.4, EncryptedExtensions 4.3.1, CertificateRequest
//! 4.3.2, Certificate 4.4.2, CertificateVerify 4.4.3, Finished 4.4.4. Everything below is in that order.

use std::sync::Arc;

use rustls_pki_types::ServerName;
use warifu_crypto::{HmacKey, SharedSecret};

use crate::config::ClientConfig;
use crate::coroutine::{Either, Peer, Received};
use crate::decision::PeerRole;
use crate::early_data::EarlyData;
use crate::error::{Error, OrInternal, PeerMisbehaved, PskFailure};
use crate::facts::{ConnectionFacts, HandshakeKind};
use crate::message::{
    Certificate, CertificateRequest, EncryptedExtensions, EndOfEarlyData, Handshake,
    HelloRetryRequest, ServerHello, ServerHelloOrRetry,
};
use crate::parameters::{NamedGroup, ProtocolVersion, PskKeyExchangeMode, Tls13Suite};
use crate::psk::{PskHash, PskPolicy};
use crate::record::MAX_FRAGMENT_LEN;
use crate::record::protection::RecordKeys;
use crate::record::wire::{ChangeCipherSpecRule, Epoch};
use crate::resumption::state::Origin;
use crate::resumption::{ClientSessionStore, SessionKey};

use super::certificate::{
    self, Chosen, FinishedVerified, PeerIdentity, Rules, Takes, Wanted, choose_credential,
    recv_finished, send_finished, send_identity,
};
use super::negotiate::has_downgrade_sentinel;
use super::offer::Offer;
use super::post_handshake::PostHandshakeAuth;
use super::psk::{Offered, OfferedSource};
use super::ticket::{self, Keeper, Template};
use super::tls13_key_schedule::{EarlySecret, HandshakeSecret, MainSecret};
use super::transcript::Transcript;
use super::{AfterHandshake, Connected, Exporter, OwnMaterial};

/// What the flow knows before its first byte.
pub(super) struct Client {
    pub(super) config: Arc<ClientConfig>,
    pub(super) server_name: ServerName<'static>,
    pub(super) own: OwnMaterial,
}

impl Client {
    /// The name to send in SNI: without a trailing dot, and no address (RFC 6066 Section 3).
    pub(super) fn sni(&self) -> Option<&str> {
        match &self.server_name {
            ServerName::DnsName(name) if self.config.role.send_server_name => {
                Some(name.as_ref().trim_end_matches('.'))
            }
            _ => None,
        }
    }

    /// What sessions are kept under.
    pub(super) fn session_context(&self) -> [u8; 32] {
        self.own.session_context(&self.config.settings)
    }

    /// Where sessions are kept: the connection's own place wins.
    pub(super) fn session_store(&self) -> Option<&Arc<dyn ClientSessionStore>> {
        let of_config = self.config.role.session_store.as_ref();
        let own = self.own.of_client.as_deref();
        own.and_then(|own| own.session_store.as_ref()).or(of_config)
    }

    /// Whether early data is offered where that can be done.
    pub(super) fn offers_early_data(&self) -> bool {
        let own = self.own.of_client.as_deref();
        own.and_then(|own| own.early_data)
            .unwrap_or(self.config.role.early_data)
    }
}

/// The flow, from the answer to the first ClientHello on.
pub(super) async fn run(
    peer: &mut Peer,
    client: &Client,
    offer: &mut Offer<'_>,
    client_hello: &[u8],
    answer: Received<ServerHello<'static>>,
    is_retry: bool,
) -> Result<Connected, Error> {
    // What a retry and what certificates need is boxed, here and below: a handshake with a key alone has no room for it in
    // its future.
    let (after_retry, answer) = if is_retry {
        let (transcript, answer) =
            Box::pin(retry(peer, client, offer, client_hello, &answer)).await?;
        (Some(transcript), answer)
    } else {
        (None, answer)
    };
    let kind = match after_retry {
        Some(_) => HandshakeKind::FullWithRetry,
        None => HandshakeKind::Full,
    };
    let (choice, shared_secret) = agree(client, offer, &answer, kind)?;
    let mut transcript =
        after_retry.unwrap_or_else(|| offer.transcript(choice.suite.hash, client_hello));
    transcript.add(answer.bytes());
    let early = choice.early_secret(offer)?;
    let handshake = early.into_handshake_secret(shared_secret.as_ref())?;
    let mut keys = install_handshake_keys(peer, offer, &choice, &handshake, &mut transcript)?;

    let alpn = recv_encrypted_extensions(peer, &mut transcript, offer, &choice).await?;
    install_sending_keys(peer, &mut keys)?;
    let (request, server) = match choice.with_certificate {
        true => Box::pin(recv_server_identity(peer, &mut transcript, client, offer)).await?,
        false => (None, None),
    };
    let verified = recv_finished(peer, &mut transcript, &keys.server_finished).await?;
    peer.end_of_flight()?;

    let main = handshake.into_main_secret()?;
    let server_finished_hash = transcript.current_hash();
    send_end_of_early_data(peer, &mut transcript, &mut keys)?;
    let chosen = match &request {
        Some(request) => {
            Box::pin(send_client_identity(peer, &mut transcript, client, request)).await?
        }
        None => None,
    };
    send_finished(peer, &mut transcript, &keys.client_finished)?;
    let exporter = main.exporter_secret(&server_finished_hash)?;
    offer.log_secret("EXPORTER_SECRET", exporter.as_bytes());
    let hash = &server_finished_hash;
    install_application_keys(peer, offer, &choice, &main, hash, verified)?;

    let facts = choice.facts(peer, offer, server, chosen, alpn)?;
    let tickets = keep_tickets(client, offer, &choice, &facts, main, &mut transcript)?;
    let post_handshake_auth = client.config.role.post_handshake_auth.then(|| {
        Box::new(PostHandshakeAuth::client(
            client.config.clone(),
            client.own.clone(),
            transcript,
        ))
    });
    Ok(Connected {
        facts,
        exporter: Exporter::Tls13(exporter),
        post_handshake_auth,
        after: tickets,
    })
}

fn is_retry(answer: &Received<ServerHello<'static>>) -> Result<bool, Error> {
    let answer = ServerHelloOrRetry::read(answer.body())?;
    Ok(matches!(answer, ServerHelloOrRetry::HelloRetryRequest(_)))
}

/// Section 4.1.4: sends a second ClientHello, and waits for the ServerHello that answers it.
async fn retry(
    peer: &mut Peer,
    client: &Client,
    offer: &mut Offer<'_>,
    client_hello: &[u8],
    answer: &Received<ServerHello<'static>>,
) -> Result<(Transcript, Received<ServerHello<'static>>), Error> {
    let request = HelloRetryRequest::read(answer.body())?;
    peer.end_of_flight()?;
    request.extensions.check_solicited(offer.offered)?;
    let version = request.extensions.supported_versions;
    let session_id = request.legacy_session_id_echo.as_slice();
    check_not_ssl3(request.legacy_version)?;
    let suite = check_answer(offer, version, session_id, request.cipher_suite)?;
    let cookie = request
        .extensions
        .cookie
        .as_ref()
        .map(|cookie| cookie.as_slice());
    let random = &*client.config.settings.random;
    let had_early_data = offer.offers_early_data();
    offer.retry(random, suite, request.extensions.key_share, cookie)?;

    let mut transcript = Transcript::after_retry(suite.hash, client_hello);
    transcript.add(answer.bytes());
    if had_early_data {
        // Section 4.2.10: what was sent is lost; the change_cipher_spec went out before it.
        peer.with_wire(|wire| {
            wire.early_data = EarlyData::Rejected;
            wire.sending.drop_early_keys();
            Ok(())
        })?;
    } else {
        send_change_cipher_spec(peer, offer)?;
    }
    let second_client_hello = offer.send(peer, Some(&transcript))?;
    transcript.add(&second_client_hello);
    let answer = peer.recv::<ServerHello>().await?;
    if is_retry(&answer)? {
        return Err(PeerMisbehaved::SecondHelloRetryRequest.into());
    }
    check_server_hello(offer, &read_server_hello(&answer)?, Some(suite))?;
    Ok((transcript, answer))
}

/// RFC 8446 Appendix D.4: a client that sent a session ID sends it before its second flight.
fn send_change_cipher_spec(peer: &mut Peer, offer: &Offer<'_>) -> Result<(), Error> {
    if offer.session_id().is_empty() {
        return Ok(());
    }
    peer.with_wire(|wire| wire.sending.send_change_cipher_spec())
}

fn read_server_hello<'a>(
    answer: &'a Received<ServerHello<'static>>,
) -> Result<ServerHello<'a>, Error> {
    match ServerHelloOrRetry::read(answer.body())? {
        ServerHelloOrRetry::ServerHello(hello) => Ok(hello),
        // Only after a retry: the first answer goes another way if it is older. Section 4.1.4: "a client MUST abort the
        // handshake with an "illegal_parameter" alert if the value changes."
        ServerHelloOrRetry::Older(older) if has_downgrade_sentinel(&older.random.0) => {
            Err(PeerMisbehaved::DowngradeDetected.into())
        }
        ServerHelloOrRetry::Older(_) => Err(PeerMisbehaved::IllegalParameter {
            what: "ServerHello is of another version than HelloRetryRequest (RFC 8446 Section 4.1.4)",
        }
        .into()),
        ServerHelloOrRetry::HelloRetryRequest(_) => {
            Err(PeerMisbehaved::SecondHelloRetryRequest.into())
        }
    }
}

/// Section 4.1.3, and after a retry that the suite did not change (Section 4.1.4).
fn check_server_hello(
    offer: &Offer<'_>,
    hello: &ServerHello<'_>,
    suite_of_retry: Option<Tls13Suite>,
) -> Result<Tls13Suite, Error> {
    hello.extensions.check_solicited(offer.offered)?;
    let version = hello.extensions.supported_versions;
    let session_id = hello.legacy_session_id_echo.as_slice();
    check_not_ssl3(hello.legacy_version)?;
    let suite = check_answer(offer, version, session_id, hello.cipher_suite)?;
    if suite_of_retry.is_some_and(|before| before != suite) {
        return Err(PeerMisbehaved::IllegalParameter {
            what: "ServerHello has another cipher suite than HelloRetryRequest (RFC 8446 Section 4.1.4)",
        }
        .into());
    }
    Ok(suite)
}

/// RFC 8446 Appendix D.5; any other legacy_version is ignored (Section 4.2.1).
fn check_not_ssl3(legacy_version: ProtocolVersion) -> Result<(), Error> {
    if legacy_version == super::negotiate::SSL3 {
        return Err(PeerMisbehaved::Ssl3.into());
    }
    Ok(())
}

/// What ServerHello and HelloRetryRequest have in common.
fn check_answer(
    offer: &Offer<'_>,
    version: Option<ProtocolVersion>,
    session_id: &[u8],
    suite: crate::parameters::CipherSuite,
) -> Result<Tls13Suite, Error> {
    match version {
        Some(ProtocolVersion::TLS1_3) => {}
        Some(other) => {
            return Err(PeerMisbehaved::IllegalVersion { version: other.0 }.into());
        }
        None => {
            return Err(PeerMisbehaved::MissingExtension {
                extension: "supported_versions",
                message: "ServerHello",
            }
            .into());
        }
    }
    if session_id != offer.session_id() {
        return Err(PeerMisbehaved::IllegalParameter {
            what: "legacy_session_id_echo is not what was sent (RFC 8446 Section 4.1.3)",
        }
        .into());
    }
    offer.suite(suite).ok_or_else(|| {
        PeerMisbehaved::NotOffered {
            what: "cipher suite",
            value: suite.to_string(),
        }
        .into()
    })
}

/// What the server chose from the offer.
struct Choice {
    suite: Tls13Suite,
    /// `None` with a pre-shared key alone (`psk_ke`).
    group: Option<NamedGroup>,
    /// Which of the keys and tickets offered.
    psk: Option<usize>,
    /// The server proves itself by a certificate: without a pre-shared key, or beside it (RFC 9973).
    with_certificate: bool,
    kind: HandshakeKind,
}

/// The key exchange, Section 4.2.8, and the pre-shared key, Section 4.2.11.
fn agree(
    client: &Client,
    offer: &mut Offer<'_>,
    answer: &Received<ServerHello<'static>>,
    kind: HandshakeKind,
) -> Result<(Choice, Option<SharedSecret>), Error> {
    // Neither a request to retry nor of an older version: that was told before.
    let hello = ServerHello::read(answer.body());
    let hello = hello.as_ref().map_err(Error::clone)?;
    let suite = check_server_hello(offer, hello, None)?;
    let psk = check_selected_psk(client, offer, hello, suite)?;
    let share = &hello.extensions.key_share;
    let modes = &client.config.settings.psk_modes;
    match (share, psk) {
        // Section 4.2.11: "that a server "key_share" extension is present if required by the ClientHello
        // "psk_key_exchange_modes" extension. If these values are not consistent, the client MUST abort the handshake with
        // an "illegal_parameter" alert."
        (None, Some(_)) if !modes.contains(&PskKeyExchangeMode::PSK_KE) => {
            return Err(PeerMisbehaved::PskModeNotOffered { mode: "psk_ke" }.into());
        }
        (Some(_), Some(_)) if !modes.contains(&PskKeyExchangeMode::PSK_DHE_KE) => {
            return Err(PeerMisbehaved::PskModeNotOffered { mode: "psk_dhe_ke" }.into());
        }
        (None, None) => {
            return Err(PeerMisbehaved::MissingExtension {
                extension: "key_share",
                message: "ServerHello",
            }
            .into());
        }
        _ => {}
    }
    let secret = match share {
        Some(share) => Some(offer.agree(share)?),
        None => None,
    };
    let kind = match psk.and_then(|index| offer.psks.get(index)) {
        Some(offered) => offered.kind(kind.has_retry()),
        None => kind,
    };
    let choice = Choice {
        suite,
        group: share.as_ref().map(|share| share.group),
        psk,
        with_certificate: psk.is_none() || hello.extensions.tls_cert_with_extern_psk.is_some(),
        kind,
    };
    Ok((choice, secret))
}

/// Section 4.2.11: which of our keys the server uses, and whether that is legal and enough for us.
fn check_selected_psk(
    client: &Client,
    offer: &Offer<'_>,
    hello: &ServerHello<'_>,
    suite: Tls13Suite,
) -> Result<Option<usize>, Error> {
    let extensions = &hello.extensions;
    let with_certificate = extensions.tls_cert_with_extern_psk.is_some();
    let policy = client.config.settings.psk_policy;
    let Some(selected) = extensions.pre_shared_key else {
        // RFC 9973 Section 5: the extension is sent together with the key.
        if with_certificate {
            return Err(PeerMisbehaved::IllegalParameter {
                what: "tls_cert_with_extern_psk without pre_shared_key (RFC 9973 Section 5)",
            }
            .into());
        }
        return match policy {
            PskPolicy::Optional => Ok(None),
            PskPolicy::Required | PskPolicy::RequiredWithCertificate => {
                Err(PskFailure::NotAccepted.into())
            }
        };
    };
    let Some(offered) = offer.psks.get(usize::from(selected)) else {
        return Err(PeerMisbehaved::SelectedIdentityOutOfRange {
            selected,
            offered: offer.psks.len(),
        }
        .into());
    };
    if offered.hash() != suite.hash {
        return Err(PeerMisbehaved::PskHashMismatch {
            suite: suite.suite.to_string(),
            hash: PskHash::of(offered.hash()).to_string(),
        }
        .into());
    }
    if with_certificate && extensions.key_share.is_none() {
        return Err(PeerMisbehaved::PskModeNotOffered {
            mode: "psk_ke beside a certificate",
        }
        .into());
    }
    if policy == PskPolicy::RequiredWithCertificate && !with_certificate {
        return Err(PskFailure::CertificateRequired.into());
    }
    Ok(Some(usize::from(selected)))
}

/// What of the handshake's traffic secrets is wanted later.
struct HandshakeKeys {
    /// Until this side changes to it, behind early data.
    client: Option<RecordKeys>,
    client_finished: Box<HmacKey>,
    server_finished: Box<HmacKey>,
}

impl HandshakeKeys {
    fn take_client(&mut self) -> Result<RecordKeys, Error> {
        self.client
            .take()
            .or_internal("handshake keys installed twice")
    }
}

fn install_handshake_keys(
    peer: &mut Peer,
    offer: &Offer<'_>,
    choice: &Choice,
    handshake: &HandshakeSecret,
    transcript: &mut Transcript,
) -> Result<HandshakeKeys, Error> {
    let transcript_hash = transcript.current_hash();
    let client = handshake.client_handshake_traffic_secret(&transcript_hash)?;
    let server = handshake.server_handshake_traffic_secret(&transcript_hash)?;
    offer.log_secret("CLIENT_HANDSHAKE_TRAFFIC_SECRET", client.as_bytes());
    offer.log_secret("SERVER_HANDSHAKE_TRAFFIC_SECRET", server.as_bytes());
    if !choice.kind.has_retry() && !offer.offers_early_data() {
        send_change_cipher_spec(peer, offer)?;
    }
    let (client, client_finished) = client.handshake_keys(&choice.suite)?;
    let (server, server_finished) = server.handshake_keys(&choice.suite)?;
    let mut keys = HandshakeKeys {
        client: Some(client),
        client_finished,
        server_finished,
    };
    peer.with_wire(|wire| {
        let aligned = wire.receiving.prove_aligned()?;
        wire.receiving.set_keys(server, aligned);
        // Early data goes on until the server has answered it.
        match offer.offers_early_data() {
            true => Ok(()),
            false => wire.sending.set_keys(keys.take_client()?),
        }
    })?;
    Ok(keys)
}

/// Section 4.2.10: a client whose early data is not taken goes on as one that sent none.
fn install_sending_keys(peer: &mut Peer, keys: &mut HandshakeKeys) -> Result<(), Error> {
    peer.with_wire(|wire| {
        if wire.early_data != EarlyData::Rejected || !wire.sending.sends_early_data() {
            return Ok(());
        }
        wire.sending.set_keys(keys.take_client()?)
    })
}

/// Section 4.5: the end of early data that the server takes, and the change of keys behind it.
fn send_end_of_early_data(
    peer: &mut Peer,
    transcript: &mut Transcript,
    keys: &mut HandshakeKeys,
) -> Result<(), Error> {
    if peer.with_wire(|wire| Ok(wire.early_data))? != EarlyData::Accepted {
        return Ok(());
    }
    peer.send(transcript, &EndOfEarlyData {})?;
    peer.with_wire(|wire| wire.sending.set_keys(keys.take_client()?))
}

/// Section 4.3.1: what the server says to our extensions. Returns the application protocol.
async fn recv_encrypted_extensions(
    peer: &mut Peer,
    transcript: &mut Transcript,
    offer: &Offer<'_>,
    choice: &Choice,
) -> Result<Option<Arc<[u8]>>, Error> {
    let received = peer.recv::<EncryptedExtensions>().await?;
    let message = EncryptedExtensions::read(received.body())?;
    transcript.add(received.bytes());
    message.extensions.check_solicited(offer.offered)?;

    let selected = message.extensions.application_layer_protocol_negotiation;
    let alpn = selected.as_ref().map(|selected| selected.0.as_slice());
    offer.check_alpn(alpn)?;
    let limits = RecordLimits::agreed(offer, &message)?;
    let accepted = message.extensions.early_data.is_some();
    if accepted {
        check_accepted_early_data(offer, choice, alpn)?;
    }
    peer.with_wire(|wire| {
        if offer.offers_early_data() {
            wire.early_data = match accepted {
                true => EarlyData::Accepted,
                false => EarlyData::Rejected,
            };
        }
        wire.sending.writer_mut().set_negotiated_limit(limits.send);
        wire.max_fragment_length = message.extensions.max_fragment_length;
        wire.receiving
            .reader_mut()
            .set_inner_limit(limits.receive_inner);
        Ok(())
    })?;
    Ok(alpn.map(Arc::from))
}

/// Section 4.2.10: a server that takes early data "MUST have accepted a PSK cipher suite and selected the first key offered
/// in the client's "pre_shared_key" extension", with the suite and protocol of the session, or of the key; else "the client MUST abort the handshake
/// with an "illegal_parameter" alert".
fn check_accepted_early_data(
    offer: &Offer<'_>,
    choice: &Choice,
    alpn: Option<&[u8]>,
) -> Result<(), Error> {
    let illegal = |what| Err(PeerMisbehaved::IllegalParameter { what }.into());
    if choice.psk != Some(0) {
        return illegal(
            "early data accepted with another key than the first one offered (RFC 8446 Section 4.2.10)",
        );
    }
    if !offer.may_accept_early_data(choice.suite) {
        return illegal(
            "early data accepted with another cipher suite than it was sent with (RFC 8446 Section 4.2.10)",
        );
    }
    if offer.early_data_alpn() != alpn {
        return illegal(
            "early data accepted with another application protocol than it was sent for (RFC 8446 Section 4.2.10)",
        );
    }
    Ok(())
}

/// Record sizes in force from here on.
struct RecordLimits {
    /// Most bytes of content this side sends in a record.
    send: usize,
    /// Most bytes of content, type and padding the peer may send in a record.
    receive_inner: usize,
}

impl RecordLimits {
    fn agreed(offer: &Offer<'_>, message: &EncryptedExtensions<'_>) -> Result<Self, Error> {
        let none = Self {
            send: MAX_FRAGMENT_LEN,
            receive_inner: MAX_FRAGMENT_LEN + 1,
        };
        let extensions = &message.extensions;
        match (
            &extensions.record_size_limit,
            extensions.max_fragment_length,
        ) {
            // RFC 8449 Section 5: "Clients MUST treat receipt of both ... as a fatal error".
            (Some(_), Some(_)) => Err(PeerMisbehaved::IllegalParameter {
                what: "both record_size_limit and max_fragment_length (RFC 8449 Section 5)",
            }
            .into()),
            (Some(limit), None) => Ok(Self {
                // In TLS 1.3 the limit counts the content type too (RFC 8449 Section 4).
                send: usize::from(limit.0).saturating_sub(1).min(none.send),
                receive_inner: offer
                    .record_size_limit()
                    .map_or(none.receive_inner, usize::from),
            }),
            (None, Some(len)) if Some(len) == offer.max_fragment_length() => Ok(Self {
                send: len.fragment_len(),
                receive_inner: len.fragment_len() + 1,
            }),
            (None, Some(_)) => Err(PeerMisbehaved::IllegalParameter {
                what: "max_fragment_length is not the one requested (RFC 6066 Section 4)",
            }
            .into()),
            (None, None) => Ok(none),
        }
    }
}

/// A server's request for our certificate, checked when it came. It is kept as it came, and read again where it is
/// needed.
struct Request {
    received: Received<CertificateRequest<'static>>,
}

impl Request {
    fn wanted(&self) -> Result<Wanted<'_>, Error> {
        wanted_of_request(&CertificateRequest::read(self.received.body())?)
    }
}

/// Section 4.3.2, 4.4.2 and 4.4.3: CertificateRequest, if the server asks; its Certificate and CertificateVerify.
async fn recv_server_identity(
    peer: &mut Peer,
    transcript: &mut Transcript,
    client: &Client,
    offer: &Offer<'_>,
) -> Result<(Option<Request>, Option<PeerIdentity>), Error> {
    let next = peer
        .recv_either::<CertificateRequest, Certificate>("CertificateRequest or Certificate")
        .await?;
    let (request, certificate) = match next {
        Either::First(received) => {
            transcript.add(received.bytes());
            (
                Some(check_certificate_request(received)?),
                peer.recv::<Certificate>().await?,
            )
        }
        Either::Second(certificate) => (None, certificate),
    };
    let verifier = client.config.role.verifier.as_deref();
    let rules = Rules {
        verifier: verifier.or_internal("certificate without a verifier")?,
        schemes: &client.config.settings.signature_schemes,
        peer: PeerRole::Server(&client.server_name),
        may_be_absent: false,
        context: &[],
        offered: offer.offered,
        now: client.config.settings.clock.now(),
    };
    let identity = certificate::recv_identity_after(peer, transcript, &rules, certificate).await?;
    let identity = identity.or_internal("server without identity")?;
    Ok((request, Some(identity)))
}

fn check_certificate_request(
    received: Received<CertificateRequest<'static>>,
) -> Result<Request, Error> {
    let message = CertificateRequest::read(received.body())?;
    if !message.certificate_request_context.is_empty() {
        return Err(PeerMisbehaved::IllegalParameter {
            what: "certificate_request_context is not empty in a handshake (RFC 8446 Section 4.3.2)",
        }
        .into());
    }
    wanted_of_request(&message)?;
    Ok(Request { received })
}

/// What a CertificateRequest asks for, also after the handshake.
pub(super) fn wanted_of_request<'a>(message: &CertificateRequest<'a>) -> Result<Wanted<'a>, Error> {
    let extensions = &message.extensions;
    let schemes = extensions
        .signature_algorithms
        .ok_or(PeerMisbehaved::MissingExtension {
            extension: "signature_algorithms",
            message: "CertificateRequest",
        })?;
    Ok(Wanted {
        schemes,
        authorities: extensions.certificate_authorities,
        takes: Takes {
            ocsp: extensions.status_request.is_some(),
            scts: extensions.signed_certificate_timestamp.is_some(),
        },
        peers_order: false,
    })
}

/// Section 4.4.2 and 4.4.3: our answer to the server's request. Returns the credential, if there was one. A client whose keys
/// the server cannot verify answers as one without (Section 4.4.2.3).
async fn send_client_identity(
    peer: &mut Peer,
    transcript: &mut Transcript,
    client: &Client,
    request: &Request,
) -> Result<Option<Chosen>, Error> {
    let wanted = request.wanted()?;
    let own = client.own.credential.as_ref();
    let config = client.config.role.credentials.as_deref();
    let chosen = choose_credential(peer, own, config, &wanted, None)
        .await?
        .unwrap_or(None);
    send_identity(peer, transcript, false, chosen.as_ref(), &[], wanted.takes).await?;
    Ok(chosen)
}

fn install_application_keys(
    peer: &mut Peer,
    offer: &Offer<'_>,
    choice: &Choice,
    main: &MainSecret,
    server_finished_hash: &warifu_crypto::Digest,
    _verified: FinishedVerified,
) -> Result<(), Error> {
    let to_server = main.client_application_traffic_secret(server_finished_hash)?;
    let to_client = main.server_application_traffic_secret(server_finished_hash)?;
    offer.log_secret("CLIENT_TRAFFIC_SECRET_0", to_server.as_bytes());
    offer.log_secret("SERVER_TRAFFIC_SECRET_0", to_client.as_bytes());
    peer.with_wire(|wire| {
        let aligned = wire.receiving.prove_aligned()?;
        wire.receiving
            .set_change_cipher_spec(ChangeCipherSpecRule::Refuse);
        wire.receiving.set_epoch(
            Epoch {
                suite: choice.suite,
                secret: to_client,
            },
            aligned,
        )?;
        wire.sending.set_epoch(Epoch {
            suite: choice.suite,
            secret: to_server,
        })
    })
}

/// Section 4.6.1: what the tickets that will come need, if somebody keeps them.
fn keep_tickets(
    client: &Client,
    offer: &Offer<'_>,
    choice: &Choice,
    facts: &ConnectionFacts,
    main: MainSecret,
    transcript: &mut Transcript,
) -> Result<AfterHandshake, Error> {
    let config = &client.config;
    let Some(store) = client.session_store() else {
        return Ok(AfterHandshake::Nothing);
    };
    let source = choice
        .psk
        .and_then(|index| offer.psks.get(index))
        .map(|offered| &offered.source);
    let (authenticated_at, origin) = match (source, &facts.psk) {
        (Some(OfferedSource::Session(session)), _) => {
            let state = &session.state;
            (state.authenticated_at, state.origin.clone())
        }
        (source, psk_facts) => {
            let psk = match (source, psk_facts) {
                (Some(OfferedSource::Key { psk, .. }), Some(facts)) => {
                    Some(ticket::origin_of_key(psk, facts.clone())?)
                }
                _ => None,
            };
            let origin = Origin {
                with_certificate: psk.is_some() && choice.with_certificate,
                psk,
                peer_certificates: facts.peer_certificates.clone(),
            };
            (config.settings.clock.now().as_secs(), origin)
        }
    };
    let context = client.session_context();
    Ok(AfterHandshake::Keep(Box::new(Keeper {
        config: config.clone(),
        store: store.clone(),
        key: SessionKey::new(&client.server_name, context),
        secret: main.into_resumption_secret(&transcript.current_hash())?,
        template: Template {
            suite: choice.suite,
            authenticated_at,
            context,
            server_name: facts.server_name.clone(),
            alpn: facts.alpn.clone(),
            origin,
        },
    })))
}

impl Choice {
    fn early_secret<'o>(&self, offer: &'o Offer<'_>) -> Result<EarlySecret<'o>, Error> {
        match self.psk.and_then(|index| offer.psks.get(index)) {
            Some(offered) => Ok(EarlySecret::WithPsk(&offered.secret)),
            None => EarlySecret::without_psk(self.suite.hash),
        }
    }

    fn facts(
        &self,
        peer: &mut Peer,
        offer: &Offer<'_>,
        server: Option<PeerIdentity>,
        chosen: Option<Chosen>,
        alpn: Option<Arc<[u8]>>,
    ) -> Result<Box<ConnectionFacts>, Error> {
        let (max_fragment_sent, max_fragment_length, early_data) =
            peer.with_wire(|wire| Ok(wire.size_and_early_data()))?;
        let offered = self.psk.and_then(|index| offer.psks.get(index));
        let resumed = match offered.map(|offered| &offered.source) {
            Some(OfferedSource::Session(session)) => Some(&session.state.origin),
            _ => None,
        };
        let declined = match (self.psk, offer.psks.len()) {
            (None, 0) | (Some(0), _) => None,
            (None, _) => Some("the server took none of the keys and tickets offered"),
            (Some(_), _) => Some("the server took another key than the first one offered"),
        };
        Ok(Box::new(ConnectionFacts {
            version: ProtocolVersion::TLS1_3,
            cipher_suite: self.suite.suite,
            group: self.group,
            handshake_kind: self.kind,
            psk: offered.and_then(Offered::facts),
            psk_mode: offered.map(|_| match self.group {
                Some(_) => PskKeyExchangeMode::PSK_DHE_KE,
                None => PskKeyExchangeMode::PSK_KE,
            }),
            psk_declined: declined.map(Arc::from),
            early_data,
            early_data_declined: None,
            resumed: resumed.is_some(),
            peer_signature_scheme: server.as_ref().map(|server| server.scheme),
            peer_certificates: match (server, resumed) {
                (Some(server), _) => Some(server.certificates),
                (None, Some(origin)) => origin.peer_certificates.clone(),
                (None, None) => None,
            },
            local_signature_scheme: chosen.as_ref().map(|chosen| chosen.scheme),
            local_credential: chosen.map(|chosen| chosen.credential),
            alpn,
            server_name: offer.server_name().map(Arc::from),
            max_fragment_sent,
            max_fragment_length,
            #[cfg(feature = "legacy")]
            legacy: None,
        }))
    }
}

#[cfg(test)]
pub(super) mod tests;
