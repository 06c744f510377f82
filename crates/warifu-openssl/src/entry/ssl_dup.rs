//! Copying connections.

use super::entry;
use crate::ex_data::Class;
use crate::fault::Fault;
use crate::handle;
use crate::ssl::Ssl;

/// `SSL_dup`: a connection with the same settings, role and data of the program's, without transport. Once the handshake has begun: one
/// more reference to the same. Null on failure.
///
/// # Safety
/// `ssl` is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_dup(ssl: *mut Ssl) -> *mut Ssl {
    entry(core::ptr::null_mut(), || {
        // SAFETY: the caller's contract.
        let original = unsafe { handle::share(ssl) }?;
        if original.look(|_| ()).is_some() {
            return Ok(handle::into_raw(original));
        }
        let copy = original.duplicate().shared();
        // SAFETY: both are connections.
        if !unsafe {
            copy.ex_data
                .copy_from(Class::Ssl as usize, &original.ex_data)
        } {
            return Err(Fault::Quiet);
        }
        Ok(handle::into_raw(copy))
    })
}
