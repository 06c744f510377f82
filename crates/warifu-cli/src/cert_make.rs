//! How certificates are made: `warifu cert ca`, `cert server`, `cert client`, and the local CA's.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyUsagePurpose, NameConstraints,
    SanType, SerialNumber,
};
use rustls_pki_types::{CertificateDer, DnsName};
use time::{Duration, OffsetDateTime};
use warifu_crypto::KeyKind;

use crate::args_cert::{CaArguments, LeafArguments, NewKeyArguments};
use crate::exit::Failure;
use crate::files::{self, Overwrite};
use crate::key::Key;
use crate::passphrase;

/// Certificates begin this long before they are made, for peers whose clock is a little behind.
const BACKDATED: Duration = Duration::minutes(10);

/// RFC 5280 Appendix A: a common name has at most 64 characters.
const MAX_COMMON_NAME_LEN: usize = 64;

/// What a leaf may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Usage {
    Server,
    Client,
}

/// `warifu cert ca`.
pub(crate) fn ca(arguments: &CaArguments) -> Result<(), Failure> {
    let permitted = arguments
        .permit
        .iter()
        .map(|text| permitted_subtree(text))
        .collect::<Result<Vec<_>, _>>()?;
    let output = Output::new(&arguments.out, &arguments.key)?;
    let key = Key::generate(arguments.key.kind.into())?;
    let certificate = ca_certificate(
        &arguments.name,
        &key,
        permitted,
        Duration::days(arguments.days.into()),
    )?;
    output.write(&[certificate], &key)?;
    output.announce("CA certificate: give it to every peer that shall trust this CA (--ca)");
    print_next(&format!(
        "warifu cert server NAME --ca {} --ca-key {}",
        output.certificate.display(),
        output.key.display()
    ));
    Ok(())
}

/// `warifu cert server` and `warifu cert client`.
pub(crate) fn leaf(arguments: &LeafArguments, usage: Usage) -> Result<(), Failure> {
    let names = arguments
        .names
        .iter()
        .map(|name| subject_name(name, usage))
        .collect::<Result<Vec<_>, _>>()?;
    let first = arguments.names.first().map_or("", String::as_str);
    let prefix = arguments
        .out
        .clone()
        .unwrap_or_else(|| PathBuf::from(file_name(first)));
    let output = Output::new(&prefix, &arguments.key)?;
    let signer = match (&arguments.ca, &arguments.ca_key) {
        (Some(ca), Some(ca_key)) => Some(SigningCa::read(
            ca,
            ca_key,
            arguments.ca_passphrase.as_ref(),
        )?),
        _ => None,
    };
    let key = Key::generate(arguments.key.kind.into())?;
    let leaf = Leaf {
        common_name: first,
        names,
        usage,
        lifetime: Duration::days(arguments.days.into()),
    };
    let mut chain = vec![match &signer {
        Some(ca) => leaf.signed_by(&key, ca)?,
        None => leaf.self_signed(&key)?,
    }];
    if let Some(ca) = &signer {
        chain.extend(ca.intermediates.iter().cloned());
    }
    output.write(&chain, &key)?;
    let (kind, own, peer) = match usage {
        Usage::Server => ("server", "server", "client HOST"),
        Usage::Client => ("client", "client HOST", "server"),
    };
    output.announce(&format!("{kind} certificate"));
    let (certificate, key) = (output.certificate.display(), output.key.display());
    print_next(&format!("warifu {own} --cert {certificate} --key {key}"));
    match &arguments.ca {
        Some(ca) => print_next(&format!("warifu {peer} --ca {}", ca.display())),
        None => print_next(&format!("warifu {peer} --pin {certificate}")),
    }
    Ok(())
}

fn print_next(command: &str) {
    crate::report::status(&format!("next:  {command}"));
}

/// A CA that signs.
pub(crate) struct SigningCa {
    issuer: Issuer<'static, Key>,
    not_after: OffsetDateTime,
    /// What peers need besides their trusted root: the CA's own certificate, if another CA signed it, and so on up.
    intermediates: Vec<CertificateDer<'static>>,
}

impl SigningCa {
    /// A root CA made just now.
    pub(crate) fn new(certificate: &CertificateDer<'static>, key: Key) -> Result<Self, Failure> {
        let not_after = x509_parser::parse_x509_certificate(certificate)
            .map(|(_, parsed)| parsed.validity().not_after.to_datetime())
            .map_err(|error| Failure::Making {
                problem: error.to_string(),
            })?;
        Ok(Self {
            issuer: Issuer::from_ca_cert_der(certificate, key).map_err(making)?,
            not_after,
            intermediates: Vec::new(),
        })
    }

    /// Reads a CA's certificate (the first in the file) and key, and checks that they can sign.
    pub(crate) fn read(
        certificate: &Path,
        key_path: &Path,
        passphrase: Option<&crate::values::PassphraseSource>,
    ) -> Result<Self, Failure> {
        let certificates = files::read_certificates(certificate, "CA certificate")?;
        let key = Key::read(key_path, passphrase)?;
        let wrong =
            |found: String| files::wrong_content(certificate, "usable CA certificate", found);
        let Some(der) = certificates.first() else {
            return Err(wrong("it is empty".to_owned()));
        };
        let (_, parsed) = x509_parser::parse_x509_certificate(der)
            .map_err(|error| wrong(format!("damaged certificate: {error}")))?;
        if !parsed.is_ca() {
            return Err(wrong("its certificate is not one of a CA".to_owned()));
        }
        if let Ok(Some(usage)) = parsed.key_usage()
            && !usage.value.key_cert_sign()
        {
            return Err(wrong(
                "its key usage does not allow signing certificates".to_owned(),
            ));
        }
        if parsed.public_key().raw != key.spki() {
            return Err(Failure::KeyDoesNotFit {
                cert: certificate.to_owned(),
                key: key_path.to_owned(),
            });
        }
        if !key.signs_certificates() {
            return Err(wrong(format!(
                "this program signs no certificates with {} keys",
                key.kind()
            )));
        }
        let not_after = parsed.validity().not_after.to_datetime();
        if not_after <= OffsetDateTime::now_utc() {
            return Err(wrong(format!("the CA expired on {not_after}")));
        }
        let intermediates = certificates
            .iter()
            .filter(|der| !is_self_issued(der))
            .cloned()
            .collect();
        let issuer = Issuer::from_ca_cert_der(der, key).map_err(making)?;
        Ok(Self {
            issuer,
            not_after,
            intermediates,
        })
    }
}

fn is_self_issued(der: &CertificateDer<'_>) -> bool {
    x509_parser::parse_x509_certificate(der)
        .is_ok_and(|(_, parsed)| parsed.subject().as_raw() == parsed.issuer().as_raw())
}

/// A leaf certificate to be.
pub(crate) struct Leaf<'a> {
    pub(crate) common_name: &'a str,
    pub(crate) names: Vec<SanType>,
    pub(crate) usage: Usage,
    pub(crate) lifetime: Duration,
}

impl Leaf<'_> {
    /// The certificate, signed by a CA. It does not outlive the CA.
    pub(crate) fn signed_by(
        &self,
        key: &Key,
        ca: &SigningCa,
    ) -> Result<CertificateDer<'static>, Failure> {
        let mut params = self.params(key)?;
        params.use_authority_key_identifier_extension = true;
        params.not_after = params.not_after.min(ca.not_after);
        let certificate = params.signed_by(key, &ca.issuer).map_err(making)?;
        Ok(certificate.into())
    }

    /// The certificate, signed by its own key.
    pub(crate) fn self_signed(&self, key: &Key) -> Result<CertificateDer<'static>, Failure> {
        let certificate = self.params(key)?.self_signed(key).map_err(making)?;
        Ok(certificate.into())
    }

    fn params(&self, key: &Key) -> Result<CertificateParams, Failure> {
        // OpenSSL takes a common name that looks like a host name for one, and an address looks like one.
        let common_name = match self.common_name.parse::<IpAddr>() {
            Ok(address) => format!("IP {address}"),
            Err(_) => self.common_name.to_owned(),
        };
        let mut params = base_params(&common_name, self.lifetime)?;
        params.subject_alt_names = self.names.clone();
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        if matches!(key.kind(), KeyKind::Rsa { .. }) && self.usage == Usage::Server {
            // For peers of TLS 1.2 and older that send the premaster secret encrypted by this key.
            params.key_usages.push(KeyUsagePurpose::KeyEncipherment);
        }
        params.extended_key_usages = vec![match self.usage {
            Usage::Server => ExtendedKeyUsagePurpose::ServerAuth,
            Usage::Client => ExtendedKeyUsagePurpose::ClientAuth,
        }];
        Ok(params)
    }
}

/// A CA's own certificate. `permitted` limits the names it may sign for; empty means no limit.
pub(crate) fn ca_certificate(
    name: &str,
    key: &Key,
    permitted: Vec<GeneralSubtree>,
    lifetime: Duration,
) -> Result<CertificateDer<'static>, Failure> {
    let mut params = base_params(name, lifetime)?;
    // No intermediate CAs below: this program makes none.
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    if !permitted.is_empty() {
        params.name_constraints = Some(name_constraints(permitted));
    }
    let certificate = params.self_signed(key).map_err(making)?;
    Ok(certificate.into())
}

/// RFC 5280 Section 4.2.1.10: a kind of name that no permitted subtree mentions is not limited at all. So a
/// CA for host names only must exclude every address, and the other way round.
fn name_constraints(permitted: Vec<GeneralSubtree>) -> NameConstraints {
    let mut excluded = Vec::new();
    if !permitted
        .iter()
        .any(|subtree| matches!(subtree, GeneralSubtree::DnsName(_)))
    {
        excluded.push(GeneralSubtree::DnsName(String::new()));
    }
    let v4 =
        |subtree: &GeneralSubtree| matches!(subtree, GeneralSubtree::IpAddress(CidrSubnet::V4(..)));
    let v6 =
        |subtree: &GeneralSubtree| matches!(subtree, GeneralSubtree::IpAddress(CidrSubnet::V6(..)));
    if !permitted.iter().any(v4) {
        excluded.push(GeneralSubtree::IpAddress(CidrSubnet::V4([0; 4], [0; 4])));
    }
    if !permitted.iter().any(v6) {
        excluded.push(GeneralSubtree::IpAddress(CidrSubnet::V6([0; 16], [0; 16])));
    }
    NameConstraints {
        permitted_subtrees: permitted,
        excluded_subtrees: excluded,
    }
}

fn base_params(common_name: &str, lifetime: Duration) -> Result<CertificateParams, Failure> {
    let mut params = CertificateParams::default();
    let now = OffsetDateTime::now_utc();
    params.not_before = now - BACKDATED;
    params.not_after = now + lifetime;
    params.serial_number = Some(random_serial()?);
    params.distinguished_name = DistinguishedName::new();
    let common_name: String = common_name.chars().take(MAX_COMMON_NAME_LEN).collect();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    Ok(params)
}

/// RFC 5280 Section 4.1.2.2: positive, at most 20 bytes; unpredictable, as the CA/Browser Forum asks.
fn random_serial() -> Result<SerialNumber, Failure> {
    let mut serial = [0; 16];
    warifu_crypto::random::fill(&mut serial).map_err(|_| Failure::Making {
        problem: "no random numbers".to_owned(),
    })?;
    let [first, ..] = &mut serial;
    *first = (*first & 0x7f) | 0x40;
    Ok(SerialNumber::from(serial.to_vec()))
}

/// A name of a leaf. A server's must be a host name, perhaps with a wildcard, or an address; a client's may be
/// an e-mail address too, or free text, which then is only the common name's business.
pub(crate) fn subject_name(name: &str, usage: Usage) -> Result<SanType, Failure> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(SanType::IpAddress(address));
    }
    let bad = |problem: &str, allowed: &str| Failure::Argument {
        option: "name",
        value: name.to_owned(),
        problem: problem.to_owned(),
        allowed: allowed.to_owned(),
    };
    if usage == Usage::Client && name.contains('@') {
        let email = name
            .try_into()
            .map_err(|_| bad("not ASCII", "an e-mail address"))?;
        return Ok(SanType::Rfc822Name(email));
    }
    let host = name.strip_prefix("*.").unwrap_or(name);
    if DnsName::try_from(host).is_err() {
        let allowed = match usage {
            Usage::Server => "host names, *.example.org, IP addresses",
            Usage::Client => {
                "a name of letters, digits, - and dots, an IP address, an e-mail address"
            }
        };
        return Err(bad("not a name that a certificate can carry", allowed));
    }
    let dns = name
        .try_into()
        .map_err(|_| bad("not ASCII", "the name in its xn-- form"))?;
    Ok(SanType::DnsName(dns))
}

/// `--permit`: a host name with all below it, an address, or a network.
pub(crate) fn permitted_subtree(text: &str) -> Result<GeneralSubtree, Failure> {
    let bad = || Failure::Argument {
        option: "--permit",
        value: text.to_owned(),
        problem: "neither a host name nor an address nor a network".to_owned(),
        allowed: "example.org, 10.1.2.3, 10.0.0.0/8, fd00::/8".to_owned(),
    };
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix.parse::<u8>().map_err(|_| bad())?)),
        None => (text, None),
    };
    match (address.parse::<IpAddr>(), prefix) {
        (Ok(address), prefix) => {
            let all = if address.is_ipv4() { 32 } else { 128 };
            let prefix = prefix.unwrap_or(all);
            if prefix > all {
                return Err(bad());
            }
            Ok(GeneralSubtree::IpAddress(network(address, prefix)))
        }
        (Err(_), None) => {
            let name = text.strip_prefix('.').unwrap_or(text);
            DnsName::try_from(name).map_err(|_| bad())?;
            Ok(GeneralSubtree::DnsName(name.to_owned()))
        }
        (Err(_), Some(_)) => Err(bad()),
    }
}

/// The network of an address, with the bits below the prefix cleared.
fn network(address: IpAddr, prefix: u8) -> CidrSubnet {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX
                .checked_shl(u32::from(32 - prefix.min(32)))
                .unwrap_or(0);
            CidrSubnet::V4((address.to_bits() & mask).to_be_bytes(), mask.to_be_bytes())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX
                .checked_shl(u32::from(128 - prefix.min(128)))
                .unwrap_or(0);
            CidrSubnet::V6((address.to_bits() & mask).to_be_bytes(), mask.to_be_bytes())
        }
    }
}

/// The name of a file for a certificate of `name`.
fn file_name(name: &str) -> String {
    name.replace("*.", "wildcard.")
        .chars()
        .map(|c| match c {
            c if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@') => c,
            _ => '_',
        })
        .collect()
}

/// The two files that a command makes.
struct Output {
    certificate: PathBuf,
    key: PathBuf,
    passphrase: Option<zeroize::Zeroizing<String>>,
    overwrite: Overwrite,
}

impl Output {
    /// Refuses early what would fail late: a file that exists, a passphrase that cannot be had.
    fn new(prefix: &Path, arguments: &NewKeyArguments) -> Result<Self, Failure> {
        let with_extension = |extension: &str| {
            let mut name = prefix.as_os_str().to_owned();
            name.push(extension);
            PathBuf::from(name)
        };
        let output = Self {
            certificate: with_extension(".crt"),
            key: with_extension(".key"),
            overwrite: if arguments.force {
                Overwrite::Force
            } else {
                Overwrite::Never
            },
            passphrase: None,
        };
        if output.overwrite == Overwrite::Never {
            for path in [&output.key, &output.certificate] {
                if path.symlink_metadata().is_ok() {
                    return Err(Failure::FileExists { path: path.clone() });
                }
            }
        }
        let passphrase = arguments
            .encrypt
            .as_ref()
            .map(passphrase::new_passphrase)
            .transpose()?;
        Ok(Self {
            passphrase,
            ..output
        })
    }

    fn write(&self, chain: &[CertificateDer<'static>], key: &Key) -> Result<(), Failure> {
        let pem = key.to_pem(self.passphrase.as_ref().map(|p| p.as_str()))?;
        files::write_new(&self.key, pem.as_bytes(), 0o600, self.overwrite)?;
        files::write_new(
            &self.certificate,
            certificates_to_pem(chain)?.as_bytes(),
            0o644,
            self.overwrite,
        )
    }

    fn announce(&self, what: &str) {
        let encrypted = match self.passphrase {
            Some(_) => "private key, encrypted",
            None => "private key, readable by this user only: keep it so",
        };
        crate::report::status(&format!("made   {}    {what}", self.certificate.display()));
        crate::report::status(&format!("made   {}    {encrypted}", self.key.display()));
    }
}

/// A chain as PEM, leaf first.
pub(crate) fn certificates_to_pem(chain: &[CertificateDer<'_>]) -> Result<String, Failure> {
    chain
        .iter()
        .map(|der| {
            pkcs8::Document::try_from(der.as_ref())
                .and_then(|document| document.to_pem("CERTIFICATE", pkcs8::LineEnding::LF))
                .map_err(|error| Failure::Making {
                    problem: error.to_string(),
                })
        })
        .collect()
}

fn making(error: rcgen::Error) -> Failure {
    Failure::Making {
        problem: error.to_string(),
    }
}
