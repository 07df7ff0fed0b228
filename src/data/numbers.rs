//! Numbers of a text file, between white space.

use std::path::Path;
use std::str::FromStr;

use super::SourceError;
use super::words::Words;

/// The first numbers of a file.
pub(crate) struct FirstNumbers<T> {
    pub(crate) numbers: Vec<T>,
    /// The word that they end before, where that is no number; none where the file ends, or there are enough.
    pub(crate) ended_by: Option<String>,
}

/// The first numbers of the file, `count` at most; they end before the first word that is none.
///
/// # Errors
/// The file cannot be read, or has a word longer than any number.
pub(crate) fn first_numbers<T: FromStr>(path: &Path, count: usize) -> Result<FirstNumbers<T>, SourceError> {
    let mut words = Words::open(path)?;
    let (mut numbers, mut ended_by) = (Vec::new(), None);
    while numbers.len() < count
        && ended_by.is_none()
        && let Some(word) = words.next()?
    {
        let word = String::from_utf8_lossy(&word);
        match word.parse() {
            Ok(number) => numbers.push(number),
            Err(_) => ended_by = Some(word.into_owned()),
        }
    }
    Ok(FirstNumbers { numbers, ended_by })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_at_what_is_none() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "3 -1.5\n2e1 x 7").unwrap();
        let found = first_numbers::<f64>(file.path(), 9).unwrap();
        assert_eq!((&found.numbers[..], found.ended_by.as_deref()), (&[3.0, -1.5, 20.0][..], Some("x")));
        let found = first_numbers::<f64>(file.path(), 2).unwrap();
        assert_eq!((&found.numbers[..], found.ended_by), (&[3.0, -1.5][..], None));
        assert!(first_numbers::<f64>(Path::new("/nowhere"), 2).is_err());
    }
}
