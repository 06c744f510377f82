use super::*;

/// What `openssl ciphers -V LIST` of OpenSSL 3.0.22 says: the list, a tab, and the numbers of the suites that this library has too.
const RECORDED: &str = include_str!("list_recorded.tsv");

fn numbers(list: &str) -> Vec<u16> {
    let parsed = parse(list.as_bytes()).unwrap();
    parsed.ciphers.iter().map(|cipher| cipher.suite.0).collect()
}

/// What OpenSSL's builds do not have: 3DES, and ECDHE-PSK with AES-GCM and AES-CCM.
fn is_ours_alone(number: u16) -> bool {
    let cipher = Cipher::of(warifu::parameters::CipherSuite(number)).unwrap();
    cipher.enc == Enc::TripleDes || matches!(number, 0xd001..=0xd005)
}

#[test]
fn lists_mean_what_openssl_says() {
    let mut count = 0;
    for line in RECORDED.lines() {
        let (list, expected) = line.split_once('\t').unwrap();
        let expected: Vec<u16> = expected
            .split_whitespace()
            .map(|number| u16::from_str_radix(number, 16).unwrap())
            .collect();
        let mut got = numbers(list);
        got.retain(|number| !is_ours_alone(*number));
        assert_eq!(got, expected, "{list}");
        count += 1;
    }
    assert!(count >= 60, "{count}");
}

#[test]
fn suites_of_this_library_alone_have_their_places() {
    assert_eq!(
        numbers("3DES"),
        [
            0xc008, 0xc012, 0x0016, 0xc034, 0x0093, 0x008f, 0x000a, 0x008b
        ]
    );
    assert_eq!(numbers("MEDIUM").len(), 8);
    assert_eq!(numbers("kECDHEPSK+AESGCM"), [0xd002, 0xd001]);
    assert_eq!(numbers("kECDHEPSK+AESCCM8"), [0xd003]);
    assert!(!numbers("DEFAULT").contains(&0x000a));
    assert!(!numbers("HIGH").contains(&0x000a));
    // OpenSSL takes IANA's names since 3.2.
    assert_eq!(numbers("TLS_RSA_WITH_AES_128_CBC_SHA:AES128-SHA"), [0x002f]);
}

#[test]
fn security_levels_are_read() {
    for (list, level) in [
        ("ALL", None),
        ("DEFAULT@SECLEVEL=0", Some(0)),
        ("@SECLEVEL=5:ALL", Some(5)),
    ] {
        assert_eq!(parse(list.as_bytes()).unwrap().level, level, "{list}");
    }
}

#[test]
fn what_is_no_list_is_refused() {
    for list in [
        "ALL:@FOO",
        "ALL:/x",
        "ALL/x",
        "!",
        "ALL:+",
        "AES128+",
        "@SECLEVEL=6",
        "@SECLEVEL=",
        "ALL:\u{e9}",
        "SUITEB128",
    ] {
        assert!(parse(list.as_bytes()).is_err(), "{list}");
    }
    for list in [
        "",
        "FOO",
        ":::",
        "TLS_AES_128_GCM_SHA256",
        "kRSA+aECDSA",
        "ALL:!ALL",
    ] {
        assert_eq!(numbers(list), [], "{list}");
    }
}

#[test]
fn every_row_is_a_suite_of_the_protocol() {
    use warifu::parameters::CipherSuite;
    assert_eq!(CipherSuite::implemented().count(), CIPHERS.len());
    for cipher in &CIPHERS {
        let name = cipher.name.to_str().unwrap();
        assert_eq!(cipher.suite.name(), cipher.standard_name.to_str().ok());
        if let Some(theirs) = cipher.suite.openssl_name() {
            assert_eq!(theirs, name);
        }
        assert_eq!(Cipher::named(name.as_bytes()), Some(cipher));
        assert!(cipher.suite.versions().is_some());
        assert_eq!(cipher.uses_psk(), name.contains("PSK"));
        if let Some(kx) = cipher.suite.key_exchange() {
            let expected = match kx {
                "ECDHE_ECDSA" | "ECDHE_RSA" => Kx::Ecdhe,
                "DHE_RSA" => Kx::Dhe,
                "RSA" => Kx::Rsa,
                "ECDHE_PSK" => Kx::EcdhePsk,
                "DHE_PSK" => Kx::DhePsk,
                "RSA_PSK" => Kx::RsaPsk,
                _ => Kx::Psk,
            };
            assert_eq!(cipher.kx, expected);
        }
    }
}
