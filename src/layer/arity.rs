//! How many bottoms or tops a layer type takes.

use std::fmt;

use serde::Serialize;

/// How many bottoms or tops a layer type takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Arity {
    /// The fewest.
    pub min: usize,
    /// The most, or `None` for any number.
    pub max: Option<usize>,
}

impl Arity {
    /// Exactly `n`.
    pub const fn exactly(n: usize) -> Arity {
        Arity { min: n, max: Some(n) }
    }

    /// `n` or more.
    pub const fn at_least(n: usize) -> Arity {
        Arity { min: n, max: None }
    }

    /// From `min` to `max`.
    pub const fn between(min: usize, max: usize) -> Arity {
        Arity { min, max: Some(max) }
    }

    /// The number with its noun: `1 top`, `2 to 3 bottoms`.
    pub(crate) fn of(self, noun: &str) -> String {
        let one = self.max.unwrap_or(self.min) == 1;
        format!("{self} {noun}{}", if one { "" } else { "s" })
    }

    /// Whether `n` will do.
    pub fn allows(self, n: usize) -> bool {
        n >= self.min && self.max.is_none_or(|max| n <= max)
    }
}

impl fmt::Display for Arity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.max {
            Some(max) if max == self.min => write!(f, "{max}"),
            Some(max) => write!(f, "{} to {max}", self.min),
            None => write!(f, "at least {}", self.min),
        }
    }
}
