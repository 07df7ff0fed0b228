//! The entries of all tables and logs in one order.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::DatabaseFiles;
use super::log::LogPlace;
use super::log_writes::LogWrites;
use super::manifest::Manifest;
use super::table::Table;
use super::write::{Key, Write, Written};
use crate::data::SourceError;

/// All tables and logs, the one with the next entry first.
pub(super) struct Merge<'a> {
    files: &'a DatabaseFiles,
    runs: BinaryHeap<Reverse<SortedRun>>,
    logs: LogWrites,
}

/// A table or the logs, and the key of the next entry there.
struct SortedRun {
    key: Key,
    state: RunState,
}

enum RunState {
    /// A table that has not been opened yet; the manifest gives its smallest key.
    Closed(u64),
    /// A table, and the value of the next entry.
    Open(Box<Table>, Written),
    /// The logs, and the value of the next entry.
    Logs(Written),
}

impl<'a> Merge<'a> {
    /// # Errors
    /// The folder lacks a table that is alive.
    pub(super) fn new(files: &'a DatabaseFiles, manifest: &Manifest) -> Result<Merge<'a>, SourceError> {
        let mut runs = BinaryHeap::new();
        for (number, smallest) in manifest.tables() {
            if !files.tables.contains(&number) {
                let message = format!("the database is incomplete: table {number:06}.ldb is missing");
                return Err(SourceError::whole(&files.folder, message));
            }
            runs.push(Reverse(SortedRun { key: smallest.clone(), state: RunState::Closed(number) }));
        }
        let logs = files.logs.iter().filter(|&&number| manifest.is_log_alive(number));
        let logs = LogWrites::new(logs.map(|&number| files.log(number)).collect());
        let mut merge = Merge { files, runs, logs };
        merge.push_log()?;
        Ok(merge)
    }

    /// The next entry.
    pub(super) fn next(&mut self) -> Result<Option<Write>, SourceError> {
        while let Some(Reverse(SortedRun { key, state })) = self.runs.pop() {
            let value = match state {
                RunState::Closed(number) => {
                    self.push_table(Box::new(Table::open(&self.files.table(number))?))?;
                    continue;
                }
                RunState::Open(table, value) => {
                    self.push_table(table)?;
                    value
                }
                RunState::Logs(value) => {
                    self.push_log()?;
                    value
                }
            };
            return Ok(Some(Write { key, value }));
        }
        Ok(None)
    }

    /// The value at a place in a log.
    pub(super) fn logged(&self, place: LogPlace) -> Result<Vec<u8>, SourceError> {
        self.logs.value(place)
    }

    fn push_table(&mut self, mut table: Box<Table>) -> Result<(), SourceError> {
        if let Some(Write { key, value }) = table.next()? {
            self.runs.push(Reverse(SortedRun { key, state: RunState::Open(table, value) }));
        }
        Ok(())
    }

    fn push_log(&mut self) -> Result<(), SourceError> {
        if let Some(Write { key, value }) = self.logs.next()? {
            self.runs.push(Reverse(SortedRun { key, state: RunState::Logs(value) }));
        }
        Ok(())
    }
}

impl Ord for SortedRun {
    fn cmp(&self, other: &SortedRun) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl PartialOrd for SortedRun {
    fn partial_cmp(&self, other: &SortedRun) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for SortedRun {
    fn eq(&self, other: &SortedRun) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for SortedRun {}
