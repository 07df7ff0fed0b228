//! Files that appear complete or not at all.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::error::{Error, Result};

/// A file that takes its name only when it is complete ([`AtomicFile::commit`]); dropped before, it leaves nothing.
///
/// The bytes go to a temporary file in the same folder, which is then renamed.
#[derive(Debug)]
pub struct AtomicFile {
    file: NamedTempFile,
    path: PathBuf,
    replace: bool,
}

impl AtomicFile {
    /// Prepares to write `path`; `replace` allows a file of that name to be replaced.
    ///
    /// A symbolic link is followed: the file it points to is replaced.
    ///
    /// # Errors
    /// The file exists and may not be replaced, is not a regular file, or its folder cannot be written.
    pub fn create(path: impl AsRef<Path>, replace: bool) -> Result<AtomicFile> {
        let path = path.as_ref();
        let target = match fs::metadata(path) {
            Ok(found) if found.is_dir() => {
                return Err(Error::Request(format!("{}: is a folder; name a file in it", path.display())));
            }
            Ok(found) if !found.is_file() => {
                return Err(Error::Request(format!("{}: is not a regular file", path.display())));
            }
            Ok(_) if !replace => return Err(exists(path)),
            Ok(_) => fs::canonicalize(path).map_err(|source| Error::io("cannot write", path, source))?,
            Err(_) => path.to_owned(),
        };
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut builder = Builder::new();
        builder.prefix(".caffemodel-").permissions(Permissions::from_mode(0o666));
        let file = builder.tempfile_in(folder).map_err(|source| Error::io("cannot write", path, source))?;
        Ok(AtomicFile { file, path: target, replace })
    }

    /// The file under its temporary name.
    pub fn file(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Gives the complete file its name.
    ///
    /// # Errors
    /// The file has meanwhile come to exist, or cannot be renamed.
    pub fn commit(self) -> Result<()> {
        let AtomicFile { file, path, replace } = self;
        let result = if replace { file.persist(&path) } else { file.persist_noclobber(&path) };
        match result {
            Ok(_) => Ok(()),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(exists(&path)),
            Err(error) => Err(Error::io("cannot write", path, error.error)),
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn exists(path: &Path) -> Error {
    Error::Request(format!("{}: exists already; --force replaces it", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_on_commit_only_and_replaces_on_request_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net.caffemodel");
        let write = |replace, bytes: &[u8]| {
            let mut file = AtomicFile::create(&path, replace)?;
            file.write_all(bytes).unwrap();
            file.commit()
        };
        let mut dropped = AtomicFile::create(&path, false).unwrap();
        dropped.write_all(b"half").unwrap();
        drop(dropped);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        write(false, b"one").unwrap();
        let error = write(false, b"two").unwrap_err().to_string();
        assert_eq!(error, format!("{}: exists already; --force replaces it", path.display()));
        write(true, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
