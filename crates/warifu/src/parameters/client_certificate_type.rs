//! What kinds of certificates a server of an older version takes.

use super::registry::registry;

registry! {
    /// ClientCertificateType, RFC 5246 Section 7.4.4 and RFC 8422 Section 5.5.
    pub struct ClientCertificateType(u8) {
        RSA_SIGN = 1, "rsa_sign";
        DSS_SIGN = 2, "dss_sign";
        ECDSA_SIGN = 64, "ecdsa_sign";
    }
}
