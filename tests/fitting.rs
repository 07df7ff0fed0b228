//! `init --fit`, and donors by name: the field cases of both, and the kinds beside them.

#![cfg(all(feature = "cli", feature = "hdf5"))]

mod folder;

use std::path::Path;

use caffemodel::Shape;
use caffemodel::donors::FIT_WAYS;
use caffemodel::formats::{self, StoredNet};
use folder::{Folder, stderr};

/// A file of a field case.
fn field(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/field").join(name).display().to_string()
}

fn blob(net: &StoredNet, layer: &str, blob: usize) -> (Shape, Vec<f32>) {
    let layer = net.layers.iter().find(|stored| stored.name == layer).unwrap();
    let blob = &layer.blobs[blob];
    (blob.shape.clone(), blob.read().unwrap())
}

/// What `init` of a net of a field case prints, and the net that it makes.
fn fitted(folder: &Folder, net: &str, options: &str) -> (String, StoredNet) {
    let run = folder.run(&format!("init {} -o out --seed 1 --force --weights {options}", field(net))).success();
    (stderr(&run), formats::open(folder.path("out")).unwrap())
}

fn refused(folder: &Folder, net: &str, options: &str) -> String {
    let run = folder.run(&format!("init {net} -o refused --seed 1 --weights {options}")).code(2);
    assert!(!folder.path("refused").exists(), "nothing is left behind");
    stderr(&run)
}

/// A net of one layer over an input of these dimensions.
fn net(dims: &[usize], layer: &str) -> String {
    let dims: String = dims.iter().map(|dim| format!("dim: {dim} ")).collect();
    format!(
        "layer {{ name: \"in\" type: \"Input\" top: \"in\" input_param {{ shape {{ {dims} }} }} }}\n\
         layer {{ bottom: \"in\" top: \"a\" name: \"a\" {layer} }}\n"
    )
}

fn inner_product(outputs: usize) -> String {
    format!(
        "type: \"InnerProduct\" inner_product_param {{ num_output: {outputs} weight_filler {{ type: \"xavier\" }} }}"
    )
}

/// A folder with the net `net` to initialise and weights `w` of another one.
fn pair(donor: &str, net: &str) -> Folder {
    let folder = Folder::new();
    folder.write("donor", donor);
    folder.write("net", net);
    folder.run("init donor -o w --seed 7 -q").success();
    folder
}

/// The first blob of the layer `a`, before and after `net` took it with these options.
fn before_and_after(folder: &Folder, options: &str) -> ((Shape, Vec<f32>), (Shape, Vec<f32>)) {
    folder.run(&format!("init net -o out --seed 1 --force --weights w {options}")).success();
    let open = |file: &str| formats::open(folder.path(file)).unwrap();
    (blob(&open("w"), "a", 0), blob(&open("out"), "a", 0))
}

#[test]
fn inner_products_become_convolutions() {
    let folder = Folder::new();
    for donor in ["cls.caffemodel", "cls_old.caffemodel"] {
        let donor = field(&format!("15-fc-to-conv/{donor}"));
        let said = refused(&folder, &field("15-fc-to-conv/fcn.prototxt"), &donor);
        assert!(said.contains("fit its weights with --fit fc6=reshape"), "{said}");
        let (said, out) = fitted(&folder, "15-fc-to-conv/fcn.prototxt", &format!("{donor} --fit fc*=reshape -v"));
        assert!(said.contains("3 layers taken, 2 of them fitted"), "{said}");
        assert!(said.contains("    blob 0: (16, 8, 6, 6) from "), "{said}");
        let donor = formats::open(donor).unwrap();
        for layer in ["c1", "fc6", "fc7"] {
            for index in [0, 1] {
                assert_eq!(blob(&out, layer, index).1, blob(&donor, layer, index).1, "{layer} {index}");
            }
        }
        assert_eq!(blob(&out, "fc6", 0).0.dims(), [16, 8, 6, 6]);
    }
}

#[test]
fn input_channels_are_averaged_added_and_kept() {
    const CASE: &str = "17-cross-modality-conv1";
    let folder = Folder::new();
    let donor = field(&format!("{CASE}/rgb.caffemodel"));
    let rgb = blob(&formats::open(&donor).unwrap(), "conv1", 0).1;
    let make = |net: &str, how: &str| {
        let options = format!("{donor} --fit conv1.weight={how}");
        blob(&fitted(&folder, &format!("{CASE}/{net}.prototxt"), &options).1, "conv1", 0).1
    };
    let value = |output: usize, channel: usize, place: usize| rgb[(output * 3 + channel) * 49 + place];
    let sum = |output, place| value(output, 0, place) + value(output, 1, place) + value(output, 2, place);
    let (flow, grey, rgbd) = (make("flow", "mean"), make("gray", "sum"), make("rgbd", "pad"));
    for output in 0..16 {
        for place in 0..49 {
            let mean = sum(output, place) / 3.0;
            assert!((0..10).all(|channel| flow[(output * 10 + channel) * 49 + place] == mean));
            assert_eq!(grey[output * 49 + place], sum(output, place));
            for channel in 0..3 {
                assert_eq!(rgbd[(output * 4 + channel) * 49 + place], value(output, channel, place));
            }
        }
    }
    let net = field(&format!("{CASE}/flow.prototxt"));
    let said = refused(&folder, &net, &format!("{donor} --fit conv1=repeat"));
    let reason =
        "blob 0 has the shape (16, 3, 7, 7), not (16, 10, 7, 7); fit conv1=repeat: axis 1: 10 is not a multiple of 3";
    assert!(said.contains(reason), "{said}");
    assert!(said.contains("fit its weights with --fit conv1=mean (or pad)"), "{said}");
}

#[test]
fn a_donor_gives_its_layers_to_two_branches() {
    const CASE: &str = "19-one-donor-two-branches";
    let folder = Folder::new();
    let (donor, net) = (field(&format!("{CASE}/vgg.caffemodel")), format!("{CASE}/fuse.prototxt"));
    for options in [
        format!("{donor} --rename conv*=conv*,conv*_d"),
        format!("{donor} --weights d={donor} --rename d:conv*=conv*_d"),
        format!("rgb={donor} --rename rgb:conv*=conv*,conv*_d"),
    ] {
        let (_, out) = fitted(&folder, &net, &options);
        let donor = formats::open(&donor).unwrap();
        for layer in ["conv1_1", "conv1_2"] {
            for name in [layer.to_owned(), format!("{layer}_d")] {
                assert_eq!(blob(&out, &name, 0), blob(&donor, layer, 0), "{options}");
            }
        }
    }
    let refused = |options: &str| refused(&folder, &field(&net), options);
    let taken = format!("{donor} --rename conv*=conv* --rename conv*=conv*_d");
    let message = "error: rename conv*=conv*_d: conv*=conv* comes first and takes its layers; conv*=conv*,conv*_d gives \
                   them both names\n";
    assert_eq!(refused(&taken), message);
    let message = "error: two donors are named \"a\": renames cannot tell them apart\n";
    assert_eq!(refused(&format!("a={donor} --weights a={donor}")), message);
}

#[test]
fn names_of_donors_are_recorded() {
    const CASE: &str = "19-one-donor-two-branches";
    let folder = Folder::new();
    let donor = field(&format!("{CASE}/vgg.caffemodel"));
    let options = format!("d={donor} --rename d:conv*=conv*_d --provenance p.json");
    fitted(&folder, &format!("{CASE}/fuse.prototxt"), &options);
    let text = std::fs::read_to_string(folder.path("p.json")).unwrap();
    let provenance: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&provenance["weights"][0]["name"], &provenance["weights"][0]["file"]), (&"d".into(), &donor.into()));
    assert_eq!(provenance["options"], serde_json::json!(["--rename 'd:conv*=conv*_d'"]));
}

#[test]
fn statistics_of_four_axes_become_those_of_one() {
    const CASE: &str = "20-batchnorm-of-nvidia";
    let folder = Folder::new();
    let donor = field(&format!("{CASE}/nv015.caffemodel"));
    let options = format!("{donor} --fit *=reshape --provenance p.json");
    let (_, out) = fitted(&folder, &format!("{CASE}/bvlc.prototxt"), &options);
    let donor = formats::open(&donor).unwrap();
    for index in [0, 1] {
        assert_eq!(blob(&out, "bn", index).1, blob(&donor, "bn", index).1);
        assert_eq!(blob(&out, "bn", index).0.dims(), [4]);
    }
}

#[test]
fn inner_products_are_transposed_even_if_their_sides_are_equal() {
    for inputs in [5, 4] {
        let bare = |text: String| text.replace("num_output", "bias_term: false num_output");
        let donor = bare(net(&[1, inputs], &inner_product(4)));
        let folder = pair(&donor, &bare(net(&[1, 4], &inner_product(inputs))));
        let ((_, stored), (shape, taken)) = before_and_after(&folder, "--fit a=transpose");
        assert_eq!(shape.dims(), [inputs as i32, 4]);
        let places = (0..inputs).flat_map(|column| (0..4).map(move |row| row * inputs + column));
        assert!(places.map(|place| stored[place]).eq(taken));
    }
}

#[test]
fn kernels_of_tensorflow_are_put_into_caffes_order() {
    let kernels = |outputs: usize, height: usize, width: usize| {
        format!(
            "type: \"Convolution\" convolution_param {{ num_output: {outputs} kernel_h: {height} kernel_w: {width} \
             bias_term: false weight_filler {{ type: \"msra\" }} }}"
        )
    };
    // (height, width, inputs, outputs), as a convolution of another meaning stores it.
    let (height, width, inputs, outputs) = (3, 2, 2, 4);
    let donor = net(&[1, width, 8, 8], &kernels(height, inputs, outputs));
    let folder = pair(&donor, &net(&[1, inputs, 8, 8], &kernels(outputs, height, width)));
    for format in ["caffemodel", "npz", "hdf5", "safetensors"] {
        folder.run(&format!("init donor -o w --seed 7 -q --force --format {format}")).success();
        let ((_, stored), (shape, taken)) = before_and_after(&folder, "--fit *=hwio");
        assert_eq!(shape.dims(), [4, 2, 3, 2]);
        let mut taken = taken.into_iter();
        for (output, input) in (0..outputs).flat_map(|output| (0..inputs).map(move |input| (output, input))) {
            for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
                let place = ((y * width + x) * inputs + input) * outputs + output;
                assert_eq!(taken.next(), Some(stored[place]), "{format}");
            }
        }
    }
}

#[test]
fn kernels_gain_a_depth() {
    let kernels = |sizes: &str| {
        format!(
            "type: \"Convolution\" convolution_param {{ num_output: 2 {sizes} weight_filler {{ type: \"msra\" }} }}"
        )
    };
    let flat = net(&[1, 3, 5, 5], &kernels("kernel_size: 3"));
    let deep = net(&[1, 3, 4, 5, 5], &kernels("kernel_size: 2 kernel_size: 3 kernel_size: 3"));
    let folder = pair(&flat, &deep);
    let ((_, stored), (shape, taken)) = before_and_after(&folder, "--fit a=inflate --provenance p.json");
    assert_eq!(shape.dims(), [2, 3, 2, 3, 3]);
    let expected: Vec<f32> = stored.chunks(9).flat_map(|kernel| kernel.repeat(2)).map(|value| value / 2.0).collect();
    assert_eq!(taken, expected);
    let text = std::fs::read_to_string(folder.path("p.json")).unwrap();
    let provenance: serde_json::Value = serde_json::from_str(&text).unwrap();
    let expected = serde_json::json!([{ "how": "inflate", "shape": [2, 3, 3, 3] }]);
    assert_eq!((&provenance["blobs"][0]["fitted"], &provenance["blobs"][0]["source"]), (&expected, &"weights".into()));
    assert_eq!(provenance["blobs"][1]["fitted"], serde_json::Value::Null);
}

#[test]
fn a_detector_keeps_some_classes() {
    // Two boxes of 21 classes each, as SSD's layers for confidences have them; three classes stay.
    let folder = pair(&net(&[1, 3], &inner_product(42)), &net(&[1, 3], &inner_product(6)));
    for file in ["w", "w.npz"] {
        folder.run(&format!("init donor -o {file} --seed 7 -q --force")).success();
        let options = format!("init net -o out --seed 1 --force --weights {file} --fit a=rows:0,7,15/21");
        folder.run(&options).success();
        let (stored, taken) = (formats::open(folder.path(file)).unwrap(), formats::open(folder.path("out")).unwrap());
        let rows = [0, 7, 15, 21, 28, 36];
        let expected: Vec<f32> = rows.iter().flat_map(|row| blob(&stored, "a", 0).1[row * 3..][..3].to_vec()).collect();
        assert_eq!(blob(&taken, "a", 0).1, expected);
    }
    let said = refused(&folder, "net", "w --fit a=rows:0,50");
    assert!(said.contains("not (6, 3); fit a=rows:0,50: there is no row 50; the last of the 42 is 41"), "{said}");
    let said = refused(&folder, "net", "w");
    assert!(said.contains("fit its weights with --fit a=slice (or rows:... with 6 of 0 to 41)"), "{said}");
}

#[test]
fn the_last_rule_that_matches_wins_and_idle_ones_are_told() {
    let folder = pair(&net(&[1, 3], &inner_product(4)), &net(&[1, 3], &inner_product(2)));
    let run = folder.run("init net -o out --seed 1 --weights w --fit *=pad --fit a=slice --fit in*=pad -v");
    assert!(stderr(&run.code(2)).contains("fit in*=pad: the net has no such blob\n"));
    let run = folder.run("init net -o out --seed 1 --weights w --fit *=pad --fit a=slice -v").success();
    let said = stderr(&run);
    assert!(said.contains("note: fit *=pad: it fitted no blob"), "{said}");
    assert!(said.contains("  taken: a: 2 blobs, 2 fitted\n    blob 0: (2, 3) from (4, 3) by slice\n"), "{said}");
    let said = refused(&folder, "net", "w --fit a=squeeze");
    assert!(said.contains("unknown fit \"squeeze\"") && said.contains("expected transpose, "), "{said}");
    let without = folder.run("init net -o out --seed 1 --force --fit a=slice").code(2);
    assert_eq!(stderr(&without), "error: --fit applies to weights: give them with --weights\n");
}

#[test]
fn every_way_is_in_the_help_and_the_docs() {
    let help = folder::Folder::new().run("init --help").success();
    let help = String::from_utf8(help.get_output().stdout.clone()).unwrap();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/fitting-weights.md");
    let page = std::fs::read_to_string(page).unwrap();
    for way in FIT_WAYS {
        assert!(help.contains(way.form), "{}", way.form);
        assert!(page.contains(&format!("| `{}` | {} |", way.form, way.about)), "{}", way.form);
    }
}
