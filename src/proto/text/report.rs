//! Collects what is wrong with a text.

use crate::error::Diagnostic;
use crate::setting::Advice;

use super::source::{Source, Span, printable};

/// The most diagnostics for one text; the last says that there are more.
pub(super) const MAX_ERRORS: usize = 20;
/// The most characters of the text that a message quotes.
const MAX_QUOTED: usize = 40;

/// How far the parser is thrown back by something it has reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The field cannot be read; the next one can.
    Field,
    /// The structure of the text is lost, or enough is reported.
    Text,
}

pub(super) type Parsed<T = ()> = Result<T, Fault>;

#[derive(Debug)]
pub(super) struct Report<'a> {
    source: &'a Source,
    found: Vec<(usize, Diagnostic)>,
    unknown: Vec<Unknown>,
}

/// The most places of an unknown field that a message names beside the first.
const MAX_PLACES: usize = 3;

/// An unknown field, reported at its first place.
#[derive(Debug)]
struct Unknown {
    message: Box<str>,
    field: Box<str>,
    /// How often it is there after the first time.
    again: usize,
    /// The first of these places.
    places: Vec<Span>,
    /// The place in [`Report::found`].
    reported: usize,
}

impl<'a> Report<'a> {
    pub(super) fn new(source: &'a Source) -> Report<'a> {
        Report { source, found: Vec::new(), unknown: Vec::new() }
    }

    /// Records an error after which the field is given up.
    pub(super) fn field(&mut self, span: Span, message: String, help: Option<String>) -> Fault {
        self.field_with(span, message, help.map(Into::into))
    }

    fn field_with(&mut self, span: Span, message: String, help: Option<Advice>) -> Fault {
        if self.found.len() + 1 == MAX_ERRORS {
            return self.text(span, "too many errors".to_owned(), None);
        }
        self.push(span, message, help);
        Fault::Field
    }

    /// Records an error after which the text is given up.
    pub(super) fn text(&mut self, span: Span, message: String, help: Option<String>) -> Fault {
        self.push(span, message, help.map(Into::into));
        Fault::Text
    }

    /// Records an error after which the field can be read on.
    pub(super) fn note(&mut self, span: Span, message: String, help: Option<String>) -> Parsed {
        match self.field(span, message, help) {
            Fault::Field => Ok(()),
            Fault::Text => Err(Fault::Text),
        }
    }

    /// Records an unknown field. The same field in the same kind of message is reported once, with `help` and the
    /// first of its other places.
    pub(super) fn unknown(
        &mut self,
        span: Span,
        message: &str,
        field: &str,
        help: impl FnOnce() -> Option<Advice>,
    ) -> Fault {
        let known = self.unknown.iter_mut().find(|unknown| *unknown.message == *message && *unknown.field == *field);
        if let Some(unknown) = known {
            unknown.again += 1;
            if unknown.places.len() < MAX_PLACES {
                unknown.places.push(span);
            }
            return Fault::Field;
        }
        let reported = self.found.len();
        let fault = self.field_with(span, format!("unknown field {} in {message}", quoted(field)), help());
        if fault == Fault::Field {
            let (message, field) = (message.into(), field.into());
            self.unknown.push(Unknown { message, field, again: 0, places: Vec::new(), reported });
        }
        fault
    }

    /// What was recorded, in the order of the text.
    pub(super) fn finish(mut self) -> Vec<Diagnostic> {
        for Unknown { again, places, reported, .. } in self.unknown.iter().filter(|unknown| unknown.again > 0) {
            let named: Vec<String> = places.iter().map(|&span| self.place(span)).collect();
            let named = named.join(", ");
            let others = match again - places.len() {
                0 => String::new(),
                1 => " and 1 more place".to_owned(),
                others => format!(" and {others} more places"),
            };
            let message = &mut self.found[*reported].1.message;
            message.push_str(&format!(", {} times: also at {named}{others}", again + 1));
        }
        self.found.sort_by_cached_key(|&(start, _)| start);
        self.found.into_iter().map(|(_, diagnostic)| diagnostic).collect()
    }

    /// Whether nothing is wrong but unknown fields.
    pub(super) fn is_of_unknown_fields(&self) -> bool {
        self.found.len() == self.unknown.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The line of a place, for the texts of messages.
    pub(super) fn line(&self, span: Span) -> usize {
        self.source.location(span).line
    }

    /// The line and the column of a place: `3:9`.
    fn place(&self, span: Span) -> String {
        let location = self.source.location(span);
        format!("{}:{}", location.line, location.column)
    }

    fn push(&mut self, span: Span, message: String, help: Option<Advice>) {
        let location = Some(self.source.location(span));
        self.found.push((span.start, Diagnostic { message, location, help }));
    }
}

/// A piece of the text, cut to a sensible length.
pub(super) fn shortened(text: &[u8]) -> String {
    let mut characters = printable(&text[..text.len().min(4 * (MAX_QUOTED + 1))]);
    let mut short: String = characters.by_ref().take(MAX_QUOTED).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}

/// A name in quotes, cut to a sensible length.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", shortened(name.as_bytes()))
}
