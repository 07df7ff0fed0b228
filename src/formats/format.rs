//! The table of formats: how a file of each is recognised, read and written.

use std::fmt;
use std::io::{self, Seek, Write};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use crate::proto::schema::MessageType;
use thiserror::Error;

use super::map::FileMap;
use super::{Output, SavedNet, StoredNet, binaryproto, caffemodel, hdf5, npy, npz, prototxt, safetensors};
use crate::error::{Error, Refusal, Result};
use crate::limits::Limits;
use crate::net::ReadOptions;
use crate::proto::sniff::Content;
use crate::proto::{Encoding, descriptor, wire};

/// A file format for weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Caffe's own: a binary `NetParameter`.
    Caffemodel,
    /// HDF5 with Caffe's groups and datasets.
    Hdf5,
    /// numpy's archive.
    Npz,
    /// Hugging Face's `.safetensors`.
    Safetensors,
    /// The caffemodel as text, with the weights.
    Prototxt,
    /// A binary `BlobProto`, for a net with a single blob.
    Binaryproto,
    /// An array of numpy. It can be read, not written.
    Npy,
}

/// The formats of weights.
pub static FORMATS: [FormatEntry; 7] = [
    caffemodel::FORMAT,
    hdf5::FORMAT,
    npz::FORMAT,
    safetensors::FORMAT,
    prototxt::FORMAT,
    binaryproto::FORMAT,
    npy::FORMAT,
];

/// By which of Caffe's two sets of rules the layers of a donor find theirs in a net.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Matching {
    /// Those for binary files, which list layers in order.
    Layers,
    /// Those for HDF5, which has groups by name.
    Groups,
}

/// A format as [`FORMATS`] has it.
#[non_exhaustive]
pub struct FormatEntry {
    /// The format.
    pub format: Format,
    /// Its name.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// How a file of it is recognised, in a line.
    pub recognised: &'static str,
    /// The extensions that ask for it, in lower case; none where it is not written.
    pub extensions: &'static [&'static str],
    /// The rules for donors of this format.
    pub matching: Matching,
    /// How it encodes a message of the schema; `None` where it is not protobuf's.
    pub encoding: Option<Encoding>,
    /// The messages of the schema that a binary file of it may be.
    pub(super) messages: &'static [&'static str],
    pub(super) recognise: fn(Content) -> bool,
    pub(super) open: fn(&Arc<FileMap>, &ReadOptions) -> Result<StoredNet>,
    /// How its arrays are read by their keys, whatever these are; `None` where they have none.
    pub(super) open_arrays: Option<ArrayOpener>,
    /// How it is written; `None` where it is not.
    pub(super) writing: Option<Writing>,
}

/// Opens a file of some format as arrays by their keys.
type ArrayOpener = fn(&Arc<FileMap>) -> Result<StoredNet>;

/// How a format is written.
pub(super) struct Writing {
    /// Refuses a net that the format cannot hold.
    pub(super) check: fn(&SavedNet<'_>) -> Result<()>,
    /// A length in bytes that the file will not fall short of.
    pub(super) least_size: fn(&SavedNet<'_>) -> u64,
    /// Starts a file.
    pub(super) start: StartWriter,
}

/// Starts a file of some format for a net.
type StartWriter = for<'a> fn(Box<dyn Destination + 'a>, &SavedNet<'_>) -> io::Result<Box<dyn Output + 'a>>;

/// Where a file is written.
pub(super) trait Destination: Write + Seek {}

impl<W: Write + Seek> Destination for W {}

/// A name that is neither one of a format that is written nor an extension.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown format {0:?}; the formats are {names}", names = names())]
pub struct FormatError(String);

fn names() -> String {
    let names: Vec<&str> = Format::written().map(Format::name).collect();
    let (last, others) = names.split_last().expect("there are formats");
    format!("{} and {last}", others.join(", "))
}

impl Format {
    /// The formats that can be written.
    pub fn written() -> impl Iterator<Item = Format> {
        FORMATS.iter().filter(|entry| entry.writing.is_some()).map(|entry| entry.format)
    }

    /// The format that a file's extension names, whatever its case.
    ///
    /// ```
    /// use caffemodel::formats::Format;
    /// assert_eq!(Format::of_path("net.caffemodel.h5"), Some(Format::Hdf5));
    /// assert_eq!(Format::of_path("net.bin"), None);
    /// ```
    pub fn of_path(path: impl AsRef<Path>) -> Option<Format> {
        Format::of_extension(path.as_ref().extension()?.to_str()?)
    }

    fn of_extension(extension: &str) -> Option<Format> {
        let extension = extension.to_ascii_lowercase();
        FORMATS.iter().find(|entry| entry.extensions.contains(&extension.as_str())).map(|entry| entry.format)
    }

    /// What the table has of it.
    pub fn entry(self) -> &'static FormatEntry {
        FORMATS.iter().find(|entry| entry.format == self).expect("the table has every format")
    }

    /// The format's name.
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// How the format encodes a message of the schema; `None` where it is not protobuf's.
    pub fn encoding(self) -> Option<Encoding> {
        self.entry().encoding
    }

    /// The rules for donors of this format.
    pub fn matching(self) -> Matching {
        self.entry().matching
    }

    /// Whether the format can hold the net.
    ///
    /// # Errors
    /// It cannot: a name does not fit or clashes with another, or the file would be too large.
    pub fn check(self, net: &SavedNet<'_>) -> Result<()> {
        let writing = self.writing().map_err(|error| Error::Request(error.to_string()))?;
        if self.encoding().is_none() {
            check_shapes(net)?;
        }
        (writing.check)(net)
    }

    /// A length in bytes that the file will not fall short of; that of a caffemodel is exact.
    pub fn least_size(self, net: &SavedNet<'_>) -> u64 {
        self.writing().map_or(0, |writing| (writing.least_size)(net))
    }

    /// A writer of this format for the net, which [`Format::check`] has accepted.
    ///
    /// It makes small writes; `out` should be buffered, and at its start.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn writer<'a, W: Write + Seek + 'a>(self, net: &SavedNet<'_>, out: W) -> io::Result<Box<dyn Output + 'a>> {
        (self.writing()?.start)(Box::new(out), net)
    }

    fn writing(self) -> io::Result<&'static Writing> {
        let unsupported = || io::Error::new(io::ErrorKind::Unsupported, format!("{self} can be read, not written"));
        self.entry().writing.as_ref().ok_or_else(unsupported)
    }
}

/// Refuses blobs without axes and values: elsewhere than in Caffe's own messages what has no axes has one value.
fn check_shapes(net: &SavedNet<'_>) -> Result<()> {
    for layer in &net.layers {
        if let Some(index) = layer.blobs.iter().position(|blob| blob.shape.axes() == 0 && blob.shape.count() == 0) {
            let refusal = Refusal::new(format!("blob {index} has never been given a shape"))
                .help("write a caffemodel: only it can hold such a blob");
            return Err(net.refuse(layer, &refusal).into());
        }
    }
    Ok(())
}

/// The bytes that the values of a net take, those of shared blobs once.
pub(super) fn value_bytes(net: &SavedNet<'_>) -> u64 {
    net.blobs().filter(|blob| !blob.shared).map(|blob| blob.bytes()).sum()
}

impl FormatEntry {
    /// The format of binary files that are such a message.
    pub(crate) fn of_message(name: &str) -> Option<&'static FormatEntry> {
        FORMATS.iter().find(|entry| entry.messages.contains(&name))
    }

    /// The format of a file, told by its content.
    ///
    /// # Errors
    /// It is known as something else.
    pub(crate) fn of_file(file: &FileMap) -> Result<&'static FormatEntry> {
        match Content::of(file.bytes()) {
            Content::Foreign(foreign) => Err(foreign.refusal(&file.name(), "stored weights").into()),
            content => {
                Ok(FORMATS.iter().find(|entry| (entry.recognise)(content)).expect("every content is of some format"))
            }
        }
    }

    /// The message that `bytes`, a binary file of this format, are; `None` where they are no message.
    pub(crate) fn message(&self, bytes: &[u8], limits: &Limits) -> Option<MessageType> {
        let (first, others) = self.messages.split_first()?;
        let fits = |name: &&str| wire::check(bytes, descriptor(name), limits).is_ok();
        Some(descriptor(others.iter().copied().find(fits).unwrap_or(first)))
    }

    /// Opens a file of this format.
    pub(crate) fn open(&self, file: &Arc<FileMap>, options: &ReadOptions) -> Result<StoredNet> {
        Ok(StoredNet { format: Some(self.format), ..(self.open)(file, options)? })
    }

    /// Opens a file of this format as arrays by their keys.
    pub(crate) fn open_arrays(&self, file: &Arc<FileMap>) -> Result<StoredNet> {
        let Some(open) = self.open_arrays else {
            let keyed: Vec<&str> =
                FORMATS.iter().filter(|entry| entry.open_arrays.is_some()).map(|entry| entry.name).collect();
            let help = format!("named arrays are in {}", keyed.join(", "));
            return Err(file.refuse_with(format!("a {} holds no named arrays", self.name), help));
        };
        Ok(StoredNet { format: Some(self.format), ..open(file)? })
    }
}

impl fmt::Debug for FormatEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(name: &str) -> Result<Format, FormatError> {
        Format::of_extension(name).ok_or_else(|| FormatError(name.to_owned()))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_have_names_and_extensions() {
        for format in Format::written() {
            assert_eq!(format.to_string().parse(), Ok(format));
            assert_eq!(Format::of_path(format!("a.b/net.{format}")), Some(format));
        }
        assert_eq!(Format::of_path("NET.H5"), Some(Format::Hdf5));
        assert_eq!(Format::of_path("npz"), None);
        let error = "onnx".parse::<Format>().unwrap_err().to_string();
        assert_eq!(
            error,
            "unknown format \"onnx\"; the formats are caffemodel, hdf5, npz, safetensors, prototxt and binaryproto"
        );
    }

    #[test]
    fn each_content_is_of_one_format_and_weights_are_called_by_its_name() {
        let contents = [Content::Text, Content::Message, Content::Blobs, Content::Hdf5, Content::Zip, Content::Npy];
        for content in contents.into_iter().chain([Content::Safetensors]) {
            let entries: Vec<_> = FORMATS.iter().filter(|entry| (entry.recognise)(content)).collect();
            let [entry] = entries[..] else { panic!("{content:?} is of {entries:?}") };
            assert_eq!(entry.format.name(), entry.name);
            assert!(content.of_weights().is_none_or(|name| name == entry.name), "{content:?}");
        }
    }
}
