//! Where a result goes: a file that appears complete or not at all, standard output, a pipe, or nowhere.

use std::fs::File;
use std::io::{self, IsTerminal, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::bail;

use super::{interrupt, print};
use crate::Error;
use crate::file::{self, AtomicFile};

/// The name that stands for standard input and output.
pub(super) const STANDARD: &str = "-";

/// Names that systems have for standard output.
const STANDARD_OUTPUTS: [&str; 3] = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/// What messages call the output at `path`.
pub(super) fn display_name(path: &Path) -> String {
    if path.as_os_str() == STANDARD { "standard output".to_owned() } else { path.display().to_string() }
}

/// Whether the path names standard output.
pub(super) fn is_standard_output(path: &Path) -> bool {
    path.as_os_str() == STANDARD || STANDARD_OUTPUTS.iter().any(|name| path == Path::new(name))
}

/// An output that is complete once it is [committed](Target::commit), and leaves nothing if it never is.
pub(super) enum Target {
    /// The file of this name.
    File(AtomicFile),
    /// The null device, to which the bytes go as they come.
    Nowhere(File),
    /// Something that only takes bytes in their order; they wait in a temporary file.
    Stream { waiting: File, to: ByteStream },
}

/// What takes bytes in their order.
pub(super) enum ByteStream {
    StandardOutput,
    /// A pipe or another device.
    Device(File, PathBuf),
}

impl Target {
    /// Prepares to write the file at `path`, or to standard output where that is `-`.
    pub(super) fn create(path: &Path, replace: bool) -> anyhow::Result<Target> {
        if is_standard_output(path) {
            if io::stdout().is_terminal() {
                bail!("standard output is a terminal: redirect it, or name a file");
            }
            if leads_nowhere(&io::stdout()) {
                bail!("standard output is closed: redirect it, or name a file");
            }
            return Target::stream(ByteStream::StandardOutput);
        }
        if is_device(path) {
            return Target::device(path);
        }
        let file = AtomicFile::create(path, replace)?;
        if let Some(temporary) = file.temporary_path() {
            interrupt::removes(temporary);
        }
        Ok(Target::File(file))
    }

    fn device(path: &Path) -> anyhow::Result<Target> {
        let opened = File::options().write(true).open(path);
        let device = opened.map_err(|source| Error::io("cannot write", path, source))?;
        if device.is_terminal() {
            bail!("{}: is a terminal; name a file", path.display());
        }
        if is_null(&device) {
            return Ok(Target::Nowhere(device));
        }
        Target::stream(ByteStream::Device(device, path.to_owned()))
    }

    fn stream(to: ByteStream) -> anyhow::Result<Target> {
        let waiting = tempfile::tempfile();
        let waiting = waiting.map_err(|source| Error::io("cannot write", std::env::temp_dir(), source))?;
        Ok(Target::Stream { waiting, to })
    }

    /// The file to write the result to.
    pub(super) fn file(&mut self) -> TargetFile<'_> {
        match self {
            Target::File(file) => TargetFile::new(file.file(), true),
            Target::Stream { waiting, .. } => TargetFile::new(waiting, true),
            Target::Nowhere(device) => TargetFile::new(device, false),
        }
    }

    /// Hands the complete result over.
    pub(super) fn commit(self) -> crate::Result<()> {
        let (mut waiting, to) = match self {
            Target::File(file) => return file.commit(),
            Target::Nowhere(_) => return Ok(()),
            Target::Stream { waiting, to } => (waiting, to),
        };
        waiting.rewind().map_err(|source| Error::io("cannot read", std::env::temp_dir(), source))?;
        match to {
            ByteStream::StandardOutput => print::file(&mut waiting),
            ByteStream::Device(mut device, path) => {
                let copied = io::copy(&mut waiting, &mut device).and_then(|_| device.flush());
                copied.map_err(|source| Error::io("cannot write", path, source))
            }
        }
    }
}

/// The file of a target while it is written: it knows its length, which a device does not.
pub(super) struct TargetFile<'a> {
    file: &'a mut File,
    /// Whether the file can be written at any place; the null device takes all places for one.
    seeks: bool,
    position: u64,
    length: u64,
}

impl<'a> TargetFile<'a> {
    fn new(file: &'a mut File, seeks: bool) -> TargetFile<'a> {
        TargetFile { file, seeks, position: 0, length: 0 }
    }

    /// Has space set aside for so many bytes, as [`file::reserve`] does.
    pub(super) fn reserve(&self, bytes: u64) -> io::Result<()> {
        file::reserve(self.file, bytes)
    }

    /// How many bytes have been written.
    pub(super) fn length(&self) -> u64 {
        self.length
    }
}

impl Write for TargetFile<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.position += written as u64;
        self.length = self.length.max(self.position);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for TargetFile<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
            SeekFrom::End(offset) => self.length.checked_add_signed(offset),
        };
        let place = place.ok_or(io::ErrorKind::InvalidInput)?;
        self.position = if self.seeks { self.file.seek(SeekFrom::Start(place))? } else { place };
        Ok(place)
    }
}

/// Whether the path names a pipe or a character device.
#[cfg(unix)]
pub(super) fn is_device(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;

    let kind = std::fs::metadata(path).map(|found| found.file_type());
    kind.is_ok_and(|kind| kind.is_fifo() || kind.is_char_device())
}

#[cfg(not(unix))]
pub(super) fn is_device(_: &Path) -> bool {
    false
}

/// Whether the file is the null device.
#[cfg(unix)]
fn is_null(file: &impl std::os::fd::AsFd) -> bool {
    use rustix::fs::{fstat, stat};

    let null = |found: rustix::fs::Stat| {
        stat("/dev/null").is_ok_and(|null| (null.st_dev, null.st_ino) == (found.st_dev, found.st_ino))
    };
    fstat(file).is_ok_and(null)
}

#[cfg(not(unix))]
fn is_null(_: &File) -> bool {
    false
}

/// Whether the stream was closed when the process started. The runtime then opens /dev/null in its place, for reading
/// and writing; a shell opens it for writing only.
#[cfg(unix)]
fn leads_nowhere(stream: &impl std::os::fd::AsFd) -> bool {
    use rustix::fs::{OFlags, fcntl_getfl};

    fcntl_getfl(stream).is_ok_and(|flags| flags.contains(OFlags::RDWR)) && is_null(stream)
}

#[cfg(not(unix))]
fn leads_nowhere(_: &io::Stdout) -> bool {
    false
}
