//! Options by name, and the versions that are on.

use crate::fault::Fault;
use crate::reason;
use crate::settings::Settings;

pub(super) const LEGACY_SERVER_CONNECT: u64 = 1 << 2;
pub(super) const NO_EXTENDED_MASTER_SECRET: u64 = 1;
pub(super) const KTLS: u64 = 1 << 3;
pub(super) const IGNORE_UNEXPECTED_EOF: u64 = 1 << 7;
pub(super) const CLIENT_RENEGOTIATION: u64 = 1 << 8;
pub(super) const DISABLE_CA_NAMES: u64 = 1 << 9;
pub(super) const ALLOW_NO_DHE_KEX: u64 = 1 << 10;
pub(super) const DONT_INSERT_EMPTY_FRAGMENTS: u64 = 1 << 11;
pub(super) const NO_TICKET: u64 = 1 << 14;
pub(super) const NO_RESUMPTION_ON_RENEGOTIATION: u64 = 1 << 16;
pub(super) const NO_COMPRESSION: u64 = 1 << 17;
pub(super) const UNSAFE_RENEGOTIATION: u64 = 1 << 18;
pub(super) const NO_ENCRYPT_THEN_MAC: u64 = 1 << 19;
pub(super) const MIDDLEBOX_COMPAT: u64 = 1 << 20;
pub(super) const PRIORITIZE_CHACHA: u64 = 1 << 21;
pub(super) const SERVER_PREFERENCE: u64 = 1 << 22;
pub(super) const NO_ANTI_REPLAY: u64 = 1 << 24;
pub(super) const NO_SSL3: u64 = 1 << 25;
pub(super) const NO_TLS1: u64 = 1 << 26;
pub(super) const NO_TLS1_2: u64 = 1 << 27;
pub(super) const NO_TLS1_1: u64 = 1 << 28;
pub(super) const NO_TLS1_3: u64 = 1 << 29;
pub(super) const NO_RENEGOTIATION: u64 = 1 << 30;
/// `SSL_OP_ALL`
pub(super) const BUGS: u64 = 0x8000_0850;

/// A word, the bits it stands for, and whether the word switches them on.
#[rustfmt::skip]
const OPTIONS: [(&str, u64, bool); 21] = [
    ("SessionTicket", NO_TICKET, false),
    ("EmptyFragments", DONT_INSERT_EMPTY_FRAGMENTS, false),
    ("Bugs", BUGS, true),
    ("Compression", NO_COMPRESSION, false),
    ("ServerPreference", SERVER_PREFERENCE, true),
    ("NoResumptionOnRenegotiation", NO_RESUMPTION_ON_RENEGOTIATION, true),
    ("DHSingle", 0, true),
    ("ECDHSingle", 0, true),
    ("UnsafeLegacyRenegotiation", UNSAFE_RENEGOTIATION, true),
    ("UnsafeLegacyServerConnect", LEGACY_SERVER_CONNECT, true),
    ("ClientRenegotiation", CLIENT_RENEGOTIATION, true),
    ("EncryptThenMac", NO_ENCRYPT_THEN_MAC, false),
    ("NoRenegotiation", NO_RENEGOTIATION, true),
    ("AllowNoDHEKEX", ALLOW_NO_DHE_KEX, true),
    ("PrioritizeChaCha", PRIORITIZE_CHACHA, true),
    ("MiddleboxCompat", MIDDLEBOX_COMPAT, true),
    ("AntiReplay", NO_ANTI_REPLAY, false),
    ("ExtendedMasterSecret", NO_EXTENDED_MASTER_SECRET, false),
    ("CANames", DISABLE_CA_NAMES, false),
    ("KTLS", KTLS, true),
    ("IgnoreUnexpectedEOF", IGNORE_UNEXPECTED_EOF, true),
];

/// A version, the option that switches it off, its number.
const VERSIONS: [(&str, u64, u16); 6] = [
    ("SSLv2", 0, 0),
    ("SSLv3", NO_SSL3, 0),
    ("TLSv1", NO_TLS1, 0x0301),
    ("TLSv1.1", NO_TLS1_1, 0x0302),
    ("TLSv1.2", NO_TLS1_2, 0x0303),
    ("TLSv1.3", NO_TLS1_3, 0x0304),
];

/// The words of a list between commas, each with whether it is wanted: `-` before it says no.
fn words(text: &str) -> impl Iterator<Item = (&str, bool)> {
    text.split(',')
        .map(str::trim)
        .map(|word| match word.strip_prefix('-') {
            Some(word) => (word, false),
            None => (word.strip_prefix('+').unwrap_or(word), true),
        })
}

fn unknown(word: &str, what: &str) -> Fault {
    Fault::ssl(reason::SSL_R_BAD_VALUE, format!("{word:?} is no {what}"))
}

fn set(settings: &mut Settings, bits: u64, on: bool) {
    match on {
        true => settings.options.0 |= bits,
        false => settings.options.0 &= !bits,
    }
}

/// `Options`
pub(super) fn options(settings: &mut Settings, text: &str) -> Result<(), Fault> {
    for (word, wanted) in words(text) {
        let found = OPTIONS
            .iter()
            .find(|(name, ..)| name.eq_ignore_ascii_case(word));
        let (_, bits, on) = found.ok_or_else(|| unknown(word, "option"))?;
        set(settings, *bits, wanted == *on);
    }
    Ok(())
}

/// `Protocol`
pub(super) fn protocols(settings: &mut Settings, text: &str) -> Result<(), Fault> {
    for (word, wanted) in words(text) {
        if word.eq_ignore_ascii_case("ALL") {
            let all = VERSIONS.iter().fold(0, |bits, (_, bit, _)| bits | bit);
            set(settings, all, !wanted);
            continue;
        }
        let found = VERSIONS
            .iter()
            .find(|(name, ..)| name.eq_ignore_ascii_case(word));
        let (_, bit, number) = found.ok_or_else(|| unknown(word, "version of TLS"))?;
        set(settings, *bit, !wanted);
        // Who names TLS 1.0 or 1.1 wants it, below the lowest version by default.
        if wanted && (0x0301..0x0303).contains(number) {
            let lowest = settings.min_version.filter(|lowest| lowest <= number);
            settings.min_version = Some(lowest.unwrap_or(*number));
        }
    }
    Ok(())
}
