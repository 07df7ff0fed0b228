//! Texts that only nearly are nets or solvers, where what is meant is certain.

use prost::Message;

use crate::error::Result;
use crate::net::load::{self, DecodedFile};
use crate::net::{FileKind, ReadOptions};
use crate::proto::sniff;
use crate::proto::text::{self, OtherName};

/// Fields that trees which are no dialects here have under names of their own.
const NAMES: &[OtherName] = &[
    // DeepLab's first trees, of the time before Caffe had dilation.
    OtherName { message: "ConvolutionParameter", names: &["hole"], meant: "dilation" },
    OtherName { message: "ConvolutionParameter", names: &["hole_h", "hole_w"], meant: "dilation" },
];

/// Decodes a file, a text that does not parse as it is meant; also says what was done to it, in a line each.
///
/// # Errors
/// The file does not parse, and what is meant is not certain: the error is that of the file as it is.
pub(super) fn decode<M: Message + Default>(
    name: &str,
    bytes: &[u8],
    kind: FileKind,
    options: &ReadOptions,
) -> Result<(DecodedFile<M>, Vec<String>)> {
    let error = match load::decode(name, bytes, kind, options) {
        Ok(decoded) => return Ok((decoded, Vec::new())),
        Err(error) => error,
    };
    let is_short = bytes.len() as u64 <= options.limits.text_bytes;
    let mended = (is_short && sniff::is_text(bytes)).then(|| text::mended(bytes, kind.message(), NAMES)).flatten();
    let Some((mended, changes)) = mended else { return Err(error) };
    match load::decode(name, &mended, kind, options) {
        Ok(decoded) => Ok((decoded, changes)),
        Err(_) => Err(error),
    }
}
