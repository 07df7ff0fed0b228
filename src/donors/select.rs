//! Which layers of the net take values from donors.

use thiserror::Error;

use crate::glob::Glob;

/// Layers chosen by globs on their names in the net: `*`, `?`, `[0-9]` and `{a,b}`, with `/` like any other letter.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    only: Vec<Glob>,
    except: Vec<Glob>,
}

/// A text that is no glob.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct SelectionError(String);

impl Selection {
    /// Layers that fit one of `only`, or any if that is empty, and none of `except`.
    ///
    /// # Errors
    /// A text is no glob.
    pub fn new(only: &[String], except: &[String]) -> Result<Selection, SelectionError> {
        let compile = |globs: &[String]| globs.iter().map(|glob| matcher(glob)).collect::<Result<_, _>>();
        Ok(Selection { only: compile(only)?, except: compile(except)? })
    }

    /// Whether the layer of this name is chosen.
    pub fn contains(&self, name: &str) -> bool {
        let fits = |globs: &[Glob]| globs.iter().any(|glob| glob.matches(name));
        (self.only.is_empty() || fits(&self.only)) && !fits(&self.except)
    }

    /// The first glob that fits none of the names, and which list it is of.
    pub(super) fn unused(&self, names: &[&str]) -> Option<(&'static str, &str)> {
        let lists = [("only", &self.only), ("except", &self.except)];
        let mut globs = lists.into_iter().flat_map(|(list, globs)| globs.iter().map(move |glob| (list, glob)));
        let (list, glob) = globs.find(|(_, glob)| !names.iter().any(|name| glob.matches(name)))?;
        Some((list, glob.text()))
    }
}

fn matcher(glob: &str) -> Result<Glob, SelectionError> {
    Glob::new(glob).map_err(|error| SelectionError(format!("error parsing glob '{glob}': {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_chosen_by_globs() {
        let globs = |globs: &[&str]| globs.iter().map(|&glob| glob.to_owned()).collect::<Vec<_>>();
        let selection = Selection::new(&globs(&["conv*", "fc[67]"]), &globs(&["*_bn"])).unwrap();
        let chosen = ["conv1", "conv/1x1", "conv1_bn", "fc6", "fc8"].map(|name| selection.contains(name));
        assert_eq!(chosen, [true, true, false, true, false]);
        assert!(Selection::default().contains("anything"));
        assert_eq!(selection.unused(&["conv1", "fc6"]), Some(("except", "*_bn")));
        let error = Selection::new(&globs(&["fc[6"]), &[]).unwrap_err().to_string();
        assert_eq!(error, "error parsing glob 'fc[6': unclosed character class; missing ']'");
    }
}
