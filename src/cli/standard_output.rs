//! Printing results.

use std::io::{self, ErrorKind, Write};

use serde::Serialize;

use crate::Error;

/// Prints to standard output; a reader that has seen enough is no failure.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    Ok(written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))?)
}

/// What became of writing to standard output; a reader that has seen enough is no failure.
pub(super) fn written<T>(result: io::Result<T>) -> crate::Result<()> {
    match result {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Error::io("cannot write", "standard output", error)),
        _ => Ok(()),
    }
}

/// A result as JSON, the way every subcommand prints it.
pub(super) fn json(result: &impl Serialize) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(result)? + "\n")
}
