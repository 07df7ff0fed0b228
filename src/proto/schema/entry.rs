//! The rows of the tables. There are no pointers in them: names and comments are ranges of one text.

use super::{EnumType, Kind, MessageType, Schema};

/// The text of the tables that the program comes with.
pub(super) static TEXT: &str = include_str!(concat!(env!("OUT_DIR"), "/tables.txt"));

/// A range of the text of names and comments.
#[derive(Clone, Copy, Default)]
pub(super) struct Text {
    pub(super) start: u32,
    pub(super) length: u32,
}

impl Text {
    #[inline]
    pub(super) fn get(self, union: &'static Union) -> &'static str {
        &union.text[self.start as usize..][..self.length as usize]
    }
}

/// What all schemas together have; or what a schema of the user's has, as a part of that.
pub(super) struct Union {
    /// All names and comments.
    pub(super) text: &'static str,
    /// In the order of their names.
    pub(super) messages: &'static [MessageEntry],
    /// Message by message, in the order of their names.
    pub(super) rows: &'static [RowEntry],
    pub(super) enums: &'static [EnumEntry],
}

pub(super) struct MessageEntry {
    pub(super) name: Text,
    pub(super) about: Text,
    /// Whether the program's message keeps what it does not read of it and of those within it.
    pub(super) keeps: bool,
}

/// A field as some of the schemas have it.
pub(super) struct RowEntry {
    pub(super) name: Text,
    /// Its number in the union.
    pub(super) number: u32,
    pub(super) label: Label,
    pub(super) kind: KindEntry,
    pub(super) packed: bool,
    pub(super) default: Option<Text>,
    pub(super) about: Text,
    /// Its place in the message, as far as that goes for fields of several schemas.
    pub(super) declared: u16,
    /// Whether the program's messages have it; what they do not have is kept, encoded.
    pub(super) read: bool,
}

/// An enum as some of the schemas have it.
pub(super) struct EnumEntry {
    pub(super) name: Text,
    pub(super) values: &'static [ValueEntry],
}

pub(super) struct ValueEntry {
    pub(super) name: Text,
    /// Its number in files of the schema.
    pub(super) saved: i32,
    /// Its number in the union.
    pub(super) number: i32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    Optional,
    Required,
    Repeated,
}

/// A [`Kind`], with the places of messages and enums in their tables.
#[derive(Clone, Copy)]
pub(super) enum KindEntry {
    Int32,
    Int64,
    Uint32,
    Uint64,
    Float,
    Double,
    Bool,
    String,
    Bytes,
    Enum(u16),
    Message(u16),
}

impl KindEntry {
    pub(super) fn resolve(self, schema: &'static Schema) -> Kind {
        match self {
            KindEntry::Int32 => Kind::Int32,
            KindEntry::Int64 => Kind::Int64,
            KindEntry::Uint32 => Kind::Uint32,
            KindEntry::Uint64 => Kind::Uint64,
            KindEntry::Float => Kind::Float,
            KindEntry::Double => Kind::Double,
            KindEntry::Bool => Kind::Bool,
            KindEntry::String => Kind::String,
            KindEntry::Bytes => Kind::Bytes,
            KindEntry::Enum(index) => {
                Kind::Enum(EnumType { union: schema.union, entry: &schema.union.enums[usize::from(index)] })
            }
            KindEntry::Message(index) => Kind::Message(MessageType { schema, index }),
        }
    }
}
