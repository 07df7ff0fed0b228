//! `caffemodel deploy`: a net that is trained becomes the net that predicts.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::convert::write_plan;
use super::init;
use super::input::display_name;
use super::net::{self, StateArguments};
use super::output::{cannot_write, format_of, same_file};
use super::report;
use super::table::counted;
use super::target::{self, STANDARD, Target, TargetFile};
use crate::convert;
use crate::deploy::{DeployInput, DeployOptions, Deployed, deploy};
use crate::donors::{Donor, DonorReport, MatchOptions, opaque_shapes};
use crate::formats::Format;
use crate::proto::Encoding;
use crate::{Error, Plan};

/// What `--shape` means here: nothing is cropped any more.
const SHAPE_HELP: &str = "Shape of an input; may be repeated";
const SHAPE_LONG_HELP: &str = "Shape of an input; may be repeated

It is the shape of the Input layer in the deploy net. Pictures may have C,H,W, for a batch size of 1. By default the shape is \
that of the layer that is replaced, after cropping, with a batch size of 1.";

/// What `--phase` means here.
const PHASE_LONG_HELP: &str = "Phase of the net to deploy [default: test]";

/// Turn a training net into a deploy net, with its weights
///
/// Data layers become Input layers with a batch size of 1. Loss layers become the layers that make predictions
/// (SoftmaxWithLoss becomes Softmax, SigmoidCrossEntropyLoss becomes Sigmoid) or are removed. Accuracy layers, labels
/// and all else that no prediction depends on are removed. Layers are those of the TEST phase, without their include
/// and exclude rules. Comments and the order of the layers are kept.
#[derive(Debug, Args)]
#[command(mut_arg("shapes", |argument| argument.help(SHAPE_HELP).long_help(SHAPE_LONG_HELP)))]
#[command(mut_arg("phase", |argument| argument.long_help(PHASE_LONG_HELP)))]
#[command(after_long_help = "Examples:
  caffemodel deploy train_val.prototxt -o deploy.prototxt
  caffemodel deploy solver.prototxt -o net.prototxt --weights iter_1000.h5
  caffemodel deploy train.prototxt -o net.prototxt --shape data=3,227,227
  caffemodel deploy train_val.prototxt -o deploy.prototxt --no-fillers
  caffemodel deploy train_val.prototxt -o features.prototxt --top fc7")]
pub(super) struct DeployArguments {
    /// Training net or its solver, text or binary; - for standard input
    net: PathBuf,

    /// Deploy net, as text; - for standard output
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// Trained weights, to deploy with the net
    ///
    /// Those of the deploy net are written to the file that --weights-output names, by default the output with the
    /// extension .caffemodel.
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,

    /// File for the weights of the deploy net
    ///
    /// Its extension decides the format.
    #[arg(long, value_name = "FILE", requires = "weights")]
    weights_output: Option<PathBuf>,

    /// End the net with this blob; may be repeated
    ///
    /// By default it ends with the predictions that the losses are computed from, and with the tops that no layer
    /// reads.
    #[arg(long = "top", value_name = "TOP")]
    tops: Vec<String>,

    /// Leave out fillers
    #[arg(long)]
    no_fillers: bool,

    /// Leave out learning rate and decay multipliers
    #[arg(long)]
    no_learning_rates: bool,

    #[command(flatten)]
    state: StateArguments,

    /// Overwrite existing files
    #[arg(long)]
    force: bool,
}

pub(super) fn run(arguments: &DeployArguments) -> anyhow::Result<()> {
    let weights_output = arguments.weights_output()?;
    arguments.check_outputs(weights_output.as_deref())?;
    let read_options = arguments.state.dialect.options()?;
    let definition = net::load(&arguments.net, &read_options)?.definition;
    let mut options = DeployOptions::default();
    options.state = arguments.state.options();
    options.plan = arguments.state.plan();
    options.outputs = arguments.tops.clone();
    options.without_fillers = arguments.no_fillers;
    options.without_learning_rates = arguments.no_learning_rates;
    let donor = arguments.weights.as_ref().map(|weights| Donor::open_with(weights, &read_options)).transpose()?;
    if let Some(donor) = &donor {
        let (plan, donors) = (&mut options.plan, std::slice::from_ref(donor));
        let told = opaque_shapes(&definition.layers, definition.dialect, plan, donors, &MatchOptions::default());
        told.iter().for_each(|line| report::note(line));
    }
    let mut deployed = deploy(&definition, &options)?;
    let notices = deployed.notices.iter().map(|notice| format!("{}: {notice}", definition.file));
    notices.chain(deployed.plan.notices.iter().cloned()).for_each(|notice| report::note(&notice));

    let mut target = Target::create(&arguments.output, arguments.force)?;
    write_text(&deployed, &arguments.output, target.file())?;
    let mut with_weights = None;
    if let (Some(donor), Some(path)) = (donor, &weights_output) {
        let mut target = Target::create(path, arguments.force)?;
        fit(&mut deployed.plan, donor)?;
        write_plan(&deployed.plan, weights_format(path)?, path, &mut target.file())?;
        with_weights = Some(target);
    }
    target.commit()?;
    with_weights.map(Target::commit).transpose()?;
    report::done(&format!("wrote {}: {}", target::display_name(&arguments.output), summary(&deployed)));
    if let Some(path) = weights_output {
        report::done(&format!("wrote {}: {}", target::display_name(&path), init::size(&deployed.plan)));
    }
    Ok(())
}

impl DeployArguments {
    /// Checks that the deploy net has no name of another format than text, and that no file is to replace another one.
    fn check_outputs(&self, weights: Option<&Path>) -> crate::Result<()> {
        let name = self.output.display();
        let refused = |message: &str| Err(Error::Request(format!("{name}: {message}")));
        if Format::of_path(&self.output).is_some_and(|format| format.encoding() != Some(Encoding::Text)) {
            return refused("the deploy net is text; give it a name that ends in .prototxt");
        }
        let is_output = |other: &Path| self.output.as_os_str() != STANDARD && same_file(&self.output, other);
        if is_output(&self.net) {
            return refused("is the net definition; give the output another name");
        }
        if weights.is_some_and(is_output) {
            return refused("both the deploy net and its weights; give each its own name");
        }
        weights.map(weights_format).transpose().map(drop)
    }

    /// Where the weights go, if there are any.
    fn weights_output(&self) -> crate::Result<Option<PathBuf>> {
        match (&self.weights, &self.weights_output) {
            (None, _) => Ok(None),
            (Some(_), Some(path)) => Ok(Some(path.clone())),
            (Some(_), None) if self.output.as_os_str() == STANDARD => {
                let message =
                    "the deploy net goes to standard output: name the file of its weights with --weights-output";
                Err(Error::Request(message.to_owned()))
            }
            (Some(_), None) => Ok(Some(self.output.with_extension("caffemodel"))),
        }
    }
}

/// The format of a file of weights; one without an extension is a caffemodel.
fn weights_format(path: &Path) -> crate::Result<Format> {
    if path.extension().is_none() { Ok(Format::Caffemodel) } else { format_of(path, None) }
}

fn write_text(deployed: &Deployed, path: &Path, mut file: TargetFile<'_>) -> crate::Result<()> {
    let written = file.write_all(deployed.text().as_bytes());
    written.map_err(|source| cannot_write(path, source, None))
}

/// Puts the weights into the plan; what the net has no layer for is told.
fn fit(plan: &mut Plan, donor: Donor) -> crate::Result<()> {
    let name = display_name(Path::new(&donor.name));
    let DonorReport { excess, notes, .. } = convert::fit(plan, donor)?;
    notes.iter().for_each(|note| report::note(&format!("{name}: {note}")));
    if !excess.is_empty() {
        let layers = counted(excess.len() as u64, "layer");
        let names = excess.iter().map(|layer| format!("{layer:?}")).collect::<Vec<_>>().join(", ");
        report::note(&format!("{name}: {layers} left out that the deploy net does not have: {names}"));
    }
    Ok(())
}

/// What a deploy net is: `9 layers, data (1, 1, 28, 28) to prob`.
fn summary(deployed: &Deployed) -> String {
    let input = |input: &DeployInput| format!("{} {}", input.name, input.shape);
    let inputs = deployed.inputs.iter().map(input).collect::<Vec<_>>().join(", ");
    let layers = counted(deployed.definition.layers.len() as u64, "layer");
    format!("{layers}, {inputs} to {}", deployed.outputs.join(", "))
}
