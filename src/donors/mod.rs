//! Donors: which stored blob goes where in a net, by Caffe's rules.
//!
//! Caffe goes through a donor's layers and looks each one up in the net by its name alone, in exact letters; types are
//! not compared. A layer of that name must have as many blobs, of the same shapes. What follows from that:
//!
//! - Donors are applied one after the other, and within one its layers: what comes later wins. That decides for blobs
//!   that are shared, too, as all who share a blob write to the same values.
//! - In a caffemodel the layers come in file order, and go into the first layer of the net that has the name. In HDF5
//!   they come in the order of the links to them (by name in files of old, by [rank](StoredLayer::rank) here), and go
//!   into the last one.
//! - In HDF5 a blob may be missing if it is shared in the net; there are no more datasets or groups than blobs.
//!   Groups within that of a layer are passed over. Only where they make Caffe refuse a layer that has blobs, are they
//!   the layers `conv1/bn` that they were written for.
//! - Shapes in the four old sizes are compared with ones in front of the net's shape; others must be the same to the
//!   number of axes. In [dialects](crate::dialect::Traits::checks_hdf5) that do not compare those of HDF5, a blob takes
//!   the shape of what is stored for it.
//!
//! The other formats follow the rules of the caffemodel. Beyond Caffe, and only on request, are [`MatchOptions`].

mod batch_norm;
mod fit;
mod fold;
mod nested;
mod rename;
mod report;
mod select;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use self::fit::{Fit, fit};
use self::nested::Groups;
pub(crate) use self::nested::Nested;
pub use self::rename::{Rename, RenameError};
use self::report::Passed;
pub use self::report::{DonorReport, MatchReport, Skipped, Taken};
pub use self::select::{Selection, SelectionError};
use crate::dialect::BatchNormBlobs;
use crate::error::{Diagnostic, Error, Result};
use crate::formats::map::FileMap;
use crate::formats::{self, Matching, Patch, Slice, StoredBlob, StoredLayer, StoredNet};
use crate::net::{ReadOptions, describe};
use crate::plan::{BlobId, Plan, PlannedLayer};
use crate::proto::caffe::Phase;
use crate::setting::{Advice, Setting};

/// A file of weights to take values from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Donor {
    /// What reports and errors call it.
    pub name: String,
    /// What it holds.
    pub net: StoredNet,
}

impl Donor {
    /// Weights from anywhere, and what reports and errors call them.
    pub fn new(name: impl Into<String>, net: StoredNet) -> Donor {
        Donor { name: name.into(), net }
    }

    /// Opens a file of weights. Layers in it may have a [`Flaw`](crate::formats::Flaw): they are errors only if the net takes
    /// their values.
    ///
    /// # Errors
    /// The others of [`formats::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Donor> {
        Donor::open_with(path, &ReadOptions::default())
    }

    /// As [`Donor::open`], with options.
    ///
    /// # Errors
    /// Those of [`Donor::open`].
    pub fn open_with(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Donor> {
        let path = path.as_ref();
        let net = formats::read_flawed(&FileMap::open(path)?, options)?;
        Ok(Donor { name: path.display().to_string(), net })
    }
}

/// What to do with a layer whose shapes differ from the net's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnMismatch {
    /// It is an error, as in Caffe.
    #[default]
    Error,
    /// The layer stays initialised, all of its blobs; so does one with another number of blobs.
    Skip,
    /// A blob that is longer on some axes gives their leading part. It is an error if it is shorter on another.
    Slice,
    /// A blob that is shorter on some axes goes into their leading part; the rest stays as it is. It is an error if it
    /// is longer on another.
    Pad,
}

/// How donors and net are matched beyond Caffe's rules; the default is those rules alone.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct MatchOptions {
    /// What to do where shapes differ.
    pub on_mismatch: OnMismatch,
    /// New names for layers of donors; the first rule that fits a name is the one that counts.
    pub renames: Vec<Rename>,
    /// Which layers of the net take values.
    pub selection: Selection,
}

/// Enters the donors' blobs into the plan, in order, and says what went where.
///
/// Nothing is read but shapes; all drawing still happens, as in Caffe, and only then the donors' values replace the
/// drawn ones.
///
/// # Errors
/// A layer does not fit, or a rule of the options fits no layer at all: the text names the file and the layer. The
/// plan may then have taken some layers.
pub fn apply(plan: &mut Plan, donors: &[Donor], options: &MatchOptions) -> Result<MatchReport> {
    apply_nested(plan, donors, options, Nested::AsCaffe)
}

/// As [`apply`], with groups within groups taken as `nested` says.
pub(crate) fn apply_nested(
    plan: &mut Plan,
    donors: &[Donor],
    options: &MatchOptions,
    nested: Nested,
) -> Result<MatchReport> {
    let renamed = vec![false; options.renames.len()];
    let mut matcher = Matcher { targets: targets(plan), plan, options, nested, renamed };
    let donors = donors.iter().map(|donor| matcher.prepared(donor)).collect::<Result<Vec<_>>>()?;
    matcher.check_options()?;
    let initialised = report::initialised(plan);
    Ok(MatchReport { donors, initialised })
}

/// The first and the last layer of the net of each name.
fn targets(plan: &Plan) -> HashMap<String, (usize, usize)> {
    let mut targets = HashMap::new();
    for (index, layer) in plan.layers.iter().enumerate() {
        targets.entry(layer.param.name().to_owned()).or_insert((index, index)).1 = index;
    }
    targets
}

struct Matcher<'a> {
    plan: &'a mut Plan,
    options: &'a MatchOptions,
    nested: Nested,
    targets: HashMap<String, (usize, usize)>,
    /// Whether each renaming has fitted a layer.
    renamed: Vec<bool>,
}

impl Matcher<'_> {
    /// Takes a donor, folded as the net is.
    fn prepared(&mut self, donor: &Donor) -> Result<DonorReport> {
        let is_message = donor.net.format.is_none_or(|format| format.matching() == Matching::Layers);
        if !(self.plan.dialect.traits.folds_batch_norm && self.plan.phase == Phase::Test && is_message) {
            return self.donor(donor);
        }
        let has_kept = |name: &str| {
            let mut layers = self.plan.layers.iter();
            layers.any(|layer| layer.param.r#type() == "BatchNorm" && layer.param.name() == name)
        };
        let cannot_read = |source| Error::io("cannot read", &donor.name, source);
        let layers = fold::folded(&donor.net.layers, has_kept).map_err(cannot_read)?;
        let vanished = donor.net.layers.len() - layers.len();
        let folded = Donor { name: donor.name.clone(), net: StoredNet { layers, ..donor.net.clone() } };
        let mut report = self.donor(&folded)?;
        if vanished > 0 {
            report
                .notes
                .push(format!("{vanished} layers, BatchNorm and Scale, were folded into convolutions, as in the net"));
        }
        Ok(report)
    }

    fn donor(&mut self, donor: &Donor) -> Result<DonorReport> {
        let mut report = DonorReport::new(&donor.name);
        let matching = donor.net.format.map_or(Matching::Layers, |format| format.matching());
        let mut groups = Groups::new(&donor.net, self.nested);
        let mut layers: Vec<&StoredLayer> = donor.net.layers.iter().collect();
        layers.sort_by_key(|layer| layer.rank);
        for layer in layers {
            let name = self.rename(&layer.name);
            let target = self.targets.get(&name).map(|(first, last)| match matching {
                Matching::Layers => *first,
                Matching::Groups => *last,
            });
            let beside_blobs = match matching {
                Matching::Layers => Some(0),
                Matching::Groups => {
                    groups.beside_blobs(layer, target.map(|target| self.plan.layers[target].blobs.len()))
                }
            };
            let target = target.zip(beside_blobs);
            match target {
                None => report.pass_over(layer, Passed::Excess),
                Some(_) if !self.options.selection.contains(&name) => report.pass_over(layer, Passed::Left),
                Some((target, groups)) => {
                    if let Some(flaw) = &layer.flaw {
                        return Err(flaw.error(&donor.name));
                    }
                    if matching == Matching::Layers && self.take_batch_norm(donor, layer, target, &mut report)? {
                        continue;
                    }
                    let planned = &self.plan.layers[target];
                    let complete = match matching {
                        Matching::Layers => check_layer(layer, planned),
                        Matching::Groups => check_group(layer, groups, planned),
                    };
                    let fits = complete.and_then(|()| self.fits(layer, target, matching));
                    self.layer(donor, layer, target, fits, &mut report)?;
                }
            }
        }
        Ok(report)
    }

    /// Takes a layer that is a BatchNorm with blobs that are not simply taken one for one; says whether it did.
    fn take_batch_norm(
        &mut self,
        donor: &Donor,
        layer: &StoredLayer,
        target: usize,
        report: &mut DonorReport,
    ) -> Result<bool> {
        if layer.param.as_ref().is_none_or(|param| param.r#type() != "BatchNorm") {
            return Ok(false);
        }
        match self.plan.dialect.traits.batch_norm_blobs {
            BatchNormBlobs::Corrected => self.corrected(donor, layer, target, report)?,
            BatchNormBlobs::Sums => return self.parted(donor, layer, target, report),
        }
        Ok(true)
    }

    /// Takes a BatchNorm with scale and shift for one without, and a Scale behind it, or one whose blobs have four axes; says
    /// whether the net has such layers.
    fn parted(&mut self, donor: &Donor, layer: &StoredLayer, target: usize, report: &mut DonorReport) -> Result<bool> {
        let is_corrected =
            donor.net.dialect.is_some_and(|dialect| dialect.traits.batch_norm_blobs == BatchNormBlobs::Corrected);
        let Some((norm, learned)) = batch_norm::parted(layer, is_corrected) else { return Ok(false) };
        let planned = &self.plan.layers[target];
        if planned.param.r#type() != "BatchNorm" || planned.blobs.len() != norm.blobs.len() {
            return Ok(false);
        }
        let scale = self.scale_behind(target).filter(|&scale| {
            let planned = &self.plan.layers[scale];
            let name = planned.param.name();
            planned.blobs.len() == learned.blobs.len() && donor.net.layers.iter().all(|layer| layer.name != name)
        });
        let (name, count) = (&layer.name, layer.blobs.len());
        match scale {
            _ if learned.blobs.is_empty() => {
                report.notes.push(format!("layer {name:?}: blobs of the shape (1, C, 1, 1) were taken as (C)"));
            }
            Some(scale) => {
                let behind = self.plan.layers[scale].param.name().to_owned();
                report.notes.push(format!(
                    "layer {name:?}: of its {count} blobs those of scale and shift went to the Scale layer {behind:?}"
                ));
                let fits = self.fits(&learned, scale, Matching::Layers);
                self.layer(donor, &learned, scale, fits, report)?;
            }
            None => return Ok(false),
        }
        let fits = self.fits(&norm, target, Matching::Layers);
        self.layer(donor, &norm, target, fits, report)?;
        Ok(true)
    }

    /// The Scale layer that alone reads the top of this one.
    fn scale_behind(&self, layer: usize) -> Option<usize> {
        let top = self.plan.layers[layer].top_ids.first()?;
        let reads = |other: &usize| self.plan.layers[*other].bottom_ids.first() == Some(top);
        let reader = (layer + 1..self.plan.layers.len()).find(reads)?;
        (self.plan.layers[reader].param.r#type() == "Scale").then_some(reader)
    }

    /// Takes a BatchNorm for one that keeps the statistics themselves, shapes included.
    fn corrected(&mut self, donor: &Donor, layer: &StoredLayer, target: usize, report: &mut DonorReport) -> Result<()> {
        let cannot_read = |source| Error::io("cannot read", &donor.name, source);
        let layer = &batch_norm::corrected(layer).map_err(cannot_read)?;
        let fits = check_layer(layer, &self.plan.layers[target]).map(|()| vec![Fit::Reshaped; layer.blobs.len()]);
        self.layer(donor, layer, target, fits, report)
    }

    fn rename(&mut self, name: &str) -> String {
        for (rename, used) in self.options.renames.iter().zip(&mut self.renamed) {
            if let Some(new) = rename.apply(name) {
                *used = true;
                return new;
            }
        }
        name.to_owned()
    }

    /// How the blobs of a donor's layer fit those of the net's.
    fn fits(&self, layer: &StoredLayer, target: usize, matching: Matching) -> Result<Vec<Fit>, String> {
        let reshapes = matching == Matching::Groups
            && self.options.on_mismatch == OnMismatch::Error
            && !self.plan.dialect.traits.checks_hdf5;
        let fit = |blob: &StoredBlob| {
            let id = BlobId { layer: target, blob: blob.index };
            let fit = match fit(blob, &self.plan.blob(id).shape, self.options.on_mismatch) {
                Err(_) if reshapes && !self.is_shared(id) => Ok(Fit::Reshaped),
                fit => fit,
            };
            fit.map_err(|flaw| format!("blob {} {flaw}", blob.index))
        };
        layer.blobs.iter().map(fit).collect()
    }

    /// Whether the values of a blob are also those of another.
    fn is_shared(&self, id: BlobId) -> bool {
        let blobs = || self.plan.layers.iter().flat_map(|layer| &layer.blobs);
        self.plan.blob(id).owner.is_some() || blobs().any(|blob| blob.owner == Some(id))
    }

    /// Takes a layer of a donor for a layer of the net, if its blobs fit.
    fn layer(
        &mut self,
        donor: &Donor,
        layer: &StoredLayer,
        target: usize,
        fits: Result<Vec<Fit>, String>,
        report: &mut DonorReport,
    ) -> Result<()> {
        let planned = &self.plan.layers[target];
        match fits {
            Ok(fits) => {
                report.take(layer, planned, &fits);
                for (blob, fit) in layer.blobs.iter().zip(fits) {
                    let id = BlobId { layer: target, blob: blob.index };
                    if fit == Fit::Reshaped {
                        report.reshape(layer, id, &self.plan.blob(id).shape, &blob.shape);
                    }
                    self.take(blob, id, fit);
                }
                Ok(())
            }
            Err(reason) if self.options.on_mismatch == OnMismatch::Skip => {
                report.skipped.push(Skipped { layer: layer.name.clone(), reason });
                Ok(())
            }
            Err(reason) => Err(self.refuse(donor, layer, target, &reason)),
        }
    }

    /// Enters a blob where its target's values are owned.
    fn take(&mut self, blob: &StoredBlob, target: BlobId, fit: Fit) {
        if fit == Fit::Reshaped {
            self.plan.layers[target.layer].blobs[target.blob].shape = blob.shape.clone();
        }
        let shape = self.plan.blob(target).shape.clone();
        let BlobId { layer, blob: index } = self.plan.owner(target);
        let owner = &mut self.plan.layers[layer].blobs[index];
        match fit {
            Fit::Padded { small } => owner.take_corner(Patch::new(blob.clone(), &small, &shape)),
            Fit::Whole => owner.take(blob.clone()),
            Fit::Reshaped => {
                owner.shape = shape;
                owner.take(blob.clone());
            }
            Fit::Sliced { corner } => {
                let values = Arc::new(Slice { values: Arc::clone(&blob.values), corner });
                owner.take(StoredBlob { shape, legacy: false, values, ..*blob });
            }
        }
    }

    fn refuse(&self, donor: &Donor, layer: &StoredLayer, target: usize, reason: &str) -> Error {
        let planned = &self.plan.layers[target];
        let message =
            format!("{}: layer {:?} does not fit {}: {reason}", donor.name, layer.name, describe(&planned.param));
        let location = self.plan.locator.locate(planned.origin, "");
        const RENAME: &str = "rename the layer in the net to have it initialised, or ";
        let (verb, setting) = match self.options.on_mismatch {
            OnMismatch::Error => ("see ", Setting::OnMismatch),
            OnMismatch::Skip | OnMismatch::Slice | OnMismatch::Pad => ("use ", Setting::SkipMismatches),
        };
        let help = Advice::naming(format!("{RENAME}{verb}"), setting, "");
        Diagnostic { message, location, help: Some(help) }.into()
    }

    /// Refuses rules that fit nothing: they are misspelt, most likely.
    fn check_options(&self) -> Result<()> {
        let unused = self.options.renames.iter().zip(&self.renamed).find(|(_, used)| !**used);
        if let Some((rename, _)) = unused {
            return Err(Error::Request(format!("rename {rename}: no donor has a layer of such a name")));
        }
        let names: Vec<&str> = self.plan.layers.iter().map(|layer| layer.param.name()).collect();
        match self.options.selection.unused(&names) {
            Some((list, glob)) => Err(Error::Request(format!("{list} {glob}: the net has no layer of such a name"))),
            None => Ok(()),
        }
    }
}

/// Whether a donor's layer has the blobs that the net's layer has.
fn check_layer(layer: &StoredLayer, planned: &PlannedLayer) -> Result<(), String> {
    let (stored, needed) = (layer.blobs.len(), planned.blobs.len());
    if stored != needed {
        return Err(format!("{}, not {needed}", blobs(stored)));
    }
    match layer.blobs.iter().zip(0..).find(|(blob, index)| blob.index != *index) {
        Some((_, missing)) => Err(format!("blob {missing} is missing")),
        None => Ok(()),
    }
}

/// Whether the group of a layer has those blobs that the net's layer does not share, and no more links, to `groups` and
/// to blobs, than that layer has blobs.
fn check_group(layer: &StoredLayer, groups: usize, planned: &PlannedLayer) -> Result<(), String> {
    let needed = planned.blobs.len();
    if layer.blobs.len() + groups > needed {
        let within = if groups > 0 { format!(" and {groups} groups") } else { String::new() };
        return Err(format!("{}{within}, not {needed}", blobs(layer.blobs.len())));
    }
    let is_stored = |index: usize| layer.blobs.iter().any(|blob| blob.index == index);
    match planned.blobs.iter().enumerate().find(|(index, blob)| blob.owner.is_none() && !is_stored(*index)) {
        Some((missing, _)) => Err(format!("blob {missing} is missing")),
        None => match layer.blobs.last().filter(|blob| blob.index >= needed) {
            Some(beyond) => Err(format!("there is a blob {}, and {needed} are needed", beyond.index)),
            None => Ok(()),
        },
    }
}

fn blobs(count: usize) -> String {
    if count == 1 { "1 blob".to_owned() } else { format!("{count} blobs") }
}
