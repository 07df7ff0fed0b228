//! Normalize: each item, or each position of it, divided by its 2-norm and multiplied by a learned scale (SSD).
//!
//! ```text
//! top   = bottom.dims, of 2 to 4 axes
//! blobs = scale (), or (C) unless channel_shared; `scale_filler`, by default 1; an empty `scale_filler { }` makes it 0
//! ```
//!
//! Draws: the scale. Where the net gives blobs nothing is drawn; the first is the scale, of which only the count
//! matters.
//!
//! The layer of this name in the trees of ducha-aiki and yjxiong has neither settings nor blobs, and a top of four
//! axes; that of happynear no blobs either, and a second top (N, 1, H, W).

use super::{Arity, BlobSpec, LayerType, Operator, Role, Setup, SetupContext, ZeroStart};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    LayerType::new(
        "Normalize",
        "Divides by the 2-norm and multiplies by a learned scale",
        Arity::exactly(1),
        Arity::exactly(1),
        &normalize,
    )
    .params(&["norm_param"])
    .zero_start(ZeroStart::WhereSaid)
    .known(Known::WithField("norm_param")),
    LayerType::new(
        "Normalize",
        "Divides each item by its 2-norm",
        Arity::exactly(1),
        Arity::exactly(1),
        &normalize_items,
    )
    .known(Known::In(&["ducha-aiki", "yjxiong"])),
    LayerType::new(
        "Normalize",
        "Divides the channels at each position by their norm",
        Arity::exactly(1),
        Arity::between(1, 2),
        &normalize_positions,
    )
    .params(&["normalize_param"])
    .weightless()
    .known(Known::In(&["happynear"])),
];

/// Division by the 2-norm, and multiplication by a scale, the first blob.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Normalize {
    /// Whether the norm is that of an item, and not that of the channels at each position.
    pub across_spatial: bool,
    /// Whether all channels share the scale.
    pub channel_shared: bool,
    /// What is added to the sum of squares.
    pub eps: f32,
}

pub(super) fn normalize(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let bottom = ctx.bottom(0);
    ensure!(bottom.axes() >= 2, "bottom", "Normalize needs at least 2 axes, the input is {bottom}");
    let [channels, height, width] = [1, 2, 3].map(|axis| ctx.legacy_dim(0, axis));
    let (channels, height, width) = (channels?, height?, width?);
    ensure!(channels > 0 && height > 0 && width > 0, "bottom", "Normalize cannot take the empty items of {bottom}");

    let param = ctx.param.norm_param().unwrap_or_default();
    let operator =
        Normalize { across_spatial: param.across_spatial(), channel_shared: param.channel_shared(), eps: param.eps() };
    let shape = if operator.channel_shared { Shape::scalar() } else { Shape::new([channels]).at("bottom")? };
    let wanted = shape.count();
    let mut setup = Setup::like_bottom(ctx, Operator::Normalize(operator)).given_roles(&[Role::Weight]);
    match ctx.given.first() {
        None => {
            let filler = param.scale_filler.as_ref();
            let blob = BlobSpec::filled(Role::Weight, shape, "norm_param.scale_filler", filler);
            setup.push_blob(blob.or_constant(1.0));
        }
        Some(given) => {
            let count = given.count();
            ensure!(count == wanted, "blobs", "the scale of shape {given} has {count} values instead of {wanted}");
        }
    }
    Ok(setup)
}

fn normalize_items(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    Ok(Setup::new(ctx, Operator::NormalizeItems, [ctx.four_axes(0)?]))
}

/// The second top has the norms.
fn normalize_positions(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let top = ctx.four_axes(0)?;
    let [num, _, height, width] = [0, 1, 2, 3].map(|axis| top.dims()[axis]);
    let norms = Shape::new([num, 1, height, width]).at("bottom")?;
    let mut tops = vec![top, norms];
    tops.truncate(ctx.top_count());
    Ok(Setup::new(ctx, Operator::Opaque, tops))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{Surroundings, layer_of};
    use crate::layer::{BlobValues, Draw};
    use crate::proto::caffe::{BlobProto, BlobShape};

    fn run(text: &str, bottom: &[i32]) -> Result<Setup, String> {
        Surroundings::of("ssd").run("Normalize", text, &[bottom], 1)
    }

    fn scale(text: &str) -> (Vec<i32>, f32) {
        let made = run(text, &[2, 3, 4, 5]).unwrap();
        assert_eq!((made.blobs.len(), made.draws), (1, vec![Draw::Blob(0)]));
        assert_eq!(made.tops[0].dims(), [2, 3, 4, 5]);
        let BlobValues::Filled(filler) = &made.blobs[0].values else { panic!() };
        (made.blobs[0].shape.dims().to_vec(), filler.param.value())
    }

    #[test]
    fn the_scale_is_one_for_all_channels_or_one_each() {
        assert_eq!(scale(""), (vec![], 1.0));
        assert_eq!(scale("norm_param { channel_shared: false }"), (vec![3], 1.0));
        assert_eq!(scale("norm_param { scale_filler { value: 20 } }"), (vec![], 20.0));
        assert_eq!(scale("norm_param { scale_filler { } }"), (vec![], 0.0));
    }

    #[test]
    fn without_a_scale_the_top_has_four_axes() {
        let made = Surroundings::of("ducha-aiki").run("Normalize", "", &[&[2, 3]], 1).unwrap();
        assert_eq!((made.tops[0].dims(), made.blobs.len()), (&[2, 3, 1, 1][..], 0));
    }

    #[test]
    fn of_a_given_scale_the_count_matters() {
        let given = |dims: &[i64]| {
            let ssd = Surroundings::of("ssd");
            let blob = BlobProto { shape: Some(BlobShape { dim: dims.to_vec() }), ..Default::default() };
            let mut layer = layer_of(ssd.dialect, "norm_param { channel_shared: false }");
            layer.blobs.push(blob);
            let made = ssd.setup(&TYPES[0], &layer, &[&[2, 3]], 1);
            made.map(|setup| setup.draws.len()).map_err(|refusal| refusal.message)
        };
        assert_eq!(given(&[1, 3, 1]), Ok(0));
        assert_eq!(given(&[1]), Err("the scale of shape (1) has 1 values instead of 3".into()));
    }

    #[test]
    fn refusals() {
        let error = |bottom: &[i32]| run("", bottom).unwrap_err();
        assert_eq!(error(&[3]), "bottom: Normalize needs at least 2 axes, the input is (3)");
        assert_eq!(error(&[1; 5]), "bottom: bottom 0 has more than 4 axes: its shape is (1, 1, 1, 1, 1)");
        assert_eq!(error(&[2, 0]), "bottom: Normalize cannot take the empty items of (2, 0)");
    }

    #[test]
    fn norms_may_be_a_top() {
        let happynear = Surroundings::of("happynear");
        let text = "normalize_param { normalize_type: 'L2' bp_norm: true }";
        let made = happynear.run("Normalize", text, &[&[2, 3, 4, 5]], 2).unwrap();
        assert_eq!([made.tops[0].dims(), made.tops[1].dims()], [[2, 3, 4, 5], [2, 1, 4, 5]]);
        assert!(made.blobs.is_empty() && made.draws.is_empty());
        assert_eq!(happynear.top("Normalize", "", &[&[2, 3]]), [2, 3, 1, 1]);
    }
}
