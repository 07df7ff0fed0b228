//! Caffe's own format: a binary `NetParameter`, of today or in the formats V1 and V0.
//!
//! The file is walked, not decoded: blobs are remembered by where their values lie, and all else, which is small, is
//! kept apart and read like any binary net, old formats upgraded. As in protobuf, fields that the schema does not know
//! are passed over.

pub(super) mod blob;
mod sieve;

use std::collections::HashMap;
use std::sync::Arc;

use self::sieve::{BlobField, Sieve};
use super::map::FileMap;
use super::{StoredBlob, StoredLayer, StoredNet};
use crate::Definition;
use crate::error::{Error, Result};
use crate::net::{NetLayer, Origin};
use crate::proto::wire::WireError;

/// Opens a caffemodel.
pub(super) fn open(file: &Arc<FileMap>) -> Result<StoredNet> {
    let sieve = Sieve::run(file.bytes()).map_err(|flaw| file.refuse(format!("not a caffemodel: {flaw}")))?;
    let definition = Definition::from_binary(&file.name(), &sieve.rest).map_err(|error| within(file, error))?;
    let mut notices = sieve.notices(file.bytes().len());
    notices.extend(definition.notices);
    let mut blobs = blobs(file, &sieve)?;
    let layers = definition.layers.into_iter().map(|layer| stored_layer(layer, &mut blobs)).collect();
    Ok(StoredNet { name: definition.name, layers, notices, ..StoredNet::default() })
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

/// The blobs of each layer. In a net with any V0 layer only those within V0 layers count.
fn blobs(file: &Arc<FileMap>, sieve: &Sieve<'_>) -> Result<HashMap<(&'static str, usize), Vec<StoredBlob>>> {
    let mut blobs: HashMap<_, Vec<StoredBlob>> = HashMap::new();
    for BlobField { layer, in_v0, body, offset } in &sieve.blobs {
        if *in_v0 == sieve.v0 {
            let of_layer = blobs.entry((layer.field, layer.index)).or_default();
            let at = |message: String| {
                let (number, index) = (of_layer.len(), layer.index);
                file.refuse(format!("{} {index}, blob {number} at byte {offset}: {message}", layer.field))
            };
            let blob = blob::stored(file, body, *offset, of_layer.len()).map_err(at)?;
            of_layer.push(blob);
        }
    }
    Ok(blobs)
}

fn stored_layer(layer: NetLayer, blobs: &mut HashMap<(&'static str, usize), Vec<StoredBlob>>) -> StoredLayer {
    let NetLayer { param, origin } = layer;
    let blobs = origin.and_then(|Origin { field, index }| blobs.remove(&(field, index))).unwrap_or_default();
    StoredLayer { name: param.name().to_owned(), param: Some(Box::new(param)), blobs }
}

/// Names the file in errors about the net in it.
fn within(file: &FileMap, error: Error) -> Error {
    let Error::Input(mut diagnostics) = error else { return error };
    for diagnostic in &mut diagnostics {
        if !diagnostic.message.starts_with(&file.name()) {
            diagnostic.message = format!("{}: {}", file.name(), diagnostic.message);
        }
    }
    Error::Input(diagnostics)
}
