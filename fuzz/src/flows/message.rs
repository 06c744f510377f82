//! Edits of one handshake message, with knowledge of how it is made.

use crate::bytes::{
    CERTIFICATE, CERTIFICATE_REQUEST, CERTIFICATE_VERIFY, CLIENT_HELLO, Dissected,
    ENCRYPTED_EXTENSIONS, NEW_SESSION_TICKET, SERVER_HELLO, vector,
};
use crate::flows::script::{Edit, Op};

const SERVER_KEY_EXCHANGE: u8 = 12;
const CLIENT_KEY_EXCHANGE: u8 = 16;
const CERTIFICATE_STATUS: u8 = 22;

/// Longest message that an edit makes, in bytes: beyond the longest that is accepted.
const MAX_LEN: usize = 140_000;

/// A part of a message: so many bytes, or a vector whose length has so many bytes.
#[derive(Clone, Copy)]
enum Part {
    Fixed(usize),
    Vector(usize),
}

use Part::{Fixed, Vector};

/// The parts of a message by its type. The rest of a message that has other parts counts as fixed.
fn layout(message_type: u8, body: &[u8], is_tls13: bool) -> &'static [Part] {
    match (message_type, is_tls13) {
        (CLIENT_HELLO, _) => &[Fixed(34), Vector(1), Vector(2), Vector(1), Vector(2)],
        (SERVER_HELLO, _) => &[Fixed(34), Vector(1), Fixed(3), Vector(2)],
        (NEW_SESSION_TICKET, true) => &[Fixed(8), Vector(1), Vector(2), Vector(2)],
        (NEW_SESSION_TICKET, false) => &[Fixed(4), Vector(2)],
        (ENCRYPTED_EXTENSIONS, _) => &[Vector(2)],
        (CERTIFICATE, true) => &[Vector(1), Vector(3)],
        (CERTIFICATE, false) => &[Vector(3)],
        (CERTIFICATE_REQUEST, true) => &[Vector(1), Vector(2)],
        (CERTIFICATE_REQUEST, false) => &[Vector(1), Vector(2), Vector(2)],
        (CERTIFICATE_VERIFY, _) => &[Fixed(2), Vector(2)],
        // A named curve, or a group of RFC 5246 Section 7.4.3.
        (SERVER_KEY_EXCHANGE, _) if body.first() == Some(&3) => {
            &[Fixed(3), Vector(1), Fixed(2), Vector(2)]
        }
        (SERVER_KEY_EXCHANGE, _) => &[Vector(2), Vector(2), Vector(2), Fixed(2), Vector(2)],
        (CLIENT_KEY_EXCHANGE, _) if body.first() == Some(&32) => &[Vector(1)],
        (CLIENT_KEY_EXCHANGE, _) => &[Vector(2), Vector(1)],
        (CERTIFICATE_STATUS, _) => &[Fixed(1), Vector(3)],
        _ => &[],
    }
}

/// Where the content of each vector of a message is, and how many bytes before it tell its length.
fn vectors(message: &[u8], is_tls13: bool) -> Vec<(usize, core::ops::Range<usize>)> {
    let mut found = Vec::new();
    let Some((header, body)) = message.split_first_chunk::<4>() else {
        return found;
    };
    let mut at = 4;
    for part in layout(header[0], body, is_tls13) {
        match *part {
            Fixed(len) => at += len,
            Vector(prefix) => {
                let Some(len) = message.get(at..at + prefix) else {
                    break;
                };
                let len = len
                    .iter()
                    .fold(0, |len, byte| len << 8 | usize::from(*byte));
                at += prefix;
                if at + len > message.len() {
                    break;
                }
                found.push((prefix, at..at + len));
                at += len;
            }
        }
    }
    found
}

/// Makes the length in the header right.
fn fix_header(message: &mut [u8]) {
    let len = message.len().saturating_sub(4).to_be_bytes();
    if let Some(header) = message.get_mut(1..4) {
        header.copy_from_slice(&len[5..]);
    }
}

fn overwrite(bytes: &mut [u8], at: usize, payload: &[u8]) {
    for (byte, new) in bytes.iter_mut().skip(at).zip(payload) {
        *byte = *new;
    }
}

/// Changes what a vector holds, given that `data` is one; else `data` itself.
fn inside(data: &mut Vec<u8>, change: impl FnOnce(&mut Vec<u8>)) {
    for prefix in [2, 1] {
        let Some((len, content)) = data.split_at_checked(prefix) else {
            continue;
        };
        let len = len
            .iter()
            .fold(0, |len, byte| len << 8 | usize::from(*byte));
        if len == content.len() {
            let mut content = content.to_vec();
            change(&mut content);
            *data = vector(prefix, &content);
            return;
        }
    }
    change(data);
}

fn remove(bytes: &mut Vec<u8>, at: usize, len: usize) {
    let start = at.min(bytes.len());
    bytes.drain(start..(start + len).min(bytes.len()));
}

fn insert(bytes: &mut Vec<u8>, at: usize, payload: &[u8]) {
    let at = at.min(bytes.len());
    bytes.splice(at..at, payload.iter().copied());
}

/// Changes the extensions of a message that has some.
fn change_extensions(edit: &Edit, message: &mut Vec<u8>) {
    let Some(mut dissected) = Dissected::read(message) else {
        return;
    };
    let extensions = &mut dissected.extensions;
    let (a, b) = (usize::from(edit.a), usize::from(edit.b));
    let payload = &edit.payload[..];
    if edit.op == Op::ExtensionAdd {
        extensions.insert(b.min(extensions.len()), (edit.a, payload.to_vec()));
        *message = dissected.assemble();
        return;
    }
    if extensions.is_empty() {
        return;
    }
    let at = a % extensions.len();
    let data = &mut extensions[at].1;
    match edit.op {
        Op::ExtensionReplace => *data = payload.to_vec(),
        Op::ExtensionOverwrite => overwrite(data, b, payload),
        Op::ExtensionInsert => inside(data, |data| insert(data, b, payload)),
        Op::ExtensionRemove => inside(data, |data| remove(data, b, payload.len().max(1))),
        Op::ExtensionType => extensions[at].0 = edit.b,
        Op::ExtensionDrop => drop(extensions.remove(at)),
        Op::ExtensionDuplicate => {
            let again = extensions[at].clone();
            extensions.insert(b.min(extensions.len()), again);
        }
        Op::ExtensionSwap => {
            let other = b % extensions.len();
            extensions.swap(at, other);
        }
        _ => {}
    }
    *message = dissected.assemble();
}

/// Changes a vector of a message, and the lengths that count it.
fn change_vector(edit: &Edit, message: &mut Vec<u8>, is_tls13: bool) {
    let found = vectors(message, is_tls13);
    if found.is_empty() {
        return;
    }
    let (prefix, range) = &found[usize::from(edit.a) % found.len()];
    let mut content = message[range.clone()].to_vec();
    let at = usize::from(edit.b);
    match edit.op {
        Op::VectorInsert => insert(&mut content, at, &edit.payload),
        Op::VectorReplace => content.clone_from(&edit.payload),
        Op::VectorRemove => remove(&mut content, at, edit.payload.len().max(1)),
        _ => {
            let most = MAX_LEN / edit.payload.len().max(1);
            content.extend(edit.payload.repeat(at.min(most)));
        }
    }
    // Not more than the length can tell.
    content.truncate((1 << (8 * prefix)) - 1);
    message.splice(range.start - prefix..range.end, vector(*prefix, &content));
    fix_header(message);
}

/// Applies an edit that concerns one message; false if it is of another kind.
pub fn change(edit: &Edit, message: &mut Vec<u8>, is_tls13: bool) -> bool {
    let (a, b) = (usize::from(edit.a), usize::from(edit.b));
    match edit.op {
        Op::Overwrite => overwrite(message, a, &edit.payload),
        Op::Flip => {
            if let Some(byte) = message.get_mut(a) {
                *byte ^= 1 << (b % 8);
            }
        }
        Op::Insert | Op::InsertRaw => insert(message, a, &edit.payload),
        Op::Remove | Op::RemoveRaw => remove(message, a, b),
        Op::Truncate => message.truncate(a),
        Op::Type => {
            if let Some(first) = message.first_mut() {
                *first = edit.a as u8;
            }
        }
        Op::VectorInsert | Op::VectorReplace | Op::VectorRemove | Op::VectorRepeat => {
            change_vector(edit, message, is_tls13);
        }
        Op::ExtensionReplace
        | Op::ExtensionOverwrite
        | Op::ExtensionInsert
        | Op::ExtensionRemove
        | Op::ExtensionType
        | Op::ExtensionDrop
        | Op::ExtensionDuplicate
        | Op::ExtensionSwap
        | Op::ExtensionAdd => change_extensions(edit, message),
        _ => return false,
    }
    if matches!(edit.op, Op::Insert | Op::Remove | Op::Truncate) {
        fix_header(message);
    }
    message.truncate(MAX_LEN);
    true
}
