//! Globs on names: `*` stands for any characters, `/` among them, `?` for one, `[a-z]` for one of these, `[!a-z]` for
//! one of all others, `{a,b}` for one of these texts; a backslash takes the meaning from the character behind it.
//!
//! Crates of globs are about paths, where `*` ends at a slash, which in the name of a layer is a letter like any other.
//! Matching takes time in proportion to the lengths of glob and name.

use std::fmt;
use std::iter::Peekable;
use std::str::Chars;

use thiserror::Error;

/// How deep texts of a choice may nest.
const MAX_DEPTH: usize = 100;

/// What is wrong with a text that is no glob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum GlobError {
    #[error("unclosed character class; missing ']'")]
    UnclosedClass,
    #[error("invalid range; '{0}' > '{1}'")]
    InvalidRange(char, char),
    #[error("unopened alternate group; missing '{{' (maybe escape '}}' with '[}}]'?)")]
    UnopenedChoice,
    #[error("unclosed alternate group; missing '}}' (maybe escape '{{' with '[{{]'?)")]
    UnclosedChoice,
    #[error("alternate groups nested too deeply")]
    TooDeep,
    #[error("dangling '\\'")]
    DanglingBackslash,
}

/// A glob.
#[derive(Clone)]
pub(crate) struct Glob {
    text: Box<str>,
    steps: Box<[GlobStep]>,
}

/// A step of matching; one that is done leads to the next, if it says nothing else.
#[derive(Clone)]
enum GlobStep {
    Char(char),
    Any,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
    /// Any number of characters.
    Many,
    /// Goes on at each of these steps.
    Fork(Vec<usize>),
}

impl Glob {
    /// Reads a glob.
    ///
    /// # Errors
    /// It is malformed.
    pub(crate) fn new(text: &str) -> Result<Glob, GlobError> {
        let mut parser = GlobParser { chars: text.chars().peekable(), steps: Vec::new(), choices: Vec::new() };
        parser.parse()?;
        Ok(Glob { text: text.into(), steps: parser.steps.into() })
    }

    /// The glob as it was given.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it stands for the whole name.
    pub(crate) fn matches(&self, name: &str) -> bool {
        let mut now = Places::new(self.steps.len());
        now.enter(&self.steps, 0);
        for c in name.chars() {
            let mut next = Places::new(self.steps.len());
            for &place in &now.list {
                match self.steps.get(place) {
                    Some(GlobStep::Many) => next.enter(&self.steps, place),
                    Some(step) if step.takes(c) => next.enter(&self.steps, place + 1),
                    _ => {}
                }
            }
            now = next;
        }
        now.is_in[self.steps.len()]
    }
}

impl fmt::Debug for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Glob").field(&self.text).finish()
    }
}

impl GlobStep {
    fn takes(&self, c: char) -> bool {
        match self {
            GlobStep::Char(wanted) => *wanted == c,
            GlobStep::Any => true,
            GlobStep::Class { negated, ranges } => {
                ranges.iter().any(|&(first, last)| first <= c && c <= last) != *negated
            }
            GlobStep::Many | GlobStep::Fork(_) => false,
        }
    }
}

/// The steps at which matching is.
struct Places {
    list: Vec<usize>,
    is_in: Vec<bool>,
}

impl Places {
    fn new(steps: usize) -> Places {
        Places { list: Vec::new(), is_in: vec![false; steps + 1] }
    }

    /// Adds a step, and those that it leads to without a character.
    fn enter(&mut self, steps: &[GlobStep], place: usize) {
        let mut waiting = vec![place];
        while let Some(place) = waiting.pop() {
            if std::mem::replace(&mut self.is_in[place], true) {
                continue;
            }
            self.list.push(place);
            match steps.get(place) {
                Some(GlobStep::Many) => waiting.push(place + 1),
                Some(GlobStep::Fork(targets)) => waiting.extend(targets),
                _ => {}
            }
        }
    }
}

/// A choice whose end has not been reached.
struct Choice {
    /// The fork to its texts.
    fork: usize,
    /// The forks behind its texts, which lead to its end.
    ends: Vec<usize>,
}

struct GlobParser<'a> {
    chars: Peekable<Chars<'a>>,
    steps: Vec<GlobStep>,
    choices: Vec<Choice>,
}

impl GlobParser<'_> {
    fn parse(&mut self) -> Result<(), GlobError> {
        while let Some(c) = self.chars.next() {
            match c {
                '?' => self.steps.push(GlobStep::Any),
                '*' => self.steps.push(GlobStep::Many),
                '[' => self.class()?,
                '{' => self.open()?,
                ',' if !self.choices.is_empty() => self.another(),
                '}' => self.close()?,
                '\\' => {
                    let c = self.chars.next().ok_or(GlobError::DanglingBackslash)?;
                    self.steps.push(GlobStep::Char(c));
                }
                c => self.steps.push(GlobStep::Char(c)),
            }
        }
        if self.choices.is_empty() { Ok(()) } else { Err(GlobError::UnclosedChoice) }
    }

    fn class(&mut self) -> Result<(), GlobError> {
        let negated = self.chars.next_if(|c| matches!(c, '!' | '^')).is_some();
        let mut ranges: Vec<(char, char)> = Vec::new();
        let mut in_range = false;
        loop {
            let c = self.chars.next().ok_or(GlobError::UnclosedClass)?;
            match (c, ranges.last_mut()) {
                (']', Some(_)) => break,
                (last, Some(range)) if in_range => {
                    range.1 = last;
                    if range.1 < range.0 {
                        return Err(GlobError::InvalidRange(range.0, range.1));
                    }
                    in_range = false;
                }
                ('-', Some(_)) => in_range = true,
                (c, _) => ranges.push((c, c)),
            }
        }
        if in_range {
            ranges.push(('-', '-'));
        }
        self.steps.push(GlobStep::Class { negated, ranges });
        Ok(())
    }

    fn open(&mut self) -> Result<(), GlobError> {
        if self.choices.len() == MAX_DEPTH {
            return Err(GlobError::TooDeep);
        }
        let fork = self.steps.len();
        self.steps.push(GlobStep::Fork(vec![fork + 1]));
        self.choices.push(Choice { fork, ends: Vec::new() });
        Ok(())
    }

    /// Ends a text of a choice and starts the next one.
    fn another(&mut self) {
        let end = self.steps.len();
        self.steps.push(GlobStep::Fork(Vec::new()));
        let Some(choice) = self.choices.last_mut() else { return };
        choice.ends.push(end);
        if let GlobStep::Fork(texts) = &mut self.steps[choice.fork] {
            texts.push(end + 1);
        }
    }

    fn close(&mut self) -> Result<(), GlobError> {
        let choice = self.choices.pop().ok_or(GlobError::UnopenedChoice)?;
        let behind = self.steps.len();
        choice.ends.into_iter().for_each(|end| self.steps[end] = GlobStep::Fork(vec![behind]));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use globset::GlobBuilder;
    use proptest::prelude::*;

    use super::*;

    fn matches(glob: &str, name: &str) -> bool {
        Glob::new(glob).unwrap().matches(name)
    }

    #[test]
    fn a_slash_is_a_letter_like_any_other() {
        assert!(matches("inception_*/1x1", "inception_3a/b/1x1"));
        assert!(matches("a?b", "a/b") && matches("a[/]b", "a/b") && matches("*", ""));
    }

    #[test]
    fn characters_are_those_of_unicode() {
        assert!(matches("sch?n", "schön") && matches("[à-ÿ]", "ö") && !matches("??", "ö"));
    }

    #[test]
    fn choices_may_nest_and_be_empty() {
        let glob = Glob::new("conv{1,2_{a,b*}}{,_bn}").unwrap();
        let names = ["conv1", "conv2_a", "conv2_bxy", "conv2_b_bn", "conv1_bn", "conv", "conv2_", "conv1_b"];
        assert_eq!(names.map(|name| glob.matches(name)), [true, true, true, true, true, false, false, false]);
    }

    #[test]
    fn many_stars_take_no_time() {
        assert!(!matches(&"*a".repeat(200), &"a".repeat(199)));
        assert!(matches(&"{*a,*}".repeat(50), &"a".repeat(300)));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

        /// globset, whose `*` crosses slashes on request, is the oracle; `**` there means more in paths.
        #[test]
        fn globs_are_those_of_globset(
            glob in "([ab/c*?,!\\-]|\\[[!^]?[abc\\]-]{1,3}\\]|\\{|\\}|\\\\|\\[){0,8}",
            names in prop::collection::vec("[abc/,!\\\\{}\\[\\]*-]{0,5}", 8),
        ) {
            prop_assume!(!glob.contains("**"));
            let oracle = GlobBuilder::new(&glob)
                .literal_separator(false)
                .backslash_escape(true)
                .empty_alternates(true)
                .build();
            match (oracle, Glob::new(&glob)) {
                (Ok(oracle), Ok(ours)) => {
                    let oracle = oracle.compile_matcher();
                    for name in names {
                        prop_assert_eq!(ours.matches(&name), oracle.is_match(&name), "{} {}", glob, name);
                    }
                }
                (Err(oracle), Err(ours)) => prop_assert_eq!(ours.to_string(), oracle.kind().to_string()),
                (oracle, ours) => prop_assert!(false, "{}: {:?}, {:?}", glob, oracle.map(|_| ()), ours.map(|_| ())),
            }
        }
    }
}
