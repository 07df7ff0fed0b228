//! `caffemodel upgrade`: nets, weights and solvers of the older formats, and what `init` makes of the result.

#![cfg(feature = "cli")]

mod folder;

use std::fs;
use std::path::{Path, PathBuf};

use caffemodel::formats::CaffemodelWriter;
use caffemodel::net::{FileKind, UpgradedFile};
use caffemodel::proto::caffe::{BlobProto, NetParameter};
use caffemodel::proto::{Encoding, wire};
use caffemodel::random::{Era, Streams};
use caffemodel::{Definition, Net, Plan, PlanOptions, StateOptions, init};
use folder::{Folder, stderr};
use prost::Message;

const V0: &str = r#"name: "old" # a comment
debug_info: true state { phase: TEST } input_shape { dim: 7 }
input: "x" input_dim: [1, 3, 8, 8]
force_backward: true
layers { layer { name: "pad" type: "padding" pad: 2 } bottom: "x" top: "p" }
layers {
  layer {
    name: "c" type: "conv" num_output: 4 kernelsize: 5 blobs_lr: 1 blobs_lr: 2 weight_decay: 1 weight_decay: 0
    weight_filler { type: "gaussian" std: 0.01 } batchsize: 9
  }
  bottom: "p" top: "c"
}
"#;

const V0_UPGRADED: &str = r#"name: "old"
force_backward: true
layer {
  name: "input"
  type: "Input"
  top: "x"
  input_param {
    shape {
      dim: 1
      dim: 3
      dim: 8
      dim: 8
    }
  }
}
layer {
  name: "c"
  type: "Convolution"
  bottom: "x"
  top: "c"
  param {
    lr_mult: 1
    decay_mult: 1
  }
  param {
    lr_mult: 2
    decay_mult: 0
  }
  convolution_param {
    num_output: 4
    pad: 2
    kernel_size: 5
    weight_filler {
      type: "gaussian"
      std: 0.01
    }
  }
}
"#;

const V1: &str = r#"
state { phase: TEST stage: "deploy" }
debug_info: true
layers {
  name: "d" type: DATA top: "d" include { phase: TRAIN }
  data_param { source: "db" batch_size: 2 scale: 0.00390625 mean_file: "mean.binaryproto" }
}
layers { name: "n" type: SOFTMAX_LOSS bottom: "d" bottom: "l" top: "n" loss_weight: 0.3 param: "w" blob_share_mode: PERMISSIVE }
"#;

const V1_UPGRADED: &str = r#"state {
  phase: TEST
  stage: "deploy"
}
debug_info: true
layer {
  name: "d"
  type: "Data"
  top: "d"
  include {
    phase: TRAIN
  }
  transform_param {
    scale: 0.00390625
    mean_file: "mean.binaryproto"
  }
  data_param {
    source: "db"
    batch_size: 2
  }
}
layer {
  name: "n"
  type: "SoftmaxWithLoss"
  bottom: "d"
  bottom: "l"
  top: "n"
  loss_weight: 0.3
  param {
    name: "w"
    share_mode: PERMISSIVE
  }
}
"#;

#[test]
fn a_v0_net_is_rewritten_with_a_line_for_each_change() {
    let folder = Folder::new();
    folder.write("old.prototxt", V0);
    let expected = "\
note: old.prototxt: the net was upgraded from the V0 format
note: old.prototxt: state of a V0 net is ignored, as in Caffe
note: old.prototxt: input_shape of a V0 net is ignored, as in Caffe
note: old.prototxt: debug_info of a V0 net is ignored, as in Caffe
note: old.prototxt: a padding layer was folded into the layer after it
note: old.prototxt: V0 layer \"c\" has no use for batchsize: ignored, as in Caffe
note: old.prototxt: old input fields became an Input layer named \"input\"
wrote new.prototxt
";
    folder.run("upgrade old.prototxt new.prototxt").success().stdout("").stderr(expected);
    assert_eq!(fs::read_to_string(folder.path("new.prototxt")).unwrap(), V0_UPGRADED);
    folder.run("upgrade old.prototxt - --quiet").success().stdout(V0_UPGRADED).stderr("");
}

#[test]
fn a_v1_net_keeps_all_that_is_not_old() {
    let folder = Folder::new();
    folder.write("old.prototxt", V1);
    let expected = "\
note: old.prototxt: the net was upgraded from the V1 format
note: old.prototxt: old transformation fields of data layers were moved to transform_param
wrote new.prototxt
";
    folder.run("upgrade old.prototxt new.prototxt").success().stderr(expected);
    assert_eq!(fs::read_to_string(folder.path("new.prototxt")).unwrap(), V1_UPGRADED);
}

#[test]
fn the_name_of_the_new_file_decides_how_it_is_written() {
    let folder = Folder::new();
    folder.write("old.prototxt", V0);
    folder.run("upgrade old.prototxt new.caffemodel").success();
    folder.run("upgrade new.caffemodel new").success().stderr(current("new.caffemodel", "new"));
    assert_eq!(fs::read(folder.path("new")).unwrap(), fs::read(folder.path("new.caffemodel")).unwrap());
    folder.run("upgrade new new.prototxt").success();
    assert_eq!(fs::read_to_string(folder.path("new.prototxt")).unwrap(), V0_UPGRADED);
    folder.command("upgrade - -").write_stdin(V0).assert().success().stdout(V0_UPGRADED);
}

fn current(name: &str, new: &str) -> String {
    format!("note: {name}: already in the current format\nwrote {new}\n")
}

#[test]
fn a_current_file_keeps_its_bytes() {
    let folder = Folder::new();
    let net = "# mine\nlayer { name:'d' type:'Input' top:'d' }";
    folder.write("net.prototxt", net);
    folder.run("upgrade net.prototxt new.prototxt").success().stderr(current("net.prototxt", "new.prototxt"));
    assert_eq!(fs::read_to_string(folder.path("new.prototxt")).unwrap(), net);
}

#[test]
fn a_solver_is_told_by_its_fields() {
    let folder = Folder::new();
    folder.write("solver.prototxt", "net: 'net.prototxt' # mine\nbase_lr: 0.01 solver_type: ADAGRAD momentum: 0.9");
    let change = "note: solver.prototxt: solver_type: ADAGRAD became type: \"AdaGrad\"\nwrote new.prototxt\n";
    folder.run("upgrade solver.prototxt new.prototxt").success().stderr(change);
    let expected = "base_lr: 0.01\nmomentum: 0.9\nnet: \"net.prototxt\"\ntype: \"AdaGrad\"\n";
    assert_eq!(fs::read_to_string(folder.path("new.prototxt")).unwrap(), expected);
    folder.run("upgrade new.prototxt again.prototxt").success().stderr(current("new.prototxt", "again.prototxt"));
    assert_eq!(fs::read_to_string(folder.path("again.prototxt")).unwrap(), expected);
    folder.run("upgrade new.prototxt new.binaryproto").success();
    folder.run("upgrade new.binaryproto back.prototxt --kind solver").success();
    assert_eq!(fs::read_to_string(folder.path("back.prototxt")).unwrap(), expected);
}

#[test]
fn old_nets_within_solvers_are_upgraded_too() {
    let folder = Folder::new();
    let solver = "test_net_param { } test_net_param { layers { name: 's' type: SILENCE } } max_iter: 1";
    folder.write("solver.prototxt", solver);
    let change = "note: solver.prototxt: test_net_param: the net was upgraded from the V1 format\nwrote new.prototxt\n";
    folder.run("upgrade solver.prototxt new.prototxt").success().stderr(change);
    let expected = "\
max_iter: 1
test_net_param {
}
test_net_param {
  layer {
    name: \"s\"
    type: \"Silence\"
  }
}
";
    assert_eq!(fs::read_to_string(folder.path("new.prototxt")).unwrap(), expected);
}

#[test]
fn what_cannot_be_upgraded_is_refused_with_its_place() {
    let refused = |old: &str, expected: &str| {
        let folder = Folder::new();
        folder.write("old.prototxt", old);
        let run = folder.run("upgrade old.prototxt new.prototxt").code(2);
        assert_eq!(stderr(&run), expected);
        assert_eq!(folder.files(), ["old.prototxt"], "nothing is left behind");
    };
    refused(
        "net: 'n'\nsolver_type: SGD type: 'Adam'",
        "\
error: solver_type: type is given as well
 --> old.prototxt:2:1
  |
2 | solver_type: SGD type: 'Adam'
  | ^^^^^^^^^^^^^^^^
  |
  = help: remove solver_type, the older of the two

",
    );
    refused(
        "layers { layer { type: 'convolution' } }",
        "\
error: layers: unknown V0 layer type \"convolution\"
 --> old.prototxt:1:1
  |
1 | layers { layer { type: 'convolution' } }
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

",
    );
    refused(
        "base_lr: 1 layerz { } max_iter: 1",
        "\
error: unknown field \"layerz\" in SolverParameter
 --> old.prototxt:1:12
  |
1 | base_lr: 1 layerz { } max_iter: 1
  |            ^^^^^^
  |
  = help: no dialect known here has it; if your Caffe does, give its caffe.proto with `--proto FILE`

",
    );
}

/// A net that only nearly is one: layers in both formats, DeepLab's names, and values as other tools write them.
const NEARLY: &str = r#"name: "deeplab"
input: "x" input_dim: 1 input_dim: 3 input_dim: 9 input_dim: 9
layers { name: "c1" type: CONVOLUTION bottom: "x" top: "c1" convolution_param { num_output: "2" kernel_size: 3 hole: 2 } }
layer { name: "r" type: "ReLU" bottom: "c1" top: "c1" }
layers { name: "c2" type: CONVOLUTION bottom: "c1" top: "c2"
  convolution_param { num_output: 2 kernel_size: 3 hole_h: 2 hole_w: 1 weight_filler { type: xavier } } }
"#;

#[test]
fn what_nearly_is_a_net_becomes_one_where_its_meaning_is_certain() {
    let folder = Folder::new();
    folder.write("old.prototxt", NEARLY);
    let expected = "\
note: old.prototxt: quotes around values were removed at 3:93
note: old.prototxt: fields were renamed to Caffe's names in 3 places, the first at 3:112
note: old.prototxt: quotes were added to strings at 6:94
note: old.prototxt: the net was upgraded from the V1 format
note: old.prototxt: old input fields became an Input layer named \"input\"
note: old.prototxt: layers in the V1 format and in the current one were put in the order of the text
wrote new.prototxt
";
    folder.run("upgrade old.prototxt new.prototxt").success().stdout("").stderr(expected);
    let new = fs::read_to_string(folder.path("new.prototxt")).unwrap();
    let names: Vec<&str> = new.lines().filter_map(|line| line.strip_prefix("  name: ")).collect();
    assert_eq!(names, ["\"input\"", "\"c1\"", "\"r\"", "\"c2\""]);
    assert!(new.contains("    dilation: 2\n    dilation: 1\n"), "{new}");
    folder.run("init new.prototxt -o new.caffemodel --seed 1").success();
}

#[test]
fn where_the_meaning_is_not_certain_the_text_is_refused_as_it_is() {
    let folder = Folder::new();
    folder.write(
        "old.prototxt",
        "layer { name: 'a' type: 'Convolution' convolution_param { hole_h: 2 num_output: '2' } }",
    );
    let error = stderr(&folder.run("upgrade --dialect bvlc old.prototxt new.prototxt").code(2));
    assert!(
        error.starts_with("error: unknown field \"hole_h\" in ConvolutionParameter\n --> old.prototxt:1:59\n"),
        "{error}"
    );
    assert_eq!(folder.files(), ["old.prototxt"]);
    // A message does not tell the order of layers in both formats.
    folder.write("mixed.caffemodel", b"\x12\x00\xa2\x06\x03\x0a\x01r");
    let error = stderr(&folder.run("upgrade mixed.caffemodel new.caffemodel").code(2));
    let expected = "error: layer: the net has layers in the V1 format (layers { ... }) as well as in the current one\n |\n \
                    = help: write all layers in the current format\n\n";
    assert_eq!(error, expected);
}

#[test]
fn blobs_of_four_sizes_get_shapes() {
    let folder = Folder::new();
    let blob = |sizes: &str| format!("blobs {{ {sizes} data: [1, 2] }}");
    let net = format!(
        "layers {{ name: 'ip' type: INNER_PRODUCT inner_product_param {{ num_output: 2 }} {} {} }}
         layers {{ name: 'sum' type: ELTWISE {} }}",
        blob("num: 1 channels: 1 height: 2 width: 1"),
        blob("num: 1 channels: 1 height: 1 width: 2"),
        blob("num: 1 channels: 1 height: 1 width: 2"),
    );
    folder.write("old.prototxt", net);
    folder.run("convert old.prototxt old.caffemodel").success();
    let said = stderr(&folder.run("upgrade old.caffemodel new.prototxt").success());
    assert!(said.contains("note: old.caffemodel: the four sizes of 2 blobs became shapes\n"), "{said}");
    let new = fs::read_to_string(folder.path("new.prototxt")).unwrap();
    assert!(new.contains("    shape {\n      dim: 2\n      dim: 1\n    }\n"), "{new}");
    assert_eq!(new.matches("num: 1").count(), 1, "what a sum keeps is not known: {new}");
}

#[test]
fn an_existing_file_is_replaced_on_request_only() {
    let folder = Folder::new();
    folder.write("net.prototxt", V0);
    let error = "error: net.prototxt: already exists; --force replaces it\n";
    folder.run("upgrade net.prototxt net.prototxt").code(2).stderr(error);
    assert_eq!(fs::read_to_string(folder.path("net.prototxt")).unwrap(), V0);
    folder.run("upgrade net.prototxt net.prototxt --force").success();
    assert_eq!(fs::read_to_string(folder.path("net.prototxt")).unwrap(), V0_UPGRADED);
    folder
        .run("upgrade absent new")
        .code(2)
        .stderr("error: absent: cannot read: No such file or directory (os error 2)\n");
}

#[test]
fn init_makes_the_same_of_an_old_net_and_of_its_upgrade() {
    let folder = Folder::new();
    folder.write("old.prototxt", V0);
    folder.run("upgrade old.prototxt new.prototxt").success();
    for net in ["old", "new"] {
        folder.run(&format!("init {net}.prototxt -o {net}.caffemodel --seed 3")).success();
    }
    assert_eq!(fs::read(folder.path("old.caffemodel")).unwrap(), fs::read(folder.path("new.caffemodel")).unwrap());
}

/// The files of the golden pack whose names end so, with those of cases that Caffe refused.
fn golden(suffix: &str) -> Vec<PathBuf> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/cases");
    let folders = fs::read_dir(cases).unwrap().map(|entry| entry.unwrap().path());
    let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    let mut files: Vec<PathBuf> = files.filter(|path| path.to_str().unwrap().ends_with(suffix)).collect();
    files.sort();
    files
}

fn written(file: UpgradedFile, encoding: Encoding) -> Vec<u8> {
    let mut bytes = Vec::new();
    file.write(encoding, &mut bytes).unwrap();
    bytes
}

/// What `init` makes of a net in a folder, if anything.
fn initialised(bytes: Vec<u8>, folder: &Path) -> Option<Vec<u8>> {
    let definition = Definition { folder: folder.to_owned(), ..Definition::from_bytes("net", bytes).ok()? };
    let net = Net::resolve(definition, &StateOptions::default()).ok()?;
    let plan = Plan::new(net, &PlanOptions::default()).ok()?;
    let mut writer = CaffemodelWriter::new(Vec::new(), &plan.name).unwrap();
    init::fill(&plan, &mut Streams::caffe(1, Era::default()), &mut writer).ok()?;
    Some(writer.into_inner())
}

#[test]
fn every_old_net_of_the_pack_gives_the_same_file_once_upgraded() {
    let mut compared = 0;
    for path in golden("net.prototxt") {
        let bytes = fs::read(&path).unwrap();
        let folder = path.parent().unwrap();
        let file = UpgradedFile::from_bytes("net", bytes.clone(), Some(FileKind::Net));
        let Some(file) = file.ok().filter(|file| !file.changes.is_empty()) else { continue };
        let Some(expected) = initialised(bytes, folder) else { continue };
        for encoding in [Encoding::Text, Encoding::Binary] {
            let upgraded = written(file.clone(), encoding);
            let again = UpgradedFile::from_bytes("net", upgraded.clone(), Some(FileKind::Net)).unwrap();
            // In binary it is a file of weights, whose sizes become shapes.
            let is_shaped = |change: &String| encoding == Encoding::Binary && change.starts_with("the four sizes of ");
            let changes: Vec<String> = again.changes.into_iter().filter(|change| !is_shaped(change)).collect();
            assert_eq!(changes, [""; 0], "{}", path.display());
            let same = initialised(upgraded, folder).is_some_and(|made| made == expected);
            assert!(same, "{}, {encoding:?}: init makes another file of it", path.display());
        }
        compared += 1;
    }
    assert!(compared > 100, "{compared} old nets");
}

/// The four sizes of a blob, of which a shape is the last ones, with ones in front.
fn sizes(blob: &mut BlobProto) -> Vec<i64> {
    let old = [&mut blob.num, &mut blob.channels, &mut blob.height, &mut blob.width].map(Option::take);
    match blob.shape.take() {
        Some(shape) if old == [None; 4] => {
            let ones = 4usize.saturating_sub(shape.dim.len());
            std::iter::repeat_n(1, ones).chain(shape.dim).collect()
        }
        _ => old.map(|size| size.unwrap_or(0).into()).to_vec(),
    }
}

/// The blobs of a net of whatever format, in order, with their sizes, encoded because NaN differs from itself.
fn blobs(net: &NetParameter) -> Vec<(Vec<i64>, Vec<u8>)> {
    let v0 = net.layers.iter().flat_map(|layer| layer.layer.iter().flat_map(|v0| &v0.blobs));
    let v1 = net.layers.iter().flat_map(|layer| &layer.blobs);
    let split = |blob: &BlobProto| {
        let mut blob = blob.clone();
        (sizes(&mut blob), blob.encode_to_vec())
    };
    v0.chain(v1).chain(net.layer.iter().flat_map(|layer| &layer.blobs)).map(split).collect()
}

#[test]
fn weights_of_the_older_formats_keep_their_blobs() {
    let (mut old, mut shaped) = (0, 0);
    for path in golden(".caffemodel") {
        let bytes = fs::read(&path).unwrap();
        let refused = path.to_str().unwrap().contains("/reject-");
        let known = wire::check(&bytes, FileKind::Net.message(), &caffemodel::Limits::default()).is_ok();
        if refused || !known || Encoding::of(&bytes) == Encoding::Text {
            continue;
        }
        // prost alone does not decode names that are not UTF-8.
        let Ok(net) = NetParameter::decode(&*bytes) else { continue };
        let is_old = !net.layers.is_empty();
        // Of a net in two formats Caffe takes the older one, and so does `init`.
        let v0 = net.layers.iter().filter(|layer| layer.layer.is_some()).count();
        if is_old && (!net.layer.is_empty() || (v0 != 0 && v0 != net.layers.len())) {
            continue;
        }
        let file = UpgradedFile::from_bytes("w", bytes.clone(), Some(FileKind::Net)).unwrap();
        old += usize::from(is_old);
        let is_current = file.changes.is_empty();
        shaped += file.changes.iter().filter(|change| change.starts_with("the four sizes of ")).count();
        assert!(!(is_old && is_current), "{}", path.display());
        let upgraded = written(file, Encoding::Binary);
        assert!(!is_current || upgraded == bytes, "{}", path.display());
        let upgraded = NetParameter::decode(&*upgraded).unwrap();
        assert!(upgraded.layers.is_empty() && blobs(&upgraded) == blobs(&net), "{}", path.display());
    }
    assert!(old > 10 && shaped > 10, "{old} old files of weights, {shaped} with four sizes");
}

#[test]
fn weights_of_four_sizes_get_the_shapes_that_the_net_gives_them() {
    const NET: &str = "input: 'x' input_dim: 1 input_dim: 1 input_dim: 4 input_dim: 4
        layers { name: 'c' type: CONVOLUTION bottom: 'x' top: 'c' convolution_param { num_output: 2 kernel_size: 3 } BLOBS_C }
        layers { name: 'i' type: INNER_PRODUCT bottom: 'c' top: 'i' inner_product_param { num_output: 1 } BLOBS_I }";
    let folder = Folder::new();
    let blob = |sizes: [usize; 4]| {
        let [num, channels, height, width] = sizes;
        let data: String = (0..sizes.iter().product()).map(|value: usize| format!("data: {value} ")).collect();
        format!("blobs {{ num: {num} channels: {channels} height: {height} width: {width} {data} }} ")
    };
    let weights = NET
        .replace("BLOBS_C", &(blob([2, 1, 3, 3]) + &blob([1, 1, 1, 2])))
        .replace("BLOBS_I", &(blob([1, 1, 1, 8]) + &blob([1, 1, 1, 1])));
    folder.write("weights.prototxt", weights);
    folder.write("net.prototxt", NET.replace("BLOBS_C", "").replace("BLOBS_I", ""));
    folder.run("convert weights.prototxt old.caffemodel").success();
    let said = stderr(&folder.run("upgrade old.caffemodel upgraded.caffemodel").success());
    assert!(said.contains("note: old.caffemodel: the four sizes of 4 blobs became shapes\n"), "{said}");
    folder.run("convert old.caffemodel converted.caffemodel --net net.prototxt").success();
    let stored = |file: &str| {
        let net = NetParameter::decode(&*fs::read(folder.path(file)).unwrap()).unwrap();
        let layers = net.layer.into_iter().filter(|layer| !layer.blobs.is_empty());
        layers.map(|layer| (layer.name.unwrap(), layer.blobs)).collect::<Vec<_>>()
    };
    let upgraded = stored("upgraded.caffemodel");
    assert_eq!(upgraded, stored("converted.caffemodel"));
    let dims: Vec<Vec<i64>> =
        upgraded.iter().flat_map(|(_, blobs)| blobs).map(|blob| blob.shape.clone().unwrap().dim).collect();
    assert_eq!(dims, [vec![2, 1, 3, 3], vec![2], vec![1, 8], vec![1]]);
    let said = stderr(&folder.run("upgrade upgraded.caffemodel again.caffemodel").success());
    assert!(said.contains("already in the current format"), "{said}");
}
