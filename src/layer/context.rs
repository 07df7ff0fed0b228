//! What a layer's rule can see of the net.

use std::collections::BTreeMap;
use std::str::FromStr;

use prost::Message;

use super::{Lock, OpaqueLayer};
use crate::Shape;
use crate::data::Sources;
use crate::dialect::Dialect;
use crate::error::{AtField, Refusal};
use crate::filler::FillerRegistry;
use crate::proto::caffe::{LayerParameter, Phase};
use crate::proto::fields::Fields;
use crate::proto::{FieldType, binary, gate};
use crate::random::CaffeGenerator;

/// The layer and its surroundings, as its rule sees them.
#[derive(Debug)]
#[non_exhaustive]
pub struct SetupContext<'a> {
    /// The layer as the net has it after filtering and splitting.
    pub param: &'a LayerParameter,
    /// The layer's own phase if it has one, else the net's.
    pub phase: Phase,
    /// The shapes of the bottoms.
    pub bottoms: &'a [Shape],
    /// Which blob of the net each bottom is: equal numbers are the same blob.
    pub bottom_ids: &'a [usize],
    /// Which blob of the net each top is, automatic ones included. An in-place top has its bottom's number.
    pub top_ids: &'a [usize],
    /// The shapes of the blobs that the layer gives in its own `blobs` field.
    pub given: &'a [Shape],
    /// For each named top the shape that the user gave for it, if any.
    pub user_shapes: &'a [Option<Shape>],
    /// What the user says of the layer, where its type is not known.
    pub opaque: Option<&'a OpaqueLayer>,
    /// Finds the files that the net names.
    pub sources: &'a Sources,
    /// What earlier layers hold, with the names of these layers.
    pub locked: &'a BTreeMap<Lock, String>,
    /// Caffe's generator as it will be when the layer's turn to draw comes, for a layer that is
    /// [shaped by its draws](super::LayerType::shaped_by_draws); none where that generator does not fill the net, or
    /// where it is not known which one does.
    pub generator: Option<&'a CaffeGenerator>,
    /// The blobs of the net that hold a constant already while it is built, by number; all others hold zeros.
    pub constants: &'a BTreeMap<usize, f32>,
    /// The number of classes in the configuration that a layer before has read last, 0 if none has: Caffe keeps it for
    /// all layers behind.
    pub configured_classes: i64,
    /// The dialect that the net is written in.
    pub dialect: &'static Dialect,
    /// The fillers that the net may use.
    pub fillers: &'a FillerRegistry,
}

impl SetupContext<'_> {
    /// The shape of a bottom. The registry has checked the number of bottoms before the rule runs.
    pub fn bottom(&self, index: usize) -> &Shape {
        &self.bottoms[index]
    }

    /// The number of tops, automatic ones included.
    pub fn top_count(&self) -> usize {
        self.top_ids.len()
    }

    /// The shapes of the tops where only the first one is set up: Caffe leaves further ones without a shape.
    pub(super) fn first_top(&self, shape: Shape) -> Vec<Shape> {
        let mut tops = vec![Shape::unshaped(); self.top_count()];
        tops[0] = shape;
        tops
    }

    /// The name of a top; empty for an automatic one.
    pub fn top_name(&self, top: usize) -> &str {
        self.param.top.get(top).map_or("", String::as_str)
    }

    /// The shape that the user gave for top `top`, if any; it wins over what the layer would make.
    pub fn user_shape(&self, top: usize) -> Option<&Shape> {
        self.user_shapes.get(top)?.as_ref()
    }

    /// Whether top `top` and bottom `bottom` are the same blob.
    pub fn in_place(&self, top: usize, bottom: usize) -> bool {
        matches!((self.top_ids.get(top), self.bottom_ids.get(bottom)), (Some(t), Some(b)) if t == b)
    }

    /// Refuses a top and a bottom that are the same blob, for a layer that cannot work in place.
    ///
    /// # Errors
    /// Top `top` and bottom `bottom` are the same blob.
    pub fn refuse_in_place(&self, top: usize, bottom: usize) -> Result<(), Refusal> {
        if self.in_place(top, bottom) {
            return Err(Refusal::at("top", "the layer cannot work in place").help("give the top a name of its own"));
        }
        Ok(())
    }

    /// The axis that `field` names in the shape of bottom `bottom`.
    ///
    /// # Errors
    /// The bottom has no such axis.
    pub fn bottom_axis(&self, bottom: usize, axis: i32, field: &'static str) -> Result<usize, Refusal> {
        self.bottom(bottom).canonical_axis(axis).at(field)
    }

    /// The message in a field of the layer, encoded by the numbers of the schema that the net is written in; `None`
    /// where the layer does not give it. The messages of a list follow one another.
    ///
    /// A layer type for a fork that is not known here takes its parameters from it: [`param`](SetupContext::param) has
    /// the fields of known dialects only, and all others come from the fork's own schema
    /// ([`ReadOptions::in_schema`](crate::ReadOptions::in_schema)). Any library for protocol buffers decodes it.
    ///
    /// # Errors
    /// The schema has no such field.
    pub fn encoded_message(&self, field: &str) -> Result<Option<Vec<u8>>, Refusal> {
        let schema = self.dialect.layer_message();
        let missing = || Refusal::new(format!("the schema of {} has no field {field:?} in layers", self.dialect.name));
        let number = schema.field_named(field).ok_or_else(missing)?.saved_number();
        let mut saved = Vec::new();
        let layer = self.param.encode_to_vec();
        binary::write(&mut saved, schema, &gate::unfolded(&layer, schema)).at("")?;
        let found: Vec<&[u8]> = Fields::new(&saved, 0, schema.name())
            .filter_map(|found| found.ok().filter(|found| found.number == number))
            .map(|found| found.body)
            .collect();
        Ok((!found.is_empty()).then(|| found.concat()))
    }

    /// The number that a field of the message `message` is where the net does not give it; dialects differ in that.
    pub(crate) fn default_of<T: FromStr + Default>(&self, message: &str, field: &str) -> T {
        let message = self.dialect.schema().message(message);
        let declared = message.and_then(|message| message.field_named(field)).and_then(FieldType::declared_default);
        declared.and_then(|value| value.parse().ok()).unwrap_or_default()
    }

    /// A dimension of a bottom that may have at most four axes, but where the dialect looks at the first four of any
    /// number, or knows a length behind the channels, which is passed over; 1 for an axis that it lacks.
    ///
    /// # Errors
    /// The bottom has more.
    pub fn legacy_dim(&self, bottom: usize, axis: usize) -> Result<i32, Refusal> {
        let shape = self.bottom(bottom);
        if self.dialect.traits.takes_first_four_axes
            && let [first @ .., _] = shape.dims()
            && let Some(&dim) = first.get(axis).filter(|_| first.len() >= 4)
        {
            return Ok(dim);
        }
        if self.dialect.traits.pictures_have_length
            && let [items, channels, _, height, width] = *shape.dims()
        {
            return Ok([items, channels, height, width][axis]);
        }
        shape
            .legacy_dim(axis)
            .map_err(|_| Refusal::at("bottom", format!("bottom {bottom} has more than 4 axes: its shape is {shape}")))
    }

    /// The sizes of a bottom of five axes: items, channels, length, height and width. Where blobs have a length, one of
    /// 1 is not shown to rules.
    pub(crate) fn volume(&self, bottom: usize) -> Option<[i32; 5]> {
        match *self.bottom(bottom).dims() {
            [items, channels, length, height, width] => Some([items, channels, length, height, width]),
            [items, channels, height, width] if self.dialect.traits.blobs_have_length => {
                Some([items, channels, 1, height, width])
            }
            _ => None,
        }
    }

    /// The shape of a bottom that may have at most four axes, with axes of 1 behind those that it has.
    ///
    /// # Errors
    /// The bottom has more.
    pub fn four_axes(&self, bottom: usize) -> Result<Shape, Refusal> {
        let dims = [0, 1, 2, 3].map(|axis| self.legacy_dim(bottom, axis));
        Shape::new(dims.into_iter().collect::<Result<Vec<i32>, Refusal>>()?).at("bottom")
    }
}
