//! What a connection reads from and writes to: sockets and BIOs.

use core::ffi::c_int;
use std::sync::Arc;

use super::entry;
use crate::bio::Bio;
use crate::fault::Fault;
use crate::handle;
use crate::ssl::Ssl;

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
