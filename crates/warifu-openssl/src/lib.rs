//! The OpenSSL-style C API of warifu.
//!
//! C programs see `include/`; this is what is behind it. Functions for C stand in `entry/`, grouped by object: each converts its
//! arguments, calls safe code in the other modules, and converts the result. All that can fail go through
//! `entry::entry`, which catches panics and puts failures onto the error queue.
//!
//! An object that C holds is an [`Arc`](std::sync::Arc) whose pointer was handed out (`handle`). C may call back into the API from a
//! callback with any object at hand, so no object is ever borrowed mutably as a whole: what changes is in cells, and no cell is
//! borrowed while C code runs (`question`).
#![deny(clippy::undocumented_unsafe_blocks, unsafe_op_in_unsafe_fn)]
// C reaches what no path of Rust's does.
#![allow(unreachable_pub)]

mod alert_words;
mod bio;
mod ca_names;
mod cipher;
mod conf;
mod context;
mod early_data;
pub mod entry;
mod error_queue;
mod error_reason;
mod error_text;
mod ex_data;
mod fault;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod groups;
mod handle;
mod hello;
mod material;
mod memory;
mod method;
mod news;
mod notes;
mod options;
mod padding;
mod psk;
mod question;
mod reason;
mod session;
mod settings;
mod sigalgs;
mod ssl;
pub mod stack;
mod state;
mod verify;
mod wolf;
pub mod x509;

/// What threads may share in the C API, as OpenSSL documents it. A connection or BIO belongs to one thread at a time.
const _: fn() = || {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<context::Context>();
    is_shared::<session::SslSession>();
    is_shared::<x509::X509>();
    is_shared::<x509::Pkey>();
    is_shared::<x509::Store>();
    is_shared::<method::Method>();
};
