//! Annotated datums: pictures with the boxes of the objects in them, as SSD's tools put them into databases.

use std::path::Path;

use super::datum::Datum;
use super::{DatabaseRecord, SourceError};
use crate::proto::Schema;
use crate::proto::caffe::AnnotatedDatum;
use crate::proto::caffe::annotated_datum::AnnotationType;

/// An AnnotatedDatum of a database.
#[derive(Debug)]
pub(crate) struct Annotated<'a> {
    /// The picture.
    pub(crate) picture: Datum<'a>,
    /// Whether the annotations have a type.
    pub(crate) has_type: bool,
    /// Whether it is that of lanes (MobileNet-YOLO).
    pub(crate) has_lanes: bool,
    /// How many boxes there are, in all groups.
    pub(crate) boxes: usize,
    /// Whether boxes have a direction (Xilinx' Caffe).
    pub(crate) has_directions: bool,
    /// The picture of the labels of its pixels (Xilinx' Caffe).
    pub(crate) segments: Datum<'a>,
}

impl<'a> Annotated<'a> {
    /// Reads a record of the database at `database`, whose numbers are those of a schema.
    ///
    /// # Errors
    /// The record is no AnnotatedDatum.
    pub(crate) fn read(
        database: &'a Path,
        record: DatabaseRecord,
        schema: &'static Schema,
    ) -> Result<Annotated<'a>, SourceError> {
        let datum: AnnotatedDatum = record.decode(database, schema, "AnnotatedDatum")?;
        let key = record.key;
        Ok(Annotated {
            has_type: datum.r#type.is_some(),
            has_lanes: datum.r#type() == AnnotationType::Lane,
            boxes: datum.annotation_group.iter().map(|group| group.annotation.len()).sum(),
            has_directions: datum.label_ori(),
            segments: Datum::new(database, key.clone(), datum.seg_datum.unwrap_or_default()),
            picture: Datum::new(database, key, datum.datum.unwrap_or_default()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::picture::Decoding;

    fn read(value: &[u8]) -> Result<(usize, bool, String), String> {
        let record = DatabaseRecord { key: b"k".to_vec(), value: value.to_vec() };
        let schema = Schema::all().iter().find(|schema| schema.name() == "ssd").unwrap();
        let read = Annotated::read(Path::new("db"), record, schema).map_err(|error| error.to_string())?;
        let size = read.picture.picture_size(Decoding::Stored).map_err(|error| error.to_string())?;
        Ok((read.boxes, read.has_type, size.to_string()))
    }

    #[test]
    fn boxes_of_all_groups_count() {
        // A grey picture of 1 x 2, and groups of two boxes and one.
        let datum = [&[10, 10, 8, 1, 16, 1, 24, 2, 34, 2, 7, 7][..]].concat();
        assert_eq!(read(&datum), Ok((0, false, "1 x 1 x 2".into())));
        let groups = [26, 6, 18, 0, 18, 0, 8, 1, 26, 2, 18, 0];
        assert_eq!(read(&[&datum[..], &[16, 0], &groups].concat()), Ok((3, true, "1 x 1 x 2".into())));
    }

    #[test]
    fn what_is_no_annotated_datum_is_refused() {
        let error = read(&[10, 9, 8]).unwrap_err();
        assert!(error.starts_with("db, record \"k\": the record is not an AnnotatedDatum: "), "{error}");
        let error = read(&[]).unwrap_err();
        assert!(error.starts_with("db, record \"k\": the record is not a Datum with a picture: "), "{error}");
    }
}
