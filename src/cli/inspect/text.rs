//! The inspection as tables for people.

use std::fmt::Write;

use indicatif::BinaryBytes;

use crate::Shape;
use crate::cli::table::{Column, Rows, Screen, Tone, count, measured};
use crate::cli::wrap::paragraph;
use crate::inspect::{BlobReport, FillerReport, Inspection, LayerReport, TopReport, Totals};
use crate::layer::Role;
use crate::plan::SourceKind;
use crate::statistics::{Histogram, Moments, Statistics};

/// The bars of a histogram, from nothing to the fullest bin.
const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The names of layers: those of splits are long.
const LAYER: Column = Column::words("layer").wraps_at(24);

/// The whole text; `file` is what the inspected file is called.
pub(super) fn text(inspection: &Inspection, file: &str, screen: Screen) -> String {
    let phase = inspection.phase.map_or_else(String::new, |phase| format!(", phase {phase}"));
    let title = match inspection.name.as_str() {
        "" => format!("{file}{phase}"),
        name => format!("{}, {file}{phase}", name.escape_debug()),
    };
    let mut text = screen.bold(&title) + "\n";
    let mut left_out = Vec::new();
    for rows in [layers(&inspection.layers), blobs(&inspection.layers)] {
        if !rows.is_empty() {
            let (table, missing) = rows.render(screen);
            let _ = write!(text, "\n{table}");
            left_out.extend(missing);
        }
    }
    let (totals, _) = totals(inspection).render(screen);
    let _ = write!(text, "\n{totals}");
    if !left_out.is_empty() {
        let about = format!("Not shown for lack of room: {}; --json has them all", left_out.join(", "));
        let _ = write!(text, "\n{}", paragraph(&about, screen.text_width()));
    }
    text
}

/// The layers with what they read and make, and their work.
fn layers(layers: &[LayerReport]) -> Rows {
    let mut rows = Rows::new([
        LAYER,
        Column::words("type"),
        Column::words("bottoms").rank(1).wraps_at(20),
        Column::words("tops").wraps_at(20),
        Column::numbers("parameters"),
        Column::numbers("multiply-adds").rank(1),
    ]);
    for layer in layers {
        let cells = vec![
            layer.name.clone(),
            layer.layer_type.clone().unwrap_or_default(),
            layer.bottoms.join(", "),
            tops(&layer.name, &layer.tops),
            nonzero(layer.parameters),
            layer.macs.map_or_else(String::new, nonzero),
        ];
        rows.push(Tone::Plain, cells);
    }
    rows
}

/// The shapes of a layer's tops, behind their names where these are not the layer's: `(64, 1, 28, 28) label (64)`.
/// Equal shapes that follow one another are counted: `2 x (64, 20)`. One that is not known is `?`.
fn tops(layer: &str, tops: &[TopReport]) -> String {
    let shown = |shape: &Shape| if *shape == Shape::unshaped() { "?".to_owned() } else { shape.to_string() };
    let runs = tops.chunk_by(|one, next| one.shape == next.shape).map(|run| match run {
        [TopReport { name: Some(name), shape, .. }] if name != layer => format!("{name} {}", shown(shape)),
        [top] => shown(&top.shape),
        _ => format!("{} x {}", run.len(), shown(&run[0].shape)),
    });
    runs.collect::<Vec<_>>().join(" ")
}

/// A count, or nothing for 0.
fn nonzero(number: u64) -> String {
    if number == 0 { String::new() } else { count(number) }
}

/// A column about a blob: its place in the table and its text.
type BlobColumn = (Column, fn(&BlobReport) -> String);

/// The columns about a blob.
const BLOB_COLUMNS: &[BlobColumn] = &[
    (Column::words("blob"), which),
    (Column::words("shape"), |blob| blob.shape.to_string()),
    (Column::numbers("values").rank(2), |blob| count(blob.count)),
    (Column::words("filler").wraps_at(12), values_from),
    (Column::numbers("fan-in").rank(5), |blob| fan(blob, blob.fan_in)),
    (Column::numbers("fan-out").rank(5), |blob| fan(blob, blob.fan_out)),
    (Column::numbers("expected").rank(1), |blob| {
        blob.expected.map_or_else(String::new, |moments| mean_and_std(&moments))
    }),
    (Column::numbers("actual"), |blob| of_actual(blob, actual_moments)),
    (Column::numbers("min").rank(3), |blob| of_actual(blob, |actual| of_some(actual.min))),
    (Column::numbers("max").rank(3), |blob| of_actual(blob, |actual| of_some(actual.max))),
    (Column::numbers("zero").rank(4), |blob| of_actual(blob, zeros)),
    (Column::numbers("not finite"), |blob| of_actual(blob, |actual| nonzero(actual.non_finite))),
    (Column::words("histogram").rank(1), |blob| of_actual(blob, |actual| bars(&actual.histogram))),
];

/// Which blob it is: its index and its role, as rules take them, and what it is called.
fn which(blob: &BlobReport) -> String {
    let BlobReport { index, role, name, .. } = blob;
    match (role, name) {
        (None, _) => index.to_string(),
        (Some(Role::Statistic), Some(name)) => format!("{index} {name}"),
        (Some(role), Some(name)) => format!("{index} {role} {name}"),
        (Some(role), None) => format!("{index} {role}"),
    }
}

/// The blobs of all layers.
fn blobs(layers: &[LayerReport]) -> Rows {
    let columns = BLOB_COLUMNS.iter().map(|(column, _)| *column);
    let mut rows = Rows::new([LAYER].into_iter().chain(columns).collect::<Vec<_>>());
    for layer in layers {
        for blob in &layer.blobs {
            let cells = BLOB_COLUMNS.iter().map(|(_, text)| text(blob));
            rows.push(tone(blob), [layer.name.clone()].into_iter().chain(cells).collect());
        }
    }
    rows
}

/// Values that are not numbers are bad; weights without any but zeros are odd.
fn tone(blob: &BlobReport) -> Tone {
    match &blob.actual {
        Some(actual) if actual.non_finite > 0 => Tone::Bad,
        Some(actual) if actual.zeros == blob.count && blob.role == Some(Role::Weight) => Tone::Odd,
        _ => Tone::Plain,
    }
}

/// Where the values of a blob come from: its owner, its filler as in the net, or what there is instead of one.
fn values_from(blob: &BlobReport) -> String {
    if let Some(owner) = &blob.shared_with {
        return format!("= {owner}");
    }
    match (&blob.filler, blob.source) {
        (Some(filler), _) => filler_text(filler),
        (None, Some(SourceKind::Zeros)) => "zeros".to_owned(),
        (None, Some(SourceKind::Net)) => "given in the net".to_owned(),
        (None, _) => String::new(),
    }
}

/// A filler's type with its parameters: `gaussian std: 0.01`.
fn filler_text(filler: &FillerReport) -> String {
    let name = format!("type: {:?}", filler.filler_type);
    let parameters = filler.text.strip_prefix(&name).unwrap_or_default();
    let default = if filler.explicit { "" } else { " (default)" };
    format!("{}{parameters}{default}", filler.filler_type)
}

/// The fan of a blob; a blob of one axis has none worth to be shown, nor has a bias.
fn fan(blob: &BlobReport, fan: Option<i32>) -> String {
    let fan = fan.filter(|_| blob.shape.axes() > 1 && blob.role != Some(Role::Bias));
    fan.map_or_else(String::new, |fan| count(fan.unsigned_abs().into()))
}

fn of_actual(blob: &BlobReport, text: impl Fn(&Statistics) -> String) -> String {
    blob.actual.as_ref().map_or_else(String::new, text)
}

fn of_some(value: Option<f32>) -> String {
    value.map_or_else(String::new, |value| measured(value.into()))
}

fn actual_moments(actual: &Statistics) -> String {
    let moments = actual.mean.zip(actual.std).map(|(mean, std)| Moments { mean, std });
    moments.map_or_else(String::new, |moments| mean_and_std(&moments))
}

/// The mean and the standard deviation; of a constant the mean.
fn mean_and_std(moments: &Moments) -> String {
    let mean = measured(moments.mean);
    if moments.std == 0.0 { mean } else { format!("{mean} ± {}", measured(moments.std)) }
}

/// The part of zeros in percent; nothing where there are none.
fn zeros(actual: &Statistics) -> String {
    if actual.zeros == 0 { String::new() } else { format!("{}%", measured(100.0 * actual.zero_fraction)) }
}

/// A bar for each bin, in eighths of the fullest: a bin that has any value shows. A single bin tells nothing.
fn bars(histogram: &Histogram) -> String {
    if histogram.counts.len() < 2 {
        return String::new();
    }
    let most = histogram.counts.iter().copied().max().unwrap_or(0).max(1);
    let bar = |&count: &u64| {
        // A count is at most 2^31.
        let eighths = (count * 8).div_ceil(most);
        BARS[eighths as usize]
    };
    histogram.counts.iter().map(bar).collect()
}

/// What the layers add up to.
fn totals(inspection: &Inspection) -> Rows {
    let Totals { layers, parameters, statistics, shared, bytes, .. } = inspection.totals;
    let mut rows = Rows::new([Column::words("total"), Column::numbers(""), Column::words("").wraps_at(20)]);
    let mut row =
        |name: &str, number: String, about: String| rows.push(Tone::Plain, vec![name.to_owned(), number, about]);
    row("layers", count(layers), String::new());
    row("parameters", count(parameters), String::new());
    if statistics > 0 {
        row("statistics", count(statistics), "values that are collected, not learned".to_owned());
    }
    if shared > 0 {
        row("shared", count(shared), "values owned by another blob, not counted again".to_owned());
    }
    row("weights", BinaryBytes(bytes).to_string(), String::new());
    let totals = &inspection.totals;
    if let (Some(bytes), Some(logged)) = (totals.activation_bytes, totals.caffe_data_bytes) {
        let about = format!("Caffe logs {} bytes, in-place tops and splits counted again", count(logged));
        row("activations", BinaryBytes(bytes).to_string(), about);
    }
    if let Some(macs) = totals.macs {
        row("multiply-adds", count(macs), per_item(totals));
    }
    rows
}

fn per_item(totals: &Totals) -> String {
    let Some((batch, macs)) = totals.batch.zip(totals.macs_per_item) else { return String::new() };
    format!("{} for each item in the batch of {batch}", count(macs))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(counts: &[u64]) -> String {
        bars(&Histogram { start: 0.0, width: 1.0, counts: counts.to_vec() })
    }

    #[test]
    fn bars_are_eighths_of_the_fullest_bin() {
        assert_eq!(histogram(&[8, 4, 1, 0, 7]), "█▄▁ ▇");
        assert_eq!(histogram(&[1_000_000, 1, 0, 500_001]), "█▁ ▅");
        assert_eq!(histogram(&[u64::from(u32::MAX), 1]), "█▁");
        assert_eq!((histogram(&[3]), histogram(&[])), (String::new(), String::new()));
    }

    #[test]
    fn moments_of_a_constant_are_its_value() {
        assert_eq!(mean_and_std(&Moments { mean: 1.0, std: 0.0 }), "1");
        assert_eq!(mean_and_std(&Moments { mean: -1.234567e-7, std: 0.0353553 }), "-1.235e-07 ± 0.03536");
    }

    #[test]
    fn equal_tops_that_follow_one_another_are_counted() {
        let top = |dims: &[i32]| TopReport { name: None, shape: Shape::new(dims).unwrap(), bytes: 0 };
        assert_eq!(tops("a", &[top(&[2, 3]), top(&[2, 3]), top(&[2])]), "2 x (2, 3) (2)");
        assert_eq!(tops("a", &[]), "");
    }

    #[test]
    fn tops_are_named_where_they_do_not_have_the_name_of_their_layer() {
        let top = |name: &str, dims: &[i32]| TopReport {
            name: Some(name.to_owned()),
            shape: Shape::new(dims).unwrap(),
            bytes: 0,
        };
        assert_eq!(tops("data", &[top("data", &[2, 3]), top("label", &[2])]), "(2, 3) label (2)");
        assert_eq!(tops("relu", &[top("conv", &[2, 3])]), "conv (2, 3)");
    }

    #[test]
    fn a_filler_is_its_type_and_its_parameters() {
        let filler = |text: &str, explicit| FillerReport { filler_type: "msra".into(), text: text.into(), explicit };
        let text = "type: \"msra\" variance_norm: AVERAGE";
        assert_eq!(filler_text(&filler(text, true)), "msra variance_norm: AVERAGE");
        assert_eq!(filler_text(&filler("type: \"msra\"", false)), "msra (default)");
    }
}
