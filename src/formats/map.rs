//! A file's bytes, mapped into memory or held there; large pieces of values are read instead.

use std::fs::{self, File, FileType};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use caffemodel_numeric::number_type::Element;
use memmap2::Mmap;
use thiserror::Error;

use crate::error::{Diagnostic, Error, Result};
use crate::setting::Advice;

/// How many bytes may be read before the system is told that their pages are done with.
const RESIDENT_BYTES: usize = 16 << 20;

/// What the system reads at least.
const PAGE_BYTES: usize = 4096;

/// From this many bytes on the system copies them faster than it maps their pages.
#[cfg(unix)]
const READ_BYTES: usize = 16 << 10;

/// A file of weights: its name and its bytes.
#[derive(Debug)]
pub(crate) struct FileMap {
    path: PathBuf,
    content: Bytes,
    /// How many bytes have been read since pages were last given back.
    read: AtomicUsize,
}

#[derive(Debug)]
enum Bytes {
    Mapped {
        map: Mmap,
        #[cfg(unix)]
        file: File,
    },
    Held(Vec<u8>),
}

impl FileMap {
    /// Maps a file, which stays open as long as its map.
    ///
    /// # Errors
    /// It is missing, empty, not to be read, or no regular file.
    pub(crate) fn open(path: &Path) -> Result<Arc<FileMap>> {
        let metadata = fs::metadata(path).map_err(|source| cannot_read(path, source))?;
        if !metadata.is_file() {
            return Err(refusal(path, not_regular(metadata.file_type()), None));
        }
        let file = File::open(path).map_err(|source| cannot_read(path, source))?;
        if metadata.len() == 0 {
            return Err(empty(path));
        }
        // SAFETY: the bytes are only ever copied out; a file that others cut short while that is done is the one danger
        // left.
        let map = unsafe { Mmap::map(&file) }.map_err(|source| cannot_read(path, source))?;
        let content = Bytes::Mapped {
            map,
            #[cfg(unix)]
            file,
        };
        Ok(FileMap::new(path, content))
    }

    /// A file that has been read; `name` is what errors call it.
    ///
    /// # Errors
    /// It is empty.
    pub(crate) fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Arc<FileMap>> {
        if bytes.is_empty() {
            return Err(empty(Path::new(name)));
        }
        Ok(FileMap::held(name, bytes))
    }

    /// The bytes that stand for those of a file.
    pub(crate) fn held(name: &str, bytes: Vec<u8>) -> Arc<FileMap> {
        FileMap::new(Path::new(name), Bytes::Held(bytes))
    }

    fn new(path: &Path, content: Bytes) -> Arc<FileMap> {
        Arc::new(FileMap { path: path.to_owned(), content, read: AtomicUsize::new(0) })
    }

    /// Fills `out` with the bytes from `start` on.
    ///
    /// # Errors
    /// The file ends before, or cannot be read.
    pub(super) fn read(&self, start: usize, out: &mut [u8]) -> io::Result<()> {
        match &self.content {
            #[cfg(unix)]
            Bytes::Mapped { file, .. } if out.len() >= READ_BYTES => {
                let read = std::os::unix::fs::FileExt::read_exact_at(file, out, start as u64);
                read.map_err(|error| match error.kind() {
                    io::ErrorKind::UnexpectedEof => self.unreadable("it was cut short while it was read"),
                    kind => io::Error::new(kind, format!("{}: {error}", self.name())),
                })
            }
            _ => {
                let bytes = self.bytes().get(start..).and_then(|rest| rest.get(..out.len()));
                out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
                self.note_read(out.len());
                Ok(())
            }
        }
    }

    /// Fills `out` with the values that start every `stride` bytes, the first at `start`.
    ///
    /// # Errors
    /// As for [`FileMap::read`].
    pub(super) fn decode(&self, element: Element, start: usize, stride: usize, out: &mut [f32]) -> io::Result<()> {
        if out.is_empty() {
            return Ok(());
        }
        if stride == element.width()
            && let Some(out) = element.as_stored(out)
        {
            return self.read(start, out);
        }
        let needed = (out.len() - 1).checked_mul(stride).and_then(|last| last.checked_add(element.width()));
        let rest = self.bytes().get(start..).filter(|rest| needed.is_some_and(|needed| rest.len() >= needed));
        element.decode(rest.ok_or(io::ErrorKind::UnexpectedEof)?, stride, out);
        self.note_read(out.len() * stride);
        Ok(())
    }

    /// Notes that so many bytes have been copied out of the map, once. Pages are given back in time, so that the memory
    /// that the process is seen to use does not grow with the file.
    pub(super) fn note_read(&self, bytes: usize) {
        let bytes = bytes.max(PAGE_BYTES);
        if self.read.fetch_add(bytes, Ordering::Relaxed) + bytes > RESIDENT_BYTES {
            self.read.store(0, Ordering::Relaxed);
            self.give_back();
        }
    }

    #[cfg(unix)]
    fn give_back(&self) {
        let Bytes::Mapped { map, .. } = &self.content else { return };
        // SAFETY: the map is a shared one and only read, so that the same bytes come back when they are read again.
        // Should the system refuse, it keeps the pages.
        let _ = unsafe { map.unchecked_advise(memmap2::UncheckedAdvice::DontNeed) };
    }

    #[cfg(not(unix))]
    fn give_back(&self) {}

    /// The file's bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.content {
            Bytes::Mapped { map, .. } => map,
            Bytes::Held(bytes) => bytes,
        }
    }

    /// The file as the user named it.
    pub(crate) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// An error about the file's content; it says at which byte where that is known.
    #[cold]
    pub(crate) fn refuse(&self, message: impl AsRef<str>) -> Error {
        refusal(&self.path, message.as_ref(), None)
    }

    /// An error about the file's content, with what to do about it.
    #[cold]
    pub(crate) fn refuse_with(&self, message: impl AsRef<str>, help: impl Into<Advice>) -> Error {
        refusal(&self.path, message.as_ref(), Some(help.into()))
    }

    /// An error about the file's values, found while they are read.
    #[cold]
    pub(crate) fn unreadable(&self, message: impl AsRef<str>) -> io::Error {
        let error = Unreadable(format!("{}: {}", self.name(), message.as_ref()));
        io::Error::new(io::ErrorKind::InvalidData, error)
    }
}

impl AsRef<[u8]> for FileMap {
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

/// Damage that shows only when values are read: the error within the [`io::Error`] of
/// [`StoredValues::read`](super::StoredValues::read).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Unreadable(String);

impl From<Unreadable> for Error {
    fn from(Unreadable(message): Unreadable) -> Error {
        Diagnostic { message, location: None, help: None }.into()
    }
}

fn empty(path: &Path) -> Error {
    let help = "Caffe would take it for weights without layers; did its download or copy fail?";
    refusal(path, "the file is empty", Some(help.into()))
}

fn refusal(path: &Path, message: &str, help: Option<Advice>) -> Error {
    let message = format!("{}: {message}", path.display());
    Diagnostic { message, location: None, help }.into()
}

fn cannot_read(path: &Path, source: io::Error) -> Error {
    let dangling = source.kind() == io::ErrorKind::NotFound && path.is_symlink();
    let action = if dangling { "cannot read, the symbolic link is broken" } else { "cannot read" };
    Error::io(action, path, source)
}

fn not_regular(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a folder, not a weights file"
    } else {
        "not a regular file; weights are read in place, so save them to one first"
    }
}

#[cfg(test)]
mod tests {
    use caffemodel_numeric::number_type::NumberType;

    use super::*;

    /// The same bytes in a file and in memory.
    fn maps(bytes: &[u8]) -> (tempfile::TempPath, [Arc<FileMap>; 2]) {
        let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        fs::write(&path, bytes).unwrap();
        let maps = [FileMap::open(&path).unwrap(), FileMap::from_bytes("bytes", bytes.to_vec()).unwrap()];
        (path, maps)
    }

    #[test]
    fn values_of_a_file_and_of_memory_are_the_same() {
        let bytes: Vec<u8> =
            (0..5u8).flat_map(|number| [&[number][..], &f32::from(number).to_le_bytes()].concat()).collect();
        let (_path, maps) = maps(&bytes);
        for map in maps {
            let single = NumberType::F32.little();
            let mut apart = [0.0; 5];
            map.decode(single, 1, 5, &mut apart).unwrap();
            assert_eq!(apart, [0.0, 1.0, 2.0, 3.0, 4.0]);
            let mut one = [0.0];
            map.decode(single, 11, 4, &mut one).unwrap();
            assert_eq!(one, [2.0]);
            let ends = |start, stride, out: &mut [f32]| map.decode(single, start, stride, out).unwrap_err().kind();
            assert_eq!(ends(2, 5, &mut apart), io::ErrorKind::UnexpectedEof);
            assert_eq!(ends(22, 4, &mut one), io::ErrorKind::UnexpectedEof);
            assert_eq!(ends(100, 4, &mut one), io::ErrorKind::UnexpectedEof);
        }
    }

    #[test]
    fn no_values_are_found_anywhere() {
        let (_path, maps) = maps(&[0; 8]);
        for map in maps {
            for kind in [NumberType::F32, NumberType::F64] {
                map.decode(kind.little(), 8, kind.little().width(), &mut []).unwrap();
            }
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_file_that_is_cut_short_meanwhile_is_an_error() {
        let (path, [map, held]) = maps(&[1; 2 * READ_BYTES]);
        let read = |map: &FileMap, values: usize| {
            let mut out = vec![0.0; values];
            map.decode(NumberType::F32.little(), 0, 4, &mut out).map(|()| out)
        };
        assert_eq!(read(&map, READ_BYTES / 2).unwrap(), read(&held, READ_BYTES / 2).unwrap());
        File::options().write(true).open(&path).unwrap().set_len(READ_BYTES as u64).unwrap();
        let error = read(&map, READ_BYTES / 2).unwrap_err();
        assert_eq!(error.to_string(), format!("{}: it was cut short while it was read", path.display()));
    }
}
