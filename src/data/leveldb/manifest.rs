//! The manifest: a log of edits, from which follow the tables and logs that are alive.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::CURRENT_FILE;
use super::cursor::{Cursor, Damage};
use super::log::Log;
use super::write::Key;
use crate::data::SourceError;
use crate::data::source_file::SourceFile;

/// The longest file `CURRENT` that makes sense.
const MAX_CURRENT_BYTES: u64 = 256;

const COMPARATOR: &[u8] = b"leveldb.BytewiseComparator";

/// What an edit can hold, as it is stored.
mod field {
    pub(super) const COMPARATOR: u64 = 1;
    pub(super) const LOG: u64 = 2;
    pub(super) const NEXT_FILE: u64 = 3;
    pub(super) const LAST_SEQUENCE: u64 = 4;
    pub(super) const COMPACT_POINTER: u64 = 5;
    pub(super) const DELETED_FILE: u64 = 6;
    pub(super) const NEW_FILE: u64 = 7;
    pub(super) const PREVIOUS_LOG: u64 = 9;
}

/// The tables and logs that are alive.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    /// The smallest key of each table, by level and number.
    tables: BTreeMap<(u64, u64), Key>,
    log: Option<u64>,
    previous_log: Option<u64>,
}

impl Manifest {
    /// Reads the manifest that `CURRENT` names.
    pub(super) fn read(folder: &Path) -> Result<Manifest, SourceError> {
        let path = current(folder)?;
        let mut log = Log::open(&path)?;
        let mut manifest = Manifest::default();
        while let Some(record) = log.next()? {
            let content = log.content(&record)?;
            manifest.apply(Cursor::new(&content)).map_err(|damage| {
                log.fault(&record, &format!("the manifest has an edit that cannot be read: {damage}"))
            })?;
        }
        if manifest.log.is_none() {
            return Err(SourceError::whole(&path, "the manifest names no log: the database is damaged"));
        }
        Ok(manifest)
    }

    /// The number and the smallest key of each table.
    pub(super) fn tables(&self) -> impl Iterator<Item = (u64, &Key)> {
        self.tables.iter().map(|(&(_, number), smallest)| (number, smallest))
    }

    /// Whether the writes of a log are not in the tables yet.
    pub(super) fn is_log_alive(&self, number: u64) -> bool {
        self.log.is_some_and(|first| number >= first) || self.previous_log.is_some_and(|log| number == log)
    }

    /// Applies an edit, a list of fields in any order.
    fn apply(&mut self, mut edit: Cursor<'_>) -> Result<(), Damage> {
        while !edit.is_empty() {
            match edit.varint()? {
                field::COMPARATOR if edit.prefixed()? != COMPARATOR => return Err("its keys are not ordered as bytes"),
                field::COMPARATOR => {}
                field::LOG => self.log = Some(edit.varint()?),
                field::PREVIOUS_LOG => self.previous_log = Some(edit.varint()?),
                field::NEXT_FILE | field::LAST_SEQUENCE => {
                    edit.varint()?;
                }
                field::COMPACT_POINTER => {
                    edit.varint()?;
                    edit.prefixed()?;
                }
                field::DELETED_FILE => {
                    self.tables.remove(&(edit.varint()?, edit.varint()?));
                }
                field::NEW_FILE => {
                    let [level, number, _size] = [edit.varint()?, edit.varint()?, edit.varint()?];
                    let (smallest, _) = Key::parse(edit.prefixed()?)?;
                    edit.prefixed()?;
                    self.tables.insert((level, number), smallest);
                }
                _ => return Err("it has a field of an unknown kind"),
            }
        }
        Ok(())
    }
}

/// The manifest that is current.
fn current(folder: &Path) -> Result<PathBuf, SourceError> {
    let path = folder.join(CURRENT_FILE);
    let mut file = SourceFile::open(&path)?;
    let content = file.read(0, file.len().min(MAX_CURRENT_BYTES), "the name of a manifest")?;
    let name = content.strip_suffix(b"\n").and_then(|name| str::from_utf8(name).ok());
    let number = name.and_then(|name| name.strip_prefix("MANIFEST-"));
    match (name, number) {
        (Some(name), Some(number)) if number.bytes().all(|digit| digit.is_ascii_digit()) => Ok(folder.join(name)),
        _ => Err(SourceError::whole(&path, "does not name a manifest: this is not a LevelDB, or a damaged one")),
    }
}
