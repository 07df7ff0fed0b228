//! `.binaryproto`: a binary `BlobProto`, the form in which Caffe keeps mean images. It holds a single blob.

use std::io::{self, Write};

use crate::error::{Error, Result};
use crate::formats::caffemodel::BlobFrame;
use crate::formats::{MAX_FILE_BYTES, Output, SavedLayer, SavedNet, le_bytes};
use crate::sink::Sink;

/// Refuses a net that has another number of blobs than one, or too large a one.
pub(super) fn check(net: &SavedNet<'_>) -> Result<()> {
    let blobs: Vec<_> = net.blobs().collect();
    let [blob] = blobs[..] else {
        return Err(Error::Request(format!("a .binaryproto holds a single blob, the net has {}", blobs.len())));
    };
    let bytes = BlobFrame::new(blob.shape).len;
    if bytes > MAX_FILE_BYTES {
        return Err(Error::Request(format!(
            "the .binaryproto would have {bytes} bytes; protobuf, and so Caffe, reads at most {MAX_FILE_BYTES}"
        )));
    }
    Ok(())
}

/// Writes the one blob of a net, as [`Output`] is told.
#[derive(Debug)]
pub struct BinaryprotoWriter<W> {
    out: W,
    tail: Vec<u8>,
}

impl<W: Write> BinaryprotoWriter<W> {
    /// Starts a file.
    pub fn new(out: W) -> BinaryprotoWriter<W> {
        BinaryprotoWriter { out, tail: Vec::new() }
    }
}

impl<W: Write> Sink for BinaryprotoWriter<W> {
    fn write(&mut self, values: &[f32]) -> io::Result<()> {
        self.out.write_all(&le_bytes(values))
    }
}

impl<W: Write> Output for BinaryprotoWriter<W> {
    fn begin_layer(&mut self, _: &SavedLayer<'_>) -> io::Result<()> {
        Ok(())
    }

    fn begin_blob(&mut self, layer: &SavedLayer<'_>, blob: usize) -> io::Result<()> {
        let BlobFrame { head, tail, .. } = BlobFrame::new(layer.blobs[blob].shape);
        self.tail = tail;
        self.out.write_all(&head)
    }

    fn end_blob(&mut self) -> io::Result<()> {
        self.out.write_all(&self.tail)
    }

    fn end_layer(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use crate::{Definition, Net, Plan, PlanOptions, StateOptions};

    #[test]
    fn only_nets_with_one_blob_are_accepted() {
        let check = |layers: &str| {
            let input = "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 3 } } }";
            let definition = Definition::from_bytes("net", format!("{input}{layers}")).unwrap();
            let net = Net::resolve(definition, &StateOptions::default()).unwrap();
            super::check(&Plan::new(net, &PlanOptions::default()).unwrap().saved()).map_err(|error| error.to_string())
        };
        assert_eq!(check("layer { name: 's' type: 'Scale' bottom: 'x' top: 's' }"), Ok(()));
        let error = "a .binaryproto holds a single blob, the net has";
        assert_eq!(check(""), Err(format!("{error} 0")));
        assert_eq!(check("layer { name: 'b' type: 'BatchNorm' bottom: 'x' top: 'b' }"), Err(format!("{error} 3")));
    }
}
