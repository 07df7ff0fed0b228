//! The source of a data layer, and what to say where it does not tell a top's shape.

use std::fmt::Display;
use std::path::PathBuf;

use crate::error::Refusal;
use crate::layer::SetupContext;
use crate::setting::{Advice, Setting};

/// What a data layer reads a top's shape from.
#[derive(Clone, Copy)]
pub(super) struct ShapeSource<'a> {
    /// The field with the name of the source, as a path below the layer.
    pub(super) field: &'static str,
    /// The name of the source.
    pub(super) name: &'a str,
    /// How the user gives the shape instead, such as `C,H,W`.
    pub(super) pattern: &'static str,
}

impl ShapeSource<'_> {
    /// Where the source is that tells the shape of top `top`; what the user should know of that goes to `notices`.
    ///
    /// # Errors
    /// The net names none.
    pub(super) fn find(
        &self,
        ctx: &SetupContext<'_>,
        top: usize,
        notices: &mut Vec<String>,
    ) -> Result<PathBuf, Refusal> {
        if self.name.is_empty() {
            return Err(self.unknown_shape(ctx, top, "there is no source"));
        }
        Ok(ctx.sources.find(self.name, notices))
    }

    /// Refuses the layer, as the shape of top `top` cannot be read.
    pub(super) fn unknown_shape(&self, ctx: &SetupContext<'_>, top: usize, why: impl Display) -> Refusal {
        let name = ctx.top_name(top);
        let shape = Setting::Shape { top: name.to_owned(), pattern: self.pattern.into() };
        Refusal::at(self.field, format!("the shape of top {name:?} is not known: {why}")).help(Advice::naming(
            "give the shape with `",
            shape,
            "`",
        ))
    }
}
