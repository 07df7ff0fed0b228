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
    use crate::formats::Format;
    use crate::limits::Limits;

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
    }

    /// The tool and its subcommands, ready to print their help as on a terminal of this width.
    fn commands(width: usize) -> Vec<clap::Command> {
        let mut tool = command().term_width(width);
        tool.build();
        let subcommands: Vec<_> =
            tool.get_subcommands().filter(|command| command.get_name() != "help").cloned().collect();
        [tool].into_iter().chain(subcommands).collect()
    }

    /// The most lines of `-h`, where that are more than fit an old terminal.
    const LONG: &[(&str, usize)] = &[("init", 38), ("inspect", 30)];

    #[test]
    fn short_help_fits_a_screen() {
        // On a wider terminal, a line of more than 80 columns is not wrapped, and shows.
        for mut command in commands(200) {
            let name = command.get_name().to_owned();
            let most = LONG.iter().find(|(long, _)| *long == name).map_or(24, |(_, most)| *most);
            let help = command.render_help().to_string();
            assert!(help.lines().count() <= most, "{name}: {} lines\n{help}", help.lines().count());
            let wide = help.lines().find(|line| console::measure_text_width(line) > 80);
            assert_eq!(wide, None, "{name}");
        }
    }

    #[test]
    fn long_help_is_wrapped() {
        for width in [60, 80, 100] {
            for mut command in commands(width) {
                let help = command.render_long_help().to_string();
                let wide = help.lines().find(|line| console::measure_text_width(line) > width.max(80));
                assert_eq!(wide, None, "{}", command.get_name());
            }
        }
    }

    #[test]
    fn every_argument_has_a_short_help_of_a_line() {
        for command in commands(80) {
            let about = command.get_about().map(ToString::to_string);
            let arguments = command.get_arguments().map(|argument| argument.get_help().map(ToString::to_string));
            for help in arguments.chain([about]) {
                let help = help.unwrap_or_default();
                let is_line = !help.is_empty() && !help.contains('\n') && !help.ends_with('.') && help.len() <= 80;
                assert!(is_line, "{}: {help:?}", command.get_name());
            }
        }
    }

    /// The commands of a line, each with its arguments, as a shell splits them.
    fn shell_commands(line: &str) -> Vec<Vec<String>> {
        let quoted = line.split('\'').enumerate().flat_map(|(number, part)| match number % 2 {
            0 => part.split(' ').map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        });
        let words: Vec<String> = quoted.filter(|word| !word.is_empty()).collect();
        words.split(|word| ["|", ">", "&&"].contains(&word.as_str())).map(<[String]>::to_vec).collect()
    }

    #[test]
    fn examples_are_of_their_subcommand_and_can_be_parsed() {
        for command in commands(80).iter().skip(1) {
            let name = command.get_name();
            let examples = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
            let lines = examples.strip_prefix("Examples:\n").unwrap_or_else(|| panic!("{name} has no examples"));
            for line in lines.lines() {
                // A man page has a wider indent.
                assert!(line.len() <= 75, "{line}");
                let mut commands = shell_commands(line.strip_prefix("  ").unwrap());
                commands.retain(|words| words[0] == "caffemodel");
                assert!(commands.iter().any(|words| words[1] == name), "{line}");
                for words in commands {
                    let parsed = super::command().try_get_matches_from(words);
                    parsed.unwrap_or_else(|error| panic!("{line}\n{error}"));
                }
            }
        }
    }

    #[test]
    fn help_names_every_limit_and_format() {
        let convert = commands(80).into_iter().find(|command| command.get_name() == "convert").unwrap();
        let help = |id: &str| {
            let argument = convert.get_arguments().find(|argument| argument.get_id() == id).unwrap();
            argument.get_long_help().unwrap().to_string()
        };
        Format::written().for_each(|format| assert!(help("format").contains(format.name()), "{}", format.name()));
        let Limits { layers, messages, text_bytes, elements } = Limits::default();
        for limit in [("layers", layers), ("messages", messages), ("text-bytes", text_bytes), ("elements", elements)] {
            assert!(help("limits").contains(&format!("{}={}", limit.0, limit.1)), "{limit:?}");
        }
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
