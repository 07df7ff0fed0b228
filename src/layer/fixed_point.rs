//! Layers that reckon in numbers of fixed point: ConvolutionFixed, DeconvolutionFixed, InnerProductFixed,
//! NormalizeFixed, PReLUFixed, ScaleFixed and FixedNeuron (Xilinx).
//!
//! The first six have the top and the blobs of the layers that they are named after. All but PReLUFixed hold a second
//! one of those, for what comes of the rounded weights: it is filled too, behind their own blobs, and thrown away.
//!
//! FixedNeuron rounds its input, which may be in place. It has one blob (1), the position of the point, which starts as
//! 0 whatever the net gives; `bit_width` is above 0.

use super::convolution::{convolution, convolution_signal, deconvolution};
use super::inner_product::{self, inner_product};
use super::normalize::normalize;
use super::prelu::prelu;
use super::scale::{self, scale};
use super::{Arity, BlobSpec, Draw, Layer, LayerType, Operator, Role, Setup, SetupContext, ZeroStart};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};

const ONE: Arity = Arity::exactly(1);
const ANY: Arity = Arity::at_least(1);

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    of(
        "ConvolutionFixed",
        [ANY; 2],
        "Convolves its inputs with learned filters, in fixed point",
        &FixedTwin(&convolution),
    )
    .params(&["convolution_param", "fixed_param"])
    .matching_tops()
    .signal(convolution_signal),
    of(
        "DeconvolutionFixed",
        [ANY; 2],
        "Spreads out its inputs through learned filters, in fixed point",
        &FixedTwin(&deconvolution),
    )
    .params(&["convolution_param", "fixed_param"])
    .matching_tops()
    .keeps_signal(),
    of("FixedNeuron", [ONE; 2], "Rounds its input to fixed point", &neuron).params(&["fixed_param"]).keeps_signal(),
    of(
        "InnerProductFixed",
        [ONE; 2],
        "Multiplies its input by a learned matrix and adds a learned bias, in fixed point",
        &FixedTwin(&inner_product),
    )
    .params(&["inner_product_param", "fixed_param"])
    .signal(inner_product::signal),
    of(
        "NormalizeFixed",
        [ONE; 2],
        "Divides by the 2-norm and multiplies by a learned scale, in fixed point",
        &FixedTwin(&normalize),
    )
    .params(&["norm_param", "fixed_param"])
    .zero_start(ZeroStart::WhereSaid),
    of("PReLUFixed", [ONE; 2], "Rectifies its input, with a learned slope below zero, in fixed point", &prelu)
        .params(&["prelu_param", "fixed_param"])
        .zero_start(ZeroStart::Harmless)
        .keeps_signal(),
    of(
        "ScaleFixed",
        [Arity::between(1, 2), ONE],
        "Multiplies by a learned blob, and may add a bias, in fixed point",
        &FixedTwin(&scale),
    )
    .params(&["scale_param", "fixed_param"])
    .zero_start(ZeroStart::WhereSaid)
    .signal(scale::signal),
];

const fn of(
    name: &'static str,
    [bottoms, tops]: [Arity; 2],
    summary: &'static str,
    rule: &'static dyn Layer,
) -> LayerType {
    LayerType::new(name, summary, bottoms, tops, rule).known(Known::In(&["xilinx"]))
}

/// A layer with a second one of its base's type inside.
struct FixedTwin(&'static dyn Layer);

impl Layer for FixedTwin {
    fn setup(&self, ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
        let mut setup = self.0.setup(ctx)?;
        let end = setup.blobs.len();
        if ctx.given.is_empty() && end > 0 {
            setup.draws.push(Draw::Discard { first: 0, end, times: 1 });
        }
        Ok(setup)
    }
}

fn neuron(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let width = ctx.param.fixed_param().unwrap_or_default().bit_width();
    ensure!(width > 0, "fixed_param.bit_width", "bit_width {width} is not above 0");
    let mut setup = Setup::like_bottom(ctx, Operator::Opaque);
    setup.blobs.clear();
    setup.push_blob(BlobSpec::zeros(Role::Statistic, Shape::new([1]).at("bottom")?));
    Ok(setup)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::Surroundings;

    fn run(name: &str, text: &str) -> Setup {
        Surroundings::of("xilinx").run(name, text, &[&[2, 3, 8, 8]], 1).unwrap()
    }

    #[test]
    fn the_second_layer_is_filled_behind() {
        for (name, base, text) in [
            ("ConvolutionFixed", "Convolution", "convolution_param { num_output: 4 kernel_size: 3 }"),
            ("DeconvolutionFixed", "Deconvolution", "convolution_param { num_output: 4 kernel_size: 3 }"),
            ("InnerProductFixed", "InnerProduct", "inner_product_param { num_output: 4 bias_term: false }"),
            ("ScaleFixed", "Scale", "scale_param { bias_term: true }"),
            ("NormalizeFixed", "Normalize", "norm_param { channel_shared: false }"),
        ] {
            let (fixed, plain) = (run(name, text), run(base, text));
            assert_eq!((&fixed.tops, &fixed.blobs), (&plain.tops, &plain.blobs), "{name}");
            let twin = Draw::Discard { first: 0, end: plain.blobs.len(), times: 1 };
            assert_eq!(fixed.draws, [plain.draws, vec![twin]].concat(), "{name}");
        }
        assert_eq!(run("PReLUFixed", "").draws, run("PReLU", "").draws);
    }

    #[test]
    fn a_neuron_keeps_where_the_point_is() {
        let made = run("FixedNeuron", "");
        let blobs: Vec<&[i32]> = made.blobs.iter().map(|blob| blob.shape.dims()).collect();
        assert_eq!((made.tops[0].dims(), blobs), (&[2, 3, 8, 8][..], vec![&[1][..]]));
        let error = Surroundings::of("xilinx").refusal("FixedNeuron", "fixed_param { bit_width: 0 }", &[&[2]]);
        assert_eq!(error, "fixed_param.bit_width: bit_width 0 is not above 0");
    }
}
