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
    /// It measures or records predictions, its first bottom, and goes.
    Measure,
    /// It only reads, and goes.
    Dropped,
}
