//! The inputs of a net that is deployed: what its layers need of the layers that bring data.

use super::{DeployInput, has_input_layers, place};
use crate::error::{AtField, Refusal, Result};
use crate::layer::LayerRegistry;
use crate::net::{Definition, Net, NetLayer, NetPlace, Origin};
use crate::plan::{Plan, PlanOptions};
use crate::proto::blob::blob_shape;
use crate::proto::caffe::{InputParameter, LayerParameter, NetState, Phase, TransformationParameter};
use crate::setting::{Advice, Setting};
use crate::{Shape, StateOptions};

/// The field of the settings of layers that read pictures.
const TRANSFORMS: &str = "transform_param";

/// A layer that brings data.
pub(super) struct InputSource {
    pub(super) layer: NetLayer,
    /// Which of its tops others need.
    pub(super) tops: Vec<bool>,
}

/// An input of the net.
struct SizedInput {
    name: String,
    shape: Shape,
    /// Whether the caller gave the shape, which then is not changed.
    given: bool,
    /// The index of its layer in [`Inputs::layers`].
    layer: usize,
}

/// The inputs of a net, and the layers that they are tops of.
pub(super) struct Inputs {
    sized: Vec<SizedInput>,
    layers: Vec<NetLayer>,
}

/// The net with its inputs.
pub(super) struct Chosen {
    pub(super) definition: Definition,
    pub(super) plan: Plan,
    pub(super) inputs: Vec<DeployInput>,
}

/// Tells of what layers do to pictures before they are tops.
pub(super) fn told(sources: &[InputSource], notices: &mut Vec<String>) {
    for InputSource { layer, .. } in sources {
        let done = layer.param.transform_param.as_deref().map(transformations).unwrap_or_default();
        if !done.is_empty() {
            notices.push(format!(
                "layer {:?} transforms its pictures ({}): what feeds the deploy net has to do the same",
                layer.param.name(),
                done.join(", ")
            ));
        }
    }
}

fn transformations(param: &TransformationParameter) -> Vec<String> {
    let means = param.mean_value.iter().map(|mean| format!("mean_value {mean}"));
    let crop = param.crop_size.map(|size| format!("crop_size {size}"));
    let mean_file = param.mean_file.as_ref().map(|file| format!("mean_file {file:?}"));
    let scale = param.scale.filter(|scale| *scale != 1.0).map(|scale| format!("scale {scale}"));
    crop.into_iter().chain(mean_file).chain(means).chain(scale).collect()
}

impl Inputs {
    /// The inputs that stand for the tops needed of these layers, with the shapes that the caller gives for them or
    /// that the layers make.
    ///
    /// # Errors
    /// The shape of one is not known.
    pub(super) fn new(
        definition: &Definition,
        sources: Vec<InputSource>,
        options: &PlanOptions,
        registry: &LayerRegistry,
        notices: &mut Vec<String>,
    ) -> Result<Inputs> {
        let mut inputs = Inputs { sized: Vec::new(), layers: Vec::new() };
        let nothing = Definition {
            layers: Vec::new(),
            state: NetState::default(),
            unsized_inputs: Vec::new(),
            ..definition.clone()
        };
        for source in sources {
            let shapes = shapes(&nothing, &source, options, registry, notices)?;
            inputs.add(source, shapes);
        }
        if !has_input_layers(definition, registry) {
            inputs.join();
        }
        Ok(inputs)
    }

    /// Adds the tops needed of a layer. An Input layer stays; of another one each top becomes an Input layer.
    fn add(&mut self, source: InputSource, shapes: Vec<(Shape, bool)>) {
        let InputSource { mut layer, tops } = source;
        let needed = |top: &(String, bool)| top.1;
        let names: Vec<String> =
            layer.param.top.iter().cloned().zip(tops).filter(needed).map(|(name, _)| name).collect();
        let is_input = layer.param.r#type() == "Input";
        for (name, (shape, given)) in names.iter().zip(shapes) {
            if !is_input {
                let param = input_layer(name.clone(), vec![name.clone()]);
                self.layers.push(NetLayer { param, origin: layer.origin });
            }
            let own = if is_input { self.layers.len() } else { self.layers.len() - 1 };
            self.sized.push(SizedInput { name: name.clone(), shape, given, layer: own });
        }
        if is_input {
            layer.param.top = names;
            self.layers.push(layer);
        }
    }

    /// Makes fields of the net of all inputs, which is what one layer of this origin stands for.
    fn join(&mut self) {
        let tops = self.sized.iter().map(|input| input.name.clone()).collect();
        let origin = Some(Origin::NET_INPUTS);
        self.layers = vec![NetLayer { param: input_layer("input".to_owned(), tops), origin }];
        self.sized.iter_mut().for_each(|input| input.layer = 0);
    }

    /// The net of these inputs and the layers `kept`: with a batch of 1 where that changes nothing but the batch.
    ///
    /// # Errors
    /// Caffe would refuse the net.
    pub(super) fn choose(
        self,
        kept: &[NetLayer],
        made: impl Fn(Vec<NetLayer>) -> Definition,
        options: &PlanOptions,
        notices: &mut Vec<String>,
    ) -> Result<Chosen> {
        let options = self.options(options);
        let own: Vec<Shape> = self.sized.iter().map(|input| input.shape.clone()).collect();
        let single: Vec<Shape> = self
            .sized
            .iter()
            .map(|input| if input.given { input.shape.clone() } else { single(&input.shape) })
            .collect();
        let planned = |shapes: &[Shape]| {
            let definition = made(self.with(kept, shapes));
            let plan = Plan::new(Net::resolve(definition.clone(), &testing())?, &options)?;
            let inputs = self.sized.iter().zip(shapes);
            let inputs = inputs.map(|(input, shape)| DeployInput { name: input.name.clone(), shape: shape.clone() });
            Ok(Chosen { definition, plan, inputs: inputs.collect() })
        };
        let of_one = planned(&single);
        if own == single {
            return of_one;
        }
        match (of_one, planned(&own)) {
            (Ok(one), Ok(own)) if same_blobs(&one.plan, &own.plan) => Ok(one),
            (Ok(one), Err(_)) => Ok(one),
            (_, Ok(own)) => {
                notices.push("the inputs keep their sizes: the net does not take a batch of 1".to_owned());
                Ok(own)
            }
            (Err(_), Err(error)) => Err(error),
        }
    }

    /// The options for planning the net, whose inputs have their shapes.
    fn options(&self, options: &PlanOptions) -> PlanOptions {
        let mut options = options.clone();
        options.shapes.retain(|top, _| !self.sized.iter().any(|input| input.name == *top));
        options
    }

    /// All layers in the order of the file, with these shapes of the inputs.
    fn with(&self, kept: &[NetLayer], shapes: &[Shape]) -> Vec<NetLayer> {
        let mut layers = self.layers.clone();
        for layer in &mut layers {
            layer.param.input_param = Some(InputParameter::default().into());
        }
        for (input, shape) in self.sized.iter().zip(shapes) {
            layers[input.layer].param.input_param.get_or_insert_default().shape.push(blob_shape(shape));
        }
        layers.extend(kept.iter().cloned());
        layers.sort_by_cached_key(|layer| layer.origin.map_or(0, place));
        layers
    }
}

fn input_layer(name: String, top: Vec<String>) -> LayerParameter {
    LayerParameter { name: Some(name), r#type: Some("Input".to_owned()), top, ..Default::default() }
}

fn testing() -> StateOptions {
    StateOptions { phase: Some(Phase::Test), ..Default::default() }
}

/// The shape with a batch of 1.
fn single(shape: &Shape) -> Shape {
    let mut dims = shape.dims().to_vec();
    if let Some(batch) = dims.first_mut() {
        *batch = 1;
    }
    Shape::new(dims).unwrap_or_else(|_| shape.clone())
}

/// Whether the blobs of both plans have the same shapes.
fn same_blobs(one: &Plan, other: &Plan) -> bool {
    let blobs = |plan: &Plan| -> Vec<Shape> {
        plan.layers.iter().flat_map(|layer| &layer.blobs).map(|blob| blob.shape.clone()).collect()
    };
    blobs(one) == blobs(other)
}

/// The shapes of the tops needed of a layer, each with whether the caller gave it; `net` is the net without its layers.
fn shapes(
    net: &Definition,
    source: &InputSource,
    options: &PlanOptions,
    registry: &LayerRegistry,
    notices: &mut Vec<String>,
) -> Result<Vec<(Shape, bool)>> {
    let param = &source.layer.param;
    let entry = registry.get(param.r#type());
    let pictures = entry.is_some_and(|entry| entry.params.contains(&TRANSFORMS));
    let at_layer = |refusal: Refusal| {
        let place = NetPlace { param, origin: source.layer.origin, prefix: "" };
        net.locator.diagnose(&place, &refusal)
    };
    let given = |index: usize, top: &String| {
        let shape = options.shapes.get(top)?;
        let is_picture = pictures && index == 0 && shape.axes() == 3;
        let dims = is_picture.then_some(1).into_iter().chain(shape.dims().iter().copied());
        Some(Shape::new(dims.collect::<Vec<i32>>()).at("top").map_err(at_layer))
    };
    let needed = || param.top.iter().enumerate().filter(|(index, _)| source.tops[*index]);
    let made = match needed().all(|(_, top)| options.shapes.contains_key(top)) {
        true => Vec::new(),
        false => made_shapes(net, source, options, entry.is_none(), notices)?,
    };
    let shape = |(index, top): (usize, &String)| match given(index, top) {
        Some(shape) => Ok((shape?, true)),
        None => match made.get(index).filter(|shape| **shape != Shape::unshaped()) {
            Some(shape) => Ok((shape.clone(), false)),
            None => {
                let shape = Setting::Shape { top: top.clone(), pattern: "N,C,H,W".into() };
                let refusal = Refusal::at("top", format!("the shape of the input {top:?} is not known"));
                Err(at_layer(refusal.help(Advice::naming("give the shape with `", shape, "`"))).into())
            }
        },
    };
    needed().map(shape).collect()
}

/// The shapes that the layer makes by its own rule, if it has one.
fn made_shapes(
    net: &Definition,
    source: &InputSource,
    options: &PlanOptions,
    is_unknown: bool,
    notices: &mut Vec<String>,
) -> Result<Vec<Shape>> {
    let param = &source.layer.param;
    let mut options = options.clone();
    options.shapes.retain(|top, _| param.top.contains(top));
    options.opaque.retain(|layer_type| layer_type == param.r#type());
    options.blobs.clear();
    if is_unknown {
        options.opaque.insert(param.r#type().to_owned());
    }
    let alone = Definition { layers: vec![source.layer.clone()], ..net.clone() };
    let plan = Plan::new(Net::resolve(alone, &testing())?, &options)?;
    notices.extend(plan.notices);
    Ok(plan.layers.into_iter().next().map(|layer| layer.tops).unwrap_or_default())
}
