//! Numbers of a text file, between white space.

use std::path::Path;
use std::str::FromStr;

use super::SourceError;
use super::words::Words;

/// The first numbers of the file, `count` at most; they end before the first word that is none.
///
/// # Errors
/// The file cannot be read, or has a word longer than any number.
pub(crate) fn first_numbers<T: FromStr>(path: &Path, count: usize) -> Result<Vec<T>, SourceError> {
    let mut words = Words::open(path)?;
    let mut numbers = Vec::new();
    while numbers.len() < count
        && let Some(word) = words.next()?
        && let Some(number) = std::str::from_utf8(&word).ok().and_then(|word| word.parse().ok())
    {
        numbers.push(number);
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_at_what_is_none() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "3 -1.5\n2e1 x 7").unwrap();
        assert_eq!(first_numbers::<f64>(file.path(), 9).unwrap(), [3.0, -1.5, 20.0]);
        assert_eq!(first_numbers::<f64>(file.path(), 2).unwrap(), [3.0, -1.5]);
        assert!(first_numbers::<f64>(Path::new("/nowhere"), 2).is_err());
    }
}
