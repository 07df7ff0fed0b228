//! DSALoss: the distance of faces from the centre of their person or their sequence (SeqFace).
//!
//! With `axis` the first flattened axis and `K` the product of the dimensions from there on:
//!
//! ```text
//! bottoms = data, labels of one channel
//! blobs   = centres (faceid_num + seqid_num, K)
//! ```
//!
//! The centres are learned, and zero where the net gives no filler. No `loss_weight` is added: without one the layer is no
//! loss. Draws: the centres. A blob given in the net is taken as it is.

use super::{check_batches, check_single};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::checked_size;
use crate::layer::{Arity, BlobSpec, LayerType, Operator, Role, Setup, SetupContext};

pub(super) const TYPE: LayerType = LayerType::new(
    "DSALoss",
    "Takes the distance of faces from the learned centres of persons and of sequences",
    Arity::exactly(2),
    Arity::at_least(1),
    &setup,
)
.params(&["dsa_loss_param", "loss_param"])
.auto_tops()
.judges_first()
.known(Known::WithField("dsa_loss_param"));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const FACES: &str = "dsa_loss_param.faceid_num";
    let param = ctx.param.dsa_loss_param().unwrap_or_default();
    let axis = ctx.bottom_axis(0, param.axis(), "dsa_loss_param.axis")?;
    let features = ctx.bottom(0).count_from(axis);
    ctx.legacy_dim(0, 0)?;
    check_single(ctx, 1, 1..=3)?;
    check_batches(ctx)?;
    // The first top is the loss; Caffe leaves further ones without a shape.
    let mut tops = vec![Shape::unshaped(); ctx.top_count()];
    tops[0] = Shape::scalar();
    let mut setup = Setup::new(ctx, Operator::Opaque, tops).given_roles(&[Role::Weight]);
    if ctx.given.is_empty() {
        let persons = checked_size(param.faceid_num(), FACES)?;
        let centres = persons + checked_size(param.seqid_num(), "dsa_loss_param.seqid_num")?;
        let bottom = ctx.bottom(0);
        ensure!(centres > 0, FACES, "faceid_num and seqid_num are both 0, which leaves no centres");
        ensure!(features > 0, "bottom", "the shape {bottom} leaves no numbers for a centre from axis {axis} on");
        let shape = Shape::new([centres, features]).at(FACES)?;
        let filler = param.center_filler.as_ref();
        setup.push_blob(BlobSpec::filled(Role::Weight, shape, "dsa_loss_param.center_filler", filler));
    }
    Ok(setup)
}

#[cfg(test)]
mod tests {
    use crate::layer::Draw;
    use crate::layer::testing::Surroundings;

    const BOTTOMS: &[&[i32]] = &[&[4, 3, 2, 2], &[4]];

    #[test]
    fn persons_and_sequences_have_centres() {
        let text = "dsa_loss_param { faceid_num: 7 seqid_num: 2 center_filler { type: 'xavier' } }";
        let made = Surroundings::of("seqface").run("DSALoss", text, BOTTOMS, 2).unwrap();
        assert_eq!((made.blobs.len(), made.blobs[0].shape.dims()), (1, &[9, 12][..]));
        assert_eq!((made.draws, made.default_loss_weight), (vec![Draw::Blob(0)], None));
        assert_eq!((made.tops[0].axes(), made.tops[1].count()), (0, 0));
    }

    #[test]
    fn refusals() {
        let error = |text: &str, bottoms: &[&[i32]]| Surroundings::of("seqface").refusal("DSALoss", text, bottoms);
        let message = "dsa_loss_param.faceid_num: faceid_num and seqid_num are both 0, which leaves no centres";
        assert_eq!(error("", BOTTOMS), message);
        let message = "bottom: bottom 1 must have dimension 1 at axis 1, its shape is (4, 2)";
        assert_eq!(error("", &[&[4, 3], &[4, 2]]), message);
        let message = "dsa_loss_param.axis: axis 2 is out of range for the 2-axis shape (4, 3)";
        assert_eq!(error("dsa_loss_param { axis: 2 }", &[&[4, 3], &[4]]), message);
    }
}
