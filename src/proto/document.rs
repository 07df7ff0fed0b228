//! What the schema's comments say of its messages and fields.

use std::collections::HashMap;
use std::sync::LazyLock;

use prost::Message;
use prost_reflect::prost_types::SourceCodeInfo;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde::Serialize;

/// A field of a message, with its documentation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldDocument {
    /// Its name.
    pub name: String,
    /// Its type as in the schema; of an enum, its values.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its value where it is not given, if the schema names one.
    pub default: Option<String>,
    /// What the schema's comment says of it.
    pub about: String,
}

/// The comments of the schema by the path of what they belong to.
static COMMENTS: LazyLock<HashMap<Vec<i32>, String>> = LazyLock::new(|| {
    let bytes = include_bytes!(concat!(env!("OUT_DIR"), "/comments.bin"));
    let commented = SourceCodeInfo::decode(bytes.as_slice()).expect("the build wrote the comments");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    commented.location.iter().map(|location| (location.path.clone(), words(location.leading_comments()))).collect()
});

/// What the schema's comment says of a message.
pub fn about(message: &MessageDescriptor) -> &'static str {
    COMMENTS.get(message.path()).map_or("", String::as_str)
}

/// The fields of a message in the schema's order.
pub fn fields(message: &MessageDescriptor) -> Vec<FieldDocument> {
    let mut fields: Vec<FieldDescriptor> = message.fields().collect();
    fields.sort_by_key(|field| field.path().to_vec());
    fields.iter().map(field).collect()
}

/// The documentation of a field.
pub fn field(field: &FieldDescriptor) -> FieldDocument {
    let declared = field.field_descriptor_proto();
    let default = match field.kind() {
        _ if field.is_list() => None,
        Kind::Enum(values) => {
            Some(declared.default_value.clone().unwrap_or_else(|| values.default_value().name().to_owned()))
        }
        _ => declared.default_value.clone(),
    };
    FieldDocument {
        name: field.name().to_owned(),
        kind: kind(field),
        default,
        about: COMMENTS.get(field.path()).cloned().unwrap_or_default(),
    }
}

fn kind(field: &FieldDescriptor) -> String {
    let kind = match field.kind() {
        Kind::Message(message) => message.name().to_owned(),
        Kind::Enum(values) => values.values().map(|value| value.name().to_owned()).collect::<Vec<_>>().join("|"),
        scalar => format!("{scalar:?}"),
    };
    if field.is_list() { format!("repeated {kind}") } else { kind }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::descriptor;

    #[test]
    fn comments_and_defaults_are_those_of_the_schema() {
        let message = descriptor("PoolingParameter");
        assert!(!about(&message).is_empty());
        let fields = fields(&message);
        let pool = &fields[0];
        let expected = ("pool", "MAX|AVE|STOCHASTIC", Some("MAX"));
        assert_eq!((pool.name.as_str(), pool.kind.as_str(), pool.default.as_deref()), expected);
        let of_filler = |name: &str| field(&descriptor("FillerParameter").get_field_by_name(name).unwrap());
        let std = of_filler("std");
        assert_eq!((std.kind.as_str(), std.default.as_deref()), ("float", Some("1")));
        assert!(std.about.starts_with("The standard deviation of `gaussian`"), "{}", std.about);
        assert_eq!(of_filler("a").default, None);
    }

    #[test]
    fn every_message_and_field_is_documented() {
        for message in descriptor("NetParameter").parent_file().messages() {
            assert!(!about(&message).is_empty(), "{}", message.name());
            for field in fields(&message) {
                assert!(!field.about.is_empty(), "{}.{}", message.name(), field.name);
            }
        }
    }
}
