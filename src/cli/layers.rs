//! `caffemodel layers`: the layer types that nets are made of.

use std::fmt::Write;

use anyhow::anyhow;
use clap::Args;

use super::dialect::{known_to, parse};
use super::fields;
use super::print::{self, json, json_list};
use super::table::{Column, Rows, Screen, Tone};
use super::wrap::{item, paragraph};
use crate::dialect::Dialect;
use crate::layer::{LayerDocument, LayerRegistry, LayerType, PythonLayerDocument};
use crate::proto::text::closest;

/// List all layer types, or show one in full
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  caffemodel layers
  caffemodel layers Convolution
  caffemodel layers --json | jq '.layers[].name'")]
pub(super) struct LayersArguments {
    /// Layer type to show in full
    name: Option<String>,

    /// Dialect to list the layer types of
    ///
    /// By default that of BVLC's Caffe of today. See 'caffemodel dialects' for a list.
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
        return print::result(&if arguments.json {
            json_list("layers", &all)?
        } else {
            list(&all, arguments.dialect.is_some())
        });
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
        Column::words("summary").wraps_at(30),
        Column::words("dialects").rank(3).wraps_at(20),
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
    let width = screen.text_width();
    let mut text = format!("{}\n{}\n", screen.bold(name), paragraph(summary, width));
    let _ = writeln!(text, "bottoms: {}\ntops:    {}", layer.bottoms, tops(layer));
    if let Some(v1_name) = layer.v1_name {
        let _ = writeln!(text, "V1 name: {v1_name}");
    }
    if !layer.dialects.is_empty() {
        text += &item("", &format!("dialects: {}", layer.dialects.join(", ")), width);
    }
    for settings in settings {
        let about = paragraph(&format!("{}: {}", settings.field, settings.about), width);
        let about = about.replacen(&settings.field, &screen.bold(&settings.field), 1);
        let _ = write!(text, "\n{about}{}", fields::text(&settings.fields, width));
    }
    if !python_layers.is_empty() {
        let _ = write!(text, "\n{}\n", screen.bold("Well-known Python layers, whose tops are known:"));
        for PythonLayerDocument { module, layer, summary, dialects } in python_layers {
            let of = if dialects.is_empty() { String::new() } else { format!(" ({})", dialects.join(", ")) };
            text += &item("  ", &format!("{module}.{layer}: {summary}{of}"), width);
        }
    }
    text
}
