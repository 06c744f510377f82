//! The language of cipher lists (`ciphers(1)`): rules that add, remove and move suites of TLS 1.2 and older.
//!
//! ```text
//! list  = rule *( separator rule )         separator: one of ":,; "
//! rule  = [ "-" / "+" / "!" ] name *( "+" name )  /  "@STRENGTH"  /  "@SECLEVEL=" digit
//! ```
//!
//! All suites stand in one row, each either chosen or not. A rule picks those that fit all its names:
//!
//! | rule | what becomes of them |
//! |---|---|
//! | `X` | those not chosen are, and go to the end |
//! | `+X` | those chosen go to the end |
//! | `-X` | those chosen are not any more, and go to the front: first again when they are added again |
//! | `!X` | they are gone for good |
//!
//! A name that nobody knows picks nothing, which is no error: lists name suites of other versions of other libraries.

use super::{Auth, CIPHERS, Cipher, Enc, Kx, Mac, Since};
use crate::fault::Fault;
use crate::reason;

/// What `DEFAULT` at the start of a list stands for.
const DEFAULT: &str = "ALL:!COMPLEMENTOFDEFAULT:!eNULL";

/// What a list says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parsed {
    /// Suites of TLS 1.2 and older, best first.
    pub(super) ciphers: Vec<&'static Cipher>,
    /// `@SECLEVEL`
    pub(super) level: Option<u8>,
}

/// Reads a list.
///
/// # Errors
/// What is no list. Not: one that picks nothing.
pub(super) fn parse(list: &[u8]) -> Result<Parsed, Fault> {
    let mut row = Row::new();
    let mut level = None;
    if list.starts_with(b"SUITEB") {
        return Err(Fault::unsupported(
            "Suite B by one word: name the suites, groups and signature algorithms",
        ));
    }
    let rest = match list.strip_prefix(b"DEFAULT") {
        Some(rest) => {
            row.apply_all(DEFAULT.as_bytes(), &mut level)?;
            rest
        }
        None => list,
    };
    row.apply_all(rest, &mut level)?;
    Ok(Parsed {
        ciphers: row.chosen(),
        level,
    })
}

/// What a rule does with the suites that it picks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Add,
    Order,
    Remove,
    Kill,
}

/// The suites that are not gone, each with whether it is chosen.
struct Row(Vec<(&'static Cipher, bool)>);

impl Row {
    fn new() -> Self {
        let older = CIPHERS.iter().filter(|cipher| !cipher.is_tls13());
        Self(older.map(|cipher| (cipher, false)).collect())
    }

    fn chosen(&self) -> Vec<&'static Cipher> {
        let chosen = self.0.iter().filter(|(_, chosen)| *chosen);
        chosen.map(|(cipher, _)| *cipher).collect()
    }

    fn apply_all(&mut self, mut rest: &[u8], level: &mut Option<u8>) -> Result<(), Fault> {
        while let Some((first, after)) = rest.split_first() {
            let action = match first {
                b':' | b',' | b';' | b' ' => {
                    rest = after;
                    continue;
                }
                b'@' => {
                    rest = self.apply_command(after, level)?;
                    continue;
                }
                b'!' => Action::Kill,
                b'-' => Action::Remove,
                b'+' => Action::Order,
                _ => Action::Add,
            };
            if action != Action::Add {
                rest = after;
            }
            let selector;
            (selector, rest) = read_selector(rest)?;
            if let Some(selector) = selector {
                self.apply(action, |cipher| selector.picks(cipher));
            }
        }
        Ok(())
    }

    /// `STRENGTH` or `SECLEVEL=n`. Returns what follows.
    fn apply_command<'a>(
        &mut self,
        text: &'a [u8],
        level: &mut Option<u8>,
    ) -> Result<&'a [u8], Fault> {
        let (name, rest) = split_name(text);
        match name {
            b"STRENGTH" => {
                // Stable: within a strength the order stays.
                self.0.sort_by_key(|(cipher, chosen)| {
                    (*chosen, if *chosen { -cipher.bits().0 } else { 0 })
                });
            }
            [
                b'S',
                b'E',
                b'C',
                b'L',
                b'E',
                b'V',
                b'E',
                b'L',
                b'=',
                digit @ b'0'..=b'5',
            ] => {
                *level = Some(digit - b'0');
            }
            _ => {
                return Err(Fault::ssl(
                    reason::SSL_R_INVALID_COMMAND,
                    format!(
                        "@{} in a cipher list: @STRENGTH, or @SECLEVEL=0 to @SECLEVEL=5",
                        String::from_utf8_lossy(name)
                    ),
                ));
            }
        }
        let end = rest.iter().position(|byte| is_separator(*byte));
        Ok(rest.get(end.unwrap_or(rest.len())..).unwrap_or_default())
    }

    fn apply(&mut self, action: Action, picks: impl Fn(&Cipher) -> bool) {
        match action {
            Action::Add => {
                self.0
                    .sort_by_key(|(cipher, chosen)| !chosen && picks(cipher));
                for (_, chosen) in self.0.iter_mut().filter(|(cipher, _)| picks(cipher)) {
                    *chosen = true;
                }
            }
            Action::Order => self
                .0
                .sort_by_key(|(cipher, chosen)| *chosen && picks(cipher)),
            Action::Remove => {
                self.0
                    .sort_by_key(|(cipher, chosen)| !(*chosen && picks(cipher)));
                for (_, chosen) in self.0.iter_mut().filter(|(cipher, _)| picks(cipher)) {
                    *chosen = false;
                }
            }
            Action::Kill => self.0.retain(|(cipher, _)| !picks(cipher)),
        }
    }
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b':' | b',' | b';' | b' ')
}

/// Cuts behind the letters of a name.
fn split_name(text: &[u8]) -> (&[u8], &[u8]) {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.=".contains(byte);
    let len = text.iter().take_while(|byte| is_name(byte)).count();
    text.split_at(len)
}

/// Reads names joined by `+`. `None`: they pick nothing. Returns also what follows.
fn read_selector(mut text: &[u8]) -> Result<(Option<Selector>, &[u8]), Fault> {
    let mut selector = Selector::default();
    loop {
        let (name, rest) = split_name(text);
        if name.is_empty() {
            return Err(Fault::ssl(
                reason::SSL_R_INVALID_COMMAND,
                format!(
                    "no name in a cipher list before {:?}",
                    String::from_utf8_lossy(rest)
                ),
            ));
        }
        if !selector.narrow(name) {
            let end = rest.iter().position(|byte| is_separator(*byte));
            return Ok((
                None,
                rest.get(end.unwrap_or(rest.len())..).unwrap_or_default(),
            ));
        }
        match rest.strip_prefix(b"+") {
            Some(rest) => text = rest,
            None => return Ok((Some(selector), rest)),
        }
    }
}

/// What a suite must be made of: one of each list that is there.
#[derive(Default)]
struct Selector {
    one: Option<&'static Cipher>,
    parts: Vec<Part>,
}

/// A property that names of lists stand for.
#[derive(Clone, Copy)]
enum Part {
    Kx(&'static [Kx]),
    Auth(&'static [Auth]),
    Enc(&'static [Enc]),
    Mac(Mac),
    Since(Since),
    /// Part of `DEFAULT`, or not.
    Default(bool),
    /// `HIGH`, else `MEDIUM`.
    High(bool),
    /// What OpenSSL means by `FIPS`: no ChaCha20, and no AES-CCM either.
    Fips,
    All,
    /// Algorithms that this library does not have: in no suite.
    Nothing,
}

impl Selector {
    /// Adds a name. False if nothing can fit any more, as with one that nobody knows.
    fn narrow(&mut self, name: &[u8]) -> bool {
        if let Some(cipher) = Cipher::named(name).filter(|cipher| !cipher.is_tls13()) {
            // A second name of a suite replaces the first, as long as it can.
            self.one = Some(cipher);
            return self.parts.iter().all(|part| part.fits(cipher));
        }
        let Some(parts) = alias(name) else {
            return false;
        };
        self.parts.extend_from_slice(parts);
        let fits = |cipher: &Cipher| self.parts.iter().all(|part| part.fits(cipher));
        match self.one {
            Some(one) => fits(one),
            None => CIPHERS.iter().any(fits),
        }
    }

    fn picks(&self, cipher: &Cipher) -> bool {
        match self.one {
            Some(one) => one == cipher,
            None => self.parts.iter().all(|part| part.fits(cipher)),
        }
    }
}

impl Part {
    fn fits(self, cipher: &Cipher) -> bool {
        let is_ccm = matches!(
            cipher.enc,
            Enc::Aes128Ccm | Enc::Aes256Ccm | Enc::Aes128Ccm8 | Enc::Aes256Ccm8
        );
        let is_old = cipher.enc == Enc::TripleDes;
        match self {
            Self::Kx(some) => some.contains(&cipher.kx),
            Self::Auth(some) => some.contains(&cipher.auth),
            Self::Enc(some) => some.contains(&cipher.enc),
            Self::Mac(mac) => mac == cipher.mac,
            Self::Since(since) => since == cipher.since,
            Self::Default(part) => part != (is_ccm || is_old),
            Self::High(high) => high != is_old,
            Self::Fips => cipher.enc != Enc::ChaCha20 && !is_ccm,
            Self::All => true,
            Self::Nothing => false,
        }
    }
}

const AES: &[Enc] = &[
    Enc::Aes128,
    Enc::Aes256,
    Enc::Aes128Gcm,
    Enc::Aes256Gcm,
    Enc::Aes128Ccm,
    Enc::Aes256Ccm,
    Enc::Aes128Ccm8,
    Enc::Aes256Ccm8,
];
const AES128: &[Enc] = &[Enc::Aes128, Enc::Aes128Gcm, Enc::Aes128Ccm, Enc::Aes128Ccm8];
const AES256: &[Enc] = &[Enc::Aes256, Enc::Aes256Gcm, Enc::Aes256Ccm, Enc::Aes256Ccm8];
const AESCCM: &[Enc] = &[
    Enc::Aes128Ccm,
    Enc::Aes256Ccm,
    Enc::Aes128Ccm8,
    Enc::Aes256Ccm8,
];
const CERTIFICATES: &[Auth] = &[Auth::Ecdsa, Auth::Rsa, Auth::Psk];

/// The words of lists. `None` for one that nobody knows.
#[rustfmt::skip]
fn alias(name: &[u8]) -> Option<&'static [Part]> {
    Some(match name {
        b"ALL" => &[Part::All],
        b"COMPLEMENTOFDEFAULT" => &[Part::Default(false)],
        b"HIGH" => &[Part::High(true)],
        b"MEDIUM" => &[Part::High(false)],
        b"FIPS" => &[Part::Fips],

        b"kRSA" => &[Part::Kx(&[Kx::Rsa])],
        b"kDHE" | b"kEDH" | b"DH" => &[Part::Kx(&[Kx::Dhe])],
        b"kECDHE" | b"kEECDH" | b"ECDH" => &[Part::Kx(&[Kx::Ecdhe])],
        b"kPSK" => &[Part::Kx(&[Kx::Psk])],
        b"kRSAPSK" => &[Part::Kx(&[Kx::RsaPsk])],
        b"kECDHEPSK" => &[Part::Kx(&[Kx::EcdhePsk])],
        b"kDHEPSK" => &[Part::Kx(&[Kx::DhePsk])],
        b"aRSA" => &[Part::Auth(&[Auth::Rsa])],
        b"aECDSA" | b"ECDSA" => &[Part::Auth(&[Auth::Ecdsa])],
        b"aPSK" => &[Part::Auth(&[Auth::Psk])],
        b"DHE" | b"EDH" => &[Part::Kx(&[Kx::Dhe]), Part::Auth(CERTIFICATES)],
        b"ECDHE" | b"EECDH" => &[Part::Kx(&[Kx::Ecdhe]), Part::Auth(CERTIFICATES)],
        b"RSA" => &[Part::Kx(&[Kx::Rsa]), Part::Auth(&[Auth::Rsa])],
        b"PSK" => &[Part::Kx(&[Kx::Psk, Kx::RsaPsk, Kx::EcdhePsk, Kx::DhePsk])],

        b"AES" => &[Part::Enc(AES)],
        b"AES128" => &[Part::Enc(AES128)],
        b"AES256" => &[Part::Enc(AES256)],
        b"AESGCM" => &[Part::Enc(&[Enc::Aes128Gcm, Enc::Aes256Gcm])],
        b"AESCCM" => &[Part::Enc(AESCCM)],
        b"AESCCM8" => &[Part::Enc(&[Enc::Aes128Ccm8, Enc::Aes256Ccm8])],
        b"CHACHA20" => &[Part::Enc(&[Enc::ChaCha20])],
        b"3DES" => &[Part::Enc(&[Enc::TripleDes])],
        b"SHA1" | b"SHA" => &[Part::Mac(Mac::Sha1)],
        b"SHA256" => &[Part::Mac(Mac::Sha256)],
        b"SHA384" => &[Part::Mac(Mac::Sha384)],

        b"SSLv3" => &[Part::Since(Since::Ssl3)],
        b"TLSv1" | b"TLSv1.0" => &[Part::Since(Since::Tls10)],
        b"TLSv1.2" => &[Part::Since(Since::Tls12)],

        // Known, and in none of our suites.
        b"COMPLEMENTOFALL" | b"LOW" | b"eNULL" | b"NULL" | b"aNULL" | b"ADH" | b"AECDH" | b"aDSS" | b"DSS" | b"kSRP" | b"SRP"
        | b"aSRP" | b"RC4" | b"RC2" | b"IDEA" | b"SEED" | b"DES" | b"CAMELLIA" | b"CAMELLIA128" | b"CAMELLIA256" | b"ARIA"
        | b"ARIA128" | b"ARIA256" | b"ARIAGCM" | b"MD5" | b"GOST" | b"GOST89" | b"GOST94" | b"GOST89MAC" | b"kGOST" | b"aGOST"
        | b"aGOST01" | b"aGOST12" => &[Part::Nothing],
        _ => return None,
    })
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
