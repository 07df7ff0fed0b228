//! The leading corner of an array: a smaller array at the start of every axis of a larger one.

use std::io;
use std::sync::Arc;

use super::{NumberType, StoredBlob, StoredValues};
use crate::Shape;

/// Where the values of the smaller array lie in the larger one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Corner {
    small: Vec<usize>,
    large: Vec<usize>,
    /// How many values of the smaller array lie side by side.
    run: usize,
    /// How many axes a run spans.
    run_axes: usize,
}

impl Corner {
    /// `small` in the corner of `large`, which has as many axes, none of them shorter.
    pub(crate) fn new(small: &[i32], large: &[i32]) -> Corner {
        let sizes = |dims: &[i32]| dims.iter().map(|&dim| dim as usize).collect::<Vec<_>>();
        let (small, large) = (sizes(small), sizes(large));
        let equal = small.iter().rev().zip(large.iter().rev()).take_while(|(small, large)| small == large).count();
        let run_axes = (equal + 1).min(small.len());
        let run = small[small.len() - run_axes..].iter().product();
        Corner { small, large, run, run_axes }
    }

    /// How many values the smaller array has.
    fn count(&self) -> usize {
        self.small.iter().product()
    }

    /// The first value of the smaller array that lies at element `place` of the larger one or after it.
    fn first_from(&self, place: usize) -> usize {
        let outer = self.small.len() - self.run_axes;
        let mut stride: usize = self.large.iter().product();
        let (mut rest, mut row) = (place, 0);
        for (&small, &large) in self.small.iter().zip(&self.large).take(outer) {
            stride /= large;
            let coordinate = rest / stride;
            rest %= stride;
            row = row * small + coordinate.min(small);
            if coordinate >= small {
                rest = 0;
            }
        }
        row * self.run + rest.min(self.run)
    }

    /// Where a value of the smaller array lies in the larger one, and how many lie side by side from there on.
    fn place(&self, index: usize) -> (usize, usize) {
        let outer = self.small.len() - self.run_axes;
        let mut stride: usize = self.large[outer..].iter().product();
        let (mut row, within) = (index / self.run, index % self.run);
        let mut place = within;
        for axis in (0..outer).rev() {
            place += row % self.small[axis] * stride;
            row /= self.small[axis];
            stride *= self.large[axis];
        }
        (place, self.run - within)
    }
}

/// The leading part of a larger blob.
pub(crate) struct Slice {
    pub(crate) values: Arc<dyn StoredValues>,
    pub(crate) corner: Corner,
}

impl StoredValues for Slice {
    fn read(&self, mut offset: usize, mut out: &mut [f32]) -> io::Result<()> {
        while !out.is_empty() {
            let (place, side_by_side) = self.corner.place(offset);
            let (now, later) = out.split_at_mut(out.len().min(side_by_side));
            self.values.read(place, now)?;
            offset += now.len();
            out = later;
        }
        Ok(())
    }

    fn number_type(&self) -> NumberType {
        self.values.number_type()
    }
}

/// Stored values that replace the leading corner of a blob, whatever the rest is.
#[derive(Debug, Clone)]
pub struct Patch {
    blob: StoredBlob,
    corner: Corner,
}

impl Patch {
    /// A smaller blob in the corner of a blob of the shape `large`; `small` is its shape with as many axes.
    pub(crate) fn new(blob: StoredBlob, small: &[i32], large: &Shape) -> Patch {
        Patch { blob, corner: Corner::new(small, large.dims()) }
    }

    /// Replaces what of `values`, which start at element `offset` of the larger blob, lies in the corner.
    ///
    /// # Errors
    /// The stored values cannot be read.
    pub(crate) fn lay(&self, offset: usize, values: &mut [f32]) -> io::Result<()> {
        let mut next = self.corner.first_from(offset);
        while next < self.corner.count() {
            let (place, side_by_side) = self.corner.place(next);
            let Some(rest) = values.get_mut(place - offset..).filter(|rest| !rest.is_empty()) else { break };
            let length = side_by_side.min(rest.len());
            self.blob.values.read(next, &mut rest[..length])?;
            next += length;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dims(dims: &[i64]) -> Shape {
        Shape::new(dims).unwrap()
    }

    fn numbers(count: usize) -> Vec<f32> {
        (0..count).map(|number| number as f32).collect()
    }

    fn sliced(small: &[i64], large: &[i64], piece: usize) -> Vec<f32> {
        let (small, large) = (dims(small), dims(large));
        let corner = Corner::new(small.dims(), large.dims());
        let slice = Slice { values: Arc::new(numbers(large.count())), corner };
        let mut out = vec![0.0; small.count()];
        for (index, piece_out) in out.chunks_mut(piece).enumerate() {
            slice.read(index * piece, piece_out).unwrap();
        }
        out
    }

    #[test]
    fn a_slice_is_the_leading_part_of_every_axis() {
        for piece in [1, 2, 3, 100] {
            assert_eq!(sliced(&[2, 2], &[3, 4], piece), [0.0, 1.0, 4.0, 5.0]);
            assert_eq!(sliced(&[2, 4], &[3, 4], piece), numbers(8));
            assert_eq!(sliced(&[2, 1, 3], &[2, 2, 3], piece), [0.0, 1.0, 2.0, 6.0, 7.0, 8.0]);
            assert_eq!(sliced(&[2, 1, 2], &[2, 2, 3], piece), [0.0, 1.0, 6.0, 7.0]);
            assert_eq!(sliced(&[], &[], piece), [0.0]);
        }
    }

    #[test]
    fn patches_replace_the_corner_and_later_ones_win() {
        let patch = |small: &[i64], value: f32| {
            let small = dims(small);
            let values = Arc::new(vec![value; small.count()]);
            let blob = StoredBlob { index: 0, shape: small.clone(), legacy: false, values };
            Patch::new(blob, small.dims(), &dims(&[3, 4]))
        };
        let patches = [patch(&[2, 3], 100.0), patch(&[3, 1], 200.0)];
        let expected = [200.0, 100.0, 100.0, 3.0, 200.0, 100.0, 100.0, 7.0, 200.0, 9.0, 10.0, 11.0];
        for length in [1, 5, 12] {
            let mut values = numbers(12);
            for (index, piece) in values.chunks_mut(length).enumerate().collect::<Vec<_>>().into_iter().rev() {
                patches.iter().try_for_each(|patch| patch.lay(index * length, piece)).unwrap();
            }
            assert_eq!(values, expected, "pieces of {length}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_comes_first_from_a_place_is_found(
            dims in proptest::collection::vec((1usize..4, 0usize..3), 1..5),
        ) {
            let small: Vec<i32> = dims.iter().map(|&(small, _)| small as i32).collect();
            let large: Vec<i32> = dims.iter().map(|&(small, more)| (small + more) as i32).collect();
            let corner = Corner::new(&small, &large);
            let places: Vec<usize> = (0..corner.count()).map(|index| corner.place(index).0).collect();
            proptest::prop_assert!(places.is_sorted());
            for place in 0..large.iter().product::<i32>() as usize {
                let expected = places.partition_point(|&other| other < place);
                proptest::prop_assert_eq!(corner.first_from(place), expected);
            }
        }
    }
}
