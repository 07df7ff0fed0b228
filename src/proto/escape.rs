//! Strings that are not UTF-8: Rust's strings cannot hold what protobuf's can.
//!
//! Inside the program a byte that is no UTF-8 is a character of U+F780 to U+F7FF, of the private use area. Those
//! characters themselves, where a string has them, are taken for three such bytes each, so that nothing is ambiguous.

use std::borrow::Cow;
use std::ffi::OsString;
use std::fmt::Write;

use super::fields::{Field, Fields, push_bytes};
use super::schema::{FieldType, Kind, MessageType};

/// The character that stands for the byte 0.
const BASE: u32 = 0xf700;

/// The first two bytes of the characters that stand for bytes.
const MARKS: [[u8; 2]; 2] = [[0xef, 0x9e], [0xef, 0x9f]];

/// The byte that a character stands for.
fn byte_of(character: char) -> Option<u8> {
    (0xf780..=0xf7ff).contains(&u32::from(character)).then(|| (u32::from(character) - BASE) as u8)
}

/// Whether the bytes may hold such characters.
pub(crate) fn may_be_marked(bytes: &[u8]) -> bool {
    // Few bytes are the first of a mark, and the search for a single one is fast.
    bytes.contains(&MARKS[0][0]) && bytes.windows(2).any(|pair| MARKS.iter().any(|mark| pair == mark))
}

/// The string that stands for these bytes.
fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mark = |byte: u8| char::from_u32(BASE + u32::from(byte)).expect("it is of the private use area");
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if byte_of(character).is_none() {
                text.push(character);
            } else {
                text.extend(character.encode_utf8(&mut [0; 4]).bytes().map(mark));
            }
        }
        text.extend(chunk.invalid().iter().copied().map(mark));
    }
    text
}

/// The bytes that a string stands for.
pub(crate) fn unescaped(text: &str) -> Cow<'_, [u8]> {
    if !may_be_marked(text.as_bytes()) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match byte_of(character) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend(character.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
    Cow::Owned(bytes)
}

/// The path that a string names.
#[cfg(unix)]
pub(crate) fn path(text: &str) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(unescaped(text).into_owned())
}

/// The path that a string names. One that is not UTF-8 names nothing here.
#[cfg(not(unix))]
pub(crate) fn path(text: &str) -> OsString {
    text.into()
}

/// A name in quotes as messages show it: bytes that are no UTF-8 as `\xff`.
pub(crate) fn quoted(text: &str) -> String {
    if !may_be_marked(text.as_bytes()) {
        return format!("{text:?}");
    }
    let mut shown = String::from("\"");
    for character in text.chars() {
        let _ = match byte_of(character) {
            Some(byte) => write!(shown, "\\x{byte:02x}"),
            None => write!(shown, "{}", character.escape_debug()),
        };
    }
    shown + "\""
}

/// Whether escaping leaves the strings of an encoded message, by the numbers of the union, as they are.
pub(super) fn is_plain(bytes: &[u8], message: MessageType) -> bool {
    let is_plain_field = |field: Field<'_>| match message.field(field.number).map(FieldType::kind) {
        Some(Kind::String) => std::str::from_utf8(field.body).is_ok() && !may_be_marked(field.body),
        Some(Kind::Message(inner)) if inner.name() != "BlobProto" => is_plain(field.body, inner),
        _ => true,
    };
    Fields::new(bytes, 0, message.name()).map_while(Result::ok).all(is_plain_field)
}

/// An encoded message, by the numbers of the union, with all of its strings escaped.
pub(super) fn escape_strings(bytes: &[u8], message: MessageType) -> Vec<u8> {
    with_strings(bytes, message, &|body| escaped(body).into_bytes())
}

/// An encoded message, by the numbers of the union, with all of its strings as they are outside.
pub(super) fn unescape_strings(bytes: &[u8], message: MessageType) -> Vec<u8> {
    let unescape =
        |body: &[u8]| std::str::from_utf8(body).map_or_else(|_| body.to_vec(), |text| unescaped(text).into_owned());
    with_strings(bytes, message, &unescape)
}

fn with_strings(bytes: &[u8], message: MessageType, change: &dyn Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for field in Fields::new(bytes, 0, message.name()).map_while(Result::ok) {
        let body = match message.field(field.number).map(FieldType::kind) {
            Some(Kind::String) => change(field.body),
            Some(Kind::Message(inner)) if inner.name() != "BlobProto" => with_strings(field.body, inner, change),
            _ => {
                out.extend(field.whole);
                continue;
            }
        };
        push_bytes(field.number, &body, &mut out);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bytes_go_through_strings_unharmed() {
        let all: Vec<u8> = (0..=255).collect();
        let private = "a\u{f77f}\u{f780}\u{f7ff}\u{f800}é".as_bytes();
        let gbk = b"\xca\xfd\xbe\xdd/train.txt";
        for bytes in [&all[..], private, gbk, b"\xef\x9e", b"\xed\xa0\xbd", b"plain"] {
            assert_eq!(&*unescaped(&escaped(bytes)), bytes);
        }
        assert_eq!(escaped("plain é".as_bytes()), "plain é");
    }

    #[test]
    fn no_two_strings_become_one() {
        assert_ne!(escaped("\u{f7e9}".as_bytes()), escaped(b"\xe9"));
        assert_eq!(escaped(b"\xe9"), "\u{f7e9}");
    }

    #[test]
    fn messages_show_the_bytes() {
        assert_eq!(quoted(&escaped(b"caf\xe9\n")), r#""caf\xe9\n""#);
        assert_eq!(quoted("a\"b"), r#""a\"b""#);
    }
}
