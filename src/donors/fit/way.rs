//! The table of the ways of fitting.

use super::{Fit, Mismatch, channels, corner, inflate, layout, repeat, reshape, rows};
use crate::formats::RowChoice;

/// A way of fitting stored values to a blob of another shape.
#[derive(Debug)]
#[non_exhaustive]
pub struct FitWay {
    /// Its name.
    pub name: &'static str,
    /// How a rule writes it.
    pub form: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Whether a list of rows follows the name.
    pub(super) has_rows: bool,
    /// Whether a blob of as many axes is laid out otherwise even if its shape is that of the net's.
    pub(super) is_layout_of: fn(axes: usize) -> bool,
    pub(super) fit: FitFunction,
}

/// How a blob is taken, or why it cannot be. Only a way that has rows looks at them.
pub(super) type FitFunction = fn(&Mismatch<'_>, Option<&RowChoice>) -> Result<Fit, String>;

/// A way with its name alone, for blobs whose shapes differ.
const PLAIN: FitWay = FitWay {
    name: "",
    form: "",
    about: "",
    has_rows: false,
    is_layout_of: |_| false,
    fit: |mismatch, _| reshape::reshape(mismatch),
};

/// Every way of fitting, those first that are the likelier ones where several fit.
pub static FIT_WAYS: &[FitWay] = &[
    FitWay {
        name: "transpose",
        form: "transpose",
        about: "the two axes of an inner product swapped, even if they are equally long",
        is_layout_of: |axes| axes == 2,
        fit: |mismatch, _| layout::transpose(mismatch),
        ..PLAIN
    },
    FitWay {
        name: "hwio",
        form: "hwio",
        about: "TensorFlow's order of axes (height, width, inputs, outputs) into Caffe's, even if the shapes agree",
        is_layout_of: |axes| axes >= 3,
        fit: |mismatch, _| layout::hwio(mismatch),
        ..PLAIN
    },
    FitWay {
        name: "reshape",
        form: "reshape",
        about: "the same values in the same order, such as an inner product as a convolution",
        ..PLAIN
    },
    FitWay {
        name: "inflate",
        form: "inflate",
        about: "2-D kernels into 3-D ones: repeated along the depth and divided by it",
        fit: |mismatch, _| inflate::inflate(mismatch),
        ..PLAIN
    },
    FitWay {
        name: "mean",
        form: "mean",
        about: "the mean over the input channels (axis 1), for every input channel, such as flow from RGB",
        fit: |mismatch, _| channels::mean(mismatch),
        ..PLAIN
    },
    FitWay {
        name: "sum",
        form: "sum",
        about: "the sum over the input channels (axis 1), for the only one, such as grey from RGB",
        fit: |mismatch, _| channels::sum(mismatch),
        ..PLAIN
    },
    FitWay {
        name: "repeat",
        form: "repeat",
        about: "the values, repeated along each axis that is a multiple as long",
        fit: |mismatch, _| repeat::repeat(mismatch),
        ..PLAIN
    },
    FitWay {
        name: "slice",
        form: "slice",
        about: "the leading part of a larger blob",
        fit: |mismatch, _| corner::slice(mismatch),
        ..PLAIN
    },
    FitWay {
        name: "pad",
        form: "pad",
        about: "a smaller blob as the leading part; the rest stays initialised",
        fit: |mismatch, _| corner::pad(mismatch),
        ..PLAIN
    },
    FitWay {
        name: "rows",
        form: "rows:0,7,15[/21]",
        about: "these rows (axis 0), counted from 0, or these of every 21, such as the classes of a detector",
        has_rows: true,
        fit: rows::rows,
        ..PLAIN
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_way_has_its_name_and_says_what_it_does() {
        let names: BTreeSet<&str> = FIT_WAYS.iter().map(|way| way.name).collect();
        assert_eq!(names.len(), FIT_WAYS.len());
        assert!(FIT_WAYS.iter().all(|way| way.form.starts_with(way.name) && !way.about.is_empty()));
        assert!(FIT_WAYS.iter().all(|way| way.has_rows == (way.form != way.name)));
    }
}
