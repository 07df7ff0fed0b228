//! How much a file may ask for: limits that keep a small hostile file from filling the memory or the disk.
//!
//! [`ReadOptions`](crate::ReadOptions) and [`PlanOptions`](crate::PlanOptions) hold them. How deep messages nest is not
//! among them: no message of Caffe's schema holds itself, so that a file that fits the schema is never deep.

use std::str::FromStr;

use thiserror::Error;

/// How much a file may hold, and a net may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most layers of a net.
    pub layers: u64,
    /// The most messages within messages, all together: of a few bytes each in the file, they take thousands in memory.
    pub messages: u64,
    /// The most bytes of a text.
    pub text_bytes: u64,
    /// The most values that a net draws or holds.
    pub elements: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { layers: 100_000, messages: 2_000_000, text_bytes: 256 << 20, elements: 1 << 34 }
    }
}

impl Limits {
    /// Changes one limit.
    ///
    /// ```
    /// use caffemodel::Limits;
    /// let mut limits = Limits::default();
    /// limits.change("layers=200000".parse()?);
    /// assert_eq!(limits.layers, 200_000);
    /// # Ok::<(), caffemodel::limits::LimitError>(())
    /// ```
    pub fn change(&mut self, change: LimitChange) {
        let LimitChange { entry, value } = change;
        *(entry.field)(self) = value;
    }
}

/// A limit by its name.
#[derive(Debug)]
struct NamedLimit {
    name: &'static str,
    field: fn(&mut Limits) -> &mut u64,
}

static ENTRIES: [NamedLimit; 4] = [
    NamedLimit { name: "layers", field: |limits| &mut limits.layers },
    NamedLimit { name: "messages", field: |limits| &mut limits.messages },
    NamedLimit { name: "text-bytes", field: |limits| &mut limits.text_bytes },
    NamedLimit { name: "elements", field: |limits| &mut limits.elements },
];

/// Another value for a limit, read from `NAME=N`.
#[derive(Debug, Clone, Copy)]
pub struct LimitChange {
    entry: &'static NamedLimit,
    value: u64,
}

/// A text that does not give a limit.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LimitError {
    /// There is no such limit.
    #[error("there is no limit {0:?}; the limits are layers, messages, text-bytes and elements")]
    Unknown(String),
    /// The value is missing.
    #[error("expected NAME=N, such as layers=200000")]
    NoValue,
    /// The value is no whole number, or too large a one.
    #[error("{0:?} is not a whole number; write all of its digits, as in layers=200000")]
    NoNumber(String),
}

impl FromStr for LimitChange {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<LimitChange, LimitError> {
        let (name, value) = text.split_once('=').ok_or(LimitError::NoValue)?;
        let entry = ENTRIES.iter().find(|entry| entry.name == name);
        let entry = entry.ok_or_else(|| LimitError::Unknown(name.to_owned()))?;
        Ok(LimitChange { entry, value: value.parse().map_err(|_| LimitError::NoNumber(value.to_owned()))? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_has_its_name() {
        let mut limits = Limits::default();
        for (entry, value) in ENTRIES.iter().zip(1..) {
            limits.change(format!("{}={value}", entry.name).parse().ok().unwrap());
        }
        assert_eq!(limits, Limits { layers: 1, messages: 2, text_bytes: 3, elements: 4 });
    }

    #[test]
    fn what_gives_no_limit_is_refused() {
        let error = |text: &str| text.parse::<LimitChange>().err().unwrap().to_string();
        let unknown = "there is no limit \"depth\"; the limits are layers, messages, text-bytes and elements";
        assert_eq!(error("depth=3"), unknown);
        assert_eq!(error("layers"), "expected NAME=N, such as layers=200000");
        for value in ["1M", "-1", "", "99999999999999999999"] {
            let expected = format!("{value:?} is not a whole number; write all of its digits, as in layers=200000");
            assert_eq!(error(&format!("layers={value}")), expected);
        }
    }
}
