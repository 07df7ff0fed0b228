//! Files of the older formats, brought to the current one.

use std::io::{self, Write};
use std::path::Path;

use prost::Message;
use prost::encoding::message;

use super::{solver, upgrade_in_place};
use crate::error::Result;
use crate::net::{Kind, load};
use crate::proto::caffe::{NetParameter, SolverParameter};
use crate::proto::{Encoding, text};

/// The number of `NetParameter`'s field `layer`, which is the last.
const NET_LAYER: u32 = 100;

/// A net or a solver in the current format, with all that its file holds: state, weights, settings.
///
/// ```
/// use caffemodel::net::UpgradedFile;
/// use caffemodel::proto::Encoding;
/// let old = b"layers { name: 'r' type: RELU bottom: 'x' top: 'x' }".to_vec();
/// let file = UpgradedFile::from_bytes("old.prototxt", old, None)?;
/// assert_eq!(file.changes, ["the net was upgraded from the V1 format"]);
/// let mut text = Vec::new();
/// file.write(Encoding::Text, &mut text).unwrap();
/// assert!(text.starts_with(b"layer {\n  name: \"r\"\n  type: \"ReLU\"\n"));
/// # Ok::<(), caffemodel::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct UpgradedFile {
    /// What was changed, in a line each; nothing if the file is current.
    pub changes: Vec<String>,
    /// How the file was encoded.
    pub encoding: Encoding,
    content: Content,
    /// The bytes of a file that is current.
    unchanged: Option<Vec<u8>>,
}

#[derive(Debug, Clone)]
enum Content {
    Net(NetParameter),
    Solver(Box<SolverParameter>),
}

impl UpgradedFile {
    /// Reads and upgrades a file, text or binary; `kind` says what it describes where its content may not tell.
    ///
    /// # Errors
    /// The file cannot be read or does not parse, or cannot be brought to the current format.
    pub fn read(path: impl AsRef<Path>, kind: Option<Kind>) -> Result<UpgradedFile> {
        let path = path.as_ref();
        UpgradedFile::from_bytes(&path.display().to_string(), load::read_file(path)?, kind)
    }

    /// Upgrades a file in memory; `name` is what errors call it.
    ///
    /// # Errors
    /// The bytes do not parse, or cannot be brought to the current format.
    pub fn from_bytes(name: &str, bytes: Vec<u8>, kind: Option<Kind>) -> Result<UpgradedFile> {
        let (content, changes) = match kind.unwrap_or_else(|| Kind::of(&bytes)) {
            Kind::Net => {
                let (mut net, locator) = load::decode(name, &bytes, Kind::Net)?;
                let changes = upgrade_in_place(&mut net, &locator)?;
                (Content::Net(net), changes)
            }
            Kind::Solver => {
                let (mut solver, locator) = load::decode(name, &bytes, Kind::Solver)?;
                let changes = solver::upgrade(&mut solver, &locator)?;
                (Content::Solver(Box::new(solver)), changes)
            }
        };
        let encoding = Encoding::of(&bytes);
        let unchanged = changes.is_empty().then_some(bytes);
        Ok(UpgradedFile { changes, encoding, content, unchanged })
    }

    /// Writes the file; one that is current keeps its bytes unless its encoding changes.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write<W: Write>(self, encoding: Encoding, out: &mut W) -> io::Result<()> {
        if let Some(bytes) = self.unchanged.filter(|_| encoding == self.encoding) {
            return out.write_all(&bytes);
        }
        match self.content {
            Content::Net(net) => write_net(net, encoding, out),
            Content::Solver(solver) => write_part(&solver.encode_to_vec(), Kind::Solver, encoding, out),
        }
    }
}

/// Writes a net layer by layer, so that its weights are not in memory twice.
fn write_net<W: Write>(mut net: NetParameter, encoding: Encoding, out: &mut W) -> io::Result<()> {
    let layers = std::mem::take(&mut net.layer);
    write_part(&net.encode_to_vec(), Kind::Net, encoding, out)?;
    for layer in layers {
        let mut bytes = Vec::new();
        message::encode(NET_LAYER, &layer, &mut bytes);
        drop(layer);
        write_part(&bytes, Kind::Net, encoding, out)?;
    }
    Ok(())
}

/// Writes fields of a message.
fn write_part<W: Write>(fields: &[u8], kind: Kind, encoding: Encoding, out: &mut W) -> io::Result<()> {
    match encoding {
        Encoding::Text => text::write(out, kind.message(), fields),
        Encoding::Binary => out.write_all(fields),
    }
}
