//! Heap allocations of a handshake and of a message, beside rustls where it has the like. Apart from `speed`, as counting
//! costs time.

use std::sync::Arc;

use allocation_counter::{AllocationInfo, measure};
use warifu::{ClientConfig, ServerConfig};
use warifu_bench::pki::Pki;
use warifu_bench::psk::Mode;
use warifu_bench::tls12::Suite;
use warifu_bench::wire::Wire;
use warifu_bench::{Groups, ours, ours_psk, ours_tls12, theirs, theirs_tls12};

fn main() {
    let pki = Pki::new();
    let mut wire = Wire::new();
    let gcm = Suite::EcdheEcdsaAes128Gcm;
    let mut pairs = Vec::new();
    for (name, groups) in [("x25519", Groups::X25519), ("default", Groups::Default)] {
        pairs.push((
            name,
            theirs::client_config(&pki, groups),
            theirs::server_config(&pki, groups),
            ours::client_config(&pki, groups),
            ours::server_config(&pki, groups),
        ));
    }
    pairs.push((
        "tls12-p256",
        theirs_tls12::client_config(&pki, gcm),
        theirs_tls12::server_config(&pki, gcm),
        ours_tls12::client_config(&pki, gcm, Groups::P256),
        ours_tls12::server_config(&pki, gcm, Groups::P256),
    ));
    for (name, their_client, their_server, our_client, our_server) in pairs {
        let (their_name, our_name) = (theirs::server_name(), ours::server_name());
        // What is made once per process or configuration is not a handshake's.
        theirs::handshake(&their_client, &their_server, &their_name, &mut wire);
        ours::handshake(&our_client, &our_server, &our_name, &mut wire);
        let theirs = measure(|| {
            theirs::handshake(&their_client, &their_server, &their_name, &mut wire);
        });
        let (client, server) = by_sides(&our_client, &our_server, &mut wire);
        println!(
            "handshake, both sides, {name}: Rust's heap (AWS-LC's own allocations not counted)"
        );
        println!(
            "  rustls {} allocations, {} bytes",
            theirs.count_total, theirs.bytes_total
        );
        println!(
            "  warifu {} allocations (client {}, server {}), {} bytes",
            client.count + server.count,
            client.count,
            server.count,
            client.bytes + server.bytes
        );
        println!(
            "result benchmark=allocations-handshake-{name} warifu={} warifu_client={} warifu_server={} rustls={} \
             warifu_bytes={} rustls_bytes={}",
            client.count + server.count,
            client.count,
            server.count,
            theirs.count_total,
            client.bytes + server.bytes,
            theirs.bytes_total
        );
    }
    let psk = |mode| ours_psk::configs(mode);
    for (name, what, (client, server)) in [
        ("psk-ke", "external PSK, psk_ke", psk(Mode::PskKe)),
        (
            "psk-dhe-ke-x25519",
            "external PSK, psk_dhe_ke with X25519",
            psk(Mode::PskDheKe),
        ),
        (
            "resumption-x25519",
            "ticket resumption with X25519, one new ticket",
            ours_psk::resuming(&pki),
        ),
        (
            "tls12-psk",
            "TLS 1.2, external PSK",
            ours_tls12::psk_configs(Suite::PskAes128Gcm, Groups::P256),
        ),
        (
            "tls12-resumption",
            "TLS 1.2, ticket resumption, one new ticket",
            ours_tls12::resuming(&pki),
        ),
    ] {
        // A wire of its own, as a ticket may be left in it.
        ours::handshake(&client, &server, &ours::server_name(), &mut Wire::new());
        let (client, server) = by_sides(&client, &server, &mut Wire::new());
        println!("handshake, both sides, {what}: Rust's heap");
        println!(
            "  warifu {} allocations (client {}, server {}), {} bytes",
            client.count + server.count,
            client.count,
            server.count,
            client.bytes + server.bytes
        );
        println!(
            "result benchmark=allocations-handshake-{name} warifu={} warifu_client={} warifu_server={} warifu_bytes={}",
            client.count + server.count,
            client.count,
            server.count,
            client.bytes + server.bytes
        );
    }
    let (client, server) = (
        theirs::client_config(&pki, Groups::X25519),
        theirs::server_config(&pki, Groups::X25519),
    );
    let mut their_pair = theirs::handshake(&client, &server, &theirs::server_name(), &mut wire);
    let (client, server) = (
        ours::client_config(&pki, Groups::X25519),
        ours::server_config(&pki, Groups::X25519),
    );
    let mut our_pair = ours::handshake(&client, &server, &ours::server_name(), &mut wire);
    for len in [64, 1 << 14] {
        let message = vec![7; len];
        let mut theirs = || theirs::send_message(&mut their_pair, &message, &mut wire);
        theirs();
        let theirs = measure(theirs);
        let mut ours = || ours::send_message(&mut our_pair, &message, &mut wire);
        ours();
        let ours = measure(ours);
        println!(
            "result benchmark=allocations-message-{len} warifu={} rustls={}",
            ours.count_total, theirs.count_total
        );
    }
}

#[derive(Default)]
struct Sum {
    count: u64,
    bytes: u64,
}

impl Sum {
    fn add(&mut self, part: AllocationInfo) {
        self.count += part.count_total;
        self.bytes += part.bytes_total;
    }
}

/// What a handshake of ours allocates: the client, the server.
fn by_sides(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>, wire: &mut Wire) -> (Sum, Sum) {
    let (mut by_client, mut by_server) = (Sum::default(), Sum::default());
    ours::handshake_by_sides(
        client,
        server,
        &ours::server_name(),
        wire,
        |work| by_client.add(measure(work)),
        |work| by_server.add(measure(work)),
    );
    (by_client, by_server)
}
