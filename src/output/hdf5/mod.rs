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

use super::{Output, le_bytes};
use crate::error::Result;
use crate::filler::Sink;
use crate::plan::{Plan, PlannedLayer};

/// Refuses a plan whose layers' names cannot name groups.
pub(super) fn check(plan: &Plan) -> Result<()> {
    Tree::new(plan).map(|_| ())
}

/// Writes HDF5, as [`Output`] is told.
#[derive(Debug)]
pub struct Hdf5Writer<W> {
    out: W,
    shared: bool,
}

impl<W: Write> Hdf5Writer<W> {
    /// Starts a file for this plan with all of its structure.
    ///
    /// # Errors
    /// Those of `out`, and what [`Format::check`](super::Format::check) refuses.
    pub fn new(mut out: W, plan: &Plan) -> io::Result<Hdf5Writer<W>> {
        let tree = Tree::new(plan).map_err(io::Error::other)?;
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
    fn begin_layer(&mut self, _: &PlannedLayer) -> io::Result<()> {
        Ok(())
    }

    fn begin_blob(&mut self, layer: &PlannedLayer, blob: usize) -> io::Result<()> {
        self.shared = layer.blobs[blob].owner.is_some();
        Ok(())
    }

    fn end_layer(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
