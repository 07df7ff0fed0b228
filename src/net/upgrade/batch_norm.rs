//! BatchNorm layers of the time when their statistics had to be protected from the solver by hand.

use crate::dialect::BatchNormParams;
use crate::net::NetLayer;

/// What is said where multipliers were set.
const CLEARED: &str = "BatchNorm layers with three params were given lr_mult: 0 and decay_mult: 0";
/// What is said where params were taken away.
const REMOVED: &str = "three params of BatchNorm layers were replaced by three with lr_mult: 0";
/// What is said where all multipliers were set.
const SET: &str = "params of BatchNorm layers were given lr_mult: 0 and decay_mult: 0, those of scale and bias 1";

/// How many of the blobs of a BatchNorm layer are statistics.
const STATISTICS: usize = 3;

/// Sets both multipliers to zero in BatchNorm layers with exactly three params, or does with them what the dialect
/// does; returns how many layers it changed.
pub(super) fn upgrade(layers: &mut [NetLayer], dialects: BatchNormParams) -> usize {
    let mut changed = 0;
    let any_number = dialects == BatchNormParams::Set;
    for NetLayer { param, .. } in layers {
        if param.r#type() != "BatchNorm" || !any_number && param.param.len() != STATISTICS {
            continue;
        }
        let before = param.param.clone();
        match dialects {
            BatchNormParams::Kept => {}
            BatchNormParams::Replaced => param.param.clear(),
            BatchNormParams::Cleared | BatchNormParams::ClearedByCaffe | BatchNormParams::ClearedAlone => {
                for spec in &mut param.param {
                    spec.lr_mult = Some(0.0);
                    spec.decay_mult = Some(0.0);
                }
            }
            BatchNormParams::Set => {
                for (index, spec) in param.param.iter_mut().enumerate() {
                    let mult = if index < STATISTICS { 0.0 } else { 1.0 };
                    spec.lr_mult = Some(mult);
                    spec.decay_mult = Some(mult);
                }
            }
        }
        changed += usize::from(param.param != before);
    }
    changed
}

/// Says what became of the params.
pub(super) fn notice(dialects: BatchNormParams) -> &'static str {
    match dialects {
        BatchNormParams::Replaced => REMOVED,
        BatchNormParams::Set => SET,
        _ => CLEARED,
    }
}

/// Whether this was said.
pub(crate) fn is_notice(text: &str) -> bool {
    [CLEARED, REMOVED, SET].contains(&text)
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
        assert_eq!(upgrade(&mut layers, BatchNormParams::Cleared), 1);
        assert_eq!(layers[0].param.param[0].lr_mult, Some(1.0));
        assert_eq!(layers[1].param.param[2].decay_mult, Some(0.0));
        assert_eq!(upgrade(&mut layers, BatchNormParams::Cleared), 0);
    }

    #[test]
    fn dialects_may_set_any_number_of_them() {
        let mut layers = [layer(2), layer(5)];
        assert_eq!(upgrade(&mut layers, BatchNormParams::Set), 2);
        let mults = |layer: &NetLayer| layer.param.param.iter().map(|spec| spec.decay_mult()).collect::<Vec<_>>();
        assert_eq!([mults(&layers[0]), mults(&layers[1])], [vec![0.0; 2], vec![0.0, 0.0, 0.0, 1.0, 1.0]]);
    }

    #[test]
    fn dialects_remove_or_keep_them() {
        let mut layers = [layer(2), layer(3)];
        assert_eq!(upgrade(&mut layers, BatchNormParams::Kept), 0);
        assert_eq!(upgrade(&mut layers, BatchNormParams::Replaced), 1);
        assert_eq!(layers.map(|layer| layer.param.param.len()), [2, 0]);
    }
}
