//! The from_file filler: the values of a blob in a file.
//!
//! x = the values of blob `blob` of layer `layer` in the file `path`
//!
//! The file is one of weights ([`formats::open`](crate::formats::open) tells the format: .caffemodel, .h5, .npz,
//! .safetensors, .binaryproto) or a .npy array. `blob` is 0 unless given; `layer` is not needed where only one layer
//! of the file has blobs, as in a .npy or .binaryproto. The blob's shape must be the one to fill. It draws nothing.
//!
//! The values are read when they are needed, a piece at a time.

use std::fmt;
use std::io;

use super::pieces::PIECE;
use super::{Filler, FillerType, Sink, count, refuse_sparse};
use crate::Shape;
use crate::error::{AtField, Refusal};
use crate::formats::{self, StoredBlob, StoredLayer, StoredNet};
use crate::proto::caffe::FillerParameter;
use crate::proto::text::closest;
use crate::random::Generator;

const NAME: &str = "from_file";

pub(super) const TYPE: FillerType = FillerType::new(
    NAME,
    "Takes the values of a blob from a file, .npy or weights",
    "x = the values of blob `blob` of layer `layer` in the file `path`",
    |param, shape| Ok(Box::new(FromFile::new(param, shape)?)),
)
.fields(&["path", "layer", "blob"])
.extension();

/// Takes the values of a blob in a file.
pub struct FromFile {
    path: String,
    blob: StoredBlob,
}

impl FromFile {
    /// The filler for a blob of the given shape. A relative `path` starts from the current folder; where a net gives
    /// it, the plan looks in the net's folder too.
    ///
    /// # Errors
    /// - There is no `path`, or the file cannot be read.
    /// - It has no such layer or blob, or `layer` is not given and several layers have blobs.
    /// - The blob in the file has another shape.
    /// - The blob to fill is empty, or `sparse` is given.
    pub fn new(param: &FillerParameter, shape: &Shape) -> Result<FromFile, Refusal> {
        refuse_sparse(NAME, param)?;
        count(NAME, shape)?;
        let path = param.path();
        if path.is_empty() {
            return Err(Refusal::at("path", format!("the {NAME} filler needs a path")));
        }
        let net = formats::open(path).at("path")?;
        let layer = layer(&net, param, path)?;
        let index = param.blob() as usize;
        let Some(blob) = layer.blobs.iter().find(|blob| blob.index == index) else {
            let known: Vec<String> = layer.blobs.iter().map(|blob| blob.index.to_string()).collect();
            return Err(Refusal::at("blob", format!("layer {:?} of {path} has no blob {index}", layer.name))
                .help(format!("it has the blobs {}", known.join(", "))));
        };
        if blob.aligned(shape).as_deref() != Some(shape.dims()) {
            let message = format!("the blob in {path} has the shape {}, the one to fill has {shape}", blob.shape);
            return Err(Refusal::new(message));
        }
        Ok(FromFile { path: path.to_owned(), blob: blob.clone() })
    }
}

impl fmt::Debug for FromFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromFile").field("path", &self.path).field("blob", &self.blob).finish()
    }
}

/// The layer that is asked for, or the only one with blobs.
fn layer<'a>(net: &'a StoredNet, param: &FillerParameter, path: &str) -> Result<&'a StoredLayer, Refusal> {
    let mut with_blobs = net.layers.iter().filter(|layer| !layer.blobs.is_empty());
    if let Some(name) = &param.layer {
        let names = with_blobs.clone().map(|layer| layer.name.as_str());
        return with_blobs.find(|layer| layer.name == *name).ok_or_else(|| {
            let refusal = Refusal::at("layer", format!("{path} has no layer {name:?} with blobs"));
            match closest(name, names) {
                Some(near) => refusal.help(format!("did you mean {near:?}?")),
                None => refusal,
            }
        });
    }
    match (with_blobs.next(), with_blobs.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(Refusal::at("path", format!("{path} has no blobs"))),
        (Some(_), Some(_)) => {
            Err(Refusal::at("path", format!("{path} has several layers with blobs")).help("name one with layer"))
        }
    }
}

impl Filler for FromFile {
    fn fill(&self, _: &mut dyn Generator, sink: &mut dyn Sink) -> io::Result<()> {
        let count = self.blob.shape.count();
        let mut piece = vec![0.0; PIECE.min(count)];
        for offset in (0..count).step_by(PIECE) {
            let piece = &mut piece[..PIECE.min(count - offset)];
            self.blob.values.read(offset, piece)?;
            sink.write(piece)?;
        }
        Ok(())
    }

    fn discard(&self, _: &mut dyn Generator) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::filler::stub::{Stub, values};

    const NPY: &[u8] =
        b"\x93NUMPY\x01\x00\x3a\x00{'descr': '<f2', 'fortran_order': False, 'shape': (2, 1)}\n\x00\x3c\x00\xc0";

    /// A folder with `a.npy` of shape (2, 1), and `n.safetensors` of layer `ip` with a blob of shape (2).
    fn folder() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.npy"), NPY).unwrap();
        let header = r#"{"ip.0":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},
                         "ip.2":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}"#;
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend([1.5f32, -2.5, 3.5, 4.5].iter().flat_map(|value| value.to_le_bytes()));
        std::fs::write(folder.path().join("n.safetensors"), bytes).unwrap();
        folder
    }

    fn build(folder: &TempDir, name: &str, layer: Option<&str>, blob: u32, dims: &[i32]) -> Result<FromFile, Refusal> {
        let path = Some(folder.path().join(name).display().to_string());
        let param = FillerParameter { path, layer: layer.map(str::to_owned), blob: Some(blob), ..Default::default() };
        FromFile::new(&param, &Shape::new(dims).unwrap())
    }

    fn made(filler: &FromFile) -> Vec<f32> {
        let mut rng = Stub::new(0);
        let values = values(filler, &mut rng);
        assert_eq!(rng.calls, []);
        values
    }

    #[test]
    fn values_are_those_of_the_file() {
        let folder = folder();
        assert_eq!(made(&build(&folder, "a.npy", None, 0, &[2, 1]).unwrap()), [1.0, -2.0]);
        assert_eq!(made(&build(&folder, "n.safetensors", None, 0, &[2]).unwrap()), [1.5, -2.5]);
        assert_eq!(made(&build(&folder, "n.safetensors", Some("ip"), 2, &[2]).unwrap()), [3.5, 4.5]);
    }

    #[test]
    fn what_is_not_there_is_refused() {
        let folder = folder();
        let refused = |name, layer, blob, dims: &[i32]| {
            let refusal = build(&folder, name, layer, blob, dims).unwrap_err();
            let text = refusal.message + &refusal.help.map(|help| format!(" ({help})")).unwrap_or_default();
            (refusal.field, text.replace(&format!("{}/", folder.path().display()), ""))
        };
        let message = "the blob in a.npy has the shape (2, 1), the one to fill has (1, 2)";
        assert_eq!(refused("a.npy", None, 0, &[1, 2]), ("", message.into()));
        let message = "layer \"ip\" of n.safetensors has no blob 1 (it has the blobs 0, 2)";
        assert_eq!(refused("n.safetensors", None, 1, &[2]), ("blob", message.into()));
        let message = "n.safetensors has no layer \"ip1\" with blobs (did you mean \"ip\"?)";
        assert_eq!(refused("n.safetensors", Some("ip1"), 0, &[2]), ("layer", message.into()));
        let message = "b.npy: cannot read: No such file or directory (os error 2)";
        assert_eq!(refused("b.npy", None, 0, &[2]), ("path", message.into()));
        let none = FromFile::new(&FillerParameter::default(), &Shape::scalar()).unwrap_err();
        assert_eq!((none.field, none.message.as_str()), ("path", "the from_file filler needs a path"));
    }
}
