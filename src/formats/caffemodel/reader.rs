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
use crate::error::{Error, Result};
use crate::formats::map::FileMap;
use crate::formats::{Flaw, StoredLayer, StoredNet};
use crate::net::{BATCH_NORM_NOTICE, NetLayer, Origin};
use crate::proto::fields::{Field, Fields};
use crate::proto::wire::WireError;

/// Opens a caffemodel.
pub(in crate::formats) fn open(file: &Arc<FileMap>) -> Result<StoredNet> {
    let sieve = Sieve::run(file.bytes()).map_err(|flaw| no_caffemodel(file, &flaw))?;
    if sieve.end == Some(0) {
        return Err(file.refuse("not a caffemodel: a message ends at byte 0, and all that follows is not read"));
    }
    let definition = Definition::from_binary(&file.name(), &sieve.rest).map_err(|error| error.within(&file.name()))?;
    let mut notices = sieve.notices(file.bytes().len());
    if definition.layers.is_empty() {
        let passed = notices.first().map(|notice| format!(": {notice}"));
        if sieve.rest.is_empty() || passed.is_some() {
            let message = format!("not a caffemodel: it holds no layers{}", passed.unwrap_or_default());
            return Err(file.refuse_with(message, "is it the file that you mean, and has its download succeeded?"));
        }
    }
    // Multipliers are of no account to weights; Caffe's own files lack one of the two.
    notices.extend(definition.notices.into_iter().filter(|notice| notice != BATCH_NORM_NOTICE));
    let mut blobs = by_layer(&sieve);
    let layers = definition.layers.into_iter().map(|layer| stored_layer(file, layer, &mut blobs));
    Ok(StoredNet { name: definition.name, layers: layers.collect(), notices, ..StoredNet::default() })
}

/// An encoded net without its blobs and without fields that the schema does not know; also what was passed over.
///
/// # Errors
/// It is damaged, or holds more than the limits allow.
pub(crate) fn without_blobs(net: &[u8]) -> Result<(Vec<u8>, Vec<String>), WireError> {
    let sieve = Sieve::run(net)?;
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
    blobs: &mut HashMap<Origin, Vec<&BlobField<'_>>>,
) -> StoredLayer {
    let fields = origin.and_then(|origin| blobs.remove(&origin)).unwrap_or_default();
    let stored = |(index, BlobField { body, offset, .. }): (usize, &BlobField<'_>)| {
        let at = |flaw| format!("layer {:?}, blob {index} at byte {offset}: {flaw}", param.name()).into();
        blob::stored(file, body, *offset, index).map_err(at)
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
