//! BatchNorm layers of the time when their statistics had to be protected from the solver by hand.

use crate::net::NetLayer;

/// Sets both multipliers to zero in BatchNorm layers with exactly three params; returns how many layers it changed.
pub(super) fn upgrade(layers: &mut [NetLayer]) -> usize {
    let mut changed = 0;
    for NetLayer { param, .. } in layers {
        if param.r#type() != "BatchNorm" || param.param.len() != 3 {
            continue;
        }
        let before = param.param.clone();
        for spec in &mut param.param {
            spec.lr_mult = Some(0.0);
            spec.decay_mult = Some(0.0);
        }
        changed += usize::from(param.param != before);
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::caffe::{LayerParameter, ParamSpec};

    fn layer(params: usize) -> NetLayer {
        let spec = ParamSpec { lr_mult: Some(1.0), ..Default::default() };
        let param =
            LayerParameter { r#type: Some("BatchNorm".into()), param: vec![spec; params], ..Default::default() };
        NetLayer { param, origin: None }
    }

    #[test]
    fn exactly_three_params_are_rewritten() {
        let mut layers = [layer(2), layer(3)];
        assert_eq!(upgrade(&mut layers), 1);
        assert_eq!(layers[0].param.param[0].lr_mult, Some(1.0));
        assert_eq!(layers[1].param.param[2].decay_mult, Some(0.0));
        assert_eq!(upgrade(&mut layers), 0);
    }
}
