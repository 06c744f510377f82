//! Versions and cipher suites: the named policies, and why a suite is not used.

use core::fmt;
use core::ops::RangeInclusive;

use crate::error::{Error, UsageError};
use crate::parameters::{CipherSuite, ProtocolVersion, TLS13_SUITES};
#[cfg(feature = "legacy")]
use crate::parameters::{KeyExchange, LEGACY_SUITES, LegacyCipher, LegacySuite};
use crate::psk::PskPolicy;
#[cfg(feature = "legacy")]
use warifu_crypto::Aead;
#[cfg(feature = "legacy")]
use warifu_crypto::legacy::CbcSuite;

use super::{Settings, defaults};

/// Versions and cipher suites under one name, for [`with_policy`](super::ConfigBuilder::with_policy). What is older or weaker
/// than the default is a choice that somebody makes and that a log can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Policy {
    /// TLS 1.3 alone.
    Modern,
    /// TLS 1.2 and 1.3, forward secret, with authenticated encryption.
    #[default]
    Default,
    /// TLS 1.2 and 1.3 with all that servers of the last fifteen years need: also CBC, AES-CCM, finite-field Diffie-Hellman,
    /// and the key exchanges without forward secrecy, RSA and PSK.
    Compat,
    /// TLS 1.0 to 1.3 with the suites of [`Compat`](Self::Compat). TLS 1.0 and 1.1 have no modern cipher and sign with
    /// MD5 and SHA-1; RFC 8996 forbids them. Peers without RFC 5746 (secure renegotiation) are served.
    Legacy,
    /// TLS 1.2 and 1.3 with pre-shared keys only, down to what small devices have: PSK without forward secrecy, AES-CCM with
    /// tags of 8 bytes, CBC.
    PskIot,
}

impl Policy {
    /// All, the strictest first.
    pub const ALL: [Self; 5] = [
        Self::Modern,
        Self::Default,
        Self::Compat,
        Self::Legacy,
        Self::PskIot,
    ];

    /// Its name: `modern`, `default`, `compat`, `legacy` or `psk-iot`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Modern => "modern",
            Self::Default => "default",
            Self::Compat => "compat",
            Self::Legacy => "legacy",
            Self::PskIot => "psk-iot",
        }
    }

    /// The policy of this name, letter case ignored.
    pub fn from_name(name: &str) -> Option<Self> {
        let named = |policy: &Self| policy.name().eq_ignore_ascii_case(name);
        Self::ALL.into_iter().find(named)
    }

    /// The lowest and the highest version.
    pub const fn versions(self) -> RangeInclusive<ProtocolVersion> {
        match self {
            Self::Modern => ProtocolVersion::TLS1_3..=ProtocolVersion::TLS1_3,
            Self::Default | Self::Compat | Self::PskIot => {
                ProtocolVersion::TLS1_2..=ProtocolVersion::TLS1_3
            }
            Self::Legacy => ProtocolVersion::TLS1_0..=ProtocolVersion::TLS1_3,
        }
    }

    /// Its cipher suites, best first, of all its versions.
    pub fn cipher_suites(self) -> Vec<CipherSuite> {
        #[cfg_attr(not(feature = "legacy"), allow(unused_mut))]
        let mut suites: Vec<CipherSuite> = match self {
            Self::PskIot => TLS13_SUITES.iter().map(|row| row.suite).collect(),
            _ => defaults::CIPHER_SUITES.to_vec(),
        };
        #[cfg(feature = "legacy")]
        suites.extend(
            LEGACY_SUITES
                .iter()
                .filter(|row| self.allows(row))
                .map(|row| row.suite),
        );
        suites
    }

    /// The policies that have a suite, the strictest first.
    ///
    /// ```
    /// use warifu::config::Policy;
    /// use warifu::parameters::CipherSuite;
    ///
    /// let suite = CipherSuite::TLS_AES_128_GCM_SHA256;
    /// assert_eq!(Policy::all_with(suite).count(), Policy::ALL.len());
    /// ```
    pub fn all_with(suite: CipherSuite) -> impl Iterator<Item = Self> {
        let has = move |policy: &Self| policy.cipher_suites().contains(&suite);
        Self::ALL.into_iter().filter(has)
    }

    #[cfg(feature = "legacy")]
    fn allows(self, row: &LegacySuite) -> bool {
        let kx = row.key_exchange;
        let short_tag = matches!(
            row.cipher,
            LegacyCipher::Aead(Aead::Aes128Ccm8 | Aead::Aes256Ccm8)
        );
        let triple_des = matches!(row.cipher, LegacyCipher::Cbc(CbcSuite::TripleDesSha1));
        match self {
            Self::Modern => false,
            Self::Default => {
                let cipher = matches!(
                    row.cipher,
                    LegacyCipher::Aead(Aead::Aes128Gcm | Aead::Aes256Gcm | Aead::ChaCha20Poly1305)
                );
                // Finite-field groups only where there is a key besides: peers without elliptic curves have no certificates
                // that others take, and slow groups are an attack on this side.
                let exchange = matches!(
                    kx,
                    KeyExchange::EcdheEcdsa
                        | KeyExchange::EcdheRsa
                        | KeyExchange::EcdhePsk
                        | KeyExchange::DhePsk
                );
                cipher && exchange
            }
            // 3DES is used where it is named, and nowhere else.
            Self::Compat | Self::Legacy => !short_tag && !triple_des,
            Self::PskIot => kx.uses_psk() && kx != KeyExchange::RsaPsk && !triple_des,
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a cipher suite is used or not.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SuiteStatus {
    /// It is enabled.
    Enabled,
    /// Its number or name is not known here, or it is never used (signalling values, export, NULL and RC4 suites).
    Unknown,
    /// It is of versions that are not enabled.
    Version {
        /// The lowest version that has it.
        lowest: ProtocolVersion,
        /// The highest.
        highest: ProtocolVersion,
    },
    /// It is left out; these policies have it. None: it is used where it is named.
    NotChosen {
        /// The policies that have it.
        policies: Vec<Policy>,
    },
    /// It needs a certificate, and this side has none to show or none to believe.
    NeedsCertificate,
    /// It needs a pre-shared key, and there is none.
    NeedsPsk,
    /// It needs a group that is not enabled: a curve.
    NeedsGroup,
    /// What it proves itself with is not what this policy for pre-shared keys demands.
    PskPolicy(PskPolicy),
}

impl fmt::Display for SuiteStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Enabled => f.write_str("enabled"),
            Self::Unknown => f.write_str("not implemented"),
            Self::Version { lowest, highest } if lowest == highest => {
                write!(f, "{lowest} is not enabled")
            }
            Self::Version { lowest, highest } => {
                write!(f, "none of {lowest} to {highest} is enabled")
            }
            Self::NotChosen { policies } if policies.is_empty() => {
                f.write_str("in no policy: enable it by name")
            }
            Self::NotChosen { policies } => {
                let names: Vec<_> = policies.iter().map(|policy| policy.name()).collect();
                write!(f, "of policy {}: enable it by name", names.join(", "))
            }
            Self::NeedsCertificate => f.write_str("it needs a certificate"),
            Self::NeedsPsk => f.write_str("it needs a pre-shared key"),
            Self::NeedsGroup => f.write_str("it needs a group that is not enabled"),
            Self::PskPolicy(PskPolicy::RequiredWithCertificate) => {
                f.write_str("a pre-shared key and a certificate are required together, as in RSA_PSK suites, which policy compat has")
            }
            Self::PskPolicy(_) => f.write_str("a pre-shared key, and nothing else, is required"),
        }
    }
}

/// What one side has to prove itself with, or to believe, for the status of suites.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(feature = "legacy"), allow(dead_code))]
pub(super) struct Means {
    /// Pre-shared keys: to offer, or a store of them.
    pub(super) keys: bool,
    /// A server's certificates, or a client's trust in them.
    pub(super) certificates: bool,
}

impl Settings {
    /// What hinders a suite first; the settings are those of a configuration that was built.
    pub(super) fn suite_status(&self, suite: CipherSuite, means: Means) -> SuiteStatus {
        let Some(range) = suite.versions() else {
            return SuiteStatus::Unknown;
        };
        let (lowest, highest) = range.into_inner();
        if highest < self.versions.min || lowest > self.versions.max {
            return SuiteStatus::Version { lowest, highest };
        }
        if !self.cipher_suites().contains(&suite) {
            return SuiteStatus::NotChosen {
                policies: Policy::all_with(suite).collect(),
            };
        }
        #[cfg(feature = "legacy")]
        if let Some(row) = suite.legacy() {
            return self.legacy_suite_status(row.key_exchange, means);
        }
        // In TLS 1.3 the suite says nothing of keys, certificates and groups.
        let _ = means;
        SuiteStatus::Enabled
    }

    /// Whether any suite can be used at all; the settings are finished.
    pub(super) fn need_usable_suite(&self, means: Means) -> Result<(), Error> {
        let suites = self.cipher_suites();
        let is_enabled =
            |suite: &CipherSuite| self.suite_status(*suite, means) == SuiteStatus::Enabled;
        if suites.iter().any(is_enabled) {
            return Ok(());
        }
        // All have a reason; the first is that of the suite that is wanted most.
        let reason = suites.first().map_or_else(String::new, |suite| {
            format!("{suite}: {}", self.suite_status(*suite, means))
        });
        Err(UsageError::Config(format!(
            "no cipher suite of {} can be used ({reason}): give what it needs, or enable others",
            self.versions
        ))
        .into())
    }

    #[cfg(feature = "legacy")]
    fn legacy_suite_status(&self, kx: KeyExchange, means: Means) -> SuiteStatus {
        let fits_policy = match self.psk_policy {
            PskPolicy::Optional => true,
            PskPolicy::Required => kx.uses_psk() && kx != KeyExchange::RsaPsk,
            PskPolicy::RequiredWithCertificate => kx == KeyExchange::RsaPsk,
        };
        if kx.uses_psk() && !means.keys {
            SuiteStatus::NeedsPsk
        } else if kx.sends_certificate() && !means.certificates {
            SuiteStatus::NeedsCertificate
        } else if !fits_policy {
            SuiteStatus::PskPolicy(self.psk_policy)
        } else if kx.is_ecdhe() && !self.groups.iter().any(|group| group.is_curve()) {
            SuiteStatus::NeedsGroup
        } else {
            SuiteStatus::Enabled
        }
    }
}

/// The versions of a configuration: a range without holes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Versions {
    pub(crate) min: ProtocolVersion,
    pub(crate) max: ProtocolVersion,
}

impl Versions {
    /// Of the default policy; without the feature `legacy` there is one version.
    pub(crate) fn default_range() -> Self {
        Self::of_policy(Policy::Default)
    }

    pub(crate) fn of_policy(policy: Policy) -> Self {
        let range = policy.versions();
        let (min, max) = (*range.start(), *range.end());
        match cfg!(feature = "legacy") {
            true => Self { min, max },
            false => Self { min: max, max },
        }
    }

    /// A range that somebody asked for.
    ///
    /// # Errors
    /// A text for the operator.
    pub(crate) fn new(range: &RangeInclusive<ProtocolVersion>) -> Result<Self, String> {
        let (min, max) = (*range.start(), *range.end());
        let lowest = match cfg!(feature = "legacy") {
            true => ProtocolVersion::TLS1_0,
            false => ProtocolVersion::TLS1_3,
        };
        let known = lowest..=ProtocolVersion::TLS1_3;
        for version in [min, max] {
            if !known.contains(&version) {
                return Err(format!(
                    "version {version} is not implemented: name one from {lowest} to {}",
                    ProtocolVersion::TLS1_3
                ));
            }
        }
        if min > max {
            return Err(format!(
                "the lowest version, {min}, is above the highest, {max}"
            ));
        }
        Ok(Self { min, max })
    }

    pub(super) fn range(self) -> RangeInclusive<ProtocolVersion> {
        self.min..=self.max
    }

    pub(crate) fn contains(self, version: ProtocolVersion) -> bool {
        (self.min..=self.max).contains(&version)
    }

    /// All, the highest first.
    pub(crate) fn descending(self) -> impl Iterator<Item = ProtocolVersion> {
        [
            ProtocolVersion::TLS1_3,
            ProtocolVersion::TLS1_2,
            ProtocolVersion::TLS1_1,
            ProtocolVersion::TLS1_0,
        ]
        .into_iter()
        .filter(move |version| self.contains(*version))
    }

    /// Whether any but TLS 1.3 is in the range.
    pub(crate) fn has_legacy(self) -> bool {
        self.min < ProtocolVersion::TLS1_3
    }

    /// Whether TLS 1.3 is in the range.
    pub(crate) fn has_tls13(self) -> bool {
        self.max == ProtocolVersion::TLS1_3
    }

    /// The part of the range that has a suite among `suites`; an error for the operator if somebody asked for the range and
    /// a version at its ends has none.
    pub(crate) fn with_suites(
        self,
        suites: &[CipherSuite],
        asked_for: bool,
    ) -> Result<Self, Error> {
        let has = |version: ProtocolVersion| {
            suites.iter().any(|suite| {
                suite
                    .versions()
                    .is_some_and(|range| range.contains(&version))
            })
        };
        let mut usable = self.descending().filter(|version| has(*version));
        let Some(max) = usable.next() else {
            return Err(UsageError::Config(format!(
                "no cipher suite of {self} is enabled: name at least one in with_cipher_suites"
            ))
            .into());
        };
        let min = usable.last().unwrap_or(max);
        let range = Self { min, max };
        if asked_for && range != self {
            let lacking = if max != self.max { self.max } else { self.min };
            return Err(UsageError::Config(format!(
                "{lacking} is enabled and none of its cipher suites is: name one in with_cipher_suites, or leave out the version"
            ))
            .into());
        }
        Ok(range)
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.min == self.max {
            true => self.min.fmt(f),
            false => write!(f, "{} to {}", self.min, self.max),
        }
    }
}
