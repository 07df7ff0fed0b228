//! VolumeData, VideoSegmentationData and VideoWithVoxelTruthData: volumes, (N, C, L, H, W), and what is true of them
//! (C3D 1.0).
//!
//! | type | from | second top |
//! |---|---|---|
//! | VolumeData | records of a LevelDB, each a volume | labels, (N); it may be left out |
//! | VideoSegmentationData | blobs in files, the last channel of which is the truth | (N, 1, L, H, W) |
//! | VideoWithVoxelTruthData | blobs in files, the last `num_truth_channels` of which are the truth | (N, `num_truth_channels`, L, H, W) |
//!
//! Neither the records nor the files are read: the shape of the volumes, C and L with it, has to be given. With
//! `crop_size` H and W are that. Draws: those of a layer that transforms pictures, see [`transform`](super::transform),
//! one more for `shuffle`, and one more for `rand_skip`.

use super::DataSource;
use super::clips::given_clips;
use super::list::Beginning;
use super::source::ShapeSource;
use super::tops::{check_batch, check_prefetched};
use super::transform::Transform;
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal};
use crate::layer::size::positive_size;
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext};

/// That of a database.
pub(super) const DATABASE: LayerType =
    entry("VolumeData", "Reads volumes from a database", Arity::between(1, 2), &database).params(&["data_param"]);

/// That of volumes and segmentations.
pub(super) const SEGMENTED: LayerType =
    entry("VideoSegmentationData", "Reads volumes and their segmentations", Arity::exactly(2), &segmented)
        .params(&["video_data_param"]);

/// That of volumes and any truth of theirs.
pub(super) const BLOBS: LayerType =
    entry("VideoWithVoxelTruthData", "Reads volumes and what is true of each voxel", Arity::exactly(2), &with_truth)
        .params(&["video_data_param"]);

const fn entry(name: &'static str, summary: &'static str, tops: Arity, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(name, summary, Arity::exactly(0), tops, rule).brings_data().known(Known::In(&["c3d-1.0"]))
}

/// What a layer reads, and how it begins.
struct Volumes<'a> {
    batch: u32,
    batch_field: &'static str,
    source: ShapeSource<'a>,
    start: Beginning,
}

impl Volumes<'_> {
    /// The layer whose second top has this shape beside the volumes.
    fn setup(
        &self,
        ctx: &SetupContext<'_>,
        second: impl FnOnce(&Shape) -> Result<Shape, Refusal>,
    ) -> Result<Setup, Refusal> {
        let mut notices = Vec::new();
        let transform = Transform::of_clips(ctx, &mut notices)?;
        check_batch(ctx, self.batch_field, self.batch)?;
        let given = given_clips(ctx, positive_size(self.batch, self.batch_field)?)?;
        let given = given.ok_or_else(|| self.source.unknown_shape(ctx, 0, "volumes are not read"))?;
        let mut dims: Vec<i64> = given.dims().iter().map(|&dim| i64::from(dim)).collect();
        if transform.crop_size() > 0 {
            dims[3..].fill(transform.crop_size().into());
        }
        let mut tops = vec![Shape::new(dims).at("transform_param.crop_size")?];
        if ctx.top_count() > 1 {
            tops.push(second(&tops[0])?);
        }
        check_prefetched(ctx, &tops)?;
        let draws = transform.prefetching_draws(ctx, self.start.draws());
        Ok(Setup { draws, notices, ..Setup::new(ctx, Operator::Data(DataSource::Dataset), tops) })
    }
}

fn database(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.data_param.as_deref().cloned().unwrap_or_default();
    let volumes = Volumes {
        batch: param.batch_size(),
        batch_field: "data_param.batch_size",
        source: ShapeSource { field: "data_param.source", name: param.source(), pattern: "C,L,H,W" },
        start: Beginning { shuffle: false, rand_skip: param.rand_skip() },
    };
    volumes.setup(ctx, |data| Shape::new([data.dims()[0]]).at("top"))
}

fn segmented(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    in_files(ctx, 1)
}

fn with_truth(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let channels = ctx.param.video_data_param.as_deref().and_then(|param| param.num_truth_channels);
    in_files(ctx, positive_size(channels.unwrap_or(1), "video_data_param.num_truth_channels")?)
}

/// The layer whose files have so many channels that are true of the others.
fn in_files(ctx: &SetupContext<'_>, truths: i64) -> Result<Setup, Refusal> {
    let param = ctx.param.video_data_param.as_deref().cloned().unwrap_or_default();
    let volumes = Volumes {
        batch: param.batch_size.unwrap_or(0),
        batch_field: "video_data_param.batch_size",
        source: ShapeSource {
            field: "video_data_param.source",
            name: param.source.as_deref().unwrap_or_default(),
            pattern: "C,L,H,W",
        },
        start: Beginning { shuffle: param.shuffle(), rand_skip: param.rand_skip.unwrap_or(0) },
    };
    volumes.setup(ctx, |data| {
        let mut dims: Vec<i64> = data.dims().iter().map(|&dim| i64::from(dim)).collect();
        dims[1] = truths;
        Shape::new(dims).at("top")
    })
}

#[cfg(test)]
mod tests {
    use crate::layer::Draw;
    use crate::layer::data::tests::given;
    use crate::layer::testing::Surroundings;

    #[test]
    fn the_shape_has_to_be_given() {
        let first = || Surroundings::of("c3d-1.0");
        let text = "data_param { source: 's' batch_size: 2 rand_skip: 3 } transform_param { crop_size: 5 }";
        let error = first().run("VolumeData", text, &[], 2).unwrap_err();
        assert_eq!(error, "data_param.source: the shape of top \"\" is not known: volumes are not read");
        let user_shapes = [given(&[3, 16, 8, 9])];
        let made = Surroundings { user_shapes: &user_shapes, ..first() }.run("VolumeData", text, &[], 2).unwrap();
        assert_eq!((made.tops[0].dims(), made.tops[1].dims()), (&[2, 3, 16, 5, 5][..], &[2][..]));
        assert_eq!(made.draws, [Draw::Skip(2)]);
        let text = "video_data_param { source: 's' batch_size: 2 num_truth_channels: 2 shuffle: true }";
        let top = |name: &str| {
            let made = Surroundings { user_shapes: &user_shapes, ..first() }.run(name, text, &[], 2).unwrap();
            (made.tops[1].dims().to_vec(), made.draws)
        };
        assert_eq!(top("VideoSegmentationData"), (vec![2, 1, 16, 8, 9], vec![Draw::Skip(1)]));
        assert_eq!(top("VideoWithVoxelTruthData").0, [2, 2, 16, 8, 9]);
    }
}
