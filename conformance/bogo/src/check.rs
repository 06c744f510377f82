//! What the runner expects of a connection, against what the library says of it.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use warifu::certificate::certificates_from_bytes;
use warifu::parameters::{HandshakeType, ProtocolVersion};
use warifu::{ConnectionFacts, EarlyData, Stream};

use crate::config::Observed;
use crate::failure::Failure;
use crate::options::Options;
use crate::transport::Transport;

/// Compares, and says what differs.
fn expect<T: PartialEq + std::fmt::Debug>(what: &str, wanted: T, got: T) -> Result<(), Failure> {
    match wanted == got {
        true => Ok(()),
        false => Err(Failure::Mismatch(format!(
            "{what}: wanted {wanted:?}, got {got:?}"
        ))),
    }
}

/// The same where nothing may be expected.
fn expect_if<T: PartialEq + std::fmt::Debug>(
    what: &str,
    wanted: Option<T>,
    got: T,
) -> Result<(), Failure> {
    match wanted {
        Some(wanted) => expect(what, wanted, got),
        None => Ok(()),
    }
}

/// What can be said once the handshake is complete.
pub(crate) fn handshake(
    options: &Options,
    observed: &Observed,
    stream: &Stream<Transport>,
    is_resume: bool,
) -> Result<(), Failure> {
    let facts = stream
        .facts()
        .ok_or_else(|| Failure::mismatch("the handshake is not complete"))?;
    expect_if("version", options.expect_version, facts.version.0)?;
    expect_if("cipher suite", options.expect_cipher, facts.cipher_suite.0)?;
    // A session of older versions is resumed without a key exchange.
    if !facts.resumed || facts.version >= ProtocolVersion::TLS1_3 {
        let group = facts.group.map_or(0, |group| group.0);
        expect_if("group", options.expect_curve_id, group)?;
    }
    if !facts.resumed {
        let scheme = facts.peer_signature_scheme;
        // Before TLS 1.2 nothing of it is on the wire.
        let has_number = facts.version >= ProtocolVersion::TLS1_2;
        let scheme = scheme.filter(|_| has_number).map_or(0, |scheme| scheme.0);
        let wanted = options.expect_peer_signature_algorithm;
        expect_if("peer's signature scheme", wanted, scheme)?;
    }
    let has_retry = facts.handshake_kind.has_retry();
    expect_if("HelloRetryRequest", options.expect_hrr, has_retry)?;
    if options.expect_server_name.is_some() {
        let name = facts.server_name.as_deref().map(str::to_owned);
        expect("server name", options.expect_server_name.clone(), name)?;
    }
    let wanted = match options.server {
        true => &options.select_alpn,
        false => &options.expect_alpn,
    };
    let protocol = facts.alpn.as_deref().unwrap_or_default();
    expect("application protocol", wanted.as_slice(), protocol)?;

    let must_resume = is_resume && !options.expect_session_miss;
    expect("resumption", must_resume, facts.resumed)?;
    if options.server
        && let Some(callback) = &observed.early_callback
    {
        let was_called = callback.was_called.load(Ordering::Relaxed);
        expect("early callback", true, was_called)?;
    }
    if options.expect_accept_early_data {
        expect("early data", EarlyData::Accepted, facts.early_data)?;
    }
    if options.expect_reject_early_data {
        expect("early data", false, facts.early_data == EarlyData::Accepted)?;
    }
    sessions(options, observed, facts, is_resume)?;
    authentication(options, observed, facts)?;
    legacy(options, facts)
}

/// Sessions of TLS 1.2 and older, which belong to the handshake.
fn sessions(
    options: &Options,
    observed: &Observed,
    facts: &ConnectionFacts,
    is_resume: bool,
) -> Result<(), Failure> {
    if let Some(sessions) = &observed.client_sessions
        && facts.version < ProtocolVersion::TLS1_3
    {
        let wanted =
            !options.expect_no_session && (!facts.resumed || options.expect_ticket_renewal);
        // A session that was resumed is kept again, with or without a new ticket.
        let is_new =
            !facts.resumed || observed.messages.count(HandshakeType::NEW_SESSION_TICKET) > 0;
        expect("new session", wanted, sessions.given().is_some() && is_new)?;
    }
    if !is_resume {
        let has_stored = observed.server_has_stored.load(Ordering::Relaxed);
        if options.expect_session_id {
            expect("stored session", true, has_stored)?;
        }
        if options.expect_no_session_id {
            expect("stored session", false, has_stored)?;
        }
    }
    Ok(())
}

fn authentication(
    options: &Options,
    observed: &Observed,
    facts: &ConnectionFacts,
) -> Result<(), Failure> {
    let by_psk = facts.psk.is_some();
    let certificates = facts.peer_certificates.as_deref();
    if options.expect_no_peer_cert || by_psk {
        expect("peer's certificate", false, certificates.is_some())?;
    } else if !options.server || options.require_any_client_certificate {
        expect("peer's certificate", true, certificates.is_some())?;
    }
    if let Some(file) = &options.expect_peer_cert_file {
        let pem = fs::read(file)?;
        let wanted = certificates_from_bytes(&pem).map_err(Failure::mismatch)?;
        expect("peer's chain", Some(wanted.as_slice()), certificates)?;
    }
    if let Some(wanted) = options.expect_selected_credential {
        let by_certificate = facts.local_credential.as_ref().and_then(|used| {
            let mut known = observed.credentials.iter();
            known.find(|(_, credential)| Arc::ptr_eq(credential, used))
        });
        let by_key = facts.psk.as_ref().and_then(|used| {
            let mut known = observed.psks.iter();
            known.find(|(_, identity)| **identity == *used.identity)
        });
        let selected = by_certificate
            .map(|(number, _)| *number)
            .or(by_key.map(|(number, _)| *number));
        expect("selected credential", wanted, selected.unwrap_or(-1))?;
    }
    Ok(())
}

fn legacy(options: &Options, facts: &ConnectionFacts) -> Result<(), Failure> {
    let legacy = facts.legacy.as_ref();
    if options.expect_extended_master_secret {
        // TLS 1.3 has what the extension was made for.
        let has = legacy.is_none_or(|legacy| legacy.extended_main_secret);
        expect("extended_main_secret", true, has)?;
    }
    let has = legacy.is_none_or(|legacy| legacy.secure_renegotiation);
    expect_if(
        "secure renegotiation",
        options.expect_secure_renegotiation,
        has,
    )?;
    if facts.psk.is_some()
        && !options.server
        && !options.psk.is_empty()
        && let Some(legacy) = legacy
        && !facts.resumed
    {
        let hint = legacy.psk_identity_hint.as_deref().unwrap_or_default();
        expect("psk_identity_hint", options.psk_identity.as_slice(), hint)?;
    }
    Ok(())
}

/// Handshakes in a connection beside the first: each ends with the server's Finished.
pub(crate) fn renegotiations(options: &Options, observed: &Observed) -> Result<(), Failure> {
    if options.server {
        return Ok(());
    }
    let wanted = options.expect_total_renegotiations;
    let handshakes = observed.messages.count(HandshakeType::FINISHED);
    expect("renegotiations", wanted, handshakes.saturating_sub(1))
}

/// What a client was given after the handshake.
pub(crate) fn tickets(
    options: &Options,
    observed: &Observed,
    stream: &Stream<Transport>,
) -> Result<(), Failure> {
    let is_tls13 = stream
        .facts()
        .is_some_and(|facts| facts.version >= ProtocolVersion::TLS1_3);
    let Some(sessions) = observed.client_sessions.as_ref().filter(|_| is_tls13) else {
        return Ok(());
    };
    let session = sessions.given();
    let wanted = !options.expect_no_session && !options.shim_shuts_down;
    expect("new session", wanted, session.is_some())?;
    if let Some(session) = session {
        let takes_early_data = session.max_early_data() > 0;
        let wanted = options.expect_ticket_supports_early_data;
        expect("ticket for early data", wanted, takes_early_data)?;
    }
    Ok(())
}
