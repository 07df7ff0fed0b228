//! A growing array of words that starts on a cache line, so that no whole vector of it lies across two.

use std::ops::{Deref, DerefMut};

/// Words in a cache line.
const LINE: usize = 16;

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u32; LINE]);

/// Words in whole cache lines.
pub(crate) struct AlignedWords(Vec<Line>);

impl AlignedWords {
    /// At least `length` words, all zero.
    pub(crate) fn zeroed(length: usize) -> AlignedWords {
        AlignedWords(vec![Line([0; LINE]); length.div_ceil(LINE)])
    }

    /// A copy of the first `length` words, and of those that share their last cache line.
    pub(crate) fn start(&self, length: usize) -> AlignedWords {
        AlignedWords(self.0[..length.div_ceil(LINE)].to_vec())
    }

    /// Grows to at least `length` words, the new ones zero.
    pub(crate) fn grow(&mut self, length: usize) {
        let lines = length.div_ceil(LINE).max(self.0.len());
        self.0.resize(lines, Line([0; LINE]));
    }
}

impl Deref for AlignedWords {
    type Target = [u32];

    #[inline]
    fn deref(&self) -> &[u32] {
        // SAFETY: a line is 16 words without padding, and the vector's lines lie side by side.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), self.0.len() * LINE) }
    }
}

impl DerefMut for AlignedWords {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u32] {
        // SAFETY: as above; the borrow of the vector is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), self.0.len() * LINE) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_aligned_and_keep_their_values() {
        let mut words = AlignedWords::zeroed(17);
        assert_eq!(words.len(), 32);
        words.iter_mut().zip(1..).for_each(|(word, i)| *word = i);
        words.grow(100);
        words.grow(5);
        assert_eq!(words.len(), 112);
        assert_eq!(words.as_ptr().addr() % 64, 0);
        assert!(words[..32].iter().copied().eq(1..33) && words[32..].iter().all(|&word| word == 0));
        assert!(words.start(17).iter().copied().eq(1..33));
    }
}
