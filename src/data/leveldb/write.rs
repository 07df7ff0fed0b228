//! Entries of tables and logs.

use std::cmp::Reverse;

use super::cursor::Damage;
use super::log::LogPlace;

/// A key with the number of its write, in LevelDB's order: by key, the latest write first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// The key as the user of the database wrote it.
    pub(super) user: Vec<u8>,
    /// The number of the write.
    pub(super) sequence: Reverse<u64>,
}

/// What was written for a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Written {
    /// The key was deleted.
    Deleted,
    /// A value.
    Bytes(Vec<u8>),
    /// A value in a log.
    Logged(LogPlace),
}

/// A write.
#[derive(Debug)]
pub(super) struct Write {
    pub(super) key: Key,
    pub(super) value: Written,
}

/// The kinds of writes, as they are stored.
pub(super) const DELETION: u8 = 0;
pub(super) const VALUE: u8 = 1;

impl Key {
    /// Splits a key as it is stored in tables: behind the user's follow eight bytes with the number and the kind of the
    /// write.
    pub(super) fn parse(stored: &[u8]) -> Result<(Key, u8), Damage> {
        let (user, tail) = stored.split_last_chunk().ok_or("a key is too short")?;
        let tail = u64::from_le_bytes(*tail);
        Ok((Key { user: user.to_vec(), sequence: Reverse(tail >> 8) }, tail as u8))
    }
}
