//! Layers of types that nobody here knows: what the user says of them stands in for a rule.
//!
//! A top has the shape that the user gives, or that of the bottom in its place where the type is said to keep shapes.
//! The blobs are those that the user gives, or whose shapes are those of donors: zeros, unless rules fill them. Nothing
//! is drawn otherwise.

use std::collections::BTreeMap;

use super::{Arity, BlobSpec, LayerType, Role, Setup, SetupContext};
use crate::Shape;
use crate::error::{Refusal, ensure};
use crate::setting::{Advice, Setting};

/// What the user says of a layer whose type is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpaqueLayer {
    /// Whether each top has the shape of the bottom in its place.
    pub like_bottoms: bool,
    /// The shapes of its blobs, by index.
    pub blobs: BTreeMap<usize, Shape>,
}

impl LayerType {
    /// What stands for any type that is not known.
    pub(crate) const OPAQUE: &'static LayerType =
        &LayerType::new("", "Does something unknown", Arity::at_least(0), Arity::at_least(0), &opaque)
            .copes_without_shapes();
}

/// Sets a layer without blobs up of which not all bottoms have known shapes, for the reason given.
pub(crate) fn setup_without_shapes(ctx: &SetupContext<'_>, loss_weight: Option<f32>, why: &Refusal) -> Setup {
    let top = |top| ctx.user_shape(top).cloned().ok_or_else(|| why.clone());
    let setup = Setup::opaque(ctx, (0..ctx.top_count()).map(top).collect());
    Setup { default_loss_weight: loss_weight, ..setup }
}

fn opaque(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let nothing = OpaqueLayer::default();
    let OpaqueLayer { like_bottoms, blobs } = ctx.opaque.unwrap_or(&nothing);
    let tops = (0..ctx.top_count()).map(|top| {
        let like = ctx.bottoms.get(top).filter(|bottom| *like_bottoms && **bottom != Shape::unshaped());
        ctx.user_shape(top).or(like).cloned().ok_or_else(|| unknown_shape(ctx, top))
    });
    let mut setup = Setup::opaque(ctx, tops.collect());
    let given = setup.blobs.len();
    if let Some(index) = blobs.keys().find(|&&index| index < given) {
        return Err(Refusal::at("blobs", format!("a shape is given for blob {index}, which the net gives itself")));
    }
    let last = blobs.keys().last().map_or(0, |last| last.saturating_add(1));
    for index in given..last.max(ctx.param.param.len()) {
        let shape = blobs.get(&index).ok_or_else(|| unknown_size(ctx, index))?;
        ensure!(shape.count() > 0, "", "blob {index} of shape {shape} would be empty");
        setup.push_blob(BlobSpec::zeros(Role::Other, shape.clone()));
    }
    Ok(setup)
}

fn unknown_shape(ctx: &SetupContext<'_>, top: usize) -> Refusal {
    let top = ctx.top_name(top).to_owned();
    let refusal = Refusal::at("top", format!("the shape of {top:?} is not known, as the layer type is not"));
    refusal.help(Advice::naming("give the shape with `", Setting::Shape { top, pattern: "N,C,H,W".into() }, "`"))
}

fn unknown_size(ctx: &SetupContext<'_>, index: usize) -> Refusal {
    let refusal = if index < ctx.param.param.len() {
        let params = ctx.param.param.len();
        Refusal::at("param", format!("given {params} times, so there are as many blobs; blob {index} has no size"))
    } else {
        Refusal::new(format!("blob {index} has no size, but later blobs have"))
    };
    let blob = Setting::Blob { layer: ctx.param.name().to_owned(), index };
    let advice = Advice::naming("give its shape with `", blob, "`, or take the blobs from a file: `");
    refusal.help(advice.and_naming(Setting::InitWithWeights { file: "FILE".to_owned() }, "`"))
}
