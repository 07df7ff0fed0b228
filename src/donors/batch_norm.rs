//! BatchNorm layers of donors that differ from those of the net.
//!
//! Some Caffes keep scale and shift in BatchNorm as well, as a fourth and a fifth blob, some all blobs but the factor
//! in the shape (1, C, 1, 1). Where the net has a BatchNorm of three blobs and a Scale behind it, these go there.
//!
//! A Caffe that keeps the statistics themselves, and not sums of them, takes the shapes of the donor's blobs, whatever
//! they are. Of three blobs, which are sums and their factor, it divides the sums. Of five it takes all as they are,
//! but where the last has a single value they are in the order of old files: scale, bias, mean, variance, and one that
//! means nothing.

use std::io;
use std::sync::Arc;

use super::complete::check_layer;
use super::fit::Fit;
use super::{Donor, DonorReport, Matcher};
use crate::Shape;
use crate::dialect::BatchNormBlobs;
use crate::error::{Error, Result};
use crate::formats::{Matching, NumberType, StoredBlob, StoredLayer, StoredValues};

/// Where the new order has its blobs from in that of old files.
const OLD_ORDER: [usize; 5] = [2, 3, 4, 0, 1];

impl Matcher<'_> {
    /// Takes a layer that is a BatchNorm with blobs that are not simply taken one for one; says whether it did.
    pub(super) fn take_batch_norm(
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
            BatchNormBlobs::ScaleFirst => return Ok(false),
        }
        Ok(true)
    }

    /// Takes a BatchNorm with scale and shift for one without, and a Scale behind it, or one whose blobs have four
    /// axes; says whether the net has such layers.
    fn parted(&mut self, donor: &Donor, layer: &StoredLayer, target: usize, report: &mut DonorReport) -> Result<bool> {
        let is_corrected =
            donor.net.dialect.is_some_and(|dialect| dialect.traits.batch_norm_blobs == BatchNormBlobs::Corrected);
        let Some((norm, learned)) = parted(layer, is_corrected) else { return Ok(false) };
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
                    "layer {name:?}: scale and shift of its {count} blobs went to the Scale layer {behind:?}"
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
    pub(super) fn scale_behind(&self, layer: usize) -> Option<usize> {
        let top = self.plan.layers[layer].top_ids.first()?;
        let reads = |other: &usize| self.plan.layers[*other].bottom_ids.first() == Some(top);
        let reader = (layer + 1..self.plan.layers.len()).find(reads)?;
        (self.plan.layers[reader].param.r#type() == "Scale").then_some(reader)
    }

    /// Takes a BatchNorm for one that keeps the statistics themselves, shapes included.
    fn corrected(&mut self, donor: &Donor, layer: &StoredLayer, target: usize, report: &mut DonorReport) -> Result<()> {
        let cannot_read = |source| Error::io("cannot read", &donor.name, source);
        let layer = &corrected(layer).map_err(cannot_read)?;
        let fits =
            check_layer(layer, &self.plan.layers[target]).map(|()| vec![Fit::Reshaped.into(); layer.blobs.len()]);
        self.layer(donor, layer, target, fits, report)
    }
}

/// The layer as such a Caffe takes it.
///
/// # Errors
/// The factor cannot be read.
fn corrected(layer: &StoredLayer) -> io::Result<StoredLayer> {
    let blobs = match &layer.blobs[..] {
        [mean, variance, factor] if factor.shape.count() > 0 => divided(mean, variance, factor)?,
        blobs => ordered(blobs),
    };
    Ok(StoredLayer { blobs, ..layer.clone() })
}

/// Five blobs in the new order; others as they are.
fn ordered(blobs: &[StoredBlob]) -> Vec<StoredBlob> {
    if !is_old(blobs) {
        return blobs.to_vec();
    }
    let taken = |(index, &old): (usize, &usize)| StoredBlob { index, ..blobs[old].clone() };
    OLD_ORDER.iter().enumerate().map(taken).collect()
}

/// Whether five blobs are in the order of old files.
fn is_old(blobs: &[StoredBlob]) -> bool {
    matches!(blobs, [_, _, _, _, last] if last.shape.count() == 1)
}

/// The layer as a BatchNorm of three blobs, and what it has for a Scale behind it; `None` if it is such a BatchNorm
/// already. `is_corrected` says that its Caffe keeps the statistics themselves: their factor is 1.
pub(crate) fn parted(layer: &StoredLayer, is_corrected: bool) -> Option<(StoredLayer, StoredLayer)> {
    let is_plain = layer.blobs.len() == 3 && layer.blobs.iter().all(|blob| channels(blob).is_none());
    if !(3..=5).contains(&layer.blobs.len()) || is_plain {
        return None;
    }
    let mut blobs: Vec<StoredBlob> = ordered(&layer.blobs).into_iter().map(flat).collect();
    let learned = blobs.split_off(3);
    if (is_corrected || is_old(&layer.blobs)) && blobs[2].shape.count() == 1 {
        blobs[2].values = Arc::new(vec![1.0]);
    }
    let learned = learned.into_iter().enumerate().map(|(index, blob)| StoredBlob { index, ..blob });
    Some((
        StoredLayer { blobs, ..layer.clone() },
        StoredLayer { blobs: learned.collect(), ..StoredLayer::new(layer.name.clone(), Vec::new()) },
    ))
}

/// The channels of a blob of the shape (1, C, 1, 1).
fn channels(blob: &StoredBlob) -> Option<i32> {
    match *blob.shape.dims() {
        [1, channels, 1, 1] if !blob.legacy => Some(channels),
        _ => None,
    }
}

/// A blob with one axis for its channels.
fn flat(blob: StoredBlob) -> StoredBlob {
    match channels(&blob).and_then(|channels| Shape::new([channels]).ok()) {
        Some(shape) => StoredBlob { shape, ..blob },
        None => blob,
    }
}

fn divided(mean: &StoredBlob, variance: &StoredBlob, factor: &StoredBlob) -> io::Result<Vec<StoredBlob>> {
    let mut value = [0.0];
    factor.values.read(0, &mut value)?;
    let scale = if value[0] == 0.0 { 0.0 } else { 1.0 / value[0] };
    let scaled = |blob: &StoredBlob| {
        let values: Arc<dyn StoredValues> = Arc::new(ScaledValues { values: Arc::clone(&blob.values), scale });
        StoredBlob { values, ..blob.clone() }
    };
    let correction: Arc<dyn StoredValues> = Arc::new(vec![1.0; factor.shape.count()]);
    Ok(vec![scaled(mean), scaled(variance), StoredBlob { values: correction, ..factor.clone() }])
}

/// Stored values times a number; where that is 0, zeros.
struct ScaledValues {
    values: Arc<dyn StoredValues>,
    scale: f32,
}

impl StoredValues for ScaledValues {
    fn read(&self, offset: usize, out: &mut [f32]) -> io::Result<()> {
        self.values.read(offset, out)?;
        for value in out {
            *value = if self.scale == 0.0 { 0.0 } else { *value * self.scale };
        }
        Ok(())
    }

    fn number_type(&self) -> NumberType {
        self.values.number_type()
    }

    fn reads_anywhere(&self) -> bool {
        self.values.reads_anywhere()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shape;

    fn layer(blobs: &[&[f32]]) -> StoredLayer {
        let stored = |(index, values): (usize, &&[f32])| {
            StoredBlob::new(index, Shape::new([values.len() as i64]).unwrap(), values.to_vec())
        };
        StoredLayer::new("n", blobs.iter().enumerate().map(stored).collect())
    }

    fn taken(blobs: &[&[f32]]) -> Vec<Vec<f32>> {
        let read = |(index, blob): (usize, &StoredBlob)| {
            assert_eq!(blob.index, index);
            blob.read().unwrap()
        };
        corrected(&layer(blobs)).unwrap().blobs.iter().enumerate().map(read).collect()
    }

    #[test]
    fn sums_are_divided_by_their_factor() {
        assert_eq!(taken(&[&[1.0, -2.0], &[4.0, 6.0], &[4.0]]), [vec![0.25, -0.5], vec![1.0, 1.5], vec![1.0]]);
        assert_eq!(taken(&[&[1.0, -2.0], &[4.0, 6.0], &[0.0]]), [vec![0.0, 0.0], vec![0.0, 0.0], vec![1.0]]);
    }

    #[test]
    fn scale_and_shift_are_parted_from_the_statistics() {
        let read = |layer: &StoredLayer| {
            let value = |blob: &StoredBlob| (blob.index, blob.shape.axes(), blob.read().unwrap());
            layer.blobs.iter().map(value).collect::<Vec<_>>()
        };
        let parts = |layer: &StoredLayer, is_corrected| {
            parted(layer, is_corrected).map(|(norm, scale)| (read(&norm), read(&scale)))
        };
        let new = layer(&[&[1.0, 1.0], &[2.0, 2.0], &[3.0], &[4.0, 4.0], &[5.0, 5.0]]);
        let norm = |factor: f32| vec![(0, 1, vec![1.0, 1.0]), (1, 1, vec![2.0, 2.0]), (2, 1, vec![factor])];
        let scale = vec![(0, 1, vec![4.0, 4.0]), (1, 1, vec![5.0, 5.0])];
        assert_eq!(parts(&new, false), Some((norm(3.0), scale.clone())));
        assert_eq!(parts(&new, true), Some((norm(1.0), scale.clone())));
        let old = layer(&[&[4.0, 4.0], &[5.0, 5.0], &[1.0, 1.0], &[2.0, 2.0], &[3.0]]);
        assert_eq!(parts(&old, false), Some((norm(1.0), scale)));
        assert_eq!(parts(&layer(&[&[1.0, 1.0], &[2.0, 2.0], &[3.0]]), true), None);
        let mut shaped = layer(&[&[1.0, 1.0], &[2.0, 2.0], &[3.0]]);
        shaped.blobs[0].shape = Shape::new([1, 2, 1, 1]).unwrap();
        assert_eq!(parts(&shaped, false), Some((norm(3.0), vec![])));
    }

    #[test]
    fn five_blobs_are_put_into_the_new_order_if_the_last_has_one_value() {
        let new: [&[f32]; 5] = [&[1.0, 1.0], &[2.0, 2.0], &[3.0], &[4.0, 4.0], &[5.0, 5.0]];
        assert_eq!(taken(&new), new);
        let old: [&[f32]; 5] = [&[4.0, 4.0], &[5.0, 5.0], &[1.0, 1.0], &[2.0, 2.0], &[3.0]];
        assert_eq!(taken(&old), new);
    }
}
