//! Stored weights: the program's own files read back, and files that are damaged or of the wrong kind.

#![cfg(feature = "hdf5")]

use std::fs;
use std::path::{Path, PathBuf};

use caffemodel::formats::Format;
use caffemodel::formats::{self, StoredNet};
use caffemodel::provenance::Recipe;
use caffemodel::random::Streams;
use caffemodel::{Definition, Net, Plan, PlanOptions, StateOptions, init};
use tempfile::TempDir;

const NET: &str = r#"
    name: "mixed"
    layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 4 dim: 9 dim: 9 } } }
    layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
            convolution_param { num_output: 6 kernel_size: 3 group: 2 weight_filler { type: "xavier" } } }
    layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "bn" }
    layer { name: "scale" type: "Scale" bottom: "bn" top: "scale" scale_param { axis: 0 num_axes: 0 } }
    layer { name: "a" type: "InnerProduct" bottom: "scale" top: "a" param { name: "w" }
            inner_product_param { num_output: 3 weight_filler { type: "gaussian" } bias_filler { type: "uniform" } } }
    layer { name: "b.1" type: "InnerProduct" bottom: "scale" top: "b" param { name: "w" }
            inner_product_param { num_output: 3 weight_filler { type: "gaussian" } bias_filler { type: "uniform" } } }"#;

fn plan() -> Plan {
    let net = Net::resolve(Definition::from_bytes("net.prototxt", NET).unwrap(), &StateOptions::default()).unwrap();
    Plan::new(net, &PlanOptions::default()).unwrap()
}

/// Writes the net in a format; the file's name tells nothing.
fn write(folder: &Path, format: Format) -> PathBuf {
    let (plan, mut streams, path) = (plan(), Streams::caffe(7, "1.74".parse().unwrap()), folder.join("weights"));
    let recipe = Recipe::new("net.prototxt", &[0; 32], &streams, 7);
    let mut output =
        format.writer(&plan.saved().with_metadata(recipe.metadata()), fs::File::create(&path).unwrap()).unwrap();
    init::fill(&plan, &mut streams, &mut *output).unwrap();
    path
}

/// All blobs with their layers, numbers, shapes and bits.
fn contents(net: &StoredNet) -> Vec<(String, usize, Vec<i32>, Vec<u32>)> {
    let blobs = net.layers.iter().flat_map(|layer| layer.blobs.iter().map(|blob| (layer.name.clone(), blob)));
    let content = |(layer, blob): (String, &formats::StoredBlob)| {
        let mut values = vec![0.0; blob.shape.count()];
        blob.values.read(0, &mut values).unwrap();
        let bits = values.into_iter().map(f32::to_bits).collect();
        (layer, blob.index, blob.shape.dims().to_vec(), bits)
    };
    blobs.map(content).collect()
}

#[test]
fn every_output_is_read_back() {
    let folder = TempDir::new().unwrap();
    let caffemodel = contents(&formats::open(write(folder.path(), Format::Caffemodel)).unwrap());
    assert_eq!(caffemodel.len(), 2 + 3 + 1 + 2 + 2);
    for format in [Format::Caffemodel, Format::Hdf5, Format::Npz, Format::Safetensors] {
        let net = formats::open(write(folder.path(), format)).unwrap();
        assert_eq!(net.format.unwrap().name(), format.to_string());
        let mut expected = caffemodel.clone();
        if format == Format::Hdf5 {
            expected.retain(|(layer, index, ..)| (layer.as_str(), *index) != ("b.1", 0));
            expected.sort();
        }
        assert!(contents(&net) == expected, "{format}");
    }
}

#[test]
fn a_caffemodel_keeps_its_layers_parameters() {
    let folder = TempDir::new().unwrap();
    let net = formats::open(write(folder.path(), Format::Caffemodel)).unwrap();
    assert_eq!(net.name, "mixed");
    let names: Vec<&str> = net.layers.iter().map(|layer| layer.name.as_str()).collect();
    assert_eq!(names, ["data", "conv", "bn", "scale", "scale_scale_0_split", "a", "b.1"]);
    let conv = net.layers[1].param.as_ref().unwrap();
    assert_eq!((conv.r#type(), conv.blobs.len()), ("Convolution", 0));
    assert_eq!(conv.convolution_param.as_ref().unwrap().num_output(), 6);
}

#[test]
fn caffes_own_files_are_read() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/cases");
    let folders = fs::read_dir(cases).unwrap().map(|entry| entry.unwrap().path());
    let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    // A net without layers is nothing but its name, and so may be text.
    let empty = |path: &PathBuf| path.parent().unwrap().ends_with("netrules-all-excluded");
    let is_output = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().contains("-b1.") && !empty(path);
    let mut count = 0;
    for path in files.filter(is_output) {
        drop(contents(&formats::open(&path).unwrap_or_else(|error| panic!("{error}"))));
        count += 1;
    }
    assert!(count > 500, "only {count} files");
}

/// What opening a file with these bytes says, without its folder.
fn error(bytes: &[u8]) -> String {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("w");
    fs::write(&path, bytes).unwrap();
    let error = formats::open(&path).unwrap_err().to_string();
    error.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn files_of_the_wrong_kind_are_refused_with_advice() {
    let text =
        "w: text, not stored weights (a text net holds weights in the blobs of its layers, and this one has none)";
    assert_eq!(error(b"layer { name: \"a\" }\n"), text);
    let empty = "w: the file is empty (Caffe would take it for weights without layers; did its download or copy fail?)";
    assert_eq!(error(b""), empty);
    let garbage = "w: not a caffemodel: damaged in NetParameter at byte 0";
    assert_eq!(error(b"\xff\xff\xfd\xfc\xfb\xfa\xf9\xf8\xf7\xf6\xf5\xf4"), garbage);
    let solver_state = "w: not a caffemodel: damaged in V1LayerParameter at byte 5 (a .solverstate holds no \
                        net; the .caffemodel beside it does)";
    assert_eq!(error(b"\x08\xe8\x07\x12\x0enet.caffemodel\x20\x01"), solver_state);
    let zip = "w: truncated: the zip archive has no directory at its end";
    assert_eq!(error(b"PK\x03\x04 the rest of the archive is missing"), zip);
    let missing = formats::open("no/such/file").unwrap_err().to_string();
    assert_eq!(missing, "no/such/file: cannot read: No such file or directory (os error 2)");
}

#[cfg(unix)]
#[test]
fn folders_links_and_devices_are_refused() {
    let folder = TempDir::new().unwrap();
    let error = |path: &Path| formats::open(path).unwrap_err().to_string();
    let name = folder.path().display();
    assert_eq!(error(folder.path()), format!("{name}: a folder, not a weights file"));
    let link = folder.path().join("link");
    std::os::unix::fs::symlink("nowhere", &link).unwrap();
    let dangling = "cannot read, the symbolic link is broken: No such file or directory (os error 2)";
    assert_eq!(error(&link), format!("{name}/link: {dangling}"));
    let turning = folder.path().join("loop");
    std::os::unix::fs::symlink("loop", &turning).unwrap();
    let looping = "cannot read: Too many levels of symbolic links (os error 40)";
    assert_eq!(error(&turning), format!("{name}/loop: {looping}"));
    let device = "/dev/null: not a regular file; weights are read in place, so save them to one first";
    assert_eq!(error(Path::new("/dev/null")), device);
}

/// A net of one layer with one blob of 2^28 values, all zero, in a file with a hole.
fn sparse(path: &Path) -> u64 {
    let count: u64 = 1 << 28;
    let varint = |mut value: u64| {
        let mut out = Vec::new();
        while value >= 0x80 {
            out.push(value as u8 | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
        out
    };
    let shape = [&[0x3a, 7, 0x0a, 5][..], &varint(count)].concat();
    let data = [&[0x2a][..], &varint(4 * count)].concat();
    let blob_length = (shape.len() + data.len()) as u64 + 4 * count;
    let blob = [&[0x3a][..], &varint(blob_length)].concat();
    let layer = [&b"\x0a\x01a"[..], &blob].concat();
    let start = [&[0xa2, 6][..], &varint(layer.len() as u64 + blob_length), &layer, &shape, &data].concat();
    fs::write(path, &start).unwrap();
    fs::OpenOptions::new().write(true).open(path).unwrap().set_len(start.len() as u64 + 4 * count).unwrap();
    count
}

#[test]
fn a_large_file_is_opened_without_reading_its_values() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("large");
    let count = sparse(&path);
    let start = std::time::Instant::now();
    let net = formats::open(&path).unwrap();
    let blob = &net.layers[0].blobs[0];
    let mut last = [1.0];
    blob.values.read(count as usize - 1, &mut last).unwrap();
    assert_eq!((blob.shape.count() as u64, last), (count, [0.0]));
    assert!(start.elapsed().as_secs_f64() < 1.0, "a second is ages for it");
}
