//! Means of pictures that a layer keeps, taken over from pictures of another size (Synopsys' DataAugmentation).
//!
//! The blobs are a counter, a mean picture (1, C, h, w) and the mean of each channel (1, C, 1, 1). A picture of the
//! same size is taken as it is, and its channels' means are computed anew; one of another size gives these alone, of
//! which the layer's picture is then made. Sums are those of single precision, from front to back.

use std::io;

use super::complete::check_gaps;
use super::report::Passed;
use super::{Donor, DonorReport, Matcher};
use crate::Shape;
use crate::error::{Error, Result};
use crate::formats::{Matching, StoredBlob, StoredLayer};
use crate::layer::Restoring;

impl Matcher<'_> {
    /// Takes the layer for one that keeps means, or that takes nothing; tells whether the net's is such a layer.
    pub(super) fn take_means(
        &mut self,
        donor: &Donor,
        layer: &StoredLayer,
        target: usize,
        report: &mut DonorReport,
    ) -> Result<bool> {
        let planned = &self.plan.layers[target];
        let (per_pixel, picture) = match (planned.restoring, planned.blobs.get(1)) {
            (Restoring::Means { per_pixel }, Some(picture)) => (per_pixel, &picture.shape),
            (Restoring::Nothing, _) => {
                report.pass_over(layer, Passed::Excess);
                return Ok(true);
            }
            _ => return Ok(false),
        };
        let taken = taken(layer, picture, per_pixel);
        match taken.map_err(|source| Error::io("cannot read", &donor.name, source))? {
            Ok(taken) => {
                let fits = self.fits(&taken, target, Matching::Layers);
                self.layer(donor, &taken, target, fits, report)?;
            }
            Err(flaw) => self.layer(donor, layer, target, Err(flaw), report)?,
        }
        Ok(true)
    }
}

/// The blobs that a layer whose mean picture has the shape `picture` takes of a stored layer; none where that has no
/// means.
///
/// # Errors
/// The values cannot be read; or, within, the blobs are no such means: the text completes "blob 0 ...".
fn taken(layer: &StoredLayer, picture: &Shape, per_pixel: bool) -> io::Result<Result<StoredLayer, String>> {
    if let Err(gap) = check_gaps(layer) {
        return Ok(Err(gap));
    }
    let of = |blobs: Vec<StoredBlob>| Ok(Ok(StoredLayer { blobs, ..layer.clone() }));
    let [counter, mean, rest @ ..] = &layer.blobs[..] else {
        return of(Vec::new());
    };
    let (&[1, channels, height, width], Some(&stored)) = (mean.shape.dims(), picture.dims().get(1)) else {
        return Ok(Err(format!("blob 1 has the shape {}, which is not a mean picture", mean.shape)));
    };
    if channels != stored {
        return Ok(Err(format!("blob 1 has the shape {}, which does not have the channels of {picture}", mean.shape)));
    }
    if !per_pixel {
        return match rest {
            [of_channels, ..] => of(vec![counter.clone(), of_channels.clone()]),
            [] => Ok(Err("blob 2 is missing".to_owned())),
        };
    }
    let area = height as usize * width as usize;
    let means = channel_means(mean, area)?;
    let mean = match mean.shape == *picture {
        true => mean.clone(),
        false => {
            let repeats = picture.count_from(2) as usize;
            let spread: Vec<f32> = means.iter().flat_map(|&mean| std::iter::repeat_n(mean, repeats)).collect();
            StoredBlob::new(1, picture.clone(), spread)
        }
    };
    let shape = Shape::new([1, channels, 1, 1]).map_err(io::Error::other)?;
    of(vec![counter.clone(), mean, StoredBlob::new(2, shape, means)])
}

/// The mean of each channel of so many values.
fn channel_means(mean: &StoredBlob, area: usize) -> io::Result<Vec<f32>> {
    let scale = 1.0 / area as f32;
    Ok(mean.read()?.chunks(area.max(1)).map(|channel| scale * channel.iter().sum::<f32>()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(index: usize, dims: &[i32], values: &[f32]) -> StoredBlob {
        StoredBlob::new(index, Shape::new(dims).unwrap(), values.to_vec())
    }

    fn values(layer: &StoredLayer) -> Vec<(usize, Vec<f32>)> {
        layer.blobs.iter().map(|blob| (blob.index, blob.read().unwrap())).collect()
    }

    #[test]
    fn means_are_computed_anew_and_spread_out() {
        let counter = stored(0, &[1, 1, 1, 1], &[7.0]);
        let picture = stored(1, &[1, 2, 1, 2], &[1.0, 3.0, 5.0, 9.0]);
        let layer = StoredLayer::new("m", vec![counter, picture, stored(2, &[1, 2, 1, 1], &[8.0, 8.0])]);
        let taken = |dims: &[i32], per_pixel| taken(&layer, &Shape::new(dims).unwrap(), per_pixel).unwrap();
        let same = values(&taken(&[1, 2, 1, 2], true).unwrap());
        assert_eq!(same[1..], [(1, vec![1.0, 3.0, 5.0, 9.0]), (2, vec![2.0, 7.0])]);
        let other = values(&taken(&[1, 2, 3, 1], true).unwrap());
        assert_eq!(other[1..], [(1, vec![2.0, 2.0, 2.0, 7.0, 7.0, 7.0]), (2, vec![2.0, 7.0])]);
        let channels = values(&taken(&[1, 2, 3, 1], false).unwrap());
        assert_eq!(channels, [(0, vec![7.0]), (2, vec![8.0, 8.0])]);
        let error = taken(&[1, 3, 1, 2], true).unwrap_err();
        assert_eq!(error, "blob 1 has the shape (1, 2, 1, 2), which does not have the channels of (1, 3, 1, 2)");
    }

    #[test]
    fn the_blobs_are_those_of_their_numbers() {
        let blobs = vec![stored(0, &[1, 1, 1, 1], &[7.0]), stored(1, &[1, 1, 1, 1], &[7.0]), stored(7, &[1], &[7.0])];
        let picture = Shape::new([1, 1, 1, 1]).unwrap();
        let error = taken(&StoredLayer::new("m", blobs), &picture, false).unwrap().unwrap_err();
        assert_eq!(error, "blob 2 is missing");
    }

    #[test]
    fn a_counter_alone_is_left() {
        let layer = StoredLayer::new("m", vec![stored(0, &[1, 1, 1, 1], &[7.0])]);
        assert!(taken(&layer, &Shape::new([1, 2, 1, 2]).unwrap(), true).unwrap().unwrap().blobs.is_empty());
    }
}
