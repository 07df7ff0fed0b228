//! Blobs of the time when all had four axes: num, channels, height and width.

use crate::net::NetLayer;
use crate::proto::caffe::{BlobProto, BlobShape};

/// The sizes that a layer of today has for a blob that was stored in four, where its type tells: of a bias the last one, of
/// InnerProduct's weights the last two.
///
/// Nothing where the type does not tell, or the leading sizes are not 1.
pub(crate) fn shape_of_old_sizes(layer_type: &str, index: usize, sizes: [i32; 4]) -> Option<Vec<i32>> {
    let axes = match (layer_type, index) {
        ("Convolution" | "Deconvolution", 0) => 4,
        ("InnerProduct", 0) => 2,
        ("Convolution" | "Deconvolution" | "InnerProduct", 1) => 1,
        _ => return None,
    };
    let (leading, kept) = sizes.split_at(4 - axes);
    leading.iter().all(|&size| size == 1).then(|| kept.to_vec())
}

/// Gives blobs shapes in the place of their four sizes, where that is certain; says how many, if any.
pub(super) fn upgrade(layers: &mut [NetLayer]) -> Option<String> {
    let mut count = 0;
    for NetLayer { param, .. } in layers {
        let layer_type = param.r#type().to_owned();
        for (index, blob) in param.blobs.iter_mut().enumerate() {
            count += usize::from(upgrade_blob(blob, &layer_type, index));
        }
    }
    let blobs = if count == 1 { "1 blob" } else { &format!("{count} blobs") };
    (count > 0).then(|| format!("{blobs} with num, channels, height and width got shapes"))
}

fn upgrade_blob(blob: &mut BlobProto, layer_type: &str, index: usize) -> bool {
    let has_sizes = [blob.num, blob.channels, blob.height, blob.width].iter().any(Option::is_some);
    let sizes = [blob.num(), blob.channels(), blob.height(), blob.width()];
    if !has_sizes || blob.shape.is_some() {
        return false;
    }
    let Some(shape) = shape_of_old_sizes(layer_type, index, sizes) else { return false };
    blob.shape = Some(BlobShape { dim: shape.into_iter().map(i64::from).collect() });
    (blob.num, blob.channels, blob.height, blob.width) = (None, None, None, None);
    true
}

#[cfg(test)]
mod tests {
    use super::shape_of_old_sizes;

    #[test]
    fn the_type_tells_the_axes() {
        assert_eq!(shape_of_old_sizes("InnerProduct", 0, [1, 1, 10, 500]), Some(vec![10, 500]));
        assert_eq!(shape_of_old_sizes("InnerProduct", 1, [1, 1, 1, 10]), Some(vec![10]));
        assert_eq!(shape_of_old_sizes("Convolution", 0, [1, 1, 5, 5]), Some(vec![1, 1, 5, 5]));
        assert_eq!(shape_of_old_sizes("Convolution", 1, [1, 1, 1, 20]), Some(vec![20]));
    }

    #[test]
    fn what_is_not_certain_stays() {
        assert_eq!(shape_of_old_sizes("InnerProduct", 0, [10, 1, 1, 500]), None);
        assert_eq!(shape_of_old_sizes("PReLU", 0, [1, 1, 1, 20]), None);
        assert_eq!(shape_of_old_sizes("Convolution", 2, [1, 1, 1, 20]), None);
    }
}
