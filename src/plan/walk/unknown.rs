//! Blobs whose shapes are not known, as a layer before is of a type that nobody knows.

use std::rc::Rc;

use super::NetWalk;
use crate::error::{Diagnostic, Refusal};
use crate::layer::Setup;
use crate::net::{NetLayer, NetPlace, describe};
use crate::proto::caffe::LayerParameter;

/// Why the shape of a blob is not known.
pub(super) struct UnknownShape {
    pub(super) refusal: Refusal,
    /// The same with the layer that makes the blob and its place.
    diagnostic: Diagnostic,
}

impl UnknownShape {
    /// What to say where a layer needs the shape.
    pub(super) fn needed_by(&self, layer: &LayerParameter) -> Diagnostic {
        let mut diagnostic = self.diagnostic.clone();
        diagnostic.help = diagnostic.help.map(|help| help.followed_by(&format!(": {} needs it", describe(layer))));
        diagnostic
    }
}

impl NetWalk<'_> {
    /// Keeps for which of a layer's tops the shape is not known: for the layer's own reasons, or since that of a bottom
    /// is not.
    pub(super) fn keep_unknown(
        &mut self,
        layer: &NetLayer,
        tops: &[usize],
        setup: &Setup,
        of_bottom: Option<Rc<UnknownShape>>,
    ) {
        for (index, id) in tops.iter().enumerate() {
            let Some(refusal) = setup.unknown.get(&index) else {
                self.unknown.remove(id);
                continue;
            };
            let why = of_bottom.clone().unwrap_or_else(|| {
                let place = NetPlace { param: &layer.param, origin: layer.origin, prefix: "" };
                let diagnostic = self.locator.diagnose(&place, refusal);
                Rc::new(UnknownShape { refusal: refusal.clone(), diagnostic })
            });
            self.unknown.insert(*id, why);
        }
    }
}
