//! Convolution and Deconvolution: learned filters slid over the spatial axes. DepthwiseConvolution is Convolution by
//! another name.
//!
//! `axis` holds the C channels; the axes before it are batch axes and those behind it, any number of them, are spatial:
//! (N.., C, D..) becomes (N.., `num_output`, O..) with
//!
//! - Convolution: `o = (d + 2 * pad - extent) / stride + 1`, truncated towards zero,
//! - Deconvolution: `o = stride * (d - 1) + extent - 2 * pad`,
//!
//! where `extent = dilation * (kernel - 1) + 1`. Several bottoms of one shape share the filters.
//!
//! A Convolution takes `C / group * kernel..` multiply-accumulates for each element of its tops, a Deconvolution
//! `num_output / group * kernel..` for each element of its bottoms.
//!
//! Blobs, each filled once in this order:
//!
//! - the weights, (`num_output`, C / `group`, kernel..) for Convolution, (C, `num_output` / `group`, kernel..) for
//!   Deconvolution,
//! - unless `bias_term` is false, the bias, (`num_output`).
//!
//! Blobs given in the net must have these shapes.
//!
//! In Synopsys' Caffe bottoms and tops need not be equal in number, and `per_channel_scale_weight` and
//! `per_channel_scale_output` each add two blobs with a value for each filter of the first axis, ones and zeros, unless
//! the net gives blobs. ConvolutionDepthwise there has as many groups as channels.
//!
//! In Cambricon's `pad` may be given for each side, see [`Window::over_sides`], and ConvolutionDepthwise is as in
//! Synopsys'.
//!
//! In happynear's `shape_offset` makes the top of a Deconvolution longer, along each axis.
//!
//! ConvolutionRistretto and DeconvolutionRistretto are the same in quantised numbers.
//!
//! video-caffe takes volumes of one picture each, of shape (N, C, 1, H, W), as pictures: the weights have four axes,
//! the top has five.
//!
//! Older Caffes take four axes alone, read pads and strides in pairs only ([`Window::of_pairs`]), and take given blobs
//! as they are.
//!
//! What surprises: an output without elements is allowed, but not with a bias, since Caffe then allocates a vector of
//! ones over the output's positions. Caffe also sizes the column buffer of one image, which must not have more than
//! `i32::MAX` elements. `engine` and `force_nd_im2col` change nothing here.

mod deformable;
mod depthwise;
mod nd;
mod over_time;
mod squeeze;
#[cfg(test)]
mod tests;
mod window;

pub use deformable::DeformableConvolution;
pub(super) use nd::{sizes, sizes_or};
pub(super) use squeeze::add_masks;
pub use window::Window;

use std::sync::LazyLock;

use super::pooling::picture_size;
use super::size::checked_size;
use super::{Arity, BlobSpec, Layer, LayerType, Operator, Role, Setup, SetupContext, Signal, length};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::{ConvolutionParameter, FillerParameter, LayerParameter};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    LayerType::new(
        "Convolution",
        "Convolves its inputs with learned filters",
        Arity::at_least(1),
        Arity::at_least(1),
        &convolution,
    )
    .with_engines()
    .params(&["convolution_param"])
    .signal(convolution_signal)
    .matching_tops()
    .known(Known::Except(&["synopsys"])),
    transposed(&deconvolution).with_engines().known(Known::Except(&["synopsys", "happynear"])),
    transposed(&longer_deconvolution).known(Known::In(&["happynear"])),
    LayerType::new(
        "DepthwiseConvolution",
        "Convolves its inputs with learned filters, by code that is fast where each channel is a group",
        Arity::at_least(1),
        Arity::at_least(1),
        &convolution,
    )
    .params(&["convolution_param"])
    .signal(convolution_signal)
    .matching_tops()
    .known(Known::Added {
        from: "yonghenglh6/DepthwiseConvolution",
        own: &["mobilenet-yolo", "soeaver", "yolov3-windows"],
    }),
    any_tops("Convolution", "Convolves its inputs with learned filters", &convolution)
        .params(&["convolution_param"])
        .signal(convolution_signal),
    LayerType::new(
        "ConvolutionDepthwise",
        "Convolves each channel with learned filters of its own",
        Arity::at_least(1),
        Arity::at_least(1),
        &depthwise,
    )
    .params(&["convolution_param"])
    .signal(convolution_signal)
    .matching_tops()
    .known(Known::In(&["cambricon"])),
    any_tops("ConvolutionDepthwise", "Convolves each channel with learned filters of its own", &depthwise)
        .params(&["convolution_param"])
        .signal(convolution_signal),
    any_tops(
        "Deconvolution",
        "Spreads out its inputs through learned filters, the transpose of a convolution",
        &deconvolution,
    )
    .params(&["convolution_param"])
    .keeps_signal(),
    any_tops("SqueezeConvolution", "Convolves its inputs with learned filters that are masked", &squeeze::convolution)
        .params(&["squeeze_convolution_param"]),
    any_tops(
        "SqueezeDeconvolution",
        "Spreads out its inputs through learned filters that are masked",
        &squeeze::deconvolution,
    )
    .params(&["squeeze_convolution_param"])
    .keeps_signal(),
    quantised("ConvolutionRistretto", "Convolves its inputs with learned filters, in quantised numbers", &convolution)
        .signal(convolution_signal),
    quantised(
        "DeconvolutionRistretto",
        "Spreads out its inputs through learned filters, in quantised numbers",
        &deconvolution,
    )
    .keeps_signal(),
    deformable::TYPE,
    depthwise::TYPE,
    nd::TYPE,
    over_time::TRANSPOSED,
    over_time::TYPE,
];

/// An entry for Deconvolution.
const fn transposed(rule: &'static dyn Layer) -> LayerType {
    LayerType::new(
        "Deconvolution",
        "Spreads out its inputs through learned filters, the transpose of a convolution",
        Arity::at_least(1),
        Arity::at_least(1),
        rule,
    )
    .params(&["convolution_param"])
    .keeps_signal()
    .matching_tops()
}

/// An entry of Ristretto.
const fn quantised(name: &'static str, summary: &'static str, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(name, summary, Arity::at_least(1), Arity::at_least(1), rule)
        .params(&["convolution_param", "quantization_param"])
        .matching_tops()
        .known(Known::In(RISTRETTO))
}

/// The trees with Ristretto's layers, which have the blobs and draws of those that they quantise.
pub(super) const RISTRETTO: &[&str] = &["ristretto", "caffe-yolov2"];

/// An entry of Synopsys' Caffe, where there may be other numbers of bottoms and tops.
const fn any_tops(name: &'static str, summary: &'static str, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(name, summary, Arity::at_least(1), Arity::at_least(1), rule).known(Known::In(&["synopsys"]))
}

/// Learned filters slid over the spatial axes, or the transpose of that.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Convolution {
    /// Whether it is a Deconvolution: each element of the bottom is spread out through the filters.
    pub transposed: bool,
    /// The axis of the channels; those before it are batch axes, those behind it spatial.
    pub axis: usize,
    /// The channels of the bottom.
    pub channels: i64,
    /// The channels of the top.
    pub num_output: i64,
    /// How many groups the channels are in, each with filters of its own.
    pub group: i64,
    /// The window along each spatial axis.
    pub windows: Vec<Window>,
    /// Whether there is a bias, the second blob.
    pub bias: bool,
}

impl Convolution {
    fn new(ctx: &SetupContext<'_>, param: &ConvolutionParameter, transposed: bool) -> Result<Convolution, Refusal> {
        const NUM_OUTPUT: &str = "convolution_param.num_output";
        const GROUP: &str = "convolution_param.group";
        let bottom = ctx.bottom(0);
        let axis = ctx.bottom_axis(0, param.axis(), "convolution_param.axis")?;
        let channels = i64::from(bottom.dims()[axis]);
        let windows = match ctx.dialect.traits.convolutions_take_any_axes {
            true if ctx.dialect.traits.pads_by_side => {
                Window::over_sides(param, &bottom.dims()[axis + 1..], transposed)?
            }
            true => Window::over(param, &bottom.dims()[axis + 1..], transposed)?,
            false => picture_size(bottom).and_then(|_| Window::of_pairs(param))?,
        };
        if param.num_output() == 0 {
            let help = "give the number of output channels";
            return Err(Refusal::at(NUM_OUTPUT, "num_output is missing or 0").help(help));
        }
        let num_output = checked_size(param.num_output(), NUM_OUTPUT)?;
        let group = checked_size(param.group(), GROUP)?;
        ensure!(group > 0, GROUP, "group is 0");
        ensure!(channels > 0, "bottom", "the bottom has 0 channels, which leaves the weights empty");
        ensure!(channels % group == 0, GROUP, "group {group} does not divide {channels} input channels");
        ensure!(num_output % group == 0, GROUP, "group {group} does not divide num_output {num_output}");
        Ok(Convolution { transposed, axis, channels, num_output, group, windows, bias: param.bias_term() })
    }

    /// The shape of a top over this bottom.
    fn top(&self, bottom: &Shape) -> Result<Shape, Refusal> {
        let (batch, rest) = bottom.dims().split_at(self.axis);
        let mut dims: Vec<i64> = batch.iter().map(|&dim| i64::from(dim)).collect();
        dims.push(self.num_output);
        for (window, &input) in self.windows.iter().zip(&rest[1..]) {
            dims.push(if self.transposed { window.deconvolved(input)? } else { window.convolved(input)? });
        }
        Shape::new(dims).at("convolution_param")
    }

    /// The filters: for each channel of what their convolution makes, the channels of its group and the windows.
    fn weight_shape(&self) -> Result<Shape, Refusal> {
        let (outer, inner) = match self.transposed {
            false => (self.num_output, self.channels),
            true => (self.channels, self.num_output),
        };
        let mut dims = vec![outer, inner / self.group];
        dims.extend(self.windows.iter().map(|window| window.kernel));
        Shape::new(dims).at("convolution_param")
    }

    /// What the windows move over the positions of: the top, or the bottom of a Deconvolution.
    fn positions<'a>(&self, bottom: &'a Shape, top: &'a Shape) -> &'a Shape {
        if self.transposed { bottom } else { top }
    }

    /// The multiply-accumulates: each filter meets every position.
    pub(super) fn macs(&self, bottoms: &[Shape], tops: &[Shape]) -> u64 {
        let filter = self.weight_shape().map_or(0, |weight| weight.count_from(1).unsigned_abs());
        let pairs = bottoms.iter().zip(tops);
        pairs.fold(0, |macs: u64, (bottom, top)| {
            let elements = self.positions(bottom, top).count() as u64;
            macs.saturating_add(elements.saturating_mul(filter))
        })
    }
}

pub(super) fn convolution_signal(layer: &LayerParameter) -> Signal {
    let has_filler = layer.convolution_param.as_ref().is_some_and(|param| param.weight_filler.is_some());
    Signal::through_weights(layer, has_filler)
}

pub(super) fn convolution(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    setup(ctx, own_param(ctx), false)
}

pub(super) fn deconvolution(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    setup(ctx, own_param(ctx), true)
}

/// The top may be longer than the windows reach.
fn longer_deconvolution(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_bottoms(ctx)?;
    let param = own_param(ctx);
    let mut convolution = Convolution::new(ctx, param, true)?;
    Window::lengthen(&mut convolution.windows, &param.shape_offset)?;
    setup_of(ctx, param, convolution)
}

/// Every channel is a group, whatever `group` says.
fn depthwise(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = own_param(ctx);
    let axis = ctx.bottom_axis(0, param.axis(), "convolution_param.axis")?;
    let group = ctx.bottom(0).dims()[axis].unsigned_abs();
    setup(ctx, &ConvolutionParameter { group: Some(group), ..param.clone() }, false)
}

fn own_param<'a>(ctx: &SetupContext<'a>) -> &'a ConvolutionParameter {
    static DEFAULT: LazyLock<ConvolutionParameter> = LazyLock::new(ConvolutionParameter::default);
    ctx.param.convolution_param.as_deref().unwrap_or(&DEFAULT)
}

fn setup(ctx: &SetupContext<'_>, param: &ConvolutionParameter, transposed: bool) -> Result<Setup, Refusal> {
    check_bottoms(ctx)?;
    let axis = ctx.bottom_axis(0, param.axis(), "convolution_param.axis")?;
    if length::is_passed_over(ctx, axis) {
        let param = ConvolutionParameter { axis: Some(1), ..param.clone() };
        return length::passed_over(ctx, |ctx| setup(ctx, &param, transposed));
    }
    setup_of(ctx, param, Convolution::new(ctx, param, transposed)?)
}

/// Checks that the bottoms have one shape, where the dialect asks for that.
fn check_bottoms(ctx: &SetupContext<'_>) -> Result<(), Refusal> {
    let bottom = ctx.bottom(0);
    for (index, other) in ctx.bottoms.iter().enumerate().skip(1) {
        let may_differ = !ctx.dialect.traits.convolution_compares_bottoms;
        ensure!(may_differ || other == bottom, "bottom", "bottom {index} has the shape {other}, bottom 0 has {bottom}");
    }
    Ok(())
}

/// The layer of this convolution.
fn setup_of(ctx: &SetupContext<'_>, param: &ConvolutionParameter, convolution: Convolution) -> Result<Setup, Refusal> {
    let bottom = ctx.bottom(0);
    let top = convolution.top(bottom)?;
    let weight = convolution.weight_shape()?;
    check_column_buffer(&convolution, &weight, convolution.positions(bottom, &top))?;
    if convolution.bias {
        check_bias_multiplier(&top, convolution.axis)?;
    }
    let fillers = BlobFillers {
        weight: ("convolution_param.weight_filler", param.weight_filler.as_ref()),
        bias: ("convolution_param.bias_filler", param.bias_filler.as_ref()),
    };
    let bias = convolution.bias.then_some(convolution.num_output);
    let filters = Shape::new(&weight.dims()[..1]).at("convolution_param.num_output")?;
    let tops = vec![top; ctx.top_count()];
    let setup = Setup::new(ctx, Operator::Convolution(convolution), tops);
    if !ctx.dialect.traits.convolutions_take_any_axes && !ctx.given.is_empty() {
        return Ok(setup.given_roles(&[Role::Weight, Role::Bias]));
    }
    let mut setup = fillers.add(setup, weight, bias)?;
    if ctx.given.is_empty() {
        add_scales(&mut setup, param, &filters);
    }
    Ok(setup)
}

/// Adds what Synopsys' Caffe keeps for each filter where weights or outputs are integers.
fn add_scales(setup: &mut Setup, param: &ConvolutionParameter, filters: &Shape) {
    for (field, has) in [
        ("convolution_param.per_channel_scale_weight", param.per_channel_scale_weight()),
        ("convolution_param.per_channel_scale_output", param.per_channel_scale_output()),
    ] {
        if has {
            setup.push_blob(BlobSpec::constant(Role::Other, filters.clone(), field, 1.0));
            setup.push_blob(BlobSpec::zeros(Role::Other, filters.clone()));
        }
    }
}

/// Caffe unrolls one image into (inner * kernel.., positions..) elements; a 1x1 convolution does not use them, but they
/// are sized all the same.
fn check_column_buffer(convolution: &Convolution, weight: &Shape, positions: &Shape) -> Result<(), Refusal> {
    // At most the weights' count, since the group divides the outer axis.
    let mut dims = vec![weight.count_from(1) * convolution.group];
    dims.extend(positions.dims()[convolution.axis + 1..].iter().map(|&dim| i64::from(dim)));
    match Shape::new(dims) {
        Ok(_) => Ok(()),
        Err(error) => Err(Refusal::at("convolution_param", format!("the column buffer is too large: {error}"))),
    }
}

/// Caffe adds the bias through a vector with a one for each position of the output.
fn check_bias_multiplier(top: &Shape, axis: usize) -> Result<(), Refusal> {
    const BIAS_TERM: &str = "convolution_param.bias_term";
    let positions = top.count_from(axis + 1);
    if positions == 0 {
        let message = format!("the output {top} is empty, which Caffe allows without a bias only");
        return Err(Refusal::at(BIAS_TERM, message).help("set bias_term: false, or make the output larger"));
    }
    ensure!(positions <= i64::from(i32::MAX), BIAS_TERM, "the bias is for {positions} positions, more than 2147483647");
    Ok(())
}

/// The fillers of the blobs of a convolution, each with its field.
struct BlobFillers<'a> {
    weight: (&'static str, Option<&'a FillerParameter>),
    bias: (&'static str, Option<&'a FillerParameter>),
}

impl BlobFillers<'_> {
    /// Checks the given blobs or, where there are none, adds those to be filled: weights of this shape, and so many
    /// numbers of a bias, if there is one.
    fn add(self, mut setup: Setup, weight: Shape, bias: Option<i64>) -> Result<Setup, Refusal> {
        let mut expected = vec![(Role::Weight, weight, self.weight)];
        if let Some(count) = bias {
            expected.push((Role::Bias, Shape::new([count]).at("convolution_param.num_output")?, self.bias));
        }
        if setup.blobs.is_empty() {
            for (role, shape, (field, filler)) in expected {
                setup.push_blob(BlobSpec::filled(role, shape, field, filler));
            }
            return Ok(setup);
        }
        let (given, needed) = (setup.blobs.len(), expected.len());
        ensure!(given == needed, "blobs", "the layer gives {given} blobs and needs {needed}");
        for (index, (blob, (role, shape, _))) in setup.blobs.iter_mut().zip(expected).enumerate() {
            ensure!(blob.shape == shape, "blobs", "blob {index} is given as {} and must be {shape}", blob.shape);
            blob.role = role;
        }
        Ok(setup)
    }
}
