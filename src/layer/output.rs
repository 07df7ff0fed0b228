//! Silence, HDF5Output and BlackHole: layers that read and make no tops, or nothing that means anything.
//!
//! Silence keeps its bottoms from counting as outputs of the net. HDF5Output writes data and labels to a file while the
//! net runs; Caffe creates that file when it builds the net, this program does not. BlackHole of C3D takes any bottoms,
//! and its first top is one zero, (1, 1, 1, 1, 1). No blobs, no draws.

use super::{Arity, Deployment, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    LayerType::new(
        "HDF5Output",
        "Writes data and labels to an HDF5 file",
        Arity::exactly(2),
        Arity::exactly(0),
        &hdf5_output,
    )
    .params(&["hdf5_output_param"])
    .weightless()
    .measures(),
    LayerType::new("Silence", "Reads blobs that nothing else reads", Arity::at_least(1), Arity::exactly(0), &silence)
        .weightless()
        .deployed(|_| Deployment::Dropped),
    LayerType::new(
        "BlackHole",
        "Reads blobs that nothing else reads, and makes a zero",
        Arity::at_least(0),
        Arity::at_least(1),
        &black_hole,
    )
    .weightless()
    .known(Known::In(&["c3d-1.1"])),
];

fn silence(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    Ok(Setup::new(ctx, Operator::Sink, []))
}

fn black_hole(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let tops = ctx.first_top(Shape::new([1; 5]).at("top")?);
    Ok(Setup::new(ctx, Operator::Opaque, tops))
}

fn hdf5_output(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.hdf5_output_param.as_ref();
    ensure!(
        param.is_some_and(|param| !param.file_name().is_empty()),
        "hdf5_output_param.file_name",
        "file_name is missing"
    );
    Ok(Setup::new(ctx, Operator::Sink, []))
}

#[cfg(test)]
mod tests {
    use crate::Shape;
    use crate::layer::testing::{Surroundings, refusal, tops};

    const FILE: &str = r#"hdf5_output_param { file_name: "saved.h5" }"#;

    #[test]
    fn there_are_no_tops() {
        let none: [Vec<i32>; 0] = [];
        assert_eq!(tops("Silence", "", &[&[2], &[0, 3], &[]], &[]), none);
        assert_eq!(tops("HDF5Output", FILE, &[&[2, 3], &[2]], &[]), none);
    }

    #[test]
    fn nothing_leaves_a_black_hole_but_a_zero() {
        let c3d = Surroundings::of("c3d-1.1");
        assert_eq!(c3d.top("BlackHole", "", &[&[2, 3], &[4]]), [1; 5]);
        assert_eq!(c3d.run("BlackHole", "", &[], 2).unwrap().tops[1], Shape::unshaped());
    }

    #[test]
    fn refusals() {
        assert_eq!(refusal("Silence", "", &[], 0).1, "Silence takes at least 1 bottom, 0 given");
        assert_eq!(refusal("Silence", "", &[&[2]], 1).1, "Silence makes 0 tops, 1 given");
        assert_eq!(refusal("HDF5Output", FILE, &[&[2]], 0).1, "HDF5Output takes 2 bottoms, 1 given");
        for text in ["", "hdf5_output_param { }"] {
            let expected = ("hdf5_output_param.file_name", "file_name is missing".to_owned());
            assert_eq!(refusal("HDF5Output", text, &[&[2], &[2]], 0), expected);
        }
    }
}
