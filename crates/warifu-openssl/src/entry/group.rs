//! Groups for key exchange and signature algorithms: which may be used, and which are.

use core::ffi::{c_char, c_int, c_uchar, c_void};

use warifu::parameters::NamedGroup;

use super::cipher_list::from_text;
use super::{entry, on};
use crate::context::Context;
use crate::fault::Fault;
use crate::groups;
use crate::handle;
use crate::method::Role;
use crate::sigalgs::{self, Algorithm};
use crate::ssl::Ssl;

fn utf8(text: &[u8]) -> Result<&str, Fault> {
    core::str::from_utf8(text).map_err(|_| Fault::argument("text that is not UTF-8"))
}

from_text! {
    /// `SSL_CTX_set1_groups_list`: groups by name between colons, best first; 1, or 0 on failure.
    SSL_CTX_set1_groups_list SSL_set1_groups_list: |settings, text| {
        settings.groups = Some(groups::parse_list(utf8(text)?)?);
        Ok(())
    };
    /// `SSL_CTX_set1_sigalgs_list`: signature algorithms by name between colons, best first; 1, or 0 on failure.
    SSL_CTX_set1_sigalgs_list SSL_set1_sigalgs_list: |settings, text| {
        settings.signature_schemes = Some(sigalgs::parse_list(utf8(text)?)?);
        Ok(())
    };
    /// `SSL_CTX_set1_client_sigalgs_list`: as `SSL_CTX_set1_sigalgs_list`, for clients' certificates; 1, or 0 on failure.
    SSL_CTX_set1_client_sigalgs_list SSL_set1_client_sigalgs_list: |settings, text| {
        settings.client_signature_schemes = Some(sigalgs::parse_list(utf8(text)?)?);
        Ok(())
    };
}

/// Lends an array of ints.
///
/// # Safety
/// `numbers` points to `len` ints, or `len` is 0.
pub(super) unsafe fn ints<'a>(numbers: *const c_int, len: usize) -> Result<&'a [c_int], Fault> {
    if len == 0 {
        return Ok(&[]);
    }
    // SAFETY: the caller's promise; checked to be no longer than an object can be.
    unsafe {
        handle::long_bytes(numbers.cast(), len.saturating_mul(size_of::<c_int>()))?;
        Ok(core::slice::from_raw_parts(numbers, len))
    }
}

/// Declares functions of an array of ints that a context and a connection have alike.
macro_rules! from_ints {
    ($($(#[$doc:meta])* $of_context:ident $of_connection:ident: |$settings:ident, $numbers:ident| $change:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// `ctx` is null or a context; `list` has `len` ints.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $of_context(ctx: *mut Context, list: *const c_int, len: usize) -> c_int {
            // SAFETY: the caller's contract.
            unsafe {
                on(ctx, 0, |ctx| {
                    let $numbers = ints(list, len)?;
                    ctx.try_change(|$settings| $change).map(|()| 1)
                })
            }
        }

        $(#[$doc])*
        ///
        /// # Safety
        /// `ssl` is null or a connection; `list` has `len` ints.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $of_connection(ssl: *mut Ssl, list: *const c_int, len: usize) -> c_int {
            // SAFETY: the caller's contract.
            unsafe {
                on(ssl, 0, |ssl| {
                    let $numbers = ints(list, len)?;
                    ssl.try_change(|$settings| $change).map(|()| 1)
                })
            }
        }
    )*};
}

from_ints! {
    /// `SSL_CTX_set1_groups`: groups by NID, best first; 1, or 0 on failure.
    SSL_CTX_set1_groups SSL_set1_groups: |settings, numbers| {
        settings.groups = Some(groups::of_nids(numbers)?);
        Ok(())
    };
    /// `SSL_CTX_set1_sigalgs`: pairs of NIDs, a hash and a kind of key, best first; 1, or 0 on failure.
    SSL_CTX_set1_sigalgs SSL_set1_sigalgs: |settings, numbers| {
        settings.signature_schemes = Some(sigalgs::of_pairs(numbers)?);
        Ok(())
    };
    /// `SSL_CTX_set1_client_sigalgs`: as `SSL_CTX_set1_sigalgs`, for clients' certificates; 1, or 0 on failure.
    SSL_CTX_set1_client_sigalgs SSL_set1_client_sigalgs: |settings, numbers| {
        settings.client_signature_schemes = Some(sigalgs::of_pairs(numbers)?);
        Ok(())
    };
}

/// `SSL_get1_groups`: on a server, the groups that the client offered, as NIDs, in `groups` if that is not null. Returns how many;
/// 0 on a client, and before there is an offer.
///
/// # Safety
/// `ssl` is null or a connection; `groups` is null or has room for as many ints as a call with null returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get1_groups(ssl: *mut Ssl, groups: *mut c_int) -> c_int {
    let body = |ssl: &Ssl| {
        let Some(offer) = ssl.client_offer() else {
            return Ok(0);
        };
        let mut count = 0;
        for group in offer.groups {
            if !groups.is_null() {
                // SAFETY: the caller's contract.
                unsafe { groups.add(count).write(groups::nid(group)) };
            }
            count += 1;
        }
        Ok(c_int::try_from(count).unwrap_or(c_int::MAX))
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, body) }
}

/// `SSL_get_shared_group`: on a server, the NID of the `n`th group that both sides have, by the server's preference; `n` -1: how many
/// there are; -2: the first. 0 if there is none, and on a
/// client.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_shared_group(ssl: *mut Ssl, n: c_int) -> c_int {
    const COUNT: c_int = -1;
    const FIRST: c_int = -2;
    let body = |ssl: &Ssl| {
        if ssl.role() != Some(Role::Server) {
            return Ok(0);
        }
        let Some(offer) = ssl.client_offer() else {
            return Ok(0);
        };
        let offered: &[NamedGroup] = &offer.groups;
        let mut shared = ssl.settings().usable_groups();
        shared.retain(|group| offered.contains(group));
        let place = match n {
            COUNT => return Ok(c_int::try_from(shared.len()).unwrap_or(c_int::MAX)),
            FIRST => Some(0),
            n => usize::try_from(n).ok(),
        };
        let group = place.and_then(|place| shared.get(place));
        Ok(group.map_or(0, |group| groups::nid(*group)))
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, body) }
}

/// `SSL_get_negotiated_group`: the NID of the group of the key exchange; 0 if there is none.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_negotiated_group(ssl: *mut Ssl) -> c_int {
    let body = |ssl: &Ssl| {
        Ok(ssl
            .facts(|facts| facts.group)
            .flatten()
            .map_or(0, groups::nid))
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, body) }
}

/// `SSL_group_to_name`: the name of a group, by what the functions here return for it; null for one that is not known.
///
/// # Safety
/// The pointer is not looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_group_to_name(ssl: *mut Ssl, id: c_int) -> *const c_char {
    let _ = ssl;
    groups::of_id(id).map_or(core::ptr::null(), |group| group.name.as_ptr())
}

/// `SSL_get0_group_name`: the name of the group of the key exchange; null if there is none.
///
/// # Safety
/// The pointer is null or a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get0_group_name(ssl: *mut Ssl) -> *const c_char {
    let body = |ssl: &Ssl| {
        let group = ssl
            .facts(|facts| facts.group)
            .flatten()
            .and_then(groups::Group::of);
        Ok(group.map_or(core::ptr::null(), |group| group.name.as_ptr()))
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, core::ptr::null(), body) }
}

/// Where `SSL_get_sigalgs` puts what it finds.
#[derive(Clone, Copy)]
struct Places {
    signature: *mut c_int,
    hash: *mut c_int,
    both: *mut c_int,
    raw_signature: *mut c_uchar,
    raw_hash: *mut c_uchar,
}

impl Places {
    /// Puts the scheme with this place, if there is one; returns how many there are.
    ///
    /// # Safety
    /// All places are null or writable.
    unsafe fn fill(self, schemes: &[warifu::parameters::SignatureScheme], place: c_int) -> c_int {
        let count = c_int::try_from(schemes.len()).unwrap_or(c_int::MAX);
        if place < 0 {
            return count;
        }
        let Some(scheme) = usize::try_from(place)
            .ok()
            .and_then(|place| schemes.get(place))
        else {
            return 0;
        };
        let [hash, signature] = scheme.0.to_be_bytes();
        let known = Algorithm::of(*scheme);
        // SAFETY: the caller's promise.
        unsafe {
            handle::store(self.raw_hash, hash);
            handle::store(self.raw_signature, signature);
            handle::store(self.signature, known.map_or(0, |row| row.signature));
            handle::store(self.hash, known.map_or(0, |row| row.hash));
            handle::store(self.both, known.map_or(0, |row| row.both));
        }
        count
    }
}

/// `SSL_get_sigalgs`: on a server, what the client offered: how many there are, and what the one with place `idx` is made of. 0 if
/// there is none.
///
/// # Safety
/// `ssl` is null or a connection; the others are null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_sigalgs(
    ssl: *mut Ssl,
    idx: c_int,
    psign: *mut c_int,
    phash: *mut c_int,
    psignandhash: *mut c_int,
    rsig: *mut c_uchar,
    rhash: *mut c_uchar,
) -> c_int {
    let places = Places {
        signature: psign,
        hash: phash,
        both: psignandhash,
        raw_signature: rsig,
        raw_hash: rhash,
    };
    let body = |ssl: &Ssl| {
        let offer = ssl.client_offer().ok_or(Fault::Quiet)?;
        let schemes = offer.signature_schemes;
        // SAFETY: the caller's contract.
        Ok(unsafe { places.fill(&schemes, idx) })
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, body) }
}

/// `SSL_get_shared_sigalgs`: as `SSL_get_sigalgs`, of those that this side has too.
///
/// # Safety
/// As for [`SSL_get_sigalgs`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_shared_sigalgs(
    ssl: *mut Ssl,
    idx: c_int,
    psign: *mut c_int,
    phash: *mut c_int,
    psignandhash: *mut c_int,
    rsig: *mut c_uchar,
    rhash: *mut c_uchar,
) -> c_int {
    let places = Places {
        signature: psign,
        hash: phash,
        both: psignandhash,
        raw_signature: rsig,
        raw_hash: rhash,
    };
    let body = |ssl: &Ssl| {
        let offer = ssl.client_offer().ok_or(Fault::Quiet)?;
        let offered = offer.signature_schemes;
        let settings = ssl.settings();
        let shared = match &settings.signature_schemes {
            Some(ours) => {
                let is_ours = |scheme: &warifu::parameters::SignatureScheme| ours.contains(scheme);
                sigalgs::usable(&offered)
                    .into_iter()
                    .filter(is_ours)
                    .collect()
            }
            None => sigalgs::usable(&offered),
        };
        // SAFETY: the caller's contract.
        Ok(unsafe { places.fill(&shared, idx) })
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, body) }
}

/// Tells a number of the scheme of one side's signature.
unsafe fn signature(
    ssl: *const Ssl,
    pnid: *mut c_int,
    is_peers: bool,
    number: impl Fn(&Algorithm) -> c_int,
) -> c_int {
    let body = |ssl: &Ssl| {
        let scheme = ssl.facts(|facts| match is_peers {
            true => facts.peer_signature_scheme,
            false => facts.local_signature_scheme,
        });
        let algorithm = scheme
            .flatten()
            .and_then(Algorithm::of)
            .ok_or(Fault::Quiet)?;
        // SAFETY: the caller's contract.
        unsafe { handle::store(pnid, number(algorithm)) };
        Ok(1)
    };
    // SAFETY: the caller's contract.
    unsafe { on(ssl, 0, body) }
}

/// Declares the functions that tell of the signatures in the handshake.
macro_rules! signatures {
    ($($(#[$doc:meta])* $name:ident ($peers:expr) => $number:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// `ssl` is null or a connection; `pnid` is null or writable.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(ssl: *const Ssl, pnid: *mut c_int) -> c_int {
            // SAFETY: the caller's contract.
            unsafe { signature(ssl, pnid, $peers, |algorithm| algorithm.$number) }
        }
    )*};
}

signatures! {
    /// `SSL_get_peer_signature_nid`: the NID of the hash in the peer's signature; 1, or 0 if there is none.
    SSL_get_peer_signature_nid (true) => hash;
    /// `SSL_get_peer_signature_type_nid`: `EVP_PKEY_…` of the peer's signature; 1, or 0 if there is none.
    SSL_get_peer_signature_type_nid (true) => signature;
    /// `SSL_get_signature_nid`: the NID of the hash in this side's signature; 1, or 0 if there is none.
    SSL_get_signature_nid (false) => hash;
    /// `SSL_get_signature_type_nid`: `EVP_PKEY_…` of this side's signature; 1, or 0 if there is none.
    SSL_get_signature_type_nid (false) => signature;
}

/// Says why there is no key.
fn no_ephemeral_key() -> c_int {
    entry(0, || {
        Err(Fault::unsupported(
            "ephemeral keys are gone after the handshake: SSL_get_negotiated_group tells the group",
        ))
    })
}

/// `SSL_get_peer_tmp_key`: 0; the key is gone after the handshake.
///
/// # Safety
/// The pointers are not looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_peer_tmp_key(ssl: *mut Ssl, key: *mut *mut c_void) -> c_int {
    let _ = (ssl, key);
    no_ephemeral_key()
}

/// `SSL_get_server_tmp_key`: as `SSL_get_peer_tmp_key`.
///
/// # Safety
/// The pointers are not looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_server_tmp_key(ssl: *mut Ssl, key: *mut *mut c_void) -> c_int {
    let _ = (ssl, key);
    no_ephemeral_key()
}

/// `SSL_get_tmp_key`: as `SSL_get_peer_tmp_key`, of this side.
///
/// # Safety
/// The pointers are not looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_get_tmp_key(ssl: *mut Ssl, key: *mut *mut c_void) -> c_int {
    let _ = (ssl, key);
    no_ephemeral_key()
}

/// `SSL_CTX_set_ecdh_auto`: 1; groups are always chosen by the library.
///
/// # Safety
/// The pointer is not looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set_ecdh_auto(ctx: *mut Context, onoff: c_int) -> c_int {
    let _ = (ctx, onoff);
    1
}

/// `SSL_set_ecdh_auto`: 1, as `SSL_CTX_set_ecdh_auto`.
///
/// # Safety
/// The pointer is not looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set_ecdh_auto(ssl: *mut Ssl, onoff: c_int) -> c_int {
    let _ = (ssl, onoff);
    1
}

/// `SSL_CTX_set_dh_auto`: 1; groups are always chosen by the library.
///
/// # Safety
/// The pointer is not looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set_dh_auto(ctx: *mut Context, onoff: c_int) -> c_int {
    let _ = (ctx, onoff);
    1
}

/// `SSL_set_dh_auto`: 1, as `SSL_CTX_set_dh_auto`.
///
/// # Safety
/// The pointer is not looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_set_dh_auto(ssl: *mut Ssl, onoff: c_int) -> c_int {
    let _ = (ssl, onoff);
    1
}
