//! Writes messages as the C++ `TextFormat::Print` of protobuf 3.21 does: a field a line, in the order of their numbers.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use super::number::{push_double, push_float};
use super::string::push_escaped;
use crate::proto::reader::Reader;

/// Writes the text of an encoded message, which [`wire::check`](crate::proto::wire::check) accepts.
///
/// Values go from the bytes straight to `out`, so that memory does not grow with a net's weights. As in protobuf, the
/// last of several values of a single field counts, and several messages of one are merged. The number of an enum's
/// value that the schema does not name is written as it is.
///
/// There is a small write for every line; `out` should be buffered.
///
/// # Errors
/// Those of `out`; `InvalidData` for bytes that are not such a message.
///
/// # Panics
/// The message has fields of a kind of number that Caffe's schema does not have.
pub fn write<W: Write>(out: &mut W, message: &MessageDescriptor, bytes: &[u8]) -> io::Result<()> {
    Writer { out, depth: 0, line: String::new() }.message(message, bytes)
}

/// The text of an encoded message, as [`write`] gives it.
///
/// # Errors
/// `InvalidData` for bytes that are not such a message.
///
/// # Panics
/// As [`write`].
pub fn to_string(message: &MessageDescriptor, bytes: &[u8]) -> io::Result<String> {
    let mut text = Vec::new();
    write(&mut text, message, bytes)?;
    Ok(String::from_utf8(text).expect("names and escaped strings are ASCII"))
}

/// Values of one field that follow one another, with their keys.
struct Run<'a> {
    number: u32,
    bytes: &'a [u8],
}

impl<'a> Run<'a> {
    /// The runs of a message in ascending order of their numbers.
    fn sorted(bytes: &'a [u8]) -> Option<Vec<Run<'a>>> {
        let mut runs = Vec::new();
        let mut reader = Reader::new(bytes);
        let mut start = 0;
        let mut last = None;
        while !reader.is_empty() {
            let position = reader.position();
            let (number, wire_type) = reader.key()?;
            reader.value(number, wire_type)?;
            if let Some(last) = last.replace(number)
                && last != number
            {
                runs.push(Run { number: last, bytes: &bytes[start..position] });
                start = position;
            }
        }
        runs.extend(last.map(|number| Run { number, bytes: &bytes[start..] }));
        runs.sort_by_key(|run| run.number);
        Some(runs)
    }

    fn values(&self) -> impl Iterator<Item = &'a [u8]> {
        let mut reader = Reader::new(self.bytes);
        std::iter::from_fn(move || {
            let (number, wire_type) = reader.key()?;
            reader.value(number, wire_type)
        })
    }
}

struct Writer<'a, W> {
    out: &'a mut W,
    /// The number of messages around the one at hand.
    depth: usize,
    /// Room for a line.
    line: String,
}

impl<W: Write> Writer<'_, W> {
    fn message(&mut self, message: &MessageDescriptor, bytes: &[u8]) -> io::Result<()> {
        let damaged =
            || io::Error::new(io::ErrorKind::InvalidData, format!("damaged or unknown in {}", message.name()));
        let runs = Run::sorted(bytes).ok_or_else(damaged)?;
        for runs in runs.chunk_by(|a, b| a.number == b.number) {
            let field = message.get_field(runs[0].number).ok_or_else(damaged)?;
            let values = runs.iter().flat_map(Run::values);
            match field.kind() {
                Kind::Message(inner) if field.is_list() => {
                    for value in values {
                        self.nested(field.name(), &inner, value)?;
                    }
                }
                Kind::Message(inner) => self.nested(field.name(), &inner, &merged(values))?,
                kind if field.is_list() => {
                    for value in values {
                        self.scalars(&field, &kind, value)?.ok_or_else(damaged)?;
                    }
                }
                kind => self.scalars(&field, &kind, values.last().unwrap_or_default())?.ok_or_else(damaged)?,
            }
        }
        Ok(())
    }

    fn nested(&mut self, name: &str, message: &MessageDescriptor, bytes: &[u8]) -> io::Result<()> {
        writeln!(self.out, "{:indent$}{name} {{", "", indent = 2 * self.depth)?;
        self.depth += 1;
        self.message(message, bytes)?;
        self.depth -= 1;
        writeln!(self.out, "{:indent$}}}", "", indent = 2 * self.depth)
    }

    /// One value, or several that are packed; nothing if the bytes end too early.
    fn scalars(&mut self, field: &FieldDescriptor, kind: &Kind, bytes: &[u8]) -> io::Result<Option<()>> {
        self.line.clear();
        let _ = write!(self.line, "{:indent$}{}: ", "", field.name(), indent = 2 * self.depth);
        let prefix = self.line.len();
        if matches!(kind, Kind::String | Kind::Bytes) {
            push_escaped(bytes, &mut self.line);
            self.line.push('\n');
            return self.out.write_all(self.line.as_bytes()).map(Some);
        }
        let mut values = Reader::new(bytes);
        while !values.is_empty() {
            self.line.truncate(prefix);
            if push_scalar(kind, &mut values, &mut self.line).is_none() {
                return Ok(None);
            }
            self.line.push('\n');
            self.out.write_all(self.line.as_bytes())?;
        }
        Ok(Some(()))
    }
}

/// Messages one after another are the message that they merge to.
fn merged<'a>(mut values: impl Iterator<Item = &'a [u8]>) -> Cow<'a, [u8]> {
    let mut all = Cow::Borrowed(values.next().unwrap_or_default());
    for value in values {
        all.to_mut().extend_from_slice(value);
    }
    all
}

/// Appends the next value; integers are cut to the size of their kind, as protobuf reads them.
fn push_scalar(kind: &Kind, values: &mut Reader<'_>, text: &mut String) -> Option<()> {
    match kind {
        Kind::Float => push_float(f32::from_le_bytes(values.fixed()?), text),
        Kind::Double => push_double(f64::from_le_bytes(values.fixed()?), text),
        Kind::Bool => text.push_str(if values.varint()? != 0 { "true" } else { "false" }),
        Kind::Enum(known) => {
            let number = values.varint()? as i32;
            match known.get_value(number) {
                Some(value) => text.push_str(value.name()),
                None => push_integer(number.into(), text),
            }
        }
        Kind::Int32 => push_integer((values.varint()? as i32).into(), text),
        Kind::Int64 => push_integer((values.varint()? as i64).into(), text),
        Kind::Uint32 => push_integer((values.varint()? as u32).into(), text),
        Kind::Uint64 => push_integer(values.varint()?.into(), text),
        other => unreachable!("Caffe's schema has no fields of kind {other:?}"),
    }
    Some(())
}

fn push_integer(value: i128, text: &mut String) {
    let _ = write!(text, "{value}");
}
