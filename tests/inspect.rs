//! `caffemodel inspect`: what it finds of nets and weights, as tables, JSON and comma-separated values.

#![cfg(all(feature = "cli", feature = "hdf5"))]

mod folder;

use std::path::Path;

use folder::Folder;
use serde_json::Value;

const INPUT: &str = "layer { name: \"data\" type: \"Input\" top: \"data\" input_param { shape { dim: 2 dim: 4 } } }\n";

fn model(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(name).display().to_string()
}

/// What the tool prints to standard output and to standard error.
fn printed(folder: &Folder, arguments: &str) -> (String, String) {
    let run = folder.run(arguments).success();
    let output = run.get_output();
    (String::from_utf8(output.stdout.clone()).unwrap(), String::from_utf8(output.stderr.clone()).unwrap())
}

fn json(folder: &Folder, arguments: &str) -> Value {
    serde_json::from_str(&printed(folder, &format!("inspect {arguments} --json")).0).unwrap()
}

/// The lines of the CSV output, each with its fields by their titles. None of the tests' fields has a comma.
fn csv(folder: &Folder, arguments: &str) -> Vec<std::collections::HashMap<String, String>> {
    let text = printed(folder, &format!("inspect {arguments} --csv")).0;
    let unquoted = |field: &str| {
        let inner = field.strip_prefix('"').and_then(|field| field.strip_suffix('"'));
        inner.unwrap_or(field).replace("\"\"", "\"")
    };
    let mut lines = text.lines().map(|line| line.split(',').map(unquoted).collect::<Vec<_>>());
    let titles = lines.next().unwrap();
    let line = |fields: Vec<String>| {
        assert_eq!(fields.len(), titles.len());
        titles.iter().cloned().zip(fields).collect()
    };
    lines.map(line).collect()
}

/// The layer of this name.
fn layer<'a>(inspection: &'a Value, name: &str) -> &'a Value {
    inspection["layers"].as_array().unwrap().iter().find(|layer| layer["name"] == name).unwrap()
}

fn notes(inspection: &Value) -> Vec<&str> {
    inspection["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect()
}

/// A folder with LeNet's weights under this name.
fn with_lenet(name: &str) -> Folder {
    let folder = Folder::new();
    folder.run(&format!("init {} -o {name} --seed 1701", model("lenet.prototxt"))).success();
    folder
}

#[test]
fn a_definition_shows_its_plan() {
    let found = json(&Folder::new(), &model("lenet.prototxt"));
    assert_eq!((&found["name"], &found["phase"]), (&"LeNet".into(), &"TRAIN".into()));
    let totals = &found["totals"];
    assert_eq!(totals["parameters"], 431_080);
    assert_eq!(
        (&totals["batch"], &totals["macs_per_item"], &totals["macs"]),
        (&64.into(), &2_293_000.into(), &146_752_000.into())
    );
    assert_eq!(totals["bytes"], 431_080 * 4);
    let conv1 = layer(&found, "conv1");
    assert_eq!(
        (&conv1["type"], &conv1["macs"], &conv1["parameters"]),
        (&"Convolution".into(), &18_432_000.into(), &520.into())
    );
    assert_eq!(conv1["tops"][0], serde_json::json!({ "name": "conv1", "shape": [64, 20, 24, 24], "bytes": 2_949_120 }));
    let weight = &conv1["blobs"][0];
    assert_eq!((&weight["role"], &weight["shape"]), (&"weight".into(), &serde_json::json!([20, 1, 5, 5])));
    assert_eq!((&weight["fan_in"], &weight["fan_out"], &weight["count"]), (&25.into(), &500.into(), &500.into()));
    assert_eq!(weight["filler"], serde_json::json!({ "type": "xavier", "text": "type: \"xavier\"", "explicit": true }));
    assert_eq!(weight["expected"]["mean"], 0.0);
    assert!((weight["expected"]["std"].as_f64().unwrap() - 0.2).abs() < 1e-7);
    assert_eq!(
        (&weight["actual"], &weight["shared_with"], &weight["source"]),
        (&Value::Null, &Value::Null, &"filler".into())
    );
    assert_eq!(found["warnings"], serde_json::json!([]));
    // The rectifier works in place: its top takes no memory, though Caffe's log counts it again.
    assert_eq!(layer(&found, "relu1")["tops"][0]["bytes"], 0);
}

#[test]
fn a_caffemodel_shows_what_is_expected_and_what_is_there() {
    let folder = with_lenet("lenet.caffemodel");
    let found = json(&folder, "lenet.caffemodel");
    assert_eq!((&found["name"], &found["phase"]), (&"LeNet".into(), &"TRAIN".into()));
    assert_eq!(
        (&found["totals"]["parameters"], &found["totals"]["macs_per_item"]),
        (&431_080.into(), &2_293_000.into())
    );
    for name in ["conv1", "conv2", "ip1", "ip2"] {
        let [weight, bias] = &layer(&found, name)["blobs"].as_array().unwrap()[..] else { panic!("two blobs") };
        let (expected, actual) = (&weight["expected"], &weight["actual"]);
        let number = |value: &Value| value.as_f64().unwrap();
        let std = number(&expected["std"]);
        assert!((number(&actual["std"]) / std - 1.0).abs() < 0.1, "{name}: {weight}");
        assert!(number(&actual["mean"]).abs() < 0.2 * std, "{name}: {weight}");
        let bound = std * 3f64.sqrt() * (1.0 + 1e-6);
        assert!(-bound <= number(&actual["min"]) && number(&actual["max"]) <= bound, "{name}: {weight}");
        let counts = actual["histogram"]["counts"].as_array().unwrap();
        assert!((8..=16).contains(&counts.len()), "{weight}");
        assert_eq!(counts.iter().map(|count| count.as_u64().unwrap()).sum::<u64>(), weight["count"].as_u64().unwrap());
        assert_eq!((&actual["zeros"], &actual["non_finite"]), (&0.into(), &0.into()));
        assert_eq!((&bias["actual"]["std"], &bias["actual"]["zero_fraction"]), (&0.0.into(), &1.0.into()));
    }
    assert_eq!(notes(&found), [""; 0]);
}

#[test]
fn comma_separated_values_have_a_line_for_each_blob() {
    let folder = with_lenet("lenet.caffemodel");
    let lines = csv(&folder, "lenet.caffemodel");
    let titles = "layer,type,tops,macs,blob,role,shape,count,shared_with,source,filler,fan_in,fan_out,expected_mean,\
                  expected_std,mean,std,min,max,zeros,zero_fraction,non_finite,name,bottoms,top_names";
    let text = printed(&folder, "inspect lenet.caffemodel --csv").0;
    assert_eq!(text.lines().next(), Some(titles));
    let blobs: Vec<_> = lines.iter().filter(|line| !line["blob"].is_empty()).collect();
    assert_eq!(blobs.len(), 8);
    let sum = |title: &str| lines.iter().filter_map(|line| line[title].parse::<u64>().ok()).sum::<u64>();
    assert_eq!((sum("count"), sum("macs")), (431_080, 146_752_000));
    let [weight, bias] = [blobs[2], blobs[3]];
    assert_eq!((&*weight["layer"], &*weight["role"], &*weight["shape"]), ("conv2", "weight", "50x20x5x5"));
    assert_eq!((&*weight["tops"], &*weight["filler"], &*weight["fan_in"]), ("64x50x8x8", "type: \"xavier\"", "500"));
    assert_eq!((&*bias["role"], &*bias["tops"], &*bias["macs"], &*bias["mean"]), ("bias", "", "", "0.0"));
    assert!((weight["expected_std"].parse::<f64>().unwrap() - 500f64.sqrt().recip()).abs() < 1e-8);
}

#[test]
fn shared_parameters_count_once_and_name_their_owner() {
    let folder = Folder::new();
    let found = json(&folder, &model("siamese.prototxt"));
    let totals = &found["totals"];
    assert_eq!((&totals["parameters"], &totals["shared"]), (&431_102.into(), &431_102.into()));
    let shared = layer(&found, "conv2_p");
    assert_eq!(shared["blobs"][1]["shared_with"], serde_json::json!({ "layer": "conv2", "index": 1 }));
    assert_eq!((&shared["blobs"][1]["source"], &shared["parameters"]), (&"shared".into(), &0.into()));
    let table = printed(&folder, &format!("inspect {}", model("siamese.prototxt"))).0;
    assert!(table.contains("= conv2.1"), "{table}");
    assert!(table.contains("shared             431,102  values owned by another blob, not counted again"), "{table}");
    for name in ["siamese.caffemodel", "siamese.h5"] {
        folder.run(&format!("init {} -o {name} --seed 1", model("siamese.prototxt"))).success();
        let net = if name.ends_with("h5") { format!(" --net {}", model("siamese.prototxt")) } else { String::new() };
        let found = json(&folder, &format!("{name}{net}"));
        assert_eq!((&found["totals"]["parameters"], notes(&found).len()), (&431_102.into(), 0), "{name}");
    }
}

#[test]
fn a_caffemodel_with_extensions_needs_no_leave() {
    let folder = Folder::new();
    let text = "layer { name: \"ip\" type: \"InnerProduct\" bottom: \"data\" top: \"ip\" \
                 inner_product_param { num_output: 3 weight_filler { type: \"orthogonal\" } } }";
    folder.write("net.prototxt", format!("{INPUT}{text}"));
    folder.run("init net.prototxt -o net.caffemodel --seed 1 --extensions").success();
    let note = "note: Caffe lacks the filler orthogonal: it can load the weights, but not initialise the net itself\n";
    assert_eq!(printed(&folder, "inspect net.caffemodel").1, note);
    let weight = layer(&json(&folder, "net.caffemodel"), "ip")["blobs"][0].clone();
    assert_eq!(weight["filler"]["type"], "orthogonal");
    assert_eq!(weight["expected"], serde_json::json!({ "mean": 0.0, "std": 0.5 }));
    // A definition may not use them unasked.
    folder.run("inspect net.prototxt").code(2);
}

#[test]
fn warnings_are_shown() {
    let folder = Folder::new();
    let layer = "layer { name: \"ip\" type: \"InnerProduct\" bottom: \"data\" top: \"ip\" \
                 inner_product_param { num_output: 3 } }";
    folder.write("net.prototxt", format!("{INPUT}{layer}"));
    let (_, stderr) = printed(&folder, "inspect net.prototxt");
    let message = "layer \"ip\" (InnerProduct) has no inner_product_param.weight_filler: \
                   its weights are all zero and the layer cannot learn";
    assert!(stderr.starts_with(&format!("warning: {message}\n --> net.prototxt:2:1\n")), "{stderr}");
    let expected = serde_json::json!([{
        "kind": "zero-weights",
        "blobs": [{ "layer": "ip", "index": 0 }],
        "message": message,
        "help": "give it a filler, such as weight_filler { type: \"xavier\" }, or load trained weights before use",
        "location": "net.prototxt:2:1",
    }]);
    assert_eq!(json(&folder, "net.prototxt")["warnings"], expected);
    assert_eq!(json(&folder, "net.prototxt --except ip.weight")["warnings"], serde_json::json!([]));
    assert_eq!(printed(&folder, "inspect net.prototxt --except ip").1, "");
}

#[test]
fn a_selection_has_totals_of_its_own() {
    let folder = with_lenet("lenet.caffemodel");
    let names = |found: &Value| {
        let layers = found["layers"].as_array().unwrap().iter();
        layers.map(|layer| layer["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let found = json(&folder, "lenet.caffemodel --only conv* --except conv2");
    assert_eq!((names(&found), &found["totals"]["parameters"]), (vec!["conv1".to_owned()], &520.into()));
    let found = json(&folder, "lenet.caffemodel --only conv1.bias --only ip?.1");
    assert_eq!(names(&found), ["conv1", "ip1", "ip2"]);
    assert_eq!(found["totals"]["parameters"], 20 + 500 + 10);
    let unknown = folder.run("inspect lenet.caffemodel --except conv3.bias").code(2);
    unknown.stderr("error: --except conv3.bias: no layer or blob has that name\n");
    let error = folder.run("inspect lenet.caffemodel --only [").code(2);
    assert!(String::from_utf8_lossy(&error.get_output().stderr).starts_with("error: \"[\" is not a glob"));
}

#[test]
fn values_need_not_be_read() {
    let folder = with_lenet("lenet.npz");
    let found = json(&folder, &format!("lenet.npz --no-values --net {}", model("lenet.prototxt")));
    assert_eq!(found["layers"][1]["blobs"][0]["actual"], Value::Null);
    assert_eq!(found["totals"]["parameters"], 431_080);
}

#[test]
fn formats_without_a_net_can_be_given_one() {
    for name in ["lenet.h5", "lenet.npz", "lenet.safetensors"] {
        let folder = with_lenet(name);
        let alone = json(&folder, name);
        let format = name.trim_start_matches("lenet.").replace("h5", "hdf5");
        let note = format!(
            "the {format} holds no net: roles, fillers, shared blobs, work and memory are not known; give it with --net"
        );
        assert_eq!(notes(&alone), [note]);
        assert_eq!((&alone["phase"], &alone["totals"]["macs"]), (&Value::Null, &Value::Null));
        assert_eq!(alone["totals"]["parameters"], 431_080);
        assert_eq!(layer(&alone, "conv1")["type"], Value::Null);
        let known = json(&folder, &format!("{name} --net {}", model("lenet.prototxt")));
        assert_eq!(notes(&known), [""; 0]);
        let (weight, blind) = (&layer(&known, "conv1")["blobs"][0], &layer(&alone, "conv1")["blobs"][0]);
        assert_eq!((&weight["role"], &blind["role"]), (&"weight".into(), &Value::Null));
        assert_eq!(weight["actual"], blind["actual"]);
        assert_eq!(known["totals"]["macs_per_item"], 2_293_000);
    }
}

#[test]
fn what_does_not_fit_is_told() {
    let folder = with_lenet("lenet.caffemodel");
    let net = std::fs::read_to_string(model("lenet.prototxt")).unwrap();
    folder.write("other.prototxt", net.replace("num_output: 20", "num_output: 21").replace("\"ip2\"", "\"ip3\""));
    let found = json(&folder, "lenet.caffemodel --net other.prototxt");
    assert_eq!(
        notes(&found),
        [
            "layer \"conv1\", blob 0 has shape (21, 1, 5, 5) in the net, (20, 1, 5, 5) in the weights",
            "layer \"conv1\", blob 1 has shape (21) in the net, (20) in the weights",
            "layer \"conv2\", blob 0 has shape (50, 21, 5, 5) in the net, (50, 20, 5, 5) in the weights",
            "layer \"ip3\", blob 0 is in the net, but not in the weights",
            "layer \"ip3\", blob 1 is in the net, but not in the weights",
            "layer \"ip2\", blob 0 is in the weights, but not in the net",
            "layer \"ip2\", blob 1 is in the weights, but not in the net",
        ]
    );
}

#[test]
fn a_net_that_cannot_be_planned_shows_its_weights() {
    let folder = Folder::new();
    let net = "layer { name: \"data\" type: \"Data\" top: \"data\" data_param { source: \"absent\" batch_size: 2 } }\n\
               layer { name: \"ip\" type: \"InnerProduct\" bottom: \"data\" top: \"ip\" \
               inner_product_param { num_output: 3 weight_filler { type: \"msra\" } } }";
    folder.write("net.prototxt", net);
    folder.run("init net.prototxt -o net.caffemodel --seed 1 --shape data=2,3,4,5").success();
    let found = json(&folder, "net.caffemodel");
    let [note] = notes(&found)[..] else { panic!("{found}") };
    assert!(
        note.starts_with(
            "the net in the file cannot be planned: roles, fillers, shared blobs, work and memory are not known; \
             give shapes with --shape, or a net with --net: layer \"data\" (Data), "
        ),
        "{note}"
    );
    assert_eq!((&layer(&found, "ip")["type"], &found["totals"]["parameters"]), (&"InnerProduct".into(), &183.into()));
    assert_eq!(layer(&found, "ip")["blobs"][0]["expected"], Value::Null);
    let found = json(&folder, "net.caffemodel --shape data=2,3,4,5");
    assert_eq!((notes(&found).len(), &layer(&found, "ip")["blobs"][0]["role"]), (0, &"weight".into()));
}

#[test]
fn values_that_are_no_numbers_are_told() {
    let folder = Folder::new();
    let layer = "layer { name: \"ip\" type: \"InnerProduct\" bottom: \"data\" top: \"ip\"
                 inner_product_param { num_output: 1 bias_term: false }
                 blobs { shape { dim: 1 dim: 4 } data: [nan, 1, -inf, 3] } }";
    folder.write("net.prototxt", format!("{INPUT}{layer}"));
    let (table, stderr) = printed(&folder, "inspect net.prototxt");
    assert_eq!(stderr, "note: layer \"ip\", blob 0: 2 of 4 values are infinite or NaN\n");
    assert!(table.contains("given in the net"), "{table}");
    let found = json(&folder, "net.prototxt");
    let blob = &found["layers"][1]["blobs"][0];
    assert_eq!(
        (&blob["source"], &blob["actual"]["non_finite"], &blob["actual"]["mean"]),
        (&"net".into(), &2.into(), &2.0.into())
    );
}

#[test]
fn a_net_can_be_drawn_from_what_its_layers_read_and_make() {
    let folder = Folder::new();
    let net = "layer { name: \"in\" type: \"Input\" top: \"data\" top: \"label\" input_param {
                 shape { dim: 2 dim: 4 } shape { dim: 2 } } }
               layer { name: \"sum\" type: \"Eltwise\" bottom: \"data\" bottom: \"data\" top: \"sum\" }";
    folder.write("net.prototxt", net);
    let found = json(&folder, "net.prototxt");
    assert_eq!((&found["program"], &found["version"]), (&"caffemodel".into(), &env!("CARGO_PKG_VERSION").into()));
    let layers = found["layers"].as_array().unwrap();
    let bottoms: Vec<&Value> = layers.iter().map(|layer| &layer["bottoms"]).collect();
    let split = serde_json::json!(["data_in_0_split_0", "data_in_0_split_1"]);
    assert_eq!(bottoms, [&serde_json::json!([]), &serde_json::json!(["data"]), &split]);
    let lines = csv(&folder, "net.prototxt");
    let columns: Vec<[&str; 2]> = lines.iter().map(|line| [&*line["bottoms"], &line["top_names"]]).collect();
    let splits = "data_in_0_split_0;data_in_0_split_1";
    assert_eq!(columns, [["", "data;label"], ["data", splits], [splits, "sum"]]);
}

#[test]
fn a_file_without_layers_is_warned_of() {
    let folder = Folder::new();
    folder.write("empty.npz", "");
    let warning = "warning: empty.npz: the net has no layers\n |\n = help: is it the right file, and complete?\n\n";
    assert_eq!(printed(&folder, "inspect empty.npz").1, warning);
    folder.write("test.prototxt", "layer { name: 'a' type: 'Silence' include { phase: TEST } }");
    let warning = "warning: test.prototxt: the net has no layers\n |\n = help: its rules leave out 1 layer: \
                   choose another state with --phase, --level or --stage\n\n";
    assert_eq!(printed(&folder, "inspect test.prototxt").1, warning);
}

#[test]
fn a_binary_without_weights_is_a_definition() {
    let folder = Folder::new();
    folder.write("net.prototxt", INPUT);
    folder.run("init net.prototxt -o net.bin --seed 1 --format caffemodel").success();
    let found = json(&folder, "net.bin");
    assert_eq!((&found["phase"], &found["totals"]["parameters"]), (&"TRAIN".into(), &0.into()));
    assert_eq!(found["layers"][0]["tops"][0]["shape"], serde_json::json!([2, 4]));
}

#[test]
fn the_tables() {
    let folder = Folder::new();
    let layer =
        "layer { name: \"ip\" type: \"InnerProduct\" bottom: \"data\" top: \"ip\" inner_product_param { num_output: 3
                 weight_filler { type: \"gaussian\" std: 0.01 } bias_filler { type: \"constant\" value: 1 } } }
                 layer { name: \"relu\" type: \"ReLU\" bottom: \"ip\" top: \"ip\" }
                 layer { name: \"scale\" type: \"Scale\" bottom: \"ip\" top: \"scaled\" }";
    folder.write("net.prototxt", format!("name: \"tiny\"\n{INPUT}{layer}"));
    let layers = "
layer  type          bottoms  tops           parameters  multiply-adds
data   Input                  (2, 4)
ip     InnerProduct  data     (2, 3)                 15             24
relu   ReLU          ip       ip (2, 3)
scale  Scale         ip       scaled (2, 3)           3
";
    let blobs = "
layer  blob      shape   values  filler                       fan-in  fan-out  expected
ip     0 weight  (3, 4)      12  gaussian std: 0.01                4        3  0 ± 0.01
ip     1 bias    (3)          3  constant value: 1                                    1
scale  0 weight  (3)          3  constant value: 1 (default)                          1
";
    let totals = "
total
layers            4
parameters       18
weights        72 B
activations    80 B  Caffe logs 104 bytes, in-place tops and splits counted again
multiply-adds    24  12 for each item in the batch of 2
";
    let title = "tiny, net.prototxt, phase TRAIN\n";
    assert_eq!(printed(&folder, "inspect net.prototxt").0, [title, layers, blobs, totals].concat());
    folder.run("init net.prototxt -o net.caffemodel --seed 1").success();
    let title = "tiny, net.caffemodel, phase TRAIN\n";
    let blobs = "
layer  blob      shape   values  filler                       fan-in  fan-out  expected                 actual       min       max  histogram
ip     0 weight  (3, 4)      12  gaussian std: 0.01                4        3  0 ± 0.01  -0.0002853 ± 0.007004  -0.01821  0.009748  ▄     ▄ ██▄█ █▄
ip     1 bias    (3)          3  constant value: 1                                    1                      1         1         1
scale  0 weight  (3)          3  constant value: 1 (default)                          1                      1         1         1
";
    assert_eq!(printed(&folder, "inspect net.caffemodel").0, [title, layers, blobs, totals].concat());
}

#[test]
fn blobs_are_called_by_index_and_role() {
    let folder = Folder::new();
    let net = "layer { name: \"x\" type: \"Input\" top: \"x\" top: \"cont\" top: \"s\" input_param {
                 shape { dim: 4 dim: 2 dim: 5 } shape { dim: 4 dim: 2 } shape { dim: 2 dim: 6 } } }
               layer { name: \"bn\" type: \"BatchNorm\" bottom: \"x\" top: \"bn\" }
               layer { name: \"lstm\" type: \"LSTM\" bottom: \"x\" bottom: \"cont\" top: \"lstm\" recurrent_param { num_output: 3 } }
               layer { name: \"tied\" type: \"LSTM\" bottom: \"x\" bottom: \"cont\" bottom: \"s\" top: \"tied\" recurrent_param { num_output: 3 } }
               layer { name: \"rnn\" type: \"RNN\" bottom: \"x\" bottom: \"cont\" top: \"rnn\" recurrent_param { num_output: 3 } }
               layer { name: \"p\" type: \"Parameter\" top: \"p\" parameter_param { shape { dim: 2 } } }";
    folder.write("net.prototxt", net);
    let (table, _) = printed(&folder, "inspect net.prototxt");
    let shown = |name: &str| -> Vec<String> {
        let rows = table.lines().skip_while(|line| !line.contains("blob ")).take_while(|line| !line.is_empty());
        let cells = rows.filter_map(|row| Some(row.strip_prefix(name)?.trim().split_once(" (")?.0.trim().to_owned()));
        cells.collect()
    };
    assert_eq!(shown("bn "), ["0 mean", "1 variance", "2 factor"]);
    assert_eq!(shown("lstm "), ["0 weight W_xc", "1 bias b_c", "2 weight W_hc"]);
    assert_eq!(shown("tied "), ["0 weight W_xc", "1 bias b_c", "2 weight W_xc_static", "3 weight W_hc"]);
    assert_eq!(shown("rnn "), ["0 weight W_xh", "1 bias b_h", "2 weight W_hh", "3 weight W_ho", "4 bias b_o"]);
    assert_eq!(shown("p "), ["0 other"]);
    let found = json(&folder, "net.prototxt");
    let factor = &layer(&found, "bn")["blobs"][2];
    assert_eq!((&factor["role"], &factor["name"]), (&"statistic".into(), &"factor".into()));
    let names: Vec<String> = csv(&folder, "net.prototxt --only lstm").iter().map(|line| line["name"].clone()).collect();
    assert_eq!(names, ["W_xc", "b_c", "W_hc"]);
}

/// Blobs with four sizes of their own, as files of old have them, are counted like those that an upgrade makes.
#[test]
fn the_fans_of_old_blobs_are_those_of_the_net() {
    let found = json(&Folder::new(), &field("15-fc-to-conv/cls_old.caffemodel"));
    let fc6 = &layer(&found, "fc6")["blobs"][0];
    let new = json(&Folder::new(), &field("15-fc-to-conv/cls.caffemodel"));
    let expected = &layer(&new, "fc6")["blobs"][0];
    assert_eq!((fc6["shape"].as_array().unwrap().len(), expected["shape"].as_array().unwrap().len()), (4, 2));
    assert_eq!((&fc6["fan_in"], &fc6["fan_out"]), (&expected["fan_in"], &expected["fan_out"]));
    assert_ne!(fc6["fan_in"], Value::Null);
}

fn field(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/field").join(name).display().to_string()
}

/// Parameters and multiply-accumulates of well-known nets. They round to what albanie/convnet-burden lists (232 MiB,
/// 727 MFLOP, which are multiply-accumulates there, for AlexNet and so on), and MobileNet's to its paper: 4.2 and 569
/// million.
#[test]
fn well_known_nets_have_the_known_sizes() {
    let known = [
        ("lenet", 431_080, 2_293_000u64),
        ("alexnet", 60_965_224, 724_406_816),
        ("vgg16", 138_357_544, 15_470_264_320),
        ("googlenet", 6_998_552, 1_582_671_872),
        ("resnet50", 25_557_032, 3_857_973_248),
        ("mobilenet_v1", 4_231_976, 568_740_352),
    ];
    for (name, parameters, macs) in known {
        let totals = &json(&Folder::new(), &format!("{} --phase test", model(&format!("{name}.prototxt"))))["totals"];
        assert_eq!((&totals["parameters"], &totals["macs_per_item"]), (&parameters.into(), &macs.into()), "{name}");
    }
    // As Caffe's log of training LeNet on batches of 64 has it: "Memory required for data: 5169924".
    let totals = &json(&Folder::new(), &model("lenet.prototxt"))["totals"];
    assert_eq!(totals["caffe_data_bytes"], 5_169_924);
}

#[test]
fn requests_that_cannot_be_met() {
    let folder = with_lenet("lenet.caffemodel");
    let says = |arguments: &str, expected: &str| {
        let error = folder.run(arguments).code(2);
        let text = String::from_utf8_lossy(&error.get_output().stderr).into_owned();
        assert!(text.contains(expected), "{arguments}: {text}");
    };
    says("inspect absent", "absent: cannot read: No such file or directory");
    says("inspect .", ".: cannot read: Is a directory");
    let lenet = model("lenet.prototxt");
    says(&format!("inspect {lenet} --net {lenet}"), "lenet.prototxt holds no weights that need it");
    says("inspect lenet.caffemodel --json --csv", "cannot be used with");
    let bytes = std::fs::read(folder.path("lenet.caffemodel")).unwrap();
    folder.write("cut", &bytes[..bytes.len() - 9]);
    says("inspect cut", "cut: ");
}
