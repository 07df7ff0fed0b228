//! `.npz`, numpy's archive: a stored zip entry `<layer>/<index>.npy` for each blob, those of sharers included.
//!
//! Layers without blobs leave no trace. Sizes are known beforehand; the checksum of an entry is written into its header
//! once the values have passed, so readers need not know of data descriptors.

mod zip;

use std::io::{self, Seek, SeekFrom, Write};

use zip::{CRC_OFFSET, WrittenEntry};

use crate::error::Result;
use crate::formats::{Output, SavedLayer, SavedNet, keys, le_bytes, npy};
use crate::sink::Sink;

/// Room for `/`, an index and `.npy` after a layer's name in a zip entry's name.
const MAX_NAME_BYTES: usize = u16::MAX as usize - 64;

/// Refuses a net that has no keys of its own for all blobs.
pub(super) fn check(net: &SavedNet<'_>) -> Result<()> {
    keys::check(net, |name| match name {
        _ if name.contains('\0') => Err("a zip archive cannot hold a name with a zero character".into()),
        _ if name.len() > MAX_NAME_BYTES => {
            Err(format!("a zip archive holds names of up to {MAX_NAME_BYTES} bytes, this one has {}", name.len()))
        }
        _ => Ok(()),
    })
}

/// Writes `.npz`, as [`Output`] is told.
///
/// The writer makes small writes; give it a buffered one. It must be at its start.
#[derive(Debug)]
pub struct NpzWriter<W> {
    out: W,
    offset: u64,
    crc: crc32fast::Hasher,
    entries: Vec<WrittenEntry>,
}

impl<W: Write + Seek> NpzWriter<W> {
    /// Starts an archive.
    pub fn new(out: W) -> NpzWriter<W> {
        NpzWriter { out, offset: 0, crc: crc32fast::Hasher::new(), entries: Vec::new() }
    }
}

impl<W: Write + Seek> Sink for NpzWriter<W> {
    fn write(&mut self, values: &[f32]) -> io::Result<()> {
        let bytes = le_bytes(values);
        self.crc.update(&bytes);
        self.out.write_all(&bytes)
    }
}

impl<W: Write + Seek> Output for NpzWriter<W> {
    fn begin_layer(&mut self, _: &SavedLayer<'_>) -> io::Result<()> {
        Ok(())
    }

    fn begin_blob(&mut self, layer: &SavedLayer<'_>, blob: usize) -> io::Result<()> {
        let shape = layer.blobs[blob].shape;
        let header = npy::encode_header(shape);
        let bytes = header.len() as u64 + shape.count() as u64 * 4;
        let name = format!("{}.npy", keys::key(layer, '/', blob));
        let entry = WrittenEntry { name, bytes, crc: 0, offset: self.offset };
        let start = entry.local_header();
        self.out.write_all(&start)?;
        self.out.write_all(&header)?;
        self.crc = crc32fast::Hasher::new();
        self.crc.update(&header);
        self.offset += start.len() as u64 + bytes;
        self.entries.push(entry);
        Ok(())
    }

    fn end_blob(&mut self) -> io::Result<()> {
        let crc = self.crc.clone().finalize();
        let Some(entry) = self.entries.last_mut() else {
            return Err(io::Error::other("a blob ends that has not begun"));
        };
        entry.crc = crc;
        self.out.seek(SeekFrom::Start(entry.offset + CRC_OFFSET))?;
        self.out.write_all(&crc.to_le_bytes())?;
        self.out.seek(SeekFrom::Start(self.offset))?;
        Ok(())
    }

    fn end_layer(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.write_all(&zip::directory(&self.entries, self.offset))?;
        self.out.flush()
    }
}
