//! Bilinear and CompactBilinear: products of the channels of two bottoms, summed over the positions (caffe_pp2; Lin et
//! al. 2015, Gao et al. 2016).
//!
//! ```text
//! bottoms          (N, C, H, W) and (N, D, H, W)
//! Bilinear         (N, C D, 1, 1)
//! CompactBilinear  (N, num_output, 1, 1), or (N, num_output, H, W) without sum_pool; not in place
//! ```
//!
//! CompactBilinear's projections follow from the C library's generator, seeded with 1. No blobs, no draws.

use super::size::positive_size;
use super::{Arity, Layer, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    of("Bilinear", "Takes all products of the channels of two blobs", &bilinear),
    of("CompactBilinear", "Takes random projections of the products of the channels of two blobs", &compact)
        .params(&["compact_bilinear_param"]),
];

const fn of(name: &'static str, summary: &'static str, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(name, summary, Arity::exactly(2), Arity::exactly(1), rule)
        .weightless()
        .known(Known::In(&["caffe-pp2"]))
}

/// The dimensions of the first bottom, which the second has too but for the channels, and these of the second.
fn dims(ctx: &SetupContext<'_>) -> Result<([i64; 4], i64), Refusal> {
    let (one, other) = (ctx.bottom(0), ctx.bottom(1));
    let (&[items, channels, height, width], &[others_items, others, others_height, others_width]) =
        (one.dims(), other.dims())
    else {
        return Err(Refusal::at("bottom", format!("both bottoms must have 4 axes: {one} and {other} given")));
    };
    ensure!(
        [items, height, width] == [others_items, others_height, others_width],
        "bottom",
        "the bottoms may differ in their channels alone: {one} and {other} given"
    );
    Ok(([items, channels, height, width].map(i64::from), others.into()))
}

fn bilinear(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let ([items, channels, ..], others) = dims(ctx)?;
    let top = Shape::new([items, channels.saturating_mul(others), 1, 1]).at("bottom")?;
    Ok(Setup::new(ctx, Operator::Opaque, [top]))
}

fn compact(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const NUM_OUTPUT: &str = "compact_bilinear_param.num_output";
    let param = ctx.param.compact_bilinear_param().unwrap_or_default();
    let outputs = positive_size(param.num_output(), NUM_OUTPUT)?;
    let ([items, _, height, width], _) = dims(ctx)?;
    for bottom in [0, 1] {
        ctx.refuse_in_place(0, bottom)?;
    }
    let size = if param.sum_pool() { [1, 1] } else { [height, width] };
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new([items, outputs, size[0], size[1]]).at(NUM_OUTPUT)?]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    const BOTTOMS: &[&[i32]] = &[&[2, 3, 4, 5], &[2, 6, 4, 5]];

    #[test]
    fn channels_multiply_or_are_given() {
        let own = Surroundings::of("caffe-pp2");
        assert_eq!(own.top("Bilinear", "", BOTTOMS), [2, 18, 1, 1]);
        let compact = |fields| own.top("CompactBilinear", &format!("compact_bilinear_param {{ {fields} }}"), BOTTOMS);
        assert_eq!(compact("num_output: 8192"), [2, 8192, 1, 1]);
        assert_eq!(compact("num_output: 7 sum_pool: false"), [2, 7, 4, 5]);
    }

    #[test]
    fn refusals() {
        let own = Surroundings::of("caffe-pp2");
        let message = "bottom: the bottoms may differ in their channels alone: (2, 3, 4, 5) and (2, 3, 4, 6) given";
        assert_eq!(own.refusal("Bilinear", "", &[&[2, 3, 4, 5], &[2, 3, 4, 6]]), message);
        let message = "bottom: both bottoms must have 4 axes: (2, 3) and (2, 3) given";
        assert_eq!(own.refusal("Bilinear", "", &[&[2, 3], &[2, 3]]), message);
        let message = "compact_bilinear_param.num_output: num_output must be at least 1";
        assert_eq!(own.refusal("CompactBilinear", "", BOTTOMS), message);
    }
}
