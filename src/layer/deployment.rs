//! What becomes of a layer in a net that is deployed.

/// What becomes of a layer in a net that is deployed, which predicts and neither learns nor is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Deployment {
    /// It stays.
    Kept,
    /// It brings data: what other layers need of it becomes inputs of the net.
    Input,
    /// It is a loss and goes. Its first so many bottoms are predictions, the others targets and weights.
    Loss {
        /// How many.
        predictions: usize,
    },
    /// It is the loss of what a layer of another type makes of its first bottom: that layer stands in for it.
    LossOf(&'static str),
    /// It is the loss of boxes and their classes, its bottoms being locations, confidences and priors: a layer that
    /// keeps the best boxes stands in for it.
    Detections {
        /// The type of that layer.
        output: &'static str,
        /// Which further bottoms it reads, where the loss has them.
        rest: &'static [usize],
    },
    /// It chooses among what its first bottom brings by true labels, for training: what reads its first top reads that
    /// bottom.
    Bypassed,
    /// It measures or records predictions, its first bottom, and goes.
    Measure,
    /// It only reads, and goes.
    Dropped,
}

impl Deployment {
    /// The type of the layer that stands in for a loss, if one does.
    pub(crate) fn stand_in(self) -> Option<&'static str> {
        match self {
            Deployment::LossOf(output) | Deployment::Detections { output, .. } => Some(output),
            _ => None,
        }
    }

    /// Which of so many bottoms that layer reads.
    pub(crate) fn read(self, bottoms: usize) -> Vec<usize> {
        let read = match self {
            Deployment::LossOf(_) => vec![0],
            Deployment::Detections { rest, .. } => [&[0, 1, 2], rest].concat(),
            _ => Vec::new(),
        };
        read.into_iter().filter(|&index| index < bottoms).collect()
    }

    /// How many of its bottoms a loss judges, the first ones; what follows are the labels.
    pub(crate) fn judges(self) -> Option<usize> {
        match self {
            Deployment::Loss { predictions } => Some(predictions),
            Deployment::LossOf(_) => Some(1),
            Deployment::Detections { .. } => Some(3),
            _ => None,
        }
    }
}
