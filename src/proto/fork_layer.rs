//! What layers have of the fields that forks have added for their layer types.
//!
//! A layer has one or two of some two hundred: they stay encoded, in `kept`, and are decoded by methods such as
//! [`LayerParameter::permute_param`], so that layers without any pay nothing for them.
//!
//! ```
//! use caffemodel::Definition;
//! let net = "layer { name: 'p' type: 'Permute' bottom: 'a' top: 'b' permute_param { order: 1 order: 0 } }";
//! let definition = Definition::from_bytes("net.prototxt", net)?;
//! let param = definition.layers[0].param.permute_param().unwrap_or_default();
//! assert_eq!(param.order, [1, 0]);
//! # Ok::<(), caffemodel::Error>(())
//! ```

use prost::Message;

use super::caffe::LayerParameter;
use super::fields::Fields;

impl LayerParameter {
    /// Decodes what is kept of the field of this number in the union.
    pub(super) fn of_fork<M: Message + Default>(&self, number: u32) -> Option<M> {
        let encoded = kept_of(self.kept.as_deref()?, number)?;
        Some(M::decode(&*encoded).expect("the net was checked when it was read"))
    }
}

/// The messages of a field, which are one when they follow one another.
fn kept_of(kept: &[u8], number: u32) -> Option<Vec<u8>> {
    let fields = Fields::new(kept, 0, "LayerParameter").map_while(Result::ok);
    let mut own = fields.filter(|field| field.number == number);
    let mut encoded = own.next()?.body.to_vec();
    own.for_each(|field| encoded.extend(field.body));
    Some(encoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Definition;
    use crate::proto::{escape, gate};

    #[test]
    fn strings_that_are_not_utf8_are_escaped_within_and_whole_outside() {
        let text = r"layer { name: 'd' type: 'DenseImageData' top: 'd' top: 'l'
            dense_image_data_param { source: '\312\375' batch_size: 1 } }";
        let definition = Definition::from_bytes("net.prototxt", text).unwrap();
        let layer = &definition.layers[0].param;
        let param = layer.dense_image_data_param().unwrap();
        assert_eq!(&*escape::unescaped(param.source()), b"\xca\xfd");
        let encoded = layer.encode_to_vec();
        let outside = gate::unfolded(&encoded, definition.dialect.layer_message());
        assert!(outside.windows(3).any(|bytes| bytes == [2, 0xca, 0xfd]));
    }

    #[test]
    fn messages_one_after_another_are_one() {
        let text = "layer { name: 'p' type: 'Permute' bottom: 'a' top: 'b' permute_param { order: 1 } }";
        let mut layer = Definition::from_bytes("net.prototxt", text).unwrap().layers[0].param.clone();
        assert_eq!(layer.permute_param().unwrap().order, [1]);
        let kept = layer.kept.take().unwrap();
        layer.kept = Some(kept.repeat(2));
        assert_eq!(layer.permute_param().unwrap().order, [1, 1]);
        assert!(layer.norm_param().is_none());
    }
}
