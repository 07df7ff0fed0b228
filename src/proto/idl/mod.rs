//! A schema that the user brings: protobuf's own language as `caffe.proto` uses it, or protoc's descriptor set.
//!
//! Caffe's schemas are proto2 without imports, extensions, groups and maps; a file that has these is refused. The
//! parser is our own, as those that there are bring a generator of lexers along, whose build takes longer than all of
//! this program's.

mod descriptor;
mod lexer;
mod parser;

use super::text::{Source, Span};
use crate::error::{Diagnostic, Location};

pub(crate) use descriptor::read as read_descriptors;
pub(crate) use parser::read as read_text;

/// The declarations of a schema, in the order of the file.
#[derive(Debug)]
pub(crate) struct Declarations {
    /// The text; none of a descriptor set.
    pub(crate) source: Option<Source>,
    pub(crate) messages: Vec<DeclaredMessage>,
    pub(crate) enums: Vec<DeclaredEnum>,
}

impl Declarations {
    /// What is wrong with a declaration.
    pub(crate) fn fault(&self, span: Span, message: String) -> Diagnostic {
        Diagnostic { location: self.location(span), ..Diagnostic::new(message) }
    }

    /// The place of a declaration.
    pub(crate) fn location(&self, span: Span) -> Option<Location> {
        self.source.as_ref().map(|source| source.location(span))
    }
}

/// A message with its fields.
#[derive(Debug)]
pub(crate) struct DeclaredMessage {
    /// Its name behind those of the messages that it stands in: `Outer.Inner`.
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) fields: Vec<DeclaredField>,
}

/// A field of a message.
#[derive(Debug)]
pub(crate) struct DeclaredField {
    pub(crate) name: String,
    pub(crate) number: i64,
    pub(crate) label: DeclaredLabel,
    /// The name of the type as the file has it.
    pub(crate) type_name: String,
    pub(crate) packed: bool,
    pub(crate) default: Option<String>,
    pub(crate) span: Span,
    pub(crate) number_span: Span,
    pub(crate) type_span: Span,
}

/// How often a field may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeclaredLabel {
    Optional,
    Required,
    Repeated,
}

/// An enum with its values.
#[derive(Debug)]
pub(crate) struct DeclaredEnum {
    /// Its name behind those of the messages that it stands in.
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) values: Vec<(String, i32)>,
}

/// A name behind that of the message that it is declared in.
fn within(scope: &str, name: &str) -> String {
    if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") }
}
