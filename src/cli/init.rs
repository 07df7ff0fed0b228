//! `caffemodel init`: a net definition becomes a caffemodel.

use std::path::Path;
use std::time::Instant;

use clap::Args;
use indicatif::BinaryBytes;

use super::donors::DonorArguments;
use super::net::{Loaded, NetArguments};
use super::output::{OUTPUT, OutputArguments};
use super::print;
use super::random::RandomArguments;
use super::report;
use super::rules::{RuleArguments, print_changes};
use super::table::counted;
use super::warnings::WarningArguments;
use crate::plan::{PlannedBlob, PlannedLayer, ValueSource};
use crate::provenance::Recipe;
use crate::{Plan, PlanOptions};

/// Initialise a net definition into a .caffemodel, or another format
///
/// If the file is a solver, the net that it trains is initialised. The values are, bit for bit, those that Caffe draws
/// from the same seed. The output is a .caffemodel, HDF5, .npz, .safetensors, .prototxt or .binaryproto file.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  caffemodel init lenet.prototxt -o lenet.caffemodel --seed 1701
  caffemodel init net.prototxt -o net.h5 --provenance net.json
  caffemodel init solver.prototxt -o net.caffemodel
  caffemodel init net.prototxt -o net.caffemodel --phase test --boost 1.54
  caffemodel init net.prototxt -o net.caffemodel --shape data=3,224,224
  caffemodel init net.prototxt -o net.npz --rule 'fc8=gaussian:std=0.1'
  caffemodel init deploy.prototxt -o net.caffemodel --weight-filler msra
  caffemodel init deploy.prototxt -o net.caffemodel --preset benchmark
  caffemodel init net.prototxt -o new.npz --weights old.caffemodel
  caffemodel init net.prototxt -o new.h5 --weights old.h5 --except 'fc*'
  caffemodel init fcn.prototxt -o fcn.h5 --weights vgg.h5 --fit '*=reshape'")]
pub(super) struct InitArguments {
    #[command(flatten)]
    net: NetArguments,

    #[command(flatten)]
    output: OutputArguments,

    /// Check everything, but write nothing
    #[arg(long, help_heading = OUTPUT)]
    dry_run: bool,

    #[command(flatten)]
    random: RandomArguments,

    #[command(flatten)]
    rules: RuleArguments,

    #[command(flatten)]
    donors: DonorArguments,

    #[command(flatten)]
    warnings: WarningArguments,
}

pub(super) fn run(arguments: &InitArguments) -> anyhow::Result<()> {
    let start = Instant::now();
    arguments.warnings.apply();
    let Loaded { definition, seed, weights } = arguments.net.load()?;
    let donors = arguments.donors.or(weights)?;
    let (file, sha256) = (definition.file.clone(), definition.sha256);
    let outputs = arguments.output.outputs(arguments.net.path(), &file, !arguments.dry_run)?;
    outputs.check_apart(&[arguments.net.path(), Path::new(&file)])?;
    let net = arguments.net.state.resolve(definition)?;
    let mut random = arguments.random.open(seed)?;
    let streams = Some(random.streams.clone());
    let mut options = PlanOptions { streams, ..arguments.net.state.plan() };
    options.rules = arguments.rules.rules(&options.fillers)?;
    let donors = donors.open(net.dialect)?;
    donors.tell_shapes(&net, &mut options);
    let mut plan = Plan::new(net, &options)?;
    plan.notices.iter().for_each(|notice| report::note(notice));
    print_changes(&plan);
    donors.apply(&mut plan)?;
    arguments.warnings.print(plan.warnings().into_iter());
    arguments.warnings.check()?;
    if report::is_verbose() {
        plan.layers.iter().filter(|layer| !layer.blobs.is_empty()).for_each(|layer| report::done(&blobs(&plan, layer)));
    }
    let mut recipe = Recipe::new(file, &sha256, &random.streams, random.seed);
    recipe.dialect = (!plan.dialect.is_bvlc()).then_some(plan.dialect.name);
    recipe.options = arguments.net.state.given();
    recipe.options.extend(options.rules.options());
    recipe.options.extend(arguments.donors.given());
    recipe.weights = donors.records(arguments.output.has_provenance())?;
    if arguments.dry_run {
        outputs.check(&plan, &recipe)?;
        report::done(&format!("would write {}: {}", outputs.name(), size(&plan)));
        return Ok(());
    }
    let bytes = outputs.write(&plan, &mut random.streams, recipe)?;
    if random.chosen && report::is_quiet() {
        print::message(&format!("seed: {}", random.seed));
    }
    report::done(&format!(
        "wrote {}: {}, {}, seed {}, {:.2} s",
        outputs.name(),
        size(&plan),
        BinaryBytes(bytes),
        random.seed,
        start.elapsed().as_secs_f64()
    ));
    Ok(())
}

/// How large the net is: `9 layers, 431,080 parameters`.
pub(super) fn size(plan: &Plan) -> String {
    format!("{}, {}", counted(plan.layers.len() as u64, "layer"), counted(plan.parameters(), "parameter"))
}

/// The blobs of a layer and where their values come from: `conv1 (Convolution): (20, 1, 5, 5) xavier, (20) constant`.
fn blobs(plan: &Plan, layer: &PlannedLayer) -> String {
    let blob = |blob: &PlannedBlob| {
        let source = match blob.source() {
            ValueSource::Shared(owner) => format!("shared with {}", plan.layers[owner.layer].param.name()),
            ValueSource::Weights(_) => "taken from a donor".to_owned(),
            ValueSource::WeightsInPart { rest, .. } => match *rest {
                ValueSource::Weights(_) => "taken from a donor, and in part from another".to_owned(),
                _ => "taken from a donor in part".to_owned(),
            },
            ValueSource::Filler { spec, .. } => spec.param.r#type().to_owned(),
            ValueSource::Given(_) => "given in the net".to_owned(),
            ValueSource::Zeros => "zeros".to_owned(),
        };
        format!("{} {source}", blob.shape)
    };
    let blobs: Vec<String> = layer.blobs.iter().map(blob).collect();
    format!("{} ({}): {}", layer.param.name(), layer.param.r#type(), blobs.join(", "))
}
