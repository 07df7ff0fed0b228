//! A blob as the plan and the weights have it.

use std::io;

use super::report::{BlobReport, FillerReport};
use super::subject::blob_name;
use crate::filler::{self, Fan};
use crate::formats::StoredBlob;
use crate::layer::{FillerSpec, Operator, Role};
use crate::plan::{BlobId, PlannedBlob, ValueSource};
use crate::statistics::Moments;
use crate::{Plan, Shape};

/// A blob of the plan, of the weights, or of both.
#[derive(Clone, Copy)]
pub(super) struct BlobPair<'a> {
    pub(super) planned: Option<(&'a Plan, BlobId)>,
    pub(super) stored: Option<&'a StoredBlob>,
}

/// The values of a blob, to be read.
pub(super) enum BlobReader<'a> {
    /// Those of the weights.
    Stored(&'a StoredBlob),
    /// Those that the net's text gives.
    Given(&'a [f32]),
}

impl BlobReader<'_> {
    pub(super) fn read(&self, offset: usize, out: &mut [f32]) -> io::Result<()> {
        match self {
            BlobReader::Stored(blob) => blob.values.read(offset, out),
            BlobReader::Given(values) => {
                let values = values.get(offset..).and_then(|rest| rest.get(..out.len()));
                out.copy_from_slice(values.ok_or(io::ErrorKind::UnexpectedEof)?);
                Ok(())
            }
        }
    }

    /// See [`StoredValues::reads_anywhere`](crate::formats::StoredValues::reads_anywhere).
    pub(super) fn reads_anywhere(&self) -> bool {
        match self {
            BlobReader::Stored(blob) => blob.values.reads_anywhere(),
            BlobReader::Given(_) => true,
        }
    }
}

impl<'a> BlobPair<'a> {
    pub(super) fn planned_blob(&self) -> Option<&'a PlannedBlob> {
        self.planned.map(|(plan, id)| plan.blob(id))
    }

    /// Where the plan has the values from.
    fn source(&self) -> Option<ValueSource<'a>> {
        self.planned.map(|(plan, id)| plan.source(id))
    }

    pub(super) fn role(&self) -> Option<Role> {
        self.planned_blob().map(|blob| blob.role)
    }

    fn shape(&self) -> Shape {
        let stored = self.stored.map(|blob| &blob.shape);
        stored.or(self.planned_blob().map(|blob| &blob.shape)).cloned().unwrap_or_else(Shape::unshaped)
    }

    /// What its layer computes, where a plan tells it.
    pub(super) fn operator(&self) -> Option<&'a Operator> {
        self.planned.map(|(plan, id)| &plan.layers[id.layer].operator)
    }

    fn name(&self) -> Option<&'static str> {
        self.planned.and_then(|(plan, id)| plan.layers[id.layer].operator.blob_name(id.blob))
    }

    /// The shape that fans are counted by: the net's, where the stored one has the four sizes of old files.
    fn fan_shape(&self) -> Shape {
        let planned = self.planned_blob().map(|blob| &blob.shape);
        let of_net = planned.filter(|shape| {
            self.stored
                .is_some_and(|stored| stored.legacy && stored.aligned(shape).is_some_and(|dims| dims == shape.dims()))
        });
        of_net.cloned().unwrap_or_else(|| self.shape())
    }

    /// The values that can be read: those of the weights, or those that the plan has from others or from the net.
    pub(super) fn values(&self) -> Option<BlobReader<'a>> {
        if let Some(stored) = self.stored {
            return Some(BlobReader::Stored(stored));
        }
        match self.source()? {
            ValueSource::Given(values) => Some(BlobReader::Given(values)),
            ValueSource::Weights(stored) => Some(BlobReader::Stored(stored)),
            _ => None,
        }
    }

    /// The report, without statistics of values.
    pub(super) fn report(&self, index: usize) -> BlobReport {
        let (shape, role) = (self.shape(), self.role());
        let fan = if role == Some(Role::Statistic) { None } else { Fan::new("", &self.fan_shape()).ok() };
        let owner = self.planned.and_then(|(plan, id)| Some(blob_name(plan, plan.blob(id).owner?)));
        BlobReport {
            index,
            role,
            name: self.name(),
            count: shape.count() as u64,
            shape,
            shared_with: owner,
            source: self.planned_blob().map(|blob| blob.source().kind()),
            filler: self.planned_blob().and_then(filler_report),
            fan_in: fan.map(Fan::fan_in),
            fan_out: fan.map(Fan::fan_out),
            expected: self.source().and_then(|source| expected(&source)),
            actual: None,
        }
    }
}

fn filler_report(blob: &PlannedBlob) -> Option<FillerReport> {
    let FillerSpec { param, explicit, .. } = blob.filler()?;
    let filler_type = param.r#type().to_owned();
    Some(FillerReport { filler_type, text: filler::text(param), explicit: *explicit })
}

/// What values from this source are expected to be like.
fn expected(source: &ValueSource<'_>) -> Option<Moments> {
    match source {
        ValueSource::Filler { filler, .. } => filler.moments(),
        ValueSource::Zeros => Moments::finite(0.0, 0.0),
        _ => None,
    }
}
