//! Random bytes from AWS-LC's generator, seeded by the operating system.

use crate::CryptoError;

/// Fills `out` with random bytes fit for keys and nonces.
///
/// # Errors
/// [`CryptoError::Failed`] if the generator has none to give; do not go on.
pub fn fill(out: &mut [u8]) -> Result<(), CryptoError> {
    #[cfg(fuzzing)]
    if fixed::fill(out) {
        return Ok(());
    }
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

/// Numbers that are the same in each run, for fuzzers of whole handshakes: the input alone must decide what happens. Not
/// there in any other build, and in theirs only for threads that asked for it.
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fixed {
    use core::cell::Cell;

    thread_local! {
        static STATE: Cell<Option<u64>> = const { Cell::new(None) };
    }

    /// From now on [`fill`](super::fill) and the private keys of curves depend on `seed` alone, in this thread.
    pub fn begin(seed: u64) {
        STATE.set(Some(seed));
    }

    /// Whether this thread's numbers are fixed.
    pub(crate) fn is_on() -> bool {
        STATE.get().is_some()
    }

    /// SplitMix64; false if this thread's numbers are not fixed.
    pub(super) fn fill(out: &mut [u8]) -> bool {
        let Some(mut state) = STATE.get() else {
            return false;
        };
        for chunk in out.chunks_mut(8) {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut bits = state;
            bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            bits ^= bits >> 31;
            for (byte, random) in chunk.iter_mut().zip(bits.to_le_bytes()) {
                *byte = random;
            }
        }
        STATE.set(Some(state));
        true
    }
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
