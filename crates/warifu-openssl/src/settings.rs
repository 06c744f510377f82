//! What a context decides for its connections, and what each of those may decide otherwise.
//!
//! A connection takes the settings that its context has when it is made (`SSL_new`), as OpenSSL's do. They are copied only when
//! one of the two is changed afterwards. The configuration that they make for the protocol is built when the first connection
//! needs it, and shared by all with the same settings.

use core::ffi::c_long;
use core::ops::RangeInclusive;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use warifu::config::{ConfigBuilder, Policy};
use warifu::credential::Credentials;
use warifu::parameters::{CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme};
use warifu::{ClientConfig, ServerConfig};

use crate::bio::callbacks::IoCallbacks;
use crate::ca_names::CaNames;
use crate::cipher::Chosen;
use crate::fault::Fault;
use crate::groups;
use crate::hello::{self, Callbacks};
use crate::material::Material;
use crate::method::{Method, Role};
use crate::notes::Listeners;
use crate::options::{self, Modes, Options};
use crate::padding::Blocks;
use crate::psk;
use crate::session::settings::SessionSettings;
use crate::sigalgs;
use crate::verify::{self, Verification};
use crate::wolf;
use crate::x509::Passphrase;

/// The names of TLS before 1.2 are for those who ask for them by name.
const LOWEST_BY_DEFAULT: ProtocolVersion = ProtocolVersion::TLS1_2;

/// Largest plaintext of a record, RFC 8446 Section 5.1.
pub(crate) const MAX_FRAGMENT_LEN: usize = 1 << 14;

/// `SSL_MAX_CERT_LIST_DEFAULT`
const DEFAULT_MAX_CERT_LIST: c_long = 100 * 1024;

/// All that can be set on a context, and on a connection.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) method: &'static Method,
    /// `SSL_CTX_set_min_proto_version`; `None`: nothing was said.
    pub(crate) min_version: Option<u16>,
    /// `SSL_CTX_set_max_proto_version`; `None`: nothing was said.
    pub(crate) max_version: Option<u16>,
    pub(crate) options: Options,
    pub(crate) modes: Modes,
    pub(crate) read_ahead: bool,
    pub(crate) quiet_shutdown: bool,
    pub(crate) verification: Verification,
    pub(crate) material: Material,
    pub(crate) ciphers: Chosen,
    /// Groups that were named, best first; `None`: the default.
    pub(crate) groups: Option<Vec<NamedGroup>>,
    /// Signature schemes that were named, best first; `None`: the default.
    pub(crate) signature_schemes: Option<Vec<SignatureScheme>>,
    /// Those for the certificates of clients alone.
    pub(crate) client_signature_schemes: Option<Vec<SignatureScheme>>,
    pub(crate) psk: psk::Callbacks,
    /// What opens encrypted keys.
    pub(crate) passphrase: Passphrase,
    /// Whether a client offers to show its certificate after the handshake.
    pub(crate) post_handshake_auth: bool,
    /// Records are padded to a multiple of so many bytes; 0 or 1: they are not.
    pub(crate) padding_block: usize,
    /// `SSL_CTX_set_max_cert_list`, for those who read it back.
    pub(crate) max_cert_list: c_long,
    /// Most bytes of plaintext in a record that this side sends.
    pub(crate) max_send_fragment: usize,
    /// The code of max_fragment_length (RFC 6066 Section 4) that a client asks for, 1 to 4; 0 for none.
    pub(crate) max_fragment_length: u8,
    /// Callbacks of the hello and of certificates.
    pub(crate) hello: Callbacks,
    /// Callbacks that are told of messages and secrets.
    pub(crate) listeners: Listeners,
    pub(crate) ca_names: CaNames,
    pub(crate) sessions: SessionSettings,
    /// Functions in place of a socket.
    pub(crate) io: IoCallbacks,
    /// What wolfSSL's names have that OpenSSL's have not.
    pub(crate) wolf: wolf::Settings,
    prepared: Prepared,
}

/// Most configurations that are kept for application protocols that a callback selects, and most settings for contexts that a
/// callback switches from. Programs have a handful of each.
const MAX_KEPT: usize = 16;

/// The configurations that settings make.
#[derive(Default)]
struct Prepared {
    credentials: OnceLock<Result<Option<Credentials>, Fault>>,
    /// By the application protocol that a callback selected.
    by_alpn: Mutex<Vec<(Vec<u8>, Arc<ServerConfig>)>>,
    /// What connections go on with that had other settings before a callback switched them to these.
    switched: Mutex<Vec<(Weak<Settings>, Arc<Settings>)>>,
    client: OnceLock<Result<Arc<ClientConfig>, Fault>>,
    server: OnceLock<Result<Arc<ServerConfig>, Fault>>,
}

/// A copy is made to be changed: nothing is prepared for it.
impl Clone for Prepared {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Settings {
    pub(crate) fn new(method: &'static Method) -> Self {
        Self {
            method,
            min_version: None,
            max_version: None,
            options: Options::default(),
            modes: Modes::default(),
            read_ahead: false,
            quiet_shutdown: false,
            verification: Verification::new(),
            material: Material::default(),
            ciphers: Chosen::default(),
            groups: None,
            signature_schemes: None,
            client_signature_schemes: None,
            psk: psk::Callbacks::default(),
            passphrase: Passphrase::default(),
            post_handshake_auth: false,
            padding_block: 0,
            max_cert_list: DEFAULT_MAX_CERT_LIST,
            max_send_fragment: MAX_FRAGMENT_LEN,
            max_fragment_length: 0,
            hello: Callbacks::default(),
            listeners: Listeners::default(),
            ca_names: CaNames::default(),
            sessions: SessionSettings::new(),
            io: IoCallbacks::default(),
            wolf: wolf::Settings::default(),
            prepared: Prepared::default(),
        }
    }

    /// Changes settings that others may share.
    pub(crate) fn change<T>(shared: &mut Arc<Self>, change: impl FnOnce(&mut Self) -> T) -> T {
        let settings = Arc::make_mut(shared);
        settings.prepared = Prepared::default();
        change(settings)
    }

    /// The versions that are on. Where some in between are switched off, the highest that are left without a gap.
    ///
    /// # Errors
    /// None is.
    pub(crate) fn versions(&self) -> Result<RangeInclusive<ProtocolVersion>, Fault> {
        let of_method = self.method.versions();
        let lowest = match (self.min_version, self.method.version) {
            (Some(version), _) => ProtocolVersion(version),
            (None, Some(only)) => only,
            (None, None) => LOWEST_BY_DEFAULT,
        };
        let highest = match self.max_version {
            None => *of_method.end(),
            Some(version) => ProtocolVersion(version),
        };
        let on = |version: &ProtocolVersion| {
            of_method.contains(version)
                && (lowest..=highest).contains(version)
                && !self.options.switches_off(*version)
        };
        let mut down = options::VERSIONS
            .into_iter()
            .rev()
            .skip_while(|version| !on(version));
        let top = down.next().ok_or_else(|| {
            Fault::ssl(
                crate::reason::SSL_R_NO_PROTOCOLS_AVAILABLE,
                "no version of TLS is left: the minimum, the maximum and the options SSL_OP_NO_TLS… switch all of them off",
            )
        })?;
        let bottom = down.take_while(on).last().unwrap_or(top);
        Ok(bottom..=top)
    }

    /// The configuration for a client's connections.
    ///
    /// # Errors
    /// What contradicts itself.
    pub(crate) fn client_config(&self) -> Result<Arc<ClientConfig>, Fault> {
        self.prepared
            .client
            .get_or_init(|| self.make_client_config())
            .clone()
    }

    /// The configuration for a server's connections.
    ///
    /// # Errors
    /// What contradicts itself.
    pub(crate) fn server_config(&self) -> Result<Arc<ServerConfig>, Fault> {
        self.prepared
            .server
            .get_or_init(|| self.make_server_config(None))
            .clone()
    }

    /// The same for a connection whose application protocol a callback has selected.
    ///
    /// # Errors
    /// As [`server_config`](Self::server_config).
    pub(crate) fn server_config_with(
        &self,
        alpn: Option<&[u8]>,
    ) -> Result<Arc<ServerConfig>, Fault> {
        let Some(alpn) = alpn else {
            return self.server_config();
        };
        let mut kept = self
            .prepared
            .by_alpn
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((_, config)) = kept.iter().find(|(name, _)| name == alpn) {
            return Ok(config.clone());
        }
        let config = self.make_server_config(Some(alpn))?;
        if kept.len() < MAX_KEPT {
            kept.push((alpn.to_vec(), config.clone()));
        }
        Ok(config)
    }

    /// Own certificates with their keys; `None` if there are none.
    ///
    /// # Errors
    /// One that TLS cannot use.
    pub(crate) fn credentials(&self) -> Result<Option<Credentials>, Fault> {
        self.prepared
            .credentials
            .get_or_init(|| self.material.credentials())
            .clone()
    }

    /// `SSL_set_SSL_CTX`: the settings that a connection with `from` goes on with in the context of `to`. Kept with `to`, so that
    /// connections that come the same way share them.
    pub(crate) fn switched(from: &Arc<Self>, to: &Arc<Self>) -> Arc<Self> {
        let mut kept = to
            .prepared
            .switched
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(before, _)| before.strong_count() > 0);
        let same =
            |(before, _): &&(Weak<Self>, _)| core::ptr::eq(before.as_ptr(), Arc::as_ptr(from));
        if let Some((_, switched)) = kept.iter().find(same) {
            return switched.clone();
        }
        let switched = Arc::new(from.with_identity_of(to));
        if kept.len() < MAX_KEPT {
            kept.push((Arc::downgrade(from), switched.clone()));
        }
        switched
    }

    /// These, with certificates, trust, names of CAs and callbacks of others.
    fn with_identity_of(&self, other: &Self) -> Self {
        let mut switched = self.clone();
        switched.verification.switch(&other.verification);
        Self {
            material: other.material.clone(),
            passphrase: other.passphrase,
            hello: Callbacks {
                alpn_offer: self.hello.alpn_offer.clone(),
                asks_for_status: self.hello.asks_for_status,
                ..other.hello.clone()
            },
            listeners: Listeners {
                key_log: other.listeners.key_log,
                ..self.listeners
            },
            ca_names: other.ca_names.clone(),
            ..switched
        }
    }

    /// The names of CAs that a server tells its clients.
    pub(crate) fn client_authorities(&self) -> Vec<Vec<u8>> {
        self.ca_names.encoded()
    }

    fn make_client_config(&self) -> Result<Arc<ClientConfig>, Fault> {
        let mut builder = ClientConfig::builder(verify::Verifier::new(self, Role::Server)?);
        builder = self.sessions.for_client(self.for_either_role(builder)?);
        if let Some(schemes) = &self.signature_schemes {
            builder = builder.with_signature_schemes(&sigalgs::usable(schemes));
        }
        builder = builder
            .with_credential(hello::Chooser::of_client(self.credentials()?, &self.hello))
            .with_alpn(self.hello.alpn_names())
            .with_ocsp_request(self.hello.asks_for_status);
        let (_, versions) = self.suites_and_versions()?;
        if let Some(psks) = psk::client_of(self, *versions.end()) {
            builder = builder.with_psk_choice(psks);
        }
        if self.max_fragment_length != 0 {
            builder = builder.with_max_fragment_length(256 << self.max_fragment_length);
        }
        let lenient = self.options.contains(Options::LEGACY_SERVER_CONNECT);
        builder
            .with_required_secure_renegotiation(!lenient)
            .with_post_handshake_auth(self.post_handshake_auth)
            .with_fallback_scsv(self.modes.contains(Modes::SEND_FALLBACK_SCSV))
            .build()
            .map_err(|error| Fault::from_error(&error))
    }

    fn make_server_config(&self, alpn: Option<&[u8]>) -> Result<Arc<ServerConfig>, Fault> {
        let chooser = hello::Chooser::of_server(self.credentials()?, &self.hello);
        let builder = match (chooser.has_any(), self.psk.has_server()) {
            // Without a certificate, too: a client may make itself heard before it is refused.
            (_, false) => ServerConfig::builder(chooser),
            (true, true) => ServerConfig::builder(chooser).with_psk_store(psk::Server),
            (false, true) => ServerConfig::psk_builder(psk::Server),
        };
        let mut builder = self
            .sessions
            .for_server(self.for_either_role(builder)?, self.options);
        let schemes = self.client_signature_schemes.as_ref();
        if let Some(schemes) = schemes.or(self.signature_schemes.as_ref()) {
            builder = builder.with_signature_schemes(&sigalgs::usable(schemes));
        }
        if let Some(hint) = &self.psk.hint {
            builder = builder.with_psk_identity_hint(hint.to_bytes());
        }
        builder = builder.with_client_auth(verify::client_auth(self)?);
        if self.hello.watch_client_hellos() || self.wolf.alpn.is_some() {
            builder = builder.with_config_choice(Arc::new(hello::Choice));
        }
        if let Some(alpn) = alpn {
            builder = builder.with_alpn([alpn]);
        }
        let by_client = !self.options.contains(Options::CIPHER_SERVER_PREFERENCE);
        builder
            .with_client_preference(by_client)
            .with_required_secure_renegotiation(false)
            .build()
            .map_err(|error| Fault::from_error(&error))
    }

    fn for_either_role<R>(&self, builder: ConfigBuilder<R>) -> Result<ConfigBuilder<R>, Fault> {
        let (suites, versions) = self.suites_and_versions()?;
        let policy = if *versions.start() < ProtocolVersion::TLS1_2 {
            Policy::Legacy
        } else {
            Policy::Compat
        };
        let mut builder = self.with_groups(builder.with_policy(policy))?;
        if let Some(suites) = suites {
            builder = builder.with_cipher_suites(&suites);
        }
        if let Some(blocks) = Blocks::new(self.padding_block) {
            builder = builder.with_padding(Arc::new(blocks));
        }
        if let Some(log) = self.listeners.key_log() {
            builder = builder.with_key_log(log);
        }
        Ok(builder
            .with_versions(versions)
            .with_min_dh_bits(self.ciphers.min_dh_bits())
            .with_handshake_record(true)
            .with_record_size(self.max_send_fragment)
            .with_encrypt_then_mac(!self.options.contains(Options::NO_ENCRYPT_THEN_MAC))
            .with_record_splitting(!self.options.contains(Options::DONT_INSERT_EMPTY_FRAGMENTS)))
    }

    /// The suites that are enabled, if it is not the default, and the versions that are left with them.
    fn suites_and_versions(
        &self,
    ) -> Result<(Option<Vec<CipherSuite>>, RangeInclusive<ProtocolVersion>), Fault> {
        let mut versions = self.versions()?;
        let schemes = self.signature_schemes.as_deref();
        // RSA PKCS#1 v1.5 alone signs nothing in TLS 1.3 (RFC 8446 Section 4.2.3).
        if schemes.is_some_and(|schemes| !sigalgs::sign_tls13(schemes))
            && *versions.start() < ProtocolVersion::TLS1_3
        {
            versions = *versions.start()..=(*versions.end()).min(ProtocolVersion::TLS1_2);
        }
        self.ciphers.for_protocol(versions, schemes)
    }

    /// The groups that were named, as far as the security level takes them.
    fn with_groups<R>(&self, builder: ConfigBuilder<R>) -> Result<ConfigBuilder<R>, Fault> {
        let groups = self.usable_groups();
        if groups.is_empty() {
            let min_bits = self.ciphers.min_bits();
            return Err(Fault::ssl(
                crate::reason::SSL_R_NO_SUITABLE_GROUPS,
                format!(
                    "none of the enabled groups gives the {min_bits} bits of security that are wanted"
                ),
            ));
        }
        Ok(builder.with_groups(&groups))
    }

    /// Groups for key exchange, best first.
    pub(crate) fn usable_groups(&self) -> Vec<NamedGroup> {
        let default = &warifu::config::defaults::GROUPS;
        let named = self.groups.as_deref().unwrap_or(default);
        groups::usable(named, self.ciphers.min_bits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handle::UserData;

    unsafe extern "C" fn certificate(_: *mut crate::ssl::Ssl, _: *mut core::ffi::c_void) -> i32 {
        1
    }

    fn settings() -> Arc<Settings> {
        let mut settings = Settings::new(const { &Method::new(None, None) });
        settings.hello.certificate = Some((certificate, UserData::default()));
        Arc::new(settings)
    }

    #[test]
    fn a_server_without_a_certificate_hears_its_clients() {
        assert!(settings().server_config().is_ok());
        let without = Settings::new(const { &Method::new(None, None) });
        assert!(without.server_config().is_ok());
    }

    #[test]
    fn connections_with_the_same_choices_share_a_configuration() {
        let settings = settings();
        let config = |alpn: Option<&[u8]>| settings.server_config_with(alpn).unwrap();
        assert!(Arc::ptr_eq(&config(Some(b"h2")), &config(Some(b"h2"))));
        assert!(!Arc::ptr_eq(&config(Some(b"h2")), &config(Some(b"h3"))));
        assert!(Arc::ptr_eq(&config(None), &config(None)));
        for number in 1..=2 * u8::try_from(MAX_KEPT).unwrap() {
            let _ = config(Some(&[number]));
        }
        let kept = settings.prepared.by_alpn.lock().unwrap().len();
        assert_eq!(kept, MAX_KEPT);
    }

    #[test]
    fn connections_that_switch_the_same_way_share_settings() {
        let (first, second) = (settings(), settings());
        let switched = Settings::switched(&first, &second);
        assert!(Arc::ptr_eq(&switched, &Settings::switched(&first, &second)));
        let mut changed = first.clone();
        Settings::change(&mut changed, |settings| settings.read_ahead = true);
        let other = Settings::switched(&changed, &second);
        assert!(other.read_ahead && !switched.read_ahead);
        // What nobody has any more is forgotten.
        drop((changed, other));
        let _ = Settings::switched(&first, &second);
        assert_eq!(second.prepared.switched.lock().unwrap().len(), 1);
    }
}
