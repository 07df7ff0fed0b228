//! What BVLC's Caffe cannot express of a layer that has gone through all translations.

use std::borrow::Cow;

use prost::Message;

use super::draft::LayerDraft;
use crate::dialect::{Dialect, Known};
use crate::error::{Diagnostic, Refusal};
use crate::layer::{LAYERS, LayerType};
use crate::net::{Census, Locator, NetLayer, NetPlace, ReadOptions, describe};

/// Types of which dialects have entries of their own that differ in fields, or in what is accepted, but not in what a
/// layer computes that BVLC's Caffe accepts too.
const ALIKE: &[&str] = &["Accuracy", "Convolution", "Deconvolution", "Eltwise", "Pooling", "ReLU", "SoftmaxWithLoss"];

/// Something that cannot be expressed, and the field that it is in.
pub(super) struct Inexpressible {
    path: String,
    message: String,
}

/// What is left of the fork's in a layer whose type was `before`; `is_made` says that it is none of the file, but
/// stands for the inputs of the net.
pub(super) fn faults(draft: &LayerDraft<'_>, before: &str, is_made: bool) -> Vec<Inexpressible> {
    let (layer_type, dialect) = (draft.param.r#type(), draft.net.dialect);
    let of_type = |message: String| vec![Inexpressible { path: "type".to_owned(), message }];
    // What is only added to trees is none of BVLC's own.
    let bvlcs = entry(layer_type, Dialect::bvlc()).filter(|entry| !matches!(entry.known, Known::Added { .. }));
    let Some(bvlcs) = bvlcs else {
        return of_type("BVLC's Caffe has no such layer, nor any that do the same".to_owned());
    };
    let is_alike = |own: &LayerType| std::ptr::eq(own, bvlcs) || ALIKE.contains(&own.name);
    match entry(before, dialect) {
        _ if is_made || before != layer_type => {}
        None => return of_type(format!("it is not known what this layer is in the dialect {}", dialect.name)),
        Some(own) if !is_alike(own) => {
            return of_type(format!("in the dialect {} it is not the same layer as in BVLC's Caffe", dialect.name));
        }
        Some(_) => {}
    }
    let tops = draft.param.top.len();
    let counts = bvlcs.check_counts(draft.param.bottom.len(), tops).err().filter(|_| !bvlcs.auto_tops || tops > 0);
    let counts = counts.map(|Refusal { field, message, .. }| Inexpressible { path: field.to_owned(), message });
    let lacked = |path: &str| Inexpressible {
        path: path.to_owned(),
        message: "BVLC's Caffe has no such setting, nor an equivalent".to_owned(),
    };
    let fillers = unknown_fillers(draft)
        .into_iter()
        .map(|name| Inexpressible { path: String::new(), message: format!("BVLC's Caffe has no filler {name:?}") });
    counts.into_iter().chain(draft.fields.paths().map(lacked)).chain(fillers).collect()
}

/// The entry of the layer table for a type in a dialect.
pub(super) fn entry(layer_type: &str, dialect: &Dialect) -> Option<&'static LayerType> {
    LAYERS.iter().copied().flatten().find(|entry| entry.name == layer_type && entry.known.includes(dialect))
}

fn unknown_fillers(draft: &LayerDraft<'_>) -> Vec<String> {
    let bvlc = Dialect::bvlc();
    let message = bvlc.layer_message();
    let census = Census::of(&draft.param.encode_to_vec(), message, bvlc, ReadOptions::default().vocabulary);
    let fillers = census.unknown.into_iter().filter(|unknown| unknown.what == "filler");
    fillers.map(|unknown| unknown.name).collect()
}

impl Inexpressible {
    /// The finding about the layer of the file.
    pub(super) fn diagnose(self, layer: &NetLayer, locator: &Locator) -> Diagnostic {
        let Inexpressible { path, message } = self;
        let field = if path.is_empty() { Cow::Borrowed("") } else { Cow::Owned(format!(", {path}")) };
        let message = format!("{}{field}: {message}", describe(&layer.param));
        Diagnostic { location: locator.locate(layer.origin, &path), ..Diagnostic::new(message) }
    }
}

/// The finding about a translation that does not do.
pub(super) fn diagnose(refusal: &Refusal, layer: &NetLayer, locator: &Locator) -> Diagnostic {
    locator.diagnose(&NetPlace { param: &layer.param, origin: layer.origin, prefix: "" }, refusal)
}
