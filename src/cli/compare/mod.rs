//! `caffemodel compare`: two files of weights, blob by blob.

mod notes;
mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use anyhow::bail;
use clap::Args;
use serde::Serialize;

use super::dialect::DialectArgument;
use super::input::{self, is_standard};
use super::net::report_notices;
use super::numbers::whole;
use super::print;
use super::progress::Bar;
use super::report;
use super::select::SelectArguments;
use super::table::Screen;
use crate::ReadOptions;
use crate::compare::{CompareOptions, Comparison, Method, Tolerance, compare_with_progress};
use crate::convert::number_notices;
use crate::formats::{StoredLayer, StoredNet};
use crate::inspect::{BlobSelection, Subject};

/// The exit code for files that were compared and differ.
const DIFFERENT: u8 = 1;

/// Compare two files of weights, blob by blob
///
/// Each file is a .caffemodel, HDF5, .npz, .safetensors or .binaryproto, or a .prototxt with blobs; the format is
/// detected. Doubles are rounded to floats. The exit code is 0 if all blobs are equal, 1 if some differ, and 2 if the
/// files cannot be compared.
///
/// Without a tolerance, values are compared bit for bit. With one, values a and b are equal if |a - b| <= atol + rtol *
/// |b|, if they are at most ULP floats apart, or if both are NaN. Infinity equals only itself.
///
/// Distributions are equal if as many values are infinite or NaN, if both are the same constant or neither is constant,
/// and if the means, the root mean squares and the Kolmogorov-Smirnov test show no difference at the significance level
/// of --alpha.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  caffemodel compare ours.caffemodel caffe.caffemodel
  caffemodel compare ours.npz caffe.npz --atol 1e-6 --rtol 1e-5
  caffemodel compare seed1.h5 seed2.h5 --distribution
  caffemodel compare mean1.binaryproto mean2.binaryproto --json
  caffemodel init net.prototxt -o - | caffemodel compare - caffe.caffemodel")]
pub(super) struct CompareArguments {
    /// First file; - for standard input
    a: PathBuf,

    /// Second file, the reference; - for standard input
    b: PathBuf,

    /// Absolute tolerance
    #[arg(long, value_name = "X", allow_negative_numbers = true, value_parser = parse_tolerance)]
    atol: Option<f64>,

    /// Tolerance relative to the values of B
    #[arg(long, value_name = "X", allow_negative_numbers = true, value_parser = parse_tolerance)]
    rtol: Option<f64>,

    /// Tolerance in units in the last place
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = parse_ulp)]
    ulp: Option<u32>,

    /// Compare distributions only, as for different seeds
    #[arg(long, conflicts_with_all = ["atol", "rtol", "ulp"])]
    distribution: bool,

    /// Significance level
    ///
    /// It is for --distribution: the chance that two nets with the same fillers are found to differ, shared among the
    /// tests of all blobs.
    #[arg(long, value_name = "P", default_value = "0.01", requires = "distribution", value_parser = parse_alpha)]
    alpha: f64,

    /// Match layers by position, not by name
    ///
    /// Layers without blobs are not counted. Those of HDF5 files are sorted by name.
    #[arg(long)]
    by_order: bool,

    #[command(flatten)]
    select: SelectArguments,

    #[command(flatten)]
    dialect: DialectArgument,

    /// Print JSON, with equal blobs too
    #[arg(long)]
    json: bool,
}

/// The comparison with the names of its files.
#[derive(Serialize)]
struct NamedComparison<'a> {
    a: String,
    b: String,
    #[serde(flatten)]
    comparison: &'a Comparison,
}

impl CompareArguments {
    fn method(&self) -> Method {
        if self.distribution {
            return Method::Distribution { alpha: self.alpha };
        }
        Method::Values(Tolerance { atol: self.atol, rtol: self.rtol, ulp: self.ulp })
    }

    /// Compares the nets, and shows how far it is.
    fn compare(&self, a: &StoredNet, b: &StoredNet) -> anyhow::Result<Comparison> {
        let blobs = [a, b].into_iter().flat_map(|net| &net.layers).flat_map(|layer| &layer.blobs);
        let bar =
            Mutex::new(Bar::new(blobs.map(|blob| blob.shape.count() as u64).sum::<u64>() * size_of::<f32>() as u64));
        let progress = |values: usize| {
            bar.lock().unwrap_or_else(PoisonError::into_inner).advance(values * size_of::<f32>());
        };
        let options = CompareOptions { method: self.method(), by_order: self.by_order };
        Ok(compare_with_progress(a, b, &options, &progress)?)
    }
}

pub(super) fn run(arguments: &CompareArguments) -> anyhow::Result<ExitCode> {
    let (a, b) = (&arguments.a, &arguments.b);
    if is_standard(a) && is_standard(b) {
        bail!("only one of the two files can be standard input");
    }
    let options = arguments.dialect.options()?;
    let mut nets = [open(a, &options)?, open(b, &options)?];
    let both = StoredNet { layers: nets.each_ref().map(|net| net.layers.clone()).concat(), ..Default::default() };
    let selection = arguments.select.selection(&Subject { plan: None, weights: Some(&both) })?;
    nets.iter_mut().for_each(|net| select(&selection, net));
    let comparison = arguments.compare(&nets[0], &nets[1])?;
    if comparison.counts.total() == 0 {
        bail!("nothing to compare: no layer has blobs");
    }
    notes::shared([(a, &nets[0]), (b, &nets[1])], &comparison.counts);
    notes::non_finite(&comparison);
    if arguments.json {
        let [a, b] = [a, b].map(|path| path.display().to_string());
        print::result(&print::json(&NamedComparison { a, b, comparison: &comparison })?)?;
    } else if !report::is_quiet() {
        print::result(&table::render(&comparison, report::is_verbose(), Screen::standard_output()))?;
    }
    Ok(if comparison.equal { ExitCode::SUCCESS } else { ExitCode::from(DIFFERENT) })
}

fn open(path: &Path, options: &ReadOptions) -> crate::Result<StoredNet> {
    let net = input::open_weights(path, options)?;
    let name = input::display_name(path);
    report_notices(&name, &net.notices);
    report_notices(&name, &number_notices(&net));
    Ok(net)
}

/// Takes the blobs that are not selected out of a net.
fn select(selection: &BlobSelection, net: &mut StoredNet) {
    for StoredLayer { name, blobs, .. } in &mut net.layers {
        blobs.retain(|blob| selection.blob(name, blob.index, None, None));
    }
}

fn parse_tolerance(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| "expected a non-negative number, such as 1e-6".to_owned())
}

fn parse_ulp(text: &str) -> Result<u32, String> {
    whole(text, &format!("a whole number from 0 to {}", u32::MAX))
}

fn parse_alpha(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| *number > 0.0 && *number < 1.0);
    number.ok_or_else(|| "expected a probability between 0 and 1, such as 0.01".to_owned())
}
