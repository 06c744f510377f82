//! What a verification asks for (`X509_VERIFY_PARAM`).

use core::ffi::{c_char, c_int, c_uint, c_ulong};
use std::ffi::CString;
use std::sync::{Arc, Mutex, OnceLock};

use crate::fault::Fault;
use crate::stack::lock;

/// `X509_V_FLAG_USE_CHECK_TIME`
pub(crate) const USE_CHECK_TIME: c_ulong = 0x2;
/// `X509_V_FLAG_CRL_CHECK`
pub(crate) const CRL_CHECK: c_ulong = 0x4;
/// `X509_V_FLAG_CRL_CHECK_ALL`
pub(crate) const CRL_CHECK_ALL: c_ulong = 0x8;
/// `X509_V_FLAG_PARTIAL_CHAIN`
pub(crate) const PARTIAL_CHAIN: c_ulong = 0x80000;
/// `X509_V_FLAG_NO_CHECK_TIME`
pub(crate) const NO_CHECK_TIME: c_ulong = 0x20_0000;
/// `X509_V_FLAG_TRUSTED_FIRST`, which is always in force.
const TRUSTED_FIRST: c_ulong = 0x8000;

/// Those that ask for checks which this library does not do: of policies (`POLICY_CHECK`, `EXPLICIT_POLICY`, `INHIBIT_ANY`,
/// `INHIBIT_MAP`), and of algorithms (`SUITEB_…`).
const UNSUPPORTED: c_ulong = 0x80 | 0x100 | 0x200 | 0x400 | 0x3_0000;

/// `X509_PURPOSE_SSL_CLIENT`
pub(crate) const SSL_CLIENT: c_int = 1;
/// `X509_PURPOSE_SSL_SERVER`
pub(crate) const SSL_SERVER: c_int = 2;

/// `X509_PURPOSE_ANY`
const ANY: c_int = 7;

/// The values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Values {
    /// `X509_V_FLAG_…`
    pub(crate) flags: c_ulong,
    /// Most CAs between the leaf and the trusted one.
    pub(crate) depth: Option<c_int>,
    /// Instead of now, where [`USE_CHECK_TIME`] is set.
    pub(crate) time: i64,
    /// `X509_PURPOSE_…`, 0 for none.
    pub(crate) purpose: c_int,
    /// Any of them will do.
    pub(crate) hosts: Vec<Vec<u8>>,
    /// `X509_CHECK_FLAG_…`
    pub(crate) host_flags: c_uint,
    pub(crate) address: Vec<u8>,
    pub(crate) email: Vec<u8>,
    /// The certificate's name that matched in the last verification.
    pub(crate) peer_name: Option<String>,
    pub(crate) auth_level: Option<c_int>,
}

impl Values {
    /// Adds flags. Those that are not supported are kept too, so that a program that does not look at the outcome does not believe
    /// certificates in which they were not checked.
    ///
    /// # Errors
    /// Flags that are not supported.
    pub(crate) fn set_flags(&mut self, flags: c_ulong) -> Result<(), Fault> {
        self.flags |= flags;
        supported_flags(flags)
    }

    /// Sets the purpose. One that is not supported is kept as such a flag is.
    ///
    /// # Errors
    /// A purpose that is not supported.
    pub(crate) fn set_purpose(&mut self, purpose: c_int) -> Result<(), Fault> {
        self.purpose = purpose;
        supported_purpose(purpose)
    }

    /// Fails if anything is asked for that this library does not check.
    ///
    /// # Errors
    /// What is not supported.
    pub(crate) fn supported(&self) -> Result<(), Fault> {
        supported_flags(self.flags)?;
        supported_purpose(self.purpose)
    }

    /// Takes from `other` what is not set here, and all flags.
    pub(crate) fn inherit(&mut self, other: &Self) {
        self.flags |= other.flags;
        self.depth = self.depth.or(other.depth);
        self.auth_level = self.auth_level.or(other.auth_level);
        if self.purpose == 0 {
            self.purpose = other.purpose;
        }
        if self.time == 0 {
            self.time = other.time;
        }
        if self.hosts.is_empty() {
            self.hosts.clone_from(&other.hosts);
            self.host_flags |= other.host_flags;
        }
        if self.address.is_empty() {
            self.address.clone_from(&other.address);
        }
        if self.email.is_empty() {
            self.email.clone_from(&other.email);
        }
    }
}

fn supported_flags(flags: c_ulong) -> Result<(), Fault> {
    match flags & UNSUPPORTED {
        0 => Ok(()),
        unsupported => Err(Fault::unsupported(format!(
            "verification with flags {unsupported:#x}: policies and Suite B are not checked"
        ))),
    }
}

fn supported_purpose(purpose: c_int) -> Result<(), Fault> {
    match purpose {
        0 | SSL_CLIENT | SSL_SERVER | ANY => Ok(()),
        _ => Err(Fault::unsupported(format!(
            "purpose {purpose}: purposes are those of TLS clients and servers, and any"
        ))),
    }
}

/// `X509_VERIFY_PARAM`.
#[derive(Debug)]
pub struct VerifyParam {
    values: Mutex<Values>,
    /// The peer's name as C was last told it.
    peer_name: Mutex<CString>,
}

/// `X509_PURPOSE_…` of the parameters with this name.
pub(crate) fn purpose_of(name: &[u8]) -> Option<c_int> {
    match name {
        b"default" => Some(0),
        b"ssl_client" => Some(SSL_CLIENT),
        b"ssl_server" => Some(SSL_SERVER),
        _ => None,
    }
}

/// The parameters with this name, which live for ever.
pub(crate) fn by_name(name: &[u8]) -> Option<&'static Arc<VerifyParam>> {
    static NAMED: [OnceLock<Arc<VerifyParam>>; 3] = [const { OnceLock::new() }; 3];
    let purpose = purpose_of(name)?;
    let place = NAMED.get(usize::try_from(purpose).ok()?)?;
    Some(place.get_or_init(|| {
        Arc::new(VerifyParam::of(Values {
            flags: TRUSTED_FIRST,
            purpose,
            ..Values::default()
        }))
    }))
}

impl VerifyParam {
    pub(crate) fn new() -> Self {
        Self::of(Values {
            flags: TRUSTED_FIRST,
            ..Values::default()
        })
    }

    pub(crate) fn of(values: Values) -> Self {
        Self {
            values: Mutex::new(values),
            peer_name: Mutex::new(CString::default()),
        }
    }

    pub(crate) fn values(&self) -> Values {
        lock(&self.values).clone()
    }

    /// The certificate's name that matched in the last verification, for C until it is another one; null if there is none.
    pub(crate) fn peer_name_for_c(&self) -> *mut c_char {
        let Some(name) = self.values().peer_name else {
            return core::ptr::null_mut();
        };
        let name = CString::new(name).unwrap_or_default();
        let mut kept = lock(&self.peer_name);
        if *kept != name {
            *kept = name;
        }
        kept.as_ptr().cast_mut()
    }

    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Values) -> T) -> T {
        change(&mut lock(&self.values))
    }
}
