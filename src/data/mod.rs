//! What data layers read while the net is built: the shape of the first record of a database, a list or a file.
//!
//! One file a kind of source. Everything is only ever read, and only as much of it as the shape needs: nothing is
//! created, changed or locked in the user's folders, so that read-only media will do. Memory does not grow with a
//! source; whatever its bytes are, the result is a shape or a [`SourceError`] with the place.
//!
//! The databases are read by code of our own: LMDB's library trusts its file, and one damaged page number ends the
//! process with a signal; LevelDB's library writes a log and a lock, replays logs into memory, and compacts tables.

pub(crate) mod annotated;
pub(crate) mod annotated_mask;
pub(crate) mod datum;
#[cfg(feature = "datasets")]
pub(crate) mod datum_file;
pub(crate) mod frame_name;
#[cfg(feature = "hdf5")]
pub(crate) mod hdf5_list;
pub(crate) mod image_list;
#[cfg(feature = "datasets")]
pub(crate) mod leveldb;
#[cfg(feature = "datasets")]
pub(crate) mod lmdb;
#[cfg(feature = "datasets")]
pub(crate) mod mat_file;
pub(crate) mod name_sizes;
pub(crate) mod numbers;
#[cfg(feature = "datasets")]
pub(crate) mod picture;
#[cfg(feature = "datasets")]
pub(crate) mod video;
pub(crate) mod window_file;

mod error;
#[cfg_attr(not(feature = "datasets"), allow(dead_code, reason = "lists of files need a part of it"))]
mod file;
mod record;
#[cfg(feature = "datasets")]
mod source_file;
mod sources;
#[cfg(all(test, feature = "datasets"))]
mod tests;
#[cfg(not(all(feature = "datasets", feature = "hdf5")))]
mod unavailable;
mod words;

use std::fmt;

pub(crate) use error::{SourceError, SourcePlace};
pub(crate) use file::check_readable;
pub(crate) use record::DatabaseRecord;
pub use sources::Sources;
#[cfg(not(feature = "hdf5"))]
pub(crate) use unavailable::hdf5_list;
#[cfg(not(feature = "datasets"))]
pub(crate) use unavailable::{datum_file, leveldb, lmdb, mat_file, picture, video};

/// How a picture is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decoding {
    /// To three channels.
    Color,
    /// To one channel.
    Gray,
    /// To the channels that are stored, turned by no orientation.
    Stored,
}

/// The size of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PictureSize {
    /// How many values a pixel has.
    pub(crate) channels: i32,
    /// The number of rows.
    pub(crate) height: i32,
    /// The number of columns.
    pub(crate) width: i32,
}

impl PictureSize {
    /// How many values it has; `None` if there are no channels, or a size is negative.
    fn values(self) -> Option<u128> {
        let [channels, height, width] = [self.channels, self.height, self.width].map(|side| u128::try_from(side).ok());
        Some(channels.filter(|&channels| channels > 0)? * height? * width?)
    }
}

impl fmt::Display for PictureSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} x {} x {}", self.channels, self.height, self.width)
    }
}
