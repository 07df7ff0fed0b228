//! Initialises a net definition into a file of weights, which appears complete or not at all.
//!
//! `cargo run --example initialise -- NET OUTPUT`; without arguments LeNet goes into a temporary folder.

use std::env;
use std::io::BufWriter;
use std::path::PathBuf;

use caffemodel::file::AtomicFile;
use caffemodel::formats::Format;
use caffemodel::random::{Era, Streams};
use caffemodel::{Definition, Net, Plan, PlanOptions, StateOptions, init};

fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut paths = env::args_os().skip(1).map(PathBuf::from);
    let net = paths.next().unwrap_or_else(|| "models/lenet.prototxt".into());
    let output = paths.next().unwrap_or_else(|| folder.path().join("lenet.caffemodel"));

    let net = Net::resolve(Definition::read(net)?, &StateOptions::default())?;
    let plan = Plan::new(net, &PlanOptions::default())?;
    for warning in plan.warnings() {
        eprintln!("warning: {} ({})", warning.message, warning.help);
    }

    // The extension chooses the format: .caffemodel, .h5, .npz, .safetensors ...
    let format = Format::of_path(&output).unwrap_or(Format::Caffemodel);
    format.check(&plan.saved())?;
    let mut file = AtomicFile::create(&output, true)?;
    let mut writer = format.writer(&plan.saved(), BufWriter::new(file.file()))?;
    init::fill(&plan, &mut Streams::caffe(1701, Era::default()), &mut *writer)?;
    drop(writer);
    file.commit()?;

    println!("{}: {} layers, {} parameters", output.display(), plan.layers.len(), plan.parameters());
    Ok(())
}
