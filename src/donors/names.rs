//! The names that layers of donors get.

use super::Rename;
use crate::error::{Error, Result};

/// The renames, and what came of each.
pub(super) struct LayerNames<'a> {
    renames: &'a [Rename],
    /// Whether each has fitted a layer.
    used: Vec<bool>,
    /// An earlier one that took a layer which each would have fitted.
    overtaken_by: Vec<Option<&'a Rename>>,
}

impl<'a> LayerNames<'a> {
    pub(super) fn new(renames: &'a [Rename]) -> LayerNames<'a> {
        LayerNames { renames, used: vec![false; renames.len()], overtaken_by: vec![None; renames.len()] }
    }

    /// The names that a layer of a donor, which may have a name itself, is looked up by: those of the first rename that
    /// fits it, or its own.
    pub(super) fn of(&mut self, donor: Option<&str>, layer: &str) -> Vec<String> {
        let mut taken: Option<(&Rename, Vec<String>)> = None;
        for (index, rename) in self.renames.iter().enumerate() {
            let is_meant = rename.donor().is_none_or(|name| donor == Some(name));
            let Some(names) = is_meant.then(|| rename.apply(layer)).flatten() else { continue };
            match &taken {
                Some((first, _)) => self.overtaken_by[index] = Some(*first),
                None => {
                    self.used[index] = true;
                    taken = Some((rename, names));
                }
            }
        }
        taken.map_or_else(|| vec![layer.to_owned()], |(_, names)| names)
    }

    /// Refuses renames that took no layer: they are misspelt, most likely, or come too late.
    pub(super) fn check(&self, donors: &[Option<&str>]) -> Result<()> {
        let Some(unused) = self.used.iter().position(|used| !used) else { return Ok(()) };
        let rename = &self.renames[unused];
        let message = match (self.overtaken_by[unused], rename.donor()) {
            (Some(first), _) if first.is_about_those_of(rename) => {
                let both = rename.and(first);
                format!("rename {rename}: {first} comes first and takes its layers; {both} gives them both names")
            }
            (Some(first), _) => {
                format!("rename {rename}: {first} comes first and takes all of its layers; put it before that one")
            }
            (None, Some(donor)) if !donors.contains(&Some(donor)) => {
                format!("rename {rename}: no donor is named {donor:?}")
            }
            (None, Some(_)) => format!("rename {rename}: that donor has no layer of that name"),
            (None, None) => {
                let called =
                    rename.may_call().map(|donor| format!(", and none is named {donor:?}")).unwrap_or_default();
                format!("rename {rename}: no donor has a layer of that name{called}")
            }
        };
        Err(Error::Request(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renames(rules: &[&str]) -> Vec<Rename> {
        rules.iter().map(|rule| rule.parse().unwrap()).collect()
    }

    fn refused(renames: &[Rename], layers: &[&str]) -> String {
        let mut names = LayerNames::new(renames);
        layers.iter().for_each(|layer| drop(names.of(Some("rgb"), layer)));
        names.check(&[Some("rgb")]).unwrap_err().to_string()
    }

    #[test]
    fn the_first_rename_of_the_donor_counts() {
        let mut renames = renames(&["conv*=d*", "conv*=c*,conv*", "fc=x"]);
        renames[0] = renames[0].clone().of_donor("depth");
        let mut names = LayerNames::new(&renames);
        assert_eq!(names.of(Some("depth"), "conv1"), ["d1"]);
        assert_eq!(names.of(Some("rgb"), "conv1"), ["c1", "conv1"]);
        assert_eq!(names.of(None, "ip"), ["ip"]);
    }

    #[test]
    fn renames_that_take_nothing_say_why() {
        let message = "rename conv*=conv*_d: conv*=conv* comes first and takes its layers; conv*=conv*,conv*_d gives them \
                       both names";
        assert_eq!(refused(&renames(&["conv*=conv*", "conv*=conv*_d"]), &["conv1"]), message);
        let message = "rename conv1=a: conv*=b* comes first and takes all of its layers; put it before that one";
        assert_eq!(refused(&renames(&["conv*=b*", "conv1=a"]), &["conv1"]), message);
        assert_eq!(refused(&renames(&["fc=x"]), &["conv1"]), "rename fc=x: no donor has a layer of that name");
        let message = "rename depth:fc=x: no donor has a layer of that name, and none is named \"depth\"";
        assert_eq!(refused(&renames(&["depth:fc=x"]), &["conv1"]), message);
        let of = |donor: &str| [renames(&["fc=x"])[0].clone().of_donor(donor)];
        assert_eq!(refused(&of("rgb"), &["conv1"]), "rename rgb:fc=x: that donor has no layer of that name");
        assert_eq!(refused(&of("d"), &["conv1"]), "rename d:fc=x: no donor is named \"d\"");
    }
}
