//! Shapes that the user gives: for stored pictures, for inputs, and for what the net leaves open.

#![cfg(feature = "cli")]

mod folder;

use std::path::Path;

use caffemodel::formats::{self, StoredNet};
use caffemodel::proto::caffe::LayerParameter;
use folder::{Folder, stderr};

/// A file of a field case.
fn field(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/field").join(name).display().to_string()
}

/// What `init` of a net prints, and what it writes.
fn made(folder: &Folder, net: &str, options: &str) -> (String, StoredNet) {
    let run = folder.run(format!("init {net} -o out --seed 1 --force {options}").trim_end()).success();
    (stderr(&run), formats::open(folder.path("out")).unwrap())
}

fn refused(folder: &Folder, net: &str, options: &str) -> String {
    folder.write("net.prototxt", net);
    let run = folder.run(format!("init net.prototxt -o refused --seed 1 {options}").trim_end()).code(2);
    assert!(!folder.path("refused").exists(), "nothing is left behind");
    stderr(&run)
}

/// The first line of an error, and its help.
fn error_and_help(text: &str) -> (&str, &str) {
    let help = text.lines().find_map(|line| line.trim().strip_prefix("= help: "));
    (text.lines().next().unwrap(), help.unwrap_or_default())
}

/// The shape of the first blob of a layer.
fn weights(net: &StoredNet, layer: &str) -> Vec<i32> {
    net.layers.iter().find(|stored| stored.name == layer).unwrap().blobs[0].shape.dims().to_vec()
}

/// A layer as it is saved.
fn saved(net: &StoredNet, layer: &str) -> LayerParameter {
    *net.layers.iter().find(|stored| stored.name == layer).unwrap().param.clone().unwrap()
}

fn sizes(net: &StoredNet, layer: &str) -> Vec<Vec<i64>> {
    let param = saved(net, layer).input_param.unwrap();
    param.shape.iter().map(|shape| shape.dim.clone()).collect()
}

const INNER_PRODUCT: &str = "layer { name: \"ip\" type: \"InnerProduct\" bottom: \"data\" top: \"ip\"
  inner_product_param { num_output: 2 weight_filler { type: \"xavier\" } } }";

#[test]
fn stored_pictures_are_cropped() {
    let folder = Folder::new();
    for net in ["crop", "cropi"] {
        let net = field(&format!("54-crop-size-and-shape/{net}.prototxt"));
        for pictures in ["3,256,256", "4,3,256,300", "3,227,227"] {
            let (said, out) = made(&folder, &net, &format!("--shape data={pictures}"));
            assert_eq!(weights(&out, "fc"), [4, 24200], "{net} {pictures}");
            assert_eq!(said.contains("crops or resizes"), !pictures.ends_with("227"), "{said}");
        }
        let (said, _) = made(&folder, &net, "--shape data=3,256,256");
        let note = "note: layer \"data\" crops or resizes the pictures of 3 x 256 x 256 that are given: its top \"data\" is \
                    (4, 3, 227, 227)";
        assert!(said.lines().any(|line| line == note), "{said}");
        let run = folder.run(&format!("init {net} -o small --seed 1 --shape data=3,200,227")).code(2);
        let message = "crop_size 227 is larger than the pictures given, 3 x 200 x 227";
        assert!(stderr(&run).contains(message), "{}", stderr(&run));
    }
}

#[test]
fn stored_pictures_are_resized_before_they_are_cropped() {
    let folder = Folder::new();
    let net = |layer: &str| format!("layer {{ name: \"data\" top: \"data\" top: \"label\" {layer} }}\n{INNER_PRODUCT}");
    let weights_of = |layer: &str, shape: &str| {
        folder.write("net.prototxt", net(layer));
        weights(&made(&folder, "net.prototxt", &format!("--shape data={shape}")).1, "ip")
    };
    let listed = "type: \"ImageData\" image_data_param { source: \"none\" batch_size: 2 new_height: 8 new_width: 6 }";
    assert_eq!(weights_of(listed, "3,20,20"), [2, 3 * 8 * 6]);
    assert_eq!(weights_of(&format!("{listed} transform_param {{ crop_size: 5 }}"), "3,20,20"), [2, 3 * 5 * 5]);
    let windows = "type: \"WindowData\" window_data_param { source: \"none\" batch_size: 2 }
                   transform_param { crop_size: 5 }";
    assert_eq!(weights_of(windows, "3,400,300"), [2, 3 * 5 * 5]);
    let of_ssd = "type: \"Data\" data_param { source: \"none\" batch_size: 2 backend: LMDB }
                  transform_param { resize_param { prob: 1 resize_mode: WARP height: 9 width: 7 } }";
    assert_eq!(weights_of(of_ssd, "3,400,300"), [2, 3 * 9 * 7]);
}

#[test]
fn layers_are_saved_with_the_sizes_given() {
    let folder = Folder::new();
    let (_, out) = made(&folder, &field("41-shape-override-in-file/net.prototxt"), "--shape data=64,1,32,32");
    assert_eq!(weights(&out, "ip1"), [500, 50 * 5 * 5]);
    assert_eq!(sizes(&out, "data"), [vec![64, 1, 32, 32], vec![64]]);

    let net = |layer: &str| {
        folder.write("net.prototxt", format!("layer {{ name: \"data\" top: \"data\" {layer} }}\n{INNER_PRODUCT}"));
        made(&folder, "net.prototxt", "--shape data=2,3,4,5").1
    };
    assert_eq!(sizes(&net("type: \"Input\""), "data"), [[2, 3, 4, 5]]);
    let dummy = net("type: \"DummyData\" dummy_data_param { num: 1 channels: 1 height: 1 width: 1 }");
    let param = saved(&dummy, "data").dummy_data_param.unwrap();
    assert_eq!((param.shape[0].dim.as_slice(), param.num.len()), (&[2, 3, 4, 5][..], 0));
    let memory = "top: \"label\" type: \"MemoryData\"
                  memory_data_param { batch_size: 1 channels: 1 height: 1 width: 1 }";
    let param = saved(&net(memory), "data").memory_data_param.unwrap();
    assert_eq!([param.batch_size(), param.channels(), param.height(), param.width()], [2, 3, 4, 5]);
    assert_eq!(weights(&net(memory), "ip"), [2, 60]);
}

#[test]
fn a_layer_whose_sizes_are_given_as_they_are_keeps_its_bytes() {
    let folder = Folder::new();
    let net = format!(
        "layer {{ name: \"data\" type: \"Input\" top: \"data\" top: \"b\"
           input_param {{ shape {{ dim: 2 dim: 3 }} }} }}\n{INNER_PRODUCT}"
    );
    folder.write("net.prototxt", net);
    folder.run("init net.prototxt -o plain --seed 1").success();
    made(&folder, "net.prototxt", "--shape data=2,3");
    assert_eq!(std::fs::read(folder.path("plain")).unwrap(), std::fs::read(folder.path("out")).unwrap());
    let (_, out) = made(&folder, "net.prototxt", "--shape data=5,3");
    assert_eq!(sizes(&out, "data"), [[5, 3], [2, 3]]);
}

#[test]
fn old_inputs_without_sizes_take_them_from_the_user() {
    let folder = Folder::new();
    let net = format!("input: \"data\" input: \"unread\"\n{INNER_PRODUCT}");
    let text = refused(&folder, &net, "");
    let (error, help) = error_and_help(&text);
    assert!(error.starts_with("error: layer \"ip\" (InnerProduct), inner_product_param.axis: axis 1 is out"), "{text}");
    assert_eq!(help, "the net gives \"data\" no shape: give it with `--shape data=N,C,H,W`");
    let (said, out) = made(&folder, "net.prototxt", "--shape data=1,2,3");
    assert_eq!(weights(&out, "ip"), [2, 6]);
    assert_eq!(sizes(&out, "input"), [[1, 2, 3]]);
    assert!(!said.contains("dropped"), "{said}");

    // As Caffe does, those that no layer reads are dropped.
    folder.write(
        "net.prototxt",
        "input: \"unread\"\nlayer { name: \"p\" type: \"Parameter\" top: \"p\"
      parameter_param { shape { dim: 2 } } }",
    );
    let (said, out) = made(&folder, "net.prototxt", "");
    assert!(said.contains("input fields without sizes were dropped, as in Caffe"), "{said}");
    assert_eq!(out.layers.len(), 1);
}

#[test]
fn so_do_inputs_that_stay_fields_of_the_net() {
    let folder = Folder::new();
    let net = format!("input: \"data\"\n{INNER_PRODUCT}");
    let text = refused(&folder, &net, "--dialect bvlc-rc2");
    let help = "give each input its input_shape, or four input_dim, or the shape with `--shape data=N,C,H,W`";
    let (error, given) = error_and_help(&text);
    assert_eq!((error, given), ("error: layer \"input\" (Input): the net gives \"data\" no shape", help));
    let (_, out) = made(&folder, "net.prototxt", "--dialect bvlc-rc2 --shape data=1,2,3,1");
    assert_eq!(out.layers.iter().map(|layer| layer.name.as_str()).collect::<Vec<_>>(), ["ip"]);
    assert_eq!(weights(&out, "ip").iter().product::<i32>(), 12);
}

#[test]
fn a_missing_mean_file_points_to_the_shape() {
    let folder = Folder::new();
    let data = "layer { name: \"data\" type: \"ImageData\" top: \"data\" top: \"label\"
  transform_param { mean_file: \"mean.binaryproto\" } image_data_param { source: \"list\" } }";
    let text = refused(&folder, data, "");
    let message = "error: layer \"data\" (ImageData), transform_param.mean_file: cannot read the blob file \
                   \"mean.binaryproto\": No such file or directory (os error 2)";
    let help = "give the shape of the pictures with `--shape data=C,H,W`: the mean file is not read then";
    assert_eq!(error_and_help(&text), (message, help));
    made(&folder, "net.prototxt", "--shape data=3,4,5");
}

#[test]
fn the_stages_of_a_net_are_named_where_one_is_missing() {
    let folder = Folder::new();
    let data = |name: &str, rule: &str| {
        format!(
            "layer {{ name: \"{name}\" type: \"Input\" top: \"data\" input_param {{ shape {{ dim: 2 dim: 3 }} }}
               {rule} }}\n"
        )
    };
    let staged = data("train-data", "include { stage: \"train\" }")
        + &data("val-data", "include { stage: \"val\" }")
        + &data("deploy-data", "include { stage: \"deploy\" }")
        + INNER_PRODUCT;
    let text = refused(&folder, &staged, "");
    let message = "error: layer \"ip\" (InnerProduct), bottom: no earlier layer makes the blob \"data\"";
    let help = "layer \"train-data\" makes it, in another stage than this one: choose one with --stage (the net's are \
                \"deploy\", \"train\", \"val\")";
    assert_eq!(error_and_help(&text), (message, help));
    made(&folder, "net.prototxt", "--stage val");

    let phased = data("train-data", "include { phase: TRAIN }") + INNER_PRODUCT;
    let text = refused(&folder, &phased, "--phase test");
    let help = "layer \"train-data\" makes it, in another state than this one: choose it with --phase or --level";
    assert_eq!(error_and_help(&text), (message, help));
}
