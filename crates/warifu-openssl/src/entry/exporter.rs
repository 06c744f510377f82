//! Keying material for other protocols.

use core::ffi::{c_char, c_int, c_uchar};

use super::{entry, on_shared};
use crate::fault::Fault;
use crate::handle;
use crate::ssl::Ssl;

/// `SSL_export_keying_material`: fills `out` with keying material for a label of `llen` bytes, and a context if `use_context` is not 0
/// (RFC 8446 Section 7.5, RFC 5705); 1, or 0 on failure.
///
/// # Safety
/// `ssl` is null or a connection; `out` has `olen` writable bytes; `label` and `context` have `llen` and `contextlen` readable ones.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_export_keying_material(
    ssl: *mut Ssl,
    out: *mut c_uchar,
    olen: usize,
    label: *const c_char,
    llen: usize,
    context: *const c_uchar,
    contextlen: usize,
    use_context: c_int,
) -> c_int {
    let body = |ssl: &Ssl| {
        // SAFETY: the caller's contract.
        let (output, label) = unsafe {
            (
                handle::buffer(out, olen)?,
                handle::long_bytes(label.cast(), llen)?,
            )
        };
        let context = match use_context {
            0 => None,
            // SAFETY: the caller's contract.
            _ => Some(unsafe { handle::long_bytes(context, contextlen) }?),
        };
        ssl.work(|connection| connection.export(label, context, output))?;
        Ok(1)
    };
    // SAFETY: the caller's contract.
    unsafe { on_shared(ssl, 0, body) }
}

/// `SSL_export_keying_material_early`: 0; there is no early exporter here.
///
/// # Safety
/// The pointers are not looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_export_keying_material_early(
    ssl: *mut Ssl,
    out: *mut c_uchar,
    olen: usize,
    label: *const c_char,
    llen: usize,
    context: *const c_uchar,
    contextlen: usize,
) -> c_int {
    let _ = (ssl, out, olen, label, llen, context, contextlen);
    entry(0, || {
        Err(Fault::unsupported(
            "the exporter of early data: use SSL_export_keying_material once the handshake is complete",
        ))
    })
}
