//! Writes a filler into the layer that is saved.

use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, ReflectMessage, Value};

use crate::proto::caffe::{FillerParameter, LayerParameter};
use crate::proto::descriptor;

/// Sets the filler at the end of a path such as `convolution_param.weight_filler`; says whether there is such a field.
pub(crate) fn set_filler(layer: &mut LayerParameter, path: &str, filler: &FillerParameter) -> bool {
    let filler = encoded(filler, "FillerParameter");
    let set = encoded(layer, "LayerParameter").zip(filler).and_then(|(mut message, filler)| {
        let (parents, last) = path.rsplit_once('.').unwrap_or(("", path));
        let mut parent = &mut message;
        for name in parents.split('.').filter(|name| !name.is_empty()) {
            let field = single(parent, name)?;
            let Value::Message(child) = parent.get_field_mut(&field) else { return None };
            parent = child;
        }
        parent.try_set_field(&single(parent, last)?, Value::Message(filler)).ok()?;
        message.transcode_to().ok()
    });
    match set {
        Some(changed) => {
            *layer = changed;
            true
        }
        None => false,
    }
}

fn single(message: &DynamicMessage, name: &str) -> Option<FieldDescriptor> {
    message.descriptor().get_field_by_name(name).filter(|field| !field.is_list())
}

fn encoded(message: &impl Message, name: &str) -> Option<DynamicMessage> {
    DynamicMessage::decode(descriptor(name), message.encode_to_vec().as_slice()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::caffe::{ConvolutionParameter, ScaleParameter};

    fn msra() -> FillerParameter {
        FillerParameter { r#type: Some("msra".into()), std: Some(f32::NAN), ..Default::default() }
    }

    #[test]
    fn the_field_is_set_and_nothing_else() {
        let convolution = ConvolutionParameter { num_output: Some(3), ..Default::default() };
        let mut layer = LayerParameter { convolution_param: Some(convolution.clone().into()), ..Default::default() };
        assert!(set_filler(&mut layer, "convolution_param.weight_filler", &msra()));
        let expected = ConvolutionParameter { weight_filler: Some(msra()), ..convolution };
        let expected = LayerParameter { convolution_param: Some(expected.into()), ..Default::default() };
        assert_eq!(layer.encode_to_vec(), expected.encode_to_vec());
    }

    #[test]
    fn a_missing_message_is_made() {
        let mut layer = LayerParameter::default();
        assert!(set_filler(&mut layer, "scale_param.filler", &FillerParameter::default()));
        let scale = ScaleParameter { filler: Some(FillerParameter::default()), ..Default::default() };
        assert_eq!(layer, LayerParameter { scale_param: Some(scale.into()), ..Default::default() });
    }

    #[test]
    fn what_is_no_filler_s_field_is_left_alone() {
        for path in
            ["", "name", "convolution_param", "convolution_param.none", "none.filler", "dummy_data_param.data_filler"]
        {
            let mut layer = LayerParameter::default();
            assert!(!set_filler(&mut layer, path, &msra()), "{path}");
            assert_eq!(layer, LayerParameter::default());
        }
    }
}
