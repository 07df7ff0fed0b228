//! Window files: pictures with their sizes, and windows in them.
//!
//! A file is a run of words between white space. Each picture has `#`, its number, its name, its channels, height and
//! width, and the number of its windows; each window its class, its overlap with an object, and two corners.

use std::ffi::OsString;
use std::path::Path;
use std::str::FromStr;

use super::SourceError;
use super::file::os_string;
use super::words::Words;

/// The channels of the last picture of the window file at `path`. `visit` is called with the name of each picture.
///
/// A window whose overlap is at least `foreground` shows an object, so that its class must not be 0, the background.
///
/// # Errors
/// The file cannot be read, names no picture, or does not have the words that it should; or `visit` fails.
pub fn channels(
    path: &Path,
    foreground: f32,
    mut visit: impl FnMut(&OsString) -> Result<(), SourceError>,
) -> Result<i32, SourceError> {
    let mut file = WindowFile { words: Words::open(path)? };
    let mut last = None;
    while let Some(mark) = file.words.next()? {
        if mark != b"#" {
            let found = mark.escape_ascii();
            return Err(file.words.fault(format!("the \"#\" of a picture is expected, \"{found}\" is found")));
        }
        let _number: i32 = file.number("the number of a picture")?;
        let name = file.word("the name of a picture")?;
        let name = os_string(&name).ok_or_else(|| file.words.fault("the name of the picture is not UTF-8"))?;
        visit(&name)?;
        last = Some(file.number("the channels of a picture")?);
        let _height: i32 = file.number("the height of a picture")?;
        let _width: i32 = file.number("the width of a picture")?;
        let windows: i32 = file.number("the number of windows")?;
        for _ in 0..windows {
            file.window(foreground)?;
        }
    }
    last.ok_or_else(|| SourceError::whole(path, "the window file names no picture"))
}

struct WindowFile {
    words: Words,
}

impl WindowFile {
    fn word(&mut self, what: &str) -> Result<Vec<u8>, SourceError> {
        let word = self.words.next()?;
        word.ok_or_else(|| self.words.fault(format!("{what} is expected, the file ends")))
    }

    fn number<T: FromStr>(&mut self, what: &str) -> Result<T, SourceError> {
        let word = self.word(what)?;
        let number = str::from_utf8(&word).ok().and_then(|word| word.parse().ok());
        number.ok_or_else(|| self.words.fault(format!("{what} is expected, \"{}\" is found", word.escape_ascii())))
    }

    fn window(&mut self, foreground: f32) -> Result<(), SourceError> {
        let class: i32 = self.number("the class of a window")?;
        let overlap: f32 = self.number("the overlap of a window")?;
        if overlap >= foreground && class <= 0 {
            let message = format!("a window with an overlap of {overlap} shows an object, whose class is not {class}");
            return Err(self.words.fault(message));
        }
        for corner in ["x1", "y1", "x2", "y2"] {
            let _: i32 = self.number(&format!("{corner} of a window"))?;
        }
        Ok(())
    }
}
