//! Lists of the names and sizes of pictures.

use std::path::Path;

use super::SourceError;
use super::words::Words;

/// How many pictures the list at `path` has: words, a name, a height and a width for each, up to what is not so.
///
/// # Errors
/// The list cannot be read.
pub(crate) fn count(path: &Path) -> Result<u64, SourceError> {
    let mut words = Words::open(path)?;
    let mut count = 0;
    while words.next()?.is_some() && is_number(words.next()?) && is_number(words.next()?) {
        count += 1;
    }
    Ok(count)
}

fn is_number(word: Option<Vec<u8>>) -> bool {
    word.is_some_and(|word| str::from_utf8(&word).is_ok_and(|word| word.parse::<i32>().is_ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_counted_up_to_what_is_none() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (text, pictures) in [("", 0), ("a 3 4\nb 5\n6 c 7", 2), ("a 3 x b 4 5", 0), ("a 3 4 b 5.0 6", 1)] {
            std::fs::write(file.path(), text).unwrap();
            assert_eq!(count(file.path()).unwrap(), pictures, "{text}");
        }
    }
}
