//! `caffemodel man`: manual pages, one for the tool and one for each subcommand.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use clap_mangen::Man;

use super::table::counted;
use super::target::Target;
use super::{report, subcommand};
use crate::Error;

/// What the pages belong to.
const SOURCE: &str = concat!("caffemodel ", env!("CARGO_PKG_VERSION"));

/// Write man pages for the tool and its subcommands
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  caffemodel man ~/.local/share/man/man1 && man caffemodel-init")]
pub(super) struct ManArguments {
    /// Folder to write to; created if missing
    #[arg(default_value = ".")]
    folder: PathBuf,

    /// Overwrite existing pages
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
    let cannot_write = |source| Error::io("cannot write", &path, source);
    let page = page(command, name).map_err(cannot_write)?;
    let mut target = Target::create(&path, force)?;
    target.file().write_all(&page).map_err(cannot_write)?;
    target.commit()?;
    Ok(file_name)
}

/// The page of a command. Its examples have a section of their own, where they are neither filled nor hyphenated.
fn page(command: clap::Command, title: String) -> io::Result<Vec<u8>> {
    let examples = command.get_after_long_help().map(ToString::to_string);
    let command = command.after_help(None).after_long_help(None);
    // A page has the help of all arguments, also where `-h` leaves them out.
    let command = command.mut_args(|argument| argument.hide_short_help(false));
    let mut page = Vec::new();
    Man::new(command).title(title).source(SOURCE).render(&mut page)?;
    if let Some(examples) = examples {
        let lines = examples.lines().skip(1).map(|line| verbatim(line.trim_start()) + "\n");
        write!(page, ".SH EXAMPLES\n.EX\n{}.EE\n", lines.collect::<String>())?;
    }
    Ok(page)
}

/// A line that stands in the page, character by character, as it is in the text: in groff's fonts some have other
/// glyphs.
fn verbatim(line: &str) -> String {
    let escaped = |c| match c {
        '\\' => "\\e".to_owned(),
        '-' => "\\-".to_owned(),
        '\'' => "\\(aq".to_owned(),
        '`' => "\\(ga".to_owned(),
        '^' => "\\(ha".to_owned(),
        '~' => "\\(ti".to_owned(),
        c => String::from(c),
    };
    // A dot would begin a request there.
    let start = if line.starts_with('.') { "\\&" } else { "" };
    start.to_owned() + &line.chars().map(escaped).collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_can_be_copied() {
        let command = clap::Command::new("tool").after_long_help(
            "Examples:\n  tool --rule 'fc*.weight=msra' a\\.b\n  tool man ~/man | tee `x` ^\n  ./tool\n",
        );
        let page = String::from_utf8(page(command, "tool".to_owned()).unwrap()).unwrap();
        let (_, examples) = page.split_once(".SH EXAMPLES\n").unwrap();
        let expected = ".EX
tool \\-\\-rule \\(aqfc*.weight=msra\\(aq a\\e.b
tool man \\(ti/man | tee \\(gax\\(ga \\(ha
\\&./tool
.EE
";
        assert_eq!(examples, expected);
        assert!(!page.contains("EXTRA"), "{page}");
    }
}
