//! Transformations of the input that once stood among the parameters of the data layers.

use crate::proto::caffe::v1_layer_parameter::LayerType;
use crate::proto::caffe::{
    DataParameter, ImageDataParameter, TransformationParameter, V1LayerParameter, WindowDataParameter,
};

/// Moves the old fields of every V1 data layer into its `transform_param`; returns whether any layer had one.
///
/// Caffe's quirk: where one layer needs it, all data layers of these types get a `transform_param` and the message of
/// their own parameters, even if empty.
pub(super) fn upgrade(layers: &mut [V1LayerParameter]) -> bool {
    if !layers.iter().any(needs_upgrade) {
        return false;
    }
    for layer in layers {
        if let Some(old) = old_fields(layer) {
            move_fields(old, layer.transform_param.get_or_insert_default());
        }
    }
    true
}

/// The four fields, which all three messages have.
#[derive(Default)]
struct OldFields {
    scale: Option<f32>,
    mean_file: Option<String>,
    crop_size: Option<u32>,
    mirror: Option<bool>,
}

macro_rules! take_fields {
    ($param:expr) => {{
        let param = $param;
        OldFields {
            scale: param.scale.take(),
            mean_file: param.mean_file.take(),
            crop_size: param.crop_size.take(),
            mirror: param.mirror.take(),
        }
    }};
}

/// Takes the old fields out of a layer of one of the three types.
fn old_fields(layer: &mut V1LayerParameter) -> Option<OldFields> {
    Some(match layer.r#type() {
        LayerType::Data => take_fields!(layer.data_param.get_or_insert_default()),
        LayerType::ImageData => take_fields!(layer.image_data_param.get_or_insert_default()),
        LayerType::WindowData => take_fields!(layer.window_data_param.get_or_insert_default()),
        _ => return None,
    })
}

fn needs_upgrade(layer: &V1LayerParameter) -> bool {
    macro_rules! any {
        ($type:ident, $param:expr) => {
            $param.as_deref().is_some_and(|$type { scale, mean_file, crop_size, mirror, .. }| {
                scale.is_some() || mean_file.is_some() || crop_size.is_some() || mirror.is_some()
            })
        };
    }
    match layer.r#type() {
        LayerType::Data => any!(DataParameter, layer.data_param),
        LayerType::ImageData => any!(ImageDataParameter, layer.image_data_param),
        LayerType::WindowData => any!(WindowDataParameter, layer.window_data_param),
        _ => false,
    }
}

fn move_fields(old: OldFields, transform: &mut TransformationParameter) {
    transform.scale = old.scale.or(transform.scale);
    transform.mean_file = old.mean_file.or(transform.mean_file.take());
    transform.crop_size = old.crop_size.or(transform.crop_size);
    transform.mirror = old.mirror.or(transform.mirror);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_layer_in_need_changes_all_data_layers() {
        let layer = |scale| V1LayerParameter {
            r#type: Some(LayerType::Data as i32),
            data_param: Some(DataParameter { scale, ..Default::default() }.into()),
            ..Default::default()
        };
        let mut layers = [layer(Some(0.5)), layer(None)];
        assert!(upgrade(&mut layers));
        assert_eq!(layers[0].transform_param.as_ref().unwrap().scale, Some(0.5));
        assert_eq!(layers[0].data_param.as_ref().unwrap().scale, None);
        assert_eq!(layers[1].transform_param, Some(TransformationParameter::default().into()));
        assert!(!upgrade(&mut [layer(None)]));
    }
}
