//! Python: a layer written in Python, of which only the module, the class and a parameter string are known.
//!
//! What its tops look like is up to that code. Of [well-known ones](PYTHON_LAYERS) it is known; of all others the user
//! gives the shapes, as far as layers with weights need them. The layer is taken to own no blobs but those given in the
//! net, and to draw nothing: those layers draw from Python's generators.

mod detectnet;
mod fcn;
mod loss;
mod rcnn;
mod settings;
mod table;
mod video;

use settings::PythonSettings;
pub use table::{PYTHON_LAYERS, PythonLayer};

use super::{Arity, Deployment, LayerType, Setup, SetupContext};
use crate::Shape;
use crate::dialect::Dialect;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::{LayerParameter, PythonParameter};
use crate::setting::{Advice, Setting};

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] =
    &[LayerType::new("Python", "Runs a layer written in Python", Arity::at_least(0), Arity::at_least(0), &setup)
        .params(&["python_param"])
        .copes_without_shapes()
        .deployed(deployment)];

/// What becomes of a layer in a net that is deployed: one without bottoms can only bring data.
fn deployment(layer: &LayerParameter) -> Deployment {
    if layer.bottom.is_empty() {
        return Deployment::Input;
    }
    let param = layer.python_param.as_deref();
    let known = param.and_then(|param| PythonLayer::get(param.module(), param.layer(), Dialect::bvlc()));
    known.map_or(Deployment::Kept, |known| known.deployment)
}

/// What is known of the shape of a top.
enum PythonTop {
    /// It has these dimensions.
    Dims(Vec<i64>),
    /// It has these where the layer is configured as it comes.
    ByDefault(Vec<i64>),
    /// The user has to say it; with what it looks like.
    Asked(&'static str),
}

/// The layer as the rules of the table see it.
struct PythonCall<'a> {
    ctx: &'a SetupContext<'a>,
    settings: PythonSettings<'a>,
}

impl PythonCall<'_> {
    /// The shape of a bottom, if there is such a bottom and its shape is known.
    fn bottom(&self, index: usize) -> Option<&Shape> {
        self.ctx.bottoms.get(index).filter(|shape| **shape != Shape::unshaped())
    }
}

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = PythonParameter::default();
    let param = ctx.param.python_param.as_deref().unwrap_or(&default);
    ensure!(!param.module().is_empty(), "python_param.module", "the module is missing");
    ensure!(!param.layer().is_empty(), "python_param.layer", "the class of module {:?} is missing", param.module());
    let call = PythonCall { ctx, settings: PythonSettings(param.param_str()) };
    let made = match PythonLayer::get(param.module(), param.layer(), ctx.dialect) {
        Some(layer) => layer.tops(&call)?,
        None => Vec::new(),
    };
    let (mut tops, mut notices) = (Vec::new(), Vec::new());
    for top in 0..ctx.top_count() {
        let known = match (ctx.user_shape(top), made.get(top)) {
            (Some(shape), _) => Ok(shape.clone()),
            (None, Some(PythonTop::Dims(dims))) => Ok(Shape::new(dims).at("python_param.param_str")?),
            (None, Some(PythonTop::ByDefault(dims))) => {
                let shape = Shape::new(dims).at("python_param.param_str")?;
                let (name, class) = (ctx.top_name(top), format!("{}.{}", param.module(), param.layer()));
                notices.push(format!(
                    "the shape of {name:?} is taken to be {shape}, which {class} makes by default; give it if it \
                     differs"
                ));
                Ok(shape)
            }
            (None, Some(PythonTop::Asked(pattern))) => Err(unknown(ctx, param, top, pattern)),
            (None, None) => Err(unknown(ctx, param, top, "N,C,H,W")),
        };
        tops.push(known);
    }
    Ok(Setup { notices, ..Setup::opaque(ctx, tops) })
}

/// What to say of a top whose shape is the user's to give.
fn unknown(ctx: &SetupContext<'_>, param: &PythonParameter, top: usize, pattern: &'static str) -> Refusal {
    let name = ctx.top_name(top);
    let message = format!("the shape of top {name:?} is set by {}.{} in Python", param.module(), param.layer());
    let shape = Setting::Shape { top: name.to_owned(), pattern: pattern.into() };
    Refusal::at("python_param.layer", message).help(Advice::naming("give the shape with `", shape, "`"))
}

#[cfg(test)]
mod tests {
    use super::TYPES;
    use crate::Shape;
    use crate::error::Refusal;
    use crate::layer::Setup;
    use crate::layer::testing::{Surroundings, layer, setup};
    use crate::proto::caffe::LayerParameter;

    const TEXT: &str = "top: 'a' top: 'b' python_param { module: 'rois' layer: 'Proposal' }";

    /// The tops of a layer `module.Class`: their dimensions, or what they look like.
    pub(super) fn tops(class: &str, param_str: &str, bottoms: &[&[i32]], tops: &[&str]) -> Result<Vec<String>, String> {
        tops_in("bvlc", class, param_str, bottoms, tops)
    }

    /// The same in a dialect.
    pub(super) fn tops_in(
        dialect: &str,
        class: &str,
        param_str: &str,
        bottoms: &[&[i32]],
        tops: &[&str],
    ) -> Result<Vec<String>, String> {
        let surroundings = Surroundings::of(dialect);
        let made = surroundings.setup(&TYPES[0], &python(class, param_str, tops), bottoms, tops.len());
        let made = made.map_err(|refusal| refusal.message)?;
        let shown = |(index, shape): (usize, &Shape)| match made.unknown.get(&index) {
            Some(why) => why.help.as_ref().unwrap().to_string().rsplit('=').next().unwrap().replace('`', ""),
            None => shape.dims().iter().map(i32::to_string).collect::<Vec<_>>().join(","),
        };
        Ok(made.tops.iter().enumerate().map(shown).collect())
    }

    fn run(class: &str, param_str: &str, bottoms: &[&[i32]], tops: &[&str]) -> Result<Setup, Refusal> {
        setup(&TYPES[0], &python(class, param_str, tops), bottoms, tops.len())
    }

    fn python(class: &str, param_str: &str, tops: &[&str]) -> LayerParameter {
        let (module, class) = class.rsplit_once('.').unwrap();
        let names: String = tops.iter().map(|top| format!("top: '{top}' ")).collect();
        let param = format!("python_param {{ module: '{module}' layer: '{class}' param_str: \"{param_str}\" }}");
        layer(&(names + &param))
    }

    #[test]
    fn tops_that_are_not_known_come_from_the_user() {
        let shape = |dims: &[i32]| Shape::new(dims).unwrap();
        let given = [Some(shape(&[1, 5])), Some(shape(&[]))];
        let made = Surroundings { user_shapes: &given, ..Default::default() }
            .setup(&TYPES[0], &layer(TEXT), &[&[2, 3]], 2)
            .unwrap();
        assert_eq!(made.tops, [shape(&[1, 5]), Shape::scalar()]);
        assert!(made.draws.is_empty() && made.default_loss_weight.is_none() && made.unknown.is_empty());

        let given = [given[0].clone(), None];
        let made = Surroundings { user_shapes: &given, ..Default::default() }
            .setup(&TYPES[0], &layer(TEXT), &[&[2, 3]], 2)
            .unwrap();
        assert_eq!(made.unknown.keys().copied().collect::<Vec<usize>>(), [1]);
        let why = made.unknown[&1].clone();
        assert_eq!(why.message, "the shape of top \"b\" is set by rois.Proposal in Python");
        assert_eq!(why.help.unwrap(), "give the shape with `PlanOptions::shapes: b=N,C,H,W`");
    }

    #[test]
    fn module_and_class_must_be_given() {
        let message = |text: &str| setup(&TYPES[0], &layer(text), &[], 0).unwrap_err().message;
        assert_eq!(message(""), "the module is missing");
        assert_eq!(message("python_param { module: 'm' }"), "the class of module \"m\" is missing");
        assert!(setup(&TYPES[0], &layer("python_param { module: 'm' layer: 'L' }"), &[], 0).is_ok());
    }

    #[test]
    fn shapes_that_a_configuration_may_change_are_told() {
        let made = run("roi_data_layer.layer.RoIDataLayer", "", &[], &["data", "im_info", "gt_boxes"]).unwrap();
        let expected = "the shape of \"data\" is taken to be (1, 3, 600, 1000), which \
                        roi_data_layer.layer.RoIDataLayer makes by default; give it if it differs";
        assert_eq!(made.notices, [expected]);
        assert_eq!(made.tops[2].dims(), [1, 4]);
    }
}
