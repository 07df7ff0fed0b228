//! The options `--dialect` and `--proto`.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clap::Args;

use super::input::Input;
use super::{limits, report};
use crate::ReadOptions;
use crate::dialect::{DIALECTS, Dialect};
use crate::given::Given;
use crate::proto::Schema;
use crate::proto::text::closest;

#[derive(Debug, Args)]
pub(super) struct DialectArgument {
    /// Dialect of Caffe, such as ssd [default: detected]
    ///
    /// It is the fork or the release of Caffe that the file is for, by default detected from the content. See
    /// 'caffemodel dialects' for a list.
    #[arg(long, value_name = "NAME", value_parser = parse)]
    dialect: Option<&'static Dialect>,

    /// The caffe.proto of a fork that is not a known dialect
    ///
    /// FILE may also be a descriptor set written by protoc. Known fields work as usual, all others are kept and saved
    /// under their numbers. The fork is taken to be based on the dialect that is given or detected.
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    proto: Option<PathBuf>,

    /// How to read the file, once the schema is read.
    #[arg(skip)]
    options: OnceLock<ReadOptions>,
}

impl DialectArgument {
    /// How to read the file.
    ///
    /// # Errors
    /// The schema cannot be read.
    pub(super) fn options(&self) -> crate::Result<ReadOptions> {
        if let Some(options) = self.options.get() {
            return Ok(*options);
        }
        let mut options = match (&self.proto, self.dialect) {
            (None, dialect) => ReadOptions::of(dialect),
            (Some(path), None) => ReadOptions::in_schema(read(path)?),
            (Some(path), Some(dialect)) => ReadOptions::of(Some(dialect.with_schema(read(path)?))),
        };
        options.limits = limits::current();
        Ok(*self.options.get_or_init(|| options))
    }

    /// Whether BVLC's Caffe of today is asked for, by its own schema.
    pub(super) fn is_bvlc(&self) -> bool {
        self.proto.is_none() && self.dialect.is_some_and(Dialect::is_bvlc)
    }

    /// The options, if they are given.
    pub(super) fn given(&self) -> Vec<String> {
        let dialect = self.dialect.map(|dialect| Given { option: "--dialect", value: dialect.name }.to_string());
        let proto = self.proto.as_ref().map(|path| path.display().to_string());
        let proto = proto.map(|path| Given { option: "--proto", value: &path }.to_string());
        dialect.into_iter().chain(proto).collect()
    }
}

/// Reads a fork's schema; what is otherwise in it than the program takes it to be is printed.
fn read(path: &Path) -> crate::Result<&'static Schema> {
    let Input { name, bytes, .. } = Input::read(path)?;
    let schema = Schema::from_file(&name, &bytes)?;
    for difference in schema.differences() {
        report::note(&format!("{name}: {difference}"));
    }
    Ok(schema)
}

/// The most names of dialects that are listed in a cell.
const FEW: usize = 4;

/// Which dialects know an entry, in few words; nothing if all do.
pub(super) fn known_to(names: &[&str]) -> String {
    let others: Vec<&str> = DIALECTS.iter().map(|dialect| dialect.name).filter(|name| !names.contains(name)).collect();
    match (names.len(), others.len()) {
        (0, _) => String::new(),
        (1..=FEW, _) => names.join(", "),
        (_, 1..=FEW) => format!("all but {}", others.join(", ")),
        (some, _) => format!("{some} of {}", DIALECTS.len()),
    }
}

/// The dialect of this name.
pub(super) fn parse(name: &str) -> Result<&'static Dialect, String> {
    Dialect::get(name).ok_or_else(|| {
        let names: Vec<&str> = DIALECTS.iter().map(|dialect| dialect.name).collect();
        let near = closest(name, names.iter().copied()).map(|near| format!("did you mean {near:?}? "));
        format!("{}the dialects are {}", near.unwrap_or_default(), names.join(", "))
    })
}
