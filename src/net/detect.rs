//! Which dialect a file is written in.
//!
//! It is BVLC's if that knows every field, value, layer type and filler of the file. Otherwise the dialects whose schema
//! knows all fields and values are candidates, and the first of those in the order of [`DIALECTS`] that know the most
//! layer types and fillers is taken: types that nobody knows are told of when the net is planned.

use super::census::Census;
use super::kind::Kind;
use super::load::mistaken;
use super::reading::{Content, ReadOptions, Reading};
use crate::dialect::{DIALECTS, Dialect, Traits};
use crate::error::{Diagnostic, Error, Location, Result};
use crate::proto::binary;

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
pub(super) fn told<'a>(file: &Content<'a>, kind: Kind, options: &ReadOptions) -> Result<Told<'a>> {
    let mistaken = |error| mistaken(file.name, file.bytes, kind).map_or(error, Error::from);
    if let Some(dialect) = options.dialect {
        let reading = Reading::new(file, kind, dialect).map_err(mistaken)?;
        return Ok(Told { reading, notice: None });
    }
    told_by(file, &|dialect| Reading::new(file, kind, dialect), &mistaken)
}

/// Reads a file as the message of this name in the dialect that it is written in; `noun` is what errors call such a file.
///
/// # Errors
/// It does not parse in any dialect.
pub(crate) fn told_of_message<'a>(
    file: &Content<'a>,
    name: &str,
    noun: &str,
    options: &ReadOptions,
) -> Result<Told<'a>> {
    let message = |dialect: &Dialect| dialect.schema().message(name);
    let read = |dialect| match message(dialect) {
        Some(message) => Reading::of_message(file, message, noun, dialect),
        None => Err(Error::Request(format!("the schema of {} has no message {name:?}", dialect.name))),
    };
    match options.dialect {
        Some(dialect) => Ok(Told { reading: read(dialect)?, notice: None }),
        None => told_by(file, &read, &|error| error),
    }
}

type Read<'r, 'a> = &'r dyn Fn(&'static Dialect) -> Result<Reading<'a>>;

fn told_by<'a>(file: &Content<'a>, read: Read<'_, 'a>, mistaken: &dyn Fn(Error) -> Error) -> Result<Told<'a>> {
    match read(Dialect::bvlc()) {
        Ok(reading) => {
            let bvlc = Candidate::new(reading);
            if bvlc.census.unknown.is_empty() {
                return Ok(Told { reading: bvlc.reading, notice: None });
            }
            Ok(chosen(file, Ok(bvlc), read).expect("BVLC's reading is one of the candidates"))
        }
        Err(error) => {
            let Error::Input(found) = mistaken(error) else { return read(Dialect::bvlc()).map(without_notice) };
            chosen(file, Err(&found), read).ok_or_else(|| nearest(found, read))
        }
    }
}

fn without_notice(reading: Reading<'_>) -> Told<'_> {
    Told { reading, notice: None }
}

/// A dialect that can read the file.
struct Candidate<'a> {
    reading: Reading<'a>,
    census: Census,
}

impl<'a> Candidate<'a> {
    fn new(reading: Reading<'a>) -> Candidate<'a> {
        let census = Census::of(reading.joined(), reading.message, reading.dialect);
        Candidate { reading, census }
    }

    /// Whether the other dialect would save other bytes, or build the net in another way.
    fn differs(&self, other: &Candidate<'_>) -> bool {
        let saved = |of: &Candidate<'_>| {
            let mut out = Vec::new();
            binary::write(&mut out, of.reading.message, of.reading.joined()).map(|()| out).ok()
        };
        matters(&self.reading.dialect.traits, &other.reading.dialect.traits, &self.census)
            || saved(self) != saved(other)
    }
}

/// The dialect to read a file in that is not BVLC's: what BVLC makes of it is given, a reading with names that it does
/// not know, or its faults.
fn chosen<'a>(
    file: &Content<'a>,
    bvlc: Result<Candidate<'a>, &Vec<Diagnostic>>,
    read: Read<'_, 'a>,
) -> Option<Told<'a>> {
    let (bvlc, faults) = match bvlc {
        Ok(candidate) => (Some(candidate), None),
        Err(faults) => (None, faults.first()),
    };
    let others = DIALECTS[1..].iter().filter_map(|dialect| read(dialect).ok()).map(Candidate::new);
    let mut candidates: Vec<Candidate<'a>> = bvlc.into_iter().chain(others).collect();
    let fewest = candidates.iter().map(|candidate| candidate.census.unknown.len()).min()?;
    let unknown_to_bvlc = candidates[0].census.unknown.clone();
    candidates.retain(|candidate| candidate.census.unknown.len() == fewest);
    let others: Vec<Candidate<'a>> = candidates.split_off(1);
    let taken = candidates.pop()?;
    if taken.reading.dialect.is_bvlc() {
        return Some(without_notice(taken.reading));
    }
    let reason = match faults {
        Some(fault) => at(&fault.message, fault.location.as_ref()),
        None => {
            let lacked = unknown_to_bvlc.iter().find(|name| !taken.census.unknown.contains(name))?;
            let place = lacked.layer.and_then(|layer| taken.reading.place(file, layer));
            at(&format!("unknown {} {:?}", lacked.what, lacked.name), place.as_ref())
        }
    };
    let rivals = others.iter().filter(|other| taken.differs(other)).map(|other| other.reading.dialect.name);
    let notice = notice(taken.reading.dialect, &reason, &rivals.collect::<Vec<_>>());
    Some(Told { reading: taken.reading, notice: Some(notice) })
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
        [one] => format!("{told}; {one} knows it all, too, and would give other bytes: --dialect chooses"),
        [first @ .., last] => {
            let first = first.join(", ");
            format!("{told}; {first} and {last} know it all, too, and would give other bytes: --dialect chooses")
        }
    }
}

/// The faults that the dialect finds which finds the fewest, with its name if it is not BVLC.
fn nearest(bvlc: Vec<Diagnostic>, read: Read<'_, '_>) -> Error {
    let mut fewest = (Dialect::bvlc(), bvlc);
    for dialect in &DIALECTS[1..] {
        if let Err(Error::Input(found)) = read(dialect)
            && found.len() < fewest.1.len()
        {
            fewest = (dialect, found);
        }
    }
    let (dialect, mut found) = fewest;
    if !dialect.is_bvlc()
        && let Some(first) = found.first_mut()
    {
        let nearest = format!("no dialect knows all of the file; {} is the nearest", dialect.name);
        first.help = Some(first.help.take().map_or(nearest.clone(), |help| format!("{help}; {nearest}")));
    }
    Error::Input(found)
}

/// Whether what two dialects do otherwise shows in a net that names all this.
fn matters(one: &Traits, other: &Traits, census: &Census) -> bool {
    let has = |names: &[&str]| names.iter().any(|name| census.layer_types.contains(*name));
    let draws = |of: &Traits| (of.reader_draws, of.prefetch_draws, of.data_skips_at_random);
    one.bilinear_centre != other.bilinear_centre && census.fillers.contains("bilinear")
        || one.batch_norm_params != other.batch_norm_params && has(&["BatchNorm"])
        || draws(one) != draws(other)
            && has(&["Data", "AnnotatedData", "ImageData", "WindowData", "HDF5Data", "VideoData"])
        || one.image_lists != other.image_lists && has(&["ImageData"])
        || one.infogain != other.infogain && has(&["InfogainLoss"])
        || one.net_inputs != other.net_inputs && census.has_inputs
}
