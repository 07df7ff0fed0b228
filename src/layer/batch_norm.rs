//! BatchNorm: normalises every channel by the mean and variance of the batch, or by running averages of them.
//!
//! With `C` the dimension of axis 1:
//!
//! ```text
//! top   = bottom.dims
//! blobs = sum of means (C), sum of variances (C), the factor to divide them by (1): all zeros
//! ```
//!
//! Nothing is drawn. The statistics are not learned: Caffe adds a `param { lr_mult: 0 }` for each blob that has none,
//! and refuses any other multiplier; older ones leave the entries alone, and so does happynear's where the engine is
//! CUDNN. Blobs given in the net are taken as they are, and as many entries are added. The bottom needs a second axis
//! and may not be empty.
//!
//! NVIDIA's Caffe keeps the statistics themselves, and may scale and shift them as a Scale layer behind would, if
//! `scale_bias` says so or a filler is given:
//!
//! ```text
//! blobs = mean (C), variance (C): zeros; the correction (1): 1
//!         scale (C), `scale_filler`, by default 1; bias (C), `bias_filler`, by default 0
//! ```
//!
//! Cambricon's may have a factor of ones and a summand of zeros behind the sums, with `use_alpha_beta`, and refuses
//! other multipliers of theirs than 0, too.
//!
//! That for DIGITS always has five blobs in another order, all zeros but for fillers: scale, bias, mean, variance (C),
//! count (1).
//!
//! Draws: the scale, the bias. The bottom needs four axes in the newer one. The multipliers of all blobs are set: see
//! [`BatchNormParams::Set`].

use super::{Arity, BlobSpec, LayerType, Operator, Role, Setup, SetupContext, ZeroStart};
use crate::Shape;
use crate::dialect::{BatchNormBlobs, BatchNormParams, Known};
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::batch_norm_parameter::Engine;
use crate::proto::caffe::{ParamSpec, Phase};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[LayerType::new(
    "BatchNorm",
    "Normalises each channel to mean 0 and variance 1",
    Arity::exactly(1),
    Arity::exactly(1),
    &batch_norm,
)
.with_engines()
.params(&["batch_norm_param"])
.known(Known::WithField("batch_norm_param"))
.zero_start(ZeroStart::WhereSaid)
.keeps_signal()];

/// Batch normalisation.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct BatchNorm {
    /// Whether mean and variance are those stored in the blobs, and not those of the batch.
    pub stored_statistics: bool,
    /// What is added to the variance.
    pub eps: f32,
    /// What is left of the stored sums when those of a batch are added to them.
    pub moving_average_fraction: f32,
}

impl BatchNorm {
    /// What the first blobs are called: the variance is the second over the third, and the mean likewise.
    pub(super) const STATISTICS: [&'static str; 3] = ["mean", "variance", "factor"];
}

fn batch_norm(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let bottom = ctx.bottom(0);
    let Some(channels) = bottom.dim(1) else {
        return Err(Refusal::at("bottom", format!("batch normalisation needs at least 2 axes, the input is {bottom}")));
    };
    ensure!(bottom.count() > 0, "bottom", "batch normalisation cannot take the empty input {bottom}");

    let param = ctx.param.batch_norm_param.clone().unwrap_or_default();
    let fraction = param.moving_average_fraction();
    ensure!(
        !ctx.dialect.traits.batch_norm_checks_fraction || (0.0..=1.0).contains(&fraction),
        "batch_norm_param.moving_average_fraction",
        "moving_average_fraction {fraction} is not in [0, 1]"
    );
    let operator = BatchNorm {
        stored_statistics: param.use_global_stats.unwrap_or(ctx.phase == Phase::Test),
        eps: param.eps(),
        moving_average_fraction: fraction,
    };
    if ctx.dialect.traits.reads_fields_of_intel {
        check_stats_batch(bottom, param.stats_batch_size(), operator.stored_statistics)?;
    }
    let mut setup = match ctx.dialect.traits.batch_norm_blobs {
        BatchNormBlobs::ScaleFirst => Setup::like_bottom(ctx, Operator::Opaque).given_roles(&SCALE_FIRST),
        _ => Setup::like_bottom(ctx, Operator::BatchNorm(operator)).given_roles(&ROLES),
    };
    if ctx.given.is_empty() {
        match ctx.dialect.traits.batch_norm_blobs {
            BatchNormBlobs::Sums => {
                push_sums(&mut setup, channels)?;
                push_alpha_and_beta(&mut setup, param.use_alpha_beta(), channels)?;
            }
            BatchNormBlobs::Corrected => push_corrected(ctx, &mut setup, channels)?,
            BatchNormBlobs::ScaleFirst => push_scale_first(ctx, &mut setup, channels)?,
        }
    }
    match ctx.dialect.traits.batch_norm_params {
        BatchNormParams::ClearedByCaffe if param.engine() == Engine::Cudnn => {}
        BatchNormParams::Cleared | BatchNormParams::ClearedByCaffe | BatchNormParams::Replaced => {
            add_params(ctx, &mut setup)?;
        }
        BatchNormParams::ClearedAlone | BatchNormParams::Kept => {}
        BatchNormParams::Set => set_params(ctx, &mut setup),
    }
    Ok(setup)
}

/// What the blobs are, where there are that many.
const ROLES: [Role; 5] = [Role::Statistic, Role::Statistic, Role::Statistic, Role::Weight, Role::Bias];

/// The same where scale and bias come first.
const SCALE_FIRST: [Role; 5] = [Role::Weight, Role::Bias, Role::Statistic, Role::Statistic, Role::Statistic];

/// Checks that the batch falls into parts of this size, 0 for none, where statistics are taken of it (Intel's Caffe).
fn check_stats_batch(bottom: &Shape, size: u32, stored: bool) -> Result<(), Refusal> {
    let batch = i64::from(bottom.dim(0).unwrap_or(0));
    ensure!(
        size == 0 || stored || batch % i64::from(size) == 0,
        "batch_norm_param.stats_batch_size",
        "stats_batch_size {size} does not divide the batch of {batch}"
    );
    Ok(())
}

fn push_sums(setup: &mut Setup, channels: i32) -> Result<(), Refusal> {
    for size in [channels, channels, 1] {
        setup.push_blob(BlobSpec::zeros(Role::Statistic, Shape::new([size]).at("bottom")?));
    }
    Ok(())
}

/// Adds the factor and the summand of each channel that Cambricon's Caffe may have behind the sums.
fn push_alpha_and_beta(setup: &mut Setup, has_them: bool, channels: i32) -> Result<(), Refusal> {
    if has_them {
        let each = Shape::new([channels]).at("bottom")?;
        setup.push_blob(BlobSpec::constant(Role::Weight, each.clone(), "batch_norm_param.use_alpha_beta", 1.0));
        setup.push_blob(BlobSpec::zeros(Role::Bias, each));
    }
    Ok(())
}

fn push_corrected(ctx: &SetupContext<'_>, setup: &mut Setup, channels: i32) -> Result<(), Refusal> {
    let axes = ctx.bottom(0).axes();
    ensure!(axes >= 4, "bottom", "batch normalisation needs at least 4 axes here, the input is {}", ctx.bottom(0));
    let [each, one] = [channels, 1].map(|size| Shape::new([size]).at("bottom"));
    let (each, one) = (each?, one?);
    for _ in 0..2 {
        setup.push_blob(BlobSpec::zeros(Role::Statistic, each.clone()));
    }
    setup.push_blob(BlobSpec::filled(Role::Statistic, one, "", None).or_constant(1.0));
    let param = ctx.param.batch_norm_param.clone().unwrap_or_default();
    if param.scale_bias() || param.scale_filler.is_some() || param.bias_filler.is_some() {
        let scale = param.scale_filler.as_ref();
        let scale = BlobSpec::filled(Role::Weight, each.clone(), "batch_norm_param.scale_filler", scale);
        setup.push_blob(scale.or_constant(1.0));
        let bias = param.bias_filler.as_ref();
        setup.push_blob(BlobSpec::filled(Role::Bias, each, "batch_norm_param.bias_filler", bias));
    }
    Ok(())
}

fn push_scale_first(ctx: &SetupContext<'_>, setup: &mut Setup, channels: i32) -> Result<(), Refusal> {
    let param = ctx.param.batch_norm_param.clone().unwrap_or_default();
    let [each, one] = [channels, 1].map(|size| Shape::new([size]).at("bottom"));
    let (each, one) = (each?, one?);
    for (role, field, filler) in [
        (Role::Weight, "batch_norm_param.scale_filler", &param.scale_filler),
        (Role::Bias, "batch_norm_param.bias_filler", &param.bias_filler),
    ] {
        setup.push_blob(BlobSpec::filled(role, each.clone(), field, filler.as_ref()));
    }
    for shape in [each.clone(), each, one] {
        setup.push_blob(BlobSpec::zeros(Role::Statistic, shape));
    }
    Ok(())
}

/// Gives params to the blobs that have none.
fn set_params(ctx: &SetupContext<'_>, setup: &mut Setup) {
    let param = |role: &Role| {
        let mult = Some(if *role == Role::Statistic { 0.0 } else { 1.0 });
        ParamSpec { lr_mult: mult, decay_mult: mult, ..Default::default() }
    };
    setup.extra_params = ROLES.iter().take(setup.blobs.len()).skip(ctx.param.param.len()).map(param).collect();
}

/// Keeps the solver from the statistics.
fn add_params(ctx: &SetupContext<'_>, setup: &mut Setup) -> Result<(), Refusal> {
    let params = &ctx.param.param;
    for (index, param) in params.iter().enumerate().take(setup.blobs.len()) {
        if param.lr_mult() != 0.0 {
            let lr_mult = param.lr_mult();
            let message = format!("the statistics are not learned: param {index} has lr_mult {lr_mult} instead of 0");
            return Err(Refusal::at("param", message).help("write `lr_mult: 0`, or leave the params out"));
        }
    }
    let missing = setup.blobs.len().saturating_sub(params.len());
    setup.extra_params = vec![ParamSpec { lr_mult: Some(0.0), ..Default::default() }; missing];
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, Surroundings};
    use super::*;
    use crate::proto::caffe::{BlobProto, BlobShape, LayerParameter};

    fn layer(lr_mults: &[Option<f32>]) -> LayerParameter {
        let spec = |&lr_mult: &Option<f32>| ParamSpec { lr_mult, ..Default::default() };
        LayerParameter { param: lr_mults.iter().map(spec).collect(), ..Default::default() }
    }

    fn run(layer: &LayerParameter, bottom: &[i32]) -> Result<Setup, Refusal> {
        testing::setup(&TYPES[0], layer, &[bottom], 1)
    }

    #[test]
    fn has_three_blobs_of_zeros_and_as_many_params() {
        let setup = run(&layer(&[Some(0.0)]), &[2, 3, 4]).unwrap();
        assert_eq!(setup.tops[0].dims(), [2, 3, 4]);
        assert_eq!(setup.blobs.iter().map(|blob| blob.shape.dims()).collect::<Vec<_>>(), [[3], [3], [1]]);
        assert!(setup.draws.is_empty());
        assert_eq!(setup.extra_params, vec![ParamSpec { lr_mult: Some(0.0), ..Default::default() }; 2]);
    }

    #[test]
    fn given_blobs_are_not_checked_and_set_the_number_of_params() {
        let blob = BlobProto { shape: Some(BlobShape { dim: vec![1] }), ..Default::default() };
        let setup = run(&LayerParameter { blobs: vec![blob], ..Default::default() }, &[2, 3]).unwrap();
        assert_eq!(setup.blobs.len(), 1);
        assert_eq!(setup.blobs[0].role, Role::Statistic);
        assert_eq!(setup.extra_params.len(), 1);
    }

    #[test]
    fn alpha_and_beta_stand_behind_the_sums() {
        let cambricon = Surroundings::of("cambricon");
        let run = |text: &str| cambricon.run("BatchNorm", text, &[&[2, 3, 4]], 1);
        let made = run("batch_norm_param { use_alpha_beta: true }").unwrap();
        assert_eq!(
            made.blobs.iter().map(|blob| blob.shape.dims()).collect::<Vec<_>>(),
            [&[3][..], &[3], &[1], &[3], &[3]]
        );
        assert_eq!((made.extra_params.len(), made.draws), (5, vec![crate::layer::Draw::Blob(3)]));
        let text = "batch_norm_param { use_alpha_beta: true } param { } param { } param { } param { lr_mult: 1 }";
        let error = run(&text.replace("{ }", "{ lr_mult: 0 }")).unwrap_err();
        assert_eq!(error, "param: the statistics are not learned: param 3 has lr_mult 1 instead of 0");
        assert_eq!(run("").unwrap().blobs.len(), 3);
    }

    #[test]
    fn older_caffes_leave_the_params_alone() {
        let of = |dialect: &str, lr_mults: &[Option<f32>]| {
            let surroundings = Surroundings::of(dialect);
            surroundings.setup(&TYPES[0], &layer(lr_mults), &[&[2, 3]], 1).map(|setup| setup.extra_params.len())
        };
        for dialect in ["bvlc-rc3", "rfcn", "soeaver"] {
            assert_eq!(of(dialect, &[]), Ok(0), "{dialect}");
            assert_eq!(of(dialect, &[None]), Ok(0), "{dialect}");
        }
        assert_eq!(of("ssd", &[]), Ok(3));
        assert!(of("ssd", &[None]).is_err());
    }

    #[test]
    fn happynear_s_leaves_the_params_of_cudnn_alone() {
        let happynear = Surroundings::of("happynear");
        let run = |text: &str| happynear.run("BatchNorm", text, &[&[2, 3]], 1).map(|made| made.extra_params.len());
        assert_eq!(run("batch_norm_param { engine: CUDNN } param { lr_mult: 1 }"), Ok(0));
        assert_eq!([run(""), run("batch_norm_param { engine: CAFFE }")], [Ok(3), Ok(3)]);
        let message = "param: the statistics are not learned: param 0 has lr_mult 1 instead of 0";
        assert_eq!(run("param { lr_mult: 1 }").unwrap_err(), message);
    }

    #[test]
    fn nvidia_s_has_a_correction_of_one_and_scale_and_bias_on_demand() {
        let nvidia = Surroundings::of("nvidia");
        let run = |text: &str| nvidia.run("BatchNorm", text, &[&[2, 3, 4, 4]], 1).unwrap();
        let setup = run("param { }");
        assert_eq!((setup.blobs.len(), setup.extra_params.len()), (3, 2));
        let crate::layer::BlobValues::Filled(correction) = &setup.blobs[2].values else { panic!() };
        assert_eq!(correction.param.value(), 1.0);
        for text in ["scale_bias: true", "scale_filler { }", "scale_bias: false bias_filler { value: 2 }"] {
            let setup = run(&format!("batch_norm_param {{ {text} }}"));
            assert_eq!((setup.blobs.len(), setup.extra_params.len()), (5, 5), "{text}");
            assert_eq!(setup.extra_params[3].decay_mult, Some(1.0));
        }
        let error = nvidia.refusal("BatchNorm", "", &[&[2, 3]]);
        assert_eq!(error, "bottom: batch normalisation needs at least 4 axes here, the input is (2, 3)");
    }

    #[test]
    fn refusals_name_field_and_values() {
        let refuse = |lr_mults: &[Option<f32>], bottom: &[i32]| {
            let refusal = run(&layer(lr_mults), bottom).unwrap_err();
            (refusal.field, refusal.message)
        };
        let params = |message: &str| ("param", message.to_string());
        let bottom = |message: &str| ("bottom", message.to_string());
        assert_eq!(
            refuse(&[Some(0.0), None], &[2, 3]),
            params("the statistics are not learned: param 1 has lr_mult 1 instead of 0")
        );
        assert_eq!(
            refuse(&[Some(f32::NAN)], &[2, 3]),
            params("the statistics are not learned: param 0 has lr_mult NaN instead of 0")
        );
        assert_eq!(refuse(&[], &[5]), bottom("batch normalisation needs at least 2 axes, the input is (5)"));
        assert_eq!(refuse(&[], &[2, 3, 0]), bottom("batch normalisation cannot take the empty input (2, 3, 0)"));
    }

    #[test]
    fn scale_and_bias_may_come_first() {
        let own = Surroundings::of("nvidia-0.15");
        let text = "batch_norm_param { scale_filler { type: 'uniform' } }";
        let made = own.run("BatchNorm", text, &[&[2, 3, 4, 5]], 1).unwrap();
        let blobs: Vec<(Role, &[i32])> = made.blobs.iter().map(|blob| (blob.role, blob.shape.dims())).collect();
        let expected = SCALE_FIRST.into_iter().zip([&[3][..], &[3], &[3], &[3], &[1]]);
        assert_eq!(blobs, expected.collect::<Vec<_>>());
        assert_eq!(made.draws, [crate::layer::Draw::Blob(0), crate::layer::Draw::Blob(1)]);
        assert!(made.extra_params.is_empty() && made.fixed_params.is_empty());
        assert_eq!(made.operator, Operator::Opaque);
    }
}
