//! The writes in the logs, in the order of their keys.
//!
//! A log holds up to as much as LevelDB's write buffer, for Caffe a quarter of a gigabyte, in the order of writing. It
//! is read through for some of the smallest keys, and again for the next ones should all of these turn out deleted.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::PathBuf;

use super::log::{Log, LogPlace, LogRecord};
use super::write::{DELETION, Key, VALUE, Write, Written};
use crate::data::SourceError;

/// How many keys one pass over the logs finds.
const KEYS: usize = 1024;

/// The latest writes of some keys, with their numbers.
type Writes = BTreeMap<Vec<u8>, (u64, Written)>;

/// The logs, with the writes found last.
pub(super) struct LogWrites {
    logs: Vec<PathBuf>,
    found: Writes,
    /// The greatest key found so far.
    passed: Option<Vec<u8>>,
    /// Whether there may be more.
    more: bool,
}

impl LogWrites {
    /// The logs with these paths.
    pub(super) fn new(logs: Vec<PathBuf>) -> LogWrites {
        LogWrites { logs, found: Writes::new(), passed: None, more: true }
    }

    /// The latest write of the next key.
    pub(super) fn next(&mut self) -> Result<Option<Write>, SourceError> {
        if self.found.is_empty() && self.more {
            self.search()?;
        }
        let entry = |(user, (sequence, value))| Write { key: Key { user, sequence: Reverse(sequence) }, value };
        Ok(self.found.pop_first().map(entry))
    }

    /// The value at a place in a log.
    pub(super) fn value(&self, place: LogPlace) -> Result<Vec<u8>, SourceError> {
        let path = &self.logs[place.log];
        let mut log = Log::open(path)?;
        log.seek(place.record);
        let Some(record) = log.next()? else {
            return Err(SourceError::whole(path, "the log has changed while it was read"));
        };
        let mut stream = log.stream(&record);
        stream.skip(place.offset)?;
        stream.read(place.len)
    }

    /// Finds the next keys.
    fn search(&mut self) -> Result<(), SourceError> {
        self.more = false;
        for index in 0..self.logs.len() {
            let mut log = Log::open(&self.logs[index])?;
            while let Some(record) = log.next()? {
                self.batch(&mut log, &record, index)?;
            }
        }
        self.passed = self.found.last_key_value().map(|(key, _)| key.clone());
        Ok(())
    }

    /// Takes the writes of a record: the number of the first, how many they are, and for each its kind, its key, and
    /// its value if it has one.
    fn batch(&mut self, log: &mut Log, record: &LogRecord, index: usize) -> Result<(), SourceError> {
        let mut stream = log.stream(record);
        let first = u64::from_le_bytes(stream.array()?);
        let count = u32::from_le_bytes(stream.array()?);
        for number in 0..count.into() {
            let [kind] = stream.array()?;
            let length = stream.varint()?;
            let key = stream.read(length)?;
            let value = match kind {
                DELETION => Written::Deleted,
                VALUE => {
                    let len = stream.varint()?;
                    let place = LogPlace { log: index, record: record.start, offset: stream.offset(), len };
                    stream.skip(len)?;
                    Written::Logged(place)
                }
                _ => return Err(stream.fault("the record has a write of an unknown kind: the log is damaged")),
            };
            self.keep(key, first.wrapping_add(number), value);
        }
        Ok(())
    }

    /// Keeps a write if it is the latest of its key, and the key one of the next.
    fn keep(&mut self, key: Vec<u8>, sequence: u64, value: Written) {
        if self.passed.as_ref().is_some_and(|passed| key <= *passed) {
            return;
        }
        match self.found.get_mut(&key) {
            Some(known) if known.0 > sequence => {}
            Some(known) => *known = (sequence, value),
            None => {
                self.found.insert(key, (sequence, value));
            }
        }
        if self.found.len() > KEYS {
            self.found.pop_last();
            self.more = true;
        }
    }
}
