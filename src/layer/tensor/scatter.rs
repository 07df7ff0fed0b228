//! ScatterND: a blob with some of its elements replaced.
//!
//! Data, indices and updates are each a bottom or, where `is_data_param`, `is_indices_param` or `is_updates_param` says
//! so, a blob of zeros of the shape given. The last axis of the indices is a place along the first axes of the data;
//! the updates have the other axes of the indices and then those of the data that are not in a place. The top is like
//! the data. No draws.

use super::{SYNOPSYS, shaped, wide};
use crate::Shape;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, BlobSpec, LayerType, Role, Setup, SetupContext};

/// The entries of the layer table.
pub(in crate::layer) static TYPES: &[LayerType] = &[LayerType::new(
    "ScatterND",
    "Replaces elements of a blob by index",
    Arity::between(0, 3),
    Arity::exactly(1),
    &scatter,
)
.params(&["scatter_nd_param"])
.known(SYNOPSYS)];

fn scatter(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.scatter_nd_param().unwrap_or_default();
    let parts = [
        (param.is_data_param(), &param.data_shape, "scatter_nd_param.data_shape"),
        (param.is_indices_param(), &param.indices_shape, "scatter_nd_param.indices_shape"),
        (param.is_updates_param(), &param.updates_shape, "scatter_nd_param.updates_shape"),
    ];
    let (mut blobs, mut shapes) = (Vec::new(), Vec::new());
    let (mut bottoms, mut given) = (ctx.bottoms.iter(), ctx.given.iter());
    for (is_blob, dims, field) in parts {
        let shape = match is_blob {
            true if ctx.given.is_empty() => {
                let shape = Shape::new(dims).at(field)?;
                blobs.push(BlobSpec::zeros(Role::Other, shape.clone()));
                Some(shape)
            }
            true => given.next().cloned(),
            false => bottoms.next().cloned(),
        };
        shapes.extend(shape);
    }
    let [data, indices, updates] = &shapes[..] else {
        return Err(Refusal::at("bottom", "data, indices and updates must be a bottom or a blob each"));
    };
    ensure!(bottoms.next().is_none() && given.next().is_none(), "bottom", "there are more bottoms or blobs than used");
    check_updates(data, indices, updates)?;
    let mut setup = shaped(ctx, wide(data), "bottom")?;
    setup.blobs.extend(blobs);
    Ok(setup)
}

fn check_updates(data: &Shape, indices: &Shape, updates: &Shape) -> Result<(), Refusal> {
    let Some((&place, outer)) = indices.dims().split_last() else {
        return Err(Refusal::at("bottom", "the indices have no axes"));
    };
    let inner = data.dims().get(place as usize..);
    let Some(inner) = inner else {
        return Err(Refusal::at(
            "bottom",
            format!("a place of {place} indices is longer than the data {data} has axes"),
        ));
    };
    let wanted = Shape::new([outer, inner].concat()).at("bottom")?;
    ensure!(*updates == wanted, "bottom", "the updates are {updates} and must be {wanted}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn parts_are_bottoms_or_blobs() {
        let synopsys = Surroundings::of("synopsys");
        assert_eq!(synopsys.top("ScatterND", "", &[&[4, 5], &[3, 1], &[3, 5]]), [4, 5]);
        let text = "scatter_nd_param { is_data_param: true data_shape: [4, 5] }";
        let made = synopsys.run("ScatterND", text, &[&[3, 1], &[3, 5]], 1).unwrap();
        assert_eq!((made.tops[0].dims(), made.blobs[0].shape.dims()), (&[4, 5][..], &[4, 5][..]));
        let message = "bottom: the updates are (4, 5) and must be (3, 5)";
        assert_eq!(synopsys.refusal("ScatterND", "", &[&[4, 5], &[3, 1], &[4, 5]]), message);
        let message = "bottom: data, indices and updates must be a bottom or a blob each";
        assert_eq!(synopsys.refusal("ScatterND", "", &[&[4, 5], &[3, 1]]), message);
    }
}
