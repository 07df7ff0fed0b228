//! Caffe's schema and those of its forks as constant tables: messages, their fields and enums.
//!
//! `build.rs` makes the tables, so that nothing is built when the program starts. Fields meet by name: a field that
//! several schemas have is one field of their *union*, with one number there, and each schema says by which number its
//! files have it. A [`MessageType`], a [`FieldType`] and an [`EnumType`] are handles into the tables. A schema that the
//! user brings is made into such tables when it is read.

mod entry;
mod own;

use std::fmt;

use entry::{EnumEntry, Label, MessageEntry, RowEntry, Union};
use tables::VIEWS;

mod tables {
    use super::Schema;
    use super::entry::{EnumEntry, KindEntry, Label, MessageEntry, RowEntry, TEXT, Text, Union, ValueEntry};

    include!(concat!(env!("OUT_DIR"), "/tables.rs"));
}

/// A schema: which fields of the union it has, and their numbers in its files.
pub struct Schema {
    name: &'static str,
    union: &'static Union,
    /// Where the fields of each of the union's messages begin, and where those of the last end.
    ends: &'static [u16],
    /// The row in the union and the number in files; of each message in the order of the names.
    fields: &'static [(u16, u32)],
    /// The places of a message's fields in the order of their numbers in files.
    by_saved: &'static [u16],
    /// The places of a message's fields in the order of their numbers in the union.
    by_number: &'static [u16],
    /// The messages that have required fields.
    requiring: &'static [u16],
}

impl Schema {
    /// BVLC Caffe's schema, with this program's extensions.
    pub fn caffe() -> &'static Schema {
        &VIEWS[0]
    }

    /// All schemas, BVLC's first.
    pub fn all() -> &'static [Schema] {
        VIEWS
    }

    /// Whether it is BVLC's, by whose numbers the program's own messages are encoded.
    pub(crate) fn is_caffe(&'static self) -> bool {
        std::ptr::eq(self, Schema::caffe())
    }

    /// The schema's name, which is that of its dialect.
    pub fn name(&self) -> &'static str {
        self.name
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
        let found = self.union.messages.binary_search_by(|entry| entry.name.get(self.union).cmp(name)).ok()?;
        Some(MessageType { schema: self, index: found as u16 }).filter(|message| !message.range().is_empty())
    }

    /// All messages in the order of their names.
    pub fn messages(&'static self) -> impl Iterator<Item = MessageType> {
        let messages = (0..self.union.messages.len() as u16).map(move |index| MessageType { schema: self, index });
        messages.filter(|message| !message.range().is_empty())
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Schema").field(&self.name).finish()
    }
}

/// A message of a schema.
#[derive(Clone, Copy)]
pub struct MessageType {
    schema: &'static Schema,
    /// Its place in the union.
    index: u16,
}

impl MessageType {
    /// Its name without the package.
    pub fn name(self) -> &'static str {
        self.entry().name.get(self.schema.union)
    }

    /// What the schema's comment says of it.
    pub fn about(self) -> &'static str {
        self.entry().about.get(self.schema.union)
    }

    /// Whether the program's message has a field for what it does not read of it and of those within it.
    pub(crate) fn keeps(self) -> bool {
        self.entry().keeps
    }

    fn entry(self) -> &'static MessageEntry {
        &self.schema.union.messages[usize::from(self.index)]
    }

    /// The schema that it is a message of.
    pub fn schema(self) -> &'static Schema {
        self.schema
    }

    /// The same message of another schema, if that has it.
    pub fn of(self, schema: &'static Schema) -> Option<MessageType> {
        if !std::ptr::eq(self.schema.union, schema.union) {
            return schema.message(self.name());
        }
        Some(MessageType { schema, index: self.index }).filter(|message| !message.range().is_empty())
    }

    /// Its fields in the order in which the schema declares them.
    pub fn fields(self) -> impl ExactSizeIterator<Item = FieldType> {
        let mut fields: Vec<FieldType> = self.fields_by_name().collect();
        fields.sort_unstable_by_key(|field| (field.row().declared, field.saved_number()));
        fields.into_iter()
    }

    /// Its fields in the order of their names.
    pub(crate) fn fields_by_name(self) -> impl Iterator<Item = FieldType> {
        self.schema.fields[self.range()].iter().map(move |entry| self.handle(entry))
    }

    /// The field of this number in the union.
    pub fn field(self, number: u32) -> Option<FieldType> {
        self.find(self.schema.by_number, |field| field.number().cmp(&number))
    }

    /// The field of this number in the schema's files.
    pub fn saved_field(self, number: u32) -> Option<FieldType> {
        self.find(self.schema.by_saved, |field| field.saved_number().cmp(&number))
    }

    /// The field of this name.
    pub fn field_named(self, name: &str) -> Option<FieldType> {
        let fields = &self.schema.fields[self.range()];
        let found = fields.binary_search_by(|entry| self.handle(entry).name().cmp(name)).ok()?;
        Some(self.handle(&fields[found]))
    }

    /// The fields that every message must have, in the order in which the schema declares them. Few messages have any.
    pub fn required_fields(self) -> impl Iterator<Item = FieldType> {
        let requires = self.schema.requiring.contains(&self.index);
        requires.then(|| self.fields()).into_iter().flatten().filter(|field| field.is_required())
    }

    fn range(self) -> std::ops::Range<usize> {
        let index = usize::from(self.index);
        self.schema.ends[index].into()..self.schema.ends[index + 1].into()
    }

    fn find(self, order: &'static [u16], compare: impl Fn(FieldType) -> std::cmp::Ordering) -> Option<FieldType> {
        let fields = &self.schema.fields[self.range()];
        let order = &order[self.range()];
        let found = order.binary_search_by(|&place| compare(self.handle(&fields[usize::from(place)]))).ok()?;
        Some(self.handle(&fields[usize::from(order[found])]))
    }

    fn handle(self, entry: &'static (u16, u32)) -> FieldType {
        FieldType { schema: self.schema, entry }
    }
}

impl PartialEq for MessageType {
    fn eq(&self, other: &MessageType) -> bool {
        std::ptr::eq(self.schema, other.schema) && self.index == other.index
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
    entry: &'static (u16, u32),
}

impl FieldType {
    /// Its name.
    #[inline]
    pub fn name(self) -> &'static str {
        self.row().name.get(self.schema.union)
    }

    /// Its number in the union of all schemas, and so in the program's messages. For what BVLC has it is BVLC's.
    pub fn number(self) -> u32 {
        self.row().number
    }

    /// Its number in the schema's binary files.
    pub fn saved_number(self) -> u32 {
        self.entry.1
    }

    /// Whether the program's messages have it. Of what they do not have, each message keeps the encoded fields.
    pub(crate) fn is_read(self) -> bool {
        self.row().read
    }

    /// What its values are.
    #[inline]
    pub fn kind(self) -> Kind {
        self.row().kind.resolve(self.schema)
    }

    /// Whether it may be given several times.
    pub fn is_repeated(self) -> bool {
        self.row().label == Label::Repeated
    }

    /// Whether every message must have it.
    pub fn is_required(self) -> bool {
        self.row().label == Label::Required
    }

    /// Whether its values are written one after the other behind a single key.
    pub fn is_packed(self) -> bool {
        self.row().packed
    }

    /// The value that it has where it is not given, if the schema names one.
    pub fn declared_default(self) -> Option<&'static str> {
        self.row().default.map(|text| text.get(self.schema.union))
    }

    /// What the schema's comment says of it.
    pub fn about(self) -> &'static str {
        self.row().about.get(self.schema.union)
    }

    #[inline]
    fn row(self) -> &'static RowEntry {
        &self.schema.union.rows[usize::from(self.entry.0)]
    }
}

impl fmt::Debug for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FieldType").field("name", &self.name()).field("number", &self.number()).finish_non_exhaustive()
    }
}

/// An enum of a schema.
#[derive(Clone, Copy)]
pub struct EnumType {
    union: &'static Union,
    entry: &'static EnumEntry,
}

impl EnumType {
    /// Its name without the package, behind that of the message it stands in: `PoolingParameter.PoolMethod`.
    pub fn name(self) -> &'static str {
        self.entry.name.get(self.union)
    }

    /// The names of its values, in the order in which the schema declares them.
    pub fn value_names(self) -> impl Iterator<Item = &'static str> {
        self.entry.values.iter().map(move |value| value.name.get(self.union))
    }

    /// The name of the value of this number in the union.
    pub fn value_name(self, number: i32) -> Option<&'static str> {
        self.entry.values.iter().find(|value| value.number == number).map(|value| value.name.get(self.union))
    }

    /// The number in the union of the value of this name.
    pub fn value_number(self, name: &str) -> Option<i32> {
        self.entry.values.iter().find(|value| value.name.get(self.union) == name).map(|value| value.number)
    }

    /// The number in the union of the value of this number in the schema's files.
    pub fn of_saved(self, saved: i32) -> Option<i32> {
        self.entry.values.iter().find(|value| value.saved == saved).map(|value| value.number)
    }

    /// The number in the schema's files of the value of this number in the union.
    pub fn saved(self, number: i32) -> Option<i32> {
        self.entry.values.iter().find(|value| value.number == number).map(|value| value.saved)
    }
}

impl PartialEq for EnumType {
    fn eq(&self, other: &EnumType) -> bool {
        std::ptr::eq(self.entry, other.entry)
    }
}

impl Eq for EnumType {}

impl fmt::Debug for EnumType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EnumType").field(&self.name()).finish()
    }
}

/// The kinds of values that occur in Caffe's schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_name_and_by_number() {
        for schema in Schema::all() {
            for message in schema.messages() {
                assert_eq!(schema.message(message.name()), Some(message));
                for field in message.fields() {
                    assert_eq!(message.field(field.number()).unwrap().name(), field.name());
                    assert_eq!(message.saved_field(field.saved_number()).unwrap().name(), field.name());
                    assert_eq!(message.field_named(field.name()).unwrap().number(), field.number());
                }
                assert!(message.field(0).is_none() && message.field_named("").is_none());
            }
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
