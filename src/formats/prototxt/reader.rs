//! Weights in a text: it is read as a whole, and its binary form then like any other.

use std::sync::Arc;

use crate::proto::schema::MessageType;

use crate::dialect::Dialect;
use crate::error::{Error, Result};
use crate::formats::StoredNet;
use crate::formats::format::FormatEntry;
use crate::formats::map::FileMap;
use crate::net::detect::{Told, told_of_message};
use crate::net::reading::FileBytes;
use crate::net::{Kind, ReadOptions};
use crate::proto::{binary, descriptor, text};

/// Opens a text that holds blobs.
///
/// # Errors
/// It has none, or does not parse.
pub(in crate::formats) fn open(file: &Arc<FileMap>, options: &ReadOptions) -> Result<StoredNet> {
    let without = || {
        let help = "a text net holds weights in the blobs of its layers, and this one has none";
        file.refuse_with("text, not stored weights", help)
    };
    if !may_hold_blobs(file.bytes()) {
        return Err(without());
    }
    let EncodedText { file, message, dialect, notice } = encoded(file, None, options)?;
    let options = ReadOptions { dialect: Some(dialect), ..*options };
    let mut stored = FormatEntry::of_message(message.name()).ok_or_else(without)?.open(&file, &options)?;
    if stored.layers.iter().all(|layer| layer.blobs.is_empty() && layer.flaw.is_none()) {
        return Err(without());
    }
    stored.notices.splice(0..0, notice);
    Ok(stored)
}

/// A text in its binary form.
pub(crate) struct EncodedText {
    /// What a binary file of its dialect would be.
    pub(crate) file: Arc<FileMap>,
    /// The message that it is, in the schema of its dialect.
    pub(crate) message: MessageType,
    pub(crate) dialect: &'static Dialect,
    /// How the dialect was told, if it is not BVLC's and was not given.
    pub(crate) notice: Option<String>,
}

/// The binary form of a text; `message` says what message it is, otherwise its fields tell.
///
/// # Errors
/// The text is longer than the limit, or does not parse.
pub(crate) fn encoded(file: &FileMap, message: Option<MessageType>, options: &ReadOptions) -> Result<EncodedText> {
    let name = file.name();
    let input = FileBytes::text(&name, file.bytes(), &options.limits)?;
    let message = message.unwrap_or_else(|| message_of(file.bytes()));
    let Told { reading, notice } = told_of_message(&input, message.name(), options)?;
    let (dialect, message) = (reading.dialect, reading.message);
    let bytes = if dialect.is_bvlc() {
        reading.joined().to_vec()
    } else {
        let mut bytes = Vec::new();
        binary::write(&mut bytes, message, reading.joined())
            .map_err(|source| Error::io("cannot read", &name, source))?;
        bytes
    };
    Ok(EncodedText { file: FileMap::held(&name, bytes), message, dialect, notice })
}

/// Whether a text has a field at its root that blobs may stand in.
fn may_hold_blobs(content: &[u8]) -> bool {
    text::field_names(content).any(|name| matches!(name, "layer" | "layers" | "blobs" | "data" | "double_data"))
}

/// The message that a text is: blobs if all of its fields are theirs, otherwise a net or a solver.
fn message_of(content: &[u8]) -> MessageType {
    let names = || text::field_names(content);
    let blobs = ["BlobProto", "BlobProtoVector"].map(descriptor);
    let fits = |message: MessageType| names().all(|name| message.field_named(name).is_some());
    let blobs = blobs.into_iter().find(|&message| names().next().is_some() && fits(message));
    blobs.unwrap_or_else(|| Kind::of(content).message())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_a_text_tell_its_message() {
        let name = |text: &str| message_of(text.as_bytes()).name().to_owned();
        assert_eq!(name("layer { }"), "NetParameter");
        assert_eq!(name(""), "NetParameter");
        assert_eq!(name("base_lr: 1"), "SolverParameter");
        assert_eq!(name("num: 1 channels: 3 data: [1, 2]"), "BlobProto");
        assert_eq!(name("blobs { } blobs { }"), "BlobProtoVector");
        assert_eq!(name("blobs { } layer { }"), "NetParameter");
    }
}
