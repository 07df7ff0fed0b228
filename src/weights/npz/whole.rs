//! Arrays in Fortran's order: the first axis is the one along which neighbours lie.

use std::io;
use std::sync::{Mutex, PoisonError};

use super::entry::EntryValues;
use crate::Shape;
use crate::weights::StoredValues;

/// The values of such an array in the usual order. The array is in memory from the first read to that of its end.
pub(super) struct Reordered {
    values: EntryValues,
    dims: Vec<usize>,
    count: usize,
    read: Mutex<Option<Vec<f32>>>,
}

impl Reordered {
    pub(super) fn new(values: EntryValues, shape: &Shape) -> Reordered {
        let dims = shape.dims().iter().map(|&dim| dim as usize).collect();
        Reordered { values, dims, count: shape.count(), read: Mutex::new(None) }
    }

    fn load(&self) -> io::Result<Vec<f32>> {
        let mut values = vec![0.0; self.count];
        self.values.read(0, &mut values)?;
        Ok(values)
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

impl StoredValues for Reordered {
    fn read(&self, offset: usize, out: &mut [f32]) -> io::Result<()> {
        let end = offset.checked_add(out.len()).filter(|&end| end <= self.count).ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut kept = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let values = kept.take().map_or_else(|| self.load(), Ok)?;
        for (number, value) in (offset..).zip(out) {
            *value = values[self.place(number)];
        }
        *kept = (end < self.count).then_some(values);
        Ok(())
    }
}
