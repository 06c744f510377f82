//! Inputs with which fuzzing begins: the scenes as they are, and each kind of edit.

use super::play::AFTER;
use super::script::{Edit, Op, Script};

/// Flags with which Finished, CertificateVerify and binders are computed over what is really sent.
const FORGES: u8 = 7;

/// Scenes of TLS 1.3: keys and certificates in every combination, and each option with and without a ticket.
fn tls13_scenes() -> Vec<u16> {
    let options = (5..11).flat_map(|bit| [1 << bit, 1 << bit | 5]);
    (0..32).chain(options).collect()
}

/// Scenes of older versions: every suite, with every way to come back, and each option.
fn legacy_scenes() -> Vec<u16> {
    let suites = (0..16).flat_map(|suite| (0..4).map(move |resumes| suite | resumes << 4));
    let options = (6..15).flat_map(|bit| [1 << bit, 1 << bit | 0x1a]);
    suites.chain(options).collect()
}

/// An edit of each kind, at a place where it says something.
fn edits() -> Vec<Edit> {
    let mut edits = Vec::new();
    for op in Op::ALL {
        for flight in [0, 1, AFTER] {
            let edit = Edit::new(*op, flight, 0);
            let edit = match op {
                Op::Message => edit.with(24, 0, &[0]),
                Op::Record => edit.with(21, 0, &[1, 0]),
                Op::ContentType => edit.with(23, 0, &[]),
                Op::Level => edit.with(3, 0, &[]),
                Op::VectorRepeat => edit.with(4, 100, &[0x1a, 0x1a, 0, 1, 0]),
                Op::ExtensionType | Op::ExtensionAdd => edit.with(43, 43, &[2, 3, 4]),
                Op::ExtensionSwap => edit.with(0, 1, &[]),
                Op::VictimActs | Op::HonestActs => {
                    // All that an application does.
                    edits.extend((1..9).map(|what| edit.clone().with(what, 1, b"more")));
                    edit.with(0, 0, b"more")
                }
                _ => edit.with(7, 1, &[1, 2, 3]),
            };
            edits.push(edit);
        }
    }
    edits
}

fn inputs(scenes: &[u16], scenes_of_edits: &[u16]) -> Vec<Vec<u8>> {
    let script = |scene: u16, flags: u8, edits: Vec<Edit>| {
        let script = Script {
            scene,
            flags,
            edits,
        };
        script.to_bytes()
    };
    let mut inputs: Vec<_> = scenes
        .iter()
        .map(|scene| script(*scene, 0, Vec::new()))
        .collect();
    // However the stream is cut.
    inputs.extend([0x10, 0x20, 0x30].map(|flags| script(scenes[0], flags, Vec::new())));
    // Each scene and both sorts of peers get their part.
    for (number, edit) in edits().into_iter().enumerate() {
        let scene = scenes_of_edits[number % scenes_of_edits.len()];
        let flags = [0, FORGES][number / scenes_of_edits.len() % 2];
        inputs.push(script(scene, flags, vec![edit]));
    }
    inputs
}

/// For the targets that play TLS 1.3, with whichever side as the victim.
fn tls13() -> Vec<Vec<u8>> {
    const CERTIFICATES: u16 = 1 << 3;
    const PSK: u16 = 1;
    const TICKET: u16 = 6;
    inputs(&tls13_scenes(), &[CERTIFICATES, PSK, TICKET])
}

/// For the targets that play older versions.
fn legacy() -> Vec<Vec<u8>> {
    const CERTIFICATES: u16 = 1 << 6;
    const PSK: u16 = 8;
    const TICKET: u16 = 0x11;
    inputs(&legacy_scenes(), &[CERTIFICATES, PSK, TICKET])
}

/// For the target that compares with rustls: each ClientHello and each server's flight, and every edit of a message.
fn differential() -> Vec<Vec<u8>> {
    let scenes: Vec<u16> = (0..7).collect();
    let of = |flags: u8| {
        let changed = edits().into_iter().filter(|edit| edit.flight == 0);
        let script = |(number, edit): (usize, Option<Edit>)| Script {
            scene: scenes[number % scenes.len()],
            flags,
            edits: edit.into_iter().collect(),
        };
        let whole = scenes.iter().map(|_| None);
        let all = whole.chain(changed.map(Some)).enumerate().map(script);
        all.map(|script| script.to_bytes()).collect::<Vec<_>>()
    };
    (0..4).flat_map(of).collect()
}

/// The targets that play handshakes, each with its seeds.
pub fn of_flows() -> Vec<(&'static str, Vec<Vec<u8>>)> {
    vec![
        ("tls13_client", tls13()),
        ("tls13_server", tls13()),
        ("legacy_client", legacy()),
        ("legacy_server", legacy()),
        ("differential", differential()),
    ]
}
