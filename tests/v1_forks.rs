//! Forks that know layers of the V1 format alone, C3D 1.0, DeconvNet and CRF as RNN 0.1: their nets are saved in that
//! format, and read by every command. The files are taken apart by the numbers of the forks' own schemas.

#![cfg(feature = "cli")]

mod folder;

use std::collections::BTreeSet;

use caffemodel::formats;
use folder::{Folder, stderr};

/// A small C3D: clips, whose second reader splits a blob.
const C3D: &str = r#"name: "tiny"
input: "clip" input_dim: 2 input_dim: 3 input_dim: 4 input_dim: 8 input_dim: 8
layers { name: "conv" type: CONVOLUTION3D bottom: "clip" top: "conv" blobs_lr: 1 blobs_lr: 2 weight_decay: 1 weight_decay: 0
         convolution_param { num_output: 2 kernel_size: 3 kernel_depth: 3 pad: 1 temporal_pad: 1
                             weight_filler { type: "gaussian" std: 0.01 } bias_filler { value: 0.5 } } }
layers { name: "relu" type: RELU bottom: "conv" top: "conv" }
layers { name: "pool" type: POOLING3D bottom: "conv" top: "pool"
         pooling_param { pool: MAX kernel_size: 2 kernel_depth: 1 stride: 2 } }
layers { name: "fc" type: INNER_PRODUCT bottom: "pool" top: "fc"
         inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
layers { name: "side" type: INNER_PRODUCT bottom: "pool" top: "side" inner_product_param { num_output: 1 bias_term: false } }
"#;

const DECONVNET: &str = r#"name: "segments"
input: "data" input_dim: 1 input_dim: 2 input_dim: 4 input_dim: 4
layers { name: "bn" type: BN bottom: "data" top: "bn" blobs_lr: 1 blobs_lr: 1
         bn_param { scale_filler { value: 1 } shift_filler { value: 0.001 } } }
layers { name: "pool" type: POOLING bottom: "bn" top: "pool" top: "mask" pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
layers { name: "unpool" type: UNPOOLING bottom: "pool" bottom: "mask" top: "unpool"
         unpooling_param { unpool: MAX kernel_size: 2 stride: 2 unpool_size: 4 } }
layers { name: "deconv" type: DECONVOLUTION bottom: "unpool" top: "deconv"
         convolution_param { num_output: 3 kernel_size: 3 pad: 1 weight_filler { type: "gaussian" std: 0.1 } } }
layers { name: "loss" type: SOFTMAX_LOSS bottom: "deconv" bottom: "label" top: "loss" include { phase: TEST } }
"#;

const CRF: &str = r#"name: "crf"
input: "data" input_dim: 1 input_dim: 3 input_dim: 4 input_dim: 4
layers { name: "score" type: CONVOLUTION bottom: "data" top: "score" param: "w" param: "b"
         convolution_param { num_output: 2 kernel_size: 1 weight_filler { type: "xavier" } } }
layers { name: "crf" type: MULTI_STAGE_MEANFIELD bottom: "score" bottom: "score" bottom: "data" top: "pred"
         multi_stage_meanfield_param { theta_alpha: 160 theta_beta: 3 theta_gamma: 3 num_iterations: 5 } }
"#;

/// A value of an encoded message.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Number(u64),
    Float(f32),
    Bytes(Vec<u8>),
}

/// The fields of an encoded message, by a reader that knows no schema.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Value)> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let mut value = 0;
        for place in 0.. {
            let byte = bytes[0];
            *bytes = &bytes[1..];
            value |= u64::from(byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                break;
            }
        }
        value
    }
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let value = match key & 7 {
            0 => Value::Number(varint(&mut bytes)),
            2 => {
                let length = varint(&mut bytes) as usize;
                let (body, rest) = bytes.split_at(length);
                bytes = rest;
                Value::Bytes(body.to_vec())
            }
            5 => {
                let (body, rest) = bytes.split_at(4);
                bytes = rest;
                Value::Float(f32::from_le_bytes(body.try_into().unwrap()))
            }
            other => panic!("wire type {other}"),
        };
        fields.push((key >> 3, value));
    }
    fields
}

/// The values of a field in a message.
fn all(message: &[u8], number: u64) -> Vec<Value> {
    fields(message).into_iter().filter(|(found, _)| *found == number).map(|(_, value)| value).collect()
}

fn bodies(message: &[u8], number: u64) -> Vec<Vec<u8>> {
    let body = |value| match value {
        Value::Bytes(body) => body,
        other => panic!("field {number} is {other:?}"),
    };
    all(message, number).into_iter().map(body).collect()
}

fn strings(message: &[u8], number: u64) -> Vec<String> {
    bodies(message, number).into_iter().map(|body| String::from_utf8(body).unwrap()).collect()
}

fn numbers(message: &[u8], number: u64) -> Vec<u64> {
    let value = |value| match value {
        Value::Number(value) => value,
        other => panic!("field {number} is {other:?}"),
    };
    all(message, number).into_iter().map(value).collect()
}

/// The numbers of the fields of a message, in their order, each once.
fn order(message: &[u8]) -> Vec<u64> {
    let mut order: Vec<u64> = fields(message).into_iter().map(|(number, _)| number).collect();
    order.dedup();
    order
}

/// Name, type and the sizes of the blobs of each saved layer, sizes being the fields 1 to `axes`.
fn layers(net: &[u8], axes: u64) -> Vec<(String, u64, Vec<Vec<u64>>)> {
    let sizes = |blob: &Vec<u8>| (1..=axes).map(|axis| numbers(blob, axis)[0]).collect();
    let layer = |layer: Vec<u8>| {
        let blobs = bodies(&layer, 6).iter().map(sizes).collect();
        (strings(&layer, 4)[0].clone(), numbers(&layer, 5)[0], blobs)
    };
    bodies(net, 2).into_iter().map(layer).collect()
}

/// A folder with `net.prototxt` and `net.caffemodel` made of it, and what was said.
fn made(net: &str, options: &str) -> (Folder, Vec<u8>, String) {
    let folder = Folder::new();
    folder.write("net.prototxt", net);
    folder.write("spatial.par", "3 3\n");
    folder.write("bilateral.par", "5 5\n");
    let command = format!("init net.prototxt -o net.caffemodel --seed 1 {options}");
    let output = folder.run(command.trim_end()).success();
    let said = stderr(&output);
    let bytes = std::fs::read(folder.path("net.caffemodel")).unwrap();
    (folder, bytes, said)
}

#[test]
fn c3d_saves_five_sizes_and_keeps_the_name_of_the_first_copy() {
    let (_, net, said) = made(C3D, "");
    let told =
        "note: net.prototxt: read in the dialect c3d-1.0 (C3D, its first release), since BVLC's Caffe lacks this: ";
    assert!(said.starts_with(told), "{said}");
    assert!(!said.contains("upgraded") && !said.contains("other bytes"), "{said}");
    assert_eq!(order(&net), [1, 2, 3]);
    assert_eq!((strings(&net, 1), strings(&net, 3)), (vec!["tiny".to_owned()], vec!["clip".to_owned()]));
    let expected = [
        ("conv", 30, vec![vec![2, 3, 3, 3, 3], vec![1, 1, 1, 1, 2]]),
        ("relu", 18, vec![]),
        ("pool", 31, vec![]),
        ("pool_pool_0_split", 22, vec![]),
        ("fc", 14, vec![vec![1, 1, 1, 5, 128], vec![1, 1, 1, 1, 5]]),
        ("side", 14, vec![vec![1, 1, 1, 1, 128]]),
    ];
    assert_eq!(layers(&net, 5), expected.map(|(name, number, blobs)| (name.to_owned(), number, blobs)));
    let saved = bodies(&net, 2);
    assert_eq!(order(&saved[0]), [2, 3, 4, 5, 6, 7, 8, 10]);
    assert_eq!(all(&saved[0], 7), [Value::Float(1.0), Value::Float(2.0)]);
    assert_eq!(all(&saved[0], 8), [Value::Float(1.0), Value::Float(0.0)]);
    let convolution = &bodies(&saved[0], 10)[0];
    assert_eq!(order(convolution), [1, 3, 4, 6, 9, 10, 12]);
    let blob = &bodies(&saved[0], 6)[1];
    assert_eq!(order(blob), [1, 2, 3, 4, 5, 6]);
    assert_eq!(bodies(blob, 6)[0], [0.5f32.to_le_bytes(); 2].concat());
    assert_eq!(strings(&saved[3], 3), ["pool", "pool_pool_0_split_1"]);
    assert_eq!(
        (strings(&saved[4], 2), strings(&saved[5], 2)),
        (vec!["pool".into()], vec!["pool_pool_0_split_1".into()])
    );
}

#[test]
fn deconvnet_saves_its_types_and_four_sizes() {
    let (_, net, said) = made(DECONVNET, "");
    let told = "note: net.prototxt: read in the dialect deconvnet (DeconvNet, segmentation by deconvolution), since BVLC's Caffe \
                lacks this: ";
    assert!(said.starts_with(told), "{said}");
    let expected = [
        ("bn", 43, vec![vec![1, 2, 1, 1], vec![1, 2, 1, 1]]),
        ("pool", 17, vec![]),
        ("unpool", 42, vec![]),
        ("deconv", 39, vec![vec![2, 3, 3, 3], vec![1, 1, 1, 3]]),
    ];
    assert_eq!(layers(&net, 4), expected.map(|(name, number, blobs)| (name.to_owned(), number, blobs)));
    let saved = bodies(&net, 2);
    let blob = &bodies(&saved[0], 6)[0];
    assert_eq!((order(blob), bodies(blob, 5)[0].clone()), (vec![1, 2, 3, 4, 5], [1f32.to_le_bytes(); 2].concat()));
    let unpooling = &bodies(&saved[2], 44)[0];
    assert_eq!(fields(unpooling).len(), 4);
    assert_eq!((numbers(unpooling, 2), numbers(unpooling, 12)), (vec![2], vec![4]));
}

#[test]
fn rules_of_inclusion_hold_and_losses_have_their_weight() {
    let labelled = DECONVNET.replace(
        "input_dim: 4 input_dim: 4\n",
        "input_dim: 4 input_dim: 4 input: \"label\" input_dim: 1 \
                                     input_dim: 1 input_dim: 4 input_dim: 4\n",
    );
    let (_, net, _) = made(&labelled, "--phase test");
    let loss = bodies(&net, 2).pop().unwrap();
    assert_eq!((strings(&loss, 4), numbers(&loss, 5)), (vec!["loss".to_owned()], vec![21]));
    assert_eq!(all(&loss, 35), [Value::Float(1.0)]);
    assert_eq!(bodies(&loss, 32), [vec![8, 1]], "its rule stays");
    assert_eq!(order(&loss), [2, 3, 4, 5, 32, 35], "there is no phase");
    assert_eq!(strings(&net, 3), ["data", "label"]);
}

#[test]
fn crfasrnn_saves_shared_names() {
    let (_, net, said) = made(CRF, "");
    assert!(said.contains("read in the dialect crfasrnn-0.1 (CRF as RNN, its first release)"), "{said}");
    let square = vec![1, 1, 2, 2];
    let expected = [
        ("data_input_0_split", 22, vec![]),
        ("score", 4, vec![vec![2, 3, 1, 1], vec![1, 1, 1, 2]]),
        ("score_score_0_split", 22, vec![]),
        ("crf", 42, vec![square.clone(), square.clone(), square]),
    ];
    assert_eq!(layers(&net, 4), expected.map(|(name, number, blobs)| (name.to_owned(), number, blobs)));
    let saved = bodies(&net, 2);
    assert_eq!(strings(&saved[1], 1001), ["w", "b"]);
    assert_eq!(strings(&saved[0], 3), ["data_input_0_split_0", "data_input_0_split_1"]);
    assert_eq!(fields(&bodies(&saved[3], 44)[0]).len(), 4);
}

#[test]
fn all_commands_read_what_was_saved() {
    for (net, dialect) in [(C3D, "c3d-1.0"), (DECONVNET, "deconvnet"), (CRF, "crfasrnn-0.1")] {
        let (folder, bytes, _) = made(net, "");
        let stored = formats::open(folder.path("net.caffemodel")).unwrap();
        assert_eq!(stored.dialect.map(|dialect| dialect.name), Some(dialect));
        folder.run("inspect net.caffemodel").success();
        folder.run("convert net.caffemodel text.prototxt").success();
        folder.run("convert text.prototxt again.caffemodel").success();
        assert!(std::fs::read(folder.path("again.caffemodel")).unwrap() == bytes, "{dialect}");
        folder.run("convert net.caffemodel net.npz").success();
        folder.run("compare net.caffemodel net.npz").success();
        folder.run("init net.prototxt -o taken.caffemodel --seed 2 --weights net.caffemodel").success();
        assert!(std::fs::read(folder.path("taken.caffemodel")).unwrap() == bytes, "{dialect}: weights of its own");
        folder.run("init net.prototxt -o net.txt.prototxt --seed 1").success();
        folder.run("convert net.txt.prototxt made.caffemodel").success();
        assert!(std::fs::read(folder.path("made.caffemodel")).unwrap() == bytes, "{dialect}: written as text");
    }
}

#[test]
fn plain_layers_of_c3d_are_told_by_their_blobs() {
    let net = "name: 'plain' input: 'x' input_dim: 1 input_dim: 3 input_dim: 1 input_dim: 4 input_dim: 4 \
               layers { name: 'c' type: CONVOLUTION bottom: 'x' top: 'c' convolution_param { num_output: 2 kernel_size: 3 weight_filler { type: 'xavier' } } }";
    let (folder, bytes, said) = made(net, "--dialect c3d-1.0");
    assert!(!said.contains("note:"), "{said}");
    assert_eq!(layers(&bytes, 5)[0].2, [vec![2, 3, 1, 3, 3], vec![1, 1, 1, 1, 2]]);
    let stored = formats::open(folder.path("net.caffemodel")).unwrap();
    assert_eq!(stored.dialect.map(|dialect| dialect.name), Some("c3d-1.0"));
    let current = "input: 'x' input_dim: 1 input_dim: 3 input_dim: 4 input_dim: 4 \
                   layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c' \
                   convolution_param { num_output: 2 kernel_size: 3 } }";
    folder.write("current.prototxt", current);
    folder.run("init current.prototxt -o current.caffemodel --seed 2 --weights net.caffemodel").success();
}

#[test]
fn upgrade_makes_current_nets_of_them() {
    let cases = [
        (C3D, "c3d-1.1", "type: \"Convolution3D\"", "convolution3d_param"),
        (DECONVNET, "deconvnet", "type: \"Unpooling\"", "unpooling_param"),
        (CRF, "crfasrnn", "type: \"MultiStageMeanfield\"", "multi_stage_meanfield_param"),
    ];
    for (net, dialect, layer_type, field) in cases {
        let (folder, _, _) = made(net, "");
        folder.run("upgrade net.prototxt current.prototxt").success();
        let text = std::fs::read_to_string(folder.path("current.prototxt")).unwrap();
        assert!(text.contains(layer_type) && text.contains(field) && !text.contains("layers {"), "{dialect}: {text}");
        folder.run("upgrade net.caffemodel current.caffemodel").success();
        let options = format!("--dialect {dialect}");
        let taken = "init current.prototxt -o taken.caffemodel --seed 2 --weights current.caffemodel";
        folder.run(&format!("{taken} {options}")).success();
        let [old, new] = ["net.caffemodel", "taken.caffemodel"].map(|file| formats::open(folder.path(file)).unwrap());
        let values = |net: &formats::StoredNet, name: &str| {
            let layer = net.layers.iter().find(|layer| layer.name == name).unwrap();
            layer.blobs.iter().flat_map(|blob| blob.read().unwrap()).collect::<Vec<f32>>()
        };
        let named: BTreeSet<&str> =
            old.layers.iter().filter(|layer| !layer.blobs.is_empty()).map(|layer| &*layer.name).collect();
        assert!(named.len() > 1, "{dialect}");
        for name in named {
            assert_eq!(values(&old, name), values(&new, name), "{dialect}, {name}");
        }
    }
}

#[test]
fn upgrade_says_what_it_did() {
    let (folder, _, _) = made(C3D, "");
    let output = folder.run("upgrade net.prototxt current.prototxt --dialect c3d-1.0").success();
    let expected = "note: net.prototxt: the net was upgraded from the V1 format\n\
                    note: net.prototxt: old input fields became an Input layer named \"input\"\n\
                    note: net.prototxt: written for c3d-1.1 (C3D, convolutions over time), whose nets are in the current format\n\
                    wrote current.prototxt\n";
    assert_eq!(stderr(&output), expected);
}

/// What is said of a net that is refused.
fn refused(net: &str, dialect: &str) -> String {
    let folder = Folder::new();
    folder.write("net.prototxt", net);
    let run = folder.run(&format!("init net.prototxt -o net.caffemodel --seed 1 --dialect {dialect}")).failure();
    stderr(&run)
}

#[test]
fn what_these_caffes_refuse_is_refused() {
    let layer = |fields: &str| {
        format!(
            "input: 'x' input_dim: 2 input_dim: 3 input_dim: 4 input_dim: 4\nlayers {{ name: 'c' bottom: 'x' top: 'c' {fields} }}"
        )
    };
    let error = refused(
        &layer("type: CONVOLUTION blobs_lr: 1 convolution_param { num_output: 2 kernel_size: 1 }"),
        "deconvnet",
    );
    assert!(
        error.starts_with("error: layer \"c\" (Convolution), blobs_lr: given 1 times, but the layer has 2 blobs\n"),
        "{error}"
    );
    assert!(error.contains("help: give it once for each blob or not at all\n"), "{error}");
    let error = refused(&layer("type: SIMPLE_FAST_MEANFIELD"), "crfasrnn-0.1");
    assert!(
        error.starts_with(
            "error: layer \"c\" (SimpleFastMeanfield), type: unknown layer type \"SimpleFastMeanfield\"\n"
        ),
        "{error}"
    );
    let error = refused(&layer("type: RELU"), "c3d-1.0");
    let message = "error: input_dim: 1 inputs, which takes 5 input_dim, but there are 4\n";
    assert!(error.starts_with(message), "{error}");
    assert!(error.contains("help: give each input five input_dim\n"), "{error}");
    let volume = "input: 'x' input_dim: 2 input_dim: 3 input_dim: 4 input_dim: 5 input_dim: 6\n\
                  layers { name: 'c' bottom: 'x' top: 'c' type: RELU }";
    let error = refused(volume, "c3d-1.0");
    let message =
        "error: layer \"c\" (ReLU), top: this Caffe makes a top without the length of (2, 3, 4, 5, 6): work in place\n";
    assert!(error.starts_with(message), "{error}");
    let error = refused("layer { name: 'c' type: 'ReLU' }", "c3d-1.0");
    assert!(error.starts_with("error: unknown field \"layer\" in NetParameter"), "{error}");
}
