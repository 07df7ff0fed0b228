//! Compares two files of weights, and shows what the values of the first are like.
//!
//! `cargo run --example compare -- A B`; without arguments these are two initialisations of LeNet, in two formats.

use std::env;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use caffemodel::compare::{CompareOptions, Detail, Method, compare};
use caffemodel::formats::{self, Format};
use caffemodel::inspect::{InspectOptions, Inspection, Subject};
use caffemodel::random::{Era, Streams};
use caffemodel::{Definition, Net, Plan, PlanOptions, StateOptions, init};

fn write_lenet(path: &Path, seed: u32) -> anyhow::Result<()> {
    let net = Net::resolve(Definition::read("models/lenet.prototxt")?, &StateOptions::default())?;
    let plan = Plan::new(net, &PlanOptions::default())?;
    let format: Format = Format::of_path(path).unwrap_or(Format::Caffemodel);
    let mut writer = format.writer(&plan.saved(), BufWriter::new(File::create(path)?))?;
    init::fill(&plan, &mut Streams::caffe(seed, Era::default()), &mut *writer)?;
    Ok(())
}

fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut paths: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    if paths.is_empty() {
        paths = ["a.caffemodel", "b.npz"].map(|name| folder.path().join(name)).into();
        write_lenet(&paths[0], 1)?;
        write_lenet(&paths[1], 2)?;
    }
    let [a, b] = &paths[..] else { anyhow::bail!("give two files of weights, or none") };
    let (a, b) = (formats::open(a)?, formats::open(b)?);

    let inspection = Inspection::new(&Subject { plan: None, weights: Some(&a) }, &InspectOptions::default())?;
    for layer in &inspection.layers {
        for blob in &layer.blobs {
            let std = blob.actual.as_ref().and_then(|statistics| statistics.std);
            println!("{}.{} {}: standard deviation {:.4}", layer.name, blob.index, blob.shape, std.unwrap_or(f64::NAN));
        }
    }

    let bitwise = compare(&a, &b, &CompareOptions::default())?;
    for layer in &bitwise.layers {
        for blob in &layer.blobs {
            if let Some(Detail::Values(values)) = &blob.detail {
                println!("{}.{}: {} of {} values differ", layer.name(), blob.index, values.differing, values.count);
            }
        }
    }

    let mut options = CompareOptions::default();
    options.method = Method::Distribution { alpha: 0.01 };
    let alike = compare(&a, &b, &options)?.equal;
    println!("equal bit by bit: {}, in distribution: {alike}", bitwise.equal);
    Ok(())
}
