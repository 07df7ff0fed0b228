//! Independent readers open what the tool writes: numpy, h5py, safetensors and OpenCV, from PyPI.
//!
//! Where python3 has no such package a test says so and passes, unless `CAFFEMODEL_REQUIRE_READERS` is set, as in CI.

#![cfg(feature = "cli")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use caffemodel::formats::Arrays;
use caffemodel::random::Streams;
use caffemodel::{Definition, Net, Plan, PlanOptions, StateOptions, init};
use tempfile::TempDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn model(name: &str) -> PathBuf {
    root().join("models").join(name).with_extension("prototxt")
}

/// The net as the tool writes it under this file name.
fn initialised(folder: &TempDir, net: &Path, file: &str, options: &[&str]) -> PathBuf {
    let path = folder.path().join(file);
    let mut command = assert_cmd::Command::cargo_bin("caffemodel").unwrap();
    command.arg("init").arg(net).arg("-o").arg(&path).args(options);
    command.args(["--seed", "1701", "--phase", "test"]).assert().success();
    path
}

/// The model as the tool writes it under this file name.
fn written(folder: &TempDir, name: &str, file: &str) -> PathBuf {
    initialised(folder, &model(name), file, &[])
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
        let weights = initialised(&folder, &model(name), "net.caffemodel", options);
        run("opencv.py", &[&model(name), &weights, Path::new(channels), Path::new(size)], folder.path());
    }
}

/// A residual net of 50 blocks with batch normalisation, in four stages that begin with a projection of the shortcut.
fn deep_normalised() -> String {
    let conv = |name: &str, bottom: &str, outputs: usize, more: &str| {
        format!(
            r#"layer {{ name: "{name}" type: "Convolution" bottom: "{bottom}" top: "{name}" convolution_param {{ num_output: {outputs} bias_term: false {more} }} }}
layer {{ name: "{name}/bn" type: "BatchNorm" bottom: "{name}" top: "{name}" }}
layer {{ name: "{name}/scale" type: "Scale" bottom: "{name}" top: "{name}" scale_param {{ bias_term: true }} }}
"#
        )
    };
    let relu =
        |name: &str| format!("layer {{ name: \"{name}/relu\" type: \"ReLU\" bottom: \"{name}\" top: \"{name}\" }}\n");
    let mut net = conv("data/conv", "data", 8, "kernel_size: 3 pad: 1");
    let mut last = "data/conv".to_owned();
    for (stage, blocks) in [3, 8, 36, 3].into_iter().enumerate() {
        let width = 8 << stage;
        for block in 0..blocks {
            let name = format!("block{stage}_{block}");
            let [a, b, c, projection] = ["a", "b", "c", "p"].map(|part| format!("{name}/{part}"));
            let stride = if block == 0 && stage > 0 { 2 } else { 1 };
            let strided = format!("kernel_size: 1 stride: {stride}");
            net += &[conv(&a, &last, width, &strided), relu(&a)].concat();
            net += &[conv(&b, &a, width, "kernel_size: 3 pad: 1"), relu(&b)].concat();
            net += &conv(&c, &b, 4 * width, "kernel_size: 1");
            if block == 0 {
                net += &conv(&projection, &last, 4 * width, &strided);
                last = projection;
            }
            net += &format!(
                "layer {{ name: \"{name}\" type: \"Eltwise\" bottom: \"{last}\" bottom: \"{c}\" top: \"{name}\" }}\n"
            );
            net += &relu(&name);
            last = name;
        }
    }
    input_and_scores(&net, &last)
}

/// A residual net of 100 blocks of two convolutions, without batch normalisation.
fn deep_plain() -> String {
    let mut net = String::new();
    let conv = |name: &str, bottom: &str| {
        format!(
            r#"layer {{ name: "{name}" type: "Convolution" bottom: "{bottom}" top: "{name}" convolution_param {{ num_output: 16 kernel_size: 3 pad: 1 }} }}
"#
        )
    };
    net += &conv("data/conv", "data");
    let mut last = "data/conv".to_owned();
    for block in 0..100 {
        net += &format!(
            r#"layer {{ name: "{block}/first" type: "ReLU" bottom: "{last}" top: "{block}/first" }}
{}layer {{ name: "{block}/second" type: "ReLU" bottom: "{block}/a" top: "{block}/a" }}
{}layer {{ name: "{block}" type: "Eltwise" bottom: "{last}" bottom: "{block}/b" top: "{block}" }}
"#,
            conv(&format!("{block}/a"), &format!("{block}/first")),
            conv(&format!("{block}/b"), &format!("{block}/a")),
        );
        last = block.to_string();
    }
    input_and_scores(&net, &last)
}

fn input_and_scores(net: &str, last: &str) -> String {
    format!(
        r#"layer {{ name: "data" type: "Input" top: "data" input_param {{ shape {{ dim: 1 dim: 3 dim: 32 dim: 32 }} }} }}
{net}layer {{ name: "pool" type: "Pooling" bottom: "{last}" top: "pool" pooling_param {{ pool: AVE global_pooling: true }} }}
layer {{ name: "fc" type: "InnerProduct" bottom: "pool" top: "fc" inner_product_param {{ num_output: 100 }} }}
"#
    )
}

#[test]
fn the_preset_keeps_the_signals_of_residual_nets() {
    let folder = tempfile::tempdir().unwrap();
    let net = |name: &str, text: String| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let nets = [
        (model("resnet50"), "224"),
        (net("normalised.prototxt", deep_normalised()), "32"),
        (net("plain.prototxt", deep_plain()), "32"),
    ];
    for (net, size) in nets {
        let weights = initialised(&folder, &net, "net.caffemodel", &["--preset", "benchmark", "--force"]);
        run("opencv.py", &[&net, &weights, Path::new("3"), Path::new(size), Path::new("20")], folder.path());
    }
}

#[test]
fn opencv_loads_the_deploy_nets_of_all_models() {
    let models = fs::read_dir(root().join("models")).unwrap().map(|entry| entry.unwrap().path());
    let models: Vec<PathBuf> = models.filter(|path| path.extension().is_some_and(|end| end == "prototxt")).collect();
    assert_eq!(models.len(), 16);
    for model in models {
        let name = model.file_stem().unwrap().to_str().unwrap().to_owned();
        // OpenCV's schema lacks the fields of these nets' BN layers.
        if ["segnet", "pspnet"].contains(&name.as_str()) {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let deploy = folder.path().join("deploy.prototxt");
        let mut command = assert_cmd::Command::cargo_bin("caffemodel").unwrap();
        command.arg("deploy").arg(&model).arg("-o").arg(&deploy);
        let (outputs, input) = match name.as_str() {
            "siamese" => ("feat,feat_p", Some(["pair_data", "1,2,28,28"])),
            "lenet" => ("prob", Some(["data", "1,1,28,28"])),
            "cifar10_quick" => ("prob", Some(["data", "1,3,32,32"])),
            "faster_rcnn_zf" => ("bbox_pred,cls_prob", None),
            "ssd_mobilenet" | "ssd_vgg16" | "yolov3_tiny" => ("detections", None),
            _ => ("prob", None),
        };
        let mut arguments = vec![deploy.clone(), PathBuf::from(outputs)];
        if let Some(input) = input {
            let weights = written(&folder, &name, "trained.caffemodel");
            command.arg("--weights").arg(weights);
            arguments.push(folder.path().join("deploy.caffemodel"));
            arguments.extend(input.map(PathBuf::from));
        }
        command.assert().success();
        run("opencv_deploy.py", &arguments.iter().map(PathBuf::as_path).collect::<Vec<_>>(), folder.path());
    }
}
