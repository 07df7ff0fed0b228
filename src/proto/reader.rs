//! Reads an encoded message key by key and value by value.

use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use super::schema::Kind;

/// A place in an encoded message, or in packed values.
///
/// Each method moves on, and gives nothing where the bytes end too early or make no sense.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, position: 0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.position == self.bytes.len()
    }

    /// The offset of what comes next.
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// A field's number and the type of its value.
    pub(crate) fn key(&mut self) -> Option<(u32, WireType)> {
        self.advance(|rest| decode_key(rest).ok())
    }

    /// A value: the contents of what has a length, the encoded bytes of anything else.
    pub(crate) fn value(&mut self, number: u32, wire_type: WireType) -> Option<&'a [u8]> {
        if wire_type != WireType::LengthDelimited {
            let start = self.position;
            self.advance(|rest| skip_field(wire_type, number, rest, DecodeContext::default()).ok())?;
            return Some(&self.bytes[start..self.position]);
        }
        let length = self.varint()?;
        self.take(usize::try_from(length).ok()?)
    }

    pub(crate) fn varint(&mut self) -> Option<u64> {
        self.advance(|rest| decode_varint(rest).ok())
    }

    pub(crate) fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let taken = self.bytes[self.position..].get(..length)?;
        self.position += length;
        Some(taken)
    }

    fn advance<T>(&mut self, decode: impl FnOnce(&mut &'a [u8]) -> Option<T>) -> Option<T> {
        let mut rest = &self.bytes[self.position..];
        let decoded = decode(&mut rest);
        self.position = self.bytes.len() - rest.len();
        decoded
    }
}

/// The type of a kind's values on the wire, unless they are packed.
pub(crate) fn wire_type(kind: Kind) -> WireType {
    match kind {
        Kind::Double => WireType::SixtyFourBit,
        Kind::Float => WireType::ThirtyTwoBit,
        Kind::String | Kind::Bytes | Kind::Message(_) => WireType::LengthDelimited,
        Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64 | Kind::Bool | Kind::Enum(_) => WireType::Varint,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_take_turns() {
        let mut reader = Reader::new(b"\x0a\x02ab\x10\x96\x01\x2d\0\0\x80\x3f");
        assert_eq!(reader.key(), Some((1, WireType::LengthDelimited)));
        assert_eq!(reader.value(1, WireType::LengthDelimited), Some(&b"ab"[..]));
        assert_eq!(reader.position(), 4);
        assert_eq!(reader.key(), Some((2, WireType::Varint)));
        assert_eq!(reader.value(2, WireType::Varint), Some(&b"\x96\x01"[..]));
        assert_eq!(reader.key(), Some((5, WireType::ThirtyTwoBit)));
        assert_eq!(reader.fixed().map(f32::from_le_bytes), Some(1.0));
        assert!(reader.is_empty());
        assert_eq!(reader.key(), None);
    }

    #[test]
    fn what_ends_too_early_gives_nothing() {
        assert_eq!(Reader::new(b"\x05net").value(1, WireType::LengthDelimited), None);
        assert_eq!(Reader::new(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01").value(1, WireType::LengthDelimited), None);
        assert_eq!(Reader::new(b"\x96").varint(), None);
        assert_eq!(Reader::new(b"\0\0\0").fixed::<4>(), None);
    }
}
