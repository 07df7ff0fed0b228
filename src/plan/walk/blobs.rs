//! The blobs of a layer: their fillers, or the values that the net gives.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::{LayerFault, NetWalk, at_layer};
use crate::Shape;
use crate::data::Sources;
use crate::error::{AtField, Refusal};
use crate::filler::{self, Filler, FillerRegistry};
use crate::formats::NumberType;
use crate::layer::{BlobSpec, BlobValues, FillerSpec};
use crate::plan::numbers::blob_type;
use crate::plan::rules::{Deciding, refused};
use crate::plan::{Initial, PlannedBlob};
use crate::proto::blob;
use crate::proto::caffe::{BlobProto, FillerParameter, LayerParameter};

impl NetWalk<'_> {
    /// The blobs of a layer, each with what its values are before any donor's.
    pub(super) fn blobs(
        &self,
        specs: Vec<BlobSpec>,
        given: Vec<BlobProto>,
        decided: &Decided<'_>,
        notices: &mut Vec<String>,
    ) -> Result<Vec<PlannedBlob>, LayerFault> {
        if specs.is_empty() {
            return Ok(Vec::new());
        }
        let mut given: Vec<Option<BlobProto>> = given.into_iter().map(Some).collect();
        let mut shared: HashMap<usize, Arc<[f32]>> = HashMap::new();
        let number_type = blob_type(decided.layer, self.dialect).map_err(at_layer)?;
        let mut blobs = Vec::with_capacity(specs.len());
        for (index, BlobSpec { shape, role, values }) in specs.into_iter().enumerate() {
            if shape.count() == 0 {
                return Err(at_layer(Refusal::new(format!("a blob of shape {shape} would be empty"))));
            }
            let initial = match values {
                BlobValues::Zeros => Initial::Zeros,
                BlobValues::Fixed(values) => Initial::Given(values),
                BlobValues::Filled(spec) => {
                    let filler = decided.filler(&self.options.fillers, index, &spec, &shape, notices)?;
                    let filler = if number_type == NumberType::F16 { filler::in_half(filler) } else { filler };
                    Initial::Filled { filler: filler.into(), spec }
                }
                BlobValues::Given(index) => {
                    if let Some(blob) = given.get_mut(index).and_then(Option::take) {
                        shared.insert(index, given_values(blob).map_err(at_layer)?);
                    }
                    let values = shared.get(&index).cloned();
                    Initial::Given(values.ok_or_else(|| at_layer(Refusal::at("blobs", "a given blob is missing")))?)
                }
            };
            blobs.push(PlannedBlob { number_type, ..PlannedBlob::new(shape, role, initial) });
        }
        Ok(blobs)
    }
}

/// A layer, and the rules that decide its blobs.
pub(super) struct Decided<'a> {
    pub(super) layer: &'a LayerParameter,
    pub(super) rules: Deciding<'a>,
    pub(super) sources: &'a Sources,
}

impl Decided<'_> {
    /// The filler of a blob: that of a rule, or the net's.
    fn filler(
        &self,
        fillers: &FillerRegistry,
        blob: usize,
        spec: &FillerSpec,
        shape: &Shape,
        notices: &mut Vec<String>,
    ) -> Result<Box<dyn Filler>, LayerFault> {
        match self.rules.get(blob).copied().flatten() {
            Some(rule) => {
                let built = fillers.build_chosen(&spec.param, shape);
                built.map_err(|refusal| LayerFault::Rule(refused(rule, self.layer, blob, refusal)))
            }
            None => {
                let built = fillers.build(&self.found(&spec.param, notices), shape);
                built.map_err(|refusal| LayerFault::Net(refusal, spec.field))
            }
        }
    }

    /// A filler of the net with the place of the file that it names, if it names one.
    fn found<'p>(&self, param: &'p FillerParameter, notices: &mut Vec<String>) -> Cow<'p, FillerParameter> {
        let Some(path) = &param.path else { return Cow::Borrowed(param) };
        let path = Some(self.sources.find(path, notices).display().to_string());
        Cow::Owned(FillerParameter { path, ..param.clone() })
    }
}

/// The values of a blob that the net gives.
fn given_values(given: BlobProto) -> Result<Arc<[f32]>, Refusal> {
    let shape = blob::shape(&given).at("blobs")?;
    let counts = blob::Counts::of(&given).and_then(|counts| counts.check(&shape));
    counts.map_err(|fault| Refusal::at("blobs", format!("a given blob {fault}")))?;
    Ok(blob::values(given).into())
}
