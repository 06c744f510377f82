//! Whole handshakes with hostile peers: each flow of both roles, with fixed random numbers and a script of what the peer does
//! otherwise than it should.

pub mod differential;
pub mod differential_client;
mod identities;
pub mod legacy;
mod message;
mod play;
pub mod script;
pub mod seeds;
pub mod tls13;
