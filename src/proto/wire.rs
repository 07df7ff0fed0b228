//! The binary format: what a file holds before it is decoded, checked against the schema.
//!
//! prost drops fields that it does not know; [`check`] finds them first, so that nothing is lost silently.

use prost::bytes::Buf;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use prost_reflect::{Kind, MessageDescriptor};
use thiserror::Error;

/// The deepest nesting of messages that is followed, as in protobuf itself.
const MAX_DEPTH: usize = 100;

/// Why bytes are not a message of the schema.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WireError {
    /// A field number that the schema does not have.
    #[error("unknown field number {number} in {message} at byte {offset}")]
    UnknownField {
        /// The field's number.
        number: u32,
        /// The message that has it.
        message: String,
        /// Where it stands.
        offset: usize,
    },
    /// The bytes end too early or make no sense.
    #[error("damaged or truncated in {message} at byte {offset}")]
    Malformed {
        /// The message that is damaged.
        message: String,
        /// Where the trouble starts.
        offset: usize,
    },
    /// Messages within messages beyond all measure.
    #[error("nested deeper than {MAX_DEPTH} messages at byte {offset}")]
    TooDeep {
        /// Where the limit is passed.
        offset: usize,
    },
}

/// Whether the bytes look like a binary message, not like text: control characters stand near their start.
pub fn looks_binary(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(4096)];
    start.iter().any(|&byte| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0b | 0x0c))
}

/// Checks that `bytes` are a message of this type with no unknown fields.
///
/// # Errors
/// The first place that is not.
pub fn check(bytes: &[u8], message: &MessageDescriptor) -> Result<(), WireError> {
    check_message(bytes, message, 0, 0)
}

fn check_message(bytes: &[u8], message: &MessageDescriptor, base: usize, depth: usize) -> Result<(), WireError> {
    if depth > MAX_DEPTH {
        return Err(WireError::TooDeep { offset: base });
    }
    let mut rest = bytes;
    while rest.has_remaining() {
        let offset = base + bytes.len() - rest.len();
        let malformed = |_| WireError::Malformed { message: message.name().to_owned(), offset };
        let (number, wire_type) = decode_key(&mut rest).map_err(malformed)?;
        let Some(field) = message.get_field(number) else {
            return Err(WireError::UnknownField { number, message: message.name().to_owned(), offset });
        };
        match (field.kind(), wire_type) {
            (Kind::Message(inner), WireType::LengthDelimited) => {
                let length = decode_varint(&mut rest).map_err(malformed)? as usize;
                let Some((body, after)) = rest.split_at_checked(length) else {
                    return Err(WireError::Malformed { message: message.name().to_owned(), offset });
                };
                check_message(body, &inner, base + bytes.len() - rest.len(), depth + 1)?;
                rest = after;
            }
            _ => skip_field(wire_type, number, &mut rest, DecodeContext::default()).map_err(malformed)?,
        }
    }
    Ok(())
}

/// The names of the fields that are set in an encoded message, each once, in the order of the bytes.
pub fn field_names(bytes: &[u8], message: &MessageDescriptor) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut rest = bytes;
    while let Ok((number, wire_type)) = decode_key(&mut rest) {
        let name = message.get_field(number).map_or_else(|| number.to_string(), |field| field.name().to_owned());
        if !names.contains(&name) {
            names.push(name);
        }
        if skip_field(wire_type, number, &mut rest, DecodeContext::default()).is_err() {
            break;
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::descriptor;

    fn error(bytes: &[u8]) -> String {
        check(bytes, &descriptor("NetParameter")).unwrap_err().to_string()
    }

    #[test]
    fn unknown_and_damaged_fields_are_found_with_their_place() {
        assert_eq!(check(b"\x0a\x03net", &descriptor("NetParameter")), Ok(()));
        assert_eq!(error(b"\x0a\x03net\xf8\x7f\x01"), "unknown field number 2047 in NetParameter at byte 5");
        assert_eq!(error(b"\x0a\x05net"), "damaged or truncated in NetParameter at byte 0");
        assert_eq!(error(b"\xa2\x06\x03\xf8\x7f\x01"), "unknown field number 2047 in LayerParameter at byte 3");
    }

    #[test]
    fn text_is_not_taken_for_binary() {
        assert!(!looks_binary(b"\n# a net\r\nname: \"x\"\t{\x0c"));
        assert!(looks_binary(b"\n\x05LeNet\xa2\x06"));
    }
}
