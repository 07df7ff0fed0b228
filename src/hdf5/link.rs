//! A link of a group: its name and what it leads to.

use super::TreeError;
use super::bytes::Reader;

/// A link of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// Its name in the group.
    pub(crate) name: String,
    pub(super) target: Target,
}

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// The object at an address.
    Hard(u64),
    /// What is found on a path.
    Soft(String),
    /// What is found on a path in another file.
    External { file: String, path: String },
    /// Whatever a program makes of a link of its own kind.
    Other(u8),
}

impl Link {
    pub(super) fn new(name: &[u8], target: Target, at: u64) -> Result<Link, TreeError> {
        // Such a name would be several, or none, where it is part of a path.
        if name.is_empty() || name == b"." || name.contains(&b'/') {
            return Err(TreeError::Damaged { what: "no name of a link", at });
        }
        Ok(Link { name: text(name), target })
    }

    /// Whether it leads to an object itself.
    pub(crate) fn is_hard(&self) -> bool {
        matches!(self.target, Target::Hard(_))
    }

    /// Reads a link message.
    pub(super) fn read(mut reader: Reader<'_>) -> Result<Link, TreeError> {
        const ORDERED: u8 = 0x04;
        const TYPED: u8 = 0x08;
        const CHARSET: u8 = 0x10;
        if reader.byte()? != 1 {
            return Err(reader.damaged("a link of an unknown version"));
        }
        let flags = reader.byte()?;
        let kind = if flags & TYPED != 0 { reader.byte()? } else { 0 };
        reader.take(if flags & ORDERED != 0 { 8 } else { 0 })?;
        reader.take(if flags & CHARSET != 0 { 1 } else { 0 })?;
        let len = reader.number(1 << (flags & 3))?;
        let at = reader.at;
        let name = reader.take(usize::try_from(len).unwrap_or(usize::MAX))?;
        Link::new(name, target(kind, &mut reader)?, at)
    }
}

fn target(kind: u8, reader: &mut Reader<'_>) -> Result<Target, TreeError> {
    if kind == 0 {
        return Ok(Target::Hard(reader.defined_address()?));
    }
    let len = reader.short()?;
    let value = reader.take(len)?;
    Ok(match kind {
        1 => Target::Soft(text(value)),
        64 => {
            let mut texts = value.get(1..).unwrap_or_default().split(|&byte| byte == 0);
            let [file, path] = [texts.next(), texts.next()].map(|value| text(value.unwrap_or_default()));
            Target::External { file, path }
        }
        kind => Target::Other(kind),
    })
}

/// A name as hdf5-pure gives it.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
