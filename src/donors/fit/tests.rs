use std::sync::Arc;

use super::*;

fn blob(stored: &[i64], legacy: bool) -> StoredBlob {
    StoredBlob { index: 0, shape: Shape::new(stored).unwrap(), legacy, values: Arc::new(Vec::new()) }
}

fn fits(stored: &[i64], legacy: bool, needed: &[i64], on_mismatch: OnMismatch) -> Result<Fit, String> {
    fit(&blob(stored, legacy), &Shape::new(needed).unwrap(), None, on_mismatch)
}

/// By a rule.
fn by(how: &str, stored: &[i64], needed: &[i64]) -> Result<Fit, String> {
    let rule = FitRule::parse("fit", &format!("a={how}")).unwrap();
    fit(&blob(stored, false), &Shape::new(needed).unwrap(), Some(&rule), OnMismatch::Error)
}

#[test]
fn shapes_must_be_the_same_but_for_ones_in_front_of_old_sizes() {
    let error = |stored: &[i64], legacy, needed: &[i64]| fits(stored, legacy, needed, OnMismatch::Error).unwrap_err();
    assert_eq!(fits(&[3, 4], false, &[3, 4], OnMismatch::Error), Ok(Fit::Whole));
    assert_eq!(fits(&[1, 1, 3, 4], true, &[3, 4], OnMismatch::Error), Ok(Fit::Whole));
    assert_eq!(fits(&[1, 1, 1, 1], true, &[], OnMismatch::Error), Ok(Fit::Whole));
    assert_eq!(error(&[1, 1, 3, 4], false, &[3, 4]), "has the shape (1, 1, 3, 4), not (3, 4)");
    assert_eq!(error(&[3, 4, 1, 1], true, &[3, 4]), "has the shape (3, 4, 1, 1), not (3, 4)");
    assert_eq!(error(&[2, 2, 2, 4], true, &[2, 2, 2, 2, 2]), "has the shape (2, 2, 2, 4), not (2, 2, 2, 2, 2)");
    assert_eq!(error(&[0, 0, 3, 4], true, &[3, 4]), "has the shape (0, 0, 3, 4), not (3, 4)");
}

#[test]
fn larger_ones_are_sliced_and_smaller_ones_padded_on_request() {
    let sliced = |stored, needed| Ok(Fit::Sliced { corner: Corner::new(needed, stored) });
    assert_eq!(fits(&[5, 4], false, &[3, 4], OnMismatch::Slice), sliced(&[5, 4], &[3, 4]));
    assert_eq!(fits(&[1, 1, 5, 4], true, &[3, 4], OnMismatch::Slice), sliced(&[5, 4], &[3, 4]));
    assert_eq!(fits(&[2, 4], false, &[3, 4], OnMismatch::Pad), Ok(Fit::Padded { small: vec![2, 4] }));
    assert_eq!(fits(&[3, 4], false, &[3, 4], OnMismatch::Pad), Ok(Fit::Whole));
    assert_eq!(by("slice", &[5, 4], &[3, 4]), sliced(&[5, 4], &[3, 4]));
    assert_eq!(by("pad", &[2, 4], &[3, 4]), Ok(Fit::Padded { small: vec![2, 4] }));
    let error = |needed: &[i64], on_mismatch| fits(&[3, 4], false, needed, on_mismatch).unwrap_err();
    assert_eq!(error(&[5, 2], OnMismatch::Slice), "has the shape (3, 4), not (5, 2): it is shorter on some axis");
    assert_eq!(error(&[5, 2], OnMismatch::Pad), "has the shape (3, 4), not (5, 2): it is longer on some axis");
    assert_eq!(error(&[12], OnMismatch::Slice), "has the shape (3, 4), not (12): the numbers of axes differ");
}

#[test]
fn rules_change_what_differs() {
    assert_eq!(by("reshape", &[1, 8, 1, 1], &[8]), Ok(Fit::Recast));
    assert_eq!(by("mean", &[2, 3, 7, 7], &[2, 3, 7, 7]), Ok(Fit::Whole));
    let mean = Gather::new(&[2, 3, 7, 7], &[2, 10, 7, 7]).summed().divided_by(3);
    assert_eq!(by("mean", &[2, 3, 7, 7], &[2, 10, 7, 7]), Ok(Fit::Gathered(mean)));
    let flat = Gather::new(&[2, 3, 1, 5, 5], &[2, 3, 4, 5, 5]).divided_by(4);
    assert_eq!(by("inflate", &[2, 3, 5, 5], &[2, 3, 4, 5, 5]), Ok(Fit::Gathered(flat)));
    assert_eq!(by("repeat", &[2, 3], &[4, 6]), Ok(Fit::Gathered(Gather::new(&[2, 3], &[4, 6]))));
}

#[test]
fn layouts_change_blobs_of_equal_sides_too_and_leave_other_blobs_alone() {
    let transposed = Fit::Reordered(AxisOrder::new(&[3, 3], &[1, 0]));
    assert_eq!(by("transpose", &[3, 3], &[3, 3]), Ok(transposed));
    assert_eq!(by("transpose", &[3], &[3]), Ok(Fit::Whole));
    let kernels = Fit::Reordered(AxisOrder::new(&[3, 3, 3, 3], &[3, 2, 0, 1]));
    assert_eq!(by("hwio", &[3, 3, 3, 3], &[3, 3, 3, 3]), Ok(kernels));
    assert_eq!(by("hwio", &[3, 4], &[3, 4]), Ok(Fit::Whole));
}

#[test]
fn what_cannot_be_fitted_names_both_shapes_and_the_rule() {
    let refused = |how: &str, stored: &[i64], needed: &[i64]| {
        let message = by(how, stored, needed).unwrap_err();
        let start =
            format!("has the shape {}, not {}; fit a={how}: ", blob(stored, false).shape, blob(needed, false).shape);
        message.strip_prefix(&start).unwrap_or_else(|| panic!("{message}")).to_owned()
    };
    assert_eq!(refused("reshape", &[2, 3], &[7]), "6 values are stored, and 7 are needed");
    assert_eq!(refused("repeat", &[2, 3], &[2, 10]), "axis 1: 10 is not a multiple of 3");
    assert_eq!(refused("repeat", &[2, 0], &[2, 10]), "no values are stored");
    assert_eq!(refused("mean", &[2, 3], &[3, 1]), "axis 0 differs, too: 2, not 3");
    assert_eq!(refused("mean", &[2], &[3]), "it needs 2 axes or more");
    assert_eq!(refused("sum", &[2, 3], &[2, 2]), "a sum is for 1 input channel, not for 2");
    assert_eq!(refused("transpose", &[2, 3], &[2, 4]), "it makes the shape (3, 2) of it");
    assert_eq!(refused("transpose", &[2], &[3]), "it is for blobs of two axes");
    assert_eq!(refused("hwio", &[2, 3, 4, 5], &[2, 3, 4, 6]), "it makes the shape (5, 4, 2, 3) of it");
    assert_eq!(refused("hwio", &[2, 3], &[3, 2]), "it is for kernels, which have three axes or more");
    let kernels = "it is for kernels with two spatial axes, and three of the net's";
    assert_eq!(refused("inflate", &[2, 3], &[2, 3, 4]), kernels);
    assert_eq!(refused("inflate", &[2, 3, 5], &[2, 3, 4, 5, 5]), kernels);
    let kernels = "beside the depth, 5 of the net's axis 3 differs from 4";
    assert_eq!(refused("inflate", &[2, 3, 4, 5], &[2, 3, 4, 5, 5]), kernels);
    assert_eq!(refused("rows:0,7", &[6, 2], &[2, 2]), "there is no row 7; the last of the 6 is 5");
    assert_eq!(refused("rows:0,1", &[6, 2], &[3, 2]), "it takes 2, and 3 are needed");
    assert_eq!(refused("rows:0,1/3", &[6, 2], &[3, 2]), "2 of every 3 are 4 rows, and 3 are needed");
    assert_eq!(refused("rows:0,1/4", &[6, 2], &[3, 2]), "the 6 rows are not a multiple of 4");
    assert_eq!(refused("rows:0", &[6, 2], &[1, 3]), "axis 1 differs, too: 2, not 3");
}
