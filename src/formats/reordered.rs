//! Arrays whose axes stand in another order than the file has them.

use std::io;
use std::sync::{Mutex, PoisonError};

use super::{NumberType, StoredValues};

/// The most values that are in memory of a file that can be read anywhere.
const BAND: usize = 1 << 20;

/// The most values that are in memory of a file that is read best from front to back: such an array is read once.
const MAX_HELD: usize = 1 << 28;

/// Which axis of a stored array each axis of the array is. The first one is the last one stored, along which neighbours
/// lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AxisOrder {
    stored: Vec<usize>,
    /// For each stored axis but the last one, how far apart its neighbours are within a row of the array.
    strides: Vec<usize>,
    /// How many values a row of the array has: all of one index of its first axis.
    row: usize,
}

impl AxisOrder {
    /// The order of an array whose axes are these `axes` of one of the dimensions `stored`.
    pub(crate) fn new(stored: &[i32], axes: &[usize]) -> AxisOrder {
        debug_assert!(axes.len() == stored.len() && axes.first().is_none_or(|&first| first + 1 == stored.len()));
        let stored: Vec<usize> = stored.iter().map(|&dim| dim as usize).collect();
        let (mut strides, mut row) = (vec![0; stored.len()], 1);
        for &axis in axes.iter().skip(1).rev() {
            strides[axis] = row;
            row *= stored[axis];
        }
        strides.pop();
        AxisOrder { stored, strides, row }
    }

    /// How many rows the array has.
    fn rows(&self) -> usize {
        self.stored.last().copied().unwrap_or(1)
    }

    /// Where in its row a value lies that is stored in this row of the file.
    fn within_row(&self, mut stored_row: usize) -> usize {
        let mut place = 0;
        for (&dim, &stride) in self.stored.iter().zip(&self.strides).rev() {
            place += stored_row % dim * stride;
            stored_row /= dim;
        }
        place
    }
}

/// The values of such an array. A band of its rows is in memory until as many values have been read as it has.
pub(crate) struct Reordered<V> {
    values: V,
    order: AxisOrder,
    band: Mutex<Option<Band>>,
}

struct Band {
    first: usize,
    values: Vec<f32>,
    /// How many of its values are still to be read.
    left: usize,
}

impl<V: StoredValues> Reordered<V> {
    pub(crate) fn new(values: V, order: AxisOrder) -> Reordered<V> {
        Reordered { values, order, band: Mutex::new(None) }
    }

    /// How many rows a band has.
    fn band_rows(&self) -> usize {
        let AxisOrder { row, .. } = self.order;
        let rows = self.order.rows();
        if !self.values.reads_anywhere() && rows * row <= MAX_HELD { rows } else { (BAND / row).clamp(1, rows) }
    }

    /// The band of the value `offset`.
    fn load(&self, offset: usize) -> io::Result<Band> {
        let (row, rows, band_rows) = (self.order.row, self.order.rows(), self.band_rows());
        let first = offset / row / band_rows * band_rows;
        let count = band_rows.min(rows - first);
        let (mut values, mut piece) = (vec![0.0; count * row], vec![0.0; count]);
        for stored_row in 0..row {
            self.values.read(stored_row * rows + first, &mut piece)?;
            let places = values.iter_mut().skip(self.order.within_row(stored_row)).step_by(row);
            places.zip(&piece).for_each(|(place, value)| *place = *value);
        }
        Ok(Band { first: first * row, left: values.len(), values })
    }
}

impl<V: StoredValues> StoredValues for Reordered<V> {
    fn read(&self, mut offset: usize, mut out: &mut [f32]) -> io::Result<()> {
        let count = self.order.row * self.order.rows();
        let fits = offset.checked_add(out.len()).is_some_and(|end| end <= count);
        fits.then_some(()).ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut held = self.band.lock().unwrap_or_else(PoisonError::into_inner);
        while !out.is_empty() {
            let holds = |band: &Band| (band.first..band.first + band.values.len()).contains(&offset);
            let mut band = held.take().filter(holds).map_or_else(|| self.load(offset), Ok)?;
            let rest = &band.values[offset - band.first..];
            let (now, later) = out.split_at_mut(rest.len().min(out.len()));
            now.copy_from_slice(&rest[..now.len()]);
            band.left = band.left.saturating_sub(now.len());
            offset += now.len();
            out = later;
            *held = (band.left > 0).then_some(band);
        }
        Ok(())
    }

    fn number_type(&self) -> NumberType {
        self.values.number_type()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values that can be read anywhere, or not: each is its own number.
    struct Numbered {
        anywhere: bool,
    }

    impl StoredValues for Numbered {
        fn read(&self, offset: usize, out: &mut [f32]) -> io::Result<()> {
            out.iter_mut().zip(offset..).for_each(|(value, number)| *value = number as f32);
            Ok(())
        }

        fn reads_anywhere(&self) -> bool {
            self.anywhere
        }
    }

    fn reordered(stored: &[i32], axes: &[usize], piece: usize, anywhere: bool) -> Vec<f32> {
        let values = Reordered::new(Numbered { anywhere }, AxisOrder::new(stored, axes));
        let mut out = vec![-1.0; stored.iter().product::<i32>() as usize];
        for (index, out) in out.chunks_mut(piece).enumerate() {
            values.read(index * piece, out).unwrap();
        }
        out
    }

    #[test]
    fn axes_are_put_into_their_order() {
        for (piece, anywhere) in [(1, true), (4, false), (1000, true)] {
            assert_eq!(reordered(&[2, 3], &[1, 0], piece, anywhere), [0., 3., 1., 4., 2., 5.]);
            let (height, width, inputs, outputs) = (2, 3, 4, 5);
            let found = reordered(&[height, width, inputs, outputs], &[3, 2, 0, 1], piece, anywhere);
            let mut next = found.iter();
            for output in 0..outputs {
                for input in 0..inputs {
                    for y in 0..height {
                        for x in 0..width {
                            let place = ((y * width + x) * inputs + input) * outputs + output;
                            assert_eq!(*next.next().unwrap(), place as f32);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn large_arrays_are_read_in_bands() {
        let (tall, wide) = (3000, 1500);
        let found = reordered(&[tall, wide], &[1, 0], 70_000, true);
        let expected = (0..wide).flat_map(|column| (0..tall).map(move |row| (row * wide + column) as f32));
        assert!(found.into_iter().eq(expected));
        let values = Reordered::new(Numbered { anywhere: true }, AxisOrder::new(&[2, 3], &[1, 0]));
        assert_eq!(values.read(5, &mut [0.0; 2]).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
