//! The one place that prints. Nothing here panics: a message that standard error does not take is lost, and the work
//! goes on; a result that standard output does not take is an error, unless its reader has seen enough.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use serde::Serialize;

use super::FAILURE;
use crate::Error;

/// Prints a line to standard error.
pub(super) fn message(text: &str) {
    // Where it cannot be written there is nobody left to tell.
    let _ = io::stderr().lock().write_all(format!("{text}\n").as_bytes());
}

/// Prints a result to standard output; a reader that has seen enough is no failure.
pub(super) fn result(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    Ok(seen(out.write_all(text.as_bytes()).and_then(|()| out.flush()))?)
}

/// Writes the rest of a file to standard output, which must take all of it.
pub(super) fn file(file: &mut File) -> crate::Result<()> {
    let mut out = io::stdout().lock();
    // Without a buffer between them the system can copy the bytes.
    let copied = out.flush().and_then(|()| io::copy(file, &mut out)).and_then(|_| out.flush());
    copied.map_err(cannot_write)
}

/// Prints what clap has to say: help or the version to standard output, an error to standard error.
pub(super) fn usage(error: &clap::Error) -> ExitCode {
    let printed = error.print();
    if error.use_stderr() {
        return ExitCode::from(FAILURE);
    }
    match seen(printed.and_then(|()| io::stdout().flush())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            message(&format!("error: {error}"));
            ExitCode::from(FAILURE)
        }
    }
}

/// A result as JSON, the way every subcommand prints it: an object that begins with the program and its version, as a
/// provenance file does.
pub(super) fn json(result: &impl Serialize) -> anyhow::Result<String> {
    #[derive(Serialize)]
    struct Versioned<'a, T> {
        program: &'static str,
        version: &'static str,
        #[serde(flatten)]
        result: &'a T,
    }
    let (program, version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    Ok(serde_json::to_string_pretty(&Versioned { program, version, result })? + "\n")
}

/// A list as JSON, in a field of this name.
pub(super) fn json_list(name: &'static str, list: &impl Serialize) -> anyhow::Result<String> {
    json(&BTreeMap::from([(name, list)]))
}

/// What became of a result; a reader that has seen enough is no failure.
fn seen(printed: io::Result<()>) -> crate::Result<()> {
    match printed {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(cannot_write(error)),
        _ => Ok(()),
    }
}

fn cannot_write(source: io::Error) -> Error {
    Error::io("cannot write", "standard output", source)
}
