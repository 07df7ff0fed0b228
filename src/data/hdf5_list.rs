//! Lists of HDF5 files: the datasets of the first file.
//!
//! A list names files between white space. The first decides the shapes; a list that Caffe shuffles (with the C
//! library's generator, not its own) may begin with another file, but all files of a list have rows of one shape.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hdf5_reader::error::Error;
use hdf5_reader::messages::datatype::Datatype;
use hdf5_reader::storage::FileStorage;

use super::words::Words;
use super::{SourceError, SourcePlace};
use crate::Shape;
use crate::hdf5::{LinkError, LinkTree, LinkedObject};

/// The name of the first file of the list at `list`.
///
/// # Errors
/// The list cannot be read, or names no file.
pub(crate) fn first_name(list: &Path) -> Result<String, SourceError> {
    let mut words = Words::open(list)?;
    let Some(name) = words.next()? else {
        return Err(SourceError::whole(list, "the list names no HDF5 file"));
    };
    if name == b"\x89HDF" {
        return Err(SourceError::whole(list, "is an HDF5 file itself, where a text file that names some is expected"));
    }
    String::from_utf8(name).map_err(|_| words.fault("the name of the first HDF5 file is not UTF-8"))
}

/// The first of the files that a list names.
pub(crate) struct FirstFile {
    path: PathBuf,
    tree: LinkTree,
}

impl FirstFile {
    /// Opens the file.
    ///
    /// # Errors
    /// It cannot be read, or is no HDF5 file.
    pub(crate) fn open(path: PathBuf) -> Result<FirstFile, SourceError> {
        super::file::look_at(&path)?;
        let tree = FileStorage::open(&path).and_then(|storage| LinkTree::open(Arc::new(storage)));
        let tree = tree.map_err(|error| fault(&path, error))?;
        let [end, size] = tree.ends();
        if end > size {
            let message = format!("the HDF5 file is cut off: it has {size} bytes of {end}");
            return Err(SourceError::at(&path, SourcePlace::Byte(size), message));
        }
        Ok(FirstFile { path, tree })
    }

    /// The shape of the dataset of this name, which stands outside of groups and has numbers.
    ///
    /// # Errors
    /// There is none, it has no axes, no values or too many, or its values are not numbers.
    pub(crate) fn shape(&self, name: &str) -> Result<Shape, SourceError> {
        let fault = |message: String| SourceError::whole(&self.path, message);
        if name.contains('/') {
            return Err(fault(format!("dataset {name:?} is not looked for: Caffe does not look into groups")));
        }
        let read = || {
            let Some(place) = self.tree.find(&self.tree.root(), name)? else { return Ok(None) };
            let is_dataset = matches!(&*self.tree.object(&place)?, LinkedObject::Dataset(_));
            Ok(Some(if is_dataset { Some(self.tree.dataset(&place)?) } else { None }))
        };
        let found = read().map_err(|error: LinkError| fault(format!("dataset {name:?}: {error}")))?;
        let found = found.ok_or_else(|| fault(format!("there is no dataset {name:?}")))?;
        let dataset = found.ok_or_else(|| fault(format!("{name:?} is not a dataset")))?;
        if let Some(others) = not_numbers(dataset.dtype()) {
            return Err(fault(format!("dataset {name:?} holds {others}, not numbers")));
        }
        let dims = dataset.shape();
        if dims.is_empty() {
            return Err(fault(format!("dataset {name:?} has no axes, but the first axis counts the items")));
        }
        if dims.contains(&0) {
            return Err(fault(format!("dataset {name:?} is empty")));
        }
        let dims: Vec<i64> = dims.iter().map(|&dim| i64::try_from(dim).unwrap_or(i64::MAX)).collect();
        Shape::new(dims).map_err(|error| fault(format!("dataset {name:?}: {error}")))
    }
}

/// What values of a type are, if they are not numbers.
fn not_numbers(datatype: &Datatype) -> Option<&'static str> {
    Some(match datatype {
        Datatype::FixedPoint { .. } | Datatype::FloatingPoint { .. } => return None,
        Datatype::String { .. } => "strings",
        Datatype::Compound { .. } => "records",
        Datatype::Array { .. } => "arrays",
        Datatype::Enum { .. } => "names of an enumeration",
        Datatype::VarLen { .. } => "sequences",
        Datatype::Opaque { .. } => "opaque bytes",
        Datatype::Reference { .. } => "references",
        Datatype::Bitfield { .. } => "bit fields",
    })
}

fn fault(path: &Path, error: Error) -> SourceError {
    match error {
        Error::Io(error) => SourceError::io(path, error),
        error => SourceError::whole(path, format!("is not an HDF5 file that can be read: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use hdf5_pure::FileBuilder;
    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;

    /// A folder with a list and the HDF5 file that it names.
    fn folder(list: &str, file: &[u8]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("list.txt"), list).unwrap();
        fs::write(folder.path().join("a.h5"), file).unwrap();
        folder
    }

    fn hdf5() -> Vec<u8> {
        let mut file = FileBuilder::new();
        file.create_dataset("data").with_f32_data(&[0.0; 24]).with_shape(&[4, 3, 2]);
        file.create_dataset("label").with_i32_data(&[0; 4]).with_shape(&[4]);
        file.create_dataset("none").with_f32_data(&[]).with_shape(&[0, 3]);
        file.finish().unwrap()
    }

    fn shape(folder: &TempDir, name: &str) -> Result<Shape, String> {
        let file = first_name(&folder.path().join("list.txt"));
        let shape = file.and_then(|file| FirstFile::open(folder.path().join(file))?.shape(name));
        shape.map_err(|error| error.to_string().replace(folder.path().to_str().unwrap(), "/folder"))
    }

    #[test]
    fn the_first_file_tells_the_shapes() {
        let folder = folder("\n  a.h5 absent.h5\n", &hdf5());
        assert_eq!(shape(&folder, "data"), Ok(Shape::new([4, 3, 2]).unwrap()));
        assert_eq!(shape(&folder, "label"), Ok(Shape::new([4]).unwrap()));
        assert_eq!(shape(&folder, "absent"), Err("/folder/a.h5: there is no dataset \"absent\"".into()));
        assert_eq!(shape(&folder, "none"), Err("/folder/a.h5: dataset \"none\" is empty".into()));
        let message = "/folder/a.h5: dataset \"a/b\" is not looked for: Caffe does not look into groups";
        assert_eq!(shape(&folder, "a/b"), Err(message.into()));
    }

    #[test]
    fn what_is_no_list_or_no_hdf5_file_is_refused() {
        let error = |list: &str, file: &[u8]| shape(&folder(list, file), "data").unwrap_err();
        assert_eq!(error(" \n", b""), "/folder/list.txt: the list names no HDF5 file");
        let message = "cannot read /folder/absent.h5: No such file or directory (os error 2)";
        assert_eq!(error("absent.h5", b""), message);
        let message = "is an HDF5 file itself, where a text file that names some is expected";
        let folder = folder("", &hdf5());
        fs::rename(folder.path().join("a.h5"), folder.path().join("list.txt")).unwrap();
        assert_eq!(shape(&folder, "data").unwrap_err(), format!("/folder/list.txt: {message}"));
        let start = "/folder/a.h5: is not an HDF5 file that can be read: ";
        assert!(error("a.h5", b"text").starts_with(start), "{}", error("a.h5", b"text"));
        let (whole, cut) = (hdf5(), hdf5().len() - 9);
        let message =
            format!("/folder/a.h5, byte {cut}: the HDF5 file is cut off: it has {cut} bytes of {}", whole.len());
        assert_eq!(error("a.h5", &whole[..cut]), message);
    }

    #[test]
    fn soft_links_are_followed() {
        for file in [
            include_bytes!("../../tests/hdf5/soft_old.h5").as_slice(),
            include_bytes!("../../tests/hdf5/soft_new.h5").as_slice(),
        ] {
            let folder = folder("a.h5", file);
            assert_eq!(shape(&folder, "top"), Ok(Shape::new([2, 3]).unwrap()));
            let message = "dataset \"lost\": a soft link to \"absent\", which does not exist";
            assert_eq!(shape(&folder, "lost"), Err(format!("/folder/a.h5: {message}")));
            let message =
                "dataset \"elsewhere\": a link to \"/values\" in the file \"other.h5\", which is not followed";
            assert_eq!(shape(&folder, "elsewhere"), Err(format!("/folder/a.h5: {message}")));
            assert_eq!(shape(&folder, "data"), Err("/folder/a.h5: \"data\" is not a dataset".into()));
        }
    }

    proptest! {
        #[test]
        fn damaged_files_give_a_shape_or_an_error(
            bytes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        ) {
            let mut file = hdf5();
            for (place, byte) in bytes {
                let place = place.index(file.len());
                file[place] = byte;
            }
            let _ = shape(&folder("a.h5", &file), "data");
        }
    }
}
