//! Files of the older formats, brought to the current one.

use std::io::{self, Write};
use std::path::Path;

use prost::Message;

use super::{blobs, nearly, solver, upgrade_in_place};
use crate::dialect::Dialect;
use crate::error::Result;
use crate::net::load::{self, DecodedFile};
use crate::net::{FileKind, ReadOptions};
use crate::proto::caffe::{NetParameter, SolverParameter};
use crate::proto::schema::MessageType;
use crate::proto::{Encoding, binary, gate, text};

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
    /// The dialect that it is written in.
    pub dialect: &'static Dialect,
    /// How the dialect was told, if it is not BVLC's and was not given.
    pub notice: Option<String>,
    content: UpgradedContent,
    /// The bytes of a file that is current.
    unchanged: Option<Vec<u8>>,
}

#[derive(Debug, Clone)]
enum UpgradedContent {
    Net(Box<NetParameter>),
    Solver(Box<SolverParameter>),
}

impl UpgradedFile {
    /// Reads and upgrades a file, text or binary; `kind` says what it describes where its content may not tell.
    ///
    /// # Errors
    /// The file cannot be read or does not parse, or cannot be brought to the current format.
    pub fn read(path: impl AsRef<Path>, kind: Option<FileKind>) -> Result<UpgradedFile> {
        let path = path.as_ref();
        UpgradedFile::from_bytes(&path.display().to_string(), load::read_file(path)?, kind)
    }

    /// Upgrades a file in memory; `name` is what errors call it.
    ///
    /// # Errors
    /// The bytes do not parse, or cannot be brought to the current format.
    pub fn from_bytes(name: &str, bytes: Vec<u8>, kind: Option<FileKind>) -> Result<UpgradedFile> {
        UpgradedFile::from_bytes_with(name, bytes, kind, &ReadOptions::default())
    }

    /// As [`UpgradedFile::from_bytes`], with options.
    ///
    /// # Errors
    /// Those of [`UpgradedFile::from_bytes`].
    pub fn from_bytes_with(
        name: &str,
        bytes: Vec<u8>,
        kind: Option<FileKind>,
        options: &ReadOptions,
    ) -> Result<UpgradedFile> {
        let (content, changes, dialect, notice) = match kind.unwrap_or_else(|| FileKind::of(&bytes)) {
            FileKind::Net => {
                let (decoded, mut changes) = nearly::decode(name, &bytes, FileKind::Net, options)?;
                let DecodedFile { message: mut net, locator, dialect, notice } = decoded;
                changes.extend(upgrade_in_place(&mut net, dialect, &locator)?);
                // Blobs in a text are those of a definition, of whose sizes Caffe makes four axes.
                if Encoding::of(&bytes) == Encoding::Binary {
                    changes.extend(blobs::upgrade(&mut net.layer, dialect.current()));
                }
                (UpgradedContent::Net(Box::new(net)), changes, dialect.current(), notice)
            }
            FileKind::Solver => {
                let (decoded, mut changes) = nearly::decode(name, &bytes, FileKind::Solver, options)?;
                let DecodedFile { message: mut solver, locator, dialect, notice } = decoded;
                changes.extend(solver::upgrade(&mut solver, dialect, &locator)?);
                (UpgradedContent::Solver(Box::new(solver)), changes, dialect, notice)
            }
        };
        let encoding = Encoding::of(&bytes);
        let unchanged = changes.is_empty().then_some(bytes);
        Ok(UpgradedFile { changes, encoding, dialect, notice, content, unchanged })
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
            UpgradedContent::Net(net) => write_net(*net, self.dialect, encoding, out),
            UpgradedContent::Solver(solver) => {
                write_part(&solver.encode_to_vec(), FileKind::Solver.message_of(self.dialect), encoding, out)
            }
        }
    }
}

/// Writes a net layer by layer, so that its weights are not in memory twice.
fn write_net<W: Write>(mut net: NetParameter, dialect: &Dialect, encoding: Encoding, out: &mut W) -> io::Result<()> {
    let message = FileKind::Net.message_of(dialect);
    let layers = std::mem::take(&mut net.layer);
    write_part(&net.encode_to_vec(), message, encoding, out)?;
    for layer in layers {
        let mut bytes = Vec::new();
        prost::encoding::message::encode(NET_LAYER, &layer, &mut bytes);
        drop(layer);
        write_part(&bytes, message, encoding, out)?;
    }
    Ok(())
}

/// Writes fields of a message.
fn write_part<W: Write>(fields: &[u8], message: MessageType, encoding: Encoding, out: &mut W) -> io::Result<()> {
    let fields = gate::unfolded(fields, message);
    match encoding {
        Encoding::Text => text::write(out, message, &fields),
        Encoding::Binary if message.schema().is_caffe() => out.write_all(&fields),
        Encoding::Binary => binary::write(out, message, &fields),
    }
}
