//! Sessions as bytes, as PEM and as text.

use core::ffi::{c_int, c_long, c_void};
use core::ptr;

use libc::FILE;

use super::{entry, exchange, on};
use crate::bio::Bio;
use crate::fault::Fault;
use crate::handle;
use crate::session::SslSession;
use crate::x509::channel::{Channel, ToChannel};
use crate::x509::load::{PasswordCallback, next_of};
use crate::x509::pem;

const LABEL: &str = "SSL SESSION PARAMETERS";

/// `i2d_SSL_SESSION`: writes a session to `*pp`, which is moved behind it; with `pp` null nothing is written. Returns the length, 0 on
/// failure.
///
/// # Safety
/// `session` is null or a session; `pp` is null, or points to null or to enough writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn i2d_SSL_SESSION(session: *const SslSession, pp: *mut *mut u8) -> c_int {
    let body = |session: &SslSession| {
        let der = session.to_der();
        // SAFETY: the caller's contract.
        unsafe { exchange::to_der(&der, pp) }
    };
    // SAFETY: the caller's contract.
    unsafe { on(session, 0, body) }
}

/// `d2i_SSL_SESSION`: reads a session of `length` bytes at `*pp`, which is moved behind it; if `a` is not null, `*a` gets it, and what was
/// there is freed. Null on failure.
///
/// # Safety
/// `a` is null, or points to null or a session of the caller's; `*pp` has `length` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn d2i_SSL_SESSION(
    a: *mut *mut SslSession,
    pp: *mut *const u8,
    length: c_long,
) -> *mut SslSession {
    entry(ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        unsafe {
            exchange::from_der(a, pp, length, |der| {
                SslSession::from_der(der).map(|(session, _)| session)
            })
        }
    })
}

/// Declares the functions for BIOs and files alike. Each row reads `READ_DER WRITE_DER READ_PEM WRITE_PEM PRINT: type`.
macro_rules! forms {
    ($($read_der:ident $write_der:ident $read_pem:ident $write_pem:ident $print:ident: $channel:ty;)*) => {$(
        #[doc = concat!("`", stringify!($read_der), "`: reads a session in the form of `i2d_SSL_SESSION`; null on failure.")]
        ///
        /// # Safety
        /// The pointers are null or what their types say; `place` as for `d2i_SSL_SESSION`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $read_der(
            from: *mut $channel,
            place: *mut *mut SslSession,
        ) -> *mut SslSession {
            entry(ptr::null_mut(), || {
                // SAFETY: the caller's contract.
                let der = unsafe { from.to_channel() }?.read_der()?;
                let (session, _) = SslSession::from_der(&der)?;
                // SAFETY: the caller's contract.
                Ok(unsafe { exchange::replace(place, session) })
            })
        }

        #[doc = concat!("`", stringify!($write_der), "`: writes a session in the form of `i2d_SSL_SESSION`; 1, or 0 on failure.")]
        ///
        /// # Safety
        /// The pointers are null or what their types say.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $write_der(to: *mut $channel, session: *const SslSession) -> c_int {
            // SAFETY: the caller's contract.
            unsafe { put(to, session, |session, channel| channel.write(&session.to_der())) }
        }

        #[doc = concat!("`", stringify!($read_pem), "`: reads a session that is written as PEM; null on failure. Callback and its argument are not used.")]
        ///
        /// # Safety
        /// The pointers are null or what their types say; `place` as for `d2i_SSL_SESSION`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $read_pem(
            from: *mut $channel,
            place: *mut *mut SslSession,
            _callback: Option<PasswordCallback>,
            _userdata: *mut c_void,
        ) -> *mut SslSession {
            entry(ptr::null_mut(), || {
                // SAFETY: the caller's contract.
                let channel = unsafe { from.to_channel() }?;
                let section =
                    next_of(&mut channel.lines(), "a session", |section| section.label == LABEL)?;
                let (session, _) = SslSession::from_der(&section.der)?;
                // SAFETY: the caller's contract.
                Ok(unsafe { exchange::replace(place, session) })
            })
        }

        #[doc = concat!("`", stringify!($write_pem), "`: writes a session as PEM; 1, or 0 on failure.")]
        ///
        /// # Safety
        /// The pointers are null or what their types say.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $write_pem(to: *mut $channel, session: *const SslSession) -> c_int {
            let write = |session: &SslSession, channel: &Channel<'_>| {
                channel.write(&pem::write(LABEL, &session.to_der()))
            };
            // SAFETY: the caller's contract.
            unsafe { put(to, session, write) }
        }

        #[doc = concat!("`", stringify!($print), "`: writes about a session, in this library's own words and without its secrets; 1, or 0 on failure.")]
        ///
        /// # Safety
        /// The pointers are null or what their types say.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $print(to: *mut $channel, session: *const SslSession) -> c_int {
            let write = |session: &SslSession, channel: &Channel<'_>| {
                channel.write(session.to_text().as_bytes())
            };
            // SAFETY: the caller's contract.
            unsafe { put(to, session, write) }
        }
    )*};
}

forms! {
    d2i_SSL_SESSION_bio i2d_SSL_SESSION_bio PEM_read_bio_SSL_SESSION PEM_write_bio_SSL_SESSION SSL_SESSION_print: Bio;
    d2i_SSL_SESSION_fp i2d_SSL_SESSION_fp PEM_read_SSL_SESSION PEM_write_SSL_SESSION SSL_SESSION_print_fp: FILE;
}

/// # Safety
/// The pointers are null or what their types say.
unsafe fn put<C>(
    to: C,
    session: *const SslSession,
    write: impl FnOnce(&SslSession, &Channel<'_>) -> Result<(), Fault>,
) -> c_int
where
    C: ToChannel,
{
    entry(0, || {
        // SAFETY: the caller's promise.
        let (session, channel) = unsafe { (handle::borrow(session)?, to.to_channel()?) };
        write(session, &channel)?;
        Ok(1)
    })
}
