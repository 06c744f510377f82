//! What a value on the command line means: addresses, durations, names of registries.

use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use warifu::parameters::ProtocolVersion;
use zeroize::Zeroizing;

use crate::{hex, psk_line};

/// The port of `server` and `client` unless another is given.
pub(crate) const DEFAULT_PORT: u16 = 11111;

/// A host and a port, as typed: `HOST`, `HOST:PORT`, `PORT`, `[v6]:PORT` or a bare IPv6 address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostPort {
    /// A host name or an IP address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl HostPort {
    /// The host as an IP address, if it is one.
    pub(crate) fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl FromStr for HostPort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let default_port = |host: &str| {
            Ok(Self {
                host: host.to_owned(),
                port: DEFAULT_PORT,
            })
        };
        if text.is_empty() {
            return Err("an address is missing; write HOST or HOST:PORT".to_owned());
        }
        if let Some(rest) = text.strip_prefix('[') {
            let Some((host, after)) = rest.split_once(']') else {
                return Err("the closing ] of the IPv6 address is missing".to_owned());
            };
            if host.parse::<Ipv6Addr>().is_err() {
                return Err(format!("{host:?} between [ and ] is not an IPv6 address"));
            }
            return match after.strip_prefix(':') {
                Some(port) => Ok(Self {
                    host: host.to_owned(),
                    port: parse_port(port)?,
                }),
                None if after.is_empty() => default_port(host),
                None => Err(format!("{after:?} after ] should be :PORT")),
            };
        }
        if text.parse::<Ipv6Addr>().is_ok() {
            return default_port(text);
        }
        if let Ok(port) = text.parse::<u16>() {
            return Ok(Self {
                host: "127.0.0.1".to_owned(),
                port,
            });
        }
        check_host(text)?;
        match text.split_once(':') {
            Some((_, port)) if port.contains(':') => Err(
                "too many colons; write an IPv6 address with a port as [ADDRESS]:PORT".to_owned(),
            ),
            Some(("", port)) => Ok(Self {
                host: "127.0.0.1".to_owned(),
                port: parse_port(port)?,
            }),
            Some((host, port)) => Ok(Self {
                host: host.to_owned(),
                port: parse_port(port)?,
            }),
            None => default_port(text),
        }
    }
}

fn parse_port(text: &str) -> Result<u16, String> {
    text.parse()
        .map_err(|_| format!("{text:?} is not a port; a port is a number from 0 to 65535"))
}

fn check_host(host: &str) -> Result<(), String> {
    if host.contains('/') {
        return Err(format!(
            "{host:?} looks like a URL or a path; write only HOST or HOST:PORT"
        ));
    }
    if host.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(format!("{host:?} is not a host name"));
    }
    Ok(())
}

/// A length of time: `10` and `10s` are seconds; `500ms`, `2m`, `1h`; `off` means no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeLimit(pub(crate) Option<Duration>);

impl FromStr for TimeLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self(None));
        }
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = text.get(digits.len()..).unwrap_or("");
        let number: u64 = digits.parse().map_err(|_| {
            format!("{text:?} is not a time; write for example 10s, 500ms, 2m, 1h or off")
        })?;
        let duration = match unit {
            "ms" => Duration::from_millis(number),
            "" | "s" => Duration::from_secs(number),
            "m" => Duration::from_secs(number.saturating_mul(60)),
            "h" => Duration::from_secs(number.saturating_mul(3600)),
            _ => {
                return Err(format!("{unit:?} is not a unit of time; use ms, s, m or h"));
            }
        };
        if duration.is_zero() {
            return Err("a limit of zero would fail at once; write off for no limit".to_owned());
        }
        Ok(Self(Some(duration)))
    }
}

impl fmt::Display for TimeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("off"),
            Some(limit) if limit.subsec_millis() != 0 => write!(f, "{}ms", limit.as_millis()),
            Some(limit) => write!(f, "{}s", limit.as_secs()),
        }
    }
}

/// Versions of TLS, as typed: `1.2`, `1.0..1.2`, or `1.2..` for all from there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TlsVersions(pub(crate) RangeInclusive<ProtocolVersion>);

impl FromStr for TlsVersions {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (lowest, highest) = match text.split_once("..") {
            // Whoever allows TLS 1.0 writes its number.
            Some(("", highest)) => {
                return Err(format!(
                    "the lowest version is missing; write for example 1.2..{highest}"
                ));
            }
            Some((lowest, "")) => (parse_version(lowest)?, ProtocolVersion::TLS1_3),
            Some((lowest, highest)) => (parse_version(lowest)?, parse_version(highest)?),
            None => (parse_version(text)?, parse_version(text)?),
        };
        if lowest > highest {
            return Err(format!(
                "the lower version comes first: {}",
                Self(highest..=lowest)
            ));
        }
        if lowest < ProtocolVersion::TLS1_3 && !cfg!(feature = "legacy") {
            return Err(
                "this build of warifu has TLS 1.3 only; older versions need one with the feature legacy"
                    .to_owned(),
            );
        }
        Ok(Self(lowest..=highest))
    }
}

impl fmt::Display for TlsVersions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |version: &ProtocolVersion| version.to_string().replace("TLS ", "");
        match self.0.start() == self.0.end() {
            true => f.write_str(&number(self.0.start())),
            false => write!(f, "{}..{}", number(self.0.start()), number(self.0.end())),
        }
    }
}

/// `1.2`; also as OpenSSL writes it, `TLSv1.2`.
fn parse_version(text: &str) -> Result<ProtocolVersion, String> {
    let lower = text.to_ascii_lowercase();
    let number = lower.strip_prefix("tls").unwrap_or(&lower);
    match number.trim_start_matches(['v', ' ']) {
        "1.0" | "1" => Ok(ProtocolVersion::TLS1_0),
        "1.1" => Ok(ProtocolVersion::TLS1_1),
        "1.2" => Ok(ProtocolVersion::TLS1_2),
        "1.3" => Ok(ProtocolVersion::TLS1_3),
        _ => Err(format!(
            "{text:?} is no version of TLS; there are 1.0, 1.1, 1.2 and 1.3, and ranges: 1.2..1.3"
        )),
    }
}

/// The identity of a pre-shared key, as typed: text, or `hex:` and the digits of any bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PskIdentity(pub(crate) Vec<u8>);

impl FromStr for PskIdentity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = match text.strip_prefix("hex:") {
            Some(digits) => hex::decode(digits.as_bytes())
                .ok_or_else(|| "after hex: come pairs of the digits 0-9 a-f".to_owned())?
                .to_vec(),
            None => text.as_bytes().to_vec(),
        };
        match bytes.len() {
            1..=psk_line::MAX_IDENTITY_LEN => Ok(Self(bytes)),
            len => Err(format!("identities have 1 to 65535 bytes, not {len}")),
        }
    }
}

/// A key on the command line: wiped in this program's memory, but visible to every user of the machine.
#[derive(Clone)]
pub(crate) struct ExposedSecret(pub(crate) Zeroizing<String>);

impl FromStr for ExposedSecret {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(Zeroizing::new(text.to_owned())))
    }
}

impl fmt::Debug for ExposedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExposedSecret")
    }
}

/// Where the passphrase of an encrypted key comes from. It is never an argument: arguments are
/// visible to every user of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PassphraseSource {
    /// The first line of a file.
    File(std::path::PathBuf),
    /// An environment variable.
    Env(String),
    /// The first line of an open file descriptor.
    Fd(u32),
    /// Asked for at the terminal, without echo.
    Prompt,
}

impl FromStr for PassphraseSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "prompt" {
            return Ok(Self::Prompt);
        }
        match text.split_once(':') {
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            Some(("env", name)) if !name.is_empty() => Ok(Self::Env(name.to_owned())),
            Some(("fd", number)) => number
                .parse()
                .map(Self::Fd)
                .map_err(|_| format!("{number:?} is not the number of a file descriptor")),
            _ => Err(
                "write file:PATH, env:NAME, fd:NUMBER or prompt (a passphrase itself would be visible in the process list)"
                    .to_owned(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host_port(host: &str, port: u16) -> Result<HostPort, String> {
        Ok(HostPort {
            host: host.to_owned(),
            port,
        })
    }

    #[test]
    fn addresses_are_read_in_every_usual_spelling() {
        for (text, host, port) in [
            ("example.org", "example.org", 11111),
            ("example.org:443", "example.org", 443),
            ("10.0.0.1", "10.0.0.1", 11111),
            ("10.0.0.1:1", "10.0.0.1", 1),
            ("::1", "::1", 11111),
            ("[::1]", "::1", 11111),
            ("[::1]:443", "::1", 443),
            ("443", "127.0.0.1", 443),
            (":443", "127.0.0.1", 443),
        ] {
            assert_eq!(text.parse(), host_port(host, port), "{text}");
        }
        for text in [
            "",
            "a:b",
            "a:70000",
            "[::1",
            "[x]:1",
            "a:b:c",
            "https://a",
            "a b",
        ] {
            assert!(text.parse::<HostPort>().is_err(), "{text}");
        }
        assert_eq!(
            host_port("::1", 2).map(|a| a.to_string()),
            Ok("[::1]:2".to_owned())
        );
    }

    #[test]
    fn durations_have_units_and_no_zero() {
        let limit = |text: &str| text.parse::<TimeLimit>().map(|limit| limit.0);
        assert_eq!(limit("10"), Ok(Some(Duration::from_secs(10))));
        assert_eq!(limit("500ms"), Ok(Some(Duration::from_millis(500))));
        assert_eq!(limit("2m"), Ok(Some(Duration::from_secs(120))));
        assert_eq!(limit("off"), Ok(None));
        for text in ["", "0", "0s", "s", "-1", "1d", "1.5s"] {
            assert!(limit(text).is_err(), "{text}");
        }
    }

    #[test]
    fn versions_are_one_or_a_range_whose_lower_end_is_written() {
        let newest = ProtocolVersion::TLS1_3..=ProtocolVersion::TLS1_3;
        for text in ["1.3", "1.3..", "1.3..1.3", "TLSv1.3", "tls 1.3"] {
            assert_eq!(text.parse(), Ok(TlsVersions(newest.clone())), "{text}");
        }
        for (text, words) in [
            ("", "no version"),
            ("1.4", "\"1.4\" is no version"),
            ("3.0", "no version"),
            ("ssl3", "no version"),
            ("1.3..1.2", "1.2..1.3"),
            ("..1.2", "for example 1.2..1.2"),
            ("..", "lowest version is missing"),
            ("1.3...", "no version"),
        ] {
            let error = text.parse::<TlsVersions>().unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[cfg(feature = "legacy")]
    #[test]
    fn older_versions_are_printed_as_they_were_typed() {
        for text in ["1.0", "1.0..1.2", "1.1..1.3", "1.2"] {
            let versions = text.parse::<TlsVersions>().unwrap();
            assert_eq!(versions.to_string(), text);
        }
        let open = "1.2..".parse::<TlsVersions>().unwrap();
        assert_eq!(open.to_string(), "1.2..1.3");
    }

    #[cfg(not(feature = "legacy"))]
    #[test]
    fn older_versions_are_not_in_this_build() {
        for text in ["1.2", "1.0..", "1.2..1.3"] {
            let error = text.parse::<TlsVersions>().unwrap_err();
            assert!(error.contains("TLS 1.3 only"), "{text}: {error}");
        }
    }

    #[test]
    fn identities_are_text_or_bytes_in_hexadecimal() {
        let identity = |text: &str| text.parse::<PskIdentity>().map(|identity| identity.0);
        assert_eq!(identity("PSK 001"), Ok(b"PSK 001".to_vec()));
        assert_eq!(identity("a:b"), Ok(b"a:b".to_vec()));
        assert_eq!(identity("hex:00ff"), Ok(vec![0, 255]));
        for text in ["", "hex:", "hex:0", "hex:xy", &"a".repeat(65536)] {
            assert!(identity(text).is_err(), "{text}");
        }
    }

    #[test]
    fn passphrases_never_come_from_the_argument_itself() {
        assert_eq!("prompt".parse(), Ok(PassphraseSource::Prompt));
        assert_eq!("env:PW".parse(), Ok(PassphraseSource::Env("PW".to_owned())));
        assert_eq!("fd:3".parse(), Ok(PassphraseSource::Fd(3)));
        assert_eq!(
            "file:/a:b".parse(),
            Ok(PassphraseSource::File("/a:b".into()))
        );
        for text in ["secret", "pass:secret", "fd:x", "env:", ""] {
            assert!(text.parse::<PassphraseSource>().is_err(), "{text}");
        }
    }
}
