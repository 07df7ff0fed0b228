//! What is wrong with one layer of a file whose others are sound.

use crate::error::{Diagnostic, Error};

/// Why the values of a stored layer cannot be taken: it is damaged, not supported, or elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Flaw {
    /// Where in the file and what, such as `/data/conv1/0: is empty`.
    pub message: String,
    /// What to do about it.
    pub help: Option<&'static str>,
}

impl Flaw {
    /// Puts the place in front of the message.
    #[cfg(feature = "hdf5")]
    pub(super) fn at(self, place: &str) -> Flaw {
        Flaw { message: format!("{place}: {}", self.message), ..self }
    }

    /// The error that it is where the layer is needed.
    pub(crate) fn error(&self, file: &str) -> Error {
        let help = self.help.map(Into::into);
        Diagnostic { message: format!("{file}: {}", self.message), location: None, help }.into()
    }
}

impl From<String> for Flaw {
    fn from(message: String) -> Flaw {
        Flaw { message, help: None }
    }
}
