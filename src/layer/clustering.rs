//! MultipleInnerProduct and Clustering: inner products one behind the other, and several such branches, one for each
//! cluster (CharlesShang).
//!
//! With the numbers of an item of the bottom (N, C, H, W) as the first inputs:
//!
//! ```text
//! MultipleInnerProduct  (N, last of num_outputs); weight (num_outputs, inputs) and bias (num_outputs) of each inner product
//! Clustering            (N, num_output), by default as many as an item has; for each of `total_class` times `k` clusters the blobs
//!                       of `num_layer` inner products of num_output, and then for each of them its centre (1, C, H, W)
//! ```
//!
//! With `across_class`, or where `dominate` is not below 0, there is one class. Missing axes count as 1. Draws: the
//! weights, xavier; biases and centres are 0. MultipleInnerProduct has its blobs behind those that the net gives;
//! Clustering ignores these.

use super::size::{checked_size, positive_size};
use super::{Arity, BlobSpec, LayerType, Operator, Role, Setup, SetupContext, Signal};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::FillerParameter;

const CHARLESSHANG: Known = Known::In(&["charlesshang"]);
const ONE: Arity = Arity::exactly(1);
const ANY: Arity = Arity::at_least(1);

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    LayerType::new("Clustering", "Multiplies its input by learned matrices of its cluster", ANY, ANY, &clustering)
        .params(&["clustering_param"])
        .signal(|layer| Signal::through_weights(layer, true))
        .known(CHARLESSHANG),
    LayerType::new("MultipleInnerProduct", "Multiplies its input by several learned matrices", ONE, ONE, &multiple)
        .params(&["multiple_inner_product_param"])
        .signal(|layer| Signal::through_weights(layer, true))
        .known(CHARLESSHANG),
];

/// The most blobs that a layer may have, which is far beyond what memory holds of such clusters.
const MOST_BLOBS: u64 = 1 << 16;

/// The numbers of an item of the first bottom, which has four axes at most.
fn numbers(ctx: &SetupContext<'_>) -> Result<i64, Refusal> {
    let [channels, height, width] = [1, 2, 3].map(|axis| ctx.legacy_dim(0, axis).map(i64::from));
    let numbers = channels?.saturating_mul(height?).saturating_mul(width?);
    ensure!(numbers > 0, "bottom", "an item of {} has no numbers", ctx.bottom(0));
    Ok(numbers)
}

/// Adds weight and bias of inner products with these outputs, one behind the other.
fn push_products(setup: &mut Setup, inputs: i64, outputs: &[i64], field: &'static str) -> Result<(), Refusal> {
    let mut inputs = inputs;
    for &outputs in outputs {
        let xavier = FillerParameter { r#type: Some("xavier".into()), ..Default::default() };
        let weight = Shape::new([outputs, inputs]).at(field)?;
        setup.push_blob(BlobSpec::filled(Role::Weight, weight, "", None).or_filler(xavier));
        setup.push_blob(BlobSpec::zeros(Role::Bias, Shape::new([outputs]).at(field)?));
        inputs = outputs;
    }
    Ok(())
}

fn multiple(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const OUTPUTS: &str = "multiple_inner_product_param.num_outputs";
    let param = ctx.param.multiple_inner_product_param().unwrap_or_default();
    let (layers, given) = (param.num_layer(), param.num_outputs.len());
    ensure!(u32::try_from(given) == Ok(layers), OUTPUTS, "{given} num_outputs for num_layer {layers}");
    ensure!(layers > 0, "multiple_inner_product_param.num_layer", "num_layer must be at least 1");
    let outputs: Vec<i64> =
        param.num_outputs.iter().map(|&outputs| positive_size(outputs, OUTPUTS)).collect::<Result<_, _>>()?;
    let top = Shape::new([ctx.legacy_dim(0, 0)?.into(), outputs[given - 1]]).at(OUTPUTS)?;
    let mut setup = Setup::new(ctx, Operator::Opaque, [top]);
    push_products(&mut setup, numbers(ctx)?, &outputs, OUTPUTS)?;
    Ok(setup)
}

fn clustering(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const OUTPUT: &str = "clustering_param.num_output";
    let param = ctx.param.clustering_param().unwrap_or_default();
    let inputs = numbers(ctx)?;
    let outputs = param.num_output.map_or(Ok(inputs), |outputs| positive_size(outputs, OUTPUT))?;
    let [num, channels, height, width] = [0, 1, 2, 3].map(|axis| ctx.legacy_dim(0, axis));
    let (num, centre) = (num?, [1, channels?, height?, width?]);
    let classes = if param.across_class() || param.dominate() >= 0 { 1 } else { param.total_class() };
    let clusters = u64::from(classes).saturating_mul(param.k().into());
    let blobs = clusters.max(1).saturating_mul(2 * u64::from(param.num_layer()) + 1);
    ensure!(blobs <= MOST_BLOBS, "clustering_param", "the clusters have {blobs} blobs, more than {MOST_BLOBS}");
    // Caffe keeps as many items of each class.
    let kept = checked_size(param.data_size(), "clustering_param.data_size")?;
    Shape::new([kept, inputs]).at("clustering_param.data_size")?;
    let tops = ctx.first_top(Shape::new([num.into(), outputs]).at(OUTPUT)?);
    let mut setup = Setup::new(ctx, Operator::Opaque, tops);
    setup.blobs.clear();
    let products = vec![outputs; param.num_layer() as usize];
    for _ in 0..clusters {
        push_products(&mut setup, inputs, &products, OUTPUT)?;
    }
    for _ in 0..clusters {
        setup.push_blob(BlobSpec::zeros(Role::Statistic, Shape::new(centre).at("bottom")?));
    }
    Ok(setup)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::Surroundings;
    use crate::layer::{BlobValues, Draw};

    fn run(name: &str, text: &str) -> Result<Setup, String> {
        Surroundings::of("charlesshang").run(name, text, &[&[2, 3, 2, 1]], 1)
    }

    fn shapes(setup: &Setup) -> Vec<&[i32]> {
        setup.blobs.iter().map(|blob| blob.shape.dims()).collect()
    }

    #[test]
    fn products_follow_one_another() {
        let text = "multiple_inner_product_param { num_layer: 2 num_outputs: 5 num_outputs: 4 }";
        let made = run("MultipleInnerProduct", text).unwrap();
        assert_eq!(made.tops[0].dims(), [2, 4]);
        assert_eq!(shapes(&made), [&[5, 6][..], &[5], &[4, 5], &[4]]);
        assert_eq!(made.draws, [Draw::Blob(0), Draw::Blob(2)]);
        let BlobValues::Filled(filler) = &made.blobs[0].values else { panic!("it is filled") };
        assert_eq!(filler.param.r#type(), "xavier");
    }

    #[test]
    fn each_cluster_has_its_products_and_a_centre() {
        let made = run("Clustering", "clustering_param { k: 2 num_output: 5 }").unwrap();
        assert_eq!(made.tops[0].dims(), [2, 5]);
        let branch = [&[5, 6][..], &[5], &[5, 5], &[5]];
        assert_eq!(shapes(&made), [&branch[..], &branch, &[&[1, 3, 2, 1], &[1, 3, 2, 1]]].concat());
        assert_eq!(made.draws, [0, 2, 4, 6].map(Draw::Blob));
        let count = |fields: &str| run("Clustering", &format!("clustering_param {{ {fields} }}")).unwrap().blobs.len();
        assert_eq!(count("total_class: 4"), 4 * 3 * 5);
        assert_eq!(count("total_class: 4 across_class: true"), 3 * 5);
        assert_eq!(count("total_class: 4 dominate: 0 num_layer: 1"), 3 * 3);
    }

    #[test]
    fn refusals() {
        let error = |name: &str, text: &str| run(name, text).unwrap_err();
        let message = "multiple_inner_product_param.num_outputs: 0 num_outputs for num_layer 1";
        assert_eq!(error("MultipleInnerProduct", ""), message);
        let message = "multiple_inner_product_param.num_layer: num_layer must be at least 1";
        assert_eq!(error("MultipleInnerProduct", "multiple_inner_product_param { num_layer: 0 }"), message);
        let message = "clustering_param: the clusters have 8589934591 blobs, more than 65536";
        assert_eq!(error("Clustering", "clustering_param { k: 0 num_layer: 4294967295 }"), message);
        let message = "clustering_param: the clusters have 65540 blobs, more than 65536";
        assert_eq!(error("Clustering", "clustering_param { k: 13108 }"), message);
        let message = "clustering_param.num_output: num_output must be at least 1";
        assert_eq!(error("Clustering", "clustering_param { num_output: 0 }"), message);
    }
}
