//! What a layer's rule answers.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use super::blob::{BlobSpec, BlobValues, Role};
use super::context::SetupContext;
use super::{Operator, Restoring, TopMemory};
use crate::Shape;
use crate::error::Refusal;
use crate::proto::caffe::{LayerParameter, ParamSpec};

/// One step of the random draws that a layer makes while the net is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Draw {
    /// Fills the layer's blob of this index.
    Blob(usize),
    /// Fills copies of the blobs `first..end`, one after the other, and throws them away; the whole group so many
    /// times over.
    ///
    /// A net that is unrolled in time draws its shared blobs again for every timestep.
    Discard {
        /// The first blob of the group.
        first: usize,
        /// The end of the group, exclusive.
        end: usize,
        /// How often the group is filled.
        times: u64,
    },
    /// Takes so many 32-bit numbers from the engine and throws them away.
    Skip(u64),
}

/// What a layer holds while the net exists, so that no layer behind it can.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Lock {
    /// An open LevelDB, by its folder.
    LevelDb(PathBuf),
    /// The thread that reads a database for it, where the dialect has such readers.
    Reader {
        /// The message that it reads.
        record: &'static str,
        /// What readers are told apart by: the name of the layer and the source.
        key: String,
    },
}

/// The result of setting a layer up.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Setup {
    /// What the layer computes.
    pub operator: Operator,
    /// The shapes of the tops, one each, automatic ones included.
    pub tops: Vec<Shape>,
    /// Where the values of each top are kept.
    pub memory: Vec<TopMemory>,
    /// The layer's blobs in Caffe's order.
    pub blobs: Vec<BlobSpec>,
    /// What the layer draws, in order.
    pub draws: Vec<Draw>,
    /// The loss weight written to the saved layer where the net gives none: 1 for a loss layer.
    pub default_loss_weight: Option<f32>,
    /// The `propagate_down` written to the saved layer where the net gives none.
    pub default_propagate_down: Vec<bool>,
    /// `param` entries that the layer adds behind those of the net, as BatchNorm does.
    pub extra_params: Vec<ParamSpec>,
    /// Which of the `param` entries, those added included, are saved with multipliers of 0, whatever the net says.
    pub fixed_params: Range<usize>,
    /// The layer as it is saved, where Caffe changes more of it than the fields here: before all of them.
    pub saved: Option<Box<LayerParameter>>,
    /// How the layer takes what is stored for it.
    pub restoring: Restoring,
    /// The multiply-accumulates of a forward pass: those of its matrix products and convolutions, biases and
    /// elementwise work not counted. [`Operator::macs`] tells them of Caffe's layers.
    pub macs: u64,
    /// What the layer holds of what it reads, so that no other layer can.
    pub locks: Vec<Lock>,
    /// What the user should know, in a line each.
    pub notices: Vec<String>,
    /// The tops whose shapes are not known, by index, each with what to say where a layer behind needs the shape.
    pub unknown: BTreeMap<usize, Refusal>,
}

impl Setup {
    /// Gives all tops and blobs four axes: tops by ones behind their own, blobs by ones in front of them.
    ///
    /// # Errors
    /// One has more.
    pub(crate) fn pad_to_four_axes(&mut self) -> Result<(), Refusal> {
        let refuse = |what: &str, shape: &Shape| {
            Refusal::new(format!("a {what} of shape {shape}: this Caffe supports at most four axes"))
        };
        for top in self.tops.iter_mut().filter(|top| **top != Shape::unshaped()) {
            let padded = padded(top, |own, ones| [own, ones].concat());
            *top = padded.ok_or_else(|| refuse("top", top))?;
        }
        for BlobSpec { shape, .. } in &mut self.blobs {
            let padded = padded(shape, |own, ones| [ones, own].concat());
            *shape = padded.ok_or_else(|| refuse("blob", shape))?;
        }
        Ok(())
    }

    /// Gives all tops and blobs five axes, a length between channels and height among them: of 1 where there are four.
    ///
    /// # Errors
    /// One has more.
    pub(crate) fn pad_to_five_axes(&mut self) -> Result<(), Refusal> {
        for top in self.tops.iter_mut().filter(|top| **top != Shape::unshaped()) {
            *top = with_length(top, |own, ones| [own, ones].concat())
                .ok_or_else(|| Refusal::new(format!("a top of shape {top}: this Caffe knows five axes at most")))?;
        }
        for BlobSpec { shape, .. } in &mut self.blobs {
            *shape = with_length(shape, |own, ones| [ones, own].concat())
                .ok_or_else(|| Refusal::new(format!("a blob of shape {shape}: this Caffe knows five axes at most")))?;
        }
        Ok(())
    }

    /// A layer that makes these tops by this operator. Its blobs are those that the net gives in the layer's `blobs`,
    /// if any: Caffe takes them over before the layer's own rule runs, whatever the type.
    pub fn new(ctx: &SetupContext<'_>, operator: Operator, tops: impl Into<Vec<Shape>>) -> Setup {
        let tops = tops.into();
        let given = |(index, shape): (usize, &Shape)| BlobSpec {
            shape: shape.clone(),
            role: Role::Other,
            values: BlobValues::Given(index),
        };
        let memory = |top: usize| if ctx.in_place(top, top) { TopMemory::InPlace(top) } else { TopMemory::Own };
        Setup {
            macs: operator.macs(ctx.bottoms, &tops),
            memory: (0..tops.len()).map(memory).collect(),
            operator,
            tops,
            blobs: ctx.given.iter().enumerate().map(given).collect(),
            draws: Vec::new(),
            default_loss_weight: None,
            default_propagate_down: Vec::new(),
            extra_params: Vec::new(),
            fixed_params: 0..0,
            saved: None,
            restoring: Restoring::All,
            locks: Vec::new(),
            notices: Vec::new(),
            unknown: BTreeMap::new(),
        }
    }

    /// A layer of which little is known but its tops, and of those perhaps nothing either: why is in the place of the
    /// shape.
    pub(super) fn opaque(ctx: &SetupContext<'_>, tops: Vec<Result<Shape, Refusal>>) -> Setup {
        let mut unknown = BTreeMap::new();
        let shape = |(index, top): (usize, Result<Shape, Refusal>)| {
            top.unwrap_or_else(|why| {
                unknown.insert(index, why);
                Shape::unshaped()
            })
        };
        let tops: Vec<Shape> = tops.into_iter().enumerate().map(shape).collect();
        Setup { unknown, ..Setup::new(ctx, Operator::Opaque, tops) }
    }

    /// A layer whose only top has the shape of its first bottom; see [`Shape::copied`].
    pub fn like_bottom(ctx: &SetupContext<'_>, operator: Operator) -> Setup {
        Setup::new(ctx, operator, [ctx.bottom(0).copied()])
    }

    /// Says what the blobs are for that the net gives, first to last. Blobs beyond `roles` stay [`Role::Other`].
    #[must_use]
    pub fn given_roles(mut self, roles: &[Role]) -> Setup {
        for (blob, &role) in self.blobs.iter_mut().zip(roles) {
            blob.role = role;
        }
        self
    }

    /// Says how many multiply-accumulates a forward pass takes, for an operator that does not tell.
    #[must_use]
    pub fn costs(mut self, macs: u64) -> Setup {
        self.macs = macs;
        self
    }

    /// Says that the tops that are not in place show memory that is there already.
    #[must_use]
    pub fn view(mut self, shown: TopMemory) -> Setup {
        for memory in &mut self.memory {
            if *memory == TopMemory::Own {
                *memory = shown;
            }
        }
        self
    }

    /// Says which fields of the layer hold the fillers of the first blobs, for a rule that borrows from another's.
    pub(super) fn name_fillers(&mut self, fields: &[&'static str]) {
        for (blob, &field) in self.blobs.iter_mut().zip(fields) {
            if let BlobValues::Filled(spec) = &mut blob.values {
                spec.field = field;
            }
        }
    }

    /// Adds a blob and, where a filler makes its values, the draw that fills it.
    pub fn push_blob(&mut self, blob: BlobSpec) {
        if matches!(blob.values, BlobValues::Filled(_)) {
            self.draws.push(Draw::Blob(self.blobs.len()));
        }
        self.blobs.push(blob);
    }
}

/// The shape with ones, joined to its own dimensions, up to four axes; `None` if it has more.
/// A shape of five axes: one of fewer than four is first made one of four.
fn with_length(shape: &Shape, join: fn(&[i32], &[i32]) -> Vec<i32>) -> Option<Shape> {
    match shape.axes() {
        5 => Some(shape.clone()),
        _ => {
            let four = padded(shape, join)?;
            let &[items, channels, height, width] = four.dims() else { return None };
            Shape::new([items, channels, 1, height, width]).ok()
        }
    }
}

fn padded(shape: &Shape, join: fn(&[i32], &[i32]) -> Vec<i32>) -> Option<Shape> {
    let ones = [1; 4].get(shape.axes()..)?;
    let dims: Vec<i64> = join(shape.dims(), ones).into_iter().map(i64::from).collect();
    Shape::new(dims).ok()
}
