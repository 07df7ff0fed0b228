//! Annotated datums with masks: pictures with the boxes of the objects in them and a picture that masks them, as SSTD's
//! tools put them into databases.

use std::path::Path;

use super::datum::Datum;
use super::{DatabaseRecord, SourceError};
use crate::proto::Schema;
use crate::proto::caffe::AnnotatedMaskDatum;

/// An AnnotatedMaskDatum of a database.
#[derive(Debug)]
pub(crate) struct AnnotatedMask<'a> {
    /// The picture.
    pub(crate) picture: Datum<'a>,
    /// The mask.
    pub(crate) mask: Datum<'a>,
    /// Whether the annotations have a type.
    pub(crate) has_type: bool,
    /// How many boxes there are, in all groups.
    pub(crate) boxes: usize,
}

impl<'a> AnnotatedMask<'a> {
    /// Reads a record of the database at `database`, whose numbers are those of a schema.
    ///
    /// # Errors
    /// The record is no AnnotatedMaskDatum.
    pub(crate) fn read(
        database: &'a Path,
        record: DatabaseRecord,
        schema: &'static Schema,
    ) -> Result<AnnotatedMask<'a>, SourceError> {
        let datum: AnnotatedMaskDatum = record.decode(database, schema, "AnnotatedMaskDatum")?;
        let key = record.key;
        Ok(AnnotatedMask {
            has_type: datum.r#type.is_some(),
            boxes: datum.annotation_group.iter().map(|group| group.annotation.len()).sum(),
            mask: Datum::new(database, key.clone(), datum.mask.unwrap_or_default()),
            picture: Datum::new(database, key, datum.datum.unwrap_or_default()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::picture::Decoding;

    #[test]
    fn pictures_have_masks() {
        let record = |value: &[u8]| DatabaseRecord { key: b"k".to_vec(), value: value.to_vec() };
        let schema = Schema::all().iter().find(|schema| schema.name() == "sstd").unwrap();
        // A grey picture of 1 x 2, a mask of 2 x 1, the type, and a group of two boxes.
        let picture = [10, 10, 8, 1, 16, 1, 24, 2, 34, 2, 7, 7];
        let mask = [18, 10, 8, 1, 16, 2, 24, 1, 34, 2, 7, 7];
        let boxes = [24, 0, 34, 6, 18, 0, 18, 0, 8, 1];
        let value = [&picture[..], &mask, &boxes].concat();
        let read = AnnotatedMask::read(Path::new("db"), record(&value), schema).unwrap();
        let size = |datum: &Datum<'_>| datum.picture_size(Decoding::Stored).unwrap().to_string();
        assert_eq!((size(&read.picture), size(&read.mask)), ("1 x 1 x 2".into(), "1 x 2 x 1".into()));
        assert_eq!((read.has_type, read.boxes), (true, 2));
        let error = AnnotatedMask::read(Path::new("db"), record(&[10, 9, 8]), schema).unwrap_err().to_string();
        assert!(error.starts_with("db, record \"k\": the record is not an AnnotatedMaskDatum: "), "{error}");
    }
}
