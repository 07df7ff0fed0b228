//! Transformations of the input that once stood among the parameters of the data layers.

use crate::proto::caffe::v1_layer_parameter::LayerType;
use crate::proto::caffe::{
    DataParameter, ImageDataParameter, LayerParameter, TransformationParameter, V1LayerParameter, WindowDataParameter,
};

/// The four fields, which all three messages have.
#[derive(Default)]
struct OldFields {
    scale: Option<f32>,
    mean_file: Option<String>,
    crop_size: Option<u32>,
    mirror: Option<bool>,
}

impl OldFields {
    fn has_any(&self) -> bool {
        let OldFields { scale, mean_file, crop_size, mirror } = self;
        scale.is_some() || mean_file.is_some() || crop_size.is_some() || mirror.is_some()
    }
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

macro_rules! put_fields {
    ($param:expr, $old:expr) => {{
        let (param, OldFields { scale, mean_file, crop_size, mirror }) = ($param, $old);
        param.scale = scale.or(param.scale);
        param.mean_file = mean_file.or(param.mean_file.take());
        param.crop_size = crop_size.or(param.crop_size);
        param.mirror = mirror.or(param.mirror);
    }};
}

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
            put_fields!(layer.transform_param.get_or_insert_default(), old);
        }
    }
    true
}

/// Moves the old fields of a layer in the current format into its `transform_param`, if it has any: those of a Caffe
/// that keeps them with the parameters of its layers.
pub(super) fn move_in(layer: &mut LayerParameter) {
    let old = match layer.r#type() {
        "Data" | "VolumeData" => layer.data_param.as_deref_mut().map(|param| take_fields!(param)),
        "ImageData" => layer.image_data_param.as_deref_mut().map(|param| take_fields!(param)),
        "WindowData" => layer.window_data_param.as_deref_mut().map(|param| take_fields!(param)),
        _ => layer.video_data_param.as_deref_mut().map(|param| take_fields!(param)),
    };
    if let Some(old) = old.filter(OldFields::has_any) {
        put_fields!(layer.transform_param.get_or_insert_default(), old);
    }
}

/// Moves them back.
pub(super) fn move_out(layer: &mut LayerParameter) {
    let Some(transform) = layer.transform_param.take() else { return };
    let TransformationParameter { scale, mean_file, crop_size, mirror, .. } = *transform;
    let old = OldFields { scale, mean_file, crop_size, mirror };
    match layer.r#type() {
        "Data" | "VolumeData" => put_fields!(layer.data_param.get_or_insert_default(), old),
        "ImageData" => put_fields!(layer.image_data_param.get_or_insert_default(), old),
        "WindowData" => put_fields!(layer.window_data_param.get_or_insert_default(), old),
        _ => put_fields!(layer.video_data_param.get_or_insert_default(), old),
    }
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
