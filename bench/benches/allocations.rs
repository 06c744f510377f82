//! Heap allocations of a handshake and of a message, beside rustls. Apart from `speed`, as counting costs time.

use allocation_counter::{AllocationInfo, measure};
use warifu_bench::pki::Pki;
use warifu_bench::wire::Wire;
use warifu_bench::{Groups, ours, theirs};

fn main() {
    let pki = Pki::new();
    let mut wire = Wire::new();
    for (name, groups) in [("x25519", Groups::X25519), ("default", Groups::Default)] {
        let (their_client, their_server) = (
            theirs::client_config(&pki, groups),
            theirs::server_config(&pki, groups),
        );
        let (our_client, our_server) = (
            ours::client_config(&pki, groups),
            ours::server_config(&pki, groups),
        );
        let (their_name, our_name) = (theirs::server_name(), ours::server_name());
        // What is made once per process or configuration is not a handshake's.
        theirs::handshake(&their_client, &their_server, &their_name, &mut wire);
        ours::handshake(&our_client, &our_server, &our_name, &mut wire);
        let theirs = measure(|| {
            theirs::handshake(&their_client, &their_server, &their_name, &mut wire);
        });
        let (mut client, mut server) = (Sum::default(), Sum::default());
        ours::handshake_by_sides(
            &our_client,
            &our_server,
            &our_name,
            &mut wire,
            |work| client.add(measure(work)),
            |work| server.add(measure(work)),
        );
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
