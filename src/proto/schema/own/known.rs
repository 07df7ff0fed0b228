//! What the program's own schemas have of a name.

use std::collections::BTreeMap;

use crate::proto::schema::{FieldType, MessageType, Schema};

/// The numbers in the union of the values of an enum of this name, in any of the program's schemas.
pub(super) fn known_values(name: &str) -> BTreeMap<&'static str, i32> {
    let mut values = BTreeMap::new();
    for entry in Schema::caffe().union.enums {
        if entry.name.get(Schema::caffe().union) == name {
            values.extend(entry.values.iter().map(|value| (value.name.get(Schema::caffe().union), value.number)));
        }
    }
    values
}

/// Whether the program's message of this name has a field for what is not read of it.
pub(super) fn keeps(message: &str) -> bool {
    let known = Schema::all().iter().find_map(|schema| schema.message(message));
    known.is_some_and(MessageType::keeps)
}

/// Whether any of the program's schemas has a message of this name.
pub(super) fn is_read(message: &str) -> bool {
    Schema::all().iter().any(|schema| schema.message(message).is_some())
}

/// Whether the program reads lists of this message.
pub(super) fn is_listed(message: &str) -> bool {
    let lists = |field: FieldType| {
        field.is_repeated() && field.is_read() && field.kind().message().is_some_and(|inner| inner.name() == message)
    };
    Schema::all().iter().flat_map(Schema::messages).any(|owner| owner.fields_by_name().any(lists))
}
