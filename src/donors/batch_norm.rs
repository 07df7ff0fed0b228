//! BatchNorm layers of donors, where the net's Caffe keeps the statistics themselves and not sums of them.
//!
//! Such a Caffe takes the shapes of the donor's blobs, whatever they are. Of three blobs, which are sums and their factor, it
//! divides the sums. Of five it takes all as they are, but where the last has a single value they are in the order of old
//! files: scale, bias, mean, variance, and one that means nothing.

use std::io;
use std::sync::Arc;

use crate::formats::{NumberType, StoredBlob, StoredLayer, StoredValues};

/// Where the new order has its blobs from in that of old files.
const OLD_ORDER: [usize; 5] = [2, 3, 4, 0, 1];

/// The layer as such a Caffe takes it.
///
/// # Errors
/// The factor cannot be read.
pub(super) fn corrected(layer: &StoredLayer) -> io::Result<StoredLayer> {
    let blobs = match &layer.blobs[..] {
        [mean, variance, factor] if factor.shape.count() > 0 => divided(mean, variance, factor)?,
        blobs @ [_, _, _, _, last] if last.shape.count() == 1 => {
            let taken = |(index, &old): (usize, &usize)| StoredBlob { index, ..blobs[old].clone() };
            OLD_ORDER.iter().enumerate().map(taken).collect()
        }
        blobs => blobs.to_vec(),
    };
    Ok(StoredLayer { blobs, ..layer.clone() })
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
            let mut values = vec![0.0; blob.shape.count()];
            blob.values.read(0, &mut values).unwrap();
            values
        };
        corrected(&layer(blobs)).unwrap().blobs.iter().enumerate().map(read).collect()
    }

    #[test]
    fn sums_are_divided_by_their_factor() {
        assert_eq!(taken(&[&[1.0, -2.0], &[4.0, 6.0], &[4.0]]), [vec![0.25, -0.5], vec![1.0, 1.5], vec![1.0]]);
        assert_eq!(taken(&[&[1.0, -2.0], &[4.0, 6.0], &[0.0]]), [vec![0.0, 0.0], vec![0.0, 0.0], vec![1.0]]);
    }

    #[test]
    fn five_blobs_are_put_into_the_new_order_if_the_last_has_one_value() {
        let new: [&[f32]; 5] = [&[1.0, 1.0], &[2.0, 2.0], &[3.0], &[4.0, 4.0], &[5.0, 5.0]];
        assert_eq!(taken(&new), new);
        let old: [&[f32]; 5] = [&[4.0, 4.0], &[5.0, 5.0], &[1.0, 1.0], &[2.0, 2.0], &[3.0]];
        assert_eq!(taken(&old), new);
    }
}
