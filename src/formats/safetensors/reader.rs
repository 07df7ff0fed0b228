//! `.safetensors`: a JSON object of names, types and places, then the values.

use std::sync::Arc;

use caffemodel_numeric::number_type::{Element, NumberType};
use safetensors::tensor::Metadata;
use safetensors::{Dtype, SafeTensors};

use crate::error::Result;
use crate::formats::in_place::{InPlace, shape};
use crate::formats::keys::KeyedLayers;
use crate::formats::map::FileMap;
use crate::formats::{Flaw, StoredBlob, StoredLayer, StoredNet};

/// Opens a file of tensors; layers come in the order of their values.
pub(super) fn open(file: &Arc<FileMap>) -> Result<StoredNet> {
    let (metadata, start) = metadata(file)?;
    let keys = metadata.offset_keys();
    let mut layers = KeyedLayers::new(keys.iter().map(String::as_str), '.');
    for key in &keys {
        let entered = layers.enter(key, |index| blob(file, &metadata, key, start, index));
        entered.map_err(|message| file.refuse(format!("tensor {key:?}: {message}")))?;
    }
    layers.into_net().map_err(|message| file.refuse(message))
}

/// Opens a file of tensors as arrays by their keys, in the order of their values.
pub(super) fn open_arrays(file: &Arc<FileMap>) -> Result<StoredNet> {
    let (metadata, start) = metadata(file)?;
    let array = |key: &String| {
        let at = |message| Flaw::from(format!("tensor {key:?}: {message}"));
        StoredLayer::of_array(key, blob(file, &metadata, key, start, 0).map_err(at))
    };
    Ok(StoredNet::new(metadata.offset_keys().iter().map(array).collect()))
}

/// What is said of the tensors, and where their values start.
fn metadata(file: &FileMap) -> Result<(Metadata, usize)> {
    let read = SafeTensors::read_metadata(file.bytes());
    let (header, metadata) = read.map_err(|error| file.refuse(format!("damaged or truncated: {error}")))?;
    Ok((metadata, header + 8))
}

fn blob(file: &Arc<FileMap>, metadata: &Metadata, key: &str, start: usize, index: usize) -> Result<StoredBlob, String> {
    let info = metadata.info(key).ok_or("is not described")?;
    let element = element(info.dtype).ok_or_else(|| format!("values of type {:?} are not supported", info.dtype))?;
    let shape = shape(info.shape.iter().map(|&dim| dim as u64))?;
    let values = InPlace::new(file, element, start + info.data_offsets.0, &shape)?;
    Ok(StoredBlob { index, shape, legacy: false, values: Arc::new(values) })
}

fn element(dtype: Dtype) -> Option<Element> {
    let kind = match dtype {
        Dtype::F16 => NumberType::F16,
        Dtype::BF16 => NumberType::Bf16,
        Dtype::F32 => NumberType::F32,
        Dtype::F64 => NumberType::F64,
        _ => return None,
    };
    Some(kind.little())
}
