//! Pooling with each side padded by itself, as Synopsys' Caffe has it; and SpatialBatchingPooling, which is the same
//! there.
//!
//! Pooling is BVLC's until `pad_type` or one of `pad_l`, `pad_r`, `pad_t` and `pad_b` that is not 0 is given, beside
//! which no other padding may stand. `pad_type: 1` gives `ceil(size / stride)` windows, whatever the kernel. With sides
//! padded, `pooled = round((size + both sides - kernel) / stride) + 1`, and a last window that would start behind the
//! elements and their leading pad is dropped; neither kernel nor method limits the padding, and global pooling may have
//! more than one window.
//!
//! SpatialBatchingPooling has the fields of Pooling but `pad_type`, and must not rescale. Where sides are padded and
//! windows are rounded down, `(spatial_batching - 1) * skip` elements are left out.

use super::window::PoolWindow;
use super::{Pooling, check_method, picture_size};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::{checked_size, field_name};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::pooling_parameter::{PoolMethod, RoundMode};
use crate::proto::caffe::spatial_batching_pooling_parameter::PoolMethod as BatchingMethod;
use crate::proto::caffe::{PoolingParameter, SpatialBatchingPoolingParameter};

const FIELD: &str = "pooling_param";
const BATCHING_FIELD: &str = "spatial_batching_pooling_param";
const SIDES: [&str; 4] = ["pooling_param.pad_t", "pooling_param.pad_b", "pooling_param.pad_l", "pooling_param.pad_r"];

/// The entry of SpatialBatchingPooling.
pub(super) const BATCHING: LayerType = LayerType::new(
    "SpatialBatchingPooling",
    "Pools a picture made up of several",
    Arity::exactly(1),
    Arity::between(1, 2),
    &batching,
)
.params(&[BATCHING_FIELD])
.keeps_signal()
.known(Known::In(&["synopsys"]));

pub(super) fn pooling(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = PoolingParameter::default();
    let param = ctx.param.pooling_param.as_deref().unwrap_or(&default);
    let sides = sides(param)?;
    if sides.is_none() && param.pad_type.is_none() {
        return super::pooling(ctx);
    }
    let other = if sides.is_some() { "pad_l, pad_r, pad_t or pad_b" } else { "pad_type" };
    let others = [
        ("pooling_param.pad", param.pad.is_some()),
        ("pooling_param.pad_h", param.pad_h.is_some()),
        ("pooling_param.pad_w", param.pad_w.is_some()),
        ("pooling_param.pad_type", sides.is_some() && param.pad_type.is_some()),
    ];
    for (field, given) in others {
        ensure!(!given, field, "{} and {other} are both given", field_name(field));
    }
    check_method(ctx, param.pool())?;
    let pooling = Pooling::new(param, ctx.bottom(0))?;
    match (sides, param.pad_type()) {
        (Some(sides), _) => with_sides(ctx, &pooling, sides, [0; 2], FIELD),
        (None, 0) => with_sides(ctx, &pooling, [[0; 2]; 2], [0; 2], FIELD),
        (None, 1) => {
            let size = picture_size(ctx.bottom(0))?;
            let windows = [0, 1].map(|axis| (size[axis] as f32 / pooling.stride[axis] as f32).ceil() as i64);
            made(ctx, windows, FIELD)
        }
        (None, other) => Err(Refusal::at("pooling_param.pad_type", format!("pad_type {other} is neither 0 nor 1"))),
    }
}

/// The padding of height and width in front and at the end; none where all are 0.
fn sides(param: &PoolingParameter) -> Result<Option<[[i64; 2]; 2]>, Refusal> {
    let given = [param.pad_t(), param.pad_b(), param.pad_l(), param.pad_r()];
    if given == [0; 4] {
        return Ok(None);
    }
    let mut sides = [[0; 2]; 2];
    for (index, (value, field)) in given.into_iter().zip(SIDES).enumerate() {
        sides[index / 2][index % 2] = checked_size(value, field)?;
    }
    Ok(Some(sides))
}

/// The layer over padded sides, of which so many elements are left out.
fn with_sides(
    ctx: &SetupContext<'_>,
    pooling: &Pooling,
    sides: [[i64; 2]; 2],
    left_out: [i64; 2],
    field: &'static str,
) -> Result<Setup, Refusal> {
    let size = picture_size(ctx.bottom(0))?;
    let is_padded = sides != [[0; 2]; 2];
    let windows = [0, 1].map(|axis| {
        let kernel = pooling.kernel[axis] + left_out[axis];
        let window = PoolWindow { kernel, stride: pooling.stride[axis], pads: sides[axis] };
        window.count(size[axis], pooling.round, is_padded, field)
    });
    let [height, width] = windows;
    made(ctx, [height?, width?], field)
}

fn made(ctx: &SetupContext<'_>, windows: [i64; 2], field: &'static str) -> Result<Setup, Refusal> {
    let bottom = ctx.bottom(0);
    let [items, channels] = [bottom.dims()[0], bottom.dims()[1]].map(i64::from);
    let top = Shape::new([items, channels, windows[0], windows[1]]).at(field)?;
    Ok(Setup::new(ctx, Operator::Opaque, vec![top; ctx.top_count()]))
}

fn batching(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.spatial_batching_pooling_param().unwrap_or_default();
    let in_own_field = |refusal: Refusal| match refusal.field.starts_with(FIELD) {
        true => Refusal { field: BATCHING_FIELD, ..refusal },
        false => refusal,
    };
    let keeps_scale =
        param.input_scale() == param.output_scale() && param.input_zero_point() == param.output_zero_point();
    ensure!(keeps_scale, BATCHING_FIELD, "input and output must have the same scale and zero point");
    let plain = plain(&param);
    let sides = sides(&plain).map_err(in_own_field)?;
    check_method(ctx, plain.pool())?;
    let pooling = Pooling::new(&plain, ctx.bottom(0)).map_err(in_own_field)?;
    let Some(sides) = sides else {
        let [_, _, height, width] = *pooling.top(ctx.bottom(0)).map_err(in_own_field)?.dims() else {
            return Err(Refusal::at("bottom", "the bottom must have 4 axes"));
        };
        return made(ctx, [height.into(), width.into()], BATCHING_FIELD);
    };
    ensure!(
        param.pad.is_none() && param.pad_h.is_none() && param.pad_w.is_none(),
        BATCHING_FIELD,
        "pad and pad_l, pad_r, pad_t or pad_b are both given"
    );
    // More than any picture has leaves no room either.
    let skipped = |batches: u32, skip: u32| (i64::from(batches) - 1).saturating_mul(skip.into()).min(1 << 32);
    let left_out = match pooling.round {
        RoundMode::Ceil => [0; 2],
        RoundMode::Floor => {
            [skipped(param.spatial_batching_h(), param.skip_h()), skipped(param.spatial_batching_w(), param.skip_w())]
        }
    };
    with_sides(ctx, &pooling, sides, left_out, BATCHING_FIELD)
}

/// The settings that Pooling has, too.
fn plain(param: &SpatialBatchingPoolingParameter) -> PoolingParameter {
    let method = match param.pool() {
        BatchingMethod::Max => PoolMethod::Max,
        BatchingMethod::Ave => PoolMethod::Ave,
        BatchingMethod::Stochastic => PoolMethod::Stochastic,
    };
    PoolingParameter {
        pool: Some(method.into()),
        kernel_size: param.kernel_size,
        kernel_h: param.kernel_h,
        kernel_w: param.kernel_w,
        stride: param.stride,
        stride_h: param.stride_h,
        stride_w: param.stride_w,
        pad: param.pad,
        pad_h: param.pad_h,
        pad_w: param.pad_w,
        pad_l: param.pad_l,
        pad_r: param.pad_r,
        pad_t: param.pad_t,
        pad_b: param.pad_b,
        global_pooling: param.global_pooling,
        ceil_mode: param.ceil_mode,
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn run(name: &str, text: &str) -> Result<Vec<i32>, String> {
        Surroundings::of("synopsys").run(name, text, &[&[2, 4, 6, 5]], 1).map(|made| made.tops[0].dims()[2..].to_vec())
    }

    fn pool(fields: &str) -> Result<Vec<i32>, String> {
        run("Pooling", &format!("pooling_param {{ {fields} }}"))
    }

    #[test]
    fn sides_are_padded_by_themselves() {
        assert_eq!(pool("kernel_size: 2 stride: 2 pad_l: 1"), Ok(vec![3, 3]));
        assert_eq!(pool("kernel_size: 2 pad_t: 4 pad_l: 3"), Ok(vec![9, 7]));
        assert_eq!(pool("kernel_size: 3 stride: 2 pad_r: 1 pad_b: 1 ceil_mode: false"), Ok(vec![3, 2]));
        assert_eq!(pool("kernel_size: 2 stride: 3 pad_r: 2 pad_b: 2"), Ok(vec![2, 2]));
        assert_eq!(pool("global_pooling: true pad_l: 1"), Ok(vec![1, 2]));
    }

    #[test]
    fn a_type_gives_a_window_for_each_stride() {
        assert_eq!(pool("kernel_size: 9 stride: 2 pad_type: 1"), Ok(vec![3, 3]));
        assert_eq!(pool("kernel_size: 2 stride: 2 pad_type: 0"), Ok(vec![3, 3]));
        assert_eq!(
            pool("kernel_size: 2 pad_type: 2"),
            Err("pooling_param.pad_type: pad_type 2 is neither 0 nor 1".into())
        );
        let message = "pooling_param.pad: pad and pad_type are both given";
        assert_eq!(pool("kernel_size: 2 pad: 0 pad_type: 1"), Err(message.into()));
        let message = "pooling_param.pad_h: pad_h and pad_l, pad_r, pad_t or pad_b are both given";
        assert_eq!(pool("kernel_size: 2 pad_h: 0 pad_w: 0 pad_t: 1"), Err(message.into()));
    }

    #[test]
    fn batches_leave_elements_out_where_rounded_down() {
        let batching = |fields: &str| {
            run("SpatialBatchingPooling", &format!("spatial_batching_pooling_param {{ kernel_size: 2 {fields} }}"))
        };
        assert_eq!(batching("stride: 2"), Ok(vec![3, 3]));
        let skips = "pad_r: 1 spatial_batching_h: 3 spatial_batching_w: 2 skip_h: 1 skip_w: 2";
        assert_eq!(batching(skips), Ok(vec![5, 5]));
        assert_eq!(batching(&format!("{skips} ceil_mode: false")), Ok(vec![3, 3]));
        let message = "spatial_batching_pooling_param: input and output must have the same scale and zero point";
        assert_eq!(batching("input_scale: 2"), Err(message.into()));
    }
}
