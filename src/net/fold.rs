//! BatchNorm and Scale folded into the convolution in front of them, in dialects that do so in TEST.
//!
//! A Convolution whose first reader is a BatchNorm takes over what that does, and what a Scale does that is the first
//! reader of the BatchNorm: both vanish, and the convolution makes the last vanished top. A BatchNorm that takes
//! statistics of the batch stays, and so does one that nothing reads. The convolution gets a bias if it has none.
//!
//! What surprises: who reads a top is looked for by its name, from the second layer behind the convolution on. So a
//! BatchNorm that works in place and does not follow its convolution at once is taken for its own reader, and stays.

use super::NetLayer;
use crate::proto::caffe::LayerParameter;

/// A convolution and what vanishes into it, by place among the layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Folding {
    pub(crate) convolution: usize,
    pub(crate) batch_norm: usize,
    pub(crate) scale: Option<usize>,
}

/// The foldings of a net; `stays` tells of a BatchNorm whether it does.
pub(crate) fn foldings(layers: &[&LayerParameter], stays: impl Fn(&LayerParameter) -> bool) -> Vec<Folding> {
    let is = |place: &usize, name: &str| layers[*place].r#type() == name;
    // The first reader of a layer's top, from so many layers behind the convolution on: from there if the net ends
    // before.
    let reader = |maker: usize, convolution: usize, behind: usize| {
        let top = layers[maker].top.first()?;
        let start = if convolution + behind < layers.len() { convolution + behind } else { convolution };
        (start..layers.len()).find(|&reader| layers[reader].bottom.contains(top))
    };
    let folding = |convolution: usize| {
        let batch_norm = reader(convolution, convolution, 1).filter(|place| is(place, "BatchNorm"))?;
        if stays(layers[batch_norm]) {
            return None;
        }
        let next = reader(batch_norm, convolution, 2)?;
        let scale = Some(next).filter(|place| is(place, "Scale"));
        (next != batch_norm).then_some(Folding { convolution, batch_norm, scale })
    };
    (0..layers.len()).filter(|place| is(place, "Convolution")).filter_map(folding).collect()
}

/// Folds what can be folded in a net for TEST.
pub(super) fn fold(mut layers: Vec<NetLayer>) -> Vec<NetLayer> {
    let params: Vec<&LayerParameter> = layers.iter().map(|layer| &layer.param).collect();
    let takes_statistics = |layer: &LayerParameter| {
        layer.batch_norm_param.as_ref().and_then(|param| param.use_global_stats) == Some(false)
    };
    let foldings = foldings(&params, takes_statistics);
    let mut vanished = vec![false; layers.len()];
    for Folding { convolution, batch_norm, scale } in foldings {
        let last = scale.unwrap_or(batch_norm);
        let top = layers[last].param.top.first().cloned();
        let param = &mut layers[convolution].param;
        if let (Some(own), Some(top)) = (param.top.first_mut(), top) {
            *own = top;
        }
        let settings = param.convolution_param.get_or_insert_default();
        if !settings.bias_term() {
            settings.bias_term = Some(true);
        }
        vanished[batch_norm] = true;
        if let Some(scale) = scale {
            vanished[scale] = true;
        }
    }
    layers.into_iter().zip(vanished).filter(|(_, vanished)| !vanished).map(|(layer, _)| layer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;
    use crate::proto::caffe::Phase;
    use crate::{Definition, Net, ReadOptions, StateOptions};

    /// The names of the layers that are left of a net, whose layers are written as `name type bottom top`.
    fn left(layers: &[&str]) -> Vec<String> {
        let layer = |line: &&str| {
            let [name, kind, bottom, top] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let bottom = if bottom == "-" { String::new() } else { format!("bottom: '{bottom}'") };
            format!("layer {{ name: '{name}' type: '{kind}' {bottom} top: '{top}' }}\n")
        };
        let text: String = layers.iter().map(layer).collect();
        let options = ReadOptions::of(Dialect::get("intel"));
        let definition = Definition::from_bytes_with("net", text, &options).unwrap();
        let state = StateOptions { phase: Some(Phase::Test), ..StateOptions::default() };
        let net = Net::resolve(definition, &state).unwrap();
        net.layers.iter().map(|layer| layer.param.name().to_owned()).collect()
    }

    #[test]
    fn batch_norm_and_scale_vanish_if_something_reads_them() {
        let net = ["d Input - d", "c Convolution d c", "n BatchNorm c n", "s Scale n s", "r ReLU s r"];
        assert_eq!(left(&net), ["d", "c", "r"]);
        assert_eq!(left(&net[..4]), ["d", "c"]);
        assert_eq!(left(&net[..3]), ["d", "c", "n"]);
        let alone = ["d Input - d", "c Convolution d c", "n BatchNorm c n", "r ReLU n r"];
        assert_eq!(left(&alone), ["d", "c", "r"]);
    }

    #[test]
    fn in_place_only_what_follows_at_once_vanishes() {
        let net = ["d Input - d", "c Convolution d c", "n BatchNorm c c", "s Scale c c", "r ReLU c c"];
        assert_eq!(left(&net), ["d", "c", "r"]);
        let apart = ["d Input - d", "e Input - e", "c Convolution d c", "x ReLU e x", "n BatchNorm c c", "s Scale c c"];
        assert_eq!(left(&apart), ["d", "e", "c", "x", "n", "s"]);
    }

    #[test]
    fn a_convolution_without_a_bias_gets_one_and_the_last_top() {
        let layer = |kind: &str, bottom: &str, top: &str| {
            let param = LayerParameter {
                r#type: Some(kind.into()),
                bottom: vec![bottom.into()],
                top: vec![top.into()],
                ..Default::default()
            };
            NetLayer { param, origin: None }
        };
        let mut convolution = layer("Convolution", "d", "c");
        convolution.param.convolution_param.get_or_insert_default().bias_term = Some(false);
        let folded =
            fold(vec![convolution, layer("BatchNorm", "c", "n"), layer("Scale", "n", "s"), layer("ReLU", "s", "r")]);
        assert_eq!(folded.len(), 2);
        assert_eq!(folded[0].param.top, ["s"]);
        assert!(folded[0].param.convolution_param.as_ref().unwrap().bias_term());
    }
}
