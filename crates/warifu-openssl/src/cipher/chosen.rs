//! Which suites a context or connection uses.

use core::ffi::{c_int, c_void};
use core::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};

use warifu::config::Policy;
use warifu::parameters::{CipherSuite, ProtocolVersion, SignatureScheme};

use super::{Auth, Cipher, Enc, Kx, Mac, list};
use crate::fault::Fault;
use crate::reason;
use crate::sigalgs::{self, Algorithm};
use crate::stack::Stack;

/// The level where nobody named one: that of Debian and its kin. It is what the protocol's own defaults amount to.
pub(crate) const DEFAULT_LEVEL: u8 = 2;

/// What was said of suites and security levels.
#[derive(Default, Clone)]
pub(crate) struct Chosen {
    /// `SSL_CTX_set_ciphersuites`; none: the default.
    tls13: Option<Vec<&'static Cipher>>,
    /// `SSL_CTX_set_cipher_list`; none: the default.
    older: Option<Vec<&'static Cipher>>,
    /// `SSL_CTX_set_security_level`, `@SECLEVEL`; none: nothing was said.
    level: Option<u8>,
    /// What `SSL_get_ciphers` lends.
    stack: OnceLock<Arc<Stack>>,
}

impl Chosen {
    /// `SSL_CTX_set_cipher_list`
    ///
    /// # Errors
    /// What is no list, and a list without a suite of TLS 1.2 or older.
    pub(crate) fn set_list(&mut self, text: &[u8]) -> Result<(), Fault> {
        let parsed = list::parse(text)?;
        if parsed.ciphers.is_empty() {
            return Err(Fault::ssl(
                reason::SSL_R_NO_CIPHER_MATCH,
                format!(
                    "no suite of TLS 1.2 or older is in the list {:?} (those of TLS 1.3: SSL_CTX_set_ciphersuites)",
                    String::from_utf8_lossy(text)
                ),
            ));
        }
        self.older = Some(parsed.ciphers);
        self.level = parsed.level.or(self.level);
        self.stack = OnceLock::new();
        Ok(())
    }

    /// `SSL_CTX_set_ciphersuites`: names of TLS 1.3 suites between colons; those that nobody knows are passed over. An empty list
    /// switches TLS 1.3 off.
    ///
    /// # Errors
    /// A list of names that nobody knows.
    pub(crate) fn set_suites(&mut self, text: &[u8]) -> Result<(), Fault> {
        let mut suites: Vec<&'static Cipher> = Vec::new();
        for name in text.split(|byte| *byte == b':').map(<[u8]>::trim_ascii) {
            if let Some(cipher) = Cipher::named(name).filter(|cipher| cipher.is_tls13())
                && !suites.contains(&cipher)
            {
                suites.push(cipher);
            }
        }
        if suites.is_empty() && !text.is_empty() {
            return Err(Fault::ssl(
                reason::SSL_R_NO_CIPHER_MATCH,
                format!(
                    "no suite of TLS 1.3 is in the list {:?}",
                    String::from_utf8_lossy(text)
                ),
            ));
        }
        self.tls13 = Some(suites);
        self.stack = OnceLock::new();
        Ok(())
    }

    /// `wolfSSL_CTX_set_cipher_list`: names of all versions between colons. Versions that none of them is for keep their suites.
    ///
    /// # Errors
    /// A list without a suite.
    pub(crate) fn set_names(&mut self, text: &[u8]) -> Result<(), Fault> {
        let (mut tls13, mut older) = (Vec::new(), Vec::new());
        for name in text.split(|byte| *byte == b':').map(<[u8]>::trim_ascii) {
            match Cipher::named_by_wolf(name) {
                Some(cipher) => tls13.push(cipher.name.to_bytes()),
                None if !name.is_empty() => older.push(name),
                None => {}
            }
        }
        if !tls13.is_empty() {
            self.set_suites(&tls13.join(&b':'))?;
        }
        if !older.is_empty() || tls13.is_empty() {
            self.set_list(&older.join(&b':'))?;
        }
        Ok(())
    }

    pub(crate) fn level(&self) -> u8 {
        self.level.unwrap_or(DEFAULT_LEVEL)
    }

    pub(crate) fn set_level(&mut self, level: u8) {
        self.level = Some(level);
    }

    /// The smallest finite-field group in bits that a client takes.
    pub(crate) fn min_dh_bits(&self) -> u32 {
        match self.level() {
            0 => 512,
            1 => 1024,
            2 => 2048,
            3 => 3072,
            4 => 7680,
            _ => 15360,
        }
    }

    /// Bits of security that are wanted of all algorithms.
    pub(crate) fn min_bits(&self) -> i32 {
        match self.level() {
            0 => 0,
            1 => 80,
            2 => 112,
            3 => 128,
            4 => 192,
            _ => 256,
        }
    }

    /// All suites that were named, or those of the default; best first, those of TLS 1.3 before others.
    pub(crate) fn ciphers(&self) -> Vec<&'static Cipher> {
        let of_policy = Policy::Legacy.cipher_suites();
        let default = |tls13: bool| {
            let ciphers = of_policy.iter().filter_map(|suite| Cipher::of(*suite));
            ciphers
                .filter(move |cipher| cipher.is_tls13() == tls13)
                .collect()
        };
        let mut all: Vec<&'static Cipher> = self.tls13.clone().unwrap_or_else(|| default(true));
        all.extend(self.older.clone().unwrap_or_else(|| default(false)));
        all
    }

    /// As [`ciphers`](Self::ciphers), without those that the level forbids.
    pub(crate) fn allowed(&self) -> Vec<&'static Cipher> {
        let mut all = self.ciphers();
        all.retain(|cipher| self.allows(cipher));
        all
    }

    fn allows(&self, cipher: &Cipher) -> bool {
        let forward_secret = !matches!(cipher.kx, Kx::Rsa | Kx::RsaPsk | Kx::Psk);
        // HMAC-SHA-1 counts as 160 bits.
        let mac_is_enough = cipher.mac != Mac::Sha1 || self.min_bits() <= 160;
        // Blocks of 64 bits are less than the 112 of the key make believe.
        let is_wide = cipher.enc != Enc::TripleDes || self.level() <= 2;
        cipher.bits().0 >= self.min_bits()
            && (forward_secret || self.level() < 3)
            && mac_is_enough
            && is_wide
    }

    /// What the protocol is told: the suites that may be used, and the versions of `versions` that have one. `None` for the suites
    /// leaves them to the protocol's policy. Suites whose certificates go with none of `schemes` are left out.
    ///
    /// # Errors
    /// None is left.
    pub(crate) fn for_protocol(
        &self,
        versions: RangeInclusive<ProtocolVersion>,
        schemes: Option<&[SignatureScheme]>,
    ) -> Result<(Option<Vec<CipherSuite>>, RangeInclusive<ProtocolVersion>), Fault> {
        let is_default = self.older.is_none()
            && self.tls13.is_none()
            && self.level() <= DEFAULT_LEVEL
            && schemes.is_none();
        let mut allowed = self.allowed();
        if let Some(schemes) = schemes {
            let signs = |kinds: &[c_int]| {
                let known = schemes.iter().filter_map(|scheme| Algorithm::of(*scheme));
                known.into_iter().any(|row| kinds.contains(&row.signature))
            };
            let (rsa, ec) = (signs(&sigalgs::OF_RSA_KEYS), signs(&sigalgs::OF_CURVES));
            allowed.retain(|cipher| match cipher.auth {
                Auth::Rsa => rsa,
                Auth::Ecdsa => ec,
                Auth::Any | Auth::Psk => true,
            });
        }
        let suites: Vec<CipherSuite> = allowed.into_iter().map(|cipher| cipher.suite).collect();
        let has_suite = |version: &ProtocolVersion| {
            let mut ranges = suites.iter().filter_map(|suite| suite.versions());
            versions.contains(version) && ranges.any(|range| range.contains(version))
        };
        let mut usable = crate::options::VERSIONS.into_iter().filter(has_suite);
        let Some(lowest) = usable.next() else {
            return Err(Fault::ssl(
                reason::SSL_R_NO_CIPHERS_AVAILABLE,
                "no cipher suite is left that the enabled versions of TLS and the security level allow",
            ));
        };
        let highest = usable.next_back().unwrap_or(lowest);
        Ok(((!is_default).then_some(suites), lowest..=highest))
    }

    /// The suites as a stack that lives until they are set anew.
    pub(crate) fn stack(&self) -> &Stack {
        self.stack
            .get_or_init(|| Arc::from(stack_of(&self.ciphers())))
    }
}

/// A stack of suites, none of which is freed with it.
pub(crate) fn stack_of(ciphers: &[&'static Cipher]) -> Box<Stack> {
    let pointer =
        |cipher: &&'static Cipher| core::ptr::from_ref(*cipher).cast_mut().cast::<c_void>();
    Stack::new(ciphers.iter().map(pointer).collect())
}
