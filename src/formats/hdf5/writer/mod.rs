//! HDF5 as Caffe writes it: a group `/data/<layer>` for each layer, in it a dataset of `f32` for each blob, named by
//! its index.
//!
//! A blob that shares another's values has no dataset; a blob without axes has a scalar one. A layer's name is a path:
//! `a/b` is a group in the group of layer `a`. The file is readable from HDF5 1.8 on and the same in content as
//! Caffe's, not in bytes. Memory: the structure, about a kilobyte a layer; values are streamed.

mod layout;
mod tree;

use std::io::{self, Write};

use tree::Tree;

use crate::error::Result;
use crate::formats::{Output, SavedLayer, SavedNet, le_bytes};
use crate::sink::Sink;

/// Refuses a net whose layers' names cannot name groups.
pub(super) fn check(net: &SavedNet<'_>) -> Result<()> {
    Tree::new(net).map(|_| ())
}

/// Writes HDF5, as [`Output`] is told.
#[derive(Debug)]
pub struct Hdf5Writer<W> {
    out: W,
    shared: bool,
}

impl<W: Write> Hdf5Writer<W> {
    /// Starts a file for this net with all of its structure.
    ///
    /// # Errors
    /// Those of `out`, and what [`Format::check`](crate::formats::Format::check) refuses.
    pub fn new(mut out: W, net: &SavedNet<'_>) -> io::Result<Hdf5Writer<W>> {
        let tree = Tree::new(net).map_err(io::Error::other)?;
        out.write_all(&layout::encode(&tree))?;
        Ok(Hdf5Writer { out, shared: false })
    }
}

impl<W: Write> Sink for Hdf5Writer<W> {
    fn write(&mut self, values: &[f32]) -> io::Result<()> {
        if self.shared { Ok(()) } else { self.out.write_all(&le_bytes(values)) }
    }
}

impl<W: Write> Output for Hdf5Writer<W> {
    fn begin_layer(&mut self, _: &SavedLayer<'_>) -> io::Result<()> {
        Ok(())
    }

    fn begin_blob(&mut self, layer: &SavedLayer<'_>, blob: usize) -> io::Result<()> {
        self.shared = layer.blobs[blob].shared;
        Ok(())
    }

    fn end_layer(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
