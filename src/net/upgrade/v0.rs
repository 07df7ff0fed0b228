//! The V0 format: `layers { layer { type: "conv" ... } }`, with all parameters of all types in one message.
//!
//! Each type takes the fields that it knows; what is left in the message afterwards is ignored, as Caffe does, and
//! reported.

use prost::Message;

use super::Problem;
use super::padding::{self, Indexed};
use crate::error::Refusal;
use crate::net::Origin;
use crate::proto::caffe::v1_layer_parameter::LayerType;
use crate::proto::caffe::{
    ConcatParameter, ConvolutionParameter, DataParameter, DropoutParameter, Hdf5DataParameter, ImageDataParameter,
    InfogainLossParameter, InnerProductParameter, LrnParameter, NetParameter, PoolingParameter,
    TransformationParameter, V0LayerParameter, V1LayerParameter, WindowDataParameter,
};
use crate::proto::{descriptor, wire};

/// The types of V0 and their V1 counterparts.
const TYPES: &[(&str, LayerType)] = &[
    ("accuracy", LayerType::Accuracy),
    ("bnll", LayerType::Bnll),
    ("concat", LayerType::Concat),
    ("conv", LayerType::Convolution),
    ("data", LayerType::Data),
    ("dropout", LayerType::Dropout),
    ("euclidean_loss", LayerType::EuclideanLoss),
    ("flatten", LayerType::Flatten),
    ("hdf5_data", LayerType::Hdf5Data),
    ("hdf5_output", LayerType::Hdf5Output),
    ("im2col", LayerType::Im2col),
    ("images", LayerType::ImageData),
    ("infogain_loss", LayerType::InfogainLoss),
    ("innerproduct", LayerType::InnerProduct),
    ("lrn", LayerType::Lrn),
    ("multinomial_logistic_loss", LayerType::MultinomialLogisticLoss),
    ("pool", LayerType::Pooling),
    ("relu", LayerType::Relu),
    ("sigmoid", LayerType::Sigmoid),
    ("softmax", LayerType::Softmax),
    ("softmax_loss", LayerType::SoftmaxLoss),
    ("split", LayerType::Split),
    ("tanh", LayerType::Tanh),
    ("window_data", LayerType::WindowData),
];

/// Whether the net has any V0 layer.
pub(super) fn is_v0(net: &NetParameter) -> bool {
    net.layers.iter().any(|layer| layer.layer.is_some())
}

/// Brings the net's layers to V1, and drops what Caffe drops; says what was ignored, in a line each.
///
/// # Errors
/// An unknown type, a padding layer out of place, or layers of the current format, which Caffe would drop silently.
pub(super) fn upgrade(net: &mut NetParameter, notices: &mut Vec<String>) -> Result<Vec<Indexed>, Problem> {
    if !net.layer.is_empty() {
        let refusal = Refusal::new("the net has V0 layers as well, and Caffe would silently drop this one")
            .help("write all layers in the current format");
        return Err(Problem { origin: Origin { field: "layer", index: 0 }, refusal });
    }
    let dropped = [
        ("state", net.state.take().is_some()),
        ("input_shape", !std::mem::take(&mut net.input_shape).is_empty()),
        ("debug_info", net.debug_info.take().is_some()),
    ];
    for (field, _) in dropped.iter().filter(|(_, given)| *given) {
        notices.push(format!("{field} of a V0 net is ignored, as in Caffe"));
    }
    let layers: Vec<Indexed> = std::mem::take(&mut net.layers).into_iter().enumerate().collect();
    let kept = padding::fold(&layers, &net.input)?;
    match layers.len() - kept.len() {
        0 => {}
        1 => notices.push("a padding layer was folded into the layer after it".to_owned()),
        count => notices.push(format!("{count} padding layers were folded into the layers after them")),
    }
    kept.into_iter().map(|(index, layer)| Ok((index, upgrade_layer(layer, index, notices)?))).collect()
}

fn upgrade_layer(
    mut outer: V1LayerParameter,
    index: usize,
    notices: &mut Vec<String>,
) -> Result<V1LayerParameter, Problem> {
    let (bottom, top) = (std::mem::take(&mut outer.bottom), std::mem::take(&mut outer.top));
    let mut v1 = V1LayerParameter { bottom, top, ..Default::default() };
    let v0 = outer.layer.take();
    let name = v0.as_ref().map_or(outer.name(), |v0| v0.name()).to_owned();
    notices.extend(ignored(&name, &outer.encode_to_vec(), "V1LayerParameter"));
    let Some(mut v0) = v0 else { return Ok(v1) };
    v1.name = v0.name.take();
    v1.blobs = std::mem::take(&mut v0.blobs);
    v1.blobs_lr = std::mem::take(&mut v0.blobs_lr);
    v1.weight_decay = std::mem::take(&mut v0.weight_decay);
    let v0_type = v0.r#type.take();
    if let Some(name) = &v0_type {
        let found = TYPES.iter().find(|(known, _)| known == name);
        let refusal = || Refusal::new(format!("unknown V0 layer type {name:?}"));
        let (_, r#type) =
            found.ok_or_else(|| Problem { origin: Origin { field: "layers", index }, refusal: refusal() })?;
        v1.r#type = Some(*r#type as i32);
    }
    v1.transform_param = transform(&mut v0);
    take_parameters(v0_type.as_deref().unwrap_or(""), &mut v0, &mut v1);
    notices.extend(ignored(&name, &v0.encode_to_vec(), "V0LayerParameter"));
    Ok(v1)
}

/// Says which fields are left of a layer's message, if any.
fn ignored(name: &str, fields: &[u8], message: &str) -> Option<String> {
    let fields = wire::field_names(fields, descriptor(message)).join(", ");
    let notice = format!("V0 layer {name:?} has no use for {fields}: ignored, as in Caffe");
    (!fields.is_empty()).then_some(notice)
}

/// The transformation of the input; Caffe takes it from a layer of any type.
fn transform(v0: &mut V0LayerParameter) -> Option<Box<TransformationParameter>> {
    some_if_set(TransformationParameter {
        scale: v0.scale.take(),
        mean_file: v0.meanfile.take(),
        crop_size: v0.cropsize.take(),
        mirror: v0.mirror.take(),
        ..Default::default()
    })
}

/// The message, or nothing if no field of it is set.
fn some_if_set<M: Default + PartialEq, P: From<M>>(message: M) -> Option<P> {
    (message != M::default()).then(|| message.into())
}

/// Moves the fields that a layer of this type knows.
fn take_parameters(v0_type: &str, v0: &mut V0LayerParameter, v1: &mut V1LayerParameter) {
    match v0_type {
        "conv" => v1.convolution_param = some_if_set(convolution(v0)),
        "innerproduct" => v1.inner_product_param = some_if_set(inner_product(v0)),
        "pool" => v1.pooling_param = some_if_set(pooling(v0)),
        "lrn" => {
            let (local_size, alpha, beta, k) = (v0.local_size.take(), v0.alpha.take(), v0.beta.take(), v0.k.take());
            v1.lrn_param = some_if_set(LrnParameter { local_size, alpha, beta, k, ..Default::default() });
        }
        "dropout" => {
            v1.dropout_param = v0.dropout_ratio.take().map(|ratio| DropoutParameter { dropout_ratio: Some(ratio) })
        }
        "concat" => {
            let concat_dim = v0.concat_dim.take();
            v1.concat_param = some_if_set(ConcatParameter { concat_dim, ..Default::default() });
        }
        "infogain_loss" => {
            let source = v0.source.take();
            v1.infogain_loss_param = some_if_set(InfogainLossParameter { source, ..Default::default() });
        }
        "hdf5_output" => v1.hdf5_output_param = v0.hdf5_output_param.take().map(Box::new),
        _ => take_data_parameters(v0_type, v0, v1),
    }
}

fn take_data_parameters(v0_type: &str, v0: &mut V0LayerParameter, v1: &mut V1LayerParameter) {
    match v0_type {
        "data" => {
            v1.data_param = some_if_set(DataParameter {
                source: v0.source.take(),
                batch_size: v0.batchsize.take(),
                rand_skip: v0.rand_skip.take(),
                ..Default::default()
            });
        }
        "hdf5_data" => {
            v1.hdf5_data_param = some_if_set(Hdf5DataParameter {
                source: v0.source.take(),
                batch_size: v0.batchsize.take(),
                ..Default::default()
            });
        }
        "images" => {
            v1.image_data_param = some_if_set(ImageDataParameter {
                source: v0.source.take(),
                batch_size: v0.batchsize.take(),
                rand_skip: v0.rand_skip.take(),
                shuffle: v0.shuffle_images.take(),
                new_height: v0.new_height.take().map(|height| height as u32),
                new_width: v0.new_width.take().map(|width| width as u32),
                ..Default::default()
            });
        }
        "window_data" => v1.window_data_param = some_if_set(window_data(v0)),
        _ => {}
    }
}

fn convolution(v0: &mut V0LayerParameter) -> ConvolutionParameter {
    ConvolutionParameter {
        num_output: v0.num_output.take(),
        bias_term: v0.biasterm.take(),
        weight_filler: v0.weight_filler.take(),
        bias_filler: v0.bias_filler.take(),
        pad: v0.pad.take().into_iter().collect(),
        kernel_size: v0.kernelsize.take().into_iter().collect(),
        group: v0.group.take(),
        stride: v0.stride.take().into_iter().collect(),
        ..Default::default()
    }
}

fn inner_product(v0: &mut V0LayerParameter) -> InnerProductParameter {
    InnerProductParameter {
        num_output: v0.num_output.take(),
        bias_term: v0.biasterm.take(),
        weight_filler: v0.weight_filler.take(),
        bias_filler: v0.bias_filler.take(),
        ..Default::default()
    }
}

/// The pooling methods have the same numbers in both formats.
fn pooling(v0: &mut V0LayerParameter) -> PoolingParameter {
    PoolingParameter {
        pad: v0.pad.take(),
        kernel_size: v0.kernelsize.take(),
        stride: v0.stride.take(),
        pool: v0.pool.take(),
        ..Default::default()
    }
}

fn window_data(v0: &mut V0LayerParameter) -> WindowDataParameter {
    WindowDataParameter {
        source: v0.source.take(),
        batch_size: v0.batchsize.take(),
        fg_threshold: v0.det_fg_threshold.take(),
        bg_threshold: v0.det_bg_threshold.take(),
        fg_fraction: v0.det_fg_fraction.take(),
        context_pad: v0.det_context_pad.take(),
        crop_mode: v0.det_crop_mode.take(),
        ..Default::default()
    }
}
