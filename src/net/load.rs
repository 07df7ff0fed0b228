//! From a file to its message: text or binary, told apart by content.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::proto::schema::MessageType;
use prost::Message;

use super::kind::Kind;
use super::locate::Locator;
use crate::error::{Diagnostic, Error, Result};
use crate::limits::Limits;
use crate::proto::sniff::{self, Content};
use crate::proto::text::{Document, Source, parse};
use crate::proto::wire::{self, WireError};
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

/// Decodes the message of a file of this kind, and finds places in it; `name` is what errors call the file.
///
/// # Errors
/// The bytes do not parse.
pub(super) fn decode<M: Message + Default>(name: &str, bytes: &[u8], kind: Kind) -> Result<(M, Locator)> {
    decode_either(name, bytes, kind).map_err(|error| mistaken(name, bytes, kind).map_or(error, Error::from))
}

/// What a file is that does not parse, if it is known.
fn mistaken(name: &str, bytes: &[u8], kind: Kind) -> Option<Diagnostic> {
    let content = Content::of(bytes);
    if let Content::Foreign(foreign) = content {
        return Some(foreign.refusal(name, kind.noun()));
    }
    let message = format!("{name}: weights in {}, not {}", content.of_weights()?, kind.noun());
    let help = Advice::naming("init takes them with ", Setting::Weights, ", beside the net definition");
    Some(input_error(message).help(help))
}

fn decode_either<M: Message + Default>(name: &str, bytes: &[u8], kind: Kind) -> Result<(M, Locator)> {
    if !sniff::is_text(bytes) {
        return Ok((decode_binary(name, bytes, kind)?, Locator::default()));
    }
    let (source, document) = parse_text(name, bytes, kind.message())?;
    let message = decode_binary(name, document.bytes(), kind)?;
    Ok((message, Locator::new(source, document)))
}

/// Reads a text as a message of this type.
///
/// # Errors
/// It does not parse, or is too long.
pub(crate) fn parse_text(name: &str, bytes: &[u8], message: MessageType) -> Result<(Source, Document)> {
    check_length(name, bytes)?;
    let source = Source::new(name, bytes);
    let document = parse(&source, message).map_err(Error::Input)?;
    Ok((source, document))
}

/// Refuses a text that is longer than the limit.
pub(crate) fn check_length(name: &str, text: &[u8]) -> Result<()> {
    let limit = Limits::current().text_bytes;
    if text.len() as u64 > limit {
        let message = format!("{name}: a text of more than {limit} bytes");
        let before = "store weights in a binary .caffemodel, or raise the limit with ";
        let help = Advice::naming(before, Setting::Limit("text-bytes"), "");
        return Err(input_error(message).help(help).into());
    }
    Ok(())
}

/// Decodes a binary message of this kind.
///
/// # Errors
/// The bytes are no such message.
pub(super) fn decode_binary<M: Message + Default>(name: &str, bytes: &[u8], kind: Kind) -> Result<M> {
    wire::check(bytes, kind.message(), Limits::current()).map_err(|error| {
        let fault = input_error(format!("{name}: not {}: {error}", kind.noun()));
        match error {
            WireError::TooMany { what, .. } => {
                fault.help(Advice::naming("", Setting::Limit(what), " raises the limit"))
            }
            _ => fault,
        }
    })?;
    Ok(M::decode(bytes).map_err(|error| input_error(format!("{name}: {error}")))?)
}

fn input_error(message: String) -> Diagnostic {
    Diagnostic { message, location: None, help: None }
}
