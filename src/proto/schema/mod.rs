//! Caffe's schema as constant tables: its messages, their fields and its enums.
//!
//! `build.rs` makes the tables, so that nothing is built when the program starts. A [`MessageType`], a [`FieldType`] and
//! an [`EnumType`] are handles of one or two words into them.

mod entry;

use std::fmt;

use entry::{EnumEntry, FieldEntry, Label, MessageEntry};

mod tables {
    use super::Schema;
    use super::entry::{EnumEntry, FieldEntry, KindEntry, Label, MessageEntry};

    include!(concat!(env!("OUT_DIR"), "/tables.rs"));
}

/// The comments of the schema one after the other; tables hold the range of each.
static COMMENTS: &str = include_str!(concat!(env!("OUT_DIR"), "/comments.txt"));

/// The tables of a schema.
pub struct Schema {
    /// In the order of their names.
    messages: &'static [MessageEntry],
    enums: &'static [EnumEntry],
}

impl Schema {
    /// BVLC Caffe's schema, with this program's extensions.
    pub fn caffe() -> &'static Schema {
        &tables::CAFFE
    }

    /// The message of this name, with `caffe.` in front or without it.
    ///
    /// ```
    /// use caffemodel::proto::Schema;
    /// let net = Schema::caffe().message("NetParameter").unwrap();
    /// assert_eq!(net.field_named("layer").unwrap().number(), 100);
    /// assert!(Schema::caffe().message("Net").is_none());
    /// ```
    pub fn message(&'static self, name: &str) -> Option<MessageType> {
        let name = name.strip_prefix("caffe.").unwrap_or(name);
        let found = self.messages.binary_search_by(|entry| entry.name.cmp(name)).ok()?;
        Some(MessageType { schema: self, entry: &self.messages[found] })
    }

    /// All messages in the order of their names.
    pub fn messages(&'static self) -> impl Iterator<Item = MessageType> {
        self.messages.iter().map(move |entry| MessageType { schema: self, entry })
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").field("messages", &self.messages.len()).finish_non_exhaustive()
    }
}

/// A message of a schema.
#[derive(Clone, Copy)]
pub struct MessageType {
    schema: &'static Schema,
    entry: &'static MessageEntry,
}

impl MessageType {
    /// Its name without the package.
    pub fn name(self) -> &'static str {
        self.entry.name
    }

    /// What the schema's comment says of it.
    pub fn about(self) -> &'static str {
        comment(self.entry.about)
    }

    /// Its fields in the order in which the schema declares them.
    pub fn fields(self) -> impl ExactSizeIterator<Item = FieldType> {
        self.entry.fields.iter().map(move |entry| self.handle(entry))
    }

    /// The field of this number.
    pub fn field(self, number: u32) -> Option<FieldType> {
        let fields = self.entry.fields;
        let by_number = self.entry.by_number;
        let found = by_number.binary_search_by_key(&number, |&index| fields[usize::from(index)].number).ok()?;
        Some(self.handle(&fields[usize::from(by_number[found])]))
    }

    /// The field of this name.
    pub fn field_named(self, name: &str) -> Option<FieldType> {
        let fields = self.entry.fields;
        let by_name = self.entry.by_name;
        let found = by_name.binary_search_by(|&index| fields[usize::from(index)].name.cmp(name)).ok()?;
        Some(self.handle(&fields[usize::from(by_name[found])]))
    }

    /// The fields that every message must have. Few messages have any.
    pub fn required_fields(self) -> impl Iterator<Item = FieldType> {
        self.entry.required.iter().map(move |&index| self.handle(&self.entry.fields[usize::from(index)]))
    }

    fn handle(self, entry: &'static FieldEntry) -> FieldType {
        FieldType { schema: self.schema, entry }
    }
}

impl PartialEq for MessageType {
    fn eq(&self, other: &MessageType) -> bool {
        std::ptr::eq(self.entry, other.entry)
    }
}

impl Eq for MessageType {}

impl fmt::Debug for MessageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MessageType").field(&self.name()).finish()
    }
}

/// A field of a message.
#[derive(Clone, Copy)]
pub struct FieldType {
    schema: &'static Schema,
    entry: &'static FieldEntry,
}

impl FieldType {
    /// Its name.
    pub fn name(self) -> &'static str {
        self.entry.name
    }

    /// Its number, which stands in binary messages.
    pub fn number(self) -> u32 {
        self.entry.number
    }

    /// What its values are.
    pub fn kind(self) -> Kind {
        self.entry.kind.resolve(self.schema)
    }

    /// Whether it may be given several times.
    pub fn is_repeated(self) -> bool {
        self.entry.label == Label::Repeated
    }

    /// Whether every message must have it.
    pub fn is_required(self) -> bool {
        self.entry.label == Label::Required
    }

    /// Whether its values are written one after the other behind a single key.
    pub fn is_packed(self) -> bool {
        self.entry.packed
    }

    /// The value that it has where it is not given, if the schema names one.
    pub fn declared_default(self) -> Option<&'static str> {
        self.entry.default
    }

    /// What the schema's comment says of it.
    pub fn about(self) -> &'static str {
        comment(self.entry.about)
    }
}

impl fmt::Debug for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FieldType").field("name", &self.name()).field("number", &self.number()).finish_non_exhaustive()
    }
}

/// An enum of a schema.
#[derive(Clone, Copy)]
pub struct EnumType(&'static EnumEntry);

impl EnumType {
    /// Its name without the package, behind that of the message it stands in: `PoolingParameter.PoolMethod`.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// The names and numbers of its values, in the order in which the schema declares them.
    pub fn values(self) -> &'static [(&'static str, i32)] {
        self.0.values
    }

    /// The names of its values, in the order in which the schema declares them.
    pub fn value_names(self) -> impl Iterator<Item = &'static str> {
        self.0.values.iter().map(|value| value.0)
    }

    /// The name of the value of this number.
    pub fn value_name(self, number: i32) -> Option<&'static str> {
        self.0.values.iter().find(|value| value.1 == number).map(|value| value.0)
    }

    /// The number of the value of this name.
    pub fn value_number(self, name: &str) -> Option<i32> {
        self.0.values.iter().find(|value| value.0 == name).map(|value| value.1)
    }
}

impl fmt::Debug for EnumType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EnumType").field(&self.name()).finish()
    }
}

/// The kinds of values that occur in Caffe's schema.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub enum Kind {
    Int32,
    Int64,
    Uint32,
    Uint64,
    Float,
    Double,
    Bool,
    String,
    Bytes,
    /// A named number.
    Enum(EnumType),
    /// A message within the message.
    Message(MessageType),
}

impl Kind {
    /// As a schema writes it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Int32 => "int32",
            Kind::Int64 => "int64",
            Kind::Uint32 => "uint32",
            Kind::Uint64 => "uint64",
            Kind::Float => "float",
            Kind::Double => "double",
            Kind::Bool => "bool",
            Kind::String => "string",
            Kind::Bytes => "bytes",
            Kind::Enum(values) => values.name(),
            Kind::Message(message) => message.name(),
        }
    }

    /// The message, if it is one.
    pub fn message(self) -> Option<MessageType> {
        if let Kind::Message(message) = self { Some(message) } else { None }
    }
}

fn comment((start, end): (u32, u32)) -> &'static str {
    &COMMENTS[start as usize..end as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_name_and_by_number() {
        for message in Schema::caffe().messages() {
            assert_eq!(Schema::caffe().message(message.name()), Some(message));
            for field in message.fields() {
                assert_eq!(message.field(field.number()).unwrap().name(), field.name());
                assert_eq!(message.field_named(field.name()).unwrap().number(), field.number());
            }
            assert!(message.field(0).is_none() && message.field_named("").is_none());
        }
    }

    #[test]
    fn every_message_and_field_is_documented() {
        for message in Schema::caffe().messages() {
            assert!(!message.about().is_empty(), "{}", message.name());
            for field in message.fields() {
                assert!(!field.about().is_empty(), "{}.{}", message.name(), field.name());
            }
        }
    }

    #[test]
    fn enums_give_names_for_numbers_and_back() {
        let filler = Schema::caffe().message("FillerParameter").unwrap();
        let Kind::Enum(norm) = filler.field_named("variance_norm").unwrap().kind() else { panic!("it is an enum") };
        assert_eq!(norm.name(), "FillerParameter.VarianceNorm");
        assert_eq!((norm.value_name(1), norm.value_number("AVERAGE")), (Some("FAN_OUT"), Some(2)));
        assert_eq!((norm.value_name(7), norm.value_number("fan_out")), (None, None));
    }
}
