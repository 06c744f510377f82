//! What other programs call cipher suites, so that lists can be taken over from their configurations.

use super::CipherSuite;

/// The suite, its name in OpenSSL, its name in GnuTLS; empty where the program does not have the suite. OpenSSL's names of
/// suites with 3DES are those of builds that still have them.
#[rustfmt::skip]
const NAMES: [(CipherSuite, &str, &str); 88] = [
    (CipherSuite::TLS_AES_128_GCM_SHA256, "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"),
    (CipherSuite::TLS_AES_256_GCM_SHA384, "TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384"),
    (CipherSuite::TLS_CHACHA20_POLY1305_SHA256, "TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256"),
    (CipherSuite::TLS_AES_128_CCM_SHA256, "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_SHA256"),
    (CipherSuite::TLS_AES_128_CCM_8_SHA256, "TLS_AES_128_CCM_8_SHA256", "TLS_AES_128_CCM_8_SHA256"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_ECDHE_ECDSA_AES_128_GCM_SHA256"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_ECDHE_ECDSA_AES_256_GCM_SHA384"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-ECDSA-CHACHA20-POLY1305", "TLS_ECDHE_ECDSA_CHACHA20_POLY1305"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CCM, "ECDHE-ECDSA-AES128-CCM", "TLS_ECDHE_ECDSA_AES_128_CCM"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_CCM, "ECDHE-ECDSA-AES256-CCM", "TLS_ECDHE_ECDSA_AES_256_CCM"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8, "ECDHE-ECDSA-AES128-CCM8", "TLS_ECDHE_ECDSA_AES_128_CCM_8"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8, "ECDHE-ECDSA-AES256-CCM8", "TLS_ECDHE_ECDSA_AES_256_CCM_8"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, "ECDHE-ECDSA-AES128-SHA", "TLS_ECDHE_ECDSA_AES_128_CBC_SHA1"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, "ECDHE-ECDSA-AES256-SHA", "TLS_ECDHE_ECDSA_AES_256_CBC_SHA1"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, "ECDHE-ECDSA-AES128-SHA256", "TLS_ECDHE_ECDSA_AES_128_CBC_SHA256"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384, "ECDHE-ECDSA-AES256-SHA384", "TLS_ECDHE_ECDSA_AES_256_CBC_SHA384"),
    (CipherSuite::TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA, "ECDHE-ECDSA-DES-CBC3-SHA", "TLS_ECDHE_ECDSA_3DES_EDE_CBC_SHA1"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_AES_128_GCM_SHA256"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "ECDHE-RSA-AES256-GCM-SHA384", "TLS_ECDHE_RSA_AES_256_GCM_SHA384"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-RSA-CHACHA20-POLY1305", "TLS_ECDHE_RSA_CHACHA20_POLY1305"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, "ECDHE-RSA-AES128-SHA", "TLS_ECDHE_RSA_AES_128_CBC_SHA1"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, "ECDHE-RSA-AES256-SHA", "TLS_ECDHE_RSA_AES_256_CBC_SHA1"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, "ECDHE-RSA-AES128-SHA256", "TLS_ECDHE_RSA_AES_128_CBC_SHA256"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384, "ECDHE-RSA-AES256-SHA384", "TLS_ECDHE_RSA_AES_256_CBC_SHA384"),
    (CipherSuite::TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA, "ECDHE-RSA-DES-CBC3-SHA", "TLS_ECDHE_RSA_3DES_EDE_CBC_SHA1"),
    (CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256, "", ""),
    (CipherSuite::TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384, "", ""),
    (CipherSuite::TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-PSK-CHACHA20-POLY1305", "TLS_ECDHE_PSK_CHACHA20_POLY1305"),
    (CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256, "", ""),
    (CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256, "", ""),
    (CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA, "ECDHE-PSK-AES128-CBC-SHA", "TLS_ECDHE_PSK_AES_128_CBC_SHA1"),
    (CipherSuite::TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA, "ECDHE-PSK-AES256-CBC-SHA", "TLS_ECDHE_PSK_AES_256_CBC_SHA1"),
    (CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256, "ECDHE-PSK-AES128-CBC-SHA256", "TLS_ECDHE_PSK_AES_128_CBC_SHA256"),
    (CipherSuite::TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384, "ECDHE-PSK-AES256-CBC-SHA384", "TLS_ECDHE_PSK_AES_256_CBC_SHA384"),
    (CipherSuite::TLS_ECDHE_PSK_WITH_3DES_EDE_CBC_SHA, "ECDHE-PSK-3DES-EDE-CBC-SHA", "TLS_ECDHE_PSK_3DES_EDE_CBC_SHA1"),
    (CipherSuite::TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, "DHE-RSA-AES128-GCM-SHA256", "TLS_DHE_RSA_AES_128_GCM_SHA256"),
    (CipherSuite::TLS_DHE_RSA_WITH_AES_256_GCM_SHA384, "DHE-RSA-AES256-GCM-SHA384", "TLS_DHE_RSA_AES_256_GCM_SHA384"),
    (CipherSuite::TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "DHE-RSA-CHACHA20-POLY1305", "TLS_DHE_RSA_CHACHA20_POLY1305"),
    (CipherSuite::TLS_DHE_RSA_WITH_AES_128_CCM, "DHE-RSA-AES128-CCM", "TLS_DHE_RSA_AES_128_CCM"),
    (CipherSuite::TLS_DHE_RSA_WITH_AES_256_CCM, "DHE-RSA-AES256-CCM", "TLS_DHE_RSA_AES_256_CCM"),
    (CipherSuite::TLS_DHE_RSA_WITH_AES_128_CCM_8, "DHE-RSA-AES128-CCM8", "TLS_DHE_RSA_AES_128_CCM_8"),
    (CipherSuite::TLS_DHE_RSA_WITH_AES_256_CCM_8, "DHE-RSA-AES256-CCM8", "TLS_DHE_RSA_AES_256_CCM_8"),
    (CipherSuite::TLS_DHE_RSA_WITH_AES_128_CBC_SHA, "DHE-RSA-AES128-SHA", "TLS_DHE_RSA_AES_128_CBC_SHA1"),
    (CipherSuite::TLS_DHE_RSA_WITH_AES_256_CBC_SHA, "DHE-RSA-AES256-SHA", "TLS_DHE_RSA_AES_256_CBC_SHA1"),
    (CipherSuite::TLS_DHE_RSA_WITH_AES_128_CBC_SHA256, "DHE-RSA-AES128-SHA256", "TLS_DHE_RSA_AES_128_CBC_SHA256"),
    (CipherSuite::TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA, "DHE-RSA-DES-CBC3-SHA", "TLS_DHE_RSA_3DES_EDE_CBC_SHA1"),
    (CipherSuite::TLS_DHE_PSK_WITH_AES_128_GCM_SHA256, "DHE-PSK-AES128-GCM-SHA256", "TLS_DHE_PSK_AES_128_GCM_SHA256"),
    (CipherSuite::TLS_DHE_PSK_WITH_AES_256_GCM_SHA384, "DHE-PSK-AES256-GCM-SHA384", "TLS_DHE_PSK_AES_256_GCM_SHA384"),
    (CipherSuite::TLS_DHE_PSK_WITH_CHACHA20_POLY1305_SHA256, "DHE-PSK-CHACHA20-POLY1305", "TLS_DHE_PSK_CHACHA20_POLY1305"),
    (CipherSuite::TLS_DHE_PSK_WITH_AES_128_CCM, "DHE-PSK-AES128-CCM", "TLS_DHE_PSK_AES_128_CCM"),
    (CipherSuite::TLS_DHE_PSK_WITH_AES_256_CCM, "DHE-PSK-AES256-CCM", "TLS_DHE_PSK_AES_256_CCM"),
    (CipherSuite::TLS_PSK_DHE_WITH_AES_128_CCM_8, "DHE-PSK-AES128-CCM8", "TLS_DHE_PSK_AES_128_CCM_8"),
    (CipherSuite::TLS_PSK_DHE_WITH_AES_256_CCM_8, "DHE-PSK-AES256-CCM8", "TLS_DHE_PSK_AES_256_CCM_8"),
    (CipherSuite::TLS_DHE_PSK_WITH_AES_128_CBC_SHA, "DHE-PSK-AES128-CBC-SHA", "TLS_DHE_PSK_AES_128_CBC_SHA1"),
    (CipherSuite::TLS_DHE_PSK_WITH_AES_256_CBC_SHA, "DHE-PSK-AES256-CBC-SHA", "TLS_DHE_PSK_AES_256_CBC_SHA1"),
    (CipherSuite::TLS_DHE_PSK_WITH_AES_128_CBC_SHA256, "DHE-PSK-AES128-CBC-SHA256", "TLS_DHE_PSK_AES_128_CBC_SHA256"),
    (CipherSuite::TLS_DHE_PSK_WITH_AES_256_CBC_SHA384, "DHE-PSK-AES256-CBC-SHA384", "TLS_DHE_PSK_AES_256_CBC_SHA384"),
    (CipherSuite::TLS_DHE_PSK_WITH_3DES_EDE_CBC_SHA, "DHE-PSK-3DES-EDE-CBC-SHA", "TLS_DHE_PSK_3DES_EDE_CBC_SHA1"),
    (CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256, "AES128-GCM-SHA256", "TLS_RSA_AES_128_GCM_SHA256"),
    (CipherSuite::TLS_RSA_WITH_AES_256_GCM_SHA384, "AES256-GCM-SHA384", "TLS_RSA_AES_256_GCM_SHA384"),
    (CipherSuite::TLS_RSA_WITH_AES_128_CCM, "AES128-CCM", "TLS_RSA_AES_128_CCM"),
    (CipherSuite::TLS_RSA_WITH_AES_256_CCM, "AES256-CCM", "TLS_RSA_AES_256_CCM"),
    (CipherSuite::TLS_RSA_WITH_AES_128_CCM_8, "AES128-CCM8", "TLS_RSA_AES_128_CCM_8"),
    (CipherSuite::TLS_RSA_WITH_AES_256_CCM_8, "AES256-CCM8", "TLS_RSA_AES_256_CCM_8"),
    (CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA, "AES128-SHA", "TLS_RSA_AES_128_CBC_SHA1"),
    (CipherSuite::TLS_RSA_WITH_AES_256_CBC_SHA, "AES256-SHA", "TLS_RSA_AES_256_CBC_SHA1"),
    (CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA256, "AES128-SHA256", "TLS_RSA_AES_128_CBC_SHA256"),
    (CipherSuite::TLS_RSA_WITH_3DES_EDE_CBC_SHA, "DES-CBC3-SHA", "TLS_RSA_3DES_EDE_CBC_SHA1"),
    (CipherSuite::TLS_RSA_PSK_WITH_AES_128_GCM_SHA256, "RSA-PSK-AES128-GCM-SHA256", "TLS_RSA_PSK_AES_128_GCM_SHA256"),
    (CipherSuite::TLS_RSA_PSK_WITH_AES_256_GCM_SHA384, "RSA-PSK-AES256-GCM-SHA384", "TLS_RSA_PSK_AES_256_GCM_SHA384"),
    (CipherSuite::TLS_RSA_PSK_WITH_CHACHA20_POLY1305_SHA256, "RSA-PSK-CHACHA20-POLY1305", "TLS_RSA_PSK_CHACHA20_POLY1305"),
    (CipherSuite::TLS_RSA_PSK_WITH_AES_128_CBC_SHA, "RSA-PSK-AES128-CBC-SHA", "TLS_RSA_PSK_AES_128_CBC_SHA1"),
    (CipherSuite::TLS_RSA_PSK_WITH_AES_256_CBC_SHA, "RSA-PSK-AES256-CBC-SHA", "TLS_RSA_PSK_AES_256_CBC_SHA1"),
    (CipherSuite::TLS_RSA_PSK_WITH_AES_128_CBC_SHA256, "RSA-PSK-AES128-CBC-SHA256", "TLS_RSA_PSK_AES_128_CBC_SHA256"),
    (CipherSuite::TLS_RSA_PSK_WITH_AES_256_CBC_SHA384, "RSA-PSK-AES256-CBC-SHA384", "TLS_RSA_PSK_AES_256_CBC_SHA384"),
    (CipherSuite::TLS_RSA_PSK_WITH_3DES_EDE_CBC_SHA, "RSA-PSK-3DES-EDE-CBC-SHA", "TLS_RSA_PSK_3DES_EDE_CBC_SHA1"),
    (CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256, "PSK-AES128-GCM-SHA256", "TLS_PSK_AES_128_GCM_SHA256"),
    (CipherSuite::TLS_PSK_WITH_AES_256_GCM_SHA384, "PSK-AES256-GCM-SHA384", "TLS_PSK_AES_256_GCM_SHA384"),
    (CipherSuite::TLS_PSK_WITH_CHACHA20_POLY1305_SHA256, "PSK-CHACHA20-POLY1305", "TLS_PSK_CHACHA20_POLY1305"),
    (CipherSuite::TLS_PSK_WITH_AES_128_CCM, "PSK-AES128-CCM", "TLS_PSK_AES_128_CCM"),
    (CipherSuite::TLS_PSK_WITH_AES_256_CCM, "PSK-AES256-CCM", "TLS_PSK_AES_256_CCM"),
    (CipherSuite::TLS_PSK_WITH_AES_128_CCM_8, "PSK-AES128-CCM8", "TLS_PSK_AES_128_CCM_8"),
    (CipherSuite::TLS_PSK_WITH_AES_256_CCM_8, "PSK-AES256-CCM8", "TLS_PSK_AES_256_CCM_8"),
    (CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA, "PSK-AES128-CBC-SHA", "TLS_PSK_AES_128_CBC_SHA1"),
    (CipherSuite::TLS_PSK_WITH_AES_256_CBC_SHA, "PSK-AES256-CBC-SHA", "TLS_PSK_AES_256_CBC_SHA1"),
    (CipherSuite::TLS_PSK_WITH_AES_128_CBC_SHA256, "PSK-AES128-CBC-SHA256", "TLS_PSK_AES_128_CBC_SHA256"),
    (CipherSuite::TLS_PSK_WITH_AES_256_CBC_SHA384, "PSK-AES256-CBC-SHA384", "TLS_PSK_AES_256_CBC_SHA384"),
    (CipherSuite::TLS_PSK_WITH_3DES_EDE_CBC_SHA, "PSK-3DES-EDE-CBC-SHA", "TLS_PSK_3DES_EDE_CBC_SHA1"),
];

impl CipherSuite {
    fn names(self) -> Option<(&'static str, &'static str)> {
        NAMES
            .into_iter()
            .find_map(|(suite, openssl, gnutls)| (suite == self).then_some((openssl, gnutls)))
    }

    /// What OpenSSL calls the suite, as in `ECDHE-RSA-AES128-GCM-SHA256`; `None` if OpenSSL does not have it.
    pub fn openssl_name(self) -> Option<&'static str> {
        self.names()
            .map(|(openssl, _)| openssl)
            .filter(|name| !name.is_empty())
    }

    /// What GnuTLS calls the suite, as in `TLS_ECDHE_RSA_AES_128_GCM_SHA256`; `None` if GnuTLS does not have it.
    pub fn gnutls_name(self) -> Option<&'static str> {
        self.names()
            .map(|(_, gnutls)| gnutls)
            .filter(|name| !name.is_empty())
    }

    /// The suite that IANA, OpenSSL or GnuTLS calls `name`, letter case ignored. No name means two suites.
    ///
    /// ```
    /// use warifu::parameters::CipherSuite;
    ///
    /// for name in [
    ///     "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    ///     "ECDHE-RSA-AES128-SHA",
    ///     "TLS_ECDHE_RSA_AES_128_CBC_SHA1",
    /// ] {
    ///     assert_eq!(CipherSuite::from_any_name(name), Some(CipherSuite(0xc013)));
    /// }
    /// ```
    pub fn from_any_name(name: &str) -> Option<Self> {
        Self::from_name(name).or_else(|| {
            NAMES
                .into_iter()
                .find(|(_, openssl, gnutls)| {
                    !name.is_empty()
                        && [openssl, gnutls]
                            .iter()
                            .any(|other| name.eq_ignore_ascii_case(other))
                })
                .map(|(suite, ..)| suite)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::process::Command;

    use super::*;

    #[test]
    fn every_name_means_one_suite() {
        let mut all: BTreeMap<String, CipherSuite> = BTreeMap::new();
        for (suite, openssl, gnutls) in NAMES {
            let iana = suite.name().unwrap();
            for name in [iana, openssl, gnutls] {
                if name.is_empty() {
                    continue;
                }
                for name in [name.to_lowercase(), name.to_owned()] {
                    assert_eq!(CipherSuite::from_any_name(&name), Some(suite), "{name}");
                    let other = all.insert(name, suite);
                    assert!(other.is_none_or(|other| other == suite), "{iana}");
                }
            }
        }
        for name in ["", "-", "TLS_RSA_WITH_NULL_SHA", "AES128"] {
            assert_eq!(CipherSuite::from_any_name(name), None);
        }
        assert_eq!(CipherSuite(0x0a0a).openssl_name(), None);
        assert_eq!(CipherSuite(0x0a0a).gnutls_name(), None);
        let no_names = CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256;
        assert_eq!(no_names.openssl_name(), None);
        assert_eq!(no_names.gnutls_name(), None);
    }

    #[cfg(feature = "legacy")]
    #[test]
    fn every_suite_of_the_tables_has_its_row() {
        use super::super::{LEGACY_SUITES, TLS13_SUITES};
        let suites = TLS13_SUITES.iter().map(|row| row.suite);
        let suites: Vec<_> = suites
            .chain(LEGACY_SUITES.iter().map(|row| row.suite))
            .collect();
        assert_eq!(suites.len(), NAMES.len());
        for suite in suites {
            assert!(suite.names().is_some(), "{suite}");
        }
    }

    fn output(program: &str, arguments: &[&str]) -> String {
        let output = Command::new(program).args(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Lines `0x13,0x01 - IANA - OpenSSL …`.
    #[test]
    fn openssl_calls_the_numbers_so() {
        let list = output(
            "openssl",
            &[
                "ciphers",
                "-V",
                "-stdname",
                "-ciphersuites",
                "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:\
                 TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256",
                "ALL:COMPLEMENTOFALL:@SECLEVEL=0",
            ],
        );
        let mut found = 0;
        for line in list.lines() {
            let words: Vec<_> = line.split_whitespace().collect();
            let [number, "-", iana, "-", openssl, ..] = words[..] else {
                panic!("{line}");
            };
            let number = number.replace("0x", "").replace(',', "");
            let suite = CipherSuite(u16::from_str_radix(&number, 16).unwrap());
            if suite.names().is_some() {
                assert_eq!(suite.name(), Some(iana));
                assert_eq!(suite.openssl_name(), Some(openssl), "{iana}");
                found += 1;
            }
        }
        // All of the table but 8 with 3DES, which builds leave out by default, and 4 that OpenSSL has never had.
        assert!(found >= 88 - 8 - 4, "{found}");
    }

    /// Lines `name 0x13, 0x01 version`.
    #[test]
    fn gnutls_calls_the_numbers_so() {
        let list = output("gnutls-cli", &["--list"]);
        let mut found = 0;
        for line in list.lines() {
            let words: Vec<_> = line.split_whitespace().collect();
            let [gnutls, high, low, _] = words[..] else {
                continue;
            };
            let number = [high, low].concat().replace("0x", "").replace(',', "");
            let Ok(number) = u16::from_str_radix(&number, 16) else {
                continue;
            };
            let suite = CipherSuite(number);
            if suite.names().is_some() {
                assert_eq!(suite.gnutls_name(), Some(gnutls));
                found += 1;
            }
        }
        // All of the table but 4.
        assert!(found >= 88 - 4, "{found}");
    }
}
