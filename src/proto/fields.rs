//! The fields of an encoded message, with their places in the file.

use prost::encoding::{WireType, encode_key, encode_varint};

use super::reader::Reader;
use super::wire::WireError;

/// The most bytes of a number of variable length.
const MAX_VARINT_BYTES: usize = 10;

/// The longest value of a protobuf file; a length beyond is damage.
const MAX_LENGTH: u64 = i32::MAX as u64;

/// A field of an encoded message, undecoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    /// Its number.
    pub(crate) number: u32,
    /// How its value is encoded.
    pub(crate) wire_type: WireType,
    /// Where it starts in the file.
    pub(crate) offset: usize,
    /// All of it.
    pub(crate) whole: &'a [u8],
    /// Its value, without the length where it has one.
    pub(crate) body: &'a [u8],
    /// Where the value starts in the file.
    pub(crate) body_offset: usize,
}

impl Field<'_> {
    /// Appends the field under another number.
    pub(crate) fn push_as(&self, number: u32, out: &mut Vec<u8>) {
        if self.wire_type == WireType::LengthDelimited {
            return push_bytes(number, self.body, out);
        }
        encode_key(number, self.wire_type, out);
        out.extend(self.body);
    }
}

/// Appends a field with a number of variable length.
pub(crate) fn push_varint(number: u32, value: u64, out: &mut Vec<u8>) {
    encode_key(number, WireType::Varint, out);
    encode_varint(value, out);
}

/// Appends a field with a string, bytes or an encoded message.
pub(crate) fn push_bytes(number: u32, body: &[u8], out: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(body.len() as u64, out);
    out.extend(body);
}

/// Gives the fields one after the other; nothing follows an error.
pub(crate) struct Fields<'a, 'm> {
    bytes: &'a [u8],
    reader: Reader<'a>,
    base: usize,
    message: &'m str,
}

impl<'a, 'm> Fields<'a, 'm> {
    /// The fields of `bytes`, which start at byte `base` of the file; `message` is what errors call them.
    pub(crate) fn new(bytes: &'a [u8], base: usize, message: &'m str) -> Fields<'a, 'm> {
        Fields { bytes, reader: Reader::new(bytes), base, message }
    }

    fn read(&mut self) -> Option<Field<'a>> {
        let start = self.reader.position();
        let (number, wire_type) = self.reader.key()?;
        let body = self.reader.value(number, wire_type)?;
        let end = self.reader.position();
        let (offset, body_offset) = (self.base + start, self.base + end - body.len());
        Some(Field { number, wire_type, offset, whole: &self.bytes[start..end], body, body_offset })
    }
}

impl<'a> Iterator for Fields<'a, '_> {
    type Item = Result<Field<'a>, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.reader.is_empty() {
            return None;
        }
        let offset = self.base + self.reader.position();
        let field = self.read();
        if field.is_none() {
            self.reader = Reader::new(&[]);
        }
        // A message within another ends where that one says, so that only the outermost can be cut off.
        let cut = self.base == 0 && is_cut(&self.bytes[offset - self.base..]);
        let message = || self.message.to_owned();
        Some(field.ok_or_else(|| match cut {
            true => WireError::Truncated { message: message(), offset },
            false => WireError::Malformed { message: message(), offset },
        }))
    }
}

/// Whether what starts like a field ends before the field does.
fn is_cut(bytes: &[u8]) -> bool {
    let is_open = |rest: &[u8]| rest.len() < MAX_VARINT_BYTES && rest.iter().all(|byte| byte & 0x80 != 0);
    let mut reader = Reader::new(bytes);
    let Some((_, wire_type)) = reader.key() else { return is_open(bytes) };
    let value = &bytes[reader.position()..];
    match wire_type {
        WireType::Varint => is_open(value),
        WireType::ThirtyTwoBit => value.len() < 4,
        WireType::SixtyFourBit => value.len() < 8,
        WireType::LengthDelimited => match reader.varint() {
            None => is_open(value),
            Some(length) => length <= MAX_LENGTH && length > (bytes.len() - reader.position()) as u64,
        },
        WireType::StartGroup | WireType::EndGroup => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_know_their_places_and_nothing_follows_an_error() {
        let mut fields = Fields::new(b"\x0a\x02ab\x10\x07\x12\x09x", 100, "Blob");
        let field = fields.next().unwrap().unwrap();
        assert_eq!((field.number, field.offset, field.body, field.body_offset), (1, 100, &b"ab"[..], 102));
        let field = fields.next().unwrap().unwrap();
        assert_eq!(
            (field.number, field.whole, field.body, field.body_offset),
            (2, &b"\x10\x07"[..], &b"\x07"[..], 105)
        );
        let error = fields.next().unwrap().unwrap_err().to_string();
        assert_eq!(error, "damaged in Blob at byte 106");
        assert!(fields.next().is_none());
    }

    #[test]
    fn a_file_that_ends_too_early_is_told_from_a_damaged_one() {
        let last = |bytes: &[u8]| Fields::new(bytes, 0, "Blob").last().unwrap().unwrap_err();
        let cut = WireError::Truncated { message: "Blob".into(), offset: 2 };
        let starts = [&b"\x12\x09x"[..], b"\x12", b"\x12\xff", b"\x10\x80", b"\x15\0\0\0", b"\x11\0\0\0\0", b"\xff"];
        for start in starts {
            assert_eq!(last(&[b"\x10\x07", start].concat()), cut, "{start:x?}");
        }
        let damaged = WireError::Malformed { message: "Blob".into(), offset: 2 };
        for start in [&b"\0\0\0"[..], b"\x17\x01", b"\x14", b"\x12\xff\xff\xff\xff\x0f", &[0xff; 12]] {
            assert_eq!(last(&[b"\x10\x07", start].concat()), damaged, "{start:x?}");
        }
    }
}
