//! Numbers of libraries and reasons in error codes, as OpenSSL's headers have them, and the words for them.

use core::ffi::{CStr, c_int, c_ulong};

/// Declares reasons. Each row reads `LIBRARY NAME = number, "words";` and becomes a constant and a row of `REASONS`: library, number,
/// words. Library 0 is any.
macro_rules! reasons {
    ($($library:literal $name:ident = $number:expr, $words:literal;)*) => {
        $(
            #[allow(dead_code)] // The C headers have them all.
            pub(crate) const $name: c_int = $number;
        )*
        pub(super) const REASONS: &[(c_int, c_int, &CStr)] = &[$(($library, $number, $words),)*];
    };
}
use reasons;

mod library;
mod ssl;

pub(crate) use common::*;
pub(crate) use library::*;
pub(crate) use ssl::*;

/// The part of the API that an error comes from (`ERR_LIB_…`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum Library {
    /// `ERR_LIB_SYS`: the reason is an errno.
    System = 2,
    /// `ERR_LIB_EVP`: keys.
    Evp = 6,
    /// `ERR_LIB_PEM`
    Pem = 9,
    /// `ERR_LIB_X509`: certificates.
    X509 = 11,
    /// `ERR_LIB_ASN1`
    Asn1 = 13,
    /// `ERR_LIB_CRYPTO`
    Crypto = 15,
    /// `ERR_LIB_SSL`
    Ssl = 20,
    /// `ERR_LIB_BIO`
    Bio = 32,
    /// `ERR_LIB_RAND`
    Rand = 36,
}

const LIBRARY_SHIFT: u32 = 23;
const LIBRARY_MASK: c_ulong = 0xff;
const REASON_MASK: c_ulong = 0x7f_ffff;
/// Set where the rest of the code is an errno.
const SYSTEM_FLAG: c_ulong = 0x8000_0000;
/// Set in reasons that every library has.
const COMMON_FLAG: c_int = 2 << 18;
const FATAL_FLAG: c_int = 1 << 18;

/// The code of a library, by its number, and a reason.
pub(crate) fn pack_number(library: c_int, reason: c_int) -> c_ulong {
    let reason = c_ulong::from(reason.unsigned_abs());
    if library == Library::System as c_int {
        return SYSTEM_FLAG | (reason & (SYSTEM_FLAG - 1));
    }
    ((c_ulong::from(library.unsigned_abs()) & LIBRARY_MASK) << LIBRARY_SHIFT)
        | (reason & REASON_MASK)
}

/// `ERR_PACK`: the code of an error, as `ERR_get_error` returns it.
pub(crate) fn pack(library: Library, reason: c_int) -> c_ulong {
    pack_number(library as c_int, reason)
}

/// `ERR_GET_LIB`: the number of the library in a code.
pub(crate) fn library_of(code: c_ulong) -> c_int {
    if code & SYSTEM_FLAG != 0 {
        return Library::System as c_int;
    }
    ((code >> LIBRARY_SHIFT) & LIBRARY_MASK) as c_int
}

/// `ERR_GET_REASON`: the reason in a code; an errno in those of the system.
pub(crate) fn reason_of(code: c_ulong) -> c_int {
    if code & SYSTEM_FLAG != 0 {
        return (code & (SYSTEM_FLAG - 1)) as c_int;
    }
    (code & REASON_MASK) as c_int
}

/// The words for the library of a code; `None` for one that no part of the API has.
pub(crate) fn library_words(code: c_ulong) -> Option<&'static CStr> {
    Some(match library_of(code) {
        1 => c"unknown library",
        2 => c"system library",
        3 => c"bignum routines",
        4 => c"rsa routines",
        5 => c"Diffie-Hellman routines",
        6 => c"digital envelope routines",
        7 => c"memory buffer routines",
        8 => c"object identifier routines",
        9 => c"PEM routines",
        10 => c"dsa routines",
        11 => c"x509 certificate routines",
        13 => c"asn1 encoding routines",
        14 => c"configuration file routines",
        15 => c"common libcrypto routines",
        16 => c"elliptic curve routines",
        20 => c"SSL routines",
        32 => c"BIO routines",
        33 => c"PKCS7 routines",
        34 => c"X509 V3 routines",
        35 => c"PKCS12 routines",
        36 => c"random number generator",
        38 => c"engine routines",
        39 => c"OCSP routines",
        57 => c"Provider routines",
        _ => return None,
    })
}

/// The words for the reason of a code; `None` for one that this library never gives, and for those of the system.
pub(crate) fn reason_words(code: c_ulong) -> Option<&'static CStr> {
    let reason = reason_of(code);
    let library = library_of(code);
    if library == Library::System as c_int {
        return None;
    }
    [common::REASONS, ssl::REASONS, library::REASONS]
        .into_iter()
        .flatten()
        .find(|row| row.1 == reason && (row.0 == 0 || row.0 == library))
        .map(|row| row.2)
}

/// Reasons that every library has.
mod common {
    use super::{COMMON_FLAG, FATAL_FLAG};
    use core::ffi::{CStr, c_int};

    super::reasons! {
        0 ERR_R_MALLOC_FAILURE = 256 | COMMON_FLAG | FATAL_FLAG, c"malloc failure";
        0 ERR_R_SHOULD_NOT_HAVE_BEEN_CALLED = 257 | COMMON_FLAG | FATAL_FLAG, c"called a function you should not call";
        0 ERR_R_PASSED_NULL_PARAMETER = 258 | COMMON_FLAG | FATAL_FLAG, c"passed a null parameter";
        0 ERR_R_INTERNAL_ERROR = 259 | COMMON_FLAG | FATAL_FLAG, c"internal error";
        0 ERR_R_DISABLED = 260 | COMMON_FLAG | FATAL_FLAG, c"called a function that was disabled at compile-time";
        0 ERR_R_INIT_FAIL = 261 | COMMON_FLAG | FATAL_FLAG, c"init fail";
        0 ERR_R_PASSED_INVALID_ARGUMENT = 262 | COMMON_FLAG, c"passed invalid argument";
        0 ERR_R_OPERATION_FAIL = 263 | COMMON_FLAG | FATAL_FLAG, c"operation fail";
        0 ERR_R_INTERRUPTED_OR_CANCELLED = 265 | COMMON_FLAG, c"interrupted or cancelled";
        0 ERR_R_NESTED_ASN1_ERROR = 266 | COMMON_FLAG, c"nested asn1 error";
        0 ERR_R_MISSING_ASN1_EOS = 267 | COMMON_FLAG, c"missing asn1 eos";
        0 ERR_R_UNSUPPORTED = 268 | COMMON_FLAG, c"unsupported";
        0 ERR_R_SYS_LIB = 2 | COMMON_FLAG, c"system lib";
        0 ERR_R_EVP_LIB = 6 | COMMON_FLAG, c"EVP lib";
        0 ERR_R_BUF_LIB = 7 | COMMON_FLAG, c"BUF lib";
        0 ERR_R_PEM_LIB = 9 | COMMON_FLAG, c"PEM lib";
        0 ERR_R_X509_LIB = 11 | COMMON_FLAG, c"X509 lib";
        0 ERR_R_ASN1_LIB = 13 | COMMON_FLAG, c"ASN1 lib";
        0 ERR_R_CRYPTO_LIB = 15 | COMMON_FLAG, c"CRYPTO lib";
        0 ERR_R_BIO_LIB = 32 | COMMON_FLAG, c"BIO lib";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;

    /// The constants of a header whose names begin so, with their numbers.
    fn constants(header: &str, prefix: &str) -> BTreeMap<String, c_int> {
        let constant = |line: &str| {
            let mut words = line.strip_prefix("#define ")?.split_whitespace();
            let name = words.next().filter(|name| name.starts_with(prefix))?;
            Some((name.to_owned(), words.next()?.parse().ok()?))
        };
        header.lines().filter_map(constant).collect()
    }

    /// The constants of a table of this module: its rows, read as text for their names.
    fn rows(source: &str, prefix: &str) -> BTreeMap<String, c_int> {
        let row = |line: &str| {
            let (_, row) = line.trim_start().split_once(' ')?;
            let (name, row) = row.split_once(" = ")?;
            let number = row.split_once(',')?.0.parse().ok()?;
            name.starts_with(prefix).then(|| (name.to_owned(), number))
        };
        source.lines().filter_map(row).collect()
    }

    fn in_crate(path: &str) -> String {
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
    }

    #[test]
    fn headers_and_tables_have_the_same_reasons() {
        let ssl = rows(&in_crate("src/reason/ssl.rs"), "SSL_R_");
        assert_eq!(ssl.len(), ssl::REASONS.len());
        assert_eq!(
            ssl,
            constants(&in_crate("include/openssl/sslerr.h"), "SSL_R_")
        );
        let library = in_crate("src/reason/library.rs");
        for (header, prefix) in [
            ("bio.h", "BIO_R_"),
            ("pemerr.h", "PEM_R_"),
            ("x509err.h", "X509_R_"),
            ("evperr.h", "EVP_R_"),
            ("asn1err.h", "ASN1_R_"),
        ] {
            let header = in_crate(&format!("include/openssl/{header}"));
            assert_eq!(rows(&library, prefix), constants(&header, prefix));
        }
    }

    /// What patch releases of OpenSSL 3.0 have added, which a system may be behind.
    const NEWER: [&str; 1] = ["X509_R_CRL_SIGNATURE_ALGORITHM_MISMATCH"];

    #[test]
    fn numbers_are_those_of_the_systems_openssl() {
        let library = in_crate("src/reason/library.rs");
        let tables = [
            ("sslerr.h", in_crate("src/reason/ssl.rs"), "SSL_R_"),
            ("bioerr.h", library.clone(), "BIO_R_"),
            ("pemerr.h", library.clone(), "PEM_R_"),
            ("x509err.h", library.clone(), "X509_R_"),
            ("evperr.h", library.clone(), "EVP_R_"),
            ("asn1err.h", library, "ASN1_R_"),
        ];
        for (header, table, prefix) in tables {
            // Only where OpenSSL's headers are installed.
            let Ok(theirs) = fs::read_to_string(Path::new("/usr/include/openssl").join(header))
            else {
                continue;
            };
            let theirs = constants(&theirs, prefix);
            for (name, number) in rows(&table, prefix) {
                let is_newer = NEWER.contains(&name.as_str()) && !theirs.contains_key(&name);
                assert!(
                    is_newer || theirs.get(&name) == Some(&number),
                    "{name}: {:?}",
                    theirs.get(&name)
                );
            }
        }
    }

    #[test]
    fn codes_come_apart_again() {
        let code = pack(Library::Ssl, SSL_R_CERTIFICATE_VERIFY_FAILED);
        assert_eq!(code, 0x0a00_0086);
        assert_eq!((library_of(code), reason_of(code)), (20, 134));
        assert_eq!(reason_words(code), Some(c"certificate verify failed"));
        assert_eq!(
            reason_words(pack(Library::Ssl, 1048)),
            Some(c"tlsv1 alert unknown ca")
        );
        assert_eq!(
            reason_words(pack(Library::Bio, ERR_R_UNSUPPORTED)),
            Some(c"unsupported")
        );
        let code = pack(Library::System, 2);
        assert_eq!(code, 0x8000_0002);
        assert_eq!((library_of(code), reason_of(code)), (2, 2));
        assert_eq!(reason_words(code), None);
    }
}
