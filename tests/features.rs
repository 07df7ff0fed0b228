//! What a build without a feature says to those who need it.

#![cfg(not(all(feature = "datasets", feature = "hdf5")))]

use std::fs;
use std::path::Path;

use caffemodel::{Definition, Net, Plan, PlanOptions, StateOptions, formats};

/// Why a net of one layer that reads a source cannot be planned; `None` if it can.
fn refused(layer: &str) -> Option<String> {
    let text = format!("layer {{ name: \"data\" top: \"data\" top: \"label\" {layer} }}");
    let folder = tempfile::tempdir().unwrap();
    for name in ["data.mdb", "CURRENT", "list.txt"] {
        fs::write(folder.path().join(name), "picture.png 0\n").unwrap();
    }
    let text = text.replace("FOLDER", &folder.path().display().to_string());
    let net = Definition::from_bytes("net.prototxt", text).and_then(|net| Net::resolve(net, &StateOptions::default()));
    let error = Plan::new(net.unwrap(), &PlanOptions::default()).err()?.to_string();
    Some(error.replace(&folder.path().display().to_string(), "FOLDER"))
}

fn assert_names_feature(layer: &str, source: &str, what: &str, feature: &str) {
    let error = refused(layer).unwrap();
    let expected =
        format!("{source}: this build of caffemodel does not read {what}; build it with the feature {feature:?}");
    let help = "(give the shape with `PlanOptions::shapes: data=";
    assert!(error.contains(&expected) && error.contains(help), "{error}");
}

#[test]
#[cfg(not(feature = "datasets"))]
fn databases_and_pictures_take_the_feature_datasets() {
    let data = |backend| format!("type: \"Data\" data_param {{ source: \"FOLDER\" batch_size: 1 backend: {backend} }}");
    assert_names_feature(&data("LMDB"), "FOLDER", "LMDB databases", "datasets");
    assert_names_feature(&data("LEVELDB"), "FOLDER", "LevelDB databases", "datasets");
    let images = "type: \"ImageData\" image_data_param { source: \"FOLDER/list.txt\" root_folder: \"FOLDER/\" }";
    assert_names_feature(images, "FOLDER/picture.png", "pictures", "datasets");
}

#[test]
#[cfg(feature = "datasets")]
fn databases_are_read() {
    let data = "type: \"Data\" data_param { source: \"FOLDER\" batch_size: 1 backend: LMDB }";
    assert!(refused(data).unwrap().contains("FOLDER/data.mdb"));
}

#[test]
#[cfg(not(feature = "hdf5"))]
fn hdf5_takes_the_feature_hdf5() {
    let data = "type: \"HDF5Data\" hdf5_data_param { source: \"FOLDER/list.txt\" batch_size: 1 }";
    assert_names_feature(data, "FOLDER/list.txt", "HDF5 files", "hdf5");
    let error = formats::open(hdf5_file()).unwrap_err().to_string();
    let expected =
        "layouts.h5: this build of caffemodel does not read HDF5 (build it with the feature \"hdf5\", or store";
    assert!(error.contains(expected), "{error}");
}

#[test]
#[cfg(feature = "hdf5")]
fn hdf5_is_read() {
    let data = "type: \"HDF5Data\" hdf5_data_param { source: \"FOLDER/list.txt\" batch_size: 1 }";
    assert!(refused(data).unwrap().contains("picture.png"));
    assert!(!formats::open(hdf5_file()).unwrap().layers.is_empty());
}

fn hdf5_file() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hdf5/layouts.h5")
}

#[test]
fn a_given_shape_takes_no_feature() {
    let text = "layer { name: \"data\" type: \"Data\" top: \"data\" data_param { batch_size: 2 } }";
    let net = Definition::from_bytes("net.prototxt", text).and_then(|net| Net::resolve(net, &StateOptions::default()));
    let shapes = [("data".to_owned(), caffemodel::Shape::new([3, 4, 5]).unwrap())].into_iter().collect();
    let mut options = PlanOptions::default();
    options.shapes = shapes;
    let plan = Plan::new(net.unwrap(), &options).unwrap();
    assert_eq!(plan.layers[0].tops[0].dims(), [2, 3, 4, 5]);
}
