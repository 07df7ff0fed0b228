//! A comparison as a table for people: one line for each blob that differs, and a summary.

use crate::Shape;
use crate::cli::table::{Column, Rows, Screen, Tone, count, measured};
use crate::cli::wrap::paragraph;
use crate::compare::{
    BlobComparison, Comparison, Detail, Difference, DistributionComparison, LayerComparison, Method, Status, Tolerance,
    ValueComparison,
};

const BLOB: [Column; 4] = [
    Column::words("layer").wraps_at(20),
    Column::numbers("blob"),
    Column::words("shape"),
    Column::words("finding").wraps_at(16),
];

const VALUES: [Column; 4] = [
    Column::numbers("max abs").rank(1),
    Column::numbers("max rel").rank(3),
    Column::numbers("max ulp").rank(2),
    Column::words("worst: A / B").rank(4),
];

const DISTRIBUTION: [Column; 4] = [
    Column::numbers("mean: A / B").rank(4),
    Column::numbers("std: A / B").rank(3),
    Column::numbers("KS").rank(2),
    Column::numbers("p-value").rank(1),
];

/// The table and the summary; `all` shows equal blobs as well.
pub(super) fn render(comparison: &Comparison, all: bool, screen: Screen) -> String {
    let details = match comparison.method {
        Method::Values(_) => VALUES,
        Method::Distribution { .. } => DISTRIBUTION,
    };
    let mut rows = Rows::new([BLOB, details].concat());
    for (layer, blob) in comparison.layers.iter().flat_map(|layer| layer.blobs.iter().map(move |blob| (layer, blob))) {
        match blob.status {
            Status::Equal if all => rows.push(Tone::Plain, row(layer, blob)),
            Status::Equal => {}
            _ => rows.push(Tone::Bad, row(layer, blob)),
        }
    }
    let mut text = String::new();
    if !rows.is_empty() {
        let (table, left_out) = rows.render(screen);
        text += &table;
        if !left_out.is_empty() {
            let about = format!("not shown for lack of room: {}; --json has them all", left_out.join(", "));
            text += &paragraph(&about, screen.text_width());
        }
    }
    text + &summary(comparison) + "\n"
}

fn row(layer: &LayerComparison, blob: &BlobComparison) -> Vec<String> {
    let shape = either(blob.shape_a.as_ref(), blob.shape_b.as_ref(), Shape::to_string);
    let details = match &blob.detail {
        Some(Detail::Values(found)) => values(found),
        Some(Detail::Distribution(found)) => distribution(found),
        None => Default::default(),
    };
    [name(layer), blob.index.to_string(), shape, finding(blob)].into_iter().chain(details).collect()
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
            format!("{} of {} differ", count(found.differing as u64), count(found.count as u64))
        }
        (Status::Different, Some(Detail::Distribution(found))) if found.difference.is_some() => unlike(found),
        (Status::Different, _) => "shapes differ".to_owned(),
    }
}

/// In what two distributions differ.
fn unlike(found: &DistributionComparison) -> String {
    let text = match found.difference {
        None => "",
        Some(Difference::NonFinite) => {
            let [a, b] = [&found.a, &found.b].map(|statistics| count(statistics.non_finite as u64));
            return format!("{a} / {b} NaN or infinite");
        }
        Some(Difference::Constant) => "constants differ",
        Some(Difference::Mean) => "means differ",
        Some(Difference::Spread) => "spreads differ",
        Some(Difference::Distribution) => "distributions differ",
    };
    text.to_owned()
}

fn values(found: &ValueComparison) -> [String; 4] {
    let Some(worst) = &found.worst else {
        return Default::default();
    };
    let (a, b) = (value(worst.a), value(worst.b));
    let worst = format!("{:?}: {a} / {b}", worst.index);
    let ulp = found.max_ulp.map_or("nan".to_owned(), |ulp| ulp.to_string());
    [measured(found.max_abs), measured(found.max_rel), ulp, worst]
}

fn distribution(found: &DistributionComparison) -> [String; 4] {
    let pair =
        |a: Option<f64>, b: Option<f64>| [a, b].map(|number| number.map_or("none".to_owned(), measured)).join(" / ");
    let (mean, std) = (pair(found.a.mean, found.b.mean), pair(found.a.std, found.b.std));
    [mean, std, measured(found.ks), measured(found.least_p_value())]
}

/// As many digits as the value needs; a NaN with its bits.
fn value(value: f32) -> String {
    if value.is_nan() { format!("NaN (0x{:08x})", value.to_bits()) } else { format!("{value:?}") }
}

fn summary(comparison: &Comparison) -> String {
    let counts = &comparison.counts;
    let total = counts.total();
    let (equal, different) = match comparison.method {
        Method::Values(Tolerance::BITWISE) => ("equal", "different"),
        Method::Values(_) => ("equal within the tolerance", "different beyond the tolerance"),
        Method::Distribution { .. } => ("equal in distribution", "different in distribution"),
    };
    if comparison.equal {
        return format!("{equal}: {}", blobs(total));
    }
    let mut text = format!("{different}: {} of {}", total - counts.equal, blobs(total));
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
