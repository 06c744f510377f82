//! The commands of `SSL_ctrl` and `SSL_CTX_ctrl` for suites, groups, signature algorithms and what was negotiated.

use core::ffi::{c_int, c_long, c_void};

use super::{group, post_handshake, query};
use crate::context::Context;
use crate::ssl::Ssl;

/// Lengths are never negative.
fn len(larg: c_long) -> usize {
    usize::try_from(larg).unwrap_or(usize::MAX)
}

fn int(larg: c_long) -> c_int {
    larg as c_int
}

/// Carries a command on a context out. `None`: it is not one of these.
///
/// # Safety
/// `ctx` is null or a context; `parg` is what the command's manual page says.
pub(super) unsafe fn of_context(
    ctx: *mut Context,
    cmd: c_int,
    larg: c_long,
    parg: *mut c_void,
) -> Option<c_long> {
    // SAFETY: the caller's contract is that of the function behind the command.
    Some(unsafe {
        match cmd {
            4 => group::SSL_CTX_set_ecdh_auto(ctx, 1).into(),
            50 => post_handshake::SSL_CTX_get_max_cert_list(ctx),
            51 => post_handshake::SSL_CTX_set_max_cert_list(ctx, larg),
            91 => group::SSL_CTX_set1_groups(ctx, parg.cast(), len(larg)).into(),
            92 => group::SSL_CTX_set1_groups_list(ctx, parg.cast()).into(),
            97 => group::SSL_CTX_set1_sigalgs(ctx, parg.cast(), len(larg)).into(),
            98 => group::SSL_CTX_set1_sigalgs_list(ctx, parg.cast()).into(),
            101 => group::SSL_CTX_set1_client_sigalgs(ctx, parg.cast(), len(larg)).into(),
            102 => group::SSL_CTX_set1_client_sigalgs_list(ctx, parg.cast()).into(),
            118 => group::SSL_CTX_set_dh_auto(ctx, int(larg)).into(),
            125 => post_handshake::SSL_CTX_set_split_send_fragment(ctx, len(larg)).into(),
            126 => post_handshake::SSL_CTX_set_max_pipelines(ctx, len(larg)).into(),
            _ => return None,
        }
    })
}

/// Carries a command on a connection out. `None`: it is not one of these.
///
/// # Safety
/// `ssl` is null or a connection; `parg` is what the command's manual page says.
pub(super) unsafe fn of_connection(
    ssl: *mut Ssl,
    cmd: c_int,
    larg: c_long,
    parg: *mut c_void,
) -> Option<c_long> {
    // SAFETY: the caller's contract is that of the function behind the command.
    Some(unsafe {
        match cmd {
            4 => group::SSL_set_ecdh_auto(ssl, 1).into(),
            10 => query::SSL_num_renegotiations(ssl),
            11 => query::SSL_clear_num_renegotiations(ssl),
            12 => query::SSL_total_renegotiations(ssl),
            50 => post_handshake::SSL_get_max_cert_list(ssl),
            51 => post_handshake::SSL_set_max_cert_list(ssl, larg),
            76 => query::SSL_get_secure_renegotiation_support(ssl),
            90 => group::SSL_get1_groups(ssl, parg.cast()).into(),
            91 => group::SSL_set1_groups(ssl, parg.cast(), len(larg)).into(),
            92 => group::SSL_set1_groups_list(ssl, parg.cast()).into(),
            93 => group::SSL_get_shared_group(ssl, int(larg)).into(),
            97 => group::SSL_set1_sigalgs(ssl, parg.cast(), len(larg)).into(),
            98 => group::SSL_set1_sigalgs_list(ssl, parg.cast()).into(),
            101 => group::SSL_set1_client_sigalgs(ssl, parg.cast(), len(larg)).into(),
            102 => group::SSL_set1_client_sigalgs_list(ssl, parg.cast()).into(),
            108 => group::SSL_get_peer_signature_nid(ssl, parg.cast()).into(),
            109 => group::SSL_get_peer_tmp_key(ssl, parg.cast()).into(),
            110 => query::SSL_get0_raw_cipherlist(ssl, parg.cast()).into(),
            118 => group::SSL_set_dh_auto(ssl, int(larg)).into(),
            122 => query::SSL_get_extms_support(ssl).into(),
            125 => post_handshake::SSL_set_split_send_fragment(ssl, len(larg)).into(),
            126 => post_handshake::SSL_set_max_pipelines(ssl, len(larg)).into(),
            132 => group::SSL_get_signature_nid(ssl, parg.cast()).into(),
            133 => group::SSL_get_tmp_key(ssl, parg.cast()).into(),
            134 => group::SSL_get_negotiated_group(ssl).into(),
            _ => return None,
        }
    })
}
