//! The fields of an encoded message, with their places in the file.

use prost::encoding::WireType;

use super::reader::Reader;
use super::wire::WireError;

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
        Some(field.ok_or_else(|| WireError::Malformed { message: self.message.to_owned(), offset }))
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
        assert_eq!(error, "damaged or truncated in Blob at byte 106");
        assert!(fields.next().is_none());
    }
}
