//! Pooling: the maximum, average or a random element of each window over height and width.
//!
//! (N, C, H, W) becomes (N, C, pooled H, pooled W) with `pooled = round((size + 2 * pad - kernel) / stride) + 1`, where
//! the division is one of `f32` and `round_mode`, or in forks `ceil_mode`, takes the quotient up (the default) or down.
//! As soon as either pad is not 0, a last window that would start behind the elements and their leading pad is dropped,
//! on both axes. Global pooling takes the whole picture as its window. MAX pooling can have a second top of the same
//! shape, the positions of the maxima. No blobs; stochastic pooling draws nothing while the net is built.
//!
//! What surprises: beside `kernel_size`, one of `kernel_h` and `kernel_w` is ignored, only both are refused. `engine`
//! changes nothing here. Intel's Caffe drops that window also where a kernel has a side of 1, and takes
//! [volumes](VolumePooling). C3D 1.0 drops none, and takes a pad for the average alone. video-caffe takes four or five
//! axes and makes five, (N, C, 1, pooled H, pooled W).

mod binned;
mod deformation;
mod enlarged;
mod learned;
mod nd;
mod over_time;
mod padded;
mod spatial;
mod three_axes;
mod volume;
mod window;

pub use volume::VolumePooling;

use self::window::PoolWindow;
use super::size::{checked_size, field_name};
use super::{Arity, Layer, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::{Known, PoolingAxes};
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::PoolingParameter;
use crate::proto::caffe::pooling_parameter::{PoolMethod, RoundMode};

const FIELD: &str = "pooling_param";
const KERNEL: [&str; 3] = ["pooling_param.kernel_size", "pooling_param.kernel_h", "pooling_param.kernel_w"];
const STRIDE: [&str; 3] = ["pooling_param.stride", "pooling_param.stride_h", "pooling_param.stride_w"];
const PAD: [&str; 3] = ["pooling_param.pad", "pooling_param.pad_h", "pooling_param.pad_w"];

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    entry(&pooling).weightless().known(Known::Except(&["synopsys", "sophgo", "caffe3d", "weiliu-fcn", "happynear"])),
    entry(&binned::pooling).weightless().known(Known::In(&["weiliu-fcn"])),
    entry(&deformation::pooling).known(Known::In(&["happynear"])),
    entry(&enlarged::pooling).weightless().known(Known::In(&["sophgo"])),
    entry(&padded::pooling).known(Known::In(&["synopsys"])),
    entry(&spatial::pooling).weightless().known(Known::In(&["caffe3d"])),
    learned::GATED,
    learned::TREE,
    padded::BATCHING,
    nd::TYPE,
    over_time::TYPE,
    three_axes::TYPE,
];

const fn entry(rule: &'static dyn Layer) -> LayerType {
    LayerType::new(
        "Pooling",
        "Takes the maximum, the average or a random element of windows over height and width",
        Arity::exactly(1),
        Arity::between(1, 2),
        rule,
    )
    .with_engines()
    .params(&["pooling_param"])
    .keeps_signal()
}

fn pooling(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = PoolingParameter::default();
    of_pictures(ctx, ctx.param.pooling_param.as_deref().unwrap_or(&default))
}

/// The layer with these settings.
fn of_pictures(ctx: &SetupContext<'_>, param: &PoolingParameter) -> Result<Setup, Refusal> {
    check_method(ctx, param.pool())?;
    let tops = ctx.top_count();
    let takes_volumes = ctx.dialect.traits.pooling_axes == PoolingAxes::Volumes;
    if takes_volumes {
        let axis = ctx.bottom_axis(0, param.axis(), "pooling_param.axis")?;
        match ctx.bottom(0).axes() - axis - 1 {
            2 => {}
            3 => return volume::setup(ctx, param, axis),
            axes => {
                let message =
                    format!("pooling over {axes} axes after the channels, of {}, is not known", ctx.bottom(0));
                return Err(Refusal::at("bottom", message));
            }
        }
    }
    if ctx.dialect.traits.pictures_have_length {
        return with_length(ctx, param);
    }
    let operator = Pooling::new(param, ctx.bottom(0))?;
    let top = match ctx.dialect.traits.pooling_axes {
        PoolingAxes::AllOfPictures => {
            let may_pad = operator.pad == [0, 0] || operator.method == PoolMethod::Ave;
            ensure!(may_pad, PAD[0], "only AVE pooling takes a pad");
            operator.whole_top(ctx.bottom(0), false)?
        }
        _ => operator.clipped_top(ctx.bottom(0), takes_volumes && operator.kernel.contains(&1))?,
    };
    Ok(Setup::new(ctx, Operator::Pooling(operator), vec![top; tops]))
}

/// The layer where pictures get a length of 1: of volumes it pools the first picture alone.
fn with_length(ctx: &SetupContext<'_>, param: &PoolingParameter) -> Result<Setup, Refusal> {
    let bottom = ctx.bottom(0);
    ensure!((4..=5).contains(&bottom.axes()), "bottom", "the bottom {bottom} must have 4 or 5 axes");
    let pictures = ctx.four_axes(0)?;
    let top = Pooling::new(param, &pictures)?.top(&pictures)?;
    let top = ctx.pictures(&top).at(FIELD)?;
    Ok(Setup::new(ctx, Operator::Opaque, vec![top; ctx.top_count()]))
}

/// Checks the number of tops, which depends on the method.
///
/// # Errors
/// There are two, and the method is not MAX.
fn check_method(ctx: &SetupContext<'_>, method: PoolMethod) -> Result<(), Refusal> {
    let tops = ctx.top_count();
    ensure!(
        tops == 1 || method == PoolMethod::Max,
        "top",
        "{} pooling makes 1 top, {tops} given; only MAX has a second one",
        method.as_str_name()
    );
    Ok(())
}

/// The bottom's height and width.
///
/// # Errors
/// The bottom does not have four axes.
pub(super) fn picture_size(bottom: &Shape) -> Result<[i64; 2], Refusal> {
    match *bottom.dims() {
        [_, _, height, width] => Ok([height.into(), width.into()]),
        _ => Err(Refusal::at("bottom", format!("the bottom {bottom} must have 4 axes"))
            .help("the axes are number, channels, height and width")),
    }
}

/// Windows over height and width, each reduced to a number; every size is at most `i32::MAX`. Global pooling has the
/// whole picture as its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pooling {
    /// What a window is reduced to.
    pub method: PoolMethod,
    /// Which way the number of windows is rounded.
    pub round: RoundMode,
    /// Elements of the window, at least 1.
    pub kernel: [i64; 2],
    /// Steps between two windows, at least 1.
    pub stride: [i64; 2],
    /// Elements added on either side.
    pub pad: [i64; 2],
}

impl Pooling {
    fn new(param: &PoolingParameter, bottom: &Shape) -> Result<Pooling, Refusal> {
        let size = picture_size(bottom)?;
        let kernel = if param.global_pooling() { global_kernel(param, size)? } else { kernel(param)? };
        let stride = pair(STRIDE, [param.stride, param.stride_h, param.stride_w], param.stride(), 1)?;
        let pad = pair(PAD, [param.pad, param.pad_h, param.pad_w], param.pad(), 0)?;
        ensure!(
            !param.global_pooling() || (pad == [0, 0] && stride == [1, 1]),
            "pooling_param.global_pooling",
            "global pooling takes no pad and no stride, pad {} x {} and stride {} x {} given",
            pad[0],
            pad[1],
            stride[0],
            stride[1]
        );
        Ok(Pooling { method: param.pool(), round: round(param), kernel, stride, pad })
    }

    /// The shape of the top over this bottom.
    ///
    /// # Errors
    /// The bottom does not have four axes, the padding does not go with the method or the kernel, or the top's size is
    /// negative or too large.
    pub(super) fn top(&self, bottom: &Shape) -> Result<Shape, Refusal> {
        self.clipped_top(bottom, false)
    }

    /// The same; `clips` says that last windows behind the elements are dropped even without a pad.
    fn clipped_top(&self, bottom: &Shape, clips: bool) -> Result<Shape, Refusal> {
        let padded = self.check_pad()?;
        self.whole_top(bottom, padded || clips)
    }

    /// Checks the padding; says whether there is any.
    ///
    /// # Errors
    /// It does not go with the method or the kernel.
    fn check_pad(&self) -> Result<bool, Refusal> {
        let padded = self.pad != [0, 0];
        if padded {
            ensure!(self.method != PoolMethod::Stochastic, FIELD, "STOCHASTIC pooling takes no pad");
            for (pad, kernel) in self.pad.iter().zip(self.kernel) {
                ensure!(*pad < kernel, FIELD, "pad {pad} is not smaller than the kernel size {kernel}");
            }
        }
        Ok(padded)
    }

    /// The same, whatever the pad; `clips` says that last windows behind the elements are dropped.
    fn whole_top(&self, bottom: &Shape, clips: bool) -> Result<Shape, Refusal> {
        let mut dims: Vec<i64> = bottom.dims().iter().map(|&dim| i64::from(dim)).collect();
        for (axis, size) in picture_size(bottom)?.into_iter().enumerate() {
            dims[2 + axis] = self.window(axis).count(size, self.round, clips, FIELD)?;
        }
        Shape::new(dims).at(FIELD)
    }

    /// The window along an axis.
    fn window(&self, axis: usize) -> PoolWindow {
        PoolWindow { kernel: self.kernel[axis], stride: self.stride[axis], pads: [self.pad[axis]; 2] }
    }
}

/// Which way the number of windows is rounded; where both fields are there, `round_mode` says.
fn round(param: &PoolingParameter) -> RoundMode {
    match (param.round_mode, param.ceil_mode()) {
        (None, false) => RoundMode::Floor,
        _ => param.round_mode(),
    }
}

fn global_kernel(param: &PoolingParameter, size: [i64; 2]) -> Result<[i64; 2], Refusal> {
    let given = [param.kernel_size, param.kernel_h, param.kernel_w];
    for (field, value) in KERNEL.into_iter().zip(given) {
        ensure!(value.is_none(), field, "global pooling takes no {}", field_name(field));
    }
    ensure!(size[0] > 0 && size[1] > 0, "bottom", "global pooling over a picture of {} x {}", size[0], size[1]);
    Ok(size)
}

fn kernel(param: &PoolingParameter) -> Result<[i64; 2], Refusal> {
    let mut given = [param.kernel_size, param.kernel_h, param.kernel_w];
    match given {
        [Some(_), Some(_), Some(_)] => {
            return Err(Refusal::at(KERNEL[0], "kernel_size is given as well as kernel_h and kernel_w"));
        }
        [None, None, None] => {
            let help = "give kernel_size, or kernel_h and kernel_w, or global_pooling: true";
            return Err(Refusal::at(KERNEL[0], "kernel_size is missing").help(help));
        }
        [Some(_), ..] => given = [param.kernel_size, None, None],
        [None, ..] => {}
    }
    pair(KERNEL, given, 0, 1)
}

/// A setting for height and width, given once or for both of them, of at least `least`.
fn pair(fields: [&'static str; 3], given: [Option<u32>; 3], default: u32, least: i64) -> Result<[i64; 2], Refusal> {
    let [single, height, width] = fields;
    let names = fields.map(field_name);
    let value = |value: u32, field: &'static str| {
        let value = checked_size(value, field)?;
        ensure!(value >= least, field, "{} is {value}", field_name(field));
        Ok(value)
    };
    match given {
        [once, None, None] => Ok([value(once.unwrap_or(default), single)?; 2]),
        [None, Some(h), Some(w)] => Ok([value(h, height)?, value(w, width)?]),
        [Some(_), ..] => {
            Err(Refusal::at(single, format!("{} is given as well as {} or {}", names[0], names[1], names[2])))
        }
        [None, Some(_), None] => Err(Refusal::at(height, format!("{} is given without {}", names[1], names[2]))),
        [None, None, Some(_)] => Err(Refusal::at(width, format!("{} is given without {}", names[2], names[1]))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::setup;
    use crate::proto::caffe::LayerParameter;

    fn layer(param: PoolingParameter) -> LayerParameter {
        LayerParameter { pooling_param: Some(param.into()), ..Default::default() }
    }

    fn pool(kernel: u32, stride: u32, pad: u32) -> PoolingParameter {
        PoolingParameter {
            kernel_size: Some(kernel),
            stride: Some(stride),
            pad: (pad > 0).then_some(pad),
            ..Default::default()
        }
    }

    fn with_method(param: PoolingParameter, method: PoolMethod) -> PoolingParameter {
        PoolingParameter { pool: Some(method.into()), ..param }
    }

    fn floor(param: PoolingParameter) -> PoolingParameter {
        PoolingParameter { round_mode: Some(RoundMode::Floor.into()), ..param }
    }

    fn top(param: PoolingParameter, bottom: &[i32]) -> Vec<i32> {
        setup(&TYPES[0], &layer(param), &[bottom], 1).unwrap().tops[0].dims().to_vec()
    }

    fn refuse(param: PoolingParameter, bottom: &[i32]) -> (String, &'static str) {
        let refusal = setup(&TYPES[0], &layer(param), &[bottom], 1).unwrap_err();
        (refusal.message, refusal.field)
    }

    #[test]
    fn sizes_are_rounded_up_or_down() {
        assert_eq!(top(pool(3, 2, 0), &[2, 96, 6, 7]), [2, 96, 3, 3]); // 3 / 2 up, 4 / 2
        assert_eq!(top(floor(pool(3, 2, 0)), &[2, 96, 6, 7]), [2, 96, 2, 3]);
        assert_eq!(top(pool(5, 2, 0), &[1, 2, 3, 3]), [1, 2, 0, 0]);
        assert_eq!(top(pool(4, 2, 0), &[1, 2, 3, 3]), [1, 2, 1, 1]); // -0.5 up
        assert_eq!(top(floor(pool(4, 2, 0)), &[1, 2, 3, 3]), [1, 2, 0, 0]);
    }

    #[test]
    fn sizes_are_divided_as_floats() {
        // 16777217 is not a float: 16777216 / 16777216 is 1, not a little more.
        assert_eq!(top(pool(1, 16_777_216, 0), &[1, 1, 16_777_218, 1]), [1, 1, 2, 1]);
    }

    #[test]
    fn any_pad_drops_the_last_window_of_both_axes() {
        assert_eq!(top(pool(2, 2, 1), &[1, 2, 6, 7]), [1, 2, 4, 4]);
        assert_eq!(top(pool(2, 3, 1), &[1, 2, 6, 7]), [1, 2, 3, 3]);
        let windows = PoolingParameter {
            kernel_h: Some(3),
            kernel_w: Some(1),
            stride_h: Some(1),
            stride_w: Some(3),
            ..Default::default()
        };
        assert_eq!(top(windows.clone(), &[1, 1, 6, 5]), [1, 1, 4, 3]);
        let padded = PoolingParameter { pad_h: Some(1), pad_w: Some(0), ..windows.clone() };
        assert_eq!(top(padded.clone(), &[1, 1, 6, 5]), [1, 1, 6, 2]);
    }

    #[test]
    fn max_pooling_may_have_a_mask() {
        let done = setup(&TYPES[0], &layer(pool(2, 2, 0)), &[&[1, 3, 4, 4]], 2).unwrap();
        assert_eq!(done.tops[1].dims(), [1, 3, 2, 2]);
        let average = layer(with_method(pool(2, 2, 0), PoolMethod::Ave));
        let refusal = setup(&TYPES[0], &average, &[&[1, 3, 4, 4]], 2).unwrap_err();
        assert_eq!(refusal.message, "AVE pooling makes 1 top, 2 given; only MAX has a second one");
        let refusal = setup(&TYPES[0], &layer(pool(2, 2, 0)), &[&[1, 3, 4, 4]], 3).unwrap_err();
        assert_eq!(refusal.message, "Pooling makes 1 to 2 tops, 3 given");
    }

    #[test]
    fn global_pooling_takes_the_whole_picture() {
        let global = PoolingParameter { global_pooling: Some(true), ..Default::default() };
        assert_eq!(top(global.clone(), &[2, 5, 7, 9]), [2, 5, 1, 1]);
        let sized = PoolingParameter { kernel_h: Some(7), ..global.clone() };
        assert_eq!(refuse(sized.clone(), &[2, 5, 7, 9]), ("global pooling takes no kernel_h".into(), KERNEL[1]));
        let strided = PoolingParameter { stride: Some(2), ..global.clone() };
        let expected = "global pooling takes no pad and no stride, pad 0 x 0 and stride 2 x 2 given";
        assert_eq!(refuse(strided.clone(), &[2, 5, 7, 9]), (expected.into(), "pooling_param.global_pooling"));
        let expected = ("global pooling over a picture of 0 x 9".into(), "bottom");
        assert_eq!(refuse(global.clone(), &[2, 5, 0, 9]), expected);
    }

    #[test]
    fn beside_kernel_size_one_side_is_ignored_and_both_are_refused() {
        let odd = PoolingParameter { kernel_h: Some(2), ..pool(3, 1, 0) };
        assert_eq!(top(odd.clone(), &[1, 2, 6, 6]), [1, 2, 4, 4]);
        let both = PoolingParameter { kernel_w: Some(2), ..odd.clone() };
        let expected = "kernel_size is given as well as kernel_h and kernel_w";
        assert_eq!(refuse(both.clone(), &[1, 2, 6, 6]), (expected.into(), KERNEL[0]));
    }

    #[test]
    fn half_and_doubled_settings_are_refused() {
        let bottom = &[1, 2, 6, 6];
        let at = |message: &str, field| (message.to_owned(), field);
        assert_eq!(refuse(PoolingParameter::default(), bottom), at("kernel_size is missing", KERNEL[0]));
        let half = PoolingParameter { kernel_h: Some(2), ..Default::default() };
        assert_eq!(refuse(half, bottom), at("kernel_h is given without kernel_w", KERNEL[1]));
        let half = PoolingParameter { pad_h: Some(1), ..pool(2, 1, 0) };
        assert_eq!(refuse(half, bottom), at("pad_h is given without pad_w", PAD[1]));
        let half = PoolingParameter { kernel_size: Some(2), stride_w: Some(1), ..Default::default() };
        assert_eq!(refuse(half, bottom), at("stride_w is given without stride_h", STRIDE[2]));
        let both = PoolingParameter { pad_h: Some(1), pad_w: Some(1), ..pool(2, 1, 1) };
        assert_eq!(refuse(both.clone(), bottom), at("pad is given as well as pad_h or pad_w", PAD[0]));
        assert_eq!(refuse(pool(0, 1, 0), bottom), at("kernel_size is 0", KERNEL[0]));
        assert_eq!(refuse(pool(2, 0, 0), bottom), at("stride is 0", STRIDE[0]));
        let huge = at("kernel_size 2147483648 is more than 2147483647", KERNEL[0]);
        assert_eq!(refuse(pool(1 << 31, 1, 0), bottom), huge);
    }

    #[test]
    fn pads_and_sizes_must_fit() {
        let bottom = &[1, 2, 6, 6];
        let at = |message: &str, field| (message.to_owned(), field);
        assert_eq!(refuse(pool(2, 1, 2), bottom), at("pad 2 is not smaller than the kernel size 2", FIELD));
        let stochastic = with_method(pool(2, 1, 1), PoolMethod::Stochastic);
        assert_eq!(refuse(stochastic, bottom), at("STOCHASTIC pooling takes no pad", FIELD));
        let expected = "the output size would be -2: kernel size 9 over 6 elements, pad 0, stride 1";
        assert_eq!(refuse(pool(9, 1, 0), bottom), at(expected, FIELD));
        assert_eq!(refuse(pool(2, 1, 0), &[1, 2, 6]), at("the bottom (1, 2, 6) must have 4 axes", "bottom"));
        let most = i32::MAX as u32;
        let expected = at("pad 2147483646 on both sides is too much", FIELD);
        assert_eq!(refuse(pool(most, 1, most - 1), bottom), expected);
    }
}
