//! The option `--dialect`.

use clap::Args;

use super::limits;
use crate::ReadOptions;
use crate::dialect::{DIALECTS, Dialect};
use crate::given::Given;
use crate::proto::text::closest;

#[derive(Debug, Args)]
pub(super) struct DialectArgument {
    /// The dialect that the file is written in, such as ssd or bvlc-1.0; by default its content tells. caffemodel
    /// dialects lists them
    #[arg(long, value_name = "NAME", value_parser = parse)]
    dialect: Option<&'static Dialect>,
}

impl DialectArgument {
    /// How to read the file.
    pub(super) fn options(&self) -> ReadOptions {
        let mut options = ReadOptions::of(self.dialect);
        options.limits = limits::current();
        options
    }

    /// The option, if it is given.
    pub(super) fn given(&self) -> Option<String> {
        self.dialect.map(|dialect| Given { option: "--dialect", value: dialect.name }.to_string())
    }
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
        format!("{}there are {}", near.unwrap_or_default(), names.join(", "))
    })
}
