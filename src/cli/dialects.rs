//! `caffemodel dialects`: the Caffes that nets are written for.

use std::fmt::Write;

use anyhow::anyhow;
use clap::Args;

use super::dialect::parse;
use super::print;
use super::table::{Column, Rows, Screen, Tone};
use super::wrap::{item, paragraph};
use crate::dialect::{DIALECTS, Dialect, DialectDocument, MessageFields};

/// List all dialects of Caffe, or show one in full
///
/// A dialect is a release of BVLC's Caffe or one of its forks, which nets are written for.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  caffemodel dialects
  caffemodel dialects ssd
  caffemodel dialects --json | jq '.dialects[].name'")]
pub(super) struct DialectsArguments {
    /// Dialect to show in full
    name: Option<String>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &DialectsArguments) -> anyhow::Result<()> {
    let Some(name) = &arguments.name else {
        let all: Vec<DialectDocument> = DIALECTS.iter().map(Dialect::document).collect();
        return print::result(&if arguments.json { print::json_list("dialects", &all)? } else { list(&all) });
    };
    let dialect = parse(name).map_err(|help| anyhow!("unknown dialect {name:?} ({help})"))?.document();
    print::result(&if arguments.json { print::json(&dialect)? } else { one(&dialect) })
}

fn list(dialects: &[DialectDocument]) -> String {
    let screen = Screen::standard_output();
    let columns = [
        Column::words("dialect"),
        Column::words("about").wraps_at(30),
        // The longest name of a repository is so long.
        Column::words("source").rank(1).wraps_at(53),
    ];
    let mut rows = Rows::new(columns);
    for DialectDocument { name, about, source, .. } in dialects {
        rows.push(Tone::Plain, [*name, about, source].map(str::to_owned).to_vec());
    }
    let (table, _) = rows.render(screen);
    let about = "The dialect is detected from the content of a net; --dialect overrides it. If several fit, the first is \
                 taken.";
    format!("{table}\n{}", paragraph(about, screen.text_width()))
}

fn one(dialect: &DialectDocument) -> String {
    let screen = Screen::standard_output();
    let DialectDocument { name, about, source, traits, adds, lacks, layer_types, fillers } = dialect;
    let width = screen.text_width();
    let mut text = format!("{}\n{}\n", screen.bold(name), paragraph(about, width));
    text += &item("", &format!("from: {source}"), width);
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            let _ = write!(text, "\n{}\n", screen.bold(title));
            lines.iter().for_each(|line| text.push_str(&item("  ", line, width)));
        }
    };
    let fields = |messages: &[MessageFields]| {
        messages.iter().map(|MessageFields { message, fields }| format!("{message}: {}", fields.join(", "))).collect()
    };
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    section("What it does differently from BVLC's current Caffe:", names(traits));
    section("Layer types that BVLC's Caffe lacks:", names(layer_types));
    section("Fillers that BVLC's Caffe lacks:", names(fillers));
    section("Fields that it adds:", fields(adds));
    section("Fields that it lacks:", fields(lacks));
    text
}
