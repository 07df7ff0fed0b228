//! The rows of the tables.

use super::{EnumType, Kind, MessageType, Schema};

pub(super) struct MessageEntry {
    pub(super) name: &'static str,
    /// The range of its comment.
    pub(super) about: (u32, u32),
    /// In the order of the schema.
    pub(super) fields: &'static [FieldEntry],
    /// The places of the fields in the order of their names.
    pub(super) by_name: &'static [u16],
    /// The places of the fields in the order of their numbers.
    pub(super) by_number: &'static [u16],
    /// The places of the fields that every message must have.
    pub(super) required: &'static [u16],
}

pub(super) struct FieldEntry {
    pub(super) name: &'static str,
    pub(super) number: u32,
    pub(super) label: Label,
    pub(super) kind: KindEntry,
    pub(super) packed: bool,
    pub(super) default: Option<&'static str>,
    /// The range of its comment.
    pub(super) about: (u32, u32),
}

pub(super) struct EnumEntry {
    pub(super) name: &'static str,
    pub(super) values: &'static [(&'static str, i32)],
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
    #[allow(dead_code, reason = "a kind that the schema need not have")]
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
            KindEntry::Enum(index) => Kind::Enum(EnumType(&schema.enums[usize::from(index)])),
            KindEntry::Message(index) => {
                Kind::Message(MessageType { schema, entry: &schema.messages[usize::from(index)] })
            }
        }
    }
}
