//! The file formats, and which one a file's name asks for.

use std::fmt;
use std::io::{self, Seek, Write};
use std::path::Path;
use std::str::FromStr;

use thiserror::Error;

use super::{
    BinaryprotoWriter, CaffemodelWriter, Hdf5Writer, MAX_FILE_BYTES, NpzWriter, Output, PrototxtWriter, Recipe,
    SafetensorsWriter, binaryproto, caffemodel_size, hdf5, npz, safetensors,
};
use crate::error::{Error, Refusal, Result};
use crate::net::NetPlace;
use crate::plan::Plan;
use crate::proto::Encoding;

/// A file format for weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
}

/// A name that is neither one of a format nor an extension.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown format {0:?}; there are caffemodel, hdf5, npz, safetensors, prototxt and binaryproto")]
pub struct FormatError(String);

impl Format {
    /// All formats.
    pub const ALL: [Format; 6] =
        [Format::Caffemodel, Format::Hdf5, Format::Npz, Format::Safetensors, Format::Prototxt, Format::Binaryproto];

    /// The format that a file's extension names, whatever its case.
    ///
    /// ```
    /// use caffemodel::output::Format;
    /// assert_eq!(Format::of_path("net.caffemodel.h5"), Some(Format::Hdf5));
    /// assert_eq!(Format::of_path("net.bin"), None);
    /// ```
    pub fn of_path(path: impl AsRef<Path>) -> Option<Format> {
        Format::of_extension(path.as_ref().extension()?.to_str()?)
    }

    fn of_extension(extension: &str) -> Option<Format> {
        match extension.to_ascii_lowercase().as_str() {
            "caffemodel" => Some(Format::Caffemodel),
            "h5" | "hdf5" => Some(Format::Hdf5),
            "npz" => Some(Format::Npz),
            "safetensors" => Some(Format::Safetensors),
            "prototxt" => Some(Format::Prototxt),
            "binaryproto" => Some(Format::Binaryproto),
            _ => None,
        }
    }

    /// The format's name.
    pub fn name(self) -> &'static str {
        match self {
            Format::Caffemodel => "caffemodel",
            Format::Hdf5 => "hdf5",
            Format::Npz => "npz",
            Format::Safetensors => "safetensors",
            Format::Prototxt => "prototxt",
            Format::Binaryproto => "binaryproto",
        }
    }

    /// How the format encodes a message of the schema; `None` where it is not protobuf's.
    pub fn encoding(self) -> Option<Encoding> {
        match self {
            Format::Prototxt => Some(Encoding::Text),
            Format::Caffemodel | Format::Binaryproto => Some(Encoding::Binary),
            Format::Hdf5 | Format::Npz | Format::Safetensors => None,
        }
    }

    /// Whether the format can hold the net.
    ///
    /// # Errors
    /// It cannot: a name does not fit or clashes with another, or the file would be too large.
    pub fn check<'a>(self, plan: &Plan, recipe: impl Into<Option<&'a Recipe>>) -> Result<()> {
        if self.encoding().is_none() {
            check_shapes(plan)?;
        }
        match self {
            Format::Caffemodel => check_caffemodel(plan),
            Format::Hdf5 => hdf5::check(plan),
            Format::Npz => npz::check(plan),
            Format::Safetensors => safetensors::check(plan, recipe.into()),
            Format::Prototxt => Ok(()),
            Format::Binaryproto => binaryproto::check(plan),
        }
    }

    /// A length in bytes that the file will not fall short of; that of a caffemodel is exact.
    pub fn least_size(self, plan: &Plan) -> u64 {
        if self == Format::Caffemodel {
            return caffemodel_size(plan);
        }
        let blobs = plan.layers.iter().flat_map(|layer| &layer.blobs);
        blobs.filter(|blob| blob.owner.is_none()).map(|blob| blob.shape.count() as u64 * 4).sum()
    }

    /// A writer of this format for the plan, which [`Format::check`] has accepted. The recipe goes into formats that
    /// have a place for it.
    ///
    /// It makes small writes; `out` should be buffered, and at its start.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn writer<'a, 'r, W>(
        self,
        plan: &Plan,
        recipe: impl Into<Option<&'r Recipe>>,
        out: W,
    ) -> io::Result<Box<dyn Output + 'a>>
    where
        W: Write + Seek + 'a,
    {
        Ok(match self {
            Format::Caffemodel => Box::new(CaffemodelWriter::in_dialect(out, &plan.name, plan.dialect)?),
            Format::Hdf5 => Box::new(Hdf5Writer::new(out, plan)?),
            Format::Npz => Box::new(NpzWriter::new(out)),
            Format::Safetensors => Box::new(SafetensorsWriter::new(out, plan, recipe.into())?),
            Format::Prototxt => Box::new(PrototxtWriter::in_dialect(out, &plan.name, plan.dialect)?),
            Format::Binaryproto => Box::new(BinaryprotoWriter::new(out)),
        })
    }
}

/// Refuses blobs without axes and values: elsewhere than in Caffe's own messages what has no axes has one value.
fn check_shapes(plan: &Plan) -> Result<()> {
    for layer in &plan.layers {
        if let Some(index) = layer.blobs.iter().position(|blob| blob.shape.axes() == 0 && blob.shape.count() == 0) {
            let refusal = Refusal::new(format!("blob {index} has never been given a shape"))
                .help("write a caffemodel, which alone can hold such a blob");
            let place = NetPlace { param: &layer.param, origin: layer.origin, prefix: "" };
            return Err(plan.locator.diagnose(&place, &refusal).into());
        }
    }
    Ok(())
}

fn check_caffemodel(plan: &Plan) -> Result<()> {
    let size = caffemodel_size(plan);
    if size > MAX_FILE_BYTES {
        return Err(Error::Request(format!(
            "the caffemodel would have {size} bytes; protobuf, and so Caffe, reads at most {MAX_FILE_BYTES}: \
             make the net smaller, or write HDF5"
        )));
    }
    Ok(())
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
        for format in Format::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
            assert_eq!(Format::of_path(format!("a.b/net.{format}")), Some(format));
        }
        assert_eq!(Format::of_path("NET.H5"), Some(Format::Hdf5));
        assert_eq!(Format::of_path("npz"), None);
        let error = "onnx".parse::<Format>().unwrap_err().to_string();
        assert_eq!(
            error,
            "unknown format \"onnx\"; there are caffemodel, hdf5, npz, safetensors, prototxt and binaryproto"
        );
    }
}
