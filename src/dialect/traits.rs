//! What dialects do otherwise in the machinery that all layers share.

/// How the bilinear filler centres its kernel. The choices agree for widths w with w mod 4 of 0 or 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BilinearCentre {
    /// c = (w - 1) / 2f, f = ⌈w / 2⌉.
    Width,
    /// c = (2f - 1 - f mod 2) / 2f.
    Factor,
}

/// Which blobs the fillers xavier, msra and positive_unitball take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fans {
    /// Those of one axis or more.
    AnyAxes,
    /// Those of four axes at most; a blob without axes has fans of 1.
    FourAxes,
}

/// What becomes of the `param` entries of a BatchNorm layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BatchNormParams {
    /// Missing ones are added with `lr_mult: 0`; three given ones lose what they say beside.
    Cleared,
    /// Missing ones are added with `lr_mult: 0`; three given ones are removed first, names included.
    Replaced,
    /// Three given ones lose what they say beside; missing ones stay missing.
    ClearedAlone,
    /// They stay as they are.
    Kept,
}

/// What InfogainLoss takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InfogainInput {
    /// Scores, of which it takes the softmax along an axis.
    Scores,
    /// Probabilities, one set for each item.
    Probabilities,
}

/// What becomes of the `input` fields of a net.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetInputs {
    /// They become an Input layer.
    Layer,
    /// They stay fields of the net, and are saved without their shapes.
    Fields,
}

/// What a dialect does otherwise than BVLC's Caffe of today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traits {
    /// How the bilinear filler centres its kernel.
    pub bilinear_centre: BilinearCentre,
    /// Which blobs xavier, msra and positive_unitball take.
    pub fans: Fans,
    /// What becomes of the `param` entries of a BatchNorm layer.
    pub batch_norm_params: BatchNormParams,
    /// Whether layers that read databases draw the seed of a reader first, before all other draws.
    pub reader_draws: bool,
    /// Whether Deconvolution refuses the engine CUDNN, as Convolution does, in a build for the CPU.
    pub deconvolution_checks_engine: bool,
    /// What InfogainLoss takes.
    pub infogain: InfogainInput,
    /// What becomes of the `input` fields of a net.
    pub net_inputs: NetInputs,
    /// Whether HDF5 weights are told by content, and their shapes compared; otherwise by the end `.h5` of their name, and
    /// their shapes are taken.
    pub checks_hdf5: bool,
}

impl Traits {
    /// Those of BVLC's master of 2020.
    pub const MASTER: Traits = Traits {
        bilinear_centre: BilinearCentre::Width,
        fans: Fans::AnyAxes,
        batch_norm_params: BatchNormParams::Cleared,
        reader_draws: false,
        deconvolution_checks_engine: true,
        infogain: InfogainInput::Scores,
        net_inputs: NetInputs::Layer,
        checks_hdf5: true,
    };

    /// Those of BVLC's release 1.0 of April 2017.
    pub const RELEASE_1_0: Traits = Traits {
        bilinear_centre: BilinearCentre::Factor,
        fans: Fans::FourAxes,
        deconvolution_checks_engine: false,
        ..Traits::MASTER
    };

    /// Those of BVLC's release candidates 4 and 5 of January and February 2017.
    pub const RC5: Traits =
        Traits { infogain: InfogainInput::Probabilities, checks_hdf5: false, ..Traits::RELEASE_1_0 };

    /// Those of BVLC's release candidate 3 of January 2016.
    pub const RC3: Traits = Traits {
        batch_norm_params: BatchNormParams::Kept,
        reader_draws: true,
        net_inputs: NetInputs::Fields,
        ..Traits::RC5
    };
}
