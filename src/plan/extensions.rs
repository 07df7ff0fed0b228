//! Fillers in the saved net that Caffe does not know.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::proto::schema::{Kind, MessageType};
use prost::Message;

use super::PlannedLayer;
use crate::filler::FillerRegistry;
use crate::proto::caffe::FillerParameter;
use crate::proto::descriptor;
use crate::proto::fields::Fields;

/// What to tell of the extensions among the fillers that the layers are saved with, if there are any.
pub(super) fn notice(layers: &[PlannedLayer], fillers: &FillerRegistry) -> Option<String> {
    let mut names = BTreeSet::new();
    let mut note = |filler: &[u8]| {
        let name = FillerParameter::decode(filler).ok().and_then(|param| fillers.get(param.r#type()));
        names.extend(name.filter(|entry| entry.extension).map(|entry| entry.name));
    };
    for layer in layers {
        for_each_filler(&layer.param.encode_to_vec(), &HOLDERS, &mut note);
    }
    let fillers = if names.len() == 1 { "filler" } else { "fillers" };
    let known = names.into_iter().collect::<Vec<_>>().join(", ");
    let notice =
        format!("Caffe lacks the {fillers} {known}: it can load the weights, but not initialise the net itself");
    (!known.is_empty()).then_some(notice)
}

/// Where a message holds fillers.
struct Holder {
    /// The number of a field of the message.
    number: u32,
    /// Where the field's message holds them; nowhere if it is itself one.
    below: Vec<Holder>,
}

/// Where a layer does.
static HOLDERS: LazyLock<Vec<Holder>> = LazyLock::new(|| holders(descriptor("LayerParameter")));

fn holders(message: MessageType) -> Vec<Holder> {
    let holder = |number, inner: MessageType| {
        let below = holders(inner);
        (inner.name() == "FillerParameter" || !below.is_empty()).then_some(Holder { number, below })
    };
    let messages = message.fields_by_name().filter_map(|field| match field.kind() {
        Kind::Message(inner) => holder(field.number(), inner),
        _ => None,
    });
    messages.collect()
}

/// Shows all fillers in an encoded message, encoded, too.
fn for_each_filler(message: &[u8], holders: &[Holder], show: &mut dyn FnMut(&[u8])) {
    for field in Fields::new(message, 0, "LayerParameter").map_while(Result::ok) {
        for holder in holders.iter().filter(|holder| holder.number == field.number) {
            match holder.below.as_slice() {
                [] => show(field.body),
                below => for_each_filler(field.body, below, show),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::caffe::{LayerParameter, RecurrentParameter};

    #[test]
    fn fillers_are_found_wherever_the_schema_has_them() {
        let filler = |name: &str| Some(FillerParameter { r#type: Some(name.into()), ..Default::default() });
        let recurrent = RecurrentParameter {
            weight_filler: filler("orthogonal"),
            bias_filler: filler("constant"),
            ..Default::default()
        };
        let layer = LayerParameter { recurrent_param: Some(Box::new(recurrent)), ..Default::default() };
        let mut names = Vec::new();
        for_each_filler(&layer.encode_to_vec(), &HOLDERS, &mut |filler| {
            names.push(FillerParameter::decode(filler).unwrap().r#type().to_owned());
        });
        assert_eq!(names, ["orthogonal", "constant"]);
        let held: usize = HOLDERS.iter().map(|holder| holder.below.len()).sum();
        let layer = descriptor("LayerParameter");
        let fields = layer.fields().flat_map(|field| match field.kind() {
            Kind::Message(inner) => inner.fields().collect::<Vec<_>>(),
            _ => Vec::new(),
        });
        assert_eq!(held, fields.filter(|field| field.name().ends_with("filler")).count());
    }
}
