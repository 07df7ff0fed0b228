//! Which layers belong to the net in a given state: the `include` and `exclude` rules.

use std::collections::BTreeSet;

use super::NetLayer;
use crate::error::{Refusal, ensure};
use crate::proto::caffe::{LayerParameter, NetState, NetStateRule};

/// Whether the layer is part of the net in `state`.
///
/// A layer with include rules is in if any of them is met; one with exclude rules is out if any of them is met.
///
/// # Errors
/// The layer has rules of both kinds.
pub(super) fn included(layer: &LayerParameter, state: &NetState) -> Result<bool, Refusal> {
    ensure!(
        layer.include.is_empty() || layer.exclude.is_empty(),
        "exclude",
        "include and exclude rules cannot both be given"
    );
    Ok(if layer.include.is_empty() {
        !layer.exclude.iter().any(|rule| meets(state, rule))
    } else {
        layer.include.iter().any(|rule| meets(state, rule))
    })
}

/// Whether the state meets every condition of the rule.
fn meets(state: &NetState, rule: &NetStateRule) -> bool {
    let has = |stage: &String| state.stage.contains(stage);
    rule.phase.is_none_or(|phase| phase == state.phase() as i32)
        && rule.min_level.is_none_or(|level| state.level() >= level)
        && rule.max_level.is_none_or(|level| state.level() <= level)
        && rule.stage.iter().all(has)
        && !rule.not_stage.iter().any(has)
}

/// The layers of a file in a state of its net.
#[derive(Debug, Default)]
pub(crate) struct Filtered {
    /// Those that belong to the net.
    pub(crate) kept: Vec<NetLayer>,
    /// All others.
    pub(crate) left_out: Vec<NetLayer>,
}

/// Parts the layers that belong to the net in `state` from the others; an error comes with the layer at fault.
pub(crate) fn filter(layers: Vec<NetLayer>, state: &NetState) -> Result<Filtered, (Refusal, Box<NetLayer>)> {
    let mut filtered = Filtered::default();
    for layer in layers {
        match included(&layer.param, state) {
            Ok(true) => filtered.kept.push(layer),
            Ok(false) => filtered.left_out.push(layer),
            Err(refusal) => return Err((refusal, Box::new(layer))),
        }
    }
    Ok(filtered)
}

/// The stages that the rules of these layers name, in the order of their names.
pub(crate) fn stages(layers: &[NetLayer]) -> BTreeSet<&str> {
    let rules = layers.iter().flat_map(|layer| layer.param.include.iter().chain(&layer.param.exclude));
    rules.flat_map(|rule| rule.stage.iter().chain(&rule.not_stage)).map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::caffe::Phase;

    fn state(phase: Phase, level: i32, stages: &[&str]) -> NetState {
        NetState {
            phase: Some(phase as i32),
            level: Some(level),
            stage: stages.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn every_condition_of_a_rule_counts() {
        let rule = NetStateRule {
            phase: Some(Phase::Train as i32),
            min_level: Some(1),
            max_level: Some(3),
            stage: vec!["a".into()],
            not_stage: vec!["b".into()],
        };
        assert!(meets(&state(Phase::Train, 1, &["a", "c"]), &rule));
        assert!(!meets(&state(Phase::Test, 1, &["a"]), &rule));
        assert!(!meets(&state(Phase::Train, 0, &["a"]), &rule));
        assert!(!meets(&state(Phase::Train, 4, &["a"]), &rule));
        assert!(!meets(&state(Phase::Train, 2, &[]), &rule));
        assert!(!meets(&state(Phase::Train, 2, &["a", "b"]), &rule));
    }

    #[test]
    fn one_rule_met_is_enough() {
        let on = |phase: Phase| NetStateRule { phase: Some(phase as i32), ..Default::default() };
        let both = vec![on(Phase::Train), on(Phase::Test)];
        let layer = |include, exclude| LayerParameter { include, exclude, ..Default::default() };
        let train = state(Phase::Train, 0, &[]);
        assert_eq!(included(&layer(both.clone(), vec![]), &train), Ok(true));
        assert_eq!(included(&layer(vec![], both.clone()), &train), Ok(false));
        assert_eq!(included(&layer(vec![on(Phase::Test)], vec![]), &train), Ok(false));
        let refusal = included(&layer(both.clone(), both), &train).unwrap_err();
        assert_eq!(refusal.message, "include and exclude rules cannot both be given");
    }
}
