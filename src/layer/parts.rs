//! The parts of a blob that is joined or cut along an axis.

/// Where the parts of a blob lie along one of its axes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AxisParts {
    /// The axis.
    pub axis: usize,
    /// Where each part starts, and at last where the last one ends.
    pub offsets: Vec<i64>,
}

impl AxisParts {
    /// The parts of these lengths, one behind the other.
    pub(super) fn new(axis: usize, lengths: impl IntoIterator<Item = i64>) -> AxisParts {
        let mut offsets = vec![0];
        let mut end = 0;
        for length in lengths {
            end += length;
            offsets.push(end);
        }
        AxisParts { axis, offsets }
    }

    /// The lengths of the parts.
    pub fn lengths(&self) -> impl Iterator<Item = i64> {
        self.offsets.windows(2).map(|ends| ends[1] - ends[0])
    }

    /// The length of the whole axis.
    pub fn total(&self) -> i64 {
        self.offsets.last().copied().unwrap_or(0)
    }
}
