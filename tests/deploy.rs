//! `deploy`: the nets that predict, of those that are trained.

#![cfg(feature = "cli")]

mod folder;

use std::fs;
use std::path::Path;

use caffemodel::deploy::{DeployOptions, Deployed, deploy};
use caffemodel::formats;
use caffemodel::{Definition, ReadOptions};
use folder::{Folder, stderr};

/// The deploy net of a text, with options.
fn deployed_with(net: &str, options: &DeployOptions) -> Deployed {
    deploy(&Definition::from_bytes("net.prototxt", net).unwrap(), options).unwrap()
}

fn deployed(net: &str) -> Deployed {
    deployed_with(net, &DeployOptions::default())
}

/// The layers of a deploy net as "name (type): bottoms -> tops".
fn layers(net: &Deployed) -> Vec<String> {
    let layer = |layer: &caffemodel::net::NetLayer| {
        let param = &layer.param;
        let (bottoms, tops) = (param.bottom.join(" "), param.top.join(" "));
        format!("{} ({}): {bottoms} -> {tops}", param.name(), param.r#type())
    };
    net.definition.layers.iter().map(layer).collect()
}

/// The inputs of a deploy net as "name=1,2,3".
fn inputs(net: &Deployed) -> Vec<String> {
    let input = |input: &caffemodel::deploy::DeployInput| {
        let dims: Vec<String> = input.shape.dims().iter().map(i32::to_string).collect();
        format!("{}={}", input.name, dims.join(","))
    };
    net.inputs.iter().map(input).collect()
}

/// The text of a deploy net, which reads as that net and stays what it is when it is deployed again.
fn text(net: &Deployed) -> String {
    let text = net.text();
    let read =
        Definition::from_bytes_with("deploy.prototxt", text.as_str(), &ReadOptions::of(Some(net.definition.dialect)));
    let again = deploy(&read.unwrap(), &DeployOptions::default()).unwrap();
    assert_eq!(layers(&again), layers(net));
    assert_eq!(again.text(), text);
    text
}

fn error(net: &str, options: &DeployOptions) -> String {
    deploy(&Definition::from_bytes("net.prototxt", net).unwrap(), options).unwrap_err().to_string()
}

const INPUT: &str = "layer { name: 'data' type: 'Input' top: 'data' top: 'label'
  input_param { shape { dim: 8 dim: 6 dim: 4 dim: 4 } shape { dim: 8 } } }\n";

fn inner_product(name: &str, bottom: &str) -> String {
    format!(
        "layer {{ name: '{name}' type: 'InnerProduct' bottom: '{bottom}' top: '{name}'
  param {{ lr_mult: 1 }} inner_product_param {{ num_output: 3 weight_filler {{ type: 'xavier' }} }} }}\n"
    )
}

#[test]
fn the_text_keeps_what_stays() {
    let net = "# A net.

name: 'N'  # its name
state { phase: TRAIN }
force_backward: true

# The data of TRAIN.
layer { name: 'd' type: 'Data' top: 'data' top: 'label' include { phase: TRAIN }
        data_param { source: 'train' batch_size: 64 backend: LMDB } } # 64
layer {
  name: 'd'  type: 'DummyData'  top: 'data'  top: 'label'
  include { phase: TEST }
  dummy_data_param { shape { dim: 5 dim: 4 } shape { dim: 5 } }
}

# --- scores ---

# What is learned.
layer {
  name: 'ip'  type: 'InnerProduct'
  bottom: 'data'  top: 'ip'  # in and out
  exclude { stage: 'never' }
  loss_weight: 0
  inner_product_param {
    num_output: 2  # two classes
    weight_filler { type: 'gaussian' std: 0.01 }
  }
}

# How good it is.
layer { name: 'acc' type: 'Accuracy' bottom: 'ip' bottom: 'label' top: 'acc' } # of TEST
layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'label' top: 'loss' loss_param { ignore_label: 9 } }
# The end.
";
    let expected = "# A net.

name: 'N'  # its name

layer {
  name: \"data\"
  type: \"Input\"
  top: \"data\"
  input_param {
    shape {
      dim: 1
      dim: 4
    }
  }
}

# --- scores ---

# What is learned.
layer {
  name: 'ip'  type: 'InnerProduct'
  bottom: 'data'  top: 'ip'  # in and out
  inner_product_param {
    num_output: 2  # two classes
    weight_filler { type: 'gaussian' std: 0.01 }
  }
}

layer { name: \"prob\" type: \"Softmax\" bottom: 'ip' top: \"prob\" }
# The end.
";
    assert_eq!(text(&deployed(net)), expected);
    let mut options = DeployOptions::default();
    options.without_fillers = true;
    let bare = deployed_with(net, &options).text();
    assert_eq!(bare, expected.replace("    weight_filler { type: 'gaussian' std: 0.01 }\n", ""));
}

#[test]
fn learning_rates_and_fillers_go_on_request() {
    let net = INPUT.to_owned() + &inner_product("ip", "data");
    assert!(text(&deployed(&net)).contains("lr_mult: 1"));
    let mut options = DeployOptions::default();
    (options.without_fillers, options.without_learning_rates) = (true, true);
    let bare = deployed_with(&net, &options).text();
    assert!(bare.contains("top: 'ip'\n  inner_product_param { num_output: 3 } }"), "{bare}");
}

#[test]
fn a_loss_becomes_what_it_is_the_loss_of_or_goes() {
    let of = |loss: &str| {
        let net = format!("{INPUT}{}layer {{ name: 'loss' top: 'loss' {loss} }}", inner_product("ip", "data"));
        let made = deployed(&net);
        text(&made);
        (layers(&made).split_off(2), made.outputs)
    };
    let scores = "bottom: 'ip' bottom: 'label'";
    let softmax = (vec!["prob (Softmax): ip -> prob".to_owned()], vec!["prob".to_owned()]);
    assert_eq!(of(&format!("type: 'SoftmaxWithLoss' {scores}")), softmax);
    assert_eq!(of(&format!("type: 'InfogainLoss' {scores} infogain_loss_param {{ source: 'none' }}")), softmax);
    let sigmoid = (vec!["prob (Sigmoid): ip -> prob".to_owned()], vec!["prob".to_owned()]);
    assert_eq!(of("type: 'SigmoidCrossEntropyLoss' bottom: 'ip' bottom: 'label'"), sigmoid);
    let scores_alone = (Vec::new(), vec!["ip".to_owned()]);
    for loss in ["HingeLoss", "EuclideanLoss"] {
        assert_eq!(of(&format!("type: '{loss}' {scores}")), scores_alone, "{loss}");
    }
    assert_eq!(of("type: 'EuclideanLoss' bottom: 'label' bottom: 'ip'"), scores_alone);
    // A layer of another type with a loss weight is a loss, too.
    assert_eq!(of("type: 'Reduction' bottom: 'ip' loss_weight: 1"), scores_alone);
    // The softmax is named by the net.
    let named = of(&format!("type: 'SoftmaxWithLoss' {scores} top: 'p'"));
    assert_eq!(named, (vec!["prob (Softmax): ip -> p".to_owned()], vec!["p".to_owned()]));
}

#[test]
fn a_softmax_that_is_there_is_not_made_twice() {
    let net = INPUT.to_owned()
        + &inner_product("ip", "data")
        + "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'label' top: 'loss' }
           layer { name: 'p' type: 'Softmax' bottom: 'ip' top: 'p' include { phase: TEST } }";
    assert_eq!(layers(&deployed(&net))[2..], ["p (Softmax): ip -> p"]);
}

#[test]
fn several_losses_keep_their_names_and_auxiliary_ones_go() {
    let heads = |weight: &str, labels: &str| {
        let net = INPUT.to_owned()
            + &inner_product("a", "data")
            + &inner_product("b", "a")
            + &format!(
                "layer {{ name: 'la' type: 'SoftmaxWithLoss' bottom: 'a' bottom: '{labels}' top: 'la' {weight} }}
                 layer {{ name: 'lb' type: 'SoftmaxWithLoss' bottom: 'b' bottom: 'label' top: 'lb' }}
                 layer {{ name: 'sum' type: 'Eltwise' bottom: 'la' bottom: 'lb' top: 'sum' }}"
            );
        let made = deployed(&net);
        (layers(&made).split_off(3), made.notices)
    };
    let both = ["la (Softmax): a -> la", "lb (Softmax): b -> lb"];
    assert_eq!(heads("", "label"), (both.map(str::to_owned).to_vec(), Vec::new()));
    let (kept, notices) = heads("loss_weight: 0.3", "label");
    assert_eq!(kept, ["prob (Softmax): b -> prob"]);
    let notice = "the auxiliary loss \"la\" is left out with all that only they need: the net has a loss with more \
                  weight on the same labels";
    assert_eq!(notices, [notice]);
    // Another task may have less weight.
    assert_eq!(heads("loss_weight: 0.3", "data").0.len(), 2);
}

#[test]
fn without_weights_or_losses_there_are_predictions_as_well() {
    let measured = INPUT.to_owned()
        + &inner_product("ip", "data")
        + "layer { name: 'acc' type: 'Accuracy' bottom: 'ip' bottom: 'label' top: 'acc' }";
    assert_eq!(deployed(&measured).outputs, ["ip"]);
    let weightless = INPUT.to_owned() + "layer { name: 'flat' type: 'Flatten' bottom: 'data' top: 'flat' }";
    assert_eq!(deployed(&weightless).outputs, ["flat"]);
    let judged = weightless + "layer { name: 'l' type: 'SoftmaxWithLoss' bottom: 'flat' bottom: 'label' top: 'l' }";
    assert_eq!(layers(&deployed(&judged))[2..], ["prob (Softmax): flat -> prob"]);
    // A layer that learns stays, whatever its loss weight.
    let weighted = INPUT.to_owned() + &inner_product("ip", "data").replace("top: 'ip'", "top: 'ip' loss_weight: 2");
    assert_eq!(deployed(&weighted).outputs, ["ip"]);
}

#[test]
fn labels_go_however_they_are_cut_and_joined() {
    let net = "layer { name: 'data' type: 'HDF5Data' top: 'data' top: 'labels' top: 'more'
                 hdf5_data_param { source: 'list' batch_size: 8 } }
               layer { name: 'cut' type: 'Slice' bottom: 'labels' top: 'one' top: 'two' }
               layer { name: 'join' type: 'Concat' bottom: 'two' bottom: 'more' top: 'joined' }
               layer { name: 'quiet' type: 'Silence' bottom: 'one' }"
        .to_owned()
        + &inner_product("ip", "data")
        + "layer { name: 'loss' type: 'EuclideanLoss' bottom: 'ip' bottom: 'joined' top: 'loss' }";
    let mut options = DeployOptions::default();
    options.plan.shapes.insert("data".to_owned(), caffemodel::Shape::new([1, 7]).unwrap());
    let made = deployed_with(&net, &options);
    assert_eq!(layers(&made), ["data (Input):  -> data", "ip (InnerProduct): data -> ip"]);
    assert_eq!(inputs(&made), ["data=1,7"]);
    text(&made);
}

#[test]
fn every_input_that_predictions_depend_on_stays() {
    let net = "layer { name: 'pairs' type: 'DummyData' top: 'a' top: 'b' top: 'same'
                 dummy_data_param { shape { dim: 4 dim: 5 } shape { dim: 4 dim: 5 } shape { dim: 4 } } }
               layer { name: 'fa' type: 'InnerProduct' bottom: 'a' top: 'fa' param { name: 'w' }
                 inner_product_param { num_output: 2 bias_term: false } }
               layer { name: 'fb' type: 'InnerProduct' bottom: 'b' top: 'fb' param { name: 'w' }
                 inner_product_param { num_output: 2 bias_term: false } }
               layer { name: 'loss' type: 'ContrastiveLoss' bottom: 'fa' bottom: 'fb' bottom: 'same' top: 'loss' }";
    let made = deployed(net);
    assert_eq!(inputs(&made), ["a=1,5", "b=1,5"]);
    assert_eq!(made.outputs, ["fa", "fb"]);
    assert_eq!(layers(&made)[..2], ["a (Input):  -> a", "b (Input):  -> b"]);
    let mut options = DeployOptions::default();
    options.outputs = vec!["fa".to_owned()];
    let one = deployed_with(net, &options);
    assert_eq!((inputs(&one), one.outputs), (vec!["a=1,5".to_owned()], vec!["fa".to_owned()]));
}

#[test]
fn sequences_keep_their_sizes() {
    let net = "layer { name: 'data' type: 'Input' top: 'x' top: 'cont' top: 'y'
                 input_param { shape { dim: 5 dim: 2 dim: 3 } shape { dim: 5 dim: 2 } shape { dim: 5 dim: 2 dim: 4 } } }
               layer { name: 'fix' type: 'Reshape' bottom: 'x' top: 'fix' reshape_param { shape { dim: 5 dim: 2 dim: 3 } } }
               layer { name: 'lstm' type: 'LSTM' bottom: 'fix' bottom: 'cont' top: 'lstm' recurrent_param { num_output: 4 } }
               layer { name: 'loss' type: 'EuclideanLoss' bottom: 'lstm' bottom: 'y' top: 'loss' }";
    let made = deployed(net);
    assert_eq!(inputs(&made), ["x=5,2,3", "cont=5,2"]);
    assert_eq!(made.notices, ["the inputs keep their sizes: the net does not take a batch of 1"]);
}

#[test]
fn data_of_train_alone_serves_as_well() {
    let net = INPUT.replace("input_param", "include { phase: TRAIN } input_param") + &inner_product("ip", "data");
    let made = deployed(&net);
    assert_eq!((inputs(&made), text(&made).contains("include")), (vec!["data=1,6,4,4".to_owned()], false));
}

#[test]
fn the_stage_for_deploying_is_taken() {
    let data = |stage: &str, dim: i32| {
        format!(
            "layer {{ name: 'data' type: 'Input' top: 'data' include {{ stage: '{stage}' }}
               input_param {{ shape {{ dim: 4 dim: {dim} }} }} }}\n"
        )
    };
    let net = data("train", 5) + &data("deploy", 6) + &inner_product("ip", "data");
    let made = deployed(&net);
    assert_eq!(inputs(&made), ["data=1,6"]);
    assert_eq!(made.notices, ["layers are taken from the net's stage \"deploy\""]);
    let mut options = DeployOptions::default();
    options.state.stages = vec!["train".to_owned()];
    assert_eq!(inputs(&deployed_with(&net, &options)), ["data=1,5"]);
    let levels = net.replace("stage: 'train'", "min_level: 2").replace("stage: 'deploy'", "max_level: 1");
    options.state.stages.clear();
    options.state.level = Some(3);
    assert_eq!(inputs(&deployed_with(&levels, &options)), ["data=1,5"]);
}

#[test]
fn old_formats_become_current_ones() {
    let v1 = "# Old.
input: 'data'
input_dim: 4 input_dim: 3 input_dim: 1 input_dim: 1

# Scores.
layers { name: 'ip' type: INNER_PRODUCT bottom: 'data' top: 'ip' blobs_lr: 1 inner_product_param { num_output: 2 } }
# The loss.
layers { name: 'loss' type: SOFTMAX_LOSS bottom: 'ip' bottom: 'data' }
";
    let made = deployed(v1);
    assert_eq!(
        layers(&made),
        ["input (Input):  -> data", "ip (InnerProduct): data -> ip", "prob (Softmax): ip -> prob"]
    );
    let text = text(&made);
    assert!(text.starts_with("# Old.\nlayer {\n  name: \"input\"\n"), "{text}");
    assert!(text.contains("}\n\n# Scores.\nlayer {\n  name: \"ip\"\n  type: \"InnerProduct\"\n"), "{text}");
    assert!(!text.contains("layers") && !text.contains("# The loss."), "{text}");

    let v0 = "name: 'V0' input: 'data' input_dim: [2, 1, 4, 4]
              layers { layer { name: 'pad' type: 'padding' pad: 1 } bottom: 'data' top: 'pad' }
              layers { layer { name: 'c' type: 'conv' num_output: 2 kernelsize: 3 } bottom: 'pad' top: 'c' }
              layers { layer { name: 'loss' type: 'softmax_loss' } bottom: 'c' bottom: 'data' }";
    let made = deployed(v0);
    assert_eq!(layers(&made)[1..], ["c (Convolution): data -> c", "prob (Softmax): c -> prob"]);
    assert_eq!(made.definition.layers[1].param.convolution_param.as_ref().unwrap().pad, [1]);
    assert!(made.text().starts_with("name: 'V0'"), "{}", made.text());
}

#[test]
fn nets_of_old_caffes_keep_their_inputs_as_fields() {
    let net = "layer { name: 'd' type: 'MemoryData' top: 'data' top: 'label'
                 memory_data_param { batch_size: 9 channels: 3 height: 2 width: 1 } }\n"
        .to_owned()
        + &inner_product("ip", "data")
        + "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'label' }";
    let rc2 = ReadOptions::of(caffemodel::dialect::Dialect::get("bvlc-rc2"));
    let definition = Definition::from_bytes_with("net.prototxt", net, &rc2).unwrap();
    let made = deploy(&definition, &DeployOptions::default()).unwrap();
    let text = text(&made);
    let inputs = "input: \"data\"\ninput_dim: 1\ninput_dim: 3\ninput_dim: 2\ninput_dim: 1\n";
    assert!(text.starts_with(inputs) && !text.contains("Input"), "{text}");
}

#[test]
fn a_binary_net_becomes_text() {
    let folder = Folder::new();
    folder.write("net.prototxt", format!("{INPUT}{}", inner_product("ip", "data")));
    folder.run("convert net.prototxt net.caffemodel").success();
    folder.run("deploy net.caffemodel -o deploy.prototxt").success();
    folder.run("deploy net.prototxt -o other.prototxt").success();
    let read = |name: &str| Definition::read(folder.path(name)).unwrap().layers.into_iter().map(|layer| layer.param);
    assert!(read("deploy.prototxt").eq(read("other.prototxt")));
}

#[test]
fn pictures_are_told_of_and_given_without_their_batch() {
    let folder = Folder::new();
    let net = "layer { name: 'd' type: 'Data' top: 'data' top: 'label' data_param { source: 'db' batch_size: 4 }
                 transform_param { crop_size: 5 scale: 0.5 mean_value: 104 mean_file: '' } }\n"
        .replace(" mean_file: ''", "")
        + &inner_product("ip", "data")
        + "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'label' top: 'loss' }";
    folder.write("net.prototxt", net);
    let said = stderr(&folder.run("deploy net.prototxt -o deploy.prototxt").code(2));
    assert!(said.contains("data_param.source: the shape of top \"data\" is not known"), "{said}");
    assert!(said.contains("help: give the shape with `--shape data=C,H,W`"), "{said}");
    assert_eq!(folder.files(), ["net.prototxt"]);
    for shape in ["3,9,9", "1,3,9,9"] {
        let said = stderr(
            &folder.run(&format!("deploy net.prototxt -o deploy.prototxt --force --shape data={shape}")).success(),
        );
        let expected = "\
note: net.prototxt: layer \"d\" transforms its pictures (crop_size 5, mean_value 104, scale 0.5): what feeds the deploy net has to do the same
wrote deploy.prototxt: 3 layers, data (1, 3, 9, 9) to prob
";
        assert_eq!(said, expected);
    }
    let said = stderr(&folder.run("deploy net.prototxt -o d --shape data=3,9,9 --shape label=4").code(2));
    assert_eq!(said, "error: a shape is given for \"label\": no layer of the net makes such a blob\n");
}

#[test]
fn weights_go_with_the_net() {
    let folder = Folder::new();
    let net = INPUT.to_owned()
        + &inner_product("a", "data")
        + &inner_product("b", "a")
        + "layer { name: 'la' type: 'SoftmaxWithLoss' bottom: 'a' bottom: 'label' top: 'la' }
           layer { name: 'lb' type: 'SoftmaxWithLoss' bottom: 'b' bottom: 'label' top: 'lb' }";
    folder.write("net.prototxt", net);
    folder.run("init net.prototxt -o trained.caffemodel --seed 5").success();
    let run = folder.run("deploy net.prototxt -o deploy.prototxt --weights trained.caffemodel --top a").success();
    let expected = "\
note: trained.caffemodel: 1 layer left out that the deploy net does not have: \"b\"
wrote deploy.prototxt: 2 layers, data (1, 6, 4, 4) to a
wrote deploy.caffemodel: 2 layers, 291 parameters
";
    assert_eq!(stderr(&run), expected);
    let open = |name: &str| formats::open(folder.path(name)).unwrap();
    let blobs = |name: &str| {
        let net = open(name);
        let layer = net.layers.into_iter().find(|layer| layer.name == "a").unwrap();
        layer.blobs.iter().map(|blob| blob.read().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(blobs("deploy.caffemodel"), blobs("trained.caffemodel"));
    // The net takes them as they are.
    folder.run("init deploy.prototxt -o same.caffemodel --phase test --weights deploy.caffemodel --seed 1").success();
    assert_eq!(fs::read(folder.path("same.caffemodel")).unwrap(), fs::read(folder.path("deploy.caffemodel")).unwrap());

    folder.run("deploy net.prototxt -o other.prototxt --weights trained.caffemodel --weights-output w.npz").success();
    assert!(folder.path("w.npz").exists() && !folder.path("other.caffemodel").exists());
    folder.write(
        "wide.prototxt",
        fs::read_to_string(folder.path("net.prototxt")).unwrap().replace("output: 3", "output: 4"),
    );
    let said = stderr(&folder.run("deploy wide.prototxt -o wide_deploy.prototxt --weights trained.caffemodel").code(2));
    let message = "error: trained.caffemodel: layer \"a\" does not fit layer \"a\" (InnerProduct): blob 0 has the shape (3, 96), \
                   not (4, 96)\n --> wide.prototxt:3:1\n";
    assert!(said.starts_with(message), "{said}");
    assert!(!folder.path("wide_deploy.prototxt").exists(), "both appear or none");
}

#[test]
fn what_cannot_be_deployed_is_refused() {
    let default = DeployOptions::default();
    let message = "net.prototxt: no layer of the net makes a prediction (check that it ends with a loss, or with a blob \
                   that no layer reads)";
    assert_eq!(error(INPUT, &default), message);
    let labels = INPUT.to_owned() + "layer { name: 's' type: 'Silence' bottom: 'data' }";
    assert_eq!(error(&labels, &default), message);
    let staged =
        INPUT.to_owned() + &inner_product("ip", "data").replace("\n  param {", " include { phase: TRAIN }\n  param {");
    let message = message.replace("reads)", "reads, and whether its layers belong to another phase or stage)");
    assert_eq!(error(&staged, &default), message);

    let net = INPUT.to_owned() + &inner_product("ip", "data");
    let mut options = DeployOptions::default();
    options.outputs = vec!["ipp".to_owned()];
    let message = "no layer makes the blob \"ipp\" to end the net with (did you mean \"ip\"?)";
    assert_eq!(error(&net, &options), message);
    options.outputs = vec!["acc".to_owned()];
    let measured = net.clone() + "layer { name: 'acc' type: 'Accuracy' bottom: 'ip' bottom: 'label' top: 'acc' }";
    let message = "the blob \"acc\" to end the net with is made by a loss or a metric";
    assert_eq!(error(&measured, &options), message);

    let missing = net + &inner_product("late", "nothing");
    let message = "net.prototxt:5:43: layer \"late\" (InnerProduct), bottom: no earlier layer makes the blob \"nothing\" \
                   (the layer that makes it may be left out in this phase)";
    assert_eq!(error(&missing, &default), message);
    let both = INPUT.replace("input_param", "include { } exclude { } input_param");
    let message = "net.prototxt:2:15: layer \"data\" (Input), exclude: include and exclude rules cannot both be given";
    assert_eq!(error(&both, &default), message);

    let folder = Folder::new();
    folder.write("net.prototxt", INPUT.to_owned() + &inner_product("ip", "data"));
    let refused = |arguments: &str| stderr(&folder.run(&format!("deploy net.prototxt {arguments}")).code(2));
    let message = "error: deploy.caffemodel: the deploy net is text; give it a name that ends in .prototxt\n";
    assert_eq!(refused("-o deploy.caffemodel"), message);
    let message = "error: net.prototxt: is the net definition; give the output another name\n";
    assert_eq!(refused("-o net.prototxt --force"), message);
    let message = "error: d: both the deploy net and its weights; give each its own name\n";
    assert_eq!(refused("-o d --weights w --weights-output d"), message);
    let message = "error: the deploy net goes to standard output: name the file of its weights with --weights-output\n";
    assert_eq!(refused("-o - --weights w"), message);
}

#[test]
fn the_models_become_nets_that_init_fills() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let mut count = 0;
    for path in fs::read_dir(models).unwrap().map(|entry| entry.unwrap().path()) {
        if path.extension().is_none_or(|end| end != "prototxt") {
            continue;
        }
        count += 1;
        let net = deploy(&Definition::read(&path).unwrap(), &DeployOptions::default()).unwrap();
        let text = text(&net);
        // Every layer that stays keeps its text, and so the comments at the top of the file do.
        let source = fs::read_to_string(&path).unwrap();
        let head = source.split("name: ").next().unwrap();
        assert!(text.starts_with(head), "{}", path.display());
        let fields = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        let trained = fields.filter(|line| ["Loss", "Accuracy", "include"].iter().any(|word| line.contains(word)));
        assert_eq!(trained.collect::<Vec<_>>(), [""; 0], "{}", path.display());
        assert!(net.inputs.iter().all(|input| !input.name.contains("label")), "{:?}", net.inputs);
        let folder = Folder::new();
        folder.write("deploy.prototxt", text);
        folder.run("init deploy.prototxt -o deploy.caffemodel --seed 1 --dry-run -q --phase test").success();
    }
    assert_eq!(count, 16);
}

/// A detector with a prior at each place, and this loss behind it.
fn detector(loss: &str) -> String {
    let predicted = |name: &str, numbers: u32| {
        format!(
            "layer {{ name: '{name}' type: 'Convolution' bottom: 'data' top: '{name}'
                     convolution_param {{ num_output: {numbers} kernel_size: 3 }} }}
             layer {{ name: '{name}_perm' type: 'Permute' bottom: '{name}' top: '{name}_perm'
                     permute_param {{ order: 0 order: 2 order: 3 order: 1 }} }}
             layer {{ name: 'mbox_{name}' type: 'Flatten' bottom: '{name}_perm' top: 'mbox_{name}'
                     flatten_param {{ axis: 1 }} }}\n"
        )
    };
    let [loc, conf, oloc] = [predicted("loc", 4), predicted("conf", 3), predicted("oloc", 5)];
    let oloc = if loss.contains("Oriented") { oloc } else { String::new() };
    format!(
        "layer {{ name: 'data' type: 'AnnotatedData' top: 'data' top: 'label' data_param {{ source: 'db' batch_size: 2 }} }}
         {loc}{conf}{oloc}
         layer {{ name: 'mbox_priorbox' type: 'PriorBox' bottom: 'loc' bottom: 'data' top: 'mbox_priorbox'
                 prior_box_param {{ min_size: 2 }} }}
         {loss}"
    )
}

fn deployed_detector(loss: &str, dialect: &str) -> Deployed {
    let read = ReadOptions::of(caffemodel::dialect::Dialect::get(dialect));
    let net = Definition::from_bytes_with("net.prototxt", detector(loss), &read).unwrap();
    let mut options = DeployOptions::default();
    options.plan.shapes.insert("data".to_owned(), caffemodel::Shape::new([3, 8, 8]).unwrap());
    deploy(&net, &options).unwrap()
}

#[test]
fn the_loss_of_boxes_becomes_the_best_boxes() {
    let loss =
        "layer { name: 'mbox_loss' type: 'MultiBoxLoss' bottom: 'mbox_loc' bottom: 'mbox_conf' bottom: 'mbox_priorbox'
                        bottom: 'label' top: 'mbox_loss' propagate_down: [true, true, false, false]
                        multibox_loss_param { num_classes: 3 code_type: CENTER_SIZE background_label_id: 2 KIND } }";
    let net = deployed_detector(&loss.replace("KIND", ""), "ssd");
    assert_eq!(inputs(&net), ["data=1,3,8,8"]);
    assert_eq!(net.outputs, ["detection_out"]);
    let made = layers(&net);
    assert_eq!(
        made[8..],
        [
            "mbox_conf_reshape (Reshape): mbox_conf -> mbox_conf_reshape",
            "mbox_conf_softmax (Softmax): mbox_conf_reshape -> mbox_conf_softmax",
            "mbox_conf_flatten (Flatten): mbox_conf_softmax -> mbox_conf_flatten",
            "detection_out (DetectionOutput): mbox_loc mbox_conf_flatten mbox_priorbox -> detection_out",
        ]
    );
    assert_eq!(
        net.notices,
        [
            "layer \"mbox_loss\" becomes \"detection_out\", which keeps boxes as SSD's nets do: confidence_threshold 0.01, \
          nms_threshold 0.45, top_k 400 and keep_top_k 200"
        ]
    );
    let text = net.text();
    let settings = "  detection_output_param {
    num_classes: 3
    background_label_id: 2
    nms_param {
      nms_threshold: 0.45
      top_k: 400
    }
    code_type: CENTER_SIZE
    keep_top_k: 200
    confidence_threshold: 0.01
  }
";
    assert!(text.contains(settings) && !text.contains("multibox_loss_param") && !text.contains("label'"), "{text}");
    // Classes that are taken one by one.
    let net = deployed_detector(&loss.replace("KIND", "conf_loss_type: LOGISTIC"), "ssd");
    let made = layers(&net);
    assert_eq!(made[8], "mbox_conf_sigmoid (Sigmoid): mbox_conf -> mbox_conf_sigmoid");
    assert_eq!(made[9], "detection_out (DetectionOutput): mbox_loc mbox_conf_sigmoid mbox_priorbox -> detection_out");
    // A net that has the boxes already keeps them.
    let own =
        "layer { name: 'own' type: 'DetectionOutput' bottom: 'mbox_loc' bottom: 'mbox_conf' bottom: 'mbox_priorbox'
                       top: 'own' detection_output_param { num_classes: 3 } }";
    let net = deployed_detector(&format!("{}\n{own}", loss.replace("KIND", "")), "ssd");
    assert_eq!((net.outputs.as_slice(), net.notices.len()), (&["own".to_owned()][..], 0));
}

#[test]
fn the_loss_of_oriented_boxes_becomes_oriented_boxes() {
    let loss =
        "layer { name: 'olabel' type: 'DummyData' top: 'olabel' dummy_data_param { shape { dim: [1, 1, 2, 9] } } }
                layer { name: 'mbox_loss' type: 'MultiBoxOrientedLoss' bottom: 'mbox_loc' bottom: 'mbox_conf'
                        bottom: 'mbox_priorbox' bottom: 'label' bottom: 'olabel' bottom: 'mbox_oloc' top: 'mbox_loss'
                        multibox_loss_param { num_classes: 3 } }";
    let net = deployed_detector(loss, "sstd");
    let expected =
        "detection_out (DetectionOrientedOutput): mbox_loc mbox_conf_flatten mbox_priorbox mbox_oloc -> detection_out";
    assert_eq!(layers(&net).last().unwrap(), expected);
    assert_eq!(inputs(&net), ["data=1,3,8,8"]);
}

#[test]
fn a_detector_in_two_steps_has_one_output() {
    let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden-forks/refinedet/cases/refinedet-net-train");
    let mut options = DeployOptions::default();
    options.plan.folder = Some(pack.clone());
    let net = deploy(&Definition::read(pack.join("net.prototxt")).unwrap(), &options).unwrap();
    let made = layers(&net);
    let boxes: Vec<&String> = made.iter().filter(|layer| layer.contains("DetectionOutput")).collect();
    let expected = "detection_out (DetectionOutput): odm_loc odm_conf_flatten arm_priorbox arm_conf_flatten arm_loc -> \
                    detection_out";
    assert_eq!(boxes, [expected]);
}

#[test]
fn what_chooses_regions_for_training_is_passed_by() {
    let net = |target: &str| {
        format!(
            "layer {{ name: 'in' type: 'Input' top: 'data' top: 'rois' top: 'gt'
                      input_param {{ shape {{ dim: [1, 3, 8, 8] }} shape {{ dim: [4, 5] }} shape {{ dim: [2, 5] }} }} }}
             layer {{ name: 'conv' type: 'Convolution' bottom: 'data' top: 'conv'
                      convolution_param {{ num_output: 2 kernel_size: 1 }} }}
             layer {{ name: 'target' {target} bottom: 'rois' bottom: 'gt' top: 'chosen' top: 'labels' top: 'targets'
                      top: 'inside' top: 'outside' }}
             layer {{ name: 'pool' type: 'ROIPooling' bottom: 'conv' bottom: 'chosen' top: 'pool'
                      roi_pooling_param {{ pooled_w: 2 pooled_h: 2 }} }}
             layer {{ name: 'cls' type: 'InnerProduct' bottom: 'pool' top: 'cls' inner_product_param {{ num_output: 21 }} }}
             layer {{ name: 'loss' type: 'SoftmaxWithLoss' bottom: 'cls' bottom: 'labels' top: 'loss' }}"
        )
    };
    let python = "type: 'Python' python_param { module: 'rpn.proposal_target_layer' layer: 'ProposalTargetLayer'
                                                param_str: \"'num_classes': 21\" }";
    for (target, dialect) in [(python, "rfcn"), ("type: 'FrcnnProposalTarget'", "soeaver")] {
        let read = ReadOptions::of(caffemodel::dialect::Dialect::get(dialect));
        let net = Definition::from_bytes_with("net.prototxt", net(target), &read).unwrap();
        let net = deploy(&net, &DeployOptions::default()).unwrap();
        let made = layers(&net);
        assert_eq!(
            made[made.len() - 3..],
            ["pool (ROIPooling): conv rois -> pool", "cls (InnerProduct): pool -> cls", "prob (Softmax): cls -> prob",],
            "{dialect}"
        );
        assert_eq!(inputs(&net), ["data=1,3,8,8", "rois=1,5"], "{dialect}");
        assert!(net.text().contains("bottom: 'rois'") || net.text().contains("bottom: \"rois\""), "{}", net.text());
    }
}
