//! `.safetensors`: a JSON object of names, types and places, then the values.

use std::sync::Arc;

use safetensors::tensor::Metadata;
use safetensors::{Dtype, SafeTensors};

use crate::error::Result;
use crate::formats::element::{Element, NumberType};
use crate::formats::in_place::{InPlace, shape};
use crate::formats::keys::KeyedLayers;
use crate::formats::map::FileMap;
use crate::formats::{StoredBlob, StoredNet};

/// Opens a file of tensors; layers come in the order of their values.
pub(super) fn open(file: &Arc<FileMap>) -> Result<StoredNet> {
    let bytes = file.bytes();
    let (header, metadata) =
        SafeTensors::read_metadata(bytes).map_err(|error| file.refuse(format!("damaged or truncated: {error}")))?;
    let start = header + 8;
    let keys = metadata.offset_keys();
    let mut layers = KeyedLayers::new(keys.iter().map(String::as_str), '.');
    for key in &keys {
        let entered = layers.enter(key, |index| blob(file, &metadata, key, start, index));
        entered.map_err(|message| file.refuse(format!("tensor {key:?}: {message}")))?;
    }
    layers.into_net().map_err(|message| file.refuse(message))
}

fn blob(file: &Arc<FileMap>, metadata: &Metadata, key: &str, start: usize, index: usize) -> Result<StoredBlob, String> {
    let info = metadata.info(key).ok_or("is not described")?;
    let element = element(info.dtype).ok_or_else(|| format!("values of type {:?} are not read", info.dtype))?;
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
