//! Writes messages in protobuf's binary format as C++ protobuf does: fields by the schema's numbers and in their order,
//! lists of numbers packed where it says so.

use std::io::{self, Write};

use super::gather::{Gathered, damaged, gather};
use super::reader::{Reader, wire_type};
use super::schema::{Kind, MessageType};
use prost::encoding::{WireType, encode_key, encode_varint};

/// Writes an encoded message, which [`wire::check`](super::wire::check) accepts, as `protoc --encode` would with this
/// schema.
///
/// Fields of the root go to `out` one by one; what is within them is in memory meanwhile, up to three times. As in
/// protobuf, the last of several values of a single field counts, and several messages of one are merged.
///
/// # Errors
/// Those of `out`; `InvalidData` for bytes that are not such a message.
pub fn write<W: Write>(out: &mut W, message: MessageType, bytes: &[u8]) -> io::Result<()> {
    for Gathered { field, values } in gather(bytes, message)? {
        match field.kind() {
            Kind::Message(inner) => {
                for value in values {
                    let mut body = Vec::new();
                    write(&mut body, inner, &value)?;
                    write_framed(out, field.saved_number(), &body)?;
                }
            }
            Kind::String | Kind::Bytes => {
                for value in values {
                    write_framed(out, field.saved_number(), &value)?;
                }
            }
            kind => {
                let key = (!field.is_packed()).then(|| field.saved_number());
                let mut numbers = Vec::new();
                for value in values {
                    push_numbers(kind, key, &value, &mut numbers).ok_or_else(|| damaged(message))?;
                }
                match key {
                    None if !numbers.is_empty() => write_framed(out, field.saved_number(), &numbers)?,
                    _ => out.write_all(&numbers)?,
                }
            }
        }
    }
    Ok(())
}

/// Writes a field whose value has a length.
fn write_framed<W: Write>(out: &mut W, number: u32, body: &[u8]) -> io::Result<()> {
    let mut start = Vec::new();
    encode_key(number, WireType::LengthDelimited, &mut start);
    encode_varint(body.len() as u64, &mut start);
    out.write_all(&start)?;
    out.write_all(body)
}

/// Appends numbers that follow one another, each behind the key if there is one; nothing if they end too early.
fn push_numbers(kind: Kind, key: Option<u32>, bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    if key.is_none() && matches!(kind, Kind::Float | Kind::Double) {
        out.extend(bytes);
        return Some(());
    }
    let mut numbers = Reader::new(bytes);
    while !numbers.is_empty() {
        if let Some(key) = key {
            encode_key(key, wire_type(kind), out);
        }
        push_number(kind, &mut numbers, out)?;
    }
    Some(())
}

/// Appends the next number; integers are cut to the size of their kind, as protobuf reads them.
fn push_number(kind: Kind, numbers: &mut Reader<'_>, out: &mut Vec<u8>) -> Option<()> {
    match kind {
        Kind::Float => out.extend(numbers.fixed::<4>()?),
        Kind::Double => out.extend(numbers.fixed::<8>()?),
        Kind::Bool => out.push((numbers.varint()? != 0).into()),
        Kind::Int32 => encode_varint(i64::from(numbers.varint()? as i32) as u64, out),
        Kind::Enum(values) => {
            let number = numbers.varint()? as i32;
            encode_varint(i64::from(values.saved(number).unwrap_or(number)) as u64, out);
        }
        Kind::Uint32 => encode_varint((numbers.varint()? as u32).into(), out),
        Kind::Int64 | Kind::Uint64 => encode_varint(numbers.varint()?, out),
        Kind::String | Kind::Bytes | Kind::Message(_) => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::descriptor;

    fn rewritten(name: &str, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out, descriptor(name), bytes).unwrap();
        out
    }

    #[test]
    fn fields_come_in_order_and_floats_packed() {
        let blob = b"\x3a\x02\x08\x02\x2d\0\0\x80\x3f\x08\x05\x2a\x04\0\0\0\x40\x08\x06\x2a\x00\x3a\x03\x0a\x01\x03";
        let expected = b"\x08\x06\x2a\x08\0\0\x80\x3f\0\0\0\x40\x3a\x04\x0a\x02\x02\x03";
        assert_eq!(rewritten("BlobProto", blob), expected);
        assert_eq!(rewritten("BlobProto", b"\x2a\x00"), b"", "an empty list is none");
    }

    #[test]
    fn lists_that_are_not_packed_have_a_key_each() {
        assert_eq!(rewritten("ConvolutionParameter", b"\x22\x02\x03\x05\x20\x07"), b"\x20\x03\x20\x05\x20\x07");
    }

    #[test]
    fn integers_have_the_size_of_their_kind() {
        let level = b"\x10\xff\xff\xff\xff\x0f\x08\x81\x00";
        let expected = b"\x08\x01\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
        assert_eq!(rewritten("NetState", level), expected);
    }

    #[test]
    fn what_is_no_message_is_an_error() {
        let error = |bytes: &[u8]| write(&mut Vec::new(), descriptor("BlobProto"), bytes).unwrap_err().to_string();
        assert_eq!(error(b"\x2a\x08\0\0"), "damaged or unknown in BlobProto");
        assert_eq!(error(b"\x3a\x02\x78\x01"), "damaged or unknown in BlobShape");
        assert_eq!(error(b"\x3a\x03\x0a\x01\xff"), "damaged or unknown in BlobShape");
    }
}
