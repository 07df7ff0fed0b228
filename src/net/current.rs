//! A whole net in the current format: its layers, and what it says beside them.

use std::path::PathBuf;

use super::defaults::LayerDefaults;
use super::kind::FileKind;
use super::load::{self, DecodedFile};
use super::locate::NET_INPUTS;
use super::quantization::Quantization;
use super::reading::{FileBytes, ReadOptions, Reading};
use super::{Definition, Locator, NetLayer, Origin, upgrade};
use crate::dialect::{Dialect, NetInputs};
use crate::error::Result;
use crate::limits::Limits;
use crate::proto::caffe::NetParameter;

/// A net of a file with all that it says, upgraded where the file is old.
#[derive(Debug, Clone)]
pub(crate) struct CurrentNet {
    /// What the net says beside its layers. Inputs with sizes have become a layer.
    pub(crate) head: NetParameter,
    /// The layers in file order.
    pub(crate) layers: Vec<NetLayer>,
    /// The dialect that it is written in.
    pub(crate) dialect: &'static Dialect,
    /// Finds places in the file.
    pub(crate) locator: Locator,
    /// What was changed on reading, in a line each.
    pub(crate) changes: Vec<String>,
}

impl CurrentNet {
    /// Reads a text; `name` is what errors call it.
    ///
    /// # Errors
    /// It does not parse, or cannot be brought to the current format.
    pub(crate) fn from_text(name: &str, text: &[u8], options: &ReadOptions) -> Result<CurrentNet> {
        CurrentNet::new(load::decode(name, text, FileKind::Net, options)?)
    }

    /// Reads a binary net of this dialect.
    ///
    /// # Errors
    /// As [`CurrentNet::from_text`].
    pub(crate) fn from_binary(
        name: &str,
        bytes: &[u8],
        dialect: &'static Dialect,
        limits: &Limits,
    ) -> Result<CurrentNet> {
        let input = FileBytes::binary(name, bytes, limits);
        let mut message: NetParameter = Reading::new(&input, FileKind::Net, dialect)?.decode(name)?;
        let has_sizes = !message.input_shape.is_empty() || !message.input_dim.is_empty();
        if dialect.traits.net_inputs == NetInputs::Fields && !has_sizes {
            // They are saved without their shapes, and weights have no use for them.
            message.input.clear();
        }
        CurrentNet::new(DecodedFile { message, locator: Locator::default(), dialect, notice: None })
    }

    fn new(DecodedFile { message, locator, dialect, .. }: DecodedFile<NetParameter>) -> Result<CurrentNet> {
        let mut head = message;
        let (layers, changes) = upgrade::upgrade_with_inputs(&mut head, dialect, &locator)?;
        Ok(CurrentNet { head, layers, dialect, locator, changes })
    }

    /// The layer as its Caffe builds it: where inputs are no layer, the one made of them stands for these.
    fn as_built(&self, layer: &NetLayer) -> NetLayer {
        let is_made = layer.origin.is_some_and(|origin| !matches!(origin.field, "layer" | "layers"));
        if is_made && self.dialect.traits.net_inputs == NetInputs::Fields {
            return NetLayer { origin: Some(Origin { field: NET_INPUTS, index: 0 }), ..layer.clone() };
        }
        layer.clone()
    }

    /// The net as it is built; paths in it start from the current folder.
    pub(crate) fn definition(&self, file: &str) -> Definition {
        Definition {
            file: file.to_owned(),
            name: self.head.name().to_owned(),
            state: self.head.state.clone().unwrap_or_default(),
            defaults: LayerDefaults::of(&self.head),
            quantization: Quantization::of(&self.head),
            layers: self.layers.iter().map(|layer| self.as_built(layer)).collect(),
            unsized_inputs: Vec::new(),
            locator: self.locator.clone(),
            folder: PathBuf::new(),
            dialect: self.dialect,
            notices: Vec::new(),
            sha256: [0; 32],
        }
    }
}
