//! Speed of warifu beside rustls: the same certificates, the same suite, the same bytes, in one process and in turn.
//!
//! | file | what |
//! |---|---|
//! | `measure.rs` | interleaved rounds on the thread's CPU clock, ratios, the printed lines |
//! | `pki.rs` | the certificates that both stacks use |
//! | `wire.rs` | the memory between the two ends |
//! | `ours.rs`, `theirs.rs`, `theirs_unbuffered.rs` | each API behind the same small set of functions |
//! | `ours_psk.rs` | pre-shared keys and tickets of ours |
//! | `tls12.rs` | the suites of the lines about TLS 1.2 |
//! | `ours_tls12.rs`, `theirs_tls12.rs` | configurations of TLS 1.2, of ours and of rustls |
//! | `psk.rs` | the external pre-shared key of all stacks |
//! | `theirs_psk_openssl.rs`, `theirs_psk_wolfssl.rs` | handshakes with it by OpenSSL and wolfSSL (feature `psk-peers`) |
//! | `theirs_openssl_tls12.rs`, `theirs_wolfssl_tls12.rs` | both in TLS 1.2 (feature `psk-peers`) |
//! | `steady.rs` | copies whose speed does not depend on alignment |
//! | `statistics.rs` | whether times differ |
//! | `c_api.rs`, `../benches/c_api.rs` | the C API and the system's OpenSSL by the same calls (feature `c-api`) |
//! | `floor.rs` | the cryptography alone |
//! | `../benches/speed.rs`, `../benches/allocations.rs` | the two programs about speed |
//! | `../benches/psk_timing.rs`, `../benches/legacy_timing.rs` | the two programs about what times tell |

#[cfg(feature = "c-api")]
pub mod c_api;
pub mod floor;
pub mod measure;
pub mod ours;
pub mod ours_psk;
pub mod ours_tls12;
pub mod pki;
pub mod psk;
pub mod statistics;
pub mod steady;
pub mod theirs;
#[cfg(feature = "psk-peers")]
pub mod theirs_openssl_tls12;
#[cfg(feature = "psk-peers")]
pub mod theirs_psk_openssl;
#[cfg(feature = "psk-peers")]
pub mod theirs_psk_wolfssl;
pub mod theirs_tls12;
pub mod theirs_unbuffered;
#[cfg(feature = "psk-peers")]
pub mod theirs_wolfssl_tls12;
pub mod tls12;
pub mod wire;

/// Which groups both ends offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Groups {
    /// X25519 alone, so that no share is made for nothing.
    X25519,
    /// P-256 alone.
    P256,
    /// What each stack does when nobody tells it: X25519MLKEM768 with an X25519 share beside it, on both.
    Default,
}
