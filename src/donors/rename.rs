//! New names for the layers of donors.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A rule `OLD=NEW`. A `*` in OLD stands for any characters, and each `*` in NEW for what that of OLD stood for.
///
/// ```
/// use caffemodel::donors::Rename;
/// let rename: Rename = "conv*_*=vgg_*/*".parse()?;
/// assert_eq!(rename.apply("conv3_1"), Some("vgg_3/1".to_owned()));
/// assert_eq!(rename.apply("fc6"), None);
/// # Ok::<(), caffemodel::donors::RenameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rename {
    old: Vec<String>,
    new: Vec<String>,
}

/// Why a text is not a rule for names.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RenameError {
    /// No `=`, or nothing on one side of it.
    #[error("expected OLD=NEW")]
    Form,
    /// More `*` on the right than on the left.
    #[error("NEW has more * than OLD, so that they stand for nothing")]
    Stars,
}

impl Rename {
    /// The new name, if the rule fits the old one. A `*` takes as much as it can, the first one first.
    pub fn apply(&self, name: &str) -> Option<String> {
        let captured = capture(&self.old, name)?;
        let mut out = self.new[0].clone();
        for (captured, literal) in captured.iter().zip(&self.new[1..]) {
            out.push_str(captured);
            out.push_str(literal);
        }
        Some(out)
    }
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
        let (old, new) = (split(old), split(new));
        if new.len() > old.len() {
            return Err(RenameError::Stars);
        }
        Ok(Rename { old, new })
    }
}

impl fmt::Display for Rename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.old.join("*"), self.new.join("*"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renamed(rule: &str, name: &str) -> Option<String> {
        rule.parse::<Rename>().unwrap().apply(name)
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
        assert_eq!("a*=b*".parse::<Rename>().unwrap().to_string(), "a*=b*");
    }
}
