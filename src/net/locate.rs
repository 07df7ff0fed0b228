//! Where a layer and its fields stand in the file that defines them.

use std::sync::Arc;

use crate::error::{Diagnostic, Location, Refusal};
use crate::proto::caffe::LayerParameter;
use crate::proto::escape::quoted;
use crate::proto::text::{Document, Source};

/// The field of a net that a layer stands for which is none: its inputs.
pub(super) const NET_INPUTS: &str = "input";

/// The entry of the file that a layer comes from. An automatic split has the origin of the layer it follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The field of the file's message: in a net `layer`, or `layers` in the old formats.
    pub field: &'static str,
    /// The index in that field, 0 unless it is repeated.
    pub index: usize,
}

impl Origin {
    /// The `input` fields of a net.
    pub(crate) const NET_INPUTS: Origin = Origin { field: NET_INPUTS, index: 0 };

    /// Whether it is no layer of the file but the `input` fields of the net, in a dialect where they stay such fields.
    pub fn is_net_inputs(&self) -> bool {
        self.field == NET_INPUTS
    }
}

/// Finds the place of a layer's field in the text of the net; knows nothing where the net was binary.
#[derive(Debug, Clone, Default)]
pub struct Locator {
    text: Option<Arc<(Source, Document)>>,
    /// The field that the net stands in, if it is a part of a solver.
    within: Option<Origin>,
}

impl Locator {
    /// A locator for a net read from a text.
    pub fn new(source: Source, document: Document) -> Locator {
        Locator { text: Some(Arc::new((source, document))), within: None }
    }

    /// A locator for the net in a field of the solver that was read.
    pub(super) fn within(&self, field: &'static str, index: usize) -> Locator {
        Locator { within: Some(Origin { field, index }), ..self.clone() }
    }

    /// The place of `field`, a path such as `convolution_param.group` below the layer (empty: the layer itself).
    ///
    /// A field that is not in the text is placed at the nearest message around it.
    pub fn locate(&self, origin: Option<Origin>, field: &str) -> Option<Location> {
        let (source, document) = self.text.as_deref()?;
        let origin = origin?;
        let mut path: Vec<_> = self.within.into_iter().chain([origin]).map(|at| (at.field, at.index)).collect();
        path.extend(field.split('.').filter(|part| !part.is_empty()).map(indexed));
        while !path.is_empty() {
            if let Some(span) = document.spans().find(&path) {
                return Some(source.location(span));
            }
            path.pop();
        }
        None
    }

    /// The text of the net, if it was read from one that is all its own.
    pub(crate) fn text(&self) -> Option<&str> {
        let (source, _) = self.text.as_deref().filter(|_| self.within.is_none())?;
        std::str::from_utf8(source.text()).ok()
    }

    /// Whether the net was read from a text.
    pub(super) fn has_text(&self) -> bool {
        self.text.is_some()
    }

    /// The start of the file.
    pub(super) fn start(&self) -> Option<Location> {
        let (source, document) = self.text.as_deref()?;
        Some(source.location(document.spans().root().span()))
    }

    /// A finding about a layer, with its name, its type and the place in the file.
    pub fn diagnose(&self, layer: &NetPlace<'_>, refusal: &Refusal) -> Diagnostic {
        let field = match (layer.prefix, refusal.field) {
            ("", field) => field.to_owned(),
            (prefix, "") => prefix.to_owned(),
            (prefix, field) => format!("{prefix}.{field}"),
        };
        let name = describe(layer.param);
        let message = if field.is_empty() {
            format!("{name}: {}", refusal.message)
        } else {
            format!("{name}, {field}: {}", refusal.message)
        };
        Diagnostic { message, location: self.locate(layer.origin, &field), help: refusal.help.clone() }
    }
}

/// The layer, and the field below it, that a [`Refusal`] speaks of.
#[derive(Debug, Clone, Copy)]
pub struct NetPlace<'a> {
    /// The layer.
    pub param: &'a LayerParameter,
    /// Where it comes from.
    pub origin: Option<Origin>,
    /// The path of the message that the refusal's field is relative to; empty for the layer.
    pub prefix: &'a str,
}

/// The layer as an error names it: `layer "conv1" (Convolution)`.
pub(crate) fn describe(param: &LayerParameter) -> String {
    format!("layer {} ({})", quoted(param.name()), if param.r#type().is_empty() { "no type" } else { param.r#type() })
}

/// Splits `blobs[2]` into the field and the index.
fn indexed(part: &str) -> (&str, usize) {
    let split = part.strip_suffix(']').and_then(|part| part.split_once('['));
    split.and_then(|(name, index)| Some((name, index.parse().ok()?))).unwrap_or((part, 0))
}
