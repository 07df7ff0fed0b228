//! HDF5 files whose layers stand behind links, out of order, or are no layers: those of `tests/hdf5`, which its
//! `make.py` makes. What Caffe makes of them is known from HDF5's own library.

#![cfg(all(feature = "cli", feature = "hdf5"))]

mod folder;

use std::path::{Path, PathBuf};

use caffemodel::donors::{self, Donor, MatchOptions, MatchReport, Selection};
use caffemodel::formats;
use caffemodel::plan::ValueSource;
use caffemodel::proto::caffe::{BlobProto, BlobShape, LayerParameter, NetParameter};
use caffemodel::{Definition, Net, Plan, PlanOptions, StateOptions};
use folder::{Folder, stderr};
use prost::Message;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hdf5").join(name)
}

/// A net of inner products with weights of 2 x 3, all of them shared if they are to be.
fn net(layers: &[&str], shared: bool) -> String {
    let param = if shared { "param { name: 'w' }" } else { "" };
    let input = "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 3 } } }".to_owned();
    let layer = |name: &&str| {
        format!(
            "layer {{ name: '{name}' type: 'InnerProduct' bottom: 'x' top: '{name}' {param}
             inner_product_param {{ num_output: 2 bias_term: false }} }}"
        )
    };
    std::iter::once(input).chain(layers.iter().map(layer)).collect()
}

/// Takes weights into a net of these layers; returns what each layer's first blob begins with.
fn take(name: &str, layers: &[&str], shared: bool, options: &MatchOptions) -> Result<(MatchReport, Vec<f32>), String> {
    let definition = Definition::from_bytes("net", net(layers, shared)).unwrap();
    let net = Net::resolve(definition, &StateOptions::default()).unwrap();
    let mut plan = Plan::new(net, &PlanOptions::default()).unwrap();
    let text = |error: caffemodel::Error| error.to_string();
    let donors = [Donor::open(file(name)).map_err(text)?];
    let report = donors::apply(&mut plan, &donors, options).map_err(text)?;
    let value = |name: &&str| {
        let layer = plan.layers.iter().find(|layer| layer.param.name() == *name).unwrap();
        let mut value = [f32::NAN];
        if let ValueSource::Weights(donor) = layer.blobs[0].source() {
            donor.values.read(0, &mut value).unwrap();
        }
        value[0]
    };
    Ok((report, layers.iter().map(value).collect()))
}

/// The error of a net that has this layer.
fn refused(name: &str, layer: &str) -> String {
    let error = take(name, &[layer], false, &MatchOptions::default()).unwrap_err();
    error.strip_prefix(&format!("{}: ", file(name).display())).unwrap().to_owned()
}

#[test]
fn soft_links_are_followed_and_those_to_nowhere_matter_only_where_they_are_needed() {
    for name in ["soft_old.h5", "soft_new.h5"] {
        let (report, values) = take(name, &["a", "b", "c"], false, &MatchOptions::default()).unwrap();
        assert_eq!(values, [1.0, 2.0, 2.0], "{name}");
        let mut flaws = report.donors[0].flaws.clone();
        flaws.sort();
        let circle = "/data/circle: a soft link to \"circle\", the last of more than 16 on the way";
        let nowhere = "/data/nowhere: a soft link to \"/real/absent\", which does not exist";
        assert_eq!(flaws, [circle, nowhere]);
        assert_eq!(refused(name, "circle"), circle);
        assert_eq!(refused(name, "nowhere"), nowhere);
        let strict = formats::open(file(name)).unwrap_err().to_string();
        assert_eq!(strict, format!("{}: {circle}", file(name).display()));
        let only = Selection::new(&["a".to_owned()], &[]).unwrap();
        let mut options = MatchOptions::default();
        options.selection = only;
        let (report, _) = take(name, &["a", "circle"], false, &options).unwrap();
        assert!(report.donors[0].left.contains(&"circle".to_owned()));
    }
}

#[test]
fn the_layer_that_hdf5_lists_last_gives_shared_blobs() {
    for (name, last) in [("order_old.h5", 1.0), ("order_new.h5", 2.0)] {
        let (report, values) = take(name, &["ip1", "ip2"], true, &MatchOptions::default()).unwrap();
        assert_eq!((report.donors[0].taken.len(), values[0]), (2, last), "{name}");
        let net = formats::open(file(name)).unwrap();
        let names: Vec<&str> = net.layers.iter().map(|layer| &*layer.name).collect();
        assert_eq!(names, ["ip1", "ip2"], "shown by name");
    }
}

#[test]
fn groups_of_many_links_are_listed_by_the_hashes_of_the_names() {
    let ends = [
        ("many_old.h5", ["layer0", "layer1", "layer10"], ["layer97", "layer98", "layer99"]),
        ("many_new.h5", ["layer66", "layer5", "layer118"], ["layer51", "layer53", "layer80"]),
    ];
    for (name, first, last) in ends {
        let names: Vec<String> = (0..120).map(|number| format!("layer{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (report, values) = take(name, &names, false, &MatchOptions::default()).unwrap();
        let taken: Vec<&str> = report.donors[0].taken.iter().map(|taken| &*taken.layer).collect();
        assert_eq!((taken.len(), &taken[..3], &taken[117..]), (120, &first[..], &last[..]), "{name}");
        for (number, value) in values.into_iter().enumerate() {
            assert_eq!(value, if number % 10 == 7 { 2.0 } else { 1.0 }, "{name}, layer {number}");
        }
    }
}

#[test]
fn what_is_no_layer_matters_only_where_a_layer_is_needed() {
    let (report, values) = take("odd.h5", &["ip"], false, &MatchOptions::default()).unwrap();
    assert_eq!(values, [1.0]);
    let flaws = [
        ("back", "/data/back/up: leads back to a group that it is in"),
        ("dataset", "/data/dataset: a dataset, not the group of a layer"),
        ("outside", "/data/outside/0: a link to \"/values\" in the file \"other.h5\", which is not followed"),
        ("text", "/data/text/0: its number type is not supported"),
        ("type", "/data/type: a named type, not the group of a layer"),
    ];
    assert_eq!(report.donors[0].flaws, flaws.map(|(_, flaw)| flaw));
    assert_eq!(report.donors[0].excess, flaws.map(|(layer, _)| layer));
    for (layer, flaw) in flaws {
        let error = refused("odd.h5", layer);
        let error = error.split_once(" (").map_or(&*error, |(error, help)| {
            assert_eq!(help, "h5copy -f ext copies the targets of such links into one file)");
            error
        });
        assert_eq!(error, flaw);
    }
}

#[test]
fn layouts_that_are_not_read_say_so_and_what_to_do() {
    let errors = [
        (
            "external",
            "its values are in other files, which is not supported \
             (copy the dataset into a file that holds its own values)",
        ),
        ("virtual", "it is made of other datasets, which is not supported (h5repack -l CONTI stores its values)"),
    ];
    for (layer, error) in errors {
        assert_eq!(refused("layouts.h5", layer), format!("/data/{layer}/0: {error}"));
    }
}

#[test]
fn chunks_are_read_whatever_their_index_and_their_filter() {
    let (report, values) = take_shaped("layouts.h5", "axes", [2, 3]);
    assert_eq!((report, values), (1, vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]));
    let (report, values) = take_shaped("layouts.h5", "szip", [64, 32]);
    assert_eq!((report, values), (1, vec![0.0; 64 * 32]));
}

/// Takes the weights of a layer with this many outputs and inputs; returns how many layers were taken, and the values.
fn take_shaped(name: &str, layer: &str, [outputs, inputs]: [usize; 2]) -> (usize, Vec<f32>) {
    let net = net(&[layer], false).replace("dim: 3", &format!("dim: {inputs}"));
    let net = net.replace("num_output: 2", &format!("num_output: {outputs}"));
    let net = Net::resolve(Definition::from_bytes("net", net).unwrap(), &StateOptions::default()).unwrap();
    let mut plan = Plan::new(net, &PlanOptions::default()).unwrap();
    let donors = [Donor::open(file(name)).unwrap()];
    let report = donors::apply(&mut plan, &donors, &MatchOptions::default()).unwrap();
    let mut values = vec![f32::NAN; outputs * inputs];
    let ValueSource::Weights(donor) = plan.layers[1].blobs[0].source() else { panic!("nothing was taken") };
    donor.values.read(0, &mut values).unwrap();
    (report.donors[0].taken.len(), values)
}

#[test]
fn damaged_blobs_matter_only_where_the_net_takes_them() {
    let blob =
        |count| BlobProto { shape: Some(BlobShape { dim: vec![2, 3] }), data: vec![0.5; count], ..Default::default() };
    let layer =
        |name: &str, count| LayerParameter { name: Some(name.into()), blobs: vec![blob(count)], ..Default::default() };
    let donor = NetParameter { layer: vec![layer("ip", 6), layer("zzz", 5)], ..Default::default() };
    let folder = Folder::new();
    folder.write("w.caffemodel", donor.encode_to_vec());
    folder.write("net.prototxt", net(&["ip"], false));
    folder.write("all.prototxt", net(&["ip", "zzz"], false));
    let run = folder.run("init net.prototxt -o out --seed 1 --weights w.caffemodel").success();
    let flaw = "layer \"zzz\", blob 0 at byte 51: has 5 values, its shape (2, 3) has 6";
    let expected = format!("weights: w.caffemodel: 1 layer taken, 1 unused\nnote: w.caffemodel: skipped: {flaw}\n");
    assert!(stderr(&run).starts_with(&expected), "{}", stderr(&run));
    let run = folder.run("init all.prototxt -o all --seed 1 --weights w.caffemodel").code(2);
    assert_eq!(stderr(&run).trim_end(), format!("error: w.caffemodel: {flaw}"));
    let run = folder.run("inspect w.caffemodel").code(2);
    assert_eq!(stderr(&run).trim_end(), format!("error: w.caffemodel: {flaw}"));
}

#[test]
fn inspecting_a_file_without_layers_says_so() {
    let folder = Folder::new();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/cases/h5out-no-layers/s1701-train-b1.74.h5");
    folder.write("empty.h5", std::fs::read(golden).unwrap());
    let run = folder.run("inspect empty.h5").code(2);
    assert_eq!(stderr(&run).trim_end(), "error: empty.h5: the file, of the format hdf5, holds no layers");
}

/// A net with layers `conv1`, `conv1/bn` and `conv1/scale`, which HDF5 has as groups within a group.
const NESTED: &str = r#"layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 5 dim: 5 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "msra" } } }
layer { name: "conv1/bn" type: "BatchNorm" bottom: "conv1" top: "conv1" }
layer { name: "conv1/scale" type: "Scale" bottom: "conv1" top: "conv1" scale_param { bias_term: true } }
layer { name: "fc" type: "InnerProduct" bottom: "conv1" top: "fc"
  inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
"#;

#[test]
fn layers_with_slashes_in_their_names_come_back() {
    let folder = Folder::new();
    folder.write("net.prototxt", NESTED);
    folder.run("init net.prototxt -o one.caffemodel --seed 1").success();
    folder.run("init net.prototxt -o one.caffemodel.h5 --seed 1").success();
    let stored = formats::open(folder.path("one.caffemodel.h5")).unwrap();
    let blobs: Vec<(&str, usize)> = stored.layers.iter().map(|layer| (&*layer.name, layer.blobs.len())).collect();
    let with_blobs: Vec<_> = blobs.into_iter().filter(|(_, blobs)| *blobs > 0).collect();
    assert_eq!(with_blobs, [("conv1", 2), ("conv1/bn", 3), ("conv1/scale", 2), ("fc", 2)]);
    let run = folder.run("init net.prototxt -o taken.caffemodel --seed 2 --weights one.caffemodel.h5").success();
    let taken = "weights: one.caffemodel.h5: 4 layers taken\n";
    assert!(stderr(&run).starts_with(taken), "{}", stderr(&run));
    folder.run("convert one.caffemodel.h5 converted.caffemodel --net net.prototxt").success();
    let read = |name: &str| std::fs::read(folder.path(name)).unwrap();
    assert!(read("taken.caffemodel") == read("one.caffemodel"));
    assert!(read("converted.caffemodel") == read("one.caffemodel"));
    let run = folder.run("init net.prototxt -o part.caffemodel --seed 2 --weights one.caffemodel.h5 --only conv1/*");
    let taken = "weights: one.caffemodel.h5: 2 layers taken";
    assert!(stderr(&run.success()).starts_with(taken));
}

#[test]
fn groups_within_a_layer_without_blobs_are_refused_as_by_caffe_and_converted() {
    let folder = Folder::new();
    let net = NESTED.replace("\"conv1\" type: \"Convolution\"", "\"conv1\" type: \"ReLU\"");
    let start = net.find("  convolution_param").unwrap();
    let end = start + net[start..].find("} } }").unwrap();
    folder.write("net.prototxt", format!("{}{}", &net[..start], &net[end + 4..]));
    folder.run("init net.prototxt -o one.caffemodel --seed 1").success();
    folder.run("init net.prototxt -o one.caffemodel.h5 --seed 1").success();
    let run = folder.run("init net.prototxt -o two.caffemodel --seed 2 --weights one.caffemodel.h5").code(2);
    assert!(stderr(&run).contains("0 blobs and 2 groups, not 0"), "{}", stderr(&run));
    folder.run("convert one.caffemodel.h5 converted.caffemodel --net net.prototxt").success();
    let read = |name: &str| std::fs::read(folder.path(name)).unwrap();
    assert!(read("converted.caffemodel") == read("one.caffemodel"));
}
