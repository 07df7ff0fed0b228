//! Correlation, Correlation1D and Corr1d: how alike two maps are when one of them is shifted.
//!
//! With `k` the kernel size, `m` the largest shift, and `b = m + (k - 1) / 2` the border:
//!
//! ```text
//! Correlation    (N, D D, h, w), D = 2 (m / stride_2) + 1, h = ceil((H + 2 pad - 2 b) / stride_1), w likewise
//! Correlation1D  (N, D, h, w), where h = ceil((H - (k - 1)) / stride_1), and D = m / stride_2 + 1 in a single direction
//! Corr1d         (N, num_of_shifts / stride, H, W)
//! ```
//!
//! Both bottoms have the same size. No blobs, no draws.

use super::{TREES, picture, shaped};
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::size::{checked_size, positive_size};
use crate::layer::{Arity, LayerType, Setup, SetupContext};
use crate::proto::caffe::CorrelationParameter;

const TWO: Arity = Arity::exactly(2);
const ONE: Arity = Arity::exactly(1);
const FIELD: &str = "correlation_param";
const KERNEL: &str = "correlation_param.kernel_size";
const DISPLACEMENT: &str = "correlation_param.max_displacement";

pub(super) const TYPE: LayerType =
    LayerType::new("Correlation", "Correlates two maps over shifts in the plane", TWO, ONE, &in_the_plane)
        .params(&[FIELD])
        .known(TREES);

pub(super) const ALONG_ROWS: LayerType =
    LayerType::new("Correlation1D", "Correlates two maps over shifts along rows", TWO, ONE, &along_rows)
        .params(&[FIELD])
        .known(TREES);

pub(super) const BY_SHIFTS: LayerType =
    LayerType::new("Corr1d", "Correlates two maps over so many shifts along rows", TWO, ONE, &by_shifts)
        .params(&["corr1d_param"])
        .known(Known::In(&["synopsys"]));

/// What both of FlowNet's layers read.
struct Neighbourhood {
    kernel_radius: i64,
    displacement: i64,
    pad: i64,
    stride: i64,
    /// How many shifts there are to either side.
    shifts: i64,
}

impl Neighbourhood {
    fn new(ctx: &SetupContext<'_>, param: &CorrelationParameter) -> Result<Neighbourhood, Refusal> {
        let (Some(kernel), Some(displacement)) = (param.kernel_size, param.max_displacement) else {
            let field = if param.kernel_size.is_none() { KERNEL } else { DISPLACEMENT };
            return Err(Refusal::at(field, "kernel_size and max_displacement must be given"));
        };
        ensure!(kernel % 2 == 1, KERNEL, "kernel_size {kernel} is even");
        let displacement = checked_size(displacement, DISPLACEMENT)?;
        let [a, b] = [0, 1].map(|bottom| picture(ctx, bottom));
        ensure!(a?[1..] == b?[1..], "bottom", "the maps {} and {} differ in size", ctx.bottom(0), ctx.bottom(1));
        Ok(Neighbourhood {
            kernel_radius: (checked_size(kernel, KERNEL)? - 1) / 2,
            displacement,
            pad: checked_size(param.pad(), "correlation_param.pad")?,
            stride: positive_size(param.stride_1(), "correlation_param.stride_1")?,
            shifts: displacement / positive_size(param.stride_2(), "correlation_param.stride_2")?,
        })
    }

    /// The places along an axis of this length between borders of this width.
    fn places(&self, size: i64, border: i64) -> Result<i64, Refusal> {
        let room = (size - 2 * border) as f32;
        let places = (room / self.stride as f32).ceil() as i64;
        ensure!(places >= 1, FIELD, "kernel and shifts do not fit into {size} elements with their padding");
        Ok(places)
    }
}

fn in_the_plane(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let near = Neighbourhood::new(ctx, &ctx.param.correlation_param().unwrap_or_default())?;
    let [items, _, height, width] = picture(ctx, 0)?;
    let border = near.displacement + near.kernel_radius;
    let [high, wide] = [height, width].map(|side| near.places(side + 2 * near.pad, border));
    let shifts = 2 * near.shifts + 1;
    shaped(ctx, [items, shifts.saturating_mul(shifts), high?, wide?], FIELD)
}

fn along_rows(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.correlation_param().unwrap_or_default();
    let near = Neighbourhood::new(ctx, &param)?;
    let direction = param.single_direction();
    let is_known = (-1..=1).contains(&direction);
    ensure!(is_known, "correlation_param.single_direction", "single_direction {direction} is not -1, 0 or 1");
    let [items, _, height, width] = picture(ctx, 0)?;
    let wide = near.places(width + 2 * near.pad, near.displacement + near.kernel_radius)?;
    let high = near.places(height, near.kernel_radius)?;
    let sides = if direction == 0 { 2 } else { 1 };
    shaped(ctx, [items, sides * near.shifts + 1, high, wide], FIELD)
}

fn by_shifts(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.corr1d_param().unwrap_or_default();
    let (a, b) = (ctx.bottom(0), ctx.bottom(1));
    ensure!(a.axes() == 4 && a == b, "bottom", "the maps {a} and {b} must have 4 axes and one shape");
    let (shifts, stride) = (i64::from(param.num_of_shifts()), i64::from(param.stride()));
    ensure!(stride != 0, "corr1d_param.stride", "stride is 0");
    let [items, _, height, width] = picture(ctx, 0)?;
    shaped(ctx, [items, shifts / stride, height, width], "corr1d_param")
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    const MAPS: [&[i32]; 2] = [&[2, 3, 9, 12]; 2];

    fn run(name: &str, fields: &str) -> Result<Vec<i32>, String> {
        let text = format!("correlation_param {{ {fields} }}");
        Surroundings::of("synopsys").run(name, &text, &MAPS, 1).map(|made| made.tops[0].dims().to_vec())
    }

    #[test]
    fn each_shift_is_a_channel() {
        let fields = "kernel_size: 3 max_displacement: 2 pad: 3 stride_2: 2";
        assert_eq!(run("Correlation", fields), Ok(vec![2, 9, 9, 12]));
        assert_eq!(run("Correlation1D", fields), Ok(vec![2, 3, 7, 12]));
        assert_eq!(run("Correlation1D", &format!("{fields} single_direction: -1")), Ok(vec![2, 2, 7, 12]));
        let text = "corr1d_param { num_of_shifts: 5 stride: 2 }";
        assert_eq!(Surroundings::of("synopsys").top("Corr1d", text, &MAPS), [2, 2, 9, 12]);
    }

    #[test]
    fn refusals() {
        let message = "correlation_param.max_displacement: kernel_size and max_displacement must be given";
        assert_eq!(run("Correlation", "kernel_size: 3"), Err(message.into()));
        let message = "correlation_param.kernel_size: kernel_size 2 is even";
        assert_eq!(run("Correlation", "kernel_size: 2 max_displacement: 2"), Err(message.into()));
        let message = "correlation_param: kernel and shifts do not fit into 9 elements with their padding";
        assert_eq!(run("Correlation", "kernel_size: 3 max_displacement: 9"), Err(message.into()));
    }
}
