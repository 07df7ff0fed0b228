//! L2Normalize, L2Normalization and NormL2: each item, divided by its 2-norm, in trees of their own.
//!
//! ```text
//! L2Normalize      like the bottom, of any axes (C3D), or of four (caffe_pp2); not in place
//! L2Normalization  four axes (Light CNN)
//! NormL2           four axes (SeqFace)
//! ```
//!
//! No blobs, no draws.

use super::{Arity, Layer, LayerType, Operator, Setup, SetupContext};
use crate::dialect::Known;
use crate::error::Refusal;

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    of("L2Normalize", &like_bottom).known(Known::In(&["c3d-1.1"])),
    of("L2Normalize", &apart).known(Known::In(&["caffe-pp2"])),
    of("L2Normalization", &of_four_axes).known(Known::In(&["wu-lightcnn"])),
    of("NormL2", &of_four_axes).params(&["norml2_param"]).known(Known::In(&["seqface"])),
];

const fn of(name: &'static str, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(name, "Divides each item by its 2-norm", Arity::exactly(1), Arity::exactly(1), rule).weightless()
}

fn like_bottom(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    ctx.refuse_in_place(0, 0)?;
    Ok(Setup::like_bottom(ctx, Operator::NormalizeItems))
}

fn apart(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    ctx.refuse_in_place(0, 0)?;
    of_four_axes(ctx)
}

fn of_four_axes(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    Ok(Setup::new(ctx, Operator::NormalizeItems, [ctx.four_axes(0)?]))
}

#[cfg(test)]
mod tests {
    use super::TYPES;
    use crate::Shape;
    use crate::layer::testing::Surroundings;

    #[test]
    fn tops_have_four_axes_or_those_of_the_bottom() {
        let top = |dialect, name, bottom: &[i32]| Surroundings::of(dialect).top(name, "", &[bottom]);
        assert_eq!(top("c3d-1.1", "L2Normalize", &[2, 3]), [2, 3]);
        assert_eq!(top("c3d-1.1", "L2Normalize", &[2, 3, 4, 5, 6]), [2, 3, 4, 5, 6]);
        assert_eq!(top("caffe-pp2", "L2Normalize", &[2, 3]), [2, 3, 1, 1]);
        assert_eq!(top("wu-lightcnn", "L2Normalization", &[2, 3]), [2, 3, 1, 1]);
        assert_eq!(top("seqface", "NormL2", &[2, 3]), [2, 3, 1, 1]);
        let message = "bottom: bottom 0 has more than 4 axes: its shape is (1, 1, 1, 1, 1)";
        assert_eq!(Surroundings::of("seqface").refusal("NormL2", "", &[&[1; 5]]), message);
    }

    #[test]
    fn some_cannot_work_in_place() {
        let bottom = [Shape::new([2, 3]).unwrap()];
        let in_place = |entry, dialect| {
            let made = Surroundings::of(dialect).setup_blobs(entry, &Default::default(), &bottom, &[0]);
            made.map_err(|refusal| refusal.message)
        };
        for (entry, dialect) in [(&TYPES[0], "c3d-1.1"), (&TYPES[1], "caffe-pp2")] {
            assert_eq!(in_place(entry, dialect).unwrap_err(), "the layer cannot work in place");
        }
        assert!(in_place(&TYPES[3], "seqface").is_ok());
    }
}
