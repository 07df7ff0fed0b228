//! A filler's parameters as text.

use prost::Message;

use crate::proto::caffe::FillerParameter;
use crate::proto::schema::MessageType;
use crate::proto::{FieldType, Schema, gate, text};

/// A filler in protobuf's text form, on one line; the type is there even where it is the default.
pub fn text(param: &FillerParameter) -> String {
    let param = FillerParameter { r#type: Some(param.r#type().to_owned()), ..param.clone() };
    written(&param).1.lines().collect::<Vec<_>>().join(" ")
}

/// The fields that a filler has, each with its value as text.
pub(super) fn fields(param: &FillerParameter) -> Vec<(FieldType, String)> {
    let (message, text) = written(param);
    let field = |line: &str| {
        let (name, value) = line.split_once(": ")?;
        Some((message.field_named(name)?, value.to_owned()))
    };
    text.lines().filter_map(field).collect()
}

/// The text form with a line for each field. A filler with fields of a fork is written by the first schema that has
/// them all.
fn written(param: &FillerParameter) -> (MessageType, String) {
    let bytes = param.encode_to_vec();
    let by = |schema: &'static Schema| {
        let message = schema.message("FillerParameter")?;
        Some((message, text::to_string(message, &gate::unfolded(&bytes, message)).ok()?))
    };
    Schema::all().iter().find_map(by).expect("it was read by one of the schemas")
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
