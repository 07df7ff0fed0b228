//! Lists of pictures: the name of the first one used.
//!
//! A line holds a name, a space and a label; the last space of the line counts, and a line without any is a name alone.
//! A list that is shuffled takes four bytes of memory a line.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::file::{look_at, os_string};
use super::{SourceError, SourcePlace};
use crate::random::{Mt19937, shuffle};

/// The longest line that is read.
const MAX_LINE_BYTES: u64 = 65536;

/// Which picture of a list comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Start {
    /// The seed of the generator that shuffles the list, if it is shuffled.
    pub(crate) shuffle: Option<u32>,
    /// How many pictures are then passed over.
    pub(crate) skip: u32,
}

/// A picture of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Its name.
    pub(crate) name: OsString,
    /// Its line, from 1.
    pub(crate) line: u64,
}

/// The first picture of the list at `path`.
///
/// # Errors
/// The list cannot be read, or has too few lines.
pub(crate) fn first_picture(path: &Path, start: Start) -> Result<Listed, SourceError> {
    let index = match start.shuffle {
        None => start.skip,
        Some(seed) => shuffled(path, seed, start.skip)?,
    };
    let mut lines = Lines::open(path)?;
    let mut count = 0;
    while let Some(line) = lines.next()? {
        if count == u64::from(index) {
            return listed(path, line, count + 1);
        }
        count += 1;
    }
    Err(too_short(path, count, start.skip))
}

/// The index of the line that stands at place `skip` of the shuffled list.
fn shuffled(path: &Path, seed: u32, skip: u32) -> Result<u32, SourceError> {
    let mut lines = Lines::open(path)?;
    let mut order = Vec::new();
    while lines.next()?.is_some() {
        let index = u32::try_from(order.len());
        order.push(index.map_err(|_| SourceError::whole(path, "a list of 2^32 pictures or more cannot be shuffled"))?);
    }
    shuffle(&mut order, &mut Mt19937::new(seed));
    order.get(skip as usize).copied().ok_or_else(|| too_short(path, order.len() as u64, skip))
}

fn too_short(path: &Path, count: u64, skip: u32) -> SourceError {
    let message = match count {
        0 => "the list names no picture".to_owned(),
        _ => format!("the list names {count} pictures, of which rand_skip passes over {skip}"),
    };
    SourceError::whole(path, message)
}

/// The picture that a line names.
fn listed(path: &Path, line: Vec<u8>, number: u64) -> Result<Listed, SourceError> {
    let end = line.iter().rposition(|&byte| byte == b' ').unwrap_or(line.len());
    let name = os_string(&line[..end])
        .ok_or_else(|| SourceError::at(path, SourcePlace::Line(number), "the name of the picture is not UTF-8"))?;
    Ok(Listed { name, line: number })
}

/// The lines of a list.
struct Lines<'a> {
    path: &'a Path,
    reader: BufReader<File>,
    read: u64,
}

impl<'a> Lines<'a> {
    fn open(path: &'a Path) -> Result<Lines<'a>, SourceError> {
        look_at(path)?;
        let file = File::open(path).map_err(|error| SourceError::io(path, error))?;
        Ok(Lines { path, reader: BufReader::new(file), read: 0 })
    }

    fn next(&mut self) -> Result<Option<Vec<u8>>, SourceError> {
        let mut line = Vec::new();
        let read = (&mut self.reader).take(MAX_LINE_BYTES).read_until(b'\n', &mut line);
        if read.map_err(|error| SourceError::io(self.path, error))? == 0 {
            return Ok(None);
        }
        self.read += 1;
        if line.len() as u64 == MAX_LINE_BYTES {
            let message = format!("a line of {MAX_LINE_BYTES} bytes or more: this is not a list of pictures");
            return Err(SourceError::at(self.path, SourcePlace::Line(self.read), message));
        }
        line.pop_if(|last| *last == b'\n');
        Ok(Some(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first picture of a list with this content; `/list` stands for its path.
    fn first(content: impl AsRef<[u8]>, start: Start) -> Result<(String, u64), String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        match first_picture(file.path(), start) {
            Ok(Listed { name, line }) => Ok((name.into_string().unwrap(), line)),
            Err(error) => Err(error.to_string().replace(file.path().to_str().unwrap(), "/list")),
        }
    }

    #[test]
    fn the_last_space_of_a_line_splits_the_label_off() {
        let name = |line: &str| first(line, Start::default()).unwrap().0;
        assert_eq!(name("a.png 3\nb.png 4\n"), "a.png");
        assert_eq!(name("my cat.png 3"), "my cat.png");
        assert_eq!(name("a.png 3 \n"), "a.png 3");
        assert_eq!(name("a.png 3\r\n"), "a.png");
        assert_eq!(name("a.png\t3\n"), "a.png\t3");
        assert_eq!(name("\nb.png 4\n"), "");
    }

    #[test]
    fn pictures_are_passed_over_and_shuffled() {
        let list: String = (0..10).map(|number| format!("{number} 0\n")).collect();
        let skip = |skip| first(&list, Start { skip, ..Default::default() });
        assert_eq!(skip(9), Ok(("9".into(), 10)));
        assert_eq!(skip(10), Err("/list: the list names 10 pictures, of which rand_skip passes over 10".into()));
        let shuffled = |skip| first(&list, Start { shuffle: Some(1701), skip });
        assert_eq!([0, 1, 9].map(|place| shuffled(place).unwrap().0), ["7", "6", "0"]);
        assert_eq!(shuffled(10), skip(10));
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let none = Start::default();
        assert_eq!(first("", none), Err("/list: the list names no picture".into()));
        let long = Err("/list:2: a line of 65536 bytes or more: this is not a list of pictures".into());
        assert_eq!(first(format!("a 1\n{}", "x".repeat(1 << 20)), Start { skip: 1, ..none }), long);
        let folder = tempfile::tempdir().unwrap();
        let error = first_picture(folder.path(), none).unwrap_err().to_string();
        assert_eq!(error, format!("{}: is a folder where a file is expected", folder.path().display()));
    }
}
