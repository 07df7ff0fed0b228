//! The command-line tool: one file a subcommand. Arguments are read and results printed here and nowhere else.

mod color;
mod compare;
mod completions;
mod convert;
mod deploy;
mod dialect;
mod dialects;
mod donors;
mod fields;
mod fillers;
mod frameworks;
mod init;
mod input;
mod inspect;
mod interrupt;
mod layers;
mod limits;
mod man;
mod net;
mod numbers;
mod options;
mod output;
mod print;
mod progress;
mod random;
mod report;
mod rules;
mod select;
mod subcommand;
mod table;
mod target;
mod tips;
mod translation;
mod upgrade;
mod warnings;
mod wrap;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{ArgMatches, FromArgMatches, Parser};

use crate::limits::LimitChange;
use report::Verbosity;
use subcommand::Subcommand;
use wrap::TEXT_WIDTH;

/// The exit code for anything that went wrong; 1 is kept for "compared, different".
const FAILURE: u8 = 2;

/// The place of the options that every subcommand has, in its help: behind its own, and before `--help`.
const GLOBAL: usize = 900;

/// Turn Caffe net definitions into initialised .caffemodel files, without Caffe
///
/// The files are byte for byte those that Caffe would save, or the fork of Caffe that the net was written for.
#[derive(Debug, Parser)]
#[command(name = "caffemodel", version, max_term_width = TEXT_WIDTH)]
struct Options {
    /// Print only warnings and errors
    #[arg(short, long, global = true, overrides_with = "quiet", conflicts_with = "verbose", display_order = GLOBAL)]
    quiet: bool,

    /// Use verbose output
    #[arg(short, long, global = true, overrides_with = "verbose", display_order = GLOBAL)]
    verbose: bool,

    /// Change a limit on what a file may ask for; may be repeated
    ///
    /// A file beyond a limit is refused, so that a small malicious file cannot exhaust memory or disk space. The limits
    /// and their defaults are layers=100000, messages=2000000, text-bytes=268435456 and elements=17179869184, the
    /// number of values in a net.
    #[arg(long = "limit", global = true, value_name = "NAME=N", hide_short_help = true, display_order = GLOBAL)]
    limits: Vec<LimitChange>,
}

impl Options {
    /// How much is printed.
    fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        }
    }
}

/// Runs the tool on the process's arguments.
pub fn run() -> ExitCode {
    let (options, subcommand, mut matches) = match parse(std::env::args_os().collect()) {
        Ok(parsed) => parsed,
        Err(error) => return print::usage(&error),
    };
    report::set_verbosity(options.verbosity());
    limits::change(&options.limits);
    match subcommand.run(&mut matches) {
        Ok(code) => code,
        Err(error) => {
            report::error(&error);
            ExitCode::from(FAILURE)
        }
    }
}

/// The options of all subcommands, the subcommand, and what it is asked for.
fn parse(arguments: Vec<OsString>) -> Result<(Options, &'static Subcommand, ArgMatches), clap::Error> {
    let mut command = subcommand::command_for(&arguments);
    let parsed = command.try_get_matches_from_mut(&arguments);
    let mut matches = parsed.map_err(|error| tips::with_tip(error, &arguments))?;
    let options = Options::from_arg_matches_mut(&mut matches)?;
    let asked = matches.remove_subcommand();
    let asked = asked.and_then(|(name, matches)| Some((subcommand::named(name.as_ref())?, matches)));
    let (subcommand, matches) = asked.ok_or_else(|| command.error(ErrorKind::MissingSubcommand, "no subcommand"))?;
    Ok((options, subcommand, matches))
}
