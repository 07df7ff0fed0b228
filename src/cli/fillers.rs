//! `caffemodel fillers`: what blobs can be filled with.

use std::fmt::Write;

use anyhow::anyhow;
use clap::Args;

use super::dialect::{known_to, parse};
use super::fields;
use super::options;
use super::print::{self, json, json_list};
use super::table::{Column, Rows, Screen, Tone};
use super::wrap::{item, paragraph};
use crate::dialect::Dialect;
use crate::filler::{FillerDocument, FillerRegistry, FillerType};

/// List all fillers, or show one in full
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  caffemodel fillers
  caffemodel fillers orthogonal
  caffemodel fillers --json | jq '.fillers[].name'")]
pub(super) struct FillersArguments {
    /// Filler to show in full
    name: Option<String>,

    /// Dialect to list the fillers of
    ///
    /// By default that of BVLC's Caffe of today. See 'caffemodel dialects' for a list.
    #[arg(long, value_name = "NAME", value_parser = parse)]
    dialect: Option<&'static Dialect>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &FillersArguments) -> anyhow::Result<()> {
    let registry = FillerRegistry::default();
    let registry = registry.of(arguments.dialect.unwrap_or(Dialect::bvlc()));
    let Some(name) = &arguments.name else {
        let all: Vec<FillerDocument> = registry.iter().map(FillerType::document).collect();
        return print::result(&if arguments.json {
            json_list("fillers", &all)?
        } else {
            list(&all, arguments.dialect.is_some())
        });
    };
    let found = registry.find(name).map_err(|refusal| {
        let help = refusal.help.map_or_else(String::new, |help| format!(" ({})", options::advice(&help)));
        anyhow!("{}{help}", refusal.message)
    })?;
    let filler = found.document();
    print::result(&if arguments.json { json(&filler)? } else { one(&filler) })
}

/// A table; `with_dialects` says whether it tells the dialects that know an entry as it is.
fn list(fillers: &[FillerDocument], with_dialects: bool) -> String {
    let known_to = |names: &[&str]| if with_dialects { known_to(names) } else { String::new() };
    let mut rows = Rows::new([
        Column::words("filler"),
        Column::words("of").rank(1),
        Column::words("fields").rank(2).wraps_at(14),
        Column::words("summary").wraps_at(30),
        Column::words("dialects").rank(3).wraps_at(20),
    ]);
    for filler in fillers {
        let fields: Vec<&str> = filler.fields.iter().map(|field| field.name).collect();
        rows.push(
            Tone::Plain,
            vec![
                filler.name.into(),
                origin(filler).into(),
                fields.join(", "),
                filler.summary.into(),
                known_to(&filler.dialects),
            ],
        );
    }
    let screen = Screen::standard_output();
    let (table, _) = rows.render(screen);
    let about = "A net may use extensions with --extensions; --rule, --weight-filler and --bias-filler always may.";
    format!("{table}\n{}", paragraph(about, screen.text_width()))
}

fn origin(filler: &FillerDocument) -> &'static str {
    if filler.extension { "extension" } else { "Caffe" }
}

fn one(filler: &FillerDocument) -> String {
    let FillerDocument { name, summary, formula, fields, .. } = filler;
    let screen = Screen::standard_output();
    let (title, summary) = (screen.bold(name), paragraph(summary, screen.text_width()));
    let formula = item("  ", formula, screen.text_width());
    let mut text = format!("{title} ({})\n{summary}\n{formula}", origin(filler));
    if !fields.is_empty() {
        let _ = write!(text, "\nFields:\n{}", fields::text(fields, screen.text_width()));
    }
    let with = if filler.extension { ", with --extensions" } else { "" };
    let _ = write!(
        text,
        "\nIn a net: weight_filler {{ type: \"{name}\" }}{with}\nOn the command line: --rule 'GLOB.weight={name}'\n"
    );
    text
}
