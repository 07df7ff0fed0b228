//! The short form of a filler: `NAME[:[FIELD=]VALUE,...]`.

use crate::proto::schema::{FieldType, Kind, MessageType};
use prost::Message;

use super::spec::{Read, fields_read};
use crate::error::Diagnostic;
use crate::filler::{FillerRegistry, FillerType};
use crate::proto::caffe::FillerParameter;
use crate::proto::text::{Source, Span, closest, parse};

/// The name that a text in the short form begins with; `None` for prototxt, which begins with a field.
pub(super) fn name<'a>(text: &'a str, message: MessageType, fillers: &FillerRegistry) -> Option<&'a str> {
    let name = text.split(':').next().unwrap_or(text).trim();
    let is_field = message.field_named(name).is_some();
    // What is neither a field nor a filler is a slip in the form that it looks like.
    let is_short = !is_field && (fillers.get(name).is_some() || !text.contains([' ', '"', '\'', '{']));
    (is_short && !name.is_empty()).then_some(name)
}

/// A text in the short form.
pub(super) struct Short<'a> {
    pub(super) source: &'a Source,
    pub(super) text: &'a str,
    pub(super) message: MessageType,
    /// The filler, if there is one of this name.
    pub(super) entry: Option<&'a FillerType>,
}

impl Short<'_> {
    /// The filler in the wire format, and the places of its fields.
    pub(super) fn read(&self) -> Read {
        let (name, items) = match self.text.split_once(':') {
            Some((name, items)) => (name, Some(items)),
            None => (self.text, None),
        };
        let param = FillerParameter { r#type: Some(name.trim().to_owned()), ..Default::default() };
        let mut bytes = param.encode_to_vec();
        let mut places: Vec<(Box<str>, Span)> = vec![("type".into(), Span { start: 0, end: name.len() })];
        let mut found = Vec::new();
        let mut start = name.len() + 1;
        for text in items.into_iter().flat_map(|items| items.split(',')) {
            let span = Span { start, end: start + text.len() };
            start = span.end + 1;
            match self.item(text, span) {
                Ok((field, _)) if places.iter().any(|(given, _)| **given == *field.name()) => {
                    found.push(self.fault(span, format!("{:?} is given twice", field.name()), None));
                }
                Ok((field, value)) => {
                    bytes.extend(value);
                    places.push((field.name().into(), span));
                }
                Err(fault) => found.push(fault),
            }
        }
        if found.is_empty() { Ok((bytes, places)) } else { Err(found) }
    }

    /// The field of an item, and the field with its value in the wire format.
    fn item(&self, text: &str, span: Span) -> Result<(FieldType, Vec<u8>), Diagnostic> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name.trim(), value),
            None => (self.only_field(text, span)?, text),
        };
        let value_span = Span { start: span.end - value.len(), end: span.end };
        let Some(field) = self.message.field_named(name) else {
            let known = self.entry.map_or(&[][..], |entry| entry.fields);
            let near = closest(name, known.iter().copied()).map(|near| format!("did you mean {near:?}?"));
            let help = near.or_else(|| self.entry.map(fields_read));
            return Err(self.fault(span, format!("a filler has no field {name:?}"), help));
        };
        let bytes = self.value(field, value.trim(), value_span)?;
        Ok((field, bytes))
    }

    /// The field that a value without a name is for.
    fn only_field(&self, text: &str, span: Span) -> Result<&'static str, Diagnostic> {
        match self.entry.map(|entry| entry.fields) {
            Some([field]) => Ok(field),
            _ => {
                let message = format!("expected FIELD=VALUE, found {:?}", text.trim());
                Err(self.fault(span, message, self.entry.map(fields_read)))
            }
        }
    }

    fn value(&self, field: FieldType, value: &str, span: Span) -> Result<Vec<u8>, Diagnostic> {
        if matches!(field.kind(), Kind::String) {
            let mut bytes = Vec::new();
            prost::encoding::string::encode(field.number(), &value.to_owned(), &mut bytes);
            return Ok(bytes);
        }
        if !value.chars().all(|c| c.is_ascii_alphanumeric() || "+-._".contains(c)) {
            return Err(self.fault(span, format!("{value:?} is not a value for {:?}", field.name()), None));
        }
        let value = enum_name(field, value).unwrap_or_else(|| value.to_owned());
        let source = Source::new(self.source.name(), format!("{}: {value}", field.name()));
        let document = parse(&source, self.message).map_err(|found| {
            let first = found.into_iter().next();
            first.map_or_else(
                || self.fault(span, format!("{value:?} is not a value for {:?}", field.name()), None),
                |first| Diagnostic { location: Some(self.source.location(span)), ..first },
            )
        })?;
        Ok(document.bytes().to_vec())
    }

    fn fault(&self, span: Span, message: String, help: Option<String>) -> Diagnostic {
        Diagnostic { message, location: Some(self.source.location(span)), help: help.map(Into::into) }
    }
}

/// The name in the schema of an enum's value, in whatever case it is given.
fn enum_name(field: FieldType, value: &str) -> Option<String> {
    let Kind::Enum(names) = field.kind() else { return None };
    names.value_names().map(str::to_owned).find(|name| name.eq_ignore_ascii_case(value))
}
