//! Space for a file whose length is known before it is written.

use std::fs::File;
use std::io;

/// Files below this length gain nothing.
const LARGE: u64 = 1 << 20;

/// Has the file system set aside space for an empty file of so many bytes, which makes writing them about a third
/// faster; where it cannot, and on other systems than Linux, nothing happens.
///
/// # Errors
/// There is not so much space, or a file must not be so large.
pub fn reserve(file: &File, bytes: u64) -> io::Result<()> {
    if bytes < LARGE {
        return Ok(());
    }
    set_aside(file, bytes)
}

#[cfg(target_os = "linux")]
fn set_aside(file: &File, bytes: u64) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::Errno;

    match fallocate(file, FallocateFlags::empty(), 0, bytes) {
        Err(error @ (Errno::NOSPC | Errno::DQUOT | Errno::FBIG)) => Err(error.into()),
        _ => Ok(()),
    }
}

/// Other systems are not asked.
#[cfg(not(target_os = "linux"))]
fn set_aside(_: &File, _: u64) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_large_files_are_given_space() {
        let length = |bytes| {
            let file = tempfile::tempfile().unwrap();
            reserve(&file, bytes).unwrap();
            file.metadata().unwrap().len()
        };
        assert_eq!(length(LARGE - 1), 0);
        // Some file systems cannot.
        assert!([0, LARGE].contains(&length(LARGE)));
    }

    #[test]
    fn too_little_space_is_an_error() {
        let file = tempfile::tempfile().unwrap();
        if reserve(&file, LARGE).is_ok() && file.metadata().unwrap().len() == LARGE {
            assert!(reserve(&file, 1 << 60).is_err());
        }
    }

    #[test]
    #[cfg(unix)]
    fn what_cannot_be_given_space_is_left_alone() {
        let null = File::options().write(true).open("/dev/null").unwrap();
        reserve(&null, LARGE).unwrap();
    }
}
