//! Independent readers open what the tool writes: numpy, h5py, safetensors and OpenCV, from PyPI.
//!
//! Where python3 has no such package a test says so and passes, unless `CAFFEMODEL_REQUIRE_READERS` is set, as in CI.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use caffemodel::output::Arrays;
use caffemodel::random::Streams;
use caffemodel::{Definition, Net, Plan, PlanOptions, StateOptions, init};
use tempfile::TempDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn model(name: &str) -> PathBuf {
    root().join("models").join(name).with_extension("prototxt")
}

/// The model as the tool writes it under this file name.
fn written(folder: &TempDir, name: &str, file: &str) -> PathBuf {
    written_with(folder, name, file, &[])
}

/// The same with further options.
fn written_with(folder: &TempDir, name: &str, file: &str, options: &[&str]) -> PathBuf {
    let path = folder.path().join(file);
    let mut command = assert_cmd::Command::cargo_bin("caffemodel").unwrap();
    command.arg("init").arg(model(name)).arg("-o").arg(&path);
    command.args(["--seed", "1701", "--phase", "test"]).args(options).assert().success();
    path
}

/// Runs a script of `tests/readers`, which prints "read" or exits with "skipped: " and the reason.
fn run(script: &str, arguments: &[&Path], folder: &Path) {
    let python = Command::new("python3")
        .arg(root().join("tests/readers").join(script))
        .args(arguments)
        .current_dir(folder)
        .output();
    let (out, error) = match &python {
        Ok(run) => (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr)),
        Err(error) => ("".into(), format!("skipped: {error}").into()),
    };
    if error.starts_with("skipped: ") && std::env::var_os("CAFFEMODEL_REQUIRE_READERS").is_none() {
        eprintln!("WARNING: nothing was read back by {script}: {error}");
        return;
    }
    assert_eq!(out, "read\n", "{script}: {error}");
}

#[test]
fn numpy_h5py_and_safetensors_read_the_same_blobs() {
    let folder = tempfile::tempdir().unwrap();
    let files = ["lenet.npz", "lenet.caffemodel.h5", "lenet.safetensors"].map(|file| written(&folder, "lenet", file));
    let net = Net::resolve(Definition::read(model("lenet")).unwrap(), &StateOptions::default()).unwrap();
    let plan = Plan::new(net, &PlanOptions::default()).unwrap();
    let mut arrays = Arrays::default();
    init::fill(&plan, &mut Streams::caffe(1701, "1.74".parse().unwrap()), &mut arrays).unwrap();
    for (layer, blobs) in arrays.layers() {
        for (index, blob) in blobs.iter().enumerate() {
            let bytes: Vec<u8> = blob.iter().flat_map(|value| value.to_le_bytes()).collect();
            fs::write(folder.path().join(format!("{layer}.{index}.bin")), bytes).unwrap();
        }
    }
    run("arrays.py", &files.each_ref().map(PathBuf::as_path), folder.path());
}

#[test]
fn opencv_loads_the_models_and_computes_finite_scores() {
    for (name, channels, size, options) in [
        ("lenet", "1", "28", &[][..]),
        ("cifar10_quick", "3", "32", &[]),
        ("googlenet", "3", "224", &[]),
        ("mobilenet_v1", "3", "224", &["--preset", "benchmark"]),
        ("resnet50", "3", "224", &["--preset", "benchmark"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let weights = written_with(&folder, name, "net.caffemodel", options);
        run("opencv.py", &[&model(name), &weights, Path::new(channels), Path::new(size)], folder.path());
    }
}
