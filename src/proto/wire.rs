//! The binary format: what a file holds before it is decoded, checked against the schema.
//!
//! prost drops fields that it does not know; [`check`] finds them first, so that nothing is lost silently.

use prost::encoding::WireType;
use thiserror::Error;

use super::fields::{Field, Fields};
use super::reader::{Reader, wire_type};
use super::schema::{FieldType, Kind, MessageType};
use crate::limits::Limits;

/// The deepest nesting of messages that is followed, as in protobuf itself.
pub(crate) const MAX_DEPTH: usize = 100;

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
    /// A value of another type than the field's.
    #[error("the value of {field:?} in {message} at byte {offset} is not of the field's type")]
    WrongType {
        /// The field.
        field: String,
        /// The message that has it.
        message: String,
        /// Where it stands.
        offset: usize,
    },
    /// A field that the message must have is not there.
    #[error("missing required field {field:?} in {message} at byte {offset}")]
    MissingField {
        /// The field.
        field: String,
        /// The message that lacks it.
        message: String,
        /// Where the message starts.
        offset: usize,
    },
    /// The file ends too early.
    #[error("truncated: the file ends within the field of {message} that starts at byte {offset}")]
    Truncated {
        /// The message that is cut off.
        message: String,
        /// Where its last field starts.
        offset: usize,
    },
    /// The bytes make no sense.
    #[error("damaged in {message} at byte {offset}")]
    Malformed {
        /// The message that is damaged.
        message: String,
        /// Where the trouble starts.
        offset: usize,
    },
    /// More than the limits allow.
    #[error("more than {limit} {what}")]
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// How many are allowed.
        limit: u64,
    },
    /// A string that is not UTF-8.
    #[error("a string that is not UTF-8 in {message} at byte {offset}")]
    NotUtf8 {
        /// The message that has it.
        message: String,
        /// Where it stands.
        offset: usize,
    },
    /// Messages within messages beyond all measure.
    #[error("nested deeper than {MAX_DEPTH} messages at byte {offset}")]
    TooDeep {
        /// Where the limit is passed.
        offset: usize,
    },
}

/// Checks that `bytes` are a message of this type as files of its schema have it, with no unknown fields and within the
/// limits.
///
/// # Errors
/// The first place that is not.
pub fn check(bytes: &[u8], message: MessageType, limits: &Limits) -> Result<(), WireError> {
    check_message(bytes, message, (0, 0), MessageType::saved_field, &mut Counter::new(limits))
}

/// The same for a message by the numbers of the union of all schemas, as text is read.
///
/// # Errors
/// The first place that is not.
pub(crate) fn check_joined(bytes: &[u8], message: MessageType, limits: &Limits) -> Result<(), WireError> {
    check_message(bytes, message, (0, 0), MessageType::field, &mut Counter::new(limits))
}

/// Finds the field of a number.
type Lookup = fn(MessageType, u32) -> Option<FieldType>;

fn check_message(
    bytes: &[u8],
    message: MessageType,
    (base, depth): (usize, usize),
    lookup: Lookup,
    counter: &mut Counter<'_>,
) -> Result<(), WireError> {
    if depth > MAX_DEPTH {
        return Err(WireError::TooDeep { offset: base });
    }
    let mut missing: Vec<FieldType> = message.required_fields().collect();
    for field in Fields::new(bytes, base, message.name()) {
        let Field { number, wire_type, offset, body, body_offset, .. } = field?;
        let Some(known) = lookup(message, number) else {
            return Err(WireError::UnknownField { number, message: message.name().to_owned(), offset });
        };
        if !fits(known, wire_type, body) {
            let (field, message) = (known.name().to_owned(), message.name().to_owned());
            return Err(WireError::WrongType { field, message, offset });
        }
        missing.retain(|field| field.number() != known.number());
        if let Kind::Message(inner) = known.kind() {
            counter.count(inner)?;
            check_message(body, inner, (body_offset, depth + 1), lookup, counter)?;
        }
    }
    match missing.first() {
        Some(field) => {
            let (field, message) = (field.name().to_owned(), message.name().to_owned());
            Err(WireError::MissingField { field, message, offset: base })
        }
        None => Ok(()),
    }
}

/// Counts messages and layers up to the limits.
pub(crate) struct Counter<'a> {
    limits: &'a Limits,
    layers: u64,
    messages: u64,
}

impl<'a> Counter<'a> {
    pub(crate) fn new(limits: &'a Limits) -> Counter<'a> {
        Counter { limits, layers: 0, messages: 0 }
    }

    /// Counts a message within another.
    ///
    /// # Errors
    /// It is one too many.
    pub(crate) fn count(&mut self, inner: MessageType) -> Result<(), WireError> {
        let too_many = |what, limit| Err(WireError::TooMany { what, limit });
        self.messages += 1;
        self.layers += u64::from(matches!(inner.name(), "LayerParameter" | "V1LayerParameter"));
        match *self.limits {
            Limits { layers, .. } if self.layers > layers => too_many("layers", layers),
            Limits { messages, .. } if self.messages > messages => too_many("messages", messages),
            _ => Ok(()),
        }
    }
}

/// Whether a value found under this type is one of the field's, or a sequence of them.
pub(crate) fn fits(field: FieldType, found: WireType, value: &[u8]) -> bool {
    let own = wire_type(field.kind());
    if found == own || found != WireType::LengthDelimited || !field.is_repeated() {
        return found == own;
    }
    match own {
        WireType::ThirtyTwoBit => value.len().is_multiple_of(4),
        WireType::SixtyFourBit => value.len().is_multiple_of(8),
        _ => {
            let mut packed = Reader::new(value);
            std::iter::from_fn(|| (!packed.is_empty()).then(|| packed.varint())).all(|value| value.is_some())
        }
    }
}

/// The names of the fields that are set in an encoded message, each once, in the order of the bytes.
pub fn field_names(bytes: &[u8], message: MessageType) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for Field { number, .. } in Fields::new(bytes, 0, message.name()).map_while(Result::ok) {
        let name = message.field(number).map_or_else(|| number.to_string(), |field| field.name().to_owned());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::descriptor;

    fn error(bytes: &[u8]) -> String {
        check(bytes, descriptor("NetParameter"), &Limits::default()).unwrap_err().to_string()
    }

    #[test]
    fn unknown_and_damaged_fields_are_found_with_their_place() {
        assert_eq!(check(b"\x0a\x03net", descriptor("NetParameter"), &Limits::default()), Ok(()));
        assert_eq!(error(b"\x0a\x03net\xf8\x7f\x01"), "unknown field number 2047 in NetParameter at byte 5");
        assert_eq!(
            error(b"\x0a\x05net"),
            "truncated: the file ends within the field of NetParameter that starts at byte 0"
        );
        assert_eq!(error(b"\xa2\x06\x03\x0a\x05n"), "damaged in LayerParameter at byte 3");
        assert_eq!(error(b"\xa2\x06\x03\xf8\x7f\x01"), "unknown field number 2047 in LayerParameter at byte 3");
    }

    #[test]
    fn values_are_of_their_fields_type() {
        let blob =
            |bytes: &[u8]| check(bytes, descriptor("BlobProto"), &Limits::default()).map_err(|error| error.to_string());
        assert_eq!(blob(b"\x2a\x04\0\0\x80\x3f\x2d\0\0\x80\x3f\x3a\x03\x0a\x01\x02"), Ok(()), "packed or not");
        let wrong =
            |field: &str| Err(format!("the value of \"{field}\" in BlobProto at byte 0 is not of the field's type"));
        assert_eq!(blob(b"\x2a\x05\0\0\0\0\0"), wrong("data"));
        assert_eq!(blob(b"\x28\x01"), wrong("data"));
        assert_eq!(blob(b"\x0a\x01\x02"), wrong("num"));
        assert_eq!(blob(b"\x38\x01"), wrong("shape"));
        let dims = blob(b"\x3a\x03\x0a\x01\xff").unwrap_err();
        assert_eq!(dims, "the value of \"dim\" in BlobShape at byte 2 is not of the field's type");
    }

    #[test]
    fn required_fields_must_be_there() {
        // layer { clip_param { min: 0 } }, then the same with max: 1
        assert_eq!(
            error(b"\xa2\x06\x08\xa2\x09\x05\x0d\0\0\0\0"),
            "missing required field \"max\" in ClipParameter at byte 6"
        );
        let whole = b"\xa2\x06\x0d\xa2\x09\x0a\x0d\0\0\0\0\x15\0\0\x80\x3f";
        assert_eq!(check(whole, descriptor("NetParameter"), &Limits::default()), Ok(()));
    }

    #[test]
    fn layers_and_messages_are_limited() {
        let limits = Limits { layers: 2, messages: 3, ..Default::default() };
        let check = |bytes: &[u8]| check(bytes, descriptor("NetParameter"), &limits).map_err(|error| error.to_string());
        assert_eq!(check(&[0xa2, 0x06, 0, 0xa2, 0x06, 0]), Ok(()));
        assert_eq!(check(&[0xa2, 0x06, 0, 0xa2, 0x06, 0, 0x12, 0]), Err("more than 2 layers".into()));
        assert_eq!(check(&[0x42, 0, 0x42, 0, 0x42, 0, 0x42, 0]), Err("more than 3 messages".into()));
    }
}
