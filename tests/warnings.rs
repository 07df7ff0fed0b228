//! What `init` warns of: weights and statistics that stay zero, and rules that decide nothing.

#![cfg(feature = "cli")]

mod folder;

use folder::{Folder, stderr};

const DATA: &str = r#"layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 4 } } }
"#;

/// A net in a folder, to be initialised.
fn with(layers: &str) -> Folder {
    let folder = Folder::new();
    folder.write("net.prototxt", format!("{DATA}{layers}"));
    folder
}

/// The warnings that `init` gives with these options, without excerpts: each with its place and its help.
fn warnings(folder: &Folder, options: &[&str]) -> Vec<[String; 3]> {
    let run = folder.command("init net.prototxt -o out.npz --force --seed 1 --quiet").args(options).assert().success();
    let text = stderr(&run);
    let part = |warning: &str, start: &str| {
        let line = warning.lines().find_map(|line| line.trim_start().strip_prefix(start));
        line.unwrap_or_default().to_owned()
    };
    text.split_terminator("\n\n")
        .map(|warning| [part(warning, "warning: "), part(warning, "--> "), part(warning, "= help: ")])
        .collect()
}

fn expected(warning: [&str; 3]) -> [String; 3] {
    warning.map(str::to_owned)
}

#[test]
fn a_rule_for_a_blob_that_shares_another_s_values_decides_nothing() {
    let layer = |name: &str| {
        format!(
            r#"layer {{ name: "{name}" type: "InnerProduct" bottom: "data" top: "{name}" param {{ name: "w" }}
  inner_product_param {{ num_output: 3 bias_term: false weight_filler {{ type: "msra" }} }} }}
"#
        )
    };
    let folder = with(&[layer("x"), layer("y"), layer("z")].concat());
    let help = "name x.0: what a blob that shares values draws is not kept, as in Caffe";
    let message = "--rule y.weight=constant:1 does not decide the values of y.0, which shares those of x.0";
    let rule = ["--rule", "y.weight=constant:1"];
    assert_eq!(warnings(&folder, &rule), [expected([message, "net.prototxt:4:1", help])]);
    let run = folder.command("init net.prototxt -o out.npz --force --seed 1").args(rule).assert().success();
    assert!(!stderr(&run).contains("fills y.0"), "{}", stderr(&run));
    let message =
        "--rule '[yz]=constant:1' does not decide the values of y.0, which shares those of x.0, nor those of 1 more";
    assert_eq!(warnings(&folder, &["--rule", "[yz]=constant:1"]), [expected([message, "net.prototxt:4:1", help])]);
    // The owner has the same filler.
    assert!(warnings(&folder, &["--rule", "*=constant:1"]).is_empty());
}

#[test]
fn options_for_what_lacks_a_filler_are_no_claim_about_sharers() {
    let folder = with(
        r#"layer { name: "x" type: "InnerProduct" bottom: "data" top: "x" param { name: "w" }
  inner_product_param { num_output: 3 bias_term: false weight_filler { type: "xavier" } } }
layer { name: "y" type: "InnerProduct" bottom: "data" top: "y" param { name: "w" }
  inner_product_param { num_output: 3 bias_term: false } }
"#,
    );
    let run = folder.run("init net.prototxt -o out.npz --seed 1 --weight-filler msra").success();
    assert!(stderr(&run).starts_with("wrote out.npz"), "{}", stderr(&run));
}

const NORMALISED: &str = r#"layer { name: "a" type: "BatchNorm" bottom: "data" top: "a" }
layer { name: "b" type: "BatchNorm" bottom: "a" top: "b" batch_norm_param { use_global_stats: true } }
layer { name: "c" type: "BatchNorm" bottom: "b" top: "c" batch_norm_param { use_global_stats: false } }
"#;

const LOSS: &str = r#"layer { name: "loss" type: "EuclideanLoss" bottom: "c" bottom: "c" top: "loss" }
"#;

const LOAD: &str = "; or load trained weights before use";

#[test]
fn stored_statistics_of_variance_0_are_warned_about_once() {
    let folder = with(NORMALISED);
    let help = format!("--preset benchmark sets the variances to 1{LOAD}");
    // In phase TRAIN `b` alone uses what is stored; but without a loss nothing will train, and the file goes elsewhere.
    let both = "layer \"a\" (BatchNorm) and 1 more divide their input by sqrt(eps), now or in phase TEST: \
                their stored variance is 0";
    assert_eq!(warnings(&folder, &[]), [expected([both, "net.prototxt:2:1", &help])]);
    let trained = with(&format!("{NORMALISED}{LOSS}"));
    let one = "layer \"b\" (BatchNorm) divides its input by sqrt(eps): its stored variance is 0";
    assert_eq!(warnings(&trained, &[]), [expected([one, "net.prototxt:3:1", &help])]);
    let both = "layer \"a\" (BatchNorm) and 1 more divide their input by sqrt(eps): their stored variance is 0";
    assert_eq!(warnings(&folder, &["--phase", "test"]), [expected([both, "net.prototxt:2:1", &help])]);
    assert!(warnings(&folder, &["--phase", "test", "--preset", "benchmark"]).is_empty());
}

#[test]
fn a_stored_variance_of_forks_is_warned_about_too() {
    let folder = with(
        r#"layer { name: "b" type: "BN" bottom: "data" top: "b" bn_param { icnet: true slope_filler { value: 1 } } }"#,
    );
    let help = format!("--preset benchmark sets the variances to 1{LOAD}");
    let message = "layer \"b\" (BN) divides its input by sqrt(eps): its stored variance is 0";
    let of = ["--dialect", "synopsys", "--phase", "test"];
    assert_eq!(warnings(&folder, &of), [expected([message, "net.prototxt:2:1", &help])]);
    assert!(warnings(&folder, &[&of[..], &["--preset", "benchmark"]].concat()).is_empty());
}

#[test]
fn a_factor_of_0_makes_the_variance_0() {
    let folder = with(&format!("{NORMALISED}{LOSS}"));
    let message = "layer \"b\" (BatchNorm) divides its input by sqrt(eps): \
                   its stored factor (blob 2), and with it the variance, is 0";
    let help = format!("set the factors to 1 too{LOAD}");
    let found = warnings(&folder, &["--rule", "b.1=constant:1"]);
    assert_eq!(found, [expected([message, "net.prototxt:3:1", &help])]);
    assert!(warnings(&folder, &["--rule", "b.1=constant:1", "--rule", "b.2=constant:1"]).is_empty());
}

#[test]
fn statistics_of_a_donor_or_of_the_net_are_no_cause() {
    let folder = with(NORMALISED);
    folder.run("init net.prototxt -o donor.npz --seed 1 --preset benchmark").success();
    assert!(warnings(&folder, &["--phase", "test", "--weights", "donor.npz"]).is_empty());
    let blob = |dim: usize, value: f32| {
        format!("blobs {{ shape {{ dim: {dim} }} {} }} ", format!("data: {value} ").repeat(dim))
    };
    let net = |variance: f32| {
        let blobs = [blob(4, 0.0), blob(4, variance), blob(1, 1.0)].concat();
        format!("layer {{ name: \"bn\" type: \"BatchNorm\" bottom: \"data\" top: \"bn\" {blobs} }}")
    };
    assert!(warnings(&with(&net(2.0)), &["--phase", "test"]).is_empty());
    assert_eq!(warnings(&with(&net(0.0)), &["--phase", "test"]).len(), 1);
}

#[test]
fn weights_that_a_donor_gives_in_part_are_not_all_zero() {
    let net = |outputs: usize| {
        format!(
            "layer {{ name: \"ip\" type: \"InnerProduct\" bottom: \"data\" top: \"ip\"
  inner_product_param {{ num_output: {outputs} bias_term: false }} }}\n"
        )
    };
    let folder = with(&net(3));
    assert_eq!(warnings(&folder, &[]).len(), 1);
    folder.write("small.prototxt", format!("{DATA}{}", net(2)));
    folder.run("init small.prototxt -o small.npz --seed 1 --weight-filler xavier").success();
    assert!(warnings(&folder, &["--weights", "small.npz", "--on-mismatch", "pad"]).is_empty());
}

#[test]
fn weights_that_stay_zero_are_warned_about_once_a_layer() {
    let folder = with(
        r#"layer { name: "steps" type: "Input" top: "x" top: "cont" input_param { shape { dim: 4 dim: 2 dim: 5 } shape { dim: 4 dim: 2 } } }
layer { name: "lstm" type: "LSTM" bottom: "x" bottom: "cont" top: "lstm" recurrent_param { num_output: 3 } }
"#,
    );
    let start = "layer \"lstm\" (LSTM) has no recurrent_param.weight_filler";
    let help = "give it a filler, such as weight_filler { type: \"xavier\" }, or load trained weights before use";
    let all = format!("{start}: its weights are all zero and the layer cannot learn");
    assert_eq!(warnings(&folder, &[]), [expected([&all, "net.prototxt:3:1", help])]);
    let first = format!("{start}: the weights in blob 0 are all zero");
    let found = warnings(&folder, &["--rule", "lstm.2=orthogonal"]);
    assert_eq!(found, [expected([&first, "net.prototxt:3:1", help])]);
    assert!(warnings(&folder, &["--rule", "lstm.weight=xavier"]).is_empty());
}
