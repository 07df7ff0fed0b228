//! DenseBlock: a whole block of a DenseNet (Huang et al. 2016) as one layer (Tongcheng/caffe, caffe_ocr).
//!
//! Each of `T = numTransition` steps normalises what there is, convolves it to `g = growthRate` more channels and puts
//! them behind. With `c_t = c + t g` the channels before step t, of `c = initChannel` (caffe_ocr: those of the bottom):
//!
//! ```text
//! top   = (N, c + T g, H, W), of a bottom (N, C, H, W, ..)
//! blobs = T convolutions (g, c_t, 3, 3), T scales, biases, means and variances (1, c_t, 1, 1) each, and a factor (1)
//! ```
//!
//! With `use_BC` the convolutions are (g, 4 g, 3, 3), and before the factor come T convolutions (4 g, c_t, 1, 1), and T
//! scales, biases, means and variances (1, 4 g, 1, 1) each. Means and the factor are 0, variances 1. Draws, step by
//! step: the 3 x 3 convolution, the 1 x 1 convolution, the scale, the scale (4 g), the bias, the bias (4 g); zero
//! without a filler.
//!
//! The layer adds a `param` for each blob, with multipliers of 0 for the statistics and of 1 for all others; the net
//! may not give any. Blobs given in the net are replaced.

use super::size::field_name;
use super::{Arity, BlobSpec, Draw, Layer, LayerType, Operator, Role, Setup, SetupContext, Signal};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::{DenseBlockParameter, LayerParameter, ParamSpec};

const FIELD: &str = "denseblock_param";
const STEPS: &str = "denseblock_param.numTransition";

/// More steps than any net has; each has up to ten blobs.
const MAX_STEPS: i32 = 1 << 12;

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    entry(&|ctx: &SetupContext<'_>| {
        let channels = ctx.param.denseblock_param().unwrap_or_default().init_channel();
        dense_block(ctx, channels)
    })
    .known(Known::In(&["denseblock"])),
    entry(&|ctx: &SetupContext<'_>| dense_block(ctx, ctx.legacy_dim(0, 1)?)).known(Known::In(&["caffe-ocr"])),
];

const fn entry(rule: &'static dyn Layer) -> LayerType {
    LayerType::new(
        "DenseBlock",
        "Runs a block of normalisations and convolutions, each of which reads all before it",
        Arity::at_least(1),
        Arity::exactly(1),
        rule,
    )
    .params(&[FIELD])
    .signal(signal)
}

fn signal(layer: &LayerParameter) -> Signal {
    let param = layer.denseblock_param();
    Signal::through_weights(layer, param.is_some_and(|param| param.filter_filler.is_some()))
}

/// The kinds of blobs, in their order; there is one for each step.
#[derive(Clone, Copy)]
enum StepPart {
    Convolution,
    Scale,
    Bias,
    Mean,
    Variance,
}

const PARTS: [StepPart; 5] =
    [StepPart::Convolution, StepPart::Scale, StepPart::Bias, StepPart::Mean, StepPart::Variance];

/// The rule for so many channels before the first step.
fn dense_block(ctx: &SetupContext<'_>, channels: i32) -> Result<Setup, Refusal> {
    let param = ctx.param.denseblock_param().unwrap_or_default();
    let (steps, growth) = (param.num_transition(), param.growth_rate());
    ensure!((0..=MAX_STEPS).contains(&steps), STEPS, "numTransition {steps} is not between 0 and {MAX_STEPS}");
    for (value, field) in [(growth, "denseblock_param.growthRate"), (channels, "denseblock_param.initChannel")] {
        ensure!(value > 0, field, "{} {value} is not above 0", field_name(field));
    }
    let given = ctx.param.param.len();
    ensure!(given == 0, "param", "DenseBlock adds a param for each of its blobs, and {given} are given");
    let bottom = ctx.bottom(0);
    let &[items, _, height, width, ..] = bottom.dims() else {
        return Err(Refusal::at("bottom", format!("DenseBlock needs 4 axes, the input is {bottom}")));
    };
    let block = DenseBlock { param: &param, channels: channels.into(), growth: growth.into(), steps: steps.into() };
    let top = Shape::new([items.into(), block.before(steps.into()), height.into(), width.into()]).at(STEPS)?;
    let mut setup = Setup::new(ctx, Operator::Opaque, [top]);
    setup.blobs = block.blobs()?;
    setup.draws = block.draws(&setup.blobs);
    setup.extra_params =
        setup.blobs.iter().map(|blob| multiplied_by(f32::from(blob.role != Role::Statistic))).collect();
    Ok(setup)
}

fn multiplied_by(factor: f32) -> ParamSpec {
    ParamSpec { lr_mult: Some(factor), decay_mult: Some(factor), ..Default::default() }
}

struct DenseBlock<'a> {
    param: &'a DenseBlockParameter,
    channels: i64,
    growth: i64,
    steps: i64,
}

impl DenseBlock<'_> {
    /// The channels before a step.
    fn before(&self, step: i64) -> i64 {
        self.channels + step * self.growth
    }

    /// The channels of the bottleneck, where there is one.
    fn bottleneck(&self) -> Option<i64> {
        self.param.use_bc().then_some(4 * self.growth)
    }

    fn blobs(&self) -> Result<Vec<BlobSpec>, Refusal> {
        let mut blobs = Vec::new();
        for part in PARTS {
            for step in 0..self.steps {
                let inputs = self.bottleneck().unwrap_or(self.before(step));
                blobs.push(self.blob(part, self.before(step), [self.growth, inputs, 3, 3])?);
            }
        }
        if let Some(bottleneck) = self.bottleneck() {
            for part in PARTS {
                for step in 0..self.steps {
                    blobs.push(self.blob(part, bottleneck, [bottleneck, self.before(step), 1, 1])?);
                }
            }
        }
        blobs.push(BlobSpec::zeros(Role::Statistic, Shape::new([1]).at(FIELD)?));
        Ok(blobs)
    }

    /// A blob for so many channels, or, of the convolutions, of this shape.
    fn blob(&self, part: StepPart, channels: i64, filters: [i64; 4]) -> Result<BlobSpec, Refusal> {
        let of_channels = Shape::new([1, channels, 1, 1]).at(FIELD)?;
        Ok(match part {
            StepPart::Convolution => {
                let (filters, filler) = (Shape::new(filters).at(FIELD)?, self.param.filter_filler.as_ref());
                BlobSpec::filled(Role::Weight, filters, "denseblock_param.Filter_Filler", filler)
            }
            StepPart::Scale => {
                let filler = self.param.bn_scaler_filler.as_ref();
                BlobSpec::filled(Role::Weight, of_channels, "denseblock_param.BN_Scaler_Filler", filler)
            }
            StepPart::Bias => {
                let filler = self.param.bn_bias_filler.as_ref();
                BlobSpec::filled(Role::Bias, of_channels, "denseblock_param.BN_Bias_Filler", filler)
            }
            StepPart::Mean => BlobSpec::zeros(Role::Statistic, of_channels),
            StepPart::Variance => BlobSpec::constant(Role::Statistic, of_channels, FIELD, 1.0),
        })
    }

    /// Step by step, what is filled: each part, with that of the bottleneck behind it.
    fn draws(&self, blobs: &[BlobSpec]) -> Vec<Draw> {
        let steps = usize::try_from(self.steps).unwrap_or_default();
        let places = |step: usize| {
            (0..PARTS.len()).flat_map(move |part| [part, part + PARTS.len()].map(|part| part * steps + step))
        };
        let is_filled = |place: &usize| {
            // Behind the parts comes the factor, which nothing fills.
            let blob = blobs.get(*place);
            blob.is_some_and(|blob| matches!(blob.values, super::BlobValues::Filled(_)))
        };
        (0..steps).flat_map(places).filter(is_filled).map(Draw::Blob).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::Surroundings;

    const PICTURE: &[i32] = &[2, 5, 8, 8];

    fn run(dialect: &str, fields: &str) -> Result<Setup, String> {
        let text = format!("denseblock_param {{ {fields} }}");
        Surroundings::of(dialect).run("DenseBlock", &text, &[PICTURE], 1)
    }

    fn shapes(made: &Setup) -> Vec<Vec<i32>> {
        made.blobs.iter().map(|blob| blob.shape.dims().to_vec()).collect()
    }

    fn drawn(made: &Setup) -> Vec<usize> {
        let place = |draw: &Draw| match draw {
            Draw::Blob(place) => *place,
            other => panic!("{other:?}"),
        };
        made.draws.iter().map(place).collect()
    }

    #[test]
    fn channels_grow_step_by_step() {
        let made = run("denseblock", "numTransition: 2 initChannel: 4 growthRate: 3").unwrap();
        assert_eq!(made.tops[0].dims(), [2, 10, 8, 8]);
        let text = "denseblock_param { numTransition: 1 initChannel: 4 growthRate: 3 }";
        assert_eq!(Surroundings::of("denseblock").top("DenseBlock", text, &[&[2, 4, 8, 7, 6]]), [2, 7, 8, 7]);
        let (first, second) = (vec![1, 4, 1, 1], vec![1, 7, 1, 1]);
        let pair = [first, second];
        let expected = [vec![vec![3, 4, 3, 3], vec![3, 7, 3, 3]], [&pair[..]; 4].concat(), vec![vec![1]]].concat();
        assert_eq!(shapes(&made), expected);
        // The last of each step is its variance.
        assert_eq!(drawn(&made), [0, 2, 4, 8, 1, 3, 5, 9]);
        let learns: Vec<f32> = made.extra_params.iter().map(ParamSpec::lr_mult).collect();
        assert_eq!(learns, [[1.0; 6].as_slice(), &[0.0; 5]].concat());
    }

    #[test]
    fn a_bottleneck_adds_as_many_blobs_again() {
        let made = run("caffe-ocr", "numTransition: 2 initChannel: 4 growthRate: 3 use_BC: true").unwrap();
        assert_eq!((made.tops[0].dims(), made.blobs.len()), (&[2, 11, 8, 8][..], 21));
        let shapes = shapes(&made);
        assert_eq!(
            (&shapes[0], &shapes[11], &shapes[13]),
            (&vec![3, 12, 3, 3], &vec![12, 8, 1, 1], &vec![1, 12, 1, 1])
        );
        assert_eq!(drawn(&made)[..8], [0, 10, 2, 12, 4, 14, 8, 18]);
    }

    #[test]
    fn refusals() {
        let error = |fields: &str| run("denseblock", fields).unwrap_err();
        assert_eq!(error("growthRate: 0"), "denseblock_param.growthRate: growthRate 0 is not above 0");
        let message = "denseblock_param.numTransition: numTransition 2147483647 is not between 0 and 4096";
        assert_eq!(error("numTransition: 2147483647"), message);
        let message = "bottom: DenseBlock needs 4 axes, the input is (2, 5, 8)";
        assert_eq!(Surroundings::of("denseblock").refusal("DenseBlock", "", &[&[2, 5, 8]]), message);
        let text = "param { lr_mult: 1 }";
        let message = "param: DenseBlock adds a param for each of its blobs, and 1 are given";
        assert_eq!(Surroundings::of("denseblock").refusal("DenseBlock", text, &[PICTURE]), message);
    }
}
