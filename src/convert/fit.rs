//! Stored weights in the layers of a net definition.

use crate::donors::{self, Donor, DonorReport, MatchOptions, Nested};
use crate::error::{Diagnostic, Error, Refusal, Result};
use crate::net::NetPlace;
use crate::plan::{Initial, Plan, PlannedLayer, SourceKind};
use crate::setting::{Advice, Setting};

/// Puts stored weights into the plan of a net by Caffe's rules: by the names of layers, shapes being the same. In HDF5,
/// groups within those of layers are layers, too, as which they were written.
///
/// No blob is filled any more, so that writing the plan draws nothing. Returns what became of the stored layers.
///
/// # Errors
/// A layer does not fit, or weights of the net are missing, all of them listed.
pub fn fit(plan: &mut Plan, stored: Donor) -> Result<DonorReport> {
    let donors = [stored];
    let report = donors::apply_nested(plan, &donors, &MatchOptions::default(), Nested::Layers);
    let mut report = report.map_err(without_remedy)?;
    let lead = report.donors[0].lead.take().filter(|lead| matches!(lead.setting(), Some(Setting::Framework(_))));
    let fill =
        || Advice::naming("", Setting::InitWithWeights { file: donors[0].name.clone() }, " fills what is missing");
    let help = lead.unwrap_or_else(fill);
    let missing: Vec<Diagnostic> =
        plan.layers.iter().filter_map(|layer| missing(plan, layer, &donors[0].name, &help)).collect();
    if !missing.is_empty() {
        return Err(Error::Input(missing));
    }
    for layer in &mut plan.layers {
        layer.draws.clear();
        for blob in &mut layer.blobs {
            if let Initial::Filled { .. } = blob.initial {
                blob.initial = Initial::Zeros;
            }
        }
    }
    Ok(report.donors.swap_remove(0))
}

/// The error without its help, which is about initialising: here weights that do not fit have no other way.
fn without_remedy(error: Error) -> Error {
    let Error::Input(mut diagnostics) = error else { return error };
    diagnostics.iter_mut().for_each(|diagnostic| diagnostic.help = None);
    Error::Input(diagnostics)
}

/// The error for a layer that lacks values which the net does not give either.
fn missing(plan: &Plan, layer: &PlannedLayer, file: &str, help: &Advice) -> Option<Diagnostic> {
    let lacking = [SourceKind::Filler, SourceKind::Zeros, SourceKind::WeightsInPart];
    layer.blobs.iter().any(|blob| lacking.contains(&blob.source().kind())).then(|| {
        let refusal = Refusal::new(format!("{file} has no weights for it")).help(help.clone());
        plan.locator.diagnose(&NetPlace { param: &layer.param, origin: layer.origin, prefix: "" }, &refusal)
    })
}
