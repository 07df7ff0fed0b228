//! `caffemodel completions`: what a shell needs to complete the command line.

use clap::Args;
use clap_complete::{Shell, generate};

use super::{print, subcommand};

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  caffemodel completions bash > /etc/bash_completion.d/caffemodel
  caffemodel completions zsh > ~/.zfunc/_caffemodel
  caffemodel completions fish > ~/.config/fish/completions/caffemodel.fish")]
pub(super) struct CompletionsArguments {
    /// Target shell
    shell: Shell,
}

pub(super) fn run(arguments: &CompletionsArguments) -> anyhow::Result<()> {
    let mut script = Vec::new();
    generate(arguments.shell, &mut subcommand::command(), env!("CARGO_PKG_NAME"), &mut script);
    print::result(&String::from_utf8(script)?)
}
