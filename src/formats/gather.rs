//! Arrays each of whose values is one of a stored array, or a sum of some: rows, repetitions, means of channels.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use super::{NumberType, StoredValues};

/// Rows of an array: these, or these of every `period`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowChoice {
    /// Their numbers, which are below the period, if there is one. At least one.
    pub(crate) rows: Vec<usize>,
    /// How many rows a group has that the numbers count in; `None` for one group of all.
    pub(crate) period: Option<usize>,
}

impl RowChoice {
    /// Which row the one of this number is.
    fn row(&self, number: usize) -> usize {
        let (group, within) = (number / self.rows.len(), number % self.rows.len());
        group * self.period.unwrap_or(0) + self.rows[within]
    }
}

/// Where the values of an array come from in a stored one with as many axes: along each axis its indices are repeated
/// as often as they fit in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gather {
    stored: Vec<usize>,
    dims: Vec<usize>,
    rows: Option<RowChoice>,
    /// Whether the values along axis 1 are added up.
    sums_channels: bool,
    /// What all values are divided by.
    divisor: usize,
}

impl Gather {
    /// An array of the dimensions `dims`, at least one, of a stored one, none of whose dimensions is 0.
    pub(crate) fn new(stored: &[i32], dims: &[i32]) -> Gather {
        let sizes = |dims: &[i32]| dims.iter().map(|&dim| dim as usize).collect();
        Gather { stored: sizes(stored), dims: sizes(dims), rows: None, sums_channels: false, divisor: 1 }
    }

    /// With these rows instead.
    pub(crate) fn of_rows(self, rows: RowChoice) -> Gather {
        Gather { rows: Some(rows), ..self }
    }

    /// With the values along axis 1 added up, in order.
    pub(crate) fn summed(self) -> Gather {
        Gather { sums_channels: true, ..self }
    }

    /// With all values divided by a number.
    pub(crate) fn divided_by(self, divisor: usize) -> Gather {
        Gather { divisor, ..self }
    }

    /// How many values a row of the array has.
    fn row_length(&self) -> usize {
        self.dims[1..].iter().product()
    }

    /// Whether its rows are whole rows of the stored array.
    fn keeps_rows(&self) -> bool {
        self.stored[1..] == self.dims[1..] && !self.sums_channels && self.divisor == 1
    }

    /// Which row of the stored array a row comes from.
    fn stored_row(&self, row: usize) -> usize {
        self.rows.as_ref().map_or(row % self.stored[0], |rows| rows.row(row))
    }

    /// The row of the array that is made of one of the stored array.
    fn row(&self, stored: &[f32]) -> Vec<f32> {
        let channels = if self.sums_channels { self.stored[1] } else { 1 };
        let step = if self.sums_channels { stored.len() / channels } else { 0 };
        let make = |index: usize| {
            let place = self.place(index);
            let sum = (1..channels).fold(stored[place], |sum, channel| sum + stored[place + channel * step]);
            if self.divisor == 1 { sum } else { sum / self.divisor as f32 }
        };
        (0..self.row_length()).map(make).collect()
    }

    /// Where in a row of the stored array a value of the row lies, or the first of those that are added up.
    fn place(&self, mut index: usize) -> usize {
        let (mut place, mut stride) = (0, 1);
        for axis in (1..self.dims.len()).rev() {
            let (within, stored) = (index % self.dims[axis], self.stored[axis]);
            if axis > 1 || !self.sums_channels {
                place += within % stored * stride;
            }
            stride *= stored;
            index /= self.dims[axis];
        }
        place
    }
}

/// The values of such an array. The row that was read last is in memory.
pub(crate) struct GatheredValues {
    values: Arc<dyn StoredValues>,
    gather: Gather,
    /// The last row that was made, and which row of the stored array it was made of.
    last: Mutex<Option<(usize, Vec<f32>)>>,
}

impl GatheredValues {
    pub(crate) fn new(values: Arc<dyn StoredValues>, gather: Gather) -> GatheredValues {
        GatheredValues { values, gather, last: Mutex::new(None) }
    }

    fn read_row(&self, row: usize, from: usize, out: &mut [f32]) -> io::Result<()> {
        let row = self.gather.stored_row(row);
        let length: usize = self.gather.stored[1..].iter().product();
        if self.gather.keeps_rows() {
            return self.values.read(row * length + from, out);
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let made = match last.take().filter(|(made_of, _)| *made_of == row) {
            Some((_, made)) => made,
            None => {
                let mut stored = vec![0.0; length];
                self.values.read(row * length, &mut stored)?;
                self.gather.row(&stored)
            }
        };
        out.copy_from_slice(&made[from..][..out.len()]);
        *last = Some((row, made));
        Ok(())
    }
}

impl StoredValues for GatheredValues {
    fn read(&self, mut offset: usize, mut out: &mut [f32]) -> io::Result<()> {
        let length = self.gather.row_length();
        let end = offset.checked_add(out.len()).filter(|&end| end <= length * self.gather.dims[0]);
        end.ok_or(io::ErrorKind::UnexpectedEof)?;
        while !out.is_empty() {
            let (row, from) = (offset / length, offset % length);
            let (now, later) = out.split_at_mut(out.len().min(length - from));
            self.read_row(row, from, now)?;
            offset += now.len();
            out = later;
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

    fn gathered(gather: &Gather, piece: usize) -> Vec<f32> {
        let stored: Vec<f32> = (0..gather.stored.iter().product()).map(|number| number as f32).collect();
        let values = GatheredValues::new(Arc::new(stored), gather.clone());
        let mut out = vec![-1.0; gather.dims.iter().product()];
        for (index, out) in out.chunks_mut(piece).enumerate() {
            values.read(index * piece, out).unwrap();
        }
        out
    }

    #[test]
    fn values_are_chosen_repeated_and_added() {
        let rows = |rows: &[usize], period| RowChoice { rows: rows.to_vec(), period };
        for piece in [1, 3, 100] {
            let chosen = Gather::new(&[6, 2], &[2, 2]).of_rows(rows(&[4, 1], None));
            assert_eq!(gathered(&chosen, piece), [8., 9., 2., 3.]);
            let periodic = Gather::new(&[6], &[4]).of_rows(rows(&[0, 2], Some(3)));
            assert_eq!(gathered(&periodic, piece), [0., 2., 3., 5.]);
            let repeated = Gather::new(&[1, 2, 2], &[2, 4, 2]);
            assert_eq!(gathered(&repeated, piece), [0., 1., 2., 3.].repeat(4));
            let summed = Gather::new(&[2, 2, 2], &[2, 1, 2]).summed();
            assert_eq!(gathered(&summed, piece), [2., 4., 10., 12.]);
            let mean = Gather::new(&[1, 2, 2], &[1, 3, 2]).summed().divided_by(2);
            assert_eq!(gathered(&mean, piece), [1., 2.].repeat(3));
            let inflated = Gather::new(&[1, 2, 1, 2], &[1, 2, 2, 2]).divided_by(2);
            assert_eq!(gathered(&inflated, piece), [0., 0.5, 0., 0.5, 1., 1.5, 1., 1.5]);
        }
    }

    #[test]
    fn nothing_is_read_behind_the_end() {
        let values = GatheredValues::new(Arc::new(vec![0.0; 4]), Gather::new(&[2, 2], &[4, 2]));
        assert_eq!(values.read(7, &mut [0.0; 2]).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
