//! Which dialect a file is written in.
//!
//! It is BVLC's if that knows every field, value, layer type and filler of the file. Otherwise the dialects whose
//! schema knows all fields and values are candidates, and the first of those in the order of
//! [`DIALECTS`](crate::dialect::DIALECTS) that know the most layer types and fillers, and of these connect the most
//! layers, is taken: types that nobody knows are told of when the net is planned.

use std::cell::OnceCell;
use std::cmp::Ordering;

use super::census::Census;
use super::kind::FileKind;
use super::load::mistaken;
use super::reading::{FileBytes, ReadOptions, Reading};
use crate::dialect::{Dialect, Traits};
use crate::error::{Diagnostic, Error, Location, Result};
use crate::proto::binary;
use crate::proto::schema::MessageType;
use crate::proto::text::{Unread, unread};
use crate::setting::{Advice, Setting};

/// A file whose dialect is known.
pub(crate) struct Told<'a> {
    pub(crate) reading: Reading<'a>,
    /// How the dialect was told, if it is not BVLC's and was not given.
    pub(crate) notice: Option<String>,
}

/// Reads a file of this kind in the dialect that it is written in.
///
/// # Errors
/// It does not parse in any dialect: the error is that of the one that lacks the least.
pub(super) fn told<'a>(file: &FileBytes<'a>, kind: FileKind, options: &ReadOptions) -> Result<Told<'a>> {
    let mistaken = |error| mistaken(file.name, file.bytes, kind).map_or(error, Error::from);
    if let Some(dialect) = options.dialect {
        let reading = Reading::new(file, kind, dialect).map_err(mistaken)?;
        return Ok(Told { reading, notice: None });
    }
    let message = |dialect: &Dialect| Some(kind.message_of(dialect));
    Detection { file, message: &message, read: &|dialect| Reading::new(file, kind, dialect), options }.run(&mistaken)
}

/// Reads a file as the message of this name in the dialect that it is written in.
///
/// # Errors
/// It does not parse in any dialect.
pub(crate) fn told_of_message<'a>(file: &FileBytes<'a>, name: &str, options: &ReadOptions) -> Result<Told<'a>> {
    let message = |dialect: &Dialect| dialect.schema().message(name);
    let read = |dialect| match message(dialect) {
        Some(message) => Reading::of_message(file, message, name, dialect),
        None => Err(Error::Request(format!("the schema of {} has no message {name:?}", dialect.name))),
    };
    match options.dialect {
        Some(dialect) => Ok(Told { reading: read(dialect)?, notice: None }),
        None => Detection { file, message: &message, read: &read, options }.run(&|error| error),
    }
}

/// A file whose dialect is to be told.
struct Detection<'r, 'a> {
    file: &'r FileBytes<'a>,
    /// The message that a dialect reads the file as.
    message: &'r dyn Fn(&Dialect) -> Option<MessageType>,
    read: &'r dyn Fn(&'static Dialect) -> Result<Reading<'a>>,
    options: &'r ReadOptions,
}

impl<'a> Detection<'_, 'a> {
    fn run(&self, mistaken: &dyn Fn(Error) -> Error) -> Result<Told<'a>> {
        match (self.read)(self.first()) {
            Ok(reading) => {
                let bvlc = self.candidate(reading);
                if bvlc.census.unknown.is_empty() {
                    return Ok(without_notice(bvlc.reading));
                }
                Ok(self.chosen(Ok(bvlc)).expect("BVLC's reading is one of the candidates"))
            }
            Err(error) => match mistaken(error) {
                Error::Input(found) => self.chosen(Err(&found)).ok_or_else(|| self.nearest(found)),
                error => Err(error),
            },
        }
    }

    /// BVLC's, by the schema that files are read with.
    fn first(&self) -> &'static Dialect {
        &self.options.dialects[0]
    }

    fn others(&self) -> &'static [Dialect] {
        &self.options.dialects[1..]
    }

    fn candidate(&self, reading: Reading<'a>) -> DialectCandidate<'a> {
        let census = Census::of(reading.joined(), reading.message, reading.dialect, self.options.vocabulary);
        DialectCandidate { reading, census }
    }

    /// The dialect to read a file in that is not BVLC's: what BVLC makes of it is given, a reading with names that it
    /// does not know, or its faults.
    fn chosen(&self, bvlc: Result<DialectCandidate<'a>, &Vec<Diagnostic>>) -> Option<Told<'a>> {
        let (bvlc, faults) = match bvlc {
            Ok(candidate) => (Some(candidate), None),
            Err(faults) => (None, faults.first()),
        };
        let unknown_to_bvlc = bvlc.as_ref().map_or_else(Vec::new, |bvlc| bvlc.census.unknown.clone());
        let others = self.others().iter().filter_map(|dialect| (self.read)(dialect).ok());
        let (taken, rivals) = best(bvlc.into_iter().chain(others.map(|reading| self.candidate(reading))))?;
        if taken.reading.dialect == self.first() {
            return Some(without_notice(taken.reading));
        }
        let reason = match faults {
            Some(fault) => at(&fault.message, fault.location.as_ref()),
            None => {
                let lacked = unknown_to_bvlc.iter().find(|name| !taken.census.unknown.contains(name))?;
                let place = lacked.layer.and_then(|layer| taken.reading.place(self.file, layer));
                at(&format!("unknown {} {:?}", lacked.what, lacked.name), place.as_ref())
            }
        };
        let notice = notice(taken.reading.dialect, &reason, &rivals);
        Some(Told { reading: taken.reading, notice: Some(notice) })
    }

    /// The faults that the dialect finds which leaves the least of a text unread; `bvlc` are those of BVLC's.
    ///
    /// Of a binary file, which is read up to its first fault, they are BVLC's.
    fn nearest(&self, bvlc: Vec<Diagnostic>) -> Error {
        let Some((dialect, unread)) = self.least_unread() else { return Error::Input(bvlc) };
        let found = if dialect == self.first() { Err(Error::Input(bvlc)) } else { (self.read)(dialect) };
        let mut found = match found {
            Err(Error::Input(found)) => found,
            Err(error) => return error,
            Ok(_) => unreachable!("a dialect that reads the file has been chosen before"),
        };
        let (count, is_bvlc) = (found.len(), dialect == self.first());
        if let Some(first) = found.first_mut() {
            let own = first.help.take();
            first.help = match (is_bvlc, unread.is_unknown_fields) {
                _ if dialect.has_own_schema() => own,
                (false, true) => Some(joined(own, &lacks(dialect, count))),
                (false, false) => {
                    Some(joined(own, &format!("no dialect reads the file; {} comes nearest", dialect.name)))
                }
                (true, true) if own.is_none() => Some(Advice::naming(
                    "no dialect known here has it; if your Caffe does, give its caffe.proto with `",
                    Setting::Schema,
                    "`",
                )),
                (true, _) => own,
            };
        }
        Error::Input(found)
    }

    /// The dialect that leaves the least of a text unread, the first of those that leave as little.
    fn least_unread(&self) -> Option<(&'static Dialect, Unread)> {
        let source = self.file.source.as_ref()?;
        let measure = |dialect: &'static Dialect| Some((dialect, unread(source, (self.message)(dialect)?)));
        let bvlcs = measure(self.first())?;
        // What is wrong are no names then.
        if bvlcs.1.weight == 0 {
            return None;
        }
        let others = self.others().iter().filter_map(measure);
        std::iter::once(bvlcs).chain(others).min_by_key(|(_, unread)| unread.weight)
    }
}

/// What is said of the dialect that comes nearest to a file, and finds so many fields in it that it does not know.
fn lacks(dialect: &Dialect, fields: usize) -> String {
    let these = if fields == 1 { "this".to_owned() } else { format!("these {fields}") };
    format!("no dialect knows all of the file; the nearest, {}, lacks {these}", dialect.name)
}

/// An advice with more behind it.
fn joined(advice: Option<Advice>, more: &str) -> Advice {
    match advice {
        Some(advice) => {
            let end = if advice.to_string().ends_with('?') { "" } else { ";" };
            advice.followed_by(&format!("{end} {more}"))
        }
        None => more.to_owned().into(),
    }
}

fn without_notice(reading: Reading<'_>) -> Told<'_> {
    Told { reading, notice: None }
}

/// A dialect that can read the file.
struct DialectCandidate<'a> {
    reading: Reading<'a>,
    census: Census,
}

impl DialectCandidate<'_> {
    /// Whether it is a dialect of the V1 format alone, and the net has layers of the current one.
    fn is_outdated(&self) -> bool {
        self.reading.dialect.traits.has_v1_layers() && !self.census.layer_types.is_empty()
    }

    /// What the dialect would save.
    fn saved(&self) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        binary::write(&mut out, self.reading.message, self.reading.joined()).map(|()| out).ok()
    }
}

/// The first of the candidates that leave the fewest names unknown and the fewest layers unconnected, and the names of
/// the others of these that would give other bytes or build the net in another way. Two are in memory at a time, as a
/// file may be large.
fn best<'a>(
    mut candidates: impl Iterator<Item = DialectCandidate<'a>>,
) -> Option<(DialectCandidate<'a>, Vec<&'static str>)> {
    let mut best = candidates.next()?;
    let (mut saved, mut rivals) = (OnceCell::new(), Vec::new());
    for candidate in candidates {
        let differs = || {
            matters(&best.reading.dialect.traits, &candidate.reading.dialect.traits, &best.census)
                || *saved.get_or_init(|| best.saved()) != candidate.saved()
        };
        match candidate.census.lacks().cmp(&best.census.lacks()) {
            Ordering::Less => {
                best = candidate;
                (saved, rivals) = (OnceCell::new(), Vec::new());
            }
            Ordering::Equal if !candidate.is_outdated() && differs() => rivals.push(candidate.reading.dialect.name),
            Ordering::Equal | Ordering::Greater => {}
        }
    }
    Some((best, rivals))
}

/// A finding with its place in the file.
fn at(message: &str, place: Option<&Location>) -> String {
    place.map_or_else(|| message.to_owned(), |Location { line, column, .. }| format!("{message} at {line}:{column}"))
}

/// What is said of a dialect that was told by content.
pub(crate) fn notice(dialect: &Dialect, reason: &str, rivals: &[&str]) -> String {
    let Dialect { name, about, .. } = dialect;
    let told = format!("read in the dialect {name} ({about}), since BVLC's Caffe lacks this: {reason}");
    match rivals {
        [] => told,
        [one] => format!("{told}; {one} knows it all, too, but would give other bytes: name the dialect to choose"),
        [first @ .., last] => {
            let first = first.join(", ");
            format!(
                "{told}; {first} and {last} know it all, too, but would give other bytes: name the dialect to choose"
            )
        }
    }
}

/// The layer types that may draw while they set up what they read.
const READERS: [&str; 10] = [
    "Data",
    "AnnotatedData",
    "BoxData",
    "DenseImageData",
    "HDF5Data",
    "ImageData",
    "ImageSegData",
    "SegData",
    "VideoData",
    "WindowData",
];

/// Whether what two dialects do otherwise shows in a net that names all this.
fn matters(one: &Traits, other: &Traits, census: &Census) -> bool {
    let has = |names: &[&str]| names.iter().any(|name| census.layer_types.contains(*name));
    let draws = |of: &Traits| (of.reader_draws, of.prefetch_draws, of.data_skips_at_random, of.transform_seeds);
    one.bilinear_centre != other.bilinear_centre && census.fillers.contains("bilinear")
        || one.splits_blobs != other.splits_blobs && census.has_shared_blobs
        || one.layers_have_types != other.layers_have_types
        || one.folds_batch_norm != other.folds_batch_norm && has(&["BatchNorm"])
        || one.batch_norm_params != other.batch_norm_params && has(&["BatchNorm"])
        || one.gaussian_check != other.gaussian_check && census.fillers.contains("gaussian")
        || draws(one) != draws(other) && has(&READERS)
        || one.image_lists != other.image_lists && has(&["ImageData"])
        || one.infogain != other.infogain && has(&["InfogainLoss"])
        || one.net_inputs != other.net_inputs && census.has_inputs
        || one.has_v1_layers() != other.has_v1_layers() && census.has_old_layers
}
