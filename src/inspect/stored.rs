//! The weights that a file holds, and the net that weights hold.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::Definition;
use crate::dialect::Dialect;
use crate::error::{Diagnostic, Error, Result};
use crate::formats::map::FileMap;
use crate::formats::{self, Format, StoredLayer, StoredNet};
use crate::net::{LayerDefaults, Locator, NetLayer, ReadOptions};
use crate::proto::caffe::NetState;
use crate::proto::sniff;

/// Opens the weights in a file; `None` for a net definition, which is a text or a binary without blobs.
///
/// # Errors
/// The file cannot be read, it is binary and neither of these, or it is of a format of weights and holds no layers.
pub fn weights_in(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Option<StoredNet>> {
    let path = path.as_ref();
    if sniff::is_text(&start(path)?) {
        return Ok(None);
    }
    not_of_definition(&path.display().to_string(), formats::open_with(path, options)?)
}

/// What a file in memory holds.
#[derive(Debug)]
pub enum FileContent {
    /// Weights, perhaps with their net.
    Weights(StoredNet),
    /// A net definition: the bytes of the file.
    Net(Vec<u8>),
}

/// What a file in memory holds; `name` is what errors call it.
///
/// # Errors
/// As [`weights_in`].
pub fn content_of(name: &str, bytes: Vec<u8>, options: &ReadOptions) -> Result<FileContent> {
    if sniff::is_text(&bytes) {
        return Ok(FileContent::Net(bytes));
    }
    let file = FileMap::from_bytes(name, bytes)?;
    let weights = not_of_definition(name, formats::read(&file, options)?)?;
    Ok(weights.map_or_else(|| FileContent::Net(file.bytes().to_vec()), FileContent::Weights))
}

/// The weights, unless they are none but a net definition; `name` is what errors call the file.
///
/// # Errors
/// The file is of a format that holds no definitions, and has no layers.
fn not_of_definition(name: &str, weights: StoredNet) -> Result<Option<StoredNet>> {
    match weights.format.filter(|format| *format != Format::Caffemodel) {
        Some(format) if weights.layers.is_empty() => {
            let message = format!("{name}: the file, of the format {format}, holds no layers");
            Err(Diagnostic { message, location: None, help: None }.into())
        }
        Some(_) => Ok(Some(weights)),
        None => {
            let defines = weights.layers.iter().all(|layer| layer.param.is_some() && layer.blobs.is_empty());
            Ok(Some(weights).filter(|_| !defines))
        }
    }
}

fn start(path: &Path) -> Result<Vec<u8>> {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(sniff::START_BYTES as u64).read_to_end(&mut start));
    read.map_err(|source| Error::io("cannot read", path, source))?;
    Ok(start)
}

/// The net that the weights in the file at `path` hold beside their values, to be planned anew; `None` where they hold
/// none.
///
/// It is in the phase that its first layer was saved in.
pub fn net_of_weights(weights: &StoredNet, path: &Path) -> Option<Definition> {
    let layer = |layer: &StoredLayer| Some(NetLayer { param: *layer.param.clone()?, origin: None });
    let layers: Vec<NetLayer> = weights.layers.iter().map(layer).collect::<Option<_>>()?;
    let phase = layers.first()?.param.phase;
    Some(Definition {
        dialect: weights.dialect.unwrap_or(Dialect::bvlc()),
        file: path.display().to_string(),
        name: weights.name.clone(),
        state: NetState { phase, ..Default::default() },
        defaults: LayerDefaults::default(),
        layers,
        unsized_inputs: Vec::new(),
        locator: Locator::default(),
        folder: path.parent().map(Path::to_owned).unwrap_or_default(),
        notices: Vec::new(),
        sha256: [0; 32],
        quantization: Default::default(),
    })
}
