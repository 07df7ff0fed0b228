//! YOLO's layers beside its losses, and Faster R-CNN's proposals as Synopsys' Caffe has them: Reorg, UpsampleDarknet,
//! Tensor2Box and Proposal.
//!
//! ```text
//! Reorg            (N, C, H, W) -> (N, C s s, H / s, W / s), or with `reverse` (N, C / s s, H s, W s)
//! UpsampleDarknet  the last two axes times `stride`
//! Tensor2Box       (N, ..)      -> (N, numbers of an item / (5 + num_classes), 5 + num_classes)
//! Proposal         three        -> (1, 1, 1, 5), and (1, 1, 1, 1) as second top
//! ```
//!
//! `s` is `stride`, which must be given; divisions are whole and unchecked. No blobs, no draws.

use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::positive_size;
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};

const ONE: Arity = Arity::exactly(1);
const SYNOPSYS: Known = Known::In(&["synopsys"]);

pub(super) const REORG: LayerType =
    LayerType::new("Reorg", "Takes blocks of positions as channels, or the reverse", ONE, ONE, &reorg)
        .params(&["reorg_param"])
        .keeps_signal()
        .known(SYNOPSYS);

pub(super) const UPSAMPLE_DARKNET: LayerType =
    LayerType::new("UpsampleDarknet", "Repeats each position", ONE, ONE, &upsample)
        .params(&["upsample_darknet_param"])
        .keeps_signal()
        .known(SYNOPSYS);

pub(super) const TENSOR2BOX: LayerType =
    LayerType::new("Tensor2Box", "Makes boxes of YOLO's predictions", ONE, ONE, &tensor2box)
        .params(&["tensor2box_param"])
        .known(SYNOPSYS);

pub(super) const PROPOSAL: LayerType = LayerType::new(
    "Proposal",
    "Makes regions of interest of scores and shifts of anchors",
    Arity::exactly(3),
    Arity::between(1, 2),
    &proposal,
)
.params(&["proposal_param"])
.known(SYNOPSYS);

fn reorg(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const STRIDE: &str = "reorg_param.stride";
    ctx.refuse_in_place(0, 0)?;
    let param = ctx.param.reorg_param.unwrap_or_default();
    let Some(stride) = param.stride else {
        return Err(Refusal::at(STRIDE, "stride is missing"));
    };
    let stride = positive_size(stride, STRIDE)?;
    let [items, channels, height, width] = [0, 1, 2, 3].map(|axis| ctx.legacy_dim(0, axis).map(i64::from));
    let (items, channels, height, width, block) = (items?, channels?, height?, width?, stride.saturating_mul(stride));
    let dims = match param.reverse() {
        true => [items, channels / block, height * stride, width * stride],
        false => [items, channels.saturating_mul(block), height / stride, width / stride],
    };
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new(dims).at(STRIDE)?]))
}

fn upsample(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const STRIDE: &str = "upsample_darknet_param.stride";
    let stride = i64::from(ctx.param.upsample_darknet_param.unwrap_or_default().stride());
    let bottom = ctx.bottom(0);
    let mut dims: Vec<i64> = bottom.dims().iter().map(|&dim| i64::from(dim)).collect();
    let [.., height, width] = &mut dims[..] else {
        return Err(Refusal::at("bottom", format!("the bottom {bottom} needs 2 axes")));
    };
    *height *= stride;
    *width *= stride;
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new(dims).at(STRIDE)?]))
}

fn tensor2box(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const CLASSES: &str = "tensor2box_param.num_classes";
    let param = ctx.param.tensor2box_param.clone().unwrap_or_default();
    let (xs, ys) = (param.anchors_x.len(), param.anchors_y.len());
    ensure!(xs == ys, "tensor2box_param", "{xs} anchors_x and {ys} anchors_y are given");
    let (bottom, values) = (ctx.bottom(0), i64::from(param.num_classes.unwrap_or_default()) + 5);
    ensure!(values > 0, CLASSES, "num_classes is negative");
    let items = bottom.dim(0).map_or(0, i64::from);
    ensure!(items > 0, "bottom", "the bottom {bottom} has no items");
    let item = bottom.count_from(1);
    ensure!(item % values == 0, CLASSES, "the {item} numbers of an item of {bottom} are no multiple of {values}");
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new([items, item / values, values]).at(CLASSES)?]))
}

fn proposal(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let tops = [[1, 1, 1, 5], [1, 1, 1, 1]].iter().take(ctx.top_count());
    let tops = tops.map(|dims| Shape::new(dims).at("top")).collect::<Result<Vec<Shape>, Refusal>>()?;
    Ok(Setup::new(ctx, Operator::Opaque, tops))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn positions_become_channels_and_back() {
        let synopsys = Surroundings::of("synopsys");
        assert_eq!(synopsys.top("Reorg", "reorg_param { stride: 2 }", &[&[1, 3, 5, 6]]), [1, 12, 2, 3]);
        assert_eq!(synopsys.top("Reorg", "reorg_param { stride: 2 reverse: true }", &[&[1, 9, 5, 6]]), [1, 2, 10, 12]);
        assert_eq!(synopsys.top("UpsampleDarknet", "upsample_darknet_param { stride: 3 }", &[&[2, 5]]), [6, 15]);
        let text = "tensor2box_param { num_classes: 3 img_dim_h: 9 img_dim_w: 9 }";
        assert_eq!(synopsys.top("Tensor2Box", text, &[&[2, 24, 2, 2]]), [2, 12, 8]);
    }

    #[test]
    fn refusals() {
        let synopsys = Surroundings::of("synopsys");
        assert_eq!(synopsys.refusal("Reorg", "", &[&[1, 3, 5, 6]]), "reorg_param.stride: stride is missing");
        let text = "tensor2box_param { num_classes: 3 anchors_x: 1 }";
        let message = "tensor2box_param: 1 anchors_x and 0 anchors_y are given";
        assert_eq!(synopsys.refusal("Tensor2Box", text, &[&[2, 24]]), message);
        let made = synopsys.run("Proposal", "", &[&[1], &[1], &[1]], 2).unwrap();
        assert_eq!((made.tops[0].count(), made.tops[1].count()), (5, 1));
    }
}
