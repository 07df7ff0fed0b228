//! What to do about a command line that clap refuses, where it is plain what was meant.

use std::ffi::OsString;
use std::path::Path;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::subcommand;
use crate::formats::Format;

/// The error, with a tip if there is one.
pub(super) fn with_tip(mut error: clap::Error, arguments: &[OsString]) -> clap::Error {
    let tip = match error.kind() {
        ErrorKind::InvalidSubcommand => value(&error, ContextKind::InvalidSubcommand).and_then(in_place_of_subcommand),
        ErrorKind::UnknownArgument => {
            value(&error, ContextKind::InvalidArg).and_then(|argument| unknown_argument(argument, arguments))
        }
        _ => None,
    };
    if let Some(tip) = tip {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
    }
    error
}

fn value(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind) {
        Some(ContextValue::String(value)) => Some(value),
        _ => None,
    }
}

/// For a word where a subcommand should stand: a file needs one before it.
fn in_place_of_subcommand(word: &str) -> Option<String> {
    if word == "version" {
        return Some("'caffemodel --version' prints the version".to_owned());
    }
    match Format::of_path(word) {
        Some(Format::Prototxt) => Some(format!("to initialise a net: caffemodel init {word}")),
        Some(_) => Some(format!("to look at weights: caffemodel inspect {word}")),
        None if Path::new(word).is_file() => Some(format!("to look at a file: caffemodel inspect {word}")),
        None => None,
    }
}

/// For an argument that the subcommand does not have.
fn unknown_argument(argument: &str, arguments: &[OsString]) -> Option<String> {
    let first = arguments.get(1)?;
    if subcommand::named(first).is_none() {
        let owner = subcommand::first_with_option(argument)?;
        return Some(format!("'{argument}' stands behind its subcommand: caffemodel {owner} {argument} ..."));
    }
    let is_output = matches!(argument, "-o" | "--output");
    match first.to_str()? {
        "convert" | "upgrade" if is_output => {
            Some(format!("the output stands behind the input: caffemodel {} FROM TO", first.display()))
        }
        "init" | "deploy" if !argument.starts_with('-') => Some(format!("to write to it: --output {argument}")),
        _ => None,
    }
}
