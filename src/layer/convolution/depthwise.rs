//! ConvolutionDepthwise: each channel convolved with a filter of its own (soeaver, and ShuffleNet's deploy files).
//!
//! ```text
//! top   = (N, C, O, O), o = (d + 2 * pad - extent) / stride + 1, truncated towards zero
//! blobs = weights (C, 1, kernel_h, kernel_w); bias (C), unless bias_term is false
//! ```
//!
//! The bottom has four axes at most, missing ones counting as 1. `num_output` and `group` are not looked at. Kernel,
//! stride and pad are each given as a pair `_h`, `_w`, or else once or more, where a third and further ones do nothing;
//! half of a pair does nothing either. Stride and pad have to be there: where they are not, Caffe reads past the end of
//! an empty list. Draws: weights, then bias. Blobs given in the net are taken as they are.

use super::{Convolution, Window, convolution_signal};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::{checked_size, field_name};
use crate::layer::{Arity, BlobSpec, LayerType, Operator, Role, Setup, SetupContext};
use crate::proto::caffe::ConvolutionParameter;

const FIELD: &str = "convolution_param";

pub(super) const TYPE: LayerType = LayerType::new(
    "ConvolutionDepthwise",
    "Convolves each channel with a learned filter of its own",
    Arity::exactly(1),
    Arity::exactly(1),
    &setup,
)
.params(&[FIELD])
.signal(convolution_signal)
.known(Known::In(&["addons", "soeaver", "seqface", "sophgo"]));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = ConvolutionParameter::default();
    let param = ctx.param.convolution_param.as_deref().unwrap_or(&default);
    let windows = windows(param)?;
    let [num, channels, height, width] = [0, 1, 2, 3].map(|axis| ctx.legacy_dim(0, axis));
    let (num, channels) = (i64::from(num?), i64::from(channels?));
    let sides = [windows[0].convolved(height?)?, windows[1].convolved(width?)?];
    let kernel = windows.map(|window| window.kernel);
    // Caffe sizes a buffer with the weights of every position.
    Shape::new([channels, kernel[0], kernel[1], num, sides[0], sides[1]]).at(FIELD)?;
    let top = Shape::new([num, channels, sides[0], sides[1]]).at(FIELD)?;
    let convolution = Convolution {
        transposed: false,
        axis: 1,
        channels,
        num_output: channels,
        group: channels,
        windows: windows.to_vec(),
        bias: param.bias_term(),
    };
    let mut setup = Setup::new(ctx, Operator::Convolution(convolution), [top]).given_roles(&[Role::Weight, Role::Bias]);
    if ctx.given.is_empty() {
        ensure!(channels > 0, "bottom", "the bottom has 0 channels, which leaves the weights empty");
        let weight = Shape::new([channels, 1, kernel[0], kernel[1]]).at(FIELD)?;
        let filler = param.weight_filler.as_ref();
        setup.push_blob(BlobSpec::filled(Role::Weight, weight, "convolution_param.weight_filler", filler));
        if param.bias_term() {
            let (bias, filler) = (Shape::new([channels]).at("bottom")?, param.bias_filler.as_ref());
            setup.push_blob(BlobSpec::filled(Role::Bias, bias, "convolution_param.bias_filler", filler));
        }
    }
    Ok(setup)
}

/// The windows along height and width.
fn windows(param: &ConvolutionParameter) -> Result<[Window; 2], Refusal> {
    let kernel = sides("convolution_param.kernel_size", &param.kernel_size, [param.kernel_h, param.kernel_w], 1)?;
    let stride = sides("convolution_param.stride", &param.stride, [param.stride_h, param.stride_w], 1)?;
    let pad = sides("convolution_param.pad", &param.pad, [param.pad_h, param.pad_w], 0)?;
    let dilation = match param.dilation[..] {
        [] => [1, 1],
        _ => sides("convolution_param.dilation", &param.dilation, [None; 2], 0)?,
    };
    Ok([0, 1].map(|side| Window {
        kernel: kernel[side],
        stride: stride[side],
        pad: pad[side],
        pad_end: pad[side],
        dilation: dilation[side],
    }))
}

/// A setting along height and width, of at least `least`.
fn sides(field: &'static str, values: &[u32], pair: [Option<u32>; 2], least: i64) -> Result<[i64; 2], Refusal> {
    let name = field_name(field);
    let sides = match (pair, values) {
        ([Some(height), Some(width)], _) => [height, width],
        (_, []) => {
            let message = format!("{name} is missing: Caffe reads past the end of an empty list");
            return Err(Refusal::at(field, message).help("give it, even where it is the usual 0 or 1"));
        }
        (_, &[both]) => [both, both],
        (_, &[height, width, ..]) => [height, width],
    };
    let sides = [checked_size(sides[0], field)?, checked_size(sides[1], field)?];
    ensure!(sides[0] >= least && sides[1] >= least, field, "{name} is 0");
    Ok(sides)
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;
    use crate::layer::{Draw, Setup};

    fn run(fields: &str, bottom: &[i32]) -> Result<Setup, String> {
        let text = format!("convolution_param {{ {fields} }}");
        Surroundings::of("soeaver").run("ConvolutionDepthwise", &text, &[bottom], 1)
    }

    #[test]
    fn each_channel_has_a_filter() {
        let made = run("num_output: 99 group: 5 kernel_size: 3 stride: 2 pad: 1", &[2, 6, 9, 10]).unwrap();
        assert_eq!(made.tops[0].dims(), [2, 6, 5, 5]);
        let blobs: Vec<&[i32]> = made.blobs.iter().map(|blob| blob.shape.dims()).collect();
        assert_eq!(blobs, [&[6, 1, 3, 3][..], &[6]]);
        assert_eq!(made.draws, [Draw::Blob(0), Draw::Blob(1)]);
        assert_eq!(made.macs, 2 * 6 * 5 * 5 * 9);
    }

    #[test]
    fn pairs_win_where_they_are_whole() {
        let top = |fields: &str| run(fields, &[2, 6, 9, 10]).unwrap().tops[0].dims()[2..].to_vec();
        assert_eq!(top("kernel_size: 3 kernel_size: 2 stride: 1 stride: 2 pad: 0 pad: 1"), [7, 6]);
        assert_eq!(top("kernel_h: 2 kernel_w: 5 kernel_size: 9 stride: 1 pad: 0"), [8, 6]);
        assert_eq!(top("kernel_h: 2 kernel_size: 3 stride_w: 4 stride: 1 pad_h: 4 pad: 0"), [7, 8]);
    }

    #[test]
    fn refusals() {
        let error = |fields: &str| run(fields, &[2, 6, 9, 10]).unwrap_err();
        let message = "convolution_param.stride: stride is missing: Caffe reads past the end of an empty list";
        assert_eq!(error("kernel_size: 3 pad: 0"), message);
        assert_eq!(error("kernel_size: 3 pad: 0 stride: 0"), "convolution_param.stride: stride is 0");
        assert_eq!(
            error("kernel_size: 3 kernel_size: 0 pad: 0 stride: 1"),
            "convolution_param.kernel_size: kernel_size is 0"
        );
        let error = run("kernel_size: 1 stride: 1 pad: 0", &[1; 5]).unwrap_err();
        assert_eq!(error, "bottom: bottom 0 has more than 4 axes: its shape is (1, 1, 1, 1, 1)");
    }
}
