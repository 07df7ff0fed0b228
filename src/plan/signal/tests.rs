use super::*;
use crate::{Definition, Net, PlanOptions, StateOptions};

const DATA: &str =
    r#"layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }"#;

/// The signal of the last layer's first top, for inputs of variance 1.
fn last(layers: &str) -> SignalSize {
    let definition = Definition::from_bytes("net", format!("{DATA}\n{layers}")).unwrap();
    let net = Net::resolve(definition, &StateOptions::default()).unwrap();
    let plan = Plan::new(net, &PlanOptions::default()).unwrap();
    signals(&plan, 1.0).last().unwrap().tops[0]
}

fn assert_size(layers: &str, spread: f64, common: f64) {
    let found = last(layers);
    let close = |one: f64, other: f64| (one - other).abs() < 1e-4 * (1.0 + other.abs());
    assert!(close(found.spread, spread) && close(found.common, common), "{layers}: {found:?}");
}

fn conv(fields: &str) -> String {
    format!(
        r#"layer {{ name: "c" type: "Convolution" bottom: "data" top: "c"
           convolution_param {{ num_output: 6 kernel_size: 3 {fields} }} }}"#
    )
}

#[test]
fn weights_multiply_by_the_inputs_of_a_unit() {
    assert_size(&conv(r#"weight_filler { type: "gaussian" std: 0.1 }"#), 0.27, 0.0);
    assert_size(&conv(r#"weight_filler { type: "xavier" }"#), 1.0, 0.0);
    assert_size(&conv(r#"weight_filler { type: "msra" }"#), 2.0, 0.0);
    // Of values from 0 to 1 the mean is common to all units.
    assert_size(&conv(r#"weight_filler { type: "uniform" }"#), 27.0 / 12.0, 27.0 / 4.0);
    assert_size(&conv(r#"weight_filler { type: "constant" value: 2 }"#), 0.0, 4.0 * 27.0);
    assert_size(&conv(r#"group: 3 weight_filler { type: "constant" value: 2 }"#), 4.0 * 9.0, 0.0);
    assert_size(&conv(""), 0.0, 0.0);
    let biased = r#"bias_filler { type: "gaussian" mean: 3 std: 2 }"#;
    assert_size(&conv(biased), 4.0, 9.0);
}

#[test]
fn a_given_blob_counts_by_its_values() {
    let fc = |blob: &str| {
        format!(
            r#"layer {{ name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
               inner_product_param {{ num_output: 1 bias_term: false }} blobs {{ shape {{ dim: 1 dim: 192 }} {blob} }} }}"#
        )
    };
    assert_size(&fc(&"data: 0.5 data: -0.5 ".repeat(96)), 48.0, 0.0);
    assert_size(&fc(&"data: 0 ".repeat(192)), 0.0, 0.0);
}

#[test]
fn rectifiers_halve_the_mean_square() {
    let behind = |layer: &str| format!("{}\n{layer}", conv(r#"weight_filler { type: "msra" }"#));
    let mean_square = |layer: &str| last(&behind(layer)).mean_square();
    let relu = r#"layer { name: "r" type: "ReLU" bottom: "c" top: "r" relu_param { negative_slope: SLOPE } }"#;
    assert!((mean_square(&relu.replace("SLOPE", "0")) - 1.0).abs() < 1e-6);
    assert!((mean_square(&relu.replace("SLOPE", "0.5")) - 1.25).abs() < 1e-6);
    assert!((mean_square(&relu.replace("SLOPE", "1")) - 2.0).abs() < 1e-6);
    let prelu = r#"layer { name: "r" type: "PReLU" bottom: "c" top: "r" }"#;
    assert!((mean_square(prelu) - 1.0625).abs() < 1e-6);
    assert_size(&behind(&relu.replace("SLOPE", "0")), 1.0 - 1.0 / PI, 1.0 / PI);
}

const PI: f64 = std::f64::consts::PI;

#[test]
fn normalisation_makes_the_variance_1() {
    let large = conv(r#"weight_filler { type: "gaussian" }"#);
    let behind = |layers: &str| format!("{large}\n{layers}");
    let bn = r#"layer { name: "b" type: "BatchNorm" bottom: "c" top: "b" PARAM }"#;
    assert_size(&behind(&bn.replace("PARAM", "")), 1.0, 0.0);
    // Stored statistics of 0 have a warning of their own.
    let stored = "batch_norm_param { use_global_stats: true }";
    assert_size(&behind(&bn.replace("PARAM", stored)), 1.0, 0.0);
    let scale = r#"layer { name: "s" type: "Scale" bottom: "b" top: "s"
                   scale_param { filler { value: 3 } bias_term: true bias_filler { value: 2 } } }"#;
    assert_size(&behind(&format!("{}\n{scale}", bn.replace("PARAM", ""))), 9.0, 4.0);
    let zeros = format!("{}\n{}", conv(""), bn.replace("PARAM", ""));
    assert_size(&zeros, 0.0, 0.0);
}

#[test]
fn sums_and_joined_blobs() {
    let two = r#"layer { name: "d" type: "Convolution" bottom: "data" top: "d"
                 convolution_param { num_output: 6 kernel_size: 3 weight_filler { type: "xavier" } } }"#;
    let with = |last: &str| format!("{}\n{two}\n{last}", conv(r#"weight_filler { type: "msra" }"#));
    assert_size(&with(r#"layer { name: "e" type: "Eltwise" bottom: "c" bottom: "d" top: "e" }"#), 3.0, 0.0);
    let weighed =
        r#"layer { name: "e" type: "Eltwise" bottom: "c" bottom: "d" top: "e" eltwise_param { coeff: 2 coeff: -1 } }"#;
    assert_size(&with(weighed), 9.0, 0.0);
    assert_size(&with(r#"layer { name: "e" type: "Concat" bottom: "c" bottom: "d" top: "e" }"#), 1.5, 0.0);
    let product =
        r#"layer { name: "e" type: "Eltwise" bottom: "c" bottom: "d" top: "e" eltwise_param { operation: PROD } }"#;
    assert_size(&with(product), 2.0, 0.0);
}

#[test]
fn what_is_not_known_counts_as_an_input() {
    let softmax = r#"layer { name: "p" type: "Softmax" bottom: "c" top: "p" }"#;
    assert_size(&format!("{}\n{softmax}", conv(r#"weight_filler { type: "gaussian" }"#)), 1.0, 0.0);
}
