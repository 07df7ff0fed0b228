//! Fillers in the saved net that Caffe does not know.

use std::collections::BTreeSet;

use prost::Message;
use prost_reflect::{DynamicMessage, ReflectMessage, Value};

use super::PlannedLayer;
use crate::filler::Registry;
use crate::proto::descriptor;

/// What to tell of the extensions among the fillers that the layers are saved with, if there are any.
pub(super) fn notice(layers: &[PlannedLayer], fillers: &Registry) -> Option<String> {
    let mut names = BTreeSet::new();
    for layer in layers {
        let bytes = layer.param.encode_to_vec();
        if let Ok(message) = DynamicMessage::decode(descriptor("LayerParameter"), bytes.as_slice()) {
            collect(&message, fillers, &mut names);
        }
    }
    let fillers = if names.len() == 1 { "filler" } else { "fillers" };
    let known = names.into_iter().collect::<Vec<_>>().join(", ");
    let notice =
        format!("Caffe lacks the {fillers} {known}: it can load the weights, but not initialise the net itself");
    (!known.is_empty()).then_some(notice)
}

/// Adds the names of the extensions in a message and those below it.
fn collect(message: &DynamicMessage, fillers: &Registry, names: &mut BTreeSet<&'static str>) {
    if message.descriptor().name() == "FillerParameter" {
        let name = message.get_field_by_name("type");
        let entry = name.as_deref().and_then(Value::as_str).and_then(|name| fillers.get(name));
        names.extend(entry.filter(|entry| entry.extension).map(|entry| entry.name));
    }
    for (_, value) in message.fields() {
        let inner = value.as_list().unwrap_or(std::slice::from_ref(value));
        inner.iter().filter_map(Value::as_message).for_each(|inner| collect(inner, fillers, names));
    }
}
