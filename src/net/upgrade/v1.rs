//! The V1 format: `layers { type: CONVOLUTION ... }` with enum types and the multipliers in lists of their own.

use prost::Message;
use prost::encoding::{WireType, encode_key};

use super::v1_types::{RenamedParam, current_name, renamed_param, v1_number, v1_types};
use super::{Problem, transform};
use crate::dialect::Dialect;
use crate::error::Refusal;
use crate::net::{NetLayer, Origin};
use crate::proto::caffe::eltwise_parameter::EltwiseOp;
use crate::proto::caffe::v1_layer_parameter::DimCheckMode as V1Mode;
use crate::proto::caffe::{LayerParameter, ParamSpec, V1LayerParameter, param_spec::DimCheckMode};
use crate::proto::carry::carried;
use crate::proto::escape;
use crate::proto::fields::{Fields, push_bytes, push_varint};
use crate::proto::gate;
use crate::proto::schema::{FieldType, MessageType};

/// The layer in the current format: what the two formats both have is taken by its name.
///
/// # Errors
/// The type, or a field of a fork, is one that the current format does not have.
pub(super) fn upgrade(mut layer: V1LayerParameter, origin: Origin, dialect: &Dialect) -> Result<NetLayer, Problem> {
    let of_layer = |refusal| Problem { origin, refusal };
    let value = layer.r#type.take();
    let r#type = value.map(|number| type_name(number, dialect)).transpose().map_err(of_layer)?;
    let param = params(&layer);
    let blobs = std::mem::take(&mut layer.blobs);
    // The V0 layer in it was upgraded before, if there was one.
    let layer = V1LayerParameter {
        layer: None,
        param: Vec::new(),
        blob_share_mode: Vec::new(),
        blobs_lr: Vec::new(),
        weight_decay: Vec::new(),
        ..layer
    };
    let renamed = r#type.as_deref().and_then(|name| renamed_param(name, dialect));
    let fields = renumbered(&layer, dialect, renamed).map_err(of_layer)?;
    let mut param = LayerParameter { r#type, param, blobs, ..fields };
    if value.is_some_and(|number| is_product(number, dialect)) {
        param.eltwise_param.get_or_insert_default().operation = Some(EltwiseOp::Prod as i32);
    }
    if lacks_transformations(dialect) {
        transform::move_in(&mut param);
    }
    Ok(NetLayer { param, origin: Some(origin) })
}

/// Whether a V1 type is the layer of the time when Eltwise could only multiply.
fn is_product(number: i32, dialect: &Dialect) -> bool {
    v1_types(dialect).and_then(|types| types.value_name(number)) == Some("ELTWISE_PRODUCT")
}

/// Whether V1 layers have no `transform_param`, and so the fields of transformations among their own.
pub(super) fn lacks_transformations(dialect: &Dialect) -> bool {
    let v1 = dialect.schema().message("V1LayerParameter");
    v1.is_some_and(|v1| v1.field_named("transform_param").is_none())
}

/// The messages of layers in both formats.
fn messages(dialect: &Dialect) -> Option<[MessageType; 2]> {
    let message = |name| dialect.schema().message(name);
    Some([message("V1LayerParameter")?, message("LayerParameter")?])
}

/// The fields of a layer by the numbers that they have in the current format.
fn renumbered(
    layer: &V1LayerParameter,
    dialect: &Dialect,
    renamed: Option<&RenamedParam>,
) -> Result<LayerParameter, Refusal> {
    let Some([v1, current]) = messages(dialect) else {
        return Err(Refusal::new(format!("the dialect {} has no V1 format", dialect.name)));
    };
    let encoded = layer.encode_to_vec();
    let mut out = Vec::with_capacity(encoded.len() + encoded.len() / 8);
    for field in Fields::new(&gate::unfolded(&encoded, v1), 0, v1.name()).map_while(Result::ok) {
        let Some(known) = v1.field(field.number) else { continue };
        let dropped = || {
            let message = "the current format has no such field, and so its Caffe drops it".to_owned();
            Refusal::at(known.name(), message).help("write the layer in the current format, or delete the field")
        };
        if let Some(renamed) = renamed.filter(|renamed| renamed.old == known.name()) {
            let other = current.field_named(renamed.current).ok_or_else(dropped)?;
            let body = in_another(field.body, known, other).ok_or_else(dropped)?;
            push_bytes(other.number(), &body, &mut out);
            continue;
        }
        let same = current.field_named(known.name()).filter(|same| same.kind() == known.kind());
        let same = same.ok_or_else(dropped)?;
        field.push_as(same.number(), &mut out);
    }
    gate::decoded(&out, current).map_err(|error| Refusal::new(format!("the layer cannot be upgraded: {error}")))
}

/// The message of one field as that of another.
fn in_another(body: &[u8], field: FieldType, other: FieldType) -> Option<Vec<u8>> {
    let (from, to) = field.kind().message().zip(other.kind().message())?;
    carried(body, from, to).ok()
}

/// The current name of a V1 type; NONE is the empty name, which no registry knows.
fn type_name(number: i32, dialect: &Dialect) -> Result<String, Refusal> {
    let value = v1_types(dialect).and_then(|types| types.value_name(number));
    let Some(value) = value else { return Err(Refusal::new(format!("unknown V1 layer type {number}"))) };
    if value == "NONE" {
        return Ok(String::new());
    }
    current_name(value, dialect).map(str::to_owned).ok_or_else(|| {
        Refusal::at("type", format!("the V1 layer type {value} has no name in the current format"))
            .help("write the layer in the current format")
    })
}

/// Brings a layer from a dialect of the V1 format into the one that its nets are written in once they are current.
///
/// # Errors
/// That one lacks a field.
pub(super) fn carry(layer: &mut NetLayer, dialect: &Dialect, written: &Dialect) -> Result<(), Problem> {
    let (from, to) = (dialect.layer_message(), written.layer_message());
    let blobs = std::mem::take(&mut layer.param.blobs);
    let encoded = layer.param.encode_to_vec();
    let refused = |message: String| {
        let message = format!("layer {:?} ({}): {message}", layer.param.name(), layer.param.r#type());
        let refusal = Refusal::new(message).help("delete it, if it does not matter there");
        Problem { origin: layer.origin.unwrap_or(Origin { field: "layers", index: 0 }), refusal }
    };
    let carried = carried(&gate::unfolded(&encoded, from), from, to)
        .map_err(|lost| refused(format!("the dialect {} of the current format has no {lost}", written.name)))?;
    let param: LayerParameter = gate::decoded(&carried, to).map_err(|error| refused(error.to_string()))?;
    layer.param = LayerParameter { blobs, ..param };
    Ok(())
}

/// The layer as a Caffe saves it that knows the V1 format alone: encoded by the numbers of the union, without blobs.
/// What that format has no field for, such as the phase, is left out, as such a Caffe does not know it either.
pub(crate) fn v1_layer(param: &LayerParameter, dialect: &Dialect) -> Vec<u8> {
    let Some([v1, current]) = messages(dialect) else { return Vec::new() };
    let mut layer = param.clone();
    if lacks_transformations(dialect) {
        transform::move_out(&mut layer);
    }
    layer.blobs.clear();
    let layer_type = layer.r#type.take();
    let mut out = Vec::new();
    push_lists(&std::mem::take(&mut layer.param), v1, &mut out);
    let number = layer_type.as_deref().and_then(|name| v1_number(name, dialect));
    if let Some((number, field)) = number.zip(v1.field_named("type")) {
        push_varint(field.number(), i64::from(number) as u64, &mut out);
    }
    let renamed = layer_type.as_deref().and_then(|name| renamed_param(name, dialect));
    let encoded = layer.encode_to_vec();
    for field in Fields::new(&gate::unfolded(&encoded, current), 0, current.name()).map_while(Result::ok) {
        let Some(known) = current.field(field.number) else { continue };
        let old = renamed.filter(|renamed| renamed.current == known.name()).map(|renamed| renamed.old);
        let Some(other) = v1.field_named(old.unwrap_or(known.name())) else { continue };
        if old.is_some()
            && let Some(body) = in_another(field.body, known, other)
        {
            push_bytes(other.number(), &body, &mut out);
        } else if other.kind() == known.kind() {
            field.push_as(other.number(), &mut out);
        }
    }
    out
}

/// The entries of `param` as the lists that the V1 format has of them.
fn push_lists(specs: &[ParamSpec], v1: MessageType, out: &mut Vec<u8>) {
    let number = |name: &str| v1.field_named(name).map(|field| field.number());
    for spec in specs {
        if let Some((name, field)) = spec.name.as_deref().zip(number("param")) {
            push_bytes(field, &escape::unescaped(name), out);
        }
        if let Some((mode, field)) = spec.share_mode.zip(number("blob_share_mode")) {
            let permissive = mode == DimCheckMode::Permissive as i32;
            push_varint(field, (if permissive { V1Mode::Permissive } else { V1Mode::Strict }) as u64, out);
        }
        for (multiplier, list) in [(spec.lr_mult, "blobs_lr"), (spec.decay_mult, "weight_decay")] {
            if let Some((multiplier, field)) = multiplier.zip(number(list)) {
                encode_key(field, WireType::ThirtyTwoBit, out);
                out.extend(multiplier.to_le_bytes());
            }
        }
    }
}

/// The lists `param`, `blob_share_mode`, `blobs_lr` and `weight_decay`, entry by entry in one list.
fn params(layer: &V1LayerParameter) -> Vec<ParamSpec> {
    let lengths = [layer.param.len(), layer.blob_share_mode.len(), layer.blobs_lr.len(), layer.weight_decay.len()];
    let spec = |index: usize| ParamSpec {
        name: layer.param.get(index).cloned(),
        share_mode: layer.blob_share_mode.get(index).map(|&mode| share_mode(mode)),
        lr_mult: layer.blobs_lr.get(index).copied(),
        decay_mult: layer.weight_decay.get(index).copied(),
        ..ParamSpec::default()
    };
    (0..lengths.into_iter().max().unwrap_or(0)).map(spec).collect()
}

fn share_mode(mode: i32) -> i32 {
    let permissive = mode == V1Mode::Permissive as i32;
    (if permissive { DimCheckMode::Permissive } else { DimCheckMode::Strict }) as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Definition, ReadOptions};

    /// Layers of a fork in the V1 format, upgraded and as text again.
    fn upgraded(dialect: &str, layers: &str) -> Result<String, String> {
        let options = ReadOptions::of(Dialect::get(dialect));
        let text = format!("layers {{ {layers} }}");
        let definition = Definition::from_bytes_with("net", text, &options).map_err(|error| error.to_string())?;
        Ok(format!("{:?}", definition.layers[0].param))
    }

    #[test]
    fn what_forks_add_to_messages_of_both_formats_stays() {
        let layer = "name: 'c' type: POOLING pooling_param { pool: MAX ceil_mode: false }";
        let kept = upgraded("soeaver", layer).unwrap();
        let current = "layer { name: 'c' type: 'Pooling' pooling_param { pool: MAX ceil_mode: false } }";
        let options = ReadOptions::of(Dialect::get("soeaver"));
        let definition = Definition::from_bytes_with("net", current, &options).unwrap();
        assert_eq!(kept, format!("{:?}", definition.layers[0].param));
    }

    #[test]
    fn what_the_current_format_lacks_is_refused() {
        assert_eq!(
            upgraded("soeaver", "name: 'r' type: RELUX").unwrap_err(),
            "net:1:1: layers: the V1 layer type RELUX has no name in the current format \
             (write the layer in the current format)"
        );
    }

    /// Layers as a dialect saves them, as text.
    fn saved(dialect: &str, layers: &str) -> String {
        let options = ReadOptions::of(Dialect::get(dialect));
        let definition = Definition::from_bytes_with("net", format!("layers {{ {layers} }}"), &options).unwrap();
        let message = options.dialect.unwrap().saved_layer_message();
        let layer = v1_layer(&definition.layers[0].param, options.dialect.unwrap());
        crate::proto::text::to_string(message, &layer).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn layers_are_saved_as_they_were() {
        let layers = [
            (
                "c3d-1.0",
                "bottom: \"x\" top: \"c\" name: \"c\" type: CONVOLUTION3D blobs_lr: 1 blobs_lr: 2 weight_decay: 1 \
                 weight_decay: 0 convolution_param { num_output: 4 pad: 1 kernel_size: 3 kernel_depth: 3 \
                 weight_filler { type: \"xavier\" } temporal_pad: 1 }",
            ),
            ("c3d-1.0", "name: \"e\" type: ELTWISE_PRODUCT"),
            (
                "c3d-1.0",
                "name: \"v\" type: VIDEO_DATA image_data_param { source: \"s\" scale: 0.5 mean_file: \"m\" \
                 batch_size: 2 crop_size: 8 mirror: true new_length: 16 use_image: true }",
            ),
            ("c3d-1.0", "name: \"d\" type: DATA data_param { source: \"s\" crop_size: 8 show_data: 1 }"),
            ("deconvnet", "name: \"u\" type: UNPOOLING unpooling_param { unpool: TILE kernel_size: 2 stride: 2 }"),
            (
                "deconvnet",
                "name: \"b\" type: BN include { phase: TRAIN } bn_param { scale_filler { value: 1 } bn_mode: INFERENCE }",
            ),
            (
                "crfasrnn-0.1",
                "name: \"m\" type: MULTI_STAGE_MEANFIELD multi_stage_meanfield_param { theta_alpha: 1 theta_beta: 2 \
                 theta_gamma: 3 num_iterations: 5 } param: \"a\" param: \"b\" blob_share_mode: PERMISSIVE",
            ),
        ];
        for (dialect, layer) in layers {
            let sorted = |text: &str| {
                let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
                words.sort();
                words
            };
            assert_eq!(sorted(&saved(dialect, layer)), sorted(layer), "{dialect}");
        }
    }

    #[test]
    fn every_v1_type_has_a_current_name() {
        for number in 1..=39 {
            let name = type_name(number, Dialect::bvlc());
            assert!(name.is_ok_and(|name| !name.is_empty()), "V1 type {number}");
        }
        assert_eq!(type_name(21, Dialect::bvlc()).unwrap(), "SoftmaxWithLoss");
        assert_eq!(type_name(0, Dialect::bvlc()).unwrap(), "");
        assert_eq!(type_name(99, Dialect::bvlc()).unwrap_err().message, "unknown V1 layer type 99");
    }

    #[test]
    fn the_longest_list_decides_the_number_of_params() {
        let layer = V1LayerParameter {
            param: vec!["w".into()],
            blobs_lr: vec![1.0, 2.0],
            blob_share_mode: vec![V1Mode::Permissive as i32],
            ..Default::default()
        };
        let params = params(&layer);
        assert_eq!(params.len(), 2);
        assert_eq!((params[0].name(), params[0].share_mode()), ("w", DimCheckMode::Permissive));
        assert_eq!((params[1].name.as_ref(), params[1].lr_mult), (None, Some(2.0)));
    }
}
