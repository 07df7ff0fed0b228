//! What the program's own schemas have of a name.

use std::collections::BTreeMap;

use crate::proto::schema::Schema;
use crate::proto::schema::entry::{KindEntry, Label, MessageEntry, RowEntry};

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
    entry(message).is_some_and(|entry| entry.keeps)
}

/// Whether any of the program's schemas has a message of this name.
pub(super) fn is_read(message: &str) -> bool {
    entry(message).is_some()
}

/// Whether the program reads lists of this message.
pub(super) fn is_listed(message: &str) -> bool {
    let union = Schema::caffe().union;
    let is_named = |index: u16| union.messages[usize::from(index)].name.get(union) == message;
    let lists = |row: &RowEntry| matches!(row.kind, KindEntry::Message(index) if is_named(index));
    union.rows.iter().any(|row| row.label == Label::Repeated && row.read && lists(row))
}

/// The message of this name in the union of the program's schemas.
fn entry(message: &str) -> Option<&'static MessageEntry> {
    let union = Schema::caffe().union;
    let found = union.messages.binary_search_by(|entry| entry.name.get(union).cmp(message));
    found.ok().map(|index| &union.messages[index])
}
