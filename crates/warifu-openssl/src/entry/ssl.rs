//! Making connections, attaching transports, handshakes and data.
//!
//! What may run callbacks holds a reference of its own meanwhile: a callback may give the last one of the program's back.

use core::ffi::{c_int, c_long, c_void};
use std::sync::Arc;

use super::entry;
use crate::bio::Bio;
use crate::context::Context;
use crate::fault::Fault;
use crate::handle;
use crate::method::Role;
use crate::reason;
use crate::ssl::outcome::Outcome;
use crate::ssl::{Begun, Reading, Shutdown, Ssl};

/// `SSL_new`: a connection with the settings of the context; null on failure.
///
/// # Safety
/// `ctx` is null or a context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_new(ctx: *mut Context) -> *mut Ssl {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let context = unsafe { handle::share(ctx) }?;
        Ok(handle::into_raw(Ssl::new(context).shared()))
    })
}

/// `SSL_free`: gives one reference back.
///
/// # Safety
/// `ssl` is null or a connection of which the caller owns a reference.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_free(ssl: *mut Ssl) {
    entry((), || {
        // SAFETY: the caller's contract.
        drop(unsafe { handle::take(ssl) });
        Ok(())
    });
}

/// `SSL_up_ref`: one more reference; 1.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_up_ref(ssl: *mut Ssl) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let ssl = unsafe { handle::share(ssl) }?;
        handle::into_raw(ssl);
        Ok(1)
    })
}

/// `SSL_clear`: makes the object ready for another connection with the same settings; 1.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_clear(ssl: *mut Ssl) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        unsafe { handle::share(ssl) }?.reset();
        Ok(1)
    })
}

/// `SSL_get_SSL_CTX`: the context, which the connection keeps.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_SSL_CTX(ssl: *const Ssl) -> *mut Context {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let ssl = unsafe { handle::borrow(ssl) }?;
        Ok(Arc::as_ptr(&ssl.context()).cast_mut())
    })
}

// Transports.

/// `SSL_set_fd`: reads from and writes to a socket; 1, or 0 on failure.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set_fd(ssl: *mut Ssl, fd: c_int) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let ssl = unsafe { handle::share(ssl) }?;
        let bio = Bio::socket(fd, false)?;
        ssl.set_bios(Some(bio.clone()), Some(bio));
        ssl.attached(Some(fd), Some(fd))?;
        Ok(1)
    })
}

/// `SSL_set_rfd`: reads from a socket; 1, or 0 on failure.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set_rfd(ssl: *mut Ssl, fd: c_int) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let ssl = unsafe { handle::share(ssl) }?;
        ssl.set_bios(Some(Bio::socket(fd, false)?), None);
        ssl.attached(Some(fd), None)?;
        Ok(1)
    })
}

/// `SSL_set_wfd`: writes to a socket; 1, or 0 on failure.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set_wfd(ssl: *mut Ssl, fd: c_int) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let ssl = unsafe { handle::share(ssl) }?;
        ssl.set_bios(None, Some(Bio::socket(fd, false)?));
        ssl.attached(None, Some(fd))?;
        Ok(1)
    })
}

/// `SSL_get_rfd`, and `SSL_get_fd`: the socket that is read, -1 if there is none.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_rfd(ssl: *const Ssl) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let ssl = unsafe { handle::borrow(ssl) }?;
        ssl.read_bio().and_then(|bio| bio.fd()).ok_or(Fault::Quiet)
    })
}

/// `SSL_get_fd`
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_fd(ssl: *const Ssl) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { SSL_get_rfd(ssl) }
}

/// `SSL_get_wfd`: the socket that is written to, -1 if there is none.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_wfd(ssl: *const Ssl) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let ssl = unsafe { handle::borrow(ssl) }?;
        ssl.write_bio().and_then(|bio| bio.fd()).ok_or(Fault::Quiet)
    })
}

/// `SSL_set_bio`: takes the caller's references to the BIOs. The same one twice counts as one reference; one that is there
/// already, in the same place, costs none.
///
/// # Safety
/// `ssl` is null or a connection; the BIOs are null or the caller's to give.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set_bio(ssl: *mut Ssl, rbio: *mut Bio, wbio: *mut Bio) {
    entry((), || {
        // SAFETY: the caller's contract.
        let ssl = unsafe { handle::share(ssl) }?;
        let is = |there: Option<Arc<Bio>>, given: *mut Bio| {
            there.map_or(core::ptr::null(), |bio| Arc::as_ptr(&bio)) == given.cast_const()
        };
        let (same_read, same_write) = (is(ssl.read_bio(), rbio), is(ssl.write_bio(), wbio));
        if same_read && same_write {
            return Ok(());
        }
        // By the manual page a BIO that was there for both directions is given again.
        let same_write = same_write && !is(ssl.read_bio(), wbio);
        // SAFETY: the references given are taken once for each that the manual page counts, and borrowed ones are shared.
        let (read, write) = unsafe {
            if rbio == wbio {
                let both = handle::take(rbio);
                (both.clone(), both)
            } else {
                let keep = |same: bool, bio: *mut Bio| {
                    if same {
                        handle::share(bio).ok()
                    } else {
                        handle::take(bio)
                    }
                };
                (keep(same_read, rbio), keep(same_write, wbio))
            }
        };
        ssl.replace_bios(read, write);
        Ok(())
    });
}

/// `SSL_set0_rbio`: takes the caller's reference to the BIO that is read.
///
/// # Safety
/// `ssl` is null or a connection; the BIO is null or the caller's to give.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set0_rbio(ssl: *mut Ssl, bio: *mut Bio) {
    entry((), || {
        // SAFETY: the caller's contract.
        let (bio, ssl) = unsafe { (handle::take(bio), handle::share(ssl)?) };
        ssl.replace_bios(bio, ssl.write_bio());
        Ok(())
    });
}

/// `SSL_set0_wbio`: takes the caller's reference to the BIO that is written to.
///
/// # Safety
/// `ssl` is null or a connection; the BIO is null or the caller's to give.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set0_wbio(ssl: *mut Ssl, bio: *mut Bio) {
    entry((), || {
        // SAFETY: the caller's contract.
        let (bio, ssl) = unsafe { (handle::take(bio), handle::share(ssl)?) };
        ssl.replace_bios(ssl.read_bio(), bio);
        Ok(())
    });
}

/// `SSL_get_rbio`: the BIO that is read, which the connection keeps; null if there is none.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_rbio(ssl: *const Ssl) -> *mut Bio {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let bio = unsafe { handle::borrow(ssl) }?.read_bio();
        Ok(bio.map_or(core::ptr::null_mut(), |bio| Arc::as_ptr(&bio).cast_mut()))
    })
}

/// `SSL_get_wbio`: the BIO that is written to, which the connection keeps; null if there is none.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_wbio(ssl: *const Ssl) -> *mut Bio {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let bio = unsafe { handle::borrow(ssl) }?.write_bio();
        Ok(bio.map_or(core::ptr::null_mut(), |bio| Arc::as_ptr(&bio).cast_mut()))
    })
}

// Handshake.

/// `SSL_set_connect_state`: a client's handshake is next.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set_connect_state(ssl: *mut Ssl) {
    entry((), || {
        // SAFETY: the caller's contract.
        unsafe { handle::share(ssl) }?.set_role(Role::Client);
        Ok(())
    });
}

/// `SSL_set_accept_state`: a server's handshake is next.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set_accept_state(ssl: *mut Ssl) {
    entry((), || {
        // SAFETY: the caller's contract.
        unsafe { handle::share(ssl) }?.set_role(Role::Server);
        Ok(())
    });
}

/// `SSL_connect`: a client's handshake: 1 when it is complete, else -1 (`SSL_get_error`).
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_connect(ssl: *mut Ssl) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { handshake_as(ssl, Some(Role::Client)) }
}

/// `SSL_accept`: a server's handshake: 1 when it is complete, else -1 (`SSL_get_error`).
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_accept(ssl: *mut Ssl) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { handshake_as(ssl, Some(Role::Server)) }
}

/// `SSL_do_handshake`: the handshake of the role that was set: 1 when it is complete, else -1 (`SSL_get_error`).
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_do_handshake(ssl: *mut Ssl) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { handshake_as(ssl, None) }
}

/// # Safety
/// `ssl` is null or a connection.
unsafe fn handshake_as(ssl: *mut Ssl, role: Option<Role>) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let ssl = unsafe { handle::share(ssl) }?;
        let result = ssl.conclude(|| {
            role.map_or(Ok(()), |role| ssl.take_role(role))?;
            ssl.run_handshake()
        });
        result.map(|()| 1)
    })
}

/// `SSL_is_init_finished`: whether the handshake is complete.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_is_init_finished(ssl: *const Ssl) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        Ok((!unsafe { handle::borrow(ssl) }?.is_in_handshake()).into())
    })
}

/// `SSL_is_server`: whether this side is the server.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_is_server(ssl: *const Ssl) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let role = unsafe { handle::borrow(ssl) }?.role();
        Ok((role != Some(Role::Client)).into())
    })
}

// Data.

/// `SSL_read`: at most `num` bytes of one record; 0 or less on failure and at the end (`SSL_get_error`).
///
/// # Safety
/// `ssl` is null or a connection; `buf` has `num` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_read(ssl: *mut Ssl, buf: *mut c_void, num: c_int) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { read(ssl, buf, num, Reading::Read) }
}

/// `SSL_peek`: as `SSL_read`, and what was read is read again the next time.
///
/// # Safety
/// As for [`SSL_read`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_peek(ssl: *mut Ssl, buf: *mut c_void, num: c_int) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { read(ssl, buf, num, Reading::Peek) }
}

/// # Safety
/// As for [`SSL_read`].
#[inline(always)]
unsafe fn read(ssl: *mut Ssl, buf: *mut c_void, num: c_int, reading: Reading) -> c_int {
    // 0 at the end of the peer's data, whether the peer said so or not, else -1.
    let mut failure = -1;
    let count = entry(None, || {
        let len = usize::try_from(num)
            .map_err(|_| Fault::ssl(reason::SSL_R_BAD_LENGTH, "a negative length"));
        let buffer = len.and_then(|len| {
            // SAFETY: the caller's contract.
            unsafe { handle::buffer(buf.cast(), len) }
        });
        // SAFETY: the caller's contract.
        let (count, outcome) = unsafe { read_into(ssl, buffer, reading) }?;
        if matches!(outcome, Outcome::ZeroReturn | Outcome::Truncated) {
            failure = 0;
        }
        count.map(Some)
    });
    count.map_or(failure, to_c_int)
}

/// Reads, and says how that ended.
///
/// # Errors
/// There is no such connection.
///
/// # Safety
/// `ssl` is null or a connection.
#[inline(always)]
unsafe fn read_into(
    ssl: *mut Ssl,
    mut buffer: Result<&mut [u8], Fault>,
    reading: Reading,
) -> Result<(Result<usize, Fault>, Outcome), Fault> {
    let begun = match &mut buffer {
        // SAFETY: the caller's contract; none of the program's code is run.
        Ok(buffer) => match unsafe { handle::lend(ssl) }?.read_at_once(buffer, reading) {
            Ok(count) => return Ok((Ok(count), Outcome::Success)),
            Err(begun) => begun,
        },
        Err(_) => Begun::default(),
    };
    // SAFETY: the caller's contract.
    unsafe { read_on(ssl, begun, buffer, reading) }
}

/// As [`read_into`], from where that has come to without running any of the program's code.
///
/// # Errors
/// There is no such connection.
///
/// # Safety
/// As there.
#[inline(never)]
unsafe fn read_on(
    ssl: *mut Ssl,
    begun: Begun,
    buffer: Result<&mut [u8], Fault>,
    reading: Reading,
) -> Result<(Result<usize, Fault>, Outcome), Fault> {
    // SAFETY: the caller's contract.
    let ssl = unsafe { handle::share(ssl) }?;
    let count = ssl.conclude(|| ssl.read_on(begun, buffer?, reading));
    Ok((count, ssl.outcome()))
}

/// A count that came from a length that was a C int.
fn to_c_int(count: usize) -> c_int {
    c_int::try_from(count).unwrap_or(c_int::MAX)
}

/// `SSL_read_ex`: as `SSL_read`, with the count in `readbytes`; 1, or 0 on failure and at the end.
///
/// # Safety
/// `ssl` is null or a connection; `buf` has `num` writable bytes; `readbytes` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_read_ex(
    ssl: *mut Ssl,
    buf: *mut c_void,
    num: usize,
    readbytes: *mut usize,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { read_ex(ssl, buf, num, readbytes, Reading::Read) }
}

/// `SSL_peek_ex`: as `SSL_peek`, with the count in `readbytes`; 1, or 0 on failure and at the end.
///
/// # Safety
/// As for [`SSL_read_ex`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_peek_ex(
    ssl: *mut Ssl,
    buf: *mut c_void,
    num: usize,
    readbytes: *mut usize,
) -> c_int {
    // SAFETY: the caller's contract.
    unsafe { read_ex(ssl, buf, num, readbytes, Reading::Peek) }
}

/// # Safety
/// As for [`SSL_read_ex`].
unsafe fn read_ex(
    ssl: *mut Ssl,
    buf: *mut c_void,
    num: usize,
    readbytes: *mut usize,
    reading: Reading,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let (count, _) = unsafe { read_into(ssl, handle::buffer(buf.cast(), num), reading) }?;
        let count = count?;
        // SAFETY: the caller's contract.
        unsafe { handle::store(readbytes, count) };
        Ok(1)
    })
}

/// `SSL_write`: sends `num` bytes; returns `num`, or less with `SSL_MODE_ENABLE_PARTIAL_WRITE`; 0 or less on failure
/// (`SSL_get_error`).
///
/// # Safety
/// `ssl` is null or a connection; `buf` has `num` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_write(ssl: *mut Ssl, buf: *const c_void, num: c_int) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let ssl = unsafe { handle::share(ssl) }?;
        let len = usize::try_from(num)
            .map_err(|_| Fault::ssl(reason::SSL_R_BAD_LENGTH, "a negative length"));
        let result = len.and_then(|len| {
            // SAFETY: the caller's contract.
            unsafe { handle::long_bytes(buf.cast(), len) }
        });
        ssl.conclude(|| ssl.write(result?)).map(to_c_int)
    })
}

/// `SSL_write_ex`: as `SSL_write`, with the count in `written`; 1, or 0 on failure.
///
/// # Safety
/// `ssl` is null or a connection; `buf` has `num` readable bytes; `written` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_write_ex(
    ssl: *mut Ssl,
    buf: *const c_void,
    num: usize,
    written: *mut usize,
) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let ssl = unsafe { handle::share(ssl) }?;
        // SAFETY: the caller's contract.
        let data = unsafe { handle::long_bytes(buf.cast(), num) };
        let count = ssl.conclude(|| ssl.write(data?))?;
        // SAFETY: the caller's contract.
        unsafe { handle::store(written, count) };
        Ok(1)
    })
}

/// `SSL_pending`: bytes that can be read without receiving more.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_pending(ssl: *const Ssl) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        Ok(to_c_int(unsafe { handle::borrow(ssl) }?.pending()))
    })
}

/// `SSL_has_pending`: whether anything was received that is not read yet, be it a part of a record.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_has_pending(ssl: *const Ssl) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        Ok(unsafe { handle::borrow(ssl) }?.has_pending().into())
    })
}

// The end.

/// `SSL_shutdown`: sends close_notify; called again after 0, waits for the peer's. 1: both were exchanged; 0: the peer's is still to
/// come; -1: failure (`SSL_get_error`).
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_shutdown(ssl: *mut Ssl) -> c_int {
    entry(-1, || {
        // SAFETY: the caller's contract.
        let ssl = unsafe { handle::share(ssl) }?;
        let is_closed = ssl.conclude(|| ssl.shut_down())?;
        if !is_closed {
            ssl.conclude::<()>(|| Err(crate::ssl::outcome::Stop::Transport))
                .ok();
        }
        Ok(is_closed.into())
    })
}

const SENT_SHUTDOWN: c_int = 1;
const RECEIVED_SHUTDOWN: c_int = 2;

/// `SSL_get_shutdown`: `SSL_SENT_SHUTDOWN` and `SSL_RECEIVED_SHUTDOWN`, as bits.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_shutdown(ssl: *const Ssl) -> c_int {
    entry(0, || {
        // SAFETY: the caller's contract.
        let shutdown = unsafe { handle::borrow(ssl) }?.shutdown_state();
        let bit = |set: bool, bit: c_int| if set { bit } else { 0 };
        Ok(bit(shutdown.sent, SENT_SHUTDOWN) | bit(shutdown.received, RECEIVED_SHUTDOWN))
    })
}

/// `SSL_set_shutdown`: sets what `SSL_get_shutdown` returns, without sending anything.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set_shutdown(ssl: *mut Ssl, mode: c_int) {
    entry((), || {
        // SAFETY: the caller's contract.
        unsafe { handle::borrow(ssl) }?.set_shutdown_state(Shutdown {
            sent: mode & SENT_SHUTDOWN != 0,
            received: mode & RECEIVED_SHUTDOWN != 0,
        });
        Ok(())
    });
}

// How it went.

/// `SSL_get_error`: `SSL_ERROR_…`, why the last call on the connection returned `ret`.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_error(ssl: *const Ssl, ret: c_int) -> c_int {
    const SSL_ERROR_SSL: c_int = 1;
    entry(SSL_ERROR_SSL, || {
        if ret > 0 {
            return Ok(0);
        }
        // SAFETY: the caller's contract.
        Ok(unsafe { handle::borrow(ssl) }?.outcome().error_code())
    })
}

/// `SSL_want`: `SSL_NOTHING`, `SSL_READING` …, what the last call waits for.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_want(ssl: *const Ssl) -> c_int {
    entry(1, || {
        // SAFETY: the caller's contract.
        Ok(unsafe { handle::borrow(ssl) }?.outcome().want_code())
    })
}

/// `SSL_get_default_timeout`: seconds that sessions are kept.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_default_timeout(ssl: *const Ssl) -> c_long {
    let _ = ssl;
    7200
}
