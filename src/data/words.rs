//! Words of a text file, read one by one.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::file::look_at;
use super::{SourceError, SourcePlace};

/// The longest word that is read: no path of a file is longer.
const MAX_WORD_BYTES: usize = 4096;

/// A text file as words between white space, as C++ streams read them.
pub(super) struct Words {
    path: PathBuf,
    reader: BufReader<File>,
    /// The line that is being read.
    line: u64,
    /// That of the word read last.
    word_line: u64,
}

impl Words {
    /// Opens a text file.
    ///
    /// # Errors
    /// It is not there, may not be read, or is a folder.
    pub(super) fn open(path: &Path) -> Result<Words, SourceError> {
        look_at(path)?;
        let file = File::open(path).map_err(|error| SourceError::io(path, error))?;
        Ok(Words { path: path.to_owned(), reader: BufReader::new(file), line: 1, word_line: 1 })
    }

    /// The next word, or `None` at the end.
    ///
    /// # Errors
    /// The file cannot be read, or the word is longer than any path.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, SourceError> {
        let mut word = Vec::new();
        while let Some(byte) = self.peek()? {
            if !is_space(byte) {
                self.word_line = self.line;
                word.push(byte);
            } else if !word.is_empty() {
                break;
            }
            self.line += u64::from(byte == b'\n');
            self.reader.consume(1);
            if word.len() > MAX_WORD_BYTES {
                return Err(self.fault(format!("a word of more than {MAX_WORD_BYTES} bytes: this is not a text file")));
            }
        }
        Ok(Some(word).filter(|word| !word.is_empty()))
    }

    /// The line of the word read last, from 1.
    pub(super) fn word_line(&self) -> u64 {
        self.word_line
    }

    fn peek(&mut self) -> Result<Option<u8>, SourceError> {
        let buffered = self.reader.fill_buf().map_err(|error| SourceError::io(&self.path, error))?;
        Ok(buffered.first().copied())
    }

    /// Something wrong with the word read last.
    pub(super) fn fault(&self, message: impl Into<String>) -> SourceError {
        SourceError::at(&self.path, SourcePlace::Line(self.line), message)
    }
}

/// White space of the C locale.
fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}
