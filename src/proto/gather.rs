//! The values of an encoded message, gathered by field.

use std::borrow::Cow;
use std::io;
use std::iter;

use super::reader::Reader;
use super::schema::{FieldType, Kind, MessageType};

/// A field that is set, with the values that count: of a single field the last one, or all of its messages merged into
/// one.
pub(crate) struct Gathered<'a> {
    pub(crate) field: FieldType,
    /// Each is the contents of a message or of a string, or the bytes of one or of several packed numbers.
    pub(crate) values: Box<dyn Iterator<Item = Cow<'a, [u8]>> + 'a>,
}

/// The fields of a message that are set, in ascending order of their numbers in files.
///
/// The bytes are by the numbers of the union.
///
/// # Errors
/// `InvalidData` for bytes that are damaged, or that have a field which the message does not know.
pub(crate) fn gather<'a>(bytes: &'a [u8], message: MessageType) -> io::Result<Vec<Gathered<'a>>> {
    let runs = FieldRun::sorted(bytes).ok_or_else(|| damaged(message))?;
    let gathered = |runs: &[FieldRun<'a>]| {
        let field = message.field(runs[0].number).ok_or_else(|| damaged(message))?;
        let own: Vec<FieldRun<'a>> = runs.into();
        let all = own.into_iter().flat_map(FieldRun::values);
        let values: Box<dyn Iterator<Item = _>> = match field.kind() {
            _ if field.is_repeated() => Box::new(all.map(Cow::Borrowed)),
            Kind::Message(_) => Box::new(iter::once(merged(all))),
            _ => Box::new(all.last().map(Cow::Borrowed).into_iter()),
        };
        Ok(Gathered { field, values })
    };
    let mut fields: Vec<Gathered<'a>> =
        runs.chunk_by(|a, b| a.number == b.number).map(gathered).collect::<io::Result<_>>()?;
    fields.sort_by_key(|gathered| gathered.field.saved_number());
    Ok(fields)
}

/// The error for bytes that are no such message.
pub(crate) fn damaged(message: MessageType) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("damaged or unknown in {}", message.name()))
}

/// Messages one after another are the message that they merge to.
fn merged<'a>(mut values: impl Iterator<Item = &'a [u8]>) -> Cow<'a, [u8]> {
    let mut all = Cow::Borrowed(values.next().unwrap_or_default());
    for value in values {
        all.to_mut().extend_from_slice(value);
    }
    all
}

/// Values of one field that follow one another, with their keys.
#[derive(Clone)]
struct FieldRun<'a> {
    number: u32,
    bytes: &'a [u8],
}

impl<'a> FieldRun<'a> {
    /// The runs of a message in ascending order of their numbers.
    fn sorted(bytes: &'a [u8]) -> Option<Vec<FieldRun<'a>>> {
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
                runs.push(FieldRun { number: last, bytes: &bytes[start..position] });
                start = position;
            }
        }
        runs.extend(last.map(|number| FieldRun { number, bytes: &bytes[start..] }));
        runs.sort_by_key(|run| run.number);
        Some(runs)
    }

    fn values(self) -> impl Iterator<Item = &'a [u8]> {
        let mut reader = Reader::new(self.bytes);
        iter::from_fn(move || {
            let (number, wire_type) = reader.key()?;
            reader.value(number, wire_type)
        })
    }
}
