//! What is otherwise in a schema of the user's than the program takes it to be.

use std::collections::BTreeSet;

use super::known::known_values;
use crate::proto::schema::{FieldType, Kind, MessageType, Schema};

impl Schema {
    /// What is otherwise in this schema than the program takes it to be, in a line each: defaults of fields that it
    /// reads, which are taken to be those of BVLC's Caffe or of the first fork that has the field, and values of enums
    /// that no known schema has.
    pub fn differences(&'static self) -> Vec<String> {
        let read = self.messages().flat_map(|message| {
            let fields: Vec<FieldType> = message.fields().filter(|field| field.is_read()).collect();
            fields.into_iter().map(move |field| (message, field))
        });
        let (mut defaults, mut values) = (Vec::new(), BTreeSet::new());
        for (message, field) in read {
            defaults.extend(other_default(message, field));
            values.extend(strange_values(field));
        }
        defaults.into_iter().chain(values).collect()
    }
}

/// What to say of a field whose default is not the one that the program takes it to have.
fn other_default(message: MessageType, field: FieldType) -> Option<String> {
    let mut named = Schema::all().iter().filter_map(|schema| schema.message(message.name())?.field_named(field.name()));
    let known = named.find(|known| known.number() == field.number())?;
    let (own, known) = (default(field), default(known));
    let is_same = own == known || own.parse::<f32>().is_ok_and(|own| known.parse() == Ok(own));
    let place = format!("{}.{}", message.name(), field.name());
    (!is_same).then(|| format!("{place} is {own} where a net does not give it, and is taken to be {known}"))
}

/// What to say of the values of a field that no known schema has.
fn strange_values(field: FieldType) -> Option<String> {
    let Kind::Enum(values) = field.kind() else { return None };
    let known = known_values(values.name());
    let strange: Vec<&str> = values.value_names().filter(|name| !known.contains_key(name)).collect();
    let (enum_name, strange_names) = (values.name(), strange.join(", "));
    (!strange.is_empty())
        .then(|| format!("{strange_names} of {enum_name} is not known: it is saved as it is, and read as the default"))
}

/// The value of a field that is not given.
fn default(field: FieldType) -> String {
    let implied = match field.kind() {
        _ if field.is_repeated() => "",
        Kind::String | Kind::Bytes | Kind::Message(_) => "",
        Kind::Bool => "false",
        Kind::Enum(values) => values.value_names().next().unwrap_or_default(),
        _ => "0",
    };
    field.declared_default().filter(|_| !field.is_repeated()).unwrap_or(implied).to_owned()
}
