//! The shapes of the bottoms of a net's layers, as far as they can be told.

use std::collections::HashMap;

use super::registry::TRANSLATIONS;
use crate::Shape;
use crate::error::{Diagnostic, Result};
use crate::net::{CurrentNet, Definition, Net, StateOptions};
use crate::plan::{Plan, PlanOptions};
use crate::proto::caffe::Phase;

/// The shapes of a net in both phases, as far as it can be planned.
#[derive(Debug, Default)]
pub(super) struct KnownShapes {
    /// Those of the bottoms and the tops of each layer.
    by_layer: HashMap<String, (Vec<Shape>, Vec<Shape>)>,
    /// Those of the blobs that the net makes, phase by phase, where it can be planned.
    tops: Vec<(Phase, HashMap<String, Shape>)>,
    /// Why it cannot be planned.
    pub(super) reason: Option<String>,
}

impl KnownShapes {
    /// Plans the net, if all of it is to be compared or a translation may ask for shapes.
    pub(super) fn of(net: &CurrentNet, file: &str, is_compared: bool, options: &PlanOptions) -> KnownShapes {
        let mut known = KnownShapes::default();
        let asks = |layer_type: &str| {
            TRANSLATIONS.iter().any(|translation| translation.needs_shapes && translation.is_for(layer_type))
        };
        if !is_compared && !net.layers.iter().any(|layer| asks(layer.param.r#type())) {
            return known;
        }
        for phase in [Phase::Train, Phase::Test] {
            match planned(net.definition(file), phase, options) {
                Ok(plan) => {
                    known.tops.push((phase, tops(&plan)));
                    let layers = plan.layers.into_iter();
                    let shapes = layers.map(|layer| (layer.param.name().to_owned(), (layer.bottoms, layer.tops)));
                    known.by_layer.extend(shapes);
                }
                Err(error) => known.reason = Some(error.to_string().lines().next().unwrap_or_default().to_owned()),
            }
        }
        known
    }

    /// The shapes of a layer's bottoms.
    pub(super) fn bottoms(&self, layer: &str) -> Option<&[Shape]> {
        self.by_layer.get(layer).map(|(bottoms, _)| bottoms.as_slice())
    }

    /// The shapes of a layer's tops.
    pub(super) fn tops(&self, layer: &str) -> Option<&[Shape]> {
        self.by_layer.get(layer).map(|(_, tops)| tops.as_slice())
    }

    /// Checks that a translated net can be built in the phases in which the one of the fork can, and that its blobs
    /// have the same shapes.
    ///
    /// # Errors
    /// That is not so.
    pub(super) fn check(&self, net: &CurrentNet, file: &str, options: &PlanOptions) -> Result<()> {
        for (phase, there) in &self.tops {
            let here = tops(&planned(net.definition(file), *phase, options)?);
            let mut differing: Vec<&String> = here
                .iter()
                .filter(|(top, shape)| there.get(*top).is_some_and(|other| other != *shape))
                .map(|(top, _)| top)
                .collect();
            differing.sort();
            if let Some(top) = differing.first() {
                let (there, here) = (&there[*top], &here[*top]);
                let message = format!(
                    "{file}: top {top:?} has the shape {there} in the dialect of the net, and {here} in BVLC's Caffe, which has no setting for that"
                );
                return Err(Diagnostic::new(message).into());
            }
        }
        Ok(())
    }
}

fn planned(definition: Definition, phase: Phase, options: &PlanOptions) -> Result<Plan> {
    let state = StateOptions { phase: Some(phase), ..Default::default() };
    Plan::new(Net::resolve(definition, &state)?, options)
}

/// The shapes of the blobs that a net makes; of several of one name the last.
fn tops(plan: &Plan) -> HashMap<String, Shape> {
    plan.layers.iter().flat_map(|layer| layer.param.top.iter().cloned().zip(layer.tops.iter().cloned())).collect()
}
