//! What layers have of the fields that forks have added for their layer types.

use prost::Message;
use prost::encoding::message;

use super::caffe::{ForkLayerParameter, LayerParameter};

impl LayerParameter {
    /// The parameters that forks have added to those of layers, as `bn_param`.
    ///
    /// They are decoded at each call, so that layers without any pay nothing for them.
    ///
    /// ```
    /// use caffemodel::Definition;
    /// let text = "layer { name: 'p' type: 'Permute' bottom: 'a' top: 'b' permute_param { order: 1 order: 0 } }";
    /// let definition = Definition::from_bytes("net.prototxt", text)?;
    /// let param = definition.layers[0].param.fork().permute_param.unwrap_or_default();
    /// assert_eq!(param.order, [1, 0]);
    /// # Ok::<(), caffemodel::Error>(())
    /// ```
    ///
    /// # Panics
    /// `kept` was changed to what is no encoded message.
    pub fn fork(&self) -> ForkLayerParameter {
        let kept = self.kept.as_deref().unwrap_or_default();
        ForkLayerParameter::decode(kept).expect("the net was checked when it was read")
    }

    /// Merges a parameter into what the layer has in the field of this number in the union.
    pub(crate) fn merge_fork(&mut self, number: u32, param: &impl Message) {
        message::encode(number, param, self.kept.get_or_insert_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Definition;
    use crate::proto::{escape, gate};

    #[test]
    fn strings_that_are_not_utf8_are_escaped_within_and_whole_outside() {
        let text = r"layer { name: 'o' type: 'DetectionOutput' bottom: 'l' bottom: 'c' bottom: 'p' top: 'o'
            detection_output_param { num_classes: 2 save_output_param { output_directory: '\312\375' } } }";
        let definition = Definition::from_bytes("net.prototxt", text).unwrap();
        let layer = &definition.layers[0].param;
        let saved = layer.fork().detection_output_param.and_then(|param| param.save_output_param).unwrap();
        assert_eq!(&*escape::unescaped(saved.output_directory()), b"\xca\xfd");
        let encoded = layer.encode_to_vec();
        let outside = gate::unfolded(&encoded, definition.dialect.layer_message());
        assert!(outside.windows(4).any(|bytes| bytes == [10, 2, 0xca, 0xfd]));
    }

    #[test]
    fn what_is_merged_counts_beside_what_was_there() {
        let text = "layer { name: 'p' type: 'Permute' bottom: 'a' top: 'b' permute_param { order: 1 } }";
        let mut layer = Definition::from_bytes("net.prototxt", text).unwrap().layers[0].param.clone();
        assert_eq!(layer.fork().permute_param.unwrap().order, [1]);
        let field = crate::dialect::Dialect::get("ssd").unwrap().layer_message().field_named("permute_param").unwrap();
        layer.merge_fork(
            field.number(),
            &crate::proto::caffe::PermuteParameter { order: vec![0], ..Default::default() },
        );
        assert_eq!(layer.fork().permute_param.unwrap().order, [1, 0]);
        assert!(layer.fork().norm_param.is_none());
    }
}
