//! Protocol versions.

use super::registry::registry;

registry! {
    /// ProtocolVersion, RFC 8446 Section 4.1.2: two bytes, major and minor.
    pub struct ProtocolVersion(u16) {
        SSL3_0 = 0x0300, "SSL 3.0";
        TLS1_0 = 0x0301, "TLS 1.0";
        TLS1_1 = 0x0302, "TLS 1.1";
        TLS1_2 = 0x0303, "TLS 1.2";
        TLS1_3 = 0x0304, "TLS 1.3";
    }
}
