//! BN: normalises every channel, multiplies it by a learned scale and adds a learned shift, in one layer. Several trees
//! have a layer of this name, which differ.
//!
//! With `C` the dimension of axis 1, and 1 for a bottom without it:
//!
//! | of | blobs | shape of each | top | `param` entries |
//! |---|---|---|---|---|
//! | SegNet | scale, shift | (1, C, 1, 1) | four axes | stay |
//! | PSPNet, DORN, Cambricon | slope, bias, mean, variance | (1, C, 1, 1) | bottom.dims | filled up to four, fixed |
//! | yjxiong, SeqFace | the same | (1, C) | bottom.dims | filled up to four, fixed |
//! | happynear | the same | (1, C) | bottom.dims | stay |
//! | ducha-aiki | scale, shift, mean, variance | (1, C, 1, 1) | four axes | stay |
//! | Sophgo | PSPNet's; the first two with `bn_mode: INFERENCE` | (1, C, 1, 1) | bottom.dims | filled up to four, fixed |
//! | Synopsys | SegNet's, PSPNet's with `icnet` | | | |
//! | ParseNet | (1, C, 1, 1), or (1, C, H, W) without `across_spatial` | two | four axes | stay |
//!
//! Draws: the first two blobs, filled by `scale_filler` and `shift_filler`, or `slope_filler` and `bias_filler`: zeros
//! unless the net says otherwise, the scale too. The mean is 0. So is the variance, but happynear's and that of a
//! `frozen` layer are 1; Cambricon's layers are frozen unless the net says otherwise. Fixed entries are those of mean
//! and variance, with `frozen` all four: their `lr_mult` and `decay_mult` become 0, whatever the net says. Given blobs
//! are taken as they are.
//!
//! Sophgo's takes `slope_filler` and `bias_filler` only where both are there, else `scale_filler` and `shift_filler`.
//!
//! SegNet's layer keeps no statistics. Unless `bn_mode` is INFERENCE, it may show mean and variance of the batch as
//! second and third top, (1, C, 1, 1).

use super::{Arity, BlobSpec, Layer, LayerType, Operator, Role, Setup, SetupContext, Signal, ZeroStart};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::bn_parameter::BnMode;
use crate::proto::caffe::{BnParameter, LayerParameter, ParamSpec, Phase};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    entry(Arity::between(1, 3), &segnet).known(Known::In(&["segnet", "segnet-cudnn5", "enet", "deconvnet"])),
    entry(ONE, &PSPNET).known(Known::In(&["pspnet", "dorn"])),
    entry(ONE, &CAMBRICON).known(Known::In(&["cambricon"])),
    entry(ONE, &HAPPYNEAR).known(Known::In(&["happynear"])),
    entry(ONE, &YJXIONG).known(Known::In(&["yjxiong", "seqface"])),
    entry(ONE, &weiliu).known(Known::In(&["weiliu-fcn"])),
    entry(ONE, &DUCHA_AIKI).known(Known::In(&["ducha-aiki"])),
    entry(ONE, &sophgo).known(Known::In(&["sophgo"])),
    entry(Arity::between(1, 3), &synopsys).known(Known::In(&["synopsys"])),
];

const ONE: Arity = Arity::exactly(1);

const fn entry(tops: Arity, rule: &'static dyn Layer) -> LayerType {
    LayerType::new("BN", "Normalises each channel, then scales and shifts it", ONE, tops, rule)
        .params(&["bn_param"])
        .zero_start(ZeroStart::WhereSaid)
        .signal(signal)
}

/// Batch normalisation, and then a scale and a shift, the first two blobs.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Bn {
    /// What the bottom is normalised by.
    pub statistics: BnStatistics,
    /// What is added to the variance.
    pub eps: f32,
}

impl Bn {
    /// What the blobs behind scale and shift are called.
    pub(super) const STATISTICS: [&'static str; 2] = ["mean", "variance"];
}

/// What a BN layer normalises by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BnStatistics {
    /// Mean and variance of the batch.
    Batch,
    /// Those stored, the third and the fourth blob.
    Stored,
    /// Nothing: scale and shift have it in them.
    Folded,
}

/// The filler of the scale is zero unless given.
fn signal(layer: &LayerParameter) -> Signal {
    let has_filler = |param: BnParameter| param.scale_filler.is_some() || param.slope_filler.is_some();
    Signal::through_weights(layer, layer.bn_param().is_some_and(has_filler))
}

/// The form of the layer that keeps mean and variance.
struct WithStatistics {
    /// What the fields with the fillers of the first two blobs are called.
    fillers: Fillers,
    /// How many axes the blobs have.
    axes: usize,
    /// Whether the top has four axes, whatever the bottom has.
    widens: bool,
    /// Whether `param` entries are added and fixed, and `frozen` counts.
    fixes_params: bool,
    /// What `frozen` is where the net does not say.
    frozen: bool,
    /// The variance that a layer which is not frozen begins with.
    variance: f32,
}

/// The names of the fields with the fillers.
#[derive(Clone, Copy)]
enum Fillers {
    ScaleShift,
    SlopeBias,
}

static PSPNET: WithStatistics = WithStatistics {
    fillers: Fillers::SlopeBias,
    axes: 4,
    widens: false,
    fixes_params: true,
    frozen: false,
    variance: 0.0,
};

static CAMBRICON: WithStatistics = WithStatistics { frozen: true, ..PSPNET };

static YJXIONG: WithStatistics = WithStatistics { axes: 2, ..PSPNET };

static HAPPYNEAR: WithStatistics = WithStatistics { axes: 2, fixes_params: false, variance: 1.0, ..PSPNET };

static DUCHA_AIKI: WithStatistics =
    WithStatistics { fillers: Fillers::ScaleShift, widens: true, fixes_params: false, ..PSPNET };

/// SegNet's layer, and Synopsys' without `icnet`.
fn segnet(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.bn_param().unwrap_or_default();
    let is_folded = param.bn_mode() == BnMode::Inference;
    ensure!(!is_folded || ctx.top_count() == 1, "top", "BN in INFERENCE mode makes 1 top, {} given", ctx.top_count());
    let of_channels = channels(ctx, 4)?;
    let mut tops = vec![of_channels.clone(); ctx.top_count()];
    tops[0] = ctx.four_axes(0)?;
    let statistics = if is_folded { BnStatistics::Folded } else { BnStatistics::Batch };
    let mut setup = Setup::new(ctx, Operator::Bn(Bn { statistics, eps: 1e-9 }), tops);
    add_learned(ctx, &mut setup, &param, Fillers::ScaleShift, &of_channels);
    Ok(setup)
}

/// ParseNet's layer, whose scale and shift may differ from place to place.
fn weiliu(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.bn_param().unwrap_or_default();
    let top = ctx.four_axes(0)?;
    ensure!(top.count() > 0, "bottom", "BN cannot take the empty input {top}");
    let mut dims = [1; 4];
    dims[1..].copy_from_slice(&top.dims()[1..]);
    if param.across_spatial.unwrap_or(true) {
        dims[2..].fill(1);
    }
    let learned = Shape::new(dims).at("bottom")?;
    let operator = Operator::Bn(Bn { statistics: BnStatistics::Batch, eps: param.var_eps() });
    let mut setup = Setup::new(ctx, operator, [top]);
    add_learned(ctx, &mut setup, &param, Fillers::ScaleShift, &learned);
    Ok(setup)
}

/// PSPNet's layer, with the settings of SegNet's too, and without statistics where scale and shift have them in them.
fn sophgo(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.bn_param().unwrap_or_default();
    let names_both = param.slope_filler.is_some() && param.bias_filler.is_some();
    let mut setup = PSPNET.built(ctx, &param, if names_both { Fillers::SlopeBias } else { Fillers::ScaleShift })?;
    if param.bn_mode() == BnMode::Inference {
        setup.operator = Operator::Bn(Bn { statistics: BnStatistics::Folded, eps: param.eps() });
        if ctx.given.is_empty() {
            setup.blobs.truncate(2);
        }
    }
    Ok(setup)
}

fn synopsys(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    if !ctx.param.bn_param().is_some_and(|param| param.icnet()) {
        return segnet(ctx);
    }
    ensure!(ctx.top_count() == 1, "top", "BN with icnet makes 1 top, {} given", ctx.top_count());
    PSPNET.setup(ctx)
}

impl Layer for WithStatistics {
    fn setup(&self, ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
        self.built(ctx, &ctx.param.bn_param().unwrap_or_default(), self.fillers)
    }
}

impl WithStatistics {
    /// The layer with these settings, of which these are the fillers.
    fn built(&self, ctx: &SetupContext<'_>, param: &BnParameter, fillers: Fillers) -> Result<Setup, Refusal> {
        let is_frozen = param.frozen.unwrap_or(self.frozen);
        let is_stored = is_frozen || ctx.phase == Phase::Test;
        let statistics = if is_stored { BnStatistics::Stored } else { BnStatistics::Batch };
        let eps = match self.fillers {
            Fillers::ScaleShift => param.var_eps(),
            Fillers::SlopeBias => param.eps(),
        };
        let of_channels = channels(ctx, self.axes)?;
        let top = if self.widens { ctx.four_axes(0)? } else { ctx.bottom(0).copied() };
        let mut setup = Setup::new(ctx, Operator::Bn(Bn { statistics, eps }), [top]);
        if add_learned(ctx, &mut setup, param, fillers, &of_channels) {
            setup.push_blob(BlobSpec::zeros(Role::Statistic, of_channels.clone()));
            setup.push_blob(match (self.fixes_params && is_frozen, self.variance) {
                (false, 0.0) => BlobSpec::zeros(Role::Statistic, of_channels),
                _ => BlobSpec::constant(Role::Statistic, of_channels, "bn_param", 1.0),
            });
        }
        if self.fixes_params {
            let missing = 4usize.saturating_sub(ctx.param.param.len());
            setup.extra_params = vec![ParamSpec::default(); missing];
            setup.fixed_params = if is_frozen { 0..4 } else { 2..4 };
        }
        Ok(setup)
    }
}

/// Adds scale and shift; says whether it did, and not the net.
fn add_learned(
    ctx: &SetupContext<'_>,
    setup: &mut Setup,
    param: &BnParameter,
    fillers: Fillers,
    of_channels: &Shape,
) -> bool {
    if !ctx.given.is_empty() {
        let roles = [Role::Weight, Role::Bias, Role::Statistic, Role::Statistic];
        for (blob, role) in setup.blobs.iter_mut().zip(roles) {
            blob.role = role;
        }
        return false;
    }
    let [scale, shift] = match fillers {
        Fillers::ScaleShift => {
            [("bn_param.scale_filler", &param.scale_filler), ("bn_param.shift_filler", &param.shift_filler)]
        }
        Fillers::SlopeBias => {
            [("bn_param.slope_filler", &param.slope_filler), ("bn_param.bias_filler", &param.bias_filler)]
        }
    };
    for (role, (field, filler)) in [(Role::Weight, scale), (Role::Bias, shift)] {
        setup.push_blob(BlobSpec::filled(role, of_channels.clone(), field, filler.as_ref()));
    }
    true
}

/// The shape of a blob with a value for each channel: 1 on all of so many axes but the second.
fn channels(ctx: &SetupContext<'_>, axes: usize) -> Result<Shape, Refusal> {
    let mut dims = vec![1; axes];
    dims[1] = ctx.legacy_dim(0, 1)?;
    Shape::new(dims).at("bottom")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::BlobValues;
    use crate::layer::testing::Surroundings;

    fn run(dialect: &str, text: &str, bottom: &[i32], tops: usize) -> Setup {
        Surroundings::of(dialect).run("BN", text, &[bottom], tops).unwrap()
    }

    fn shapes(setup: &Setup) -> Vec<Vec<i32>> {
        setup.blobs.iter().map(|blob| blob.shape.dims().to_vec()).collect()
    }

    #[test]
    fn trees_differ_in_blobs_and_tops() {
        let of = |dialect: &str| {
            let setup = run(dialect, "", &[2, 3], 1);
            (shapes(&setup), setup.tops[0].dims().to_vec())
        };
        let (pairs, wide) = (vec![1, 3], vec![1, 3, 1, 1]);
        assert_eq!(of("segnet"), (vec![wide.clone(); 2], vec![2, 3, 1, 1]));
        assert_eq!(of("synopsys"), of("segnet"));
        assert_eq!(of("pspnet"), (vec![wide.clone(); 4], vec![2, 3]));
        assert_eq!(of("yjxiong"), (vec![pairs; 4], vec![2, 3]));
        assert_eq!(of("happynear"), of("yjxiong"));
        assert_eq!(of("cambricon"), of("pspnet"));
        assert_eq!(of("ducha-aiki"), (vec![wide; 4], vec![2, 3, 1, 1]));
        let icnet = run("synopsys", "bn_param { icnet: true }", &[2, 3], 1);
        assert_eq!((icnet.blobs.len(), icnet.tops[0].axes()), (4, 2));
    }

    #[test]
    fn parsenet_may_learn_for_each_place() {
        let of = |text: &str| shapes(&run("weiliu-fcn", text, &[2, 3, 4, 5], 1));
        let message = "bottom: BN cannot take the empty input (0, 3, 4, 5)";
        assert_eq!(Surroundings::of("weiliu-fcn").refusal("BN", "", &[&[0, 3, 4, 5]]), message);
        assert_eq!(of(""), [[1, 3, 1, 1]; 2]);
        assert_eq!(of("bn_param { across_spatial: false }"), [[1, 3, 4, 5]; 2]);
    }

    #[test]
    fn sophgo_s_layer_may_do_without_statistics() {
        let of = |fields: &str| run("sophgo", &format!("bn_param {{ {fields} }}"), &[2, 3], 1);
        assert_eq!(shapes(&of("")), [[1, 3, 1, 1]; 4]);
        let folded = of("bn_mode: INFERENCE");
        assert_eq!(
            (shapes(&folded), folded.extra_params.len(), folded.fixed_params),
            (vec![vec![1, 3, 1, 1]; 2], 4, 2..4)
        );
        let filler = |fields: &str| match &of(fields).blobs[0].values {
            BlobValues::Filled(filler) => filler.field,
            values => panic!("{values:?}"),
        };
        assert_eq!(filler("slope_filler { value: 1 } bias_filler { }"), "bn_param.slope_filler");
        assert_eq!(filler("slope_filler { value: 1 }"), "bn_param.scale_filler");
    }

    #[test]
    fn the_params_of_statistics_are_fixed() {
        let of = |dialect: &str, text: &str| {
            let setup = run(dialect, text, &[2, 3], 1);
            (setup.extra_params.len(), setup.fixed_params)
        };
        assert_eq!(of("pspnet", "param { } param { }"), (2, 2..4));
        assert_eq!(of("yjxiong", "bn_param { frozen: true }"), (4, 0..4));
        assert_eq!(of("ducha-aiki", ""), (0, 0..0));
        assert_eq!(of("segnet", ""), (0, 0..0));
    }

    #[test]
    fn the_variance_is_zero_unless_it_is_frozen() {
        let is_zero = |dialect: &str, text: &str| run(dialect, text, &[2, 3], 1).blobs[3].values == BlobValues::Zeros;
        assert!(is_zero("pspnet", "") && is_zero("yjxiong", "") && is_zero("ducha-aiki", ""));
        assert!(!is_zero("pspnet", "bn_param { frozen: true }") && !is_zero("happynear", ""));
        assert!(!is_zero("cambricon", "") && is_zero("cambricon", "bn_param { frozen: false }"));
    }

    #[test]
    fn the_phase_and_frozen_choose_the_statistics() {
        let of = |dialect: &str, phase, text: &str| {
            let made = Surroundings { phase, ..Surroundings::of(dialect) }.run("BN", text, &[&[2, 3]], 1).unwrap();
            let Operator::Bn(norm) = made.operator else { panic!("it is a BN") };
            norm.statistics
        };
        assert_eq!(of("pspnet", Phase::Train, ""), BnStatistics::Batch);
        assert_eq!(of("pspnet", Phase::Test, ""), BnStatistics::Stored);
        assert_eq!(of("pspnet", Phase::Train, "bn_param { frozen: true }"), BnStatistics::Stored);
        assert_eq!(of("segnet", Phase::Test, ""), BnStatistics::Batch);
        assert_eq!(of("segnet", Phase::Train, "bn_param { bn_mode: INFERENCE }"), BnStatistics::Folded);
    }

    #[test]
    fn more_tops_show_the_statistics_of_the_batch() {
        let setup = run("segnet", "", &[2, 3, 4, 5], 3);
        assert_eq!(setup.tops[1..], vec![Shape::new([1, 3, 1, 1]).unwrap(); 2]);
        let text = "bn_param { bn_mode: INFERENCE }";
        let error = Surroundings::of("segnet").run("BN", text, &[&[2, 3]], 2).unwrap_err();
        assert_eq!(error, "top: BN in INFERENCE mode makes 1 top, 2 given");
        let error = Surroundings::of("pspnet").refusal("BN", "", &[&[1, 1, 1, 1, 1]]);
        assert_eq!(error, "bottom: bottom 0 has more than 4 axes: its shape is (1, 1, 1, 1, 1)");
    }
}
