//! MarginInnerProduct and LargeMarginInnerProduct: a matrix times the bottom, with a margin for the true class (Liu et
//! al. 2017, 2016).
//!
//! With `axis` the first flattened axis, `K` the product of the dimensions from there on and `N = num_output`:
//!
//! ```text
//! bottoms = data, labels of the same first dimension; four axes at most
//! tops    = bottom[0].dims[..axis] ++ [N]; (1), the weight of the plain product
//! blobs   = weight (N, K)
//! ```
//!
//! LargeMarginInnerProduct needs both tops: without the second, Caffe crashes. In happynear's tree a third bottom may
//! be the matrix; then N is its first dimension, and there is no blob. The weight is zero where the net gives no
//! filler. Draws: the weight. A blob given in the net is taken as it is, whatever its shape.

use super::size::{checked_size, positive_size};
use super::{Arity, BlobSpec, LayerType, Operator, Role, Setup, SetupContext, Signal};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::{FillerParameter, LayerParameter};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    large(Arity::exactly(2)).known(Known::In(&["soeaver"])),
    large(Arity::between(2, 3)).known(Known::In(&["happynear"])),
    LayerType::new(
        "MarginInnerProduct",
        "Multiplies its input by a learned matrix of unit rows, with a margin for the true class",
        Arity::exactly(2),
        Arity::between(1, 2),
        &margin,
    )
    .params(&["margin_inner_product_param"])
    .signal(margin_signal)
    .known(Known::WithField("margin_inner_product_param")),
];

const fn large(bottoms: Arity) -> LayerType {
    LayerType::new(
        "LargeMarginInnerProduct",
        "Multiplies its input by a learned matrix, with a large margin for the true class",
        bottoms,
        Arity::exactly(2),
        &large_margin,
    )
    .params(&["largemargin_inner_product_param"])
    .signal(large_margin_signal)
}

/// A matrix times the bottom, flattened from an axis on, with a margin for the class of the label.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MarginInnerProduct {
    /// The first axis that is flattened.
    pub axis: usize,
    /// The length of the flattened axes.
    pub inputs: i64,
    /// The rows of the matrix.
    pub num_output: i64,
    /// By how much the angle to the row of the true class is multiplied.
    pub margin: i32,
    /// Whether the rows are brought to unit length.
    pub unit_rows: bool,
    /// How the weight of the plain product falls while training.
    pub decay: MarginDecay,
}

/// How the weight of the plain product falls while training: max(base (1 + gamma iteration)^-power, `lambda_min`).
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct MarginDecay {
    /// The first weight.
    pub base: f32,
    /// How fast it falls.
    pub gamma: f32,
    /// By which power.
    pub power: f32,
    /// The iteration to begin with.
    pub iteration: i32,
    /// The least weight.
    pub lambda_min: f32,
}

impl MarginInnerProduct {
    /// The multiply-accumulates: each element of the first top meets every input.
    pub(super) fn macs(&self, tops: &[Shape]) -> u64 {
        let elements = tops.first().map_or(0, |top| top.count() as u64);
        elements.saturating_mul(self.inputs.unsigned_abs())
    }
}

fn margin_signal(layer: &LayerParameter) -> Signal {
    let param = layer.margin_inner_product_param();
    Signal::through_weights(layer, param.is_some_and(|param| param.weight_filler.is_some()))
}

fn large_margin_signal(layer: &LayerParameter) -> Signal {
    let param = layer.largemargin_inner_product_param();
    Signal::through_weights(layer, param.is_some_and(|param| param.weight_filler.is_some()))
}

fn margin(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.margin_inner_product_param().unwrap_or_default();
    let settings = MarginSettings {
        axis: (param.axis(), "margin_inner_product_param.axis"),
        num_output: (param.num_output(), "margin_inner_product_param.num_output"),
        weight_filler: (param.weight_filler.as_ref(), "margin_inner_product_param.weight_filler"),
        // SINGLE, DOUBLE, TRIPLE and QUADRUPLE.
        margin: param.r#type() as i32 + 1,
        unit_rows: true,
        decay: MarginDecay {
            base: param.base(),
            gamma: param.gamma(),
            power: param.power(),
            iteration: param.iteration(),
            lambda_min: param.lambda_min(),
        },
    };
    settings.setup(ctx)
}

fn large_margin(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.largemargin_inner_product_param().unwrap_or_default();
    let settings = MarginSettings {
        axis: (param.axis(), "largemargin_inner_product_param.axis"),
        num_output: (param.num_output(), "largemargin_inner_product_param.num_output"),
        weight_filler: (param.weight_filler.as_ref(), "largemargin_inner_product_param.weight_filler"),
        margin: param.r#type() as i32 + 1,
        unit_rows: false,
        decay: MarginDecay {
            base: param.base(),
            gamma: param.gamma(),
            power: param.power(),
            iteration: param.iteration(),
            lambda_min: param.lambda_min(),
        },
    };
    settings.setup(ctx)
}

/// The settings of a layer, some with their fields.
struct MarginSettings<'a> {
    axis: (i32, &'static str),
    num_output: (u32, &'static str),
    weight_filler: (Option<&'a FillerParameter>, &'static str),
    margin: i32,
    unit_rows: bool,
    decay: MarginDecay,
}

impl MarginSettings<'_> {
    fn setup(self, ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
        let (data, labels) = (ctx.bottom(0), ctx.bottom(1));
        let (items, labelled) = (ctx.legacy_dim(0, 0)?, ctx.legacy_dim(1, 0)?);
        ensure!(items == labelled, "bottom", "expected a label for each item: {data} and {labels} given");
        let axis = ctx.bottom_axis(0, self.axis.0, self.axis.1)?;
        let (size, field) = self.num_output;
        let makes_blob = ctx.given.is_empty() && ctx.bottoms.len() == 2;
        let num_output = match (ctx.bottoms.len(), makes_blob) {
            (3, _) => ctx.legacy_dim(2, 0)?.into(),
            (_, true) => positive_size(size, field)?,
            (_, false) => checked_size(size, field)?,
        };
        let inputs = data.count_from(axis);
        let outer = data.dims()[..axis].iter().map(|&dim| i64::from(dim));
        let top = Shape::new(outer.chain([num_output]).collect::<Vec<i64>>()).at(field)?;
        let mut tops = vec![top, Shape::new([1]).at("top")?];
        tops.truncate(ctx.top_count());
        let MarginSettings { margin, unit_rows, decay, .. } = self;
        let product = MarginInnerProduct { axis, inputs, num_output, margin, unit_rows, decay };
        let mut setup = Setup::new(ctx, Operator::MarginInnerProduct(product), tops).given_roles(&[Role::Weight]);
        if makes_blob {
            ensure!(inputs > 0, "bottom", "the shape {data} leaves nothing to multiply from axis {axis} on");
            let weight = Shape::new([num_output, inputs]).at(field)?;
            setup.push_blob(BlobSpec::filled(Role::Weight, weight, self.weight_filler.1, self.weight_filler.0));
        }
        Ok(setup)
    }
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;
    use crate::layer::{Draw, Operator};

    const DATA: &[&[i32]] = &[&[4, 3, 2, 2], &[4]];

    #[test]
    fn the_weight_is_that_of_an_inner_product_without_a_bias() {
        let text = "margin_inner_product_param { num_output: 5 axis: 2 type: TRIPLE }";
        let made = Surroundings::of("soeaver").run("MarginInnerProduct", text, DATA, 2).unwrap();
        let tops: Vec<&[i32]> = made.tops.iter().map(|top| top.dims()).collect();
        assert_eq!(tops, [&[4, 3, 5][..], &[1]]);
        assert_eq!((made.blobs.len(), made.blobs[0].shape.dims()), (1, &[5, 4][..]));
        assert_eq!((made.draws, made.macs), (vec![Draw::Blob(0)], 4 * 3 * 5 * 4));
        let Operator::MarginInnerProduct(product) = made.operator else { panic!() };
        assert_eq!((product.margin, product.unit_rows), (3, true));
    }

    #[test]
    fn only_the_large_margin_needs_the_second_top() {
        let soeaver = Surroundings::of("soeaver");
        let text = "margin_inner_product_param { num_output: 5 }";
        assert_eq!(soeaver.top("MarginInnerProduct", text, DATA), [4, 5]);
        let error = soeaver.refusal("LargeMarginInnerProduct", text, DATA);
        assert_eq!(error, "top: LargeMarginInnerProduct makes 2 tops, 1 given");
    }

    #[test]
    fn a_third_bottom_is_the_matrix() {
        let bottoms = [DATA, &[&[7, 12]]].concat();
        let made = Surroundings::of("happynear").run("LargeMarginInnerProduct", "", &bottoms, 2).unwrap();
        assert_eq!((made.tops[0].dims(), made.blobs.len(), made.draws.len()), (&[4, 7][..], 0, 0));
        assert!(Surroundings::of("soeaver").run("LargeMarginInnerProduct", "", &bottoms, 2).is_err());
    }

    #[test]
    fn refusals() {
        let error = |text: &str, bottoms| Surroundings::of("soeaver").refusal("MarginInnerProduct", text, bottoms);
        let message = "margin_inner_product_param.num_output: num_output must be at least 1";
        assert_eq!(error("", DATA), message);
        let message = "bottom: expected a label for each item: (4, 3) and (3) given";
        assert_eq!(error("", &[&[4, 3], &[3]]), message);
    }
}
