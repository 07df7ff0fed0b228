//! Reads numbers, bools, enum values and strings, and writes their binary form.

use std::ops::RangeInclusive;

use prost::encoding::{WireType, encode_key, encode_varint};

use super::lexer::TokenKind;
use super::parser::Parser;
use super::report::{Fault, Parsed, quoted, shortened};
use super::source::Span;
use super::string::unescape;
use super::suggest::closest;
use crate::proto::schema::{EnumType, FieldType, Kind};

/// Protobuf prints the largest float rounded up to this, and takes everything up to it for the largest float.
const MAX_FLOAT_ROUNDED: f64 = 3.402_823_567_797_336_6e38;
/// Enums with more values than this are not listed in full.
const MAX_LISTED: usize = 8;
const INT32: RangeInclusive<i128> = i32::MIN as i128..=i32::MAX as i128;

impl Parser<'_> {
    /// One value that is no message.
    pub(super) fn scalar(&mut self, field: FieldType) -> Parsed {
        match field.kind() {
            Kind::Int32 => self.integer(field, INT32),
            Kind::Int64 => self.integer(field, i64::MIN.into()..=i64::MAX.into()),
            Kind::Uint32 => self.integer(field, 0..=u32::MAX.into()),
            Kind::Uint64 => self.integer(field, 0..=u64::MAX.into()),
            Kind::Float => self.float(field),
            Kind::Double => self.double(field),
            Kind::Bool => self.bool(field),
            Kind::String | Kind::Bytes => self.string(field),
            Kind::Enum(values) => self.enum_value(field, values),
            Kind::Message(_) => Err(self.expected_value(field)),
        }
    }

    fn integer(&mut self, field: FieldType, range: RangeInclusive<i128>) -> Parsed {
        let value = self.integer_value(field, range)?;
        // Negative numbers take all 64 bits, whatever the field's size.
        self.put_varint(field, value as u64);
        Ok(())
    }

    /// A whole number of the range, which includes negative numbers or begins with 0.
    fn integer_value(&mut self, field: FieldType, range: RangeInclusive<i128>) -> Parsed<i128> {
        let start = self.token.span.start;
        let negative = *range.start() < 0 && self.minus_before(|kind| kind == TokenKind::Integer);
        if negative {
            self.advance()?;
        }
        if self.token.kind != TokenKind::Integer || self.token.flaw.is_some() {
            return Err(self.expected_value(field));
        }
        let magnitude = parse_integer(self.slice(self.token.span)).map(i128::from);
        let value = magnitude.map(|magnitude| if negative { -magnitude } else { magnitude });
        if let Some(value) = value.filter(|value| range.contains(value)) {
            self.advance()?;
            return Ok(value);
        }
        let sign = if negative { "-" } else { "" };
        let number = shortened(self.slice(self.token.span));
        let message = format!("{sign}{number} is out of the range of {}", quoted(field.name()));
        let help = format!("it takes {} to {}", range.start(), range.end());
        Err(self.report.field(Span::new(start, self.token.span.end), message, Some(help)))
    }

    fn float(&mut self, field: FieldType) -> Parsed {
        let value = to_float(self.number(field)?);
        encode_key(field.number(), WireType::ThirtyTwoBit, &mut self.bytes);
        self.bytes.extend_from_slice(&value.to_le_bytes());
        Ok(())
    }

    fn double(&mut self, field: FieldType) -> Parsed {
        let value = self.number(field)?;
        encode_key(field.number(), WireType::SixtyFourBit, &mut self.bytes);
        self.bytes.extend_from_slice(&value.to_le_bytes());
        Ok(())
    }

    fn number(&mut self, field: FieldType) -> Parsed<f64> {
        let is_number = |kind| matches!(kind, TokenKind::Integer | TokenKind::Float | TokenKind::Identifier);
        let negative = self.minus_before(is_number);
        if negative {
            self.advance()?;
        }
        let text = self.slice(self.token.span);
        let value = match self.token.kind {
            _ if self.token.flaw.is_some() => None,
            TokenKind::Integer if is_decimal(text) => parse_float(text),
            TokenKind::Float => parse_float(text),
            TokenKind::Identifier => named_number(text),
            TokenKind::Integer => {
                return Err(self.expected("a decimal number", &format!("for {}", quoted(field.name())), None));
            }
            _ => None,
        };
        let Some(value) = value else { return Err(self.expected_value(field)) };
        self.advance()?;
        Ok(if negative { -value } else { value })
    }

    fn bool(&mut self, field: FieldType) -> Parsed {
        let text = self.slice(self.token.span);
        let value = match (self.token.kind, text) {
            _ if self.token.flaw.is_some() => None,
            (TokenKind::Integer, _) => parse_integer(text).filter(|&value| value <= 1),
            (TokenKind::Identifier, b"true" | b"True" | b"t") => Some(1),
            (TokenKind::Identifier, b"false" | b"False" | b"f") => Some(0),
            _ => None,
        };
        let Some(value) = value else { return Err(self.expected_value(field)) };
        self.advance()?;
        self.put_varint(field, value);
        Ok(())
    }

    /// The name or the number of an enum's value.
    fn enum_value(&mut self, field: FieldType, values: EnumType) -> Parsed {
        let start = self.token.span.start;
        let value = match self.token.kind {
            TokenKind::Identifier => {
                let value = values.value_number(self.name(self.token.span));
                if value.is_none() && self.begins_a_field() {
                    return Err(self.expected_value(field));
                }
                self.advance()?;
                value
            }
            TokenKind::Integer | TokenKind::Symbol(b'-') => {
                let number = self.integer_value(field, INT32)?;
                i32::try_from(number).ok().and_then(|number| values.of_saved(number))
            }
            _ => return Err(self.not_a_name(field, values)),
        };
        match value {
            Some(value) => {
                self.put_varint(field, i64::from(value) as u64);
                Ok(())
            }
            None => Err(self.unknown_value(field, values, Span::new(start, self.previous_end))),
        }
    }

    /// Reports something else than a name, such as a name in quotes.
    fn not_a_name(&mut self, field: FieldType, values: EnumType) -> Fault {
        let mut contents = Vec::new();
        if self.token.kind == TokenKind::String {
            unescape(self.slice(self.token.span), &mut contents);
        }
        let name = std::str::from_utf8(&contents).unwrap_or_default();
        let near = closest(name, values.value_names());
        self.expected_with_help(field, near.map(|near| format!("write {near}")))
    }

    fn unknown_value(&mut self, field: FieldType, values: EnumType, span: Span) -> Fault {
        let text = self.slice(span);
        let name = std::str::from_utf8(text).unwrap_or_default();
        let names: Vec<&str> = values.value_names().collect();
        let help = match closest(name, names.iter().copied()) {
            Some(near) => Some(format!("did you mean {near}?")),
            None if names.len() <= MAX_LISTED => Some(format!("it takes {}", names.join(", "))),
            None => None,
        };
        let message = format!("unknown value {} of {}", shortened(text), quoted(field.name()));
        self.report.field(span, message, help)
    }

    /// One string, of one or more literals.
    fn string(&mut self, field: FieldType) -> Parsed {
        if self.token.kind != TokenKind::String {
            return Err(self.not_a_string(field));
        }
        self.contents.clear();
        while self.token.kind == TokenKind::String {
            let literal = self.slice(self.token.span);
            unescape(literal, &mut self.contents);
            self.advance()?;
        }
        encode_key(field.number(), WireType::LengthDelimited, &mut self.bytes);
        encode_varint(self.contents.len() as u64, &mut self.bytes);
        self.bytes.extend_from_slice(&self.contents);
        Ok(())
    }

    /// Reports something else than a string, such as a word without quotes.
    fn not_a_string(&mut self, field: FieldType) -> Fault {
        let is_word = matches!(self.token.kind, TokenKind::Identifier | TokenKind::Integer | TokenKind::Float);
        let word = (is_word && !self.begins_a_field()).then(|| shortened(self.slice(self.token.span)));
        self.expected_with_help(field, word.map(|word| format!("write \"{word}\"")))
    }

    /// Whether a minus sign is at hand, and what follows it can be negative.
    fn minus_before(&self, can_be_negative: impl Fn(TokenKind) -> bool) -> bool {
        self.token.is(b'-') && can_be_negative(self.lexer.clone().next().kind)
    }

    fn put_varint(&mut self, field: FieldType, value: u64) {
        encode_key(field.number(), WireType::Varint, &mut self.bytes);
        encode_varint(value, &mut self.bytes);
    }
}

fn is_decimal(text: &[u8]) -> bool {
    text.len() == 1 || text[0] != b'0'
}

/// A decimal, octal or hexadecimal number, unless it needs more than 64 bits.
fn parse_integer(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => u64::from_str_radix(&text[2..], 16).ok(),
        [b'0', _, ..] => u64::from_str_radix(text, 8).ok(),
        _ => text.parse().ok(),
    }
}

/// A decimal number, with or without the suffix `f`.
fn parse_float(text: &[u8]) -> Option<f64> {
    let text = text.strip_suffix(b"f").or(text.strip_suffix(b"F")).unwrap_or(text);
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn named_number(text: &[u8]) -> Option<f64> {
    if text.eq_ignore_ascii_case(b"inf") || text.eq_ignore_ascii_case(b"infinity") {
        Some(f64::INFINITY)
    } else if text.eq_ignore_ascii_case(b"nan") {
        Some(f64::from_bits(0x7ff8 << 48))
    } else {
        None
    }
}

/// The float nearest to a double, where the double that stands for the largest float is the largest float.
fn to_float(value: f64) -> f32 {
    if value.is_nan() {
        f32::from_bits(0x7fc0_0000 | u32::from(value.is_sign_negative()) << 31)
    } else if value.abs() > f32::MAX.into() && value.abs() <= MAX_FLOAT_ROUNDED {
        f32::MAX.copysign(value as f32)
    } else {
        value as f32
    }
}
