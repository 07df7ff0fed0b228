//! `rows`: some rows of a blob, such as the classes that a classifier or a detector keeps.

use super::{Fit, Mismatch, others_agree};
use crate::formats::{Gather, RowChoice};

pub(super) fn rows(mismatch: &Mismatch<'_>, choice: Option<&RowChoice>) -> Result<Fit, String> {
    let choice = choice.ok_or("it needs a list of rows")?;
    let (stored, needed) = (mismatch.values(1)?, mismatch.needed.dims());
    others_agree(stored, needed, 0)?;
    let all = stored[0] as usize;
    let groups = match choice.period {
        Some(period) if !all.is_multiple_of(period) => {
            return Err(format!("the {all} rows are not a multiple of {period}"));
        }
        Some(period) => all / period,
        None => 1,
    };
    if let Some(beyond) = choice.rows.iter().find(|row| **row >= all) {
        return Err(format!("there is no row {beyond}; the last of the {all} is {}", all - 1));
    }
    let taken = groups.saturating_mul(choice.rows.len());
    if taken != needed[0] as usize {
        let counted = match choice.period {
            Some(period) => format!("{} of every {period} are {taken} rows", choice.rows.len()),
            None => format!("it takes {taken}"),
        };
        return Err(format!("{counted}, and {} are needed", needed[0]));
    }
    Ok(Fit::Gathered(Gather::new(stored, needed).of_rows(choice.clone())))
}

/// What to write where the stored blobs have but more rows.
pub(super) fn proposal(mismatches: &[Mismatch<'_>]) -> Option<String> {
    let counts = |mismatch: &Mismatch<'_>| {
        let (stored, needed) = (mismatch.values(1).ok()?, mismatch.needed.dims());
        others_agree(stored, needed, 0).ok()?;
        (stored[0] > needed[0] && needed[0] > 0).then_some((stored[0], needed[0]))
    };
    let first = counts(mismatches.first()?)?;
    let (all, taken) = first;
    let same = mismatches.iter().all(|mismatch| counts(mismatch) == Some(first));
    same.then(|| format!("rows:... with {taken} of 0 to {}", all - 1))
}
