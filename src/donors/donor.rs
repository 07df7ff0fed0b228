//! A file of weights, and what it is called.

use std::path::Path;

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
}

impl Donor {
    /// Weights from anywhere, and what reports and errors call them.
    pub fn new(name: impl Into<String>, net: StoredNet) -> Donor {
        Donor { name: name.into(), called: None, net }
    }

    /// The same with a name for [renames](super::Rename::of_donor) that are meant for it alone.
    #[must_use]
    pub fn called(self, name: impl Into<String>) -> Donor {
        Donor { called: Some(name.into()), ..self }
    }

    /// Opens a file of weights. Layers in it may have a [`Flaw`](crate::formats::Flaw): they are errors only if the net takes
    /// their values.
    ///
    /// # Errors
    /// The others of [`formats::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Donor> {
        Donor::open_with(path, &ReadOptions::default())
    }

    /// As [`Donor::open`], with options.
    ///
    /// # Errors
    /// Those of [`Donor::open`].
    pub fn open_with(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Donor> {
        let path = path.as_ref();
        let net = formats::read_flawed(&FileMap::open(path)?, options)?;
        Ok(Donor::new(path.display().to_string(), net))
    }
}
