//! Certificates and revocation lists that a peer or a CA made: looking at them, and believing them.
//!
//! The first byte chooses. Either the rest is a certificate as it is; or it is changes to the certificates of a chain and to a
//! revocation list, which are signed afterwards, so that the changes reach what comes behind signatures. Nothing panics. What
//! is believed has the right date, name and signature; allowing more never refuses what strict rules accept.
#![no_main]

use std::sync::OnceLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use warifu::Trust;
use warifu::certificate::CertificateFacts;
use warifu::certificate::view::{self, CertificateView};
use warifu::decision::{PeerRole, PresentedChain};
use warifu::error::CertificateError;
use warifu::pki_types::{CertificateDer, ServerName, UnixTime};
use warifu::trust::{Leniency, TrustBuilder};
use warifu_fuzz::certificates::{self, Key, NOW};
use warifu_fuzz::edit::edit_der;
use warifu_fuzz::input::Input;

const HOST: &str = "host.example";
/// What a certificate may name instead, RFC 9525 Section 6.3.
const WILDCARD: &str = "*.example";

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input::new(bytes);
    match input.byte() % 8 {
        0 => {
            let der = input.rest();
            look_at(der);
            let trust = Trust::builder().with_pinned_bytes(der).build();
            if let Ok(trust) = trust {
                let chain = [CertificateDer::from(der.to_vec())];
                let _ = trust.check(&presented(&chain, &server_name()));
                assert!(
                    !trust.is_self_signed(&chain[0]) || CertificateFacts::from_der(der).is_ok()
                );
            }
        }
        flags => chain(flags, &mut input),
    }
});

/// Asks for all that can be seen of a certificate.
fn look_at(der: &[u8]) {
    if let Ok(facts) = CertificateFacts::from_der(der) {
        let _ = facts.days_left(NOW);
        // Both are printed.
        assert!(
            !facts.subject.contains(char::is_control) && !facts.issuer.contains(char::is_control)
        );
    }
    let Ok(view) = CertificateView::parse(der) else {
        return;
    };
    let _ = (
        view.times(),
        view.validity(),
        view.key_usage(),
        view.is_ca(),
    );
    let _ = (
        view.path_len(),
        view.may_be_ca(),
        view.allows_purpose(b"\x2b\x06\x01\x05\x05\x07\x03\x01"),
    );
    let _ = (
        view::key_name(view.spki),
        view::rsa_modulus_bits(view.spki),
        view::spki_parts(view.spki),
    );
    let _ = view::signature_name(view.signature_algorithm);
    for extension in view.extensions() {
        assert!(extension.value.len() < der.len());
    }
}

struct Keys {
    root: Key,
    intermediate: Key,
    leaf: Key,
}

fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| Keys {
        root: Key::new(1),
        intermediate: Key::new(2),
        leaf: Key::new(3),
    })
}

fn server_name() -> ServerName<'static> {
    HOST.try_into().expect("a name")
}

fn presented<'a>(
    chain: &'a [CertificateDer<'static>],
    name: &'a ServerName<'a>,
) -> PresentedChain<'a> {
    let now = UnixTime::since_unix_epoch(Duration::from_secs(NOW));
    PresentedChain::new(chain, PeerRole::Server(name), now)
}

/// A chain of leaf, intermediate and root, each with changes, and a revocation list likewise.
fn chain(flags: u8, input: &mut Input<'_>) {
    let Keys {
        root,
        intermediate,
        leaf,
    } = keys();
    let rules = input.byte();
    let mut unchanged = true;
    let mut edited = |tbs: Vec<u8>| {
        let mut changed = tbs.clone();
        edit_der(&mut changed, input);
        unchanged &= changed == tbs;
        changed
    };
    let leaf_tbs = edited(certificates::leaf(HOST, "intermediate", leaf));
    let intermediate_tbs = edited(certificates::ca("intermediate", "root", intermediate));
    let root_tbs = edited(certificates::ca("root", "root", root));
    let list_tbs = edited(certificates::revocation_list("intermediate"));
    // Signed by the wrong one.
    let forged = flags == 7;
    let issuer = if forged { root } else { intermediate };
    let leaf_der = issuer.sign(&leaf_tbs);
    let intermediate_der = root.sign(&intermediate_tbs);
    look_at(&leaf_der);
    let mut builder = Trust::builder().with_ca_bytes(&root.sign(&root_tbs));
    if flags & 1 == 1 {
        builder = builder
            .with_crl_bytes(&intermediate.sign(&list_tbs))
            .with_revocation_of_leaf_only();
    }
    let Ok(strict) = builder.clone().build() else {
        return;
    };
    let chain = [leaf_der.into(), intermediate_der.into()];
    let name = server_name();
    let presented = presented(&chain, &name);
    let accepted = look_at_verdict(strict.check(&presented));
    assert!(accepted || forged || !unchanged);
    assert_eq!(strict.verified_path(&presented).is_ok(), accepted);
    let lenient = lenient(builder, rules);
    if accepted || look_at_verdict(lenient.check(&presented)) {
        assert!(!forged, "a wrong signature");
        let facts = CertificateFacts::from_der(&chain[0]).expect("what is believed can be read");
        assert!((facts.not_before..=facts.not_after).contains(&NOW));
        let named = |name: &String| {
            [HOST, WILDCARD]
                .iter()
                .any(|own| own.eq_ignore_ascii_case(name))
        };
        let by_common_name = !accepted && facts.common_name.as_ref().is_some_and(named);
        assert!(
            facts.dns_names.iter().any(named) || by_common_name,
            "accepted strictly: {accepted}; {facts:?}"
        );
        assert_eq!(lenient.check(&presented), Ok(()));
        let needed = lenient
            .leniency_needed(&presented)
            .expect("it was believed");
        assert!(!accepted || needed.is_empty());
    }
}

fn look_at_verdict(verdict: Result<(), CertificateError>) -> bool {
    if let Err(error) = &verdict {
        assert!(!error.to_string().is_empty());
        let _ = error.alert();
    }
    verdict.is_ok()
}

/// With the leniencies that are bits of `rules`.
fn lenient(mut builder: TrustBuilder, rules: u8) -> Trust {
    for (bit, rule) in Leniency::ALL.into_iter().enumerate() {
        if rules & (1 << bit) != 0 {
            builder = builder.dangerous().allow(rule);
        }
    }
    builder.build().expect("it was built with stricter rules")
}
