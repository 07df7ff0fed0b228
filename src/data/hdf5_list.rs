//! Lists of HDF5 files: the datasets of the first file.
//!
//! A list names files between white space. The first decides the shapes; a list that Caffe shuffles (with the C
//! library's generator, not its own) may begin with another file, but all files of a list have rows of one shape.

use std::path::{Path, PathBuf};

use hdf5_pure::{Datatype, Error, File};

use super::words::Words;
use super::{Place, SourceError, Sources};
use crate::Shape;

/// The first of the files that a list names.
#[derive(Debug)]
pub struct FirstFile {
    path: PathBuf,
    file: File,
}

impl FirstFile {
    /// Opens the first file of the list at `list`; a relative name of it starts where those of the net do.
    ///
    /// # Errors
    /// The list cannot be read or names no file, or the file is no HDF5 file.
    pub fn open(list: &Path, sources: &Sources) -> Result<FirstFile, SourceError> {
        let mut words = Words::open(list)?;
        let Some(name) = words.next()? else {
            return Err(SourceError::whole(list, "the list names no HDF5 file"));
        };
        if name == b"\x89HDF" {
            return Err(SourceError::whole(
                list,
                "is an HDF5 file itself, where a text file that names some is expected",
            ));
        }
        let Ok(name) = String::from_utf8(name) else {
            return Err(words.fault("the name of the first HDF5 file is not UTF-8"));
        };
        FirstFile::open_file(sources.find(name))
    }

    fn open_file(path: PathBuf) -> Result<FirstFile, SourceError> {
        super::file::look_at(&path)?;
        let file = File::open_streaming(&path).map_err(|error| fault(&path, error))?;
        let (end, size) = (file.superblock().eof_address, file.file_size());
        if end > size {
            let message = format!("the HDF5 file is cut off: it has {size} bytes of {end}");
            return Err(SourceError::at(&path, Place::Byte(size), message));
        }
        Ok(FirstFile { path, file })
    }

    /// The shape of the dataset of this name, which stands outside of groups and has numbers.
    ///
    /// # Errors
    /// There is none, it has no axes, no values or too many, or its values are not numbers.
    pub fn shape(&self, name: &str) -> Result<Shape, SourceError> {
        let fault = |message: String| SourceError::whole(&self.path, message);
        let dataset = self.dataset(name)?;
        let read = dataset.datatype().and_then(|datatype| Ok((datatype, dataset.shape()?)));
        let (datatype, dims) = read.map_err(|error| fault(format!("dataset {name:?}: {error}")))?;
        if !matches!(datatype, Datatype::FixedPoint { .. } | Datatype::FloatingPoint { .. }) {
            return Err(fault(format!("dataset {name:?} does not hold numbers but {}", dtype(&dataset))));
        }
        if dims.is_empty() {
            return Err(fault(format!("dataset {name:?} has no axes, but the first axis counts the items")));
        }
        if dims.contains(&0) {
            return Err(fault(format!("dataset {name:?} is empty")));
        }
        let dims: Vec<i64> = dims.into_iter().map(|dim| i64::try_from(dim).unwrap_or(i64::MAX)).collect();
        Shape::new(dims).map_err(|error| fault(format!("dataset {name:?}: {error}")))
    }

    fn dataset(&self, name: &str) -> Result<hdf5_pure::Dataset, SourceError> {
        let fault = |message: String| SourceError::whole(&self.path, message);
        if name.contains('/') {
            return Err(fault(format!("dataset {name:?} is not looked for: Caffe does not look into groups")));
        }
        self.file.dataset(name).map_err(|error| match error {
            Error::Format(hdf5_pure::FormatError::PathNotFound(_)) => fault(format!("there is no dataset {name:?}")),
            Error::NotADataset(_) => fault(format!("{name:?} is not a dataset")),
            error => fault(format!("dataset {name:?}: {error}")),
        })
    }
}

/// The kind of a dataset's values, in words.
fn dtype(dataset: &hdf5_pure::Dataset) -> String {
    dataset.dtype().map_or_else(|error| error.to_string(), |dtype| dtype.to_string())
}

fn fault(path: &Path, error: Error) -> SourceError {
    match error {
        Error::Io(error) => SourceError::io(path, error),
        error => SourceError::whole(path, format!("is not an HDF5 file that can be read: {error}")),
    }
}
