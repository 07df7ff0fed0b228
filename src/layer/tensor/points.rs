//! Clouds of points, PointNet's: FarthestPointSample, QueryBallPoint, GroupPoint, ThreeNN and ThreeInterpolate.
//!
//! A cloud is (N, points, 3); `n` stands for `n_sample_point`:
//!
//! ```text
//! FarthestPointSample   cloud                            -> (N, n)
//! QueryBallPoint        cloud, centres (N, M, 3)         -> (N, M, n)
//! GroupPoint            features (N, points, C), indices -> indices.dims ++ [C]
//! ThreeNN               cloud, known points              -> two of the cloud's shape
//! ThreeInterpolate      features (N, points, C), indices (N, M, 3), weights -> (N, M, C)
//! ```
//!
//! No blobs, no draws.

use super::{SYNOPSYS, shaped, wide};
use crate::Shape;
use crate::error::{Refusal, ensure};
use crate::layer::size::checked_size;
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};

const ONE: Arity = Arity::exactly(1);
const TWO: Arity = Arity::exactly(2);
const COUNT: &str = "point_net_param.n_sample_point";

/// The entries of the layer table.
pub(in crate::layer) static TYPES: &[LayerType] = &[
    LayerType::new("FarthestPointSample", "Chooses points that lie far apart", ONE, ONE, &farthest)
        .params(&["point_net_param"])
        .known(SYNOPSYS),
    LayerType::new("GroupPoint", "Gathers the features of points by their indices", TWO, ONE, &group).known(SYNOPSYS),
    LayerType::new("QueryBallPoint", "Finds points around centres", TWO, ONE, &query)
        .params(&["point_net_param"])
        .known(SYNOPSYS),
    LayerType::new("ThreeInterpolate", "Averages the features of three points", Arity::exactly(3), ONE, &interpolate)
        .known(SYNOPSYS),
    LayerType::new("ThreeNN", "Finds the three nearest points", TWO, TWO, &nearest).known(SYNOPSYS),
];

/// The dimensions of a cloud.
fn cloud(ctx: &SetupContext<'_>, bottom: usize) -> Result<Vec<i64>, Refusal> {
    let shape: &Shape = ctx.bottom(bottom);
    ensure!(shape.axes() == 3, "bottom", "bottom {bottom} {shape} must have 3 axes: items, points, coordinates");
    Ok(wide(shape))
}

fn sampled(ctx: &SetupContext<'_>) -> Result<i64, Refusal> {
    match ctx.param.point_net_param().and_then(|param| param.n_sample_point) {
        Some(count) => checked_size(count, COUNT),
        None => Err(Refusal::at(COUNT, "n_sample_point is missing")),
    }
}

fn farthest(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let count = sampled(ctx)?;
    shaped(ctx, [cloud(ctx, 0)?[0], count], COUNT)
}

fn query(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let count = sampled(ctx)?;
    let radius = ctx.param.point_net_param().and_then(|param| param.radius).unwrap_or(-1.0);
    let reaches = radius > 0.0;
    ensure!(reaches, "point_net_param.radius", "radius must be given and above 0");
    let centres = cloud(ctx, 1)?;
    shaped(ctx, [centres[0], centres[1], count], COUNT)
}

fn group(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let features = cloud(ctx, 0)?;
    let indices = ctx.bottom(1);
    ensure!((2..=3).contains(&indices.axes()), "bottom", "the indices {indices} must have 2 or 3 axes");
    let mut dims = wide(indices);
    dims.push(features[2]);
    shaped(ctx, dims, "bottom")
}

fn nearest(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    cloud(ctx, 0)?;
    Ok(Setup::new(ctx, Operator::Opaque, vec![ctx.bottom(0).clone(); 2]))
}

fn interpolate(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let mut dims = cloud(ctx, 0)?;
    let indices = ctx.bottom(1);
    let Some(points) = indices.dim(1) else {
        return Err(Refusal::at("bottom", format!("the indices {indices} need an axis of points")));
    };
    dims[1] = points.into();
    shaped(ctx, dims, "bottom")
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn points_are_sampled_grouped_and_interpolated() {
        let synopsys = Surroundings::of("synopsys");
        let sample = "point_net_param { n_sample_point: 4 radius: 0.5 }";
        assert_eq!(synopsys.top("FarthestPointSample", sample, &[&[2, 9, 3]]), [2, 4]);
        assert_eq!(synopsys.top("QueryBallPoint", sample, &[&[2, 9, 3], &[2, 5, 3]]), [2, 5, 4]);
        assert_eq!(synopsys.top("GroupPoint", "", &[&[2, 9, 6], &[2, 5, 4]]), [2, 5, 4, 6]);
        assert_eq!(synopsys.top("ThreeInterpolate", "", &[&[2, 9, 6], &[2, 5, 3], &[2, 5, 3]]), [2, 5, 6]);
    }

    #[test]
    fn refusals() {
        let synopsys = Surroundings::of("synopsys");
        let message = "point_net_param.n_sample_point: n_sample_point is missing";
        assert_eq!(synopsys.refusal("FarthestPointSample", "", &[&[2, 9, 3]]), message);
        let message = "point_net_param.radius: radius must be given and above 0";
        let text = "point_net_param { n_sample_point: 4 }";
        assert_eq!(synopsys.refusal("QueryBallPoint", text, &[&[2, 9, 3], &[2, 5, 3]]), message);
    }
}
