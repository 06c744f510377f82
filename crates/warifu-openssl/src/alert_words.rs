//! Alerts in letters and words.

use core::ffi::{CStr, c_int};

const WARNING: c_int = 1;
const FATAL: c_int = 2;

/// Number, letters and words of each alert, by the registry's names.
const ALERTS: &[(c_int, &CStr, &CStr)] = &[
    (0, c"CN", c"close notify"),
    (10, c"UM", c"unexpected message"),
    (20, c"BM", c"bad record mac"),
    (21, c"DC", c"decryption failed"),
    (22, c"RO", c"record overflow"),
    (30, c"DF", c"decompression failure"),
    (40, c"HF", c"handshake failure"),
    (41, c"NC", c"no certificate"),
    (42, c"BC", c"bad certificate"),
    (43, c"UC", c"unsupported certificate"),
    (44, c"CR", c"certificate revoked"),
    (45, c"CE", c"certificate expired"),
    (46, c"CU", c"certificate unknown"),
    (47, c"IP", c"illegal parameter"),
    (48, c"CA", c"unknown CA"),
    (49, c"AD", c"access denied"),
    (50, c"DE", c"decode error"),
    (51, c"CY", c"decrypt error"),
    (60, c"ER", c"export restriction"),
    (70, c"PV", c"protocol version"),
    (71, c"IS", c"insufficient security"),
    (80, c"IE", c"internal error"),
    (86, c"UK", c"inappropriate fallback"),
    (90, c"US", c"user canceled"),
    (100, c"NR", c"no renegotiation"),
    (109, c"UK", c"missing extension"),
    (110, c"UE", c"unsupported extension"),
    (111, c"CO", c"certificate unobtainable"),
    (112, c"UN", c"unrecognized name"),
    (113, c"BR", c"bad certificate status response"),
    (114, c"BH", c"bad certificate hash value"),
    (115, c"UP", c"unknown PSK identity"),
    (116, c"UK", c"certificate required"),
    (120, c"UK", c"no application protocol"),
];

fn row(value: c_int) -> Option<&'static (c_int, &'static CStr, &'static CStr)> {
    ALERTS.iter().find(|(number, ..)| *number == value & 0xff)
}

/// `SSL_alert_desc_string`
pub(crate) fn letters(value: c_int) -> &'static CStr {
    row(value).map_or(c"UK", |(_, letters, _)| letters)
}

/// `SSL_alert_desc_string_long`
pub(crate) fn words(value: c_int) -> &'static CStr {
    row(value).map_or(c"unknown", |(.., words)| words)
}

/// `SSL_alert_type_string`
pub(crate) fn level_letter(value: c_int) -> &'static CStr {
    match value >> 8 {
        WARNING => c"W",
        FATAL => c"F",
        _ => c"U",
    }
}

/// `SSL_alert_type_string_long`
pub(crate) fn level(value: c_int) -> &'static CStr {
    match value >> 8 {
        WARNING => c"warning",
        FATAL => c"fatal",
        _ => c"unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_have_words() {
        assert_eq!(
            (level(0x228), words(0x228)),
            (c"fatal", c"handshake failure")
        );
        assert_eq!((level_letter(0x100), letters(0x100)), (c"W", c"CN"));
        assert_eq!((level(0), words(255)), (c"unknown", c"unknown"));
        assert_eq!((level_letter(-1), letters(-1)), (c"U", c"UK"));
    }
}
