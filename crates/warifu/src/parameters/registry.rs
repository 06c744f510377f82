//! The macro behind every registry, and the two smallest registries.

/// Declares an IANA registry as a newtype with named constants.
///
/// `Display` prints the constant's IANA spelling (given as a string) or, for unknown values, the
/// number in hexadecimal.
macro_rules! registry {
    (
        $(#[$doc:meta])*
        pub struct $name:ident($int:ty) {
            $( $(#[$const_doc:meta])* $constant:ident = $value:literal, $iana:literal; )*
        }
    ) => {
        $(#[$doc])*
        #[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub $int);

        impl $name {
            $( $(#[$const_doc])* #[doc = concat!("IANA: `", $iana, "`.")] pub const $constant: Self = Self($value); )*

            /// The IANA spelling, or `None` for a value without a name here.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $( $value => Some($iana), )*
                    _ => None,
                }
            }

            /// The value with this IANA spelling, letter case ignored.
            pub fn from_name(name: &str) -> Option<Self> {
                $( if name.eq_ignore_ascii_case($iana) { return Some(Self::$constant); } )*
                None
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self.name() {
                    Some(name) => f.write_str(name),
                    None => write!(f, "{:#x}", self.0),
                }
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Display::fmt(self, f)
            }
        }
    };
}
pub(crate) use registry;

registry! {
    /// TLS ContentType, RFC 8446 Section 5.1.
    pub struct ContentType(u8) {
        CHANGE_CIPHER_SPEC = 20, "change_cipher_spec";
        ALERT = 21, "alert";
        HANDSHAKE = 22, "handshake";
        APPLICATION_DATA = 23, "application_data";
        HEARTBEAT = 24, "heartbeat";
    }
}

registry! {
    /// TLS HandshakeType, RFC 8446 Section 4 and the older versions' values. `Display` prints the
    /// message's name as the RFCs' text writes it.
    pub struct HandshakeType(u8) {
        HELLO_REQUEST = 0, "HelloRequest";
        CLIENT_HELLO = 1, "ClientHello";
        SERVER_HELLO = 2, "ServerHello";
        NEW_SESSION_TICKET = 4, "NewSessionTicket";
        END_OF_EARLY_DATA = 5, "EndOfEarlyData";
        ENCRYPTED_EXTENSIONS = 8, "EncryptedExtensions";
        CERTIFICATE = 11, "Certificate";
        SERVER_KEY_EXCHANGE = 12, "ServerKeyExchange";
        CERTIFICATE_REQUEST = 13, "CertificateRequest";
        SERVER_HELLO_DONE = 14, "ServerHelloDone";
        CERTIFICATE_VERIFY = 15, "CertificateVerify";
        CLIENT_KEY_EXCHANGE = 16, "ClientKeyExchange";
        FINISHED = 20, "Finished";
        CERTIFICATE_STATUS = 22, "CertificateStatus";
        KEY_UPDATE = 24, "KeyUpdate";
        COMPRESSED_CERTIFICATE = 25, "CompressedCertificate";
        MESSAGE_HASH = 254, "message_hash";
    }
}
