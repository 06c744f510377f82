//! The Base64 filter: what is written goes on in Base64, what is read comes decoded. RFC 4648 Section 4, in lines of 64 characters
//! unless `BIO_FLAGS_BASE64_NO_NL` is set.

use core::cell::RefCell;
use core::ffi::{c_int, c_long, c_void};

use zeroize::Zeroize;

use super::command::{
    CTRL_DUP, CTRL_EOF, CTRL_FLUSH, CTRL_PENDING, CTRL_RESET, CTRL_WPENDING, FLAG_BASE64_NO_NL,
    TYPE_BASE64,
};
use super::method::{Medium, builtin};
use super::null::{hand_on, with_next};
use super::{Bio, Transfer};

builtin! {
    method: TYPE_BASE64, c"base64 encoding", |_| Box::new(Base64::default());
}

/// Bytes that make a line.
const LINE: usize = 48;
/// How much is read at once.
const CHUNK: usize = 1024;

#[derive(Default)]
struct State {
    /// Written, and not yet enough for a line.
    plain: Vec<u8>,
    /// Encoded, and not yet taken by the next BIO.
    encoded: Vec<u8>,
    /// Read, and not yet decoded.
    read: Vec<u8>,
    /// Decoded, and not yet read.
    decoded: Vec<u8>,
    /// Whether the Base64 began: lines of other text before it are skipped.
    began: bool,
    /// Whether no more comes.
    ended: bool,
}

impl Drop for State {
    fn drop(&mut self) {
        for bytes in [
            &mut self.plain,
            &mut self.encoded,
            &mut self.read,
            &mut self.decoded,
        ] {
            bytes.zeroize();
        }
    }
}

/// Its state is taken out while the next BIO works.
#[derive(Default)]
struct Base64(RefCell<State>);

/// A character for six bits. Without a table, so that which one it is does not show in the cache.
fn character(bits: u8) -> u8 {
    match bits & 63 {
        bits @ 0..26 => b'A' + bits,
        bits @ 26..52 => b'a' + bits - 26,
        bits @ 52..62 => b'0' + bits - 52,
        62 => b'+',
        _ => b'/',
    }
}

fn bits(character: u8) -> Option<u8> {
    match character {
        b'A'..=b'Z' => Some(character - b'A'),
        b'a'..=b'z' => Some(character - b'a' + 26),
        b'0'..=b'9' => Some(character - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

fn encode(plain: &[u8], out: &mut Vec<u8>) {
    for group in plain.chunks(3) {
        let byte = |at: usize| group.get(at).copied().unwrap_or(0);
        let (a, b, c) = (byte(0), byte(1), byte(2));
        out.push(character(a >> 2));
        out.push(character(a << 4 | b >> 4));
        out.push(if group.len() > 1 {
            character(b << 2 | c >> 6)
        } else {
            b'='
        });
        out.push(if group.len() > 2 { character(c) } else { b'=' });
    }
}

impl State {
    /// Encodes whole lines; all if it is the end.
    fn encode(&mut self, lines: bool, end: bool) {
        let unit = if lines { LINE } else { 3 };
        let whole = if end {
            self.plain.len()
        } else {
            self.plain.len() / unit * unit
        };
        let plain: Vec<u8> = self.plain.drain(..whole).collect();
        if lines {
            for line in plain.chunks(LINE) {
                encode(line, &mut self.encoded);
                self.encoded.push(b'\n');
            }
        } else {
            encode(&plain, &mut self.encoded);
        }
    }

    /// Decodes what whole groups of four there are. `end`: nothing more comes.
    fn decode(&mut self, lines: bool, end: bool) {
        if lines && !self.began {
            self.skip_other_text(end);
            if !self.began {
                return;
            }
        }
        let mut group = [0_u8; 4];
        let (mut have, mut padding, mut used) = (0, 0, 0);
        for (at, byte) in self.read.iter().enumerate() {
            let value = match (bits(*byte), *byte) {
                (Some(value), _) if padding == 0 => value,
                (None, b'=') if have >= 2 => {
                    padding += 1;
                    0
                }
                (None, b'\n' | b'\r' | b' ' | b'\t') => continue,
                _ => {
                    self.ended = true;
                    break;
                }
            };
            if let Some(slot) = group.get_mut(have) {
                *slot = value;
            }
            have += 1;
            if have == 4 {
                let [a, b, c, d] = group;
                let bytes = [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d];
                self.decoded
                    .extend_from_slice(bytes.get(..3 - padding.min(2)).unwrap_or_default());
                used = at + 1;
                have = 0;
                if padding > 0 {
                    self.ended = true;
                    break;
                }
            }
        }
        self.read.drain(..used);
        self.ended |= end;
    }

    /// Passes lines that are not Base64, as the head of a message is.
    fn skip_other_text(&mut self, end: bool) {
        while !self.read.is_empty() {
            let newline = self.read.iter().position(|byte| *byte == b'\n');
            let Some(len) = newline.map(|at| at + 1).or(end.then_some(self.read.len())) else {
                // A line without an end so far: if it is longer than one of Base64, wait no more.
                return;
            };
            let line = self.read.get(..len).unwrap_or_default().trim_ascii();
            let is_base64 = line.len() % 4 == 0
                && line
                    .iter()
                    .all(|byte| bits(*byte).is_some() || *byte == b'=');
            if is_base64 && !line.is_empty() {
                self.began = true;
                return;
            }
            self.read.drain(..len);
        }
        self.ended |= end;
    }
}

impl Base64 {
    /// Writes what is encoded to the next BIO.
    fn drain(&self, bio: &Bio) -> Transfer {
        loop {
            let taken = core::mem::take(&mut self.0.borrow_mut().encoded);
            if taken.is_empty() {
                return Transfer::Done(0);
            }
            let done = with_next(bio, |next| next.write(&taken));
            let count = if let Transfer::Done(count) = done {
                count
            } else {
                0
            };
            let mut rest = taken.get(count..).unwrap_or_default().to_vec();
            let mut state = self.0.borrow_mut();
            rest.append(&mut state.encoded);
            state.encoded = rest;
            if count == 0 {
                return if let Transfer::Done(_) = done {
                    Transfer::Eof
                } else {
                    done
                };
            }
        }
    }
}

impl Medium for Base64 {
    fn create(&self, bio: &Bio) -> bool {
        bio.set_init(1);
        true
    }

    fn read(&self, bio: &Bio, out: &mut [u8]) -> Transfer {
        bio.clear_retry();
        let lines = bio.flags() & FLAG_BASE64_NO_NL == 0;
        loop {
            {
                let mut state = self.0.borrow_mut();
                let count = state.decoded.len().min(out.len());
                if count > 0 || out.is_empty() {
                    for (to, from) in out.iter_mut().zip(state.decoded.drain(..count)) {
                        *to = from;
                    }
                    return Transfer::Done(count);
                }
                if state.ended {
                    return Transfer::Eof;
                }
            }
            let mut chunk = [0; CHUNK];
            let done = with_next(bio, |next| next.read(&mut chunk));
            let mut state = self.0.borrow_mut();
            match done {
                Transfer::Done(count) if count > 0 => {
                    state
                        .read
                        .extend_from_slice(chunk.get(..count).unwrap_or_default());
                    state.decode(lines, false);
                }
                Transfer::Done(_) | Transfer::Eof => {
                    bio.clear_retry();
                    state.decode(lines, true);
                }
                // What came so far may be all that comes: the end of a memory BIO is a "not yet".
                Transfer::Retry => {
                    state.decode(lines, false);
                    if state.decoded.is_empty() {
                        return Transfer::Retry;
                    }
                    bio.clear_retry();
                }
                Transfer::Failed => return Transfer::Failed,
            }
        }
    }

    fn write(&self, bio: &Bio, data: &[u8]) -> Transfer {
        bio.clear_retry();
        let lines = bio.flags() & FLAG_BASE64_NO_NL == 0;
        // What the next BIO did not take yet goes first.
        match self.drain(bio) {
            Transfer::Done(_) => {}
            other => return other,
        }
        {
            let mut state = self.0.borrow_mut();
            state.plain.extend_from_slice(data);
            state.encode(lines, false);
        }
        match self.drain(bio) {
            Transfer::Failed => Transfer::Failed,
            // The bytes are in; the rest goes with the next call or a flush.
            _ => Transfer::Done(data.len()),
        }
    }

    unsafe fn control(
        &self,
        bio: &Bio,
        command: c_int,
        number: c_long,
        pointer: *mut c_void,
    ) -> c_long {
        let long = |count: usize| c_long::try_from(count).unwrap_or(c_long::MAX);
        match command {
            CTRL_RESET => {
                self.0.replace(State::default());
            }
            CTRL_EOF => {
                let state = self.0.borrow();
                if !state.decoded.is_empty() {
                    return 0;
                }
                if state.ended {
                    return 1;
                }
            }
            CTRL_PENDING => {
                let count = self.0.borrow().decoded.len();
                if count > 0 {
                    return long(count);
                }
            }
            CTRL_WPENDING => {
                let state = self.0.borrow();
                let count = state.encoded.len() + usize::from(!state.plain.is_empty());
                if count > 0 {
                    return long(count);
                }
            }
            CTRL_FLUSH => {
                let lines = bio.flags() & FLAG_BASE64_NO_NL == 0;
                self.0.borrow_mut().encode(lines, true);
                match self.drain(bio) {
                    Transfer::Done(_) => {}
                    other => return c_long::from(other.code()),
                }
            }
            CTRL_DUP => return 1,
            _ => {}
        }
        // SAFETY: the caller's promise.
        unsafe { hand_on(bio, command, number, pointer) }
    }
}
