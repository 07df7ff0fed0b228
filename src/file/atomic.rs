//! Files that appear complete or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::error::{Error, Result};
use crate::setting::{Advice, Setting};

/// The permissions of a new file, less those that the user's mask takes away.
#[cfg(target_os = "linux")]
const MODE: u32 = 0o666;

/// What temporary names start with.
const PREFIX: &str = ".caffemodel-";

/// A file that takes its name only when it is complete ([`AtomicFile::commit`]); dropped before, it leaves nothing.
///
/// On Linux the bytes go to a file without a name in the same folder, which vanishes with the process however that
/// ends. Where the file system has no such files, they go to one of a [temporary name](AtomicFile::temporary_path).
#[derive(Debug)]
pub struct AtomicFile {
    file: Temporary,
    path: PathBuf,
    replace: bool,
}

#[derive(Debug)]
enum Temporary {
    Unnamed(File),
    Named(NamedTempFile),
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
        let cannot_write = |source| Error::io("cannot write", path, source);
        let target = match fs::metadata(path) {
            Ok(found) if found.is_dir() => {
                return Err(Error::Request(format!("{}: is a folder; name a file in it", path.display())));
            }
            Ok(found) if !found.is_file() => {
                let before = format!("{}: is not a regular file; ", path.display());
                return Err(Error::Setting(Advice::naming(
                    before,
                    Setting::StandardOutput,
                    " stands for standard output",
                )));
            }
            Ok(_) if !replace => return Err(exists(path)),
            Ok(_) => fs::canonicalize(path).map_err(cannot_write)?,
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(cannot_write(error)),
            Err(_) if names_folder(path) => {
                return Err(Error::Request(format!("{}: there is no such folder; name a file", path.display())));
            }
            Err(_) => path.to_owned(),
        };
        let folder = folder(&target);
        if !folder.exists() {
            return Err(Error::Request(format!("{}: there is no folder {}", path.display(), folder.display())));
        }
        let file = Temporary::create_in(folder).map_err(cannot_write)?;
        Ok(AtomicFile { file, path: target, replace })
    }

    /// The file, open for writing.
    pub fn file(&mut self) -> &mut File {
        match &mut self.file {
            Temporary::Unnamed(file) => file,
            Temporary::Named(file) => file.as_file_mut(),
        }
    }

    /// The name that the incomplete file has meanwhile, if it has one: what a killed process would leave behind.
    pub fn temporary_path(&self) -> Option<&Path> {
        match &self.file {
            Temporary::Unnamed(_) => None,
            Temporary::Named(file) => Some(file.path()),
        }
    }

    /// Gives the complete file its name.
    ///
    /// # Errors
    /// The file has meanwhile come to exist, or cannot be renamed.
    pub fn commit(self) -> Result<()> {
        let AtomicFile { file, path, replace } = self;
        let result = match file {
            Temporary::Unnamed(file) => unnamed::persist(&file, &path, replace),
            Temporary::Named(file) => persist(file, &path, replace),
        };
        match result {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(exists(&path)),
            result => result.map_err(|error| Error::io("cannot write", &path, error)),
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
    }
}

impl Temporary {
    fn create_in(folder: &Path) -> io::Result<Temporary> {
        if let Ok(file) = unnamed::create_in(folder) {
            return Ok(Temporary::Unnamed(file));
        }
        // Made by hand, as errors of `tempfile_in` name a file that the user has never heard of.
        let create = |path: &Path| File::options().read(true).write(true).create_new(true).open(path);
        Ok(Temporary::Named(Builder::new().prefix(PREFIX).make_in(folder, create)?))
    }
}

fn persist(file: NamedTempFile<impl Sized>, path: &Path, replace: bool) -> io::Result<()> {
    let result = if replace { file.persist(path) } else { file.persist_noclobber(path) };
    result.map(drop).map_err(|error| error.error)
}

/// Whether a path ends as only those of folders do.
fn names_folder(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().last().is_some_and(|&last| std::path::is_separator(last.into()))
}

/// The folder that a path is in.
pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn exists(path: &Path) -> Error {
    let before = format!("{}: already exists; ", path.display());
    Error::Setting(Advice::naming(before, Setting::Replace, " replaces it"))
}

/// Files without a name, which Linux can give one later.
#[cfg(target_os = "linux")]
mod unnamed {
    use std::fs::File;
    use std::io;
    use std::os::fd::AsRawFd;
    use std::path::{Path, PathBuf};

    use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, open};
    use tempfile::Builder;

    /// Fails where the file system has no such files, or where they could not be named later.
    pub(super) fn create_in(folder: &Path) -> io::Result<File> {
        let file = File::from(open(
            folder,
            OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC,
            Mode::from_raw_mode(super::MODE),
        )?);
        open_file_path(&file).symlink_metadata()?;
        Ok(file)
    }

    pub(super) fn persist(file: &File, path: &Path, replace: bool) -> io::Result<()> {
        if !replace {
            return link(file, path);
        }
        // A link cannot replace a file, a rename can.
        let linked = Builder::new().prefix(super::PREFIX).make_in(super::folder(path), |name| link(file, name));
        super::persist(linked?, path, replace)
    }

    fn link(file: &File, path: &Path) -> io::Result<()> {
        Ok(linkat(CWD, open_file_path(file), CWD, path, AtFlags::SYMLINK_FOLLOW)?)
    }

    fn open_file_path(file: &File) -> PathBuf {
        format!("/proc/self/fd/{}", file.as_raw_fd()).into()
    }
}

#[cfg(not(target_os = "linux"))]
mod unnamed {
    use std::fs::File;
    use std::io;
    use std::path::Path;

    pub(super) fn create_in(_: &Path) -> io::Result<File> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn persist(_: &File, _: &Path, _: bool) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both kinds of temporary files for a name in a folder.
    fn both_kinds(path: &Path, replace: bool) -> [AtomicFile; 2] {
        let named = Builder::new().prefix(PREFIX).tempfile_in(folder(path)).unwrap();
        let named = AtomicFile { file: Temporary::Named(named), path: path.to_owned(), replace };
        [AtomicFile::create(path, replace).unwrap(), named]
    }

    #[test]
    fn a_file_appears_on_commit_only_and_replaces_on_request_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net.caffemodel");
        let exists = format!("{}: already exists; AtomicFile::create with replace replaces it", path.display());
        for kind in 0..2 {
            let open = |replace| both_kinds(&path, replace).into_iter().nth(kind).unwrap();
            let commit = |mut file: AtomicFile, bytes: &[u8]| {
                file.write_all(bytes).unwrap();
                file.commit().map_err(|error| error.to_string())
            };
            let mut dropped = open(false);
            dropped.write_all(b"half").unwrap();
            drop(dropped);
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
            let late = open(false);
            assert_eq!(commit(open(false), b"one"), Ok(()));
            assert_eq!(commit(late, b"late"), Err(exists.clone()));
            assert_eq!(AtomicFile::create(&path, false).unwrap_err().to_string(), exists);
            assert_eq!(fs::read(&path).unwrap(), b"one");
            assert_eq!(commit(open(true), b"two"), Ok(()));
            assert_eq!(fs::read(&path).unwrap(), b"two");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_name_that_cannot_be_that_of_a_file_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let refused = |name: &str| {
            let path = folder.path().join(name);
            let error = AtomicFile::create(&path, true).unwrap_err().to_string();
            error.strip_prefix(&format!("{}: ", path.display())).unwrap().to_owned()
        };
        assert_eq!(refused("new/"), "there is no such folder; name a file");
        assert_eq!(refused("file/net"), "cannot write: Not a directory (os error 20)");
        assert_eq!(refused(&"n".repeat(300)), "cannot write: File name too long (os error 36)");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_folder_that_takes_no_file_is_told_by_the_name_of_the_file() {
        let error = AtomicFile::create("/proc/net.caffemodel", false).unwrap_err();
        assert_eq!(error.to_string(), "/proc/net.caffemodel: cannot write: No such file or directory (os error 2)");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn an_incomplete_file_has_no_name_where_the_system_can() {
        let folder = tempfile::tempdir().unwrap();
        let file = AtomicFile::create(folder.path().join("net"), false).unwrap();
        assert_eq!(file.temporary_path().is_none(), unnamed::create_in(folder.path()).is_ok());
    }
}
