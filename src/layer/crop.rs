//! Crop: cuts its first bottom to the size of its second.
//!
//! Axes before `axis` stay as they are; every axis from it on takes the dimension that the second bottom, which may
//! have more axes, has at the same number. `offset` says where the cut starts: 0 everywhere if not given, one value
//! for all the cut axes, or one for each. No blobs, no draws.
//!
//! The older layer of this name, that of fully convolutional nets, has no settings: the top has the items and channels
//! of the first bottom and the height and width of the second. Where the cut starts follows from the layers between
//! both bottoms, which is not checked here. Four axes at most.

use super::size::checked_size;
use super::{Arity, Layer, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::CropParameter;

const AXIS: &str = "crop_param.axis";
const OFFSET: &str = "crop_param.offset";

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    entry(&crop).params(&["crop_param"]).known(Known::WithField("crop_param")),
    entry(&aligned).known(Known::In(&["crfasrnn", "crfasrnn-0.1", "ctpn", "deconvnet", "hed", "weiliu-fcn"])),
];

const fn entry(rule: &'static dyn Layer) -> LayerType {
    let (two, one) = (Arity::exactly(2), Arity::exactly(1));
    LayerType::new("Crop", "Cuts its first input to the size of its second", two, one, rule).keeps_signal().weightless()
}

/// A part of the first bottom, of the top's size.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Crop {
    /// Where the part starts along each axis.
    pub offsets: Vec<i64>,
}

fn aligned(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let dims = [(0, 0), (0, 1), (1, 2), (1, 3)].map(|(bottom, axis)| ctx.legacy_dim(bottom, axis));
    let top = Shape::new(dims.into_iter().collect::<Result<Vec<i32>, _>>()?).at("bottom")?;
    Ok(Setup::new(ctx, Operator::Opaque, [top]))
}

fn crop(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = CropParameter::default();
    let param = ctx.param.crop_param.as_deref().unwrap_or(&default);
    let (data, reference) = (ctx.bottom(0), ctx.bottom(1));
    let start = ctx.bottom_axis(0, param.axis(), AXIS)?;
    let (given, cut) = (&param.offset, data.axes() - start);
    if given.len() > 1 && given.len() != cut {
        let message = format!("offset is given {} times for {cut} cut axes", given.len());
        return Err(Refusal::at(OFFSET, message).help("give it once, or once for each axis from crop_param.axis on"));
    }
    let (mut dims, mut offsets) = (data.dims().to_vec(), vec![0; data.axes()]);
    for (index, dim) in dims[start..].iter_mut().enumerate() {
        let axis = start + index;
        let offset = given.get(if given.len() == 1 { 0 } else { index });
        let offset = offset.map_or(Ok(0), |&offset| checked_size(offset, OFFSET))?;
        let Some(size) = reference.dim(axis) else {
            return Err(Refusal::at(AXIS, format!("the reference {reference} has no axis {axis} to crop to")));
        };
        ensure!(
            offset + i64::from(size) <= i64::from(*dim),
            if offset == 0 { "bottom" } else { OFFSET },
            "{size} elements from offset {offset} exceed axis {axis} of {dim}"
        );
        *dim = size;
        offsets[axis] = offset;
    }
    Ok(Setup::new(ctx, Operator::Crop(Crop { offsets }), [Shape::new(dims).at(AXIS)?]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{Surroundings, setup};
    use crate::proto::caffe::LayerParameter;

    fn crop(axis: Option<i32>, offset: &[u32], data: &[i32], reference: &[i32]) -> Result<Setup, Refusal> {
        let param = CropParameter { axis, offset: offset.to_vec() };
        let layer = LayerParameter { crop_param: Some(param.into()), ..Default::default() };
        setup(&TYPES[0], &layer, &[data, reference], 1)
    }

    fn top(axis: Option<i32>, offset: &[u32], data: &[i32], reference: &[i32]) -> Vec<i32> {
        crop(axis, offset, data, reference).unwrap().tops[0].dims().to_vec()
    }

    #[test]
    fn older_ones_take_the_size_alone() {
        for dialect in ["crfasrnn", "ctpn", "hed", "weiliu-fcn"] {
            let older = Surroundings::of(dialect);
            assert_eq!(older.top("Crop", "", &[&[2, 3, 9, 8], &[1, 7, 4, 5]]), [2, 3, 4, 5]);
        }
    }

    #[test]
    fn axes_from_the_first_cut_one_on_take_the_reference_size() {
        assert_eq!(top(None, &[], &[2, 3, 8, 9], &[1, 1, 4, 5]), [2, 3, 4, 5]);
        assert_eq!(top(Some(-1), &[4], &[2, 3, 8, 9], &[1, 1, 4, 5]), [2, 3, 8, 5]);
        assert_eq!(top(Some(1), &[1, 2, 3], &[2, 3, 8, 9], &[7, 2, 6, 6]), [2, 2, 6, 6]);
        assert_eq!(top(Some(1), &[0, 2], &[4, 6, 5], &[1, 2, 3, 7, 2]), [4, 2, 3]);
    }

    #[test]
    fn a_cut_outside_the_data_is_refused() {
        let refuse = |axis, offset: &[u32], reference: &[i32]| {
            let refusal = crop(axis, offset, &[1, 2, 6, 6], reference).unwrap_err();
            (refusal.message, refusal.field)
        };
        let at = |message: &str, field| (message.to_owned(), field);
        let whole = &[1, 2, 4, 4];
        assert_eq!(refuse(None, &[3], whole), at("4 elements from offset 3 exceed axis 2 of 6", OFFSET));
        assert_eq!(refuse(None, &[], &[1, 2, 7, 4]), at("7 elements from offset 0 exceed axis 2 of 6", "bottom"));
        assert_eq!(refuse(Some(1), &[0, 0], whole), at("offset is given 2 times for 3 cut axes", OFFSET));
        assert_eq!(refuse(None, &[], &[4, 4]), at("the reference (4, 4) has no axis 2 to crop to", AXIS));
        assert_eq!(refuse(Some(4), &[], whole), at("axis 4 is out of range for the 4-axis shape (1, 2, 6, 6)", AXIS));
        assert_eq!(refuse(None, &[u32::MAX], whole), at("offset 4294967295 is more than 2147483647", OFFSET));
    }
}
