//! The V1 format: `layers { type: CONVOLUTION ... }` with enum types and the multipliers in lists of their own.

use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};

use super::Problem;
use super::v1_types::current_name;
use crate::dialect::Dialect;
use crate::error::Refusal;
use crate::net::{NetLayer, Origin};
use crate::proto::caffe::v1_layer_parameter::{DimCheckMode as V1Mode, LayerType as V1Type};
use crate::proto::caffe::{LayerParameter, ParamSpec, V1LayerParameter, param_spec::DimCheckMode};
use crate::proto::fields::Fields;
use crate::proto::gate;
use crate::proto::schema::Kind;

/// The layer in the current format: what the two formats both have is taken by its name.
///
/// # Errors
/// The type, or a field of a fork, is one that the current format does not have.
pub(super) fn upgrade(mut layer: V1LayerParameter, origin: Origin, dialect: &Dialect) -> Result<NetLayer, Problem> {
    let of_layer = |refusal| Problem { origin, refusal };
    let r#type = layer.r#type.take().map(|number| type_name(number, dialect)).transpose().map_err(of_layer)?;
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
    let param = LayerParameter { r#type, param, blobs, ..renumbered(&layer, dialect).map_err(of_layer)? };
    Ok(NetLayer { param, origin: Some(origin) })
}

/// The fields of a layer by the numbers that they have in the current format.
fn renumbered(layer: &V1LayerParameter, dialect: &Dialect) -> Result<LayerParameter, Refusal> {
    let message = |name| dialect.schema().message(name);
    let Some((v1, current)) = message("V1LayerParameter").zip(message("LayerParameter")) else {
        return Err(Refusal::new(format!("the dialect {} has no V1 format", dialect.name)));
    };
    let encoded = layer.encode_to_vec();
    let mut out = Vec::with_capacity(encoded.len() + encoded.len() / 8);
    for field in Fields::new(&gate::unfolded(&encoded, v1), 0, v1.name()).map_while(Result::ok) {
        let Some(known) = v1.field(field.number) else { continue };
        let same = current.field_named(known.name()).filter(|same| same.kind() == known.kind());
        let same = same.ok_or_else(|| {
            let message = "the current format has no such field, and so its Caffe drops it".to_owned();
            Refusal::at(known.name(), message).help("write the layer in the current format, or delete the field")
        })?;
        encode_key(same.number(), field.wire_type, &mut out);
        if field.wire_type == WireType::LengthDelimited {
            encode_varint(field.body.len() as u64, &mut out);
        }
        out.extend(field.body);
    }
    gate::decoded(&out, current).map_err(|error| Refusal::new(format!("the layer cannot be upgraded: {error}")))
}

/// The current name of a V1 type; NONE is the empty name, which no registry knows.
fn type_name(number: i32, dialect: &Dialect) -> Result<String, Refusal> {
    let v1 = V1Type::try_from(number).ok();
    if v1 == Some(V1Type::None) {
        return Ok(String::new());
    }
    v1.and_then(current_name).map(str::to_owned).ok_or_else(|| {
        let types = dialect.schema().message("V1LayerParameter").and_then(|v1| v1.field_named("type"));
        let name = match types.map(|types| types.kind()) {
            Some(Kind::Enum(types)) => types.value_name(number),
            _ => None,
        };
        match name {
            Some(name) => Refusal::at("type", format!("the V1 layer type {name} has no name in the current format"))
                .help("write the layer in the current format"),
            None => Refusal::new(format!("unknown V1 layer type {number}")),
        }
    })
}

/// The lists `param`, `blob_share_mode`, `blobs_lr` and `weight_decay`, entry by entry in one list.
fn params(layer: &V1LayerParameter) -> Vec<ParamSpec> {
    let lengths = [layer.param.len(), layer.blob_share_mode.len(), layer.blobs_lr.len(), layer.weight_decay.len()];
    let spec = |index: usize| ParamSpec {
        name: layer.param.get(index).cloned(),
        share_mode: layer.blob_share_mode.get(index).map(|&mode| share_mode(mode)),
        lr_mult: layer.blobs_lr.get(index).copied(),
        decay_mult: layer.weight_decay.get(index).copied(),
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

    #[test]
    fn layers_of_another_message_are_not_lost() {
        assert_eq!(
            upgraded("crfasrnn-0.1", "name: 'r' type: RELU").unwrap_err(),
            "net:1:1: layers: the layers of nets in the dialect crfasrnn-0.1 are of a message of its own, which is not \
             read (leave the dialect out, or choose another)"
        );
    }

    #[test]
    fn every_v1_type_has_a_current_name() {
        for number in 1..=39 {
            let name = type_name(number, Dialect::bvlc());
            assert!(name.is_ok_and(|name| !name.is_empty()), "V1 type {number}");
        }
        assert_eq!(type_name(V1Type::SoftmaxLoss as i32, Dialect::bvlc()).unwrap(), "SoftmaxWithLoss");
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
