//! Layers that compare or thin out the voxels of volumes, (N, C, L, H, W) (C3D 1.0). No blobs, no draws.
//!
//! | type | bottoms | top |
//! |---|---|---|
//! | DownSampling | a volume | (N, C, L / `temporal_factor`, H / `spatial_factor`, W / `spatial_factor`), rounded down |
//! | VoxelCustomLoss | a volume and one like it | none, or a number |
//! | VoxelSoftmax | scores | like the bottom |
//! | VoxelSoftmaxWithLoss | scores, and a label for each voxel | none |

use super::{Arity, Deployment, Layer, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};

const FACTORS: [&str; 2] = ["down_sampling_param.temporal_factor", "down_sampling_param.spatial_factor"];

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    entry("DownSampling", "Keeps one voxel of each block", 1, Arity::exactly(1), &down_sampling)
        .params(&["down_sampling_param"])
        .keeps_signal(),
    entry("VoxelCustomLoss", "Compares the voxels of two volumes", 2, Arity::between(0, 1), &custom_loss).judges_both(),
    entry("VoxelSoftmax", "Makes the values of each voxel into probabilities", 1, Arity::exactly(1), &softmax),
    entry(
        "VoxelSoftmaxWithLoss",
        "Takes the negative log-likelihood of each voxel's label under the softmax of its scores",
        2,
        Arity::exactly(0),
        &softmax_loss,
    )
    .deployed(|_| Deployment::LossOf("VoxelSoftmax")),
];

const fn entry(
    name: &'static str,
    summary: &'static str,
    bottoms: usize,
    tops: Arity,
    rule: &'static dyn Layer,
) -> LayerType {
    LayerType::new(name, summary, Arity::exactly(bottoms), tops, rule).weightless().known(Known::In(&["c3d-1.0"]))
}

/// The sizes of a bottom.
fn volume(ctx: &SetupContext<'_>, bottom: usize) -> Result<[i32; 5], Refusal> {
    let shape = ctx.bottom(bottom);
    ctx.volume(bottom).ok_or_else(|| Refusal::at("bottom", format!("the bottom {shape} must have 5 axes")))
}

/// Checks that both bottoms agree from this axis on.
fn check_same(ctx: &SetupContext<'_>, axis: usize) -> Result<(), Refusal> {
    let [first, second] = [volume(ctx, 0)?, volume(ctx, 1)?];
    let (a, b) = (ctx.bottom(0), ctx.bottom(1));
    ensure!(first[axis..] == second[axis..], "bottom", "the bottoms {a} and {b} differ from axis {axis} on");
    Ok(())
}

fn down_sampling(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.down_sampling_param().unwrap_or_default();
    let mut dims = volume(ctx, 0)?.map(i64::from);
    let factors = [param.temporal_factor(), param.spatial_factor()];
    for (factor, field) in factors.into_iter().zip(FACTORS) {
        ensure!(factor > 1, field, "the factor {factor} is not above 1");
    }
    for (dim, factor) in dims[2..].iter_mut().zip([factors[0], factors[1], factors[1]]) {
        *dim /= i64::from(factor);
    }
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new(dims).at("down_sampling_param")?]))
}

fn softmax(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    Ok(Setup::like_bottom(ctx, Operator::Opaque))
}

fn softmax_loss(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    check_same(ctx, 2)?;
    Ok(Setup::new(ctx, Operator::Opaque, []))
}

fn custom_loss(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let [first, second] = [volume(ctx, 0)?, volume(ctx, 1)?];
    ensure!(first[0] == second[0], "bottom", "the bottoms have {} and {} items", first[0], second[0]);
    check_same(ctx, 1)?;
    Ok(Setup::new(ctx, Operator::Opaque, vec![Shape::scalar(); ctx.top_count()]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    const VOLUME: &[i32] = &[2, 3, 8, 7, 6];

    #[test]
    fn shapes() {
        let first = Surroundings::of("c3d-1.0");
        let factors = "down_sampling_param { temporal_factor: 2 spatial_factor: 3 }";
        assert_eq!(first.top("DownSampling", factors, &[VOLUME]), [2, 3, 4, 2, 2]);
        assert_eq!(first.top("DownSampling", factors, &[&[2, 3, 7, 6]]), [2, 3, 0, 2, 2]);
        assert_eq!(first.top("VoxelSoftmax", "", &[VOLUME]), VOLUME);
        assert_eq!(first.run("VoxelSoftmaxWithLoss", "", &[VOLUME, &[2, 1, 8, 7, 6]], 0).unwrap().tops.len(), 0);
        assert_eq!(first.run("VoxelCustomLoss", "", &[VOLUME; 2], 1).unwrap().tops[0].axes(), 0);
    }

    #[test]
    fn refusals() {
        let first = Surroundings::of("c3d-1.0");
        let error = first.refusal("DownSampling", "down_sampling_param { temporal_factor: 2 }", &[VOLUME]);
        assert_eq!(error, "down_sampling_param.spatial_factor: the factor 0 is not above 1");
        let other: &[i32] = &[2, 1, 8, 7, 5];
        let error = first.run("VoxelSoftmaxWithLoss", "", &[VOLUME, other], 0).unwrap_err();
        assert_eq!(error, "bottom: the bottoms (2, 3, 8, 7, 6) and (2, 1, 8, 7, 5) differ from axis 2 on");
        let error = first.run("VoxelCustomLoss", "", &[VOLUME, &[1, 3, 8, 7, 6]], 0).unwrap_err();
        assert_eq!(error, "bottom: the bottoms have 2 and 1 items");
    }
}
