//! ImageLabelData: pictures, and pictures of the labels of their pixels, from two databases (Texas Instruments).
//!
//! Tops: batch_size x C x H x W of the first record of `image_list_path`, H and W replaced by `transform_param`'s
//! `crop_size`, and batch_size x 1 x H x W. Draws: a seed for both, unless `transform_param` has one, and the seeds of
//! two [Data](super::database) layers.

use super::DataSource;
use super::database;
use super::tops::{check_batch, check_prefetched};
use super::transform::Transform;
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, Draw, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::{DataParameter, ImageLabelDataParameter, LayerParameter};

pub(super) const TYPE: LayerType = LayerType::new(
    "ImageLabelData",
    "Reads pictures and the labels of their pixels from two LMDB or LevelDB databases",
    Arity::exactly(0),
    Arity::exactly(2),
    &setup,
)
.params(&["image_label_data_param", "data_param", "transform_param"])
.brings_data()
.known(Known::WithField("image_label_data_param"));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.image_label_data_param().unwrap_or_default();
    let backend = "image_label_data_param.backend";
    ensure!(param.backend.is_some(), backend, "backend must be given: LMDB or LEVELDB");
    let batch = param.batch_size();
    check_batch(ctx, "image_label_data_param.batch_size", batch)?;
    let (mut notices, mut locks) = (Vec::new(), Vec::new());
    let transform = Transform::new(ctx, &mut notices)?;
    let pictures = with_source(ctx, &param);
    let inner = SetupContext { param: &pictures, ..*ctx };
    let data = database::pictures(&inner, &transform, &mut notices, &mut locks)
        .map_err(|refusal| Refusal { field: own_field(refusal.field), ..refusal })?;
    let [items, _, height, width] = *data.dims() else {
        return Err(Refusal::at("top", format!("the data top has no height and width: {data}")));
    };
    let labels = match ctx.user_shape(1) {
        Some(shape) => shape.clone(),
        None => Shape::new([items, 1, height, width]).at("top")?,
    };
    let tops = vec![data, labels];
    check_prefetched(ctx, &tops)?;
    // With the seed for both, neither takes one of its own.
    let has_seed = ctx.param.transform_param.as_ref().is_some_and(|param| param.random_seed.is_some());
    let of_threads = 2 * u64::from(ctx.dialect.traits.prefetch_draws);
    let operator = Operator::Data(DataSource::Dataset);
    Ok(Setup {
        draws: vec![Draw::Skip(u64::from(!has_seed) + of_threads)],
        locks,
        notices,
        ..Setup::new(ctx, operator, tops)
    })
}

/// The layer with the database of the pictures as that of a Data layer.
fn with_source(ctx: &SetupContext<'_>, param: &ImageLabelDataParameter) -> LayerParameter {
    let data = DataParameter {
        source: param.image_list_path.clone(),
        batch_size: Some(param.batch_size()),
        backend: param.backend,
        ..Default::default()
    };
    LayerParameter {
        name: ctx.param.name.clone(),
        top: ctx.param.top.clone(),
        transform_param: ctx.param.transform_param.clone(),
        data_param: Some(data.into()),
        ..Default::default()
    }
}

/// The layer's own name of a field of the Data layer.
fn own_field(field: &'static str) -> &'static str {
    match field {
        "data_param.source" => "image_label_data_param.image_list_path",
        "data_param.backend" => "image_label_data_param.backend",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use crate::Shape;
    use crate::layer::Draw;
    use crate::layer::data::tests::given;
    use crate::layer::testing::Surroundings;

    fn run(text: &str, user_shapes: &[Option<Shape>]) -> Result<(Vec<Vec<i32>>, Vec<Draw>), String> {
        let jacinto = Surroundings { user_shapes, ..Surroundings::of("jacinto") };
        let made = jacinto.run("ImageLabelData", &format!("top: 'data' top: 'label' {text}"), &[], 2)?;
        Ok((made.tops.iter().map(|top| top.dims().to_vec()).collect(), made.draws))
    }

    #[test]
    fn labels_are_as_large_as_pictures() {
        let pictures = [given(&[3, 8, 9])];
        let text = "image_label_data_param { backend: LMDB batch_size: 4 }";
        let (tops, draws) = run(&format!("{text} transform_param {{ crop_size: 6 }}"), &pictures).unwrap();
        assert_eq!((tops, draws), (vec![vec![4, 3, 6, 6], vec![4, 1, 6, 6]], vec![Draw::Skip(3)]));
        let (tops, draws) = run(&format!("{text} transform_param {{ random_seed: 1 }}"), &pictures).unwrap();
        assert_eq!((tops, draws), (vec![vec![4, 3, 8, 9], vec![4, 1, 8, 9]], vec![Draw::Skip(2)]));
    }

    #[test]
    #[cfg_attr(not(feature = "datasets"), ignore = "this build reads no databases")]
    fn refusals_name_the_layer_s_own_fields() {
        let message = "image_label_data_param.backend: backend must be given: LMDB or LEVELDB";
        assert_eq!(run("", &[]).unwrap_err(), message);
        let error = run("image_label_data_param { backend: LMDB image_list_path: 'absent' }", &[]).unwrap_err();
        let message =
            "the shape of top \"data\" is not known: cannot read absent: No such file or directory (os error 2)";
        assert_eq!(error, format!("image_label_data_param.image_list_path: {message}"));
    }
}
