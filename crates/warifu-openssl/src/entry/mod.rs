//! The functions that C calls, grouped by object.
//!
//! Their names, arguments and results are OpenSSL's; `include/` documents success, failure and ownership for C programmers.
//! Every function takes null for any pointer: it fails then, unless its manual page gives null a meaning.
#![allow(non_snake_case)]

mod alpn;
mod asn1;
mod asn1_time;
mod bio;
mod bio_address;
mod bio_chain;
mod bio_debug;
mod bio_dump;
mod bio_field;
mod bio_kind;
mod bio_method;
mod bio_print;
mod bio_socket;
mod bn;
pub(crate) mod ca_names;
mod callbacks;
mod chain;
mod cipher;
mod cipher_list;
mod compression;
mod context;
mod control;
mod control_negotiation;
mod crl;
mod crypto;
mod crypto_init;
mod digest;
mod digest_one_shot;
mod early_data;
mod err;
mod err_fetch;
mod evp_pkey;
mod ex_data;
mod exchange;
mod exporter;
mod fragment;
mod group;
mod hello;
mod hex;
mod hung_data;
mod key_exchange;
mod library;
pub(crate) mod material;
mod method;
mod object;
mod ocsp;
mod peer;
mod pem;
mod post_handshake;
mod psk;
mod query;
mod rand;
mod session;
mod session_cache;
mod session_form;
mod ssl;
mod ssl_bio;
mod ssl_conf;
mod ssl_data;
mod ssl_dup;
mod ssl_transport;
mod stack;
mod thread;
mod tickets;
pub(crate) mod verify;
mod verify_name;
pub(crate) mod version;
mod wolf_certificate;
mod wolf_data;
mod wolf_error;
mod wolf_hello;
mod wolf_io;
mod x509;
mod x509_check;
mod x509_encoding;
mod x509_extension;
mod x509_name;
mod x509_param;
mod x509_place;
mod x509_purpose;
mod x509_store;
mod x509_store_ctx;
mod x509_store_ctx_input;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error_queue;
use crate::fault::Fault;
use crate::handle;
use exchange::{from_der, lent, order, path, replace, to_der};

/// Runs the body of a function of the C API: what fails goes onto the error queue and becomes `failure`, and so does a panic.
///
/// Inlined: one return less behind a system call, where each is a misprediction.
#[inline(always)]
pub(crate) fn entry<T>(failure: T, body: impl FnOnce() -> Result<T, Fault>) -> T {
    // Nothing is left half changed behind a panic that could be seen: an object's cells hold whole values.
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => value,
        Ok(Err(fault)) => {
            error_queue::raise(&fault);
            failure
        }
        Err(_) => {
            error_queue::raise(&Fault::internal("a panic inside of the library"));
            failure
        }
    }
}

/// As [`entry`], for a function of one object.
///
/// # Safety
/// `object` is null or what its type says.
pub(crate) unsafe fn on<O, T>(
    object: *const O,
    failure: T,
    body: impl FnOnce(&O) -> Result<T, Fault>,
) -> T {
    entry(failure, || {
        // SAFETY: the caller's promise.
        body(unsafe { handle::borrow(object) }?)
    })
}

/// As [`on`], for a function in which code of the program's may run: a callback, a method of a BIO, what runs at the end of an object.
/// It may give the program's last reference back, so the call has one of its own.
///
/// # Safety
/// As there.
pub(crate) unsafe fn on_shared<O, T>(
    object: *const O,
    failure: T,
    body: impl FnOnce(&O) -> Result<T, Fault>,
) -> T {
    entry(failure, || {
        // SAFETY: the caller's promise.
        body(&*unsafe { handle::share(object) }?)
    })
}

/// For Rust programs that call the functions by their C names: whoever calls this has them linked.
pub fn linked() -> bool {
    true
}
