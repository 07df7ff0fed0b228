//! Weights of the time when every blob had four sizes: num, channels, height and width, with ones in front; in C3D
//! five, with a length behind the channels.

use crate::dialect::Dialect;
use crate::proto::blob;
use crate::proto::caffe::{BlobProto, BlobShape, LayerParameter};

/// A layer type whose blobs have so many axes, first to last.
struct BlobAxes {
    layer_type: &'static str,
    axes: &'static [usize],
    /// Whether the parameters leave it at that.
    applies: fn(&LayerParameter) -> bool,
}

const fn always(layer_type: &'static str, axes: &'static [usize]) -> BlobAxes {
    BlobAxes { layer_type, axes, applies: |_| true }
}

/// Those whose blobs do not depend on the shapes of bottoms in the number of their axes.
static BLOB_AXES: [BlobAxes; 8] = [
    always("BatchNorm", &[1, 1, 1]),
    always("Convolution", &[4, 1]),
    always("Convolution3D", &[5, 5]),
    always("Deconvolution", &[4, 1]),
    always("Deconvolution3D", &[5, 5]),
    always("Embed", &[2, 1]),
    always("InnerProduct", &[2, 1]),
    BlobAxes {
        layer_type: "PReLU",
        axes: &[1],
        applies: |layer| !layer.prelu_param.as_ref().is_some_and(|param| param.channel_shared()),
    },
];

/// The shape that a layer of today has for a blob that was stored in four sizes or five, where its type tells the axes
/// and those in front are 1.
pub(crate) fn current_shape(layer: &LayerParameter, index: usize, sizes: &[i64]) -> Option<Vec<i64>> {
    let entry = BLOB_AXES.iter().find(|entry| entry.layer_type == layer.r#type() && (entry.applies)(layer))?;
    let axes = *entry.axes.get(index)?;
    let sizes = match *sizes {
        [num, channels, 1, height, width] if axes < 5 => vec![num, channels, height, width],
        _ => sizes.to_vec(),
    };
    let (ones, dims) = sizes.split_at(sizes.len().checked_sub(axes)?);
    ones.iter().all(|&size| size == 1).then(|| dims.to_vec())
}

/// Gives blobs the shapes that their layers tell; says how many, and how many keep their four sizes.
pub(super) fn upgrade(layers: &mut [LayerParameter], dialect: &Dialect) -> Vec<String> {
    if dialect.traits.legacy_blobs {
        return Vec::new();
    }
    let (mut shaped, mut kept, mut sizes_of) = (0, 0, "four");
    for layer in layers {
        let mut blobs = std::mem::take(&mut layer.blobs);
        for (index, blob) in blobs.iter_mut().enumerate() {
            let Some(sizes) = old_sizes(blob) else { continue };
            if sizes.len() == 5 {
                sizes_of = "five";
            }
            match current_shape(layer, index, &sizes) {
                Some(dim) => {
                    blob.shape = Some(BlobShape { dim });
                    [blob.num, blob.channels, blob.length, blob.height, blob.width] = [None; 5];
                    shaped += 1;
                }
                None => kept += 1,
            }
        }
        layer.blobs = blobs;
    }
    let blobs = |count: usize| if count == 1 { "1 blob".to_owned() } else { format!("{count} blobs") };
    let mut changes = Vec::new();
    if shaped > 0 {
        changes.push(format!("the {sizes_of} sizes of {} became shapes", blobs(shaped)));
        if kept > 0 {
            changes.push(format!("{} kept the {sizes_of} sizes, as the layers do not give the shapes", blobs(kept)));
        }
    }
    changes
}

/// The four sizes of a blob that has any; those that are missing are 0.
fn old_sizes(blob: &BlobProto) -> Option<Vec<i64>> {
    blob::legacy_sizes(blob).map(|sizes| sizes.into_iter().map(i64::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::caffe::PReLuParameter;

    fn blob(sizes: [i32; 4]) -> BlobProto {
        let [num, channels, height, width] = sizes.map(Some);
        BlobProto { num, channels, height, width, ..Default::default() }
    }

    fn upgraded(layer_type: &str, blobs: &[[i32; 4]], dialect: &str) -> (Vec<Option<Vec<i64>>>, Vec<String>) {
        let shared = PReLuParameter { channel_shared: Some(true), ..Default::default() };
        let mut layers = [LayerParameter {
            r#type: Some(layer_type.trim_end_matches(" shared").into()),
            prelu_param: layer_type.ends_with(" shared").then(|| shared.into()),
            blobs: blobs.iter().copied().map(blob).collect(),
            ..Default::default()
        }];
        let changes = upgrade(&mut layers, Dialect::get(dialect).unwrap());
        let dims = |blob: &BlobProto| {
            let shape = blob.shape.as_ref().map(|shape| shape.dim.clone());
            assert!(shape.is_none() || old_sizes(blob).is_none());
            shape
        };
        (layers[0].blobs.iter().map(dims).collect(), changes)
    }

    #[test]
    fn sizes_become_shapes_of_as_many_axes_as_the_layer_has() {
        let both = vec!["the four sizes of 2 blobs became shapes".to_owned()];
        let shapes = |dims: &[&[i64]]| dims.iter().map(|dims| Some(dims.to_vec())).collect::<Vec<_>>();
        let convolution = upgraded("Convolution", &[[4, 1, 3, 3], [1, 1, 1, 4]], "bvlc");
        assert_eq!(convolution, (shapes(&[&[4, 1, 3, 3], &[4]]), both.clone()));
        let product = upgraded("InnerProduct", &[[1, 1, 4, 9], [1, 1, 1, 4]], "bvlc");
        assert_eq!(product, (shapes(&[&[4, 9], &[4]]), both));
    }

    #[test]
    fn what_a_layer_does_not_tell_stays() {
        assert_eq!(upgraded("Local", &[[1, 2, 3, 4]], "bvlc"), (vec![None], vec![]));
        assert_eq!(upgraded("PReLU shared", &[[1, 1, 1, 1]], "bvlc"), (vec![None], vec![]));
        let (shapes, changes) = upgraded("InnerProduct", &[[2, 1, 4, 9], [1, 1, 1, 4]], "bvlc");
        assert_eq!(shapes, [None, Some(vec![4])]);
        let kept = "1 blob kept the four sizes, as the layers do not give the shapes";
        assert_eq!(changes, ["the four sizes of 1 blob became shapes", kept]);
        assert_eq!(upgraded("InnerProduct", &[[1, 1, 4, 9]], "bvlc-rc2").1.len(), 0);
    }
}
