//! GatedMaxAve and TreepoolKernel1L: pooling that reduces windows by learned weights (Lee, Gallagher and Tu 2016).
//!
//! Of a window x of k x k elements, the same for all channels:
//!
//! ```text
//! GatedMaxAve       g max(x) + (1 - g) mean(x), g = sigmoid(w . x)  blobs w
//! TreepoolKernel1L  g (u . x) + (1 - g) (v . x)                     blobs u, v, w
//! ```
//!
//! (N, C, H, W) becomes (N, C, pooled H, pooled W), with `pooled = ceil((size - k) / stride) + 1` in single precision.
//! The settings are those of a convolution, `kernel_size` and `stride`, both given once. Each blob is (1, 1, k, k).
//! Draws: the blobs, all with `weight_filler`, zeros where the net gives none. Blobs given in the net are taken as they
//! are.

use super::window::PoolWindow;
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::{field_name, positive_size};
use crate::layer::{Arity, BlobSpec, Layer, LayerType, Operator, Role, Setup, SetupContext, Signal, ZeroStart};
use crate::proto::caffe::LayerParameter;
use crate::proto::caffe::pooling_parameter::RoundMode;

const KERNEL: &str = "convolution_param.kernel_size";
const STRIDE: &str = "convolution_param.stride";
const FILLER: &str = "convolution_param.weight_filler";

/// A gate of zeros weighs both alike.
pub(super) const GATED: LayerType =
    entry("GatedMaxAve", "Mixes the maximum and the average of windows by a gate", &gated)
        .keeps_signal()
        .zero_start(ZeroStart::Harmless);

pub(super) const TREE: LayerType =
    entry("TreepoolKernel1L", "Mixes two learned averages of windows by a gate", &tree).signal(signal);

const fn entry(name: &'static str, summary: &'static str, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(name, summary, Arity::exactly(1), Arity::exactly(1), rule)
        .params(&["convolution_param"])
        .known(Known::Added { from: "Chen-Yu Lee's Caffe", own: &[] })
}

fn signal(layer: &LayerParameter) -> Signal {
    let param = layer.convolution_param.as_deref();
    Signal::through_weights(layer, param.is_some_and(|param| param.weight_filler.is_some()))
}

fn gated(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    learned(ctx, 1)
}

fn tree(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    learned(ctx, 3)
}

/// The layer with so many kernels.
fn learned(ctx: &SetupContext<'_>, kernels: u64) -> Result<Setup, Refusal> {
    let param = ctx.param.convolution_param.as_deref().cloned().unwrap_or_default();
    let kernel = once(&param.kernel_size, None, KERNEL)?;
    let window = PoolWindow { kernel, stride: once(&param.stride, Some(1), STRIDE)?, pads: [0, 0] };
    let mut dims: Vec<i64> = ctx.four_axes(0)?.dims().iter().map(|&dim| i64::from(dim)).collect();
    for dim in &mut dims[2..] {
        *dim = window.count(*dim, RoundMode::Ceil, false, KERNEL)?;
    }
    let top = Shape::new(dims).at(KERNEL)?;
    let shape = Shape::new([1, 1, kernel, kernel]).at(KERNEL)?;
    let products = (top.count() as u64).saturating_mul(shape.count() as u64).saturating_mul(kernels);
    let mut setup = Setup::new(ctx, Operator::Opaque, [top]).given_roles(&[Role::Weight; 3]);
    if setup.blobs.is_empty() {
        for _ in 0..kernels {
            setup.push_blob(BlobSpec::filled(Role::Weight, shape.clone(), FILLER, param.weight_filler.as_ref()));
        }
    }
    Ok(setup.costs(products))
}

/// A setting that is given once.
fn once(given: &[u32], default: Option<u32>, field: &'static str) -> Result<i64, Refusal> {
    let (name, times) = (field_name(field), given.len());
    ensure!(times < 2, field, "{name} is given {times} times: give it once");
    let value = given.first().copied().or(default);
    positive_size(value.ok_or_else(|| Refusal::at(field, format!("{name} is missing")))?, field)
}

#[cfg(test)]
mod tests {
    use crate::layer::Draw;
    use crate::layer::testing::Surroundings;

    #[test]
    fn windows_have_learned_weights_of_their_size() {
        let run = |name: &str, fields: &str| {
            let text = format!("convolution_param {{ {fields} weight_filler {{ type: 'gaussian' }} }}");
            Surroundings::default().run(name, &text, &[&[2, 5, 8, 7]], 1).unwrap()
        };
        let made = run("GatedMaxAve", "kernel_size: 3 stride: 2");
        assert_eq!((made.tops[0].dims(), made.blobs.len()), (&[2, 5, 4, 3][..], 1));
        assert_eq!((made.blobs[0].shape.dims(), &made.draws[..]), (&[1, 1, 3, 3][..], &[Draw::Blob(0)][..]));
        assert_eq!(made.macs, 2 * 5 * 4 * 3 * 9);
        let made = run("TreepoolKernel1L", "kernel_size: 2");
        assert_eq!((made.tops[0].dims(), made.blobs.len()), (&[2, 5, 7, 6][..], 3));
        assert_eq!(made.draws, [Draw::Blob(0), Draw::Blob(1), Draw::Blob(2)]);
    }

    #[test]
    fn refusals() {
        let error = |fields: &str| {
            let text = format!("convolution_param {{ {fields} }}");
            Surroundings::default().refusal("GatedMaxAve", &text, &[&[2, 5, 8, 7]])
        };
        assert_eq!(error(""), "convolution_param.kernel_size: kernel_size is missing");
        let message = "convolution_param.kernel_size: kernel_size is given 2 times: give it once";
        assert_eq!(error("kernel_size: [3, 2]"), message);
        assert_eq!(error("kernel_size: 3 stride: 0"), "convolution_param.stride: stride must be at least 1");
        let message = "convolution_param.kernel_size: the output size would be -1: kernel size 10 over 8 elements, pad 0, stride 1";
        assert_eq!(error("kernel_size: 10"), message);
    }
}
