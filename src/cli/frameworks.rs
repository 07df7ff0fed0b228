//! The argument that says which framework's names and layouts weights have.

use crate::Error;
use crate::donors::{FRAMEWORKS, Framework};

/// A framework, for one file of weights if it begins with its name.
#[derive(Debug, Clone)]
pub(super) struct FromArgument {
    donor: Option<String>,
    framework: &'static Framework,
    text: String,
}

/// Reads `[NAME:]FRAMEWORK`.
pub(super) fn from(text: &str) -> Result<FromArgument, String> {
    let (donor, name) = text.rsplit_once(':').map_or((None, text), |(donor, name)| (Some(donor.to_owned()), name));
    let Some(framework) = Framework::get(name) else {
        let names: Vec<&str> = FRAMEWORKS.iter().map(|framework| framework.name).collect();
        return Err(format!("expected {}", names.join(" or ")));
    };
    Ok(FromArgument { donor, framework, text: text.to_owned() })
}

impl FromArgument {
    /// The value as it is given.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The framework of all files, if it is not meant for one.
    pub(super) fn of_all(&self) -> Option<&'static Framework> {
        self.donor.is_none().then_some(self.framework)
    }
}

/// The framework of a file of this name: of those given for it, or else of those for all, the last.
pub(super) fn of_file(given: &[FromArgument], name: Option<&str>) -> Option<&'static Framework> {
    let own = given.iter().rev().find(|from| from.donor.is_some() && from.donor.as_deref() == name);
    own.map(|from| from.framework).or_else(|| given.iter().rev().find_map(FromArgument::of_all))
}

/// Refuses frameworks for files of other names than these.
pub(super) fn check(given: &[FromArgument], names: &[Option<&str>]) -> crate::Result<()> {
    let is_unknown = |from: &&FromArgument| from.donor.is_some() && !names.contains(&from.donor.as_deref());
    match given.iter().find(is_unknown) {
        Some(FromArgument { donor, text, .. }) => {
            let name = donor.as_deref().unwrap_or_default();
            Err(Error::Request(format!("--from {text}: no weights are named {name:?}")))
        }
        None => Ok(()),
    }
}
