//! `caffemodel upgrade`: a file of an older format is rewritten in the current one.

use std::io::{BufWriter, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::dialect::DialectArgument;
use super::input::Input;
use super::output::cannot_write;
use super::report;
use super::target::{Target, display_name};
use crate::Error;
use crate::formats::Format;
use crate::net::{FileKind, UpgradedFile};
use crate::proto::Encoding;

/// Upgrade old nets, weights and solvers to Caffe's current format
///
/// Text that no version of Caffe reads is repaired where its meaning is certain: V1 layers among current ones, the hole
/// of DeepLab for dilation, strings without quotes and other values with quotes.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  caffemodel upgrade deploy_v1.prototxt deploy.prototxt
  caffemodel upgrade old.caffemodel new.caffemodel
  caffemodel upgrade solver_2014.prototxt solver.prototxt")]
pub(super) struct UpgradeArguments {
    /// File to read, text or binary; - for standard input
    ///
    /// It is a net in V0 or V1 format or with deprecated fields, with or without weights, or a solver.
    old: PathBuf,

    /// File to write; - for standard output
    ///
    /// The file is text if its extension is .prototxt, and binary if it is .caffemodel or .binaryproto. With any other
    /// extension, it is like OLD.
    new: PathBuf,

    /// What OLD describes
    ///
    /// By default it is detected from the fields; a binary file is taken to be a net.
    #[arg(long)]
    kind: Option<KindArgument>,

    #[command(flatten)]
    dialect: DialectArgument,

    /// Overwrite NEW if it exists
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum KindArgument {
    Net,
    Solver,
}

pub(super) fn run(arguments: &UpgradeArguments) -> anyhow::Result<()> {
    let UpgradeArguments { old, new, kind, dialect, force } = arguments;
    let kind = kind.map(|kind| match kind {
        KindArgument::Net => FileKind::Net,
        KindArgument::Solver => FileKind::Solver,
    });
    if let Some(format) = Format::of_path(new).filter(|format| format.encoding().is_none()) {
        let message =
            format!("{}: a file is not upgraded into {format}; name a .prototxt or a .caffemodel", new.display());
        return Err(Error::Request(message).into());
    }
    let mut target = Target::create(new, *force)?;
    let Input { name, bytes, .. } = Input::read(old)?;
    let mut upgraded = UpgradedFile::from_bytes_with(&name, bytes, kind, &dialect.options()?)?;
    let mut notes: Vec<String> = upgraded.notice.take().into_iter().collect();
    let changes = std::mem::take(&mut upgraded.changes);
    let is_current = changes.is_empty().then(|| "already in the current format".to_owned());
    notes.extend(changes.into_iter().chain(is_current));
    let encoding = Encoding::of_path(new).unwrap_or(upgraded.encoding);
    let mut out = BufWriter::new(target.file());
    let written = upgraded.write(encoding, &mut out).and_then(|()| out.flush());
    drop(out);
    written.map_err(|source| cannot_write(new, source, None))?;
    target.commit()?;
    for note in notes {
        report::note(&format!("{name}: {note}"));
    }
    report::done(&format!("wrote {}", display_name(new)));
    Ok(())
}
