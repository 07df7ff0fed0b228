//! `caffemodel init`: a net definition becomes a caffemodel.

use clap::Args;

use super::net::NetArguments;
use super::output::OutputArguments;
use super::random::RandomArguments;
use super::report;
use crate::output::Recipe;
use crate::{Net, Plan, PlanOptions};

/// Initialise a net definition into a caffemodel, or HDF5, .npz or .safetensors.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  caffemodel init models/lenet.prototxt -o lenet.caffemodel --seed 1701
  caffemodel init net.prototxt -o net.caffemodel.h5 --provenance net.json
  caffemodel init net.prototxt -o net.caffemodel --phase test --boost 1.54
  caffemodel init train.prototxt -o net.caffemodel --shape data=64,3,224,224")]
pub(super) struct InitArguments {
    #[command(flatten)]
    net: NetArguments,

    #[command(flatten)]
    output: OutputArguments,

    #[command(flatten)]
    random: RandomArguments,
}

pub(super) fn run(arguments: &InitArguments) -> anyhow::Result<()> {
    let definition = arguments.net.definition()?;
    let sha256 = definition.sha256;
    let net = Net::resolve(definition, &arguments.net.state())?;
    let options = PlanOptions { shapes: arguments.net.shapes(), ..Default::default() };
    let plan = Plan::new(net, &options)?;
    plan.warnings().iter().for_each(report::warning);
    let mut random = arguments.random.open()?;
    let recipe = Recipe::new(arguments.net.name(), &sha256, &random.streams, random.seed);
    arguments.output.write(&plan, &mut random.streams, recipe)?;
    if random.chosen {
        println!("seed: {}", random.seed);
    }
    Ok(())
}
