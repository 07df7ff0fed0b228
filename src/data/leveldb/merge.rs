//! The entries of all tables and logs in one order.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::Files;
use super::entry::{Entry, Key, Value};
use super::log::LogPlace;
use super::manifest::Manifest;
use super::pending::Pending;
use super::table::Table;
use crate::data::SourceError;

/// All tables and logs, the one with the next entry first.
pub(super) struct Merge<'a> {
    files: &'a Files,
    sources: BinaryHeap<Reverse<Source>>,
    logs: Pending,
}

/// A table or the logs, and the key of the next entry there.
struct Source {
    key: Key,
    kind: Kind,
}

enum Kind {
    /// A table that has not been opened yet; the manifest gives its smallest key.
    Closed(u64),
    /// A table, and the value of the next entry.
    Open(Box<Table>, Value),
    /// The logs, and the value of the next entry.
    Logs(Value),
}

impl<'a> Merge<'a> {
    /// # Errors
    /// The folder lacks a table that is alive.
    pub(super) fn new(files: &'a Files, manifest: &Manifest) -> Result<Merge<'a>, SourceError> {
        let mut sources = BinaryHeap::new();
        for (number, smallest) in manifest.tables() {
            if !files.tables.contains(&number) {
                let message = format!("the database is incomplete: table {number:06}.ldb is missing");
                return Err(SourceError::whole(&files.folder, message));
            }
            sources.push(Reverse(Source { key: smallest.clone(), kind: Kind::Closed(number) }));
        }
        let logs = files.logs.iter().filter(|&&number| manifest.is_log_alive(number));
        let logs = Pending::new(logs.map(|&number| files.log(number)).collect());
        let mut merge = Merge { files, sources, logs };
        merge.push_log()?;
        Ok(merge)
    }

    /// The next entry.
    pub(super) fn next(&mut self) -> Result<Option<Entry>, SourceError> {
        while let Some(Reverse(Source { key, kind })) = self.sources.pop() {
            let value = match kind {
                Kind::Closed(number) => {
                    self.push_table(Box::new(Table::open(&self.files.table(number))?))?;
                    continue;
                }
                Kind::Open(table, value) => {
                    self.push_table(table)?;
                    value
                }
                Kind::Logs(value) => {
                    self.push_log()?;
                    value
                }
            };
            return Ok(Some(Entry { key, value }));
        }
        Ok(None)
    }

    /// The value at a place in a log.
    pub(super) fn logged(&self, place: LogPlace) -> Result<Vec<u8>, SourceError> {
        self.logs.value(place)
    }

    fn push_table(&mut self, mut table: Box<Table>) -> Result<(), SourceError> {
        if let Some(Entry { key, value }) = table.next()? {
            self.sources.push(Reverse(Source { key, kind: Kind::Open(table, value) }));
        }
        Ok(())
    }

    fn push_log(&mut self) -> Result<(), SourceError> {
        if let Some(Entry { key, value }) = self.logs.next()? {
            self.sources.push(Reverse(Source { key, kind: Kind::Logs(value) }));
        }
        Ok(())
    }
}

impl Ord for Source {
    fn cmp(&self, other: &Source) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl PartialOrd for Source {
    fn partial_cmp(&self, other: &Source) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Source) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Source {}
