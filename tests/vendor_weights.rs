//! Weights as NVIDIA's Caffe and OpenCV write them, through every command that reads weights.

#![cfg(feature = "cli")]

mod folder;

use caffemodel::formats::{self, NumberType, StoredNet};
use folder::{Folder, stderr};

/// A net of halves in NVIDIA's Caffe.
const HALVES: &str = r#"
default_forward_type: FLOAT16
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 } } }
layer { name: "z" type: "InnerProduct" bottom: "data" top: "z"
        inner_product_param { num_output: 2 weight_filler { type: "xavier" } bias_filler { value: 0.1 } } }"#;

/// The same for any Caffe.
const PLAIN: &str = r#"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 } } }
layer { name: "z" type: "InnerProduct" bottom: "data" top: "z" inner_product_param { num_output: 2 } }"#;

fn open(folder: &Folder, file: &str) -> StoredNet {
    formats::open(folder.path(file)).unwrap()
}

fn values(net: &StoredNet, layer: &str, blob: usize) -> Vec<f32> {
    let layer = net.layers.iter().find(|stored| stored.name == layer).unwrap();
    layer.blobs[blob].read().unwrap()
}

/// A folder with `halves.caffemodel`.
fn halves() -> Folder {
    let folder = Folder::new();
    folder.write("halves.prototxt", HALVES);
    folder.write("plain.prototxt", PLAIN);
    folder.run("init halves.prototxt -o halves.caffemodel --seed 1 -q").success();
    folder
}

#[test]
fn halves_are_written_and_read_by_every_command() {
    let folder = halves();
    let stored = open(&folder, "halves.caffemodel");
    assert_eq!(stored.dialect.map(|dialect| dialect.name), Some("nvidia"));
    let weights = stored.layers.iter().find(|layer| layer.name == "z").unwrap();
    assert!(weights.blobs.iter().all(|blob| blob.values.number_type() == NumberType::F16));
    assert_eq!(values(&stored, "z", 1), [0.099_975_586; 2]);

    folder.run("inspect halves.caffemodel").success();
    folder.run("convert halves.caffemodel halves.npz").success();
    folder.run("compare halves.caffemodel halves.npz").success();
    folder.run("init plain.prototxt -o taken.caffemodel --seed 2 --weights halves.caffemodel").success();
    let taken = open(&folder, "taken.caffemodel");
    for blob in 0..2 {
        assert_eq!(values(&taken, "z", blob), values(&stored, "z", blob));
    }
}

#[test]
fn a_text_of_them_gives_the_same_file_back() {
    let folder = halves();
    folder.run("convert halves.caffemodel text.prototxt").success();
    folder.run("convert text.prototxt again.caffemodel").success();
    let bytes = |file: &str| std::fs::read(folder.path(file)).unwrap();
    assert!(bytes("again.caffemodel") == bytes("halves.caffemodel"));
}

/// A length-delimited field of a message, of fewer than 128 bytes.
fn field(number: u8, body: &[u8]) -> Vec<u8> {
    let length = u8::try_from(body.len()).ok().filter(|length| *length < 128).unwrap();
    let key = u32::from(number) << 3 | 2;
    let mut out = if key < 128 { vec![key as u8] } else { vec![key as u8 | 0x80, (key >> 7) as u8] };
    out.push(length);
    out.extend(body);
    out
}

/// A net of BVLC's whose blob OpenCV has made halves of.
fn of_opencv(raw_data_type: u8, raw_data: &[u8]) -> Vec<u8> {
    let shape = field(7, &field(1, &[2]));
    let blob = [shape, vec![10 << 3, raw_data_type], field(12, raw_data)].concat();
    let layer = [field(1, b"z"), field(2, b"InnerProduct"), field(7, &blob)].concat();
    [field(1, b"net"), field(100, &layer)].concat()
}

#[test]
fn opencv_s_halves_become_floats() {
    let folder = Folder::new();
    folder.write("cv.caffemodel", of_opencv(2, &[0x00, 0x3e, 0x00, 0xbc]));
    assert_eq!(values(&open(&folder, "cv.caffemodel"), "z", 0), [1.5, -1.0]);
    for target in ["floats.caffemodel", "floats.prototxt"] {
        let printed = stderr(&folder.run(&format!("convert cv.caffemodel {target}")).success());
        assert!(printed.contains("1 of the blobs had float16 values, which were converted to float32"), "{printed}");
        let stored = open(&folder, target);
        assert_eq!(values(&stored, "z", 0), [1.5, -1.0]);
        assert_eq!(stored.layers[0].blobs[0].values.number_type(), NumberType::F32);
    }
}

#[test]
fn raw_values_that_make_no_sense_are_refused_with_their_place() {
    let folder = Folder::new();
    folder.write("odd.caffemodel", of_opencv(2, &[0; 3]));
    folder.write("int.caffemodel", of_opencv(3, &[0; 8]));
    folder.write("few.caffemodel", of_opencv(1, &[0; 4]));
    let error = |file: &str| formats::open(folder.path(file)).unwrap_err().to_string();
    assert!(error("odd.caffemodel").contains("3 bytes of raw_data, which values of 2 bytes do not divide"));
    assert!(error("int.caffemodel").contains("layer \"z\", blob 0"));
    assert!(error("int.caffemodel").contains("has raw_data of the type INT, which no weights have"));
    assert!(error("few.caffemodel").contains("has 1 values, its shape (2) has 2"));
}

#[test]
fn scale_and_shift_of_a_batch_norm_go_to_the_scale_behind() {
    let folder = Folder::new();
    let data =
        r#"layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } } }"#;
    let donor = r#"layer { name: "n" type: "BatchNorm" bottom: "data" top: "n"
        batch_norm_param { scale_filler { value: 3 } bias_filler { value: 5 } } }"#;
    let net = r#"layer { name: "n" type: "BatchNorm" bottom: "data" top: "n" }
        layer { name: "s" type: "Scale" bottom: "n" top: "s" scale_param { bias_term: true } }"#;
    folder.write("donor.prototxt", format!("{data}\n{donor}"));
    folder.write("net.prototxt", format!("{data}\n{net}"));
    folder.write(
        "alone.prototxt",
        format!("{data}\nlayer {{ name: \"n\" type: \"BatchNorm\" bottom: \"data\" top: \"n\" }}"),
    );
    folder.run("init donor.prototxt --dialect nvidia -o donor.caffemodel --seed 1 -q").success();
    let run = folder.run("init net.prototxt -o out.caffemodel --seed 1 --weights donor.caffemodel").success();
    let note = "layer \"n\": scale and shift of its 5 blobs went to the Scale layer \"s\"";
    assert!(stderr(&run).contains(note), "{}", stderr(&run));
    let stored = open(&folder, "out.caffemodel");
    assert_eq!(values(&stored, "n", 2), [1.0]);
    assert_eq!(values(&stored, "s", 0), [3.0; 3]);
    assert_eq!(values(&stored, "s", 1), [5.0; 3]);
    let run = folder.run("init alone.prototxt -o no.caffemodel --seed 1 --weights donor.caffemodel").code(2);
    assert!(stderr(&run).contains("5 blobs, not 3"), "{}", stderr(&run));
}
