//! The messages that prost makes Rust types of: BVLC's, with what the program reads of forks' fields.
//!
//! What the program does not read is kept, encoded by the union's numbers, in a field `kept` of the message. Only some
//! messages have that field; the others leave it to the one that they stand in: two messages one after the other are,
//! in protobuf, the two merged, unless they are elements of a list.

use std::collections::HashSet;

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::source_code_info::Location;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
};

use crate::comments::{
    ENUMS_OF_FILE, ENUMS_OF_MESSAGE, FIELDS_OF_MESSAGE, MESSAGES_OF_FILE, MESSAGES_OF_MESSAGE, VALUES_OF_ENUM,
};
use crate::forks::{CHANGED, FIELDS, MESSAGES};
use crate::union::{FIRST_NUMBER, Kind, Row, Union};

/// Messages that files consist of.
const ROOTS: &[&str] = &["NetParameter", "SolverParameter"];

/// The number of the field for what is not read.
pub const KEPT: i32 = 19_000;

/// The file that prost compiles; `bvlc` is `caffe.proto`.
pub fn file(union: &Union, bvlc: &FileDescriptorProto) -> FileDescriptorProto {
    let mut file = bvlc.clone();
    for row in union.rows.keys().filter(|row| is_read(row)) {
        let message = message_mut(&mut file, &row.message);
        match message.field.iter_mut().find(|field| field.number() == row.number) {
            Some(field) if row.label == Label::Repeated && row.number >= FIRST_NUMBER => {
                field.set_label(Label::Repeated);
                field.default_value = None;
            }
            Some(_) => {}
            None => {
                let taken = message.field.iter().any(|field| field.name().eq_ignore_ascii_case(&row.name));
                message.field.push(field(row, taken));
            }
        }
        if let Kind::Enum(values) = &row.kind
            && (row.number >= FIRST_NUMBER || is_named(row))
        {
            add_values(&mut file, &values.name, &values.values);
        }
    }
    for message in file.message_type.iter_mut().filter(|message| keeps(union, message.name())) {
        message.field.push(kept());
    }
    complete_locations(&mut file);
    file
}

/// Gives all that was added a location without comments, as prost looks for one of everything.
fn complete_locations(file: &mut FileDescriptorProto) {
    let mut paths = Vec::new();
    for (place, values) in (0..).zip(&file.enum_type) {
        push_enum(&mut paths, vec![ENUMS_OF_FILE, place], values);
    }
    for (place, message) in (0..).zip(&file.message_type) {
        push_message(&mut paths, vec![MESSAGES_OF_FILE, place], message);
    }
    let locations = &mut file.source_code_info.get_or_insert_default().location;
    let known: HashSet<Vec<i32>> = locations.iter().map(|location| location.path.clone()).collect();
    let missing = paths.into_iter().filter(|path| !known.contains(path));
    locations.extend(missing.map(|path| Location { path, ..Default::default() }));
}

fn push_message(paths: &mut Vec<Vec<i32>>, path: Vec<i32>, message: &DescriptorProto) {
    for (field, _) in (0..).zip(&message.field) {
        paths.push([&path[..], &[FIELDS_OF_MESSAGE, field]].concat());
    }
    for (place, values) in (0..).zip(&message.enum_type) {
        push_enum(paths, [&path[..], &[ENUMS_OF_MESSAGE, place]].concat(), values);
    }
    for (place, inner) in (0..).zip(&message.nested_type) {
        push_message(paths, [&path[..], &[MESSAGES_OF_MESSAGE, place]].concat(), inner);
    }
    paths.push(path);
}

fn push_enum(paths: &mut Vec<Vec<i32>>, path: Vec<i32>, values: &EnumDescriptorProto) {
    paths.extend((0..values.value.len() as i32).map(|value| [&path[..], &[VALUES_OF_ENUM, value]].concat()));
    paths.push(path);
}

/// Whether the types have the field.
pub fn is_read(row: &Row) -> bool {
    has_type(row) && !is_of_fork_layer(row)
}

/// Whether the field is kept, encoded, in `LayerParameter`, until a rule asks for it: a layer has one or two of some
/// hundred.
pub fn is_on_request(row: &Row) -> bool {
    has_type(row) && is_of_fork_layer(row) && row.message == "LayerParameter"
}

/// Whether a fork has added the field to layers for one of its layer types.
fn is_of_fork_layer(row: &Row) -> bool {
    let is_layer = crate::LAYERS.contains(&row.message.as_str());
    let is_param = row.number >= FIRST_NUMBER && matches!(row.kind, Kind::Message(_));
    is_layer && is_param && !CHANGED.contains(&row.name.as_str())
}

fn has_type(row: &Row) -> bool {
    let is_bvlcs = row.number < FIRST_NUMBER;
    match &row.kind {
        _ if is_bvlcs || is_named(row) => true,
        Kind::Message(name) => MESSAGES.contains(&name.as_str()),
        _ => MESSAGES.contains(&row.message.as_str()),
    }
}

/// Whether the field is one of those that are read beside whole messages.
fn is_named(row: &Row) -> bool {
    FIELDS.contains(&(row.message.as_str(), row.name.as_str()))
}

/// Whether a message has the field `kept`: roots have it, and elements of lists that hold anything unread.
pub fn keeps(union: &Union, message: &str) -> bool {
    let listed = |row: &Row| {
        row.label == Label::Repeated && is_read(row) && matches!(&row.kind, Kind::Message(name) if name == message)
    };
    ROOTS.contains(&message) || union.rows.keys().any(listed) && holds_unread(union, message, 0)
}

/// Whether the message, or one that it holds and that does not keep it itself, has fields that are not read.
fn holds_unread(union: &Union, message: &str, depth: usize) -> bool {
    let inner = |row: &Row| match &row.kind {
        Kind::Message(name) if row.label != Label::Repeated && depth < 8 => holds_unread(union, name, depth + 1),
        _ => false,
    };
    union.rows.keys().filter(|row| row.message == message).any(|row| !is_read(row) || inner(row))
}

fn message_mut<'a>(file: &'a mut FileDescriptorProto, name: &str) -> &'a mut DescriptorProto {
    match name.split_once('.') {
        None => named_mut(&mut file.message_type, name),
        Some((message, inner)) => named_mut(&mut message_mut(file, message).nested_type, inner),
    }
}

fn named_mut<'a>(messages: &'a mut Vec<DescriptorProto>, name: &str) -> &'a mut DescriptorProto {
    let place = messages.iter().position(|message| message.name() == name).unwrap_or_else(|| {
        messages.push(DescriptorProto { name: Some(name.into()), ..Default::default() });
        messages.len() - 1
    });
    &mut messages[place]
}

/// A field of the union.
fn field(row: &Row, taken: bool) -> FieldDescriptorProto {
    let (kind, type_name) = match &row.kind {
        Kind::Scalar(scalar) => (*scalar, None),
        Kind::Enum(values) => (Type::Enum, Some(format!(".caffe.{}", values.name))),
        Kind::Message(name) => (Type::Message, Some(format!(".caffe.{name}"))),
    };
    let label = if row.label == Label::Repeated { Label::Repeated } else { Label::Optional };
    FieldDescriptorProto {
        name: Some(field_name(row, taken)),
        number: Some(row.number),
        label: Some(label.into()),
        r#type: Some(kind.into()),
        type_name,
        default_value: row.default.clone().filter(|_| label == Label::Optional),
        ..Default::default()
    }
}

/// The name of a field; one whose name another type has taken is named after its own type, too.
pub fn field_name(row: &Row, taken: bool) -> String {
    let own = match &row.kind {
        Kind::Scalar(scalar) => scalar.as_str_name().trim_start_matches("TYPE_"),
        Kind::Enum(values) => values.name.rsplit('.').next().unwrap_or(&values.name),
        Kind::Message(name) => name.rsplit('.').next().unwrap_or(name),
    };
    if taken { format!("{}_{}", row.name, own.to_lowercase()) } else { row.name.clone() }
}

/// Adds to the enum what it lacks of these values.
fn add_values(file: &mut FileDescriptorProto, name: &str, values: &[(String, i32, i32)]) {
    let declared = match name.split_once('.') {
        None => &mut file.enum_type,
        Some((message, _)) => &mut message_mut(file, message).enum_type,
    };
    let own = name.rsplit('.').next().unwrap_or(name);
    let place = declared.iter().position(|values| values.name() == own).unwrap_or_else(|| {
        declared.push(EnumDescriptorProto { name: Some(own.into()), ..Default::default() });
        declared.len() - 1
    });
    for (value, _, number) in values {
        if declared[place].value.iter().all(|known| known.name() != value) {
            let value = EnumValueDescriptorProto { name: Some(value.clone()), number: Some(*number), options: None };
            declared[place].value.push(value);
        }
    }
}

fn kept() -> FieldDescriptorProto {
    FieldDescriptorProto {
        name: Some("kept".into()),
        number: Some(KEPT),
        label: Some(Label::Optional.into()),
        r#type: Some(Type::Bytes.into()),
        ..Default::default()
    }
}
