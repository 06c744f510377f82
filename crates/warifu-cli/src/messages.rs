//! Messages: how input becomes them, and which one ends a session.

use std::io::{self, BufRead, Read};

use crate::report::without_newline;

/// The message that ends the client that sends it and the server that receives it.
const SHUTDOWN: &[u8] = b"shutdown";

/// The longest line that is one message: a record's limit (RFC 8446 Section 5.1). A longer line is cut.
pub(crate) const MAX_MESSAGE_LEN: usize = 1 << 14;

/// Whether a message is `shutdown`, with or without an end of line.
pub(crate) fn is_shutdown(message: &[u8]) -> bool {
    without_newline(message) == SHUTDOWN
}

/// The next message of an input: a line with its newline, or with `raw` whatever has come. Empty at the end.
///
/// The newline travels with the message, so that peers that read lines understand it and so that no byte of
/// the input is lost or added.
pub(crate) fn next(input: &mut impl BufRead, raw: bool) -> io::Result<Vec<u8>> {
    let mut message = Vec::new();
    if raw {
        let available = loop {
            match input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        message.extend_from_slice(available);
        input.consume(message.len());
    } else {
        let limit = u64::try_from(MAX_MESSAGE_LEN).unwrap_or(u64::MAX);
        Read::take(input, limit).read_until(b'\n', &mut message)?;
    }
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_message_and_no_byte_is_lost() {
        let mut input = io::Cursor::new(b"one\n\ntwo".to_vec());
        let mut messages = Vec::new();
        loop {
            let message = next(&mut input, false).unwrap();
            if message.is_empty() {
                break;
            }
            messages.push(message);
        }
        assert_eq!(
            messages,
            [b"one\n".to_vec(), b"\n".to_vec(), b"two".to_vec()]
        );
    }

    #[test]
    fn a_line_longer_than_a_record_is_cut() {
        let mut input = io::Cursor::new(vec![b'a'; MAX_MESSAGE_LEN + 1]);
        assert_eq!(next(&mut input, false).unwrap().len(), MAX_MESSAGE_LEN);
        assert_eq!(next(&mut input, false).unwrap().len(), 1);
    }

    #[test]
    fn shutdown_is_recognised_with_any_end_of_line_and_nothing_else_is() {
        for message in ["shutdown", "shutdown\n", "shutdown\r\n"] {
            assert!(is_shutdown(message.as_bytes()), "{message:?}");
        }
        for message in ["Shutdown", "shutdown now", " shutdown", "shutdown\n\n", ""] {
            assert!(!is_shutdown(message.as_bytes()), "{message:?}");
        }
    }
}
