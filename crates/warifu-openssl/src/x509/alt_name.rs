//! The names of a certificate's subjectAltName, one after the other, as wolfSSL's programs ask for them.

use core::ffi::c_char;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::ffi::CString;
use std::sync::OnceLock;

use warifu::certificate::der::Der;

use super::X509;
use crate::error_queue::c_string;

/// `NID_subject_alt_name`
const SUBJECT_ALT_NAME: core::ffi::c_int = 85;

/// The names, and which of them is next.
#[derive(Debug, Default)]
pub(crate) struct AltNames {
    names: OnceLock<Vec<CString>>,
    next: AtomicUsize,
}

/// Names of hosts, mail addresses and URIs: those that are text.
fn texts(der: &[u8]) -> Option<Vec<CString>> {
    let mut names = Der::only_sequence(der)?;
    let mut found = Vec::new();
    while !names.is_empty() {
        let name = names.element()?;
        if matches!(name.tag & 0x1f, 1 | 2 | 6) {
            found.push(c_string(name.value));
        }
    }
    Some(found)
}

impl X509 {
    /// The next name, for C; null behind the last, and then again from the first.
    pub(crate) fn next_alt_name(&self) -> *mut c_char {
        let names = self.alt_names.names.get_or_init(|| {
            let extension = self.extension(SUBJECT_ALT_NAME);
            let names = extension.and_then(|(value, _)| texts(&value));
            names.unwrap_or_default()
        });
        match names.get(self.alt_names.next.fetch_add(1, Ordering::Relaxed)) {
            Some(name) => name.as_ptr().cast_mut(),
            None => {
                self.alt_names.next.store(0, Ordering::Relaxed);
                core::ptr::null_mut()
            }
        }
    }
}
