//! The server's side of a handshake in TLS 1.2, 1.1 and 1.0, RFC 5246 Section 7.3:
//!
//! ```text
//!        Client                                           Server
//!
//!        ClientHello              -------->
//!                                                      ServerHello
//!                                                     Certificate*
//!                                               CertificateStatus*
//!                                               ServerKeyExchange*
//!                                              CertificateRequest*
//!                                 <--------        ServerHelloDone
//!        Certificate*
//!        ClientKeyExchange
//!        CertificateVerify*
//!        change_cipher_spec
//!        {Finished}               -------->
//!                                                NewSessionTicket*
//!                                               change_cipher_spec
//!                                 <--------             {Finished}
//!        {Application Data}       <------->     {Application Data}
//!
//!        and where a session is resumed:
//!
//!        ClientHello              -------->
//!                                                      ServerHello
//!                                                NewSessionTicket*
//!                                               change_cipher_spec
//!                                 <--------             {Finished}
//!        change_cipher_spec
//!        {Finished}               -------->
//!        {Application Data}       <------->     {Application Data}
//!
//!        * only in some handshakes    {} under the keys of the connection
//! ```
//!
//! Messages: ServerHello 7.4.1.3, Certificate 7.4.2, ServerKeyExchange 7.4.3, CertificateRequest 7.4.4, ServerHelloDone 7.4.5,
//! ClientKeyExchange 7.4.7, CertificateVerify 7.4.8, Finished 7.4.9; NewSessionTicket RFC 5077 Section 3.3. What is otherwise
//! in TLS 1.1 and 1.0 is said where it is so.

use std::sync::Arc;

use warifu_crypto::Secret;
use zeroize::Zeroizing;

use crate::config::ServerConfig;
use crate::coroutine::{Peer, Received};
use crate::credential::Credential;
use crate::decision::{CredentialRequest, KeyUse, PeerRole, VerifyPeer};
use crate::early_data::EarlyData;
use crate::error::{
    CertificateError, Error, NothingInCommon, OrInternal, PeerMisbehaved, PskFailure,
};
use crate::facts::{ConnectionFacts, HandshakeKind, LegacyFacts};
use crate::handshake::psk::Counters;
use crate::message::legacy::{
    ClientKeyExchange, LegacyCertificate, LegacyCertificateRequest, LegacyServerHello,
    LegacySigned, ServerHelloDone, ServerKeyExchange, ServerKeyExchangeParts,
};
use crate::message::{
    ClientHello, Empty, Handshake, LegacyServerHelloExtensions, List8, List16, NullCompression,
    Opaque8, Opaque16, Random, RecordSizeLimit, Rest, SelectedProtocol, Staples,
};
use crate::parameters::{
    ClientCertificateType, KeyExchange, LegacyCipher, LegacySuite, MaxFragmentLength, NamedGroup,
    ProtocolVersion, SignatureScheme,
};
use crate::psk::{Psk, PskRequest, PskRole, printable};
use crate::resumption::TicketSource;
use crate::resumption::legacy_state::LegacyState;
use crate::resumption::state::Origin;

use super::certificate::{Chosen, Takes};
use super::legacy::{
    Agreed, Keys, RecordLimits, connected, main_secret, psk_facts, send, set_version,
};
use super::legacy_certificate::{
    self as certificate, ChainRules, KeyType, PeerCertificate, recv_certificate_verify,
    send_certificate, send_certificate_status, verify_chain,
};
use super::legacy_exchange::{ServerExchange, ServerGroup, premaster_secret};
use super::legacy_key_schedule::{LegacyMainSecret, LegacyTranscript, Randoms, Writer, prf_hash};
use super::legacy_negotiate as negotiate;
use super::legacy_session::{self as session, Fit, Template};
use super::negotiate::{choose_alpn, downgrade_sentinel};
use super::ticket;
use super::{Connected, OwnMaterial};

/// The flow, from the ClientHello on, in the version that was chosen.
pub(super) async fn run(
    peer: &mut Peer,
    config: &Arc<ServerConfig>,
    own: &OwnMaterial,
    received: &Received<ClientHello<'static>>,
    version: ProtocolVersion,
) -> Result<Connected, Error> {
    set_version(peer, version)?;
    let hello = ClientHello::read(received.body())?;
    let mut server = Server::read_hello(config, own, &hello, version)?;
    let credential = choose_server_credential(peer, &server, &hello).await?;
    let options = negotiate::options(config, &hello, version, credential.as_deref())?;

    let search = session::find(peer, config, &hello, &server.fit(&options.suites)).await?;
    server.declined = search.declined;
    if let Some(state) = search.found {
        return resume(peer, server, received.bytes(), state, search.by_id).await;
    }
    let choice = options.choose(&hello)?;
    let client_hello = (received.bytes(), &hello);
    full(peer, server, client_hello, choice, credential).await
}

/// What is known from the ClientHello, and on whose behalf the flow runs.
struct Server<'a> {
    config: &'a Arc<ServerConfig>,
    own: &'a OwnMaterial,
    version: ProtocolVersion,
    /// The version that the client said it has, which its premaster secret repeats.
    client_version: ProtocolVersion,
    client_random: [u8; 32],
    session_id: &'a [u8],
    server_name: Option<Arc<str>>,
    sent_server_name: bool,
    alpn: Option<Arc<[u8]>>,
    extended_main_secret: bool,
    encrypt_then_mac: bool,
    secure_renegotiation: bool,
    takes_ticket: bool,
    takes: Takes,
    sent_point_formats: bool,
    max_fragment_length: Option<MaxFragmentLength>,
    record_size_limit: Option<u16>,
    /// Why a session that was offered is not used.
    declined: Option<Arc<str>>,
}

impl<'a> Server<'a> {
    fn read_hello(
        config: &'a Arc<ServerConfig>,
        own: &'a OwnMaterial,
        hello: &'a ClientHello<'_>,
        version: ProtocolVersion,
    ) -> Result<Self, Error> {
        let extensions = &hello.extensions;
        // RFC 5246 Section 7.4.1.2: "This vector MUST contain, and all implementations MUST support, CompressionMethod.null."
        if !hello.legacy_compression_methods.contains(&0) {
            return Err(PeerMisbehaved::IllegalParameter {
                what: "compression_methods does not contain null (RFC 5246 Section 7.4.1.2)",
            }
            .into());
        }
        negotiate::check_point_formats(hello)?;
        let settings = &config.settings;
        let secure_renegotiation = negotiate::has_secure_renegotiation(hello)?;
        if !secure_renegotiation && settings.legacy.requires_secure_renegotiation() {
            return Err(PeerMisbehaved::NoSecureRenegotiation.into());
        }
        let extended_main_secret = extensions.extended_main_secret.is_some();
        if !extended_main_secret && settings.legacy.requires_extended_main_secret {
            return Err(PeerMisbehaved::NoExtendedMainSecret.into());
        }
        let record_size_limit = extensions.record_size_limit.as_ref().map(|limit| limit.0);
        Ok(Self {
            config,
            own,
            version,
            client_version: hello.legacy_version,
            client_random: hello.random.0,
            session_id: hello.legacy_session_id.as_slice(),
            server_name: extensions
                .server_name
                .as_ref()
                .map(|name| Arc::from(name.host_name)),
            sent_server_name: extensions.server_name.is_some(),
            alpn: choose_alpn(settings, hello)?.map(Arc::from),
            extended_main_secret,
            encrypt_then_mac: extensions.encrypt_then_mac.is_some()
                && settings.legacy.encrypt_then_mac,
            secure_renegotiation,
            takes_ticket: extensions.session_ticket.is_some(),
            takes: Takes::of_hello(hello),
            sent_point_formats: extensions.ec_point_formats.is_some(),
            max_fragment_length: extensions
                .max_fragment_length
                // RFC 8449 Section 5: record_size_limit wins where both were sent.
                .filter(|_| config.role.max_fragment_length && record_size_limit.is_none()),
            record_size_limit,
            declined: None,
        })
    }

    fn fit<'f>(&'f self, suites: &'f [LegacySuite]) -> Fit<'f> {
        Fit {
            version: self.version,
            context: self.own.session_context(&self.config.settings),
            server_name: self.server_name.as_deref(),
            alpn: self.alpn.as_deref(),
            suites,
        }
    }

    /// RFC 7366 Section 3.1: encrypt-then-MAC is agreed upon for CBC alone.
    fn agree(&self, suite: LegacySuite) -> Result<Agreed, Error> {
        let settings = &self.config.settings;
        let mut server: [u8; 32] = settings.random.bytes()?;
        // RFC 8446 Section 4.1.3: who could have had a newer version and reads this was made to do without.
        if let (Some(sentinel), Some(end)) = (
            downgrade_sentinel(settings.versions.max, self.version),
            server.last_chunk_mut(),
        ) {
            *end = sentinel;
        }
        let is_cbc = matches!(suite.cipher, LegacyCipher::Cbc(_));
        Ok(Agreed {
            version: self.version,
            suite,
            randoms: Randoms {
                client: self.client_random,
                server,
            },
            extended_main_secret: self.extended_main_secret,
            encrypt_then_mac: self.encrypt_then_mac && is_cbc,
            secure_renegotiation: self.secure_renegotiation,
            limits: RecordLimits::new(
                self.record_size_limit,
                self.own_record_size_limit(),
                self.max_fragment_length,
            ),
        })
    }

    /// RFC 8449 Section 4: up to TLS 1.2 the limit counts the content alone.
    fn own_record_size_limit(&self) -> u16 {
        const LARGEST_LIMIT: u16 = 1 << 14;
        let own = self.config.settings.record_size_limit;
        own.map_or(LARGEST_LIMIT, |limit| limit.min(LARGEST_LIMIT))
    }

    /// Whether a ticket will follow.
    fn will_send_ticket(&self) -> bool {
        let tickets = self.config.role.tickets.as_ref();
        self.takes_ticket
            && self.extended_main_secret
            && tickets.is_some_and(|tickets| {
                matches!(tickets.source, TicketSource::Sealed(_)) && tickets.issues_legacy()
            })
    }

    /// The ID under which the session will be stored, if it will be.
    fn new_session_id(&self) -> Result<Option<[u8; 32]>, Error> {
        let tickets = self.config.role.tickets.as_ref();
        let stores =
            tickets.is_some_and(|tickets| tickets.id_store().is_some() && tickets.issues_legacy());
        // RFC 5077 Section 3.4: "If a server is planning on issuing a SessionTicket to a client that does not present one, it
        // SHOULD include an empty Session ID".
        match stores && self.extended_main_secret && !self.will_send_ticket() {
            true => Ok(Some(self.config.settings.random.bytes()?)),
            false => Ok(None),
        }
    }

    /// Section 7.4.1.3: our answers to the client's extensions, and the record sizes that they set.
    fn send_server_hello(
        &self,
        peer: &mut Peer,
        transcript: &mut LegacyTranscript,
        agreed: &Agreed,
        session_id: &[u8],
        staples: Staples<'_>,
        resumes: bool,
    ) -> Result<(), Error> {
        let is_elliptic = agreed.suite.key_exchange.is_ecdhe();
        agreed.limits.apply_at_hello(peer)?;
        let alpn = self.alpn.as_deref();
        let scts = staples.sct_entries();
        send(
            peer,
            transcript,
            &LegacyServerHello {
                legacy_version: agreed.version,
                random: Random(agreed.randoms.server),
                session_id: Opaque8::new(session_id),
                cipher_suite: agreed.suite.suite,
                compression_method: NullCompression,
                extensions: LegacyServerHelloExtensions {
                    // RFC 6066 Section 3: not where a session is resumed.
                    server_name: (self.sent_server_name && !resumes).then_some(Empty {}),
                    max_fragment_length: self.max_fragment_length,
                    status_request: (!staples.ocsp_response.is_empty()).then_some(Empty {}),
                    signed_certificate_timestamp: (!scts.is_empty()).then(|| List16::new(&scts)),
                    // RFC 8422 Section 5.2: only with a suite that has points.
                    ec_point_formats: (self.sent_point_formats && is_elliptic)
                        .then(|| Opaque8::new(&[negotiate::UNCOMPRESSED])),
                    application_layer_protocol_negotiation: alpn
                        .map(|protocol| SelectedProtocol(Opaque8::new(protocol))),
                    encrypt_then_mac: agreed.encrypt_then_mac.then_some(Empty {}),
                    extended_main_secret: agreed.extended_main_secret.then_some(Empty {}),
                    session_ticket: self.will_send_ticket().then_some(Empty {}),
                    renegotiation_info: agreed.secure_renegotiation.then(|| Opaque8::new(&[])),
                    record_size_limit: self
                        .record_size_limit
                        .map(|_| RecordSizeLimit(self.own_record_size_limit())),
                    ..LegacyServerHelloExtensions::default()
                },
            },
        )
    }

    fn log_secret(&self, main: &LegacyMainSecret) {
        if let Some(log) = &self.config.settings.key_log {
            let secret = main.secret().as_bytes();
            log.log("CLIENT_RANDOM", &self.client_random, secret);
        }
    }

    /// Gives the client a ticket, if ServerHello promised one.
    async fn send_ticket(
        &self,
        peer: &mut Peer,
        transcript: &mut LegacyTranscript,
        keys: &Keys<'_>,
        template: Template,
    ) -> Result<(), Error> {
        if !self.will_send_ticket() {
            return Ok(());
        }
        let config = self.config;
        let tickets = config
            .role
            .tickets
            .as_ref()
            .or_internal("ticket promised without tickets")?;
        match session::prepare(config, tickets, keys.agreed, &keys.main, template)? {
            Some(issued) => issued.send_ticket(peer, config, transcript).await,
            None => session::send_new_session_ticket(peer, transcript, 0, &[]),
        }
    }

    /// Keeps the session under the ID that ServerHello had.
    async fn store_session(
        &self,
        peer: &mut Peer,
        keys: &Keys<'_>,
        template: Template,
        id: [u8; 32],
    ) -> Result<(), Error> {
        let Some(tickets) = &self.config.role.tickets else {
            return Ok(());
        };
        match session::prepare(self.config, tickets, keys.agreed, &keys.main, template)? {
            Some(issued) => issued.store(peer, self.config, id).await,
            None => Ok(()),
        }
    }

    fn facts(&self, peer: &mut Peer, agreed: &Agreed) -> Result<ConnectionFacts, Error> {
        let (max_fragment_sent, max_fragment_length, _) =
            peer.with_wire(|wire| Ok(wire.size_and_early_data()))?;
        Ok(ConnectionFacts {
            version: agreed.version,
            cipher_suite: agreed.suite.suite,
            group: None,
            handshake_kind: HandshakeKind::Full,
            psk: None,
            psk_mode: None,
            psk_declined: self.declined.clone(),
            early_data: EarlyData::NotOffered,
            early_data_declined: None,
            peer_certificates: None,
            peer_signature_scheme: None,
            local_credential: None,
            local_signature_scheme: None,
            alpn: self.alpn.clone(),
            server_name: self.server_name.clone(),
            max_fragment_sent,
            max_fragment_length,
            resumed: false,
            legacy: Some(Box::new(LegacyFacts {
                extended_main_secret: agreed.extended_main_secret,
                encrypt_then_mac: agreed.encrypt_then_mac,
                secure_renegotiation: agreed.secure_renegotiation,
                psk_identity_hint: None,
                dh_bits: None,
                tls_unique: None,
            })),
        })
    }
}

/// Section 7.3, figure 2: an abbreviated handshake. The server's Finished comes first.
async fn resume(
    peer: &mut Peer,
    server: Server<'_>,
    client_hello: &[u8],
    state: Box<LegacyState>,
    by_id: bool,
) -> Result<Connected, Error> {
    // RFC 7627 Section 5.3: "If the original session used the "extended_master_secret" extension but the new ClientHello does
    // not contain it, the server MUST abort the abbreviated handshake."
    if !server.extended_main_secret {
        return Err(PeerMisbehaved::ExtendedMainSecretMissing.into());
    }
    let agreed = server.agree(state.suite)?;
    let mut transcript = LegacyTranscript::new(prf_hash(agreed.version, &agreed.suite), false);
    transcript.add(client_hello);
    server.send_server_hello(
        peer,
        &mut transcript,
        &agreed,
        server.session_id,
        Staples::default(),
        true,
    )?;
    let keys = Keys::new(&agreed, state.main_secret(), Writer::Server)?;
    server.log_secret(&keys.main);
    let template = || Template {
        context: state.context,
        server_name: state.server_name.clone(),
        alpn: state.alpn.clone(),
        authenticated_at: state.authenticated_at,
        origin: state.origin.clone(),
    };
    server
        .send_ticket(peer, &mut transcript, &keys, template())
        .await?;
    let own_finished = keys.send_finished(peer, &mut transcript)?;
    keys.recv_finished(peer, &mut transcript).await?;
    // What was taken out under its ID goes back, and nothing under an ID that the client made up beside its ticket.
    if by_id && let Ok(id) = server.session_id.try_into() {
        server.store_session(peer, &keys, template(), id).await?;
    }
    keys.begin_application_data(peer, server.config.settings.legacy.record_splitting)?;
    let mut facts = server.facts(peer, &agreed)?;
    facts.handshake_kind = HandshakeKind::Resumed;
    facts.resumed = true;
    facts.psk = state.origin.psk.as_ref().map(|psk| psk.facts.clone());
    facts.peer_certificates = state.origin.peer_certificates.clone();
    // RFC 5929 Section 3.1: the first Finished of the handshake.
    connected(facts, keys, own_finished)
}

/// A server's choice of a suite and what goes with it.
pub(super) struct Choice {
    pub(super) suite: LegacySuite,
    pub(super) group: ServerGroup,
    /// For ServerKeyExchange, where it is signed.
    pub(super) scheme: Option<SignatureScheme>,
}

/// A full handshake.
async fn full(
    peer: &mut Peer,
    server: Server<'_>,
    (client_hello, hello): (&[u8], &ClientHello<'_>),
    choice: Choice,
    credential: Option<Arc<Credential>>,
) -> Result<Connected, Error> {
    let agreed = server.agree(choice.suite)?;
    let key_exchange = agreed.suite.key_exchange;
    let verifier = client_verifier(&server, &agreed);
    let mut transcript =
        LegacyTranscript::new(prf_hash(agreed.version, &agreed.suite), verifier.is_some());
    transcript.add(client_hello);
    let credential = credential.filter(|_| key_exchange.sends_certificate());
    let staples = credential
        .as_ref()
        .map_or(Staples::default(), |credential| {
            server.takes.staples(credential)
        });
    let session_id = server.new_session_id()?;
    server.send_server_hello(
        peer,
        &mut transcript,
        &agreed,
        session_id.as_ref().map_or(&[], |id| id.as_slice()),
        staples,
        false,
    )?;
    if let Some(credential) = &credential {
        send_certificate(peer, &mut transcript, Some(credential))?;
    }
    if let Some(credential) = &credential
        && !staples.ocsp_response.is_empty()
    {
        send_certificate_status(peer, &mut transcript, credential)?;
    }
    let exchange = send_server_key_exchange(
        peer,
        &mut transcript,
        &server,
        &agreed,
        &choice,
        credential.as_ref(),
    )
    .await?;
    if let Some(verifier) = &verifier {
        send_certificate_request(peer, &mut transcript, &server, &agreed, verifier)?;
    }
    send(peer, &mut transcript, &ServerHelloDone {})?;

    let client = recv_client_certificate(peer, &mut transcript, &server, verifier).await?;
    let (premaster, psk) = recv_client_key_exchange(
        peer,
        &mut transcript,
        &server,
        hello,
        key_exchange,
        exchange,
        credential.as_deref(),
    )
    .await?;
    let main = main_secret(&agreed, &premaster, &mut transcript)?;
    drop(premaster);
    server.log_secret(&main);
    let mut client_scheme = None;
    if let Some(client) = &client {
        let settings = &server.config.settings;
        let version = agreed.version;
        let verified =
            recv_certificate_verify(peer, &mut transcript, settings, version, &client.key);
        client_scheme = Some(verified.await?);
    }
    transcript.drop_messages();
    let keys = Keys::new(&agreed, main, Writer::Server)?;
    let finished = keys.recv_finished(peer, &mut transcript).await;
    let client_finished = match &psk {
        Some(search) => search.judge(server.config, finished)?,
        None => finished?,
    };
    let psk = psk.and_then(|search| search.psk);

    let origin = Origin {
        psk: match &psk {
            Some(psk) => Some(ticket::origin_of_key(psk, psk_facts(psk))?),
            None => None,
        },
        peer_certificates: client.as_ref().map(|client| client.certificates.clone()),
        with_certificate: psk.is_some() && credential.is_some(),
    };
    let template = |origin: &Origin| Template {
        context: server.own.session_context(&server.config.settings),
        server_name: server.server_name.clone(),
        alpn: server.alpn.clone(),
        authenticated_at: server.config.settings.clock.now().as_secs(),
        origin: origin.clone(),
    };
    server
        .send_ticket(peer, &mut transcript, &keys, template(&origin))
        .await?;
    keys.send_finished(peer, &mut transcript)?;
    if let Some(id) = session_id {
        let template = template(&origin);
        server.store_session(peer, &keys, template, id).await?;
    }
    keys.begin_application_data(peer, server.config.settings.legacy.record_splitting)?;

    let mut facts = server.facts(peer, &agreed)?;
    match choice.group {
        ServerGroup::Curve(group) => facts.group = Some(group),
        ServerGroup::FiniteField(bits) => {
            facts.group = NamedGroup::of_ffdhe(bits);
            if let Some(legacy) = &mut facts.legacy {
                legacy.dh_bits = Some(bits);
            }
        }
        ServerGroup::None => {}
    }
    if let Some(psk) = &psk {
        facts.handshake_kind = HandshakeKind::Psk;
        facts.psk = Some(psk_facts(psk));
    }
    facts.peer_certificates = client.map(|client| client.certificates);
    facts.peer_signature_scheme = client_scheme;
    facts.local_signature_scheme = choice.scheme;
    facts.local_credential = credential;
    connected(facts, keys, client_finished)
}

/// The certificate for this client, before the suite, which depends on it. None for a client that has only suites without.
async fn choose_server_credential(
    peer: &mut Peer,
    server: &Server<'_>,
    hello: &ClientHello<'_>,
) -> Result<Option<Arc<Credential>>, Error> {
    let config = server.config;
    let schemes = negotiate::schemes_for_credential(&config.settings, hello, server.version);
    let key_encipherment = negotiate::offers_key_encipherment(config, hello, server.version);
    if schemes.is_empty() && !key_encipherment {
        return Ok(None);
    }
    let authorities = hello.extensions.certificate_authorities.as_ref();
    let authorities: Vec<&[u8]> = authorities
        .map(|names| names.iter().map(|name| name.as_slice()).collect())
        .unwrap_or_default();
    let curves: Vec<_> = hello
        .extensions
        .supported_groups
        .iter()
        .flat_map(|groups| groups.iter())
        .filter(|group| group.is_curve())
        .collect();
    let request = CredentialRequest {
        server_name: server.server_name.as_deref(),
        curves: &curves,
        key_encipherment,
        authorities: &authorities,
        ..CredentialRequest::new(server.version, &schemes)
    };
    let own = server.own.credential.as_ref();
    let credentials = config.role.credentials.as_deref();
    certificate::choose_credential(peer, own, credentials, request).await
}

/// Section 7.4.3, RFC 8422 Section 5.4 and RFC 4279 Section 2: where the certificate is not enough for the exchange.
async fn send_server_key_exchange(
    peer: &mut Peer,
    transcript: &mut LegacyTranscript,
    server: &Server<'_>,
    agreed: &Agreed,
    choice: &Choice,
    credential: Option<&Arc<Credential>>,
) -> Result<ServerExchange, Error> {
    let key_exchange = agreed.suite.key_exchange;
    let hint = server.config.role.psk_identity_hint.as_deref();
    let has_params = choice.group != ServerGroup::None;
    let has_hint = key_exchange.uses_psk() && hint.is_some();
    if !has_params && !has_hint {
        return Ok(ServerExchange::None);
    }
    let random = &*server.config.settings.random;
    let (exchange, params) = ServerExchange::start(random, &choice.group)?;
    let signature;
    let mut parts = ServerKeyExchangeParts {
        psk_identity_hint: key_exchange
            .uses_psk()
            .then(|| Opaque16::new(hint.unwrap_or_default())),
        params: None,
        params_bytes: &params,
        signed: None,
    };
    if key_exchange.signs() {
        let (Some(credential), Some(scheme)) = (credential, choice.scheme) else {
            return Err(Error::Internal("signed key exchange without a credential"));
        };
        let chosen = Chosen {
            credential: credential.clone(),
            scheme,
        };
        let Randoms { client, server } = &agreed.randoms;
        let content =
            ServerKeyExchange::signed_content(&Random(*client), &Random(*server), &params);
        signature = certificate::sign(peer, &chosen, &content).await?;
        parts.signed = Some(LegacySigned {
            algorithm: certificate::algorithm_on_wire(agreed.version, scheme),
            signature: Opaque16::new(&signature),
        });
    }
    let body = parts.encode_body()?;
    send(peer, transcript, &ServerKeyExchange { body: Rest(&body) })?;
    Ok(exchange)
}

/// Who verifies the client, and whether it may come without a certificate.
struct ClientVerifier<'a> {
    verifier: &'a dyn VerifyPeer,
    may_be_absent: bool,
}

/// Section 7.4.4: who verifies the client, if it is asked. RFC 5246: only "if appropriate for the selected cipher suite",
/// which those with a pre-shared key alone are not (RFC 4279 Section 2).
fn client_verifier<'a>(server: &Server<'a>, agreed: &Agreed) -> Option<ClientVerifier<'a>> {
    let (verifier, may_be_absent) = server.config.role.client_auth.in_handshake(false)?;
    agreed
        .suite
        .key_exchange
        .sends_certificate()
        .then_some(ClientVerifier {
            verifier: &**verifier,
            may_be_absent,
        })
}

/// Section 7.4.4: asks for the client's certificate.
fn send_certificate_request(
    peer: &mut Peer,
    transcript: &mut LegacyTranscript,
    server: &Server<'_>,
    agreed: &Agreed,
    verifier: &ClientVerifier<'_>,
) -> Result<(), Error> {
    let authorities: Vec<_> = verifier
        .verifier
        .authorities()
        .iter()
        .map(|name| Opaque16::new(name))
        .collect();
    let legacy = &server.config.settings.legacy;
    let schemes: Vec<SignatureScheme> = server
        .config
        .settings
        .offered_schemes()
        .iter()
        .copied()
        .filter(|scheme| legacy.accepts_scheme(*scheme))
        .collect();
    let version = agreed.version;
    if schemes.is_empty() && version == ProtocolVersion::TLS1_2 {
        return Err(NothingInCommon::SignatureScheme {
            ours: "none".to_owned(),
            peers: format!("those of {version}, and this side accepts only schemes of TLS 1.3"),
        }
        .into());
    }
    send(
        peer,
        transcript,
        &LegacyCertificateRequest {
            certificate_types: List8::new(&[
                ClientCertificateType::ECDSA_SIGN,
                ClientCertificateType::RSA_SIGN,
            ]),
            supported_signature_algorithms: (agreed.version == ProtocolVersion::TLS1_2)
                .then(|| List16::new(&schemes)),
            certificate_authorities: List16::new(&authorities),
        },
    )
}

/// Section 7.4.6, if the client was asked. It answers with an empty list if it has none.
async fn recv_client_certificate(
    peer: &mut Peer,
    transcript: &mut LegacyTranscript,
    server: &Server<'_>,
    verifier: Option<ClientVerifier<'_>>,
) -> Result<Option<PeerCertificate>, Error> {
    let Some(ClientVerifier {
        verifier,
        may_be_absent,
    }) = verifier
    else {
        return Ok(None);
    };
    let received = peer.recv::<LegacyCertificate>().await?;
    let chain = certificate::read_chain(&received)?;
    transcript.add(received.bytes());
    if chain.is_empty() {
        return match may_be_absent {
            true => Ok(None),
            // Section 7.4.6: "SHOULD ... send a fatal handshake_failure alert"; certificate_required is of TLS 1.3.
            false => Err(CertificateError::RequiredBefore13.into()),
        };
    }
    let rules = ChainRules {
        verifier,
        peer: PeerRole::Client,
        key_use: KeyUse::Signature,
        now: server.config.settings.clock.now(),
    };
    let client = verify_chain(peer, &rules, chain, Staples::default()).await?;
    let key_type = KeyType::of(client.key.kind());
    let can_sign = match server.version {
        ProtocolVersion::TLS1_2 => key_type != KeyType::Other,
        _ => matches!(key_type, KeyType::Rsa | KeyType::Ecdsa),
    };
    if !can_sign {
        return Err(CertificateError::UnsupportedKey {
            reason: format!("{} cannot sign in {}", client.key.kind(), server.version),
        }
        .into());
    }
    Ok(Some(client))
}

/// The key of the identity that a client named, or one in its place that nobody has.
struct PskSearch {
    psk: Option<Psk>,
    failure: Option<PskFailure>,
    identity: String,
}

impl PskSearch {
    /// RFC 4279 Section 2: a client with a wrong key, or with an identity that nobody has, is found out by its Finished, and
    /// gets one and the same decrypt_error.
    fn judge<T>(&self, config: &ServerConfig, finished: Result<T, Error>) -> Result<T, Error> {
        let counters = &config.role.counters;
        let failure = match (finished, &self.failure) {
            (Ok(finished), None) => {
                Counters::add(&counters.keys_accepted);
                return Ok(finished);
            }
            (
                Err(Error::PeerMisbehaved(
                    PeerMisbehaved::BadRecordMac | PeerMisbehaved::BadFinished,
                )),
                failure,
            ) => failure.clone().unwrap_or(PskFailure::WrongKeyInFinished {
                identity: self.identity.clone(),
            }),
            (Err(error), _) => return Err(error),
            // A client that found a random key out.
            (Ok(_), Some(failure)) => failure.clone(),
        };
        counters.count_failure(&failure);
        Err(failure.into())
    }
}

/// Section 7.4.7. Returns the premaster secret.
async fn recv_client_key_exchange(
    peer: &mut Peer,
    transcript: &mut LegacyTranscript,
    server: &Server<'_>,
    hello: &ClientHello<'_>,
    key_exchange: KeyExchange,
    exchange: ServerExchange,
    credential: Option<&Credential>,
) -> Result<(Secret, Option<PskSearch>), Error> {
    let received = peer.recv::<ClientKeyExchange>().await?;
    transcript.add(received.bytes());
    let parts = ClientKeyExchange::read(received.body())?.parts(key_exchange)?;
    let shared = exchange.finish(credential, server.client_version, parts.share.as_ref())?;
    let Some(identity) = parts.psk_identity else {
        return Ok((premaster_secret(shared, None)?, None));
    };
    // The key of an identity that nobody has, made for every one: its making must not tell which those are.
    let nobodys = Zeroizing::new(server.config.settings.random.bytes::<32>()?);
    let search = find_psk(peer, server, hello, &identity).await?;
    let key = search.psk.as_ref().map_or(&nobodys[..], Psk::key);
    Ok((premaster_secret(shared, Some(key))?, Some(search)))
}

async fn find_psk(
    peer: &mut Peer,
    server: &Server<'_>,
    hello: &ClientHello<'_>,
    identity: &[u8],
) -> Result<PskSearch, Error> {
    let store = server
        .config
        .role
        .psk_store
        .as_ref()
        .or_internal("PSK suite without a store")?;
    let request = PskRequest {
        identity,
        imported_context: None,
        server_name: server.server_name.as_deref(),
    };
    let found = peer
        .ask("look-up of a pre-shared key", store.find(request))
        .await?;
    let name = printable(identity);
    let unusable = |reason: &str| PskFailure::Unusable {
        identity: name.clone(),
        reason: reason.to_owned(),
    };
    let failure = match &found {
        None => Some(PskFailure::UnknownIdentity {
            identity: name.clone(),
        }),
        // RFC 9258 Section 5.1: an imported key is bound to its use; the external key is not used beside it.
        Some(psk) if !psk.is_external() => Some(unusable(
            "it is used in imported form alone, which is of TLS 1.3",
        )),
        Some(psk) if psk.role() == PskRole::Client => {
            Some(unusable("it is for this node's clients only"))
        }
        Some(psk) if psk.client_hellos().contains(&hello.random.0) => {
            Counters::add(&server.config.role.counters.reflected);
            return Err(PskFailure::Reflected { identity: name }.into());
        }
        Some(_) => None,
    };
    let psk = match failure {
        None => found,
        Some(_) => None,
    };
    Ok(PskSearch {
        psk,
        failure,
        identity: name,
    })
}
