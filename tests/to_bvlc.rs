//! Nets of forks that become nets for BVLC's Caffe: what they compute, and what is said of them.

#![cfg(feature = "cli")]

mod folder;
mod forward;

use std::fs;

use caffemodel::ReadOptions;
use caffemodel::convert::{BvlcNet, BvlcOptions, Convertible, to_bvlc};
use caffemodel::dialect::Dialect;
use folder::{Folder, stderr};
use forward::{Tensor, run, statistics};

/// A layer of a fork, with its blobs in it, as layers of BVLC's; `x` is (2, 3, 2, 2).
fn translated(dialect: &str, layer: &str) -> Result<BvlcNet, String> {
    let input = "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 3 dim: 2 dim: 2 } } }";
    let layer_message = Dialect::get(dialect).unwrap().schema().message("LayerParameter").unwrap();
    let input = match layer_message.field_named("input_param") {
        Some(_) => input,
        None => "input: 'x' input_dim: 2 input_dim: 3 input_dim: 2 input_dim: 2",
    };
    let options = ReadOptions::of(Dialect::get(dialect));
    let net = format!("{input} {layer}").into_bytes();
    let source = Convertible::from_bytes_with("net", net, None, &options).unwrap();
    to_bvlc(&source, &BvlcOptions::default()).map_err(|error| error.to_string())
}

/// The types of the layers behind the input.
fn types(net: &BvlcNet) -> Vec<&str> {
    let types = net.layers.iter().map(|layer| layer.param.as_ref().unwrap().r#type());
    types.filter(|layer_type| *layer_type != "Input").collect()
}

/// What the layer makes of `x`.
fn computed(net: &BvlcNet, x: &Tensor) -> Tensor {
    run(&net.layers, &[("x", x.clone())])["y"].clone()
}

fn x() -> Tensor {
    Tensor::any(&[2, 3, 2, 2])
}

/// Checks what a layer of a fork becomes, and that it computes the same.
fn check(dialect: &str, layer: &str, becomes: &[&str], same: impl Fn(&Tensor) -> Tensor) {
    let net = translated(dialect, layer).unwrap();
    assert_eq!(types(&net), becomes, "{layer}");
    let (found, expected) = (computed(&net, &x()), same(&x()));
    assert!(found.is_close(&expected), "{layer}: {found:?} instead of {expected:?}");
}

const BN_BLOBS: &str = "
    blobs { shape { dim: 1 dim: 3 dim: 1 dim: 1 } data: [2, -1, 0.5] }
    blobs { shape { dim: 1 dim: 3 dim: 1 dim: 1 } data: [0.1, 0.2, 0.3] }
    blobs { shape { dim: 1 dim: 3 dim: 1 dim: 1 } data: [1, 0, -1] }
    blobs { shape { dim: 1 dim: 3 dim: 1 dim: 1 } data: [4, 1, 0.25] }";

/// BN by its formula, with the numbers of `BN_BLOBS`.
fn bn(x: &Tensor, [means, variances]: [Vec<f64>; 2], eps: f64) -> Tensor {
    let (scale, shift) = ([2.0, -1.0, 0.5], [0.1, 0.2, 0.3]);
    x.map(|channel, x| scale[channel] * (x - means[channel]) / (variances[channel] + eps).sqrt() + shift[channel])
}

fn stored() -> [Vec<f64>; 2] {
    [vec![1.0, 0.0, -1.0], vec![4.0, 1.0, 0.25]]
}

#[test]
fn bn_with_statistics_computes_the_same_in_two_layers() {
    let layer = |more: &str| format!("layer {{ name: 'n' type: 'BN' bottom: 'x' top: 'y' {more} {BN_BLOBS} }}");
    let two = ["BatchNorm", "Scale"];
    check("pspnet", &layer(""), &two, |x| bn(x, stored(), 1e-5));
    check("pspnet", &layer("bn_param { eps: 0.5 frozen: true }"), &two, |x| bn(x, stored(), 0.5));
    check("ducha-aiki", &layer("bn_param { var_eps: 0.1 }"), &two, |x| bn(x, stored(), 0.1));
    check("ducha-aiki", &layer("bn_param { moving_average: false }"), &two, |x| bn(x, statistics(x), 1e-10));
    check("happynear", &layer(""), &two, |x| bn(x, stored(), 1e-5));
    check("cambricon", &layer(""), &two, |x| bn(x, stored(), 1e-5));
    check("synopsys", &layer("bn_param { icnet: true }"), &two, |x| bn(x, stored(), 1e-5));
    let shaped = layer("").replace("dim: 1 dim: 3 dim: 1 dim: 1", "dim: 1 dim: 3");
    check("yjxiong", &shaped, &two, |x| bn(x, stored(), 1e-5));
}

#[test]
fn settings_of_bn_go_where_they_belong() {
    let layer = "layer { name: 'n' type: 'BN' bottom: 'x' top: 'y' include { phase: TEST }
        param { name: 's' } param { name: 't' } param { name: 'm' } param { name: 'v' }
        bn_param { slope_filler { value: 1 } momentum: 0.75 frozen: true } }";
    let net = translated("pspnet", layer).unwrap();
    let [_, norm, scale] = &net.layers[..] else { panic!("three layers") };
    let text = |layer: &caffemodel::formats::StoredLayer| format!("{:?}", layer.param.as_ref().unwrap().param);
    let names = |layer| {
        text(layer)
            .split("name: Some(")
            .skip(1)
            .map(|rest| rest[1..].split('"').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (names(norm), names(scale)),
        (["m", "v", "m_factor"].map(String::from).to_vec(), ["s", "t"].map(String::from).to_vec())
    );
    let norm = norm.param.as_ref().unwrap();
    let settings = norm.batch_norm_param.as_ref().unwrap();
    assert_eq!((settings.use_global_stats, settings.moving_average_fraction), (Some(true), Some(0.75)));
    let scale = scale.param.as_ref().unwrap();
    let settings = scale.scale_param.as_ref().unwrap();
    assert_eq!(settings.filler.as_ref().unwrap().value(), 1.0);
    assert_eq!(settings.bias_filler.as_ref().unwrap().r#type(), "constant");
    assert_eq!((scale.name(), &scale.include), ("n_scale", &norm.include));
    assert_eq!(scale.param[0].lr_mult, Some(0.0), "a frozen layer does not learn");
}

#[test]
fn bn_of_segnet_takes_the_batch_or_has_it_in_scale_and_shift() {
    let blobs: Vec<&str> = BN_BLOBS.trim().lines().take(2).collect();
    let layer = |mode: &str| {
        format!("layer {{ name: 'n' type: 'BN' bottom: 'x' top: 'y' bn_param {{ {mode} }} {} }}", blobs.join(" "))
    };
    check("segnet", &layer(""), &["BatchNorm", "Scale"], |x| bn(x, statistics(x), 1e-9));
    let folded = |x: &Tensor| bn(x, [vec![0.0; 3], vec![1.0; 3]], 0.0);
    check("segnet", &layer("bn_mode: INFERENCE"), &["Scale"], folded);
    let tops = layer("").replace("top: 'y'", "top: 'y' top: 'm'");
    assert_eq!(
        translated("segnet", &tops).unwrap_err(),
        "net:1:105: layer \"n\" (BN), top: BVLC's layers have no tops for the mean and variance of the batch \
         (BvlcOptions::partial leaves out what cannot be expressed)"
    );
}

#[test]
fn batch_norm_with_a_scale_computes_the_same_in_two_layers() {
    let channel = |values: &str| format!("blobs {{ shape {{ dim: 3 }} data: {values} }}");
    let one = |value: &str| format!("blobs {{ shape {{ dim: 1 }} data: {value} }}");
    let [mean, variance, scale, shift] = ["[1, 0, -1]", "[4, 1, 0.25]", "[2, -1, 0.5]", "[0.1, 0.2, 0.3]"].map(channel);
    let layer = |more: &str, blobs: &[&String]| {
        let blobs: String = blobs.iter().map(|blob| blob.as_str()).collect();
        format!("layer {{ name: 'n' type: 'BatchNorm' bottom: 'x' top: 'y' {more} {blobs} }}")
    };
    let two = ["BatchNorm", "Scale"];
    let nvidia = layer("batch_norm_param { scale_bias: true eps: 0 }", &[&mean, &variance, &one("1"), &scale, &shift]);
    check("nvidia", &nvidia, &two, |x| bn(x, stored(), 1e-5));
    let digits = layer("batch_norm_param { scale_bias: true }", &[&scale, &shift, &mean, &variance, &one("7")]);
    check("nvidia", &digits, &two, |x| bn(x, stored(), 1e-5));
    let digits = layer("batch_norm_param { eps: 0.5 }", &[&scale, &shift, &mean, &variance, &one("7")]);
    check("nvidia-0.15", &digits, &two, |x| bn(x, stored(), 0.5));
    let sums = ["[2, 0, -2]", "[8, 2, 0.5]"].map(channel);
    let intel = layer("batch_norm_param { engine: MKLDNN }", &[&sums[0], &sums[1], &one("2"), &scale, &shift]);
    check("intel", &intel, &two, |x| bn(x, stored(), 1e-5));
}

#[test]
fn scales_of_forks_compute_the_same() {
    let affine = "layer { name: 'n' type: 'EltwiseAffine' bottom: 'x' top: 'y'
        blobs { shape { dim: 3 } data: [2, -1, 0.5] } blobs { shape { dim: 3 } data: [0.1, 0.2, 0.3] } }";
    check("ducha-aiki", affine, &["Scale"], |x| bn(x, [vec![0.0; 3], vec![1.0; 3]], 0.0));
    let shared =
        "layer { name: 'n' type: 'EltwiseAffine' bottom: 'x' top: 'y' eltwise_affine_param { channel_shared: true }
        blobs { data: 3 } blobs { data: 0.5 } }";
    check("ducha-aiki", shared, &["Scale"], |x| x.map(|_, x| 3.0 * x + 0.5));
}

/// The sum of the squares of an item, or of the channels at one place of it.
fn squares(x: &Tensor, place: usize, across: bool) -> f64 {
    let item = &x.values[place / 12 * 12..][..12];
    item.iter().enumerate().filter(|(other, _)| across || other % 4 == place % 4).map(|(_, x)| x * x).sum()
}

#[test]
fn normalize_computes_the_same() {
    let divided = |x: &Tensor, eps: f64, across: bool, scale: &dyn Fn(usize) -> f64| {
        let value =
            |(place, value): (usize, &f64)| value / (squares(x, place, across) + eps).sqrt() * scale(place / 4 % 3);
        Tensor::new(&x.dims, x.values.iter().enumerate().map(value).collect())
    };
    let scales = [20.0, 10.0, 5.0];
    let of_channels = "blobs { shape { dim: 3 } data: [20, 10, 5] }";
    let layer = |param: &str, blobs: &str| {
        format!("layer {{ name: 'n' type: 'Normalize' bottom: 'x' top: 'y' norm_param {{ {param} }} {blobs} }}")
    };
    let positions = layer("across_spatial: false channel_shared: false eps: 0.5", of_channels);
    check("ssd", &positions, &["LRN", "Scale"], |x| divided(x, 0.5, false, &|channel| scales[channel]));
    let items = layer("channel_shared: false eps: 0.5", of_channels);
    let becomes = ["Reduction", "Power", "Scale", "Scale"];
    check("ssd", &items, &becomes, |x| divided(x, 0.5, true, &|channel| scales[channel]));
    check("ssd", &layer("eps: 0.5", "blobs { data: 7 }"), &becomes, |x| divided(x, 0.5, true, &|_| 7.0));
    let plain = "layer { name: 'n' type: 'Normalize' bottom: 'x' top: 'y' }";
    check("yjxiong", plain, &["Reduction", "Power", "Scale"], |x| divided(x, 0.0, true, &|_| 1.0));
}

#[test]
fn activations_compute_the_same() {
    let layer = |name: &str, more: &str| format!("layer {{ name: 'n' type: '{name}' bottom: 'x' top: 'y' {more} }}");
    check("soeaver", &layer("ReLUX", "relux_param { maximal_value: 2 }"), &["Clip"], |x| {
        x.map(|_, x| x.clamp(0.0, 2.0))
    });
    let leaky = layer("ReLUX", "relux_param { maximal_value: 2 negative_slope: 0.5 }");
    let expected = |x: f64| if x > 0.0 { x.min(2.0) } else { 0.5 * x };
    check("soeaver", &leaky, &["ReLU", "Clip"], |x| x.map(|_, x| expected(x)));
    let selu = |x: f64| 1.050_701_02 * if x > 0.0 { x } else { 1.673_263_19 * x.exp_m1() };
    check("soeaver", &layer("SeLu", ""), &["ELU", "Power"], |x| x.map(|_, x| selu(x)));
    let dropout = layer("Dropout", "dropout_param { dropout_ratio: 0.75 scale_train: false }");
    check("fast-rcnn", &dropout, &["Dropout", "Power"], |x| x.map(|_, x| 0.25 * x));
    check("ducha-aiki", &layer("ELU", ""), &["ELU"], |x| x.map(|_, x| x.max(0.0)));
}

#[test]
fn fused_layers_compute_the_same() {
    let weights = "blobs { shape { dim: 2 dim: 3 dim: 1 dim: 1 } data: [1, 2, 3, -1, -2, -3] }";
    let layer = format!(
        "layer {{ name: 'c' type: 'Convolution' bottom: 'x' top: 'y' {weights} convolution_param {{ num_output: 2
         kernel_size: 1 bias_term: false relu: true negative_slope: 0.5 engine: MKLDNN }} }}"
    );
    let expected = |x: &Tensor| {
        let sum = |item: usize, place: usize| {
            (0..3).map(|c| (c + 1) as f64 * x.values[(item * 3 + c) * 4 + place]).sum::<f64>()
        };
        let value = |index: usize| {
            let sum = sum(index / 8, index % 4) * if (index / 4).is_multiple_of(2) { 1.0 } else { -1.0 };
            if sum > 0.0 { sum } else { 0.5 * sum }
        };
        Tensor::new(&[2, 2, 2, 2], (0..16).map(value).collect())
    };
    check("intel", &layer, &["Convolution", "ReLU"], expected);
}

#[test]
fn convolutions_of_each_channel_compute_the_same() {
    let weights = "blobs { shape { dim: 3 dim: 1 dim: 2 dim: 2 } data: [1, 0, 0, 1, 0, 2, 0, 0, 1, 1, 1, 1] }
        blobs { shape { dim: 3 } data: [0, 1, 2] }";
    let layer = |name: &str, more: &str| {
        format!(
            "layer {{ name: 'c' type: '{name}' bottom: 'x' top: 'y' {weights}
             convolution_param {{ num_output: 3 kernel_size: 2 {more} }} }}"
        )
    };
    let expected = |x: &Tensor| {
        let map = |item: usize, channel: usize| &x.values[(item * 3 + channel) * 4..][..4];
        let values = (0..2).flat_map(|item| {
            let [one, two, three] = [0, 1, 2].map(|channel| map(item, channel));
            [one[0] + one[3], 2.0 * two[1] + 1.0, three.iter().sum::<f64>() + 2.0]
        });
        Tensor::new(&[2, 3, 1, 1], values.collect())
    };
    let becomes = ["Convolution"];
    check("mobilenet-yolo", &layer("DepthwiseConvolution", "group: 3"), &becomes, expected);
    check("bvlc", &layer("DepthwiseConvolution", "group: 3"), &becomes, expected);
    check("soeaver", &layer("ConvolutionDepthwise", "stride: 1 pad: 0"), &becomes, expected);
    let bare = layer("ConvolutionDepthwise", "stride: 1 pad: 0").replace("num_output: 3", "num_output: 9");
    check("soeaver", &bare, &becomes, expected);
}

#[test]
fn strides_between_the_elements_of_a_filter_are_dilation() {
    let converted = |fields: &str| {
        let layer = format!(
            "layer {{ name: 'c' type: 'Convolution' bottom: 'x' top: 'y'
             convolution_param {{ num_output: 1 kernel_size: 1 {fields} }} }}"
        );
        let net = translated("weiliu-fcn", &layer)?;
        let convolution =
            net.layers.iter().filter_map(|layer| layer.param.as_ref()?.convolution_param.as_deref()).next();
        Ok::<_, String>(convolution.unwrap().dilation.clone())
    };
    assert_eq!(converted("filter_stride: 2"), Ok(vec![2]));
    assert_eq!(converted("filter_stride_h: 3 filter_stride_w: 1"), Ok(vec![3, 1]));
    assert_eq!(converted(""), Ok(vec![]));
    let error = converted("filter_stride_h: 3").unwrap_err();
    let message = "net:2:14: layer \"c\" (Convolution), convolution_param.filter_stride: give filter_stride, or both of \
                   filter_stride_h and filter_stride_w, or none (BvlcOptions::partial leaves out what cannot be \
                   expressed)";
    assert_eq!(error, message);
}

#[test]
fn layers_that_move_values_compute_the_same() {
    let shuffle = "layer { name: 'n' type: 'ShuffleChannel' bottom: 'x' top: 'y' shuffle_channel_param { group: 3 } }";
    let net = translated("addons", shuffle).unwrap();
    let expected = ["Slice", "Reshape", "Reshape", "Reshape", "Concat", "Reshape"];
    assert_eq!(types(&net), expected);
    let x = Tensor::any(&[2, 6, 2, 2]);
    // Channel c of group g goes to place c * group + g.
    let from = [0, 2, 4, 1, 3, 5];
    let values = (0..2).flat_map(|item| from.map(move |channel| (item * 6 + channel) * 4));
    let values = values.flat_map(|start| x.values[start..start + 4].to_vec()).collect();
    assert!(computed(&net, &x).is_close(&Tensor::new(&x.dims, values)));

    let axpy = "layer { name: 'n' type: 'Axpy' bottom: 'a' bottom: 'x' bottom: 'x' top: 'y' }";
    let net = translated(
        "bvlc",
        &format!(
            "layer {{ name: 'a' type: 'Input' top: 'a' input_param {{ shape {{ dim: 2 dim: 3 dim: 1 dim: 1 }} }} }} {axpy}"
        ),
    );
    let net = net.unwrap();
    assert_eq!(types(&net), ["Flatten", "Scale", "Eltwise"]);
    let factors = Tensor::any(&[2, 3, 1, 1]);
    let y = &run(&net.layers, &[("x", Tensor::any(&[2, 3, 2, 2])), ("a", factors.clone())])["y"];
    let x = Tensor::any(&[2, 3, 2, 2]);
    let values = x.values.iter().enumerate().map(|(place, x)| x * factors.values[place / 4] + x);
    assert!(y.is_close(&Tensor::new(&x.dims, values.collect())));
}

#[test]
fn upsampling_computes_the_same() {
    let folder = Folder::new();
    let repeated = |x: &Tensor| {
        let value = |place: usize| x.values[place / 16 * 4 + place / 4 % 4 / 2 * 2 + place % 4 / 2];
        Tensor::new(&[2, 3, 4, 4], (0..96).map(value).collect())
    };
    folder.write(
        "net.prototxt",
        "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 3 dim: 2 dim: 2 } } }
         layer { name: 'n' type: 'Upsample' bottom: 'x' top: 'y' upsample_param { scale: 2 } }",
    );
    assert!(filled(&folder, "mobilenet-yolo").is_close(&repeated(&x())));
}

#[test]
fn interpolation_computes_the_same() {
    let folder = Folder::new();
    let net = |height: usize, to: usize| {
        format!(
            "input: 'x' input_dim: 2 input_dim: 3 input_dim: {height} input_dim: {height}
             layer {{ name: 'n' type: 'Interp' bottom: 'x' top: 'y' interp_param {{ height: {to} width: {to} }} }}"
        )
    };
    // One value, whole steps between two, steps that are not whole, and fewer than before.
    for (from, to) in [(1, 3), (3, 5), (3, 4), (5, 3)] {
        folder.write("net.prototxt", net(from, to));
        folder.run("convert --force --dialect bvlc --from-dialect pspnet net.prototxt y.prototxt").success();
        let expected = interpolated(&Tensor::any(&[2, 3, from, from]), to);
        let found = filled_from(&folder, &Tensor::any(&[2, 3, from, from]), "pspnet");
        assert!(found.is_close(&expected), "{from} to {to}: {found:?} instead of {expected:?}");
    }
}

/// Bilinear interpolation of squares whose corners stay where they are.
fn interpolated(x: &Tensor, to: usize) -> Tensor {
    let from = x.dims[2];
    let place = |index: usize| index as f64 * (from - 1) as f64 / (to - 1) as f64;
    let weight = |at: f64, index: usize| (1.0 - (at - index as f64).abs()).max(0.0);
    let value = |index: usize| {
        let (map, row, column) = (index / (to * to), place(index / to % to), place(index % to));
        let all = (0..from * from)
            .map(|at| x.values[map * from * from + at] * weight(row, at / from) * weight(column, at % from));
        all.sum()
    };
    Tensor::new(&[x.dims[0], x.dims[1], to, to], (0..x.dims[0] * x.dims[1] * to * to).map(value).collect())
}

fn filled(folder: &Folder, dialect: &str) -> Tensor {
    filled_from(folder, &x(), dialect)
}

/// What `net.prototxt` makes of `x` as a net of BVLC's, whose weights its fillers give.
fn filled_from(folder: &Folder, x: &Tensor, dialect: &str) -> Tensor {
    let convert = format!("convert --force --dialect bvlc --from-dialect {dialect} net.prototxt y.prototxt");
    folder.run(&convert).success();
    folder.run("init --force --dialect bvlc y.prototxt -o y.caffemodel --seed 1").success();
    let stored = caffemodel::formats::open(folder.path("y.caffemodel")).unwrap();
    run(&stored.layers, &[("x", x.clone())])["y"].clone()
}

/// A net whose every layer is a fork's, and its weights.
const PSPNET: &str = r#"input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 4 kernel_size: 3
        weight_filler { type: "xavier" } } }
layer { name: "bn" type: "BN" bottom: "conv" top: "conv" bn_param { slope_filler { type: "constant" value: 1 } } }
layer { name: "up" type: "Interp" bottom: "conv" top: "up" interp_param { zoom_factor: 2 } }
"#;

#[test]
fn a_net_and_its_weights_are_converted_alike() {
    let folder = Folder::new();
    folder.write("net.prototxt", PSPNET);
    folder.run("init --dialect pspnet net.prototxt -o net.caffemodel --seed 3").success();
    let net = folder.run("convert --dialect bvlc --from-dialect pspnet net.prototxt bvlc.prototxt").success();
    assert_eq!(
        stderr(&net).rsplit_once("wrote ").unwrap().0,
        "note: net.prototxt: old input fields became an Input layer named \"input\"\n\
         note: net.prototxt: layer \"bn\": BN became BatchNorm and Scale\n\
         note: net.prototxt: layer \"up\": Interp became Deconvolution with filters that do not learn\n"
    );
    let weights = folder.run("convert --dialect bvlc --from-dialect pspnet net.caffemodel bvlc.caffemodel").success();
    let said = stderr(&weights);
    let filled = "note: net.caffemodel: left to the fillers of the net, whose values are fixed: layer \"up\"\n";
    assert!(said.contains(filled), "{said}");
    let init = folder.run("init --dialect bvlc bvlc.prototxt --weights bvlc.caffemodel -o full.caffemodel --seed 1");
    let said = stderr(&init.success());
    assert!(!said.contains("left out") && !said.contains("no layer"), "{said}");
    for format in ["npz", "h5", "safetensors"] {
        folder.run(&format!("convert --dialect bvlc --from-dialect pspnet net.caffemodel w.{format}")).success();
        folder
            .run(&format!(
                "init --force --dialect bvlc bvlc.prototxt --weights w.{format} -o again.caffemodel --seed 1"
            ))
            .success();
        let [full, again] = ["full", "again"].map(|name| fs::read(folder.path(&format!("{name}.caffemodel"))).unwrap());
        assert!(full == again, "{format}");
    }
    let fit = "convert --dialect bvlc --from-dialect pspnet net.caffemodel fitted.npz --net bvlc.prototxt";
    let error = stderr(&folder.run(fit).code(2));
    assert!(error.contains("error: layer \"up\" (Deconvolution): net.caffemodel has no weights for it\n"), "{error}");
    // Without the layer that only its filler fills, weights of the fork go into a net of BVLC's.
    let net = fs::read_to_string(folder.path("bvlc.prototxt")).unwrap();
    folder.write("bvlc.prototxt", &net[..net.find("layer {\n  name: \"up\"").unwrap()]);
    folder.run(fit).success();
    assert_eq!(caffemodel::formats::open(folder.path("fitted.npz")).unwrap().layers.len(), 3);
}

#[test]
fn raw_values_become_data() {
    let folder = Folder::new();
    folder.write(
        "net.prototxt",
        "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 3 } } forward_type: FLOAT16 }
         layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'y' forward_type: FLOAT16
                 inner_product_param { num_output: 2 weight_filler { type: 'xavier' } } }",
    );
    folder.run("init net.prototxt -o net.caffemodel --seed 3").success();
    let said = stderr(&folder.run("convert --dialect bvlc net.caffemodel bvlc.caffemodel").success());
    assert!(said.contains("note: net.caffemodel: values in raw_data became data\n"), "{said}");
    let text = folder.command("convert bvlc.caffemodel -").assert().success().get_output().stdout.clone();
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("    data: ") && !text.contains("raw_data") && !text.contains("_type"), "{text}");
}

#[test]
fn what_cannot_be_expressed_is_listed_layer_by_layer() {
    let folder = Folder::new();
    let net = r#"layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "pool" type: "Pooling" bottom: "data" top: "pool" pooling_param { kernel_size: 2 stride: 2 ceil_mode: false } }
layer { name: "roi" type: "ROIPooling" bottom: "pool" bottom: "data" top: "roi" roi_pooling_param { pooled_h: 2 pooled_w: 2 } }
layer { name: "ip" type: "InnerProduct" bottom: "roi" top: "ip" inner_product_param { num_output: 2 } }
layer { name: "sm" type: "SeLuDropout" bottom: "pool" top: "sm" }
"#;
    folder.write("net.prototxt", net);
    let error = stderr(&folder.run("convert --dialect bvlc net.prototxt bvlc.prototxt").code(2));
    let line = |name: &str, layer_type: &str| {
        format!(
            "error: layer {name:?} ({layer_type}), type: BVLC's Caffe has no such layer, nor any that do the same\n"
        )
    };
    assert!(error.contains(&line("roi", "ROIPooling")) && error.contains(&line("sm", "SeLuDropout")), "{error}");
    assert!(error.contains(" --> net.prototxt:3:21\n"), "{error}");
    assert!(error.contains("help: --partial leaves out what cannot be expressed"), "{error}");
    assert!(!folder.path("bvlc.prototxt").exists());
    let said = stderr(&folder.run("convert --partial --dialect bvlc net.prototxt bvlc.prototxt").success());
    let left_out: Vec<&str> = said.lines().filter(|line| line.contains("left out")).collect();
    let none = "BVLC's Caffe has no such layer, nor any that do the same";
    assert_eq!(
        left_out,
        [
            &format!("note: net.prototxt: left out: net.prototxt:3:21: layer \"roi\" (ROIPooling), type: {none}"),
            "note: net.prototxt: left out: net.prototxt:4:41: layer \"ip\" (InnerProduct), bottom: \"roi\" is made by a layer that is left out",
            &format!("note: net.prototxt: left out: net.prototxt:5:20: layer \"sm\" (SeLuDropout), type: {none}"),
        ]
    );
    let bvlc = fs::read_to_string(folder.path("bvlc.prototxt")).unwrap();
    assert!(bvlc.contains("round_mode: FLOOR") && !bvlc.contains("roi"), "{bvlc}");
    folder.run("init --dialect bvlc bvlc.prototxt -o bvlc.caffemodel --seed 1").success();
}

#[test]
fn what_means_something_else_is_not_taken_for_bvlcs() {
    let infogain = "layer { name: 'l' type: 'InfogainLoss' bottom: 'x' bottom: 'x' bottom: 'x' top: 'l' }";
    let error = translated("ssd", infogain).unwrap_err();
    assert!(
        error.contains(
            "layer \"l\" (InfogainLoss), type: in the dialect ssd it is not the same layer as in BVLC's \
                        Caffe"
        ),
        "{error}"
    );
    let pool = "layer { name: 'p' type: 'Pooling' bottom: 'x' top: 'p' pooling_param { kernel_size: 1 stride: 2 pool: AVE avg_include_pad: false } }";
    let error = translated("intel", pool).unwrap_err();
    assert!(
        error.contains("pooling_param.avg_include_pad: BVLC's Caffe has no such setting, nor an equivalent"),
        "{error}"
    );
}

#[test]
fn a_net_of_bvlcs_stays_as_it_is() {
    let folder = Folder::new();
    folder.run(&format!("init {} -o lenet.caffemodel --seed 1", folder::lenet())).success();
    folder.run("convert --dialect bvlc lenet.caffemodel same.caffemodel").success();
    let [before, after] = ["lenet", "same"].map(|name| fs::read(folder.path(&format!("{name}.caffemodel"))).unwrap());
    assert!(before == after);
}

#[test]
fn options_that_do_not_go_together_are_refused() {
    let folder = Folder::new();
    folder.write("net.prototxt", PSPNET);
    let says = |arguments: &str, expected: &str| {
        let error = folder.run(&format!("convert net.prototxt out.prototxt {arguments}")).code(2);
        assert_eq!(stderr(&error), format!("error: {expected}\n"), "{arguments}");
    };
    says(
        "--dialect pspnet --partial",
        "--from-dialect and --partial apply to nets that become BVLC's: give --dialect bvlc",
    );
    let phase = "--phase, --level, --stage and --shape apply to a net definition: give it with --net";
    says("--dialect bvlc --phase test", phase);
    let error = folder.run("convert --dialect bvlc --from-dialect pspnet net.prototxt out.npz").code(2);
    assert!(stderr(&error).ends_with("error: net.prototxt: it has no weights to write as npz\n"));
}
