//! Caffe's own format: a binary `NetParameter`, of today or in the formats V1 and V0.
//!
//! The file is walked, not decoded: blobs are remembered by where their values lie, and all else, which is small, is
//! kept apart and read like any binary net, old formats upgraded. As in protobuf, fields that the schema does not know
//! are passed over.

use std::collections::HashMap;
use std::sync::Arc;

use prost::encoding::WireType;

use super::blob;
use super::sieve::{BlobField, Sieve};
use crate::Definition;
use crate::dialect::{Dialect, Vocabulary};
use crate::error::{Error, Result};
use crate::formats::map::FileMap;
use crate::formats::{Flaw, StoredLayer, StoredNet};
use crate::limits::Limits;
use crate::net::{Census, FileKind, NetLayer, Origin, ReadOptions, is_batch_norm_notice};
use crate::proto::fields::{Field, Fields};
use crate::proto::gate;
use crate::proto::wire::WireError;

/// Opens a caffemodel.
///
/// The options may say of which dialect it is.
pub(in crate::formats) fn open(file: &Arc<FileMap>, options: &ReadOptions) -> Result<StoredNet> {
    let Sieved { sieve, dialect, notice, .. } =
        sieved(file.bytes(), options).map_err(|flaw| no_caffemodel(file, &flaw))?;
    if sieve.end == Some(0) {
        return Err(file.refuse("not a caffemodel: a message ends at byte 0, and nothing after it is read"));
    }
    let definition = Definition::from_binary(&file.name(), &sieve.rest, dialect, &options.limits);
    let definition = definition.map_err(|error| error.within(&file.name()))?;
    let passed = sieve.notices(file.bytes().len());
    if definition.layers.is_empty() {
        let passed = passed.first().map(|notice| format!(": {notice}"));
        if sieve.rest.is_empty() || passed.is_some() {
            let message = format!("not a caffemodel: it holds no layers{}", passed.unwrap_or_default());
            return Err(file.refuse_with(message, "is it the right file, and is its download complete?"));
        }
    }
    let mut notices: Vec<String> = notice.into_iter().chain(passed).collect();
    // Multipliers are of no account to weights; Caffe's own files lack one of the two.
    notices.extend(definition.notices.into_iter().filter(|notice| !is_batch_norm_notice(notice)));
    let mut blobs = by_layer(&sieve);
    let layers = definition.layers.into_iter().map(|layer| stored_layer(file, layer, dialect, &mut blobs));
    let layers = layers.collect();
    let saved_fields = definition.quantization.saved_fields(dialect);
    let name = definition.name;
    Ok(StoredNet { name, layers, dialect: Some(dialect), saved_fields, notices, ..StoredNet::default() })
}

/// A net taken apart, by the schema of its dialect.
struct Sieved<'a> {
    sieve: Sieve<'a>,
    dialect: &'static Dialect,
    vocabulary: &'static dyn Vocabulary,
    /// How the dialect was told, if it is not BVLC's and was not given.
    notice: Option<String>,
}

/// Takes a net apart by the schema of the dialect that it is of: BVLC's if that knows all of it, or else the first of
/// those whose schema does that knows the most of its layer types and fillers. What none knows is passed over as BVLC's
/// Caffe does.
///
/// # Errors
/// It is damaged, or holds more than the limits allow.
fn sieved<'a>(net: &'a [u8], options: &'a ReadOptions) -> Result<Sieved<'a>, WireError> {
    let run = |dialect: &'static Dialect| {
        Sieve::run(net, FileKind::Net.message_of(dialect), &options.limits).map(|sieve| Sieved {
            sieve,
            dialect,
            vocabulary: options.vocabulary,
            notice: None,
        })
    };
    if let Some(dialect) = options.dialect {
        return run(dialect);
    }
    let bvlc = run(&options.dialects[0]);
    let strange = match &bvlc {
        Ok(sieved) if sieved.sieve.is_whole() => sieved.unknown_names(),
        _ => usize::MAX,
    };
    if strange == 0 {
        return bvlc;
    }
    let others =
        options.dialects[1..].iter().filter_map(|dialect| run(dialect).ok()).filter(|other| other.sieve.is_whole());
    match others.map(|other| (other.unknown_names(), other)).min_by_key(|(unknown, _)| *unknown) {
        Some((unknown, mut other)) if unknown < strange => {
            let Dialect { name, about, .. } = other.dialect;
            other.notice = Some(format!("read in the dialect {name} ({about}), which knows all of its fields"));
            Ok(other)
        }
        _ => bvlc,
    }
}

impl Sieved<'_> {
    /// How many of its layer types and fillers the dialect does not know.
    fn unknown_names(&self) -> usize {
        let message = FileKind::Net.message_of(self.dialect);
        let joined = gate::joined(&self.sieve.rest, message);
        let census = |joined: &[u8]| Census::of(joined, message, self.dialect, self.vocabulary);
        joined.map_or(usize::MAX, |joined| census(&joined).unknown.len())
    }
}

/// The dialect of an encoded net, told by its content unless the options say it; also how it was told.
///
/// # Errors
/// The net is damaged, or holds more than the limits allow.
pub(crate) fn dialect_of(net: &[u8], options: &ReadOptions) -> Result<(&'static Dialect, Option<String>), WireError> {
    sieved(net, options).map(|Sieved { dialect, notice, .. }| (dialect, notice))
}

/// An encoded net without its blobs and without fields that the schema does not know, as a file has it; also what was
/// passed over.
///
/// # Errors
/// It is damaged, or holds more than the limits allow.
pub(crate) fn without_blobs(
    net: &[u8],
    dialect: &'static Dialect,
    limits: &Limits,
) -> Result<(Vec<u8>, Vec<String>), WireError> {
    let sieve = Sieve::run(net, FileKind::Net.message_of(dialect), limits)?;
    let notices = sieve.notices(net.len());
    Ok((sieve.rest, notices))
}

/// The blobs of each entry of the file. In a net with any V0 layer only those within V0 layers count.
fn by_layer<'s, 'a>(sieve: &'s Sieve<'a>) -> HashMap<Origin, Vec<&'s BlobField<'a>>> {
    let mut blobs: HashMap<Origin, Vec<_>> = HashMap::new();
    for blob in sieve.blobs.iter().filter(|blob| blob.in_v0 == sieve.v0) {
        blobs.entry(blob.layer).or_default().push(blob);
    }
    blobs
}

fn stored_layer(
    file: &Arc<FileMap>,
    NetLayer { param, origin }: NetLayer,
    dialect: &Dialect,
    blobs: &mut HashMap<Origin, Vec<&BlobField<'_>>>,
) -> StoredLayer {
    let fields = origin.and_then(|origin| blobs.remove(&origin)).unwrap_or_default();
    let stored = |(index, BlobField { body, offset, .. }): (usize, &BlobField<'_>)| {
        let at = |flaw| format!("layer {:?}, blob {index} at byte {offset}: {flaw}", param.name()).into();
        blob::stored(file, body, *offset, index, dialect.blob_message()).map_err(at)
    };
    let (blobs, flaw) = match fields.into_iter().enumerate().map(stored).collect::<Result<_, Flaw>>() {
        Ok(blobs) => (blobs, None),
        Err(flaw) => (Vec::new(), Some(flaw)),
    };
    StoredLayer { name: param.name().to_owned(), param: Some(Box::new(param)), blobs, flaw, rank: 0 }
}

fn no_caffemodel(file: &FileMap, flaw: &WireError) -> Error {
    let message = format!("not a caffemodel: {flaw}");
    let first = Fields::new(file.bytes(), 0, "").next();
    // A solver's state starts with the iteration, a number; a net with its name.
    match first {
        Some(Ok(Field { number: 1, wire_type: WireType::Varint, .. })) => {
            file.refuse_with(message, "a .solverstate holds no net; the .caffemodel beside it does")
        }
        _ => file.refuse(message),
    }
}
