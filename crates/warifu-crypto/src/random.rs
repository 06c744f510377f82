//! Random bytes from AWS-LC's generator, seeded by the operating system.

use crate::CryptoError;

/// Fills `out` with random bytes fit for keys and nonces.
///
/// # Errors
/// [`CryptoError::Failed`] if the generator has none to give; do not go on.
pub fn fill(out: &mut [u8]) -> Result<(), CryptoError> {
    aws_lc_rs::rand::fill(out).map_err(|_| CryptoError::Failed)
}

/// Seeds the generator now rather than within the first handshake.
///
/// The first random call of a process costs about 60 ms of CPU time when AWS-LC was built with its
/// jitter entropy source, about 40 µs when built with `AWS_LC_SYS_NO_JITTER_ENTROPY=1`. Failure is
/// not reported here: whoever then needs random bytes is told.
pub fn warm_up() {
    let _ = fill(&mut [0; 1]);
}

#[cfg(test)]
mod tests {
    #[test]
    fn fills_all_and_differs() {
        super::warm_up();
        let (mut a, mut b) = ([0; 64], [0; 64]);
        super::fill(&mut a).unwrap();
        super::fill(&mut b).unwrap();
        assert_ne!(a, b);
        assert_ne!(a, [0; 64]);
        super::fill(&mut []).unwrap();
    }
}
