//! The commands.

use core::ffi::{CStr, c_int};

use super::{ConfCtx, Target, option};
use crate::entry::{ca_names, material, verify as verify_entry, version};
use crate::fault::Fault;
use crate::padding::MAX_BLOCK_LEN;
use crate::reason;
use crate::settings::Settings;
use crate::verify::{
    VERIFY_CLIENT_ONCE, VERIFY_FAIL_IF_NO_PEER_CERT, VERIFY_PEER, VERIFY_POST_HANDSHAKE,
};
use crate::{groups, sigalgs};

/// A command by its names, and who has it.
pub(super) struct Command {
    pub(super) on_line: &'static str,
    /// Empty: only on command lines.
    pub(super) in_file: &'static str,
    pub(super) of_servers: bool,
    pub(super) of_clients: bool,
    pub(super) of_certificates: bool,
    pub(super) kind: Kind,
}

/// An option that is switched on or off.
#[derive(Clone, Copy)]
pub(super) struct Switch {
    bits: u64,
    on: bool,
}

impl Switch {
    pub(super) fn apply(self, target: &Target) -> Result<(), Fault> {
        target.change(|settings| {
            match self.on {
                true => settings.options.0 |= self.bits,
                false => settings.options.0 &= !self.bits,
            }
            Ok(())
        })
    }
}

/// What a command takes, and does with it.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Takes no value.
    Switch(Switch),
    /// Takes text.
    Text(fn(&mut Settings, &str) -> Result<(), Fault>),
    /// Takes the name of a file or directory.
    File(fn(&ConfCtx, &Target, &CStr) -> Result<(), Fault>),
    Directory(fn(&ConfCtx, &Target, &CStr) -> Result<(), Fault>),
}

impl Kind {
    /// `SSL_CONF_TYPE_…`
    pub(super) fn number(self) -> c_int {
        match self {
            Self::Text(_) => 1,
            Self::File(_) => 2,
            Self::Directory(_) => 3,
            Self::Switch(_) => 4,
        }
    }

    /// Carries the command out.
    ///
    /// # Errors
    /// A value that makes no sense, or no file.
    pub(super) fn apply(
        self,
        conf: &ConfCtx,
        target: &Target,
        value: &CStr,
        text: &str,
    ) -> Result<(), Fault> {
        match self {
            Self::Switch(switch) => switch.apply(target),
            Self::Text(change) => target.change(|settings| change(settings, text)),
            Self::File(open) | Self::Directory(open) => open(conf, target, value),
        }
    }
}

const fn switch(on_line: &'static str, bits: u64, on: bool) -> Command {
    Command {
        on_line,
        in_file: "",
        of_servers: false,
        of_clients: false,
        of_certificates: false,
        kind: Kind::Switch(Switch { bits, on }),
    }
}

const fn command(on_line: &'static str, in_file: &'static str, kind: Kind) -> Command {
    Command {
        on_line,
        in_file,
        of_servers: false,
        of_clients: false,
        of_certificates: false,
        kind,
    }
}

const fn of_servers(command: Command) -> Command {
    Command {
        of_servers: true,
        ..command
    }
}

const fn of_clients(command: Command) -> Command {
    Command {
        of_clients: true,
        ..command
    }
}

const fn of_certificates(command: Command) -> Command {
    Command {
        of_certificates: true,
        ..command
    }
}

#[rustfmt::skip]
pub(super) static COMMANDS: [Command; 46] = [
    switch("no_ssl3", option::NO_SSL3, true),
    switch("no_tls1", option::NO_TLS1, true),
    switch("no_tls1_1", option::NO_TLS1_1, true),
    switch("no_tls1_2", option::NO_TLS1_2, true),
    switch("no_tls1_3", option::NO_TLS1_3, true),
    switch("bugs", option::BUGS, true),
    switch("no_comp", option::NO_COMPRESSION, true),
    switch("comp", option::NO_COMPRESSION, false),
    of_servers(switch("ecdh_single", 0, true)),
    switch("no_ticket", option::NO_TICKET, true),
    of_servers(switch("serverpref", option::SERVER_PREFERENCE, true)),
    switch("legacy_renegotiation", option::UNSAFE_RENEGOTIATION, true),
    of_servers(switch("client_renegotiation", option::CLIENT_RENEGOTIATION, true)),
    of_clients(switch("legacy_server_connect", option::LEGACY_SERVER_CONNECT, true)),
    of_clients(switch("no_legacy_server_connect", option::LEGACY_SERVER_CONNECT, false)),
    switch("no_renegotiation", option::NO_RENEGOTIATION, true),
    of_servers(switch("no_resumption_on_reneg", option::NO_RESUMPTION_ON_RENEGOTIATION, true)),
    switch("allow_no_dhe_kex", option::ALLOW_NO_DHE_KEX, true),
    of_servers(switch("prioritize_chacha", option::PRIORITIZE_CHACHA, true)),
    switch("strict", 0, true),
    switch("no_middlebox", option::MIDDLEBOX_COMPAT, false),
    of_servers(switch("anti_replay", option::NO_ANTI_REPLAY, false)),
    of_servers(switch("no_anti_replay", option::NO_ANTI_REPLAY, true)),
    switch("no_etm", option::NO_ENCRYPT_THEN_MAC, true),
    command("sigalgs", "SignatureAlgorithms", Kind::Text(signature_algorithms)),
    command("client_sigalgs", "ClientSignatureAlgorithms", Kind::Text(client_signature_algorithms)),
    command("groups", "Groups", Kind::Text(key_exchange_groups)),
    command("curves", "Curves", Kind::Text(key_exchange_groups)),
    of_servers(command("named_curve", "ECDHParameters", Kind::Text(named_curve))),
    command("cipher", "CipherString", Kind::Text(cipher_string)),
    command("ciphersuites", "Ciphersuites", Kind::Text(ciphersuites)),
    command("", "Protocol", Kind::Text(option::protocols)),
    command("min_protocol", "MinProtocol", Kind::Text(min_protocol)),
    command("max_protocol", "MaxProtocol", Kind::Text(max_protocol)),
    command("", "Options", Kind::Text(option::options)),
    command("", "VerifyMode", Kind::Text(verify_mode)),
    of_certificates(command("cert", "Certificate", Kind::File(certificate))),
    of_certificates(command("key", "PrivateKey", Kind::File(private_key))),
    of_certificates(command("chainCAfile", "ChainCAFile", Kind::File(chain_ca_file))),
    of_certificates(command("chainCApath", "ChainCAPath", Kind::Directory(chain_ca_path))),
    of_certificates(command("verifyCAfile", "VerifyCAFile", Kind::File(verify_ca_file))),
    of_certificates(command("verifyCApath", "VerifyCAPath", Kind::Directory(verify_ca_path))),
    of_certificates(of_servers(command("", "ClientCAFile", Kind::File(client_ca_file)))),
    of_certificates(command("requestCAfile", "RequestCAFile", Kind::File(client_ca_file))),
    of_servers(command("num_tickets", "NumTickets", Kind::Text(num_tickets))),
    command("record_padding", "RecordPadding", Kind::Text(record_padding)),
];

fn bad(detail: impl Into<String>) -> Fault {
    Fault::ssl(reason::SSL_R_BAD_VALUE, detail)
}

fn number(text: &str) -> Result<usize, Fault> {
    text.parse()
        .map_err(|_| bad(format!("{text:?} is no number")))
}

fn signature_algorithms(settings: &mut Settings, text: &str) -> Result<(), Fault> {
    settings.signature_schemes = Some(sigalgs::parse_list(text)?);
    Ok(())
}

fn client_signature_algorithms(settings: &mut Settings, text: &str) -> Result<(), Fault> {
    settings.client_signature_schemes = Some(sigalgs::parse_list(text)?);
    Ok(())
}

fn key_exchange_groups(settings: &mut Settings, text: &str) -> Result<(), Fault> {
    settings.groups = Some(groups::parse_list(text)?);
    Ok(())
}

/// One group; `auto` leaves it as it is.
fn named_curve(settings: &mut Settings, text: &str) -> Result<(), Fault> {
    let name = text.strip_prefix('+').unwrap_or(text);
    if ["auto", "automatic"]
        .iter()
        .any(|auto| name.eq_ignore_ascii_case(auto))
    {
        return Ok(());
    }
    key_exchange_groups(settings, name)
}

fn cipher_string(settings: &mut Settings, text: &str) -> Result<(), Fault> {
    settings.ciphers.set_list(text.as_bytes())
}

fn ciphersuites(settings: &mut Settings, text: &str) -> Result<(), Fault> {
    settings.ciphers.set_suites(text.as_bytes())
}

fn protocol(text: &str) -> Result<c_int, Fault> {
    Ok(match text {
        "None" => 0,
        "SSLv3" => 0x0300,
        "TLSv1" => 0x0301,
        "TLSv1.1" => 0x0302,
        "TLSv1.2" => 0x0303,
        "TLSv1.3" => 0x0304,
        _ => {
            return Err(bad(format!(
                "{text:?} is no protocol: None, TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3"
            )));
        }
    })
}

fn min_protocol(settings: &mut Settings, text: &str) -> Result<(), Fault> {
    version::set_min(settings, protocol(text)?)
}

fn max_protocol(settings: &mut Settings, text: &str) -> Result<(), Fault> {
    version::set_max(settings, protocol(text)?)
}

fn verify_mode(settings: &mut Settings, text: &str) -> Result<(), Fault> {
    let mut mode = 0;
    for word in text.split(',').map(str::trim) {
        mode |= match word.to_ascii_lowercase().as_str() {
            "peer" | "request" => VERIFY_PEER,
            "require" => VERIFY_PEER | VERIFY_FAIL_IF_NO_PEER_CERT,
            "once" => VERIFY_PEER | VERIFY_CLIENT_ONCE,
            "requestposthandshake" => VERIFY_PEER | VERIFY_POST_HANDSHAKE,
            "requireposthandshake" => {
                VERIFY_PEER | VERIFY_POST_HANDSHAKE | VERIFY_FAIL_IF_NO_PEER_CERT
            }
            _ => {
                return Err(bad(format!(
                    "{word:?} is no way to verify: Peer, Request, Require, Once ..."
                )));
            }
        };
    }
    settings.verification.set(mode);
    Ok(())
}

fn num_tickets(settings: &mut Settings, text: &str) -> Result<(), Fault> {
    settings.sessions.tickets = number(text)?;
    Ok(())
}

fn record_padding(settings: &mut Settings, text: &str) -> Result<(), Fault> {
    let block = number(text)?;
    if block > MAX_BLOCK_LEN {
        return Err(bad(format!(
            "padding to {block} bytes: at most {MAX_BLOCK_LEN}"
        )));
    }
    settings.padding_block = block;
    Ok(())
}

// Files. Each function of the API has put its own reason onto the error queue.

const PEM: c_int = 1;

fn done(result: c_int) -> Result<(), Fault> {
    match result {
        1 => Ok(()),
        _ => Err(Fault::Quiet),
    }
}

fn certificate(conf: &ConfCtx, target: &Target, file: &CStr) -> Result<(), Fault> {
    use material::{SSL_CTX_use_certificate_chain_file, SSL_use_certificate_chain_file};
    // SAFETY: live objects and a string.
    done(unsafe {
        match target {
            Target::None => 1,
            Target::Context(context) => {
                let context = std::sync::Arc::as_ptr(context).cast_mut();
                SSL_CTX_use_certificate_chain_file(context, file.as_ptr())
            }
            Target::Connection(ssl) => SSL_use_certificate_chain_file(ssl.handle(), file.as_ptr()),
        }
    })?;
    conf.note_certificate(file);
    Ok(())
}

fn private_key(conf: &ConfCtx, target: &Target, file: &CStr) -> Result<(), Fault> {
    use_key(target, file)?;
    conf.note_key();
    Ok(())
}

/// Takes the private key in a file.
pub(super) fn use_key(target: &Target, file: &CStr) -> Result<(), Fault> {
    use material::{SSL_CTX_use_PrivateKey_file, SSL_use_PrivateKey_file};
    // SAFETY: live objects and a string.
    done(unsafe {
        match target {
            Target::None => 1,
            Target::Context(context) => {
                let context = std::sync::Arc::as_ptr(context).cast_mut();
                SSL_CTX_use_PrivateKey_file(context, file.as_ptr(), PEM)
            }
            Target::Connection(ssl) => SSL_use_PrivateKey_file(ssl.handle(), file.as_ptr(), PEM),
        }
    })
}

/// The context of a target, for what only contexts have.
fn on_context(
    target: &Target,
    call: impl FnOnce(*mut crate::context::Context) -> c_int,
) -> Result<(), Fault> {
    match target {
        Target::None => Ok(()),
        Target::Context(context) => done(call(std::sync::Arc::as_ptr(context).cast_mut())),
        Target::Connection(_) => Err(Fault::unsupported(
            "CA certificates of a connection alone: set them at its context",
        )),
    }
}

fn verify_ca_file(_: &ConfCtx, target: &Target, file: &CStr) -> Result<(), Fault> {
    on_context(target, |context| {
        // SAFETY: a live object and a string.
        unsafe { verify_entry::SSL_CTX_load_verify_file(context, file.as_ptr()) }
    })
}

fn verify_ca_path(_: &ConfCtx, target: &Target, path: &CStr) -> Result<(), Fault> {
    on_context(target, |context| {
        // SAFETY: a live object and a string.
        unsafe { verify_entry::SSL_CTX_load_verify_dir(context, path.as_ptr()) }
    })
}

/// Chains are sent as they were given: CA certificates to build them from have no use.
fn chain_ca_file(_: &ConfCtx, _: &Target, _: &CStr) -> Result<(), Fault> {
    Err(Fault::unsupported(
        "building chains: put the CA certificates into the file of the certificate",
    ))
}

fn chain_ca_path(conf: &ConfCtx, target: &Target, path: &CStr) -> Result<(), Fault> {
    chain_ca_file(conf, target, path)
}

fn client_ca_file(_: &ConfCtx, target: &Target, file: &CStr) -> Result<(), Fault> {
    if let Target::None = target {
        return Ok(());
    }
    // SAFETY: a string.
    let names = unsafe { ca_names::SSL_load_client_CA_file(file.as_ptr()) };
    if names.is_null() {
        return Err(Fault::Quiet);
    }
    // SAFETY: a live object, and the names, whose only reference is given away.
    unsafe {
        match target {
            Target::None => {}
            Target::Context(context) => {
                let context = std::sync::Arc::as_ptr(context).cast_mut();
                ca_names::SSL_CTX_set_client_CA_list(context, names);
            }
            Target::Connection(ssl) => ca_names::SSL_set_client_CA_list(ssl.handle(), names),
        }
    }
    Ok(())
}
