//! What a layer's type is good for, as far as those have to know who judge or choose a net's start.

use super::Signal;

/// How a layer of a type starts whose weights are all zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ZeroStart {
    /// It passes nothing on, which is hardly meant.
    #[default]
    Dead,
    /// It passes nothing on either, but learns to: a factor for each channel, which a residual branch may begin with.
    /// It is meant where the net says so in so many words, with `value: 0`.
    WhereSaid,
    /// Like any other: zeros are as good as other weights.
    Harmless,
}

/// What the type of a layer is good for.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LayerNature {
    /// What becomes of a signal on its way through the layer.
    pub signal: Signal,
    /// How it starts with weights of zero.
    pub zero_start: ZeroStart,
    /// The bottoms that say from where the layer takes its input: zeros there mean that all stays in its place.
    pub offset_bottoms: &'static [usize],
}

impl Default for LayerNature {
    fn default() -> LayerNature {
        LayerNature { signal: Signal::Lost, zero_start: ZeroStart::Dead, offset_bottoms: &[] }
    }
}
