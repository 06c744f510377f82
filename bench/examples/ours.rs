//! One thing of ours over and over, for a profiler:
//! `perf record -e cpu-clock --call-graph dwarf target/release/examples/ours MODE COUNT`, after
//! `cargo build --profile bench --example ours`. MODE: handshake, cold-handshake, psk_ke, psk_dhe_ke, floor-psk_ke, floor-psk_dhe_ke,
//! resume, message-LEN, stream-LEN; of TLS 1.2 tls12-handshake, tls12-cold-handshake, tls12-psk, tls12-resume.

use warifu_bench::pki::Pki;
use warifu_bench::psk::Mode;
use warifu_bench::tls12::Suite;
use warifu_bench::wire::Wire;
use warifu_bench::{Groups, floor, ours, ours_psk, ours_tls12};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mode = arguments.next().expect("a mode");
    let count: usize = arguments.next().expect("a count").parse().unwrap();
    let pki = Pki::new();
    let server = ours::server_config(&pki, Groups::X25519);
    let client = ours::client_config(&pki, Groups::X25519);
    let name = ours::server_name();
    let mut wire = Wire::new();
    let connect = |wire: &mut Wire| ours::handshake(&client, &server, &name, wire);
    let psk = |mode| {
        let (client, server) = ours_psk::configs(mode);
        let mut wire = Wire::new();
        for _ in 0..count {
            ours::handshake(&client, &server, &name, &mut wire);
        }
    };
    let floor = |mode| {
        let floor = floor::Psk::new(mode);
        (0..count).for_each(|_| floor.run());
    };
    if mode == "floor-psk_ke" {
        floor(Mode::PskKe);
    } else if mode == "floor-psk_dhe_ke" {
        floor(Mode::PskDheKe);
    } else if mode == "psk_ke" {
        psk(Mode::PskKe);
    } else if mode == "psk_dhe_ke" {
        psk(Mode::PskDheKe);
    } else if mode == "resume" {
        let (client, server) = ours_psk::resuming(&pki);
        for _ in 0..count {
            let mut pair = ours::handshake(&client, &server, &name, &mut wire);
            ours_psk::read_tickets(&mut pair);
            assert!(pair.server.facts().unwrap().resumed);
        }
    } else if let Some(mode) = mode.strip_prefix("tls12-") {
        let (suite, groups) = (Suite::EcdheEcdsaAes128Gcm, Groups::P256);
        let new_client = || ours_tls12::client_config(&pki, suite, groups);
        let (client, server) = match mode {
            "handshake" | "cold-handshake" => {
                (new_client(), ours_tls12::server_config(&pki, suite, groups))
            }
            "psk" => ours_tls12::psk_configs(Suite::PskAes128Gcm, groups),
            "resume" => ours_tls12::resuming(&pki),
            _ => panic!("no such mode: tls12-{mode}"),
        };
        for _ in 0..count {
            match mode {
                "cold-handshake" => ours::handshake(&new_client(), &server, &name, &mut wire),
                _ => ours::handshake(&client, &server, &name, &mut wire),
            };
        }
    } else if mode == "handshake" {
        for _ in 0..count {
            connect(&mut wire);
        }
    } else if mode == "cold-handshake" {
        for _ in 0..count {
            let client = ours::client_config(&pki, Groups::X25519);
            ours::handshake(&client, &server, &name, &mut wire);
        }
    } else if let Some(len) = mode.strip_prefix("message-") {
        let message = vec![7; len.parse().unwrap()];
        let mut pair = connect(&mut wire);
        for _ in 0..count {
            ours::send_message(&mut pair, &message, &mut wire);
        }
    } else if let Some(len) = mode.strip_prefix("stream-") {
        let message = vec![7; len.parse().unwrap()];
        let mut buffer = message.clone();
        let mut streams = ours::Streams::new(connect(&mut wire));
        for _ in 0..count {
            streams.send_message(&message, &mut buffer);
        }
    } else {
        panic!("no such mode: {mode}");
    }
}
