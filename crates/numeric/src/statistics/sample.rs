//! A sample of values that come in pieces, as the test of Kolmogorov and Smirnov needs it: in numerical order.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

/// Picks the values of a sample; any seed would do.
const SEED: u64 = 0;

/// Picks one value of each of the equal stretches that the values are cut into.
pub struct Picker {
    count: usize,
    size: usize,
    random: Xoshiro256PlusPlus,
    /// Where the next value is.
    next: usize,
    keys: Vec<u32>,
}

impl Picker {
    /// Picks up to `most` of `count` values, all of them if there are no more.
    pub fn new(count: usize, most: usize) -> Picker {
        let size = count.min(most);
        let random = Xoshiro256PlusPlus::seed_from_u64(SEED);
        let mut picker = Picker { count, size, random, next: 0, keys: Vec::with_capacity(size) };
        picker.advance();
        picker
    }

    /// Takes what is due of the values from `offset` on; pieces come in order and without gaps.
    pub fn pick(&mut self, offset: usize, values: &[f32]) {
        while self.keys.len() < self.size && self.next - offset < values.len() {
            self.keys.push(key(values[self.next - offset]));
            self.advance();
        }
    }

    /// The places of the picked values in numerical order, ascending.
    pub fn into_sorted_keys(self) -> Vec<u32> {
        let mut keys = self.keys;
        keys.sort_unstable();
        keys
    }

    fn advance(&mut self) {
        let start = |stretch: usize| (stretch as u64 * self.count as u64 / self.size as u64) as usize;
        let stretch = self.keys.len();
        if stretch < self.size {
            self.next = self.random.random_range(start(stretch)..start(stretch + 1));
        }
    }
}

/// The place of a value in numerical order: both zeros are one, and NaN comes last.
fn key(value: f32) -> u32 {
    if value.is_nan() {
        return u32::MAX;
    }
    // Adding zero turns -0 into 0.
    let bits = (value + 0.0).to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 0x8000_0000 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_numerical_order() {
        let values =
            [f32::NEG_INFINITY, -1.0, -f32::from_bits(1), 0.0, f32::from_bits(1), 1.0, f32::INFINITY, f32::NAN];
        assert!(values.map(key).is_sorted_by(|a, b| a < b));
        assert_eq!(key(-0.0), key(0.0));
        assert_eq!(key(-f32::NAN), key(f32::NAN));
    }

    #[test]
    fn a_picker_takes_all_of_a_small_sample_and_one_of_each_stretch_of_a_large_one() {
        let values: Vec<f32> = (0..1000).map(|value| value as f32).collect();
        let picked = |most: usize, cut: usize| {
            let mut picker = Picker::new(values.len(), most);
            values.chunks(cut).enumerate().for_each(|(piece, values)| picker.pick(piece * cut, values));
            picker.into_sorted_keys()
        };
        assert_eq!(picked(1000, 64), values.iter().map(|&value| key(value)).collect::<Vec<_>>());
        let some = picked(300, 64);
        assert_eq!(some, picked(300, 7));
        for (stretch, picked) in some.iter().enumerate() {
            let stretch = values[stretch * 1000 / 300..(stretch + 1) * 1000 / 300].iter();
            assert!(stretch.map(|&value| key(value)).any(|key| key == *picked));
        }
    }
}
