//! Weights of the time when every blob had four sizes: num, channels, height and width, with ones in front.

use crate::dialect::Dialect;
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
static BLOB_AXES: [BlobAxes; 6] = [
    always("BatchNorm", &[1, 1, 1]),
    always("Convolution", &[4, 1]),
    always("Deconvolution", &[4, 1]),
    always("Embed", &[2, 1]),
    always("InnerProduct", &[2, 1]),
    BlobAxes {
        layer_type: "PReLU",
        axes: &[1],
        applies: |layer| !layer.prelu_param.as_ref().is_some_and(|param| param.channel_shared()),
    },
];

/// Gives blobs the shapes that their layers tell; says how many, and how many keep their four sizes.
pub(super) fn upgrade(layers: &mut [LayerParameter], dialect: &Dialect) -> Vec<String> {
    if dialect.traits.legacy_blobs {
        return Vec::new();
    }
    let (mut shaped, mut kept) = (0, 0);
    for layer in layers {
        let found = BLOB_AXES.iter().find(|entry| entry.layer_type == layer.r#type() && (entry.applies)(layer));
        let axes = found.map_or(&[][..], |entry| entry.axes);
        for (index, blob) in layer.blobs.iter_mut().enumerate().filter(|(_, blob)| has_sizes(blob)) {
            let is_shaped = axes.get(index).is_some_and(|&axes| shape(blob, axes));
            *(if is_shaped { &mut shaped } else { &mut kept }) += 1;
        }
    }
    let blobs = |count: usize| if count == 1 { "1 blob".to_owned() } else { format!("{count} blobs") };
    let mut changes = Vec::new();
    if shaped > 0 {
        changes.push(format!("the four sizes of {} became shapes", blobs(shaped)));
        if kept > 0 {
            changes.push(format!("{} kept the four sizes, as the layers do not tell the shapes", blobs(kept)));
        }
    }
    changes
}

fn has_sizes(blob: &BlobProto) -> bool {
    [blob.num, blob.channels, blob.height, blob.width].iter().any(Option::is_some)
}

/// Gives a blob a shape of so many axes instead of its four sizes, if those in front are 1; says whether they are.
fn shape(blob: &mut BlobProto, axes: usize) -> bool {
    let sizes = [blob.num(), blob.channels(), blob.height(), blob.width()].map(i64::from);
    let (ones, dims) = sizes.split_at(sizes.len() - axes);
    if ones.iter().any(|&size| size != 1) {
        return false;
    }
    blob.shape = Some(BlobShape { dim: dims.to_vec() });
    [blob.num, blob.channels, blob.height, blob.width] = [None; 4];
    true
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
            assert!(shape.is_none() || !has_sizes(blob));
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
        let kept = "1 blob kept the four sizes, as the layers do not tell the shapes";
        assert_eq!(changes, ["the four sizes of 1 blob became shapes", kept]);
        assert_eq!(upgraded("InnerProduct", &[[1, 1, 4, 9]], "bvlc-rc2").1.len(), 0);
    }
}
