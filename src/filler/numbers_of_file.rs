//! The file filler: the numbers of a text file (caffe_pp2).
//!
//! x = the numbers of the file `file`, one after the other
//!
//! Where the file has fewer numbers than the blob has elements, the last one is repeated, as Caffe does; further ones
//! are not read. A relative name starts from the current folder. It draws nothing.

use std::path::Path;

use super::{FillerType, Piecewise, count, refuse_sparse};
use crate::Shape;
use crate::data::numbers::{FirstNumbers, first_numbers};
use crate::dialect::Known;
use crate::error::{AtField, Refusal};
use crate::proto::caffe::FillerParameter;
use crate::random::{Distribution, Generator};

pub(super) const TYPE: FillerType = FillerType::new(
    "file",
    "Takes the numbers of a text file",
    "x = the numbers of `file`, the last one repeated",
    |param, shape| Ok(Box::new(NumbersOfFile::new(param, shape)?)),
)
.fields(&["file"])
.known(Known::In(&["caffe-pp2"]));

/// Takes the numbers of a text file.
#[derive(Debug, Clone)]
pub struct NumbersOfFile {
    /// At least one, and as many as the blob has elements at most.
    numbers: Vec<f32>,
    count: usize,
}

impl NumbersOfFile {
    /// The filler for a blob of the given shape.
    ///
    /// # Errors
    /// There is no `file`, it cannot be read, or has something else where the blob needs a number; the blob is empty,
    /// or `sparse` is given.
    pub fn new(param: &FillerParameter, shape: &Shape) -> Result<NumbersOfFile, Refusal> {
        refuse_sparse("file", param)?;
        let count = count("file", shape)?;
        let name = param.file();
        if name.is_empty() {
            return Err(Refusal::at("file", "the file filler needs a file"));
        }
        let FirstNumbers { numbers, ended_by } = first_numbers(Path::new(name), count).at("file")?;
        if numbers.is_empty() {
            return Err(Refusal::at("file", format!("{name} does not begin with a number")));
        }
        if let Some(word) = ended_by {
            let message = format!("{name} has {word:?} in the place of number {} of {count}", numbers.len() + 1);
            return Err(Refusal::at("file", message));
        }
        Ok(NumbersOfFile { numbers, count })
    }
}

impl Piecewise for NumbersOfFile {
    fn count(&self) -> usize {
        self.count
    }

    fn distribution(&self) -> Option<Distribution> {
        None
    }

    fn make(&self, _: &mut dyn Generator, offset: usize, out: &mut [f32]) {
        let last = self.numbers.len() - 1;
        for (place, value) in (offset..).zip(out) {
            *value = self.numbers[place.min(last)];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filler::stub::{Stub, values};

    fn filled(content: &str, dims: &[i32]) -> Result<Vec<f32>, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        let name = file.path().to_str().unwrap().to_owned();
        let param = FillerParameter { file: Some(name.clone()), ..Default::default() };
        let filler = NumbersOfFile::new(&param, &Shape::new(dims).unwrap());
        let filler = filler.map_err(|refusal| format!("{}: {}", refusal.field, refusal.message.replace(&name, "F")))?;
        Ok(values(&filler, &mut Stub::new(0)))
    }

    #[test]
    fn the_last_number_is_repeated() {
        assert_eq!(filled("1 -2.5\n3e1", &[3]).unwrap(), [1.0, -2.5, 30.0]);
        assert_eq!(filled("1 -2.5", &[2, 2]).unwrap(), [1.0, -2.5, -2.5, -2.5]);
        assert_eq!(filled("1 2 3 x", &[2]).unwrap(), [1.0, 2.0]);
    }

    #[test]
    fn refusals() {
        assert_eq!(filled("x", &[2]).unwrap_err(), "file: F does not begin with a number");
        assert_eq!(filled("1 2,3 4", &[3]).unwrap_err(), "file: F has \"2,3\" in the place of number 2 of 3");
        let refusal = NumbersOfFile::new(&FillerParameter::default(), &Shape::new([2]).unwrap()).unwrap_err();
        assert_eq!(refusal.message, "the file filler needs a file");
    }
}
