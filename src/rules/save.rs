//! Writes a filler into the layer that is saved.

use prost::Message;

use crate::proto::caffe::{FillerParameter, LayerParameter};
use crate::proto::fields::{Fields, push_bytes};
use crate::proto::gate;
use crate::proto::schema::{FieldType, Kind, MessageType};

/// Sets the filler at the end of a path such as `convolution_param.weight_filler`; says whether the message of layers
/// has such a field.
pub(crate) fn set_filler(
    layer: &mut LayerParameter,
    message: MessageType,
    path: &str,
    filler: &FillerParameter,
) -> bool {
    let bytes = layer.encode_to_vec();
    let changed = with_filler(message, &gate::unfolded(&bytes, message), path, &filler.encode_to_vec());
    match changed.and_then(|bytes| gate::decoded(&bytes, message).ok()) {
        Some(changed) => {
            *layer = changed;
            true
        }
        None => false,
    }
}

/// The encoded message with the filler at the end of the path, in place of what it has there.
fn with_filler(message: MessageType, bytes: &[u8], path: &str, filler: &[u8]) -> Option<Vec<u8>> {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let (field, inner) = single_message(message, name)?;
    let (mut others, mut own) = (Vec::new(), Vec::new());
    for found in Fields::new(bytes, 0, message.name()) {
        let found = found.ok()?;
        if found.number == field.number() { own.extend(found.body) } else { others.extend(found.whole) }
    }
    let own = match rest {
        Some(rest) => with_filler(inner, &own, rest, filler)?,
        None if inner.name() == "FillerParameter" => filler.to_vec(),
        None => return None,
    };
    push_bytes(field.number(), &own, &mut others);
    Some(others)
}

/// The field of this name and the message that it holds, unless it holds several or none.
fn single_message(message: MessageType, name: &str) -> Option<(FieldType, MessageType)> {
    let field = message.field_named(name).filter(|field| !field.is_repeated())?;
    if let Kind::Message(inner) = field.kind() { Some((field, inner)) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;
    use crate::proto::caffe::{ConvolutionParameter, ScaleParameter};
    use crate::proto::{descriptor, text};

    fn msra() -> FillerParameter {
        FillerParameter { r#type: Some("msra".into()), std: Some(f32::NAN), ..Default::default() }
    }

    #[test]
    fn the_field_is_set_and_nothing_else() {
        let convolution = ConvolutionParameter { num_output: Some(3), ..Default::default() };
        let mut layer = LayerParameter { convolution_param: Some(convolution.clone().into()), ..Default::default() };
        assert!(set_filler(&mut layer, descriptor("LayerParameter"), "convolution_param.weight_filler", &msra()));
        let expected = ConvolutionParameter { weight_filler: Some(msra()), ..convolution };
        let expected = LayerParameter { convolution_param: Some(expected.into()), ..Default::default() };
        assert_eq!(layer.encode_to_vec(), expected.encode_to_vec());
    }

    #[test]
    fn a_missing_message_is_made() {
        let mut layer = LayerParameter::default();
        assert!(set_filler(
            &mut layer,
            descriptor("LayerParameter"),
            "scale_param.filler",
            &FillerParameter::default()
        ));
        let scale = ScaleParameter { filler: Some(FillerParameter::default()), ..Default::default() };
        assert_eq!(layer, LayerParameter { scale_param: Some(scale.into()), ..Default::default() });
    }

    #[test]
    fn what_is_no_filler_s_field_is_left_alone() {
        for path in
            ["", "name", "convolution_param", "convolution_param.none", "none.filler", "dummy_data_param.data_filler"]
        {
            let mut layer = LayerParameter::default();
            assert!(!set_filler(&mut layer, descriptor("LayerParameter"), path, &msra()), "{path}");
            assert_eq!(layer, LayerParameter::default());
        }
    }

    #[test]
    fn fields_that_only_a_fork_has_are_set() {
        let message = Dialect::get("segnet").unwrap().layer_message();
        let mut layer = LayerParameter { name: Some("bn1".into()), ..Default::default() };
        assert!(!set_filler(&mut layer, descriptor("LayerParameter"), "bn_param.scale_filler", &msra()));
        let one = FillerParameter { value: Some(1.0), ..Default::default() };
        assert!(set_filler(&mut layer, message, "bn_param.scale_filler", &one));
        let bytes = layer.encode_to_vec();
        let text = text::to_string(message, &gate::unfolded(&bytes, message)).unwrap();
        assert_eq!(text, "name: \"bn1\"\nbn_param {\n  scale_filler {\n    value: 1\n  }\n}\n");
    }
}
