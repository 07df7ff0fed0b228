//! `caffemodel compare`, and the assertions for tests.

#![cfg(all(feature = "cli", feature = "hdf5"))]

mod folder;

use std::path::Path;

use caffemodel::compare::{Tolerance, assert_blobs_close, assert_blobs_equal};
use caffemodel::proto::caffe::{BlobProto, BlobProtoVector, BlobShape, LayerParameter, NetParameter};
use folder::{Folder, lenet, stderr};
use prost::Message;

fn blob(dims: &[i64], data: &[f32]) -> BlobProto {
    BlobProto { shape: Some(BlobShape { dim: dims.to_vec() }), data: data.to_vec(), ..Default::default() }
}

/// A blob in the format of Caffe's older files.
fn legacy(sizes: [i32; 4], data: &[f32]) -> BlobProto {
    let [num, channels, height, width] = sizes.map(Some);
    BlobProto { num, channels, height, width, data: data.to_vec(), ..Default::default() }
}

fn net(layers: &[(&str, Vec<BlobProto>)]) -> Vec<u8> {
    let layer = |(name, blobs): &(&str, Vec<BlobProto>)| LayerParameter {
        name: Some((*name).to_owned()),
        r#type: Some("InnerProduct".to_owned()),
        blobs: blobs.clone(),
        ..Default::default()
    };
    let net = NetParameter { layer: layers.iter().map(layer).collect(), ..Default::default() };
    net.encode_to_vec()
}

const WEIGHT: [f32; 6] = [0.5, -0.25, 1.0, 2.0, -0.125, 0.0625];

/// Two layers with a weight and a bias each.
fn reference() -> Vec<(&'static str, Vec<BlobProto>)> {
    let blobs = || vec![blob(&[2, 3], &WEIGHT), blob(&[2], &[0.0, 0.1])];
    vec![("data", vec![]), ("ip1", blobs()), ("ip2", blobs())]
}

/// A folder with the reference as `b`, and as `a` what `change` makes of it.
fn changed(change: impl FnOnce(&mut Vec<(&'static str, Vec<BlobProto>)>)) -> Folder {
    let folder = Folder::new();
    folder.write("b", net(&reference()));
    let mut layers = reference();
    change(&mut layers);
    folder.write("a", net(&layers));
    folder
}

/// What a comparison prints, which must end with `code`.
fn compare(folder: &Folder, options: &str, code: i32) -> String {
    let assert = folder.run(format!("compare a b {options}").trim_end()).code(code).stderr("");
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

#[test]
fn equal_files() {
    let folder = changed(|_| ());
    assert_eq!(compare(&folder, "", 0), "equal: 4 blobs\n");
    assert_eq!(compare(&folder, "--by-order", 0), "equal: 4 blobs\n");
    assert_eq!(compare(&folder, "--ulp 0", 0), "equal within the tolerance: 4 blobs\n");
    assert_eq!(compare(&folder, "--quiet", 0), "");
    let expected = "\
layer  blob  shape   finding
ip1       0  (2, 3)  equal
ip1       1  (2)     equal
ip2       0  (2, 3)  equal
ip2       1  (2)     equal
equal: 4 blobs
";
    assert_eq!(compare(&folder, "--verbose", 0), expected);
}

#[test]
fn one_flipped_bit() {
    let folder = changed(|layers| layers[2].1[0].data[4] = f32::from_bits((-0.125_f32).to_bits() ^ 1));
    let expected = "\
layer  blob  shape   finding         max abs    max rel  max ulp  worst: A / B
ip2       0  (2, 3)  1 of 6 differ  1.49e-08  1.192e-07        1  [1, 1]: -0.12500001 / -0.125
different: 1 of 4 blobs
";
    assert_eq!(compare(&folder, "", 1), expected);
}

#[test]
fn shapes_counts_and_missing_parts() {
    let folder = changed(|layers| {
        layers[1].1[0].shape = Some(BlobShape { dim: vec![3, 2] });
        layers[1].1[1] = blob(&[3], &[0.0; 3]);
        layers[2].1.pop();
        layers.push(("ip3", vec![blob(&[1], &[f32::NAN])]));
    });
    let expected = "\
layer  blob  shape            finding
ip1       0  (3, 2) / (2, 3)  shapes differ
ip1       1  (3) / (2)        shapes differ
ip2       1  (2)              only in B
ip3       0  (1)              only in A
different: 4 of 5 blobs, 1 only in A, 1 only in B
";
    assert_eq!(compare(&folder, "", 1), expected);
    assert_eq!(
        compare(&folder, "--only ip2 --except ip1", 1).lines().last(),
        Some("different: 1 of 2 blobs, 1 only in B")
    );
    assert_eq!(compare(&folder, "--only ip?.0 --except ip[13]", 0), "equal: 1 blob\n");
    assert_eq!(
        compare(&folder, "--except ip[13] --only *", 1).lines().last(),
        Some("different: 1 of 2 blobs, 1 only in B")
    );
}

#[test]
fn a_missing_layer_and_layers_of_one_name() {
    let folder = changed(|layers| {
        layers.remove(1);
        layers.push(("ip2", vec![blob(&[1], &[1.0])]));
    });
    let expected = "\
layer   blob  shape   finding
ip2 #2     0  (1)     only in A
ip1        0  (2, 3)  only in B
ip1        1  (2)     only in B
different: 3 of 5 blobs, 1 only in A, 2 only in B
";
    assert_eq!(compare(&folder, "", 1), expected);
    let expected = "\
layer      blob  shape         finding
ip2 / ip1     0  (2, 3)        equal
ip2 / ip1     1  (2)           equal
ip2           0  (1) / (2, 3)  shapes differ
ip2           1  (2)           only in B
different: 2 of 4 blobs, 1 only in B
";
    assert_eq!(compare(&folder, "--by-order --verbose", 1), expected);
}

#[test]
fn sizes_of_older_files_fit_fewer_axes() {
    let folder = changed(|layers| {
        layers[1].1[0] = legacy([1, 1, 2, 3], &WEIGHT);
        layers[1].1[1] = legacy([1, 1, 1, 2], &[0.0, 0.1]);
    });
    assert_eq!(compare(&folder, "", 0), "equal: 4 blobs\n");
    let folder = changed(|layers| layers[1].1[1] = legacy([2, 1, 1, 1], &[0.0, 0.1]));
    assert_eq!(compare(&folder, "", 1).lines().last(), Some("different: 1 of 4 blobs"));
}

#[test]
fn tolerances() {
    let folder = changed(|layers| {
        layers[1].1[0].data[3] += 1e-3;
        layers[2].1[1].data = vec![-0.0, f32::from_bits(0.1_f32.to_bits() + 3)];
    });
    let bitwise = "\
layer  blob  shape   finding          max abs    max rel  max ulp  worst: A / B
ip1       0  (2, 3)  1 of 6 differ  0.0009999     0.0005     4194  [1, 0]: 2.001 / 2.0
ip2       1  (2)     2 of 2 differ  2.235e-08  2.235e-07        3  [1]: 0.100000024 / 0.1
different: 2 of 4 blobs
";
    assert_eq!(compare(&folder, "", 1), bitwise);
    let within = "\
layer  blob  shape   finding    max abs    max rel  max ulp  worst: A / B
ip1       0  (2, 3)  equal    0.0009999     0.0005     4194  [1, 0]: 2.001 / 2.0
ip1       1  (2)     equal
ip2       0  (2, 3)  equal
ip2       1  (2)     equal    2.235e-08  2.235e-07        3  [1]: 0.100000024 / 0.1
equal within the tolerance: 4 blobs
";
    assert_eq!(compare(&folder, "--atol 1.1e-3 --verbose", 0), within);
    for (options, differing) in [
        ("--atol 0.9e-3", 1),
        ("--atol 1e-8", 2),
        ("--rtol 6e-4", 0),
        ("--atol 4e-4 --rtol 4e-4", 0),
        ("--ulp 3", 1),
        ("--ulp 2", 2),
        ("--ulp 2 --atol 2e-3", 0),
        ("--ulp 4194", 0),
    ] {
        let expected = match differing {
            0 => "equal within the tolerance: 4 blobs".to_owned(),
            count => format!("different beyond the tolerance: {count} of 4 blobs"),
        };
        assert_eq!(compare(&folder, options, i32::from(differing > 0)).lines().last(), Some(&*expected), "{options}");
    }
}

#[test]
fn what_is_not_finite() {
    let folder = changed(|layers| {
        layers[1].1[0].data[1] = f32::NAN;
        layers[1].1[1].data[0] = f32::INFINITY;
        layers[2].1[1].data[0] = 1.0;
    });
    let expected = "\
layer  blob  shape   finding        max abs  max rel     max ulp  worst: A / B
ip1       0  (2, 3)  1 of 6 differ      nan      nan         nan  [0, 1]: NaN (0x7fc00000) / -0.25
ip1       1  (2)     1 of 2 differ      inf      inf  2139095040  [0]: inf / 0.0
ip2       1  (2)     1 of 2 differ        1      inf  1065353216  [0]: 1.0 / 0.0
different: 3 of 4 blobs
";
    assert_eq!(compare(&folder, "", 1), expected);
}

#[test]
fn json_tells_all() {
    let folder = changed(|layers| {
        layers[1].1[0].data[4] = f32::NAN;
        layers[2].1.pop();
    });
    let expected = r#"{
  "program": "caffemodel",
  "version": "0.1.0",
  "a": "a",
  "b": "b",
  "equal": false,
  "method": {
    "kind": "values",
    "atol": 0.5,
    "rtol": null,
    "ulp": null
  },
  "threshold": null,
  "counts": {
    "equal": 2,
    "different": 1,
    "only_a": 0,
    "only_b": 1
  },
  "layers": [
    {
      "name_a": "ip1",
      "name_b": "ip1",
      "occurrence": 0,
      "status": "different",
      "blobs": [
        {
          "index": 0,
          "status": "different",
          "shape_a": [
            2,
            3
          ],
          "shape_b": [
            2,
            3
          ],
          "values": {
            "count": 6,
            "differing": 1,
            "differing_bits": 1,
            "nans": 1,
            "max_abs": "NaN",
            "max_rel": "NaN",
            "max_ulp": null,
            "worst": {
              "flat": 4,
              "index": [
                1,
                1
              ],
              "a": {
                "value": "NaN",
                "bits": "7fc00000"
              },
              "b": {
                "value": -0.125,
                "bits": "be000000"
              },
              "ulp": null
            }
          }
        },
        {
          "index": 1,
          "status": "equal",
          "shape_a": [
            2
          ],
          "shape_b": [
            2
          ],
          "values": {
            "count": 2,
            "differing": 0,
            "differing_bits": 0,
            "nans": 0,
            "max_abs": 0.0,
            "max_rel": 0.0,
            "max_ulp": 0,
            "worst": null
          }
        }
      ]
    },
"#;
    let found = compare(&folder, "--json --atol 0.5", 1);
    assert_eq!(&found[..expected.len()], expected);
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    let missing = serde_json::json!({ "index": 1, "status": "only_b", "shape_a": null, "shape_b": [2] });
    assert_eq!(found["layers"][1]["blobs"][1], missing);
}

#[test]
fn the_distributions_of_two_seeds_are_equal_and_those_of_two_deviations_are_not() {
    let folder = Folder::new();
    let net = |std: &str| {
        format!(
            "layer {{ name: \"in\" type: \"Input\" top: \"in\" input_param {{ shape {{ dim: 1 dim: 100 }} }} }} \
             layer {{ name: \"ip\" type: \"InnerProduct\" bottom: \"in\" top: \"ip\" inner_product_param {{ \
             num_output: 200 weight_filler {{ type: \"gaussian\" std: {std} }} bias_filler {{ type: \"constant\" }} }} }}"
        )
    };
    for (name, std, seed) in [("one", "0.01", 1), ("two", "0.01", 2), ("wide", "0.011", 2)] {
        folder.write("net.prototxt", net(std));
        folder.run(&format!("init net.prototxt -o {name} --seed {seed} --generator native")).success();
    }
    folder.run("compare one two").code(1);
    folder.run("compare one two --distribution").code(0).stdout("equal in distribution: 2 blobs\n");
    let expected = "\
layer  blob  shape       finding                  mean: A / B       std: A / B       KS    p-value
ip        0  (200, 100)  spreads differ  5.76e-05 / 2.973e-05  0.011 / 0.01004  0.02575  2.491e-37
different in distribution: 1 of 2 blobs
";
    folder.run("compare wide one --distribution").code(1).stdout(expected);
    let strict = folder.run("compare wide one --distribution --alpha 1e-60 --json").code(0);
    let found: serde_json::Value = serde_json::from_slice(&strict.get_output().stdout).unwrap();
    assert_eq!(found["method"]["kind"], "distribution");
    let ratio = found["method"]["alpha"].as_f64().unwrap() / found["threshold"].as_f64().unwrap();
    assert!((ratio - 6.0).abs() < 1e-12, "three tests of each of two blobs, not {ratio}");
    let bias = &found["layers"][0]["blobs"][1]["distribution"];
    let constant =
        serde_json::json!({ "count": 200, "non_finite": 0, "mean": 0.0, "std": 0.0, "min": 0.0, "max": 0.0 });
    let expected = serde_json::json!({
        "difference": null, "a": constant, "b": constant, "ks": 0.0, "p_value": 1.0, "mean_p_value": null,
        "spread_p_value": null
    });
    assert_eq!(*bias, expected);
}

#[test]
fn distributions_that_differ_in_a_few_values() {
    let values = |change: &dyn Fn(&mut [f32])| {
        let mut values: Vec<f32> = (0..10_000).map(|index| (index as f32 * 0.618_034).fract() - 0.5).collect();
        change(&mut values);
        blob(&[10_000], &values)
    };
    let zeros = |value| blob(&[4], &[0.0, 0.0, 0.0, value]);
    let folder = Folder::new();
    let (all, one) = (values(&|values| values.fill(f32::NAN)), values(&|values| values[7] = f32::NAN));
    let plain = || values(&|_| ());
    let shifted = values(&|values| values.iter_mut().for_each(|value| *value += 0.05));
    let outlier = values(&|values| values[7] = 1e6);
    let halves = values(&|values| values.iter_mut().for_each(|value| *value = 0.288_675_f32.copysign(*value)));
    let blobs = [one, all.clone(), outlier, shifted, halves, plain(), zeros(0.0), zeros(1.0)];
    folder.write("a", net(&[("ip", blobs.to_vec())]));
    let blobs = [plain(), plain(), plain(), plain(), plain(), plain(), zeros(-0.0), zeros(0.0)];
    folder.write("b", net(&[("ip", blobs.to_vec())]));
    let expected = "\
layer  blob  shape    finding
ip        0  (10000)  1 / 0 NaN or infinite
ip        1  (10000)  10,000 / 0 NaN or infinite
ip        2  (10000)  spreads differ
ip        3  (10000)  means differ
ip        4  (10000)  distributions differ
ip        7  (4)      constants differ
different in distribution: 6 of 8 blobs
";
    let found = compare(&folder, "--distribution", 1);
    let start = |line: &str| line.chars().take(48).collect::<String>().trim_end().to_owned();
    assert_eq!(found.lines().map(start).collect::<Vec<_>>(), expected.lines().collect::<Vec<_>>());
    folder.write("b", net(&[("ip", vec![all.clone()])]));
    folder.write("a", net(&[("ip", vec![all])]));
    let note = "note: layer \"ip\", blob 0: 10000 of 10000 values are infinite or NaN, in both files\n";
    let run = folder.run("compare a b --distribution").code(0).stdout("equal in distribution: 1 blob\n");
    assert_eq!(stderr(&run), note);
}

#[test]
fn every_format_on_either_side() {
    let folder = Folder::new();
    let files = ["lenet.caffemodel", "lenet.h5", "lenet.npz", "lenet.safetensors"];
    for file in files {
        folder.run(&format!("init {} -o {file} --seed 1701", lenet())).success();
    }
    for a in files {
        for b in files {
            folder.run(&format!("compare {a} {b}")).code(0).stdout("equal: 8 blobs\n");
        }
    }
    folder.write("mean", blob(&[1, 3, 2, 2], &[7.0; 12]).encode_to_vec());
    folder.write("vector", BlobProtoVector { blobs: vec![blob(&[1, 3, 2, 2], &[7.0; 12])] }.encode_to_vec());
    folder.run("compare mean vector").code(0).stdout("equal: 1 blob\n");
    folder.write("net", net(&[("mean", vec![blob(&[1, 3, 2, 2], &[7.0; 12])])]));
    folder.run("compare mean net --by-order --verbose").code(0);
}

#[test]
fn what_cannot_be_compared() {
    let folder = changed(|_| ());
    folder.write("empty", net(&[("data", vec![])]));
    let said = |options: &str| stderr(&folder.run(&format!("compare {options}")).code(2).stdout(""));
    assert_eq!(said("a nowhere"), "error: nowhere: cannot read: No such file or directory (os error 2)\n");
    assert_eq!(said("a empty --by-order --only data"), "error: nothing to compare: no layer has blobs\n");
    assert_eq!(said("- -"), "error: only one of the two files can be standard input\n");
    assert_eq!(said("a b --only conv*"), "error: --only conv*: no layer or blob has that name\n");
    assert_eq!(said("a b --except ip1.2"), "error: --except ip1.2: no layer or blob has that name\n");
    let expected =
        "error: --only *.bias: files do not tell weights from biases; give the index of the blob, such as .0\n";
    assert_eq!(said("a b --only *.bias"), expected);
    let expected = "\
error: \"[a\" is not a glob: unclosed character class; missing ']'
 --> --only:1:1
  |
1 | [a
  | ^^

";
    assert_eq!(said("a b --only [a"), expected);
    let usage = |options: &str| said(options).lines().next().unwrap().to_owned();
    let number = |option: &str, value: &str, why: &str| {
        assert_eq!(usage(&format!("a b {option}={value}")), format!("error: invalid value '{value}' for '{why}"));
    };
    number("--atol", "-1", "--atol <X>': expected a non-negative number, such as 1e-6");
    number("--rtol", "nan", "--rtol <X>': expected a non-negative number, such as 1e-6");
    number("--alpha", "1", "--alpha <P>': expected a probability between 0 and 1, such as 0.01");
    assert_eq!(
        usage("a b --distribution --ulp 1"),
        "error: the argument '--distribution' cannot be used with '--ulp <N>'"
    );
}

/// What a failed assertion says.
fn said(assertion: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let panic = std::panic::catch_unwind(assertion).unwrap_err();
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap()
}

#[test]
fn assertions_name_layer_blob_index_and_values() {
    let folder = changed(|layers| {
        layers[1].1[0].data[5] = 0.0625 + f32::EPSILON;
        layers[1].1[1] = blob(&[2, 1], &[0.0, 0.1]);
        layers[2].1.pop();
        layers.push(("ip3", (0..9).map(|_| blob(&[1], &[1.0])).collect()));
    });
    let (a, b) = (folder.path("a"), folder.path("b"));
    assert_blobs_equal(&b, &b);
    assert_blobs_equal(caffemodel::formats::open(&b).unwrap(), b.as_path());
    let expected = "\
12 of 13 blobs differ:
  layer \"ip1\", blob 0: 1 of 6 values differ, the worst at [1, 2] (5): 0.06250012, expected 0.0625, 16 ULP apart
  layer \"ip1\", blob 1: shape (2, 1), expected (2), with equal values
  layer \"ip2\", blob 1: missing, expected shape (2)
  layer \"ip3\", blob 0: unexpected, of shape (1)
  layer \"ip3\", blob 1: unexpected, of shape (1)
  layer \"ip3\", blob 2: unexpected, of shape (1)
  layer \"ip3\", blob 3: unexpected, of shape (1)
  layer \"ip3\", blob 4: unexpected, of shape (1)
  layer \"ip3\", blob 5: unexpected, of shape (1)
  layer \"ip3\", blob 6: unexpected, of shape (1)
  and 2 more";
    assert_eq!(said(|| assert_blobs_equal(&a, &b)), expected);
    let nowhere = Path::new("nowhere");
    let expected = "expected blobs: nowhere: cannot read: No such file or directory (os error 2)";
    assert_eq!(said(|| assert_blobs_equal(&a, nowhere)), expected);
    folder.write("empty", net(&[("data", vec![])]));
    let empty = folder.path("empty");
    assert_eq!(said(|| assert_blobs_equal(&empty, &empty)), "neither net has blobs");
}

#[test]
fn assertions_take_a_tolerance() {
    let folder = changed(|layers| layers[1].1[0].data[0] = 0.500_001);
    let (a, b) = (folder.path("a"), folder.path("b"));
    assert_blobs_close(&a, &b, &Tolerance { atol: Some(2e-6), ..Default::default() });
    let tight = Tolerance { ulp: Some(3), ..Default::default() };
    let expected = "\
1 of 4 blobs differ:
  layer \"ip1\", blob 0: 1 of 6 values differ, the worst at [0, 0] (0): 0.500001, expected 0.5, 17 ULP apart";
    assert_eq!(said(|| assert_blobs_close(&a, &b, &tight)), expected);
}
