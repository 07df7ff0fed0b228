//! DummyData: tops of given shapes, filled by fillers.
//!
//! Shapes come from `shape`, or from the deprecated num, channels, height and width, each given once for all tops or
//! once for each. Of the fillers, none, one or one for each top, only the constant ones run while the net is built,
//! the others with the first batch. No blobs, no draws. In video-caffe the deprecated fields make five axes, with a
//! length of 1.
//!
//! In Sophgo's Caffe the layer is an input of the net: it looks at neither the fillers nor the deprecated fields, and
//! without `shape` its tops are empty.

use super::DataSource;
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, Deployment, Layer, LayerType, Operator, Setup, SetupContext};
use crate::proto::blob::{blob_shape, given_shape};
use crate::proto::caffe::{DummyDataParameter, FillerParameter, LayerParameter};

pub(super) const TYPE: LayerType = entry("Makes tops of given shapes, filled by fillers", &setup)
    .deployed(|layer| if is_constant(layer) { Deployment::Kept } else { Deployment::Input })
    .known(Known::Except(&["sophgo"]));

pub(super) const INPUT: LayerType = entry("Makes tops of given shapes, which the user fills", &input)
    .deployed(|_| Deployment::Input)
    .known(Known::In(&["sophgo"]));

const fn entry(summary: &'static str, rule: &'static dyn Layer) -> LayerType {
    LayerType::new("DummyData", summary, Arity::exactly(0), Arity::at_least(1), rule).params(&["dummy_data_param"])
}

const FILLER: &str = "dummy_data_param.data_filler";
const SHAPE: &str = "dummy_data_param.shape";

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = DummyDataParameter::default();
    let param = ctx.param.dummy_data_param.as_deref().unwrap_or(&default);
    let (fillers, tops) = (param.data_filler.len(), ctx.top_count());
    ensure!(
        fillers <= 1 || fillers == tops,
        FILLER,
        "{fillers} fillers for {tops} tops: give one for all, one for each, or none"
    );
    let own = own_shapes(ctx, param, tops)?;
    let shapes: Vec<Shape> = own.iter().enumerate().map(|(i, own)| ctx.user_shape(i).unwrap_or(own).clone()).collect();
    let saved = (shapes != own).then(|| saved(ctx, &shapes));
    let default = [FillerParameter::default()];
    let fillers = if param.data_filler.is_empty() { &default } else { param.data_filler.as_slice() };
    let fillers: Vec<FillerParameter> = (0..tops).map(|top| for_top(fillers, top).clone()).collect();
    check_fillers(ctx, &param.data_filler)?;
    check_constants(&fillers, &shapes)?;
    Ok(Setup { saved, ..Setup::new(ctx, Operator::Data(DataSource::Fillers(fillers)), shapes) })
}

fn input(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let tops = ctx.top_count();
    let given = ctx.param.dummy_data_param.as_deref().map_or(&[][..], |param| &param.shape);
    let own = if given.is_empty() {
        vec![Shape::unshaped(); tops]
    } else {
        check_once_or_each(SHAPE, given.len(), tops)?;
        (0..tops).map(|top| given_shape(for_top(given, top)).at(SHAPE)).collect::<Result<_, _>>()?
    };
    let shapes: Vec<Shape> = own.iter().enumerate().map(|(i, own)| ctx.user_shape(i).unwrap_or(own).clone()).collect();
    let saved = (shapes != own).then(|| saved(ctx, &shapes));
    Ok(Setup { saved, ..Setup::new(ctx, Operator::Data(DataSource::User), shapes) })
}

/// Whether the layer says that its tops hold constants, as nets have them that reckon with some.
fn is_constant(layer: &LayerParameter) -> bool {
    let fillers = layer.dummy_data_param.as_deref().map_or(&[][..], |param| &param.data_filler);
    !fillers.is_empty() && fillers.iter().all(|filler| filler.r#type() == "constant")
}

/// The layer with these shapes of its tops.
fn saved(ctx: &SetupContext<'_>, shapes: &[Shape]) -> Box<LayerParameter> {
    let mut saved = ctx.param.clone();
    let param = saved.dummy_data_param.get_or_insert_default();
    for dims in [&mut param.num, &mut param.channels, &mut param.height, &mut param.width] {
        dims.clear();
    }
    param.shape = shapes.iter().map(blob_shape).collect();
    Box::new(saved)
}

/// The shapes of the tops by the layer's own fields.
fn own_shapes(ctx: &SetupContext<'_>, param: &DummyDataParameter, tops: usize) -> Result<Vec<Shape>, Refusal> {
    let legacy = [
        ("dummy_data_param.num", &param.num),
        ("dummy_data_param.channels", &param.channels),
        ("dummy_data_param.height", &param.height),
        ("dummy_data_param.width", &param.width),
    ];
    if legacy.iter().all(|(_, dims)| dims.is_empty()) {
        check_once_or_each(SHAPE, param.shape.len(), tops)?;
        let shape = |top| given_shape(for_top(&param.shape, top)).at(SHAPE);
        return (0..tops).map(shape).collect();
    }
    ensure!(
        param.shape.is_empty(),
        SHAPE,
        "shape is given together with the deprecated num, channels, height or width"
    );
    for (field, dims) in legacy {
        check_once_or_each(field, dims.len(), tops)?;
    }
    let shape = |top| {
        let sizes = Shape::new(legacy.map(|(_, dims)| *for_top(dims, top)));
        sizes.and_then(|sizes| ctx.pictures(&sizes)).at("dummy_data_param")
    };
    (0..tops).map(shape).collect()
}

/// Checks that a field is given once for all tops or once for each.
fn check_once_or_each(field: &'static str, given: usize, tops: usize) -> Result<(), Refusal> {
    ensure!(
        given == 1 || given == tops,
        field,
        "{given} values of {} for {tops} tops: give one for all or one for each",
        field.rsplit('.').next().unwrap_or(field)
    );
    Ok(())
}

/// The value for a top out of a checked list: its own, or the only one.
fn for_top<T>(values: &[T], top: usize) -> &T {
    &values[if values.len() == 1 { 0 } else { top }]
}

/// Checks that the net may use the fillers.
fn check_fillers(ctx: &SetupContext<'_>, fillers: &[FillerParameter]) -> Result<(), Refusal> {
    for filler in fillers {
        ctx.fillers.of_net(filler).map_err(|refusal| Refusal { field: FILLER, ..refusal })?;
    }
    Ok(())
}

/// Runs the checks of the constant fillers, which fill their tops at once.
fn check_constants(fillers: &[FillerParameter], shapes: &[Shape]) -> Result<(), Refusal> {
    for (top, (filler, shape)) in fillers.iter().zip(shapes).enumerate() {
        if filler.r#type() != "constant" {
            continue;
        }
        ensure!(shape.count() > 0, FILLER, "the constant filler has nothing to fill: top {top} has shape {shape}");
        ensure!(filler.sparse() == -1, FILLER, "the constant filler cannot be sparse, sparse is {}", filler.sparse());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::Shape;
    use crate::layer::data::tests::{given, run};
    use crate::layer::testing::Surroundings;

    fn tops(fields: &str, count: usize) -> Result<Vec<Shape>, String> {
        let made = run("DummyData", &format!("dummy_data_param {{ {fields} }}"), count, &[])?;
        assert!(made.draws.is_empty());
        Ok(made.tops)
    }

    fn shape(dims: &[i32]) -> Shape {
        Shape::new(dims).unwrap()
    }

    #[test]
    fn shapes_are_given_once_or_for_each_top() {
        assert_eq!(tops("shape { dim: 2 dim: 3 }", 2).unwrap(), [shape(&[2, 3]), shape(&[2, 3])]);
        assert_eq!(tops("shape { dim: 2 dim: 3 } shape { }", 2).unwrap(), [shape(&[2, 3]), shape(&[])]);
        let legacy = "num: 2 channels: 3 channels: 4 height: 5 width: 6 width: 7";
        assert_eq!(tops(legacy, 2).unwrap(), [shape(&[2, 3, 5, 6]), shape(&[2, 4, 5, 7])]);
    }

    #[test]
    fn the_shape_of_the_user_wins() {
        let made = run("DummyData", "dummy_data_param { shape { dim: 0 } }", 1, &[given(&[5])]).unwrap();
        assert_eq!(made.tops, [shape(&[5])]);
    }

    #[test]
    fn inputs_look_at_shapes_alone() {
        let run = |fields: &str, tops| {
            let text = format!("dummy_data_param {{ {fields} }}");
            Surroundings::of("sophgo").run("DummyData", &text, &[], tops).map(|made| made.tops)
        };
        assert_eq!(run("shape { dim: 2 } data_filler { type: 'normal' } num: 7", 2), Ok(vec![shape(&[2]); 2]));
        assert_eq!(run("num: 1 channels: 3 height: 4 width: 4", 1), Ok(vec![Shape::unshaped()]));
        let message = "dummy_data_param.shape: 2 values of shape for 3 tops: give one for all or one for each";
        assert_eq!(run("shape { } shape { }", 3), Err(message.to_owned()));
    }

    #[test]
    fn only_constant_fillers_need_elements() {
        let fillers = "data_filler { type: 'gaussian' sparse: 1 } data_filler { value: 3 }";
        assert!(tops(&format!("shape {{ dim: 0 }} shape {{ dim: 1 }} {fillers}"), 2).is_ok());
        let error = tops(&format!("shape {{ dim: 1 }} shape {{ dim: 0 }} {fillers}"), 2).unwrap_err();
        let message = "the constant filler has nothing to fill: top 1 has shape (0)";
        assert_eq!(error, format!("dummy_data_param.data_filler: {message}"));
    }

    #[test]
    fn refusals_name_the_field() {
        let refused = |fields: &str, count, field: &str, message: &str| {
            assert_eq!(tops(fields, count).unwrap_err(), format!("dummy_data_param.{field}: {message}"));
        };
        let two = "shape { dim: 1 } data_filler { } data_filler { }";
        refused(two, 3, "data_filler", "2 fillers for 3 tops: give one for all, one for each, or none");
        refused("", 1, "shape", "0 values of shape for 1 tops: give one for all or one for each");
        let message = "shape is given together with the deprecated num, channels, height or width";
        refused("shape { dim: 1 } num: 1", 1, "shape", message);
        let message = "0 values of width for 1 tops: give one for all or one for each";
        refused("num: 1 channels: 1 height: 1", 1, "width", message);
        refused("shape { dim: 2 dim: -1 }", 1, "shape", "dimension 1 is negative (-1)");
        refused("shape { dim: 1 } data_filler { type: 'normal' }", 1, "data_filler", "unknown filler \"normal\"");
        let message = "the constant filler cannot be sparse, sparse is 2";
        refused("shape { dim: 1 } data_filler { type: 'constant' sparse: 2 }", 1, "data_filler", message);
    }
}
