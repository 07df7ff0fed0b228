//! The command-line tool: one file a subcommand. Arguments are read and results printed here and nowhere else.

mod init;
mod net;
mod output;
mod random;
mod report;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The exit code for anything that went wrong; 1 is kept for "compared, different".
const FAILURE: u8 = 2;

/// Caffe nets without Caffe: initialise a .prototxt into a .caffemodel, byte for byte as Caffe would.
#[derive(Debug, Parser)]
#[command(name = "caffemodel", version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::InitArguments),
}

impl Command {
    fn run(&self) -> anyhow::Result<ExitCode> {
        match self {
            Command::Init(arguments) => init::run(arguments)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Runs the tool on the process's arguments.
pub fn run() -> ExitCode {
    match Arguments::parse().command.run() {
        Ok(code) => code,
        Err(error) => {
            report::error(&error);
            ExitCode::from(FAILURE)
        }
    }
}
