//! The V1 format: `layers { type: CONVOLUTION ... }` with enum types and the multipliers in lists of their own.

use super::Problem;
use super::v1_types::current_name;
use crate::error::Refusal;
use crate::net::{NetLayer, Origin};
use crate::proto::caffe::v1_layer_parameter::{DimCheckMode as V1Mode, LayerType as V1Type};
use crate::proto::caffe::{LayerParameter, ParamSpec, V1LayerParameter, param_spec::DimCheckMode};

/// The layer in the current format.
///
/// # Errors
/// The type is one that the current format does not have.
pub(super) fn upgrade(layer: V1LayerParameter, origin: Origin) -> Result<NetLayer, Problem> {
    let r#type = layer.r#type.map(|number| type_name(number, origin)).transpose()?;
    let param = params(&layer);
    let param = LayerParameter {
        name: layer.name,
        r#type,
        bottom: layer.bottom,
        top: layer.top,
        loss_weight: layer.loss_weight,
        param,
        blobs: layer.blobs,
        include: layer.include,
        exclude: layer.exclude,
        transform_param: layer.transform_param,
        loss_param: layer.loss_param,
        accuracy_param: layer.accuracy_param,
        argmax_param: layer.argmax_param,
        concat_param: layer.concat_param,
        contrastive_loss_param: layer.contrastive_loss_param,
        convolution_param: layer.convolution_param,
        data_param: layer.data_param,
        dropout_param: layer.dropout_param,
        dummy_data_param: layer.dummy_data_param,
        eltwise_param: layer.eltwise_param,
        exp_param: layer.exp_param,
        hdf5_data_param: layer.hdf5_data_param,
        hdf5_output_param: layer.hdf5_output_param,
        hinge_loss_param: layer.hinge_loss_param,
        image_data_param: layer.image_data_param,
        infogain_loss_param: layer.infogain_loss_param,
        inner_product_param: layer.inner_product_param,
        lrn_param: layer.lrn_param,
        memory_data_param: layer.memory_data_param,
        mvn_param: layer.mvn_param,
        pooling_param: layer.pooling_param,
        power_param: layer.power_param,
        relu_param: layer.relu_param,
        sigmoid_param: layer.sigmoid_param,
        slice_param: layer.slice_param,
        softmax_param: layer.softmax_param,
        tanh_param: layer.tanh_param,
        threshold_param: layer.threshold_param,
        window_data_param: layer.window_data_param,
        ..Default::default()
    };
    Ok(NetLayer { param, origin: Some(origin) })
}

/// The current name of a V1 type; NONE is the empty name, which no registry knows.
fn type_name(number: i32, origin: Origin) -> Result<String, Problem> {
    let v1 = V1Type::try_from(number).ok();
    if v1 == Some(V1Type::None) {
        return Ok(String::new());
    }
    let refusal = || Refusal::new(format!("unknown V1 layer type {number}"));
    v1.and_then(current_name).map(str::to_owned).ok_or_else(|| Problem { origin, refusal: refusal() })
}

/// The lists `param`, `blob_share_mode`, `blobs_lr` and `weight_decay`, entry by entry in one list.
fn params(layer: &V1LayerParameter) -> Vec<ParamSpec> {
    let lengths = [layer.param.len(), layer.blob_share_mode.len(), layer.blobs_lr.len(), layer.weight_decay.len()];
    let spec = |index: usize| ParamSpec {
        name: layer.param.get(index).cloned(),
        share_mode: layer.blob_share_mode.get(index).map(|&mode| share_mode(mode)),
        lr_mult: layer.blobs_lr.get(index).copied(),
        decay_mult: layer.weight_decay.get(index).copied(),
    };
    (0..lengths.into_iter().max().unwrap_or(0)).map(spec).collect()
}

fn share_mode(mode: i32) -> i32 {
    let permissive = mode == V1Mode::Permissive as i32;
    (if permissive { DimCheckMode::Permissive } else { DimCheckMode::Strict }) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: Origin = Origin { field: "layers", index: 0 };

    #[test]
    fn every_v1_type_has_a_current_name() {
        for number in 1..=39 {
            assert!(type_name(number, ORIGIN).is_ok_and(|name| !name.is_empty()), "V1 type {number}");
        }
        assert_eq!(type_name(V1Type::SoftmaxLoss as i32, ORIGIN).ok().unwrap(), "SoftmaxWithLoss");
        assert_eq!(type_name(0, ORIGIN).ok().unwrap(), "");
    }

    #[test]
    fn the_longest_list_decides_the_number_of_params() {
        let layer = V1LayerParameter {
            param: vec!["w".into()],
            blobs_lr: vec![1.0, 2.0],
            blob_share_mode: vec![V1Mode::Permissive as i32],
            ..Default::default()
        };
        let params = params(&layer);
        assert_eq!(params.len(), 2);
        assert_eq!((params[0].name(), params[0].share_mode()), ("w", DimCheckMode::Permissive));
        assert_eq!((params[1].name.as_ref(), params[1].lr_mult), (None, Some(2.0)));
    }
}
