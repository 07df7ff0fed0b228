//! The shapes of the bottoms of a net's layers, as far as they can be told.

use std::collections::HashMap;

use super::registry::TRANSLATIONS;
use crate::Shape;
use crate::net::{CurrentNet, Net, StateOptions};
use crate::plan::{Plan, PlanOptions};
use crate::proto::caffe::Phase;

/// The shapes of bottoms by the names of layers, and why there are none.
#[derive(Debug, Default)]
pub(super) struct KnownShapes {
    by_layer: HashMap<String, Vec<Shape>>,
    pub(super) reason: Option<String>,
}

impl KnownShapes {
    /// Plans the net in both phases, if a translation may ask for shapes.
    pub(super) fn of(net: &CurrentNet, file: &str, options: &PlanOptions) -> KnownShapes {
        let mut known = KnownShapes::default();
        let asks = |layer_type: &str| {
            TRANSLATIONS.iter().any(|translation| translation.needs_shapes && translation.is_for(layer_type))
        };
        if !net.layers.iter().any(|layer| asks(layer.param.r#type())) {
            return known;
        }
        for phase in [Phase::Train, Phase::Test] {
            let state = StateOptions { phase: Some(phase), ..Default::default() };
            let plan = Net::resolve(net.definition(file), &state).and_then(|net| Plan::new(net, options));
            match plan {
                Ok(plan) => {
                    let shapes = plan.layers.into_iter().map(|layer| (layer.param.name().to_owned(), layer.bottoms));
                    known.by_layer.extend(shapes);
                }
                Err(error) => known.reason = Some(error.to_string().lines().next().unwrap_or_default().to_owned()),
            }
        }
        known
    }

    /// The shapes of a layer's bottoms.
    pub(super) fn bottoms(&self, layer: &str) -> Option<&[Shape]> {
        self.by_layer.get(layer).map(Vec::as_slice)
    }
}
