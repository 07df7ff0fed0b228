//! Conversions: messages as text and in binary and back, and weights between all formats.

#![cfg(all(feature = "cli", feature = "hdf5"))]

mod folder;

use std::fs;
use std::path::{Path, PathBuf};

use caffemodel::convert::Convertible;
use caffemodel::formats::{self, StoredNet};
use caffemodel::proto::Encoding;
use folder::{Folder, lenet, stderr};

/// The files of the golden pack with this extension.
fn golden(extension: &str) -> Vec<PathBuf> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/cases");
    let folders = fs::read_dir(cases).expect("the golden pack is in tests/golden");
    let files = folders.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|found| found == extension));
    files.sort();
    files
}

fn rewritten(source: &Convertible, encoding: Encoding) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    source.encoded().map_err(|error| error.to_string())?.write(encoding, &mut out).unwrap();
    Ok(out)
}

/// A binary file as text, and that text in binary.
fn there_and_back(file: &Path) -> Result<(Vec<u8>, Vec<u8>), String> {
    let source = Convertible::open(file, None).map_err(|error| error.to_string())?;
    let text = rewritten(&source, Encoding::Text)?;
    let source = Convertible::from_bytes("its text", text.clone(), None).map_err(|error| error.to_string())?;
    Ok((text, rewritten(&source, Encoding::Binary)?))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// What keeps files of Caffe's from coming back: the reader takes a name behind a tab for text.
const REFUSED: &[(&str, &str)] = &[("netrules-all-excluded", "unknown field \"nothing\"")];

#[test]
fn caffes_files_come_back_from_text_with_their_bytes() {
    let mut wrong = Vec::new();
    // Caffe's own files are named after the seed; the others were made by hand, with fields in any order.
    let is_caffes = |file: &PathBuf| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with('s'));
    let files: Vec<PathBuf> = golden("caffemodel").into_iter().filter(is_caffes).collect();
    assert!(files.len() > 500, "the golden pack has only {} files of Caffe's", files.len());
    for file in files {
        let name = file.display().to_string();
        match there_and_back(&file) {
            Ok((text, bytes)) if contains(&text, b": nan\n") => assert!(!bytes.is_empty(), "NaN loses its sign"),
            Ok((_, bytes)) if bytes == fs::read(&file).unwrap() => {}
            Ok(_) => wrong.push(format!("{name}: other bytes")),
            Err(error) if REFUSED.iter().any(|(case, text)| name.contains(case) && error.contains(text)) => {}
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn blobs_of_the_pack_come_back_from_text_with_their_bytes() {
    let files = golden("binaryproto");
    let back = |file: &PathBuf| there_and_back(file).is_ok_and(|(_, bytes)| bytes == fs::read(file).unwrap());
    let back = files.iter().filter(|file| back(file)).count();
    assert_eq!((files.len(), back), (19, 19));
}

/// A net of the V1 format with weights, as a person writes it.
const V1: &str = r#"# an old net
input: "data" input_dim: [1, 2, 1, 1]
name: 'old'
layers { bottom: "data" top: "ip" name: "ip" type: INNER_PRODUCT
  blobs { data: [0.1, -1.5e-7] num: 1 channels: 1 height: 1 width: 2 }
  blobs { data: inf height: 1 num: 1 channels: 1 width: 1 }
  inner_product_param { num_output: 1 bias_filler: { } weight_filler { type: 'xavier' } } blobs_lr: 1 blobs_lr: 2 }
"#;

/// What `protoc --encode` makes of it.
const V1_ENCODED: &str = "0a036f6c64124f1204646174611a02697022026970280e321208011001180120022a08cdcccc3db00f21b4320e\
    08011001180120012a040000807f3d0000803f3d000000408a010e08011a080a0678617669657222001a04646174612001200220012001";

/// What `protoc --decode` makes of that.
const V1_DECODED: &str = r#"name: "old"
layers {
  bottom: "data"
  top: "ip"
  name: "ip"
  type: INNER_PRODUCT
  blobs {
    num: 1
    channels: 1
    height: 1
    width: 2
    data: 0.1
    data: -1.5e-07
  }
  blobs {
    num: 1
    channels: 1
    height: 1
    width: 1
    data: inf
  }
  blobs_lr: 1
  blobs_lr: 2
  inner_product_param {
    num_output: 1
    weight_filler {
      type: "xavier"
    }
    bias_filler {
    }
  }
}
input: "data"
input_dim: 1
input_dim: 2
input_dim: 1
input_dim: 1
"#;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn text_and_binary_are_those_of_protoc() {
    let folder = Folder::new();
    folder.write("old.prototxt", V1);
    folder.run("convert old.prototxt old.caffemodel").success().stdout("");
    assert_eq!(hex(&fs::read(folder.path("old.caffemodel")).unwrap()), V1_ENCODED);
    folder.run("convert old.caffemodel decoded.prototxt").success();
    assert_eq!(fs::read_to_string(folder.path("decoded.prototxt")).unwrap(), V1_DECODED);
    folder.run("convert old.prototxt formatted.prototxt").success();
    assert_eq!(fs::read_to_string(folder.path("formatted.prototxt")).unwrap(), V1_DECODED);
}

#[test]
fn weights_are_left_out_on_request() {
    let folder = Folder::new();
    folder.write("old.prototxt", V1);
    let (before, blobs) = V1_DECODED.split_once("  blobs {").unwrap();
    let expected = format!("{before}{}", &blobs[blobs.find("  blobs_lr").unwrap()..]);
    folder.run("convert --no-weights old.prototxt bare.prototxt").success();
    assert_eq!(fs::read_to_string(folder.path("bare.prototxt")).unwrap(), expected);
    let error = folder.run("convert --no-weights old.prototxt x.npz").code(2);
    assert_eq!(stderr(&error), "error: --no-weights leaves nothing to write as npz\n");
    folder.write("blob.prototxt", "data: 1");
    let error = folder.run("convert --no-weights blob.prototxt x.binaryproto").code(2);
    assert_eq!(stderr(&error), "error: blob.prototxt: a BlobProto has no layers whose weights could be left out\n");
}

#[test]
fn any_message_of_the_schema_is_converted() {
    let folder = Folder::new();
    let state = "iter: 7\nlearned_net: \"a.caffemodel\"\nhistory {\n  data: 0.5\n}\ncurrent_step: 1\n";
    folder.write("state.prototxt", state);
    folder.run("convert --message SolverState state.prototxt x.solverstate").success();
    assert_eq!(
        hex(&fs::read(folder.path("x.solverstate")).unwrap()),
        "0807120c612e63616666656d6f64656c1a062a040000003f2001"
    );
    folder.run("convert --message caffe.SolverState x.solverstate -").success().stdout(state);
    folder.write("solver.prototxt", "net: 'a.prototxt' base_lr: 0.01 solver_mode: CPU");
    let done = folder.run("convert solver.prototxt out.prototxt").success();
    assert!(stderr(&done).starts_with("wrote out.prototxt: SolverParameter as text, "), "{}", stderr(&done));
    let solver = fs::read_to_string(folder.path("out.prototxt")).unwrap();
    assert_eq!(solver, "base_lr: 0.01\nsolver_mode: CPU\nnet: \"a.prototxt\"\n");
    let error = folder.run("convert solver.prototxt out.h5").code(2);
    assert_eq!(stderr(&error), "error: solver.prototxt: a SolverParameter is neither a net nor a blob\n");
    let error = folder.run("convert --message SolverStat solver.prototxt -").code(2);
    let expected = "error: Caffe's schema has no message \"SolverStat\" (did you mean SolverState?)\n";
    assert_eq!(stderr(&error), expected);
}

/// Layers with their blobs: numbers, shapes and bits of the values.
type Contents = Vec<(String, Vec<(usize, Vec<i32>, Vec<u32>)>)>;

fn contents(net: &StoredNet) -> Contents {
    let blob = |blob: &formats::StoredBlob| {
        let mut values = vec![0.0; blob.shape.count()];
        blob.values.read(0, &mut values).unwrap();
        (blob.index, blob.shape.dims().to_vec(), values.into_iter().map(f32::to_bits).collect())
    };
    let with_blobs = net.layers.iter().filter(|layer| !layer.blobs.is_empty());
    with_blobs.map(|layer| (layer.name.clone(), layer.blobs.iter().map(blob).collect())).collect()
}

/// The layers are in the order of their names, as HDF5 has them.
const NET: &str = r#"name: "small"
layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 1 dim: 2 dim: 3 dim: 3 } } }
layer { name: "b" type: "Convolution" bottom: "a" top: "b" exclude { stage: "x" }
        convolution_param { num_output: 2 kernel_size: 3 weight_filler { type: "gaussian" std: 1e-38 } } }
layer { name: "c" type: "Scale" bottom: "b" top: "c" scale_param { num_axes: 0 axis: 0 } }
layer { name: "d" type: "InnerProduct" bottom: "c" top: "d"
        inner_product_param { num_output: 3 bias_term: false weight_filler { type: "xavier" } } }
"#;

const FORMATS: [&str; 5] = ["caffemodel", "prototxt", "h5", "npz", "safetensors"];

#[test]
fn weights_go_from_any_format_to_any() {
    let folder = Folder::new();
    folder.write("net", NET);
    for format in FORMATS {
        folder.run(&format!("init net -o init.{format} --seed 3")).success();
    }
    let expected = contents(&formats::open(folder.path("init.caffemodel")).unwrap());
    assert_eq!(expected.len(), 3);
    for (from, to) in FORMATS.iter().flat_map(|from| FORMATS.map(|to| (from, to))) {
        let name = format!("{from}-to.{to}");
        folder.run(&format!("convert init.{from} {name}")).success();
        let written = Convertible::open(folder.path(&name), None).unwrap().weights().unwrap();
        assert!(contents(&written) == expected, "{name}");
        let as_initialised = match to {
            "npz" => true,
            "h5" => !matches!(*from, "npz" | "safetensors"),
            "caffemodel" | "prototxt" => matches!(*from, "caffemodel" | "prototxt"),
            _ => false,
        };
        if as_initialised {
            let direct = fs::read(folder.path(&format!("init.{to}"))).unwrap();
            assert!(fs::read(folder.path(&name)).unwrap() == direct, "{name}");
        }
    }
}

#[test]
fn a_single_blob_is_a_binaryproto() {
    let folder = Folder::new();
    folder.write("mean.prototxt", "num: 1 channels: 2 height: 1 width: 2 data: [1, 2, 3, 4]");
    folder.run("convert mean.prototxt mean.binaryproto").success();
    let mean = hex(&fs::read(folder.path("mean.binaryproto")).unwrap());
    assert_eq!(mean, "08011002180120022a100000803f000000400000404000008040");
    let done = folder.run("convert mean.binaryproto mean.npz").success();
    assert!(stderr(&done).starts_with("wrote mean.npz: 1 blob, 4 values, "), "{}", stderr(&done));
    folder.run("convert mean.npz again.binaryproto").success();
    let again = hex(&fs::read(folder.path("again.binaryproto")).unwrap());
    assert_eq!(again, "2a100000803f0000004000004040000080403a060a0401020102");
    folder.write("net", NET);
    folder.run("init net -o net.npz --seed 1").success();
    let error = folder.run("convert net.npz net.binaryproto").code(2);
    assert_eq!(stderr(&error), "error: a .binaryproto holds a single blob, the net has 4\n");
    assert!(!folder.path("net.binaryproto").exists());
}

#[test]
fn what_the_target_lacks_is_told() {
    let folder = Folder::new();
    let notes = |arguments: &str| {
        let text = stderr(&folder.run(arguments).success());
        text.lines().filter_map(|line| line.strip_prefix("note: ")).collect::<Vec<_>>().join("\n")
    };
    folder.write("old.prototxt", V1);
    let legacy = "2 of the blobs have four sizes, as in old files; --net NET.prototxt gives them the net's shapes";
    let expected = format!(
        "old.prototxt: the net was upgraded from the V1 format\n\
         old.prototxt: old input fields became an Input layer named \"input\"\n\
         old.prototxt: {legacy}"
    );
    assert_eq!(notes("convert old.prototxt old.npz"), expected);
    let bare = "the layers have only names and blobs, no types or parameters; --net NET.prototxt adds them";
    assert_eq!(notes("convert old.npz bare.caffemodel"), format!("old.npz: {bare}"));
    assert_eq!(notes("convert old.npz old.h5"), "");
    folder.write("double.prototxt", "layer { name: 'a' blobs { double_data: 0.1 } blobs { data: 1 } }");
    let expected = "double.prototxt: 1 of the blobs had float64 values, which were rounded to float32";
    assert_eq!(notes("convert double.prototxt double.npz"), expected);
    assert_eq!(notes("convert double.prototxt double.caffemodel"), "");
}

#[test]
fn what_cannot_be_converted_is_refused() {
    let folder = Folder::new();
    folder.write("net.prototxt", NET);
    let says = |arguments: &str, expected: &str| {
        let error = folder.run(&format!("convert {arguments}")).code(2);
        assert_eq!(stderr(&error), format!("error: {expected}\n"), "{arguments}");
    };
    let foreign = "net.onnx: the name does not say which format; end it in .caffemodel, .hdf5, .h5, .npz, .safetensors, .prototxt \
                   or .binaryproto, or choose one with --to";
    says("net.prototxt net.onnx", foreign);
    says("net.prototxt net.prototxt", "net.prototxt: already exists; --force replaces it");
    says("absent x.npz", "absent: cannot read: No such file or directory (os error 2)");
    says(
        "net.prototxt net.npz",
        "net.prototxt: it has no weights\n |\n = help: caffemodel init fills the blobs of a net definition\n",
    );
    folder.write("fork.caffemodel", b"\x0a\x03net\xf8\x7f\x01");
    says(
        "fork.caffemodel x.prototxt",
        "fork.caffemodel: not a NetParameter: unknown field number 2047 in NetParameter at byte 5\n |\n \
         = help: it would be lost; --no-weights skips it, and so do formats that hold only weights\n",
    );
    let passed = folder.run("convert --no-weights fork.caffemodel fork.prototxt").success();
    let note = "note: fork.caffemodel: skipped: unknown field number 2047 in NetParameter at byte 5\n";
    assert!(stderr(&passed).starts_with(note), "{}", stderr(&passed));
    let shared = "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 2 } } }
        layer { name: 'a' type: 'InnerProduct' bottom: 'x' top: 'a' param { name: 'w' } inner_product_param { num_output: 2 } }
        layer { name: 'b' type: 'InnerProduct' bottom: 'a' top: 'b' param { name: 'w' } inner_product_param { num_output: 2 } }";
    folder.write("shared.prototxt", shared);
    folder.run("init shared.prototxt -o shared.h5 --seed 1").success();
    says(
        "shared.h5 shared.npz",
        "shared.h5: layer \"b\": blob 1 is stored, but blob 0 is not\n |\n \
         = help: HDF5 stores shared blobs once; --net NET.prototxt says which ones are shared\n",
    );
    let files = ["fork.caffemodel", "fork.prototxt", "net.prototxt", "shared.h5", "shared.prototxt"];
    assert_eq!(folder.files(), files, "nothing is left behind");
}

#[test]
fn standard_input_and_output_serve_as_well() {
    let folder = Folder::new();
    folder.run(&format!("init {} -o lenet.caffemodel --seed 1", lenet())).success();
    let binary = fs::read(folder.path("lenet.caffemodel")).unwrap();
    let text = folder.command("convert - -").write_stdin(binary.clone()).assert().success().get_output().stdout.clone();
    assert!(text.starts_with(b"name: \"LeNet\"\nlayer {\n"));
    folder.command("convert - -").write_stdin(text).assert().success().stdout(binary);
}

#[test]
fn a_net_gives_the_layers_that_other_formats_lack() {
    let folder = Folder::new();
    let shared = r#"
layer { name: "e" type: "InnerProduct" bottom: "d" top: "e" param { name: "w" } inner_product_param { num_output: 3 } }
layer { name: "f" type: "InnerProduct" bottom: "e" top: "f" param { name: "w" } inner_product_param { num_output: 3 } }
layer { name: "g" type: "BatchNorm" bottom: "f" top: "g" include { phase: TEST } }
"#;
    folder.write("net", format!("{NET}{shared}"));
    folder.run("init net -o init.prototxt --seed 3 --phase test").success();
    for format in ["caffemodel", "h5", "npz", "safetensors"] {
        folder.run(&format!("init net -o init.{format} --seed 3 --phase test")).success();
        let done = folder.run(&format!("convert init.{format} {format}.caffemodel --net net --phase test")).success();
        assert!(stderr(&done).contains(&format!("wrote {format}.caffemodel: 7 layers, ")), "{}", stderr(&done));
        let written = fs::read(folder.path(&format!("{format}.caffemodel"))).unwrap();
        assert!(written == fs::read(folder.path("init.caffemodel")).unwrap(), "{format}");
    }
    folder.run("convert init.npz text.prototxt --net net --phase test").success();
    let text = fs::read(folder.path("text.prototxt")).unwrap();
    assert!(text == fs::read(folder.path("init.prototxt")).unwrap());
    folder.run("convert init.h5 again.h5 --net net --phase test").success();
    assert!(fs::read(folder.path("again.h5")).unwrap() == fs::read(folder.path("init.h5")).unwrap());
}

#[test]
fn weights_must_be_those_of_the_net() {
    let folder = Folder::new();
    let renamed = NET.replace("\"d\"", "\"other\"");
    folder.write("net", NET);
    folder.write("renamed", &renamed);
    folder.write("wide", NET.replace("num_output: 3", "num_output: 4"));
    folder.run("init net -o net.npz --seed 3").success();
    let error = folder.run("convert net.npz x.caffemodel --net renamed").code(2);
    let expected = "\
error: layer \"other\" (InnerProduct): net.npz has no weights for it
 --> renamed:6:1
  |
6 | layer { name: \"other\" type: \"InnerProduct\" bottom: \"c\" top: \"other\"
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: caffemodel init --weights net.npz fills what is missing

";
    assert_eq!(stderr(&error), expected);
    let error = stderr(&folder.run("convert net.npz x.caffemodel --net wide").code(2));
    assert!(error.contains("blob 0 has the shape (3, 2), not (4, 2)"), "{error}");
    let without = NET.split("layer { name: \"d\"").next().unwrap();
    folder.write("without", without);
    let done = stderr(&folder.run("convert net.npz x.caffemodel --net without").success());
    let note = "note: net.npz: layer \"d\" left out: the net has no layer of this name\nwrote x.caffemodel: 3 layers, ";
    assert!(done.starts_with(note), "{done}");
    let error = folder.run("convert net.npz y.caffemodel --phase test").code(2);
    let expected = "error: --phase, --level, --stage and --shape apply to a net definition: give it with --net\n";
    assert_eq!(stderr(&error), expected);
    assert!(!folder.path("y.caffemodel").exists());
}

#[test]
fn long_texts_are_told_and_refused() {
    let folder = Folder::new();
    folder.write("net", NET);
    folder.run("init net -o net.caffemodel --seed 3").success();
    let done = stderr(&folder.run("convert --limit text-bytes=99 net.caffemodel net.prototxt").success());
    let bytes = fs::metadata(folder.path("net.prototxt")).unwrap().len();
    let note = format!("note: net.prototxt: reading a text this long takes --limit text-bytes={bytes}\n");
    assert!(done.starts_with(&note), "{done}");
    let error = stderr(&folder.run("convert --limit text-bytes=99 net.prototxt x.caffemodel").code(2));
    assert!(error.starts_with("error: net.prototxt: a text of more than 99 bytes\n"), "{error}");
    folder.run(&format!("convert --limit text-bytes={bytes} net.prototxt x.caffemodel")).success();
    let error = stderr(&folder.run("convert --limit elements=9 net.caffemodel x.npz").code(2));
    let expected = "error: the net draws or holds 45 values, and the limit is 9: --limit elements=N raises it\n";
    assert_eq!(error, expected);
    assert!(!folder.path("x.npz").exists());
}
