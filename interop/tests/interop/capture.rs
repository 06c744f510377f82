//! Wireshark reads our connections with our key log.

use std::process::Command;
use std::sync::Arc;

use libtest_mimic::Trial;
use warifu::config::KeyLogFile;
use warifu_interop::meeting::{Meeting, Plan};
use warifu_interop::peer::{Kind, Role, Stack, arguments};
use warifu_interop::pki;
use warifu_interop::program::Program;
use warifu_interop::table::Table;
use warifu_interop::tap::Passed;

pub fn capture(trials: &mut Vec<Trial>) -> Table {
    let mut table = Table::new("capture");
    let is_there = Command::new("tshark").arg("--version").output().is_ok();
    for kind in [
        Kind::new(Stack::OpenSsl, Role::Server),
        Kind::new(Stack::OpenSsl, Role::Client),
    ] {
        let (row, column) = ("tshark decrypts by our key log", kind.to_string());
        if is_there {
            table.cell(trials, row, &column, move || decrypts(kind));
        } else {
            table.empty(row, &column, "tshark is not installed");
        }
    }
    table
}

fn decrypts(kind: Kind) {
    let name = format!("capture-{kind}");
    let log = Arc::new(KeyLogFile::open(pki::get().path(&format!("{name}.log"))).unwrap());
    let log_too = log.clone();
    let mut meeting = Meeting::new(
        kind,
        Plan {
            our_client: Box::new(|ours| ours.with_key_log(log)),
            our_server: Box::new(|ours| ours.with_key_log(log_too)),
            ..Plan::default()
        },
    );
    meeting.chat();
    // The keys that follow are not in the log: they come from it.
    meeting.ours.connection_mut().update_keys(true).unwrap();
    meeting.chat();
    let passed = meeting.ours.transport().passed();
    meeting.close();
    let file = capture_file(&passed.lock().unwrap(), kind.role == Role::Server);
    std::fs::write(pki::get().path(&format!("{name}.pcap")), file).unwrap();
    let line = format!(
        "-r {name}.pcap -q -o tls.keylog_file:{name}.log -d tcp.port=={SERVER_PORT},tls -z follow,tls,ascii,0"
    );
    let mut tshark = Program::start(pki::get().directory(), "tshark", &arguments(&line));
    tshark.expect_end();
    for line in 1..=2 {
        tshark.expect(&format!("0 line {line} from warifu"));
        tshark.expect(&format!("0 line {line} from the peer"));
    }
}

const SERVER_PORT: u16 = 44_330;
const CLIENT_PORT: u16 = 50_000;

/// What passed, as a pcap file of IPv4 packets (link type 101).
fn capture_file(passed: &Passed, we_are_client: bool) -> Vec<u8> {
    const MOST: usize = 1400;
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 101] {
        file.extend_from_slice(&word.to_le_bytes());
    }
    let mut positions = [0, 0];
    for (sent, count) in &passed.order {
        let (from, bytes) = if *sent {
            (0, &passed.sent)
        } else {
            (1, &passed.received)
        };
        let end = positions[from] + count;
        while positions[from] < end {
            let next = end.min(positions[from] + MOST);
            let data = &bytes[positions[from]..next];
            let packet = packet(
                *sent == we_are_client,
                positions[from],
                positions[1 - from],
                data,
            );
            let len = u32::try_from(packet.len()).unwrap();
            for word in [0, 0, len, len] {
                file.extend_from_slice(&word.to_le_bytes());
            }
            file.extend_from_slice(&packet);
            positions[from] = next;
        }
    }
    file
}

/// An IPv4 packet with a TCP segment, without checksums.
fn packet(from_client: bool, sequence: usize, acknowledged: usize, data: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45, 0];
    packet.extend_from_slice(&u16::try_from(40 + data.len()).unwrap().to_be_bytes());
    packet.extend_from_slice(&[0, 0, 0x40, 0, 64, 6, 0, 0]);
    let ports = [CLIENT_PORT, SERVER_PORT];
    let order = if from_client { [0, 1] } else { [1, 0] };
    for end in order {
        packet.extend_from_slice(&[127, 0, 0, 1 + u8::try_from(end).unwrap()]);
    }
    for end in order {
        packet.extend_from_slice(&ports[end].to_be_bytes());
    }
    for number in [sequence, acknowledged] {
        packet.extend_from_slice(&u32::try_from(1 + number).unwrap().to_be_bytes());
    }
    // Header of five words; PSH and ACK; window; checksum; urgent pointer.
    packet.extend_from_slice(&[0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0]);
    packet.extend_from_slice(data);
    packet
}
