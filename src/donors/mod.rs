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
//!   number of axes. In dialects that do not compare those of [HDF5](crate::dialect::Traits::checks_hdf5) or of
//!   [caffemodels](crate::dialect::Traits::checks_weights), a blob takes the shape of what is stored for it.
//!
//! The other formats follow the rules of the caffemodel. Beyond Caffe, and only on request, are [`MatchOptions`], and
//! weights of another [`Framework`].

mod batch_norm;
mod complete;
mod donor;
mod fit;
mod fold;
mod framework;
mod means;
mod names;
mod nested;
mod opaque;
mod rename;
mod report;
mod select;

use std::collections::HashMap;
use std::sync::Arc;

pub(crate) use self::batch_norm::parted;
use self::complete::{check_group, check_layer};
pub use self::donor::Donor;
pub use self::fit::{FIT_WAYS, FitRule, FitWay};
use self::fit::{Fit, fit, proposals};
pub use self::framework::{FRAMEWORKS, Framework};
use self::names::LayerNames;
use self::nested::Groups;
pub(crate) use self::nested::Nested;
pub use self::opaque::opaque_shapes;
pub use self::rename::{Rename, RenameError};
use self::report::Passed;
pub use self::report::{DonorReport, FittedBlob, MatchReport, Skipped, Taken};
pub use self::select::{Selection, SelectionError};
use crate::error::{Diagnostic, Error, Result};
use crate::formats::{GatheredValues, Matching, Patch, Reordered, Slice, StoredBlob, StoredLayer, StoredValues};
use crate::net::describe;
use crate::plan::{BlobId, FittedFrom, Plan, PlannedLayer};
use crate::rules::escaped;
use crate::setting::{Advice, Setting};

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
    /// How blobs are fitted whose shapes differ; the last rule that selects a blob of the net is the one that counts,
    /// before `on_mismatch`.
    pub fits: Vec<FitRule>,
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
    let called: Vec<Option<&str>> = donors.iter().map(|donor| donor.called.as_deref()).collect();
    let mut names = called.iter().enumerate();
    if let Some((_, Some(name))) = names.find(|(index, name)| name.is_some() && called[..*index].contains(name)) {
        return Err(Error::Request(format!("two donors are named {name:?}: renames cannot tell them apart")));
    }
    let (names, fitted) = (LayerNames::new(&options.renames), vec![false; options.fits.len()]);
    let mut matcher = Matcher { targets: targets(plan), plan, options, nested, names, fitted };
    let donors = donors.iter().map(|donor| matcher.prepared(donor)).collect::<Result<Vec<_>>>()?;
    matcher.names.check(&called)?;
    matcher.check_selection()?;
    let notes = matcher.check_fits()?;
    let initialised = report::initialised(plan);
    Ok(MatchReport { donors, initialised, notes })
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
    names: LayerNames<'a>,
    /// Whether each rule has fitted a blob.
    fitted: Vec<bool>,
}

/// How a blob of a donor is taken.
#[derive(Debug, Clone)]
struct TakenBlob {
    fit: Fit,
    /// What it was before a rule fitted it.
    fitted: Option<FittedFrom>,
    /// The rule, by its index.
    rule: Option<usize>,
}

impl From<Fit> for TakenBlob {
    fn from(fit: Fit) -> TakenBlob {
        TakenBlob { fit, fitted: None, rule: None }
    }
}

/// Whether the layer of the net was one that takes values.
type Found = Result<(), Passed>;

impl Matcher<'_> {
    fn donor(&mut self, donor: &Donor) -> Result<DonorReport> {
        let mut report = DonorReport::new(&donor.name);
        let matching = donor.net.format.map_or(Matching::Layers, |format| format.matching());
        let mut groups = Groups::new(&donor.net, self.nested);
        let mut layers: Vec<&StoredLayer> = donor.net.layers.iter().collect();
        layers.sort_by_cached_key(|layer| layer.rank);
        for layer in layers {
            let mut passed = Vec::new();
            let names = self.names.of(donor.called.as_deref(), &layer.name);
            for name in &names {
                passed.extend(self.place(donor, layer, name, matching, &mut groups, &mut report)?.err());
            }
            if passed.len() == names.len() {
                report.pass_over(layer, passed.into_iter().max().unwrap_or(Passed::Excess));
            }
        }
        if report.taken.is_empty() {
            report.lead = framework::of_names(&donor.net);
        }
        Ok(report)
    }

    /// Takes a layer of a donor for the net's layer of this name.
    fn place<'d>(
        &mut self,
        donor: &Donor,
        layer: &'d StoredLayer,
        name: &str,
        matching: Matching,
        groups: &mut Groups<'d>,
        report: &mut DonorReport,
    ) -> Result<Found> {
        let target = self.targets.get(name).map(|(first, last)| match matching {
            Matching::Layers => *first,
            Matching::Groups => *last,
        });
        let beside_blobs = match matching {
            Matching::Layers => Some(0),
            Matching::Groups => groups.beside_blobs(layer, target.map(|target| self.plan.layers[target].blobs.len())),
        };
        let Some((target, groups)) = target.zip(beside_blobs) else { return Ok(Err(Passed::Excess)) };
        if !self.options.selection.contains(name) {
            return Ok(Err(Passed::Left));
        }
        if let Some(flaw) = &layer.flaw {
            return Err(flaw.error(&donor.name));
        }
        if matching == Matching::Layers
            && (self.take_batch_norm(donor, layer, target, report)? || self.take_means(donor, layer, target, report)?)
        {
            return Ok(Ok(()));
        }
        let planned = &self.plan.layers[target];
        let complete = match matching {
            Matching::Layers => check_layer(layer, planned),
            Matching::Groups => check_group(layer, groups, planned),
        };
        let fits = complete.and_then(|()| self.fits(layer, target, matching));
        self.layer(donor, layer, target, fits, report).map(Ok)
    }

    /// How the blobs of a donor's layer fit those of the net's.
    fn fits(&self, layer: &StoredLayer, target: usize, matching: Matching) -> Result<Vec<TakenBlob>, String> {
        let traits = &self.plan.dialect.traits;
        let are_checked = match matching {
            Matching::Layers => traits.checks_weights,
            Matching::Groups => traits.checks_hdf5,
        };
        let reshapes = !are_checked && self.options.on_mismatch == OnMismatch::Error;
        let fit = |blob: &StoredBlob| {
            let id = BlobId { layer: target, blob: blob.index };
            let (rules, index) = (&self.options.fits, self.rule(id));
            let rule = index.map(|index| &rules[index]);
            match fit(blob, &self.plan.blob(id).shape, rule, self.options.on_mismatch) {
                Err(_) if rule.is_none() && reshapes && !self.is_shared(id) => Ok(Fit::Reshaped.into()),
                Err(flaw) => Err(format!("blob {} {flaw}", blob.index)),
                Ok(fit) => {
                    let rule = rule.filter(|_| fit != Fit::Whole);
                    let from = |rule: &FitRule| FittedFrom { how: rule.how().to_string(), shape: blob.shape.clone() };
                    Ok(TakenBlob { fit, fitted: rule.map(from), rule: rule.and(index) })
                }
            }
        };
        layer.blobs.iter().map(fit).collect()
    }

    /// The rule that says how values are fitted to a blob, by its index.
    fn rule(&self, id: BlobId) -> Option<usize> {
        let layer = &self.plan.layers[id.layer];
        self.options.fits.iter().rposition(|rule| rule.selects(layer, id.blob))
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
        fits: Result<Vec<TakenBlob>, String>,
        report: &mut DonorReport,
    ) -> Result<()> {
        let planned = &self.plan.layers[target];
        match fits {
            Ok(fits) => {
                report.take(layer, planned, &fits);
                for (blob, taken) in layer.blobs.iter().zip(fits) {
                    let id = BlobId { layer: target, blob: blob.index };
                    if taken.fit == Fit::Reshaped {
                        report.reshape(layer, id, &self.plan.blob(id).shape, &blob.shape);
                    }
                    taken.rule.into_iter().for_each(|rule| self.fitted[rule] = true);
                    self.take(blob, id, taken);
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
    fn take(&mut self, blob: &StoredBlob, target: BlobId, taken: TakenBlob) {
        if taken.fit == Fit::Reshaped {
            self.plan.layers[target.layer].blobs[target.blob].shape = blob.shape.clone();
        }
        let shape = self.plan.blob(target).shape.clone();
        let BlobId { layer, blob: index } = self.plan.owner(target);
        let owner = &mut self.plan.layers[layer].blobs[index];
        let stored = Arc::clone(&blob.values);
        let values: Arc<dyn StoredValues> = match taken.fit {
            Fit::Padded { small } => {
                owner.take_corner(Patch::new(blob.clone(), &small, &shape));
                taken.fitted.into_iter().for_each(|from| owner.note_fitted(from));
                return;
            }
            Fit::Whole => {
                owner.take(blob.clone());
                taken.fitted.into_iter().for_each(|from| owner.note_fitted(from));
                return;
            }
            Fit::Reshaped => {
                owner.shape = shape;
                return owner.take(blob.clone());
            }
            Fit::Recast => stored,
            Fit::Sliced { corner } => Arc::new(Slice { values: stored, corner }),
            Fit::Gathered(gather) => Arc::new(GatheredValues::new(stored, gather)),
            Fit::Reordered(order) => Arc::new(Reordered::new(stored, order)),
        };
        owner.take(StoredBlob { shape, legacy: false, values, ..*blob });
        taken.fitted.into_iter().for_each(|from| owner.note_fitted(from));
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
        let help = match &proposals(&layer.blobs, planned)[..] {
            [] => Advice::naming(format!("{RENAME}{verb}"), setting, ""),
            [first, others @ ..] => {
                let rule = Setting::FitRule(format!("{}={first}", escaped(planned.param.name())));
                let others = if others.is_empty() { String::new() } else { format!(" (or {})", others.join(", ")) };
                let after = format!("{others}, {RENAME}{verb}");
                Advice::naming("fit its weights with ", rule, after).and_naming(setting, "")
            }
        };
        Diagnostic { message, location, help: Some(help) }.into()
    }

    /// Refuses a selection of layers that the net does not have: it is misspelt, most likely.
    fn check_selection(&self) -> Result<()> {
        let names: Vec<&str> = self.plan.layers.iter().map(|layer| layer.param.name()).collect();
        match self.options.selection.unused(&names) {
            Some((list, glob)) => Err(Error::Request(format!("{list} {glob}: the net has no layer of that name"))),
            None => Ok(()),
        }
    }

    /// Refuses rules for blobs that the net does not have, and returns a line for each other one that has fitted
    /// nothing.
    fn check_fits(&self) -> Result<Vec<String>> {
        let selects =
            |rule: &FitRule, layer: &PlannedLayer| (0..layer.blobs.len()).any(|index| rule.selects(layer, index));
        let unused = self.options.fits.iter().zip(&self.fitted).filter(|(_, used)| !**used);
        let note = |(rule, _): (&FitRule, _)| {
            if self.plan.layers.iter().any(|layer| selects(rule, layer)) {
                Ok(format!("fit {rule}: it fitted no blob; those whose shapes agree are taken as they are"))
            } else {
                let meant = self.plan.layers.iter().find(|layer| rule.is_about(layer) && !layer.blobs.is_empty());
                let meant = meant.map_or_else(String::new, |layer| {
                    let listed = layer.operator.listed(layer.blobs.iter().map(|blob| blob.role));
                    format!("; those of layer {:?} are {listed}", layer.param.name())
                });
                Err(Error::Request(format!("fit {rule}: the net has no such blob{meant}")))
            }
        };
        unused.map(note).collect()
    }
}
