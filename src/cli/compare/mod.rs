//! `caffemodel compare`: two files of weights, blob by blob.

mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use anyhow::bail;
use clap::Args;
use serde::Serialize;

use super::net::report_notices;
use super::progress::Bar;
use super::report;
use super::select::SelectArguments;
use super::standard_output::print;
use super::table::Screen;
use crate::compare::{Comparison, Method, Options, Tolerance, compare_with_progress};
use crate::inspect::{Selection, Subject};
use crate::weights::{self, StoredLayer, StoredNet};

/// The exit code for files that were compared and differ.
const DIFFERENT: u8 = 1;

/// Compare the blobs of two files, bit for bit, within a tolerance, or by their distributions
///
/// Each file is a caffemodel, HDF5, .npz, .safetensors or .binaryproto; its content tells which. The exit code is 0 if
/// all blobs are equal, 1 if not, and 2 if the files cannot be compared.
///
/// With tolerances, values a and b agree if |a - b| <= atol + rtol * |b|, or if they are at most ULP floats apart, or
/// if both are NaN. An infinity agrees with itself alone.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  caffemodel compare ours.caffemodel caffe.caffemodel
  caffemodel compare ours.npz caffe.caffemodel --atol 1e-6 --rtol 1e-5
  caffemodel compare seed1.caffemodel seed2.caffemodel --distribution
  caffemodel compare mean1.binaryproto mean2.binaryproto --json")]
pub(super) struct CompareArguments {
    /// The first file
    a: PathBuf,

    /// The second file, the reference
    b: PathBuf,

    /// The greatest absolute difference of values that agree
    #[arg(long, value_name = "X", value_parser = parse_tolerance)]
    atol: Option<f64>,

    /// The greatest difference of values that agree, relative to the second file's
    #[arg(long, value_name = "X", value_parser = parse_tolerance)]
    rtol: Option<f64>,

    /// The greatest distance of values that agree, in units in the last place
    #[arg(long, value_name = "N")]
    ulp: Option<u32>,

    /// Compare the distributions of the values only, by the Kolmogorov-Smirnov test, as for other seeds
    #[arg(long, conflicts_with_all = ["atol", "rtol", "ulp"])]
    distribution: bool,

    /// The chance to find nets different that are initialised alike; it is shared out among the blobs
    #[arg(long, value_name = "P", default_value = "0.01", requires = "distribution", value_parser = parse_alpha)]
    alpha: f64,

    /// Match layers with blobs in order rather than by name (HDF5 keeps them by name)
    #[arg(long)]
    by_order: bool,

    #[command(flatten)]
    select: SelectArguments,

    /// Print all that was found as JSON, equal blobs included
    #[arg(long)]
    json: bool,
}

/// The comparison with the names of its files.
#[derive(Serialize)]
struct Report<'a> {
    a: &'a Path,
    b: &'a Path,
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
        let options = Options { method: self.method(), by_order: self.by_order };
        Ok(compare_with_progress(a, b, &options, &progress)?)
    }
}

pub(super) fn run(arguments: &CompareArguments) -> anyhow::Result<ExitCode> {
    let (mut a, mut b) = (open(&arguments.a)?, open(&arguments.b)?);
    let both = StoredNet { layers: [&a, &b].map(|net| net.layers.clone()).concat(), ..Default::default() };
    let selection = arguments.select.selection(&Subject { plan: None, weights: Some(&both) })?;
    [&mut a, &mut b].into_iter().for_each(|net| select(&selection, net));
    let comparison = arguments.compare(&a, &b)?;
    if comparison.counts.total() == 0 {
        bail!("nothing to compare: no layer has blobs");
    }
    if arguments.json {
        let report = Report { a: &arguments.a, b: &arguments.b, comparison: &comparison };
        print(&(serde_json::to_string_pretty(&report)? + "\n"))?;
    } else if !report::is_quiet() {
        print(&table::render(&comparison, report::is_verbose(), Screen::standard_output()))?;
    }
    Ok(if comparison.equal { ExitCode::SUCCESS } else { ExitCode::from(DIFFERENT) })
}

fn open(path: &Path) -> crate::Result<StoredNet> {
    let net = weights::open(path)?;
    report_notices(&path.display().to_string(), &net.notices);
    Ok(net)
}

/// Takes the blobs that are not selected out of a net.
fn select(selection: &Selection, net: &mut StoredNet) {
    for StoredLayer { name, blobs, .. } in &mut net.layers {
        blobs.retain(|blob| selection.blob(name, blob.index, None));
    }
}

fn parse_tolerance(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| "expected a number that is not negative, such as 1e-6".to_owned())
}

fn parse_alpha(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| *number > 0.0 && *number < 1.0);
    number.ok_or_else(|| "expected a chance between 0 and 1, such as 0.01".to_owned())
}
