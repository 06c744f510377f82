//! TLS for parties that share a CA or a key.
#![forbid(unsafe_code)]
