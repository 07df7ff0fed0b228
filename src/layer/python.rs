//! Python: a layer written in Python, of which only the module, the class and a parameter string are known.
//!
//! What its tops look like is up to that code, so the user gives their shapes. The layer is taken to own no blobs but
//! those given in the net, and to draw nothing.

use super::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::Shape;
use crate::error::{Refusal, ensure};
use crate::proto::caffe::PythonParameter;
use crate::setting::{Advice, Setting};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] =
    &[LayerType::new("Python", "Runs a layer written in Python", Arity::at_least(0), Arity::at_least(0), &setup)
        .params(&["python_param"])];

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = PythonParameter::default();
    let param = ctx.param.python_param.as_deref().unwrap_or(&default);
    ensure!(!param.module().is_empty(), "python_param.module", "there is no module to take the layer from");
    ensure!(!param.layer().is_empty(), "python_param.layer", "there is no class of module {:?} given", param.module());
    let tops = (0..ctx.top_count()).map(|top| top_shape(ctx, param, top)).collect::<Result<Vec<Shape>, Refusal>>()?;
    Ok(Setup::new(ctx, Operator::Opaque, tops))
}

/// The shape that the Python code gives a top: the user's word for it.
fn top_shape(ctx: &SetupContext<'_>, param: &PythonParameter, top: usize) -> Result<Shape, Refusal> {
    ctx.user_shape(top).cloned().ok_or_else(|| {
        let name = ctx.param.top.get(top).map_or("", String::as_str);
        let message = format!("the shape of top {name:?} is made by {}.{} in Python", param.module(), param.layer());
        let shape = Setting::Shape { top: name.to_owned(), pattern: "N,C,H,W" };
        Refusal::at("python_param.layer", message).help(Advice::naming("give the shape with `", shape, "`"))
    })
}

#[cfg(test)]
mod tests {
    use super::TYPES;
    use crate::Shape;
    use crate::layer::testing::{Surroundings, layer, setup};

    const TEXT: &str = "top: 'a' top: 'b' python_param { module: 'rois' layer: 'Proposal' }";

    #[test]
    fn all_tops_come_from_the_user() {
        let shape = |dims: &[i32]| Shape::new(dims).unwrap();
        let given = [Some(shape(&[1, 5])), Some(shape(&[]))];
        let made = Surroundings { user_shapes: &given, ..Default::default() }
            .setup(&TYPES[0], &layer(TEXT), &[&[2, 3]], 2)
            .unwrap();
        assert_eq!(made.tops, [shape(&[1, 5]), Shape::scalar()]);
        assert!(made.draws.is_empty() && made.default_loss_weight.is_none());

        let given = [given[0].clone(), None];
        let refusal = Surroundings { user_shapes: &given, ..Default::default() }
            .setup(&TYPES[0], &layer(TEXT), &[&[2, 3]], 2)
            .unwrap_err();
        assert_eq!(refusal.message, "the shape of top \"b\" is made by rois.Proposal in Python");
        assert_eq!(refusal.help.unwrap(), "give the shape with `PlanOptions::shapes: b=N,C,H,W`");
    }

    #[test]
    fn module_and_class_must_be_given() {
        let message = |text: &str| setup(&TYPES[0], &layer(text), &[], 0).unwrap_err().message;
        assert_eq!(message(""), "there is no module to take the layer from");
        assert_eq!(message("python_param { module: 'm' }"), "there is no class of module \"m\" given");
        assert!(setup(&TYPES[0], &layer("python_param { module: 'm' layer: 'L' }"), &[], 0).is_ok());
    }
}
