//! The command-line tool: one file a subcommand. Arguments are read and results printed here and nowhere else.

mod compare;
mod completions;
mod donors;
mod init;
mod input;
mod interrupt;
mod man;
mod net;
mod output;
mod progress;
mod random;
mod report;
mod rules;
mod select;
mod target;
mod upgrade;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use report::Verbosity;

/// The exit code for anything that went wrong; 1 is kept for "compared, different".
const FAILURE: u8 = 2;

/// Caffe nets without Caffe: initialise a .prototxt into a .caffemodel, byte for byte as Caffe would.
#[derive(Debug, Parser)]
#[command(name = "caffemodel", version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,

    /// Tell nothing but warnings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,

    /// Tell the details
    #[arg(short, long, global = true)]
    verbose: bool,
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
    Completions(completions::CompletionsArguments),
    Man(man::ManArguments),
}

impl Command {
    fn run(&self) -> anyhow::Result<ExitCode> {
        match self {
            Command::Init(arguments) => init::run(arguments)?,
            Command::Upgrade(arguments) => upgrade::run(arguments)?,
            Command::Compare(arguments) => return compare::run(arguments),
            Command::Completions(arguments) => completions::run(arguments),
            Command::Man(arguments) => man::run(arguments)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Runs the tool on the process's arguments.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    report::set_verbosity(arguments.verbosity());
    match arguments.command.run() {
        Ok(code) => code,
        Err(error) => {
            report::error(&error);
            ExitCode::from(FAILURE)
        }
    }
}
