//! What is converted, told by content: a message of the schema, as text or in binary, or arrays.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use crate::proto::schema::MessageType;

use crate::dialect::Dialect;
use crate::error::{Diagnostic, Error, Result};
use crate::formats::map::FileMap;
use crate::formats::{FormatEntry, StoredBlob, StoredLayer, StoredNet, caffemodel, prototxt};
use crate::net::{CurrentNet, FileKind, NetLayer, ReadOptions};
use crate::proto::sniff::Content;
use crate::proto::wire::{self, WireError};
use crate::proto::{Encoding, binary, gate, message_names, text};
use crate::setting::{Advice, Setting};

/// A file to convert.
///
/// ```
/// use caffemodel::convert::Convertible;
/// use caffemodel::proto::Encoding;
/// let source = Convertible::from_bytes("net.prototxt", b"layer { name: 'r' } name: 'n'".to_vec(), None)?;
/// let mut out = Vec::new();
/// source.encoded()?.write(Encoding::Binary, &mut out).unwrap();
/// assert_eq!(out, b"\x0a\x01n\xa2\x06\x03\x0a\x01r");
/// # Ok::<(), caffemodel::Error>(())
/// ```
#[derive(Debug)]
pub struct Convertible {
    /// The file; one that was text has become binary.
    file: Arc<FileMap>,
    message: Option<MessageType>,
    encoding: Encoding,
    /// Those given, with the dialect that a text has told.
    options: ReadOptions,
    /// How a text told it, if it is not BVLC's and was not given.
    notice: Option<String>,
    /// The file as it was, if it is a text.
    text: Option<Arc<FileMap>>,
}

/// A net of a fork, and its weights if it has any.
pub(super) struct ForkNet {
    /// The net without weights.
    pub(super) net: CurrentNet,
    /// The blobs of its layers, layer by layer.
    pub(super) blobs: Vec<Vec<StoredBlob>>,
    /// How the dialect was told, and what was changed or passed over on reading, in a line each.
    pub(super) notices: Vec<String>,
}

impl Convertible {
    /// Opens a file. Binary ones are read in place.
    ///
    /// `message` names the message of the schema that the file is; `None` lets its content tell. A text is a net, a
    /// solver, or one or several blobs; a binary file is a net, or blobs, or one of the formats of arrays.
    ///
    /// # Errors
    /// The file cannot be read or is of no known format, a text does not parse, or the schema has no such message.
    pub fn open(path: impl AsRef<Path>, message: Option<&str>) -> Result<Convertible> {
        Convertible::open_with(path, message, &ReadOptions::default())
    }

    /// As [`Convertible::open`], with options.
    ///
    /// # Errors
    /// As [`Convertible::open`].
    pub fn open_with(path: impl AsRef<Path>, message: Option<&str>, options: &ReadOptions) -> Result<Convertible> {
        Convertible::new(FileMap::open(path.as_ref())?, message, options)
    }

    /// Takes a file that is in memory; `name` is what errors call it.
    ///
    /// # Errors
    /// As [`Convertible::open`].
    pub fn from_bytes(name: &str, bytes: Vec<u8>, message: Option<&str>) -> Result<Convertible> {
        Convertible::from_bytes_with(name, bytes, message, &ReadOptions::default())
    }

    /// As [`Convertible::from_bytes`], with options.
    ///
    /// # Errors
    /// As [`Convertible::open`].
    pub fn from_bytes_with(
        name: &str,
        bytes: Vec<u8>,
        message: Option<&str>,
        options: &ReadOptions,
    ) -> Result<Convertible> {
        Convertible::new(FileMap::from_bytes(name, bytes)?, message, options)
    }

    fn new(file: Arc<FileMap>, message: Option<&str>, options: &ReadOptions) -> Result<Convertible> {
        let message = message.map(|name| named(name, options)).transpose()?;
        match Content::of(file.bytes()) {
            Content::Foreign(foreign) => Err(foreign.refusal(&file.name(), "a net and not stored weights").into()),
            Content::Text => {
                let text = Some(Arc::clone(&file));
                let prototxt::EncodedText { file, message, dialect, notice } =
                    prototxt::encoded(&file, message, options)?;
                let options = ReadOptions { dialect: Some(dialect), ..*options };
                Ok(Convertible { file, message: Some(message), encoding: Encoding::Text, options, notice, text })
            }
            _ => {
                let message = match message {
                    None => FormatEntry::of_file(&file)?.message(file.bytes(), &options.limits),
                    message => message,
                };
                let encoding = Encoding::Binary;
                Ok(Convertible { file, message, encoding, options: *options, notice: None, text: None })
            }
        }
    }

    /// The message that the file is; `None` if it is of a format that is not protobuf's.
    pub fn message(&self) -> Option<MessageType> {
        self.message
    }

    /// The file, as errors call it.
    pub(super) fn name(&self) -> String {
        self.file.name()
    }

    /// Whether the file is text or binary.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The message, checked.
    ///
    /// # Errors
    /// The file is no message, or it is damaged, or has fields that the schema does not know and that would be lost.
    pub fn encoded(&self) -> Result<Encoded<'_>> {
        let message = self.message.ok_or_else(|| self.no_message())?;
        let bytes = self.file.bytes();
        let flawed = |flaw| self.flawed(message, &flaw);
        let (dialect, notice) = self.dialect(message).map_err(flawed)?;
        let message = message.of(dialect.schema()).unwrap_or(message);
        wire::check(bytes, message, &self.options.limits).map_err(flawed)?;
        let joined = gate::joined(bytes, message).map_err(flawed)?;
        Ok(Encoded { message, bytes: joined, notices: notice.into_iter().collect() })
    }

    /// The dialect of the file; also how it was told, if it is not BVLC's and was not given.
    fn dialect(&self, message: MessageType) -> Result<(&'static Dialect, Option<String>), WireError> {
        if let Some(dialect) = self.options.dialect {
            return Ok((dialect, self.notice.clone()));
        }
        if message.name() == "NetParameter" {
            return caffemodel::dialect_of(self.file.bytes(), &self.options);
        }
        let knows = |dialect: &&Dialect| {
            let message = message.of(dialect.schema());
            message.is_some_and(|message| wire::check(self.file.bytes(), message, &self.options.limits).is_ok())
        };
        let dialects = self.options.dialects;
        Ok((dialects.iter().find(knows).unwrap_or(&dialects[0]), None))
    }

    /// The net without the blobs of its layers. As in protobuf, fields that the schema does not know are passed over.
    ///
    /// # Errors
    /// The file is no net, or it is damaged.
    pub fn encoded_without_weights(&self) -> Result<Encoded<'_>> {
        let message = self.message.ok_or_else(|| self.no_message())?;
        if message.name() != "NetParameter" {
            let message =
                format!("{}: a {} has no layers whose weights could be left out", self.file.name(), message.name());
            return Err(Error::Request(message));
        }
        let flawed = |flaw| self.flawed(message, &flaw);
        let (dialect, notice) = self.dialect(message).map_err(flawed)?;
        let (rest, passed) =
            caffemodel::without_blobs(self.file.bytes(), dialect, &self.options.limits).map_err(flawed)?;
        let message = FileKind::Net.message_of(dialect);
        let joined = gate::joined(&rest, message).map_err(flawed)?.into_owned();
        Ok(Encoded { message, bytes: joined.into(), notices: notice.into_iter().chain(passed).collect() })
    }

    /// The layers and blobs in the file, those of a net in an old format in the current one.
    ///
    /// # Errors
    /// The file is damaged, or has no blobs.
    pub fn weights(&self) -> Result<StoredNet> {
        let format = match self.message {
            None => FormatEntry::of_file(&self.file)?,
            Some(message) => FormatEntry::of_message(message.name()).ok_or_else(|| {
                Error::Request(format!("{}: a {} is neither a net nor a blob", self.file.name(), message.name()))
            })?,
        };
        let mut stored = format.open(&self.file, &self.options)?;
        stored.notices.splice(0..0, self.notice.clone());
        if stored.layers.iter().all(|layer| layer.blobs.is_empty()) {
            let help = Advice::naming("", Setting::Init, " fills the blobs of a net definition");
            return Err(self.file.refuse_with("it has no weights", help));
        }
        Ok(stored)
    }

    /// The arrays in the file by their keys, whatever these are: see [`open_arrays`](crate::formats::open_arrays).
    ///
    /// # Errors
    /// The file is damaged, or of a format that has none.
    pub fn arrays(&self) -> Result<StoredNet> {
        FormatEntry::of_file(&self.file)?.open_arrays(&self.file)
    }

    /// The net with its weights, and where its layers stand if it is a text.
    ///
    /// # Errors
    /// The file is no net, or it is damaged.
    pub(super) fn fork_net(&self) -> Result<ForkNet> {
        let name = self.file.name();
        let message = self.message.filter(|message| message.name() == "NetParameter");
        let message = message.ok_or_else(|| {
            let what = self.message.map_or("a file of arrays", |message| message.name());
            Error::Request(format!("{name}: {what} is not a net, so there are no layers to translate"))
        })?;
        let flawed = |flaw| self.flawed(message, &flaw);
        let (dialect, told) = self.dialect(message).map_err(flawed)?;
        let options = ReadOptions { dialect: Some(dialect), ..self.options };
        let (net, passed) = match &self.text {
            Some(text) => (CurrentNet::from_text(&name, text.bytes(), &options)?, Vec::new()),
            None => {
                let (rest, passed) =
                    caffemodel::without_blobs(self.file.bytes(), dialect, &self.options.limits).map_err(flawed)?;
                (CurrentNet::from_binary(&name, &rest, dialect, &self.options.limits)?, passed)
            }
        };
        let stored = FormatEntry::of_message(message.name()).map(|format| format.open(&self.file, &options));
        let blobs = blobs_of(&net, stored.transpose()?.map_or_else(Vec::new, |stored| stored.layers));
        let notices = told.into_iter().chain(net.changes.iter().cloned()).chain(passed).collect();
        Ok(ForkNet { net, blobs, notices })
    }

    /// Whether it is a net with blobs that have more than those of its dialect, such as the halves that OpenCV writes
    /// into nets of BVLC's: the values can be read, the message cannot stay as it is.
    pub fn has_foreign_blobs(&self) -> bool {
        let Some(message) = self.message.filter(|message| message.name() == "NetParameter") else { return false };
        let dialect = self.dialect(message).map(|(dialect, _)| dialect);
        let message = dialect.ok().and_then(|dialect| message.of(dialect.schema())).unwrap_or(message);
        let flaw = wire::check(self.file.bytes(), message, &self.options.limits).err();
        matches!(flaw, Some(WireError::UnknownField { message, .. }) if message == "BlobProto")
    }

    fn no_message(&self) -> Error {
        Error::Request(format!("{}: its format holds arrays, not a message of Caffe's schema", self.file.name()))
    }

    fn flawed(&self, message: MessageType, flaw: &WireError) -> Error {
        let help = match flaw {
            WireError::UnknownField { .. } => {
                let after = " skips it, and so do formats that hold only weights";
                Some(Advice::naming("it would be lost; ", Setting::NoWeights, after))
            }
            WireError::TooMany { what, .. } => Some(Advice::naming("", Setting::Limit(what), " raises the limit")),
            _ => None,
        };
        let message = format!("{}: not a {}: {flaw}", self.file.name(), message.name());
        Diagnostic { message, location: None, help }.into()
    }
}

/// A message in its binary form, with no unknown fields.
#[derive(Debug)]
pub struct Encoded<'a> {
    message: MessageType,
    bytes: Cow<'a, [u8]>,
    /// What was passed over on reading, in a line each.
    pub notices: Vec<String>,
}

impl Encoded<'_> {
    /// An encoded message of BVLC's schema.
    pub(super) fn bvlc(message: MessageType, bytes: Vec<u8>) -> Encoded<'static> {
        Encoded { message, bytes: bytes.into(), notices: Vec::new() }
    }

    /// The message's type.
    pub fn message(&self) -> MessageType {
        self.message
    }

    /// Writes the message as protobuf does: `protoc --decode` as text, `protoc --encode` in binary.
    ///
    /// There are many small writes; `out` should be buffered.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write<W: Write>(&self, encoding: Encoding, out: &mut W) -> io::Result<()> {
        match encoding {
            Encoding::Text => text::write(out, self.message, &self.bytes),
            Encoding::Binary => binary::write(out, self.message, &self.bytes),
        }
    }
}

/// The blobs of each layer of a net. Layers of one name come in the order of the file.
fn blobs_of(net: &CurrentNet, stored: Vec<StoredLayer>) -> Vec<Vec<StoredBlob>> {
    let mut by_name: HashMap<String, VecDeque<Vec<StoredBlob>>> = HashMap::new();
    for layer in stored {
        by_name.entry(layer.name).or_default().push_back(layer.blobs);
    }
    let blobs =
        |layer: &NetLayer| by_name.get_mut(layer.param.name()).and_then(VecDeque::pop_front).unwrap_or_default();
    net.layers.iter().map(blobs).collect()
}

/// The message of this name: in the dialect's schema, or in BVLC's or the first that has it.
fn named(name: &str, options: &ReadOptions) -> Result<MessageType> {
    let found = match options.dialect {
        Some(dialect) => dialect.schema().message(name),
        None => options.dialects.iter().find_map(|dialect| dialect.schema().message(name)),
    };
    found.ok_or_else(|| {
        let near = text::closest(name, message_names());
        let help = near
            .map_or_else(|| "there is NetParameter, for example".to_owned(), |near| format!("did you mean {near}?"));
        Error::Request(format!("Caffe's schema has no message {name:?} ({help})"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_names() {
        let named = |name: &str| named(name, &ReadOptions::default()).map(|message| message.name().to_owned());
        assert_eq!(named("SolverState").unwrap(), "SolverState");
        assert_eq!(named("caffe.Datum").unwrap(), "Datum");
        let error = named("SolverStat").unwrap_err().to_string();
        assert_eq!(error, "Caffe's schema has no message \"SolverStat\" (did you mean SolverState?)");
        let error = named("google.protobuf.FileDescriptorSet").unwrap_err().to_string();
        assert!(error.ends_with("(there is NetParameter, for example)"), "{error}");
    }
}
