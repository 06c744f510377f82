//! TLS for parties that share a CA or a key.
//!
//! A client. One write is one record, and a read returns data of one record:
//!
//! ```standalone_crate
//! # #[allow(dead_code)] mod doc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
//! use std::io::{Read, Write};
//! use std::net::TcpStream;
//! use warifu::{ClientConfig, Stream, Trust};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let _directory = doc::in_a_directory_with_files();
//! # let address = doc::echo_server(std::sync::Arc::new(warifu::Credential::from_files("server.pem", "server.key")?));
//! // Shared by any number of connections.
//! let config = ClientConfig::builder(Trust::from_ca_file("ca.pem")?).build()?;
//! let transport = TcpStream::connect(address)?;
//! let mut stream = Stream::client(config, "localhost".try_into()?, transport);
//! stream.write_all(b"hello")?;
//! let mut reply = [0; 16384];
//! let count = stream.read(&mut reply)?;
//! println!("{}", String::from_utf8_lossy(&reply[..count]));
//! # assert_eq!(&reply[..count], b"hello");
//! stream.close()?;
//! # Ok(())
//! # }
//! ```
//!
//! A server for one client:
//!
//! ```standalone_crate
//! # #[allow(dead_code)] mod doc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
//! use std::io::{Read, Write};
//! use std::net::TcpListener;
//! use std::sync::Arc;
//! use warifu::{Credential, ServerConfig, Stream};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let _directory = doc::in_a_directory_with_files();
//! let credential = Arc::new(Credential::from_files("server.pem", "server.key")?);
//! let config = ServerConfig::builder(credential).build()?;
//! let listener = TcpListener::bind("127.0.0.1:0")?;
//! # let address = listener.local_addr()?;
//! # let config_of_client = warifu::ClientConfig::builder(warifu::Trust::from_ca_file("ca.pem")?).build()?;
//! # std::thread::spawn(move || {
//! #     let transport = std::net::TcpStream::connect(address).unwrap();
//! #     let mut stream = Stream::client(config_of_client, "localhost".try_into().unwrap(), transport);
//! #     stream.write_all(b"hello").unwrap();
//! #     stream.close().unwrap();
//! #     stream.read(&mut [0; 99]).unwrap();
//! # });
//! let (transport, _) = listener.accept()?;
//! let mut stream = Stream::server(config, transport);
//! let mut message = [0; 16384];
//! loop {
//!     let count = stream.read(&mut message)?;
//!     if count == 0 {
//!         break; // close_notify
//!     }
//!     stream.write_all(&message[..count])?;
//! }
//! stream.close()?;
//! # Ok(())
//! # }
//! ```
//!
//! # Where to look
//!
//! | for | see |
//! |---|---|
//! | a connection over a transport, blocking or not | [`Stream`]; its halves for two threads: [`ReadHalf`], [`WriteHalf`] |
//! | a connection without transport, for any event loop or runtime | [`Connection`] |
//! | what a series of connections shares | [`ClientConfig`], [`ServerConfig`], built in [`config`]; all defaults in [`config::defaults`] |
//! | whom to believe: CAs, pins, revocation lists | [`Trust`] and [`trust`] |
//! | proving oneself: certificates and keys | [`Credential`] and [`credential`] |
//! | pre-shared keys: what a client offers, where a server finds them | [`Psk`] and [`psk`] |
//! | shorter handshakes for clients that come back | [`resumption`] |
//! | data before the handshake is complete, and its dangers | [`early_data`] |
//! | what was agreed | [`ConnectionFacts`] |
//! | deciding oneself, also later: configuration, credential, signature, verification | [`decision`] |
//! | what went wrong, and which alert told the peer | [`Error`] and [`error`] |
//! | what both sides said in a handshake: randoms, Finished, the client's offer | [`HandshakeRecord`] |
//! | watching messages and records go by | [`MessageLog`] |
//! | looking at a certificate | [`certificate`]; its fields and extensions: [`certificate::view`] |
//! | names and numbers of the protocol | [`parameters`] |
//!
//! # Records
//!
//! A write of up to the record size (16 KiB, or less as configured or agreed) is one record; a longer one is as many full
//! records as it takes and one of the rest. A read returns data of one record: all of it, if the buffer is large enough, else a
//! part, and the next read goes on. It never joins two records. `pending()` tells how much can be read without receiving more.
//! In TLS 1.0 with CBC the first byte of a write is a record of its own, against the attack called BEAST
//! ([`with_record_splitting`](config::ConfigBuilder::with_record_splitting)).
#![forbid(unsafe_code)]

pub mod certificate;
pub mod config;
mod connection;
mod coroutine;
pub mod credential;
pub mod decision;
pub mod early_data;
pub mod error;
mod facts;
#[cfg(all(fuzzing, feature = "legacy"))]
#[doc(hidden)]
pub mod fuzzing;
mod halves;
mod handshake;
mod handshake_record;
mod message;
pub mod parameters;
pub mod psk;
mod record;
pub mod resumption;
mod stream;
#[cfg(test)]
mod test_vectors;
pub mod trust;

/// What the tests outside of the crate use, for those inside.
#[cfg(test)]
#[path = "../tests/support/mod.rs"]
mod testing;
#[cfg(test)]
extern crate self as warifu;

pub use config::{ClientAuth, ClientConfig, ServerConfig};
pub use connection::{Connection, Peeked, ReadOutcome};
pub use coroutine::Waiting;
pub use credential::Credential;
pub use early_data::EarlyData;
pub use error::{CertificateError, Error, NothingInCommon, PeerMisbehaved, PskFailure, UsageError};
#[cfg(feature = "legacy")]
pub use facts::LegacyFacts;
pub use facts::{ConnectionFacts, HandshakeKind};
pub use halves::{ReadHalf, WriteHalf};
pub use handshake_record::{ClientOffer, HandshakeRecord};
pub use psk::{Psk, PskPolicy, PskStore};
pub use record::wire::{Direction, LoggedMessage, MessageLog};
pub use record::writer::Padding;
pub use rustls_pki_types as pki_types;
pub use stream::Stream;
pub use trust::Trust;
