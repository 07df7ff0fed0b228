//! `init --weights`: what is taken from donors, what is printed about it, and what is refused.

#![cfg(all(feature = "cli", feature = "hdf5"))]

mod folder;

use caffemodel::donors::{self, Donor, MatchOptions, OnMismatch};
use caffemodel::formats::CaffemodelWriter;
use caffemodel::formats::{self, StoredNet};
use caffemodel::random::Streams;
use caffemodel::{Definition, Net, Plan, PlanOptions, StateOptions, init};
use folder::{Folder, hash, stderr};

/// A net of two inner products, `a` with as many outputs as asked for, and `b`.
fn net(outputs: usize) -> String {
    format!(
        r#"name: "small"
layer {{ name: "data" type: "Input" top: "data" input_param {{ shape {{ dim: 2 dim: 4 }} }} }}
layer {{ name: "a" type: "InnerProduct" bottom: "data" top: "a"
        inner_product_param {{ num_output: {outputs} weight_filler {{ type: "xavier" }} bias_filler {{ value: 1 }} }} }}
layer {{ name: "b" type: "InnerProduct" bottom: "data" top: "b"
        inner_product_param {{ num_output: 2 weight_filler {{ type: "xavier" }} }} }}
"#
    )
}

/// A folder with `net.prototxt` of 3 outputs, and `w.caffemodel` made of `donor`, seed 7.
fn folder(donor: &str) -> Folder {
    let folder = Folder::new();
    folder.write("net.prototxt", net(3));
    folder.write("donor.prototxt", donor);
    folder.run("init donor.prototxt -o w.caffemodel --seed 7 -q").success();
    folder
}

/// Initialises `net.prototxt` with the weights; returns what is printed, without the last line, and the net.
fn taken(folder: &Folder, options: &str) -> (String, StoredNet) {
    let run = folder.run(&format!("init net.prototxt -o out --seed 1 --force --weights {options}")).success();
    let printed = stderr(&run);
    let lines = printed.trim_end().rsplit_once('\n').map_or("", |(lines, _)| lines);
    (lines.to_owned(), formats::open(folder.path("out")).unwrap())
}

fn refused(folder: &Folder, options: &str) -> String {
    let run = folder.run(&format!("init net.prototxt -o refused --seed 1 --weights {options}")).code(2);
    assert!(!folder.path("refused").exists(), "nothing is left behind");
    stderr(&run)
}

fn values(net: &StoredNet, layer: &str, blob: usize) -> Vec<f32> {
    let layer = net.layers.iter().find(|stored| stored.name == layer).unwrap();
    layer.blobs[blob].read().unwrap()
}

fn open(folder: &Folder, file: &str) -> StoredNet {
    formats::open(folder.path(file)).unwrap()
}

#[test]
fn every_format_is_a_donor() {
    let folder = folder(&net(3));
    for file in ["w.h5", "w.npz", "w.safetensors"] {
        folder.run(&format!("init donor.prototxt -o {file} --seed 7 -q")).success();
    }
    for file in ["w.caffemodel", "w.h5", "w.npz", "w.safetensors"] {
        let (printed, _) = taken(&folder, file);
        assert_eq!(printed, format!("weights: {file}: 2 layers taken"));
        assert_eq!(hash(&folder.path("out")), hash(&folder.path("w.caffemodel")), "{file}");
    }
}

#[test]
fn later_donors_win_and_lists_may_be_separated_by_commas() {
    let folder = folder(&net(3));
    folder.run("init donor.prototxt -o v.caffemodel --seed 8 -q").success();
    let (printed, out) = taken(&folder, "w.caffemodel,v.caffemodel");
    assert_eq!(printed, "weights: w.caffemodel: 2 layers taken\nweights: v.caffemodel: 2 layers taken");
    assert_eq!(values(&out, "a", 0), values(&open(&folder, "v.caffemodel"), "a", 0));
    taken(&folder, "v.caffemodel --weights w.caffemodel");
    assert_eq!(hash(&folder.path("out")), hash(&folder.path("w.caffemodel")));
}

#[test]
fn a_layer_that_does_not_fit_is_refused_with_its_place() {
    let folder = folder(&net(5));
    let expected = "\
error: w.caffemodel: layer \"a\" does not fit layer \"a\" (InnerProduct): blob 0 has the shape (5, 4), not (3, 4)
 --> net.prototxt:3:1
  |
3 | layer { name: \"a\" type: \"InnerProduct\" bottom: \"data\" top: \"a\"
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: fit its weights with --fit a=slice (or rows:... with 3 of 0 to 4), rename the layer in the net to have it \
initialised, or see --on-mismatch

";
    assert_eq!(refused(&folder, "w.caffemodel"), expected);
}

#[test]
fn on_request_it_is_skipped_sliced_or_padded() {
    let initial = |folder: &Folder| {
        folder.run("init net.prototxt -o initial --seed 1 --force -q").success();
        open(folder, "initial")
    };
    let larger = folder(&net(5));
    let (printed, out) = taken(&larger, "w.caffemodel --on-mismatch skip");
    let expected = "weights: w.caffemodel: 1 layer taken, 1 do not fit\nnote: w.caffemodel: layer \"a\" does not fit: blob \
                    0 has the shape (5, 4), not (3, 4)\ninitialised: 1 layer (a)";
    assert_eq!(printed, expected);
    assert_eq!(values(&out, "a", 0), values(&initial(&larger), "a", 0));
    let (printed, out) = taken(&larger, "w.caffemodel --on-mismatch slice");
    assert_eq!(printed, "weights: w.caffemodel: 2 layers taken, 1 of them sliced");
    assert_eq!(values(&out, "a", 0), values(&open(&larger, "w.caffemodel"), "a", 0)[..12]);
    let longer = "blob 0 has the shape (5, 4), not (3, 4): it is longer on some axis";
    assert!(refused(&larger, "w.caffemodel --on-mismatch pad").contains(longer));
    let smaller = folder(&net(2));
    let (printed, out) = taken(&smaller, "w.caffemodel --on-mismatch pad");
    assert_eq!(printed, "weights: w.caffemodel: 2 layers taken, 1 of them padded");
    let mut expected = values(&open(&smaller, "w.caffemodel"), "a", 0);
    expected.extend(&values(&initial(&smaller), "a", 0)[8..]);
    assert_eq!(values(&out, "a", 0), expected);
}

#[test]
fn layers_are_renamed_and_chosen() {
    let folder = folder(&net(3).replace("name: \"a\"", "name: \"old_a\""));
    let (printed, out) = taken(&folder, "w.caffemodel --rename old_*=* -v");
    let lines = "weights: w.caffemodel: 2 layers taken\n  taken: old_a as a: 2 blobs\n  taken: b: 2 blobs";
    assert!(printed.starts_with(lines), "{printed}");
    assert_eq!(values(&out, "a", 0), values(&open(&folder, "w.caffemodel"), "old_a", 0));
    let (printed, _) = taken(&folder, "w.caffemodel --only b");
    assert_eq!(printed, "weights: w.caffemodel: 1 layer taken, 1 unused\ninitialised: 1 layer (a)");
    let (printed, _) = taken(&folder, "w.caffemodel --rename old_a=a --except [b-z]");
    assert_eq!(printed, "weights: w.caffemodel: 1 layer taken, 1 left out\ninitialised: 1 layer (b)");
}

#[test]
fn rules_that_fit_nothing_and_donors_that_give_nothing_are_told() {
    let folder = folder(&net(3).replace("name: \"", "name: \"x"));
    let (printed, _) = taken(&folder, "w.caffemodel");
    let expected = "\
weights: w.caffemodel: 0 layers taken, 2 unused
warning: nothing was taken from w.caffemodel
 |
 = help: layers are matched by their exact names; --rename renames those of the weights

initialised: 2 layers (a, b)";
    assert_eq!(printed, expected);
    let unused = "error: rename y*=*: no donor has a layer of that name\n";
    assert_eq!(refused(&folder, "w.caffemodel --rename y*=*"), unused);
    let unused = "error: only conv*: the net has no layer of that name\n";
    assert_eq!(refused(&folder, "w.caffemodel --only conv*"), unused);
    let missing = "error: v.caffemodel: cannot read: No such file or directory (os error 2)\n";
    assert_eq!(refused(&folder, "w.caffemodel,v.caffemodel"), missing);
}

#[test]
fn provenance_names_the_donors() {
    let folder = folder(&net(2));
    taken(&folder, "w.caffemodel --on-mismatch pad --provenance net.json");
    let text = std::fs::read_to_string(folder.path("net.json")).unwrap();
    let provenance: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(provenance["options"], serde_json::json!(["--on-mismatch pad"]));
    let donor = &provenance["weights"][0];
    assert_eq!(donor["file"], "w.caffemodel");
    assert_eq!(donor["sha256"], hash(&folder.path("w.caffemodel")));
    let sources: Vec<&str> =
        provenance["blobs"].as_array().unwrap().iter().map(|blob| blob["source"].as_str().unwrap()).collect();
    assert_eq!(sources, ["weights in part", "weights in part", "weights", "weights"]);
}

/// What `-v` and the provenance say of where the first blob's values come from.
fn told(folder: &Folder, options: &str) -> (String, String) {
    let (printed, _) = taken(folder, &format!("{options} --provenance net.json -v"));
    let line = printed.lines().find_map(|line| line.strip_prefix("a (InnerProduct): (3, 4) ")).unwrap();
    let text = std::fs::read_to_string(folder.path("net.json")).unwrap();
    let provenance: serde_json::Value = serde_json::from_str(&text).unwrap();
    let source = provenance["blobs"][0]["source"].as_str().unwrap();
    (line.split_once(", (").unwrap().0.to_owned(), source.to_owned())
}

#[test]
fn details_and_provenance_agree_on_where_values_come_from() {
    let folder = folder(&net(2));
    folder.run("init net.prototxt -o whole.caffemodel --seed 3 -q").success();
    let told = |options: &str| told(&folder, options);
    let expected = |line: &str, source: &str| (line.to_owned(), source.to_owned());
    let part = told("w.caffemodel --on-mismatch pad");
    assert_eq!(part, expected("taken from a donor in part", "weights in part"));
    let both = told("whole.caffemodel,w.caffemodel --on-mismatch pad");
    assert_eq!(both, expected("taken from a donor, and in part from another", "weights"));
    let whole = told("w.caffemodel,whole.caffemodel --on-mismatch pad");
    assert_eq!(whole, expected("taken from a donor", "weights"));
}

#[test]
fn damage_that_shows_late_names_the_donor() {
    let folder = folder(&net(3));
    folder.run("init donor.prototxt -o w.npz --seed 7 -q").success();
    let mut bytes = std::fs::read(folder.path("w.npz")).unwrap();
    let value = bytes.windows(6).position(|window| window == b"\x93NUMPY").unwrap() + 130;
    bytes[value] ^= 1;
    folder.write("w.npz", bytes);
    let damaged =
        "weights: w.npz: 2 layers taken\nerror: w.npz: entry \"a/0.npy\" is damaged: its checksum is wrong\n\n";
    assert_eq!(refused(&folder, "w.npz"), damaged);
}

/// The file that so many threads make of a net with donors whose blobs lie in the corners of its own.
fn padded(text: &str, donors: &[Donor], threads: usize, mut streams: Streams) -> Vec<u8> {
    let net = Net::resolve(Definition::from_bytes("net", text).unwrap(), &StateOptions::default()).unwrap();
    let mut plan = Plan::new(net, &PlanOptions::default()).unwrap();
    let mut options = MatchOptions::default();
    options.on_mismatch = OnMismatch::Pad;
    donors::apply(&mut plan, donors, &options).unwrap();
    let mut writer = CaffemodelWriter::new(Vec::new(), &plan.name).unwrap();
    init::fill_on(threads, &plan, &mut streams, &mut writer).unwrap();
    writer.into_inner()
}

#[test]
fn threads_do_not_change_what_is_taken() {
    // `a` is made piece by piece, `b` as a whole, `c` shares the values of `a`.
    let net = |outputs: usize, inputs: usize| {
        let layer = |name: &str, param: &str, filler: &str| {
            format!(
                "layer {{ name: \"{name}\" type: \"InnerProduct\" bottom: \"data\" top: \"{name}\" {param} \
                 inner_product_param {{ num_output: {outputs} weight_filler {{ {filler} }} }} }}\n"
            )
        };
        let input = "layer { name: \"data\" type: \"Input\" top: \"data\" input_param { shape { dim: 1 dim: ";
        let layers = [
            layer("a", "param { name: \"w\" }", "type: \"xavier\""),
            layer("b", "", "type: \"positive_unitball\""),
            layer("c", "param { name: \"w\" }", "type: \"gaussian\""),
        ];
        format!("{input}{inputs} }} }} }}\n{}", layers.concat())
    };
    let folder = Folder::new();
    folder.write("small.prototxt", net(150, 390));
    folder.write("tall.prototxt", net(290, 20));
    folder.run("init small.prototxt -o small --format npz --seed 7 -q").success();
    folder.run("init tall.prototxt -o tall --format hdf5 --seed 8 -q").success();
    let donors = ["small", "tall"].map(|file| Donor::open(folder.path(file)).unwrap());
    for streams in [Streams::native(1), Streams::caffe(1, "1.74".parse().unwrap())] {
        let alone = padded(&net(300, 400), &donors, 0, streams.clone());
        let without = padded(&net(300, 400), &[], 0, streams.clone());
        assert_ne!(alone, without);
        for threads in [1, 3] {
            assert!(padded(&net(300, 400), &donors, threads, streams.clone()) == alone, "{threads} threads");
        }
        folder.write("out", &alone);
        let (out, small, tall) = (open(&folder, "out"), open(&folder, "small"), open(&folder, "tall"));
        for (layer, own) in [("a", "a"), ("b", "b"), ("c", "a")] {
            let out = values(&out, layer, 0);
            // `c` comes after `a` in the archive and wins; in HDF5 it has no blob of its own.
            let from_small = values(&small, if own == "a" { "c" } else { own }, 0);
            let from_tall = values(&tall, own, 0);
            assert_eq!(out[400 + 20..400 + 390], from_small[390 + 20..390 + 390], "{layer}");
            assert_eq!(out[400..400 + 20], from_tall[20..40], "{layer}");
            assert_eq!(out[289 * 400..289 * 400 + 20], from_tall[289 * 20..289 * 20 + 20], "{layer}");
        }
    }
}

/// A release whose blobs have four axes cannot take the shape of weights with fewer.
#[test]
fn happynear_s_caffe_takes_the_shapes_of_weights() {
    let folder = folder(&net(5));
    folder.run("init net.prototxt -o out --seed 1 -q --dialect happynear --weights w.caffemodel").success();
    assert_eq!(values(&open(&folder, "out"), "a", 0), values(&open(&folder, "w.caffemodel"), "a", 0));
    let options = "w.caffemodel";
    assert!(refused(&folder, options).contains("shape"), "others compare them");
}

#[test]
fn a_release_of_four_axes_compares_the_shapes_of_hdf5() {
    let folder = Folder::new();
    let net = r#"input: "data" input_dim: [2, 3, 1, 1]
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 5 } }
"#;
    folder.write("net.prototxt", net);
    folder.run("init net.prototxt -o w.h5 --seed 7 -q").success();
    let told = refused(&folder, "w.h5 --dialect bvlc-rc2 -q");
    let expected = "error: w.h5: layer \"ip\" does not fit layer \"ip\" (InnerProduct): blob 0 has the shape (5, 3), not \
                    (1, 1, 5, 3)\n --> net.prototxt:2:1\n";
    assert!(told.starts_with(expected), "{told}");
    folder.run("init net.prototxt -o out --seed 1 --weights w.h5 --dialect bvlc-rc2 --fit ip=reshape -q").success();
    let net = open(&folder, "out");
    assert_eq!(net.layers.iter().find(|layer| layer.name == "ip").unwrap().blobs[0].shape.dims(), [1, 1, 5, 3]);
}
