//! `--preset benchmark` on residual nets: what is damped, what is said of it, and what is saved.

#![cfg(feature = "cli")]

mod folder;

use std::fs;

use caffemodel::proto::caffe::NetParameter;
use folder::{Folder, stderr};
use prost::Message;

const DATA: &str = r#"layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
"#;

fn layer(name: &str, of_type: &str, bottoms: &[&str], more: &str) -> String {
    let bottoms: String = bottoms.iter().map(|bottom| format!("bottom: \"{bottom}\" ")).collect();
    format!("layer {{ name: \"{name}\" type: \"{of_type}\" {bottoms}top: \"{name}\" {more} }}\n")
}

fn conv(name: &str, bottom: &str) -> String {
    layer(name, "Convolution", &[bottom], "convolution_param { num_output: 8 kernel_size: 1 bias_term: false }")
}

/// What `init --preset benchmark` says of a net, but for its summary, and the net that it makes.
fn made(folder: &Folder, net: &str) -> (String, NetParameter) {
    folder.write("net.prototxt", net);
    let run = folder.run("init net.prototxt -o out.caffemodel --force --seed 3 --preset benchmark").success();
    let said =
        stderr(&run).lines().filter(|line| !line.starts_with("wrote ")).map(|line| format!("{line}\n")).collect();
    (said, NetParameter::decode(fs::read(folder.path("out.caffemodel")).unwrap().as_slice()).unwrap())
}

#[test]
fn the_scale_at_the_end_of_a_branch_is_damped() {
    let normalised = |name: &str, bottom: &str| {
        let (bn, scale) = (format!("{name}_bn"), format!("{name}_scale"));
        [conv(name, bottom), layer(&bn, "BatchNorm", &[name], ""), layer(&scale, "Scale", &[&bn], "")].concat()
    };
    let net = [
        DATA.to_owned(),
        normalised("a", "data"),
        normalised("b", "data"),
        layer("block1", "Eltwise", &["a_scale", "b_scale"], ""),
        normalised("c", "block1"),
        layer("block2", "Eltwise", &["block1", "c_scale"], ""),
        normalised("d", "block2"),
        // 0.5 is less than the factor already.
        layer("block3", "Eltwise", &["d_scale", "block2"], "eltwise_param { coeff: 0.5 coeff: 1 }"),
        normalised("e", "block3"),
        layer("block4", "Eltwise", &["block3", "e_scale"], ""),
        layer("pool", "Pooling", &["block4"], "pooling_param { global_pooling: true }"),
    ];
    let (said, made) = made(&Folder::new(), &net.concat());
    let expected = "\
note: --preset benchmark fills a.0, b.0, c.0, d.0, e.0 with type: \"msra\" instead of no filler
note: --preset benchmark fills a_bn.1, a_bn.2, b_bn.1, b_bn.2, c_bn.1, c_bn.2 and 4 more with type: \"constant\" value: 1 instead of zeros (values only, the layer has no field for it)
note: --preset benchmark fills a_scale.0, b_scale.0 with type: \"constant\" value: 0.707106769 instead of no filler
note: --preset benchmark fills c_scale.0, e_scale.0 with type: \"constant\" value: 0.577350259 instead of no filler
";
    assert_eq!(said, expected);
    let scale = made.layer.iter().find(|layer| layer.name() == "c_scale").unwrap();
    assert_eq!(scale.scale_param.as_ref().unwrap().filler.as_ref().unwrap().value(), 0.577_350_26);
    assert_eq!(scale.blobs[0].data, [0.577_350_26; 8]);
}

#[test]
fn weights_at_the_end_of_a_branch_are_damped_and_make_themselves_again() {
    let net = [
        DATA.to_owned(),
        conv("stem", "data"),
        conv("a", "stem"),
        conv("b", "a"),
        layer("block1", "Eltwise", &["stem", "b"], ""),
        layer("c", "InnerProduct", &["block1"], "inner_product_param { num_output: 8 axis: 3 bias_term: false }"),
        layer("block2", "Eltwise", &["block1", "c"], ""),
        layer("fc", "InnerProduct", &["block2"], "inner_product_param { num_output: 2 bias_term: false }"),
    ];
    let folder = Folder::new();
    let (said, made) = made(&folder, &net.concat());
    // msra has the standard deviation √(2 / 8) here.
    let expected = "\
note: --preset benchmark fills stem.0, a.0, fc.0 with type: \"msra\" instead of no filler
note: --preset benchmark fills b.0, c.0 with type: \"gaussian\" std: 0.353553385 instead of no filler
";
    assert_eq!(said, expected);
    let mut definition = made.clone();
    definition.layer.iter_mut().for_each(|layer| layer.blobs.clear());
    folder.write("again.prototxt", definition.encode_to_vec());
    let run = folder.run("init again.prototxt -o again.caffemodel --seed 3").success();
    assert!(stderr(&run).starts_with("wrote "), "{}", stderr(&run));
    assert!(fs::read(folder.path("again.caffemodel")).unwrap() == made.encode_to_vec());
}
