//! The two forms of a message in a file.

use std::path::Path;

use super::sniff;

/// How a message stands in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Protobuf's text format.
    Text,
    /// Protobuf's binary format.
    Binary,
}

impl Encoding {
    /// The encoding of a file's content.
    pub fn of(content: &[u8]) -> Encoding {
        if sniff::is_text(content) { Encoding::Text } else { Encoding::Binary }
    }

    /// The encoding that a file's extension names, whatever its case.
    ///
    /// ```
    /// use caffemodel::proto::Encoding;
    /// assert_eq!(Encoding::of_path("deploy.prototxt"), Some(Encoding::Text));
    /// assert_eq!(Encoding::of_path("mean.binaryproto"), Some(Encoding::Binary));
    /// assert_eq!(Encoding::of_path("net.old"), None);
    /// ```
    pub fn of_path(path: impl AsRef<Path>) -> Option<Encoding> {
        match path.as_ref().extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "prototxt" => Some(Encoding::Text),
            "caffemodel" | "binaryproto" => Some(Encoding::Binary),
            _ => None,
        }
    }
}
