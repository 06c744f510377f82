//! From options to the library's configurations.

use std::fmt;
use std::sync::Arc;

use warifu::config::{ConfigBuilder, KeyLogFile};
use warifu::parameters::NamedGroup;
use warifu::{Direction, LoggedMessage, MessageLog};

use crate::args::ProtocolArguments;
use crate::exit::Failure;
use crate::report::Report;
use crate::tls_choice::Choice;

/// Sets what both roles have in common.
pub(crate) fn apply<R>(
    mut builder: ConfigBuilder<R>,
    protocol: &ProtocolArguments,
) -> Result<ConfigBuilder<R>, Failure> {
    builder = Choice::new(&protocol.choice)?.apply(builder);
    if let Some(list) = &protocol.groups {
        builder = builder.with_groups(&groups(list)?);
    }
    if !protocol.alpn.is_empty() {
        builder = builder.with_alpn(&protocol.alpn);
    }
    if let Some(bytes) = protocol.record_size_limit {
        builder = builder.with_record_size_limit(bytes);
    }
    if let Some(bytes) = protocol.record_size {
        builder = builder.with_record_size(bytes.into());
    }
    if let Some(path) = &protocol.keylog {
        let log = KeyLogFile::open(path).map_err(|error| Failure::Unwritable {
            path: path.clone(),
            error,
        })?;
        builder = builder.with_key_log(Arc::new(log));
    }
    Ok(builder)
}

/// With `-v`, has the messages of one connection printed.
pub(crate) fn log_messages<R>(
    builder: ConfigBuilder<R>,
    report: &Report,
    connection: u64,
) -> ConfigBuilder<R> {
    if !report.verbose {
        return builder;
    }
    builder.with_message_log(Arc::new(MessageLines {
        report: report.clone(),
        connection,
    }))
}

/// What the library says of a configuration it refuses.
pub(crate) fn refused(error: warifu::Error) -> Failure {
    match error {
        warifu::Error::Usage(warifu::UsageError::Config(problem)) => Failure::Config(problem),
        other => Failure::Config(other.to_string()),
    }
}

/// `-v`: each handshake message, alert and change_cipher_spec on a line.
struct MessageLines {
    report: Report,
    connection: u64,
}

impl fmt::Debug for MessageLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MessageLines")
    }
}

impl MessageLog for MessageLines {
    fn message(&self, direction: Direction, message: LoggedMessage) {
        let arrow = match direction {
            Direction::Sent => "->",
            Direction::Received => "<-",
        };
        let line = match message {
            LoggedMessage::Handshake(kind, len) => format!("{arrow} {kind}, {len} bytes"),
            LoggedMessage::Alert(alert) => format!("{arrow} alert {alert}"),
            LoggedMessage::ChangeCipherSpec => format!("{arrow} change_cipher_spec"),
            _ => format!("{arrow} {message:?}"),
        };
        self.report.handshake_message(self.connection, &line);
    }
}

/// Names that can be negotiated, for the error text.
const GROUPS: [NamedGroup; 9] = [
    NamedGroup::X25519MLKEM768,
    NamedGroup::SECP256R1MLKEM768,
    NamedGroup::SECP384R1MLKEM1024,
    NamedGroup::X25519,
    NamedGroup::SECP256R1,
    NamedGroup::SECP384R1,
    NamedGroup::SECP521R1,
    NamedGroup::MLKEM768,
    NamedGroup::MLKEM1024,
];

fn groups(list: &str) -> Result<Vec<NamedGroup>, Failure> {
    let find = |name: &str| {
        let wanted = match name.to_ascii_lowercase().as_str() {
            "p-256" | "p256" | "prime256v1" => "secp256r1",
            "p-384" | "p384" => "secp384r1",
            "p-521" | "p521" => "secp521r1",
            _ => name,
        };
        let named = |group: &NamedGroup| group.to_string().eq_ignore_ascii_case(wanted);
        GROUPS
            .into_iter()
            .find(named)
            .ok_or_else(|| Failure::Argument {
                option: "--groups",
                value: name.to_owned(),
                problem: "not known here".to_owned(),
                allowed: GROUPS.map(|group| group.to_string()).join(", "),
            })
    };
    list.split([',', ':'])
        .map(|name| find(name.trim()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_their_usual_names() {
        assert_eq!(
            groups("x25519mlkem768, P-256").unwrap(),
            [NamedGroup::X25519MLKEM768, NamedGroup::SECP256R1]
        );
        assert!(groups("x448").is_err());
    }
}
