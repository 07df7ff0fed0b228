//! What the schema's comments say of its fields.

use serde::Serialize;

use super::schema::{FieldType, Kind, MessageType};

/// A field of a message, with its documentation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldDocument {
    /// Its name.
    pub name: &'static str,
    /// Its type as in the schema; of an enum, its values.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its value where it is not given, if the schema names one.
    pub default: Option<&'static str>,
    /// What the schema's comment says of it.
    pub about: &'static str,
}

/// The fields of a message in the schema's order.
pub fn fields(message: MessageType) -> Vec<FieldDocument> {
    message.fields().map(field).collect()
}

/// The documentation of a field.
pub fn field(field: FieldType) -> FieldDocument {
    let default = match field.kind() {
        _ if field.is_repeated() => None,
        Kind::Enum(values) => field.declared_default().or_else(|| values.value_names().next()),
        _ => field.declared_default(),
    };
    FieldDocument { name: field.name(), kind: kind(field), default, about: field.about() }
}

fn kind(field: FieldType) -> String {
    let kind = match field.kind() {
        Kind::Enum(values) => values.value_names().collect::<Vec<_>>().join("|"),
        other => other.name().to_owned(),
    };
    if field.is_repeated() { format!("repeated {kind}") } else { kind }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::descriptor;

    #[test]
    fn comments_and_defaults_are_those_of_the_schema() {
        let message = descriptor("PoolingParameter");
        let fields = fields(message);
        let pool = &fields[0];
        assert_eq!((pool.name, pool.kind.as_str(), pool.default), ("pool", "MAX|AVE|STOCHASTIC", Some("MAX")));
        let of_filler = |name: &str| field(descriptor("FillerParameter").field_named(name).unwrap());
        let std = of_filler("std");
        assert_eq!((std.kind.as_str(), std.default), ("float", Some("1")));
        assert!(std.about.starts_with("The standard deviation of `gaussian`"), "{}", std.about);
        assert_eq!(of_filler("a").default, None);
    }
}
