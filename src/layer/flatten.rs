//! Flatten: makes the axes from `axis` (1 by default) to `end_axis` (the last by default) into one.
//!
//! (d0, ..., dn) gives (d0, ..., d(axis-1), d(axis) ... d(end_axis), d(end_axis+1), ..., dn). An `end_axis` one before
//! `axis` inserts an axis of length 1. The top shows the bottom's memory. In place only in
//! Caffes of 2015 and before. No blobs, no draws.
//!
//! The Flatten of early 2015, which has no settings, takes four axes at most; a bottom of one axis gets a second.

use super::{Arity, LayerType, Operator, Setup, SetupContext, TopMemory};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] =
    &[LayerType::new("Flatten", "Merges several axes into one", Arity::exactly(1), Arity::exactly(1), &flatten)
        .params(&["flatten_param"])
        .keeps_signal()
        .weightless()];

fn flatten(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    if ctx.dialect.traits.views_refuse_in_place {
        ctx.refuse_in_place(0, 0)?;
    }
    let has_settings = Known::WithField("flatten_param").includes(ctx.dialect);
    if !has_settings && !ctx.dialect.traits.legacy_blobs {
        return flatten_items(ctx);
    }
    let param = ctx.param.flatten_param.unwrap_or_default();
    let start = ctx.bottom_axis(0, param.axis(), "flatten_param.axis")?;
    let end = ctx.bottom_axis(0, param.end_axis(), "flatten_param.end_axis")? + 1;
    let bottom = ctx.bottom(0);
    ensure!(
        start <= end,
        "flatten_param.end_axis",
        "end_axis {} comes two or more axes before axis {} of the shape {bottom}",
        param.end_axis(),
        param.axis()
    );
    let mut dims: Vec<i64> = bottom.dims().iter().copied().map(i64::from).collect();
    dims.splice(start..end, [bottom.count_range(start, end)]);
    Ok(Setup::new(ctx, Operator::View, [Shape::new(dims).at("flatten_param")?]).view(TopMemory::Bottom(0)))
}

/// Makes what a bottom of four axes at most has for each item into one axis.
fn flatten_items(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let bottom = ctx.bottom(0);
    let items = i64::from(ctx.legacy_dim(0, 0)?);
    ensure!(items > 0, "bottom", "the bottom {bottom} has no items");
    let top = Shape::new([items, bottom.count() as i64 / items]).at("bottom")?;
    Ok(Setup::new(ctx, Operator::View, [top]).view(TopMemory::Bottom(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{Surroundings, layer, refusal, refusal_in_place, top};

    #[test]
    fn axes_become_one() {
        let top = |text| top("Flatten", text, &[&[2, 3, 4, 5]]);
        assert_eq!(top(""), [2, 60]);
        assert_eq!(top("flatten_param { axis: 0 }"), [120]);
        assert_eq!(top("flatten_param { axis: 1 end_axis: 2 }"), [2, 12, 5]);
        assert_eq!(top("flatten_param { axis: -2 end_axis: -2 }"), [2, 3, 4, 5]);
        assert_eq!(top("flatten_param { axis: 2 end_axis: 1 }"), [2, 3, 1, 4, 5]);
    }

    #[test]
    fn an_empty_batch_stays() {
        assert_eq!(top("Flatten", "", &[&[0, 3, 4]]), [0, 12]);
    }

    #[test]
    fn refusals() {
        let refusal = |text, dims: &[i32]| refusal("Flatten", text, &[dims], 1);
        assert_eq!(
            refusal("flatten_param { axis: 2 end_axis: 0 }", &[2, 3, 4]),
            (
                "flatten_param.end_axis",
                "end_axis 0 comes two or more axes before axis 2 of the shape (2, 3, 4)".to_owned()
            )
        );
        assert_eq!(
            refusal("", &[6]),
            ("flatten_param.axis", "axis 1 is out of range for the 1-axis shape (6)".to_owned())
        );
        assert_eq!(
            refusal("", &[0, 65536, 65536]).1,
            "a blob holds at most 2147483647 elements, 0 x 4294967296 are more"
        );
        assert_eq!(
            refusal("flatten_param { axis: 1 end_axis: 0 }", &[1; 32]).1,
            "a blob has at most 32 axes, this one has 33"
        );
        assert_eq!(refusal_in_place("Flatten", "", &[&[2, 3]], 1).1, "the layer cannot work in place");
    }

    #[test]
    fn the_flatten_of_early_2015_keeps_the_items() {
        for dialect in ["lisa", "weiliu-fcn"] {
            let own = Surroundings::of(dialect);
            assert_eq!(own.top("Flatten", "", &[&[2, 3, 4]]), [2, 12]);
            assert_eq!(own.top("Flatten", "", &[&[6]]), [6, 1]);
            assert_eq!(own.refusal("Flatten", "", &[&[0, 3]]), "bottom: the bottom (0, 3) has no items");
            let message = "bottom: bottom 0 has more than 4 axes: its shape is (1, 1, 1, 1, 1)";
            assert_eq!(own.refusal("Flatten", "", &[&[1; 5]]), message);
        }
    }

    #[test]
    fn an_early_caffe_flattens_in_place() {
        let early = Surroundings::of("hed");
        let made = early.setup_blobs(&TYPES[0], &layer(""), &[Shape::new([2, 3, 4]).unwrap()], &[0]).unwrap();
        assert_eq!((made.tops[0].dims(), made.memory), (&[2, 12][..], vec![TopMemory::InPlace(0)]));
    }
}
