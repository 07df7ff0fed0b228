//! Weights of other frameworks: what they call the arrays of a module, and how they lay them out.
//!
//! A module is matched by its name, as a layer of Caffe's is, and its arrays become the blobs of the net's layer:
//!
//! | blob | PyTorch | Keras |
//! |---|---|---|
//! | weights | `weight` | `kernel`, `depthwise_kernel`, `pointwise_kernel`, `embeddings` |
//! | scale, slopes | `weight` | `gamma`, `alpha` |
//! | bias, shift | `bias` | `bias`, `beta` |
//! | mean | `running_mean` | `moving_mean` |
//! | variance | `running_var` | `moving_variance` |
//!
//! - A batch normalisation goes to a BatchNorm layer, whose factor becomes 1, and its scale and shift to the Scale
//!   layer behind that.
//! - A module without a bias has one of zeros, and a normalisation without a scale one of ones.
//! - A recurrent module goes to a recurrent layer, see [`recurrent`].
//! - Axes of length 1 do not matter where shapes are compared: a value for each channel is one in any shape.
//!
//! One file a framework; [`FRAMEWORKS`] is the table of them.

mod keras;
mod layout;
mod lead;
mod module;
mod picture;
mod place;
mod pytorch;
mod recurrent;

use std::borrow::Cow;
use std::fmt;

pub(super) use self::lead::{explained, of_names};

/// What an array is in its module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ArrayRole {
    /// Weights with the outputs first, or a value for each channel that it is multiplied by.
    Weight,
    /// Weights with the inputs and then the outputs last.
    Kernel,
    /// Those of a convolution with filters for each channel: the channels and then the filters of each last.
    DepthwiseKernel,
    /// Those of the convolution of 1 x 1 behind such a one in the same module.
    PointwiseKernel,
    /// Is added.
    Bias,
    /// The weights of the state of a recurrent module, with the outputs first.
    StateWeight,
    /// Those with the outputs last.
    StateKernel,
    /// The bias of the state.
    StateBias,
    /// The weights by which a recurrent module gives fewer values out than it has units.
    Projection,
    /// The running mean.
    Mean,
    /// The running variance.
    Variance,
    /// A count of batches, which Caffe has no use for.
    Counter,
    /// What has this number in its module: how many there are, and their axes, tell the rest.
    Numbered(usize),
}

impl ArrayRole {
    fn is_weight(self) -> bool {
        use ArrayRole::{DepthwiseKernel, Kernel, PointwiseKernel, Weight};
        matches!(self, Weight | Kernel | DepthwiseKernel | PointwiseKernel)
    }

    /// Whether only recurrent modules have it.
    fn is_of_state(self) -> bool {
        use ArrayRole::{Projection, StateBias, StateKernel, StateWeight};
        matches!(self, StateWeight | StateKernel | StateBias | Projection)
    }
}

/// Parts the key of an array into the name of its module and what it is there.
type SplitKey = fn(&str) -> Option<(Cow<'_, str>, ArrayRole)>;

/// A framework whose names and layouts are understood.
#[non_exhaustive]
pub struct Framework {
    /// Its name.
    pub name: &'static str,
    /// What it calls itself.
    pub title: &'static str,
    /// What its batch normalisation adds to the variance unless told otherwise.
    pub eps: f32,
    /// What it calls the arrays of a normalisation: mean and variance.
    statistics: [&'static str; 2],
    /// Which of the gates of its LSTM are input, forget, output and cell.
    lstm: [usize; 4],
    /// Which of the gates of its GRU are update, reset and new state.
    gru: [usize; 3],
    /// Whether the reset gate of its GRU always comes behind the product of the state; otherwise its bias tells.
    resets_behind: bool,
    /// Parts the key of an array into the name of its module and what it is there; `None` if it has another form.
    split: SplitKey,
}

/// The frameworks.
pub static FRAMEWORKS: &[Framework] = &[pytorch::FRAMEWORK, keras::FRAMEWORK];

impl Framework {
    /// The framework of this name.
    ///
    /// ```
    /// use caffemodel::donors::Framework;
    /// assert_eq!(Framework::get("pytorch").unwrap().title, "PyTorch");
    /// assert!(Framework::get("theano").is_none());
    /// ```
    pub fn get(name: &str) -> Option<&'static Framework> {
        FRAMEWORKS.iter().find(|framework| framework.name == name)
    }
}

impl fmt::Debug for Framework {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_framework_has_a_name_of_its_own() {
        for framework in FRAMEWORKS {
            assert_eq!(Framework::get(framework.name).map(|found| found.title), Some(framework.title));
        }
    }
}
