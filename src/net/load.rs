//! From a file to its message: text or binary, told apart by content.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use prost::Message;

use super::detect::{Told, told};
use super::kind::Kind;
use super::locate::Locator;
use super::reading::{FileBytes, ReadOptions};
use crate::dialect::Dialect;
use crate::error::{Diagnostic, Error, Result};
use crate::limits::Limits;
use crate::proto::sniff;
use crate::setting::{Advice, Setting};

/// The largest file that is read: protobuf's own limit.
const MAX_FILE_BYTES: u64 = i32::MAX as u64;

/// Reads the bytes of a file.
///
/// # Errors
/// The file cannot be read, or is larger than 2 GiB.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>> {
    let file = File::open(path).map_err(|source| Error::io("cannot read", path, source))?;
    read_all(&path.display().to_string(), file)
}

/// Reads to the end; `name` is what errors call the source.
///
/// # Errors
/// Those of the reader, or more than 2 GiB come from it.
pub(crate) fn read_all(name: &str, reader: impl Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = reader.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|source| Error::io("cannot read", name, source))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        let message = format!("{name}: larger than 2 GiB, the most that a protobuf file can hold");
        return Err(input_error(message).into());
    }
    Ok(bytes)
}

/// What a file says, decoded.
pub(super) struct DecodedFile<M> {
    pub(super) message: M,
    pub(super) locator: Locator,
    /// The dialect that the file is written in.
    pub(super) dialect: &'static Dialect,
    /// How the dialect was told, if it is not BVLC's and was not given.
    pub(super) notice: Option<String>,
}

/// Decodes the message of a file of this kind, and finds places in it; `name` is what errors call the file.
///
/// # Errors
/// The bytes do not parse.
pub(super) fn decode<M: Message + Default>(
    name: &str,
    bytes: &[u8],
    kind: Kind,
    options: &ReadOptions,
) -> Result<DecodedFile<M>> {
    let file = FileBytes::new(name, bytes, &options.limits)?;
    let Told { reading, notice } = told(&file, kind, options)?;
    let message = reading.decode(name)?;
    let dialect = reading.dialect;
    let locator = match (file.source, reading.document) {
        (Some(source), Some(document)) => Locator::new(source, document),
        _ => Locator::default(),
    };
    Ok(DecodedFile { message, locator, dialect, notice })
}

/// What a file is that does not parse, if it is known.
pub(super) fn mistaken(name: &str, bytes: &[u8], kind: Kind) -> Option<Diagnostic> {
    let content = sniff::Content::of(bytes);
    if let sniff::Content::Foreign(foreign) = content {
        return Some(foreign.refusal(name, kind.noun()));
    }
    let message = format!("{name}: weights in {}, not {}", content.of_weights()?, kind.noun());
    let help = Advice::naming("init takes them with ", Setting::Weights, ", beside the net definition");
    Some(input_error(message).help(help))
}

/// Refuses a text that is longer than the limit.
pub(crate) fn check_length(name: &str, text: &[u8], limits: &Limits) -> Result<()> {
    let limit = limits.text_bytes;
    if text.len() as u64 > limit {
        let message = format!("{name}: a text of more than {limit} bytes");
        let before = "store weights in a binary .caffemodel, or raise the limit with ";
        let help = Advice::naming(before, Setting::Limit("text-bytes"), "");
        return Err(input_error(message).help(help).into());
    }
    Ok(())
}

pub(super) fn input_error(message: String) -> Diagnostic {
    Diagnostic { message, location: None, help: None }
}
