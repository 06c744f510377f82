//! A session in words (`SSL_SESSION_print`), without its secrets.

use std::fmt::Write as _;

use warifu::parameters::ProtocolVersion;

use super::SslSession;

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02X}");
        text
    })
}

impl SslSession {
    /// One line for each fact.
    pub(crate) fn to_text(&self) -> String {
        let resumable = self.is_resumable();
        let lifetime = self.lifetime_hint();
        let ticket = self
            .resumes()
            .and_then(|session| session.ticket())
            .map(<[u8]>::len);
        let values = self.values();
        let mut lines = vec!["SSL-Session:".to_owned()];
        let mut line = |name: &str, value: String| lines.push(format!("    {name:<12}: {value}"));
        line("Protocol", ProtocolVersion(values.version).to_string());
        if let Some(suite) = values.suite {
            line("Cipher", suite.to_string());
        }
        line("Session-ID", hexadecimal(&values.id));
        line("ID context", hexadecimal(&values.id_context));
        if let Some(name) = &values.host_name {
            line("Server name", name.to_string_lossy().into_owned());
        }
        if !values.alpn.is_empty() {
            line("ALPN", values.alpn.escape_ascii().to_string());
        }
        if let Some(len) = ticket {
            line("Ticket", format!("{len} bytes, good for {lifetime} s"));
        }
        line("Resumable", if resumable { "yes" } else { "no" }.to_owned());
        line("Start time", values.time.to_string());
        line("Timeout", format!("{} s", values.timeout));
        line("Verify code", values.verify_result.to_string());
        line(
            "Early data",
            format!("at most {} bytes", values.max_early_data),
        );
        lines.push(String::new());
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_has_no_secret() {
        let session = SslSession::empty();
        session.set_id(&[0xab, 1]).unwrap();
        session.set_secret(&[0xcd; 32]).unwrap();
        let text = session.to_text();
        assert!(text.contains("Session-ID  : AB01\n"), "{text}");
        assert!(!text.contains("CDCD"));
        assert!(text.ends_with('\n'));
    }
}
