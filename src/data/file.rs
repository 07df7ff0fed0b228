//! What paths lead to.

use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::path::Path;

use super::SourceError;

/// Checks that a file can be opened.
///
/// # Errors
/// It is not there, may not be read, or is a folder.
pub(crate) fn check_readable(path: &Path) -> Result<(), SourceError> {
    look_at(path)?;
    File::open(path).map(drop).map_err(|error| SourceError::io(path, error))
}

/// What kind of thing a path leads to.
///
/// # Errors
/// It is not there, or is a folder.
pub(super) fn look_at(path: &Path) -> Result<Metadata, SourceError> {
    let metadata = path.metadata().map_err(|error| SourceError::io(path, error))?;
    if metadata.is_dir() {
        return Err(SourceError::whole(path, "is a folder where a file is expected"));
    }
    Ok(metadata)
}

/// Bytes of a file as a part of a path, or `None` where the system has no such paths.
pub(super) fn os_string(bytes: &[u8]) -> Option<OsString> {
    #[cfg(unix)]
    return Some(std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec()));
    #[cfg(not(unix))]
    return String::from_utf8(bytes.to_vec()).ok().map(OsString::from);
}
