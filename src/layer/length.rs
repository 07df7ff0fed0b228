//! The length of blobs of pictures, as video-caffe has it: what makes pictures of a blob gives them a length of 1, and
//! convolutions take volumes of one picture each as pictures.

use super::{Operator, Setup, SetupContext};
use crate::Shape;
use crate::error::{AtField, Refusal, ensure};
use crate::shape::ShapeError;

impl SetupContext<'_> {
    /// The shape of so many pictures, (N, C, H, W), as a layer makes them of other blobs: in some dialects (N, C, 1, H,
    /// W), but of nothing at all (0, 0, 0, 0, 0).
    ///
    /// # Errors
    /// None for a shape of four axes.
    pub(super) fn pictures(&self, sizes: &Shape) -> Result<Shape, ShapeError> {
        match *sizes.dims() {
            [0, 0, 0, 0] if self.dialect.traits.pictures_have_length => Shape::new([0; 5]),
            _ if self.dialect.traits.pictures_have_length => with_length(sizes),
            _ => Ok(sizes.clone()),
        }
    }
}

/// The bottom as pictures, for a layer that takes no other number of axes: in some dialects it must have a length,
/// which is left out, whatever it is.
///
/// # Errors
/// It must, and has another number of axes than five.
pub(super) fn bottom_pictures(ctx: &SetupContext<'_>) -> Result<Shape, Refusal> {
    let bottom = ctx.bottom(0);
    if !ctx.dialect.traits.pictures_have_length {
        return Ok(bottom.clone());
    }
    ensure!(bottom.axes() == 5, "bottom", "the bottom {bottom} must have 5 axes");
    ctx.four_axes(0)
}

/// Whether a convolution with its channels along this axis takes its bottoms, volumes with a length of 1, as pictures.
pub(super) fn is_passed_over(ctx: &SetupContext<'_>, axis: usize) -> bool {
    ctx.dialect.traits.pictures_have_length && axis == 1 && matches!(ctx.bottom(0).dims(), [_, _, 1, _, _])
}

/// What a rule makes of bottoms of one shape, whose third axis is a length of 1: it sees them without, and its tops get
/// it back.
///
/// # Errors
/// Those of the rule; the layer gives weights without a length.
pub(super) fn passed_over(
    ctx: &SetupContext<'_>,
    rule: impl FnOnce(&SetupContext<'_>) -> Result<Setup, Refusal>,
) -> Result<Setup, Refusal> {
    let bottoms = vec![without_third(ctx.bottom(0)).at("bottom")?; ctx.bottoms.len()];
    let mut given = ctx.given.to_vec();
    if let Some(weights) = given.first_mut() {
        ensure!(
            weights.axes() == 5,
            "blobs",
            "blob 0 is given as {weights} and must have a length of 1 behind the channels, as the input has"
        );
        *weights = without_third(weights).at("blobs")?;
    }
    let mut setup = rule(&SetupContext { bottoms: &bottoms, given: &given, ..*ctx })?;
    for top in &mut setup.tops {
        *top = with_length(top).at("bottom")?;
    }
    for (blob, own) in setup.blobs.iter_mut().zip(ctx.given) {
        blob.shape = own.clone();
    }
    setup.operator = Operator::Opaque;
    Ok(setup)
}

fn with_length(shape: &Shape) -> Result<Shape, ShapeError> {
    let (front, sides) = shape.dims().split_at(2);
    Shape::new([front, &[1], sides].concat())
}

fn without_third(shape: &Shape) -> Result<Shape, ShapeError> {
    let dims = shape.dims();
    Shape::new([&dims[..2], &dims[3..]].concat())
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    const CONVOLUTION: &str = "convolution_param { num_output: 4 kernel_size: 3 stride: 2 }";

    fn video() -> Surroundings<'static> {
        Surroundings::of("video-caffe")
    }

    #[test]
    fn convolutions_pass_over_a_length_of_1() {
        let run = |name: &str, bottom: &[i32]| {
            let made = video().run(name, CONVOLUTION, &[bottom], 1).unwrap();
            let weights = made.blobs.first().map(|blob| blob.shape.dims().to_vec()).unwrap_or_default();
            (made.tops[0].dims().to_vec(), weights, made.macs)
        };
        let plain = run("Convolution", &[2, 3, 9, 7]);
        assert_eq!(plain, (vec![2, 4, 4, 3], vec![4, 3, 3, 3], 2 * 4 * 12 * 27));
        assert_eq!(run("Convolution", &[2, 3, 1, 9, 7]), (vec![2, 4, 1, 4, 3], plain.1, plain.2));
        assert_eq!(run("Convolution", &[2, 3, 5, 9, 7]).1, [4, 3, 3, 3, 3]);
        let (top, weights, _) = run("Deconvolution", &[2, 3, 1, 4, 3]);
        assert_eq!((top, weights), (vec![2, 4, 1, 9, 7], vec![3, 4, 3, 3]));
        assert_eq!(run("Im2col", &[2, 3, 1, 9, 7]).0, [2, 27, 1, 4, 3]);
        // The axis may be counted from behind, and only channels along axis 1 have a length behind them.
        let text = "convolution_param { num_output: 4 kernel_size: 3 axis: -4 }";
        assert_eq!(video().top("Convolution", text, &[&[2, 3, 1, 9, 7]]), [2, 4, 1, 7, 5]);
        let text = "convolution_param { num_output: 4 kernel_size: [1, 3, 3] axis: 1 }";
        let message = "convolution_param.kernel_size: kernel_size is given 3 times for 2 spatial axes";
        assert_eq!(video().refusal("Convolution", text, &[&[2, 3, 1, 9, 7]]), message);
    }

    #[test]
    fn given_weights_have_the_length_too() {
        let given = |weights: &str| {
            let text = format!(
                "convolution_param {{ num_output: 1 kernel_size: 1 bias_term: false }} blobs {{ shape {{ dim: [{weights}] }} data: 5 }}"
            );
            let made = video().run("Convolution", &text, &[&[1, 1, 1, 4, 4]], 1)?;
            Ok(made.blobs[0].shape.dims().to_vec())
        };
        assert_eq!(given("1, 1, 1, 1, 1"), Ok(vec![1; 5]));
        let message =
            "blobs: blob 0 is given as (1, 1, 1, 1) and must have a length of 1 behind the channels, as the input has";
        assert_eq!(given("1, 1, 1, 1"), Err(message.to_owned()));
    }

    #[test]
    fn pictures_get_a_length() {
        let top = |name: &str, text: &str, bottom: &[i32]| video().top(name, text, &[bottom]);
        let pooling = "pooling_param { kernel_size: 2 stride: 2 }";
        assert_eq!(top("Pooling", pooling, &[2, 3, 8, 6]), [2, 3, 1, 4, 3]);
        assert_eq!(top("Pooling", pooling, &[2, 3, 16, 8, 6]), [2, 3, 1, 4, 3]);
        assert_eq!(top("Pooling", "pooling_param { global_pooling: true }", &[2, 3, 1, 8, 6]), [2, 3, 1, 1, 1]);
        assert_eq!(top("LRN", "", &[2, 3, 16, 8, 6]), [2, 3, 1, 8, 6]);
        assert_eq!(top("SPP", "spp_param { pyramid_height: 1 }", &[2, 3, 16, 8, 6]), [2, 3, 1, 1, 1]);
        assert_eq!(top("SPP", "spp_param { pyramid_height: 2 }", &[2, 3, 1, 8, 6]), [2, 15]);
        assert_eq!(top("MVN", "", &[2, 3]), [2, 3, 1, 1, 1]);
        assert_eq!(top("MVN", "", &[2, 3, 16, 8, 6]), [2, 3, 1, 8, 6]);
        assert_eq!(top("PReLU", "", &[2, 3, 16, 8, 6]), [2, 3, 16, 8, 6]);
        let dummy = "dummy_data_param { num: 2 channels: 3 height: 4 width: 5 }";
        assert_eq!(video().top("DummyData", dummy, &[]), [2, 3, 1, 4, 5]);
        assert_eq!(video().top("DummyData", "dummy_data_param { shape { dim: [2, 3, 4, 5] } }", &[]), [2, 3, 4, 5]);
        let empty = "dummy_data_param { num: 0 channels: 0 height: 0 width: 0 data_filler { type: 'uniform' } }";
        assert_eq!(video().top("DummyData", empty, &[]), [0; 5]);
    }

    #[test]
    fn height_and_width_are_the_last_two_of_five_axes() {
        let pair: [&[i32]; 3] = [&[2, 3, 7, 1, 1], &[2, 3, 7, 1, 1], &[2]];
        assert!(video().run("ContrastiveLoss", "", &pair, 1).is_ok());
        let tall: [&[i32]; 3] = [&[2, 3, 1, 7, 1], &[2, 3, 1, 7, 1], &[2]];
        let message = "bottom: bottom 0 must have dimension 1 at axis 2, its shape is (2, 3, 1, 7, 1)";
        assert_eq!(video().refusal("ContrastiveLoss", "", &tall), message);
    }

    #[test]
    fn refusals() {
        let error = |name: &str, text: &str, bottom: &[i32]| video().refusal(name, text, &[bottom]);
        assert_eq!(error("LRN", "", &[2, 3, 8, 6]), "bottom: the bottom (2, 3, 8, 6) must have 5 axes");
        let within = "lrn_param { norm_region: WITHIN_CHANNEL }";
        let message = "bottom: within a channel there must be a length of 1, the input is (2, 3, 16, 8, 6)";
        assert_eq!(error("LRN", within, &[2, 3, 16, 8, 6]), message);
        assert_eq!(video().top("LRN", within, &[&[2, 3, 1, 8, 6]]), [2, 3, 1, 8, 6]);
        let message = "bottom: the bottom (2, 3, 8, 6) must have 5 axes";
        assert_eq!(error("SPP", "spp_param { pyramid_height: 1 }", &[2, 3, 8, 6]), message);
        let message = "bottom: the bottom (2, 3) must have 4 or 5 axes";
        assert_eq!(error("Pooling", "pooling_param { kernel_size: 2 }", &[2, 3]), message);
        let message = "bottom: MVN handles at most 5 axes, not the shape (1, 1, 1, 1, 1, 1)";
        assert_eq!(error("MVN", "", &[1; 6]), message);
        let message = "bottom: PReLU takes 2 to 5 axes, the input is (1, 1, 1, 1, 1, 1)";
        assert_eq!(error("PReLU", "", &[1; 6]), message);
    }
}
