//! Reads protoc's descriptor set, as `protoc --descriptor_set_out` writes it.

use prost::Message;

use super::{Declarations, DeclaredEnum, DeclaredField, DeclaredLabel, DeclaredMessage, within};
use crate::error::Diagnostic;
use crate::proto::text::Span;

/// The parts of a `FileDescriptorSet` that a schema is made of, by the numbers of protobuf's `descriptor.proto`.
#[derive(Clone, PartialEq, Message)]
struct DescriptorSet {
    #[prost(message, repeated, tag = "1")]
    files: Vec<FileDescriptor>,
}

#[derive(Clone, PartialEq, Message)]
struct FileDescriptor {
    #[prost(message, repeated, tag = "4")]
    messages: Vec<MessageDescriptor>,
    #[prost(message, repeated, tag = "5")]
    enums: Vec<EnumDescriptor>,
}

#[derive(Clone, PartialEq, Message)]
struct MessageDescriptor {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "2")]
    fields: Vec<FieldDescriptor>,
    #[prost(message, repeated, tag = "3")]
    messages: Vec<MessageDescriptor>,
    #[prost(message, repeated, tag = "4")]
    enums: Vec<EnumDescriptor>,
}

#[derive(Clone, PartialEq, Message)]
struct FieldDescriptor {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(int32, tag = "3")]
    number: i32,
    #[prost(int32, tag = "4")]
    label: i32,
    #[prost(int32, tag = "5")]
    kind: i32,
    #[prost(string, tag = "6")]
    type_name: String,
    #[prost(string, optional, tag = "7")]
    default: Option<String>,
    #[prost(message, optional, tag = "8")]
    options: Option<FieldOptions>,
}

#[derive(Clone, PartialEq, Message)]
struct FieldOptions {
    #[prost(bool, tag = "2")]
    packed: bool,
}

#[derive(Clone, PartialEq, Message)]
struct EnumDescriptor {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "2")]
    values: Vec<EnumValue>,
}

#[derive(Clone, PartialEq, Message)]
struct EnumValue {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(int32, tag = "2")]
    number: i32,
}

/// The names of protobuf's types, by number; of those that name a type of the schema, nothing.
const TYPES: [&str; 19] = [
    "", "double", "float", "int64", "uint64", "int32", "fixed64", "fixed32", "bool", "string", "group", "", "bytes",
    "uint32", "", "sfixed32", "sfixed64", "sint32", "sint64",
];

/// Reads a schema from all files of a set.
///
/// # Errors
/// The bytes are no descriptor set.
pub(crate) fn read(bytes: &[u8]) -> Result<Declarations, Box<Diagnostic>> {
    let set = DescriptorSet::decode(bytes);
    let set = set.map_err(|error| Box::new(Diagnostic::new(format!("not a descriptor set: {error}"))))?;
    let mut declarations = Declarations { source: None, messages: Vec::new(), enums: Vec::new() };
    for file in set.files {
        file.messages.into_iter().for_each(|message| push_message(&mut declarations, "", message));
        file.enums.into_iter().for_each(|values| push_enum(&mut declarations, "", values));
    }
    Ok(declarations)
}

fn push_message(declarations: &mut Declarations, scope: &str, message: MessageDescriptor) {
    let name = within(scope, &message.name);
    let fields = message.fields.into_iter().map(field).collect();
    declarations.messages.push(DeclaredMessage { name: name.clone(), span: Span::default(), fields });
    message.messages.into_iter().for_each(|inner| push_message(declarations, &name, inner));
    message.enums.into_iter().for_each(|values| push_enum(declarations, &name, values));
}

fn push_enum(declarations: &mut Declarations, scope: &str, EnumDescriptor { name, values }: EnumDescriptor) {
    let values = values.into_iter().map(|value| (value.name, value.number)).collect();
    declarations.enums.push(DeclaredEnum { name: within(scope, &name), span: Span::default(), values });
}

fn field(field: FieldDescriptor) -> DeclaredField {
    let scalar = usize::try_from(field.kind).ok().and_then(|kind| TYPES.get(kind)).copied().unwrap_or_default();
    DeclaredField {
        name: field.name,
        number: field.number.into(),
        label: match field.label {
            2 => DeclaredLabel::Required,
            3 => DeclaredLabel::Repeated,
            _ => DeclaredLabel::Optional,
        },
        type_name: if scalar.is_empty() {
            field.type_name.trim_start_matches('.').to_owned()
        } else {
            scalar.to_owned()
        },
        packed: field.options.is_some_and(|options| options.packed),
        default: field.default,
        span: Span::default(),
        number_span: Span::default(),
        type_span: Span::default(),
    }
}
