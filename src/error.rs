//! Errors: what is wrong, where (file, line, column, layer, field) and what to do about it.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

use crate::setting::{Advice, Setting};

/// A place in a source file. Lines and columns count from 1; columns count characters.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Location {
    /// The file as the user named it.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// The text of that line, cut to a sensible length around the column.
    pub excerpt: String,
    /// How many characters from the column on are meant.
    pub width: usize,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One finding about the user's input: what, where, and a remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// What is wrong, in lower case and without a full stop.
    pub message: String,
    /// The place, where it is known.
    pub location: Option<Location>,
    /// What to do about it.
    pub help: Option<Advice>,
}

impl Diagnostic {
    /// A finding without a place.
    #[cold]
    pub fn new(message: impl Into<String>) -> Diagnostic {
        Diagnostic { message: message.into(), location: None, help: None }
    }

    /// Adds what the user can do.
    #[cold]
    #[must_use]
    pub fn help(mut self, help: impl Into<Advice>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// The place, the message and the help, with settings as `name` calls them.
    fn text(&self, name: impl Fn(&Setting) -> String) -> String {
        let place = self.location.as_ref().map_or_else(String::new, |location| format!("{location}: "));
        let help = self.help.as_ref().map_or_else(String::new, |help| format!(" ({})", help.text(name)));
        format!("{place}{}{help}", self.message)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Setting::to_string))
    }
}

impl std::error::Error for Diagnostic {}

/// Why a layer cannot be set up or a blob cannot be filled, as the layer's own rule sees it.
///
/// The rule knows the field at fault; the walk over the net adds the layer's name, its type and the place in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// What is wrong.
    pub message: String,
    /// The field at fault as a path below the layer, such as `convolution_param.group`; empty for the layer itself.
    pub field: &'static str,
    /// What to do about it.
    pub help: Option<Advice>,
}

impl Refusal {
    /// A refusal that concerns the layer as a whole.
    #[cold]
    pub fn new(message: impl Into<String>) -> Refusal {
        Refusal { message: message.into(), field: "", help: None }
    }

    /// A refusal that concerns one field, given as a path below the layer.
    #[cold]
    pub fn at(field: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { message: message.into(), field, help: None }
    }

    /// [`Refusal::at`] for [`ensure!`]: each use is a call, and the text is made here.
    #[cold]
    pub(crate) fn formatted(field: &'static str, message: fmt::Arguments<'_>) -> Refusal {
        Refusal::at(field, message.to_string())
    }

    /// Adds what the user can do.
    #[cold]
    #[must_use]
    pub fn help(mut self, help: impl Into<Advice>) -> Refusal {
        self.help = Some(help.into());
        self
    }
}

/// The field, the message and the help.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, " ({help})"))
    }
}

impl std::error::Error for Refusal {}

/// Gives an error of the library the field it concerns.
pub trait AtField<T> {
    /// The value, or a [`Refusal`] at `field` (a path below the layer) with the error's text.
    fn at(self, field: &'static str) -> Result<T, Refusal>;
}

impl<T, E: fmt::Display> AtField<T> for Result<T, E> {
    fn at(self, field: &'static str) -> Result<T, Refusal> {
        self.map_err(|error| Refusal::at(field, error.to_string()))
    }
}

/// Returns a [`Refusal`] from a layer's rule unless a condition holds:
/// `ensure!(condition, "field.path", "message {}", value)`.
///
/// An empty field path means the layer as a whole.
macro_rules! ensure {
    ($condition:expr, $field:expr, $($message:tt)+) => {
        if !$condition {
            return Err($crate::error::Refusal::formatted($field, format_args!($($message)+)));
        }
    };
}
pub(crate) use ensure;

/// Everything that can go wrong, divided by who is at fault.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The input file is at fault: it does not parse, or it does not describe a net that can be built.
    #[error("{}", join(.0, Setting::to_string))]
    Input(Vec<Diagnostic>),
    /// The request is at fault: an option, or a combination of them.
    #[error("{0}")]
    Request(String),
    /// The request is at fault, and another setting would do: a limit, or the leave to replace a file.
    #[error("{0}")]
    Setting(Advice),
    /// The machine is at fault, or the file is not there.
    #[error("{path}: {action}: {source}", path = .path.display())]
    Io {
        /// What was being done, such as "cannot read".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn join(diagnostics: &[Diagnostic], name: impl Fn(&Setting) -> String) -> String {
    diagnostics.iter().map(|diagnostic| diagnostic.text(&name)).collect::<Vec<_>>().join("\n")
}

impl Error {
    /// An [`Error::Io`] for `path`.
    #[cold]
    pub fn io(action: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Error {
        Error::Io { action, path: path.into(), source }
    }

    /// The error's text with settings as `name` calls them; its [`Display`](fmt::Display) names them as the library
    /// does.
    pub fn text(&self, name: impl Fn(&Setting) -> String) -> String {
        match self {
            Error::Input(diagnostics) => join(diagnostics, name),
            Error::Setting(advice) => advice.text(name),
            Error::Request(_) | Error::Io { .. } => self.to_string(),
        }
    }

    /// Names the file in errors about what is in it, where they do not name it yet.
    pub(crate) fn within(self, file: &str) -> Error {
        let Error::Input(mut diagnostics) = self else { return self };
        for diagnostic in diagnostics.iter_mut().filter(|diagnostic| !diagnostic.message.starts_with(file)) {
            diagnostic.message = format!("{file}: {}", diagnostic.message);
        }
        Error::Input(diagnostics)
    }
}

impl From<Diagnostic> for Error {
    fn from(diagnostic: Diagnostic) -> Error {
        Error::Input(vec![diagnostic])
    }
}

/// The library's result type.
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_where_what_and_the_remedy() {
        assert_eq!(Refusal::new("there is no batch").to_string(), "there is no batch");
        let refusal = Refusal::at("convolution_param.group", "group is 0").help("give 1 or more");
        let error: Box<dyn std::error::Error> = Box::new(refusal);
        assert_eq!(error.to_string(), "convolution_param.group: group is 0 (give 1 or more)");
    }
}
