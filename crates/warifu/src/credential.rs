//! What this side proves itself with: a certificate chain and its private key.
/// A certificate chain and its key.
#[derive(Debug)]
pub struct Credential {}
