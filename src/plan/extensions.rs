//! Fillers in the saved net that Caffe does not know.

use std::collections::BTreeSet;

use prost::Message;

use super::PlannedLayer;
use crate::filler::FillerRegistry;
use crate::proto::caffe::FillerParameter;
use crate::proto::fields::Fields;
use crate::proto::gate;
use crate::proto::schema::{FieldType, Kind, MessageType};

/// What to tell of the extensions among the fillers that the layers are saved with, if there are any.
///
/// The message is that of layers.
pub(super) fn notice(layers: &[PlannedLayer], message: MessageType, fillers: &FillerRegistry) -> Option<String> {
    let (fillers, names) = named(layers, message, &|name| {
        fillers.stand_in(name).is_none() && fillers.get(name).is_some_and(|entry| entry.extension)
    })?;
    Some(format!("Caffe lacks the {fillers} {names}: it can load the weights, but not initialise the net itself"))
}

/// What to tell of the fillers that the layers are saved with and that the Caffe of the dialect takes for constant, if
/// there are any.
pub(super) fn stand_ins(layers: &[PlannedLayer], message: MessageType, fillers: &FillerRegistry) -> Option<String> {
    let (kind, names) = named(layers, message, &|name| fillers.stand_in(name).is_some())?;
    Some(format!(
        "this Caffe lacks the {kind} {names} and takes constant instead: every value is that of the filler, or 0"
    ))
}

/// The names of the fillers of the layers that are of a kind, behind the word for them; `None` where there are none.
fn named(
    layers: &[PlannedLayer],
    message: MessageType,
    is_of_kind: &dyn Fn(&str) -> bool,
) -> Option<(&'static str, String)> {
    let mut names = BTreeSet::new();
    let mut note = |filler: &[u8]| {
        let param = FillerParameter::decode(filler).ok();
        names.extend(param.map(|param| param.r#type().to_owned()).filter(|name| is_of_kind(name)));
    };
    for layer in layers {
        for_each_filler(&gate::unfolded(&layer.param.encode_to_vec(), message), message, &mut note);
    }
    let word = if names.len() == 1 { "filler" } else { "fillers" };
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    (!names.is_empty()).then_some((word, names))
}

/// Shows all fillers in an encoded message, encoded, too.
fn for_each_filler(bytes: &[u8], message: MessageType, show: &mut dyn FnMut(&[u8])) {
    if message.name() == "FillerParameter" {
        return show(bytes);
    }
    for field in Fields::new(bytes, 0, message.name()).map_while(Result::ok) {
        if let Some(Kind::Message(inner)) = message.field(field.number).map(FieldType::kind) {
            for_each_filler(field.body, inner, show);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;
    use crate::proto::text::{self, Source};

    #[test]
    fn fillers_are_found_wherever_the_schema_has_them() {
        let message = Dialect::get("segnet-cudnn5").unwrap().layer_message();
        let layer = "recurrent_param { weight_filler { type: 'orthogonal' } bias_filler { type: 'constant' } }
            dummy_data_param { data_filler { type: 'xavier' } data_filler { type: 'msra' } }
            bn_param { scale_filler { type: 'uniform' } } param { name: 'type' }";
        let encoded = text::parse(&Source::new("net.prototxt", layer), message).unwrap().into_bytes();
        let mut names = Vec::new();
        for_each_filler(&encoded, message, &mut |filler| {
            names.push(FillerParameter::decode(filler).unwrap().r#type().to_owned());
        });
        assert_eq!(names, ["orthogonal", "constant", "xavier", "msra", "uniform"]);
    }
}
