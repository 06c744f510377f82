//! Vectors that others made, for the tests of this crate: `tests/vectors/`.

use std::collections::BTreeMap;

/// The fields of one file, by name.
pub(crate) type Vectors = BTreeMap<&'static str, Vec<u8>>;

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    assert_eq!(text.len() % 2, 0, "{text}");
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// Reads lines `name = hex`.
pub(crate) fn parse(text: &'static str) -> Vectors {
    let mut vectors = Vectors::new();
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (name, value) = line.split_once(" = ").unwrap();
        assert!(vectors.insert(name, unhex(value)).is_none(), "{name} twice");
    }
    vectors
}

macro_rules! trace {
    ($name:literal) => {
        $crate::test_vectors::parse(include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/vectors/rfc8448/",
            $name,
            ".txt"
        )))
    };
}
pub(crate) use trace;

/// The traces of RFC 8448 by name: Sections 3 to 7.
pub(crate) fn rfc8448() -> [(&'static str, Vectors); 5] {
    [
        ("simple_1rtt", trace!("simple_1rtt")),
        ("resumed_0rtt", trace!("resumed_0rtt")),
        ("hello_retry_request", trace!("hello_retry_request")),
        ("client_authentication", trace!("client_authentication")),
        ("compatibility_mode", trace!("compatibility_mode")),
    ]
}
