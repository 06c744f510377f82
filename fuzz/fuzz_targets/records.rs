//! The record reader under every protection: none, the suites of TLS 1.3, and before it AEAD, and CBC with both orders of
//! MAC and encryption.
//!
//! The input is a script. It makes a stream of records that the peer sealed, some of them changed afterwards, and of bytes
//! that are no records. However the stream is cut into pieces, the same comes out, record by record, and the same error ends
//! it; what was sealed and not changed comes out as it went in; nothing is held but the beginning of one record.
#![no_main]

use libfuzzer_sys::fuzz_target;
use warifu::Error;
use warifu::error::PeerMisbehaved;
use warifu::fuzzing::{Opened, Opener, Sealer};
use warifu_fuzz::input::Input;

/// Longest stream, in bytes.
const MAX_STREAM_LEN: usize = 1 << 16;

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input::new(bytes);
    let cipher = usize::from(input.byte());
    let limits = match input.byte() {
        0..128 => None,
        flags => Some(Limits {
            inner: input.u16().into(),
            plain_alerts: flags & 1 == 1,
            early_data: usize::from(input.u16()) * usize::from(flags & 2),
        }),
    };
    let piece_len = 1 + usize::from(input.u16());
    let mut peer = Peer {
        sealer: Sealer::new(cipher),
        stream: Vec::new(),
        sent: Vec::new(),
        honest: limits.is_none(),
    };
    while !input.is_empty() && peer.stream.len() < MAX_STREAM_LEN {
        peer.send(&mut input);
    }
    let whole = open(cipher, limits, &peer.stream, MAX_STREAM_LEN);
    // A long stream in single bytes takes long.
    let piece_len = piece_len.max(peer.stream.len() / 1024);
    let pieces = open(cipher, limits, &peer.stream, piece_len);
    assert_eq!(whole.0, pieces.0);
    assert_eq!(whole.1, pieces.1);
    if peer.honest {
        assert_eq!(whole.1, None);
        let mut received = Vec::new();
        for record in whole.0 {
            join(&mut received, record.content_type, &record.content);
        }
        assert_eq!(received, peer.sent);
    }
});

#[derive(Clone, Copy)]
struct Limits {
    inner: usize,
    plain_alerts: bool,
    early_data: usize,
}

struct Peer {
    sealer: Sealer,
    stream: Vec<u8>,
    /// Content that was sealed, see [`join`].
    sent: Vec<(u8, Vec<u8>)>,
    /// Nothing was changed so far.
    honest: bool,
}

impl Peer {
    /// One step of the script.
    fn send(&mut self, input: &mut Input<'_>) {
        let step = input.byte();
        if step.is_multiple_of(4) {
            self.stream.extend_from_slice(input.block());
            self.honest = false;
            return;
        }
        let content_type = 20 + input.byte() % 5;
        let mut content = match step & 4 {
            0 => input.block().to_vec(),
            _ => vec![input.byte(); usize::from(input.u16()) % 20_000],
        };
        // An alert is never cut, and never longer than this.
        if content_type == 21 {
            content.truncate(2);
        }
        let padding_len = match step & 8 {
            0 => 0,
            _ => input.u16().into(),
        };
        // Application data without keys is not sent.
        let Ok(mut record) = self.sealer.seal(content_type, &content, padding_len) else {
            return;
        };
        if step % 4 == 1 {
            change(&mut record, input);
            self.honest = false;
        }
        join(&mut self.sent, content_type, &content);
        self.stream.append(&mut record);
    }
}

fn change(record: &mut Vec<u8>, input: &mut Input<'_>) {
    let (step, at) = (input.byte(), usize::from(input.u16()) % record.len());
    match step % 4 {
        0 => record[at] ^= input.byte(),
        1 => record.truncate(at),
        2 => record.insert(at, input.byte()),
        // Twice.
        _ => record.extend_from_within(..),
    }
}

/// A list of content in which neighbours of one type are one: the writer may cut, and the reader sees the pieces.
fn join(list: &mut Vec<(u8, Vec<u8>)>, content_type: u8, content: &[u8]) {
    match list.last_mut() {
        Some((last, all)) if *last == content_type => all.extend_from_slice(content),
        _ => list.push((content_type, content.to_vec())),
    }
}

/// What a reader makes of the stream in pieces of this length.
fn open(
    cipher: usize,
    limits: Option<Limits>,
    stream: &[u8],
    piece_len: usize,
) -> (Vec<Opened>, Option<Error>) {
    let mut opener = Opener::new(cipher);
    if let Some(limits) = limits {
        opener.configure(limits.inner, limits.plain_alerts, limits.early_data);
    }
    let mut records = Vec::new();
    for piece in stream.chunks(piece_len) {
        opener.receive(piece);
        loop {
            match opener.next() {
                Ok(Some(record)) => records.push(record),
                Ok(None) => break,
                Err(error) => return (records, Some(without_start(error))),
            }
        }
    }
    (records, None)
}

/// That the peer speaks no TLS is told with as many of its first bytes as were there.
fn without_start(error: Error) -> Error {
    match error {
        Error::PeerMisbehaved(PeerMisbehaved::NotTls { .. }) => {
            let start = String::new();
            PeerMisbehaved::NotTls { start }.into()
        }
        error => error,
    }
}
