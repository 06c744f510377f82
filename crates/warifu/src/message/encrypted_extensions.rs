//! EncryptedExtensions, RFC 8446 Section 4.3.1.

use super::{EncryptedExtensionsExtensions, message};

message! {
    /// EncryptedExtensions, RFC 8446 Section 4.3.1.
    pub(crate) struct EncryptedExtensions<'a>: ENCRYPTED_EXTENSIONS {
        pub(crate) extensions: EncryptedExtensionsExtensions<'a>,
    }
}
