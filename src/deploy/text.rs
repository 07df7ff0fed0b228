//! The text of a net that is deployed: the text that it comes from, without what goes and with what changes.
//!
//! Comments right above a layer go with it, others stay.

use std::collections::HashMap;

use prost::Message;

use super::Deployed;
use crate::net::{Definition, FileKind, NetLayer, ReadOptions};
use crate::proto::caffe::NetParameter;
use crate::proto::gate;
use crate::proto::text::{PlacedField, PlacedValue, Span, placed_fields, rewritten, write_within};

/// What a net has for training alone, and its old inputs, which a layer stands for.
const DROPPED: [&str; 5] = ["state", "force_backward", "input", "input_dim", "input_shape"];

/// The text of the net: that of its source, changed, if there is one and if the change reads as the net is; or else a
/// new one.
pub(super) fn text(net: &Deployed) -> String {
    let changed = net.definition.locator.text().and_then(|source| Some((source, changed(net, source)?)));
    changed.filter(|(_, text)| reads_as(text, &net.definition)).map_or_else(|| written(net), |(_, text)| text)
}

/// Whether the text is that of the net.
fn reads_as(text: &str, net: &Definition) -> bool {
    let options = ReadOptions::of(Some(net.dialect));
    let read = Definition::from_bytes_with("deploy net", text, &options);
    let params = |net: &Definition| net.layers.iter().map(|layer| layer.param.clone()).collect::<Vec<_>>();
    read.is_ok_and(|read| params(&read) == params(net) && read.name == net.name && read.defaults == net.defaults)
}

/// The net as the writer gives it.
fn written(net: &Deployed) -> String {
    let Deployed { definition, .. } = net;
    let mut own = NetParameter::default();
    if !definition.name.is_empty() {
        own.name = Some(definition.name.clone());
    }
    let mut out = field_text(definition, &own.encode_to_vec());
    for layer in &definition.layers {
        let mut layer = layer.clone();
        definition.defaults.write(&mut layer.param, definition.dialect);
        out.push_str(&layer_text(definition, &layer));
    }
    out
}

/// A new layer, or the inputs of the net.
fn layer_text(definition: &Definition, layer: &NetLayer) -> String {
    let is_fields = layer.origin.is_some_and(|origin| origin.is_net_inputs()) && layer.param.r#type() == "Input";
    let net = if is_fields {
        input_fields(layer)
    } else {
        NetParameter { layer: vec![layer.param.clone()], ..Default::default() }
    };
    field_text(definition, &net.encode_to_vec())
}

/// The inputs of a net that has them as fields: their sizes in the older way where that can say them.
fn input_fields(layer: &NetLayer) -> NetParameter {
    let shapes = layer.param.input_param.as_ref().map_or(&[][..], |param| &param.shape);
    let mut net = NetParameter { input: layer.param.top.clone(), ..Default::default() };
    if shapes.iter().all(|shape| shape.dim.len() == 4) {
        net.input_dim = shapes.iter().flat_map(|shape| &shape.dim).map(|&dim| dim as i32).collect();
    } else {
        net.input_shape = shapes.to_vec();
    }
    net
}

/// Fields of a net as text.
fn field_text(definition: &Definition, encoded: &[u8]) -> String {
    let message = FileKind::Net.message_of(definition.dialect);
    let mut text = Vec::new();
    let written = write_within(&mut text, 0, message, &gate::unfolded(encoded, message));
    written.map(|()| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default()
}

/// The text of the source, changed; none where it cannot be followed.
fn changed(net: &Deployed, source: &str) -> Option<String> {
    let entries = placed_fields(source, Span { start: 0, end: source.len() })?;
    let mut assembly = Assembly { source, out: String::new(), end: 0, last_stays: true };
    let (made, sources) = (by_origin(&net.definition.layers), by_origin(&net.source));
    let mut counts = [0_usize; 2];
    let mut has_inputs = false;
    for entry in &entries {
        let index = match entry.name {
            "layer" => Some(&mut counts[0]),
            "layers" => Some(&mut counts[1]),
            _ => None,
        };
        let index = index.map(|count| std::mem::replace(count, *count + 1));
        match index {
            Some(_) if entry.value == PlacedValue::List => return None,
            Some(index) => {
                let old = sources.get(&(entry.name, index)).and_then(|layers| layers.first()).copied();
                assembly.layer(net, entry, made.get(&(entry.name, index)).map_or(&[], Vec::as_slice), old);
            }
            None if DROPPED.contains(&entry.name) => {
                let is_first = entry.name.starts_with("input") && !std::mem::replace(&mut has_inputs, true);
                let of_inputs = |layer: &&NetLayer| layer.origin.is_none_or(|at| at.field.starts_with("input"));
                let inputs = is_first.then(|| net.definition.layers.iter().filter(of_inputs).collect::<Vec<_>>());
                assembly.layer(net, entry, &inputs.unwrap_or_default(), None);
            }
            None => assembly.keep(entry),
        }
    }
    Some(assembly.finish())
}

/// What becomes of an entry of the source.
#[derive(Clone, Copy, PartialEq, Eq)]
enum EntryFate {
    Stays,
    Replaced,
    Goes,
}

/// The layers by the entries of the file that they come from.
fn by_origin(layers: &[NetLayer]) -> HashMap<(&str, usize), Vec<&NetLayer>> {
    let mut of_entry: HashMap<(&str, usize), Vec<&NetLayer>> = HashMap::new();
    for layer in layers {
        if let Some(origin) = layer.origin {
            of_entry.entry((origin.field, origin.index)).or_default().push(layer);
        }
    }
    of_entry
}

/// The text as far as it is done.
struct Assembly<'a> {
    source: &'a str,
    out: String,
    /// Up to where the source is done.
    end: usize,
    /// Whether what stands before that in the source is there.
    last_stays: bool,
}

impl Assembly<'_> {
    /// Takes a field over.
    fn keep(&mut self, entry: &PlacedField<'_>) {
        self.gap(entry, EntryFate::Stays);
        self.push(&self.source[entry.whole.start..entry.whole.end]);
    }

    /// Puts layers in the place of an entry that is `old`.
    fn layer(&mut self, net: &Deployed, entry: &PlacedField<'_>, made: &[&NetLayer], old: Option<&NetLayer>) {
        let is_input = |layer: &NetLayer| layer.param.r#type() == "Input";
        let own = match (made, old) {
            ([one], Some(old)) if is_input(one) == is_input(old) => Some((*one, old)),
            _ => None,
        };
        let place = match own {
            _ if made.is_empty() => EntryFate::Goes,
            Some((one, old)) if one.param.r#type() == old.param.r#type() => EntryFate::Stays,
            _ => EntryFate::Replaced,
        };
        self.gap(entry, place);
        let text = match (own, entry.value) {
            (Some((one, old)), PlacedValue::Message(body)) if entry.name == "layer" => {
                changed_layer(net, self.source, body, old, one).map(|inner| {
                    format!(
                        "{}{inner}{}",
                        &self.source[entry.span.start..body.start],
                        &self.source[body.end..entry.span.end]
                    )
                })
            }
            _ => None,
        };
        let new = || made.iter().map(|layer| layer_text(&net.definition, layer)).collect::<String>();
        let text = text.unwrap_or_else(new);
        self.push(text.trim_end());
        self.last_stays = !made.is_empty();
    }

    /// What stands between the field before and this one. Comments above a field that does not stay go, but for those
    /// at the beginning of the file; so does one in the line of a field before that is gone.
    fn gap(&mut self, entry: &PlacedField<'_>, fate: EntryFate) {
        let gap = &self.source[self.end..entry.span.start];
        let (line, rest) = gap.split_at(gap.find('\n').unwrap_or(gap.len()));
        let is_first = self.end == 0;
        let in_one_line = fate == EntryFate::Goes && rest.is_empty();
        if (self.last_stays || is_first) && !in_one_line {
            self.out.push_str(line);
        }
        let rest = if fate == EntryFate::Stays || is_first { rest } else { without_comment_above(rest) };
        let rest = if fate == EntryFate::Goes { &rest[..rest.rfind('\n').unwrap_or(rest.len())] } else { rest };
        let rest = if self.out.is_empty() { rest.trim_start_matches('\n') } else { rest };
        for line in rest.split_inclusive('\n') {
            // A blank line stays single where a field between two of them is gone.
            if line != "\n" || !self.out.ends_with("\n\n") {
                self.out.push_str(line);
            }
        }
        self.end = entry.whole.end;
        self.last_stays = true;
    }

    fn push(&mut self, text: &str) {
        if !text.is_empty() && self.out.ends_with(|last: char| !last.is_whitespace()) {
            self.out.push('\n');
        }
        self.out.push_str(text);
    }

    fn finish(mut self) -> String {
        let rest = &self.source[self.end..];
        let rest = if self.last_stays { rest } else { &rest[rest.find('\n').unwrap_or(rest.len())..] };
        self.out.push_str(rest);
        let mut text = self.out.trim_end().to_owned();
        text.push('\n');
        text
    }
}

/// What stands between the braces of a layer, changed.
fn changed_layer(net: &Deployed, source: &str, body: Span, old: &NetLayer, new: &NetLayer) -> Option<String> {
    let message = net.definition.dialect.layer_message();
    let (old, new) = (old.param.encode_to_vec(), new.param.encode_to_vec());
    rewritten(source, body, message, &gate::unfolded(&old, message), &gate::unfolded(&new, message))
}

/// What stands above a field, without the comment right above it.
fn without_comment_above(gap: &str) -> &str {
    let end = gap.rfind('\n').map_or(0, |at| at + 1);
    let mut kept = end;
    for line in gap[..end].split_inclusive('\n').rev() {
        if !line.trim_start().starts_with('#') {
            break;
        }
        kept -= line.len();
    }
    &gap[..kept]
}
