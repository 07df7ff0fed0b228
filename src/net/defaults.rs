//! What a net says for all of its layers: it is written into each of them that does not say it itself, automatic splits
//! included.

use crate::dialect::{Dialect, Traits};
use crate::proto::caffe::{LayerParameter, NetParameter, Type};

/// What a net says for all of its layers.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct LayerDefaults {
    /// The type of numbers of the forward pass, and so of blobs.
    pub forward_type: Option<Type>,
    /// That of the backward pass.
    pub backward_type: Option<Type>,
    /// The type that the forward pass computes in.
    pub forward_math: Option<Type>,
    /// The type that the backward pass computes in.
    pub backward_math: Option<Type>,
    /// The algorithms of cuDNN for the passes of convolutions.
    pub conv_algos_override: Option<String>,
    /// The type that cuDNN computes in.
    pub cudnn_math_override: Option<i32>,
    /// The engine of layers that have several.
    pub engine: Option<String>,
    /// The size of the parts of a batch that BatchNorm layers take statistics of; it wins over what a layer says.
    pub stats_batch_size: Option<u32>,
}

impl LayerDefaults {
    /// Those of a net.
    pub(super) fn of(net: &NetParameter) -> LayerDefaults {
        LayerDefaults {
            forward_type: net.default_forward_type.map(|_| net.default_forward_type()),
            backward_type: net.default_backward_type.map(|_| net.default_backward_type()),
            forward_math: net.default_forward_math.map(|_| net.default_forward_math()),
            backward_math: net.default_backward_math.map(|_| net.default_backward_math()),
            conv_algos_override: net.default_conv_algos_override.clone(),
            cudnn_math_override: net.default_cudnn_math_override,
            engine: net.engine.clone().filter(|engine| !engine.is_empty()),
            stats_batch_size: net.bn_stats_batch_size,
        }
    }

    /// Writes them into a layer of a net of this dialect.
    pub(crate) fn write(&self, layer: &mut LayerParameter, dialect: &Dialect) {
        self.enter(layer, &dialect.traits);
    }

    /// Writes them into a layer.
    pub(super) fn enter(&self, layer: &mut LayerParameter, traits: &Traits) {
        if traits.layers_have_types {
            self.enter_types(layer);
        }
        if let (Some(algos), Some(convolution)) = (&self.conv_algos_override, &mut layer.convolution_param) {
            convolution.conv_algos_override.get_or_insert_with(|| algos.clone());
        }
        layer.cudnn_math_override = layer.cudnn_math_override.or(self.cudnn_math_override);
        if let Some(engine) = &self.engine
            && layer.engine().is_empty()
        {
            layer.engine = Some(engine.clone());
        }
        if self.stats_batch_size.is_some() && layer.r#type() == "BatchNorm" {
            layer.batch_norm_param.get_or_insert_default().stats_batch_size = self.stats_batch_size;
        }
    }

    /// A layer's own type counts for its math as well, before the math that the net says.
    fn enter_types(&self, layer: &mut LayerParameter) {
        let (forward, backward) = (self.forward(), self.backward());
        layer.forward_math = Some(forward.math(layer.forward_math, layer.forward_type, |math| math));
        layer.backward_math = Some(backward.math(layer.backward_math, layer.backward_type, |math| math));
        layer.forward_type.get_or_insert(forward.number_type as i32);
        let backward_type = if layer.transform_param.is_some() { Type::Float } else { backward.number_type };
        layer.backward_type.get_or_insert(backward_type as i32);
    }

    /// Writes the types of a layer, as the net gives them, into the automatic split of one of its tops. A split
    /// computes in single precision unless the layer or the net says its math.
    pub(super) fn enter_split(&self, layer: &LayerParameter, split: &mut LayerParameter, traits: &Traits) {
        if !traits.layers_have_types {
            return;
        }
        let (forward, backward) = (self.forward(), self.backward());
        let at_least_single = |math: i32| math.min(Type::Float as i32);
        split.forward_math = Some(forward.math(layer.forward_math, layer.forward_type, at_least_single));
        split.backward_math = Some(backward.math(layer.backward_math, layer.backward_type, at_least_single));
        split.forward_type = layer.forward_type.or(Some(forward.number_type as i32));
        split.backward_type = layer.backward_type.or(Some(backward.number_type as i32));
    }

    fn forward(&self) -> PassTypes {
        PassTypes { number_type: self.forward_type.unwrap_or(Type::Float), math: self.forward_math }
    }

    fn backward(&self) -> PassTypes {
        PassTypes { number_type: self.backward_type.unwrap_or(Type::Float), math: self.backward_math }
    }
}

/// What a net says for a pass.
struct PassTypes {
    number_type: Type,
    math: Option<Type>,
}

impl PassTypes {
    /// The math of a layer: `of_type` makes it of a type of numbers.
    fn math(&self, own: Option<i32>, own_type: Option<i32>, of_type: impl Fn(i32) -> i32) -> i32 {
        let nets = || self.math.map_or_else(|| of_type(self.number_type as i32), |math| math as i32);
        own.or_else(|| own_type.map(&of_type)).unwrap_or_else(nets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;
    use crate::proto::caffe::{ConvolutionParameter, TransformationParameter};

    fn types(net: &NetParameter, mut layer: LayerParameter) -> [Type; 4] {
        LayerDefaults::of(net).enter(&mut layer, &Dialect::get("nvidia").unwrap().traits);
        [layer.forward_type(), layer.backward_type(), layer.forward_math(), layer.backward_math()]
    }

    #[test]
    fn a_layer_s_own_type_counts_before_the_net_s_math() {
        let (single, half) = (Type::Float, Type::Float16);
        let net = NetParameter { default_forward_math: Some(single as i32), ..Default::default() };
        let layer = LayerParameter { forward_type: Some(half as i32), ..Default::default() };
        assert_eq!(types(&net, layer), [half, single, half, single]);
        let net = NetParameter { default_forward_type: Some(half as i32), ..net };
        assert_eq!(types(&net, LayerParameter::default()), [half, single, single, single]);
        let net = NetParameter { default_forward_math: None, default_backward_type: Some(half as i32), ..net };
        let data =
            LayerParameter { transform_param: Some(TransformationParameter::default().into()), ..Default::default() };
        assert_eq!(types(&net, data), [half, single, half, half]);
    }

    #[test]
    fn a_split_has_the_types_of_its_layer_and_computes_in_single_precision() {
        let traits = &Dialect::get("nvidia").unwrap().traits;
        let (single, half) = (Type::Float, Type::Float16);
        let net = NetParameter { default_forward_type: Some(half as i32), ..Default::default() };
        let split = |layer: &LayerParameter, net: &NetParameter| {
            let mut split = LayerParameter::default();
            LayerDefaults::of(net).enter_split(layer, &mut split, traits);
            [split.forward_type(), split.backward_type(), split.forward_math(), split.backward_math()]
        };
        assert_eq!(split(&LayerParameter::default(), &net), [half, single, single, single]);
        let layer = LayerParameter { backward_math: Some(half as i32), ..Default::default() };
        assert_eq!(split(&layer, &net), [half, single, single, half]);
        let net = NetParameter { default_forward_math: Some(half as i32), ..net };
        assert_eq!(split(&LayerParameter::default(), &net), [half, single, half, single]);
    }

    #[test]
    fn an_engine_is_for_layers_without_one_and_the_batch_of_statistics_for_all() {
        let net = NetParameter { engine: Some("CAFFE".into()), bn_stats_batch_size: Some(2), ..Default::default() };
        let entered = |engine: &str| {
            let mut layer =
                LayerParameter { r#type: Some("BatchNorm".into()), engine: Some(engine.into()), ..Default::default() };
            LayerDefaults::of(&net).enter(&mut layer, &Dialect::get("intel").unwrap().traits);
            let size = layer.batch_norm_param.map(|param| param.stats_batch_size());
            (layer.engine, size)
        };
        assert_eq!(entered(""), (Some("CAFFE".into()), Some(2)));
        assert_eq!(entered("MKLDNN"), (Some("MKLDNN".into()), Some(2)));
    }

    #[test]
    fn other_dialects_have_no_types_and_a_layer_s_own_words_stay() {
        let mut layer = LayerParameter {
            convolution_param: Some(
                ConvolutionParameter { conv_algos_override: Some("0".into()), ..Default::default() }.into(),
            ),
            ..Default::default()
        };
        let given = layer.clone();
        let net = NetParameter { default_conv_algos_override: Some("1".into()), ..Default::default() };
        LayerDefaults::of(&net).enter(&mut layer, &Dialect::bvlc().traits);
        assert_eq!(layer, given);
    }
}
