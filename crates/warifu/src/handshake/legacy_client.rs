//! The client's side of a handshake in TLS 1.2, 1.1 and 1.0, RFC 5246 Section 7.3:
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

use warifu_crypto::constant_time;

use crate::coroutine::{AnyMessage, Peer, Received};
use crate::decision::{CredentialRequest, PeerRole};
use crate::error::{CertificateError, Error, OrInternal, PeerMisbehaved};
use crate::facts::{ConnectionFacts, HandshakeKind, LegacyFacts};
use crate::message::legacy::{
    ClientKeyExchange, ClientKeyExchangeParts, LegacyCertificate, LegacyCertificateRequest,
    LegacyCertificateStatus, LegacyNewSessionTicket, LegacyServerHello, ServerHelloDone,
    ServerKeyExchange, ServerKeyExchangeParts,
};
use crate::message::{
    Handshake, LegacyServerHelloExtensions, Opaque16, Random, Rest, ServerHello, Staples,
};
use crate::parameters::{
    CipherSuite, ClientCertificateType, HandshakeType, KeyExchange, LegacySuite, ProtocolVersion,
    SignatureScheme,
};
use crate::psk::Psk;
use crate::resumption::session::{LegacyName, LegacySession};
use crate::resumption::state::Origin;

use super::Connected;
use super::certificate::Chosen;
use super::legacy::{
    Agreed, Keys, RecordLimits, connected, main_secret, psk_facts, send, set_version,
};
use super::legacy_certificate::{
    self as certificate, ChainRules, KeyType, PeerCertificate, certificate_curve, send_certificate,
    send_certificate_verify, verify_chain, verify_signature,
};
use super::legacy_exchange::{ClientExchange, client_exchange, premaster_secret};
use super::legacy_key_schedule::{LegacyMainSecret, LegacyTranscript, Randoms, Writer, prf_hash};
use super::legacy_offer::{LegacyOffer, UNCOMPRESSED};
use super::legacy_renegotiation::{BothFinished, Previous, Renegotiation};
use super::legacy_session::{self as session, Template};
use super::negotiate::{downgrade_sentinel, has_downgrade_sentinel};
use super::offer::Offer;
use super::ticket;
use super::tls13_client::Client;

/// The flow, from the ServerHello on.
pub(super) async fn run(
    peer: &mut Peer,
    client: &Client,
    offer: &mut Offer<'_>,
    client_hello: &[u8],
    answer: &Received<ServerHello<'static>>,
) -> Result<Connected, Error> {
    let mut legacy = offer
        .legacy
        .take()
        .or_internal("older version without an offer of it")?;
    let hello = LegacyServerHello::read(answer.body())?;
    let answer_to_us = Answer::read(client, offer, &legacy, &hello)?;
    set_version(peer, answer_to_us.agreed.version)?;
    let agreed = &answer_to_us.agreed;
    agreed.limits.apply_at_hello(peer)?;
    let may_sign = client.own.credential.is_some() || client.config.role.credentials.is_some();
    let mut transcript = LegacyTranscript::new(prf_hash(agreed.version, &agreed.suite), may_sign);
    transcript.add(client_hello);
    transcript.add(answer.bytes());
    let flow = Flow {
        client,
        offer,
        answer: &answer_to_us,
        offered_session: legacy.session.is_some(),
        previous: legacy.previous.take(),
    };
    match resumed_session(offer, &mut legacy, &hello, agreed)? {
        Some(session) => flow.resume(peer, transcript, session).await,
        None => flow.full(peer, transcript, legacy.psk.take()).await,
    }
}

/// What the server chose.
struct Answer {
    agreed: Agreed,
    session_id: Vec<u8>,
    alpn: Option<Arc<[u8]>>,
    will_send_ticket: bool,
    may_send_status: bool,
    scts: Vec<Vec<u8>>,
}

impl Answer {
    /// Section 7.4.1.3, and the extensions of Section 7.4.1.4.
    fn read(
        client: &Client,
        offer: &Offer<'_>,
        legacy: &LegacyOffer,
        hello: &LegacyServerHello<'_>,
    ) -> Result<Self, Error> {
        let settings = &client.config.settings;
        let version = check_version(client, hello)?;
        let extensions = &hello.extensions;
        extensions.check_solicited(offer.offered)?;
        let suites = legacy.suites(&client.config);
        let suite = check_suite(suites, hello.cipher_suite, version)?;
        let info = &extensions.renegotiation_info;
        let secure_renegotiation = match info {
            // RFC 5746 Section 3.5: "if the values do not match ... the client MUST abort the handshake".
            _ if legacy.previous.as_ref().is_some_and(|previous| {
                let finished = info.as_ref().map_or(&[][..], |info| info.as_slice());
                !constant_time::eq(finished, &previous.both_finished())
            }) =>
            {
                return Err(PeerMisbehaved::BadRenegotiationInfo.into());
            }
            Some(_) if legacy.previous.is_some() => true,
            // RFC 5746 Section 3.4: "it MUST abort the handshake" if it is not empty in a first handshake.
            Some(info) if !info.is_empty() => {
                return Err(PeerMisbehaved::BadRenegotiationInfo.into());
            }
            info => info.is_some(),
        };
        if !secure_renegotiation && settings.legacy.requires_secure_renegotiation() {
            return Err(PeerMisbehaved::NoSecureRenegotiation.into());
        }
        let extended_main_secret = extensions.extended_main_secret.is_some();
        // RFC 7627 Section 5.4: without it a renegotiation is not bound to who the server is.
        let is_required =
            settings.legacy.requires_extended_main_secret || legacy.previous.is_some();
        if !extended_main_secret && is_required {
            return Err(PeerMisbehaved::NoExtendedMainSecret.into());
        }
        let agreed = Agreed {
            version,
            suite,
            randoms: Randoms {
                client: offer.random,
                server: hello.random.0,
            },
            extended_main_secret,
            encrypt_then_mac: extensions.encrypt_then_mac.is_some(),
            secure_renegotiation,
            limits: record_limits(offer, extensions)?,
        };
        // RFC 7366 Section 3.1: for CBC alone.
        if agreed.encrypt_then_mac && !agreed.is_cbc() {
            return illegal("encrypt_then_mac with a suite without CBC (RFC 7366 Section 3.1)");
        }
        // RFC 8422 Section 5.2: "MUST contain the value 0 (uncompressed)", or there is no sending the server our point.
        // RFC 7366 Section 3.1: no way back from encrypt-then-MAC to MAC-then-encrypt.
        let had_etm = legacy
            .previous
            .as_ref()
            .is_some_and(|previous| previous.encrypt_then_mac);
        if had_etm && agreed.is_cbc() && !agreed.encrypt_then_mac {
            return illegal(
                "renegotiation without the encrypt_then_mac agreed before (RFC 7366 Section 3.1)",
            );
        }
        let formats = extensions.ec_point_formats.as_ref();
        if formats.is_some_and(|formats| !formats.contains(&UNCOMPRESSED)) {
            return illegal("ec_point_formats lacks the uncompressed form (RFC 8422 Section 5.2)");
        }
        let selected = &extensions.application_layer_protocol_negotiation;
        let alpn = selected.as_ref().map(|selected| selected.0.as_slice());
        offer.check_alpn(alpn)?;
        if let Some(previous) = &legacy.previous
            && previous.alpn.as_deref() != alpn
        {
            return illegal("server renegotiated for another application protocol");
        }
        Ok(Self {
            agreed,
            session_id: hello.session_id.to_vec(),
            alpn: alpn.map(Arc::from),
            will_send_ticket: extensions.session_ticket.is_some(),
            may_send_status: extensions.status_request.is_some(),
            scts: extensions
                .signed_certificate_timestamp
                .map_or(Ok(Vec::new()), |list| list.to_scts())?,
        })
    }
}

fn illegal<T>(what: &'static str) -> Result<T, Error> {
    Err(PeerMisbehaved::IllegalParameter { what }.into())
}

/// The version is judged before anything else of a ServerHello.
fn check_version(client: &Client, hello: &LegacyServerHello<'_>) -> Result<ProtocolVersion, Error> {
    let versions = client.config.settings.versions;
    let version = hello.legacy_version;
    // RFC 8446 Section 4.1.3: the server could have had a newer version, and we offered one. Of a client of TLS 1.3: it "MUST
    // check that the last 8 bytes are not equal to either of these values".
    let random = &hello.random.0;
    let is_downgrade = match versions.max {
        ProtocolVersion::TLS1_3 => has_downgrade_sentinel(random),
        max => downgrade_sentinel(max, version).is_some_and(|end| random.ends_with(&end)),
    };
    if is_downgrade {
        return Err(PeerMisbehaved::DowngradeDetected.into());
    }
    if version > ProtocolVersion::TLS1_2 || !versions.contains(version) {
        return Err(super::refuse_version(versions, version));
    }
    Ok(version)
}

/// Section 7.4.1.3: one of those offered, in a version that has it.
fn check_suite(
    offered: &[LegacySuite],
    suite: CipherSuite,
    version: ProtocolVersion,
) -> Result<LegacySuite, Error> {
    let Some(row) = offered.iter().find(|row| row.suite == suite) else {
        return Err(PeerMisbehaved::NotOffered {
            what: "cipher suite",
            value: suite.to_string(),
        }
        .into());
    };
    match row.is_of(version) {
        true => Ok(*row),
        false => illegal(
            "server selected a cipher suite that its version does not have (RFC 5246 Section 7.4.1.3)",
        ),
    }
}

/// Record sizes in force: RFC 6066 Section 4, RFC 8449 Section 4.
fn record_limits(
    offer: &Offer<'_>,
    extensions: &LegacyServerHelloExtensions<'_>,
) -> Result<RecordLimits, Error> {
    let record_size_limit = extensions.record_size_limit.as_ref().map(|limit| limit.0);
    let max_fragment_length = extensions.max_fragment_length;
    if record_size_limit.is_some() && max_fragment_length.is_some() {
        return illegal("both record_size_limit and max_fragment_length (RFC 8449 Section 5)");
    }
    if max_fragment_length.is_some() && max_fragment_length != offer.max_fragment_length() {
        return illegal("max_fragment_length is not the one requested (RFC 6066 Section 4)");
    }
    Ok(RecordLimits::new(
        record_size_limit,
        offer.record_size_limit().unwrap_or(u16::MAX),
        max_fragment_length,
    ))
}

/// Whether the server resumes the session that was offered: it echoes its ID, or the one that stood beside its ticket (RFC 5077
/// Section 3.4).
fn resumed_session(
    offer: &Offer<'_>,
    legacy: &mut LegacyOffer,
    hello: &LegacyServerHello<'_>,
    agreed: &Agreed,
) -> Result<Option<Box<LegacySession>>, Error> {
    let id = hello.session_id.as_slice();
    let is_echo = !id.is_empty() && id == offer.session_id();
    if !is_echo {
        return Ok(None);
    }
    let Some(session) = legacy.session.take() else {
        // A random ID in the manner of RFC 8446 Appendix D.4, which no server of these versions can know.
        return illegal("server resumes a session that was not offered (RFC 5246 Section 7.4.1.3)");
    };
    let state = &session.state;
    if state.version != agreed.version {
        return illegal("session resumed in another version (RFC 5246 Appendix E.1)");
    }
    if state.suite != agreed.suite {
        return illegal("session resumed with another cipher suite (RFC 5246 Section 7.4.1.3)");
    }
    // RFC 7627 Section 5.3: sessions are kept with the extension only.
    if !agreed.extended_main_secret {
        return Err(PeerMisbehaved::ExtendedMainSecretMissing.into());
    }
    Ok(Some(session))
}

/// A flow with what it was begun with.
struct Flow<'a> {
    client: &'a Client,
    offer: &'a Offer<'a>,
    answer: &'a Answer,
    /// A session of an older version was offered.
    offered_session: bool,
    /// The handshake that this one follows in the same connection.
    previous: Option<Box<Previous>>,
}

impl Flow<'_> {
    /// The version in our ClientHello, the first one where there were several.
    fn client_version(&self) -> ProtocolVersion {
        let previous = self.previous.as_ref();
        previous.map_or(self.offer.legacy_version(), |previous| {
            previous.client_version
        })
    }

    fn log_secret(&self, main: &LegacyMainSecret) {
        self.offer
            .log_secret("CLIENT_RANDOM", main.secret().as_bytes());
    }

    /// Section 7.3, figure 2: an abbreviated handshake. The server's Finished comes first.
    async fn resume(
        self,
        peer: &mut Peer,
        mut transcript: LegacyTranscript,
        session: Box<LegacySession>,
    ) -> Result<Connected, Error> {
        let agreed = &self.answer.agreed;
        transcript.drop_messages();
        let state = &session.state;
        // RFC 7301 Section 3.1 agrees anew; a session is for one protocol all the same.
        if state.alpn != self.answer.alpn {
            return illegal("session resumed for another application protocol");
        }
        let keys = Keys::new(agreed, state.main_secret(), Writer::Client)?;
        self.log_secret(&keys.main);
        let new_ticket = self.recv_ticket(peer, &mut transcript).await?;
        let server_finished = keys.recv_finished(peer, &mut transcript).await?;
        let client_finished = keys.send_finished(peer, &mut transcript)?;

        let name = new_ticket.unwrap_or((session.name.clone(), Some(state.lifetime)));
        self.keep_session(&keys, name, state.authenticated_at, state.origin.clone());
        let splits = self.client.config.settings.legacy.record_splitting;
        keys.begin_application_data(peer, splits)?;
        let mut facts = self.facts(peer)?;
        facts.handshake_kind = HandshakeKind::Resumed;
        facts.resumed = true;
        facts.psk = state.origin.psk.as_ref().map(|psk| psk.facts.clone());
        facts.peer_certificates = state.origin.peer_certificates.clone();
        let finished = BothFinished {
            client: client_finished,
            server: server_finished,
        };
        let renegotiation =
            Renegotiation::new(self.client, agreed, &facts, self.client_version(), finished);
        let connected = connected(facts, keys, server_finished)?;
        Ok(connected.and_then_renegotiate(renegotiation))
    }

    /// A full handshake.
    async fn full(
        self,
        peer: &mut Peer,
        mut transcript: LegacyTranscript,
        psk: Option<Psk>,
    ) -> Result<Connected, Error> {
        let agreed = &self.answer.agreed;
        let key_exchange = agreed.suite.key_exchange;
        let settings = &self.client.config.settings;
        let offered_key = psk.is_some() || !self.offer.psks.is_empty();
        let psk = psk.filter(|_| key_exchange.uses_psk());
        let mut flight = ServerFlight {
            peer,
            transcript: &mut transcript,
            next: None,
        };
        let server = match key_exchange.sends_certificate() {
            true => Some(self.recv_server_identity(&mut flight).await?),
            false => None,
        };
        let params = self.recv_server_key_exchange(&mut flight).await?;
        let request = self.recv_request(&mut flight).await?;
        let done = flight
            .required::<ServerHelloDone>("ServerHelloDone")
            .await?;
        ServerHelloDone::read(done.body())?;
        flight.peer.end_of_flight()?;
        let (exchange, server_scheme, hint) = self.exchange(params.as_ref(), server.as_ref())?;
        let psk = match psk {
            Some(chosen) => Some(self.choose_psk(peer, hint.as_deref(), chosen).await?),
            None => None,
        };

        let chosen = match &request {
            Some(request) => self.choose_credential(peer, request).await?,
            None => {
                transcript.drop_messages();
                None
            }
        };
        if request.is_some() {
            let credential = chosen.as_ref().map(|chosen| &*chosen.credential);
            send_certificate(peer, &mut transcript, credential)?;
        }
        let body = ClientKeyExchangeParts {
            psk_identity: psk.as_ref().map(|psk| Opaque16::new(psk.identity())),
            share: exchange.share(key_exchange),
        }
        .encode_body()?;
        send(
            peer,
            &mut transcript,
            &ClientKeyExchange { body: Rest(&body) },
        )?;
        let premaster = premaster_secret(exchange.shared, psk.as_ref().map(Psk::key))?;
        let main = main_secret(agreed, &premaster, &mut transcript)?;
        drop(premaster);
        self.log_secret(&main);
        if let Some(chosen) = &chosen {
            send_certificate_verify(peer, &mut transcript, agreed.version, chosen).await?;
        }
        transcript.drop_messages();
        let keys = Keys::new(agreed, main, Writer::Client)?;
        let client_finished = keys.send_finished(peer, &mut transcript)?;
        peer.with_wire(|wire| wire.sending.flush_flight())?;
        let ticket = self.recv_ticket(peer, &mut transcript).await?;
        let server_finished = keys.recv_finished(peer, &mut transcript).await?;

        let origin = Origin {
            psk: match &psk {
                Some(psk) => Some(ticket::origin_of_key(psk, psk_facts(psk))?),
                None => None,
            },
            peer_certificates: server.as_ref().map(|server| server.certificates.clone()),
            with_certificate: psk.is_some() && server.is_some(),
        };
        let id = &self.answer.session_id;
        let by_id = (!id.is_empty()).then(|| (LegacyName::Id(id.as_slice().into()), None));
        if let Some(name) = ticket.or(by_id) {
            let now = settings.clock.now().as_secs();
            self.keep_session(&keys, name, now, origin);
        }
        keys.begin_application_data(peer, settings.legacy.record_splitting)?;
        let mut facts = self.facts(peer)?;
        facts.group = exchange.group;
        if let Some(legacy) = &mut facts.legacy {
            legacy.dh_bits = exchange.dh_bits;
            legacy.psk_identity_hint = hint;
        }
        if let Some(psk) = &psk {
            facts.handshake_kind = HandshakeKind::Psk;
            facts.psk = Some(psk_facts(psk));
        }
        if self.offered_session || (offered_key && psk.is_none()) {
            let reason = "the server took none of the keys and tickets offered";
            facts.psk_declined = Some(Arc::from(reason));
        }
        facts.peer_certificates = server.map(|server| server.certificates);
        facts.peer_signature_scheme = server_scheme;
        facts.local_signature_scheme = chosen.as_ref().map(|chosen| chosen.scheme);
        facts.local_credential = chosen.map(|chosen| chosen.credential);
        let finished = BothFinished {
            client: client_finished,
            server: server_finished,
        };
        let renegotiation =
            Renegotiation::new(self.client, agreed, &facts, self.client_version(), finished);
        let connected = connected(facts, keys, client_finished)?;
        Ok(connected.and_then_renegotiate(renegotiation))
    }

    /// Section 7.4.2, and the stapled OCSP response of RFC 6066 Section 8, which a server may leave out although it answered
    /// the extension.
    async fn recv_server_identity(
        &self,
        flight: &mut ServerFlight<'_>,
    ) -> Result<PeerCertificate, Error> {
        let received = flight.required::<LegacyCertificate>("Certificate").await?;
        let certificates = certificate::read_chain(&received)?;
        // Section 7.4.2: the server "MUST send a Certificate message", with its certificate first.
        if certificates.is_empty() {
            return Err(CertificateError::Empty.into());
        }
        let is_another = |previous: &Previous| certificates.first() != Some(&previous.server_leaf);
        if self.previous.as_deref().is_some_and(is_another) {
            return Err(PeerMisbehaved::RenegotiatedAsAnother.into());
        }
        let status = match self.answer.may_send_status {
            true => {
                let types = [
                    HandshakeType::CERTIFICATE_STATUS,
                    HandshakeType::SERVER_KEY_EXCHANGE,
                    HandshakeType::CERTIFICATE_REQUEST,
                    HandshakeType::SERVER_HELLO_DONE,
                ];
                flight
                    .optional::<LegacyCertificateStatus>(&types, "CertificateStatus")
                    .await?
            }
            false => None,
        };
        let status = match &status {
            Some(received) => Some(LegacyCertificateStatus::read(received.body())?),
            None => None,
        };
        let ocsp_response = status
            .as_ref()
            .map_or(&[][..], |message| message.status.ocsp_response.as_slice());
        let agreed = &self.answer.agreed;
        let role = &self.client.config.role;
        let verifier = role.verifier.as_deref();
        let rules = ChainRules {
            verifier: verifier.or_internal("certificate without a verifier")?,
            peer: PeerRole::Server(&self.client.server_name),
            key_use: agreed.suite.key_exchange.key_use(),
            now: self.client.config.settings.clock.now(),
        };
        let staples = Staples {
            ocsp_response,
            scts: &self.answer.scts,
        };
        let server = verify_chain(flight.peer, &rules, certificates, staples).await?;
        let kind = server.key.kind();
        if !KeyType::of(kind).serves(agreed.suite.key_exchange, agreed.version) {
            return Err(CertificateError::UnsupportedKey {
                reason: format!("{kind} does not go with {}", agreed.suite.suite),
            }
            .into());
        }
        // RFC 8422 Section 5.3: the server's key is on a curve that the client's supported_groups names.
        let groups = &self.client.config.settings.groups;
        if certificate_curve(kind).is_some_and(|curve| !groups.contains(&curve)) {
            return Err(CertificateError::UnsupportedKey {
                reason: format!("{kind} is on a curve that was not offered"),
            }
            .into());
        }
        Ok(server)
    }

    /// Section 7.4.3: where the key exchange has one. RSA never has, which is what FREAK depended on; PSK and RSA_PSK have one
    /// if there is a hint (RFC 4279 Section 2).
    async fn recv_server_key_exchange(
        &self,
        flight: &mut ServerFlight<'_>,
    ) -> Result<Option<Received<ServerKeyExchange<'static>>>, Error> {
        match self.answer.agreed.suite.key_exchange {
            KeyExchange::Rsa => Ok(None),
            KeyExchange::Psk => {
                let types = [
                    HandshakeType::SERVER_KEY_EXCHANGE,
                    HandshakeType::SERVER_HELLO_DONE,
                ];
                flight
                    .optional(&types, "ServerKeyExchange or ServerHelloDone")
                    .await
            }
            KeyExchange::RsaPsk => {
                let types = [
                    HandshakeType::SERVER_KEY_EXCHANGE,
                    HandshakeType::CERTIFICATE_REQUEST,
                    HandshakeType::SERVER_HELLO_DONE,
                ];
                let expected = "ServerKeyExchange, CertificateRequest or ServerHelloDone";
                flight.optional(&types, expected).await
            }
            _ => flight.required("ServerKeyExchange").await.map(Some),
        }
    }

    /// Section 7.4.4. Who shows no certificate asks for none (RFC 4279 Section 2). With RSA_PSK, OpenSSL asks.
    async fn recv_request(
        &self,
        flight: &mut ServerFlight<'_>,
    ) -> Result<Option<Received<LegacyCertificateRequest<'static>>>, Error> {
        if !self.answer.agreed.suite.key_exchange.sends_certificate() {
            return Ok(None);
        }
        let types = [
            HandshakeType::CERTIFICATE_REQUEST,
            HandshakeType::SERVER_HELLO_DONE,
        ];
        let request = flight
            .optional::<LegacyCertificateRequest>(&types, "CertificateRequest or ServerHelloDone")
            .await?;
        if let Some(received) = &request {
            LegacyCertificateRequest::read(self.answer.agreed.version, received.body())?;
        }
        Ok(request)
    }

    /// Our half of the exchange, after the server's signature over its half was checked; the scheme of that, and the hint.
    #[allow(clippy::type_complexity)]
    fn exchange(
        &self,
        received: Option<&Received<ServerKeyExchange<'static>>>,
        server: Option<&PeerCertificate>,
    ) -> Result<(ClientExchange, Option<SignatureScheme>, Option<Arc<[u8]>>), Error> {
        let agreed = &self.answer.agreed;
        let settings = &self.client.config.settings;
        let parts = match received {
            Some(received) => {
                let message = ServerKeyExchange::read(received.body())?;
                Some(message.parts(agreed.suite.key_exchange, agreed.version)?)
            }
            None => None,
        };
        let mut scheme = None;
        if let Some(ServerKeyExchangeParts {
            signed: Some(signed),
            params_bytes,
            ..
        }) = &parts
        {
            let server = server.or_internal("signature without a certificate")?;
            let randoms = &agreed.randoms;
            let content = ServerKeyExchange::signed_content(
                &Random(randoms.client),
                &Random(randoms.server),
                params_bytes,
            );
            let legacy = &settings.legacy;
            let verified = verify_signature(legacy, agreed.version, &server.key, signed, &content)?;
            scheme = Some(verified);
        }
        let exchange = client_exchange(
            settings,
            agreed.suite.key_exchange,
            parts.as_ref().and_then(|parts| parts.params.as_ref()),
            server.map(|server| &server.key),
            self.client_version(),
        )?;
        let hint = parts.and_then(|parts| parts.psk_identity_hint);
        let hint = hint.filter(|hint| !hint.is_empty());
        Ok((
            exchange,
            scheme,
            hint.map(|hint| Arc::from(hint.as_slice())),
        ))
    }

    /// The pre-shared key, now that the server has given its hint, or none (RFC 4279 Section 5.2).
    async fn choose_psk(
        &self,
        peer: &mut Peer,
        hint: Option<&[u8]>,
        chosen: Psk,
    ) -> Result<Psk, Error> {
        let Some(psks) = &self.client.config.role.psks else {
            return Ok(chosen);
        };
        let answer = psks.choose_by_hint(&self.client.server_name, hint, &chosen);
        peer.ask("choice of a pre-shared key by the server's hint", answer)
            .await
    }

    /// The credential for the server's request. A client whose keys the server cannot verify answers as one without
    /// (Section 7.4.6).
    async fn choose_credential(
        &self,
        peer: &mut Peer,
        request: &Received<LegacyCertificateRequest<'static>>,
    ) -> Result<Option<Chosen>, Error> {
        let version = self.answer.agreed.version;
        let request = LegacyCertificateRequest::read(version, request.body())?;
        let schemes = wanted_schemes(&request);
        let authorities: Vec<&[u8]> = request
            .certificate_authorities
            .iter()
            .map(|name| name.as_slice())
            .collect();
        let wanted = CredentialRequest {
            authorities: &authorities,
            ..CredentialRequest::new(version, &schemes)
        };
        let own = self.client.own.credential.as_ref();
        let config = self.client.config.role.credentials.as_deref();
        let credential = certificate::choose_credential(peer, own, config, wanted).await?;
        let Some(credential) = credential else {
            return Ok(None);
        };
        match certificate::choose_scheme(&credential, version, schemes.iter().copied(), false) {
            Ok(scheme) => Ok(Some(Chosen { credential, scheme })),
            Err(Error::NothingInCommon(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// RFC 5077 Section 3.3: a server that answered the extension sends a ticket, possibly an empty one.
    async fn recv_ticket(
        &self,
        peer: &mut Peer,
        transcript: &mut LegacyTranscript,
    ) -> Result<Option<session::Named>, Error> {
        if !self.answer.will_send_ticket {
            return Ok(None);
        }
        let received = peer.recv::<LegacyNewSessionTicket>().await?;
        let message = LegacyNewSessionTicket::read(received.body())?;
        transcript.add(received.bytes());
        let ticket = message.ticket.as_slice();
        Ok((!ticket.is_empty()).then(|| {
            let name = LegacyName::Ticket(ticket.into());
            (name, Some(message.ticket_lifetime_hint))
        }))
    }

    fn keep_session(
        &self,
        keys: &Keys<'_>,
        named: session::Named,
        authenticated_at: u64,
        origin: Origin,
    ) {
        let template = Template {
            context: self.client.session_context(),
            server_name: self.offer.server_name().map(Arc::from),
            alpn: self.answer.alpn.clone(),
            authenticated_at,
            origin,
        };
        session::keep(self.client, keys.agreed, &keys.main, template, named);
    }

    fn facts(&self, peer: &mut Peer) -> Result<ConnectionFacts, Error> {
        let agreed = &self.answer.agreed;
        let (max_fragment_sent, max_fragment_length, early_data) =
            peer.with_wire(|wire| Ok(wire.size_and_early_data()))?;
        Ok(ConnectionFacts {
            version: agreed.version,
            cipher_suite: agreed.suite.suite,
            group: None,
            handshake_kind: HandshakeKind::Full,
            psk: None,
            psk_mode: None,
            psk_declined: None,
            early_data,
            early_data_declined: None,
            peer_certificates: None,
            peer_signature_scheme: None,
            local_credential: None,
            local_signature_scheme: None,
            alpn: self.answer.alpn.clone(),
            server_name: self.offer.server_name().map(Arc::from),
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

/// The schemes that a server asks for, of keys that it asks for (Section 7.4.4: "the end-entity certificate provided by the
/// client MUST contain a key that is compatible with certificate_types"). Before TLS 1.2 it names kinds of keys alone; what stands
/// for them are schemes of those.
fn wanted_schemes(request: &LegacyCertificateRequest<'_>) -> Vec<SignatureScheme> {
    let types = &request.certificate_types;
    if let Some(schemes) = &request.supported_signature_algorithms {
        // RFC 8422 Section 5.5: ecdsa_sign stands for EdDSA, too.
        let wanted = |scheme: &SignatureScheme| match scheme.is_rsa() {
            true => types.contains(&ClientCertificateType::RSA_SIGN),
            false => types.contains(&ClientCertificateType::ECDSA_SIGN),
        };
        return schemes.iter().filter(wanted).collect();
    }
    let mut schemes = Vec::new();
    if types.contains(&ClientCertificateType::ECDSA_SIGN) {
        schemes.extend([
            SignatureScheme::ECDSA_SECP256R1_SHA256,
            SignatureScheme::ECDSA_SECP384R1_SHA384,
            SignatureScheme::ECDSA_SECP521R1_SHA512,
        ]);
    }
    if types.contains(&ClientCertificateType::RSA_SIGN) {
        schemes.extend([
            SignatureScheme::RSA_PSS_RSAE_SHA256,
            SignatureScheme::RSA_PKCS1_SHA256,
        ]);
    }
    schemes
}

/// The server's flight up to ServerHelloDone, in which most messages may be missing.
struct ServerFlight<'a> {
    peer: &'a mut Peer,
    transcript: &'a mut LegacyTranscript,
    /// A message that came in the place of one that is missing.
    next: Option<Received<AnyMessage>>,
}

impl ServerFlight<'_> {
    /// The message `M`, if it comes; else another of `types` does, which may stand behind it, and is kept.
    async fn optional<M: Handshake<'static>>(
        &mut self,
        types: &[HandshakeType],
        expected: &'static str,
    ) -> Result<Option<Received<M>>, Error> {
        if self.next.is_none() {
            self.next = Some(self.peer.recv_any(types, expected).await?);
        }
        match self.next.take_if(|next| next.message_type() == M::TYPE) {
            Some(received) => {
                self.transcript.add(received.bytes());
                Ok(Some(received.of_type()))
            }
            None => Ok(None),
        }
    }

    /// The message `M`.
    async fn required<M: Handshake<'static>>(
        &mut self,
        expected: &'static str,
    ) -> Result<Received<M>, Error> {
        match self.optional(&[M::TYPE], expected).await? {
            Some(received) => Ok(received),
            None => Err(PeerMisbehaved::UnexpectedMessage {
                got: self
                    .next
                    .as_ref()
                    .map_or(M::TYPE, |next| next.message_type()),
                expected,
            }
            .into()),
        }
    }
}
