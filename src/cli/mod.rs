//! The command-line tool: one file a subcommand. Arguments are read and results printed here and nowhere else.

mod color;
mod compare;
mod completions;
mod convert;
mod dialect;
mod dialects;
mod donors;
mod fields;
mod fillers;
mod init;
mod input;
mod inspect;
mod interrupt;
mod layers;
mod limits;
mod man;
mod net;
mod options;
mod output;
mod print;
mod progress;
mod random;
mod report;
mod rules;
mod select;
mod table;
mod target;
mod translation;
mod upgrade;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::limits::LimitChange;
use report::Verbosity;

/// The exit code for anything that went wrong; 1 is kept for "compared, different".
const FAILURE: u8 = 2;

/// The heading of the options that every subcommand has.
const GLOBAL: &str = "Global options";

/// Caffe nets without Caffe: initialise a .prototxt into a .caffemodel, byte for byte as Caffe would.
#[derive(Debug, Parser)]
#[command(name = "caffemodel", version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,

    /// Tell nothing but warnings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = GLOBAL)]
    quiet: bool,

    /// Tell the details
    #[arg(short, long, global = true, help_heading = GLOBAL)]
    verbose: bool,

    /// Allow a file more, or less: layers=100000, messages=2000000, text-bytes=268435456, elements=17179869184
    ///
    /// A file beyond a limit is refused, so that a small hostile one cannot fill the memory or the disk. Elements are the
    /// values that a net draws or holds. May be repeated.
    #[arg(long = "limit", global = true, value_name = "NAME=N", help_heading = GLOBAL)]
    limits: Vec<LimitChange>,
}

impl Arguments {
    fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(Box<init::InitArguments>),
    Upgrade(upgrade::UpgradeArguments),
    Compare(compare::CompareArguments),
    Convert(convert::ConvertArguments),
    Inspect(inspect::InspectArguments),
    Fillers(fillers::FillersArguments),
    Layers(layers::LayersArguments),
    Dialects(dialects::DialectsArguments),
    Completions(completions::CompletionsArguments),
    Man(man::ManArguments),
}

impl Command {
    fn run(&self) -> anyhow::Result<ExitCode> {
        match self {
            Command::Init(arguments) => init::run(arguments)?,
            Command::Upgrade(arguments) => upgrade::run(arguments)?,
            Command::Compare(arguments) => return compare::run(arguments),
            Command::Convert(arguments) => convert::run(arguments)?,
            Command::Inspect(arguments) => inspect::run(arguments)?,
            Command::Fillers(arguments) => fillers::run(arguments)?,
            Command::Dialects(arguments) => dialects::run(arguments)?,
            Command::Layers(arguments) => layers::run(arguments)?,
            Command::Completions(arguments) => completions::run(arguments)?,
            Command::Man(arguments) => man::run(arguments)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Runs the tool on the process's arguments.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return print::usage(&error),
    };
    report::set_verbosity(arguments.verbosity());
    limits::change(&arguments.limits);
    match arguments.command.run() {
        Ok(code) => code,
        Err(error) => {
            report::error(&error);
            ExitCode::from(FAILURE)
        }
    }
}
