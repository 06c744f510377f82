//! What is printed where: messages to standard output, everything else to standard error; with `--json`
//! every event to standard output, one object per line.
//!
//! Text that comes from a peer never reaches a terminal unescaped: a message could otherwise rewrite the
//! screen or the window's title.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

use serde_json::{Value, json};

use crate::args::OutputArguments;
use crate::exit::{Failure, Text};

/// One line to standard error. Control characters are escaped.
pub(crate) fn status(line: &str) {
    // Nobody is left to be told when standard error is gone.
    let _ = writeln!(io::stderr().lock(), "{}", escape(line));
}

/// One line to standard output.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    write_stdout(escape(text).as_bytes(), true)
}

/// Bytes to standard output as they are, for what a command is there to print.
pub(crate) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    write_stdout(bytes, false)
}

/// Prints a failure where it belongs.
pub(crate) fn failure(failure: &Failure, json: bool) {
    if json {
        let text = failure.text();
        let _ = write_json(&json!({
            "event": "failure",
            "exit_code": failure.code() as u8,
            "what": text.what,
            "cause": text.cause,
            "next": text.next,
        }));
        return;
    }
    for part in failure.to_string().lines() {
        status(part);
    }
}

/// The number of a connection that needs none, being the only one.
pub(crate) const ONLY_CONNECTION: u64 = 0;

/// How a command reports what happens; shared by all threads.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    pub(crate) json: bool,
    pub(crate) verbose: bool,
    quiet: bool,
    raw: bool,
    terminal: bool,
    /// Who speaks, where two sides share one terminal.
    speaker: Option<&'static str>,
}

impl Report {
    /// `raw`: messages are copied byte by byte.
    pub(crate) fn new(output: &OutputArguments, raw: bool) -> Self {
        Self {
            json: output.json,
            verbose: output.verbose,
            quiet: output.quiet,
            raw,
            terminal: io::stdout().is_terminal(),
            speaker: None,
        }
    }

    /// The same, with every message marked as received by `speaker`.
    pub(crate) fn for_speaker(&self, speaker: &'static str) -> Self {
        Self {
            speaker: Some(speaker),
            ..self.clone()
        }
    }

    /// The same, with nothing but messages, warnings and failures.
    pub(crate) fn without_status(self) -> Self {
        Self {
            quiet: true,
            ..self
        }
    }

    /// Invites to type a message, if somebody sits at a terminal.
    pub(crate) fn prompt(&self) {
        if self.terminal && !self.json && !self.quiet && io::stdin().is_terminal() {
            let _ = write!(io::stderr().lock(), "> ");
        }
    }

    /// A line for people, unless they want none.
    pub(crate) fn status(&self, line: &str) {
        if !self.quiet && !self.json {
            status(line);
        }
    }

    /// A line that must be seen even with `-q`.
    pub(crate) fn warning(&self, line: &str) {
        if self.json {
            let _ = write_json(&json!({ "event": "warning", "text": line }));
        } else {
            status(line);
        }
    }

    /// Something is wrong, and the program goes on all the same. Seen even with `-q`.
    pub(crate) fn trouble(&self, label: &str, text: &Text) {
        if self.json {
            let _ = write_json(&json!({
                "event": label,
                "text": text.what,
                "cause": text.cause,
                "next": text.next,
            }));
            return;
        }
        status(&format!("{label:<9} {}", text.what));
        status(&format!("  cause: {}", text.cause));
        status(&format!("  next:  {}", text.next));
    }

    /// An event for programs. `fields` is an object; the event's name and the side it happened on come first.
    pub(crate) fn event(&self, event: &str, fields: Value) {
        // Only messages are worth ending a connection for when standard output is gone.
        let _ = self.try_event(event, fields);
    }

    fn try_event(&self, event: &str, fields: Value) -> Result<(), Failure> {
        if !self.json {
            return Ok(());
        }
        let mut object = serde_json::Map::new();
        object.insert("event".to_owned(), event.into());
        if let Some(speaker) = self.speaker {
            object.insert("side".to_owned(), speaker.into());
        }
        if let Value::Object(fields) = fields {
            object.extend(fields);
        }
        write_json(&Value::Object(object))
    }

    /// What stands before each line about a connection.
    pub(crate) fn mark(&self, connection: u64) -> String {
        match (self.speaker, connection) {
            (Some(speaker), _) => format!("[{speaker}] "),
            (None, ONLY_CONNECTION) => String::new(),
            (None, number) => format!("[{number}] "),
        }
    }

    /// A handshake message, one line, with `-v`.
    pub(crate) fn handshake_message(&self, connection: u64, line: &str) {
        if !self.verbose {
            return;
        }
        if self.json {
            let fields = json!({ "connection": connection, "text": line });
            self.event("handshake_message", fields);
        } else {
            status(&format!("{}{line}", self.mark(connection)));
        }
    }

    /// A failure of one connection, which does not end the program.
    pub(crate) fn connection_failure(&self, connection: u64, error: &Failure) {
        let text = error.text();
        let fields = json!({
            "connection": connection,
            "code": error.code() as u8,
            "what": text.what,
            "cause": text.cause,
            "next": text.next,
        });
        self.event("connection_failed", fields);
        if !self.json {
            // The program goes on: its exit code will not tell.
            let code = format!("warifu ({}): ", error.code() as u8);
            for part in error.to_string().replacen("warifu: ", &code, 1).lines() {
                status(&format!("{}{part}", self.mark(connection)));
            }
        }
    }

    /// A message of the peer, on standard output.
    ///
    /// # Errors
    /// Standard output is gone or full.
    pub(crate) fn message(&self, connection: u64, message: &[u8]) -> Result<(), Failure> {
        if self.json {
            let (form, content) = match std::str::from_utf8(message) {
                Ok(text) => ("text", text.to_owned()),
                Err(_) => ("hex", crate::hex::encode(message, "")),
            };
            let fields = json!({ "connection": connection, "len": message.len(), form: content });
            return self.try_event("message", fields);
        }
        if self.raw {
            return write_stdout(message, false);
        }
        let line = without_newline(message);
        let text = match self.speaker {
            Some(name) => format!("{name} received: {}", String::from_utf8_lossy(line)),
            None if self.terminal => String::from_utf8_lossy(line).into_owned(),
            // Into a file or a pipe the message goes as it came.
            None => return write_stdout(line, true),
        };
        write_stdout(escape(&text).as_bytes(), true)
    }
}

/// A message without the end of line that closes it.
pub(crate) fn without_newline(message: &[u8]) -> &[u8] {
    let message = message.strip_suffix(b"\n").unwrap_or(message);
    message.strip_suffix(b"\r").unwrap_or(message)
}

/// Makes text harmless for a terminal: control characters but newline and tab, and those that change the
/// direction of writing (CVE-2021-42574), become escapes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        let dangerous = (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if dangerous {
            // Writing to a String cannot fail.
            let _ = write!(escaped, "{}", c.escape_default());
        } else {
            escaped.push(c);
        }
    }
    escaped
}

fn write_json(value: &Value) -> Result<(), Failure> {
    write_stdout(value.to_string().as_bytes(), true)
}

fn write_stdout(bytes: &[u8], newline: bool) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = (|| {
        stdout.write_all(bytes)?;
        if newline {
            stdout.write_all(b"\n")?;
        }
        stdout.flush()
    })();
    written.map_err(|error| Failure::StandardStream {
        which: "standard output",
        error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_text_cannot_carry_control_sequences() {
        assert_eq!(escape("a\tb\nc"), "a\tb\nc");
        assert_eq!(escape("\u{1b}[2Jx\r"), "\\u{1b}[2Jx\\r");
        assert_eq!(escape("\u{9b}31m"), "\\u{9b}31m");
        assert_eq!(escape("\u{202e}txt"), "\\u{202e}txt");
        assert_eq!(escape("割符"), "割符");
    }

    #[test]
    fn only_one_end_of_line_is_removed() {
        assert_eq!(without_newline(b"a\r\n"), b"a");
        assert_eq!(without_newline(b"a\n\n"), b"a\n");
        assert_eq!(without_newline(b"a"), b"a");
        assert_eq!(without_newline(b""), b"");
    }
}
