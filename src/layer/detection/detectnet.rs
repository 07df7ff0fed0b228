//! DetectNetTransformation: pictures changed at random, and what a grid over them should predict (DetectNet, DIGITS).
//!
//! ```text
//! bottoms = pictures (N, 3, any, any), labels (N, ...)
//! tops    = pictures (N, 3, image_size_y, image_size_x), targets (N, 9 + greatest dst, image_size_y / stride, image_size_x / stride)
//! ```
//!
//! The sizes of the grid are rounded to the nearest, half a cell to the even one. `dst` is the class that an
//! `object_class` is mapped to; without any it counts as 0. Four axes at most, missing ones counting as 1. The mean
//! file of `transform_param` is read while the net is built. No blobs. Draws: one number.

use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::checked_size;
use crate::layer::{Arity, Draw, LayerType, Operator, Setup, SetupContext, blob_file};

const GRID: &str = "detectnet_groundtruth_param";
const STRIDE: &str = "detectnet_groundtruth_param.stride";

/// What there is to predict at a place beside the classes: whether an object is there, its box, and how it counts.
const VALUES: i64 = 8;

/// The longest mean file that is read.
const MAX_MEAN_BYTES: u64 = 256 << 20;

pub(super) const TYPE: LayerType = LayerType::new(
    "DetectNetTransformation",
    "Augments pictures at random and makes what a grid over them should predict",
    Arity::exactly(2),
    Arity::exactly(2),
    &setup,
)
.params(&["detectnet_groundtruth_param", "detectnet_augmentation_param", "transform_param"])
.known(Known::In(&["nvidia", "nvidia-0.15", "xilinx", "jacinto"]));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const MEAN_FILE: &str = "transform_param.mean_file";
    let param = ctx.param.detectnet_groundtruth_param().unwrap_or_default();
    let mut notices = Vec::new();
    if let Some(mean_file) = ctx.param.transform_param.as_deref().and_then(|param| param.mean_file.as_ref()) {
        blob_file::read_shape(
            &ctx.sources.find(mean_file, &mut notices),
            MEAN_FILE,
            mean_file,
            MAX_MEAN_BYTES,
            ctx.dialect,
        )?;
    }
    let (pictures, labels) = (ctx.bottom(0), ctx.bottom(1));
    let channels = ctx.legacy_dim(0, 1)?;
    ensure!(channels == 3, "bottom", "the pictures {pictures} have {channels} channels instead of 3");
    let (num, labelled) = (i64::from(ctx.legacy_dim(0, 0)?), i64::from(ctx.legacy_dim(1, 0)?));
    ensure!(num == labelled, "bottom", "the pictures {pictures} and the labels {labels} differ at axis 0");
    ensure!(param.stride() > 0, STRIDE, "stride must be at least 1");
    let height = checked_size(param.image_size_y(), "detectnet_groundtruth_param.image_size_y")?;
    let width = checked_size(param.image_size_x(), "detectnet_groundtruth_param.image_size_x")?;
    let classes = param.object_class.iter().map(|class| i64::from(class.dst())).max().unwrap_or(0) + 1;
    let cells = [height, width].map(|side| cells(side, param.stride()));
    let tops = [
        Shape::new([num, 3, height, width]).at(GRID)?,
        Shape::new([num, VALUES + classes, cells[0], cells[1]]).at(GRID)?,
    ];
    Ok(Setup { draws: vec![Draw::Skip(1)], notices, ..Setup::new(ctx, Operator::Opaque, tops) })
}

/// How many cells a side has, by Caffe's arithmetic in single precision.
fn cells(side: i64, stride: u32) -> i64 {
    (side as f32 * (1.0 / f64::from(stride)) as f32).round_ties_even() as i64
}

#[cfg(test)]
mod tests {
    use crate::layer::Draw;
    use crate::layer::testing::Surroundings;

    const NAME: &str = "DetectNetTransformation";

    #[test]
    fn targets_are_those_of_a_grid() {
        let nvidia = Surroundings::of("nvidia");
        let tops = |fields: &str| {
            let text = format!("detectnet_groundtruth_param {{ {fields} }}");
            let made = nvidia.run(NAME, &text, &[&[4, 3, 500, 900], &[4, 1, 9, 16]], 2).unwrap();
            assert_eq!(made.draws, [Draw::Skip(1)]);
            made.tops.iter().map(|top| top.dims().to_vec()).collect::<Vec<_>>()
        };
        let classes = "object_class { src: 1 dst: 0 } object_class { src: 8 dst: 2 }";
        let made = tops(&format!("stride: 16 image_size_x: 1248 image_size_y: 384 {classes}"));
        assert_eq!(made, [[4, 3, 384, 1248], [4, 11, 24, 78]]);
        assert_eq!(tops("stride: 4 image_size_x: 10 image_size_y: 6")[1], [4, 9, 2, 2]);
        assert_eq!(tops("stride: 4 image_size_x: 14 image_size_y: 15")[1], [4, 9, 4, 4]);
    }

    #[test]
    fn refusals() {
        let error =
            |text: &str, bottoms: &[&[i32]]| Surroundings::of("nvidia").run(NAME, text, bottoms, 2).unwrap_err();
        let message = "bottom: the pictures (4, 1, 5, 5) have 1 channels instead of 3";
        assert_eq!(error("", &[&[4, 1, 5, 5], &[4]]), message);
        let message = "bottom: the pictures (4, 3) and the labels (3) differ at axis 0";
        assert_eq!(error("", &[&[4, 3], &[3]]), message);
        let message = "detectnet_groundtruth_param.stride: stride must be at least 1";
        assert_eq!(error("detectnet_groundtruth_param { stride: 0 }", &[&[4, 3], &[4]]), message);
        let absent = error("transform_param { mean_file: 'absent' }", &[&[4, 3], &[4]]);
        let start = "transform_param.mean_file: cannot read the blob file \"absent\": ";
        assert!(absent.starts_with(start), "{absent}");
    }
}
