//! How a layer takes over what is stored for it.

/// How a layer takes the blobs of a stored layer of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Restoring {
    /// There must be as many as it has.
    #[default]
    All,
    /// There may be fewer, which are its first ones.
    First,
    /// They are a counter, a mean picture and the mean of each channel; the latter are computed anew.
    Means {
        /// Whether the mean picture is taken, and not the means of the channels alone.
        per_pixel: bool,
    },
    /// It takes none.
    Nothing,
}
