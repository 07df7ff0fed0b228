//! A file read in a dialect: text by the names of its schema, a binary message by its numbers.

use std::borrow::Cow;

use prost::Message;

use super::kind::FileKind;
use super::load::{check_length, input_error};
use super::locate::Origin;
use crate::dialect::{Dialect, Vocabulary};
use crate::error::{Error, Location, Result};
use crate::limits::Limits;
use crate::proto::Schema;
use crate::proto::gate;
use crate::proto::schema::MessageType;
use crate::proto::sniff;
use crate::proto::text::{Document, Source, parse};
use crate::proto::wire::{self, WireError};
use crate::setting::{Advice, Setting};

/// How files are read.
///
/// ```
/// use caffemodel::dialect::Dialect;
/// use caffemodel::{Definition, ReadOptions};
/// let text = "layer { name: 'n' type: 'Normalize' bottom: 'x' top: 'n' norm_param { across_spatial: false } }";
/// let told = Definition::from_bytes("net.prototxt", text)?;
/// assert_eq!(told.dialect.name, "ssd");
/// let given = ReadOptions::of(Dialect::get("refinedet"));
/// assert_eq!(Definition::from_bytes_with("net.prototxt", text, &given)?.dialect.name, "refinedet");
/// # Ok::<(), caffemodel::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ReadOptions {
    /// The dialect that the file is written in; `None` lets its content tell.
    pub dialect: Option<&'static Dialect>,
    /// The dialects among which content tells: the first is taken if it knows all of the file.
    pub(crate) dialects: &'static [Dialect],
    /// Which layer types and fillers each dialect knows, where content has to tell.
    pub vocabulary: &'static dyn Vocabulary,
    /// How much the file may hold.
    pub limits: Limits,
}

impl ReadOptions {
    /// The options for files of this dialect.
    pub fn of(dialect: Option<&'static Dialect>) -> ReadOptions {
        ReadOptions { dialect, ..ReadOptions::default() }
    }

    /// The options for files of a fork that is not known here, by its own schema. It is taken to have grown from the
    /// dialect that the content tells.
    ///
    /// The dialects of the schema stay in memory as long as the program runs.
    pub fn in_schema(schema: &'static Schema) -> ReadOptions {
        ReadOptions { dialects: Dialect::all_with_schema(schema), ..ReadOptions::default() }
    }
}

/// The content of a file: text or binary, told apart.
pub(crate) struct FileBytes<'a> {
    pub(super) name: &'a str,
    pub(super) bytes: &'a [u8],
    /// The text, if it is one.
    pub(super) source: Option<Source>,
    limits: Limits,
}

impl<'a> FileBytes<'a> {
    /// # Errors
    /// It is a text that is longer than the limit.
    pub(crate) fn new(name: &'a str, bytes: &'a [u8], limits: &Limits) -> Result<FileBytes<'a>> {
        if !sniff::is_text(bytes) {
            return Ok(FileBytes::binary(name, bytes, limits));
        }
        FileBytes::text(name, bytes, limits)
    }

    /// # Errors
    /// The text is longer than the limit.
    pub(crate) fn text(name: &'a str, bytes: &'a [u8], limits: &Limits) -> Result<FileBytes<'a>> {
        check_length(name, bytes, limits)?;
        Ok(FileBytes { source: Some(Source::new(name, bytes)), ..FileBytes::binary(name, bytes, limits) })
    }

    /// A binary message.
    pub(super) fn binary(name: &'a str, bytes: &'a [u8], limits: &Limits) -> FileBytes<'a> {
        FileBytes { name, bytes, source: None, limits: *limits }
    }
}

/// A file read in a dialect, still encoded.
pub(crate) struct Reading<'a> {
    pub(crate) dialect: &'static Dialect,
    pub(crate) message: MessageType,
    /// The message of a text.
    pub(super) document: Option<Document>,
    /// That of a binary file, by the numbers of the union.
    joined: Cow<'a, [u8]>,
}

impl<'a> Reading<'a> {
    /// Reads a file in this dialect.
    ///
    /// # Errors
    /// It does not parse.
    pub(super) fn new(file: &FileBytes<'a>, kind: FileKind, dialect: &'static Dialect) -> Result<Reading<'a>> {
        Reading::of_message(file, kind.message_of(dialect), kind.noun(), dialect)
    }

    /// Reads a file as this message, which belongs to the dialect's schema; `noun` is what errors call such a file.
    ///
    /// # Errors
    /// It does not parse.
    pub(crate) fn of_message(
        file: &FileBytes<'a>,
        message: MessageType,
        noun: &str,
        dialect: &'static Dialect,
    ) -> Result<Reading<'a>> {
        let refused = |error| refusal(file.name, noun, error);
        if let Some(source) = &file.source {
            let document = parse(source, message).map_err(Error::Input)?;
            wire::check_joined(document.bytes(), message, &file.limits).map_err(refused)?;
            return Ok(Reading { dialect, message, document: Some(document), joined: Cow::Borrowed(&[]) });
        }
        wire::check(file.bytes, message, &file.limits).map_err(refused)?;
        let joined = gate::joined(file.bytes, message).map_err(refused)?;
        Ok(Reading { dialect, message, document: None, joined })
    }

    /// The encoded message, by the numbers of the union.
    pub(crate) fn joined(&self) -> &[u8] {
        self.document.as_ref().map_or(&self.joined, Document::bytes)
    }

    /// Where a layer of the net stands in a text.
    pub(super) fn place(&self, file: &FileBytes<'_>, layer: Origin) -> Option<Location> {
        let (source, document) = (file.source.as_ref()?, self.document.as_ref()?);
        document.spans().find(&[(layer.field, layer.index)]).map(|span| source.location(span))
    }

    /// The message; `name` is what errors call the file.
    ///
    /// # Errors
    /// prost takes the message for damaged.
    pub(super) fn decode<M: Message + Default>(&self, name: &str) -> Result<M> {
        let decoded = gate::decoded(self.joined(), self.message);
        Ok(decoded.map_err(|error| input_error(format!("{name}: {error}")))?)
    }
}

fn refusal(name: &str, noun: &str, error: WireError) -> Error {
    let fault = input_error(format!("{name}: not {noun}: {error}"));
    match error {
        WireError::TooMany { what, .. } => {
            fault.help(Advice::naming("", Setting::Limit(what), " raises the limit")).into()
        }
        _ => fault.into(),
    }
}
