//! EnhancedImageData and ImageSegData of Xilinx' Caffe: pictures named in a list file, with several labels or one for
//! each pixel.
//!
//! Tops: the pictures as [ImageData](super::image) makes them, of C x H x W; and (batch_size, `label_num`), or
//! (batch_size, 1, H, W). Lines of the first one's list that hold nothing do not count. The pictures of labels are not
//! looked at while the net is built. Draws: as ImageData.

use super::image::{beginning, check_channels, listed_pictures};
use crate::Shape;
use crate::data::image_list::ListForm;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::checked_size;
use crate::layer::{Arity, Layer, LayerType, Setup, SetupContext};

pub(super) const TYPE: LayerType =
    entry("EnhancedImageData", "Reads pictures, each with several labels, named in a list file", &with_labels);

pub(super) const SEGMENTED: LayerType =
    entry("ImageSegData", "Reads pictures and the labels of their pixels, named in a list file", &segmented);

const fn entry(name: &'static str, summary: &'static str, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(name, summary, Arity::exactly(0), Arity::exactly(2), rule)
        .params(&["image_data_param", "transform_param"])
        .brings_data()
        .shaped_by_draws(|layer| layer.image_data_param.as_deref().is_some_and(|param| beginning(param).is_random()))
        .known(Known::In(&["xilinx"]))
}

fn with_labels(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const LABELS: &str = "image_data_param.label_num";
    let labels = ctx.param.image_data_param.as_deref().map_or(1, |param| param.label_num());
    let labels = checked_size(labels, LABELS)?;
    listed_pictures(ctx, ListForm::FilledLines, |ctx, data| {
        let made = || Shape::new([i64::from(data.dims()[0]), labels]).at(LABELS);
        let labels = ctx.user_shape(1).cloned().map_or_else(made, Ok)?;
        Ok(vec![data, labels])
    })
}

fn segmented(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let has_mean = ctx.param.transform_param.as_deref().is_some_and(|param| param.mean_file.is_some());
    ensure!(!has_mean, "transform_param.mean_file", "ImageSegData takes no mean_file");
    check_channels(ctx)?;
    listed_pictures(ctx, ListForm::FirstWords, |ctx, data| {
        let &[items, _, height, width] = data.dims() else {
            return Err(Refusal::at("top", format!("the data top has no height and width: {data}")));
        };
        let made = || Shape::new([items, 1, height, width]).at("top");
        let labels = ctx.user_shape(1).cloned().map_or_else(made, Ok)?;
        Ok(vec![data, labels])
    })
}

#[cfg(test)]
mod tests {
    use crate::Shape;
    use crate::layer::Draw;
    use crate::layer::data::tests::given;
    use crate::layer::testing::Surroundings;

    fn run(name: &str, text: &str, user_shapes: &[Option<Shape>]) -> Result<Vec<Vec<i32>>, String> {
        let xilinx = Surroundings { user_shapes, ..Surroundings::of("xilinx") };
        let made = xilinx.run(name, &format!("top: 'data' top: 'label' {text}"), &[], 2)?;
        assert_eq!(made.draws, [Draw::Skip(2)]);
        Ok(made.tops.iter().map(|top| top.dims().to_vec()).collect())
    }

    #[test]
    fn labels_are_several_or_one_a_pixel() {
        let pictures = [given(&[3, 8, 9])];
        let text = "image_data_param { batch_size: 4 shuffle: true label_num: 5 }";
        let labels = |name: &str| run(name, text, &pictures).unwrap()[1].clone();
        assert_eq!(labels("EnhancedImageData"), [4, 5]);
        assert_eq!(labels("ImageSegData"), [4, 1, 8, 9]);
        let error = run("EnhancedImageData", "image_data_param { label_num: 0 }", &pictures).unwrap_err();
        assert_eq!(error, "top: top 1 would be empty: its shape is (1, 0)");
    }

    #[test]
    fn segments_take_no_mean_and_no_unknown_channels() {
        let error = |text: &str| run("ImageSegData", text, &[]).unwrap_err();
        let message = "transform_param.mean_file: ImageSegData takes no mean_file";
        assert_eq!(error("transform_param { mean_file: 'm' }"), message);
        let message = "pictures keep the channels of their files, which are not looked at";
        for name in ["ImageSegData", "ImageData"] {
            let error = run(name, "image_data_param { is_unchanged: true }", &[]).unwrap_err();
            assert_eq!(error, format!("image_data_param.is_unchanged: {message}"));
        }
    }
}
