//! The messages that can occur below a root message, as tables that are quick to look up.

use std::collections::HashMap;

use prost_reflect::{EnumDescriptor, MessageDescriptor};

/// The kinds of values that occur in Caffe's schema.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Int32,
    Int64,
    Uint32,
    Uint64,
    Float,
    Double,
    Bool,
    String,
    Bytes,
    Enum(EnumDescriptor),
    /// The index of the message in the [`Schema`].
    Message(usize),
}

impl Kind {
    /// What the text has to hold, for messages.
    pub(super) fn expected(&self) -> &'static str {
        match self {
            Kind::Int32 | Kind::Int64 => "an integer",
            Kind::Uint32 | Kind::Uint64 => "an integer of at least 0",
            Kind::Float | Kind::Double => "a number",
            Kind::Bool => "true or false",
            Kind::String | Kind::Bytes => "a quoted string",
            Kind::Enum(_) => "a name without quotes",
            Kind::Message(_) => "a message in braces",
        }
    }
}

#[derive(Debug)]
pub(super) struct Field {
    /// The place in [`Message::fields`].
    pub(super) index: usize,
    pub(super) name: Box<str>,
    pub(super) number: u32,
    pub(super) repeated: bool,
    pub(super) required: bool,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) struct Message {
    pub(super) name: Box<str>,
    pub(super) fields: Vec<Field>,
    by_name: HashMap<Box<str>, usize>,
}

impl Message {
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.by_name.get(name).map(|&index| &self.fields[index])
    }
}

/// A root message, which is the first, and every message that can occur in it.
#[derive(Debug)]
pub(super) struct Schema {
    messages: Vec<Message>,
}

impl Schema {
    pub(super) fn new(root: &MessageDescriptor) -> Schema {
        let mut pending = Pending { descriptors: vec![root.clone()], by_name: HashMap::new() };
        pending.by_name.insert(root.full_name().to_owned(), 0);
        let mut messages = Vec::new();
        while let Some(descriptor) = pending.descriptors.get(messages.len()).cloned() {
            messages.push(table(&descriptor, &mut pending));
        }
        Schema { messages }
    }

    pub(super) fn message(&self, index: usize) -> &Message {
        &self.messages[index]
    }
}

/// The messages found so far; their indices are those of the tables to come.
struct Pending {
    descriptors: Vec<MessageDescriptor>,
    by_name: HashMap<String, usize>,
}

impl Pending {
    fn index(&mut self, message: MessageDescriptor) -> usize {
        if let Some(&index) = self.by_name.get(message.full_name()) {
            return index;
        }
        let index = self.descriptors.len();
        self.by_name.insert(message.full_name().to_owned(), index);
        self.descriptors.push(message);
        index
    }
}

fn table(descriptor: &MessageDescriptor, pending: &mut Pending) -> Message {
    let fields: Vec<Field> = descriptor
        .fields()
        .enumerate()
        .map(|(index, field)| Field {
            index,
            name: field.name().into(),
            number: field.number(),
            repeated: field.is_list(),
            required: field.cardinality() == prost_reflect::Cardinality::Required,
            kind: kind(field.kind(), pending),
        })
        .collect();
    let by_name = fields.iter().map(|field| (field.name.clone(), field.index)).collect();
    Message { name: descriptor.name().into(), fields, by_name }
}

fn kind(kind: prost_reflect::Kind, pending: &mut Pending) -> Kind {
    use prost_reflect::Kind as Declared;
    match kind {
        Declared::Int32 => Kind::Int32,
        Declared::Int64 => Kind::Int64,
        Declared::Uint32 => Kind::Uint32,
        Declared::Uint64 => Kind::Uint64,
        Declared::Float => Kind::Float,
        Declared::Double => Kind::Double,
        Declared::Bool => Kind::Bool,
        Declared::String => Kind::String,
        Declared::Bytes => Kind::Bytes,
        Declared::Enum(values) => Kind::Enum(values),
        Declared::Message(message) => Kind::Message(pending.index(message)),
        other => unreachable!("Caffe's schema has no fields of kind {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_below_the_root_is_there_once() {
        let schema = Schema::new(&crate::proto::descriptor("NetParameter"));
        let names: Vec<&str> = schema.messages.iter().map(|message| &*message.name).collect();
        assert_eq!(names[0], "NetParameter");
        assert_eq!(names.iter().filter(|&&name| name == "FillerParameter").count(), 1);
        assert!(!names.contains(&"SolverParameter"));
    }

    #[test]
    fn every_message_of_the_schema_is_supported() {
        for message in crate::proto::descriptor("NetParameter").parent_pool().all_messages() {
            if message.package_name() == "caffe" {
                assert!(message.oneofs().len() == 0 && message.extension_ranges().len() == 0, "{}", message.name());
                assert!(message.fields().all(|field| !field.is_group() && !field.is_map()), "{}", message.name());
                Schema::new(&message);
            }
        }
    }
}
