//! The formats of stored weights, and how a file is recognised.

use std::fmt;
use std::sync::Arc;

use crate::proto::schema::MessageType;

use super::map::FileMap;
use super::{StoredNet, binaryproto, caffemodel, foreign, hdf5, npy, npz, safetensors};
use crate::error::Result;
use crate::limits::Limits;
use crate::net::ReadOptions;
use crate::proto::descriptor;
use crate::proto::wire;

/// The message that is a net.
const NET: &str = "NetParameter";

/// By which of Caffe's two sets of rules the layers of a donor find theirs in a net.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matching {
    /// Those for binary files, which list layers in order.
    Layers,
    /// Those for HDF5, which has groups by name.
    Groups,
}

/// A format that weights are read from.
pub struct StoredFormat {
    /// Its name, as in "--format".
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// How a file of it is recognised, in a line.
    pub recognised: &'static str,
    /// The rules for donors of this format.
    pub matching: Matching,
    /// The messages of the schema that a file of it may be; none where it is not protobuf.
    messages: &'static [&'static str],
    recognise: fn(&[u8]) -> bool,
    open: fn(&Arc<FileMap>) -> Result<StoredNet>,
}

/// The formats that weights are read from, in the order in which they are tried.
pub const FORMATS: &[StoredFormat] = &[
    StoredFormat {
        name: "hdf5",
        about: "HDF5 with Caffe's groups and datasets, /data/<layer>/<index>",
        recognised: "the HDF5 signature at byte 0, 512, 1024, 2048, ...",
        matching: Matching::Groups,
        messages: &[],
        recognise: hdf5::recognise,
        open: hdf5::open,
    },
    StoredFormat {
        name: "npz",
        about: "numpy's archive with keys <layer>/<index>, stored or deflated",
        recognised: "the signature of a zip archive",
        matching: Matching::Layers,
        messages: &[],
        recognise: npz::recognise,
        open: npz::open,
    },
    StoredFormat {
        name: "npy",
        about: "an array of numpy; its layer is called \"blob\"",
        recognised: "numpy's signature at byte 0",
        matching: Matching::Layers,
        messages: &[],
        recognise: npy::recognise,
        open: npy::open,
    },
    StoredFormat {
        name: "safetensors",
        about: "Hugging Face's .safetensors with keys <layer>.<index>",
        recognised: "the length of a JSON object, and its opening brace at byte 8",
        matching: Matching::Layers,
        messages: &[],
        recognise: safetensors::recognise,
        open: safetensors::open,
    },
    StoredFormat {
        name: "binaryproto",
        about: "a single BlobProto or a BlobProtoVector, such as a mean; its layer is called \"blob\"",
        recognised: "binary protobuf with the fields of these messages",
        matching: Matching::Layers,
        messages: &["BlobProto", "BlobProtoVector"],
        recognise: binaryproto::recognise,
        open: binaryproto::open,
    },
    StoredFormat {
        name: "caffemodel",
        about: "Caffe's own, a binary NetParameter, of today or in the old formats V1 and V0",
        recognised: "anything else that is binary",
        matching: Matching::Layers,
        messages: &[NET],
        recognise: is_binary,
        open: caffemodel::open,
    },
];

impl StoredFormat {
    /// The format of files that are such a message.
    pub(crate) fn of_message(name: &str) -> Option<&'static StoredFormat> {
        FORMATS.iter().find(|format| format.messages.contains(&name))
    }

    /// The message that `bytes`, a file of this format, are; `None` where they are no message.
    pub(crate) fn message(&self, bytes: &[u8]) -> Option<MessageType> {
        let (first, others) = self.messages.split_first()?;
        let fits = |name: &&str| wire::check(bytes, descriptor(name), Limits::current()).is_ok();
        Some(descriptor(others.iter().copied().find(fits).unwrap_or(first)))
    }

    /// Opens a file of this format.
    pub(crate) fn open(&'static self, file: &Arc<FileMap>, options: &ReadOptions) -> Result<StoredNet> {
        // Only nets are written in a dialect.
        let stored =
            if self.messages.contains(&NET) { caffemodel::open_with(file, options) } else { (self.open)(file) };
        Ok(StoredNet { format: Some(self), ..stored? })
    }
}

impl PartialEq for StoredFormat {
    fn eq(&self, other: &StoredFormat) -> bool {
        self.name == other.name
    }
}

impl Eq for StoredFormat {}

impl fmt::Debug for StoredFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The format of a file that is weights alone, and no net.
pub(crate) fn without_net(bytes: &[u8]) -> Option<&'static StoredFormat> {
    FORMATS.iter().find(|format| !format.messages.contains(&NET) && (format.recognise)(bytes))
}

/// Whether the bytes are no text: control characters or what is not UTF-8 stand near their start.
pub(crate) fn is_binary(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(4096)];
    wire::looks_binary(start) || std::str::from_utf8(start).is_err_and(|error| error.error_len().is_some())
}

/// The format of a file, told by its content.
///
/// # Errors
/// It has none of them.
pub(crate) fn recognise(file: &FileMap) -> Result<&'static StoredFormat> {
    if let Some(refusal) = foreign::refusal(&file.name(), file.bytes(), "stored weights") {
        return Err(refusal.into());
    }
    let found = FORMATS.iter().find(|format| (format.recognise)(file.bytes()));
    found.ok_or_else(|| {
        let help = "a text net that holds blobs is read as a net; as weights, convert it to a binary .caffemodel first";
        file.refuse_with("text, not stored weights", help)
    })
}
