//! `caffemodel layers`: the layer types that nets are made of.

use std::fmt::Write;

use anyhow::anyhow;
use clap::Args;

use super::dialect::{known_to, parse};
use super::fields;
use super::print::{self, json};
use super::table::{Column, Rows, Screen, Tone};
use crate::dialect::Dialect;
use crate::layer::{LayerDocument, LayerRegistry, LayerType, PythonLayerDocument};
use crate::proto::text::closest;

/// List the layer types that there are, or show one of them with its settings.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  caffemodel layers
  caffemodel layers Convolution
  caffemodel layers --json | jq '.[].name'")]
pub(super) struct LayersArguments {
    /// The layer type to show
    name: Option<String>,

    /// Show what this dialect knows; by default that of BVLC's Caffe of today. caffemodel dialects lists them
    #[arg(long, value_name = "NAME", value_parser = parse)]
    dialect: Option<&'static Dialect>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &LayersArguments) -> anyhow::Result<()> {
    let registry = LayerRegistry::default();
    let registry = registry.of(arguments.dialect.unwrap_or(Dialect::bvlc()));
    let Some(name) = &arguments.name else {
        let all: Vec<LayerDocument> = registry.iter().map(LayerType::document).collect();
        return print::result(&if arguments.json { json(&all)? } else { list(&all, arguments.dialect.is_some()) });
    };
    let found = registry.get(name).ok_or_else(|| {
        let near = closest(name, registry.iter().map(|entry| entry.name));
        let help = near.map_or("caffemodel layers lists them".into(), |near| format!("did you mean {near:?}?"));
        anyhow!("unknown layer type {name:?} ({help})")
    })?;
    let layer = found.document();
    print::result(&if arguments.json { json(&layer)? } else { one(&layer) })
}

/// A table; `with_dialects` says whether it tells the dialects that know an entry as it is.
fn list(layers: &[LayerDocument], with_dialects: bool) -> String {
    let known_to = |names: &[&str]| if with_dialects { known_to(names) } else { String::new() };
    let mut rows = Rows::new([
        Column::words("type"),
        Column::words("V1 name").rank(2),
        Column::words("bottoms").rank(1),
        Column::words("tops").rank(1),
        Column::words("summary"),
        Column::words("dialects").rank(3),
    ]);
    for layer in layers {
        let v1_name = layer.v1_name.unwrap_or_default();
        let cells =
            [layer.name, v1_name, &layer.bottoms.to_string(), &tops(layer), layer.summary, &known_to(&layer.dialects)];
        rows.push(Tone::Plain, cells.map(str::to_owned).to_vec());
    }
    rows.render(Screen::standard_output()).0
}

fn tops(layer: &LayerDocument) -> String {
    if layer.tops_match_bottoms { "as bottoms".to_owned() } else { layer.tops.to_string() }
}

fn one(layer: &LayerDocument) -> String {
    let screen = Screen::standard_output();
    let LayerDocument { name, summary, settings, python_layers, .. } = layer;
    let mut text = format!("{}\n{summary}\n\n", screen.bold(name));
    let _ = writeln!(text, "bottoms: {}\ntops:    {}", layer.bottoms, tops(layer));
    if let Some(v1_name) = layer.v1_name {
        let _ = writeln!(text, "V1 name: {v1_name}");
    }
    if !layer.dialects.is_empty() {
        let _ = writeln!(text, "dialects: {}", layer.dialects.join(", "));
    }
    for settings in settings {
        let title = screen.bold(&settings.field);
        let _ = write!(text, "\n{title}: {}\n{}", settings.about, fields::text(&settings.fields));
    }
    if !python_layers.is_empty() {
        let _ = write!(text, "\n{}\n", screen.bold("Well-known Python layers, whose tops are known:"));
        for PythonLayerDocument { module, layer, summary, dialects } in python_layers {
            let of = if dialects.is_empty() { String::new() } else { format!(" ({})", dialects.join(", ")) };
            let _ = writeln!(text, "  {module}.{layer}: {summary}{of}");
        }
    }
    text
}
