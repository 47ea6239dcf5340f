//! Private copies of bytes that are shared as words.

use bytemuck::{cast_slice, cast_slice_mut};

use crate::sync::{AtomicU64, Ordering};

/// Bytes of this process alone, aligned as words, so that whole words are copied from shared memory and to it. What is loaded
/// cannot change any more, whatever a peer does.
#[derive(Clone, Copy, Debug)]
pub struct WordBuffer<const WORDS: usize>([u64; WORDS]);

impl<const WORDS: usize> WordBuffer<WORDS> {
    /// Bytes that it has room for.
    pub const BYTES: usize = WORDS * size_of::<u64>();

    /// A buffer of zeros.
    #[must_use]
    pub const fn new() -> Self {
        Self([0; WORDS])
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        cast_slice(&self.0)
    }

    /// Its bytes, to be written.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        cast_slice_mut(&mut self.0)
    }

    /// Copies the first `length` bytes, rounded up to words, out of `shared`; at most as many as both have.
    #[inline]
    pub fn load(&mut self, shared: &[AtomicU64], length: usize) {
        for (word, cell) in self.0.iter_mut().zip(shared).take(length.div_ceil(size_of::<u64>())) {
            *word = cell.load(Ordering::Relaxed);
        }
    }

    /// Copies the first `length` bytes, rounded up to words, to `shared`; at most as many as both have.
    #[inline]
    pub fn store(&self, shared: &[AtomicU64], length: usize) {
        for (word, cell) in self.0.iter().zip(shared).take(length.div_ceil(size_of::<u64>())) {
            cell.store(*word, Ordering::Relaxed);
        }
    }
}

impl<const WORDS: usize> Default for WordBuffer<WORDS> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_and_no_more_than_there_are() {
        let shared: [AtomicU64; 3] = core::array::from_fn(|_| AtomicU64::new(u64::MAX));
        let mut buffer = WordBuffer::<2>::new();
        buffer.bytes_mut().copy_from_slice(b"sixteen bytes...");
        buffer.store(&shared, 9);
        let mut copy = WordBuffer::<2>::new();
        copy.load(&shared, usize::MAX);
        assert_eq!(copy.bytes(), b"sixteen bytes...");
        assert_eq!(shared[2].load(Ordering::Relaxed), u64::MAX, "what is behind the bytes stays");
    }
}
