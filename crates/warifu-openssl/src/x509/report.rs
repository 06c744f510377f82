//! A certificate for people to read (`X509_print`).

use core::fmt::Write as _;

use warifu::certificate::CertificateFacts;

use super::general_name::GeneralName;
use super::object::Object;
use super::purpose::key_words;
use super::{NID_SUBJECT_ALT_NAME, X509, print, time};
use crate::fault::Fault;

/// The text, several lines.
pub(crate) fn certificate(certificate: &X509) -> Result<String, Fault> {
    let name = |name| {
        let text = print::name(name, 0, print::ONELINE).unwrap_or_default();
        String::from_utf8_lossy(&text).into_owned()
    };
    let date = |date| time::print(date).unwrap_or_else(|| "a time that cannot be read".to_owned());
    let algorithm = certificate.signature_algorithm().text(false);
    let key = certificate
        .key()
        .map_or_else(|_| "unreadable".to_owned(), |key| key_words(key));
    let mut text = format!(
        "Certificate:\n    Version: {}\n    Serial Number: {}\n    Signature Algorithm: {algorithm}\n    Issuer: {}\n    \
         Not Before: {}\n    Not After : {}\n    Subject: {}\n    Public Key: {key}\n",
        certificate.version(),
        certificate.serial().integer_hex(),
        name(certificate.issuer()),
        date(certificate.not_before()),
        date(certificate.not_after()),
        name(certificate.subject()),
    );
    let view = certificate.view()?;
    if view.extensions().next().is_some() {
        text.push_str("    Extensions:\n");
    }
    for extension in view.extensions() {
        let name = Object::of_oid(extension.oid).text(false);
        let critical = if extension.critical { " critical" } else { "" };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "        {name}:{critical}\n            {}",
            value(certificate, &extension)
        );
    }
    Ok(text)
}

/// The value of an extension; names as names, the rest as it is written.
fn value(certificate: &X509, extension: &warifu::certificate::view::Extension<'_>) -> String {
    let nid = super::object::nid_of_oid(extension.oid);
    if nid == NID_SUBJECT_ALT_NAME
        && GeneralName::all(extension.value).is_some()
        && let Ok(facts) = CertificateFacts::from_der(certificate.der())
    {
        let names = facts.dns_names.iter().map(|name| format!("DNS:{name}"));
        let addresses = facts
            .ip_addresses
            .iter()
            .map(|ip| format!("IP Address:{ip}"));
        return names.chain(addresses).collect::<Vec<_>>().join(", ");
    }
    let bytes = extension.value.iter().map(|byte| format!("{byte:02X}"));
    bytes.collect::<Vec<_>>().join(":")
}
