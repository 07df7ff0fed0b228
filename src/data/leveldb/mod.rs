//! LevelDB: the record with the smallest key.
//!
//! A database is a folder. Its file `CURRENT` names the manifest, a log of edits that says which tables and which logs
//! are alive; tables are sorted, logs hold the latest writes in the order of writing. Entries of one key go by their
//! sequence number, the latest first, and a deletion hides the older ones. So the record is the first entry, over all
//! tables and logs, that does not belong to a deleted key.
//!
//! Memory holds a few dozen bytes for each table, one block of each table that has to be opened, and one of a log.

mod checksum;
mod cursor;
mod log;
mod log_writes;
mod manifest;
mod merge;
mod table;
mod write;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{DatabaseRecord, SourceError};
use manifest::Manifest;
use merge::Merge;
use write::Written;

/// The name of the file that names the manifest.
pub(crate) const CURRENT_FILE: &str = "CURRENT";

/// The record with the smallest key of the database in `folder`.
///
/// # Errors
/// The folder holds no database, one without records, or one that is damaged.
pub(crate) fn first_record(folder: &Path) -> Result<DatabaseRecord, SourceError> {
    let files = DatabaseFiles::list(folder)?;
    let manifest = Manifest::read(folder)?;
    let mut merge = Merge::new(&files, &manifest)?;
    let mut deleted: Option<Vec<u8>> = None;
    while let Some(entry) = merge.next()? {
        let key = entry.key.user;
        if deleted.as_ref() == Some(&key) {
            continue;
        }
        match entry.value {
            Written::Deleted => deleted = Some(key),
            Written::Bytes(value) => return Ok(DatabaseRecord { key, value }),
            Written::Logged(place) => return Ok(DatabaseRecord { key, value: merge.logged(place)? }),
        }
    }
    Err(SourceError::whole(folder, "the database has no records"))
}

/// The tables and logs in the folder, by number.
struct DatabaseFiles {
    folder: PathBuf,
    tables: BTreeSet<u64>,
    logs: BTreeSet<u64>,
}

impl DatabaseFiles {
    fn list(folder: &Path) -> Result<DatabaseFiles, SourceError> {
        let io = |error| SourceError::io(folder, error);
        if !folder.metadata().map_err(io)?.is_dir() {
            return Err(SourceError::whole(folder, "is not a folder: a LevelDB source is the folder around CURRENT"));
        }
        let mut files = DatabaseFiles { folder: folder.to_owned(), tables: BTreeSet::new(), logs: BTreeSet::new() };
        for entry in fs::read_dir(folder).map_err(io)? {
            let name = PathBuf::from(entry.map_err(io)?.file_name());
            let part = |part: Option<&std::ffi::OsStr>| part.and_then(|part| part.to_str()).map(str::to_owned);
            let Some(number) = part(name.file_stem()).and_then(|stem| stem.parse().ok()) else { continue };
            match part(name.extension()).as_deref() {
                Some("ldb" | "sst") => files.tables.insert(number),
                Some("log") => files.logs.insert(number),
                _ => false,
            };
        }
        Ok(files)
    }

    fn log(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:06}.log"))
    }

    /// The file of a table; old releases of LevelDB call it `.sst`.
    fn table(&self, number: u64) -> PathBuf {
        let path = self.folder.join(format!("{number:06}.ldb"));
        if path.exists() { path } else { path.with_extension("sst") }
    }
}
