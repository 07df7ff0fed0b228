//! HDF5Data: datasets of the HDF5 files named in a list file.
//!
//! Tops: for each the dataset of its name, (batch_size, the dataset's other axes); a missing `batch_size` is 0, which
//! Caffe accepts. No draws: shuffling uses the C library's generator.

use super::DataSource;
use super::source::ShapeSource;
use crate::Shape;
use crate::data::hdf5_list::{self, FirstFile};
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::Hdf5DataParameter;

pub(super) const TYPE: LayerType = LayerType::new(
    "HDF5Data",
    "Reads datasets of the HDF5 files named in a list file",
    Arity::exactly(0),
    Arity::at_least(1),
    &setup,
)
.params(&["hdf5_data_param"])
.brings_data()
.known(Known::Except(&["c3d-1.0"]));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = Hdf5DataParameter::default();
    let param = ctx.param.hdf5_data_param.as_deref().unwrap_or(&default);
    ensure!(ctx.param.transform_param.is_none(), "transform_param", "HDF5Data does not transform its data");
    let batch = param.batch_size();
    ensure!(i32::try_from(batch).is_ok(), "hdf5_data_param.batch_size", "batch_size {batch} is more than 2147483647");
    let tops = (0..ctx.top_count()).map(|top| given_shape(ctx, top)).collect::<Result<Vec<_>, _>>()?;
    let mut notices = Vec::new();
    let tops = match tops.iter().cloned().collect::<Option<Vec<Shape>>>() {
        Some(given) => given,
        None => first_rows(ctx, param, tops, &mut notices)?,
    };
    Ok(Setup { notices, ..Setup::new(ctx, Operator::Data(DataSource::Dataset), tops) })
}

/// The shape that the user gives for a top, if any.
fn given_shape(ctx: &SetupContext<'_>, top: usize) -> Result<Option<Shape>, Refusal> {
    let shape = ctx.user_shape(top).cloned();
    let has_axes = shape.as_ref().is_none_or(|shape| shape.axes() > 0);
    ensure!(has_axes, "top", "top {top} needs an axis, the shape given for it has none");
    Ok(shape)
}

/// The shapes of batches of rows of the datasets that are named like the tops, for those that the user does not give.
fn first_rows(
    ctx: &SetupContext<'_>,
    param: &Hdf5DataParameter,
    given: Vec<Option<Shape>>,
    notices: &mut Vec<String>,
) -> Result<Vec<Shape>, Refusal> {
    let source = ShapeSource { field: "hdf5_data_param.source", name: param.source(), pattern: "N,..." };
    let missing = given.iter().position(Option::is_none).unwrap_or(0);
    let list = source.find(ctx, missing, notices)?;
    let unknown = |error| source.unknown_shape(ctx, missing, error);
    let name = hdf5_list::first_name(&list).map_err(unknown)?;
    let file = FirstFile::open(ctx.sources.find(name, notices)).map_err(unknown)?;
    let mut rows = None;
    let read = |(top, given): (usize, Option<Shape>)| {
        if let Some(shape) = given {
            return Ok(shape);
        }
        let dataset = (file.shape(ctx.top_name(top))).map_err(|error| source.unknown_shape(ctx, top, error))?;
        let [first, rest @ ..] = dataset.dims() else { return Ok(dataset) };
        let expected = *rows.get_or_insert(*first);
        if *first != expected {
            let message = format!("its dataset has {first} rows, that of an earlier top {expected}");
            return Err(source.unknown_shape(ctx, top, message));
        }
        let dims: Vec<i64> =
            [i64::from(param.batch_size())].into_iter().chain(rest.iter().copied().map(i64::from)).collect();
        Shape::new(dims).at("hdf5_data_param.batch_size")
    };
    given.into_iter().enumerate().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::TYPE;
    use crate::Shape;
    use crate::layer::data::tests::{given, run};
    use crate::layer::testing::{Surroundings, layer};

    #[test]
    #[cfg_attr(not(feature = "hdf5"), ignore = "this build reads no HDF5")]
    fn every_top_needs_a_shape() {
        let made = run("HDF5Data", "", 2, &[given(&[4, 7]), given(&[0])]).unwrap();
        assert_eq!(made.tops, [Shape::new([4, 7]).unwrap(), Shape::new([0]).unwrap()]);
        assert!(made.draws.is_empty());

        let text = "top: 'a' top: 'b' hdf5_data_param { source: 'list.txt' batch_size: 4 }";
        let user_shapes = &[given(&[4, 7])];
        let refusal =
            Surroundings { user_shapes, ..Default::default() }.setup(&TYPE, &layer(text), &[], 2).unwrap_err();
        assert_eq!(refusal.field, "hdf5_data_param.source");
        let message =
            "the shape of top \"b\" is not known: cannot read list.txt: No such file or directory (os error 2)";
        assert_eq!(refusal.message, message);
        assert_eq!(refusal.help.unwrap(), "give the shape with `PlanOptions::shapes: b=N,...`");
    }

    #[test]
    fn refuses_what_caffe_refuses() {
        let error = |text: &str, dims: &[i32]| run("HDF5Data", text, 1, &[given(dims)]).unwrap_err();
        assert_eq!(error("transform_param { }", &[4]), "transform_param: HDF5Data does not transform its data");
        assert_eq!(error("", &[]), "top: top 0 needs an axis, the shape given for it has none");
        let message = "hdf5_data_param.batch_size: batch_size 2147483648 is more than 2147483647";
        assert_eq!(error("hdf5_data_param { batch_size: 2147483648 }", &[4]), message);
    }
}
