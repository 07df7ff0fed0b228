//! What can be wrong with a source, and where.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A place in a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SourcePlace {
    /// The source as a whole.
    Whole,
    /// The byte of this offset.
    #[cfg(any(feature = "datasets", feature = "hdf5"))]
    Byte(u64),
    /// The line of this number, from 1.
    Line(u64),
    /// The record of this key.
    Record(Vec<u8>),
}

impl fmt::Display for SourcePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SourcePlace::Whole => Ok(()),
            #[cfg(any(feature = "datasets", feature = "hdf5"))]
            SourcePlace::Byte(offset) => write!(f, ", byte {offset}"),
            SourcePlace::Line(line) => write!(f, ":{line}"),
            SourcePlace::Record(key) => write!(f, ", record \"{}\"", key.escape_ascii()),
        }
    }
}

/// Why a source cannot be read.
#[derive(Debug, Error)]
pub(crate) enum SourceError {
    /// The source is not there, or the system does not let it be read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The source's content is at fault.
    #[error("{}{place}: {message}", path.display())]
    Content {
        /// The file or folder.
        path: PathBuf,
        /// Where in it.
        place: SourcePlace,
        /// What is wrong.
        message: String,
    },
    /// The build has no reader for the source.
    #[cfg(not(all(feature = "datasets", feature = "hdf5")))]
    #[error("{}: this build of caffemodel does not read {what}; build it with the feature {feature:?}", path.display())]
    Unavailable {
        /// The file or folder.
        path: PathBuf,
        /// What is not read, in the plural.
        what: &'static str,
        /// The feature of the crate that brings the reader.
        feature: &'static str,
    },
}

impl SourceError {
    /// An error of the system about `path`.
    pub(crate) fn io(path: &Path, source: io::Error) -> SourceError {
        SourceError::Io { path: path.to_owned(), source }
    }

    /// A source that only a build with another feature reads; `what` is such sources, in the plural.
    #[cfg(not(all(feature = "datasets", feature = "hdf5")))]
    pub(crate) fn without(path: &Path, what: &'static str, feature: &'static str) -> SourceError {
        SourceError::Unavailable { path: path.to_owned(), what, feature }
    }

    /// Something wrong at a place in `path`.
    pub(crate) fn at(path: &Path, place: SourcePlace, message: impl Into<String>) -> SourceError {
        SourceError::Content { path: path.to_owned(), place, message: message.into() }
    }

    /// Something wrong with `path` as a whole.
    pub(crate) fn whole(path: &Path, message: impl Into<String>) -> SourceError {
        SourceError::at(path, SourcePlace::Whole, message)
    }
}
