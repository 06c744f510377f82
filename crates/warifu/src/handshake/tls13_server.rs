//! The server's side of a TLS 1.3 handshake, RFC 8446 Section 2:
//!
//! ```text
//!        Client                                           Server
//!
//!        ClientHello              -------->
//!        (Application Data*)      -------->
//!                                 <--------      HelloRetryRequest*
//!                                                       {dummy CCS}
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
//!                                 <--------    [NewSessionTicket*]
//!        [Application Data]       <------->     [Application Data]
//!
//!        * only in some handshakes: certificates without a pre-shared key, or where both are wanted (RFC 9973)
//!        () under early keys    {} under handshake keys    [] under application keys
//! ```
//!
//! Pre-shared keys and their binders 4.2.11, early data 4.2.10, tickets 4.6.1. Messages: ClientHello 4.1.2, ServerHello 4.1.3, HelloRetryRequest 4.1.4, EncryptedExtensions 4.3.1, CertificateRequest
//! 4.3.2, Certificate 4.4.2, CertificateVerify 4.4.3, Finished 4.4.4. Everything below is in that order.

use std::sync::Arc;

use warifu_crypto::{HmacKey, SharedSecret};

use crate::config::{RandomSource, ServerConfig};
use crate::coroutine::{Peer, Received};
use crate::decision::{PeerRole, VerifyPeer};
use crate::early_data::EarlyData;
use crate::error::{CertificateError, Error, OrInternal, PeerMisbehaved};
use crate::facts::{ConnectionFacts, HandshakeKind};
use crate::message::{
    CertificateRequest, CertificateRequestExtensions, ClientHello, Empty, EncryptedExtensions,
    EncryptedExtensionsExtensions, EndOfEarlyData, ExtensionSet, Handshake, HelloRetryRequest,
    HelloRetryRequestExtensions, KeyShareEntry, List16, NullCompression, Opaque8, Opaque16,
    OwnedSessionId, Random, RecordSizeLimit, RetryRandom, SelectedProtocol, ServerHello,
    ServerHelloExtensions,
};
use crate::parameters::{
    ExtensionType, MaxFragmentLength, NamedGroup, ProtocolVersion, Tls13Suite,
};
use crate::psk::PskPolicy;
use crate::record::MAX_FRAGMENT_LEN;
use crate::record::protection::RecordKeys;
use crate::record::wire::{ChangeCipherSpecRule, Epoch};
use crate::resumption::state::Origin;

use super::certificate::{
    Chosen, FinishedVerified, PeerIdentity, Rules, Takes, Wanted, choose_credential, recv_finished,
    recv_identity, send_finished, send_identity,
};
use super::early_data;
use super::negotiate::{self, GroupChoice};
use super::post_handshake::PostHandshakeAuth;
use super::psk::{self, Counters, Exchange, Found, FoundSource};
use super::ticket::{self, Issuer, Template};
use super::tls13_key_schedule::{
    EarlySecret, ExporterSecret, HandshakeSecret, MainSecret, TrafficSecret,
};
use super::transcript::Transcript;
use super::{AfterHandshake, Connected, Exporter, OwnMaterial};

/// Bytes of records of early data that are skipped for a client which has a ticket or key of another server. 16 KiB is what
/// servers commonly allow a ticket (OpenSSL, BoringSSL); the rest is for the cost of many small records.
const MAX_EARLY_DATA_SKIPPED: usize = 1 << 15;

/// The flow, from the first ClientHello on.
pub(super) async fn run(
    peer: &mut Peer,
    config: &Arc<ServerConfig>,
    own: &OwnMaterial,
    received: Received<ClientHello<'static>>,
) -> Result<Connected, Error> {
    let hello = read_client_hello(&received)?;
    let psk::Search { found, declined } = psk::find(peer, config, own, &received, &hello).await?;
    let mut choice = Choice::negotiate(config, &hello, found, declined)?;
    let chosen = choose_server_credential(peer, config, own, &choice, &hello).await?;
    drop(hello);
    let mut transcript = match choice.group {
        Some(GroupChoice::Retry(_)) => retry(peer, config, &mut choice, &received).await?,
        _ => choice.begin_transcript(&received),
    };
    drop(received);
    decide_early_data(peer, config, &mut choice).await?;
    begin_fragmenting(peer, &choice)?;
    let early = choice.early_keys(config, &mut transcript)?;
    let handshake = send_server_hello(peer, &mut transcript, config, &choice)?;
    let mut keys =
        install_handshake_keys(peer, config, &choice, &handshake, &mut transcript, early)?;

    send_encrypted_extensions(peer, &mut transcript, config, &choice)?;
    let verifier = send_certificate_request(peer, &mut transcript, config, &choice)?;
    // What certificates need is boxed, here and below: a handshake with a key alone has no room for it in its future.
    if let Some(chosen) = &chosen {
        let takes = choice.takes;
        Box::pin(send_identity(
            peer,
            &mut transcript,
            true,
            Some(chosen),
            &[],
            takes,
        ))
        .await?;
    }
    send_finished(peer, &mut transcript, &keys.server_finished)?;
    let main = handshake.into_main_secret()?;
    let (exporter, from_client) =
        begin_application_data(peer, &mut transcript, config, &choice, &main)?;

    if let Some(keys) = keys.client.take() {
        recv_end_of_early_data(peer, &mut transcript, config, &choice, keys).await?;
    }
    let client = match verifier {
        Some(verifier) => {
            Box::pin(recv_client_identity(
                peer,
                &mut transcript,
                config,
                verifier,
            ))
            .await?
        }
        None => None,
    };
    let verified = recv_finished(peer, &mut transcript, &keys.client_finished).await?;
    install_receiving_keys(peer, from_client, verified)?;

    let tickets = send_tickets(peer, config, own, &choice, &client, main, &mut transcript).await?;
    let post_handshake_auth = match config.role.client_auth.after_handshake() {
        Some(verifier) if choice.may_ask_later() => Some(Box::new(PostHandshakeAuth::server(
            config.clone(),
            verifier.clone(),
            transcript,
        ))),
        _ => None,
    };
    Ok(Connected {
        facts: choice.facts(peer, chosen, client)?,
        exporter: Exporter::Tls13(exporter),
        post_handshake_auth,
        after: tickets,
    })
}

/// The version is judged before anything else of a ClientHello. Boxed, as it is wanted until all is chosen.
fn read_client_hello<'a>(
    received: &'a Received<ClientHello<'static>>,
) -> Result<Box<ClientHello<'a>>, Error> {
    let hello = Box::new(ClientHello::read(received.body())?);
    negotiate::check_version(&hello)?;
    Ok(hello)
}

/// What was negotiated from the first ClientHello.
struct Choice {
    client_random: [u8; 32],
    session_id: OwnedSessionId,
    suite: Tls13Suite,
    /// `None` with a pre-shared key alone (`psk_ke`).
    group: Option<GroupChoice>,
    /// key_exchange of the client's share of that group, once there is one.
    client_share: Option<Box<[u8]>>,
    /// The pre-shared key or ticket that is used.
    psk: Option<Box<Found>>,
    /// Why what was offered is not used.
    psk_declined: Option<Arc<str>>,
    /// This server proves itself by a certificate: without a pre-shared key, or beside it (RFC 9973).
    with_certificate: bool,
    /// The client can use tickets in a mode that is allowed here.
    may_resume: bool,
    kind: HandshakeKind,
    alpn: Option<Arc<[u8]>>,
    /// It is the only one that the client offers; none, if it offers none.
    is_only_alpn: bool,
    server_name: Option<Arc<str>>,
    /// What the client takes beside a leaf.
    takes: Takes,
    post_handshake_auth: bool,
    /// What became of the client's early data.
    early_data: EarlyOutcome,
    max_fragment_length: Option<MaxFragmentLength>,
    record_size_limit: Option<u16>,
}

/// Early data, as far as this server has decided.
enum EarlyOutcome {
    NotOffered,
    /// Offered, and not decided yet.
    Offered,
    Accepted {
        limit: u32,
    },
    Declined(Arc<str>),
}

impl Choice {
    /// Section 4.1.1 and 9.2.
    fn negotiate(
        config: &ServerConfig,
        hello: &ClientHello<'_>,
        psk: Option<Box<Found>>,
        psk_declined: Option<Arc<str>>,
    ) -> Result<Self, Error> {
        // Section 4.1.2: "For every TLS 1.3 ClientHello, this vector MUST contain exactly one byte, set to zero".
        if hello.legacy_compression_methods.as_slice() != [0] {
            return Err(PeerMisbehaved::IllegalParameter {
                what: "legacy_compression_methods is not exactly null (RFC 8446 Section 4.1.2)",
            }
            .into());
        }
        let extensions = &hello.extensions;
        let settings = &config.settings;
        let suite = negotiate::choose_suite(settings, hello, psk.as_ref().map(|psk| psk.hash()))?;
        let group = match psk.as_ref().map(|psk| psk.exchange) {
            Some(Exchange::None) => None,
            Some(Exchange::Group(group)) => Some(group),
            None => Some(negotiate::choose_group(settings, hello)?),
        };
        let is_ticket = psk.as_ref().is_some_and(|psk| psk.ticket().is_some());
        // RFC 9973 Section 5: with a key that is no ticket, where the client offers it; with a key exchange.
        let uses_both = extensions.tls_cert_with_extern_psk.is_some()
            && !is_ticket
            && group.is_some()
            && settings.psk_policy != PskPolicy::Required
            && config.role.credentials.is_some();
        let with_certificate = psk.is_none() || uses_both;
        // Section 4.2.3: "if a server is authenticating via a certificate, and the client has not sent a
        // "signature_algorithms" extension, then the server MUST abort the handshake".
        if with_certificate && extensions.signature_algorithms.is_none() {
            return Err(PeerMisbehaved::MissingExtension {
                extension: "signature_algorithms",
                message: "ClientHello",
            }
            .into());
        }
        let may_resume = extensions
            .psk_key_exchange_modes
            .is_some_and(|modes| modes.iter().any(|mode| settings.psk_modes.contains(&mode)));
        let kind = match (&psk, is_ticket) {
            (None, _) => HandshakeKind::Full,
            (Some(_), false) => HandshakeKind::Psk,
            (Some(_), true) => HandshakeKind::Resumed,
        };
        let alpn = negotiate::choose_alpn(settings, hello)?.map(Arc::from);
        let offered = &extensions.application_layer_protocol_negotiation;
        let is_only_alpn = match (offered, &alpn) {
            (Some(offered), Some(_)) => offered.iter().count() == 1,
            (offered, alpn) => offered.is_none() && alpn.is_none(),
        };
        let record_size_limit = extensions.record_size_limit.as_ref().map(|limit| limit.0);
        let max_fragment_length = extensions
            .max_fragment_length
            // RFC 8449 Section 5: record_size_limit wins where both were sent.
            .filter(|_| config.role.max_fragment_length && record_size_limit.is_none());
        Ok(Self {
            client_random: hello.random.0,
            session_id: OwnedSessionId::of(&hello.legacy_session_id),
            suite,
            group,
            client_share: match group {
                Some(GroupChoice::Shared(group)) => client_share(hello, group),
                Some(GroupChoice::Retry(_)) | None => None,
            },
            psk,
            psk_declined,
            with_certificate,
            may_resume,
            kind,
            alpn,
            is_only_alpn,
            server_name: extensions
                .server_name
                .as_ref()
                .map(|name| Arc::from(name.host_name)),
            takes: Takes::of_hello(hello),
            post_handshake_auth: extensions.post_handshake_auth.is_some(),
            early_data: match extensions.early_data {
                Some(_) => EarlyOutcome::Offered,
                None => EarlyOutcome::NotOffered,
            },
            max_fragment_length,
            record_size_limit,
        })
    }

    fn named_group(&self) -> Option<NamedGroup> {
        self.group.map(|group| match group {
            GroupChoice::Shared(group) | GroupChoice::Retry(group) => group,
        })
    }

    /// The transcript up to the first ClientHello, most of which was hashed already where a binder was checked.
    fn begin_transcript(&mut self, received: &Received<ClientHello<'static>>) -> Transcript {
        let known = self.psk.as_mut().and_then(|psk| psk.take_transcript());
        if let Some(transcript) = known {
            return transcript;
        }
        let mut transcript = Transcript::new(self.suite.hash);
        transcript.add(received.bytes());
        transcript
    }

    /// Section 4.3.2: "servers which are authenticating with an external PSK MUST NOT send the CertificateRequest message
    /// either in the main handshake or request post-handshake authentication"; RFC 9973 lets those that use a certificate
    /// too.
    fn may_ask_later(&self) -> bool {
        let is_ticket = |psk: &Found| psk.ticket().is_some();
        let by_key_alone = !self.with_certificate && !self.psk.as_deref().is_some_and(is_ticket);
        self.post_handshake_auth && !by_key_alone
    }

    /// client_early_traffic_secret, if early data is taken; `transcript` ends with the ClientHello.
    fn early_keys(
        &self,
        config: &ServerConfig,
        transcript: &mut Transcript,
    ) -> Result<Option<(TrafficSecret, u32)>, Error> {
        let (Some(psk), EarlyOutcome::Accepted { limit }) = (&self.psk, &self.early_data) else {
            return Ok(None);
        };
        let hash = transcript.current_hash();
        let secret = EarlySecret::client_early_traffic_secret(&psk.secret, &hash)?;
        self.log_secret(config, "CLIENT_EARLY_TRAFFIC_SECRET", secret.as_bytes());
        let exporter = EarlySecret::early_exporter_secret(&psk.secret, &hash)?;
        self.log_secret(config, "EARLY_EXPORTER_SECRET", exporter.as_bytes());
        Ok(Some((secret, *limit)))
    }

    /// Record sizes in force from EncryptedExtensions on. In TLS 1.3 the limit counts the content type too (RFC 8449 Section 4).
    fn record_limits(&self, config: &ServerConfig) -> RecordLimits {
        let own_limit = usize::from(own_record_size_limit(config));
        match (self.record_size_limit, self.max_fragment_length) {
            (Some(limit), _) => RecordLimits {
                send: usize::from(limit).saturating_sub(1),
                receive_inner: own_limit,
            },
            (None, Some(len)) => RecordLimits {
                send: len.fragment_len(),
                receive_inner: len.fragment_len() + 1,
            },
            (None, None) => RecordLimits {
                send: MAX_FRAGMENT_LEN,
                receive_inner: MAX_FRAGMENT_LEN + 1,
            },
        }
    }

    fn log_secret(&self, config: &ServerConfig, label: &str, secret: &[u8]) {
        if let Some(log) = &config.settings.key_log {
            log.log(label, &self.client_random, secret);
        }
    }

    /// What the application is told; what it shares with the facts goes over to them.
    fn facts(
        &mut self,
        peer: &mut Peer,
        chosen: Option<Chosen>,
        client: Option<PeerIdentity>,
    ) -> Result<Box<ConnectionFacts>, Error> {
        let (max_fragment_sent, max_fragment_length, early_data) =
            peer.with_wire(|wire| Ok(wire.size_and_early_data()))?;
        let psk = self.psk.as_deref();
        let ticket = psk.and_then(Found::ticket);
        let resumed_certificates = ticket.and_then(|state| state.origin.peer_certificates.clone());
        Ok(Box::new(ConnectionFacts {
            version: ProtocolVersion::TLS1_3,
            cipher_suite: self.suite.suite,
            group: self.named_group(),
            handshake_kind: self.kind,
            psk: psk.and_then(Found::facts),
            psk_mode: psk.map(|psk| psk.exchange.mode()),
            psk_declined: self.psk_declined.take(),
            early_data,
            early_data_declined: match &self.early_data {
                EarlyOutcome::Declined(reason) => Some(reason.clone()),
                _ => None,
            },
            resumed: ticket.is_some(),
            peer_signature_scheme: client.as_ref().map(|client| client.scheme),
            peer_certificates: client
                .map(|client| client.certificates)
                .or(resumed_certificates),
            local_signature_scheme: chosen.as_ref().map(|chosen| chosen.scheme),
            local_credential: chosen.map(|chosen| chosen.credential),
            alpn: self.alpn.take(),
            server_name: self.server_name.take(),
            max_fragment_sent,
            max_fragment_length,
            #[cfg(feature = "legacy")]
            legacy: None,
        }))
    }
}

/// A copy of the client's share of a group.
fn client_share(hello: &ClientHello<'_>, group: NamedGroup) -> Option<Box<[u8]>> {
    negotiate::find_share(hello, group).map(|share| share.key_exchange.as_slice().into())
}

async fn choose_server_credential(
    peer: &mut Peer,
    config: &ServerConfig,
    own: &OwnMaterial,
    choice: &Choice,
    hello: &ClientHello<'_>,
) -> Result<Option<Chosen>, Error> {
    if !choice.with_certificate {
        return Ok(None);
    }
    let wanted = wanted_by(hello, config.settings.client_preference)?;
    let server_name = choice.server_name.as_deref();
    let own = own.credential.as_ref();
    let credentials = config.role.credentials.as_deref();
    choose_credential(peer, own, credentials, &wanted, server_name)
        .await??
        .ok_or_else(|| CertificateError::NoneToPresent.into())
        .map(Some)
}

/// What a ClientHello says of the certificates that the client can use; whether its order of schemes counts.
fn wanted_by<'a>(hello: &ClientHello<'a>, peers_order: bool) -> Result<Wanted<'a>, Error> {
    let schemes = hello
        .extensions
        .signature_algorithms
        .or_internal("certificate without signature_algorithms")?;
    Ok(Wanted {
        schemes,
        authorities: hello.extensions.certificate_authorities,
        takes: Takes::of_hello(hello),
        peers_order,
    })
}

/// Section 4.2.10: whether the client's early data is taken. Asks the application's replay store.
async fn decide_early_data(
    peer: &mut Peer,
    config: &ServerConfig,
    choice: &mut Choice,
) -> Result<(), Error> {
    if !matches!(choice.early_data, EarlyOutcome::Offered) {
        return Ok(());
    }
    let decision = if choice.kind.has_retry() {
        early_data::Decision::Decline("a HelloRetryRequest was needed".into())
    } else {
        early_data::decide(
            peer,
            config,
            choice.psk.as_deref(),
            &early_data::Chosen {
                suite: choice.suite,
                alpn: choice.alpn.as_deref(),
                is_only_alpn: choice.is_only_alpn,
                with_certificate: choice.with_certificate,
            },
        )
        .await
    };
    let counters = &config.role.counters;
    let (early_data, outcome) = match decision {
        early_data::Decision::Accept { limit } => {
            Counters::add(&counters.early_data_accepted);
            (EarlyData::Accepted, EarlyOutcome::Accepted { limit })
        }
        early_data::Decision::Decline(reason) => {
            Counters::add(&counters.early_data_declined);
            (EarlyData::Rejected, EarlyOutcome::Declined(reason))
        }
    };
    choice.early_data = outcome;
    peer.with_wire(|wire| {
        wire.early_data = early_data;
        Ok(())
    })
}

/// Section 4.1.4: asks for a share of the chosen group, and waits for the second ClientHello. Returns the transcript up to
/// it.
async fn retry(
    peer: &mut Peer,
    config: &ServerConfig,
    choice: &mut Choice,
    first: &Received<ClientHello<'static>>,
) -> Result<Transcript, Error> {
    let group = choice.named_group().or_internal("retry without a group")?;
    let random = &config.settings.random;
    let cookie: Option<[u8; 32]> = match config.role.retry_cookie {
        true => Some(random.bytes()?),
        false => None,
    };
    let mut transcript = Transcript::after_retry(choice.suite.hash, first.bytes());
    peer.send(
        &mut transcript,
        &HelloRetryRequest {
            legacy_version: ProtocolVersion::TLS1_2,
            random: RetryRandom,
            legacy_session_id_echo: Opaque8::new(choice.session_id.as_slice()),
            cipher_suite: choice.suite.suite,
            legacy_compression_method: NullCompression,
            extensions: HelloRetryRequestExtensions {
                supported_versions: Some(ProtocolVersion::TLS1_3),
                key_share: Some(group),
                cookie: cookie.as_ref().map(|cookie| Opaque16::new(cookie)),
                ..HelloRetryRequestExtensions::default()
            },
        },
    )?;
    send_change_cipher_spec(peer, choice)?;

    skip_early_data(peer, config, choice)?;
    let second = peer.recv::<ClientHello>().await?;
    peer.with_wire(|wire| {
        wire.receiving.reader_mut().skip_early_data(0);
        Ok(())
    })?;
    let second_hello = ClientHello::read(second.body())?;
    check_second_hello(
        &ClientHello::read(first.body())?,
        &second_hello,
        group,
        cookie.as_ref().map(|cookie| cookie.as_slice()),
    )?;
    choice.client_share = client_share(&second_hello, group);
    if let Some(psk) = &mut choice.psk {
        psk.check_again(config, &second, &transcript)?;
    }
    choice.kind = match choice.kind {
        HandshakeKind::Psk => HandshakeKind::PskWithRetry,
        HandshakeKind::Resumed => HandshakeKind::ResumedWithRetry,
        _ => HandshakeKind::FullWithRetry,
    };
    transcript.add(second.bytes());
    Ok(transcript)
}

/// RFC 8446 Appendix D.4: a server sends it after its first message, if the client's session ID asks for it.
fn send_change_cipher_spec(peer: &mut Peer, choice: &Choice) -> Result<(), Error> {
    peer.with_wire(|wire| {
        if choice.session_id.as_slice().is_empty() {
            wire.sending.flush_flight()
        } else {
            wire.sending.send_change_cipher_spec()
        }
    })
}

/// Section 4.2.10: a server that does not accept early data skips it, and does so as long as the client may not know.
fn skip_early_data(peer: &mut Peer, config: &ServerConfig, choice: &Choice) -> Result<(), Error> {
    if !matches!(
        choice.early_data,
        EarlyOutcome::Offered | EarlyOutcome::Declined(_)
    ) {
        return Ok(());
    }
    // As much as our own tickets allow, and as much again for the cost of small records.
    let own = config.role.early_data.as_ref();
    let own = own.map_or(0, |early| early.max_bytes.saturating_mul(2));
    let most = usize::try_from(own).unwrap_or(usize::MAX);
    peer.with_wire(|wire| {
        let reader = wire.receiving.reader_mut();
        reader.skip_early_data(most.max(MAX_EARLY_DATA_SKIPPED));
        Ok(())
    })
}

/// Section 4.1.2: a second ClientHello differs from the first by a share of the group that was asked for, the cookie,
/// padding, PSKs, and early_data, which goes.
fn check_second_hello(
    first: &ClientHello<'_>,
    second: &ClientHello<'_>,
    group: NamedGroup,
    cookie: Option<&[u8]>,
) -> Result<(), Error> {
    let changed = |what| Err(PeerMisbehaved::SecondHelloChanged { what }.into());
    if first.random != second.random {
        return changed("random");
    }
    if first.legacy_version != second.legacy_version {
        return changed("legacy_version");
    }
    if first.legacy_session_id != second.legacy_session_id {
        return changed("legacy_session_id");
    }
    if first.cipher_suites != second.cipher_suites {
        return changed("cipher_suites");
    }
    if first.legacy_compression_methods != second.legacy_compression_methods {
        return changed("legacy_compression_methods");
    }
    if second.extensions.early_data.is_some() {
        return changed("early_data (it must go)");
    }
    let may_change = ExtensionSet::default()
        .with(ExtensionType::KEY_SHARE)
        .with(ExtensionType::COOKIE)
        .with(ExtensionType::PADDING)
        .with(ExtensionType::PRE_SHARED_KEY)
        .with(ExtensionType::EARLY_DATA);
    if !first
        .extensions
        .same_but_for(&second.extensions, may_change)
    {
        return changed("an extension that must stay");
    }
    if second
        .extensions
        .cookie
        .as_ref()
        .map(|cookie| cookie.as_slice())
        != cookie
    {
        return changed("cookie");
    }
    if first.extensions.pre_shared_key.is_none() && second.extensions.pre_shared_key.is_some() {
        return changed("pre_shared_key (it must not come now)");
    }
    let shares = second.extensions.key_share.as_ref();
    let mut groups = shares
        .map(|shares| shares.client_shares.iter().map(|share| share.group))
        .into_iter()
        .flatten();
    if groups.next() != Some(group) || groups.next().is_some() {
        return changed("key_share to other than the one group that was asked for");
    }
    Ok(())
}

/// RFC 6066 Section 4: once agreed, both "MUST immediately begin fragmenting messages (including handshake messages)",
/// and a hybrid's ServerHello is longer than the smallest fragment. record_size_limit counts protected records only.
fn begin_fragmenting(peer: &mut Peer, choice: &Choice) -> Result<(), Error> {
    let Some(agreed) = choice.max_fragment_length else {
        return Ok(());
    };
    peer.with_wire(|wire| {
        wire.max_fragment_length = Some(agreed);
        wire.sending
            .writer_mut()
            .set_negotiated_limit(agreed.fragment_len());
        Ok(())
    })
}

/// Section 4.1.3, and the key exchange.
fn send_server_hello(
    peer: &mut Peer,
    transcript: &mut Transcript,
    config: &ServerConfig,
    choice: &Choice,
) -> Result<HandshakeSecret, Error> {
    let random = &config.settings.random;
    let exchange = match choice.named_group() {
        Some(group) => Some((group, exchange_keys(&**random, group, choice)?)),
        None => None,
    };
    let psk = choice.psk.as_ref();
    peer.send(
        transcript,
        &ServerHello {
            legacy_version: ProtocolVersion::TLS1_2,
            random: Random(random.bytes()?),
            legacy_session_id_echo: Opaque8::new(choice.session_id.as_slice()),
            cipher_suite: choice.suite.suite,
            legacy_compression_method: NullCompression,
            extensions: ServerHelloExtensions {
                supported_versions: Some(ProtocolVersion::TLS1_3),
                key_share: exchange.as_ref().map(|(group, (share, _))| KeyShareEntry {
                    group: *group,
                    key_exchange: Opaque16::new(share),
                }),
                tls_cert_with_extern_psk: (psk.is_some() && choice.with_certificate)
                    .then_some(Empty {}),
                pre_shared_key: psk.map(|psk| psk.index),
                ..ServerHelloExtensions::default()
            },
        },
    )?;
    let early = match psk {
        Some(psk) => EarlySecret::WithPsk(&psk.secret),
        None => EarlySecret::without_psk(choice.suite.hash)?,
    };
    let shared_secret = exchange.as_ref().map(|(_, (_, secret))| secret);
    early.into_handshake_secret(shared_secret)
}

/// Section 4.2.8: our share, and what comes of it and the client's.
fn exchange_keys(
    random: &dyn RandomSource,
    group: NamedGroup,
    choice: &Choice,
) -> Result<(Vec<u8>, SharedSecret), Error> {
    let client_share = choice.client_share.as_deref();
    let client_share = client_share.or_internal("chosen group without key share")?;
    let implementation = group
        .implementation()
        .or_internal("group without implementation")?;
    random
        .respond(implementation, client_share)
        .map_err(|_| PeerMisbehaved::BadKeyShare { group: group.0 }.into())
}

/// What of the handshake's traffic secrets is wanted later.
struct HandshakeKeys {
    /// Until the client changes to it, behind early data.
    client: Option<RecordKeys>,
    client_finished: Box<HmacKey>,
    server_finished: Box<HmacKey>,
}

fn install_handshake_keys(
    peer: &mut Peer,
    config: &ServerConfig,
    choice: &Choice,
    handshake: &HandshakeSecret,
    transcript: &mut Transcript,
    early: Option<(TrafficSecret, u32)>,
) -> Result<HandshakeKeys, Error> {
    let transcript_hash = transcript.current_hash();
    let client = handshake.client_handshake_traffic_secret(&transcript_hash)?;
    let server = handshake.server_handshake_traffic_secret(&transcript_hash)?;
    choice.log_secret(config, "CLIENT_HANDSHAKE_TRAFFIC_SECRET", client.as_bytes());
    choice.log_secret(config, "SERVER_HANDSHAKE_TRAFFIC_SECRET", server.as_bytes());
    let had_retry = choice.kind.has_retry();
    if !had_retry {
        send_change_cipher_spec(peer, choice)?;
    }
    let (client, client_finished) = client.handshake_keys(&choice.suite)?;
    let (server, server_finished) = server.handshake_keys(&choice.suite)?;
    let client = peer.with_wire(|wire| {
        let aligned = wire.receiving.prove_aligned()?;
        wire.sending.set_keys(server)?;
        wire.receiving.reader_mut().allow_plain_alerts(true);
        let Some((early, limit)) = early else {
            wire.receiving.set_keys(client, aligned);
            return Ok(None);
        };
        let early = early.record_keys(&choice.suite)?;
        wire.receiving.set_early_keys(early, limit, aligned);
        Ok(Some(client))
    })?;
    if !had_retry {
        skip_early_data(peer, config, choice)?;
    }
    Ok(HandshakeKeys {
        client,
        client_finished,
        server_finished,
    })
}

struct RecordLimits {
    /// Most bytes of content this side sends in a record.
    send: usize,
    /// Most bytes of content, type and padding the client may send in a record.
    receive_inner: usize,
}

/// What this server says of itself where the client speaks of record sizes.
fn own_record_size_limit(config: &ServerConfig) -> u16 {
    const LARGEST_LIMIT: u16 = (1 << 14) + 1;
    config.settings.record_size_limit.unwrap_or(LARGEST_LIMIT)
}

/// Section 4.3.1: our answers to the client's extensions, and the record sizes that they set.
fn send_encrypted_extensions(
    peer: &mut Peer,
    transcript: &mut Transcript,
    config: &ServerConfig,
    choice: &Choice,
) -> Result<(), Error> {
    let own_limit = own_record_size_limit(config);
    let alpn = choice.alpn.as_deref();
    let limits = choice.record_limits(config);
    let takes_early_data = matches!(choice.early_data, EarlyOutcome::Accepted { .. });
    let resumes = choice
        .psk
        .as_deref()
        .is_some_and(|found| found.ticket().is_some());
    peer.with_wire(|wire| {
        wire.sending.writer_mut().set_negotiated_limit(limits.send);
        // Early data was sent before the client heard of a limit: it is judged from the end of that on.
        if !takes_early_data {
            wire.receiving
                .reader_mut()
                .set_inner_limit(limits.receive_inner);
        }
        Ok(())
    })?;
    peer.send(
        transcript,
        &EncryptedExtensions {
            extensions: EncryptedExtensionsExtensions {
                // RFC 6066 Section 3: "When resuming a session, the server MUST NOT include a server_name extension".
                server_name: match (&choice.server_name, resumes) {
                    (Some(_), false) => Some(Empty {}),
                    _ => None,
                },
                application_layer_protocol_negotiation: alpn
                    .map(|protocol| SelectedProtocol(Opaque8::new(protocol))),
                max_fragment_length: choice.max_fragment_length,
                early_data: takes_early_data.then_some(Empty {}),
                record_size_limit: choice.record_size_limit.map(|_| RecordSizeLimit(own_limit)),
                ..EncryptedExtensionsExtensions::default()
            },
        },
    )
}

/// Who verifies the client, and whether it may come without a certificate.
struct ClientVerifier {
    verifier: Arc<dyn VerifyPeer>,
    may_be_absent: bool,
}

/// Section 4.3.2: asks for the client's certificate, if the configuration says so.
fn send_certificate_request(
    peer: &mut Peer,
    transcript: &mut Transcript,
    config: &ServerConfig,
    choice: &Choice,
) -> Result<Option<ClientVerifier>, Error> {
    // Section 4.3.2: "Servers which are authenticating with a PSK MUST NOT send the CertificateRequest message in the main
    // handshake"; RFC 9973 Section 5 lets those that use both.
    if !choice.with_certificate {
        return Ok(None);
    }
    let Some((verifier, may_be_absent)) = config.role.client_auth.in_handshake(true) else {
        return Ok(None);
    };
    send_request(peer, transcript, config, &**verifier, &[])?;
    Ok(Some(ClientVerifier {
        verifier: verifier.clone(),
        may_be_absent,
    }))
}

/// Sends a CertificateRequest, also after the handshake, with its context.
pub(super) fn send_request(
    peer: &mut Peer,
    transcript: &mut Transcript,
    config: &ServerConfig,
    verifier: &dyn VerifyPeer,
    context: &[u8],
) -> Result<(), Error> {
    let authorities: Vec<_> = verifier
        .authorities()
        .iter()
        .map(|name| Opaque16::new(name))
        .collect();
    let chain_schemes = verifier.chain_schemes();
    peer.send(
        transcript,
        &CertificateRequest {
            certificate_request_context: Opaque8::new(context),
            extensions: CertificateRequestExtensions {
                signature_algorithms: Some(List16::new(&config.settings.signature_schemes)),
                signature_algorithms_cert: (!chain_schemes.is_empty())
                    .then(|| List16::new(chain_schemes)),
                certificate_authorities: (!authorities.is_empty())
                    .then(|| List16::new(&authorities)),
                ..CertificateRequestExtensions::default()
            },
        },
    )
}

/// The secrets that come of the transcript up to the server's Finished: the exporter's, and those of application data. Returns
/// the first, and what the client will seal its application data with.
fn begin_application_data(
    peer: &mut Peer,
    transcript: &mut Transcript,
    config: &ServerConfig,
    choice: &Choice,
    main: &MainSecret,
) -> Result<(ExporterSecret, Epoch), Error> {
    let server_finished_hash = transcript.current_hash();
    let exporter = main.exporter_secret(&server_finished_hash)?;
    choice.log_secret(config, "EXPORTER_SECRET", exporter.as_bytes());
    let from_client = install_sending_keys(peer, config, choice, main, &server_finished_hash)?;
    Ok((exporter, from_client))
}

/// From here on this side may send application data; the client's handshake is still read under handshake keys.
/// Returns what the client will seal its application data with.
fn install_sending_keys(
    peer: &mut Peer,
    config: &ServerConfig,
    choice: &Choice,
    main: &MainSecret,
    server_finished_hash: &warifu_crypto::Digest,
) -> Result<Epoch, Error> {
    let to_client = main.server_application_traffic_secret(server_finished_hash)?;
    let from_client = main.client_application_traffic_secret(server_finished_hash)?;
    choice.log_secret(config, "CLIENT_TRAFFIC_SECRET_0", from_client.as_bytes());
    choice.log_secret(config, "SERVER_TRAFFIC_SECRET_0", to_client.as_bytes());
    let suite = choice.suite;
    peer.with_wire(|wire| {
        wire.sending.set_epoch(Epoch {
            suite,
            secret: to_client,
        })
    })?;
    Ok(Epoch {
        suite,
        secret: from_client,
    })
}

/// Section 4.5: where early data is taken, the client says when it ends, and changes its keys.
async fn recv_end_of_early_data(
    peer: &mut Peer,
    transcript: &mut Transcript,
    config: &ServerConfig,
    choice: &Choice,
    keys: RecordKeys,
) -> Result<(), Error> {
    let received = peer.recv::<EndOfEarlyData>().await?;
    EndOfEarlyData::read(received.body())?;
    transcript.add(received.bytes());
    peer.with_wire(|wire| {
        let aligned = wire.receiving.prove_aligned()?;
        wire.receiving.set_keys(keys, aligned);
        let limits = choice.record_limits(config);
        wire.receiving
            .reader_mut()
            .set_inner_limit(limits.receive_inner);
        Ok(())
    })
}

/// Section 4.6.1: tickets for the client's next connections, now or when the application asks for them.
async fn send_tickets(
    peer: &mut Peer,
    config: &Arc<ServerConfig>,
    own: &OwnMaterial,
    choice: &Choice,
    client: &Option<PeerIdentity>,
    main: MainSecret,
    transcript: &mut Transcript,
) -> Result<AfterHandshake, Error> {
    let tickets = match &config.role.tickets {
        Some(tickets) if choice.may_resume => tickets,
        _ => return Ok(AfterHandshake::Nothing),
    };
    let (authenticated_at, origin) = match choice.psk.as_ref().map(|psk| &psk.source) {
        Some(FoundSource::Ticket(state)) => (state.authenticated_at, state.origin.clone()),
        source => {
            let psk = match (source, choice.psk.as_ref().and_then(|psk| psk.facts())) {
                (Some(FoundSource::Key { psk, .. }), Some(facts)) => {
                    Some(ticket::origin_of_key(psk, facts)?)
                }
                _ => None,
            };
            let origin = Origin {
                with_certificate: psk.is_some() && choice.with_certificate,
                psk,
                peer_certificates: client.as_ref().map(|client| client.certificates.clone()),
            };
            (config.settings.clock.now().as_secs(), origin)
        }
    };
    let mut issuer = Box::new(Issuer {
        config: config.clone(),
        secret: main.into_resumption_secret(&transcript.current_hash())?,
        template: Template {
            suite: choice.suite,
            authenticated_at,
            context: own.session_context(&config.settings),
            server_name: choice.server_name.clone(),
            alpn: choice.alpn.clone(),
            origin,
        },
        issued: 0,
    });
    if !tickets.only_on_request {
        issuer.issue(peer, tickets.count).await?;
    }
    Ok(match tickets.on_request {
        true => AfterHandshake::Issue(issuer),
        false => AfterHandshake::Nothing,
    })
}

/// Section 4.4.2 and 4.4.3, if the client was asked.
async fn recv_client_identity(
    peer: &mut Peer,
    transcript: &mut Transcript,
    config: &ServerConfig,
    verifier: ClientVerifier,
) -> Result<Option<PeerIdentity>, Error> {
    let rules = Rules {
        verifier: &*verifier.verifier,
        schemes: &config.settings.signature_schemes,
        peer: PeerRole::Client,
        may_be_absent: verifier.may_be_absent,
        context: &[],
        offered: ExtensionSet::default(),
        now: config.settings.clock.now(),
    };
    recv_identity(peer, transcript, &rules).await
}

fn install_receiving_keys(
    peer: &mut Peer,
    from_client: Epoch,
    _verified: FinishedVerified,
) -> Result<(), Error> {
    peer.with_wire(|wire| {
        let aligned = wire.receiving.prove_aligned()?;
        wire.receiving.reader_mut().allow_plain_alerts(false);
        wire.receiving
            .set_change_cipher_spec(ChangeCipherSpecRule::Refuse);
        wire.receiving.set_epoch(from_client, aligned)
    })
}

#[cfg(test)]
mod tests;
