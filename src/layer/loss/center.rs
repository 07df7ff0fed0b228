//! CenterLoss: the squared distance of each item from the centre of its class (Wen et al. 2016).
//!
//! With `axis` the first flattened axis and `K` the product of the dimensions from there on:
//!
//! ```text
//! bottoms = data, labels of one channel
//! blobs   = centres (num_output, K)
//! ```
//!
//! The centres are learned, and zero where the net gives no filler. No `loss_weight` is added: without one the layer is
//! no loss. Draws: the centres. A blob given in the net is taken as it is, whatever its shape.

use super::{check_batches, check_single};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::positive_size;
use crate::layer::{Arity, BlobSpec, LayerType, Operator, Role, Setup, SetupContext};
use crate::proto::caffe::FillerParameter;

pub(super) const TYPE: LayerType = LayerType::new(
    "CenterLoss",
    "Computes the squared distance of items from the learned centres of their classes",
    Arity::exactly(2),
    Arity::at_least(1),
    &setup,
)
.params(&["center_loss_param"])
.auto_tops()
.judges_first()
.known(Known::WithField("center_loss_param"));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const NUM_OUTPUT: &str = "center_loss_param.num_output";
    let param = ctx.param.center_loss_param().unwrap_or_default();
    let centres = Centres {
        axis: (param.axis(), "center_loss_param.axis"),
        count_field: NUM_OUTPUT,
        filler: (param.center_filler.as_ref(), "center_loss_param.center_filler"),
    };
    centres.setup(ctx, || positive_size(param.num_output(), NUM_OUTPUT))
}

/// The settings of a loss that learns centres, with their fields.
pub(super) struct Centres<'a> {
    pub(super) axis: (i32, &'static str),
    /// The field that the number of centres is from.
    pub(super) count_field: &'static str,
    pub(super) filler: (Option<&'a FillerParameter>, &'static str),
}

impl Centres<'_> {
    /// The layer; `count` is asked for the number of centres where the net gives none.
    pub(super) fn setup(
        self,
        ctx: &SetupContext<'_>,
        count: impl FnOnce() -> Result<i64, Refusal>,
    ) -> Result<Setup, Refusal> {
        let axis = ctx.bottom_axis(0, self.axis.0, self.axis.1)?;
        let bottom = ctx.bottom(0);
        let features = bottom.count_from(axis);
        check_single(ctx, 1, 1..=3)?;
        check_batches(ctx)?;
        let tops = ctx.first_top(Shape::scalar());
        let mut setup = Setup::new(ctx, Operator::Opaque, tops).given_roles(&[Role::Weight]);
        if ctx.given.is_empty() {
            let count = count()?;
            ensure!(features > 0, "bottom", "the shape {bottom} leaves no numbers for a centre from axis {axis} on");
            let centres = Shape::new([count, features]).at(self.count_field)?;
            setup.push_blob(BlobSpec::filled(Role::Weight, centres, self.filler.1, self.filler.0));
        }
        Ok(setup)
    }
}

#[cfg(test)]
mod tests {
    use crate::layer::Draw;
    use crate::layer::testing::Surroundings;

    const BOTTOMS: &[&[i32]] = &[&[4, 3, 2, 2], &[4]];

    #[test]
    fn each_class_has_a_centre() {
        for dialect in ["caffe-face", "happynear", "wu-lightcnn", "seqface"] {
            let text = "center_loss_param { num_output: 5 center_filler { type: 'xavier' } }";
            let made = Surroundings::of(dialect).run("CenterLoss", text, BOTTOMS, 1).unwrap();
            assert_eq!((made.blobs[0].shape.dims(), &made.draws[..]), (&[5, 12][..], &[Draw::Blob(0)][..]));
            assert_eq!((made.tops[0].axes(), made.default_loss_weight), (0, None));
        }
        let made = Surroundings::of("caffe-face").run(
            "CenterLoss",
            "center_loss_param { num_output: 5 axis: -1 }",
            BOTTOMS,
            2,
        );
        let made = made.unwrap();
        assert_eq!((made.blobs[0].shape.dims(), made.tops[1].count()), (&[5, 2][..], 0));
    }

    #[test]
    fn refusals() {
        let error = |text: &str, bottoms| Surroundings::of("caffe-face").refusal("CenterLoss", text, bottoms);
        let message = "center_loss_param.num_output: num_output must be at least 1";
        assert_eq!(error("", BOTTOMS), message);
        let message = "bottom: bottom 1 must have dimension 1 at axis 1, its shape is (4, 2)";
        assert_eq!(error("", &[&[4, 3], &[4, 2]]), message);
        let message = "bottom: the bottoms differ in their first dimension: (4, 3) and (3)";
        assert_eq!(error("", &[&[4, 3], &[3]]), message);
    }
}
