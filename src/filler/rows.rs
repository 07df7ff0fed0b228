//! Fills whose values are made row by row of what is drawn piece by piece.

use std::io;

use super::Sink;
use super::pieces::{self, Drawn};
use crate::random::Generator;

/// Draws all values, changes each row of `row` values by `change`, and hands all on in order. A row is held in memory
/// where it does not end with its piece.
pub(super) fn fill_rows(
    drawn: &Drawn,
    row: usize,
    change: impl Fn(&mut [f32]),
    rng: &mut dyn Generator,
    sink: &mut dyn Sink,
) -> io::Result<()> {
    let mut open: Vec<f32> = Vec::new();
    pieces::fill(drawn, rng, |piece| {
        let missing = if open.is_empty() { 0 } else { row - open.len() };
        let (end, rest) = piece.split_at_mut(missing.min(piece.len()));
        open.extend_from_slice(end);
        if open.len() == row {
            change(&mut open);
            sink.write(&open)?;
            open.clear();
        }
        let (whole, start) = rest.split_at_mut(rest.len() - rest.len() % row);
        whole.chunks_exact_mut(row).for_each(&change);
        sink.write(whole)?;
        if !start.is_empty() {
            open.try_reserve_exact(row)?;
            open.extend_from_slice(start);
        }
        Ok(())
    })
}
