//! What can be wrong with pre-shared keys as they are given, in words, for [`crate::exit`].
//!
//! The texts name source and line. They never quote a key, nor a part of a line that could be one.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::exit_text::{Text, text};
use crate::psk_format::Format;

/// Where a key was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The path of a file as it was given, or the name of another source.
    source: Arc<str>,
    kind: Kind,
    /// The line, counted from 1, of a source that has lines.
    pub(crate) line: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    /// Lines without a name in the file system.
    Stream,
    /// One key, usually.
    Value,
}

impl Origin {
    pub(crate) fn file(path: &Path) -> Self {
        Self::new(&path.display().to_string(), Kind::File)
    }

    /// Lines that come from elsewhere than a file.
    pub(crate) fn stream(name: &str) -> Self {
        Self::new(name, Kind::Stream)
    }

    /// A source of one key.
    pub(crate) fn value(name: &str) -> Self {
        Self::new(name, Kind::Value)
    }

    fn new(source: &str, kind: Kind) -> Self {
        Self {
            source: source.into(),
            kind,
            line: None,
        }
    }

    /// A line of the same source.
    pub(crate) fn at(&self, line: usize) -> Self {
        Self {
            line: (self.kind != Kind::Value).then_some(line),
            ..self.clone()
        }
    }

    /// This place is where the problem is.
    pub(crate) fn has(&self, problem: impl Into<PskProblem>) -> PskFailure {
        PskFailure {
            origin: self.clone(),
            problem: problem.into(),
        }
    }

    /// The path for a command that the operator may type.
    fn path(&self) -> &str {
        match self.kind {
            Kind::File => &self.source,
            Kind::Stream | Kind::Value => "FILE",
        }
    }

    /// How this place is called by one who speaks of `here`.
    fn seen_from(&self, here: &Self) -> String {
        match self.line {
            Some(line) if self.source == here.source => format!("line {line}"),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}, line {line}", self.source),
            None => f.write_str(&self.source),
        }
    }
}

/// Keys that cannot be used: where, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PskFailure {
    pub(crate) origin: Origin,
    pub(crate) problem: PskProblem,
}

/// Why keys cannot be used. Identities are spelled as the native format does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PskProblem {
    /// Others than the owner can change the file, or strangers can read it.
    Permissions { mode: u32 },
    /// The source gave nothing.
    Unavailable { error: String },
    /// What the source holds is no list of keys.
    Content(ContentProblem),
    /// One line makes no sense, or more than one.
    Line(LineProblem),
    /// Two keys have the same identity.
    Duplicate { identity: String, first: Origin },
    /// A new key was to be added to a file that has one of the same identity, in this line.
    AlreadyThere {
        identity: String,
        line: Option<usize>,
    },
    /// The key is nothing but zeros.
    AllZero,
    /// The key has less than 128 bits.
    Weak { bits: usize },
    /// An identity, and no option that says where its key is.
    NoSource,
    /// A key alone, and no `--psk-identity`.
    IdentityMissing,
    /// `--psk-identity` names an identity that is not there.
    UnknownIdentity { identity: String },
    /// A format has no way to write a key.
    Inexpressible {
        identity: String,
        format: Format,
        reason: &'static str,
    },
}

/// What is wrong with a source as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentProblem {
    TooLarge,
    Pem,
    Utf16,
    Binary,
    NoKeys,
    /// A key alone, and other lines.
    BareKeyAmongOthers {
        other: usize,
    },
    /// Keys with a prefix, which only the native format has, and keys as bare text, which only stunnel has.
    MixedForms {
        native: usize,
        stunnel: usize,
    },
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineProblem {
    NotUtf8,
    NoSeparator,
    SecondSeparator,
    CommentOrIdentity,
    StunnelComment,
    IdentityEmpty,
    IdentityTooLong { len: usize },
    IdentityBlanks,
    HexIdentity,
    KeyEmpty,
    KeyForm,
    NotHex,
    OddHex { digits: usize },
    HexSeparators,
    HexSlip { wrong: usize },
    Base64OrText,
    BadBase64,
    TextBlanks,
}

impl From<ContentProblem> for PskProblem {
    fn from(problem: ContentProblem) -> Self {
        Self::Content(problem)
    }
}

impl From<LineProblem> for PskProblem {
    fn from(problem: LineProblem) -> Self {
        Self::Line(problem)
    }
}

impl PskFailure {
    /// What happened, the likely cause, the next thing to try.
    pub(crate) fn text(&self) -> Text {
        let at = &self.origin;
        match &self.problem {
            PskProblem::Permissions { mode } => text(
                format!("{at} is open to other users (mode {mode:04o})"),
                "who reads a pre-shared key can pose as both sides, who writes it can let anyone in; beside the owner \
                 only a group may read it",
                format!(
                    "chmod g-w,o= {}    and make new keys (warifu psk gen) if somebody may have read these",
                    at.path()
                ),
            ),
            PskProblem::Unavailable { error } => text(
                format!("no pre-shared key from {at}: {error}"),
                "the variable, descriptor or terminal that should give it is missing or empty",
                "warifu psk gen IDENTITY --out FILE; then --psk-file FILE",
            ),
            PskProblem::Content(problem) => content_text(at, *problem),
            PskProblem::Line(problem) => line_text(at, *problem),
            PskProblem::Duplicate { identity, first } => text(
                format!(
                    "{at}: the identity {identity:?} has a key already: {}",
                    first.seen_from(at)
                ),
                "a new key was added without removing the old one, or two peers were given one name",
                "remove one of the two, or give one another name",
            ),
            PskProblem::AlreadyThere { identity, line } => {
                let line =
                    line.map_or_else(|| "its line".to_owned(), |line| format!("line {line}"));
                text(
                    format!("nothing was added: {at} has a key of {identity:?} already, in {line}"),
                    "two keys of one identity cannot be told apart; the old key is not replaced unasked",
                    format!(
                        "to replace the key, remove {line} of {at} first; or give another identity"
                    ),
                )
            }
            PskProblem::AllZero => text(
                format!("{at}: the key is all zeros"),
                "a placeholder was never replaced, or a variable was empty when the key was made",
                "warifu psk gen IDENTITY    makes a key",
            ),
            PskProblem::Weak { bits } => text(
                format!("{at}: the key has {bits} bits"),
                "keys of less than 128 bits can be found by trying all (RFC 9257 Section 6)",
                "warifu psk gen IDENTITY    makes one of 256 bits; --allow-weak-psk takes this one all the same",
            ),
            PskProblem::NoSource => text(
                format!("{at}: no key given"),
                "the option names a key and no other says where it is; nobody can be asked, as standard input is no terminal",
                "--psk-file FILE or --psk-prompt",
            ),
            PskProblem::IdentityMissing => text(
                format!("{at}: a key without an identity"),
                "the key stands alone, as Zabbix keeps it; its identity is configured elsewhere",
                "add --psk-identity NAME    (for Zabbix: the value of TLSPSKIdentity)",
            ),
            PskProblem::UnknownIdentity { identity } => text(
                format!("{at} has no key for the identity {identity:?}"),
                "the identity is misspelled, or its key is in another file",
                format!("warifu psk list {}", at.path()),
            ),
            PskProblem::Inexpressible {
                identity,
                format,
                reason,
            } => text(
                format!("{at}: {identity:?} cannot be written for {format}"),
                *reason,
                "choose another identity or key, or the native format, which can say all",
            ),
        }
    }
}

fn content_text(at: &Origin, problem: ContentProblem) -> Text {
    match problem {
        ContentProblem::TooLarge => text(
            format!("{at} is larger than 16 MiB"),
            "another file was meant",
            format!("ls -l {}", at.path()),
        ),
        ContentProblem::Pem => text(
            format!("{at} holds PEM, not pre-shared keys"),
            "it is a certificate or a private key; they have options of their own",
            "--cert FILE --key FILE, --ca FILE; or warifu psk gen for a pre-shared key",
        ),
        ContentProblem::Utf16 => text(
            format!("{at} is text in UTF-16"),
            "an editor or a shell of Windows saved it so",
            format!("umask 077; iconv -f UTF-16 -t UTF-8 {} > NEW", at.path()),
        ),
        ContentProblem::Binary => text(
            format!("{at} holds zero bytes: it is no text"),
            "a binary key or another kind of file was given; keys are written in hexadecimal or base64",
            format!(
                "xxd -p -c 0 {}    prints a binary key in hexadecimal",
                at.path()
            ),
        ),
        ContentProblem::NoKeys => text(
            format!("{at} holds no key"),
            "it is empty, or has only comments",
            format!("warifu psk gen IDENTITY --append {}", at.path()),
        ),
        ContentProblem::BareKeyAmongOthers { other } => text(
            format!("{at}: a key without an identity, but line {other} holds another entry"),
            "a file holds either one key alone, as for Zabbix, or lines IDENTITY:KEY",
            "write IDENTITY:KEY in every line",
        ),
        ContentProblem::MixedForms { native, stunnel } => text(
            format!(
                "{at} mixes formats: line {native} is warifu's, line {stunnel} has a key in bare text, as stunnel's"
            ),
            "in warifu's format a key that is text begins with text:; in stunnel's such a prefix would belong to the key",
            "write text: before the key in bare text, or say whose file it is: --psk-format native or stunnel",
        ),
    }
}

fn line_text(at: &Origin, problem: LineProblem) -> Text {
    const TYPO: &str = "a character was lost, added or mistyped, perhaps when the key was copied";
    const COMPARE: &str = "compare the line with the peer's, or make a new key: warifu psk gen";
    const LENGTHS: &str = "identities have 1 to 65535 bytes (RFC 8446 Section 4.2.11)";
    match problem {
        LineProblem::NotUtf8 => text(
            format!("{at}: not UTF-8 text"),
            "the file was saved in another encoding, or an identity holds other bytes",
            "write the identity in hexadecimal: hex:DIGITS:KEY    (for GnuTLS: #DIGITS:KEY)",
        ),
        LineProblem::NoSeparator => text(
            format!("{at}: no ':' between an identity and a key"),
            "another kind of file was meant, or the line was cut or wrapped",
            "write IDENTITY:KEY; comments begin with #",
        ),
        LineProblem::SecondSeparator => text(
            format!("{at}: more than one ':'"),
            "programs differ in where such an identity ends and the key begins",
            "an identity with ':' is written hex:DIGITS:KEY, a key without ':'; text as text:…; of stunnel: --psk-format stunnel",
        ),
        LineProblem::CommentOrIdentity => text(
            format!("{at}: either a comment or an identity in hexadecimal"),
            "for GnuTLS # begins an identity in hexadecimal, for others a comment; a key that was commented out must \
             not come back to life",
            "a comment: put a blank after #; an identity: write hex: for #, or add --psk-format gnutls if psktool made the file",
        ),
        LineProblem::StunnelComment => text(
            format!("{at}: begins with #"),
            "stunnel has no comments in this file: it takes the line for an identity that begins with #",
            "remove the line, or read the file with --psk-format native",
        ),
        LineProblem::IdentityEmpty => text(
            format!("{at}: the identity is empty"),
            LENGTHS,
            "write IDENTITY:KEY",
        ),
        LineProblem::IdentityTooLong { len } => text(
            format!("{at}: the identity has {len} bytes"),
            LENGTHS,
            "shorten it on both sides",
        ),
        LineProblem::IdentityBlanks => text(
            format!("{at}: blanks before or after the identity"),
            "mosquitto drops them, GnuTLS and stunnel make them part of the identity",
            "remove them, or write the identity in hexadecimal: hex:DIGITS:KEY",
        ),
        LineProblem::HexIdentity => text(
            format!("{at}: the identity in hexadecimal is damaged"),
            "after hex: (for GnuTLS: #) come pairs of the digits 0-9 a-f, then ':' and the key",
            "printf %s IDENTITY | xxd -p -c 0    prints the digits of an identity",
        ),
        LineProblem::KeyEmpty => text(
            format!("{at}: the key is empty"),
            "a variable was empty when the line was made, or the key was not copied",
            "warifu psk gen IDENTITY    makes a key",
        ),
        LineProblem::KeyForm => text(
            format!("{at}: the key is neither hexadecimal nor begins with hex:, base64: or text:"),
            TYPO,
            "write hexadecimal, base64:… or text:… after the first ':'",
        ),
        LineProblem::NotHex => text(
            format!("{at}: the key is not hexadecimal"),
            TYPO,
            "write pairs of the digits 0-9 a-f; other forms need the native format: --psk-format native",
        ),
        LineProblem::OddHex { digits } => text(
            format!("{at}: the key has {digits} hexadecimal digits, an odd number"),
            TYPO,
            COMPARE,
        ),
        LineProblem::HexSeparators => text(
            format!("{at}: the key is hexadecimal with other characters between the digits"),
            "the key was copied from a program that prints it in groups, or with 0x before it",
            "remove all but the digits 0-9 a-f; if the characters themselves are the key, write text: before it",
        ),
        LineProblem::HexSlip { wrong } => text(
            format!(
                "{at}: the key looks like hexadecimal, but {wrong} of its characters are no digits"
            ),
            TYPO,
            "correct it; comments need a line of their own; if it is text, write text: before it",
        ),
        LineProblem::Base64OrText => text(
            format!("{at}: the key may be base64 or a password"),
            "both can be spelled like this, and give different keys",
            "write base64: or text: before the key; of stunnel: --psk-format stunnel",
        ),
        LineProblem::BadBase64 => text(
            format!("{at}: the key is not base64"),
            "a character or the = at the end is missing, or it is the variant for URLs, with - and _ for + and /",
            COMPARE,
        ),
        LineProblem::TextBlanks => text(
            format!("{at}: the key is text with blanks at its beginning or end"),
            "every character counts, and these cannot be seen",
            "remove them on both sides, or write the key in hexadecimal",
        ),
    }
}
