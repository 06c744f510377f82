//! From the options to the library's configurations.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use warifu::config::{ConfigBuilder, Policy, Server};
use warifu::credential::Credentials;
use warifu::early_data::{MemoryReplayStore, ReplayableEarlyData};
use warifu::parameters::{CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme};
use warifu::psk::{PskHash, PskTable};
use warifu::resumption::{MemorySessionStore, TicketKey, Tickets};
use warifu::{
    ClientAuth, ClientConfig, Credential, Error, Psk, PskPolicy, ServerConfig, UsageError,
};

use crate::ciphers;
use crate::decisions::{
    Choice, Chooser, EarlyCallback, FakeClock, OneSession, OneTicketKey, Received, SlowPskStore,
    SlowPsks, SlowReplays, SlowSessions, SlowSigner, TrafficSecrets, Verifier,
};
use crate::failure::Failure;
use crate::options::{CredentialOptions, Options, Unimplemented};

/// What all configurations are named in sessions: those of one test may stand in for each other.
const SESSION_CONTEXT: &str = "bogo";

/// What lasts from one connection to the next.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) clock: Arc<FakeClock>,
    ticket_key: Arc<TicketKey>,
    sessions: Arc<MemorySessionStore>,
    replays: Arc<MemoryReplayStore>,
}

impl Memory {
    pub(crate) fn new() -> Result<Self, Failure> {
        Ok(Self {
            clock: Arc::new(FakeClock::new()),
            ticket_key: Arc::new(TicketKey::generate().map_err(Failure::mismatch)?),
            sessions: Arc::new(MemorySessionStore::new(16)),
            replays: Arc::new(MemoryReplayStore::new(16)),
        })
    }
}

/// What the checks after a handshake compare with.
#[derive(Debug, Default)]
pub(crate) struct Observed {
    /// Those of `-new-x509-credential` and `-new-psk-credential`, with their numbers.
    pub(crate) credentials: Vec<(i64, Arc<Credential>)>,
    pub(crate) psks: Vec<(i64, Vec<u8>)>,
    pub(crate) client_sessions: Option<Arc<OneSession>>,
    pub(crate) server_has_stored: Arc<AtomicBool>,
    pub(crate) early_callback: Option<Arc<EarlyCallback>>,
    pub(crate) secrets: Arc<TrafficSecrets>,
    pub(crate) messages: Arc<Received>,
}

/// The configuration of a client, which offers `session`.
pub(crate) fn client(
    options: &Options,
    memory: &Memory,
    sessions: Arc<OneSession>,
) -> Result<(Arc<ClientConfig>, Observed), Failure> {
    let mut observed = Observed {
        client_sessions: Some(sessions.clone()),
        ..Observed::default()
    };
    let psks = psks(options, &mut observed)?;
    let polls = u32::from(options.asynchronous);
    let mut builder = ClientConfig::builder(Verifier::new(options)?);
    if !psks.is_empty() {
        builder = builder.with_psk_choice(SlowPsks {
            psks: psks.into(),
            polls,
        });
    }
    // A client with keys believes no certificate in their place unless it is told to.
    if !observed.psks.is_empty() && !options.verify_peer {
        builder = builder.with_psk_policy(PskPolicy::Required);
    }
    builder = common(builder, options, memory, &observed)?;
    // The first group that the server is said to have, before those that are named.
    let hint = &options.server_supported_groups_hint;
    let hinted = options.curves.iter().find(|group| hint.contains(group));
    let shares = hinted.map(|group| vec![*group]);
    if let Some(shares) = shares.or_else(|| options.key_shares.clone()) {
        let shares: Vec<_> = shares.into_iter().map(NamedGroup).collect();
        builder = builder.with_key_shares(&shares);
    }
    let credentials = credentials(options, &mut observed.credentials)?;
    builder = builder
        .with_credential(chooser(options, credentials))
        .with_session_store(sessions)
        .with_replayable_early_data(options.enable_early_data)
        .with_server_name_indication(options.host_name.is_some())
        .with_ocsp_request(options.enable_ocsp_stapling)
        .with_sct_request(options.enable_signed_cert_timestamps)
        .with_fallback_scsv(options.fallback_scsv)
        .with_renegotiation(options.renegotiate_freely)
        .with_alpn(&options.advertise_alpn);
    Ok((builder.build()?, observed))
}

/// The configuration of a server. Where it has certificates and keys, the ClientHello decides which of them it uses.
pub(crate) fn server(
    options: &Options,
    memory: &Memory,
) -> Result<(Arc<ServerConfig>, Observed), Failure> {
    let mut observed = Observed::default();
    let psks = psks(options, &mut observed)?;
    let list = credentials(options, &mut observed.credentials)?;
    let build =
        |list: &Credentials, psks: &[Psk]| server_builder(options, memory, &observed, list, psks);
    // In the order of the command line, what each credential would serve alone.
    let mut choices = Vec::new();
    if !observed.psks.is_empty() {
        let mut keys = psks.iter();
        for described in &options.credentials {
            choices.push(match described.is_psk {
                false => Choice::Certificate(build(&list, &[])?.build()?),
                true => {
                    let psk: Vec<_> = keys.next().cloned().into_iter().collect();
                    let config = build(&list, &psk)?.build()?;
                    Choice::Psk(described.psk_identity.clone(), config)
                }
            });
        }
    }
    let early_callback = Arc::new(EarlyCallback::new(options, choices));
    let builder = build(&list, &psks)?.with_config_choice(early_callback.clone());
    let config = builder.build()?;
    observed.early_callback = Some(early_callback);
    Ok((config, observed))
}

fn server_builder(
    options: &Options,
    memory: &Memory,
    observed: &Observed,
    credentials: &Credentials,
    psks: &[Psk],
) -> Result<ConfigBuilder<Server>, Failure> {
    let polls = u32::from(options.asynchronous);
    let mut builder = ServerConfig::builder(chooser(options, credentials.clone()));
    if !psks.is_empty() {
        let psks = PskTable::new(psks.to_vec()).map_err(Error::from)?;
        builder = builder.with_psk_store(SlowPskStore { psks, polls });
    }
    builder = common(builder, options, memory, observed)?;
    if options.verify_peer {
        builder = builder.with_client_auth(ClientAuth::optional(Verifier::new(options)?));
    } else if options.require_any_client_certificate {
        builder = builder.with_client_auth(ClientAuth::required(Verifier::new(options)?));
    }
    let sessions = SlowSessions {
        store: memory.sessions.clone(),
        has_stored: observed.server_has_stored.clone(),
        polls,
    };
    builder = builder.with_tickets(match options.no_ticket {
        true => Tickets::stored(sessions),
        false => Tickets::stateless(OneTicketKey {
            key: memory.ticket_key.clone(),
            issues: !options.skip_ticket,
            polls,
        })
        .with_session_ids(sessions),
    });
    if options.enable_early_data {
        // What BoringSSL takes.
        let store = memory.replays.clone();
        let early_data = ReplayableEarlyData::new(14336, SlowReplays { store, polls });
        builder = builder.with_replayable_early_data(early_data);
    }
    if options.reject_alpn {
        builder = builder.with_alpn(["a protocol that nobody speaks"]);
    } else if !options.select_alpn.is_empty() {
        builder = builder.with_alpn([&options.select_alpn]);
    }
    if !options.psk_identity.is_empty() {
        builder = builder.with_psk_identity_hint(&options.psk_identity);
    }
    Ok(builder)
}

/// What both roles have.
fn common<R>(
    mut builder: ConfigBuilder<R>,
    options: &Options,
    memory: &Memory,
    observed: &Observed,
) -> Result<ConfigBuilder<R>, Failure> {
    let suites = match &options.cipher {
        Some(list) => ciphers::suites(list)?,
        None => ciphers::default_suites(!options.psk.is_empty()),
    };
    let schemes: Vec<_> = match options.verify_prefs.is_empty() {
        true => DEFAULT_VERIFY_PREFS.to_vec(),
        // In TLS 1.0 and 1.1 this is what RSA keys sign, and never looked for in a list.
        false => options
            .verify_prefs
            .iter()
            .copied()
            .map(SignatureScheme)
            .filter(|scheme| *scheme != SignatureScheme::RSA_PKCS1_MD5_SHA1)
            .collect(),
    };
    let versions = versions(options, &suites, &schemes)?;
    builder = builder
        .with_policy(Policy::Legacy)
        .with_versions(versions)
        .with_cipher_suites(&suites)
        .with_signature_schemes(&schemes)
        .with_clock(memory.clock.clone())
        .with_session_context(SESSION_CONTEXT)
        .with_key_log(observed.secrets.clone())
        .with_message_log(observed.messages.clone())
        .with_record_splitting(options.cbc_record_splitting)
        .with_partial_write(options.partial_write)
        .with_required_secure_renegotiation(options.no_legacy_server_connect);
    if !options.curves.is_empty() {
        let groups: Vec<_> = options.curves.iter().copied().map(NamedGroup).collect();
        builder = builder.with_groups(&groups);
    }
    if let Some(len) = options.max_send_fragment {
        builder = builder.with_record_size(len);
    }
    Ok(builder)
}

/// What BoringSSL verifies by default, but for rsa_pkcs1_sha1, in its order.
const DEFAULT_VERIFY_PREFS: [SignatureScheme; 8] = [
    SignatureScheme::ECDSA_SECP256R1_SHA256,
    SignatureScheme::RSA_PSS_RSAE_SHA256,
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::ECDSA_SECP384R1_SHA384,
    SignatureScheme::RSA_PSS_RSAE_SHA384,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PSS_RSAE_SHA512,
    SignatureScheme::RSA_PKCS1_SHA512,
];

/// The versions that are enabled and have what they need: a configuration with others is refused when it is built. Of a range
/// with a hole the upper part counts, as in BoringSSL's clients.
fn versions(
    options: &Options,
    suites: &[CipherSuite],
    schemes: &[SignatureScheme],
) -> Result<core::ops::RangeInclusive<ProtocolVersion>, Failure> {
    let has_suite = |version: &ProtocolVersion| {
        let mut ranges = suites.iter().filter_map(|suite| suite.versions());
        ranges.any(|range| range.contains(version))
    };
    let only_pkcs1 = schemes.iter().all(|scheme| {
        matches!(
            *scheme,
            SignatureScheme::RSA_PKCS1_SHA256
                | SignatureScheme::RSA_PKCS1_SHA384
                | SignatureScheme::RSA_PKCS1_SHA512
        )
    });
    let enabled = |version: &ProtocolVersion| {
        let disabled = match *version {
            ProtocolVersion::TLS1_0 => options.no_tls1,
            ProtocolVersion::TLS1_1 => options.no_tls11,
            ProtocolVersion::TLS1_2 => options.no_tls12,
            _ => options.no_tls13,
        };
        !disabled
            && has_suite(version)
            && (*version < ProtocolVersion::TLS1_3 || !only_pkcs1)
            && options.min_version.is_none_or(|min| version.0 >= min)
            && options.max_version.is_none_or(|max| version.0 <= max)
    };
    let mut descending = [
        ProtocolVersion::TLS1_3,
        ProtocolVersion::TLS1_2,
        ProtocolVersion::TLS1_1,
        ProtocolVersion::TLS1_0,
    ]
    .into_iter()
    .skip_while(|version| !enabled(version))
    .take_while(enabled);
    let Some(max) = descending.next() else {
        return Err(Failure::NoVersion);
    };
    Ok(descending.last().unwrap_or(max)..=max)
}

/// The pre-shared keys, those of TLS 1.3 with their numbers.
fn psks(options: &Options, observed: &mut Observed) -> Result<Vec<Psk>, Failure> {
    let mut psks = Vec::new();
    for (number, credential) in (0..).zip(&options.credentials) {
        if credential.is_psk {
            let hash = match credential.psk_is_sha384 {
                true => PskHash::Sha384,
                false => PskHash::Sha256,
            };
            let psk = Psk::new(&credential.psk_identity, &credential.psk)
                .map_err(Error::from)?
                .with_hash(hash)
                .with_import(&credential.psk_context);
            observed
                .psks
                .push((number, credential.psk_identity.clone()));
            psks.push(psk);
        }
    }
    if !options.psk.is_empty() {
        let psk = match options.psk_identity.is_empty() {
            true => Psk::new_weak("none", &options.psk).map(Psk::without_identity),
            false => Psk::new_weak(&options.psk_identity, &options.psk),
        };
        let psk = psk.map_err(Error::from)?;
        psks.push(psk);
    }
    Ok(psks)
}

/// The credentials: those that were begun explicitly, in their order and with their numbers, then the default one.
fn credentials(
    options: &Options,
    numbered: &mut Vec<(i64, Arc<Credential>)>,
) -> Result<Credentials, Failure> {
    let mut list = Vec::new();
    for (number, described) in (0..).zip(&options.credentials) {
        if !described.is_psk {
            let credential = Arc::new(credential(options, described, &described.ocsp_response)?);
            numbered.push((number, credential.clone()));
            list.push(credential);
        }
    }
    let default = &options.default_credential;
    if default.cert_file.is_some() {
        let staple = match options.use_ocsp_callback && options.server {
            true if options.decline_ocsp_callback => &[],
            _ => default.ocsp_response.as_slice(),
        };
        list.push(Arc::new(credential(options, default, staple)?));
    }
    // BoringSSL does not go on without a certificate where it has some and nothing else.
    Ok(Credentials::new(list).with_match_required(options.psk.is_empty()))
}

fn chooser(options: &Options, credentials: Credentials) -> Chooser {
    Chooser {
        credentials,
        is_server: options.server,
        fails: options.fail_cert_callback,
        ocsp_fails: options.server && options.use_ocsp_callback && options.fail_ocsp_callback,
        expected_schemes: options.expect_peer_verify_pref.clone(),
        expected_authorities: options.expect_client_ca_list.clone(),
        polls: u32::from(options.asynchronous),
    }
}

fn credential(
    options: &Options,
    described: &CredentialOptions,
    staple: &[u8],
) -> Result<Credential, Failure> {
    let (Some(certificate), Some(key)) = (&described.cert_file, &described.key_file) else {
        return Err(Unimplemented("credential without certificate or key".to_owned()).into());
    };
    let usage = |error: warifu::credential::CredentialError| {
        Error::from(UsageError::Config(error.to_string()))
    };
    let mut credential = Credential::builder()
        .with_certificate_file(certificate)
        .with_key_file(key)
        .dangerously_with_rsa_1024()
        .with_ocsp_response(staple.to_vec())
        .build()
        .and_then(|credential| credential.with_scts(&described.scts))
        .map_err(usage)?
        .with_issuer_match_required(described.must_match_issuer);
    if !described.signing_prefs.is_empty() {
        let schemes: Vec<_> = described
            .signing_prefs
            .iter()
            .copied()
            .map(SignatureScheme)
            .collect();
        credential = credential.with_signature_schemes(&schemes).map_err(usage)?;
    }
    if options.asynchronous {
        credential = credential.with_signing_through(|key| Arc::new(SlowSigner(key)));
    }
    Ok(credential)
}
