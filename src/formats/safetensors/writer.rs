//! `.safetensors`: a JSON header, then the values of all blobs without gaps; keys are `<layer>.<index>`.
//!
//! Layers without blobs leave no trace, sharers have values of their own. The header's `__metadata__` tells how an
//! initialised net came about.

use std::io::{self, Write};

use crate::error::{Error, Result};
use crate::formats::{Output, SavedLayer, SavedNet, keys, le_bytes};
use crate::sink::Sink;

/// The longest header that readers accept.
pub(crate) const MAX_HEADER_BYTES: u64 = 100_000_000;

/// Refuses a net that has no keys of its own for all blobs, or too many of them.
pub(super) fn check(net: &SavedNet<'_>) -> Result<()> {
    keys::check(net, |_| Ok(()))?;
    let bytes = header(net).map_err(|error| Error::Request(error.to_string()))?.len() as u64;
    if bytes > MAX_HEADER_BYTES {
        return Err(Error::Request(format!(
            "the header of the .safetensors file would have {bytes} bytes; readers accept {MAX_HEADER_BYTES}"
        )));
    }
    Ok(())
}

/// Writes `.safetensors`, as [`Output`] is told.
#[derive(Debug)]
pub struct SafetensorsWriter<W> {
    out: W,
}

impl<W: Write> SafetensorsWriter<W> {
    /// Starts a file for this net with its header.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn new(mut out: W, net: &SavedNet<'_>) -> io::Result<SafetensorsWriter<W>> {
        let header = header(net)?;
        out.write_all(&(header.len() as u64).to_le_bytes())?;
        out.write_all(header.as_bytes())?;
        Ok(SafetensorsWriter { out })
    }
}

/// The header, padded with spaces to a multiple of 8 bytes so that the values are aligned.
fn header(net: &SavedNet<'_>) -> io::Result<String> {
    let mut entries = Vec::new();
    if !net.metadata.is_empty() {
        entries.push(format!("\"__metadata__\":{}", serde_json::to_string(&net.metadata)?));
    }
    let mut offset = 0;
    for (key, blob) in keys::keyed(net, '.') {
        let end = offset + blob.bytes();
        let (key, dims) = (serde_json::to_string(&key)?, serde_json::to_string(blob.shape.dims())?);
        entries.push(format!("{key}:{{\"dtype\":\"F32\",\"shape\":{dims},\"data_offsets\":[{offset},{end}]}}"));
        offset = end;
    }
    let mut out = format!("{{{}}}", entries.join(","));
    let padded = out.len().next_multiple_of(8);
    out.extend(std::iter::repeat_n(' ', padded - out.len()));
    Ok(out)
}

impl<W: Write> Sink for SafetensorsWriter<W> {
    fn write(&mut self, values: &[f32]) -> io::Result<()> {
        self.out.write_all(&le_bytes(values))
    }
}

impl<W: Write> Output for SafetensorsWriter<W> {
    fn begin_layer(&mut self, _: &SavedLayer<'_>) -> io::Result<()> {
        Ok(())
    }

    fn begin_blob(&mut self, _: &SavedLayer<'_>, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn end_layer(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
