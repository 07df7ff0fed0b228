//! Layers of types that nobody knows, and layers written in Python: what is asked for, and what comes of the answers.

#![cfg(feature = "cli")]

mod folder;

use folder::{Folder, stderr};

/// Two layers of an unknown type, between layers with weights and behind them.
const NET: &str = r#"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
        convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "glow1" type: "Glow" bottom: "conv1" top: "glow1" }
layer { name: "ip" type: "InnerProduct" bottom: "glow1" top: "ip"
        inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
layer { name: "glow2" type: "Glow" bottom: "ip" top: "glow2" }
"#;

fn folder(net: &str) -> Folder {
    let folder = Folder::new();
    folder.write("net.prototxt", net);
    folder
}

/// What a refused initialisation of the net prints.
fn refused(net: &str, options: &str) -> String {
    let folder = folder(net);
    let text =
        stderr(&folder.run(format!("init net.prototxt -o out.caffemodel --seed 1 {options}").trim_end()).code(2));
    assert_eq!(folder.files(), ["net.prototxt"]);
    text
}

/// The stored blobs of the net's initialisation, as `inspect` lists them.
fn blobs(net: &str, options: &str) -> Vec<(String, usize, Vec<u64>, f64)> {
    let folder = folder(net);
    folder.run(format!("init net.prototxt -o out.npz --seed 1 {options}").trim_end()).success();
    let printed = folder.run("inspect out.npz --json").success().get_output().stdout.clone();
    let report: serde_json::Value = serde_json::from_slice(&printed).unwrap();
    let layers = report["layers"].as_array().unwrap();
    let of_layer = |layer: &serde_json::Value| {
        let name = layer["name"].as_str().unwrap().to_owned();
        let blob = |(index, blob): (usize, &serde_json::Value)| {
            let dims = blob["shape"].as_array().unwrap().iter().map(|dim| dim.as_u64().unwrap()).collect();
            (name.clone(), index, dims, blob["actual"]["std"].as_f64().unwrap_or_default())
        };
        layer["blobs"].as_array().unwrap().iter().enumerate().map(blob).collect::<Vec<_>>()
    };
    layers.iter().flat_map(of_layer).collect()
}

/// The options between back quotes of a help text.
fn advised(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn an_unknown_type_is_told_once_with_the_options_that_would_do() {
    let text = refused(NET, "");
    let expected = r#"error: layer "glow1" (Glow), type: unknown layer type "Glow", which another layer has too"#;
    assert!(text.contains(expected), "{text}");
    let all = ["--opaque Glow", "--shape glow1=N,C,H,W", "--blob glow1.0=N,C,H,W", "caffemodel init --weights FILE"];
    assert_eq!(advised(&text), all, "{text}");
    // The options do.
    blobs(NET, "--opaque Glow");
    blobs(NET, "--shape glow1=1,4,6,6 --opaque Glow");
    // A shape for the one says nothing of the other.
    let text = refused(NET, "--shape glow1=1,4,6,6");
    assert!(text.contains(r#"layer "glow2" (Glow)"#) && text.contains("`--opaque Glow` takes it as it is"), "{text}");
}

#[test]
fn an_opaque_layer_is_saved_as_it_is_and_draws_nothing() {
    let known = NET.replace("Glow", "ReLU");
    let opaque = blobs(NET, "--opaque Glow");
    assert_eq!(opaque, blobs(&known, ""));
    let folder = folder(NET);
    folder.run("init net.prototxt -o out.caffemodel --seed 1 --opaque Glow --provenance out.json").success();
    folder.run("convert out.caffemodel out.prototxt --no-weights").success();
    let text = String::from_utf8(std::fs::read(folder.path("out.prototxt")).unwrap()).unwrap();
    assert_eq!(text.matches("type: \"Glow\"").count(), 2);
    let record = String::from_utf8(std::fs::read(folder.path("out.json")).unwrap()).unwrap();
    assert!(record.contains("--opaque Glow"), "{record}");
}

#[test]
fn blobs_are_given_with_their_sizes_and_filled_by_rules() {
    let options = "--opaque Glow --blob glow1.0=1,4,1,1 --blob glow1.1=4 --rule glow1.0=gaussian:std=0.5";
    let made = blobs(NET, options);
    let own: Vec<_> = made.iter().filter(|(layer, ..)| layer == "glow1").collect();
    assert_eq!((&own[0].2, &own[1].2), (&vec![1, 4, 1, 1], &vec![4]));
    assert!(own[0].3 > 0.0 && own[1].3 == 0.0);
    // A blob says that the layer is known well enough; its tops still need a shape.
    let text = refused(NET, "--blob glow1.0=4 --shape glow2=1,2");
    let expected = "help: give the shape with `--shape glow1=N,C,H,W`: layer \"ip\" (InnerProduct) needs it";
    assert!(text.contains(r#"the shape of "glow1" is not known"#) && text.contains(expected), "{text}");
}

#[test]
fn weights_tell_the_sizes_of_blobs() {
    let folder = folder(NET);
    let given = "--blob glow1.0=1,4,1,1 --blob glow1.1=4 --rule glow1.0=constant:2 --rule glow1.1=constant:3";
    folder.run(&format!("init net.prototxt -o glow.npz --seed 1 --opaque Glow {given}")).success();
    let run = folder.run("init net.prototxt -o out.npz --seed 2 --opaque Glow --weights glow.npz").success();
    let told = "note: layer \"glow1\" (Glow): its blobs get the shapes that they have in glow.npz: (1, 4, 1, 1), (4)\n";
    assert!(stderr(&run).starts_with(told), "{}", stderr(&run));
    folder.run("compare glow.npz out.npz --only glow1").success();
    // What the user gives counts before, and what the net gives is not given again.
    let run =
        folder.run("init net.prototxt -o out.npz --force --seed 2 --weights glow.npz --opaque Glow --blob glow1.0=4");
    let text = stderr(&run.code(2));
    assert!(text.contains("its blob gets the shape that it has in glow.npz: (4)"), "{text}");
    assert!(text.contains(r#"layer "glow1" does not fit layer "glow1" (Glow): blob 0"#), "{text}");
    // Renames and selections are those of the values.
    let options = "--weights glow.npz --opaque Glow --rename glow1=glow2 --only glow2";
    let text = stderr(&folder.run(&format!("init net.prototxt -o out.npz --force --seed 2 {options}")).success());
    assert!(
        text.contains("layer \"glow2\" (Glow): its blobs get the shapes") && !text.contains("glow1\" (Glow): its"),
        "{text}"
    );
    folder.run("convert glow.npz out.caffemodel --net net.prototxt --opaque Glow").success();
    folder.run("deploy net.prototxt -o deploy.prototxt --weights glow.npz --opaque Glow").success();
    folder.run("compare out.caffemodel deploy.caffemodel").success();
}

#[test]
fn a_blob_without_a_size_is_an_error_with_its_place() {
    let params = NET.replace("top: \"glow1\" }", "top: \"glow1\"\n  param { lr_mult: 1 } param { lr_mult: 2 } }");
    let text = refused(&params, "--opaque Glow --blob glow1.0=4");
    assert!(text.contains("given 2 times, so there are as many blobs; blob 1 has no size"), "{text}");
    assert!(text.contains("--> net.prototxt:6:3") && text.contains("`--blob glow1.1=N,C,H,W`"), "{text}");
    let text = refused(NET, "--opaque Glow --blob glow1.1=4");
    assert!(text.contains("blob 0 has no size, but later blobs have"), "{text}");
    let text = refused(NET, "--opaque Glow --blob glow1.0=0,4");
    assert!(text.contains("blob 0 of shape (0, 4) would be empty") && text.contains("net.prototxt:5:1"), "{text}");
    let text = refused(NET, "--opaque Glow --blob glow1.18446744073709551615=4");
    assert!(text.contains("blob 0 has no size"), "{text}");
}

#[test]
fn what_is_said_of_no_opaque_layer_is_refused() {
    for (options, expected) in [
        ("--opaque Glow --opaque Glew", r#"no layer of the net is of the type "Glew" (did you mean "Glow"?)"#),
        ("--opaque Glow --opaque ReLU", r#"the layer type "ReLU" is known here: it cannot be opaque"#),
        ("--opaque Glow --blob glow3.0=4", r#"for blob 0 of "glow3": no such layer (did you mean "glow1"?)"#),
        (
            "--opaque Glow --blob conv1.0=4",
            r#"of "conv1": the layer type "Convolution" is known here, and makes its own"#,
        ),
        ("--blob glow1=4", "expected LAYER.INDEX=N,C,H,W"),
        ("--blob glow1.0", "expected LAYER.INDEX=N,C,H,W"),
        ("--blob glow1.0=4,y", "\"y\" is not a size"),
    ] {
        let text = refused(NET, options);
        assert!(text.contains(expected), "{options}: {text}");
    }
}

#[test]
fn shapes_are_asked_for_where_weights_are_behind_and_nowhere_else() {
    let net = r#"
layer { name: "reader" type: "FaceData" top: "face" top: "label" }
layer { name: "conv" type: "Convolution" bottom: "face" top: "conv" convolution_param { num_output: 2 kernel_size: 1 } }
layer { name: "odd" type: "Odd" bottom: "conv" top: "odd" }
layer { name: "relu" type: "ReLU" bottom: "odd" top: "odd" }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "odd" bottom: "label" top: "loss" }
layer { name: "end" type: "End" bottom: "loss" }
"#;
    let text = refused(net, "");
    let all = advised(&text);
    assert_eq!(all[..2], ["--shape face=N,C,H,W", "--blob reader.0=N,C,H,W"], "{text}");
    assert!(all.contains(&"--opaque Odd".to_owned()) && all.contains(&"--opaque End".to_owned()), "{text}");
    assert!(!text.contains("label=") && !text.contains("odd="), "{text}");
    let folder = folder(net);
    folder.run("init net.prototxt -o out.caffemodel --seed 1 --shape face=1,3,4,4 --opaque Odd --opaque End").success();
    // The loss is saved as a loss although nothing is known of what it reads.
    folder.run("convert out.caffemodel out.prototxt --no-weights").success();
    let text = String::from_utf8(std::fs::read(folder.path("out.prototxt")).unwrap()).unwrap();
    assert_eq!(text.matches("loss_weight: 1").count(), 1, "{text}");
    let listed = folder.run("inspect net.prototxt --shape face=1,3,4,4 --opaque Odd --opaque End").success();
    let listed = String::from_utf8(listed.get_output().stdout.clone()).unwrap();
    assert!(listed.contains("face (1, 3, 4, 4) label ?"), "{listed}");
    assert!(listed.contains("loss    SoftmaxWithLoss  odd, label  ?"), "{listed}");
    let text = refused(net, "--opaque FaceData --opaque Odd --opaque End");
    assert!(text.contains(r#"layer "reader" (FaceData), top: the shape of "face" is not known"#), "{text}");
    assert!(text.contains("`--shape face=N,C,H,W`: layer \"conv\" (Convolution) needs it"), "{text}");
}

#[test]
fn names_with_spaces_are_advised_in_quotes() {
    let text =
        refused("layer { name: 'a b' type: 'Odd' top: 'x y' }\nlayer { type: 'Scale' bottom: 'x y' top: 'z' }", "");
    assert_eq!(advised(&text)[..2], ["--shape 'x y=N,C,H,W'", "--blob 'a b.0=N,C,H,W'"], "{text}");
}

#[test]
fn well_known_layers_in_python_need_no_shape() {
    let net = r#"
layer { name: "input-data" type: "Python" top: "data" top: "im_info" top: "gt_boxes"
        python_param { module: "roi_data_layer.layer" layer: "RoIDataLayer" param_str: "'num_classes': 21" } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 18 kernel_size: 16 stride: 16 } }
layer { name: "anchors" type: "Python" bottom: "conv" bottom: "gt_boxes" bottom: "im_info" bottom: "data"
        top: "labels" top: "targets" top: "inside" top: "outside"
        python_param { module: "rpn.anchor_target_layer" layer: "AnchorTargetLayer" param_str: "'feat_stride': 16" } }
layer { name: "silence" type: "Silence" bottom: "labels" bottom: "targets" bottom: "inside" bottom: "outside" }
"#;
    let folder = folder(net);
    let run = folder.run("init net.prototxt -o out.caffemodel --seed 1").success();
    let text = stderr(&run);
    assert!(text.contains("note: the shape of \"data\" is taken to be (1, 3, 600, 1000)"), "{text}");
    let quiet = stderr(&folder.run("init net.prototxt -o other.caffemodel --seed 1 --shape data=1,3,64,64").success());
    assert!(!quiet.contains("is taken to be"), "{quiet}");
    let text = refused(&net.replace("roi_data_layer.layer", "my_layers"), "");
    let expected = "the shape of top \"data\" is set by my_layers.RoIDataLayer in Python";
    assert!(text.contains(expected) && text.contains("`--shape data=N,C,H,W`"), "{text}");
    let listed = folder.run("layers Python").success().get_output().stdout.clone();
    assert!(String::from_utf8(listed).unwrap().contains("  rpn.proposal_layer.ProposalLayer: Makes regions"));
}
