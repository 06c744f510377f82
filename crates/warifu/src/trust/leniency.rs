//! Rules of today that certificates of old PKIs break, each to be given up by its name.

use core::fmt;

use warifu_crypto::RsaMinimum;

/// What old certificates need to be believed. Nothing of it is on unless an application says so, by
/// [`DangerousTrust::allow`](super::DangerousTrust::allow).
///
/// None of them lets a signature, a date or a name go unchecked: they say which kinds of proof are taken. Each makes a
/// forged certificate cheaper, for all peers of this [`Trust`](super::Trust), whatever certificate they really have. A peer
/// whose certificate does not change is better [pinned](super::TrustBuilder::with_pinned_file).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Leniency {
    /// Signatures with SHA-1 in chains (and on CRLs): RSASSA-PKCS1-v1_5 and ECDSA.
    ///
    /// The danger: two certificates with one SHA-1 hash can be computed since 2020. Who gets a trusted CA to sign one of
    /// them (by SHA-1, with a serial number that can be foreseen) holds the other one too: for any name, or a CA's.
    Sha1Signatures,
    /// RSA keys of 1024 to 2047 bits, of the peer itself and of all CAs.
    ///
    /// The danger: one modulus of 1024 bits can be factored by those who can pay for a large computation, once for all.
    /// They then are that peer, or that CA. NIST SP 800-131A disallows such keys since 2014.
    Rsa1024,
    /// A server's DNS name in the one commonName of its subject, where the certificate has no subjectAltName at all (RFC
    /// 6125 Section 6.4.4, which RFC 9525 took back). Never an IP address. CAs' name constraints hold for it.
    ///
    /// The danger: commonName was for any text. A CA that checks who may have which subjectAltName may still write into
    /// commonName what it is told, a person's or a product's name, and that could be a host's.
    CommonName,
    /// A peer's own certificate of X.509 version 1, which has no extensions: no usage, and for servers no name but the
    /// commonName ([`CommonName`](Self::CommonName) is needed besides). Versions 1 and 2 among the CAs below the trusted one
    /// stay refused.
    ///
    /// The danger: such a certificate does not say what it is for. Whatever a trusted CA certified in this form, for mail
    /// or for itself, passes for a server's and for a client's.
    X509V1Leaf,
    /// A peer's own certificate that is marked as a CA's (basicConstraints CA:TRUE), as small private PKIs issue them to their
    /// servers. All other rules hold for it, its key usage among them.
    ///
    /// The danger: the key of a CA is on a server, and whoever gets it there can issue certificates for any name. Whoever
    /// holds the key of a CA below a trusted one passes for the peer without a trace of a certificate of its own.
    CaLeaf,
}

impl Leniency {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Sha1Signatures,
        Self::Rsa1024,
        Self::CommonName,
        Self::X509V1Leaf,
        Self::CaLeaf,
    ];

    /// How an error says what would have helped.
    pub(crate) fn hint(self) -> String {
        format!("; allow it by Leniency::{self:?} if you must")
    }

    fn bit(self) -> u8 {
        match self {
            Self::Sha1Signatures => 1,
            Self::Rsa1024 => 2,
            Self::CommonName => 4,
            Self::X509V1Leaf => 8,
            Self::CaLeaf => 16,
        }
    }
}

/// In words, as after "accepted only because of".
impl fmt::Display for Leniency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sha1Signatures => "a signature with SHA-1",
            Self::Rsa1024 => "an RSA key of less than 2048 bits",
            Self::CommonName => "a name in the commonName alone",
            Self::X509V1Leaf => "X.509 version 1",
            Self::CaLeaf => "a CA's certificate as a peer's own",
        })
    }
}

/// A set of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Leniencies(u8);

impl Leniencies {
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn contains(self, rule: Leniency) -> bool {
        self.0 & rule.bit() != 0
    }

    /// The least RSA key that is taken.
    pub(super) fn rsa_minimum(self) -> RsaMinimum {
        if self.contains(Leniency::Rsa1024) {
            RsaMinimum::Bits1024
        } else {
            RsaMinimum::Bits2048
        }
    }

    #[must_use]
    pub(super) fn with(self, rule: Leniency) -> Self {
        Self(self.0 | rule.bit())
    }

    #[must_use]
    pub(super) fn without(self, rule: Leniency) -> Self {
        Self(self.0 & !rule.bit())
    }

    pub(super) fn iter(self) -> impl Iterator<Item = Leniency> {
        Leniency::ALL
            .into_iter()
            .filter(move |rule| self.contains(*rule))
    }
}
