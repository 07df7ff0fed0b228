//! `caffemodel inspect`: what a net or its weights are like.

mod csv;
mod text;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use anyhow::bail;
use clap::Args;

use super::input::{Input, display_name, is_standard};
use super::net::{StateArguments, load, load_input, report_notices};
use super::options;
use super::print;
use super::progress::Bar;
use super::report;
use super::rules::{RuleArguments, print_changes};
use super::select::SelectArguments;
use super::table::Screen;
use super::warnings::WarningArguments;
use crate::formats::StoredNet;
use crate::inspect::{
    BlobSelection, FileContent, InspectOptions, Inspection, Subject, content_of, net_of_weights, weights_in,
};
use crate::{Definition, Plan, PlanOptions};

/// Show the shapes, fillers and values of a net or its weights
///
/// For a net definition, what each blob would be filled with is shown, with the parameters, the memory, the
/// multiply-adds and all warnings. For weights, statistics of their values are shown, next to what the fillers of their
/// net would give, if the net is known: a .caffemodel holds it, --net gives it for other formats.
///
/// Means and standard deviations are shown as mean ± standard deviation. A histogram has up to 16 bins of equal width
/// from the smallest to the largest value; a full bar is the fullest bin. Multiply-adds are those of convolutions,
/// inner products and recurrent layers, for the whole batch.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  caffemodel inspect models/lenet.prototxt
  caffemodel inspect deploy.prototxt --preset benchmark
  caffemodel inspect lenet.caffemodel --only 'conv*'
  caffemodel inspect weights.npz --net train.prototxt --phase test
  caffemodel inspect net.caffemodel --json | jq .totals")]
pub(super) struct InspectArguments {
    /// Net definition, solver or weights; - for standard input
    file: PathBuf,

    /// Net of the weights
    ///
    /// It is for formats that hold no net, or replaces the one that the file holds.
    #[arg(long, value_name = "FILE")]
    net: Option<PathBuf>,

    #[command(flatten)]
    state: StateArguments,

    #[command(flatten)]
    select: SelectArguments,

    /// Leave out statistics of the values
    #[arg(long)]
    no_values: bool,

    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,

    /// Print CSV, with a line for each blob
    #[arg(long)]
    csv: bool,

    // These have headings of their own.
    #[command(flatten)]
    rules: RuleArguments,

    #[command(flatten)]
    warnings: WarningArguments,
}

pub(super) fn run(arguments: &InspectArguments) -> anyhow::Result<()> {
    let file = &arguments.file;
    arguments.warnings.apply();
    let mut inspection = arguments.inspection()?;
    inspection.warnings.iter_mut().for_each(|warning| warning.help = options::advice(&warning.help).into());
    let text = if arguments.json {
        print::json(&inspection)?
    } else if arguments.csv {
        csv::text(&inspection)
    } else {
        text::text(&inspection, &display_name(file), Screen::standard_output())
    };
    inspection.notes.iter().for_each(|note| report::note(note));
    print::result(&text)?;
    arguments.warnings.check()
}

impl InspectArguments {
    fn inspection(&self) -> anyhow::Result<Inspection> {
        let options = self.state.dialect.options()?;
        if !is_standard(&self.file) {
            return match weights_in(&self.file, &options)? {
                None => self.definition(load(&self.file, &options)?.definition),
                Some(weights) => self.weights(&weights),
            };
        }
        if self.net.as_deref().is_some_and(is_standard) {
            bail!("only one of the two files can be standard input");
        }
        let Input { name, bytes, folder } = Input::read(&self.file)?;
        match content_of(&name, bytes, &options)? {
            FileContent::Net(bytes) => self.definition(load_input(Input { name, bytes, folder }, &options)?.definition),
            FileContent::Weights(weights) => self.weights(&weights),
        }
    }

    fn definition(&self, definition: Definition) -> anyhow::Result<Inspection> {
        if let Some(net) = &self.net {
            bail!("--net {}: {} holds no weights that need it", net.display(), display_name(&self.file));
        }
        let plan = self.plan(definition, self.state.plan())?;
        let subject = Subject { plan: Some(&plan), weights: None };
        let selection = self.select.selection(&subject)?;
        let mut inspection = self.inspect(&subject, &selection)?;
        inspection.warnings.retain(|warning| self.warnings.lets(warning.kind));
        self.warnings.print(selection.warnings(&plan).into_iter());
        Ok(inspection)
    }

    fn weights(&self, weights: &StoredNet) -> anyhow::Result<Inspection> {
        report_notices(&display_name(&self.file), &weights.notices);
        let (plan, note) = match &self.net {
            Some(net) => {
                (Some(self.plan(load(net, &self.state.dialect.options()?)?.definition, self.state.plan())?), None)
            }
            None => self.plan_of(weights),
        };
        let subject = Subject { plan: plan.as_ref(), weights: Some(weights) };
        let mut inspection = self.inspect(&subject, &self.select.selection(&subject)?)?;
        inspection.warnings.retain(|warning| self.warnings.lets(warning.kind));
        self.warnings.print_reports(&inspection.warnings);
        inspection.notes.splice(0..0, note);
        Ok(inspection)
    }

    fn plan(&self, definition: Definition, mut options: PlanOptions) -> crate::Result<Plan> {
        let net = self.state.resolve(definition)?;
        options.rules = self.rules.rules(&options.fillers)?;
        let plan = Plan::new(net, &options)?;
        plan.notices.iter().for_each(|notice| report::note(notice));
        print_changes(&plan);
        Ok(plan)
    }

    /// The plan of the net that the weights hold, or why there is none.
    fn plan_of(&self, weights: &StoredNet) -> (Option<Plan>, Option<String>) {
        const MISSING: &str = "roles, fillers, shared blobs, work and memory are not known";
        let Some(definition) = net_of_weights(weights, &self.file) else {
            let format = weights.format.map_or("file", |format| format.name());
            return (None, Some(format!("the {format} holds no net: {MISSING}; give it with --net")));
        };
        let options = self.state.plan();
        // The values are there: whether Caffe has the fillers does not matter.
        let options = PlanOptions { fillers: options.fillers.with_extensions(), ..options };
        match self.plan(definition, options) {
            Ok(plan) => (Some(plan), None),
            Err(error) => {
                let note = format!(
                    "the net in the file cannot be planned: {MISSING}; give shapes with --shape, or a net with --net: {}",
                    options::error(&error)
                );
                (None, Some(note))
            }
        }
    }

    fn inspect(&self, subject: &Subject<'_>, selection: &BlobSelection) -> anyhow::Result<Inspection> {
        let values = subject.weights.iter().flat_map(|weights| &weights.layers).flat_map(|layer| &layer.blobs);
        let total = values.map(|blob| blob.shape.count() as u64).sum::<u64>() * size_of::<f32>() as u64;
        let bar = Mutex::new(Bar::new(total));
        let progress =
            |values: usize| bar.lock().unwrap_or_else(PoisonError::into_inner).advance(values * size_of::<f32>());
        let options = InspectOptions { selection, values: !self.no_values, progress: &progress };
        Ok(Inspection::new(subject, &options)?)
    }
}
