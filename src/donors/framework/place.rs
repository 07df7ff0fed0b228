//! Modules into the layers of a net.

use std::sync::Arc;

use super::layout::{Weights, numbered};
use super::module::{Module, modules};
use super::{ArrayRole, Framework};
use crate::Shape;
use crate::donors::report::Passed;
use crate::donors::{Donor, DonorReport, Found, Matcher, TakenBlob};
use crate::error::Result;
use crate::formats::{Matching, StoredBlob, StoredLayer};
use crate::layer::{Operator, Role};
use crate::plan::{FittedFrom, PlannedBlob};

/// How many names a note lists.
const FEW: usize = 8;

/// What came of the modules of a donor beside what its report says.
#[derive(Default)]
pub(super) struct Findings<'d> {
    /// Layers of the net that have a bias, and whose module has none.
    zeros: Vec<String>,
    /// Layers of the net that have a scale, and whose module has none.
    ones: Vec<String>,
    /// Normalisations of the net that add something else to the variance, and what.
    eps: Vec<(String, f32)>,
    /// Arrays that nothing takes.
    unplaced: Vec<&'d str>,
    /// What was done to weights that does not follow from their shapes, in a line each.
    notes: Vec<String>,
}

/// A module on its way into the layers of a net.
pub(super) struct Placement<'a, 'd> {
    pub(super) framework: &'static Framework,
    pub(super) module: &'a Module<'d>,
    /// The layer of the net, and the Scale behind it that takes scale and shift, if it has none of its own.
    target: usize,
    scale: Option<usize>,
    /// Whether there is such a Scale, which is to take nothing.
    leaves_learned: bool,
}

impl Matcher<'_> {
    /// Takes a donor whose arrays have the names of a framework.
    pub(in crate::donors) fn of_framework(
        &mut self,
        donor: &Donor,
        framework: &'static Framework,
    ) -> Result<DonorReport> {
        let mut report = DonorReport::new(&donor.name);
        let (modules, others) = modules(framework, &donor.net);
        let mut found = Findings { unplaced: others, ..Findings::default() };
        for module in &modules {
            let names = self.names.of(donor.called.as_deref(), &module.name);
            let mut passed = Vec::new();
            for name in &names {
                passed.extend(
                    self.place_module(donor, framework, (&modules, module), name, &mut found, &mut report)?.err(),
                );
            }
            if passed.len() == names.len() {
                report.pass_over(&module.as_layer(), passed.into_iter().max().unwrap_or(Passed::Excess));
            }
        }
        found.report(framework, &mut report);
        if report.taken.is_empty() {
            report.lead = self.prefix(modules.iter().map(|module| module.name.as_ref()));
        }
        Ok(report)
    }

    fn place_module<'d>(
        &mut self,
        donor: &Donor,
        framework: &'static Framework,
        (modules, module): (&[Module<'d>], &Module<'d>),
        name: &str,
        found: &mut Findings<'d>,
        report: &mut DonorReport,
    ) -> Result<Found> {
        let target = self.targets.get(name).map(|(first, _)| *first);
        let Some(target) = target.filter(|&target| !self.plan.layers[target].blobs.is_empty()) else {
            return Ok(Err(Passed::Excess));
        };
        if !self.options.selection.contains(name) {
            return Ok(Err(Passed::Left));
        }
        module.check(&donor.name)?;
        let scale = self.scale_of(target, modules);
        let is_wanted = |&scale: &usize| self.options.selection.contains(self.plan.layers[scale].param.name());
        let leaves_learned = scale.is_some_and(|scale| !is_wanted(&scale));
        let scale = scale.filter(is_wanted);
        let placement = Placement { framework, module, target, scale, leaves_learned };
        let learned = module.keys(|role| leaves_learned && (role.is_weight() || role == ArrayRole::Bias));
        report.left.extend(learned.map(str::to_owned));
        for layer in [Some(target), scale].into_iter().flatten() {
            let placed = self.blobs(&placement, layer, found);
            let blobs = placed.iter().flatten().map(|placed| placed.blob.clone()).collect();
            let stored = StoredLayer::new(module.name.as_ref(), blobs);
            let fits = placed.and_then(|placed| {
                let fits = self.fits(&stored, layer, Matching::Layers)?;
                Ok(fits.into_iter().zip(placed).map(|(fit, placed)| placed.noted(fit, framework)).collect())
            });
            self.layer(donor, &stored, layer, fits, report)?;
        }
        self.note_eps(framework, target, found);
        let has_statistics = self.blobs_of(target, Role::Statistic).next().is_some();
        if !has_statistics {
            found.unplaced.extend(module.keys(|role| matches!(role, ArrayRole::Mean | ArrayRole::Variance)));
        }
        Ok(Ok(()))
    }

    /// The Scale layer that takes scale and shift of a normalisation, which has none itself.
    fn scale_of(&self, target: usize, modules: &[Module<'_>]) -> Option<usize> {
        let normalises = self.blobs_of(target, Role::Statistic).next().is_some();
        let has_own = self.blobs_of(target, Role::Weight).next().is_some();
        let scale = self.scale_behind(target).filter(|_| normalises && !has_own)?;
        let name = self.plan.layers[scale].param.name();
        modules.iter().all(|module| module.name != name).then_some(scale)
    }

    /// The blobs of a layer of the net that have this role.
    fn blobs_of(&self, layer: usize, role: Role) -> impl Iterator<Item = &PlannedBlob> {
        self.plan.layers[layer].blobs.iter().filter(move |blob| blob.role == role)
    }

    /// The blobs of a layer of the net, made of the module's arrays.
    ///
    /// # Errors
    /// One has no array, or an array that belongs here has no blob.
    fn blobs<'d>(
        &self,
        placement: &Placement<'_, 'd>,
        layer: usize,
        found: &mut Findings<'d>,
    ) -> Result<Vec<PlacedBlob>, String> {
        self.check_learned(placement, layer)?;
        let planned = &self.plan.layers[layer];
        if let Operator::Recurrent(recurrent) = &planned.operator {
            return placement.recurrent(recurrent, planned, found);
        }
        if let Some(key) = placement.module.keys(ArrayRole::is_of_state).next() {
            return Err(format!("{key:?} has no place: it has no such blob"));
        }
        let mut statistics = 0;
        let blob = |(index, blob): (usize, &PlannedBlob)| {
            let placed = match blob.role {
                Role::Weight => self.weights(placement, layer, index, found)?,
                Role::Bias => self.bias(placement, layer, index, found),
                Role::Statistic => {
                    statistics += 1;
                    placement.statistic(statistics, blob)?
                }
                Role::Other => return Err(format!("{} has nothing for blob {index}", placement.framework.title)),
            };
            Ok(PlacedBlob { blob: numbered(placed.blob, index, &blob.shape), ..placed })
        };
        planned.blobs.iter().enumerate().map(blob).collect()
    }

    /// Checks that weights and bias of the module have their blobs, if not in this layer then in the Scale behind it.
    fn check_learned(&self, placement: &Placement<'_, '_>, layer: usize) -> Result<(), String> {
        if layer == placement.target && (placement.scale.is_some() || placement.leaves_learned) {
            return Ok(());
        }
        let is_bias = |role| role == ArrayRole::Bias;
        for (role, is) in [(Role::Weight, ArrayRole::is_weight as fn(ArrayRole) -> bool), (Role::Bias, is_bias)] {
            let is_lacking = self.blobs_of(layer, role).next().is_none();
            let is_elsewhere = role == Role::Bias && self.is_first_half(placement, layer);
            let key = placement.module.keys(is).next().filter(|_| is_lacking && !is_elsewhere);
            let Some(key) = key else { continue };
            let normalises = self.blobs_of(layer, Role::Statistic).next().is_some();
            let place = if normalises { "no Scale layer follows that could take it" } else { "it has no such blob" };
            return Err(format!("{key:?} has no place: {place}"));
        }
        Ok(())
    }

    /// Whether the layer is the one with filters for each channel of a module that has a convolution of 1 x 1 behind
    /// that, to which the bias belongs.
    fn is_first_half(&self, placement: &Placement<'_, '_>, layer: usize) -> bool {
        let is_of_each = self.blobs_of(layer, Role::Weight).next().is_some_and(|blob| blob.shape.dim(1) == Some(1));
        is_of_each && placement.module.has_both_halves()
    }

    fn weights<'d>(
        &self,
        placement: &Placement<'_, 'd>,
        layer: usize,
        index: usize,
        found: &mut Findings<'d>,
    ) -> Result<PlacedBlob, String> {
        let (planned, module) = (&self.plan.layers[layer], placement.module);
        let is_first = planned.blobs[..index].iter().all(|blob| blob.role != Role::Weight);
        let needed = &planned.blobs[index].shape;
        let Some((role, array)) = module.weights(needed.dim(1) == Some(1)).filter(|_| is_first) else {
            let scales = placement.scale == Some(layer) || self.blobs_of(layer, Role::Statistic).next().is_some();
            if scales || matches!(planned.operator, Operator::Scale(_)) && module.has(|role| role == ArrayRole::Bias) {
                found.ones.push(planned.param.name().to_owned());
                return Ok(PlacedBlob::all(1.0, needed));
            }
            return Err(format!("{:?} has no weights for blob {index}", placement.module.name));
        };
        let weights = Weights { plan: self.plan, layer, index, role };
        let (blob, picture) = weights.laid_out(array);
        found.notes.extend(picture.map(|picture| {
            let (name, title) = (planned.param.name(), placement.framework.title);
            let dims: Vec<String> = picture.iter().map(i32::to_string).collect();
            let dims = dims.join(", ");
            format!("layer {name:?}: its inputs were reordered to ({dims}), as {title} has the channels last")
        }));
        Ok(PlacedBlob { blob, array: Some(array.clone()) })
    }

    fn bias<'d>(
        &self,
        placement: &Placement<'_, 'd>,
        layer: usize,
        index: usize,
        found: &mut Findings<'d>,
    ) -> PlacedBlob {
        let planned = &self.plan.layers[layer];
        let bias = placement.module.array(|role| role == ArrayRole::Bias);
        match bias.filter(|_| !self.is_first_half(placement, layer)) {
            Some((_, array)) => PlacedBlob::of(array),
            None => {
                found.zeros.push(planned.param.name().to_owned());
                PlacedBlob::all(0.0, &planned.blobs[index].shape)
            }
        }
    }

    /// Notes what a normalisation adds to the variance, if it is not what the framework adds.
    fn note_eps(&self, framework: &Framework, target: usize, found: &mut Findings<'_>) {
        let planned = &self.plan.layers[target];
        let eps = match &planned.operator {
            Operator::BatchNorm(norm) => norm.eps,
            Operator::Bn(norm) => norm.eps,
            _ => return,
        };
        if eps != framework.eps {
            found.eps.push((planned.param.name().to_owned(), eps));
        }
    }
}

impl Placement<'_, '_> {
    /// The statistic of this number, from 1: mean, variance, and the factor that they are to be divided by.
    fn statistic(&self, number: usize, blob: &PlannedBlob) -> Result<PlacedBlob, String> {
        let (is, what): (fn(ArrayRole) -> bool, _) = match number {
            1 => (|role| role == ArrayRole::Mean, self.framework.statistics[0]),
            2 => (|role| role == ArrayRole::Variance, self.framework.statistics[1]),
            _ => return Ok(PlacedBlob::all(1.0, &blob.shape)),
        };
        let array = self.module.array(is).map(|(_, array)| PlacedBlob::of(array));
        array.ok_or_else(|| format!("{:?} has no {what}", self.module.name))
    }
}

/// A blob of the net as it is made.
#[derive(Clone)]
pub(super) struct PlacedBlob {
    pub(super) blob: StoredBlob,
    /// The array that it is made of, if it is of one.
    pub(super) array: Option<StoredBlob>,
}

impl PlacedBlob {
    /// An array as it is.
    fn of(array: &StoredBlob) -> PlacedBlob {
        PlacedBlob { blob: array.clone(), array: Some(array.clone()) }
    }

    /// The same value everywhere.
    pub(super) fn all(value: f32, shape: &Shape) -> PlacedBlob {
        PlacedBlob { blob: StoredBlob::new(0, shape.clone(), vec![value; shape.count()]), array: None }
    }

    /// How it is taken, with what it was if the array was laid out otherwise.
    fn noted(self, taken: TakenBlob, framework: &Framework) -> TakenBlob {
        let PlacedBlob { blob, array } = self;
        let is_otherwise = |array: &StoredBlob| array.shape != blob.shape || !Arc::ptr_eq(&array.values, &blob.values);
        let from = |array: StoredBlob| FittedFrom { how: framework.name.to_owned(), shape: array.shape };
        let fitted = taken.fitted.or_else(|| array.filter(is_otherwise).map(from));
        TakenBlob { fitted, ..taken }
    }
}

impl Findings<'_> {
    /// Notes that a layer has a bias, and its module none.
    pub(super) fn without_bias(&mut self, layer: &str) {
        if self.zeros.last().is_none_or(|last| last != layer) {
            self.zeros.push(layer.to_owned());
        }
    }

    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Enters it into the report.
    fn report(self, framework: &Framework, report: &mut DonorReport) {
        let notes = &mut report.notes;
        notes.extend(self.notes);
        let of =
            |layers: &[String]| format!("{} {}", if layers.len() == 1 { "layer" } else { "layers" }, listed(layers));
        if !self.zeros.is_empty() {
            notes.push(format!("{}: no bias is stored, so it is 0", of(&self.zeros)));
        }
        if !self.ones.is_empty() {
            notes.push(format!("{}: no scale is stored, so it is 1", of(&self.ones)));
        }
        if let Some((_, eps)) = self.eps.first() {
            let layers: Vec<String> = self.eps.iter().map(|(layer, _)| layer.clone()).collect();
            let Framework { title, eps: other, .. } = framework;
            let layers = of(&layers);
            notes.push(format!("{layers}: eps is {eps}; {title} normalises with {other} by default"));
        }
        let unplaced: Vec<String> =
            report.excess.iter().cloned().chain(self.unplaced.iter().map(|&key| key.to_owned())).collect();
        if !unplaced.is_empty() {
            notes.push(format!("the net has no place for {}", listed(&unplaced)));
        }
        report.excess = unplaced;
    }
}

/// Names with commas between them, the first of many.
fn listed(names: &[String]) -> String {
    let more = names.len().saturating_sub(FEW);
    let few = names[..names.len() - more].join(", ");
    if more == 0 { few } else { format!("{few} and {more} more") }
}
