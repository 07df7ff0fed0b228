//! The subcommands: the table that the command line is built from and run by.

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use clap::{ArgMatches, Args, CommandFactory, FromArgMatches};

use super::{Options, compare, completions, convert, deploy, dialects, fillers, init, inspect, layers, man, upgrade};

/// A subcommand, with its arguments and its work.
pub(super) struct Subcommand {
    name: &'static str,
    arguments: fn(clap::Command) -> clap::Command,
    run: fn(&mut ArgMatches) -> anyhow::Result<ExitCode>,
}

impl Subcommand {
    const fn of<A: Args>(name: &'static str, run: fn(&mut ArgMatches) -> anyhow::Result<ExitCode>) -> Subcommand {
        Subcommand { name, arguments: A::augment_args, run }
    }

    /// Does the work that the arguments ask for.
    pub(super) fn run(&self, matches: &mut ArgMatches) -> anyhow::Result<ExitCode> {
        (self.run)(matches)
    }

    fn command(&self) -> clap::Command {
        (self.arguments)(clap::Command::new(self.name))
    }
}

/// The subcommands, in the order of the help.
static SUBCOMMANDS: [Subcommand; 11] = [
    Subcommand::of::<init::InitArguments>("init", |matches| done(init::run(&parsed(matches)?))),
    Subcommand::of::<upgrade::UpgradeArguments>("upgrade", |matches| done(upgrade::run(&parsed(matches)?))),
    Subcommand::of::<compare::CompareArguments>("compare", |matches| compare::run(&parsed(matches)?)),
    Subcommand::of::<convert::ConvertArguments>("convert", |matches| done(convert::run(&parsed(matches)?))),
    Subcommand::of::<deploy::DeployArguments>("deploy", |matches| done(deploy::run(&parsed(matches)?))),
    Subcommand::of::<inspect::InspectArguments>("inspect", |matches| done(inspect::run(&parsed(matches)?))),
    Subcommand::of::<fillers::FillersArguments>("fillers", |matches| done(fillers::run(&parsed(matches)?))),
    Subcommand::of::<layers::LayersArguments>("layers", |matches| done(layers::run(&parsed(matches)?))),
    Subcommand::of::<dialects::DialectsArguments>("dialects", |matches| done(dialects::run(&parsed(matches)?))),
    Subcommand::of::<completions::CompletionsArguments>("completions", |matches| {
        done(completions::run(&parsed(matches)?))
    }),
    Subcommand::of::<man::ManArguments>("man", |matches| done(man::run(&parsed(matches)?))),
];

fn parsed<A: FromArgMatches>(matches: &mut ArgMatches) -> Result<A, clap::Error> {
    A::from_arg_matches_mut(matches)
}

fn done(result: anyhow::Result<()>) -> anyhow::Result<ExitCode> {
    result.map(|()| ExitCode::SUCCESS)
}

/// The subcommand of a name.
pub(super) fn named(name: &OsStr) -> Option<&'static Subcommand> {
    SUBCOMMANDS.iter().find(|subcommand| name == subcommand.name)
}

/// The name of the first subcommand that has an option, given as `--seed` or `-o`.
pub(super) fn first_with_option(option: &str) -> Option<&'static str> {
    let is_meant = |argument: &clap::Arg| match option.strip_prefix("--") {
        Some(long) => argument.get_long() == Some(long),
        None => argument.get_short().is_some_and(|short| option == format!("-{short}")),
    };
    let has = |subcommand: &&Subcommand| subcommand.command().get_arguments().any(is_meant);
    SUBCOMMANDS.iter().find(has).map(|subcommand| subcommand.name)
}

/// The whole command line.
pub(super) fn command() -> clap::Command {
    with(&SUBCOMMANDS)
}

/// The command line that the process's arguments need: where the first of them names a subcommand, the others are
/// left out, as building them takes longer than the initialisation of a small net.
pub(super) fn command_for(arguments: &[OsString]) -> clap::Command {
    match arguments.get(1).and_then(|name| named(name)) {
        Some(subcommand) => with([subcommand]),
        None => command(),
    }
}

fn with(subcommands: impl IntoIterator<Item = &'static Subcommand>) -> clap::Command {
    Options::command()
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(subcommands.into_iter().map(Subcommand::command))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn a_named_subcommand_is_built_alone() {
        let built = |arguments: &[&str]| {
            let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
            command_for(&arguments).get_subcommands().count()
        };
        assert_eq!(built(&["caffemodel", "init", "net.prototxt"]), 1);
        assert_eq!(built(&["caffemodel", "--quiet", "init"]), SUBCOMMANDS.len());
        assert_eq!(built(&["caffemodel", "help", "init"]), SUBCOMMANDS.len());
        assert_eq!(built(&["caffemodel", "innit"]), SUBCOMMANDS.len());
        assert_eq!(built(&["caffemodel"]), SUBCOMMANDS.len());
    }
}
