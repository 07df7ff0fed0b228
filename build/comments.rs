//! The comments of a `.proto` file.

use std::collections::HashMap;

use prost_types::{DescriptorProto, FileDescriptorProto};

/// The numbers of fields of `FileDescriptorProto`, `DescriptorProto` and `EnumDescriptorProto`, of which paths to
/// comments consist.
pub const MESSAGES_OF_FILE: i32 = 4;
pub const ENUMS_OF_FILE: i32 = 5;
pub const FIELDS_OF_MESSAGE: i32 = 2;
pub const MESSAGES_OF_MESSAGE: i32 = 3;
pub const ENUMS_OF_MESSAGE: i32 = 4;
pub const VALUES_OF_ENUM: i32 = 2;

/// The comments that stand before messages and fields, by their paths.
pub struct Comments(HashMap<Vec<i32>, String>);

impl Comments {
    pub fn new(file: &FileDescriptorProto) -> Comments {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let locations = file.source_code_info.iter().flat_map(|info| &info.location);
        Comments(locations.map(|location| (location.path.clone(), words(location.leading_comments()))).collect())
    }

    /// The comment of the message.
    pub fn message(&self, message: &Declared<'_>) -> String {
        self.0.get(&message.path).cloned().unwrap_or_default()
    }

    /// The comment of the message's field at this place.
    pub fn field(&self, message: &Declared<'_>, field: usize) -> String {
        let path = [&message.path[..], &[FIELDS_OF_MESSAGE, field as i32]].concat();
        self.0.get(&path).cloned().unwrap_or_default()
    }
}

/// A message with its name without package, and its path in the file.
pub struct Declared<'a> {
    pub name: String,
    pub message: &'a DescriptorProto,
    path: Vec<i32>,
}

/// The messages of a file, those within others behind them.
pub fn declared(file: &FileDescriptorProto) -> Vec<Declared<'_>> {
    let mut all = Vec::new();
    for (place, message) in (0..).zip(&file.message_type) {
        let path = vec![MESSAGES_OF_FILE, place];
        for (inner_place, inner) in (0..).zip(&message.nested_type) {
            let path = [&path[..], &[MESSAGES_OF_MESSAGE, inner_place]].concat();
            all.push(Declared { name: format!("{}.{}", message.name(), inner.name()), message: inner, path });
        }
        all.push(Declared { name: message.name().into(), message, path });
    }
    all
}
