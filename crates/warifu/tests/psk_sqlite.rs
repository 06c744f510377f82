//! The example with keys in an SQLite data base, run as a test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "../../../examples/psk_sqlite.rs"]
#[allow(dead_code, reason = "its main")]
mod psk_sqlite;

#[test]
fn a_thousand_handshakes_find_their_keys_in_a_data_base() {
    let done = psk_sqlite::run_with_new_data_base(1000).unwrap();
    println!("{done:?}");
    assert_eq!(done.handshakes, 1000);
    // The worker answers while the thread with the connections still begins others.
    assert!(done.most_at_once > 1, "{done:?}");
}
