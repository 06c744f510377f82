//! What an application decides before connections are made.
//!
//! A config is built once, checked for contradictions, immutable, and shared by [`Arc`] among any number of
//! connections. What has no safe default is an argument of `builder`; everything else is a `with_…` method
//! with a documented default, all of which stand in [`defaults`].

use std::sync::Arc;

use crate::error::{Error, UsageError};
#[cfg(feature = "legacy")]
use crate::parameters::LegacySuite;
use crate::parameters::{
    CipherSuite, NamedGroup, ProtocolVersion, PskKeyExchangeMode, SignatureScheme, Tls13Suite,
};
use crate::psk::PskPolicy;
use crate::record::MAX_FRAGMENT_LEN;
use crate::record::wire::MessageLog;
use crate::record::writer::Padding;

mod client;
pub mod defaults;
mod edges;
#[cfg(feature = "legacy")]
mod legacy;
mod policy;
mod server;

pub use client::ClientConfig;
pub use edges::{Clock, KeyLog, KeyLogFile, SystemClock};
pub(crate) use edges::{RandomSource, SystemRandom};
#[cfg(feature = "legacy")]
pub(crate) use legacy::LegacySettings;
pub(crate) use policy::Versions;
pub use policy::{Policy, SuiteStatus};
pub use server::{ChooseServerConfig, ClientAuth, ClientHelloFacts, PskStatistics, ServerConfig};

/// Sets up a [`ClientConfig`] (`R` = [`client::Client`]) or a [`ServerConfig`] (`R` = [`server::Server`]).
#[must_use = "a builder does nothing until build()"]
#[derive(Debug, Clone)]
pub struct ConfigBuilder<R> {
    pub(crate) settings: Settings,
    pub(crate) role: R,
}

pub use client::Client;
pub use server::Server;

/// What both roles can be told.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// From `build()` on, those that have a suite.
    pub(crate) versions: Versions,
    /// Somebody asked for exactly these versions.
    pub(crate) versions_named: bool,
    /// Those of TLS 1.3; none if that is not enabled.
    pub(crate) suites: Vec<Tls13Suite>,
    #[cfg(feature = "legacy")]
    pub(crate) legacy: LegacySettings,
    pub(crate) groups: Vec<NamedGroup>,
    pub(crate) signature_schemes: Vec<SignatureScheme>,
    pub(crate) alpn: Vec<Vec<u8>>,
    pub(crate) record_size: usize,
    pub(crate) record_size_limit: Option<u16>,
    pub(crate) middlebox_compatibility: bool,
    pub(crate) partial_write: bool,
    pub(crate) key_log: Option<Arc<dyn KeyLog>>,
    pub(crate) message_log: Option<Arc<dyn MessageLog>>,
    pub(crate) keeps_record: bool,
    /// A server lets the client's order of suites and signature schemes count.
    pub(crate) client_preference: bool,
    pub(crate) padding: Option<Arc<dyn Padding>>,
    pub(crate) psk_policy: PskPolicy,
    pub(crate) psk_modes: Vec<PskKeyExchangeMode>,
    /// Names the configuration in sessions; set by `build()` where there may be any.
    session_context: Option<[u8; 32]>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn RandomSource>,
    /// A wrong argument of a `with_…` method, kept for `build()`.
    mistake: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            versions: Versions::default_range(),
            versions_named: false,
            suites: tls13_suites(&defaults::CIPHER_SUITES),
            #[cfg(feature = "legacy")]
            legacy: LegacySettings::default(),
            groups: defaults::GROUPS.to_vec(),
            signature_schemes: defaults::SIGNATURE_SCHEMES.to_vec(),
            alpn: Vec::new(),
            record_size: defaults::RECORD_SIZE,
            record_size_limit: None,
            middlebox_compatibility: defaults::MIDDLEBOX_COMPATIBILITY,
            partial_write: defaults::PARTIAL_WRITE,
            key_log: None,
            message_log: None,
            keeps_record: false,
            client_preference: false,
            padding: None,
            psk_policy: PskPolicy::Optional,
            psk_modes: defaults::PSK_MODES.to_vec(),
            session_context: None,
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            mistake: None,
        }
    }
}

/// Those of TLS 1.3 among `suites`.
fn tls13_suites(suites: &[CipherSuite]) -> Vec<Tls13Suite> {
    suites.iter().filter_map(|suite| suite.tls13()).collect()
}

impl Settings {
    /// Refuses contradictions; the text says what to change. Settles which versions are used.
    fn finish(&mut self) -> Result<(), Error> {
        let mistake = |text: &str| Err(UsageError::Config(text.to_owned()).into());
        if let Some(text) = &self.mistake {
            return mistake(text);
        }
        let suites = self.cipher_suites();
        if suites.is_empty() {
            return mistake("no cipher suite is enabled: name at least one in with_cipher_suites");
        }
        self.versions = self.versions.with_suites(&suites, self.versions_named)?;
        if !self.versions.has_tls13() {
            self.suites.clear();
            // Hybrids are of TLS 1.3.
            #[cfg(feature = "legacy")]
            if self.groups.iter().any(|group| group.is_curve()) {
                self.groups.retain(|group| group.is_curve());
            }
        }
        #[cfg(feature = "legacy")]
        self.legacy.finish(self.versions, &self.signature_schemes);
        if self.groups.is_empty() {
            return mistake("no group is enabled: name at least one in with_groups");
        }
        let has_schemes = match self.versions.has_tls13() {
            true => !self.signature_schemes.is_empty(),
            false => !self.offered_schemes().is_empty(),
        };
        if !has_schemes {
            return mistake(
                "no signature scheme is accepted: name at least one in with_signature_schemes",
            );
        }
        Ok(())
    }

    /// All suites, those of TLS 1.3 first.
    pub(crate) fn cipher_suites(&self) -> Vec<CipherSuite> {
        #[cfg_attr(not(feature = "legacy"), allow(unused_mut))]
        let mut suites: Vec<CipherSuite> = self.suites.iter().map(|row| row.suite).collect();
        #[cfg(feature = "legacy")]
        suites.extend(self.legacy.suites.iter().map(|row| row.suite));
        suites
    }

    /// What a ClientHello, or a CertificateRequest, says under `signature_algorithms`.
    pub(crate) fn offered_schemes(&self) -> &[SignatureScheme] {
        #[cfg(feature = "legacy")]
        if self.versions.has_legacy() {
            return &self.legacy.offered_schemes;
        }
        &self.signature_schemes
    }

    /// RFC 9973 Section 5: with a certificate beside it a key is used with a key exchange.
    fn check_psk_and_certificate(&self) -> Result<(), Error> {
        if self.psk_policy == PskPolicy::RequiredWithCertificate
            && !self.psk_modes.contains(&PskKeyExchangeMode::PSK_DHE_KE)
        {
            return Err(UsageError::Config(
                "certificate and pre-shared key together need the mode psk_dhe_ke (RFC 9973 Section 5)"
                    .to_owned(),
            )
            .into());
        }
        Ok(())
    }

    /// What names the configuration in sessions.
    pub(crate) fn session_context(&self) -> [u8; 32] {
        self.session_context.unwrap_or_default()
    }

    /// Whether sessions can tell this configuration from others.
    pub(crate) fn has_session_context(&self) -> bool {
        self.session_context.is_some()
    }

    /// A random name, unless there is one: other configurations then do not resume the sessions of this one, not even
    /// those of another clone of its builder.
    fn need_session_context(&mut self) -> Result<(), Error> {
        if self.session_context.is_none() {
            self.session_context = Some(self.random.bytes()?);
        }
        Ok(())
    }

    fn note_mistake(&mut self, text: String) {
        self.mistake.get_or_insert(text);
    }
}

impl<R> ConfigBuilder<R> {
    /// Versions and cipher suites under one name. Default: [`Policy::Default`], TLS 1.2 and 1.3 with forward secrecy. What
    /// [`with_versions`](Self::with_versions) and [`with_cipher_suites`](Self::with_cipher_suites) say afterwards wins.
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.settings.versions = Versions::of_policy(policy);
        self.settings.versions_named = false;
        let suites = policy.cipher_suites();
        self.settings.suites = tls13_suites(&suites);
        #[cfg(feature = "legacy")]
        self.settings.legacy.set_policy(policy, &suites);
        self
    }

    /// The lowest and the highest version of TLS that is used, both included: `TLS1_2..=TLS1_3` for example. Default: that of
    /// [`Policy::Default`], as far as the cipher suites allow. Each version needs a suite of its own: where TLS 1.0 or 1.1 is
    /// named and the policy has none for it, its forward-secret suites with CBC come with it, for TLS 1.2 too. Others need
    /// [`Policy::Legacy`] or their names.
    ///
    /// A client that needs a pre-shared key (its [`PskPolicy`]), is given none but imported ones, which are of TLS 1.3, and has
    /// somebody to verify certificates offers the older versions that are named here all the same: a server that chooses one is
    /// refused by [`NothingInCommon::Version`](crate::NothingInCommon::Version), which tells what the server has. Older versions that
    /// a policy brings along are not offered then.
    pub fn with_versions(mut self, versions: core::ops::RangeInclusive<ProtocolVersion>) -> Self {
        match Versions::new(&versions) {
            Ok(versions) => {
                self.settings.versions = versions;
                self.settings.versions_named = true;
                #[cfg(feature = "legacy")]
                self.settings.legacy.set_versions(versions);
            }
            Err(text) => self.settings.note_mistake(text),
        }
        self
    }

    /// Cipher suites of all versions, best first. Default: those of [`Policy::Default`]. A version none of whose suites is
    /// named is not used.
    pub fn with_cipher_suites(mut self, suites: &[CipherSuite]) -> Self {
        let unknown = |suite: &&CipherSuite| suite.versions().is_none();
        if let Some(unknown) = suites.iter().find(unknown) {
            self.settings
                .note_mistake(format!("cipher suite {unknown} is not implemented"));
        }
        self.settings.suites = without_duplicates(tls13_suites(suites));
        #[cfg(feature = "legacy")]
        {
            let legacy: Vec<LegacySuite> =
                suites.iter().filter_map(|suite| suite.legacy()).collect();
            self.settings.legacy.suites = without_duplicates(legacy);
            self.settings.legacy.suites_named = true;
        }
        self
    }

    /// Groups for key exchange, best first. Default: [`defaults::GROUPS`]. A client sends a key share for the first
    /// one and, if that is a hybrid whose classical half is enabled too, one for that; it costs no second key. `with_key_shares`
    /// names others.
    pub fn with_groups(mut self, groups: &[NamedGroup]) -> Self {
        if let Some(unknown) = groups.iter().find(|group| group.implementation().is_none()) {
            self.settings
                .note_mistake(format!("group {unknown} is not implemented"));
        }
        self.settings.groups = without_duplicates(groups.to_vec());
        self
    }

    /// Signature schemes accepted from the peer in CertificateVerify, best first. Default:
    /// [`defaults::SIGNATURE_SCHEMES`].
    pub fn with_signature_schemes(mut self, schemes: &[SignatureScheme]) -> Self {
        if let Some(unfit) = schemes.iter().find(|scheme| !scheme.signs_handshakes()) {
            self.settings
                .note_mistake(format!("signature scheme {unfit} cannot sign handshakes"));
        }
        let mut schemes = without_duplicates(schemes.to_vec());
        #[cfg(feature = "legacy")]
        {
            self.settings.legacy.signature_schemes = schemes.clone();
            let legacy = &mut self.settings.legacy.signature_schemes;
            legacy.retain(|scheme| !scheme.signs_tls13_handshakes());
        }
        schemes.retain(|scheme| scheme.signs_tls13_handshakes());
        self.settings.signature_schemes = schemes;
        self
    }

    /// Application protocols (ALPN, RFC 7301), best first, each of 1 to 255 bytes. Default: none. A server
    /// with protocols refuses a client whose list has none of them; a client without a list is served.
    pub fn with_alpn<P: AsRef<[u8]>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        self.settings.alpn = protocols
            .into_iter()
            .map(|protocol| protocol.as_ref().to_vec())
            .collect();
        if let Some(bad) = self
            .settings
            .alpn
            .iter()
            .find(|protocol| protocol.is_empty() || protocol.len() > 255)
        {
            let len = bad.len();
            self.settings.note_mistake(format!(
                "an ALPN protocol name of {len} bytes: they are 1 to 255 bytes long"
            ));
        }
        let len: usize = self.settings.alpn.iter().map(|name| 1 + name.len()).sum();
        // The list's own length field, RFC 7301 Section 3.1, inside of the extension's.
        let most = usize::from(u16::MAX) - 2;
        if len > most {
            self.settings.note_mistake(format!(
                "the ALPN protocol names take {len} bytes together, at most {most} fit in their extension: name fewer"
            ));
        }
        self
    }

    /// Most bytes of content per record sent, 1 to 16384; longer handshake messages are cut as well, alerts are not.
    /// Default: 16384. Smaller records reach the peer's application earlier and cost more. Whatever the peer demands may lower
    /// it further.
    pub fn with_record_size(mut self, bytes: usize) -> Self {
        if bytes == 0 || bytes > MAX_FRAGMENT_LEN {
            self.settings.note_mistake(format!(
                "record size of {bytes} bytes: it is 1 to {MAX_FRAGMENT_LEN}"
            ));
        }
        self.settings.record_size = bytes;
        self
    }

    /// Sends `record_size_limit` (RFC 8449): the peer may send at most this many bytes of content, content type
    /// and padding in one record, 64 to 16385. Default: not sent by a client; a server answers a
    /// client's with 16385. A peer that sends more is refused with record_overflow.
    pub fn with_record_size_limit(mut self, bytes: u16) -> Self {
        let most = MAX_FRAGMENT_LEN + 1;
        if bytes < 64 || usize::from(bytes) > most {
            self.settings.note_mistake(format!(
                "record_size_limit of {bytes} bytes: it is 64 to {most} (RFC 8449 Section 4)"
            ));
        }
        self.settings.record_size_limit = Some(bytes);
        self
    }

    /// Middlebox compatibility mode (RFC 8446 Appendix D.4): makes the handshake look like resumption in TLS 1.2.
    /// Default: on. Costs 6 bytes a side.
    pub fn with_middlebox_compatibility(mut self, enabled: bool) -> Self {
        self.settings.middlebox_compatibility = enabled;
        self
    }

    /// Lets a write on a transport that would block return the number of bytes that were sent
    /// (`SSL_MODE_ENABLE_PARTIAL_WRITE`) instead of the whole. Default: off. Costs a call of the transport for each
    /// record. A server's [`ChooseServerConfig`] does not change it.
    pub fn with_partial_write(mut self, enabled: bool) -> Self {
        self.settings.partial_write = enabled;
        self
    }

    /// Where secrets are logged for traffic analysis (RFC 9850). Default: nowhere. **Whoever reads the log can
    /// decrypt the connections.**
    pub fn with_key_log(mut self, key_log: Arc<dyn KeyLog>) -> Self {
        self.settings.key_log = Some(key_log);
        self
    }

    /// Who is told of each handshake message, alert and change_cipher_spec. Default: nobody.
    pub fn with_message_log(mut self, log: Arc<dyn MessageLog>) -> Self {
        self.settings.message_log = Some(log);
        self
    }

    /// Whether connections keep what was said in their handshake and is of no use to the protocol: randoms, Finished, the client's
    /// offer ([`Connection::handshake_record`](crate::Connection::handshake_record)). Default: no. Costs some 200 bytes a connection,
    /// on servers some 200 more, and a second reading of the ClientHello.
    pub fn with_handshake_record(mut self, enabled: bool) -> Self {
        self.settings.keeps_record = enabled;
        self
    }

    /// How much padding records of application data get (RFC 8446 Section 5.4). Default: none.
    pub fn with_padding(mut self, padding: Arc<dyn Padding>) -> Self {
        self.settings.padding = Some(padding);
        self
    }

    /// How pre-shared keys and certificates go together. Default: [`PskPolicy::Optional`], and [`PskPolicy::Required`] for
    /// configurations that began without certificates.
    pub fn with_psk_policy(mut self, policy: PskPolicy) -> Self {
        self.settings.psk_policy = policy;
        self
    }

    /// In which ways pre-shared keys and tickets are used (RFC 8446 Section 4.2.9). Default: [`defaults::PSK_MODES`], with a
    /// key exchange only. Where both sides allow both, the one with a key exchange is used.
    ///
    /// `psk_ke` is cheaper by the key exchange (some 45 µs for both sides together with X25519) and **not forward secret**:
    /// whoever learns the key can decrypt all that was recorded.
    pub fn with_psk_modes(mut self, modes: &[PskKeyExchangeMode]) -> Self {
        let known = [PskKeyExchangeMode::PSK_DHE_KE, PskKeyExchangeMode::PSK_KE];
        if modes.is_empty() {
            self.settings
                .note_mistake("no mode for pre-shared keys: name psk_dhe_ke or psk_ke".to_owned());
        }
        if let Some(unknown) = modes.iter().find(|mode| !known.contains(mode)) {
            self.settings.note_mistake(format!(
                "mode {unknown} for pre-shared keys is not implemented"
            ));
        }
        self.settings.psk_modes = known
            .into_iter()
            .filter(|mode| modes.contains(mode))
            .collect();
        self
    }

    /// Names this configuration in sessions: those of another name are not resumed. Default: a random name for each
    /// `build()`, so that no other configuration takes them, nor another process. Whoever shares ticket keys or stores among
    /// machines, or keeps sessions in files, gives the same name to configurations that may stand in for each other:
    /// they must believe the same peers and prove themselves by the same credentials.
    pub fn with_session_context(mut self, name: impl AsRef<[u8]>) -> Self {
        self.settings.session_context = Some(crate::certificate::sha256(name.as_ref()));
        self
    }

    /// The clock by which certificates and tickets are judged. Default: [`SystemClock`].
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.settings.clock = clock;
        self
    }
}

fn without_duplicates<T: PartialEq>(list: Vec<T>) -> Vec<T> {
    let mut unique = Vec::with_capacity(list.len());
    for item in list {
        if !unique.contains(&item) {
            unique.push(item);
        }
    }
    unique
}
