//! Hotspot and SubRegion: what surrounds points of pictures, given as pairs of coordinates (happynear).
//!
//! ```text
//! Hotspot    points (N, 2P)                      -> (N, P, output_height, output_width): a Gaussian around each point; a size
//!                                                   that is not given is that of a second bottom
//! SubRegion  pictures (N, C, H, W), points (N, 2P), and a third bottom
//!                                                -> (N, C P, region_height, region_width), or (N P, C, ...) with as_dim: 0;
//!                                                   of three tops the others are like the points
//! ```
//!
//! AlignmentAccuracy (Xilinx) compares points (N, 2P) with as many true ones, and makes (1), and with
//! `accuracy_for_each_point` a second top (P). No blobs, no draws. Caffe looks at nothing of SubRegion's third bottom
//! while the net is built, and gives further tops no shape.

use super::size::checked_size;
use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    LayerType::new("Hotspot", "Makes a picture of each point", Arity::at_least(1), Arity::at_least(1), &hotspot)
        .params(&["hotspot_param"])
        .weightless()
        .known(Known::In(&["happynear"])),
    LayerType::new(
        "SubRegion",
        "Cuts the surroundings of points out of pictures",
        Arity::exactly(3),
        Arity::at_least(1),
        &sub_region,
    )
    .params(&["sub_region_param"])
    .weightless()
    .keeps_signal()
    .offset_bottoms(&[1])
    .known(Known::In(&["happynear"])),
    LayerType::new(
        "AlignmentAccuracy",
        "Tells the share of points that are near the true ones",
        Arity::at_least(2),
        Arity::at_least(1),
        &alignment_accuracy,
    )
    .params(&["alignment_accuracy_param"])
    .weightless()
    .measures()
    .known(Known::In(&["xilinx"])),
];

/// The points that a length is measured between must be named; their weights, a third bottom, are not looked at.
fn alignment_accuracy(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.alignment_accuracy_param().unwrap_or_default();
    for (name, field, points) in [
        ("ref_start", "alignment_accuracy_param.ref_start", param.ref_start.len()),
        ("ref_end", "alignment_accuracy_param.ref_end", param.ref_end.len()),
    ] {
        ensure!(points > 0, field, "{name} is missing");
    }
    let (a, b) = (ctx.bottom(0), ctx.bottom(1));
    let alike = a.axes() > 0 && a.dim(0) == b.dim(0) && a.count_from(1) == b.count_from(1);
    ensure!(alike, "bottom", "the points {a} and the true ones {b} differ in number");
    let numbers = a.count_from(1);
    ensure!(numbers % 2 == 0, "bottom", "the points {a} have {numbers} numbers per item, which is odd");
    let mut tops = ctx.first_top(Shape::new([1]).at("top")?);
    if param.accuracy_for_each_point() {
        let count = tops.len();
        ensure!(count == 2, "top", "with accuracy_for_each_point there are 2 tops, {count} given");
        tops[1] = Shape::new([numbers / 2]).at("bottom")?;
    }
    Ok(Setup::new(ctx, Operator::Opaque, tops))
}

/// How many points a bottom has an item.
fn points(ctx: &SetupContext<'_>, bottom: usize) -> Result<i64, Refusal> {
    let (coordinates, shape) = (ctx.legacy_dim(bottom, 1)?, ctx.bottom(bottom));
    ensure!(coordinates % 2 == 0, "bottom", "points have two coordinates each, bottom {bottom} has the shape {shape}");
    Ok(i64::from(coordinates / 2))
}

fn hotspot(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const DATA: &str = "hotspot_param";
    const HEIGHT: &str = "hotspot_param.output_height";
    let param = ctx.param.hotspot_param().unwrap_or_default();
    let points = points(ctx, 0)?;
    let is_known = param.data_width() > 0 && param.data_height() > 0;
    ensure!(is_known, DATA, "data_height and data_width, the size of the pictures, must both be given");
    let mut size = [checked_size(param.output_height(), HEIGHT)?, checked_size(param.output_width(), HEIGHT)?];
    if size.contains(&0) {
        let bottoms = ctx.bottoms.len();
        ensure!(
            bottoms == 2,
            HEIGHT,
            "output_height and output_width are not both given: a second bottom has to give them, and there are \
             {bottoms} bottoms"
        );
        size = [ctx.legacy_dim(1, 2)?.into(), ctx.legacy_dim(1, 3)?.into()];
    }
    let tops = ctx.first_top(Shape::new([ctx.legacy_dim(0, 0)?.into(), points, size[0], size[1]]).at(HEIGHT)?);
    Ok(Setup::new(ctx, Operator::Opaque, tops))
}

fn sub_region(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const HEIGHT: &str = "sub_region_param.region_height";
    let param = ctx.param.sub_region_param().unwrap_or_default();
    let pictures = ctx.bottom(0);
    let &[items, channels, _, _] = pictures.dims() else {
        return Err(Refusal::at("bottom", format!("SubRegion takes pictures of 4 axes, their shape is {pictures}")));
    };
    let points = points(ctx, 1)?;
    let (items, channels) = (i64::from(items), i64::from(channels));
    let [items, channels] = match param.as_dim() {
        0 => [items.saturating_mul(points), channels],
        _ => [items, channels.saturating_mul(points)],
    };
    let height = checked_size(param.region_height(), HEIGHT)?;
    let width = checked_size(param.region_width(), "sub_region_param.region_width")?;
    let regions = Shape::new([items, channels, height, width]).at(HEIGHT)?;
    let others = if ctx.top_count() == 3 { ctx.bottom(1).clone() } else { Shape::unshaped() };
    let mut tops = vec![others; ctx.top_count()];
    tops[0] = regions;
    Ok(Setup::new(ctx, Operator::Opaque, tops))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn points_are_compared_with_true_ones() {
        let xilinx = Surroundings::of("xilinx");
        let text = |fields: &str| format!("alignment_accuracy_param {{ ref_start: 0 {fields} }}");
        let both = text("ref_end: 1 accuracy_for_each_point: true");
        let made = xilinx.run("AlignmentAccuracy", &both, &[&[2, 10], &[2, 5, 2]], 2).unwrap();
        assert_eq!((made.tops[0].dims(), made.tops[1].dims()), (&[1][..], &[5][..]));
        let error = |text: &str, bottoms: &[&[i32]]| xilinx.refusal("AlignmentAccuracy", text, bottoms);
        let message = "top: with accuracy_for_each_point there are 2 tops, 1 given";
        assert_eq!(error(&both, &[&[2, 10], &[2, 10]]), message);
        assert_eq!(error(&text(""), &[&[2], &[2]]), "alignment_accuracy_param.ref_end: ref_end is missing");
        let message = "bottom: the points (2, 9) have 9 numbers per item, which is odd";
        assert_eq!(error(&text("ref_end: 1"), &[&[2, 9], &[2, 9]]), message);
        let message = "bottom: the points (2, 10) and the true ones (2, 8) differ in number";
        assert_eq!(error(&text("ref_end: 1"), &[&[2, 10], &[2, 8]]), message);
    }

    fn tops(name: &str, text: &str, bottoms: &[&[i32]], tops: usize) -> Result<Vec<Vec<i32>>, String> {
        let made = Surroundings::of("happynear").run(name, text, bottoms, tops)?;
        Ok(made.tops.iter().map(|top| top.dims().to_vec()).collect())
    }

    #[test]
    fn hotspots_have_the_size_given_or_that_of_a_bottom() {
        let hotspot = |sizes: &str, bottoms: &[&[i32]]| {
            tops("Hotspot", &format!("hotspot_param {{ data_height: 9 data_width: 9 {sizes} }}"), bottoms, 1)
        };
        assert_eq!(hotspot("output_height: 4 output_width: 5", &[&[2, 10]]), Ok(vec![vec![2, 5, 4, 5]]));
        assert_eq!(hotspot("output_height: 4", &[&[2, 10], &[1, 1, 7, 8]]), Ok(vec![vec![2, 5, 7, 8]]));
        let message = "hotspot_param.output_height: output_height and output_width are not both given: a second bottom \
                       has to give them, and there are 1 bottoms";
        assert_eq!(hotspot("", &[&[2, 10]]).unwrap_err(), message);
        let message = "bottom: points have two coordinates each, bottom 0 has the shape (2, 3)";
        assert_eq!(hotspot("", &[&[2, 3]]).unwrap_err(), message);
        let message = "hotspot_param: data_height and data_width, the size of the pictures, must both be given";
        assert_eq!(tops("Hotspot", "", &[&[2, 10]], 1).unwrap_err(), message);
    }

    #[test]
    fn regions_are_items_or_channels() {
        let bottoms: &[&[i32]] = &[&[2, 3, 8, 8], &[2, 10], &[2, 1]];
        let region = |fields: &str, count| {
            let text = format!("sub_region_param {{ region_height: 4 region_width: 5 {fields} }}");
            tops("SubRegion", &text, bottoms, count)
        };
        assert_eq!(region("", 1), Ok(vec![vec![2, 15, 4, 5]]));
        assert_eq!(region("as_dim: 0", 3), Ok(vec![vec![10, 3, 4, 5], vec![2, 10], vec![2, 10]]));
        let message = "bottom: SubRegion takes pictures of 4 axes, their shape is (2, 3)";
        assert_eq!(tops("SubRegion", "", &[&[2, 3], &[2, 10], &[1]], 1).unwrap_err(), message);
    }
}
