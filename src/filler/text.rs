//! A filler's parameters as text.

use prost::Message;

use crate::proto::caffe::FillerParameter;
use crate::proto::descriptor;
use crate::proto::text;

/// A filler in protobuf's text form, on one line; the type is there even where it is the default.
pub fn text(param: &FillerParameter) -> String {
    let param = FillerParameter { r#type: Some(param.r#type().to_owned()), ..param.clone() };
    let text = text::to_string(descriptor("FillerParameter"), &param.encode_to_vec()).expect("the schema's message");
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
