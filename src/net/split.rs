//! Automatic splits: a blob that several layers read is copied, once for each reader.
//!
//! The copies follow the blob's last writer as a layer of type Split, named `BLOB_WRITER_TOP_split`, with tops
//! `..._split_0`, `..._split_1` and so on in the order of the readers. A top with an explicit loss weight counts as
//! one more reader, the first: its weight moves to the split, and all of the writer's weights are cleared.

use std::collections::HashMap;

use super::NetLayer;
use super::inclusion::stages;
use crate::error::Refusal;
use crate::proto::caffe::LayerParameter;
use crate::proto::text::closest;
use crate::setting::{Advice, Setting};

/// A top of a layer by the two indices.
type Top = (usize, usize);

/// Who reads each top.
#[derive(Default)]
struct Readers {
    /// The top that each bottom reads, by layer and bottom index.
    source: HashMap<(usize, usize), Top>,
    /// How many readers a top has, an explicit loss weight included.
    count: HashMap<Top, usize>,
    /// The explicit loss weight of a top.
    loss_weight: HashMap<Top, f32>,
}

/// A layer that reads a blob which no earlier layer makes.
#[derive(Debug)]
pub(super) struct UnknownBottom {
    /// The layer.
    pub(super) layer: Box<NetLayer>,
    blob: String,
    /// What to do, if that follows from the net as it is built.
    help: Option<String>,
}

impl UnknownBottom {
    /// The refusal of the layer. `left_out` are those that do not belong to the net in the state that it is built in.
    pub(super) fn refusal(&self, left_out: &[NetLayer]) -> Refusal {
        let refusal = Refusal::at("bottom", format!("no earlier layer makes the blob {:?}", self.blob));
        let maker = left_out.iter().find(|layer| layer.param.top.contains(&self.blob));
        match (maker, &self.help) {
            (Some(maker), _) => refusal.help(other_state(maker, left_out)),
            (None, Some(help)) => refusal.help(help.clone()),
            (None, None) => refusal.help("the layer that makes it may be left out in this phase"),
        }
    }
}

/// What to do where a layer is needed that is left out.
fn other_state(maker: &NetLayer, left_out: &[NetLayer]) -> Advice {
    let name = maker.param.name();
    let own = stages(std::slice::from_ref(maker));
    if own.is_empty() {
        let before = format!("layer {name:?} makes it, in another state than this one: choose it with ");
        return Advice::naming(before, Setting::Phase, " or ").and_naming(Setting::Level, "");
    }
    let named: Vec<String> = stages(left_out).iter().map(|stage| format!("{stage:?}")).collect();
    let before = format!("layer {name:?} makes it, in another stage than this one: choose one with ");
    Advice::naming(before, Setting::Stage, format!(" (the net's are {})", named.join(", ")))
}

/// What the copies of a blob are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CopyNames {
    /// Each has a name of its own.
    AllNew,
    /// The first has that of the blob.
    FirstKept,
}

/// Inserts the splits; `complete` adds to one what follows from the layer whose top it copies.
///
/// # Errors
/// A layer reads a blob that no earlier layer makes.
pub(super) fn insert_splits(
    layers: Vec<NetLayer>,
    complete: impl Fn(&LayerParameter, &mut LayerParameter),
    name: CopyNames,
) -> Result<Vec<NetLayer>, UnknownBottom> {
    let readers = count_readers(&layers)?;
    let names: Vec<String> = layers.iter().map(|layer| layer.param.name().to_owned()).collect();
    let mut next_copy: HashMap<Top, usize> = HashMap::new();
    let mut out = Vec::with_capacity(layers.len());
    for (index, mut layer) in layers.into_iter().enumerate() {
        for (position, bottom) in layer.param.bottom.iter_mut().enumerate() {
            let top = readers.source[&(index, position)];
            if readers.count[&top] > 1 {
                let copy = next_copy.entry(top).or_default();
                *bottom = name.of(bottom, &names[top.0], top.1, *copy);
                *copy += 1;
            }
        }
        let mut splits = Vec::new();
        for (position, blob) in layer.param.top.iter().enumerate() {
            let top = (index, position);
            let count = readers.count.get(&top).copied().unwrap_or(0);
            if count > 1 {
                let weight = readers.loss_weight.get(&top).copied().unwrap_or(0.0);
                let mut param = split_layer(&names[index], blob, position, count, weight, name);
                complete(&layer.param, &mut param);
                splits.push((NetLayer { param, origin: layer.origin }, weight));
                if weight != 0.0 {
                    *next_copy.entry(top).or_default() += 1;
                }
            }
        }
        if splits.iter().any(|(_, weight)| *weight != 0.0) {
            layer.param.loss_weight.clear();
        }
        out.push(layer);
        out.extend(splits.into_iter().map(|(split, _)| split));
    }
    Ok(out)
}

/// The layers as they are, for a Caffe in which several layers read one blob.
///
/// # Errors
/// A layer reads a blob that no earlier layer makes.
pub(super) fn without_splits(layers: Vec<NetLayer>) -> Result<Vec<NetLayer>, UnknownBottom> {
    count_readers(&layers)?;
    Ok(layers)
}

fn count_readers(layers: &[NetLayer]) -> Result<Readers, UnknownBottom> {
    let mut readers = Readers::default();
    let mut last_writer: HashMap<&str, Top> = HashMap::new();
    for (index, NetLayer { param, .. }) in layers.iter().enumerate() {
        for (position, blob) in param.bottom.iter().enumerate() {
            let Some(&top) = last_writer.get(blob.as_str()) else {
                let help = unknown_bottom(layers, index, blob, &last_writer);
                return Err(UnknownBottom { layer: Box::new(layers[index].clone()), blob: blob.clone(), help });
            };
            readers.source.insert((index, position), top);
            *readers.count.entry(top).or_default() += 1;
        }
        for (position, blob) in param.top.iter().enumerate() {
            last_writer.insert(blob, (index, position));
        }
        for (blob, &weight) in param.top.iter().zip(&param.loss_weight) {
            let top = last_writer[blob.as_str()];
            readers.loss_weight.insert(top, weight);
            if weight != 0.0 {
                *readers.count.entry(top).or_default() += 1;
            }
        }
    }
    Ok(readers)
}

/// What to do about a blob that a layer reads too early, if that follows from these layers.
fn unknown_bottom(layers: &[NetLayer], index: usize, blob: &str, known: &HashMap<&str, Top>) -> Option<String> {
    let later = layers[index..].iter().find(|layer| layer.param.top.iter().any(|top| top == blob));
    match later {
        Some(layer) if std::ptr::eq(layer, &layers[index]) => Some("the layer itself makes it".to_owned()),
        Some(layer) => Some(format!("layer {:?} makes it, further down: move that one up", layer.param.name())),
        None => closest(blob, known.keys().copied()).map(|near| format!("did you mean {near:?}?")),
    }
}

fn split_layer(
    writer: &str,
    blob: &str,
    position: usize,
    count: usize,
    loss_weight: f32,
    name: CopyNames,
) -> LayerParameter {
    let weights = std::iter::once(loss_weight).chain(std::iter::repeat(0.0)).take(count);
    LayerParameter {
        name: Some(format!("{blob}_{writer}_{position}_split")),
        r#type: Some("Split".to_owned()),
        bottom: vec![blob.to_owned()],
        top: (0..count).map(|copy| name.of(blob, writer, position, copy)).collect(),
        loss_weight: if loss_weight == 0.0 { Vec::new() } else { weights.collect() },
        ..Default::default()
    }
}

impl CopyNames {
    fn of(self, blob: &str, writer: &str, position: usize, copy: usize) -> String {
        match self {
            CopyNames::FirstKept if copy == 0 => blob.to_owned(),
            _ => format!("{blob}_{writer}_{position}_split_{copy}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(name: &str, bottoms: &[&str], tops: &[&str], loss_weight: &[f32]) -> NetLayer {
        let strings = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let param = LayerParameter {
            name: Some(name.into()),
            bottom: strings(bottoms),
            top: strings(tops),
            loss_weight: loss_weight.to_vec(),
            ..Default::default()
        };
        NetLayer { param, origin: None }
    }

    #[test]
    fn a_blob_with_two_readers_is_split_behind_its_last_writer() {
        let layers = vec![
            layer("data", &[], &["x"], &[]),
            layer("relu", &["x"], &["x"], &[]),
            layer("a", &["x"], &["a"], &[]),
            layer("b", &["x"], &["b"], &[]),
        ];
        let out = insert_splits(layers, |_, _| (), CopyNames::AllNew).unwrap();
        let names: Vec<&str> = out.iter().map(|layer| layer.param.name()).collect();
        assert_eq!(names, ["data", "relu", "x_relu_0_split", "a", "b"]);
        assert_eq!(out[2].param.top, ["x_relu_0_split_0", "x_relu_0_split_1"]);
        assert_eq!(out[4].param.bottom, ["x_relu_0_split_1"]);
    }

    #[test]
    fn without_splits_the_readers_are_counted_alone() {
        let layers = vec![layer("data", &[], &["x"], &[]), layer("a", &["x"], &[], &[]), layer("b", &["x"], &[], &[])];
        let made = without_splits(layers).unwrap();
        assert_eq!(made.iter().map(|layer| layer.param.name()).collect::<Vec<_>>(), ["data", "a", "b"]);
        let unknown = without_splits(vec![layer("a", &["y"], &[], &[])]).unwrap_err();
        assert_eq!(unknown.refusal(&[]).message, "no earlier layer makes the blob \"y\"");
    }

    #[test]
    fn a_loss_weight_is_the_first_reader_and_moves_to_the_split() {
        let layers = vec![layer("l", &[], &["x", "y"], &[2.0, 3.0]), layer("r", &["x"], &[], &[])];
        let out = insert_splits(layers, |_, _| (), CopyNames::AllNew).unwrap();
        assert_eq!(out[0].param.loss_weight, [0f32; 0]);
        assert_eq!(out[1].param.loss_weight, [2.0, 0.0]);
        assert_eq!(out[2].param.bottom, ["x_l_0_split_1"]);
    }

    #[test]
    fn an_unknown_bottom_is_refused_with_advice() {
        let refuse = |layers| {
            let unknown = insert_splits(layers, |_, _| (), CopyNames::AllNew).unwrap_err();
            let refusal = unknown.refusal(&[]);
            (refusal.message, refusal.help.unwrap(), unknown.layer.param.name().to_owned())
        };
        let later = vec![layer("a", &["x"], &["a"], &[]), layer("b", &[], &["x"], &[])];
        let (message, help, name) = refuse(later);
        assert_eq!(message, "no earlier layer makes the blob \"x\"");
        assert_eq!(
            (help.to_string().as_str(), name.as_str()),
            ("layer \"b\" makes it, further down: move that one up", "a")
        );
        let typo = vec![layer("b", &[], &["conv1"], &[]), layer("a", &["conv2"], &["a"], &[])];
        assert_eq!(refuse(typo).1, "did you mean \"conv1\"?");
        assert_eq!(refuse(vec![layer("a", &["a"], &["a"], &[])]).1, "the layer itself makes it");
    }
}
