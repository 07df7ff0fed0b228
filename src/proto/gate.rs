//! Between the program's messages and the files of a schema: numbers are translated, and what no message has is kept.
//!
//! ```text
//! file, by the schema's numbers ──▶ joined ──▶ folded ──▶ messages (prost) ──▶ unfolded ──▶ binary::write, text::write
//! text, by its names ────────────────────────▶
//! ```
//!
//! Where the schema is BVLC's and strings are UTF-8, all of this leaves the bytes as they are.

use std::borrow::Cow;

use prost::encoding::WireType;
use prost::{DecodeError, Message};

use super::escape;
use super::fields::{Field, Fields, push_bytes, push_varint};
use super::reader::Reader;
use super::schema::{FieldType, Kind, MessageType};
use super::wire::WireError;

/// The number of the field of a message that holds what the program does not read of it.
const KEPT: u32 = 19_000;

/// Translates an encoded message of a file to the numbers of the union.
///
/// # Errors
/// The bytes are no message of this type.
pub fn joined(bytes: &[u8], message: MessageType) -> Result<Cow<'_, [u8]>, WireError> {
    if message.schema().is_caffe() {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 8);
    for field in Fields::new(bytes, 0, message.name()) {
        join_field(&field?, message, &mut out)?;
    }
    Ok(Cow::Owned(out))
}

fn join_field(field: &Field<'_>, message: MessageType, out: &mut Vec<u8>) -> Result<(), WireError> {
    let Field { number, wire_type, offset, body, .. } = *field;
    let Some(known) = message.saved_field(number) else {
        return Err(WireError::UnknownField { number, message: message.name().to_owned(), offset });
    };
    match known.kind() {
        Kind::Message(inner) if wire_type == WireType::LengthDelimited => {
            push_bytes(known.number(), &joined(body, inner)?, out);
        }
        Kind::Enum(values) => {
            let mut numbers = Reader::new(body);
            while !numbers.is_empty() {
                let damaged = || WireError::Malformed { message: message.name().to_owned(), offset };
                let saved = numbers.varint().ok_or_else(damaged)? as i32;
                push_varint(known.number(), i64::from(values.of_saved(saved).unwrap_or(saved)) as u64, out);
            }
        }
        _ => field.push_as(known.number(), out),
    }
    Ok(())
}

/// Puts what the program's messages do not have into the fields that keep it.
///
/// The bytes are by the numbers of the union, and whole.
pub fn folded(bytes: &[u8], message: MessageType) -> Cow<'_, [u8]> {
    if message.schema().is_caffe() { Cow::Borrowed(bytes) } else { Cow::Owned(parted(bytes, message).0) }
}

/// Decodes the program's message; strings that are not UTF-8 are [escaped](super::escape) in it.
///
/// # Errors
/// The bytes are no such message.
pub fn decoded<M: Message + Default>(bytes: &[u8], message: MessageType) -> Result<M, DecodeError> {
    if escape::is_plain(bytes, message) {
        return M::decode(&*folded(bytes, message));
    }
    M::decode(&*folded(&escape::escape_strings(bytes, message), message))
}

/// What the program's message has of an encoded one, and what a message around it has to keep of it.
fn parted(bytes: &[u8], message: MessageType) -> (Vec<u8>, Vec<u8>) {
    let (mut read, mut kept) = (Vec::with_capacity(bytes.len()), Vec::new());
    for field in Fields::new(bytes, 0, message.name()).map_while(Result::ok) {
        match message.field(field.number).filter(|known| known.is_read()).map(FieldType::kind) {
            Some(Kind::Message(inner)) => {
                let (read_of_it, kept_of_it) = parted(field.body, inner);
                push_bytes(field.number, &read_of_it, &mut read);
                if !kept_of_it.is_empty() {
                    push_bytes(field.number, &kept_of_it, &mut kept);
                }
            }
            Some(_) => read.extend(field.whole),
            None => kept.extend(field.whole),
        }
    }
    if message.keeps() && !kept.is_empty() {
        push_bytes(KEPT, &std::mem::take(&mut kept), &mut read);
    }
    (read, kept)
}

/// Puts what was kept back among the fields of each message, where those that both parts have are there twice, to be
/// merged; and gives strings the bytes that they have outside.
pub fn unfolded(bytes: &[u8], message: MessageType) -> Cow<'_, [u8]> {
    let is_marked = escape::may_be_marked(bytes);
    let bytes = if message.schema().is_caffe() { Cow::Borrowed(bytes) } else { Cow::Owned(spread(bytes, message)) };
    if is_marked { Cow::Owned(escape::unescape_strings(&bytes, message)) } else { bytes }
}

fn spread(bytes: &[u8], message: MessageType) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for field in Fields::new(bytes, 0, message.name()).map_while(Result::ok) {
        match message.field(field.number).map(FieldType::kind) {
            _ if field.number == KEPT => out.extend(field.body),
            Some(Kind::Message(inner)) => push_bytes(field.number, &spread(field.body, inner), &mut out),
            _ => out.extend(field.whole),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use prost::encoding::{encode_key, encode_varint};

    use super::*;
    use crate::proto::Schema;
    use crate::proto::binary;
    use crate::proto::caffe::NetParameter;

    /// A value for each field of a message and of those within it, as a file of the schema has them.
    fn full(message: MessageType, depth: usize) -> Vec<u8> {
        let mut fields: Vec<FieldType> = message.fields().collect();
        fields.sort_by_key(|field| field.saved_number());
        let mut out = Vec::new();
        for field in fields {
            let times = if field.is_repeated() { 2 } else { 1 };
            let values: Vec<Vec<u8>> = (0..times).filter_map(|time| value(field, time, depth)).collect();
            if values.is_empty() {
                continue;
            }
            let wire_type = super::super::reader::wire_type(field.kind());
            if field.is_packed() {
                push_bytes(field.saved_number(), &values.concat(), &mut out);
                continue;
            }
            for value in values {
                if wire_type == WireType::LengthDelimited {
                    push_bytes(field.saved_number(), &value, &mut out);
                } else {
                    encode_key(field.saved_number(), wire_type, &mut out);
                    out.extend(value);
                }
            }
        }
        out
    }

    fn value(field: FieldType, time: u8, depth: usize) -> Option<Vec<u8>> {
        let number = 3 + time;
        Some(match field.kind() {
            Kind::Message(_) if depth == 0 => return None,
            Kind::Message(inner) => full(inner, depth - 1),
            Kind::Float => (f32::from(number) + 0.25).to_le_bytes().to_vec(),
            Kind::Double => (f64::from(number) + 0.5).to_le_bytes().to_vec(),
            Kind::Bool => vec![1],
            Kind::String | Kind::Bytes => vec![b'a' + time],
            Kind::Enum(values) => {
                let last = values.value_names().last().expect("an enum has values");
                let saved = values.value_number(last).and_then(|number| values.saved(number));
                let mut out = Vec::new();
                encode_varint(i64::from(saved.expect("it is one of its values")) as u64, &mut out);
                out
            }
            Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64 => vec![number],
        })
    }

    #[test]
    fn every_field_of_every_schema_goes_through_the_messages_unharmed() {
        for schema in Schema::all() {
            let net = schema.message("NetParameter").expect("every schema has nets");
            let file = full(net, 4);
            let union = joined(&file, net).unwrap();
            let decoded = NetParameter::decode(&*folded(&union, net)).expect("the messages are prost's");
            let encoded = decoded.encode_to_vec();
            let mut again = Vec::new();
            binary::write(&mut again, net, &unfolded(&encoded, net)).unwrap();
            assert!(again == file, "{}: {} bytes, not {}", schema.name(), again.len(), file.len());
        }
    }
}
