//! V0's padding layers: each one folds into the convolution or pooling behind it.

use std::collections::HashMap;

use super::Problem;
use crate::error::Refusal;
use crate::net::Origin;
use crate::proto::caffe::V1LayerParameter;

/// A layer of the file with its index there.
pub(super) type Indexed = (usize, V1LayerParameter);

/// Drops the padding layers; the layer behind one takes its pad (whatever it had) and its bottom.
///
/// # Errors
/// A bottom that nothing makes, or a padding layer before a layer that cannot pad, or with several bottoms or tops.
pub(super) fn fold(layers: &[Indexed], inputs: &[String]) -> Result<Vec<Indexed>, Problem> {
    let mut last_writer: HashMap<&str, Option<&V1LayerParameter>> =
        inputs.iter().map(|input| (input.as_str(), None)).collect();
    let mut folded = Vec::with_capacity(layers.len());
    for (index, layer) in layers {
        let problem = |message: String| Problem {
            origin: Origin { field: "layers", index: *index },
            refusal: Refusal::new(message),
        };
        let mut kept = layer.clone();
        for (position, bottom) in layer.bottom.iter().enumerate() {
            let writer = last_writer.get(bottom.as_str());
            let writer = writer.ok_or_else(|| problem(format!("no earlier layer makes the blob {bottom:?}")))?;
            let Some(padding) = writer.filter(|layer| is_padding(layer)) else { continue };
            check(layer, padding).map_err(problem)?;
            kept.layer.get_or_insert_default().pad = Some(v0_pad(padding));
            kept.bottom[position].clone_from(&padding.bottom[0]);
        }
        for top in &layer.top {
            last_writer.insert(top, Some(layer));
        }
        if !is_padding(layer) {
            folded.push((*index, kept));
        }
    }
    Ok(folded)
}

fn is_padding(layer: &V1LayerParameter) -> bool {
    v0_type(layer) == "padding"
}

fn v0_type(layer: &V1LayerParameter) -> &str {
    layer.layer.as_ref().map_or("", |v0| v0.r#type())
}

fn v0_pad(layer: &V1LayerParameter) -> u32 {
    layer.layer.as_ref().map_or(0, |v0| v0.pad())
}

fn check(layer: &V1LayerParameter, padding: &V1LayerParameter) -> Result<(), String> {
    if !matches!(v0_type(layer), "conv" | "pool") {
        return Err(format!("a padding layer comes before a layer of type {:?}, which cannot pad", v0_type(layer)));
    }
    if layer.bottom.len() != 1 {
        return Err(format!("a layer after a padding layer takes 1 bottom, {} given", layer.bottom.len()));
    }
    if (padding.bottom.len(), padding.top.len()) != (1, 1) {
        return Err("the padding layer before it must have 1 bottom and 1 top".to_owned());
    }
    Ok(())
}
