//! The inspection as comma-separated values: a row for each blob, under one of titles.

use std::fmt::Debug;

use crate::Shape;
use crate::inspect::{BlobReport, Inspection, LayerReport};
use crate::statistics::Statistics;

/// What a row tells of.
struct Row<'a> {
    layer: &'a LayerReport,
    /// Whether it is the layer's first.
    first: bool,
    /// The blob; none for a layer without blobs, which has one row all the same.
    blob: Option<&'a BlobReport>,
}

impl Row<'_> {
    fn of_blob<T: ToString>(&self, value: impl Fn(&BlobReport) -> Option<T>) -> String {
        self.blob.and_then(value).map_or_else(String::new, |value| value.to_string())
    }

    /// A number from a blob's statistics, with as many digits as it takes to read it back.
    fn measured<T: Debug>(&self, value: impl Fn(&Statistics) -> Option<T>) -> String {
        let value = self.blob.and_then(|blob| blob.actual.as_ref()).and_then(value);
        value.map_or_else(String::new, |value| format!("{value:?}"))
    }
}

/// A column: its title and the text of a row. Missing values are empty.
type CsvColumn = (&'static str, fn(&Row<'_>) -> String);

/// The columns in their order. New ones are added at the end.
const COLUMNS: &[CsvColumn] = &[
    ("layer", |row| row.layer.name.clone()),
    ("type", |row| row.layer.layer_type.clone().unwrap_or_default()),
    // Tops and work stand on the layer's first row only, so that the column adds up.
    ("tops", |row| if row.first { tops(row.layer) } else { String::new() }),
    ("macs", |row| row.layer.macs.filter(|_| row.first).map_or_else(String::new, |macs| macs.to_string())),
    ("blob", |row| row.of_blob(|blob| Some(blob.index))),
    ("role", |row| row.of_blob(|blob| blob.role)),
    ("shape", |row| row.of_blob(|blob| Some(dims(&blob.shape)))),
    ("count", |row| row.of_blob(|blob| Some(blob.count))),
    ("shared_with", |row| row.of_blob(|blob| blob.shared_with.clone())),
    ("source", |row| row.of_blob(|blob| blob.source)),
    ("filler", |row| row.of_blob(|blob| blob.filler.as_ref().map(|filler| filler.text.clone()))),
    ("fan_in", |row| row.of_blob(|blob| blob.fan_in)),
    ("fan_out", |row| row.of_blob(|blob| blob.fan_out)),
    ("expected_mean", |row| row.of_blob(|blob| blob.expected.map(|moments| format!("{:?}", moments.mean)))),
    ("expected_std", |row| row.of_blob(|blob| blob.expected.map(|moments| format!("{:?}", moments.std)))),
    ("mean", |row| row.measured(|actual| actual.mean)),
    ("std", |row| row.measured(|actual| actual.std)),
    ("min", |row| row.measured(|actual| actual.min)),
    ("max", |row| row.measured(|actual| actual.max)),
    ("zeros", |row| row.measured(|actual| Some(actual.zeros))),
    ("zero_fraction", |row| row.measured(|actual| Some(actual.zero_fraction))),
    ("non_finite", |row| row.measured(|actual| Some(actual.non_finite))),
    ("name", |row| row.of_blob(|blob| blob.name)),
    ("bottoms", |row| if row.first { row.layer.bottoms.join(";") } else { String::new() }),
    ("top_names", |row| if row.first { top_names(row.layer) } else { String::new() }),
];

/// The whole text.
pub(super) fn text(inspection: &Inspection) -> String {
    let mut text = row(COLUMNS.iter().map(|(title, _)| (*title).to_owned()));
    for layer in &inspection.layers {
        let mut blobs: Vec<Option<&BlobReport>> = layer.blobs.iter().map(Some).collect();
        if blobs.is_empty() {
            blobs.push(None);
        }
        for (position, blob) in blobs.into_iter().enumerate() {
            let line = Row { layer, first: position == 0, blob };
            text += &row(COLUMNS.iter().map(|(_, text)| text(&line)));
        }
    }
    text
}

/// The shapes of the tops: `64x500;64`.
fn tops(layer: &LayerReport) -> String {
    layer.tops.iter().map(|top| dims(&top.shape)).collect::<Vec<_>>().join(";")
}

/// The names of the tops: `data;label`.
fn top_names(layer: &LayerReport) -> String {
    layer.tops.iter().map(|top| top.name.as_deref().unwrap_or_default()).collect::<Vec<_>>().join(";")
}

/// The dimensions: `20x1x5x5`.
fn dims(shape: &Shape) -> String {
    shape.dims().iter().map(i32::to_string).collect::<Vec<_>>().join("x")
}

/// A line of fields. As RFC 4180 has it, one with a comma, a quote or a line break stands in quotes.
fn row(fields: impl Iterator<Item = String>) -> String {
    let quoted = |field: String| {
        if field.contains([',', '"', '\n', '\r']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field }
    };
    fields.map(quoted).collect::<Vec<_>>().join(",") + "\n"
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn titles_are_unique() {
        let titles: HashSet<&str> = COLUMNS.iter().map(|(title, _)| *title).collect();
        assert_eq!(titles.len(), COLUMNS.len());
    }

    #[test]
    fn a_field_is_quoted_where_it_must_be() {
        let fields = ["a", "b,c", "say \"so\"", "two\nlines", ""];
        let expected = "a,\"b,c\",\"say \"\"so\"\"\",\"two\nlines\",\n";
        assert_eq!(row(fields.iter().map(|&field| field.to_owned())), expected);
    }
}
