//! What data layers read while the net is built: the shape of the first record of a database, a list or a file.
//!
//! One file a kind of source. Everything is only ever read, and only as much of it as the shape needs: nothing is
//! created, changed or locked in the user's folders, so that read-only media will do. Memory does not grow with a
//! source; whatever its bytes are, the result is a shape or a [`SourceError`] with the place.
//!
//! The databases are read by code of our own: LMDB's library trusts its file, and one damaged page number ends the
//! process with a signal; LevelDB's library writes a log and a lock, replays logs into memory, and compacts tables.

pub mod annotated;
pub mod datum;
pub mod hdf5_list;
pub mod image_list;
pub mod leveldb;
pub mod lmdb;
pub mod name_sizes;
pub mod picture;
pub mod video;
pub mod window_file;

mod error;
mod file;
mod sources;
mod words;

use std::fmt;

pub use error::{Place, SourceError};
pub use file::check_readable;
pub use sources::Sources;

/// A record of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its key.
    pub key: Vec<u8>,
    /// Its value.
    pub value: Vec<u8>,
}

/// The size of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureSize {
    /// How many values a pixel has.
    pub channels: i32,
    /// The number of rows.
    pub height: i32,
    /// The number of columns.
    pub width: i32,
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
