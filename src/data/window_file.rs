//! Window files: pictures with their sizes, and windows in them.
//!
//! A file is a run of words between white space. Each picture has `#`, its number, its name, its channels, height and
//! width, and the number of its windows; each window its class, its overlap with an object, and two corners.

use std::ffi::OsString;
use std::path::Path;
use std::str::FromStr;

use super::file::os_string;
use super::words::Words;
use super::{PictureSize, SourceError};

/// The channels of the last picture of the window file at `path`. `visit` is called with the name of each picture.
///
/// A window whose overlap is at least `foreground` shows an object, so that its class must not be 0, the background.
///
/// # Errors
/// The file cannot be read, names no picture, or does not have the words that it should; or `visit` fails.
pub(crate) fn channels(
    path: &Path,
    foreground: f32,
    mut visit: impl FnMut(&OsString) -> Result<(), SourceError>,
) -> Result<i32, SourceError> {
    let mut file = WindowFile { words: Words::open(path)? };
    let mut last = None;
    while let Some(mark) = file.words.next()? {
        file.picture(&mark, &mut visit, &mut last)?;
        let windows: i32 = file.number("the number of windows")?;
        for _ in 0..windows {
            file.window(foreground)?;
        }
    }
    let last = last.ok_or_else(|| SourceError::whole(path, "the window file names no picture"))?;
    Ok(last.channels)
}

/// The size of the last picture of a list of true boxes at `path`, as MS-CNN and Cascade R-CNN have them: each box has
/// its class and `marks` more numbers before its corners, and behind the boxes of a picture come their number and the
/// corners of regions that do not count. `visit` is called with the name of each picture.
///
/// # Errors
/// The file cannot be read, names no picture, does not have the words that it should, or a class is not above 0; or
/// `visit` fails.
pub(crate) fn true_boxes(
    path: &Path,
    marks: &[&str],
    mut visit: impl FnMut(&OsString) -> Result<(), SourceError>,
) -> Result<PictureSize, SourceError> {
    let mut file = WindowFile { words: Words::open(path)? };
    let mut last = None;
    while let Some(mark) = file.words.next()? {
        file.picture(&mark, &mut visit, &mut last)?;
        let boxes: i32 = file.number("the number of boxes")?;
        for _ in 0..boxes {
            let class: i32 = file.number("the class of a box")?;
            if class <= 0 {
                return Err(file.words.fault(format!("the class of a box is {class}, and must be above 0")));
            }
            for mark in marks {
                let _: i32 = file.number(&format!("{mark} of a box"))?;
            }
            file.corners("box")?;
        }
        let regions: i32 = file.number("the number of ignored regions")?;
        for _ in 0..regions {
            file.corners("region")?;
        }
    }
    last.ok_or_else(|| SourceError::whole(path, "the list names no picture"))
}

struct WindowFile {
    words: Words,
}

impl WindowFile {
    /// Reads what begins with `mark`: a picture and its size, which becomes the last one.
    fn picture(
        &mut self,
        mark: &[u8],
        visit: &mut impl FnMut(&OsString) -> Result<(), SourceError>,
        last: &mut Option<PictureSize>,
    ) -> Result<(), SourceError> {
        if mark != b"#" {
            let found = mark.escape_ascii();
            return Err(self.words.fault(format!("expected the \"#\" of a picture, found \"{found}\"")));
        }
        let _number: i32 = self.number("the number of a picture")?;
        let name = self.word("the name of a picture")?;
        let name = os_string(&name).ok_or_else(|| self.words.fault("the name of the picture is not UTF-8"))?;
        visit(&name)?;
        let channels = self.number("the channels of a picture")?;
        let height = self.number("the height of a picture")?;
        *last = Some(PictureSize { channels, height, width: self.number("the width of a picture")? });
        Ok(())
    }

    fn corners(&mut self, what: &str) -> Result<(), SourceError> {
        for corner in ["x1", "y1", "x2", "y2"] {
            let _: i32 = self.number(&format!("{corner} of a {what}"))?;
        }
        Ok(())
    }

    fn word(&mut self, what: &str) -> Result<Vec<u8>, SourceError> {
        let word = self.words.next()?;
        word.ok_or_else(|| self.words.fault(format!("expected {what}, found the end of the file")))
    }

    fn number<T: FromStr>(&mut self, what: &str) -> Result<T, SourceError> {
        let word = self.word(what)?;
        let number = str::from_utf8(&word).ok().and_then(|word| word.parse().ok());
        number.ok_or_else(|| self.words.fault(format!("expected {what}, found \"{}\"", word.escape_ascii())))
    }

    fn window(&mut self, foreground: f32) -> Result<(), SourceError> {
        let class: i32 = self.number("the class of a window")?;
        let overlap: f32 = self.number("the overlap of a window")?;
        if overlap >= foreground && class <= 0 {
            let message = format!("a window with an overlap of {overlap} shows an object, whose class is not {class}");
            return Err(self.words.fault(message));
        }
        self.corners("window")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The channels of a window file with this content; `/file` stands for its path.
    fn read(content: impl AsRef<[u8]>) -> Result<i32, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        let visit = |name: &OsString| match name.to_str() {
            Some("bad.png") => Err(SourceError::whole(Path::new("bad.png"), "is bad")),
            _ => Ok(()),
        };
        channels(file.path(), 0.5, visit)
            .map_err(|error| error.to_string().replace(file.path().to_str().unwrap(), "/file"))
    }

    #[test]
    fn true_boxes_come_with_regions_that_do_not_count() {
        let read = |content: &str| {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), content).unwrap();
            let size = true_boxes(file.path(), &["ignore"], |_| Ok(()));
            size.map_err(|error| error.to_string().replace(file.path().to_str().unwrap(), "/file"))
        };
        let size = PictureSize { channels: 1, height: 4, width: 5 };
        assert_eq!(read("# 0 a.png 3 20 30 1\n1 0 1 2 3 4\n1 5 6 7 8\n# 1 b.png 1 4 5 0 0"), Ok(size));
        let message = "/file:2: the class of a box is 0, and must be above 0";
        assert_eq!(read("# 0 a.png 3 20 30 1\n0 0 1 2 3 4\n0").unwrap_err(), message);
        let message = "/file:1: expected the number of ignored regions, found the end of the file";
        assert_eq!(read("# 0 a.png 3 20 30 0").unwrap_err(), message);
        assert_eq!(read("").unwrap_err(), "/file: the list names no picture");
    }

    #[test]
    fn the_last_picture_counts() {
        assert_eq!(read("# 0 a.png 3 20 30 2\n1 0.75 0 0 9 9\n0 0.2 1 1 5 5\n# 1\nb.png\n1\n20\n30\n0\n"), Ok(1));
        assert_eq!(read("# 0 a.png 3 20 30 -1"), Ok(3));
        assert_eq!(read("# 0 bad.png 3 20 30 0"), Err("bad.png: is bad".into()));
    }

    #[test]
    fn what_is_out_of_order_is_refused_with_its_line() {
        let error = |content: &str| read(content).unwrap_err();
        assert_eq!(error(" \n"), "/file: the window file names no picture");
        assert_eq!(error("a.png"), "/file:1: expected the \"#\" of a picture, found \"a.png\"");
        assert_eq!(error("# 0 a.png 3 20\n"), "/file:2: expected the width of a picture, found the end of the file");
        let message = "/file:2: expected the class of a window, found \"#\"";
        assert_eq!(error("# 0 a.png 3 20 30 1\n# 1"), message);
        let message = "/file:2: expected x1 of a window, found \"0.5\"";
        assert_eq!(error("# 0 a.png 3 20 30 1\n1 0.5 0.5"), message);
        let message = "/file:2: a window with an overlap of 0.5 shows an object, whose class is not 0";
        assert_eq!(error("# 0 a.png 3 20 30 1\n0 0.5 0 0 1 1"), message);
        let message = "/file:1: a word of more than 4096 bytes: this is not a text file";
        assert_eq!(error(&"#".repeat(5000)), message);
    }
}
