//! HDF5Data of C3D 1.0: the datasets `data` and `label` of the first HDF5 file named in a list file.
//!
//! Tops: (batch_size, C, L, W, H) of `data`, (N, C, L, H, W) of up to five axes: width and height change places, while
//! the values do not. (batch_size, C, 1, 1, 1) of `label`, of up to two axes. Both have the same first dimension; axes
//! that a dataset lacks are 1. No draws.

use super::DataSource;
use super::source::ShapeSource;
use crate::Shape;
use crate::data::hdf5_list::{self, FirstFile};
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::Hdf5DataParameter;

/// The datasets of the tops, each with the fewest and the most axes.
const DATASETS: [(&str, usize, usize); 2] = [("data", 2, 5), ("label", 1, 2)];

pub(super) const TYPE: LayerType = LayerType::new(
    "HDF5Data",
    "Reads the datasets data and label of the HDF5 files named in a list file",
    Arity::exactly(0),
    Arity::exactly(2),
    &setup,
)
.params(&["hdf5_data_param"])
.brings_data()
.known(Known::In(&["c3d-1.0"]));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = Hdf5DataParameter::default();
    let param = ctx.param.hdf5_data_param.as_deref().unwrap_or(&default);
    let batch = param.batch_size();
    ensure!(i32::try_from(batch).is_ok(), "hdf5_data_param.batch_size", "batch_size {batch} is more than 2147483647");
    let mut notices = Vec::new();
    let tops = match (ctx.user_shape(0), ctx.user_shape(1)) {
        (Some(data), Some(labels)) => vec![data.clone(), labels.clone()],
        (data, labels) => {
            let given = [data.cloned(), labels.cloned()];
            first_rows(ctx, param, &given, &mut notices)?
        }
    };
    Ok(Setup { notices, ..Setup::new(ctx, Operator::Data(DataSource::Dataset), tops) })
}

/// The shapes of batches of rows of both datasets, where the user does not give them.
fn first_rows(
    ctx: &SetupContext<'_>,
    param: &Hdf5DataParameter,
    given: &[Option<Shape>; 2],
    notices: &mut Vec<String>,
) -> Result<Vec<Shape>, Refusal> {
    let source = ShapeSource { field: "hdf5_data_param.source", name: param.source(), pattern: "N,C,L,H,W" };
    let missing = usize::from(given[0].is_some());
    let list = source.find(ctx, missing, notices)?;
    let unknown = |error| source.unknown_shape(ctx, missing, error);
    let name = hdf5_list::first_name(&list).map_err(unknown)?;
    let file = FirstFile::open(ctx.sources.find(name, notices)).map_err(unknown)?;
    let mut rows = Vec::new();
    let mut tops = Vec::new();
    for (top, (dataset, least, most)) in DATASETS.into_iter().enumerate() {
        let shape = file.shape(dataset).map_err(|error| source.unknown_shape(ctx, top, error))?;
        let axes = shape.axes();
        if !(least..=most).contains(&axes) {
            let message = format!("dataset {dataset:?} has {axes} axes, expected {least} to {most}");
            return Err(source.unknown_shape(ctx, top, message));
        }
        rows.push(shape.dims()[0]);
        tops.push(match &given[top] {
            Some(shape) => shape.clone(),
            None => batch_of(&shape, param.batch_size())?,
        });
    }
    if rows[0] != rows[1] {
        let message = format!("the datasets \"data\" and \"label\" have {} and {} rows", rows[0], rows[1]);
        return Err(source.unknown_shape(ctx, missing, message));
    }
    Ok(tops)
}

/// The shape of so many rows of a dataset, width before height.
fn batch_of(dataset: &Shape, batch: u32) -> Result<Shape, Refusal> {
    let dim = |axis| i64::from(dataset.dim(axis).unwrap_or(1));
    Shape::new([batch.into(), dim(1), dim(2), dim(4), dim(3)]).at("hdf5_data_param.batch_size")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::data::tests::given;
    use crate::layer::testing::Surroundings;

    #[test]
    fn width_and_height_change_places() {
        let batch = |dims: &[i32]| batch_of(&Shape::new(dims).unwrap(), 8).unwrap().dims().to_vec();
        assert_eq!(batch(&[100, 3, 16, 5, 6]), [8, 3, 16, 6, 5]);
        assert_eq!(batch(&[100, 3]), [8, 3, 1, 1, 1]);
    }

    #[test]
    #[cfg_attr(not(feature = "hdf5"), ignore = "this build reads no HDF5")]
    fn shapes_that_are_not_given_are_those_of_a_file() {
        let user_shapes = [given(&[8, 3, 16, 6, 5]), given(&[8, 1])];
        let text = "top: 'a' top: 'b' hdf5_data_param { source: 'list.txt' batch_size: 8 }";
        let c3d = Surroundings { user_shapes: &user_shapes, ..Surroundings::of("c3d-1.0") };
        assert_eq!(c3d.run("HDF5Data", text, &[], 2).unwrap().tops[0].dims(), [8, 3, 16, 6, 5]);
        let c3d = Surroundings { user_shapes: &user_shapes[..1], ..Surroundings::of("c3d-1.0") };
        let absent = "cannot read list.txt: No such file or directory (os error 2)";
        let message = format!("hdf5_data_param.source: the shape of top \"b\" is not known: {absent}");
        assert_eq!(c3d.run("HDF5Data", text, &[], 2).unwrap_err(), message);
        let error = c3d.run("HDF5Data", text, &[], 1).unwrap_err();
        assert_eq!(error, "top: HDF5Data makes 2 tops, 1 given");
    }
}
