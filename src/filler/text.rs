//! A filler's parameters as text.

use prost::Message;

use crate::proto::caffe::FillerParameter;
use crate::proto::{Schema, gate, text};

/// A filler in protobuf's text form, on one line; the type is there even where it is the default.
pub fn text(param: &FillerParameter) -> String {
    let param = FillerParameter { r#type: Some(param.r#type().to_owned()), ..param.clone() };
    let bytes = param.encode_to_vec();
    // A filler with fields of a fork is written by the first schema that has them all.
    let written = |schema: &'static Schema| {
        let message = schema.message("FillerParameter")?;
        text::to_string(message, &gate::unfolded(&bytes, message)).ok()
    };
    let text = Schema::all().iter().find_map(written).expect("it was read by one of the schemas");
    text.lines().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::caffe::filler_parameter::VarianceNorm;

    #[test]
    fn a_filler_reads_as_in_the_net() {
        let param = FillerParameter {
            r#type: Some("msra".into()),
            std: Some(0.01),
            sparse: Some(3),
            variance_norm: Some(VarianceNorm::Average as i32),
            ..Default::default()
        };
        assert_eq!(text(&param), "type: \"msra\" std: 0.01 sparse: 3 variance_norm: AVERAGE");
        assert_eq!(text(&FillerParameter::default()), "type: \"constant\"");
    }
}
