//! The Mersenne Twister MT19937, as `boost::mt19937` and `std::mt19937` run it.
//!
//! Matsumoto and Nishimura, "Mersenne Twister: A 623-dimensionally equidistributed uniform pseudo-random number
//! generator", ACM TOMACS 8 (1998). The usual form keeps 624 words and overwrites them in a circle. Here the
//! recurrence runs along a line, `x[k + 624] = x[k + 397] ^ twist(x[k], x[k + 1])`, through a window that moves back to
//! the front of its buffer now and then: the words of the next draws lie side by side, which is what vector code wants.

use crate::random::Draws;
use crate::random::simd::{AlignedWords, Isa, SimdPath};

/// Words that determine all the later ones.
pub(crate) const STATE: usize = 624;
/// Distance from a word to the second one it contributes to.
pub(crate) const MIDDLE: usize = 397;
/// The recurrence's constant, xor-ed in where the low bit is set.
pub(crate) const MATRIX: u32 = 0x9908_b0df;
/// Tempering mask of the shift by 7.
pub(crate) const TEMPER_B: u32 = 0x9d2c_5680;
/// Tempering mask of the shift by 15.
pub(crate) const TEMPER_C: u32 = 0xefc6_0000;

/// The recurrence advances by multiples of this many words.
pub(crate) const GRAIN: usize = 16;
/// Words that the buffer holds beyond the state at first; it grows when more are asked for at once.
const WINDOW: usize = 2 * 4096;
/// Draws that are thrown away at a time.
const DISCARDED: usize = 4096;

/// The engine: a seed in, 32-bit draws out.
///
/// ```
/// # use caffemodel_numeric as caffemodel;
/// use caffemodel::random::{Draws, Mt19937};
/// let mut engine = Mt19937::new(5489);
/// assert_eq!(engine.draw(), 3499211612);
/// ```
pub struct Mt19937 {
    /// Words of the recurrence; those before `end` are valid.
    words: AlignedWords,
    /// Index of the next draw's word, at least [`STATE`] words after the first one known.
    position: usize,
    end: usize,
    isa: Isa,
}

impl Clone for Mt19937 {
    /// Copies the words that are valid: the buffer grows again where more are asked for.
    fn clone(&self) -> Mt19937 {
        Mt19937 { words: self.words.start(self.end), position: self.position, end: self.end, isa: self.isa }
    }
}

impl std::fmt::Debug for Mt19937 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mt19937").finish_non_exhaustive()
    }
}

impl Mt19937 {
    /// The engine of a seed, initialised by Knuth's recurrence with the multiplier 1812433253.
    pub fn new(seed: u32) -> Mt19937 {
        Mt19937::with_isa(seed, Isa::up_to(SimdPath::active()))
    }

    /// The same, on given vector instructions.
    pub(crate) fn with_isa(seed: u32, isa: Isa) -> Mt19937 {
        let mut words = AlignedWords::zeroed(STATE + WINDOW);
        words[0] = seed;
        for i in 1..STATE {
            let previous = words[i - 1] ^ (words[i - 1] >> 30);
            words[i] = previous.wrapping_mul(1_812_433_253).wrapping_add(i as u32);
        }
        Mt19937 { words, position: STATE, end: STATE, isa }
    }

    /// The vector instructions it runs on, which the distributions over it use as well.
    pub(crate) fn isa(&self) -> Isa {
        self.isa
    }

    /// The untempered words of the next `count` draws.
    pub(crate) fn upcoming(&mut self, count: usize) -> &[u32] {
        self.prepare(count);
        &self.words[self.position..self.position + count]
    }

    /// Takes the next `count` draws as done; they must have been among the [`upcoming`](Mt19937::upcoming) ones.
    pub(crate) fn advance(&mut self, count: usize) {
        debug_assert!(self.position + count <= self.end);
        self.position += count;
    }

    /// Throws draws away until `count` of those below `limit` have passed; `None` for a limit above all draws.
    pub(crate) fn discard(&mut self, mut count: u64, limit: Option<u32>) {
        while count > 0 {
            let now = count.min(DISCARDED as u64) as usize;
            let isa = self.isa;
            let words = self.upcoming(now);
            let repeated = limit.map_or(0, |limit| isa.count_from(words, limit));
            self.advance(now);
            count -= (now - repeated) as u64;
        }
    }

    /// Makes the words of the next `count` draws available.
    #[inline]
    fn prepare(&mut self, count: usize) {
        let known = self.end - self.position;
        if known < count {
            self.extend((count - known).next_multiple_of(GRAIN));
        }
    }

    #[cold]
    fn extend(&mut self, fresh: usize) {
        if self.end + fresh > self.words.len() {
            // A multiple of the grain, so that vectors stay aligned.
            let start = self.position.min(self.end - STATE) / GRAIN * GRAIN;
            self.words.copy_within(start..self.end, 0);
            self.position -= start;
            self.end -= start;
            let needed = self.end + fresh;
            if needed > self.words.len() {
                self.words.grow(needed);
            }
        }
        self.isa.twist(&mut self.words[..self.end + fresh], fresh);
        self.end += fresh;
    }
}

impl Draws for Mt19937 {
    #[inline]
    fn draw(&mut self) -> u32 {
        self.prepare(1);
        let word = self.words[self.position];
        self.position += 1;
        temper(word)
    }
}

/// The draw that a word of the recurrence gives.
#[inline(always)]
pub(crate) fn temper(word: u32) -> u32 {
    let word = word ^ (word >> 11);
    let word = word ^ ((word << 7) & TEMPER_B);
    let word = word ^ ((word << 15) & TEMPER_C);
    word ^ (word >> 18)
}

#[cfg(test)]
mod tests {
    use rand_mt::Mt;

    use super::*;

    #[test]
    fn agrees_with_rand_mt() {
        for seed in [0, 1, 5489, 1701, 0x8000_0000, u32::MAX] {
            let (mut ours, mut theirs) = (Mt19937::new(seed), Mt::new(seed));
            for i in 0..50_000 {
                assert_eq!(ours.draw(), theirs.next_u32(), "seed {seed}, draw {i}");
            }
        }
    }

    #[test]
    fn discarded_draws_are_those_below_the_limit() {
        for limit in [None, Some(u32::MAX), Some(0xffff_ff80), Some(1 << 31), Some(1 << 20)] {
            for count in [0, 1, 2, 4095, 4096, 10_001] {
                let mut engine = Mt19937::new(3);
                let mut reference = engine.clone();
                engine.discard(count, limit);
                for _ in 0..count {
                    while limit.is_some_and(|limit| reference.draw() >= limit) {}
                    if limit.is_none() {
                        reference.draw();
                    }
                }
                assert_eq!(engine.draw(), reference.draw(), "{count} below {limit:?}");
            }
        }
    }

    /// C++ [rand.predef]: the 10000th draw of the default seed.
    #[test]
    fn ten_thousandth_draw_of_the_standard() {
        let mut engine = Mt19937::new(5489);
        let last = (0..10_000).map(|_| engine.draw()).last();
        assert_eq!(last, Some(4_123_659_995));
    }

    #[test]
    fn upcoming_words_are_the_next_draws() {
        for count in [0, 1, 15, 623, 625, 4096, 20_000] {
            let mut engine = Mt19937::new(7);
            for _ in 0..count / 3 {
                engine.draw();
            }
            let mut reference = engine.clone();
            for _ in 0..5 {
                let ahead: Vec<u32> = engine.upcoming(count).iter().map(|&word| temper(word)).collect();
                assert_eq!(engine.upcoming(count).len(), count);
                let drawn: Vec<u32> = (0..count).map(|_| reference.draw()).collect();
                assert_eq!(ahead, drawn);
                engine.advance(count);
            }
        }
    }
}
