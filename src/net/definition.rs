//! What a file says: its layers, read from text or binary, each with its place in the file.

use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::defaults::LayerDefaults;
use super::kind::FileKind;
use super::load::{self, DecodedFile};
use super::locate::{Locator, Origin};
use super::quantization::Quantization;
use super::reading::{FileBytes, ReadOptions, Reading};
use super::upgrade::{self, Upgraded};
use crate::dialect::{Dialect, NetInputs};
use crate::error::Result;
use crate::limits::Limits;
use crate::proto::caffe::{LayerParameter, NetParameter, NetState};

/// A layer and the entry of the file that it comes from.
#[derive(Debug, Clone)]
pub struct NetLayer {
    /// The layer's parameters.
    pub param: LayerParameter,
    /// Where it stands in the file.
    pub origin: Option<Origin>,
}

/// A net definition as a file gives it, before anything is filtered or split.
///
/// ```
/// use caffemodel::Definition;
/// let text = r#"name: "tiny" layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 } } }"#;
/// let definition = Definition::from_bytes("tiny.prototxt", text)?;
/// assert_eq!(definition.name, "tiny");
/// assert_eq!(definition.layers.len(), 1);
/// # Ok::<(), caffemodel::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Definition {
    /// The file, as errors call it.
    pub file: String,
    /// The net's name, empty if it has none.
    pub name: String,
    /// The state that the file asks for.
    pub state: NetState,
    /// What the net says for all of its layers.
    pub defaults: LayerDefaults,
    /// The layers in file order.
    pub layers: Vec<NetLayer>,
    /// The old-style inputs without sizes that layers read. Caffe has no such blobs; here the user may give their
    /// shapes.
    pub unsized_inputs: Vec<String>,
    /// Finds places in the file.
    pub locator: Locator,
    /// The folder of the file, where paths of the net that do not start from the current folder are looked for.
    pub folder: PathBuf,
    /// The dialect that it is written in.
    pub dialect: &'static Dialect,
    /// What was changed on reading, in a line each.
    pub notices: Vec<String>,
    /// The SHA-256 of the file's bytes.
    pub sha256: [u8; 32],
    /// Whether and how the net is quantised.
    pub quantization: Quantization,
}

impl Definition {
    /// Reads a net definition, text or binary, told apart by content; its dialect is, too.
    ///
    /// # Errors
    /// The file cannot be read, is larger than 2 GiB, or does not parse.
    pub fn read(path: impl AsRef<Path>) -> Result<Definition> {
        Definition::read_with(path, &ReadOptions::default())
    }

    /// As [`Definition::read`], with options.
    ///
    /// # Errors
    /// Those of [`Definition::read`].
    pub fn read_with(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Definition> {
        let path = path.as_ref();
        let bytes = load::read_file(path)?;
        let mut definition = Definition::from_bytes_with(&path.display().to_string(), bytes, options)?;
        if let Some(folder) = path.parent() {
            definition.folder = folder.to_owned();
        }
        Ok(definition)
    }

    /// Reads a net definition to the end of `reader`; `name` is what errors call it.
    ///
    /// # Errors
    /// Those of the reader; more than 2 GiB come from it, or they do not parse.
    pub fn from_reader(name: &str, reader: impl Read) -> Result<Definition> {
        Definition::from_bytes(name, load::read_all(name, reader)?)
    }

    /// Reads a net definition from memory; `name` is what errors call it.
    ///
    /// # Errors
    /// The bytes do not parse.
    pub fn from_bytes(name: &str, bytes: impl Into<Vec<u8>>) -> Result<Definition> {
        Definition::from_bytes_with(name, bytes, &ReadOptions::default())
    }

    /// As [`Definition::from_bytes`], with options.
    ///
    /// # Errors
    /// The bytes do not parse.
    pub fn from_bytes_with(name: &str, bytes: impl Into<Vec<u8>>, options: &ReadOptions) -> Result<Definition> {
        let bytes = bytes.into();
        let sha256 = Sha256::digest(&bytes).into();
        let decoded = load::decode(name, &bytes, FileKind::Net, options)?;
        Ok(Definition { file: name.to_owned(), sha256, ..Definition::from_net(decoded)? })
    }

    /// Reads a binary net definition of this dialect.
    pub(crate) fn from_binary(
        name: &str,
        bytes: &[u8],
        dialect: &'static Dialect,
        limits: &Limits,
    ) -> Result<Definition> {
        let input = FileBytes::binary(name, bytes, limits);
        let mut message: NetParameter = Reading::new(&input, FileKind::Net, dialect)?.decode(name)?;
        if dialect.traits.net_inputs == NetInputs::Fields {
            // They are saved without their shapes, and weights have no use for them.
            message.input.clear();
        }
        Definition::from_net(DecodedFile { message, locator: Locator::default(), dialect, notice: None })
    }

    fn from_net(
        DecodedFile { mut message, locator, dialect, notice }: DecodedFile<NetParameter>,
    ) -> Result<Definition> {
        let Upgraded { layers, unsized_inputs, notices } = upgrade::upgrade(&mut message, dialect, &locator)?;
        let notices = notice.into_iter().chain(notices).collect();
        Ok(Definition { layers, unsized_inputs, notices, ..Definition::from_current(message, dialect, locator) })
    }

    /// The definition that a net is, if nothing of it has to be upgraded.
    pub(super) fn from_current(mut net: NetParameter, dialect: &'static Dialect, locator: Locator) -> Definition {
        Definition {
            file: String::new(),
            defaults: LayerDefaults::of(&net),
            quantization: Quantization::of(&net),
            layers: upgrade::current_layers(&mut net),
            unsized_inputs: Vec::new(),
            name: net.name.unwrap_or_default(),
            state: net.state.unwrap_or_default(),
            locator,
            folder: PathBuf::new(),
            dialect,
            notices: Vec::new(),
            sha256: [0; 32],
        }
    }
}
