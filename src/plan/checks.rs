//! What is checked of a layer once its rule has answered, and of the plan as a whole.

use super::Plan;
use crate::Shape;
use crate::error::{Error, Refusal, Result, ensure};
use crate::layer::{BlobSpec, BlobValues, DataSource, Draw, LayerType, Operator, Setup, SetupContext, Shapeless};
use crate::net::NetLayer;
use crate::proto::caffe::{LayerParameter, ParamSpec};
use crate::setting::{Advice, Setting};

/// Refuses a plan with more values than the limit.
pub(crate) fn check_elements(plan: &Plan, limit: u64) -> Result<()> {
    let elements = plan.elements();
    if elements > limit {
        let before = format!("the net draws or holds {elements} values, and the limit is {limit}: ");
        return Err(Error::Setting(Advice::naming(before, Setting::Limit("elements"), " raises it")));
    }
    Ok(())
}

/// Checks that `propagate_down` is given for each bottom or for none.
pub(super) fn check_propagation(param: &LayerParameter) -> Result<(), Refusal> {
    let (given, bottoms) = (param.propagate_down.len(), param.bottom.len());
    if given == 0 || given == bottoms {
        return Ok(());
    }
    Err(Refusal::at("propagate_down", format!("given {given} times for {bottoms} bottoms"))
        .help("give it once for each bottom or not at all"))
}

/// Checks that a layer type makes the tops that the layer has.
pub(super) fn check_tops(setup: &Setup, tops: usize) -> Result<(), Refusal> {
    let made = setup.tops.len();
    ensure!(made == tops && setup.memory.len() == tops, "", "its type makes {made} tops, the layer has {tops}");
    Ok(())
}

/// Checks that a layer has no blobs of its own and draws nothing, and has the loss weight of its type, where its type
/// is said to do without the shapes of its bottoms.
pub(super) fn check_shapeless(entry: &LayerType, setup: &Setup, given: usize) -> Result<(), Refusal> {
    if let Shapeless::PassedOn { loss_weight } = entry.shapeless {
        let holds = setup.blobs.len() == given && setup.draws.is_empty() && setup.default_loss_weight == loss_weight;
        ensure!(holds, "", "its type is said to have no blobs, no draws and the loss weight {loss_weight:?}");
    }
    Ok(())
}

/// Checks that the inputs of a net that is saved without an Input layer have shapes.
pub(super) fn check_net_inputs(layer: &NetLayer, setup: &Setup) -> Result<(), Refusal> {
    let shapeless = setup.tops.iter().position(|shape| *shape == Shape::unshaped());
    let shapeless = shapeless.filter(|_| layer.origin.is_some_and(|origin| origin.is_net_inputs()));
    let Some(top) = shapeless.and_then(|top| layer.param.top.get(top)).cloned() else { return Ok(()) };
    let refusal = Refusal::new(format!("the net gives {top:?} no shape"));
    let before = "give each input its input_shape, or four input_dim, or the shape with `";
    Err(refusal.help(Advice::naming(before, Setting::Shape { top, pattern: "N,C,H,W".into() }, "`")))
}

/// Checks that the layer has taken the shapes that the user gave for its tops; the batch need not be given, and stored
/// pictures may be cropped and resized.
pub(super) fn check_taken(ctx: &SetupContext<'_>, setup: &Setup) -> Result<(), Refusal> {
    let reads_pictures = setup.operator == Operator::Data(DataSource::Dataset);
    for (index, made) in setup.tops.iter().enumerate() {
        let is_taken = |given: &Shape| {
            let is_batch =
                reads_pictures && index == 0 && matches!(made.axes(), 4 | 5) && matches!(given.axes(), 3..=5);
            is_batch || made.dims().ends_with(given.dims())
        };
        let Some(given) = ctx.user_shape(index).filter(|given| !is_taken(given)) else { continue };
        let message =
            format!("makes {:?} in the shape {made}, whatever the shape {given} given for it", ctx.top_name(index));
        return Err(Refusal::at("top", message).help("shapes are given for inputs, data and Python layers"));
    }
    Ok(())
}

/// Checks that no axes stand behind an empty one, for a Caffe that divides by the count of the axes before each.
pub(super) fn check_empty_axes(setup: &Setup) -> Result<(), Refusal> {
    let divides = |shape: &&Shape| shape.dims().split_last().is_some_and(|(_, outer)| outer.contains(&0));
    if let Some(top) = setup.tops.iter().find(divides) {
        let message = format!("the shape {top} has axes after an empty one: this Caffe divides by zero there");
        return Err(Refusal::at("top", message));
    }
    Ok(())
}

/// Caffe's rule: a weight for every top (automatic ones included) or none, and no weight on an empty top.
pub(super) fn check_loss_weights(weights: &[f32], setup: &Setup) -> Result<(), Refusal> {
    let tops = &setup.tops;
    ensure!(
        weights.is_empty() || weights.len() == tops.len(),
        "loss_weight",
        "given {} times for {} tops",
        weights.len(),
        tops.len()
    );
    for (index, (weight, top)) in weights.iter().zip(tops).enumerate() {
        let is_empty = top.count() == 0 && !setup.unknown.contains_key(&index);
        ensure!(*weight == 0.0 || !is_empty, "loss_weight", "the top has no values to weigh (shape {top})");
    }
    Ok(())
}

pub(super) fn check_params(params: usize, blobs: usize) -> Result<(), Refusal> {
    ensure!(params <= blobs, "param", "given {params} times, but the layer has {blobs} blobs");
    Ok(())
}

/// Checks that what the V1 format gives in a list for the blobs, it gives for all of them or for none.
pub(super) fn check_whole_lists(specs: &[ParamSpec], blobs: usize) -> Result<(), Refusal> {
    let given = |has: fn(&ParamSpec) -> bool| specs.iter().filter(|spec| has(spec)).count();
    let lists = [
        ("param", given(|spec| spec.name.is_some())),
        ("blob_share_mode", given(|spec| spec.share_mode.is_some())),
        ("blobs_lr", given(|spec| spec.lr_mult.is_some())),
        ("weight_decay", given(|spec| spec.decay_mult.is_some())),
    ];
    match lists.into_iter().find(|(_, given)| *given != 0 && *given != blobs) {
        None => Ok(()),
        Some((list, given)) => Err(Refusal::at(list, format!("given {given} times, but the layer has {blobs} blobs"))
            .help("give it once for each blob or not at all")),
    }
}

/// A layer type draws each blob that has a filler once, in whatever order.
pub(super) fn check_draws(draws: &[Draw], blobs: &[BlobSpec]) -> Result<(), Refusal> {
    let filled = |(index, blob): (usize, &BlobSpec)| matches!(blob.values, BlobValues::Filled(_)).then_some(index);
    let expected = blobs.iter().enumerate().filter_map(filled);
    let drawn = draws.iter().filter_map(|draw| if let Draw::Blob(index) = draw { Some(*index) } else { None });
    let mut drawn: Vec<usize> = drawn.collect();
    drawn.sort_unstable();
    ensure!(expected.eq(drawn), "", "its type does not draw each of its filled blobs once");
    Ok(())
}
