//! Writes messages as the C++ `TextFormat::Print` of protobuf 3.21 does: a field a line, in the order of their numbers.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::number::{push_double, push_float};
use super::string::push_escaped;
use crate::proto::gather::{Gathered, damaged, gather};
use crate::proto::reader::Reader;
use crate::proto::schema::{FieldType, Kind, MessageType};

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
pub fn write<W: Write>(out: &mut W, message: MessageType, bytes: &[u8]) -> io::Result<()> {
    write_within(out, 0, message, bytes)
}

/// Writes the text of a message that stands within so many others.
///
/// # Errors
/// As [`write`].
pub(crate) fn write_within<W: Write>(out: &mut W, depth: usize, message: MessageType, bytes: &[u8]) -> io::Result<()> {
    Writer { out, depth, line: String::new() }.message(message, bytes)
}

/// The text of an encoded message, as [`write()`] gives it.
///
/// # Errors
/// `InvalidData` for bytes that are not such a message.
pub fn to_string(message: MessageType, bytes: &[u8]) -> io::Result<String> {
    let mut text = Vec::new();
    write(&mut text, message, bytes)?;
    Ok(String::from_utf8(text).expect("names and escaped strings are ASCII"))
}

struct Writer<'a, W> {
    out: &'a mut W,
    /// The number of messages around the one at hand.
    depth: usize,
    /// Room for a line.
    line: String,
}

impl<W: Write> Writer<'_, W> {
    fn message(&mut self, message: MessageType, bytes: &[u8]) -> io::Result<()> {
        for Gathered { field, values } in gather(bytes, message)? {
            for value in values {
                match field.kind() {
                    Kind::Message(inner) => self.nested(field.name(), inner, &value)?,
                    kind => self.scalars(field, kind, &value)?.ok_or_else(|| damaged(message))?,
                }
            }
        }
        Ok(())
    }

    fn nested(&mut self, name: &str, message: MessageType, bytes: &[u8]) -> io::Result<()> {
        writeln!(self.out, "{:indent$}{name} {{", "", indent = 2 * self.depth)?;
        self.depth += 1;
        self.message(message, bytes)?;
        self.depth -= 1;
        writeln!(self.out, "{:indent$}}}", "", indent = 2 * self.depth)
    }

    /// One value, or several that are packed; nothing if the bytes end too early.
    fn scalars(&mut self, field: FieldType, kind: Kind, bytes: &[u8]) -> io::Result<Option<()>> {
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

/// Appends the next value; integers are cut to the size of their kind, as protobuf reads them.
fn push_scalar(kind: Kind, values: &mut Reader<'_>, text: &mut String) -> Option<()> {
    match kind {
        Kind::Float => push_float(f32::from_le_bytes(values.fixed()?), text),
        Kind::Double => push_double(f64::from_le_bytes(values.fixed()?), text),
        Kind::Bool => text.push_str(if values.varint()? != 0 { "true" } else { "false" }),
        Kind::Enum(known) => {
            let number = values.varint()? as i32;
            match known.value_name(number) {
                Some(name) => text.push_str(name),
                None => push_integer(number.into(), text),
            }
        }
        Kind::Int32 => push_integer((values.varint()? as i32).into(), text),
        Kind::Int64 => push_integer((values.varint()? as i64).into(), text),
        Kind::Uint32 => push_integer((values.varint()? as u32).into(), text),
        Kind::Uint64 => push_integer(values.varint()?.into(), text),
        Kind::String | Kind::Bytes | Kind::Message(_) => return None,
    }
    Some(())
}

fn push_integer(value: i128, text: &mut String) {
    let _ = write!(text, "{value}");
}
