//! Starts that cannot train, or hardly can be meant: what `init` and `inspect` say of each kind, and what they do not.

#![cfg(feature = "cli")]

mod folder;

use std::fs;
use std::path::Path;

use folder::{Folder, stderr};

const DATA: &str = r#"layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 4 dim: 9 dim: 9 } } }
"#;

/// A layer that reads `bottom`.
fn layer(name: &str, of_type: &str, bottom: &str, more: &str) -> String {
    format!("layer {{ name: \"{name}\" type: \"{of_type}\" bottom: \"{bottom}\" top: \"{name}\" {more} }}\n")
}

/// A convolution `c` of the data, with these fields.
fn conv(fields: &str) -> String {
    layer("c", "Convolution", "data", &format!("convolution_param {{ num_output: 4 kernel_size: 3 {fields} }}"))
}

/// The kinds and messages of the warnings about a net, as JSON has them.
fn warnings_with(layers: &str, options: &str) -> Vec<(String, String)> {
    let folder = Folder::new();
    folder.write("net.prototxt", format!("{DATA}{layers}"));
    let run = folder.run(&format!("inspect net.prototxt --json --quiet{options}")).success();
    let found: serde_json::Value = serde_json::from_slice(&run.get_output().stdout).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let warnings = found["warnings"].as_array().unwrap().iter();
    warnings.map(|warning| (text(&warning["kind"]), text(&warning["message"]))).collect()
}

fn warnings(layers: &str) -> Vec<(String, String)> {
    warnings_with(layers, "")
}

/// Checks that a net has one warning.
fn assert_one(layers: &str, kind: &str, message: &str) {
    assert_eq!(warnings(layers), [(kind.to_owned(), message.to_owned())]);
}

fn assert_none(layers: &str) {
    assert_eq!(warnings(layers), [], "{layers}");
}

fn case(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/field/13-silent-bad-starts").join(name);
    fs::read_to_string(path).unwrap()
}

/// What `init` prints of a file.
fn told(text: &str, options: &str) -> String {
    let folder = Folder::new();
    folder.write("net.prototxt", text);
    stderr(&folder.run(&format!("init net.prototxt -o out --seed 1{options}")).success())
}

/// The lines of a text that are no excerpt.
fn without_excerpts(text: &str) -> String {
    let is_excerpt = |line: &str| line.trim_start_matches(|c: char| c == ' ' || c.is_ascii_digit()).starts_with('|');
    let kept = text.lines().filter(|line| !is_excerpt(line) && !line.starts_with("wrote "));
    kept.map(|line| format!("{}\n", line.trim_start())).collect()
}

#[test]
fn a_start_with_loss_87_is_told() {
    let expected = r#"warning: layer "sc" (Scale) and 1 more have weights that are all zero
--> net.prototxt:6:73
= note: sc has a constant scale_param.filler without a value, which is 0
= note: c2 has an empty convolution_param.weight_filler, which is constant 0
= help: give them fillers whose values are not zero, or load trained weights before use

warning: layer "c1" (Convolution) and 1 more have fillers that do not give the spread of their values
--> net.prototxt:3:115
= note: c1 has a gaussian weight_filler without std
= note: fc has a uniform weight_filler without min and max
= help: give their spread, such as min: -0.05 max: 0.05 or std: 0.01, or choose xavier or msra

warning: layer "c3" (Convolution) has a constant weight_filler: its outputs are all the same, and stay so
--> net.prototxt:8:113
= help: choose a filler that draws numbers, such as weight_filler { type: "xavier" }, or set lr_mult: 0 if they are to stay

warning: layer "fc" (InnerProduct) makes a signal of variance 3.3e8 from inputs of variance 1: it explodes
--> net.prototxt:10:101
= help: choose fillers that keep the variance, such as weight_filler { type: "msra" } before ReLU, or normalise

warning: layer "fc" (InnerProduct) makes scores of standard deviation 92: layer "loss" (SoftmaxWithLoss) starts near 87.3, the largest loss there is
--> net.prototxt:10:101
= help: fill its weights with small values, such as weight_filler { type: "gaussian" std: 0.01 }, and fix what makes the signal large before it

note: --allow zero-weights,default-spread,equal-weights,signal-range,saturated-softmax silences them
"#;
    assert_eq!(without_excerpts(&told(&case("bad.prototxt"), "")), expected);
}

#[test]
fn fields_that_fillers_ignore_are_told() {
    let expected = r#"warning: layer "e" (Convolution) gives convolution_param.weight_filler no type, which makes it constant 0: its weights are all zero and the layer cannot learn
--> net.prototxt:7:109
= help: give it a filler, such as weight_filler { type: "xavier" }, or load trained weights before use

warning: layer "a" (Convolution) and 3 more set fields of fillers that nothing reads
--> net.prototxt:3:81
= note: a sets value in its weight_filler, which gaussian does not read
= note: b sets std in its weight_filler, which xavier does not read
= note: b sets std in its bias_filler, which constant does not read
= note: c sets std in its weight_filler, which uniform does not read
= note: d sets a bias_filler, but has no bias (bias_term: false)
= help: remove it or choose another filler: gaussian reads mean, std, sparse; xavier reads variance_norm; constant reads value; uniform reads min, max

warning: layer "a" (Convolution) and 1 more have fillers that do not give the spread of their values
--> net.prototxt:3:113
= note: a has a gaussian weight_filler without std
= note: c has a uniform weight_filler without min and max
= help: give their spread, such as min: -0.05 max: 0.05 or std: 0.01, or choose xavier or msra

note: --allow zero-weights,ignored-field,default-spread silences them
"#;
    assert_eq!(without_excerpts(&told(&case("ignored.prototxt"), "")), expected);
}

/// ResNet-50 as it is deployed: without fillers and a loss.
fn deployed_resnet() -> String {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("models/resnet50.prototxt")).unwrap();
    let text = text.replace("weight_filler { type: \"msra\" }", "").replace("bias_filler { type: \"constant\" }", "");
    let loss = text.find("type: \"SoftmaxWithLoss\"").map(|at| text[..at].rfind("layer {").unwrap()).unwrap();
    text[..loss].to_owned()
}

#[test]
fn a_deploy_net_gives_a_handful_of_lines() {
    let expected = r#"warning: layer "conv1" (Convolution) and 53 more have no weight_filler: their weights are all zero and the layers cannot learn
--> net.prototxt:25:1
= note: the layers are conv1, res2a_branch1, res2a_branch2a, res2a_branch2b, res2a_branch2c, res2b_branch2a and 48 more
= help: give them fillers in the net, or with --weight-filler xavier or --preset benchmark, or load trained weights before use

warning: layer "bn_conv1" (BatchNorm) and 52 more will divide their input by sqrt(eps) in phase TEST: their stored variance is 0
--> net.prototxt:32:1
= note: the layers are bn_conv1, bn2a_branch1, bn2a_branch2a, bn2a_branch2b, bn2a_branch2c, bn2b_branch2a and 47 more
= help: --preset benchmark sets the variances to 1; or load trained weights before use

note: --allow zero-weights,zero-variance silences them
"#;
    let deploy = deployed_resnet();
    let printed = told(&deploy, " --dry-run");
    let printed = printed.replace("would write", "wrote");
    assert_eq!(without_excerpts(&printed), expected);
    let printed = told(&deploy, " --dry-run --preset benchmark");
    assert!(!printed.contains("warning"), "{printed}");
}

#[test]
fn weights_of_zeros_are_told_however_they_come_about() {
    let start = "layer \"c\" (Convolution)";
    let end = ": its weights are all zero and the layer cannot learn";
    for (filler, cause) in [
        ("", "has no convolution_param.weight_filler"),
        ("weight_filler { }", "has an empty convolution_param.weight_filler, which is constant 0"),
        ("weight_filler { std: 0.01 }", "gives convolution_param.weight_filler no type, which makes it constant 0"),
        (
            "weight_filler { type: 'constant' }",
            "has a constant convolution_param.weight_filler without a value, which is 0",
        ),
        ("weight_filler { type: 'constant' value: 0 }", "has a constant convolution_param.weight_filler of 0"),
        ("weight_filler { value: 0 }", "has a constant convolution_param.weight_filler of 0"),
    ] {
        assert_one(&conv(filler), "zero-weights", &format!("{start} {cause}{end}"));
    }
    let given =
        "inner_product_param { num_output: 1 bias_term: false } blobs { shape { dim: 1 dim: 2 } data: 0 data: 0 }";
    let message = format!("layer \"fc\" (InnerProduct) is given zeros in the net{end}");
    assert_one(&layer("fc", "InnerProduct", "data", given), "zero-weights", &message);
    let message = "layer \"s\" (Scale) has a constant scale_param.filler without a value, which is 0: \
                   its weights are all zero and it passes nothing on";
    assert_one(&layer("s", "Scale", "data", "scale_param { filler { type: 'constant' } }"), "zero-weights", message);
}

#[test]
fn zeros_that_are_meant_are_not_told() {
    assert_none(&layer("s", "Scale", "data", "scale_param { filler { value: 0 } }"));
    assert_none(&layer("s", "Scale", "data", "scale_param { bias_term: true bias_filler { value: 0 } }"));
    assert_none(&layer("p", "PReLU", "data", "prelu_param { filler { type: 'constant' } }"));
    assert_none(&layer("b", "Bias", "data", ""));
    let fixed =
        conv("weight_filler { value: 0 }").replace("convolution_param", "param { lr_mult: 0 } convolution_param");
    assert_none(&fixed);
    let xavier = "weight_filler { type: 'xavier' }";
    let branch = |behind: &str, last: &str| {
        let sum = format!("layer {{ name: 'e' type: 'Eltwise' bottom: '{last}' bottom: 'd' top: 'e' }}\n");
        let shortcut = conv(xavier).replace("\"c\"", "\"d\"");
        [shortcut, conv("weight_filler { value: 0 }"), behind.to_owned(), sum].concat()
    };
    assert_none(&branch("", "c"));
    assert_none(&branch(&layer("n", "BatchNorm", "c", "batch_norm_param { use_global_stats: false }"), "n"));
    // No gradient passes a rectifier at 0.
    assert_eq!(warnings(&branch(&layer("r", "ReLU", "c", ""), "r")).len(), 1);
    assert_eq!(warnings_with(&conv(""), " --rule c.weight=constant:0"), []);
    let offsets = "convolution_param { num_output: 18 kernel_size: 3 pad: 1 weight_filler { value: 0 } }";
    let deformable = "layer { name: 'd' type: 'DeformableConvolution' bottom: 'data' bottom: 'off' top: 'd' \
                      deformable_convolution_param { num_output: 4 kernel_size: 3 pad: 1 deformable_group: 1 weight_filler { type: 'msra' } } }";
    let net = layer("off", "Convolution", "data", offsets) + deformable;
    assert_eq!(warnings_with(&net, " --dialect soeaver"), []);
    let unused = layer("off", "Convolution", "data", offsets);
    assert_eq!(warnings_with(&unused, " --dialect soeaver").len(), 1);
}

#[test]
fn fields_with_their_default_values_change_nothing() {
    let one = |filler: &str, message: &str| {
        let message = format!("layer \"c\" (Convolution) {message}");
        assert_one(&conv(filler), "ignored-field", &message);
    };
    one("weight_filler { type: 'xavier' std: 0.1 }", "sets std in its weight_filler, which xavier does not read");
    one(
        "weight_filler { type: 'msra' value: 2 std: 0.01 }",
        "sets value in its weight_filler, which msra does not read, and \
         sets std in its weight_filler, which msra does not read",
    );
    one(
        "weight_filler { type: 'xavier' } bias_term: false bias_filler { value: 0.7 }",
        "sets a bias_filler, but has no bias (bias_term: false)",
    );
    assert_none(&conv("weight_filler { type: 'xavier' std: 1 value: 0 min: 0 max: 1 sparse: -1 }"));
    assert_none(&conv("weight_filler { type: 'gaussian' std: 0.01 value: 0 }"));
    assert_none(&conv("weight_filler { type: 'xavier' variance_norm: AVERAGE }"));
    assert_none(&conv("weight_filler { type: 'xavier' } bias_term: false bias_filler { type: 'constant' value: 0 }"));
}

#[test]
fn a_spread_by_default_is_told() {
    let one = |fields: &str, message: &str| {
        assert_one(&conv(fields), "default-spread", &format!("layer \"c\" (Convolution) {message}"));
    };
    let gaussian = "has a gaussian weight_filler without std: its values have mean 0 and standard deviation 1";
    one("weight_filler { type: 'gaussian' }", gaussian);
    let moved = "has a gaussian weight_filler without std: its values have mean 0.5 and standard deviation 1";
    one("weight_filler { type: 'gaussian' mean: 0.5 }", moved);
    let uniform =
        "has a uniform weight_filler without min and max: its values have mean 0.5 and standard deviation 0.289";
    one("weight_filler { type: 'uniform' }", uniform);
    assert_none(&conv("weight_filler { type: 'xavier' } bias_filler { type: 'uniform' }"));
    assert_none(&conv("weight_filler { type: 'gaussian' std: 1 }"));
    assert_none(&conv("weight_filler { type: 'uniform' max: 0.1 }"));
    assert_eq!(warnings_with(&conv(""), " --weight-filler gaussian"), []);
    // The vectors of an embedding are not summed up.
    let words = "layer { name: 'w' type: 'Input' top: 'w' input_param { shape { dim: 2 } } }\n";
    let embed = "embed_param { num_output: 3 input_dim: 5 bias_term: false weight_filler { type: 'uniform' } }";
    assert_none(&format!("{words}{}", layer("e", "Embed", "w", embed)));
}

#[test]
fn biases_by_their_fan_are_told() {
    let one = |filler: &str, message: &str| {
        let fields = format!("weight_filler {{ type: 'xavier' }} bias_filler {{ {filler} }}");
        assert_one(&conv(&fields), "bias-by-fan", &format!("layer \"c\" (Convolution) {message}"));
    };
    one("type: 'xavier'", "fills its bias with xavier: a bias has one input per unit, and the standard deviation is 1");
    one("type: 'msra'", "fills its bias with msra: a bias has one input per unit, and the standard deviation is 1.414");
    // By the fan-out there are as many as outputs.
    assert_none(&conv("weight_filler { type: 'xavier' } bias_filler { type: 'xavier' variance_norm: FAN_OUT }"));
    assert_none(&conv("weight_filler { type: 'xavier' } bias_filler { type: 'gaussian' std: 0.1 }"));
}

#[test]
fn bilinear_kernels_that_mix_channels_are_told() {
    let up = |fields: &str| {
        let fields = format!("convolution_param {{ kernel_size: 4 stride: 2 bias_term: false {fields} }}");
        layer("up", "Deconvolution", "data", &format!("param {{ lr_mult: 0 }} {fields}"))
    };
    let filler = "weight_filler { type: 'bilinear' }";
    let message = "layer \"up\" (Deconvolution) has a bilinear weight_filler without groups: \
                   each output is the sum of 4 enlarged inputs";
    assert_one(&up(&format!("num_output: 4 {filler}")), "mixed-channels", message);
    let message = "layer \"up\" (Deconvolution) has a bilinear weight_filler in 2 groups: \
                   each output is the sum of 2 enlarged inputs";
    assert_one(&up(&format!("num_output: 4 group: 2 {filler}")), "mixed-channels", message);
    assert_none(&up(&format!("num_output: 4 group: 4 {filler}")));
    assert_eq!(warnings_with(&up("num_output: 4"), " --rule up=bilinear"), []);
}

#[test]
fn units_that_are_all_the_same_are_told() {
    let message = "layer \"c\" (Convolution) has a constant weight_filler: its outputs are all the same, and stay so";
    assert_one(&conv("weight_filler { value: 0.1 }"), "equal-weights", message);
    assert_none(&conv("weight_filler { value: 0.1 } bias_filler { type: 'gaussian' std: 0.1 }"));
    assert_none(&conv("group: 4 weight_filler { value: 0.1 }"));
    let fixed =
        conv("weight_filler { value: 0.1 }").replace("convolution_param", "param { lr_mult: 0 } convolution_param");
    assert_none(&fixed);
}

/// So many convolutions with a filler, each followed by a rectifier, and scores.
fn tower(layers: usize, filler: &str) -> String {
    let mut net = String::new();
    let mut bottom = "data".to_owned();
    for index in 0..=layers {
        let name = format!("c{index}");
        let fields = format!("convolution_param {{ num_output: 8 kernel_size: 1 weight_filler {{ {filler} }} }}");
        net += &layer(&name, "Convolution", &bottom, &fields);
        if index < layers {
            net += &format!("layer {{ name: \"r{index}\" type: \"ReLU\" bottom: \"{name}\" top: \"{name}\" }}\n");
        }
        bottom = name;
    }
    net
}

#[test]
fn signals_that_leave_the_range_are_told() {
    let vanishes = "layer \"c32\" (Convolution) makes a signal of variance 9.8e-7 from pixels: it vanishes";
    assert_one(&tower(40, "type: 'xavier'"), "signal-range", vanishes);
    // Of a tower as high as it may be, the last layer alone may make less: its scores.
    assert_none(&tower(32, "type: 'xavier'"));
    assert_none(&tower(60, "type: 'msra'"));
    let explodes = "layer \"c9\" (Convolution) makes a signal of variance 1.6e6 from inputs of variance 1: it explodes";
    assert_one(&tower(12, "type: 'gaussian' std: 1.02"), "signal-range", explodes);
    assert_none(&tower(5, "type: 'gaussian' std: 1.02"));
}

#[test]
fn scores_that_saturate_a_softmax_are_told() {
    let net = |filler: &str| {
        let labels = "layer { name: 'label' type: 'Input' top: 'label' input_param { shape { dim: 2 } } }\n";
        let fields = format!("inner_product_param {{ num_output: 10 weight_filler {{ {filler} }} }}");
        let loss = "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'fc' bottom: 'label' }\n";
        format!("{labels}{}{loss}", layer("fc", "InnerProduct", "data", &fields))
    };
    let message = "layer \"fc\" (InnerProduct) makes scores of standard deviation 54: \
                   layer \"loss\" (SoftmaxWithLoss) starts near 87.3, the largest loss there is";
    assert_one(&net("type: 'gaussian' std: 3"), "saturated-softmax", message);
    assert_none(&net("type: 'gaussian' std: 2"));
}

#[test]
fn a_donor_s_weights_are_no_bad_start() {
    let folder = Folder::new();
    let bad = "weight_filler { type: 'gaussian' } bias_filler { type: 'xavier' }";
    folder.write("net.prototxt", format!("{DATA}{}", conv(bad)));
    folder.write("good.prototxt", format!("{DATA}{}", conv("weight_filler { type: 'xavier' }")));
    folder.run("init good.prototxt -o good.npz --seed 1").success();
    let run = folder.run("init net.prototxt -o out --seed 1 --weights good.npz --quiet").success();
    assert_eq!(stderr(&run), "");
    let run = folder.run("init net.prototxt -o out --force --seed 1 --quiet").success();
    assert_eq!(stderr(&run).matches("warning: ").count(), 2);
}

#[test]
fn stored_zeros_are_told_by_inspect() {
    let folder = Folder::new();
    let bn = |name: &str, bottom: &str| layer(name, "BatchNorm", bottom, "");
    folder.write("net.prototxt", [DATA, &conv(""), &bn("b", "c"), &bn("d", "b")].concat());
    folder.run("init net.prototxt -o fresh.caffemodel --seed 1 --quiet").success();
    let expected = r#"warning: layer "c" (Convolution) holds weights that are all zero
= help: load trained weights, or initialise the net with fillers

warning: layer "b" (BatchNorm) and 1 more hold variances of 0, by which they divide their input in phase TEST
= note: the layers are b, d
= help: train the net before it is used for inference, or load trained weights

note: --allow zero-weights,zero-variance silences them
"#;
    let run = folder.run("inspect fresh.caffemodel").success();
    assert_eq!(without_excerpts(&stderr(&run)), expected);
    folder.run("inspect fresh.caffemodel --deny-warnings").code(2);
    folder.run("inspect fresh.caffemodel --quiet --only c.bias").success().stderr("");
    folder.run("inspect fresh.caffemodel --quiet --allow zero-weights,zero-variance").success().stderr("");
    folder.run("init net.prototxt -o good.caffemodel --seed 1 --quiet --preset benchmark").success();
    folder.run("inspect good.caffemodel --quiet --deny-warnings").success().stderr("");
    let json = folder.run("inspect fresh.caffemodel --json --quiet").success();
    let found: serde_json::Value = serde_json::from_slice(&json.get_output().stdout).unwrap();
    let blobs = serde_json::json!([{ "layer": "b", "index": 1 }, { "layer": "d", "index": 1 }]);
    assert_eq!((&found["warnings"][1]["kind"], &found["warnings"][1]["blobs"]), (&"zero-variance".into(), &blobs));
}

#[test]
fn warnings_can_be_denied_and_silenced() {
    let folder = Folder::new();
    folder.write("net.prototxt", format!("{DATA}{}", conv("")));
    let denied = "error: layer \"c\" (Convolution) has no convolution_param.weight_filler: \
                  its weights are all zero and the layer cannot learn\n";
    for command in ["init net.prototxt -o out --seed 1", "init net.prototxt -o out --dry-run", "inspect net.prototxt"] {
        let run = folder.run(&format!("{command} --quiet --deny-warnings")).code(2);
        let printed = stderr(&run);
        assert!(printed.starts_with(denied), "{printed}");
        assert!(printed.ends_with("\n\nerror: --deny-warnings: 1 warning\n"), "{printed}");
        assert_eq!(folder.files(), ["net.prototxt"]);
        let run = folder.run(&format!("{command} --quiet --deny-warnings --allow zero-weights")).success();
        assert_eq!(stderr(&run), "");
        let _ = fs::remove_file(folder.path("out"));
    }
    folder.run("init net.prototxt -o out --seed 1 --quiet --allow mixed-channels,zero-weights").success().stderr("");
    let unknown = stderr(&folder.run("init net.prototxt -o x --allow zero-weight").code(2));
    assert!(unknown.starts_with("error: invalid value 'zero-weight' for '--allow <KIND>'\n"), "{unknown}");
    assert!(unknown.contains("a similar value exists: 'zero-weights'"), "{unknown}");
    // A net without layers is warned of by no kind.
    folder.write("empty.prototxt", "name: \"empty\"");
    let run = folder.run("init empty.prototxt -o x --seed 1 --quiet --deny-warnings").code(2);
    assert!(stderr(&run).ends_with("error: --deny-warnings: 1 warning\n"));
}
