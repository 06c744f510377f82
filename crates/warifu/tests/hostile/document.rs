//! docs/conformance/hostile.md, whose numbers are those that the tests count.

const DOCUMENT: &str = include_str!("../../../../docs/conformance/hostile.md");

/// A row, or a part of one, is there.
#[track_caller]
pub fn has(text: &str) {
    assert!(DOCUMENT.contains(text), "missing in the document: {text}");
}

/// As it is written there: 16,068.
pub fn number(number: usize) -> String {
    match number {
        0..1_000 => number.to_string(),
        _ => format!("{},{:03}", self::number(number / 1_000), number % 1_000),
    }
}

/// The number between these words.
#[track_caller]
pub fn number_between(before: &str, after: &str) -> usize {
    let found = DOCUMENT.split(before).skip(1).find_map(|rest| {
        let (number, _) = rest.split_once(after)?;
        number.replace(',', "").parse().ok()
    });
    found.unwrap_or_else(|| panic!("no number between {before:?} and {after:?} in the document"))
}

/// Tests of TLS 1.3 and those of the versions before it know each their own part. They are in two programs.
#[test]
fn the_document_has_the_sums() {
    let giants = number_between("each key exchange (", " in TLS 1.3 and ")
        + number_between(" in TLS 1.3 and ", " before it");
    has(&format!(" before it, {} in all)", number(giants)));
    let parts = ["| TLS 1.3 | ", "| TLS 1.2, 1.1 and 1.0 | "];
    let sequences: usize = parts.map(|part| number_between(part, " | ")).iter().sum();
    let legal = parts.map(|part| {
        let all = number(number_between(part, " | "));
        number_between(&format!("{part}{all} | "), " |")
    });
    let legal: usize = legal.iter().sum();
    let (sequences, legal) = (number(sequences), number(legal));
    has(&format!("| **all** | {sequences} | {legal} |"));
}
