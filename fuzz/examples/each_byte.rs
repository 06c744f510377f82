//! What the target `differential` does by chance, done for every byte: each ClientHello and each server's flight, with each byte changed
//! into every other one, for ours and for rustls.
//!
//! ```text
//! RUSTFLAGS="--cfg fuzzing" cargo run --release --manifest-path fuzz/Cargo.toml --example each_byte
//! ```
//!
//! Ends with 1 if any verdict differs without an excuse.

use std::process::ExitCode;

use warifu_fuzz::flows::{differential, differential_client};

fn main() -> ExitCode {
    let mut found = 0;
    let mut tell = |difference| {
        found += 1;
        println!("{difference}");
    };
    let for_clients = differential_client::each_byte(&mut tell);
    println!("{for_clients} flights for clients");
    let for_servers = differential::each_byte(&mut tell);
    println!("{for_servers} ClientHellos for servers");
    match found {
        0 => ExitCode::SUCCESS,
        _ => {
            eprintln!("{found} verdicts differ without an excuse");
            ExitCode::from(1)
        }
    }
}
