//! What stands in for the readers that a build is without: each refuses its source, and names the feature that reads
//! it.

#[cfg(not(feature = "datasets"))]
pub(crate) mod lmdb {
    //! LMDB, which this build does not read.

    use std::path::Path;

    use crate::data::{DatabaseRecord, SourceError};

    /// The file in a database's folder.
    pub(crate) const DATA_FILE: &str = "data.mdb";

    /// Refuses the database.
    ///
    /// # Errors
    /// Always.
    pub(crate) fn first_record(folder: &Path) -> Result<DatabaseRecord, SourceError> {
        Err(SourceError::without(folder, "LMDB databases", "datasets"))
    }

    /// Refuses the database.
    ///
    /// # Errors
    /// Always.
    pub(crate) fn records(folder: &Path) -> Result<u64, SourceError> {
        Err(SourceError::without(folder, "LMDB databases", "datasets"))
    }
}

#[cfg(not(feature = "datasets"))]
pub(crate) mod leveldb {
    //! LevelDB, which this build does not read.

    use std::path::Path;

    use crate::data::{DatabaseRecord, SourceError};

    /// The file that names a database's manifest.
    pub(crate) const CURRENT_FILE: &str = "CURRENT";

    /// Refuses the database.
    ///
    /// # Errors
    /// Always.
    pub(crate) fn first_record(folder: &Path) -> Result<DatabaseRecord, SourceError> {
        Err(SourceError::without(folder, "LevelDB databases", "datasets"))
    }
}

#[cfg(not(feature = "datasets"))]
pub(crate) mod datum_file {
    //! Files of records, which this build does not read.

    use std::path::Path;

    use crate::data::{DatabaseRecord, SourceError};

    /// Refuses the file.
    ///
    /// # Errors
    /// Always.
    pub(crate) fn first_record(path: &Path) -> Result<DatabaseRecord, SourceError> {
        Err(SourceError::without(path, "files of records", "datasets"))
    }
}

#[cfg(not(feature = "datasets"))]
pub(crate) mod picture {
    //! Encoded pictures, which this build does not decode.

    use std::path::Path;

    pub(crate) use crate::data::Decoding;
    use crate::data::{PictureSize, SourceError};

    /// Refuses the picture.
    ///
    /// # Errors
    /// Always.
    pub(crate) fn size(_: &[u8], _: Decoding) -> Result<PictureSize, String> {
        Err("this build of caffemodel does not decode pictures; build it with the feature \"datasets\"".to_owned())
    }

    /// Refuses the picture.
    ///
    /// # Errors
    /// Always.
    pub(crate) fn size_of_file(path: &Path, _: bool) -> Result<PictureSize, SourceError> {
        Err(SourceError::without(path, "pictures", "datasets"))
    }
}

#[cfg(not(feature = "datasets"))]
pub(crate) mod mat_file {
    //! Files of MATLAB, which this build does not read.

    use std::path::Path;

    use crate::data::SourceError;

    /// Refuses the file.
    ///
    /// # Errors
    /// Always.
    pub(crate) fn dimensions(path: &Path, _: &str) -> Result<Vec<i32>, SourceError> {
        Err(SourceError::without(path, "MATLAB files", "datasets"))
    }
}

#[cfg(not(feature = "datasets"))]
pub(crate) mod video {
    //! Videos, whose header this build does not read.

    use std::path::Path;

    use crate::data::{PictureSize, SourceError};

    /// Refuses the video.
    ///
    /// # Errors
    /// Always.
    pub(crate) fn frame_size(path: &Path) -> Result<PictureSize, SourceError> {
        Err(SourceError::without(path, "videos", "datasets"))
    }
}

#[cfg(not(feature = "hdf5"))]
pub(crate) mod hdf5_list {
    //! Lists of HDF5 files, which this build does not read.

    use std::path::{Path, PathBuf};

    use crate::Shape;
    use crate::data::SourceError;

    /// Refuses the list.
    ///
    /// # Errors
    /// Always.
    pub(crate) fn first_name(list: &Path) -> Result<String, SourceError> {
        Err(SourceError::without(list, "HDF5 files", "hdf5"))
    }

    /// The first of the files that a list names; there is none in this build.
    #[derive(Debug)]
    pub(crate) enum FirstFile {}

    impl FirstFile {
        /// Refuses the file.
        ///
        /// # Errors
        /// Always.
        pub(crate) fn open(path: PathBuf) -> Result<FirstFile, SourceError> {
            Err(SourceError::without(&path, "HDF5 files", "hdf5"))
        }

        /// The shape of a dataset.
        ///
        /// # Errors
        /// None, as there is no such file.
        pub(crate) fn shape(&self, _: &str) -> Result<Shape, SourceError> {
            match *self {}
        }
    }
}
