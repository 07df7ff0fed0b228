//! A file of weights, and what it is called.

use std::path::Path;

use super::Framework;
use super::framework::explained;
use crate::error::Result;
use crate::formats::map::FileMap;
use crate::formats::{self, StoredNet};
use crate::net::ReadOptions;

/// A file of weights to take values from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Donor {
    /// What reports and errors call it.
    pub name: String,
    /// What [renames](super::Rename::of_donor) that are meant for it alone call it.
    pub called: Option<String>,
    /// What it holds.
    pub net: StoredNet,
    /// The framework whose names and layouts it has; Caffe's if `None`.
    pub framework: Option<&'static Framework>,
}

impl Donor {
    /// Weights from anywhere, and what reports and errors call them.
    pub fn new(name: impl Into<String>, net: StoredNet) -> Donor {
        Donor { name: name.into(), called: None, net, framework: None }
    }

    /// The same with a name for [renames](super::Rename::of_donor) that are meant for it alone.
    #[must_use]
    pub fn called(self, name: impl Into<String>) -> Donor {
        Donor { called: Some(name.into()), ..self }
    }

    /// Opens a file of weights. Layers in it may have a [`Flaw`](crate::formats::Flaw): they are errors only if the net
    /// takes their values.
    ///
    /// # Errors
    /// The others of [`formats::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Donor> {
        Donor::open_with(path, &ReadOptions::default())
    }

    /// Opens a file of arrays with the names and layouts of a framework: an .npz, a .safetensors or an HDF5 file.
    ///
    /// # Errors
    /// Those of [`formats::open_arrays`].
    pub fn open_from(path: impl AsRef<Path>, framework: &'static Framework) -> Result<Donor> {
        let path = path.as_ref();
        Ok(Donor::new(path.display().to_string(), formats::open_arrays(path)?).from_framework(framework))
    }

    /// The same with arrays by their keys ([`formats::open_arrays`]), which have the names and layouts of a framework.
    #[must_use]
    pub fn from_framework(self, framework: &'static Framework) -> Donor {
        Donor { framework: Some(framework), ..self }
    }

    /// As [`Donor::open`], with options.
    ///
    /// # Errors
    /// Those of [`Donor::open`].
    pub fn open_with(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Donor> {
        let path = path.as_ref();
        let file = FileMap::open(path)?;
        let net = formats::read_flawed(&file, options).map_err(|error| explained(error, &file))?;
        Ok(Donor::new(path.display().to_string(), net))
    }
}
