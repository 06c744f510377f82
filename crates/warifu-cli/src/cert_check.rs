//! `warifu cert check`: whether a key fits its certificate, and whether the chain is in order.

use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use serde_json::json;
use warifu::decision::{PeerRole, PresentedChain};
use warifu::trust::Trust;

use crate::args_cert::CheckArguments;
use crate::describe::{self, Description};
use crate::exit::Failure;
use crate::files::{self, Item};
use crate::key::Key;
use crate::{cert_show, exit_tls, materials, report, summary, when};

/// One question and its answer.
struct Answer {
    question: &'static str,
    good: bool,
    detail: String,
}

/// `warifu cert check`.
pub(crate) fn check(arguments: &CheckArguments) -> Result<(), Failure> {
    let certificates = files::read_certificates(&arguments.cert, "certificate")?;
    let chain = certificates
        .iter()
        .map(|der| describe::describe(der))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| files::wrong_content(&arguments.cert, "readable certificate", error))?;
    let mut answers = vec![dates(&chain)];
    if chain.len() > 1 {
        answers.push(order(&chain));
    }
    if !arguments.ca.is_empty() || arguments.name.is_some() {
        answers.push(trusted(arguments, &certificates, &chain)?);
    }
    if let (Some(leaf), Some(key)) = (certificates.first(), find_key(arguments)?) {
        answers.push(key_fits(leaf, &key));
    }
    print(arguments, &answers)?;
    match answers.into_iter().find(|answer| !answer.good) {
        None => Ok(()),
        Some(bad) => Err(Failure::CheckFailed {
            path: arguments.cert.clone(),
            question: bad.question,
            answer: bad.detail,
        }),
    }
}

fn print(arguments: &CheckArguments, answers: &[Answer]) -> Result<(), Failure> {
    if arguments.json {
        let list: Vec<_> = answers
            .iter()
            .map(|answer| json!({ "check": answer.question, "ok": answer.good, "detail": answer.detail }))
            .collect();
        return report::line(&json!({ "file": arguments.cert, "checks": list }).to_string());
    }
    answers.iter().try_for_each(|answer| {
        let verdict = if answer.good { "ok" } else { "NO" };
        report::line(&format!(
            "{verdict}  {}: {}",
            answer.question, answer.detail
        ))
    })
}

/// The key given, or the one in the certificate's own file.
fn find_key(arguments: &CheckArguments) -> Result<Option<Key>, Failure> {
    if let Some(path) = &arguments.key {
        return Key::read(path, arguments.passphrase.as_ref()).map(Some);
    }
    let items = files::read_items(&arguments.cert, "certificate")?;
    if items
        .iter()
        .any(|item| matches!(item, Item::Key(_) | Item::EncryptedKey(_)))
    {
        return Key::read(&arguments.cert, arguments.passphrase.as_ref()).map(Some);
    }
    Ok(None)
}

fn key_fits(leaf: &[u8], key: &Key) -> Answer {
    let spki = key.spki();
    let good = x509_parser::parse_x509_certificate(leaf)
        .is_ok_and(|(_, parsed)| parsed.public_key().raw == spki);
    Answer {
        question: "key",
        good,
        detail: if good {
            "the private key fits the certificate".to_owned()
        } else {
            format!(
                "the private key does not fit: its public half has SHA-256 {}",
                describe::sha256(spki)
            )
        },
    }
}

fn dates(chain: &[Description]) -> Answer {
    let now = when::now();
    let bad = chain
        .iter()
        .find(|found| now < found.not_before || now > found.not_after);
    let soonest = chain.iter().min_by_key(|found| found.not_after);
    let shown = bad.or(soonest);
    Answer {
        question: "dates",
        good: bad.is_none(),
        detail: shown.map_or_else(String::new, |found| {
            format!(
                "{} {}",
                describe::short_name(&found.subject),
                when::days_left(found.not_before, found.not_after, now)
            )
        }),
    }
}

fn order(chain: &[Description]) -> Answer {
    let detail = cert_show::chain_order(chain);
    Answer {
        question: "order",
        good: !detail.contains("WRONG"),
        detail,
    }
}

/// What a peer that trusts `--ca` and asks for `--name` would say of the chain.
fn trusted(
    arguments: &CheckArguments,
    certificates: &[CertificateDer<'static>],
    chain: &[Description],
) -> Result<Answer, Failure> {
    let mut builder = Trust::builder();
    for path in &arguments.ca {
        builder = builder.with_ca_file(path);
    }
    if arguments.ca.is_empty() {
        builder = builder.dangerous().accept_any_issuer();
    }
    if arguments.name.is_none() {
        builder = builder.dangerous().accept_any_name();
    }
    builder = materials::allow(builder, &arguments.trust_lenient);
    let trust = builder.build().map_err(materials::trust_failure)?;
    let wanted = arguments.name.as_deref().unwrap_or("localhost");
    let name = ServerName::try_from(wanted).map_err(|_| Failure::Argument {
        option: "--name",
        value: wanted.to_owned(),
        problem: "neither a host name nor an IP address".to_owned(),
        allowed: "example.org, 192.0.2.1, 2001:db8::1".to_owned(),
    })?;
    let usages = chain.first().map_or(&[][..], |leaf| &leaf.usages);
    let only_client = usages.iter().any(|usage| usage == "TLS client")
        && !usages.iter().any(|usage| usage == "TLS server");
    let role = if only_client && arguments.name.is_none() {
        PeerRole::Client
    } else {
        PeerRole::Server(&name)
    };
    let result = trust.leniency_needed(&PresentedChain::new(certificates, role, UnixTime::now()));
    let question = if arguments.ca.is_empty() {
        "name"
    } else {
        "trust"
    };
    Ok(match result {
        Ok(needed) => {
            let mut detail = match (&arguments.name, arguments.ca.is_empty()) {
                (Some(name), true) => format!("the certificate is for {name}"),
                (Some(name), false) => format!("the chain leads to the CA given and is for {name}"),
                (None, _) => "the chain leads to the CA given".to_owned(),
            };
            if !needed.is_empty() {
                let needed = summary::words(&needed).join(", ");
                detail.push_str(&format!("; accepted only because of {needed}"));
            }
            Answer {
                question,
                good: true,
                detail,
            }
        }
        Err(error) => Answer {
            question,
            good: false,
            detail: exit_tls::certificate_error(&error).replace("peer's", "the"),
        },
    })
}
