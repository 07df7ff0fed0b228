//! The net that Caffe would build in a given state, before shapes are known.

use std::collections::HashSet;
use std::path::PathBuf;

use super::fold::fold;
use super::inclusion::{Filtered, filter};
use super::locate::{Locator, NetPlace};
use super::split::{CopyNames, insert_splits, without_splits};
use super::upgrade::unsized_layer;
use super::{Definition, NetLayer};
use crate::dialect::Dialect;
use crate::error::{Refusal, Result};
use crate::proto::caffe::{NetState, Phase};

/// The state to build the net in, as the caller asks for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StateOptions {
    /// The phase; `None` takes the file's `state`, or TRAIN where it has none.
    pub phase: Option<Phase>,
    /// The level; `None` takes the file's, or 0.
    pub level: Option<i32>,
    /// Stages, added to those of the file.
    pub stages: Vec<String>,
}

impl StateOptions {
    /// Caffe's rule: the caller's phase and level replace those of the file, the stages come on top.
    pub(crate) fn of(&self, file: &NetState) -> NetState {
        let phase = self.phase.map(|phase| phase as i32).or(file.phase).unwrap_or(Phase::Train as i32);
        let mut stage = file.stage.clone();
        stage.extend(self.stages.iter().cloned());
        NetState { phase: Some(phase), level: self.level.or(file.level), stage }
    }
}

/// The layers that Caffe would build, in order: filtered by the state, with splits, each with its phase.
#[derive(Debug, Clone)]
pub struct Net {
    /// The name by which the net is saved, empty if it has none.
    pub name: String,
    /// The net's phase.
    pub phase: Phase,
    /// The layers, automatic splits included.
    pub layers: Vec<NetLayer>,
    /// Finds places in the file.
    pub locator: Locator,
    /// The folder of the file, where paths of the net that do not start from the current folder are looked for.
    pub folder: PathBuf,
    /// The dialect that it is written in.
    pub dialect: &'static Dialect,
    /// The fields that are saved behind the layers, encoded by the numbers of the dialect.
    pub saved_fields: Vec<u8>,
}

impl Net {
    /// Resolves a definition in the state asked for.
    ///
    /// # Errors
    /// A layer has include and exclude rules, or reads a blob that no earlier layer of this state makes.
    pub fn resolve(definition: Definition, options: &StateOptions) -> Result<Net> {
        let Definition {
            name, state, defaults, layers, unsized_inputs, locator, folder, dialect, quantization, ..
        } = definition;
        let state = options.of(&state);
        let phase = state.phase();
        let at_layer = |(refusal, layer): (Refusal, Box<NetLayer>)| {
            let place = NetPlace { param: &layer.param, origin: layer.origin, prefix: "" };
            locator.diagnose(&place, &refusal)
        };
        let complete = |layer: &_, split: &mut _| defaults.enter_split(layer, split, &dialect.traits);
        let Filtered { mut kept, left_out } = filter(layers, &state).map_err(at_layer)?;
        if let Some(inputs) = unmade_inputs(unsized_inputs, &kept) {
            kept.insert(0, inputs);
        }
        let names = if dialect.traits.first_copy_keeps_name { CopyNames::FirstKept } else { CopyNames::AllNew };
        let connected =
            if dialect.traits.splits_blobs { insert_splits(kept, complete, names) } else { without_splits(kept) };
        let mut layers = connected.map_err(|unknown| at_layer((unknown.refusal(&left_out), unknown.layer)))?;
        if dialect.traits.folds_batch_norm && phase == Phase::Test {
            layers = fold(layers);
        }
        for layer in &mut layers {
            layer.param.phase.get_or_insert(phase as i32);
            defaults.enter(&mut layer.param, &dialect.traits);
        }
        let (name, saved_fields) = (quantization.saved_name(name), quantization.saved_fields(dialect));
        Ok(Net { name, phase, layers, locator, folder, dialect, saved_fields })
    }
}

/// A layer for those inputs without sizes that no layer makes, if there are any.
pub(crate) fn unmade_inputs(mut inputs: Vec<String>, layers: &[NetLayer]) -> Option<NetLayer> {
    let made: HashSet<&String> = layers.iter().flat_map(|layer| &layer.param.top).collect();
    inputs.retain(|input| !made.contains(input));
    (!inputs.is_empty()).then(|| NetLayer { param: unsized_layer(inputs), origin: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callers_phase_and_level_win_and_stages_add_up() {
        let file = NetState { phase: Some(Phase::Test as i32), level: Some(3), stage: vec!["a".into()] };
        let asked = StateOptions { phase: Some(Phase::Train), level: Some(0), stages: vec!["b".into()] };
        let state = asked.of(&file);
        assert_eq!((state.phase(), state.level(), state.stage.len()), (Phase::Train, 0, 2));
        let state = StateOptions::default().of(&file);
        assert_eq!((state.phase(), state.level()), (Phase::Test, 3));
        assert_eq!(StateOptions::default().of(&NetState::default()).phase(), Phase::Train);
    }
}
