use super::*;
use crate::layer::testing::{Surroundings, setup};
use crate::layer::{BlobValues, Draw};
use crate::proto::caffe::{BlobProto, BlobShape, LayerParameter};

const CONVOLUTION: &LayerType = &TYPES[0];
const DECONVOLUTION: &LayerType = &TYPES[1];

fn layer(param: ConvolutionParameter) -> LayerParameter {
    LayerParameter { convolution_param: Some(param.into()), ..Default::default() }
}

fn kernel(num_output: u32, size: u32) -> ConvolutionParameter {
    ConvolutionParameter { num_output: Some(num_output), kernel_size: vec![size], ..Default::default() }
}

fn top(entry: &LayerType, param: ConvolutionParameter, bottom: &[i32]) -> Vec<i32> {
    setup(entry, &layer(param), &[bottom], 1).unwrap().tops[0].dims().to_vec()
}

fn weight(entry: &LayerType, param: ConvolutionParameter, bottom: &[i32]) -> Vec<i32> {
    setup(entry, &layer(param), &[bottom], 1).unwrap().blobs[0].shape.dims().to_vec()
}

fn refuse(entry: &LayerType, param: ConvolutionParameter, bottom: &[i32]) -> (String, &'static str) {
    let refusal = setup(entry, &layer(param), &[bottom], 1).unwrap_err();
    (refusal.message, refusal.field)
}

#[test]
fn multiply_accumulates_follow_filters_groups_and_bottoms() {
    let macs = |entry, param, bottoms: &[&[i32]]| setup(entry, &layer(param), bottoms, bottoms.len()).unwrap().macs;
    let grouped = ConvolutionParameter { group: Some(2), ..kernel(8, 3) };
    let bottom: &[i32] = &[2, 4, 7, 9];
    assert_eq!(macs(CONVOLUTION, grouped.clone(), &[bottom]), 2 * 8 * (5 * 7) * (4 / 2 * 3 * 3));
    assert_eq!(macs(CONVOLUTION, grouped.clone(), &[bottom; 3]), 3 * 2 * 8 * (5 * 7) * (4 / 2 * 3 * 3));
    assert_eq!(macs(DECONVOLUTION, grouped, &[bottom]), 2 * 4 * (7 * 9) * (8 / 2 * 3 * 3));
}

#[test]
fn weights_then_bias_are_filled() {
    let setup = setup(CONVOLUTION, &layer(kernel(96, 11)), &[&[10, 3, 227, 227]], 1).unwrap();
    assert_eq!(setup.tops[0].dims(), [10, 96, 217, 217]);
    let blobs: Vec<_> = setup.blobs.iter().map(|blob| (blob.role, blob.shape.dims())).collect();
    assert_eq!(blobs, [(Role::Weight, &[96, 3, 11, 11][..]), (Role::Bias, &[96][..])]);
    assert_eq!(setup.draws, [Draw::Blob(0), Draw::Blob(1)]);
    let fields: Vec<_> = (setup.blobs.iter())
        .map(|blob| match &blob.values {
            BlobValues::Filled(spec) => spec.field,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(fields, ["convolution_param.weight_filler", "convolution_param.bias_filler"]);
}

#[test]
fn any_number_of_spatial_axes_will_do() {
    assert_eq!(top(CONVOLUTION, kernel(2, 3), &[1, 4, 9]), [1, 2, 7]);
    assert_eq!(top(CONVOLUTION, kernel(2, 2), &[1, 4, 5, 4, 3]), [1, 2, 4, 3, 2]);
    assert_eq!(weight(CONVOLUTION, kernel(2, 2), &[1, 4, 5, 4, 3]), [2, 4, 2, 2, 2]);
    let none = ConvolutionParameter { num_output: Some(3), group: Some(3), ..Default::default() };
    assert_eq!(top(CONVOLUTION, none.clone(), &[4, 6]), [4, 3]);
    assert_eq!(weight(CONVOLUTION, none, &[4, 6]), [3, 2]);
}

#[test]
fn the_channel_axis_may_be_another() {
    let axis = |axis: i32| ConvolutionParameter { axis: Some(axis), ..kernel(2, 3) };
    assert_eq!(top(CONVOLUTION, axis(2), &[3, 4, 5, 6]), [3, 4, 2, 4]);
    assert_eq!(weight(CONVOLUTION, axis(-2), &[3, 4, 5, 6]), [2, 5, 3]);
    assert_eq!(weight(CONVOLUTION, axis(0), &[3, 4, 5, 6]), [2, 3, 3, 3, 3]);
    let expected = "axis 4 is out of range for the 4-axis shape (3, 4, 5, 6)";
    assert_eq!(refuse(CONVOLUTION, axis(4), &[3, 4, 5, 6]), (expected.into(), "convolution_param.axis"));
}

#[test]
fn deconvolution_swaps_the_channels() {
    let param = ConvolutionParameter { group: Some(2), stride: vec![3], ..kernel(4, 2) };
    assert_eq!(top(DECONVOLUTION, param.clone(), &[2, 6, 4, 3]), [2, 4, 11, 8]);
    assert_eq!(weight(DECONVOLUTION, param.clone(), &[2, 6, 4, 3]), [6, 2, 2, 2]);
    assert_eq!(weight(CONVOLUTION, param, &[2, 6, 4, 3]), [4, 3, 2, 2]);
}

#[test]
fn several_bottoms_share_the_blobs_and_the_shape() {
    let param = layer(kernel(4, 2));
    let done = setup(CONVOLUTION, &param, &[&[2, 3, 5, 5], &[2, 3, 5, 5]], 2).unwrap();
    assert_eq!((done.tops.len(), done.blobs.len()), (2, 2));
    assert_eq!(done.tops[1].dims(), [2, 4, 4, 4]);
    let refusal = setup(CONVOLUTION, &param, &[&[1, 2, 6, 6], &[1, 2, 6, 5]], 2).unwrap_err();
    assert_eq!(refusal.message, "bottom 1 has the shape (1, 2, 6, 5), bottom 0 has (1, 2, 6, 6)");
    let refusal = setup(CONVOLUTION, &param, &[&[1, 2, 6, 6], &[1, 2, 6, 6]], 1).unwrap_err();
    assert_eq!(refusal.message, "Convolution makes one top for each bottom: 2 bottoms, 1 tops");
}

#[test]
fn channels_and_groups_must_fit() {
    let bottom = &[1, 16, 6, 6];
    let group = |group: u32| ConvolutionParameter { group: Some(group), ..kernel(6, 3) };
    let at = |message: &str, field| (message.to_owned(), field);
    const GROUP: &str = "convolution_param.group";
    assert_eq!(refuse(CONVOLUTION, group(3), bottom), at("group 3 does not divide 16 input channels", GROUP));
    assert_eq!(refuse(CONVOLUTION, group(4), bottom), at("group 4 does not divide num_output 6", GROUP));
    assert_eq!(refuse(CONVOLUTION, group(0), bottom), at("group is 0", GROUP));
    const NUM_OUTPUT: &str = "convolution_param.num_output";
    assert_eq!(refuse(DECONVOLUTION, kernel(0, 3), bottom), at("num_output is missing or 0", NUM_OUTPUT));
    let huge = at("num_output 2147483648 is more than 2147483647", NUM_OUTPUT);
    assert_eq!(refuse(CONVOLUTION, kernel(1 << 31, 3), bottom), huge);
    let empty = at("the bottom has 0 channels, which leaves the weights empty", "bottom");
    assert_eq!(refuse(CONVOLUTION, kernel(6, 3), &[1, 0, 6, 6]), empty);
}

#[test]
fn an_empty_output_is_allowed_without_a_bias_only() {
    let unbiased = ConvolutionParameter { bias_term: Some(false), ..kernel(2, 4) };
    assert_eq!(top(CONVOLUTION, unbiased, &[1, 1, 3, 7]), [1, 2, 0, 4]);
    let expected = "the output (1, 2, 0, 4) is empty, which Caffe allows without a bias only";
    assert_eq!(refuse(CONVOLUTION, kernel(2, 4), &[1, 1, 3, 7]), (expected.into(), "convolution_param.bias_term"));
    assert_eq!(top(CONVOLUTION, kernel(2, 3), &[0, 1, 3, 7]), [0, 2, 1, 5]);
}

#[test]
fn what_caffe_allocates_must_fit_an_int() {
    let padded = ConvolutionParameter { pad: vec![20_000], bias_term: Some(false), ..kernel(1, 2) };
    let expected = "the column buffer is too large: \
                    a blob holds at most 2147483647 elements, 4 x 40000 x 40000 are more";
    assert_eq!(refuse(CONVOLUTION, padded, &[1, 1, 1, 1]), (expected.into(), "convolution_param"));
    let spread = ConvolutionParameter { stride: vec![65_536], ..kernel(1, 1) };
    let expected = "the bias is for 4295098369 positions, more than 2147483647";
    assert_eq!(refuse(DECONVOLUTION, spread, &[0, 1, 2, 2]), (expected.into(), "convolution_param.bias_term"));
}

#[test]
fn given_blobs_must_be_those_of_the_layer() {
    let given = |shapes: &[&[i64]]| {
        let blob = |dims: &&[i64]| BlobProto { shape: Some(BlobShape { dim: dims.to_vec() }), ..Default::default() };
        let param = LayerParameter { blobs: shapes.iter().map(blob).collect(), ..layer(kernel(2, 1)) };
        setup(CONVOLUTION, &param, &[&[1, 2, 3, 3]], 1)
    };
    let refuse = |shapes: &[&[i64]]| given(shapes).unwrap_err().message;
    let setup = given(&[&[2, 2, 1, 1], &[2]]).unwrap();
    assert_eq!(setup.draws, []);
    assert_eq!((setup.blobs[0].role, &setup.blobs[0].values), (Role::Weight, &BlobValues::Given(0)));
    assert_eq!((setup.blobs[1].role, &setup.blobs[1].values), (Role::Bias, &BlobValues::Given(1)));
    assert_eq!(refuse(&[&[2, 2, 1, 1]]), "the layer gives 1 blobs and needs 2");
    assert_eq!(refuse(&[&[2, 2], &[2]]), "blob 0 is given as (2, 2) and must be (2, 2, 1, 1)");
    assert_eq!(refuse(&[&[2, 2, 1, 1], &[1, 2]]), "blob 1 is given as (1, 2) and must be (2)");
}

#[test]
fn older_caffes_take_pictures_and_pairs() {
    let top = |fields: &str| {
        let text = format!("convolution_param {{ num_output: 2 {fields} }}");
        Surroundings::of("yjxiong").top("Convolution", &text, &[&[1, 2, 9, 8]])
    };
    assert_eq!(top("kernel_size: 3 dilation: 2"), [1, 2, 5, 4]);
    assert_eq!(top("kernel_size: 3 dilation_h: 2"), [1, 2, 5, 8]);
    assert_eq!(top("kernel_size: 3 dilation_w: 2"), [1, 2, 7, 6]);
    assert_eq!(top("kernel_size: 3 kernel_h: 1"), [1, 2, 7, 6]);
    assert_eq!(top("kernel_h: 1 kernel_w: 4 pad_h: 1 pad_w: 2 stride_h: 3 stride_w: 1"), [1, 2, 4, 9]);
}

#[test]
fn older_caffes_refuse_halves() {
    let error = |fields: &str, bottom: &[i32]| {
        let text = format!("convolution_param {{ num_output: 2 {fields} }}");
        Surroundings::of("yjxiong").refusal("Convolution", &text, &[bottom])
    };
    let message = "convolution_param.pad: give pad, or both of pad_h and pad_w, or none";
    assert_eq!(error("kernel_size: 3 pad_h: 1", &[1, 2, 9, 8]), message);
    assert_eq!(error("kernel_size: 3 pad: 1 pad_h: 1 pad_w: 1", &[1, 2, 9, 8]), message);
    let message = "convolution_param.kernel_size: kernel_h and kernel_w have to be given together";
    assert_eq!(error("kernel_h: 3", &[1, 2, 9, 8]), message);
    assert_eq!(error("kernel_size: 3 stride: 0", &[1, 2, 9, 8]), "convolution_param.stride: stride is 0");
    assert_eq!(error("kernel_size: 3", &[1, 2, 9]), "bottom: the bottom (1, 2, 9) must have 4 axes");
}

#[test]
fn happynear_s_deconvolution_may_be_longer() {
    let happynear = Surroundings::of("happynear");
    let run = |fields: &str| {
        let text = format!("convolution_param {{ num_output: 2 kernel_size: 4 stride: 2 pad: 1 {fields} }}");
        let made = happynear.run("Deconvolution", &text, &[&[1, 3, 5, 6]], 1)?;
        Ok::<_, String>(made.tops[0].dims().to_vec())
    };
    assert_eq!(run(""), Ok(vec![1, 2, 10, 12]));
    assert_eq!(run("shape_offset: 1 shape_offset: 0"), Ok(vec![1, 2, 11, 12]));
    let message = "convolution_param.shape_offset: shape_offset is given 1 times for 2 spatial axes";
    assert_eq!(run("shape_offset: 1").unwrap_err(), message);
}
