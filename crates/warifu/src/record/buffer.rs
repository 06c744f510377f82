//! A byte queue that is filled at its end and emptied at its front.
//!
//! Its memory is initialised once and then reused, so that neither a socket's `read` nor a cipher that
//! writes into it pays for zeroing again; an empty queue can give its memory back.

/// Least memory of a queue in use, in bytes: the flights of a usual handshake grow it once or twice, not at each record.
const MIN_LEN: usize = 1 << 10;

/// A byte queue. The filled part is always contiguous.
#[derive(Default)]
pub(crate) struct Buffer {
    /// Initialised memory; `bytes.len()` is the capacity.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// The bytes in the queue.
    pub(crate) fn filled(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// The bytes in the queue, to be changed in place (decryption).
    pub(crate) fn filled_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.start..self.end).unwrap_or_default()
    }

    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// At least `wanted` bytes to write into, behind the filled part; [`advance`](Self::advance) then
    /// makes them part of it.
    pub(crate) fn spare_mut(&mut self, wanted: usize) -> &mut [u8] {
        if self.bytes.len() - self.end < wanted {
            self.make_room(wanted);
        }
        self.bytes.get_mut(self.end..).unwrap_or_default()
    }

    #[cold]
    fn make_room(&mut self, wanted: usize) {
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.bytes.len() - self.end < wanted {
            let len = (self.end + wanted).max(MIN_LEN);
            if self.bytes.is_empty() {
                // Exactly, and without the detour of memory that grows.
                self.bytes = Vec::with_capacity(len);
            }
            self.bytes.resize(len, 0);
        }
    }

    /// Makes the first `count` spare bytes part of the queue.
    pub(crate) fn advance(&mut self, count: usize) {
        self.end = (self.end + count).min(self.bytes.len());
    }

    /// Takes `count` bytes from the front.
    pub(crate) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
    }

    /// Appends bytes.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        if let Some(spare) = self.spare_mut(bytes.len()).get_mut(..bytes.len()) {
            spare.copy_from_slice(bytes);
        }
        self.advance(bytes.len());
    }

    /// Gives the memory back if the queue is empty.
    pub(crate) fn release_if_empty(&mut self) {
        if self.is_empty() {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_order_across_growth_and_consumption() {
        let mut buffer = Buffer::default();
        let mut expected = Vec::new();
        for round in 0u8..100 {
            let chunk = vec![round; usize::from(round)];
            buffer.extend(&chunk);
            expected.extend_from_slice(&chunk);
            let take = usize::from(round) / 2;
            buffer.consume(take);
            expected.drain(..take);
            assert_eq!(buffer.filled(), expected);
        }
        buffer.consume(usize::MAX / 2);
        buffer.release_if_empty();
        assert_eq!(buffer.bytes.len(), 0);
    }
}
