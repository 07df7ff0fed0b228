//! The sliding window that Convolution, Deconvolution and Im2col read from `convolution_param`.
//!
//! Kernel, stride, pad and dilation are each given once for all spatial axes or once for each; with exactly two
//! spatial axes the first three can be given as a pair `_h`, `_w` instead. Stride and dilation default to 1, pad to 0,
//! and a pad missing from its pair is 0. A dilation of 0 is allowed and makes the window one element wide.
//!
//! Synopsys' Caffe has two further ways to pad. `pad_t`, `pad_b`, `pad_l` and `pad_r`, once one of them is not 0, pad
//! each side of two spatial axes by itself, or crop it. `pad_type: 1` pads as much as makes `ceil(input / stride)`
//! positions, and has no effect on a Deconvolution. In Cambricon's `pad` may be given for each side:
//! [`Window::over_sides`].

use crate::error::{Refusal, ensure};
use crate::layer::size::{checked_size, field_name};
use crate::proto::caffe::ConvolutionParameter;

const KERNEL: &str = "convolution_param.kernel_size";
const STRIDE: &str = "convolution_param.stride";
const PAD: &str = "convolution_param.pad";
const PAD_TYPE: &str = "convolution_param.pad_type";
const SIDES: &str = "convolution_param.pad_l";
const DILATION: &str = "convolution_param.dilation";
const FILTER_STRIDE: &str = "convolution_param.filter_stride";

/// The window along one spatial axis; every number is at most `i32::MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Filter elements, at least 1.
    pub kernel: i64,
    /// Steps between two positions, at least 1.
    pub stride: i64,
    /// Elements added in front; fewer than 0 are cropped.
    pub pad: i64,
    /// Elements added at the end, as many as in front unless the net has them apart.
    pub pad_end: i64,
    /// Distance of two neighbouring filter elements.
    pub dilation: i64,
}

impl Window {
    /// The windows along spatial axes of these lengths.
    ///
    /// # Errors
    /// A setting is missing, given the wrong number of times or in two ways, or a kernel or a stride is 0.
    pub(in crate::layer) fn over(
        param: &ConvolutionParameter,
        inputs: &[i32],
        transposed: bool,
    ) -> Result<Vec<Window>, Refusal> {
        let mut windows = Window::along(param, inputs.len())?;
        let sides = sides(param, inputs.len())?;
        for (window, [pad, pad_end]) in windows.iter_mut().zip(sides.into_iter().flatten()) {
            (window.pad, window.pad_end) = (pad, pad_end);
        }
        match param.pad_type() {
            0 => {}
            _ if transposed => {}
            1 => windows.iter_mut().zip(inputs).for_each(|(window, &input)| window.pad_to_strides(input)),
            other => return Err(Refusal::at(PAD_TYPE, format!("pad_type {other} is neither 0 nor 1"))),
        }
        Ok(windows)
    }

    /// The same where `pad` may also be given twice for each axis: for the front of each, and then for the end of each
    /// (Cambricon's Caffe). A Deconvolution takes the pads in front for both sides.
    ///
    /// # Errors
    /// As before.
    pub(in crate::layer) fn over_sides(
        param: &ConvolutionParameter,
        inputs: &[i32],
        transposed: bool,
    ) -> Result<Vec<Window>, Refusal> {
        let axes = inputs.len();
        if axes == 0 || param.pad.len() != 2 * axes {
            return Window::over(param, inputs, transposed);
        }
        let mut front = param.clone();
        let ends = front.pad.split_off(axes);
        let mut windows = Window::over(&front, inputs, transposed)?;
        if !transposed {
            for (window, end) in windows.iter_mut().zip(ends) {
                window.pad_end = checked_size(end, PAD)?;
            }
        }
        Ok(windows)
    }

    /// Makes what the windows of a Deconvolution are put together to longer, along each axis by this many elements
    /// (happynear's `shape_offset`).
    ///
    /// # Errors
    /// There is not one number for each axis.
    pub(super) fn lengthen(windows: &mut [Window], offsets: &[u32]) -> Result<(), Refusal> {
        const OFFSET: &str = "convolution_param.shape_offset";
        let (given, axes) = (offsets.len(), windows.len());
        ensure!(given == 0 || given == axes, OFFSET, "shape_offset is given {given} times for {axes} spatial axes");
        for (window, &offset) in windows.iter_mut().zip(offsets) {
            window.pad_end -= checked_size(offset, OFFSET)?;
        }
        Ok(())
    }

    /// Pads the window so that it has `ceil(input / stride)` positions, with the odd element at the end.
    fn pad_to_strides(&mut self, input: i32) {
        let positions = (input as f32 / self.stride as f32).ceil() as i64;
        let missing = (positions - 1) * self.stride + self.extent() - i64::from(input);
        self.pad = missing.div_euclid(2);
        self.pad_end = missing - self.pad;
    }

    /// The windows along `axes` spatial axes, padded alike on both sides.
    fn along(param: &ConvolutionParameter, axes: usize) -> Result<Vec<Window>, Refusal> {
        let kernels = SpatialField {
            field: KERNEL,
            values: &param.kernel_size,
            pair: &[("convolution_param.kernel_h", param.kernel_h), ("convolution_param.kernel_w", param.kernel_w)],
            default: None,
        };
        let strides = SpatialField {
            field: STRIDE,
            values: &param.stride,
            pair: &[("convolution_param.stride_h", param.stride_h), ("convolution_param.stride_w", param.stride_w)],
            default: Some(1),
        };
        let pads = SpatialField {
            field: PAD,
            values: &param.pad,
            pair: &[("convolution_param.pad_h", param.pad_h), ("convolution_param.pad_w", param.pad_w)],
            default: Some(0),
        };
        let dilations = SpatialField { field: DILATION, values: &param.dilation, pair: &[], default: Some(1) };
        let (kernels, strides) = (kernels.positive(axes)?, strides.positive(axes)?);
        let (pads, dilations) = (pads.spread(axes)?, dilations.spread(axes)?);
        let window = |axis: usize| Window {
            kernel: kernels[axis],
            stride: strides[axis],
            pad: pads[axis].0,
            pad_end: pads[axis].0,
            dilation: dilations[axis].0,
        };
        Ok((0..axes).map(window).collect())
    }

    /// The windows over height and width, as Caffes before those of any number of axes read them: kernel, stride and
    /// pad are given once or as a pair, both of it. One of the kernel's pair counts for nothing beside `kernel_size`.
    ///
    /// `dilation_h`, which some trees have, stands for a pair, too, of which the other half is 0 where it is missing;
    /// `dilation_w` counts only beside it. In ParseNet's the dilation is called `filter_stride`, and given as a stride
    /// is.
    ///
    /// # Errors
    /// A setting is missing, given in two ways or by half, or a kernel or a stride is 0.
    pub(in crate::layer) fn of_pairs(param: &ConvolutionParameter) -> Result<Vec<Window>, Refusal> {
        let kernels = match (param.kernel_size.first(), param.kernel_h, param.kernel_w) {
            (Some(_), Some(_), Some(_)) => {
                return Err(Refusal::at(KERNEL, "kernel_size and kernel_h and kernel_w are given"));
            }
            (Some(&once), ..) => [(once, KERNEL); 2],
            (None, Some(height), Some(width)) => {
                [(height, "convolution_param.kernel_h"), (width, "convolution_param.kernel_w")]
            }
            (None, None, None) => {
                let help = "give kernel_size, or kernel_h and kernel_w";
                return Err(Refusal::at(KERNEL, "kernel_size is missing").help(help));
            }
            _ => return Err(Refusal::at(KERNEL, "kernel_h and kernel_w have to be given together")),
        };
        let strides = pair(param.stride.first(), 1, STRIDE, [param.stride_h, param.stride_w])?;
        let pads = pair(param.pad.first(), 0, PAD, [param.pad_h, param.pad_w])?;
        let filter_strides = [param.filter_stride_h, param.filter_stride_w];
        let (dilations, dilation) = match param.dilation_h {
            Some(height) => ([height, param.dilation_w.unwrap_or(0)], DILATION),
            None if param.filter_stride.is_some() || filter_strides != [None; 2] => {
                (pair(param.filter_stride.as_ref(), 1, FILTER_STRIDE, filter_strides)?, FILTER_STRIDE)
            }
            None => ([param.dilation.first().copied().unwrap_or(1); 2], DILATION),
        };
        let positive = |value: u32, field: &'static str| {
            ensure!(value > 0, field, "{} is 0", field_name(field));
            checked_size(value, field)
        };
        let window = |side: usize| {
            Ok(Window {
                kernel: positive(kernels[side].0, kernels[side].1)?,
                stride: positive(strides[side], STRIDE)?,
                pad: checked_size(pads[side], PAD)?,
                pad_end: checked_size(pads[side], PAD)?,
                dilation: checked_size(dilations[side], dilation)?,
            })
        };
        [0, 1].into_iter().map(window).collect()
    }

    /// The elements that the dilated filter spans: `dilation * (kernel - 1) + 1`.
    fn extent(self) -> i64 {
        self.dilation * (self.kernel - 1) + 1
    }

    /// The positions of the window over `input` elements: `(input + pads - extent) / stride + 1`.
    ///
    /// The division truncates towards zero, so a window too large by less than a stride still has one position.
    ///
    /// # Errors
    /// The number would be negative or does not fit an `i32`.
    pub(in crate::layer) fn convolved(self, input: i32) -> Result<i64, Refusal> {
        let (padded, extent, stride) = (i64::from(input) + self.pads(), self.extent(), self.stride);
        let output = (padded - extent) / stride + 1;
        ensure!(
            output >= 0 && i32::try_from(padded - extent).is_ok(),
            "convolution_param",
            "the output size would be {output}: kernel extent {extent} over {padded} padded elements, stride {stride}"
        );
        Ok(output)
    }

    /// The elements added on both sides.
    fn pads(self) -> i64 {
        self.pad + self.pad_end
    }

    /// The elements whose convolution has `input` positions: `stride * (input - 1) + extent - pads`.
    ///
    /// # Errors
    /// The number would be negative or does not fit an `i32`.
    pub(in crate::layer) fn deconvolved(self, input: i32) -> Result<i64, Refusal> {
        let (extent, stride, pad) = (self.extent(), self.stride, self.pad);
        let output = stride * (i64::from(input) - 1) + extent - self.pads();
        ensure!(
            output >= 0 && i32::try_from(output).is_ok(),
            "convolution_param",
            "the output size would be {output}: kernel extent {extent} at {input} positions, stride {stride}, pad {pad}"
        );
        Ok(output)
    }
}

/// What the four sides of a picture are padded by: height and width, each in front and at the end; none where all
/// are 0.
fn sides(param: &ConvolutionParameter, axes: usize) -> Result<Option<[[i64; 2]; 2]>, Refusal> {
    let sides = [[param.pad_t(), param.pad_b()], [param.pad_l(), param.pad_r()]];
    let (padded, typed) = (sides != [[0; 2]; 2], param.pad_type.is_some());
    if padded || typed {
        let other = if padded { "pad_l, pad_r, pad_t or pad_b" } else { "pad_type" };
        ensure!(param.pad.is_empty(), PAD, "pad and {other} are both given");
        let pairs = [("pad_h", param.pad_h()), ("pad_w", param.pad_w())];
        for (name, value) in pairs {
            ensure!(value == 0, PAD, "{name} and {other} are both given");
        }
    }
    if !padded {
        return Ok(None);
    }
    ensure!(axes == 2, SIDES, "pad_l, pad_r, pad_t and pad_b are only for 2 spatial axes, the bottom has {axes}");
    ensure!(param.pad_type() == 0, PAD_TYPE, "pad_type and pad_l, pad_r, pad_t or pad_b are both given");
    Ok(Some(sides.map(|pair| pair.map(i64::from))))
}

/// A setting for height and width, given once or for both.
fn pair(once: Option<&u32>, default: u32, field: &'static str, sides: [Option<u32>; 2]) -> Result<[u32; 2], Refusal> {
    match (once, sides) {
        (_, [None, None]) => Ok([once.copied().unwrap_or(default); 2]),
        (None, [Some(height), Some(width)]) => Ok([height, width]),
        _ => {
            let name = field_name(field);
            Err(Refusal::at(field, format!("give {name}, or both of {name}_h and {name}_w, or none")))
        }
    }
}

/// One setting of the window as the net gives it.
struct SpatialField<'a> {
    /// The repeated field.
    field: &'static str,
    /// Its values.
    values: &'a [u32],
    /// The fields for height and width, where there are such.
    pair: &'a [(&'static str, Option<u32>)],
    /// The value where the net gives none.
    default: Option<u32>,
}

impl SpatialField<'_> {
    /// The value for each of `axes` spatial axes, with the field it comes from.
    fn spread(&self, axes: usize) -> Result<Vec<(i64, &'static str)>, Refusal> {
        if let Some(&(field, _)) = self.pair.iter().find(|(_, value)| value.is_some()) {
            return self.spread_pair(field, axes);
        }
        let (name, count) = (field_name(self.field), self.values.len());
        let help = "give it once, or once for each spatial axis";
        if count == 0 && axes > 0 && self.default.is_none() {
            return Err(Refusal::at(self.field, format!("{name} is missing")).help(help));
        }
        if count > 1 && count != axes {
            let message = format!("{name} is given {count} times for {axes} spatial axes");
            return Err(Refusal::at(self.field, message).help(help));
        }
        let value = |axis: usize| self.values.get(if count == 1 { 0 } else { axis }).copied().or(self.default);
        (0..axes).filter_map(value).map(|value| Ok((checked_size(value, self.field)?, self.field))).collect()
    }

    /// The values of the pair, of which `given` is there.
    fn spread_pair(&self, given: &'static str, axes: usize) -> Result<Vec<(i64, &'static str)>, Refusal> {
        let (name, repeated) = (field_name(given), field_name(self.field));
        ensure!(axes == 2, given, "{name} is only for 2 spatial axes, the bottom has {axes}");
        ensure!(self.values.is_empty(), given, "{repeated} and {name} are both given");
        let mut spread = Vec::with_capacity(axes);
        for &(field, value) in self.pair {
            // A missing one is 0 in Caffe, which makes sense for a pad only.
            let Some(value) = value.or(self.default.filter(|&default| default == 0)) else {
                return Err(Refusal::at(given, format!("{name} is given without {}", field_name(field))));
            };
            spread.push((checked_size(value, field)?, field));
        }
        Ok(spread)
    }

    /// As [`SpatialField::spread`], where 0 will not do.
    fn positive(&self, axes: usize) -> Result<Vec<i64>, Refusal> {
        let check = |(value, field)| {
            ensure!(value > 0, field, "{} is 0", field_name(field));
            Ok(value)
        };
        self.spread(axes)?.into_iter().map(check).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(kernel: i64, stride: i64, pad: i64, dilation: i64) -> Window {
        Window { kernel, stride, pad, pad_end: pad, dilation }
    }

    fn refusal(param: ConvolutionParameter, axes: usize) -> (String, &'static str) {
        let refusal = Window::along(&param, axes).unwrap_err();
        (refusal.message, refusal.field)
    }

    #[test]
    fn each_side_may_have_a_pad_of_its_own() {
        let param = ConvolutionParameter { kernel_size: vec![3], pad: vec![1, 2, 0, 4], ..Default::default() };
        let pads = |transposed: bool| {
            let windows = Window::over_sides(&param, &[6, 7], transposed).unwrap();
            windows.iter().map(|window| [window.pad, window.pad_end]).collect::<Vec<_>>()
        };
        assert_eq!(pads(false), [[1, 0], [2, 4]]);
        assert_eq!(pads(true), [[1, 1], [2, 2]]);
        let refusal = Window::over(&param, &[6, 7], false).unwrap_err();
        assert_eq!(refusal.message, "pad is given 4 times for 2 spatial axes");
        let pair = ConvolutionParameter { pad: vec![1, 2], ..param.clone() };
        assert_eq!(Window::over_sides(&pair, &[6, 7], false), Window::over(&pair, &[6, 7], false));
    }

    #[test]
    fn settings_are_spread_over_the_axes() {
        let param = ConvolutionParameter {
            kernel_size: vec![3],
            stride: vec![1, 2, 3],
            dilation: vec![0],
            ..Default::default()
        };
        let expected = [window(3, 1, 0, 0), window(3, 2, 0, 0), window(3, 3, 0, 0)];
        assert_eq!(Window::along(&param, 3).unwrap(), expected);
    }

    #[test]
    fn a_pair_gives_height_and_width_and_only_a_pad_may_lack_one() {
        let param = ConvolutionParameter {
            kernel_h: Some(2),
            kernel_w: Some(5),
            stride_h: Some(3),
            stride_w: Some(1),
            pad_w: Some(4),
            ..Default::default()
        };
        assert_eq!(Window::along(&param, 2).unwrap(), [window(2, 3, 0, 1), window(5, 1, 4, 1)]);

        let lone = ConvolutionParameter { kernel_h: Some(2), ..Default::default() };
        let expected = ("kernel_h is given without kernel_w".into(), "convolution_param.kernel_h");
        assert_eq!(refusal(lone, 2), expected);
        let lone = ConvolutionParameter { kernel_size: vec![1], stride_w: Some(2), ..Default::default() };
        let expected = ("stride_w is given without stride_h".into(), "convolution_param.stride_w");
        assert_eq!(refusal(lone, 2), expected);
    }

    #[test]
    fn without_spatial_axes_a_kernel_is_not_needed_nor_looked_at() {
        assert_eq!(Window::along(&ConvolutionParameter::default(), 0).unwrap(), []);
        let zero = ConvolutionParameter { kernel_size: vec![0], stride: vec![0], ..Default::default() };
        assert_eq!(Window::along(&zero, 0).unwrap(), []);
        let two = ConvolutionParameter { kernel_size: vec![1, 1], ..Default::default() };
        assert_eq!(refusal(two, 0).0, "kernel_size is given 2 times for 0 spatial axes");
    }

    #[test]
    fn wrong_counts_and_doubled_settings_are_refused() {
        let kernel =
            |kernel_size: &[u32]| ConvolutionParameter { kernel_size: kernel_size.to_vec(), ..Default::default() };
        assert_eq!(refusal(kernel(&[]), 2), ("kernel_size is missing".into(), KERNEL));
        assert_eq!(refusal(kernel(&[1, 1, 1]), 2), ("kernel_size is given 3 times for 2 spatial axes".into(), KERNEL));
        assert_eq!(refusal(kernel(&[1, 0]), 2), ("kernel_size is 0".into(), KERNEL));
        let huge = ("kernel_size 2147483648 is more than 2147483647".into(), KERNEL);
        assert_eq!(refusal(kernel(&[1 << 31]), 1), huge);

        let dilation = ConvolutionParameter { dilation: vec![1, 2, 3], ..kernel(&[1]) };
        assert_eq!(refusal(dilation, 2), ("dilation is given 3 times for 2 spatial axes".into(), DILATION));
        let pads = ConvolutionParameter { pad: vec![1], pad_h: Some(1), ..kernel(&[1]) };
        assert_eq!(refusal(pads, 2), ("pad and pad_h are both given".into(), "convolution_param.pad_h"));
        let flat = ConvolutionParameter { stride_h: Some(1), stride_w: Some(1), ..kernel(&[1]) };
        let expected = "stride_h is only for 2 spatial axes, the bottom has 1";
        assert_eq!(refusal(flat, 1), (expected.into(), "convolution_param.stride_h"));
        let zero = ConvolutionParameter { stride: vec![0], ..kernel(&[1]) };
        assert_eq!(refusal(zero, 1), ("stride is 0".into(), STRIDE));
        let zero = ConvolutionParameter { stride_h: Some(1), stride_w: Some(0), ..kernel(&[1]) };
        assert_eq!(refusal(zero, 2), ("stride_w is 0".into(), "convolution_param.stride_w"));
    }

    #[test]
    fn convolution_truncates_towards_zero() {
        assert_eq!(window(3, 1, 0, 1).convolved(7), Ok(5));
        assert_eq!(window(3, 2, 1, 1).convolved(224), Ok(112));
        assert_eq!(window(3, 1, 2, 2).convolved(7), Ok(7));
        assert_eq!(window(4, 2, 0, 1).convolved(3), Ok(1)); // -1 / 2 = 0
        assert_eq!(window(4, 1, 0, 1).convolved(3), Ok(0));
        assert_eq!(window(9, 1, 0, 0).convolved(3), Ok(3)); // dilation 0: one element wide
        let refusal = window(6, 1, 0, 1).convolved(3).unwrap_err();
        assert_eq!(refusal.message, "the output size would be -2: kernel extent 6 over 3 padded elements, stride 1");
    }

    #[test]
    fn deconvolution_undoes_it() {
        assert_eq!(window(4, 2, 1, 1).deconvolved(5), Ok(10));
        assert_eq!(window(3, 2, 1, 2).deconvolved(9), Ok(19));
        assert_eq!(window(1, 1, 0, 1).deconvolved(0), Ok(0));
        let refusal = window(2, 1, 9, 1).deconvolved(5).unwrap_err();
        assert_eq!(refusal.message, "the output size would be -12: kernel extent 2 at 5 positions, stride 1, pad 9");
    }

    #[test]
    fn sides_may_differ() {
        let over = |param: ConvolutionParameter, inputs: &[i32]| Window::over(&param, inputs, false);
        let kernel = ConvolutionParameter { kernel_size: vec![3], stride: vec![2], ..Default::default() };
        let sides = ConvolutionParameter { pad_t: Some(1), pad_r: Some(-1), ..kernel.clone() };
        let windows = over(sides.clone(), &[6, 6]).unwrap();
        assert_eq!(windows.iter().map(|window| (window.pad, window.pad_end)).collect::<Vec<_>>(), [(1, 0), (0, -1)]);
        assert_eq!([windows[0].convolved(6), windows[1].convolved(6)], [Ok(3), Ok(2)]);
        let refusal = over(sides.clone(), &[6]).unwrap_err();
        let message = "pad_l, pad_r, pad_t and pad_b are only for 2 spatial axes, the bottom has 1";
        assert_eq!(refusal.message, message);
        let refusal = over(ConvolutionParameter { pad: vec![0], ..sides }, &[6, 6]).unwrap_err();
        assert_eq!(refusal.message, "pad and pad_l, pad_r, pad_t or pad_b are both given");
        let refusal = over(ConvolutionParameter { pad_type: Some(2), ..kernel }, &[6, 6]).unwrap_err();
        assert_eq!(refusal.message, "pad_type 2 is neither 0 nor 1");
    }

    #[test]
    fn padding_to_strides_gives_their_number() {
        for (kernel, stride) in [(1, 4), (3, 1), (3, 2), (7, 3)] {
            for input in 1..9 {
                let mut window = window(kernel, stride, 0, 1);
                window.pad_to_strides(input);
                assert_eq!(window.convolved(input), Ok((i64::from(input) + stride - 1) / stride));
            }
        }
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let most = i64::from(i32::MAX);
        assert!(window(most, 1, most, most).convolved(i32::MAX).is_err());
        assert!(window(most, most, 0, most).deconvolved(i32::MAX).is_err());
        assert!(window(1, 2, most, 1).convolved(3).is_err()); // 2 * pad alone overflows an int
    }
}
