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

use prost::encoding::{DecodeContext, WireType, decode_key};
use prost::{DecodeError, Message};

use super::caffe::LayerParameter;
use super::fields::Fields;

impl LayerParameter {
    /// Decodes what is kept of the field of this number in the union.
    pub(super) fn of_fork<M: Message + Default>(&self, number: u32) -> Option<M> {
        let mut message = M::default();
        let merge =
            &mut |number, wire_type, rest: &mut &[u8], context| message.merge_field(number, wire_type, rest, context);
        decode_kept(self.kept.as_deref()?, number, merge).then_some(message)
    }
}

/// Merges a field of this number and wire type, and takes it from what is left.
type MergeField<'a> = &'a mut dyn FnMut(u32, WireType, &mut &[u8], DecodeContext) -> Result<(), DecodeError>;

/// Decodes a field, if it is kept, as [`Message::merge`] would; the code is one for all types of messages.
fn decode_kept(kept: &[u8], number: u32, merge_field: MergeField<'_>) -> bool {
    let Some(encoded) = kept_of(kept, number) else { return false };
    let mut rest = encoded.as_slice();
    while !rest.is_empty() {
        decode_key(&mut rest)
            .and_then(|(number, wire_type)| merge_field(number, wire_type, &mut rest, DecodeContext::default()))
            .expect("the net was checked when it was read");
    }
    true
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
