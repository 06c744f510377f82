//! Comparison whose duration does not depend on where two values differ.

/// Whether `a` and `b` are equal. Time depends on the lengths only, which are taken to be public.
#[must_use]
pub fn eq(a: &[u8], b: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn equal_only_when_equal() {
        assert!(super::eq(b"", b""));
        assert!(super::eq(b"abc", b"abc"));
        assert!(!super::eq(b"abc", b"abd"));
        assert!(!super::eq(b"abc", b"ab"));
        assert!(!super::eq(b"", b"a"));
    }
}
