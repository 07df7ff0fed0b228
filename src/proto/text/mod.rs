//! Reads and writes protobuf's text format (prototxt), as the C++ `TextFormat` of protobuf 3.21 does.
//!
//! [`parse`] turns a text into the message's binary form, which prost decodes, and a [`SpanTree`] that tells where each
//! field stands. It reports everything that is wrong at once, up to 20 errors: behind a field that cannot be read it
//! goes on with the next.
//!
//! Reading differs from protobuf in two points: messages nest 100 deep at most, and the schema's messages have neither
//! groups nor extensions.
//!
//! ```text
//! text ──▶ lexer ──▶ parser ──▶ bytes, spans
//!          flaws     recovery ─▶ report
//!
//! bytes ──▶ writer ──▶ text
//! ```

mod flaw;
mod layout;
mod lexer;
mod mend;
mod number;
mod outline;
mod parser;
mod recover;
mod report;
mod rewrite;
mod scalar;
mod source;
mod spans;
mod string;
mod suggest;
#[cfg(test)]
mod tests;
mod writer;

use super::schema::MessageType;
use crate::error::Diagnostic;

pub(crate) use layout::{PlacedField, PlacedValue, placed_fields};
pub(crate) use mend::{OtherName, mended};
#[cfg(feature = "cli")]
pub(crate) use number::general;
pub use outline::field_names;
pub(crate) use rewrite::rewritten;
pub use source::{Source, Span, caret};
pub use spans::{SpanNode, SpanTree};
pub use suggest::closest;
pub(crate) use writer::write_within;
pub use writer::{to_string, write};

/// A parsed text: the message in protobuf's binary form, and where its parts stand in the text.
#[derive(Debug)]
pub struct Document {
    bytes: Vec<u8>,
    spans: SpanTree,
}

impl Document {
    /// The message in the wire format, for `prost::Message::decode`. Fields are in the order of the text, and repeated
    /// numbers are not packed.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The same bytes, without the places.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Where the message's fields stand.
    pub fn spans(&self) -> &SpanTree {
        &self.spans
    }
}

/// How much of a text a type of message does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unread {
    /// The tokens that are passed over, unknown fields with all that is in them; of text that is given up, the bytes.
    pub(crate) weight: usize,
    /// Whether all that is wrong are unknown fields.
    pub(crate) is_unknown_fields: bool,
}

/// How much of a text this type of message does not take.
pub(crate) fn unread(source: &Source, message: MessageType) -> Unread {
    parser::Parser::new(source, message).measure()
}

/// Reads a text as a message of the given type.
///
/// # Errors
/// Everything that is wrong with the text, in its order, up to 20 findings. Where there are more, the last
/// recorded one says so.
pub fn parse(source: &Source, message: MessageType) -> Result<Document, Vec<Diagnostic>> {
    let (bytes, nodes) = parser::Parser::new(source, message).run()?;
    Ok(Document { bytes, spans: SpanTree::new(nodes) })
}
