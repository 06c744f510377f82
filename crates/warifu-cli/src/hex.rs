//! Bytes in hexadecimal.

use zeroize::Zeroizing;

/// Bytes in hexadecimal with a separator.
pub(crate) fn encode(bytes: &[u8], separator: &str) -> String {
    bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .join(separator)
}

/// Bytes from pairs of hexadecimal digits; `None` if there is anything else.
pub(crate) fn decode(digits: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(pairs.len()));
    for [high, low] in pairs {
        let value = (char::from(*high).to_digit(16)? << 4) | char::from(*low).to_digit(16)?;
        bytes.push(u8::try_from(value).ok()?);
    }
    Some(bytes)
}
