//! Fillers of the user's choice: what a net gets from them, what is printed, what is saved, and what is refused.

#![cfg(feature = "cli")]

mod folder;

use std::fs;
use std::path::Path;

use assert_cmd::assert::Assert;
use caffemodel::formats::{self, Arrays};
use caffemodel::plan::{Before, Saved};
use caffemodel::proto::caffe::NetParameter;
use caffemodel::random::Streams;
use caffemodel::rules::Rule;
use caffemodel::{Definition, Net, Plan, PlanOptions, StateOptions, init};
use folder::{Folder, stderr};
use prost::Message;

/// A net definition in a folder, to be initialised under rules.
struct Ruled(Folder);

impl Ruled {
    fn new(net: &str) -> Ruled {
        let folder = Folder::new();
        folder.write("net.prototxt", net);
        Ruled(folder)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.path(name)).unwrap()
    }

    /// Runs `init` with these options.
    fn init(&self, options: &[&str]) -> Assert {
        self.0.command("init net.prototxt -o out.caffemodel --force --seed 3").args(options).assert()
    }

    /// The net that `init` makes with these options.
    fn made(&self, options: &[&str]) -> Vec<u8> {
        self.init(options).success();
        self.read("out.caffemodel")
    }

    /// What `init` says with these options, but for its summary.
    fn said(&self, options: &[&str]) -> String {
        let said = stderr(&self.init(options).success());
        said.lines().filter(|line| !line.starts_with("wrote ")).map(|line| format!("{line}\n")).collect()
    }

    /// What `init` says when it refuses these options.
    fn refused(&self, options: &[&str]) -> String {
        let refused = stderr(&self.init(options).code(2));
        assert_eq!(self.0.files(), ["net.prototxt"], "nothing is left behind");
        refused
    }
}

const DATA: &str = r#"layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }
"#;

/// A net with most kinds of layers that have fillers; `weight` and `bias` stand for their fields.
fn net(weight: &str, bias: &str) -> String {
    format!(
        r#"{DATA}
layer {{ name: "steps" type: "Input" top: "x" top: "cont" input_param {{ shape {{ dim: 4 dim: 2 dim: 5 }} shape {{ dim: 4 dim: 2 }} }} }}
layer {{ name: "words" type: "Input" top: "words" input_param {{ shape {{ dim: 7 }} }} }}
layer {{ name: "block.1/conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param {{ num_output: 4 kernel_size: 3 {weight} {bias} }} }}
layer {{ name: "block.1/bn" type: "BatchNorm" bottom: "conv" top: "conv" }}
layer {{ name: "block.1/scale" type: "Scale" bottom: "conv" top: "conv" scale_param {{ bias_term: true {bias} }} }}
layer {{ name: "relu" type: "PReLU" bottom: "conv" top: "conv" }}
layer {{ name: "up" type: "Deconvolution" bottom: "conv" top: "up" convolution_param {{ num_output: 2 kernel_size: 4 {weight} {bias} }} }}
layer {{ name: "ip1" type: "InnerProduct" bottom: "up" top: "ip1" param {{ name: "w" }} inner_product_param {{ num_output: 162 {weight} {bias} }} }}
layer {{ name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2" param {{ name: "w" }} inner_product_param {{ num_output: 162 {weight} {bias} }} }}
layer {{ name: "lstm" type: "LSTM" bottom: "x" bottom: "cont" top: "lstm" recurrent_param {{ num_output: 3 {weight} {bias} }} }}
layer {{ name: "rnn" type: "RNN" bottom: "lstm" bottom: "cont" top: "rnn" recurrent_param {{ num_output: 2 {weight} {bias} }} }}
layer {{ name: "embed" type: "Embed" bottom: "words" top: "embed" embed_param {{ num_output: 3 input_dim: 9 {weight} {bias} }} }}
"#
    )
}

const NOTES: &str = "\
note: --weight-filler gaussian:std=0.1 fills block.1/conv.0, up.0, ip1.0, ip2.0, lstm.0, lstm.2 and 4 more with type: \"gaussian\" std: 0.1 instead of no filler
note: --bias-filler uniform fills block.1/conv.1, block.1/scale.1, up.1, ip1.1, ip2.1, lstm.1 and 3 more with type: \"uniform\" instead of no filler
";

#[test]
fn missing_fillers_make_the_net_that_has_them() {
    let rules = ["--weight-filler", "gaussian:std=0.1", "--bias-filler", "uniform"];
    let without = Ruled::new(&net("", ""));
    let with = Ruled::new(&net(r#"weight_filler { type: "gaussian" std: 0.1 }"#, r#"bias_filler { type: "uniform" }"#));
    for options in [&[][..], &["--boost", "1.54"], &["--generator", "native"]] {
        assert!(without.made(&[&rules, options].concat()) == with.made(options), "{options:?}");
    }
    // Nothing trains the net, and it stores a variance of 0.
    let allow = ["--allow", "zero-variance"];
    assert_eq!(without.said(&[&rules[..], &allow].concat()), NOTES);
    assert_eq!(with.said(&allow), "");
}

#[test]
fn a_net_made_by_rules_makes_itself_again_from_its_definition() {
    let folder = Ruled::new(&net("", ""));
    let first = folder.made(&["--rule", "*.weight=msra:AVERAGE", "--rule", "block*.bias=uniform:max=2"]);
    let mut definition = NetParameter::decode(first.as_slice()).unwrap();
    for layer in &mut definition.layer {
        layer.blobs.clear();
        if layer.r#type() == "BatchNorm" {
            // As Caffe has it, reading a BatchNorm's own params changes them.
            layer.param.clear();
        }
    }
    folder.0.write("net.prototxt", definition.encode_to_vec());
    assert!(folder.made(&[]) == first);
}

/// A net of two inner products, the first with fillers.
fn two() -> String {
    let first = r#"num_output: 4 weight_filler { type: "xavier" } bias_filler { value: 0.5 }"#;
    format!(
        r#"{DATA}
layer {{ name: "features.0" type: "InnerProduct" bottom: "data" top: "a" inner_product_param {{ {first} }} }}
layer {{ name: "fc/2" type: "InnerProduct" bottom: "a" top: "b" inner_product_param {{ num_output: 3 }} }}
"#
    )
}

/// The options with `--rule` before each of these.
fn rules<'a>(texts: &[&'a str]) -> Vec<&'a str> {
    texts.iter().flat_map(|text| ["--rule", text]).collect()
}

#[test]
fn the_last_rule_that_matches_decides_and_what_it_changed_is_shown() {
    let folder = Ruled::new(&two());
    let said = folder.said(&rules(&["*=gaussian:std=0.01", "*.bias=constant:1", r"features\.0.bias=value: 0.5"]));
    let expected = "\
note: --rule '*=gaussian:std=0.01' fills features.0.0 with type: \"gaussian\" std: 0.01 instead of type: \"xavier\"
note: --rule '*=gaussian:std=0.01' fills fc/2.0 with type: \"gaussian\" std: 0.01 instead of no filler
note: --rule '*.bias=constant:1' fills fc/2.1 with type: \"constant\" value: 1 instead of no filler
";
    assert_eq!(said, expected);
}

#[test]
fn rules_win_over_missing_fillers_and_these_over_the_preset() {
    let folder = Ruled::new(&two());
    let said = folder.said(&["--rule", "fc/2.0=constant:3", "--weight-filler", "constant:2", "--preset", "benchmark"]);
    let expected = "\
note: --rule fc/2.0=constant:3 fills fc/2.0 with type: \"constant\" value: 3 instead of no filler
";
    assert_eq!(said, expected);
    let said = folder.said(&["--weight-filler", "constant:2", "--preset", "benchmark"]);
    let expected = "\
note: --weight-filler constant:2 fills fc/2.0 with type: \"constant\" value: 2 instead of no filler
";
    assert_eq!(said, expected);
}

#[test]
fn the_preset_fills_what_has_no_filler() {
    let folder = Ruled::new(&net("", ""));
    let expected = "\
note: --preset benchmark fills block.1/conv.0, ip1.0, ip2.0 with type: \"msra\" instead of no filler
note: --preset benchmark fills block.1/bn.1, block.1/bn.2 with type: \"constant\" value: 1 instead of zeros (values only, the layer has no field for it)
note: --preset benchmark fills up.0 with type: \"msra\" variance_norm: FAN_OUT instead of no filler
note: --preset benchmark fills lstm.0, lstm.2, rnn.0, rnn.2, rnn.3 with type: \"xavier\" instead of no filler
note: --preset benchmark fills embed.0 with type: \"gaussian\" instead of no filler
";
    assert_eq!(folder.said(&["--preset", "benchmark"]), expected);
    let special = format!(
        r#"{DATA}
layer {{ name: "up" type: "Deconvolution" bottom: "data" top: "up" convolution_param {{ num_output: 3 group: 3 kernel_size: 4 stride: 2 }} }}
layer {{ name: "ip" type: "InnerProduct" bottom: "up" top: "ip" inner_product_param {{ num_output: 3 transpose: true }} }}
layer {{ name: "parameter" type: "Parameter" top: "p" parameter_param {{ shape {{ dim: 3 }} }} }}
"#
    );
    let expected = "\
note: --preset benchmark fills up.0 with type: \"bilinear\" instead of no filler
note: --preset benchmark fills ip.0 with type: \"msra\" variance_norm: FAN_OUT instead of no filler
note: --preset benchmark fills parameter.0 with type: \"constant\" value: 1 instead of zeros (values only, the layer has no field for it)
";
    assert_eq!(Ruled::new(&special).said(&["--preset", "benchmark"]), expected);
}

/// The plan of a net under rules.
fn plan(net: &str, texts: &[&str]) -> Plan {
    let mut options = PlanOptions::default();
    for text in texts {
        options.rules.push(Rule::parse("--rule", text, &options.fillers).unwrap());
    }
    let net = Net::resolve(Definition::from_bytes("net.prototxt", net).unwrap(), &StateOptions::default()).unwrap();
    Plan::new(net, &options).unwrap()
}

/// The values that Caffe's generator gives a plan.
fn values(plan: &Plan) -> Arrays {
    let mut arrays = Arrays::default();
    init::fill(plan, &mut Streams::caffe(3, "1.74".parse().unwrap()), &mut arrays).unwrap();
    arrays
}

#[test]
fn statistics_and_parameters_are_drawn_in_the_blobs_order() {
    let net = format!(
        r#"{DATA}layer {{ name: "bn" type: "BatchNorm" bottom: "data" top: "bn" }}
layer {{ name: "p" type: "Parameter" top: "p" parameter_param {{ shape {{ dim: 2 }} }} }}
"#
    );
    let plan = plan(&net, &["*=uniform", "bn.1=constant:2"]);
    let saved: Vec<_> = plan.changes.iter().map(|change| (change.before.clone(), change.saved)).collect();
    assert_eq!(saved, vec![(Before::Zeros, Saved::NoField); 4]);
    let made = values(&plan);
    let mut drawn = [0.0; 6];
    Streams::caffe(3, "1.74".parse().unwrap()).for_blob("", 0).uniform(0.0, 1.0, &mut drawn);
    let blob = |layer: &str, index: usize| made.get(layer, index).unwrap().iter().copied().collect::<Vec<f32>>();
    assert_eq!(blob("bn", 0), drawn[..3]);
    assert_eq!(blob("bn", 1), [2.0; 3]);
    assert_eq!(blob("bn", 2), drawn[3..4]);
    assert_eq!(blob("p", 0), drawn[4..]);
}

#[test]
fn values_that_the_net_gives_are_replaced() {
    let blobs = "blobs { shape { dim: 1 dim: 192 } data: 1 }".replace("data: 1", &"data: 1 ".repeat(192));
    let net = format!(
        r#"{DATA}layer {{ name: "ip" type: "InnerProduct" bottom: "data" top: "ip" {blobs} inner_product_param {{ bias_term: false num_output: 1 }} }}"#
    );
    let plan = plan(&net, &["ip.weight=constant:2"]);
    assert_eq!((&plan.changes[0].before, plan.changes[0].saved), (&Before::Given, Saved::NoField));
    assert!(plan.layers[1].param.inner_product_param.as_ref().unwrap().weight_filler.is_none());
    assert_eq!(values(&plan).get("ip", 0).unwrap().iter().sum::<f32>(), 384.0);
}

#[test]
fn a_sharer_draws_by_its_own_rule_and_takes_the_owner_s_values() {
    let shared = net("", "");
    let made = values(&plan(&shared, &["ip1.0=uniform", "ip2.0=gaussian"]));
    assert_eq!(made.get("ip1", 0), made.get("ip2", 0));
    let of_text = net(r#"weight_filler { type: "uniform" }"#, "").replace(
        r#"name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2" param { name: "w" } inner_product_param { num_output: 162 weight_filler { type: "uniform" }"#,
        r#"name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2" param { name: "w" } inner_product_param { num_output: 162 weight_filler { type: "gaussian" }"#,
    );
    assert!(of_text.contains("gaussian"));
    let rules = ["*.weight=uniform", "block.1/scale.0=constant:1", "relu=constant:0.25", "ip2.0=gaussian"];
    assert_eq!(values(&plan(&shared, &rules)).layers(), values(&plan(&of_text, &[])).layers());
}

#[test]
fn a_field_that_serves_other_blobs_stays_as_it_was() {
    let folder = Ruled::new(&net(r#"weight_filler { type: "xavier" }"#, ""));
    let expected = "\
note: --rule lstm.2=gaussian fills lstm.2 with type: \"gaussian\" instead of type: \"xavier\" (values only, recurrent_param.weight_filler has other blobs too)
note: --rule rnn.weight=gaussian fills rnn.0, rnn.2, rnn.3 with type: \"gaussian\" instead of type: \"xavier\"
";
    let rules = rules(&["lstm.2=gaussian", "rnn.weight=gaussian"]);
    assert_eq!(folder.said(&[&rules[..], &["--allow", "zero-variance"]].concat()), expected);
    let made = NetParameter::decode(folder.read("out.caffemodel").as_slice()).unwrap();
    let filler = |name: &str| {
        let layer = made.layer.iter().find(|layer| layer.name() == name).unwrap();
        layer.recurrent_param.as_ref().unwrap().weight_filler.as_ref().unwrap().r#type().to_owned()
    };
    assert_eq!([filler("lstm"), filler("rnn")], ["xavier", "gaussian"]);
}

#[test]
fn a_rule_that_says_what_the_net_says_changes_nothing() {
    let folder = Ruled::new(&two());
    let plain = folder.made(&[]);
    assert!(folder.made(&["--rule", "features\\.0.weight=xavier"]) == plain);
    assert_eq!(
        folder.said(&["--rule", "features\\.0.bias=value: 0.5", "--weight-filler", "constant"]),
        "\
note: --weight-filler constant fills fc/2.0 with type: \"constant\" instead of no filler
"
    );
}

#[test]
fn the_provenance_tells_of_rules() {
    let folder = Ruled::new(&two());
    folder.made(&["--preset", "benchmark", "--rule", "fc*.bias=constant:1", "--provenance", "out.json"]);
    let told: serde_json::Value = serde_json::from_slice(&folder.read("out.json")).unwrap();
    assert_eq!(told["options"], serde_json::json!(["--preset benchmark", "--rule 'fc*.bias=constant:1'"]));
    assert_eq!(told["blobs"][3]["filler"], "type: \"constant\" value: 1");
    folder.made(&["--provenance", "out.json"]);
    let told: serde_json::Value = serde_json::from_slice(&folder.read("out.json")).unwrap();
    assert_eq!(told.get("options"), None);
}

#[test]
fn a_rule_that_matches_nothing_is_an_error() {
    let folder = Ruled::new(&two());
    let expected = "\
error: no layer's name matches \"cf/2\"
 --> --rule:1:1
  |
1 | cf/2=msra
  | ^^^^^^^^^
  |
  = help: did you mean \"fc/2\"?

error: no layer's name matches \"features\"
 --> --rule:1:1
  |
1 | features.0=msra
  | ^^^^^^^^^^^^^^^
  |
  = help: the layer \"features.0\" is written features\\.0

error: no layer whose name matches \"fc/2\" has a blob 2
 --> --rule:1:1
  |
1 | fc/2.2=msra
  | ^^^^^^^^^^^
  |
  = help: the last one is blob 1

error: no layer whose name matches \"data\" has blobs
 --> --rule:1:1
  |
1 | data.weight=msra
  | ^^^^^^^^^^^^^^^^

";
    let refused = folder.refused(&rules(&["cf/2=msra", "features.0=msra", "fc/2.2=msra", "data.weight=msra"]));
    assert_eq!(refused, expected);
}

#[test]
fn a_slip_behind_the_last_dot_is_pointed_out() {
    let folder = Ruled::new(&two());
    let expected = "\
error: no layer's name matches \"fc*.wieght\"
 --> --rule:1:1
  |
1 | fc*.wieght=msra
  | ^^^^^^^^^^^^^^^
  |
  = help: did you mean \"fc*.weight\"? after the last dot comes weight, bias or the index of a blob

error: no layer's name matches \"fc/2.filter\"
 --> --rule:1:1
  |
1 | fc/2.filter=msra
  | ^^^^^^^^^^^^^^^^
  |
  = help: after the last dot comes weight, bias or the index of a blob

error: no layer's name matches \"feature.0.kernel\"
 --> --rule:1:1
  |
1 | feature.0.kernel=msra
  | ^^^^^^^^^^^^^^^^^^^^^

";
    assert_eq!(folder.refused(&rules(&["fc*.wieght=msra", "fc/2.filter=msra", "feature.0.kernel=msra"])), expected);
}

#[test]
fn an_option_that_finds_nothing_that_it_is_for_says_so() {
    let filled = r#"num_output: 4 bias_term: false weight_filler { type: "xavier" }"#;
    let net = format!(
        r#"{DATA}layer {{ name: "ip" type: "InnerProduct" bottom: "data" top: "a" inner_product_param {{ {filled} }} }}
layer {{ name: "bn" type: "BatchNorm" bottom: "a" top: "b" }}
"#
    );
    let folder = Ruled::new(&net);
    let expected = "\
error: no layer whose name matches \"bn\" has a weight
 --> --rule:1:1
  |
1 | bn.weight=constant:1
  | ^^^^^^^^^^^^^^^^^^^^
  |
  = help: the blobs of layer \"bn\" are 0 mean, 1 variance, 2 factor

";
    assert_eq!(folder.refused(&["--rule", "bn.weight=constant:1", "--bias-filler", "constant:1"]), expected);
    let folder = Ruled::new(net.split("layer { name: \"bn\"").next().unwrap());
    let plain = folder.made(&[]);
    let idle = ["--preset", "benchmark", "--weight-filler", "msra", "--bias-filler", "value: 1"];
    assert!(folder.made(&idle) == plain);
    let expected = "\
note: --preset benchmark changes nothing: no layer that it knows lacks a filler
note: --weight-filler msra changes nothing: no layer lacks a weight_filler
note: --bias-filler 'value: 1' changes nothing: no layer lacks a bias_filler
";
    assert_eq!(folder.said(&idle), expected);
}

#[test]
fn upscore_layers_without_groups_enlarge_each_class_for_itself() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/field/53-fcn-diagonal-bilinear");
    let folder = Folder::new();
    let net = case.join("fcn.prototxt").display().to_string();
    folder.run(&format!("init {net} -o out.npz --seed 1 --rule upscore.weight=bilinear_diagonal")).success();
    let [made, wanted] = [folder.path("out.npz"), case.join("want.npy")].map(|file| formats::open(file).unwrap());
    let [made, wanted] = [&made, &wanted].map(|net| &net.layers[0].blobs[0]);
    assert_eq!((made.shape.dims(), made.read().unwrap()), (wanted.shape.dims(), wanted.read().unwrap()));
}

#[test]
fn identity_kernels_have_the_groups_of_their_layer() {
    let conv = |name: &str, more: &str| {
        format!(
            r#"layer {{ name: "{name}" type: "Convolution" bottom: "data" top: "{name}" convolution_param {{ num_output: 6 kernel_size: 1 {more} }} }}
"#
        )
    };
    let folder = Ruled::new(&format!("{DATA}{}{}", conv("whole", ""), conv("grouped", "group: 3")));
    let expected = "\
note: Caffe lacks the filler dirac: it can load the weights, but not initialise the net itself
note: --rule '*.weight=dirac' fills whole.0 with type: \"dirac\" instead of no filler
note: --rule '*.weight=dirac' fills grouped.0 with type: \"dirac\" groups: 3 instead of no filler
";
    assert_eq!(folder.said(&rules(&["*.weight=dirac"])), expected);
    let made = NetParameter::decode(folder.read("out.caffemodel").as_slice()).unwrap();
    let weights = |name: &str| made.layer.iter().find(|layer| layer.name() == name).unwrap().blobs[0].data.clone();
    assert_eq!(weights("grouped"), [1.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
    assert_eq!(weights("whole").iter().sum::<f32>(), 3.0);
    // What the rule says is taken as it is.
    assert!(folder.said(&rules(&["grouped.weight=dirac:6"])).contains("with type: \"dirac\" groups: 6 instead"));
}

#[test]
fn a_filler_that_does_not_suit_is_refused_with_rule_layer_and_blob() {
    let folder = Ruled::new(&two());
    let expected = "\
error: --rule '*.bias=bilinear' does not suit layer \"features.0\" (InnerProduct), blob 1: the bilinear filler needs 4 axes, a blob of shape (4) has 1
 --> --rule:1:1
  |
1 | bilinear
  | ^^^^^^^^

";
    assert_eq!(folder.refused(&["--rule", "*.bias=bilinear"]), expected);
    let expected = "\
error: --weight-filler 'type: \"gaussian\" std: -1' does not suit layer \"fc/2\" (InnerProduct), blob 0: std -1.0 is negative
 --> --weight-filler:1:18
  |
1 | type: \"gaussian\" std: -1
  |                  ^^^^^^^

";
    assert_eq!(folder.refused(&["--weight-filler", "type: \"gaussian\" std: -1"]), expected);
    let expected = "\
error: --rule 'fc*=gaussian:mean=1,std=0' does not suit layer \"fc/2\" (InnerProduct), blob 0: std is 0
 --> --rule:1:17
  |
1 | gaussian:mean=1,std=0
  |                 ^^^^^
  |
  = help: for one value everywhere use type: \"constant\" with value: 1.0

";
    assert_eq!(folder.refused(&["--rule", "fc*=gaussian:mean=1,std=0"]), expected);
}

#[test]
fn errors_in_rules_show_the_place() {
    let folder = Ruled::new(&two());
    let expected = "\
error: unknown filler \"msr\"
 --> --weight-filler:1:1
  |
1 | msr
  | ^^^
  |
  = help: did you mean \"msra\"? the fillers are bilinear, bilinear_diagonal, constant, dirac, from_file, gaussian, identity, kaiming_normal, kaiming_uniform, lecun_normal, lecun_uniform, msra, orthogonal, positive_unitball, truncated_normal, uniform, variance_scaling, xavier

error: expected a number for \"std\", found x
 --> --rule:1:14
  |
1 | gaussian:std=x
  |              ^

error: a rule needs an equals sign between the layers and their filler
 --> --rule:1:1
  |
1 | fc
  | ^^
  |
  = help: such as conv*.weight=gaussian:std=0.01

";
    let refused = folder.refused(&["--rule", "fc*=gaussian:std=x", "--rule", "fc", "--weight-filler", "msr"]);
    assert_eq!(refused, expected);
    let expected = "\
error: invalid value 'bench' for '--preset <NAME>': unknown preset \"bench\"; the only one is benchmark

For more information, try '--help'.
";
    assert_eq!(folder.refused(&["--preset", "bench"]), expected);
}

/// A net with an inner product whose weights have this filler.
fn filled(filler: &str) -> String {
    format!(
        r#"{DATA}layer {{ name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param {{ num_output: 4 bias_term: false weight_filler {{ {filler} }} }} }}
"#
    )
}

#[test]
fn a_net_may_use_extensions_on_request_only() {
    let folder = Ruled::new(&filled(r#"type: "orthogonal" gain: 2"#));
    let expected = "\
error: layer \"ip\" (InnerProduct), inner_product_param.weight_filler.type: the filler \"orthogonal\" is an extension that Caffe does not know
 --> net.prototxt:3:72
  |
3 |   inner_product_param { num_output: 4 bias_term: false weight_filler { type: \"orthogonal\" gain: 2 } } }
  |                                                                        ^^^^^^^^^^^^^^^^^^
  |
  = help: --extensions allows it

";
    assert_eq!(folder.refused(&[]), expected);
    let note = "note: Caffe lacks the filler orthogonal: it can load the weights, but not initialise the net itself\n";
    assert_eq!(folder.said(&["--extensions"]), note);
    let by_net = folder.read("out.caffemodel");
    let ruled = Ruled::new(&filled(r#"type: "xavier""#));
    assert!(ruled.made(&["--rule", "ip=orthogonal:2"]) == by_net);
    let changed =
        "note: --rule ip=orthogonal:2 fills ip.0 with type: \"orthogonal\" gain: 2 instead of type: \"xavier\"\n";
    assert_eq!(ruled.said(&["--rule", "ip=orthogonal:2"]), format!("{note}{changed}"));
}

#[test]
fn a_field_of_an_extension_needs_the_option_too() {
    let folder = Ruled::new(&filled(r#"type: "xavier" mode: fan_out"#));
    let expected = "\
error: layer \"ip\" (InnerProduct), inner_product_param.weight_filler.mode: the filler's field \"mode\" is an extension that Caffe does not know
 --> net.prototxt:3:87
  |
3 |   inner_product_param { num_output: 4 bias_term: false weight_filler { type: \"xavier\" mode: fan_out } } }
  |                                                                                       ^^^^^^^^^^^^^
  |
  = help: --extensions allows it

";
    assert_eq!(folder.refused(&[]), expected);
    // Xavier does not read it.
    assert_eq!(folder.said(&["--extensions", "--allow", "ignored-field"]), "");
}

#[test]
fn values_come_from_files() {
    let folder = Ruled::new(&filled(r#"type: "xavier""#));
    let first = folder.made(&[]);
    folder.0.write("first.caffemodel", &first);
    let net = filled(r#"type: "from_file" path: "first.caffemodel""#);
    folder.0.write("net.prototxt", &net);
    let weights = |net: &[u8]| NetParameter::decode(net).unwrap().layer[1].blobs.clone();
    assert_eq!(weights(&folder.made(&["--extensions"])), weights(&first));
    let other = Ruled::new(&filled(r#"type: "xavier""#));
    let path = folder.0.path("first.caffemodel").display().to_string();
    assert_eq!(weights(&other.made(&["--rule", &format!("ip=from_file:path={path},layer=ip")])), weights(&first));
}

#[test]
fn blobs_are_named_as_inspect_prints_them() {
    let net = "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: [4, 1, 3] } } }
layer { name: 'cont' type: 'Input' top: 'cont' input_param { shape { dim: [4, 1] } } }
layer { name: 'lstm' type: 'LSTM' bottom: 'x' bottom: 'cont' top: 'h' recurrent_param { num_output: 2 } }
layer { name: 'bn' type: 'BatchNorm' bottom: 'h' top: 'n' }
layer { name: 'scale' type: 'Scale' bottom: 'n' top: 's' scale_param { bias_term: true } }
layer { name: 'par' type: 'Parameter' top: 'p' parameter_param { shape { dim: 2 } } }
";
    let folder = Folder::new();
    folder.write("net", net);
    for (blob, index) in [
        ("lstm.W_xc", 0),
        ("lstm.b_c", 1),
        ("lstm.W_hc", 2),
        ("bn.mean", 0),
        ("bn.variance", 1),
        ("bn.factor", 2),
        ("scale.scale", 0),
        ("scale.shift", 1),
        ("scale.bias", 1),
        ("par.other", 0),
    ] {
        let run = folder.run(&format!("init net -o out --force --seed 1 --dry-run --rule {blob}=constant:3")).success();
        let (said, layer) = (stderr(&run), blob.split('.').next().unwrap());
        let expected = format!("note: --rule {blob}=constant:3 fills {layer}.{index} with ");
        assert_eq!(said.matches("note: --rule").count(), 1, "{said}");
        assert!(said.contains(&expected), "{said}");
    }
    let refused = stderr(&folder.run("init net -o out --seed 1 --rule lstm.W_ho=constant:3").code(2));
    assert!(refused.contains("error: no layer whose name matches \"lstm\" has a W_ho\n"), "{refused}");
    assert!(
        refused.contains("help: the blobs of layer \"lstm\" are 0 weight W_xc, 1 bias b_c, 2 weight W_hc\n"),
        "{refused}"
    );
}
