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
//! `per_channel_scale_output` each add two blobs with a value for each filter of the first axis, ones and zeros, unless the net
//! gives blobs. ConvolutionDepthwise there has as many groups as channels.
//!
//! Older Caffes take four axes alone, read pads and strides in pairs only ([`Window::of_pairs`]), and take given blobs as they
//! are.
//!
//! What surprises: an output without elements is allowed, but not with a bias, since Caffe then allocates a vector of
//! ones over the output's positions. Caffe also sizes the column buffer of one image, which must not have more than
//! `i32::MAX` elements. `engine` and `force_nd_im2col` change nothing here.

mod deformable;
mod depthwise;
mod squeeze;
mod window;

pub use deformable::DeformableConvolution;
pub(super) use squeeze::add_masks;
pub use window::Window;

use std::sync::LazyLock;

use super::pooling::picture_size;
use super::size::checked_size;
use super::{Arity, BlobSpec, Layer, LayerType, Operator, Role, Setup, SetupContext, Signal};
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
    .params(&["convolution_param"])
    .signal(convolution_signal)
    .matching_tops()
    .known(Known::Except(&["synopsys"])),
    LayerType::new(
        "Deconvolution",
        "Spreads its inputs out through learned filters, the transpose of a convolution",
        Arity::at_least(1),
        Arity::at_least(1),
        &deconvolution,
    )
    .params(&["convolution_param"])
    .keeps_signal()
    .matching_tops()
    .known(Known::Except(&["synopsys"])),
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
    .known(Known::Added { from: "yonghenglh6/DepthwiseConvolution", own: &["mobilenet-yolo", "soeaver"] }),
    any_tops("Convolution", "Convolves its inputs with learned filters", &convolution)
        .params(&["convolution_param"])
        .signal(convolution_signal),
    any_tops("ConvolutionDepthwise", "Convolves each channel with learned filters of its own", &depthwise)
        .params(&["convolution_param"])
        .signal(convolution_signal),
    any_tops(
        "Deconvolution",
        "Spreads its inputs out through learned filters, the transpose of a convolution",
        &deconvolution,
    )
    .params(&["convolution_param"])
    .keeps_signal(),
    any_tops("SqueezeConvolution", "Convolves its inputs with learned filters that are masked", &squeeze::convolution)
        .params(&["squeeze_convolution_param"]),
    any_tops(
        "SqueezeDeconvolution",
        "Spreads its inputs out through learned filters that are masked",
        &squeeze::deconvolution,
    )
    .params(&["squeeze_convolution_param"])
    .keeps_signal(),
    deformable::TYPE,
    depthwise::TYPE,
];

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

fn convolution_signal(layer: &LayerParameter) -> Signal {
    let has_filler = layer.convolution_param.as_ref().is_some_and(|param| param.weight_filler.is_some());
    Signal::through_weights(layer, has_filler)
}

fn convolution(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    setup(ctx, own_param(ctx), false)
}

fn deconvolution(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    setup(ctx, own_param(ctx), true)
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
    let bottom = ctx.bottom(0);
    for (index, other) in ctx.bottoms.iter().enumerate().skip(1) {
        let may_differ = !ctx.dialect.traits.convolution_compares_bottoms;
        ensure!(may_differ || other == bottom, "bottom", "bottom {index} has the shape {other}, bottom 0 has {bottom}");
    }
    let convolution = Convolution::new(ctx, param, transposed)?;
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
    /// Checks the given blobs or, where there are none, adds those to be filled: weights of this shape, and so many numbers of
    /// a bias, if there is one.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{Surroundings, setup};
    use crate::layer::{BlobValues, Draw};
    use crate::proto::caffe::{BlobProto, BlobShape, LayerParameter};

    const CONVOLUTION: &LayerType = &TYPES[0];
    const DECONVOLUTION: &LayerType = &TYPES[1];

    fn layer(param: ConvolutionParameter) -> LayerParameter {
        LayerParameter { convolution_param: Some(param.into()), ..Default::default() }
    }

    fn kernel(num_output: u32, size: u32) -> ConvolutionParameter {
        ConvolutionParameter { num_output: Some(num_output), kernel_size: vec![size], ..Default::default() }
    }

    fn top(entry: &LayerType, param: ConvolutionParameter, bottom: &[i32]) -> Vec<i32> {
        setup(entry, &layer(param), &[bottom], 1).unwrap().tops[0].dims().to_vec()
    }

    fn weight(entry: &LayerType, param: ConvolutionParameter, bottom: &[i32]) -> Vec<i32> {
        setup(entry, &layer(param), &[bottom], 1).unwrap().blobs[0].shape.dims().to_vec()
    }

    fn refuse(entry: &LayerType, param: ConvolutionParameter, bottom: &[i32]) -> (String, &'static str) {
        let refusal = setup(entry, &layer(param), &[bottom], 1).unwrap_err();
        (refusal.message, refusal.field)
    }

    #[test]
    fn multiply_accumulates_follow_filters_groups_and_bottoms() {
        let macs = |entry, param, bottoms: &[&[i32]]| setup(entry, &layer(param), bottoms, bottoms.len()).unwrap().macs;
        let grouped = ConvolutionParameter { group: Some(2), ..kernel(8, 3) };
        let bottom: &[i32] = &[2, 4, 7, 9];
        assert_eq!(macs(CONVOLUTION, grouped.clone(), &[bottom]), 2 * 8 * (5 * 7) * (4 / 2 * 3 * 3));
        assert_eq!(macs(CONVOLUTION, grouped.clone(), &[bottom; 3]), 3 * 2 * 8 * (5 * 7) * (4 / 2 * 3 * 3));
        assert_eq!(macs(DECONVOLUTION, grouped, &[bottom]), 2 * 4 * (7 * 9) * (8 / 2 * 3 * 3));
    }

    #[test]
    fn weights_then_bias_are_filled() {
        let setup = setup(CONVOLUTION, &layer(kernel(96, 11)), &[&[10, 3, 227, 227]], 1).unwrap();
        assert_eq!(setup.tops[0].dims(), [10, 96, 217, 217]);
        let blobs: Vec<_> = setup.blobs.iter().map(|blob| (blob.role, blob.shape.dims())).collect();
        assert_eq!(blobs, [(Role::Weight, &[96, 3, 11, 11][..]), (Role::Bias, &[96][..])]);
        assert_eq!(setup.draws, [Draw::Blob(0), Draw::Blob(1)]);
        let fields: Vec<_> = (setup.blobs.iter())
            .map(|blob| match &blob.values {
                BlobValues::Filled(spec) => spec.field,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(fields, ["convolution_param.weight_filler", "convolution_param.bias_filler"]);
    }

    #[test]
    fn any_number_of_spatial_axes_will_do() {
        assert_eq!(top(CONVOLUTION, kernel(2, 3), &[1, 4, 9]), [1, 2, 7]);
        assert_eq!(top(CONVOLUTION, kernel(2, 2), &[1, 4, 5, 4, 3]), [1, 2, 4, 3, 2]);
        assert_eq!(weight(CONVOLUTION, kernel(2, 2), &[1, 4, 5, 4, 3]), [2, 4, 2, 2, 2]);
        let none = ConvolutionParameter { num_output: Some(3), group: Some(3), ..Default::default() };
        assert_eq!(top(CONVOLUTION, none.clone(), &[4, 6]), [4, 3]);
        assert_eq!(weight(CONVOLUTION, none, &[4, 6]), [3, 2]);
    }

    #[test]
    fn the_channel_axis_may_be_another() {
        let axis = |axis: i32| ConvolutionParameter { axis: Some(axis), ..kernel(2, 3) };
        assert_eq!(top(CONVOLUTION, axis(2), &[3, 4, 5, 6]), [3, 4, 2, 4]);
        assert_eq!(weight(CONVOLUTION, axis(-2), &[3, 4, 5, 6]), [2, 5, 3]);
        assert_eq!(weight(CONVOLUTION, axis(0), &[3, 4, 5, 6]), [2, 3, 3, 3, 3]);
        let expected = "axis 4 is out of range for the 4-axis shape (3, 4, 5, 6)";
        assert_eq!(refuse(CONVOLUTION, axis(4), &[3, 4, 5, 6]), (expected.into(), "convolution_param.axis"));
    }

    #[test]
    fn deconvolution_swaps_the_channels() {
        let param = ConvolutionParameter { group: Some(2), stride: vec![3], ..kernel(4, 2) };
        assert_eq!(top(DECONVOLUTION, param.clone(), &[2, 6, 4, 3]), [2, 4, 11, 8]);
        assert_eq!(weight(DECONVOLUTION, param.clone(), &[2, 6, 4, 3]), [6, 2, 2, 2]);
        assert_eq!(weight(CONVOLUTION, param, &[2, 6, 4, 3]), [4, 3, 2, 2]);
    }

    #[test]
    fn several_bottoms_share_the_blobs_and_the_shape() {
        let param = layer(kernel(4, 2));
        let done = setup(CONVOLUTION, &param, &[&[2, 3, 5, 5], &[2, 3, 5, 5]], 2).unwrap();
        assert_eq!((done.tops.len(), done.blobs.len()), (2, 2));
        assert_eq!(done.tops[1].dims(), [2, 4, 4, 4]);
        let refusal = setup(CONVOLUTION, &param, &[&[1, 2, 6, 6], &[1, 2, 6, 5]], 2).unwrap_err();
        assert_eq!(refusal.message, "bottom 1 has the shape (1, 2, 6, 5), bottom 0 has (1, 2, 6, 6)");
        let refusal = setup(CONVOLUTION, &param, &[&[1, 2, 6, 6], &[1, 2, 6, 6]], 1).unwrap_err();
        assert_eq!(refusal.message, "Convolution makes one top for each bottom: 2 bottoms, 1 tops");
    }

    #[test]
    fn channels_and_groups_must_fit() {
        let bottom = &[1, 16, 6, 6];
        let group = |group: u32| ConvolutionParameter { group: Some(group), ..kernel(6, 3) };
        let at = |message: &str, field| (message.to_owned(), field);
        const GROUP: &str = "convolution_param.group";
        assert_eq!(refuse(CONVOLUTION, group(3), bottom), at("group 3 does not divide 16 input channels", GROUP));
        assert_eq!(refuse(CONVOLUTION, group(4), bottom), at("group 4 does not divide num_output 6", GROUP));
        assert_eq!(refuse(CONVOLUTION, group(0), bottom), at("group is 0", GROUP));
        const NUM_OUTPUT: &str = "convolution_param.num_output";
        assert_eq!(refuse(DECONVOLUTION, kernel(0, 3), bottom), at("num_output is missing or 0", NUM_OUTPUT));
        let huge = at("num_output 2147483648 is more than 2147483647", NUM_OUTPUT);
        assert_eq!(refuse(CONVOLUTION, kernel(1 << 31, 3), bottom), huge);
        let empty = at("the bottom has 0 channels, which leaves the weights empty", "bottom");
        assert_eq!(refuse(CONVOLUTION, kernel(6, 3), &[1, 0, 6, 6]), empty);
    }

    #[test]
    fn an_empty_output_is_allowed_without_a_bias_only() {
        let unbiased = ConvolutionParameter { bias_term: Some(false), ..kernel(2, 4) };
        assert_eq!(top(CONVOLUTION, unbiased, &[1, 1, 3, 7]), [1, 2, 0, 4]);
        let expected = "the output (1, 2, 0, 4) is empty, which Caffe allows without a bias only";
        assert_eq!(refuse(CONVOLUTION, kernel(2, 4), &[1, 1, 3, 7]), (expected.into(), "convolution_param.bias_term"));
        assert_eq!(top(CONVOLUTION, kernel(2, 3), &[0, 1, 3, 7]), [0, 2, 1, 5]);
    }

    #[test]
    fn what_caffe_allocates_must_fit_an_int() {
        let padded = ConvolutionParameter { pad: vec![20_000], bias_term: Some(false), ..kernel(1, 2) };
        let expected = "the column buffer is too large: \
                        a blob holds at most 2147483647 elements, 4 x 40000 x 40000 are more";
        assert_eq!(refuse(CONVOLUTION, padded, &[1, 1, 1, 1]), (expected.into(), "convolution_param"));
        let spread = ConvolutionParameter { stride: vec![65_536], ..kernel(1, 1) };
        let expected = "the bias is for 4295098369 positions, more than 2147483647";
        assert_eq!(refuse(DECONVOLUTION, spread, &[0, 1, 2, 2]), (expected.into(), "convolution_param.bias_term"));
    }

    #[test]
    fn given_blobs_must_be_those_of_the_layer() {
        let given = |shapes: &[&[i64]]| {
            let blob =
                |dims: &&[i64]| BlobProto { shape: Some(BlobShape { dim: dims.to_vec() }), ..Default::default() };
            let param = LayerParameter { blobs: shapes.iter().map(blob).collect(), ..layer(kernel(2, 1)) };
            setup(CONVOLUTION, &param, &[&[1, 2, 3, 3]], 1)
        };
        let refuse = |shapes: &[&[i64]]| given(shapes).unwrap_err().message;
        let setup = given(&[&[2, 2, 1, 1], &[2]]).unwrap();
        assert_eq!(setup.draws, []);
        assert_eq!((setup.blobs[0].role, &setup.blobs[0].values), (Role::Weight, &BlobValues::Given(0)));
        assert_eq!((setup.blobs[1].role, &setup.blobs[1].values), (Role::Bias, &BlobValues::Given(1)));
        assert_eq!(refuse(&[&[2, 2, 1, 1]]), "the layer gives 1 blobs and needs 2");
        assert_eq!(refuse(&[&[2, 2], &[2]]), "blob 0 is given as (2, 2) and must be (2, 2, 1, 1)");
        assert_eq!(refuse(&[&[2, 2, 1, 1], &[1, 2]]), "blob 1 is given as (1, 2) and must be (2)");
    }

    #[test]
    fn older_caffes_take_pictures_and_pairs() {
        let top = |fields: &str| {
            let text = format!("convolution_param {{ num_output: 2 {fields} }}");
            Surroundings::of("yjxiong").top("Convolution", &text, &[&[1, 2, 9, 8]])
        };
        assert_eq!(top("kernel_size: 3 dilation: 2"), [1, 2, 5, 4]);
        assert_eq!(top("kernel_size: 3 dilation_h: 2"), [1, 2, 5, 8]);
        assert_eq!(top("kernel_size: 3 dilation_w: 2"), [1, 2, 7, 6]);
        assert_eq!(top("kernel_size: 3 kernel_h: 1"), [1, 2, 7, 6]);
        assert_eq!(top("kernel_h: 1 kernel_w: 4 pad_h: 1 pad_w: 2 stride_h: 3 stride_w: 1"), [1, 2, 4, 9]);
    }

    #[test]
    fn older_caffes_refuse_halves() {
        let error = |fields: &str, bottom: &[i32]| {
            let text = format!("convolution_param {{ num_output: 2 {fields} }}");
            Surroundings::of("yjxiong").refusal("Convolution", &text, &[bottom])
        };
        let message = "convolution_param.pad: give pad, or both of pad_h and pad_w, or none";
        assert_eq!(error("kernel_size: 3 pad_h: 1", &[1, 2, 9, 8]), message);
        assert_eq!(error("kernel_size: 3 pad: 1 pad_h: 1 pad_w: 1", &[1, 2, 9, 8]), message);
        let message = "convolution_param.kernel_size: kernel_h and kernel_w have to be given together";
        assert_eq!(error("kernel_h: 3", &[1, 2, 9, 8]), message);
        assert_eq!(error("kernel_size: 3 stride: 0", &[1, 2, 9, 8]), "convolution_param.stride: stride is 0");
        assert_eq!(error("kernel_size: 3", &[1, 2, 9]), "bottom: the bottom (1, 2, 9) must have 4 axes");
    }
}
