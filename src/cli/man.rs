//! `caffemodel man`: manual pages, one for the tool and one for each subcommand.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use clap_mangen::Man;

use super::table::counted;
use super::target::Target;
use super::{report, subcommand};
use crate::Error;

/// Write manual pages into a folder: one for the tool, one for each subcommand.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  caffemodel man ~/.local/share/man/man1 && man caffemodel-init")]
pub(super) struct ManArguments {
    /// The folder to write them to, made if it does not exist
    #[arg(default_value = ".")]
    folder: PathBuf,

    /// Replace pages that exist
    #[arg(long)]
    force: bool,
}

pub(super) fn run(arguments: &ManArguments) -> anyhow::Result<()> {
    let folder = &arguments.folder;
    std::fs::create_dir_all(folder).map_err(|source| Error::io("cannot create", folder, source))?;
    let mut tool = subcommand::command().disable_help_subcommand(true);
    tool.build();
    let mut pages = vec![write_page(tool.clone(), folder, arguments.force)?];
    for command in tool.get_subcommands() {
        pages.push(write_page(command.clone(), folder, arguments.force)?);
    }
    let count = counted(pages.len() as u64, "manual page");
    report::done(&format!("wrote {count} into {}: {}", folder.display(), pages.join(", ")));
    Ok(())
}

/// Writes the page of a command under the name that it is looked up by, such as `caffemodel-init.1`; returns that.
fn write_page(command: clap::Command, folder: &Path, force: bool) -> anyhow::Result<String> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let file_name = format!("{name}.1");
    let path = folder.join(&file_name);
    let mut page = Vec::new();
    let cannot_write = |source| Error::io("cannot write", &path, source);
    Man::new(command).title(name).render(&mut page).map_err(cannot_write)?;
    let mut target = Target::create(&path, force)?;
    target.file().write_all(&page).map_err(cannot_write)?;
    target.commit()?;
    Ok(file_name)
}
