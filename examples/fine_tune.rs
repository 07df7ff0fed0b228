//! Starts LeNet for four classes from the weights of LeNet for ten, and says what became of each layer.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

use caffemodel::donors::{self, Donor, MatchOptions, OnMismatch};
use caffemodel::formats::{Arrays, CaffemodelWriter};
use caffemodel::random::{Era, Streams};
use caffemodel::{Definition, Net, Plan, PlanOptions, StateOptions, init};

fn plan(definition: Definition) -> caffemodel::Result<Plan> {
    Plan::new(Net::resolve(definition, &StateOptions::default())?, &PlanOptions::default())
}

/// Stands in for trained weights.
fn write_donor(definition: Definition, path: &Path) -> anyhow::Result<()> {
    let plan = plan(definition)?;
    let mut writer = CaffemodelWriter::new(BufWriter::new(File::create(path)?), &plan.name)?;
    init::fill(&plan, &mut Streams::caffe(1, Era::default()), &mut writer)?;
    Ok(())
}

fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let weights = folder.path().join("lenet.caffemodel");
    write_donor(Definition::read("models/lenet.prototxt")?, &weights)?;

    // The new classifier has a name of its own, so that it is initialised and not taken.
    let text = fs::read_to_string("models/lenet.prototxt")?;
    let text = text.replace("name: \"ip2\"", "name: \"ip2_new\"").replace("num_output: 10", "num_output: 4");
    let mut plan = plan(Definition::from_bytes("lenet for four classes", text)?)?;

    let mut options = MatchOptions::default();
    options.on_mismatch = OnMismatch::Skip;
    let report = donors::apply(&mut plan, &[Donor::open(&weights)?], &options)?;
    for donor in &report.donors {
        for taken in &donor.taken {
            println!("taken: {} from {}", taken.target, taken.layer);
        }
        for skipped in &donor.skipped {
            println!("skipped: {}: {}", skipped.layer, skipped.reason);
        }
        println!("without a place in the net: {}", donor.excess.join(", "));
    }
    println!("initialised: {}", report.initialised.join(", "));

    // As in Caffe, all blobs are drawn, and then those of the donor take their places.
    let mut arrays = Arrays::default();
    init::fill(&plan, &mut Streams::caffe(2, Era::default()), &mut arrays)?;
    println!("{} layers, {} parameters", arrays.layers().len(), plan.parameters());
    Ok(())
}
