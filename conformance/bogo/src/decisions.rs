//! What an application decides in the course of a handshake: whom to believe, which credential to use, which keys seal tickets.
//! With `-async` each answer comes late.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use warifu::config::{ChooseServerConfig, ClientHelloFacts, Clock, KeyLog};
use warifu::credential::Credentials;
use warifu::decision::{
    Answer, ChooseCredential, CredentialRequest, PeerRole, PresentedChain, Sign, VerifyPeer,
};
use warifu::early_data::{MemoryReplayStore, ReplayStore};
use warifu::parameters::{HandshakeType, SignatureScheme};
use warifu::pki_types::{ServerName, UnixTime};
use warifu::psk::{ChoosePsks, PskRequest, PskStore, PskTable};
use warifu::resumption::{
    ClientSessionStore, MemorySessionStore, Session, SessionKey, SessionStore, TICKET_KEY_NAME_LEN,
    TicketKey, TicketKeys,
};
use warifu::{
    CertificateError, Credential, Direction, Error, LoggedMessage, MessageLog, Psk, ServerConfig,
    Trust,
};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::options::Options;
use crate::pending::answer;
use crate::token::{CERT_CB_ERROR, CLIENT_HELLO_REFUSED, OCSP_CB_ERROR};

/// The time, which passes where the runner says so and nowhere else.
#[derive(Debug)]
pub(crate) struct FakeClock(AtomicU64);

impl FakeClock {
    /// BoringSSL's begins here.
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(1234))
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(self.0.load(Ordering::Relaxed)))
    }
}

/// Believes every chain whose leaf may be used so, unless told to refuse all.
#[derive(Debug)]
pub(crate) struct Verifier {
    trust: Trust,
    refuses: bool,
    /// The peer is told that it is the certificate.
    tells: bool,
    refuses_ocsp: bool,
    reverifies: bool,
    expected_ocsp: Vec<u8>,
    expected_scts: Vec<Vec<u8>>,
    authorities: Vec<Vec<u8>>,
    polls: u32,
}

impl Verifier {
    pub(crate) fn new(options: &Options) -> Result<Self, Failure> {
        // What BoringSSL judges by itself: the leaf's key usage. All else its callbacks are asked for.
        let trust = Trust::builder().dangerous().accept_any_issuer();
        let trust = trust.dangerous().accept_any_date();
        let trust = trust.dangerous().accept_any_name();
        // Without either of the two BoringSSL asks for a verdict and does not obey it.
        let obeys = options.verify_peer || options.require_any_client_certificate;
        Ok(Self {
            trust: trust.build().map_err(Failure::mismatch)?,
            refuses: options.verify_fail && obeys,
            tells: options.use_custom_verify_callback,
            refuses_ocsp: !options.server
                && options.use_ocsp_callback
                && options.fail_ocsp_callback,
            reverifies: options.reverify_on_resume,
            expected_ocsp: options.expect_ocsp_response.clone(),
            expected_scts: options.expect_signed_cert_timestamps.clone(),
            authorities: options.use_client_ca_list.clone(),
            polls: u32::from(options.asynchronous),
        })
    }

    fn judge(&self, chain: &PresentedChain<'_>) -> Result<(), CertificateError> {
        self.trust.check(chain)?;
        // BoringSSL does not look at a session's chain again unless told to.
        if chain.resumed && !self.reverifies {
            return Ok(());
        }
        let refused = |reason: &str| {
            Err(CertificateError::Refused {
                reason: reason.to_owned(),
            })
        };
        // What came with a chain is not kept in its session.
        if !chain.resumed {
            if !self.expected_ocsp.is_empty() && self.expected_ocsp != chain.ocsp_response {
                return refused("there is another OCSP response, or none");
            }
            if !self.expected_scts.is_empty() && self.expected_scts != chain.scts {
                return refused("there are other SCTs, or none");
            }
        }
        if self.refuses && self.tells {
            return refused("the test says so");
        }
        if self.refuses {
            return Err(CertificateError::RefusedUntold {
                reason: "the test says so".to_owned(),
            });
        }
        if self.refuses_ocsp && matches!(chain.role, PeerRole::Server(_)) && !chain.resumed {
            return Err(CertificateError::BadOcspResponse {
                reason: OCSP_CB_ERROR.to_owned(),
            });
        }
        Ok(())
    }
}

impl VerifyPeer for Verifier {
    fn verify<'a>(&'a self, chain: PresentedChain<'a>) -> Answer<'a, Result<(), CertificateError>> {
        answer(self.judge(&chain), self.polls)
    }

    fn chain_schemes(&self) -> &[SignatureScheme] {
        &[]
    }

    fn authorities(&self) -> &[Vec<u8>] {
        &self.authorities
    }
}

/// Chooses among the credentials of the command line as [`Credentials`] do.
#[derive(Debug)]
pub(crate) struct Chooser {
    pub(crate) credentials: Credentials,
    pub(crate) is_server: bool,
    pub(crate) fails: bool,
    pub(crate) ocsp_fails: bool,
    pub(crate) expected_schemes: Vec<u16>,
    pub(crate) expected_authorities: Vec<Vec<u8>>,
    pub(crate) polls: u32,
}

impl Chooser {
    fn check(&self, request: &CredentialRequest<'_>) -> Result<(), Error> {
        let schemes = request.signature_schemes.iter().map(|scheme| scheme.0);
        if !self.expected_schemes.is_empty() && !schemes.eq(self.expected_schemes.iter().copied()) {
            return Err(Error::Application(format!(
                "peer verifies {:?}",
                request.signature_schemes
            )));
        }
        let authorities = request.authorities.iter().copied();
        let expected = self.expected_authorities.iter().map(Vec::as_slice);
        if !self.is_server && !self.expected_authorities.is_empty() && !authorities.eq(expected) {
            return Err(Error::Application(
                "peer names other authorities".to_owned(),
            ));
        }
        if self.fails {
            return Err(Error::Application(CERT_CB_ERROR.to_owned()));
        }
        if self.ocsp_fails {
            return Err(Error::Application(OCSP_CB_ERROR.to_owned()));
        }
        Ok(())
    }
}

impl ChooseCredential for Chooser {
    fn choose<'a>(
        &'a self,
        request: CredentialRequest<'a>,
    ) -> Answer<'a, Result<Option<Arc<Credential>>, Error>> {
        if let Err(error) = self.check(&request) {
            return answer(Err(error), self.polls);
        }
        late(self.credentials.choose(request), self.polls)
    }
}

/// A key whose signatures are ready when they are asked for the third time.
#[derive(Debug)]
pub(crate) struct SlowSigner(pub(crate) Arc<dyn Sign>);

impl Sign for SlowSigner {
    fn schemes(&self) -> &[SignatureScheme] {
        self.0.schemes()
    }

    fn sign<'a>(
        &'a self,
        scheme: SignatureScheme,
        message: &'a [u8],
    ) -> Answer<'a, Result<Vec<u8>, String>> {
        match self.0.sign(scheme, message) {
            Answer::Ready(signature) => answer(signature, 2),
            later => later,
        }
    }
}

/// What a server would serve with one of its credentials.
#[derive(Debug)]
pub(crate) enum Choice {
    Certificate(Arc<ServerConfig>),
    /// The key of this identity.
    Psk(Vec<u8>, Arc<ServerConfig>),
}

/// Looks at the ClientHello before all else.
#[derive(Debug)]
pub(crate) struct EarlyCallback {
    /// By preference: BoringSSL takes the first credential that the client can use, ours would take a key before a certificate, and
    /// of several keys the client's first.
    choices: Vec<Choice>,
    pub(crate) fails: bool,
    pub(crate) expected_name: Option<String>,
    pub(crate) expects_no_name: bool,
    pub(crate) expected_alpn: Vec<Vec<u8>>,
    pub(crate) polls: u32,
    pub(crate) was_called: AtomicBool,
}

impl EarlyCallback {
    pub(crate) fn new(options: &Options, choices: Vec<Choice>) -> Self {
        Self {
            choices,
            fails: options.fail_early_callback,
            expected_name: options.expect_server_name.clone(),
            expects_no_name: options.expect_no_server_name,
            expected_alpn: options.expect_advertised_alpn.clone(),
            polls: u32::from(options.asynchronous && options.use_early_callback),
            was_called: AtomicBool::new(false),
        }
    }

    fn judge(&self, hello: &ClientHelloFacts) -> Result<Option<Arc<ServerConfig>>, Error> {
        self.was_called.store(true, Ordering::Relaxed);
        let wrong = |what: &str| {
            Err(Error::Application(format!(
                "ClientHello has another {what}"
            )))
        };
        if self.fails {
            return Err(Error::Application(CLIENT_HELLO_REFUSED.to_owned()));
        }
        if self.expects_no_name && hello.server_name.is_some()
            || self.expected_name.is_some() && self.expected_name != hello.server_name
        {
            return wrong("server name");
        }
        if !self.expected_alpn.is_empty() && self.expected_alpn != hello.alpn {
            return wrong("list of protocols");
        }
        let fits = |choice: &&Choice| match choice {
            Choice::Certificate(_) => !hello.signature_schemes.is_empty(),
            Choice::Psk(identity, _) => hello
                .psk_identities
                .iter()
                .any(|offered| external_identity(offered) == Some(identity)),
        };
        Ok(self.choices.iter().find(fits).map(|choice| match choice {
            Choice::Certificate(config) | Choice::Psk(_, config) => config.clone(),
        }))
    }
}

/// The first field of an ImportedIdentity, RFC 9258 Section 5.1.
fn external_identity(imported: &[u8]) -> Option<&[u8]> {
    let (len, rest) = imported.split_first_chunk::<2>()?;
    rest.get(..usize::from(u16::from_be_bytes(*len)))
}

impl ChooseServerConfig for EarlyCallback {
    fn choose(
        &self,
        hello: ClientHelloFacts,
    ) -> Answer<'_, Result<Option<Arc<ServerConfig>>, Error>> {
        answer(self.judge(&hello), self.polls)
    }
}

/// The one session that a client may offer, and the last one that it was given.
#[derive(Debug)]
pub(crate) struct OneSession {
    offer: Mutex<Option<Session>>,
    given: Mutex<Option<Session>>,
    polls: u32,
}

impl OneSession {
    pub(crate) fn new(offer: Option<Session>, options: &Options) -> Self {
        Self {
            offer: Mutex::new(offer),
            given: Mutex::new(None),
            polls: u32::from(options.asynchronous),
        }
    }

    pub(crate) fn given(&self) -> Option<Session> {
        lock(&self.given).clone()
    }
}

impl ClientSessionStore for OneSession {
    fn put(&self, _: &SessionKey, session: Session) {
        *lock(&self.given) = Some(session);
    }

    fn take<'a>(&'a self, _: &'a SessionKey) -> Answer<'a, Option<Session>> {
        answer(lock(&self.offer).take(), self.polls)
    }
}

/// One key for the tickets of all connections.
#[derive(Debug)]
pub(crate) struct OneTicketKey {
    pub(crate) key: Arc<TicketKey>,
    pub(crate) issues: bool,
    pub(crate) polls: u32,
}

impl TicketKeys for OneTicketKey {
    fn sealing_key(&self, _: UnixTime) -> Answer<'_, Result<Option<Arc<TicketKey>>, String>> {
        answer(Ok(self.issues.then(|| self.key.clone())), self.polls)
    }

    fn opening_key<'a>(
        &'a self,
        name: &'a [u8; TICKET_KEY_NAME_LEN],
        _: UnixTime,
    ) -> Answer<'a, Result<Option<Arc<TicketKey>>, String>> {
        let found = (self.key.name() == name).then(|| self.key.clone());
        answer(Ok(found), self.polls)
    }
}

/// A server's sessions, from a store that takes its time.
#[derive(Debug)]
pub(crate) struct SlowSessions {
    pub(crate) store: Arc<MemorySessionStore>,
    pub(crate) has_stored: Arc<AtomicBool>,
    pub(crate) polls: u32,
}

impl SessionStore for SlowSessions {
    fn put<'a>(
        &'a self,
        id: [u8; 32],
        state: Zeroizing<Vec<u8>>,
        now: UnixTime,
        lifetime: Duration,
    ) -> Answer<'a, Result<(), String>> {
        self.has_stored.store(true, Ordering::Relaxed);
        late(self.store.put(id, state, now, lifetime), self.polls)
    }

    fn take<'a>(
        &'a self,
        id: &'a [u8; 32],
        now: UnixTime,
    ) -> Answer<'a, Result<Option<Zeroizing<Vec<u8>>>, String>> {
        late(self.store.take(id, now), self.polls)
    }
}

fn late<'a, T: Send + Unpin + 'a>(known: Answer<'a, T>, polls: u32) -> Answer<'a, T> {
    match known {
        Answer::Ready(known) => answer(known, polls),
        later => later,
    }
}

/// The keys that a client offers, late.
#[derive(Debug)]
pub(crate) struct SlowPsks {
    pub(crate) psks: Arc<[Psk]>,
    pub(crate) polls: u32,
}

impl ChoosePsks for SlowPsks {
    fn choose<'a>(&'a self, _: &'a ServerName<'a>) -> Answer<'a, Result<Arc<[Psk]>, Error>> {
        answer(Ok(self.psks.clone()), self.polls)
    }
}

/// A server's keys, late.
#[derive(Debug)]
pub(crate) struct SlowPskStore {
    pub(crate) psks: PskTable,
    pub(crate) polls: u32,
}

impl PskStore for SlowPskStore {
    fn find<'a>(&'a self, request: PskRequest<'a>) -> Answer<'a, Result<Option<Psk>, Error>> {
        late(self.psks.find(request), self.polls)
    }
}

/// Remembers early data, and says late whether it is new.
#[derive(Debug)]
pub(crate) struct SlowReplays {
    pub(crate) store: Arc<MemoryReplayStore>,
    pub(crate) polls: u32,
}

impl ReplayStore for SlowReplays {
    fn is_first<'a>(
        &'a self,
        client_hello: &'a [u8; 32],
        now: UnixTime,
        until: Option<UnixTime>,
    ) -> Answer<'a, Result<bool, String>> {
        late(self.store.is_first(client_hello, now, until), self.polls)
    }
}

/// The application traffic secrets, client's and server's.
#[derive(Debug, Default)]
pub(crate) struct TrafficSecrets {
    client: Mutex<Zeroizing<Vec<u8>>>,
    server: Mutex<Zeroizing<Vec<u8>>>,
}

impl TrafficSecrets {
    pub(crate) fn client(&self) -> Zeroizing<Vec<u8>> {
        lock(&self.client).clone()
    }

    pub(crate) fn server(&self) -> Zeroizing<Vec<u8>> {
        lock(&self.server).clone()
    }
}

impl KeyLog for TrafficSecrets {
    fn log(&self, label: &str, _: &[u8; 32], secret: &[u8]) {
        let place = match label {
            "CLIENT_TRAFFIC_SECRET_0" => &self.client,
            "SERVER_TRAFFIC_SECRET_0" => &self.server,
            _ => return,
        };
        *lock(place) = Zeroizing::new(secret.to_vec());
    }
}

/// Remembers which handshake messages came.
#[derive(Debug, Default)]
pub(crate) struct Received(Mutex<Vec<HandshakeType>>);

impl Received {
    pub(crate) fn last(&self) -> Option<HandshakeType> {
        lock(&self.0).last().copied()
    }

    pub(crate) fn count(&self, kind: HandshakeType) -> usize {
        let messages = lock(&self.0);
        messages.iter().filter(|message| **message == kind).count()
    }
}

impl MessageLog for Received {
    fn message(&self, direction: Direction, message: LoggedMessage) {
        if let (Direction::Received, LoggedMessage::Handshake(kind, _)) = (direction, message) {
            lock(&self.0).push(kind);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
