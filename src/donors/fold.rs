//! Stored weights of BatchNorm and Scale folded into those of the convolution in front, as the net's Caffe does in
//! TEST.
//!
//! ```text
//! a       = scale / sqrt(variance / factor + eps)            (a factor of 0 counts as 1)
//! weights = weights a
//! bias    = bias a + (shift - mean / factor a)
//! ```
//!
//! in single precision, for each output of the convolution. A BatchNorm without a Scale behind it may have scale and
//! shift as blobs of its own; otherwise they are 1 and 0.

use std::io;
use std::sync::Arc;

use super::{Donor, DonorReport, Matcher};
use crate::Shape;
use crate::error::{Error, Result};
use crate::formats::{Matching, StoredBlob, StoredLayer, StoredNet, StoredValues};
use crate::net::fold::{Folding, foldings};
use crate::proto::caffe::{LayerParameter, Phase};

impl Matcher<'_> {
    /// Takes a donor, folded as the net is.
    pub(super) fn prepared(&mut self, donor: &Donor) -> Result<DonorReport> {
        if let Some(framework) = donor.framework {
            return self.of_framework(donor, framework);
        }
        let is_message = donor.net.format.is_none_or(|format| format.matching() == Matching::Layers);
        if !(self.plan.dialect.traits.folds_batch_norm && self.plan.phase == Phase::Test && is_message) {
            return self.donor(donor);
        }
        let has_kept = |name: &str| {
            let mut layers = self.plan.layers.iter();
            layers.any(|layer| layer.param.r#type() == "BatchNorm" && layer.param.name() == name)
        };
        let cannot_read = |source| Error::io("cannot read", &donor.name, source);
        let layers = folded(&donor.net.layers, has_kept).map_err(cannot_read)?;
        let vanished = donor.net.layers.len() - layers.len();
        let folded = Donor { net: StoredNet { layers, ..donor.net.clone() }, ..donor.clone() };
        let mut report = self.donor(&folded)?;
        if vanished > 0 {
            report
                .notes
                .push(format!("{vanished} layers, BatchNorm and Scale, were folded into convolutions, as in the net"));
        }
        Ok(report)
    }
}

/// The layers once they are folded; `stays` tells which BatchNorm layers the net has kept. Layers in whose blobs
/// something is missing stay as they are.
///
/// # Errors
/// Values cannot be read.
fn folded(layers: &[StoredLayer], stays: impl Fn(&str) -> bool) -> io::Result<Vec<StoredLayer>> {
    let none = LayerParameter::default();
    let params: Vec<&LayerParameter> = layers.iter().map(|layer| layer.param.as_deref().unwrap_or(&none)).collect();
    let mut folded: Vec<Option<StoredLayer>> = layers.iter().cloned().map(Some).collect();
    for Folding { convolution, batch_norm, scale } in foldings(&params, |layer| stays(layer.name())) {
        let scale_layer = scale.map(|scale| &layers[scale]);
        let Some(outputs) = Outputs::read(&layers[batch_norm], scale_layer, eps(params[batch_norm]))? else { continue };
        let Some(layer) = outputs.fold(&layers[convolution])? else { continue };
        folded[convolution] = Some(layer);
        for vanished in [Some(batch_norm), scale].into_iter().flatten() {
            folded[vanished] = None;
        }
    }
    Ok(folded.into_iter().flatten().collect())
}

fn eps(batch_norm: &LayerParameter) -> f32 {
    batch_norm.batch_norm_param.clone().unwrap_or_default().eps()
}

/// What each output of a convolution is multiplied by, and what is added to it.
struct Outputs {
    factors: Vec<f32>,
    shifts: Vec<f32>,
}

impl Outputs {
    /// Those of a BatchNorm and the Scale behind it; `None` if blobs are missing or differ in size.
    fn read(batch_norm: &StoredLayer, scale: Option<&StoredLayer>, eps: f32) -> io::Result<Option<Outputs>> {
        let [mean, variance, factor, own @ ..] = &batch_norm.blobs[..] else { return Ok(None) };
        let learned = scale.map_or(own, |scale| &scale.blobs);
        let (mean, variance, factor) = (mean.read()?, variance.read()?, factor.read()?);
        let [scale, shift] = [0, 1].map(|index| learned.get(index).map(StoredBlob::read).transpose());
        let scale = scale?.unwrap_or_else(|| vec![1.0; mean.len()]);
        let shift = shift?.unwrap_or_else(|| vec![0.0; mean.len()]);
        let Some(&factor) = factor.first() else { return Ok(None) };
        if [variance.len(), scale.len(), shift.len()] != [mean.len(); 3] {
            return Ok(None);
        }
        let reciprocal = if factor == 0.0 { 1.0 } else { 1.0 / factor };
        let factors: Vec<f32> =
            scale.iter().zip(&variance).map(|(scale, variance)| scale / (variance * reciprocal + eps).sqrt()).collect();
        let shifts = (factors.iter().zip(mean.iter().zip(&shift)))
            .map(|(factor, (mean, shift))| shift - mean * reciprocal * factor)
            .collect();
        Ok(Some(Outputs { factors, shifts }))
    }

    /// The convolution with its weights multiplied, and with a bias; `None` if it has another number of outputs.
    fn fold(self, convolution: &StoredLayer) -> io::Result<Option<StoredLayer>> {
        let outputs = self.factors.len();
        let Some(weights) = convolution.blobs.first().filter(|blob| blob.shape.dim(0) == Some(outputs as i32)) else {
            return Ok(None);
        };
        let bias = match convolution.blobs.get(1) {
            Some(bias) => bias.read()?,
            None => vec![0.0; outputs],
        };
        let Some(bias_shape) = Shape::new([outputs as i64]).ok().filter(|_| bias.len() == outputs) else {
            return Ok(None);
        };
        let folded = bias.iter().zip(self.factors.iter().zip(&self.shifts));
        let folded: Vec<f32> = folded.map(|(bias, (factor, shift))| bias * factor + shift).collect();
        let inputs = weights.shape.count() / outputs.max(1);
        let values: Arc<dyn StoredValues> =
            Arc::new(OutputScaled { values: Arc::clone(&weights.values), factors: self.factors, inputs });
        let weights = StoredBlob { values, ..weights.clone() };
        let bias = match convolution.blobs.get(1) {
            Some(bias) => StoredBlob { values: Arc::new(folded), ..bias.clone() },
            None => StoredBlob::new(1, bias_shape, folded),
        };
        Ok(Some(StoredLayer { blobs: vec![weights, bias], ..convolution.clone() }))
    }
}

/// Stored weights, those of each output times a factor.
struct OutputScaled {
    values: Arc<dyn StoredValues>,
    factors: Vec<f32>,
    /// How many weights an output has.
    inputs: usize,
}

impl StoredValues for OutputScaled {
    fn read(&self, offset: usize, out: &mut [f32]) -> io::Result<()> {
        self.values.read(offset, out)?;
        for (place, value) in (offset..).zip(out) {
            *value *= self.factors[place / self.inputs];
        }
        Ok(())
    }

    fn reads_anywhere(&self) -> bool {
        self.values.reads_anywhere()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(name: &str, kind: &str, bottom: &str, top: &str, blobs: &[(&[i64], &[f32])]) -> StoredLayer {
        let param = LayerParameter {
            name: Some(name.into()),
            r#type: Some(kind.into()),
            bottom: vec![bottom.into()],
            top: vec![top.into()],
            ..Default::default()
        };
        let stored = |(index, (dims, values)): (usize, &(&[i64], &[f32]))| {
            StoredBlob::new(index, Shape::new(*dims).unwrap(), values.to_vec())
        };
        let blobs = blobs.iter().enumerate().map(stored).collect();
        StoredLayer { param: Some(Box::new(param)), ..StoredLayer::new(name, blobs) }
    }

    fn net(scale_blobs: &[(&[i64], &[f32])]) -> Vec<StoredLayer> {
        let statistics: &[(&[i64], &[f32])] = &[(&[2], &[2.0, 4.0]), (&[2], &[8.0, 18.0]), (&[1], &[2.0])];
        vec![
            layer("d", "Input", "", "d", &[]),
            layer("c", "Convolution", "d", "c", &[(&[2, 1, 1, 1], &[3.0, 5.0])]),
            layer("n", "BatchNorm", "c", "n", statistics),
            layer("s", "Scale", "n", "s", scale_blobs),
            layer("r", "ReLU", "s", "r", &[]),
        ]
    }

    #[test]
    fn weights_and_bias_take_over_what_vanishes() {
        let scale: &[(&[i64], &[f32])] = &[(&[2], &[2.0, 3.0]), (&[2], &[10.0, 20.0])];
        let folded = folded(&net(scale), |_| false).unwrap();
        assert_eq!(folded.iter().map(|layer| layer.name.as_str()).collect::<Vec<_>>(), ["d", "c", "r"]);
        let [a, b] = [2.0 / (4.0f32 + 1e-5).sqrt(), 3.0 / (9.0f32 + 1e-5).sqrt()];
        assert_eq!(folded[1].blobs[0].read().unwrap(), [3.0 * a, 5.0 * b]);
        assert_eq!(folded[1].blobs[1].read().unwrap(), [0.0 * a + (10.0 - 1.0 * a), 0.0 * b + (20.0 - 2.0 * b)]);
    }

    #[test]
    fn what_the_net_has_kept_and_what_lacks_blobs_stays() {
        let scale: &[(&[i64], &[f32])] = &[(&[2], &[2.0, 3.0])];
        assert_eq!(folded(&net(scale), |name| name == "n").unwrap().len(), 5);
        assert_eq!(folded(&net(&[(&[3], &[1.0; 3])]), |_| false).unwrap().len(), 5);
        assert_eq!(folded(&net(scale), |_| false).unwrap().len(), 3);
    }
}
