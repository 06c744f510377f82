//! The private parsers of text and bytes that C programs pass on, for `fuzz/` alone: no other build has this module.
//!
//! What must hold of any input stands here as assertions, beside the calls.
#![allow(
    clippy::panic,
    clippy::expect_used,
    missing_docs,
    reason = "as in tests"
)]

use std::ffi::CString;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;

use crate::cipher::Chosen;
use crate::conf::{ConfCtx, Target};
use crate::context::Context;
use crate::method::Method;
use crate::session::SslSession;
use crate::x509::crl::Crl;
use crate::x509::general_name::GeneralName;
use crate::x509::load::{self, Format, Passphrase};
use crate::x509::{X509, host, print, report, time};
use crate::{groups, sigalgs};

/// Lists of suites, of OpenSSL's and of wolfSSL's. A list that is taken has suites, and only such as there are.
pub fn suites(text: &[u8]) {
    let set: [fn(&mut Chosen, &[u8]) -> _; 3] =
        [Chosen::set_list, Chosen::set_suites, Chosen::set_names];
    for set in set {
        let mut chosen = Chosen::default();
        if set(&mut chosen, text).is_ok() {
            let ciphers = chosen.ciphers();
            assert!(!ciphers.is_empty());
            assert!(
                chosen
                    .allowed()
                    .iter()
                    .all(|cipher| ciphers.contains(cipher))
            );
            let _ = (chosen.min_dh_bits(), chosen.min_bits());
        }
    }
}

/// Lists of groups and of signature algorithms. A list that is taken has something that can be used.
pub fn lists(text: &str) {
    if let Ok(list) = groups::parse_list(text) {
        assert!(!groups::usable(&list, 0).is_empty());
    }
    if let Ok(list) = sigalgs::parse_list(text) {
        let _ = (sigalgs::sign_tls13(&list), sigalgs::usable(&list));
    }
}

/// A command of `SSL_CONF_cmd` under these flags, but none that reads files. What was set can be made a configuration, or says
/// why not.
pub fn conf(flags: u8, name: &[u8], value: &[u8]) {
    /// `SSL_CONF_FLAG_CERTIFICATE`, under which files are read.
    const CERTIFICATE: u32 = 0x20;
    static METHOD: Method = Method::new(None, None);
    let context = Arc::new(Context::new(&METHOD));
    let conf = ConfCtx::default();
    conf.set_flags(u32::from(flags) & !CERTIFICATE);
    conf.set_target(Target::Context(context.clone()));
    let value = CString::new(value).ok();
    let _ = conf.value_type(name);
    if conf.run(name, value.as_deref()).is_ok() {
        assert!(conf.finish().is_ok());
        let settings = context.settings();
        let _ = (settings.versions(), settings.client_config());
    }
}

/// A session in the form of `i2d_SSL_SESSION`. It is written as it was read.
pub fn session(der: &[u8]) {
    let Ok((session, len)) = SslSession::from_der(der) else {
        return;
    };
    let written = session.to_der();
    let (again, again_len) = SslSession::from_der(&written).expect("what was written can be read");
    assert_eq!(again_len, written.len());
    assert_eq!(again.to_der(), written);
    assert!(len <= der.len());
    assert!(!session.to_text().is_empty());
    let _ = (session.has_expired(0), session.peer(), session.host_name());
    let _ = (
        session.version_number(),
        session.lifetime_hint(),
        session.key_material(),
    );
    let _ = session.duplicate();
}

/// Certificates, lists and keys in PEM.
pub fn pem(text: &[u8]) {
    if let Ok(certificates) = load::certificates(text) {
        assert!(!certificates.is_empty());
        certificates
            .iter()
            .for_each(|certificate| look_at(certificate));
    }
    // No passphrase: what it costs to stretch one is the file's choice.
    let _ = load::private_key(text, Format::Pem, &Passphrase::default());
}

/// A certificate, a revocation list or a GeneralNames, in DER.
pub fn der(der: &[u8]) {
    if let Ok(certificate) = X509::from_der(CertificateDer::from(der.to_vec())) {
        assert_eq!(certificate.der().as_ref(), der);
        look_at(&certificate);
    }
    if let Ok(list) = Crl::from_der(der) {
        assert_eq!(list.der(), der);
        let _ = (time::print(list.this_update()), list.issuer());
        let _ = list.next_update().map(|update| time::seconds(update));
    }
    let _ = GeneralName::all(der);
}

fn look_at(certificate: &X509) {
    let _ = report::certificate(certificate);
    let _ = (host::hosts(certificate), host::mailboxes(certificate));
    let _ = host::matching_host(certificate, b"host.example", 0);
    let _ = host::matching_email(certificate, b"somebody@host.example", 0);
    for when in [certificate.not_before(), certificate.not_after()] {
        let _ = (time::print(when), time::seconds(when));
    }
    for flags in [0, print::ONELINE, 4 << 16, 0x01ff_07ff] {
        let _ = print::name(certificate.subject(), 2, flags);
    }
}
