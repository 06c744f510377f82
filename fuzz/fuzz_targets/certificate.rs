//! Reads the input as a certificate and asks for all that can be seen of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use warifu::certificate::view::CertificateView;

fuzz_target!(|input: &[u8]| {
    let _ = CertificateView::parse(input);
});
