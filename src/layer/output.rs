//! Silence and HDF5Output: layers that read and make no tops.
//!
//! Silence keeps its bottoms from counting as outputs of the net. HDF5Output writes data and labels to a file while the
//! net runs; Caffe creates that file when it builds the net, this program does not. No blobs, no draws.

use super::{Arity, Deployment, LayerType, Operator, Setup, SetupContext};
use crate::error::{Refusal, ensure};

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
];

fn silence(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    Ok(Setup::new(ctx, Operator::Sink, []))
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
    use crate::layer::testing::{refusal, tops};

    const FILE: &str = r#"hdf5_output_param { file_name: "saved.h5" }"#;

    #[test]
    fn there_are_no_tops() {
        let none: [Vec<i32>; 0] = [];
        assert_eq!(tops("Silence", "", &[&[2], &[0, 3], &[]], &[]), none);
        assert_eq!(tops("HDF5Output", FILE, &[&[2, 3], &[2]], &[]), none);
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
