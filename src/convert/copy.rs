//! Stored weights as they are, in another format.

use std::collections::BTreeMap;
use std::io;

use crate::dialect::Dialect;
use crate::error::{Diagnostic, Result};
use crate::filler::FillerRegistry;
use crate::formats::{Format, Output};
use crate::formats::{Matching, NumberType, StoredBlob, StoredLayer, StoredNet};
use crate::init;
use crate::layer::{LayerNature, Operator, Restoring, Role};
use crate::limits::Limits;
use crate::net::Locator;
use crate::plan::{Initial, Plan, PlannedBlob, PlannedLayer, check_elements};
use crate::proto::caffe::{LayerParameter, Phase};
use crate::random::Streams;
use crate::setting::{Advice, Setting};

/// A plan whose values are all stored ones: the layers of a file in its order, with their parameters where it has them.
///
/// # Errors
/// A blob is missing between others, so that their numbers would change, or there are more values than the limit.
pub fn plan(stored: StoredNet, limits: &Limits) -> Result<Plan> {
    let shares = stored.format.is_some_and(|format| format.matching() == Matching::Groups);
    let layers = stored.layers.into_iter().map(|stored| layer(stored, shares)).collect::<Result<_>>()?;
    let plan = Plan {
        dialect: stored.dialect.unwrap_or(Dialect::bvlc()),
        name: stored.name,
        phase: Phase::Train,
        layers,
        changes: Vec::new(),
        locator: Locator::default(),
        saved_fields: stored.saved_fields,
        notices: Vec::new(),
        fillers: FillerRegistry::default(),
    };
    check_elements(&plan, limits.elements)?;
    Ok(plan)
}

/// The copy of a layer; `shares` says that its file stores shared blobs once.
fn layer(stored: StoredLayer, shares: bool) -> Result<PlannedLayer> {
    let StoredLayer { name, param, blobs, .. } = stored;
    let param = param.map_or_else(|| LayerParameter { name: Some(name), ..Default::default() }, |param| *param);
    if let Some((place, blob)) = blobs.iter().enumerate().find(|(place, blob)| *place != blob.index) {
        let name = param.name();
        let message = format!("layer {name:?}: blob {} is stored, but blob {place} is not", blob.index);
        let help = if shares {
            Advice::naming("HDF5 stores shared blobs once; ", Setting::Net, " says which ones are shared")
        } else {
            "the blobs of a layer are numbered from 0, without gaps; is part of the file missing?".into()
        };
        return Err(Diagnostic { message, location: None, help: None }.help(help).into());
    }
    let blobs = blobs.into_iter().map(copied).collect();
    Ok(PlannedLayer {
        param,
        operator: Operator::Opaque,
        bottoms: Vec::new(),
        bottom_ids: Vec::new(),
        tops: Vec::new(),
        top_ids: Vec::new(),
        memory: Vec::new(),
        blobs,
        draws: Vec::new(),
        restoring: Restoring::All,
        macs: 0,
        nature: LayerNature::default(),
        origin: None,
    })
}

fn copied(stored: StoredBlob) -> PlannedBlob {
    let mut blob = PlannedBlob::new(stored.shape.clone(), Role::Other, Initial::Zeros);
    blob.take(stored);
    blob
}

/// Writes a plan of stored values, those of [`plan`] or [`fit`](super::fit()), to `output`.
///
/// # Errors
/// Those of the output, and of reading the values.
pub fn write(plan: &Plan, output: &mut dyn Output) -> io::Result<()> {
    // The plan draws nothing, so any stream will do.
    init::fill(plan, &mut Streams::native(0), output)
}

/// What becomes of values that are no `f32`, in a line for each of their types.
pub fn number_notices(stored: &StoredNet) -> Vec<String> {
    let mut counts: BTreeMap<NumberType, usize> = BTreeMap::new();
    for blob in blobs(stored) {
        *counts.entry(blob.values.number_type()).or_default() += 1;
    }
    counts.remove(&NumberType::F32);
    let notice = |(number_type, count): (NumberType, usize)| {
        let how = if number_type.fits_f32() { "converted" } else { "rounded" };
        format!("{count} of the blobs had {number_type} values, which were {how} to float32")
    };
    counts.into_iter().map(notice).collect()
}

/// What the definition of the net would add to the stored layers in a file of this format, in a line each.
pub fn net_notices(stored: &StoredNet, format: Format) -> Vec<Advice> {
    let bare = stored.layers.iter().any(|layer| layer.param.is_none());
    let legacy = blobs(stored).filter(|blob| blob.legacy).count();
    let sizes = if blobs(stored).any(|blob| blob.legacy && blob.shape.axes() == 5) { "five" } else { "four" };
    let notice = match format {
        Format::Caffemodel | Format::Prototxt if bare => {
            let before = "the layers have only names and blobs, no types or parameters; ";
            Advice::naming(before, Setting::Net, " adds them")
        }
        Format::Hdf5 | Format::Npz | Format::Safetensors if legacy > 0 && !bare => {
            let before = format!("{legacy} of the blobs have {sizes} sizes, as in old files; ");
            Advice::naming(before, Setting::Net, " gives them the net's shapes")
        }
        _ => return Vec::new(),
    };
    vec![notice]
}

fn blobs(stored: &StoredNet) -> impl Iterator<Item = &StoredBlob> {
    stored.layers.iter().flat_map(|layer| &layer.blobs)
}
