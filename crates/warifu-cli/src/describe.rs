//! A certificate in words: for `cert show`, `cert check` and the summary of a connection.

use std::net::{Ipv4Addr, Ipv6Addr};

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::{SubjectPublicKeyInfo, X509Name};

use crate::hex;

/// What there is to say about one certificate.
#[derive(Debug, Clone)]
pub(crate) struct Description {
    pub(crate) subject: String,
    pub(crate) issuer: String,
    /// Whether subject and issuer are the same name.
    pub(crate) self_issued: bool,
    pub(crate) names: Vec<String>,
    /// Seconds since 1970.
    pub(crate) not_before: i64,
    /// Seconds since 1970.
    pub(crate) not_after: i64,
    pub(crate) key: String,
    pub(crate) signature: String,
    pub(crate) usages: Vec<String>,
    pub(crate) is_ca: bool,
    pub(crate) path_len: Option<u32>,
    pub(crate) permitted: Vec<String>,
    pub(crate) excluded: Vec<String>,
    pub(crate) serial: String,
    /// SHA-256 of the certificate's DER.
    pub(crate) fingerprint: String,
    /// SHA-256 of its SubjectPublicKeyInfo, as pins use it.
    pub(crate) key_fingerprint: String,
}

/// Describes a certificate.
///
/// # Errors
/// What is wrong with its DER.
pub(crate) fn describe(der: &[u8]) -> Result<Description, String> {
    let (rest, certificate) =
        x509_parser::parse_x509_certificate(der).map_err(|error| error.to_string())?;
    if !rest.is_empty() {
        return Err(format!("{} bytes follow the certificate", rest.len()));
    }
    let constraints = certificate.basic_constraints().ok().flatten();
    let (permitted, excluded) = name_constraints(&certificate);
    Ok(Description {
        subject: distinguished_name(certificate.subject()),
        issuer: distinguished_name(certificate.issuer()),
        self_issued: certificate.subject().as_raw() == certificate.issuer().as_raw(),
        names: subject_alternative_names(&certificate),
        not_before: certificate.validity().not_before.timestamp(),
        not_after: certificate.validity().not_after.timestamp(),
        key: key_kind(certificate.public_key()),
        signature: algorithm_name(&certificate.signature_algorithm.algorithm.to_id_string()),
        usages: usages(&certificate),
        is_ca: certificate.is_ca(),
        path_len: constraints.and_then(|found| found.value.path_len_constraint),
        permitted,
        excluded,
        serial: hex::encode(certificate.raw_serial(), ":"),
        fingerprint: sha256(der),
        key_fingerprint: sha256(certificate.public_key().raw),
    })
}

/// The common name alone, or the whole name if there is none.
pub(crate) fn short_name(full: &str) -> &str {
    full.split(", ")
        .find_map(|part| part.strip_prefix("CN="))
        .unwrap_or(full)
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(warifu_crypto::Hash::Sha256.digest(&[bytes]).as_ref(), "")
}

/// The kind and strength of a public key.
pub(crate) fn key_kind(key: &SubjectPublicKeyInfo<'_>) -> String {
    let oid = key.algorithm.algorithm.to_id_string();
    let name = algorithm_name(&oid);
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => format!("{name} {} bits", rsa.key_size()),
        Ok(PublicKey::EC(_)) => key
            .algorithm
            .parameters
            .as_ref()
            .and_then(|parameters| parameters.as_oid().ok())
            .map_or(name, |curve| algorithm_name(&curve.to_id_string())),
        _ => name,
    }
}

/// The usual name of an algorithm's object identifier.
fn algorithm_name(oid: &str) -> String {
    let name = match oid {
        "1.2.840.113549.1.1.1" => "RSA",
        "1.2.840.113549.1.1.10" => "RSA-PSS",
        "1.2.840.113549.1.1.5" => "RSA with SHA-1",
        "1.2.840.113549.1.1.11" => "RSA with SHA-256",
        "1.2.840.113549.1.1.12" => "RSA with SHA-384",
        "1.2.840.113549.1.1.13" => "RSA with SHA-512",
        "1.2.840.10045.2.1" => "ECDSA",
        "1.2.840.10045.3.1.7" => "ECDSA P-256",
        "1.3.132.0.34" => "ECDSA P-384",
        "1.3.132.0.35" => "ECDSA P-521",
        "1.2.840.10045.4.1" => "ECDSA with SHA-1",
        "1.2.840.10045.4.3.2" => "ECDSA with SHA-256",
        "1.2.840.10045.4.3.3" => "ECDSA with SHA-384",
        "1.2.840.10045.4.3.4" => "ECDSA with SHA-512",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        "2.16.840.1.101.3.4.3.17" => "ML-DSA-44",
        "2.16.840.1.101.3.4.3.18" => "ML-DSA-65",
        "2.16.840.1.101.3.4.3.19" => "ML-DSA-87",
        other => other,
    };
    name.to_owned()
}

/// `CN=…, O=…`, as RFC 4514 but in the certificate's order.
fn distinguished_name(name: &X509Name<'_>) -> String {
    let parts: Vec<String> = name
        .iter_attributes()
        .map(|attribute| {
            let oid = attribute.attr_type().to_id_string();
            let short = match oid.as_str() {
                "2.5.4.3" => "CN",
                "2.5.4.5" => "serialNumber",
                "2.5.4.6" => "C",
                "2.5.4.7" => "L",
                "2.5.4.8" => "ST",
                "2.5.4.10" => "O",
                "2.5.4.11" => "OU",
                "1.2.840.113549.1.9.1" => "emailAddress",
                "0.9.2342.19200300.100.1.25" => "DC",
                "0.9.2342.19200300.100.1.1" => "UID",
                other => other,
            };
            let value = attribute
                .as_str()
                .map_or_else(|_| hex::encode(attribute.as_slice(), ""), ToOwned::to_owned);
            format!("{short}={value}")
        })
        .collect();
    if parts.is_empty() {
        "(empty)".to_owned()
    } else {
        parts.join(", ")
    }
}

fn subject_alternative_names(certificate: &X509Certificate<'_>) -> Vec<String> {
    certificate
        .subject_alternative_name()
        .ok()
        .flatten()
        .map(|found| found.value.general_names.iter().map(general_name).collect())
        .unwrap_or_default()
}

fn name_constraints(certificate: &X509Certificate<'_>) -> (Vec<String>, Vec<String>) {
    let Ok(Some(found)) = certificate.name_constraints() else {
        return (Vec::new(), Vec::new());
    };
    let list = |subtrees: &Option<Vec<x509_parser::extensions::GeneralSubtree<'_>>>| {
        subtrees
            .iter()
            .flatten()
            .map(|subtree| general_name(&subtree.base))
            .collect()
    };
    (
        list(&found.value.permitted_subtrees),
        list(&found.value.excluded_subtrees),
    )
}

fn general_name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName("") => "any host name".to_owned(),
        GeneralName::DNSName(name) => (*name).to_owned(),
        GeneralName::RFC822Name(name) => format!("email:{name}"),
        GeneralName::URI(uri) => format!("uri:{uri}"),
        GeneralName::IPAddress(bytes) => ip_address(bytes),
        GeneralName::DirectoryName(name) => format!("name:{}", distinguished_name(name)),
        other => format!("{other:?}"),
    }
}

/// An address (4 or 16 bytes) or an address and its mask (8 or 32), RFC 5280 Section 4.2.1.10.
fn ip_address(bytes: &[u8]) -> String {
    let v4 = |bytes: &[u8]| <[u8; 4]>::try_from(bytes).ok().map(Ipv4Addr::from);
    let v6 = |bytes: &[u8]| <[u8; 16]>::try_from(bytes).ok().map(Ipv6Addr::from);
    let ones = |mask: &[u8]| mask.iter().map(|byte| byte.count_ones()).sum::<u32>();
    let with_mask = |half: usize| {
        let (address, mask) = bytes.split_at_checked(half)?;
        let address = v4(address)
            .map(|a| a.to_string())
            .or_else(|| v6(address).map(|a| a.to_string()))?;
        Some(match ones(mask) {
            0 => format!("any IPv{} address", if half == 4 { 4 } else { 6 }),
            bits => format!("{address}/{bits}"),
        })
    };
    let text = match bytes.len() {
        4 => v4(bytes).map(|address| address.to_string()),
        16 => v6(bytes).map(|address| address.to_string()),
        8 => with_mask(4),
        32 => with_mask(16),
        _ => None,
    };
    text.unwrap_or_else(|| format!("malformed address {}", hex::encode(bytes, "")))
}

fn usages(certificate: &X509Certificate<'_>) -> Vec<String> {
    let mut usages = Vec::new();
    for extension in certificate.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::KeyUsage(usage) => {
                for (allowed, name) in [
                    (usage.digital_signature(), "digital signature"),
                    (usage.non_repudiation(), "non-repudiation"),
                    (usage.key_encipherment(), "key encipherment"),
                    (usage.data_encipherment(), "data encipherment"),
                    (usage.key_agreement(), "key agreement"),
                    (usage.key_cert_sign(), "signing certificates"),
                    (usage.crl_sign(), "signing CRLs"),
                ] {
                    if allowed {
                        usages.push(name.to_owned());
                    }
                }
            }
            ParsedExtension::ExtendedKeyUsage(usage) => {
                for (allowed, name) in [
                    (usage.any, "any purpose"),
                    (usage.server_auth, "TLS server"),
                    (usage.client_auth, "TLS client"),
                    (usage.code_signing, "code signing"),
                    (usage.email_protection, "e-mail"),
                    (usage.time_stamping, "time stamping"),
                    (usage.ocsp_signing, "OCSP signing"),
                ] {
                    if allowed {
                        usages.push(name.to_owned());
                    }
                }
                usages.extend(usage.other.iter().map(ToString::to_string));
            }
            _ => {}
        }
    }
    usages
}
