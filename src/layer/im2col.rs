//! Im2col: lays the windows of a convolution out as channels.
//!
//! (N.., C, D..) becomes (N.., C * kernel.., O..) with the windows and output sizes of Convolution; there must be at
//! least one spatial axis. No blobs, no draws. The output may be empty. Older Caffes take four axes alone, and no
//! dilation but ParseNet's `filter_stride`.

use super::convolution::Window;
use super::pooling::picture_size;
use super::{Arity, LayerType, Operator, Setup, SetupContext, length};
use crate::Shape;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::ConvolutionParameter;

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "Im2col",
    "Lays out the windows of a convolution as channels",
    Arity::exactly(1),
    Arity::exactly(1),
    &im2col,
)
.params(&["convolution_param"])
.weightless()];

/// The windows of a convolution, laid out as channels.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Im2col {
    /// The axis of the channels.
    pub axis: usize,
    /// The window along each of the axes behind it.
    pub windows: Vec<Window>,
}

impl Im2col {
    /// The shape of the top.
    fn top(&self, bottom: &Shape) -> Result<Shape, Refusal> {
        let axis = self.axis;
        let mut dims: Vec<i64> = bottom.dims().iter().map(|&dim| i64::from(dim)).collect();
        for (index, window) in self.windows.iter().enumerate() {
            let position = axis + 1 + index;
            // A product that saturates is far above what a shape takes.
            dims[axis] = dims[axis].saturating_mul(window.kernel);
            dims[position] = window.convolved(bottom.dims()[position])?;
        }
        Shape::new(dims).at("convolution_param")
    }
}

fn im2col(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = ConvolutionParameter::default();
    let param = ctx.param.convolution_param.as_deref().unwrap_or(&default);
    let axis = ctx.bottom_axis(0, param.axis(), "convolution_param.axis")?;
    if length::is_passed_over(ctx, axis) {
        return length::passed_over(ctx, |ctx| columns(ctx, param, 1));
    }
    columns(ctx, param, axis)
}

/// The windows of the axes behind this one as channels.
fn columns(ctx: &SetupContext<'_>, param: &ConvolutionParameter, axis: usize) -> Result<Setup, Refusal> {
    let bottom = ctx.bottom(0);
    let spatial = bottom.axes() - axis - 1;
    ensure!(spatial > 0, "convolution_param.axis", "no spatial axis after axis {axis} of the bottom {bottom}");
    let windows = match ctx.dialect.traits.convolutions_take_any_axes {
        true => Window::over(param, &bottom.dims()[axis + 1..], false)?,
        false => picture_size(bottom).and_then(|_| undilated(param))?,
    };
    let operator = Im2col { axis, windows };
    let top = operator.top(bottom)?;
    Ok(Setup::new(ctx, Operator::Im2col(operator), [top]))
}

/// The windows as older Caffes have them.
fn undilated(param: &ConvolutionParameter) -> Result<Vec<Window>, Refusal> {
    Window::of_pairs(&ConvolutionParameter { dilation: Vec::new(), dilation_h: None, ..param.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{Surroundings, setup};
    use crate::proto::caffe::LayerParameter;

    fn layer(param: ConvolutionParameter, bottom: &[i32]) -> Result<Setup, Refusal> {
        let layer = LayerParameter { convolution_param: Some(param.into()), ..Default::default() };
        setup(&TYPES[0], &layer, &[bottom], 1)
    }

    fn top(param: ConvolutionParameter, bottom: &[i32]) -> Vec<i32> {
        let setup = layer(param, bottom).unwrap();
        assert!(setup.blobs.is_empty() && setup.draws.is_empty());
        setup.tops[0].dims().to_vec()
    }

    fn refuse(param: ConvolutionParameter, bottom: &[i32]) -> String {
        layer(param, bottom).unwrap_err().message
    }

    #[test]
    fn channels_are_multiplied_by_the_window() {
        let kernel = |sizes: &[u32]| ConvolutionParameter { kernel_size: sizes.to_vec(), ..Default::default() };
        assert_eq!(top(kernel(&[3]), &[1, 2, 6, 7]), [1, 18, 4, 5]);
        let strided = ConvolutionParameter { stride: vec![2], pad: vec![0, 1], ..kernel(&[1, 4]) };
        assert_eq!(top(strided, &[1, 2, 6, 7]), [1, 8, 3, 3]);
        assert_eq!(top(kernel(&[2]), &[1, 2, 4, 5, 3]), [1, 16, 3, 4, 2]);
        let inner = ConvolutionParameter { axis: Some(-2), stride: vec![2], ..kernel(&[2]) };
        assert_eq!(top(inner, &[1, 2, 6, 7]), [1, 2, 12, 3]);
        assert_eq!(top(kernel(&[4]), &[2, 3, 3]), [2, 12, 0]);
    }

    #[test]
    fn parsenet_s_windows_have_gaps() {
        let parsenet = Surroundings::of("weiliu-fcn");
        let bottom: &[i32] = &[1, 2, 7, 8];
        let top = |name: &str, fields: &str| {
            parsenet.top(name, &format!("convolution_param {{ num_output: 1 kernel_size: 3 {fields} }}"), &[bottom])
        };
        assert_eq!(top("Im2col", "filter_stride: 2"), [1, 18, 3, 4]);
        assert_eq!(top("Convolution", "filter_stride_h: 3 filter_stride_w: 1"), [1, 1, 1, 6]);
        assert_eq!(top("Deconvolution", "filter_stride: 2"), [1, 1, 11, 12]);
        assert_eq!(top("Convolution", "filter_stride: 0"), [1, 1, 7, 8]);
        let text = "convolution_param { kernel_size: 3 filter_stride_h: 2 }";
        let message = "convolution_param.filter_stride: give filter_stride, or both of filter_stride_h and \
                       filter_stride_w, or none";
        assert_eq!(parsenet.refusal("Im2col", text, &[bottom]), message);
    }

    #[test]
    fn bad_geometry_is_refused() {
        let kernel = |size: u32| ConvolutionParameter { kernel_size: vec![size], ..Default::default() };
        assert_eq!(refuse(ConvolutionParameter::default(), &[1, 2, 6, 6]), "kernel_size is missing");
        assert_eq!(refuse(kernel(1), &[4, 2]), "no spatial axis after axis 1 of the bottom (4, 2)");
        assert_eq!(
            refuse(kernel(8), &[1, 2, 6, 7]),
            "the output size would be -1: kernel extent 8 over 6 padded elements, stride 1"
        );
        let wide = ConvolutionParameter { pad: vec![32768], ..kernel(65536) };
        assert_eq!(
            refuse(wide, &[1, 1, 1, 1]),
            "a blob holds at most 2147483647 elements, 1 x 4294967296 x 2 x 2 are more"
        );
    }
}
