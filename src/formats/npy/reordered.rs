//! Arrays in Fortran's order: the first axis is the one along which neighbours lie.

use std::io;
use std::sync::{Mutex, PoisonError};

use crate::Shape;
use crate::formats::{NumberType, StoredValues};

/// The values of such an array in the usual order. The array is in memory from the first read on until as many values
/// have been read as it has.
pub(super) struct Reordered<V> {
    values: V,
    dims: Vec<usize>,
    count: usize,
    /// The array, and how many of its values are still to be read.
    loaded: Mutex<Option<(Vec<f32>, usize)>>,
}

impl<V: StoredValues> Reordered<V> {
    pub(super) fn new(values: V, shape: &Shape) -> Reordered<V> {
        let dims = shape.dims().iter().map(|&dim| dim as usize).collect();
        Reordered { values, dims, count: shape.count(), loaded: Mutex::new(None) }
    }

    fn load(&self) -> io::Result<(Vec<f32>, usize)> {
        let mut values = vec![0.0; self.count];
        self.values.read(0, &mut values)?;
        Ok((values, self.count))
    }

    /// Where the value of this number in the usual order lies in the file.
    fn place(&self, mut number: usize) -> usize {
        let (mut place, mut stride) = (0, self.count);
        for &dim in self.dims.iter().rev() {
            stride /= dim;
            place += number % dim * stride;
            number /= dim;
        }
        place
    }
}

impl<V: StoredValues> StoredValues for Reordered<V> {
    fn read(&self, offset: usize, out: &mut [f32]) -> io::Result<()> {
        let fits = offset.checked_add(out.len()).is_some_and(|end| end <= self.count);
        fits.then_some(()).ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let (values, left) = loaded.take().map_or_else(|| self.load(), Ok)?;
        let left = left.saturating_sub(out.len());
        for (number, value) in (offset..).zip(out) {
            *value = values[self.place(number)];
        }
        *loaded = (left > 0).then_some((values, left));
        Ok(())
    }

    fn number_type(&self) -> NumberType {
        self.values.number_type()
    }
}
