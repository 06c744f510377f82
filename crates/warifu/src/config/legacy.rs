//! What TLS 1.2, 1.1 and 1.0 can be told.

use crate::parameters::{CipherSuite, LegacySuite, ProtocolVersion, SignatureScheme};

use super::{ConfigBuilder, Policy, Versions, defaults};

/// Settings of the older versions.
#[derive(Debug, Clone)]
pub(crate) struct LegacySettings {
    pub(crate) suites: Vec<LegacySuite>,
    /// Somebody named the suites.
    pub(crate) suites_named: bool,
    /// Schemes that only these versions use.
    pub(super) signature_schemes: Vec<SignatureScheme>,
    /// What is offered where an older version may be chosen: these, and those of TLS 1.3.
    pub(super) offered_schemes: Vec<SignatureScheme>,
    pub(crate) requires_extended_main_secret: bool,
    pub(crate) encrypt_then_mac: bool,
    pub(crate) record_splitting: bool,
    /// What somebody said of it; else the policy decides.
    secure_renegotiation_asked_for: Option<bool>,
    is_policy_legacy: bool,
    pub(crate) min_dh_bits: u32,
}

impl Default for LegacySettings {
    fn default() -> Self {
        let mut settings = Self {
            suites: Vec::new(),
            suites_named: false,
            signature_schemes: defaults::LEGACY_SIGNATURE_SCHEMES.to_vec(),
            offered_schemes: Vec::new(),
            requires_extended_main_secret: false,
            encrypt_then_mac: true,
            record_splitting: true,
            secure_renegotiation_asked_for: None,
            is_policy_legacy: false,
            min_dh_bits: defaults::MIN_DH_BITS,
        };
        settings.set_policy(Policy::Default, &Policy::Default.cipher_suites());
        settings
    }
}

impl LegacySettings {
    pub(super) fn set_policy(&mut self, policy: Policy, suites: &[CipherSuite]) {
        self.suites = suites.iter().filter_map(|suite| suite.legacy()).collect();
        self.suites_named = false;
        self.is_policy_legacy = policy == Policy::Legacy;
    }

    /// Whoever asks for TLS 1.0 or 1.1 gets the forward-secret suites that these have, unless suites were named: those of the
    /// policy have none otherwise.
    pub(super) fn set_versions(&mut self, versions: Versions) {
        let has_suite = |row: &LegacySuite| row.min_version <= versions.min;
        if versions.min < ProtocolVersion::TLS1_2
            && !self.suites.iter().any(has_suite)
            && !self.suites_named
        {
            let suites = Policy::Legacy.cipher_suites();
            let older = suites.iter().filter_map(|suite| suite.legacy());
            self.suites
                .extend(older.filter(|row| has_suite(row) && row.key_exchange.is_forward_secret()));
        }
    }

    pub(super) fn finish(&mut self, versions: Versions, tls13_schemes: &[SignatureScheme]) {
        if !versions.has_legacy() {
            self.suites.clear();
        }
        self.suites.retain(|row| row.min_version <= versions.max);
        self.offered_schemes = tls13_schemes.to_vec();
        self.offered_schemes.extend(&self.signature_schemes);
        if !versions.has_tls13() {
            self.offered_schemes
                .retain(|scheme| !is_post_quantum(*scheme));
        }
    }

    /// Whether peers must have RFC 5746.
    pub(crate) fn requires_secure_renegotiation(&self) -> bool {
        self.secure_renegotiation_asked_for
            .unwrap_or(!self.is_policy_legacy)
    }

    /// Whether a peer's CertificateVerify or ServerKeyExchange of TLS 1.2 may use this scheme.
    pub(crate) fn accepts_scheme(&self, scheme: SignatureScheme) -> bool {
        self.offered_schemes.contains(&scheme) && !is_post_quantum(scheme)
    }
}

/// Of TLS 1.3 alone.
fn is_post_quantum(scheme: SignatureScheme) -> bool {
    matches!(
        scheme,
        SignatureScheme::MLDSA44 | SignatureScheme::MLDSA65 | SignatureScheme::MLDSA87
    )
}

impl<R> ConfigBuilder<R> {
    /// Whether peers of TLS 1.2 and older must have RFC 7627 (`extended_main_secret`), which binds the keys of a connection
    /// to its whole handshake. Default: no, it is used wherever the peer has it; without it there are no exporters, no
    /// `tls-unique`, and sessions are not resumed.
    pub fn with_required_extended_main_secret(mut self, required: bool) -> Self {
        self.settings.legacy.requires_extended_main_secret = required;
        self
    }

    /// Whether encrypt-then-MAC (RFC 7366) is used for suites with CBC, where the peer has it. Default: yes.
    pub fn with_encrypt_then_mac(mut self, enabled: bool) -> Self {
        self.settings.legacy.encrypt_then_mac = enabled;
        self
    }

    /// Whether each write in TLS 1.0 with CBC is cut after its first byte, against the attack called BEAST. Default: yes.
    /// This is the one exception from the rule that one write is one record: a reader gets the first byte alone.
    pub fn with_record_splitting(mut self, enabled: bool) -> Self {
        self.settings.legacy.record_splitting = enabled;
        self
    }

    /// Whether peers of TLS 1.2 and older must have secure renegotiation (RFC 5746). Default: yes, except under
    /// [`Policy::Legacy`]. This side never begins a renegotiation; a server without RFC 5746 may have been made to, by somebody in
    /// between and unseen by its client.
    pub fn with_required_secure_renegotiation(mut self, required: bool) -> Self {
        self.settings.legacy.secure_renegotiation_asked_for = Some(required);
        self
    }

    /// Smallest finite-field Diffie-Hellman group in bits that a client of TLS 1.2 and older takes from a server. Default:
    /// [`defaults::MIN_DH_BITS`]. At least 512.
    pub fn with_min_dh_bits(mut self, bits: u32) -> Self {
        if bits < 512 {
            self.settings.note_mistake(format!(
                "groups of {bits} bits: less than 512 is no protection at all"
            ));
        }
        self.settings.legacy.min_dh_bits = bits;
        self
    }
}
