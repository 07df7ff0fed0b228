//! UniqueLabel: the labels that a picture of labels has in it.
//!
//! ```text
//! top = (N, max_labels, 1, 1), of a bottom (N, 1, H, W)
//! ```

use std::collections::HashSet;

use super::{DEEPLAB, Segmentation, check_ones};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};

pub(super) const TYPE: LayerType =
    LayerType::new("UniqueLabel", "Lists the labels that occur", Arity::exactly(1), Arity::exactly(1), &setup)
        .params(&["unique_label_param"])
        .known(Known::In(DEEPLAB));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const FIELD: &str = "unique_label_param.max_labels";
    let param = ctx.param.unique_label_param().unwrap_or_default();
    // Caffe counts each label once; 0 and -0 are the same.
    let forced = param.force_label.iter().map(|label| (label + 0.0).to_bits()).collect::<HashSet<u32>>().len();
    let labels = param.max_labels();
    ensure!(labels > 0, FIELD, "max_labels {labels} is not above 0");
    ensure!(
        labels as usize > forced,
        FIELD,
        "max_labels {labels} leaves no room beside the {forced} labels of force_label"
    );
    check_ones(ctx, 0, &[1])?;
    let top = Shape::new([ctx.legacy_dim(0, 0)?, labels, 1, 1]).at(FIELD)?;
    Ok(Setup::new(ctx, Operator::Segmentation(Segmentation::UniqueLabel(param)), [top]))
}
