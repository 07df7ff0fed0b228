//! Convolution3D and Deconvolution3D: learned filters slid over time, height and width (C3D).
//!
//! Of a bottom (N, C, L, H, W), with d for `kernel_depth` and k for `kernel_size`:
//!
//! ```text
//! Convolution3D    top (N, num_output, L', H', W'), L' = (L + 2 temporal_pad - d) / temporal_stride + 1, H' = (H + 2 pad - k) /
//!                  stride + 1, truncated towards zero; weight (num_output, C, d, k, k)
//! Deconvolution3D  L' = (L - 1) temporal_stride - 2 temporal_pad + d, H' = (H - 1) stride - 2 pad + k; weight (C, num_output, d,
//!                  k, k)
//! ```
//!
//! W' is likewise. The bias is (1, 1, 1, 1, num_output). `filter_group` does not change the shape of the weights.
//! Deconvolution3D asks `convolution_param`, not `convolution3d_param`, for its `bias_term`. Draws: weight, then bias;
//! zeros without a filler. Blobs given in the net are taken as they are.
//!
//! Caffe sizes the columns of one item, which must not be more than `i32::MAX` elements. It also appends a line to a
//! file profile.log in the working directory, which is not done here.

use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::{checked_size, positive_size};
use crate::layer::{Arity, BlobSpec, Layer, LayerType, Operator, Role, Setup, SetupContext, Signal};
use crate::proto::caffe::{Convolution3DParameter, LayerParameter};

const FIELD: &str = "convolution3d_param";
const NUM_OUTPUT: &str = "convolution3d_param.num_output";

pub(super) const TYPE: LayerType = entry(
    "Convolution3D",
    "Convolves its input with learned filters over time, height and width",
    &|ctx: &SetupContext<'_>| convolution(ctx, false),
)
.known(Known::WithField(FIELD));

pub(super) const TRANSPOSED: LayerType = entry(
    "Deconvolution3D",
    "Spreads out its input through learned filters over time, height and width",
    &|ctx: &SetupContext<'_>| convolution(ctx, true),
)
.known(Known::In(&["c3d-1.0", "c3d-1.1"]));

const fn entry(name: &'static str, summary: &'static str, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(name, summary, Arity::exactly(1), Arity::exactly(1), rule).params(&[FIELD]).signal(signal)
}

fn signal(layer: &LayerParameter) -> Signal {
    let param = layer.convolution3d_param();
    Signal::through_weights(layer, param.is_some_and(|param| param.weight_filler.is_some()))
}

/// The filters' extent along an axis and how they move.
struct Step {
    kernel: i64,
    stride: i64,
    pad: i64,
}

impl Step {
    /// The windows over time, height and width.
    fn all(param: &Convolution3DParameter) -> Result<[Step; 3], Refusal> {
        let side = || {
            Ok(Step {
                kernel: positive_size(param.kernel_size(), "convolution3d_param.kernel_size")?,
                stride: positive_size(param.stride(), "convolution3d_param.stride")?,
                pad: checked_size(param.pad(), "convolution3d_param.pad")?,
            })
        };
        let time = Step {
            kernel: positive_size(param.kernel_depth(), "convolution3d_param.kernel_depth")?,
            stride: positive_size(param.temporal_stride(), "convolution3d_param.temporal_stride")?,
            pad: checked_size(param.temporal_pad(), "convolution3d_param.temporal_pad")?,
        };
        Ok([time, side()?, side()?])
    }

    fn over(&self, size: i64, transposed: bool) -> i64 {
        let Step { kernel, stride, pad } = *self;
        match transposed {
            true => (size - 1).saturating_mul(stride).saturating_sub(2 * pad).saturating_add(kernel),
            false => (size + 2 * pad - kernel) / stride + 1,
        }
    }
}

fn convolution(ctx: &SetupContext<'_>, transposed: bool) -> Result<Setup, Refusal> {
    let param = ctx.param.convolution3d_param().unwrap_or_default();
    let bottom = ctx.bottom(0);
    let Some([items, channels, length, height, width]) = ctx.volume(0) else {
        let message = format!("the input needs 5 axes (items, channels, time, height, width), its shape is {bottom}");
        return Err(Refusal::at("bottom", message));
    };
    ensure!(channels > 0, "bottom", "the bottom has 0 channels, which leaves the weights empty");
    let steps = Step::all(&param)?;
    let outputs = positive_size(param.num_output(), NUM_OUTPUT)?;
    if !transposed {
        let group = positive_size(param.filter_group(), "convolution3d_param.filter_group")?;
        let message = format!("filter_group {group} does not divide num_output {outputs}");
        ensure!(outputs % group == 0, "convolution3d_param.filter_group", "{message}");
    }
    let sizes = [length, height, width].map(i64::from);
    let [after_time, after_height, after_width] = std::array::from_fn(|axis| steps[axis].over(sizes[axis], transposed));
    let top = Shape::new([items.into(), outputs, after_time, after_height, after_width]).at(FIELD)?;
    let (outer, inner) = if transposed { (channels.into(), outputs) } else { (outputs, channels.into()) };
    let kernels = steps.map(|step| step.kernel);
    let weight = Shape::new([outer, inner, kernels[0], kernels[1], kernels[2]]).at(FIELD)?;
    let whole = Shape::new([items, channels, length, height, width]).at("bottom")?;
    let positions = if transposed { &whole } else { &top };
    let columns =
        [&[weight.count_from(1)][..], &positions.dims()[2..].iter().map(|&dim| dim.into()).collect::<Vec<_>>()];
    Shape::new(columns.concat()).at(FIELD)?;
    let macs = (positions.count() as u64).saturating_mul(weight.count_from(1).unsigned_abs());
    let mut setup = Setup::new(ctx, Operator::Opaque, [top]).given_roles(&[Role::Weight, Role::Bias]).costs(macs);
    if ctx.given.is_empty() {
        let filler = param.weight_filler.as_ref();
        setup.push_blob(BlobSpec::filled(Role::Weight, weight, "convolution3d_param.weight_filler", filler));
        if has_bias(ctx, &param, transposed) {
            let bias = Shape::new([1, 1, 1, 1, outputs]).at(NUM_OUTPUT)?;
            let filler = param.bias_filler.as_ref();
            setup.push_blob(BlobSpec::filled(Role::Bias, bias, "convolution3d_param.bias_filler", filler));
        }
    }
    Ok(setup)
}

fn has_bias(ctx: &SetupContext<'_>, param: &Convolution3DParameter, transposed: bool) -> bool {
    match transposed {
        true => ctx.param.convolution_param.as_deref().is_none_or(|param| param.bias_term()),
        false => param.bias_term(),
    }
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;
    use crate::layer::{Draw, Setup};

    const CLIP: &[i32] = &[2, 3, 16, 12, 10];

    fn run(name: &str, text: &str) -> Result<Setup, String> {
        Surroundings::of("c3d-1.1").run(name, text, &[CLIP], 1)
    }

    fn shapes(made: &Setup) -> Vec<&[i32]> {
        made.blobs.iter().map(|blob| blob.shape.dims()).collect()
    }

    #[test]
    fn time_has_its_own_window() {
        let text = "convolution3d_param { num_output: 8 kernel_size: 3 kernel_depth: 5 pad: 1 temporal_pad: 2 stride: 2 filter_group: 2 }";
        let made = run("Convolution3D", text).unwrap();
        assert_eq!(
            (made.tops[0].dims(), &made.draws[..]),
            (&[2, 8, 16, 6, 5][..], &[Draw::Blob(0), Draw::Blob(1)][..])
        );
        assert_eq!(shapes(&made), [&[8, 3, 5, 3, 3][..], &[1, 1, 1, 1, 8]]);
        assert_eq!(made.macs, 2 * 8 * 16 * 6 * 5 * 3 * 5 * 9);
        let text = "convolution3d_param { num_output: 8 kernel_size: 4 kernel_depth: 2 stride: 2 temporal_stride: 2 pad: 1 bias_term: false }";
        let made = run("Deconvolution3D", text).unwrap();
        assert_eq!(made.tops[0].dims(), [2, 8, 32, 24, 20]);
        assert_eq!(shapes(&made), [&[3, 8, 2, 4, 4][..], &[1, 1, 1, 1, 8]]);
        let made = run("Deconvolution3D", &format!("{text} convolution_param {{ bias_term: false }}")).unwrap();
        assert_eq!(made.blobs.len(), 1);
    }

    #[test]
    fn refusals() {
        let error = |fields: &str| run("Convolution3D", &format!("convolution3d_param {{ {fields} }}")).unwrap_err();
        let message = "convolution3d_param.kernel_depth: kernel_depth must be at least 1";
        assert_eq!(error("num_output: 4 kernel_size: 3"), message);
        let message = "convolution3d_param.filter_group: filter_group 3 does not divide num_output 4";
        assert_eq!(error("num_output: 4 kernel_size: 3 kernel_depth: 3 filter_group: 3"), message);
        let message = "convolution3d_param: dimension 2 is negative (-3)";
        assert_eq!(error("num_output: 4 kernel_size: 3 kernel_depth: 20"), message);
        let text = "convolution3d_param { num_output: 4 kernel_size: 3 kernel_depth: 3 }";
        let message =
            "bottom: the input needs 5 axes (items, channels, time, height, width), its shape is (2, 3, 8, 8)";
        assert_eq!(Surroundings::of("c3d-1.1").refusal("Convolution3D", text, &[&[2, 3, 8, 8]]), message);
    }
}
