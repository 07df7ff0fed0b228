//! Datums: what Caffe's tools put into databases.

use std::path::Path;

use prost::Message;

use super::picture::{self, Decoding};
use super::{PictureSize, Place, Record, SourceError};
use crate::proto::caffe::Datum;

/// The size of the picture in a record of the database at `path`; `decoding` matters for an encoded one alone.
///
/// # Errors
/// The record is no Datum, has no channels or too few values, or its picture does not decode.
pub fn picture_size(path: &Path, record: &Record, decoding: Decoding) -> Result<PictureSize, SourceError> {
    let fault = |message: String| SourceError::at(path, Place::Record(record.key.clone()), message);
    let datum =
        Datum::decode(record.value.as_slice()).map_err(|error| fault(format!("the record is not a Datum: {error}")))?;
    if datum.encoded() {
        return picture::size(datum.data(), decoding)
            .map_err(|error| fault(format!("the picture of the Datum cannot be decoded: {error}")));
    }
    let size = PictureSize { channels: datum.channels(), height: datum.height(), width: datum.width() };
    let PictureSize { channels, height, width } = size;
    if channels <= 0 || height < 0 || width < 0 {
        return Err(fault(format!("the record is not a Datum with a picture: its size is {size}")));
    }
    let needed =
        u128::from(channels.unsigned_abs()) * u128::from(height.unsigned_abs()) * u128::from(width.unsigned_abs());
    let values = if datum.data().is_empty() { datum.float_data.len() } else { datum.data().len() };
    if (values as u128) < needed {
        return Err(fault(format!("the Datum has {values} values, a picture of {size} needs {needed}")));
    }
    Ok(size)
}
