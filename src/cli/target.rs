//! Where a result goes: a file that appears complete or not at all, or standard output.

use std::fs::File;
use std::io::{self, IsTerminal, Seek};
use std::path::Path;

use anyhow::bail;

use super::{interrupt, print};
use crate::Error;
use crate::file::AtomicFile;

/// The name that stands for standard input and output.
pub(super) const STANDARD: &str = "-";

/// What messages call the output at `path`.
pub(super) fn display_name(path: &Path) -> String {
    if path.as_os_str() == STANDARD { "standard output".to_owned() } else { path.display().to_string() }
}

/// An output that is complete once it is [committed](Target::commit), and leaves nothing if it never is.
pub(super) enum Target {
    /// The file of this name.
    File(AtomicFile),
    /// Standard output; the bytes wait in a temporary file.
    StandardOutput(File),
}

impl Target {
    /// Prepares to write the file at `path`, or to standard output where that is `-`.
    pub(super) fn create(path: &Path, replace: bool) -> anyhow::Result<Target> {
        if path.as_os_str() == STANDARD {
            if io::stdout().is_terminal() {
                bail!("standard output is a terminal: redirect it, or name a file");
            }
            if leads_nowhere(&io::stdout()) {
                bail!("standard output is closed: redirect it, or name a file");
            }
            let waiting = tempfile::tempfile();
            let waiting = waiting.map_err(|source| Error::io("cannot write", std::env::temp_dir(), source))?;
            return Ok(Target::StandardOutput(waiting));
        }
        let file = AtomicFile::create(path, replace)?;
        if let Some(temporary) = file.temporary_path() {
            interrupt::removes(temporary);
        }
        Ok(Target::File(file))
    }

    /// The file to write the result to.
    pub(super) fn file(&mut self) -> &mut File {
        match self {
            Target::File(file) => file.file(),
            Target::StandardOutput(file) => file,
        }
    }

    /// Hands the complete result over.
    pub(super) fn commit(self) -> crate::Result<()> {
        match self {
            Target::File(file) => file.commit(),
            Target::StandardOutput(mut file) => {
                file.rewind().map_err(|source| Error::io("cannot read", std::env::temp_dir(), source))?;
                print::file(&mut file)
            }
        }
    }
}

/// Whether the stream was closed when the process started. The runtime then opens /dev/null in its place, for reading
/// and writing; a shell opens it for writing only.
#[cfg(unix)]
fn leads_nowhere(stream: &impl std::os::fd::AsFd) -> bool {
    use rustix::fs::{OFlags, fcntl_getfl, fstat};

    let null = |found: rustix::fs::Stat| {
        rustix::fs::stat("/dev/null").is_ok_and(|null| (null.st_dev, null.st_ino) == (found.st_dev, found.st_ino))
    };
    fcntl_getfl(stream).is_ok_and(|flags| flags.contains(OFlags::RDWR)) && fstat(stream).is_ok_and(null)
}

#[cfg(not(unix))]
fn leads_nowhere(_: &io::Stdout) -> bool {
    false
}
