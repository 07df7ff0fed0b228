//! The prototxt: the caffemodel's message in protobuf's text format, as `protoc --decode` prints it.
//!
//! Every value stands on a line of its own, with as many digits as it takes to read the same bits back; only NaN loses
//! its sign and its payload. Values that the caffemodel has as bytes are written as the numbers that they are.

use std::io::{self, Write};

use crate::dialect::Dialect;
use crate::formats::caffemodel::{BlobFrame, LayerFrame, field, frame, net_inputs, sizes};
use crate::formats::{Output, SavedLayer, le_bytes};
use crate::net::FileKind;
use crate::proto::{descriptor, escape, gate, text};
use crate::sink::Sink;

/// Writes a prototxt with weights, as [`Output`] is told.
///
/// The writer makes small writes; give it a buffered one.
#[derive(Debug)]
pub struct PrototxtWriter<W> {
    out: W,
    dialect: &'static Dialect,
    /// The fields of the net that come behind the layers.
    behind: Vec<u8>,
    /// Whether the layer at hand is one, and not the inputs of the net.
    is_layer: bool,
    layer_tail: Vec<u8>,
    blob_tail: Vec<u8>,
}

impl<W: Write> PrototxtWriter<W> {
    /// Starts the prototxt of a net in BVLC's dialect, with its name.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn new(out: W, name: &str) -> io::Result<PrototxtWriter<W>> {
        PrototxtWriter::in_dialect(out, name, Dialect::bvlc())
    }

    /// Starts the prototxt of a net in this dialect, with its name.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn in_dialect(mut out: W, name: &str, dialect: &'static Dialect) -> io::Result<PrototxtWriter<W>> {
        let mut start = Vec::new();
        let name = escape::unescaped(name);
        frame(field::NET_NAME, name.len() as u64, &mut start);
        start.extend(&*name);
        text::write(&mut out, descriptor("NetParameter"), &start)?;
        let (behind, layer_tail, blob_tail) = (Vec::new(), Vec::new(), Vec::new());
        Ok(PrototxtWriter { out, dialect, behind, is_layer: true, layer_tail, blob_tail })
    }

    /// Adds fields of the net that come behind its layers, encoded by the numbers of the dialect.
    #[must_use]
    pub fn with_fields(mut self, fields: &[u8]) -> PrototxtWriter<W> {
        self.behind.extend(fields);
        self
    }

    /// Writes fields of a layer, by their numbers in files.
    fn layer(&mut self, fields: &[u8]) -> io::Result<()> {
        let message = self.dialect.saved_layer_message();
        let joined = gate::joined(fields, message).map_err(io::Error::other)?;
        text::write_within(&mut self.out, 1, message, &joined)
    }

    /// Writes fields of a blob, by their numbers in the union.
    fn blob(&mut self, fields: &[u8]) -> io::Result<()> {
        text::write_within(&mut self.out, 2, self.dialect.blob_message(), fields)
    }
}

impl<W: Write> Sink for PrototxtWriter<W> {
    fn write(&mut self, values: &[f32]) -> io::Result<()> {
        let bytes = le_bytes(values);
        let mut data = Vec::new();
        frame(field::BLOB_DATA, bytes.len() as u64, &mut data);
        data.extend(&*bytes);
        self.blob(&data)
    }
}

impl<W: Write> Output for PrototxtWriter<W> {
    fn begin_layer(&mut self, layer: &SavedLayer<'_>) -> io::Result<()> {
        self.is_layer = !layer.is_net_inputs();
        if let Some(inputs) = net_inputs(layer) {
            return text::write(&mut self.out, descriptor("NetParameter"), &inputs);
        }
        let LayerFrame { head, tail, .. } = LayerFrame::new(layer, self.dialect);
        self.layer_tail = tail;
        writeln!(self.out, "{} {{", self.dialect.saved_layers().name())?;
        self.layer(&head)
    }

    fn begin_blob(&mut self, layer: &SavedLayer<'_>, blob: usize) -> io::Result<()> {
        let blob = &layer.blobs[blob];
        self.out.write_all(b"  blobs {\n")?;
        if self.dialect.traits.legacy_blobs {
            return self.blob(&sizes(blob.shape, self.dialect));
        }
        self.blob_tail = BlobFrame::new(blob.shape).tail;
        Ok(())
    }

    fn end_blob(&mut self) -> io::Result<()> {
        let tail = std::mem::take(&mut self.blob_tail);
        self.blob(&tail)?;
        self.out.write_all(b"  }\n")
    }

    fn end_layer(&mut self) -> io::Result<()> {
        if !self.is_layer {
            return Ok(());
        }
        let tail = std::mem::take(&mut self.layer_tail);
        self.layer(&tail)?;
        self.out.write_all(b"}\n")
    }

    fn finish(&mut self) -> io::Result<()> {
        if !self.behind.is_empty() {
            let message = FileKind::Net.message_of(self.dialect);
            let joined = gate::joined(&self.behind, message).map_err(io::Error::other)?;
            text::write(&mut self.out, message, &joined)?;
        }
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::CaffemodelWriter;
    use crate::random::Streams;
    use crate::{Definition, Net, Plan, PlanOptions, StateOptions, init};

    /// A net with rules behind its blobs, a scalar blob and shared values.
    const NET: &str = r#"
        layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 } } }
        layer { name: "scale" type: "Scale" bottom: "data" top: "scale" scale_param { axis: 0 num_axes: 0 } }
        layer { name: "a" type: "InnerProduct" bottom: "scale" top: "a" param { name: "w" } include { phase: TRAIN }
                inner_product_param { num_output: 3 weight_filler { type: "gaussian" } } }
        layer { name: "b" type: "InnerProduct" bottom: "a" top: "b" param { name: "w" }
                inner_product_param { num_output: 3 bias_term: false } }"#;

    #[test]
    fn the_text_is_that_of_the_caffemodel() {
        let net = Net::resolve(Definition::from_bytes("net", NET).unwrap(), &StateOptions::default()).unwrap();
        let plan = Plan::new(net, &PlanOptions::default()).unwrap();
        let streams = Streams::caffe(1, "1.74".parse().unwrap());
        let mut binary = CaffemodelWriter::new(Vec::new(), &plan.name).unwrap();
        init::fill(&plan, &mut streams.clone(), &mut binary).unwrap();
        let mut written = Vec::new();
        init::fill(&plan, &mut streams.clone(), &mut PrototxtWriter::new(&mut written, &plan.name).unwrap()).unwrap();
        let expected = text::to_string(descriptor("NetParameter"), &binary.into_inner()).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), expected);
    }
}
