//! `--from pytorch|keras`: names and layouts of other frameworks, in each format that holds arrays by their names.

#![cfg(all(feature = "cli", feature = "hdf5"))]

mod folder;

use std::fs;

use caffemodel::formats;
use folder::{Folder, stderr};
use safetensors::Dtype;
use safetensors::tensor::TensorView;

/// A convolution, normalised, and its transpose; then two inner products, the first of a picture that a layer makes
/// flat.
const NET: &str = r#"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 6 dim: 5 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
        convolution_param { num_output: 4 kernel_h: 3 kernel_w: 2 bias_term: false } }
layer { name: "bn1" type: "BatchNorm" bottom: "conv1" top: "bn1" batch_norm_param { EPS } }
layer { name: "scale1" type: "Scale" bottom: "bn1" top: "bn1" scale_param { bias_term: true } }
layer { name: "relu1" type: "ReLU" bottom: "bn1" top: "bn1" }
layer { name: "up" type: "Deconvolution" bottom: "bn1" top: "up"
        convolution_param { num_output: 2 kernel_size: 2 bias_term: true } }
layer { name: "flat" type: "Flatten" bottom: "up" top: "flat" }
layer { name: "drop" type: "Dropout" bottom: "flat" top: "flat" }
layer { name: "fc1" type: "InnerProduct" bottom: "flat" top: "fc1" inner_product_param { num_output: 3 } }
layer { name: "fc2" type: "InnerProduct" bottom: "fc1" top: "fc2" inner_product_param { num_output: 3 } }
"#;

/// An array: its name, its dimensions, and the first of its values, which rise by 1.
type Array<'a> = (&'a str, &'a [usize], f32);

fn values((_, dims, first): Array<'_>) -> Vec<f32> {
    (0..dims.iter().product::<usize>()).map(|place| first + place as f32).collect()
}

fn bytes(array: Array<'_>) -> Vec<u8> {
    values(array).into_iter().flat_map(f32::to_le_bytes).collect()
}

/// The arrays as a `.safetensors`, with a count of batches as PyTorch has them.
fn tensors(arrays: &[Array<'_>]) -> Vec<u8> {
    let contents: Vec<Vec<u8>> = arrays.iter().map(|&array| bytes(array)).collect();
    let views = arrays
        .iter()
        .zip(&contents)
        .map(|(&(key, dims, _), bytes)| (key, TensorView::new(Dtype::F32, dims.to_vec(), bytes).unwrap()));
    let count = TensorView::new(Dtype::I64, vec![], &[0; 8]).unwrap();
    safetensors::serialize(views.chain([("bn1.num_batches_tracked", count)]), None).unwrap()
}

/// The arrays as a `.npz`, as `numpy.savez` makes it.
fn npz(arrays: &[Array<'_>]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for &(key, dims, first) in arrays {
        let dims_text: String = dims.iter().map(|dim| format!("{dim}, ")).collect();
        let mut contents = b"\x93NUMPY\x01\x00".to_vec();
        let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({dims_text}), }}\n");
        contents.extend((header.len() as u16).to_le_bytes());
        contents.extend(header.as_bytes());
        contents.extend(bytes((key, dims, first)));
        let name = format!("{key}.npy");
        let (size, offset) = (contents.len() as u32, out.len() as u32);
        let mut record = vec![0; 12];
        record.extend(crc32fast::hash(&contents).to_le_bytes());
        record.extend([size.to_le_bytes(), size.to_le_bytes()].concat());
        record.extend((name.len() as u32).to_le_bytes());
        out.extend([b"PK\x03\x04", &record[2..], name.as_bytes(), &contents].concat());
        let rest = [&[0; 10][..], &offset.to_le_bytes()].concat();
        directory.extend([b"PK\x01\x02", &record[..], &rest[..], name.as_bytes()].concat());
    }
    let [count, size, start] = [arrays.len(), directory.len(), out.len()].map(|number| number as u32);
    let count = (count as u16).to_le_bytes();
    let places = [size.to_le_bytes(), start.to_le_bytes()].concat();
    [&out[..], &directory, b"PK\x05\x06\0\0\0\0", &count, &count, &places, &[0, 0]].concat()
}

/// The arrays as HDF5, in the groups of their paths: at most two of each group's name.
fn hdf5(arrays: &[Array<'_>]) -> Vec<u8> {
    let mut file = hdf5_pure::FileBuilder::new();
    let mut layers: Vec<&str> = arrays.iter().map(|(path, ..)| path.split_once('/').unwrap().0).collect();
    layers.dedup();
    for layer in layers {
        let (mut outer, mut inner) = (file.create_group(layer), file.create_group(layer));
        for &array in arrays.iter().filter(|(path, ..)| path.starts_with(&format!("{layer}/"))) {
            let dims: Vec<u64> = array.1.iter().map(|&dim| dim as u64).collect();
            let name = array.0.rsplit_once('/').unwrap().1;
            inner.create_dataset(name).with_f32_data(&values(array)).with_shape(&dims);
        }
        outer.add_group(inner.finish());
        file.add_group(outer.finish());
    }
    file.finish().unwrap()
}

const PYTORCH: [Array<'_>; 11] = [
    ("conv1.weight", &[4, 3, 3, 2], 1.0),
    ("bn1.weight", &[4], 101.0),
    ("bn1.bias", &[4], 201.0),
    ("bn1.running_mean", &[4], 301.0),
    ("bn1.running_var", &[4], 401.0),
    ("up.weight", &[4, 2, 2, 2], 501.0),
    ("up.bias", &[2], 601.0),
    ("fc1.weight", &[3, 50], 701.0),
    ("fc1.bias", &[3], 901.0),
    ("fc2.weight", &[3, 3], 911.0),
    ("head.weight", &[7, 3], 921.0),
];

const KERAS: [Array<'_>; 11] = [
    ("conv1/conv1/kernel:0", &[3, 2, 3, 4], 1.0),
    ("bn1/bn1/gamma:0", &[4], 101.0),
    ("bn1/bn1/beta:0", &[4], 201.0),
    ("bn1/bn1/moving_mean:0", &[4], 301.0),
    ("bn1/bn1/moving_variance:0", &[4], 401.0),
    ("up/up/kernel:0", &[2, 2, 2, 4], 501.0),
    ("up/up/bias:0", &[2], 601.0),
    ("fc1/fc1/kernel:0", &[50, 3], 701.0),
    ("fc1/fc1/bias:0", &[3], 901.0),
    ("fc2/fc2/kernel:0", &[3, 3], 911.0),
    ("head/head/kernel:0", &[3, 7], 921.0),
];

fn folder(net: &str, weights: &[u8]) -> Folder {
    let folder = Folder::new();
    folder.write("net", net);
    folder.write("w", weights);
    folder
}

/// What `init` prints with these options, up to what it wrote.
fn taken(folder: &Folder, options: &str) -> String {
    let run = folder.run(&format!("init net -o out.caffemodel --force --seed 1 --weights w {options}")).success();
    let said = stderr(&run);
    said.split("\nwrote ").next().unwrap().to_owned()
}

fn refused(folder: &Folder, options: &str) -> String {
    stderr(&folder.run(&format!("init net -o refused --seed 1 --weights w {options}")).code(2))
}

/// A blob that was written.
fn blob(folder: &Folder, layer: &str, index: usize) -> Vec<f32> {
    let net = formats::open(folder.path("out.caffemodel")).unwrap();
    net.layers.iter().find(|stored| stored.name == layer).unwrap().blobs[index].read().unwrap()
}

fn rising(first: f32, count: usize) -> Vec<f32> {
    values(("", &[count], first))
}

/// What does not depend on how weights are laid out.
fn check_vectors(folder: &Folder) {
    assert_eq!(blob(folder, "bn1", 0), rising(301.0, 4));
    assert_eq!(blob(folder, "bn1", 1), rising(401.0, 4));
    assert_eq!(blob(folder, "bn1", 2), [1.0]);
    assert_eq!(blob(folder, "scale1", 0), rising(101.0, 4));
    assert_eq!(blob(folder, "scale1", 1), rising(201.0, 4));
    assert_eq!(blob(folder, "up", 1), rising(601.0, 2));
    assert_eq!(blob(folder, "fc1", 1), rising(901.0, 3));
    assert_eq!(blob(folder, "fc2", 1), [0.0; 3]);
}

#[test]
fn pytorchs_arrays_are_laid_out_as_caffes() {
    for weights in [tensors(&PYTORCH), npz(&PYTORCH)] {
        let folder = folder(&NET.replace("EPS", ""), &weights);
        let said = taken(&folder, "--from pytorch");
        let expected = "\
weights: w: 6 layers taken, 1 unused
note: w: layer fc2: no bias is stored, so it is 0
note: w: the net has no place for head";
        assert_eq!(said, expected);
        check_vectors(&folder);
        assert_eq!(blob(&folder, "conv1", 0), rising(1.0, 72));
        assert_eq!(blob(&folder, "up", 0), rising(501.0, 32));
        assert_eq!(blob(&folder, "fc1", 0), rising(701.0, 150));
        assert_eq!(blob(&folder, "fc2", 0), rising(911.0, 9));
    }
}

#[test]
fn keras_arrays_are_put_into_caffes_order() {
    let flat = KERAS.map(|(path, dims, first)| (path.split_once('/').unwrap().1, dims, first));
    for weights in [hdf5(&KERAS), npz(&flat), npz(&KERAS)] {
        let folder = folder(&NET.replace("EPS", "eps: 0.001"), &weights);
        let said = taken(&folder, "--from keras");
        let expected = "\
weights: w: 6 layers taken, 4 of them fitted, 1 unused
note: w: layer \"fc1\": its inputs were reordered to (2, 5, 5), as Keras has the channels last
note: w: layer fc2: no bias is stored, so it is 0
note: w: the net has no place for head";
        let sorted = |text: &str| {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(&said), sorted(expected));
        check_vectors(&folder);
        let (conv, up) = (blob(&folder, "conv1", 0), blob(&folder, "up", 0));
        for (output, input, y, x) in [(0, 0, 0, 0), (3, 2, 2, 1), (1, 2, 0, 1), (2, 0, 1, 0)] {
            let place = ((y * 2 + x) * 3 + input) * 4 + output;
            assert_eq!(conv[((output * 3 + input) * 3 + y) * 2 + x], 1.0 + place as f32);
        }
        for (input, output, y, x) in [(0, 0, 0, 0), (3, 1, 1, 1), (1, 0, 0, 1), (2, 1, 1, 0)] {
            let place = ((y * 2 + x) * 2 + output) * 4 + input;
            assert_eq!(up[((input * 2 + output) * 2 + y) * 2 + x], 501.0 + place as f32);
        }
        let (fc1, fc2) = (blob(&folder, "fc1", 0), blob(&folder, "fc2", 0));
        for (output, channel, y, x) in [(0, 0, 0, 0), (2, 1, 4, 4), (1, 0, 3, 2), (2, 1, 0, 4)] {
            let place = ((y * 5 + x) * 2 + channel) * 3 + output;
            assert_eq!(fc1[((output * 2 + channel) * 5 + y) * 5 + x], 701.0 + place as f32);
        }
        assert_eq!(fc2, [911., 914., 917., 912., 915., 918., 913., 916., 919.]);
    }
}

#[test]
fn keras_3_numbers_the_arrays_of_a_layer() {
    let mut file = hdf5_pure::FileBuilder::new();
    let mut layers = file.create_group("layers");
    for (class, layer) in [("conv2d", "conv1"), ("batch_normalization", "bn1"), ("dense", "fc1"), ("lstm", "lstm")] {
        let (mut outer, mut inner) = (layers.create_group(class), layers.create_group("vars"));
        inner.set_attr("name", hdf5_pure::AttrValue::String(layer.to_owned()));
        let arrays: Vec<Array<'_>> = match layer {
            "lstm" => vec![("", &[3, 8], 0.0), ("", &[2, 8], 0.0), ("", &[8], 0.0)],
            _ => KERAS.iter().copied().filter(|(path, ..)| path.starts_with(layer)).collect(),
        };
        for (number, array) in arrays.into_iter().enumerate() {
            let dims: Vec<u64> = array.1.iter().map(|&dim| dim as u64).collect();
            inner.create_dataset(&number.to_string()).with_f32_data(&values(array)).with_shape(&dims);
        }
        outer.add_group(inner.finish());
        layers.add_group(outer.finish());
    }
    file.add_group(layers.finish());
    let folder = folder(&NET.replace("EPS", "eps: 0.001"), &file.finish().unwrap());
    let said = taken(&folder, "--from keras");
    assert!(said.starts_with("weights: w: 4 layers taken, 2 of them fitted, 1 unused\n"), "{said}");
    assert!(said.contains("the net has no place for lstm\n"), "{said}");
    let numbered = ["conv1", "bn1", "scale1", "fc1"].map(|layer| blob(&folder, layer, 0));
    let bias = blob(&folder, "fc1", 1);
    folder.write("w", hdf5(&KERAS));
    taken(&folder, "--from keras");
    assert_eq!(numbered, ["conv1", "bn1", "scale1", "fc1"].map(|layer| blob(&folder, layer, 0)));
    assert_eq!(bias, rising(901.0, 3));
}

/// A net of one layer `a` over pictures of 2 channels.
fn one(layer: &str) -> String {
    format!(
        "layer {{ name: 'in' type: 'Input' top: 'in' input_param {{ shape {{ dim: 1 dim: 2 dim: 3 dim: 3 }} }} }}
         layer {{ name: 'a' bottom: 'in' top: 'a' {layer} }}"
    )
}

#[test]
fn filters_of_each_channel_and_their_points_go_to_two_layers() {
    let net = one(
        "type: 'Convolution' convolution_param { num_output: 4 group: 2 kernel_h: 2 kernel_w: 1 bias_term: false }",
    ) + "layer { name: 'b' type: 'Convolution' bottom: 'a' top: 'b' convolution_param { num_output: 3 kernel_size: 1 } }";
    let depthwise = ("a/depthwise_kernel:0", &[2, 1, 2, 2][..], 0.0);
    let separable = [depthwise, ("a/pointwise_kernel:0", &[1, 1, 4, 3], 50.0), ("a/bias:0", &[3], 80.0)];
    let folder = folder(&net, &npz(&separable));
    let details = taken(&folder, "--from keras --rename a=a,b -v");
    let line = "  taken: a: 1 blob, 1 fitted\n    blob 0: (4, 1, 2, 1) from (2, 1, 2, 2) by keras\n";
    assert!(details.contains(line), "{details}");
    let said = taken(&folder, "--from keras --rename a=a,b");
    assert_eq!(said, "weights: w: 2 layers taken, 2 of them fitted");
    // Output 2 c + f is the filter f of the channel c.
    assert_eq!(blob(&folder, "a", 0), [0., 4., 1., 5., 2., 6., 3., 7.]);
    assert_eq!(blob(&folder, "b", 0), [50., 53., 56., 59., 51., 54., 57., 60., 52., 55., 58., 61.]);
    assert_eq!(blob(&folder, "b", 1), rising(80.0, 3));
    folder.write("w", npz(&[("a/kernel", depthwise.1, 0.0)]));
    taken(&folder, "--from keras");
    assert_eq!(blob(&folder, "a", 0), [0., 4., 1., 5., 2., 6., 3., 7.]);
}

#[test]
fn inner_products_become_convolutions_and_keep_their_inputs_first() {
    let weights = npz(&[("a/kernel", &[18, 2], 0.0), ("a/bias", &[2], 50.0)]);
    let folder = folder(&one("type: 'Convolution' convolution_param { num_output: 2 kernel_size: 3 }"), &weights);
    taken(&folder, "--from keras");
    let convolution = blob(&folder, "a", 0);
    let expected = |output: usize, channel: usize, place: usize| ((place * 2 + channel) * 2 + output) as f32;
    for (output, channel, place) in [(0, 0, 0), (1, 1, 8), (1, 0, 3), (0, 1, 5)] {
        assert_eq!(convolution[(output * 2 + channel) * 9 + place], expected(output, channel, place));
    }
    folder.write("net", one("type: 'InnerProduct' inner_product_param { num_output: 2 }"));
    taken(&folder, "--from keras");
    assert_eq!(blob(&folder, "a", 0), convolution);
    folder.write("net", one("type: 'InnerProduct' inner_product_param { num_output: 2 transpose: true }"));
    taken(&folder, "--from keras");
    let transposed = blob(&folder, "a", 0);
    assert!((0..36).all(|place| transposed[place] == convolution[place % 2 * 18 + place / 2]));
    folder.write("w", npz(&[("a.weight", &[2, 18], 0.0)]));
    taken(&folder, "--from pytorch");
    assert!((0..36).all(|place| blob(&folder, "a", 0)[place] == (place % 2 * 18 + place / 2) as f32));
}

#[test]
fn normalisations_without_a_scale_and_in_one_layer() {
    let net = one("type: 'BatchNorm'")
        + "layer { name: 's' type: 'Scale' bottom: 'a' top: 's' scale_param { bias_term: true filler { value: 7 } } }";
    let arrays: [Array<'_>; 3] =
        [("a/moving_mean", &[2], 0.0), ("a/moving_variance", &[2], 5.0), ("a/beta", &[2], 8.0)];
    let folder = folder(&net, &npz(&arrays));
    let expected = "\
weights: w: 2 layers taken
note: w: layer s: no scale is stored, so it is 1
note: w: layer a: eps is 0.00001; Keras normalises with 0.001 by default";
    assert_eq!(taken(&folder, "--from keras"), expected);
    assert_eq!((blob(&folder, "s", 0), blob(&folder, "s", 1)), (vec![1.0; 2], vec![8.0, 9.0]));
    let said = taken(&folder, "--from keras --except s");
    assert!(said.starts_with("weights: w: 1 layer taken, 1 left out\n"), "{said}");
    assert!(said.ends_with("initialised: 1 layer (s)"), "{said}");
    assert_eq!((blob(&folder, "s", 0), blob(&folder, "s", 1)), (vec![7.0; 2], vec![0.0; 2]));
}

#[test]
fn slopes_and_values_of_channels_fit_in_any_shape() {
    let folder = folder(&one("type: 'PReLU' prelu_param { channel_shared: true }"), &npz(&[("a.weight", &[1], 3.0)]));
    taken(&folder, "--from pytorch");
    assert_eq!(blob(&folder, "a", 0), [3.0]);
    folder.write("net", one("type: 'PReLU'"));
    folder.write("w", npz(&[("a/alpha:0", &[1, 1, 2], 3.0)]));
    taken(&folder, "--from keras");
    assert_eq!(blob(&folder, "a", 0), [3.0, 4.0]);
}

#[test]
fn what_does_not_fit_is_told() {
    let folder = folder(&NET.replace("EPS", ""), &npz(&[("conv1.weight", &[4, 2, 3, 2], 0.0)]));
    let said = refused(&folder, "--from pytorch");
    let expected = "error: w: layer \"conv1\" does not fit layer \"conv1\" (Convolution): blob 0 has the shape (4, 2, 3, 2), \
                    not (4, 3, 3, 2)\n";
    assert!(said.starts_with(expected), "{said}");
    let reason = |arrays: &[Array<'_>]| {
        folder.write("w", npz(arrays));
        let said = refused(&folder, "--from pytorch");
        said.lines().next().unwrap().split("): ").nth(1).unwrap().to_owned()
    };
    assert_eq!(
        reason(&[("conv1.weight", &[4, 3, 3, 2], 0.0), ("conv1.bias", &[4], 0.0)]),
        "\"conv1.bias\" has no place: it has no such blob"
    );
    assert_eq!(reason(&[("bn1.running_mean", &[4], 0.0)]), "\"bn1\" has no running_var");
    assert_eq!(reason(&[("conv1.bias", &[4], 0.0)]), "\"conv1.bias\" has no place: it has no such blob");
    assert_eq!(reason(&[("fc1.bias", &[3], 0.0)]), "\"fc1\" has no weights for blob 0");
    folder.write("w", npz(&PYTORCH[1..5]));
    folder.write("net", NET.replace("EPS", "").replace("\"Scale\"", "\"Bias\""));
    let said = refused(&folder, "--from pytorch");
    assert!(said.contains("\"bn1.weight\" has no place: no Scale layer follows that could take it"), "{said}");
}

#[test]
fn leads_say_how_such_a_file_is_taken() {
    let lead = |folder: &Folder, options: &str| {
        let said = taken(folder, options);
        assert!(said.contains("warning: nothing was taken from w\n"), "{said}");
        said.split_once("help: ").unwrap().1.lines().next().unwrap().to_owned()
    };
    let folder = folder(&NET.replace("EPS", ""), &tensors(&PYTORCH));
    assert_eq!(lead(&folder, "-v"), "its arrays have PyTorch names: take them with --from pytorch");
    let names = PYTORCH.map(|(key, ..)| format!("module.{key}"));
    let prefixed: Vec<Array<'_>> =
        names.iter().zip(PYTORCH).map(|(key, (_, dims, first))| (key.as_str(), dims, first)).collect();
    folder.write("w", npz(&prefixed));
    let expected = "the names of its modules have a prefix: --rename 'module.*=*' removes it";
    assert_eq!(lead(&folder, "--from pytorch"), expected);
    taken(&folder, "--from pytorch --rename module.*=*");
    check_vectors(&folder);
    let flat = KERAS.map(|(path, dims, first)| (path.split_once('/').unwrap().1, dims, first));
    folder.write("w", npz(&flat));
    assert_eq!(lead(&folder, "-v"), "its arrays have Keras names: take them with --from keras");
    folder.write("w", hdf5(&KERAS));
    let said = refused(&folder, "-v");
    let expected = "error: w: the HDF5 file has no group /data\n |\n = help: its arrays have Keras names: take them \
                    with --from keras\n";
    assert!(said.starts_with(expected), "{said}");
}

#[test]
fn one_file_of_several_may_be_of_a_framework() {
    let folder = folder(&NET.replace("EPS", ""), &tensors(&PYTORCH));
    folder.run("init net -o own.caffemodel --seed 3 -q").success();
    let run = folder
        .run("init net -o out.caffemodel --seed 1 --weights own.caffemodel,pt=w --from pt:pytorch --provenance p.json");
    let said = stderr(&run.success());
    assert!(
        said.starts_with("weights: own.caffemodel: 6 layers taken\nweights: w: 6 layers taken, 1 unused\n"),
        "{said}"
    );
    check_vectors(&folder);
    let provenance = fs::read_to_string(folder.path("p.json")).unwrap();
    assert!(provenance.contains("--from pt:pytorch"), "{provenance}");
    assert_eq!(refused(&folder, "--from pt:pytorch"), "error: --from pt:pytorch: no weights are named \"pt\"\n");
    let run = folder.run("init net -o refused --seed 1 --weights own.caffemodel --from keras").code(2);
    let expected = "error: own.caffemodel: a caffemodel holds no named arrays\n |\n = help: named arrays are in hdf5, \
                    npz, safetensors\n\n";
    assert_eq!(stderr(&run), expected);
}

#[test]
fn a_net_is_converted_whole() {
    let folder = folder(&NET.replace("EPS", ""), &tensors(&PYTORCH));
    let run = folder.run("convert w out.caffemodel --net net --from pytorch").success();
    let said = stderr(&run);
    let expected = "note: w: layer fc2: no bias is stored, so it is 0\nnote: w: the net has no place for head\nwrote";
    assert!(said.starts_with(expected), "{said}");
    check_vectors(&folder);
    folder.write("w", tensors(&PYTORCH[..9]));
    let said = stderr(&folder.run("convert w o.caffemodel --net net --from pytorch").code(2));
    assert!(said.starts_with("error: layer \"fc2\" (InnerProduct): w has no weights for it\n"), "{said}");
}
