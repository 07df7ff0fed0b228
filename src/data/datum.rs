//! Datums: what Caffe's tools put into databases.

use std::path::Path;

use prost::Message;

use super::picture::{self, Decoding};
use super::{DatabaseRecord, PictureSize, SourceError, SourcePlace};
use crate::proto::caffe;

/// A Datum of a database.
#[derive(Debug)]
pub(crate) struct Datum<'a> {
    database: &'a Path,
    key: Vec<u8>,
    datum: caffe::Datum,
}

impl<'a> Datum<'a> {
    /// Reads a record of the database at `database`.
    ///
    /// # Errors
    /// The record is no Datum.
    pub(crate) fn read(database: &'a Path, record: DatabaseRecord) -> Result<Datum<'a>, SourceError> {
        let DatabaseRecord { key, value } = record;
        match caffe::Datum::decode(value.as_slice()) {
            Ok(datum) => Ok(Datum { database, key, datum }),
            Err(error) => {
                Err(SourceError::at(database, SourcePlace::Record(key), format!("the record is not a Datum: {error}")))
            }
        }
    }

    /// The Datum within a record of this key.
    pub(super) fn new(database: &'a Path, key: Vec<u8>, datum: caffe::Datum) -> Datum<'a> {
        Datum { database, key, datum }
    }

    /// Whether it holds an encoded picture, such as a JPEG.
    pub(crate) fn is_encoded(&self) -> bool {
        self.datum.encoded()
    }

    /// The size of its picture; `decoding` matters for an encoded one alone.
    ///
    /// # Errors
    /// There are no channels, too few values, or a picture that does not decode.
    pub(crate) fn picture_size(&self, decoding: Decoding) -> Result<PictureSize, SourceError> {
        if self.is_encoded() {
            return picture::size(self.datum.data(), decoding)
                .map_err(|error| self.fault(format!("the picture of the Datum cannot be decoded: {error}")));
        }
        let size =
            PictureSize { channels: self.datum.channels(), height: self.datum.height(), width: self.datum.width() };
        let Some(needed) = size.values() else {
            return Err(self.fault(format!("the record is not a Datum with a picture: its size is {size}")));
        };
        let data = self.datum.data().len();
        let values = if data > 0 { data } else { self.datum.float_data.len() };
        if (values as u128) < needed {
            return Err(self.fault(format!("the Datum has {values} values, a picture of {size} needs {needed}")));
        }
        Ok(size)
    }

    fn fault(&self, message: String) -> SourceError {
        SourceError::at(self.database, SourcePlace::Record(self.key.clone()), message)
    }
}
