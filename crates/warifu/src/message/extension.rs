//! Extensions, RFC 8446 Section 4.2: one table.
//!
//! A row says what an extension is called, where it is specified, and, for each message that may
//! carry it, what is inside. All else follows from the rows: a struct of typed options for each message,
//! reading, encoding (in the table's order), and these decisions:
//!
//! | an extension that is | in a request (CH, CR, NST) | in a response (SH, HRR, EE, CT, LSH) |
//! |---|---|---|
//! | unknown here | ignored | `UnsolicitedExtension`, by `check_solicited` |
//! | known, and the row names this message | read | read; `UnsolicitedExtension` if not offered, by `check_solicited` |
//! | known, and the row does not name this message | `MisplacedExtension` | `MisplacedExtension`; in LSH as unknown |
//! | of older versions only (`legacy`) | read in CH, else as unknown | read in LSH, else as unknown |
//! | there twice, known or not | `DuplicateExtension` | `DuplicateExtension` |
//!
//! The columns are those of RFC 8446 Section 4.2: CH ClientHello, SH ServerHello, HRR HelloRetryRequest, EE
//! EncryptedExtensions, CT Certificate, CR CertificateRequest, NST NewSessionTicket. LSH is the ServerHello of TLS 1.2 and
//! older (feature `legacy`).

use core::fmt;

use super::codec::{MAX_16, Opaque8, Reader, Rest, Wire, put_u16, write_block};
use super::extension_data::*;
use crate::error::{Error, PeerMisbehaved};
use crate::parameters::{ExtensionType, MaxFragmentLength, NamedGroup, ProtocolVersion};

/// Expands the table. A row
///
/// ```text
/// cookie: COOKIE, "RFC 8446 Section 4.2.2" { CH: Cookie<'a>, HRR: Cookie<'a>, }
/// ```
///
/// becomes
///
/// ```text
/// // in TABLE                  Row { extension_type: ExtensionType::COOKIE, name: "cookie", carriers: &[…], … },
/// // in ExtensionSet::ALL      | bit(ExtensionType::COOKIE)
/// // in Carrier::extensions()  the same, in the sets of ClientHello and HelloRetryRequest
/// // in extension_struct! of ClientHelloExtensions and of HelloRetryRequestExtensions
/// //                           cookie: Cookie<'a> = COOKIE,
/// ```
macro_rules! extensions {
    (
        $(
            $name:ident : $constant:ident, $rfc:literal $(, $legacy:ident)? {
                $( CH: $ch:ty, )?
                $( SH: $sh:ty, )?
                $( HRR: $hrr:ty, )?
                $( EE: $ee:ty, )?
                $( CT: $ct:ty, )?
                $( CR: $cr:ty, )?
                $( NST: $nst:ty, )?
                $( LSH: $lsh:ty, )?
            }
        )*
    ) => {
        /// The table.
        pub(crate) const TABLE: &[Row] = &[
            $(
                Row {
                    extension_type: ExtensionType::$constant,
                    name: stringify!($name),
                    rfc: $rfc,
                    legacy: { let marks: &[&str] = &[$( stringify!($legacy) )?]; !marks.is_empty() },
                    carriers: &[
                        $( (Carrier::ClientHello, stringify!($ch)), )?
                        $( (Carrier::ServerHello, stringify!($sh)), )?
                        $( (Carrier::HelloRetryRequest, stringify!($hrr)), )?
                        $( (Carrier::EncryptedExtensions, stringify!($ee)), )?
                        $( (Carrier::Certificate, stringify!($ct)), )?
                        $( (Carrier::CertificateRequest, stringify!($cr)), )?
                        $( (Carrier::NewSessionTicket, stringify!($nst)), )?
                        $(
                            #[cfg(feature = "legacy")]
                            (Carrier::LegacyServerHello, stringify!($lsh)),
                        )?
                    ],
                },
            )*
        ];

        impl Carrier {
            /// What the message may carry: a column of the table.
            const fn extensions(self) -> ExtensionSet {
                ExtensionSet(match self {
                    Self::ClientHello => 0 $( $( | (bit(ExtensionType::$constant), stringify!($ch)).0 )? )*,
                    Self::ServerHello => 0 $( $( | (bit(ExtensionType::$constant), stringify!($sh)).0 )? )*,
                    Self::HelloRetryRequest => 0 $( $( | (bit(ExtensionType::$constant), stringify!($hrr)).0 )? )*,
                    Self::EncryptedExtensions => 0 $( $( | (bit(ExtensionType::$constant), stringify!($ee)).0 )? )*,
                    Self::Certificate => 0 $( $( | (bit(ExtensionType::$constant), stringify!($ct)).0 )? )*,
                    Self::CertificateRequest => 0 $( $( | (bit(ExtensionType::$constant), stringify!($cr)).0 )? )*,
                    Self::NewSessionTicket => 0 $( $( | (bit(ExtensionType::$constant), stringify!($nst)).0 )? )*,
                    #[cfg(feature = "legacy")]
                    Self::LegacyServerHello => 0 $( $( | (bit(ExtensionType::$constant), stringify!($lsh)).0 )? )*,
                })
            }
        }

        impl ExtensionSet {
            /// All that the table has.
            const ALL: Self = Self(0 $( | bit(ExtensionType::$constant) )*);

            /// What only older versions answer.
            const LEGACY: Self = Self(0 $( $( | (bit(ExtensionType::$constant), stringify!($legacy)).0 )? )*);
        }

        extension_struct! { ClientHelloExtensions, ClientHello, $( $( $name: $ch = $constant, )? )* }
        extension_struct! { ServerHelloExtensions, ServerHello, $( $( $name: $sh = $constant, )? )* }
        extension_struct! { HelloRetryRequestExtensions, HelloRetryRequest, $( $( $name: $hrr = $constant, )? )* }
        extension_struct! { EncryptedExtensionsExtensions, EncryptedExtensions, $( $( $name: $ee = $constant, )? )* }
        extension_struct! { CertificateExtensions, Certificate, $( $( $name: $ct = $constant, )? )* }
        extension_struct! { CertificateRequestExtensions, CertificateRequest, $( $( $name: $cr = $constant, )? )* }
        extension_struct! { NewSessionTicketExtensions, NewSessionTicket, $( $( $name: $nst = $constant, )? )* }
        #[cfg(feature = "legacy")]
        extension_struct! { LegacyServerHelloExtensions, LegacyServerHello, $( $( $name: $lsh = $constant, )? )* }
    };
}

/// Declares the extensions of one message. `cookie: Cookie<'a> = COOKIE,` becomes
///
/// ```text
/// // in the struct             pub(crate) cookie: Option<Cookie<'a>>,
/// // in read_from              ExtensionType::COOKIE => this.cookie = Some(entry.read("cookie")?),
/// // in encode_to              if let Some(data) = &self.cookie { write_extension(out, ExtensionType::COOKIE, data)?; }
/// // in present                if self.cookie.is_some() { set = set.with(ExtensionType::COOKIE); }
/// ```
///
/// and likewise for equality and Debug.
macro_rules! extension_struct {
    ( $struct:ident, $carrier:ident, $( $name:ident : $type:ty = $constant:ident, )* ) => {
        #[doc = concat!("The extensions of ", stringify!($carrier), ".")]
        #[derive(Clone, Default)]
        pub(crate) struct $struct<'a> {
            $(
                #[doc = concat!("`", stringify!($name), "`")]
                pub(crate) $name: Option<$type>,
            )*
            /// The block as it was read, without its length, unknown extensions included. Empty, and
            /// ignored, in extensions to be sent.
            pub(crate) block: &'a [u8],
        }

        impl $struct<'_> {
            /// Which known extensions are there.
            #[allow(dead_code, reason = "not of every message")]
            pub(crate) fn present(&self) -> ExtensionSet {
                let mut set = ExtensionSet::EMPTY;
                $(
                    if self.$name.is_some() {
                        set = set.with(ExtensionType::$constant);
                    }
                )*
                set
            }

            /// The types in the order in which they were read, unknown ones included.
            pub(crate) fn types(&self) -> impl Iterator<Item = ExtensionType> {
                Entries::new(self.block).flatten().map(|entry| entry.extension_type)
            }
        }

        impl<'a> Wire<'a> for $struct<'a> {
            fn read_from(reader: &mut Reader<'a>, what: &'static str) -> Result<Self, Error> {
                let mut this = Self { block: Carrier::$carrier.read_block(reader, what)?, ..Self::default() };
                for entry in Entries::new(this.block) {
                    let entry = entry?;
                    match entry.extension_type {
                        $( ExtensionType::$constant => this.$name = Some(entry.read(stringify!($name))?), )*
                        _ => {}
                    }
                }
                Ok(this)
            }

            fn encode_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
                Carrier::$carrier.write_block(out, |out| {
                    $(
                        if let Some(data) = &self.$name {
                            write_extension(out, ExtensionType::$constant, data)?;
                        }
                    )*
                    Ok(())
                })
            }
        }

        #[cfg(test)]
        impl super::sample::Sample for $struct<'_> {
            /// Has each extension with even odds.
            fn sample(source: &mut super::sample::Source) -> Self {
                let mut this = Self::default();
                $(
                    if source.coin() {
                        this.$name = Some(super::sample::Sample::sample(source));
                    }
                )*
                this
            }
        }

        impl PartialEq for $struct<'_> {
            /// Compares the known extensions.
            fn eq(&self, other: &Self) -> bool {
                true $( && self.$name == other.$name )*
            }
        }

        impl fmt::Debug for $struct<'_> {
            /// Prints what is there, and the numbers of what is not known.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut fields = f.debug_struct("Extensions");
                $(
                    if let Some(data) = &self.$name {
                        fields.field(stringify!($name), data);
                    }
                )*
                for extension_type in self.types().filter(|extension_type| !ExtensionSet::ALL.contains(*extension_type)) {
                    fields.field("unknown", &extension_type);
                }
                fields.finish()
            }
        }
    };
}

extensions! {
    // The order is that in which we send them. It follows NSS, so that the traces of RFC 8448 can be
    // reproduced, save that what is empty does not come last: WebSphere's TLS once failed on that.
    server_name: SERVER_NAME, "RFC 6066 Section 3" {
        CH: ServerNameList<'a>,
        EE: Empty,
        LSH: Empty,
    }
    renegotiation_info: RENEGOTIATION_INFO, "RFC 5746 Section 3.2", legacy {
        CH: Opaque8<'a, 0, 0xff>,
        LSH: Opaque8<'a, 0, 0xff>,
    }
    extended_main_secret: EXTENDED_MAIN_SECRET, "RFC 7627 Section 5.1", legacy {
        CH: Empty,
        LSH: Empty,
    }
    encrypt_then_mac: ENCRYPT_THEN_MAC, "RFC 7366 Section 2", legacy {
        CH: Empty,
        LSH: Empty,
    }
    supported_groups: SUPPORTED_GROUPS, "RFC 8446 Section 4.2.7" {
        CH: NamedGroupList<'a>,
        EE: NamedGroupList<'a>,
        // No RFC puts it here, yet there are servers that do.
        LSH: NamedGroupList<'a>,
    }
    ec_point_formats: EC_POINT_FORMATS, "RFC 8422 Section 5.1.2", legacy {
        CH: Opaque8<'a, 1, 0xff>,
        LSH: Opaque8<'a, 1, 0xff>,
    }
    session_ticket: SESSION_TICKET, "RFC 5077 Section 3.2", legacy {
        CH: Rest<'a>,
        LSH: Empty,
    }
    application_layer_protocol_negotiation: APPLICATION_LAYER_PROTOCOL_NEGOTIATION, "RFC 7301 Section 3.1" {
        CH: ProtocolNameList<'a>,
        EE: SelectedProtocol<'a>,
        LSH: SelectedProtocol<'a>,
    }
    status_request: STATUS_REQUEST, "RFC 8446 Section 4.4.2.1" {
        CH: CertificateStatusRequest<'a>,
        CT: CertificateStatus<'a>,
        CR: Empty,
        LSH: Empty,
    }
    signed_certificate_timestamp: SIGNED_CERTIFICATE_TIMESTAMP, "RFC 6962 Section 3.3.1" {
        CH: Empty,
        CT: SignedCertificateTimestampList<'a>,
        CR: Empty,
        LSH: SignedCertificateTimestampList<'a>,
    }
    key_share: KEY_SHARE, "RFC 8446 Section 4.2.8" {
        CH: KeyShareClientHello<'a>,
        SH: KeyShareEntry<'a>,
        HRR: NamedGroup,
    }
    early_data: EARLY_DATA, "RFC 8446 Section 4.2.10" {
        CH: Empty,
        EE: Empty,
        NST: u32,
    }
    supported_versions: SUPPORTED_VERSIONS, "RFC 8446 Section 4.2.1" {
        CH: SupportedVersions<'a>,
        SH: ProtocolVersion,
        HRR: ProtocolVersion,
    }
    signature_algorithms: SIGNATURE_ALGORITHMS, "RFC 8446 Section 4.2.3" {
        CH: SignatureSchemeList<'a>,
        CR: SignatureSchemeList<'a>,
    }
    signature_algorithms_cert: SIGNATURE_ALGORITHMS_CERT, "RFC 8446 Section 4.2.3" {
        CH: SignatureSchemeList<'a>,
        CR: SignatureSchemeList<'a>,
    }
    certificate_authorities: CERTIFICATE_AUTHORITIES, "RFC 8446 Section 4.2.4" {
        CH: CertificateAuthorities<'a>,
        CR: CertificateAuthorities<'a>,
    }
    oid_filters: OID_FILTERS, "RFC 8446 Section 4.2.5" {
        CR: OidFilters<'a>,
    }
    cookie: COOKIE, "RFC 8446 Section 4.2.2" {
        CH: Cookie<'a>,
        HRR: Cookie<'a>,
    }
    post_handshake_auth: POST_HANDSHAKE_AUTH, "RFC 8446 Section 4.2.6" {
        CH: Empty,
    }
    psk_key_exchange_modes: PSK_KEY_EXCHANGE_MODES, "RFC 8446 Section 4.2.9" {
        CH: PskKeyExchangeModes<'a>,
    }
    max_fragment_length: MAX_FRAGMENT_LENGTH, "RFC 6066 Section 4" {
        CH: MaxFragmentLength,
        EE: MaxFragmentLength,
        LSH: MaxFragmentLength,
    }
    record_size_limit: RECORD_SIZE_LIMIT, "RFC 8449 Section 4" {
        CH: RecordSizeLimit<RECORD_SIZE_LIMIT_CLIENT>,
        EE: RecordSizeLimit<RECORD_SIZE_LIMIT_SERVER>,
        LSH: RecordSizeLimit<RECORD_SIZE_LIMIT_LEGACY>,
    }
    tls_cert_with_extern_psk: TLS_CERT_WITH_EXTERN_PSK, "RFC 9973 Section 5" {
        CH: Empty,
        SH: Empty,
    }
    padding: PADDING, "RFC 7685 Section 3" {
        CH: Padding,
    }
    // RFC 8446 Section 4.2.11: "The "pre_shared_key" extension MUST be the last extension in the ClientHello".
    pre_shared_key: PRE_SHARED_KEY, "RFC 8446 Section 4.2.11" {
        CH: OfferedPsks<'a>,
        SH: u16,
    }
}

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) extension_type: ExtensionType,
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "for readers and tests of the table")
    )]
    pub(crate) name: &'static str,
    /// Where it is specified.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "for readers and tests of the table")
    )]
    pub(crate) rfc: &'static str,
    /// Only older versions answer it.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "for readers and tests of the table")
    )]
    pub(crate) legacy: bool,
    /// The messages that may carry it, and the type of what is inside.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "for readers and tests of the table")
    )]
    pub(crate) carriers: &'static [(Carrier, &'static str)],
}

/// A message that carries extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carrier {
    ClientHello,
    ServerHello,
    HelloRetryRequest,
    EncryptedExtensions,
    Certificate,
    CertificateRequest,
    NewSessionTicket,
    /// ServerHello of TLS 1.2 and older.
    #[cfg(feature = "legacy")]
    LegacyServerHello,
}

impl Carrier {
    /// The message's name in errors.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ClientHello => "ClientHello",
            Self::ServerHello => "ServerHello",
            Self::HelloRetryRequest => "HelloRetryRequest",
            Self::EncryptedExtensions => "EncryptedExtensions",
            Self::Certificate => "Certificate",
            Self::CertificateRequest => "CertificateRequest",
            Self::NewSessionTicket => "NewSessionTicket",
            #[cfg(feature = "legacy")]
            Self::LegacyServerHello => "ServerHello",
        }
    }

    /// The range of the block, in bytes. The RFC gives ClientHello at least 8 and ServerHello at least 6;
    /// peers of older versions may send less, and a TLS 1.3 peer that does lacks supported_versions,
    /// which is the better error.
    const fn range(self) -> (usize, usize) {
        match self {
            Self::ClientHello | Self::ServerHello => (0, MAX_16),
            Self::EncryptedExtensions | Self::Certificate => (0, MAX_16),
            Self::HelloRetryRequest => (6, MAX_16),
            Self::CertificateRequest => (2, MAX_16),
            Self::NewSessionTicket => (0, MAX_16 - 1),
            #[cfg(feature = "legacy")]
            Self::LegacyServerHello => (0, MAX_16),
        }
    }

    /// Whether a message without extensions may also leave out the block's length, as older versions
    /// do (RFC 5246 Section 7.4.1.2). We leave it out.
    const fn may_lack_block(self) -> bool {
        matches!(self, Self::ClientHello | Self::ServerHello) || self.is_legacy()
    }

    /// Whether it is a message of TLS 1.2 and older.
    const fn is_legacy(self) -> bool {
        #[cfg(feature = "legacy")]
        return matches!(self, Self::LegacyServerHello);
        #[cfg(not(feature = "legacy"))]
        false
    }

    /// Takes the block and decides by the table all that does not need to look inside extensions.
    fn read_block<'a>(
        self,
        reader: &mut Reader<'a>,
        what: &'static str,
    ) -> Result<&'a [u8], Error> {
        if self.may_lack_block() && reader.is_empty() {
            return Ok(&[]);
        }
        let (min, max) = self.range();
        let block = reader.block(2, min, max, what)?;
        let mut known = ExtensionSet::EMPTY;
        let mut all_known_once = true;
        let mut last = None;
        for entry in Entries::new(block) {
            let extension_type = entry?.extension_type;
            // Empty for a type that is not known here.
            let this = ExtensionSet::EMPTY.with(extension_type);
            self.check_placement(extension_type, this)?;
            all_known_once &= this != ExtensionSet::EMPTY && !known.intersects(this);
            known = known.union(this);
            last = Some(extension_type);
        }
        // RFC 8446 Section 4.2: "There MUST NOT be more than one extension of the same type in a
        // given extension block." The set tells that of known ones; unknown ones need the slower way.
        if !all_known_once {
            let types = Entries::new(block)
                .flatten()
                .map(|entry| entry.extension_type.0);
            if let Some(number) = first_duplicate(types) {
                return Err(PeerMisbehaved::DuplicateExtension {
                    extension: ExtensionType(number),
                    message: self.name(),
                }
                .into());
            }
        }
        // RFC 8446 Section 4.2.11: "Servers MUST check that it is the last extension and otherwise
        // fail the handshake with an "illegal_parameter" alert."
        let psk = ExtensionType::PRE_SHARED_KEY;
        if self == Self::ClientHello && known.contains(psk) && last != Some(psk) {
            return Err(PeerMisbehaved::PreSharedKeyNotLast.into());
        }
        Ok(block)
    }

    /// RFC 8446 Section 4.2: "If an implementation receives an extension which it recognizes and which is
    /// not specified for the message in which it appears, it MUST abort the handshake with an
    /// "illegal_parameter" alert." An extension of older versions is one that TLS 1.3 does not
    /// recognize, outside ClientHello. Older versions have no such rule; `check_solicited` finds what is out of place.
    /// `this` is the set of the extension, empty if it is not known here.
    fn check_placement(
        self,
        extension: ExtensionType,
        this: ExtensionSet,
    ) -> Result<(), PeerMisbehaved> {
        let allowed = self.extensions().union(ExtensionSet::LEGACY);
        if this == ExtensionSet::EMPTY || allowed.intersects(this) || self.is_legacy() {
            return Ok(());
        }
        Err(PeerMisbehaved::MisplacedExtension {
            extension,
            message: self.name(),
        })
    }

    /// Fails on the first extension of `block` that is not among `offered`.
    fn check_solicited(
        self,
        block: &[u8],
        mut offered: ExtensionSet,
    ) -> Result<(), PeerMisbehaved> {
        // RFC 8446 Section 4.2: "Implementations MUST NOT send extension responses if the remote
        // endpoint did not send the corresponding extension requests, with the exception of the
        // "cookie" extension in the HelloRetryRequest." RFC 5246 Section 7.4.1.4 says the same of ServerHello, and
        // what no row allows there answers nothing, offered though it was for TLS 1.3.
        if self == Self::HelloRetryRequest {
            offered = offered.with(ExtensionType::COOKIE);
        }
        let allowed = offered.intersection(self.extensions());
        let unsolicited = Entries::new(block)
            .flatten()
            .map(|entry| entry.extension_type)
            .find(|extension_type| !allowed.contains(*extension_type));
        match unsolicited {
            Some(extension) => Err(PeerMisbehaved::UnsolicitedExtension {
                extension,
                message: self.name(),
            }),
            None => Ok(()),
        }
    }

    /// Writes the block whose extensions `content` appends.
    fn write_block(
        self,
        out: &mut Vec<u8>,
        content: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (min, max) = self.range();
        let start = out.len();
        write_block(out, 2, min, max, content)?;
        if self.may_lack_block() && out.len() == start + 2 {
            out.truncate(start);
        }
        Ok(())
    }
}

#[cfg(test)]
impl Row {
    /// The row of a type, if it is known here.
    pub(crate) fn of(extension_type: ExtensionType) -> Option<&'static Self> {
        let mut rows = TABLE.iter();
        rows.find(|row| row.extension_type == extension_type)
    }

    /// Whether a message may carry it.
    pub(crate) fn may_be_in(&self, carrier: Carrier) -> bool {
        self.carriers.iter().any(|(other, _)| *other == carrier)
    }
}

/// Gives the messages that answer others their check for what was not asked.
macro_rules! responses {
    ( $( $(#[$attribute:meta])* $struct:ident: $carrier:ident, )* ) => {$(
        $(#[$attribute])*
        impl $struct<'_> {
            /// Checks that the message, as it was read, has no extension but those that the message
            /// which it answers offered.
            ///
            /// # Errors
            /// `UnsolicitedExtension` for the first that was not offered; unknown ones never are.
            pub(crate) fn check_solicited(&self, offered: ExtensionSet) -> Result<(), PeerMisbehaved> {
                Carrier::$carrier.check_solicited(self.block, offered)
            }
        }
    )*};
}
impl ClientHelloExtensions<'_> {
    /// Whether both blocks, as they were read, hold the same extensions with the same content, apart from those in
    /// `but_for`.
    ///
    /// Their order is free: Section 4.2 says that extensions may appear in any, and there are clients whose second
    /// ClientHello has another than their first.
    pub(crate) fn same_but_for(&self, other: &Self, but_for: ExtensionSet) -> bool {
        let kept = |block| {
            let mut kept: Vec<_> = Entries::new(block)
                .flatten()
                .filter(|entry| !but_for.contains(entry.extension_type))
                .map(|entry| (entry.extension_type, entry.extension_data))
                .collect();
            kept.sort_unstable();
            kept
        };
        kept(self.block) == kept(other.block)
    }
}

responses! {
    ServerHelloExtensions: ServerHello,
    HelloRetryRequestExtensions: HelloRetryRequest,
    EncryptedExtensionsExtensions: EncryptedExtensions,
    CertificateExtensions: Certificate,
    #[cfg(feature = "legacy")]
    #[allow(dead_code, reason = "used by the flows of older versions")]
    LegacyServerHelloExtensions: LegacyServerHello,
}

/// A set of known extension types.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ExtensionSet(u64);

/// The place of a type in an [`ExtensionSet`]: that of its number, but for one that lies far from all others. 0 for one that has no
/// place.
const fn bit(extension_type: ExtensionType) -> u64 {
    match extension_type {
        ExtensionType::RENEGOTIATION_INFO => 1 << 63,
        ExtensionType(number @ 0..63) => 1 << number,
        _ => 0,
    }
}

// Each type of the table has a place.
const _: () = assert!(TABLE.len() == ExtensionSet::ALL.0.count_ones() as usize);

impl ExtensionSet {
    pub(crate) const EMPTY: Self = Self(0);

    /// The set and this type; the set itself for a type that is not known here.
    #[must_use]
    pub(crate) fn with(self, extension_type: ExtensionType) -> Self {
        Self(self.0 | bit(extension_type) & Self::ALL.0)
    }

    pub(crate) fn contains(self, extension_type: ExtensionType) -> bool {
        self.0 & bit(extension_type) != 0
    }

    /// What is in either set.
    const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both sets.
    const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether anything is in both sets.
    const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The types in the table's order.
    pub(crate) fn iter(self) -> impl Iterator<Item = ExtensionType> {
        TABLE
            .iter()
            .map(|row| row.extension_type)
            .filter(move |extension_type| self.contains(*extension_type))
    }
}

impl fmt::Debug for ExtensionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Extension, RFC 8446 Section 4.2.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) extension_type: ExtensionType,
    pub(crate) extension_data: &'a [u8],
}

impl<'a> Entry<'a> {
    /// Reads what is inside, to the last byte.
    fn read<T: Wire<'a>>(self, name: &'static str) -> Result<T, Error> {
        let mut reader = Reader::new(self.extension_data);
        let data = T::read_from(&mut reader, name)?;
        reader.finish(name)?;
        Ok(data)
    }
}

/// The extensions of a block, in their order. Ends after the first that cannot be read.
#[derive(Clone)]
pub(crate) struct Entries<'a> {
    rest: Reader<'a>,
}

impl<'a> Entries<'a> {
    pub(crate) fn new(block: &'a [u8]) -> Self {
        Self {
            rest: Reader::new(block),
        }
    }

    fn read(&mut self) -> Result<Entry<'a>, Error> {
        Ok(Entry {
            extension_type: ExtensionType(self.rest.u16("Extension.extension_type")?),
            extension_data: self.rest.block(2, 0, MAX_16, "Extension.extension_data")?,
        })
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let entry = self.read();
        if entry.is_err() {
            self.rest.rest();
        }
        Some(entry)
    }
}

fn write_extension<'a>(
    out: &mut Vec<u8>,
    extension_type: ExtensionType,
    data: &impl Wire<'a>,
) -> Result<(), Error> {
    put_u16(out, extension_type.0);
    write_block(out, 2, 0, MAX_16, |out| data.encode_to(out))
}

/// How many values [`first_duplicate`] compares one by one.
const FEW: usize = 32;

/// A value that occurs twice. Takes time linear in the number of values, which a peer chooses: more
/// than a few are marked in a bit map of 8 KiB on the stack.
pub(crate) fn first_duplicate(values: impl Iterator<Item = u16> + Clone) -> Option<u16> {
    let mut few = [0; FEW];
    for (count, value) in values.clone().enumerate() {
        if few.iter().take(count).any(|other| *other == value) {
            return Some(value);
        }
        match few.get_mut(count) {
            Some(place) => *place = value,
            None => return first_duplicate_of_many(values),
        }
    }
    None
}

#[cold]
#[inline(never)]
fn first_duplicate_of_many(mut values: impl Iterator<Item = u16>) -> Option<u16> {
    let mut seen = Marks::new();
    values.find(|value| seen.mark(*value))
}

/// Whether each of `values` is among `of`. Takes time linear in the length of both, like [`first_duplicate`].
pub(crate) fn is_subset(
    mut values: impl Iterator<Item = u16> + Clone,
    of: impl Iterator<Item = u16> + Clone,
) -> bool {
    if values.clone().nth(FEW).is_some() {
        return is_subset_of_many(values, of);
    }
    values.all(|value| of.clone().any(|other| other == value))
}

#[cold]
#[inline(never)]
fn is_subset_of_many(mut values: impl Iterator<Item = u16>, of: impl Iterator<Item = u16>) -> bool {
    let mut marks = Marks::new();
    of.for_each(|value| {
        marks.mark(value);
    });
    values.all(|value| marks.mark(value))
}

/// A set of 16-bit values.
struct Marks([u64; (1 << 16) / 64]);

impl Marks {
    fn new() -> Self {
        Self([0; (1 << 16) / 64])
    }

    /// Adds a value; says whether it was there.
    fn mark(&mut self, value: u16) -> bool {
        let bit = 1 << (value % 64);
        self.0.get_mut(usize::from(value / 64)).is_none_or(|word| {
            let again = *word & bit != 0;
            *word |= bit;
            again
        })
    }
}
