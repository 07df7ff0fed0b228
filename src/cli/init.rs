//! `caffemodel init`: a net definition becomes a caffemodel.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use rand::TryRng;

use super::output::OutputArguments;
use super::report;
use crate::output::Recipe;
use crate::proto::caffe;
use crate::random::{Era, Streams};
use crate::{Definition, Net, Plan, PlanOptions, Shape, StateOptions};

/// Initialise a net definition into a caffemodel, or HDF5, .npz or .safetensors.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  caffemodel init models/lenet.prototxt -o lenet.caffemodel --seed 1701
  caffemodel init net.prototxt -o net.caffemodel.h5 --provenance net.json
  caffemodel init net.prototxt -o net.caffemodel --phase test --boost 1.54
  caffemodel init train.prototxt -o net.caffemodel --shape data=64,3,224,224")]
pub(super) struct InitArguments {
    /// The net definition: a .prototxt, or a binary one
    net: PathBuf,

    #[command(flatten)]
    output: OutputArguments,

    /// The seed of the generator; one is chosen and printed if it is not given
    #[arg(long)]
    seed: Option<u64>,

    /// The phase to build the net in; by default that of the net's own state, or train
    #[arg(long)]
    phase: Option<PhaseArgument>,

    /// The level to build the net in, for its include and exclude rules
    #[arg(long, allow_negative_numbers = true)]
    level: Option<i32>,

    /// A stage to build the net in, for its include and exclude rules; may be repeated
    #[arg(long = "stage", value_name = "STAGE")]
    stages: Vec<String>,

    /// The shape of a top that the net does not tell, such as that of a data layer; may be repeated
    #[arg(long = "shape", value_name = "TOP=N,C,H,W", value_parser = parse_shape)]
    shapes: Vec<(String, Shape)>,

    /// Whose random numbers: Caffe's, to the bit, or one independent stream for each blob
    #[arg(long, default_value = "caffe")]
    generator: GeneratorArgument,

    /// The Boost release that the user's Caffe was built with; it decides the random numbers
    #[arg(long, value_name = "RELEASE", default_value = "1.74")]
    boost: Era,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PhaseArgument {
    Train,
    Test,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum GeneratorArgument {
    Caffe,
    Native,
}

pub(super) fn run(arguments: &InitArguments) -> anyhow::Result<()> {
    let definition = Definition::read(&arguments.net)?;
    for notice in &definition.notices {
        eprintln!("note: {}: {notice}", arguments.net.display());
    }
    let sha256 = definition.sha256;
    let net = Net::resolve(definition, &arguments.state())?;
    let options = PlanOptions { shapes: arguments.shapes.iter().cloned().collect(), ..Default::default() };
    let plan = Plan::new(net, &options)?;
    plan.warnings().iter().for_each(report::warning);
    let (mut streams, seed) = arguments.streams()?;
    let recipe = Recipe::new(arguments.net.display().to_string(), &sha256, &streams, seed);
    arguments.output.write(&plan, &mut streams, recipe)?;
    if arguments.seed.is_none() {
        println!("seed: {seed}");
    }
    Ok(())
}

impl InitArguments {
    fn state(&self) -> StateOptions {
        let phase = self.phase.map(|phase| match phase {
            PhaseArgument::Train => caffe::Phase::Train,
            PhaseArgument::Test => caffe::Phase::Test,
        });
        StateOptions { phase, level: self.level, stages: self.stages.clone() }
    }

    /// The random numbers asked for, and their seed.
    fn streams(&self) -> anyhow::Result<(Streams, u64)> {
        let chosen = || -> anyhow::Result<u64> {
            let seed = rand::rngs::SysRng.try_next_u32().context("cannot choose a seed: give one with --seed")?;
            Ok(seed.into())
        };
        let seed = self.seed.map_or_else(chosen, Ok)?;
        Ok(match self.generator {
            GeneratorArgument::Native => (Streams::native(seed), seed),
            GeneratorArgument::Caffe => {
                let Ok(small) = u32::try_from(seed) else {
                    bail!("--seed {seed}: Caffe's generator takes seeds up to {}; or use --generator native", u32::MAX);
                };
                (Streams::caffe(small, self.boost), seed)
            }
        })
    }
}

/// Reads `TOP=N,C,H,W`; `x` separates sizes as well.
fn parse_shape(text: &str) -> Result<(String, Shape), String> {
    let (top, dims) = text.split_once('=').filter(|(top, _)| !top.is_empty()).ok_or("expected TOP=N,C,H,W")?;
    let dim = |dim: &str| dim.trim().parse::<i64>().map_err(|_| format!("{dim:?} is not a size"));
    let dims = dims.split([',', 'x']).map(dim).collect::<Result<Vec<_>, _>>()?;
    let shape = Shape::new(dims).map_err(|error| error.to_string())?;
    Ok((top.to_owned(), shape))
}
