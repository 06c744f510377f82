//! Messages of TLS 1.2, 1.1 and 1.0: RFC 5246, 4346, 2246, and what other RFCs add.
//!
//! ClientHello and Finished are those of TLS 1.3, as far as their form goes. A message that has a namesake in TLS 1.3 is
//! called `Legacy…`. Two have another form before TLS 1.2, [`LegacyCertificateRequest`] and [`LegacyCertificateVerify`]:
//! their `read` wants to know the version. Two depend on the key exchange, [`ServerKeyExchange`] and
//! [`ClientKeyExchange`]: they are received as bytes, and their `parts` wants to know it.

mod certificate;
mod certificate_request;
mod certificate_verify;
mod client_key_exchange;
mod hello_request;
mod new_session_ticket;
mod server_hello;
mod server_hello_done;
mod server_key_exchange;

#[cfg(test)]
mod recorded_tests;
#[cfg(test)]
mod tests;

pub(crate) use certificate::{LegacyCertificate, LegacyCertificateStatus};
pub(crate) use certificate_request::LegacyCertificateRequest;
pub(crate) use certificate_verify::{LegacyCertificateVerify, LegacySigned};
pub(crate) use client_key_exchange::{
    ClientKeyExchange, ClientKeyExchangeParts, ClientShare, LegacyPskIdentity,
};
pub(crate) use hello_request::HelloRequest;
pub(crate) use new_session_ticket::LegacyNewSessionTicket;
pub(crate) use server_hello::LegacyServerHello;
pub(crate) use server_hello_done::ServerHelloDone;
pub(crate) use server_key_exchange::{
    DheParams, EcdheParams, PskHint, ServerKeyExchange, ServerKeyExchangeParts, ServerParams,
};
