//! Weights in a text: it is read as a whole, and its binary form then like any other.

use std::sync::Arc;

use crate::proto::schema::MessageType;

use crate::error::Result;
use crate::formats::StoredNet;
use crate::formats::format::FormatEntry;
use crate::formats::map::FileMap;
use crate::net::{Kind, load};
use crate::proto::{descriptor, text};

/// Opens a text that holds blobs.
///
/// # Errors
/// It has none, or does not parse.
pub(in crate::formats) fn open(file: &Arc<FileMap>) -> Result<StoredNet> {
    let without = || {
        let help = "a text net holds weights in the blobs of its layers, and this one has none";
        file.refuse_with("text, not stored weights", help)
    };
    if !may_hold_blobs(file.bytes()) {
        return Err(without());
    }
    let (file, message) = encoded(file, None)?;
    let stored = FormatEntry::of_message(message.name()).ok_or_else(without)?.open(&file)?;
    if stored.layers.iter().all(|layer| layer.blobs.is_empty() && layer.flaw.is_none()) {
        return Err(without());
    }
    Ok(stored)
}

/// The binary form of a text, and the message that it is; `message` says which, otherwise its fields tell.
///
/// # Errors
/// The text is longer than the limit, or does not parse.
pub(crate) fn encoded(file: &FileMap, message: Option<MessageType>) -> Result<(Arc<FileMap>, MessageType)> {
    let (name, bytes) = (file.name(), file.bytes());
    load::check_length(&name, bytes)?;
    let message = message.unwrap_or_else(|| message_of(bytes));
    let (_, document) = load::parse_text(&name, bytes, message)?;
    Ok((FileMap::held(&name, document.into_bytes()), message))
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
