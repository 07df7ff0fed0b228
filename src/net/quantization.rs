//! What Texas Instruments' Caffe saves of a net beside its name and its layers: that it is quantised, and how.

use prost::Message;

use crate::dialect::Dialect;
use crate::proto::caffe::{NetParameter, NetQuantizationParameter};
use crate::proto::{binary, gate};

/// What stands behind the name of a net that says whether it is quantised.
const MARK: &str = "___QUANTIZED__SEE_END_OFTHE_FILE";

/// Whether and how a net is quantised.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Quantization {
    /// Whether it is, if the net says so.
    pub quantize: Option<bool>,
    /// How it is, if the net says so.
    pub settings: Option<NetQuantizationParameter>,
}

impl Quantization {
    /// That of a net; none where its dialect has no fields for it.
    pub(super) fn of(net: &NetParameter) -> Quantization {
        Quantization { quantize: net.quantize, settings: net.net_quantization_param.clone() }
    }

    /// The name that a net of this name is saved by.
    pub(super) fn saved_name(&self, name: String) -> String {
        if self.quantize.is_some() { name + MARK } else { name }
    }

    /// The fields that are saved behind the layers, encoded by the numbers of the dialect.
    pub(crate) fn saved_fields(&self, dialect: &Dialect) -> Vec<u8> {
        let mut saved = Vec::new();
        if *self != Quantization::default()
            && let Some(message) = dialect.schema().message("NetParameter")
        {
            let net = NetParameter {
                quantize: self.quantize,
                net_quantization_param: self.settings.clone(),
                ..Default::default()
            };
            let fields = net.encode_to_vec();
            binary::write(&mut saved, message, &gate::unfolded(&fields, message))
                .expect("the fields are the dialect's");
        }
        saved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_have_the_dialect_s_numbers() {
        let jacinto = Dialect::get("jacinto").unwrap();
        let none = Quantization::of(&NetParameter::default());
        assert_eq!((none.saved_name("net".into()), none.saved_fields(jacinto)), ("net".into(), vec![]));
        let settings = NetQuantizationParameter { bitwidth_weights: Some(8), ..Default::default() };
        let net = NetParameter { quantize: Some(false), net_quantization_param: Some(settings), ..Default::default() };
        let given = Quantization::of(&net);
        assert_eq!(given.saved_name("net".into()), format!("net{MARK}"));
        // 200: a number, 0; 201: a message of 2 bytes, the number 8 by 3.
        assert_eq!(given.saved_fields(jacinto), [0xc0, 0x0c, 0, 0xca, 0x0c, 2, 0x18, 8]);
    }
}
