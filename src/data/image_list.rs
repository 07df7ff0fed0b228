//! Lists of pictures: the name of the first one used.
//!
//! A line holds a name, a space and a label; the last space of the line counts, in Cambricon's Caffe the first, and a
//! line without any is a name alone. Older Caffes read words instead, each name followed by a label, up to what is no
//! label. Lists for segmentation have the name of a second picture in the place of the label, and other lists several
//! numbers. A list that is shuffled takes four bytes of memory a picture.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::file::{look_at, os_string};
use super::words::Words;
use super::{SourceError, SourcePlace};
use crate::dialect::ImageLists;
use crate::random::{Mt19937, shuffle};

/// The longest line that is read.
const MAX_LINE_BYTES: u64 = 65536;

/// What a list is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListForm {
    /// Lines of a name and, behind the last space, a label.
    Lines,
    /// Lines of a name and, behind the first space, a label.
    FirstSpace,
    /// Words: each name followed by so many numbers.
    Words {
        /// How many, at least one.
        numbers: usize,
    },
    /// Words in pairs: the name of a picture and that of another one.
    Pairs,
    /// Words in threes: the names of a picture and of two others.
    Triples,
    /// Lines that begin with a name.
    FirstWords,
    /// The same, where lines of space alone do not count.
    FilledLines,
    /// Lines of a name and any number of labels; in an empty line the name is that before.
    SeveralLabels,
    /// Lines of a name and any number of labels, up to a name of less than three letters, or one like that before.
    Labelled,
}

impl From<ImageLists> for ListForm {
    fn from(lists: ImageLists) -> ListForm {
        match lists {
            ImageLists::Lines => ListForm::Lines,
            ImageLists::Words => ListForm::Words { numbers: 1 },
            ImageLists::FirstSpace => ListForm::FirstSpace,
        }
    }
}

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
    /// The word behind it: the second name of several, or the first of the numbers; of several labels all that follows.
    pub(crate) second: OsString,
    /// The third name of three.
    pub(crate) third: OsString,
    /// Its line, from 1.
    pub(crate) line: u64,
}

/// The first picture of the list at `path`.
///
/// # Errors
/// The list cannot be read, or has too few pictures.
pub(crate) fn first_picture(path: &Path, start: Start, form: ListForm) -> Result<Listed, SourceError> {
    let index = match start.shuffle {
        None => start.skip,
        Some(seed) => shuffled(path, seed, start.skip, form)?,
    };
    let mut pictures = Pictures::open(path, form)?;
    let mut count = 0;
    while let Some(entry) = pictures.next()? {
        if count == u64::from(index) {
            return listed(path, &entry);
        }
        count += 1;
    }
    Err(too_short(path, count, start.skip))
}

/// The index of the picture that stands at place `skip` of the shuffled list.
fn shuffled(path: &Path, seed: u32, skip: u32, form: ListForm) -> Result<u32, SourceError> {
    let mut pictures = Pictures::open(path, form)?;
    let mut order = Vec::new();
    while pictures.next()?.is_some() {
        let index = u32::try_from(order.len());
        order.push(index.map_err(|_| SourceError::whole(path, "a list of 2^32 pictures or more cannot be shuffled"))?);
    }
    shuffle(&mut order, &mut Mt19937::new(seed));
    order.get(skip as usize).copied().ok_or_else(|| too_short(path, order.len() as u64, skip))
}

fn too_short(path: &Path, count: u64, skip: u32) -> SourceError {
    let message = match count {
        0 => "the list names no picture".to_owned(),
        _ => format!("the list names {count} pictures, and rand_skip skips {skip}"),
    };
    SourceError::whole(path, message)
}

fn listed(path: &Path, entry: &RawEntry) -> Result<Listed, SourceError> {
    let line = entry.line;
    let part = |bytes: &[u8]| {
        os_string(bytes)
            .ok_or_else(|| SourceError::at(path, SourcePlace::Line(line), "the name of the picture is not UTF-8"))
    };
    Ok(Listed { name: part(&entry.name)?, second: part(&entry.second)?, third: part(&entry.third)?, line })
}

/// An entry as it stands in the file.
struct RawEntry {
    name: Vec<u8>,
    second: Vec<u8>,
    third: Vec<u8>,
    line: u64,
}

/// The pictures of a list.
enum Pictures<'a> {
    Lines(Lines<'a>),
    FirstSpace(Lines<'a>),
    FirstWords(Lines<'a>),
    FilledLines(Lines<'a>),
    SeveralLabels { lines: Lines<'a>, last: Vec<u8> },
    Labelled { lines: Lines<'a>, last: Vec<u8> },
    Words { words: Words, numbers: usize },
    Pairs(Words),
    Triples(Words),
}

impl<'a> Pictures<'a> {
    fn open(path: &'a Path, form: ListForm) -> Result<Pictures<'a>, SourceError> {
        Ok(match form {
            ListForm::Lines => Pictures::Lines(Lines::open(path)?),
            ListForm::FirstSpace => Pictures::FirstSpace(Lines::open(path)?),
            ListForm::FirstWords => Pictures::FirstWords(Lines::open(path)?),
            ListForm::FilledLines => Pictures::FilledLines(Lines::open(path)?),
            ListForm::SeveralLabels => Pictures::SeveralLabels { lines: Lines::open(path)?, last: Vec::new() },
            ListForm::Labelled => Pictures::Labelled { lines: Lines::open(path)?, last: Vec::new() },
            ListForm::Words { numbers } => Pictures::Words { words: Words::open(path)?, numbers },
            ListForm::Pairs => Pictures::Pairs(Words::open(path)?),
            ListForm::Triples => Pictures::Triples(Words::open(path)?),
        })
    }

    /// The next picture.
    fn next(&mut self) -> Result<Option<RawEntry>, SourceError> {
        let pair = |name, second, line| RawEntry { name, second, third: Vec::new(), line };
        let alone = |name, line| pair(name, Vec::new(), line);
        match self {
            Pictures::Lines(lines) => Ok(lines.next()?.map(|mut line| {
                line.truncate(line.iter().rposition(|&byte| byte == b' ').unwrap_or(line.len()));
                alone(line, lines.read)
            })),
            Pictures::FirstSpace(lines) => Ok(lines.next()?.map(|mut line| {
                line.truncate(line.iter().position(|&byte| byte == b' ').unwrap_or(line.len()));
                alone(line, lines.read)
            })),
            Pictures::FirstWords(lines) => {
                Ok(lines.next()?.map(|line| alone(first_word(&line).unwrap_or_default().to_vec(), lines.read)))
            }
            Pictures::FilledLines(lines) => loop {
                let Some(line) = lines.next()? else { return Ok(None) };
                if let Some(name) = first_word(&line) {
                    return Ok(Some(alone(name.to_vec(), lines.read)));
                }
            },
            Pictures::SeveralLabels { lines, last } => Ok(lines.next()?.map(|line| {
                let (name, labels) = split_name(&line);
                if !name.is_empty() {
                    *last = name.to_vec();
                }
                pair(last.clone(), labels.to_vec(), lines.read)
            })),
            Pictures::Labelled { lines, last } => {
                let Some(line) = lines.next()? else { return Ok(None) };
                let (name, labels) = split_name(&line);
                if name.len() < 3 || name == &last[..] {
                    return Ok(None);
                }
                *last = name.to_vec();
                Ok(Some(pair(name.to_vec(), labels.to_vec(), lines.read)))
            }
            Pictures::Words { words, numbers } => {
                let Some(name) = words.next()? else { return Ok(None) };
                let (line, mut second) = (words.word_line(), None);
                for _ in 0..*numbers {
                    let Some(number) = words.next()?.filter(|word| is_number(word)) else { return Ok(None) };
                    second.get_or_insert(number);
                }
                Ok(Some(pair(name, second.unwrap_or_default(), line)))
            }
            Pictures::Pairs(words) => {
                let Some(name) = words.next()? else { return Ok(None) };
                let line = words.word_line();
                Ok(words.next()?.map(|second| pair(name, second, line)))
            }
            Pictures::Triples(words) => {
                let Some(name) = words.next()? else { return Ok(None) };
                let line = words.word_line();
                let (second, third) = (words.next()?, words.next()?);
                Ok(second.zip(third).map(|(second, third)| RawEntry { name, second, third, line }))
            }
        }
    }
}

/// The first word of a line, empty if it has none, and what follows.
fn split_name(line: &[u8]) -> (&[u8], &[u8]) {
    let whole = line.trim_ascii_start();
    whole.split_at(whole.iter().position(u8::is_ascii_whitespace).unwrap_or(whole.len()))
}

/// The first word of a line, if it has any.
fn first_word(line: &[u8]) -> Option<&[u8]> {
    line.split(u8::is_ascii_whitespace).find(|word| !word.is_empty())
}

/// Whether a stream reads a number from the word: it begins with one.
fn is_number(word: &[u8]) -> bool {
    word.strip_prefix(b"-").or(word.strip_prefix(b"+")).unwrap_or(word).first().is_some_and(u8::is_ascii_digit)
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
        match first_picture(file.path(), start, ListForm::Lines) {
            Ok(Listed { name, line, .. }) => Ok((name.into_string().unwrap(), line)),
            Err(error) => Err(error.to_string().replace(file.path().to_str().unwrap(), "/list")),
        }
    }

    #[test]
    fn empty_lines_may_not_count() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "\n a.png 1 2\n \t\nb.png 3 4\n").unwrap();
        let start = |skip| Start { shuffle: None, skip };
        let name = |skip| first_picture(file.path(), start(skip), ListForm::FilledLines).unwrap().name;
        assert_eq!((name(0), name(1)), ("a.png".into(), "b.png".into()));
        assert_eq!(first_picture(file.path(), start(0), ListForm::FirstWords).unwrap().name, "");
    }

    #[test]
    fn the_first_space_may_split_the_label_off() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "my cat.png 3\nb.png\n").unwrap();
        let name = |skip| first_picture(file.path(), Start { shuffle: None, skip }, ListForm::FirstSpace).unwrap().name;
        assert_eq!((name(0), name(1)), ("my".into(), "b.png".into()));
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
        assert_eq!(skip(10), Err("/list: the list names 10 pictures, and rand_skip skips 10".into()));
        let shuffled = |skip| first(&list, Start { shuffle: Some(1701), skip });
        assert_eq!([0, 1, 9].map(|place| shuffled(place).unwrap().0), ["7", "6", "0"]);
        assert_eq!(shuffled(10), skip(10));
    }

    #[test]
    fn words_are_names_and_labels_in_turns() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let name = |list: &str, skip| {
            std::fs::write(file.path(), list).unwrap();
            let start = Start { skip, ..Default::default() };
            first_picture(file.path(), start, ListForm::Words { numbers: 1 })
                .ok()
                .map(|listed| (listed.name, listed.line))
        };
        assert_eq!(name("a.png\t3  b.png -4", 1), Some(("b.png".into(), 1)));
        assert_eq!(name("\n\na.png\n3\nb.png 4\n", 1), Some(("b.png".into(), 5)));
        assert_eq!(name("my cat.png 3", 0), None);
        assert_eq!(name("a.png 3 my cat.png 4", 1), None);
    }

    #[test]
    fn each_name_may_have_several_numbers() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "a.png 1 0 0 2 2\nb.png 2 0 0 2 2\nc.png 3 0 0 2").unwrap();
        let name = |skip| {
            let start = Start { skip, ..Default::default() };
            first_picture(file.path(), start, ListForm::Words { numbers: 5 }).map(|listed| listed.name)
        };
        assert_eq!(name(1).unwrap(), "b.png");
        assert!(name(2).is_err());
    }

    #[test]
    fn other_lists_have_a_second_word() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let entry = |list: &str, form, skip| {
            std::fs::write(file.path(), list).unwrap();
            let start = Start { skip, ..Default::default() };
            let listed = first_picture(file.path(), start, form).ok()?;
            Some((listed.name.into_string().unwrap(), listed.second.into_string().unwrap(), listed.line))
        };
        let videos = ListForm::Words { numbers: 2 };
        let whole = |name: &str, second: &str, line| Some((name.to_owned(), second.to_owned(), line));
        assert_eq!(entry("a.png la.png\nb.png\nlb.png", ListForm::Pairs, 1), whole("b.png", "lb.png", 2));
        assert_eq!(entry("a.png la.png b.png", ListForm::Pairs, 1), None);
        assert_eq!(
            entry("a.png la.png ca.png\nb.png lb.png cb.png", ListForm::Triples, 1),
            whole("b.png", "lb.png", 2)
        );
        assert_eq!(entry("a.png la.png ca.png b.png lb.png", ListForm::Triples, 1), None);
        assert_eq!(entry("v 12 0\nw 7 1", videos, 1), whole("w", "7", 2));
        assert_eq!(entry("v 12 0\nw 7 x", videos, 1), None);
        assert_eq!(entry("  a.png la.png\nb.png", ListForm::FirstWords, 1), whole("b.png", "", 2));
        assert_eq!(entry("a.png\n\nb.png", ListForm::FirstWords, 1), whole("", "", 2));
        assert_eq!(entry("a.png\nb.png 1 2", ListForm::Labelled, 1), whole("b.png", " 1 2", 2));
        assert_eq!(entry("a.png 1\na.png 1\nb.png 1", ListForm::Labelled, 1), None);
        assert_eq!(entry("a.png 1\n\nb.png 1", ListForm::Labelled, 1), None);
        assert_eq!(entry(" a 1\na 1 2", ListForm::SeveralLabels, 1), whole("a", " 1 2", 2));
        assert_eq!(entry("a.png 1\n\nb.png 1", ListForm::SeveralLabels, 1), whole("a.png", "", 2));
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let none = Start::default();
        assert_eq!(first("", none), Err("/list: the list names no picture".into()));
        let long = Err("/list:2: a line of 65536 bytes or more: this is not a list of pictures".into());
        assert_eq!(first(format!("a 1\n{}", "x".repeat(1 << 20)), Start { skip: 1, ..none }), long);
        let folder = tempfile::tempdir().unwrap();
        let error = first_picture(folder.path(), none, ListForm::Lines).unwrap_err().to_string();
        assert_eq!(error, format!("{}: is a folder where a file is expected", folder.path().display()));
    }
}
