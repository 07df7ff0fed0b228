//! New names for the layers of donors.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A rule `OLD=NEW`. A `*` in OLD stands for any characters, and each `*` in NEW for what that of OLD stood for.
/// Several names with commas between them, `OLD=NEW,NEW`, give the layer to each of them; a comma in a name has a
/// backslash before it.
///
/// ```
/// use caffemodel::donors::Rename;
/// let rename: Rename = "conv*_*=vgg_*/*".parse()?;
/// assert_eq!(rename.apply("conv3_1"), Some(vec!["vgg_3/1".to_owned()]));
/// assert_eq!(rename.apply("fc6"), None);
/// let twice: Rename = "conv*=conv*,conv*_d".parse()?;
/// assert_eq!(twice.apply("conv1"), Some(vec!["conv1".to_owned(), "conv1_d".to_owned()]));
/// # Ok::<(), caffemodel::donors::RenameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rename {
    /// What the donor is called whose layers are meant; those of all donors if `None`.
    donor: Option<String>,
    /// The literals between the stars.
    old: Vec<String>,
    /// The same of each new name.
    new: Vec<Vec<String>>,
}

/// Why a text is not a rule for names.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RenameError {
    /// No `=`, or nothing on one side of it.
    #[error("expected OLD=NEW")]
    Form,
    /// More `*` on the right than on the left.
    #[error("NEW has more * than OLD, so some stand for nothing")]
    Stars,
}

impl Rename {
    /// The rule for the layers of this [donor](super::Donor::called) alone.
    #[must_use]
    pub fn of_donor(self, donor: impl Into<String>) -> Rename {
        Rename { donor: Some(donor.into()), ..self }
    }

    /// The new names, if the rule fits the old one. A `*` takes as much as it can, the first one first.
    pub fn apply(&self, name: &str) -> Option<Vec<String>> {
        let captured = capture(&self.old, name)?;
        Some(self.new.iter().map(|new| filled(new, &captured)).collect())
    }

    /// What the donor is called whose layers are meant, if they are those of one.
    pub fn donor(&self) -> Option<&str> {
        self.donor.as_deref()
    }

    /// What stands before a colon in the old names, which may be meant to be the name of a donor.
    pub(super) fn may_call(&self) -> Option<&str> {
        self.old[0].split_once(':').map(|(donor, _)| donor)
    }

    /// The rule with the new names of another before its own.
    pub(super) fn and(&self, earlier: &Rename) -> Rename {
        Rename { new: [&*earlier.new, &*self.new].concat(), ..self.clone() }
    }

    /// Whether both are about the same layers.
    pub(super) fn is_about_those_of(&self, other: &Rename) -> bool {
        self.old == other.old && self.donor == other.donor
    }
}

/// A name with the texts that its stars stand for.
fn filled(literals: &[String], captured: &[&str]) -> String {
    let mut out = literals[0].clone();
    for (captured, literal) in captured.iter().zip(&literals[1..]) {
        out.push_str(captured);
        out.push_str(literal);
    }
    out
}

/// What the stars between these literals stand for in `name`, if it fits.
fn capture<'a>(literals: &[String], name: &'a str) -> Option<Vec<&'a str>> {
    let (first, rest) = literals.split_first()?;
    let name = name.strip_prefix(first.as_str())?;
    let Some(next) = rest.first() else { return name.is_empty().then(Vec::new) };
    let ends = name.rmatch_indices(next.as_str()).map(|(end, _)| end);
    ends.into_iter().find_map(|end| {
        let mut captured = vec![&name[..end]];
        captured.extend(capture(rest, &name[end..])?);
        Some(captured)
    })
}

impl FromStr for Rename {
    type Err = RenameError;

    fn from_str(text: &str) -> Result<Rename, RenameError> {
        let (old, new) = text.split_once('=').ok_or(RenameError::Form)?;
        if old.is_empty() || new.is_empty() {
            return Err(RenameError::Form);
        }
        let split = |text: &str| text.split('*').map(str::to_owned).collect::<Vec<_>>();
        let old = split(old);
        let new: Vec<Vec<String>> = names(new).iter().map(|name| split(name)).collect();
        if new.iter().any(|new| new[..] == [String::new()]) {
            return Err(RenameError::Form);
        }
        if new.iter().any(|new| new.len() > old.len()) {
            return Err(RenameError::Stars);
        }
        Ok(Rename { donor: None, old, new })
    }
}

/// The names of a list, at whose commas that have no backslash before them it is split.
fn names(list: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut chars = list.chars().peekable();
    while let Some(c) = chars.next() {
        let c = match c {
            ',' => {
                names.push(String::new());
                continue;
            }
            '\\' => chars.next_if_eq(&',').unwrap_or(c),
            c => c,
        };
        names.last_mut().into_iter().for_each(|name| name.push(c));
    }
    names
}

impl fmt::Display for Rename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(donor) = &self.donor {
            write!(f, "{donor}:")?;
        }
        let new: Vec<String> = self.new.iter().map(|new| new.join("*").replace(',', "\\,")).collect();
        write!(f, "{}={}", self.old.join("*"), new.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renamed(rule: &str, name: &str) -> Option<String> {
        rule.parse::<Rename>().unwrap().apply(name).map(|names| names.join(" "))
    }

    #[test]
    fn stars_carry_over() {
        assert_eq!(renamed("fc8=fc8_new", "fc8").unwrap(), "fc8_new");
        assert_eq!(renamed("*=net/*", "conv1").unwrap(), "net/conv1");
        assert_eq!(renamed("*_bn=*/bn", "a_bn_bn").unwrap(), "a_bn/bn");
        assert_eq!(renamed("a*b*c=*-*", "aXbYbZc").unwrap(), "XbY-Z");
        assert_eq!(renamed("old*=new", "old12").unwrap(), "new");
        assert_eq!(renamed("fc8=x", "fc8_new"), None);
        assert_eq!(renamed("*b=x", "bb a"), None);
        assert_eq!(renamed("é*=*", "éü").unwrap(), "ü");
    }

    #[test]
    fn other_texts_are_no_rules() {
        assert_eq!("fc8".parse::<Rename>(), Err(RenameError::Form));
        assert_eq!("=x".parse::<Rename>(), Err(RenameError::Form));
        assert_eq!("a*=*/*".parse::<Rename>(), Err(RenameError::Stars));
        assert_eq!("a=b,".parse::<Rename>(), Err(RenameError::Form));
        assert_eq!("a*=b,*/*".parse::<Rename>(), Err(RenameError::Stars));
        assert_eq!("a*=b*".parse::<Rename>().unwrap().to_string(), "a*=b*");
    }

    #[test]
    fn a_layer_may_get_several_names() {
        assert_eq!(renamed("c*=c*,c*_d", "c1").unwrap(), "c1 c1_d");
        assert_eq!(renamed("c=a\\,b,d", "c").unwrap(), "a,b d");
        assert_eq!(renamed("c=a\\b", "c").unwrap(), "a\\b");
        let rule = "c*=a\\,*,d".parse::<Rename>().unwrap().of_donor("rgb");
        assert_eq!(rule.to_string(), "rgb:c*=a\\,*,d");
    }
}
