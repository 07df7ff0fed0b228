//! The other formats hold the caffemodel's values, as independent readers see them.

#![cfg(feature = "cli")]

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use caffemodel::formats::Arrays;
use caffemodel::random::Streams;
use caffemodel::{Definition, Net, Plan, PlanOptions, StateOptions, init};
use safetensors::SafeTensors;

const SEED: u32 = 1701;

fn lenet() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models/lenet.prototxt")
}

/// LeNet as the library fills it.
fn arrays() -> Arrays {
    let net = Net::resolve(Definition::read(lenet()).unwrap(), &StateOptions::default()).unwrap();
    let plan = Plan::new(net, &PlanOptions::default()).unwrap();
    let mut arrays = Arrays::default();
    init::fill(&plan, &mut Streams::caffe(SEED, "1.74".parse().unwrap()), &mut arrays).unwrap();
    arrays
}

/// LeNet as the tool writes it under this name.
fn written(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    let seed = SEED.to_string();
    let mut command = Command::cargo_bin("caffemodel").unwrap();
    command.arg("init").arg(lenet()).arg("-o").arg(&path).args(["--seed", &seed]).assert().success();
    path
}

/// Every blob with its layer's name, its index and the bytes of its values.
fn blobs(arrays: &Arrays) -> Vec<(String, usize, Vec<usize>, Vec<u8>)> {
    let of_layer = |(name, blobs): &(String, Vec<ndarray::ArrayD<f32>>)| {
        let blob = |(index, blob): (usize, &ndarray::ArrayD<f32>)| {
            let bytes = blob.iter().flat_map(|value| value.to_le_bytes()).collect();
            (name.clone(), index, blob.shape().to_vec(), bytes)
        };
        blobs.iter().enumerate().map(blob).collect::<Vec<_>>()
    };
    arrays.layers().iter().flat_map(of_layer).collect()
}

#[test]
fn safetensors_hold_the_same_blobs() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = fs::read(written(folder.path(), "lenet.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let expected = blobs(&arrays());
    assert_eq!(tensors.len(), expected.len());
    for (layer, index, shape, values) in expected {
        let tensor = tensors.tensor(&format!("{layer}.{index}")).unwrap();
        assert_eq!((tensor.shape(), tensor.data()), (&shape[..], &values[..]), "{layer}.{index}");
    }
    let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
    assert_eq!(metadata.metadata().as_ref().unwrap()["seed"], SEED.to_string());
}
