//! DSALoss: the distance of faces from the centre of their person or their sequence (SeqFace).
//!
//! With `axis` the first flattened axis and `K` the product of the dimensions from there on:
//!
//! ```text
//! bottoms = data, labels of one channel
//! blobs   = centres (faceid_num + seqid_num, K)
//! ```
//!
//! The centres are learned, and zero where the net gives no filler. No `loss_weight` is added: without one the layer is
//! no loss. Draws: the centres. A blob given in the net is taken as it is.

use super::center::Centres;
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::size::checked_size;
use crate::layer::{Arity, LayerType, Setup, SetupContext};

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
    ctx.legacy_dim(0, 0)?;
    let centres = Centres {
        axis: (param.axis(), "dsa_loss_param.axis"),
        count_field: FACES,
        filler: (param.center_filler.as_ref(), "dsa_loss_param.center_filler"),
    };
    centres.setup(ctx, || {
        let persons = checked_size(param.faceid_num(), FACES)?;
        let count = persons + checked_size(param.seqid_num(), "dsa_loss_param.seqid_num")?;
        ensure!(count > 0, FACES, "faceid_num and seqid_num are both 0, which leaves no centres");
        Ok(count)
    })
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
