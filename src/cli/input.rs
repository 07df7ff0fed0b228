//! What a command reads: a file, or standard input.

use std::path::{Path, PathBuf};

use super::target::STANDARD;
use crate::formats::{self, StoredNet};
use crate::net::{ReadOptions, load};

/// An input, read to its end.
pub(super) struct Input {
    /// What messages call it.
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    /// The folder that relative paths in it start from.
    pub(super) folder: PathBuf,
}

impl Input {
    /// Reads the file at `path`, or standard input where that is `-`.
    pub(super) fn read(path: &Path) -> crate::Result<Input> {
        let name = display_name(path);
        if is_standard(path) {
            let bytes = load::read_all(&name, std::io::stdin().lock())?;
            return Ok(Input { name, bytes, folder: PathBuf::new() });
        }
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        Ok(Input { name, bytes: load::read_file(path)?, folder })
    }
}

/// Opens the weights at `path`, or those that come from standard input.
pub(super) fn open_weights(path: &Path, options: &ReadOptions) -> crate::Result<StoredNet> {
    if !is_standard(path) {
        return formats::open_with(path, options);
    }
    let Input { name, bytes, .. } = Input::read(path)?;
    formats::from_bytes_with(&name, bytes, options)
}

/// What messages call the input at `path`.
pub(super) fn display_name(path: &Path) -> String {
    if is_standard(path) { "standard input".to_owned() } else { path.display().to_string() }
}

/// Whether the path stands for standard input or output.
pub(super) fn is_standard(path: &Path) -> bool {
    path.as_os_str() == STANDARD
}
