//! How a pre-shared key is combined with a key exchange.

use super::registry::registry;

registry! {
    /// PskKeyExchangeMode, RFC 8446 Section 4.2.9.
    pub struct PskKeyExchangeMode(u8) {
        /// The key alone: no forward secrecy.
        PSK_KE = 0, "psk_ke";
        /// The key and an (EC)DHE or hybrid exchange.
        PSK_DHE_KE = 1, "psk_dhe_ke";
    }
}
