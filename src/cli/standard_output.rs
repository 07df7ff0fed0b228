//! Printing results.

use std::io::{ErrorKind, Write};

use crate::Error;

/// Prints to standard output; a reader that has seen enough is no failure.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::io("cannot write", "standard output", error).into())
        }
        _ => Ok(()),
    }
}
