//! Which layers a preset damps, so that sums do not let the signal grow.
//!
//! Weights like those of `msra` keep the mean square of a signal from layer to layer. An Eltwise sum adds up those of
//! its bottoms, so that the signal of a residual net grows with every block, and with the depth exponentially. So the
//! last weights of each branch before a sum are multiplied by
//!
//! f = 1 / √b where all bottoms are branches, f = 1 / √(b L) where others are shortcuts
//!
//! with b the branches of the sum and L the sums of the net that have both branches and shortcuts. With He et al.'s
//! weights the output of a branch has at most twice the mean square of its input, so that L blocks make it grow by
//! (1 + 2/L)^L at most: less than e² = 7.4, however deep the net is. Where the sum has a coefficient c for the bottom,
//! the weights are multiplied by f / |c|. They are never made larger.
//!
//! > Soufiane Hayou, Eugenio Clerico, Bobby He, George Deligiannidis, Arnaud Doucet and Judith Rousseau (2021), *Stable
//! > ResNet*, AISTATS 2021, for 1 / √L.
//! >
//! > Hongyi Zhang, Yann Dauphin and Tengyu Ma (2019), *Fixup initialization: residual learning without normalization*,
//! > ICLR 2019, for the growth and other powers of L.
//!
//! A bottom is a branch if the way back from it leads to weights that the net gives no filler, through layers that keep
//! the signal's size or scale with it, and to no blob that other layers read too. Those weights are the last ones of
//! the branch, such as the Scale behind its batch normalisation: damped they change the sum and nothing else.

use std::collections::HashMap;

use crate::Shape;
use crate::filler::{FillerRegistry, Moments};
use crate::layer::{LayerRegistry, Signal};
use crate::proto::caffe::{FillerParameter, LayerParameter};

/// The layers whose weights a preset damps.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Damping {
    /// What the weights are multiplied by, by the index of the layer.
    factors: HashMap<usize, f64>,
}

/// A bottom of a sum that ends in weights.
struct Branch {
    /// The layers of its last weights; several where it is concatenated.
    ends: Vec<usize>,
    /// What the sum multiplies it by.
    coefficient: f64,
}

/// The bottoms of an Eltwise sum.
struct Sum {
    branches: Vec<Branch>,
    has_shortcut: bool,
}

impl Sum {
    /// Whether it adds a branch to what other layers read too.
    fn is_block(&self) -> bool {
        self.has_shortcut && !self.branches.is_empty()
    }
}

impl Damping {
    /// The layers to damp of a net: all its layers in order, splits included.
    pub fn of<'a>(layers: impl IntoIterator<Item = &'a LayerParameter>, types: &'a LayerRegistry) -> Damping {
        let graph = Graph::new(layers, types);
        let sums: Vec<Sum> = (0..graph.layers.len()).filter_map(|layer| graph.sum(layer)).collect();
        let blocks = sums.iter().filter(|sum| sum.is_block()).count();
        let mut factors = HashMap::new();
        for Sum { branches, has_shortcut } in sums {
            let parts = branches.len() * if has_shortcut { blocks } else { 1 };
            for Branch { ends, coefficient } in branches {
                let factor = 1.0 / ((parts as f64).sqrt() * coefficient.abs());
                if factor < 1.0 {
                    factors.extend(ends.into_iter().map(|end| (end, factor)));
                }
            }
        }
        Damping { factors }
    }

    /// What the weights of the layer of index `layer` are multiplied by, if they are damped.
    pub fn factor(&self, layer: usize) -> Option<f64> {
        self.factors.get(&layer).copied()
    }
}

/// The filler whose values are `factor` times those of `param`, as far as their moments go: constant or gaussian, so
/// that Caffe knows it. A filler without moments stays.
pub(super) fn damp(param: FillerParameter, factor: f64, shape: &Shape, fillers: &FillerRegistry) -> FillerParameter {
    let moments = fillers.build_chosen(&param, shape).ok().and_then(|filler| filler.moments());
    match moments {
        Some(Moments { mean, std: 0.0 }) => FillerParameter {
            r#type: Some("constant".to_owned()),
            value: Some((mean * factor) as f32),
            ..Default::default()
        },
        Some(Moments { std, .. }) => FillerParameter {
            r#type: Some("gaussian".to_owned()),
            std: Some((std * factor) as f32),
            ..Default::default()
        },
        None => param,
    }
}

/// The layers and where their bottoms come from.
struct Graph<'a> {
    layers: Vec<&'a LayerParameter>,
    types: &'a LayerRegistry,
    /// For each layer the indices of the layers that make its bottoms.
    sources: Vec<Vec<Option<usize>>>,
}

impl<'a> Graph<'a> {
    fn new(layers: impl IntoIterator<Item = &'a LayerParameter>, types: &'a LayerRegistry) -> Graph<'a> {
        let layers: Vec<&LayerParameter> = layers.into_iter().collect();
        let mut made: HashMap<&str, usize> = HashMap::new();
        let mut sources = Vec::with_capacity(layers.len());
        for (index, layer) in layers.iter().enumerate() {
            sources.push(layer.bottom.iter().map(|bottom| made.get(bottom.as_str()).copied()).collect());
            made.extend(layer.top.iter().map(|top| (top.as_str(), index)));
        }
        Graph { layers, types, sources }
    }

    /// What becomes of a signal in the layer.
    fn signal(&self, layer: usize) -> Signal {
        let param = self.layers[layer];
        self.types.get(param.r#type()).map_or(Signal::Lost, |entry| (entry.signal)(param))
    }

    /// The bottoms of the layer, if it is a sum.
    fn sum(&self, layer: usize) -> Option<Sum> {
        let Signal::Summed(coefficients) = self.signal(layer) else { return None };
        let mut found = Sum { branches: Vec::new(), has_shortcut: false };
        for (bottom, &source) in self.sources[layer].iter().enumerate() {
            let coefficient = f64::from(coefficients.get(bottom).copied().unwrap_or(1.0));
            match self.ends(source) {
                Some(ends) => found.branches.push(Branch { ends, coefficient }),
                None => found.has_shortcut = true,
            }
        }
        Some(found)
    }

    /// The layers of the last weights before the top of layer `source`; none if it is a shortcut.
    fn ends(&self, source: Option<usize>) -> Option<Vec<usize>> {
        let (mut ends, mut ways) = (Vec::new(), vec![source]);
        // As each blob that is met has one reader, the ways never meet.
        while let Some(way) = ways.pop() {
            let layer = way?;
            // A layer with several tops is a split, or makes data.
            if self.layers[layer].top.len() != 1 {
                return None;
            }
            match self.signal(layer) {
                Signal::Weighted => ends.push(layer),
                Signal::Kept => ways.extend(self.sources[layer].first()),
                Signal::Joined => ways.extend(&self.sources[layer]),
                _ => return None,
            }
        }
        Some(ends).filter(|ends| !ends.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Definition, Net, StateOptions};

    const DATA: &str =
        r#"layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 4 dim: 8 dim: 8 } } }"#;

    /// A layer of this type.
    fn layer(name: &str, of_type: &str, bottoms: &[&str], more: &str) -> String {
        let bottoms: String = bottoms.iter().map(|bottom| format!("bottom: \"{bottom}\" ")).collect();
        format!("layer {{ name: \"{name}\" type: \"{of_type}\" {bottoms}top: \"{name}\" {more} }}\n")
    }

    fn conv(name: &str, bottom: &str) -> String {
        layer(name, "Convolution", &[bottom], "convolution_param { num_output: 4 kernel_size: 1 }")
    }

    fn sum(name: &str, bottoms: &[&str]) -> String {
        layer(name, "Eltwise", bottoms, "")
    }

    /// The damped layers of a net in order, with the inverse squares of their factors.
    fn damped(layers: &[String]) -> Vec<(String, f64)> {
        let text = format!("{DATA}\n{}", layers.concat());
        let net = Net::resolve(Definition::from_bytes("net", text).unwrap(), &StateOptions::default()).unwrap();
        let params: Vec<&LayerParameter> = net.layers.iter().map(|layer| &layer.param).collect();
        let damping = Damping::of(params.iter().copied(), &LayerRegistry::default());
        let factor = |(index, layer): (usize, &&LayerParameter)| {
            let factor = damping.factor(index)?;
            Some((layer.name().to_owned(), (1e6 / (factor * factor)).round() / 1e6))
        };
        params.iter().enumerate().filter_map(factor).collect()
    }

    fn expected(factors: &[(&str, f64)]) -> Vec<(String, f64)> {
        factors.iter().map(|&(name, factor)| (name.to_owned(), factor)).collect()
    }

    #[test]
    fn branches_beside_a_shortcut_are_damped_by_the_number_of_blocks() {
        let block = |index: usize| {
            let (below, top) = (format!("sum{}", index - 1), format!("sum{index}"));
            let below = if index == 1 { "start" } else { &below };
            let (first, last) = (format!("a{index}"), format!("b{index}"));
            [conv(&first, below), conv(&last, &first), sum(&top, &[below, &last])].concat()
        };
        let net = [conv("start", "data"), block(1), block(2), block(3)];
        assert_eq!(damped(&net), expected(&[("b1", 3.0), ("b2", 3.0), ("b3", 3.0)]));
        // One block at most doubles the signal.
        assert_eq!(damped(&net[..2]), []);
    }

    #[test]
    fn branches_alone_are_damped_by_their_number() {
        let net = [conv("a", "data"), conv("b", "data"), conv("c", "data"), sum("sum", &["a", "b", "c"])];
        assert_eq!(damped(&net), expected(&[("a", 3.0), ("b", 3.0), ("c", 3.0)]));
        // Beside a shortcut they share what one branch would have.
        let net = [conv("a", "data"), conv("b", "data"), sum("sum", &["a", "b", "data"])];
        assert_eq!(damped(&net), expected(&[("a", 2.0), ("b", 2.0)]));
    }

    #[test]
    fn the_last_weights_that_lack_a_filler_are_damped() {
        let ends = |layers: &[String], last: &str| {
            let net = [layers, &[conv("other", "data"), sum("sum", &[last, "other"])]].concat();
            let names: Vec<String> = damped(&net).into_iter().map(|(name, _)| name).collect();
            assert_eq!(names.last().map(String::as_str), Some("other"));
            names[..names.len() - 1].join(" ")
        };
        let bn = layer("bn", "BatchNorm", &["conv"], "");
        let scale = |more| layer("scale", "Scale", &["bn"], more);
        assert_eq!(ends(&[conv("conv", "data"), bn.clone(), scale("")], "scale"), "scale");
        assert_eq!(ends(&[conv("conv", "data"), bn.clone()], "bn"), "conv");
        let given = scale("scale_param { filler { value: 1 } }");
        assert_eq!(ends(&[conv("conv", "data"), bn, given], "scale"), "conv");
        let relu = |bottom: &str| layer("relu", "ReLU", &[bottom], "");
        assert_eq!(ends(&[conv("conv", "data"), relu("conv")], "relu"), "conv");
        let concat = layer("concat", "Concat", &["a", "b"], "concat_param { axis: 0 }");
        assert_eq!(ends(&[conv("a", "data"), conv("b", "data"), concat], "concat"), "a b");
    }

    #[test]
    fn what_other_layers_read_or_do_not_scale_is_a_shortcut() {
        // Both bottoms of the sum have readers of their own.
        let net = [conv("a", "data"), conv("b", "a"), conv("c", "b"), sum("sum", &["a", "b"])];
        assert_eq!(damped(&net), []);
        let tanh = layer("tanh", "TanH", &["a"], "");
        let net = [conv("a", "data"), tanh, conv("b", "data"), conv("c", "data"), sum("sum", &["tanh", "b", "c"])];
        assert_eq!(damped(&net), expected(&[("b", 2.0), ("c", 2.0)]));
        let gate = layer("gate", "Scale", &["a", "b"], "scale_param { axis: 0 }");
        let net = [conv("a", "data"), conv("b", "data"), gate, conv("c", "data"), sum("sum", &["gate", "c"])];
        assert_eq!(damped(&net), expected(&[("a", 2.0), ("c", 2.0)]));
    }

    #[test]
    fn coefficients_count_and_other_operations_do_not() {
        let net = |param: &str| {
            let sum = layer("sum", "Eltwise", &["a", "b"], &format!("eltwise_param {{ {param} }}"));
            damped(&[conv("a", "data"), conv("b", "data"), sum])
        };
        assert_eq!(net("coeff: 2 coeff: -1"), expected(&[("a", 8.0), ("b", 2.0)]));
        assert_eq!(net("coeff: 0.5 coeff: 0"), []);
        assert_eq!(net("operation: PROD"), []);
        assert_eq!(net("operation: MAX"), []);
    }

    #[test]
    fn a_damped_filler_is_one_of_caffe_s() {
        let shape = Shape::new([4, 2, 3, 3]).unwrap();
        let damped = |param: FillerParameter| damp(param, 0.25, &shape, &FillerRegistry::default());
        let of_type = |name: &str| FillerParameter { r#type: Some(name.into()), ..Default::default() };
        let std = Some((0.25 * (2.0 / 18.0f64).sqrt()) as f32);
        assert_eq!(damped(of_type("msra")), FillerParameter { std, ..of_type("gaussian") });
        let two = FillerParameter { value: Some(2.0), ..of_type("constant") };
        assert_eq!(damped(two), FillerParameter { value: Some(0.5), ..of_type("constant") });
        let unknown = of_type("unknown");
        assert_eq!(damped(unknown.clone()), unknown);
    }
}
