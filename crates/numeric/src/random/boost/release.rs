//! Boost's releases and the eras of its random distributions.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A span of Boost releases whose distributions give the same values, named after its first release.
///
/// | era | releases | uniform | normal |
/// |---|---|---|---|
/// | `V1_41` | 1.41 to 1.46 | scaled once | Box-Muller |
/// | `V1_47` | 1.47 to 1.55 | repeated until below the bound | Box-Muller |
/// | `V1_56` | 1.56 to 1.63 | the same, wide ranges halved | ziggurat |
/// | `V1_64` | 1.64 and later | the same | ziggurat, wedges and tails revised |
///
/// The engine, the Bernoulli distribution and the shuffle are the same throughout. Ubuntu 14.04 had Boost 1.54,
/// Ubuntu 16.04 1.58, Ubuntu 18.04 1.65, Debian 12 1.74.
///
/// ```
/// # use caffemodel_numeric as caffemodel;
/// use caffemodel::random::Era;
/// assert_eq!("1.58.0".parse(), Ok(Era::V1_56));
/// assert_eq!(Era::default(), "1.74".parse()?);
/// # Ok::<(), caffemodel::random::ReleaseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum Era {
    /// Boost 1.41 to 1.46.
    V1_41,
    /// Boost 1.47 to 1.55.
    V1_47,
    /// Boost 1.56 to 1.63.
    V1_56,
    /// Boost 1.64 and later.
    #[default]
    V1_64,
}

impl Era {
    /// All eras, oldest first.
    pub const ALL: [Era; 4] = [Era::V1_41, Era::V1_47, Era::V1_56, Era::V1_64];

    /// The releases that the era spans.
    pub fn releases(self) -> &'static str {
        match self {
            Era::V1_41 => "1.41 to 1.46",
            Era::V1_47 => "1.47 to 1.55",
            Era::V1_56 => "1.56 to 1.63",
            Era::V1_64 => "1.64 and later",
        }
    }

    /// Whether uniform values that reach the upper bound are drawn again.
    pub(crate) fn repeats_uniform(self) -> bool {
        self >= Era::V1_47
    }

    /// Whether uniform ranges wider than the largest float are halved and the values doubled.
    pub(crate) fn halves_uniform(self) -> bool {
        self >= Era::V1_56
    }
}

impl fmt::Display for Era {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Boost {}", self.releases())
    }
}

impl From<Release> for Era {
    /// Releases after [`Release::NEWEST`] are taken to be like it.
    fn from(release: Release) -> Era {
        match (release.major, release.minor) {
            (1, ..=46) => Era::V1_41,
            (1, 47..=55) => Era::V1_47,
            (1, 56..=63) => Era::V1_56,
            _ => Era::V1_64,
        }
    }
}

impl FromStr for Era {
    type Err = ReleaseError;

    /// The era of a release number such as `1.58` or `1.58.0`.
    fn from_str(text: &str) -> Result<Era, ReleaseError> {
        text.parse::<Release>().map(Era::from)
    }
}

/// A release of Boost, 1.41 or later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release {
    major: u16,
    minor: u16,
    patch: u16,
}

impl Release {
    /// The oldest release known: what earlier ones draw has not been compared with Caffe's values.
    pub const OLDEST: Release = Release { major: 1, minor: 41, patch: 0 };

    /// The newest release that has been compared; later releases of Boost 1 are taken to be like it.
    pub const NEWEST: Release = Release { major: 1, minor: 89, patch: 0 };

    /// The release of a number `major.minor.patch`.
    ///
    /// # Errors
    /// The release is older than [`OLDEST`](Release::OLDEST), or not one of Boost 1.
    pub fn new(major: u16, minor: u16, patch: u16) -> Result<Release, ReleaseError> {
        let release = Release { major, minor, patch };
        match major {
            _ if release < Release::OLDEST => Err(ReleaseError::TooOld(release.to_string())),
            ..=1 => Ok(release),
            _ => Err(ReleaseError::TooNew(release.to_string())),
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Release { major, minor, patch } = self;
        write!(f, "{major}.{minor}.{patch}")
    }
}

impl FromStr for Release {
    type Err = ReleaseError;

    /// Reads `1.58` or `1.58.0`.
    fn from_str(text: &str) -> Result<Release, ReleaseError> {
        let malformed = || ReleaseError::Malformed(text.to_owned());
        let number = |part: &str| match part.as_bytes() {
            [b'0'..=b'9', ..] => part.parse::<u16>().map_err(|_| malformed()),
            _ => Err(malformed()),
        };
        let parts: Vec<&str> = text.split('.').collect();
        match parts[..] {
            [major, minor] => Release::new(number(major)?, number(minor)?, 0),
            [major, minor, patch] => Release::new(number(major)?, number(minor)?, number(patch)?),
            _ => Err(malformed()),
        }
    }
}

/// Why a text names no release of Boost that is known.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// Not of the form `major.minor` or `major.minor.patch`.
    #[error("{0:?} is not a Boost release such as 1.58 or 1.58.0")]
    Malformed(String),
    /// Older than [`Release::OLDEST`].
    #[error("Boost {0} is older than {oldest}, the oldest release whose random numbers are known", oldest = Release::OLDEST)]
    TooOld(String),
    /// Not one of Boost 1.
    #[error(
        "Boost {0} is not known: the releases are {oldest} to {newest}, and later ones of Boost 1 are taken to be like {newest}",
        oldest = Release::OLDEST, newest = Release::NEWEST
    )]
    TooNew(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_map_to_eras() {
        for (text, era) in [
            ("1.41", Era::V1_41),
            ("1.46.1", Era::V1_41),
            ("1.47", Era::V1_47),
            ("1.54", Era::V1_47),
            ("1.55.0", Era::V1_47),
            ("1.56", Era::V1_56),
            ("1.58.0", Era::V1_56),
            ("1.63.0", Era::V1_56),
            ("1.64", Era::V1_64),
            ("1.74", Era::V1_64),
            ("1.89", Era::V1_64),
            ("1.120.3", Era::V1_64),
        ] {
            assert_eq!(text.parse(), Ok(era), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "1", "1.", "1.58.0.1", "1.x", "1.+58", "-1.58", "1.58 ", "1.99999", "1_58"] {
            let error = ReleaseError::Malformed(text.to_owned());
            assert_eq!(text.parse::<Era>(), Err(error), "{text}");
        }
        assert_eq!(
            "1.58x".parse::<Era>().unwrap_err().to_string(),
            r#""1.58x" is not a Boost release such as 1.58 or 1.58.0"#
        );
    }

    #[test]
    fn what_comes_after_boost_1_is_refused() {
        let expected = "Boost 2.0.0 is not known: the releases are 1.41.0 to 1.89.0, \
                        and later ones of Boost 1 are taken to be like 1.89.0";
        assert_eq!("2.0".parse::<Era>().unwrap_err().to_string(), expected);
    }

    #[test]
    fn older_releases_are_refused() {
        assert_eq!(
            "1.40".parse::<Era>().unwrap_err().to_string(),
            "Boost 1.40.0 is older than 1.41.0, the oldest release whose random numbers are known"
        );
        assert!("0.99".parse::<Era>().is_err());
    }
}
