//! A whole net in the current format: its layers, and what it says beside them.

use std::path::PathBuf;

use super::defaults::LayerDefaults;
use super::kind::FileKind;
use super::load::{self, DecodedFile};
use super::reading::{FileBytes, ReadOptions, Reading};
use super::{Definition, Locator, NetLayer, upgrade};
use crate::dialect::Dialect;
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
        let message = Reading::new(&FileBytes::binary(name, bytes, limits), FileKind::Net, dialect)?.decode(name)?;
        CurrentNet::new(DecodedFile { message, locator: Locator::default(), dialect, notice: None })
    }

    fn new(DecodedFile { message, locator, dialect, .. }: DecodedFile<NetParameter>) -> Result<CurrentNet> {
        let mut head = message;
        let (layers, changes) = upgrade::upgrade_with_inputs(&mut head, dialect, &locator)?;
        Ok(CurrentNet { head, layers, dialect, locator, changes })
    }

    /// The net as it is built; paths in it start from the current folder.
    pub(crate) fn definition(&self, file: &str) -> Definition {
        Definition {
            file: file.to_owned(),
            name: self.head.name().to_owned(),
            state: self.head.state.clone().unwrap_or_default(),
            defaults: LayerDefaults::of(&self.head),
            layers: self.layers.clone(),
            locator: self.locator.clone(),
            folder: PathBuf::new(),
            dialect: self.dialect,
            notices: Vec::new(),
            sha256: [0; 32],
        }
    }
}
