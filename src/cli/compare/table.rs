//! A comparison as a table for people: one line for each blob that differs, and a summary.

use comfy_table::{Table, presets};

use crate::Shape;
use crate::compare::{
    BlobComparison, Comparison, Detail, DistributionComparison, LayerComparison, Method, Status, Tolerance,
    ValueComparison,
};

const VALUES: &[&str] = &["layer", "blob", "shape", "finding", "max abs", "max rel", "max ulp", "worst: A / B"];
const DISTRIBUTION: &[&str] = &["layer", "blob", "shape", "finding", "mean: A / B", "std: A / B", "KS", "p-value"];

/// The table and the summary; `all` shows equal blobs as well.
pub(super) fn render(comparison: &Comparison, all: bool) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(match comparison.method {
        Method::Values(_) => VALUES.iter(),
        Method::Distribution { .. } => DISTRIBUTION.iter(),
    });
    for (layer, blob) in comparison.layers.iter().flat_map(|layer| layer.blobs.iter().map(move |blob| (layer, blob))) {
        if all || blob.status != Status::Equal {
            table.add_row(row(layer, blob));
        }
    }
    table.column_iter_mut().for_each(|column| {
        column.set_padding((0, 2));
    });
    let table = if table.is_empty() { String::new() } else { table.trim_fmt() + "\n" };
    format!("{table}{}\n", summary(comparison))
}

fn row(layer: &LayerComparison, blob: &BlobComparison) -> Vec<String> {
    let shape = either(blob.shape_a.as_ref(), blob.shape_b.as_ref(), Shape::to_string);
    let mut row = vec![name(layer), blob.index.to_string(), shape, finding(blob)];
    match &blob.detail {
        Some(Detail::Values(found)) => row.extend(values(found)),
        Some(Detail::Distribution(found)) => row.extend(distribution(found)),
        None => {}
    }
    row
}

/// The layer's name or names, and which one of its name it is.
fn name(layer: &LayerComparison) -> String {
    let names = either(layer.name_a.as_ref(), layer.name_b.as_ref(), String::clone);
    if layer.occurrence == 0 { names } else { format!("{names} #{}", layer.occurrence + 1) }
}

/// Both, or one if there is but one or they are the same.
fn either<T: PartialEq>(a: Option<&T>, b: Option<&T>, text: impl Fn(&T) -> String) -> String {
    match (a, b) {
        (Some(a), Some(b)) if a != b => format!("{} / {}", text(a), text(b)),
        (Some(one), _) | (None, Some(one)) => text(one),
        (None, None) => String::new(),
    }
}

fn finding(blob: &BlobComparison) -> String {
    match (blob.status, &blob.detail) {
        (Status::OnlyA, _) => "only in A".to_owned(),
        (Status::OnlyB, _) => "only in B".to_owned(),
        (Status::Equal, _) => "equal".to_owned(),
        (Status::Different, Some(Detail::Values(found))) if found.differing > 0 => {
            format!("{} of {} differ", found.differing, found.count)
        }
        (Status::Different, Some(Detail::Distribution(_))) if blob.shape_a == blob.shape_b => "different".to_owned(),
        (Status::Different, _) => "shapes differ".to_owned(),
    }
}

fn values(found: &ValueComparison) -> Vec<String> {
    let Some(worst) = &found.worst else {
        return Vec::new();
    };
    let maxima = [number(found.max_abs), number(found.max_rel), found.max_ulp.to_string()];
    let (a, b) = (value(worst.a), value(worst.b));
    maxima.into_iter().chain([format!("{:?}: {a} / {b}", worst.index)]).collect()
}

fn distribution(found: &DistributionComparison) -> Vec<String> {
    let pair = |a, b| format!("{} / {}", number(a), number(b));
    vec![
        pair(found.a.mean, found.b.mean),
        pair(found.a.std, found.b.std),
        format!("{:.4}", found.ks),
        number(found.p_value),
    ]
}

/// Four digits, with an exponent where the number is small or large.
fn number(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    let decimals = 3.0 - number.abs().log10().floor();
    if (0.0..=6.0).contains(&decimals) { format!("{number:.*}", decimals as usize) } else { format!("{number:.3e}") }
}

/// As many digits as the value needs; a NaN with its bits.
fn value(value: f32) -> String {
    if value.is_nan() { format!("NaN (0x{:08x})", value.to_bits()) } else { format!("{value:?}") }
}

fn summary(comparison: &Comparison) -> String {
    let counts = &comparison.counts;
    let total = counts.total();
    let how = match comparison.method {
        Method::Values(Tolerance::BITWISE) => "",
        Method::Values(_) => " within the tolerance",
        Method::Distribution { .. } => " in distribution",
    };
    if comparison.equal {
        return format!("equal{how}: {}", blobs(total));
    }
    let mut text = format!("different{how}: {} of {}", total - counts.equal, blobs(total));
    for (count, side) in [(counts.only_a, 'A'), (counts.only_b, 'B')] {
        if count > 0 {
            text += &format!(", {count} only in {side}");
        }
    }
    text
}

fn blobs(count: usize) -> String {
    format!("{count} blob{}", if count == 1 { "" } else { "s" })
}
