//! How far a handshake has come, in OpenSSL's numbers (`OSSL_HANDSHAKE_STATE`) and in words.

use core::ffi::{CStr, c_int};

use warifu::Waiting;
use warifu::parameters::HandshakeType;

use crate::method::Role;
use crate::ssl::Ssl;

/// Declares states. Each row reads `NAME = number, "code", "words";`
macro_rules! states {
    ($($name:ident = $number:literal, $code:literal, $words:literal;)*) => {
        /// A step of a handshake that is done: a message read or written.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(i32)]
        pub(crate) enum HandshakeState {
            $(
                #[doc = $words]
                $name = $number,
            )*
        }

        impl HandshakeState {
            /// `SSL_state_string`
            pub(crate) fn code(self) -> &'static CStr {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// `SSL_state_string_long`
            pub(crate) fn words(self) -> &'static CStr {
                match self {
                    $(Self::$name => states!(@c $words),)*
                }
            }
        }
    };
    (@c $words:literal) => {
        match CStr::from_bytes_with_nul(concat!($words, "\0").as_bytes()) {
            Ok(words) => words,
            Err(_) => c"",
        }
    };
}

states! {
    Before = 0, c"PINIT ", "before SSL initialization";
    Ok = 1, c"SSLOK ", "SSL negotiation finished successfully";
    ClientReadServerHello = 3, c"TRSH", "the client has read ServerHello";
    ClientReadCertificate = 4, c"TRSC", "the client has read Certificate";
    ClientReadCertificateStatus = 5, c"TRCS", "the client has read CertificateStatus";
    ClientReadKeyExchange = 6, c"TRSKE", "the client has read ServerKeyExchange";
    ClientReadCertificateRequest = 7, c"TRCR", "the client has read CertificateRequest";
    ClientReadServerDone = 8, c"TRSD", "the client has read ServerHelloDone";
    ClientReadTicket = 9, c"TRST", "the client has read NewSessionTicket";
    ClientReadChange = 10, c"TRCCS", "the client has read change_cipher_spec";
    ClientReadFinished = 11, c"TRFIN", "the client has read Finished";
    ClientWroteHello = 12, c"TWCH", "the client has written ClientHello";
    ClientWroteCertificate = 13, c"TWCC", "the client has written Certificate";
    ClientWroteKeyExchange = 14, c"TWCKE", "the client has written ClientKeyExchange";
    ClientWroteCertificateVerify = 15, c"TWCV", "the client has written CertificateVerify";
    ClientWroteChange = 16, c"TWCCS", "the client has written change_cipher_spec";
    ClientWroteFinished = 18, c"TWFIN", "the client has written Finished";
    ServerWroteHelloRequest = 19, c"TWHR", "the server has written HelloRequest";
    ServerReadClientHello = 20, c"TRCH", "the server has read ClientHello";
    ServerWroteHello = 22, c"TWSH", "the server has written ServerHello";
    ServerWroteCertificate = 23, c"TWSC", "the server has written Certificate";
    ServerWroteKeyExchange = 24, c"TWSKE", "the server has written ServerKeyExchange";
    ServerWroteCertificateRequest = 25, c"TWCR", "the server has written CertificateRequest";
    ServerWroteDone = 26, c"TWSD", "the server has written ServerHelloDone";
    ServerReadCertificate = 27, c"TRCC", "the server has read Certificate";
    ServerReadKeyExchange = 28, c"TRCKE", "the server has read ClientKeyExchange";
    ServerReadCertificateVerify = 29, c"TRCV", "the server has read CertificateVerify";
    ServerReadChange = 31, c"TRCCS", "the server has read change_cipher_spec";
    ServerReadFinished = 32, c"TRFIN", "the server has read Finished";
    ServerWroteTicket = 33, c"TWST", "the server has written NewSessionTicket";
    ServerWroteCertificateStatus = 34, c"TWCS", "the server has written CertificateStatus";
    ServerWroteChange = 35, c"TWCCS", "the server has written change_cipher_spec";
    ServerWroteFinished = 36, c"TWFIN", "the server has written Finished";
    ServerWroteEncryptedExtensions = 37, c"TWEE", "the server has written EncryptedExtensions";
    ClientReadEncryptedExtensions = 38, c"TREE", "the client has read EncryptedExtensions";
    ClientReadCertificateVerify = 39, c"TRSCV", "the client has read CertificateVerify";
    ServerWroteCertificateVerify = 40, c"TWSCV", "the server has written CertificateVerify";
    ClientReadHelloRequest = 41, c"TRHR", "the client has read HelloRequest";
    ServerWroteKeyUpdate = 42, c"TWSKU", "the server has written KeyUpdate";
    ClientWroteKeyUpdate = 43, c"TWCKU", "the client has written KeyUpdate";
    ServerReadKeyUpdate = 44, c"TRCKU", "the server has read KeyUpdate";
    ClientReadKeyUpdate = 45, c"TRSKU", "the client has read KeyUpdate";
    ClientWroteEndOfEarlyData = 48, c"TWEOED", "the client has written EndOfEarlyData";
    ServerReadEndOfEarlyData = 49, c"TREOED", "the server has read EndOfEarlyData";
}

impl HandshakeState {
    /// The state behind a message.
    pub(crate) fn of_message(role: Option<Role>, received: bool, message: &[u8]) -> Option<Self> {
        let message_type = HandshakeType(*message.first()?);
        let is_client = role == Some(Role::Client);
        Some(if is_client {
            Self::of_clients(received, message_type)?
        } else {
            Self::of_servers(received, message_type)?
        })
    }

    fn of_clients(received: bool, message: HandshakeType) -> Option<Self> {
        use HandshakeType as T;

        Some(match (received, message) {
            (true, T::SERVER_HELLO) => Self::ClientReadServerHello,
            (true, T::CERTIFICATE) => Self::ClientReadCertificate,
            (true, T::CERTIFICATE_STATUS) => Self::ClientReadCertificateStatus,
            (true, T::SERVER_KEY_EXCHANGE) => Self::ClientReadKeyExchange,
            (true, T::CERTIFICATE_REQUEST) => Self::ClientReadCertificateRequest,
            (true, T::SERVER_HELLO_DONE) => Self::ClientReadServerDone,
            (true, T::NEW_SESSION_TICKET) => Self::ClientReadTicket,
            (true, T::FINISHED) => Self::ClientReadFinished,
            (true, T::ENCRYPTED_EXTENSIONS) => Self::ClientReadEncryptedExtensions,
            (true, T::CERTIFICATE_VERIFY) => Self::ClientReadCertificateVerify,
            (true, T::HELLO_REQUEST) => Self::ClientReadHelloRequest,
            (true, T::KEY_UPDATE) => Self::ClientReadKeyUpdate,
            (false, T::CLIENT_HELLO) => Self::ClientWroteHello,
            (false, T::CERTIFICATE) => Self::ClientWroteCertificate,
            (false, T::CLIENT_KEY_EXCHANGE) => Self::ClientWroteKeyExchange,
            (false, T::CERTIFICATE_VERIFY) => Self::ClientWroteCertificateVerify,
            (false, T::FINISHED) => Self::ClientWroteFinished,
            (false, T::KEY_UPDATE) => Self::ClientWroteKeyUpdate,
            (false, T::END_OF_EARLY_DATA) => Self::ClientWroteEndOfEarlyData,
            _ => return None,
        })
    }

    fn of_servers(received: bool, message: HandshakeType) -> Option<Self> {
        use HandshakeType as T;

        Some(match (received, message) {
            (true, T::CLIENT_HELLO) => Self::ServerReadClientHello,
            (true, T::CERTIFICATE) => Self::ServerReadCertificate,
            (true, T::CLIENT_KEY_EXCHANGE) => Self::ServerReadKeyExchange,
            (true, T::CERTIFICATE_VERIFY) => Self::ServerReadCertificateVerify,
            (true, T::FINISHED) => Self::ServerReadFinished,
            (true, T::KEY_UPDATE) => Self::ServerReadKeyUpdate,
            (true, T::END_OF_EARLY_DATA) => Self::ServerReadEndOfEarlyData,
            (false, T::HELLO_REQUEST) => Self::ServerWroteHelloRequest,
            (false, T::SERVER_HELLO) => Self::ServerWroteHello,
            (false, T::CERTIFICATE) => Self::ServerWroteCertificate,
            (false, T::SERVER_KEY_EXCHANGE) => Self::ServerWroteKeyExchange,
            (false, T::CERTIFICATE_REQUEST) => Self::ServerWroteCertificateRequest,
            (false, T::SERVER_HELLO_DONE) => Self::ServerWroteDone,
            (false, T::NEW_SESSION_TICKET) => Self::ServerWroteTicket,
            (false, T::CERTIFICATE_STATUS) => Self::ServerWroteCertificateStatus,
            (false, T::FINISHED) => Self::ServerWroteFinished,
            (false, T::ENCRYPTED_EXTENSIONS) => Self::ServerWroteEncryptedExtensions,
            (false, T::CERTIFICATE_VERIFY) => Self::ServerWroteCertificateVerify,
            (false, T::KEY_UPDATE) => Self::ServerWroteKeyUpdate,
            _ => return None,
        })
    }

    /// The state behind change_cipher_spec.
    pub(crate) fn of_change_cipher_spec(role: Option<Role>, received: bool) -> Option<Self> {
        Some(match (role?, received) {
            (Role::Client, true) => Self::ClientReadChange,
            (Role::Client, false) => Self::ClientWroteChange,
            (Role::Server, true) => Self::ServerReadChange,
            (Role::Server, false) => Self::ServerWroteChange,
        })
    }

    /// The last step before what a handshake waits for: good enough where no callback has them counted.
    fn before(role: Option<Role>, expected: &str) -> Self {
        let is_client = role == Some(Role::Client);
        match (is_client, expected) {
            (true, "ServerHello") => Self::ClientWroteHello,
            (true, "EncryptedExtensions" | "Certificate") => Self::ClientReadServerHello,
            (true, "CertificateVerify" | "ServerKeyExchange") => Self::ClientReadCertificate,
            (true, "Finished" | "ChangeCipherSpec") => Self::ClientWroteFinished,
            (true, _) => Self::ClientReadServerHello,
            (false, "first message" | "ClientHello") => Self::Before,
            (false, "CertificateVerify") => Self::ServerReadCertificate,
            (false, "ChangeCipherSpec") => Self::ServerReadKeyExchange,
            (false, "ClientKeyExchange") => Self::ServerWroteDone,
            (false, _) => Self::ServerWroteFinished,
        }
    }
}

impl Ssl {
    /// `SSL_get_state`
    pub(crate) fn handshake_state(&self) -> HandshakeState {
        if let Some(noted) = self.noted.state.get() {
            return noted;
        }
        if !self.is_in_handshake() {
            return HandshakeState::Ok;
        }
        let waiting = self.look(warifu::Connection::waiting).flatten();
        match waiting {
            Some(Waiting::Bytes(expected)) => HandshakeState::before(self.role(), expected),
            Some(Waiting::Answer(_)) if self.role() == Some(Role::Client) => {
                HandshakeState::ClientReadCertificate
            }
            Some(Waiting::Answer(_)) => HandshakeState::ServerReadClientHello,
            None => HandshakeState::Before,
        }
    }
}

/// The version that a ServerHello chooses, RFC 8446 Section 4.2.1; `None` for other messages.
pub(crate) fn version_of_server_hello(message: &[u8]) -> Option<u16> {
    const SUPPORTED_VERSIONS: u16 = 43;
    let [2, _, _, _, major, minor, behind @ ..] = message else {
        return None;
    };
    let number = |high: u8, low: u8| u16::from_be_bytes([high, low]);
    let legacy_version = number(*major, *minor);
    let session_id_len = usize::from(*behind.get(32)?);
    // The session ID, the cipher suite, the compression method.
    let Some([_, _, extensions @ ..]) = behind.get(33 + session_id_len + 3..) else {
        return Some(legacy_version);
    };
    let mut rest = extensions;
    while let [type_high, type_low, len_high, len_low, data @ ..] = rest {
        let len = usize::from(number(*len_high, *len_low));
        let (data, next) = data.split_at_checked(len)?;
        if let (SUPPORTED_VERSIONS, &[high, low]) = (number(*type_high, *type_low), data) {
            return Some(number(high, low));
        }
        rest = next;
    }
    Some(legacy_version)
}

/// `SSL_get_state` of a connection, as C has it.
pub(crate) fn number(state: HandshakeState) -> c_int {
    state as c_int
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_a_server_hello_is_found() {
        let mut message = vec![2, 0, 0, 0, 3, 3];
        message.extend([0; 32]);
        message.extend([1, 9, 0x13, 1, 0]);
        assert_eq!(version_of_server_hello(&message), Some(0x0303));
        message.extend([0, 10, 0, 51, 0, 0, 0, 43, 0, 2, 3, 4]);
        assert_eq!(version_of_server_hello(&message), Some(0x0304));
        for len in 0..message.len() {
            let _ = version_of_server_hello(&message[..len]);
        }
        message[0] = 1;
        assert_eq!(version_of_server_hello(&message), None);
    }

    #[test]
    fn states_have_words_and_codes() {
        assert_eq!(
            HandshakeState::Ok.words(),
            c"SSL negotiation finished successfully"
        );
        assert_eq!(HandshakeState::ClientWroteHello.code(), c"TWCH");
        let hello = HandshakeState::of_message(Some(Role::Server), true, &[1]);
        assert_eq!(hello.map(number), Some(20));
    }
}
