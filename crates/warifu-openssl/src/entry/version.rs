//! Table 6.1.2 of the specification: versions, set and read back; and options and modes.

use core::ffi::{c_int, c_long};

use warifu::parameters::ProtocolVersion;

use super::on;
use crate::context::Context;
use crate::fault::Fault;
use crate::method::Method;
use crate::reason;
use crate::settings::Settings;
use crate::ssl::Ssl;

/// Sets the lowest version. 0 is what it is when nothing was said, TLS 1.2: so it reads back, and older versions are for those who
/// name them.
///
/// # Errors
/// A version that does not exist.
pub(crate) fn set_min(settings: &mut Settings, version: c_int) -> Result<(), Fault> {
    settings.min_version = version_number(version)?;
    Ok(())
}

/// Sets the highest version.
///
/// # Errors
/// A version that does not exist.
pub(crate) fn set_max(settings: &mut Settings, version: c_int) -> Result<(), Fault> {
    settings.max_version = version_number(version)?;
    Ok(())
}

/// The number of a version of TLS; `None` for 0. SSL 3.0 is TLS 1.0 as a minimum: there is nothing below.
fn version_number(version: c_int) -> Result<Option<u16>, Fault> {
    const SSL3: c_int = 0x0300;
    match version {
        0 => Ok(None),
        SSL3 => Ok(Some(ProtocolVersion::TLS1_0.0)),
        0x0301..=0x0304 => Ok(Some(version as u16)),
        _ => Err(Fault::ssl(
            reason::SSL_R_UNKNOWN_SSL_VERSION,
            format!("{version:#06x} is no version of TLS: TLS1_VERSION to TLS1_3_VERSION"),
        )),
    }
}

/// Declares the functions that a context and a connection have alike. Each row reads `CONTEXT_NAME CONNECTION_NAME (argument: type) ->
/// result, failure => |settings| change;`
macro_rules! changes {
    ($($(#[$doc:meta])* $of_context:ident $of_connection:ident ($argument:ident: $type:ty) -> $result:ty, $failure:expr => |$settings:ident| $change:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// The pointer is null or a context.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $of_context(ctx: *mut Context, $argument: $type) -> $result {
            let body = |ctx: &Context| ctx.try_change(|$settings| $change);
            // SAFETY: the caller's contract.
            unsafe { on(ctx, $failure, body) }
        }

        $(#[$doc])*
        ///
        /// # Safety
        /// The pointer is null or a connection.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $of_connection(ssl: *mut Ssl, $argument: $type) -> $result {
            let body = |ssl: &Ssl| ssl.try_change(|$settings| $change);
            // SAFETY: the caller's contract.
            unsafe { on(ssl, $failure, body) }
        }
    )*};
}

/// Declares what is read of a context and a connection alike. Each row reads `CONTEXT_NAME CONNECTION_NAME -> result, failure => |settings|
/// value;`
macro_rules! values {
    ($($(#[$doc:meta])* $of_context:ident $of_connection:ident -> $result:ty, $failure:expr => |$settings:ident| $value:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// The pointer is null or a context.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $of_context(ctx: *const Context) -> $result {
            let body = |ctx: &Context| { let $settings = ctx.settings(); Ok($value) };
            // SAFETY: the caller's contract.
            unsafe { on(ctx, $failure, body) }
        }

        $(#[$doc])*
        ///
        /// # Safety
        /// The pointer is null or a connection.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $of_connection(ssl: *const Ssl) -> $result {
            let body = |ssl: &Ssl| { let $settings = ssl.settings(); Ok($value) };
            // SAFETY: the caller's contract.
            unsafe { on(ssl, $failure, body) }
        }
    )*};
}
pub(super) use {changes, values};

changes! {
    /// `SSL_CTX_set_min_proto_version`: the lowest version, 0 for the default, TLS 1.2; 1, or 0 on failure.
    SSL_CTX_set_min_proto_version SSL_set_min_proto_version (version: c_int) -> c_int, 0 =>
        |settings| set_min(settings, version).map(|()| 1);
    /// `SSL_CTX_set_max_proto_version`: the highest version, 0 for the highest there is; 1, or 0 on failure.
    SSL_CTX_set_max_proto_version SSL_set_max_proto_version (version: c_int) -> c_int, 0 =>
        |settings| set_max(settings, version).map(|()| 1);
    /// `SSL_CTX_set_options`: switches options on; returns all that are on.
    SSL_CTX_set_options SSL_set_options (options: u64) -> u64, 0 => |settings| {
        settings.options.0 |= options;
        Ok(settings.options.0)
    };
    /// `SSL_CTX_clear_options`: switches options off; returns those that are on.
    SSL_CTX_clear_options SSL_clear_options (options: u64) -> u64, 0 => |settings| {
        settings.options.0 &= !options;
        Ok(settings.options.0)
    };
    /// `SSL_CTX_set_mode`: switches modes on; returns all that are on.
    SSL_CTX_set_mode SSL_set_mode (modes: c_long) -> c_long, 0 => |settings| Ok(set_modes(settings, modes));
    /// `SSL_CTX_clear_mode`: switches modes off; returns those that are on.
    SSL_CTX_clear_mode SSL_clear_mode (modes: c_long) -> c_long, 0 => |settings| Ok(clear_modes(settings, modes));
}

values! {
    /// `SSL_CTX_get_min_proto_version`: the lowest version that was set, 0 if none was.
    SSL_CTX_get_min_proto_version SSL_get_min_proto_version -> c_int, 0 =>
        |settings| c_int::from(settings.min_version.unwrap_or(0));
    /// `SSL_CTX_get_max_proto_version`: the highest version that was set, 0 if none was.
    SSL_CTX_get_max_proto_version SSL_get_max_proto_version -> c_int, 0 =>
        |settings| c_int::from(settings.max_version.unwrap_or(0));
    /// `SSL_CTX_get_options`: the options that are on.
    SSL_CTX_get_options SSL_get_options -> u64, 0 => |settings| settings.options.0;
    /// `SSL_CTX_get_mode`: the modes that are on.
    SSL_CTX_get_mode SSL_get_mode -> c_long, 0 => |settings| c_long::from(settings.modes.0);
}

/// Switches modes on.
pub(super) fn set_modes(settings: &mut Settings, modes: c_long) -> c_long {
    settings.modes.0 |= modes as u32;
    settings.modes.0.into()
}

/// Switches modes off.
pub(super) fn clear_modes(settings: &mut Settings, modes: c_long) -> c_long {
    settings.modes.0 &= !(modes as u32);
    settings.modes.0.into()
}

/// `SSL_CTX_set_ssl_version`: other methods in place of those the context was made with; 1, or 0 on failure.
///
/// # Safety
/// `ctx` is null or a context, `method` null or the result of one of the method functions.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn SSL_CTX_set_ssl_version(
    ctx: *mut Context,
    method: *const Method,
) -> c_int {
    // SAFETY: the caller's contract; methods are static.
    unsafe {
        on(ctx, 0, |ctx| {
            let method: &'static Method = crate::handle::borrow(method)?;
            ctx.change(|settings| settings.method = method);
            Ok(1)
        })
    }
}

/// The options and modes that this library acts on exist by name in the headers; a test compares them.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{Modes, Options};

    #[test]
    fn versions_that_do_not_exist_are_refused() {
        assert_eq!(version_number(0), Ok(None));
        assert_eq!(version_number(0x0300), Ok(Some(0x0301)));
        assert_eq!(version_number(0x0303), Ok(Some(0x0303)));
        for bad in [-1, 2, 0x0305, 0xfefd] {
            assert!(version_number(bad).is_err(), "{bad:#x}");
        }
        assert_eq!(Options::default().0, 0x12_0000);
        assert_eq!(Modes::default().0, 4);
    }
}
